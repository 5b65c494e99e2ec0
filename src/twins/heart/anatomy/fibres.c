#include "heart/anatomy/fibres.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/boundary.h"
#include "heart/anatomy/fields.h"
#include "heart/anatomy/triad.h"
#include "mesh/faces.h"

#define DEGREE 0.017453292519943295
#define LEAST_SUM \
    1e-6 /* phi_lv + phi_rv below it: outside both cavities' reach, their ratio unknown */

enum { EPI, LV, RV, PSI, N_FIELDS };

gm_fibre_angles gm_fibre_angles_defaults(void)
{
    return (gm_fibre_angles){40, -50, -65, 25};
}

static gm_status check_angles(const gm_fibre_angles *a)
{
    const double all[] = {a->alpha_endo_deg, a->alpha_epi_deg, a->beta_endo_deg, a->beta_epi_deg};
    static const char *const names[] = {"alpha_endo", "alpha_epi", "beta_endo", "beta_epi"};
    for (int i = 0; i < 4; i++)
        if (!(fabs(all[i]) <= 90))
            return gm_fail(GM_EINVAL, "fibres: %s is %g degrees, allowed -90 to 90", names[i],
                           all[i]);
    return GM_OK;
}

typedef struct {
    gm_tetmesh *mesh;
    const gm_fibre_angles *angles;
    double *field[N_FIELDS];         /* [n_nodes] */
    double (*gradient[N_FIELDS])[3]; /* [n_nodes] recovered */
    double (*fibres)[3], (*sheets)[3];
    unsigned char *known; /* [n_tets] */
} rule;

/* Mean over the nodes of a tet. */
static double value_in(const rule *r, int field, const int32_t tet[4])
{
    const double *u = r->field[field];
    return 0.25 * (u[tet[0]] + u[tet[1]] + u[tet[2]] + u[tet[3]]);
}

static void gradient_in(const rule *r, int field, double sign, const int32_t tet[4], double out[3])
{
    double(*g)[3] = r->gradient[field];
    for (int c = 0; c < 3; c++)
        out[c] = sign * 0.25 * (g[tet[0]][c] + g[tet[1]][c] + g[tet[2]][c] + g[tet[3]][c]);
}

/* The triad of one surface at this place; false where the field has no direction. */
static bool oriented(const rule *r, const int32_t tet[4], int field, double sign, double alpha_deg,
                     double beta_deg, gm_triad *out)
{
    double up[3], across[3];
    gradient_in(r, PSI, 1, tet, up);
    gradient_in(r, field, sign, tet, across);
    if (!gm_triad_of(up, across, out)) return false;
    *out = gm_triad_turn(out, alpha_deg * DEGREE, beta_deg * DEGREE);
    return true;
}

static bool blend(bool has_a, const gm_triad *a, bool has_b, const gm_triad *b, double weight,
                  gm_triad *out)
{
    if (has_a && has_b)
        *out = gm_triad_between(a, b, weight);
    else if (has_a || has_b)
        *out = has_a ? *a : *b;
    return has_a || has_b;
}

static double clamp01(double x)
{
    return x > 0 ? (x < 1 ? x : 1) : 0;
}

static bool triad_in(const rule *r, const int32_t tet[4], gm_triad *out)
{
    const gm_fibre_angles *a = r->angles;
    double lv = value_in(r, LV, tet), rv = value_in(r, RV, tet);
    double epi = clamp01(value_in(r, EPI, tet));
    double d = lv + rv > LEAST_SUM ? clamp01(rv / (lv + rv)) : 0.5;
    double alpha = a->alpha_endo_deg * (1 - epi) + a->alpha_epi_deg * epi;
    double beta = a->beta_endo_deg * (1 - epi) + a->beta_epi_deg * epi;
    double turn = 1 - 2 * d; /* the angles change sign from the LV's to the RV's endocardium */
    gm_triad q_lv = {{{0}}}, q_rv = q_lv, q_epi = q_lv, q_endo = q_lv;
    bool has_lv = oriented(r, tet, LV, -1, alpha * turn, beta * turn, &q_lv);
    bool has_rv = oriented(r, tet, RV, 1, alpha * turn, beta * turn, &q_rv);
    bool has_epi = oriented(r, tet, EPI, 1, alpha, beta, &q_epi);
    bool has_endo = blend(has_lv, &q_lv, has_rv, &q_rv, d, &q_endo);
    return blend(has_endo, &q_endo, has_epi, &q_epi, epi, out);
}

static void rule_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    rule *r = context;
    for (size_t e = first; e < last; e++) {
        gm_triad q;
        r->known[e] = triad_in(r, r->mesh->tets[e], &q);
        if (!r->known[e]) continue;
        memcpy(r->fibres[e], q.axis[0], sizeof q.axis[0]);
        memcpy(r->sheets[e], q.axis[1], sizeof q.axis[1]);
    }
}

/* Where the fields have no direction (the very apex) the direction of a neighbour is taken. */
static gm_status fill_unknown(rule *r)
{
    size_t n_unknown = 0, before = SIZE_MAX;
    int32_t(*neighbours)[4] = NULL;
    for (size_t e = 0; e < r->mesh->n_tets; e++)
        n_unknown += !r->known[e];
    if (n_unknown) GM_TRY(gm_tetmesh_neighbours(r->mesh, &neighbours, "fibres"));
    while (n_unknown && n_unknown < before) {
        before = n_unknown;
        for (size_t e = 0; e < r->mesh->n_tets; e++)
            for (int k = 0; k < 4 && !r->known[e]; k++) {
                int32_t from = neighbours[e][k];
                if (from < 0 || !r->known[from]) continue;
                memcpy(r->fibres[e], r->fibres[from], sizeof r->fibres[e]);
                memcpy(r->sheets[e], r->sheets[from], sizeof r->sheets[e]);
                r->known[e] = 1;
                n_unknown--;
            }
    }
    gm_free(neighbours);
    return n_unknown
               ? gm_fail(GM_EINVAL, "fibres: no direction can be found for %zu tets", n_unknown)
               : GM_OK;
}

typedef struct {
    const gm_face_set *lv_endo, *rv_endo, *base, *epi;
} sets;

static gm_status solve_fields(rule *r, const sets *s, gm_threads *threads)
{
    const gm_tetmesh *m = r->mesh;
    const struct {
        const gm_face_set *one, *zero[2];
    } rows[] = {{s->epi, {s->lv_endo, s->rv_endo}},
                {s->lv_endo, {s->epi, s->rv_endo}},
                {s->rv_endo, {s->epi, s->lv_endo}}};
    gm_laplace_fields f;
    GM_TRY(gm_laplace_fields_create(&f, m, N_FIELDS, threads));
    gm_status status = GM_OK;
    for (int i = 0; i < 3; i++) {
        for (int z = 0; z < 2; z++)
            gm_laplace_give_faces(&f, (size_t)i, rows[i].zero[z], 0);
        gm_laplace_give_faces(&f, (size_t)i, rows[i].one, 1);
    }
    status = gm_laplace_give_apex(&f, PSI, s->lv_endo, s->epi);
    gm_laplace_give_faces(&f, PSI, s->base, 1);
    if (status == GM_OK) status = gm_laplace_fields_solve(&f, threads);
    for (int i = 0; i < N_FIELDS && status == GM_OK; i++) {
        r->field[i] = f.u[i];
        f.u[i] = NULL;
        r->gradient[i] = gm_calloc(m->n_nodes, sizeof *r->gradient[i]);
        if (!r->gradient[i]) status = gm_fail(GM_ENOMEM, "fibres: no memory for gradients");
        if (status == GM_OK) status = gm_nodal_gradient(m, r->field[i], r->gradient[i]);
    }
    gm_laplace_fields_free(&f);
    return status;
}

static gm_status run_rule(rule *r, const sets *s, gm_threads *threads)
{
    GM_TRY(solve_fields(r, s, threads));
    size_t n = r->mesh->n_tets;
    r->fibres = gm_calloc(n, sizeof *r->fibres);
    r->sheets = gm_calloc(n, sizeof *r->sheets);
    r->known = gm_calloc(n, 1);
    if (!r->fibres || !r->sheets || !r->known)
        return gm_fail(GM_ENOMEM, "fibres: no memory for %zu tets", n);
    gm_threads_ranges(threads, n, 1024, rule_range, r);
    return fill_unknown(r);
}

gm_status gm_heart_fibres(gm_tetmesh *mesh, const gm_face_set *lv_endo, const gm_face_set *rv_endo,
                          const gm_face_set *base, const gm_face_set *epi,
                          const gm_fibre_angles *angles, gm_threads *threads)
{
    gm_fibre_angles standard = gm_fibre_angles_defaults();
    rule r = {.mesh = mesh, .angles = angles ? angles : &standard};
    const sets s = {lv_endo, rv_endo, base, epi};
    GM_TRY(check_angles(r.angles));
    if (!lv_endo->n_faces || !rv_endo->n_faces || !base->n_faces || !epi->n_faces)
        return gm_fail(GM_EINVAL,
                       "fibres: LV and RV endocardium, base and epicardium must have "
                       "faces, but have %zu, %zu, %zu and %zu",
                       lv_endo->n_faces, rv_endo->n_faces, base->n_faces, epi->n_faces);
    gm_status status = run_rule(&r, &s, threads);
    if (status == GM_OK) {
        gm_free(mesh->fibres);
        gm_free(mesh->sheets);
        mesh->fibres = r.fibres;
        mesh->sheets = r.sheets;
    } else {
        gm_free(r.fibres);
        gm_free(r.sheets);
    }
    for (int i = 0; i < N_FIELDS; i++) {
        gm_free(r.field[i]);
        gm_free(r.gradient[i]);
    }
    gm_free(r.known);
    return status;
}
