#include "math/dirichlet.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/progress.h"

enum { MOST_ITERATIONS = 5000 };
#define LEAST_PIVOT 0.01 /* of the diagonal; below, the diagonal itself is the pivot */

/* The equations of the free nodes: the strict lower triangle by rows, and the diagonal. */
typedef struct {
    size_t n;
    int32_t *node;   /* [n] number in the full matrix */
    int64_t *start;  /* [n + 1] */
    int32_t *column; /* free numbers, ascending, below the row's own */
    double *value, *diagonal;
    double *factor, *pivot; /* L (below) and 1/D of L D L' */
    double *b, *x, *r, *z, *p, *q;
} reduced;

static void reduced_free(reduced *s)
{
    void *all[] = {s->node, s->start, s->column, s->value, s->diagonal, s->factor, s->pivot,
                   s->b,    s->x,     s->r,      s->z,     s->p,        s->q};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        gm_free(all[i]);
}

static int has_equation(const gm_csr *k, size_t row)
{
    for (int64_t e = k->start[row]; e < k->start[row + 1]; e++)
        if ((size_t)k->column[e] == row) return k->value[e] > 0;
    return 0;
}

static gm_status reduced_allocate(reduced *s, size_t n, size_t entries)
{
    double **vectors[] = {&s->diagonal, &s->pivot, &s->b, &s->x, &s->r, &s->z, &s->p, &s->q};
    int ok = 1;
    s->n = n;
    s->node = gm_calloc(n, sizeof *s->node);
    s->start = gm_calloc(n + 1, sizeof *s->start);
    s->column = gm_calloc(entries, sizeof *s->column);
    s->value = gm_calloc(entries, sizeof *s->value);
    s->factor = gm_calloc(entries, sizeof *s->factor);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        ok &= (*vectors[i] = gm_calloc(n, sizeof(double))) != NULL;
    if (!ok || !s->node || !s->start || !s->column || !s->value || !s->factor)
        return gm_fail(GM_ENOMEM, "dirichlet: no memory for %zu equations", n);
    return GM_OK;
}

/* place[i]: the number of a free node among the free, -1 if fixed or without equation. */
static void reduced_fill(reduced *s, const gm_dirichlet *d, const int32_t *place)
{
    const gm_csr *k = d->k;
    size_t row = 0, entries = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (place[i] < 0) continue;
        s->node[row] = (int32_t)i;
        s->x[row] = d->u[i];
        s->b[row] = d->b ? d->b[i] : 0;
        for (int64_t e = k->start[i]; e < k->start[i + 1]; e++) {
            int32_t j = k->column[e];
            if (d->fixed[j]) {
                s->b[row] -= k->value[e] * d->u[j];
            } else if ((size_t)j == i) {
                s->diagonal[row] = k->value[e];
            } else if ((size_t)j < i && place[j] >= 0) {
                s->column[entries] = place[j];
                s->value[entries++] = k->value[e];
            }
        }
        s->start[++row] = (int64_t)entries;
    }
}

static gm_status reduced_make(reduced *s, const gm_dirichlet *d)
{
    const gm_csr *k = d->k;
    int32_t *place = gm_calloc(k->n, sizeof *place);
    if (!place) return gm_fail(GM_ENOMEM, "dirichlet: no memory for %zu nodes", k->n);
    size_t n = 0, entries = 0, n_fixed = 0;
    for (size_t i = 0; i < k->n; i++) {
        n_fixed += d->fixed[i] != 0;
        place[i] = !d->fixed[i] && has_equation(k, i) ? (int32_t)n++ : -1;
        for (int64_t e = k->start[i]; place[i] >= 0 && e < k->start[i + 1]; e++)
            entries += (size_t)k->column[e] < i && place[k->column[e]] >= 0;
        if (place[i] < 0 && !d->fixed[i]) d->u[i] = 0;
    }
    gm_status status = n_fixed ? reduced_allocate(s, n, entries)
                               : gm_fail(GM_EINVAL, "dirichlet: no value is given anywhere");
    if (status == GM_OK) reduced_fill(s, d, place);
    gm_free(place);
    return status;
}

/* ---- incomplete factorisation ------------------------------------------------------------------- */

/* Row i of L D L' on the pattern of A. Both rows are sorted, so their common columns are merged. */
static double factor_row(reduced *s, size_t i)
{
    double pivot = s->diagonal[i];
    for (int64_t e = s->start[i]; e < s->start[i + 1]; e++) {
        size_t j = (size_t)s->column[e];
        double sum = s->value[e];
        int64_t a = s->start[i], b = s->start[j];
        while (a < e && b < s->start[j + 1]) {
            if (s->column[a] == s->column[b]) {
                sum -= s->factor[a] * s->factor[b] / s->pivot[s->column[a]];
                a++;
                b++;
            } else if (s->column[a] < s->column[b]) {
                a++;
            } else {
                b++;
            }
        }
        s->factor[e] = sum * s->pivot[j];
        pivot -= sum * s->factor[e];
    }
    return pivot;
}

static void factorise(reduced *s)
{
    for (size_t i = 0; i < s->n; i++) {
        double pivot = factor_row(s, i);
        s->pivot[i] = 1 / (pivot > LEAST_PIVOT * s->diagonal[i] ? pivot : s->diagonal[i]);
    }
}

/* z = (L D L')^-1 r */
static void precondition(const reduced *s, const double *r, double *z)
{
    for (size_t i = 0; i < s->n; i++) {
        double sum = r[i];
        for (int64_t e = s->start[i]; e < s->start[i + 1]; e++)
            sum -= s->factor[e] * z[s->column[e]];
        z[i] = sum;
    }
    for (size_t i = 0; i < s->n; i++)
        z[i] *= s->pivot[i];
    for (size_t i = s->n; i-- > 0;)
        for (int64_t e = s->start[i]; e < s->start[i + 1]; e++)
            z[s->column[e]] -= s->factor[e] * z[i];
}

/* ---- conjugate gradients ------------------------------------------------------------------------ */

static void multiply(const reduced *s, const double *x, double *y)
{
    for (size_t i = 0; i < s->n; i++) {
        double sum = s->diagonal[i] * x[i];
        for (int64_t e = s->start[i]; e < s->start[i + 1]; e++) {
            int32_t j = s->column[e];
            sum += s->value[e] * x[j];
            y[j] += s->value[e] * x[i];
        }
        y[i] = sum;
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static gm_status iterate(reduced *s, gm_dirichlet *d)
{
    size_t n = s->n;
    double tolerance = d->tolerance > 0 ? d->tolerance : GM_DIRICHLET_TOLERANCE;
    multiply(s, s->x, s->q);
    for (size_t i = 0; i < n; i++)
        s->r[i] = s->b[i] - s->q[i];
    double scale = sqrt(dot(s->b, s->b, n)), rz_old = 1;
    for (d->n_iterations = 0; d->n_iterations < MOST_ITERATIONS; d->n_iterations++) {
        GM_TRY(gm_interrupt_check("dirichlet"));
        double residual = sqrt(dot(s->r, s->r, n));
        if (residual <= tolerance * scale || residual == 0) return GM_OK;
        precondition(s, s->r, s->z);
        double rz = dot(s->r, s->z, n), beta = d->n_iterations ? rz / rz_old : 0;
        for (size_t i = 0; i < n; i++)
            s->p[i] = s->z[i] + beta * s->p[i];
        multiply(s, s->p, s->q);
        double alpha = rz / dot(s->p, s->q, n);
        for (size_t i = 0; i < n; i++) {
            s->x[i] += alpha * s->p[i];
            s->r[i] -= alpha * s->q[i];
        }
        rz_old = rz;
    }
    return gm_fail(GM_ENOCONV, "dirichlet: not converged after %d iterations", MOST_ITERATIONS);
}

static gm_status solve_one(gm_dirichlet *d)
{
    reduced s = {0};
    gm_status status = reduced_make(&s, d);
    if (status == GM_OK) {
        factorise(&s);
        status = iterate(&s, d);
    }
    for (size_t i = 0; i < s.n && status == GM_OK; i++)
        d->u[s.node[i]] = s.x[i];
    reduced_free(&s);
    return status;
}

/* ---- several at once ---------------------------------------------------------------------------- */

typedef struct {
    gm_status status;
    char text[256];
} outcome;

typedef struct {
    gm_dirichlet *problems;
    outcome *outcomes;
} batch;

static void solve_item(void *context, size_t item, unsigned worker)
{
    (void)worker;
    batch *job = context;
    outcome *o = &job->outcomes[item];
    o->status = solve_one(&job->problems[item]);
    if (o->status == GM_OK) return;
    /* The message belongs to this thread: carry it to the caller's. */
    strncpy(o->text, gm_error_text(), sizeof o->text - 1);
}

gm_status gm_dirichlet_solve(gm_dirichlet *problems, size_t n_problems, gm_threads *threads)
{
    batch job = {problems, gm_calloc(n_problems, sizeof *job.outcomes)};
    if (!job.outcomes) return gm_fail(GM_ENOMEM, "dirichlet: no memory");
    gm_threads_for(threads, n_problems, 1, solve_item, &job);
    gm_status s = GM_OK;
    for (size_t i = 0; i < n_problems && s == GM_OK; i++)
        if (job.outcomes[i].status != GM_OK)
            s = gm_fail(job.outcomes[i].status, "problem %zu: %s", i, job.outcomes[i].text);
    gm_free(job.outcomes);
    return s;
}
