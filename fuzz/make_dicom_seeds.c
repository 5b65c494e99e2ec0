/* make_dicom_seeds FOLDER - writes the seeds of the target dicom_waveform, from scratch. */
#include <stdio.h>
#include <zlib.h>

#include "core/file.h"
#include "ecg/dicom.h"
#include "ecg/dicom_sample.h"

/* The data set, from `start` on, as one raw deflate stream. */
static void deflate_data(gm_text *t, size_t start)
{
    static unsigned char packed[65536];
    z_stream z = {.next_in = (Bytef *)t->data + start,
                  .avail_in = (uInt)(t->length - start),
                  .next_out = packed,
                  .avail_out = sizeof packed};
    if (deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return;
    deflate(&z, Z_FINISH);
    t->length = start;
    gm_text_add_bytes(t, packed, z.total_out);
    deflateEnd(&z);
}

static int write_sample(const char *folder, const char *name, const dicom_sample *d)
{
    char path[4096];
    gm_text t = {0};
    size_t start = dicom_sample_write(&t, d);
    if (d->syntax && strcmp(d->syntax, DICOM_DEFLATED) == 0) deflate_data(&t, start);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    gm_status s = gm_text_status(&t);
    if (s == GM_OK) s = gm_file_write(path, t.data, t.length);
    if (s != GM_OK) fprintf(stderr, "%s\n", gm_error_text());
    gm_text_free(&t);
    return s != GM_OK;
}

/* What the library writes of a sample. */
static int write_again(const char *folder, const char *name)
{
    char path[4096];
    gm_text t = {0};
    gm_ecg *e = NULL;
    gm_ecg_files files = {0};
    dicom_sample d = dicom_sample_defaults();
    d.annotate = dicom_ranges;
    d.second_label = "MEDIAN BEAT";
    dicom_sample_write(&t, &d);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    gm_status s = gm_ecg_dicom_parse(&e, t.data, t.length, "sample");
    if (s == GM_OK) s = gm_ecg_dicom_write(&files, e, path);
    if (s == GM_OK) s = gm_file_write(path, files.items[0].bytes, files.items[0].length);
    if (s != GM_OK) fprintf(stderr, "%s\n", gm_error_text());
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
    gm_text_free(&t);
    return s != GM_OK;
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    dicom_sample d = dicom_sample_defaults();
    int failed = write_sample(argv[1], "explicit", &d);
    d.syntax = DICOM_IMPLICIT;
    failed |= write_sample(argv[1], "implicit", &d);
    d.defined_lengths = true;
    failed |= write_sample(argv[1], "defined_lengths", &d);
    d = dicom_sample_defaults();
    d.bits = 8;
    d.interpretation = "UB";
    d.age = d.sex = d.acquired = d.interval = NULL;
    failed |= write_sample(argv[1], "eight_bits", &d);
    d.sensitivity = d.label = d.unit = NULL;
    failed |= write_sample(argv[1], "uncalibrated", &d);
    d = dicom_sample_defaults();
    d.annotate = dicom_ranges;
    d.characters = "ISO_IR 100";
    d.name = "M\xFCller^Zo\xEB^^Dr.";
    d.skew = "1.5";
    d.status = "QUESTIONABLE";
    failed |= write_sample(argv[1], "annotated", &d);
    d.second_label = "MEDIAN BEAT";
    d.baseline = "12.5";
    failed |= write_sample(argv[1], "two_waveforms", &d);
    d.syntax = DICOM_BIG_ENDIAN;
    failed |= write_sample(argv[1], "big_endian", &d);
    d.syntax = DICOM_DEFLATED;
    failed |= write_sample(argv[1], "deflated", &d);
    d = dicom_sample_defaults();
    d.bits = 32;
    d.interpretation = "SL";
    d.n_samples = 2;
    failed |= write_sample(argv[1], "thirty_two_bits", &d);
    return failed | write_again(argv[1], "written");
}
