/* VTK XML files (.vtu UnstructuredGrid, .vtp PolyData), one piece, over libxml2 with network and
 * entities off ("VTK File Formats", XML formats; appended data as vtkXMLWriter writes them). */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "geometry/grid.h"
#include "geometry/numbers.h"
#include "geometry/xml_data.h"

enum { MAX_COMPONENTS = 1000 };

typedef struct {
    const char *name; /* of the file */
    xmlDoc *document;
    const char *appended, *appended_end; /* behind the '_'; NULL: none */
    bool appended_is_base64, is_big_endian, has_wide_header, is_compressed;
    gm_grid *grid;
} parser;

/* ---- XML ---------------------------------------------------------------------------------------- */

/* NULL: absent (or built of entities, which are refused). */
static const char *attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *a = node->properties; a; a = a->next)
        if (strcmp((const char *)a->name, name) == 0)
            return a->children && a->children->type == XML_TEXT_NODE && !a->children->next
                       ? (const char *)a->children->content
                       : NULL;
    return NULL;
}

static const xmlNode *child(const xmlNode *node, const char *name)
{
    for (const xmlNode *c = node ? node->children : NULL; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE && strcmp((const char *)c->name, name) == 0) return c;
    return NULL;
}

static const xmlNode *next_named(const xmlNode *node, const char *name)
{
    for (const xmlNode *c = node->next; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE && strcmp((const char *)c->name, name) == 0) return c;
    return NULL;
}

static bool attribute_is(const xmlNode *node, const char *name, const char *value)
{
    const char *v = attribute(node, name);
    return v && strcmp(v, value) == 0;
}

static gm_status count_of(const parser *p, const xmlNode *node, const char *name, size_t *out)
{
    const char *text = attribute(node, name);
    long v;
    if (!text || !gm_parse_long(text, &v) || v < 0 || v > INT32_MAX)
        return gm_fail(GM_EFORMAT, "%s: <%s> has %s \"%.40s\", expected a count up to %d", p->name,
                       (const char *)node->name, name, text ? text : "", INT32_MAX);
    *out = (size_t)v;
    return GM_OK;
}

/* The XML without the appended bytes, which may be anything: what stands before and after them. */
static gm_status parse_document(parser *p, const char *head, size_t head_length, const char *tail,
                                size_t tail_length)
{
    size_t length = head_length + tail_length;
    char *text = gm_calloc(length + 1, 1);
    if (!text) return gm_fail(GM_ENOMEM, "%s: no memory for its XML", p->name);
    memcpy(text, head, head_length);
    memcpy(text + head_length, tail, tail_length);
    gm_status s = GM_OK;
    if (length > INT32_MAX || strlen(text) != length || strstr(text, "<!DOCTYPE") ||
        strstr(text, "<!ENTITY"))
        s = gm_fail(GM_EFORMAT, "%s: XML with a document type, NUL bytes or over 2 GB", p->name);
    if (s == GM_OK) {
        p->document = xmlReadMemory(text, (int)length, p->name, "UTF-8",
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                        XML_PARSE_HUGE | XML_PARSE_COMPACT);
        if (!p->document) {
            const xmlError *e = xmlGetLastError();
            s = gm_fail(GM_EFORMAT, "%s:%d: not well-formed XML: %.100s", p->name, e ? e->line : 0,
                        e && e->message ? e->message : "");
        }
    }
    gm_free(text);
    return s;
}

static const char *find_last(const char *data, size_t length, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = length >= n ? length - n + 1 : 0; i-- > 0;)
        if (memcmp(data + i, text, n) == 0) return data + i;
    return NULL;
}

static gm_status open_document(parser *p, const gm_bytes *file)
{
    static const char open[] = "<AppendedData", close[] = "</AppendedData";
    const char *end = file->data + file->length;
    const char *start = memmem(file->data, file->length, open, sizeof open - 1);
    if (!start) return parse_document(p, file->data, file->length, "", 0);
    const char *body = memchr(start, '>', (size_t)(end - start));
    const char *close_at = find_last(file->data, file->length, close);
    if (!body || !close_at || close_at < body)
        return gm_fail(GM_EFORMAT, "%s: <AppendedData> does not end: the file is cut off", p->name);
    const char *mark = memchr(body, '_', (size_t)(close_at - body));
    if (!mark) return gm_fail(GM_EFORMAT, "%s: no '_' before the appended data", p->name);
    p->appended = mark + 1;
    p->appended_end = close_at;
    return parse_document(p, file->data, (size_t)(body + 1 - file->data), close_at,
                          (size_t)(end - close_at));
}

/* ---- arrays ------------------------------------------------------------------------------------- */

static gm_raw_type type_of(const xmlNode *array)
{
    static const struct {
        const char *name;
        gm_raw_type type;
    } types[] = {{"Int8", GM_RAW_I8},    {"UInt8", GM_RAW_U8},   {"Int16", GM_RAW_I16},
                 {"UInt16", GM_RAW_U16}, {"Int32", GM_RAW_I32},  {"UInt32", GM_RAW_U32},
                 {"Int64", GM_RAW_I64},  {"UInt64", GM_RAW_U64}, {"Float32", GM_RAW_F32},
                 {"Float64", GM_RAW_F64}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (attribute_is(array, "type", types[i].name)) return types[i].type;
    return GM_RAW_NONE;
}

static const char *name_of(const xmlNode *array)
{
    const char *name = attribute(array, "Name");
    return name ? name : "";
}

/* The text of an element, apart from other elements in it. */
static const char *text_of(const xmlNode *array)
{
    for (const xmlNode *c = array->children; c; c = c->next) {
        if (c->type != XML_TEXT_NODE || !c->content) continue;
        const char *t = (const char *)c->content;
        if (t[strspn(t, " \t\r\n")]) return t;
    }
    return "";
}

static gm_status locate_appended(const parser *p, const xmlNode *array, gm_xml_data *d)
{
    const char *offset = attribute(array, "offset");
    long at;
    if (!p->appended) return gm_fail(GM_EFORMAT, "%s: but the file has no appended data", d->name);
    size_t length = (size_t)(p->appended_end - p->appended);
    if (!offset || !gm_parse_long(offset, &at) || at < 0 || (size_t)at > length)
        return gm_fail(GM_EFORMAT, "%s: offset \"%.30s\", allowed are 0 to %zu", d->name,
                       offset ? offset : "", length);
    d->data = p->appended + at;
    d->length = length - (size_t)at;
    d->is_base64 = p->appended_is_base64;
    return GM_OK;
}

static gm_status read_array(const parser *p, const xmlNode *array, size_t n, double **out)
{
    char name[512];
    snprintf(name, sizeof name, "%s: array \"%.60s\"", p->name, name_of(array));
    gm_xml_data d = {.name = name,
                     .is_big_endian = p->is_big_endian,
                     .has_wide_header = p->has_wide_header,
                     .is_compressed = p->is_compressed,
                     .type = type_of(array)};
    *out = NULL;
    if (d.type == GM_RAW_NONE)
        return gm_fail(GM_EFORMAT, "%s: type \"%.30s\" cannot be read", name,
                       attribute(array, "type") ? attribute(array, "type") : "");
    if (attribute_is(array, "format", "appended")) {
        GM_TRY(locate_appended(p, array, &d));
    } else {
        d.data = text_of(array);
        d.length = strlen(d.data);
        d.is_inline = true;
        d.is_base64 = attribute_is(array, "format", "binary");
        d.is_text = attribute_is(array, "format", "ascii");
        if (!d.is_text && !d.is_base64)
            return gm_fail(GM_EFORMAT,
                           "%s: format \"%.30s\", allowed are ascii, binary and appended", name,
                           attribute(array, "format") ? attribute(array, "format") : "");
        if (d.is_text) d.is_compressed = false;
    }
    return gm_xml_data_read(&d, n, out);
}

static const xmlNode *find_array(const xmlNode *parent, const char *name)
{
    for (const xmlNode *a = child(parent, "DataArray"); a; a = next_named(a, "DataArray"))
        if (!name || strcmp(name_of(a), name) == 0) return a;
    return NULL;
}

static gm_status need_array(const parser *p, const xmlNode *piece, const char *section,
                            const char *name, size_t n, double **out)
{
    const xmlNode *array = find_array(child(piece, section), name);
    if (array) return read_array(p, array, n, out);
    return gm_fail(GM_EFORMAT, "%s: no array %s in <%s>", p->name, name ? name : "", section);
}

static gm_status read_data(parser *p, const xmlNode *section, bool on_cells)
{
    gm_grid *g = p->grid;
    for (const xmlNode *a = child(section, "DataArray"); a; a = next_named(a, "DataArray")) {
        if (type_of(a) == GM_RAW_NONE) continue; /* strings and bits: nothing that we need */
        size_t n_components = 1, n = on_cells ? g->n_cells : g->n_points;
        if (attribute(a, "NumberOfComponents"))
            GM_TRY(count_of(p, a, "NumberOfComponents", &n_components));
        if (n_components == 0 || n_components > MAX_COMPONENTS)
            return gm_fail(GM_EFORMAT,
                           "%s: array \"%.60s\" has %zu components, allowed are 1 to %d", p->name,
                           name_of(a), n_components, MAX_COMPONENTS);
        double *values;
        gm_grid_array *array;
        GM_TRY(read_array(p, a, n * n_components, &values));
        gm_status s =
            gm_grid_add(g, name_of(a), strlen(name_of(a)), on_cells, n_components, &array);
        if (s != GM_OK) {
            gm_free(values);
            return s;
        }
        gm_free(array->values);
        array->values = values;
    }
    return GM_OK;
}

/* ---- the grid ----------------------------------------------------------------------------------- */

static gm_status read_points(parser *p, const xmlNode *piece)
{
    double *values = NULL;
    GM_TRY(count_of(p, piece, "NumberOfPoints", &p->grid->n_points));
    GM_TRY(need_array(p, piece, "Points", NULL, 3 * p->grid->n_points, &values));
    p->grid->points = (double(*)[3])values;
    return GM_OK;
}

/* XML offsets are the end of each cell; ours also have the beginning of the first. */
static gm_status read_cells(parser *p, const xmlNode *piece, const char *section)
{
    gm_grid *g = p->grid;
    double *ends;
    GM_TRY(need_array(p, piece, section, "offsets", g->n_cells, &ends));
    g->offsets = gm_calloc(g->n_cells + 1, sizeof *g->offsets);
    if (g->offsets && g->n_cells) memcpy(g->offsets + 1, ends, g->n_cells * sizeof *ends);
    gm_free(ends);
    if (!g->offsets) return gm_fail(GM_ENOMEM, "%s: no memory for the cells", p->name);
    double last = g->offsets[g->n_cells];
    if (!(last >= 0 && last <= INT32_MAX))
        return gm_fail(GM_EFORMAT, "%s: the cells have %g corners, allowed are 0 to %d", p->name,
                       last, INT32_MAX);
    g->n_connectivity = (size_t)last;
    return need_array(p, piece, section, "connectivity", g->n_connectivity, &g->connectivity);
}

static gm_status read_unstructured(parser *p, const xmlNode *piece)
{
    GM_TRY(read_points(p, piece));
    GM_TRY(count_of(p, piece, "NumberOfCells", &p->grid->n_cells));
    GM_TRY(read_cells(p, piece, "Cells"));
    return need_array(p, piece, "Cells", "types", p->grid->n_cells, &p->grid->types);
}

static gm_status read_polydata(parser *p, const xmlNode *piece)
{
    static const char *const others[] = {"NumberOfVerts", "NumberOfLines", "NumberOfStrips"};
    p->grid->is_polydata = true;
    GM_TRY(read_points(p, piece));
    for (int i = 0; i < 3; i++)
        if (attribute(piece, others[i]) && !attribute_is(piece, others[i], "0"))
            return gm_fail(GM_EFORMAT, "%s: %s is %.20s, but only polygons can be read", p->name,
                           others[i], attribute(piece, others[i]));
    GM_TRY(count_of(p, piece, "NumberOfPolys", &p->grid->n_cells));
    return read_cells(p, piece, "Polys");
}

static gm_status read_attributes(parser *p, const xmlNode *root)
{
    const char *compressor = attribute(root, "compressor");
    if (compressor && *compressor && strcmp(compressor, "vtkZLibDataCompressor") != 0)
        return gm_fail(GM_EFORMAT, "%s: compressor \"%.40s\": only zlib (or none) can be read",
                       p->name, compressor);
    p->is_compressed = compressor && *compressor;
    p->is_big_endian = attribute_is(root, "byte_order", "BigEndian");
    p->has_wide_header = attribute_is(root, "header_type", "UInt64");
    const xmlNode *appended = child(root, "AppendedData");
    p->appended_is_base64 = appended && attribute_is(appended, "encoding", "base64");
    if (appended && !p->appended_is_base64 && !attribute_is(appended, "encoding", "raw"))
        return gm_fail(GM_EFORMAT, "%s: appended data are neither base64 nor raw", p->name);
    return GM_OK;
}

static gm_status read_grid(parser *p)
{
    const xmlNode *root = xmlDocGetRootElement(p->document);
    if (!root || strcmp((const char *)root->name, "VTKFile") != 0)
        return gm_fail(GM_EFORMAT, "%s: XML, but not a VTKFile", p->name);
    GM_TRY(read_attributes(p, root));
    const xmlNode *cells = child(root, "UnstructuredGrid"), *polys = child(root, "PolyData");
    const xmlNode *piece = child(cells ? cells : polys, "Piece");
    if (!piece)
        return gm_fail(GM_EFORMAT, "%s: no <Piece> of an UnstructuredGrid or PolyData", p->name);
    if (next_named(piece, "Piece"))
        return gm_fail(GM_EFORMAT, "%s: several pieces: save it as one", p->name);
    GM_TRY(cells ? read_unstructured(p, piece) : read_polydata(p, piece));
    GM_TRY(read_data(p, child(piece, "PointData"), false));
    return read_data(p, child(piece, "CellData"), true);
}

gm_status gm_vtk_xml_parse(gm_grid *out, const gm_bytes *xml)
{
    *out = (gm_grid){0};
    parser p = {.name = xml->name, .grid = out};
    gm_status s = open_document(&p, xml);
    if (s == GM_OK) s = read_grid(&p);
    if (p.document) xmlFreeDoc(p.document);
    if (s != GM_OK) gm_grid_free(out);
    return s;
}
