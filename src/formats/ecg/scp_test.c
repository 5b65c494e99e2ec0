#include "ecg/scp.h"

#include "ecg/format.h"
#include "ecg/reader_for_tests.h"
#include "ecg/scp_encode_for_tests.h"
#include "ecg/scp_parts.h"

#define SCP GM_SHARED_DIR "/data/ecg/scp"

static gm_ecg *parse(const gm_text *t)
{
    return parsed_ecg(gm_ecg_scp_parse, t->data, t->length);
}

static gm_ecg *record_of(const scp_sample *d)
{
    gm_text t = {0};
    scp_encode(&t, d);
    gm_ecg *e = parse(&t);
    gm_text_free(&t);
    return e;
}

static void expect_note(const gm_ecg *e, const char *says)
{
    for (size_t i = 0; i < e->n_notes; i++)
        if (strstr(e->notes[i], says)) return;
    EXPECT(!"the note is there");
    printf("  %s; there are:\n", says);
    for (size_t i = 0; i < e->n_notes; i++)
        printf("  %s\n", e->notes[i]);
}

static const gm_ecg_mark *mark_of(const gm_ecg *e, const char *what)
{
    static const gm_ecg_mark none = {.sample = NAN, .value = NAN, .channel = -2};
    for (size_t i = 0; i < e->n_marks; i++)
        if (strcmp(e->marks[i].what, what) == 0) return &e->marks[i];
    printf("  no mark %s\n", what);
    return &none;
}

static bool is_text(const char *text, const char *expected)
{
    if (text && expected && strcmp(text, expected) == 0) return true;
    printf("  \"%s\", expected \"%s\"\n", text ? text : "(none)", expected);
    return false;
}

/* ecg.md, section 9. That nothing is said of checksums proves all of them. */
static void demo_agrees_with_the_reference(void)
{
    NEED_DATA(SCP "/demo.scp");
    static const int32_t first[] = {254, 246, 251, 223, 251, 249, 248, 239, 222, 219};
    gm_ecg *e = read_ecg(SCP "/demo.scp");
    if (!e) return;
    EXPECT(e->n_channels == 8 && e->n_samples == 10000 && e->rate_hz == 1000 && e->n_others == 0);
    EXPECT(memcmp(e->channels[0].counts, first, sizeof first) == 0);
    int32_t low[2] = {0}, high[2] = {0};
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < e->n_samples; i++) {
            int32_t v = e->channels[c].counts[i];
            if (v < low[c]) low[c] = v;
            if (v > high[c]) high[c] = v;
        }
    EXPECT(low[0] == -4696 && high[0] == 4089 && low[1] == -7831 && high[1] == 2883);
    EXPECT_CLOSE(e->channels[7].mv_per_count, 183e-6, 1e-12, 0);
    EXPECT(e->channels[7].lead == 11 && is_text(e->channels[7].name, "V6"));
    EXPECT(is_text(e->patient.name, "Patient, Demo") && is_text(e->patient.id, "12-678-QW"));
    EXPECT(is_text(e->patient.birth_date, "1957-06-24") && e->patient.sex == GM_SEX_MALE);
    EXPECT(e->patient.height_cm == 187 && e->patient.weight_kg == 82 &&
           isnan(e->patient.age_years));
    EXPECT(is_text(e->acquired, "2004-06-24T16:52:16") && is_text(e->device_id, "128") &&
           !e->device);
    EXPECT(e->n_notes == 1);
    expect_note(e, "samples are numbered from 0");
    gm_ecg_destroy(e);
}

/* The 12 counts of the next line of the table; a blank cell is 0. */
static bool csv_line(FILE *in, long counts[12])
{
    char line[400], *at = line;
    if (!fgets(line, sizeof line, in)) return false;
    for (int c = 0; c < 12; c++) {
        char *end = at;
        counts[c] = strtol(at, &end, 10);
        at = end + (*end == ',');
    }
    return true;
}

static void contec_equals_its_csv_over_all_samples(void)
{
    NEED_DATA(SCP "/0000050.ECG.csv");
    gm_ecg *e = read_ecg(SCP "/0000050.ECG.scp");
    FILE *in = fopen(SCP "/0000050.ECG.csv", "r");
    if (!e || !in) return;
    EXPECT(e->n_channels == 12 && e->n_samples == 32767 && e->rate_hz == 800);
    EXPECT_CLOSE(e->channels[0].mv_per_count, 0.005, 1e-12, 0);
    size_t n_equal = 0, n_lines = 0;
    long counts[12];
    for (; csv_line(in, counts); n_lines++)
        for (size_t c = 0; c < 12 && n_lines < e->n_samples; c++)
            n_equal += e->channels[c].counts[n_lines] == counts[c];
    EXPECT(n_lines == 37855 && n_equal == 12 * 32767);
    for (int lead = 0; lead < GM_N_LEADS; lead++)
        EXPECT(gm_ecg_lead(e, lead) == &e->channels[lead]);
    EXPECT(is_text(e->acquired, "2020-11-16T21:44:39") && is_text(e->device, "ECG90") &&
           !e->device_id);
    EXPECT(!e->patient.name && !e->patient.id && isnan(e->patient.weight_kg) &&
           isnan(e->patient.age_years));
    EXPECT(e->n_notes == 1);
    expect_note(e,
                "lead I declares 37855 samples, its 65534 bytes hold 32767 (so in 12 of 12 leads)");
    fclose(in);
    gm_ecg_destroy(e);
}

static void the_checksum_is_that_of_ccitt(void)
{
    EXPECT(gm_scp_crc("123456789", 9) == 0x29B1); /* the catalogued check value */
    EXPECT(scp_checksum("123456789", 9) == 0x29B1);
}

static void leads_have_the_names_of_the_standard(void)
{
    static const struct {
        int id;
        const char *name;
        int lead;
    } some[] = {
        {0, "unspecified", -1}, {1, "I", 0},          {2, "II", 1},        {3, "V1", 6},
        {8, "V6", 11},          {9, "V7", -1},        {15, "V7R", -1},     {18, "Z", -1},
        {20, "CM5", -1},        {23, "left leg", -1}, {24, "Frank I", -1}, {31, "I-cal", -1},
        {61, "III", 2},         {62, "aVR", 3},       {63, "aVL", 4},      {64, "aVF", 5},
        {65, "-aVR", -1},       {69, "V9R", -1},      {78, "A4", -1},      {85, "Nehb J-cal", -1},
        {91, "MCL", -1},        {121, "CM7", -1},     {147, "RL", -1},     {151, "V10", -1},
        {152, "lead 152", -1}};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        EXPECT(is_text(gm_scp_lead_name(some[i].id), some[i].name));
        EXPECT(gm_scp_lead_index(some[i].id) == some[i].lead);
    }
    for (int id = 0; id < 256; id++) /* a name that is a lead's is that lead */
        EXPECT(gm_lead_index(gm_scp_lead_name(id)) == gm_scp_lead_index(id));
}

static bool equals(const gm_ecg *e, size_t lead, const int16_t *counts, size_t n)
{
    if (!e || e->n_samples != n) return false;
    for (size_t i = 0; i < n; i++)
        if (e->channels[lead].counts[i] != counts[i]) {
            printf("  lead %zu, sample %zu: %d, expected %d\n", lead, i,
                   e->channels[lead].counts[i], counts[i]);
            return false;
        }
    return true;
}

static void every_coding_comes_back_exactly(void)
{
    for (int coding = SCP_PLAIN; coding <= SCP_CUSTOM; coding++)
        for (int differences = 0; differences <= 2; differences++)
            for (int beat = 0; beat <= 2; beat++) {
                scp_sample d = scp_sample_defaults();
                d.coding = (scp_coding)coding;
                d.differences = differences;
                d.n_beat = beat ? SCP_SMALL_BEAT : 0;
                d.n_zones = beat ? 2 : 0;
                d.subtract = beat == 2;
                gm_ecg *e = record_of(&d);
                for (size_t lead = 0; e && lead < 2; lead++) {
                    EXPECT(equals(e, lead, d.counts[lead], SCP_SMALL));
                    if (beat) EXPECT(equals(e->others[0], lead, d.beat[lead], SCP_SMALL_BEAT));
                }
                EXPECT(e && e->n_notes == 0 && e->n_others == (beat > 0));
                if (beat && e) EXPECT(is_text(e->others[0]->group, "REFERENCE BEAT"));
                gm_ecg_destroy(e);
            }
}

/* All values of 16 bits, and steps whose differences need more. */
static void extreme_counts_come_back_exactly(void)
{
    enum { N = 3000 };
    static int16_t counts[N];
    for (int i = 0; i < N; i++)
        counts[i] = (int16_t)(i % 5 == 0 ? -32768 : i % 5 == 1 ? 32767 : (i - N / 2) * 21);
    for (int coding = SCP_PLAIN; coding <= SCP_CUSTOM; coding++)
        for (int differences = 0; differences <= 2; differences++) {
            scp_sample d = scp_sample_defaults();
            d.coding = (scp_coding)coding;
            d.differences = differences;
            d.n_leads = 1;
            d.n = N;
            d.counts[0] = counts;
            gm_ecg *e = record_of(&d);
            EXPECT(equals(e, 0, counts, N));
            gm_ecg_destroy(e);
        }
}

/* Where in a record of the encoder a section's data begin. */
static size_t place(const gm_text *t, int section)
{
    return gm_scp_u32((const unsigned char *)t->data + 22 + 10 * section + 6) - 1 + 16;
}

static void a_coarser_reference_beat_is_added_exactly(void)
{
    scp_sample d = scp_sample_defaults();
    d.n_beat = SCP_SMALL_BEAT;
    d.n_zones = 2;
    d.subtract = true;
    d.beat_nv = 3 * d.nv;
    gm_ecg *e = record_of(&d);
    if (!e) return;
    EXPECT(equals(e, 0, d.counts[0], SCP_SMALL) && equals(e, 1, d.counts[1], SCP_SMALL));
    EXPECT_CLOSE(e->channels[0].mv_per_count, 0.005, 1e-12, 0);
    EXPECT_CLOSE(e->others[0]->channels[0].mv_per_count, 0.015, 1e-12, 0);
    gm_ecg_destroy(e);
    /* 2 and 3 uV have 1 uV in common: counts double, the voltage stays. The encoder cannot subtract such. */
    gm_text t = {0};
    d.beat_nv = d.nv;
    scp_encode(&t, &d);
    memcpy(t.data + place(&t, 6), "\xB8\x0B", 2); /* 3,000 nV */
    memcpy(t.data + place(&t, 5), "\xD0\x07", 2); /* 2,000 nV */
    scp_reseal(&t);
    e = parse(&t);
    EXPECT(e && fabs(e->channels[0].mv_per_count - 0.001) < 1e-12);
    int rest = d.counts[0][35] - d.beat[0][15];
    EXPECT(e && e->channels[0].counts[35] == 3 * rest + 2 * d.beat[0][15]);
    EXPECT(e && e->channels[0].counts[0] == 3 * d.counts[0][0]);
    gm_ecg_destroy(e);
    gm_text_free(&t);
}

/* Protected areas and what is left of a stretch are exact; the rest is within the range of its surroundings. */
static void bimodal_compression_keeps_the_protected_areas(void)
{
    for (int coding = SCP_PLAIN; coding <= SCP_CUSTOM; coding++)
        for (unsigned decimation = 2; decimation <= 5; decimation++)
            for (int subtract = 0; subtract <= 1; subtract++) {
                scp_sample d = scp_sample_defaults();
                d.coding = (scp_coding)coding;
                d.differences = 2;
                d.n_beat = SCP_SMALL_BEAT;
                d.n_zones = 2;
                d.subtract = subtract;
                d.decimation = decimation;
                gm_ecg *e = record_of(&d);
                if (!e) continue;
                EXPECT(e->n_samples == SCP_SMALL && e->rate_hz == 500);
                size_t n_approximate = 0;
                for (size_t i = 0; i < e->n_samples; i++) {
                    unsigned number = (unsigned)i + 1;
                    unsigned run = number < 29   ? number - 1
                                   : number < 85 ? number - 45
                                                 : number - 102;
                    unsigned stretch = number < 29 ? 28 : number < 85 ? 40 : 30;
                    bool exact =
                        scp_is_kept(&d, number) || run >= stretch / decimation * decimation;
                    n_approximate += 2 * !exact;
                    for (int lead = 0; lead < 2; lead++) {
                        int error = e->channels[lead].counts[i] - d.counts[lead][i];
                        EXPECT(exact ? error == 0 : abs(error) <= 40);
                    }
                }
                char says[80];
                snprintf(says, sizeof says, "one sample of %u is stored: %zu samples", decimation,
                         n_approximate);
                expect_note(e, says);
                bool leftovers = 28 % decimation > 1 || 40 % decimation > 1 || 30 % decimation > 1;
                EXPECT(e->n_notes == 1 + (size_t)leftovers);
                gm_ecg_destroy(e);
            }
}

static void leftovers_stored_as_one_sample_are_recognised(void)
{
    scp_sample d = scp_sample_defaults();
    d.n_beat = SCP_SMALL_BEAT;
    d.n_zones = 2;
    d.decimation = 6;
    d.merged = true;
    gm_ecg *e = record_of(&d);
    if (!e) return;
    EXPECT(e->n_samples == SCP_SMALL && e->n_notes == 2);
    expect_note(e, "what is left of them was read as stored in one sample");
    for (unsigned i = 0; i < SCP_SMALL; i++)
        if (scp_is_kept(&d, i + 1)) EXPECT(e->channels[1].counts[i] == d.counts[1][i]);
    gm_ecg_destroy(e);
}

/* A straight line stays one, but for the ends of the stretch, where it is level. */
static void interpolation_is_linear_between_the_stored_samples(void)
{
    enum { N = 40 };
    int16_t line[N], stored[N / 4];
    scp_sample d = scp_sample_defaults();
    for (int i = 0; i < N; i++)
        line[i] = (int16_t)(8 * i);
    d.n_leads = 1;
    d.n = N;
    d.counts[0] = line;
    d.n_beat = SCP_SMALL_BEAT;
    d.n_zones = 0;
    d.decimation = 4;
    EXPECT(scp_stored(&d, 0, stored) == 10);
    gm_ecg *e = record_of(&d);
    for (int i = 0; e && i < N; i++) {
        int expected = i < 2 ? stored[0] : i >= 38 ? stored[9] : stored[0] + 8 * (i - 2);
        EXPECT(e->channels[0].counts[i] == expected);
    }
    gm_ecg_destroy(e);
}

static void leads_one_after_another_keep_their_places(void)
{
    scp_sample d = scp_sample_defaults();
    d.starts[0] = 101;
    d.starts[1] = 101 + SCP_SMALL;
    gm_ecg *e = record_of(&d);
    if (!e) return;
    EXPECT(e->n_samples == 2 * SCP_SMALL);
    EXPECT(e->channels[0].counts[0] == d.counts[0][0] &&
           e->channels[1].counts[SCP_SMALL] == d.counts[1][0]);
    EXPECT(e->channels[0].counts[SCP_SMALL] == GM_ECG_MISSING_COUNT);
    EXPECT(e->channels[1].counts[SCP_SMALL - 1] == GM_ECG_MISSING_COUNT);
    expect_note(e, "channel V1: 131 of 262 samples are missing");
    gm_ecg_destroy(e);
}

static void patient_and_device_are_understood(void)
{
    static const char fields[] = "\0\5\0M\xFCll\0"
                                 "\1\3\0An\0"
                                 "\3\4\0Roe\0"
                                 "\2\4\0ID7\0"
                                 "\4\3\0\x12\0\2"
                                 "\5\4\0\xA7\7\2\0"
                                 "\6\3\0\x46\0\2"
                                 "\7\3\0\x10\x27\2"
                                 "\10\1\0\2"
                                 "\12\7\0\0\1\2ASA\0"
                                 "\12\3\0\1\7\3"
                                 "\13\2\0\x78\0"
                                 "\14\2\0\0\0"
                                 "\15\5\0pain\0"
                                 "\16\x40\0"
                                 "\1\0\2\0\3\0\0\10ELI25\0"
                                 "\x14\xA0\0\xE0\1"
                                 "0123456789ABCDEF"
                                 "\4"
                                 "1.0\0"
                                 "SN-9\0"
                                 "sys\0"
                                 "scp\0"
                                 "Nobody Ltd\0"
                                 "\20\5\0Ward\0"
                                 "\22\5\0Nord\0"
                                 "\24\3\0Dr\0"
                                 "\26\2\0T\0"
                                 "\31\4\0\xE8\7\2\x1D"
                                 "\32\3\0\x17\x3B\0"
                                 "\42\5\0\xC4\xFF\0\0\0"
                                 "\33\2\0\5\0"
                                 "\34\2\0\x96\0"
                                 "\35\1\0\2"
                                 "\36\5\0free\0"
                                 "\43\5\0past\0"
                                 "\xC8\2\0??";
    scp_sample d = scp_sample_defaults();
    d.patient = fields;
    d.patient_length = sizeof fields - 1;
    gm_ecg *e = record_of(&d);
    if (!e) return;
    EXPECT(is_text(e->patient.name, "M\xC3\xBCll Roe, An") && is_text(e->patient.id, "ID7"));
    EXPECT(e->patient.age_years == 1.5 && e->patient.sex == GM_SEX_FEMALE);
    EXPECT(is_text(e->patient.birth_date, "1959-02"));
    EXPECT_CLOSE(e->patient.height_cm, 177.8, 1e-12, 0);
    EXPECT_CLOSE(e->patient.weight_kg, 10, 1e-12, 0);
    EXPECT(is_text(e->device, "Mortara ELI25") && is_text(e->device_id, "SN-9"));
    EXPECT(is_text(e->institution, "Ward, Nord") &&
           is_text(e->physician, "referring Dr, technician T"));
    EXPECT(is_text(e->acquired, "2024-02-29T23:59:00-01:00"));
    EXPECT(e->channels[1].low_cut_hz == 0.05 && e->channels[1].high_cut_hz == 150);
    EXPECT(e->channels[1].notch_hz == 50 && e->channels[1].skew_ms == 0);
    static const char *const comments[] = {"drug: ASA",
                                           "drug: class 7, code 3 of table 1",
                                           "systolic blood pressure: 120 mmHg",
                                           "indication: pain",
                                           "free",
                                           "history: past"};
    EXPECT(e->n_comments == 6 && e->n_notes == 0);
    for (size_t i = 0; i < e->n_comments && i < 6; i++)
        EXPECT(is_text(e->comments[i], comments[i]));
    gm_ecg_destroy(e);
}

static void what_the_record_does_not_say_stays_unknown(void)
{
    static const char zeros[] = "\0\1\0\0"
                                "\4\3\0\0\0\0"
                                "\5\4\0\0\0\0\0"
                                "\6\3\0\0\0\1"
                                "\7\3\0\0\0\1"
                                "\10\1\0\0"
                                "\31\4\0\0\0\0\0"
                                "\33\2\0\0\0"
                                "\34\2\0\0\0"
                                "\35\1\0\0";
    static const char absurd[] = "\4\3\0\xFF\0\1"
                                 "\5\4\0\xA7\7\2\x1E"
                                 "\31\4\0\xE7\7\2\x1D"
                                 "\32\3\0\x18\0\0"
                                 "\6\3\0\1\0\7";
    scp_sample d = scp_sample_defaults();
    for (int k = 0; k < 3; k++) {
        d.patient = k == 0 ? NULL : k == 1 ? zeros : absurd;
        d.patient_length = k == 1 ? sizeof zeros - 1 : sizeof absurd - 1;
        gm_ecg *e = record_of(&d);
        if (!e) continue;
        EXPECT(!e->patient.name && !e->patient.id && !e->patient.birth_date && !e->acquired &&
               !e->device);
        EXPECT(e->patient.sex == GM_SEX_UNKNOWN && isnan(e->patient.age_years));
        EXPECT(isnan(e->patient.height_cm) && isnan(e->patient.weight_kg));
        EXPECT(isnan(e->channels[0].low_cut_hz) && isnan(e->channels[0].high_cut_hz));
        EXPECT(isnan(e->device_says.rr_ms) && isnan(e->device_says.qt_ms) && e->n_marks == 0);
        EXPECT(e->n_notes == (k == 2 ? 5 : 0));
        gm_ecg_destroy(e);
    }
}

static void measurements_and_statements_become_marks(void)
{
    scp_sample d = scp_sample_defaults();
    d.results = true;
    d.n_beat = SCP_SMALL_BEAT;
    d.n_zones = 2;
    gm_ecg *e = record_of(&d);
    if (!e) return;
    EXPECT(e->device_says.rr_ms == 812 && e->device_says.pr_ms == 148 &&
           e->device_says.qrs_ms == 96);
    EXPECT(e->device_says.qt_ms == 392 && e->device_says.qtc_ms == 431 &&
           e->device_says.p_axis_deg == 41);
    EXPECT(e->device_says.qrs_axis_deg == -12 && isnan(e->device_says.t_axis_deg));
    EXPECT(mark_of(e, "QRS")->sample == 35 && is_text(mark_of(e, "QRS")->code, "5.7.1-3"));
    EXPECT(mark_of(e, "QRS onset")->group == 1 && mark_of(e, "QRS onset")->sample == 84);
    EXPECT(is_text(mark_of(e, "QRS onset")->scheme, "SCPECG") &&
           is_text(mark_of(e, "QTc interval")->text, "Bazett"));
    EXPECT(mark_of(e, "pacemaker spike")->sample == 50 &&
           mark_of(e, "pacemaker spike")->value == -900);
    EXPECT(mark_of(e, "ventricular rate")->value == 74);
    EXPECT(is_text(mark_of(e, "interpretation, confirmed")->text, "SINUS RHYTHM"));
    EXPECT(is_text(mark_of(e, "statement codes, confirmed")->text, "SR; NORM"));
    EXPECT(mark_of(e, "P duration")->channel == 1 && mark_of(e, "P duration")->value == 98);
    size_t n_qrs = 0, n_unstored = 0, n_pr = 0;
    for (size_t i = 0; i < e->n_marks; i++) {
        n_qrs += strcmp(e->marks[i].what, "QRS") == 0;
        n_pr += strcmp(e->marks[i].what, "PR interval") == 0; /* 29999 in V1: only the global one */
        n_unstored += e->marks[i].text && strcmp(e->marks[i].text, "aVR") == 0;
    }
    EXPECT(n_qrs == 3 && n_pr == 1 && n_unstored == 1 && e->n_notes == 0);
    gm_ecg_destroy(e);
}

static void wrong_checksums_are_notes(void)
{
    scp_sample d = scp_sample_defaults();
    gm_text t = {0};
    scp_encode(&t, &d);
    t.data[t.length - 2] ^= 1; /* the last count of V1 */
    gm_ecg *e = parse(&t);
    EXPECT(e && e->n_notes == 2);
    if (e) expect_note(e, "file: the checksum is");
    if (e) expect_note(e, "section 6: the checksum is");
    gm_ecg_destroy(e);
    scp_reseal(&t);
    gm_text_add(&t, "more");
    e = parse(&t);
    EXPECT(e && e->n_notes == 1);
    if (e) expect_note(e, "bytes long, its header says");
    gm_ecg_destroy(e);
    gm_text_free(&t);
}

static void records_are_known_by_their_content(void)
{
    scp_sample d = scp_sample_defaults();
    for (int nameless = 0; nameless <= 1; nameless++) {
        gm_text t = {0};
        d.nameless = nameless;
        scp_encode(&t, &d);
        EXPECT(gm_ecg_format_scp.sniff(t.data, t.length));
        t.data[nameless ? 0 : 16] ^= 1; /* the checksum, or the S */
        EXPECT(!gm_ecg_format_scp.sniff(t.data, t.length));
        EXPECT(!gm_ecg_format_scp.sniff(t.data, 20));
        gm_text_free(&t);
    }
}

static void malformed_records_are_refused_with_their_place(void)
{
    static const struct {
        int section;
        long at;      /* in the section's data; -12: its length in its header; -14: its number */
        int n, value; /* n bytes become value */
        const char *says;
    } cases[] = {
        {0, -14, 2, 5, "m.scp: byte 8: section 5, expected the pointer section"},
        {0, -12, 4, 15, "section 0: 15 bytes long"},
        {0, -12, 4, 99999, "section 0: 99999 bytes long"},
        {0, 10 + 6, 4, 0, "section 1: starts at byte 0"},
        {0, 10 + 6, 4, 99999, "section 1: starts at byte 99999 (from 1) of"},
        {0, 10, 2, 3, "section 3: at byte"},
        {3, -12, 4, 99999, "section 3: 99999 bytes long at byte"},
        {0, 30 + 2, 4, 0, "section 3: missing"},
        {0, 60 + 2, 4, 0, "section 6: missing"},
        {0, 50 + 2, 4, 0,
         "section 6: holds what is left after subtracting a reference beat, but section 5"},
        {0, 40 + 2, 4, 0,
         "section 6: holds what is left after subtracting a reference beat, but section 4"},
        {1, 0, 3, 0xFFFF01, "section 1: byte 16: tag 1 is longer than the"},
        {2, 0, 2, 7, "section 2: table 3 of 7"},
        {2, 2, 2, 700, "section 2: table 1 of 2: 700 codes in"},
        {2, 4, 1, 0, "section 2: table 1, code 1: a prefix of 0 bits"},
        {2, 4, 1, 33, "a prefix of 33 bits"},
        {2, 5, 1, 18, "code 1: a prefix of 1 bits in a code of 18"},
        {2, 4 + 9 + 5, 4, 0, "section 2: table 1: one prefix begins with another"},
        {2, 4 + 27 + 3, 2, 9, "section 2: table 1, code 4: switches to table 9 of 2"},
        {3, 0, 1, 0, "section 3: no leads"},
        {3, 0, 1, 200, "section 3: 200 leads in"},
        {3, 2, 4, 9999, "section 3: lead I ends at sample 131, before it starts at 9999"},
        {3, 6, 4, 0, "section 3: lead I ends at sample 0"},
        {4, 4, 2, 500, "section 4: 500 QRS complexes in"},
        {5, 2, 2, 0, "section 5: a sample interval of 0 us"},
        {6, 2, 2, 0, "section 6: a sample interval of 0 us"},
        {6, 2, 2, 3000,
         "section 6: a sample interval of 3000 us, that of the reference beat is 2000"},
        {6, 2, 2, 20000, "expected 1 to 8 times as much"},
        {6, 4, 1, 3, "section 6: difference coding 3"},
        {6, 6, 2, 60000, "section 6: lead I: 60000 bytes"},
        {7, -12, 4, 20, "section 7: 4 bytes, expected 6"},
        {8, 10, 2, 5000, "section 8: statement 1 of 2 is longer than"},
        {8, -12, 4, 17, "section 8: 1 bytes"},
        {10, 6, 2, 5000, "section 10: lead 1 of 2 is longer than"},
        {11, 8, 1, 99, "section 11: statement"},
    };
    scp_sample d = scp_sample_defaults();
    d.coding = SCP_CUSTOM;
    d.n_beat = SCP_SMALL_BEAT;
    d.n_zones = 2;
    d.subtract = d.results = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_text t = {0};
        scp_encode(&t, &d);
        size_t at = place(&t, cases[i].section) + (size_t)cases[i].at;
        for (int k = 0; k < cases[i].n; k++)
            t.data[at + (size_t)k] = (char)(cases[i].value >> 8 * k);
        expect_refused(gm_ecg_scp_parse, t.data, t.length, "m.scp", cases[i].says);
        gm_text_free(&t);
    }
}

static void contradictory_leads_are_refused(void)
{
    scp_sample d = scp_sample_defaults();
    gm_text t = {0};
    d.starts[1] = 4000000000u; /* far from the other: no memory is spent on it */
    scp_encode(&t, &d);
    expect_refused(gm_ecg_scp_parse, t.data, t.length, "m.scp",
                   "m.scp: section 3: 2 leads spread over 4000000130 samples, but only 262");
    gm_text_free(&t);
    d = scp_sample_defaults();
    d.n = 0;
    t = (gm_text){0};
    scp_encode(&t, &d);
    expect_refused(gm_ecg_scp_parse, t.data, t.length, "m.scp", "section ");
    gm_text_free(&t);
}

/* Of a record with one wrong bit: the checksum knows. */
static gm_status parse_flipped(gm_ecg **e, const void *bytes, size_t length, const char *name)
{
    gm_status s = gm_ecg_scp_parse(e, bytes, length, name);
    if (s == GM_OK) EXPECT((*e)->n_notes > 0);
    return s;
}

static void damage_and_lack_of_memory_never_crash_it(void)
{
    for (int k = 0; k < 3; k++) {
        scp_sample d = scp_sample_defaults();
        gm_text t = {0};
        d.coding = (scp_coding)k;
        d.differences = k;
        d.n_beat = SCP_SMALL_BEAT;
        d.n_zones = 2;
        d.subtract = d.results = true;
        d.decimation = k == 2 ? 4 : 1;
        d.patient = "\0\3\0ab\0\16\x28\0"
                    "0123456789012345678901234567890123456789\36\2\0xx";
        d.patient_length = 6 + 3 + 40 + 5;
        scp_encode(&t, &d);
        EXPECT(expect_safe_when_cut(gm_ecg_scp_parse, t.data, t.length, "m.scp") == 0);
        expect_safe_when_flipped(parse_flipped, t.data, t.length, "m.scp");
        expect_safe_without_memory(gm_ecg_scp_parse, t.data, t.length);
        gm_text_free(&t);
    }
}

int main(int argc, char **argv)
{
    RUN(demo_agrees_with_the_reference);
    RUN(contec_equals_its_csv_over_all_samples);
    RUN(the_checksum_is_that_of_ccitt);
    RUN(leads_have_the_names_of_the_standard);
    RUN(every_coding_comes_back_exactly);
    RUN(extreme_counts_come_back_exactly);
    RUN(a_coarser_reference_beat_is_added_exactly);
    RUN(bimodal_compression_keeps_the_protected_areas);
    RUN(leftovers_stored_as_one_sample_are_recognised);
    RUN(interpolation_is_linear_between_the_stored_samples);
    RUN(leads_one_after_another_keep_their_places);
    RUN(patient_and_device_are_understood);
    RUN(what_the_record_does_not_say_stays_unknown);
    RUN(measurements_and_statements_become_marks);
    RUN(wrong_checksums_are_notes);
    RUN(records_are_known_by_their_content);
    RUN(malformed_records_are_refused_with_their_place);
    RUN(contradictory_leads_are_refused);
    RUN(damage_and_lack_of_memory_never_crash_it);
    return gm_report();
}
