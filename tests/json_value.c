/* json_value [PATH] - reads standard input, which must be one JSON document and nothing else, and
 * prints the value at PATH ("error.status", "leads.0.name"). Exit 1 if it is not JSON, 2 if there is
 * no such value. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *at_path(const json_t *v, char *path)
{
    for (char *key = strtok(path, "."); key && v; key = strtok(NULL, "."))
        v = json_is_array(v) ? json_array_get(v, strtoul(key, NULL, 10)) : json_object_get(v, key);
    return v;
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *document = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
    if (!document) {
        fprintf(stderr, "json_value: line %d: %s\n", error.line, error.text);
        return 1;
    }
    const json_t *v = argc > 1 ? at_path(document, argv[1]) : document;
    int code = v ? 0 : 2;
    if (argc > 1 && json_is_string(v))
        puts(json_string_value(v));
    else if (argc > 1 && v)
        code = json_dumpf(v, stdout, JSON_ENCODE_ANY) || puts("") < 0;
    json_decref(document);
    return code;
}
