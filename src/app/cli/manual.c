/* The manual page gemel(1), from the same tables as --help. */
#include "cli/cli.h"

/* troff reads a backslash, and a dot or quote at the start of a line, as its own. */
static void add_escaped(gm_text *out, const char *text)
{
    bool starts = true;
    for (; *text; text++) {
        if (starts && (*text == '.' || *text == '\'')) gm_text_add(out, "\\&");
        if (*text == '\\')
            gm_text_add(out, "\\e");
        else if (*text == '-')
            gm_text_add(out, "\\-");
        else
            gm_text_add_bytes(out, text, 1);
        starts = *text == '\n';
    }
}

static void add_option(const gm_option *o, gm_text *out)
{
    gm_text_add(out, ".TP\n.B ");
    add_escaped(out, o->name[1] ? "--" : "-");
    add_escaped(out, o->name);
    if (o->value) gm_text_addf(out, " \\fI%s\\fR", o->value);
    gm_text_add(out, "\n");
    add_escaped(out, o->help);
    if (o->unit) {
        gm_text_add(out, "; in ");
        add_escaped(out, o->unit);
    }
    if (o->min != 0 || o->max != 0) gm_text_addf(out, "; %.16g to %.16g", o->min, o->max);
    if (o->text) {
        gm_text_add(out, "; default ");
        add_escaped(out, o->text);
    }
    gm_text_add(out, ".\n");
}

static void add_verb(const gm_verb *v, gm_text *out)
{
    gm_text_addf(out, ".SS gemel %s %s [\\fIoptions\\fR] ", v->noun, v->name);
    add_escaped(out, v->words);
    gm_text_add(out, "\n");
    add_escaped(out, v->help);
    gm_text_add(out, ".\n.PP\n");
    add_escaped(out, v->description);
    gm_text_add(out, "\n");
    for (const gm_option *o = v->options; o->name; o++)
        add_option(o, out);
}

static const char tail[] =
    ".SH EXIT STATUS\n0 done; 1 failed; 2 called wrongly; 3 bad input; 130 interrupted.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B GEMEL_CACHE\nFolder for results that can be made again; empty: keep none. Default: "
    "$XDG_CACHE_HOME/gemel or ~/.cache/gemel.\n"
    ".SH NOTES\nGemel is a research tool and not a certified medical device.\n";

void gm_help_manual(const gm_commands *c, gm_text *out)
{
    gm_text_add(out, ".TH GEMEL 1 \"\" \"gemel " GM_VERSION "\" \"User Commands\"\n"
                     ".SH NAME\ngemel \\- an open engine for medical digital twins\n"
                     ".SH SYNOPSIS\n.B gemel\n\\fInoun verb\\fR [\\fIoptions\\fR] "
                     "[\\fIwords\\fR]\n"
                     ".SH DESCRIPTION\nGemel reads what the world writes about a real thing, fits "
                     "a model of it to that, and gives back the twin with its uncertainty. Every "
                     "task is a verb of a noun; `gemel help \\fInoun verb\\fR' describes it.\n"
                     ".SH OPTIONS OF ALL VERBS\n");
    for (const gm_option *o = gm_global_options; o->name; o++)
        add_option(o, out);
    gm_text_add(out, ".SH VERBS\n");
    for (size_t i = 0; i < c->n; i++)
        add_verb(c->verbs[i], out);
    gm_text_add(out, tail);
}
