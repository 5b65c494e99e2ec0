/* dcm_item.h - what the C++ files of the DICOM reader share: texts in UTF-8, numbers and codes out of
 * DCMTK's items. C++ only; never included from C.
 */
#ifndef GM_ECG_DCM_ITEM_H
#define GM_ECG_DCM_ITEM_H

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmdata/dctk.h>

#include <string>
#include <vector>

extern "C" {
#include "ecg/build.h"
}

namespace gm_dcm
{

/* One file while it is read. `items` are the multiplex groups in the file's order. */
struct file {
    const char *name;
    DcmItem *data;
    gm_ecg **items = nullptr;
    size_t n_items = 0;
    size_t rhythm = 0; /* which of them is the ECG itself */
    DcmSpecificCharacterSet characters;
    bool converts = false;   /* `characters` knows the file's set */
    bool has_misfit = false; /* a text did not fit it, and was taken as UTF-8 or Latin-1 */
};

/* The first value, without blanks around; empty if absent. In the file's own characters. */
OFString bare_text(DcmItem *item, const DcmTagKey &key);

/* In UTF-8, all values with backslashes between them. Persons' names keep their carets. */
OFString text_of(file &f, DcmItem *item, const DcmTagKey &key);

/* At most a million parts; what comes after is not looked at. */
std::vector<std::string> split(const std::string &text, char mark);

/* NaN if absent or empty; GM_EFORMAT "<place>: <what> is ..." if it is no number. */
gm_status real_of(DcmItem *item, const DcmTagKey &key, const char *place, const char *what,
                  double *out);

/* One item of a code sequence; empty texts if there is none. */
struct code {
    OFString value, scheme, meaning;
};
code code_of_item(file &f, DcmItem *item);
code code_of(file &f, DcmItem *item, const DcmTagKey &sequence); /* of the first item */

/* ---- the two parts beside the waveforms; both fill items[rhythm] -------------------------------- */

gm_status read_facts(file &f);
gm_status read_annotations(file &f);

} // namespace gm_dcm

#endif
