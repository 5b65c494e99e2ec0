/* What a right model holds, as programs read it; instances; resolvers; writing back. */
#include "info/dtdl/model.h"

#include "core/alloc.h"
#include "info/dtdl/duration.h"
#include "info/dtdl/instance.h"
#include "info/dtdl/write.h"
#include "testing/gm_test.h"

static const char BED[] =
    "{\"@context\": [\"dtmi:dtdl:context;3\", \"dtmi:gemel:extension:medtwin;1\"],"
    " \"@id\": \"dtmi:t:Bed;1\", \"@type\": [\"Interface\", \"Coded\"],"
    " \"codes\": \"http://snomed.info/sct|229772003\","
    " \"displayName\": {\"en\": \"bed\", \"zh-Hans\": \"\xE5\xBA\x8A\"},"
    " \"extends\": \"dtmi:t:Place;1\","
    " \"contents\": ["
    "  {\"@type\": [\"Telemetry\", \"Quantity\", \"Monitored\"], \"name\": \"heartRate\","
    "   \"schema\": \"double\", \"ucum\": \"/min\", \"lowest\": 0, \"highest\": 350.5,"
    "   \"staleAfter\": \"PT1M30S\"},"
    "  {\"@type\": \"Property\", \"name\": \"sides\", \"schema\": {\"@type\": \"Object\","
    "   \"fields\": [{\"name\": \"left\", \"schema\": \"boolean\"},"
    "                {\"name\": \"since\", \"schema\": \"date\"}]}}]}";

static const char PLACE[] =
    "{\"@context\": \"dtmi:dtdl:context;2\", \"@id\": \"dtmi:t:Place;1\", \"@type\": \"Interface\","
    " \"contents\": {\"@type\": \"Property\", \"name\": \"floor\", \"schema\": \"integer\","
    "  \"writable\": true}}";

static size_t n_asked;

static gm_status give_place(void *context, const char *const ids[], size_t n, gm_dtdl_answers *to,
                            bool *knows)
{
    bool *knows_it = context;
    n_asked++;
    EXPECT(n == 1 && strcmp(ids[0], "dtmi:t:Place;1") == 0);
    *knows = *knows_it;
    return gm_dtdl_answer(to, PLACE, sizeof PLACE - 1);
}

static gm_dtdl_model *parse_bed(bool knows)
{
    gm_dtdl_model *m = NULL;
    gm_dtdl_text t = {"Bed.json", BED, sizeof BED - 1};
    gm_dtdl_options o = {.resolve = give_place, .context = &knows};
    EXPECT(gm_dtdl_parse(&m, &t, 1, &o) == GM_OK);
    if (gm_dtdl_n_errors(m)) printf("%s\n", gm_dtdl_error_at(m, 0)->id);
    return m;
}

static void elements_are_read_with_what_bases_bring(void)
{
    n_asked = 0;
    gm_dtdl_model *m = parse_bed(true);
    const gm_dtdl_element *bed = gm_dtdl_find(m, "dtmi:t:Bed;1");
    EXPECT(n_asked == 1 && gm_dtdl_n_errors(m) == 0 && gm_dtdl_n_unresolved(m) == 0 && bed);
    EXPECT(strcmp(gm_dtdl_class(bed), "Interface") == 0 && gm_dtdl_n_types(bed) == 1);
    EXPECT(gm_dtdl_has_type(bed, "dtmi:gemel:extension:medtwin:v1:Coded"));
    EXPECT(strcmp(gm_dtdl_text_in(bed, "displayName", "zh-Hans"), "\xE5\xBA\x8A") == 0);
    EXPECT(strcmp(gm_dtdl_text_in(bed, "displayName", "fr"), "bed") == 0);
    EXPECT(!gm_dtdl_text_in(bed, "description", "en"));

    const gm_dtdl_element *rate = gm_dtdl_content(bed, "heartRate"),
                          *floor = gm_dtdl_content(bed, "floor");
    EXPECT(rate && floor && !gm_dtdl_content(bed, "ceiling"));
    static const char ucum[] = "dtmi:gemel:extension:medtwin:v1:word:ucum";
    EXPECT(strcmp(gm_dtdl_literal(rate, ucum, 0), "/min") == 0 && !gm_dtdl_literal(rate, ucum, 1));
    EXPECT(strcmp(gm_dtdl_id(gm_dtdl_child(rate, "schema", 0)),
                  "dtmi:dtdl:instance:Schema:double;2") == 0);
    EXPECT(gm_dtdl_is_standard(gm_dtdl_child(rate, "schema", 0)));
    EXPECT(strcmp(gm_dtdl_literal(floor, "writable", 0), "true") == 0);
    EXPECT(gm_dtdl_is_of_class(gm_dtdl_child(floor, "schema", 0), "NumericSchema"));
    gm_dtdl_destroy(m);
}

static void a_resolver_that_knows_nothing_leaves_the_reference_open(void)
{
    gm_dtdl_model *m = parse_bed(false);
    EXPECT(gm_dtdl_n_unresolved(m) == 1 && gm_dtdl_n_missing(m) == 1);
    EXPECT(strcmp(gm_dtdl_missing_at(m, 0).id, "dtmi:t:Place;1") == 0);
    EXPECT(gm_dtdl_missing_at(m, 0).at.line == 1);
    gm_dtdl_destroy(m);
}

static void expect_instance(const gm_dtdl_element *schema, const char *json, bool wanted)
{
    bool conforms = !wanted;
    EXPECT(gm_dtdl_conforms(&conforms, schema, json, strlen(json)) == GM_OK);
    if (conforms != wanted) printf("%s: %s\n", gm_dtdl_id(schema), json);
    EXPECT(conforms == wanted);
}

static void instances_conform_to_their_schema_or_not(void)
{
    gm_dtdl_model *m = parse_bed(true);
    const gm_dtdl_element *bed = gm_dtdl_find(m, "dtmi:t:Bed;1");
    const gm_dtdl_element *sides = gm_dtdl_child(gm_dtdl_content(bed, "sides"), "schema", 0);
    const gm_dtdl_element *floor = gm_dtdl_child(gm_dtdl_content(bed, "floor"), "schema", 0);
    expect_instance(sides, "{\"left\": true, \"since\": \"2024-02-29\"}", true);
    expect_instance(sides, "{}", true);
    expect_instance(sides, "{\"left\": 1}", false);
    expect_instance(sides, "{\"right\": true}", false);
    expect_instance(sides, "{\"since\": \"2023-02-29\"}", false);
    expect_instance(sides, "[]", false);
    expect_instance(sides, "{\"left\": true", false);
    expect_instance(floor, "2147483647", true);
    expect_instance(floor, "-2147483648", true);
    expect_instance(floor, "2147483648", false);
    expect_instance(floor, "1.5", false);
    bool conforms;
    EXPECT(gm_dtdl_conforms(&conforms, bed, "{}", 2) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "Interface has no instances");
    gm_dtdl_destroy(m);
}

static void what_is_written_back_reads_the_same(void)
{
    gm_dtdl_model *m = parse_bed(true), *again = NULL;
    const gm_dtdl_element *bed = gm_dtdl_find(m, "dtmi:t:Bed;1");
    gm_text t = {0};
    EXPECT(gm_dtdl_write(bed, &t) == GM_OK);
    gm_dtdl_text texts[] = {{"again", t.data, t.length}, {"place", PLACE, sizeof PLACE - 1}};
    EXPECT(gm_dtdl_parse(&again, texts, 2, NULL) == GM_OK && gm_dtdl_n_errors(again) == 0);
    EXPECT(gm_dtdl_n_elements(again) == gm_dtdl_n_elements(m));
    for (const gm_dtdl_element *e = gm_dtdl_first(m); e; e = gm_dtdl_next(e)) {
        json_t *a = NULL, *b = NULL;
        EXPECT(gm_dtdl_describe(&a, m, e) == GM_OK);
        EXPECT(gm_dtdl_describe(&b, again, gm_dtdl_find(again, gm_dtdl_id(e))) == GM_OK);
        EXPECT(json_equal(a, b));
        json_decref(a), json_decref(b);
    }
    gm_dtdl_destroy(again);
    gm_dtdl_destroy(m);
    gm_text_free(&t);
}

static void durations_are_read_as_iso_8601_has_them(void)
{
    static const struct {
        const char *text, *span;
        double s;
    } good[] = {{"PT15S", "00:00:15", 15},       {"PT1M30.5S", "00:01:30", 90.5},
                {"P1DT2H", "1.02:00:00", 93600}, {"P2W", "14.00:00:00", 1209600},
                {"-PT1H", "-01:00:00", -3600},   {"PT36H", "1.12:00:00", 129600}};
    static const char *const bad[] = {"", "P", "PT", "15S", "PT15", "P1H", "PT1S1M", "P1DT", "PTS"};
    char span[40];
    double s;
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        EXPECT(gm_duration_parse(good[k].text, &s));
        EXPECT_CLOSE(s, good[k].s, 0, 0);
        EXPECT(gm_dtdl_span(good[k].text, span) && strcmp(span, good[k].span) == 0);
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        EXPECT(!gm_duration_parse(bad[k], &s) && !gm_dtdl_span(bad[k], span));
}

static void no_memory_is_said_by_every_call(void)
{
    gm_status s = GM_ENOMEM;
    long n = 0;
    for (; s == GM_ENOMEM && n < 400; n++) {
        bool knows = true;
        gm_dtdl_model *m;
        gm_dtdl_text t = {"Bed.json", BED, sizeof BED - 1};
        gm_dtdl_options o = {.resolve = give_place, .context = &knows};
        gm_alloc_fail_after(n);
        s = gm_dtdl_parse(&m, &t, 1, &o);
        gm_alloc_fail_after(-1);
        EXPECT((s == GM_OK) == (m != NULL) && (s == GM_OK || s == GM_ENOMEM));
        gm_dtdl_destroy(m);
    }
    EXPECT(s == GM_OK && n > 5);
}

int main(int argc, char **argv)
{
    RUN(elements_are_read_with_what_bases_bring);
    RUN(a_resolver_that_knows_nothing_leaves_the_reference_open);
    RUN(instances_conform_to_their_schema_or_not);
    RUN(what_is_written_back_reads_the_same);
    RUN(durations_are_read_as_iso_8601_has_them);
    RUN(no_memory_is_said_by_every_call);
    return gm_report();
}
