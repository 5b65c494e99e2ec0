/* surface.h - triangle surfaces and how they lie on the boundary of a tetrahedral mesh. */
#ifndef GM_MESH_SURFACE_H
#define GM_MESH_SURFACE_H

#include "mesh/tetmesh.h"

/* Zeroed arrays; mesh_nodes absent. The caller owns *out. */
gm_status gm_surface_create(gm_surface **out, size_t n_nodes, size_t n_faces);

/* Finite coordinates, node numbers in range, no face that names a node twice: else GM_EFORMAT with the
 * number of node or face. `name` begins the message. */
gm_status gm_surface_check(const gm_surface *s, const char *name);

/* The surface made of these faces of the mesh: its nodes are those used, in ascending order of their
 * mesh numbers, which mesh_nodes keeps. */
gm_status gm_surface_of_mesh(gm_surface **out, const gm_tetmesh *m, const int32_t (*faces)[3],
                             size_t n_faces);

/* Fills mesh_nodes with the mesh node that each surface node is, which must lie within tolerance_mm
 * (1e-3 for files in mm with six digits). GM_EFORMAT: says how many have none, the first of them and
 * how far it is from the nearest; mesh_nodes is unchanged then. */
gm_status gm_surface_match(gm_surface *s, const gm_tetmesh *m, double tolerance_mm,
                           const char *name);

/* index[i] = the number of the boundary face with the same three nodes as faces[i], in any order, or
 * -1. */
gm_status gm_faces_find(const int32_t (*boundary)[3], size_t n_boundary, const int32_t (*faces)[3],
                        size_t n_faces, int32_t *index);

#endif
