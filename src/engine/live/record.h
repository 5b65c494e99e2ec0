/* record.h - values as programs write them: one JSON object each.
 *
 *   {"twin": "ward:bed-1", "path": "/features/vitals/properties/heartRate", "value": 72,
 *    "t": "2026-11-23T09:10:00Z", "unit": "/min", "sd": 1.5, "source": "monitor-7", "kind": "measured",
 *    "stale_after_s": 30, "message": "a17"}
 *
 * Needed are twin, path and value. t: ISO 8601 or ms since 1970; without it, when it was received. kind:
 * measured unless said. message: the same one again has no second effect.
 */
#ifndef GM_LIVE_RECORD_H
#define GM_LIVE_RECORD_H

#include "live/twin.h"

typedef struct {
    const char *twin, *message; /* of the object; message NULL: none */
    gm_value value;             /* its value too belongs to the object */
} gm_record;

/* Refuses members that are not in the list. GM_EFORMAT. */
gm_status gm_record_read(gm_record *out, const json_t *object, int64_t now_ms);

/* Stores records of many twins, in their order and in as few transactions as possible. All are checked before
 * any is stored. client: for messages; NULL: none counts. *n_new (NULL: not asked): that were not repeats. */
gm_status gm_records_store(gm_store *s, const gm_record *records, size_t n, const char *client,
                           const char *by, int64_t now_ms, size_t *n_new);

#endif
