#include "ecg/iso_time.h"

#include <ctype.h>
#include <string.h>

bool gm_is_day(int year, int month, int day)
{
    static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1800 && month >= 1 && month <= 12 && day >= 1 && day <= longest[month - 1] &&
           (month != 2 || day < 29 || leap);
}

/* d: a digit. */
static bool is_like(const char *text, size_t n, const char *pattern)
{
    if (n != strlen(pattern)) return false;
    for (size_t i = 0; i < n; i++)
        if (pattern[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != pattern[i])
            return false;
    return true;
}

static int two(const char *p)
{
    return 10 * (p[0] - '0') + p[1] - '0';
}

bool gm_is_iso_date(const char *text, size_t n)
{
    if (!is_like(text, n, "dddd") && !is_like(text, n, "dddd-dd") &&
        !is_like(text, n, "dddd-dd-dd"))
        return false;
    return gm_is_day(100 * two(text) + two(text + 2), n < 7 ? 1 : two(text + 5),
                     n < 10 ? 1 : two(text + 8));
}

bool gm_is_iso_clock(const char *text, bool *has_seconds, bool *has_zone)
{
    static const int most[] = {23, 59, 60};
    const char *p = text;
    int n = 0;
    while (n < 3 && strlen(p) >= 2 && is_like(p, 2, "dd") && two(p) <= most[n]) {
        n++, p += 2;
        if (*p != ':' || n == 3) break;
        p++;
    }
    if (n == 0 || p[-1] == ':') return false;
    *has_seconds = n == 3;
    if (n == 3 && *p == '.') {
        size_t digits = strspn(p + 1, "0123456789");
        if (!digits) return false;
        p += 1 + digits;
    }
    *has_zone = *p != 0;
    if (!*p || strcmp(p, "Z") == 0) return true;
    return (*p == '+' || *p == '-') && is_like(p + 1, strlen(p + 1), "dd:dd") && two(p + 1) <= 14 &&
           two(p + 4) <= 59;
}

bool gm_is_iso_time(const char *text)
{
    bool seconds, zone;
    size_t n = strcspn(text, "T");
    if (!gm_is_iso_date(text, n)) return false;
    return !text[n] || (n == 10 && gm_is_iso_clock(text + n + 1, &seconds, &zone));
}
