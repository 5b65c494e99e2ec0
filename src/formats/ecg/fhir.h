/* fhir.h - an ECG as an HL7 FHIR R4 Observation (hl7.org/fhir/R4/observation.html) with one component a
 * channel, valueSampledData: value = origin + factor * data.
 *
 * Written: data = the raw counts, "E" where a sample is missing; factor and origin in mV, origin =
 * -baseline * factor; an uncalibrated channel has the unit "counts". Channels by MDC code (the twelve
 * leads, else MDC_ECG_ELEC_POTL) and by name. Patient and device are contained resources; what the
 * device measured, age, height and weight are components with LOINC codes. A time of day without a zone,
 * which FHIR does not allow, and numbers that origin, factor and period do not give back to the last
 * bit stand in notes "key: value".
 * Read: Observations of that form, by whomever; data that are decimals become counts of a power of ten,
 * "U" and "L" (beyond the limits of detection) are missing samples, with a note. */
#ifndef GM_ECG_FHIR_H
#define GM_ECG_FHIR_H

#include <stddef.h>

#include "ecg/encode.h"
#include "ecg/waveform.h"

enum { GM_FHIR_MAX_STRING = 1 << 20 }; /* R4, string: "SHALL NOT exceed 1,048,576 characters" */

/* `name` begins messages. Fails with GM_EFORMAT ("file: component 3: ..."), GM_ENOMEM. */
gm_status gm_fhir_parse(gm_ecg **out, const void *bytes, size_t length, const char *name);

/* GM_EINVAL: a channel's samples are longer than a FHIR string may be. */
gm_status gm_fhir_write(gm_ecg_files *files, const gm_ecg *e, const char *path);

#endif
