#include "ecg/fhir.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "ecg/fhir_parts.h"
#include "ecg/format.h"

const int gm_fhir_mdc_leads[GM_N_LEADS] = {131329, 131330, 131389, 131390, 131391, 131392,
                                           131331, 131332, 131333, 131334, 131335, 131336};

const gm_fhir_number gm_fhir_numbers[GM_FHIR_N_NUMBERS] = {
    {GM_FHIR_LOINC, "30525-0", "Age", "a", offsetof(gm_ecg, patient.age_years)},
    {GM_FHIR_LOINC, "8302-2", "Body height", "cm", offsetof(gm_ecg, patient.height_cm)},
    {GM_FHIR_LOINC, "29463-7", "Body weight", "kg", offsetof(gm_ecg, patient.weight_kg)},
    {GM_FHIR_MDC, "147240", "MDC_ECG_TIME_PD_RR_GL", "ms", offsetof(gm_ecg, device_says.rr_ms)},
    {GM_FHIR_LOINC, "8625-6", "P-R Interval", "ms", offsetof(gm_ecg, device_says.pr_ms)},
    {GM_FHIR_LOINC, "8633-0", "QRS duration", "ms", offsetof(gm_ecg, device_says.qrs_ms)},
    {GM_FHIR_LOINC, "8634-8", "Q-T interval", "ms", offsetof(gm_ecg, device_says.qt_ms)},
    {GM_FHIR_LOINC, "8636-3", "Q-T interval corrected", "ms", offsetof(gm_ecg, device_says.qtc_ms)},
    {GM_FHIR_LOINC, "8626-4", "P wave axis", "deg", offsetof(gm_ecg, device_says.p_axis_deg)},
    {GM_FHIR_LOINC, "8632-2", "QRS axis", "deg", offsetof(gm_ecg, device_says.qrs_axis_deg)},
    {GM_FHIR_LOINC, "8638-9", "T wave axis", "deg", offsetof(gm_ecg, device_says.t_axis_deg)},
};

double gm_fhir_rate_hz(double period_ms)
{
    double rate = 1000 / period_ms, whole = round(rate);
    return fabs(rate - whole) <= 1e-9 * whole ? whole : rate;
}

double gm_fhir_baseline(double origin, double factor)
{
    double baseline = origin == 0 ? 0 : -origin / factor, whole = round(baseline);
    return fabs(baseline - whole) <= 1e-9 * fmax(1, fabs(whole)) ? whole : baseline;
}

static bool holds(const char *bytes, size_t length, const char *text)
{
    return memmem(bytes, length, text, strlen(text)) != NULL;
}

static bool looks_like_an_observation(const char *bytes, size_t length)
{
    const char *p = bytes, *end = bytes + length;
    if (length >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
    while (p < end && isspace((unsigned char)*p))
        p++;
    return p < end && *p == '{' && holds(p, (size_t)(end - p), "\"resourceType\"") &&
           holds(p, (size_t)(end - p), "\"Observation\"") &&
           holds(p, (size_t)(end - p), "\"valueSampledData\"");
}

static gm_status read_fhir(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    return gm_fhir_parse(out, bytes, length, path);
}

const gm_ecg_format gm_ecg_format_fhir = {.id = "FHIR",
                                          .ending = ".json",
                                          .sniff = looks_like_an_observation,
                                          .read = read_fhir,
                                          .write = gm_fhir_write};
