/* beat_internal.h - the bins and tables of the fast beat, shared by its value and its derivative; not
 * for others. */
#ifndef GM_HEART_FORWARD_BEAT_INTERNAL_H
#define GM_HEART_FORWARD_BEAT_INTERNAL_H

#include "heart/forward/beat.h"

/* Bins are a quarter of the template's time constant: cubic Lagrange weights then leave a relative
 * error of some 1e-6 (beat_test). For tanh(t/eps) that constant is eps, for the logistic of
 * repolarisation w, twice as smooth for its name. */
#define GM_BINS_PER_CONSTANT 4.0
enum { TILE = 512 }; /* nodes whose times are held in the first-level cache */
enum { GUARD = 2 };  /* bins beside the range, for the four-point weights */

/* A template and the bins that are convolved with it. */
typedef struct {
    double first_ms, width_ms; /* centre of bin 0 */
    int32_t n_bins;
    int32_t n_kernel;      /* bins in which the template is neither 0 nor 1 */
    int32_t *kernel_first; /* [n_samples] first such bin (may lie outside 0 .. n_bins) */
    float *kernel;         /* [n_samples][n_kernel] value of the template there */
} bin_set;

struct gm_beat {
    size_t n_nodes;
    float (*w)[GM_N_INDEPENDENT]; /* [n_nodes] -(v_peak - v_rest) times the lead field */
    gm_samples samples;
    gm_beat_range range;
    double t_on_ms;
    bool repolarises;
    bin_set up, down;
    /* The foot: what up + down - 1 has too little before activation, see gm_beat_range. On the bins of up. */
    bool has_foot;
    double w_rep_ms;
    float *foot_kernel; /* [n_samples][up.n_kernel] */
    double *foot_tail;  /* [n_samples] of the running sum behind the kernel */
};

/* The eight leads of a bin or node side by side: one vector register. Rows are 32-byte aligned. */
typedef float lead_vector __attribute__((vector_size(sizeof(float) * GM_N_INDEPENDENT), may_alias));

/* Bin and cubic Lagrange weights of each node of a tile; the weights interpolate cubics exactly. */
typedef struct {
    int32_t bin[TILE]; /* the first of four */
    float weight[4][TILE];
} tile_places;

void gm_beat_find_places(const bin_set *set, const float *restrict time_ms, size_t n,
                         tile_places *restrict out);

#endif
