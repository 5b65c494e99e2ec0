#include "ecg/wfdb_format.h"

bool gm_wfdb_format_is_known(int format)
{
    static const int known[] = {0, 8, 16, 24, 32, 61, 80, 160, 212, 310, 311};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (format == known[i]) return true;
    return false;
}

size_t gm_wfdb_samples_in(int format, size_t n_bytes)
{
    size_t rest;
    switch (format) {
    case 0: return 0;
    case 8:
    case 80: return n_bytes;
    case 212: return n_bytes / 3 * 2 + (n_bytes % 3 == 2);
    case 24: return n_bytes / 3;
    case 32: return n_bytes / 4;
    case 310: return n_bytes / 4 * 3 + (n_bytes % 4 >= 2);
    case 311: /* the last samples need only the bytes that their own bits are in */
        rest = n_bytes % 4;
        return n_bytes / 4 * 3 + (rest ? rest - 1 : 0);
    default: return n_bytes / 2;
    }
}

static unsigned word(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

/* The lowest n_bits of v as two's complement. */
static int32_t extended(uint32_t v, int n_bits)
{
    uint32_t sign = (uint32_t)1 << (n_bits - 1);
    v &= (sign << 1) - 1;
    return (int32_t)((int64_t)(v ^ sign) - (int64_t)sign);
}

/* Two words: 11 bits of each hold a sample above an unused bit, the upper 5 of both the third. */
static int32_t sample_310(const unsigned char *four, size_t k)
{
    if (k < 2) return extended(word(four + 2 * k) >> 1, 10);
    return extended(word(four) >> 11 | word(four + 2) >> 11 << 5, 10);
}

/* 32 bits, low byte first: three times 10 bits from the lowest on. */
static int32_t sample_311(const unsigned char *four, size_t k)
{
    return extended(word(four + k) >> 2 * k, 10);
}

static int32_t sample_212(const unsigned char *three, size_t k)
{
    unsigned high = k ? three[1] & 0xF0U : three[1] & 0x0FU;
    return extended(k ? three[2] | high << 4 : three[0] | high << 8, 12);
}

static int32_t sample_32(const unsigned char *p)
{
    return (int32_t)(word(p) | (uint32_t)word(p + 2) << 16);
}

int32_t gm_wfdb_sample(int format, const unsigned char *p, size_t i, bool *missing)
{
    int32_t v;
    *missing = false;
    switch (format) {
    case 8: return extended(p[i], 8);
    case 24: v = extended(word(p + 3 * i) | (uint32_t)p[3 * i + 2] << 16, 24); break;
    case 32: v = sample_32(p + 4 * i); break;
    case 61: v = extended((unsigned)p[2 * i] << 8 | p[2 * i + 1], 16); break;
    case 80: v = p[i] - 128; break;
    case 160: v = (int32_t)word(p + 2 * i) - 32768; break;
    case 212: v = sample_212(p + i / 2 * 3, i % 2); break;
    case 310: v = sample_310(p + i / 3 * 4, i % 3); break;
    case 311: v = sample_311(p + i / 3 * 4, i % 3); break;
    default: v = extended(word(p + 2 * i), 16); break;
    }
    *missing = v == gm_wfdb_missing(format);
    return v;
}

int32_t gm_wfdb_missing(int format)
{
    switch (format) {
    case 24: return -0x800000;
    case 32: return INT32_MIN;
    case 80: return -128;
    case 212: return -2048;
    case 310:
    case 311: return -512;
    default: return INT16_MIN;
    }
}

void gm_wfdb_put(int format, unsigned char *p, size_t i, int32_t count)
{
    size_t n = (size_t)format / 8;
    for (size_t k = 0; k < n; k++)
        p[n * i + k] = (unsigned char)((uint32_t)count >> 8 * k);
}
