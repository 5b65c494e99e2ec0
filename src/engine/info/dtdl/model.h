/* model.h - what a right model holds: its elements, one by one, as they are meant.
 *
 * Class, name and version are of the metamodel ("Telemetry", "heartRate", 3). Everything belongs to the model; any
 * thread may read it. Contents that an Interface has from its bases are among its contents.
 */
#ifndef GM_INFO_DTDL_MODEL_H
#define GM_INFO_DTDL_MODEL_H

#include <jansson.h>

#include "info/dtdl/dtdl.h"

typedef struct gm_dtdl_element gm_dtdl_element;

const gm_dtdl_element *gm_dtdl_find(const gm_dtdl_model *m, const char *id); /* NULL: not there */
/* In the order in which they were read; NULL: the last, or none. Standard elements that were used are among them. */
const gm_dtdl_element *gm_dtdl_first(const gm_dtdl_model *m);
const gm_dtdl_element *gm_dtdl_next(const gm_dtdl_element *e);

const char *gm_dtdl_id(const gm_dtdl_element *e);
const char *gm_dtdl_class(const gm_dtdl_element *e);
const char *gm_dtdl_name(const gm_dtdl_element *e); /* NULL: has none */
bool gm_dtdl_is_standard(const gm_dtdl_element *e); /* of the language, not of the texts */
gm_dtdl_place gm_dtdl_place_of(const gm_dtdl_element *e);
bool gm_dtdl_is_of_class(const gm_dtdl_element *e, const char *class_name); /* or of one below it */

/* Supplemental types by their full ids. */
size_t gm_dtdl_n_types(const gm_dtdl_element *e);
const char *gm_dtdl_type_at(const gm_dtdl_element *e, size_t k);
bool gm_dtdl_has_type(const gm_dtdl_element *e, const char *id);

/* The k-th value of a property, by its name in the metamodel or the id of a supplemental one. NULL: there is none,
 * or it is of the other sort. */
const char *gm_dtdl_literal(const gm_dtdl_element *e, const char *property, size_t k);
const gm_dtdl_element *gm_dtdl_child(const gm_dtdl_element *e, const char *property, size_t k);

/* displayName, description: in `language`, else in English, else in any; NULL: not said. */
const char *gm_dtdl_text_in(const gm_dtdl_element *e, const char *property, const char *language);

/* The content of an Interface, with those of its bases; NULL: none of that name. */
const gm_dtdl_element *gm_dtdl_content(const gm_dtdl_element *interface, const char *name);

/* All of an element as JSON: id, type, supplementalTypes, supplementalProperties, undefinedTypes,
 * undefinedProperties and properties; null is what it does not have, an element is its id. The caller owns *out. */
gm_status gm_dtdl_describe(json_t **out, const gm_dtdl_model *m, const gm_dtdl_element *e);

#endif
