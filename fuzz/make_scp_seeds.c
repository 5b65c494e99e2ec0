/* make_scp_seeds FOLDER - writes the seeds of the target scp, from scratch. */
#include "ecg/scp_encode_for_tests.h"
#include "seeds.h"

static bool write_fails(const char *folder, const char *name, const scp_sample *s)
{
    gm_text t = {0};
    scp_encode(&t, s);
    return seed_fails(folder, name, &t);
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    scp_sample d = scp_sample_defaults();
    bool failed = write_fails(argv[1], "plain", &d);
    d.patient = "\0\3\0ab\0\4\3\0\x12\0\2\31\4\0\xE8\7\2\x1D\32\3\0\x17\x3B\0\16\x28\0"
                "0123456789012345678901234567890123456789\33\2\0\5\0\36\2\0xx";
    d.patient_length = 6 + 6 + 7 + 6 + 3 + 40 + 5 + 5;
    d.results = true;
    failed |= write_fails(argv[1], "patient_and_results", &d);
    d.coding = SCP_DEFAULT;
    d.differences = 1;
    d.n_beat = SCP_SMALL_BEAT;
    d.n_zones = 2;
    failed |= write_fails(argv[1], "default_table", &d);
    d.coding = SCP_CUSTOM;
    d.differences = 2;
    d.subtract = true;
    failed |= write_fails(argv[1], "own_tables_subtracted", &d);
    d.decimation = 4;
    failed |= write_fails(argv[1], "bimodal", &d);
    d = scp_sample_defaults();
    d.starts[1] = 1 + SCP_SMALL;
    d.nameless = true;
    failed |= write_fails(argv[1], "one_after_another", &d);
    return failed;
}
