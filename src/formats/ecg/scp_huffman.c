#include "ecg/scp_huffman.h"

#include "core/alloc.h"

enum { CODE_BYTES = 9, MOST_PREFIX_BITS = 32, MOST_FURTHER_BITS = 16 };

/* The default table, number 19999: EN 1064 C.3.7.4, as the public readers PixelMed (which names its source,
 * prEN 1064:2002 C.2.7.4) and BioSig have it; both agree. The standard's worked example is in scp_test.c. */
const gm_scp_code gm_scp_default_codes[GM_SCP_N_DEFAULT_CODES] = {
    {1, 1, false, 0, 0},      {3, 3, false, 1, 1},      {3, 3, false, -1, 5},
    {4, 4, false, 2, 3},      {4, 4, false, -2, 11},    {5, 5, false, 3, 7},
    {5, 5, false, -3, 23},    {6, 6, false, 4, 15},     {6, 6, false, -4, 47},
    {7, 7, false, 5, 31},     {7, 7, false, -5, 95},    {8, 8, false, 6, 63},
    {8, 8, false, -6, 191},   {9, 9, false, 7, 127},    {9, 9, false, -7, 383},
    {10, 10, false, 8, 255},  {10, 10, false, -8, 767}, {10, 18, false, 0, 511},
    {10, 26, false, 0, 1023},
};

/* children: of a node, [0] and [1]. 0: none; > 0: a node; < 0: code number -child - 1. */
struct gm_scp_huffman {
    int32_t (*nodes)[2];
    size_t n_nodes, room;
    gm_scp_code *codes;
    size_t n_codes;
    int32_t *roots; /* [n_tables] */
    size_t n_tables;
};

static gm_status add_node(gm_scp_huffman *h, int32_t *node)
{
    if (h->n_nodes == h->room) {
        size_t room = h->room ? 2 * h->room : 64;
        int32_t(*more)[2] = gm_realloc(h->nodes, room, sizeof *more);
        if (!more) return gm_fail(GM_ENOMEM, "section 2: no memory for a table");
        h->nodes = more;
        h->room = room;
    }
    *node = (int32_t)h->n_nodes++;
    h->nodes[*node][0] = h->nodes[*node][1] = 0;
    return GM_OK;
}

static gm_status check_code(const gm_scp_code *c, size_t table, size_t number, size_t n_tables)
{
    if (c->prefix_bits < 1 || c->prefix_bits > MOST_PREFIX_BITS || c->code_bits < c->prefix_bits ||
        c->code_bits > c->prefix_bits + MOST_FURTHER_BITS)
        return gm_fail(
            GM_EFORMAT,
            "section 2: table %zu, code %zu: a prefix of %d bits in a code of %d: expected "
            "1 to 32 and up to 16 more",
            table, number, c->prefix_bits, c->code_bits);
    if (c->switches && (c->value < 1 || (size_t)c->value > n_tables))
        return gm_fail(GM_EFORMAT, "section 2: table %zu, code %zu: switches to table %d of %zu",
                       table, number, c->value, n_tables);
    return GM_OK;
}

/* Adds h->codes[index] to the tree below root. */
static gm_status plant(gm_scp_huffman *h, int32_t root, size_t index, size_t table)
{
    const gm_scp_code *c = &h->codes[index];
    int32_t node = root;
    for (int bit = 0; bit < c->prefix_bits; bit++) {
        int side = c->prefix >> bit & 1;
        int32_t child = h->nodes[node][side];
        bool last = bit == c->prefix_bits - 1;
        if (child < 0 || (last && child))
            return gm_fail(GM_EFORMAT, "section 2: table %zu: one prefix begins with another",
                           table);
        if (last) {
            h->nodes[node][side] = -(int32_t)index - 1;
        } else if (!child) {
            GM_TRY(add_node(h, &child));
            h->nodes[node][side] = child;
        }
        node = child;
    }
    return GM_OK;
}

static gm_status add_table(gm_scp_huffman *h, size_t first, size_t n, size_t table)
{
    GM_TRY(add_node(h, &h->roots[table - 1]));
    for (size_t i = 0; i < n; i++) {
        GM_TRY(check_code(&h->codes[first + i], table, i + 1, h->n_tables));
        GM_TRY(plant(h, h->roots[table - 1], first + i, table));
    }
    return GM_OK;
}

static gm_status make(gm_scp_huffman **out, size_t n_tables, size_t n_codes)
{
    gm_scp_huffman *h = gm_calloc(1, sizeof *h);
    if (h) {
        h->n_tables = n_tables;
        h->n_codes = n_codes;
        h->roots = gm_calloc(n_tables, sizeof *h->roots);
        h->codes = gm_calloc(n_codes, sizeof *h->codes);
    }
    if (h && h->roots && h->codes) {
        *out = h;
        return GM_OK;
    }
    gm_scp_huffman_destroy(h);
    return gm_fail(GM_ENOMEM, "section 2: no memory for %zu codes", n_codes);
}

static gm_status fill_default(gm_scp_huffman *h)
{
    for (size_t i = 0; i < GM_SCP_N_DEFAULT_CODES; i++)
        h->codes[i] = gm_scp_default_codes[i];
    return add_table(h, 0, GM_SCP_N_DEFAULT_CODES, 1);
}

static unsigned u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static gm_scp_code code_at(const unsigned char *p)
{
    return (gm_scp_code){.prefix_bits = p[0],
                         .code_bits = p[1],
                         .switches = p[2] == 0,
                         .value = (int16_t)u16(p + 3),
                         .prefix = u16(p + 5) | (uint32_t)u16(p + 7) << 16};
}

/* Number of codes of all tables; that every table lies within the section. */
static gm_status count_codes(const unsigned char *data, size_t length, size_t n_tables,
                             size_t *n_codes)
{
    size_t at = 2;
    *n_codes = 0;
    for (size_t t = 1; t <= n_tables; t++) {
        size_t n = length - at >= 2 ? u16(data + at) : 0;
        if (n == 0 || (length - at - 2) / CODE_BYTES < n)
            return gm_fail(GM_EFORMAT,
                           "section 2: table %zu of %zu: %zu codes in %zu bytes of %d each", t,
                           n_tables, n, length - at, CODE_BYTES);
        at += 2 + n * CODE_BYTES;
        *n_codes += n;
    }
    return GM_OK;
}

static gm_status fill_tables(gm_scp_huffman *h, const unsigned char *data)
{
    size_t at = 2, first = 0;
    for (size_t t = 1; t <= h->n_tables; t++) {
        size_t n = u16(data + at);
        for (size_t i = 0; i < n; i++)
            h->codes[first + i] = code_at(data + at + 2 + i * CODE_BYTES);
        GM_TRY(add_table(h, first, n, t));
        at += 2 + n * CODE_BYTES;
        first += n;
    }
    return GM_OK;
}

gm_status gm_scp_huffman_read(gm_scp_huffman **out, const unsigned char *data, size_t length)
{
    *out = NULL;
    if (length < 2) return gm_fail(GM_EFORMAT, "section 2: %zu bytes, expected 2 or more", length);
    size_t n_tables = u16(data), n_codes = GM_SCP_N_DEFAULT_CODES;
    if (n_tables == 0) return GM_OK;
    bool is_default =
        n_tables == GM_SCP_DEFAULT_TABLE; /* some files list it after the number as well */
    if (is_default)
        n_tables = 1;
    else
        GM_TRY(count_codes(data, length, n_tables, &n_codes));
    gm_scp_huffman *h = NULL;
    GM_TRY(make(&h, n_tables, n_codes));
    gm_status s = is_default ? fill_default(h) : fill_tables(h, data);
    if (s != GM_OK) {
        gm_scp_huffman_destroy(h);
        return s;
    }
    *out = h;
    return GM_OK;
}

void gm_scp_huffman_destroy(gm_scp_huffman *h)
{
    if (!h) return;
    gm_free(h->nodes);
    gm_free(h->codes);
    gm_free(h->roots);
    gm_free(h);
}

typedef struct {
    const unsigned char *bytes;
    size_t at, end; /* in bits */
} bit_reader;

static int next_bit(bit_reader *r)
{
    int bit = r->bytes[r->at / 8] >> (7 - r->at % 8) & 1;
    r->at++;
    return bit;
}

/* n bits, highest first, in two's complement; n bits must be left. */
static int signed_bits(bit_reader *r, int n)
{
    int value = n && next_bit(r) ? -1 : 0;
    for (int i = 1; i < n; i++)
        value = 2 * value + next_bit(r);
    return value;
}

/* The next code below `root`; NULL: the bits end within it (*broken: they are none). */
static const gm_scp_code *next_code(const gm_scp_huffman *h, bit_reader *r, int32_t root,
                                    bool *broken)
{
    int32_t node = root;
    while (r->at < r->end) {
        node = h->nodes[node][next_bit(r)];
        if (node == 0) *broken = true;
        if (node == 0) return NULL;
        if (node < 0) return &h->codes[-(node + 1)];
    }
    return NULL;
}

gm_status gm_scp_huffman_decode(const gm_scp_huffman *h, const unsigned char *bytes, size_t length,
                                size_t most, int16_t *values, size_t *n)
{
    bit_reader r = {.bytes = bytes, .end = 8 * length};
    int32_t root = h->roots[0];
    bool broken = false;
    *n = 0;
    while (*n < most) {
        size_t start = r.at;
        const gm_scp_code *c = next_code(h, &r, root, &broken);
        if (broken) return gm_fail(GM_EFORMAT, "byte %zu: bits that are no code", start / 8);
        if (!c) break;
        if (c->switches) {
            root = h->roots[c->value - 1];
            continue;
        }
        int further = c->code_bits - c->prefix_bits;
        if (r.end - r.at < (size_t)further) break;
        values[(*n)++] = (int16_t)(c->value + signed_bits(&r, further));
    }
    return GM_OK;
}
