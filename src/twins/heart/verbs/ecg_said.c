#include "heart/verbs/ecg_said.h"

#include <math.h>
#include <stddef.h>

static const struct {
    const char *key, *name, *unit;
    size_t offset;
} numbers[] = {
    {"rr_ms", "RR", "ms", offsetof(gm_ecg, device_says.rr_ms)},
    {"pr_ms", "PR", "ms", offsetof(gm_ecg, device_says.pr_ms)},
    {"qrs_ms", "QRS", "ms", offsetof(gm_ecg, device_says.qrs_ms)},
    {"qt_ms", "QT", "ms", offsetof(gm_ecg, device_says.qt_ms)},
    {"qtc_ms", "QTc", "ms", offsetof(gm_ecg, device_says.qtc_ms)},
    {"p_axis_deg", "P axis", "deg", offsetof(gm_ecg, device_says.p_axis_deg)},
    {"qrs_axis_deg", "QRS axis", "deg", offsetof(gm_ecg, device_says.qrs_axis_deg)},
    {"t_axis_deg", "T axis", "deg", offsetof(gm_ecg, device_says.t_axis_deg)},
};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

static double value_of(const gm_ecg *e, size_t i)
{
    return *(const double *)(const void *)((const char *)e + numbers[i].offset);
}

json_t *gm_ecg_device_says_json(const gm_ecg *e)
{
    bool any = false;
    json_t *o = json_object();
    for (size_t i = 0; i < N_NUMBERS; i++) {
        json_object_set_new(o, numbers[i].key, gm_json_real_or_null(value_of(e, i)));
        any |= isfinite(value_of(e, i));
    }
    if (any) return o;
    json_decref(o);
    return NULL;
}

void gm_ecg_device_says_text(gm_text *t, const char *heading, const gm_ecg *e)
{
    const char *before = heading;
    for (size_t i = 0; i < N_NUMBERS; i++) {
        if (!isfinite(value_of(e, i))) continue;
        gm_text_addf(t, "%s%s %g %s", before, numbers[i].name, value_of(e, i), numbers[i].unit);
        before = ", ";
    }
    if (before != heading) gm_text_add(t, "\n");
}

json_t *gm_ecg_lines_json(char *const *lines, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(a, json_string(lines[i]));
    return a;
}
