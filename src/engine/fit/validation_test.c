#include "fit/validation.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "testing/gm_test.h"

enum { N = 400, MEMBERS = 60 };
static double measured[N], predictions[MEMBERS * N];

/* A wave; members scatter by `member_sd`, the measurement by `noise_sd` about a member of their kind. */
static gm_held_out drawn(double member_sd, double noise_sd, uint64_t seed)
{
    gm_rng rng = gm_rng_stream(seed, 0);
    for (int i = 0; i < N; i++) {
        double wave = sin(0.05 * i);
        measured[i] = wave + member_sd * gm_rng_normal(&rng) + noise_sd * gm_rng_normal(&rng);
        for (int k = 0; k < MEMBERS; k++)
            predictions[k * N + i] = wave + member_sd * gm_rng_normal(&rng);
    }
    return (gm_held_out){"V3", N, MEMBERS, measured, predictions, noise_sd};
}

static void an_honest_prediction_covers_what_it_says(void)
{
    gm_held_out h = drawn(0.05, 0.1, 1);
    gm_validation v;
    EXPECT(gm_validate(&h, &v) == GM_OK);
    EXPECT_CLOSE(v.coverage50, 0.5, 0, 0.07);
    EXPECT_CLOSE(v.coverage90, 0.9, 0, 0.045);
    EXPECT_CLOSE(v.z_mean, 0, 0, 0.15);
    EXPECT_CLOSE(v.z_sd, 1, 0, 0.1);
    EXPECT_CLOSE(v.lag1, 0, 0, 0.15);
    EXPECT_CLOSE(v.runs_z, 0, 0, 3);
    EXPECT_CLOSE(v.rms, sqrt(0.05 * 0.05 + 0.01), 0.1, 0);
    EXPECT(v.correlation > 0.95 && v.n == N);
    EXPECT(!strcmp(v.name, "V3"));
}

static void an_overconfident_prediction_is_found_out(void)
{
    gm_held_out h = drawn(0.05, 0.1, 2);
    gm_validation v;
    h.noise_sd = 0.02;
    EXPECT(gm_validate(&h, &v) == GM_OK);
    EXPECT_BELOW(v.coverage90, 0.75);
    EXPECT(v.z_sd > 1.5);
}

static void structure_in_residuals_is_found(void)
{
    gm_held_out h = drawn(0.05, 0.1, 3);
    for (int i = 0; i < N; i++)
        measured[i] += 0.5 * sin(0.2 * i); /* something that the model lacks */
    measured[17] = NAN;
    gm_validation v;
    EXPECT(gm_validate(&h, &v) == GM_OK);
    EXPECT(v.lag1 > 0.8 && v.runs_z < -8);
    EXPECT_BELOW(v.n_effective, 0.2 * N);
    EXPECT(v.n == N - 1);
    json_t *j = gm_validation_to_json(&v, 1);
    json_t *block = json_array_get(j, 0);
    EXPECT(json_integer_value(json_object_get(block, "samples")) == N - 1);
    EXPECT(json_real_value(json_object_get(json_object_get(block, "residuals"), "lag1")) == v.lag1);
    json_decref(j);
}

static void runs_are_counted_as_in_the_textbook(void)
{
    /* + + - - - + - - + +: a = 5, b = 5, runs 5; expected 6, variance 50 * 40 / 900 */
    const double y[10] = {1, 1, -1, -1, -1, 1, -1, -1, 1, 1}, zero[10] = {0};
    gm_held_out h = {"runs", 10, 1, y, zero, 1};
    gm_validation v;
    EXPECT(gm_validate(&h, &v) == GM_OK);
    EXPECT(v.runs == 5 && v.runs_expected == 6);
    EXPECT_CLOSE(v.runs_z, -1 / sqrt(2000.0 / 900), 1e-12, 0);
    EXPECT(isnan(v.correlation));
}

/* ---- a line, part of which is kept out ---------------------------------------------------------- */

enum { N_DATA = 60, N_OUT = 15 };
typedef struct {
    double y[N_DATA], bend;
} line;

static gm_status line_residuals(void *self, unsigned worker, const double a[], double r[])
{
    (void)worker;
    const line *l = self;
    for (int i = 0; i < N_DATA; i++)
        r[i] = (a[0] + a[1] * 0.1 * i - l->y[i]) / 0.3;
    return GM_OK;
}

static gm_status line_slopes(void *self, unsigned worker, const double a[], double r[], double j[])
{
    for (int i = 0; i < N_DATA; i++)
        j[2 * i] = 1 / 0.3, j[2 * i + 1] = 0.1 * i / 0.3;
    return line_residuals(self, worker, a, r);
}

static gm_validation kept_out(double bend, uint64_t seed)
{
    line l;
    gm_rng rng = gm_rng_stream(seed, 0);
    for (int i = 0; i < N_DATA; i++)
        l.y[i] = 1 - 0.4 * 0.1 * i + bend * (i > 45) + 0.3 * gm_rng_normal(&rng);
    size_t rows[N_OUT];
    for (size_t i = 0; i < N_OUT; i++)
        rows[i] = N_DATA - N_OUT + i;
    gm_fit_problem p = {.self = &l,
                        .n_state = 2,
                        .n_tangent = 2,
                        .n_residuals = N_DATA,
                        .evaluate = line_residuals,
                        .jacobian = line_slopes};
    double start[2] = {0, 0};
    gm_basin b = {.state = start};
    gm_refine_options refine = gm_refine_defaults();
    gm_posterior_options posterior = gm_posterior_defaults();
    gm_validation v = {.n = 0};
    gm_threads *t;
    EXPECT(gm_threads_create(&t, 2) == GM_OK);
    EXPECT(gm_validate_without(&v, "last quarter", &p, rows, N_OUT, &b, 1, &refine, &posterior,
                               t) == GM_OK);
    gm_threads_destroy(t);
    EXPECT(start[0] == 0);
    return v;
}

static void what_was_kept_out_is_predicted_if_the_model_is_right(void)
{
    double covered = 0;
    for (uint64_t seed = 0; seed < 20; seed++)
        covered += kept_out(0, seed).coverage90 / 20;
    EXPECT_CLOSE(covered, 0.9, 0, 0.05);
}

static void what_was_kept_out_is_missed_if_the_model_is_wrong(void)
{
    gm_validation v = kept_out(2, 5);
    EXPECT_BELOW(v.coverage90, 0.4);
    EXPECT(v.z_mean > 3); /* measured above predicted */
}

static void bad_input_is_refused_and_no_memory_is_survived(void)
{
    gm_held_out h = drawn(0.05, 0.1, 1);
    gm_validation v;
    h.noise_sd = 0;
    EXPECT(gm_validate(&h, &v) == GM_EINVAL);
    h = drawn(0.05, 0.1, 1), h.n_members = 0;
    EXPECT(gm_validate(&h, &v) == GM_EINVAL);
    h = drawn(0.05, 0.1, 1), h.n = 2;
    EXPECT(gm_validate(&h, &v) == GM_EINVAL);
    h = drawn(0.05, 0.1, 1), predictions[N + 3] = NAN;
    EXPECT(gm_validate(&h, &v) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "member 1, sample 3");
    h = drawn(0.05, 0.1, 1);
    gm_alloc_fail_after(0);
    EXPECT(gm_validate(&h, &v) == GM_ENOMEM);
    gm_alloc_fail_after(-1);
    line l = {.bend = 0};
    gm_fit_problem masked,
        p = {
            .self = &l, .n_state = 2, .n_tangent = 2, .n_residuals = 3, .evaluate = line_residuals};
    gm_fit_mask m;
    size_t rows[3] = {0, 1, 3};
    EXPECT(gm_fit_without(&masked, &m, &p, rows, 3) == GM_EINVAL);
    EXPECT(gm_fit_without(&masked, &m, &p, rows + 1, 2) == GM_EINVAL);
    EXPECT(gm_fit_without(&masked, &m, &p, rows, 2) == GM_OK);
}

int main(int argc, char **argv)
{
    RUN(an_honest_prediction_covers_what_it_says);
    RUN(an_overconfident_prediction_is_found_out);
    RUN(structure_in_residuals_is_found);
    RUN(runs_are_counted_as_in_the_textbook);
    RUN(what_was_kept_out_is_predicted_if_the_model_is_right);
    RUN(what_was_kept_out_is_missed_if_the_model_is_wrong);
    RUN(bad_input_is_refused_and_no_memory_is_survived);
    return gm_report();
}
