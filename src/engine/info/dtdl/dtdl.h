/* dtdl.h - types of twins in the Digital Twins Definition Language, versions 2, 3 and 4: read and checked.
 *
 *     gm_dtdl_model *m;
 *     gm_dtdl_text texts[] = {{"Bed.json", bytes, length}};
 *     if (gm_dtdl_parse(&m, texts, 1, NULL) == GM_OK && gm_dtdl_n_errors(m) == 0) ...
 *
 * Every rule that is broken gives an error with the id of the rule (dtmi:dtdl:parsingError:<id>), the element, the
 * place and what to do. Facts of the language: metamodel.h. A model is immutable; any thread may read it.
 */
#ifndef GM_INFO_DTDL_DTDL_H
#define GM_INFO_DTDL_DTDL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct {
    const char *name; /* for messages */
    const char *bytes;
    size_t length;
} gm_dtdl_text;

/* Where a resolver puts its answers; bytes are copied. */
typedef struct gm_dtdl_answers gm_dtdl_answers;
gm_status gm_dtdl_answer(gm_dtdl_answers *to, const char *bytes, size_t length);

/* Is asked for ids that no text defines; may be asked again for what its answers refer to. *knows false: these
 * ids are nowhere. */
typedef gm_status (*gm_dtdl_resolve)(void *context, const char *const ids[], size_t n,
                                     gm_dtdl_answers *to, bool *knows);

typedef enum {
    GM_DTDL_UNDEFINED_BY_VERSION,
    GM_DTDL_UNDEFINED_ALLOWED,
    GM_DTDL_UNDEFINED_REFUSED
} gm_dtdl_undefined;

typedef struct {
    gm_dtdl_undefined
        undefined;    /* extensions that nobody knows: by default allowed in version 2 alone */
    int most_version; /* 2 .. 4; 0: 4 */
    const char *const *limits; /* [n_limits] limit contexts that are acceptable */
    size_t n_limits;
    gm_dtdl_resolve resolve; /* NULL: every reference must be in the texts */
    void *context;
    /* Old mistakes that old texts live with (version 2): ids with a reserved prefix, {"@id": x} for "x", names
     * that repeat. In what is given, and in what the resolver gives. */
    bool tolerates_in_texts, tolerates_in_answers;
} gm_dtdl_options;

/* A place in the texts; line 0: none. */
typedef struct {
    int source;        /* of the text, from 0; what the resolver gave counts on */
    const char *given; /* the id that the resolver gave this text for; NULL: a text of the caller */
    int line, end_line; /* from 1; end_line 0: the same line */
} gm_dtdl_place;

/* NULL: does not apply. */
typedef struct {
    const char *id;       /* "invalidId" */
    const char *element;  /* that breaks the rule */
    const char *second;   /* the other one that matters */
    const char *property; /* in which it is broken */
    const char *aux_property, *type, *value;
    const char *restriction, *transformation; /* what it should have been, and what asks for that */
    gm_dtdl_place at, second_at;
} gm_dtdl_error;

typedef struct gm_dtdl_model gm_dtdl_model;

/* GM_OK whether or not the texts are right: ask gm_dtdl_n_errors(). Fails with GM_EFORMAT (no JSON), GM_ENOMEM. The
 * caller owns *out. options NULL: the defaults. */
gm_status gm_dtdl_parse(gm_dtdl_model **out, const gm_dtdl_text *texts, size_t n,
                        const gm_dtdl_options *options);
void gm_dtdl_destroy(gm_dtdl_model *m); /* NULL is allowed */

/* The same of texts that were read already. */
struct gm_dom;
gm_status gm_dtdl_parse_documents(gm_dtdl_model **out, const struct gm_dom *const roots[], size_t n,
                                  const gm_dtdl_options *options);

size_t gm_dtdl_n_errors(const gm_dtdl_model *m);
const gm_dtdl_error *gm_dtdl_error_at(const gm_dtdl_model *m, size_t k);

/* References to what is in none of the texts: the model is not whole without them. */
size_t gm_dtdl_n_unresolved(const gm_dtdl_model *m);
const char *gm_dtdl_unresolved_at(const gm_dtdl_model *m, size_t k);

/* The places that refer to them; one of many in an element may stand for all. */
typedef struct {
    const char *id;
    gm_dtdl_place at;
} gm_dtdl_missing;
size_t gm_dtdl_n_missing(const gm_dtdl_model *m);
gm_dtdl_missing gm_dtdl_missing_at(const gm_dtdl_model *m, size_t k);

size_t gm_dtdl_n_elements(const gm_dtdl_model *m);

#endif
