/* One recording that its device's software exported four times: SCP-ECG, EDF, a table of counts and the
 * raw file. What our readers return agrees with each other and with the two files read here by hand. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "ecg/waveform.h"
#include "testing/gm_test.h"

#define FOLDER GM_SHARED_DIR "/data/ecg/scp/"
enum { LEADS = 12, LIMB_LEADS = 6 };
static const size_t SCP_SAMPLES = 32767, SAMPLES = 37855;

static gm_ecg *read_or_null(const char *path)
{
    gm_ecg *e = NULL;
    EXPECT(gm_ecg_read(&e, path) == GM_OK);
    return e;
}

/* SCP-ECG caps a lead at 65,535 bytes: 32,767 samples. The chest leads were not connected. */
static void scp_and_edf_hold_the_same_counts(void)
{
    NEED_DATA(FOLDER);
    gm_ecg *scp = read_or_null(FOLDER "0000050.ECG.scp"),
           *edf = read_or_null(FOLDER "0000050.ECG.edf");
    if (scp && edf) {
        EXPECT(scp->rate_hz == 800 && edf->rate_hz == 800);
        EXPECT(scp->n_samples == SCP_SAMPLES && edf->n_samples == SAMPLES);
        for (int lead = 0; lead < LEADS; lead++) {
            const gm_ecg_channel *a = gm_ecg_lead(scp, lead), *b = gm_ecg_lead(edf, lead);
            EXPECT(a && b);
            if (!a || !b) continue;
            EXPECT(memcmp(a->counts, b->counts, SCP_SAMPLES * sizeof *a->counts) == 0);
        }
        /* Where the files themselves disagree: 5 uV a count in one, 30.5 uV in the other. */
        EXPECT_CLOSE(gm_ecg_lead(scp, 0)->mv_per_count, 0.005, 1e-12, 0);
        EXPECT_CLOSE(gm_ecg_lead(edf, 0)->mv_per_count, 2000.0 / 65535, 1e-9, 0);
        bool is_said = false;
        for (size_t i = 0; i < edf->n_notes; i++)
            is_said |= strstr(edf->notes[i], "scale") != NULL;
        EXPECT(is_said);
    }
    gm_ecg_destroy(scp);
    gm_ecg_destroy(edf);
}

/* Rows "I,II,III,aVR,aVL,aVF,,,,,," in counts. */
static void edf_holds_the_counts_of_the_table(void)
{
    NEED_DATA(FOLDER);
    char *text, *at;
    size_t length, row = 0, n_apart = 0;
    gm_ecg *edf = read_or_null(FOLDER "0000050.ECG.edf");
    EXPECT(gm_file_read(&text, &length, FOLDER "0000050.ECG.csv", 0) == GM_OK);
    for (at = text; edf && at && *at && row < SAMPLES; row++) {
        for (int lead = 0; lead < LIMB_LEADS; lead++, at += *at == ',')
            n_apart += strtol(at, &at, 10) != gm_ecg_lead(edf, lead)->counts[row];
        at = strchr(at, '\n');
        at += at != NULL;
    }
    EXPECT(row == SAMPLES && n_apart == 0);
    gm_free(text);
    gm_ecg_destroy(edf);
}

/* The raw file: a header, then 16 bytes a sample of which the first two words are II and III, 2,048
 * being zero; I = II - III is not in it. */
static void edf_holds_the_counts_of_the_raw_file(void)
{
    NEED_DATA(FOLDER);
    enum { HEADER = 0x2B, FRAME = 16, ZERO = 2048 };
    char *bytes;
    size_t length, worst = 0;
    gm_ecg *edf = read_or_null(FOLDER "0000050.ECG.edf");
    EXPECT(gm_file_read(&bytes, &length, FOLDER "0000050.ECG", 0) == GM_OK);
    EXPECT(length >= HEADER + SAMPLES * FRAME);
    for (size_t i = 0; edf && i < SAMPLES; i++)
        for (int k = 0; k < 2; k++) {
            const unsigned char *p = (const unsigned char *)bytes + HEADER + i * FRAME + 2 * k;
            int raw = (p[0] | p[1] << 8) - ZERO;
            size_t apart = (size_t)abs(raw - gm_ecg_lead(edf, 1 + k)->counts[i]);
            worst = apart > worst ? apart : worst;
        }
    EXPECT(worst <= 1);
    gm_free(bytes);
    gm_ecg_destroy(edf);
}

int main(int argc, char **argv)
{
    RUN(scp_and_edf_hold_the_same_counts);
    RUN(edf_holds_the_counts_of_the_table);
    RUN(edf_holds_the_counts_of_the_raw_file);
    return gm_report();
}
