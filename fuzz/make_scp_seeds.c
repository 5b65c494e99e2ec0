/* make_scp_seeds FOLDER - writes the seeds of the target scp, from scratch. */
#include <stdio.h>

#include "core/file.h"
#include "ecg/scp_encode_for_tests.h"

static int write_sample(const char *folder, const char *name, const scp_sample *d)
{
    char path[4096];
    gm_text t = {0};
    scp_encode(&t, d);
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
    scp_sample d = scp_sample_defaults();
    int failed = write_sample(argv[1], "plain", &d);
    d.patient = "\0\3\0ab\0\4\3\0\x12\0\2\31\4\0\xE8\7\2\x1D\32\3\0\x17\x3B\0\16\x28\0"
                "0123456789012345678901234567890123456789\33\2\0\5\0\36\2\0xx";
    d.patient_length = 6 + 6 + 7 + 6 + 3 + 40 + 5 + 5;
    d.results = true;
    failed |= write_sample(argv[1], "patient_and_results", &d);
    d.coding = SCP_DEFAULT;
    d.differences = 1;
    d.n_beat = SCP_SMALL_BEAT;
    d.n_zones = 2;
    failed |= write_sample(argv[1], "default_table", &d);
    d.coding = SCP_CUSTOM;
    d.differences = 2;
    d.subtract = true;
    failed |= write_sample(argv[1], "own_tables_subtracted", &d);
    d.decimation = 4;
    failed |= write_sample(argv[1], "bimodal", &d);
    d = scp_sample_defaults();
    d.starts[1] = 1 + SCP_SMALL;
    d.nameless = true;
    failed |= write_sample(argv[1], "one_after_another", &d);
    return failed;
}
