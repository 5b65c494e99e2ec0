/* dcm_persons.h - the people beside the patient that a DICOM file names, and their roles. In gm_ecg they
 * are one text, "House, Gregory (referring); Cameron, Allison (reading)"; a physician of record has
 * no role there.
 */
#ifndef GM_ECG_DCM_PERSONS_H
#define GM_ECG_DCM_PERSONS_H

#include <stdint.h>

typedef struct {
    uint32_t tag;
    const char *name; /* no name: of record */
} gm_dcm_role;

enum { GM_DCM_N_ROLES = 5 };

static const gm_dcm_role gm_dcm_roles[GM_DCM_N_ROLES] = {{0x00080090, "referring"},
                                                         {0x00081048, 0},
                                                         {0x00081050, "performing"},
                                                         {0x00081060, "reading"},
                                                         {0x00081070, "operator"}};

#endif
