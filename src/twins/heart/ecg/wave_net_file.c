/* The weights as bytes: 16 bits each, a scale for each tensor. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/wave_net.h"

extern const char gm_wave_net_weights[];
extern const size_t gm_wave_net_weights_size;

static const char MAGIC[8] = "GMWAVE1";
enum { MOST = 32767 };

typedef struct {
    size_t first, n;
} tensor;

/* The tensors of the net in the order of the file; returns how many. */
static size_t tensors_of(const gm_wave_net *net, tensor out[3 * GM_WAVE_NET_LAYERS])
{
    size_t n = 0;
    for (int k = 1; k < GM_WAVE_NET_LAYERS; k++) {
        const gm_wave_layer *l = &net->layer[k];
        out[n++] = (tensor){l->own, l->shared - l->own};
        if (l->shares) out[n++] = (tensor){l->shared, l->bias - l->shared};
        out[n++] = (tensor){l->bias, (size_t)l->n_rows};
    }
    return n;
}

static size_t bytes_of(const tensor *t, size_t n_tensors)
{
    size_t bytes = sizeof MAGIC;
    for (size_t k = 0; k < n_tensors; k++)
        bytes += 4 + 2 * t[k].n;
    return bytes;
}

static void put_u32(unsigned char *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(v >> (8 * i));
}

gm_status gm_wave_net_pack(const gm_wave_net *net, char **bytes, size_t *length)
{
    tensor t[3 * GM_WAVE_NET_LAYERS];
    size_t n = tensors_of(net, t);
    *length = bytes_of(t, n);
    *bytes = gm_calloc(*length, 1);
    if (!*bytes) return gm_fail(GM_ENOMEM, "no memory for %zu bytes of weights", *length);
    unsigned char *to = (unsigned char *)*bytes;
    memcpy(to, MAGIC, sizeof MAGIC);
    to += sizeof MAGIC;
    for (size_t k = 0; k < n; k++) {
        const float *w = net->weights + t[k].first;
        float most = 1e-12F;
        for (size_t i = 0; i < t[k].n; i++)
            most = fmaxf(most, fabsf(w[i]));
        float step = most / MOST;
        uint32_t bits;
        memcpy(&bits, &step, sizeof bits);
        put_u32(to, bits);
        to += 4;
        for (size_t i = 0; i < t[k].n; i++, to += 2) {
            uint16_t v = (uint16_t)(int16_t)lrintf(w[i] / step);
            to[0] = (unsigned char)(v & 255), to[1] = (unsigned char)(v >> 8);
        }
    }
    return GM_OK;
}

static gm_status fill(gm_wave_net *net, const unsigned char *from, size_t length)
{
    tensor t[3 * GM_WAVE_NET_LAYERS];
    size_t n = tensors_of(net, t), wanted = bytes_of(t, n);
    if (length != wanted || memcmp(from, MAGIC, sizeof MAGIC) != 0)
        return gm_fail(GM_EFORMAT,
                       "weights of %zu bytes: not those of this network (%zu bytes that begin "
                       "with %s)",
                       length, wanted, MAGIC);
    from += sizeof MAGIC;
    for (size_t k = 0; k < n; k++) {
        uint32_t bits = 0;
        float step;
        for (int i = 0; i < 4; i++)
            bits |= (uint32_t)from[i] << (8 * i);
        memcpy(&step, &bits, sizeof step);
        if (!isfinite(step)) return gm_fail(GM_EFORMAT, "weights: a scale is not a number");
        from += 4;
        for (size_t i = 0; i < t[k].n; i++, from += 2)
            net->weights[t[k].first + i] = step * (float)(int16_t)(from[0] | from[1] << 8);
    }
    return GM_OK;
}

gm_status gm_wave_net_unpack(gm_wave_net **out, const void *bytes, size_t length)
{
    GM_TRY(gm_wave_net_create(out));
    gm_status s = fill(*out, bytes, length);
    if (s == GM_OK) return GM_OK;
    gm_wave_net_destroy(*out);
    *out = NULL;
    return s;
}

gm_status gm_wave_net_builtin(gm_wave_net **out)
{
    return gm_wave_net_unpack(out, gm_wave_net_weights, gm_wave_net_weights_size);
}
