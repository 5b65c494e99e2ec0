#include "math/dirichlet.h"

#include "core/alloc.h"
#include "mesh/mesher.h"
#include "testing/gm_test.h"

/* A ball of radius 10 mm with a hollow of radius 4 mm. */
static const double OUTER_MM = 10, INNER_MM = 4;

static void shell(const void *context, size_t n, const double (*x)[3], double *phi)
{
    (void)context;
    for (size_t i = 0; i < n; i++) {
        double r = sqrt(x[i][0] * x[i][0] + x[i][1] * x[i][1] + x[i][2] * x[i][2]);
        phi[i] = fmax(r - OUTER_MM, INNER_MM - r);
    }
}

static gm_tetmesh *shell_mesh(double edge_mm)
{
    gm_mesher_input in = {shell, NULL, {-10, -10, -10}, {10, 10, 10}, edge_mm};
    gm_tetmesh *m = NULL;
    EXPECT(gm_mesher_fill(&m, &in, NULL) == GM_OK);
    return m;
}

typedef double function(const double x[3]);

static double plane_wave(const double x[3]) /* harmonic, not linear */
{
    return exp(0.3 * x[0]) * sin(0.3 * x[1]) + 0.1 * x[2];
}

static double charge(const double x[3])
{
    return 1 / sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
}

static double product(const double x[3]) /* G = diag(1, 2, 3): -div G grad = 0 for x^2 - y^2/2 */
{
    return x[0] * x[0] - 0.5 * x[1] * x[1] + x[0] * x[2];
}

/* Volume-weighted RMS error of the solution with f given on the whole boundary. */
static double error_of(const gm_tetmesh *m, function *f, const gm_tensor *g)
{
    gm_csr k;
    int32_t(*faces)[3];
    size_t n_faces;
    unsigned char *fixed = gm_calloc(m->n_nodes, 1);
    double *u = gm_calloc(m->n_nodes, sizeof *u), sum = 0, volume = 0;
    EXPECT(gm_stiffness(&k, m, g, NULL, NULL) == GM_OK);
    EXPECT(gm_tetmesh_boundary(m, &faces, NULL, &n_faces) == GM_OK);
    for (size_t i = 0; i < n_faces * 3; i++)
        fixed[faces[i / 3][i % 3]] = 1;
    for (size_t i = 0; i < m->n_nodes; i++)
        if (fixed[i]) u[i] = f(m->nodes_mm[i]);
    gm_dirichlet d = {.k = &k, .fixed = fixed, .u = u};
    EXPECT(gm_dirichlet_solve(&d, 1, NULL) == GM_OK);
    for (size_t e = 0; e < m->n_tets; e++) {
        const int32_t *t = m->tets[e];
        double v = gm_tet_volume_mm3(m->nodes_mm[t[0]], m->nodes_mm[t[1]], m->nodes_mm[t[2]],
                                     m->nodes_mm[t[3]]);
        for (int c = 0; c < 4; c++)
            sum += v / 4 * pow(u[t[c]] - f(m->nodes_mm[t[c]]), 2);
        volume += v;
    }
    gm_csr_free(&k);
    gm_free(faces);
    gm_free(fixed);
    gm_free(u);
    return sqrt(sum / volume);
}

static void expect_order_two(function *f, const double diagonal[3], double limit)
{
    double error[2];
    for (int i = 0; i < 2; i++) {
        gm_tetmesh *m = shell_mesh(i ? 0.5 : 1.0);
        gm_tensor *g = gm_calloc(m->n_tets, sizeof *g);
        for (size_t e = 0; e < m->n_tets; e++)
            memcpy(g[e], diagonal, 3 * sizeof(double));
        error[i] = error_of(m, f, (const gm_tensor *)g);
        gm_free(g);
        gm_tetmesh_destroy(m);
    }
    EXPECT_BELOW(error[1], limit);
    EXPECT_BELOW(1.7, log2(error[0] / error[1]));
}

static void harmonic_functions_are_found_with_order_two(void)
{
    const double identity[3] = {1, 1, 1}, anisotropic[3] = {1, 2, 3};
    expect_order_two(plane_wave, identity, 2e-3);
    expect_order_two(charge, identity, 1e-4);
    expect_order_two(product, anisotropic, 0.02);
}

typedef struct {
    gm_tetmesh *m;
    gm_csr k;
    unsigned char *fixed;
    double *u[3];
} shells;

/* Three problems: u = 1 on the hollow, 0 on the outside, from different first guesses. */
static shells shells_make(double edge_mm)
{
    shells s = {.m = shell_mesh(edge_mm)};
    s.fixed = gm_calloc(s.m->n_nodes, 1);
    EXPECT(gm_stiffness(&s.k, s.m, NULL, NULL, NULL) == GM_OK);
    for (int p = 0; p < 3; p++)
        s.u[p] = gm_calloc(s.m->n_nodes, sizeof(double));
    for (size_t i = 0; i < s.m->n_nodes; i++) {
        double r = 1 / charge(s.m->nodes_mm[i]);
        if (r > INNER_MM + 1e-4 && r < OUTER_MM - 1e-4) continue;
        s.fixed[i] = 1;
        for (int p = 0; p < 3; p++)
            s.u[p][i] = r < 7;
    }
    return s;
}

static gm_status shells_solve(shells *s, gm_threads *threads)
{
    gm_dirichlet d[3];
    for (int p = 0; p < 3; p++)
        d[p] = (gm_dirichlet){.k = &s->k, .fixed = s->fixed, .u = s->u[p], .tolerance = 1e-10};
    return gm_dirichlet_solve(d, 3, threads);
}

static void shells_free(shells *s)
{
    gm_tetmesh_destroy(s->m);
    gm_csr_free(&s->k);
    gm_free(s->fixed);
    for (int p = 0; p < 3; p++)
        gm_free(s->u[p]);
}

static void values_stay_between_the_given_ones(void)
{
    shells s = shells_make(1.5);
    double low = 1, high = 0;
    EXPECT(shells_solve(&s, NULL) == GM_OK);
    for (size_t i = 0; i < s.m->n_nodes; i++) {
        low = fmin(low, s.u[0][i]);
        high = fmax(high, s.u[0][i]);
    }
    EXPECT_CLOSE(low, 0, 0, 1e-9);
    EXPECT_CLOSE(high, 1, 0, 1e-9);
    shells_free(&s);
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    gm_threads *t = NULL;
    shells a = shells_make(2), b = shells_make(2);
    EXPECT(gm_threads_create(&t, 3) == GM_OK);
    EXPECT(shells_solve(&a, NULL) == GM_OK && shells_solve(&b, t) == GM_OK);
    gm_csr k;
    EXPECT(gm_stiffness(&k, b.m, NULL, NULL, t) == GM_OK);
    EXPECT(!memcmp(k.value, a.k.value, (size_t)k.start[k.n] * sizeof *k.value));
    EXPECT(!memcmp(a.u[2], b.u[2], a.m->n_nodes * sizeof(double)));
    gm_csr_free(&k);
    gm_threads_destroy(t);
    shells_free(&a);
    shells_free(&b);
}

static void rows_of_the_stiffness_sum_to_zero(void)
{
    shells s = shells_make(2);
    double *one = gm_calloc(s.k.n, sizeof *one), *y = gm_calloc(s.k.n, sizeof *y);
    for (size_t i = 0; i < s.k.n; i++)
        one[i] = 1;
    gm_csr_multiply(&s.k, one, y);
    for (size_t i = 0; i < s.k.n; i++)
        EXPECT_CLOSE(y[i], 0, 0, 1e-11);
    gm_free(one);
    gm_free(y);
    shells_free(&s);
}

static void a_gradient_leads_back_to_its_function(void)
{
    shells s = shells_make(2);
    double(*v)[3] = gm_calloc(s.m->n_tets, sizeof *v);
    double *b = gm_calloc(s.k.n, sizeof *b);
    for (size_t e = 0; e < s.m->n_tets; e++)
        memcpy(v[e], (double[3]){1, -2, 0.5}, sizeof v[e]);
    gm_gradient_load(s.m, (const double(*)[3])v, NULL, b);
    memset(s.fixed, 0, s.k.n);
    s.fixed[7] = 1;
    const double *o = s.m->nodes_mm[7];
    s.u[0][7] = 0;
    gm_dirichlet d = {.k = &s.k, .fixed = s.fixed, .b = b, .u = s.u[0]};
    EXPECT(gm_dirichlet_solve(&d, 1, NULL) == GM_OK);
    for (size_t i = 0; i < s.k.n; i++) {
        const double *x = s.m->nodes_mm[i];
        EXPECT_CLOSE(s.u[0][i], x[0] - o[0] - 2 * (x[1] - o[1]) + 0.5 * (x[2] - o[2]), 0, 1e-5);
    }
    gm_free(v);
    gm_free(b);
    shells_free(&s);
}

static void a_problem_without_given_values_is_refused(void)
{
    shells s = shells_make(3);
    memset(s.fixed, 0, s.k.n);
    EXPECT(shells_solve(&s, NULL) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "problem 0");
    shells_free(&s);
}

static void running_out_of_memory_is_reported(void)
{
    shells s = shells_make(3);
    gm_status status = GM_ENOMEM;
    for (long n = 0; status == GM_ENOMEM && n < 100; n++) {
        gm_csr k = {0};
        gm_alloc_fail_after(n);
        status = gm_stiffness(&k, s.m, NULL, NULL, NULL);
        if (status == GM_OK) status = shells_solve(&s, NULL);
        gm_alloc_fail_after(-1);
        gm_csr_free(&k);
    }
    EXPECT(status == GM_OK);
    shells_free(&s);
}

int main(int argc, char **argv)
{
    RUN(harmonic_functions_are_found_with_order_two);
    RUN(values_stay_between_the_given_ones);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(rows_of_the_stiffness_sum_to_zero);
    RUN(a_gradient_leads_back_to_its_function);
    RUN(a_problem_without_given_values_is_refused);
    RUN(running_out_of_memory_is_reported);
    return gm_report();
}
