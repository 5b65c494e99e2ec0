#include "ecg/csv_waveform.h"

#include "ecg/reader_for_tests.h"
#include "ecg/round_trip_for_tests.h"

static gm_ecg *parsed(const char *text)
{
    return parsed_ecg(gm_ecg_csv_parse, text, strlen(text));
}

static double mv(const gm_ecg *e, int lead, size_t i)
{
    const gm_ecg_channel *c = gm_ecg_lead(e, lead);
    return c ? (c->counts[i] - c->baseline) * c->mv_per_count : NAN;
}

static void a_table_with_times_keeps_its_decimals(void)
{
    gm_ecg *e = parsed("t_ms,I,II [uV]\n0,-0.125,1000\n2,1e-4,-250.5\n4,0,0\n");
    if (!e) return;
    EXPECT(e->rate_hz == 500 && e->n_samples == 3 && e->n_channels == 2 && e->n_notes == 0);
    EXPECT(e->first_ms == 0);
    EXPECT_CLOSE(mv(e, 0, 0), -0.125, 1e-15, 0);
    EXPECT_CLOSE(mv(e, 0, 1), 1e-4, 1e-15, 0);
    EXPECT_CLOSE(mv(e, 1, 1), -0.2505, 1e-15, 0);
    EXPECT(e->channels[0].counts[0] == -1250 && e->channels[1].counts[1] == -2505);
    EXPECT(!e->channels[0].unit && strcmp(e->channels[1].unit, "uV") == 0);
    gm_ecg_destroy(e);
}

static void the_clock_of_the_file_is_kept(void)
{
    gm_ecg *ms = parsed("t_ms,I\n-5,0\n-4,1\n-3,2\n"), *s = parsed("t_s,I\n1.5,0\n1.502,1\n");
    EXPECT(ms && ms->first_ms == -5 && ms->rate_hz == 1000);
    EXPECT(s && s->first_ms == 1500 && s->rate_hz == 500);
    gm_ecg_destroy(ms);
    gm_ecg_destroy(s);
}

static void what_the_file_does_not_say_stays_unknown(void)
{
    gm_ecg *e = parsed("# rate_hz: 250\nII\n0.1\n");
    if (!e) return;
    EXPECT(e->rate_hz == 250 && strcmp(e->format, "CSV") == 0 && e->first_ms == 0);
    EXPECT(!e->device && !e->acquired && !e->patient.id && !e->group);
    EXPECT(e->patient.sex == GM_SEX_UNKNOWN && isnan(e->patient.age_years));
    EXPECT(isnan(e->device_says.rr_ms) && isnan(e->device_says.qtc_ms) &&
           isnan(e->device_says.p_axis_deg));
    EXPECT(isnan(e->channels[0].skew_ms) && isnan(e->channels[0].low_cut_hz) &&
           isnan(e->channels[0].high_cut_hz) && isnan(e->channels[0].notch_hz));
    EXPECT(!gm_ecg_lead(e, 0) && !gm_ecg_lead(e, -1));
    gm_ecg_destroy(e);
}

static void comments_fill_what_they_say(void)
{
    gm_ecg *e = parsed("# rate_hz = 500\n# age: 61\n#sex: female\n# device: A \n# patient_id: p1\n"
                       "# acquired: 2020-01-02\nv1;v2\n1;2\n;3\n");
    if (!e) return;
    EXPECT(e->patient.age_years == 61 && e->patient.sex == GM_SEX_FEMALE &&
           strcmp(e->device, "A") == 0);
    EXPECT(strcmp(e->patient.id, "p1") == 0 && strcmp(e->acquired, "2020-01-02") == 0);
    EXPECT(e->channels[0].counts[1] == GM_ECG_MISSING_COUNT);
    EXPECT(e->n_notes == 1);
    EXPECT_CONTAINS(e->notes[0], "channel v1: 1 of 2 samples are missing");
    gm_ecg_destroy(e);
}

static void times_may_be_seconds_and_rounded(void)
{
    gm_ecg *e = parsed("time_s,II\n0,0\n0.0028,0\n0.0056,0\n0.0083,0\n0.0111,0\n");
    EXPECT(e && fabs(e->rate_hz - 360) < 1);
    gm_ecg_destroy(e);
    e = parsed("time,II,quality\n0,0,a\n0.002,0,b\n");
    EXPECT(e && e->rate_hz == 500 && e->n_notes == 2);
    if (e) EXPECT_CONTAINS(e->notes[0], "taken as seconds");
    if (e && e->n_notes == 2) EXPECT_CONTAINS(e->notes[1], "column 3 (\"quality\")");
    gm_ecg_destroy(e);
}

static void malformed_tables_are_refused_with_their_place(void)
{
    static const bad_text cases[] = {
        {"", "e.csv:1: the table has no row"},
        {"t_ms,A,B\n0,1,2\n", "e.csv:1: no column is a known lead"},
        {"0,1,2\n1,1,2\n", "e.csv:1: no column is a known lead"},
        {"t_ms,I\n", "e.csv:1: no sample follows"},
        {"t_ms,I\n0,1\n", "two samples at least"},
        {"I,II\n0,1\n", "e.csv: no sampling rate: expected a column t_ms"},
        {"# rate_hz: 0\nI\n0\n", "rate_hz is \"0\""},
        {"# rate_hz: -5\nI\n0\n", "rate_hz is \"-5\""},
        {"# rate_hz: fast\nI\n0\n", "rate_hz is \"fast\""},
        {"# rate_hz: nan\nI\n0\n", "rate_hz is \"nan\""},
        {"# rate_hz: 1e9\nI\n0\n", "sampling rate 1e+09 Hz, allowed are"},
        {"# rate_hz: 500\nt_ms,I\n0,0\n1,0\n", "the times give 1000 Hz, the comment"},
        {"t_ms,I\n0,0\n1,nan\n", "e.csv:3: column 2: expected lead I in mV"},
        {"t_ms,I\n0,0\n1,NaN\n", "e.csv:3: column 2"},
        {"t_ms,I\n0,inf\n1,0\n", "e.csv:2: column 2"},
        {"t_ms,I\n0,0\n1,0.1 mV\n", "found \"0.1 mV\""},
        {"t_ms;I\n0;0,5\n1;0\n", "e.csv:2: column 2: expected lead I in mV"},
        {"t_ms,I\n0,0\n1,1200\n", "e.csv:3: lead I: 1200 mV, allowed are -300 to 300 mV"},
        {"t_ms,I [parsec]\n0,0\n1,0\n", "unit \"parsec\", known are"},
        {"t_ms,I\n0,0\n1,0\n2,0\n4,0\n", "e.csv:5: the times are not uniform: a step of 2 here"},
        {"t_ms,I\n0,0\n1,0\n1,0\n", "the times are not uniform"},
        {"t_ms,I\n3,0\n2,0\n1,0\n", "the last time is not after the first"},
        {"t_ms,I\n0,0\nnan,0\n", "e.csv:3: column 1: expected a time"},
        {"t_ms,t_s,I\n0,0,0\n1,0,0\n", "columns 1 and 2 are both a time"},
        {"t_ms,II,Lead II\n0,0,0\n1,0,0\n", "columns 2 and 3 are both lead II"},
        {"t_ms,I\n0,\n1,\n", "no lead has a value"},
        {"t_ms,I [counts]\n0,1\n1,2.5\n", "e.csv:3: column 2 (I): \"2.5\", expected a whole count"},
        {"t_ms,I [counts]\n0,1\n1,3e9\n", "expected a whole count"},
        {"# scale: I 1e-12 0\nt_ms,I [mV]\n0,1e-12\n1,0\n", "1e-12 mV a count, allowed are"},
        {"t_ms,I\n0,0\n1\n", "e.csv:3: 1 cells, but the first row has 2"},
    };
    expect_texts_refused(gm_ecg_csv_parse, cases, sizeof cases / sizeof *cases, "e.csv");
}

static void one_lost_row_in_a_long_table_is_found(void)
{
    gm_text t = {0};
    gm_text_add(&t, "t_ms,II\n");
    for (int i = 0; i < 5000; i++)
        if (i != 2500) gm_text_addf(&t, "%d,0.5\n", i);
    expect_refused(gm_ecg_csv_parse, t.data, t.length, "e.csv",
                   "e.csv:2502: the times are not uniform");
    gm_text_free(&t);
}

static void damage_and_lack_of_memory_never_crash_it(void)
{
    static const char table[] = "# rate_hz: 500\n# scale: x 0.5 1\n# sex: F\n\"t_ms\",I,x [mV],y "
                                "[counts]\r\n0,0.1,-1,3\n2,,0.5,\n";
    (void)expect_safe(gm_ecg_csv_parse, table, strlen(table), "small.csv");
}

static void real_records_come_back_count_for_count(void)
{
    expect_real_records_come_back("r.csv");
}

static void awkward_scales_names_and_facts_come_back(void)
{
    gm_ecg *e = awkward_ecg();
    if (!e) return;
    fill_facts(e);
    e->first_ms = -5.0 / 3;
    expect_awkward_comes_back(e, "a.csv");
}

static void one_sample_comes_back(void)
{
    gm_ecg_files files = {0};
    gm_ecg *e = awkward_ecg();
    if (!e) return;
    e->n_samples = 1;
    gm_ecg *back = there_and_back(e, "one.csv", &files);
    EXPECT(back && same_samples(e, back));
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
    gm_ecg_destroy(back);
}

static void a_table_holds_a_lead_once(void)
{
    gm_ecg_files files;
    gm_ecg *e = awkward_ecg();
    if (!e) return;
    e->channels[3].lead = 1;
    EXPECT(gm_ecg_encode(&files, e, "twice.csv") == GM_EINVAL && files.n == 0);
    EXPECT_CONTAINS(gm_error_text(), "twice.csv: channels 1 and 4 are both lead II");
    gm_ecg_destroy(e);
}

static void values_that_somebody_changed_are_read_as_decimals(void)
{
    gm_ecg *e = parsed("# rate_hz: 500\n# scale: II 0.005 10\n# scale: vx 0.5 0\nII [mV],vx [mV]\n"
                       "0.005,1\n0.0051,1.5\n");
    if (!e) return;
    EXPECT(e->n_channels == 2 && e->n_notes == 1);
    EXPECT_CONTAINS(e->notes[0], "column 1 (II): its values are no multiples of its scale");
    EXPECT_CLOSE(mv(e, 1, 1), 0.0051, 1e-15, 0);
    EXPECT(e->channels[1].counts[1] == 3 && e->channels[1].mv_per_count == 0.5);
    gm_ecg_destroy(e);
}

static void columns_of_counts_are_uncalibrated(void)
{
    gm_ecg *e = parsed("# rate_hz: 500\nII [counts],flow (counts)\n-3,1e3\n,4\n");
    if (!e) return;
    EXPECT(e->n_channels == 2 && e->channels[0].lead == 1 && e->channels[1].lead == -1);
    EXPECT(isnan(e->channels[0].mv_per_count) && isnan(e->channels[1].mv_per_count));
    EXPECT(e->channels[0].counts[0] == -3 && e->channels[0].counts[1] == GM_ECG_MISSING_COUNT);
    EXPECT(e->channels[1].counts[0] == 1000 && strcmp(e->channels[1].unit, "counts") == 0);
    gm_ecg_destroy(e);
}

int main(int argc, char **argv)
{
    RUN(a_table_with_times_keeps_its_decimals);
    RUN(what_the_file_does_not_say_stays_unknown);
    RUN(comments_fill_what_they_say);
    RUN(times_may_be_seconds_and_rounded);
    RUN(the_clock_of_the_file_is_kept);
    RUN(malformed_tables_are_refused_with_their_place);
    RUN(one_lost_row_in_a_long_table_is_found);
    RUN(real_records_come_back_count_for_count);
    RUN(awkward_scales_names_and_facts_come_back);
    RUN(one_sample_comes_back);
    RUN(a_table_holds_a_lead_once);
    RUN(values_that_somebody_changed_are_read_as_decimals);
    RUN(columns_of_counts_are_uncalibrated);
    RUN(damage_and_lack_of_memory_never_crash_it);
    return gm_report();
}
