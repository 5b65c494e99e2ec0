#include "heart/anatomy/boundary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "mesh/surface.h"

#define DEGREE 0.017453292519943295
#define LEAST_OPENING \
    0.05 /* area of the opening by area of the endocardium: less is a closed surface */

enum { OTHER, ENDOCARDIUM, BASE, SEEN };

void gm_heart_face_normal(const gm_tetmesh *mesh, const int32_t face[3], double normal[3])
{
    const double *a = mesh->nodes_mm[face[0]], *b = mesh->nodes_mm[face[1]],
                 *c = mesh->nodes_mm[face[2]];
    double u[3], v[3];
    for (int k = 0; k < 3; k++) {
        u[k] = b[k] - a[k];
        v[k] = c[k] - a[k];
    }
    normal[0] = u[1] * v[2] - u[2] * v[1];
    normal[1] = u[2] * v[0] - u[0] * v[2];
    normal[2] = u[0] * v[1] - u[1] * v[0];
}

static double length(const double v[3])
{
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

gm_status gm_heart_cavity_axis(double axis[3], const gm_tetmesh *mesh, const gm_face_set *endo)
{
    double sum[3] = {0, 0, 0}, area = 0;
    for (size_t f = 0; f < endo->n_faces; f++) {
        double n[3];
        gm_heart_face_normal(mesh, endo->faces[f], n);
        for (int c = 0; c < 3; c++)
            sum[c] += n[c];
        area += length(n);
    }
    double opening = length(sum);
    if (!(opening > LEAST_OPENING * area))
        return gm_fail(
            GM_EINVAL,
            "endocardium of %zu faces: it must be an open cup, but its opening is %.2g of "
            "its area (allowed above %g)",
            endo->n_faces, area > 0 ? opening / area : 0, LEAST_OPENING);
    for (int c = 0; c < 3; c++)
        axis[c] = sum[c] / opening;
    return GM_OK;
}

/* ---- who shares an edge ------------------------------------------------------------------------- */

typedef struct {
    int32_t low, high, face;
} half_edge;

typedef struct {
    const gm_tetmesh *mesh;
    int32_t (*faces)[3];
    size_t n;
    unsigned char *kind;      /* [n] */
    int32_t (*neighbours)[3]; /* [n] across each edge, -1: none */
    double axes[2][3];
} split;

static int by_nodes(const void *a, const void *b)
{
    const half_edge *x = a, *y = b;
    if (x->low != y->low) return x->low < y->low ? -1 : 1;
    if (x->high != y->high) return x->high < y->high ? -1 : 1;
    return x->face < y->face ? -1 : x->face > y->face;
}

static void note_neighbour(split *s, int32_t face, int32_t other)
{
    for (int k = 0; k < 3; k++)
        if (s->neighbours[face][k] < 0) {
            s->neighbours[face][k] = other;
            return;
        }
}

/* Where more than two faces meet in an edge, consecutive ones count as neighbours. */
static gm_status find_neighbours(split *s)
{
    half_edge *e = gm_calloc(3 * s->n, sizeof *e);
    s->neighbours = gm_calloc(s->n, sizeof *s->neighbours);
    if (!e || !s->neighbours) {
        gm_free(e);
        return gm_fail(GM_ENOMEM, "boundary: no memory for %zu faces", s->n);
    }
    memset(s->neighbours, -1, s->n * sizeof *s->neighbours);
    for (size_t i = 0; i < 3 * s->n; i++) {
        int32_t a = s->faces[i / 3][i % 3], b = s->faces[i / 3][(i + 1) % 3];
        e[i] = (half_edge){a < b ? a : b, a < b ? b : a, (int32_t)(i / 3)};
    }
    qsort(e, 3 * s->n, sizeof *e, by_nodes);
    for (size_t i = 0; i + 1 < 3 * s->n; i++) {
        if (e[i].low != e[i + 1].low || e[i].high != e[i + 1].high) continue;
        note_neighbour(s, e[i].face, e[i + 1].face);
        note_neighbour(s, e[i + 1].face, e[i].face);
    }
    gm_free(e);
    return GM_OK;
}

/* ---- the split ---------------------------------------------------------------------------------- */

static gm_status mark_endocardium(split *s, const gm_face_set *endo, const char *which)
{
    int32_t *index = gm_calloc(endo->n_faces, sizeof *index);
    if (!index) return gm_fail(GM_ENOMEM, "boundary: no memory for %zu faces", endo->n_faces);
    gm_status status = gm_faces_find((const int32_t(*)[3])s->faces, s->n,
                                     (const int32_t(*)[3])endo->faces, endo->n_faces, index);
    for (size_t i = 0; status == GM_OK && i < endo->n_faces; i++) {
        if (index[i] < 0)
            status = gm_fail(GM_EINVAL, "%s endocardium: face %zu is not on the mesh's boundary",
                             which, i);
        else
            s->kind[index[i]] = ENDOCARDIUM;
    }
    gm_free(index);
    return status;
}

/* Does the face look along one of the axes, within this angle? */
static int looks_up(const split *s, size_t face, double tilt_deg)
{
    double n[3], best = -1;
    gm_heart_face_normal(s->mesh, s->faces[face], n);
    double size = length(n);
    for (int a = 0; a < 2; a++) {
        double d = s->axes[a][0] * n[0] + s->axes[a][1] * n[1] + s->axes[a][2] * n[2];
        best = fmax(best, d / size);
    }
    return best > cos(tilt_deg * DEGREE);
}

static int is_beside_endocardium(const split *s, size_t face)
{
    for (int k = 0; k < 3; k++)
        if (s->neighbours[face][k] >= 0 && s->kind[s->neighbours[face][k]] == ENDOCARDIUM) return 1;
    return 0;
}

static void spread_base(split *s, int32_t *stack)
{
    size_t n = 0;
    for (size_t f = 0; f < s->n; f++)
        if (s->kind[f] == OTHER && is_beside_endocardium(s, f) &&
            looks_up(s, f, GM_BASE_RIM_TILT_DEG)) {
            s->kind[f] = BASE;
            stack[n++] = (int32_t)f;
        }
    while (n) {
        int32_t f = stack[--n];
        for (int k = 0; k < 3; k++) {
            int32_t g = s->neighbours[f][k];
            if (g < 0 || s->kind[g] != OTHER || !looks_up(s, (size_t)g, GM_BASE_TILT_DEG)) continue;
            s->kind[g] = BASE;
            stack[n++] = g;
        }
    }
}

/* Collects the part of the OTHER faces that holds `first`, marks it SEEN, returns its size. */
static size_t collect(split *s, int32_t first, int32_t *stack)
{
    size_t n = 0, done = 0;
    s->kind[first] = SEEN;
    stack[n++] = first;
    while (done < n) {
        int32_t f = stack[done++];
        for (int k = 0; k < 3; k++) {
            int32_t g = s->neighbours[f][k];
            if (g < 0 || s->kind[g] != OTHER) continue;
            s->kind[g] = SEEN;
            stack[n++] = g;
        }
    }
    return n;
}

/* Leaves the largest part SEEN and makes the others BASE. */
static void keep_largest(split *s, int32_t *stack)
{
    size_t most = 0, best = s->n;
    for (size_t f = 0; f < s->n; f++) {
        if (s->kind[f] != OTHER) continue;
        size_t n = collect(s, (int32_t)f, stack);
        if (n > most) {
            most = n;
            best = f;
        }
    }
    for (size_t f = 0; f < s->n; f++)
        if (s->kind[f] == SEEN) s->kind[f] = OTHER;
    if (best < s->n) collect(s, (int32_t)best, stack);
    for (size_t f = 0; f < s->n; f++)
        if (s->kind[f] == OTHER) s->kind[f] = BASE;
}

static gm_status take(const split *s, unsigned char kind, gm_face_set *out, const char *name)
{
    size_t n = 0;
    for (size_t f = 0; f < s->n; f++)
        n += s->kind[f] == kind;
    if (n == 0)
        return gm_fail(GM_EINVAL, "boundary: no face of the %s is left beside the endocardia",
                       name);
    out->faces = gm_calloc(n, sizeof *out->faces);
    if (!out->faces) return gm_fail(GM_ENOMEM, "boundary: no memory for %zu faces", n);
    for (size_t f = 0; f < s->n; f++)
        if (s->kind[f] == kind) memcpy(out->faces[out->n_faces++], s->faces[f], sizeof s->faces[f]);
    return GM_OK;
}

static gm_status split_faces(split *s, const gm_face_set *lv_endo, const gm_face_set *rv_endo)
{
    GM_TRY(gm_heart_cavity_axis(s->axes[0], s->mesh, lv_endo));
    GM_TRY(gm_heart_cavity_axis(s->axes[1], s->mesh, rv_endo));
    GM_TRY(gm_tetmesh_boundary(s->mesh, &s->faces, NULL, &s->n));
    s->kind = gm_calloc(s->n, 1);
    int32_t *stack = gm_calloc(s->n, sizeof *stack);
    gm_status status = s->kind && stack ? GM_OK : gm_fail(GM_ENOMEM, "boundary: no memory");
    if (status == GM_OK) status = mark_endocardium(s, lv_endo, "LV");
    if (status == GM_OK) status = mark_endocardium(s, rv_endo, "RV");
    if (status == GM_OK) status = find_neighbours(s);
    if (status == GM_OK) {
        spread_base(s, stack);
        keep_largest(s, stack);
    }
    gm_free(stack);
    return status;
}

gm_status gm_heart_split_boundary(gm_face_set *base, gm_face_set *epi, const gm_tetmesh *mesh,
                                  const gm_face_set *lv_endo, const gm_face_set *rv_endo)
{
    *base = *epi = (gm_face_set){0};
    split s = {.mesh = mesh};
    gm_status status = split_faces(&s, lv_endo, rv_endo);
    if (status == GM_OK) status = take(&s, BASE, base, "base");
    if (status == GM_OK) status = take(&s, SEEN, epi, "epicardium");
    if (status != GM_OK) {
        gm_free(base->faces);
        *base = (gm_face_set){0};
    }
    gm_free(s.faces);
    gm_free(s.kind);
    gm_free(s.neighbours);
    return status;
}
