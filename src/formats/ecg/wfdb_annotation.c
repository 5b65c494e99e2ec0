#include "ecg/wfdb_annotation.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

/* Codes above the real ones change the reading instead of marking a time. */
enum { LAST_CODE = GM_ANNOTATION_LAST_CODE, SKIP = 59, NUM = 60, SUB = 61, CHN = 62, AUX = 63 };
enum { MAX_BYTES = 256 << 20 };

typedef struct {
    const unsigned char *bytes;
    size_t length, at;
    const char *name;
    int64_t sample;
    int channel, number; /* stay until changed; a subtype does not */
    size_t capacity;
    gm_annotations *list;
} reader;

static gm_status fail_at(const reader *r, const char *text)
{
    return gm_fail(GM_EFORMAT, "%s: byte %zu: %s", r->name, r->at, text);
}

static gm_status next_word(reader *r, unsigned *word)
{
    *word = 0;
    if (r->length - r->at < 2)
        return fail_at(r, "the annotations end without their end mark (two zero bytes): cut off?");
    *word = r->bytes[r->at] | (unsigned)r->bytes[r->at + 1] << 8;
    r->at += 2;
    return GM_OK;
}

/* A long interval: 32 bits, the high word first. */
static gm_status skip_time(reader *r)
{
    unsigned high, low;
    GM_TRY(next_word(r, &high));
    GM_TRY(next_word(r, &low));
    int64_t interval = (int64_t)high << 16 | low;
    r->sample += interval >= (int64_t)1 << 31 ? interval - ((int64_t)1 << 32) : interval;
    return GM_OK;
}

static gm_status add(reader *r, int code)
{
    gm_annotations *a = r->list;
    if (r->sample < 0 || (a->n && r->sample < a->items[a->n - 1].sample))
        return fail_at(r, "time runs backwards");
    if (a->n == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 64;
        gm_annotation *items = gm_realloc(a->items, capacity, sizeof *items);
        if (!items) return gm_fail(GM_ENOMEM, "%s: no memory for annotations", r->name);
        a->items = items;
        r->capacity = capacity;
    }
    a->items[a->n++] = (gm_annotation){
        .sample = r->sample, .code = code, .channel = r->channel, .number = r->number};
    return GM_OK;
}

static gm_status read_text(reader *r, size_t n)
{
    size_t padded = n + (n & 1);
    if (r->length - r->at < padded) return fail_at(r, "a note runs past the end of the file");
    if (r->list->n == 0) return fail_at(r, "a note stands before the first annotation");
    gm_annotation *last = &r->list->items[r->list->n - 1];
    if (last->text) return fail_at(r, "an annotation has two notes");
    last->text = gm_calloc(n + 1, 1);
    if (!last->text) return gm_fail(GM_ENOMEM, "%s: no memory for a note", r->name);
    last->text_length = n;
    memcpy(last->text, r->bytes + r->at, n);
    r->at += padded;
    return GM_OK;
}

/* NUM, SUB and CHN carry an 8-bit signed value in place of a time. */
static gm_status read_value(reader *r, int code, unsigned raw)
{
    int value = (int)(raw & 0xFF) - (raw & 0x80 ? 256 : 0);
    if (r->list->n == 0) return fail_at(r, "a qualifier stands before the first annotation");
    gm_annotation *last = &r->list->items[r->list->n - 1];
    if (code == SUB) last->subtype = value;
    if (code == CHN) last->channel = r->channel = (int)(raw & 0xFF);
    if (code == NUM) last->number = r->number = value;
    return GM_OK;
}

static gm_status read_words(reader *r)
{
    for (;;) {
        unsigned word;
        GM_TRY(next_word(r, &word));
        if (word == 0) return GM_OK;
        int code = (int)(word >> 10);
        unsigned interval = word & 0x3FF;
        if (code == SKIP) {
            GM_TRY(skip_time(r));
        } else if (code == AUX) {
            GM_TRY(read_text(r, interval));
        } else if (code > SKIP) {
            GM_TRY(read_value(r, code, interval));
        } else if (code > LAST_CODE) {
            r->at -= 2;
            return gm_fail(GM_EFORMAT, "%s: byte %zu: annotation code %d, allowed are 0 to %d",
                           r->name, r->at, code, LAST_CODE);
        } else {
            r->sample += interval;
            GM_TRY(add(r, code));
        }
    }
}

gm_status gm_annotations_parse(gm_annotations **out, const void *bytes, size_t length,
                               const char *name)
{
    *out = NULL;
    gm_annotations *a = gm_calloc(1, sizeof *a);
    if (!a) return gm_fail(GM_ENOMEM, "%s: no memory for annotations", name);
    reader r = {.bytes = bytes, .length = length, .name = name, .list = a};
    gm_status s = read_words(&r);
    if (s != GM_OK) {
        gm_annotations_destroy(a);
        return s;
    }
    *out = a;
    return GM_OK;
}

gm_status gm_annotations_read(gm_annotations **out, const char *path)
{
    *out = NULL;
    char *bytes;
    size_t length;
    GM_TRY(gm_file_read(&bytes, &length, path, MAX_BYTES));
    gm_status s = gm_annotations_parse(out, bytes, length, path);
    gm_free(bytes);
    return s;
}

void gm_annotations_destroy(gm_annotations *a)
{
    if (!a) return;
    for (size_t i = 0; i < a->n; i++)
        gm_free(a->items[i].text);
    gm_free(a->items);
    gm_free(a);
}

bool gm_annotation_is_beat(int code)
{
    return (code >= 1 && code <= 13) || code == 25 || code == 30 || code == 34 || code == 35 ||
           code == 38 || code == 41;
}

const char *gm_annotation_symbol(int code)
{
    static const char *const symbols[LAST_CODE + 1] = {
        "",  "N", "L", "R", "a", "V",  "F", "J", "A", "S", "E", "j", "/", "Q", "~", "",  "|",
        "",  "s", "T", "*", "D", "\"", "=", "p", "B", "^", "t", "+", "u", "?", "!", "[", "]",
        "e", "n", "@", "x", "f", "(",  ")", "r", "",  "",  "",  "",  "",  "",  "",  ""};
    return code >= 0 && code <= LAST_CODE ? symbols[code] : "";
}
