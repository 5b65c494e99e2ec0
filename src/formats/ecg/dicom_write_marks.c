#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ecg/dcm_encode.h"
#include "ecg/dcm_value.h"
#include "ecg/dcm_waveform.h"
#include "ecg/dicom_write.h"

enum { LONGEST_NAME = 64, LONGEST_SHORT = 16, LONGEST_TEXT = 1024, LONGEST_CODE = 255 };

/* How many marks lost something, for one line each in left_out. */
typedef struct {
    size_t n_empty, n_outside, n_cut, n_rounded, n_times_rounded;
} losses;

static const gm_ecg *group_of(const gm_ecg *e, const gm_ecg_mark *m)
{
    return m->group ? e->others[m->group - 1] : e;
}

/* Whether it lies in a waveform of the record; DICOM has no place for others. */
static bool is_inside(const gm_ecg *e, const gm_ecg_mark *m)
{
    if (m->group > e->n_others) return false;
    const gm_ecg *g = group_of(e, m);
    double n = (double)g->n_samples, length = m->duration_ms * g->rate_hz / 1000;
    if (m->channel < -1 || m->channel >= (int)g->n_channels) return false;
    if (isnan(m->sample)) return true;
    return m->sample >= 0 && m->sample < n &&
           (isnan(length) || (length >= 0 && m->sample + length <= n));
}

/* ---- what -------------------------------------------------------------------------------------- */

static const char *unit_scheme(const char *unit)
{
    static const char *const ucum[] = {"ms", "s",      "uV",    "mV",   "nV",
                                       "V",  "deg",    "/min",  "%",    "Hz",
                                       "1",  "mm[Hg]", "mV.ms", "uV.s", "{H.B.}/min"};
    for (size_t i = 0; i < sizeof ucum / sizeof *ucum; i++)
        if (strcmp(unit, ucum[i]) == 0) return "UCUM";
    return GM_DCM_OWN_SCHEME;
}

static void put_unit(gm_text *t, const char *unit, losses *l)
{
    char code[4 * LONGEST_NAME + 8];
    l->n_cut += !gm_dcm_clean(code, sizeof code, unit, LONGEST_NAME, "\\");
    if (*code) gm_dcm_put_code(t, 0x004008EA, unit_scheme(code), code, code);
}

/* "Sinus rhythm [SCT 64730000]" as code and meaning; false if the text does not end so. */
static bool split_coded(const char *text, char meaning[4 * LONGEST_NAME + 8], char scheme[64],
                        char code[LONGEST_CODE + 1])
{
    const char *open = text ? strrchr(text, '[') : NULL;
    int end = 0;
    if (!open || open == text || open[-1] != ' ' || strchr(text, '\\')) return false;
    if (sscanf(open, "[%16[^] ] %64[^] ]]%n", scheme, code, &end) != 2 || !end || open[end])
        return false;
    size_t n = (size_t)(open - 1 - text);
    if (n == 0 || n > LONGEST_NAME) return false;
    memcpy(meaning, text, n);
    meaning[n] = 0;
    return true;
}

/* The concept's name; free text beside it becomes a modifier in our own scheme. */
static gm_status put_concept(gm_text *t, const gm_ecg_mark *m, bool with_text, losses *l)
{
    char meaning[4 * LONGEST_NAME + 8], scheme[4 * LONGEST_SHORT + 8], code[LONGEST_CODE + 1];
    char text[4 * LONGEST_NAME + 8], own[GM_DCM_CODE_ROOM];
    const char *what = m->what ? m->what : m->code;
    bool has_code = m->scheme && m->code;
    l->n_cut += !gm_dcm_clean(meaning, sizeof meaning, what, LONGEST_NAME, "\\");
    l->n_cut += !gm_dcm_clean(scheme, sizeof scheme, m->scheme, LONGEST_SHORT, "\\");
    l->n_cut += !gm_dcm_clean(code, sizeof code, m->code, LONGEST_CODE, "\\");
    GM_TRY(gm_dcm_make_code(own, what));
    gm_dcm_open_sequence(t, 0x0040A043);
    gm_dcm_open_item(t);
    gm_dcm_put_code_values(t, has_code ? scheme : GM_DCM_OWN_SCHEME, has_code ? code : own,
                           meaning);
    if (with_text) {
        l->n_cut += !gm_dcm_clean(text, sizeof text, m->text, LONGEST_NAME, "\\");
        GM_TRY(gm_dcm_make_code(own, text));
        gm_dcm_put_code(t, 0x0040A195, GM_DCM_OWN_SCHEME, own, text);
    }
    gm_dcm_close_item(t);
    gm_dcm_close_sequence(t);
    return GM_OK;
}

/* ---- where ------------------------------------------------------------------------------------- */

static bool is_position(double sample)
{
    return sample >= 0 && sample < 4294967295.0 && sample == floor(sample);
}

static void put_time(gm_text *t, const gm_ecg_mark *m, double rate_hz, losses *l)
{
    bool is_range = !isnan(m->duration_ms);
    double at[2] = {m->sample, m->sample + m->duration_ms * rate_hz / 1000};
    if (is_range && fabs(at[1] - round(at[1])) < 1e-6) at[1] = round(at[1]);
    size_t n = is_range ? 2 : 1;
    gm_dcm_put_text(t, 0x0040A130, "CS", is_range ? "SEGMENT" : "POINT");
    if (is_position(at[0]) && (!is_range || is_position(at[1]))) {
        uint32_t positions[2] = {(uint32_t)at[0] + 1, is_range ? (uint32_t)at[1] + 1 : 0};
        gm_dcm_put_u32(t, 0x0040A132, positions, n);
        return;
    }
    char offsets[2 * GM_DCM_DS_ROOM + 2] = "";
    for (size_t i = 0; i < n; i++) {
        char text[GM_DCM_DS_ROOM];
        l->n_times_rounded += !gm_dcm_decimal(text, at[i] / rate_hz);
        snprintf(offsets + strlen(offsets), sizeof offsets - strlen(offsets), "%s%s", i ? "\\" : "",
                 text);
    }
    gm_dcm_put_text(t, 0x0040A138, "DS", offsets);
}

/* ---- one annotation ----------------------------------------------------------------------------- */

static gm_status put_mark(gm_dcm_job *j, const gm_ecg_mark *m, losses *l)
{
    char meaning[4 * LONGEST_NAME + 8], scheme[64], code[LONGEST_CODE + 1];
    char value[GM_DCM_DS_ROOM], text[4 * LONGEST_TEXT + 8];
    gm_text *t = j->t;
    bool has_name = m->what || (m->scheme && m->code), has_value = !isnan(m->value);
    if ((!has_name && !m->text) || !is_inside(j->e, m)) {
        *(!has_name && !m->text ? &l->n_empty : &l->n_outside) += 1;
        return GM_OK;
    }
    bool is_coded = has_name && !has_value && split_coded(m->text, meaning, scheme, code);
    const uint16_t channels[2] = {(uint16_t)(m->group + 1), (uint16_t)(m->channel + 1)};
    gm_dcm_open_item(t);
    if (has_name && m->unit) put_unit(t, m->unit, l);
    if (has_name) GM_TRY(put_concept(t, m, m->text && !is_coded, l));
    gm_dcm_put_u16(t, 0x0040A0B0, channels, 2);
    if (!isnan(m->sample)) put_time(t, m, group_of(j->e, m)->rate_hz, l);
    if (is_coded) gm_dcm_put_code(t, 0x0040A168, scheme, code, meaning);
    if (has_name && has_value) {
        l->n_rounded += !gm_dcm_decimal(value, m->value);
        gm_dcm_put_text(t, 0x0040A30A, "DS", value);
    }
    if (!has_name) {
        l->n_empty += has_value;
        l->n_cut += !gm_dcm_clean(text, sizeof text, m->text, LONGEST_TEXT, "");
        gm_dcm_put_text(t, 0x00700006, "ST", text);
    }
    gm_dcm_close_item(t);
    return GM_OK;
}

/* ---- what the device measured ------------------------------------------------------------------- */

static double said(const gm_ecg *e, const gm_dcm_measurement *k)
{
    double v;
    memcpy(&v, (const char *)e + k->offset, sizeof v);
    return v;
}

static bool is_among_marks(const gm_ecg *e, const gm_dcm_measurement *k)
{
    for (size_t i = 0; i < e->n_marks; i++) {
        const gm_ecg_mark *m = &e->marks[i];
        if (!isnan(m->value) && m->unit && gm_dcm_measurement_of(m->code, m->what) == k)
            return true;
    }
    return false;
}

static gm_status put_measurements(gm_dcm_job *j, losses *l, bool only_ask, bool *any)
{
    for (size_t i = 0; i < gm_dcm_n_measurements; i++) {
        const gm_dcm_measurement *k = &gm_dcm_measurements[i];
        double v = said(j->e, k);
        if (isnan(v) || is_among_marks(j->e, k)) continue;
        *any = true;
        if (only_ask) return GM_OK;
        char what[40], code[40], unit[8];
        snprintf(what, sizeof what, "%s", k->meaning);
        snprintf(code, sizeof code, "%s", k->scp);
        snprintf(unit, sizeof unit, "%s", k->is_angle ? "deg" : "ms");
        char scheme[] = "SCPECG";
        gm_ecg_mark m = {.channel = -1,
                         .sample = NAN,
                         .duration_ms = NAN,
                         .value = v,
                         .what = what,
                         .code = code,
                         .scheme = scheme,
                         .unit = unit};
        GM_TRY(put_mark(j, &m, l));
    }
    return GM_OK;
}

static gm_status say_losses(gm_dcm_job *j, const losses *l)
{
    if (l->n_empty)
        GM_TRY(gm_ecg_files_leave_out(j->out, "%zu marks without a name or a text, or their value",
                                      l->n_empty));
    if (l->n_outside)
        GM_TRY(
            gm_ecg_files_leave_out(j->out, "%zu marks that lie outside the record", l->n_outside));
    if (l->n_cut)
        GM_TRY(gm_ecg_files_leave_out(j->out, "%zu texts of marks: shortened, or without \\",
                                      l->n_cut));
    if (l->n_rounded)
        GM_TRY(gm_ecg_files_leave_out(j->out, "%zu values of marks: rounded to 16 characters",
                                      l->n_rounded));
    if (l->n_times_rounded)
        GM_TRY(gm_ecg_files_leave_out(j->out, "%zu times of marks: rounded to 16 characters",
                                      l->n_times_rounded));
    return GM_OK;
}

gm_status gm_dcm_put_marks(gm_dcm_job *j)
{
    losses l = {0};
    bool any = false;
    GM_TRY(put_measurements(j, &l, true, &any));
    for (size_t i = 0; i < j->e->n_marks && !any; i++)
        any = j->e->marks[i].what || j->e->marks[i].text || j->e->marks[i].code;
    if (any) {
        gm_dcm_open_sequence(j->t, 0x0040B020);
        GM_TRY(put_measurements(j, &l, false, &any));
        for (size_t i = 0; i < j->e->n_marks; i++)
            GM_TRY(put_mark(j, &j->e->marks[i], &l));
        gm_dcm_close_sequence(j->t);
    }
    return say_losses(j, &l);
}
