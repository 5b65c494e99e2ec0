#include <stdint.h>

#include "ecg/wfdb_annotation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_annotations *a;
    if (gm_annotations_parse(&a, data, size, "fuzz.atr") != GM_OK) return 0;
    for (size_t i = 0; i < a->n; i++) {
        /* What the header promises: time never decreases, codes have a symbol. */
        if (a->items[i].sample < 0 || !gm_annotation_symbol(a->items[i].code)) __builtin_trap();
        if (i && a->items[i].sample < a->items[i - 1].sample) __builtin_trap();
    }
    gm_annotations_destroy(a);
    return 0;
}
