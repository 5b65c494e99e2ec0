/* beat.h - one heartbeat as the leads see it: from activation and repolarisation times to the ECG.
 *
 *     Vm_i(t) = V_rest + (V_peak - V_rest) up(t - tau_i) down(t - tau_i - APD_i)
 *     up(s) = 1/2 (1 + tanh(s / eps)),   down(s) = 1 / (1 + exp(s / w)),   t = file time - t_on
 *     lead_l(t) = - sum_i w[i][l] Vm_i(t)
 *
 * gm_beat_ecg() uses up down = up + down - 1 (the rest is below exp(-APD/w)), deposits w into bins of
 * time at tau_i, and at tau_i + APD_i, with cubic Lagrange weights, and convolves the bins with the
 * template: one pass over the nodes instead of one per sample. gm_beat_ecg_direct() evaluates the sum
 * as it stands and is the reference. Bins are eps/4 (w/4) wide or finer.
 *
 * All are pure and bit-identical for any number of threads. Row-major [n_samples][8] output in the
 * order of gm_independent_lead, mV.
 */
#ifndef GM_HEART_FORWARD_BEAT_H
#define GM_HEART_FORWARD_BEAT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "core/threads.h"
#include "heart/case/case.h"
#include "heart/forward/lead_field.h"

typedef struct {
    double first_ms, step_ms; /* of the ECG file's clock; step > 0 */
    size_t n;
} gm_samples;

/* apd_ms NULL: nothing repolarises. Infinite tau: the node stays at rest. */
gm_status gm_beat_ecg_direct(const gm_lead_field *f, const float tau_ms[], const double apd_ms[],
                             const gm_heart_template *shape, gm_samples samples,
                             gm_threads *threads, double *ecg_mv);

/* The fast path. A gm_beat holds the lead field in the kernel's layout and the template tables for
 * one shape and one set of samples; immutable, shared by threads. */
typedef struct gm_beat gm_beat;
typedef struct gm_beat_scratch gm_beat_scratch; /* one evaluation at a time */

/* tau_range_ms: activation times must lie within [tau_min, tau_max] of the file's clock minus t_on,
 * earlier or later ones are counted at the end of the range; apd_max_ms bounds the T wave (0: none).
 * Where exp(-APD_min/w) is above 1e-6, the foot that up + down - 1 lacks before activation,
 * (1 - up)(1 - down) = (1 - up) c exp((t - tau)/w) with c = 1/(1 + exp(APD/w)), is added; what is left of the split
 * is below exp(-2 APD_min/w)/4 of the action potential. GM_EINVAL if that is above 2.5e-4. */
typedef struct {
    double tau_min_ms, tau_max_ms;
    double apd_min_ms, apd_max_ms; /* both 0: nothing repolarises */
} gm_beat_range;

gm_status gm_beat_create(gm_beat **out, const gm_lead_field *f, const gm_heart_template *shape,
                         gm_samples samples, gm_beat_range range);
void gm_beat_destroy(gm_beat *b);
/* Puts another lead field of the same mesh into the beat; not while another thread uses it. */
void gm_beat_set_field(gm_beat *b, const gm_lead_field *f, const gm_heart_template *shape);
gm_status gm_beat_scratch_create(gm_beat_scratch **out, const gm_beat *b, unsigned n_threads);
void gm_beat_scratch_destroy(gm_beat_scratch *s);

/* apd_ms NULL: nothing repolarises. A node with infinite tau stays at rest. */
void gm_beat_ecg(const gm_beat *b, const float tau_ms[], const float apd_ms[],
                 gm_beat_scratch *scratch, gm_threads *threads, double *ecg_mv);

/* Derivatives with respect to parameters of the activation (nothing of repolarisation). The caller
 * fills dtau[n_nodes][n_padded] (0 beyond its parameters) and gets decg[n_samples][8][n_padded],
 * 32-byte aligned, mV per unit of each parameter. One thread per gm_beat_gradient. */
enum { GM_BEAT_PARAMETERS = 64 };
typedef struct {
    size_t n_padded;
    float *dtau; /* ms per unit */
    float *bins;
} gm_beat_gradient;
gm_status gm_beat_gradient_create(gm_beat_gradient **out, const gm_beat *b, size_t n_parameters);
void gm_beat_gradient_destroy(gm_beat_gradient *g);
void gm_beat_ecg_gradient(const gm_beat *b, const float tau_ms[], gm_beat_gradient *g, float *decg);

/* The same with times made on the way, tile by tile, while they are in the cache: `times` fills tau[n]
 * and, unless NULL, apd[n] for the nodes first .. first + n - 1. Called by several threads. */
typedef void gm_beat_times(void *context, size_t first, size_t n, float *tau, float *apd);
void gm_beat_ecg_from(const gm_beat *b, gm_beat_times *times, void *context, bool with_apd,
                      gm_beat_scratch *scratch, gm_threads *threads, double *ecg_mv);

#endif
