/* EDFlib as the oracle: what we write it reads the same, and what it writes we read. */
#include <stdio.h>

#include "core/alloc.h"
#include "core/file.h"
#include "ecg/build.h"
#include "ecg/edf.h"
#include "testing/gm_test.h"

#if __has_include(<edflib.h>)
#include <edflib.h>

#define ECG GM_SHARED_DIR "/data/ecg"

static char folder[64];

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* ---- ours, read by EDFlib ----------------------------------------------------------------------- */

static void expect_same_signal(const struct edf_hdr_struct *h, int i, const gm_ecg *e,
                               const gm_ecg_channel *c)
{
    const struct edf_param_struct *p = &h->signalparam[i];
    int n = (int)e->n_samples, *counts = gm_calloc(e->n_samples, sizeof *counts);
    double *values = gm_calloc(e->n_samples, sizeof *values);
    double unit_mv = gm_ecg_unit_mv(p->physdimension[0] == 'u' ? "uV" : "mV"), worst = 0;
    EXPECT(p->smp_in_file == n);
    EXPECT(edfread_digital_samples(h->handle, i, n, counts) == n);
    edfrewind(h->handle, i);
    EXPECT(edfread_physical_samples(h->handle, i, n, values) == n);
    size_t n_wrong = 0;
    for (int k = 0; k < n; k++) {
        double mv = (c->counts[k] - c->baseline) * c->mv_per_count;
        n_wrong += counts[k] != c->counts[k];
        worst = fmax(worst, fabs(values[k] * unit_mv - mv));
    }
    EXPECT(n_wrong == 0);
    if (!isnan(c->mv_per_count)) EXPECT_BELOW(worst, 1e-9 * c->mv_per_count * 32768);
    EXPECT_CLOSE(p->smp_in_datarecord / (h->datarecord_duration * 1e-7), e->rate_hz, 1e-12, 0);
    gm_free(counts);
    gm_free(values);
}

/* Writes e, and opens that with EDFlib. */
static bool opened(struct edf_hdr_struct *h, const gm_ecg *e)
{
    gm_ecg_files files = {0};
    const char *path = path_of("ours.edf");
    gm_status s = gm_ecg_encode(&files, e, path);
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    if (s == GM_OK) s = gm_file_write(path, files.items[0].bytes, files.items[0].length);
    gm_ecg_files_free(&files);
    bool is_open = s == GM_OK && edfopen_file_readonly(path, h, EDFLIB_READ_ALL_ANNOTATIONS) == 0;
    EXPECT(is_open);
    if (s == GM_OK && !is_open) printf("  EDFlib: error %d\n", h->filetype);
    return is_open;
}

static void published_recordings_are_the_same_to_edflib(void)
{
    static const char *const paths[] = {
        ECG "/ptbdb/s0010_re.hea", ECG "/ludb/data/1.hea", ECG "/dicom/waveform_ecg_anon.dcm",
        ECG "/scp/0000050.ECG.edf", ECG "/edf/test_generator_2.edf"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        NEED_DATA(paths[i]);
        static struct edf_hdr_struct h;
        gm_ecg *e;
        EXPECT(gm_ecg_read(&e, paths[i]) == GM_OK);
        if (e && opened(&h, e)) {
            EXPECT(h.filetype == EDFLIB_FILETYPE_EDFPLUS && h.edfsignals == (int)e->n_channels);
            for (size_t c = 0; c < e->n_channels && (int)c < h.edfsignals; c++)
                expect_same_signal(&h, (int)c, e, &e->channels[c]);
            edfclose_file(h.handle);
        }
        gm_ecg_destroy(e);
    }
}

static gm_ecg *example(void)
{
    gm_ecg *e, *other;
    EXPECT(gm_ecg_create(&e, "TEST", 2, 3600) == GM_OK);
    EXPECT(gm_ecg_create(&other, "TEST", 1, 400) == GM_OK);
    e->rate_hz = 360;
    other->rate_hz = 40;
    for (int c = 0; c < 3; c++) {
        gm_ecg_channel *ch = c < 2 ? &e->channels[c] : other->channels;
        ch->mv_per_count = 0.005 / (c + 1);
        ch->baseline = c ? -0.5 : 1024;
        int most = c ? 2000 : 32768;
        EXPECT(gm_ecg_set(&ch->name, c == 0 ? "ECG II" : c == 1 ? "V5" : "Resp") == GM_OK);
        for (size_t i = 0; i < (c < 2 ? e->n_samples : other->n_samples); i++)
            ch->counts[i] = (int32_t)(i * 7919 % (size_t)(2 * most)) - most;
    }
    e->channels[0].high_cut_hz = 150;
    EXPECT(gm_ecg_add_other(e, other) == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.id, "MCH-0234567") == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.name, "Haagse Harry") == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.birth_date, "1951-05-02") == GM_OK);
    e->patient.sex = GM_SEX_FEMALE;
    EXPECT(gm_ecg_set(&e->acquired, "2002-03-02T16:05:09.25") == GM_OK);
    EXPECT(gm_ecg_set(&e->device, "Maker Model 3") == GM_OK);
    EXPECT(gm_ecg_set(&e->physician, "B. Kemp") == GM_OK);
    for (int i = 0; i < 30; i++) {
        gm_ecg_mark *m;
        char text[40];
        snprintf(text, sizeof text, "beat %d \xc3\xa9", i);
        EXPECT(gm_ecg_add_mark(e, &m) == GM_OK);
        m->sample = 100 * i + 9;
        m->duration_ms = i % 2 ? 62.5 : NAN;
        EXPECT(gm_ecg_set(&m->text, text) == GM_OK);
    }
    return e;
}

static void facts_and_annotations_are_the_same_to_edflib(void)
{
    static struct edf_hdr_struct h;
    gm_ecg *e = example();
    if (opened(&h, e)) {
        EXPECT(h.edfsignals == 3 && h.datarecords_in_file == 10 && h.annotations_in_file == 30);
        for (int c = 0; c < 3; c++)
            expect_same_signal(&h, c, c < 2 ? e : e->others[0],
                               c < 2 ? &e->channels[c] : e->others[0]->channels);
        EXPECT(h.startdate_day == 2 && h.startdate_month == 3 && h.startdate_year == 2002);
        EXPECT(h.starttime_hour == 16 && h.starttime_minute == 5 && h.starttime_second == 9);
        EXPECT(h.starttime_subsecond == 2500000);
        EXPECT(strcmp(h.patientcode, "MCH-0234567") == 0 && strcmp(h.gender, "Female") == 0);
        EXPECT(strcmp(h.patient_name, "Haagse Harry") == 0);
        EXPECT(h.birthdate_day == 2 && h.birthdate_month == 5 && h.birthdate_year == 1951);
        EXPECT(strcmp(h.technician, "B. Kemp") == 0 && strcmp(h.equipment, "Maker Model 3") == 0);
        EXPECT_CONTAINS(h.signalparam[0].label, "ECG II");
        EXPECT_CONTAINS(h.signalparam[0].prefilter, "LP:150Hz");
        for (int i = 0; i < h.annotations_in_file && i < 30; i++) {
            static struct edf_annotation_struct a;
            EXPECT(edf_get_annotation(h.handle, i, &a) == 0);
            EXPECT_CLOSE((double)a.onset * 1e-7, e->marks[i].sample / 360, 0, 1.1e-7);
            EXPECT(strcmp(a.annotation, e->marks[i].text) == 0);
            EXPECT(strcmp(a.duration, i % 2 ? "0.0625" : "") == 0);
        }
        edfclose_file(h.handle);
    }
    gm_ecg_destroy(e);
}

/* ---- EDFlib's, read by us ----------------------------------------------------------------------- */

/* Two signals of 500 and 250 samples a second, 4 s; three annotations. */
static bool written_by_edflib(const char *path, int type)
{
    static int samples[750];
    int most = type == EDFLIB_FILETYPE_BDFPLUS ? 8388607 : 32767;
    int h = edfopen_file_writeonly(path, type, 2);
    EXPECT(h >= 0);
    if (h < 0) return false;
    for (int i = 0; i < 2; i++) {
        edf_set_samplefrequency(h, i, i ? 250 : 500);
        edf_set_digital_maximum(h, i, most);
        edf_set_digital_minimum(h, i, -most - 1);
        edf_set_physical_maximum(h, i, i ? 3000 : 10);
        edf_set_physical_minimum(h, i, i ? -3000 : -10);
        edf_set_physical_dimension(h, i, i ? "uV" : "mV");
        edf_set_label(h, i, i ? "Resp" : "ECG V3");
        edf_set_prefilter(h, i, "HP:0.05Hz LP:250Hz N:60Hz");
    }
    edf_set_startdatetime(h, 2017, 12, 5, 12, 23, 8);
    edf_set_subsecond_starttime(h, 7500000);
    edf_set_patientname(h, "John Doe");
    edf_set_patientcode(h, "01234");
    edf_set_gender(h, 1);
    edf_set_birthdate(h, 1913, 2, 27);
    edf_set_technician(h, "Richard Roe");
    edf_set_equipment(h, "device");
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 750; i++)
            samples[i] = i < 500 ? most - 10 * k - i : -most + 1000 * k + i;
        EXPECT(edf_blockwrite_digital_samples(h, samples) == 0);
    }
    edfwrite_annotation_utf8(h, 0, -1, "Recording starts");
    edfwrite_annotation_utf8(h, 12340, 5000, "\xc3\xa9toile"); /* 1.234 s for 0.5 s */
    edfwrite_annotation_latin1(h, 40000, -1, "Recording ends");
    return edfclose_file(h) == 0;
}

static void expect_edflib_recording(const gm_ecg *e, int most)
{
    EXPECT(e->n_channels == 1 && e->n_samples == 2000 && e->rate_hz == 500 && e->n_others == 1);
    if (e->n_others != 1) return;
    const gm_ecg *o = e->others[0];
    size_t n_wrong = 0;
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 750; i++)
            n_wrong += i < 500 ? e->channels[0].counts[500 * k + i] != most - 10 * k - i
                               : o->channels[0].counts[250 * k + i - 500] != -most + 1000 * k + i;
    EXPECT(n_wrong == 0 && o->rate_hz == 250 && o->n_samples == 1000);
    EXPECT(e->channels[0].lead == 8 && e->channels[0].mv_per_count == 20.0 / (2.0 * most + 1));
    EXPECT(e->channels[0].low_cut_hz == 0.05 && e->channels[0].notch_hz == 60);
    EXPECT_CLOSE(o->channels[0].mv_per_count, 6.0 / (2.0 * most + 1), 1e-15, 0);
    EXPECT(strcmp(e->acquired, "2017-12-05T12:23:08.75") == 0);
    EXPECT(strcmp(e->patient.name, "John Doe") == 0 && strcmp(e->patient.id, "01234") == 0);
    EXPECT(e->patient.sex == GM_SEX_MALE && strcmp(e->patient.birth_date, "1913-02-27") == 0);
    EXPECT(strcmp(e->physician, "Richard Roe") == 0 && strcmp(e->device, "device") == 0);
    EXPECT(e->n_marks == 3);
    if (e->n_marks != 3) return;
    EXPECT(strcmp(e->marks[1].text, "\xc3\xa9toile") == 0 && e->marks[1].sample == 617);
    EXPECT(e->marks[1].duration_ms == 500 && isnan(e->marks[0].duration_ms));
    EXPECT(e->marks[2].sample == 2000 && strcmp(e->marks[2].text, "Recording ends") == 0);
}

static void what_edflib_writes_is_read(void)
{
    static const int types[] = {EDFLIB_FILETYPE_EDFPLUS, EDFLIB_FILETYPE_BDFPLUS};
    for (int i = 0; i < 2; i++) {
        gm_ecg *e;
        const char *path = path_of("theirs");
        if (!written_by_edflib(path, types[i])) continue;
        gm_status s = gm_ecg_read(&e, path);
        EXPECT(s == GM_OK);
        if (s != GM_OK) printf("  %s\n", gm_error_text());
        if (e) expect_edflib_recording(e, i ? 8388607 : 32767);
        gm_ecg_destroy(e);
    }
}

int main(int argc, char **argv)
{
    snprintf(folder, sizeof folder, "/tmp/gm_edf_%d", (int)getpid());
    if (gm_folder_make(folder) != GM_OK) return 1;
    RUN(published_recordings_are_the_same_to_edflib);
    RUN(facts_and_annotations_are_the_same_to_edflib);
    RUN(what_edflib_writes_is_read);
    unlink(path_of("ours.edf"));
    unlink(path_of("theirs"));
    rmdir(folder);
    return gm_report();
}

#else

static void edflib_agrees(void)
{
    NEED_DATA("/usr/include/edflib.h");
}

int main(int argc, char **argv)
{
    RUN(edflib_agrees);
    return gm_report();
}

#endif
