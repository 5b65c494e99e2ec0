#include "heart/case/sources.h"

#include "core/alloc.h"
#include "heart/anatomy/coordinates.h"
#include "heart/case/built_in.h"
#include "testing/gm_test.h"

static gm_heart_case *coarse_heart(void)
{
    gm_anatomy_params params = gm_anatomy_defaults();
    params.edge_mm = 4;
    gm_heart_case *c;
    EXPECT(gm_heart_case_from_anatomy(&c, &params, NULL) == GM_OK);
    if (!c) printf("%s\n", gm_error_text());
    return c;
}

static bool is_on(const gm_face_set *set, const gm_heart_case *c, const gm_source *s)
{
    for (size_t f = 0; f < set->n_faces; f++) {
        int shared = 0; /* corners of the face that carry the source */
        double weight = 0;
        for (int k = 0; k < 4; k++)
            for (int j = 0; j < 3; j++)
                if (c->mesh->tets[s->tet][k] == set->faces[f][j]) {
                    shared++;
                    weight += s->weight[k];
                }
        if (shared == 3 && weight > 1 - 1e-6) return true;
    }
    return false;
}

static void a_site_in_coordinates_lies_on_the_endocardium_with_those_coordinates(void)
{
    gm_heart_case *c = coarse_heart();
    const gm_heart_coordinates *x;
    if (!c) return;
    gm_heart_params p = gm_heart_params_defaults();
    for (int i = 0; i < 12; i++) {
        gm_site *site = &p.sites[p.n_sites++];
        site->kind = GM_SITE_UVC;
        site->uvc.ventricle = i % 2 ? GM_VENTRICLE_RV : GM_VENTRICLE_LV;
        site->uvc.ab = 0.3 + 0.1 * (i / 2 % 3);
        site->uvc.rt = i / 6 ? 0.45 : 0.2;
    }
    gm_source s[12];
    EXPECT(gm_heart_params_resolve(&p, c, NULL, "params.json", s, NULL) == GM_OK);
    EXPECT(gm_heart_case_coordinates(c, NULL, &x) == GM_OK);
    for (size_t i = 0; x && i < p.n_sites; i++) {
        gm_coordinate_values v = gm_coordinates_at(c->mesh, x, s[i].tet, s[i].weight);
        EXPECT_CLOSE(v.ab, p.sites[i].uvc.ab, 0, 0.02);
        EXPECT_CLOSE(v.rt, p.sites[i].uvc.rt, 0, 0.02);
        EXPECT(is_on(i % 2 ? &c->rv_endo : &c->lv_endo, c, &s[i]));
    }
    gm_heart_case_destroy(c);
}

static void seeds_of_a_site_between_nodes_are_the_exact_times_in_its_element(void)
{
    gm_heart_case *c = coarse_heart();
    if (!c) return;
    gm_heart_params p = gm_heart_params_defaults();
    const int32_t *t = c->mesh->tets[1000];
    p.n_sites = 1;
    p.sites[0] = (gm_site){.kind = GM_SITE_XYZ, .onset_ms = 5};
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 3; i++)
            p.sites[0].xyz_mm[i] += 0.25 * c->mesh->nodes_mm[t[k]][i];
    gm_source s;
    EXPECT(gm_heart_params_resolve(&p, c, NULL, "params.json", &s, NULL) == GM_OK);
    EXPECT(s.tet == 1000 && s.node == -1 && s.moved_mm == 0);
    gm_seed seeds[GM_SEEDS_PER_SOURCE];
    gm_conduction speeds = {.v_f_m_s = 0.6, .v_t_ratio = 1, .fast_layer_factor = 1};
    EXPECT(gm_source_seeds(&s, c->mesh, c->fast, &speeds, seeds) == 4);
    for (int k = 0; k < 4; k++) {
        double d2 = 0;
        for (int i = 0; i < 3; i++)
            d2 += pow(c->mesh->nodes_mm[seeds[k].node][i] - s.xyz_mm[i], 2);
        EXPECT_CLOSE(seeds[k].time_ms, 5 + sqrt(d2) / 0.6, 1e-12, 0);
    }
    gm_heart_case_destroy(c);
}

/* ---- action potential durations ----------------------------------------------------------------- */

static void durations_span_their_range_along_the_gradient(void)
{
    gm_heart_case *c = coarse_heart();
    if (!c) return;
    double *apd_ms = gm_calloc(c->mesh->n_nodes, sizeof *apd_ms), low = INFINITY, high = 0;
    gm_apd apd = {.min_ms = 220, .max_ms = 280, .g_ab = -1};
    const gm_heart_coordinates *x;
    EXPECT(gm_heart_apd_field(&apd, c, NULL, apd_ms) == GM_OK);
    EXPECT(gm_heart_case_coordinates(c, NULL, &x) == GM_OK);
    for (size_t i = 0; x && i < c->mesh->n_nodes; i++) {
        low = fmin(low, apd_ms[i]);
        high = fmax(high, apd_ms[i]);
        EXPECT_CLOSE(apd_ms[i], 280 - 60 * x->ab[i], 0, 0.1); /* ab runs from 0 to 1 */
    }
    EXPECT_CLOSE(low, 220, 1e-12, 0);
    EXPECT_CLOSE(high, 280, 1e-12, 0);
    gm_free(apd_ms);
    gm_heart_case_destroy(c);
}

static void durations_without_gradient_lie_in_the_middle(void)
{
    gm_heart_case *c = coarse_heart();
    if (!c) return;
    double *apd_ms = gm_calloc(c->mesh->n_nodes, sizeof *apd_ms);
    gm_apd apd = {.min_ms = 220, .max_ms = 280};
    EXPECT(gm_heart_apd_field(&apd, c, NULL, apd_ms) == GM_OK);
    EXPECT(apd_ms[0] == 250 && apd_ms[c->mesh->n_nodes - 1] == 250);
    EXPECT(!c->coordinates); /* not needed, so not made */
    gm_free(apd_ms);
    gm_heart_case_destroy(c);
}

int main(int argc, char **argv)
{
    RUN(a_site_in_coordinates_lies_on_the_endocardium_with_those_coordinates);
    RUN(seeds_of_a_site_between_nodes_are_the_exact_times_in_its_element);
    RUN(durations_span_their_range_along_the_gradient);
    RUN(durations_without_gradient_lie_in_the_middle);
    return gm_report();
}
