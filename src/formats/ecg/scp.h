/* scp.h - SCP-ECG records (EN 1064:2005+A1:2007, ISO 11073-91064:2009; protocol versions 1.0 to 2.x).
 *
 * A record is a chain of sections: 1 patient and device, 2 Huffman tables, 3 leads, 4 QRS locations, 5 one
 * reference beat, 6 rhythm, 7 global measurements, 8 and 11 statements, 10 measurements of each lead. The
 * rhythm comes back sample by sample where the standard defines it exactly: differences undone, codes
 * decoded, the reference beat added. Where a device stored fewer samples outside the protected areas
 * ("bimodal compression"), those between are interpolated linearly and a note says so.
 *
 * Sample i of the record is sample number i + (smallest start of a lead) of section 3; leads that start
 * later or end earlier hold missing samples there. The reference beat is others[0], group "REFERENCE BEAT".
 * A wrong checksum, and a lead that holds fewer or more samples than it declares, are notes.
 */
#ifndef GM_ECG_SCP_H
#define GM_ECG_SCP_H

#include <stddef.h>

#include "ecg/waveform.h"

/* `name` begins messages. Fails with GM_EFORMAT ("file: section N: ..."), GM_ENOMEM. */
gm_status gm_ecg_scp_parse(gm_ecg **out, const void *bytes, size_t length, const char *name);

#endif
