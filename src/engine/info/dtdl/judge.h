/* judge.h - the parts of the conformance judge; not for others: conformance.h is. Each returns why a case fails, a text
 * of the thread; NULL: it does not.
 */
#ifndef GM_INFO_DTDL_JUDGE_H
#define GM_INFO_DTDL_JUDGE_H

#include "info/dtdl/dom.h"
#include "info/dtdl/model.h"

const char *judge_why(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Of a model that was refused: is each error, or each missing id, one that `expect` allows? */
const char *judge_failure(const gm_dtdl_model *m, const gm_dom *expect);

/* Of a model that was accepted. */
const char *judge_elements(const gm_dtdl_model *m, const gm_dom *expect);
const char *judge_instances(const gm_dtdl_model *m, const gm_dom *instances);

/* Written back and read again, is it the same? */
const char *judge_round_trip(const gm_dtdl_model *m, const gm_dtdl_options *options,
                             const gm_dom *expect);

/* A case of the folder dtmis. */
const char *judge_dtmi(const gm_dom *c);

#endif
