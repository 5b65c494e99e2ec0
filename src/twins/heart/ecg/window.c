#include "heart/ecg/window.h"

#include <math.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

static const double EARLY = 0.1, LATE = 0.9;
enum { FEWEST = 8 };

/* A beat's first sample in the median beat, ms from the first sample of the record. */
static double start_ms(const gm_ecg_measurement *m, size_t beat)
{
    double before_ms = 1000 * (double)m->median.fiducial / m->median.rate_hz;
    return 1000 * m->beats[beat].time_s - before_ms;
}

/* One bound of all waves of a kind; quantile q. */
static double bound(double *room, const gm_ecg_measurement *m, const gm_ecg_waves *w,
                    gm_ecg_wave kind, size_t offset, double q)
{
    size_t n = 0;
    for (size_t l = 0; l < w->n_leads; l++)
        for (size_t i = 0; i < w->leads[l].n; i++) {
            const gm_ecg_lead_wave *x = &w->leads[l].waves[i];
            const double at[3] = {x->at.on_ms, x->at.peak_ms, x->at.off_ms};
            if (x->kind != kind || x->beat >= m->n_beats || !m->beats[x->beat].in_median) continue;
            if (isfinite(at[offset])) room[n++] = at[offset] - start_ms(m, x->beat);
        }
    return n < FEWEST ? NAN : gm_quantile_of(room, n, q);
}

gm_status gm_ecg_windows(gm_ecg_bounds out[GM_N_WAVES], const gm_ecg_measurement *m,
                         const gm_ecg_waves *waves)
{
    size_t n = 0;
    for (size_t l = 0; l < waves->n_leads; l++)
        n += waves->leads[l].n;
    double *room = gm_calloc(n + 1, sizeof *room);
    if (!room) return gm_fail(GM_ENOMEM, "ECG: no memory for the bounds of %zu waves", n);
    for (int k = 0; k < GM_N_WAVES; k++)
        out[k] = (gm_ecg_bounds){bound(room, m, waves, (gm_ecg_wave)k, 0, EARLY),
                                 bound(room, m, waves, (gm_ecg_wave)k, 1, 0.5),
                                 bound(room, m, waves, (gm_ecg_wave)k, 2, LATE)};
    gm_free(room);
    return GM_OK;
}
