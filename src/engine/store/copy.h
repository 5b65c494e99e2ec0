/* copy.h - a store copied into an empty one, of either database: what a backup and a move are. */
#ifndef GM_STORE_COPY_H
#define GM_STORE_COPY_H

#include "core/progress.h"
#include "store/sql.h"

/* Copies twins, events, answers and the audit log as they are, in one transaction, checking every hash on
 * the way. Nobody should be writing to either. Fails with GM_ESTATE if the target is not empty. */
gm_status gm_store_copy(const gm_sql_ops *from_ops, const char *from, const gm_sql_ops *to_ops,
                        const char *to, const gm_progress *progress);

#endif
