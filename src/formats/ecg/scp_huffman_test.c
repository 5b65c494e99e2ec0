#include "ecg/scp_huffman.h"

#include "ecg/scp_encode_for_tests.h"
#include "testing/gm_test.h"

/* EN 1064 C.3.7.5, as PixelMed's HuffmanDecoder quotes it with two corrections of its bytes: 28 samples,
 * second differences. */
static void the_worked_example_of_the_standard_is_decoded(void)
{
    static const unsigned char bytes[] = {0xFF, 0x83, 0x7F, 0xE0, 0xE6, 0xF1, 0x53, 0x65,
                                          0x59, 0xB6, 0x5B, 0x96, 0x4B, 0x96, 0x00};
    static const int16_t expected[28] = {13, 14, 15, 14, 16, 18, 19, 20, 22, 22, 23, 23, 23, 22,
                                         22, 20, 17, 15, 12, 8,  6,  3,  1,  0,  -2, -2, -3, -3};
    gm_scp_huffman *h;
    int16_t d[28] = {0}, x[28];
    size_t n = 0;
    EXPECT(gm_scp_huffman_read(&h, (const unsigned char *)"\x1F\x4E", 2) == GM_OK);
    EXPECT(gm_scp_huffman_decode(h, bytes, sizeof bytes, 28, d, &n) == GM_OK && n == 28);
    for (int i = 0; i < 28; i++)
        x[i] = (int16_t)(i < 2 ? d[i] : d[i] + 2 * x[i - 1] - x[i - 2]);
    EXPECT(memcmp(x, expected, sizeof x) == 0);
    gm_scp_huffman_destroy(h);
    /* and the encoder of these tests writes the same bytes */
    scp_sample s = {.coding = SCP_DEFAULT, .differences = 2};
    gm_text t = {0};
    scp_lead_bytes(&t, &s, expected, 28);
    EXPECT(t.length == 16 && memcmp(t.data, bytes, sizeof bytes) == 0);
    gm_text_free(&t);
}

static void the_default_table_is_a_complete_prefix_code(void)
{
    double kraft = 0;
    int seen[17] = {0};
    for (int i = 0; i < GM_SCP_N_DEFAULT_CODES; i++) {
        const gm_scp_code *a = &gm_scp_default_codes[i];
        kraft += ldexp(1, -a->prefix_bits);
        EXPECT(a->prefix < 1u << a->prefix_bits && !a->switches);
        if (a->code_bits == a->prefix_bits) seen[a->value + 8]++;
        for (int k = 0; k < i; k++) { /* the bit that comes first is the lowest */
            const gm_scp_code *b = &gm_scp_default_codes[k];
            int bits = a->prefix_bits < b->prefix_bits ? a->prefix_bits : b->prefix_bits;
            EXPECT(((a->prefix ^ b->prefix) & ((1u << bits) - 1)) != 0);
        }
    }
    EXPECT(kraft == 1);
    for (int v = -8; v <= 8; v++)
        EXPECT(seen[v + 8] == 1);
    EXPECT(gm_scp_default_codes[17].code_bits == 18 && gm_scp_default_codes[18].code_bits == 26);
}

static gm_scp_huffman *tables_of(const scp_sample *d)
{
    gm_text t = {0};
    gm_scp_huffman *h = NULL;
    scp_huffman_section(&t, d);
    EXPECT(gm_scp_huffman_read(&h, (const unsigned char *)t.data, t.length) == GM_OK && h);
    gm_text_free(&t);
    return h;
}

/* In an order that switches between the tables of SCP_CUSTOM at nearly every value. */
static void every_value_of_16_bits_comes_back(void)
{
    enum { N = 65536 };
    static int16_t values[N], back[N + 8];
    for (int i = 0; i < N; i++)
        values[i] = (int16_t)(uint16_t)(i * 40503u);
    for (int coding = SCP_DEFAULT; coding <= SCP_CUSTOM; coding++) {
        scp_sample d = {.coding = (scp_coding)coding};
        gm_scp_huffman *h = tables_of(&d);
        gm_text t = {0};
        size_t n = 0;
        scp_lead_bytes(&t, &d, values, N);
        const unsigned char *bytes = (const unsigned char *)t.data;
        EXPECT(h && gm_scp_huffman_decode(h, bytes, t.length, N, back, &n) == GM_OK && n == N);
        EXPECT(memcmp(back, values, sizeof values) == 0);
        /* cut off within: what is whole comes back, and nothing else */
        EXPECT(h && gm_scp_huffman_decode(h, bytes, t.length / 2, N, back, &n) == GM_OK && n < N);
        EXPECT(n > N / 4 && memcmp(back, values, n * sizeof *values) == 0);
        gm_scp_huffman_destroy(h);
        gm_text_free(&t);
    }
}

static void bits_that_are_no_code_are_refused(void)
{
    scp_sample d = {.coding = SCP_CUSTOM};
    gm_scp_huffman *h;
    int16_t values[16];
    size_t n;
    /* One table of one code, "1" for 5. */
    static const unsigned char one[] = {1, 0, 1, 0, 1, 1, 1, 5, 0, 1, 0, 0, 0};
    EXPECT(gm_scp_huffman_read(&h, one, sizeof one) == GM_OK);
    EXPECT(gm_scp_huffman_decode(h, (const unsigned char *)"\xFF\xF7", 2, 12, values, &n) == GM_OK);
    EXPECT(n == 12 && values[0] == 5 && values[11] == 5);
    EXPECT(gm_scp_huffman_decode(h, (const unsigned char *)"\xFF\xF7", 2, 13, values, &n) ==
           GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "byte 1: bits that are no code");
    gm_scp_huffman_destroy(h);
    EXPECT(gm_scp_huffman_read(&h, (const unsigned char *)"\0\0", 2) == GM_OK &&
           !h); /* not coded */
    EXPECT(gm_scp_huffman_read(&h, one, 1) == GM_EFORMAT && !h);
    h = tables_of(&d);
    EXPECT(gm_scp_huffman_decode(h, NULL, 0, 4, values, &n) == GM_OK && n == 0);
    gm_scp_huffman_destroy(h);
}

int main(int argc, char **argv)
{
    RUN(the_worked_example_of_the_standard_is_decoded);
    RUN(the_default_table_is_a_complete_prefix_code);
    RUN(every_value_of_16_bits_comes_back);
    RUN(bits_that_are_no_code_are_refused);
    return gm_report();
}
