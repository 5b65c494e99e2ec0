#include "heart/anatomy/fibres.h"

#include "core/alloc.h"
#include "heart/anatomy/anatomy.h"
#include "heart/anatomy/shape.h"
#include "heart/anatomy/torso.h"
#include "heart/anatomy/triad.h"
#include "testing/gm_test.h"

static gm_anatomy *built(double edge_mm, gm_threads *threads)
{
    gm_anatomy_params p = gm_anatomy_defaults();
    gm_anatomy *a = NULL;
    p.edge_mm = edge_mm;
    EXPECT(gm_anatomy_build(&a, &p, threads) == GM_OK);
    return a;
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void fibre_and_sheet_are_unit_vectors_at_right_angles(void)
{
    gm_anatomy *a = built(4, NULL);
    double worst = 0;
    for (size_t e = 0; e < a->mesh->n_tets; e++) {
        const double *f = a->mesh->fibres[e], *s = a->mesh->sheets[e];
        worst = fmax(worst, fmax(fabs(dot(f, f) - 1), fmax(fabs(dot(s, s) - 1), fabs(dot(f, s)))));
    }
    EXPECT_BELOW(worst, 1e-12);
    gm_anatomy_destroy(a);
}

/* Half way down the LV's free wall, opposite to the RV: helix angle against depth between the two
 * ellipsoids, the Laplace depth of a round shell: ln(r/r_in)/ln(r_out/r_in). Returns the RMS deviation in
 * degrees from the straight line 40 .. -50. */
static double helix_error_deg(double edge_mm)
{
    gm_anatomy *a = built(edge_mm, NULL);
    double u[3] = {1, 0, 0}, v[3] = {0, 1, 0}, w[3] = {0, 0, 1}, sum = 0;
    size_t n = 0;
    gm_torso_place(u);
    gm_torso_place(v);
    gm_torso_place(w);
    for (size_t e = 0; e < a->mesh->n_tets; e++) {
        double x[3] = {0, 0, 0};
        for (int k = 0; k < 4; k++)
            for (int c = 0; c < 3; c++)
                x[c] += a->mesh->nodes_mm[a->mesh->tets[e][k]][c] / 4;
        double xu = dot(x, u), xv = dot(x, v), xw = dot(x, w);
        if (xu > -20 || fabs(xv) > 10 || fabs(xw + 30) > 15) continue;
        const double inner_mm = 25.925, outer_mm = inner_mm + 9.5; /* at the equator, of 140 mL */
        double long_in = 90 / 1.3, long_out = long_in + 0.7 * 9.5, z = xw + 0.3 * long_in;
        double r_in = inner_mm * sqrt(1 - z * z / long_in / long_in);
        double r_out = outer_mm * sqrt(1 - z * z / long_out / long_out);
        double r = sqrt(xu * xu + xv * xv), depth = log(r / r_in) / log(r_out / r_in);
        double circumferential[3], outward[3];
        for (int c = 0; c < 3; c++)
            outward[c] = (xu * u[c] + xv * v[c]) / r;
        circumferential[0] = w[1] * outward[2] - w[2] * outward[1];
        circumferential[1] = w[2] * outward[0] - w[0] * outward[2];
        circumferential[2] = w[0] * outward[1] - w[1] * outward[0];
        const double *f = a->mesh->fibres[e];
        double angle = atan(dot(f, w) / dot(f, circumferential)) * 180 / 3.14159265358979323846;
        sum += pow(angle - (40 - 90 * depth), 2);
        n++;
    }
    gm_anatomy_destroy(a);
    EXPECT(n > 50);
    return sqrt(sum / (double)n);
}

static void the_helix_angle_is_linear_through_the_free_wall(void)
{
    double coarse = helix_error_deg(4), fine = helix_error_deg(2);
    printf("helix angle off by %.2f deg at 4 mm, %.2f at 2 mm\n", coarse, fine);
    EXPECT_BELOW(fine, 1);
    EXPECT_BELOW(coarse, 1);
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    gm_threads *t = NULL;
    EXPECT(gm_threads_create(&t, 3) == GM_OK);
    gm_anatomy *a = built(5, NULL), *b = built(5, t);
    EXPECT(!memcmp(a->mesh->fibres, b->mesh->fibres, a->mesh->n_tets * sizeof *a->mesh->fibres));
    EXPECT(!memcmp(a->mesh->nodes_mm, b->mesh->nodes_mm,
                   a->mesh->n_nodes * sizeof *a->mesh->nodes_mm));
    gm_anatomy_destroy(a);
    gm_anatomy_destroy(b);
    gm_threads_destroy(t);
}

static void blending_takes_the_short_way_between_axes_without_sign(void)
{
    gm_triad a, b;
    const double up[3] = {0, 0, 1}, across[3] = {1, 0, 0}, back[3] = {-1, 0, 0};
    EXPECT(gm_triad_of(up, across, &a) && gm_triad_of(up, back, &b));
    gm_triad m = gm_triad_between(&a, &b, 0.5);
    for (int i = 0; i < 3; i++)
        EXPECT_CLOSE(fabs(dot(m.axis[i], a.axis[i])), 1, 0, 1e-12);
    b = gm_triad_turn(&a, 0.6, 0);
    m = gm_triad_between(&a, &b, 0.25);
    EXPECT_CLOSE(acos(dot(m.axis[0], a.axis[0])), 0.15, 0, 1e-12);
    EXPECT(!gm_triad_of(up, up, &a) && !gm_triad_of((const double[3]){0, 0, 0}, up, &a));
}

static void bad_angles_and_empty_sets_are_refused(void)
{
    gm_anatomy *a = built(5, NULL);
    gm_fibre_angles angles = gm_fibre_angles_defaults();
    angles.beta_epi_deg = NAN;
    EXPECT(gm_heart_fibres(a->mesh, &a->lv_endo, &a->rv_endo, &a->base, &a->epi, &angles, NULL) ==
           GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "beta_epi");
    const gm_face_set none = {0};
    EXPECT(gm_heart_fibres(a->mesh, &a->lv_endo, &none, &a->base, &a->epi, NULL, NULL) ==
           GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "endocardium");
    gm_anatomy_destroy(a);
}

int main(int argc, char **argv)
{
    RUN(fibre_and_sheet_are_unit_vectors_at_right_angles);
    RUN(the_helix_angle_is_linear_through_the_free_wall);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(blending_takes_the_short_way_between_axes_without_sign);
    RUN(bad_angles_and_empty_sets_are_refused);
    return gm_report();
}
