/* aecg_parts.h - what the files of the aECG reader share. Private to aecg*.c. */
#ifndef GM_ECG_AECG_PARTS_H
#define GM_ECG_AECG_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "ecg/hl7_time.h"
#include "ecg/waveform.h"
#include "ecg/xml_tree.h"

/* One <sequenceSet>. */
typedef struct {
    const xmlNode *series; /* <series> or <derivedSeries> around it */
    const xmlNode *sequences;
    size_t n_leads, n_samples;
    bool has_start; /* whether the time of the first sample is known */
    gm_hl7_time start;
    bool is_relative;
    double head_s, step_s; /* head_s: 0 unless relative */
    gm_ecg *ecg;           /* owned until it is part of the record */
    size_t group;          /* as in gm_ecg_mark */
} gm_aecg_set;

typedef struct {
    const char *name; /* of the file */
    const xmlNode *root;
    gm_aecg_set *sets; /* [n_sets] */
    size_t n_sets;
} gm_aecg_file;

/* <x value="102" unit="ms"/>; false: not a number. *unit may become NULL. */
bool gm_aecg_quantity(const xmlNode *node, double *value, const char **unit);
double gm_aecg_unit_s(const char *unit); /* NaN: not a time */

/* "MDC_ECG_LEAD_AVR" to "aVR", "MDC_ECG_LEAD_V7" to "V7"; others as they are. */
const char *gm_aecg_lead_name(const char *code);

gm_status gm_aecg_read_facts(gm_ecg *e, const gm_aecg_file *f, const gm_aecg_set *main_set);
void gm_aecg_read_filters(gm_ecg *e, const xmlNode *series);
gm_status gm_aecg_read_marks(gm_ecg *e, const gm_aecg_file *f);

#endif
