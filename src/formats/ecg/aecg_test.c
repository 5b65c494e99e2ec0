#include "ecg/aecg.h"
#include "ecg/xml_tree.h"

#include "ecg/hl7_time.h"
#include "ecg/reader_for_tests.h"

#define REAL GM_SHARED_DIR "/data/ecg/aecg/ecg_hl7_anon.xml"
#define SMALL GM_SOURCE_DIR "/fuzz/corpus/aecg/two_leads.xml"

/* The n-th mark (from 0) of that name in that group. */
static const gm_ecg_mark *mark(const gm_ecg *e, size_t group, const char *what, size_t n)
{
    for (size_t i = 0; i < e->n_marks; i++)
        if (e->marks[i].group == group && strcmp(e->marks[i].what, what) == 0 && n-- == 0)
            return &e->marks[i];
    static const gm_ecg_mark none = {.sample = NAN, .duration_ms = NAN, .value = NAN};
    printf("  no mark %s\n", what);
    return &none;
}

static void range(const gm_ecg *e, int lead, int32_t least, int32_t largest)
{
    const gm_ecg_channel *c = gm_ecg_lead(e, lead);
    EXPECT(c != NULL);
    if (!c) return;
    int32_t lo = INT32_MAX, hi = INT32_MIN;
    for (size_t i = 0; i < e->n_samples; i++) {
        if (c->counts[i] < lo) lo = c->counts[i];
        if (c->counts[i] > hi) hi = c->counts[i];
    }
    EXPECT(lo == least && hi == largest);
}

/* ecg.md, section 9. */
static void the_published_sample_gives_its_known_waveforms(void)
{
    NEED_DATA(REAL);
    gm_ecg *e = read_ecg(REAL);
    if (!e) return;
    EXPECT(strcmp(e->format, "aECG") == 0 && strcmp(e->group, "RHYTHM") == 0);
    EXPECT(e->n_channels == 12 && e->n_samples == 5000 && e->rate_hz == 500 && e->first_ms == 0);
    EXPECT(e->n_others == 1 && e->others[0]->n_channels == 12 && e->others[0]->n_samples == 599);
    EXPECT(strcmp(e->others[0]->group, "REPRESENTATIVE BEAT") == 0 && e->others[0]->rate_hz == 500);
    for (int l = 0; l < GM_N_LEADS; l++) {
        const gm_ecg_channel *c = gm_ecg_lead(e, l);
        EXPECT(c && strcmp(c->name, gm_lead_names[l]) == 0);
        if (c) EXPECT_CLOSE(c->mv_per_count, 0.0025, 1e-15, 0);
        if (c) EXPECT(c->baseline == 0 && c->high_cut_hz == 150 && c->notch_hz == 60);
        if (c) EXPECT(isnan(c->low_cut_hz)); /* the file names a FIR high pass, not its frequency */
        EXPECT(gm_ecg_lead(e->others[0], l) != NULL);
    }
    EXPECT(gm_lead_index(e->channels[8].name) == 2); /* I II V1-V6 III */
    range(e, 0, -122, 166);
    range(e, 11, -124, 389);
    EXPECT(e->channels[0].counts[0] == -2 && e->channels[0].counts[4999] == -13);
    double rms_mv, max_mv;
    gm_ecg_einthoven_error_mv(e, &rms_mv, &max_mv);
    EXPECT_BELOW(max_mv, 0.0051); /* 2 counts */
    EXPECT(e->n_notes == 0);
    gm_ecg_destroy(e);
}

static void the_published_sample_says_who_and_what(void)
{
    NEED_DATA(REAL);
    gm_ecg *e = read_ecg(REAL);
    if (!e) return;
    EXPECT(strcmp(e->acquired, "2002-11-22T09:10:00") == 0);
    EXPECT(strcmp(e->patient.id, "SBJ-123") == 0 && strcmp(e->patient.name, "ANON") == 0);
    EXPECT(strcmp(e->patient.birth_date, "1953") == 0 && e->patient.sex == GM_SEX_MALE);
    EXPECT(e->patient.age_years == 46 && isnan(e->patient.height_cm));
    EXPECT(strcmp(e->device, "Mortara Instrument, Inc. ELI250") == 0);
    EXPECT(strcmp(e->institution, "River City ECG Collection Service") == 0);
    EXPECT(strcmp(e->physician, "ANON") == 0 && e->n_comments == 1);
    EXPECT(e->device_says.pr_ms == 148 && e->device_says.qrs_ms == 120);
    EXPECT(e->device_says.qt_ms == 420 && e->device_says.qtc_ms == 443);
    EXPECT(e->device_says.p_axis_deg == 44 && e->device_says.qrs_axis_deg == -61);
    EXPECT(e->device_says.t_axis_deg == 86 && isnan(e->device_says.rr_ms));
    gm_ecg_destroy(e);
}

static void the_published_sample_has_its_marks(void)
{
    static const double onsets_s[12] = {.270,  1.060, 1.868, 2.714, 3.590, 4.462,
                                        5.304, 6.188, 7.050, 7.888, 8.706, 9.488};
    NEED_DATA(REAL);
    gm_ecg *e = read_ecg(REAL);
    if (!e) return;
    for (size_t i = 0; i < 12; i++) {
        const gm_ecg_mark *m = mark(e, 0, "MDC_ECG_WAVC_QRSWAVE", i);
        EXPECT(m->sample == round(onsets_s[i] * 500) && m->duration_ms == 120 && m->channel == -1);
        EXPECT(mark(e, 0, "MDC_ECG_BEAT_NORMAL", i)->sample == m->sample);
        EXPECT(mark(e, 0, "MDC_ECG_TIME_PD_QT", i)->value == 420);
    }
    EXPECT(mark(e, 0, "MDC_ECG_WAVC_PWAVE", 0)->sample == 61);
    EXPECT(mark(e, 0, "MDC_ECG_WAVC_TWAVE (end)", 0)->sample == 345);
    EXPECT(mark(e, 0, "MDC_ECG_RHY_SINUS_RHY", 0)->duration_ms == 10000);
    EXPECT_CONTAINS(mark(e, 0, "MDC_ECG_RHY_SINUS_RHY", 0)->text, "Sinus Rhythm");
    const gm_ecg_mark *p = mark(e, 1, "MDC_ECG_WAVC_PWAVE", 0),
                      *qrs = mark(e, 1, "MDC_ECG_WAVC_QRSWAVE", 0);
    EXPECT(p->sample == 143 && p->duration_ms == 102); /* 286-388 ms */
    EXPECT(qrs->sample == 217 && qrs->duration_ms == 120 && strcmp(qrs->scheme, "MDC") == 0);
    EXPECT(strcmp(qrs->code, "MDC_ECG_WAVC_QRSWAVE") == 0);
    EXPECT(mark(e, 1, "MDC_ECG_WAVC_TWAVE (end)", 0)->sample == 427);
    EXPECT(mark(e, 1, "MDC_ECG_TIME_PD_P", 0)->value == 102);
    const gm_ecg_mark *peak = mark(e, 0, "MDC_ECG_WAVC_PEAK", 0); /* a person's, in lead I */
    EXPECT(peak->sample == 166 && peak->channel == 0 && isnan(peak->duration_ms));
    gm_ecg_destroy(e);
}

static void what_a_small_file_says_is_understood(void)
{
    gm_ecg *e = read_ecg(SMALL);
    if (!e) return;
    EXPECT(e->n_channels == 2 && e->n_samples == 5 && e->rate_hz == 250);
    const gm_ecg_channel *two = &e->channels[0], *v7 = &e->channels[1];
    EXPECT_CLOSE(two->mv_per_count, 0.005, 1e-15, 0);
    EXPECT_CLOSE(two->baseline, 200, 1e-12, 0); /* origin -1 mV */
    EXPECT(two->counts[0] == 10 && two->counts[1] == -20 && two->counts[3] == 30);
    EXPECT(two->counts[2] == GM_ECG_MISSING_COUNT && two->low_cut_hz == 0.05);
    EXPECT(strcmp(v7->name, "V7") == 0 && v7->lead == -1 && isnan(v7->mv_per_count));
    EXPECT(v7->counts[3] == 4 && v7->counts[4] == GM_ECG_MISSING_COUNT);
    EXPECT(strcmp(e->acquired, "2020-01-02T03:04:05.000+01:00") == 0);
    EXPECT(strcmp(e->patient.name, "A B & C") == 0 && strcmp(e->patient.id, "S1") == 0);
    EXPECT(strcmp(e->patient.birth_date, "1962-03-04") == 0 && e->patient.sex == GM_SEX_FEMALE);
    EXPECT(e->patient.age_years == 57 && strcmp(e->device, "Maker M1") == 0);
    EXPECT(strcmp(e->device_id, "SN7") == 0 && strcmp(e->institution, "Site") == 0);
    EXPECT(strcmp(e->physician, "Inv") == 0 && strcmp(e->comments[0], "dizzy") == 0);
    EXPECT(isnan(e->device_says.rr_ms) && isnan(e->device_says.pr_ms)); /* PR is of one beat */
    EXPECT(e->device_says.qt_ms == 400 && e->device_says.qrs_axis_deg == -61);
    EXPECT(e->others[0]->rate_hz == 500 && e->others[0]->first_ms == -4);
    EXPECT_CLOSE(e->others[0]->channels[0].mv_per_count, 0.005, 1e-15, 0);
    EXPECT(mark(e, 0, "MDC_ECG_BEAT_NORMAL", 0)->sample == 2);
    EXPECT(mark(e, 0, "MDC_ECG_WAVC_QRSWAVE", 0)->channel == 0);
    EXPECT(mark(e, 0, "MDC_ECG_WAVC_QRSWAVE", 1)->channel == 1);
    EXPECT(mark(e, 0, "MDC_ECG_WAVC_QRSWAVE", 1)->duration_ms == 8);
    EXPECT(mark(e, 0, "MDC_ECG_TIME_PD_PR", 0)->sample == 2);
    EXPECT(isnan(mark(e, 0, "MDC_ECG_HEART_RATE", 0)->sample));
    EXPECT(mark(e, 1, "MDC_ECG_WAVC_TWAVE (end)", 0)->sample == 2); /* 0 ms, first sample at -4 */
    EXPECT(e->n_notes == 4);
    gm_ecg_destroy(e);
}

static void times_of_hl7_are_read_strictly(void)
{
    static const struct {
        const char *text, *iso;
    } good[] = {{"2002", "2002"},
                {"20021122", "2002-11-22"},
                {"200211220910", "2002-11-22T09:10"},
                {"20021122091000.5-0530", "2002-11-22T09:10:00.5-05:30"},
                {"20000229", "2000-02-29"}};
    static const char *const bad[] = {"",
                                      "02",
                                      "20021",
                                      "20021301",
                                      "20010229",
                                      "20021122T",
                                      "20021122091000.",
                                      "2002112209+1",
                                      "20021122246060",
                                      "20021122091000Z+"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        gm_hl7_time t;
        char iso[GM_ISO_TIME_SIZE] = "";
        EXPECT(gm_hl7_time_parse(&t, good[i].text));
        gm_hl7_time_iso(iso, &t);
        EXPECT(strcmp(iso, good[i].iso) == 0);
    }
    gm_hl7_time a, b;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(!gm_hl7_time_parse(&a, bad[i]));
    EXPECT(gm_hl7_time_parse(&a, "20000301000000.25+0100") &&
           gm_hl7_time_parse(&b, "20000228225959"));
    EXPECT_CLOSE(gm_hl7_time_difference_s(&a, &b), 86400 + 3601.25, 1e-12, 0);
    b.has_zone = true; /* UTC: a is an hour earlier than it looks */
    EXPECT_CLOSE(gm_hl7_time_difference_s(&a, &b), 86400 + 1.25, 1e-12, 0);
}

/* Whatever hides the declaration from a reader of bytes. */
static void entities_are_refused_in_any_encoding(void)
{
    static const char bomb[] = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><!DOCTYPE a [<!ENTITY x "
                               "\"yy\">]><AnnotatedECG b=\"&x;\"/>";
    static const char seven[] =
        "<?xml version=\"1.0\" encoding=\"UTF-7\"?><!DOCTYPE a [+ADw-!ENTITY x "
        "\"yy\"+AD4-]><AnnotatedECG b=\"&x;\"/>";
    char wide[2 * sizeof bomb] = {'\xff', '\xfe'};
    xmlDoc *doc;
    for (size_t i = 0; bomb[i]; i++)
        wide[2 + 2 * i] = bomb[i];
    EXPECT(gm_xml_parse(&doc, wide, 2 * sizeof bomb, "w.xml") == GM_EFORMAT && !doc);
    EXPECT(strstr(gm_error_text(), "declares entities"));
    EXPECT(gm_xml_parse(&doc, seven, strlen(seven), "s.xml") == GM_EFORMAT && !doc);
}

static void malformed_files_are_refused_with_their_place(void)
{
    static const bad_change cases[] = {
        {"AnnotatedECG", "AnnotatedEEG", "not well-formed XML"},
        {"<AnnotatedECG", "<!DOCTYPE a [<!ENTITY x \"y\">]><AnnotatedECG", "declares entities"},
        {"<AnnotatedECG", "<!DOCTYPE a [<!ATTLIST b c CDATA \"d\">]><AnnotatedECG",
         "declares entities or attributes"},
        {"-20", "1.5", "lead II: digit 2 is \"1.5\""},
        {"-20", "99999999999", "lead II: digit 2"},
        {"-20", "-2147483648", "lead II: digit 2"},
        {"10 -20", "1 1 1 1 1 1 1 1", "leads of 4 and of 11 digits"},
        {"GLIST_TS", "SLIST_TS", "TIME_ABSOLUTE is a \"SLIST_TS\""},
        {"increment value=\"4\"", "increment value=\"0\"", "increment \"0\" ms"},
        {"unit=\"ms\"/></value></sequence>", "unit=\"h\"/></value></sequence>",
         "increment \"4\" h"},
        {"<code code=\"TIME_ABSOLUTE\"/><value xsi:type=\"GLIST_TS\">",
         "<code code=\"X\"/><value xsi:type=\"GLIST_TS\">", "without a time sequence"},
        {"scale value=\"5\"", "scale value=\"-5\"", "-0.005 mV a count"},
        {"scale value=\"5\"", "scale value=\"0\"", "0 mV a count"},
        {"scale value=\"5\"", "scale value=\"x\"", "no scale"},
        {"unit=\"mV\"", "unit=\"s\"", "origin in \"s\""},
        {"SLIST_PQ", "SLIST_QQ", "lead II is a \"SLIST_QQ\""},
    };
    expect_changes_refused(gm_aecg_parse, SMALL, cases, sizeof cases / sizeof *cases, "a.xml");
    static const char other[] = "<a xmlns='urn:hl7-org:v3'/>", none[] = "<AnnotatedECG/>";
    expect_refused(gm_aecg_parse, other, strlen(other), "o.xml", "not an AnnotatedECG");
    expect_refused(gm_aecg_parse, none, strlen(none), "n.xml", "without a lead");
}

static void nesting_has_a_limit(void)
{
    gm_text t = {0};
    gm_text_add(&t, "<AnnotatedECG>");
    for (int i = 0; i < 1000; i++)
        gm_text_add(&t, "<component>");
    for (int i = 0; i < 1000; i++)
        gm_text_add(&t, "</component>");
    gm_text_add(&t, "</AnnotatedECG>");
    expect_refused(gm_aecg_parse, t.data, t.length, "deep.xml", "nested more than 64 deep");
    gm_text_free(&t);
}

static void the_longest_rhythm_is_the_record(void)
{
    static const char series[] =
        "<component><series><code code='%s'/><component><sequenceSet><component><sequence>"
        "<code code='TIME_ABSOLUTE'/><value type='GLIST_TS'><head value='200001010000%s'/>"
        "<increment value='0.01' unit='s'/></value></sequence></component><component><sequence>"
        "<code code='MDC_ECG_LEAD_I'/><value type='SLIST_PQ'><origin value='0' unit='uV'/>"
        "<scale value='1' unit='uV'/><digits>%s</digits></value></sequence></component>"
        "</sequenceSet></component></series></component>";
    gm_text t = {0};
    gm_text_add(&t, "<h:AnnotatedECG xmlns:h='urn:hl7-org:v3'>");
    gm_text_addf(&t, series, "OTHER", "01", "1 2 3 4 5 6");
    gm_text_addf(&t, series, "RHYTHM", "02", "1");
    gm_text_addf(&t, series, "RHYTHM", "10", "1 2 3");
    gm_text_add(&t, "</h:AnnotatedECG>");
    gm_ecg *e = parsed_ecg(gm_aecg_parse, t.data, t.length);
    if (e) {
        EXPECT(e->n_samples == 3 && e->n_others == 2 &&
               strcmp(e->acquired, "2000-01-01T00:00:10") == 0);
        EXPECT(e->others[0]->n_samples == 6 && e->others[0]->first_ms == -9000);
        EXPECT(strcmp(e->others[0]->group, "OTHER") == 0 && e->others[1]->first_ms == -8000);
    }
    gm_ecg_destroy(e);
    gm_text_free(&t);
}

static void damage_and_lack_of_memory_never_crash_it(void)
{
    expect_safe_file(gm_aecg_parse, SMALL);
}

int main(int argc, char **argv)
{
    RUN(the_published_sample_gives_its_known_waveforms);
    RUN(the_published_sample_says_who_and_what);
    RUN(the_published_sample_has_its_marks);
    RUN(what_a_small_file_says_is_understood);
    RUN(times_of_hl7_are_read_strictly);
    RUN(entities_are_refused_in_any_encoding);
    RUN(malformed_files_are_refused_with_their_place);
    RUN(nesting_has_a_limit);
    RUN(the_longest_rhythm_is_the_record);
    RUN(damage_and_lack_of_memory_never_crash_it);
    return gm_report();
}
