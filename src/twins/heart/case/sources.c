#include "heart/case/sources.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "heart/anatomy/coordinates.h"
#include "heart/case/place.h"

/* A weight this near to 1 is the node itself: rounding of the weights. */
#define AT_NODE_WEIGHT (1 - 1e-9)

gm_conduction gm_heart_params_conduction(const gm_heart_params *p)
{
    return (gm_conduction){.v_f_m_s = p->v_f_m_s,
                           .v_t_ratio = p->v_t_ratio,
                           .fast_layer_factor = p->fast_layer_factor};
}

/* ---- places ------------------------------------------------------------------------------------- */

static void set_place(gm_source *s, const gm_place *place, const gm_tetmesh *mesh)
{
    memcpy(s->xyz_mm, place->xyz_mm, sizeof s->xyz_mm);
    memcpy(s->weight, place->weight, sizeof s->weight);
    s->tet = place->tet;
    s->moved_mm = place->distance_mm;
    s->node = -1;
    for (int k = 0; k < 4; k++)
        if (place->weight[k] >= AT_NODE_WEIGHT) s->node = mesh->tets[place->tet][k];
}

static gm_status resolve_node(const gm_site *site, const gm_heart_case *c, const char *where,
                              gm_source *out)
{
    const gm_tetmesh *m = c->mesh;
    if (!(site->node >= 0 && (size_t)site->node < m->n_nodes))
        return gm_fail(GM_EFORMAT, "%s: \"node\" is %d, allowed 0 to %zu", where, site->node,
                       m->n_nodes - 1);
    gm_place place = gm_locate(c->muscle, m->nodes_mm[site->node]);
    place.distance_mm = 0;
    set_place(out, &place, m);
    memcpy(out->xyz_mm, m->nodes_mm[site->node], sizeof out->xyz_mm);
    out->node = site->node;
    return GM_OK;
}

static gm_status resolve_xyz(const gm_site *site, const gm_heart_case *c, const char *where,
                             gm_source *out, gm_text *notes)
{
    gm_place place = gm_locate(c->muscle, site->xyz_mm);
    double limit_mm = c->facts.mean_edge_mm;
    const double *x = site->xyz_mm;
    if (!(place.distance_mm <= limit_mm))
        return gm_fail(
            GM_EFORMAT,
            "%s: \"xyz_mm\" (%g, %g, %g) is %.3g mm outside the muscle, allowed up to one "
            "mean edge length, %.3g mm",
            where, x[0], x[1], x[2], place.distance_mm, limit_mm);
    set_place(out, &place, c->mesh);
    if (place.distance_mm > 0 && notes)
        gm_text_addf(notes, "%s: moved %.3g mm to the nearest point of the muscle\n", where,
                     place.distance_mm);
    return GM_OK;
}

/* Farther than this in (ab, rt, tm) the endocardium has no such point: said in a note. */
#define MAX_UVC_MISFIT 0.02

static gm_status resolve_uvc(const gm_site *site, gm_heart_case *c, gm_threads *threads,
                             const char *where, gm_source *out, gm_text *notes)
{
    const gm_coordinate_finder *finder;
    gm_coordinate_place found;
    gm_status s = gm_heart_case_coordinate_finder(c, threads, &finder);
    if (s == GM_OK)
        s = gm_coordinates_find(finder, site->uvc.ventricle, site->uvc.ab, site->uvc.rt, 1, &found);
    if (s != GM_OK) return s == GM_EINVAL ? gm_fail_in(GM_EFORMAT, "%s: \"uvc\"", where) : s;
    gm_place place = {.tet = found.tet};
    memcpy(place.weight, found.weight, sizeof place.weight);
    memcpy(place.xyz_mm, found.xyz_mm, sizeof place.xyz_mm);
    set_place(out, &place, c->mesh);
    if (found.misfit > MAX_UVC_MISFIT && notes)
        gm_text_addf(notes,
                     "%s: the endocardium has no point with these coordinates; the nearest is %.2g "
                     "away\n",
                     where, found.misfit);
    return GM_OK;
}

gm_status gm_heart_params_resolve(const gm_heart_params *p, gm_heart_case *c, gm_threads *threads,
                                  const char *name, gm_source *sources, gm_text *notes)
{
    if (p->fast_layer_factor != 1 && c->n_fast == 0)
        return gm_fail(
            GM_EFORMAT,
            "%s: \"fast_layer_factor\" is %g, but the case has no fast layer: allowed is 1, "
            "or give \"endocardium\" or \"fast_layer_tag\" in %s",
            name, p->fast_layer_factor, c->name);
    for (size_t i = 0; i < p->n_sites; i++) {
        char where[512];
        snprintf(where, sizeof where, "%.400s: sites[%zu]", name, i);
        const gm_site *site = &p->sites[i];
        sources[i] = (gm_source){.onset_ms = site->onset_ms};
        if (site->kind == GM_SITE_NODE)
            GM_TRY(resolve_node(site, c, where, &sources[i]));
        else if (site->kind == GM_SITE_XYZ)
            GM_TRY(resolve_xyz(site, c, where, &sources[i], notes));
        else
            GM_TRY(resolve_uvc(site, c, threads, where, &sources[i], notes));
    }
    return notes ? gm_text_status(notes) : GM_OK;
}

/* ---- seeds -------------------------------------------------------------------------------------- */

/* sqrt(v' D^-1 v) in element e: |v|^2/v_t^2 + (f.v)^2 (1/v_f^2 - 1/v_t^2), or |v|/v in the layer. */
static double travel_ms(const gm_tetmesh *m, int32_t e, bool fast, const gm_conduction *speeds,
                        const double v_mm[3])
{
    const double *f = m->fibres[e];
    double vv = v_mm[0] * v_mm[0] + v_mm[1] * v_mm[1] + v_mm[2] * v_mm[2];
    double fv = f[0] * v_mm[0] + f[1] * v_mm[1] + f[2] * v_mm[2];
    double v_f = speeds->v_f_m_s, v_t = v_f * speeds->v_t_ratio;
    if (fast) return sqrt(vv) / (v_f * speeds->fast_layer_factor);
    return sqrt(fmax(0, (vv - fv * fv) / (v_t * v_t)) + fv * fv / (v_f * v_f));
}

size_t gm_source_seeds(const gm_source *source, const gm_tetmesh *mesh, const bool *fast,
                       const gm_conduction *speeds, gm_seed seeds[])
{
    if (source->node >= 0) {
        seeds[0] = (gm_seed){source->node, source->onset_ms};
        return 1;
    }
    bool in_layer = fast && fast[source->tet] && speeds->fast_layer_factor != 1;
    for (int k = 0; k < GM_SEEDS_PER_SOURCE; k++) {
        int32_t node = mesh->tets[source->tet][k];
        double v_mm[3];
        for (int axis = 0; axis < 3; axis++)
            v_mm[axis] = mesh->nodes_mm[node][axis] - source->xyz_mm[axis];
        double t_ms = travel_ms(mesh, source->tet, in_layer, speeds, v_mm);
        seeds[k] = (gm_seed){node, source->onset_ms + t_ms};
    }
    return GM_SEEDS_PER_SOURCE;
}

size_t gm_source_ignite(const gm_source *source, const gm_ignition *ignition,
                        const gm_conduction *speeds, gm_seed seeds[])
{
    gm_ignition_seed detail[GM_IGNITION_NODES];
    gm_ignition_site site = {.tet = source->tet, .onset_ms = source->onset_ms};
    memcpy(site.weight, source->weight, sizeof site.weight);
    memcpy(site.xyz_mm, source->xyz_mm, sizeof site.xyz_mm);
    size_t n = gm_ignition_seeds(ignition, speeds, &site, detail);
    for (size_t i = 0; i < n; i++)
        seeds[i] = (gm_seed){detail[i].node, detail[i].time_ms};
    return n;
}
