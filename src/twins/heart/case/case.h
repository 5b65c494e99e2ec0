/* case.h - one heart to twin: its muscle mesh with fibres, where the electrodes are, which faces are
 * endocardium, base and epicardium, and the constants of tissue and action potential; as read from a
 * case.json, or the built-in anatomy.
 *
 *     { "mesh": "heart",                  BASENAME (.pts .elem) or FILE (.vtk .vtu .node); required
 *       "electrodes": "electrodes.csv",   name,x,y,z in mm; RA LA LL V1..V6; required
 *       "fibres": "heart.lon",            default BASENAME.lon, else those in the mesh file, else by rule
 *       "endocardium": {"lv": "lv.vtx", "rv": "rv.vtx"},   .vtx, .surf or .obj; default: none
 *       "base": "base.surf", "epicardium": "epi.surf",     default: split of the other faces
 *       "fast_layer_tag": 2,              default: the tets that touch the endocardium
 *       "conductivity": {"gil_mS_cm": 3.0, "git_mS_cm": 0.3, "sigma0_mS_cm": 3.0},
 *       "template": {"V_rest": -80, "V_peak": 20, "eps_up_ms": 1, "w_rep_ms": 15, "t_on_ms": 0} }
 *
 * File names are relative to the case file. Unknown keys are refused. Every check is made here, once;
 * code behind this door relies on: positive tets, unit fibres, nine electrodes at least
 * GM_CASE_ELECTRODE_GAP_MM outside the muscle, faces that are boundary faces.
 *
 * Lengths in mm, times in ms, potentials in mV, conductivities in mS/cm. Immutable after reading but
 * for the coordinates, which are made on the first call: make that one before sharing with threads.
 */
#ifndef GM_HEART_CASE_CASE_H
#define GM_HEART_CASE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"
#include "core/status.h"
#include "core/threads.h"
#include "mesh/tetmesh.h"

/* ---- electrodes --------------------------------------------------------------------------------- */

typedef enum {
    GM_RA, /* right arm */
    GM_LA, /* left arm */
    GM_LL, /* left leg */
    GM_V1,
    GM_V2,
    GM_V3,
    GM_V4,
    GM_V5,
    GM_V6,
    GM_N_ELECTRODES
} gm_electrode;
extern const char *const gm_electrode_names[GM_N_ELECTRODES];
int gm_electrode_index(
    const char *name); /* ignoring case and blanks around it; -1: none of the nine */

/* ---- constants ---------------------------------------------------------------------------------- */

/* Intracellular conductivity along and across the fibre, and of the unbounded torso around.
 * Defaults: 3.0 and 0.3 (Dokuchaev 2026, arXiv 2602.22367; also the published demonstration case),
 * torso 3.0 = 0.3 S/m (UPV, CinC 2025): with these the QRS of a human-sized heart peaks at 1-3 mV. */
typedef struct {
    double gil_mS_cm, git_mS_cm, sigma0_mS_cm; /* each in [0.001, 100] */
} gm_heart_conductivity;

/* Vm(x, t) = v_rest + (v_peak - v_rest) 1/2 (1 + tanh((t - tau)/eps_up))
 *                   / (1 + exp((t - tau - APD)/w_rep)),          t = (time in the ECG file) - t_on.
 * Without an APD (params.json without "apd") the divisor is 1: no T wave. Defaults: -80 and 20 mV, 1 ms
 * (Alvarez-Barrientos 2023), w_rep 15 ms (10-90 % of repolarisation in 66 ms: phase 3 of a human
 * ventricular cell, our choice), t_on 0. */
typedef struct {
    double v_rest_mv, v_peak_mv; /* [-120, 60], v_rest < v_peak */
    double eps_up_ms;            /* [0.1, 20] */
    double w_rep_ms;             /* [1, 100] */
    double t_on_ms;              /* [-1000, 1000]: the ECG file's time of onset clock 0 */
} gm_heart_template;

gm_heart_conductivity gm_heart_conductivity_defaults(void);
gm_heart_template gm_heart_template_defaults(void);

/* ---- the case ----------------------------------------------------------------------------------- */

#define GM_CASE_ELECTRODE_GAP_MM 1.0 /* an electrode nearer to the muscle is refused */
#define GM_CASE_MIN_EXTENT_MM 10.0   /* largest side of the mesh's box, else: wrong unit */
#define GM_CASE_MAX_EXTENT_MM 500.0
#define GM_CASE_MATCH_MM 1e-3 /* an OBJ vertex is a mesh node within this */

/* Triangles of mesh nodes, each a boundary face of the mesh, outward oriented. */
typedef struct {
    size_t n_faces;
    int32_t (*faces)[3];
} gm_face_set;

/* What went in, for provenance: "mesh", "fibres", "electrodes", "endocardium.lv" ... */
typedef struct {
    char *role, *path;
    char sha256[GM_HASH_TEXT];
} gm_case_input;

struct gm_heart_coordinates; /* heart/anatomy/coordinates.h */
struct gm_coordinate_finder;
struct gm_locator; /* heart/case/place.h */

typedef struct {
    char *name;       /* for messages: the case file, or "built-in anatomy" */
    gm_tetmesh *mesh; /* checked; fibres present and of unit length */
    gm_tetmesh_facts facts;
    double electrodes_mm[GM_N_ELECTRODES][3];

    gm_face_set lv_endo, rv_endo; /* empty if the case names none */
    gm_face_set base, epi;        /* as given; else empty until coordinates are made */
    bool fibres_by_rule;          /* made by gm_heart_fibres(): the mesh came without */
    bool *fast;                   /* [n_tets] in the fast endocardial layer */
    bool has_fast_tag;            /* the layer comes from fast_layer_tag */
    int32_t fast_layer_tag;
    size_t
        n_fast; /* tets; 0: no endocardium and no tag, so a layer factor other than 1 is refused */

    gm_heart_conductivity conductivity;
    bool conductivity_is_stated; /* in the file; else the defaults */
    gm_heart_template shape;     /* of the action potential ("template" in the file) */

    gm_case_input *inputs;
    size_t n_inputs;
    /* SHA-256 of nodes, tets, fibres and the fast layer as they stand in memory: with the speeds, the
     * key of anything cached about activation. */
    char geometry_hash[GM_HASH_TEXT];

    struct gm_locator *muscle;                /* finds places in the mesh */
    struct gm_heart_coordinates *coordinates; /* NULL until asked for */
    struct gm_coordinate_finder *by_coordinates;
} gm_heart_case;

/* Fails with GM_ENOTFOUND, GM_EIO, GM_EFORMAT (file, key, value, what is allowed), GM_ENOMEM. */
gm_status gm_heart_case_read(gm_heart_case **out, const char *path, gm_threads *threads);
void gm_heart_case_destroy(gm_heart_case *c); /* NULL is allowed */

/* Ventricular coordinates (ab, rt, tm, tv per node), made on the first call and owned by the case.
 * GM_EINVAL without both endocardia, with what to add to the case file. */
gm_status gm_heart_case_coordinates(gm_heart_case *c, gm_threads *threads,
                                    const struct gm_heart_coordinates **out);
/* And the places that belong to coordinates, likewise. */
gm_status gm_heart_case_coordinate_finder(gm_heart_case *c, gm_threads *threads,
                                          const struct gm_coordinate_finder **out);

#endif
