#include "ecg/xml_tree.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <limits.h>
#include <string.h>

/* A document type may be named (MUSE does), but may declare neither entities nor attributes: a few bytes
 * of them stand for gigabytes. Seen by the parser itself, whatever the encoding. */
static void refuse_declaration(void *context)
{
    xmlParserCtxt *c = context;
    c->_private = c; /* the mark of it */
    xmlStopParser(c);
}

#define UNUSED __attribute__((unused))
static void on_entity(void *context, UNUSED const xmlChar *name, UNUSED int type,
                      UNUSED const xmlChar *public_id, UNUSED const xmlChar *system_id,
                      UNUSED xmlChar *content)
{
    refuse_declaration(context);
}

static void on_attribute(void *context, UNUSED const xmlChar *element, UNUSED const xmlChar *name,
                         UNUSED int type, UNUSED int kind, UNUSED const xmlChar *value,
                         xmlEnumeration *tree)
{
    xmlFreeEnumeration(tree);
    refuse_declaration(context);
}

static gm_status parse(xmlParserCtxt *c, xmlDoc **out, const char *bytes, size_t length,
                       const char *name)
{
    c->sax->entityDecl = on_entity;
    c->sax->attributeDecl = on_attribute;
    /* Without XML_PARSE_HUGE the counts of a long recording, one text, would be cut at 10 MB. */
    *out = xmlCtxtReadMemory(c, bytes, (int)length, NULL, NULL,
                             XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                 XML_PARSE_HUGE | XML_PARSE_COMPACT | XML_PARSE_NOCDATA);
    if (*out && !c->_private) return GM_OK;
    xmlFreeDoc(*out);
    *out = NULL;
    if (c->_private)
        return gm_fail(GM_EFORMAT, "%s: XML that declares entities or attributes of its own", name);
    const xmlError *e = xmlCtxtGetLastError(c);
    return gm_fail(GM_EFORMAT, "%s:%d: not well-formed XML: %.100s", name, e ? e->line : 0,
                   e && e->message ? e->message : "");
}

/* In document order, without recursion. */
static const xmlNode *after(const xmlNode *node, const xmlNode *top, int *depth)
{
    if (node->type == XML_ELEMENT_NODE && node->children) {
        ++*depth;
        return node->children;
    }
    while (node != top && !node->next) {
        node = node->parent;
        --*depth;
    }
    return node == top ? NULL : node->next;
}

static gm_status check_depth(const xmlNode *root, const char *name)
{
    int depth = 1;
    for (const xmlNode *n = root; n; n = after(n, root, &depth))
        if (depth > GM_XML_MAX_DEPTH)
            return gm_fail(GM_EFORMAT, "%s:%ld: elements nested more than %d deep", name,
                           xmlGetLineNo(n), GM_XML_MAX_DEPTH);
    return GM_OK;
}

gm_status gm_xml_parse(xmlDoc **out, const char *bytes, size_t length, const char *name)
{
    *out = NULL;
    if (length > INT_MAX) return gm_fail(GM_EFORMAT, "%s: XML over 2 GB", name);
    xmlParserCtxt *c = xmlNewParserCtxt();
    if (!c) return gm_fail(GM_ENOMEM, "%s: no memory for an XML parser", name);
    xmlDoc *document;
    gm_status s = parse(c, &document, bytes, length, name);
    xmlFreeParserCtxt(c);
    GM_TRY(s);
    const xmlNode *root = xmlDocGetRootElement(document);
    s = root ? check_depth(root, name) : gm_fail(GM_EFORMAT, "%s: XML without an element", name);
    if (s != GM_OK) {
        xmlFreeDoc(document);
        return s;
    }
    *out = document;
    return GM_OK;
}

bool gm_xml_begins_with(const char *bytes, size_t length, const char *name)
{
    const char *p = bytes, *end = bytes + length;
    size_t n = strlen(name);
    if (length >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
    for (;;) {
        while (p < end && isspace((unsigned char)*p))
            p++;
        if (end - p < 2 || *p != '<') return false;
        if (p[1] != '?' && p[1] != '!') break;
        bool comment = end - p >= 4 && memcmp(p, "<!--", 4) == 0;
        p = comment ? memmem(p, (size_t)(end - p), "-->", 3) : memchr(p, '>', (size_t)(end - p));
        if (!p) return false;
        p += comment ? 3 : 1;
    }
    const char *tag_end = p + 1;
    while (tag_end < end && !isspace((unsigned char)*tag_end) && *tag_end != '>' && *tag_end != '/')
        tag_end++;
    const char *colon = memchr(p, ':', (size_t)(tag_end - p));
    const char *local = colon ? colon + 1 : p + 1;
    return (size_t)(tag_end - local) == n && memcmp(local, name, n) == 0;
}

bool gm_xml_is(const xmlNode *node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *first_named(const xmlNode *node, const char *name, size_t n)
{
    for (; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && strlen((const char *)node->name) == n &&
            memcmp(node->name, name, n) == 0)
            return node;
    return NULL;
}

const xmlNode *gm_xml_child(const xmlNode *node, const char *name)
{
    return node ? first_named(node->children, name, strlen(name)) : NULL;
}

const xmlNode *gm_xml_next(const xmlNode *node, const char *name)
{
    return node ? first_named(node->next, name, strlen(name)) : NULL;
}

const xmlNode *gm_xml_at(const xmlNode *node, const char *path)
{
    while (node && *path) {
        size_t n = strcspn(path, "/");
        node = first_named(node->children, path, n);
        path += n + (path[n] == '/');
    }
    return node;
}

const char *gm_xml_attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *a = node ? node->properties : NULL; a; a = a->next)
        if (strcmp((const char *)a->name, name) == 0)
            return a->children && a->children->type == XML_TEXT_NODE && !a->children->next
                       ? (const char *)a->children->content
                       : NULL;
    return NULL;
}

bool gm_xml_attribute_is(const xmlNode *node, const char *name, const char *value)
{
    const char *v = gm_xml_attribute(node, name);
    return v && strcmp(v, value) == 0;
}

const char *gm_xml_words(const xmlNode *node, char out[GM_XML_WORDS])
{
    size_t n = 0;
    int depth = 0;
    for (const xmlNode *at = node; at && n < GM_XML_WORDS - 1; at = after(at, node, &depth)) {
        if (at->type != XML_TEXT_NODE || !at->content) continue;
        bool in_word = false;
        for (const char *p = (const char *)at->content; *p && n < GM_XML_WORDS - 1; p++) {
            bool blank = isspace((unsigned char)*p);
            if (!blank && !in_word && n) out[n++] = ' ';
            if (!blank && n < GM_XML_WORDS - 1) out[n++] = *p;
            in_word = !blank;
        }
    }
    while (n && ((unsigned char)out[n - 1] & 0x80) && n == GM_XML_WORDS - 1)
        n--; /* not in the middle of a character */
    out[n] = 0;
    return n ? out : NULL;
}
