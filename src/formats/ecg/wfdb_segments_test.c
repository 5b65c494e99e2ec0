/* Records of segments: header(5), "multi-segment records". */
#include "ecg/reader_for_tests.h"
#include "ecg/wfdb_memory.h"

#define GAP GM_ECG_MISSING_COUNT
#define FILE_OF(name, text)          \
    {                                \
        name, text, sizeof(text) - 1 \
    }

static gm_ecg *read_files(const gm_wfdb_memory_file *files, size_t n)
{
    gm_ecg *e;
    gm_status s = gm_wfdb_memory_read(&e, files, n, 0);
    return expect_read(s, e);
}

static void expect_counts(const gm_ecg *e, size_t channel, const int32_t *expected)
{
    for (size_t i = 0; i < e->n_samples; i++) {
        EXPECT(e->channels[channel].counts[i] == expected[i]);
        if (e->channels[channel].counts[i] != expected[i])
            printf("  channel %zu, sample %zu: %d\n", channel, i, e->channels[channel].counts[i]);
    }
}

/* As example 6 of header(5): one segment twice, a gap between; formats differ. */
static const gm_wfdb_memory_file fixed[] = {
    FILE_OF("m.hea", "m/4 2 250 9 10:00:00 01/02/2003\na 2\n~ 3\nb_1 2\na 2\n# age: 40\n"),
    FILE_OF("a.hea", "a 2 250 2\na.dat 16 200 16 0 1 4 0 I\na.dat 16 100(5)/uV 16 0 2 6 0 II\n"),
    FILE_OF("b_1.hea", "b_1 2 250 2\nb.dat 80 200 8 0 5 12 0 I\nb.dat 80 100(5)/uV 8 0 6 14 0\n"),
    FILE_OF("a.dat", "\1\0\2\0\3\0\4\0"),
    FILE_OF("b.dat", "\x85\x86\x87\x88"),
    FILE_OF("m.atr", "\5\4\0\0")};
enum { N_FIXED = sizeof fixed / sizeof *fixed };

static void segments_follow_each_other(void)
{
    gm_ecg *e = read_files(fixed, N_FIXED);
    if (!e) return;
    static const int32_t one[] = {1, 3, GAP, GAP, GAP, 5, 7, 1, 3},
                         two[] = {2, 4, GAP, GAP, GAP, 6, 8, 2, 4};
    EXPECT(e->n_channels == 2 && e->n_samples == 9 && e->rate_hz == 250);
    expect_counts(e, 0, one);
    expect_counts(e, 1, two);
    EXPECT(e->channels[1].baseline == 5 && strcmp(e->channels[1].unit, "uV") == 0);
    EXPECT(strcmp(e->acquired, "2003-02-01T10:00:00") == 0 && e->patient.age_years == 40);
    EXPECT(e->n_marks == 1 && e->marks[0].sample == 5);
    EXPECT(e->n_notes == 2); /* what is missing, and no checksum */
    gm_ecg_destroy(e);
}

/* The first segment has no samples: its header lists the signals that occur. */
static const gm_wfdb_memory_file variable[] = {
    FILE_OF("m.hea", "m/4 3 125 7\nlayout 0\na 2\nb 3\n~ 2\n"),
    FILE_OF("layout.hea", "layout 3 125 0\n~ 0x2 200/mV 16 0 0 0 0 I\n~ 0x2 200/mV 16 0 0 0 0 V\n"
                          "~ 0 10/mmHg 16 0 0 0 0 ABP\n# Location: nowhere\n"),
    FILE_OF("a.hea", "a 2 125 2\na.dat 80 10/mmHg 8 0 1 5 0 ABP\na.dat 80x2 200/mV 8 0 2 16 0 V\n"),
    FILE_OF("b.hea", "b 1 125 3\nb.dat 80x2 200/mV 8 0 1 21 0 I\n"),
    FILE_OF("a.dat", "\x81\x82\x83\x84\x85\x86"),
    FILE_OF("b.dat", "\x81\x82\x83\x84\x85\x86")};
enum { N_VARIABLE = sizeof variable / sizeof *variable };

static void signals_may_come_and_go_between_segments(void)
{
    gm_ecg *e = read_files(variable, N_VARIABLE);
    if (!e) return;
    static const int32_t one[] = {GAP, GAP, GAP, GAP, 1, 2, 3, 4, 5, 6, GAP, GAP, GAP, GAP},
                         v[] = {2, 3, 5, 6, GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP},
                         abp[] = {1, 4, GAP, GAP, GAP, GAP, GAP};
    EXPECT(e->n_channels == 2 && e->n_samples == 14 && e->rate_hz == 250 && e->n_others == 1);
    expect_counts(e, 0, one);
    expect_counts(e, 1, v);
    if (e->n_others) {
        EXPECT(e->others[0]->n_samples == 7 && e->others[0]->rate_hz == 125);
        expect_counts(e->others[0], 0, abp);
    }
    EXPECT(e->n_comments == 1 && strcmp(e->comments[0], "Location: nowhere") == 0);
    gm_ecg_destroy(e);
}

/* Gains 200 and 300 per mV meet at 600; each count becomes a whole one. */
static void other_gains_are_brought_to_one_exact_scale(void)
{
    const gm_wfdb_memory_file files[] = {
        FILE_OF("m.hea", "m/3 1 250 5\na 2\nb 2\nc 1\n"),
        FILE_OF("a.hea", "a 1 250 2\na.dat 80 200(1) 8 0 1 4 0 I\n"),
        FILE_OF("b.hea", "b 1 250 2\na.dat 80 300(-2) 8 0 1 4 0 I\n"),
        FILE_OF("c.hea", "c 1 250 1\nc.dat 80 0.5(1) 8 0 3 3 0 I\n"),
        FILE_OF("a.dat", "\x81\x83"),
        FILE_OF("c.dat", "\x83")};
    gm_ecg *e = read_files(files, 6);
    if (!e) return;
    /* 600 per mV, baseline 3: (1 - 1) 3 + 3, (3 - 1) 3 + 3; (1 + 2) 2 + 3 ...; (3 - 1) 1200 + 3 */
    static const int32_t counts[] = {3, 9, 9, 13, 2403};
    expect_counts(e, 0, counts);
    EXPECT(e->channels[0].baseline == 3);
    EXPECT_CLOSE(e->channels[0].mv_per_count, 1.0 / 600, 1e-15, 0);
    EXPECT(e->n_notes == 1);
    EXPECT_CONTAINS(e->notes[0], "exactly, to gain 600 and baseline 3");
    gm_ecg_destroy(e);
}

static void skew_goes_on_across_segments(void)
{
    const gm_wfdb_memory_file files[] = {
        FILE_OF("m.hea", "m/2 1 250 4\na 2\na 2\n"),
        FILE_OF("a.hea", "a 1 250 2\na.dat 80:1 200 8 0 1 4 0 I\n"), FILE_OF("a.dat", "\x81\x83")};
    gm_ecg *e = read_files(files, 3);
    if (!e) return;
    static const int32_t counts[] = {3, 1, 3, GAP};
    expect_counts(e, 0, counts);
    gm_ecg_destroy(e);
}

static void contradictory_segments_are_refused(void)
{
#define A "a 1 250 2\na.dat 80 200 8 0 1 4 0 I\n"
    static const struct {
        const char *head, *a, *b, *says;
    } cases[] = {
        {"m/2 1 250 4\na 2\nb 2\n", A, NULL, "m.hea: segment b: b.hea: no such file"},
        {"m/2 1 250 5\na 2\na 2\n", A, NULL, "m.hea: 5 samples, but its segments have 4"},
        {"m/2 1 250 4\na 2\n", A, NULL, "m.hea:2: the header ends after 1 of 2 segments"},
        {"m/1 1 250 2\na 2\nb 2\n", A, NULL, "m.hea:3: a line after the last of 1 segments"},
        {"m/1 1 250 2\na\n", A, NULL, "m.hea:2: the number of samples is missing after \"a\""},
        {"m/1 1 250 2\n../a 2\n", A, NULL, "m.hea:2: segment \"../a\": a record's name has only"},
        {"m/1 1 250 2\n/a 2\n", A, NULL, "segment \"/a\""},
        {"m/1 1 250 3\na 3\n", A, NULL, "segment a has 3 samples, but a.hea says 2"},
        {"m/1 1 250 3\na 3\n", "a 1 250\na.dat 80 200 8 0 1 4 0 I\n", NULL,
         "m.hea: segment: a.hea: a.dat: room for 2 samples"},
        {"m/1 2 250 2\na 2\n", A, NULL, "m.hea: 2 signals, but its segments have 1"},
        {"m/1 1 500 2\na 2\n", A, NULL, "a.hea: 250 Hz, the record has 500 Hz"},
        {"m/1 1\na 2\n", A, NULL, "states no sampling rate"},
        {"m/1 1 250 2\na 2\n", "a/1 1 250 2\nc 2\n", NULL, "segment a has segments itself"},
        {"m/1 1 250 2\nm 2\n", A, NULL, "segment m has segments itself"},
        {"m/1 1 250 2\na 2\n", "a 1 250 2\na.dat\n", NULL,
         "m.hea: segment: a.hea:2: the signal format is missing"},
        {"m/1 1 250 5\n~ 5\n", NULL, NULL, "no segment says which signals there are"},
        {"m/1 1 250\na 0\n", A, NULL, "m.hea: the record holds no sample"},
        {"m/2 1 250\na 2\n~ 9999999999\n", A, NULL, "m.hea:3: segment ~ brings the record to more"},
        {"m/2 1 250\na 2\nb 2\n", A, "b 1 250 2\na.dat 80 200 8 0 1 4 0 II\n",
         "b.hea:2: signal 0 is II, in the other segments I"},
        {"m/2 1 250\na 2\nb 2\n", A,
         "b 2 250 2\na.dat 80 200 8 0 1 4 0 I\na.dat 80 200 8 0 1 4 0 II\n",
         "b.hea: 2 signals, the record has 1"},
        {"m/2 1 250\na 2\nb 2\n", A, "b 1 250 2\na.dat 80x2 200 8 0 1 4 0 I\n",
         "b.hea:2: signal I: 2 samples a frame"},
        {"m/2 1 250\na 2\nb 2\n", A, "b 1 250 2\na.dat 80:1 200 8 0 1 4 0 I\n", "a skew of 1"},
        {"m/2 1 250\na 2\nb 2\n", A, "b 1 250 2\na.dat 80 200/uV 8 0 1 4 0 I\n",
         "b.hea:2: signal I is in uV, in an earlier segment in mV"},
        {"m/2 1 250\na 2\nb 2\n", A, "b 1 250 2\na.dat 80 0 8 0 1 4 0 I\n",
         "b.hea:2: signal I has no gain, in an earlier segment"},
        {"m/2 1 250\na 2\nb 2\n", A, "b 1 250 2\na.dat 80 0.12345678901 8 0 1 4 0 I\n",
         "b.hea:2: signal I has a gain of 0.123456789, earlier segments 200: no scale holds"},
        {"m/2 1 250\na 2\nb 2\n", A, "b 1 250 2\na.dat 80 100(2000000000) 8 0 1 4 0 I\n",
         "m.hea: b.hea: signal I: count 1 would be -3999999998 on the common scale"},
        {"m/2 1 250\nb 0\na 2\n", A, "b 1 250 0\n~ 0 200 8 0 0 0 0 II\n",
         "a.hea:2: signal I is not one of the 1 of the record"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_wfdb_memory_file files[] = {{"m.hea", cases[i].head, strlen(cases[i].head)},
                                       FILE_OF("a.dat", "\x81\x83"),
                                       {"", NULL, 0},
                                       {"", NULL, 0}};
        if (cases[i].a) files[2] = (gm_wfdb_memory_file){"a.hea", cases[i].a, strlen(cases[i].a)};
        if (cases[i].b) files[3] = (gm_wfdb_memory_file){"b.hea", cases[i].b, strlen(cases[i].b)};
        gm_ecg *e;
        gm_status s = gm_wfdb_memory_read(&e, files, 4, 0);
        EXPECT((s == GM_EFORMAT || s == GM_ENOTFOUND) && !e);
        EXPECT_CONTAINS(gm_error_text(), cases[i].says);
    }
}

static void a_gap_cannot_take_all_memory(void)
{
    gm_ecg *e;
    EXPECT(gm_wfdb_memory_read(&e, fixed, N_FIXED, 18) == GM_OK);
    gm_ecg_destroy(e);
    EXPECT(gm_wfdb_memory_read(&e, fixed, N_FIXED, 17) == GM_EFORMAT && !e);
    EXPECT_CONTAINS(gm_error_text(), "m.hea: 9 frames of 2 samples, allowed are 17 samples");
}

/* A record of which one file is replaced. */
static const gm_wfdb_memory_file *record;
static size_t replaced;
_Static_assert((int)N_FIXED == (int)N_VARIABLE, "both records have as many files");

static gm_status parse_with(gm_ecg **e, const void *bytes, size_t length, const char *name)
{
    gm_wfdb_memory_file files[N_FIXED];
    (void)name;
    memcpy(files, record, sizeof files);
    files[replaced].bytes = bytes;
    files[replaced].length = length;
    return gm_wfdb_memory_read(e, files, N_FIXED, 1 << 20);
}

/* A bit may turn a segment's name into that of no file. */
static gm_status parse_with_flipped(gm_ecg **e, const void *bytes, size_t length, const char *name)
{
    gm_status s = parse_with(e, bytes, length, name);
    return s == GM_ENOTFOUND ? GM_EFORMAT : s;
}

static void damage_and_lack_of_memory_never_crash_it(void)
{
    for (int which = 0; which < 2; which++) {
        size_t n_read = 0;
        record = which ? variable : fixed;
        for (replaced = 0; replaced < N_FIXED; replaced++) {
            const gm_wfdb_memory_file *f = &record[replaced];
            size_t n = expect_safe_when_cut(parse_with, f->bytes, f->length, "");
            expect_safe_when_flipped(parse_with_flipped, f->bytes, f->length, "");
            expect_safe_without_memory(parse_with, f->bytes, f->length);
            if (gm_wfdb_memory_ends_with(f->name, ".dat")) EXPECT(n == 0);
            n_read += n;
        }
        EXPECT(n_read < 200); /* names, comments and annotations may be cut */
    }
}

int main(int argc, char **argv)
{
    RUN(segments_follow_each_other);
    RUN(signals_may_come_and_go_between_segments);
    RUN(other_gains_are_brought_to_one_exact_scale);
    RUN(skew_goes_on_across_segments);
    RUN(contradictory_segments_are_refused);
    RUN(a_gap_cannot_take_all_memory);
    RUN(damage_and_lack_of_memory_never_crash_it);
    return gm_report();
}
