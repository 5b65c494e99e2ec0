/* metamodel.h - what DTDL 2, 3 and 4 allow, as tables (metamodel.json, see tools/make_dtdl_tables), and what our own
 * extension adds (medtwin.json, docs/medtwin.md). Read once, then shared and immutable.
 */
#ifndef GM_INFO_DTDL_METAMODEL_H
#define GM_INFO_DTDL_METAMODEL_H

#include <jansson.h>
#include <stdbool.h>

#include "core/status.h"

/* Root of the tables. Fails with GM_ENOMEM. */
gm_status gm_metamodel(const json_t **out);

/* A member of a member; NULL: not there. gm_metamodel_find(m, "classes", "Interface"). */
const json_t *gm_metamodel_find(const json_t *from, const char *table, const char *name);

/* The member of a table by DTDL version: {"2": ..., "3": ...}. */
const json_t *gm_metamodel_of_version(const json_t *table, int version);

bool gm_metamodel_list_has(const json_t *list, const char *text);
bool gm_metamodel_list_has_number(const json_t *list, int number);

/* A limit that depends on a limit context: {"": 5, "aio_1": 12}. -1: none. */
long gm_metamodel_limit(const json_t *by_spec, const char *spec);

#endif
