#include "heart/case/place.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "mesh/locate.h"

/* A place this little outside counts as inside: rounding, far below any length of interest. */
#define INSIDE_MM 1e-9

struct gm_locator {
    const gm_tetmesh *mesh; /* not owned */
    int32_t (*faces)[3], *owner;
    size_t n_faces;
    gm_tet_finder *inside;
    gm_face_finder *surface;
};

gm_status gm_locator_create(gm_locator **out, const gm_tetmesh *mesh)
{
    *out = NULL;
    if (mesh->n_tets == 0) return gm_fail(GM_EINVAL, "a mesh without tets cannot be searched");
    gm_locator *l = gm_calloc(1, sizeof *l);
    if (!l) return gm_fail(GM_ENOMEM, "no memory to search the mesh");
    l->mesh = mesh;
    gm_status s = gm_tetmesh_boundary(mesh, &l->faces, &l->owner, &l->n_faces);
    if (s == GM_OK) s = gm_tet_finder_create(&l->inside, mesh);
    if (s == GM_OK)
        s = gm_face_finder_create(&l->surface, (const double(*)[3])mesh->nodes_mm,
                                  (const int32_t(*)[3])l->faces, l->n_faces);
    if (s != GM_OK) {
        gm_locator_destroy(l);
        return s;
    }
    *out = l;
    return GM_OK;
}

void gm_locator_destroy(gm_locator *l)
{
    if (!l) return;
    gm_tet_finder_destroy(l->inside);
    gm_face_finder_destroy(l->surface);
    gm_free(l->faces);
    gm_free(l->owner);
    gm_free(l);
}

size_t gm_locator_faces(const gm_locator *l, const int32_t (**faces)[3])
{
    *faces = (const int32_t(*)[3])l->faces;
    return l->n_faces;
}

static void place_on_surface(const gm_locator *l, const double p[3], gm_place *out)
{
    gm_surface_point at = gm_nearest_face(l->surface, p);
    out->tet = l->owner[at.face];
    out->distance_mm = at.distance_mm;
    for (int k = 0; k < 4; k++)
        for (int j = 0; j < 3; j++)
            if (l->faces[at.face][j] == l->mesh->tets[out->tet][k]) out->weight[k] = at.weights[j];
}

gm_place gm_locate(const gm_locator *l, const double xyz_mm[3])
{
    gm_place place = {0};
    size_t tet;
    if (gm_find_tet(l->inside, xyz_mm, INSIDE_MM, &tet, place.weight))
        place.tet = (int32_t)tet;
    else
        place_on_surface(l, xyz_mm, &place);
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        place.weight[k] = fmax(0, place.weight[k]);
        sum += place.weight[k];
    }
    const int32_t *t = l->mesh->tets[place.tet];
    for (int k = 0; k < 4; k++) {
        place.weight[k] /= sum;
        for (int axis = 0; axis < 3; axis++)
            place.xyz_mm[axis] += place.weight[k] * l->mesh->nodes_mm[t[k]][axis];
    }
    return place;
}
