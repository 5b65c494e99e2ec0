/* make_lead_model - prints src/twins/heart/ecg/reversal_model.c: the inverse mean scatter of P and QRS
 * over the eight independent leads. Usage: make_lead_model LUDB > reversal_model.c, where LUDB is the
 * database's folder (ludb.csv, data/); built by `cmake --build --preset release --target make_lead_model`.
 *
 * Takes records 1 .. 100 in sinus rhythm without pacing, but not 50 and 64: cross-validation (the model
 * learnt without a tenth of the records) says of these two that V3 and V4, and V4 .. V6, are exchanged.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heart/ecg/measure.h"
#include "heart/ecg/reversal_model.h"
#include "table/csv.h"

enum { LAST = 100, N = GM_MODEL_LEADS };
static const double RIDGE =
    0.003; /* of a mean variance of 1: noise, and what 82 people do not show */

static double sum[GM_N_MODELS][N][N];
static int n_people[GM_N_MODELS];

static int is_wanted(const gm_csv *t, int number)
{
    long rhythm = gm_csv_column(t, "Rhythms"), pacing = gm_csv_column(t, "Cardiac pacing");
    if (number == 50 || number == 64 || rhythm < 0 || pacing < 0) return 0;
    for (size_t row = 1; row < gm_csv_n_rows(t); row++) {
        if (atoi(gm_csv_cell(t, row, 0)) != number) continue;
        const char *r = gm_csv_cell(t, row, (size_t)rhythm);
        return !strstr(r, "ibrillation") && !strstr(r, "lutter") &&
               !*gm_csv_cell(t, row, (size_t)pacing);
    }
    return 0;
}

static int add_record(const char *folder, int number)
{
    char path[1024];
    gm_ecg *e = NULL;
    gm_ecg_measurement *m = NULL;
    snprintf(path, sizeof path, "%s/data/%d.hea", folder, number);
    int bad = gm_ecg_read(&e, path) != GM_OK || gm_ecg_measure(&m, e) != GM_OK;
    if (bad) fprintf(stderr, "%s: %s\n", path, gm_error_text());
    for (int w = 0; !bad && w < GM_N_MODELS; w++) {
        double s[N][N];
        const gm_ecg_bounds *b = &m->median.wave[w == GM_MODEL_P ? GM_WAVE_P : GM_WAVE_QRS];
        if (!gm_lead_scatter(m->median.mv, m->median.n, m->rate_hz, b->on_ms, b->off_ms,
                             (gm_model_wave)w, s))
            continue;
        n_people[w]++;
        for (int k = 0; k < N * N; k++)
            sum[w][k / N][k % N] += s[k / N][k % N];
    }
    gm_ecg_measurement_destroy(m);
    gm_ecg_destroy(e);
    return bad;
}

/* Gauss-Jordan without pivoting: a is positive definite. */
static void invert(double a[N][N], double out[N][N])
{
    for (int k = 0; k < N * N; k++)
        out[k / N][k % N] = k / N == k % N;
    for (int p = 0; p < N; p++) {
        double f = 1 / a[p][p];
        for (int c = 0; c < N; c++)
            a[p][c] *= f, out[p][c] *= f;
        for (int r = 0; r < N; r++) {
            double g = a[r][p];
            if (r == p) continue;
            for (int c = 0; c < N; c++)
                a[r][c] -= g * a[p][c], out[r][c] -= g * out[p][c];
        }
    }
}

static void print_model(int w)
{
    double inverse[N][N];
    for (int k = 0; k < N * N; k++)
        sum[w][k / N][k % N] = sum[w][k / N][k % N] / n_people[w] + (k / N == k % N ? RIDGE : 0);
    invert(sum[w], inverse);
    printf("    /* %s, %d people */\n    {", w == GM_MODEL_P ? "P" : "QRS", n_people[w]);
    for (int r = 0; r < N; r++) {
        printf("{");
        for (int c = 0; c < N; c++)
            printf("%.5g%s", (inverse[r][c] + inverse[c][r]) / 2, c < N - 1 ? ", " : "");
        printf("}%s", r < N - 1 ? ",\n     " : "},\n");
    }
}

int main(int argc, char **argv)
{
    char path[1024];
    gm_csv *t = NULL;
    if (argc != 2) return fprintf(stderr, "usage: make_lead_model LUDB\n"), 2;
    snprintf(path, sizeof path, "%s/ludb.csv", argv[1]);
    if (gm_csv_read(&t, path, NULL) != GM_OK) return fprintf(stderr, "%s\n", gm_error_text()), 1;
    int bad = 0;
    for (int k = 1; k <= LAST; k++)
        if (is_wanted(t, k)) bad |= add_record(argv[1], k);
    printf("/* Written by tools/make_lead_model.c; change that. */\n"
           "#include \"heart/ecg/reversal_model.h\"\n\n"
           "const double gm_lead_model[GM_N_MODELS][GM_MODEL_LEADS][GM_MODEL_LEADS] = {\n");
    for (int w = 0; w < GM_N_MODELS; w++)
        print_model(w);
    printf("};\n");
    gm_csv_destroy(t);
    return bad;
}
