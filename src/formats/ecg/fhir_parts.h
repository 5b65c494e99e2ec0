/* fhir_parts.h - what reader and writer of FHIR Observations share. Private to fhir*.c. */
#ifndef GM_ECG_FHIR_PARTS_H
#define GM_ECG_FHIR_PARTS_H

#include <stddef.h>

#include "ecg/waveform.h"

#define GM_FHIR_LOINC "http://loinc.org"
#define GM_FHIR_UCUM "http://unitsofmeasure.org"
#define GM_FHIR_MDC "urn:oid:2.16.840.1.113883.6.24"

/* ISO/IEEE 11073-10101 codes of the leads, in the order of gm_lead_names. */
enum { GM_FHIR_MDC_POTENTIAL = 131328 }; /* MDC_ECG_ELEC_POTL: of no lead in particular */
extern const int gm_fhir_mdc_leads[GM_N_LEADS];

/* A number with a code of its own. */
typedef struct {
    const char *system, *code, *display, *unit;
    size_t offset; /* of the double in gm_ecg */
} gm_fhir_number;

enum { GM_FHIR_N_NUMBERS = 11 };
extern const gm_fhir_number gm_fhir_numbers[GM_FHIR_N_NUMBERS];

/* What a reader makes of a period, and of origin and factor: 360 Hz has no period that is a double. */
double gm_fhir_rate_hz(double period_ms);
double gm_fhir_baseline(double origin, double factor);

#endif
