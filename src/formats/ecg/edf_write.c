/* EDF+C out of a gm_ecg; the reader is edf.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/text.h"
#include "ecg/build.h"
#include "ecg/edf.h"
#include "ecg/edf_header.h"
#include "ecg/edf_identity.h"
#include "ecg/edf_scale.h"

enum { LABEL = 16 };

/* Bytes of a data record: what EDF recommends at most, and what EDFlib reads at most. */
enum { USUAL_RECORD_BYTES = 61440, MOST_RECORD_BYTES = 10000000 };

typedef struct {
    const gm_ecg_channel *c;
    const gm_ecg *e; /* whose it is */
    size_t samples;  /* a record */
    char label[LABEL + 1], dimension[9], prefilter[81];
    char physical_min[9], physical_max[9];
    long digital_min, digital_max;
} signal;

typedef struct {
    const gm_ecg *e;
    const char *path;
    gm_ecg_files *files;
    gm_edf_identity who;
    const gm_ecg **groups; /* [n_groups] the record and the others that fit beside it */
    bool *is_written;      /* [1 + n_others] */
    size_t n_groups;
    signal *signals; /* [n_signals], and the annotation signal behind them */
    size_t n_signals;
    size_t n_records, annotation_bytes; /* a record */
    double record_s;
    char record_text[9];
    gm_text tals;       /* of the marks, in their order, one behind the other */
    size_t *tal_length; /* [n_tals] */
    size_t n_tals;
} plan;

/* ---- which waveforms ---------------------------------------------------------------------------- */

/* An EDF file has signals of one length, and one rate is one waveform. */
static bool fits_beside(const gm_ecg *e, const gm_ecg *other)
{
    double length_s = (double)e->n_samples / e->rate_hz;
    return other->n_channels > 0 && other->n_samples > 0 && other->rate_hz != e->rate_hz &&
           other->first_ms == e->first_ms &&
           fabs((double)other->n_samples / other->rate_hz - length_s) <= 1e-12 * length_s;
}

static gm_status choose_groups(plan *p)
{
    const gm_ecg *e = p->e;
    p->groups = gm_calloc(1 + e->n_others, sizeof(gm_ecg *));
    p->is_written = gm_calloc(1 + e->n_others, sizeof *p->is_written);
    if (!p->groups || !p->is_written) return gm_fail(GM_ENOMEM, "%s: no memory", p->path);
    p->groups[p->n_groups++] = e;
    p->is_written[0] = true;
    for (size_t k = 0; k < e->n_others; k++) {
        const gm_ecg *other = e->others[k];
        p->is_written[k + 1] = fits_beside(e, other);
        for (size_t g = 1; g < p->n_groups; g++)
            if (p->groups[g]->rate_hz == other->rate_hz) p->is_written[k + 1] = false;
        if (p->is_written[k + 1])
            p->groups[p->n_groups++] = other;
        else
            GM_TRY(gm_ecg_files_leave_out(
                p->files,
                "waveform %zu%s%s (%zu samples at %g Hz beside %zu at %g Hz: EDF holds signals of "
                "one length)",
                k + 2, other->group ? " " : "", other->group ? other->group : "", other->n_samples,
                other->rate_hz, e->n_samples, e->rate_hz));
    }
    for (size_t g = 0; g < p->n_groups; g++)
        p->n_signals += p->groups[g]->n_channels;
    if (p->n_signals > GM_ECG_MAX_CHANNELS)
        return gm_fail(GM_EINVAL, "%s: %zu channels, EDF holds %d here", p->path, p->n_signals,
                       GM_ECG_MAX_CHANNELS);
    return e->group ? gm_ecg_files_leave_out(p->files, "name of the waveform (%s)", e->group)
                    : GM_OK;
}

/* ---- the length of a data record ---------------------------------------------------------------- */

static size_t common_divisor(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Whether n_records records hold every waveform exactly; how far their duration is from 1 s. */
static bool try_records(const plan *p, size_t n_records, char text[9], double *cost)
{
    double s = (double)(p->e->n_samples / n_records) / p->e->rate_hz;
    size_t bytes = 0;
    if (n_records > 99999999 || !gm_edf_number(text, s)) return false;
    double held = strtod(text, NULL);
    if (!(fabs(held - s) <= 4e-16 * s)) return false;
    for (size_t g = 0; g < p->n_groups; g++) {
        size_t n = p->groups[g]->n_samples / n_records;
        double rate = p->groups[g]->rate_hz;
        if (n > 99999999 || fabs(gm_edf_rate_hz(n, held) - rate) > 4e-16 * rate) return false;
        bytes += 2 * n * p->groups[g]->n_channels;
    }
    *cost = fabs(log(s)) + (bytes > MOST_RECORD_BYTES ? 100 : bytes > USUAL_RECORD_BYTES ? 1.5 : 0);
    return true;
}

static gm_status choose_record(plan *p)
{
    size_t n = p->e->n_samples, least = 1;
    double best = INFINITY, cost;
    char text[9];
    for (size_t g = 1; g < p->n_groups; g++)
        n = common_divisor(n, p->groups[g]->n_samples);
    p->n_records = 1;
    strcpy(p->record_text, "0");
    if (!p->n_signals) return GM_OK; /* annotations alone */
    for (size_t d = 1; d <= n / d; d++) {
        if (n % d) continue;
        const size_t pair[2] = {d, n / d};
        for (int i = 0; i < 2; i++) {
            if (!try_records(p, pair[i], text, &cost) || !(cost < best)) continue;
            best = cost;
            least = pair[i];
            strcpy(p->record_text, text);
        }
    }
    p->n_records = least;
    p->record_s = strtod(p->record_text, NULL);
    if (isfinite(best)) return GM_OK;
    return gm_fail(GM_EINVAL,
                   "%s: %zu samples at %.10g Hz: EDF divides a recording into equal data records, "
                   "and no number of records gives a duration that its field of 8 characters holds "
                   "exactly; WFDB (.hea) holds any",
                   p->path, p->e->n_samples, p->e->rate_hz);
}

/* ---- signals ------------------------------------------------------------------------------------ */

static bool is_label(const char *name)
{
    for (const char *c = name; *c; c++)
        if (*c < 0x20 || *c > 0x7E) return false;
    return strlen(name) <= LABEL && strcmp(name, "EDF Annotations") != 0;
}

static gm_status set_label(signal *s, plan *p)
{
    const char *name = gm_ecg_lead_name(s->c);
    if (name && is_label(name)) {
        snprintf(s->label, sizeof s->label, "%s", name);
        return GM_OK;
    }
    if (s->c->lead >= 0)
        snprintf(s->label, sizeof s->label, "ECG %s", gm_lead_names[s->c->lead]);
    else if (name)
        snprintf(s->label, sizeof s->label, "%schannel %zu",
                 strncasecmp(name, "ECG", 3) == 0 ? "ECG " : "", (size_t)(s - p->signals) + 1);
    return name ? gm_ecg_files_leave_out(
                      p->files, "name \"%.60s\" (EDF has room for %d characters of ASCII): \"%s\"",
                      name, LABEL, s->label)
                : GM_OK;
}

static gm_status span_of(const signal *s, const plan *p, long *low, long *high)
{
    *low = 32767;
    *high = -32768;
    for (size_t i = 0; i < s->e->n_samples; i++) {
        int32_t v = s->c->counts[i];
        if (v == GM_ECG_MISSING_COUNT)
            return gm_fail(GM_EINVAL,
                           "%s: channel %s: sample %zu is missing; EDF has no way to say so; WFDB "
                           "(.hea) and CSV have",
                           p->path, s->label, i);
        if (v < -32768 || v > 32767)
            return gm_fail(GM_EINVAL,
                           "%s: channel %s: sample %zu is %d counts, EDF holds -32768 to 32767; "
                           "WFDB (.hea) holds more",
                           p->path, s->label, i, v);
        if (v < *low) *low = v;
        if (v > *high) *high = v;
    }
    return GM_OK;
}

static void set_fields(signal *s, const gm_edf_range *r, const char *dimension)
{
    s->digital_min = r->digital_min;
    s->digital_max = r->digital_max;
    gm_edf_number(s->physical_min, r->physical_min);
    gm_edf_number(s->physical_max, r->physical_max);
    snprintf(s->dimension, sizeof s->dimension, "%s", dimension);
}

/* EDF+: an uncalibrated signal has no dimension; its physical values are counts from the baseline. */
static gm_status set_uncalibrated(signal *s, plan *p, long low, long high)
{
    gm_edf_range r;
    double error;
    if (!gm_edf_range_for(&r, &error, 1, s->c->baseline, 1, low, high)) {
        GM_TRY(gm_ecg_files_leave_out(p->files, "baseline %g of %s", s->c->baseline, s->label));
        r = (gm_edf_range){-32768, 32767, -32768, 32767};
    }
    set_fields(s, &r, "");
    return s->c->unit
               ? gm_ecg_files_leave_out(p->files, "unit %s of %s, the scale of which is unknown",
                                        s->c->unit, s->label)
               : GM_OK;
}

/* In the channel's own unit if that holds the scale exactly, else in another that does. */
static gm_status set_range(signal *s, plan *p)
{
    const char *units[] = {s->c->unit, "mV", "uV", "V", "nV"};
    const double exact = 1e-15;
    double best = INFINITY, least = INFINITY, mv = s->c->mv_per_count;
    long low, high;
    GM_TRY(span_of(s, p, &low, &high));
    if (isnan(mv)) return set_uncalibrated(s, p, low, high);
    for (size_t i = 0; i < sizeof units / sizeof *units && !(best <= exact); i++) {
        gm_edf_range r;
        double error, unit_mv = gm_ecg_unit_mv(units[i]);
        if (isnan(unit_mv) || strlen(units[i]) > 8 || !is_label(units[i])) continue;
        bool holds = gm_edf_range_for(&r, &error, mv, s->c->baseline, unit_mv, low, high);
        if (error < least) least = error;
        if (!holds || !(error < best)) continue;
        best = error;
        set_fields(s, &r, units[i]);
    }
    if (isfinite(best)) return GM_OK;
    return gm_fail(GM_EINVAL,
                   "%s: channel %s: %.17g mV a count with baseline %.17g: the fields of EDF, 8 "
                   "characters each, hold it to %.1e only, allowed is %.0e; WFDB (.hea) holds it",
                   p->path, s->label, mv, s->c->baseline, least, GM_EDF_SCALE_TOLERANCE);
}

static gm_status set_signals(plan *p)
{
    signal *s = p->signals = gm_calloc(p->n_signals + 1, sizeof *p->signals);
    size_t n_skewed = 0;
    if (!s) return gm_fail(GM_ENOMEM, "%s: no memory", p->path);
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t c = 0; c < p->groups[g]->n_channels; c++, s++) {
            s->e = p->groups[g];
            s->c = &s->e->channels[c];
            s->samples = s->e->n_samples / p->n_records;
            GM_TRY(set_label(s, p));
            GM_TRY(set_range(s, p));
            gm_edf_filters_of(s->prefilter, s->c);
            n_skewed += isfinite(s->c->skew_ms) && s->c->skew_ms != 0;
        }
    return n_skewed ? gm_ecg_files_leave_out(p->files, "skew of %zu channels", n_skewed) : GM_OK;
}

/* ---- annotations -------------------------------------------------------------------------------- */

/* Nine decimals, as many as are needed. */
static void add_seconds(gm_text *t, double s, bool with_sign)
{
    char text[64];
    size_t n = (size_t)snprintf(text, sizeof text, with_sign ? "%+.9f" : "%.9f", s + 0.0);
    while (n > 1 && text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.') n--;
    gm_text_add_bytes(t, text, n);
}

/* "QT", "QT = 368 ms", "N: remark" or the remark alone; the bytes that divide TALs become blanks. */
static void add_words(gm_text *t, const gm_ecg_mark *m)
{
    size_t from = t->length;
    if (m->what) gm_text_add(t, m->what);
    if (isfinite(m->value))
        gm_text_addf(t, "%s%.15g%s%s", m->what ? " = " : "", m->value, m->unit ? " " : "",
                     m->unit ? m->unit : "");
    if (m->text) gm_text_addf(t, "%s%s", t->length > from ? ": " : "", m->text);
    for (size_t i = from; i < t->length; i++)
        if ((unsigned char)t->data[i] < 0x20) t->data[i] = ' ';
}

/* The signal of a channel of group g; NULL: not written. */
static const signal *signal_of(const plan *p, size_t g, int channel)
{
    const gm_ecg *e = g ? p->e->others[g - 1] : p->e;
    for (size_t i = 0; i < p->n_signals; i++)
        if (p->signals[i].e == e && p->signals[i].c == &e->channels[channel]) return &p->signals[i];
    return NULL;
}

static void add_tal(plan *p, const gm_ecg_mark *m)
{
    gm_text *t = &p->tals;
    double rate = m->group ? p->e->others[m->group - 1]->rate_hz : p->e->rate_hz;
    size_t from = t->length;
    add_seconds(t, p->who.first_s + m->sample / rate, true);
    if (isfinite(m->duration_ms) && m->duration_ms >= 0) {
        gm_text_add(t, "\x15");
        add_seconds(t, m->duration_ms / 1000, false);
    }
    gm_text_add(t, "\x14");
    add_words(t, m);
    const signal *s = m->channel >= 0 ? signal_of(p, m->group, m->channel) : NULL;
    if (s && *s->label) gm_text_addf(t, "@@%s", s->label);
    gm_text_add_bytes(t, "\x14", 2); /* and 0x00 */
    p->tal_length[p->n_tals++] = t->length - from;
}

static gm_status set_tals(plan *p)
{
    const gm_ecg *e = p->e;
    size_t n_unplaced = 0, n_coded = 0, n_named = 0;
    p->tal_length = gm_calloc(e->n_marks + 1, sizeof *p->tal_length);
    if (!p->tal_length) return gm_fail(GM_ENOMEM, "%s: no memory for annotations", p->path);
    for (size_t i = 0; i < e->n_marks; i++) {
        const gm_ecg_mark *m = &e->marks[i];
        bool has_words = m->what || m->text || isfinite(m->value);
        if (!isfinite(m->sample) || !has_words || m->group > e->n_others ||
            !p->is_written[m->group]) {
            n_unplaced++;
            continue;
        }
        add_tal(p, m);
        n_coded += m->scheme || m->code;
        n_named += m->what || isfinite(m->value);
    }
    GM_TRY(gm_text_status(&p->tals));
    if (n_unplaced)
        GM_TRY(gm_ecg_files_leave_out(
            p->files, "%zu marks without a time in this recording or without words", n_unplaced));
    if (n_coded) GM_TRY(gm_ecg_files_leave_out(p->files, "codes of %zu marks", n_coded));
    if (n_named)
        GM_TRY(gm_ecg_files_leave_out(
            p->files, "the difference of kind, value and remark in %zu marks: all is text in EDF+",
            n_named));
    return GM_OK;
}

static void add_stamp(gm_text *t, const plan *p, size_t record)
{
    add_seconds(t, p->who.first_s + (double)record * p->record_s, true);
    gm_text_add_bytes(t, "\x14\x14", 3); /* and 0x00 */
}

static size_t decimals_of(double s)
{
    gm_text t = {0};
    add_seconds(&t, s, false);
    const char *point = t.data ? strchr(t.data, '.') : NULL;
    size_t n = point ? strlen(point) : 0;
    gm_text_free(&t);
    return n; /* with the point */
}

/* Every record has the same room: for its time stamp and an even share of the TALs. */
static void choose_room(plan *p)
{
    size_t longest = 0, of_record = decimals_of(p->record_s),
           of_first = decimals_of(p->who.first_s);
    size_t stamp = (size_t)snprintf(NULL, 0, "%+.0f", (double)p->n_records * p->record_s + 1) + 3;
    stamp += of_record > of_first ? of_record : of_first;
    for (size_t i = 0; i < p->n_tals; i++)
        if (p->tal_length[i] > longest) longest = p->tal_length[i];
    size_t share = (p->tals.length + p->n_records - 1) / p->n_records;
    if (p->n_records > 1 && p->n_tals) share += longest;
    p->annotation_bytes = (stamp + share + 1) / 2 * 2;
    p->signals[p->n_signals] = (signal){.samples = p->annotation_bytes / 2,
                                        .label = "EDF Annotations",
                                        .physical_min = "-1",
                                        .physical_max = "1",
                                        .digital_min = -32768,
                                        .digital_max = 32767};
}

/* ---- the file ----------------------------------------------------------------------------------- */

/* One field, blanks behind it. */
static void put(char **at, size_t width, const char *text)
{
    size_t n = strlen(text);
    memset(*at, ' ', width);
    memcpy(*at, text, n < width ? n : width);
    *at += width;
}

static void put_number(char **at, size_t width, long v)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", v);
    put(at, width, text);
}

static void put_header(char **at, const plan *p)
{
    size_t n = p->n_signals + 1;
    put(at, 8, "0");
    put(at, 80, p->who.patient);
    put(at, 80, p->who.recording);
    put(at, 8, p->who.start_date);
    put(at, 8, p->who.start_time);
    put_number(at, 8, (long)(256 * (n + 1)));
    put(at, 44, "EDF+C");
    put_number(at, 8, (long)p->n_records);
    put(at, 8, p->record_text);
    put_number(at, 4, (long)n);
}

static void put_signal_field(char **at, const plan *p, size_t i, int field)
{
    const signal *s = &p->signals[i];
    switch (field) {
    case 0: put(at, 16, s->label); break;
    case 1: put(at, 80, ""); break;
    case 2: put(at, 8, s->dimension); break;
    case 3: put(at, 8, s->physical_min); break;
    case 4: put(at, 8, s->physical_max); break;
    case 5: put_number(at, 8, s->digital_min); break;
    case 6: put_number(at, 8, s->digital_max); break;
    case 7: put(at, 80, s->prefilter); break;
    case 8: put_number(at, 8, (long)s->samples); break;
    default: put(at, 32, ""); break;
    }
}

/* The time stamp and as many of the next TALs as there is room for. */
static gm_status put_annotations(char **at, const plan *p, size_t record, size_t *next,
                                 size_t *offset)
{
    gm_text stamp = {0};
    add_stamp(&stamp, p, record);
    gm_status s = gm_text_status(&stamp);
    size_t used = stamp.length;
    if (s == GM_OK) memcpy(*at, stamp.data, used);
    gm_text_free(&stamp);
    GM_TRY(s);
    for (; *next < p->n_tals && used + p->tal_length[*next] <= p->annotation_bytes; ++*next) {
        memcpy(*at + used, p->tals.data + *offset, p->tal_length[*next]);
        used += p->tal_length[*next];
        *offset += p->tal_length[*next];
    }
    *at += p->annotation_bytes;
    return GM_OK;
}

static gm_status put_records(char **at, const plan *p)
{
    size_t next = 0, offset = 0;
    for (size_t k = 0; k < p->n_records; k++) {
        for (size_t i = 0; i < p->n_signals; i++) {
            const signal *s = &p->signals[i];
            const int32_t *counts = s->c->counts + k * s->samples;
            for (size_t j = 0; j < s->samples; j++) {
                *(*at)++ = (char)(counts[j] & 0xFF);
                *(*at)++ = (char)(counts[j] >> 8 & 0xFF);
            }
        }
        GM_TRY(put_annotations(at, p, k, &next, &offset));
    }
    return GM_OK;
}

static gm_status encode(plan *p)
{
    size_t record = p->annotation_bytes, header = 256 * (p->n_signals + 2);
    for (size_t i = 0; i < p->n_signals; i++)
        record += 2 * p->signals[i].samples;
    if (p->annotation_bytes / 2 > 99999999)
        return gm_fail(GM_EINVAL, "%s: %zu bytes of annotations a data record, EDF holds 199999998",
                       p->path, p->annotation_bytes);
    size_t length = header + p->n_records * record;
    char *bytes = gm_calloc(length, 1), *at = bytes;
    if (!bytes) return gm_fail(GM_ENOMEM, "%s: no memory for %zu bytes", p->path, length);
    put_header(&at, p);
    for (int field = 0; field < 10; field++)
        for (size_t i = 0; i <= p->n_signals; i++)
            put_signal_field(&at, p, i, field);
    gm_status s = put_records(&at, p);
    if (s == GM_OK) s = gm_ecg_files_add(p->files, p->path, bytes, length);
    gm_free(bytes);
    return s;
}

static bool is_measured(const gm_ecg *e)
{
    return isfinite(e->device_says.rr_ms) || isfinite(e->device_says.pr_ms) ||
           isfinite(e->device_says.qrs_ms) || isfinite(e->device_says.qt_ms) ||
           isfinite(e->device_says.qtc_ms) || isfinite(e->device_says.p_axis_deg) ||
           isfinite(e->device_says.qrs_axis_deg) || isfinite(e->device_says.t_axis_deg);
}

static gm_status write_all(plan *p)
{
    GM_TRY(choose_groups(p));
    GM_TRY(choose_record(p));
    GM_TRY(gm_edf_identity_of(&p->who, p->files, p->e));
    GM_TRY(set_signals(p));
    GM_TRY(set_tals(p));
    if (is_measured(p->e))
        GM_TRY(gm_ecg_files_leave_out(p->files, "the device's own measurements"));
    choose_room(p);
    return encode(p);
}

gm_status gm_edf_write(gm_ecg_files *out, const gm_ecg *e, const char *path)
{
    plan p = {.e = e, .path = path, .files = out};
    gm_status s = write_all(&p);
    gm_free(p.groups);
    gm_free(p.is_written);
    gm_free(p.signals);
    gm_free(p.tal_length);
    gm_text_free(&p.tals);
    return s;
}
