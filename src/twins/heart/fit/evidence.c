/* evidence.c - why one may believe the twin: a lead that it did not see, and the credibility record. */
#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "fit/credibility.h"
#include "fit/validation.h"
#include "heart/fit/twin_internal.h"

enum { HELD_OUT_MEMBERS = 12, HELD_OUT_EVALUATIONS = 160 };

/* The lead in the middle of the precordial ones that are known: V4, else the next. */
static int held_out_lead(const gm_heart_model *m)
{
    static const int order[] = {5, 4, 6, 3, 7, 2, 1, 0};
    for (int k = 0; k < GM_N_INDEPENDENT; k++)
        if (m->weight[order[k]] > 0) return order[k];
    return -1;
}

static gm_status validate(gm_fit_run *r)
{
    gm_heart_model *m = r->model;
    int lead = held_out_lead(m);
    size_t *rows = gm_calloc(m->n_window, sizeof *rows);
    if (!rows || lead < 0) {
        gm_free(rows);
        return rows ? GM_OK : gm_fail(GM_ENOMEM, "heart fit: no memory");
    }
    for (size_t n = 0; n < m->n_window; n++)
        rows[n] = n * GM_N_INDEPENDENT + (size_t)lead;
    gm_refine_options refine = gm_refine_defaults();
    refine.max_evaluations = 30;
    refine.damping = 1e-2;
    gm_posterior_options o = gm_posterior_defaults();
    o.seed = r->options.seed;
    o.n_members = o.n_particles = HELD_OUT_MEMBERS;
    o.max_passes = 1;
    o.max_evaluations = HELD_OUT_EVALUATIONS;
    gm_validation v;
    gm_status s =
        gm_validate_without(&v, gm_lead_names[gm_independent_lead[lead]], &m->problem, rows,
                            m->n_window, r->found->basins, 1, &refine, &o, r->threads);
    gm_free(rows);
    if (s == GM_EINTERRUPTED || s == GM_ENOMEM) return s;
    if (s == GM_OK) r->twin->validation = gm_validation_to_json(&v, 1);
    return GM_OK; /* a lead that cannot be predicted is a finding, not a failure */
}

gm_status gm_fit_add_evidence(gm_fit_run *r)
{
    static const char *const code[] = {"eikonal_test: plane wave, point source order 1, KIT boxes",
                                       "beat_test: published ECG of crtdemo, 1-D pseudo-ECG", NULL};
    static const char *const solver[] = {"beat_test: deposit-and-convolve against the direct sum",
                                         NULL};
    static const char *const mesh[] = {"heart.md 3.2: 12.3 % at 4.81 mm, 6.4 % at 2.46 mm", NULL};
    static const char *const form[] = {"held-out lead, see validation", NULL};
    static const char *const quality[] = {"continuous integration under sanitizers, fuzzing", NULL};
    static const char *const output[] = {"virtual patients: virtual_patients", NULL};
    static const gm_factor_record factors[] = {
        {GM_FACTOR_SOFTWARE_QUALITY, 3, 3, quality},  {GM_FACTOR_CODE_VERIFICATION, 4, 4, code},
        {GM_FACTOR_DISCRETISATION_ERROR, 3, 2, mesh}, {GM_FACTOR_SOLVER_ERROR, 3, 3, solver},
        {GM_FACTOR_MODEL_FORM, 3, 1, form},           {GM_FACTOR_OUTPUT_COMPARISON, 3, 2, output}};
    static const gm_validity_range inputs[] = {{"QRS duration", "ms", 60, 220},
                                               {"mean edge", "mm", 0.5, 5}};
    gm_credibility c = {
        .model = "heart.eikonal-lead-field",
        .version = GM_VERSION,
        .hash = r->c->geometry_hash,
        .question = "Which activation of this heart's ventricles explains its 12-lead ECG?",
        .context_of_use =
            "Research: hypotheses on early sites, conduction and repolarisation, with "
            "their uncertainty. Not for decisions about a patient.",
        .influence = 1,
        .consequence = 2,
        .factors = factors,
        .n_factors = sizeof factors / sizeof *factors,
        .inputs = inputs,
        .n_inputs = 2,
        .population = "virtual patients on one biventricular mesh; no clinical cohort",
        .exclusions = "re-entry, pacing spikes, accessory pathways, scar, atria",
        .parameter_uncertainty = "ensemble, see members",
        .numerical_uncertainty = 0.064 * r->c->facts.mean_edge_mm / 2.46,
        .numerical_unit = "share of the ECG",
        .model_form_uncertainty = "unbounded homogeneous torso; transverse isotropy; one template"};
    GM_TRY(gm_credibility_check(&c));
    r->twin->credibility = gm_credibility_to_json(&c);
    return validate(r);
}
