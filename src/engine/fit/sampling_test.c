#include "fit/sampling.h"

#include "core/alloc.h"
#include "testing/gm_test.h"

static const double pi = 3.14159265358979323846;

static void a_latin_hypercube_has_one_point_in_each_slice(void)
{
    enum { N = 50, D = 7 };
    double u[N * D];
    EXPECT(gm_latin_hypercube(N, D, 3, u) == GM_OK);
    for (int c = 0; c < D; c++) {
        int met[N] = {0};
        for (int i = 0; i < N; i++)
            met[(int)(u[i * D + c] * N)]++;
        for (int i = 0; i < N; i++)
            EXPECT(met[i] == 1);
    }
}

static void saltellis_rows_exchange_one_column_each(void)
{
    enum { N = 8, D = 3 };
    double u[N * (D + 2) * D];
    EXPECT(gm_saltelli_rows(N, D) == N * (D + 2));
    EXPECT(gm_saltelli_design(N, D, 1, u) == GM_OK);
    for (int i = 0; i < N; i++) {
        const double *a = u + i * (D + 2) * D, *b = a + (D + 1) * D;
        for (int k = 0; k < D; k++)
            for (int c = 0; c < D; c++)
                EXPECT(a[(k + 1) * D + c] == (c == k ? b[c] : a[c]));
        EXPECT(memcmp(a, b, D * sizeof *a) != 0);
    }
}

/* ---- published indices -------------------------------------------------------------------------- */

/* Ishigami & Homma (1990): sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1 on [-pi, pi]^3 */
static gm_status ishigami(void *self, unsigned worker, const double x[], double y[])
{
    (void)self, (void)worker;
    double s = sin(x[1]);
    y[0] = sin(x[0]) + 7 * s * s + 0.1 * x[2] * x[2] * x[2] * x[2] * sin(x[0]);
    return GM_OK;
}

static const gm_parameter angles[] = {
    {"x1", "rad", -3.14159265358979, 3.14159265358979, GM_PRIOR_UNIFORM, 0, 0, "Ishigami 1990"},
    {"x2", "rad", -3.14159265358979, 3.14159265358979, GM_PRIOR_UNIFORM, 0, 0, "Ishigami 1990"},
    {"x3", "rad", -3.14159265358979, 3.14159265358979, GM_PRIOR_UNIFORM, 0, 0, "Ishigami 1990"},
};
static const gm_space ishigami_space = {angles, 3};

static gm_sensitivity *analysed(const gm_space *space, gm_sample_model *model, void *self, size_t n,
                                unsigned n_threads)
{
    size_t rows = gm_saltelli_rows(n, space->n);
    double *u = gm_calloc(rows * space->n, sizeof *u), *y = gm_calloc(rows, sizeof *y);
    gm_sensitivity *s = NULL;
    gm_threads *t;
    EXPECT(gm_threads_create(&t, n_threads) == GM_OK);
    EXPECT(gm_saltelli_design(n, space->n, 5, u) == GM_OK);
    EXPECT(gm_sample_run(space, rows, u, 1, model, self, t, y) == GM_OK);
    EXPECT(gm_sensitivity_create(&s, n, space->n, y, 200, 9) == GM_OK);
    gm_threads_destroy(t);
    gm_free(u);
    gm_free(y);
    return s;
}

static void ishigamis_function_has_its_analytic_indices(void)
{
    double a = 7, b = 0.1, p4 = pow(pi, 4), p8 = p4 * p4;
    double v1 = 0.5 * (1 + b * p4 / 5) * (1 + b * p4 / 5), v2 = a * a / 8;
    double v13 = b * b * p8 * (1.0 / 18 - 1.0 / 50), v = v1 + v2 + v13;
    double first[3] = {v1 / v, v2 / v, 0}, total[3] = {(v1 + v13) / v, v2 / v, v13 / v};
    gm_sensitivity *s = analysed(&ishigami_space, ishigami, NULL, 4096, 2);
    if (!s) return;
    EXPECT_CLOSE(s->variance, v, 0.01, 0);
    EXPECT_CLOSE(s->mean, a / 2, 0.01, 0);
    for (int i = 0; i < 3; i++) {
        EXPECT_CLOSE(s->first[i].value, first[i], 0, 0.015);
        EXPECT_CLOSE(s->total[i].value, total[i], 0, 0.015);
        EXPECT(s->first[i].low - 0.005 <= first[i] && first[i] <= s->first[i].high + 0.005);
        EXPECT(s->total[i].low - 0.005 <= total[i] && total[i] <= s->total[i].high + 0.005);
        EXPECT(s->first[i].low < s->first[i].value && s->first[i].value < s->first[i].high);
        EXPECT_BELOW(s->total[i].high - s->total[i].low, 0.1);
    }
    gm_sensitivity_destroy(s);
}

/* Sobol's g: prod (|4 x - 2| + a_i) / (1 + a_i); V_i = 1 / (3 (1 + a_i)^2), V = prod (1 + V_i) - 1 */
static const double a_of_g[6] = {0, 0.5, 3, 9, 99, 99};
static gm_status sobol_g(void *self, unsigned worker, const double x[], double y[])
{
    (void)self, (void)worker;
    y[0] = 1;
    for (int i = 0; i < 6; i++)
        y[0] *= (fabs(4 * x[i] - 2) + a_of_g[i]) / (1 + a_of_g[i]);
    return GM_OK;
}

static void sobols_g_function_has_its_analytic_indices(void)
{
    static const char *const names[6] = {"a", "b", "c", "d", "e", "f"};
    gm_parameter six[6];
    double part[6], product = 1;
    for (int i = 0; i < 6; i++) {
        six[i] = (gm_parameter){names[i], "1", 0, 1, GM_PRIOR_UNIFORM, 0, 0, "Sobol 1993"};
        part[i] = 1 / (3 * (1 + a_of_g[i]) * (1 + a_of_g[i]));
        product *= 1 + part[i];
    }
    gm_space space = {six, 6};
    gm_sensitivity *s = analysed(&space, sobol_g, NULL, 4096, 2);
    for (int i = 0; s && i < 6; i++) {
        EXPECT_CLOSE(s->first[i].value, part[i] / (product - 1), 0, 0.02);
        EXPECT_CLOSE(s->total[i].value, part[i] * product / (1 + part[i]) / (product - 1), 0, 0.02);
    }
    gm_sensitivity_destroy(s);
}

/* ---- what can go wrong -------------------------------------------------------------------------- */

static gm_status partly_missing(void *self, unsigned worker, const double x[], double y[])
{
    if (x[0] > 3) return gm_fail(GM_ENOCONV, "no result here");
    if (self && x[0] > 2) return gm_fail(GM_ESTATE, "broken at %g", x[0]);
    return ishigami(NULL, worker, x, y);
}

static void rows_without_result_are_counted_and_left_out(void)
{
    gm_sensitivity *s = analysed(&ishigami_space, partly_missing, NULL, 256, 1);
    EXPECT(s->n_lost > 0 && s->n_lost < 64 && s->n_used == 256 - s->n_lost);
    EXPECT(isfinite(s->first[0].value));
    gm_sensitivity_destroy(s);

    double u[8 * 3], y[8];
    for (int i = 0; i < 24; i++)
        u[i] = 0.9;
    EXPECT(gm_sample_run(&ishigami_space, 8, u, 1, partly_missing, u, NULL, y) == GM_ESTATE);
    EXPECT_CONTAINS(gm_error_text(), "broken at 2.5");
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    gm_sensitivity *one = analysed(&ishigami_space, ishigami, NULL, 256, 1);
    gm_sensitivity *two = analysed(&ishigami_space, ishigami, NULL, 256, 2);
    EXPECT(!memcmp(one->first, two->first, 3 * sizeof *one->first));
    EXPECT(!memcmp(one->total, two->total, 3 * sizeof *one->total));
    json_t *j = gm_sensitivity_to_json(one, &ishigami_space);
    EXPECT(json_array_size(json_object_get(j, "parameters")) == 3);
    json_decref(j);
    gm_sensitivity_destroy(one);
    gm_sensitivity_destroy(two);
}

static void a_constant_result_has_unknown_indices(void)
{
    double y[8 * 4];
    for (int i = 0; i < 32; i++)
        y[i] = 4;
    gm_sensitivity *s;
    EXPECT(gm_sensitivity_create(&s, 8, 2, y, 20, 1) == GM_OK);
    EXPECT(s->variance == 0 && isnan(s->first[0].value));
    gm_sensitivity_destroy(s);
}

static void bad_requests_are_refused_and_no_memory_is_survived(void)
{
    double u[1000], y[1000] = {0};
    gm_sensitivity *s;
    EXPECT(gm_saltelli_design(12, 3, 1, u) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "power of two");
    EXPECT(gm_saltelli_design(8, 65, 1, u) == GM_EINVAL);
    EXPECT(gm_latin_hypercube(0, 3, 1, u) == GM_EINVAL);
    EXPECT(gm_sobol_design(4, 200, 1, u) == GM_EINVAL);
    EXPECT(gm_sensitivity_create(&s, 4, 2, y, 20, 1) == GM_EINVAL && !s);
    EXPECT(gm_sensitivity_create(&s, 16, 2, y, 2, 1) == GM_EINVAL && !s);
    for (long n = 0; n < 5; n++) {
        gm_alloc_fail_after(n);
        EXPECT(gm_sensitivity_create(&s, 16, 2, y, 20, 1) == GM_ENOMEM && !s);
        gm_alloc_fail_after(-1);
    }
}

int main(int argc, char **argv)
{
    RUN(a_latin_hypercube_has_one_point_in_each_slice);
    RUN(saltellis_rows_exchange_one_column_each);
    RUN(ishigamis_function_has_its_analytic_indices);
    RUN(sobols_g_function_has_its_analytic_indices);
    RUN(rows_without_result_are_counted_and_left_out);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(a_constant_result_has_unknown_indices);
    RUN(bad_requests_are_refused_and_no_memory_is_survived);
    return gm_report();
}
