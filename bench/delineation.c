/* delineation.c - the waves found in LUDB against those that cardiologists marked.
 *
 * usage: delineation FIRST LAST [--weights FILE] [--disturb WHAT=VALUE]... [--dump]
 * e.g.   delineation 1 100
 *
 * Each lead is judged inside its annotated span alone (LUDB leaves the first and the last beats of a
 * lead unmarked): a wave whose peak lies outside is ignored. Peaks of one kind are matched one to one,
 * the nearest pairs first, within 150 ms; a QRS, P or T without a partner is missed or false. A bound
 * that was not marked is not judged. Errors are ours minus theirs. SD: mean over the records of the
 * SD (n - 1) within a record, as Martinez et al. 2004 give it, and pooled over all. F1: a bound counts
 * as right if its wave is matched and it lies within the tolerance; missed, false, unbounded and
 * farther ones count against. --dump prints every pair in place of the tables.
 * --disturb: see disturb.h; robustness.sh makes a table of many.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "core/file.h"
#include "disturb.h"
#include "heart/ecg/waves.h"
#include "ludb.h"

enum { ON, OFF, N_BOUNDS, ALL_LEADS = 0, LEAD_II = 1, N_SCOPES };
static const double MATCH_MS = 150;
static const double TOLERANCE_MS[GM_N_WAVES][N_BOUNDS] = {{50, 50}, {40, 40}, {50, 100}};

/* Of one bound. */
typedef struct {
    double n, sum, squares; /* of the errors in all */
    double record_n, record_sum, record_squares;
    double sd_sum, n_sd; /* of the records */
} errors;

typedef struct {
    double marked, found, matched;
    double right[N_BOUNDS], bounds_marked[N_BOUNDS], bounds_found[N_BOUNDS];
    errors error[N_BOUNDS];
} wave_score;

typedef struct {
    wave_score wave[GM_N_WAVES];
} scope;

static bool dump;
enum { MOST_DISTURBANCES = 8 };
static const char *disturbances[MOST_DISTURBANCES];
static size_t n_disturbances;

static void add_error(errors *e, double error)
{
    e->n += 1, e->sum += error, e->squares += error * error;
    e->record_n += 1, e->record_sum += error, e->record_squares += error * error;
}

static double sd_of(double n, double sum, double squares)
{
    return sqrt(fmax(0, squares - sum * sum / n) / (n - 1));
}

static void close_record(errors *e)
{
    if (e->record_n > 1)
        e->sd_sum += sd_of(e->record_n, e->record_sum, e->record_squares), e->n_sd += 1;
    e->record_n = e->record_sum = e->record_squares = 0;
}

static double bound_of(const gm_ecg_bounds *b, int which)
{
    return which == ON ? b->on_ms : b->off_ms;
}

/* ours, theirs: NULL for a wave without partner. */
static void add_pair(wave_score *s, int kind, const gm_ecg_bounds *ours,
                     const gm_ecg_bounds *theirs)
{
    s->marked += theirs != NULL, s->found += ours != NULL, s->matched += ours && theirs;
    for (int b = 0; b < N_BOUNDS; b++) {
        double mine = ours ? bound_of(ours, b) : NAN, true_ms = theirs ? bound_of(theirs, b) : NAN;
        if (theirs && isnan(true_ms)) continue; /* not marked */
        s->bounds_marked[b] += theirs != NULL, s->bounds_found[b] += isfinite(mine);
        if (isnan(mine) || !theirs) continue;
        s->right[b] += fabs(mine - true_ms) <= TOLERANCE_MS[kind][b];
        add_error(&s->error[b], mine - true_ms);
    }
}

static void print_pair(const ludb_record *r, int lead, int kind, const gm_ecg_bounds *ours,
                       const gm_ecg_bounds *theirs)
{
    static const gm_ecg_bounds none = {NAN, NAN, NAN};
    ours = ours ? ours : &none, theirs = theirs ? theirs : &none;
    printf("%d,%s,%s,%.1f,%.1f,%.1f,%.0f,%.0f,%.0f\n", r->number, ludb_leads[lead],
           gm_ecg_wave_names[kind], ours->on_ms, ours->peak_ms, ours->off_ms, theirs->on_ms,
           theirs->peak_ms, theirs->off_ms);
}

/* The waves of one kind inside the span; returns how many. */
static size_t ours_of(const gm_ecg_lead_waves *l, int kind, const ludb_lead *span,
                      const gm_ecg_bounds **out)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        const gm_ecg_lead_wave *w = &l->waves[i];
        if ((int)w->kind == kind && w->at.peak_ms >= span->first_ms &&
            w->at.peak_ms <= span->last_ms)
            out[n++] = &w->at;
    }
    return n;
}

static size_t theirs_of(const ludb_lead *l, int kind, const gm_ecg_bounds **out)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        if ((int)l->waves[i].kind == kind) out[n++] = &l->waves[i].at;
    return n;
}

/* partner[i] of ours: index of theirs, or n_theirs. */
static void match(const gm_ecg_bounds **ours, size_t n, const gm_ecg_bounds **theirs,
                  size_t n_theirs, size_t *partner, bool *taken)
{
    for (size_t i = 0; i < n; i++)
        partner[i] = n_theirs;
    memset(taken, 0, n_theirs * sizeof *taken);
    for (;;) {
        double best = MATCH_MS;
        size_t bi = n, bk = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n_theirs; k++) {
                double away = fabs(ours[i]->peak_ms - theirs[k]->peak_ms);
                if (partner[i] == n_theirs && !taken[k] && away <= best)
                    best = away, bi = i, bk = k;
            }
        if (bi == n) return;
        partner[bi] = bk, taken[bk] = true;
    }
}

static void score_kind(scope *scopes, const ludb_record *r, int lead, const gm_ecg_lead_waves *l,
                       int kind)
{
    const ludb_lead *span = &r->lead[lead];
    const gm_ecg_bounds **ours = gm_calloc(l->n + 1, sizeof(*ours));
    const gm_ecg_bounds **theirs = gm_calloc(span->n + 1, sizeof(*theirs));
    size_t *partner = gm_calloc(l->n + 1, sizeof *partner);
    bool *taken = gm_calloc(span->n + 1, sizeof *taken);
    size_t n = ours_of(l, kind, span, ours), n_theirs = theirs_of(span, kind, theirs);
    match(ours, n, theirs, n_theirs, partner, taken);
    for (size_t i = 0; i < n + n_theirs; i++) {
        if (i >= n && taken[i - n]) continue;
        const gm_ecg_bounds *mine = i < n ? ours[i] : NULL;
        size_t k = i < n ? partner[i] : i - n;
        const gm_ecg_bounds *marked = k < n_theirs ? theirs[k] : NULL;
        add_pair(&scopes[ALL_LEADS].wave[kind], kind, mine, marked);
        if (lead == 1) add_pair(&scopes[LEAD_II].wave[kind], kind, mine, marked);
        if (dump) print_pair(r, lead, kind, mine, marked);
    }
    gm_free(ours);
    gm_free(theirs);
    gm_free(partner);
    gm_free(taken);
}

/* NULL: no heart beat was found. */
static gm_ecg_waves *find_waves(const gm_ecg *ecg, const gm_wave_net *net, double *seconds)
{
    gm_ecg_measurement *m = NULL;
    gm_ecg_waves *w;
    clock_t start = clock();
    gm_status s = gm_ecg_measure(&m, ecg);
    if (s == GM_EFORMAT) return NULL;
    ludb_must(s);
    seconds[0] += (double)(clock() - start) / CLOCKS_PER_SEC;
    start = clock();
    ludb_must(gm_ecg_waves_find(&w, ecg, m, net));
    seconds[1] += (double)(clock() - start) / CLOCKS_PER_SEC;
    gm_ecg_measurement_destroy(m);
    return w;
}

/* Returns whether there was anything to score; if not, every marked wave counts as missed. */
static bool score_record(scope *scopes, int number, const gm_wave_net *net, double *seconds)
{
    static const gm_ecg_lead_waves nothing = {0};
    ludb_record r;
    ludb_read(&r, number);
    for (size_t i = 0; i < n_disturbances; i++)
        if (!disturb(r.ecg, disturbances[i], (uint64_t)number)) exit(2);
    gm_ecg_waves *w = find_waves(r.ecg, net, seconds);
    for (size_t k = 0; k < (w ? w->n_leads : r.ecg->n_channels); k++) {
        int lead = r.ecg->channels[w ? w->leads[k].channel : k].lead;
        for (int kind = 0; lead >= 0 && kind < GM_N_WAVES; kind++)
            score_kind(scopes, &r, lead, w ? &w->leads[k] : &nothing, kind);
    }
    for (int s = 0; s < N_SCOPES; s++)
        for (int kind = 0; kind < GM_N_WAVES; kind++)
            for (int b = 0; b < N_BOUNDS; b++)
                close_record(&scopes[s].wave[kind].error[b]);
    gm_ecg_waves_destroy(w);
    ludb_free(&r);
    return w != NULL;
}

static double f1_of(const wave_score *s, int bound)
{
    return 2 * s->right[bound] / (s->bounds_marked[bound] + s->bounds_found[bound]);
}

static void print_scope(const scope *s, const char *name)
{
    double f1 = 0;
    printf("%s\n  wave  marked   found  matched   Se %%   PPV %%\n", name);
    for (int k = 0; k < GM_N_WAVES; k++) {
        const wave_score *w = &s->wave[k];
        printf("  %-4s %7.0f %7.0f  %7.0f  %6.2f  %6.2f\n", gm_ecg_wave_names[k], w->marked,
               w->found, w->matched, 100 * w->matched / w->marked, 100 * w->matched / w->found);
    }
    printf("  bound        n  mean ms  SD by record  SD pooled     F1  within ms\n");
    for (int k = 0; k < GM_N_WAVES; k++)
        for (int b = 0; b < N_BOUNDS; b++) {
            const errors *e = &s->wave[k].error[b];
            printf("  %-3s %-3s %6.0f  %7.2f  %12.2f  %9.2f  %.4f  %.0f\n", gm_ecg_wave_names[k],
                   b == ON ? "on" : "off", e->n, e->sum / e->n, e->sd_sum / e->n_sd,
                   sd_of(e->n, e->sum, e->squares), f1_of(&s->wave[k], b), TOLERANCE_MS[k][b]);
            f1 += f1_of(&s->wave[k], b) / (GM_N_WAVES * N_BOUNDS);
        }
    printf("  mean F1 %.4f\n", f1);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(
            stderr,
            "usage: delineation FIRST LAST [--weights FILE] [--disturb WHAT=VALUE]... [--dump]\n");
        return 2;
    }
    gm_wave_net *net = NULL;
    for (int i = 3; i < argc; i++) {
        char *bytes;
        size_t length;
        if (strcmp(argv[i], "--dump") == 0) dump = true;
        if (strcmp(argv[i], "--disturb") == 0 && i + 1 < argc && n_disturbances < MOST_DISTURBANCES)
            disturbances[n_disturbances++] = argv[i + 1];
        if (strcmp(argv[i], "--weights") != 0 || i + 1 == argc) continue;
        ludb_must(gm_file_read(&bytes, &length, argv[i + 1], 0));
        ludb_must(gm_wave_net_unpack(&net, bytes, length));
        gm_free(bytes);
    }
    scope scopes[N_SCOPES] = {{{{0}}}};
    double seconds[2] = {0};
    int without = 0; /* records in which no beat was found */
    int first = atoi(argv[1]), last = atoi(argv[2]);
    if (dump) printf("record,lead,wave,on,peak,off,marked_on,marked_peak,marked_off\n");
    for (int r = first; r <= last; r++)
        without += !score_record(scopes, r, net, seconds);
    gm_wave_net_destroy(net);
    if (dump) return 0;
    printf("LUDB %d-%d: measuring %.2f ms, waves %.2f ms of processor a record (mean)\n", first,
           last, 1000 * seconds[0] / (last - first + 1), 1000 * seconds[1] / (last - first + 1));
    if (without) printf("no beat found in %d records: all their waves count as missed\n", without);
    print_scope(&scopes[ALL_LEADS], "all leads");
    print_scope(&scopes[LEAD_II], "lead ii");
    return 0;
}
