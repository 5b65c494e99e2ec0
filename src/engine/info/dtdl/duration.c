#include "info/dtdl/duration.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char letter;
    double seconds;
} part;

/* Numbers with letters of the list, each once and in its order. NULL: something else stands there. */
static const char *read_parts(const char *at, const part *parts, double *sum, int *n)
{
    while (*at && *at != 'T') {
        char *end;
        if (*at < '0' || *at > '9') return NULL;
        double x = strtod(at, &end);
        while (parts->letter && parts->letter != *end)
            parts++;
        if (!parts->letter) return NULL;
        *sum += x * parts->seconds;
        ++*n, ++parts;
        at = end + 1;
    }
    return at;
}

bool gm_duration_parse(const char *text, double *seconds)
{
    static const part days[] = {
        {'Y', 365 * 86400.0}, {'M', 30 * 86400.0}, {'W', 7 * 86400.0}, {'D', 86400}, {0, 0}};
    static const part times[] = {{'H', 3600}, {'M', 60}, {'S', 1}, {0, 0}};
    bool is_negative = *text == '-';
    double sum = 0;
    int n = 0, n_times = 0;
    const char *at = text + is_negative;
    if (*at != 'P') return false;
    at = read_parts(at + 1, days, &sum, &n);
    if (at && *at == 'T') {
        at = read_parts(at + 1, times, &sum, &n_times);
        if (n_times == 0) return false;
    }
    *seconds = is_negative ? -sum : sum;
    return at && !*at && n + n_times > 0;
}

bool gm_dtdl_span(const char *text, char out[40])
{
    double s;
    if (!gm_duration_parse(text, &s) || fabs(s) > 1e15) return false;
    long long whole = (long long)fabs(s);
    int k = s < 0 ? snprintf(out, 40, "-") : 0;
    if (whole >= 86400) k += snprintf(out + k, 24, "%lld.", whole / 86400);
    snprintf(out + k, 12, "%02d:%02d:%02d", (int)(whole / 3600 % 24), (int)(whole / 60 % 60),
             (int)(whole % 60));
    return true;
}
