/* lab.h - one folder that holds everything of a lab:
 *
 *   lab.json   which store: {"gemel_lab": 1, "store": "sqlite"} or {..., "store": "postgres",
 *              "connection": "..."} (libpq's connection string; passwords belong into ~/.pgpass)
 *   gemel.db   the store, if it is SQLite's
 *   blobs/     large things by their hashes (blobs.h)
 *   lock       held by the one process that may write
 */
#ifndef GM_STORE_LAB_H
#define GM_STORE_LAB_H

#include "core/progress.h"
#include "store/store.h"
#include "store/verify.h"

typedef struct gm_lab gm_lab;

/* Makes a lab; the folder may be there, but must hold none. connection NULL: SQLite. Fails with GM_ESTATE. */
gm_status gm_lab_init(const char *folder, const char *connection);

/* One process at a time: GM_ESTATE names the other. options NULL: the defaults. */
gm_status gm_lab_open(gm_lab **out, const char *folder, const gm_store_options *options);
void gm_lab_close(gm_lab *lab); /* NULL is allowed */

gm_store *gm_lab_store(gm_lab *lab);
const char *gm_lab_blobs(const gm_lab *lab); /* the folder */

/* A copy of the lab in the new folder `to`, always over SQLite, verified; and back, into a new lab. */
gm_status gm_lab_backup(const char *folder, const char *to, const gm_progress *progress);
gm_status gm_lab_restore(const char *backup, const char *to, const char *connection,
                         const gm_progress *progress);

/* The audit chain, every twin and every blob. n_blobs: looked at. */
gm_status gm_lab_check(const char *folder, gm_verification *out, size_t *n_blobs,
                       const gm_progress *progress);
gm_status gm_lab_audit(const char *folder, int64_t from, gm_on_audit on, void *context);

#endif
