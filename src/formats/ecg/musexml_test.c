#include "ecg/musexml.h"

#include "ecg/reader_for_tests.h"

/* Made by a script of its own, whose base64 and CRC-32 are Python's. */
#define SMALL GM_SOURCE_DIR "/fuzz/corpus/musexml/three_leads.xml"

static void a_file_of_the_published_layout_is_understood(void)
{
    gm_ecg *e = read_ecg(SMALL);
    if (!e) return;
    static const int32_t one[] = {0, 1, -1, 32767, -32768};
    EXPECT(strcmp(e->format, "MUSE XML") == 0 && strcmp(e->group, "RHYTHM") == 0);
    EXPECT(e->n_channels == 3 && e->n_samples == 5 && e->rate_hz == 500);
    EXPECT(memcmp(e->channels[0].counts, one, sizeof one) == 0 && e->channels[0].lead == 0);
    EXPECT_CLOSE(e->channels[0].mv_per_count, 0.00488, 1e-15, 0);
    EXPECT(e->channels[0].high_cut_hz == 150 && e->channels[0].notch_hz == 50);
    EXPECT(isnan(e->channels[0].low_cut_hz));
    EXPECT(e->channels[2].counts[1] == GM_ECG_MISSING_COUNT && e->channels[2].counts[2] == 7);
    EXPECT(e->n_others == 1 && e->others[0]->rate_hz == 250);
    EXPECT(strcmp(e->others[0]->group, "MEDIAN BEAT") == 0 &&
           e->others[0]->channels[0].counts[2] == -3);
    EXPECT(strcmp(e->patient.name, "A M\xc3\xbcller") == 0 && strcmp(e->patient.id, "X1") == 0);
    EXPECT(strcmp(e->patient.birth_date, "1962-03-17") == 0 && e->patient.sex == GM_SEX_FEMALE);
    EXPECT(e->patient.age_years == 57 && e->patient.weight_kg == 61);
    EXPECT_CLOSE(e->patient.height_cm, 177.8, 1e-12, 0);
    EXPECT(strcmp(e->acquired, "2019-08-09T09:15:11") == 0 && strcmp(e->device, "MAC") == 0);
    EXPECT(strcmp(e->institution, "House") == 0 && strcmp(e->physician, "Dr") == 0);
    EXPECT(isnan(e->device_says.rr_ms) && e->device_says.pr_ms == 150 &&
           e->device_says.qrs_ms == 90);
    EXPECT(e->device_says.qt_ms == 400 && e->device_says.qtc_ms == 447);
    EXPECT(e->device_says.p_axis_deg == 50 && e->device_says.qrs_axis_deg == -20);
    EXPECT(e->n_marks == 2 && e->marks[0].group == 1 && e->marks[0].sample == 1);
    EXPECT(strcmp(e->marks[0].what, "QOnset") == 0);
    EXPECT(strcmp(e->marks[1].text, "Normal sinus rhythm") == 0);
    EXPECT(e->n_notes ==
           3); /* the high pass, V1 starts late, the date could be the 8th of September */
    gm_ecg_destroy(e);
}

static void malformed_files_are_refused_with_their_place(void)
{
    static const bad_change cases[] = {
        {"</RestingECG>", "", "not well-formed"},
        {"\"restecg.dtd\"", "\"restecg.dtd\" [<!ENTITY a \"b\">]", "declares entities"},
        {"<LeadID>II<", "<LeadID>II</LeadID><LeadSampleSize>4</LeadSampleSize><LeadID><",
         "lead II: LeadSampleSize 4"},
        {"<SampleBase>500<", "<SampleBase>x<", "sampling rate nan Hz"},
        {"<SampleExponent>0<", "<SampleExponent>1<", "SampleExponent 1"},
        {"<LeadByteCountTotal>6<", "<LeadByteCountTotal>8<", "6 bytes of data, the file says 8"},
        {"<LeadSampleCountTotal>5<", "<LeadSampleCountTotal>4<",
         "the file says 10 bytes, 4 samples"},
        {"<WaveFormData>", "<WaveFormData>!", "no base64 (character 0x21)"},
        {"<WaveFormData>", "<WaveFormData>=", "no base64"},
        {"<LeadOffsetFirstSample>2<", "<LeadOffsetFirstSample>100<", "LeadOffsetFirstSample 100"},
        {"<LeadAmplitudeUnitsPerBit>4.88<", "<LeadAmplitudeUnitsPerBit>0<", "0 mV a count"},
    };
    expect_changes_refused(gm_musexml_parse, SMALL, cases, sizeof cases / sizeof *cases, "m.xml");
    static const char other[] = "<a/>", none[] = "<RestingECG/>";
    expect_refused(gm_musexml_parse, other, strlen(other), "o.xml", "not a RestingECG");
    expect_refused(gm_musexml_parse, none, strlen(none), "n.xml", "without a lead");
}

/* The small file with one text replaced. */
static gm_ecg *small_with(const char *from, const char *to)
{
    gm_text t = changed_file(SMALL, from, to);
    gm_ecg *e = parsed_ecg(gm_musexml_parse, t.data, t.length);
    gm_text_free(&t);
    return e;
}

static void what_is_doubtful_is_a_note_or_unknown(void)
{
    gm_ecg *e = small_with("<LeadDataCRC32>", "<LeadDataCRC32>1");
    if (e) EXPECT_CONTAINS(e->others[0]->notes[0], "lead II: the CRC-32 is");
    gm_ecg_destroy(e);
    e = small_with("08-09-2019", "17/08/2019");
    if (e) EXPECT(strcmp(e->acquired, "2019-08-17T09:15:11") == 0);
    gm_ecg_destroy(e);
    e = small_with("08-09-2019", "2019");
    if (e) EXPECT(!e->acquired);
    gm_ecg_destroy(e);
    e = small_with("MICROVOLTS", "FURLONGS");
    if (e) EXPECT(isnan(e->others[0]->channels[0].mv_per_count));
    gm_ecg_destroy(e);
    e = small_with("YEARS", "AGES");
    if (e) EXPECT(isnan(e->patient.age_years));
    gm_ecg_destroy(e);
}

static void damage_and_lack_of_memory_never_crash_it(void)
{
    expect_safe_file(gm_musexml_parse, SMALL);
}

int main(int argc, char **argv)
{
    RUN(a_file_of_the_published_layout_is_understood);
    RUN(malformed_files_are_refused_with_their_place);
    RUN(what_is_doubtful_is_a_note_or_unknown);
    RUN(damage_and_lack_of_memory_never_crash_it);
    return gm_report();
}
