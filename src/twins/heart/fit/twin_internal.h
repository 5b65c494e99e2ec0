/* twin_internal.h - the stages of a heart fit, in their order; not for others. */
#ifndef GM_HEART_FIT_TWIN_INTERNAL_H
#define GM_HEART_FIT_TWIN_INTERNAL_H

#include "fit/posterior.h"
#include "fit/search.h"
#include "heart/fit/model.h"
#include "heart/fit/repolarise.h"
#include "heart/fit/twin.h"

typedef struct {
    gm_heart_case *c;
    const gm_heart_target *target;
    gm_heart_fit_options options;
    gm_threads *threads;
    gm_heart_model *model;
    gm_search_result *found;
    gm_posterior *posterior;
    gm_repolariser *repolariser;
    double started_s;
    gm_heart_twin *twin;
} gm_fit_run;

/* members.c: what each state of the ensemble means: activation, repolarisation, ECG. */
gm_status gm_fit_fill_members(gm_fit_run *r);
/* Parameters of a state, without APD. */
void gm_fit_params_of(const gm_heart_model *m, const double state[], gm_heart_params *out);

/* summary.c: from members to numbers for a person. */
gm_status gm_fit_summarise(gm_fit_run *r);

/* sensitivity.c: Sobol' indices of the QRS misfit over the prior, by kinds of parameters. */
gm_status gm_fit_sensitivity(gm_fit_run *r);

/* evidence.c: held-out leads, credibility record. */
gm_status gm_fit_add_evidence(gm_fit_run *r);

/* RMS difference of two activation maps, common shift removed; *shift_ms (may be NULL) is a - b. */
double gm_activation_difference_ms(const float a[], const float b[], size_t n, double *shift_ms);

#endif
