#include "ecg/waveform.h"

#include "core/alloc.h"
#include "core/file.h"
#include "ecg/build.h"
#include "ecg/dicom_sample.h"
#include "ecg/format.h"
#include "testing/gm_test.h"

static void lead_names_are_known_in_their_usual_spellings(void)
{
    static const struct {
        const char *name;
        int lead;
    } cases[] = {
        {"I", 0},
        {"ii", 1},
        {"Lead III", 2},
        {"avr", 3},
        {"MDC_ECG_LEAD_aVL", 4},
        {"AVF", 5},
        {"v1", 6},
        {"MDC_ECG_LEAD_V6", 11},
        {"Lead I (Einthoven)", 0},
        {" lead_V2 ", 7},
        {"ECG lead II", 1},
        {"ECG V5", 10},
        {"MLII", -1},
        {"", -1},
        {"Lead", -1},
        {"V7", -1},
        {"I like it", -1},
        {"vx", -1},
        {"IV", -1},
        {"V", -1},
        {"V10", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        EXPECT(gm_lead_index(cases[i].name) == cases[i].lead);
        if (gm_lead_index(cases[i].name) != cases[i].lead) printf("  %s\n", cases[i].name);
    }
    EXPECT(gm_lead_index(NULL) == -1);
    for (int l = 0; l < GM_N_LEADS; l++)
        EXPECT(gm_lead_index(gm_lead_names[l]) == l);
}

/* Two limb leads at 0.01 mV a count with baseline 5; `a` and `b` are their numbers. */
static gm_ecg *two_limb_leads(int a, int b)
{
    gm_ecg *e;
    EXPECT(gm_ecg_create(&e, "TEST", 2, 2) == GM_OK);
    for (int c = 0; c < 2; c++) {
        e->channels[c].lead = c ? b : a;
        e->channels[c].mv_per_count = 0.01;
        e->channels[c].baseline = 5;
        e->channels[c].counts[0] = c ? 65 : 105; /* 0.6 and 1.0 mV */
        e->channels[c].counts[1] = c ? 65 : GM_ECG_MISSING_COUNT;
    }
    return e;
}

static void limb_leads_are_derived_from_any_two_of_the_first_three(void)
{
    static const int pairs[3][2] = {{0, 1}, {0, 2}, {1, 2}};
    static const double expected[3][3] = {{1.0, 0.6, -0.4}, {1.0, 1.6, 0.6}, {0.4, 1.0, 0.6}};
    for (int p = 0; p < 3; p++) {
        gm_ecg *e = two_limb_leads(pairs[p][0], pairs[p][1]);
        double v[GM_N_LEADS][2], i = expected[p][0], ii = expected[p][1];
        bool derived[GM_N_LEADS];
        EXPECT(gm_ecg_twelve_leads_mv(e, &v[0][0], derived) == GM_OK);
        for (int l = 0; l < 3; l++) {
            EXPECT_CLOSE(v[l][0], expected[p][l], 1e-12, 0);
            EXPECT(derived[l] == (l != pairs[p][0] && l != pairs[p][1]));
        }
        EXPECT_CLOSE(v[3][0], -(i + ii) / 2, 1e-12, 0);
        EXPECT_CLOSE(v[4][0], i - ii / 2, 1e-12, 0);
        EXPECT_CLOSE(v[5][0], ii - i / 2, 1e-12, 1e-15);
        EXPECT(derived[3] && derived[4] && derived[5] && !derived[6]);
        EXPECT(isnan(v[6][0]) && isnan(v[11][1]));
        EXPECT(isnan(v[pairs[p][0]][1]) && isnan(v[3][1])); /* missing stays missing */
        gm_ecg_destroy(e);
    }
}

static void an_uncalibrated_lead_is_no_voltage(void)
{
    gm_ecg *e = two_limb_leads(0, 1);
    e->channels[1].mv_per_count = NAN;
    double v[GM_N_LEADS][2];
    bool derived[GM_N_LEADS];
    EXPECT(gm_ecg_twelve_leads_mv(e, &v[0][0], derived) == GM_OK);
    EXPECT_CLOSE(v[0][0], 1, 1e-12, 0);
    EXPECT(isnan(v[1][0]) && isnan(v[2][0]) && !derived[2]);
    double rms_mv, max_mv;
    gm_ecg_einthoven_error_mv(e, &rms_mv, &max_mv);
    EXPECT(isnan(rms_mv) && isnan(max_mv));
    gm_ecg_destroy(e);
}

static void a_lead_is_written_by_a_name_that_reads_back(void)
{
    static const struct {
        const char *name, *written;
        int lead;
    } cases[] = {{"EKG V1-ref", "EKG V1-ref", 6},
                 {"ECG II", "ECG II", 1},
                 {"left arm", "I", 0},
                 {NULL, "aVF", 5},
                 {"resp", "resp", -1},
                 {NULL, NULL, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s", cases[i].name ? cases[i].name : "");
        gm_ecg_channel c = {.name = cases[i].name ? name : NULL, .lead = cases[i].lead};
        const char *written = gm_ecg_lead_name(&c);
        EXPECT(cases[i].written ? strcmp(written, cases[i].written) == 0 : !written);
        EXPECT(gm_lead_index(written) == cases[i].lead);
    }
}

static void texts_become_utf8(void)
{
    char *field = NULL;
    EXPECT(gm_ecg_set(&field, " M\xfcller\t1 ") == GM_OK && strcmp(field, "M\xc3\xbcller 1") == 0);
    EXPECT(gm_ecg_set(&field, "\xe5\xbf\x83") == GM_OK && strcmp(field, "\xe5\xbf\x83") == 0);
    EXPECT(gm_ecg_set(&field, "\xed\xa0\x80") == GM_OK && strlen(field) == 6); /* a surrogate */
    EXPECT(gm_ecg_set(&field, "  ") == GM_OK && !field);
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[299] = 0;
    longest[251] = '\xc3';
    longest[252] = '\xbc';
    EXPECT(gm_ecg_set(&field, longest) == GM_OK && strlen(field) == 254);
    EXPECT(strcmp(field + 250, "a...") == 0); /* a cut is seen */
    gm_free(field);
}

static void long_comments_are_split_and_too_many_are_said(void)
{
    gm_ecg *e;
    char text[600];
    EXPECT(gm_ecg_create(&e, "test", 1, 1) == GM_OK);
    memset(text, '\xa4', sizeof text - 1); /* Latin-1 */
    text[599] = 0;
    EXPECT(gm_ecg_add_comment(e, text) == GM_OK && e->n_comments == 3);
    size_t length = 0;
    for (size_t i = 0; i < e->n_comments; i++)
        length += strlen(e->comments[i]);
    EXPECT(length == 2 * 599);
    for (int i = 0; i < 2000; i++)
        EXPECT(gm_ecg_add_comment(e, "x") == GM_OK);
    EXPECT(e->n_comments == 1000 && e->n_notes == 1);
    EXPECT_CONTAINS(e->notes[0], "beyond the first 1000 are left out");
    gm_ecg_destroy(e);
}

static void impossible_facts_are_forgotten_and_said(void)
{
    static const struct {
        const char *acquired, *birth_date;
        double age, height, weight;
        size_t n_notes;
    } cases[] = {{"2024-02-29T23:59:60.5Z", "1900", 0, 0, 1000, 0},
                 {"2024-02-29T23:59", "1900-12", 130, 300, 0, 0},
                 {"2023-02-29", "19000101", -1, 301, 2000, 5},
                 {"2023-02-28T", "1900-02-29", NAN, NAN, NAN, 2},
                 {"2023-02T10", "1900-1", NAN, NAN, NAN, 2},
                 {"ward 7", "29/02/2000", INFINITY, NAN, NAN, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e;
        EXPECT(gm_ecg_create(&e, "test", 1, 1) == GM_OK);
        e->rate_hz = 500;
        EXPECT(gm_ecg_set(&e->acquired, cases[i].acquired) == GM_OK);
        EXPECT(gm_ecg_set(&e->patient.birth_date, cases[i].birth_date) == GM_OK);
        e->patient.age_years = cases[i].age;
        e->patient.height_cm = cases[i].height, e->patient.weight_kg = cases[i].weight;
        EXPECT(gm_ecg_finish(e, "f") == GM_OK);
        EXPECT(e->n_notes == cases[i].n_notes && !e->acquired == (i > 1));
        EXPECT(!e->patient.birth_date == (i > 1) && isnan(e->patient.age_years) == (i > 1));
        gm_ecg_destroy(e);
    }
}

static void units_are_known_by_name_and_symbol(void)
{
    EXPECT(gm_ecg_unit_mv("mV") == 1 && gm_ecg_unit_mv("uV") == 1e-3 && gm_ecg_unit_mv("V") == 1e3);
    EXPECT(gm_ecg_unit_mv("\xc2\xb5V") == 1e-3 && gm_ecg_unit_mv("Microvolts") == 1e-3);
    EXPECT(isnan(gm_ecg_unit_mv("mmHg")) && isnan(gm_ecg_unit_mv("")) &&
           isnan(gm_ecg_unit_mv(NULL)));
}

/* A scratch folder with one file in it. */
static char folder[] = "/tmp/gm_ecg_test_XXXXXX";
static char path[sizeof folder + 32];

static const char *write_file(const char *name, const void *bytes, size_t length)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    EXPECT(gm_file_write(path, bytes, length) == GM_OK);
    return path;
}

static void formats_are_told_by_content(void)
{
    gm_text t = {0};
    dicom_sample d = dicom_sample_defaults();
    dicom_sample_write(&t, &d);
    gm_ecg *e;
    EXPECT(gm_ecg_read(&e, write_file("a.csv", t.data, t.length)) == GM_OK);
    EXPECT(e && strcmp(e->format, "DICOM") == 0);
    gm_ecg_destroy(e);
    unlink(path);
    gm_text_free(&t);
    static const char table[] = "# rate_hz: 500\nV1\n0.5\n";
    EXPECT(gm_ecg_read(&e, write_file("a.hea", table, strlen(table))) == GM_OK);
    EXPECT(e && strcmp(e->format, "CSV") == 0);
    gm_ecg_destroy(e);
    unlink(path);
    write_file("r.dat", "\1\0\2\0", 4);
    static const char header[] = "r 1 500 2\nr.dat 16 200 16 0 1 3 0 II\n";
    EXPECT(gm_ecg_read(&e, write_file("r.txt", header, strlen(header))) == GM_OK);
    EXPECT(e && strcmp(e->format, "WFDB") == 0 && e->n_notes == 0);
    gm_ecg_destroy(e);
    EXPECT(gm_ecg_read(&e, write_file("r.hea", header, strlen(header))) == GM_OK);
    gm_ecg_destroy(e);
    snprintf(path, sizeof path, "%s/r.dat", folder);
    EXPECT(gm_ecg_read(&e, path) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "read r.hea, which lies beside it");
    unlink(path);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/r.%s", folder, i ? "hea" : "txt");
        unlink(path);
    }
}

static void what_is_no_ecg_is_refused(void)
{
    static const struct {
        const char *name, *bytes, *says;
        size_t length;
    } cases[] = {
        {"empty.hea", "", "the file is empty", 0},
        {"x.bin", "\x89PNG\r\n\x1a\n", "not an ECG format that is known here", 8},
        {"x.hea", "hello", "the number of signals is missing", 5},
        {"x.dcm", "hello", "not a DICOM file", 5},
        {"x.csv", "a,b\n1,2\n", "no column is a known lead", 8},
        {"gone.hea", "r 1 500 2\ngone.dat 16 200\n", "gone.dat", 26},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e;
        gm_status s = gm_ecg_read(&e, write_file(cases[i].name, cases[i].bytes, cases[i].length));
        EXPECT(s == (strncmp(cases[i].name, "gone", 4) ? GM_EFORMAT : GM_ENOTFOUND) && !e);
        EXPECT_CONTAINS(gm_error_text(), cases[i].name);
        EXPECT_CONTAINS(gm_error_text(), cases[i].says);
        unlink(path);
    }
    gm_ecg *e;
    EXPECT(gm_ecg_read(&e, "/nowhere/100") == GM_ENOTFOUND && !e);
    EXPECT_CONTAINS(gm_error_text(), "/nowhere/100: no such file, and no WFDB record");
    EXPECT(gm_ecg_read(&e, folder) == GM_EIO && !e);
}

static void every_format_says_what_it_is(void)
{
    const gm_ecg_format *const *all = gm_ecg_formats();
    size_t n = 0;
    for (; all[n]; n++)
        EXPECT(all[n]->id && all[n]->ending && all[n]->sniff && all[n]->read &&
               !all[n]->sniff("", 0));
    EXPECT(n >= 4);
}

int main(int argc, char **argv)
{
    if (!mkdtemp(folder)) return 1;
    RUN(lead_names_are_known_in_their_usual_spellings);
    RUN(limb_leads_are_derived_from_any_two_of_the_first_three);
    RUN(an_uncalibrated_lead_is_no_voltage);
    RUN(a_lead_is_written_by_a_name_that_reads_back);
    RUN(texts_become_utf8);
    RUN(long_comments_are_split_and_too_many_are_said);
    RUN(impossible_facts_are_forgotten_and_said);
    RUN(units_are_known_by_name_and_symbol);
    RUN(formats_are_told_by_content);
    RUN(what_is_no_ecg_is_refused);
    RUN(every_format_says_what_it_is);
    rmdir(folder);
    return gm_report();
}
