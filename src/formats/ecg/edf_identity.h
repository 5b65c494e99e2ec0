/* edf_identity.h - who and when in an EDF file: two fields of 80 characters, which EDF+ divides by
 * blanks (X: unknown; an underscore stands for a blank inside a subfield), and the start:
 *
 *     patient    MCH-0234567 F 02-MAY-1951 Haagse_Harry [more]
 *     recording  Startdate 02-MAR-2002 EMG561 BK/JOP Sony. [more]   (code, technician, equipment)
 *     start      02.03.02 and 16.05.00: years 85 to 99 are 19xx, others 20xx
 *
 * For edf*.c only.
 */
#ifndef GM_EDF_IDENTITY_H
#define GM_EDF_IDENTITY_H

#include "ecg/edf_header.h"
#include "ecg/encode.h"
#include "ecg/waveform.h"

/* Fills patient, acquired, physician, device; a field of another form becomes a comment. A start of
 * 01.01.85 00.00.00 and the text "Startdate X" mean unknown. `first_s`: when the first record begins
 * after the start time, as its time stamp says. */
gm_status gm_edf_identity_read(gm_ecg *e, const gm_edf_header *h, double first_s);

typedef struct {
    char patient[81], recording[81], start_date[9], start_time[9];
    double first_s; /* from 0 to below 1 */
} gm_edf_identity;

/* Facts that do not fit are said to `files`. */
gm_status gm_edf_identity_of(gm_edf_identity *out, gm_ecg_files *files, const gm_ecg *e);

/* "HP:0.05Hz LP:150Hz N:50Hz" to the filters of a channel, and back. */
void gm_edf_filters_read(gm_ecg_channel *c, const char *prefilter);
void gm_edf_filters_of(char text[81], const gm_ecg_channel *c);

#endif
