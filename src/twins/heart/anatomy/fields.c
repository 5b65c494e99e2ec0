#include "heart/anatomy/fields.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/boundary.h"
#include "mesh/p1.h"

#define APEX_EDGES 1.5

gm_status gm_laplace_fields_create(gm_laplace_fields *f, const gm_tetmesh *mesh, size_t n,
                                   gm_threads *threads)
{
    *f = (gm_laplace_fields){.mesh = mesh, .n = n};
    gm_status s = gm_stiffness(&f->k, mesh, NULL, NULL, threads);
    for (size_t i = 0; i < n && s == GM_OK; i++) {
        f->u[i] = gm_calloc(mesh->n_nodes, sizeof *f->u[i]);
        f->fixed[i] = gm_calloc(mesh->n_nodes, 1);
        if (!f->u[i] || !f->fixed[i]) s = gm_fail(GM_ENOMEM, "fields: no memory");
    }
    if (s != GM_OK) gm_laplace_fields_free(f);
    return s;
}

void gm_laplace_fields_free(gm_laplace_fields *f)
{
    gm_csr_free(&f->k);
    for (size_t i = 0; i < f->n; i++) {
        gm_free(f->u[i]);
        gm_free(f->fixed[i]);
    }
    *f = (gm_laplace_fields){0};
}

void gm_laplace_give_node(gm_laplace_fields *f, size_t field, int32_t node, double value)
{
    f->u[field][node] = value;
    f->fixed[field][node] = 1;
}

void gm_laplace_give_faces(gm_laplace_fields *f, size_t field, const gm_face_set *faces,
                           double value)
{
    for (size_t i = 0; i < faces->n_faces; i++)
        for (int c = 0; c < 3; c++)
            gm_laplace_give_node(f, field, faces->faces[i][c], value);
}

static double mean_edge_mm(const gm_tetmesh *m, const gm_face_set *faces)
{
    double sum = 0;
    for (size_t i = 0; i < faces->n_faces; i++)
        for (int k = 0; k < 3; k++) {
            const double *a = m->nodes_mm[faces->faces[i][k]];
            const double *b = m->nodes_mm[faces->faces[i][(k + 1) % 3]];
            sum += sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
        }
    return sum / (3 * (double)faces->n_faces);
}

gm_status gm_laplace_give_apex(gm_laplace_fields *f, size_t field, const gm_face_set *lv_endo,
                               const gm_face_set *epi)
{
    const gm_tetmesh *m = f->mesh;
    double axis[3], lowest = DBL_MAX, reach_mm = APEX_EDGES * mean_edge_mm(m, epi);
    const double *apex = NULL;
    GM_TRY(gm_heart_cavity_axis(axis, m, lv_endo));
    for (size_t i = 0; i < 3 * epi->n_faces; i++) {
        const double *x = m->nodes_mm[epi->faces[i / 3][i % 3]];
        double height = x[0] * axis[0] + x[1] * axis[1] + x[2] * axis[2];
        if (height < lowest) {
            lowest = height;
            apex = x;
        }
    }
    if (!apex) return gm_fail(GM_EINVAL, "epicardium: no faces");
    for (size_t i = 0; i < 3 * epi->n_faces; i++) {
        const double *x = m->nodes_mm[epi->faces[i / 3][i % 3]];
        double r2 = pow(x[0] - apex[0], 2) + pow(x[1] - apex[1], 2) + pow(x[2] - apex[2], 2);
        if (r2 <= reach_mm * reach_mm) gm_laplace_give_node(f, field, epi->faces[i / 3][i % 3], 0);
    }
    return GM_OK;
}

gm_status gm_laplace_fields_solve(gm_laplace_fields *f, gm_threads *threads)
{
    gm_dirichlet d[GM_LAPLACE_FIELDS_MAX];
    for (size_t i = 0; i < f->n; i++)
        d[i] = (gm_dirichlet){.k = &f->k, .fixed = f->fixed[i], .u = f->u[i]};
    return gm_dirichlet_solve(d, f->n, threads);
}

double gm_tet_gradient(const gm_tetmesh *m, const double *u, size_t e, double g[3])
{
    double grad[4][3], volume = gm_tetmesh_gradients(m, e, grad);
    for (int c = 0; c < 3; c++) {
        g[c] = 0;
        for (int k = 0; k < 4; k++)
            g[c] += u[m->tets[e][k]] * grad[k][c];
    }
    return volume;
}

gm_status gm_nodal_gradient(const gm_tetmesh *m, const double *u, double (*g)[3])
{
    double *weight = gm_calloc(m->n_nodes, sizeof *weight);
    if (!weight) return gm_fail(GM_ENOMEM, "fields: no memory for gradients");
    memset(g, 0, m->n_nodes * sizeof *g);
    for (size_t e = 0; e < m->n_tets; e++) {
        double here[3], volume = gm_tet_gradient(m, u, e, here);
        for (int k = 0; k < 4; k++) {
            int32_t node = m->tets[e][k];
            weight[node] += volume;
            for (int c = 0; c < 3; c++)
                g[node][c] += volume * here[c];
        }
    }
    for (size_t i = 0; i < m->n_nodes; i++)
        for (int c = 0; c < 3; c++)
            g[i][c] /= weight[i] > 0 ? weight[i] : 1;
    gm_free(weight);
    return GM_OK;
}
