/* ignition.h - how a wave starts at a place that is no node: the times of the nodes round it.
 *
 * A linear element cannot hold the cone of times round a point: with the four nodes of its element
 * alone the error depends on where in the element the point lies, so that times jump as it moves. All
 * nodes within some 2.5 edge lengths therefore get the time of the straight way,
 *
 *     t_i = onset + (1 + fade(d)) sqrt(v' 1/2 (M(x) + M_i) v),    v from the site x to node i, d = |v|,
 *
 * M: D^-1 averaged over the elements round a node, linear between nodes. fade rises from 0 at 1.5 to
 * 0.25 at 2.5 edge lengths, where the solver's own times are earlier, so that nothing jumps where the
 * ball ends. Times depend continuously on the place. In a homogeneous medium they are exact. The solver
 * lowers any that a faster way (a fast layer) beats.
 *
 * Units: mm, ms. Immutable, shared by threads.
 */
#ifndef GM_HEART_FORWARD_IGNITION_H
#define GM_HEART_FORWARD_IGNITION_H

#include "heart/forward/eikonal.h"

enum { GM_IGNITION_NODES = 160 };

typedef struct gm_ignition gm_ignition;

/* Keeps the mesh, which must outlive it. */
gm_status gm_ignition_create(gm_ignition **out, const gm_tetmesh *mesh, const bool *fast);
void gm_ignition_destroy(gm_ignition *g);

typedef struct {
    int32_t tet;
    double weight[4]; /* barycentric */
    double xyz_mm[3];
    double onset_ms;
} gm_ignition_site;

/* A seed and what its time depends on. */
typedef struct {
    int32_t node;
    double time_ms;
    double by_place[3]; /* d time / d xyz, ms/mm */
    double by_speed[3]; /* d time / d (ln v_f, ln v_t_ratio, ln layer factor), ms */
} gm_ignition_seed;

/* Fills seeds[GM_IGNITION_NODES], the four nodes of the element first; returns how many. */
size_t gm_ignition_seeds(const gm_ignition *g, const gm_conduction *speeds,
                         const gm_ignition_site *site, gm_ignition_seed seeds[]);

#endif
