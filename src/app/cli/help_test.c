#include "cli/cli.h"
#include "core/clock.h"
#include "testing/gm_test.h"

static const gm_option options[] = {
    {"o", GM_ARG_FILE, "DIR", 0, 0, NULL, "out/x", "output folder"},
    {"edge-mm", GM_ARG_REAL, "H", 0.5, 5, "mm", "1.5",
     "edge length of the tetrahedra that the muscle is filled with, in the middle of their range"},
    {"fields", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "use fields"},
    {0},
};
static const gm_verb verbs[] = {
    {"spleen", "fit", "[CASE.json]", 0, 1, "fit a spleen", "Fits.\n\n.A dot and a \\.", options,
     NULL},
    {"spleen", "draw", "", 0, 0, "draw a spleen", "Draws.", options + 3, NULL},
    {0},
};
static const gm_verb *list[] = {&verbs[0], &verbs[1]};
static const gm_commands commands = {list, 2};

static void help_of_a_verb_has_usage_units_ranges_and_defaults(void)
{
    gm_text t = {0};
    gm_help_verb(&verbs[0], &t);
    EXPECT_CONTAINS(t.data, "usage: gemel spleen fit [options] [CASE.json]\n");
    EXPECT_CONTAINS(t.data, "  -o DIR                  output folder [default out/x]\n");
    EXPECT_CONTAINS(
        t.data,
        "                          the middle of their range [mm, 0.5 to 5, default 1.5]\n");
    EXPECT_CONTAINS(t.data, "Exit codes: 0 done, 1 failed, 2 called wrongly, 3 bad input");
    size_t longest = 0, column = 0;
    for (const char *p = t.data; *p; p++) {
        column = *p == '\n' ? 0 : column + 1;
        if (column > longest) longest = column;
    }
    EXPECT(longest <= 92);
    gm_text_free(&t);
}

static void a_verb_without_options_lists_only_those_of_all(void)
{
    gm_text t = {0};
    gm_help_verb(&verbs[1], &t);
    EXPECT(!strstr(t.data, "\noptions:\n"));
    EXPECT_CONTAINS(t.data, "options of all verbs:");
    EXPECT_CONTAINS(t.data, "usage: gemel spleen draw [options]\n");
    gm_text_free(&t);
}

static void the_manual_escapes_what_troff_would_read(void)
{
    gm_text t = {0};
    gm_help_manual(&commands, &t);
    EXPECT_CONTAINS(t.data, "\n\\&.A dot and a \\e.");
    EXPECT_CONTAINS(t.data, "\\-\\-edge\\-mm");
    gm_text_free(&t);
}

static void the_completion_knows_nouns_verbs_and_options(void)
{
    gm_text t = {0};
    gm_help_bash_completion(&commands, &t);
    EXPECT_CONTAINS(t.data, "'spleen ') words='fit draw ' ;;");
    EXPECT_CONTAINS(t.data, "'spleen fit') options=' -o --edge-mm --fields' ;;");
    EXPECT_CONTAINS(t.data, "words='help completion spleen ' ;;");
    gm_text_free(&t);
}

/* What the meter writes to standard error, which is a file here, while `steps` are reported. */
static size_t bytes_written(gm_meter *m, gm_progress p, int steps)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    if (!file || saved < 0) return 0;
    dup2(fileno(file), STDERR_FILENO);
    for (int i = 0; i <= steps; i++)
        gm_progress_report(&p, "fitting", i == 1 ? NAN : 1.5 * i / steps);
    gm_meter_clear(m);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    fseek(file, 0, SEEK_END);
    long n = ftell(file);
    fclose(file);
    return n < 0 ? 0 : (size_t)n;
}

static void a_log_gets_no_line_of_a_short_task_and_few_of_a_long_one(void)
{
    gm_meter m;
    gm_progress p = gm_meter_watch(&m);
    m.is_terminal = false;
    EXPECT(bytes_written(&m, p, 1000) == 0);
    m.last_time_s = gm_clock_seconds() - 60; /* as if it had run for a minute */
    size_t n = bytes_written(&m, p, 1000);
    EXPECT(n > 0 && n <= strlen("fitting: 100 %\n"));
}

static void a_terminal_gets_a_bar_that_is_wiped(void)
{
    gm_meter m;
    gm_progress p = gm_meter_watch(&m);
    m.is_terminal = true;
    EXPECT(bytes_written(&m, p, 10) > 30);
    EXPECT(!m.bar_shown);
}

int main(int argc, char **argv)
{
    RUN(help_of_a_verb_has_usage_units_ranges_and_defaults);
    RUN(a_verb_without_options_lists_only_those_of_all);
    RUN(the_manual_escapes_what_troff_would_read);
    RUN(the_completion_knows_nouns_verbs_and_options);
    RUN(a_log_gets_no_line_of_a_short_task_and_few_of_a_long_one);
    RUN(a_terminal_gets_a_bar_that_is_wiped);
    return gm_report();
}
