/* trajectory.h - how far along its way between two surfaces a point is: 0 on the first, 1 on the
 * second, and in between the share of the way that lies behind it.
 *
 * The ways follow the gradient of a Laplace field u that rises from the one to the other: with
 * T = grad u/|grad u| the distances d1 from the first and d2 from the second are the least squares
 * solutions of T . grad d1 = 1 and -T . grad d2 = 1, and the result is d1/(d1 + d2). (Yezzi & Prince
 * 2003, IEEE Trans. Med. Imaging 22:1332; in this form Schuler 2022, see coordinates.h.) A little
 * isotropic smoothing (GM_TRAJECTORY_SMOOTHING of the data term) makes the equations regular; it scales
 * both distances alike.
 */
#ifndef GM_HEART_ANATOMY_TRAJECTORY_H
#define GM_HEART_ANATOMY_TRAJECTORY_H

#include "core/threads.h"
#include "mesh/tetmesh.h"

#define GM_TRAJECTORY_SMOOTHING 1e-2

typedef struct {
    const double *u;                     /* [n_nodes] */
    const unsigned char *use;            /* [n_tets] the part of the mesh, or NULL: all of it */
    const unsigned char *first, *second; /* [n_nodes] nodes of the two surfaces */
    double *share; /* [n_nodes] out; only nodes of the used tets are written */
} gm_trajectory;

/* Several at once, on the threads. GM_EINVAL: a surface has no node in the part. GM_ENOCONV. */
gm_status gm_trajectory_shares(const gm_tetmesh *m, gm_trajectory *jobs, size_t n_jobs,
                               gm_threads *threads);

#endif
