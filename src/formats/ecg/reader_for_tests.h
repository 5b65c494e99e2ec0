/* reader_for_tests.h - what every ECG reader must do with a file, good or bad. Not part of the library. */
#ifndef GM_ECG_READER_FOR_TESTS_H
#define GM_ECG_READER_FOR_TESTS_H

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "ecg/waveform.h"
#include "testing/gm_test.h"

typedef gm_status (*parse_function)(gm_ecg **, const void *, size_t, const char *);

/* `e` of a reader that must have succeeded; NULL and said if it did not. */
static inline gm_ecg *expect_read(gm_status s, gm_ecg *e)
{
    EXPECT(s == GM_OK && e);
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    return e;
}

static inline gm_ecg *read_ecg(const char *path)
{
    gm_ecg *e;
    gm_status s = gm_ecg_read(&e, path);
    return expect_read(s, e);
}

static inline gm_ecg *parsed_ecg(parse_function parse, const void *bytes, size_t length)
{
    gm_ecg *e;
    gm_status s = parse(&e, bytes, length, "good.ecg");
    return expect_read(s, e);
}

/* Refused as malformed, and the message has the file's name and `says`. */
static inline void expect_refused(parse_function parse, const void *bytes, size_t length,
                                  const char *name, const char *says)
{
    gm_ecg *e;
    gm_status s = parse(&e, bytes, length, name);
    EXPECT(s == GM_EFORMAT && !e);
    if (s != GM_EFORMAT) printf("  status %d, expected: %s\n", (int)s, says);
    EXPECT_CONTAINS(gm_error_text(), name);
    EXPECT_CONTAINS(gm_error_text(), says);
    gm_ecg_destroy(e);
}

static inline gm_text text_of_file(const char *path)
{
    gm_text t = {0};
    EXPECT(gm_file_read(&t.data, &t.length, path, 0) == GM_OK);
    return t;
}

/* A file with one text replaced. */
static inline gm_text changed_file(const char *path, const char *from, const char *to)
{
    gm_text whole = text_of_file(path), t = {0};
    const char *at = whole.data ? strstr(whole.data, from) : NULL;
    EXPECT(at != NULL);
    if (at) {
        gm_text_add_bytes(&t, whole.data, (size_t)(at - whole.data));
        gm_text_add(&t, to);
        gm_text_add(&t, at + strlen(from));
    }
    gm_text_free(&whole);
    return t;
}

/* Files that are refused: a text, or what a text of a small file becomes. */
typedef struct {
    const char *text, *says;
} bad_text;

typedef struct {
    const char *from, *to, *says;
} bad_change;

static inline void expect_texts_refused(parse_function parse, const bad_text *cases, size_t n,
                                        const char *name)
{
    for (size_t i = 0; i < n; i++)
        expect_refused(parse, cases[i].text, strlen(cases[i].text), name, cases[i].says);
}

static inline void expect_changes_refused(parse_function parse, const char *path,
                                          const bad_change *cases, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        gm_text t = changed_file(path, cases[i].from, cases[i].to);
        expect_refused(parse, t.data, t.length, name, cases[i].says);
        gm_text_free(&t);
    }
}

/* An error whose message has `name`, or an ECG; true: an ECG. The bytes are copied to a block of their
 * own size, so that a sanitizer sees each step beyond. */
static inline bool error_or_ecg(parse_function parse, const void *bytes, size_t length,
                                const char *name)
{
    gm_ecg *e;
    char *exact = gm_calloc(length + !length, 1);
    EXPECT(exact != NULL);
    if (!exact) return false;
    if (length) memcpy(exact, bytes, length);
    gm_status s = parse(&e, exact, length, name);
    EXPECT(s == GM_OK ? e != NULL : s == GM_EFORMAT && !e);
    if (s != GM_OK) EXPECT_CONTAINS(gm_error_text(), name);
    if (e) EXPECT(e->rate_hz > 0 && e->n_channels && e->n_samples);
    gm_ecg_destroy(e);
    gm_free(exact);
    return s == GM_OK;
}

/* The file cut at every byte; returns how many of these are read all the same. */
static inline size_t expect_safe_when_cut(parse_function parse, const void *bytes, size_t length,
                                          const char *name)
{
    size_t n_read = 0;
    for (size_t n = 0; n < length; n++)
        n_read += error_or_ecg(parse, bytes, n, name);
    return n_read;
}

static inline void expect_safe_when_flipped(parse_function parse, const void *bytes, size_t length,
                                            const char *name)
{
    gm_text t = {0};
    gm_text_add_bytes(&t, bytes, length);
    EXPECT(t.length == length);
    for (size_t bit = 0; bit < 8 * t.length; bit++) {
        t.data[bit / 8] ^= (char)(1 << bit % 8);
        (void)error_or_ecg(parse, t.data, length, name);
        t.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    gm_text_free(&t);
}

/* Each allocation fails once, until none does. */
static inline void expect_safe_without_memory(parse_function parse, const void *bytes,
                                              size_t length)
{
    bool succeeded = false;
    for (long after = 0; after < 1000 && !succeeded; after++) {
        gm_ecg *e;
        gm_alloc_fail_after(after);
        gm_status s = parse(&e, bytes, length, "no_memory.ecg");
        gm_alloc_fail_after(-1);
        succeeded = s == GM_OK;
        EXPECT(s == GM_OK ? e != NULL : s == GM_ENOMEM && !e);
        gm_ecg_destroy(e);
    }
    EXPECT(succeeded);
}

/* All three; returns how many of the cuts are read all the same. */
static inline size_t expect_safe(parse_function parse, const void *bytes, size_t length,
                                 const char *name)
{
    expect_safe_when_flipped(parse, bytes, length, name);
    expect_safe_without_memory(parse, bytes, length);
    return expect_safe_when_cut(parse, bytes, length, name);
}

static inline void expect_safe_file(parse_function parse, const char *path)
{
    gm_text t = text_of_file(path);
    (void)expect_safe(parse, t.data, t.length, "small.ecg");
    gm_text_free(&t);
}

#endif
