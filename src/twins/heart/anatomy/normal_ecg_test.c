/* The built-in heart in its chest, activated as a healthy one, must have a healthy ECG: that the apex
 * points the right way, that left is left and that the electrodes are where they belong. */
#include "core/alloc.h"
#include "heart/case/built_in.h"
#include "heart/case/sources.h"
#include "heart/forward/beat.h"
#include "heart/forward/eikonal.h"
#include "testing/gm_test.h"

/* Early sites as Durrer 1970, Circulation 41:899, saw them: left septum, high anterior and low
 * posterior wall of the LV, then the RV. */
static const char healthy[] =
    "{\"sites\": [{\"uvc\": {\"ventricle\": \"lv\", \"ab\": 0.5, \"rt\": 0.85}, \"onset_ms\": 0},"
    "{\"uvc\": {\"ventricle\": \"lv\", \"ab\": 0.65, \"rt\": 0.6}, \"onset_ms\": 2},"
    "{\"uvc\": {\"ventricle\": \"lv\", \"ab\": 0.4, \"rt\": 0.12}, \"onset_ms\": 2},"
    "{\"uvc\": {\"ventricle\": \"rv\", \"ab\": 0.3, \"rt\": 0.75}, \"onset_ms\": 12},"
    "{\"uvc\": {\"ventricle\": \"rv\", \"ab\": 0.35, \"rt\": 0.45}, \"onset_ms\": 12}],"
    "\"v_f_m_s\": 0.57, \"v_t_ratio\": 0.42, \"fast_layer_factor\": 3.5,"
    "\"apd\": {\"min_ms\": 230, \"max_ms\": 300, \"g_ab\": -0.3, \"g_rvlv\": 0.1, \"g_tm\": 0.7}}";

enum { N = 400, QRS_END = 140, T_BEGIN = 180 };
enum { I, II, III, AVR, AVL, AVF, V1, V2, V3, V4, V5, V6 };

static gm_status activate(gm_heart_case *c, const gm_heart_params *p, float *tau)
{
    gm_source sources[GM_SITES_MAX];
    gm_seed seeds[GM_SITES_MAX * GM_SEEDS_PER_SOURCE];
    gm_conduction speeds = gm_heart_params_conduction(p);
    gm_eikonal *e;
    gm_eikonal_scratch *scratch = NULL;
    size_t n = 0;
    GM_TRY(gm_heart_params_resolve(p, c, NULL, "healthy", sources, NULL));
    for (size_t i = 0; i < p->n_sites; i++)
        n += gm_source_seeds(&sources[i], c->mesh, c->fast, &speeds, &seeds[n]);
    GM_TRY(gm_eikonal_create(&e, c->mesh, c->fast));
    gm_status s = gm_eikonal_scratch_create(&scratch, e, 1);
    if (s == GM_OK) s = gm_eikonal_solve(e, &speeds, seeds, n, scratch, NULL, tau);
    gm_eikonal_scratch_destroy(scratch);
    gm_eikonal_destroy(e);
    return s;
}

static gm_status ecg_of(gm_heart_case *c, const gm_heart_params *p, double twelve[N][12])
{
    float *tau = gm_calloc(c->mesh->n_nodes, sizeof *tau);
    double *apd = gm_calloc(c->mesh->n_nodes, sizeof *apd),
           *eight = gm_calloc(N * 8, sizeof *eight);
    gm_lead_field *field = NULL;
    gm_status s = activate(c, p, tau);
    if (s == GM_OK) s = gm_heart_apd_field(&p->apd, c, NULL, apd);
    if (s == GM_OK)
        s = gm_lead_field_create(&field, c->mesh, &c->conductivity,
                                 (const double(*)[3])c->electrodes_mm);
    if (s == GM_OK)
        s = gm_beat_ecg_direct(field, tau, apd, &c->shape, (gm_samples){0, 1, N}, NULL, eight);
    for (size_t i = 0; i < N && s == GM_OK; i++)
        gm_leads_expand(&eight[8 * i], twelve[i]);
    gm_lead_field_destroy(field);
    gm_free(tau);
    gm_free(apd);
    gm_free(eight);
    return s;
}

/* The most positive (sign 1) or most negative (-1) value of a lead within [first, last) ms. */
static double extreme(double ecg[N][12], int lead, int first, int last, double sign)
{
    double best = 0;
    for (int i = first; i < last; i++)
        if (sign * ecg[i][lead] > sign * best) best = ecg[i][lead];
    return best;
}

static void healthy_activation_gives_a_healthy_ecg(void)
{
    static double ecg[N][12];
    gm_anatomy_params anatomy = gm_anatomy_defaults();
    gm_heart_case *c;
    gm_heart_params p;
    json_t *text = json_loads(healthy, 0, NULL);
    anatomy.edge_mm = 3;
    EXPECT(gm_heart_params_from_json(&p, text, "healthy") == GM_OK);
    EXPECT(gm_heart_case_from_anatomy(&c, &anatomy, NULL) == GM_OK);
    EXPECT(ecg_of(c, &p, ecg) == GM_OK);
    double r[12], s[12];
    for (int l = 0; l < 12; l++) {
        r[l] = extreme(ecg, l, 0, QRS_END, 1);
        s[l] = -extreme(ecg, l, 0, QRS_END, -1);
        printf("lead %d: R %.3f S %.3f T %+.3f mV\n", l, r[l], s[l],
               extreme(ecg, l, T_BEGIN, N, 1) + extreme(ecg, l, T_BEGIN, N, -1));
    }
    EXPECT(r[V1] < s[V1] && r[V2] < s[V2] && r[V5] > s[V5] && r[V6] > s[V6]);
    EXPECT(r[V1] < r[V5] && r[V5] > r[V6]); /* R grows to V5 */
    EXPECT(r[II] > s[II] && s[AVR] > r[AVR]);
    EXPECT_BELOW(0.5, r[I] / s[I]);
    const int upright[] = {I, II, V2, V3, V4, V5, V6};
    for (size_t k = 0; k < sizeof upright / sizeof *upright; k++)
        EXPECT(extreme(ecg, upright[k], T_BEGIN, N, 1) > -extreme(ecg, upright[k], T_BEGIN, N, -1));
    EXPECT(extreme(ecg, AVR, T_BEGIN, N, 1) < -extreme(ecg, AVR, T_BEGIN, N, -1));
    gm_heart_case_destroy(c);
    json_decref(text);
}

int main(int argc, char **argv)
{
    RUN(healthy_activation_gives_a_healthy_ecg);
    return gm_report();
}
