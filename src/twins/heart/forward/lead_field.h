/* lead_field.h - how strongly each node of the muscle is seen by each ECG lead.
 *
 *     phi_e(t) = - sum_i (K_i Z_e)_i Vm_i(t),   K_i: P1 stiffness of the intracellular conductivity
 *     Z_e(x) = 1 / (4 pi sigma0 |x - e|)        unbounded homogeneous torso, nodal P1 interpolation
 *
 * Gi = git I + (gil - git) f f'. The leads are differences of electrodes, hence
 *
 *     lead_l(t) = - sum_i w[i][l] Vm_i(t)       mV of ECG per mV of Vm
 *
 * The eight independent leads are stored; the other four follow exactly (Einthoven, Goldberger).
 * Each column of w sums to 0: a uniform Vm makes no ECG. Immutable after creation. Source: Geselowitz
 * 1989, IEEE Trans. Biomed. Eng. 36:148 (reciprocity); Potse 2018, Front. Physiol. 9:370.
 */
#ifndef GM_HEART_FORWARD_LEAD_FIELD_H
#define GM_HEART_FORWARD_LEAD_FIELD_H

#include <stddef.h>

#include "core/status.h"
#include "heart/case/case.h"
#include "mesh/tetmesh.h"

enum { GM_N_INDEPENDENT = 8 }; /* I II V1 V2 V3 V4 V5 V6 */

typedef struct {
    size_t n_nodes;
    double (*w)[GM_N_INDEPENDENT]; /* [n_nodes], mesh order */
} gm_lead_field;

/* Electrodes outside the muscle. GM_EINVAL: no fibres, conductivity or electrode not usable. */
gm_status gm_lead_field_create(gm_lead_field **out, const gm_tetmesh *mesh,
                               const gm_heart_conductivity *conductivity,
                               const double electrodes_mm[GM_N_ELECTRODES][3]);
void gm_lead_field_destroy(gm_lead_field *f);

/* I II III aVR aVL aVF V1..V6 from the eight: III = II - I, aVR = -(I + II)/2, ... */
void gm_leads_expand(const double eight[GM_N_INDEPENDENT], double twelve[12]);

/* Where each independent lead stands among the twelve. */
extern const int gm_independent_lead[GM_N_INDEPENDENT];

#endif
