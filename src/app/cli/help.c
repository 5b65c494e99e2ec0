#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { OPTION_COLUMN = 26, LINE_WIDTH = 92 };

/* Appends text broken at blanks; later lines begin with `indent` blanks. `column` is where the
 * first line stands now. Line feeds in the text stay. */
static void add_wrapped(gm_text *out, const char *text, size_t indent, size_t column)
{
    while (*text) {
        size_t n = strcspn(text, " \n");
        if (column > indent && column + 1 + n > LINE_WIDTH) {
            gm_text_addf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            gm_text_add(out, " ");
            column++;
        }
        gm_text_add_bytes(out, text, n);
        column += n;
        text += n;
        if (*text == '\n') {
            gm_text_addf(out, "\n%*s", text[1] && text[1] != '\n' ? (int)indent : 0, "");
            column = indent;
        }
        text += *text != 0;
    }
    gm_text_add(out, "\n");
}

/* " [mm, 0.5 to 5, default 1.5]", or nothing. */
static void add_facts(const gm_option *o, gm_text *out)
{
    gm_text facts = {0};
    if (o->unit) gm_text_add(&facts, o->unit);
    if (o->min != 0 || o->max != 0)
        gm_text_addf(&facts, "%s%.16g to %.16g", facts.length ? ", " : "", o->min, o->max);
    if (o->text) gm_text_addf(&facts, "%sdefault %s", facts.length ? ", " : "", o->text);
    if (facts.length) gm_text_addf(out, " [%s]", facts.data);
    gm_text_free(&facts);
}

static void add_option(const gm_option *o, gm_text *out)
{
    char left[64];
    int n = snprintf(left, sizeof left, "  %s%s%s%s", o->name[1] ? "--" : "-", o->name,
                     o->value ? " " : "", o->value ? o->value : "");
    bool fits = n < OPTION_COLUMN - 1;
    gm_text_addf(out, "%-*s%s", OPTION_COLUMN, left, fits ? "" : "\n");
    if (!fits) gm_text_addf(out, "%*s", OPTION_COLUMN, "");
    gm_text right = {0};
    gm_text_add(&right, o->help);
    add_facts(o, &right);
    add_wrapped(out, right.data ? right.data : "", OPTION_COLUMN, OPTION_COLUMN);
    gm_text_free(&right);
}

static void add_options(const char *heading, const gm_option *o, gm_text *out)
{
    if (!o->name) return;
    gm_text_addf(out, "\n%s\n", heading);
    for (; o->name; o++)
        add_option(o, out);
}

static void add_verb_line(const gm_verb *v, gm_text *out)
{
    char left[64];
    snprintf(left, sizeof left, "  %s %s", v->noun, v->name);
    gm_text_addf(out, "%-*s", OPTION_COLUMN, left);
    add_wrapped(out, v->help, OPTION_COLUMN, OPTION_COLUMN);
}

static const char exit_codes[] =
    "\nExit codes: 0 done, 1 failed, 2 called wrongly, 3 bad input, 130 interrupted.\n";

void gm_help_all(const gm_commands *c, gm_text *out)
{
    gm_text_add(out, "gemel " GM_VERSION " - an open engine for medical digital twins\n\n"
                     "usage: gemel <noun> <verb> [options] [words]\n\nverbs:\n");
    for (size_t i = 0; i < c->n; i++)
        add_verb_line(c->verbs[i], out);
    gm_text_addf(out, "  %-*s%s\n", OPTION_COLUMN - 2, "help [noun [verb]]",
                 "say how a verb is used; --man: the manual page");
    gm_text_addf(out, "  %-*s%s\n", OPTION_COLUMN - 2, "completion bash",
                 "print the completion script of bash");
    add_options("options of all verbs:", gm_global_options, out);
    gm_text_add(out, exit_codes);
}

void gm_help_noun(const gm_commands *c, const char *noun, gm_text *out)
{
    gm_text_addf(out, "usage: gemel %s <verb> [options] [words]\n\nverbs:\n", noun);
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->verbs[i]->noun, noun) == 0) add_verb_line(c->verbs[i], out);
    gm_text_addf(out, "\n`gemel %s <verb> --help` says more.\n", noun);
}

void gm_help_verb(const gm_verb *v, gm_text *out)
{
    gm_text_addf(out, "gemel %s %s - %s\n\nusage: gemel %s %s [options]%s%s\n\n", v->noun, v->name,
                 v->help, v->noun, v->name, *v->words ? " " : "", v->words);
    add_wrapped(out, v->description, 0, 0);
    add_options("options:", v->options, out);
    add_options("options of all verbs:", gm_global_options, out);
    gm_text_add(out, exit_codes);
}
