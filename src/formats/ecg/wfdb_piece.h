/* wfdb_piece.h - the samples of one ordinary WFDB record as its signal files hold them. For the WFDB
 * reader only. */
#ifndef GM_ECG_WFDB_PIECE_H
#define GM_ECG_WFDB_PIECE_H

#include <stddef.h>
#include <stdint.h>

#include "ecg/wfdb.h"
#include "ecg/wfdb_header.h"

/* A signal file: its signals are interleaved frame by frame in header order. */
typedef struct {
    char *bytes;
    size_t length;
    int format;
    size_t offset;        /* bytes before the first sample */
    size_t frame_samples; /* of all its signals together */
} gm_wfdb_signal_file;

typedef struct {
    const gm_wfdb_header *h; /* not owned */
    const char *name;        /* begins messages; not owned */
    gm_wfdb_signal_file *files;
    size_t *in_frame; /* [n_signals] where a signal's samples begin in a frame of its file */
    size_t n_frames;
} gm_wfdb_piece;

/* Loads the signal files. n_frames: how many to read, 0: what the header says, or else what the
 * files hold; a file with less is refused. On failure there is nothing to close. */
gm_status gm_wfdb_piece_open(gm_wfdb_piece *out, const gm_wfdb_header *h, size_t n_frames,
                             const gm_wfdb_store *store, const char *name);
void gm_wfdb_piece_close(gm_wfdb_piece *p);

/* The signal's counts, [n_frames * samples_per_frame]; *first and *sum as the file has them, missing
 * samples included. */
gm_status gm_wfdb_piece_decode(const gm_wfdb_piece *p, size_t signal, int32_t *counts,
                               int32_t *first, uint32_t *sum);

#endif
