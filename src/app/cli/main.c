/* The program `gemel`: takes its line apart, runs the verb, prints and writes what it gave back. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/verbs.h"
#include "core/alloc.h"
#include "core/file.h"
#include "output/output.h"

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_CALLED_WRONGLY = 2,
    EXIT_BAD_INPUT = 3,
    EXIT_INTERRUPTED = 130,
    JSON_DIGITS = 12
};

static int exit_code(gm_status s)
{
    switch (s) {
    case GM_OK: return EXIT_DONE;
    case GM_EUSAGE: return EXIT_CALLED_WRONGLY;
    case GM_EFORMAT:
    case GM_ENOTFOUND:
    case GM_EINVAL: return EXIT_BAD_INPUT;
    case GM_EINTERRUPTED: return EXIT_INTERRUPTED;
    default: return EXIT_FAILED;
    }
}

static void on_signal(int number)
{
    (void)number;
    gm_interrupt_request();
}

/* The first signal asks; SA_RESETHAND lets the second one kill. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static bool asks_for_json(int n, const char *const words[])
{
    for (int i = 0; i < n && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--json") == 0) return true;
    return false;
}

/* ---- printing ----------------------------------------------------------------------------------- */

static gm_status print_out(const char *text, size_t length)
{
    if (fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0) return GM_OK;
    return gm_fail(GM_EIO, "standard output: %s", strerror(errno));
}

static gm_status print_text(gm_text *t)
{
    gm_status s = gm_text_status(t);
    if (s == GM_OK && t->data) s = print_out(t->data, t->length);
    gm_text_free(t);
    return s;
}

static gm_status print_json(const json_t *document)
{
    gm_text text = {0};
    gm_status s = gm_json_write(document, JSON_DIGITS, &text);
    if (s == GM_OK) s = print_out(text.data, text.length);
    gm_text_free(&text);
    return s;
}

/* "gemel heart fit: ", once, whether or not the message begins with the verb itself. */
static void print_error(const gm_call *call, const char *message)
{
    char prefix[128] = "";
    if (call->noun)
        snprintf(prefix, sizeof prefix, "%.40s%s%.40s: ", call->noun, call->verb ? " " : "",
                 call->verb ? call->verb->name : "");
    bool has_it = *prefix && strncmp(message, prefix, strlen(prefix)) == 0;
    fprintf(stderr, "gemel%s%s%s\n", *prefix ? " " : ": ", has_it ? "" : prefix, message);
}

static int fail(gm_status s, const gm_call *call, bool json)
{
    const char *message = gm_error_text();
    print_error(call, message);
    if (!json) return exit_code(s);
    json_t *document =
        json_pack("{s:{s:s,s:s}}", "error", "status", gm_status_name(s), "message", message);
    if (!document) /* a message that is not UTF-8 */
        document = json_pack("{s:{s:s}}", "error", "status", gm_status_name(s));
    if (document) print_json(document);
    json_decref(document);
    return exit_code(s);
}

/* ---- results ------------------------------------------------------------------------------------ */

static gm_status write_files(const gm_result *r, const char *folder, json_t *written)
{
    if (r->view_path) GM_TRY(gm_output_view(r, r->view_path));
    return gm_output_write(r, folder, written);
}

static gm_status give_back(const gm_call *call, const gm_result *r)
{
    json_t *written = json_array();
    if (!written) return gm_fail(GM_ENOMEM, "no memory for the list of files");
    const char *o = gm_args_text(&call->args, "o"), *svg = gm_args_text(&call->args, "svg");
    const char *folder = r->view_path ? NULL : o;
    gm_status s = svg ? gm_output_ecg_paper(r, svg) : GM_OK;
    if (s == GM_OK) s = write_files(r, folder, written);
    size_t n = json_array_size(written), n_in_folder = gm_output_n_in_folder(r);
    if (s == GM_OK && call->globals.json) {
        if (n) json_object_set(r->values, "files", written);
        s = print_json(r->values);
    } else if (s == GM_OK) {
        if (r->summary) s = print_out(r->summary, strlen(r->summary));
        if (!r->summary) s = print_json(r->values);
        if (n_in_folder && folder && !call->globals.quiet)
            fprintf(stderr, "%zu files in %s\n", n_in_folder, folder);
    }
    json_decref(written);
    return s;
}

static gm_status run_verb(const gm_call *call)
{
    gm_meter meter;
    gm_progress progress = gm_meter_watch(&meter);
    const gm_globals *g = &call->globals;
    gm_log_level level = g->quiet            ? GM_LOG_ERROR
                         : g->verbosity == 0 ? GM_LOG_WARNING
                         : g->verbosity == 1 ? GM_LOG_INFO
                                             : GM_LOG_DEBUG;
    gm_log_to(gm_terminal_log, &meter, level);
    catch_signals();
    char *cache = gm_cache_folder();
    gm_result *result;
    gm_status s = gm_call_run(call, g->quiet ? NULL : &progress, cache, &result);
    gm_free(cache);
    gm_meter_clear(&meter);
    gm_log_to(gm_terminal_log, NULL, level);
    if (s == GM_OK) s = give_back(call, result);
    if (s == GM_OK && result->objection) s = gm_fail(GM_ESTATE, "%s", result->objection);
    gm_result_destroy(result);
    return s;
}

/* ---- words of the program itself ---------------------------------------------------------------- */

static gm_status help(const gm_commands *c, int n, const char *const words[])
{
    gm_text text = {0};
    const gm_verb *verb = NULL;
    if (n >= 1 && strcmp(words[0], "--man") == 0)
        gm_help_manual(c, &text);
    else if (n == 0 || words[0][0] == '-')
        gm_help_all(c, &text);
    else if (n >= 2)
        GM_TRY(gm_commands_find(c, words[0], words[1], &verb));
    else if (!gm_commands_has_noun(c, words[0]))
        return gm_commands_find(c, words[0], "", &verb);
    else
        gm_help_noun(c, words[0], &text);
    if (verb) gm_help_verb(verb, &text);
    return print_text(&text);
}

static gm_status completion(const gm_commands *c, int n, const char *const words[])
{
    if (n != 1 || strcmp(words[0], "bash") != 0)
        return gm_fail(GM_EUSAGE, "completion: allowed is `gemel completion bash`");
    gm_text text = {0};
    gm_help_bash_completion(c, &text);
    return print_text(&text);
}

static gm_status carry_out(const gm_commands *c, const gm_call *call)
{
    gm_text text = {0};
    if (call->globals.version) {
        gm_text_add(&text, "gemel " GM_VERSION "\n");
        return print_text(&text);
    }
    if (!call->globals.help) return run_verb(call);
    if (call->verb)
        gm_help_verb(call->verb, &text);
    else if (call->noun)
        gm_help_noun(c, call->noun, &text);
    else
        gm_help_all(c, &text);
    return print_text(&text);
}

int main(int argc, char **argv)
{
    const char *const *words = (const char *const *)argv + 1;
    int n = argc > 0 ? argc - 1 : 0;
    bool json = asks_for_json(n, words);
    gm_call call = {0};
    gm_commands commands;
    gm_status s = gm_commands_create(&commands, gm_verbs_of_no_kind);
    if (s != GM_OK) return fail(s, &call, json);
    if (n >= 1 && strcmp(words[0], "help") == 0) {
        s = help(&commands, n - 1, words + 1);
    } else if (n >= 1 && strcmp(words[0], "completion") == 0) {
        s = completion(&commands, n - 1, words + 1);
    } else {
        s = gm_call_parse(&call, &commands, (size_t)n, words);
        if (s == GM_OK) s = carry_out(&commands, &call);
    }
    int code = s == GM_OK ? EXIT_DONE : fail(s, &call, json);
    gm_call_free(&call);
    gm_commands_free(&commands);
    return code;
}
