/* instance.h - whether a value is one that a schema allows: JSON text against Array, Enum, Map, Object and the primitive
 * schemas, Field, MapValue and EnumValue (reference/twin-engine.md, 5.6). Any thread.
 */
#ifndef GM_INFO_DTDL_INSTANCE_H
#define GM_INFO_DTDL_INSTANCE_H

#include "info/dtdl/dom.h"
#include "info/dtdl/model.h"

/* Text that is no JSON does not conform. GM_EINVAL: elements of this class have no instances; ask their schema. */
gm_status gm_dtdl_conforms(bool *out, const gm_dtdl_element *e, const char *json, size_t length);

/* The same of what was read. */
gm_status gm_dtdl_conforms_value(bool *out, const gm_dtdl_element *e, const gm_dom *value);

#endif
