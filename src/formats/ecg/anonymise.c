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

static gm_status strip_channels(gm_ecg *e)
{
    for (size_t c = 0; c < e->n_channels; c++) {
        char name[32];
        gm_ecg_channel *ch = &e->channels[c];
        if (!ch->name || is_usual_name(ch->name)) continue;
        if (ch->lead >= 0)
            snprintf(name, sizeof name, "%s", gm_lead_names[ch->lead]);
        else
            snprintf(name, sizeof name, "channel %zu", c + 1);
        GM_TRY(gm_ecg_set(&ch->name, name));
    }
    forget_lines(&e->notes, &e->n_notes);
    return GM_OK;
}

static bool is_code(const gm_ecg_mark *m)
{
    return m->scheme && m->code;
}

/* Coded marks stay without their text; a mark that is free text only goes. */
static void strip_marks(gm_ecg *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->n_marks; i++) {
        gm_ecg_mark *m = &e->marks[i];
        forget(&m->text);
        if (is_code(m)) {
            e->marks[kept++] = *m;
            continue;
        }
        forget(&m->what);
        forget(&m->scheme);
        forget(&m->code);
        forget(&m->unit);
    }
    e->n_marks = kept;
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
    strip_marks(e);
    GM_TRY(strip_channels(e));
    for (size_t i = 0; i < e->n_others; i++)
        GM_TRY(strip_channels(e->others[i]));
    return GM_OK;
}
