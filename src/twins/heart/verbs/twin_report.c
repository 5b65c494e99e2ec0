#include "heart/verbs/twin_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/fit/pose.h"
#include "heart/forward/lead_field.h"

static const double PI = 3.14159265358979323846;

size_t gm_twin_earliest_site(const gm_twin_report *t)
{
    const gm_heart_params *p = &t->twin->best.params;
    size_t first = 0;
    for (size_t i = 1; i < p->n_sites; i++)
        if (p->sites[i].onset_ms < p->sites[first].onset_ms) first = i;
    return first;
}

size_t gm_twin_n_explaining(const gm_heart_twin *twin, double *most_ms)
{
    size_t n = 0;
    *most_ms = 0;
    for (size_t b = 0; b < twin->n_basins; b++)
        if (twin->basins[b].within_floor) {
            n++;
            *most_ms = fmax(*most_ms, twin->basins[b].distance_ms);
        }
    return n;
}

/* ---- places in words ------------------------------------------------------------------------------ */

/* Sixths of the turn, as in the 17-segment scheme; rt 2/3 is the anterior junction, 1 the posterior. */
static const char *wall_name(double rt)
{
    static const char *const names[6] = {"inferior free wall",      "inferolateral free wall",
                                         "anterolateral free wall", "anterior free wall",
                                         "anterior septum",         "inferior septum"};
    return names[(int)fmin(5, fmax(0, floor(6 * rt)))];
}

static const char *level_name(double ab)
{
    return ab < 1.0 / 3 ? "apical" : ab < 2.0 / 3 ? "middle" : "basal";
}

static gm_ventricle ventricle_at(const gm_twin_report *t, const gm_source *s)
{
    int best = 0;
    for (int k = 1; k < 4; k++)
        if (s->weight[k] > s->weight[best]) best = k;
    int32_t node = t->c->mesh->tets[s->tet][best];
    return t->coordinates->tv[node] ? GM_VENTRICLE_RV : GM_VENTRICLE_LV;
}

static void describe_place(const gm_twin_report *t, const gm_source *s, gm_twin_place *out)
{
    if (!t->coordinates) return;
    gm_coordinate_values at = gm_coordinates_at(t->c->mesh, t->coordinates, s->tet, s->weight);
    out->ab = at.ab;
    out->rt = at.rt;
    out->ventricle = ventricle_at(t, s);
    out->has_coordinates = true;
    snprintf(out->place, sizeof out->place, "%s %s, %s third",
             out->ventricle == GM_VENTRICLE_LV ? "LV" : "RV", wall_name(out->rt),
             level_name(out->ab));
}

static gm_status derive_sites(gm_twin_report *t)
{
    const gm_heart_params *p = &t->twin->best.params;
    t->sites = gm_calloc(p->n_sites + 1, sizeof *t->sites);
    t->places = gm_calloc(p->n_sites + 1, sizeof *t->places);
    if (!t->sites || !t->places) return gm_fail(GM_ENOMEM, "no memory for the twin's sites");
    GM_TRY(gm_heart_params_resolve(p, t->c, t->threads, "the fitted twin", t->sites, NULL));
    for (size_t k = 0; k < p->n_sites; k++)
        describe_place(t, &t->sites[k], &t->places[k]);
    return GM_OK;
}

/* ---- fields --------------------------------------------------------------------------------------- */

/* A mesh on which no coordinates can be made is still twinned: what needs them is left out. */
static gm_status derive_coordinates(gm_twin_report *t)
{
    gm_status s = gm_heart_case_coordinates(t->c, t->threads, &t->coordinates);
    if (s == GM_OK) return GM_OK;
    if (s == GM_ENOMEM || s == GM_EINTERRUPTED) return s;
    t->coordinates = NULL;
    gm_text_addf(&t->notes, "no ventricular coordinates, so no bull's-eye: %s\n", gm_error_text());
    return GM_OK;
}

static gm_status derive_times(gm_twin_report *t)
{
    size_t n = t->twin->n_nodes;
    const gm_twin_member *b = &t->twin->best;
    t->best_ms = gm_calloc(n, sizeof *t->best_ms);
    if (b->apd_ms) t->repolarisation_ms = gm_calloc(n, sizeof *t->repolarisation_ms);
    if (!t->best_ms || (b->apd_ms && !t->repolarisation_ms))
        return gm_fail(GM_ENOMEM, "no memory for a twin of %zu nodes", n);
    for (size_t i = 0; i < n; i++) {
        t->best_ms[i] = (double)b->tau_ms[i];
        if (b->apd_ms) t->repolarisation_ms[i] = (double)b->tau_ms[i] + (double)b->apd_ms[i];
        t->sd_mean_ms += t->twin->tau_sd_ms[i] / (double)n;
        t->sd_most_ms = fmax(t->sd_most_ms, t->twin->tau_sd_ms[i]);
    }
    return GM_OK;
}

static gm_status derive_ecg(gm_twin_report *t)
{
    size_t n = t->twin->n_samples;
    t->ecg_mv = gm_calloc(n * GM_N_LEADS, sizeof *t->ecg_mv);
    if (!t->ecg_mv) return gm_fail(GM_ENOMEM, "no memory for the twin's ECG");
    for (size_t l = 0; l < GM_N_LEADS; l++)
        for (size_t i = 0; i < n; i++)
            t->ecg_mv[i * GM_N_LEADS + l] = t->twin->best.ecg_mv[l * n + i];
    return GM_OK;
}

static gm_status derive_electrodes(gm_twin_report *t)
{
    const double *fitted = t->twin->best.pose;
    double pose[GM_POSE] = {0}; /* the limb leads' factor moves no electrode */
    bool moved = false;
    for (int k = 0; k < 6; k++) {
        pose[k] = k < 3 ? fitted[k] : fitted[k] * PI / 180;
        moved |= pose[k] != 0;
    }
    memcpy(t->electrodes_mm, t->c->electrodes_mm, sizeof t->electrodes_mm);
    if (!moved) return GM_OK;
    gm_pose *p;
    GM_TRY(gm_pose_create(&p, t->c));
    gm_pose_electrodes(p, pose, t->electrodes_mm);
    gm_pose_destroy(p);
    return GM_OK;
}

/* ---- words ---------------------------------------------------------------------------------------- */

static void say_maps(gm_twin_report *t)
{
    double most_ms;
    size_t n = gm_twin_n_explaining(t->twin, &most_ms);
    if (n > 1)
        gm_text_addf(&t->statement,
                     "%zu different activation maps explain this ECG within its noise and the "
                     "model's error; they differ by up to %.1f ms RMS.",
                     n, most_ms);
    else
        gm_text_addf(
            &t->statement,
            "One family of activation maps was found that explains this ECG; within it the "
            "activation time is uncertain by %.1f ms SD on average.",
            t->sd_mean_ms);
}

static void say_misfit(gm_twin_report *t)
{
    double ratio = t->twin->misfit / t->twin->floor_misfit;
    if (!(ratio > 2)) return;
    gm_text_addf(
        &t->statement,
        " The misfit stays %.3g times above what noise alone would leave: the model's error, "
        "not the noise, limits this twin.",
        ratio);
}

static void take_notes(gm_twin_report *t)
{
    for (size_t i = 0; i < t->measured->n_notes; i++)
        gm_text_addf(&t->notes, "%s\n", t->measured->notes[i]);
    for (size_t i = 0; i < t->ecg->n_notes; i++)
        gm_text_addf(&t->notes, "%s\n", t->ecg->notes[i]);
    if (t->is_built_in)
        gm_text_add(&t->notes, "the anatomy is Gemel's built-in one, not the patient's: places and "
                               "times are those of a typical heart with this ECG\n");
    if (t->is_built_in)
        gm_text_addf(&t->notes,
                     "times count from the onset of QRS; case/case.json holds the fitted amplitude "
                     "and pose, so gemel heart forward gives this ECG, but for the limb leads, "
                     "which here are %.3g times those of the model\n",
                     t->twin->best.pose[6]);
    if (t->is_virtual)
        gm_text_add(&t->notes, "the ECG is that of a virtual patient, made by the forward model "
                               "with noise added: no real recording was used\n");
    if (t->twin->mesh_error_relative > 0)
        gm_text_addf(&t->notes,
                     "the mean edge of %.2f mm alone costs about %.0f %% of the ECG (relative L2, "
                     "from the convergence of the reference heart)\n",
                     t->c->facts.mean_edge_mm, 100 * t->twin->mesh_error_relative);
}

gm_status gm_twin_report_derive(gm_twin_report *t)
{
    take_notes(t);
    GM_TRY(derive_coordinates(t));
    GM_TRY(derive_sites(t));
    GM_TRY(derive_times(t));
    GM_TRY(derive_ecg(t));
    GM_TRY(derive_electrodes(t));
    say_maps(t);
    say_misfit(t);
    GM_TRY(gm_text_status(&t->statement));
    return gm_text_status(&t->notes);
}

void gm_twin_report_free(gm_twin_report *t)
{
    gm_free(t->sites);
    gm_free(t->places);
    gm_free(t->best_ms);
    gm_free(t->repolarisation_ms);
    gm_free(t->ecg_mv);
    gm_text_free(&t->statement);
    gm_text_free(&t->notes);
}
