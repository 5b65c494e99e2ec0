/* dom.h - JSON as it was written: members in their order, repeated ones too, each with the line it begins and ends
 * at. For texts whose errors are told by line.
 *
 * RFC 8259, UTF-8, a byte order mark is skipped; at most 128 levels. A document is immutable but for
 * gm_dom_renumber().
 */
#ifndef GM_INFO_DTDL_DOM_H
#define GM_INFO_DTDL_DOM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "core/text.h"

typedef enum {
    GM_DOM_NULL,
    GM_DOM_FALSE,
    GM_DOM_TRUE,
    GM_DOM_NUMBER,
    GM_DOM_STRING,
    GM_DOM_ARRAY,
    GM_DOM_OBJECT
} gm_dom_type;

typedef struct gm_dom {
    gm_dom_type type;
    int line, end_line;      /* from 1 */
    const char *key;         /* of a member of an object; NULL: no member */
    const char *text;        /* of a string, without escapes; of a number, as written */
    size_t length;           /* of text */
    struct gm_dom *children; /* [n] of an array or object */
    size_t n;
} gm_dom;

typedef struct gm_dom_document gm_dom_document;

/* GM_EFORMAT: "line 7: ..."; GM_ENOMEM. The caller owns *out. */
gm_status gm_dom_parse(gm_dom_document **out, const char *text, size_t length);
void gm_dom_destroy(gm_dom_document *d); /* NULL is allowed */
gm_dom *gm_dom_root(gm_dom_document *d);

/* The first member of that name; NULL: none, or no object. */
const gm_dom *gm_dom_member(const gm_dom *object, const char *key);

/* Lines as if it were printed with an indentation of two blanks, one member or element a line, {} and [] for what
 * is empty, from `line` on. Returns the length of that text in bytes. */
size_t gm_dom_renumber(gm_dom *node, int line);

/* Appends it as JSON: depth < 0 without blanks, else as gm_dom_renumber() counts lines, indented from depth on. */
void gm_dom_write(const gm_dom *node, int depth, gm_text *out);

double gm_dom_number(const gm_dom *node);   /* NaN: no number */
bool gm_dom_is_integer(const gm_dom *node); /* a number without fraction and exponent */

#endif
