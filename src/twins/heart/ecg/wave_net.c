#include "heart/ecg/wave_net.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

enum { PAD = GM_WAVE_NET_PAD, TILE = 16 };

/* from, skip, rate, channels, taps, dilation, shares */
static const gm_wave_layer shape[GM_WAVE_NET_LAYERS] = {
    {.from = -1, .skip = -1, .rate = GM_WAVE_SAME, .n_out = GM_WAVE_NET_INPUTS},
    {0, -1, GM_WAVE_HALVE, 8, 5, 1, .shares = false}, /* 125 Hz */
    {1, 1, GM_WAVE_SAME, 8, 5, 1, .shares = false},
    {2, -1, GM_WAVE_HALVE, 16, 3, 1, .shares = false}, /* 62.5 Hz */
    {3, 3, GM_WAVE_SAME, 16, 5, 1, .shares = true},
    {4, -1, GM_WAVE_HALVE, 24, 3, 1, .shares = false}, /* 31 Hz */
    {5, 5, GM_WAVE_SAME, 24, 5, 1, .shares = true},
    {6, -1, GM_WAVE_HALVE, 32, 3, 1, .shares = false}, /* 16 Hz */
    {7, 7, GM_WAVE_SAME, 32, 5, 1, .shares = true},
    {8, 8, GM_WAVE_SAME, 32, 5, 2, .shares = true},
    {9, 9, GM_WAVE_SAME, 32, 5, 4, .shares = true},
    {10, 10, GM_WAVE_SAME, 32, 5, 8, .shares = true},
    {11, 11, GM_WAVE_SAME, 32, 5, 1, .shares = true},
    {12, 6, GM_WAVE_DOUBLE, 24, 1, 1, .shares = false}, /* 31 Hz */
    {13, 13, GM_WAVE_SAME, 24, 5, 1, .shares = true},
    {14, 4, GM_WAVE_DOUBLE, 16, 1, 1, .shares = false}, /* 62.5 Hz */
    {15, 15, GM_WAVE_SAME, 16, 5, 1, .shares = true},
    {16, 2, GM_WAVE_DOUBLE, 8, 1, 1, .shares = false}, /* 125 Hz */
    {17, 17, GM_WAVE_SAME, 8, 5, 1, .shares = true},
    {18, 18, GM_WAVE_SAME, 8, 5, 1, .shares = true},
    {19, -1, GM_WAVE_DOUBLE, GM_WAVE_NET_CLASSES, 3, 1, .shares = true}, /* 250 Hz */
};

/* ---- the net ------------------------------------------------------------------------------------ */

static void complete_layers(gm_wave_net *net)
{
    memcpy(net->layer, shape, sizeof shape);
    for (int k = 1; k < GM_WAVE_NET_LAYERS; k++) {
        gm_wave_layer *l = &net->layer[k];
        const gm_wave_layer *from = &net->layer[l->from];
        l->n_in = from->n_out * (l->rate == GM_WAVE_HALVE ? 2 : 1);
        l->n_rows = l->n_out * (l->rate == GM_WAVE_DOUBLE ? 2 : 1);
        l->level = from->level + (l->rate == GM_WAVE_HALVE) - (l->rate == GM_WAVE_DOUBLE);
        size_t n = (size_t)l->n_rows * (size_t)l->n_in * (size_t)l->taps;
        l->own = net->n_weights;
        l->shared = l->own + n;
        l->bias = l->shared + (l->shares ? n : 0);
        net->n_weights = l->bias + (size_t)l->n_rows;
    }
}

gm_status gm_wave_net_create(gm_wave_net **out)
{
    *out = NULL;
    gm_wave_net *net = gm_calloc(1, sizeof *net);
    if (!net) return gm_fail(GM_ENOMEM, "no memory for a network");
    complete_layers(net);
    net->weights = gm_calloc(net->n_weights, sizeof *net->weights);
    if (!net->weights) {
        gm_status s = gm_fail(GM_ENOMEM, "no memory for %zu weights", net->n_weights);
        gm_free(net);
        return s;
    }
    *out = net;
    return GM_OK;
}

void gm_wave_net_destroy(gm_wave_net *net)
{
    if (!net) return;
    gm_free(net->weights);
    gm_free(net);
}

/* ---- room for a run ----------------------------------------------------------------------------- */

static size_t row_stride(size_t n)
{
    return (n + TILE - 1) / TILE * TILE + 2 * PAD;
}

size_t gm_wave_length(const gm_wave_net *net, const gm_wave_run *run, int layer)
{
    return run->n >> net->layer[layer].level;
}

float *gm_wave_row(const gm_wave_net *net, const gm_wave_run *run, int layer, int lead, int channel)
{
    size_t row = (size_t)lead * (size_t)net->layer[layer].n_out + (size_t)channel;
    return run->y[layer] + row * run->stride[layer] + PAD;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The last layer that reads layer k. */
static int last_reader(const gm_wave_net *net, int k)
{
    int last = k;
    for (int j = k + 1; j < GM_WAVE_NET_LAYERS; j++)
        if (net->layer[j].from == k || net->layer[j].skip == k) last = j;
    return k == 0 ? GM_WAVE_NET_LAYERS : last;
}

/* slot[k]: the block of layer k; size[slot] in floats. Returns the number of blocks. */
static int plan_blocks(const gm_wave_net *net, const gm_wave_run *run, bool keeps_all,
                       int slot[GM_WAVE_NET_LAYERS], size_t size[GM_WAVE_NET_LAYERS])
{
    int busy_until[GM_WAVE_NET_LAYERS], n = 0;
    for (int k = 0; k < GM_WAVE_NET_LAYERS; k++) {
        int b = 0;
        size_t rows = (size_t)run->n_leads * (size_t)net->layer[k].n_out;
        while (b < n && (keeps_all || busy_until[b] >= k))
            b++;
        if (b == n) size[n++] = 0;
        slot[k] = b;
        size[b] = larger(size[b], rows * run->stride[k]);
        busy_until[b] = last_reader(net, k);
    }
    return n;
}

gm_status gm_wave_run_create(gm_wave_run **out, const gm_wave_net *net, int n_leads, size_t n,
                             bool keeps_all)
{
    *out = NULL;
    gm_wave_run *run = gm_calloc(1, sizeof *run);
    if (!run) return gm_fail(GM_ENOMEM, "no memory for a network's run");
    run->n = n, run->n_leads = n_leads;
    size_t most = 0, size[GM_WAVE_NET_LAYERS];
    int slot[GM_WAVE_NET_LAYERS];
    for (int k = 0; k < GM_WAVE_NET_LAYERS; k++) {
        const gm_wave_layer *l = &net->layer[k];
        run->stride[k] = row_stride(n >> l->level);
        most = larger(most, run->stride[k] * larger((size_t)l->n_in, (size_t)l->n_rows));
    }
    bool complete = true;
    int n_blocks = plan_blocks(net, run, keeps_all, slot, size);
    for (int b = 0; b < n_blocks; b++)
        complete &= (run->block[b] = gm_calloc(size[b], sizeof(float))) != NULL;
    for (int k = 0; k < GM_WAVE_NET_LAYERS; k++)
        run->y[k] = run->block[slot[k]];
    run->halved = gm_calloc(most, sizeof *run->halved);
    run->mean = gm_calloc(most, sizeof *run->mean);
    run->common = gm_calloc(most, sizeof *run->common);
    run->rows = gm_calloc(most, sizeof *run->rows);
    if (!complete || !run->halved || !run->mean || !run->common || !run->rows) {
        gm_wave_run_destroy(run);
        return gm_fail(GM_ENOMEM, "no memory for a network over %zu samples of %d leads", n,
                       n_leads);
    }
    *out = run;
    return GM_OK;
}

void gm_wave_run_destroy(gm_wave_run *run)
{
    if (!run) return;
    for (int k = 0; k < GM_WAVE_NET_LAYERS; k++)
        gm_free(run->block[k]);
    gm_free(run->halved);
    gm_free(run->mean);
    gm_free(run->common);
    gm_free(run->rows);
    gm_free(run);
}

/* ---- layers ------------------------------------------------------------------------------------- */

/* Eight floats side by side; in memory they need no alignment. gcc and clang split them up where the
 * machine has no such registers. */
typedef float lanes __attribute__((vector_size(32)));
typedef float loose_lanes __attribute__((vector_size(32), aligned(4), may_alias));
enum { LANES = 8 };

/* Four rows of sixteen samples stay in registers while the inputs pass by. */
static void convolve_tile(float *restrict y, size_t y_stride, const float *restrict x,
                          size_t x_stride, const float *restrict w, size_t w_stride, int n_in,
                          int taps, int dilation)
{
    lanes s[4][2];
    for (size_t r = 0; r < 4; r++)
        for (size_t h = 0; h < 2; h++)
            s[r][h] = *(const loose_lanes *)(y + r * y_stride + h * LANES);
    ptrdiff_t first = -(ptrdiff_t)(taps / 2) * dilation;
    for (int i = 0; i < n_in; i++) {
        const float *from = x + (size_t)i * x_stride + first, *v = w + (size_t)i * (size_t)taps;
        for (int k = 0; k < taps; k++, from += dilation, v++) {
            const lanes a = *(const loose_lanes *)from;
            const lanes b = *(const loose_lanes *)(from + LANES);
            s[0][0] += v[0] * a, s[0][1] += v[0] * b;
            s[1][0] += v[w_stride] * a, s[1][1] += v[w_stride] * b;
            s[2][0] += v[2 * w_stride] * a, s[2][1] += v[2 * w_stride] * b;
            s[3][0] += v[3 * w_stride] * a, s[3][1] += v[3 * w_stride] * b;
        }
    }
    for (size_t r = 0; r < 4; r++)
        for (size_t h = 0; h < 2; h++)
            *(loose_lanes *)(y + r * y_stride + h * LANES) = s[r][h];
}

void gm_wave_convolve(float *y, size_t y_stride, const float *x, size_t x_stride, const float *w,
                      int n_rows, int n_in, int taps, int dilation, size_t n)
{
    size_t w_stride = (size_t)n_in * (size_t)taps;
    for (size_t t = 0; t < n; t += TILE)
        for (size_t r = 0; r < (size_t)n_rows; r += 4)
            convolve_tile(y + r * y_stride + t, y_stride, x + t, x_stride, w + r * w_stride,
                          w_stride, n_in, taps, dilation);
}

/* Another layer's rows may have been here. */
static void clear_ends(float *y, size_t n, size_t stride)
{
    memset(y - PAD, 0, PAD * sizeof *y);
    memset(y + n, 0, (stride - PAD - n) * sizeof *y);
}

const float *gm_wave_source(const gm_wave_net *net, gm_wave_run *run, int k, int lead,
                            size_t *stride)
{
    const gm_wave_layer *l = &net->layer[k];
    if (l->rate != GM_WAVE_HALVE) {
        *stride = run->stride[l->from];
        return gm_wave_row(net, run, l->from, lead, 0);
    }
    size_t n = run->n >> l->level;
    *stride = row_stride(n);
    for (int c = 0; c < l->n_in / 2; c++) {
        const float *x = gm_wave_row(net, run, l->from, lead, c);
        float *even = run->halved + (size_t)(2 * c) * *stride + PAD, *odd = even + *stride;
        for (size_t t = 0; t < n; t++)
            even[t] = x[2 * t], odd[t] = x[2 * t + 1];
        clear_ends(even, n, *stride);
        clear_ends(odd, n, *stride);
    }
    return run->halved + PAD;
}

/* Bias and what all leads share: the same for each of them, computed once. */
static void common_part(const gm_wave_net *net, gm_wave_run *run, int k, size_t n, size_t stride)
{
    const gm_wave_layer *l = &net->layer[k];
    for (int r = 0; r < l->n_rows; r++) {
        float *row = run->common + (size_t)r * stride + PAD, b = net->weights[l->bias + (size_t)r];
        for (size_t t = 0; t < stride - 2 * PAD; t++)
            row[t] = b;
    }
    if (!l->shares) return;
    size_t x_stride = 0;
    memset(run->mean, 0, (size_t)l->n_in * stride * sizeof *run->mean);
    for (int lead = 0; lead < run->n_leads; lead++) {
        const float *x = gm_wave_source(net, run, k, lead, &x_stride);
        for (int c = 0; c < l->n_in; c++)
            for (size_t t = 0; t < n; t++)
                run->mean[(size_t)c * stride + PAD + t] += x[(size_t)c * x_stride + t];
    }
    float part = 1 / (float)run->n_leads;
    for (size_t t = 0; t < (size_t)l->n_in * stride; t++)
        run->mean[t] *= part;
    gm_wave_convolve(run->common + PAD, stride, run->mean + PAD, stride, net->weights + l->shared,
                     l->n_rows, l->n_in, l->taps, l->dilation, n);
}

/* From the convolved rows to the layer's own: doubled, the skipped layer added, cut off at 0. */
static void finish(const gm_wave_net *net, const gm_wave_run *run, int k, int lead, size_t n,
                   size_t stride)
{
    const gm_wave_layer *l = &net->layer[k];
    for (int c = 0; c < l->n_out; c++) {
        float *y = gm_wave_row(net, run, k, lead, c);
        clear_ends(y, gm_wave_length(net, run, k), run->stride[k]);
        const float *a = run->rows + (size_t)c * stride + PAD;
        size_t length = n;
        if (l->rate == GM_WAVE_DOUBLE) {
            const float *even = run->rows + (size_t)(2 * c) * stride + PAD, *odd = even + stride;
            for (size_t t = 0; t < n; t++)
                y[2 * t] = even[t], y[2 * t + 1] = odd[t];
            a = y, length = 2 * n;
        }
        if (k == GM_WAVE_NET_LAYERS - 1) continue;
        const float *s = l->skip >= 0 ? gm_wave_row(net, run, l->skip, lead, c) : NULL;
        for (size_t t = 0; t < length; t++) {
            float v = s ? a[t] + s[t] : a[t];
            y[t] = v > 0 ? v : 0;
        }
    }
}

void gm_wave_net_forward(const gm_wave_net *net, gm_wave_run *run)
{
    for (int k = 1; k < GM_WAVE_NET_LAYERS; k++) {
        const gm_wave_layer *l = &net->layer[k];
        int level = l->level + (l->rate == GM_WAVE_DOUBLE); /* at which it is convolved */
        size_t n = run->n >> level, stride = row_stride(n), x_stride = 0;
        common_part(net, run, k, n, stride);
        for (int lead = 0; lead < run->n_leads; lead++) {
            const float *x = gm_wave_source(net, run, k, lead, &x_stride);
            memcpy(run->rows, run->common, (size_t)l->n_rows * stride * sizeof *run->rows);
            gm_wave_convolve(run->rows + PAD, stride, x, x_stride, net->weights + l->own, l->n_rows,
                             l->n_in, l->taps, l->dilation, n);
            finish(net, run, k, lead, n, stride);
        }
    }
}
