#include "heart/anatomy/trajectory.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/fields.h"
#include "math/dirichlet.h"

#define TOLERANCE 1e-4 /* of the solver: a share is wanted to 1e-3 */

typedef struct {
    gm_csr k;
    double *load[2], *distance[2];
    unsigned char *fixed[2], *touched;
} work;

static void work_free(work *w)
{
    gm_csr_free(&w->k);
    for (int i = 0; i < 2; i++) {
        gm_free(w->load[i]);
        gm_free(w->distance[i]);
        gm_free(w->fixed[i]);
    }
    gm_free(w->touched);
}

static gm_status allocate(work *w, size_t n)
{
    int ok = (w->touched = gm_calloc(n, 1)) != NULL;
    for (int i = 0; i < 2; i++) {
        ok &= (w->load[i] = gm_calloc(n, sizeof(double))) != NULL;
        ok &= (w->distance[i] = gm_calloc(n, sizeof(double))) != NULL;
        ok &= (w->fixed[i] = gm_calloc(n, 1)) != NULL;
    }
    return ok ? GM_OK : gm_fail(GM_ENOMEM, "trajectory: no memory for %zu nodes", n);
}

/* T of each tet; 0 where the field is flat. */
static void directions(const gm_tetmesh *m, const double *u, double (*t)[3], gm_tensor *d)
{
    for (size_t e = 0; e < m->n_tets; e++) {
        gm_tet_gradient(m, u, e, t[e]);
        double length = sqrt(t[e][0] * t[e][0] + t[e][1] * t[e][1] + t[e][2] * t[e][2]);
        for (int c = 0; c < 3; c++)
            t[e][c] = length > 0 ? t[e][c] / length : 0;
        const double *v = t[e];
        const gm_tensor tensor = {v[0] * v[0] + GM_TRAJECTORY_SMOOTHING,
                                  v[1] * v[1] + GM_TRAJECTORY_SMOOTHING,
                                  v[2] * v[2] + GM_TRAJECTORY_SMOOTHING,
                                  v[0] * v[1],
                                  v[0] * v[2],
                                  v[1] * v[2]};
        memcpy(d[e], tensor, sizeof tensor);
    }
}

static gm_status prepare(work *w, const gm_tetmesh *m, const gm_trajectory *job,
                         gm_threads *threads)
{
    GM_TRY(allocate(w, m->n_nodes));
    double(*t)[3] = gm_calloc(m->n_tets, sizeof *t);
    gm_tensor *d = gm_calloc(m->n_tets, sizeof *d);
    gm_status s = t && d ? GM_OK : gm_fail(GM_ENOMEM, "trajectory: no memory");
    if (s == GM_OK) {
        directions(m, job->u, t, d);
        s = gm_stiffness(&w->k, m, (const gm_tensor *)d, job->use, threads);
    }
    if (s == GM_OK) {
        gm_gradient_load(m, (const double(*)[3])t, job->use, w->load[0]);
        for (size_t i = 0; i < m->n_nodes; i++)
            w->load[1][i] = -w->load[0][i];
    }
    gm_free(t);
    gm_free(d);
    return s;
}

/* Fixes the surfaces' nodes that belong to the part. */
static gm_status fix(work *w, const gm_tetmesh *m, const gm_trajectory *job)
{
    size_t n[2] = {0, 0};
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4 && (!job->use || job->use[e]); k++)
            w->touched[m->tets[e][k]] = 1;
    for (size_t i = 0; i < m->n_nodes; i++) {
        w->fixed[0][i] = w->touched[i] && job->first[i];
        w->fixed[1][i] = w->touched[i] && job->second[i];
        n[0] += w->fixed[0][i];
        n[1] += w->fixed[1][i];
    }
    if (n[0] && n[1]) return GM_OK;
    return gm_fail(GM_EINVAL, "trajectory: the part of the mesh lacks one of its two ends");
}

static void finish(const work *w, size_t n_nodes, double *share)
{
    for (size_t i = 0; i < n_nodes; i++) {
        if (!w->touched[i]) continue;
        double a = fmax(w->distance[0][i], 0), b = fmax(w->distance[1][i], 0);
        share[i] = a + b > 0 ? a / (a + b) : w->fixed[1][i] && !w->fixed[0][i];
    }
}

enum { MOST_JOBS = 8 };

gm_status gm_trajectory_shares(const gm_tetmesh *m, gm_trajectory *jobs, size_t n_jobs,
                               gm_threads *threads)
{
    work w[MOST_JOBS];
    gm_dirichlet problems[2 * MOST_JOBS];
    memset(w, 0, sizeof w);
    gm_status s = n_jobs <= MOST_JOBS ? GM_OK : gm_fail(GM_EINVAL, "trajectory: too many at once");
    for (size_t j = 0; j < n_jobs && s == GM_OK; j++) {
        s = prepare(&w[j], m, &jobs[j], threads);
        if (s == GM_OK) s = fix(&w[j], m, &jobs[j]);
        for (int i = 0; i < 2; i++)
            problems[2 * j + (size_t)i] = (gm_dirichlet){.k = &w[j].k,
                                                         .fixed = w[j].fixed[i],
                                                         .b = w[j].load[i],
                                                         .u = w[j].distance[i],
                                                         .tolerance = TOLERANCE};
    }
    if (s == GM_OK) s = gm_dirichlet_solve(problems, 2 * n_jobs, threads);
    for (size_t j = 0; j < n_jobs && j < MOST_JOBS; j++) {
        if (s == GM_OK) finish(&w[j], m->n_nodes, jobs[j].share);
        work_free(&w[j]);
    }
    return s;
}
