#include "heart/anatomy/coordinates.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/boundary.h"
#include "heart/anatomy/coordinates_internal.h"
#include "heart/anatomy/cut.h"
#include "heart/anatomy/fields.h"
#include "heart/anatomy/trajectory.h"
#include "mesh/surface.h"

#define APEX_HEIGHT 0.4  /* of the ridge's height: anterior and posterior ridge meet below it */
#define LOWEST_PART 0.08 /* of the ridge's height: gives the plane between anterior and posterior */

enum { ON_LV = 1, ON_RV = 2, ON_BASE = 4, ON_EPI = 8 }; /* 1 << label */
enum { POSTERIOR = 1, ANTERIOR = 2, APEX = 4 };         /* marks of ridge nodes */
enum { LV_FREE, RV_FREE, SEPTUM, N_PARTS };

typedef struct {
    const gm_tetmesh *mesh;
    const gm_face_set *sets[4]; /* by label: LV, RV, base, epicardium */
    gm_heart_coordinates *c;
    double *w;                /* [n_nodes] -1 LV endocardium, 0 epicardium, 1 RV endocardium */
    signed char (*labels)[4]; /* [n_tets] */
    gm_cut middle;            /* cut in the middle of the septum */
    unsigned char *on_middle; /* [middle n_nodes] ON_... */
    gm_cut ridge;             /* that, cut along the ridges as well */
    unsigned char *on_ridge;  /* [ridge n_nodes] ON_... */
    unsigned char *mark;      /* [ridge n_nodes] POSTERIOR, ANTERIOR, APEX */
    unsigned char *part;      /* [ridge n_tets] */
} making;

/* ---- boundary sets as labels of tet faces, then as marks of nodes ------------------------------- */

static void label_face(making *x, int32_t tet, const int32_t face[3], int label)
{
    for (int k = 0; k < 4; k++) {
        int32_t v = x->mesh->tets[tet][k];
        if (v != face[0] && v != face[1] && v != face[2]) x->labels[tet][k] = (signed char)label;
    }
}

static gm_status label_set(making *x, const int32_t (*faces)[3], const int32_t *owner, size_t n,
                           int label)
{
    const gm_face_set *set = x->sets[label];
    int32_t *index = gm_calloc(set->n_faces, sizeof *index);
    if (!index) return gm_fail(GM_ENOMEM, "coordinates: no memory for %zu faces", set->n_faces);
    gm_status s = gm_faces_find(faces, n, (const int32_t(*)[3])set->faces, set->n_faces, index);
    for (size_t i = 0; i < set->n_faces && s == GM_OK; i++) {
        if (index[i] < 0)
            s = gm_fail(GM_EINVAL, "coordinates: face %zu of set %d is not on the boundary", i,
                        label);
        else
            label_face(x, owner[index[i]], faces[index[i]], label);
    }
    gm_free(index);
    return s;
}

static gm_status label_boundary(making *x)
{
    int32_t(*faces)[3], *owner;
    size_t n;
    x->labels = gm_calloc(x->mesh->n_tets, sizeof *x->labels);
    if (!x->labels) return gm_fail(GM_ENOMEM, "coordinates: no memory");
    memset(x->labels, -1, x->mesh->n_tets * sizeof *x->labels);
    GM_TRY(gm_tetmesh_boundary(x->mesh, &faces, &owner, &n));
    gm_status s = GM_OK;
    for (int label = 0; label < 4 && s == GM_OK; label++)
        s = label_set(x, (const int32_t(*)[3])faces, owner, n, label);
    gm_free(faces);
    gm_free(owner);
    return s;
}

static gm_status mark_sets(unsigned char **out, const gm_cut *cut)
{
    *out = gm_calloc(cut->mesh->n_nodes, 1);
    if (!*out) return gm_fail(GM_ENOMEM, "coordinates: no memory");
    for (size_t e = 0; e < cut->mesh->n_tets; e++)
        for (int k = 0; k < 4; k++)
            for (int v = 0; v < 4 && cut->labels[e][k] >= 0; v++)
                if (v != k)
                    (*out)[cut->mesh->tets[e][v]] |= (unsigned char)(1 << cut->labels[e][k]);
    return GM_OK;
}

/* ---- two halves: rvlv, and the septum's middle -------------------------------------------------- */

static gm_status solve_halves(making *x, gm_threads *threads)
{
    enum { RVLV, W };
    gm_laplace_fields f;
    GM_TRY(gm_laplace_fields_create(&f, x->mesh, 2, threads));
    gm_laplace_give_faces(&f, RVLV, x->sets[0], 0);
    gm_laplace_give_faces(&f, RVLV, x->sets[1], 1);
    gm_laplace_give_faces(&f, W, x->sets[3], 0);
    gm_laplace_give_faces(&f, W, x->sets[0], -1);
    gm_laplace_give_faces(&f, W, x->sets[1], 1);
    gm_status s = gm_laplace_fields_solve(&f, threads);
    if (s == GM_OK) {
        /* Obtuse tets let a discrete solution leave its range by a little. */
        for (size_t i = 0; i < x->mesh->n_nodes; i++)
            x->c->rvlv[i] = fmin(fmax(f.u[RVLV][i], 0), 1);
        x->w = f.u[W];
        f.u[W] = NULL;
    }
    gm_laplace_fields_free(&f);
    return s;
}

static double level_sum(const gm_cut *cut, size_t e)
{
    const int32_t *t = cut->mesh->tets[e];
    return cut->level[t[0]] + cut->level[t[1]] + cut->level[t[2]] + cut->level[t[3]];
}

/* A node belongs to the ventricle that most of its tets belong to (equal: LV). */
static gm_status assign_ventricle(making *x)
{
    int32_t *balance = gm_calloc(x->middle.mesh->n_nodes, sizeof *balance);
    if (!balance) return gm_fail(GM_ENOMEM, "coordinates: no memory");
    for (size_t e = 0; e < x->middle.mesh->n_tets; e++)
        for (int k = 0; k < 4; k++)
            balance[x->middle.mesh->tets[e][k]] += level_sum(&x->middle, e) > 0 ? 1 : -1;
    for (size_t i = 0; i < x->mesh->n_nodes; i++)
        x->c->tv[i] = balance[i] > 0 ? GM_VENTRICLE_RV : GM_VENTRICLE_LV;
    gm_free(balance);
    return GM_OK;
}

/* tm: from epicardium or the middle of the septum to the endocardium, in each half. */
static gm_status solve_depth(making *x, gm_threads *threads)
{
    const gm_tetmesh *m = x->middle.mesh;
    double *u = gm_calloc(m->n_nodes, sizeof *u), *share = gm_calloc(m->n_nodes, sizeof *share);
    unsigned char *marks = gm_calloc(2 * m->n_nodes + 2 * m->n_tets, 1);
    if (!u || !share || !marks) {
        gm_free(u);
        gm_free(share);
        gm_free(marks);
        return gm_fail(GM_ENOMEM, "coordinates: no memory");
    }
    unsigned char *outer = marks, *inner = marks + m->n_nodes;
    unsigned char *use[2] = {marks + 2 * m->n_nodes, marks + 2 * m->n_nodes + m->n_tets};
    for (size_t i = 0; i < m->n_nodes; i++) {
        u[i] = fabs(x->middle.level[i]);
        inner[i] = (x->on_middle[i] & (ON_LV | ON_RV)) != 0;
        outer[i] = !inner[i] && ((x->on_middle[i] & ON_EPI) || x->middle.level[i] == 0);
    }
    for (size_t e = 0; e < m->n_tets; e++)
        use[level_sum(&x->middle, e) > 0][e] = 1;
    gm_trajectory jobs[2];
    for (int half = 0; half < 2; half++)
        jobs[half] = (gm_trajectory){
            .u = u, .use = use[half], .first = outer, .second = inner, .share = share};
    gm_status s = gm_trajectory_shares(m, jobs, 2, threads);
    if (s == GM_OK) memcpy(x->c->tm, share, x->mesh->n_nodes * sizeof *share);
    gm_free(u);
    gm_free(share);
    gm_free(marks);
    return s;
}

static gm_status split_halves(making *x, gm_threads *threads)
{
    GM_TRY(label_boundary(x));
    GM_TRY(solve_halves(x, threads));
    GM_TRY(gm_cut_mesh(&x->middle, x->mesh, x->w, (const signed char(*)[4])x->labels));
    GM_TRY(mark_sets(&x->on_middle, &x->middle));
    GM_TRY(assign_ventricle(x));
    return solve_depth(x, threads);
}

/* ---- the ridges between septum and free walls --------------------------------------------------- */

static gm_status split_walls(making *x, gm_threads *threads)
{
    const gm_tetmesh *m = x->middle.mesh;
    gm_laplace_fields f;
    size_t n_middle = 0;
    GM_TRY(gm_laplace_fields_create(&f, m, 1, threads));
    for (size_t i = 0; i < m->n_nodes; i++) {
        if (x->on_middle[i] & ON_EPI) {
            gm_laplace_give_node(&f, 0, (int32_t)i, -0.5);
        } else if (x->middle.level[i] == 0) {
            gm_laplace_give_node(&f, 0, (int32_t)i, 0.5);
            n_middle++;
        }
    }
    gm_status s = n_middle ? gm_laplace_fields_solve(&f, threads)
                           : gm_fail(GM_EINVAL, "coordinates: no septum between the ventricles");
    if (s == GM_OK)
        s = gm_cut_mesh(&x->ridge, m, f.u[0], (const signed char(*)[4])x->middle.labels);
    gm_laplace_fields_free(&f);
    return s;
}

static gm_status assign_parts(making *x)
{
    const gm_tetmesh *m = x->ridge.mesh;
    unsigned char *touch = gm_calloc(m->n_nodes, 1);
    x->part = gm_calloc(m->n_tets, 1);
    x->mark = gm_calloc(m->n_nodes, 1);
    if (!touch || !x->part || !x->mark) {
        gm_free(touch);
        return gm_fail(GM_ENOMEM, "coordinates: no memory");
    }
    for (size_t e = 0; e < m->n_tets; e++) {
        bool is_rv = level_sum(&x->middle, (size_t)x->ridge.from[e]) > 0;
        bool is_septum = level_sum(&x->ridge, e) > 0;
        x->part[e] = is_septum ? SEPTUM : is_rv ? RV_FREE : LV_FREE;
        for (int k = 0; k < 4; k++)
            touch[m->tets[e][k]] |= is_septum ? 1 : 2;
    }
    for (size_t i = 0; i < m->n_nodes; i++)
        x->mark[i] = touch[i] == 3 && x->ridge.level[i] == 0 ? POSTERIOR : 0;
    gm_free(touch);
    return GM_OK;
}

static double along(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void middle_of(const gm_tetmesh *m, const gm_face_set *s, double out[3])
{
    for (int c = 0; c < 3; c++) {
        out[c] = 0;
        for (size_t i = 0; i < 3 * s->n_faces; i++)
            out[c] += m->nodes_mm[s->faces[i / 3][i % 3]][c];
        out[c] /= 3 * (double)s->n_faces;
    }
}

/* anterior = long axis x (LV to RV): see reference frames of a normally built heart. */
static gm_status set_axes(making *x)
{
    double lv[3], rv[3], *up = x->c->long_axis, *front = x->c->anterior;
    GM_TRY(gm_heart_cavity_axis(up, x->mesh, x->sets[0]));
    middle_of(x->mesh, x->sets[0], lv);
    middle_of(x->mesh, x->sets[1], rv);
    for (int c = 0; c < 3; c++)
        rv[c] -= lv[c];
    front[0] = up[1] * rv[2] - up[2] * rv[1];
    front[1] = up[2] * rv[0] - up[0] * rv[2];
    front[2] = up[0] * rv[1] - up[1] * rv[0];
    double length = sqrt(along(front, front));
    if (!(length > 0))
        return gm_fail(GM_EINVAL, "coordinates: the ventricles are not side by side");
    for (int c = 0; c < 3; c++)
        front[c] /= length;
    return GM_OK;
}

static void height_range(const making *x, double *low, double *high)
{
    *low = DBL_MAX;
    *high = -DBL_MAX;
    for (size_t i = 0; i < x->ridge.mesh->n_nodes; i++) {
        if (!x->mark[i]) continue;
        double h = along(x->ridge.mesh->nodes_mm[i], x->c->long_axis);
        *low = fmin(*low, h);
        *high = fmax(*high, h);
    }
}

/* The apex: ridge nodes with a ridge neighbour on the other side of the plane between anterior and
 * posterior. */
static size_t mark_apex(making *x, double below)
{
    const gm_tetmesh *m = x->ridge.mesh;
    static const int edge[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
    size_t n = 0;
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 6; k++) {
            int32_t a = m->tets[e][edge[k][0]], b = m->tets[e][edge[k][1]];
            if (((x->mark[a] | x->mark[b]) & (POSTERIOR | ANTERIOR)) != (POSTERIOR | ANTERIOR))
                continue;
            if (!x->mark[a] || !x->mark[b] || along(m->nodes_mm[a], x->c->long_axis) > below)
                continue;
            x->mark[a] |= APEX;
            x->mark[b] |= APEX;
        }
    for (int c = 0; c < 3; c++)
        x->c->apex_mm[c] = 0;
    for (size_t i = 0; i < m->n_nodes; i++)
        if (x->mark[i] & APEX) {
            x->mark[i] = APEX;
            for (int c = 0; c < 3; c++)
                x->c->apex_mm[c] += m->nodes_mm[i][c];
            n++;
        }
    for (int c = 0; c < 3 && n; c++)
        x->c->apex_mm[c] /= (double)n;
    return n;
}

static gm_status split_ridge(making *x)
{
    const gm_tetmesh *m = x->ridge.mesh;
    double low, high, sum = 0;
    size_t n = 0, n_side[2] = {0, 0};
    height_range(x, &low, &high);
    for (size_t i = 0; i < m->n_nodes; i++)
        if (x->mark[i] &&
            along(m->nodes_mm[i], x->c->long_axis) <= low + LOWEST_PART * (high - low)) {
            sum += along(m->nodes_mm[i], x->c->anterior);
            n++;
        }
    for (size_t i = 0; i < m->n_nodes && n; i++)
        if (x->mark[i]) {
            bool is_front = along(m->nodes_mm[i], x->c->anterior) >= sum / (double)n;
            x->mark[i] = is_front ? ANTERIOR : POSTERIOR;
            n_side[is_front]++;
        }
    if (n_side[0] && n_side[1] && mark_apex(x, low + APEX_HEIGHT * (high - low))) return GM_OK;
    return gm_fail(GM_EINVAL,
                   "coordinates: no septum with an anterior and a posterior junction that "
                   "meet at the apex was found (%zu and %zu nodes)",
                   n_side[1], n_side[0]);
}

/* ---- rt and ab ---------------------------------------------------------------------------------- */

typedef struct {
    gm_laplace_fields f;
    double *round, *up;                  /* [n_nodes] shares */
    unsigned char *flags, *use[N_PARTS]; /* one block: four flags a node, three a tet */
    unsigned char *posterior, *anterior, *apex, *base; /* [n_nodes] in flags */
} winding;

static gm_status winding_make(winding *d, const making *x, gm_threads *threads)
{
    const gm_tetmesh *m = x->ridge.mesh;
    size_t n = m->n_nodes;
    GM_TRY(gm_laplace_fields_create(&d->f, m, 2, threads));
    d->round = gm_calloc(n, sizeof *d->round);
    d->up = gm_calloc(n, sizeof *d->up);
    d->flags = gm_calloc(4 * n + N_PARTS * m->n_tets, 1);
    if (!d->round || !d->up || !d->flags) return gm_fail(GM_ENOMEM, "coordinates: no memory");
    d->posterior = d->flags;
    d->anterior = d->flags + n;
    d->apex = d->flags + 2 * n;
    d->base = d->flags + 3 * n;
    for (int p = 0; p < N_PARTS; p++)
        d->use[p] = d->flags + 4 * n + (size_t)p * m->n_tets;
    for (size_t e = 0; e < m->n_tets; e++)
        d->use[x->part[e]][e] = 1;
    for (size_t i = 0; i < n; i++) {
        d->posterior[i] = (x->mark[i] & POSTERIOR) != 0;
        d->anterior[i] = (x->mark[i] & ANTERIOR) != 0;
        d->apex[i] = (x->mark[i] & APEX) != 0;
        d->base[i] = (x->on_ridge[i] & ON_BASE) != 0;
        if (d->posterior[i] || d->anterior[i])
            gm_laplace_give_node(&d->f, 0, (int32_t)i, d->anterior[i]);
        if (d->apex[i] || d->base[i]) gm_laplace_give_node(&d->f, 1, (int32_t)i, d->base[i]);
    }
    return gm_laplace_fields_solve(&d->f, threads);
}

static void winding_free(winding *d)
{
    gm_laplace_fields_free(&d->f);
    gm_free(d->round);
    gm_free(d->up);
    gm_free(d->flags);
}

/* The ways along the posterior junction are rt = 0 = 1, along the anterior one 2/3. */
static double rotation(int part, double share)
{
    double rt = part == SEPTUM ? 1 - share / 3 : 2 * share / 3;
    return rt < 1 ? rt : 0;
}

static gm_status winding_finish(making *x, winding *d, gm_threads *threads)
{
    const gm_tetmesh *m = x->ridge.mesh;
    gm_trajectory jobs[N_PARTS + 1];
    double *of_part[N_PARTS] = {NULL};
    gm_status s = GM_OK;
    for (int p = 0; p < N_PARTS && s == GM_OK; p++) {
        of_part[p] = gm_calloc(m->n_nodes, sizeof(double));
        if (!of_part[p]) s = gm_fail(GM_ENOMEM, "coordinates: no memory");
        jobs[p] = (gm_trajectory){.u = d->f.u[0],
                                  .use = d->use[p],
                                  .first = d->posterior,
                                  .second = d->anterior,
                                  .share = of_part[p]};
    }
    jobs[N_PARTS] =
        (gm_trajectory){.u = d->f.u[1], .first = d->apex, .second = d->base, .share = d->up};
    if (s == GM_OK) s = gm_trajectory_shares(m, jobs, N_PARTS + 1, threads);
    for (size_t e = 0; e < m->n_tets && s == GM_OK; e++)
        for (int k = 0; k < 4; k++) {
            int32_t i = m->tets[e][k];
            if ((size_t)i < x->mesh->n_nodes)
                x->c->rt[i] = rotation(x->part[e], of_part[x->part[e]][i]);
        }
    if (s == GM_OK) memcpy(x->c->ab, d->up, x->mesh->n_nodes * sizeof *d->up);
    for (int p = 0; p < N_PARTS; p++)
        gm_free(of_part[p]);
    return s;
}

static gm_status wind(making *x, gm_threads *threads)
{
    winding d = {0};
    GM_TRY(split_walls(x, threads));
    GM_TRY(mark_sets(&x->on_ridge, &x->ridge));
    GM_TRY(assign_parts(x));
    GM_TRY(set_axes(x));
    GM_TRY(split_ridge(x));
    gm_status s = winding_make(&d, x, threads);
    if (s == GM_OK) s = winding_finish(x, &d, threads);
    winding_free(&d);
    return s;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

gm_status gm_heart_coordinates_allocate(gm_heart_coordinates **out, size_t n)
{
    gm_heart_coordinates *c = gm_calloc(1, sizeof *c);
    *out = c;
    if (!c) return gm_fail(GM_ENOMEM, "coordinates: no memory");
    c->n_nodes = n;
    c->ab = gm_calloc(n, sizeof *c->ab);
    c->rt = gm_calloc(n, sizeof *c->rt);
    c->tm = gm_calloc(n, sizeof *c->tm);
    c->rvlv = gm_calloc(n, sizeof *c->rvlv);
    c->tv = gm_calloc(n, 1);
    if (c->ab && c->rt && c->tm && c->rvlv && c->tv) return GM_OK;
    return gm_fail(GM_ENOMEM, "coordinates: no memory for %zu nodes", n);
}

gm_status gm_heart_coordinates_create(gm_heart_coordinates **out, const gm_tetmesh *mesh,
                                      const gm_face_set *lv_endo, const gm_face_set *rv_endo,
                                      const gm_face_set *base, const gm_face_set *epi,
                                      gm_threads *threads)
{
    making x = {.mesh = mesh, .sets = {lv_endo, rv_endo, base, epi}};
    *out = NULL;
    for (int i = 0; i < 4; i++)
        if (!x.sets[i]->n_faces)
            return gm_fail(
                GM_EINVAL, "coordinates: the %s has no faces",
                (const char *const[]){"LV endocardium", "RV endocardium", "base", "epicardium"}[i]);
    gm_status s = gm_heart_coordinates_allocate(&x.c, mesh->n_nodes);
    if (s == GM_OK) s = split_halves(&x, threads);
    if (s == GM_OK) s = wind(&x, threads);
    gm_cut_free(&x.middle);
    gm_cut_free(&x.ridge);
    gm_free(x.w);
    gm_free(x.labels);
    gm_free(x.on_middle);
    gm_free(x.on_ridge);
    gm_free(x.mark);
    gm_free(x.part);
    if (s == GM_OK)
        *out = x.c;
    else
        gm_heart_coordinates_destroy(x.c);
    return s;
}

void gm_heart_coordinates_destroy(gm_heart_coordinates *c)
{
    if (!c) return;
    gm_free(c->ab);
    gm_free(c->rt);
    gm_free(c->tm);
    gm_free(c->rvlv);
    gm_free(c->tv);
    gm_free(c);
}
