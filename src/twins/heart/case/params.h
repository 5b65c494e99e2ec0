/* params.h - the functional parameters of a heart: where and when activation starts, how fast it
 * spreads, how long the cells stay active; as read from a params.json.
 *
 *     { "sites": [ {"node": 17, "onset_ms": 0},
 *                  {"xyz_mm": [12.5, -3.0, 40.1], "onset_ms": 5.2},
 *                  {"uvc": {"ventricle": "lv", "ab": 0.4, "rt": 0.7}, "onset_ms": 8} ],
 *       "v_f_m_s": 0.6, "v_t_ratio": 0.42, "fast_layer_factor": 1,
 *       "apd": {"min_ms": 240, "max_ms": 300, "g_ab": 0, "g_aprt": 0, "g_rvlv": 0, "g_tm": 1} }
 *
 * Each site has exactly one of node, xyz_mm and uvc. Without "apd" nothing repolarises: no T wave.
 *
 * The APD of node i (after Camps 2024, Med. Image Anal. 103361):
 *     APD_i = APD_min + (APD_max - APD_min) norm01(g_ab ab + g_aprt aprt + g_rvlv rvlv + g_tm tm)_i
 *     norm01(x)_i = (x_i - min x)/(max x - min x) over all nodes; 0.5 everywhere if x is constant
 *     ab    0 apex .. 1 base            tm    0 epicardium or mid-septum .. 1 endocardium
 *     aprt  0 posterior .. 1 anterior, from the rotation rt: see gm_heart_aprt()
 *     rvlv  0 LV .. 1 RV: the transventricular coordinate tv
 */
#ifndef GM_HEART_CASE_PARAMS_H
#define GM_HEART_CASE_PARAMS_H

#include "core/json.h"
#include "core/text.h"
#include "heart/case/case.h"

enum { GM_SITES_MAX = 1024 }; /* a whole Purkinje tree's junctions */

typedef enum { GM_SITE_NODE, GM_SITE_XYZ, GM_SITE_UVC } gm_site_kind;
typedef enum { GM_VENTRICLE_LV = 0, GM_VENTRICLE_RV = 1 } gm_ventricle;

typedef struct {
    gm_site_kind kind;
    int32_t node;     /* GM_SITE_NODE: 0 .. n_nodes - 1 */
    double xyz_mm[3]; /* GM_SITE_XYZ: in the muscle or within one mean edge length of it */
    struct {          /* GM_SITE_UVC: on the endocardium */
        gm_ventricle ventricle;
        double ab, rt; /* [0, 1] each; rt is periodic in the LV */
    } uvc;
    double onset_ms; /* [-1000, 1000]; default 0 */
} gm_site;

typedef struct {
    double min_ms, max_ms;             /* [100, 500], min <= max */
    double g_ab, g_aprt, g_rvlv, g_tm; /* [-1, 1]; default 0 */
} gm_apd;

typedef struct {
    size_t n_sites; /* 1 .. GM_SITES_MAX */
    gm_site sites[GM_SITES_MAX];
    double v_f_m_s;           /* [0.1, 3]; default 0.6 m/s (Taggart 2000: 0.65; UPV: 0.57) */
    double v_t_ratio;         /* [0.1, 1]; default 0.42 (UPV) */
    double fast_layer_factor; /* [1, 20] isotropic speed of the layer / v_f; default 1 = no layer */
    bool has_apd;
    gm_apd apd;
} gm_heart_params;

gm_heart_params gm_heart_params_defaults(void); /* no sites */

/* Fail with GM_ENOTFOUND, GM_EIO, GM_EFORMAT (file, key, value, what is allowed). `name` begins the
 * messages. */
gm_status gm_heart_params_read(gm_heart_params *out, const char *path);
gm_status gm_heart_params_from_json(gm_heart_params *out, const json_t *document, const char *name);
/* The same form as is read; NULL: no memory. The caller owns it. */
json_t *gm_heart_params_to_json(const gm_heart_params *p);

/* A site in the mesh: x = sum_k weight[k] nodes[tets[tet][k]], inside or on the muscle. */
typedef struct {
    double xyz_mm[3];
    int32_t tet;
    double weight[4]; /* >= 0, sum 1 */
    int32_t node;     /* the node at this place, or -1 if it lies between nodes */
    double onset_ms;
    double moved_mm; /* how far the muscle was from the place asked for; 0: it lay inside */
} gm_source;

/* Finds the sites in the mesh: uvc by the ventricular coordinates (made if need be), xyz_mm outside
 * the muscle moved to its nearest point. sources: [p->n_sites]. `notes`, may be NULL, gets a line for
 * each site that was moved. Fails with GM_EFORMAT: node out of range, place too far from the muscle,
 * layer factor without a layer; `name` begins the message. */
gm_status gm_heart_params_resolve(const gm_heart_params *p, gm_heart_case *c, gm_threads *threads,
                                  const char *name, gm_source *sources, gm_text *notes);

/* 0 at the posterior junction of the two ventricles (rt = 0 = 1), 1 at the anterior one (rt = 2/3),
 * linear in rt between them, over the free walls as over the septum. */
double gm_heart_aprt(double rt);

/* apd_ms: [n_nodes]. GM_EINVAL without coordinates when a gradient is not 0. */
gm_status gm_heart_apd_field(const gm_apd *apd, gm_heart_case *c, gm_threads *threads,
                             double *apd_ms);

#endif
