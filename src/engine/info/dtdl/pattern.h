/* pattern.h - the regular expressions of the metamodel. */
#ifndef GM_INFO_DTDL_PATTERN_H
#define GM_INFO_DTDL_PATTERN_H

#include <stdbool.h>

/* Whether the whole of text fits. Patterns are compiled once and kept; any thread. Without memory: false. */
bool gm_dtdl_matches(const char *pattern, const char *text);

#endif
