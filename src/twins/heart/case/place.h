/* place.h - where a place lies in the muscle: its tetrahedron and weights, or the nearest point of the
 * surface and how far that is.
 *
 * Puts together the finders of mesh/locate.h. Lengths in mm. Immutable after creation, so shared freely
 * by threads.
 */
#ifndef GM_HEART_CASE_PLACE_H
#define GM_HEART_CASE_PLACE_H

#include "core/status.h"
#include "mesh/tetmesh.h"

typedef struct gm_locator gm_locator;

typedef struct {
    int32_t tet;
    double weight[4];   /* >= 0, sum 1: place = sum weight[k] nodes[tets[tet][k]] */
    double xyz_mm[3];   /* the place found */
    double distance_mm; /* from the place asked for; 0 inside */
} gm_place;

/* Keeps `mesh`, which must outlive it. GM_ENOMEM. */
gm_status gm_locator_create(gm_locator **out, const gm_tetmesh *mesh);
void gm_locator_destroy(gm_locator *l); /* NULL is allowed */

/* The boundary faces of the mesh, outward oriented; owned by the locator. Returns their number. */
size_t gm_locator_faces(const gm_locator *l, const int32_t (**faces)[3]);

gm_place gm_locate(const gm_locator *l, const double xyz_mm[3]); /* finite */

#endif
