#include "info/dtdl/metamodel.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

extern const char gm_dtdl_metamodel[];
extern const size_t gm_dtdl_metamodel_size;
extern const char gm_dtdl_medtwin[];
extern const size_t gm_dtdl_medtwin_size;

static json_t *tables;

static bool add_extension(json_t *to, const json_t *extension)
{
    static const char *const of[] = {"contexts", "supplemental"};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        if (json_object_update(json_object_get(to, of[i]), json_object_get(extension, of[i])) != 0)
            return false;
    return true;
}

static void load(void)
{
    tables = json_loadb(gm_dtdl_metamodel, gm_dtdl_metamodel_size, 0, NULL);
    json_t *medtwin = json_loadb(gm_dtdl_medtwin, gm_dtdl_medtwin_size, 0, NULL);
    if (!add_extension(tables, medtwin)) {
        json_decref(tables);
        tables = NULL;
    }
    json_decref(medtwin);
}

gm_status gm_metamodel(const json_t **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    *out = tables;
    return tables ? GM_OK : gm_fail(GM_ENOMEM, "DTDL: no memory for the metamodel");
}

const json_t *gm_metamodel_find(const json_t *from, const char *table, const char *name)
{
    return json_object_get(json_object_get(from, table), name);
}

const json_t *gm_metamodel_of_version(const json_t *table, int version)
{
    char key[2] = {(char)('0' + version), 0};
    return json_object_get(table, key);
}

bool gm_metamodel_list_has(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *is = json_string_value(json_array_get(list, i));
        if (is && strcmp(is, text) == 0) return true;
    }
    return false;
}

bool gm_metamodel_list_has_number(const json_t *list, int number)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_integer_value(json_array_get(list, i)) == number) return true;
    return false;
}

long gm_metamodel_limit(const json_t *by_spec, const char *spec)
{
    const json_t *v = json_object_get(by_spec, spec);
    if (!v) v = json_object_get(by_spec, "");
    return json_is_integer(v) ? (long)json_integer_value(v) : -1;
}
