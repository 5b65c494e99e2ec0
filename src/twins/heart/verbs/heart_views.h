/* heart_views.h - how results of the heart look: the ECG on paper, the heart's surface coloured by
 * activation, the mesh file with its fields. Shared by the verbs.
 */
#ifndef GM_HEART_VERBS_HEART_VIEWS_H
#define GM_HEART_VERBS_HEART_VIEWS_H

#include "heart/case/params.h"
#include "heart/forward/beat.h"
#include "kind/result.h"

/* The header of every ecg.csv. */
extern const char gm_ecg_csv_header[]; /* "t_ms,I,II,...,V6" */
enum { GM_ECG_CSV_DECIMALS = 8, GM_ACTIVATION_DECIMALS = 4 };

/* path: t_ms and the twelve leads in mV. twelve_mv: [samples.n][12]. */
gm_status gm_heart_add_ecg_csv(gm_result *r, const char *path, gm_samples samples,
                               const double *twelve_mv);

/* Twelve panels on ECG paper with one curve each, called `label`. */
gm_status gm_heart_add_ecg_view(gm_result *r, const char *title, const char *caption,
                                gm_samples samples, const double *twelve_mv, const char *label);

/* Another ECG of the same samples under the curves of such a view, as their reference. */
gm_status gm_heart_overlay_ecg(gm_view *v, const double *twelve_mv, const char *label);

/* The boundary of the muscle with the activation one can step through, early sites and electrodes. */
gm_status gm_heart_add_surface_view(gm_result *r, const gm_heart_case *c, const double *tau_ms,
                                    const gm_source *sources, size_t n_sources);

/* The same with any fields. values [n_nodes]; is_time: the viewer steps through it. */
typedef struct {
    const char *name, *unit;
    const double *values;
    bool is_time;
} gm_heart_surface_field;
gm_status gm_heart_add_surface_fields(gm_result *r, const char *title, const char *caption,
                                      const gm_heart_case *c, const gm_heart_surface_field *fields,
                                      size_t n_fields,
                                      const double electrodes_mm[GM_N_ELECTRODES][3],
                                      const gm_source *sources, size_t n_sources);

/* A field of the mesh file: copied. values [n_nodes or n_tets]. */
typedef struct {
    const char *name, *unit;
    const double *values;
    bool on_tets;
} gm_heart_field;

/* Appends ab, rt, tm and tv to fields[*n]; x NULL: nothing. *tv is what the last one points to: the
 * caller frees it with gm_free(). */
enum { GM_COORDINATE_FIELDS = 4 };
gm_status gm_heart_coordinate_fields(const struct gm_heart_coordinates *x, gm_heart_field fields[],
                                     size_t *n, double **tv);

/* path: a VTU of the mesh (copied) with its fibres and these fields. */
gm_status gm_heart_add_mesh(gm_result *r, const char *path, const gm_tetmesh *mesh,
                            const gm_heart_field *fields, size_t n_fields);

/* path: base name of openCARP files of the mesh (copied) with its fibres. */
gm_status gm_heart_add_mesh_set(gm_result *r, const char *path, const gm_tetmesh *mesh);

#endif
