/* An annotation file. What is read must be written, and read again as the same. */
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "ecg/wfdb_annotation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const gm_annotation *a, const gm_annotation *b)
{
    if (a->sample != b->sample || a->code != b->code || a->subtype != b->subtype ||
        a->number != b->number || a->channel != b->channel)
        __builtin_trap();
    if (!a->text != !b->text || a->text_length != b->text_length ||
        (a->text && memcmp(a->text, b->text, a->text_length)))
        __builtin_trap();
}

static void check_round_trip(const gm_annotations *a)
{
    char *bytes;
    size_t length;
    gm_annotations *b;
    if (gm_annotations_write(&bytes, &length, a) != GM_OK) __builtin_trap();
    if (gm_annotations_parse(&b, bytes, length, "back.atr") != GM_OK || b->n != a->n)
        __builtin_trap();
    for (size_t i = 0; i < a->n; i++)
        check_same(&a->items[i], &b->items[i]);
    gm_annotations_destroy(b);
    gm_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_annotations *a;
    if (gm_annotations_parse(&a, data, size, "fuzz.atr") != GM_OK) return 0;
    for (size_t i = 0; i < a->n; i++) {
        /* What the header promises: time never decreases, codes have a symbol. */
        if (a->items[i].sample < 0 || !gm_annotation_symbol(a->items[i].code)) __builtin_trap();
        if (i && a->items[i].sample < a->items[i - 1].sample) __builtin_trap();
    }
    check_round_trip(a);
    gm_annotations_destroy(a);
    return 0;
}
