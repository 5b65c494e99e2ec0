/* fields.h - arrival times from many candidate sites, made once, so that the activation of any choice
 * of sites and onsets is a minimum over a few arrays.
 *
 *     tau_i = min_k (onset_k + scale T_k[i]),    scale = v_f of the fields / v_f wanted
 *
 * T_k: eikonal solution from candidate node k alone, held in 16 bits with a quantum of 0.01 ms (or
 * more, if the latest arrival does not fit: quantum_ms says). v_t_ratio and layer factor are fixed
 * per set of fields; v_f is free, since all times scale with it. Against one joint solve the minimum
 * differs where wave fronts meet inside an element, where it is the more faithful of the two.
 *
 * Immutable after creation; shared by threads.
 */
#ifndef GM_HEART_FORWARD_FIELDS_H
#define GM_HEART_FORWARD_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "core/progress.h"
#include "heart/forward/beat.h"
#include "heart/forward/eikonal.h"

typedef struct {
    size_t n_nodes, n_candidates;
    gm_conduction speeds;
    int32_t *candidates; /* [n_candidates] node numbers */
    double quantum_ms;
    uint16_t *times; /* [n_candidates][n_nodes] in quanta */
} gm_fields;

/* Solves from each candidate, in parallel, one solve a thread. If cache_folder is not NULL, fields
 * made before for the same geometry_hash, speeds and candidates are read from there, and new ones are
 * stored; a damaged or foreign cache file is made again. GM_EINVAL, GM_ENOMEM, GM_EINTERRUPTED. */
gm_status gm_fields_create(gm_fields **out, const gm_eikonal *e, const gm_conduction *speeds,
                           const int32_t candidates[], size_t n_candidates, gm_threads *threads,
                           const gm_progress *progress, const char *cache_folder,
                           const char *geometry_hash);
void gm_fields_destroy(gm_fields *f);

/* tau_ms[n] of the nodes first .. first + n - 1. site[k]: index of a candidate. n_sites >= 1. */
void gm_fields_activation(const gm_fields *f, const int32_t site[], const double onset_ms[],
                          size_t n_sites, double scale, size_t first, size_t n, float *tau_ms);

/* What APDs are made of: APD_i = min + (max - min) norm01(sum_c gain[c] basis[c][i]); basis arrays are
 * [n_nodes], mesh order, in the order ab, aprt, rvlv, tm. */
enum { GM_APD_TERMS = 4 };
typedef struct {
    const float *basis[GM_APD_TERMS];
    double gain[GM_APD_TERMS];
    double min_ms, max_ms;
} gm_apd_gradient;

/* The whole forward beat of a choice of sites: minimum, APDs, deposit and convolution, fused. apd
 * NULL: nothing repolarises. ecg_mv: [n_samples][8]. */
void gm_fields_beat(const gm_fields *f, const int32_t site[], const double onset_ms[],
                    size_t n_sites, double scale, const gm_apd_gradient *apd, const gm_beat *beat,
                    gm_beat_scratch *scratch, gm_threads *threads, double *ecg_mv);

/* apd_ms[n_nodes] of a gradient. */
void gm_apd_gradient_field(const gm_apd_gradient *g, size_t n_nodes, gm_threads *threads,
                           float *apd_ms);

#endif
