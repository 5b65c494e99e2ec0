#include "heart/verbs/heart_views.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ecg/waveform.h"
#include "heart/anatomy/coordinates.h"
#include "heart/case/place.h"
#include "mesh/surface.h"

const char gm_ecg_csv_header[] = "t_ms,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6";

static gm_status no_memory(const char *what)
{
    return gm_fail(GM_ENOMEM, "no memory for %s", what);
}

static double sample_ms(gm_samples samples, size_t i)
{
    return samples.first_ms + (double)i * samples.step_ms;
}

/* ---- the ECG ------------------------------------------------------------------------------------ */

gm_status gm_heart_add_ecg_csv(gm_result *r, const char *path, gm_samples samples,
                               const double *twelve_mv)
{
    enum { COLUMNS = 1 + GM_N_LEADS };
    double *rows = gm_calloc(samples.n * COLUMNS, sizeof *rows);
    if (!rows) return no_memory(path);
    for (size_t i = 0; i < samples.n; i++) {
        rows[i * COLUMNS] = sample_ms(samples, i);
        memcpy(&rows[i * COLUMNS + 1], &twelve_mv[i * GM_N_LEADS], GM_N_LEADS * sizeof *rows);
    }
    gm_status s = gm_result_add_csv(r, path, gm_ecg_csv_header, rows, samples.n, COLUMNS,
                                    GM_ECG_CSV_DECIMALS);
    gm_free(rows);
    return s;
}

static gm_status fill_panel(gm_panel *panel, size_t lead, size_t n, const double *twelve_mv,
                            const char *label)
{
    panel->title = gm_strdup(gm_lead_names[lead]);
    panel->curves = gm_calloc(1, sizeof *panel->curves);
    if (!panel->title || !panel->curves) return no_memory("an ECG curve");
    panel->n_curves = 1;
    panel->curves[0].label = gm_strdup(label);
    panel->curves[0].y = gm_calloc(n, sizeof(double));
    if (!panel->curves[0].label || !panel->curves[0].y) return no_memory("an ECG curve");
    for (size_t i = 0; i < n; i++)
        panel->curves[0].y[i] = twelve_mv[i * GM_N_LEADS + lead];
    return GM_OK;
}

gm_status gm_heart_add_ecg_view(gm_result *r, const char *title, const char *caption,
                                gm_samples samples, const double *twelve_mv, const char *label)
{
    gm_view *v;
    GM_TRY(gm_result_add_view(r, GM_VIEW_SERIES, title, caption, &v));
    v->as.series.is_ecg_paper = true;
    v->as.series.x = gm_calloc(samples.n, sizeof(double));
    v->as.series.x_unit = gm_strdup("ms");
    v->as.series.y_unit = gm_strdup("mV");
    v->as.series.panels = gm_calloc(GM_N_LEADS, sizeof(gm_panel));
    if (!v->as.series.x || !v->as.series.x_unit || !v->as.series.y_unit || !v->as.series.panels)
        return no_memory("the ECG view");
    v->as.series.n = samples.n;
    v->as.series.n_panels = GM_N_LEADS;
    for (size_t i = 0; i < samples.n; i++)
        v->as.series.x[i] = sample_ms(samples, i);
    for (size_t lead = 0; lead < GM_N_LEADS; lead++)
        GM_TRY(fill_panel(&v->as.series.panels[lead], lead, samples.n, twelve_mv, label));
    return GM_OK;
}

/* The reference comes first, as where both were measured and computed. */
static gm_status put_before(gm_panel *p, size_t lead, size_t n, const double *twelve_mv,
                            const char *label)
{
    gm_curve *both = gm_calloc(p->n_curves + 1, sizeof *both);
    double *y = gm_calloc(n, sizeof *y);
    char *name = gm_strdup(label);
    if (!both || !y || !name) {
        gm_free(both), gm_free(y), gm_free(name);
        return no_memory("the ECG view");
    }
    for (size_t i = 0; i < n; i++)
        y[i] = twelve_mv[i * GM_N_LEADS + lead];
    both[0] = (gm_curve){.label = name, .y = y, .is_reference = true};
    memcpy(both + 1, p->curves, p->n_curves * sizeof *both);
    gm_free(p->curves);
    p->curves = both;
    p->n_curves++;
    return GM_OK;
}

gm_status gm_heart_overlay_ecg(gm_view *v, const double *twelve_mv, const char *label)
{
    for (size_t lead = 0; lead < GM_N_LEADS; lead++)
        GM_TRY(put_before(&v->as.series.panels[lead], lead, v->as.series.n, twelve_mv, label));
    return GM_OK;
}

/* ---- the heart's surface ------------------------------------------------------------------------ */

static gm_status fill_shape(gm_view *v, const gm_surface *s)
{
    v->as.surface.nodes_mm = gm_calloc(s->n_nodes, sizeof *v->as.surface.nodes_mm);
    v->as.surface.faces = gm_calloc(s->n_faces, sizeof *v->as.surface.faces);
    if (!v->as.surface.nodes_mm || !v->as.surface.faces) return no_memory("the surface view");
    v->as.surface.n_nodes = s->n_nodes;
    v->as.surface.n_faces = s->n_faces;
    for (size_t i = 0; i < s->n_nodes; i++)
        for (int k = 0; k < 3; k++)
            v->as.surface.nodes_mm[i][k] = (float)s->nodes_mm[i][k];
    memcpy(v->as.surface.faces, s->faces, s->n_faces * sizeof *s->faces);
    return GM_OK;
}

static gm_status fill_field(gm_field *f, const gm_surface *s, const gm_heart_surface_field *from)
{
    f->name = gm_strdup(from->name);
    f->unit = gm_strdup(from->unit);
    f->is_time = from->is_time;
    f->values = gm_calloc(s->n_nodes, sizeof *f->values);
    if (!f->name || !f->unit || !f->values) return no_memory("the surface view");
    for (size_t i = 0; i < s->n_nodes; i++)
        f->values[i] = from->values[s->mesh_nodes[i]];
    return GM_OK;
}

static gm_status fill_fields(gm_view *v, const gm_surface *s, const gm_heart_surface_field *fields,
                             size_t n_fields)
{
    v->as.surface.fields = gm_calloc(n_fields, sizeof *v->as.surface.fields);
    if (!v->as.surface.fields) return no_memory("the surface view");
    v->as.surface.n_fields = n_fields;
    for (size_t k = 0; k < n_fields; k++)
        GM_TRY(fill_field(&v->as.surface.fields[k], s, &fields[k]));
    return GM_OK;
}

static gm_status set_point(gm_view *v, size_t i, const double xyz_mm[3], const char *label)
{
    for (int k = 0; k < 3; k++)
        v->as.surface.points_mm[i][k] = (float)xyz_mm[k];
    v->as.surface.point_labels[i] = gm_strdup(label);
    return v->as.surface.point_labels[i] ? GM_OK : no_memory("a label");
}

static gm_status fill_points(gm_view *v, const double electrodes_mm[GM_N_ELECTRODES][3],
                             const gm_source *sources, size_t n_sources)
{
    size_t n = n_sources + GM_N_ELECTRODES;
    v->as.surface.points_mm = gm_calloc(n, sizeof *v->as.surface.points_mm);
    v->as.surface.point_labels = gm_calloc(n, sizeof *v->as.surface.point_labels);
    if (!v->as.surface.points_mm || !v->as.surface.point_labels) return no_memory("the points");
    v->as.surface.n_points = n;
    for (size_t i = 0; i < n_sources; i++) {
        char label[48];
        snprintf(label, sizeof label, "site %zu, %.1f ms", i + 1, sources[i].onset_ms);
        GM_TRY(set_point(v, i, sources[i].xyz_mm, label));
    }
    for (size_t i = 0; i < GM_N_ELECTRODES; i++)
        GM_TRY(set_point(v, n_sources + i, electrodes_mm[i], gm_electrode_names[i]));
    return GM_OK;
}

gm_status gm_heart_add_surface_fields(gm_result *r, const char *title, const char *caption,
                                      const gm_heart_case *c, const gm_heart_surface_field *fields,
                                      size_t n_fields,
                                      const double electrodes_mm[GM_N_ELECTRODES][3],
                                      const gm_source *sources, size_t n_sources)
{
    const int32_t(*faces)[3];
    size_t n_faces = gm_locator_faces(c->muscle, &faces);
    gm_surface *surface;
    gm_view *v;
    GM_TRY(gm_result_add_view(r, GM_VIEW_SURFACE, title, caption, &v));
    GM_TRY(gm_surface_of_mesh(&surface, c->mesh, faces, n_faces));
    gm_status s = fill_shape(v, surface);
    if (s == GM_OK) s = fill_fields(v, surface, fields, n_fields);
    if (s == GM_OK) s = fill_points(v, electrodes_mm, sources, n_sources);
    gm_surface_destroy(surface);
    return s;
}

gm_status gm_heart_add_surface_view(gm_result *r, const gm_heart_case *c, const double *tau_ms,
                                    const gm_source *sources, size_t n_sources)
{
    const gm_heart_surface_field field = {"activation", "ms", tau_ms, true};
    return gm_heart_add_surface_fields(
        r, "Activation",
        "Time at which each place of the muscle is activated, on the clock of the onsets; early "
        "sites and electrodes are marked.",
        c, &field, 1, (const double(*)[3])c->electrodes_mm, sources, n_sources);
}

/* ---- the mesh ----------------------------------------------------------------------------------- */

static void *copied(const void *from, size_t n, size_t size)
{
    void *copy = gm_calloc(n, size);
    if (copy) memcpy(copy, from, n * size);
    return copy;
}

static gm_status copy_mesh(gm_tetmesh **out, const gm_tetmesh *m)
{
    gm_tetmesh *copy;
    *out = NULL;
    GM_TRY(gm_tetmesh_create(&copy, m->n_nodes, m->n_tets));
    memcpy(copy->nodes_mm, m->nodes_mm, m->n_nodes * sizeof *m->nodes_mm);
    memcpy(copy->tets, m->tets, m->n_tets * sizeof *m->tets);
    bool lost = false;
    if (m->tags) lost |= !(copy->tags = copied(m->tags, m->n_tets, sizeof *m->tags));
    if (m->fibres) lost |= !(copy->fibres = copied(m->fibres, m->n_tets, sizeof *m->fibres));
    if (m->sheets) lost |= !(copy->sheets = copied(m->sheets, m->n_tets, sizeof *m->sheets));
    if (lost) {
        gm_tetmesh_destroy(copy);
        return no_memory("a copy of the mesh");
    }
    *out = copy;
    return GM_OK;
}

gm_status gm_heart_add_mesh_set(gm_result *r, const char *path, const gm_tetmesh *mesh)
{
    gm_file *f;
    GM_TRY(gm_result_add_file(r, GM_FILE_MESH_SET, path, &f));
    return copy_mesh(&f->as.mesh.mesh, mesh);
}

gm_status gm_heart_coordinate_fields(const gm_heart_coordinates *x, gm_heart_field fields[],
                                     size_t *n, double **tv)
{
    *tv = NULL;
    if (!x) return GM_OK;
    *tv = gm_calloc(x->n_nodes, sizeof **tv);
    if (!*tv) return gm_fail(GM_ENOMEM, "no memory for the mesh file");
    for (size_t i = 0; i < x->n_nodes; i++)
        (*tv)[i] = x->tv[i];
    fields[(*n)++] = (gm_heart_field){"ab", "", x->ab, false};
    fields[(*n)++] = (gm_heart_field){"rt", "", x->rt, false};
    fields[(*n)++] = (gm_heart_field){"tm", "", x->tm, false};
    fields[(*n)++] = (gm_heart_field){"tv", "", *tv, false};
    return GM_OK;
}

gm_status gm_heart_add_mesh(gm_result *r, const char *path, const gm_tetmesh *mesh,
                            const gm_heart_field *fields, size_t n_fields)
{
    gm_file *f;
    GM_TRY(gm_result_add_file(r, GM_FILE_MESH, path, &f));
    GM_TRY(copy_mesh(&f->as.mesh.mesh, mesh));
    f->as.mesh.fields = gm_calloc(n_fields ? n_fields : 1, sizeof(gm_mesh_field));
    if (!f->as.mesh.fields) return no_memory("the mesh's fields");
    f->as.mesh.n_fields = n_fields;
    for (size_t i = 0; i < n_fields; i++) {
        gm_mesh_field *to = &f->as.mesh.fields[i];
        size_t n = fields[i].on_tets ? mesh->n_tets : mesh->n_nodes;
        to->name = gm_strdup(fields[i].name);
        to->unit = gm_strdup(fields[i].unit);
        to->n_components = 1;
        to->on_tets = fields[i].on_tets;
        to->values = copied(fields[i].values, n, sizeof(double));
        if (!to->name || !to->unit || !to->values) return no_memory("the mesh's fields");
    }
    return GM_OK;
}
