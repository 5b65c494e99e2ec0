/* json.h - reading and writing JSON documents strictly, over jansson (json_t, json_decref).
 *
 * Readers take a `where` ("case.json: conductivity") that begins every message. Fail with
 * GM_EFORMAT.
 */
#ifndef GM_CORE_JSON_H
#define GM_CORE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "core/text.h"

gm_status gm_json_read_file(json_t **out, const char *path); /* the caller owns *out */

/* Refuses keys that are not in `allowed` (NULL-terminated), naming the key and what is allowed. */
gm_status gm_json_only_keys(const json_t *object, const char *where, const char *const allowed[]);

/* A member of an object. Absent: *out untouched. Wrong type or out of [min, max] (NaN fails):
 * GM_EFORMAT with key, value, unit and range. */
gm_status gm_json_real(const json_t *object, const char *where, const char *key, const char *unit,
                       double min, double max, double *out);
gm_status gm_json_string(const json_t *object, const char *where, const char *key,
                         const char **out); /* owned by the document */

/* Deterministic text, keys in insertion order, 2 blanks indent; reals with `digits` significant
 * digits. Appends to `out`. */
gm_status gm_json_write(const json_t *document, int digits, gm_text *out);
gm_status gm_json_write_file(const json_t *document, int digits, const char *path);

json_t *gm_json_real_or_null(double v); /* null for NaN and infinities: "unknown" */
json_t *gm_json_reals(const double *v, size_t n);

#endif
