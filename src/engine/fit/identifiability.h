/* identifiability.h - what the measurement said about each parameter, and what it could not say.
 *
 * Per parameter: the ensemble's spread beside the prior's (posterior contraction, Betancourt 2018,
 * arXiv:1803.08393: 1 - sd^2 / prior_sd^2; 1: all known, 0: nothing learned, < 0: basins apart).
 * Per direction: eigenvectors of the Hessian scaled by the prior SDs. Along one with eigenvalue l the
 * posterior SD is 1 / sqrt(l) prior SDs; the long ones name the combinations that the data leave open.
 *
 * Verdict, by sd / prior_sd: identified <= 1/3, weakly <= 0.7, else not. The limits are a convention of
 * this program: at 1/3 the data carry 8 times the prior's information, at 0.7 as much as it.
 * An ensemble of N members gives an SD to within about 1 / sqrt(2 N) of itself. Pure functions.
 */
#ifndef GM_FIT_IDENTIFIABILITY_H
#define GM_FIT_IDENTIFIABILITY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/json.h"
#include "core/status.h"
#include "fit/space.h"

#define GM_IDENTIFIED_SD_RATIO (1.0 / 3)
#define GM_WEAKLY_IDENTIFIED_SD_RATIO 0.7

typedef enum { GM_IDENTIFIED, GM_WEAKLY_IDENTIFIED, GM_NOT_IDENTIFIED } gm_identified;
const char *gm_identified_name(gm_identified v); /* "identified", "weakly", "not" */

typedef struct {
    const gm_space *space;
    size_t n_members;     /* >= 2, equally probable */
    const double *values; /* [n_members][space->n] in the parameters' units */
    const size_t *basins; /* [n_members] which basin a member lies in; NULL: all in one */

    /* Optional (n_tangent 0: no directions). */
    size_t n_tangent;
    const double *hessian;            /* [n_tangent][n_tangent] of the best basin, prior included */
    const double *tangent_sd;         /* [n_tangent] prior SD of each, > 0 */
    const char *const *tangent_names; /* [n_tangent] */
} gm_identifiability_input;

typedef struct {
    double prior_mean, prior_sd;
    double mean, sd, q05, q50, q95; /* of the ensemble */
    double sd_within;      /* within basins, pooled: much less than sd if the basins disagree */
    double contraction;    /* 1 - (sd / prior_sd)^2 */
    double share_at_limit; /* of members within 1 % of the range from min or max: a limit decides */
    size_t partner;        /* parameter with the largest |correlation|; itself if there is none */
    double correlation;    /* with the partner */
    gm_identified verdict;
} gm_parameter_known;

enum { GM_DIRECTION_TERMS = 4, GM_DIRECTION_TEXT = 200 };

typedef struct {
    double sd; /* posterior SD along it, in prior SDs */
    size_t n_terms;
    size_t terms[GM_DIRECTION_TERMS];  /* tangent components, largest share first */
    double shares[GM_DIRECTION_TERMS]; /* components of the unit vector, in prior SDs */
    char text[GM_DIRECTION_TEXT];      /* "0.71 v_f - 0.69 ratio" */
    gm_identified verdict;
} gm_direction_known;

typedef struct {
    const gm_space *space; /* as given, not owned */
    size_t n_members, n_basins;
    gm_parameter_known *parameters; /* [space->n] */
    size_t n_directions;
    gm_direction_known *directions; /* [n_tangent] worst first */
} gm_identifiability;

/* GM_EINVAL: sizes, values not finite. The caller owns *out. */
gm_status gm_identifiability_create(gm_identifiability **out, const gm_identifiability_input *in);
void gm_identifiability_destroy(gm_identifiability *r); /* NULL is allowed */

/* {"members", "basins", "parameters": [{"name", "unit", "verdict", "prior": {"mean","sd"},
 * "posterior": {"mean","sd","sdWithinBasins","q05","q50","q95"}, "contraction", "shareAtLimit",
 * "correlatedWith", "correlation"}], "directions": [{"combination", "sdInPriorSd", "verdict"}]};
 * directions: only those that are not identified. NULL: no memory. */
json_t *gm_identifiability_to_json(const gm_identifiability *r);

#endif
