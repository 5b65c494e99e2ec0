#include "ecg/wfdb_annotation.h"

#include "core/alloc.h"
#include "testing/gm_test.h"

#define ECG GM_SHARED_DIR "/data/ecg"

/* Code and interval as a little-endian word, for byte arrays. */
#define WORD(code, interval) ((code) << 10 | (interval)) & 0xFF, ((code) << 10 | (interval)) >> 8

static void record_100_holds_the_published_beats(void)
{
    NEED_DATA(ECG "/mitdb/100.atr");
    gm_annotations *a;
    EXPECT(gm_annotations_read(&a, ECG "/mitdb/100.atr") == GM_OK);
    if (!a) return;
    static const int64_t first[] = {77, 370, 662, 946};
    size_t n_beats = 0, n_of[64] = {0}, wrong = 0;
    int64_t last = 0;
    for (size_t i = 0; i < a->n; i++) {
        n_of[a->items[i].code]++;
        if (!gm_annotation_is_beat(a->items[i].code)) continue;
        if (n_beats < 4 && a->items[i].sample != first[n_beats]) wrong++;
        n_beats++;
        last = a->items[i].sample;
    }
    EXPECT(a->n == 2274 && n_beats == 2273 && wrong == 0 && last == 649991);
    EXPECT(n_of[1] == 2239 && n_of[8] == 33 && n_of[5] == 1);
    EXPECT(a->items[0].sample == 18 && a->items[0].code == GM_ANNOTATION_RHYTHM);
    EXPECT_CONTAINS(a->items[0].text, "(N");
    gm_annotations_destroy(a);
}

/* reference/ecg.md, section 9: 15,425 QRS, 11,076 P, 13,805 T in LUDB records 1-140. */
static void ludb_holds_the_published_waves(void)
{
    NEED_DATA(ECG "/ludb/data/1.i");
    static const char *const leads[] = {"i",  "ii", "iii", "avr", "avl", "avf",
                                        "v1", "v2", "v3",  "v4",  "v5",  "v6"};
    size_t n_qrs = 0, n_p = 0, n_t = 0;
    for (int record = 1; record <= 140; record++) {
        for (size_t l = 0; l < 12; l++) {
            char path[512];
            snprintf(path, sizeof path, ECG "/ludb/data/%d.%s", record, leads[l]);
            gm_annotations *a;
            EXPECT(gm_annotations_read(&a, path) == GM_OK);
            for (size_t i = 0; a && i < a->n; i++) {
                n_qrs += a->items[i].code == GM_ANNOTATION_NORMAL;
                n_p += a->items[i].code == GM_ANNOTATION_P_PEAK;
                n_t += a->items[i].code == GM_ANNOTATION_T_PEAK;
            }
            gm_annotations_destroy(a);
        }
    }
    EXPECT(n_qrs == 15425 && n_p == 11076 && n_t == 13805);
}

static const unsigned char sample_file[] = {
    WORD(28, 5), WORD(63, 3), '(', 'N', 'x', 0,          WORD(1, 100),  WORD(61, 2), WORD(62, 1),
    WORD(59, 0), 1,           0,   0,   0,   WORD(5, 7), WORD(60, 255), 0,           0};

static void long_intervals_and_qualifiers_are_read(void)
{
    gm_annotations *a;
    EXPECT(gm_annotations_parse(&a, sample_file, sizeof sample_file, "m") == GM_OK);
    if (!a) return;
    EXPECT(a->n == 3);
    EXPECT(a->items[0].sample == 5 && strcmp(a->items[0].text, "(Nx") == 0);
    EXPECT(a->items[1].sample == 105 && a->items[1].subtype == 2 && a->items[1].channel == 1);
    EXPECT(a->items[2].sample == 105 + 65536 + 7 && a->items[2].channel == 1);
    EXPECT(a->items[2].number == -1 && !a->items[2].text);
    EXPECT(strcmp(gm_annotation_symbol(a->items[2].code), "V") == 0);
    EXPECT(strcmp(gm_annotation_symbol(99), "") == 0);
    gm_annotations_destroy(a);
}

static void a_file_cut_anywhere_is_refused(void)
{
    for (size_t n = 0; n < sizeof sample_file; n++) {
        gm_annotations *a;
        EXPECT(gm_annotations_parse(&a, sample_file, n, "cut.atr") == GM_EFORMAT);
        EXPECT(!a);
        EXPECT_CONTAINS(gm_error_text(), "cut.atr: byte ");
    }
}

static void flipped_bits_never_crash_and_never_turn_time_back(void)
{
    for (size_t bit = 0; bit < 8 * sizeof sample_file; bit++) {
        unsigned char bytes[sizeof sample_file];
        memcpy(bytes, sample_file, sizeof bytes);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        gm_annotations *a;
        gm_status s = gm_annotations_parse(&a, bytes, sizeof bytes, "flipped.atr");
        EXPECT(s == GM_OK || s == GM_EFORMAT);
        for (size_t i = 1; a && i < a->n; i++)
            EXPECT(a->items[i].sample >= a->items[i - 1].sample);
        gm_annotations_destroy(a);
    }
}

static void nonsense_is_refused_with_its_place(void)
{
    static const struct {
        unsigned char bytes[12];
        size_t length;
        const char *says;
    } cases[] = {
        {{WORD(63, 2), 'a', 'b', 0, 0}, 6, "before the first annotation"},
        {{WORD(62, 2), 0, 0}, 4, "before the first annotation"},
        {{WORD(1, 2), WORD(63, 900), 'a', 'b', 0, 0}, 8, "past the end"},
        {{WORD(55, 1), 0, 0}, 4, "code 55, allowed are 0 to 49"},
        {{WORD(1, 9), WORD(59, 0), 0xFF, 0xFF, 0xF0, 0xFF, WORD(1, 0), 0, 0}, 12, "backwards"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_annotations *a;
        EXPECT(gm_annotations_parse(&a, cases[i].bytes, cases[i].length, "bad.atr") == GM_EFORMAT);
        EXPECT_CONTAINS(gm_error_text(), "bad.atr: byte ");
        EXPECT_CONTAINS(gm_error_text(), cases[i].says);
    }
    gm_annotations *a;
    EXPECT(gm_annotations_read(&a, "/nowhere/100.atr") == GM_ENOTFOUND);
    EXPECT_CONTAINS(gm_error_text(), "/nowhere/100.atr");
}

static void without_memory_it_fails_cleanly(void)
{
    for (long after = 0; after < 3; after++) {
        gm_annotations *a;
        gm_alloc_fail_after(after);
        gm_status s = gm_annotations_parse(&a, sample_file, sizeof sample_file, "m");
        gm_alloc_fail_after(-1);
        EXPECT(s == GM_ENOMEM && !a);
    }
}

int main(int argc, char **argv)
{
    RUN(record_100_holds_the_published_beats);
    RUN(ludb_holds_the_published_waves);
    RUN(long_intervals_and_qualifiers_are_read);
    RUN(a_file_cut_anywhere_is_refused);
    RUN(flipped_bits_never_crash_and_never_turn_time_back);
    RUN(nonsense_is_refused_with_its_place);
    RUN(without_memory_it_fails_cleanly);
    return gm_report();
}
