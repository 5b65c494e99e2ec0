/* verify.h - proof that nothing of a store was changed, removed or put in another order: the audit chain from its
 * first record, the twins and events that came with each, and every twin's list of events.
 *
 * The chain proves all but its own end: who cuts off the last records together with what they brought and
 * sets the head back leaves a shorter store that is sound. Keep the hash that is printed elsewhere, and
 * compare.
 */
#ifndef GM_STORE_VERIFY_H
#define GM_STORE_VERIFY_H

#include "core/progress.h"
#include "store/tables.h"

typedef struct {
    int64_t n_records, n_events, n_twins;
    char head[GM_HASH_TEXT]; /* hash of the last record */
} gm_verification;

/* Opens the store for itself; nobody should be writing. GM_EFORMAT says what does not fit, and where. */
gm_status gm_store_verify(gm_verification *out, const gm_sql_ops *ops, const char *where,
                          const gm_progress *progress);

/* The audit records from number `from` on, without checking. */
gm_status gm_store_audit(const gm_sql_ops *ops, const char *where, int64_t from, gm_on_audit on,
                         void *context);

#endif
