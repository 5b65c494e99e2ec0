#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "ecg/wfdb_annotation.h"

enum {
    LAST_CODE = GM_ANNOTATION_LAST_CODE,
    SKIP = 59,
    NUM = 60,
    SUB = 61,
    CHN = 62,
    AUX = 63,
    LARGEST = 0x3FF
};

static void put_word(gm_text *t, unsigned code, unsigned value)
{
    unsigned word = code << 10 | (value & LARGEST);
    const unsigned char bytes[2] = {(unsigned char)word, (unsigned char)(word >> 8)};
    gm_text_add_bytes(t, bytes, 2);
}

/* 32 bits, the high word first. */
static void put_skip(gm_text *t, int64_t interval)
{
    uint32_t v = (uint32_t)interval;
    const unsigned char bytes[4] = {(unsigned char)(v >> 16), (unsigned char)(v >> 24),
                                    (unsigned char)v, (unsigned char)(v >> 8)};
    put_word(t, SKIP, 0);
    gm_text_add_bytes(t, bytes, 4);
}

/* The word of code 0 at interval 0 would end the file: such a mark is one sample after a skip. */
static void put_time(gm_text *t, int code, int64_t interval)
{
    for (; interval > INT32_MAX; interval -= INT32_MAX)
        put_skip(t, INT32_MAX);
    if (code == 0) {
        put_skip(t, interval - 1);
        interval = 1;
    } else if (interval > LARGEST) {
        put_skip(t, interval);
        interval = 0;
    }
    put_word(t, (unsigned)code, (unsigned)interval);
}

static gm_status check(const gm_annotation *a, int64_t not_before, size_t i)
{
    if (a->sample < not_before)
        return gm_fail(GM_EINVAL, "annotation %zu: time %lld, allowed is no less than %lld", i,
                       (long long)a->sample, (long long)not_before);
    if (a->code < 0 || a->code > LAST_CODE)
        return gm_fail(GM_EINVAL, "annotation %zu: code %d, allowed are 0 to %d", i, a->code,
                       LAST_CODE);
    if (a->subtype < -128 || a->subtype > 127 || a->number < -128 || a->number > 127)
        return gm_fail(GM_EINVAL, "annotation %zu: subtype %d, number %d, allowed are -128 to 127",
                       i, a->subtype, a->number);
    if (a->channel < 0 || a->channel > 255)
        return gm_fail(GM_EINVAL, "annotation %zu: signal %d, allowed are 0 to 255", i, a->channel);
    if (a->text_length > LARGEST)
        return gm_fail(GM_EINVAL, "annotation %zu: a text of %zu bytes, allowed are %d", i,
                       a->text_length, LARGEST);
    return GM_OK;
}

static gm_status put_all(gm_text *t, const gm_annotations *a)
{
    gm_annotation last = {0};
    for (size_t i = 0; i < a->n; i++) {
        const gm_annotation *item = &a->items[i];
        GM_TRY(check(item, last.sample, i));
        put_time(t, item->code, item->sample - last.sample);
        if (item->subtype) put_word(t, SUB, (unsigned)item->subtype);
        if (item->channel != last.channel) put_word(t, CHN, (unsigned)item->channel);
        if (item->number != last.number) put_word(t, NUM, (unsigned)item->number);
        if (item->text) {
            put_word(t, AUX, (unsigned)item->text_length);
            gm_text_add_bytes(t, item->text, item->text_length);
            if (item->text_length % 2) gm_text_add_bytes(t, "", 1);
        }
        last = *item;
    }
    gm_text_add_bytes(t, "\0", 2);
    return gm_text_status(t);
}

gm_status gm_annotations_write(char **bytes, size_t *length, const gm_annotations *a)
{
    gm_text t = {0};
    *bytes = NULL;
    *length = 0;
    gm_status s = put_all(&t, a);
    if (s != GM_OK) {
        gm_text_free(&t);
        return s;
    }
    *bytes = t.data;
    *length = t.length;
    return GM_OK;
}
