/* fixture.h - tests only: a made-up result with every kind of view, about the size of a real one. */
#ifndef GM_REPORT_FIXTURE_H
#define GM_REPORT_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "kind/result.h"

enum { FIXTURE_RINGS = 120, FIXTURE_SPOKES = 250, FIXTURE_SAMPLES = 500 };

static const double fixture_pi = 3.14159265358979323846;

/* An ellipsoid with a dent, 60,000 triangles; the top ring repeats one point, as poles do. */
static void fixture_nodes(float (*x)[3])
{
    for (int i = 0; i <= FIXTURE_RINGS; i++)
        for (int j = 0; j < FIXTURE_SPOKES; j++) {
            double polar = fixture_pi * i / FIXTURE_RINGS,
                   turn = 2 * fixture_pi * j / FIXTURE_SPOKES;
            double r = 1 - 0.25 * exp(-8 * pow(polar - 1.1, 2)) * (1 + cos(turn - 1)) / 2;
            float *p = x[i * FIXTURE_SPOKES + j];
            p[0] = (float)(33 * r * sin(polar) * cos(turn));
            p[1] = (float)(28 * r * sin(polar) * sin(turn));
            p[2] = (float)(46 * r * cos(polar));
        }
}

static void fixture_faces(int32_t (*faces)[3])
{
    size_t n = 0;
    for (int i = 0; i < FIXTURE_RINGS; i++)
        for (int j = 0; j < FIXTURE_SPOKES; j++) {
            int a = i * FIXTURE_SPOKES + j, b = i * FIXTURE_SPOKES + (j + 1) % FIXTURE_SPOKES;
            int c = a + FIXTURE_SPOKES, d = b + FIXTURE_SPOKES;
            faces[n][0] = a, faces[n][1] = c, faces[n++][2] = b;
            faces[n][0] = b, faces[n][1] = c, faces[n++][2] = d;
        }
}

/* Waves from three places at 0.6 m/s; a patch below is without value. */
static double fixture_arrival_ms(const float p[3])
{
    static const double from[3][4] = {{30, 0, 5, 0}, {-20, 20, 10, 6}, {0, -28, -15, 11}};
    double first = INFINITY;
    for (int k = 0; k < 3; k++)
        first = fmin(
            first, from[k][3] +
                       hypot(hypot(p[0] - from[k][0], p[1] - from[k][1]), p[2] - from[k][2]) / 0.6);
    return p[2] < -43 ? NAN : first;
}

static gm_status fixture_surface(gm_result *r)
{
    gm_view *v;
    GM_TRY(
        gm_result_add_view(r, GM_VIEW_SURFACE, "Activation of the heart",
                           "Time at which each place of the ventricles is activated. Step through "
                           "the beat with the slider; cut the heart open from the front.",
                           &v));
    size_t n = (FIXTURE_RINGS + 1) * (size_t)FIXTURE_SPOKES,
           m = 2 * (size_t)FIXTURE_RINGS * FIXTURE_SPOKES;
    v->as.surface.n_nodes = n;
    v->as.surface.n_faces = m;
    v->as.surface.nodes_mm = gm_calloc(n, sizeof(float[3]));
    v->as.surface.faces = gm_calloc(m, sizeof(int32_t[3]));
    v->as.surface.fields = gm_calloc(2, sizeof(gm_field));
    v->as.surface.points_mm = gm_calloc(3, sizeof(float[3]));
    v->as.surface.point_labels = gm_calloc(3, sizeof(char *));
    if (!v->as.surface.nodes_mm || !v->as.surface.faces || !v->as.surface.fields ||
        !v->as.surface.points_mm || !v->as.surface.point_labels)
        return gm_fail(GM_ENOMEM, "fixture: no memory");
    fixture_nodes(v->as.surface.nodes_mm);
    fixture_faces(v->as.surface.faces);
    static const float points[3][3] = {{30, 0, 5}, {-20, 20, 10}, {0, -28, -15}};
    static const char *const names[3] = {"LV septal 0 ms", "RV free wall 6 ms",
                                         "LV anterior 11 ms"};
    v->as.surface.n_points = 3;
    memcpy(v->as.surface.points_mm, points, sizeof points);
    for (int k = 0; k < 3; k++)
        v->as.surface.point_labels[k] = gm_strdup(names[k]);
    v->as.surface.n_fields = 2;
    gm_field *f = v->as.surface.fields;
    f[0] = (gm_field){gm_strdup("Activation"), gm_strdup("ms"), gm_calloc(n, sizeof(double)), true};
    f[1] = (gm_field){gm_strdup("Uncertainty (SD)"), gm_strdup("ms"), gm_calloc(n, sizeof(double)),
                      false};
    if (!f[0].values || !f[1].values) return gm_fail(GM_ENOMEM, "fixture: no memory");
    for (size_t i = 0; i < n; i++) {
        f[0].values[i] = fixture_arrival_ms(v->as.surface.nodes_mm[i]);
        f[1].values[i] = 1 + 5 * fabs(sin(0.06 * (double)v->as.surface.nodes_mm[i][0]));
    }
    return GM_OK;
}

/* A QRS and a T wave in the twelve leads. */
static double fixture_lead_mv(int lead, double t_ms)
{
    static const double r_mv[12] = {0.7, 1.1, 0.4, -0.9, 0.15, 0.75, 0.2, 0.4, 0.8, 1.3, 1.5, 1.1};
    static const double s_mv[12] = {0.1, 0.15, 0.2, -0.1, 0.3, 0.1, 1.2, 1.7, 1.1, 0.5, 0.2, 0.1};
    double q = exp(-pow((t_ms - 85) / 9, 2)), s = exp(-pow((t_ms - 108) / 9, 2));
    double t = exp(-pow((t_ms - 320) / (t_ms < 320 ? 55 : 32), 2));
    return r_mv[lead] * q - s_mv[lead] * s + (0.12 + 0.2 * r_mv[lead]) * t * (lead == 6 ? -0.4 : 1);
}

static gm_status fixture_curve(gm_curve *c, int lead, bool is_reference)
{
    c->label = gm_strdup(is_reference ? "Measured" : "Twin");
    c->is_reference = is_reference;
    c->y = gm_calloc(FIXTURE_SAMPLES, sizeof(double));
    if (!c->y) return gm_fail(GM_ENOMEM, "fixture: no memory");
    for (int i = 0; i < FIXTURE_SAMPLES; i++)
        c->y[i] = is_reference ? fixture_lead_mv(lead, i) + 0.015 * sin(0.9 * i + lead)
                               : 0.85 * fixture_lead_mv(lead, i - 6);
    if (is_reference) return GM_OK;
    c->low = gm_calloc(FIXTURE_SAMPLES, sizeof(double));
    c->high = gm_calloc(FIXTURE_SAMPLES, sizeof(double));
    if (!c->low || !c->high) return gm_fail(GM_ENOMEM, "fixture: no memory");
    for (int i = 0; i < FIXTURE_SAMPLES; i++) {
        c->low[i] = c->y[i] - 0.03 - 0.12 * fabs(c->y[i]);
        c->high[i] = c->y[i] + 0.03 + 0.12 * fabs(c->y[i]);
    }
    return GM_OK;
}

static gm_status fixture_panel(gm_panel *p, int lead, const char *title)
{
    static const char *const names[3] = {"QRS on", "QRS off", "T off"};
    static const double at_ms[3] = {62, 132, 385};
    p->title = gm_strdup(title);
    p->curves = gm_calloc(2, sizeof(gm_curve));
    p->marks = gm_calloc(3, sizeof(gm_mark));
    if (!p->curves || !p->marks) return gm_fail(GM_ENOMEM, "fixture: no memory");
    p->n_curves = 2;
    p->n_marks = 3;
    for (int k = 0; k < 3; k++)
        p->marks[k] = (gm_mark){at_ms[k], gm_strdup(names[k])};
    GM_TRY(fixture_curve(&p->curves[0], lead, true));
    return fixture_curve(&p->curves[1], lead, false);
}

static gm_status fixture_series(gm_result *r, const char *title, bool is_ecg_paper, int n_panels)
{
    static const char *const leads[12] = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                          "V1", "V2", "V3",  "V4",  "V5",  "V6"};
    gm_view *v;
    GM_TRY(
        gm_result_add_view(r, GM_VIEW_SERIES, title,
                           "The measured beat in ink, the twin in blue; the band holds 90 % of the "
                           "ensemble.",
                           &v));
    v->as.series.is_ecg_paper = is_ecg_paper;
    v->as.series.x_unit = gm_strdup("ms");
    v->as.series.y_unit = gm_strdup("mV");
    v->as.series.x = gm_calloc(FIXTURE_SAMPLES, sizeof(double));
    v->as.series.panels = gm_calloc((size_t)n_panels, sizeof(gm_panel));
    if (!v->as.series.x || !v->as.series.panels) return gm_fail(GM_ENOMEM, "fixture: no memory");
    v->as.series.n = FIXTURE_SAMPLES;
    v->as.series.n_panels = (size_t)n_panels;
    for (int i = 0; i < FIXTURE_SAMPLES; i++)
        v->as.series.x[i] = i;
    for (int k = 0; k < n_panels; k++)
        GM_TRY(fixture_panel(&v->as.series.panels[k], k, leads[k]));
    return GM_OK;
}

static gm_status fixture_disc(gm_result *r, const char *title, size_t n_rings, size_t n_sectors)
{
    gm_view *v;
    GM_TRY(gm_result_add_view(r, GM_VIEW_DISC, title, "Mean activation, apex in the middle.", &v));
    v->as.disc.unit = gm_strdup("ms");
    v->as.disc.is_time = true;
    v->as.disc.sector_zero = gm_strdup("anterior");
    v->as.disc.values = gm_calloc(n_rings * n_sectors, sizeof(double));
    if (!v->as.disc.values) return gm_fail(GM_ENOMEM, "fixture: no memory");
    v->as.disc.n_rings = n_rings;
    v->as.disc.n_sectors = n_sectors;
    for (size_t i = 0; i < n_rings * n_sectors; i++) {
        double turn = 2 * fixture_pi * (double)(i % n_sectors) / (double)n_sectors;
        v->as.disc.values[i] = 40 + 8 * (double)(i / n_sectors) + 22 * sin(turn);
    }
    v->as.disc.values[n_sectors + 1] = NAN;
    return GM_OK;
}

static gm_status fixture_bars(gm_result *r)
{
    static const char *const names[6] = {"Fibre speed",
                                         "Onset of LV septal site",
                                         "APD apex-base gradient",
                                         "Transverse ratio",
                                         "Heart rotation about the long axis",
                                         "RV layer factor"};
    static const double values[6] = {0.41, 0.22, 0.12, 0.08, 0.05, NAN};
    gm_view *v;
    GM_TRY(gm_result_add_view(r, GM_VIEW_BARS, "What the ECG depends on",
                              "Total Sobol index of each parameter with its 90 % interval.", &v));
    v->as.bars.unit = gm_strdup("share of variance");
    v->as.bars.names = gm_calloc(6, sizeof(char *));
    v->as.bars.values = gm_calloc(6, sizeof(double));
    v->as.bars.low = gm_calloc(6, sizeof(double));
    v->as.bars.high = gm_calloc(6, sizeof(double));
    if (!v->as.bars.names || !v->as.bars.values || !v->as.bars.low || !v->as.bars.high)
        return gm_fail(GM_ENOMEM, "fixture: no memory");
    v->as.bars.n = 6;
    for (int i = 0; i < 6; i++) {
        v->as.bars.names[i] = gm_strdup(names[i]);
        v->as.bars.values[i] = values[i];
        v->as.bars.low[i] = values[i] * 0.8;
        v->as.bars.high[i] = values[i] * 1.25;
    }
    return GM_OK;
}

static gm_status fixture_tables(gm_result *r)
{
    static const char *const cells[] = {
        "Parameter",        "Best", "5 %",  "95 %", "Unit", "Verdict",
        "Fibre speed",      "0.61", "0.55", "0.68", "m/s",  "identified",
        "Transverse ratio", "0.38", "0.30", "0.47", "1",    "weakly identified",
        "RV onset",         "6.2",  "-4.0", "15.1", "ms",   "not identified"};
    static const char *const fit[] = {"Lead", "Correlation", "I",  "0.971",
                                      "II",   "0.983",       "V1", "0.942"};
    GM_TRY(gm_result_add_table(r, "Parameters", "With the 5 % and 95 % points of the ensemble.", 4,
                               6, cells));
    return gm_result_add_table(r, "Fit per lead", "", 4, 2, fit);
}

static gm_status fixture_result(gm_result **out)
{
    GM_TRY(gm_result_create(out));
    gm_result *r = *out;
    GM_TRY(gm_result_set_title(r, "Heart twin fitted to a 12-lead ECG"));
    GM_TRY(gm_result_say(
        r, "Median lead correlation over QRS and T: 0.96 (worst V1, 0.94).\n"
           "Fibre speed 0.61 m/s (0.55 to 0.68); 3 early sites; 2 of 9 parameters not identified.\n"
           "4,000 evaluations in 38 s on 2 threads, seed 1."));
    json_object_set_new(r->values, "seed", json_integer(1));
    json_object_set_new(r->values, "version", json_string("0.1.0"));
    json_object_set_new(r->values, "inputs",
                        json_pack("{s:s, s:s}", "ecg", "patient.dcm", "sha256",
                                  "ba7816bf8f01cfea414140de5dae2223"));
    GM_TRY(fixture_series(r, "12-lead ECG: measured and twin", true, 12));
    GM_TRY(fixture_surface(r));
    GM_TRY(fixture_disc(r, "Bull's-eye of the left ventricle", 4, 6));
    GM_TRY(fixture_bars(r));
    GM_TRY(fixture_tables(r));
    GM_TRY(fixture_disc(r, "Activation over apex-base and rotation", 20, 60));
    return fixture_series(r, "Two leads on plain axes", false, 2);
}

#endif
