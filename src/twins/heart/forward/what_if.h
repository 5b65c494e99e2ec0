/* what_if.h - the ECG of a heart whose early sites come earlier or later, whose conduction is faster or slower as a
 * whole, or whose action potentials last longer or shorter: in milliseconds.
 *
 * Activation from several sites is the earliest of the waves from each, so with a_k(i) the arrival at node i
 * from site k alone, made once,
 *
 *     tau_i = min_k (onset_k + shift_k + a_k(i) / factor)
 *
 * is exact for all of these: the eikonal equation scales with a factor common to all speeds. The ECG is then
 * one pass over the nodes (beat.h). Other changes (places, ratios of speeds) need a new gm_what_if.
 * Units: ms, mV. One evaluation at a time.
 */
#ifndef GM_HEART_FORWARD_WHAT_IF_H
#define GM_HEART_FORWARD_WHAT_IF_H

#include "heart/case/params.h"
#include "heart/forward/beat.h"

#define GM_WHAT_IF_MIN_FACTOR 0.3
#define GM_WHAT_IF_MAX_FACTOR 3.0
#define GM_WHAT_IF_MOST_SHIFT_MS 200.0
#define GM_WHAT_IF_MOST_APD_MS 100.0

typedef struct {
    const double *shift_ms; /* [n_sites], -200 .. 200; NULL: none */
    double speed_factor;    /* 0.3 .. 3; 1: as it is */
    double apd_shift_ms;    /* -100 .. 100 */
} gm_heart_change;

gm_heart_change gm_heart_change_none(void);
gm_status gm_heart_change_check(const gm_heart_change *change, size_t n_sites); /* GM_EINVAL */

typedef struct gm_what_if gm_what_if;

/* c is kept and must outlive it. Takes about one eikonal solve a site. Fails with GM_EFORMAT: a site that does not
 * fit the case. */
gm_status gm_what_if_create(gm_what_if **out, gm_heart_case *c, const gm_heart_params *params,
                            gm_samples samples, gm_threads *threads);
void gm_what_if_destroy(gm_what_if *w); /* NULL is allowed */

typedef struct {
    double first_ms, last_ms; /* of the activation */
    double
        qrs_ms; /* RMS of the leads above 2 % of its maximum while the muscle is activated; NaN: no QRS
                               * in the samples */
} gm_what_if_facts;

/* twelve_mv: [samples.n][12]. tau_ms: [n_nodes], NULL: not asked for. */
gm_status gm_what_if_ecg(gm_what_if *w, const gm_heart_change *change, gm_threads *threads,
                         double *twelve_mv, float *tau_ms, gm_what_if_facts *facts);

#endif
