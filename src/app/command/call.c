#include <string.h>

#include "command/command.h"
#include "core/alloc.h"

#define MOST_SEED 9007199254740992.0 /* 2^53: exact as a JSON number everywhere */

const gm_option gm_global_options[] = {
    {"json", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "print one JSON document and nothing else"},
    {"q", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "no progress and no notes, only errors"},
    {"v", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "say more; twice: say everything"},
    {"threads", GM_ARG_COUNT, "N", 0, 256, NULL, "0", "threads to use; 0: all cores"},
    {"seed", GM_ARG_COUNT, "N", 0, MOST_SEED, NULL, "1", "seed of all random numbers"},
    {"help", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "say how this is used"},
    {"version", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "print the version"},
    {0},
};

/* An option as it stands on the line: "--name", "--name=value" or "-o". */
typedef struct {
    const char *written; /* with its dashes, for messages */
    const char *name;
    size_t length;
    const char *value; /* after '=', or NULL */
} written_option;

typedef struct {
    gm_call *call;
    const gm_commands *commands;
    const char *const *words;
    size_t n, at;
} parser;

static bool is_option(const char *word)
{
    bool is_negative_number = (word[1] >= '0' && word[1] <= '9') || word[1] == '.';
    return word[0] == '-' && word[1] && !is_negative_number;
}

static written_option taken_apart(const char *word)
{
    const char *name = word + (word[1] == '-' ? 2 : 1);
    size_t length = strcspn(name, "=");
    return (written_option){word, name, length, name[length] ? name + length + 1 : NULL};
}

static long find_option(const gm_option *table, const written_option *w)
{
    bool is_short = w->written[1] != '-';
    for (long i = 0; table && table[i].name; i++) {
        bool table_short = table[i].name[1] == 0;
        if (table_short == is_short && strlen(table[i].name) == w->length &&
            strncmp(table[i].name, w->name, w->length) == 0)
            return i;
    }
    return -1;
}

static gm_status unknown_option(const parser *p, const written_option *w)
{
    const char *names[128];
    size_t n = 0;
    const gm_option *tables[] = {p->call->args.options, gm_global_options};
    for (size_t t = 0; t < 2; t++)
        for (const gm_option *o = tables[t]; o && o->name && n < 128; o++)
            names[n++] = o->name;
    char name[64] = {0};
    memcpy(name, w->name, w->length < sizeof name ? w->length : sizeof name - 1);
    const char *near = gm_nearest(name, names, n);
    if (near)
        return gm_fail(GM_EUSAGE, "there is no option %.60s; did you mean %s%s?", w->written,
                       near[1] ? "--" : "-", near);
    return gm_fail(GM_EUSAGE, "there is no option %.60s; --help lists them%s", w->written,
                   p->call->verb ? "" : ", and a verb's options follow the verb");
}

/* The option's value, from behind '=' or the next word, checked; NULL for a flag. */
static gm_status value_of(parser *p, const written_option *w, const gm_option *o, const char **out)
{
    *out = NULL;
    if (o->type == GM_ARG_FLAG)
        return w->value ? gm_fail(GM_EUSAGE, "%.60s: this option takes no value", w->written)
                        : GM_OK;
    const char *value = w->value;
    if (!value && p->at < p->n && !is_option(p->words[p->at])) value = p->words[p->at++];
    if (!value || !*value)
        return gm_fail(GM_EUSAGE, "%.60s: its value (%s) is missing", w->written, o->value);
    double number;
    if (o->type == GM_ARG_REAL || o->type == GM_ARG_COUNT)
        GM_TRY(gm_option_check(o, value, &number));
    *out = value;
    return GM_OK;
}

static gm_status take_global(parser *p, const written_option *w, const gm_option *o)
{
    gm_globals *g = &p->call->globals;
    const char *value;
    double number = 0;
    GM_TRY(value_of(p, w, o, &value));
    if (value) GM_TRY(gm_option_check(o, value, &number));
    switch (o->name[0]) {
    case 'j': g->json = true; break;
    case 'q': g->quiet = true; break;
    case 'h': g->help = true; break;
    case 't': g->threads = (unsigned)number; break;
    case 's': g->seed = (uint64_t)number; break;
    default:
        if (o->name[1])
            g->version = true;
        else
            g->verbosity++;
    }
    return GM_OK;
}

static gm_status take_option(parser *p, const char *word)
{
    written_option w = taken_apart(word);
    long i = find_option(gm_global_options, &w);
    if (i >= 0) return take_global(p, &w, &gm_global_options[i]);
    if (strcmp(word, "-h") == 0) {
        p->call->globals.help = true;
        return GM_OK;
    }
    i = find_option(p->call->args.options, &w);
    if (i < 0) return unknown_option(p, &w);
    const char *value;
    GM_TRY(value_of(p, &w, &p->call->args.options[i], &value));
    p->call->values[i] = value;
    p->call->given[i] = true;
    return GM_OK;
}

static gm_status take_verb(parser *p, const char *name)
{
    gm_call *c = p->call;
    GM_TRY(gm_commands_find(p->commands, c->noun, name, &c->verb));
    size_t n = 0;
    while (c->verb->options[n].name)
        n++;
    c->values = gm_calloc(n, sizeof *c->values);
    c->given = gm_calloc(n, sizeof *c->given);
    c->words = gm_calloc(p->n, sizeof *c->words);
    if (!c->values || !c->given || !c->words) return gm_fail(GM_ENOMEM, "command line: no memory");
    for (size_t i = 0; i < n; i++)
        c->values[i] = c->verb->options[i].text;
    c->args = (gm_args){c->verb->options, c->values, c->given, c->words, 0};
    return GM_OK;
}

static gm_status take_word(parser *p, const char *word)
{
    gm_call *c = p->call;
    if (!c->noun) {
        c->noun = word;
        const gm_verb *unused;
        return gm_commands_has_noun(p->commands, word)
                   ? GM_OK
                   : gm_commands_find(p->commands, word, "", &unused);
    }
    if (!c->verb) return take_verb(p, word);
    c->words[c->args.n_words++] = word;
    return GM_OK;
}

static gm_status check_words(const gm_call *c)
{
    if (!c->noun) return gm_fail(GM_EUSAGE, "nothing to do; `gemel --help` lists what there is");
    if (!c->verb)
        return gm_fail(GM_EUSAGE, "%s: which verb? `gemel %s --help` lists them", c->noun, c->noun);
    size_t n = c->args.n_words;
    if (n < c->verb->min_words) return gm_fail(GM_EUSAGE, "missing: %s", c->verb->words);
    if (n > c->verb->max_words)
        return gm_fail(GM_EUSAGE, "\"%.60s\" is too much; usage: gemel %s %s [options] %s",
                       c->words[c->verb->max_words], c->noun, c->verb->name, c->verb->words);
    return GM_OK;
}

static gm_status parse_all(parser *p)
{
    bool only_words = false;
    while (p->at < p->n) {
        const char *word = p->words[p->at++];
        if (!only_words && strcmp(word, "--") == 0)
            only_words = true;
        else if (!only_words && is_option(word))
            GM_TRY(take_option(p, word));
        else
            GM_TRY(take_word(p, word));
    }
    bool only_asks = p->call->globals.help || p->call->globals.version;
    return only_asks ? GM_OK : check_words(p->call);
}

gm_status gm_call_parse(gm_call *out, const gm_commands *c, size_t n_words,
                        const char *const words[])
{
    *out = (gm_call){.globals = {.seed = 1}};
    parser p = {.call = out, .commands = c, .words = words, .n = n_words};
    gm_status s = parse_all(&p);
    if (s == GM_OK) return GM_OK;
    const char *noun = out->noun;
    const gm_verb *verb = out->verb;
    gm_call_free(out);
    out->noun = noun;
    out->verb = verb;
    return s;
}

void gm_call_free(gm_call *call)
{
    gm_free(call->values);
    gm_free(call->words);
    gm_free(call->given);
    *call = (gm_call){0};
}
