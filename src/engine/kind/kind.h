/* kind.h - what every twin kind is to the rest of the system: a name and the verbs it offers.
 *
 * The command line, the server and the workbench expose the verbs they find in the registry
 * (twins/registry.c); none of them knows a kind. A verb gets its words already split and checked
 * against its own option table, and returns a gm_result.
 */
#ifndef GM_KIND_KIND_H
#define GM_KIND_KIND_H

#include <stdint.h>

#include "core/progress.h"
#include "core/threads.h"
#include "kind/result.h"

typedef enum { GM_ARG_FLAG, GM_ARG_TEXT, GM_ARG_FILE, GM_ARG_REAL, GM_ARG_COUNT } gm_arg_type;

typedef struct {
    const char *name; /* "edge-mm" for --edge-mm; "o" for -o (one letter: a short option) */
    gm_arg_type type;
    const char *value; /* placeholder: "H", "FILE"; NULL for a flag */
    double min, max;   /* REAL and COUNT: allowed range; both 0: any */
    const char *unit;  /* REAL: "mm"; NULL: none */
    const char *text;  /* default as text, NULL: no default */
    const char *help;  /* one sentence */
} gm_option;

/* What a verb may use of the world while it runs. */
typedef struct {
    gm_threads *threads; /* NULL: one thread */
    uint64_t seed;
    const gm_progress *progress; /* NULL: nobody watches */
    const char *cache_folder;    /* for results that can be made again; NULL: do not cache */
    bool wants_values;  /* false: nobody looks at the result's values if it has a summary */
    unsigned verbosity; /* how many -v */
} gm_run;

typedef struct {
    const gm_option *options;  /* the verb's table, ends with name NULL */
    const char *const *values; /* [n options] as text; NULL: not given and no default */
    const bool *given;         /* [n options] by the user, not by default */
    const char *const *words;  /* positional arguments */
    size_t n_words;
} gm_args;

typedef struct {
    const char *noun, *name; /* "heart", "fit" */
    const char *words;       /* "[CASE.json]"; "" if none */
    size_t min_words, max_words;
    const char *help;         /* one line */
    const char *description;  /* paragraphs for the manual; plain text */
    const gm_option *options; /* ends with name NULL; never NULL */
    /* GM_EUSAGE, GM_EFORMAT, GM_EINTERRUPTED ... with a message that a person can act on. */
    gm_status (*run)(const gm_args *args, const gm_run *run, gm_result *out);
} gm_verb;

typedef struct {
    const char *id, *summary; /* "heart" */
    const gm_verb *verbs;     /* ends with name NULL */
} gm_kind;

/* Whether `value` suits a REAL or COUNT option; *out is its number. GM_EUSAGE says the option, the
 * value with its unit, and what is allowed. */
gm_status gm_option_check(const gm_option *o, const char *value, double *out);

/* Reading options inside a verb. Unknown names are programming errors and give GM_ESTATE. */
const char *gm_args_text(const gm_args *a, const char *name); /* NULL: not given */
bool gm_args_flag(const gm_args *a, const char *name);
/* Checks the table's range: GM_EUSAGE with name, value, unit, range. Not given: *out untouched. */
gm_status gm_args_real(const gm_args *a, const char *name, double *out);
gm_status gm_args_count(const gm_args *a, const char *name, size_t *out);

#endif
