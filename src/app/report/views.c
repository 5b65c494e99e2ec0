#include "report/views.h"

#include <math.h>

#include "report/encode.h"

const char *gm_view_kind_name(gm_view_kind kind)
{
    switch (kind) {
    case GM_VIEW_TABLE: return "table";
    case GM_VIEW_SERIES: return "series";
    case GM_VIEW_SURFACE: return "surface";
    case GM_VIEW_BARS: return "bars";
    case GM_VIEW_DISC: return "disc";
    }
    return "unknown";
}

static void add_string(gm_text *t, const char *key, const char *value)
{
    gm_text_addf(t, ",\"%s\":", key);
    gm_json_string_add(t, value);
}

static void add_numbers(gm_text *t, const char *key, const double *v, size_t n)
{
    gm_text_addf(t, ",\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        if (i) gm_text_add(t, ",");
        gm_json_number_add(t, v[i]);
    }
    gm_text_add(t, "]");
}

static void add_strings(gm_text *t, const char *key, char *const *v, size_t n)
{
    gm_text_addf(t, ",\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        if (i) gm_text_add(t, ",");
        gm_json_string_add(t, v ? v[i] : "");
    }
    gm_text_add(t, "]");
}

static gm_status missing(const gm_view *v, const char *what)
{
    return gm_fail(GM_EINVAL, "report: view \"%.80s\" (%s) has no %s", v->title ? v->title : "",
                   gm_view_kind_name(v->kind), what);
}

/* ---- series -------------------------------------------------------------------------------------- */

static void add_curve(gm_text *t, const gm_curve *c, size_t n)
{
    gm_text_addf(t, "{\"is_reference\":%s", c->is_reference ? "true" : "false");
    add_string(t, "label", c->label);
    gm_text_add(t, ",\"y\":");
    gm_packed_reals_add(t, c->y, n);
    if (c->low && c->high) {
        gm_text_add(t, ",\"low\":");
        gm_packed_reals_add(t, c->low, n);
        gm_text_add(t, ",\"high\":");
        gm_packed_reals_add(t, c->high, n);
    }
    gm_text_add(t, "}");
}

static gm_status add_panel(gm_text *t, const gm_view *v, const gm_panel *p)
{
    if ((p->n_curves && !p->curves) || (p->n_marks && !p->marks))
        return missing(v, "curves or marks in a panel");
    gm_text_add(t, "{\"kind\":\"panel\"");
    add_string(t, "title", p->title);
    gm_text_add(t, ",\"curves\":[");
    for (size_t i = 0; i < p->n_curves; i++) {
        if (!p->curves[i].y) return missing(v, "values of a curve");
        if (i) gm_text_add(t, ",");
        add_curve(t, &p->curves[i], v->as.series.n);
    }
    gm_text_add(t, "],\"marks\":[");
    for (size_t i = 0; i < p->n_marks; i++) {
        gm_text_add(t, i ? ",{\"x\":" : "{\"x\":");
        gm_json_number_add(t, p->marks[i].x);
        add_string(t, "label", p->marks[i].label);
        gm_text_add(t, "}");
    }
    gm_text_add(t, "]}");
    return GM_OK;
}

static gm_status add_series(gm_text *t, const gm_view *v)
{
    if (v->as.series.n && !v->as.series.x) return missing(v, "x");
    if (v->as.series.n_panels && !v->as.series.panels) return missing(v, "panels");
    for (size_t i = 0; i < v->as.series.n; i++)
        if (!isfinite(v->as.series.x[i])) return missing(v, "finite x everywhere");
    add_string(t, "x_unit", v->as.series.x_unit);
    add_string(t, "y_unit", v->as.series.y_unit);
    gm_text_addf(t, ",\"is_ecg_paper\":%s", v->as.series.is_ecg_paper ? "true" : "false");
    add_numbers(t, "x", v->as.series.x, v->as.series.n);
    gm_text_add(t, ",\"panels\":[");
    for (size_t i = 0; i < v->as.series.n_panels; i++) {
        if (i) gm_text_add(t, ",");
        GM_TRY(add_panel(t, v, &v->as.series.panels[i]));
    }
    gm_text_add(t, "]");
    return GM_OK;
}

/* ---- surface ------------------------------------------------------------------------------------- */

static gm_status check_surface(const gm_view *v)
{
    size_t n_nodes = v->as.surface.n_nodes, n_faces = v->as.surface.n_faces;
    if (n_nodes && !v->as.surface.nodes_mm) return missing(v, "nodes");
    if (n_faces && !v->as.surface.faces) return missing(v, "faces");
    if (v->as.surface.n_fields && !v->as.surface.fields) return missing(v, "fields");
    if (v->as.surface.n_points && !v->as.surface.points_mm) return missing(v, "points");
    const float *x = n_nodes ? v->as.surface.nodes_mm[0] : NULL;
    for (size_t i = 0; i < 3 * n_nodes; i++)
        if (!isfinite(x[i]))
            return gm_fail(GM_EINVAL, "report: view \"%.80s\": node %zu is not finite", v->title,
                           i / 3);
    const int32_t *node = n_faces ? v->as.surface.faces[0] : NULL;
    for (size_t i = 0; i < 3 * n_faces; i++)
        if (node[i] < 0 || (size_t)node[i] >= n_nodes)
            return gm_fail(GM_EINVAL,
                           "report: view \"%.80s\": face %zu has node %d, allowed 0..%zu", v->title,
                           i / 3, (int)node[i], n_nodes - 1);
    return GM_OK;
}

static gm_status add_fields(gm_text *t, const gm_view *v)
{
    gm_text_add(t, ",\"fields\":[");
    for (size_t i = 0; i < v->as.surface.n_fields; i++) {
        const gm_field *f = &v->as.surface.fields[i];
        if (!f->values) return missing(v, "values of a field");
        gm_text_addf(t, "%s{\"is_time\":%s", i ? "," : "", f->is_time ? "true" : "false");
        add_string(t, "name", f->name);
        add_string(t, "unit", f->unit);
        gm_text_add(t, ",\"values\":");
        gm_packed_reals_add(t, f->values, v->as.surface.n_nodes);
        gm_text_add(t, "}");
    }
    gm_text_add(t, "]");
    return GM_OK;
}

static void add_points(gm_text *t, const gm_view *v)
{
    size_t n = v->as.surface.n_points;
    gm_text_add(t, ",\"points\":[");
    for (size_t i = 0; i < 3 * n; i++) {
        if (i) gm_text_add(t, ",");
        gm_json_number_add(t, (double)v->as.surface.points_mm[i / 3][i % 3]);
    }
    gm_text_add(t, "]");
    add_strings(t, "point_labels", v->as.surface.point_labels, n);
}

static gm_status add_surface(gm_text *t, const gm_view *v)
{
    GM_TRY(check_surface(v));
    const float *x = v->as.surface.n_nodes ? v->as.surface.nodes_mm[0] : NULL;
    const int32_t *face = v->as.surface.n_faces ? v->as.surface.faces[0] : NULL;
    static const float nothing[3];
    gm_text_add(t, ",\"nodes_mm\":[");
    for (size_t axis = 0; axis < 3; axis++) {
        if (axis) gm_text_add(t, ",");
        gm_packed_floats_add(t, (x ? x : nothing) + axis, v->as.surface.n_nodes, 3);
    }
    gm_text_add(t, "],\"faces\":");
    gm_packed_indices_add(t, face, 3 * v->as.surface.n_faces);
    add_points(t, v);
    return add_fields(t, v);
}

/* ---- bars, disc, all ----------------------------------------------------------------------------- */

static gm_status add_bars(gm_text *t, const gm_view *v)
{
    size_t n = v->as.bars.n;
    if (n && !v->as.bars.values) return missing(v, "values");
    if (n && !v->as.bars.names) return missing(v, "names");
    add_string(t, "unit", v->as.bars.unit);
    add_strings(t, "names", v->as.bars.names, n);
    add_numbers(t, "values", v->as.bars.values, n);
    if (v->as.bars.low && v->as.bars.high) {
        add_numbers(t, "low", v->as.bars.low, n);
        add_numbers(t, "high", v->as.bars.high, n);
    }
    return GM_OK;
}

static gm_status add_disc(gm_text *t, const gm_view *v)
{
    size_t n = v->as.disc.n_rings * v->as.disc.n_sectors;
    if (n && !v->as.disc.values) return missing(v, "values");
    gm_text_addf(t, ",\"n_rings\":%zu,\"n_sectors\":%zu,\"is_time\":%s", v->as.disc.n_rings,
                 v->as.disc.n_sectors, v->as.disc.is_time ? "true" : "false");
    add_string(t, "unit", v->as.disc.unit);
    add_string(t, "sector_zero", v->as.disc.sector_zero);
    add_numbers(t, "values", v->as.disc.values, n);
    return GM_OK;
}

gm_status gm_view_json_add(gm_text *t, const gm_view *v)
{
    gm_text_addf(t, "{\"kind\":\"%s\"", gm_view_kind_name(v->kind));
    add_string(t, "title", v->title);
    gm_status s = GM_OK;
    switch (v->kind) {
    case GM_VIEW_TABLE: break; /* stands in the page as HTML */
    case GM_VIEW_SERIES: s = add_series(t, v); break;
    case GM_VIEW_SURFACE: s = add_surface(t, v); break;
    case GM_VIEW_BARS: s = add_bars(t, v); break;
    case GM_VIEW_DISC: s = add_disc(t, v); break;
    }
    gm_text_add(t, "}");
    return s;
}
