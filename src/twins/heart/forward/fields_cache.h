/* fields_cache.h - arrival fields kept on disk between runs; losing them costs time, never results. */
#ifndef GM_HEART_FORWARD_FIELDS_CACHE_H
#define GM_HEART_FORWARD_FIELDS_CACHE_H

#include <stdbool.h>

#include "heart/forward/fields.h"

/* Fills f->times and f->quantum_ms if the folder holds fields of the same geometry, speeds, candidates
 * and version, undamaged. folder or geometry_hash NULL: false. */
bool gm_fields_cache_read(gm_fields *f, const char *folder, const char *geometry_hash);

/* Failure (a full disk) is logged as a warning and otherwise ignored. */
void gm_fields_cache_write(const gm_fields *f, const char *folder, const char *geometry_hash);

#endif
