#include "ecg/decimals.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double gm_power_of_ten[GM_MOST_DECIMALS + 1] = {1,   1e1, 1e2, 1e3, 1e4,
                                                      1e5, 1e6, 1e7, 1e8, 1e9};

int gm_decimals_of(const char *text)
{
    int n = 0;
    const char *e = strpbrk(text, "eE"), *point = strchr(text, '.');
    if (point)
        while (isdigit((unsigned char)point[n + 1]))
            n++;
    long exponent = e ? strtol(e + 1, NULL, 10) : 0;
    if (exponent < -100) exponent = -100;
    if (exponent > 100) exponent = 100;
    n -= (int)exponent;
    return n < 0 ? 0 : n;
}

int gm_write_exactly(char out[GM_EXACT_SIZE], double v)
{
    int digits = 15;
    for (; digits < 17; digits++) {
        snprintf(out, GM_EXACT_SIZE, "%.*g", digits, v);
        if (strtod(out, NULL) == v) return digits;
    }
    snprintf(out, GM_EXACT_SIZE, "%.*g", digits, v);
    return digits;
}
