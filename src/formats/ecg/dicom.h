/* dicom.h - ECGs in DICOM files: 12-lead, general and ambulatory waveform storage, read and written.
 *
 * A file holds one or more multiplex groups, each with its own leads and rate: the rhythm strip of
 * 10 s and often the median beat that the device computed. The one labelled RHYTHM, else the longest,
 * is the ECG; the others are in gm_ecg.others in the file's order.
 *
 * Annotations become marks. DICOM counts samples from 1, gm_ecg_mark from 0; an annotation of several
 * channels or several points becomes several marks; BEGIN and END, which reach beyond the record, end
 * at its bound; times in seconds count from the first sample of the waveform. A coded value ends with
 * its code: text "Sinus rhythm [SCT 64730000]".
 *
 * A mark belongs to the waveform that the file names (0040,A0B0), with one exception. Some devices
 * name the first waveform in every annotation, also where they mean the median beat. Annotation
 * group n (0040,A180) is taken as of the n-th waveform if all of this holds:
 *   - no annotation of the file names the n-th waveform, and all positions of the group lie within it;
 *   - in the waveform that is named, a mark of the group stands less than 200 ms from a mark of another
 *     annotation group with the same concept: two beats of one heart cannot be so close, so one of
 *     the two must belong elsewhere.
 * gm_ecg.notes then says so.
 *
 * Names: "Doe^John" is read as "Doe, John". physician is "House, Gregory (referring); ..."
 * (dcm_persons.h).
 */
#ifndef GM_ECG_DICOM_H
#define GM_ECG_DICOM_H

#include <stddef.h>

#include "ecg/encode.h"
#include "ecg/waveform.h"

/* `name` begins messages. Fails with GM_EFORMAT, GM_ENOMEM. */
gm_status gm_ecg_dicom_parse(gm_ecg **out, const void *bytes, size_t length, const char *name);

/* Explicit VR, little endian, 16 bits: the 12-lead class where its limits hold, else the general, else
 * the ambulatory one. UIDs are made from a hash of the content, so the same ECG gives the same file.
 * Reads back with the same counts, rates, scales, marks and facts; what DICOM cannot hold is
 * refused (GM_EINVAL) or, for facts, named in out->left_out. See gm_ecg_format.write. */
gm_status gm_ecg_dicom_write(gm_ecg_files *out, const gm_ecg *e, const char *path);

#endif
