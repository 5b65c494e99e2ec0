/* assets.h - the page's style sheet and script: the files beside this one, embedded at build time. */
#ifndef GM_REPORT_ASSETS_H
#define GM_REPORT_ASSETS_H

#include <stddef.h>

extern const char gm_report_css[], gm_report_js[]; /* NUL-terminated; the NUL is not counted */
extern const size_t gm_report_css_size, gm_report_js_size;

#endif
