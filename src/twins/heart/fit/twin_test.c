#include "heart/fit/twin.h"

#include "heart/fit/patient_for_tests.h"
#include "heart/fit/twin_internal.h"
#include "testing/gm_test.h"

static gm_heart_twin *fitted(gm_patient *p, unsigned n_threads, size_t evaluations)
{
    gm_threads *pool;
    gm_heart_twin *t;
    EXPECT(gm_threads_create(&pool, n_threads) == GM_OK);
    gm_heart_fit_options o = gm_heart_fit_defaults();
    o.n_sites = 5;
    o.max_evaluations = evaluations;
    gm_status s = gm_heart_fit(&t, p->c, &p->target, &o, pool);
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    EXPECT(s == GM_OK);
    gm_threads_destroy(pool);
    return t;
}

static void a_virtual_patient_is_found_again(void)
{
    gm_patient p = gm_patient_make(5, 4, 2.5, 0.005, 2);
    gm_heart_twin *t = fitted(&p, 2, 500);
    double error = gm_activation_difference_ms(t->best.tau_ms, p.tau_ms, t->n_nodes, NULL);
    printf(
        "  QRS correlation %.5f, QRS + T %.5f, activation RMSE %.2f ms, misfit %.0f, floor %.0f\n",
        t->mean_correlation_qrs, t->median_correlation_all, error, t->misfit, t->floor_misfit);
    EXPECT(t->mean_correlation_qrs > 0.98);
    EXPECT(t->median_correlation_all > 0.98);
    EXPECT_BELOW(error, 6);
    EXPECT(t->has_t_wave);
    EXPECT(t->n_members == 50 && t->n_basins >= 1 && t->n_parameters > 10);
    for (size_t i = 0; i < t->n_nodes; i++)
        EXPECT(t->tau_p05_ms[i] <= t->tau_mean_ms[i] && t->tau_mean_ms[i] <= t->tau_p95_ms[i]);
    EXPECT(json_is_object(t->credibility) && json_is_array(t->validation));
    gm_heart_twin_destroy(t);
    gm_patient_free(&p);
}

static void one_and_two_threads_give_the_same_twin(void)
{
    gm_patient p = gm_patient_make(5, 4, 1, 0.01, 3);
    gm_heart_twin *one = fitted(&p, 1, 60), *two = fitted(&p, 2, 60);
    size_t n = one->n_nodes;
    EXPECT(one->misfit == two->misfit && one->evaluations == two->evaluations);
    EXPECT(memcmp(one->best.tau_ms, two->best.tau_ms, n * sizeof(float)) == 0);
    EXPECT(memcmp(one->tau_sd_ms, two->tau_sd_ms, n * sizeof(double)) == 0);
    EXPECT(memcmp(one->best.ecg_mv, two->best.ecg_mv, 12 * one->n_samples * sizeof(double)) == 0);
    for (size_t k = 0; k < one->n_members; k++)
        EXPECT(memcmp(one->members[k].tau_ms, two->members[k].tau_ms, n * sizeof(float)) == 0);
    gm_heart_twin_destroy(one);
    gm_heart_twin_destroy(two);
    gm_patient_free(&p);
}

static void an_interrupt_ends_the_fit(void)
{
    gm_patient p = gm_patient_make(5, 4, 1, 0.01, 3);
    gm_heart_fit_options o = gm_heart_fit_defaults();
    gm_heart_twin *t;
    gm_interrupt_request();
    EXPECT(gm_heart_fit(&t, p.c, &p.target, &o, NULL) == GM_EINTERRUPTED && !t);
    gm_interrupt_clear();
    o.ensemble = 10;
    EXPECT(gm_heart_fit(&t, p.c, &p.target, &o, NULL) == GM_EINVAL && !t);
    EXPECT_CONTAINS(gm_error_text(), "10 ensemble members, allowed 50 to 1000");
    gm_patient_free(&p);
}

int main(int argc, char **argv)
{
    RUN(a_virtual_patient_is_found_again);
    RUN(one_and_two_threads_give_the_same_twin);
    RUN(an_interrupt_ends_the_fit);
    return gm_report();
}
