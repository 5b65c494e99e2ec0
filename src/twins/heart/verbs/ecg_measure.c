#include "heart/verbs/verbs.h"

const gm_option gm_ecg_measure_options[] = {
    {"svg", GM_ARG_FILE, "FILE", 0, 0, NULL, NULL, "draw the ECG as clinical paper into FILE"},
    {0},
};

const char gm_ecg_measure_description[] =
    "Reads FILE (WFDB, DICOM or CSV, recognised by content) and reports signal quality per lead, "
    "the beats found, the median beat with onset and offset of P, QRS and T, heart rate, PR, QRS, "
    "QT and QTc, and the frontal axes. What cannot be measured is unknown, never invented.";

gm_status gm_ecg_measure_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    (void)args, (void)run, (void)out;
    return gm_fail(GM_ESTATE, "ecg measure is not in this build");
}
