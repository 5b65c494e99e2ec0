/* The signal formats against encoders written from signal(5) alone: words and bits, not the
 * decoder's arithmetic turned round. */
#include "ecg/wfdb_format.h"

#include "ecg/wfdb_memory.h"
#include "testing/gm_test.h"

enum { N = 1001, N_BYTES = 4 * N + 8 };

/* Sets n_bits of value in a string of bits in which bit k of byte b is number 8 b + k. */
static void put_bits(unsigned char *bytes, size_t at, int n_bits, long value)
{
    for (int k = 0; k < n_bits; k++, at++)
        if (value >> k & 1) bytes[at / 8] |= (unsigned char)(1 << at % 8);
}

/* "Bits" of 310: words of 16; sample 0 in bits 1..10 of the first, 1 in those of the second, the low
 * half of sample 2 in bits 11..15 of the first and its high half in those of the second. */
static void put_310(unsigned char *bytes, size_t i, long v)
{
    size_t block = i / 3 * 32;
    if (i % 3 < 2) {
        put_bits(bytes, block + 16 * (i % 3) + 1, 10, v);
        return;
    }
    put_bits(bytes, block + 11, 5, v & 31);
    put_bits(bytes, block + 27, 5, v >> 5 & 31);
}

/* 212: 12 bits of the first word, then its upper 4 as the high bits of the second sample, whose low 8
 * are the third byte. */
static void put_212(unsigned char *bytes, size_t i, long v)
{
    size_t block = i / 2 * 24;
    if (i % 2 == 0) {
        put_bits(bytes, block, 12, v);
        return;
    }
    put_bits(bytes, block + 12, 4, v >> 8 & 15);
    put_bits(bytes, block + 16, 8, v & 255);
}

/* The bytes of n samples in a format; returns how many. */
static size_t encode(unsigned char *bytes, int format, const long *v, size_t n)
{
    memset(bytes, 0, N_BYTES);
    for (size_t i = 0; i < n; i++) {
        switch (format) {
        case 8: bytes[i] = (unsigned char)(v[i] - (i ? v[i - 1] : 0)); break;
        case 24: put_bits(bytes, 24 * i, 24, v[i]); break;
        case 32: put_bits(bytes, 32 * i, 32, v[i]); break;
        case 61:
            put_bits(bytes, 16 * i + 8, 8, v[i] & 255);
            put_bits(bytes, 16 * i, 8, v[i] >> 8 & 255);
            break;
        case 80: put_bits(bytes, 8 * i, 8, v[i] + 128); break;
        case 160: put_bits(bytes, 16 * i, 16, v[i] + 32768); break;
        case 212: put_212(bytes, i, v[i]); break;
        case 310: put_310(bytes, i, v[i]); break;
        case 311: put_bits(bytes, i / 3 * 32 + 10 * (i % 3), 10, v[i]); break;
        default: put_bits(bytes, 16 * i, 16, v[i]); break;
        }
    }
    static const int bits[][2] = {{8, 8}, {80, 8}, {24, 24}, {32, 32}, {212, 12}};
    for (size_t k = 0; k < sizeof bits / sizeof *bits; k++)
        if (bits[k][0] == format) return (n * (size_t)bits[k][1] + 7) / 8;
    if (format == 310) return n / 3 * 4 + (n % 3 == 2 ? 4 : n % 3 == 1 ? 2 : 0);
    if (format == 311) return n / 3 * 4 + (n % 3 ? n % 3 + 1 : 0);
    return 2 * n;
}

static unsigned long long state = 88172645463325252ULL;

static long random_below(long n)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (long)(state % (unsigned long long)n);
}

static const struct {
    int format;
    long lowest; /* marks a gap */
} formats[] = {{16, -32768}, {61, -32768}, {160, -32768}, {24, -8388608}, {32, -2147483648},
               {80, -128},   {212, -2048}, {310, -512},   {311, -512}};

static void whatever_is_encoded_is_decoded(void)
{
    static unsigned char bytes[N_BYTES];
    static long v[N];
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        size_t wrong = 0;
        for (size_t i = 0; i < N; i++)
            v[i] = formats[f].lowest + random_below(-2 * formats[f].lowest);
        v[3] = formats[f].lowest;
        v[4] = -formats[f].lowest - 1;
        v[5] = 0;
        v[6] = -1;
        for (size_t n = N - 6; n <= N; n++) {
            size_t length = encode(bytes, formats[f].format, v, n);
            /* a block of 310 begun with two samples is full: the file seems to have a third */
            size_t spare = formats[f].format == 310 && n % 3 == 2;
            EXPECT(gm_wfdb_samples_in(formats[f].format, length) == n + spare);
            EXPECT(gm_wfdb_samples_in(formats[f].format, length - 1) < n);
        }
        for (size_t i = 0; i < N; i++) {
            bool missing;
            wrong += gm_wfdb_sample(formats[f].format, bytes, i, &missing) != v[i];
            wrong += missing != (v[i] == formats[f].lowest);
        }
        EXPECT(wrong == 0);
        if (wrong) printf("  format %d: %zu wrong\n", formats[f].format, wrong);
    }
}

static void what_is_put_is_what_is_read(void)
{
    static const int written[] = {16, 24, 32};
    for (size_t f = 0; f < 3; f++) {
        unsigned char bytes[3 * 4];
        int32_t lowest = gm_wfdb_missing(written[f]),
                v[] = {lowest, -lowest - 1 > 0 ? 1234 : 1, -2};
        for (size_t i = 0; i < 3; i++)
            gm_wfdb_put(written[f], bytes, i, v[i]);
        for (size_t i = 0; i < 3; i++) {
            bool missing;
            EXPECT(gm_wfdb_sample(written[f], bytes, i, &missing) == v[i]);
            EXPECT(missing == (i == 0));
        }
    }
}

/* Two signals share a file of first differences; each continues from its own last sample, and its
 * first count is the header's. The largest step is what 8 bits hold. */
static void first_differences_add_up_per_signal(void)
{
    static const char header[] = "m 2 250 4\nm.dat 8x2 200 12 0 1000 8015 0 I\n"
                                 "m.dat 8 200 12 7\n";
    static const unsigned char bytes[] = {0, 1, 0x7F, 0x80, 0xFF, 0x80, 100, 0x7F, 1, 0, 0, 0};
    const gm_wfdb_memory_file files[] = {{"m.hea", header, strlen(header)},
                                         {NULL, bytes, sizeof bytes}};
    static const int32_t fast[] = {1000, 1001, 873, 872, 972, 1099, 1099, 1099};
    static const int32_t slow[] = {134, 6, 7, 7}; /* from the ADC zero, 7 */
    gm_ecg *e;
    EXPECT(gm_wfdb_memory_read(&e, files, 2, 0) == GM_OK);
    if (!e) return;
    EXPECT(memcmp(e->channels[0].counts, fast, sizeof fast) == 0);
    EXPECT(e->n_others == 1 && memcmp(e->others[0]->channels[0].counts, slow, sizeof slow) == 0);
    EXPECT(e->n_notes == 0); /* the checksum is of the counts: 8015 */
    gm_ecg_destroy(e);
}

static void differences_beyond_32_bits_are_refused(void)
{
    static const char header[] = "m 1 250 2\nm.dat 8 200 12 0 2147483647 0 0 I\n";
    const gm_wfdb_memory_file files[] = {{"m.hea", header, strlen(header)}, {NULL, "\0\1", 2}};
    gm_ecg *e;
    EXPECT(gm_wfdb_memory_read(&e, files, 2, 0) == GM_EFORMAT && !e);
    EXPECT_CONTAINS(gm_error_text(), "add up to more than 32 bits hold");
}

/* Format 0: a signal that was not recorded. */
static void a_signal_without_a_file_is_missing_throughout(void)
{
    static const char header[] = "m 2 250 2\nm.dat 16 200 16 0 1 3 0 I\n~ 0 200 16 0 0 0 0 II\n";
    const gm_wfdb_memory_file files[] = {{"m.hea", header, strlen(header)}, {NULL, "\1\0\2\0", 4}};
    gm_ecg *e;
    EXPECT(gm_wfdb_memory_read(&e, files, 2, 0) == GM_OK);
    if (!e) return;
    EXPECT(e->n_channels == 2 && e->channels[0].counts[1] == 2 && e->channels[1].lead == 1);
    EXPECT(e->channels[1].counts[0] == GM_ECG_MISSING_COUNT);
    EXPECT(e->n_notes == 1);
    EXPECT_CONTAINS(e->notes[0], "channel II: 2 of 2 samples are missing");
    gm_ecg_destroy(e);
}

int main(int argc, char **argv)
{
    RUN(whatever_is_encoded_is_decoded);
    RUN(what_is_put_is_what_is_read);
    RUN(first_differences_add_up_per_signal);
    RUN(differences_beyond_32_bits_are_refused);
    RUN(a_signal_without_a_file_is_missing_throughout);
    return gm_report();
}
