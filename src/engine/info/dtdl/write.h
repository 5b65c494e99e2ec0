/* write.h - an Interface of a model as DTDL text again, with what is defined in it.
 *
 * Read again, the text gives the same elements: ids that were generated are not written, co-types and their properties
 * stand by their full ids, what was not understood as it was.
 */
#ifndef GM_INFO_DTDL_WRITE_H
#define GM_INFO_DTDL_WRITE_H

#include "core/text.h"
#include "info/dtdl/model.h"

bool gm_dtdl_is_inside(const gm_dtdl_element *e); /* another element: it is written with that one */
gm_status gm_dtdl_write(const gm_dtdl_element *e, gm_text *out); /* appends */

#endif
