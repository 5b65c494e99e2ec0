/* What a DICOM file says beside its samples: facts and annotations. */
#include "ecg/dicom.h"

#include "ecg/dicom_sample.h"
#include "testing/gm_test.h"

#define DCM GM_SHARED_DIR "/data/ecg/dicom/waveform_ecg_anon.dcm"

static gm_ecg *read_shared(void)
{
    gm_ecg *e;
    EXPECT(gm_ecg_read(&e, DCM) == GM_OK);
    if (!e) printf("  %s\n", gm_error_text());
    return e;
}

static gm_ecg *read_sample(const dicom_sample *d)
{
    gm_ecg *e;
    gm_text t = {0};
    dicom_sample_write(&t, d);
    if (gm_ecg_dicom_parse(&e, t.data, t.length, "s.dcm") != GM_OK)
        printf("  %s\n", gm_error_text());
    EXPECT(e != NULL);
    gm_text_free(&t);
    return e;
}

/* ---- facts ------------------------------------------------------------------------------------- */

static void its_facts_are_read_and_empty_ones_stay_unknown(void)
{
    NEED_DATA(DCM);
    gm_ecg *e = read_shared();
    if (!e) return;
    EXPECT(e->patient.sex == GM_SEX_FEMALE && e->patient.age_years == 42 &&
           strcmp(e->patient.id, "ANON01") == 0);
    EXPECT(strcmp(e->patient.name, "Anonymous") == 0 &&
           strcmp(e->patient.birth_date, "1971-01-01") == 0);
    EXPECT(isnan(e->patient.height_cm) && isnan(e->patient.weight_kg) && !e->device_id);
    EXPECT(strcmp(e->device, "Mortara Instrument, Inc. el250") == 0 &&
           strcmp(e->institution, "ANONYMISED") == 0);
    EXPECT(strcmp(e->physician, "0000 (referring)") == 0);
    EXPECT(strcmp(e->acquired, "2013-01-01T00:00:00") == 0);
    EXPECT(e->n_comments == 1 && strcmp(e->comments[0], "ECG") == 0);
    gm_ecg_destroy(e);
}

static void facts_are_read_in_the_characters_of_the_file(void)
{
    static const char *const facts[] = {"00080090", "PN", "House^Gregory^^Dr.",
                                        "00081060", "PN", "Cameron^A\\Chase^R",
                                        "00080080", "LO", "H\xF4pital",
                                        "00080070", "LO", "Maker",
                                        "00081090", "LO", "M1",
                                        "00181000", "LO", "SN 7",
                                        "00100020", "LO", "P-1",
                                        "00100030", "DA", "19620304",
                                        "00101020", "DS", "1.13",
                                        "00101030", "DS", "62.5",
                                        "00104000", "LT", "first line\r\nsecond",
                                        NULL};
    dicom_sample d = dicom_sample_defaults();
    d.characters = "ISO_IR 100";
    d.name = "M\xFCller^Zo\xEB";
    d.texts = facts;
    d.acquired = "20130101093000.250+0100";
    gm_ecg *e = read_sample(&d);
    if (!e) return;
    EXPECT(strcmp(e->patient.name, "M\u00fcller, Zo\u00eb") == 0);
    EXPECT(strcmp(e->institution, "H\u00f4pital") == 0 && strcmp(e->device, "Maker M1") == 0);
    EXPECT(strcmp(e->device_id, "SN 7") == 0 && strcmp(e->patient.id, "P-1") == 0);
    EXPECT(strcmp(e->physician, "House, Gregory, Dr. (referring); Cameron, A (reading); Chase, R "
                                "(reading)") == 0);
    EXPECT(e->patient.height_cm == 113 && e->patient.weight_kg == 62.5);
    EXPECT(strcmp(e->patient.birth_date, "1962-03-04") == 0);
    EXPECT(strcmp(e->acquired, "2013-01-01T09:30:00.25+01:00") == 0);
    EXPECT(e->n_comments == 2 && strcmp(e->comments[1], "second") == 0);
    gm_ecg_destroy(e);
    d.characters = "ISO_IR 192";
    d.name = "M\u00fcller";
    d.texts = NULL;
    e = read_sample(&d);
    if (e) EXPECT(strcmp(e->patient.name, "M\u00fcller") == 0);
    gm_ecg_destroy(e);
    d.characters = "ISO_IR 144"; /* Cyrillic, ISO 8859-5 */
    d.name = "\xB8\xD2\xD0\xDD";
    e = read_sample(&d);
    if (e) EXPECT(strcmp(e->patient.name, "\u0418\u0432\u0430\u043d") == 0);
    gm_ecg_destroy(e);
    d.characters = "ISO_IR 192"; /* a lie */
    d.name = "M\xFCller";
    e = read_sample(&d);
    if (e) EXPECT(strcmp(e->patient.name, "M\u00fcller") == 0);
    if (e) EXPECT_CONTAINS(e->notes[e->n_notes - 1], "do not fit the character set \"ISO_IR 192\"");
    gm_ecg_destroy(e);
}

static void implausible_facts_are_noted_and_left_unknown(void)
{
    static const char *const facts[] = {"00101020", "DS",       "170", "00101030", "DS",
                                        "0",        "00100030", "DA",  "1962",     "00080080",
                                        "LO",       "",         NULL};
    static const char *const no_date[] = {"00100030", "DA", "19621399", NULL};
    dicom_sample d = dicom_sample_defaults();
    d.texts = facts;
    gm_ecg *e = read_sample(&d);
    if (!e) return;
    EXPECT(isnan(e->patient.height_cm) && isnan(e->patient.weight_kg) && !e->institution);
    EXPECT(strcmp(e->patient.birth_date, "1962") == 0);
    EXPECT_CONTAINS(e->notes[1], "size in m \"170\" is not plausible");
    gm_ecg_destroy(e);
    d.texts = no_date;
    d.acquired = "20131301";
    e = read_sample(&d);
    if (!e) return;
    EXPECT(!e->patient.birth_date && !e->acquired);
    EXPECT_CONTAINS(e->notes[1], "the birth date \"19621399\" is no date");
    gm_ecg_destroy(e);
}

/* ---- annotations ------------------------------------------------------------------------------- */

static const gm_ecg_mark *find_mark(const gm_ecg *e, size_t group, const char *what, size_t nth)
{
    for (size_t i = 0; i < e->n_marks; i++) {
        const gm_ecg_mark *m = &e->marks[i];
        if (m->group == group && m->what && strcmp(m->what, what) == 0 && nth-- == 0) return m;
    }
    return NULL;
}

/* The steepest place of lead II within 60 ms of a sample: where a QRS complex is. */
static double steepest_near(const gm_ecg *g, double sample)
{
    const int32_t *c = gm_ecg_lead(g, 1)->counts;
    double best = 0, at = NAN;
    for (long i = (long)sample - 60; i <= (long)sample + 60; i++) {
        double slope = fabs((double)c[i + 2] - c[i - 2]);
        if (slope > best) {
            best = slope;
            at = (double)i;
        }
    }
    return at;
}

static void its_annotations_become_marks_of_the_right_waveform(void)
{
    NEED_DATA(DCM);
    static const int median[] = {299, 413, 460, 501, 535, 828};
    static const int fiducials[] = {527, 1526, 2507, 3489, 4485, 5468, 6442, 7444, 8417, 9370};
    static const char *const names[] = {"P Onset",        "P Offset",   "QRS Onset",
                                        "Fiducial Point", "QRS Offset", "T Offset"};
    gm_ecg *e = read_shared();
    if (!e) return;
    EXPECT(e->n_marks == 77); /* 2 texts, 9 measurements, 11 beats of 6 */
    EXPECT(!e->marks[0].what && strcmp(e->marks[0].text, "RITMO SINUSALE") == 0);
    const gm_ecg_mark *rr = find_mark(e, 0, "RR Interval", 0);
    EXPECT(rr && rr->value == 982 && strcmp(rr->unit, "ms") == 0 && isnan(rr->sample) &&
           rr->channel == -1 && strcmp(rr->scheme, "SCPECG") == 0 &&
           strcmp(rr->code, "5.10.2.1-3") == 0);
    for (size_t k = 0; k < 6; k++) {
        const gm_ecg_mark *m = find_mark(e, 1, names[k], 0);
        EXPECT(m && m->sample == median[k] - 1 && isnan(m->duration_ms) && isnan(m->value));
        for (size_t i = 0; i < 10; i++) {
            m = find_mark(e, 0, names[k], i);
            EXPECT(m && m->sample == fiducials[i] - 1 + median[k] - 501);
        }
        EXPECT(!find_mark(e, 0, names[k], 10) && !find_mark(e, 1, names[k], 1));
    }
    EXPECT_CONTAINS(e->notes[0], "annotation group 2 (6 marks) names waveform 1");
    EXPECT_CONTAINS(e->notes[0], "annotation group 100 (P Onset at samples 299 and 325): taken as "
                                 "of waveform 2 (MEDIAN BEAT)");
    /* The signal agrees: the QRS stands at the same place from its mark in the median beat as in the
     * ten beats, and 26 ms away if 501 were of the rhythm. */
    double in_median = steepest_near(e->others[0], 500) - 500;
    for (size_t i = 0; i < 10; i++)
        EXPECT_CLOSE(steepest_near(e, fiducials[i] - 1) - (fiducials[i] - 1), in_median, 0, 4);
    EXPECT(fabs(steepest_near(e, 500) - 500 - in_median) > 20);
    gm_ecg_destroy(e);
}

static void check_range(const gm_ecg *e, const char *what, size_t nth, int channel, double sample,
                        double duration_ms)
{
    const gm_ecg_mark *m = find_mark(e, 0, what, nth);
    EXPECT(m != NULL);
    if (!m) printf("  no %s %zu\n", what, nth);
    if (!m) return;
    EXPECT(m->channel == channel && strcmp(m->scheme, "99TEST") == 0);
    EXPECT(isnan(sample) ? isnan(m->sample) : m->sample == sample);
    EXPECT(isnan(duration_ms) ? isnan(m->duration_ms) : m->duration_ms == duration_ms);
}

static void every_temporal_range_becomes_marks(void)
{
    dicom_sample d = dicom_sample_defaults();
    d.annotate = dicom_ranges;
    gm_ecg *e = read_sample(&d);
    if (!e) return;
    check_range(e, "point", 0, 1, 0, NAN);
    for (size_t i = 0; i < 3; i++)
        check_range(e, "points", i, -1, i ? (double)i + 1 : 0, NAN);
    check_range(e, "segment", 0, 0, 0, 4);
    check_range(e, "segment", 1, 2, 0, 4);
    check_range(e, "segments", 0, 1, 0, 4);
    check_range(e, "segments", 1, 1, 3, 0);
    check_range(e, "begin", 0, -1, 2, 2);
    check_range(e, "end", 0, 1, 0, 4);
    check_range(e, "seconds", 0, -1, 1, NAN);
    check_range(e, "seconds", 1, -1, 1.25, NAN);
    check_range(e, "clock", 0, -1, 2, NAN);
    check_range(e, "nowhere", 0, -1, NAN, NAN);
    const gm_ecg_mark *rhythm = find_mark(e, 0, "rhythm", 0);
    EXPECT(rhythm && strcmp(rhythm->text, "Sinus rhythm [SCT 64730000]") == 0);
    EXPECT(!find_mark(e, 0, "outside", 0) && !find_mark(e, 0, "none", 0));
    EXPECT_CONTAINS(e->notes[1], "2 annotations lie outside their waveform: left out");
    EXPECT_CONTAINS(e->notes[2], "name channels that do not exist, 1 times");
    gm_ecg_destroy(e);
}

static int second_at, second_group, names_second;

static void add_two_beats(dicom_writer *w)
{
    static const uint16_t first[] = {1, 0}, second[] = {2, 0};
    const uint32_t one[] = {2}, other[] = {(uint32_t)second_at};
    dicom_annotation(w, "R", first, 2, "POINT", one, 1, 2);
    dicom_annotation(w, "R", names_second ? second : first, 2, "POINT", other, 1, second_group);
}

/* The rule of dicom.h: each of its conditions alone keeps the mark where the file puts it. */
static void only_impossible_marks_change_their_waveform(void)
{
    static const struct {
        int at, group, names_second;
        const char *second_label;
        bool moves;
    } cases[] = {{4, 100, 0, "MEDIAN", true},
                 {2, 100, 0, "MEDIAN", false}, /* at the same sample */
                 {4, 2, 0, "MEDIAN", false},   /* of the same annotation group */
                 {3, 100, 1, "MEDIAN", false}, /* the file does name the second waveform */
                 {4, 100, 0, NULL, false}};    /* there is no second waveform */
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dicom_sample d = dicom_sample_defaults();
        second_at = cases[k].at;
        second_group = cases[k].group;
        names_second = cases[k].names_second;
        d.second_label = cases[k].second_label;
        d.annotate = add_two_beats;
        gm_ecg *e = read_sample(&d);
        if (!e) continue;
        EXPECT((find_mark(e, 1, "R", 0) != NULL) == (cases[k].moves || cases[k].names_second));
        EXPECT(cases[k].names_second || (find_mark(e, 0, "R", 1) != NULL) == !cases[k].moves);
        EXPECT(!cases[k].moves || find_mark(e, 1, "R", 0)->sample == 1);
        gm_ecg_destroy(e);
    }
}

int main(int argc, char **argv)
{
    RUN(its_facts_are_read_and_empty_ones_stay_unknown);
    RUN(facts_are_read_in_the_characters_of_the_file);
    RUN(implausible_facts_are_noted_and_left_unknown);
    RUN(its_annotations_become_marks_of_the_right_waveform);
    RUN(every_temporal_range_becomes_marks);
    RUN(only_impossible_marks_change_their_waveform);
    return gm_report();
}
