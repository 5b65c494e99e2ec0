/* Own models: what is right is taken, what is wrong is told with its rule, element and line. */
#include "info/dtdl/dtdl.h"

#include "core/alloc.h"
#include "info/dtdl/advice.h"
#include "info/dtdl/dom.h"
#include "info/dtdl/dtmi.h"
#include "testing/gm_test.h"

static gm_dtdl_model *parse(const char *text)
{
    gm_dtdl_model *m = NULL;
    gm_dtdl_text t = {"test", text, strlen(text)};
    EXPECT(gm_dtdl_parse(&m, &t, 1, NULL) == GM_OK);
    return m;
}

#define HEAD                                                                           \
    "{\"@context\": \"dtmi:dtdl:context;3\",\n\"@id\": \"dtmi:t:Bed;1\",\n\"@type\": " \
    "\"Interface\",\n"

static void expect_right(const char *text)
{
    gm_dtdl_model *m = parse(text);
    if (gm_dtdl_n_errors(m)) printf("%s: %s\n", gm_dtdl_error_at(m, 0)->id, text);
    EXPECT(gm_dtdl_n_errors(m) == 0 && gm_dtdl_n_unresolved(m) == 0);
    gm_dtdl_destroy(m);
}

static void expect_error(const char *text, const char *id, int line)
{
    gm_dtdl_model *m = parse(text);
    const gm_dtdl_error *e = gm_dtdl_error_at(m, 0);
    if (!e || strcmp(e->id, id) != 0 || e->at.line != line)
        printf("%s at line %d, not %s at %d\n", e ? e->id : "nothing", e ? e->at.line : 0, id,
               line);
    EXPECT(e && strcmp(e->id, id) == 0 && e->at.line == line);
    EXPECT(strlen(gm_dtdl_advice(id)) > 5);
    gm_dtdl_destroy(m);
}

static void right_models_are_taken(void)
{
    expect_right(
        HEAD
        "\"contents\": [{\"@type\": \"Telemetry\", \"name\": \"rate\", \"schema\": \"double\"}]}");
    expect_right(
        HEAD
        "\"contents\": {\"@type\": \"Property\", \"name\": \"mode\", \"schema\": {\"@type\": "
        "\"Enum\", "
        "\"valueSchema\": \"integer\", \"enumValues\": [{\"name\": \"on\", \"enumValue\": 1}]}}}");
    expect_right(
        "[" HEAD
        "\"extends\": \"dtmi:t:Thing;1\"},{\"@context\": \"dtmi:dtdl:context;3\", \"@id\": "
        "\"dtmi:t:Thing;1\", \"@type\": \"Interface\"}]");
    expect_right("{\"@context\": [\"dtmi:dtdl:context;3\", "
                 "\"dtmi:dtdl:extension:quantitativeTypes;1\"], \"@id\": "
                 "\"dtmi:t:a\", \"@type\": \"Interface\", \"contents\": {\"@type\": "
                 "[\"Telemetry\", \"Temperature\"], "
                 "\"name\": \"t\", \"schema\": \"double\", \"unit\": \"degreeCelsius\"}}");
}

static void wrong_models_are_told_with_rule_and_line(void)
{
    expect_error(HEAD "\"contents\": [\n{\"@type\": \"Telemetry\",\n\"name\": \"heart rate\", "
                      "\"schema\": \"double\"}]}",
                 "stringInvalid", 6);
    expect_error(
        HEAD "\"contents\": {\"@type\": \"Telemetry\", \"name\": \"a\",\n\"schema\": \"reel\"}}",
        "badDtmiOrTerm", 5);
    expect_error(HEAD "\"contents\": [\n{\"@type\": \"Telemetry\", \"name\": \"a\"}]}",
                 "missingObjectProperty", 5);
    expect_error("{\"@id\": \"dtmi:t:a;1\", \"@type\": \"Interface\"}", "missingContext", 1);
    expect_error("{\"@context\": \"dtmi:dtdl:context;9\",\n\"@id\": \"dtmi:t:a;1\", \"@type\": "
                 "\"Interface\"}",
                 "unrecognizedContextVersion", 1);
    expect_error("{\"@context\": \"dtmi:dtdl:context;3\",\n\"@id\": \"dtmi:t:a_;1\", \"@type\": "
                 "\"Interface\"}",
                 "invalidId", 2);
    expect_error(HEAD "\"colour\": \"red\"}", "propertyUndefinedTerm", 4);
    expect_error(HEAD "\"contents\": [\n{\"@type\": \"Telemetry\", \"name\": \"a\", \"schema\": "
                      "\"double\"},\n{\"@type\": "
                      "\"Property\", \"name\": \"a\", \"schema\": \"double\"}]}",
                 "nonUniquePropertyValue", 5);
    expect_error(HEAD "\"extends\": \"dtmi:t:Bed;1\"}", "recursiveStructureNarrow", 1);
    expect_error("[1]", "notJsonObject", 1);
}

static void what_is_elsewhere_is_unresolved(void)
{
    gm_dtdl_model *m = parse(HEAD "\"extends\": [\"dtmi:t:A;1\", \"dtmi:t:B;2\", \"dtmi:t:A;1\"]}");
    EXPECT(gm_dtdl_n_errors(m) == 0 && gm_dtdl_n_unresolved(m) == 2);
    EXPECT_CONTAINS(gm_dtdl_unresolved_at(m, 0), "dtmi:t:A;1");
    EXPECT(!gm_dtdl_unresolved_at(m, 2) && !gm_dtdl_error_at(m, 0));
    gm_dtdl_destroy(m);
}

static void text_that_is_no_json_is_refused_with_its_line(void)
{
    static const char *const bad[] = {
        "",          "{",        "{\"a\" 1}",   "[1,]", "{\"a\":1,}", "\"\\x\"",
        "\"\\u12\"", "01",       "1.",          "nul",  "[1] 2",      "\"\\ud800\"",
        "\"a",       "{\"a\":}", "\"\\u0000\"", "-",    "1e",         "{1:2}"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        gm_dom_document *d;
        EXPECT(gm_dom_parse(&d, bad[k], strlen(bad[k])) == GM_EFORMAT && !d);
        EXPECT_CONTAINS(gm_error_text(), "line 1: ");
    }
    char deep[600];
    memset(deep, '[', sizeof deep);
    gm_dom_document *d;
    EXPECT(gm_dom_parse(&d, deep, sizeof deep) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "128 levels");
}

static void a_document_keeps_order_repeats_and_lines(void)
{
    static const char text[] = "\xEF\xBB\xBF{\"b\": [1,\n {\"c\": "
                               "\"\\u00e9\\n\\ud83d\\ude00\"}],\n\"b\": null, \"a\": -1.5e3}";
    gm_dom_document *d;
    EXPECT(gm_dom_parse(&d, text, sizeof text - 1) == GM_OK);
    gm_dom *o = gm_dom_root(d);
    EXPECT(o->n == 3 && strcmp(o->children[1].key, "b") == 0 && o->children[1].type == GM_DOM_NULL);
    EXPECT(o->children[2].line == 3 && o->children[0].end_line == 2);
    EXPECT_CLOSE(gm_dom_number(&o->children[2]), -1500, 0, 0);
    const gm_dom *c = gm_dom_member(&o->children[0].children[1], "c");
    EXPECT(c && strcmp(c->text, "\xC3\xA9\n\xF0\x9F\x98\x80") == 0);
    /* as printed: {, "b": [, 1, {, "c", }, ], "b", "a", } */
    EXPECT(gm_dom_renumber(o, 1) > 0);
    EXPECT(o->end_line == 10 && o->children[2].line == 9 && c->line == 5);
    gm_dom_destroy(d);
}

static void identifiers_follow_the_grammar_of_their_version(void)
{
    static const char *const both[] = {"dtmi:a;1", "dtmi:a:b_c:D9;999999999"};
    static const char *const three[] = {"dtmi:a", "dtmi:a:b;1.2", "dtmi:a;1.999999"};
    static const char *const none[] = {"dtmi:",      "dtmi:a;",          "dtmi:a;0",
                                       "dtmi:a;01",  "dtmi:a_;1",        "dtmi:_a;1",
                                       "dtmi:1a;1",  "dtmi:a::b;1",      "dtmi:a;1234567890",
                                       "dtmi:a;1.0", "dtmi:a;1.1234567", "dtmo:a;1",
                                       "dtmi:a b;1", "dtmi:a;1;2",       "dtmi:a;1#x"};
    for (size_t k = 0; k < sizeof both / sizeof *both; k++)
        EXPECT(gm_dtmi_is(both[k], 2) && gm_dtmi_is(both[k], 3) && gm_dtmi_is(both[k], 4));
    for (size_t k = 0; k < sizeof three / sizeof *three; k++)
        EXPECT(!gm_dtmi_is(three[k], 2) && gm_dtmi_is(three[k], 3));
    for (size_t k = 0; k < sizeof none / sizeof *none; k++)
        EXPECT(!gm_dtmi_is(none[k], 2) && !gm_dtmi_is(none[k], 4));
}

static void no_memory_is_said_and_nothing_leaks(void)
{
    static const char text[] = HEAD
        "\"contents\": [{\"@type\": \"Telemetry\", \"name\": \"a b\", \"schema\": \"double\"}]}";
    gm_dtdl_text t = {"test", text, sizeof text - 1};
    gm_status s = GM_ENOMEM;
    long n = 0;
    for (; s == GM_ENOMEM && n < 200; n++) {
        gm_dtdl_model *m;
        gm_alloc_fail_after(n);
        s = gm_dtdl_parse(&m, &t, 1, NULL);
        gm_alloc_fail_after(-1);
        EXPECT((s == GM_OK) == (m != NULL) && (s == GM_OK || s == GM_ENOMEM));
        gm_dtdl_destroy(m);
    }
    EXPECT(s == GM_OK && n > 2);
}

int main(int argc, char **argv)
{
    RUN(right_models_are_taken);
    RUN(wrong_models_are_told_with_rule_and_line);
    RUN(what_is_elsewhere_is_unresolved);
    RUN(text_that_is_no_json_is_refused_with_its_line);
    RUN(a_document_keeps_order_repeats_and_lines);
    RUN(identifiers_follow_the_grammar_of_their_version);
    RUN(no_memory_is_said_and_nothing_leaks);
    return gm_report();
}
