#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/encode.h"

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

/* Signals that stand beside the twelve leads in clinical and research files. */
static bool is_usual_name(const char *name)
{
    static const char *const usual[] = {
        "V1",  "V2",  "V3",   "V4",    "V5",    "V6",  "V7",  "V8",  "V9",   "V3R",  "V4R",  "V5R",
        "V6R", "MLI", "MLII", "MLIII", "MV1",   "MV2", "CM2", "CM4", "CM5",  "CC5",  "ML5",  "MCL1",
        "D3",  "vx",  "vy",   "vz",    "X",     "Y",   "Z",   "ECG", "ECG1", "ECG2", "ECG3", "ES",
        "AS",  "AI",  "RESP", "ABP",   "PLETH", "PPG", "EEG", "EMG", "EOG"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strcasecmp(name, usual[i]) == 0) return true;
    return gm_lead_index(name) >= 0 && strlen(name) <= strlen("MDC_ECG_LEAD_aVR");
}

/* Texts of a file that are not free: whatever else stands there may name somebody. */
static bool is_one_of(const char *text, const char *const allowed[], size_t n)
{
    for (size_t i = 0; text && i < n; i++)
        if (strcasecmp(text, allowed[i]) == 0) return true;
    return false;
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
        if (isnan(gm_ecg_unit_mv(ch->unit))) forget(&ch->unit);
        if (!ch->name || is_usual_name(ch->name)) continue;
        if (ch->lead >= 0)
            snprintf(name, sizeof name, "%s", gm_lead_names[ch->lead]);
        else
            snprintf(name, sizeof name, "channel %zu", c + 1);
        GM_TRY(gm_ecg_set(&ch->name, name));
    }
    keep_usual_group(e);
    forget_lines(&e->notes, &e->n_notes);
    return GM_OK;
}

/* Marks with a code of a public scheme stay, named by their code; free text goes. */
static gm_status strip_marks(gm_ecg *e)
{
    static const char *const schemes[] = {"MIT", "MDC", "SCPECG", "DCM", "LN", "SCT", "SRT"};
    size_t kept = 0;
    gm_status s = GM_OK;
    for (size_t i = 0; i < e->n_marks; i++) {
        gm_ecg_mark *m = &e->marks[i];
        forget(&m->text);
        if (m->code && is_one_of(m->scheme, schemes, sizeof schemes / sizeof *schemes)) {
            if (s == GM_OK) s = gm_ecg_set(&m->what, m->code);
            if (m->unit && strlen(m->unit) > 8) forget(&m->unit);
            e->marks[kept++] = *m;
            continue;
        }
        forget(&m->what);
        forget(&m->scheme);
        forget(&m->code);
        forget(&m->unit);
    }
    e->n_marks = kept;
    return s;
}

gm_status gm_ecg_anonymise(gm_ecg *e)
{
    forget(&e->patient.name);
    forget(&e->patient.id);
    forget(&e->patient.birth_date);
    forget(&e->device_id);
    forget(&e->institution);
    forget(&e->physician);
    forget_lines(&e->comments, &e->n_comments);
    if (e->acquired && strlen(e->acquired) > 4)
        e->acquired[4] = 0; /* ISO 8601 begins with the year */
    if (e->patient.age_years > 89) e->patient.age_years = 90;
    GM_TRY(strip_marks(e));
    GM_TRY(strip_waveform(e));
    for (size_t i = 0; i < e->n_others; i++)
        GM_TRY(strip_waveform(e->others[i]));
    return GM_OK;
}
