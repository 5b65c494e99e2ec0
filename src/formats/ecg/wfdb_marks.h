/* wfdb_marks.h - WFDB annotations as marks of an ECG, and back. For the WFDB reader and writer only.
 *
 * A mark from an annotation: what = the symbol ("N", "(", "+"), scheme "MIT", code = the number of the
 * annotation's type, text = its note. Where the annotation has a subtype or a number they follow the
 * code: "14/-1/0" (type/subtype/number). Signal 0 stands for all in many files: it stays channel 0,
 * unless that signal is not one of the ECG's own channels; then it is -1 (all).
 */
#ifndef GM_ECG_WFDB_MARKS_H
#define GM_ECG_WFDB_MARKS_H

#include <stdbool.h>

#include "ecg/waveform.h"
#include "ecg/wfdb_annotation.h"

#define GM_WFDB_SCHEME "MIT"

/* Where a signal of the header is in the ECG. */
typedef struct {
    size_t group; /* 0: the ECG itself, k: others[k - 1], GM_WFDB_NOWHERE */
    int channel;
} gm_wfdb_place;
#define GM_WFDB_NOWHERE ((size_t)-1)

/* "14" or "14/-1/0" as type, subtype and number of *a, whose other fields stay. False: no code. */
bool gm_wfdb_parse_code(const char *text, gm_annotation *a);

/* Times count frames of which frame_hz pass in a second, unless the file says otherwise. */
gm_status gm_wfdb_add_marks(gm_ecg *e, const gm_annotations *a, const gm_wfdb_place *places,
                            size_t n_places, double frame_hz);

/* The marks of scheme "MIT" in order of time; signals number the channels of e and then those of its
 * others for which is_written[] is set. *n_lost: marks that no annotation can hold (no time, a time
 * between two samples, a code that is none, a text of more than 255 bytes). *out is NULL if none is
 * left. */
gm_status gm_wfdb_marks_of(gm_annotations **out, size_t *n_lost, const gm_ecg *e,
                           const bool *is_written, double frame_hz);

#endif
