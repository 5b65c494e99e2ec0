/* build.h - what every ECG reader needs to make a gm_ecg, and to say what it noticed. For readers
 * only; everybody else reads waveform.h.
 */
#ifndef GM_ECG_BUILD_H
#define GM_ECG_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "ecg/waveform.h"

/* Outside these limits a field was misread or the file is not an ECG; readers refuse it. */
#define GM_ECG_MAX_CHANNELS 256
#define GM_ECG_MIN_RATE_HZ 10.0
#define GM_ECG_MAX_RATE_HZ 1e6
#define GM_ECG_MIN_MV_PER_COUNT 1e-9
#define GM_ECG_MAX_MV_PER_COUNT 10.0
#define GM_ECG_MAX_AGE_YEARS 130.0
#define GM_ECG_MAX_HEIGHT_CM 300.0
#define GM_ECG_MAX_WEIGHT_KG 1000.0

/* A record with everything unknown and all counts 0; channel names NULL, leads -1. */
gm_status gm_ecg_create(gm_ecg **out, const char *format, size_t n_channels, size_t n_samples);

/* *field becomes a copy of text (of at most 255 bytes: a longer one ends in "..."; without blanks around;
 * NULL if that leaves nothing) in UTF-8: a text that is not is taken as Latin-1, the usual one of ECG files. What was
 * there is freed. Notes are treated likewise. */
gm_status gm_ecg_set(char **field, const char *text);
gm_status gm_ecg_note(gm_ecg *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Treated as gm_ecg_set() does, but a longer text becomes several comments. */
gm_status gm_ecg_add_comment(gm_ecg *e, const char *text);

/* A mark with everything unknown, to be filled; valid until the next is added. */
gm_status gm_ecg_add_mark(gm_ecg *e, gm_ecg_mark **out);

gm_status gm_ecg_add_other(gm_ecg *e,
                           gm_ecg *taken); /* owned by e from then on; gone after a failure */

/* Of two waveforms in one file, whether a is rather the record than b: a RHYTHM, else the longer. */
bool gm_ecg_is_rather_record(const gm_ecg *a, const gm_ecg *b);

/* mV in one unit of that name ("uV" -> 0.001; "mV", "V", "nV", "microvolt" ...); NaN: no voltage. */
double gm_ecg_unit_mv(const char *unit);

gm_sex gm_ecg_sex_of(const char *word); /* "F", "female", "M", "O" ...; else GM_SEX_UNKNOWN */

/* Last step of a reader: refuses a rate or scale outside the limits above (GM_EFORMAT; `name` begins
 * the message), forgets times that are none of ISO 8601 and facts outside the limits with a note each, and
 * adds the notes that every format shares: missing samples, Einthoven. */
gm_status gm_ecg_finish(gm_ecg *e, const char *name);

/* Returns s; after a failure *out is destroyed and NULL. */
gm_status gm_ecg_keep(gm_ecg **out, gm_status s);

#endif
