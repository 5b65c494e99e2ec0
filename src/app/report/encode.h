/* encode.h - putting text and numbers into a page so that nothing in them can end their context.
 *
 * Text is made valid UTF-8 first: a byte that belongs to no character becomes U+FFFD. Failures stay
 * in the gm_text (gm_text_status). One thread at a time per gm_text.
 */
#ifndef GM_REPORT_ENCODE_H
#define GM_REPORT_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

/* Text between tags or in a quoted attribute; NULL counts as "". */
void gm_html_add(gm_text *t, const char *text);

/* A JSON string with its quotes, safe inside <script>: no '<', '>', '&', U+2028 or U+2029 in it. */
void gm_json_string_add(gm_text *t, const char *text);
void gm_json_number_add(gm_text *t, double v); /* 9 digits; null if not finite */

void gm_base64_add(gm_text *t, const void *bytes, size_t n); /* RFC 4648 with padding */

/* {"n":N,"low":L,"high":H,"u16":"base64"}: little-endian q with value = L + q (H - L) / 65534;
 * q = 65535: no value (NaN or infinite). L = H = 0 if there is no finite value at all. */
void gm_packed_reals_add(gm_text *t, const double *v, size_t n);
/* One coordinate of points: v[i * stride]. */
void gm_packed_floats_add(gm_text *t, const float *v, size_t n, size_t stride);
/* {"n":N,"u16":"..."} or, where an index needs it, {"n":N,"u32":"..."}. */
void gm_packed_indices_add(gm_text *t, const int32_t *v, size_t n);

#endif
