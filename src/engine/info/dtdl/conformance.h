/* conformance.h - a folder of DTDL conformance cases, judged: specification cases are right when a model is
 * accepted exactly where it is valid. reference/twin-engine.md, section 6.
 */
#ifndef GM_INFO_DTDL_CONFORMANCE_H
#define GM_INFO_DTDL_CONFORMANCE_H

#include <stddef.h>

#include "core/status.h"

typedef struct {
    size_t valid, valid_passed, invalid, invalid_passed;
} gm_conformance_count;

/* By DTDL version, 2 .. 4. */
typedef struct {
    gm_conformance_count of[5];
} gm_conformance;

/* Called for each case that fails: the file, the number of the case in it from 0, and why. */
typedef void (*gm_on_failed_case)(void *context, const char *file, size_t number, const char *why);

/* The folder "specification" of a suite: each file holds an array of cases. */
gm_status gm_dtdl_judge_specification(gm_conformance *out, const char *folder, gm_on_failed_case on,
                                      void *context);

/* The folders "generated", "doc-examples" and "solecisms": a file is one case. Beside accepting exactly what is valid,
 * each error that is told must be one that the case allows: by the id of the rule, the element, and, where the case
 * says them, property, value and first line. What a case says of other fields, elements, instances and
 * resolvers is not judged yet. */
gm_status gm_dtdl_judge_cases(gm_conformance *out, const char *folder, gm_on_failed_case on,
                              void *context);

#endif
