#include "ecg/hl7_time.h"
#include "ecg/iso_time.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digits_at(const char *p)
{
    int n = 0;
    while (isdigit((unsigned char)p[n]))
        n++;
    return n;
}

static int number(const char *p, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++)
        v = 10 * v + (p[i] - '0');
    return v;
}

static bool parse_zone(gm_hl7_time *t, const char *p)
{
    if (!*p) return true;
    if ((*p != '+' && *p != '-') || digits_at(p + 1) != 4 || p[5]) return false;
    int minutes = 60 * number(p + 1, 2) + number(p + 3, 2);
    t->has_zone = true;
    t->zone_minutes = *p == '-' ? -minutes : minutes;
    return minutes <= 18 * 60 && number(p + 3, 2) < 60;
}

bool gm_hl7_time_parse(gm_hl7_time *out, const char *text)
{
    gm_hl7_time t = {.month = 1, .day = 1};
    if (!text) return false;
    int n = digits_at(text);
    if (n < 4 || n > 14 || n % 2) return false;
    t.year = number(text, 4);
    t.n_fields = (n - 2) / 2;
    int *const fields[] = {&t.month, &t.day, &t.hour, &t.minute, &t.second};
    for (int i = 0; i < t.n_fields - 1; i++)
        *fields[i] = number(text + 4 + 2 * i, 2);
    const char *p = text + n;
    if (*p == '.' && n == 14) {
        int k = digits_at(p + 1);
        if (k == 0) return false;
        snprintf(t.fraction, sizeof t.fraction, "%.*s", k, p + 1);
        p += 1 + k;
    }
    if (!parse_zone(&t, p)) return false;
    if (!gm_is_day(t.year, t.month, t.day) || t.hour > 23 || t.minute > 59 || t.second > 60)
        return false;
    *out = t;
    return true;
}

void gm_hl7_time_iso(char out[GM_ISO_TIME_SIZE], const gm_hl7_time *t)
{
    static const char *const before[] = {"", "-", "-", "T", ":", ":"};
    const int fields[] = {t->year, t->month, t->day, t->hour, t->minute, t->second};
    int n = 0;
    for (int i = 0; i < t->n_fields; i++)
        n += snprintf(out + n, (size_t)(GM_ISO_TIME_SIZE - n), "%s%0*d", before[i], i ? 2 : 4,
                      fields[i]);
    if (t->fraction[0]) n += snprintf(out + n, (size_t)(GM_ISO_TIME_SIZE - n), ".%s", t->fraction);
    int zone = abs(t->zone_minutes);
    if (t->has_zone && t->n_fields > 3)
        snprintf(out + n, (size_t)(GM_ISO_TIME_SIZE - n), "%c%02d:%02d",
                 t->zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

/* Days since 1 March of the year 0, Gregorian. */
static long day_number(int year, int month, int day)
{
    long y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
}

double gm_hl7_time_difference_s(const gm_hl7_time *a, const gm_hl7_time *b)
{
    long days = day_number(a->year, a->month, a->day) - day_number(b->year, b->month, b->day);
    long seconds =
        3600L * (a->hour - b->hour) + 60L * (a->minute - b->minute) + a->second - b->second;
    if (a->has_zone && b->has_zone) seconds -= 60L * (a->zone_minutes - b->zone_minutes);
    char of_a[16], of_b[16];
    snprintf(of_a, sizeof of_a, "0.%s", a->fraction);
    snprintf(of_b, sizeof of_b, "0.%s", b->fraction);
    return 86400.0 * (double)days + (double)seconds + (strtod(of_a, NULL) - strtod(of_b, NULL));
}
