#include "ecg/encode.h"

#include "ecg/round_trip_for_tests.h"

static const char *const written[] = {"a.csv", "a.hea", "a.edf", "a.dcm", "a.json"};
enum { N_WRITTEN = sizeof written / sizeof *written };

static gm_ecg *one_second(size_t n_channels, size_t n_samples)
{
    gm_ecg *e;
    if (gm_ecg_create(&e, "TEST", n_channels, n_samples) != GM_OK) return NULL;
    e->rate_hz = 500;
    for (size_t c = 0; c < n_channels; c++) {
        e->channels[c].mv_per_count = 0.005;
        for (size_t i = 0; i < n_samples; i++)
            e->channels[c].counts[i] = (int32_t)(i % 50);
    }
    return e;
}

static gm_ecg_mark *add_mark(gm_ecg *e, const char *scheme, const char *code, const char *unit)
{
    gm_ecg_mark *m;
    if (gm_ecg_add_mark(e, &m) != GM_OK) return NULL;
    m->sample = 10;
    m->value = 7;
    (void)gm_ecg_set(&m->what, "Smith");
    (void)gm_ecg_set(&m->text, "Smith");
    (void)gm_ecg_set(&m->scheme, scheme);
    (void)gm_ecg_set(&m->code, code);
    (void)gm_ecg_set(&m->unit, unit);
    return m;
}

/* ---- what is refused ---------------------------------------------------------------------------- */

static void an_ecg_without_channels_or_samples_is_refused(void)
{
    static const size_t sizes[][2] = {{0, 0}, {0, 500}, {2, 0}};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < N_WRITTEN; i++) {
            gm_ecg_files files;
            gm_ecg *e = one_second(sizes[k][0], sizes[k][1]);
            EXPECT(gm_ecg_encode(&files, e, written[i]) == GM_EINVAL && files.n == 0);
            EXPECT_CONTAINS(gm_error_text(), written[i]);
            EXPECT_CONTAINS(gm_error_text(), sizes[k][0] ? "2 channels, 0 samples" : "0 channels");
            gm_ecg_files_free(&files);
            gm_ecg_destroy(e);
        }
}

static void annotations_alone_are_held_by_edf_only(void)
{
    gm_ecg *e = one_second(0, 0);
    (void)add_mark(e, NULL, NULL, NULL);
    for (size_t i = 0; i < N_WRITTEN; i++) {
        gm_ecg_files files;
        bool holds = strcmp(written[i], "a.edf") == 0;
        EXPECT(gm_ecg_encode(&files, e, written[i]) == (holds ? GM_OK : GM_EINVAL));
        gm_ecg_files_free(&files);
    }
    gm_ecg_destroy(e);
}

/* ---- what would tell who it is ------------------------------------------------------------------ */

static void the_clock_of_the_file_is_forgotten(void)
{
    gm_ecg *e = one_second(1, 500), *late = one_second(1, 100), *foreign = one_second(1, 100);
    e->first_ms = 1710023624000;
    late->first_ms = e->first_ms + 250;
    foreign->first_ms = 81224000;
    EXPECT(gm_ecg_add_other(e, late) == GM_OK && gm_ecg_add_other(e, foreign) == GM_OK);
    EXPECT(gm_ecg_anonymise(e) == GM_OK);
    EXPECT(e->first_ms == 0 && late->first_ms == 250 && foreign->first_ms == 0);
    gm_ecg_destroy(e);
}

static void names_of_channels_say_the_lead_and_nothing_else(void)
{
    static const struct {
        const char *name, *becomes;
        int lead;
    } cases[] = {{"V1 (John Smith)", "V1", 6},
                 {"MDC_ECG_LEAD_aVR", "aVR", 3},
                 {"II [Smith]", "II", -1},
                 {"lead I", "I", 0},
                 {NULL, "V6", 11},
                 {"MLII", "MLII", -1},
                 {"MLII Smith", "channel 7", -1},
                 {"John Smith", "channel 8", -1}};
    enum { N = sizeof cases / sizeof *cases };
    gm_ecg *e = one_second(N, 1);
    for (size_t c = 0; c < N; c++) {
        (void)gm_ecg_set(&e->channels[c].name, cases[c].name);
        e->channels[c].lead = cases[c].lead;
    }
    EXPECT(gm_ecg_anonymise(e) == GM_OK);
    for (size_t c = 0; c < N; c++)
        EXPECT(same_text(e->channels[c].name, cases[c].becomes));
    gm_ecg_destroy(e);
}

static void a_mark_stays_only_with_a_code_in_the_form_of_its_scheme(void)
{
    static const struct {
        const char *scheme, *code;
        bool stays;
    } cases[] = {{"MIT", "14/-1/0", true},
                 {"MIT", "N", true},
                 {"MIT", "Smith", false},
                 {"MIT", "19310517", false},
                 {"MIT", "1 Smith", false},
                 {"MDC", "MDC_ECG_TIME_PD_QT", true},
                 {"MDC", "2:16016", true},
                 {"MDC", "131329", true},
                 {"MDC", "MDC_", false},
                 {"MDC", "MDC_ECG John Smith", false},
                 {"MDC", "SMITH", false},
                 {"MDC", "19310517", false},
                 {"SCPECG", "5.10.2.1-3", true},
                 {"SCPECG", "1931-05-17", false},
                 {"SCPECG", "5.1 Smith", false},
                 {"DCM", "122158", true},
                 {"DCM", "Smith", false},
                 {"DCM", "19310517", false},
                 {"LN", "8633-0", true},
                 {"LN", "1931-05", false},
                 {"LN", "8633-0 Smith", false},
                 {"SCT", "49436004", true},
                 {"SCT", "19310517", false},
                 {"SCT", "Smith", false},
                 {"SRT", "R-10206", true},
                 {"SRT", "P5-0410C", true},
                 {"SRT", "R-Smith", false},
                 {"SRT", "-10206", false},
                 {"99SMITH", "1", false},
                 {NULL, NULL, false},
                 {"MIT", NULL, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e = one_second(1, 500);
        (void)add_mark(e, cases[i].scheme, cases[i].code, "ms");
        EXPECT(gm_ecg_anonymise(e) == GM_OK && e->n_marks == (cases[i].stays ? 1 : 0));
        if (e->n_marks != (cases[i].stays ? 1 : 0))
            printf("  %s %s\n", cases[i].scheme, cases[i].code);
        if (e->n_marks) {
            EXPECT(same_text(e->marks[0].what, cases[i].code));
            EXPECT(same_text(e->marks[0].unit, "ms"));
            EXPECT(!e->marks[0].text && e->marks[0].value == 7);
        }
        gm_ecg_destroy(e);
    }
}

static void a_number_stays_only_with_a_usual_unit(void)
{
    static const struct {
        const char *unit;
        bool stays;
    } cases[] = {
        {"uV", true}, {"{H.B.}/min", true}, {"deg", true}, {"J Smith", false}, {NULL, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e = one_second(1, 500);
        (void)add_mark(e, "MDC", "MDC_ECG_TIME_PD_QT", cases[i].unit);
        EXPECT(gm_ecg_anonymise(e) == GM_OK && e->n_marks == 1);
        EXPECT((e->marks[0].unit != NULL) == cases[i].stays);
        EXPECT(isnan(e->marks[0].value) == !cases[i].stays);
        gm_ecg_destroy(e);
    }
}

static void of_the_time_the_year_stays(void)
{
    static const char *const cases[][2] = {{"2024-03-09T22:33:44", "2024"},
                                           {"2024", "2024"},
                                           {"9 March 2024", NULL},
                                           {"0309", NULL},
                                           {"1 Smith", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e = one_second(1, 1);
        (void)gm_ecg_set(&e->acquired, cases[i][0]);
        (void)gm_ecg_set(&e->device, "Acme of Smith's ward");
        EXPECT(gm_ecg_anonymise(e) == GM_OK && !e->device);
        if (cases[i][1])
            EXPECT(same_text(e->acquired, cases[i][1]));
        else
            EXPECT(!e->acquired);
        gm_ecg_destroy(e);
    }
}

int main(int argc, char **argv)
{
    RUN(an_ecg_without_channels_or_samples_is_refused);
    RUN(annotations_alone_are_held_by_edf_only);
    RUN(the_clock_of_the_file_is_forgotten);
    RUN(names_of_channels_say_the_lead_and_nothing_else);
    RUN(a_mark_stays_only_with_a_code_in_the_form_of_its_scheme);
    RUN(a_number_stays_only_with_a_usual_unit);
    RUN(of_the_time_the_year_stays);
    return gm_report();
}
