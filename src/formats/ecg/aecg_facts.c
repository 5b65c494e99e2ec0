/* Who, when, where and with what, of an annotated ECG. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ecg/aecg_parts.h"
#include "ecg/build.h"

static gm_status set_words(char **field, const xmlNode *node)
{
    char words[GM_XML_WORDS];
    return *field ? GM_OK : gm_ecg_set(field, gm_xml_words(node, words));
}

static gm_status set_time(char **field, const xmlNode *node)
{
    gm_hl7_time t;
    char iso[GM_ISO_TIME_SIZE];
    if (*field || !gm_hl7_time_parse(&t, gm_xml_attribute(node, "value"))) return GM_OK;
    gm_hl7_time_iso(iso, &t);
    return gm_ecg_set(field, iso);
}

static gm_status set_id(char **field, const xmlNode *id)
{
    const char *text = gm_xml_attribute(id, "extension");
    if (!text || !*text) text = gm_xml_attribute(id, "root");
    return *field ? GM_OK : gm_ecg_set(field, text);
}

static gm_status read_acquired(gm_ecg *e, const gm_aecg_file *f, const gm_aecg_set *s)
{
    char iso[GM_ISO_TIME_SIZE];
    GM_TRY(set_time(&e->acquired, gm_xml_at(s->series, "effectiveTime/low")));
    if (!e->acquired && s->has_start) {
        gm_hl7_time_iso(iso, &s->start);
        GM_TRY(gm_ecg_set(&e->acquired, iso));
    }
    GM_TRY(set_time(&e->acquired, gm_xml_at(f->root, "effectiveTime/low")));
    GM_TRY(set_time(&e->acquired, gm_xml_at(f->root, "effectiveTime/center")));
    return set_time(&e->acquired, gm_xml_child(f->root, "effectiveTime"));
}

static gm_status read_device(gm_ecg *e, const xmlNode *series)
{
    char maker[GM_XML_WORDS], model[GM_XML_WORDS], both[2 * GM_XML_WORDS + 1];
    const xmlNode *author = gm_xml_at(series, "author/seriesAuthor");
    const xmlNode *device = gm_xml_child(author, "manufacturedSeriesDevice");
    const char *m = gm_xml_words(gm_xml_at(author, "manufacturerOrganization/name"), maker);
    const char *n = gm_xml_words(gm_xml_child(device, "manufacturerModelName"), model);
    snprintf(both, sizeof both, "%s%s%s", m ? m : "", m && n ? " " : "", n ? n : "");
    GM_TRY(gm_ecg_set(&e->device, both));
    return set_id(&e->device_id, gm_xml_child(device, "id"));
}

/* Age, height and weight: <controlVariable><relatedObservation> with LOINC codes. */
static void read_observation(gm_ecg_patient *p, const xmlNode *observation)
{
    static const struct {
        const char *loinc, *unit;
        double factor;
        enum { AGE, HEIGHT, WEIGHT } what;
    } known[] = {{"21612-7", "a", 1, AGE},          {"30525-0", "a", 1, AGE},
                 {"21612-7", "mo", 1.0 / 12, AGE},  {"30525-0", "mo", 1.0 / 12, AGE},
                 {"21612-7", "d", 1 / 365.25, AGE}, {"30525-0", "d", 1 / 365.25, AGE},
                 {"8302-2", "cm", 1, HEIGHT},       {"8302-2", "m", 100, HEIGHT},
                 {"3137-7", "cm", 1, HEIGHT},       {"29463-7", "kg", 1, WEIGHT},
                 {"3141-9", "kg", 1, WEIGHT},       {"29463-7", "g", 1e-3, WEIGHT}};
    double v;
    const char *unit;
    const xmlNode *code = gm_xml_child(observation, "code");
    if (!gm_aecg_quantity(gm_xml_child(observation, "value"), &v, &unit) || !unit) return;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!gm_xml_attribute_is(code, "code", known[i].loinc) || strcmp(unit, known[i].unit) != 0)
            continue;
        v *= known[i].factor;
        if (known[i].what == AGE && v >= 0 && v <= GM_ECG_MAX_AGE_YEARS) p->age_years = v;
        if (known[i].what == HEIGHT && v > 0) p->height_cm = v;
        if (known[i].what == WEIGHT && v > 0) p->weight_kg = v;
        return;
    }
}

static gm_status read_subject(gm_ecg *e, const gm_aecg_file *f, const xmlNode *assignment)
{
    const xmlNode *subject = gm_xml_at(assignment, "subject/trialSubject");
    const xmlNode *person = gm_xml_child(subject, "subjectDemographicPerson");
    GM_TRY(set_id(&e->patient.id, gm_xml_child(subject, "id")));
    GM_TRY(set_words(&e->patient.name, gm_xml_child(person, "name")));
    GM_TRY(set_time(&e->patient.birth_date, gm_xml_child(person, "birthTime")));
    e->patient.sex =
        gm_ecg_sex_of(gm_xml_attribute(gm_xml_child(person, "administrativeGenderCode"), "code"));
    const xmlNode *c = gm_xml_child(f->root, "controlVariable");
    for (; c; c = gm_xml_next(c, "controlVariable"))
        read_observation(&e->patient, gm_xml_child(c, "relatedObservation"));
    return GM_OK;
}

static gm_status read_comments(gm_ecg *e, const xmlNode *root)
{
    char words[GM_XML_WORDS];
    GM_TRY(gm_ecg_add_comment(e, gm_xml_words(gm_xml_child(root, "text"), words)));
    const xmlNode *p = gm_xml_child(root, "pertainsTo");
    for (; p; p = gm_xml_next(p, "pertainsTo"))
        GM_TRY(
            gm_ecg_add_comment(e, gm_xml_words(gm_xml_at(p, "subjectFindingComment/text"), words)));
    return GM_OK;
}

gm_status gm_aecg_read_facts(gm_ecg *e, const gm_aecg_file *f, const gm_aecg_set *main_set)
{
    const xmlNode *timepoint = gm_xml_at(f->root, "componentOf/timepointEvent");
    const xmlNode *assignment = gm_xml_at(timepoint, "componentOf/subjectAssignment");
    const xmlNode *trial = gm_xml_at(assignment, "componentOf/clinicalTrial");
    GM_TRY(read_acquired(e, f, main_set));
    GM_TRY(read_device(e, main_set->series));
    GM_TRY(read_subject(e, f, assignment));
    GM_TRY(set_words(&e->institution, gm_xml_at(f->root, "location/testingSite/location/name")));
    GM_TRY(set_words(&e->institution, gm_xml_at(trial, "location/trialSite/location/name")));
    GM_TRY(
        set_words(&e->physician,
                  gm_xml_at(trial, "responsibleParty/trialInvestigator/investigatorPerson/name")));
    GM_TRY(set_words(&e->physician,
                     gm_xml_at(timepoint, "performer/studyEventPerformer/assignedPerson/name")));
    GM_TRY(set_words(
        &e->physician,
        gm_xml_at(main_set->series, "secondaryPerformer/seriesPerformer/assignedPerson/name")));
    return read_comments(e, f->root);
}

/* The frequency of a filter in Hz; NaN: not stated. */
static double frequency_of(const xmlNode *filter)
{
    static const char *const codes[] = {"MDC_ECG_CTL_VBL_ATTR_FILTER_CUTOFF_FREQ",
                                        "MDC_ECG_CTL_VBL_ATTR_FILTER_NOTCH_FREQ"};
    for (const xmlNode *c = gm_xml_child(filter, "component"); c; c = gm_xml_next(c, "component")) {
        const xmlNode *v = gm_xml_child(c, "controlVariable");
        const xmlNode *code = gm_xml_child(v, "code");
        const char *unit;
        double hz;
        if (!gm_xml_attribute_is(code, "code", codes[0]) &&
            !gm_xml_attribute_is(code, "code", codes[1]))
            continue;
        if (gm_aecg_quantity(gm_xml_child(v, "value"), &hz, &unit) && unit &&
            strcmp(unit, "Hz") == 0 && hz >= 0)
            return hz;
    }
    return NAN;
}

void gm_aecg_read_filters(gm_ecg *e, const xmlNode *series)
{
    double low_cut = NAN, high_cut = NAN, notch = NAN;
    const xmlNode *c = gm_xml_child(series, "controlVariable");
    for (; c; c = gm_xml_next(c, "controlVariable")) {
        const xmlNode *filter = gm_xml_child(c, "controlVariable");
        const char *code = gm_xml_attribute(gm_xml_child(filter, "code"), "code");
        if (!code) continue;
        if (strcmp(code, "MDC_ECG_CTL_VBL_ATTR_FILTER_LOW_PASS") == 0)
            high_cut = frequency_of(filter);
        if (strcmp(code, "MDC_ECG_CTL_VBL_ATTR_FILTER_HIGH_PASS") == 0)
            low_cut = frequency_of(filter);
        if (strcmp(code, "MDC_ECG_CTL_VBL_ATTR_FILTER_NOTCH") == 0) notch = frequency_of(filter);
    }
    for (size_t i = 0; i < e->n_channels; i++) {
        e->channels[i].low_cut_hz = low_cut;
        e->channels[i].high_cut_hz = high_cut;
        e->channels[i].notch_hz = notch;
    }
}
