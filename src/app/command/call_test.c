#include "command/command.h"
#include "core/alloc.h"
#include "testing/gm_test.h"

static const gm_option options[] = {
    {"o", GM_ARG_FILE, "DIR", 0, 0, NULL, "out/x", "output folder"},
    {"edge-mm", GM_ARG_REAL, "H", 0.5, 5, "mm", "1.5", "edge length"},
    {"fields", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "use fields"},
    {0},
};

static gm_status run(const gm_args *args, const gm_run *world, gm_result *out)
{
    json_object_set_new(out->values, "wanted", json_boolean(world->wants_values));
    json_object_set_new(out->values, "seed", json_integer((json_int_t)world->seed));
    json_object_set_new(out->values, "threads", json_integer(gm_threads_count(world->threads)));
    return args->n_words == 2 ? gm_fail(GM_EFORMAT, "two words are too much") : GM_OK;
}

static const gm_verb verbs[] = {
    {"spleen", "fit", "[CASE] [FILE]", 0, 2, "fit a spleen", "Fits a spleen.", options, run},
    {"spleen", "forward", "CASE", 1, 1, "run a spleen", "Runs a spleen.", options, run},
    {0},
};
static const gm_verb *const extra[] = {verbs, NULL};

enum { MOST_WORDS = 20 };

/* Parses a line of words separated by single blanks; `line` must outlive *call. */
static gm_status parse(gm_call *call, char *line)
{
    static const char *words[MOST_WORDS];
    size_t n = 0;
    for (char *w = strtok(line, " "); w && n < MOST_WORDS; w = strtok(NULL, " "))
        words[n++] = w;
    gm_commands c;
    gm_status s = gm_commands_create(&c, extra);
    if (s == GM_OK) s = gm_call_parse(call, &c, n, words);
    gm_commands_free(&c);
    return s;
}

static void options_stand_anywhere_in_both_spellings(void)
{
    char line[] =
        "--seed=7 spleen --json fit a.json --edge-mm 2.5 -o out/y --threads 2 b.csv -v -v";
    gm_call c;
    EXPECT(parse(&c, line) == GM_OK);
    EXPECT(c.globals.seed == 7 && c.globals.json && c.globals.threads == 2);
    EXPECT(c.globals.verbosity == 2 && !c.globals.quiet);
    EXPECT(c.verb == &verbs[0]);
    EXPECT(c.args.n_words == 2 && strcmp(c.args.words[1], "b.csv") == 0);
    EXPECT(strcmp(gm_args_text(&c.args, "o"), "out/y") == 0);
    double edge = 0;
    EXPECT(gm_args_real(&c.args, "edge-mm", &edge) == GM_OK);
    EXPECT_CLOSE(edge, 2.5, 0, 0);
    EXPECT(!gm_args_flag(&c.args, "fields"));
    gm_call_free(&c);
}

static void what_is_not_given_has_its_default(void)
{
    char line[] = "spleen fit";
    gm_call c;
    EXPECT(parse(&c, line) == GM_OK);
    EXPECT(c.globals.seed == 1 && c.globals.threads == 0);
    EXPECT(strcmp(gm_args_text(&c.args, "o"), "out/x") == 0 && !c.args.given[0]);
    gm_call_free(&c);
}

static void two_dashes_end_the_options(void)
{
    char line[] = "spleen fit -- --json -o";
    gm_call c;
    EXPECT(parse(&c, line) == GM_OK);
    EXPECT(!c.globals.json && c.args.n_words == 2 && strcmp(c.args.words[0], "--json") == 0);
    gm_call_free(&c);
}

static void a_wrong_line_is_refused_with_what_was_near(void)
{
    static const char *const cases[][2] = {
        {"spleen fit --edgemm 2", "did you mean --edge-mm?"},
        {"spleen fit --edge", "did you mean --edge-mm?"},
        {"spleen fit --thread 2", "did you mean --threads?"},
        {"spleen fit --zzz", "there is no option --zzz"},
        {"spleen fit -x", "there is no option -x"},
        {"spleen fti", "did you mean \"fit\"?"},
        {"spleen dance", "there are: fit, forward"},
        {"splen fit", "did you mean \"spleen\"?"},
        {"kidney fit", "\"kidney\" is no noun"},
        {"spleen", "which verb?"},
        {"--json", "nothing to do"},
        {"spleen forward", "missing: CASE"},
        {"spleen forward a b", "\"b\" is too much"},
        {"spleen fit --edge-mm", "its value (H) is missing"},
        {"spleen fit --edge-mm --json", "its value (H) is missing"},
        {"spleen fit --edge-mm=", "its value (H) is missing"},
        {"spleen fit --fields=yes", "takes no value"},
        {"spleen fit --edge-mm 9", "allowed 0.5 to 5 mm"},
        {"spleen fit --edge-mm -1", "allowed 0.5 to 5 mm"},
        {"spleen fit --threads 1.5", "not a whole number"},
        {"spleen fit --threads 100000", "allowed 0 to 256"},
        {"spleen fit --seed -1", "not a whole number"},
        {"--edge-mm 2 spleen fit", "a verb's options follow the verb"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128];
        snprintf(line, sizeof line, "%s", cases[i][0]);
        gm_call c;
        EXPECT(parse(&c, line) == GM_EUSAGE);
        EXPECT_CONTAINS(gm_error_text(), cases[i][1]);
        EXPECT(!c.values && !c.words && !c.given);
    }
}

static void help_needs_nothing_else(void)
{
    char line[] = "spleen forward --help", nothing[] = "--help";
    gm_call c;
    EXPECT(parse(&c, line) == GM_OK && c.globals.help && c.verb == &verbs[1]);
    gm_call_free(&c);
    EXPECT(parse(&c, nothing) == GM_OK && c.globals.help && !c.noun);
    gm_call_free(&c);
}

static void a_verb_runs_with_the_threads_and_seed_asked_for(void)
{
    char line[] = "spleen fit --threads 2 --seed 42", bad[] = "spleen fit a b";
    gm_call c;
    gm_result *r;
    EXPECT(parse(&c, line) == GM_OK);
    EXPECT(gm_call_run(&c, NULL, NULL, &r) == GM_OK);
    EXPECT(json_integer_value(json_object_get(r->values, "seed")) == 42);
    EXPECT(json_integer_value(json_object_get(r->values, "threads")) == 2);
    gm_result_destroy(r);
    gm_call_free(&c);
    EXPECT(parse(&c, bad) == GM_OK);
    EXPECT(gm_call_run(&c, NULL, NULL, &r) == GM_EFORMAT && !r);
    gm_call_free(&c);
}

static void a_verb_knows_whether_its_values_are_looked_at(void)
{
    for (int wanted = 0; wanted < 2; wanted++) {
        char text[] = "spleen fit", json[] = "spleen fit --json";
        gm_call c;
        gm_result *r;
        EXPECT(parse(&c, wanted ? json : text) == GM_OK);
        EXPECT(gm_call_run(&c, NULL, NULL, &r) == GM_OK);
        EXPECT(json_is_true(json_object_get(r->values, "wanted")) == wanted);
        gm_result_destroy(r);
        gm_call_free(&c);
    }
}

static void no_memory_is_said_and_leaks_nothing(void)
{
    for (long n = 0; n < 4; n++) {
        char line[] = "spleen fit a";
        gm_call c = {0};
        gm_alloc_fail_after(n);
        EXPECT(parse(&c, line) == GM_ENOMEM);
        gm_alloc_fail_after(-1);
    }
}

static void the_cache_folder_follows_the_environment(void)
{
    setenv("GEMEL_CACHE", "", 1);
    EXPECT(!gm_cache_folder());
    setenv("GEMEL_CACHE", "/a/b", 1);
    char *f = gm_cache_folder();
    EXPECT(f && strcmp(f, "/a/b") == 0);
    gm_free(f);
    unsetenv("GEMEL_CACHE");
    setenv("XDG_CACHE_HOME", "/c", 1);
    f = gm_cache_folder();
    EXPECT(f && strcmp(f, "/c/gemel") == 0);
    gm_free(f);
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "/home/ada", 1);
    f = gm_cache_folder();
    EXPECT(f && strcmp(f, "/home/ada/.cache/gemel") == 0);
    gm_free(f);
}

int main(int argc, char **argv)
{
    RUN(options_stand_anywhere_in_both_spellings);
    RUN(what_is_not_given_has_its_default);
    RUN(two_dashes_end_the_options);
    RUN(a_wrong_line_is_refused_with_what_was_near);
    RUN(help_needs_nothing_else);
    RUN(a_verb_runs_with_the_threads_and_seed_asked_for);
    RUN(a_verb_knows_whether_its_values_are_looked_at);
    RUN(no_memory_is_said_and_leaks_nothing);
    RUN(the_cache_folder_follows_the_environment);
    return gm_report();
}
