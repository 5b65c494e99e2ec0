/* registry.h - the kinds of twin that this Gemel knows. A program that wants verbs asks here and
 * never names a kind.
 *
 * To add a kind: a folder in src/twins with a gm_kind, one line in registry.c, one line in
 * src/CMakeLists.txt. Immutable; any thread.
 */
#ifndef GM_REGISTRY_REGISTRY_H
#define GM_REGISTRY_REGISTRY_H

#include "kind/kind.h"

const gm_kind *const *gm_kinds(void); /* ends with NULL; never empty */

/* NULL: none of that name. */
const gm_kind *gm_kind_find(const char *id);
const gm_verb *gm_verb_find(const char *noun, const char *name);

#endif
