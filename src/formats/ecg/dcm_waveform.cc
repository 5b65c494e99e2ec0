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

#include "ecg/dcm_item.h"

extern "C" {
#include "core/alloc.h"
#include "core/text.h"
#include "ecg/dcm_value.h"
}

using namespace gm_dcm;

namespace
{

/* Frees what was made so far when a step fails or DCMTK throws. */
struct owning_file : file {
    ~owning_file()
    {
        for (size_t i = 0; i < n_items; i++)
            gm_ecg_destroy(items[i]);
        gm_free(items);
    }
};

struct waveform {
    DcmItem *item;
    std::string place; /* "name: waveform 1" */
    unsigned group;    /* 1-based, as DICOM counts */
    Uint16 n_channels, bits;
    Uint32 n_samples;
    bool is_signed;
    const Uint16 *words; /* the data, one of the two */
    const Uint8 *bytes;
};

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
        if (source.value.compare(0, n, prefix) != 0 ||
            !gm_parse_long(source.value.c_str() + n, &number))
            continue;
        /* PS3.16 of 2011 gave lead III the code of V1, 2:3. */
        if (number == 3 && gm_lead_index(source.meaning.c_str()) == 2) return 2;
        return lead_of_scp(number);
    }
    int lead = gm_lead_index(source.value.c_str());
    if (lead < 0) lead = gm_lead_index(source.meaning.c_str());
    return lead < 0 ? gm_lead_index(label.c_str()) : lead;
}

/* voltage = count x sensitivity x correction + baseline, the baseline in the unit of the
 * sensitivity: PS3.3 C.10.9.1.4. */
gm_status read_scale(file &f, gm_ecg *e, gm_ecg_channel *c, DcmItem *item, const waveform &w)
{
    double sensitivity, correction, baseline;
    const char *place = w.place.c_str();
    GM_TRY(real_of(item, DCM_ChannelSensitivity, place, "a channel's sensitivity", &sensitivity));
    GM_TRY(real_of(item, DCM_ChannelSensitivityCorrectionFactor, place, "a correction factor",
                   &correction));
    GM_TRY(real_of(item, DCM_ChannelBaseline, place, "a channel's baseline", &baseline));
    GM_TRY(
        gm_ecg_set(&c->unit, code_of(f, item, DCM_ChannelSensitivityUnitsSequence).value.c_str()));
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
                       "%s: channel %s: sensitivity %g x correction %g, expected "
                       "above 0",
                       place, name, sensitivity, correction);
    c->baseline = gm_dcm_baseline_count(baseline, scale);
    c->mv_per_count = gm_ecg_unit_mv(c->unit) * scale;
    return GM_OK;
}

gm_status note_status(gm_ecg *e, const gm_ecg_channel *c, DcmItem *item)
{
    OFString status;
    item->findAndGetOFStringArray(DCM_ChannelStatus, status);
    if (status.empty() || status == "OK") return GM_OK;
    return gm_ecg_note(e, "channel %s: its status is %.60s", c->name ? c->name : "?",
                       status.c_str());
}

gm_status read_channel(file &f, gm_ecg *e, gm_ecg_channel *c, DcmItem *item, const waveform &w)
{
    code source = code_of(f, item, DCM_ChannelSourceSequence);
    OFString label = text_of(f, item, DCM_ChannelLabel);
    const OFString &name = !label.empty()            ? label
                           : !source.meaning.empty() ? source.meaning
                                                     : source.value;
    const char *place = w.place.c_str();
    bool has_name = source.scheme != GM_DCM_OWN_SCHEME || source.value != GM_DCM_NO_NAME;
    if (has_name) GM_TRY(gm_ecg_set(&c->name, name.c_str()));
    c->lead = lead_of(source, label);
    GM_TRY(read_scale(f, e, c, item, w));
    GM_TRY(note_status(e, c, item));
    double samples, seconds;
    GM_TRY(real_of(item, DCM_ChannelSampleSkew, place, "a channel's skew", &samples));
    GM_TRY(real_of(item, DCM_ChannelTimeSkew, place, "a channel's skew", &seconds));
    c->skew_ms = std::isnan(samples) ? seconds * 1000 : samples * 1000 / e->rate_hz;
    GM_TRY(real_of(item, DCM_FilterLowFrequency, place, "a filter frequency", &c->low_cut_hz));
    GM_TRY(real_of(item, DCM_FilterHighFrequency, place, "a filter frequency", &c->high_cut_hz));
    return real_of(item, DCM_NotchFilterFrequency, place, "a filter frequency", &c->notch_hz);
}

int32_t sample(const waveform &w, size_t i)
{
    if (w.bits == 32) { /* the lowest means missing, as everywhere in Gemel */
        if (w.words) return (int32_t)(w.words[2 * i] | (uint32_t)w.words[2 * i + 1] << 16);
        const Uint8 *b = w.bytes + 4 * i;
        return (int32_t)(b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24);
    }
    if (w.bits == 16) {
        unsigned v = w.words ? w.words[i] : w.bytes[2 * i] | (unsigned)w.bytes[2 * i + 1] << 8;
        return w.is_signed ? (int16_t)v : (int32_t)v;
    }
    unsigned v = w.words ? (i & 1 ? w.words[i / 2] >> 8 : w.words[i / 2] & 0xFF) : w.bytes[i];
    return w.is_signed ? (int8_t)v : (int32_t)v;
}

/* The words or bytes of a value of OW or OB; false if DCMTK does not give them. */
bool find_values(DcmElement *element, waveform &w)
{
    Uint16 *words = nullptr;
    Uint8 *bytes = nullptr;
    OFCondition got =
        element->ident() == EVR_OW ? element->getUint16Array(words) : element->getUint8Array(bytes);
    w.words = words;
    w.bytes = bytes;
    return got.good() && (words || bytes);
}

/* The value that marks a missing sample, if the file names one. */
bool padding_of(const waveform &w, int32_t *value)
{
    DcmElement *element = nullptr;
    waveform one = w;
    if (w.item->findAndGetElement(DCM_WaveformPaddingValue, element).bad() || !element)
        return false;
    if (element->getLength() < w.bits / 8u || !find_values(element, one)) return false;
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
    return gm_fail(GM_EFORMAT, "%s: %s", w.place.c_str(), text);
}

gm_status check_interpretation(waveform &w, bool is_big_endian)
{
    static const struct {
        const char *name;
        unsigned bits;
        bool is_signed;
    } known[] = {
        {"SS", 16, true}, {"US", 16, false}, {"SB", 8, true}, {"UB", 8, false}, {"SL", 32, true}};
    OFString kind = bare_text(w.item, DCM_WaveformSampleInterpretation);
    if (kind == "MB" || kind == "AB")
        return fail_in(w, kind == "MB" ? "samples are mu-law coded sound (MB), not an ECG's"
                                       : "samples are A-law coded sound (AB), not an ECG's");
    if (w.item->findAndGetUint16(DCM_WaveformBitsAllocated, w.bits).bad()) w.bits = 0;
    for (const auto &k : known) {
        if (kind != k.name || w.bits != k.bits) continue;
        w.is_signed = k.is_signed;
        if (w.bits == 32 && is_big_endian)
            return fail_in(w, "samples of 32 bits in big endian order are not read");
        return GM_OK;
    }
    return fail_in(w, "samples must be 16 bits SS or US, 8 bits SB or UB, or 32 bits SL "
                      "((5400,1004), (5400,1006))");
}

/* How the samples are stored, and that there are as many as promised. */
gm_status find_data(waveform &w, bool is_big_endian)
{
    DcmElement *element = nullptr;
    if (w.item->findAndGetUint16(DCM_NumberOfWaveformChannels, w.n_channels).bad() ||
        !w.n_channels || w.n_channels > GM_ECG_MAX_CHANNELS)
        return fail_in(w, "the number of channels (003a,0005) is missing, 0 or above 256");
    if (w.item->findAndGetUint32(DCM_NumberOfWaveformSamples, w.n_samples).bad() || !w.n_samples)
        return fail_in(w, "the number of samples (003a,0010) is missing or 0");
    GM_TRY(check_interpretation(w, is_big_endian));
    if (w.item->findAndGetElement(DCM_WaveformData, element).bad() || !element)
        return fail_in(w, "the data (5400,1010) is missing");
    unsigned long long need = (unsigned long long)w.n_samples * w.n_channels * (w.bits / 8);
    if (element->getLength() < need)
        return gm_fail(GM_EFORMAT,
                       "%s: %u samples of %u channels need %llu bytes, the data "
                       "(5400,1010) has %lu",
                       w.place.c_str(), (unsigned)w.n_samples, (unsigned)w.n_channels, need,
                       (unsigned long)element->getLength());
    return find_values(element, w) ? GM_OK : fail_in(w, "the data (5400,1010) cannot be read");
}

gm_status note_start(gm_ecg *e, const waveform &w)
{
    double ms;
    GM_TRY(real_of(w.item, DCM_MultiplexGroupTimeOffset, w.place.c_str(), "a time offset", &ms));
    if (std::isnan(ms) || ms == 0) return GM_OK;
    return gm_ecg_note(e, "waveform %u begins %g ms after the time of acquisition", w.group, ms);
}

gm_status fill_group(file &f, gm_ecg *e, const waveform &w)
{
    DcmSequenceOfItems *channels = nullptr;
    const char *place = w.place.c_str();
    GM_TRY(real_of(w.item, DCM_SamplingFrequency, place, "the sampling frequency", &e->rate_hz));
    if (!(e->rate_hz > 0))
        return fail_in(w, "the sampling frequency (003a,001a) is missing or not above 0");
    GM_TRY(gm_ecg_set(&e->group, text_of(f, w.item, DCM_MultiplexGroupLabel).c_str()));
    if (w.item->findAndGetSequence(DCM_ChannelDefinitionSequence, channels).bad() || !channels ||
        channels->card() != w.n_channels)
        return gm_fail(GM_EFORMAT, "%s: %lu channel definitions for %u channels", place,
                       channels ? channels->card() : 0, (unsigned)w.n_channels);
    size_t n = 0;
    for (DcmObject *o = nullptr; n < w.n_channels && (o = channels->nextInContainer(o)); n++)
        GM_TRY(read_channel(f, e, &e->channels[n], static_cast<DcmItem *>(o), w));
    read_counts(e, w);
    GM_TRY(note_start(e, w));
    return gm_ecg_finish(e, place);
}

gm_status read_groups(file &f, bool is_big_endian)
{
    DcmSequenceOfItems *groups = nullptr;
    if (f.data->findAndGetSequence(DCM_WaveformSequence, groups).bad() || !groups ||
        !groups->card())
        return gm_fail(GM_EFORMAT, "%s: this DICOM file holds no waveform (5400,0100)", f.name);
    if (groups->card() > GM_DCM_MAX_GROUPS)
        return gm_fail(GM_EFORMAT, "%s: %lu waveform groups, allowed are %d", f.name,
                       groups->card(), GM_DCM_MAX_GROUPS);
    f.items = static_cast<gm_ecg **>(gm_calloc(groups->card(), sizeof(gm_ecg *)));
    if (!f.items) return gm_fail(GM_ENOMEM, "%s: no memory", f.name);
    for (DcmObject *o = nullptr; (o = groups->nextInContainer(o));) {
        waveform w = {};
        w.item = static_cast<DcmItem *>(o);
        w.group = (unsigned)f.n_items + 1;
        w.place = std::string(f.name) + ": waveform " + std::to_string(w.group);
        GM_TRY(find_data(w, is_big_endian));
        GM_TRY(gm_ecg_create(&f.items[f.n_items], "DICOM", w.n_channels, w.n_samples));
        GM_TRY(fill_group(f, f.items[f.n_items++], w));
    }
    return GM_OK;
}

/* Waveforms that are no ECG are refused by name; what is not known here is read, with a note. */
gm_status check_class(const file &f, const OFString &uid, bool *is_known)
{
    static const struct {
        const char *uid, *refused; /* after 1.2.840.10008.5.1.4.1.1.9. */
    } classes[] = {{"1.1", nullptr},
                   {"1.2", nullptr},
                   {"1.3", nullptr},
                   {"1.4", nullptr},
                   {"2.1", "hemodynamic waveforms"},
                   {"4.1", "a voice"},
                   {"4.2", "sound"},
                   {"5.1", "an arterial pulse"},
                   {"6.1", "a respiration"},
                   {"6.2", "a respiration"},
                   {"7.1", "an EEG"},
                   {"7.2", "an electromyogram"},
                   {"7.3", "an electrooculogram"},
                   {"7.4", "a sleep EEG"},
                   {"8.1", "a position of the body"}};
    static const char root[] = "1.2.840.10008.5.1.4.1.1.9.";
    *is_known = false;
    if (uid.compare(0, strlen(root), root) != 0) return GM_OK;
    for (const auto &c : classes) {
        if (uid.compare(strlen(root), OFString_npos, c.uid) != 0) continue;
        *is_known = true;
        if (!c.refused) return GM_OK;
        return gm_fail(GM_EFORMAT,
                       "%s: its SOP class %s says %s; read are ECGs: 12-lead (...9.1.1), general "
                       "(...9.1.2, ...9.1.4) and ambulatory (...9.1.3)",
                       f.name, uid.c_str(), c.refused);
    }
    return GM_OK;
}

gm_status read_all(file &f, bool is_big_endian)
{
    OFString uid = bare_text(f.data, DCM_SOPClassUID), set;
    bool class_is_known;
    GM_TRY(check_class(f, uid, &class_is_known));
    f.data->findAndGetOFStringArray(DCM_SpecificCharacterSet, set);
    f.converts = !set.empty() && f.characters.selectCharacterSet(*f.data).good();
    GM_TRY(read_groups(f, is_big_endian));
    f.rhythm = gm_dcm_rhythm_group(f.items, f.n_items);
    gm_ecg *e = f.items[f.rhythm];
    if (!class_is_known)
        GM_TRY(gm_ecg_note(e, "its SOP class \"%.64s\" is none of DICOM's ECGs", uid.c_str()));
    GM_TRY(read_facts(f));
    GM_TRY(read_annotations(f));
    if (f.has_misfit || (!set.empty() && !f.converts))
        GM_TRY(gm_ecg_note(e,
                           "texts do not fit the character set \"%.60s\" that the file names, and "
                           "were taken as UTF-8 or Latin-1",
                           set.c_str()));
    return GM_OK;
}

/* items[rhythm] takes the others; then it is the caller's. */
gm_status join(gm_ecg **out, file &f)
{
    gm_ecg *e = f.items[f.rhythm];
    for (size_t i = 0; i < f.n_items; i++) {
        if (i == f.rhythm) continue;
        gm_ecg *other = f.items[i];
        f.items[i] = nullptr;
        GM_TRY(gm_ecg_add_other(e, other));
    }
    *out = e;
    f.items[f.rhythm] = nullptr;
    return GM_OK;
}

gm_status parse(gm_ecg **out, const gm_dcm_data *data, const char *name)
{
    static std::once_flag silenced;
    std::call_once(silenced, [] { OFLog::configure(OFLogger::OFF_LOG_LEVEL); });
    DcmInputBufferStream stream;
    stream.setBuffer(data->bytes, static_cast<offile_off_t>(data->length));
    stream.setEos();
    bool is_big_endian = data->syntax == GM_DCM_BIG_ENDIAN;
    E_TransferSyntax syntax = data->syntax == GM_DCM_IMPLICIT ? EXS_LittleEndianImplicit
                              : is_big_endian                 ? EXS_BigEndianExplicit
                                                              : EXS_LittleEndianExplicit;
    DcmDataset set;
    set.transferInit();
    OFCondition read = set.read(stream, syntax);
    set.transferEnd();
    if (read.bad()) return gm_fail(GM_EFORMAT, "%s: not readable as DICOM: %s", name, read.text());
    owning_file f;
    f.name = name;
    f.data = &set;
    GM_TRY(read_all(f, is_big_endian));
    return join(out, f);
}

} // namespace

gm_status gm_dcm_waveform_parse(gm_ecg **out, const gm_dcm_data *data, const char *name)
{
    *out = nullptr;
    try {
        return parse(out, data, name);
    } catch (const std::bad_alloc &) {
        return gm_fail(GM_ENOMEM, "%s: no memory", name);
    } catch (...) {
        return gm_fail(GM_EFORMAT, "%s: not readable as DICOM", name);
    }
}
