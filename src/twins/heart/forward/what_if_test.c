/* What-if answers against the joint solve, and against what is exact about them. */
#include "heart/forward/what_if.h"

#include "ecg/waveform.h"
#include "heart/fit/patient_for_tests.h"
#include "testing/gm_test.h"

enum { SAMPLES = 400, SITES = 3 };

typedef struct {
    gm_heart_case *c;
    gm_heart_params params;
    gm_what_if *model;
    double ecg[SAMPLES * GM_N_LEADS];
    float *tau;
} heart;

static const gm_samples samples = {0, 1, SAMPLES};

static void make(heart *h, size_t n_sites)
{
    gm_anatomy_params a = gm_anatomy_defaults();
    a.edge_mm = 5;
    EXPECT(gm_heart_case_from_anatomy(&h->c, &a, NULL) == GM_OK);
    h->params = gm_heart_params_defaults();
    h->params.has_apd = true;
    h->params.apd = (gm_apd){220, 280, 0.5, 0, 0, 0.5};
    h->params.n_sites = n_sites;
    for (size_t k = 0; k < n_sites; k++)
        h->params.sites[k] = (gm_site){.kind = GM_SITE_NODE,
                                       .node = (int32_t)(k * h->c->mesh->n_nodes / n_sites),
                                       .onset_ms = 5.0 * (double)k};
    h->tau = gm_calloc(h->c->mesh->n_nodes, sizeof *h->tau);
    EXPECT(gm_what_if_create(&h->model, h->c, &h->params, samples, NULL) == GM_OK);
}

static void drop(heart *h)
{
    gm_what_if_destroy(h->model);
    gm_heart_case_destroy(h->c);
    gm_free(h->tau);
}

/* The joint solve of all sites with their shifts at the changed speed. */
static void solve_jointly(const heart *h, const gm_heart_change *change, float *tau)
{
    gm_eikonal *e;
    gm_eikonal_scratch *s;
    gm_seed seeds[SITES];
    gm_conduction speeds = gm_heart_params_conduction(&h->params);
    speeds.v_f_m_s *= change->speed_factor;
    for (size_t k = 0; k < h->params.n_sites; k++)
        seeds[k] =
            (gm_seed){h->params.sites[k].node,
                      h->params.sites[k].onset_ms + (change->shift_ms ? change->shift_ms[k] : 0)};
    EXPECT(gm_eikonal_create(&e, h->c->mesh, h->c->fast) == GM_OK);
    EXPECT(gm_eikonal_scratch_create(&s, e, 1) == GM_OK);
    EXPECT(gm_eikonal_solve(e, &speeds, seeds, h->params.n_sites, s, NULL, tau) == GM_OK);
    gm_eikonal_scratch_destroy(s);
    gm_eikonal_destroy(e);
}

static double largest_difference_ms(const heart *h, const float *tau)
{
    double worst = 0;
    for (size_t i = 0; i < h->c->mesh->n_nodes; i++)
        worst = fmax(worst, fabs((double)(h->tau[i] - tau[i])));
    return worst;
}

static void a_slower_heart_is_the_joint_solve_at_that_speed(void)
{
    static heart h;
    gm_what_if_facts facts;
    make(&h, 1);
    float *tau = gm_calloc(h.c->mesh->n_nodes, sizeof *tau);
    static const double factors[] = {0.5, 0.8, 1, 1.7};
    for (size_t k = 0; k < sizeof factors / sizeof *factors; k++) {
        gm_heart_change change = {.speed_factor = factors[k]};
        solve_jointly(&h, &change, tau);
        EXPECT(gm_what_if_ecg(h.model, &change, NULL, h.ecg, h.tau, &facts) == GM_OK);
        EXPECT_BELOW(largest_difference_ms(&h, tau), 1e-3); /* floats of up to 400 ms */
    }
    gm_free(tau);
    drop(&h);
}

static void sites_that_move_in_time_give_nearly_the_joint_solve(void)
{
    static heart h;
    gm_what_if_facts facts;
    make(&h, SITES);
    float *tau = gm_calloc(h.c->mesh->n_nodes, sizeof *tau);
    double shift_ms[SITES] = {20, -10, 3};
    gm_heart_change change = {shift_ms, 0.9, 0};
    solve_jointly(&h, &change, tau);
    EXPECT(gm_what_if_ecg(h.model, &change, NULL, h.ecg, h.tau, &facts) == GM_OK);
    double worst = largest_difference_ms(&h, tau);
    printf("  largest difference where waves meet: %.2f ms at 5 mm\n", worst);
    EXPECT_BELOW(worst, 5); /* elements in which two waves meet: of the order of one edge's time */
    EXPECT(facts.qrs_ms > 20 && facts.qrs_ms < 300);
    gm_free(tau);
    drop(&h);
}

/* All sites later by the same time: the same ECG that much later. */
static void a_common_delay_moves_the_ecg(void)
{
    static heart h;
    static double later[SAMPLES * GM_N_LEADS];
    gm_what_if_facts facts, late;
    double shift_ms[SITES] = {25, 25, 25}, worst = 0, peak = 0;
    make(&h, SITES);
    gm_heart_change none = gm_heart_change_none(), change = {shift_ms, 1, 0};
    EXPECT(gm_what_if_ecg(h.model, &none, NULL, h.ecg, NULL, &facts) == GM_OK);
    EXPECT(gm_what_if_ecg(h.model, &change, NULL, later, NULL, &late) == GM_OK);
    EXPECT_CLOSE(late.first_ms - facts.first_ms, 25, 0, 1e-4);
    EXPECT_CLOSE(late.qrs_ms, facts.qrs_ms, 0, 1);
    for (size_t i = 25 * GM_N_LEADS; i < SAMPLES * GM_N_LEADS; i++) {
        worst = fmax(worst, fabs(later[i] - h.ecg[i - 25 * GM_N_LEADS]));
        peak = fmax(peak, fabs(later[i]));
    }
    EXPECT_BELOW(worst, 1e-4 * peak);
    drop(&h);
}

static void what_is_out_of_range_is_refused(void)
{
    static heart h;
    gm_what_if_facts facts;
    double shift_ms[SITES] = {0, 250, 0};
    make(&h, SITES);
    gm_heart_change change = {.speed_factor = 0.1};
    EXPECT(gm_what_if_ecg(h.model, &change, NULL, h.ecg, NULL, &facts) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "speed factor 0.1; allowed are 0.3 to 3");
    change = (gm_heart_change){.speed_factor = NAN};
    EXPECT(gm_what_if_ecg(h.model, &change, NULL, h.ecg, NULL, &facts) == GM_EINVAL);
    change = (gm_heart_change){shift_ms, 1, 0};
    EXPECT(gm_what_if_ecg(h.model, &change, NULL, h.ecg, NULL, &facts) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "site 2 later by 250 ms");
    change = (gm_heart_change){NULL, 1, -101};
    EXPECT(gm_what_if_ecg(h.model, &change, NULL, h.ecg, NULL, &facts) == GM_EINVAL);
    drop(&h);
}

int main(int argc, char **argv)
{
    RUN(a_slower_heart_is_the_joint_solve_at_that_speed);
    RUN(sites_that_move_in_time_give_nearly_the_joint_solve);
    RUN(a_common_delay_moves_the_ecg);
    RUN(what_is_out_of_range_is_refused);
    return gm_report();
}
