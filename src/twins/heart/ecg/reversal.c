#include "heart/ecg/reversal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "heart/ecg/reversal_model.h"

const char *const gm_lead_swap_names[GM_N_SWAPS] = {"RA-LA",
                                                    "RA-LL",
                                                    "LA-LL",
                                                    "limbs turned clockwise",
                                                    "limbs turned counterclockwise",
                                                    "V1-V2",
                                                    "V2-V3",
                                                    "V3-V4",
                                                    "V4-V5",
                                                    "V5-V6",
                                                    "V1-V3",
                                                    "V2-V4",
                                                    "V3-V5",
                                                    "V4-V6",
                                                    "RA-RL",
                                                    "LA-RL"};

/* Chosen on LUDB 1-100 (reversal_test.c): above it lie 2 of 84 sinus rhythms. */
static const double ALARM = 2.0;
static const double CLOSE_CALL = 1.0;
static const double FLAT_RATIO = 0.08; /* of lead II or III to the larger of the other two, RMS */
static const double FLAT_MV = 0.03;    /* and its RMS over the beat */
static const double LONG_QRS_MS = 120;
static const double LOW_R_MV = 0.3, R_GROWTH = 1.25; /* V3 */
static const double BEFORE_MS = 10;                  /* level before a wave */

/* ---- swaps ---------------------------------------------------------------------------------------- */

/* Where the electrodes RA, LA, LL sit: 0 right arm, 1 left arm, 2 a leg. */
static bool limb_places(gm_lead_swap s, int at[3])
{
    static const struct {
        gm_lead_swap swap;
        int at[3];
    } places[] = {{GM_SWAP_RA_LA, {1, 0, 2}},
                  {GM_SWAP_RA_LL, {2, 1, 0}},
                  {GM_SWAP_LA_LL, {0, 2, 1}},
                  {GM_SWAP_CLOCKWISE, {1, 2, 0}},
                  {GM_SWAP_COUNTERCLOCKWISE, {2, 0, 1}},
                  {GM_SWAP_RA_RL, {2, 1, 2}},
                  {GM_SWAP_LA_RL, {0, 2, 2}}};
    for (size_t k = 0; k < sizeof places / sizeof *places; k++)
        if (places[k].swap == s) {
            memcpy(at, places[k].at, sizeof places[k].at);
            return true;
        }
    return false;
}

static bool chest_pair(gm_lead_swap s, int pair[2])
{
    if (s < GM_SWAP_V1_V2 || s > GM_SWAP_V4_V6) return false;
    bool is_next = s <= GM_SWAP_V5_V6;
    pair[0] = is_next ? (int)s - GM_SWAP_V1_V2 : (int)s - GM_SWAP_V1_V3;
    pair[1] = pair[0] + (is_next ? 1 : 2);
    return true;
}

static gm_lead_swap undoing(gm_lead_swap s)
{
    return s == GM_SWAP_CLOCKWISE          ? GM_SWAP_COUNTERCLOCKWISE
           : s == GM_SWAP_COUNTERCLOCKWISE ? GM_SWAP_CLOCKWISE
                                           : s;
}

/* The map of I II V1..V6, out = map in. Limb potentials are taken about Wilson's terminal, so that
 * RA + LA + LL = 0: RA = -(I + II)/3, LA = RA + I, LL = RA + II. */
static void map_of(gm_lead_swap s, double map[8][8])
{
    static const double potential[3][2] = {
        {-1.0 / 3, -1.0 / 3}, {2.0 / 3, -1.0 / 3}, {-1.0 / 3, 2.0 / 3}}; /* of I and II */
    memset(map, 0, 8 * sizeof *map);
    for (int i = 0; i < 8; i++)
        map[i][i] = 1;
    int at[3], pair[2];
    if (limb_places(s, at)) {
        for (int c = 0; c < 2; c++) {
            double ra = potential[at[0]][c], la = potential[at[1]][c], ll = potential[at[2]][c];
            map[0][c] = la - ra;
            map[1][c] = ll - ra;
            for (int v = 2; v < 8; v++) /* the terminal moves */
                map[v][c] = -(ra + la + ll) / 3;
        }
    } else if (chest_pair(s, pair)) {
        int a = 2 + pair[0], b = 2 + pair[1];
        map[a][a] = map[b][b] = 0;
        map[a][b] = map[b][a] = 1;
    }
}

static int row_of(int k)
{
    return k < 2 ? k : k + 4;
}

void gm_swap_leads(gm_lead_swap swap, double *x, size_t n)
{
    double map[8][8];
    map_of(swap, map);
    for (size_t i = 0; i < n; i++) {
        double in[8], out[8] = {0};
        for (int k = 0; k < 8; k++)
            in[k] = x[(size_t)row_of(k) * n + i];
        for (int r = 0; r < 8; r++)
            for (int c = 0; c < 8; c++)
                if (map[r][c] != 0) out[r] += map[r][c] * in[c];
        for (int k = 0; k < 8; k++)
            x[(size_t)row_of(k) * n + i] = out[k];
        x[2 * n + i] = out[1] - out[0];
        x[3 * n + i] = -(out[0] + out[1]) / 2;
        x[4 * n + i] = out[0] - out[1] / 2;
        x[5 * n + i] = out[1] - out[0] / 2;
    }
}

/* ---- fit to the model ----------------------------------------------------------------------------- */

static double level_before(const double *x, size_t on, double rate_hz)
{
    size_t span = (size_t)fmax(1, BEFORE_MS * rate_hz / 1000), first = on > span ? on - span : 0;
    double sum = 0;
    for (size_t i = first; i <= on; i++)
        sum += x[i];
    return sum / (double)(on - first + 1);
}

static bool samples_of(size_t n, double rate_hz, double on_ms, double off_ms, size_t *on,
                       size_t *off)
{
    double a = on_ms * rate_hz / 1000, b = off_ms * rate_hz / 1000;
    if (!(a >= 0 && b > a + 2 && b < (double)n)) return false;
    *on = (size_t)a, *off = (size_t)b;
    return true;
}

bool gm_lead_scatter(const double *leads_mv, size_t n, double rate_hz, double on_ms, double off_ms,
                     gm_model_wave wave, double out[GM_MODEL_LEADS][GM_MODEL_LEADS])
{
    size_t on, off;
    memset(out, 0, GM_MODEL_LEADS * sizeof *out);
    if (!samples_of(n, rate_hz, on_ms, off_ms, &on, &off)) return false;
    double base[8] = {0}, slope[8] = {0}, trace = 0;
    for (int k = 0; k < 8; k++) {
        const double *x = leads_mv + (size_t)row_of(k) * n;
        base[k] = wave == GM_MODEL_P ? x[on] : level_before(x, on, rate_hz);
        if (wave == GM_MODEL_P) slope[k] = (x[off] - x[on]) / (double)(off - on);
    }
    for (size_t i = on; i <= off; i++) {
        double v[8];
        for (int k = 0; k < 8; k++)
            v[k] = leads_mv[(size_t)row_of(k) * n + i] - base[k] - slope[k] * (double)(i - on);
        for (int r = 0; r < 8; r++)
            for (int c = 0; c < 8; c++)
                out[r][c] += v[r] * v[c];
    }
    for (int k = 0; k < 8; k++)
        trace += out[k][k];
    if (!(trace > 0 && isfinite(trace))) return false;
    for (int k = 0; k < 64; k++)
        out[k / 8][k % 8] *= GM_MODEL_LEADS / trace;
    return true;
}

/* trace(A S A' M) / trace(A S A'): how unusual the leads would be after the map A. */
static double misfit(double map[8][8], double s[8][8], const double m[8][8])
{
    double half[8][8] = {{0}}, sum = 0, trace = 0;
    for (int r = 0; r < 8; r++)
        for (int c = 0; c < 8; c++)
            for (int k = 0; k < 8; k++)
                half[r][c] += map[r][k] * s[k][c];
    for (int r = 0; r < 8; r++)
        for (int c = 0; c < 8; c++) {
            double v = 0;
            for (int k = 0; k < 8; k++)
                v += half[r][k] * map[c][k];
            sum += v * m[c][r];
            if (r == c) trace += v;
        }
    return trace > 0 ? sum / trace : INFINITY;
}

/* ---- words ---------------------------------------------------------------------------------------- */

static void say(gm_reversal *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(gm_reversal *r, const char *fmt, ...)
{
    size_t used = strlen(r->reason);
    if (used > 0 && used + 3 < sizeof r->reason) strcpy(r->reason + used, "; "), used += 2;
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->reason + used, sizeof r->reason - used, fmt, args);
    va_end(args);
}

typedef struct {
    const double *x;
    size_t n, qrs_on, qrs_off, p_on, p_off;
    double rate_hz;
    bool has_p, has_qrs;
} beat;

/* Net of the largest upward and downward deflection of a wave. */
static double net_mv(const beat *b, int lead, size_t on, size_t off)
{
    const double *x = b->x + (size_t)lead * b->n;
    double base = level_before(x, on, b->rate_hz), up = 0, down = 0;
    for (size_t i = on; i <= off; i++)
        up = fmax(up, x[i] - base), down = fmin(down, x[i] - base);
    return up + down;
}

static double correlation(const beat *b, int one, int other)
{
    const double *x = b->x + (size_t)one * b->n, *y = b->x + (size_t)other * b->n;
    double x0 = level_before(x, b->qrs_on, b->rate_hz), y0 = level_before(y, b->qrs_on, b->rate_hz);
    double xx = 0, yy = 0, xy = 0;
    for (size_t i = b->qrs_on; i <= b->qrs_off; i++)
        xx += (x[i] - x0) * (x[i] - x0), yy += (y[i] - y0) * (y[i] - y0),
            xy += (x[i] - x0) * (y[i] - y0);
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

/* What a person would look at. */
static void describe(gm_reversal *r, const beat *b, gm_lead_swap swap)
{
    static const char *const names[3] = {"I", "II", "III"};
    int pair[2];
    if (chest_pair(swap, pair)) {
        say(r, "QRS net V%d %.2f, V%d %.2f mV", pair[0] + 1,
            net_mv(b, 6 + pair[0], b->qrs_on, b->qrs_off), pair[1] + 1,
            net_mv(b, 6 + pair[1], b->qrs_on, b->qrs_off));
        return;
    }
    double p[3] = {NAN, NAN, NAN};
    for (int l = 0; l < 3; l++)
        if (b->has_p) p[l] = net_mv(b, l, b->p_on, b->p_off);
    int main_lead = swap == GM_SWAP_RA_LA ? 0 : swap == GM_SWAP_LA_LL ? 2 : 1;
    if (b->has_p && p[main_lead] < 0) say(r, "P is negative in %s", names[main_lead]);
    if (swap == GM_SWAP_LA_LL && p[0] > p[1]) say(r, "P is taller in I than in II");
    if (b->has_p) say(r, "P net I %.2f, II %.2f, III %.2f mV", p[0], p[1], p[2]);
    say(r, "QRS net I %.2f, II %.2f, III %.2f mV", net_mv(b, 0, b->qrs_on, b->qrs_off),
        net_mv(b, 1, b->qrs_on, b->qrs_off), net_mv(b, 2, b->qrs_on, b->qrs_off));
    say(r, "QRS of I correlates %.2f with V6", correlation(b, 0, 11));
}

/* ---- verdicts ------------------------------------------------------------------------------------- */

static double rms_about_mean(const double *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - sum / (double)n) * (x[i] - sum / (double)n);
    return sqrt(squares / (double)n);
}

/* An electrode on the right leg: the lead between both legs is flat. */
static bool find_flat(gm_reversal *r, const beat *b, bool amplitudes_known)
{
    double rms[3];
    for (size_t l = 0; l < 3; l++)
        rms[l] = rms_about_mean(b->x + l * b->n, b->n);
    for (int l = 1; l <= 2; l++) {
        double other = fmax(rms[0], rms[3 - l]);
        if (!(rms[l] < FLAT_RATIO * other) || (amplitudes_known && rms[l] > FLAT_MV)) continue;
        r->is_suspected = true;
        r->swap = l == 1 ? GM_SWAP_RA_RL : GM_SWAP_LA_RL;
        say(r, "%s suspected: lead %s is flat (RMS %.3f mV, the larger of the others %.3f)",
            gm_lead_swap_names[r->swap], l == 1 ? "II" : "III", rms[l], other);
        return true;
    }
    return false;
}

static void weigh_swaps(gm_reversal *r, const beat *b, const double p_ms[2], const double qrs_ms[2])
{
    double s[GM_N_MODELS][8][8], map[8][8], evidence[GM_SWAP_RA_RL] = {0};
    const double *const bounds[GM_N_MODELS] = {p_ms, qrs_ms};
    for (int w = 0; w < GM_N_MODELS; w++) {
        if (!gm_lead_scatter(b->x, b->n, b->rate_hz, bounds[w][0], bounds[w][1], (gm_model_wave)w,
                             s[w]))
            continue;
        map_of(GM_N_SWAPS, map);
        double as_is = misfit(map, s[w], gm_lead_model[w]);
        for (int k = 0; k < GM_SWAP_RA_RL; k++) {
            map_of(undoing((gm_lead_swap)k), map);
            evidence[k] += 8 * log(as_is / misfit(map, s[w], gm_lead_model[w]));
        }
    }
    int best = 0, second = -1;
    for (int k = 1; k < GM_SWAP_RA_RL; k++)
        if (evidence[k] > evidence[best]) best = k;
    for (int k = 0; k < GM_SWAP_RA_RL; k++)
        if (k != best && (second < 0 || evidence[k] > evidence[second])) second = k;
    r->evidence = evidence[best];
    r->is_suspected = r->evidence > ALARM;
    r->swap = (gm_lead_swap)best;
    if (!r->is_suspected) {
        say(r,
            "no swap of electrodes would make the leads fit the usual pattern better (best: %s, "
            "evidence %.1f, alarm above %.1f)",
            gm_lead_swap_names[best], r->evidence, ALARM);
        return;
    }
    say(r,
        "%s suspected: undoing it makes the leads fit the usual pattern (evidence %.1f, alarm "
        "above %.1f)",
        gm_lead_swap_names[best], r->evidence, ALARM);
    describe(r, b, r->swap);
    if (evidence[second] < r->evidence - CLOSE_CALL) return;
    r->second = (gm_lead_swap)second;
    r->is_doubtful = true;
    say(r, "%s would explain it nearly as well (%.1f)", gm_lead_swap_names[second],
        evidence[second]);
}

static void look_at_r(gm_reversal *r, const beat *b)
{
    for (size_t v = 0; v < 6; v++) {
        const double *x = b->x + (6 + v) * b->n;
        double base = level_before(x, b->qrs_on, b->rate_hz);
        r->r_mv[v] = 0;
        for (size_t i = b->qrs_on; i <= b->qrs_off; i++)
            r->r_mv[v] = fmax(r->r_mv[v], x[i] - base);
    }
    const double *h = r->r_mv;
    r->poor_r_progression = h[2] < LOW_R_MV && h[2] < R_GROWTH * fmax(h[0], h[1]);
    if (r->poor_r_progression)
        say(r,
            "poor R progression: R of V1 .. V4 is %.2f, %.2f, %.2f, %.2f mV; chest electrodes too "
            "high, or an old anterior infarction, can be the cause",
            h[0], h[1], h[2], h[3]);
}

static bool has_all(const double *x, size_t n)
{
    for (size_t i = 0; i < 12 * n; i++)
        if (!isfinite(x[i])) return false;
    return n > 0;
}

void gm_ecg_find_reversal(gm_reversal *out, const double *leads_mv, size_t n, double rate_hz,
                          const double p_ms[2], const double qrs_ms[2], bool amplitudes_known)
{
    *out = (gm_reversal){.second = GM_N_SWAPS, .swap = GM_N_SWAPS, .evidence = NAN};
    for (int v = 0; v < 6; v++)
        out->r_mv[v] = NAN;
    beat b = {.x = leads_mv, .n = n, .rate_hz = rate_hz};
    b.has_qrs = samples_of(n, rate_hz, qrs_ms[0], qrs_ms[1], &b.qrs_on, &b.qrs_off);
    b.has_p = samples_of(n, rate_hz, p_ms[0], p_ms[1], &b.p_on, &b.p_off);
    if (!b.has_qrs || !has_all(leads_mv, n)) {
        out->is_doubtful = true;
        say(out, "not judged: %s", b.has_qrs ? "a lead is unknown" : "no bounds of QRS");
        return;
    }
    if (!find_flat(out, &b, amplitudes_known)) weigh_swaps(out, &b, p_ms, qrs_ms);
    if (!b.has_p) out->is_doubtful = true, say(out, "doubtful: judged without a P wave");
    if (qrs_ms[1] - qrs_ms[0] >= LONG_QRS_MS) {
        out->is_doubtful = true;
        say(out, "doubtful: QRS is %.0f ms wide, and the usual pattern is that of narrow ones",
            qrs_ms[1] - qrs_ms[0]);
    }
    if (amplitudes_known) look_at_r(out, &b);
}
