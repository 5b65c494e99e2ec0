#include "ecg/waveform.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"

const char *const gm_lead_names[GM_N_LEADS] = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                               "V1", "V2", "V3",  "V4",  "V5",  "V6"};
enum { I, II, III, AVR, AVL, AVF };

/* Past any of the prefixes that devices put before a lead's name. */
static const char *without_prefix(const char *name)
{
    static const char *const prefixes[] = {"MDC_ECG_LEAD_", "ECG", "EKG", "Lead"};
    for (size_t k = 0; k < sizeof prefixes / sizeof *prefixes; k++) {
        while (isspace((unsigned char)*name))
            name++;
        size_t n = strlen(prefixes[k]);
        if (strncasecmp(name, prefixes[k], n) == 0) {
            name += n;
            while (*name == '_' || *name == '-' || isspace((unsigned char)*name))
                name++;
        }
    }
    return name;
}

int gm_lead_index(const char *name)
{
    if (!name) return -1;
    name = without_prefix(name);
    size_t n = strcspn(name, "([ \t\r\n");
    char after = name[n + strspn(name + n, " \t\r\n")];
    if (after && after != '(' && after != '[') return -1; /* "I like it" is not lead I */
    if (n > 4 && strncasecmp(name + n - 4, "-ref", 4) == 0) n -= 4;
    for (int lead = 0; lead < GM_N_LEADS; lead++)
        if (strlen(gm_lead_names[lead]) == n && strncasecmp(name, gm_lead_names[lead], n) == 0)
            return lead;
    return -1;
}

const char *gm_ecg_lead_name(const gm_ecg_channel *c)
{
    return c->lead >= 0 && gm_lead_index(c->name) != c->lead ? gm_lead_names[c->lead] : c->name;
}

static void free_lines(char **lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gm_free(lines[i]);
    gm_free(lines);
}

static void free_mark(gm_ecg_mark *m)
{
    gm_free(m->what);
    gm_free(m->scheme);
    gm_free(m->code);
    gm_free(m->unit);
    gm_free(m->text);
}

void gm_ecg_destroy(gm_ecg *e)
{
    if (!e) return;
    for (size_t c = 0; e->channels && c < e->n_channels; c++) {
        gm_free(e->channels[c].name);
        gm_free(e->channels[c].unit);
        gm_free(e->channels[c].counts);
    }
    gm_free(e->channels);
    for (size_t i = 0; i < e->n_marks; i++)
        free_mark(&e->marks[i]);
    gm_free(e->marks);
    for (size_t i = 0; i < e->n_others; i++)
        gm_ecg_destroy(e->others[i]);
    gm_free(e->others);
    free_lines(e->notes, e->n_notes);
    free_lines(e->comments, e->n_comments);
    char *const texts[] = {
        e->group,       e->format,    e->acquired,     e->device,     e->device_id,
        e->institution, e->physician, e->patient.name, e->patient.id, e->patient.birth_date};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        gm_free(texts[i]);
    gm_free(e);
}

const gm_ecg_channel *gm_ecg_lead(const gm_ecg *e, int lead)
{
    for (size_t c = 0; c < e->n_channels && lead >= 0; c++)
        if (e->channels[c].lead == lead) return &e->channels[c];
    return NULL;
}

static const gm_ecg_channel *calibrated_lead(const gm_ecg *e, int lead)
{
    const gm_ecg_channel *c = gm_ecg_lead(e, lead);
    return c && !isnan(c->mv_per_count) ? c : NULL;
}

static double sample_mv(const gm_ecg_channel *c, size_t i)
{
    if (c->counts[i] == GM_ECG_MISSING_COUNT) return NAN;
    return (c->counts[i] - c->baseline) * c->mv_per_count;
}

/* A limb lead of one sample from two of I, II and III. */
static double derive_mv(const gm_ecg_channel *const limb[3], int lead, size_t i)
{
    double v[3];
    for (int l = I; l <= III; l++)
        v[l] = limb[l] ? sample_mv(limb[l], i) : NAN;
    if (!limb[I]) v[I] = v[II] - v[III];
    if (!limb[II]) v[II] = v[I] + v[III];
    if (!limb[III]) v[III] = v[II] - v[I];
    if (lead == AVR) return -(v[I] + v[II]) / 2;
    if (lead == AVL) return v[I] - v[II] / 2;
    return lead == AVF ? v[II] - v[I] / 2 : v[lead];
}

bool gm_ecg_lead_mv(const gm_ecg *e, int lead, double *mv, bool *derived)
{
    const gm_ecg_channel *own = calibrated_lead(e, lead), *limb[3];
    int n_limbs = 0;
    for (int l = I; l <= III; l++)
        n_limbs += (limb[l] = calibrated_lead(e, l)) != NULL;
    *derived = !own && n_limbs >= 2 && lead <= AVF;
    if (!own && !*derived) return false;
    for (size_t i = 0; i < e->n_samples; i++)
        mv[i] = own ? sample_mv(own, i) : derive_mv(limb, lead, i);
    return true;
}

gm_status gm_ecg_twelve_leads_mv(const gm_ecg *e, double *leads_mv, bool derived[GM_N_LEADS])
{
    for (int l = 0; l < GM_N_LEADS; l++) {
        double *row = leads_mv + (size_t)l * e->n_samples;
        if (gm_ecg_lead_mv(e, l, row, &derived[l])) continue;
        for (size_t i = 0; i < e->n_samples; i++)
            row[i] = NAN;
    }
    return GM_OK;
}

void gm_ecg_einthoven_error_mv(const gm_ecg *e, double *rms_mv, double *max_mv)
{
    const gm_ecg_channel *one = calibrated_lead(e, I), *two = calibrated_lead(e, II),
                         *three = calibrated_lead(e, III);
    *rms_mv = *max_mv = NAN;
    if (!one || !two || !three) return;
    double sum = 0, max = 0;
    size_t n = 0;
    for (size_t i = 0; i < e->n_samples; i++) {
        double error = sample_mv(two, i) - sample_mv(one, i) - sample_mv(three, i);
        if (isnan(error)) continue;
        sum += error * error;
        if (fabs(error) > max) max = fabs(error);
        n++;
    }
    if (!n) return;
    *rms_mv = sqrt(sum / (double)n);
    *max_mv = max;
}
