#include "ecg/wfdb_facts.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ecg/build.h"
#include "ecg/iso_time.h"

/* "62", "62 years", "6 months", "3 weeks", "10 days". */
static void set_age(gm_ecg_patient *p, const char *digits)
{
    static const struct {
        const char *word;
        double years;
    } units[] = {{"month", 1.0 / 12}, {"week", 7 / 365.25}, {"day", 1 / 365.25}};
    char *end;
    double age = strtod(digits, &end);
    if (end == digits) return;
    end += strspn(end, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strncasecmp(end, units[i].word, strlen(units[i].word)) == 0) age *= units[i].years;
    if (age >= 0 && age <= GM_ECG_MAX_AGE_YEARS) p->age_years = age;
}

static void set_sex(gm_ecg_patient *p, const char *text)
{
    char word[16];
    if (sscanf(text, " %15[A-Za-z]", word) == 1) p->sex = gm_ecg_sex_of(word);
}

/* The text after "key:" or "<key>:", ignoring case; NULL if the comment has no such key. */
static const char *value_of(const char *comment, const char *key)
{
    size_t n = strlen(key);
    for (const char *p = comment; (p = strcasestr(p, key)); p += n) {
        if (p > comment && isalpha((unsigned char)p[-1])) continue;
        const char *q = p + n;
        if (*q == '>') q++;
        while (*q == ' ')
            q++;
        if (*q == ':') return q + 1;
    }
    return NULL;
}

void gm_wfdb_read_comment(gm_ecg_patient *p, const char *comment)
{
    const char *age = value_of(comment, "age"), *sex = value_of(comment, "sex");
    if (age && isnan(p->age_years)) set_age(p, age);
    if (sex && p->sex == GM_SEX_UNKNOWN) set_sex(p, sex);
    int years, used = 0;
    char letter[2]; /* with its NUL */
    if (isnan(p->age_years) && p->sex == GM_SEX_UNKNOWN &&
        sscanf(comment, " %3d %1[MF]%n", &years, letter, &used) == 2 &&
        (!comment[used] || isspace((unsigned char)comment[used]))) {
        set_age(p, comment);
        p->sex = *letter == 'M' ? GM_SEX_MALE : GM_SEX_FEMALE;
    }
}

/* "10:11:12.5" after an ISO 8601 date in text; not at all if it is no time of day. */
static void append_time(char *text, size_t room, const char *time)
{
    int hour, minute, second, used = 0;
    if (!time || sscanf(time, "%2d:%2d:%2d%n", &hour, &minute, &second, &used) != 3) return;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return;
    const char *rest = time + used;
    size_t digits = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    if (*rest && (!digits || rest[1 + digits] || digits > 9)) return;
    snprintf(text + strlen(text), room - strlen(text), "T%02d:%02d:%02d%s", hour, minute, second,
             rest);
}

/* "01/10/1990" to ISO 8601. A time without a date stays unknown. */
static gm_status read_date(gm_ecg *e, const gm_wfdb_header *h)
{
    int day, month, year, used = 0;
    if (!h->date || e->acquired) return GM_OK;
    if (sscanf(h->date, "%2d/%2d/%4d%n", &day, &month, &year, &used) != 3 || h->date[used] ||
        !gm_is_day(year, month, day))
        return gm_ecg_note(e, "the date \"%.40s\" is no day DD/MM/YYYY", h->date);
    char text[64];
    snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
    append_time(text, sizeof text, h->time);
    return gm_ecg_set(&e->acquired, text);
}

void gm_wfdb_date_and_time(char out[64], const char **zone, const char *acquired)
{
    int year, month, day, used = 0;
    char time[32];
    *out = 0;
    *zone = NULL;
    if (!acquired || sscanf(acquired, "%4d-%2d-%2dT%n", &year, &month, &day, &used) != 3) return;
    if (used != 11 || year < 1800) return; /* "YYYY-MM-DDT" */
    size_t n = strspn(acquired + used, "0123456789:");
    if (n != 8) return;
    if (acquired[used + 8] == '.') n += 1 + strspn(acquired + used + 9, "0123456789");
    if (n >= 19) return;
    snprintf(time, sizeof time, "%.*s", (int)n, acquired + used);
    snprintf(out, 64, " %s %02d/%02d/%04d", time, day, month, year);
    *zone = acquired + used + n;
}

gm_status gm_wfdb_read_facts(gm_ecg *e, const gm_wfdb_header *h)
{
    for (size_t i = 0; i < h->n_comments; i++) {
        gm_wfdb_read_comment(&e->patient, h->comments[i]);
        GM_TRY(gm_ecg_add_comment(e, h->comments[i]));
    }
    return read_date(e, h);
}
