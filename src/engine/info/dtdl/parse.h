/* parse.h - one parse of DTDL texts, from JSON to elements and what is wrong with them; not for others: dtdl.h is.
 *
 * Everything lives in the arena of the parse. Order of work: texts (context.c, element.c, literal.c), references
 * (resolve.c), constraints (check.c). reference/twin-engine.md, section 5.
 */
#ifndef GM_INFO_DTDL_PARSE_H
#define GM_INFO_DTDL_PARSE_H

#include <jansson.h>

#include "info/dtdl/arena.h"
#include "info/dtdl/dom.h"
#include "info/dtdl/dtdl.h"

enum { MOST_GIVEN = 1024, NO_SOURCE = -1 }; /* texts of one parse */
enum { MOST_AFFILIATES = 16, MOST_UNDEFINED = 8 };

/* The vocabulary that holds at a place. */
typedef struct {
    int version;         /* of DTDL */
    const json_t *terms; /* of its context */
    struct {
        const char *id;      /* as given */
        const json_t *terms; /* NULL: undefined */
    } affiliates[MOST_AFFILIATES];
    size_t n_affiliates;
    bool is_incomplete;             /* an undefined extension stands in it */
    const char *limits;             /* "" or the name of a limit context */
    const char *limit_context;      /* as given; NULL: the language's own limits */
    const struct contexts *written; /* this, for whoever writes it back; NULL: not made yet */
} vocabulary;

typedef struct contexts {
    int version;
    const char *limits; /* NULL: the language's own */
    size_t n;
    const char *affiliates[MOST_AFFILIATES];
} contexts;

typedef struct gm_dtdl_element element;

typedef enum {
    LITERAL_NULL,
    LITERAL_BOOLEAN,
    LITERAL_INTEGER,
    LITERAL_NUMBER,
    LITERAL_STRING
} literal_kind;

typedef struct value {
    struct value *next;
    bool is_reference;
    const char *text; /* literal as text, or the id referred to */
    literal_kind kind;
    const char *language; /* of a localizable text */
    element *target;      /* of a reference, once it is bound */
    int line, end_line;
} value;

typedef struct property {
    struct property *next;
    const char *name;    /* of the class, or the DTMI of a supplemental one */
    const json_t *facts; /* of the metamodel; NULL: undefined */
    const json_t *rule;  /* of the version */
    value *values;
    value **last;
    size_t n;
    int line, end_line;
} property;

struct gm_dtdl_element {
    element *next;
    const char *id, *class_name;
    const json_t *class_facts;
    int version, source;
    int line, id_line, type_line, end_line; /* of {, @id, @type and } */
    const char *limits;
    const contexts *contexts;
    bool has_own_id, is_standard, has_undefined_type;
    bool is_dropped; /* an old mistake that is tolerated: a name again */
    struct {
        const char *id;
        const json_t *facts;
        int line;
    } * types; /* [n_types] supplemental */
    size_t n_types;
    const char *undefined_types[MOST_UNDEFINED]; /* as written */
    size_t n_undefined_types;
    struct undefined {
        struct undefined *next;
        const char *name, *json; /* as written */
    } * undefined;
    property *properties, **last_property;
    element *parent, *partition; /* NULL: at the top */
    const char *parent_property;
    property *imported; /* Interface: contents with those of its bases */
    int mark;           /* of walks */
};

typedef struct reference {
    struct reference *next;
    element *from;
    property *in;
    value *to;
} reference;

typedef struct {
    gm_arena arena;
    const json_t *meta;
    const gm_dtdl_options *options;
    element *elements, **last_element;
    element **by_id; /* [n_buckets] open addressing */
    size_t n_buckets, n_elements;
    reference *references, **last_reference;
    gm_dtdl_error *errors;
    size_t n_errors, most_errors;
    bool is_stopped;     /* an error that ends the parse at once */
    bool tolerates;      /* the old mistakes in the text that is being read */
    bool reads_standard; /* what the language itself defines */
    int source;
    const char
        *given[MOST_GIVEN]; /* by source: the id it was given for; NULL: a text of the caller */
    gm_status status;       /* of memory */
} parse;

/* Records an error; primary may be NULL. Returns false, for `return error(...)`. */
bool dtdl_error(parse *p, const char *id, const char *primary, const char *property,
                const char *value, int line);

/* The error that was recorded last, for what else is to be said of it. */
gm_dtdl_error *dtdl_last(parse *p);
void dtdl_ends_at(parse *p, int end_line); /* of the first place */
void dtdl_second(parse *p, const element *e, int line,
                 int end); /* id and place; line 0: where it begins */

/* "dtmi:standard:class:Velocity;2": "Velocity". */
const char *dtdl_type_name(parse *p, const char *id);

element *dtdl_find(const parse *p, const char *id);
/* False: there is one of that id. */
bool dtdl_add(parse *p, element *e);

/* Reads an @context; out begins as the one that holds outside (version 0: none). False: an error that stops. */
bool dtdl_read_context(parse *p, const gm_dom *context, vocabulary *out);

/* A term or DTMI as an id; NULL: neither. *is_uri: a URI that is no DTMI. */
typedef enum { NAME_DTMI, NAME_TERM, NAME_URI, NAME_BAD_DTMI, NAME_UNDEFINED } name_kind;
name_kind dtdl_resolve(const vocabulary *v, const char *name, const char **id);

/* What an element stands in. */
typedef struct {
    element *parent;
    const char *property; /* of the parent; NULL: top level */
    const json_t *facts;  /* of that property; NULL: top level */
    const json_t *rule;
    vocabulary vocabulary;
    int line; /* of that property */
} place;

element *dtdl_read_element(parse *p, const gm_dom *object, const place *at);
void dtdl_read_literal(parse *p, element *e, property *to, const gm_dom *v, const char *datatype);

property *dtdl_property(const element *e, const char *name); /* NULL: not there */
bool dtdl_is_a(const parse *p, const element *e, const char *class_name);

void dtdl_bind(parse *p);
void dtdl_check(parse *p);
void dtdl_check_around(parse *p, const element *e); /* siblings.c; contents are imported */

#endif
