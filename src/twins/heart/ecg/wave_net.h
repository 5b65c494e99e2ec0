/* wave_net.h - a small convolutional network that says for every moment of every lead how likely it
 * belongs to a P wave, a QRS complex, a T wave or none of them.
 *
 * A U-shaped network over time at 250 Hz (Ronneberger, Fischer, Brox 2015, "U-Net"; for ECG Moskalenko
 * et al. 2020, doi:10.1007/978-3-030-30425-6_29): coarser levels see some seconds of context, finer ones
 * place the bounds. Each layer is
 *     y = relu(W x + V mean(x) + b + s)
 * with x of this lead, mean(x) over the leads of the record ("deep sets", Zaheer et al. 2017: any
 * number of leads in any order) and s a finer layer of the same size. Halving the rate puts even and
 * odd samples side by side as channels, doubling takes them apart again.
 *
 * The weights in use were learnt from LUDB by bench/train_wave_net.c, see docs/models/ecg_waves.md.
 * float: the network is most of the time of a delineation, and half the bytes are twice the lanes.
 * A net is immutable; any thread may use it, each with a run of its own.
 */
#ifndef GM_HEART_ECG_WAVE_NET_H
#define GM_HEART_ECG_WAVE_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

enum {
    GM_WAVE_NET_STEP_MS = 4,  /* between samples */
    GM_WAVE_NET_INPUTS = 2,   /* rows a lead, see wave_signal.h */
    GM_WAVE_NET_CLASSES = 4,  /* P, QRS, T as in gm_ecg_wave, then none */
    GM_WAVE_NET_MULTIPLE = 16 /* a length is a multiple of this many samples */
};

typedef enum { GM_WAVE_SAME, GM_WAVE_HALVE, GM_WAVE_DOUBLE } gm_wave_rate;

typedef struct {
    int from;           /* layer that is x; layer 0 is the input */
    int skip;           /* layer that is s, -1: none */
    gm_wave_rate rate;  /* of y, against x */
    int n_out;          /* channels of y */
    int taps, dilation; /* odd; samples between taps */
    bool shares;        /* has V */
    /* Made from the above: */
    int n_in, n_rows;         /* channels convolved from (2 a channel of x if halved) and to */
    int level;                /* rate of y: 250 Hz / 2^level */
    size_t own, shared, bias; /* places among the weights: [n_rows][n_in][taps] twice, [n_rows] */
} gm_wave_layer;

enum { GM_WAVE_NET_LAYERS = 21, GM_WAVE_NET_PAD = 16 };

typedef struct {
    gm_wave_layer layer[GM_WAVE_NET_LAYERS];
    size_t n_weights;
    float *weights; /* [n_weights] */
} gm_wave_net;

/* The layers, weights 0. */
gm_status gm_wave_net_create(gm_wave_net **out);
/* bytes as gm_wave_net_pack() made them: GM_EFORMAT if not. */
gm_status gm_wave_net_unpack(gm_wave_net **out, const void *bytes, size_t length);
gm_status gm_wave_net_pack(const gm_wave_net *net, char **bytes, size_t *length);
gm_status gm_wave_net_builtin(gm_wave_net **out);
void gm_wave_net_destroy(gm_wave_net *net); /* NULL is allowed */

/* All activations of one stretch of one record. Rows have GM_WAVE_NET_PAD zeros at both ends. */
typedef struct {
    size_t n; /* samples at 250 Hz */
    int n_leads;
    float *block[GM_WAVE_NET_LAYERS];  /* owned; NULL beyond the last in use */
    float *y[GM_WAVE_NET_LAYERS];      /* [n_leads][n_out][stride], each in a block */
    size_t stride[GM_WAVE_NET_LAYERS]; /* floats a row */
    float *halved;                     /* [n_in][...] one lead's input of a halving layer */
    float *mean, *common, *rows;       /* scratch of one layer */
} gm_wave_run;

/* keeps_all: every layer stays, as learning needs it; else a layer's memory is used again when no
 * later one reads it. The input stays in both. */
gm_status gm_wave_run_create(gm_wave_run **out, const gm_wave_net *net, int n_leads, size_t n,
                             bool keeps_all);
void gm_wave_run_destroy(gm_wave_run *run); /* NULL is allowed */

/* Where sample 0 of the row of a layer's channel stands; input: layer 0. */
float *gm_wave_row(const gm_wave_net *net, const gm_wave_run *run, int layer, int lead,
                   int channel);

/* From layer 0 to the last. */
void gm_wave_net_forward(const gm_wave_net *net, gm_wave_run *run);

/* ---- parts, for the program that trains ---- */

/* y[n_rows][stride] += w x over n samples; x, y stand at sample 0 of padded rows. n_rows % 4 == 0;
 * may write up to 15 floats past n. */
void gm_wave_convolve(float *y, size_t y_stride, const float *x, size_t x_stride, const float *w,
                      int n_rows, int n_in, int taps, int dilation, size_t n);
/* The rows that layer k of a lead is convolved from, halved if need be; valid until the next call. */
const float *gm_wave_source(const gm_wave_net *net, gm_wave_run *run, int k, int lead,
                            size_t *stride);
size_t gm_wave_length(const gm_wave_net *net, const gm_wave_run *run, int layer);

#endif
