/* conformance.h - a folder of DTDL conformance cases, judged by the rule of the suite they come from (the public one of
 * the Digital Twin Consortium): a model is accepted exactly where it is valid; where a case says more, every error
 * that is told must be one of those it allows, with element, property, value and lines; every element that it lists
 * must be as it says; instances must conform or not; the resolver must be asked for just what it answers; and a
 * model that is written back and read again must be the same. reference/twin-engine.md, section 6.
 */
#ifndef GM_INFO_DTDL_CONFORMANCE_H
#define GM_INFO_DTDL_CONFORMANCE_H

#include <stddef.h>

#include "core/status.h"

typedef struct {
    size_t valid, valid_passed, invalid, invalid_passed;
} gm_conformance_count;

/* By DTDL version, 2 .. 4; 0: of cases that name none. */
typedef struct {
    gm_conformance_count of[5];
} gm_conformance;

/* Called for each case that fails: the file, the number of the case in it from 0, and why. */
typedef void (*gm_on_failed_case)(void *context, const char *file, size_t number, const char *why);

typedef enum {
    GM_SUITE_CASES,         /* "generated", "doc-examples", "solecisms": a file is one case */
    GM_SUITE_SPECIFICATION, /* a file is an array of cases */
    GM_SUITE_DTMIS          /* a file is one identifier */
} gm_suite;

gm_status gm_dtdl_judge(gm_conformance *out, gm_suite suite, const char *folder,
                        gm_on_failed_case on, void *context);

#endif
