/* ensemble.h - inside the fit: the result that both ways to a posterior fill. */
#ifndef GM_FIT_ENSEMBLE_H
#define GM_FIT_ENSEMBLE_H

#include "fit/posterior.h"

/* Zeroed arrays. On failure *out is what could be made, to be destroyed by the caller. */
gm_status gm_posterior_create(gm_posterior **out, size_t n_state, size_t n_members,
                              size_t n_basins);
void gm_posterior_count_distinct(gm_posterior *e); /* copies stand near each other */

#endif
