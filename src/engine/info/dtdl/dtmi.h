/* dtmi.h - digital twin model identifiers: dtmi:com:example:Thermostat;1.
 *
 * Grammar of DTDL: labels begin with a letter, hold letters, digits and _, and do not end with _. Version 2 wants
 * ;version, 1 to 9 digits; 3 and 4 allow none, or ;major.minor.
 */
#ifndef GM_INFO_DTDL_DTMI_H
#define GM_INFO_DTDL_DTMI_H

#include <stdbool.h>
#include <stddef.h>

enum { GM_MOST_DTMI = 2048 };

/* One that stands for itself: labels may also begin with underscores, and one #fragment may follow. */
typedef struct {
    int major, minor;                   /* 0: none */
    double version;                     /* major.minor as major + minor / 1e6 */
    bool is_reserved;                   /* a label or the fragment begins with _ */
    char versionless[GM_MOST_DTMI + 1]; /* without ;version */
    const char *fragment;               /* in it, with its #; "": none */
} gm_dtmi;

bool gm_dtmi_read(gm_dtmi *out, const char *text); /* false: it is none */

bool gm_dtmi_is(const char *text, int dtdl_version);
bool gm_dtdl_is_name(const char *text); /* of contents, fields ...: one label */

#endif
