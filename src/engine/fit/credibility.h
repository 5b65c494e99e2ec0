/* credibility.h - why one may believe a model, for one question and one use: a record that a machine can
 * check and a reviewer can read.
 *
 * Frame: ASME V&V 40 (2018) and the FDA's guidance on computational models (November 2023): question of
 * interest -> context of use -> model risk = influence x consequence -> a goal for each credibility
 * factor -> evidence. Levels are ordinal, 0 (nothing) .. 5. Open structs of static text, not owned;
 * pure functions.
 */
#ifndef GM_FIT_CREDIBILITY_H
#define GM_FIT_CREDIBILITY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/json.h"
#include "core/status.h"

/* The 13 factors of V&V 40: verification, validation, applicability. */
#define GM_CREDIBILITY_FACTORS(X)                                    \
    X(SOFTWARE_QUALITY, "software quality assurance")                \
    X(CODE_VERIFICATION, "numerical code verification")              \
    X(DISCRETISATION_ERROR, "discretisation error")                  \
    X(SOLVER_ERROR, "numerical solver error")                        \
    X(USE_ERROR, "use error")                                        \
    X(MODEL_FORM, "model form")                                      \
    X(MODEL_INPUTS, "model inputs")                                  \
    X(TEST_SAMPLES, "test samples")                                  \
    X(TEST_CONDITIONS, "test conditions")                            \
    X(INPUT_EQUIVALENCY, "equivalency of input parameters")          \
    X(OUTPUT_COMPARISON, "output comparison")                        \
    X(QUANTITY_RELEVANCE, "relevance of the quantities of interest") \
    X(VALIDATION_RELEVANCE, "relevance of the validation to the context of use")

typedef enum {
#define X(name, text) GM_FACTOR_##name,
    GM_CREDIBILITY_FACTORS(X)
#undef X
        GM_N_FACTORS
} gm_factor;

const char *gm_factor_name(gm_factor f); /* "discretisation error"; NULL if out of range */

enum { GM_MOST_CREDIBILITY = 5 };

typedef struct {
    gm_factor factor;
    int goal, reached;           /* 0 .. 5 */
    const char *const *evidence; /* test ids, data ids, citations; ends with NULL; NULL: none */
} gm_factor_record;

typedef struct {
    const char *name, *unit;
    double low, high; /* the domain in which the model was validated */
} gm_validity_range;

typedef struct {
    const char *id, *window, *hash, *licence;
} gm_data_record;

typedef struct {
    const char *model, *version, *hash; /* id; semantic version; SHA-256 of code and parameters */
    const char *question, *context_of_use;
    int influence, consequence; /* 1 .. 3 each; risk = influence + consequence - 1, 1 .. 5 */
    const gm_factor_record *factors;
    size_t n_factors;
    const gm_validity_range *inputs;
    size_t n_inputs;
    const char *population, *exclusions;
    const char *parameter_uncertainty; /* a distribution, or an ensemble's id */
    double numerical_uncertainty;      /* NaN: unknown */
    const char *numerical_unit;
    const char *model_form_uncertainty;
    const gm_data_record *data;
    size_t n_data;
    const char *reviewed_by, *reviewed_on; /* NULL: not reviewed */
    const char *expires;                   /* date "2027-06-01" or event; NULL: never stated */
} gm_credibility;

int gm_credibility_risk(const gm_credibility *c); /* 1 .. 5 */

/* GM_EINVAL naming the field: an empty text that is required, a level or risk out of range, a factor
 * twice, a level reached without evidence, an empty range. */
gm_status gm_credibility_check(const gm_credibility *c);
/* Whether every factor of the 13 is recorded and has reached its goal; *missing: the first that has not
 * (NULL allowed). */
bool gm_credibility_is_met(const gm_credibility *c, gm_factor *missing);
/* Whether the record has expired on `today` ("2026-11-24"): only if `expires` is an ISO date. */
bool gm_credibility_has_expired(const gm_credibility *c, const char *today);

/* The record's JSON document: keys model, version, hash, question, contextOfUse, influence,
 * consequence, risk, factors, validity {inputs: {name: [low, high]}, units, population, exclusions},
 * uncertainty, data, reviewed, expires. NULL: no memory. */
json_t *gm_credibility_to_json(const gm_credibility *c);

/* Where an input of a prediction lies in the validated domain. Edge: within 5 % of the range from a
 * limit. */
typedef enum { GM_VALIDITY_INSIDE, GM_VALIDITY_EDGE, GM_VALIDITY_OUTSIDE } gm_validity;
const char *gm_validity_name(gm_validity v); /* "inside", "edge", "outside" */
/* The worst over all inputs; values [n_inputs] in the record's units; NaN is outside. *which: the input
 * that decided (NULL allowed). Without inputs nothing was validated: outside. */
gm_validity gm_validity_of(const gm_credibility *c, const double values[], size_t *which);

#endif
