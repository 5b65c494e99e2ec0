/* Normal equations and one whole refinement at the size of a heart's QRS; Sobol' points; members of a
 * posterior by both ways, with what each costs in evaluations. */
#include <math.h>

#include "bench.h"
#include "core/alloc.h"
#include "core/rng.h"
#include "fit/dense.h"
#include "fit/posterior.h"
#include "fit/refine.h"
#include "fit/sobol.h"

enum { ROWS = 6000, COLUMNS = 40, POINTS = 4096, DIMS = 64 };

static double j[ROWS * COLUMNS], r[ROWS], gram[COLUMNS * COLUMNS], gradient[COLUMNS];

static void run_gram(void *unused)
{
    (void)unused;
    memset(gram, 0, sizeof gram);
    memset(gradient, 0, sizeof gradient);
    gm_dense_add_gram(ROWS, COLUMNS, j, r, 1, gram, gradient);
}

static void run_sobol(void *s)
{
    double u[DIMS];
    for (unsigned i = 0; i < POINTS; i++)
        gm_sobol_point(s, i, u);
}

/* A mildly curved model of COLUMNS unknowns: r = J (x + 0.15 x^2) - noise. */
static gm_status residuals(void *self, unsigned worker, const double x[], double out[])
{
    (void)self, (void)worker;
    for (int i = 0; i < ROWS; i++) {
        out[i] = -r[i];
        for (int k = 0; k < COLUMNS; k++)
            out[i] += j[i * COLUMNS + k] * (x[k] + 0.15 * x[k] * x[k]);
    }
    return GM_OK;
}

static gm_status slopes(void *self, unsigned worker, const double x[], double out[],
                        double jacobian[])
{
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < COLUMNS; k++)
            jacobian[i * COLUMNS + k] = j[i * COLUMNS + k] * (1 + 0.3 * x[k]);
    return residuals(self, worker, x, out);
}

static gm_status prior(void *self, unsigned worker, const double x[], double q[], double jacobian[])
{
    (void)self, (void)worker;
    for (int k = 0; k < COLUMNS; k++) {
        q[k] = x[k];
        for (int c = 0; jacobian && c < COLUMNS; c++)
            jacobian[k * COLUMNS + c] = k == c;
    }
    return GM_OK;
}

static const gm_fit_problem problem = {.n_state = COLUMNS,
                                       .n_tangent = COLUMNS,
                                       .n_residuals = ROWS,
                                       .n_prior = COLUMNS,
                                       .temperature = 20,
                                       .evaluate = residuals,
                                       .jacobian = slopes,
                                       .prior = prior};

typedef struct {
    gm_refine_work *work;
    gm_refine_result result;
    double state[COLUMNS];
} refinement;

static void run_refine(void *context)
{
    refinement *f = context;
    gm_refine_options o = gm_refine_defaults();
    for (int k = 0; k < COLUMNS; k++)
        f->state[k] = 0.5;
    gm_refine(&problem, 0, &o, f->work, f->state, NULL, &f->result);
}

static void say(const char *what, const gm_posterior *e, double seconds)
{
    printf("%s: %zu members, %zu distinct, %zu evaluations, beta %.3g, %zu steps, %zu passes, "
           "ess %.0f, acceptance %.2f, %.2f s\n",
           what, e->n_members, e->n_distinct, e->evaluations, e->beta, e->n_steps, e->n_passes,
           e->ess, e->acceptance, seconds);
}

static void compare_posteriors(double state[])
{
    gm_basin b = {.state = state};
    gm_posterior *e;
    gm_posterior_options sample = gm_posterior_defaults();
    gm_refit_options refit = gm_refit_defaults();
    gm_threads *threads;
    if (gm_threads_create(&threads, 0) != GM_OK) return;
    double start = gm_clock_seconds();
    if (gm_posterior_sample(&e, &problem, &b, 1, &sample, threads) == GM_OK) {
        say("posterior by Monte Carlo", e, gm_clock_seconds() - start);
        gm_posterior_destroy(e);
    }
    start = gm_clock_seconds();
    if (gm_posterior_refit(&e, &problem, &b, 1, &refit, threads) == GM_OK) {
        say("posterior by refits", e, gm_clock_seconds() - start);
        gm_posterior_destroy(e);
    }
    gm_threads_destroy(threads);
}

int main(void)
{
    gm_rng rng = gm_rng_stream(1, 0);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        j[i] = gm_rng_normal(&rng) / 10;
    for (int i = 0; i < ROWS; i++)
        r[i] = 4 * gm_rng_normal(&rng);
    bench_machine(1);
    bench_time t = bench_run(run_gram, NULL, 50);
    bench_print("normal equations, 6,000 x 40", t);
    printf("  floor: %.2f MB read, %.1f Mflop: %.1f Gflop/s reached\n", 8e-6 * ROWS * COLUMNS,
           1e-6 * ROWS * COLUMNS * (COLUMNS + 1),
           1e-9 * ROWS * COLUMNS * (COLUMNS + 1) / t.median_s);
    gm_sobol *s;
    if (gm_sobol_create(&s, DIMS, 1) != GM_OK) return 1;
    bench_print("4,096 Sobol' points in 64 dimensions", bench_run(run_sobol, s, 20));
    gm_sobol_destroy(s);
    refinement f;
    if (gm_refine_work_create(&f.work, &problem) != GM_OK) return 1;
    bench_print("refinement, 6,000 x 40", bench_run(run_refine, &f, 10));
    printf("  %zu evaluations, %zu steps, stop: %s\n", f.result.evaluations, f.result.iterations,
           gm_refine_stop_name(f.result.stop));
    gm_refine_work_destroy(f.work);
    compare_posteriors(f.state);
    return 0;
}
