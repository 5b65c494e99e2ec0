#include "ecg/wfdb_annotation.h"

#include "core/alloc.h"
#include "core/file.h"
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

/* ---- writing ------------------------------------------------------------------------------------ */

static bool same_items(const gm_annotations *a, const gm_annotations *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++) {
        const gm_annotation *x = &a->items[i], *y = &b->items[i];
        same = x->sample == y->sample && x->code == y->code && x->subtype == y->subtype &&
               x->channel == y->channel && x->number == y->number && !x->text == !y->text &&
               x->text_length == y->text_length &&
               (!x->text || memcmp(x->text, y->text, x->text_length) == 0);
    }
    return same;
}

/* Whether a file is written with the very bytes that were read; *items: whether it says the same. */
static bool comes_back(const void *bytes, size_t length, bool *items)
{
    gm_annotations *a = NULL, *b = NULL;
    char *written = NULL;
    size_t n = 0;
    EXPECT(gm_annotations_parse(&a, bytes, length, "a") == GM_OK);
    EXPECT(a && gm_annotations_write(&written, &n, a) == GM_OK);
    EXPECT(gm_annotations_parse(&b, written, n, "b") == GM_OK);
    *items = a && b && same_items(a, b);
    bool same = n == length && memcmp(written, bytes, n) == 0;
    gm_free(written);
    gm_annotations_destroy(a);
    gm_annotations_destroy(b);
    return same;
}

static void check_file(const char *path, size_t *n_files, size_t *n_same_items,
                       size_t *n_same_bytes)
{
    char *bytes;
    size_t length;
    bool items;
    EXPECT(gm_file_read(&bytes, &length, path, 0) == GM_OK);
    if (!bytes) return;
    ++*n_files;
    *n_same_bytes += comes_back(bytes, length, &items);
    *n_same_items += items;
    gm_free(bytes);
}

static void every_published_file_is_written_byte_by_byte(void)
{
    NEED_DATA(ECG "/mitdb/100.atr");
    NEED_DATA(ECG "/ludb/data/1.i");
    static const char *const leads[] = {"i",  "ii", "iii", "avr", "avl", "avf",
                                        "v1", "v2", "v3",  "v4",  "v5",  "v6"};
    size_t n_files = 0, n_same_items = 0, n_same_bytes = 0;
    check_file(ECG "/mitdb/100.atr", &n_files, &n_same_items, &n_same_bytes);
    for (int record = 1; record <= 140; record++) {
        for (size_t l = 0; l < 12; l++) {
            char path[512];
            snprintf(path, sizeof path, ECG "/ludb/data/%d.%s", record, leads[l]);
            check_file(path, &n_files, &n_same_items, &n_same_bytes);
        }
    }
    printf("  of %zu files %zu say the same, %zu are the same bytes\n", n_files, n_same_items,
           n_same_bytes);
    EXPECT(n_files == 1681 && n_same_items == n_files && n_same_bytes == n_files);
}

/* As putann() of the WFDB library does it: subtype, signal, number, text; a long or null interval is a
 * skip. Read from its documentation, annot(5). */
static void qualifiers_and_long_intervals_are_written(void)
{
    static const unsigned char canonical[] = {WORD(28, 5),
                                              WORD(63, 3),
                                              '(',
                                              'N',
                                              0,
                                              0,
                                              WORD(1, 1023),
                                              WORD(61, 0x3FE),
                                              WORD(62, 255),
                                              WORD(60, 127),
                                              WORD(59, 0),
                                              0,
                                              0,
                                              0,
                                              4,
                                              WORD(5, 0),
                                              WORD(60, 0x380),
                                              WORD(63, 0),
                                              WORD(59, 0),
                                              0xFF,
                                              0xFF,
                                              0xFF,
                                              0xFF,
                                              WORD(0, 1),
                                              WORD(62, 0),
                                              WORD(49, 0),
                                              0,
                                              0};
    bool items;
    EXPECT(comes_back(canonical, sizeof canonical, &items) && items);
    EXPECT(!comes_back(sample_file, sizeof sample_file, &items) || items);
    EXPECT(items);
    EXPECT(comes_back("\0\0", 2, &items) && items);
}

static void time_may_be_far_away(void)
{
    gm_annotation item = {.sample = (int64_t)1 << 36, .code = 1};
    gm_annotations a = {&item, 1}, *b;
    char *bytes;
    size_t n;
    EXPECT(gm_annotations_write(&bytes, &n, &a) == GM_OK);
    EXPECT(gm_annotations_parse(&b, bytes, n, "b") == GM_OK && same_items(&a, b));
    gm_annotations_destroy(b);
    gm_free(bytes);
}

static void what_no_file_can_hold_is_refused(void)
{
    static char long_text[1100];
    const gm_annotation cases[][2] = {
        {{.sample = 5, .code = 1}, {.sample = 4, .code = 1}},
        {{.sample = -1, .code = 1}},
        {{.code = 50}},
        {{.code = -1}},
        {{.code = 1, .subtype = 128}},
        {{.code = 1, .number = -129}},
        {{.code = 1, .channel = 256}},
        {{.code = 1, .channel = -1}},
        {{.code = 1, .text = long_text, .text_length = 1024}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_annotations a = {(gm_annotation *)cases[i], 2};
        char *bytes;
        size_t n;
        EXPECT(gm_annotations_write(&bytes, &n, &a) == GM_EINVAL && !bytes && n == 0);
        EXPECT_CONTAINS(gm_error_text(), i ? "annotation 0: " : "annotation 1: time 4");
    }
}

static void without_memory_nothing_is_written(void)
{
    gm_annotation item = {.sample = 1, .code = 1};
    gm_annotations a = {&item, 1};
    char *bytes;
    size_t n;
    gm_alloc_fail_after(0);
    EXPECT(gm_annotations_write(&bytes, &n, &a) == GM_ENOMEM && !bytes);
    gm_alloc_fail_after(-1);
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
    RUN(every_published_file_is_written_byte_by_byte);
    RUN(qualifiers_and_long_intervals_are_written);
    RUN(time_may_be_far_away);
    RUN(what_no_file_can_hold_is_refused);
    RUN(without_memory_nothing_is_written);
    return gm_report();
}
