/* fibres.h - muscle fibres by rule: they turn through the wall, from one side to the other.
 *
 * Laplace-Dirichlet rule-based fibres: Bayer, Blake, Plank, Trayanova 2012, "A novel rule-based
 * algorithm for assigning myocardial fiber orientation to computational heart models", Ann. Biomed.
 * Eng. 40:2243. Works on any biventricular mesh with its four boundary sets.
 *
 * The fibre angle alpha is measured from the circumferential direction (e_l x e_t: up the long axis,
 * outward through the wall), positive where a fibre rises to the right seen from outside, as under the
 * endocardium; beta turns the sheets about the fibre. Both are linear in the Laplace depth, from one
 * endocardium to the epicardium or, with the sign turned, to the other endocardium. (The printed
 * algorithm turns the endocardial triad by the endocardial angle before blending it with the
 * epicardial one, which makes the angle quadratic in depth; here both are turned by the same.)
 */
#ifndef GM_HEART_ANATOMY_FIBRES_H
#define GM_HEART_ANATOMY_FIBRES_H

#include "core/threads.h"
#include "heart/case/case.h"

typedef struct {
    double alpha_endo_deg, alpha_epi_deg; /* [-90, 90]; defaults 40, -50 (Bayer 2012) */
    double beta_endo_deg, beta_epi_deg;   /* [-90, 90]; defaults -65, 25 (Bayer 2012) */
} gm_fibre_angles;

gm_fibre_angles gm_fibre_angles_defaults(void);

/* Sets mesh->fibres and mesh->sheets: unit vectors per tet, at right angles to each other. angles
 * NULL: the defaults. GM_EINVAL: an empty boundary set or an angle out of range; then the mesh is
 * unchanged. */
gm_status gm_heart_fibres(gm_tetmesh *mesh, const gm_face_set *lv_endo, const gm_face_set *rv_endo,
                          const gm_face_set *base, const gm_face_set *epi,
                          const gm_fibre_angles *angles, gm_threads *threads);

#endif
