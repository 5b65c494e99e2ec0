/* pointer.h - places in the document of a twin: JSON pointers (RFC 6901), "/attributes/heartRate". */
#ifndef GM_LIVE_POINTER_H
#define GM_LIVE_POINTER_H

#include <jansson.h>

#include "core/status.h"

/* What is there; NULL: nothing. Not owned. "" is the document. An index of an array counts from 0. */
const json_t *gm_pointer_get(const json_t *document, const char *pointer);

/* Puts value (taken over, also on failure) at the pointer into `patch`, an object that grows the objects on the
 * way: the merge patch that sets it. Fails with GM_EINVAL (no pointer), GM_ENOMEM. */
gm_status gm_pointer_put(json_t *patch, const char *pointer, json_t *value);

/* Of what differs between two documents: the pointer, and both (NULL: not there). Objects are gone into. */
typedef gm_status (*gm_on_difference)(void *context, const char *pointer, const json_t *a,
                                      const json_t *b);
gm_status gm_document_differences(const json_t *a, const json_t *b, gm_on_difference on,
                                  void *context);

#endif
