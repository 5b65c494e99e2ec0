#include "store/document.h"

#include <stdlib.h>
#include <string.h>

static const size_t FLAGS = JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17);

gm_status gm_document_bytes(const json_t *document, char **out, size_t *length)
{
    *out = json_dumps(document, FLAGS);
    *length = *out ? strlen(*out) : 0;
    return *out ? GM_OK : gm_fail(GM_ENOMEM, "state: no memory, or not a text in UTF-8");
}

gm_status gm_document_parse(json_t **out, const char *bytes, size_t length)
{
    json_error_t e;
    *out = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &e);
    return *out ? GM_OK : gm_fail(GM_EFORMAT, "state: %s at byte %d", e.text, e.position);
}

/* The target of RFC 7396 when it is no object: what the patch says, without its nulls. */
static json_t *made_of(const json_t *patch)
{
    if (!json_is_object(patch)) return json_deep_copy(patch);
    json_t *o = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)patch, key, value)
    {
        if (json_is_null(value)) continue;
        if (json_object_set_new_nocheck(o, key, made_of(value))) {
            json_decref(o);
            return NULL;
        }
    }
    return o;
}

/* `target` is an object that nobody else holds. */
static gm_status merge_into(json_t *target, const json_t *patch)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)patch, key, value)
    {
        json_t *old = json_object_get(target, key);
        if (json_is_null(value))
            json_object_del(target, key);
        else if (json_is_object(value) && json_is_object(old))
            GM_TRY(merge_into(old, value));
        else if (json_object_set_new_nocheck(target, key, made_of(value)))
            return gm_fail(GM_ENOMEM, "state: no memory for \"%s\"", key);
    }
    return GM_OK;
}

gm_status gm_document_merge(json_t **document, const json_t *patch)
{
    if (!json_is_object(patch)) return gm_fail(GM_EINVAL, "a patch of a twin must be an object");
    if (!*document || (*document)->refcount > 1) {
        json_t *own = *document ? json_deep_copy(*document) : json_object();
        if (!own) return gm_fail(GM_ENOMEM, "state: no memory");
        json_decref(*document);
        *document = own;
    }
    return merge_into(*document, patch);
}
