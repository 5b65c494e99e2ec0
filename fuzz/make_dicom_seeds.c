/* make_dicom_seeds FOLDER - writes the seeds of the target dicom_waveform, from scratch. */
#include <stdio.h>

#include "core/file.h"
#include "ecg/dicom_sample.h"

static int write_sample(const char *folder, const char *name, const dicom_sample *d)
{
    char path[4096];
    gm_text t = {0};
    dicom_sample_write(&t, d);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    gm_status s = gm_text_status(&t);
    if (s == GM_OK) s = gm_file_write(path, t.data, t.length);
    if (s != GM_OK) fprintf(stderr, "%s\n", gm_error_text());
    gm_text_free(&t);
    return s != GM_OK;
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    dicom_sample d = dicom_sample_defaults();
    int failed = write_sample(argv[1], "explicit", &d);
    d.syntax = DICOM_IMPLICIT;
    failed |= write_sample(argv[1], "implicit", &d);
    d.defined_lengths = true;
    failed |= write_sample(argv[1], "defined_lengths", &d);
    d = dicom_sample_defaults();
    d.bits = 8;
    d.interpretation = "UB";
    d.age = d.sex = d.acquired = d.interval = NULL;
    failed |= write_sample(argv[1], "eight_bits", &d);
    d.sensitivity = d.label = d.unit = NULL;
    failed |= write_sample(argv[1], "uncalibrated", &d);
    return failed;
}
