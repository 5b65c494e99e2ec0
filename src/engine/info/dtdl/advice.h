/* advice.h - what to do about an error of DTDL, in a sentence. */
#ifndef GM_INFO_DTDL_ADVICE_H
#define GM_INFO_DTDL_ADVICE_H

const char *gm_dtdl_advice(const char *error_id); /* never NULL */

#endif
