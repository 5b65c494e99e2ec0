#include "ecg/edf_header.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "ecg/build.h"

/* Widths of the fields of a signal; each field stands for all signals before the next begins. */
enum { LABEL, TRANSDUCER, DIMENSION, PMIN, PMAX, DMIN, DMAX, PREFILTER, SAMPLES, RESERVED };
static const size_t width[] = {16, 80, 8, 8, 8, 8, 8, 80, 8, 32};
enum { FIXED_BYTES = 256, SIGNAL_BYTES = 256, LONGEST = 80 };

typedef struct {
    const char *bytes;
    size_t length;
    const char *name;
} source;

static const char edf_version[] = "0       ", bdf_version[] = "\xff"
                                                              "BIOSEMI";

/* A field without the blanks around it; NUL bytes and other controls count as blanks. */
static void copy_field(const source *f, size_t at, size_t n, char *out)
{
    size_t from = 0;
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)f->bytes[at + i] < 0x20 ? ' ' : f->bytes[at + i];
    while (n && out[n - 1] == ' ')
        n--;
    while (from < n && out[from] == ' ')
        from++;
    memmove(out, out + from, n - from);
    out[n - from] = 0;
}

static gm_status fail_field(const source *f, size_t at, size_t n, const char *what,
                            const char *expected)
{
    char text[LONGEST + 1];
    copy_field(f, at, n, text);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p > 0x7E) *p = '?';
    return gm_fail(GM_EFORMAT, "%s: bytes %zu to %zu (%s): \"%s\", expected %s", f->name, at,
                   at + n - 1, what, text, expected);
}

static gm_status whole_number(const source *f, size_t at, size_t n, const char *what, long least,
                              long most, long *out)
{
    char text[LONGEST + 1], expected[80];
    copy_field(f, at, n, text);
    if (gm_parse_long(text, out) && *out >= least && *out <= most) return GM_OK;
    snprintf(expected, sizeof expected, "a whole number from %ld to %ld", least, most);
    return fail_field(f, at, n, what, expected);
}

static gm_status real_number(const source *f, size_t at, const char *what, double *out)
{
    char text[LONGEST + 1];
    copy_field(f, at, 8, text);
    return gm_parse_real(text, out) ? GM_OK : fail_field(f, at, 8, what, "a number with a point");
}

bool gm_edf_sniff(const char *bytes, size_t length)
{
    if (length < 8 || (memcmp(bytes, edf_version, 8) && memcmp(bytes, bdf_version, 8)))
        return false;
    for (size_t i = 252; i < FIXED_BYTES && i < length; i++)
        if (!isdigit((unsigned char)bytes[i]) && bytes[i] != ' ' && bytes[i]) return false;
    return true;
}

static gm_status read_fixed(gm_edf_header *h, const source *f, long *n_records)
{
    if (f->length < FIXED_BYTES)
        return gm_fail(GM_EFORMAT, "%s: %zu bytes, but an EDF header has 256 at least", f->name,
                       f->length);
    h->is_bdf = memcmp(f->bytes, bdf_version, 8) == 0;
    if (!h->is_bdf && memcmp(f->bytes, edf_version, 8))
        return fail_field(f, 0, 8, "version", "\"0\" and seven blanks (EDF) or 255 BIOSEMI (BDF)");
    char kind[45];
    copy_field(f, 8, 80, h->patient);
    copy_field(f, 88, 80, h->recording);
    copy_field(f, 168, 8, h->start_date);
    copy_field(f, 176, 8, h->start_time);
    copy_field(f, 192, 44, kind);
    const char *plus = h->is_bdf ? "BDF+" : "EDF+";
    h->is_plus = strncmp(kind, plus, 4) == 0;
    h->is_discontinuous = h->is_plus && kind[4] == 'D';
    long header_bytes, n_signals;
    GM_TRY(whole_number(f, 252, 4, "number of signals", 1, 9999, &n_signals));
    GM_TRY(whole_number(f, 184, 8, "length of the header", 0, 99999999, &header_bytes));
    GM_TRY(whole_number(f, 236, 8, "number of data records", -1, 99999999, n_records));
    GM_TRY(real_number(f, 244, "duration of a data record", &h->record_s));
    if (!(h->record_s >= 0))
        return fail_field(f, 244, 8, "duration of a data record", "0 or more seconds");
    h->n_signals = (size_t)n_signals;
    h->header_bytes = FIXED_BYTES + SIGNAL_BYTES * h->n_signals;
    if ((size_t)header_bytes != h->header_bytes)
        return gm_fail(GM_EFORMAT,
                       "%s: bytes 184 to 191 (length of the header): %ld, but a header of %zu "
                       "signals has %zu bytes",
                       f->name, header_bytes, h->n_signals, h->header_bytes);
    if (f->length < h->header_bytes)
        return gm_fail(GM_EFORMAT, "%s: %zu bytes, but the header of %zu signals alone has %zu",
                       f->name, f->length, h->n_signals, h->header_bytes);
    return GM_OK;
}

/* Where field `which` of signal i begins. */
static size_t place_of(const gm_edf_header *h, int which, size_t i)
{
    size_t at = FIXED_BYTES + i * width[which];
    for (int k = 0; k < which; k++)
        at += h->n_signals * width[k];
    return at;
}

static gm_status read_ranges(gm_edf_signal *s, const gm_edf_header *h, const source *f, size_t i)
{
    long limit = h->is_bdf ? 1L << 23 : 1L << 15;
    size_t dmin_at = place_of(h, DMIN, i), dmax_at = place_of(h, DMAX, i);
    GM_TRY(real_number(f, place_of(h, PMIN, i), "physical minimum", &s->physical_min));
    GM_TRY(real_number(f, place_of(h, PMAX, i), "physical maximum", &s->physical_max));
    GM_TRY(whole_number(f, dmin_at, 8, "digital minimum", -limit, limit, &s->digital_min));
    GM_TRY(whole_number(f, dmax_at, 8, "digital maximum", -limit, limit, &s->digital_max));
    if (s->digital_min >= s->digital_max)
        return gm_fail(GM_EFORMAT,
                       "%s: signal %zu (%s): bytes %zu to %zu (digital maximum): %ld is not above "
                       "the digital minimum %ld",
                       f->name, i, s->label, dmax_at, dmax_at + 7, s->digital_max, s->digital_min);
    return GM_OK;
}

static gm_status read_signal(gm_edf_signal *s, const gm_edf_header *h, const source *f, size_t i)
{
    long samples;
    copy_field(f, place_of(h, LABEL, i), width[LABEL], s->label);
    copy_field(f, place_of(h, TRANSDUCER, i), width[TRANSDUCER], s->transducer);
    copy_field(f, place_of(h, DIMENSION, i), width[DIMENSION], s->dimension);
    copy_field(f, place_of(h, PREFILTER, i), width[PREFILTER], s->prefilter);
    s->is_annotations = strcmp(s->label, h->is_bdf ? "BDF Annotations" : "EDF Annotations") == 0;
    GM_TRY(whole_number(f, place_of(h, SAMPLES, i), 8, "samples in a data record", 1, 99999999,
                        &samples));
    s->samples = (size_t)samples;
    return s->is_annotations ? GM_OK : read_ranges(s, h, f, i);
}

static gm_status count_records(gm_edf_header *h, const source *f, long stated)
{
    size_t data = f->length - h->header_bytes, have = data / h->record_bytes;
    h->n_is_stated = stated >= 0;
    h->n_records = h->n_is_stated ? (size_t)stated : have;
    if (h->n_records > have)
        return gm_fail(GM_EFORMAT,
                       "%s: bytes 236 to 243 (number of data records): %zu of %zu bytes each, but "
                       "only %zu bytes follow the header: the file is cut",
                       f->name, h->n_records, h->record_bytes, data);
    if (h->n_records == 0)
        return gm_fail(GM_EFORMAT, "%s: bytes 236 to 243 (number of data records): no record",
                       f->name);
    h->bytes_left = data - h->n_records * h->record_bytes;
    return GM_OK;
}

static gm_status fill(gm_edf_header *h, const source *f)
{
    long stated;
    GM_TRY(read_fixed(h, f, &stated));
    h->signals = gm_calloc(h->n_signals, sizeof *h->signals);
    if (!h->signals) return gm_fail(GM_ENOMEM, "%s: no memory", f->name);
    size_t n_ordinary = 0;
    for (size_t i = 0; i < h->n_signals; i++) {
        GM_TRY(read_signal(&h->signals[i], h, f, i));
        h->signals[i].offset = h->record_bytes;
        h->record_bytes += h->signals[i].samples * gm_edf_sample_bytes(h);
        n_ordinary += !h->signals[i].is_annotations;
    }
    if (n_ordinary > GM_ECG_MAX_CHANNELS)
        return gm_fail(GM_EFORMAT, "%s: bytes 252 to 255: %zu signals, allowed are %d", f->name,
                       n_ordinary, GM_ECG_MAX_CHANNELS);
    if (n_ordinary && h->record_s == 0)
        return gm_fail(GM_EFORMAT,
                       "%s: bytes 244 to 251 (duration of a data record): 0 s, which is allowed "
                       "only without signals, but there are %zu",
                       f->name, n_ordinary);
    return count_records(h, f, stated);
}

gm_status gm_edf_header_parse(gm_edf_header **out, const char *bytes, size_t length,
                              const char *name)
{
    *out = NULL;
    gm_edf_header *h = gm_calloc(1, sizeof *h);
    if (!h) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    gm_status s = fill(h, &(source){bytes, length, name});
    if (s != GM_OK) {
        gm_edf_header_destroy(h);
        return s;
    }
    *out = h;
    return GM_OK;
}

void gm_edf_header_destroy(gm_edf_header *h)
{
    if (!h) return;
    gm_free(h->signals);
    gm_free(h);
}

size_t gm_edf_sample_bytes(const gm_edf_header *h)
{
    return h->is_bdf ? 3 : 2;
}

double gm_edf_rate_hz(size_t samples, double record_s)
{
    double rate = (double)samples / record_s;
    return fabs(rate - round(rate)) < 1e-9 * rate ? round(rate) : rate;
}
