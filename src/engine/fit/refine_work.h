/* refine_work.h - inside the fit: the scratch of one refinement and what its methods share. */
#ifndef GM_FIT_REFINE_WORK_H
#define GM_FIT_REFINE_WORK_H

#include "fit/refine.h"

struct gm_refine_work {
    size_t n_state, n_tangent, n_residuals, n_prior;
    double *block;                               /* owns all arrays below */
    double *r, *side;                            /* [n_residuals] */
    double *j;                                   /* [n_residuals][n_tangent] */
    double *q;                                   /* [n_prior] */
    double *jq;                                  /* [n_prior][n_tangent] */
    double *gram, *factor;                       /* [n_tangent][n_tangent] */
    double *gradient, *delta, *rhs, *low, *high; /* [n_tangent] */
    double *held;          /* [n_tangent]: NaN where free, else the value at which delta is held */
    double *trial, *moved; /* [n_state] */
};

typedef struct {
    double misfit, data, prior;
} misfit_parts;

/* One evaluation (not counted here); infinite parts where the model cannot be evaluated. r and q of
 * the work then hold the residuals. */
gm_status gm_refine_misfit(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                           const double state[], double huber, misfit_parts *out);

/* r, J, q and from them gram and gradient (half of the misfit's derivatives) at a state. Not finite:
 * *is_usable false. */
gm_status gm_refine_linearise(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                              const double state[], double huber, bool *is_usable,
                              size_t *evaluations);

gm_status gm_refine_bobyqa(const gm_fit_problem *p, unsigned worker, const gm_refine_options *o,
                           gm_refine_work *w, double state[], gm_refine_result *out);

size_t gm_refine_evaluation_cost(const gm_fit_problem *p);

#endif
