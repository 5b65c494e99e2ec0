/* twin_report.h - everything that is to be told about a fitted twin, gathered once, and the parts of
 * the result that tell it: files for programs, views and words for a person.
 *
 * Borrowed: all that the caller puts in. Derived: what gm_twin_report_derive() adds, freed by
 * gm_twin_report_free(). One thread at a time.
 */
#ifndef GM_HEART_VERBS_TWIN_REPORT_H
#define GM_HEART_VERBS_TWIN_REPORT_H

#include "heart/anatomy/coordinates.h"
#include "heart/case/params.h"
#include "heart/fit/twin.h"
#include "kind/result.h"

typedef struct {
    char place[64]; /* "LV, septum, middle third"; "" where the mesh has no coordinates */
    bool has_coordinates;
    gm_ventricle ventricle;
    double ab, rt;
} gm_twin_place;

typedef struct {
    /* Borrowed. */
    gm_heart_case *c;
    const gm_heart_twin *twin;
    const gm_heart_target *target;
    const gm_heart_fit_options *options;
    const gm_ecg *ecg;
    const gm_ecg_measurement *measured;
    const char *ecg_name;
    bool is_built_in; /* the anatomy is not the patient's */
    bool is_virtual;  /* the ECG was made, not recorded */
    gm_threads *threads;

    /* Derived. */
    const gm_heart_coordinates *coordinates;  /* NULL: none for this mesh */
    gm_source *sites;                         /* [best.params.n_sites] */
    gm_twin_place *places;                    /* [best.params.n_sites] */
    double electrodes_mm[GM_N_ELECTRODES][3]; /* at the fitted pose */
    double *best_ms;                          /* [n_nodes] activation of the best twin */
    double *repolarisation_ms;                /* [n_nodes] or NULL */
    double *ecg_mv;                           /* [n_samples][12] of the best twin */
    double sd_mean_ms, sd_most_ms;            /* of the activation, over the nodes */
    gm_text statement; /* one or two plain sentences on what the ECG could not tell */
    gm_text notes;     /* one a line */
} gm_twin_report;

gm_status gm_twin_report_derive(gm_twin_report *t);
void gm_twin_report_free(gm_twin_report *t); /* the derived part */

size_t gm_twin_earliest_site(const gm_twin_report *t);
/* How many basins explain the ECG within its noise, and how far they are from the best at most. */
size_t gm_twin_n_explaining(const gm_heart_twin *twin, double *most_ms);

/* The parts of the result, in their own files. */
gm_status gm_twin_add_json(gm_result *r, const gm_twin_report *t);  /* twin.json, values */
gm_status gm_twin_add_files(gm_result *r, const gm_twin_report *t); /* all other files */
gm_status gm_twin_add_views(gm_result *r, const gm_twin_report *t); /* pictures, then tables */
typedef enum {
    GM_TWIN_RESULTS, /* parameters, fit per lead */
    GM_TWIN_EVIDENCE /* basins, identifiability, provenance */
} gm_twin_tables;
gm_status gm_twin_add_tables(gm_result *r, const gm_twin_report *t, gm_twin_tables which);
gm_status gm_twin_add_summary(gm_result *r, const gm_twin_report *t); /* words for a terminal */

#endif
