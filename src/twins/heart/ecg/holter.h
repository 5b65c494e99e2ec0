/* holter.h - beats and RR figures of recordings of any length, in one pass and constant memory.
 *
 * Samples come in blocks of any size. The detector of short records (qrs.h) runs over windows of 150 s
 * that overlap by 30 s, so that it sees 15 s to both sides of every beat it reports, as it does in a
 * short record; beats come out up to 2.5 min late. One thread at a time per object.
 */
#ifndef GM_HEART_ECG_HOLTER_H
#define GM_HEART_ECG_HOLTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* ---- RR figures in constant memory ---------------------------------------------------------------- */

enum { GM_RR_BINS = 512, GM_RR_ABOUT = 11 };

/* Definitions as in hrv.h; NN are told by their length alone: 300 .. 2,500 ms and within 30 % of the
 * median of the last 11. */
typedef struct {
    uint64_t n_rr, n_nn, n_pauses; /* intervals; those kept; those above 2 s */
    double mean_nn_ms, sdnn_ms, rmssd_ms, pnn50_percent, sdann_ms, sdnn_index_ms, triangular_index;
    double shortest_ms, longest_ms;          /* of all RR */
    double slowest_per_min, fastest_per_min; /* over any 8 NN in a row */
    double slowest_at_s, fastest_at_s;       /* end of them */
    double longest_at_s;                     /* start of the longest RR */
} gm_rr_summary;                             /* what cannot be computed is NaN */

typedef struct {
    uint64_t n_rr, n_nn, n_pauses, n_steps, n_large;
    double mean, squares, step_squares; /* Welford */
    uint64_t bins[GM_RR_BINS];          /* of 1/128 s */
    double about[GM_RR_ABOUT];          /* the last plausible RR, a ring */
    size_t n_about, n_far;              /* n_far: implausible ones in a row */
    double run[8];                      /* the last NN in a row */
    size_t n_run;
    double start_s, last_s, last_nn_ms; /* NaN: none */
    uint64_t segment, n_segment;        /* of 5 min */
    double segment_sum, segment_squares, segment_mean;
    uint64_t n_segments;
    double means, mean_squares, sds;
    double shortest, longest, longest_at_s, slow, fast, slow_at_s, fast_at_s;
} gm_rr_collector;

void gm_rr_start(gm_rr_collector *c);
void gm_rr_add_beat(gm_rr_collector *c, double time_s); /* ascending; another is passed over */
void gm_rr_summarise(const gm_rr_collector *c, gm_rr_summary *out);

/* ---- beats ---------------------------------------------------------------------------------------- */

typedef struct gm_holter gm_holter;
typedef gm_status (*gm_holter_on_beat)(void *context, double time_s);

/* on_beat: called for each beat in time, from within push and finish; NULL: none. A failure of it is
 * passed on. rate 100 .. 10,000 Hz, 1 .. 24 leads. Fails with GM_EINVAL, GM_ENOMEM. */
gm_status gm_holter_create(gm_holter **out, size_t n_leads, double rate_hz,
                           gm_holter_on_beat on_beat, void *context);
/* mv [n][n_leads], frame by frame; NaN: missing. */
gm_status gm_holter_push(gm_holter *h, const double *mv, size_t n);
gm_status gm_holter_finish(gm_holter *h); /* after the last block; then only summary and destroy */
const gm_rr_collector *gm_holter_rr(const gm_holter *h);
uint64_t gm_holter_n_beats(const gm_holter *h);
void gm_holter_destroy(gm_holter *h); /* NULL is allowed */

#endif
