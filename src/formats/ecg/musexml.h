/* musexml.h - reading the XML that GE's MUSE system exports (<RestingECG>, restecg.dtd). Written after
 * public readers and writers that agree on the layout: musexmlex.py (A. D. Ricke, GE Healthcare, 2009),
 * ECGToolkit's MUSEXMLFormat (M. van Ettinger), ecgdatakit's ge_muse_xml. No file of a real device has
 * been seen; what only one of them says is not used.
 *
 * Each <Waveform> is one waveform, the longest "Rhythm" the record, others ("Median") in `others`. A
 * lead is base64 of 16-bit little-endian counts; voltage = count x LeadAmplitudeUnitsPerBit. A CRC-32
 * that does not fit is a note. The limb leads that MUSE leaves out are derived by
 * gm_ecg_twelve_leads_mv(). The unit of HighPassFilter is not known for sure: left unknown.
 * Dates are month-day-year unless that is impossible; a note says so where both would be.
 */
#ifndef GM_ECG_MUSEXML_H
#define GM_ECG_MUSEXML_H

#include <stddef.h>

#include "ecg/waveform.h"

/* `name` begins messages. Fails with GM_EFORMAT ("file: ..."), GM_ENOMEM. */
gm_status gm_musexml_parse(gm_ecg **out, const void *bytes, size_t length, const char *name);

#endif
