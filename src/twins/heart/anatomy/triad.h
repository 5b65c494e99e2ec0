/* triad.h - three axes at right angles (circumferential, apex-to-base, transmural) and how to turn and
 * blend them. Symbols and formulas of Bayer 2012 (see fibres.h). Pure functions. */
#ifndef GM_HEART_ANATOMY_TRIAD_H
#define GM_HEART_ANATOMY_TRIAD_H

#include <stdbool.h>

typedef struct {
    double axis[3][3]; /* unit vectors, right-handed: e_c, e_l, e_t; after turning fibre, .. */
} gm_triad;

/* e_l along `up`, e_t along the part of `across` at right angles to it, e_c = e_l x e_t. False if one
 * has no length or they are parallel. */
bool gm_triad_of(const double up[3], const double across[3], gm_triad *out);

/* Q Rz(alpha) Rx(beta): the first axis turned by alpha towards e_l, the others by beta about it. */
gm_triad gm_triad_turn(const gm_triad *q, double alpha_rad, double beta_rad);

/* Spherical interpolation, a at 0 to b at 1, of axes without sign: of a's four equals under half turns
 * the one nearest to b is taken. */
gm_triad gm_triad_between(const gm_triad *a, const gm_triad *b, double weight);

#endif
