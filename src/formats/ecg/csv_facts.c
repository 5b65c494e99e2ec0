#include "ecg/csv_facts.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ecg/build.h"
#include "ecg/decimals.h"

typedef struct {
    const char *key;
    size_t offset; /* in gm_ecg */
    double min, max;
} number_fact;

typedef struct {
    const char *key;
    size_t offset;
} text_fact;

static const number_fact numbers[] = {
    {"age", offsetof(gm_ecg, patient.age_years), 0, GM_ECG_MAX_AGE_YEARS},
    {"height_cm", offsetof(gm_ecg, patient.height_cm), 0, GM_ECG_MAX_HEIGHT_CM},
    {"weight_kg", offsetof(gm_ecg, patient.weight_kg), 0, GM_ECG_MAX_WEIGHT_KG},
    {"device_rr_ms", offsetof(gm_ecg, device_says.rr_ms), 0, 1e5},
    {"device_pr_ms", offsetof(gm_ecg, device_says.pr_ms), 0, 1e5},
    {"device_qrs_ms", offsetof(gm_ecg, device_says.qrs_ms), 0, 1e5},
    {"device_qt_ms", offsetof(gm_ecg, device_says.qt_ms), 0, 1e5},
    {"device_qtc_ms", offsetof(gm_ecg, device_says.qtc_ms), 0, 1e5},
    {"device_p_axis_deg", offsetof(gm_ecg, device_says.p_axis_deg), -360, 360},
    {"device_qrs_axis_deg", offsetof(gm_ecg, device_says.qrs_axis_deg), -360, 360},
    {"device_t_axis_deg", offsetof(gm_ecg, device_says.t_axis_deg), -360, 360},
};

static const text_fact texts[] = {
    {"device", offsetof(gm_ecg, device)},
    {"device_id", offsetof(gm_ecg, device_id)},
    {"acquired", offsetof(gm_ecg, acquired)},
    {"institution", offsetof(gm_ecg, institution)},
    {"physician", offsetof(gm_ecg, physician)},
    {"patient_id", offsetof(gm_ecg, patient.id)},
    {"patient_name", offsetof(gm_ecg, patient.name)},
    {"birth_date", offsetof(gm_ecg, patient.birth_date)},
    {"group", offsetof(gm_ecg, group)},
};

static const char *const sexes[] = {NULL, "female", "male", "other"};

const char *gm_ecg_fact_value(const char *line, const char *key)
{
    size_t n = strlen(key);
    if (strncasecmp(line, key, n) != 0) return NULL;
    line += n + strspn(line + n, " \t");
    if (*line != ':' && *line != '=') return NULL;
    return line + 1 + strspn(line + 1, " \t");
}

gm_status gm_ecg_fact_read(gm_ecg *e, const char *line)
{
    const char *value;
    double v;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if ((value = gm_ecg_fact_value(line, numbers[i].key)) && gm_parse_real(value, &v) &&
            v >= numbers[i].min && v <= numbers[i].max)
            *(double *)(void *)((char *)e + numbers[i].offset) = v;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if ((value = gm_ecg_fact_value(line, texts[i].key)))
            return gm_ecg_set((char **)(void *)((char *)e + texts[i].offset), value);
    if ((value = gm_ecg_fact_value(line, "sex"))) e->patient.sex = gm_ecg_sex_of(value);
    if ((value = gm_ecg_fact_value(line, "comment"))) return gm_ecg_add_comment(e, value);
    return GM_OK;
}

void gm_ecg_facts_write(gm_text *out, const gm_ecg *e)
{
    char number[GM_EXACT_SIZE];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = *(char *const *)(const void *)((const char *)e + texts[i].offset);
        if (text) gm_text_addf(out, "# %s: %s\n", texts[i].key, text);
    }
    if (sexes[e->patient.sex]) gm_text_addf(out, "# sex: %s\n", sexes[e->patient.sex]);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double v = *(const double *)(const void *)((const char *)e + numbers[i].offset);
        if (!isfinite(v)) continue;
        gm_write_exactly(number, v);
        gm_text_addf(out, "# %s: %s\n", numbers[i].key, number);
    }
    for (size_t i = 0; i < e->n_comments; i++)
        gm_text_addf(out, "# comment: %s\n", e->comments[i]);
}

static bool has_filter(const gm_ecg_channel *c)
{
    return !isnan(c->low_cut_hz) || !isnan(c->high_cut_hz) || !isnan(c->notch_hz);
}

static bool has_skew(const gm_ecg_channel *c)
{
    return !isnan(c->skew_ms) && c->skew_ms != 0;
}

/* "filters of V1", or "filters of 12 channels". */
static gm_status leave_out_of_channels(gm_ecg_files *files, const gm_ecg *e, const char *what,
                                       bool (*has)(const gm_ecg_channel *c))
{
    size_t n = 0, which = 0;
    for (size_t i = 0; i < e->n_channels; i++)
        if (has(&e->channels[i])) n++, which = i;
    const char *name = n == 1 ? e->channels[which].name : NULL;
    if (!n) return GM_OK;
    if (name) return gm_ecg_files_leave_out(files, "%s of %s", what, name);
    return gm_ecg_files_leave_out(files, "%s of %zu channel%s", what, n, n == 1 ? "" : "s");
}

gm_status gm_ecg_leave_out_details(gm_ecg_files *files, const gm_ecg *e)
{
    GM_TRY(leave_out_of_channels(files, e, "filters", has_filter));
    GM_TRY(leave_out_of_channels(files, e, "skew", has_skew));
    if (e->n_marks) GM_TRY(gm_ecg_files_leave_out(files, "%zu marks", e->n_marks));
    for (size_t i = 0; i < e->n_others; i++) {
        const gm_ecg *o = e->others[i];
        GM_TRY(gm_ecg_files_leave_out(
            files, "waveform %zu (%s: %zu channels, %zu samples at %g Hz)", i + 2,
            o->group ? o->group : "not named", o->n_channels, o->n_samples, o->rate_hz));
    }
    return GM_OK;
}
