/* Legacy VTK files, versions 2.0 to 5.1 ("VTK File Formats", VTK User's Guide): a text header, then
 * sections of a keyword, counts and numbers, as text or as big-endian binary. */
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "geometry/grid.h"
#include "geometry/numbers.h"

enum { MAX_COMPONENTS = 1000 };

typedef struct {
    const char *text;
    size_t length;
} word;

typedef struct {
    gm_scanner in;
    bool is_binary;
    gm_grid *grid;
    bool on_cells; /* CELL_DATA was the last of the two */
} parser;

static const struct {
    const char *name;
    gm_raw_type type;
} types[] = {
    {"float", GM_RAW_F32},         {"double", GM_RAW_F64},        {"int", GM_RAW_I32},
    {"unsigned_int", GM_RAW_U32},  {"char", GM_RAW_I8},           {"signed_char", GM_RAW_I8},
    {"unsigned_char", GM_RAW_U8},  {"short", GM_RAW_I16},         {"unsigned_short", GM_RAW_U16},
    {"long", GM_RAW_I64},          {"unsigned_long", GM_RAW_U64}, {"long_long", GM_RAW_I64},
    {"vtkidtype", GM_RAW_I32}, /* the writer narrows it */
    {"vtktypeint64", GM_RAW_I64},  {"vtktypeint32", GM_RAW_I32},  {"vtktypeuint64", GM_RAW_U64},
    {"vtktypeuint32", GM_RAW_U32}, {"vtktypeint8", GM_RAW_I8},    {"vtktypeuint8", GM_RAW_U8},
    {"vtktypeint16", GM_RAW_I16},  {"vtktypeuint16", GM_RAW_U16}, {"vtktypefloat32", GM_RAW_F32},
    {"vtktypefloat64", GM_RAW_F64}};

static bool is(word w, const char *text)
{
    return w.length == strlen(text) && strncasecmp(w.text, text, w.length) == 0;
}

static gm_status next_word(parser *p, word *out, const char *what)
{
    if (gm_scan_word(&p->in, &out->text, &out->length)) return GM_OK;
    return gm_scan_fail(&p->in, "expected %s, found the end of the file", what);
}

static gm_status next_type(parser *p, gm_raw_type *out)
{
    word w;
    GM_TRY(next_word(p, &w, "a data type"));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is(w, types[i].name)) {
            *out = types[i].type;
            return GM_OK;
        }
    return gm_scan_fail(&p->in, "data type \"%.*s\" cannot be read",
                        (int)(w.length < 30 ? w.length : 30), w.text);
}

static void skip_line(parser *p)
{
    while (p->in.at < p->in.end && *p->in.at != '\n')
        p->in.at++;
    if (p->in.at < p->in.end) {
        p->in.at++;
        p->in.line++;
    }
}

/* Refuses a count of numbers that the rest of the file cannot hold, before memory is asked for. */
static gm_status check_room(parser *p, size_t n, gm_raw_type type, const char *what)
{
    size_t left = (size_t)(p->in.end - p->in.at), least = p->is_binary ? gm_raw_size(type) : 2;
    if (n <= (left + 1) / least) return GM_OK;
    return gm_scan_fail(&p->in, "%s: %zu numbers promised, but the rest of the file holds %zu",
                        what, n, left / least);
}

/* The numbers of a section; out has room for n. */
static gm_status take_numbers(parser *p, gm_raw_type type, size_t n, double *out, const char *what)
{
    if (!p->is_binary) return gm_raw_scan(&p->in, n, out, what);
    skip_line(p);
    size_t bytes = n * gm_raw_size(type);
    if ((size_t)(p->in.end - p->in.at) < bytes)
        return gm_scan_fail(&p->in, "%s: %zu numbers promised, but the file ends", what, n);
    gm_raw_decode(p->in.at, type, true, n, out);
    p->in.at += bytes;
    return GM_OK;
}

static gm_status new_numbers(parser *p, gm_raw_type type, size_t n, double **out, const char *what)
{
    if (*out) return gm_scan_fail(&p->in, "%s: a second time in this file", what);
    GM_TRY(check_room(p, n, type, what));
    *out = gm_calloc(n, sizeof **out);
    if (!*out) return gm_fail(GM_ENOMEM, "%s: no memory for %s", p->in.name, what);
    return take_numbers(p, type, n, *out, what);
}

static gm_status next_count(parser *p, size_t *out, const char *what)
{
    return gm_number_count(&p->in, 1, out, what);
}

static gm_status parse_points(parser *p)
{
    gm_raw_type type;
    double *values = (double *)p->grid->points;
    if (p->grid->n_arrays) return gm_scan_fail(&p->in, "POINTS after data of points or cells");
    GM_TRY(next_count(p, &p->grid->n_points, "the number of points"));
    GM_TRY(next_type(p, &type));
    gm_status s = new_numbers(p, type, 3 * p->grid->n_points, &values, "POINTS");
    p->grid->points = (double(*)[3])values;
    return s;
}

/* Up to version 4.2: "k i0 .. ik-1" for each cell, `size` numbers in all. */
static gm_status split_cells(parser *p, size_t size)
{
    gm_grid *g = p->grid;
    size_t at = 0, n = 0;
    for (size_t c = 0; c < g->n_cells; c++) {
        double k = at < size ? g->connectivity[at] : -1;
        if (!(k >= 0 && k <= (double)(size - at - 1)))
            return gm_scan_fail(&p->in, "CELLS: cell %zu has %g nodes: more than the %zu numbers",
                                c, k, size);
        memmove(g->connectivity + n, g->connectivity + at + 1, (size_t)k * sizeof(double));
        g->offsets[c] = (double)n;
        n += (size_t)k;
        at += (size_t)k + 1;
    }
    if (at != size) return gm_scan_fail(&p->in, "CELLS: %zu numbers left over", size - at);
    g->offsets[g->n_cells] = (double)n;
    g->n_connectivity = n;
    return GM_OK;
}

/* From version 5: an array of offsets, one more than cells, and the connectivity. */
static gm_status parse_cells_5(parser *p, size_t n_offsets, size_t n_connectivity)
{
    word w;
    gm_raw_type type;
    gm_grid *g = p->grid;
    if (n_offsets == 0) return gm_scan_fail(&p->in, "CELLS: no offsets");
    g->n_cells = n_offsets - 1;
    GM_TRY(next_word(p, &w, "OFFSETS"));
    GM_TRY(next_type(p, &type));
    GM_TRY(new_numbers(p, type, n_offsets, &g->offsets, "OFFSETS"));
    GM_TRY(next_word(p, &w, "CONNECTIVITY"));
    if (!is(w, "CONNECTIVITY")) return gm_scan_fail(&p->in, "expected CONNECTIVITY");
    GM_TRY(next_type(p, &type));
    g->n_connectivity = n_connectivity;
    return new_numbers(p, type, n_connectivity, &g->connectivity, "CONNECTIVITY");
}

static gm_status parse_cells(parser *p)
{
    gm_grid *g = p->grid;
    size_t n, size;
    if (g->offsets) return gm_scan_fail(&p->in, "CELLS: a second time in this file");
    if (g->types || g->n_arrays)
        return gm_scan_fail(&p->in, "CELLS after CELL_TYPES or after data of points or cells");
    GM_TRY(next_count(p, &n, "the number of cells"));
    GM_TRY(next_count(p, &size, "the size of the cells"));
    gm_scanner ahead = p->in;
    word w;
    if (gm_scan_word(&ahead, &w.text, &w.length) && is(w, "OFFSETS"))
        return parse_cells_5(p, n, size);
    GM_TRY(new_numbers(p, GM_RAW_I32, size, &g->connectivity, "CELLS"));
    g->n_cells = n;
    g->offsets = gm_calloc(n + 1, sizeof *g->offsets);
    if (!g->offsets) return gm_fail(GM_ENOMEM, "%s: no memory for %zu cells", p->in.name, n);
    return split_cells(p, size);
}

static gm_status parse_types(parser *p)
{
    size_t n;
    GM_TRY(next_count(p, &n, "the number of cell types"));
    if (n != p->grid->n_cells)
        return gm_scan_fail(&p->in, "%zu cell types, but %zu cells", n, p->grid->n_cells);
    return new_numbers(p, GM_RAW_I32, n, &p->grid->types, "CELL_TYPES");
}

static gm_status parse_data_of(parser *p, bool on_cells)
{
    long n;
    size_t expected = on_cells ? p->grid->n_cells : p->grid->n_points;
    GM_TRY(gm_scan_long(&p->in, &n, "the number of values"));
    if (n < 0 || (size_t)n != expected)
        return gm_scan_fail(&p->in, "data of %ld %s, but there are %zu", n,
                            on_cells ? "cells" : "points", expected);
    p->on_cells = on_cells;
    return GM_OK;
}

static gm_status add_array(parser *p, word name, gm_raw_type type, size_t n_components)
{
    gm_grid *g = p->grid;
    size_t n = p->on_cells ? g->n_cells : g->n_points;
    gm_grid_array *a;
    if (n_components == 0 || n_components > MAX_COMPONENTS)
        return gm_scan_fail(&p->in, "%zu components, allowed are 1 to %d", n_components,
                            MAX_COMPONENTS);
    GM_TRY(check_room(p, n * n_components, type, "an array"));
    GM_TRY(gm_grid_add(g, name.text, name.length, p->on_cells, n_components, &a));
    return take_numbers(p, type, n * n_components, a->values, a->name);
}

static gm_status parse_scalars(parser *p)
{
    word name, w;
    gm_raw_type type;
    size_t n_components = 1;
    GM_TRY(next_word(p, &name, "the name of the scalars"));
    GM_TRY(next_type(p, &type));
    if (gm_number_more_on_line(&p->in))
        GM_TRY(next_count(p, &n_components, "the number of components"));
    gm_scanner ahead = p->in;
    if (gm_scan_word(&ahead, &w.text, &w.length) && is(w, "LOOKUP_TABLE")) {
        gm_scan_word(&ahead, &w.text, &w.length); /* its name */
        p->in = ahead;
    }
    return add_array(p, name, type, n_components);
}

static gm_status parse_fixed(parser *p, size_t n_components)
{
    word name;
    gm_raw_type type;
    GM_TRY(next_word(p, &name, "the name of the array"));
    GM_TRY(next_type(p, &type));
    return add_array(p, name, type, n_components);
}

static gm_status parse_texture(parser *p)
{
    word name;
    gm_raw_type type;
    size_t n;
    GM_TRY(next_word(p, &name, "the name of the array"));
    GM_TRY(next_count(p, &n, "the number of texture dimensions"));
    GM_TRY(next_type(p, &type));
    return add_array(p, name, type, n);
}

/* Colours: bytes in binary files, numbers 0..1 in text. */
static gm_status parse_colours(parser *p)
{
    word name;
    size_t n;
    GM_TRY(next_word(p, &name, "the name of the colours"));
    GM_TRY(next_count(p, &n, "the number of colour components"));
    return add_array(p, name, GM_RAW_U8, n);
}

/* Numbers that nobody needs. */
static gm_status skip_numbers(parser *p, gm_raw_type type, size_t n, const char *what)
{
    GM_TRY(check_room(p, n, type, what));
    double *ignored = gm_calloc(n, sizeof *ignored);
    if (!ignored) return gm_fail(GM_ENOMEM, "%s: no memory", p->in.name);
    gm_status s = take_numbers(p, type, n, ignored, what);
    gm_free(ignored);
    return s;
}

static gm_status parse_table(parser *p)
{
    word name;
    size_t n;
    GM_TRY(next_word(p, &name, "the name of the table"));
    GM_TRY(next_count(p, &n, "the size of the table"));
    return skip_numbers(p, GM_RAW_U8, 4 * n, "LOOKUP_TABLE");
}

static gm_status skip_metadata(parser *p)
{
    skip_line(p);
    while (p->in.at < p->in.end && *p->in.at != '\n' && *p->in.at != '\r')
        skip_line(p);
    return GM_OK;
}

/* "METADATA ... blank line" may follow an array, also between two of a FIELD. */
static gm_status skip_metadata_if_any(parser *p)
{
    gm_scanner ahead = p->in;
    word w;
    if (!gm_scan_word(&ahead, &w.text, &w.length) || !is(w, "METADATA")) return GM_OK;
    p->in = ahead;
    return skip_metadata(p);
}

static gm_status parse_field_array(parser *p)
{
    word name;
    size_t n_components, n_tuples;
    gm_raw_type type;
    GM_TRY(skip_metadata_if_any(p));
    GM_TRY(next_word(p, &name, "the name of a field array"));
    GM_TRY(next_count(p, &n_components, "the number of components"));
    GM_TRY(next_count(p, &n_tuples, "the number of tuples"));
    GM_TRY(next_type(p, &type));
    if (n_tuples == (p->on_cells ? p->grid->n_cells : p->grid->n_points))
        return add_array(p, name, type, n_components);
    if (n_components > MAX_COMPONENTS)
        return gm_scan_fail(&p->in, "%zu components, allowed are at most %d", n_components,
                            MAX_COMPONENTS);
    return skip_numbers(p, type, n_components * n_tuples, "a field array");
}

static gm_status parse_field(parser *p)
{
    word name;
    size_t n;
    GM_TRY(next_word(p, &name, "the name of the field"));
    GM_TRY(next_count(p, &n, "the number of field arrays"));
    for (size_t i = 0; i < n; i++)
        GM_TRY(parse_field_array(p));
    return GM_OK;
}

static gm_status parse_section(parser *p, word w)
{
    if (is(w, "POINTS")) return parse_points(p);
    if (is(w, "CELLS")) return parse_cells(p);
    if (is(w, "CELL_TYPES")) return parse_types(p);
    if (is(w, "POINT_DATA")) return parse_data_of(p, false);
    if (is(w, "CELL_DATA")) return parse_data_of(p, true);
    if (is(w, "SCALARS")) return parse_scalars(p);
    if (is(w, "VECTORS") || is(w, "NORMALS")) return parse_fixed(p, 3);
    if (is(w, "TENSORS")) return parse_fixed(p, 9);
    if (is(w, "GLOBAL_IDS") || is(w, "PEDIGREE_IDS")) return parse_fixed(p, 1);
    if (is(w, "TEXTURE_COORDINATES")) return parse_texture(p);
    if (is(w, "COLOR_SCALARS")) return parse_colours(p);
    if (is(w, "LOOKUP_TABLE")) return parse_table(p);
    if (is(w, "FIELD")) return parse_field(p);
    if (is(w, "METADATA")) return skip_metadata(p);
    return gm_scan_fail(&p->in, "unknown section \"%.*s\"", (int)(w.length < 30 ? w.length : 30),
                        w.text);
}

static gm_status parse_header(parser *p)
{
    word w;
    skip_line(p); /* "# vtk DataFile Version x.y" */
    skip_line(p); /* the title */
    GM_TRY(next_word(p, &w, "ASCII or BINARY"));
    p->is_binary = is(w, "BINARY");
    if (!p->is_binary && !is(w, "ASCII"))
        return gm_scan_fail(&p->in, "expected ASCII or BINARY in the third line");
    GM_TRY(next_word(p, &w, "DATASET"));
    if (is(w, "DATASET")) GM_TRY(next_word(p, &w, "the kind of data set"));
    if (is(w, "UNSTRUCTURED_GRID")) return GM_OK;
    return gm_scan_fail(&p->in, "data set \"%.*s\": only UNSTRUCTURED_GRID can be read",
                        (int)(w.length < 30 ? w.length : 30), w.text);
}

static gm_status parse_all(parser *p)
{
    word w;
    GM_TRY(parse_header(p));
    while (gm_scan_word(&p->in, &w.text, &w.length))
        GM_TRY(parse_section(p, w));
    if (!p->grid->points) return gm_scan_fail(&p->in, "the file ends without POINTS");
    if (p->grid->n_cells && !p->grid->types)
        return gm_scan_fail(&p->in, "the file ends without CELL_TYPES");
    return GM_OK;
}

gm_status gm_vtk_parse(gm_grid *out, const gm_bytes *vtk)
{
    *out = (gm_grid){0};
    parser p = {.in = gm_scanner_over(vtk->data, vtk->length, vtk->name), .grid = out};
    gm_status s = parse_all(&p);
    if (s != GM_OK) gm_grid_free(out);
    return s;
}
