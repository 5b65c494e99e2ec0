/* train_wave_net.c - learns the weights of heart/ecg/wave_net.h from LUDB.
 *
 * usage: train_wave_net OUT FIRST LAST HELD_FIRST HELD_LAST EPOCHS SEED
 * e.g.   train_wave_net gm_wave_net.bin 1 100 0 0 160 1
 *
 * Trains on records FIRST..LAST without HELD_FIRST..HELD_LAST, on which it prints the loss (0 0: none).
 * Cross-entropy for each 4 ms inside the annotated span of each lead, AdamW (Loshchilov and Hutter
 * 2019) with a cosine rate, mean of the weights over the last steps. Each time a record is seen it is
 * stretched in time, turned upside down, hummed and rustled at, and shown with some of its leads, so
 * that neither rate, noise nor the number of leads is learnt. Same arguments, same weights.
 */
#include <string.h>

#include "bench.h"
#include "core/file.h"
#include "core/rng.h"
#include "core/threads.h"
#include "heart/ecg/wave_net.h"
#include "heart/ecg/wave_signal.h"
#include "ludb.h"

enum { BATCH = 4, MASKED = 255, PAD = GM_WAVE_NET_PAD, TILE = 16, LAST = GM_WAVE_NET_LAYERS - 1 };
static const double RATE = 3e-3, DECAY = 1e-3, CLIP_NORM = 1, WARM_STEPS = 150, MEAN_OVER = 400;
static const double MISSING_MS = 150; /* beside a peak whose bound was not marked: not scored */

/* ---- one example: a record as seen once --------------------------------------------------------- */

typedef struct {
    const gm_wave_net *net;
    const ludb_record *record;
    bool augmented;
    gm_rng rng;
    gm_wave_run *run;
    uint8_t *target;                /* [n_leads][n] */
    float *d[GM_WAVE_NET_LAYERS];   /* gradient of the loss by run->y */
    float *gradient;                /* by the weights */
    double p_gain, t_gain, flutter; /* of P and T waves; height of atrial waves in their place */
    double loss, n_scored, n_right;
} example;

static double uniform(example *e, double low, double high)
{
    return low + (high - low) * gm_rng_uniform(&e->rng);
}

static void mark(uint8_t *target, size_t n, double from_ms, double to_ms, uint8_t what)
{
    for (size_t j = (size_t)fmax(0, ceil(from_ms / GM_WAVE_NET_STEP_MS));
         j < n && (double)j * GM_WAVE_NET_STEP_MS < to_ms; j++)
        target[j] = what;
}

static void make_target(const ludb_lead *lead, double stretch, bool no_p, uint8_t *target, size_t n)
{
    memset(target, MASKED, n);
    mark(target, n, lead->first_ms * stretch, lead->last_ms * stretch, GM_WAVE_NET_CLASSES - 1);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < lead->n; i++) {
            gm_ecg_bounds b = lead->waves[i].at;
            bool known_on = isfinite(b.on_ms), known_off = isfinite(b.off_ms);
            if (round == 0 && !known_on)
                mark(target, n, (b.peak_ms - MISSING_MS) * stretch, b.peak_ms * stretch, MASKED);
            if (round == 0 && !known_off)
                mark(target, n, b.peak_ms * stretch, (b.peak_ms + MISSING_MS) * stretch, MASKED);
            if (round == 1 && !(no_p && lead->waves[i].kind == GM_WAVE_P))
                mark(target, n, (known_on ? b.on_ms : b.peak_ms) * stretch,
                     (known_off ? b.off_ms : b.peak_ms) * stretch, (uint8_t)lead->waves[i].kind);
        }
}

/* Makes P and T waves lower or higher: what rises over the line between the wave's ends. */
static void reshape(const example *e, const ludb_lead *lead, const gm_ecg *ecg, double *x)
{
    for (size_t k = 0; k < lead->n; k++) {
        const ludb_wave *w = &lead->waves[k];
        double gain = w->kind == GM_WAVE_P ? e->p_gain : e->t_gain;
        if (w->kind == GM_WAVE_QRS || isnan(w->at.on_ms) || isnan(w->at.off_ms)) continue;
        size_t on = (size_t)(w->at.on_ms * ecg->rate_hz / 1000);
        size_t off = (size_t)(w->at.off_ms * ecg->rate_hz / 1000);
        if (off >= ecg->n_samples || off <= on) continue;
        double from = x[on], rise = (x[off] - from) / (double)(off - on);
        for (size_t i = on; i <= off; i++) {
            double line = from + rise * (double)(i - on);
            x[i] = line + gain * (x[i] - line);
        }
    }
}

/* Fibrillation of the atria: waves of 4 to 8 Hz whose height comes and goes. */
static void flutter(example *e, double *x, size_t n, double rate_hz, double height)
{
    double w = 2 * M_PI / rate_hz, f1 = uniform(e, 4, 8), f2 = uniform(e, 4, 8),
           a = uniform(e, 0, 6), slow = uniform(e, 0.2, 1.5);
    for (size_t i = 0; i < n; i++) {
        double t = w * (double)i;
        x[i] += height * (sin(f1 * t + a) * (1 + 0.5 * sin(slow * t)) + 0.7 * sin(f2 * t));
    }
}

/* Counts with what electrodes and mains add; ten times finer, so that nothing is rounded away. */
static void disturb(example *e, const gm_ecg_channel *c, size_t n, double rate_hz, const double *x,
                    int32_t *out)
{
    double low = 1e9, high = -1e9;
    for (size_t i = 0; i < n; i++)
        low = fmin(low, c->counts[i]), high = fmax(high, c->counts[i]);
    double height = 0.5 * (high - low), sign = uniform(e, 0, 1) < 0.2 ? -10 : 10;
    double wander = uniform(e, 0, 1) < 0.4 ? uniform(e, 0, 0.4) * height : 0;
    double hum = uniform(e, 0, 1) < 0.25 ? uniform(e, 0, 0.08) * height : 0;
    double white = uniform(e, 0, 1) < 0.4 ? exp(uniform(e, -6.5, -3.2)) * height : 0;
    double step = uniform(e, 0, 1) < 0.3 ? exp(uniform(e, -6.5, -3.2)) * height : 0, walk = 0;
    double wander_w = 2 * M_PI * uniform(e, 0.05, 0.6) / rate_hz, wander_at = uniform(e, 0, 6.3);
    double hum_w = 2 * M_PI * (uniform(e, 0, 1) < 0.5 ? 50 : 60) / rate_hz;
    for (size_t i = 0; i < n; i++) {
        walk = 0.95 * walk + step * gm_rng_normal(&e->rng);
        double v = x[i] + wander * sin(wander_at + wander_w * (double)i) +
                   hum * sin(hum_w * (double)i) + white * gm_rng_normal(&e->rng) + walk;
        out[i] = (int32_t)lrint(sign * v);
    }
}

static void rescale(const gm_wave_net *net, gm_wave_run *run, int lead, float by)
{
    float *a = gm_wave_row(net, run, 0, lead, 0), *b = gm_wave_row(net, run, 0, lead, 1);
    for (size_t j = 0; j < run->n; j++) {
        a[j] *= by;
        b[j] = gm_wave_compressed(a[j]);
    }
}

/* Which leads; returns how many. */
static int choose_leads(example *e, int lead[GM_N_LEADS])
{
    for (int l = 0; l < GM_N_LEADS; l++)
        lead[l] = l;
    if (!e->augmented || uniform(e, 0, 1) < 0.6) return GM_N_LEADS;
    for (uint64_t l = 0; l + 1 < GM_N_LEADS; l++) {
        uint64_t k = l + gm_rng_below(&e->rng, GM_N_LEADS - l);
        int t = lead[l];
        lead[l] = lead[k], lead[k] = t;
    }
    return uniform(e, 0, 1) < 0.5 ? 1 + (int)gm_rng_below(&e->rng, 2)
                                  : 3 + (int)gm_rng_below(&e->rng, GM_N_LEADS - 3);
}

static void open_example(example *e)
{
    const gm_ecg *ecg = e->record->ecg;
    double stretch = e->augmented && uniform(e, 0, 1) < 0.7 ? exp(uniform(e, -0.2, 0.2)) : 1;
    double rate_hz = ecg->rate_hz / stretch;
    size_t n = (size_t)((double)ecg->n_samples * 1000 / rate_hz / GM_WAVE_NET_STEP_MS);
    n = n / GM_WAVE_NET_MULTIPLE * GM_WAVE_NET_MULTIPLE;
    int lead[GM_N_LEADS], n_leads = choose_leads(e, lead);
    ludb_must(gm_wave_run_create(&e->run, e->net, n_leads, n, true));
    e->target = gm_calloc((size_t)n_leads * n, 1);
    int32_t *counts = gm_calloc(ecg->n_samples, sizeof *counts);
    double *x = gm_calloc(ecg->n_samples, sizeof *x);
    bool reshaped = e->augmented && uniform(e, 0, 1) < 0.6;
    e->p_gain = reshaped ? exp(uniform(e, -0.9, 0.5)) : 1;
    e->t_gain = reshaped ? exp(uniform(e, -0.7, 0.5)) : 1;
    e->flutter = 0;
    if (e->augmented && uniform(e, 0, 1) < 0.07)
        e->p_gain = 0, e->flutter = uniform(e, 0.005, 0.05);
    for (int k = 0; k < n_leads; k++) {
        const gm_ecg_channel *c = gm_ecg_lead(ecg, lead[k]);
        const int32_t *from = c->counts;
        if (e->augmented) {
            for (size_t i = 0; i < ecg->n_samples; i++)
                x[i] = c->counts[i];
            reshape(e, &e->record->lead[lead[k]], ecg, x);
            if (e->flutter > 0)
                flutter(e, x, ecg->n_samples, rate_hz, e->flutter * uniform(e, 0, 600));
            disturb(e, c, ecg->n_samples, rate_hz, x, counts);
            from = counts;
        }
        float *rows[GM_WAVE_NET_INPUTS] = {gm_wave_row(e->net, e->run, 0, k, 0),
                                           gm_wave_row(e->net, e->run, 0, k, 1)};
        bool usable;
        ludb_must(gm_wave_signal(from, ecg->n_samples, rate_hz, n, rows, &usable, NULL));
        if (e->augmented) rescale(e->net, e->run, k, (float)exp(uniform(e, -0.35, 0.35)));
        make_target(&e->record->lead[lead[k]], stretch, e->p_gain == 0, e->target + (size_t)k * n,
                    n);
    }
    gm_free(counts);
    gm_free(x);
}

static void close_example(example *e)
{
    gm_wave_run_destroy(e->run);
    gm_free(e->target);
    for (int k = 0; k <= LAST; k++) {
        gm_free(e->d[k]);
        e->d[k] = NULL;
    }
}

/* ---- loss --------------------------------------------------------------------------------------- */

/* Cross-entropy, and its gradient by the logits. */
static void score(example *e)
{
    size_t n = e->run->n, stride = e->run->stride[LAST];
    e->loss = e->n_scored = e->n_right = 0;
    for (int lead = 0; lead < e->run->n_leads; lead++) {
        const float *y = gm_wave_row(e->net, e->run, LAST, lead, 0);
        float *d = e->d[LAST] ? e->d[LAST] + (y - e->run->y[LAST]) : NULL;
        const uint8_t *target = e->target + (size_t)lead * n;
        for (size_t j = 0; j < n; j++) {
            float p[GM_WAVE_NET_CLASSES], sum = 0, most = y[j];
            int best = 0;
            if (target[j] == MASKED) continue;
            for (int c = 1; c < GM_WAVE_NET_CLASSES; c++)
                if (y[(size_t)c * stride + j] > most) most = y[(size_t)c * stride + j], best = c;
            for (int c = 0; c < GM_WAVE_NET_CLASSES; c++)
                sum += p[c] = expf(y[(size_t)c * stride + j] - most);
            e->loss -= log((double)(p[target[j]] / sum) + 1e-30);
            e->n_scored += 1, e->n_right += best == target[j];
            for (int c = 0; c < GM_WAVE_NET_CLASSES && d; c++)
                d[(size_t)c * stride + j] = p[c] / sum - (c == target[j]);
        }
    }
}

/* ---- backwards ---------------------------------------------------------------------------------- */

/* dw[r][i][k] += sum over t of g[r][t] x[i][t + (k - taps / 2) dilation] */
static void correlate(float *dw, const float *g, size_t g_stride, const float *x, size_t x_stride,
                      const gm_wave_layer *l, size_t n)
{
    for (int r = 0; r < l->n_rows; r += 4)
        for (int i = 0; i < l->n_in; i++)
            for (int k = 0; k < l->taps; k++) {
                float s[4][TILE] = {{0}};
                const float *from = x + (size_t)i * x_stride + (k - l->taps / 2) * l->dilation;
                const float *a = g + (size_t)r * g_stride;
                for (size_t t = 0; t < n; t += TILE)
                    for (size_t q = 0; q < 4; q++)
                        for (size_t j = 0; j < TILE; j++)
                            s[q][j] += a[q * g_stride + t + j] * from[t + j];
                for (int q = 0; q < 4; q++) {
                    float sum = 0;
                    for (size_t j = 0; j < TILE; j++)
                        sum += s[q][j];
                    dw[((r + q) * l->n_in + i) * l->taps + k] += sum;
                }
            }
}

/* w[r][i][k] -> out[i][r][taps - 1 - k] */
static void transpose(const float *w, const gm_wave_layer *l, float *out)
{
    for (int r = 0; r < l->n_rows; r++)
        for (int i = 0; i < l->n_in; i++)
            for (int k = 0; k < l->taps; k++)
                out[(i * l->n_rows + r) * l->taps + l->taps - 1 - k] =
                    w[(r * l->n_in + i) * l->taps + k];
}

typedef struct {
    size_t n, stride;
    float *g, *sum, *mean, *dx, *dmean, *turned; /* [rows][stride] each */
} room;

/* Gradient of the rows before cutting at 0, doubling and adding: of one lead. */
static void rows_gradient(example *e, int k, int lead, const room *m)
{
    const gm_wave_layer *l = &e->net->layer[k];
    for (int c = 0; c < l->n_out; c++) {
        const float *y = gm_wave_row(e->net, e->run, k, lead, c);
        float *d = e->d[k] + (y - e->run->y[k]);
        size_t length = gm_wave_length(e->net, e->run, k);
        if (k != LAST)
            for (size_t t = 0; t < length; t++)
                d[t] = y[t] > 0 ? d[t] : 0;
        if (l->skip >= 0) {
            const float *s = gm_wave_row(e->net, e->run, l->skip, lead, c);
            float *ds = e->d[l->skip] + (s - e->run->y[l->skip]);
            for (size_t t = 0; t < length; t++)
                ds[t] += d[t];
        }
        float *g = m->g + (size_t)(l->rate == GM_WAVE_DOUBLE ? 2 * c : c) * m->stride + PAD;
        for (size_t t = 0; t < m->n; t++) {
            if (l->rate == GM_WAVE_DOUBLE)
                g[t] = d[2 * t], g[t + m->stride] = d[2 * t + 1];
            else
                g[t] = d[t];
        }
    }
}

static void give_source(example *e, int k, int lead, const float *dx, size_t stride, size_t n,
                        float part)
{
    const gm_wave_layer *l = &e->net->layer[k];
    for (int i = 0; i < l->n_in; i++) {
        int c = l->rate == GM_WAVE_HALVE ? i / 2 : i;
        float *y = gm_wave_row(e->net, e->run, l->from, lead, c);
        float *d = e->d[l->from] + (y - e->run->y[l->from]);
        const float *from = dx + (size_t)i * stride + PAD;
        for (size_t t = 0; t < n; t++)
            d[l->rate == GM_WAVE_HALVE ? 2 * t + (size_t)(i & 1) : t] += part * from[t];
    }
}

static void backward_lead(example *e, int k, int lead, const room *m)
{
    const gm_wave_layer *l = &e->net->layer[k];
    size_t x_stride, all = (size_t)l->n_rows * m->stride;
    memset(m->g, 0, all * sizeof *m->g);
    rows_gradient(e, k, lead, m);
    for (size_t t = 0; t < all; t++)
        m->sum[t] += m->g[t];
    const float *x = gm_wave_source(e->net, e->run, k, lead, &x_stride);
    correlate(e->gradient + l->own, m->g + PAD, m->stride, x, x_stride, l, m->n);
    for (int i = 0; i < l->n_in && l->shares; i++)
        for (size_t t = 0; t < m->n; t++)
            m->mean[(size_t)i * m->stride + PAD + t] +=
                x[(size_t)i * x_stride + t] / (float)e->run->n_leads;
    if (l->from == 0) return;
    memset(m->dx, 0, (size_t)l->n_in * m->stride * sizeof *m->dx);
    gm_wave_convolve(m->dx + PAD, m->stride, m->g + PAD, m->stride, m->turned, l->n_in, l->n_rows,
                     l->taps, l->dilation, m->n);
    give_source(e, k, lead, m->dx, m->stride, m->n, 1);
}

static void backward_layer(example *e, int k, const room *m)
{
    const gm_wave_layer *l = &e->net->layer[k];
    memset(m->sum, 0, (size_t)l->n_rows * m->stride * sizeof *m->sum);
    memset(m->mean, 0, (size_t)l->n_in * m->stride * sizeof *m->mean);
    transpose(e->net->weights + l->own, l, m->turned);
    for (int lead = 0; lead < e->run->n_leads; lead++)
        backward_lead(e, k, lead, m);
    for (int r = 0; r < l->n_rows; r++)
        for (size_t t = 0; t < m->n; t++)
            e->gradient[l->bias + (size_t)r] += m->sum[(size_t)r * m->stride + PAD + t];
    if (!l->shares) return;
    correlate(e->gradient + l->shared, m->sum + PAD, m->stride, m->mean + PAD, m->stride, l, m->n);
    transpose(e->net->weights + l->shared, l, m->turned);
    memset(m->dmean, 0, (size_t)l->n_in * m->stride * sizeof *m->dmean);
    gm_wave_convolve(m->dmean + PAD, m->stride, m->sum + PAD, m->stride, m->turned, l->n_in,
                     l->n_rows, l->taps, l->dilation, m->n);
    for (int lead = 0; lead < e->run->n_leads; lead++)
        give_source(e, k, lead, m->dmean, m->stride, m->n, 1 / (float)e->run->n_leads);
}

static void backward(example *e)
{
    size_t most = 64 * (e->run->n / 2 + 4 * PAD);
    float *block = gm_calloc(5 * most + 16384, sizeof *block);
    room m = {.g = block,
              .sum = block + most,
              .mean = block + 2 * most,
              .dx = block + 3 * most,
              .dmean = block + 4 * most,
              .turned = block + 5 * most};
    for (int k = LAST; k > 0; k--) {
        const gm_wave_layer *l = &e->net->layer[k];
        m.n = e->run->n >> (l->level + (l->rate == GM_WAVE_DOUBLE));
        m.stride = (m.n + TILE - 1) / TILE * TILE + 2 * PAD;
        backward_layer(e, k, &m);
    }
    gm_free(block);
}

static void run_example(void *context, size_t item, unsigned worker)
{
    example *e = (example *)context + item;
    (void)worker;
    open_example(e);
    gm_wave_net_forward(e->net, e->run);
    if (e->gradient) {
        memset(e->gradient, 0, e->net->n_weights * sizeof *e->gradient);
        for (int k = 0; k <= LAST; k++)
            e->d[k] = gm_calloc((size_t)e->run->n_leads * (size_t)e->net->layer[k].n_out *
                                    e->run->stride[k],
                                sizeof(float));
    }
    score(e);
    if (e->gradient) backward(e);
    close_example(e);
}

/* ---- learning ----------------------------------------------------------------------------------- */

typedef struct {
    gm_wave_net *net, *mean;
    float *moment, *square;
    size_t step, n_steps;
    gm_threads *threads;
    ludb_record *records;
    size_t n_records, *train, n_train, *held, n_held;
    uint64_t seed;
    double loss;
} learner;

static void start_weights(gm_wave_net *net, uint64_t seed)
{
    gm_rng rng = gm_rng_stream(seed, 0);
    for (int k = 1; k <= LAST; k++) {
        const gm_wave_layer *l = &net->layer[k];
        double n = (double)(l->n_in * l->taps), part = l->skip == l->from ? 0.5 : 1;
        for (size_t i = l->own; i < l->bias; i++) {
            double sd = sqrt(2 / n) * part * (i < l->shared ? 1 : 0.3);
            net->weights[i] = (float)(sd * gm_rng_normal(&rng));
        }
    }
}

static void update(learner *b, const example *batch, size_t n)
{
    double scored = 0, norm = 0;
    for (size_t i = 0; i < n; i++)
        scored += batch[i].n_scored;
    for (size_t w = 0; w < b->net->n_weights; w++) {
        double g = 0;
        for (size_t i = 0; i < n; i++)
            g += (double)batch[i].gradient[w];
        batch[0].gradient[w] = (float)(g / scored);
        norm += g / scored * g / scored;
    }
    double step = (double)++b->step, clip = fmin(1, CLIP_NORM / fmax(sqrt(norm), 1e-12));
    double rate =
        RATE * fmin(1, step / WARM_STEPS) * (0.5 + 0.5 * cos(M_PI * step / (double)b->n_steps));
    double fix1 = 1 - pow(0.9, step), fix2 = 1 - pow(0.999, step);
    double keep = 1 - 1 / fmin(MEAN_OVER, 1 + step / 4);
    for (size_t w = 0; w < b->net->n_weights; w++) {
        float g = batch[0].gradient[w] * (float)clip, *x = &b->net->weights[w];
        b->moment[w] = 0.9F * b->moment[w] + 0.1F * g;
        b->square[w] = 0.999F * b->square[w] + 0.001F * g * g;
        double move = (double)b->moment[w] / fix1 / (sqrt((double)b->square[w] / fix2) + 1e-8);
        *x -= (float)(rate * (move + DECAY * (double)*x));
        float *mean = &b->mean->weights[w];
        *mean = (float)(keep * (double)*mean + (1 - keep) * (double)*x);
    }
}

static void learn_epoch(learner *b, example *batch, size_t epoch)
{
    gm_rng rng = gm_rng_stream(b->seed, 1000000 + epoch);
    double loss = 0, scored = 0;
    for (size_t i = 0; i + 1 < b->n_train; i++) {
        size_t k = i + gm_rng_below(&rng, b->n_train - i), t = b->train[i];
        b->train[i] = b->train[k], b->train[k] = t;
    }
    for (size_t first = 0; first < b->n_train; first += BATCH) {
        size_t n = b->n_train - first < BATCH ? b->n_train - first : BATCH;
        for (size_t i = 0; i < n; i++) {
            batch[i].record = &b->records[b->train[first + i]];
            batch[i].augmented = true;
            batch[i].rng = gm_rng_stream(b->seed, 2000000 + epoch * 1000 + first + i);
        }
        gm_threads_for(b->threads, n, 1, run_example, batch);
        for (size_t i = 0; i < n; i++)
            loss += batch[i].loss, scored += batch[i].n_scored;
        update(b, batch, n);
    }
    b->loss = loss / scored;
}

static void look_at_held(learner *b, size_t epoch, double since)
{
    double loss = 0, scored = 0, right = 0;
    for (size_t first = 0; first < b->n_held; first += BATCH) {
        example e[BATCH] = {{0}};
        size_t n = b->n_held - first < BATCH ? b->n_held - first : BATCH;
        for (size_t i = 0; i < n; i++)
            e[i].net = b->mean, e[i].record = &b->records[b->held[first + i]];
        gm_threads_for(b->threads, n, 1, run_example, e);
        for (size_t i = 0; i < n; i++)
            loss += e[i].loss, scored += e[i].n_scored, right += e[i].n_right;
    }
    printf("epoch %3zu  loss %.4f  held out %.4f  right %.3f %%  %.0f s\n", epoch, b->loss,
           loss / fmax(scored, 1), 100 * right / fmax(scored, 1), gm_clock_seconds() - since);
    fflush(stdout);
}

static void open_learner(learner *b, char **argv)
{
    int first = atoi(argv[2]), last = atoi(argv[3]), held[2] = {atoi(argv[4]), atoi(argv[5])};
    size_t n = (size_t)(last - first + 1);
    *b = (learner){.seed = (uint64_t)atol(argv[7]),
                   .records = gm_calloc(n, sizeof *b->records),
                   .train = gm_calloc(n, sizeof *b->train),
                   .held = gm_calloc(n, sizeof *b->held)};
    for (int r = first; r <= last; r++) {
        ludb_read(&b->records[b->n_records], r);
        if (r >= held[0] && r <= held[1])
            b->held[b->n_held++] = b->n_records++;
        else
            b->train[b->n_train++] = b->n_records++;
    }
    b->n_steps = (size_t)atoi(argv[6]) * ((b->n_train + BATCH - 1) / BATCH);
    ludb_must(gm_wave_net_create(&b->net));
    ludb_must(gm_wave_net_create(&b->mean));
    ludb_must(gm_threads_create(&b->threads, 2));
    start_weights(b->net, b->seed);
    b->moment = gm_calloc(b->net->n_weights, sizeof *b->moment);
    b->square = gm_calloc(b->net->n_weights, sizeof *b->square);
}

static void save(const learner *b, const char *path)
{
    char *bytes;
    size_t length;
    ludb_must(gm_wave_net_pack(b->mean, &bytes, &length));
    ludb_must(gm_file_write(path, bytes, length));
    gm_free(bytes);
}

int main(int argc, char **argv)
{
    if (argc < 8) {
        fprintf(stderr, "usage: train_wave_net OUT FIRST LAST HELD_FIRST HELD_LAST EPOCHS SEED\n");
        return 2;
    }
    learner b;
    open_learner(&b, argv);
    size_t n_epochs = (size_t)atoi(argv[6]);
    example batch[BATCH] = {{0}};
    for (int i = 0; i < BATCH; i++) {
        batch[i].net = b.net;
        batch[i].gradient = gm_calloc(b.net->n_weights, sizeof(float));
    }
    printf("%zu weights, %zu records to learn from, %zu held out\n", b.net->n_weights, b.n_train,
           b.n_held);
    double since = gm_clock_seconds();
    for (size_t epoch = 1; epoch <= n_epochs; epoch++) {
        learn_epoch(&b, batch, epoch);
        if (epoch % 10 && epoch != n_epochs && epoch > 3) continue;
        look_at_held(&b, epoch, since);
        save(&b, argv[1]);
    }
    return 0;
}
