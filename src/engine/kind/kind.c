#include "kind/kind.h"

#include <math.h>
#include <string.h>

#include "core/text.h"

#define LARGEST_COUNT 9007199254740992.0 /* 2^53: whole numbers up to it are exact in a double */

/* Index of an option in the verb's table, or -1. */
static long option_index(const gm_args *a, const char *name)
{
    for (long i = 0; a->options && a->options[i].name; i++)
        if (strcmp(a->options[i].name, name) == 0) return i;
    return -1;
}

static bool is_count(double v)
{
    return v >= 0 && v <= LARGEST_COUNT && v == floor(v);
}

gm_status gm_option_check(const gm_option *o, const char *value, double *out)
{
    const char *dash = o->name[1] ? "--" : "-";
    const char *unit = o->unit ? o->unit : "", *gap = o->unit ? " " : "";
    double v;
    if (!gm_parse_real(value, &v) || (o->type == GM_ARG_COUNT && !is_count(v)))
        return gm_fail(GM_EUSAGE, "%s%s: \"%.60s\" is not a %s%s%s", dash, o->name, value,
                       o->type == GM_ARG_COUNT ? "whole number" : "number", o->unit ? " of " : "",
                       unit);
    bool any = o->min == 0 && o->max == 0;
    if (!any && !(v >= o->min && v <= o->max))
        return gm_fail(GM_EUSAGE, "%s%s: %s%s%s is out of range, allowed %g to %g%s%s", dash,
                       o->name, value, gap, unit, o->min, o->max, gap, unit);
    *out = v;
    return GM_OK;
}

const char *gm_args_text(const gm_args *a, const char *name)
{
    long i = option_index(a, name);
    return i < 0 ? NULL : a->values[i];
}

bool gm_args_flag(const gm_args *a, const char *name)
{
    long i = option_index(a, name);
    return i >= 0 && a->given[i];
}

gm_status gm_args_real(const gm_args *a, const char *name, double *out)
{
    long i = option_index(a, name);
    if (i < 0) return gm_fail(GM_ESTATE, "--%s: the verb has no such option", name);
    return a->values[i] ? gm_option_check(&a->options[i], a->values[i], out) : GM_OK;
}

gm_status gm_args_count(const gm_args *a, const char *name, size_t *out)
{
    double v;
    long i = option_index(a, name);
    if (i < 0) return gm_fail(GM_ESTATE, "--%s: the verb has no such option", name);
    if (a->options[i].type != GM_ARG_COUNT)
        return gm_fail(GM_ESTATE, "--%s: not a count in the verb's table", name);
    if (!a->values[i]) return GM_OK;
    GM_TRY(gm_option_check(&a->options[i], a->values[i], &v));
    *out = (size_t)v;
    return GM_OK;
}
