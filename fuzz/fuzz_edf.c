#include <stdint.h>
#include <string.h>

#include "check_ecg.h"
#include "ecg/edf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the waveform of the same rate: which of several is the ECG may be told by a name that is lost. */
static void expect_same_counts(const gm_ecg *a, const gm_ecg *b)
{
    for (size_t k = 0; k < b->n_others && b->rate_hz != a->rate_hz; k++)
        if (b->others[k]->rate_hz == a->rate_hz) b = b->others[k];
    if (a->n_channels != b->n_channels || a->n_samples != b->n_samples) __builtin_trap();
    for (size_t c = 0; c < a->n_channels; c++)
        if (memcmp(a->channels[c].counts, b->channels[c].counts, a->n_samples * sizeof(int32_t)))
            __builtin_trap();
}

/* What is read and can be written is read again as the same counts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_ecg *e, *back;
    gm_ecg_files files;
    if (gm_edf_parse(&e, data, size, "fuzz.edf") != GM_OK) return 0;
    if (e->n_channels) check_ecg(e); /* else annotations alone */
    if (gm_ecg_encode(&files, e, "fuzz.edf") == GM_OK) {
        if (gm_edf_parse(&back, files.items[0].bytes, files.items[0].length, "back.edf") != GM_OK)
            __builtin_trap();
        expect_same_counts(e, back);
        gm_ecg_destroy(back);
        gm_ecg_files_free(&files);
    }
    gm_ecg_destroy(e);
    return 0;
}
