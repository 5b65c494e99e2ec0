#include <string.h>
#include <zlib.h>

#include "core/alloc.h"
#include "core/file.h"
#include "geometry/write.h"

enum { VTK_TETRA = 10, BLOCK_BYTES = 1 << 18, ZLIB_LEVEL = 1 };

#define HOST_ORDER (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? "BigEndian" : "LittleEndian")

/* A name that needs no quoting in either format. */
static void add_name(gm_text *t, const char *name)
{
    for (const char *p = name; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("_-.", *p);
        gm_text_add_bytes(t, plain ? p : "_", 1);
    }
}

static gm_status write_file(const char *path, gm_text *t, gm_status s)
{
    if (s == GM_OK) s = gm_file_write(path, t->data, t->length);
    gm_text_free(t);
    return s;
}

/* ---- VTU ---------------------------------------------------------------------------------------- */

typedef struct {
    gm_text *xml;
    gm_text data; /* what is appended */
} vtu;

/* One compressed array behind the others: number, size and last size of the blocks, their packed
 * sizes, the blocks. */
static gm_status append(gm_text *data, const void *values, size_t bytes)
{
    size_t n_blocks = (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
    size_t head_bytes = (3 + n_blocks) * sizeof(uint64_t), head_at = data->length;
    uint64_t *head = gm_calloc(3 + n_blocks, sizeof *head);
    unsigned char *packed = gm_calloc(compressBound(BLOCK_BYTES), 1);
    gm_status s = head && packed ? GM_OK : gm_fail(GM_ENOMEM, "vtu: no memory");
    if (s == GM_OK) {
        head[0] = n_blocks;
        head[1] = BLOCK_BYTES;
        head[2] = bytes % BLOCK_BYTES;
        gm_text_add_bytes(data, head, head_bytes);
    }
    for (size_t i = 0; i < n_blocks && s == GM_OK; i++) {
        size_t from = i * BLOCK_BYTES;
        size_t size = bytes - from < BLOCK_BYTES ? bytes - from : BLOCK_BYTES;
        uLongf length = compressBound(BLOCK_BYTES);
        if (compress2(packed, &length, (const Bytef *)values + from, size, ZLIB_LEVEL) != Z_OK)
            s = gm_fail(GM_ENOMEM, "vtu: compression failed");
        head[3 + i] = length;
        gm_text_add_bytes(data, packed, length);
    }
    if (s == GM_OK) s = gm_text_status(data);
    if (s == GM_OK) memcpy(data->data + head_at, head, head_bytes);
    gm_free(head);
    gm_free(packed);
    return s;
}

static gm_status add_array(vtu *v, const char *name, const char *type, size_t n_components,
                           const void *values, size_t bytes)
{
    gm_text_addf(v->xml, "        <DataArray type=\"%s\" Name=\"", type);
    add_name(v->xml, name);
    gm_text_addf(v->xml, "\" NumberOfComponents=\"%zu\" format=\"appended\" offset=\"%zu\"/>\n",
                 n_components, v->data.length);
    return append(&v->data, values, bytes);
}

static gm_status add_fields(vtu *v, const gm_tetmesh *m, const gm_geometry_field *fields, size_t n,
                            bool on_tets)
{
    for (size_t i = 0; i < n; i++) {
        const gm_geometry_field *f = &fields[i];
        if (f->on_tets != on_tets) continue;
        size_t count = (on_tets ? m->n_tets : m->n_nodes) * f->n_components;
        GM_TRY(add_array(v, f->name, "Float64", f->n_components, f->values,
                         count * sizeof *f->values));
    }
    return GM_OK;
}

static gm_status add_cell_data(vtu *v, const gm_tetmesh *m, const gm_geometry_field *fields,
                               size_t n_fields)
{
    size_t n = m->n_tets;
    if (m->tags) GM_TRY(add_array(v, "tags", "Int32", 1, m->tags, n * sizeof *m->tags));
    if (m->fibres) GM_TRY(add_array(v, "fibres", "Float64", 3, m->fibres, n * sizeof *m->fibres));
    if (m->sheets) GM_TRY(add_array(v, "sheets", "Float64", 3, m->sheets, n * sizeof *m->sheets));
    return add_fields(v, m, fields, n_fields, true);
}

static gm_status add_cells(vtu *v, const gm_tetmesh *m)
{
    size_t n = m->n_tets;
    GM_TRY(add_array(v, "connectivity", "Int32", 1, m->tets, n * sizeof *m->tets));
    int32_t *ends = gm_calloc(n, sizeof *ends);
    unsigned char *types = gm_calloc(n, 1);
    gm_status s = ends && types ? GM_OK : gm_fail(GM_ENOMEM, "vtu: no memory");
    for (size_t e = 0; e < n && s == GM_OK; e++) {
        ends[e] = (int32_t)(4 * (e + 1));
        types[e] = VTK_TETRA;
    }
    if (s == GM_OK) s = add_array(v, "offsets", "Int32", 1, ends, n * sizeof *ends);
    if (s == GM_OK) s = add_array(v, "types", "UInt8", 1, types, n);
    gm_free(ends);
    gm_free(types);
    return s;
}

static gm_status print_vtu(vtu *v, const gm_tetmesh *m, const gm_geometry_field *fields,
                           size_t n_fields)
{
    gm_text_addf(v->xml,
                 "<?xml version=\"1.0\"?>\n<VTKFile type=\"UnstructuredGrid\" version=\"1.0\" "
                 "byte_order=\"%s\" header_type=\"UInt64\" compressor=\"vtkZLibDataCompressor\">\n"
                 "  <UnstructuredGrid>\n    <Piece NumberOfPoints=\"%zu\" NumberOfCells=\"%zu\">\n"
                 "      <PointData>\n",
                 HOST_ORDER, m->n_nodes, m->n_tets);
    GM_TRY(add_fields(v, m, fields, n_fields, false));
    gm_text_add(v->xml, "      </PointData>\n      <CellData>\n");
    GM_TRY(add_cell_data(v, m, fields, n_fields));
    gm_text_add(v->xml, "      </CellData>\n      <Points>\n");
    GM_TRY(add_array(v, "Points", "Float64", 3, m->nodes_mm, m->n_nodes * sizeof *m->nodes_mm));
    gm_text_add(v->xml, "      </Points>\n      <Cells>\n");
    GM_TRY(add_cells(v, m));
    gm_text_add(v->xml, "      </Cells>\n    </Piece>\n  </UnstructuredGrid>\n"
                        "  <AppendedData encoding=\"raw\">\n_");
    gm_text_add_bytes(v->xml, v->data.data, v->data.length);
    gm_text_add(v->xml, "\n  </AppendedData>\n</VTKFile>\n");
    return gm_text_status(v->xml);
}

gm_status gm_vtu_print(gm_text *out, const gm_tetmesh *m, const gm_geometry_field *fields,
                       size_t n_fields)
{
    vtu v = {.xml = out};
    gm_status s = print_vtu(&v, m, fields, n_fields);
    gm_text_free(&v.data);
    return s;
}

gm_status gm_vtu_write(const char *path, const gm_tetmesh *m, const gm_geometry_field *fields,
                       size_t n_fields)
{
    gm_text t = {0};
    gm_status s = gm_vtu_print(&t, m, fields, n_fields);
    return write_file(path, &t, s);
}

/* ---- legacy ------------------------------------------------------------------------------------- */

static void add_big_endian_ints(gm_text *t, const int32_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t u = (uint32_t)v[i];
        unsigned char b[4];
        for (int k = 0; k < 4; k++)
            b[k] = (unsigned char)(u >> (24 - 8 * k));
        gm_text_add_bytes(t, b, sizeof b);
    }
}

static void add_big_endian_reals(gm_text *t, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t u;
        memcpy(&u, &v[i], sizeof u);
        unsigned char b[8];
        for (int k = 0; k < 8; k++)
            b[k] = (unsigned char)(u >> (56 - 8 * k));
        gm_text_add_bytes(t, b, sizeof b);
    }
}

static void add_legacy_array(gm_text *t, const char *name, size_t n_components,
                             const double *values, size_t n)
{
    gm_text_add(t, n_components == 3 ? "\nVECTORS " : "\nSCALARS ");
    add_name(t, name);
    gm_text_add(t, n_components == 3 ? " double\n" : " double 1\nLOOKUP_TABLE default\n");
    add_big_endian_reals(t, values, n * n_components);
}

static bool has_fields(const gm_geometry_field *fields, size_t n_fields, bool on_tets)
{
    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].on_tets == on_tets) return true;
    return false;
}

static void add_legacy_fields(gm_text *t, const gm_tetmesh *m, const gm_geometry_field *fields,
                              size_t n_fields, bool on_tets)
{
    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].on_tets == on_tets)
            add_legacy_array(t, fields[i].name, fields[i].n_components, fields[i].values,
                             on_tets ? m->n_tets : m->n_nodes);
}

gm_status gm_vtk_print(gm_text *t, const gm_tetmesh *m, const gm_geometry_field *fields,
                       size_t n_fields)
{
    static const int32_t four = 4, tetra = VTK_TETRA;
    gm_text_addf(t,
                 "# vtk DataFile Version 4.2\nlengths in mm\nBINARY\nDATASET UNSTRUCTURED_GRID\n"
                 "POINTS %zu double\n",
                 m->n_nodes);
    add_big_endian_reals(t, (const double *)m->nodes_mm, 3 * m->n_nodes);
    gm_text_addf(t, "\nCELLS %zu %zu\n", m->n_tets, 5 * m->n_tets);
    for (size_t e = 0; e < m->n_tets; e++) {
        add_big_endian_ints(t, &four, 1);
        add_big_endian_ints(t, m->tets[e], 4);
    }
    gm_text_addf(t, "\nCELL_TYPES %zu\n", m->n_tets);
    for (size_t e = 0; e < m->n_tets; e++)
        add_big_endian_ints(t, &tetra, 1);
    if (m->tags || m->fibres || m->sheets || has_fields(fields, n_fields, true))
        gm_text_addf(t, "\nCELL_DATA %zu", m->n_tets);
    if (m->tags) {
        gm_text_add(t, "\nSCALARS tags int 1\nLOOKUP_TABLE default\n");
        add_big_endian_ints(t, m->tags, m->n_tets);
    }
    if (m->fibres) add_legacy_array(t, "fibres", 3, (const double *)m->fibres, m->n_tets);
    if (m->sheets) add_legacy_array(t, "sheets", 3, (const double *)m->sheets, m->n_tets);
    add_legacy_fields(t, m, fields, n_fields, true);
    if (has_fields(fields, n_fields, false)) gm_text_addf(t, "\nPOINT_DATA %zu", m->n_nodes);
    add_legacy_fields(t, m, fields, n_fields, false);
    gm_text_add(t, "\n");
    return gm_text_status(t);
}

gm_status gm_vtk_write(const char *path, const gm_tetmesh *m, const gm_geometry_field *fields,
                       size_t n_fields)
{
    gm_text t = {0};
    gm_status s = gm_vtk_print(&t, m, fields, n_fields);
    return write_file(path, &t, s);
}
