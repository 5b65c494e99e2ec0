/* check_ecg.h - what waveform.h promises of every record that a reader returns; a broken promise is a
 * finding of the fuzzer. */
#ifndef GM_FUZZ_CHECK_ECG_H
#define GM_FUZZ_CHECK_ECG_H

#include <math.h>

#include "core/alloc.h"
#include "ecg/waveform.h"

static inline void check_ecg(const gm_ecg *e)
{
    if (!(e->rate_hz > 0) || !e->n_channels || !e->n_samples || !e->format) __builtin_trap();
    for (size_t c = 0; c < e->n_channels; c++) {
        const gm_ecg_channel *ch = &e->channels[c];
        if (!(isnan(ch->mv_per_count) || ch->mv_per_count > 0) || !isfinite(ch->baseline))
            __builtin_trap();
        if (ch->lead < -1 || ch->lead >= GM_N_LEADS || !ch->counts) __builtin_trap();
    }
    bool derived[GM_N_LEADS];
    double *leads_mv = gm_calloc(GM_N_LEADS * e->n_samples, sizeof *leads_mv);
    if (leads_mv) (void)gm_ecg_twelve_leads_mv(e, leads_mv, derived);
    gm_free(leads_mv);
}

/* Bytes to a reader of one file. */
static inline void check_reader(gm_status (*parse)(gm_ecg **, const void *, size_t, const char *),
                                const void *data, size_t size)
{
    gm_ecg *e;
    if (parse(&e, data, size, "fuzz") != GM_OK) return;
    check_ecg(e);
    for (size_t i = 0; i < e->n_others; i++)
        check_ecg(e->others[i]);
    gm_ecg_destroy(e);
}

#endif
