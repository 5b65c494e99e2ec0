#include "ecg/dcm_value.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecg/build.h"

/* ---- dates ------------------------------------------------------------------------------------- */

typedef struct {
    int n;            /* how many of the parts are known */
    int part[6];      /* year month day hour minute second */
    char fraction[7]; /* of the second, digits without zeros at the end */
    bool has_zone;
    int zone_minutes;
} moment;

static bool take_digits(const char **at, int n, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)(*at)[i])) return false;
        v = 10 * v + ((*at)[i] - '0');
    }
    *at += n;
    *out = v;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool is_in_calendar(const moment *m)
{
    const int *p = m->part;
    return p[0] >= 1800 && (m->n < 2 || (p[1] >= 1 && p[1] <= 12)) &&
           (m->n < 3 || (p[2] >= 1 && p[2] <= days_in_month(p[0], p[1]))) &&
           (m->n < 4 || p[3] <= 23) && (m->n < 5 || p[4] <= 59) && (m->n < 6 || p[5] <= 60);
}

/* ".5" after the seconds; "+0100", "+01:00" or "Z" after that. */
static bool take_tail(const char *at, moment *m)
{
    if (*at == '.' && m->n == 6) {
        size_t n = strspn(++at, "0123456789");
        if (n == 0) return false;
        size_t kept = n < 6 ? n : 6;
        memcpy(m->fraction, at, kept);
        while (kept && m->fraction[kept - 1] == '0')
            kept--;
        m->fraction[kept] = 0;
        at += n;
    }
    if (*at == 'Z') {
        m->has_zone = true;
        at++;
    } else if (*at == '+' || *at == '-') {
        int sign = *at++ == '-' ? -1 : 1, hours, minutes;
        if (!take_digits(&at, 2, &hours)) return false;
        if (*at == ':') at++;
        if (!take_digits(&at, 2, &minutes) || hours > 14 || minutes > 59) return false;
        m->has_zone = true;
        m->zone_minutes = sign * (60 * hours + minutes);
    }
    while (isspace((unsigned char)*at))
        at++;
    return !*at;
}

/* Both forms: with `marks` between the parts, or without. */
static bool parse_moment(moment *m, const char *text, const char *marks)
{
    *m = (moment){0};
    while (isspace((unsigned char)*text))
        text++;
    if (!take_digits(&text, 4, &m->part[0])) return false;
    for (m->n = 1; m->n < 6; m->n++) {
        const char *at = text;
        if (marks && *at++ != marks[m->n - 1]) break;
        if (!take_digits(&at, 2, &m->part[m->n])) break;
        text = at;
    }
    return take_tail(text, m) && is_in_calendar(m);
}

bool gm_dcm_iso_of_dt(char iso[GM_DCM_ISO_ROOM], const char *dt)
{
    static const char *const forms[] = {"%04d", "-%02d", "-%02d", "T%02d", ":%02d", ":%02d"};
    moment m;
    *iso = 0;
    if (!parse_moment(&m, dt, NULL)) return false;
    if (m.n == 4) m.n = 3;
    int at = 0;
    for (int i = 0; i < m.n; i++)
        at += snprintf(iso + at, (size_t)(GM_DCM_ISO_ROOM - at), forms[i], m.part[i] % 10000);
    if (m.n == 6 && m.fraction[0])
        at += snprintf(iso + at, (size_t)(GM_DCM_ISO_ROOM - at), ".%s", m.fraction);
    if (m.n >= 5 && m.has_zone) {
        int minutes = abs(m.zone_minutes);
        snprintf(iso + at, (size_t)(GM_DCM_ISO_ROOM - at), "%c%02d:%02d",
                 m.zone_minutes < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
    }
    return true;
}

bool gm_dcm_dt_of_iso(char dt[GM_DCM_DT_ROOM], const char *iso)
{
    moment m;
    *dt = 0;
    if (!parse_moment(&m, iso, "--T::")) return false;
    int at = 0;
    for (int i = 0; i < m.n; i++)
        at += snprintf(dt + at, (size_t)(GM_DCM_DT_ROOM - at), i ? "%02d" : "%04d",
                       m.part[i] % (i ? 100 : 10000));
    if (m.fraction[0]) at += snprintf(dt + at, (size_t)(GM_DCM_DT_ROOM - at), ".%s", m.fraction);
    if (m.has_zone) {
        int minutes = abs(m.zone_minutes);
        snprintf(dt + at, (size_t)(GM_DCM_DT_ROOM - at), "%c%02d%02d",
                 m.zone_minutes < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
    }
    return true;
}

/* Days since 1 March of the year 0, in the proleptic Gregorian calendar. */
static int64_t days_of(const moment *m)
{
    int64_t y = m->part[0] - (m->part[1] <= 2), month = (m->part[1] + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * month + 2) / 5 + m->part[2] - 1;
}

static double seconds_of_day(const moment *m)
{
    char fraction[16];
    snprintf(fraction, sizeof fraction, "0.%s", m->fraction[0] ? m->fraction : "0");
    return 3600.0 * m->part[3] + 60.0 * (m->part[4] - m->zone_minutes) + m->part[5] +
           strtod(fraction, NULL);
}

double gm_dcm_seconds_between(const char *from_dt, const char *to_dt)
{
    moment from, to;
    if (!parse_moment(&from, from_dt, NULL) || !parse_moment(&to, to_dt, NULL)) return NAN;
    if (from.n < 6 || to.n < 6 || from.has_zone != to.has_zone) return NAN;
    return 86400.0 * (double)(days_of(&to) - days_of(&from)) + seconds_of_day(&to) -
           seconds_of_day(&from);
}

static const struct {
    char unit;
    double days;
} age_units[] = {{'Y', 365.25}, {'M', 365.25 / 12}, {'W', 7}, {'D', 1}};
enum { N_AGE_UNITS = sizeof age_units / sizeof *age_units };

double gm_dcm_age_years(const char *age)
{
    int number;
    while (isspace((unsigned char)*age))
        age++;
    if (!take_digits(&age, 3, &number)) return NAN;
    for (int i = 0; i < N_AGE_UNITS; i++) {
        if (*age != age_units[i].unit) continue;
        double years = number * age_units[i].days / 365.25;
        return years <= GM_ECG_MAX_AGE_YEARS ? years : NAN;
    }
    return NAN;
}

bool gm_dcm_age_of_years(char age[5], double years)
{
    *age = 0;
    if (!(years >= 0 && years <= GM_ECG_MAX_AGE_YEARS)) return false;
    for (int i = 0; i < N_AGE_UNITS; i++) {
        double number = round(years * 365.25 / age_units[i].days);
        if (number > 999) continue;
        snprintf(age, 5, "%03u%c", (unsigned)number % 1000, age_units[i].unit);
        if (gm_dcm_age_years(age) == years) return true;
    }
    *age = 0;
    return false;
}

/* ---- numbers ----------------------------------------------------------------------------------- */

enum { LONGEST_DS = 16, MOST_DIGITS = 17, TRIES = 2000 };

/* "-0.5" to "-.5" and "5e-05" to "5E-5": what can go without changing the number. */
static void shorten(char *text)
{
    char *zero = *text == '-' ? text + 1 : text;
    if (zero[0] == '0' && zero[1] == '.') memmove(zero, zero + 1, strlen(zero));
    char *e = strchr(text, 'e');
    if (!e) return;
    char *digits = e + 1, *from = digits;
    if (*from == '-') digits++;
    if (*from == '-' || *from == '+') from++;
    while (*from == '0')
        from++;
    memmove(digits, from, strlen(from) + 1);
}

bool gm_dcm_decimal(char text[GM_DCM_DS_ROOM], double v)
{
    strcpy(text, "0");
    for (int with_exponent = 0; with_exponent <= 1; with_exponent++) {
        for (int digits = 1; digits <= MOST_DIGITS; digits++) {
            char longest[64];
            snprintf(longest, sizeof longest, "%.*g", digits, v);
            if (!with_exponent && strchr(longest, 'e')) continue;
            if (strlen(longest) > LONGEST_DS) shorten(longest);
            if (strlen(longest) > LONGEST_DS) continue;
            memcpy(text, longest, strlen(longest) + 1);
            if (strtod(text, NULL) == v) return true;
        }
    }
    return false;
}

double gm_dcm_baseline_count(double baseline, double scale)
{
    if (baseline == 0 || isnan(baseline)) return 0;
    double count = -baseline / scale, whole = round(count * 1e6) / 1e6;
    double allowed = 1e-11 * (fabs(count) > 1 ? fabs(count) : 1);
    return fabs(count - whole) <= allowed ? whole + 0.0 : count;
}

static bool find_baseline(gm_dcm_scale *out, double scale, double baseline_count)
{
    double wanted = baseline_count == 0 ? 0 : -baseline_count * scale;
    gm_dcm_decimal(out->baseline, wanted);
    double held = gm_dcm_baseline_count(strtod(out->baseline, NULL), scale);
    out->baseline_error = fabs(held - baseline_count);
    return out->baseline_error <= out->baseline_tolerance;
}

/* Whether the texts in *out give the scale exactly; then its baseline is set too. */
static bool is_exact(gm_dcm_scale *out, double unit_mv, double mv_per_count, double baseline_count)
{
    double scale = strtod(out->sensitivity, NULL) * strtod(out->correction, NULL);
    return unit_mv * scale == mv_per_count && find_baseline(out, scale, baseline_count);
}

/* A sensitivity of four digits somewhat above the scale, and a correction of 15 digits: one in a few
 * such products is the very number. */
static bool find_correction(gm_dcm_scale *out, double unit_mv, double mv_per_count,
                            double baseline_count)
{
    double scale = mv_per_count / unit_mv, step = pow(10, floor(log10(scale)) - 3);
    for (int i = 1; i <= TRIES; i++) {
        snprintf(out->sensitivity, sizeof out->sensitivity, "%.4g", ceil(scale / step + i) * step);
        double correction = scale / strtod(out->sensitivity, NULL);
        if (!(correction >= 0.9)) return false;
        for (int k = -2; k <= 2; k++) {
            char text[32];
            snprintf(text, sizeof text, "%.15f", correction + k * 1e-15);
            if (text[0] != '0') continue;
            memcpy(out->correction, text + 1, LONGEST_DS + 1);
            if (is_exact(out, unit_mv, mv_per_count, baseline_count)) return true;
        }
    }
    return false;
}

static const char *ucum_name(const char *unit)
{
    static const char *const names[] = {"uV", "mV", "nV", "V"};
    double mv = gm_ecg_unit_mv(unit);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (gm_ecg_unit_mv(names[i]) == mv) return names[i];
    return NULL;
}

bool gm_dcm_find_scale(gm_dcm_scale *out, double mv_per_count, double baseline_count,
                       const char *unit)
{
    const char *const units[] = {ucum_name(unit), "uV", "mV", "nV", "V"};
    for (int k = 0; k < 4; k++) {
        bool corrected = k & 1;
        out->baseline_tolerance = k < 2 ? 0 : GM_DCM_BASELINE_TOLERANCE;
        for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
            if (!units[i]) continue;
            double unit_mv = gm_ecg_unit_mv(units[i]);
            out->unit = units[i];
            strcpy(out->correction, "1");
            gm_dcm_decimal(out->sensitivity, mv_per_count / unit_mv);
            if (corrected ? find_correction(out, unit_mv, mv_per_count, baseline_count)
                          : is_exact(out, unit_mv, mv_per_count, baseline_count))
                return true;
        }
    }
    return false;
}
