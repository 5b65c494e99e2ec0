#include "heart/ecg/waves.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/threads.h"
#include "heart/ecg/wave_signal.h"
#include "heart/ecg/waves_decode.h"

static const double STRETCH_MS = 10000; /* looked at at once, and kept */
static const double MARGIN_MS = 2500;   /* looked at on both sides: more than the network sees */

static const double PART_MS = 600000; /* of a long record, looked at by one thread */

/* One stretch of the record, and what looks at it. */
typedef struct {
    const gm_ecg *ecg;
    const gm_ecg_measurement *m;
    const gm_wave_net *net;
    gm_ecg_waves *out;
    gm_wave_run *run;
    gm_wave_room room;
    size_t n;                      /* samples of the network */
    size_t first_count, end_count; /* of the record */
    double start_ms;               /* of first_count */
    double keep_from_ms, keep_to_ms;
    double *beat; /* [n_beats] fiducials in samples of the stretch, all of the record */
    size_t first_beat, n_beats; /* those that lie in it */
    size_t *lead_of;            /* [slots] index in out->leads of each row of the run */
    gm_wave_span *spans;        /* [n_spans] of all leads */
    size_t n_spans;
    double *numbers; /* [n_leads + n_beats + 1] scratch */
} stretch;

/* ---- result ------------------------------------------------------------------------------------- */

void gm_ecg_waves_destroy(gm_ecg_waves *w)
{
    if (!w) return;
    for (size_t l = 0; l < w->n_leads; l++) {
        gm_free(w->leads[l].name);
        gm_free(w->leads[l].waves);
    }
    gm_free(w->leads);
    gm_free(w);
}

static char *lead_name(const gm_ecg_channel *c)
{
    char *name = gm_strdup(c->lead >= 0 ? gm_lead_names[c->lead] : c->name ? c->name : "");
    for (char *s = name; name && c->lead >= 0 && *s; s++)
        *s = (char)tolower((unsigned char)*s);
    return name;
}

static bool is_voltage(const gm_ecg_channel *c)
{
    return c->lead >= 0 || !c->unit || strcmp(c->unit, "mV") == 0 || strcmp(c->unit, "uV") == 0 ||
           strcmp(c->unit, "V") == 0;
}

static gm_status start_result(gm_ecg_waves *w, const gm_ecg *ecg)
{
    w->leads = gm_calloc(ecg->n_channels + 1, sizeof *w->leads);
    if (!w->leads) return gm_fail(GM_ENOMEM, "no memory for %zu leads", ecg->n_channels);
    for (size_t c = 0; c < ecg->n_channels; c++) {
        if (!is_voltage(&ecg->channels[c])) continue;
        gm_ecg_lead_waves *l = &w->leads[w->n_leads++];
        l->channel = c;
        l->name = lead_name(&ecg->channels[c]);
        if (!l->name) return gm_fail(GM_ENOMEM, "no memory for a lead's name");
    }
    return GM_OK;
}

/* Room grows by half: `most` is not kept, it follows from n. */
static gm_status append(gm_ecg_lead_waves *l, const gm_ecg_lead_wave *wave)
{
    if ((l->n & (l->n - 1)) == 0) {
        gm_ecg_lead_wave *more = gm_realloc(l->waves, l->n ? 2 * l->n : 1, sizeof *more);
        if (!more) return gm_fail(GM_ENOMEM, "no memory for %zu waves", l->n);
        l->waves = more;
    }
    l->waves[l->n++] = *wave;
    return GM_OK;
}

/* ---- one stretch -------------------------------------------------------------------------------- */

static gm_status fill_leads(stretch *s)
{
    s->run->n_leads = 0;
    for (size_t l = 0; l < s->out->n_leads; l++) {
        const gm_ecg_channel *c = &s->ecg->channels[s->out->leads[l].channel];
        int slot = s->run->n_leads;
        float *rows[GM_WAVE_NET_INPUTS] = {gm_wave_row(s->net, s->run, 0, slot, 0),
                                           gm_wave_row(s->net, s->run, 0, slot, 1)};
        bool usable;
        GM_TRY(gm_wave_signal(c->counts + s->first_count, s->end_count - s->first_count,
                              s->ecg->rate_hz, s->n, rows, &usable, NULL));
        if (!usable) continue;
        s->lead_of[slot] = l;
        s->run->n_leads++;
    }
    return GM_OK;
}

static double stretch_at(const stretch *s, size_t beat)
{
    return (s->m->beats[beat].time_s * 1000 - s->start_ms) / GM_WAVE_NET_STEP_MS;
}

/* From where the last stretch found its first: stretches come in time. */
static void find_beats(stretch *s)
{
    size_t b = s->first_beat;
    while (b < s->m->n_beats && stretch_at(s, b) < 0)
        b++;
    s->first_beat = b;
    for (s->n_beats = 0; b < s->m->n_beats && stretch_at(s, b) < (double)s->n; b++)
        s->beat[s->n_beats++] = stretch_at(s, b);
}

static double record_ms(const stretch *s, double at)
{
    return s->start_ms + at * GM_WAVE_NET_STEP_MS;
}

static gm_status collect(stretch *s, size_t lead, size_t n)
{
    gm_wave_span *more = gm_realloc(s->spans, s->n_spans + n + 1, sizeof *more);
    if (!more) return gm_fail(GM_ENOMEM, "no memory for %zu waves", s->n_spans + n);
    s->spans = more;
    for (size_t i = 0; i < n; i++) {
        more[s->n_spans] = s->room.spans[i];
        more[s->n_spans++].lead = lead;
    }
    return GM_OK;
}

static gm_status find_waves(stretch *s)
{
    s->n_spans = 0;
    for (int k = 0; k < s->run->n_leads; k++) {
        gm_wave_evidence e = {.n = s->n,
                              .height = gm_wave_row(s->net, s->run, 0, k, 0),
                              .beat = s->beat,
                              .n_beats = s->n_beats};
        for (int c = 0; c < GM_WAVE_NET_CLASSES; c++)
            e.logit[c] = gm_wave_row(s->net, s->run, GM_WAVE_NET_LAYERS - 1, k, c);
        size_t known = (size_t)((double)(s->end_count - s->first_count) * 1000 / s->ecg->rate_hz /
                                GM_WAVE_NET_STEP_MS);
        if (known < e.n) e.n = known;
        GM_TRY(collect(s, s->lead_of[k], gm_wave_decode(&e, &s->room)));
    }
    return GM_OK;
}

/* The stretch to which a wave belongs is that of its beat, so that none is given twice. */
static gm_status keep(stretch *s, const gm_wave_span *span)
{
    double anchor_ms = record_ms(s, span->beat == SIZE_MAX ? span->peak : s->beat[span->beat]);
    if (anchor_ms < s->keep_from_ms || anchor_ms >= s->keep_to_ms) return GM_OK;
    gm_ecg_lead_wave w = {
        .kind = span->kind,
        .certainty = span->certainty,
        .beat = span->beat == SIZE_MAX ? SIZE_MAX : s->first_beat + span->beat,
        .at = {record_ms(s, span->on), record_ms(s, span->peak), record_ms(s, span->off)}};
    return append(&s->out->leads[span->lead], &w);
}

static gm_status look_at(stretch *s)
{
    GM_TRY(fill_leads(s));
    find_beats(s);
    if (s->run->n_leads == 0) return GM_OK;
    gm_wave_net_forward(s->net, s->run);
    GM_TRY(find_waves(s));
    bool has_p =
        gm_wave_has_p(s->spans, s->n_spans, (size_t)s->run->n_leads, s->n_beats, s->numbers);
    for (size_t i = 0; i < s->n_spans; i++)
        if (has_p || s->spans[i].kind != GM_WAVE_P) GM_TRY(keep(s, &s->spans[i]));
    return GM_OK;
}

/* ---- the record --------------------------------------------------------------------------------- */

/* The stretches that begin at from_ms .. to_ms (to_ms not included). */
static gm_status look_at_all(stretch *s, double from_ms, double to_ms)
{
    double ms = 1000 / s->ecg->rate_hz, end_ms = (double)s->ecg->n_samples * ms;
    bool at_once = end_ms <= STRETCH_MS + 2 * MARGIN_MS;
    for (double from = from_ms; from < fmin(to_ms, end_ms); from += STRETCH_MS) {
        double first_ms = at_once ? 0 : fmax(0, from - MARGIN_MS);
        double last_ms = at_once ? end_ms : fmin(end_ms, from + STRETCH_MS + MARGIN_MS);
        s->first_count = (size_t)ceil(first_ms / ms);
        s->end_count = (size_t)fmin((double)s->ecg->n_samples, ceil(last_ms / ms));
        if (s->end_count <= s->first_count) break;
        s->start_ms = (double)s->first_count * ms;
        s->keep_from_ms = from > 0 ? from : -INFINITY;
        s->keep_to_ms = last_ms < end_ms ? from + STRETCH_MS : INFINITY;
        GM_TRY(look_at(s));
        if (last_ms >= end_ms) break;
    }
    return GM_OK;
}

static gm_status find(stretch *s, double from_ms, double to_ms)
{
    double end_ms = (double)s->ecg->n_samples * 1000 / s->ecg->rate_hz;
    double n = fmin(end_ms, STRETCH_MS + 2 * MARGIN_MS) / GM_WAVE_NET_STEP_MS;
    s->n = ((size_t)n / GM_WAVE_NET_MULTIPLE + 1) * GM_WAVE_NET_MULTIPLE;
    GM_TRY(start_result(s->out, s->ecg));
    if (s->out->n_leads == 0) return GM_OK;
    s->beat = gm_calloc(s->m->n_beats + 1, sizeof *s->beat);
    s->lead_of = gm_calloc(s->out->n_leads, sizeof *s->lead_of);
    s->numbers = gm_calloc(s->out->n_leads + s->m->n_beats + 1, sizeof *s->numbers);
    if (!s->beat || !s->lead_of || !s->numbers)
        return gm_fail(GM_ENOMEM, "no memory for %zu beats", s->m->n_beats);
    GM_TRY(gm_wave_run_create(&s->run, s->net, (int)s->out->n_leads, s->n, false));
    GM_TRY(gm_wave_room_create(&s->room, s->n));
    return look_at_all(s, from_ms, to_ms);
}

static gm_status find_part(gm_ecg_waves **out, const gm_ecg *ecg, const gm_ecg_measurement *m,
                           const gm_wave_net *net, double from_ms, double to_ms)
{
    stretch s = {.ecg = ecg, .m = m, .net = net};
    s.out = *out = gm_calloc(1, sizeof *s.out);
    gm_status status =
        s.out ? find(&s, from_ms, to_ms) : gm_fail(GM_ENOMEM, "no memory for the waves");
    gm_wave_run_destroy(s.run);
    gm_wave_room_clear(&s.room);
    gm_free(s.beat);
    gm_free(s.lead_of);
    gm_free(s.spans);
    gm_free(s.numbers);
    return status;
}

/* ---- parts of a long record --------------------------------------------------------------------- */

typedef struct {
    const gm_ecg *ecg;
    const gm_ecg_measurement *m;
    const gm_wave_net *net;
    gm_ecg_waves **waves; /* [n] of each part */
    gm_status *status;    /* [n] */
} part_list;

static void find_one(void *context, size_t k, unsigned worker)
{
    (void)worker;
    part_list *p = context;
    p->status[k] = find_part(&p->waves[k], p->ecg, p->m, p->net, PART_MS * (double)k,
                             PART_MS * (double)(k + 1));
}

/* A part that begins within the last stretch of the one before has nothing of its own. */
static size_t count_parts(const gm_ecg *ecg)
{
    double end_ms = (double)ecg->n_samples * 1000 / ecg->rate_hz;
    return 1 + (size_t)fmax(0, ceil((end_ms - MARGIN_MS) / PART_MS) - 1);
}

/* All into the first. */
static gm_status join(gm_ecg_waves **waves, size_t n)
{
    for (size_t l = 0; l < waves[0]->n_leads; l++) {
        gm_ecg_lead_waves *to = &waves[0]->leads[l];
        size_t total = 0;
        for (size_t k = 0; k < n; k++)
            total += waves[k]->leads[l].n;
        gm_ecg_lead_wave *all = gm_realloc(to->waves, total + 1, sizeof *all);
        if (!all) return gm_fail(GM_ENOMEM, "no memory for %zu waves", total);
        to->waves = all;
        for (size_t k = 1; k < n; k++) {
            const gm_ecg_lead_waves *from = &waves[k]->leads[l];
            if (from->n) memcpy(all + to->n, from->waves, from->n * sizeof *all);
            to->n += from->n;
        }
    }
    return GM_OK;
}

static gm_status find_parts(part_list *p, size_t n)
{
    gm_threads *threads = NULL;
    if (!p->waves || !p->status) return gm_fail(GM_ENOMEM, "no memory for the waves");
    if (n > 1) GM_TRY(gm_threads_create(&threads, 0));
    gm_threads_for(threads, n, 1, find_one, p);
    gm_threads_destroy(threads);
    for (size_t k = 0; k < n; k++) /* the one reason to fail, whatever thread met it */
        if (p->status[k] != GM_OK) return gm_fail(p->status[k], "no memory for the waves");
    return join(p->waves, n);
}

gm_status gm_ecg_waves_find(gm_ecg_waves **out, const gm_ecg *ecg, const gm_ecg_measurement *m,
                            const gm_wave_net *net)
{
    *out = NULL;
    gm_wave_net *own = NULL;
    size_t n = count_parts(ecg);
    if (!net) GM_TRY(gm_wave_net_builtin(&own));
    part_list p = {.ecg = ecg, .m = m, .net = net ? net : own};
    p.waves = gm_calloc(n, sizeof *p.waves);
    p.status = gm_calloc(n, sizeof *p.status);
    gm_status s = find_parts(&p, n);
    if (s == GM_OK) *out = p.waves[0];
    for (size_t k = s == GM_OK ? 1 : 0; p.waves && k < n; k++)
        gm_ecg_waves_destroy(p.waves[k]);
    gm_free(p.waves);
    gm_free(p.status);
    gm_wave_net_destroy(own);
    return s;
}
