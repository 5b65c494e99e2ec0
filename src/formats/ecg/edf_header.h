/* edf_header.h - the header of an EDF, EDF+, BDF or BDF+ file: 256 bytes of ASCII, then 256 a signal,
 * every field at its place and padded with blanks. Kemp et al., Electroencephalogr Clin Neurophysiol
 * 1992;82:391 (EDF); Kemp and Olivan, Clin Neurophysiol 2003;114:1755 (EDF+). For edf*.c only.
 */
#ifndef GM_EDF_HEADER_H
#define GM_EDF_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct {
    char label[17], transducer[81], dimension[9], prefilter[81]; /* bytes as written, trimmed */
    double physical_min, physical_max;
    long digital_min, digital_max; /* min < max */
    size_t samples;                /* in a record; > 0 */
    size_t offset;                 /* bytes from the start of a record */
    bool is_annotations;           /* holds TALs, see edf_annotation.h */
} gm_edf_signal;

typedef struct {
    bool is_bdf;           /* 3 bytes a sample, else 2; little-endian, two's complement */
    bool is_plus;          /* EDF+, BDF+: subfields and annotations */
    bool is_discontinuous; /* EDF+D: there may be gaps between the records */
    char patient[81], recording[81], start_date[9], start_time[9];
    size_t header_bytes;
    size_t n_records;  /* > 0; all of them in the file */
    bool n_is_stated;  /* false: -1, counted from the length */
    size_t bytes_left; /* behind the last record that counts */
    size_t record_bytes;
    double record_s;  /* 0 only where there are annotations alone */
    size_t n_signals; /* annotation signals included */
    gm_edf_signal *signals;
} gm_edf_header;

bool gm_edf_sniff(const char *bytes, size_t length);

/* `length` is the whole file's; what the header promises is there. `name` begins messages. Fails with
 * GM_EFORMAT (file, bytes, field, value, what is allowed), GM_ENOMEM. */
gm_status gm_edf_header_parse(gm_edf_header **out, const char *bytes, size_t length,
                              const char *name);
void gm_edf_header_destroy(gm_edf_header *h); /* NULL is allowed */

size_t gm_edf_sample_bytes(const gm_edf_header *h);

/* samples / record_s; a whole number where only the last digits of the division are not. */
double gm_edf_rate_hz(size_t samples, double record_s);

#endif
