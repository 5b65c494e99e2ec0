/* wfdb_write.h - an ECG as a WFDB record: NAME.hea, NAME.dat and, if it has marks of scheme "MIT",
 * NAME.atr. */
#ifndef GM_ECG_WFDB_WRITE_H
#define GM_ECG_WFDB_WRITE_H

#include "ecg/encode.h"

gm_status gm_wfdb_write(gm_ecg_files *out, const gm_ecg *e, const char *path); /* see format.h */

#endif
