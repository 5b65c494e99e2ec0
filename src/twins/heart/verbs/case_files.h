/* case_files.h - a case as files in a folder of the result: mesh and fibres (openCARP), boundary sets,
 * electrodes and the case.json that names them, which `gemel heart forward` and `heart fit` read. */
#ifndef GM_HEART_VERBS_CASE_FILES_H
#define GM_HEART_VERBS_CASE_FILES_H

#include "heart/case/case.h"
#include "kind/result.h"

/* folder: relative to the output ("case"), or "" for the output folder itself. Electrodes and
 * conductivity as given; everything else from the case. */
gm_status gm_heart_add_case(gm_result *r, const char *folder, const gm_heart_case *c,
                            const double electrodes_mm[GM_N_ELECTRODES][3],
                            const gm_heart_conductivity *conductivity);

#endif
