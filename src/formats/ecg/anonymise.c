#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/encode.h"
#include "ecg/wfdb_marks.h"

static void forget(char **text)
{
    gm_free(*text);
    *text = NULL;
}

static void forget_lines(char ***lines, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        gm_free((*lines)[i]);
    gm_free(*lines);
    *lines = NULL;
    *n = 0;
}

/* Texts of a file that are not free: whatever else stands there may name somebody. */
static bool is_one_of(const char *text, const char *const allowed[], size_t n)
{
    for (size_t i = 0; text && i < n; i++)
        if (strcasecmp(text, allowed[i]) == 0) return true;
    return false;
}

/* Signals that stand beside the twelve leads in clinical and research files. */
static bool is_usual_name(const char *name)
{
    static const char *const usual[] = {
        "V7",  "V8",  "V9",   "V3R", "V4R",   "V5R", "V6R",  "MLI",  "MLII", "MLIII",
        "MV1", "MV2", "CM2",  "CM4", "CM5",   "CC5", "ML5",  "MCL1", "D3",   "vx",
        "vy",  "vz",  "X",    "Y",   "Z",     "ECG", "ECG1", "ECG2", "ECG3", "ES",
        "AS",  "AI",  "RESP", "ABP", "PLETH", "PPG", "EEG",  "EMG",  "EOG"};
    return is_one_of(name, usual, sizeof usual / sizeof *usual);
}

static void keep_usual_group(gm_ecg *e)
{
    static const char *const usual[] = {"RHYTHM", "MEDIAN BEAT", "REFERENCE BEAT",
                                        "REPRESENTATIVE BEAT"};
    if (!is_one_of(e->group, usual, sizeof usual / sizeof *usual)) forget(&e->group);
}

static gm_status strip_waveform(gm_ecg *e)
{
    for (size_t c = 0; c < e->n_channels; c++) {
        char name[32];
        gm_ecg_channel *ch = &e->channels[c];
        int lead = ch->lead >= 0 ? ch->lead : gm_lead_index(ch->name);
        if (isnan(gm_ecg_unit_mv(ch->unit))) forget(&ch->unit);
        if (lead < 0 && (!ch->name || is_usual_name(ch->name))) continue;
        if (lead >= 0)
            snprintf(name, sizeof name, "%s", gm_lead_names[lead]);
        else
            snprintf(name, sizeof name, "channel %zu", c + 1);
        GM_TRY(gm_ecg_set(&ch->name, name));
    }
    keep_usual_group(e);
    forget_lines(&e->notes, &e->n_notes);
    return GM_OK;
}

/* The clock of a file may be that of the day or of the epoch: what stays is how much later than the
 * record another waveform begins, within the record. */
static void forget_clock(gm_ecg *e)
{
    double length_ms = 1000 * (double)e->n_samples / e->rate_hz;
    for (size_t i = 0; i < e->n_others; i++) {
        double later_ms = e->others[i]->first_ms - e->first_ms;
        e->others[i]->first_ms = fabs(later_ms) <= length_ms ? later_ms : 0;
    }
    e->first_ms = 0;
}

/* ---- marks ------------------------------------------------------------------------------------- */

#define DIGITS "0123456789"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* least..most characters, all of them `allowed`. */
static bool consists_of(const char *text, const char *allowed, size_t least, size_t most)
{
    size_t n = strlen(text);
    return n >= least && n <= most && strspn(text, allowed) == n;
}

/* "14", "14/-1/0" or the symbol of an annotation. */
static bool is_mit(const char *code)
{
    gm_annotation a = {0};
    for (int k = 0; k <= GM_ANNOTATION_LAST_CODE; k++)
        if (*code && strcmp(gm_annotation_symbol(k), code) == 0) return true;
    return gm_wfdb_parse_code(code, &a);
}

/* "MDC_ECG_TIME_PD_QT", "131329", or as DICOM writes it "2:16016". */
static bool is_mdc(const char *code)
{
    if (strncmp(code, "MDC_", 4) == 0) return consists_of(code + 4, CAPITALS DIGITS "_", 1, 60);
    size_t n = strspn(code, DIGITS);
    return n >= 1 && n <= 7 &&
           (!code[n] || (code[n] == ':' && consists_of(code + n + 1, DIGITS, 1, 7)));
}

/* The numbers of its sections: "5.10.2.1-3". */
static bool is_scpecg(const char *code)
{
    return strncmp(code, "5.", 2) == 0 && consists_of(code, DIGITS ".-", 3, 16);
}

static bool is_dcm(const char *code)
{
    return consists_of(code, DIGITS, 5, 6);
}

/* "8633-0" */
static bool is_ln(const char *code)
{
    size_t n = strspn(code, DIGITS);
    return n >= 1 && n <= 7 && code[n] == '-' && consists_of(code + n + 1, DIGITS, 1, 1);
}

/* A concept: its last digits but one are 00, or 10 of an extension. */
static bool is_sct(const char *code)
{
    size_t n = strlen(code);
    return consists_of(code, DIGITS, 6, 18) && (code[n - 3] == '0' || code[n - 3] == '1') &&
           code[n - 2] == '0';
}

/* "R-10206", "P5-0410C" */
static bool is_srt(const char *code)
{
    size_t n = strspn(code, CAPITALS DIGITS);
    return n >= 1 && n <= 2 && strchr(CAPITALS, code[0]) && code[n] == '-' &&
           consists_of(code + n + 1, DIGITS "ABCDEF", 4, 5);
}

static bool is_public_code(const char *scheme, const char *code)
{
    static const struct {
        const char *scheme;
        bool (*is_code)(const char *code);
    } public[] = {{"MIT", is_mit}, {"MDC", is_mdc}, {"SCPECG", is_scpecg}, {"DCM", is_dcm},
                  {"LN", is_ln},   {"SCT", is_sct}, {"SRT", is_srt}};
    for (size_t i = 0; scheme && code && i < sizeof public / sizeof *public; i++)
        if (strcasecmp(scheme, public[i].scheme) == 0) return public[i].is_code(code);
    return false;
}

static bool is_usual_unit(const char *unit)
{
    static const char *const usual[] = {"us",   "ms",     "s",    "min",        "h",    "Hz",
                                        "/min", "1/min",  "bpm",  "{H.B.}/min", "deg",  "%",
                                        "1",    "mm[Hg]", "mmHg", "mV.ms",      "mV.s", "uV.ms",
                                        "uV.s", "mV/s",   "uV/s"};
    return !isnan(gm_ecg_unit_mv(unit)) || is_one_of(unit, usual, sizeof usual / sizeof *usual);
}

static void forget_mark(gm_ecg_mark *m)
{
    forget(&m->what);
    forget(&m->scheme);
    forget(&m->code);
    forget(&m->unit);
    forget(&m->text);
}

/* Marks with a code of a public scheme stay, named by their code; free text goes, and so does a number
 * that is not of a usual unit. */
static gm_status strip_marks(gm_ecg *e)
{
    size_t kept = 0;
    gm_status s = GM_OK;
    for (size_t i = 0; i < e->n_marks; i++) {
        gm_ecg_mark *m = &e->marks[i];
        if (!is_public_code(m->scheme, m->code)) {
            forget_mark(m);
            continue;
        }
        forget(&m->text);
        if (!is_usual_unit(m->unit)) {
            forget(&m->unit);
            m->value = NAN;
        }
        if (s == GM_OK) s = gm_ecg_set(&m->what, m->code);
        e->marks[kept++] = *m;
    }
    e->n_marks = kept;
    return s;
}

/* ---- all --------------------------------------------------------------------------------------- */

/* ISO 8601 begins with the year; what does not is no date. */
static void keep_year(char **date)
{
    if (!*date) return;
    if (strchr("12", **date) && strspn(*date, DIGITS) >= 4)
        (*date)[4] = 0;
    else
        forget(date);
}

gm_status gm_ecg_anonymise(gm_ecg *e)
{
    forget(&e->patient.name);
    forget(&e->patient.id);
    forget(&e->patient.birth_date);
    forget(&e->device);
    forget(&e->device_id);
    forget(&e->institution);
    forget(&e->physician);
    forget_lines(&e->comments, &e->n_comments);
    keep_year(&e->acquired);
    if (e->patient.age_years > 89) e->patient.age_years = 90;
    forget_clock(e);
    GM_TRY(strip_marks(e));
    GM_TRY(strip_waveform(e));
    for (size_t i = 0; i < e->n_others; i++)
        GM_TRY(strip_waveform(e->others[i]));
    return GM_OK;
}
