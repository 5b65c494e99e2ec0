/* fold.h - a twin as the tables hold it: its row, and its state at any revision. */
#ifndef GM_STORE_FOLD_H
#define GM_STORE_FOLD_H

#include <jansson.h>

#include "store/tables.h"

enum { GM_MOST_GENERATIONS = 64 }; /* branches of branches */

/* Gathers what a fold needs of events; refuses gaps. */
gm_status gm_fold_at(gm_tables *t, const gm_twin_row *twin, int64_t revision, json_t **out);

/* The row of a twin, when its last event came (INT64_MIN: none), and whether row and events agree; the state if
 * `state` is not NULL. id is copied nowhere: out->id is `id`. */
gm_status gm_fold_load(gm_tables *t, const char *id, gm_twin_row *out, int64_t *last_ms,
                       json_t **state);

#endif
