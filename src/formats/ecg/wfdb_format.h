/* wfdb_format.h - how the samples of a WFDB signal file are packed. WFDB Applications Guide,
 * signal(5).
 *
 * | format    | samples in bytes                      | missing      |
 * | 8         | first differences, 8 bits             | cannot be    |
 * | 16 24 32  | two's complement, low byte first      | most negative|
 * | 61        | as 16, high byte first                | -32768       |
 * | 80 160    | offset binary, 8 and 16 bits          | most negative|
 * | 212       | two of 12 bits in 3                   | -2048        |
 * | 310 311   | three of 10 bits in 4, two ways       | -512         |
 * | 0         | none: a signal without a file         | all          |
 */
#ifndef GM_ECG_WFDB_FORMAT_H
#define GM_ECG_WFDB_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool gm_wfdb_format_is_known(int format);
#define GM_WFDB_FORMATS "0, 8, 16, 24, 32, 61, 80, 160, 212, 310, 311" /* for messages */

size_t gm_wfdb_samples_in(int format, size_t n_bytes); /* whole samples */

/* Sample i of a file whose samples begin at p; in format 8 the difference, never missing. */
int32_t gm_wfdb_sample(int format, const unsigned char *p, size_t i, bool *missing);

/* The value that marks a gap in formats 16, 24 and 32, which are written too. */
int32_t gm_wfdb_missing(int format);
void gm_wfdb_put(int format, unsigned char *p, size_t i, int32_t count);

#endif
