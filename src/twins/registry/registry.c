#include "registry/registry.h"

#include <string.h>

#include "heart/kind.h"

static const gm_kind *const kinds[] = {
    &gm_heart_kind,
    NULL,
};

const gm_kind *const *gm_kinds(void)
{
    return kinds;
}

const gm_kind *gm_kind_find(const char *id)
{
    for (const gm_kind *const *k = kinds; *k; k++)
        if (!strcmp((*k)->id, id)) return *k;
    return NULL;
}

const gm_verb *gm_verb_find(const char *noun, const char *name)
{
    for (const gm_kind *const *k = kinds; *k; k++)
        for (const gm_verb *v = (*k)->verbs; v->name; v++)
            if (!strcmp(v->noun, noun) && !strcmp(v->name, name)) return v;
    return NULL;
}
