/* gemel ecg view: an ECG as a sheet to look at and to print, and as a page with its measurements. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "heart/ecg/intervals.h"
#include "heart/ecg/measure.h"
#include "heart/ecg/paper.h"
#include "heart/verbs/cells.h"
#include "heart/verbs/ecg_findings.h"
#include "heart/verbs/verbs.h"

const gm_option gm_ecg_view_options[] = {
    {"o", GM_ARG_FILE, "FILE", 0, 0, NULL, NULL, "where to draw: .html, .svg, .pdf or .png"},
    {0},
};

const char gm_ecg_view_description[] =
    "Draws FILE as cardiologists know it: 12 leads at 25 mm/s and 10 mm/mV on A4, a rhythm strip, "
    "and the median beat of each lead with the bounds of P, QRS and T. Channels that are none of "
    "the 12 leads stand after them under their own names, if they are voltages. .svg, .pdf and "
    ".png are that sheet, true to scale when printed at 100 %; .html is a page with the sheet, the "
    "measurements beside their usual limits and the device's own, the quality of each lead, and, "
    "of "
    "a record longer than a minute, the trend of the heart rate.";

static const double TREND_FROM_S = 60;
enum { TREND_POINTS = 240, CELL = 64 };

/* ---- tables ---------------------------------------------------------------------------------------- */

/* "120 to 200"; an open end: "up to 110". */
static void put_limits(gm_cells *c, double low, double high)
{
    char text[CELL] = "";
    if (isfinite(low) && isfinite(high))
        snprintf(text, sizeof text, "%g to %g", low, high);
    else if (isfinite(high))
        snprintf(text, sizeof text, "up to %g", high);
    gm_cells_put(c, text);
}

typedef struct {
    const char *name, *unit;
    const gm_ecg_number *is;
    double device;
} row;

static void put_row(gm_cells *c, const row *v, const gm_ecg_limit limits[GM_N_LIMITS])
{
    const gm_ecg_limit *limit = NULL;
    for (int k = 0; k < GM_N_LIMITS; k++)
        if (strcmp(limits[k].name, v->name) == 0) limit = &limits[k];
    char name[CELL];
    snprintf(name, sizeof name, "%s, %s", v->name, v->unit);
    gm_cells_put(c, name);
    gm_cells_put_number(c, v->is->value, 0);
    gm_cells_put_number(c, v->is->sd, 1);
    put_limits(c, limit ? limit->low : NAN, limit ? limit->high : NAN);
    bool outside = limit && (v->is->value < limit->low || v->is->value > limit->high);
    gm_cells_put(c, outside ? "outside" : "");
    if (isfinite(v->device))
        gm_cells_put_number(c, v->device, 0);
    else
        gm_cells_put(c, "");
    gm_cells_put(c, v->is->do_not_trust ? v->is->do_not_trust : "");
}

static gm_status add_measurements(gm_result *out, const gm_ecg_measurement *m,
                                  const gm_ecg_findings *f, const gm_ecg *e)
{
    const gm_ecg_number *v = f->numbers;
    const row rows[] = {
        {"heart rate", "/min", &v[GM_NUMBER_HEART_RATE], NAN},
        {"RR", "ms", &v[GM_NUMBER_RR], e->device_says.rr_ms},
        {"P", "ms", &v[GM_NUMBER_P], NAN},
        {"PR", "ms", &v[GM_NUMBER_PR], e->device_says.pr_ms},
        {"QRS", "ms", &v[GM_NUMBER_QRS], e->device_says.qrs_ms},
        {"QT", "ms", &v[GM_NUMBER_QT], e->device_says.qt_ms},
        {"QTc", "ms", &v[GM_NUMBER_QTC + GM_QTC_FRIDERICIA], e->device_says.qtc_ms},
        {"P axis", "deg", &v[GM_NUMBER_AXIS + GM_WAVE_P], e->device_says.p_axis_deg},
        {"QRS axis", "deg", &v[GM_NUMBER_AXIS + GM_WAVE_QRS], e->device_says.qrs_axis_deg},
        {"T axis", "deg", &v[GM_NUMBER_AXIS + GM_WAVE_T], e->device_says.t_axis_deg},
        {"SDNN", "ms", &v[GM_NUMBER_SDNN], NAN},
        {"RMSSD", "ms", &v[GM_NUMBER_RMSSD], NAN},
    };
    static const char *const heading[] = {
        "measurement", "here",   "uncertainty", "usual in resting adults",
        "mark",        "device", "do not trust"};
    gm_ecg_limit limits[GM_N_LIMITS];
    gm_ecg_limits_of(m, e->patient.sex, limits);
    gm_cells c = {.n_columns = sizeof heading / sizeof *heading};
    for (size_t k = 0; k < c.n_columns; k++)
        gm_cells_put(&c, heading[k]);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        put_row(&c, &rows[i], limits);
    return gm_cells_add_table(
        out, &c, "Measurements",
        "QTc by Fridericia; the device may use another formula. The uncertainty is one standard "
        "deviation. A mark is a number outside its limits, not a diagnosis.");
}

static gm_status add_quality(gm_result *out, const gm_ecg_measurement *m)
{
    gm_cells c = {.n_columns = 5};
    gm_cells_put(&c, "lead");
    gm_cells_put(&c, "grade");
    gm_cells_put(&c, "noise, mV");
    gm_cells_put(&c, "wander, mV");
    gm_cells_put(&c, "mains, mV");
    for (int l = 0; l < GM_N_LEADS; l++) {
        const gm_ecg_lead_quality *q = &m->quality[l];
        if (q->grade == GM_GRADE_ABSENT) continue;
        char grade[CELL];
        snprintf(grade, sizeof grade, "%s%s", gm_ecg_grade_names[q->grade],
                 q->is_derived ? ", derived" : "");
        gm_cells_put(&c, gm_lead_names[l]);
        gm_cells_put(&c, grade);
        gm_cells_put_number(&c, q->noise_mv, 3);
        gm_cells_put_number(&c, q->wander_mv, 3);
        gm_cells_put_number(&c, q->mains_mv, 3);
    }
    return gm_cells_add_table(out, &c, "Quality of the leads", "");
}

/* ---- the trend of long records ---------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median and outer tenths of the heart rate in equal parts of the record; a part without two beats is NaN. */
static void fill_trend(const gm_ecg_measurement *m, size_t n, double part_s, double *rates,
                       gm_curve *curve)
{
    for (size_t p = 0, b = 0; p < n; p++) {
        size_t k = 0;
        for (; b + 1 < m->n_beats && m->beats[b].time_s < (double)(p + 1) * part_s; b++)
            rates[k++] = 60 / (m->beats[b + 1].time_s - m->beats[b].time_s);
        qsort(rates, k, sizeof *rates, by_size);
        curve->y[p] = k ? rates[k / 2] : NAN;
        curve->low[p] = k ? rates[k / 10] : NAN;
        curve->high[p] = k ? rates[k - 1 - k / 10] : NAN;
    }
}

static gm_status fill_trend_view(gm_view *v, const gm_ecg_measurement *m, double *rates)
{
    size_t n = (size_t)fmin(TREND_POINTS, m->duration_s / 10);
    double part_s = m->duration_s / (double)n;
    v->as.series.n = n;
    v->as.series.x = gm_calloc(n, sizeof(double));
    v->as.series.x_unit = gm_strdup("min");
    v->as.series.y_unit = gm_strdup("/min");
    v->as.series.panels = gm_calloc(1, sizeof(gm_panel));
    gm_panel *p = v->as.series.panels;
    bool good = v->as.series.x && v->as.series.x_unit && v->as.series.y_unit && p;
    if (good) {
        v->as.series.n_panels = 1;
        p->title = gm_strdup("heart rate");
        p->curves = gm_calloc(1, sizeof *p->curves);
        good = p->title && p->curves;
    }
    if (good) {
        gm_curve *c = p->curves;
        p->n_curves = 1;
        c->label = gm_strdup("median, 10 and 90 % of each part");
        c->y = gm_calloc(n, sizeof(double));
        c->low = gm_calloc(n, sizeof(double));
        c->high = gm_calloc(n, sizeof(double));
        good = c->label && c->y && c->low && c->high;
        if (good) fill_trend(m, n, part_s, rates, c);
    }
    if (!good) return gm_fail(GM_ENOMEM, "no memory for a trend");
    for (size_t i = 0; i < n; i++)
        v->as.series.x[i] = ((double)i + 0.5) * part_s / 60;
    return GM_OK;
}

static gm_status add_trend(gm_result *out, const gm_ecg_measurement *m)
{
    if (m->duration_s < TREND_FROM_S || m->n_beats < 2) return GM_OK;
    double *rates = gm_calloc(m->n_beats, sizeof *rates);
    if (!rates) return gm_fail(GM_ENOMEM, "no memory for a trend");
    gm_view *v;
    gm_status s = gm_result_add_view(out, GM_VIEW_SERIES, "Trend", "From beat to beat.", &v);
    if (s == GM_OK) s = fill_trend_view(v, m, rates);
    gm_free(rates);
    return s;
}

/* ---- all -------------------------------------------------------------------------------------------- */

static gm_status add_tables(gm_result *out, const gm_ecg_measurement *m, const gm_ecg *e)
{
    gm_ecg_findings f;
    GM_TRY(gm_ecg_find(&f, e, m));
    gm_status s = add_measurements(out, m, &f, e);
    if (s == GM_OK) s = gm_ecg_findings_tables(out, &f);
    gm_ecg_findings_clear(&f);
    return s;
}

static gm_status show(gm_result *out, const gm_ecg_measurement *m, const gm_ecg *e, const char *o)
{
    out->view_path = gm_strdup(o);
    if (!out->view_path) return gm_fail(GM_ENOMEM, "%s: no memory", o);
    GM_TRY(add_tables(out, m, e));
    GM_TRY(add_quality(out, m));
    GM_TRY(add_trend(out, m));
    GM_TRY(gm_ecg_add_paper_views(out, m, e));
    json_object_set_new(out->values, "drawn", json_string(o));
    return gm_result_say(out, "%s%s%s; %.1f s at %g Hz, %zu beats\n", e->format,
                         e->device ? ", " : "", e->device ? e->device : "", m->duration_s,
                         m->rate_hz, m->n_beats);
}

gm_status gm_ecg_view_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    (void)run;
    const char *path = args->words[0], *o = gm_args_text(args, "o");
    gm_ecg *ecg = NULL;
    gm_ecg_measurement *m = NULL;
    if (!o) return gm_fail(GM_EUSAGE, "-o FILE is needed: where to draw (.html, .svg, .pdf, .png)");
    GM_TRY(gm_ecg_read(&ecg, path));
    gm_status s = gm_ecg_measure(&m, ecg);
    if (s != GM_OK) s = gm_fail_in(s, "%s", path);
    if (s == GM_OK) s = gm_result_set_title(out, gm_path_leaf(path));
    if (s == GM_OK) s = show(out, m, ecg, o);
    gm_ecg_measurement_destroy(m);
    gm_ecg_destroy(ecg);
    return s;
}
