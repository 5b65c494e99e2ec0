#include "geometry/numbers.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_POWER = 22, LONGEST_WORD = 63, MANTISSA_DIGITS = 19 };

static const double powers_of_ten[EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number as sign, digits and power of ten. */
typedef struct {
    uint64_t mantissa;
    int exponent;
    bool is_negative;
    const char *end; /* behind the number; NULL: not a plain decimal number of <= 19 digits */
} decimal;

static decimal parse_decimal(const char *p, const char *end)
{
    decimal d = {0};
    int n_digits = 0, n_seen = 0;
    if (p < end && (*p == '-' || *p == '+')) d.is_negative = *p++ == '-';
    bool after_point = false;
    for (; p < end; p++) {
        if (*p == '.' && !after_point) {
            after_point = true;
            continue;
        }
        if (!is_digit(*p)) break;
        d.mantissa = d.mantissa * 10 + (uint64_t)(*p - '0');
        n_digits += d.mantissa != 0;
        n_seen++;
        d.exponent -= after_point;
        if (n_digits > MANTISSA_DIGITS - 1) return d;
    }
    if (n_seen == 0) return d;
    if (p < end && (*p == 'e' || *p == 'E')) {
        bool negative = false;
        int e = 0, n = 0;
        if (++p < end && (*p == '-' || *p == '+')) negative = *p++ == '-';
        for (; p < end && is_digit(*p) && n < 5; p++, n++)
            e = e * 10 + (*p - '0');
        if (n == 0 || n == 5) return d;
        d.exponent += negative ? -e : e;
    }
    if (p == end || is_blank(*p)) d.end = p;
    return d;
}

/* True if the number could be converted by one exactly rounded operation. */
static bool convert_exactly(const decimal *d, int shift, double *out)
{
    int e = d->exponent + shift;
    if (d->mantissa > (uint64_t)1 << 53 || e > EXACT_POWER || e < -EXACT_POWER) return false;
    double v = (double)d->mantissa;
    v = e < 0 ? v / powers_of_ten[-e] : v * powers_of_ten[e];
    *out = d->is_negative ? -v : v;
    return true;
}

/* The slow and general way; also the one that words the refusal. */
static gm_status convert_slowly(gm_scanner *s, int shift, double *out, const char *what)
{
    gm_scanner before = *s;
    const char *word;
    size_t n;
    GM_TRY(gm_scan_real(s, out, what));
    if (shift == 0) return GM_OK;
    gm_scan_word(&before, &word, &n);
    char shifted[LONGEST_WORD + 16];
    const char *e = memchr(word, 'e', n);
    if (!e) e = memchr(word, 'E', n);
    long power = e ? strtol(e + 1, NULL, 10) : 0; /* the word was a number: so is this part */
    if (power > 9999 || power < -9999) power = power > 0 ? 9999 : -9999;
    snprintf(shifted, sizeof shifted, "%.*se%ld", (int)(e ? e - word : (long)n), word,
             power + shift);
    if (!gm_parse_real(shifted, out)) return gm_scan_fail(s, "expected %s", what);
    return GM_OK;
}

gm_status gm_number_real(gm_scanner *s, int shift, double *out, const char *what)
{
    if (gm_scan_at_end(s)) return gm_scan_real(s, out, what);
    decimal d = parse_decimal(s->at, s->end);
    if (!d.end || !convert_exactly(&d, shift, out)) return convert_slowly(s, shift, out, what);
    s->at = d.end;
    return GM_OK;
}

gm_status gm_number_reals(gm_scanner *s, int shift, double *out, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++)
        GM_TRY(gm_number_real(s, shift, &out[i], what));
    return GM_OK;
}

gm_status gm_number_int(gm_scanner *s, int32_t *out, const char *what)
{
    if (!gm_scan_at_end(s)) {
        const char *p = s->at;
        bool negative = *p == '-';
        p += negative;
        int32_t v = 0;
        int n = 0;
        for (; p < s->end && is_digit(*p) && n < 9; p++, n++)
            v = v * 10 + (*p - '0');
        if (n > 0 && (p == s->end || is_blank(*p))) {
            s->at = p;
            *out = negative ? -v : v;
            return GM_OK;
        }
    }
    long v;
    GM_TRY(gm_scan_long(s, &v, what));
    if (v > INT32_MAX || v < INT32_MIN)
        return gm_scan_fail(s, "%s is %ld: out of the range of 32-bit numbers", what, v);
    *out = (int32_t)v;
    return GM_OK;
}

gm_status gm_number_count(gm_scanner *s, size_t least_bytes, size_t *out, const char *what)
{
    long v;
    GM_TRY(gm_scan_long(s, &v, what));
    /* The last item needs no blank behind it. */
    size_t most = ((size_t)(s->end - s->at) + 1) / least_bytes;
    if (v < 0 || (size_t)v > most || v > INT32_MAX)
        return gm_scan_fail(s, "%s is %ld, but the rest of the file holds %zu at most", what, v,
                            most);
    *out = (size_t)v;
    return GM_OK;
}

bool gm_number_more_on_line(gm_scanner *s)
{
    while (s->at < s->end && *s->at != '\n' && is_blank(*s->at))
        s->at++;
    return s->at < s->end && *s->at != '\n' && !(s->comment && *s->at == s->comment);
}

/* The digits of r without the zeros at its end; returns how many. */
static int digits_of(uint64_t r, char digits[24])
{
    char back[24];
    int n = 0, length = 0;
    while (r % 10 == 0)
        r /= 10;
    for (; r > 0; r /= 10)
        back[n++] = (char)('0' + r % 10);
    while (n > 0)
        digits[length++] = back[--n];
    return length;
}

/* v 10^p to the nearest whole number. The product is rounded once to 64 bits or more, which moves the
 * 17th digit by less than 0.006. */
static uint64_t scaled(double v, int p)
{
    static const long double powers[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                         1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                         1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                         1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    return (uint64_t)((long double)v * powers[p] + 0.5L);
}

/* Digits of a v in (1e-6, 1e14), written as digits[0].digits[1].. 10^power. Of 15 or 16 digits it is
 * checked that they read back: one exactly rounded division. 17 always do: their error, at most 0.506
 * of the last digit, is below half a step of a double, at least 0.555 of it. */
static int quick_digits(double v, char digits[24], int *power)
{
    *power = (int)floor(log10(v));
    uint64_t r = scaled(v, 16 - *power);
    if (r >= 100000000000000000u) r = scaled(v, 16 - ++*power);
    if (r < 10000000000000000u) r = scaled(v, 16 - --*power);
    for (int n = 15; n <= 16; n++) {
        int p = n - 1 - *power;
        uint64_t short_r = scaled(v, p);
        if (short_r > (uint64_t)1 << 53) break;
        if ((double)short_r / powers_of_ten[p] == v) {
            r = short_r;
            break;
        }
    }
    return digits_of(r, digits);
}

/* The same for any v by trial. */
static int slow_digits(double v, char digits[24], int *power)
{
    char text[40];
    for (int precision = 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, v);
        if (precision == 16 || strtod(text, NULL) == v) break;
    }
    const char *e = strchr(text, 'e');
    *power = (int)strtol(e + 1, NULL, 10);
    int n = 0;
    for (const char *p = text; p < e; p++)
        if (is_digit(*p)) digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

static bool is_small_whole(double v, int shift)
{
    return shift == 0 && fabs(v) < 1e9 && v == (double)(int64_t)v && !(v == 0 && signbit(v));
}

static int print_whole(char *out, int64_t v)
{
    char back[24];
    int n = 0, length = 0;
    uint64_t u = v < 0 ? (uint64_t)-v : (uint64_t)v;
    do
        back[n++] = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0) out[length++] = '-';
    while (n > 0)
        out[length++] = back[--n];
    out[length] = 0;
    return length;
}

int gm_number_print(char out[GM_NUMBER_TEXT], double v, int shift)
{
    if (is_small_whole(v, shift)) return print_whole(out, (int64_t)v);
    if (v == 0 || !isfinite(v)) return snprintf(out, GM_NUMBER_TEXT, "%g", v);
    char digits[24];
    double a = fabs(v);
    int power, at = 0;
    int n = a > 1e-6 && a < 1e14 ? quick_digits(a, digits, &power) : slow_digits(a, digits, &power);
    power += shift;
    if (power < -5 || power > 17)
        return snprintf(out, GM_NUMBER_TEXT, "%s%c%s%.*se%d", v < 0 ? "-" : "", digits[0],
                        n > 1 ? "." : "", n - 1, digits + 1, power);
    if (v < 0) out[at++] = '-';
    if (power < 0) {
        out[at++] = '0';
        out[at++] = '.';
        for (int k = -1; k > power; k--)
            out[at++] = '0';
    }
    for (int k = 0; k < n || k <= power; k++) {
        out[at++] = k < n ? digits[k] : '0';
        if (k == power && k + 1 < n) out[at++] = '.';
    }
    out[at] = 0;
    return at;
}

void gm_number_add(gm_text *t, double v, int shift)
{
    char text[GM_NUMBER_TEXT];
    gm_text_add_bytes(t, text, (size_t)gm_number_print(text, v, shift));
}

void gm_number_add_int(gm_text *t, int64_t v)
{
    char text[GM_NUMBER_TEXT];
    gm_text_add_bytes(t, text, (size_t)print_whole(text, v));
}
