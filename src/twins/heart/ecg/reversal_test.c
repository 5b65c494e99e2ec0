/* Electrode swaps: their algebra by the textbook, and every swap made in numbers in LUDB records. */
#include "heart/ecg/reversal.h"

#include "heart/ecg/ludb_for_tests.h"

/* Leads of potentials RA, LA, LL and V1..V6 about Wilson's terminal. */
static void leads_of(const double e[9], double out[12])
{
    double w = (e[0] + e[1] + e[2]) / 3;
    out[0] = e[1] - e[0], out[1] = e[2] - e[0], out[2] = e[2] - e[1];
    out[3] = e[0] - (e[1] + e[2]) / 2, out[4] = e[1] - (e[0] + e[2]) / 2;
    out[5] = e[2] - (e[0] + e[1]) / 2;
    for (int v = 0; v < 6; v++)
        out[6 + v] = e[3 + v] - w;
}

static void a_swap_does_what_moving_electrodes_does(void)
{
    static const struct {
        gm_lead_swap swap;
        int from[9];
    } moves[] = {{GM_SWAP_RA_LA, {1, 0, 2, 3, 4, 5, 6, 7, 8}},
                 {GM_SWAP_RA_LL, {2, 1, 0, 3, 4, 5, 6, 7, 8}},
                 {GM_SWAP_LA_LL, {0, 2, 1, 3, 4, 5, 6, 7, 8}},
                 {GM_SWAP_CLOCKWISE, {1, 2, 0, 3, 4, 5, 6, 7, 8}},
                 {GM_SWAP_COUNTERCLOCKWISE, {2, 0, 1, 3, 4, 5, 6, 7, 8}},
                 {GM_SWAP_RA_RL, {2, 1, 2, 3, 4, 5, 6, 7, 8}},
                 {GM_SWAP_LA_RL, {0, 2, 2, 3, 4, 5, 6, 7, 8}},
                 {GM_SWAP_V1_V2, {0, 1, 2, 4, 3, 5, 6, 7, 8}},
                 {GM_SWAP_V2_V3, {0, 1, 2, 3, 5, 4, 6, 7, 8}},
                 {GM_SWAP_V3_V4, {0, 1, 2, 3, 4, 6, 5, 7, 8}},
                 {GM_SWAP_V4_V5, {0, 1, 2, 3, 4, 5, 7, 6, 8}},
                 {GM_SWAP_V5_V6, {0, 1, 2, 3, 4, 5, 6, 8, 7}},
                 {GM_SWAP_V1_V3, {0, 1, 2, 5, 4, 3, 6, 7, 8}},
                 {GM_SWAP_V2_V4, {0, 1, 2, 3, 6, 5, 4, 7, 8}},
                 {GM_SWAP_V3_V5, {0, 1, 2, 3, 4, 7, 6, 5, 8}},
                 {GM_SWAP_V4_V6, {0, 1, 2, 3, 4, 5, 8, 7, 6}}};
    static const double e[9] = {-0.4, 0.3, 0.7, -0.2, 0.1, 0.5, 0.9, 1.1, 0.8};
    for (size_t k = 0; k < sizeof moves / sizeof *moves; k++) {
        double moved[9], before[12], after[12];
        for (int i = 0; i < 9; i++)
            moved[i] = e[moves[k].from[i]];
        leads_of(e, before);
        leads_of(moved, after);
        gm_swap_leads(moves[k].swap, before, 1);
        for (int l = 0; l < 12; l++)
            EXPECT_CLOSE(before[l], after[l], 0, 1e-12);
    }
}

static gm_reversal judged(const gm_ecg_measurement *m, const double *mv)
{
    gm_reversal r;
    const gm_ecg_bounds *p = &m->median.wave[GM_WAVE_P], *q = &m->median.wave[GM_WAVE_QRS];
    gm_ecg_find_reversal(&r, mv, m->median.n, m->rate_hz, (double[]){p->on_ms, p->off_ms},
                         (double[]){q->on_ms, q->off_ms}, !m->amplitudes_are_relative);
    return r;
}

typedef struct {
    size_t n, alarms, right, right_or_second;
} tally;

static void try_swaps(const recording *r, tally t[GM_N_SWAPS])
{
    size_t n = 12 * r->m->median.n;
    double *mv = gm_calloc(n, sizeof *mv);
    for (int k = 0; mv && k < GM_N_SWAPS; k++) {
        memcpy(mv, r->m->median.mv, n * sizeof *mv);
        gm_swap_leads((gm_lead_swap)k, mv, r->m->median.n);
        gm_reversal v = judged(r->m, mv);
        t[k].n++;
        t[k].alarms += v.is_suspected;
        t[k].right += v.is_suspected && v.swap == (gm_lead_swap)k;
        t[k].right_or_second +=
            v.is_suspected && (v.swap == (gm_lead_swap)k || v.second == (gm_lead_swap)k);
    }
    gm_free(mv);
}

enum { SINUS, OTHER };

static void swaps_made_in_ludb_are_suspected(void)
{
    NEED_DATA(ECG_DATA "/ludb/ludb.csv");
    gm_csv *csv = ludb_table();
    tally swapped[2][GM_N_SWAPS] = {{{0}}};
    size_t n[2][2] = {{0}}, alarms[2][2] = {{0}}, firm[2][2] = {{0}}; /* [held out][sinus, other] */
    for (int k = 1; csv && k <= LUDB_LAST; k++) {
        recording r = ludb_read(k);
        if (!r.m) continue;
        int held = k > LUDB_LAST_DEVELOPED;
        bool fibrillates =
            ludb_says(csv, k, "Rhythms", "ibrillation") || ludb_says(csv, k, "Rhythms", "lutter");
        int group = fibrillates || ludb_says(csv, k, "Cardiac pacing", "P") ? OTHER : SINUS;
        gm_reversal v = judged(r.m, r.m->median.mv);
        n[held][group]++;
        alarms[held][group] += v.is_suspected;
        firm[held][group] += v.is_suspected && !v.is_doubtful;
        if (v.is_suspected) printf("  LUDB %d%s: %s\n", k, group ? " (no sinus)" : "", v.reason);
        if (group == SINUS) try_swaps(&r, swapped[held]);
        recording_drop(&r);
    }
    for (int h = 0; h < 2; h++) {
        printf(
            "LUDB %s: as recorded, alarms: sinus %zu of %zu (not doubtful: %zu), others %zu of %zu "
            "(%zu)\n",
            h ? "101-140" : "1-100", alarms[h][0], n[h][0], firm[h][0], alarms[h][1], n[h][1],
            firm[h][1]);
        for (int s = 0; s < GM_N_SWAPS; s++) {
            const tally *t = &swapped[h][s];
            double per = 100 / (double)t->n;
            printf("  %-30s alarm %5.1f %%, named first %5.1f %%, first or second %5.1f %%\n",
                   gm_lead_swap_names[s], per * (double)t->alarms, per * (double)t->right,
                   per * (double)t->right_or_second);
            EXPECT((double)t->alarms >= (s == GM_SWAP_LA_LL ? 0.6 : 0.9) * (double)t->n);
        }
        /* One of 32 people more or less is 3 %. */
        EXPECT((double)alarms[h][SINUS] <= (h ? 0.10 : 0.05) * (double)n[h][SINUS]);
    }
    gm_csv_destroy(csv);
}

/* Other devices, other people: the model was not learnt from them. */
static void other_recordings_raise_no_alarm(void)
{
    static const char *const paths[] = {ECG_DATA "/ptbdb/s0010_re.hea",
                                        ECG_DATA "/dicom/waveform_ecg_anon.dcm"};
    for (size_t k = 0; k < 2; k++) {
        NEED_DATA(paths[k]);
        recording r = recording_read(paths[k]);
        if (!r.m) continue;
        gm_reversal v = judged(r.m, r.m->median.mv);
        printf("  %s: %s\n", strrchr(paths[k], '/') + 1, v.reason);
        EXPECT(!v.is_suspected);
        tally t[GM_N_SWAPS] = {{0}};
        try_swaps(&r, t);
        for (int s = 0; s < GM_N_SWAPS; s++)
            if (!t[s].right)
                printf("    %s: %s\n", gm_lead_swap_names[s],
                       t[s].alarms ? "another named" : "no alarm");
        recording_drop(&r);
    }
}

static void what_is_unknown_is_not_judged(void)
{
    double mv[12 * 400] = {0};
    static const double p_ms[2] = {NAN, NAN}, qrs_ms[2] = {300, 400}, none[2] = {NAN, NAN};
    gm_reversal r;
    gm_ecg_find_reversal(&r, mv, 400, 500, p_ms, none, true);
    EXPECT(!r.is_suspected && r.is_doubtful);
    EXPECT_CONTAINS(r.reason, "no bounds of QRS");
    for (int i = 0; i < 400; i++)
        mv[7 * 400 + i] = NAN;
    gm_ecg_find_reversal(&r, mv, 400, 500, p_ms, qrs_ms, true);
    EXPECT(!r.is_suspected && r.is_doubtful && isnan(r.evidence));
    EXPECT_CONTAINS(r.reason, "unknown");
}

static void small_r_in_v3_is_poor_progression(void)
{
    static double mv[12 * 400];
    static const double rising[6] = {0.1, 0.3, 0.6, 1, 1.2, 1},
                        poor[6] = {0.1, 0.12, 0.1, 0.2, 0.8, 1};
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < 400; i++)
            for (size_t l = 0; l < 12; l++) {
                double u = ((double)i - 170) / 5, size = l < 6 ? 0.5
                                                         : k   ? poor[l - 6]
                                                               : rising[l - 6];
                mv[l * 400 + i] = size * exp(-u * u / 2);
            }
        gm_reversal r;
        gm_ecg_find_reversal(&r, mv, 400, 500, (double[]){NAN, NAN}, (double[]){300, 380}, true);
        EXPECT(r.poor_r_progression == (k == 1));
        EXPECT_CLOSE(r.r_mv[5], 1, 0.01, 0);
    }
}

int main(int argc, char **argv)
{
    RUN(a_swap_does_what_moving_electrodes_does);
    RUN(swaps_made_in_ludb_are_suspected);
    RUN(other_recordings_raise_no_alarm);
    RUN(what_is_unknown_is_not_judged);
    RUN(small_r_in_v3_is_poor_progression);
    return gm_report();
}
