/* aecg.h - reading an HL7 annotated ECG (aECG, XML of the namespace urn:hl7-org:v3): HL7 aECG
 * Implementation Guide, final, 21 March 2005.
 *
 * Each <sequenceSet> is one waveform; the rhythm that lasts longest is the record, all others stand in
 * `others`, group = the code of their series in words: "RHYTHM", "REPRESENTATIVE BEAT". Voltage =
 * origin + scale x digit. first_ms counts from the first sample of the record where times are absolute,
 * and is the head of the time sequence where they are relative. A digit that is a null flavour is a
 * missing sample; leads without any are left out with a note.
 *
 * Marks: the annotations of every series, with MDC codes, what = the code of the value where that is a
 * code (MDC_ECG_WAVC_PWAVE), else the annotation's own (MDC_ECG_TIME_PD_QT). A wave of which the file
 * gives one bound alone says so: "MDC_ECG_WAVC_TWAVE (end)". An annotation without a place of its own
 * has that of the annotation around it; a beat is placed where its QRS begins.
 * device_says: from the representative beat, else from annotations of the whole rhythm; never from a
 * person's annotations.
 */
#ifndef GM_ECG_AECG_H
#define GM_ECG_AECG_H

#include <stddef.h>

#include "ecg/waveform.h"

/* `name` begins messages. Fails with GM_EFORMAT ("file: ..."), GM_ENOMEM. */
gm_status gm_aecg_parse(gm_ecg **out, const void *bytes, size_t length, const char *name);

#endif
