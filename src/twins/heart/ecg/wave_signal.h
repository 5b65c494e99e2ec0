/* wave_signal.h - one channel as the network of wave_net.h sees it: 250 Hz, without baseline wander,
 * in units of its own QRS height, so that neither rate nor gain nor offset of the file matters.
 */
#ifndef GM_HEART_ECG_WAVE_SIGNAL_H
#define GM_HEART_ECG_WAVE_SIGNAL_H

#include <math.h>
#include <stdint.h>

#include "heart/ecg/wave_net.h"

/* The second row from the first: low waves as large as high ones. */
static inline float gm_wave_compressed(float height)
{
    return height / (0.1F + fabsf(height));
}

/* Sample j of both rows, j < n, is at j * GM_WAVE_NET_STEP_MS after counts[0], taken to be
 * 1000 / rate_hz ms apart; beyond the last count the signal is 0. rows[0]: height, cut off at 3;
 * rows[1]: the same compressed, for the low waves. Missing counts are bridged.
 * *usable false: flat or mostly missing, rows all 0. height_counts (may be NULL): the unit. Fails with
 * GM_ENOMEM alone. */
gm_status gm_wave_signal(const int32_t *counts, size_t n_counts, double rate_hz, size_t n,
                         float *const rows[GM_WAVE_NET_INPUTS], bool *usable,
                         double *height_counts);

#endif
