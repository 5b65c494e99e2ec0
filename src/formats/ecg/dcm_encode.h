/* dcm_encode.h - the elements of a DICOM data set as bytes: explicit VR, little endian, sequences of
 * undefined length (PS3.5 7). For the writer. Elements must be put in ascending order of tags.
 */
#ifndef GM_ECG_DCM_ENCODE_H
#define GM_ECG_DCM_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

/* Text of any VR, padded to an even length; NULL is written as empty. */
void gm_dcm_put_text(gm_text *t, uint32_t tag, const char *vr, const char *text);
void gm_dcm_put_u16(gm_text *t, uint32_t tag, const uint16_t *values, size_t n);  /* US */
void gm_dcm_put_u32(gm_text *t, uint32_t tag, const uint32_t *values, size_t n);  /* UL */
void gm_dcm_put_words(gm_text *t, uint32_t tag, const uint16_t *words, size_t n); /* OW */

void gm_dcm_open_sequence(gm_text *t, uint32_t tag);
void gm_dcm_open_item(gm_text *t);
void gm_dcm_close_item(gm_text *t);
void gm_dcm_close_sequence(gm_text *t);

/* The elements of a code, and a sequence of one; a code of more than 16 characters becomes a long one. scheme, code and
 * meaning as gm_dcm_clean() left them. */
void gm_dcm_put_code_values(gm_text *t, const char *scheme, const char *code, const char *meaning);
void gm_dcm_put_code(gm_text *t, uint32_t sequence, const char *scheme, const char *code,
                     const char *meaning);

/* `text` as a value of at most n_characters: without control characters, blanks around, and those of
 * `forbidden`, which become '/'. Returns whether nothing was changed or lost. room > 4 n_characters.
 */
bool gm_dcm_clean(char *out, size_t room, const char *text, size_t n_characters,
                  const char *forbidden);

enum { GM_DCM_UID_ROOM = 65, GM_DCM_CODE_ROOM = 17 };

/* A UID of the form 2.25.<UUID> out of a hash and what it names (PS3.5 B.2). Fails with GM_ENOMEM. */
gm_status gm_dcm_make_uid(char uid[GM_DCM_UID_ROOM], const char *hash, const char *what);

/* The code of a name in our own scheme: 16 hexadecimal digits of its hash. */
gm_status gm_dcm_make_code(char code[GM_DCM_CODE_ROOM], const char *name);

#endif
