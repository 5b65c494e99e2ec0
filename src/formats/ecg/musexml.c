#include "ecg/musexml.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "core/alloc.h"
#include "core/text.h"
#include "ecg/build.h"
#include "ecg/format.h"
#include "ecg/xml_tree.h"

enum { MAX_WAVEFORMS = 64, MOST_LATE = 16 };

typedef struct {
    const char *name;
    const xmlNode *root;
    gm_ecg *waveforms[MAX_WAVEFORMS]; /* owned */
    size_t n_waveforms;
} reader;

/* The text of a child; "" if there is none. */
static const char *text_at(const xmlNode *node, const char *path, char words[GM_XML_WORDS])
{
    const char *text = gm_xml_words(gm_xml_at(node, path), words);
    return text ? text : "";
}

static bool number_at(const xmlNode *node, const char *path, double *out)
{
    char words[GM_XML_WORDS];
    return gm_parse_real(text_at(node, path, words), out);
}

/* A count that may be absent; -1 then. */
static long count_at(const xmlNode *node, const char *path)
{
    char words[GM_XML_WORDS];
    long v;
    return gm_parse_long(text_at(node, path, words), &v) && v >= 0 && v <= INT32_MAX ? v : -1;
}

/* ---- a lead ------------------------------------------------------------------------------------- */

typedef struct {
    unsigned char *bytes; /* owned */
    size_t length;
} payload;

static int base64_digit(int c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 with blanks anywhere; nothing but blanks and '=' may follow a '='. */
static gm_status decode(payload *out, const xmlNode *data, const char *where)
{
    size_t room = 0;
    const xmlNode *t;
    for (t = data ? data->children : NULL; t; t = t->next)
        if (t->type == XML_TEXT_NODE && t->content) room += strlen((const char *)t->content);
    out->bytes = gm_calloc(room + 1, 1);
    if (!out->bytes) return gm_fail(GM_ENOMEM, "%s: no memory", where);
    unsigned bits = 0, n_digits = 0, n_padding = 0;
    for (t = data ? data->children : NULL; t; t = t->next) {
        if (t->type != XML_TEXT_NODE || !t->content) continue;
        for (const char *p = (const char *)t->content; *p; p++) {
            int digit = base64_digit(*p);
            if (isspace((unsigned char)*p)) continue;
            if (*p == '=' && ++n_padding <= 2) continue;
            if (digit < 0 || n_padding)
                return gm_fail(GM_EFORMAT, "%s: WaveFormData is no base64 (character 0x%02x)",
                               where, (unsigned char)*p);
            bits = bits << 6 | (unsigned)digit;
            if (++n_digits % 4 == 0) {
                out->bytes[out->length++] = (unsigned char)(bits >> 16);
                out->bytes[out->length++] = (unsigned char)(bits >> 8);
                out->bytes[out->length++] = (unsigned char)bits;
            }
        }
    }
    if (n_digits % 4 == 1) return gm_fail(GM_EFORMAT, "%s: WaveFormData is cut off", where);
    if (n_digits % 4 >= 2)
        out->bytes[out->length++] = (unsigned char)(bits >> (n_digits % 4 == 2 ? 4 : 10));
    if (n_digits % 4 == 3) out->bytes[out->length++] = (unsigned char)(bits >> 2);
    return GM_OK;
}

/* The lead's name and data; checked against what the file says of their size. */
static gm_status open_lead(payload *out, const reader *r, const xmlNode *lead, size_t *first)
{
    char id[GM_XML_WORDS], where[512];
    long size = count_at(lead, "LeadSampleSize"), bytes = count_at(lead, "LeadByteCountTotal");
    long samples = count_at(lead, "LeadSampleCountTotal");
    long late = count_at(lead, "LeadOffsetFirstSample");
    snprintf(where, sizeof where, "%.300s: lead %.40s", r->name, text_at(lead, "LeadID", id));
    if (size >= 0 && size != 2)
        return gm_fail(GM_EFORMAT, "%s: LeadSampleSize %ld, only samples of 2 bytes can be read",
                       where, size);
    GM_TRY(decode(out, gm_xml_child(lead, "WaveFormData"), where));
    if (!out->length || out->length % 2)
        return gm_fail(GM_EFORMAT, "%s: %zu bytes, expected samples of 2", where, out->length);
    if ((bytes >= 0 && (size_t)bytes != out->length) ||
        (samples >= 0 && (size_t)samples != out->length / 2))
        return gm_fail(GM_EFORMAT, "%s: %zu bytes of data, the file says %ld bytes, %ld samples",
                       where, out->length, bytes, samples);
    *first = late > 0 ? (size_t)late : 0;
    if (*first > MOST_LATE * (out->length / 2))
        return gm_fail(GM_EFORMAT, "%s: LeadOffsetFirstSample %ld, allowed is %d times its samples",
                       where, late, MOST_LATE);
    return GM_OK;
}

static gm_status check_crc(gm_ecg *e, const gm_ecg_channel *c, const payload *p,
                           const xmlNode *lead)
{
    char words[GM_XML_WORDS];
    long stated;
    if (!gm_parse_long(text_at(lead, "LeadDataCRC32", words), &stated) || stated == 0) return GM_OK;
    unsigned long crc = crc32(0, p->bytes, (uInt)p->length);
    if (crc == ((unsigned long)stated & 0xFFFFFFFF)) return GM_OK;
    return gm_ecg_note(e, "lead %s: the CRC-32 is %lu, the file says %ld", c->name ? c->name : "?",
                       crc, stated);
}

static gm_status read_lead(gm_ecg *e, gm_ecg_channel *c, const reader *r, const xmlNode *lead)
{
    char words[GM_XML_WORDS];
    payload p = {0};
    size_t first;
    double scale, other;
    GM_TRY(gm_ecg_set(&c->name, text_at(lead, "LeadID", words)));
    c->lead = gm_lead_index(c->name);
    GM_TRY(gm_ecg_set(&c->unit, text_at(lead, "LeadAmplitudeUnits", words)));
    double mv = gm_ecg_unit_mv(c->unit);
    if (number_at(lead, "LeadAmplitudeUnitsPerBit", &scale) && !isnan(mv))
        c->mv_per_count = scale * mv;
    gm_status s = open_lead(&p, r, lead, &first);
    for (size_t i = 0; i < e->n_samples && s == GM_OK; i++) {
        size_t at = i - first;
        bool has = i >= first && at < p.length / 2;
        c->counts[i] =
            has ? (int16_t)(p.bytes[2 * at] | p.bytes[2 * at + 1] << 8) : GM_ECG_MISSING_COUNT;
    }
    if (s == GM_OK) s = check_crc(e, c, &p, lead);
    gm_free(p.bytes);
    if (s == GM_OK && number_at(lead, "FirstSampleBaseline", &other) && other != 0)
        s = gm_ecg_note(e, "lead %s: FirstSampleBaseline %g is not understood: ignored", c->name,
                        other);
    if (s == GM_OK && number_at(lead, "LeadTimeOffset", &other) && other != 0)
        s = gm_ecg_note(e, "lead %s: LeadTimeOffset %g is not understood: ignored", c->name, other);
    return s;
}

/* ---- a waveform --------------------------------------------------------------------------------- */

static gm_status survey(const reader *r, const xmlNode *waveform, size_t *n_leads,
                        size_t *n_samples)
{
    size_t fewest = SIZE_MAX;
    *n_leads = *n_samples = 0;
    const xmlNode *lead = gm_xml_child(waveform, "LeadData");
    for (; lead; lead = gm_xml_next(lead, "LeadData")) {
        payload p = {0};
        size_t first = 0;
        gm_status s = open_lead(&p, r, lead, &first);
        gm_free(p.bytes);
        GM_TRY(s);
        ++*n_leads;
        if (first + p.length / 2 > *n_samples) *n_samples = first + p.length / 2;
        if (p.length / 2 < fewest) fewest = p.length / 2;
    }
    if (*n_leads > GM_ECG_MAX_CHANNELS)
        return gm_fail(GM_EFORMAT, "%s: %zu leads, allowed are %d", r->name, *n_leads,
                       GM_ECG_MAX_CHANNELS);
    /* Else memory would be out of proportion to the file. */
    if (*n_leads && *n_samples / (MOST_LATE + 1) > fewest)
        return gm_fail(GM_EFORMAT, "%s: a lead of %zu samples in a waveform of %zu", r->name,
                       fewest, *n_samples);
    return GM_OK;
}

static gm_status read_filters(gm_ecg *e, const xmlNode *waveform)
{
    char words[GM_XML_WORDS];
    double low_pass = NAN, mains = NAN, hz;
    if (number_at(waveform, "LowPassFilter", &hz) && hz > 0) low_pass = hz;
    const xmlNode *ac = gm_xml_child(waveform, "ACFilter");
    for (; ac; ac = gm_xml_next(ac, "ACFilter")) {
        const char *text = gm_xml_words(ac, words);
        if (text && gm_parse_real(text, &hz) && hz > 0) mains = hz;
    }
    for (size_t c = 0; c < e->n_channels; c++) {
        e->channels[c].high_cut_hz = low_pass;
        e->channels[c].notch_hz = mains;
    }
    const char *high_pass = text_at(waveform, "HighPassFilter", words);
    if (!*high_pass) return GM_OK;
    return gm_ecg_note(e, "HighPassFilter \"%.20s\": its unit is not known here: left out",
                       high_pass);
}

static gm_status set_group(gm_ecg *e, const char *type)
{
    char group[64];
    if (!*type) return GM_OK;
    snprintf(group, sizeof group, "%s%s", type, strcasecmp(type, "Median") == 0 ? " BEAT" : "");
    for (char *p = group; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return gm_ecg_set(&e->group, group);
}

static gm_status read_waveform(reader *r, const xmlNode *waveform)
{
    char words[GM_XML_WORDS];
    size_t n_leads, n_samples, c = 0;
    double base = NAN, exponent = 0;
    GM_TRY(survey(r, waveform, &n_leads, &n_samples));
    if (!n_leads) return GM_OK;
    if (r->n_waveforms == MAX_WAVEFORMS)
        return gm_fail(GM_EFORMAT, "%s: more than %d waveforms", r->name, MAX_WAVEFORMS);
    gm_ecg *e;
    GM_TRY(gm_ecg_create(&e, "MUSE XML", n_leads, n_samples));
    r->waveforms[r->n_waveforms++] = e;
    (void)number_at(waveform, "SampleBase", &base);
    if (number_at(waveform, "SampleExponent", &exponent) && exponent != 0)
        return gm_fail(GM_EFORMAT, "%s: SampleExponent %g: only 0 is known", r->name, exponent);
    e->rate_hz = base;
    GM_TRY(set_group(e, text_at(waveform, "WaveformType", words)));
    const xmlNode *lead = gm_xml_child(waveform, "LeadData");
    for (; lead; lead = gm_xml_next(lead, "LeadData"))
        GM_TRY(read_lead(e, &e->channels[c++], r, lead));
    GM_TRY(read_filters(e, waveform));
    return gm_ecg_finish(e, r->name);
}

/* ---- who, when, what the device says ------------------------------------------------------------ */

static gm_status set_text(char **field, const xmlNode *node, const char *path)
{
    char words[GM_XML_WORDS];
    return *field ? GM_OK : gm_ecg_set(field, text_at(node, path, words));
}

/* "First Last" of two children. */
static gm_status set_name(char **field, const xmlNode *node, const char *first, const char *last)
{
    char a[GM_XML_WORDS], b[GM_XML_WORDS], both[2 * GM_XML_WORDS];
    snprintf(both, sizeof both, "%s %s", text_at(node, first, a), text_at(node, last, b));
    return *field ? GM_OK : gm_ecg_set(field, both);
}

/* "08-17-2025" or "08/17/2025"; false: no date. */
static bool parse_date(const char *text, int *year, int *month, int *day, bool *is_ambiguous)
{
    int a, b, y, n = 0;
    char s1, s2;
    if (sscanf(text, "%2d%c%2d%c%4d%n", &a, &s1, &b, &s2, &y, &n) != 5 || text[n]) return false;
    if (s1 != s2 || (s1 != '-' && s1 != '/') || y < 1800 || a < 1 || b < 1) return false;
    bool month_first = a <= 12 && b <= 31, day_first = b <= 12 && a <= 31;
    if (!month_first && !day_first) return false;
    *is_ambiguous = month_first && day_first && a != b;
    *year = y;
    *month = month_first ? a : b;
    *day = month_first ? b : a;
    return true;
}

static gm_status set_date(gm_ecg *e, char **field, const xmlNode *node, const char *date_path,
                          const char *time_path)
{
    char date[GM_XML_WORDS], time[GM_XML_WORDS], iso[64];
    int year, month, day, hour, minute, second, n = 0;
    bool is_ambiguous;
    if (!*text_at(node, date_path, date)) return GM_OK;
    if (!parse_date(date, &year, &month, &day, &is_ambiguous))
        return gm_ecg_note(e, "%s \"%.20s\" is no date that is known here: left out", date_path,
                           date);
    int length = snprintf(iso, sizeof iso, "%04d-%02d-%02d", year, month, day);
    if (time_path &&
        sscanf(text_at(node, time_path, time), "%2d:%2d:%2d%n", &hour, &minute, &second, &n) == 3 &&
        !time[n] && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
        second <= 60)
        snprintf(iso + length, sizeof iso - (size_t)length, "T%02d:%02d:%02d", hour, minute,
                 second);
    GM_TRY(gm_ecg_set(field, iso));
    if (!is_ambiguous) return GM_OK;
    return gm_ecg_note(e, "%s \"%.20s\" is taken as month, day, year", date_path, date);
}

static gm_status read_patient(gm_ecg *e, const xmlNode *p)
{
    char words[GM_XML_WORDS];
    double v;
    GM_TRY(set_text(&e->patient.id, p, "PatientID"));
    GM_TRY(set_name(&e->patient.name, p, "PatientFirstName", "PatientLastName"));
    GM_TRY(set_date(e, &e->patient.birth_date, p, "DateofBirth", NULL));
    e->patient.sex = gm_ecg_sex_of(text_at(p, "Gender", words));
    const char *unit = text_at(p, "AgeUnits", words);
    double years = strcasecmp(unit, "YEARS") == 0    ? 1
                   : strcasecmp(unit, "MONTHS") == 0 ? 1 / 12.0
                   : strcasecmp(unit, "WEEKS") == 0  ? 7 / 365.25
                   : strcasecmp(unit, "DAYS") == 0   ? 1 / 365.25
                                                     : NAN;
    if (number_at(p, "PatientAge", &v) && v * years >= 0 && v * years <= GM_ECG_MAX_AGE_YEARS)
        e->patient.age_years = v * years;
    if (number_at(p, "HeightCM", &v) && v > 0) e->patient.height_cm = v;
    if (number_at(p, "HeightIN", &v) && v > 0) e->patient.height_cm = 2.54 * v;
    if (number_at(p, "WeightKG", &v) && v > 0) e->patient.weight_kg = v;
    if (number_at(p, "WeightLBS", &v) && v > 0) e->patient.weight_kg = 0.45359237 * v;
    return GM_OK;
}

static gm_status read_test(gm_ecg *e, const xmlNode *test)
{
    GM_TRY(set_date(e, &e->acquired, test, "AcquisitionDate", "AcquisitionTime"));
    GM_TRY(set_text(&e->device, test, "AcquisitionDevice"));
    GM_TRY(set_text(&e->institution, test, "SiteName"));
    GM_TRY(set_name(&e->physician, test, "ReferringMDFirstName", "ReferringMDLastName"));
    GM_TRY(set_name(&e->physician, test, "OrderingMDFirstName", "OrderingMDLastName"));
    return set_name(&e->physician, test, "OverreaderFirstName", "OverreaderLastName");
}

/* Statements are in pieces, of which one flagged ENDSLINE ends the line. */
static gm_status read_diagnosis(gm_ecg *e, const xmlNode *diagnosis)
{
    char line[2 * GM_XML_WORDS] = "", words[GM_XML_WORDS];
    size_t n = 0;
    const xmlNode *s = gm_xml_child(diagnosis, "DiagnosisStatement");
    for (; s; s = gm_xml_next(s, "DiagnosisStatement")) {
        const char *text = text_at(s, "StmtText", words);
        if (*text && n + strlen(text) + 2 < sizeof line)
            n += (size_t)snprintf(line + n, sizeof line - n, "%s%s", n ? " " : "", text);
        bool ends = !gm_xml_next(s, "DiagnosisStatement");
        const xmlNode *flag = gm_xml_child(s, "StmtFlag");
        for (; flag; flag = gm_xml_next(flag, "StmtFlag")) {
            const char *f = gm_xml_words(flag, words);
            ends |= f && strcasecmp(f, "ENDSLINE") == 0;
        }
        if (!ends || !n) continue;
        gm_ecg_mark *m;
        GM_TRY(gm_ecg_add_mark(e, &m));
        GM_TRY(gm_ecg_set(&m->what, "Diagnosis"));
        GM_TRY(gm_ecg_set(&m->text, line));
        line[n = 0] = 0;
    }
    return GM_OK;
}

/* Bounds in the median beat, in samples at ECGSampleBase. */
static gm_status read_bounds(gm_ecg *e, const xmlNode *measurements)
{
    static const char *const bounds[] = {"POnset", "POffset", "QOnset", "QOffset", "TOffset"};
    double base, at;
    size_t group = 0;
    for (size_t i = 0; i < e->n_others && !group; i++)
        if (e->others[i]->group && strcmp(e->others[i]->group, "MEDIAN BEAT") == 0) group = i + 1;
    if (!group || !number_at(measurements, "ECGSampleBase", &base) || !(base > 0)) return GM_OK;
    const gm_ecg *median = e->others[group - 1];
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        if (!number_at(measurements, bounds[i], &at)) continue;
        double sample = at * median->rate_hz / base;
        if (!(sample > 0 && sample < (double)median->n_samples)) continue;
        gm_ecg_mark *m;
        GM_TRY(gm_ecg_add_mark(e, &m));
        m->group = group;
        m->sample = sample;
        GM_TRY(gm_ecg_set(&m->what, bounds[i]));
        GM_TRY(gm_ecg_set(&m->scheme, "MUSE"));
        GM_TRY(gm_ecg_set(&m->code, bounds[i]));
    }
    return GM_OK;
}

static void read_measurements(gm_ecg *e, const xmlNode *m)
{
    (void)number_at(m, "PRInterval", &e->device_says.pr_ms);
    (void)number_at(m, "QRSDuration", &e->device_says.qrs_ms);
    (void)number_at(m, "QTInterval", &e->device_says.qt_ms);
    (void)number_at(m, "QTCorrected", &e->device_says.qtc_ms);
    (void)number_at(m, "PAxis", &e->device_says.p_axis_deg);
    (void)number_at(m, "RAxis", &e->device_says.qrs_axis_deg);
    (void)number_at(m, "TAxis", &e->device_says.t_axis_deg);
}

/* ---- the file ----------------------------------------------------------------------------------- */

static gm_status read_waveforms(reader *r)
{
    const xmlNode *w = gm_xml_child(r->root, "Waveform");
    for (; w; w = gm_xml_next(w, "Waveform"))
        GM_TRY(read_waveform(r, w));
    if (r->n_waveforms) return GM_OK;
    return gm_fail(GM_EFORMAT, "%s: a RestingECG without a lead (Waveform/LeadData)", r->name);
}

static gm_status assemble(gm_ecg **out, reader *r)
{
    size_t best = 0;
    for (size_t i = 1; i < r->n_waveforms; i++)
        if (gm_ecg_is_rather_record(r->waveforms[i], r->waveforms[best])) best = i;
    gm_ecg *e = *out = r->waveforms[best];
    r->waveforms[best] = NULL;
    for (size_t i = 0; i < r->n_waveforms; i++) {
        gm_ecg *other = r->waveforms[i];
        r->waveforms[i] = NULL;
        if (other) GM_TRY(gm_ecg_add_other(e, other));
    }
    GM_TRY(read_patient(e, gm_xml_child(r->root, "PatientDemographics")));
    GM_TRY(read_test(e, gm_xml_child(r->root, "TestDemographics")));
    read_measurements(e, gm_xml_child(r->root, "RestingECGMeasurements"));
    GM_TRY(read_bounds(e, gm_xml_child(r->root, "RestingECGMeasurements")));
    return read_diagnosis(e, gm_xml_child(r->root, "Diagnosis"));
}

gm_status gm_musexml_parse(gm_ecg **out, const void *bytes, size_t length, const char *name)
{
    *out = NULL;
    xmlDoc *document;
    GM_TRY(gm_xml_parse(&document, bytes, length, name));
    reader r = {.name = name, .root = xmlDocGetRootElement(document)};
    gm_status s = gm_xml_is(r.root, "RestingECG")
                      ? read_waveforms(&r)
                      : gm_fail(GM_EFORMAT, "%s: XML, but not a RestingECG of MUSE", name);
    if (s == GM_OK) s = gm_ecg_keep(out, assemble(out, &r));
    for (size_t i = 0; i < r.n_waveforms; i++)
        gm_ecg_destroy(r.waveforms[i]);
    xmlFreeDoc(document);
    return s;
}

static bool looks_like_musexml(const char *bytes, size_t length)
{
    return gm_xml_begins_with(bytes, length, "RestingECG");
}

static gm_status read_musexml(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    return gm_musexml_parse(out, bytes, length, path);
}

const gm_ecg_format gm_ecg_format_musexml = {
    .id = "MUSE XML", .ending = ".xml", .sniff = looks_like_musexml, .read = read_musexml};
