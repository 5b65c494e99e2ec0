/* twin_verb.h - what `heart fit` and `heart demo` share: from a case and an ECG to a complete result. */
#ifndef GM_HEART_VERBS_TWIN_VERB_H
#define GM_HEART_VERBS_TWIN_VERB_H

#include "heart/fit/twin.h"
#include "kind/kind.h"

typedef struct {
    gm_heart_case *c;
    bool is_built_in;
    const gm_ecg *ecg;
    const char *ecg_name;
    bool is_virtual;              /* the ECG was made, not recorded */
    gm_heart_fit_options options; /* sites, ensemble, evaluations, budget */
} gm_twin_request;

/* Measures the ECG, fits, and fills `out` with values, files, views and words. Fails as gm_ecg_measure(),
 * gm_heart_target_from() and gm_heart_fit() do. */
gm_status gm_twin_verb_run(const gm_twin_request *request, const gm_run *run, gm_result *out);

/* Reads the options ensemble, evaluations, budget and sites that both verbs have. */
gm_status gm_twin_verb_options(const gm_args *args, const gm_run *run,
                               gm_heart_fit_options *options);

/* The rows of both option tables. */
#define GM_TWIN_VERB_OPTIONS                                                                         \
    {"ensemble", GM_ARG_COUNT, "N",  50,                                                             \
     1000,       NULL,         "50", "how many twins that explain the ECG to return"},               \
        {"evaluations",                                                                              \
         GM_ARG_COUNT,                                                                               \
         "N",                                                                                        \
         1,                                                                                          \
         10000000,                                                                                   \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "forward solves of the search; the same number and seed give the same twin "                \
         "(default: by the size of the mesh)"},                                                      \
        {"budget",  GM_ARG_REAL,                                                                     \
         "SECONDS", 1,                                                                               \
         86400,     "s",                                                                             \
         NULL,      "stop within this time; the number of evaluations that it allowed is recorded"}, \
    {                                                                                                \
        "sites", GM_ARG_COUNT, "N", 3, 9, NULL, "7", "early activation sites to place"               \
    }

/* The built-in anatomy of this edge length as a case, for a fit: its fibres, electrodes, coordinates. */
gm_status gm_twin_verb_anatomy(gm_heart_case **out, double edge_mm, const gm_run *run);

#endif
