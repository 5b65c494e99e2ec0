/* patient_for_tests.h - a virtual patient in the built-in anatomy: known sites, speeds and APDs, and the
 * ECG they make. For tests only. */
#ifndef GM_HEART_FIT_PATIENT_FOR_TESTS_H
#define GM_HEART_FIT_PATIENT_FOR_TESTS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/rng.h"
#include "heart/case/built_in.h"
#include "heart/case/sources.h"
#include "heart/fit/endocardium.h"
#include "heart/fit/twin.h"
#include "heart/forward/beat.h"

enum { GM_PATIENT_SAMPLES = 480 };

typedef struct {
    gm_heart_case *c;
    gm_heart_target target;
    float *tau_ms;
    double *apd_ms;
} gm_patient;

static inline void gm_patient_must(gm_status s)
{
    if (s != GM_OK) abort();
}

/* n_sites drawn on the endocardium; noise_mv on each of the eight independent leads. */
static inline gm_patient gm_patient_make(double edge_mm, size_t n_sites, double layer,
                                         double noise_mv, uint64_t seed)
{
    gm_patient p = {0};
    gm_anatomy_params a = gm_anatomy_defaults();
    a.edge_mm = edge_mm;
    gm_patient_must(gm_heart_case_from_anatomy(&p.c, &a, NULL));
    size_t n = p.c->mesh->n_nodes, n_seeds = 0;
    gm_endocardium *endo;
    gm_ignition *ignition;
    gm_eikonal *eikonal;
    gm_eikonal_scratch *scratch;
    gm_lead_field *field;
    gm_patient_must(gm_endocardium_create(&endo, p.c));
    gm_patient_must(gm_ignition_create(&ignition, p.c->mesh, p.c->fast));
    gm_patient_must(gm_eikonal_create(&eikonal, p.c->mesh, p.c->fast));
    gm_patient_must(gm_eikonal_scratch_create(&scratch, eikonal, 1));
    gm_patient_must(gm_lead_field_create(&field, p.c->mesh, &p.c->conductivity,
                                         (const double(*)[3])p.c->electrodes_mm));
    gm_conduction speeds = {0.65, 0.4, layer};
    gm_seed *seeds = gm_calloc(n_sites * GM_IGNITION_NODES, sizeof *seeds);
    gm_rng rng = gm_rng_stream(seed, 7);
    for (size_t k = 0; k < n_sites; k++) {
        gm_endo_place place = gm_endo_draw(endo, &rng);
        gm_source s = gm_endo_source(endo, &place, 60 + (k ? 20 * gm_rng_uniform(&rng) : 0));
        n_seeds += gm_source_ignite(&s, ignition, &speeds, seeds + n_seeds);
    }
    p.tau_ms = gm_calloc(n, sizeof *p.tau_ms);
    p.apd_ms = gm_calloc(n, sizeof *p.apd_ms);
    gm_patient_must(gm_eikonal_solve(eikonal, &speeds, seeds, n_seeds, scratch, NULL, p.tau_ms));
    gm_apd apd = {230, 290, 0.4, 0.1, -0.2, -1};
    gm_patient_must(gm_heart_apd_field(&apd, p.c, NULL, p.apd_ms));
    double last = 0, *ecg = gm_calloc(GM_PATIENT_SAMPLES * GM_N_INDEPENDENT, sizeof *ecg);
    for (size_t i = 0; i < n; i++)
        last = fmax(last, (double)p.tau_ms[i]);
    gm_patient_must(gm_beat_ecg_direct(field, p.tau_ms, p.apd_ms, &p.c->shape,
                                       (gm_samples){0, 1, GM_PATIENT_SAMPLES}, NULL, ecg));
    p.target = (gm_heart_target){.step_ms = 1,
                                 .n = GM_PATIENT_SAMPLES,
                                 .mv = gm_calloc(12 * GM_PATIENT_SAMPLES, sizeof(double)),
                                 .qrs = {60, 60, last},
                                 .t = {last + 60, last + 150, last + 260},
                                 .n_beats = 1};
    for (size_t i = 0; i < GM_PATIENT_SAMPLES; i++) {
        double twelve[12], *eight = ecg + i * GM_N_INDEPENDENT;
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            eight[l] += noise_mv * gm_rng_normal(&rng);
        gm_leads_expand(eight, twelve);
        for (size_t l = 0; l < 12; l++)
            p.target.mv[l * GM_PATIENT_SAMPLES + i] = twelve[l];
    }
    for (int l = 0; l < 12; l++)
        p.target.noise_mv[l] = fmax(noise_mv, 1e-4);
    gm_free(ecg);
    gm_free(seeds);
    gm_lead_field_destroy(field);
    gm_eikonal_scratch_destroy(scratch);
    gm_eikonal_destroy(eikonal);
    gm_ignition_destroy(ignition);
    gm_endocardium_destroy(endo);
    return p;
}

static inline void gm_patient_free(gm_patient *p)
{
    gm_heart_target_free(&p->target);
    gm_free(p->tau_ms);
    gm_free(p->apd_ms);
    gm_heart_case_destroy(p->c);
}

#endif
