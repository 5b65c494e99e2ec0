#include "core/json.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

gm_status gm_json_read_file(json_t **out, const char *path)
{
    *out = NULL;
    char *data;
    size_t n;
    GM_TRY(gm_file_read(&data, &n, path, (size_t)256 << 20));
    json_error_t e;
    json_t *document = json_loadb(data, n, JSON_REJECT_DUPLICATES, &e);
    gm_free(data);
    if (!document)
        return gm_fail(GM_EFORMAT, "%s:%d:%d: not valid JSON: %s", path, e.line, e.column, e.text);
    *out = document;
    return GM_OK;
}

gm_status gm_json_only_keys(const json_t *object, const char *where, const char *const allowed[])
{
    if (!json_is_object(object)) return gm_fail(GM_EFORMAT, "%s: expected an object {...}", where);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        size_t i = 0;
        while (allowed[i] && strcmp(allowed[i], key) != 0)
            i++;
        if (allowed[i]) continue;
        gm_text list = {0};
        for (i = 0; allowed[i]; i++)
            gm_text_addf(&list, "%s%s", i ? ", " : "", allowed[i]);
        gm_fail(GM_EFORMAT, "%s: unknown key \"%.60s\"; allowed are %s", where, key,
                list.data ? list.data : "none");
        gm_text_free(&list);
        return GM_EFORMAT;
    }
    return GM_OK;
}

gm_status gm_json_real(const json_t *object, const char *where, const char *key, const char *unit,
                       double min, double max, double *out)
{
    const json_t *value = json_object_get(object, key);
    if (!value) return GM_OK;
    if (!json_is_number(value))
        return gm_fail(GM_EFORMAT, "%s: \"%s\" must be a number (%s)", where, key, unit);
    double v = json_number_value(value);
    if (!(v >= min && v <= max))
        return gm_fail(GM_EFORMAT, "%s: \"%s\" is %g %s, allowed %g to %g %s", where, key, v, unit,
                       min, max, unit);
    *out = v;
    return GM_OK;
}

gm_status gm_json_string(const json_t *object, const char *where, const char *key, const char **out)
{
    const json_t *value = json_object_get(object, key);
    if (!value) return GM_OK;
    if (!json_is_string(value))
        return gm_fail(GM_EFORMAT, "%s: \"%s\" must be a string", where, key);
    *out = json_string_value(value);
    return GM_OK;
}

static int append(const char *buffer, size_t size, void *out)
{
    gm_text_add_bytes(out, buffer, size);
    return 0;
}

gm_status gm_json_write(const json_t *document, int digits, gm_text *out)
{
    size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(digits) | JSON_ENCODE_ANY;
    if (json_dump_callback(document, append, out, flags))
        return gm_fail(GM_EINVAL, "json: a value cannot be written");
    gm_text_add(out, "\n");
    return gm_text_status(out);
}

gm_status gm_json_write_file(const json_t *document, int digits, const char *path)
{
    gm_text text = {0};
    gm_status s = gm_json_write(document, digits, &text);
    if (s == GM_OK) s = gm_file_write(path, text.data, text.length);
    gm_text_free(&text);
    return s;
}

json_t *gm_json_real_or_null(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

json_t *gm_json_reals(const double *v, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, gm_json_real_or_null(v[i]));
    return array;
}
