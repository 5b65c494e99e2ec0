/* ecg_paper.h - an ECG as clinicians print it: A4 across, 25 mm/s and 10 mm/mV on a grid of 1 and
 * 5 mm, calibration pulse, four columns of 2.5 s and a rhythm strip, and below it the median beat of
 * each lead with the bounds of its waves.
 *
 *     title                                 header lines
 *     subtitle
 *     +-----------------------------------------------------+
 *     | I     | aVR    | V1     | V4                        |
 *     | II    | aVL    | V2     | V5        } recording     |
 *     | III   | aVF    | V3     | V6                        |
 *     | II -------------------------------                  |
 *     | I  II  III  aVR  aVL  aVF           } beat          |
 *     | V1 V2  V3   V4   V5   V6                            |
 *     +-----------------------------------------------------+
 *
 * Leads after the twelfth stand in a row of their own above the rhythm strip. Up to six leads are drawn
 * as strips of 10 s instead of columns. Either part may be left out; a beat alone is drawn at 50 mm/s
 * and, if it fits, 20 mm/mV. Tall leads: 5 mm/mV or less. The sheet says so.
 */
#ifndef GM_PLOT_ECG_PAPER_H
#define GM_PLOT_ECG_PAPER_H

#include "plot/canvas.h"

typedef struct {
    const char *name;
    const double *mv; /* [n]; NaN: missing */
} gm_paper_lead;

typedef struct {
    double at_ms;
    const char *label; /* "P on" */
} gm_paper_mark;

typedef struct {
    size_t n; /* samples; 0: this part is left out */
    double rate_hz;
    const gm_paper_lead *leads; /* [n_leads], in the order in which they are to be read */
    size_t n_leads;
    const gm_paper_mark *marks; /* [n_marks] on the first sample's clock; for the beat */
    size_t n_marks;
    const char *caption; /* NULL: none */
} gm_paper_part;

typedef struct {
    const char *title, *subtitle; /* NULL: none */
    const char *header;           /* the measurements; lines end with '\n'; NULL: none */
    gm_paper_part record;         /* the first 10 s are drawn */
    gm_paper_part beat;           /* the first 1.2 s are drawn */
    const char *rhythm_lead;      /* its name; not found: the second lead */
} gm_ecg_paper;

enum { GM_PAPER_MAX_LEADS = 16 }; /* of a part; further ones are not drawn */

/* The caller owns *out and writes it. Fails with GM_EINVAL (no lead at all; a rate that is not
 * positive), GM_ENOMEM. */
gm_status gm_plot_ecg_paper(gm_canvas **out, gm_canvas_format format, const gm_ecg_paper *p);

#endif
