/* scp_parts.h - the pieces of the SCP-ECG reader, for scp*.c and their tests; everybody else reads scp.h.
 *
 * Numbers in brackets like 5.6.3 are clauses of EN 1064:2005.
 */
#ifndef GM_ECG_SCP_PARTS_H
#define GM_ECG_SCP_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ecg/scp_huffman.h"
#include "ecg/waveform.h"

enum { GM_SCP_N_SECTIONS = 12, GM_SCP_MAX_LEADS = 255 };

typedef struct {
    const unsigned char *data; /* after the section's header; NULL: absent */
    size_t length;
} gm_scp_section;

typedef struct {
    const unsigned char *bytes;
    size_t length;
    const char *name;
    gm_scp_section sections[GM_SCP_N_SECTIONS];
} gm_scp_file;

static inline unsigned gm_scp_u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static inline int gm_scp_i16(const unsigned char *p)
{
    return (int16_t)gm_scp_u16(p);
}

static inline uint32_t gm_scp_u32(const unsigned char *p)
{
    return gm_scp_u16(p) | (uint32_t)gm_scp_u16(p + 2) << 16;
}

uint16_t gm_scp_crc(const void *bytes, size_t length); /* CRC-CCITT: 0x1021 from 0xFFFF */

/* scp_sections.c. Every section lies within the file or the file is refused. f points into bytes. */
gm_status gm_scp_open(gm_scp_file *f, const void *bytes, size_t length, const char *name);
gm_status gm_scp_note_integrity(gm_ecg *e, const gm_scp_file *f); /* checksums, lengths */
/* GM_EFORMAT, "file: section N: ..." */
gm_status gm_scp_fail(const gm_scp_file *f, int section, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* *field becomes the text in n bytes, which a NUL may end sooner; NULL if there is none. */
gm_status gm_scp_text(char **field, const unsigned char *bytes, size_t n);

typedef struct {
    uint32_t start, end; /* sample numbers, as written */
    int id;              /* 0..255 */
} gm_scp_lead;

typedef struct {
    unsigned type;               /* 0: the type of the reference beat */
    uint32_t from, fiducial, to; /* sample numbers; the reference beat is subtracted from..to */
    uint32_t keep_from, keep_to; /* protected area: all samples are stored; 0: none */
} gm_scp_beat;

/* Sections 3 and 4. */
typedef struct {
    size_t n_leads;
    gm_scp_lead leads[GM_SCP_MAX_LEADS];
    bool subtracted, simultaneous;
    uint32_t first;              /* smallest start: 1 by the standard, 0 in some files */
    unsigned beat_ms, beat_mark; /* reference beat: its length; number of its fiducial sample */
    gm_scp_beat *beats;          /* [n_beats] owned */
    size_t n_beats;
} gm_scp_layout;

/* scp_leads.c */
gm_status gm_scp_layout_read(gm_scp_layout *l,
                             const gm_scp_file *f); /* frees what it made if it fails */
void gm_scp_layout_free(gm_scp_layout *l);
size_t gm_scp_declared(const gm_scp_lead *lead); /* number of samples that section 3 declares */
const char *gm_scp_lead_name(
    int id); /* "V1"; "lead 200" if unassigned, valid until the next call of this thread */
int gm_scp_lead_index(int id); /* in gm_lead_names, -1: not one of the twelve */

/* What section 5 or 6 holds, decoded and at its full rate. */
typedef struct {
    int section;
    unsigned nv_per_count, interval_us, coding, flags;
    const unsigned char *data[GM_SCP_MAX_LEADS]; /* stored form, in the file */
    unsigned n_bytes[GM_SCP_MAX_LEADS];
    int32_t *counts[GM_SCP_MAX_LEADS]; /* [n[lead]] owned */
    size_t n[GM_SCP_MAX_LEADS], declared[GM_SCP_MAX_LEADS];
    unsigned decimation;   /* of the samples outside protected areas */
    size_t n_interpolated; /* samples, of all leads */
    bool leftovers;        /* stretches between protected areas are no multiple of decimation */
    bool merged;           /* what is left of them is stored as one sample */
} gm_scp_signal;

/* scp_samples.c. *beat is empty (no lead has samples) if there is no section 5 or its length is unknown. */
gm_status gm_scp_beat_read(gm_scp_signal *beat, const gm_scp_file *f, const gm_scp_layout *l,
                           const gm_scp_huffman *h);
gm_status gm_scp_rhythm_read(gm_scp_signal *rhythm, const gm_scp_signal *beat, const gm_scp_file *f,
                             const gm_scp_layout *l, const gm_scp_huffman *h);
void gm_scp_signal_free(gm_scp_signal *s);

/* scp_section1.c, scp_results.c: both add to e, whose channels are made. */
gm_status gm_scp_read_patient(gm_ecg *e, const gm_scp_file *f);
gm_status gm_scp_read_results(gm_ecg *e, const gm_scp_file *f, const gm_scp_layout *l);

#endif
