#include "ecg/dicom.h"

#include <string.h>
#include <strings.h>

#include "ecg/dcm_structure.h"
#include "ecg/dcm_waveform.h"
#include "ecg/format.h"

/* DCMTK keeps every element as an object of its own: this bounds what a file can cost. */
enum { MAX_BYTES = 256 << 20 };

gm_status gm_ecg_dicom_parse(gm_ecg **out, const void *bytes, size_t length, const char *name)
{
    *out = NULL;
    if (length > MAX_BYTES)
        return gm_fail(GM_EFORMAT, "%s: %zu bytes, more than the %d allowed", name, length,
                       MAX_BYTES);
    gm_dcm_data data;
    GM_TRY(gm_dcm_open(&data, bytes, length, name));
    gm_status s = gm_dcm_waveform_parse(out, &data, name);
    gm_dcm_close(&data);
    return s;
}

size_t gm_dcm_rhythm_group(const gm_ecg *const *groups, size_t n_groups)
{
    size_t longest = 0;
    for (size_t i = 0; i < n_groups; i++) {
        const gm_ecg *g = groups[i], *best = groups[longest];
        if (g->group && strstr(g->group, "RHYTHM")) return i;
        if ((double)g->n_samples / g->rate_hz > (double)best->n_samples / best->rate_hz)
            longest = i;
    }
    return longest;
}

#define FIELD(name) offsetof(gm_ecg, device_says.name)
const gm_dcm_measurement gm_dcm_measurements[] = {
    {"5.10.2.1-3", "MDC_ECG_TIME_PD_RR", "RR Interval", FIELD(rr_ms), 0},
    {"5.13.5-7", "MDC_ECG_TIME_PD_PR", "PR Interval", FIELD(pr_ms), 0},
    {"5.13.5-9", "MDC_ECG_TIME_PD_QRS", "QRS Duration", FIELD(qrs_ms), 0},
    {"5.13.5-11", "MDC_ECG_TIME_PD_QT", "QT Interval", FIELD(qt_ms), 0},
    {"5.10.2.5-5", "MDC_ECG_TIME_PD_QTc", "QTc Interval", FIELD(qtc_ms), 0},
    {"5.10.3-11", "MDC_ECG_ANGLE_P_FRONT", "P Axis", FIELD(p_axis_deg), 1},
    {"5.10.3-13", "MDC_ECG_ANGLE_QRS_FRONT", "QRS Axis", FIELD(qrs_axis_deg), 1},
    {"5.10.3-15", "MDC_ECG_ANGLE_T_FRONT", "T Axis", FIELD(t_axis_deg), 1},
};
const size_t gm_dcm_n_measurements = sizeof gm_dcm_measurements / sizeof *gm_dcm_measurements;

const gm_dcm_measurement *gm_dcm_measurement_of(const char *code, const char *meaning)
{
    for (size_t i = 0; i < gm_dcm_n_measurements; i++) {
        const gm_dcm_measurement *k = &gm_dcm_measurements[i];
        if ((code && (strcmp(code, k->scp) == 0 || strcasecmp(code, k->mdc) == 0)) ||
            (meaning && strcasecmp(meaning, k->meaning) == 0))
            return k;
    }
    return NULL;
}

static gm_status read_dicom(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    return gm_ecg_dicom_parse(out, bytes, length, path);
}

static bool looks_like_dicom(const char *bytes, size_t length)
{
    return length >= 132 && memcmp(bytes + 128, "DICM", 4) == 0;
}

const gm_ecg_format gm_ecg_format_dicom = {.id = "DICOM",
                                           .ending = ".dcm",
                                           .sniff = looks_like_dicom,
                                           .read = read_dicom,
                                           .write = gm_ecg_dicom_write};
