#include "ecg/wfdb.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/file.h"
#include "ecg/build.h"
#include "ecg/format.h"

/* What one signal file holds: its signals are interleaved frame by frame in header order. */
typedef struct {
    int format;
    size_t offset;        /* bytes before the first sample */
    size_t frame_samples; /* of all its signals together */
    size_t n_samples;     /* that its length has room for */
} layout;

typedef struct {
    const gm_wfdb_header *h;
    const gm_wfdb_file *files;
    const char *name;
    layout *layouts; /* [n_files] */
    size_t n_frames;
    size_t samples_per_frame; /* of the channels that are kept */
} record;

static size_t samples_in(int format, size_t bytes)
{
    switch (format) {
    case 212: return bytes / 3 * 2 + (bytes % 3 == 2); /* two 12-bit samples in 3 bytes */
    case 24: return bytes / 3;
    case 32: return bytes / 4;
    case 80: return bytes;
    default: return bytes / 2;
    }
}

/* The sample, and through *missing whether it is the value that marks a gap. */
static int32_t sample_at(int format, const unsigned char *p, size_t i, bool *missing)
{
    int32_t v, most_negative;
    switch (format) {
    case 212: {
        const unsigned char *pair = p + i / 2 * 3;
        v = i & 1 ? pair[2] | (pair[1] & 0xF0) << 4 : pair[0] | (pair[1] & 0x0F) << 8;
        v -= (v & 0x800) << 1;
        most_negative = -0x800;
        break;
    }
    case 24:
        v = p[3 * i] | p[3 * i + 1] << 8 | p[3 * i + 2] << 16;
        v -= (v & 0x800000) << 1;
        most_negative = -0x800000;
        break;
    case 32:
        v = (int32_t)(p[4 * i] | (uint32_t)p[4 * i + 1] << 8 | (uint32_t)p[4 * i + 2] << 16 |
                      (uint32_t)p[4 * i + 3] << 24);
        most_negative = INT32_MIN;
        break;
    case 80:
        v = p[i] - 128;
        most_negative = -128;
        break;
    case 61: v = (int16_t)(p[2 * i] << 8 | p[2 * i + 1]), most_negative = INT16_MIN; break;
    default: v = (int16_t)(p[2 * i] | p[2 * i + 1] << 8), most_negative = INT16_MIN; break;
    }
    *missing = v == most_negative;
    return v;
}

static gm_status lay_out(record *r)
{
    const gm_wfdb_header *h = r->h;
    for (size_t i = 0; i < h->n_signals; i++) {
        const gm_wfdb_signal *s = &h->signals[i];
        layout *l = &r->layouts[s->file];
        if (l->format && l->format != s->format)
            return gm_fail(GM_EFORMAT, "%s:%ld: signal file %s is in format %d and in format %d",
                           r->name, s->line, h->files[s->file], l->format, s->format);
        if (!l->format) l->offset = s->offset;
        l->format = s->format;
        l->frame_samples += s->samples_per_frame;
    }
    size_t most_frames = SIZE_MAX;
    for (size_t f = 0; f < h->n_files; f++) {
        layout *l = &r->layouts[f];
        if (l->offset > r->files[f].length)
            return gm_fail(GM_EFORMAT,
                           "%s: %s: %zu bytes, but the header places the samples at byte %zu",
                           r->name, h->files[f], r->files[f].length, l->offset);
        l->n_samples = samples_in(l->format, r->files[f].length - l->offset);
        size_t n_frames = l->n_samples / l->frame_samples;
        if (n_frames < h->n_frames)
            return gm_fail(GM_EFORMAT,
                           "%s: %s: room for %zu samples a signal in its %zu bytes, but the "
                           "header promises %zu: cut off?",
                           r->name, h->files[f], n_frames, r->files[f].length, h->n_frames);
        if (n_frames < most_frames) most_frames = n_frames;
    }
    r->n_frames = h->n_frames ? h->n_frames : most_frames;
    if (r->n_frames == 0) return gm_fail(GM_EFORMAT, "%s: the record holds no sample", r->name);
    return GM_OK;
}

/* A record has one rate here: that of the standard leads; without any, that of the first signal. */
static gm_status choose_rate(record *r)
{
    const gm_wfdb_signal *chosen = NULL;
    for (size_t i = 0; i < r->h->n_signals; i++) {
        const gm_wfdb_signal *s = &r->h->signals[i];
        if (gm_lead_index(s->name) < 0) continue;
        if (chosen && chosen->samples_per_frame != s->samples_per_frame)
            return gm_fail(GM_EFORMAT,
                           "%s:%ld: lead %s has %zu samples a frame, lead %s has %zu: leads at "
                           "different rates are not read",
                           r->name, s->line, s->name, s->samples_per_frame, chosen->name,
                           chosen->samples_per_frame);
        chosen = s;
    }
    r->samples_per_frame = (chosen ? chosen : r->h->signals)->samples_per_frame;
    return GM_OK;
}

static gm_status verify(gm_ecg *e, const gm_wfdb_signal *s, size_t i, int32_t first, uint32_t sum)
{
    const char *name = s->name ? s->name : "?";
    if (s->first_stated && s->first_count != first)
        GM_TRY(gm_ecg_note(e, "signal %zu (%s): the first count is %d, the header says %ld", i,
                           name, first, s->first_count));
    if (s->checksum_stated && ((uint32_t)s->checksum & 0xFFFF) != (sum & 0xFFFF))
        GM_TRY(gm_ecg_note(e, "signal %zu (%s): the checksum is %d, the header says %ld", i, name,
                           (int16_t)(sum & 0xFFFF), s->checksum));
    return GM_OK;
}

/* Signal i, which starts `first` samples into each frame of its file. counts NULL: verify only. */
static gm_status decode(gm_ecg *e, const record *r, size_t i, size_t first, int32_t *counts)
{
    const gm_wfdb_signal *s = &r->h->signals[i];
    const layout *l = &r->layouts[s->file];
    const unsigned char *bytes = (const unsigned char *)r->files[s->file].bytes + l->offset;
    uint32_t sum = 0;
    int32_t first_count = 0;
    for (size_t frame = 0; frame < r->n_frames; frame++) {
        for (size_t k = 0; k < s->samples_per_frame; k++) {
            bool missing;
            int32_t v = sample_at(l->format, bytes, frame * l->frame_samples + first + k, &missing);
            if (frame == 0 && k == 0) first_count = v;
            sum += (uint32_t)v;
            if (counts) *counts++ = missing ? GM_ECG_MISSING_COUNT : v;
        }
    }
    return verify(e, s, i, first_count, sum);
}

static gm_status describe(gm_ecg *e, const record *r, const gm_wfdb_signal *s, gm_ecg_channel *c)
{
    GM_TRY(gm_ecg_set(&c->name, s->name));
    GM_TRY(gm_ecg_set(&c->unit, s->unit));
    c->lead = gm_lead_index(s->name);
    c->baseline = s->baseline;
    c->mv_per_count = gm_ecg_unit_mv(s->unit ? s->unit : "mV") / s->gain; /* mV: see header(5) */
    if (s->skew_stated) c->skew_ms = 1000.0 * (double)s->skew_frames / r->h->rate_hz;
    if (isnan(s->gain))
        return gm_ecg_note(e, "signal %s: no gain stated: its voltage is unknown",
                           s->name ? s->name : "?");
    return GM_OK;
}

static gm_status read_signals(gm_ecg *e, const record *r)
{
    size_t *in_frame = gm_calloc(r->h->n_files, sizeof *in_frame);
    if (!in_frame) return gm_fail(GM_ENOMEM, "%s: no memory", r->name);
    gm_ecg_channel *c = e->channels;
    gm_status status = GM_OK;
    for (size_t i = 0; i < r->h->n_signals && status == GM_OK; i++) {
        const gm_wfdb_signal *s = &r->h->signals[i];
        bool kept = s->samples_per_frame == r->samples_per_frame;
        status = decode(e, r, i, in_frame[s->file], kept ? c->counts : NULL);
        in_frame[s->file] += s->samples_per_frame;
        if (status == GM_OK && kept)
            status = describe(e, r, s, c++);
        else if (status == GM_OK)
            status =
                gm_ecg_note(e, "signal %zu (%s): %zu samples a frame, the ECG has %zu: left out", i,
                            s->name ? s->name : "?", s->samples_per_frame, r->samples_per_frame);
    }
    gm_free(in_frame);
    return status;
}

static void set_age(gm_ecg *e, const char *digits)
{
    char *end;
    double age = strtod(digits, &end);
    if (end > digits && age >= 0 && age <= GM_ECG_MAX_AGE_YEARS) e->patient.age_years = age;
}

static void set_sex(gm_ecg *e, const char *text)
{
    char word[16];
    if (sscanf(text, " %15[A-Za-z]", word) == 1) e->patient.sex = gm_ecg_sex_of(word);
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

/* Age and sex as PTB ("age: 81"), LUDB ("<age>: 51") and MIT-BIH ("69 M 1085 ...") write them. */
static void read_comment(gm_ecg *e, const char *comment)
{
    const char *age = value_of(comment, "age"), *sex = value_of(comment, "sex");
    if (age && isnan(e->patient.age_years)) set_age(e, age);
    if (sex && e->patient.sex == GM_SEX_UNKNOWN) set_sex(e, sex);
    int years, used = 0;
    char letter[2]; /* with its NUL */
    if (isnan(e->patient.age_years) && e->patient.sex == GM_SEX_UNKNOWN &&
        sscanf(comment, " %3d %1[MF]%n", &years, letter, &used) == 2 &&
        (!comment[used] || isspace((unsigned char)comment[used]))) {
        set_age(e, comment);
        e->patient.sex = *letter == 'M' ? GM_SEX_MALE : GM_SEX_FEMALE;
    }
}

/* "10:11:12.5" and "01/10/1990" to ISO 8601. A time without a date stays unknown. */
static gm_status read_date(gm_ecg *e, const gm_wfdb_header *h)
{
    int day, month, year, hour, minute, second, used = 0;
    if (!h->date) return GM_OK;
    if (sscanf(h->date, "%2d/%2d/%4d%n", &day, &month, &year, &used) != 3 || h->date[used] ||
        day < 1 || day > 31 || month < 1 || month > 12 || year < 1800)
        return gm_ecg_note(e, "the date \"%.40s\" is not DD/MM/YYYY", h->date);
    char text[64];
    int n = snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
    if (sscanf(h->time, "%2d:%2d:%2d", &hour, &minute, &second) == 3 && hour >= 0 && hour < 24 &&
        minute >= 0 && minute < 60 && second >= 0 && second < 61)
        snprintf(text + n, sizeof text - (size_t)n, "T%02d:%02d:%02d", hour, minute, second);
    return gm_ecg_set(&e->acquired, text);
}

static gm_status fill(gm_ecg *e, const record *r)
{
    e->rate_hz = r->h->rate_hz * (double)r->samples_per_frame;
    GM_TRY(read_signals(e, r));
    for (size_t i = 0; i < r->h->n_comments; i++)
        read_comment(e, r->h->comments[i]);
    GM_TRY(read_date(e, r->h));
    return gm_ecg_finish(e, r->name);
}

static gm_status make_record(gm_ecg **out, record *r)
{
    GM_TRY(lay_out(r));
    GM_TRY(choose_rate(r));
    size_t n_channels = 0;
    for (size_t i = 0; i < r->h->n_signals; i++)
        n_channels += r->h->signals[i].samples_per_frame == r->samples_per_frame;
    gm_ecg *e;
    GM_TRY(gm_ecg_create(&e, "WFDB", n_channels, r->n_frames * r->samples_per_frame));
    gm_status s = fill(e, r);
    if (s != GM_OK) {
        gm_ecg_destroy(e);
        return s;
    }
    *out = e;
    return GM_OK;
}

gm_status gm_wfdb_signals(gm_ecg **out, const gm_wfdb_header *header, const gm_wfdb_file *files,
                          const char *name)
{
    *out = NULL;
    if (isnan(header->rate_hz))
        return gm_fail(GM_EFORMAT, "%s: the record line states no sampling rate", name);
    record r = {.h = header, .files = files, .name = name};
    r.layouts = gm_calloc(header->n_files, sizeof *r.layouts);
    if (!r.layouts) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    gm_status s = make_record(out, &r);
    gm_free(r.layouts);
    return s;
}

static gm_status load_files(gm_wfdb_file *files, const gm_wfdb_header *h, const char *path)
{
    for (size_t f = 0; f < h->n_files; f++) {
        char *file = gm_path_beside(path, h->files[f]), *bytes;
        if (!file) return gm_fail(GM_ENOMEM, "%s: no memory", path);
        gm_status s = gm_file_read(&bytes, &files[f].length, file, 0);
        gm_free(file);
        if (s != GM_OK) return gm_fail_in(s, "%s: signal file", path);
        files[f].bytes = bytes;
    }
    return GM_OK;
}

static gm_status read_record(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    *out = NULL;
    gm_wfdb_header *h;
    GM_TRY(gm_wfdb_header_parse(&h, bytes, length, path));
    gm_wfdb_file *files = gm_calloc(h->n_files, sizeof *files);
    gm_status s = files ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", path);
    if (s == GM_OK) s = load_files(files, h, path);
    if (s == GM_OK) s = gm_wfdb_signals(out, h, files, path);
    for (size_t f = 0; files && f < h->n_files; f++)
        gm_free((char *)files[f].bytes);
    gm_free(files);
    gm_wfdb_header_destroy(h);
    return s;
}

/* The first line that is no comment reads "name count [number ...": nothing else looks like it. */
static bool looks_like_a_header(const char *bytes, size_t length)
{
    const char *p = bytes, *end = bytes + length;
    while (p < end && (*p == '#' || *p == '\n' || *p == '\r')) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p) return false;
        p++;
    }
    char line[200];
    size_t n = 0;
    while (p < end && n < sizeof line - 1 && *p != '\n')
        line[n++] = *p++;
    line[n] = 0;
    char name[100];
    int n_signals, used = 0;
    if (sscanf(line, "%99s %d%n", name, &n_signals, &used) != 2) return false;
    if (strpbrk(name, ",;\t\"")) return false;
    while (line[used] == ' ')
        used++;
    return !line[used] || isspace((unsigned char)line[used]) || strchr("+-.", line[used]) ||
           isdigit((unsigned char)line[used]);
}

const gm_ecg_format gm_ecg_format_wfdb = {
    .id = "WFDB", .ending = ".hea", .sniff = looks_like_a_header, .read = read_record};
