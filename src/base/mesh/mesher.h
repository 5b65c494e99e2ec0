/* mesher.h - fills the inside of a closed surface, given as a function, with good tetrahedra.
 *
 * The body is where phi(x) < 0; |phi| should be roughly a distance in mm near the surface (it is
 * only used to find where lattice edges cross it). Any number of closed surfaces is fine: shells,
 * cavities, several pieces (the largest piece is kept).
 *
 * Isosurface stuffing (F. Labelle, J. R. Shewchuk, "Isosurface stuffing: fast tetrahedral meshes
 * with good dihedral angles", ACM Trans. Graphics 26(3), 2007): a body-centred cubic lattice,
 * lattice points near the surface moved onto it, and the tetrahedra that still cross it cut by a
 * small set of stencils. Dihedral angles cannot fall below 9.3 degrees whatever the surface (a search
 * over all positions within one lattice tet); the worst of some hundred very rough surfaces was 10.1
 * (and 158.9), smooth ones stay above 12. Triangles of the surface have their corners on phi = 0, so
 * volume and surface converge with the square of the edge. What is thinner than the lattice is not
 * seen: a wall stays closed where it is at least GM_MESHER_WALL_EDGES edges thick.
 *
 * The result is the same for any number of threads.
 */
#ifndef GM_MESH_MESHER_H
#define GM_MESH_MESHER_H

#include "core/threads.h"
#include "mesh/tetmesh.h"

#define GM_MESHER_WALL_EDGES 1.7 /* thinnest wall that stays closed, in edge lengths (measured) */

/* Writes phi_mm[i] at x_mm[i] for n points. Called by several threads at once; must be pure. */
typedef void gm_distance_batch(const void *context, size_t n, const double (*x_mm)[3],
                               double *phi_mm);

typedef struct {
    gm_distance_batch *phi;
    const void *context;
    double box_min_mm[3], box_max_mm[3]; /* holds the body; phi > 0 on and beyond its sides */
    double edge_mm; /* mean edge of an uncut tet, > 0; the box may hold 4e8 lattice points */
} gm_mesher_input;

/* The caller owns *out: nodes and tets, no tags or fibres; every node is used, tets are positive and
 * connected through faces. GM_EINVAL: bad box or edge, phi not finite, body beyond the box, nothing
 * inside. Memory: about 30 bytes a lattice point of the box. */
gm_status gm_mesher_fill(gm_tetmesh **out, const gm_mesher_input *in, gm_threads *threads);

#endif
