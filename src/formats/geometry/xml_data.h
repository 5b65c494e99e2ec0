/* xml_data.h - the numbers of one DataArray of a VTK XML file: text, base64 or raw, plain or zlib
 * blocks. */
#ifndef GM_GEOMETRY_XML_DATA_H
#define GM_GEOMETRY_XML_DATA_H

#include "geometry/grid.h"

typedef struct {
    bool is_text, is_base64; /* neither: raw bytes */
    bool is_compressed;      /* zlib blocks; never with is_text */
    bool is_big_endian;
    bool has_wide_header; /* UInt64 */
    bool is_inline;       /* nothing else may follow: more data are refused */
    gm_raw_type type;
    const char *data;
    size_t length;    /* of all that may belong to the array */
    const char *name; /* "file: array \"x\"", for messages */
} gm_xml_data;

/* Fails with GM_EFORMAT unless exactly n numbers are there; memory is asked for only when the data can
 * hold them. The caller frees *out. */
gm_status gm_xml_data_read(const gm_xml_data *d, size_t n, double **out);

#endif
