#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "ecg/build.h"
#include "ecg/dcm_encode.h"
#include "ecg/dcm_value.h"
#include "ecg/dcm_waveform.h"
#include "ecg/dicom.h"
#include "ecg/dicom_write.h"

/* More is not read again. */
enum { MOST_SAMPLE_BYTES = 255 << 20, MAX_GROUPS = 5 };
enum { LOWEST_COUNT = -32768, HIGHEST_COUNT = 32767, N_COUNTS = 65536 };
enum { LONGEST_SHORT = 16, LONGEST_NAME = 64 };

/* A UUID drawn once for Gemel (PS3.7 D.3.3.2). */
#define IMPLEMENTATION_UID "2.25.114874250816489922145893787394983531301"

/* ---- which class: PS3.3 A.34.3.4, A.34.4.4, A.34.5.4 --------------------------------------------- */

typedef struct {
    const char *uid;
    size_t n_groups, n_channels, n_channels_in_all, n_samples;
    double lowest_hz, highest_hz, longest_s;
    bool only_twelve_leads;
} class_limits;

/* In the order of choice. A recording of more than an hour is rather a Holter's. */
static const class_limits classes[] = {
    {"1.2.840.10008.5.1.4.1.1.9.1.1", 5, 13, 13, 16384, 200, 1000, INFINITY, true},
    {"1.2.840.10008.5.1.4.1.1.9.1.2", 4, 24, 96, SIZE_MAX, 200, 1000, 3600, false},
    {"1.2.840.10008.5.1.4.1.1.9.1.3", 1, 12, 12, SIZE_MAX, 50, 1000, INFINITY, false},
    {"1.2.840.10008.5.1.4.1.1.9.1.2", 4, 24, 96, SIZE_MAX, 200, 1000, INFINITY, false},
};

static bool group_fits(const class_limits *k, const gm_ecg *g)
{
    if (g->n_channels > k->n_channels || g->n_samples > k->n_samples) return false;
    if (!(g->rate_hz >= k->lowest_hz && g->rate_hz <= k->highest_hz)) return false;
    if ((double)g->n_samples / g->rate_hz > k->longest_s) return false;
    for (size_t c = 0; k->only_twelve_leads && c < g->n_channels; c++)
        if (g->channels[c].lead < 0) return false;
    return true;
}

static bool class_fits(const class_limits *k, const gm_ecg *const *groups, size_t n)
{
    size_t n_channels = 0;
    if (n > k->n_groups) return false;
    for (size_t i = 0; i < n; i++) {
        n_channels += groups[i]->n_channels;
        if (!group_fits(k, groups[i])) return false;
    }
    return n_channels <= k->n_channels_in_all;
}

static gm_status choose_class(const char **uid, const gm_ecg *const *groups, size_t n,
                              const char *path)
{
    double lowest_hz = groups[0]->rate_hz, highest_hz = lowest_hz;
    size_t n_channels = 0;
    for (size_t k = 0; k < sizeof classes / sizeof *classes; k++) {
        *uid = classes[k].uid;
        if (class_fits(&classes[k], groups, n)) return GM_OK;
    }
    for (size_t i = 0; i < n; i++) {
        lowest_hz = fmin(lowest_hz, groups[i]->rate_hz);
        highest_hz = fmax(highest_hz, groups[i]->rate_hz);
        if (groups[i]->n_channels > n_channels) n_channels = groups[i]->n_channels;
    }
    return gm_fail(GM_EINVAL,
                   "%s: DICOM's ECGs hold 1 to 4 waveforms of at most 24 channels at 200 to 1000 "
                   "Hz, or one of at most 12 channels at 50 to 1000 Hz; this has %zu of up to %zu "
                   "channels at %g to %g Hz",
                   path, n, n_channels, lowest_hz, highest_hz);
}

/* ---- one channel ------------------------------------------------------------------------------- */

/* Codes of ISO/IEEE 11073-10101 (PS3.16 CID 3001) for names beside the twelve leads. */
static const char *code_of_name(const char *name)
{
    static const struct {
        const char *name, *code;
    } known[] = {{"V7", "2:9"},   {"V8", "2:66"},  {"V9", "2:67"},   {"V3R", "2:11"},
                 {"V4R", "2:12"}, {"V5R", "2:13"}, {"X", "2:16"},    {"Y", "2:17"},
                 {"Z", "2:18"},   {"vx", "2:16"},  {"vy", "2:17"},   {"vz", "2:18"},
                 {"CC5", "2:19"}, {"CM5", "2:20"}, {"MCL1", "2:92"}, {"MCL6", "2:97"},
                 {"ES", "2:131"}, {"AS", "2:132"}, {"AI", "2:133"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(name, known[i].name) == 0) return known[i].code;
    return NULL;
}

static gm_status put_source(gm_dcm_job *j, const gm_ecg_channel *c)
{
    static const char *const leads[GM_N_LEADS] = {"2:1", "2:2", "2:61", "2:62", "2:63", "2:64",
                                                  "2:3", "2:4", "2:5",  "2:6",  "2:7",  "2:8"};
    char name[4 * LONGEST_NAME + 8], label[4 * LONGEST_SHORT + 8], own[GM_DCM_CODE_ROOM];
    char standard[16];
    bool is_same = gm_dcm_clean(name, sizeof name, c->name, LONGEST_NAME, "\\");
    bool has_label = gm_dcm_clean(label, sizeof label, name, LONGEST_SHORT, "\\") && *label;
    if (has_label) gm_dcm_put_text(j->t, 0x003A0203, "SH", label);
    if (c->lead >= 0) {
        snprintf(standard, sizeof standard, "Lead %s", gm_lead_names[c->lead]);
        gm_dcm_put_code(j->t, 0x003A0208, "MDC", leads[c->lead],
                        has_label || !*name ? standard : name);
    } else if (!*name) {
        gm_dcm_put_code(j->t, 0x003A0208, GM_DCM_OWN_SCHEME, GM_DCM_NO_NAME, "channel");
    } else {
        const char *code = code_of_name(name);
        GM_TRY(gm_dcm_make_code(own, name));
        gm_dcm_put_code(j->t, 0x003A0208, code ? "MDC" : GM_DCM_OWN_SCHEME, code ? code : own,
                        name);
    }
    return is_same ? GM_OK : gm_ecg_files_leave_out(j->out, "name of channel %s: shortened", name);
}

static const char *name_of(const gm_ecg_channel *c)
{
    return c->name ? c->name : "?";
}

static gm_status put_scale(gm_dcm_job *j, const gm_ecg_channel *c)
{
    gm_dcm_scale s;
    if (isnan(c->mv_per_count)) {
        if (!c->unit && c->baseline == 0) return GM_OK;
        return gm_ecg_files_leave_out(j->out, "unit and baseline of %s: its scale is unknown",
                                      name_of(c));
    }
    if (!gm_dcm_find_scale(&s, c->mv_per_count, c->baseline, c->unit))
        return gm_fail(GM_EINVAL,
                       "%s: channel %s: %.17g mV a count with baseline %.17g cannot be held by "
                       "decimal numbers of 16 characters",
                       j->path, name_of(c), c->mv_per_count, c->baseline);
    gm_dcm_put_text(j->t, 0x003A0210, "DS", s.sensitivity);
    gm_dcm_put_code(j->t, 0x003A0211, "UCUM", s.unit, s.unit);
    gm_dcm_put_text(j->t, 0x003A0212, "DS", s.correction);
    gm_dcm_put_text(j->t, 0x003A0213, "DS", s.baseline);
    if (s.baseline_error == 0) return GM_OK;
    return gm_ecg_files_leave_out(j->out, "baseline of %s: held within %.1g counts", name_of(c),
                                  s.baseline_error);
}

/* In samples where that reads back exactly, else in seconds. */
static gm_status put_skew(gm_dcm_job *j, const gm_ecg_channel *c, double rate_hz)
{
    char samples[GM_DCM_DS_ROOM], seconds[GM_DCM_DS_ROOM];
    double in_samples, in_seconds;
    if (isnan(c->skew_ms)) {
        gm_dcm_put_text(j->t, 0x003A0215, "DS", "0");
        return GM_OK;
    }
    gm_dcm_decimal(samples, c->skew_ms * rate_hz / 1000);
    gm_dcm_decimal(seconds, c->skew_ms / 1000);
    bool is_exact =
        (gm_parse_real(samples, &in_samples) && in_samples * 1000 / rate_hz == c->skew_ms);
    if (is_exact) {
        gm_dcm_put_text(j->t, 0x003A0215, "DS", samples);
        return GM_OK;
    }
    gm_dcm_put_text(j->t, 0x003A0214, "DS", seconds);
    if (gm_parse_real(seconds, &in_seconds) && in_seconds * 1000 == c->skew_ms) return GM_OK;
    return gm_ecg_files_leave_out(j->out, "skew of %s: rounded to %s s", name_of(c), seconds);
}

static gm_status put_filter(gm_dcm_job *j, const gm_ecg_channel *c, uint32_t tag, double hz)
{
    char text[GM_DCM_DS_ROOM];
    if (isnan(hz)) return GM_OK;
    bool is_exact = gm_dcm_decimal(text, hz);
    gm_dcm_put_text(j->t, tag, "DS", text);
    return is_exact ? GM_OK
                    : gm_ecg_files_leave_out(j->out, "a filter of %s: rounded to %s Hz", name_of(c),
                                             text);
}

static gm_status put_channel(gm_dcm_job *j, const gm_ecg_channel *c, double rate_hz)
{
    const uint16_t bits = 16;
    gm_dcm_open_item(j->t);
    GM_TRY(put_source(j, c));
    GM_TRY(put_scale(j, c));
    GM_TRY(put_skew(j, c, rate_hz));
    gm_dcm_put_u16(j->t, 0x003A021A, &bits, 1);
    GM_TRY(put_filter(j, c, 0x003A0220, c->low_cut_hz));
    GM_TRY(put_filter(j, c, 0x003A0221, c->high_cut_hz));
    GM_TRY(put_filter(j, c, 0x003A0222, c->notch_hz));
    gm_dcm_close_item(j->t);
    return GM_OK;
}

/* ---- the samples ------------------------------------------------------------------------------- */

/* Refuses counts that do not fit 16 bits; finds a value for missing samples that no sample has. */
static gm_status check_counts(const gm_ecg *g, const char *path, bool *has_missing, int *padding)
{
    unsigned char *is_used = gm_calloc(N_COUNTS, 1);
    if (!is_used) return gm_fail(GM_ENOMEM, "%s: no memory", path);
    *has_missing = false;
    gm_status s = GM_OK;
    for (size_t c = 0; c < g->n_channels && s == GM_OK; c++) {
        for (size_t i = 0; i < g->n_samples && s == GM_OK; i++) {
            int32_t v = g->channels[c].counts[i];
            if (v == GM_ECG_MISSING_COUNT)
                *has_missing = true;
            else if (v < LOWEST_COUNT || v > HIGHEST_COUNT)
                s = gm_fail(GM_EINVAL,
                            "%s: channel %s: sample %zu is %d counts, DICOM's ECGs hold %d to %d",
                            path, name_of(&g->channels[c]), i, (int)v, LOWEST_COUNT, HIGHEST_COUNT);
            else
                is_used[v - LOWEST_COUNT] = 1;
        }
    }
    int free_value = 0;
    while (free_value < N_COUNTS && is_used[free_value])
        free_value++;
    gm_free(is_used);
    *padding = free_value + LOWEST_COUNT;
    if (s == GM_OK && *has_missing && free_value == N_COUNTS)
        s = gm_fail(GM_EINVAL, "%s: all 65536 values occur: none is left for missing samples",
                    path);
    return s;
}

static gm_status put_samples(gm_dcm_job *j, const gm_ecg *g)
{
    bool has_missing;
    int padding;
    const uint16_t bits = 16;
    GM_TRY(check_counts(g, j->path, &has_missing, &padding));
    uint16_t *words = gm_calloc(g->n_samples, g->n_channels * sizeof *words),
             pad = (uint16_t)padding;
    if (!words) return gm_fail(GM_ENOMEM, "%s: no memory for the samples", j->path);
    for (size_t i = 0; i < g->n_samples; i++) {
        for (size_t c = 0; c < g->n_channels; c++) {
            int32_t v = g->channels[c].counts[i];
            words[i * g->n_channels + c] = v == GM_ECG_MISSING_COUNT ? pad : (uint16_t)v;
        }
    }
    gm_dcm_put_u16(j->t, 0x54001004, &bits, 1);
    gm_dcm_put_text(j->t, 0x54001006, "CS", "SS");
    if (has_missing) gm_dcm_put_words(j->t, 0x5400100A, &pad, 1);
    gm_dcm_put_words(j->t, 0x54001010, words, g->n_samples * g->n_channels);
    gm_free(words);
    return GM_OK;
}

/* ---- one waveform ------------------------------------------------------------------------------- */

static bool is_derived(const gm_ecg *g)
{
    static const char *const words[] = {"MEDIAN", "AVERAGE", "REPRESENTATIVE"};
    for (size_t i = 0; g->group && i < sizeof words / sizeof *words; i++)
        if (strcasestr(g->group, words[i])) return true;
    return false;
}

static gm_status put_group(gm_dcm_job *j, const gm_ecg *g, const char *label)
{
    char rate[GM_DCM_DS_ROOM];
    const uint16_t n_channels = (uint16_t)g->n_channels;
    const uint32_t n_samples = (uint32_t)g->n_samples;
    if (!gm_dcm_decimal(rate, g->rate_hz))
        return gm_fail(GM_EINVAL,
                       "%s: a sampling rate of %.17g Hz cannot be held by a decimal number of 16 "
                       "characters",
                       j->path, g->rate_hz);
    gm_dcm_open_item(j->t);
    gm_dcm_put_text(j->t, 0x003A0004, "CS", is_derived(g) ? "DERIVED" : "ORIGINAL");
    gm_dcm_put_u16(j->t, 0x003A0005, &n_channels, 1);
    gm_dcm_put_u32(j->t, 0x003A0010, &n_samples, 1);
    gm_dcm_put_text(j->t, 0x003A001A, "DS", rate);
    if (label)
        GM_TRY(gm_dcm_put_clean(j, 0x003A0020, "SH", label, LONGEST_SHORT, "name of a waveform"));
    gm_dcm_open_sequence(j->t, 0x003A0200);
    for (size_t c = 0; c < g->n_channels; c++)
        GM_TRY(put_channel(j, &g->channels[c], g->rate_hz));
    gm_dcm_close_sequence(j->t);
    GM_TRY(put_samples(j, g));
    gm_dcm_close_item(j->t);
    return GM_OK;
}

static gm_status say_skews(gm_dcm_job *j, const gm_ecg *const *groups, size_t n)
{
    size_t n_unknown = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < groups[i]->n_channels; c++)
            n_unknown += isnan(groups[i]->channels[c].skew_ms);
    if (!n_unknown) return GM_OK;
    return gm_ecg_files_leave_out(j->out,
                                  "that the skew of %zu channels is unknown: DICOM requires one, "
                                  "0 is written",
                                  n_unknown);
}

/* ---- the file ---------------------------------------------------------------------------------- */

static gm_status collect_groups(const gm_ecg **groups, size_t *n, const gm_ecg *e, const char *path)
{
    double bytes = 0;
    *n = 0;
    if (e->n_others >= MAX_GROUPS)
        return gm_fail(GM_EINVAL, "%s: %zu waveforms, DICOM's ECGs hold at most %d", path,
                       e->n_others + 1, MAX_GROUPS);
    groups[0] = e;
    for (size_t i = 0; i < e->n_others; i++)
        groups[i + 1] = e->others[i];
    *n = e->n_others + 1;
    for (size_t i = 0; i < *n; i++)
        bytes += 2.0 * (double)groups[i]->n_channels * (double)groups[i]->n_samples;
    if (bytes > MOST_SAMPLE_BYTES)
        return gm_fail(GM_EINVAL, "%s: %.0f bytes of samples, at most %d are written", path, bytes,
                       MOST_SAMPLE_BYTES);
    return GM_OK;
}

/* What must stand on the first waveform so that it is read as the ECG itself. */
static gm_status label_rhythm(const char **label, const gm_ecg *const *groups, size_t n,
                              const char *path)
{
    *label = groups[0]->group;
    size_t chosen = gm_dcm_rhythm_group(groups, n);
    if (chosen == 0) return GM_OK;
    *label = "RHYTHM";
    if (!groups[0]->group) return GM_OK;
    return gm_fail(GM_EINVAL,
                   "%s: the first waveform is labelled \"%s\": number %zu, \"%s\", would be read "
                   "as the ECG",
                   path, groups[0]->group, chosen + 1,
                   groups[chosen]->group ? groups[chosen]->group : "");
}

static gm_status put_waveforms(gm_dcm_job *j, const gm_ecg *const *groups, size_t n)
{
    const char *label;
    GM_TRY(label_rhythm(&label, groups, n, j->path));
    gm_dcm_put_text(j->t, 0x00200010, "SH", "");  /* study id */
    gm_dcm_put_text(j->t, 0x00200011, "IS", "");  /* series number */
    gm_dcm_put_text(j->t, 0x00200013, "IS", "1"); /* instance number */
    gm_dcm_open_sequence(j->t, 0x00400555);       /* acquisition context: none */
    gm_dcm_close_sequence(j->t);
    GM_TRY(gm_dcm_put_marks(j));
    gm_dcm_open_sequence(j->t, 0x54000100);
    for (size_t i = 0; i < n; i++)
        GM_TRY(put_group(j, groups[i], i ? groups[i]->group : label));
    gm_dcm_close_sequence(j->t);
    return say_skews(j, groups, n);
}

/* The file header (PS3.10 7.1) and the elements up to the SOP instance. */
static void put_header(gm_text *t, const char *class_uid, const char *instance_uid)
{
    gm_text meta = {0};
    static const char preamble[128];
    gm_text_add_bytes(&meta, "\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01", 14); /* (0002,0001) version */
    gm_dcm_put_text(&meta, 0x00020002, "UI", class_uid);
    gm_dcm_put_text(&meta, 0x00020003, "UI", instance_uid);
    gm_dcm_put_text(&meta, 0x00020010, "UI", "1.2.840.10008.1.2.1");
    gm_dcm_put_text(&meta, 0x00020012, "UI", IMPLEMENTATION_UID);
    gm_dcm_put_text(&meta, 0x00020013, "SH", "GEMEL");
    uint32_t length = (uint32_t)meta.length;
    gm_text_add_bytes(t, preamble, sizeof preamble);
    gm_text_add(t, "DICM");
    gm_dcm_put_u32(t, 0x00020000, &length, 1);
    gm_text_add_bytes(t, meta.data ? meta.data : "", meta.length);
    t->failed = t->failed || meta.failed;
    gm_text_free(&meta);
    gm_dcm_put_text(t, 0x00080005, "CS", "ISO_IR 192");
    gm_dcm_put_text(t, 0x00080016, "UI", class_uid);
    gm_dcm_put_text(t, 0x00080018, "UI", instance_uid);
}

static gm_status hash_of(char hash[GM_HASH_TEXT], const gm_text *facts, const gm_text *waveforms)
{
    gm_hasher *h;
    GM_TRY(gm_hasher_create(&h));
    gm_hasher_add(h, facts->data, facts->length);
    gm_hasher_add(h, waveforms->data, waveforms->length);
    return gm_hasher_finish(h, hash);
}

/* The UIDs name the content, so it is encoded first; they stand between its two parts. */
static gm_status assemble(gm_ecg_files *out, const char *path, const char *class_uid,
                          const gm_text *facts, const gm_text *waveforms)
{
    char hash[GM_HASH_TEXT], instance[GM_DCM_UID_ROOM], study[GM_DCM_UID_ROOM],
        series[GM_DCM_UID_ROOM];
    GM_TRY(gm_text_status(facts));
    GM_TRY(gm_text_status(waveforms));
    GM_TRY(hash_of(hash, facts, waveforms));
    GM_TRY(gm_dcm_make_uid(instance, hash, "instance"));
    GM_TRY(gm_dcm_make_uid(series, hash, "series"));
    GM_TRY(gm_dcm_make_uid(study, hash, "study"));
    gm_text file = {0};
    put_header(&file, class_uid, instance);
    gm_text_add_bytes(&file, facts->data, facts->length);
    gm_dcm_put_text(&file, 0x0020000D, "UI", study);
    gm_dcm_put_text(&file, 0x0020000E, "UI", series);
    gm_text_add_bytes(&file, waveforms->data, waveforms->length);
    gm_status s = gm_text_status(&file);
    if (s == GM_OK) s = gm_ecg_files_add(out, path, file.data, file.length);
    gm_text_free(&file);
    return s;
}

gm_status gm_ecg_dicom_write(gm_ecg_files *out, const gm_ecg *e, const char *path)
{
    const gm_ecg *groups[MAX_GROUPS];
    const char *class_uid;
    size_t n = 0;
    gm_text facts = {0}, waveforms = {0};
    gm_dcm_job j = {.e = e, .path = path, .out = out, .t = &facts};
    GM_TRY(collect_groups(groups, &n, e, path));
    GM_TRY(choose_class(&class_uid, groups, n, path));
    gm_status s = gm_dcm_put_facts(&j);
    j.t = &waveforms;
    if (s == GM_OK) s = put_waveforms(&j, groups, n);
    if (s == GM_OK) s = assemble(out, path, class_uid, &facts, &waveforms);
    gm_text_free(&facts);
    gm_text_free(&waveforms);
    return s;
}
