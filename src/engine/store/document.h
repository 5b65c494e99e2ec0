/* document.h - the state of a twin as a JSON document, and the merge patches (RFC 7396) that it is folded
 * from. The same document always gives the same bytes: keys sorted, no blanks, reals with 17 digits.
 */
#ifndef GM_STORE_DOCUMENT_H
#define GM_STORE_DOCUMENT_H

#include <jansson.h>

#include "core/status.h"

/* The caller frees *out with free(), as jansson wants it. */
gm_status gm_document_bytes(const json_t *document, char **out, size_t *length);
gm_status gm_document_parse(json_t **out, const char *bytes, size_t length);

/* Merges `patch` (an object) into *document (an object, or NULL: nothing yet), in place if nobody else
 * holds it, else into a copy that takes its place. On failure *document is as it was or, out of memory
 * in the middle, not to be used. */
gm_status gm_document_merge(json_t **document, const json_t *patch);

#endif
