/* cli.h - the parts of the program `gemel`: help, manual and completion made from the verbs'
 * tables, and what a terminal shows while a verb runs. */
#ifndef GM_CLI_CLI_H
#define GM_CLI_CLI_H

#include "command/command.h"
#include "core/log.h"
#include "core/text.h"

/* ---- help.c, manual.c, completion.c: all append to `out` ---------------------------------------- */

void gm_help_all(const gm_commands *c, gm_text *out);
void gm_help_noun(const gm_commands *c, const char *noun, gm_text *out);
void gm_help_verb(const gm_verb *v, gm_text *out);
void gm_help_manual(const gm_commands *c, gm_text *out);          /* a man page, troff */
void gm_help_bash_completion(const gm_commands *c, gm_text *out); /* a script for bash */

/* ---- terminal.c --------------------------------------------------------------------------------- */

/* A bar where standard error is a terminal; else a line at each tenth and at most one a second. */
typedef struct {
    bool is_terminal;
    bool bar_shown;
    double last_time_s, last_fraction;
    char last_what[64];
} gm_meter;

gm_progress gm_meter_watch(gm_meter *m); /* m must outlive the progress */
void gm_meter_clear(gm_meter *m);        /* wipes the bar before something else is printed */

gm_log_sink gm_terminal_log; /* context: the gm_meter in use, or NULL */

#endif
