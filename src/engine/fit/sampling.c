#include "fit/sampling.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/progress.h"
#include "fit/posterior.h"
#include "fit/sobol.h"
#include "fit/task.h"

enum { LEAST_BASE_ROWS = 8, LEAST_BOOTSTRAPS = 20 };

/* ---- designs ------------------------------------------------------------------------------------ */

gm_status gm_latin_hypercube(size_t n, size_t d, uint64_t seed, double u[])
{
    if (n < 1 || d < 1) return gm_fail(GM_EINVAL, "latin hypercube: %zu rows by %zu", n, d);
    size_t *slice = gm_calloc(n, sizeof *slice);
    if (!slice) return gm_fail(GM_ENOMEM, "latin hypercube: no memory for %zu rows", n);
    for (size_t c = 0; c < d; c++) {
        gm_rng rng = gm_rng_stream(seed, c);
        for (size_t i = 0; i < n; i++)
            slice[i] = i;
        for (size_t i = n; i-- > 1;) { /* Fisher-Yates */
            size_t k = (size_t)gm_rng_below(&rng, i + 1), kept = slice[i];
            slice[i] = slice[k], slice[k] = kept;
        }
        for (size_t i = 0; i < n; i++)
            u[i * d + c] = ((double)slice[i] + gm_rng_uniform(&rng)) / (double)n;
    }
    gm_free(slice);
    return GM_OK;
}

gm_status gm_sobol_design(size_t n, size_t d, uint64_t seed, double u[])
{
    gm_sobol *s;
    GM_TRY(gm_sobol_create(&s, d, seed));
    for (size_t i = 0; i < n; i++)
        gm_sobol_point(s, i, u + i * d);
    gm_sobol_destroy(s);
    return GM_OK;
}

size_t gm_saltelli_rows(size_t n, size_t d)
{
    return n * (d + 2);
}

gm_status gm_saltelli_design(size_t n, size_t d, uint64_t seed, double u[])
{
    if (n < 1 || (n & (n - 1)) != 0)
        return gm_fail(GM_EINVAL, "saltelli: %zu base rows, a power of two is needed", n);
    if (d < 1 || d > GM_SALTELLI_MOST_DIMS)
        return gm_fail(GM_EINVAL, "saltelli: %zu parameters, allowed 1 to %d", d,
                       GM_SALTELLI_MOST_DIMS);
    gm_sobol *s;
    GM_TRY(gm_sobol_create(&s, 2 * d, seed));
    for (size_t i = 0; i < n; i++) {
        double ab[2 * GM_SALTELLI_MOST_DIMS], *row = u + i * (d + 2) * d;
        gm_sobol_point(s, i, ab);
        for (size_t k = 0; k < d + 1; k++) {
            memcpy(row + k * d, ab, d * sizeof *row);
            if (k > 0) row[k * d + k - 1] = ab[d + k - 1];
        }
        memcpy(row + (d + 1) * d, ab + d, d * sizeof *row);
    }
    gm_sobol_destroy(s);
    return GM_OK;
}

/* ---- indices ------------------------------------------------------------------------------------ */

typedef struct {
    size_t n, d;
    const double *y;   /* [n][d + 2], whole rows only, centred */
    const size_t *row; /* [n] which of them, for a bootstrap */
    double variance;
} table;

static const double *row_of(const table *t, size_t i)
{
    return t->y + t->row[i] * (t->d + 2);
}

/* Of all A and B. */
static double variance_of(const table *t)
{
    double sum = 0, squares = 0, m = 2 * (double)t->n;
    for (size_t i = 0; i < t->n; i++) {
        double a = row_of(t, i)[0], b = row_of(t, i)[t->d + 1];
        sum += a + b, squares += a * a + b * b;
    }
    return fmax(squares / m - sum / m * (sum / m), 0);
}

static void estimate(const table *t, size_t k, double *first, double *total)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < t->n; i++) {
        const double *y = row_of(t, i);
        double a = y[0], ab = y[k + 1], b = y[t->d + 1];
        sum += b * (ab - a), squares += (a - ab) * (a - ab);
    }
    bool varies = t->variance > 0;
    *first = varies ? sum / (double)t->n / t->variance : NAN;
    *total = varies ? squares / (2 * (double)t->n) / t->variance : NAN;
}

/* Copies whole rows, centred on the mean of A and B; returns their number. */
static size_t take_whole_rows(size_t n, size_t d, const double y[], double whole[], double *mean)
{
    size_t kept = 0, width = d + 2;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double check = 0;
        for (size_t k = 0; k < width; k++)
            check += 0 * y[i * width + k];
        if (check != 0) continue; /* NaN */
        memcpy(whole + kept++ * width, y + i * width, width * sizeof *whole);
        sum += y[i * width] + y[i * width + d + 1];
    }
    *mean = kept > 0 ? sum / (2 * (double)kept) : NAN;
    for (size_t i = 0; i < kept * width; i++)
        whole[i] -= *mean;
    return kept;
}

/* samples [2 d][n_bootstrap]: first, then total indices of redrawn base rows. */
static void bootstrap(table t, size_t *row, size_t n_bootstrap, uint64_t seed, double samples[])
{
    t.row = row;
    for (size_t s = 0; s < n_bootstrap; s++) {
        gm_rng rng = gm_rng_stream(seed, s);
        for (size_t i = 0; i < t.n; i++)
            row[i] = (size_t)gm_rng_below(&rng, t.n);
        t.variance = variance_of(&t);
        for (size_t k = 0; k < t.d; k++)
            estimate(&t, k, &samples[k * n_bootstrap + s], &samples[(t.d + k) * n_bootstrap + s]);
    }
}

static void set_interval(gm_index *index, double samples[], size_t n)
{
    index->low = gm_fit_quantile(samples, n, 0.05);
    index->high = gm_fit_quantile(samples, n, 0.95);
}

/* block: whole rows, then bootstrap samples. */
static gm_status compute(gm_sensitivity *s, size_t n, const double y[], size_t n_bootstrap,
                         uint64_t seed, double *block, size_t *rows)
{
    size_t d = s->n_parameters;
    double *samples = block + n * (d + 2);
    s->n_used = take_whole_rows(n, d, y, block, &s->mean);
    s->n_lost = n - s->n_used;
    if (s->n_used < LEAST_BASE_ROWS)
        return gm_fail(GM_EINVAL, "sensitivity: only %zu of %zu base rows are whole, %d are needed",
                       s->n_used, n, LEAST_BASE_ROWS);
    for (size_t i = 0; i < n; i++)
        rows[i] = i;
    table t = {.n = s->n_used, .d = d, .y = block, .row = rows};
    s->variance = t.variance = variance_of(&t);
    for (size_t k = 0; k < d; k++)
        estimate(&t, k, &s->first[k].value, &s->total[k].value);
    bootstrap(t, rows, n_bootstrap, seed, samples);
    for (size_t k = 0; k < d; k++) {
        set_interval(&s->first[k], samples + k * n_bootstrap, n_bootstrap);
        set_interval(&s->total[k], samples + (d + k) * n_bootstrap, n_bootstrap);
    }
    return GM_OK;
}

gm_status gm_sensitivity_create(gm_sensitivity **out, size_t n, size_t d, const double y[],
                                size_t n_bootstrap, uint64_t seed)
{
    *out = NULL;
    if (n < 1 || d < 1 || n_bootstrap < LEAST_BOOTSTRAPS)
        return gm_fail(GM_EINVAL,
                       "sensitivity: %zu base rows, %zu parameters, %zu bootstraps "
                       "(at least %d)",
                       n, d, n_bootstrap, LEAST_BOOTSTRAPS);
    gm_sensitivity *s = gm_calloc(1, sizeof *s);
    double *block = gm_calloc(n * (d + 2) + 2 * d * n_bootstrap, sizeof *block);
    size_t *rows = gm_calloc(n, sizeof *rows);
    if (s) {
        s->n_parameters = d;
        s->first = gm_calloc(d, sizeof *s->first);
        s->total = gm_calloc(d, sizeof *s->total);
    }
    gm_status e;
    if (!s || !block || !rows || !s->first || !s->total)
        e = gm_fail(GM_ENOMEM, "sensitivity: no memory for %zu base rows", n);
    else
        e = compute(s, n, y, n_bootstrap, seed, block, rows);
    gm_free(block);
    gm_free(rows);
    if (e == GM_OK)
        *out = s;
    else
        gm_sensitivity_destroy(s);
    return e;
}

void gm_sensitivity_destroy(gm_sensitivity *s)
{
    if (!s) return;
    gm_free(s->first);
    gm_free(s->total);
    gm_free(s);
}

static json_t *index_to_json(const gm_index *i)
{
    double v[3] = {i->low, i->value, i->high};
    return gm_json_reals(v, 3);
}

json_t *gm_sensitivity_to_json(const gm_sensitivity *s, const gm_space *space)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < s->n_parameters; i++) {
        json_t *o = json_pack("{ss so so}", "name", space->parameters[i].name, "first",
                              index_to_json(&s->first[i]), "total", index_to_json(&s->total[i]));
        if (json_array_append_new(list, o) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{so so sI sI so}", "mean", gm_json_real_or_null(s->mean), "variance",
                     gm_json_real_or_null(s->variance), "baseRows", (json_int_t)s->n_used, "lost",
                     (json_int_t)s->n_lost, "parameters", list);
}

/* ---- running a design --------------------------------------------------------------------------- */

typedef struct {
    const gm_space *space;
    size_t n_results;
    const double *u;
    gm_sample_model *model;
    void *self;
    double *results, *values; /* values: [n_workers][space->n] */
    gm_task_end *ends;
} design_run;

static void run_row(void *context, size_t i, unsigned worker)
{
    design_run *r = context;
    size_t d = r->space->n;
    double *values = r->values + worker * d, *results = r->results + i * r->n_results;
    gm_space_from_cube(r->space, r->u + i * d, values);
    gm_status s = gm_interrupt_check("sampling");
    if (s == GM_OK) s = r->model(r->self, worker, values, results);
    if (s == GM_ENOCONV) {
        for (size_t k = 0; k < r->n_results; k++)
            results[k] = NAN;
        s = GM_OK;
    }
    gm_task_finish(&r->ends[i], s);
}

gm_status gm_sample_run(const gm_space *space, size_t n_rows, const double u[], size_t n_results,
                        gm_sample_model *model, void *self, gm_threads *threads, double results[])
{
    GM_TRY(gm_space_check(space));
    design_run r = {space, n_results, u, model, self, results, NULL, NULL};
    r.values = gm_calloc(gm_threads_count(threads) * space->n, sizeof *r.values);
    r.ends = gm_calloc(n_rows, sizeof *r.ends);
    gm_status s = GM_OK;
    if (!r.values || !r.ends)
        s = gm_fail(GM_ENOMEM, "sampling: no memory for %zu rows", n_rows);
    else
        gm_threads_for(threads, n_rows, 1, run_row, &r);
    for (size_t i = 0; s == GM_OK && i < n_rows; i++)
        s = gm_task_status(&r.ends[i]);
    gm_free(r.values);
    gm_free(r.ends);
    return s;
}
