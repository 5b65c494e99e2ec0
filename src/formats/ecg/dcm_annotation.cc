/* Annotations: PS3.3 C.10.10. The rule for marks that name the wrong waveform is in dicom.h. */
#include <cmath>
#include <cstring>

#include "ecg/dcm_item.h"

extern "C" {
#include "core/text.h"
#include "ecg/dcm_value.h"
#include "ecg/dcm_waveform.h"
}

namespace gm_dcm
{

namespace
{

/* What the file says about a mark beyond what gm_ecg_mark holds; one for each mark, in its order. */
struct origin {
    size_t group;      /* of `items`, as the file names it or as corrected */
    long number;       /* of the annotation group; -1: none */
    bool is_in_signal; /* it has a position */
};

struct marker {
    file &f;
    gm_ecg *e;
    std::vector<origin> origins;
    size_t n_outside = 0, n_unplaced = 0, n_no_channel = 0;
};

enum { MOST_PAIRS = GM_DCM_MAX_GROUPS * GM_ECG_MAX_CHANNELS };

struct channel {
    size_t group; /* of `items` */
    int channel;  /* -1: all */
};

/* In samples from 0 of one group; the end is NaN for a point. */
struct range {
    double start, end;
};

/* ---- which channels ---------------------------------------------------------------------------- */

/* Pairs group\channel, both from 1; channel 0 means all, and so does naming all of them. */
std::vector<channel> channels_of(marker &m, DcmItem *item)
{
    std::vector<channel> out;
    const Uint16 *values = nullptr;
    unsigned long n = 0;
    if (item->findAndGetUint16Array(DCM_ReferencedWaveformChannels, values, &n).bad() || !values)
        n = 0;
    std::vector<size_t> named(m.f.n_items, 0);
    for (unsigned long i = 0; i + 1 < n && out.size() < MOST_PAIRS; i += 2) {
        size_t group = values[i] - 1u;
        if (!values[i] || group >= m.f.n_items || values[i + 1] > m.f.items[group]->n_channels) {
            m.n_no_channel++;
            continue;
        }
        if (values[i + 1]) named[group]++;
        out.push_back({group, values[i + 1] - 1});
    }
    for (size_t group = 0; group < m.f.n_items; group++) {
        if (named[group] < 2 || named[group] != m.f.items[group]->n_channels) continue;
        std::vector<channel> kept;
        for (const channel &c : out)
            if (c.group != group) kept.push_back(c);
        kept.push_back({group, -1});
        out = kept;
    }
    if (out.empty()) out.push_back({m.f.rhythm, -1});
    return out;
}

/* ---- when -------------------------------------------------------------------------------------- */

/* A time in seconds comes back as the sample it was made from. */
double sample_at(double seconds, double rate_hz)
{
    double s = seconds * rate_hz, whole = std::round(s);
    return std::fabs(s - whole) < 1e-6 ? whole : s;
}

/* The temporal points in samples from 0, by whichever of the three attributes is there. */
std::vector<double> points_of(marker &m, DcmItem *item, const gm_ecg *group)
{
    std::vector<double> out;
    const Uint32 *positions = nullptr;
    unsigned long n = 0;
    if (item->findAndGetUint32Array(DCM_ReferencedSamplePositions, positions, &n).good() &&
        positions && n) {
        for (unsigned long i = 0; i < n && i <= GM_DCM_MAX_MARKS; i++) /* the first sample is 1 */
            out.push_back((double)positions[i] - 1);
        return out;
    }
    OFString offsets, times;
    item->findAndGetOFStringArray(DCM_ReferencedTimeOffsets, offsets);
    if (!offsets.empty()) {
        for (const std::string &word : split(offsets.c_str(), '\\')) {
            double seconds = NAN;
            gm_parse_real(word.c_str(), &seconds);
            out.push_back(sample_at(seconds, group->rate_hz));
        }
        return out;
    }
    item->findAndGetOFStringArray(DCM_ReferencedDateTime, times);
    if (times.empty()) return out;
    OFString from = bare_text(m.f.data, DCM_AcquisitionDateTime);
    for (const std::string &word : split(times.c_str(), '\\'))
        out.push_back(
            sample_at(gm_dcm_seconds_between(from.c_str(), word.c_str()), group->rate_hz));
    return out;
}

/* Ranges inside the record; what reaches beyond it (BEGIN, END) goes to its bound. */
std::vector<range> ranges_of(marker &m, DcmItem *item, const gm_ecg *group)
{
    std::vector<range> all, out;
    std::vector<double> points = points_of(m, item, group);
    OFString kind = bare_text(item, DCM_TemporalRangeType);
    double last = (double)group->n_samples - 1;
    bool is_paired = kind == "SEGMENT" || kind == "MULTISEGMENT";
    for (size_t i = 0; i < points.size(); i += is_paired ? 2 : 1) {
        double p = points[i];
        if (is_paired)
            all.push_back({p, i + 1 < points.size() ? points[i + 1] : NAN});
        else if (kind == "BEGIN")
            all.push_back({p, last});
        else if (kind == "END")
            all.push_back({0, p});
        else
            all.push_back({p, NAN});
    }
    for (const range &r : all) {
        bool is_inside = r.start >= 0 && r.start < (double)group->n_samples &&
                         (std::isnan(r.end) || (r.end >= r.start && r.end <= last + 1));
        if (is_inside)
            out.push_back(r);
        else if (std::isnan(r.start) || (kind == "END" && std::isnan(r.end)))
            m.n_unplaced++;
        else
            m.n_outside++;
    }
    return out;
}

/* ---- what -------------------------------------------------------------------------------------- */

struct content {
    code concept_name, unit;
    std::string what, text;
    std::vector<double> values;
};

/* "Atrial fibrillation [SCT 49436004]"; our own texts are the text alone. */
std::string coded_text(const code &c)
{
    if (c.scheme == GM_DCM_OWN_SCHEME || (c.value.empty() && c.scheme.empty()))
        return c.meaning.c_str();
    std::string text = c.meaning.c_str();
    if (!text.empty()) text += " ";
    return text + "[" + c.scheme.c_str() + " " + c.value.c_str() + "]";
}

void add_part(std::string &text, const std::string &part)
{
    if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
}

void read_modifiers(marker &m, DcmItem *item, content &c)
{
    DcmItem *concept_item = nullptr, *modifier = nullptr;
    if (item->findAndGetSequenceItem(DCM_ConceptNameCodeSequence, concept_item, 0).bad() ||
        !concept_item)
        return;
    for (long i = 0;
         i < 16 &&
         concept_item->findAndGetSequenceItem(DCM_ModifierCodeSequence, modifier, i).good();
         i++) {
        code k = code_of_item(m.f, modifier);
        if (k.scheme == GM_DCM_OWN_SCHEME)
            add_part(c.text, k.meaning.c_str());
        else if (!k.meaning.empty())
            c.what += std::string(" (") + k.meaning.c_str() + ")";
    }
}

content content_of(marker &m, DcmItem *item)
{
    content c;
    c.concept_name = code_of(m.f, item, DCM_ConceptNameCodeSequence);
    c.unit = code_of(m.f, item, DCM_MeasurementUnitsCodeSequence);
    code coded = code_of(m.f, item, DCM_ConceptCodeSequence);
    if (c.concept_name.value.empty() && c.concept_name.meaning.empty())
        c.concept_name = coded;
    else
        add_part(c.text, coded_text(coded));
    const code &name = c.concept_name;
    c.what = name.meaning.empty() ? name.value.c_str() : name.meaning.c_str();
    read_modifiers(m, item, c);
    add_part(c.text, text_of(m.f, item, DCM_UnformattedTextValue).c_str());
    OFString values;
    item->findAndGetOFStringArray(DCM_NumericValue, values);
    for (const std::string &word : split(values.c_str(), '\\')) {
        double v;
        if (gm_parse_real(word.c_str(), &v)) c.values.push_back(v);
    }
    return c;
}

gm_status fill_mark(gm_ecg_mark *mark, const content &c)
{
    GM_TRY(gm_ecg_set(&mark->what, c.what.c_str()));
    GM_TRY(gm_ecg_set(&mark->text, c.text.c_str()));
    GM_TRY(gm_ecg_set(&mark->unit, c.unit.value.c_str()));
    if (c.concept_name.scheme == GM_DCM_OWN_SCHEME) return GM_OK;
    GM_TRY(gm_ecg_set(&mark->scheme, c.concept_name.scheme.c_str()));
    return gm_ecg_set(&mark->code, c.concept_name.value.c_str());
}

/* A value without a usable unit, or one that no device means ("0 ms", 29999), stays unknown. */
void read_measurement(gm_ecg *e, const content &c)
{
    const gm_dcm_measurement *k =
        gm_dcm_measurement_of(c.concept_name.value.c_str(), c.concept_name.meaning.c_str());
    if (!k || c.values.empty()) return;
    char *field = reinterpret_cast<char *>(e) + k->offset;
    double v = c.values[0], said;
    memcpy(&said, field, sizeof said);
    const OFString &unit = c.unit.value;
    if (!k->is_angle && unit == "s") v *= 1000;
    bool is_sound = k->is_angle ? unit == "deg" && std::fabs(v) <= 360
                                : (unit == "ms" || unit == "s") && v > 0 && v < 20000;
    if (std::isnan(said) && is_sound) memcpy(field, &v, sizeof v);
}

/* ---- one annotation ----------------------------------------------------------------------------- */

gm_status add_mark(marker &m, const content &c, const channel &on, const range *at, size_t i,
                   size_t n, long number)
{
    gm_ecg_mark *mark;
    if (m.e->n_marks >= GM_DCM_MAX_MARKS)
        return gm_fail(GM_EFORMAT, "%s: more than %d annotations", m.f.name, GM_DCM_MAX_MARKS);
    GM_TRY(gm_ecg_add_mark(m.e, &mark));
    mark->channel = on.channel;
    if (at) {
        mark->sample = at->start;
        mark->duration_ms = (at->end - at->start) * 1000 / m.f.items[on.group]->rate_hz;
    }
    if (!c.values.empty()) mark->value = c.values[c.values.size() == n ? i : 0];
    m.origins.push_back({on.group, number, at != nullptr});
    return fill_mark(mark, c);
}

gm_status read_annotation(marker &m, DcmItem *item)
{
    Uint16 number = 0;
    bool has_number = item->findAndGetUint16(DCM_AnnotationGroupNumber, number).good();
    bool has_time = item->tagExists(DCM_ReferencedSamplePositions) ||
                    item->tagExists(DCM_ReferencedTimeOffsets) ||
                    item->tagExists(DCM_ReferencedDateTime);
    content c = content_of(m, item);
    read_measurement(m.e, c);
    if (c.what.empty() && c.text.empty() && c.values.empty()) return GM_OK;
    for (const channel &on : channels_of(m, item)) {
        if (!has_time) {
            GM_TRY(add_mark(m, c, on, nullptr, 0, 1, has_number ? number : -1));
            continue;
        }
        std::vector<range> ranges = ranges_of(m, item, m.f.items[on.group]);
        for (size_t i = 0; i < ranges.size(); i++)
            GM_TRY(add_mark(m, c, on, &ranges[i], i, ranges.size(), has_number ? number : -1));
    }
    return GM_OK;
}

/* ---- marks that name the wrong waveform ---------------------------------------------------------- */

enum { LARGEST_BEAT = 64, MOST_COMPARED = 100000 };
const double shortest_beat_s = 0.2;

bool is_same_concept(const gm_ecg_mark &a, const gm_ecg_mark &b)
{
    const char *one = a.code ? a.code : a.what, *two = b.code ? b.code : b.what;
    return one && two && strcmp(one, two) == 0 && a.channel == b.channel;
}

/* A mark outside `beat` that stands where none of the same beat or the next can: the same concept,
 * in the same waveform, less than 200 ms away. Returns its index, and of `beat` the one it meets. */
bool find_collision(const marker &m, const std::vector<size_t> &beat, size_t group, size_t *of_beat,
                    size_t *other)
{
    double reach = shortest_beat_s * m.f.items[group]->rate_hz;
    for (size_t i = 0; i < m.origins.size(); i++) {
        const origin &o = m.origins[i];
        if (!o.is_in_signal || o.group != group || o.number == m.origins[beat[0]].number) continue;
        for (size_t k : beat) {
            double away = std::fabs(m.e->marks[i].sample - m.e->marks[k].sample);
            if (away == 0 || away >= reach || !is_same_concept(m.e->marks[i], m.e->marks[k]))
                continue;
            *of_beat = k;
            *other = i;
            return true;
        }
    }
    return false;
}

gm_status correct_group(marker &m, size_t group)
{
    std::vector<size_t> beat;
    for (size_t i = 0; i < m.origins.size(); i++) {
        const origin &o = m.origins[i];
        if (o.group == group) return GM_OK; /* the file does name this waveform */
        if (!o.is_in_signal || o.number != (long)group + 1) continue;
        if (m.e->marks[i].sample >= (double)m.f.items[group]->n_samples) return GM_OK;
        beat.push_back(i);
    }
    if (beat.empty() || beat.size() > LARGEST_BEAT) return GM_OK;
    size_t named = m.origins[beat[0]].group, of_beat, other;
    for (size_t k : beat)
        if (m.origins[k].group != named ||
            m.e->marks[k].channel >= (int)m.f.items[group]->n_channels)
            return GM_OK;
    if (!find_collision(m, beat, named, &of_beat, &other)) return GM_OK;
    for (size_t k : beat)
        m.origins[k].group = group;
    const gm_ecg_mark &a = m.e->marks[of_beat], &b = m.e->marks[other];
    return gm_ecg_note(
        m.e,
        "annotation group %zu (%zu marks) names waveform %zu, where it would collide "
        "with annotation group %ld (%.40s at samples %.0f and %.0f): taken as of "
        "waveform %zu (%.40s)",
        group + 1, beat.size(), named + 1, m.origins[other].number, a.what ? a.what : "?",
        a.sample + 1, b.sample + 1, group + 1,
        m.f.items[group]->group ? m.f.items[group]->group : "no label");
}

gm_status note_lost(marker &m)
{
    if (m.n_outside)
        GM_TRY(
            gm_ecg_note(m.e, "%zu annotations lie outside their waveform: left out", m.n_outside));
    if (m.n_unplaced)
        GM_TRY(gm_ecg_note(m.e, "the time of %zu annotations cannot be placed: left out",
                           m.n_unplaced));
    if (m.n_no_channel)
        GM_TRY(gm_ecg_note(m.e, "annotations name channels that do not exist, %zu times",
                           m.n_no_channel));
    return GM_OK;
}

} // namespace

gm_status read_annotations(file &f)
{
    DcmSequenceOfItems *list = nullptr;
    if (f.data->findAndGetSequence(DCM_WaveformAnnotationSequence, list).bad() || !list)
        return GM_OK;
    marker m = {f, f.items[f.rhythm], {}};
    for (DcmObject *o = nullptr; (o = list->nextInContainer(o));)
        if (o->ident() == EVR_item) GM_TRY(read_annotation(m, static_cast<DcmItem *>(o)));
    for (size_t group = 0; group < f.n_items && m.origins.size() <= MOST_COMPARED; group++)
        GM_TRY(correct_group(m, group));
    for (size_t i = 0; i < m.origins.size(); i++) {
        size_t group = m.origins[i].group;
        m.e->marks[i].group = group == f.rhythm ? 0 : group < f.rhythm ? group + 1 : group;
    }
    return note_lost(m);
}

} // namespace gm_dcm
