#include "fit/sobol.h"

#include <stdbool.h>

#include "core/alloc.h"
#include "core/rng.h"
#include "fit/sobol_table.h"
#include "testing/gm_test.h"

static gm_sobol *created(size_t n_dims, uint64_t seed)
{
    gm_sobol *s;
    EXPECT(gm_sobol_create(&s, n_dims, seed) == GM_OK);
    return s;
}

static void the_first_points_of_two_dimensions_are_the_published_ones(void)
{
    static const double expected[8][2] = {{0, 0},         {0.5, 0.5},     {0.75, 0.25},
                                          {0.25, 0.75},   {0.375, 0.375}, {0.875, 0.875},
                                          {0.625, 0.125}, {0.125, 0.625}};
    gm_sobol *s = created(2, 0);
    for (unsigned i = 0; i < 8; i++) {
        double u[2];
        gm_sobol_point(s, i, u);
        EXPECT(u[0] == expected[i][0] && u[1] == expected[i][1]);
    }
    gm_sobol_destroy(s);
}

static void every_dimension_alone_meets_each_cell_once(void)
{
    for (uint64_t seed = 0; seed < 2; seed++) {
        gm_sobol *s = created(GM_SOBOL_MOST_DIMS, seed);
        static unsigned char met[GM_SOBOL_MOST_DIMS][1024];
        memset(met, 0, sizeof met);
        for (unsigned i = 3072; i < 4096; i++) {
            double u[GM_SOBOL_MOST_DIMS];
            gm_sobol_point(s, i, u);
            for (int d = 0; d < GM_SOBOL_MOST_DIMS; d++)
                met[d][(int)(u[d] * 1024)]++;
        }
        int wrong = 0;
        for (int d = 0; d < GM_SOBOL_MOST_DIMS; d++)
            for (int c = 0; c < 1024; c++)
                wrong += met[d][c] != 1;
        EXPECT(wrong == 0);
        gm_sobol_destroy(s);
    }
}

static void two_dimensions_are_a_net_of_quality_zero_also_when_scrambled(void)
{
    for (uint64_t seed = 0; seed < 3; seed++) {
        gm_sobol *s = created(2, seed);
        for (int m = 1; m <= 10; m++)
            for (int k = 0; k <= m; k++) { /* boxes of 2^-k by 2^-(m-k) */
                static unsigned char met[1024];
                memset(met, 0, sizeof met);
                int wrong = 0;
                for (unsigned i = 0; i < 1u << m; i++) {
                    double u[2];
                    gm_sobol_point(s, i, u);
                    int x = (int)(u[0] * (1 << k)), y = (int)(u[1] * (1 << (m - k)));
                    wrong += met[x << (m - k) | y]++ != 0;
                }
                EXPECT(wrong == 0);
            }
        gm_sobol_destroy(s);
    }
}

static void the_first_half_cubes_of_twelve_dimensions_are_met_once(void)
{
    gm_sobol *s = created(12, 0); /* property A */
    static unsigned char met[4096];
    for (unsigned i = 0; i < 4096; i++) {
        double u[12];
        unsigned cube = 0;
        gm_sobol_point(s, i, u);
        for (int d = 0; d < 12; d++)
            cube = cube << 1 | (u[d] >= 0.5);
        met[cube]++;
    }
    int wrong = 0;
    for (int c = 0; c < 4096; c++)
        wrong += met[c] != 1;
    EXPECT(wrong == 0);
    gm_sobol_destroy(s);
}

static void gaps_are_rare_in_the_planes_of_64_dimensions(void)
{
    enum { N = 4096, SIDE = 16 };
    gm_sobol *s = created(64, 0);
    static double u[N][64];
    for (unsigned i = 0; i < N; i++)
        gm_sobol_point(s, i, u[i]);
    int empty = 0;
    for (int a = 0; a < 64; a++)
        for (int b = 0; b < a; b++) {
            int met[SIDE * SIDE] = {0};
            for (int i = 0; i < N; i++)
                met[(int)(u[i][a] * SIDE) * SIDE + (int)(u[i][b] * SIDE)]++;
            for (int c = 0; c < SIDE * SIDE; c++)
                empty += met[c] == 0;
        }
    EXPECT_BELOW(empty, 0.01 * (64 * 63 / 2) * SIDE * SIDE); /* t > 4 at 2^12 is rare, not absent */
    gm_sobol_destroy(s);
}

static void an_integral_converges_like_one_over_n(void)
{
    /* prod (1 + 0.4 (u - 1/2)) over 8 dimensions has the mean 1 */
    enum { D = 8 };
    gm_sobol *s = created(D, 11);
    gm_rng rng = gm_rng_stream(1, 0);
    double error[2], chance = 0;
    for (int k = 0; k < 2; k++) {
        unsigned n = k == 0 ? 1024 : 16384;
        double sum = 0, drawn = 0;
        for (unsigned i = 0; i < n; i++) {
            double u[D], f = 1, g = 1;
            gm_sobol_point(s, i, u);
            for (int d = 0; d < D; d++)
                f *= 1 + 0.4 * (u[d] - 0.5), g *= 1 + 0.4 * (gm_rng_uniform(&rng) - 0.5);
            sum += f, drawn += g;
        }
        error[k] = fabs(sum / n - 1), chance = fabs(drawn / n - 1);
    }
    EXPECT_BELOW(error[0], 1e-3);
    EXPECT_BELOW(error[1], 1e-4);
    EXPECT_BELOW(error[1], 0.2 * 0.34 / 128); /* a fifth of the SD of chance at this N */
    (void)chance;
    gm_sobol_destroy(s);
}

static void the_table_holds_odd_numbers_small_enough_and_no_polynomial_twice(void)
{
    for (int i = 0; i < GM_SOBOL_MOST_DIMS - 1; i++) {
        const gm_sobol_row *r = &gm_sobol_rows[i];
        EXPECT(r->polynomial >> r->degree == 1 && (r->polynomial & 1));
        for (unsigned k = 0; k < r->degree; k++)
            EXPECT((r->m[k] & 1) && r->m[k] < 2u << k);
        if (i > 0) EXPECT(r->polynomial > gm_sobol_rows[i - 1].polynomial);
    }
}

static void seeds_scramble_and_repeat(void)
{
    gm_sobol *a = created(5, 7), *b = created(5, 7), *c = created(5, 8);
    double x[5], y[5], z[5];
    gm_sobol_point(a, 12345, x);
    gm_sobol_point(b, 12345, y);
    gm_sobol_point(c, 12345, z);
    EXPECT(!memcmp(x, y, sizeof x) && memcmp(x, z, sizeof x) != 0);
    gm_sobol_point(a, 0, x);
    for (int d = 0; d < 5; d++)
        EXPECT(x[d] > 0 && x[d] < 1);
    gm_sobol_destroy(a);
    gm_sobol_destroy(b);
    gm_sobol_destroy(c);
}

static void absurd_dimensions_and_no_memory_are_refused(void)
{
    gm_sobol *s;
    EXPECT(gm_sobol_create(&s, 0, 1) == GM_EINVAL && !s);
    EXPECT(gm_sobol_create(&s, GM_SOBOL_MOST_DIMS + 1, 1) == GM_EINVAL && !s);
    for (long n = 0; n < 3; n++) {
        gm_alloc_fail_after(n);
        EXPECT(gm_sobol_create(&s, 3, 1) == GM_ENOMEM && !s);
        gm_alloc_fail_after(-1);
    }
}

int main(int argc, char **argv)
{
    RUN(the_first_points_of_two_dimensions_are_the_published_ones);
    RUN(every_dimension_alone_meets_each_cell_once);
    RUN(two_dimensions_are_a_net_of_quality_zero_also_when_scrambled);
    RUN(the_first_half_cubes_of_twelve_dimensions_are_met_once);
    RUN(gaps_are_rare_in_the_planes_of_64_dimensions);
    RUN(an_integral_converges_like_one_over_n);
    RUN(the_table_holds_odd_numbers_small_enough_and_no_polynomial_twice);
    RUN(seeds_scramble_and_repeat);
    RUN(absurd_dimensions_and_no_memory_are_refused);
    return gm_report();
}
