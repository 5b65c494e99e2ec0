#include "ecg/fhir.h"

#include "core/json.h"
#include "ecg/reader_for_tests.h"
#include "ecg/round_trip_for_tests.h"

#define SMALL GM_SOURCE_DIR "/fuzz/corpus/fhir_ecg/two_leads.json"

static void real_records_come_back_count_for_count(void)
{
    expect_real_records_come_back("r.json");
}

static void awkward_scales_names_and_facts_come_back(void)
{
    gm_ecg *e = awkward_ecg();
    if (!e) return;
    fill_facts(e);
    (void)gm_ecg_set(&e->group, "MEDIAN BEAT");
    e->channels[0].baseline = -0.49998474 / 3;
    e->rate_hz = 1e4 / 3 + 1e-9;
    e->first_ms = -5.0 / 3;
    expect_awkward_comes_back(e, "a.json");
}

/* The JSON that is written of an ECG. */
static json_t *written(const gm_ecg *e)
{
    gm_ecg_files files = {0};
    json_t *j = NULL;
    if (gm_ecg_encode(&files, e, "w.json") == GM_OK)
        j = json_loadb(files.items[0].bytes, files.items[0].length, 0, NULL);
    gm_ecg_files_free(&files);
    return j;
}

static const char *string_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* R4: SampledData, and the codes of ISO/IEEE 11073-10101. */
static void what_is_written_obeys_r4(void)
{
    gm_ecg *e = awkward_ecg();
    json_t *j = e ? written(e) : NULL;
    EXPECT(j != NULL);
    const json_t *component = json_array_get(json_object_get(j, "component"), 0);
    const json_t *sampled = json_object_get(component, "valueSampledData");
    const json_t *coding =
        json_array_get(json_object_get(json_object_get(component, "code"), "coding"), 0);
    EXPECT(strcmp(string_at(j, "status"), "final") == 0);
    EXPECT(strcmp(string_at(coding, "code"), "131330") == 0);
    EXPECT(strcmp(string_at(coding, "system"), "urn:oid:2.16.840.1.113883.6.24") == 0);
    EXPECT(strcmp(string_at(coding, "display"), "MDC_ECG_ELEC_POTL_II") == 0);
    EXPECT(json_number_value(json_object_get(json_object_get(sampled, "origin"), "value")) == 0);
    EXPECT(!json_object_get(json_object_get(sampled, "origin"), "comparator"));
    EXPECT(json_number_value(json_object_get(sampled, "factor")) == 0.005);
    EXPECT(json_is_integer(json_object_get(sampled, "dimensions")));
    EXPECT_CLOSE(json_number_value(json_object_get(sampled, "period")), 7000 / 360.0, 1e-15, 0);
    EXPECT(strcmp(string_at(sampled, "data"), "0 1 -1 2147483647 -2147483647") == 0);
    const json_t *second = json_array_get(json_object_get(j, "component"), 1);
    EXPECT_CONTAINS(string_at(json_object_get(second, "valueSampledData"), "data"), "E 1024 995 ");
    /* What nobody said is not there: FHIR knows no empty elements. */
    EXPECT(!json_object_get(j, "subject") && !json_object_get(j, "contained"));
    EXPECT(!json_object_get(j, "device") && !json_object_get(j, "performer"));
    EXPECT(!json_object_get(j, "effectiveDateTime") && !json_object_get(j, "issued"));
    json_decref(j);
    gm_ecg_destroy(e);
}

static void times_without_a_zone_are_days_and_a_note(void)
{
    static const struct {
        const char *acquired, *effective;
        bool noted;
        const char *back; /* NULL: as it was */
    } cases[] = {{"2020", "2020", false, NULL},
                 {"2020-01", "2020-01", false, NULL},
                 {"2020-01-02T03:04:05.25+05:30", "2020-01-02T03:04:05.25+05:30", false, NULL},
                 {"2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z", false, NULL},
                 {"2020-01-02T03:04:05", "2020-01-02", true, NULL},
                 {"2020-01-02T03:04Z", "2020-01-02", true, NULL},
                 {"2020-01-02T03:04:05+0530", "2020-01-02", true, "2020-01-02"},
                 {"2020-13-02", "", true, ""},
                 {"yesterday", "", true, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e = awkward_ecg(), *back;
        if (!e) continue;
        e->rate_hz = 500;
        gm_ecg_files files = {0};
        (void)gm_ecg_set(&e->acquired, cases[i].acquired);
        json_t *j = written(e);
        EXPECT(strcmp(string_at(j, "effectiveDateTime"), cases[i].effective) == 0);
        EXPECT((json_object_get(j, "note") != NULL) == cases[i].noted);
        back = there_and_back(e, "t.json", &files);
        const char *expected = cases[i].back ? cases[i].back : cases[i].acquired;
        EXPECT(back && (*expected ? same_text(back->acquired, expected) : !back->acquired));
        json_decref(j);
        gm_ecg_files_free(&files);
        gm_ecg_destroy(e);
        gm_ecg_destroy(back);
    }
}

static void samples_beyond_a_fhir_string_are_refused(void)
{
    gm_ecg *e;
    gm_ecg_files files;
    EXPECT(gm_ecg_create(&e, "TEST", 1, 600000) == GM_OK);
    e->rate_hz = 360;
    e->channels[0].mv_per_count = 0.005;
    EXPECT(gm_ecg_encode(&files, e, "long.json") == GM_EINVAL && files.n == 0);
    EXPECT_CONTAINS(gm_error_text(), "long.json: channel ?: its 600000 samples take 1199999 char");
    EXPECT_CONTAINS(gm_error_text(), "at most 1048576");
    e->n_samples = 500000;
    EXPECT(gm_ecg_encode(&files, e, "long.json") == GM_OK);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void what_others_write_is_understood(void)
{
    gm_ecg *e;
    EXPECT(gm_ecg_read(&e, SMALL) == GM_OK);
    if (!e) return;
    const gm_ecg_channel *three = &e->channels[0], *v2 = &e->channels[1], *resp = &e->channels[2];
    EXPECT(strcmp(e->format, "FHIR") == 0 && e->n_channels == 3 && e->n_samples == 4);
    EXPECT(e->rate_hz == 500.00000000001 && e->first_ms == -2);
    EXPECT(three->lead == 2 && strcmp(three->name, "III") == 0 && three->mv_per_count == 0.005);
    EXPECT(three->baseline == 5.00000001 && three->counts[2] == GM_ECG_MISSING_COUNT);
    EXPECT(v2->lead == 7 && v2->counts[0] == 125 && v2->counts[2] == -300);
    EXPECT_CLOSE(v2->mv_per_count, 1e-5, 1e-15, 0); /* 0.01 uV */
    EXPECT(v2->counts[1] == GM_ECG_MISSING_COUNT && v2->counts[3] == GM_ECG_MISSING_COUNT);
    EXPECT(isnan(resp->mv_per_count) && resp->baseline == 3 && resp->lead == -1);
    EXPECT(e->device_says.qt_ms == 368 && isnan(e->device_says.pr_ms));
    EXPECT(same_text(e->acquired, "2020-01-02T03:04") &&
           same_text(e->patient.birth_date, "1962-03"));
    EXPECT(same_text(e->patient.name, "A B") && same_text(e->patient.id, "P1"));
    EXPECT(same_text(e->device, "M") && same_text(e->device_id, "7"));
    EXPECT(same_text(e->physician, "Dr") && same_text(e->institution, "House"));
    EXPECT(e->n_comments == 1 && same_text(e->comments[0], "calm"));
    EXPECT(e->n_notes == 3);
    EXPECT_CONTAINS(e->notes[0], "channel V2: 2 samples are beyond the limits of detection");
    gm_ecg_destroy(e);
}

static void malformed_observations_are_refused_with_their_place(void)
{
#define OBSERVATION(component) \
    "{\"resourceType\":\"Observation\",\"component\":[{\"valueSampledData\":" component "}]}"
    static const bad_text cases[] = {
        {"", "o.json:1:0: not valid JSON"},
        {"{\"resourceType\":\"Observation\"", "not valid JSON"},
        {"[]", "JSON, but no FHIR Observation"},
        {"{\"resourceType\":\"Patient\"}", "no FHIR Observation"},
        {"{\"resourceType\":\"Observation\"}", "without a component with valueSampledData"},
        {OBSERVATION("7"), "without a component"},
        {OBSERVATION("{\"data\":\"1\"}"), "component 1: no period"},
        {OBSERVATION("{\"period\":2}"), "component 1: no data"},
        {OBSERVATION("{\"period\":2,\"data\":\" \"}"), "no data"},
        {OBSERVATION("{\"period\":2,\"data\":5}"), "no data"},
        {OBSERVATION("{\"period\":0,\"data\":\"1\"}"), "\"period\" is 0 ms"},
        {OBSERVATION("{\"period\":\"2\",\"data\":\"1\"}"), "\"period\" must be a number"},
        {OBSERVATION("{\"period\":1000,\"data\":\"1\"}"), "sampling rate 1 Hz"},
        {OBSERVATION("{\"period\":2,\"dimensions\":3,\"data\":\"1\"}"), "\"dimensions\" is 3"},
        {OBSERVATION("{\"period\":2,\"data\":\"1 X\"}"), "component 1: data: sample 2 is \"X\""},
        {OBSERVATION("{\"period\":2,\"data\":\"1 nan\"}"), "sample 2 is \"nan\""},
        {OBSERVATION("{\"period\":2,\"data\":\"3e9\"}"), "data: 3e+09, allowed are"},
        {OBSERVATION("{\"period\":2,\"data\":\"1\",\"factor\":0,\"origin\":{\"unit\":\"mV\"}}"),
         "factor 0"},
        {OBSERVATION("{\"period\":2,\"data\":\"1\",\"factor\":11,\"origin\":{\"unit\":\"mV\"}}"),
         "11 mV a count"},
        {OBSERVATION("{\"period\":2,\"data\":\"1\"}},{\"valueSampledData\":{\"period\":2,\"data\":"
                     "\"1 2\"}"),
         "component 2: 2 samples every 2 ms, the channels before it have 1"},
    };
    expect_texts_refused(gm_fhir_parse, cases, sizeof cases / sizeof *cases, "o.json");
}

/* Read, and written again where that is possible. */
static gm_status read_and_write(gm_ecg **e, const void *bytes, size_t length, const char *name)
{
    gm_ecg_files files = {0};
    gm_status s = gm_fhir_parse(e, bytes, length, name);
    if (s == GM_OK && gm_ecg_encode(&files, *e, "m.json") == GM_ENOMEM) {
        s = GM_ENOMEM;
        gm_ecg_destroy(*e);
        *e = NULL;
    }
    gm_ecg_files_free(&files);
    return s;
}

static void damage_and_lack_of_memory_never_crash_it(void)
{
    expect_safe_file(read_and_write, SMALL);
}

int main(int argc, char **argv)
{
    RUN(real_records_come_back_count_for_count);
    RUN(awkward_scales_names_and_facts_come_back);
    RUN(what_is_written_obeys_r4);
    RUN(times_without_a_zone_are_days_and_a_note);
    RUN(samples_beyond_a_fhir_string_are_refused);
    RUN(what_others_write_is_understood);
    RUN(malformed_observations_are_refused_with_their_place);
    RUN(damage_and_lack_of_memory_never_crash_it);
    return gm_report();
}
