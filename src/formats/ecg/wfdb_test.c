#include "ecg/wfdb.h"

#include "ecg/reader_for_tests.h"
#include "ecg/wfdb_memory.h"

#define ECG GM_SHARED_DIR "/data/ecg"

/* ecg.md, section 9. That there is no note proves both checksums. */
static void mitdb_100_agrees_with_its_header(void)
{
    NEED_DATA(ECG "/mitdb/100.hea");
    gm_ecg *e = read_ecg(ECG "/mitdb/100");
    if (!e) return;
    EXPECT(e->n_channels == 2 && e->n_samples == 650000 && e->rate_hz == 360);
    EXPECT(e->channels[0].counts[0] == 995 && e->channels[1].counts[0] == 1011);
    EXPECT(e->channels[0].lead == -1 && e->channels[1].lead == 10);
    EXPECT_CLOSE(e->channels[0].mv_per_count, 0.005, 1e-15, 0);
    EXPECT(e->channels[0].baseline == 1024 && !e->channels[0].unit);
    EXPECT(e->n_notes == 0 && e->patient.age_years == 69 && e->patient.sex == GM_SEX_MALE);
    EXPECT(!e->acquired && !e->device && !e->patient.id && !e->group);
    gm_ecg_destroy(e);
}

static void ptb_s0010_has_fifteen_signals_in_two_files(void)
{
    NEED_DATA(ECG "/ptbdb/s0010_re.hea");
    gm_ecg *e = read_ecg(ECG "/ptbdb/s0010_re.hea");
    if (!e) return;
    EXPECT(e->n_channels == 15 && e->n_samples == 38400 && e->rate_hz == 1000 && e->n_notes == 0);
    for (int l = 0; l < GM_N_LEADS; l++)
        EXPECT(gm_ecg_lead(e, l) == &e->channels[l]);
    EXPECT(e->channels[14].counts[0] == -18 && e->channels[14].lead == -1);
    EXPECT(e->patient.age_years == 81 && e->patient.sex == GM_SEX_FEMALE);
    double rms_mv, max_mv;
    gm_ecg_einthoven_error_mv(e, &rms_mv, &max_mv);
    EXPECT_BELOW(max_mv, 0.00101); /* 2 counts of 0.5 uV */
    gm_ecg_destroy(e);
}

static void ludb_gains_that_break_einthoven_are_noticed(void)
{
    NEED_DATA(ECG "/ludb/data/1.hea");
    size_t n_broken = 0;
    for (int record = 1; record <= 140; record++) {
        char path[512];
        snprintf(path, sizeof path, ECG "/ludb/data/%d.hea", record);
        gm_ecg *e = read_ecg(path);
        if (!e) continue;
        EXPECT(e->n_channels == 12 && e->n_samples == 5000 && e->rate_hz == 500);
        for (size_t i = 0; i < e->n_samples; i++)
            if (e->channels[2].counts[i] != e->channels[1].counts[i] - e->channels[0].counts[i]) {
                EXPECT(!"III = II - I in counts");
                break;
            }
        n_broken += e->n_notes == 1 && strstr(e->notes[0], "the raw counts obey it") != NULL;
        if (record == 1) EXPECT(e->patient.age_years == 51 && e->patient.sex == GM_SEX_FEMALE);
        gm_ecg_destroy(e);
    }
    EXPECT(n_broken == 140);
}

/* A record in memory whose signal files all hold the same bytes. */
static gm_status from_memory(gm_ecg **e, const char *header, size_t header_length,
                             const void *bytes, size_t length)
{
    const gm_wfdb_memory_file files[] = {{"m.hea", header, header_length}, {NULL, bytes, length}};
    return gm_wfdb_memory_read(e, files, 2, 0);
}

static gm_ecg *record_of(const char *header, const void *bytes, size_t length)
{
    gm_ecg *e;
    gm_status s = from_memory(&e, header, strlen(header), bytes, length);
    return expect_read(s, e);
}

/* Counts 1, -2 and the value that means missing, twice: signal(5) of the WFDB guide. */
static void every_signal_format_is_decoded(void)
{
    static const struct {
        int format;
        unsigned char bytes[24];
        size_t length;
    } cases[] = {
        {16, {1, 0, 0xFE, 0xFF, 0, 0x80, 1, 0, 0xFE, 0xFF, 0, 0x80}, 12},
        {61, {0, 1, 0xFF, 0xFE, 0x80, 0, 0, 1, 0xFF, 0xFE, 0x80, 0}, 12},
        {80, {129, 126, 0, 129, 126, 0}, 6},
        {24, {1, 0, 0, 0xFE, 0xFF, 0xFF, 0, 0, 0x80, 1, 0, 0, 0xFE, 0xFF, 0xFF, 0, 0, 0x80}, 18},
        {32,
         {1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x80,
          1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x80},
         24},
        {212, {0x01, 0xF0, 0xFE, 0x00, 0x08, 0x01, 0xFE, 0x8F, 0x00}, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char header[100];
        snprintf(header, sizeof header, "m 1 500 6\nm.dat %d 200/mV 12 0 1\n", cases[i].format);
        gm_ecg *e = record_of(header, cases[i].bytes, cases[i].length);
        if (!e) continue;
        const int32_t *c = e->channels[0].counts;
        bool right = c[0] == 1 && c[1] == -2 && c[2] == GM_ECG_MISSING_COUNT && c[3] == 1 &&
                     c[4] == -2 && c[5] == GM_ECG_MISSING_COUNT;
        EXPECT(right);
        if (!right) printf("  format %d: %d %d %d\n", cases[i].format, c[0], c[1], c[2]);
        EXPECT(e->n_notes == 1);
        EXPECT_CONTAINS(e->notes[0], "2 of 6 samples are missing");
        gm_ecg_destroy(e);
    }
}

static void an_odd_last_sample_of_format_212_is_read(void)
{
    gm_ecg *e = record_of("m 1 500 3\nm.dat 212 200\n", "\1\0\2\3\0", 5);
    EXPECT(e && e->n_samples == 3 && e->channels[0].counts[2] == 3);
    gm_ecg_destroy(e);
}

static void wrong_checksums_and_first_counts_are_notes(void)
{
    gm_ecg *e = record_of("m 1 500 2\nm.dat 16 200 16 0 7 9 0 II\n", "\1\0\2\0", 4);
    EXPECT(e && e->n_notes == 2);
    if (e && e->n_notes == 2) {
        EXPECT_CONTAINS(e->notes[0], "signal 0 (II): the first count is 1, the header says 7");
        EXPECT_CONTAINS(e->notes[1], "signal 0 (II): the checksum is 3, the header says 9");
    }
    gm_ecg_destroy(e);
}

static void fields_of_the_header_are_understood(void)
{
    gm_ecg *e = record_of("m 2 250/100(2) 2 10:11:12 29/09/1990\r\n\r\n"
                          "m.dat 16:1+2 400(-10)/uV 16 5\r\n"
                          "m.dat 16:0+2 0.5/mmHg 12 7 4 6 0 ABP right arm\r\n#Age: 51  Sex: F\r\n",
                          "..\1\0\4\0\3\0\2\0", 10);
    if (!e) return;
    const gm_ecg_channel *c = e->channels;
    EXPECT(e->rate_hz == 250 && e->n_samples == 2 && e->n_channels == 2);
    EXPECT(c[0].counts[0] == 3 && c[0].counts[1] == GM_ECG_MISSING_COUNT);
    EXPECT(c[1].counts[0] == 4 && c[1].counts[1] == 2);
    EXPECT(c[0].baseline == -10 && c[1].baseline == 7);
    EXPECT_CLOSE(c[0].mv_per_count, 0.001 / 400, 1e-15, 0);
    EXPECT(isnan(c[1].mv_per_count) && strcmp(c[1].unit, "mmHg") == 0);
    EXPECT(!c[0].name && strcmp(c[1].name, "ABP right arm") == 0);
    EXPECT(c[0].skew_ms == 0 && c[1].skew_ms == 0); /* taken out of the counts */
    EXPECT(strcmp(e->acquired, "1990-09-29T10:11:12") == 0);
    EXPECT(e->patient.age_years == 51 && e->patient.sex == GM_SEX_FEMALE);
    EXPECT(e->n_comments == 1 && strcmp(e->comments[0], "Age: 51  Sex: F") == 0);
    EXPECT(e->n_notes == 2);
    if (e->n_notes == 2) {
        EXPECT_CONTAINS(e->notes[0], "its first 1 samples precede the record's sample 0");
        EXPECT_CONTAINS(e->notes[1], "1 of 2 samples are missing");
    }
    gm_ecg_destroy(e);
}

static void what_the_header_does_not_say_stays_unknown(void)
{
    gm_ecg *e =
        record_of("m 1 500\nm.dat 16\n# no age here; sex unknown; -1 M 0 0 x\n", "\1\0\2\0", 4);
    if (!e) return;
    EXPECT(e->n_samples == 2); /* from the file's length */
    EXPECT(isnan(e->channels[0].mv_per_count) && isnan(e->channels[0].skew_ms));
    EXPECT(!e->channels[0].name && !e->channels[0].unit && e->channels[0].lead == -1);
    EXPECT(!e->acquired && !e->device && !e->patient.id && e->patient.sex == GM_SEX_UNKNOWN);
    EXPECT(isnan(e->patient.age_years) && isnan(e->device_says.qt_ms));
    EXPECT(e->n_notes == 1);
    EXPECT_CONTAINS(e->notes[0], "no gain stated");
    gm_ecg_destroy(e);
}

/* A few bytes of header do not fill the memory. */
static void long_gaps_are_refused(void)
{
    gm_wfdb_memory_file gap[] = {{"m.hea", "m/2 1 500 400000002\ns 2\n~ 400000000\n", 0},
                                 {"s.hea", "s 1 500 2\ns.dat 16 200 16 0 0 0 0 II\n", 0},
                                 {"s.dat", "\1\0\2\0", 4}};
    gm_wfdb_memory_file none[] = {{"m.hea", "m 1 500 400000000\n~ 0 200 16 0 0 0 0 II\n", 0}};
    for (int i = 0; i < 2; i++)
        gap[i].length = strlen(gap[i].bytes);
    none[0].length = strlen(none[0].bytes);
    gm_ecg *e;
    EXPECT(gm_wfdb_memory_read(&e, gap, 3, 0) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "268435456 samples");
    EXPECT(gm_wfdb_memory_read(&e, none, 1, 0) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "268435456 samples");
}

static void ages_have_units_and_days_exist(void)
{
    static const struct {
        const char *comment;
        double years;
    } ages[] = {{"Age: 62", 62},        {"Age: 62 M", 62},   {"age: 6 months", 0.5},
                {"Age: 73 days", 0.2},  {"62 M 1 2 x1", 62}, {"Age: 9 weeks", 63 / 365.25},
                {"Age: 62 Sex: M", 62}, {"Age: 800", NAN},   {"Age: old", NAN}};
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        char header[128];
        snprintf(header, sizeof header, "m 1 500 1 1:2:3 31/02/1990\nm.dat 16 200\n#%s\n",
                 ages[i].comment);
        gm_ecg *e = record_of(header, "\1\0", 2);
        if (!e) continue;
        EXPECT(isnan(ages[i].years) ? isnan(e->patient.age_years)
                                    : fabs(e->patient.age_years - ages[i].years) < 1e-3);
        EXPECT(!e->acquired && e->n_notes == 1);
        if (e->n_notes) EXPECT_CONTAINS(e->notes[0], "\"31/02/1990\" is no day DD/MM/YYYY");
        gm_ecg_destroy(e);
    }
}

static void signals_at_another_rate_are_another_waveform(void)
{
    /* Frames of 2 samples of II and 1 of a respiration signal. */
    gm_ecg *e = record_of("m 2 250 2\nm.dat 16x2 200 16 0 1 12 0 II\nm.dat 16 1 16 0 9 17 0 resp\n",
                          "\1\0\2\0\x9\0\4\0\5\0\x8\0", 12);
    if (!e) return;
    EXPECT(e->n_channels == 1 && e->rate_hz == 500 && e->n_samples == 4);
    EXPECT(e->channels[0].counts[2] == 4 && e->channels[0].counts[3] == 5);
    EXPECT(e->n_notes == 0 && e->n_others == 1);
    if (e->n_others == 1) {
        const gm_ecg *o = e->others[0];
        EXPECT(o->n_channels == 1 && o->rate_hz == 250 && o->n_samples == 2);
        EXPECT(strcmp(o->group, "250 Hz") == 0 && strcmp(o->channels[0].name, "resp") == 0);
        EXPECT(o->channels[0].counts[0] == 9 && o->channels[0].counts[1] == 8);
    }
    gm_ecg_destroy(e);
}

/* The rate of most standard leads is the ECG's, wherever they stand in the header. */
static void most_leads_are_the_ecg(void)
{
    gm_ecg *e = record_of("m 4 100 1\nm.dat 80x2 1 8 0 1 1 0 V1\nm.dat 80 1 8 0 1 1 0 I\n"
                          "m.dat 80 1 8 0 1 1 0 II\nm.dat 80x3 1 8 0 1 1 0 x\n",
                          "\x81\x82\x83\x84\x85\x86\x87", 7);
    if (!e) return;
    EXPECT(e->n_channels == 2 && e->rate_hz == 100 && e->n_others == 2);
    EXPECT(e->channels[0].counts[0] == 3 && e->channels[1].counts[0] == 4);
    EXPECT(e->others[0]->rate_hz == 200 && e->others[0]->channels[0].counts[1] == 2);
    EXPECT(e->others[1]->rate_hz == 300 && e->others[1]->channels[0].counts[2] == 7);
    gm_ecg_destroy(e);
    e = record_of("m 2 8 1\nm.dat 80x50 1 8 0 1 1 0 I\nm.dat 80 1 8 0 1 1 0 slow\n",
                  "01234567890123456789012345678901234567890123456789!", 51);
    EXPECT(e && e->n_others == 0 && e->rate_hz == 400 && e->n_notes > 0);
    if (e && e->n_notes) EXPECT_CONTAINS(e->notes[0], "the signals at 8 Hz are left out");
    gm_ecg_destroy(e);
}

/* A signal of two samples a frame that is one frame late: sample 0 is the third of the file. */
static void skew_makes_samples_simultaneous(void)
{
    gm_ecg *e = record_of("m 2 250 3\nm.dat 80x2:1 1 8 0 1 21 0 I\nm.dat 80 1 8 0 7 24 0 x\n",
                          "\x81\x82\x87\x83\x84\x88\x85\x86\x89", 9);
    if (!e) return;
    static const int32_t expected[] = {3, 4, 5, 6, GM_ECG_MISSING_COUNT, GM_ECG_MISSING_COUNT};
    EXPECT(memcmp(e->channels[0].counts, expected, sizeof expected) == 0);
    EXPECT(e->channels[0].skew_ms == 0 && e->others[0]->channels[0].counts[0] == 7);
    EXPECT(isnan(e->others[0]->channels[0].skew_ms));
    EXPECT(e->n_notes == 2); /* and none about a checksum: that is of the whole file */
    gm_ecg_destroy(e);
}

static void annotations_beside_the_header_become_marks(void)
{
    static const char header[] =
        "m 2 250 2\nm.dat 16x2 200 16 0 1 12 0 II\nm.dat 16 1 16 0 9 17 0 resp\n";
    /* + at 0 with a note, N at 1 of signal 1, V at 1 with subtype 2 and number -1 of signal 9 */
    static const unsigned char atr[] = {0,      28 << 2, 2,       63 << 2,     '(',    'N', 1,
                                        1 << 2, 1,       62 << 2, 0,           5 << 2, 2,   61 << 2,
                                        9,      62 << 2, 0xFF,    60 << 2 | 3, 0,      0};
    gm_wfdb_memory_file files[] = {{"m.hea", header, strlen(header)},
                                   {"m.atr", atr, sizeof atr},
                                   {NULL, "\1\0\2\0\x9\0\4\0\5\0\x8\0", 12}};
    gm_ecg *e;
    EXPECT(gm_wfdb_memory_read(&e, files, 3, 0) == GM_OK);
    if (!e) return;
    EXPECT(e->n_marks == 3);
    if (e->n_marks == 3) {
        const gm_ecg_mark *m = e->marks;
        EXPECT(strcmp(m[0].what, "+") == 0 && strcmp(m[0].text, "(N") == 0 && m[0].channel == 0);
        EXPECT(strcmp(m[0].scheme, "MIT") == 0 && strcmp(m[0].code, "28") == 0 && m[0].sample == 0);
        EXPECT(m[1].group == 1 && m[1].channel == 0 && m[1].sample == 1);
        EXPECT(strcmp(m[1].code, "1") == 0 && !m[1].text && isnan(m[1].duration_ms));
        EXPECT(m[2].group == 0 && m[2].channel == -1 && m[2].sample == 2); /* in samples of II */
        EXPECT(strcmp(m[2].code, "5/2/-1") == 0 && strcmp(m[2].what, "V") == 0);
    }
    EXPECT(e->n_notes == 1);
    EXPECT_CONTAINS(e->notes[0], "1 annotations are of signals that are not here");
    gm_ecg_destroy(e);
    files[1].length -= 1;
    EXPECT(gm_wfdb_memory_read(&e, files, 3, 0) == GM_OK && e->n_marks == 0 && e->n_notes == 1);
    EXPECT_CONTAINS(e->notes[0], "annotations not read: m.atr: byte 18:");
    gm_ecg_destroy(e);
}

static void annotations_may_count_other_ticks_than_frames(void)
{
    static const char header[] = "m 1 250 2\nm.dat 16 200 16 0 1 3 0 II\n";
    static const unsigned char atr[] = "\0\x58\x18\xFC## time resolution: 1000\0";
    unsigned char bytes[64];
    size_t n = 4 + 24;
    memcpy(bytes, atr, n);
    memcpy(bytes + n, "\2\4\0\0", 4);
    const gm_wfdb_memory_file files[] = {
        {"m.hea", header, strlen(header)}, {"m.atr", bytes, n + 4}, {NULL, "\1\0\2\0", 4}};
    gm_ecg *e;
    EXPECT(gm_wfdb_memory_read(&e, files, 3, 0) == GM_OK);
    if (!e) return;
    EXPECT(e->n_marks == 1 && e->marks[0].sample == 0.5);
    gm_ecg_destroy(e);
}

/* A header whose signal files hold the counts 1 and 2. */
static gm_status parse_header(gm_ecg **e, const void *bytes, size_t length, const char *name)
{
    (void)name;
    return from_memory(e, bytes, length, "\1\0\2\0", 4);
}

static void malformed_records_are_refused_with_their_place(void)
{
    static const bad_text cases[] = {
        {"", "m.hea:1: the record line is missing"},
        {"# only a comment\n", "m.hea:1: the record line is missing"},
        {"m\n", "m.hea:1: the number of signals is missing"},
        {"m two 500 2\n", "m.hea:1: the number of signals is \"two\""},
        {"m 0 500 2\n", "m.hea:1: the number of signals is \"0\""},
        {"m -1 500 2\n", "the number of signals is \"-1\""},
        {"m 99999999999999999999 500 2\n", "expected a whole number from 1 to 256"},
        {"m/0 1 500 2\n", "m.hea:1: the number of segments is \"0\""},
        {"m/99999999 1 500 2\n", "the number of segments is \"99999999\""},
        {"m/50000 1 500 2\na 2\n", "50000 segments, but the header has only 4 bytes for them"},
        {"m 1 0 2\nm.dat 16 200\n", "m.hea:1: the sampling rate is \"0\""},
        {"m 1 nan 2\nm.dat 16 200\n", "m.hea:1: the sampling rate is \"nan\""},
        {"m 1 -500 2\nm.dat 16 200\n", "the sampling rate is \"-500\""},
        {"m 1 1e12 2\nm.dat 16 200\n", "sampling rate 1e+12 Hz, allowed are 10 to"},
        {"m 1\nm.dat 16 200\n", "the record line states no sampling rate"},
        {"m 1 500 -2\nm.dat 16 200\n", "the number of samples is \"-2\""},
        {"m 1 500 3\nm.dat 16 200\n",
         "room for 2 samples a signal in its 4 bytes, but the header promises 3"},
        {"m 1 500 9223372036854775807\nm.dat 16 200\n", "promises 9223372036854775807"},
        {"m 2 500 2\nm.dat 16 200\n", "m.hea:2: the header ends after 1 of 2 signals"},
        {"m 1 500 2\nm.dat 16 200\nm.dat 16 200\n", "m.hea:3: a line after the last of 1 signals"},
        {"m 1 500 2\nm.dat\n", "m.hea:2: the signal format is missing"},
        {"m 1 500 2\nm.dat 516 200\n", "m.hea:2: signal format 516 is not read"},
        {"m 1 500 2\nm.dat 16:-1 200\n", "m.hea:2: the skew at \"-1"},
        {"m 1 500 2\nm.dat 16:2 200\n", "signal ?: a skew of 2 frames, the record has 2"},
        {"m 1 500\n~ 0 200\n", "the record holds no sample"},
        {"m 1 500 9999999999\n~ 0 200\n", "allowed are 268435456 samples"},
        {"m 1 500 2\nm.dat 16x0 200\n", "m.hea:2: samples a frame at \"0\""},
        {"m 1 500 2\nm.dat 16y 200\n", "signal format \"16y\" goes on with \"y\""},
        {"m 1 500 2\nm.dat 16+99 200\n", "the header places the samples at byte 99"},
        {"m 1 500 2\nm.dat 16 much\n", "m.hea:2: the gain is \"much\""},
        {"m 1 500 2\nm.dat 16 nan\n", "the gain is \"nan\""},
        {"m 1 500 2\nm.dat 16 -200\n", "the gain is \"-200\""},
        {"m 1 500 2\nm.dat 16 1e-20 16 0 1 3 0 II\n", "channel II: 1e+20 mV a count, allowed are"},
        {"m 1 500 2\nm.dat 16 1e300\n", "mV a count, allowed are"},
        {"m 1 500 2\nm.dat 16 200(5\n", "the baseline \"(5\" is not in ( )"},
        {"m 1 500 2\nm.dat 16 200(x)\n", "the baseline is \"x\""},
        {"m 1 500 2\nm.dat 16 200 99\n", "the ADC resolution is \"99\""},
        {"m 1 500 2\n../m.dat 16 200\n", "only a file beside the header is read"},
        {"m 1 500 2\n- 16 200\n", "only a file beside the header is read"},
        {"m 2 500 1\nm.dat 16 200\nm.dat 61 200\n",
         "m.hea:3: signal file m.dat: format 16 from byte 0 on, but also format 61"},
        {"m 2 500 1\nm.dat 16+1 200\nm.dat 16+2 200\n",
         "format 16 from byte 1 on, but also format 16"},
    };
    expect_texts_refused(parse_header, cases, sizeof cases / sizeof *cases, "m.hea:");
    expect_refused(parse_header, "m 1\0 500", 8, "m.hea:", "m.hea:1: a NUL byte");
    gm_ecg *e;
    EXPECT(from_memory(&e, "m 1 500\nm.dat 16\n", 17, "", 0) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "holds no sample");
}

static const char small_header[] = "m 2 500/1(0) 2 10:11:12 29/09/1990\nm.dat 212:1+1 200(5)/mV 12 "
                                   "0 1 3 0 II\nm.dat 212 0\n# age: 5\n";
static const char small_bytes[] = ".\1\0\2\3\0\4";
enum { N_SMALL = sizeof small_bytes - 1 };

static gm_status parse_small_header(gm_ecg **e, const void *bytes, size_t length, const char *name)
{
    (void)name;
    return from_memory(e, bytes, length, small_bytes, N_SMALL);
}

static gm_status parse_small_bytes(gm_ecg **e, const void *bytes, size_t length, const char *name)
{
    (void)name;
    return from_memory(e, small_header, strlen(small_header), bytes, length);
}

static void damage_and_lack_of_memory_never_crash_it(void)
{
    (void)expect_safe(parse_small_header, small_header, strlen(small_header), "");
    expect_safe_when_flipped(parse_small_bytes, small_bytes, N_SMALL, "m.dat: ");
    EXPECT(expect_safe_when_cut(parse_small_bytes, small_bytes, N_SMALL, "m.dat: ") == 0);
}

int main(int argc, char **argv)
{
    RUN(mitdb_100_agrees_with_its_header);
    RUN(ptb_s0010_has_fifteen_signals_in_two_files);
    RUN(ludb_gains_that_break_einthoven_are_noticed);
    RUN(every_signal_format_is_decoded);
    RUN(an_odd_last_sample_of_format_212_is_read);
    RUN(wrong_checksums_and_first_counts_are_notes);
    RUN(fields_of_the_header_are_understood);
    RUN(what_the_header_does_not_say_stays_unknown);
    RUN(ages_have_units_and_days_exist);
    RUN(long_gaps_are_refused);
    RUN(signals_at_another_rate_are_another_waveform);
    RUN(most_leads_are_the_ecg);
    RUN(skew_makes_samples_simultaneous);
    RUN(annotations_beside_the_header_become_marks);
    RUN(annotations_may_count_other_ticks_than_frames);
    RUN(malformed_records_are_refused_with_their_place);
    RUN(damage_and_lack_of_memory_never_crash_it);
    return gm_report();
}
