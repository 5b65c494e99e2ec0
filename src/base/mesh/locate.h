/* locate.h - where is a point: the nearest node, the nearest place on a surface, the tet around it.
 *
 * Each finder is a tree of boxes over items sorted along the Hilbert curve: made once in O(n log n),
 * then immutable, so that any number of threads may ask. Answers are exact and deterministic: of
 * several equally near items the one with the lowest number. A finder does not own the arrays it was
 * made of; they must outlive it unchanged.
 */
#ifndef GM_MESH_LOCATE_H
#define GM_MESH_LOCATE_H

#include "mesh/tetmesh.h"

typedef struct gm_node_finder gm_node_finder;
gm_status gm_node_finder_create(gm_node_finder **out, const double (*nodes_mm)[3], size_t n_nodes);
void gm_node_finder_destroy(gm_node_finder *f); /* NULL is allowed */
/* The nearest node; its distance in *distance_mm (may be NULL). Finite p. */
size_t gm_nearest_node(const gm_node_finder *f, const double p[3], double *distance_mm);

typedef struct {
    size_t face;
    double weights[3]; /* >= 0, sum 1: the place is sum_k weights[k] * node k of the face */
    double point_mm[3];
    double distance_mm;
} gm_surface_point;

typedef struct gm_face_finder gm_face_finder;
gm_status gm_face_finder_create(gm_face_finder **out, const double (*nodes_mm)[3],
                                const int32_t (*faces)[3], size_t n_faces); /* n_faces > 0 */
void gm_face_finder_destroy(gm_face_finder *f);
gm_surface_point gm_nearest_face(const gm_face_finder *f, const double p[3]);

typedef struct gm_tet_finder gm_tet_finder;
gm_status gm_tet_finder_create(gm_tet_finder **out, const gm_tetmesh *m);
void gm_tet_finder_destroy(gm_tet_finder *f);
/* The tet that p lies deepest in, with the barycentric coordinates of p; true iff p is inside, or
 * outside each face's plane by at most tolerance_mm. *tet and lambda are unchanged if not found. */
bool gm_find_tet(const gm_tet_finder *f, const double p[3], double tolerance_mm, size_t *tet,
                 double lambda[4]);

/* Of a single triangle: the nearest place to p (Ericson 2005, "Real-time collision detection", 5.1.5);
 * weights as above. Returns the squared distance in mm2. */
double gm_triangle_nearest(const double a[3], const double b[3], const double c[3],
                           const double p[3], double weights[3]);

#endif
