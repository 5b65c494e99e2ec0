/* Types in DTDL: read, and where they are right described, asked for instances, written back and read again. */
#include <stdint.h>

#include "info/dtdl/instance.h"
#include "info/dtdl/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(const gm_dtdl_element *e)
{
    gm_text t = {0};
    gm_dtdl_model *m = NULL;
    if (gm_dtdl_write(e, &t) != GM_OK) __builtin_trap();
    gm_dtdl_text text = {"again.json", t.data, t.length};
    if (gm_dtdl_parse(&m, &text, 1, NULL) != GM_OK) __builtin_trap();
    if (gm_dtdl_n_errors(m) > 0) __builtin_trap();
    gm_dtdl_destroy(m);
    gm_text_free(&t);
}

static void look_at(const gm_dtdl_model *m, const gm_dtdl_element *e)
{
    static const char instance[] = "{\"a\": [1, \"2020-01-01\", true, null]}";
    bool conforms;
    json_t *is = NULL;
    if (gm_dtdl_describe(&is, m, e) != GM_OK) __builtin_trap();
    json_decref(is);
    gm_dtdl_conforms(&conforms, e, instance, sizeof instance - 1);
    if (!gm_dtdl_is_inside(e) && !gm_dtdl_is_standard(e)) read_again(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_dtdl_model *m;
    gm_dtdl_text t = {"fuzz.json", (const char *)data, size};
    if (gm_dtdl_parse(&m, &t, 1, NULL) != GM_OK) return 0;
    for (size_t k = 0; k < gm_dtdl_n_errors(m); k++)
        if (!gm_dtdl_error_at(m, k)->id) __builtin_trap();
    bool is_right = gm_dtdl_n_errors(m) == 0 && gm_dtdl_n_unresolved(m) == 0;
    for (const gm_dtdl_element *e = gm_dtdl_first(m); is_right && e; e = gm_dtdl_next(e))
        look_at(m, e);
    gm_dtdl_destroy(m);
    return 0;
}
