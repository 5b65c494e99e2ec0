#include "core/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double gm_clock_seconds(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double gm_cpu_seconds(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

void gm_clock_utc(char out[21])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

int64_t gm_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- moments ------------------------------------------------------------------------------------ */

enum { DAY_S = 86400 };

/* Days since 1970 in the Gregorian calendar: years begin in March, so that leap days come last. */
static int64_t days_before(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1, era = y / 400, in_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - 719468;
}

static bool is_date(int y, int m, int d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leaps = m == 2 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
    return y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + leaps;
}

/* "Z", "+01:00"; minutes east of UTC. */
static bool parse_zone(const char *text, int *minutes)
{
    int h, m, n = 0;
    *minutes = 0;
    if (strcmp(text, "Z") == 0) return true;
    if (text[0] != '+' && text[0] != '-') return false;
    if (sscanf(text + 1, "%2d:%2d%n", &h, &m, &n) != 2 || text[1 + n] || n != 5) return false;
    *minutes = (text[0] == '-' ? -1 : 1) * (60 * h + m);
    return h >= 0 && h < 24 && m >= 0 && m < 60;
}

static bool parse_number(const char *text, int64_t *ms)
{
    char *end;
    long long v = strtoll(text, &end, 10);
    *ms = v;
    return *text && *end == 0 && strspn(text, "0123456789") == strlen(text) && strlen(text) < 18;
}

bool gm_moment_parse(const char *text, int64_t *ms)
{
    int y, mo, d, h, mi, n = 0, zone;
    double s = 0;
    if (parse_number(text, ms)) return true;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d%n", &y, &mo, &d, &h, &mi, &n) != 5 || n != 16)
        return false;
    const char *at = text + n;
    if (*at == ':') {
        char *end;
        if (at[1] < '0' || at[1] > '9') return false;
        s = strtod(at + 1, &end);
        at = end;
    }
    bool good = is_date(y, mo, d) && h >= 0 && h < 24 && mi >= 0 && mi < 60 && s >= 0 && s < 61;
    if (!good || !parse_zone(at, &zone)) return false;
    int64_t seconds = days_before(y, mo, d) * DAY_S + h * 3600 + (mi - zone) * 60;
    *ms = seconds * 1000 + (int64_t)(s * 1000 + 0.5);
    return true;
}

void gm_moment_print(int64_t ms, char out[25])
{
    time_t s = (time_t)(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
    struct tm utc;
    gmtime_r(&s, &utc);
    size_t n = strftime(out, 25, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + n, 25 - n, ".%03dZ", (int)(ms - (int64_t)s * 1000));
}
