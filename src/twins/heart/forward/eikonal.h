/* eikonal.h - when the electrical wave arrives: activation times of the muscle by the anisotropic
 * eikonal equation on tetrahedra.
 *
 *     grad(tau)' D grad(tau) = 1,   tau = t_k at the seeds
 *     D = v_t^2 I + (v_f^2 - v_t^2) f f'      in ordinary muscle (f: unit fibre of the element)
 *     D = (factor v_f)^2 I                    in elements of the fast endocardial layer
 *
 * Method: label correcting with the exact minimiser on each tetrahedron (Jeong & Whitaker 2008, SIAM
 * J. Sci. Comput. 30:2512; Fu, Kirby & Whitaker 2013, SIAM J. Sci. Comput. 35:C473), nodes may be
 * re-opened, the wave advances in time windows, all updates of one pass read the values before it:
 * the result is the same bit for bit with any number of threads. Linear elements: error of first
 * order in the edge length.
 *
 * Units: mm, ms, mm/ms = m/s. A gm_eikonal is immutable after creation and shared by threads; a
 * gm_eikonal_scratch belongs to one solve at a time.
 */
#ifndef GM_HEART_FORWARD_EIKONAL_H
#define GM_HEART_FORWARD_EIKONAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "core/threads.h"
#include "mesh/tetmesh.h"

typedef struct {
    double v_f_m_s;           /* along the fibre, 0.05 .. 5 */
    double v_t_ratio;         /* v_t / v_f, 0.05 .. 1 */
    double fast_layer_factor; /* layer speed / v_f, 0.5 .. 20; exactly 1 = no layer */
} gm_conduction;

gm_conduction gm_conduction_default(void);             /* 0.6 m/s, 0.42, 1 */
gm_status gm_conduction_check(const gm_conduction *c); /* GM_EINVAL names the value and range */

typedef struct {
    int32_t node;
    double time_ms; /* finite; may be negative */
} gm_seed;

typedef struct gm_eikonal gm_eikonal;
typedef struct gm_eikonal_scratch gm_eikonal_scratch;

/* The mesh must have passed gm_tetmesh_check() and carry unit fibres; it is not kept. fast[n_tets]
 * marks the elements of the fast layer; NULL: none. */
gm_status gm_eikonal_create(gm_eikonal **out, const gm_tetmesh *mesh, const bool *fast);
void gm_eikonal_destroy(gm_eikonal *e);
size_t gm_eikonal_nodes(const gm_eikonal *e);
size_t gm_eikonal_bytes(const gm_eikonal *e); /* memory that one pass over the mesh reads */

gm_status gm_eikonal_scratch_create(gm_eikonal_scratch **out, const gm_eikonal *e,
                                    unsigned n_threads);
void gm_eikonal_scratch_destroy(gm_eikonal_scratch *s);

/* tau_ms[n_nodes]: arrival time of each node; +infinity where no seed reaches. Several seeds on a
 * node: the earliest counts. GM_EINVAL: no seed, node out of range, time not finite, speeds. */
gm_status gm_eikonal_solve(const gm_eikonal *e, const gm_conduction *speeds, const gm_seed seeds[],
                           size_t n_seeds, gm_eikonal_scratch *scratch, gm_threads *threads,
                           float tau_ms[]);

/* What the last solve with this scratch did, for benchmarks: nodes taken from the front (each with
 * all its tets, three local solves a tet), and passes. */
void gm_eikonal_counts(const gm_eikonal_scratch *s, size_t *n_pops, size_t *n_passes);

/* ---- how a node got its time: the derivative of the solution --------------------------------------
 * tau_i = sum_k weight[k] tau_{parent[k]} + cost_i, weights sum to 1, cost depends on the speeds
 * only. Nodes in `order` come after all their parents. A seed has no parents. */
typedef struct {
    int32_t (*parent)[3]; /* [n_nodes]; -1: none */
    float (*weight)[3];   /* [n_nodes] */
    float (*dcost)[3];    /* [n_nodes] d cost / d (ln v_f, ln v_t_ratio, ln factor), ms */
    int32_t *order;       /* [n_nodes] by rising tau */
    uint32_t *key;        /* scratch of the sort */
} gm_upwind;

gm_status gm_upwind_create(gm_upwind **out, size_t n_nodes);
void gm_upwind_destroy(gm_upwind *u);

/* tau_ms as returned by gm_eikonal_solve() with the same speeds and seeds. */
gm_status gm_eikonal_upwind(const gm_eikonal *e, const gm_conduction *speeds, const gm_seed seeds[],
                            size_t n_seeds, const float tau_ms[], gm_threads *threads,
                            gm_upwind *out);

#endif
