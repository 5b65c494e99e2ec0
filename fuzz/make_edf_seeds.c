/* make_edf_seeds.c - writes the seeds of fuzz_edf into a folder: make_edf_seeds FOLDER */
#include "ecg/edf_sample.h"
#include "seeds.h"

static const char *const tals[] = {"+0\x14\x14|+0.04\x15"
                                   "0.1\x14start\x14|",
                                   "+0.1\x14\x14|+0.12\x14wide@@ECG II\x14second\x14|",
                                   "+0.2\x14\x14|+0.2\x14late@@none\x14|"};

static bool write_fails(const char *folder, const char *name, const edf_sample *s)
{
    gm_text t = {0};
    edf_put_file(&t, s);
    return seed_fails(folder, name, &t);
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    gm_text edf = {0}, bdf = {0}, stamps = {0};
    edf_put_data(&edf, tals, 3, false);
    edf_put_data(&bdf, tals, 3, true);
    edf_put_tals(&stamps, 2 * EDF_SAMPLE_AREA,
                 "+0\x14\x14|+3\x15"
                 "1\x14Sleep stage W\x14|");
    edf_sample s = edf_sample_of(&edf);
    bool failed = write_fails(argv[1], "edf_c", &s);
    s.kind = "EDF+D";
    s.records = "-1";
    s.duration = "0.06"; /* so there are gaps */
    failed |= write_fails(argv[1], "edf_d", &s);
    s = edf_sample_of(&edf);
    s.kind = "";
    s.patient = "free text";
    s.signals[3].label = "EEG";
    failed |= write_fails(argv[1], "edf", &s);
    s = edf_sample_of(&bdf);
    s.version = "\xff"
                "BIOSEMI";
    s.kind = "BDF+C";
    s.signals[3].label = "BDF Annotations";
    failed |= write_fails(argv[1], "bdf_c", &s);
    s = edf_sample_of(&stamps);
    s.signals[0] = s.signals[3];
    s.n_signals = 1;
    s.records = "1";
    s.duration = "0";
    failed |= write_fails(argv[1], "annotations", &s);
    gm_text_free(&edf);
    gm_text_free(&bdf);
    gm_text_free(&stamps);
    return failed;
}
