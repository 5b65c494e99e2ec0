/* mesher_lattice.h - the body-centred cubic lattice under the mesher: who neighbours whom.
 *
 * Point 2 ((k n1 + j) n0 + i) + s is the corner (s = 0) or the centre (s = 1) of cell (i, j, k).
 * Each point has 14 neighbours: slots 0..5 along the long edges (+x +y +z -x -y -z, length `a`),
 * slots 6..13 along the short ones (length sqrt(3)/2 a; the bits of slot - 6 say: towards +x, +y,
 * +z). An edge belongs to the end that has it in one of the slots owned[].
 */
#ifndef GM_MESH_MESHER_LATTICE_H
#define GM_MESH_MESHER_LATTICE_H

#include <stddef.h>
#include <stdint.h>

#include "core/threads.h"
#include "mesh/mesher.h"

enum { SLOTS = 14, LONG_SLOTS = 6, OWNED = 7 };
enum { OUTSIDE = -1, ON_SURFACE = 0, INSIDE = 1 };
extern const int gm_mesher_owned[OWNED];

typedef struct {
    size_t n[3]; /* cells */
    size_t n_points;
    double a_mm, origin_mm[3];
    ptrdiff_t step[2][SLOTS]; /* to the neighbour, by s and slot */
    double *phi;              /* [n_points] */
    int8_t *side;             /* [n_points] OUTSIDE, ON_SURFACE, INSIDE */
    int32_t *active;          /* [n_points] number among the points beside the surface, or -1 */
    int32_t *node;            /* [n_points] number in the mesh, or -1 */
    /* the points that have a neighbour on the other side */
    size_t n_active;
    int64_t *point;             /* [n_active] */
    double (*cut)[SLOTS];       /* [n_active] where the edge crosses: 0..1 from here, or -1 */
    double (*moved_mm)[3];      /* [n_active] place after warping */
    int32_t (*cut_node)[OWNED]; /* [n_active] number in the mesh, or -1 */
    size_t n_nodes;
} gm_lattice;

int gm_lattice_opposite(int slot);
void gm_lattice_place(const gm_lattice *l, size_t point, double x_mm[3]);
/* The direction of an edge, in units of a. */
void gm_lattice_direction(int slot, double d[3]);

gm_status gm_lattice_make(gm_lattice *l, const gm_mesher_input *in, gm_threads *threads);
gm_status gm_lattice_cut(gm_lattice *l, const gm_mesher_input *in, gm_threads *threads);
void gm_lattice_warp(gm_lattice *l);
gm_status gm_lattice_number(gm_lattice *l);
void gm_lattice_free(gm_lattice *l);

/* The tets of one row of cells; tets NULL: only counts. */
size_t gm_lattice_row_tets(const gm_lattice *l, const double (*nodes_mm)[3], size_t j, size_t k,
                           int32_t (*tets)[4]);
void gm_lattice_nodes(const gm_lattice *l, double (*nodes_mm)[3]);

/* Keeps the largest part that is connected through faces, and its nodes. */
gm_status gm_mesher_largest_part(gm_tetmesh *m);

#endif
