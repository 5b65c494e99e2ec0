/* dtmi.h - digital twin model identifiers: dtmi:com:example:Thermostat;1.
 *
 * Grammar of DTDL: labels begin with a letter, hold letters, digits and _, and do not end with _. Version 2 wants
 * ;version, 1 to 9 digits; 3 and 4 allow none, or ;major.minor.
 */
#ifndef GM_INFO_DTDL_DTMI_H
#define GM_INFO_DTDL_DTMI_H

#include <stdbool.h>
#include <stddef.h>

bool gm_dtmi_is(const char *text, int dtdl_version);
bool gm_dtdl_is_name(const char *text); /* of contents, fields ...: one label */

#endif
