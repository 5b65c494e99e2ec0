/* scp_huffman.h - the codes of SCP-ECG section 2 (EN 1064, 5.5 and C.3.7).
 *
 * A code is a prefix, found bit by bit (a byte's highest bit first), and perhaps further bits that hold a
 * signed number, which is added to the code's value. A code may instead switch to another table.
 */
#ifndef GM_ECG_SCP_HUFFMAN_H
#define GM_ECG_SCP_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct {
    int prefix_bits, code_bits; /* code_bits - prefix_bits: further bits, 0..16 */
    bool switches;              /* then value is the number of the next table, from 1 */
    int value;
    uint32_t prefix; /* the bit that comes first is the lowest */
} gm_scp_code;

enum { GM_SCP_DEFAULT_TABLE = 19999, GM_SCP_N_DEFAULT_CODES = 19 };
extern const gm_scp_code gm_scp_default_codes[GM_SCP_N_DEFAULT_CODES];

typedef struct gm_scp_huffman gm_scp_huffman;

/* From the data of section 2; *out is NULL if it says that nothing is coded. Fails with GM_EFORMAT (the
 * message starts at "section 2: "; tables must be prefix-free), GM_ENOMEM. */
gm_status gm_scp_huffman_read(gm_scp_huffman **out, const unsigned char *data, size_t length);
void gm_scp_huffman_destroy(gm_scp_huffman *h); /* NULL is allowed */

/* Decodes up to `most` values from the first table on; *n is how many there were. Fewer than `most` if the
 * bytes end; GM_EFORMAT ("byte N: ...") where the bits are no code. */
gm_status gm_scp_huffman_decode(const gm_scp_huffman *h, const unsigned char *bytes, size_t length,
                                size_t most, int16_t *values, size_t *n);

#endif
