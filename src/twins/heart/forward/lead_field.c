#include "heart/forward/lead_field.h"

#include <math.h>

#include "core/alloc.h"
#include "mesh/p1.h"

const int gm_independent_lead[GM_N_INDEPENDENT] = {0, 1, 6, 7, 8, 9, 10, 11};

void gm_leads_expand(const double eight[GM_N_INDEPENDENT], double twelve[12])
{
    double i = eight[0], ii = eight[1];
    twelve[0] = i;
    twelve[1] = ii;
    twelve[2] = ii - i;
    twelve[3] = -(i + ii) / 2;
    twelve[4] = i - ii / 2;
    twelve[5] = ii - i / 2;
    for (int v = 0; v < 6; v++)
        twelve[6 + v] = eight[2 + v];
}

/* Potential at each node of a unit source at each electrode, as the eight lead differences: the lead
 * field is linear, so the leads can be formed before the stiffness is applied. 1/mm. */
static void node_lead_potentials(const double x[3], const double electrodes[GM_N_ELECTRODES][3],
                                 double z[GM_N_INDEPENDENT])
{
    double r[GM_N_ELECTRODES];
    for (int e = 0; e < GM_N_ELECTRODES; e++) {
        double dx = x[0] - electrodes[e][0], dy = x[1] - electrodes[e][1];
        double dz = x[2] - electrodes[e][2];
        r[e] = 1 / sqrt(dx * dx + dy * dy + dz * dz);
    }
    double wilson = (r[GM_RA] + r[GM_LA] + r[GM_LL]) / 3;
    z[0] = r[GM_LA] - r[GM_RA];
    z[1] = r[GM_LL] - r[GM_RA];
    for (int v = 0; v < 6; v++)
        z[2 + v] = r[GM_V1 + v] - wilson;
}

/* Adds the element's part of K_i Z: V g_a . (Gi sum_b g_b z_b). */
static void add_element(const gm_tetmesh *m, size_t t, const gm_heart_conductivity *c,
                        const double (*z)[GM_N_INDEPENDENT], double (*w)[GM_N_INDEPENDENT])
{
    double g[4][3], volume = gm_tetmesh_gradients(m, t, g);
    const double *f = m->fibres[t];
    for (int l = 0; l < GM_N_INDEPENDENT; l++) {
        double field[3] = {0}, along = 0;
        for (int b = 0; b < 4; b++)
            for (int d = 0; d < 3; d++)
                field[d] += g[b][d] * z[m->tets[t][b]][l];
        for (int d = 0; d < 3; d++)
            along += field[d] * f[d];
        for (int d = 0; d < 3; d++)
            field[d] = c->git_mS_cm * field[d] + (c->gil_mS_cm - c->git_mS_cm) * along * f[d];
        for (int a = 0; a < 4; a++)
            w[m->tets[t][a]][l] +=
                volume * (g[a][0] * field[0] + g[a][1] * field[1] + g[a][2] * field[2]);
    }
}

static gm_status check(const gm_tetmesh *mesh, const gm_heart_conductivity *c,
                       const double electrodes[GM_N_ELECTRODES][3])
{
    if (!mesh->fibres) return gm_fail(GM_EINVAL, "lead field: the mesh has no fibres");
    if (!(c->gil_mS_cm > 0 && c->git_mS_cm > 0 && c->sigma0_mS_cm > 0 && isfinite(c->gil_mS_cm) &&
          isfinite(c->git_mS_cm) && isfinite(c->sigma0_mS_cm)))
        return gm_fail(
            GM_EINVAL,
            "lead field: conductivity gil = %g, git = %g, sigma0 = %g mS/cm; each must be "
            "above 0",
            c->gil_mS_cm, c->git_mS_cm, c->sigma0_mS_cm);
    for (int e = 0; e < GM_N_ELECTRODES; e++)
        for (int d = 0; d < 3; d++)
            if (!isfinite(electrodes[e][d]))
                return gm_fail(GM_EINVAL, "lead field: electrode %s has coordinate %g mm",
                               gm_electrode_names[e], electrodes[e][d]);
    return GM_OK;
}

gm_status gm_lead_field_create(gm_lead_field **out, const gm_tetmesh *mesh,
                               const gm_heart_conductivity *conductivity,
                               const double electrodes_mm[GM_N_ELECTRODES][3])
{
    *out = NULL;
    GM_TRY(check(mesh, conductivity, electrodes_mm));
    gm_lead_field *f = gm_calloc(1, sizeof *f);
    double(*z)[GM_N_INDEPENDENT] = gm_calloc(mesh->n_nodes, sizeof *z);
    if (f) f->w = gm_calloc(mesh->n_nodes, sizeof *f->w);
    if (!f || !z || !f->w) {
        gm_free(z);
        gm_lead_field_destroy(f);
        return gm_fail(GM_ENOMEM, "lead field: no memory for %zu nodes", mesh->n_nodes);
    }
    f->n_nodes = mesh->n_nodes;
    double scale = 1 / (4 * 3.14159265358979323846 * conductivity->sigma0_mS_cm);
    for (size_t i = 0; i < mesh->n_nodes; i++) {
        node_lead_potentials(mesh->nodes_mm[i], electrodes_mm, z[i]);
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            z[i][l] *= scale;
    }
    for (size_t t = 0; t < mesh->n_tets; t++)
        add_element(mesh, t, conductivity, z, f->w);
    gm_free(z);
    *out = f;
    return GM_OK;
}

void gm_lead_field_destroy(gm_lead_field *f)
{
    if (!f) return;
    gm_free(f->w);
    gm_free(f);
}
