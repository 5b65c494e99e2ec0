/* xml_tree.h - an XML document from bytes in memory, for the ECG formats that are XML: over libxml2 with
 * the network and all entities but XML's own five off. Names are given without their namespace.
 *
 * Nothing here is deeper than the document, and nothing longer than its bytes.
 */
#ifndef GM_ECG_XML_TREE_H
#define GM_ECG_XML_TREE_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

enum { GM_XML_MAX_DEPTH = 64, GM_XML_WORDS = 256 };

/* `name` of the file begins messages. The caller frees *out with xmlFreeDoc(). Fails with GM_EFORMAT
 * ("file:line: ..."): not well-formed, entities or attributes declared (in any encoding), deeper than GM_XML_MAX_DEPTH, over 2 GB. */
gm_status gm_xml_parse(xmlDoc **out, const char *bytes, size_t length, const char *name);

/* Whether the first element of the bytes is <name>: for sniffing, without parsing. */
bool gm_xml_begins_with(const char *bytes, size_t length, const char *name);

/* All take NULL for a node and then say that there is nothing. */
bool gm_xml_is(const xmlNode *node, const char *name);
const xmlNode *gm_xml_child(const xmlNode *node, const char *name); /* the first; NULL: none */
const xmlNode *gm_xml_next(const xmlNode *node, const char *name);  /* the next sibling */
const xmlNode *gm_xml_at(const xmlNode *node, const char *path);    /* "author/seriesAuthor" */
const char *gm_xml_attribute(const xmlNode *node, const char *name);
bool gm_xml_attribute_is(const xmlNode *node, const char *name, const char *value);

/* All text within the node, words joined by one blank, cut at GM_XML_WORDS - 1 bytes; NULL: none. */
const char *gm_xml_words(const xmlNode *node, char out[GM_XML_WORDS]);

#endif
