/* wfdb_annotation.h - what a person or a program wrote beside an ECG: beats, waves, rhythm notes.
 *
 * The MIT annotation format of WFDB (.atr, .qrs, .i ...): 16-bit little-endian words, code in the
 * upper 6 bits, time since the last annotation in the lower 10. WFDB Applications Guide, annot(5).
 * Immutable after reading; one owner.
 */
#ifndef GM_ECG_WFDB_ANNOTATION_H
#define GM_ECG_WFDB_ANNOTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* The codes that Gemel itself looks at; gm_annotation_symbol() knows them all. */
enum {
    GM_ANNOTATION_NORMAL = 1,
    GM_ANNOTATION_NOTE = 22, /* a remark: the text */
    GM_ANNOTATION_P_PEAK = 24,
    GM_ANNOTATION_T_PEAK = 27,
    GM_ANNOTATION_RHYTHM = 28, /* the rhythm's name is the text, e.g. "(AFIB" */
    GM_ANNOTATION_ONSET = 39,
    GM_ANNOTATION_OFFSET = 40,
    GM_ANNOTATION_LAST_CODE = 49
};

typedef struct {
    int64_t sample;      /* 0 = first sample of the record; never decreases within a file */
    int code;            /* 0..GM_ANNOTATION_LAST_CODE */
    int subtype, number; /* -128..127 */
    int channel;         /* 0..255: a signal of the header, from 0 */
    char *text;          /* NULL: none */
    size_t
        text_length; /* bytes, as in the file: may count a NUL that ends the text, or lie in it */
} gm_annotation;

typedef struct {
    gm_annotation *items;
    size_t n;
} gm_annotations;

/* Fail with GM_EFORMAT (message: file, byte, what is wrong), GM_ENOMEM; on a file also GM_ENOTFOUND
 * and GM_EIO. A file without its end mark is refused as cut off. */
gm_status gm_annotations_parse(gm_annotations **out, const void *bytes, size_t length,
                               const char *name);
gm_status gm_annotations_read(gm_annotations **out, const char *path);
void gm_annotations_destroy(gm_annotations *a); /* NULL is allowed */

/* The file that holds these, as WFDB software writes it; reading it gives the same. *bytes is freed
 * with gm_free(). GM_EINVAL: an item outside the limits above, time running backwards, or a text of
 * more than 1,023 bytes. */
gm_status gm_annotations_write(char **bytes, size_t *length, const gm_annotations *a);

bool gm_annotation_is_beat(int code);       /* codes 1-13, 25, 30, 34, 35, 38, 41 */
const char *gm_annotation_symbol(int code); /* "N", "V", "(" ...; "" for an unassigned code */

/* How an annotation file of several samples a frame says what its times count, in a note at time 0. */
#define GM_ANNOTATION_RESOLUTION "## time resolution: "

#endif
