#include "ecg/dcm_waveform.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <strings.h>

extern "C" {
#include "core/alloc.h"
#include "core/text.h"
#include "ecg/build.h"
}

namespace
{

/* Frees what was made so far when a step fails or DCMTK throws. */
struct group_list {
    gm_ecg **items = nullptr;
    size_t n = 0;
    ~group_list()
    {
        for (size_t i = 0; i < n; i++)
            gm_ecg_destroy(items[i]);
        gm_free(items);
    }
};

struct waveform {
    DcmItem *item;
    const char *name; /* of the file */
    unsigned group;   /* 1-based, as DICOM counts */
    Uint16 n_channels, bits;
    Uint32 n_samples;
    bool is_signed;
    const Uint16 *words; /* the data, one of the two */
    const Uint8 *bytes;
};

OFString text_of(DcmItem *item, const DcmTagKey &key)
{
    OFString text;
    item->findAndGetOFString(key, text);
    return text;
}

/* NaN if absent or empty. */
gm_status real_of(DcmItem *item, const DcmTagKey &key, const waveform &w, const char *what,
                  double *out)
{
    OFString text = text_of(item, key);
    *out = NAN;
    if (text.empty()) return GM_OK;
    if (!gm_parse_real(text.c_str(), out))
        return gm_fail(GM_EFORMAT, "%s: waveform %u: %s is \"%.40s\", expected a number", w.name,
                       w.group, what, text.c_str());
    return GM_OK;
}

/* The first item of a code sequence; empty texts if there is none. */
struct code {
    OFString value, meaning;
};

code code_of(DcmItem *item, const DcmTagKey &sequence)
{
    code c;
    DcmItem *first = nullptr;
    if (item->findAndGetSequenceItem(sequence, first, 0).good() && first) {
        c.value = text_of(first, DCM_CodeValue);
        c.meaning = text_of(first, DCM_CodeMeaning);
    }
    return c;
}

/* SCP-ECG lead numbers, which SCPECG ("5.6.3-9-61") and MDC ("2:61") codes end with. */
int lead_of_scp(long number)
{
    switch (number) {
    case 1:
    case 2: return (int)number - 1;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8: return (int)number + 3;
    case 61: return 2;
    case 62: return 3;
    case 63: return 4;
    case 64: return 5;
    default: return -1;
    }
}

int lead_of(const code &source, const OFString &label)
{
    static const char *const prefixes[] = {"5.6.3-9-", "2:"};
    for (const char *prefix : prefixes) {
        long number;
        size_t n = strlen(prefix);
        if (source.value.compare(0, n, prefix) == 0 &&
            gm_parse_long(source.value.c_str() + n, &number))
            return lead_of_scp(number);
    }
    int lead = gm_lead_index(source.value.c_str());
    if (lead < 0) lead = gm_lead_index(source.meaning.c_str());
    return lead < 0 ? gm_lead_index(label.c_str()) : lead;
}

/* voltage = count x sensitivity x correction + baseline, the baseline in the unit of the
 * sensitivity: PS3.3 C.10.9.1.4. */
gm_status read_scale(gm_ecg *e, gm_ecg_channel *c, DcmItem *item, const waveform &w)
{
    double sensitivity, correction, baseline;
    GM_TRY(real_of(item, DCM_ChannelSensitivity, w, "a channel's sensitivity", &sensitivity));
    GM_TRY(real_of(item, DCM_ChannelSensitivityCorrectionFactor, w, "a correction factor",
                   &correction));
    GM_TRY(real_of(item, DCM_ChannelBaseline, w, "a channel's baseline", &baseline));
    GM_TRY(gm_ecg_set(&c->unit, code_of(item, DCM_ChannelSensitivityUnitsSequence).value.c_str()));
    const char *name = c->name ? c->name : "?";
    if (std::isnan(sensitivity))
        return gm_ecg_note(e, "channel %s: no sensitivity stated: its voltage is unknown", name);
    if (std::isnan(correction)) {
        correction = 1;
        GM_TRY(gm_ecg_note(e, "channel %s: no correction factor stated, taken as 1", name));
    }
    double scale = sensitivity * correction;
    if (!(scale > 0 && std::isfinite(scale)))
        return gm_fail(GM_EFORMAT,
                       "%s: waveform %u: channel %s: sensitivity %g x correction %g, expected "
                       "above 0",
                       w.name, w.group, name, sensitivity, correction);
    if (baseline != 0 && !std::isnan(baseline)) c->baseline = -baseline / scale;
    c->mv_per_count = gm_ecg_unit_mv(c->unit) * scale;
    return GM_OK;
}

gm_status read_channel(gm_ecg *e, gm_ecg_channel *c, DcmItem *item, const waveform &w)
{
    code source = code_of(item, DCM_ChannelSourceSequence);
    OFString label = text_of(item, DCM_ChannelLabel);
    const OFString &name = !source.meaning.empty() ? source.meaning
                           : !label.empty()        ? label
                                                   : source.value;
    GM_TRY(gm_ecg_set(&c->name, name.c_str()));
    c->lead = lead_of(source, label);
    GM_TRY(read_scale(e, c, item, w));
    double samples, seconds;
    GM_TRY(real_of(item, DCM_ChannelSampleSkew, w, "a channel's skew", &samples));
    GM_TRY(real_of(item, DCM_ChannelTimeSkew, w, "a channel's skew", &seconds));
    c->skew_ms = std::isnan(samples) ? seconds * 1000 : samples * 1000 / e->rate_hz;
    GM_TRY(real_of(item, DCM_FilterLowFrequency, w, "a filter frequency", &c->low_cut_hz));
    GM_TRY(real_of(item, DCM_FilterHighFrequency, w, "a filter frequency", &c->high_cut_hz));
    return real_of(item, DCM_NotchFilterFrequency, w, "a filter frequency", &c->notch_hz);
}

int32_t sample(const waveform &w, size_t i)
{
    if (w.bits == 16) {
        unsigned v = w.words ? w.words[i] : w.bytes[2 * i] | (unsigned)w.bytes[2 * i + 1] << 8;
        return w.is_signed ? (int16_t)v : (int32_t)v;
    }
    unsigned v = w.words ? (i & 1 ? w.words[i / 2] >> 8 : w.words[i / 2] & 0xFF) : w.bytes[i];
    return w.is_signed ? (int8_t)v : (int32_t)v;
}

/* The value that marks a missing sample, if the file names one. */
bool padding_of(const waveform &w, int32_t *value)
{
    DcmElement *element = nullptr;
    Uint16 *words = nullptr;
    Uint8 *bytes = nullptr;
    if (w.item->findAndGetElement(DCM_WaveformPaddingValue, element).bad() || !element)
        return false;
    if (element->getLength() < w.bits / 8u) return false;
    if (element->ident() == EVR_OW ? element->getUint16Array(words).bad()
                                   : element->getUint8Array(bytes).bad())
        return false;
    if (!words && !bytes) return false;
    waveform one = w;
    one.words = words;
    one.bytes = bytes;
    *value = sample(one, 0);
    return true;
}

void read_counts(gm_ecg *e, const waveform &w)
{
    int32_t padding = 0;
    bool padded = padding_of(w, &padding);
    for (size_t i = 0; i < w.n_samples; i++) {
        for (size_t c = 0; c < w.n_channels; c++) {
            int32_t v = sample(w, i * w.n_channels + c);
            e->channels[c].counts[i] = padded && v == padding ? GM_ECG_MISSING_COUNT : v;
        }
    }
}

gm_status fail_in(const waveform &w, const char *text)
{
    return gm_fail(GM_EFORMAT, "%s: waveform %u: %s", w.name, w.group, text);
}

/* How the samples are stored, and that there are as many as promised. */
gm_status find_data(waveform &w)
{
    DcmElement *element = nullptr;
    Uint16 *words = nullptr;
    Uint8 *bytes = nullptr;
    if (w.item->findAndGetUint16(DCM_NumberOfWaveformChannels, w.n_channels).bad() ||
        !w.n_channels || w.n_channels > GM_ECG_MAX_CHANNELS)
        return fail_in(w, "the number of channels (003a,0005) is missing, 0 or above 256");
    if (w.item->findAndGetUint32(DCM_NumberOfWaveformSamples, w.n_samples).bad() || !w.n_samples)
        return fail_in(w, "the number of samples (003a,0010) is missing or 0");
    OFString kind = text_of(w.item, DCM_WaveformSampleInterpretation);
    if (w.item->findAndGetUint16(DCM_WaveformBitsAllocated, w.bits).bad() ||
        !((w.bits == 16 && (kind == "SS" || kind == "US")) ||
          (w.bits == 8 && (kind == "SB" || kind == "UB"))))
        return fail_in(
            w, "samples must be 16 bits SS or US, or 8 bits SB or UB ((5400,1004), (5400,1006))");
    w.is_signed = kind[0] == 'S';
    if (w.item->findAndGetElement(DCM_WaveformData, element).bad() || !element)
        return fail_in(w, "the data (5400,1010) is missing");
    unsigned long long need = (unsigned long long)w.n_samples * w.n_channels * (w.bits / 8);
    if (element->getLength() < need)
        return gm_fail(GM_EFORMAT,
                       "%s: waveform %u: %u samples of %u channels need %llu bytes, the data "
                       "(5400,1010) has %lu",
                       w.name, w.group, (unsigned)w.n_samples, (unsigned)w.n_channels, need,
                       (unsigned long)element->getLength());
    OFCondition got =
        element->ident() == EVR_OW ? element->getUint16Array(words) : element->getUint8Array(bytes);
    w.words = words;
    w.bytes = bytes;
    return got.good() && (words || bytes) ? GM_OK
                                          : fail_in(w, "the data (5400,1010) cannot be read");
}

/* "20130101093000.5" to "2013-01-01T09:30:00", as far as it goes. */
gm_status read_acquired(gm_ecg *e, const OFString &text)
{
    int n[6], used = 0;
    int got = sscanf(text.c_str(), "%4d%2d%2d%2d%2d%2d%n", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5],
                     &used);
    if (text.empty()) return GM_OK;
    if (got < 1 || n[0] < 1800 || (got > 1 && (n[1] < 1 || n[1] > 12)) ||
        (got > 2 && (n[2] < 1 || n[2] > 31)) || (got > 3 && (n[3] < 0 || n[3] > 23)) ||
        (got > 4 && (n[4] < 0 || n[4] > 59)) || (got > 5 && (n[5] < 0 || n[5] > 60)))
        return gm_ecg_note(e, "the acquisition time \"%.40s\" is no date", text.c_str());
    static const char *const forms[] = {"%04d", "-%02d", "-%02d", "T%02d", ":%02d", ":%02d"};
    char iso[40];
    int at = 0;
    if (got == 4) got = 3; /* ISO 8601 has no hour alone in this form that all readers take */
    for (int i = 0; i < got; i++)
        at += snprintf(iso + at, sizeof iso - (size_t)at, forms[i], n[i]);
    return gm_ecg_set(&e->acquired, iso);
}

double age_years_of(const OFString &text)
{
    int number, used = 0;
    char unit;
    if (sscanf(text.c_str(), "%3d%c%n", &number, &unit, &used) != 2 || number < 0) return NAN;
    double days = unit == 'D'   ? 1
                  : unit == 'W' ? 7
                  : unit == 'M' ? 365.25 / 12
                  : unit == 'Y' ? 365.25
                                : NAN;
    double years = number * days / 365.25;
    return years <= GM_ECG_MAX_AGE_YEARS ? years : NAN;
}

gm_status read_patient(gm_ecg *e, DcmItem *data)
{
    OFString device = text_of(data, DCM_Manufacturer),
             model = text_of(data, DCM_ManufacturerModelName);
    if (!device.empty() && !model.empty()) device += " ";
    device += model;
    GM_TRY(gm_ecg_set(&e->device, device.c_str()));
    GM_TRY(gm_ecg_set(&e->patient.id, text_of(data, DCM_PatientID).c_str()));
    e->patient.sex = gm_ecg_sex_of(text_of(data, DCM_PatientSex).c_str());
    e->patient.age_years = age_years_of(text_of(data, DCM_PatientAge));
    return read_acquired(e, text_of(data, DCM_AcquisitionDateTime));
}

/* One measurement of the device: the field it belongs to, by SCPECG code, MDC code or meaning. */
double *measurement_field(gm_ecg *e, const code &concept_name, bool *is_angle)
{
    struct known {
        const char *scp, *mdc, *meaning;
        double *field;
    };
    auto &d = e->device_says;
    const known all[] = {
        {"5.10.2.1-3", "MDC_ECG_TIME_PD_RR", "RR Interval", &d.rr_ms},
        {"5.13.5-7", "MDC_ECG_TIME_PD_PR", "PR Interval", &d.pr_ms},
        {"5.13.5-9", "MDC_ECG_TIME_PD_QRS", "QRS Duration", &d.qrs_ms},
        {"5.13.5-11", "MDC_ECG_TIME_PD_QT", "QT Interval", &d.qt_ms},
        {"5.10.2.5-5", "MDC_ECG_TIME_PD_QTc", "QTc Interval", &d.qtc_ms},
        {"5.10.3-11", "MDC_ECG_ANGLE_P_FRONT", "P Axis", &d.p_axis_deg},
        {"5.10.3-13", "MDC_ECG_ANGLE_QRS_FRONT", "QRS Axis", &d.qrs_axis_deg},
        {"5.10.3-15", "MDC_ECG_ANGLE_T_FRONT", "T Axis", &d.t_axis_deg},
    };
    for (const known &k : all) {
        if (concept_name.value != k.scp && strcasecmp(concept_name.value.c_str(), k.mdc) != 0 &&
            strcasecmp(concept_name.meaning.c_str(), k.meaning) != 0)
            continue;
        *is_angle = strstr(k.meaning, "Axis") != nullptr;
        return k.field;
    }
    return nullptr;
}

/* A value without a usable unit, or one that no device means ("0 ms", 29999), stays unknown. */
void read_measurement(gm_ecg *e, DcmItem *annotation)
{
    bool is_angle = false;
    double v;
    double *field =
        measurement_field(e, code_of(annotation, DCM_ConceptNameCodeSequence), &is_angle);
    if (!field || !std::isnan(*field)) return;
    if (!gm_parse_real(text_of(annotation, DCM_NumericValue).c_str(), &v)) return;
    OFString unit = code_of(annotation, DCM_MeasurementUnitsCodeSequence).value;
    if (is_angle ? unit == "deg" && std::fabs(v) <= 360 : unit == "ms" && v > 0 && v < 20000)
        *field = v;
    else if (!is_angle && unit == "s" && v > 0 && v < 20)
        *field = v * 1000;
}

void read_annotations(gm_ecg *e, DcmItem *data)
{
    DcmSequenceOfItems *list = nullptr;
    if (data->findAndGetSequence(DCM_WaveformAnnotationSequence, list).bad() || !list) return;
    for (DcmObject *o = nullptr; (o = list->nextInContainer(o));)
        if (o->ident() == EVR_item) read_measurement(e, static_cast<DcmItem *>(o));
}

gm_status fill_group(gm_ecg *e, DcmItem *data, const waveform &w)
{
    DcmSequenceOfItems *channels = nullptr;
    GM_TRY(real_of(w.item, DCM_SamplingFrequency, w, "the sampling frequency", &e->rate_hz));
    if (!(e->rate_hz > 0))
        return fail_in(w, "the sampling frequency (003a,001a) is missing or not above 0");
    GM_TRY(gm_ecg_set(&e->group, text_of(w.item, DCM_MultiplexGroupLabel).c_str()));
    if (w.item->findAndGetSequence(DCM_ChannelDefinitionSequence, channels).bad() || !channels ||
        channels->card() != w.n_channels)
        return gm_fail(GM_EFORMAT, "%s: waveform %u: %lu channel definitions for %u channels",
                       w.name, w.group, channels ? channels->card() : 0, (unsigned)w.n_channels);
    size_t n = 0;
    for (DcmObject *o = nullptr; n < w.n_channels && (o = channels->nextInContainer(o)); n++)
        GM_TRY(read_channel(e, &e->channels[n], static_cast<DcmItem *>(o), w));
    read_counts(e, w);
    GM_TRY(read_patient(e, data));
    read_annotations(e, data);
    char place[512];
    snprintf(place, sizeof place, "%s: waveform %u", w.name, w.group);
    return gm_ecg_finish(e, place);
}

gm_status read_groups(group_list &list, DcmItem *data, const char *name)
{
    DcmSequenceOfItems *groups = nullptr;
    if (data->findAndGetSequence(DCM_WaveformSequence, groups).bad() || !groups || !groups->card())
        return gm_fail(GM_EFORMAT, "%s: this DICOM file holds no waveform (5400,0100)", name);
    if (groups->card() > GM_DCM_MAX_GROUPS)
        return gm_fail(GM_EFORMAT, "%s: %lu waveform groups, allowed are %d", name, groups->card(),
                       GM_DCM_MAX_GROUPS);
    list.items = static_cast<gm_ecg **>(gm_calloc(groups->card(), sizeof(gm_ecg *)));
    if (!list.items) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    unsigned number = 0;
    for (DcmObject *o = nullptr; (o = groups->nextInContainer(o));) {
        waveform w = {static_cast<DcmItem *>(o), name, ++number, 0, 0, 0, false, nullptr, nullptr};
        GM_TRY(find_data(w));
        GM_TRY(gm_ecg_create(&list.items[list.n], "DICOM", w.n_channels, w.n_samples));
        GM_TRY(fill_group(list.items[list.n++], data, w));
    }
    return GM_OK;
}

gm_status parse(group_list &list, const void *bytes, size_t length, const char *name)
{
    static std::once_flag silenced;
    std::call_once(silenced, [] { OFLog::configure(OFLogger::OFF_LOG_LEVEL); });
    DcmInputBufferStream stream;
    stream.setBuffer(bytes, static_cast<offile_off_t>(length));
    stream.setEos();
    DcmFileFormat file;
    file.transferInit();
    OFCondition read = file.read(stream);
    file.transferEnd();
    if (read.bad()) return gm_fail(GM_EFORMAT, "%s: not readable as DICOM: %s", name, read.text());
    return read_groups(list, file.getDataset(), name);
}

} // namespace

gm_status gm_dcm_waveform_parse(gm_ecg ***groups, size_t *n_groups, const void *bytes,
                                size_t length, const char *name)
{
    *groups = nullptr;
    *n_groups = 0;
    try {
        group_list list;
        GM_TRY(parse(list, bytes, length, name));
        *groups = list.items;
        *n_groups = list.n;
        list.items = nullptr;
        list.n = 0;
        return GM_OK;
    } catch (const std::bad_alloc &) {
        return gm_fail(GM_ENOMEM, "%s: no memory", name);
    } catch (...) {
        return gm_fail(GM_EFORMAT, "%s: not readable as DICOM", name);
    }
}
