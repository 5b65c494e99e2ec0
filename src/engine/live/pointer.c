#include "live/pointer.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum { LONGEST_STEP = 256 };

/* The next step of a pointer that stands at '/', with ~1 and ~0 replaced. NULL: none, or not well-formed. */
static const char *next_step(const char *at, char step[LONGEST_STEP])
{
    size_t n = 0;
    for (at++; *at && *at != '/'; at++) {
        char c = *at;
        if (c == '~') {
            at++;
            if (*at != '0' && *at != '1') return NULL;
            c = *at == '0' ? '~' : '/';
        }
        if (n + 1 >= LONGEST_STEP) return NULL;
        step[n++] = c;
    }
    step[n] = 0;
    return at;
}

static const json_t *element(const json_t *array, const char *step)
{
    char *end;
    unsigned long k = strtoul(step, &end, 10);
    bool is_index = step[0] >= '0' && step[0] <= '9' && *end == 0 && !(step[0] == '0' && step[1]);
    return is_index ? json_array_get(array, k) : NULL;
}

const json_t *gm_pointer_get(const json_t *document, const char *pointer)
{
    const json_t *v = document;
    char step[LONGEST_STEP];
    if (*pointer && *pointer != '/') return NULL;
    while (v && *pointer) {
        if (!(pointer = next_step(pointer, step))) return NULL;
        v = json_is_array(v) ? element(v, step) : json_object_get(v, step);
    }
    return v;
}

gm_status gm_pointer_put(json_t *patch, const char *pointer, json_t *value)
{
    const char *whole = pointer;
    char step[LONGEST_STEP];
    gm_status s = *pointer == '/' ? GM_OK : GM_EINVAL;
    for (json_t *at = patch; s == GM_OK;) {
        if (!(pointer = next_step(pointer, step))) {
            s = GM_EINVAL;
        } else if (!*pointer) {
            if (json_object_set(at, step, value)) s = GM_ENOMEM;
            break;
        } else {
            json_t *inner = json_object_get(at, step);
            if (!json_is_object(inner)) {
                inner = json_object();
                if (json_object_set_new(at, step, inner)) s = GM_ENOMEM;
            }
            at = inner;
        }
    }
    json_decref(value);
    if (s == GM_EINVAL)
        return gm_fail(
            s, "\"%s\" is no JSON pointer: /name/name is expected, ~ as ~0 and / in a name as ~1",
            whole);
    return s == GM_OK ? GM_OK : gm_fail(s, "no memory for \"%s\"", whole);
}

/* ---- differences -------------------------------------------------------------------------------- */

typedef struct {
    gm_text path;
    gm_on_difference on;
    void *context;
} comparison;

static gm_status compare(comparison *c, const json_t *a, const json_t *b);

static gm_status compare_member(comparison *c, const char *key, const json_t *a, const json_t *b)
{
    size_t length = c->path.length;
    gm_text_add(&c->path, "/");
    for (; *key; key++)
        if (*key == '~' || *key == '/')
            gm_text_add(&c->path, *key == '~' ? "~0" : "~1");
        else
            gm_text_add_bytes(&c->path, key, 1);
    GM_TRY(gm_text_status(&c->path));
    gm_status s = compare(c, a, b);
    c->path.length = length;
    c->path.data[length] = 0;
    return s;
}

static gm_status compare(comparison *c, const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    if (a && b && json_equal(a, b)) return GM_OK;
    if (!json_is_object(a) || !json_is_object(b))
        return c->on(c->context, c->path.data ? c->path.data : "", a, b);
    json_object_foreach((json_t *)a, key, value)
        GM_TRY(compare_member(c, key, value, json_object_get(b, key)));
    json_object_foreach((json_t *)b, key, value) if (!json_object_get(a, key))
        GM_TRY(compare_member(c, key, NULL, value));
    return GM_OK;
}

gm_status gm_document_differences(const json_t *a, const json_t *b, gm_on_difference on,
                                  void *context)
{
    comparison c = {.on = on, .context = context};
    gm_status s = compare(&c, a, b);
    gm_text_free(&c.path);
    return s;
}
