/* make_sobol - prints src/engine/fit/sobol_table.c: primitive polynomials and first direction numbers of
 * the Sobol' sequence. Usage: cc -O2 -o make_sobol make_sobol.c && ./make_sobol > sobol_table.c
 *
 * Dimension 1 is van der Corput's sequence. Each further one takes the next primitive polynomial over
 * GF(2) (found here by trying all) and odd first numbers m_k < 2^k (Bratley & Fox 1988, ACM TOMS
 * 14:88-100). Of CANDIDATES random choices the one is kept that
 *   - leaves property A of Sobol' (1976) true: the first 2^d points fall one into each of the 2^d
 *     half-cubes of the first d dimensions;
 *   - gives the smallest sum of 16^t over its two-dimensional projections with all dimensions before it
 *     and over nets of 2^m points, m = 2 .. MOST_M (the idea of Joe & Kuo 2008, SIAM J. Sci. Comput.
 *     30:2635-2654; t: the quality parameter of a (t, m, 2)-net, Niederreiter 1992, section 4).
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DIMENSIONS = 128, BITS = 64, MOST_DEGREE = 16, MOST_M = 14, CANDIDATES = 300 };

typedef struct {
    unsigned degree, polynomial; /* with both its highest and its constant term */
    uint64_t m[BITS];            /* direction numbers, m[k] < 2^(k + 1), odd */
    uint64_t rows[MOST_M];       /* of the generator matrix, column k in bit k */
    uint64_t first_row;          /* the same, all columns */
} dimension;

static dimension kept[DIMENSIONS];
static uint64_t reduced[DIMENSIONS]; /* first rows, eliminated: property A */
static uint64_t random_state = 0x9E3779B97F4A7C15u;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* ---- primitive polynomials ---------------------------------------------------------------------- */

static uint64_t multiply(uint64_t a, uint64_t b, unsigned degree, uint64_t polynomial)
{
    uint64_t product = 0;
    for (; b; b >>= 1) {
        if (b & 1) product ^= a;
        a <<= 1;
        if (a >> degree & 1) a ^= polynomial;
    }
    return product;
}

static uint64_t power_of_x(uint64_t exponent, unsigned degree, uint64_t polynomial)
{
    uint64_t result = 1, base = degree == 1 ? 1 : 2;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) result = multiply(result, base, degree, polynomial);
        base = multiply(base, base, degree, polynomial);
    }
    return result;
}

/* Primitive: x has the full order 2^degree - 1 modulo the polynomial. */
static int is_primitive(unsigned degree, uint64_t polynomial)
{
    uint64_t order = ((uint64_t)1 << degree) - 1, rest = order;
    if (degree == 1) return polynomial == 3;
    if (power_of_x(order, degree, polynomial) != 1) return 0;
    for (uint64_t prime = 2; prime <= rest; prime++) {
        if (rest % prime) continue;
        if (power_of_x(order / prime, degree, polynomial) == 1) return 0;
        while (rest % prime == 0)
            rest /= prime;
    }
    return 1;
}

static void next_polynomial(unsigned *degree, unsigned *polynomial)
{
    for (;;) {
        *polynomial += 2; /* a primitive polynomial has a constant term */
        if (*polynomial >> (*degree + 1)) {
            ++*degree;
            *polynomial = (1u << *degree) | 1;
        }
        if (is_primitive(*degree, *polynomial)) return;
    }
}

/* ---- one dimension ------------------------------------------------------------------------------ */

/* The rest of m by the recurrence, then rows of the generator matrix. */
static void complete(dimension *d)
{
    for (unsigned k = d->degree; k < BITS; k++) {
        uint64_t m = d->m[k - d->degree];
        for (unsigned i = 1; i <= d->degree; i++)
            if (d->polynomial >> (d->degree - i) & 1) m ^= d->m[k - i] << i;
        d->m[k] = m;
    }
    memset(d->rows, 0, sizeof d->rows);
    d->first_row = 0;
    for (unsigned k = 0; k < BITS; k++) {
        d->first_row |= (d->m[k] >> k & 1) << k;
        for (unsigned r = 0; r < MOST_M && r <= k; r++)
            d->rows[r] |= (d->m[k] >> (k - r) & 1) << k;
    }
}

/* The new first row, eliminated by the earlier ones, must have its pivot at column n. */
static int keeps_property_a(unsigned n, uint64_t row)
{
    if (n >= BITS) return 1; /* cannot be told with 64 columns, and needs 2^64 points to matter */
    for (unsigned j = 0; j < n; j++)
        if (row >> j & 1) row ^= reduced[j];
    reduced[n] = row;
    return row >> n & 1;
}

/* Adds a row to an echelon basis (basis[i] has its lowest bit at i); 0 if it depends on it. */
static int is_independent(uint64_t *basis, uint64_t row)
{
    while (row) {
        int lowest = __builtin_ctzll(row);
        if (!basis[lowest]) {
            basis[lowest] = row;
            return 1;
        }
        row ^= basis[lowest];
    }
    return 0;
}

/* t of the first 2^m points in the plane of a and b: m minus the largest number such that any so many
 * leading rows of the two matrices together are independent. */
static unsigned quality(const dimension *a, const dimension *b, unsigned m)
{
    uint64_t mask = ((uint64_t)1 << m) - 1, of_a[MOST_M] = {0};
    unsigned least = m;
    for (unsigned n = 0; n < least; n++) {
        uint64_t basis[MOST_M];
        memcpy(basis, of_a, sizeof basis);
        unsigned of_b = 0;
        while (n + of_b < least && is_independent(basis, b->rows[of_b] & mask))
            of_b++;
        if (n + of_b < least) least = n + of_b;
        is_independent(of_a, a->rows[n] & mask);
    }
    return m - least;
}

static double badness(const dimension *d, unsigned n)
{
    double sum = 0;
    for (unsigned j = 0; j < n; j++)
        for (unsigned m = 2; m <= MOST_M; m++)
            sum += (double)((uint64_t)1 << 4 * quality(&kept[j], d, m));
    return sum;
}

static void choose(unsigned n, unsigned degree, unsigned polynomial)
{
    double least = -1;
    uint64_t best_reduced = 0;
    for (int tried = 0; tried < CANDIDATES;) {
        dimension d = {.degree = degree, .polynomial = polynomial};
        for (unsigned k = 0; k < degree; k++)
            d.m[k] = (next_random() & (((uint64_t)1 << (k + 1)) - 1)) | 1;
        complete(&d);
        if (!keeps_property_a(n, d.first_row)) continue;
        double bad = badness(&d, n);
        if (least < 0 || bad < least) least = bad, kept[n] = d, best_reduced = reduced[n];
        tried += degree <= 3 ? CANDIDATES / 10 : 1; /* few choices exist */
    }
    if (n < BITS) reduced[n] = best_reduced;
}

/* ---- the table ---------------------------------------------------------------------------------- */

static void print(void)
{
    printf("/* Written by tools/make_sobol.c; change that. */\n#include \"fit/sobol_table.h\"\n\n"
           "const gm_sobol_row gm_sobol_rows[GM_SOBOL_MOST_DIMS - 1] = {\n");
    for (unsigned n = 1; n < DIMENSIONS; n++) {
        printf("    {%u, 0x%x, {", kept[n].degree, kept[n].polynomial);
        for (unsigned k = 0; k < kept[n].degree; k++)
            printf("%s%llu", k ? ", " : "", (unsigned long long)kept[n].m[k]);
        printf("}},\n");
    }
    printf("};\n");
}

int main(void)
{
    kept[0] = (dimension){.degree = 0};
    for (unsigned k = 0; k < BITS; k++)
        kept[0].m[k] = 1;
    for (unsigned r = 0; r < MOST_M; r++)
        kept[0].rows[r] = (uint64_t)1 << r;
    reduced[0] = 1;
    unsigned degree = 0, polynomial = 1;
    for (unsigned n = 1; n < DIMENSIONS; n++) {
        next_polynomial(&degree, &polynomial);
        choose(n, degree, polynomial);
    }
    print();
    return 0;
}
