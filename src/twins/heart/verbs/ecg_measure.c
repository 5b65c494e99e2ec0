#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "heart/ecg/intervals.h"
#include "heart/ecg/measure.h"
#include "heart/ecg/paper.h"
#include "heart/verbs/ecg_findings.h"
#include "heart/verbs/ecg_said.h"
#include "heart/verbs/verbs.h"

const gm_option gm_ecg_measure_options[] = {
    {"svg", GM_ARG_FILE, "FILE", 0, 0, NULL, NULL, "draw the ECG as clinical paper into FILE"},
    {"o", GM_ARG_FILE, "DIR", 0, 0, NULL, NULL, "write the median beat (median_beat.csv) into DIR"},
    {"beats", GM_ARG_FILE, "OUT.csv", 0, 0, NULL, NULL,
     "write onset, peak and offset of every P, QRS and T in every lead to OUT.csv"},
    {0},
};

const char gm_ecg_measure_description[] =
    "Reads FILE (any format that is read, recognised by content) and reports signal quality per "
    "lead, "
    "the beats found, the median beat with onset and offset of P, QRS and T, heart rate, PR, QRS, "
    "QT and QTc, and the frontal axes. What cannot be measured is unknown, never invented.\n"
    "\n"
    "Beats are found in all usable leads together. Beats that look alike are aligned and averaged "
    "(the mean of the middle half) from 450 ms before to 750 ms after the QRS; the global bounds "
    "are taken from that median beat over all leads. A file that holds one beat is measured as it "
    "was recorded. QTc is Fridericia's unless its name says otherwise. A number outside the usual "
    "limits of resting adults is marked with that limit; the mark is not a diagnosis. Behind +- "
    "stands one standard deviation: of RR and rate over the intervals, of P, PR, QRS and QT over "
    "beats, leads and the two methods that measure them, of axes from noise. What is too unsure, "
    "or "
    "rests on poor signals, says so and why (--json: uncertainties).\n"
    "\n"
    "Every beat is delineated in every lead by a small network (docs/models/ecg_waves.md), beats "
    "are "
    "classed, and rhythm, heart rate variability, pacing, electrodes that may be swapped and what "
    "is "
    "wrong with each signal are reported with the numbers they rest on; --json has all.\n"
    "\n"
    "With --beats every beat is delineated in every channel that is a voltage, and OUT.csv has the "
    "columns record,lead,wave,onset_ms,peak_ms,offset_ms: record is FILE's name without ending, "
    "lead i, ii, iii, avr, avl, avf, v1 .. v6 or the channel's own name, wave P, QRS or T; times "
    "count from the first sample; a bound that was not found is empty.";

/* ---- JSON --------------------------------------------------------------------------------------- */

typedef gm_ecg_measurement measured;

static void set_real(json_t *o, const char *key, double v)
{
    json_object_set_new(o, key, gm_json_real_or_null(v));
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static void set_intervals(json_t *o, const gm_ecg_intervals *v)
{
    const struct {
        const char *key;
        double value;
    } rows[] = {
        {"heart_rate_per_min", v->heart_rate_per_min},
        {"rr_ms", v->rr_ms},
        {"rr_median_ms", v->rr_median_ms},
        {"rr_min_ms", v->rr_min_ms},
        {"rr_max_ms", v->rr_max_ms},
        {"sdnn_ms", v->sdnn_ms},
        {"rmssd_ms", v->rmssd_ms},
        {"pnn50_percent", v->pnn50_percent},
        {"p_ms", v->p_ms},
        {"pr_ms", v->pr_ms},
        {"qrs_ms", v->qrs_ms},
        {"qt_ms", v->qt_ms},
        {"qtc_ms", v->qtc_ms[GM_QTC_FRIDERICIA]},
        {"p_axis_deg", v->axis_deg[GM_WAVE_P]},
        {"qrs_axis_deg", v->axis_deg[GM_WAVE_QRS]},
        {"t_axis_deg", v->axis_deg[GM_WAVE_T]},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        set_real(o, rows[i].key, rows[i].value);
    json_object_set_new(o, "qtc_formula", json_string(gm_qtc_names[GM_QTC_FRIDERICIA]));
    json_t *all = json_object();
    for (int f = 0; f < GM_N_QTC; f++)
        set_real(all, gm_qtc_names[f], v->qtc_ms[f]);
    json_object_set_new(o, "qtc_by_formula_ms", all);
}

static json_t *bounds_json(const gm_ecg_bounds waves[GM_N_WAVES])
{
    json_t *o = json_object();
    for (int w = 0; w < GM_N_WAVES; w++) {
        set_real(o, gm_ecg_bound_keys[w][0], waves[w].on_ms);
        set_real(o, gm_ecg_bound_keys[w][1], waves[w].peak_ms);
        set_real(o, gm_ecg_bound_keys[w][2], waves[w].off_ms);
    }
    return o;
}

static json_t *lead_json(const measured *m, int l)
{
    const gm_ecg_lead_quality *q = &m->quality[l];
    json_t *o = json_object();
    json_object_set_new(o, "grade", json_string(gm_ecg_grade_names[q->grade]));
    if (q->grade == GM_GRADE_ABSENT) return o;
    json_object_set_new(o, "is_derived", json_boolean(q->is_derived));
    json_object_set_new(o, "is_flat", json_boolean(q->is_flat));
    set_real(o, "missing_fraction", q->missing_fraction);
    set_real(o, "saturated_fraction", q->saturated_fraction);
    set_real(o, "baseline_wander_mv", q->wander_mv);
    set_real(o, "noise_mv", q->noise_mv);
    set_real(o, "mains_mv", q->mains_mv);
    json_object_set_new(o, "median_beat", bounds_json(m->median.lead_wave[l]));
    return o;
}

static json_t *flags_json(const measured *m, gm_sex sex)
{
    gm_ecg_limit limits[GM_N_LIMITS];
    gm_ecg_limits_of(m, sex, limits);
    json_t *all = json_array();
    for (int k = 0; k < GM_N_LIMITS; k++) {
        const gm_ecg_limit *l = &limits[k];
        if (!(l->value < l->low || l->value > l->high)) continue;
        json_t *o = json_object();
        json_object_set_new(o, "name", json_string(l->name));
        json_object_set_new(o, "unit", json_string(l->unit));
        set_real(o, "value", l->value);
        set_real(o, "usual_low", l->low);
        set_real(o, "usual_high", l->high);
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *beats_json(const measured *m)
{
    json_t *all = json_array();
    for (size_t i = 0; i < m->n_beats; i++) {
        json_t *o = json_object();
        set_real(o, "time_s", m->beats[i].time_s);
        set_real(o, "correlation", m->beats[i].correlation);
        json_object_set_new(o, "in_median", json_boolean(m->beats[i].in_median));
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *median_json(const measured *m)
{
    const gm_ecg_median_beat *b = &m->median;
    json_t *o = bounds_json(b->wave);
    set_real(o, "fiducial_ms", 1000 * (double)b->fiducial / b->rate_hz);
    set_real(o, "length_ms", 1000 * (double)b->n / b->rate_hz);
    json_object_set_new(o, "n_beats", json_integer((json_int_t)b->n_beats));
    return o;
}

static void set_values(json_t *o, const measured *m, const gm_ecg *e, const char *path)
{
    json_object_set_new(o, "file", json_string(path));
    json_object_set_new(o, "format", text_or_null(e->format));
    json_object_set_new(o, "device", text_or_null(e->device));
    set_real(o, "rate_hz", m->rate_hz);
    set_real(o, "duration_s", m->duration_s);
    json_object_set_new(o, "n_beats", json_integer((json_int_t)m->n_beats));
    set_intervals(o, &m->intervals);
    json_object_set_new(o, "outside_usual_adult_limits", flags_json(m, e->patient.sex));
    json_t *device_says = gm_ecg_device_says_json(e);
    json_object_set_new(o, "device_says", device_says ? device_says : json_null());
    json_object_set_new(o, "amplitudes_are_relative", json_boolean(m->amplitudes_are_relative));
    json_object_set_new(o, "median_beat", median_json(m));
    json_t *leads = json_object();
    for (int l = 0; l < GM_N_LEADS; l++)
        json_object_set_new(leads, gm_lead_names[l], lead_json(m, l));
    json_object_set_new(o, "leads", leads);
    json_object_set_new(o, "beats", beats_json(m));
    json_t *notes = gm_ecg_lines_json(e->notes, e->n_notes);
    for (size_t i = 0; i < m->n_notes; i++)
        json_array_append_new(notes, json_string(m->notes[i]));
    json_object_set_new(o, "notes", notes);
}

/* ---- text --------------------------------------------------------------------------------------- */

static void add_row(gm_text *t, const char *name, const char *unit, const gm_ecg_number *v,
                    double device, const gm_ecg_limit *limit)
{
    gm_text_addf(t, "  %-11s", name);
    if (isfinite(v->value))
        gm_text_addf(t, "%6.0f %-5s", v->value, unit);
    else
        gm_text_add(t, "     ?      ");
    if (isfinite(v->sd)) gm_text_addf(t, "+- %-5.1f", v->sd);
    if (isfinite(device)) gm_text_addf(t, "  device %4.0f", device);
    if (limit && v->value < limit->low) gm_text_addf(t, "  below %g", limit->low);
    if (limit && v->value > limit->high) gm_text_addf(t, "  above %g", limit->high);
    if (v->do_not_trust) gm_text_addf(t, "  do not trust: %s", v->do_not_trust);
    gm_text_add(t, "\n");
}

static void say_numbers(gm_text *t, const measured *m, const gm_ecg_findings *f, const gm_ecg *e)
{
    const gm_ecg_number *v = f->numbers;
    gm_ecg_limit limit[GM_N_LIMITS];
    gm_ecg_limits_of(m, e->patient.sex, limit);
    add_row(t, "heart rate", "/min", &v[GM_NUMBER_HEART_RATE], NAN, &limit[0]);
    add_row(t, "RR", "ms", &v[GM_NUMBER_RR], e->device_says.rr_ms, NULL);
    add_row(t, "P", "ms", &v[GM_NUMBER_P], NAN, NULL);
    add_row(t, "PR", "ms", &v[GM_NUMBER_PR], e->device_says.pr_ms, &limit[1]);
    add_row(t, "QRS", "ms", &v[GM_NUMBER_QRS], e->device_says.qrs_ms, &limit[2]);
    add_row(t, "QT", "ms", &v[GM_NUMBER_QT], e->device_says.qt_ms, NULL);
    for (int q = 0; q < GM_N_QTC; q++) {
        static const char *const names[GM_N_QTC] = {"QTc Frid.", "QTc Bazett", "QTc Framing",
                                                    "QTc Hodges"};
        add_row(t, names[q], "ms", &v[GM_NUMBER_QTC + q], q == 0 ? e->device_says.qtc_ms : NAN,
                q == 0 ? &limit[3] : NULL);
    }
    const gm_ecg_number *axis = v + GM_NUMBER_AXIS;
    add_row(t, "P axis", "deg", &axis[GM_WAVE_P], e->device_says.p_axis_deg, NULL);
    add_row(t, "QRS axis", "deg", &axis[GM_WAVE_QRS], e->device_says.qrs_axis_deg, &limit[4]);
    add_row(t, "T axis", "deg", &axis[GM_WAVE_T], e->device_says.t_axis_deg, NULL);
}

static void say_leads(gm_text *t, const measured *m)
{
    gm_text_add(t, "  lead  grade     noise mV  wander mV\n");
    for (int l = 0; l < GM_N_LEADS; l++) {
        const gm_ecg_lead_quality *q = &m->quality[l];
        if (q->grade == GM_GRADE_ABSENT) continue;
        gm_text_addf(t, "  %-5s %-8s", gm_lead_names[l], gm_ecg_grade_names[q->grade]);
        if (isfinite(q->noise_mv)) gm_text_addf(t, "  %8.3f", q->noise_mv);
        if (isfinite(q->wander_mv)) gm_text_addf(t, "  %9.3f", q->wander_mv);
        gm_text_add(t, q->is_derived ? "  derived\n" : "\n");
    }
}

static gm_status say(gm_result *out, const measured *m, const gm_ecg_findings *f, const gm_ecg *e,
                     const char *path)
{
    gm_text t = {0};
    gm_text_addf(&t, "%s: %.1f s at %g Hz, %zu beats, %zu of them in the median beat\n", path,
                 m->duration_s, m->rate_hz, m->n_beats, m->median.n_beats);
    say_numbers(&t, m, f, e);
    gm_ecg_findings_say(&t, f);
    say_leads(&t, m);
    for (size_t i = 0; i < e->n_notes; i++)
        gm_text_addf(&t, "  note: %s\n", e->notes[i]);
    for (size_t i = 0; i < m->n_notes; i++)
        gm_text_addf(&t, "  note: %s\n", m->notes[i]);
    gm_status s = gm_text_status(&t);
    if (s == GM_OK) s = gm_result_say(out, "%s", t.data);
    gm_text_free(&t);
    return s;
}

/* ---- files -------------------------------------------------------------------------------------- */

/* Known leads only: readers take it as an ECG of one beat. */
static gm_status add_median_file(gm_result *out, const gm_ecg_median_beat *b)
{
    size_t columns = 1;
    gm_text header = {0};
    double *rows = gm_calloc(b->n * (GM_N_LEADS + 1), sizeof *rows);
    int leads[GM_N_LEADS] = {0};
    gm_text_add(&header, "t_ms");
    for (int l = 0; l < GM_N_LEADS; l++)
        if (isfinite(b->mv[(size_t)l * b->n])) {
            leads[columns - 1] = l, columns++;
            gm_text_addf(&header, ",%s", gm_lead_names[l]);
        }
    for (size_t i = 0; rows && i < b->n; i++) {
        rows[i * columns] = 1000 * (double)i / b->rate_hz;
        for (size_t c = 1; c < columns; c++)
            rows[i * columns + c] = b->mv[(size_t)leads[c - 1] * b->n + i];
    }
    gm_status s = rows ? gm_text_status(&header) : gm_fail(GM_ENOMEM, "no memory for a table");
    if (s == GM_OK)
        s = gm_result_add_csv(out, "median_beat.csv", header.data, rows, b->n, columns, 5);
    gm_text_free(&header);
    gm_free(rows);
    return s;
}

/* A cell of CSV (RFC 4180). */
static void add_cell(gm_text *t, const char *text, size_t length)
{
    bool plain = true;
    for (size_t i = 0; i < length; i++)
        plain &= text[i] != ',' && text[i] != '"' && text[i] != '\n' && text[i] != '\r';
    if (plain) {
        gm_text_add_bytes(t, text, length);
        return;
    }
    gm_text_add(t, "\"");
    for (size_t i = 0; i < length; i++)
        gm_text_add_bytes(t, text[i] == '"' ? "\"\"" : text + i, text[i] == '"' ? 2 : 1);
    gm_text_add(t, "\"");
}

static void add_time(gm_text *t, double ms, const char *after)
{
    if (isfinite(ms)) gm_text_addf(t, "%.1f", ms);
    gm_text_add(t, after);
}

static void add_waves(gm_text *t, const gm_ecg_waves *w, const char *path)
{
    const char *leaf = gm_path_leaf(path), *dot = strrchr(leaf, '.');
    size_t length = dot && dot != leaf ? (size_t)(dot - leaf) : strlen(leaf);
    gm_text_add(t, "record,lead,wave,onset_ms,peak_ms,offset_ms\n");
    for (size_t l = 0; l < w->n_leads; l++)
        for (size_t i = 0; i < w->leads[l].n; i++) {
            const gm_ecg_lead_wave *v = &w->leads[l].waves[i];
            add_cell(t, leaf, length);
            gm_text_add(t, ",");
            add_cell(t, w->leads[l].name, strlen(w->leads[l].name));
            gm_text_addf(t, ",%s,", gm_ecg_wave_names[v->kind]);
            add_time(t, v->at.on_ms, ",");
            add_time(t, v->at.peak_ms, ",");
            add_time(t, v->at.off_ms, "\n");
        }
}

static gm_status add_beats_file(gm_result *out, const gm_ecg_waves *w, const char *path,
                                const char *to)
{
    gm_text t = {0};
    add_waves(&t, w, path);
    gm_status s = gm_text_status(&t);
    if (s != GM_OK) {
        gm_text_free(&t);
        return s;
    }
    out->files_as_named = true;
    s = gm_result_add_bytes(out, to, t.data, t.length);
    out->files_as_named = false;
    return s;
}

gm_status gm_ecg_measure_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *path = args->words[0], *beats = gm_args_text(args, "beats");
    gm_ecg *ecg = NULL;
    gm_ecg_measurement *m = NULL;
    GM_TRY(gm_ecg_read(&ecg, path));
    gm_ecg_findings f = {0};
    gm_status s = gm_ecg_measure(&m, ecg);
    if (s == GM_OK) s = gm_ecg_find(&f, ecg, m);
    if (s != GM_OK) s = gm_fail_in(s, "%s", path);
    if (s == GM_OK && run->wants_values) {
        set_values(out->values, m, ecg, path);
        gm_ecg_findings_values(out->values, &f, m);
    }
    if (s == GM_OK) s = gm_result_set_title(out, gm_path_leaf(path));
    if (s == GM_OK) s = say(out, m, &f, ecg, path);
    if (s == GM_OK) s = gm_ecg_add_paper_views(out, m, ecg);
    if (s == GM_OK) s = add_median_file(out, &m->median);
    if (s == GM_OK && beats) s = add_beats_file(out, f.waves, path, beats);
    gm_ecg_findings_clear(&f);
    gm_ecg_measurement_destroy(m);
    gm_ecg_destroy(ecg);
    return s;
}
