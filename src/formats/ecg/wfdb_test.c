#include "ecg/wfdb.h"

#include "testing/gm_test.h"

#define ECG GM_SHARED_DIR "/data/ecg"

static gm_ecg *read_ecg(const char *path)
{
    gm_ecg *e;
    gm_status s = gm_ecg_read(&e, path);
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    return e;
}

/* ecg.md, section 9. That there is no note proves both checksums. */
static void mitdb_100_agrees_with_its_header(void)
{
    NEED_DATA(ECG "/mitdb/100.hea");
    gm_ecg *e = read_ecg(ECG "/mitdb/100");
    if (!e) return;
    EXPECT(e->n_channels == 2 && e->n_samples == 650000 && e->rate_hz == 360);
    EXPECT(e->channels[0].counts[0] == 995 && e->channels[1].counts[0] == 1011);
    EXPECT(e->channels[0].lead == -1 && e->channels[1].lead == 10);
    EXPECT_CLOSE(e->channels[0].mv_per_count, 0.005, 1e-15, 0);
    EXPECT(e->channels[0].baseline == 1024 && !e->channels[0].unit);
    EXPECT(e->n_notes == 0 && e->age_years == 69 && e->sex == GM_SEX_MALE);
    EXPECT(!e->acquired && !e->device && !e->patient_id && !e->group);
    gm_ecg_destroy(e);
}

static void ptb_s0010_has_fifteen_signals_in_two_files(void)
{
    NEED_DATA(ECG "/ptbdb/s0010_re.hea");
    gm_ecg *e = read_ecg(ECG "/ptbdb/s0010_re.hea");
    if (!e) return;
    EXPECT(e->n_channels == 15 && e->n_samples == 38400 && e->rate_hz == 1000 && e->n_notes == 0);
    for (int l = 0; l < GM_N_LEADS; l++)
        EXPECT(gm_ecg_lead(e, l) == &e->channels[l]);
    EXPECT(e->channels[14].counts[0] == -18 && e->channels[14].lead == -1);
    EXPECT(e->age_years == 81 && e->sex == GM_SEX_FEMALE);
    double rms_mv, max_mv;
    gm_ecg_einthoven_error_mv(e, &rms_mv, &max_mv);
    EXPECT_BELOW(max_mv, 0.00101); /* 2 counts of 0.5 uV */
    gm_ecg_destroy(e);
}

static void ludb_gains_that_break_einthoven_are_noticed(void)
{
    NEED_DATA(ECG "/ludb/data/1.hea");
    size_t n_broken = 0;
    for (int record = 1; record <= 140; record++) {
        char path[512];
        snprintf(path, sizeof path, ECG "/ludb/data/%d.hea", record);
        gm_ecg *e = read_ecg(path);
        if (!e) continue;
        EXPECT(e->n_channels == 12 && e->n_samples == 5000 && e->rate_hz == 500);
        for (size_t i = 0; i < e->n_samples; i++)
            if (e->channels[2].counts[i] != e->channels[1].counts[i] - e->channels[0].counts[i]) {
                EXPECT(!"III = II - I in counts");
                break;
            }
        n_broken += e->n_notes == 1 && strstr(e->notes[0], "the raw counts obey it") != NULL;
        if (record == 1) EXPECT(e->age_years == 51 && e->sex == GM_SEX_FEMALE);
        gm_ecg_destroy(e);
    }
    EXPECT(n_broken == 140);
}

int main(int argc, char **argv)
{
    RUN(mitdb_100_agrees_with_its_header);
    RUN(ptb_s0010_has_fifteen_signals_in_two_files);
    RUN(ludb_gains_that_break_einthoven_are_noticed);
    return gm_report();
}
