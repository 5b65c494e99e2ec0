#include "command/command.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "registry/registry.h"

static size_t count_verbs(const gm_verb *table)
{
    size_t n = 0;
    while (table[n].name)
        n++;
    return n;
}

static void add_verbs(gm_commands *c, const gm_verb *table)
{
    for (; table->name; table++)
        c->verbs[c->n++] = table;
}

gm_status gm_commands_create(gm_commands *out, const gm_verb *const extra[])
{
    size_t n = 0;
    for (const gm_kind *const *k = gm_kinds(); *k; k++)
        n += count_verbs((*k)->verbs);
    for (size_t i = 0; extra[i]; i++)
        n += count_verbs(extra[i]);
    *out = (gm_commands){.verbs = gm_calloc(n, sizeof *out->verbs)};
    if (!out->verbs) return gm_fail(GM_ENOMEM, "commands: no memory");
    for (const gm_kind *const *k = gm_kinds(); *k; k++)
        add_verbs(out, (*k)->verbs);
    for (size_t i = 0; extra[i]; i++)
        add_verbs(out, extra[i]);
    return GM_OK;
}

void gm_commands_free(gm_commands *c)
{
    gm_free(c->verbs);
    *c = (gm_commands){0};
}

bool gm_commands_has_noun(const gm_commands *c, const char *noun)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->verbs[i]->noun, noun) == 0) return true;
    return false;
}

/* ---- the nearest name --------------------------------------------------------------------------- */

enum { LONGEST_NAME = 31, NEAR = 2 };

/* Edits (insert, delete, replace) between two short words. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[LONGEST_NAME + 1], na = strlen(a), nb = strlen(b);
    if (na > LONGEST_NAME || nb > LONGEST_NAME) return LONGEST_NAME;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t added = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = replaced < added ? replaced : added;
        }
    }
    return row[nb];
}

const char *gm_nearest(const char *name, const char *const names[], size_t n)
{
    const char *best = NULL;
    size_t best_distance = NEAR + 1, length = strlen(name);
    for (size_t i = 0; i < n; i++) {
        if (!names[i]) continue;
        bool begins = length >= 2 && strncmp(name, names[i], length) == 0;
        size_t d = begins ? 0 : edit_distance(name, names[i]);
        if (d >= best_distance || d >= strlen(names[i])) continue;
        best = names[i];
        best_distance = d;
    }
    return best;
}

/* Fails with what is known beside the unknown: verbs of `noun`, or all nouns for NULL. */
static gm_status unknown_name(const gm_commands *c, const char *noun, const char *name)
{
    const char **names = gm_calloc(c->n, sizeof *names);
    if (!names) return gm_fail(GM_ENOMEM, "commands: no memory");
    gm_text list = {0};
    for (size_t i = 0; i < c->n; i++) {
        const gm_verb *v = c->verbs[i];
        if (noun ? strcmp(v->noun, noun) != 0 : i && strcmp(v->noun, c->verbs[i - 1]->noun) == 0)
            continue;
        names[i] = noun ? v->name : v->noun;
        gm_text_addf(&list, "%s%s", list.length ? ", " : "", names[i]);
    }
    const char *near = gm_nearest(name, names, c->n);
    const char *of = noun ? "verb of " : "noun", *what = noun ? noun : "";
    gm_status s = near ? gm_fail(GM_EUSAGE, "\"%.40s\" is no %s%s; did you mean \"%s\"?", name, of,
                                 what, near)
                       : gm_fail(GM_EUSAGE, "\"%.40s\" is no %s%s; there are: %s", name, of, what,
                                 list.data ? list.data : "none");
    gm_text_free(&list);
    gm_free(names);
    return s;
}

gm_status gm_commands_find(const gm_commands *c, const char *noun, const char *name,
                           const gm_verb **out)
{
    *out = NULL;
    if (!gm_commands_has_noun(c, noun)) return unknown_name(c, NULL, noun);
    for (size_t i = 0; i < c->n && !*out; i++)
        if (strcmp(c->verbs[i]->noun, noun) == 0 && strcmp(c->verbs[i]->name, name) == 0)
            *out = c->verbs[i];
    return *out ? GM_OK : unknown_name(c, noun, name);
}

/* ---- running ------------------------------------------------------------------------------------ */

char *gm_cache_folder(void)
{
    const char *own = getenv("GEMEL_CACHE");
    if (own) return *own ? gm_strdup(own) : NULL;
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (xdg && xdg[0] == '/') return gm_path_join(xdg, "gemel");
    const char *home = getenv("HOME");
    return home && home[0] == '/' ? gm_path_join(home, ".cache/gemel") : NULL;
}

gm_status gm_call_run(const gm_call *call, const gm_progress *progress, const char *cache_folder,
                      gm_result **out)
{
    *out = NULL;
    gm_threads *threads;
    GM_TRY(gm_threads_create(&threads, call->globals.threads));
    gm_run run = {threads,      call->globals.seed, progress,
                  cache_folder, call->globals.json, call->globals.verbosity};
    gm_result *result;
    gm_status s = gm_result_create(&result);
    if (s == GM_OK) s = call->verb->run(&call->args, &run, result);
    if (s == GM_OK)
        *out = result;
    else
        gm_result_destroy(result);
    gm_threads_destroy(threads);
    return s;
}
