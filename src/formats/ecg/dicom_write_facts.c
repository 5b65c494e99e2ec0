#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ecg/dcm_encode.h"
#include "ecg/dcm_persons.h"
#include "ecg/dcm_value.h"
#include "ecg/dicom_write.h"

enum { LONGEST_LONG = 64, LONGEST_COMMENT = 10240 };
enum { LONGEST_PERSON = 64, PERSON_PARTS = 5, PEOPLE_ROOM = 1024 };

gm_status gm_dcm_put_clean(gm_dcm_job *j, uint32_t tag, const char *vr, const char *text,
                           size_t n_characters, const char *what)
{
    char clean[4 * LONGEST_LONG + 8];
    bool is_same = gm_dcm_clean(clean, sizeof clean, text, n_characters, "\\");
    gm_dcm_put_text(j->t, tag, vr, clean);
    if (is_same) return GM_OK;
    return gm_ecg_files_leave_out(j->out, "%s: held as \"%s\" (at most %zu characters, no \\)",
                                  what, clean, n_characters);
}

/* ---- people ------------------------------------------------------------------------------------ */

/* "Doe, John" as "Doe^John"; false if something did not fit. */
static bool person_of(char *out, size_t room, const char *name)
{
    bool is_same = gm_dcm_clean(out, room, name, LONGEST_PERSON, "\\^=");
    char *from = out;
    for (int part = 1; part < PERSON_PARTS; part++) {
        char *comma = strstr(from, ", ");
        if (!comma) break;
        *comma = '^';
        memmove(comma + 1, comma + 2, strlen(comma + 2) + 1);
        from = comma + 1;
    }
    return is_same;
}

static gm_status put_person(gm_dcm_job *j, uint32_t tag, const char *name, const char *what)
{
    char person[4 * LONGEST_PERSON + 8];
    bool is_same = person_of(person, sizeof person, name);
    gm_dcm_put_text(j->t, tag, "PN", person);
    if (is_same) return GM_OK;
    return gm_ecg_files_leave_out(j->out, "%s: held as \"%s\"", what, person);
}

/* The index of the role at the end of "House, Gregory (referring)", which is cut off; of record if
 * there is none. */
static size_t take_role(char *entry)
{
    size_t of_record = 0, n = strlen(entry);
    for (size_t k = 0; k < GM_DCM_N_ROLES; k++) {
        char tail[40];
        if (!gm_dcm_roles[k].name) {
            of_record = k;
            continue;
        }
        snprintf(tail, sizeof tail, " (%s)", gm_dcm_roles[k].name);
        if (n <= strlen(tail) || strcmp(entry + n - strlen(tail), tail) != 0) continue;
        entry[n - strlen(tail)] = 0;
        return k;
    }
    return of_record;
}

/* Sorts gm_ecg.physician into the roles, several people of one role with backslashes between. */
static gm_status sort_people(gm_dcm_job *j, char people[GM_DCM_N_ROLES][PEOPLE_ROOM])
{
    char entry[256];
    const char *at = j->e->physician;
    while (at && *at) {
        const char *end = strstr(at, "; ");
        size_t n = end ? (size_t)(end - at) : strlen(at);
        snprintf(entry, sizeof entry, "%.*s", (int)(n < 255 ? n : 255), at);
        at = end ? end + 2 : NULL;
        size_t role = take_role(entry), used = strlen(people[role]);
        char person[4 * LONGEST_PERSON + 8];
        bool is_same = person_of(person, sizeof person, entry);
        bool fits = used + strlen(person) + 2 < PEOPLE_ROOM && (role != 0 || used == 0);
        if (fits)
            snprintf(people[role] + used, PEOPLE_ROOM - used, "%s%s", used ? "\\" : "", person);
        if (!fits || !is_same)
            GM_TRY(gm_ecg_files_leave_out(j->out, "physician \"%s\"%s", entry,
                                          fits ? ": shortened" : ""));
    }
    return GM_OK;
}

/* ---- dates ------------------------------------------------------------------------------------- */

typedef struct {
    char dt[GM_DCM_DT_ROOM], date[9], time[14], zone[6];
} acquisition;

static gm_status split_acquired(gm_dcm_job *j, acquisition *a)
{
    *a = (acquisition){{0}, {0}, {0}, {0}};
    const char *acquired = j->e->acquired ? j->e->acquired : "unknown";
    if (!gm_dcm_dt_of_iso(a->dt, acquired))
        return gm_ecg_files_leave_out(
            j->out, "time of acquisition (%.60s): left empty although DICOM requires one",
            acquired);
    size_t n = strcspn(a->dt, "+-");
    if (a->dt[n]) memcpy(a->zone, a->dt + n, 5);
    if (n >= 8) memcpy(a->date, a->dt, 8);
    if (n >= 12 && n - 8 < sizeof a->time) memcpy(a->time, a->dt + 8, n - 8);
    if (a->time[0]) return GM_OK;
    return gm_ecg_files_leave_out(
        j->out,
        "date and time of content: left empty although DICOM requires them, for only %s is "
        "known",
        acquired);
}

static gm_status put_birth_date(gm_dcm_job *j)
{
    char dt[GM_DCM_DT_ROOM] = "";
    const char *born = j->e->patient.birth_date;
    bool is_whole = born && gm_dcm_dt_of_iso(dt, born) && strlen(dt) == 8;
    gm_dcm_put_text(j->t, 0x00100030, "DA", is_whole ? dt : "");
    if (is_whole || !born) return GM_OK;
    return gm_ecg_files_leave_out(j->out, "birth date %.40s: DICOM needs year, month and day",
                                  born);
}

/* ---- the patient ------------------------------------------------------------------------------- */

static gm_status put_quantity(gm_dcm_job *j, uint32_t tag, double v, const char *what)
{
    char text[GM_DCM_DS_ROOM];
    if (isnan(v)) return GM_OK;
    gm_dcm_decimal(text, v); /* rounded to micrometres and milligrams when read */
    gm_dcm_put_text(j->t, tag, "DS", text);
    return v > 0 ? GM_OK : gm_ecg_files_leave_out(j->out, "%s %g", what, v);
}

static gm_status put_comments(gm_dcm_job *j)
{
    gm_text all = {0};
    char *clean = gm_calloc(4 * LONGEST_COMMENT + 8, 1);
    if (!clean) return gm_fail(GM_ENOMEM, "%s: no memory", j->path);
    for (size_t i = 0; i < j->e->n_comments; i++)
        gm_text_addf(&all, "%s%s", i ? "\r\n" : "", j->e->comments[i]);
    gm_status s = gm_text_status(&all);
    bool is_same = gm_dcm_clean(clean, 4 * LONGEST_COMMENT + 8, all.data, LONGEST_COMMENT, "");
    if (*clean) gm_dcm_put_text(j->t, 0x00104000, "LT", clean);
    if (s == GM_OK && !is_same)
        s = gm_ecg_files_leave_out(j->out, "comments: only the first %d characters are held",
                                   LONGEST_COMMENT);
    gm_text_free(&all);
    gm_free(clean);
    return s;
}

static gm_status put_patient(gm_dcm_job *j)
{
    static const char *const sexes[] = {"", "F", "M", "O"};
    const gm_ecg_patient *p = &j->e->patient;
    char age[5];
    GM_TRY(put_person(j, 0x00100010, p->name, "name of the patient"));
    GM_TRY(gm_dcm_put_clean(j, 0x00100020, "LO", p->id, LONGEST_LONG, "patient id"));
    GM_TRY(put_birth_date(j));
    gm_dcm_put_text(j->t, 0x00100040, "CS", sexes[p->sex]);
    if (gm_dcm_age_of_years(age, p->age_years))
        gm_dcm_put_text(j->t, 0x00101010, "AS", age);
    else if (!isnan(p->age_years))
        GM_TRY(gm_ecg_files_leave_out(j->out,
                                      "age %g years: DICOM holds whole years, months, "
                                      "weeks or days up to 999",
                                      p->age_years));
    GM_TRY(put_quantity(j, 0x00101020, p->height_cm / 100, "height in m"));
    GM_TRY(put_quantity(j, 0x00101030, p->weight_kg, "weight in kg"));
    return put_comments(j);
}

/* ---- the device -------------------------------------------------------------------------------- */

/* Maker and model are one text in gm_ecg: up to 64 characters as the model, else cut at a blank. */
static size_t length_of_maker(const char *device)
{
    size_t n = device ? strlen(device) : 0, cut = 0;
    if (n <= LONGEST_LONG) return 0;
    for (size_t i = 0; i < LONGEST_LONG; i++)
        if (device[i] == ' ') cut = i;
    return cut;
}

gm_status gm_dcm_put_facts(gm_dcm_job *j)
{
    const gm_ecg *e = j->e;
    acquisition a;
    char people[GM_DCM_N_ROLES][PEOPLE_ROOM] = {{0}}, maker[LONGEST_LONG + 1] = "";
    size_t n_maker = length_of_maker(e->device);
    if (n_maker) memcpy(maker, e->device, n_maker);
    GM_TRY(split_acquired(j, &a));
    GM_TRY(sort_people(j, people));
    gm_dcm_put_text(j->t, 0x00080020, "DA", a.date); /* study */
    gm_dcm_put_text(j->t, 0x00080023, "DA", a.date); /* content */
    gm_dcm_put_text(j->t, 0x0008002A, "DT", a.dt);
    gm_dcm_put_text(j->t, 0x00080030, "TM", a.time);
    gm_dcm_put_text(j->t, 0x00080033, "TM", a.time);
    gm_dcm_put_text(j->t, 0x00080050, "SH", ""); /* accession number */
    gm_dcm_put_text(j->t, 0x00080060, "CS", "ECG");
    GM_TRY(gm_dcm_put_clean(j, 0x00080070, "LO", maker, LONGEST_LONG, "maker"));
    if (e->institution)
        GM_TRY(gm_dcm_put_clean(j, 0x00080080, "LO", e->institution, LONGEST_LONG, "institution"));
    gm_dcm_put_text(j->t, gm_dcm_roles[0].tag, "PN", people[0]);
    if (a.zone[0]) gm_dcm_put_text(j->t, 0x00080201, "SH", a.zone);
    for (size_t k = 1; k < GM_DCM_N_ROLES; k++)
        if (people[k][0]) gm_dcm_put_text(j->t, gm_dcm_roles[k].tag, "PN", people[k]);
    if (e->device)
        GM_TRY(gm_dcm_put_clean(j, 0x00081090, "LO", e->device + n_maker + (n_maker > 0),
                                LONGEST_LONG, "device"));
    GM_TRY(put_patient(j));
    if (!e->device_id) return GM_OK;
    return gm_dcm_put_clean(j, 0x00181000, "LO", e->device_id, LONGEST_LONG, "serial number");
}
