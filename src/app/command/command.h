/* command.h - a command line (or a call from another program) taken apart and carried out:
 * `gemel <noun> <verb> [options] [words]` over the verbs of all kinds.
 *
 * Options are read from the verbs' tables: --name VALUE, --name=VALUE, -o VALUE; `--` ends them.
 * Nothing here prints, and there is no global state: any thread may call.
 */
#ifndef GM_COMMAND_COMMAND_H
#define GM_COMMAND_COMMAND_H

#include "kind/kind.h"

/* All verbs: those of the registered kinds, then those of no kind. */
typedef struct {
    const gm_verb **verbs; /* [n], the verbs themselves are static */
    size_t n;
} gm_commands;

/* extra: tables of verbs of no kind, each ending with name NULL; the list ends with NULL. */
gm_status gm_commands_create(gm_commands *out, const gm_verb *const extra[]);
void gm_commands_free(gm_commands *c);

bool gm_commands_has_noun(const gm_commands *c, const char *noun);
/* GM_EUSAGE with the nearest name that exists. */
gm_status gm_commands_find(const gm_commands *c, const char *noun, const char *name,
                           const gm_verb **out);

/* Options that every verb has, anywhere on the line. */
extern const gm_option gm_global_options[]; /* ends with name NULL */

typedef struct {
    bool json, quiet, help, version;
    unsigned verbosity; /* how many -v */
    unsigned threads;   /* 0: all cores */
    uint64_t seed;
} gm_globals;

/* A call taken apart. Its texts are those of the words it was made from, which must outlive it. */
typedef struct {
    const char *noun;    /* NULL: the line names none */
    const gm_verb *verb; /* NULL: the line names none (only with help or version) */
    gm_globals globals;
    gm_args args;
    const char **values, **words; /* storage of args */
    bool *given;
} gm_call;

/* words: the line without the program's name. GM_EUSAGE says what is wrong and what was nearest.
 * Ranges are checked here; with --help nothing is required. On failure only
 * noun and verb are set, as far as they were understood. */
gm_status gm_call_parse(gm_call *out, const gm_commands *c, size_t n_words,
                        const char *const words[]);
void gm_call_free(gm_call *call);

/* Runs the verb on its own pool of threads. The caller owns *out; on failure it is NULL. */
gm_status gm_call_run(const gm_call *call, const gm_progress *progress, const char *cache_folder,
                      gm_result **out);

/* Where results that can be made again are kept: $GEMEL_CACHE (empty: nowhere), else
 * $XDG_CACHE_HOME/gemel, else ~/.cache/gemel. NULL: nowhere. The caller frees with gm_free(). */
char *gm_cache_folder(void);

/* The entry of `names` ([n], NULLs skipped) nearest to `name`, or NULL if none is near. */
const char *gm_nearest(const char *name, const char *const names[], size_t n);

#endif
