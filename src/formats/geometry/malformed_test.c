/* What the readers refuse, in which words; and that no cut or flipped bit gets past them unseen. */
#include "core/file.h"
#include "core/text.h"
#include "geometry/grid.h"
#include "geometry/opencarp.h"
#include "geometry/tetgen.h"
#include "geometry/write.h"
#include "mesh/box_for_tests.h"
#include "testing/gm_test.h"

static const char pts[] = "5\n0 0 0\n1000 0 0\n0 1000 0\n0 0 1000\n1e3 1e3 1e3\n";
static const char elem[] = "2\nTt 0 1 2 3 1\nTt 1 2 3 4 2\n";
static const char lon[] = "1\n1 0 0\n0 0 -2\n";

static gm_bytes text(const char *t, const char *name)
{
    return (gm_bytes){t, strlen(t), name};
}

static gm_status parse_opencarp(gm_tetmesh **m, const char *p, const char *e, const char *l)
{
    gm_bytes points = text(p, "m.pts"), elements = text(e, "m.elem"),
             fibres = text(l ? l : "", "m.lon");
    return gm_opencarp_parse(m, &points, &elements, l ? &fibres : NULL);
}

static void an_opencarp_mesh_is_read_in_mm(void)
{
    gm_tetmesh *m;
    EXPECT(parse_opencarp(&m, pts, elem, lon) == GM_OK);
    EXPECT(m && m->nodes_mm[4][2] == 1 && m->tags[1] == 2);
    EXPECT(m && m->fibres[1][2] == -1 && !m->sheets); /* normalised */
    gm_tetmesh_destroy(m);
    EXPECT(parse_opencarp(&m, pts, "2\nTt 0 1 2 3\nTt 1 2 3 4", NULL) == GM_OK);
    EXPECT(m && !m->tags && !m->fibres);
    gm_tetmesh_destroy(m);
    EXPECT(parse_opencarp(&m, pts, elem, "2\n1 0 0 0 1 0\n0 1 0 1 0 0") == GM_OK);
    EXPECT(m && m->sheets && m->sheets[1][0] == 1);
    gm_tetmesh_destroy(m);
}

static void broken_opencarp_meshes_are_refused(void)
{
    static const struct {
        const char *pts, *elem, *lon, *words;
    } cases[] = {
        {"", elem, lon, "m.pts:1: expected the number of nodes"},
        {"many\n", elem, lon, "found \"many\""},
        {"1000000000\n0 0 0\n", elem, lon,
         "m.pts:1: the number of nodes is 1000000000, but the rest"},
        {"-5\n0 0 0\n", elem, lon, "the number of nodes is -5"},
        {"6\n0 0 0\n1000 0 0\n0 1000 0\n0 0 1000\n1e3 1e3 1e3", elem, lon, "end of the file"},
        {"4\n0 0 0\n1000 0 0\n0 1000 0\n0 0 1000\n1e3 1e3 1e3", elem, lon, "m.pts:6: more follows"},
        {"5\n0 0 0\n1000 0 nan\n0 1000 0\n0 0 1000\n1 1 1\n", elem, lon,
         "m.pts:3: expected a node coo"},
        {pts, "", lon, "m.elem:1: expected the number of elements"},
        {pts, "0\n", NULL, "5 nodes and 0 tets is empty"},
        {pts, "2\nTt 0 1 2 3 1\n", lon, "at most"},
        {pts, "2\nTt 0 1 2 3 1\nTt 1 2 3", lon, "m.elem:3: expected a node number"},
        {pts, "3\nTt 0 1 2 3 1\nTt 1 2 3 4 2\n###############", lon, "element 2: expected Tt"},
        {pts, "1\nTt 0 1 2 3 1\nTt 1 2 3 4 2\n", lon, "m.elem:3: more follows"},
        {pts, "2\nHx 0 1 2 3 4 0 1 2\nTt 1 2 3 4 2\n", lon,
         "element 0 is a \"Hx\": only tetrahedra"},
        {pts, "2\nTt 0 1 2 5 1\nTt 1 2 3 4 2\n", lon,
         "tet 0 has nodes 0 1 2 5, allowed are 0 to 4"},
        {pts, "2\nTt 0 1 2 -3 1\nTt 1 2 3 4 2\n", lon, "tet 0 has nodes 0 1 2 -3"},
        {pts, "2\nTt 0 1 3 2 1\nTt 1 2 3 4 2\n", lon, "tet 0 (nodes 0 1 3 2) is inverted"},
        {pts, "2\nTt 0 1 2 2 1\nTt 1 2 3 4 2\n", lon, "tet 0 (nodes 0 1 2 2) is flat or too small"},
        {pts, "2\nTt 0 1 2 3 1\nTt 0 1 2 3 1\n", lon, "node 4 belongs to no tet"},
        {pts, "2\nTt 0 1 2 3 1.5\nTt 1 2 3 4 2\n", lon, "expected the region tag"},
        {pts, elem, "", "m.lon:1: expected the number of vectors"},
        {pts, elem, "3\n1 0 0\n0 1 0\n", "3 vectors per element"},
        {pts, elem, "1\n1 0 0\n", "m.lon: fibres of 1 elements, but the mesh has 2"},
        {pts, elem, "1\n1 0 0\n1 0 0\n1 0 0\n", "m.lon:4: fibres of more elements than the 2"},
        {pts, elem, "2\n1 0 0\n1 0 0\n", "fibres of 1 elements, but the mesh has 2"},
        {pts, elem, "1\n1 0 0\n0 0 0\n",
         "m.lon: fibre of element 1 is (0, 0, 0): it has no direction"},
        {pts, elem, "1\n1 0 0\n0 nan 0\n", "expected a fibre component"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_tetmesh *m;
        EXPECT(parse_opencarp(&m, cases[i].pts, cases[i].elem, cases[i].lon) == GM_EFORMAT);
        EXPECT(m == NULL);
        EXPECT_CONTAINS(gm_error_text(), cases[i].words);
    }
}

static void a_lon_file_that_does_not_fit_changes_nothing(void)
{
    gm_tetmesh *m;
    EXPECT(parse_opencarp(&m, pts, elem, lon) == GM_OK);
    gm_bytes one = text("1\n0 1 0\n", "one.lon"), good = text("1\n0 1 0\n0 1 0", "good.lon");
    EXPECT(gm_opencarp_parse_lon(m, &one) == GM_EFORMAT);
    EXPECT(m->fibres[0][0] == 1);
    EXPECT(gm_opencarp_parse_lon(m, &good) == GM_OK);
    EXPECT(m->fibres[0][1] == 1);
    gm_tetmesh_destroy(m);
}

static void tetgen_files_count_from_0_or_1(void)
{
    gm_tetmesh *m;
    gm_bytes node = text("# made by hand\n4 3 1 1\n1 0 0 0 0.5 1\n2 1 0 0 0.5 1\n3 0 1 0 0.5 1\n"
                         "4 0 0 1 0.5 1 # the last\n",
                         "t.node");
    gm_bytes ele = text("1 4 2\n1  1 2 3 4  7 0.25\n", "t.ele");
    EXPECT(gm_tetgen_parse(&m, &node, &ele) == GM_OK);
    EXPECT(m && m->tets[0][0] == 0 && m->tets[0][3] == 3 && m->tags[0] == 7);
    gm_tetmesh_destroy(m);
    /* All tets the other way round: turned. Attributes that are no whole numbers: no tags. */
    ele = text("1 4 1\n1  2 1 3 4  7.5\n", "t.ele");
    EXPECT(gm_tetgen_parse(&m, &node, &ele) == GM_OK);
    EXPECT(m && !m->tags && gm_tetmesh_check(m, NULL, "turned") == GM_OK);
    gm_tetmesh_destroy(m);
}

static void broken_tetgen_files_are_refused(void)
{
    static const char node[] = "4 3 0 0\n0 0 0 0\n1 1 0 0\n2 0 1 0\n3 0 0 1\n";
    static const char ele[] = "1 4 0\n0 0 1 2 3\n";
    static const struct {
        const char *node, *ele, *words;
    } cases[] = {
        {"", ele, "expected the number of nodes"},
        {"4 2 0 0\n0 0 0\n1 1 0\n2 0 1\n3 1 1\n# ...\n", ele, "nodes in 2 dimensions"},
        {"4 3 0 0\n0 0 0 0\n1 1 0 0\n2 0 1 0\n", ele, "end of the file"},
        {"4 3 0 0\n5 0 0 0\n6 1 0 0\n7 0 1 0\n8 0 0 1\n", ele, "the first node has number 5"},
        {"4 3 0 0\n0 0 0 0\n2 1 0 0\n1 0 1 0\n3 0 0 1\n", ele, "node number 2, expected 1"},
        {"4 3 0 0\n0 0 0 0\n1 1 0 0\n2 0 1 0\n3 0 0 1\n4 1 1 1\n", ele, "more follows"},
        {"4 3 -1 0\n0 0 0 0\n1 1 0 0\n2 0 1 0\n3 0 0 1\n", ele, "-1 on the first line"},
        {node, "1 10 0\n0 0 1 2 3 4 5 6 7 8 9\n", "elements of 10 nodes"},
        {node, "2 4 0\n0 0 1 2 3\n", "t.ele:1: the number of tets is 2, but the rest"},
        {node, "1 4 0\n0 0 1 2 4\n", "tet 0 has nodes 0 1 2 4"},
        {node, "1 4 0\n0 -1 1 2 3\n", "node -1: too low"},
        {node, "1 4 1\n0 0 1 2 3\n", "expected an attribute"},
        {node, "1 4 0\n0 0 1 2 3 9\n", "more follows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_tetmesh *m;
        gm_bytes n = text(cases[i].node, "t.node"), e = text(cases[i].ele, "t.ele");
        EXPECT(gm_tetgen_parse(&m, &n, &e) == GM_EFORMAT && m == NULL);
        EXPECT_CONTAINS(gm_error_text(), cases[i].words);
    }
}

/* ---- VTK ---------------------------------------------------------------------------------------- */

static gm_status parse_grid_mesh(gm_tetmesh **m, const char *data, size_t length)
{
    gm_grid g;
    *m = NULL;
    gm_status s = gm_grid_parse(&g, &(gm_bytes){data, length, "m.vtk"});
    if (s == GM_OK) s = gm_grid_to_tetmesh(&g, m, "m.vtk");
    gm_grid_free(&g);
    return s;
}

#define VTK_HEAD "# vtk DataFile Version 2.0\nby hand\nASCII\nDATASET UNSTRUCTURED_GRID\n"
#define VTK_POINTS "POINTS 5 float\n0 0 0 1 0 0\n0 1 0 0 0 1 1 1 1\n"
#define VTK_CELLS "CELLS 2 10\n4 0 1 2 3\n4 1 2 3 4\nCELL_TYPES 2\n10 10\n"

static void legacy_text_files_are_read(void)
{
    gm_tetmesh *m;
    static const char old[] = VTK_HEAD VTK_POINTS VTK_CELLS
        "CELL_DATA 2\nSCALARS tag int\nLOOKUP_TABLE default\n4 -5\n"
        "POINT_DATA 5\nFIELD data 2\nother 2 1 double\n1 2\nF0 3 5 float\n"
        "1 0 0 1 0 0 1 0 0 1 0 0 1 1 0\nSCALARS act float 1\nLOOKUP_TABLE t\n1 2 nan inf -inf\n"
        "METADATA\nINFORMATION 0\n\n";
    EXPECT(parse_grid_mesh(&m, old, sizeof old - 1) == GM_OK);
    EXPECT(m && m->n_nodes == 5 && m->tags[1] == -5 && m->fibres[0][0] == 1);
    EXPECT(m && m->fibres[1][0] > 0.9 && m->fibres[1][1] > 0.2); /* mean of the nodes */
    gm_tetmesh_destroy(m);
    static const char new[] = VTK_HEAD VTK_POINTS
        "METADATA\nINFORMATION 1\nNAME L2 LOCATION vtkDataArray\nDATA 2 0 1\n\n"
        "CELLS 3 8\nOFFSETS vtktypeint64\n0 4 8\nCONNECTIVITY vtktypeint64\n0 1 2 3 1 2 3 4\n"
        "CELL_TYPES 2\n10\n10\nCELL_DATA 2\nVECTORS fibers double\n1 0 0 0 3 4\n";
    EXPECT(parse_grid_mesh(&m, new, sizeof new - 1) == GM_OK);
    EXPECT(m && m->tets[1][3] == 4 && m->fibres[1][2] == 0.8 && !m->tags);
    gm_tetmesh_destroy(m);
}

static void broken_legacy_files_are_refused(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "neither legacy VTK nor VTK XML"},
        {"# vtk DataFile Version 2.0\nx\nASCI\n", "expected ASCII or BINARY"},
        {"# vtk DataFile Version 2.0\nx\nASCII\nDATASET POLYDATA\n", "only UNSTRUCTURED_GRID"},
        {VTK_HEAD, "the file ends without POINTS"},
        {VTK_HEAD VTK_POINTS, "no cells in the file"},
        {VTK_HEAD "POINTS 5 float\n0 0 0 1 0 0\n", "POINTS: 15 numbers promised"},
        {VTK_HEAD "POINTS 2 float\n0 0 0 1 0 x 1\n", "expected POINTS"},
        {VTK_HEAD "POINTS 1 string\nx\n", "data type \"string\" cannot be read"},
        {VTK_HEAD VTK_POINTS "CELLS 2 10\n4 0 1 2 3\n4 1 2 3 4\n",
         "the file ends without CELL_TYPES"},
        {VTK_HEAD VTK_POINTS "CELLS 2 10\n4 0 1 2 3\n5 1 2 3 4\nCELL_TYPES 2\n10 10\n",
         "CELLS: cell 1 has 5 nodes"},
        {VTK_HEAD VTK_POINTS "CELLS 2 11\n4 0 1 2 3\n4 1 2 3 4 9\nCELL_TYPES 2\n10 10\n",
         "1 numbers left over"},
        {VTK_HEAD VTK_POINTS "CELLS 2 9\n4 0 1 2 3\n3 1 2 3\nCELL_TYPES 2\n10 5\n",
         "cell 1 has VTK type 5: only tetrahedra"},
        {VTK_HEAD VTK_POINTS "CELLS 2 10\n4 0 1 2 3\n4 1 2 3 7\nCELL_TYPES 2\n10 10\n",
         "tet 1 has nodes 1 2 3 7"},
        {VTK_HEAD VTK_POINTS "CELLS 2 10\n4 0 1 2 3\n4 1 2 3 4\nCELL_TYPES 3\n10 10 10\n",
         "3 cell types, but 2 cells"},
        {VTK_HEAD VTK_POINTS "CELLS 3 8\nOFFSETS vtktypeint64\n0 4 9\nCONNECTIVITY vtktypeint64\n"
                             "0 1 2 3 1 2 3 4\nCELL_TYPES 2\n10 10\n",
         "cell 1 has corners 4 to 9 of 8"},
        {VTK_HEAD "CELL_TYPES 0\n" VTK_POINTS VTK_CELLS, "CELLS after CELL_TYPES"},
        {VTK_HEAD "POINT_DATA 0\nVECTORS f0 float\n" VTK_POINTS VTK_CELLS, "POINTS after data"},
        {VTK_HEAD VTK_POINTS VTK_POINTS VTK_CELLS, "POINTS: a second time"},
        {VTK_HEAD VTK_POINTS VTK_CELLS "CELL_DATA 3\n", "data of 3 cells, but there are 2"},
        {VTK_HEAD VTK_POINTS VTK_CELLS "CELL_DATA 2\nSCALARS tag float 1\nLOOKUP_TABLE d\n1 1.5\n",
         "\"tag\" of cell 1 is 1.5, no whole number"},
        {VTK_HEAD VTK_POINTS VTK_CELLS "CELL_DATA 2\nVECTORS f0 float\n1 0 0 nan 0 0\n",
         "fibre of element 1 is (nan, 0, 0)"},
        {VTK_HEAD "POINTS 5 float\n0 0 0 1 0 0\n0 1 0 0 0 nan 1 1 1\n" VTK_CELLS,
         "node 3 is at (0, 0, nan) mm: not finite"},
        {VTK_HEAD VTK_POINTS VTK_CELLS "COLOURS 3\n", "unknown section \"COLOURS\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_tetmesh *m;
        EXPECT(parse_grid_mesh(&m, cases[i].text, strlen(cases[i].text)) == GM_EFORMAT && !m);
        EXPECT_CONTAINS(gm_error_text(), cases[i].words);
    }
}

/* A VTU of one tet: every array in one of the formats. */
#define VTU(attributes, points, connectivity, offsets, types, after)                          \
    "<?xml version=\"1.0\"?><VTKFile type=\"UnstructuredGrid\" version=\"0.1\" " attributes   \
    "><UnstructuredGrid><Piece NumberOfPoints=\"4\" NumberOfCells=\"1\"><Points>" points      \
    "</Points><Cells>" connectivity offsets types "</Cells></Piece></UnstructuredGrid>" after \
    "</VTKFile>"
#define ARRAY(type, name, format, data)                                                        \
    "<DataArray type=\"" type "\" Name=\"" name "\" NumberOfComponents=\"3\" format=\"" format \
    "\">" data "</DataArray>"
#define POINTS_TEXT ARRAY("Float64", "Points", "ascii", " 0 0 0 1 0 0 0 1 0 0 0 1 ")
#define CONNECTIVITY_TEXT ARRAY("Int32", "connectivity", "ascii", "0 1 2 3")
#define OFFSETS_TEXT ARRAY("Int64", "offsets", "ascii", "4")
#define TYPES_TEXT ARRAY("UInt8", "types", "ascii", "10")
/* 16 bytes 0 1 2 3 as Int32 behind a UInt32 or UInt64 header, little and big endian. */
#define CONNECTIVITY_32 \
    ARRAY("Int32", "connectivity", "binary", "\n EAAAAAAAAAABAAAAAgAAAAMAAAA=\n")
#define CONNECTIVITY_64 ARRAY("Int32", "connectivity", "binary", "EAAAAAAAAAAAAAAAAQAAAAIAAAADAAAA")
#define CONNECTIVITY_BIG ARRAY("Int32", "connectivity", "binary", "AAAAEAAAAAAAAAABAAAAAgAAAAM=")
/* The header encoded by itself, with its own padding. */
#define CONNECTIVITY_SPLIT \
    ARRAY("Int32", "connectivity", "binary", "EAAAAA==AAAAAAEAAAACAAAAAwAAAA==")

static void vtu_arrays_are_read_in_their_forms(void)
{
    static const char *const files[] = {
        VTU("", POINTS_TEXT, CONNECTIVITY_TEXT, OFFSETS_TEXT, TYPES_TEXT, ""),
        VTU("header_type=\"UInt32\"", POINTS_TEXT, CONNECTIVITY_32, OFFSETS_TEXT, TYPES_TEXT, ""),
        VTU("header_type=\"UInt64\"", POINTS_TEXT, CONNECTIVITY_64, OFFSETS_TEXT, TYPES_TEXT, ""),
        VTU("byte_order=\"BigEndian\"", POINTS_TEXT, CONNECTIVITY_BIG, OFFSETS_TEXT, TYPES_TEXT,
            ""),
        VTU("", POINTS_TEXT, CONNECTIVITY_SPLIT, OFFSETS_TEXT, TYPES_TEXT, ""),
        VTU("", POINTS_TEXT,
            "<DataArray type=\"Int32\" Name=\"connectivity\" format=\"appended\" offset=\"3\"/>",
            OFFSETS_TEXT, TYPES_TEXT,
            "<AppendedData encoding=\"base64\"> _xxxEAAAAAAAAAABAAAAAgAAAAMAAAA= </AppendedData>"),
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        gm_tetmesh *m;
        EXPECT(parse_grid_mesh(&m, files[i], strlen(files[i])) == GM_OK);
        EXPECT(m && m->tets[0][1] == 1 && m->tets[0][3] == 3 && m->nodes_mm[3][2] == 1);
        gm_tetmesh_destroy(m);
    }
}

static void broken_vtu_files_are_refused(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"<VTKFile>", "not well-formed XML"},
        {"<html/>", "XML, but not a VTKFile"},
        {"<VTKFile type=\"ImageData\"/>", "no <Piece>"},
        {"<!DOCTYPE VTKFile [<!ENTITY a \"b\">]><VTKFile/>", "document type"},
        {VTU("compressor=\"vtkLZ4DataCompressor\"", POINTS_TEXT, CONNECTIVITY_TEXT, OFFSETS_TEXT,
             TYPES_TEXT, ""),
         "compressor \"vtkLZ4DataCompressor\": only zlib"},
        {VTU("", "", CONNECTIVITY_TEXT, OFFSETS_TEXT, TYPES_TEXT, ""), "no array  in <Points>"},
        {VTU("", POINTS_TEXT, "", OFFSETS_TEXT, TYPES_TEXT, ""), "no array connectivity"},
        {VTU("", ARRAY("Float64", "P", "ascii", "0 0 0 1 0 0 0 1 0 0 0"), CONNECTIVITY_TEXT,
             OFFSETS_TEXT, TYPES_TEXT, ""),
         "array \"P\""},
        {VTU("", ARRAY("Float64", "P", "ascii", "0 0 0 1 0 0 0 1 0 0 0 1 5"), CONNECTIVITY_TEXT,
             OFFSETS_TEXT, TYPES_TEXT, ""),
         "more than 12 numbers"},
        {VTU("", ARRAY("Text", "P", "ascii", "0"), CONNECTIVITY_TEXT, OFFSETS_TEXT, TYPES_TEXT, ""),
         "type \"Text\" cannot be read"},
        {VTU("", ARRAY("Float64", "P", "hex", "0"), CONNECTIVITY_TEXT, OFFSETS_TEXT, TYPES_TEXT,
             ""),
         "format \"hex\", allowed are"},
        {VTU("", POINTS_TEXT, CONNECTIVITY_64, OFFSETS_TEXT, TYPES_TEXT, ""),
         "more data than the 4 numbers"},
        {VTU("", POINTS_TEXT, ARRAY("Int32", "connectivity", "binary", "EAAAAAAA*AAA"),
             OFFSETS_TEXT, TYPES_TEXT, ""),
         "valid base64"},
        {VTU("", POINTS_TEXT,
             ARRAY("Int64", "connectivity", "binary", "EAAAAAAAAAABAAAAAgAAAAMAAAA="), OFFSETS_TEXT,
             TYPES_TEXT, ""),
         "16 bytes, expected 32 for 4 numbers"},
        {VTU("compressor=\"vtkZLibDataCompressor\"", POINTS_TEXT,
             ARRAY("Int32", "connectivity", "binary", "/////wAAAAAAAAAA"), OFFSETS_TEXT, TYPES_TEXT,
             ""),
         "the data end too early"},
        {VTU("", POINTS_TEXT,
             "<DataArray type=\"Int32\" Name=\"connectivity\" format=\"appended\" offset=\"0\"/>",
             OFFSETS_TEXT, TYPES_TEXT, ""),
         "but the file has no appended data"},
        {VTU("", POINTS_TEXT,
             "<DataArray type=\"Int32\" Name=\"connectivity\" format=\"appended\" offset=\"99\"/>",
             OFFSETS_TEXT, TYPES_TEXT, "<AppendedData encoding=\"raw\">_1234</AppendedData>"),
         "offset \"99\", allowed are 0 to 4"},
        {VTU("", POINTS_TEXT, CONNECTIVITY_TEXT, ARRAY("Int64", "offsets", "ascii", "3"),
             TYPES_TEXT, ""),
         "more than 3 numbers"},
        {VTU("", POINTS_TEXT, CONNECTIVITY_TEXT, ARRAY("Int64", "offsets", "ascii", "-4"),
             TYPES_TEXT, ""),
         "the cells have -4 corners"},
        {VTU("", POINTS_TEXT, CONNECTIVITY_TEXT, OFFSETS_TEXT,
             ARRAY("UInt8", "types", "ascii", "12"), ""),
         "cell 0 has VTK type 12"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_tetmesh *m;
        EXPECT(parse_grid_mesh(&m, cases[i].text, strlen(cases[i].text)) == GM_EFORMAT && !m);
        EXPECT_CONTAINS(gm_error_text(), cases[i].words);
    }
}

/* ---- cuts and flips ------------------------------------------------------------------------------ */

/* A copy of exactly this length, so that reading behind it is seen by the sanitizer. */
static char *copy_of(const char *data, size_t length)
{
    char *copy = malloc(length ? length : 1);
    if (length) memcpy(copy, data, length);
    return copy;
}

static void made_files(gm_text out[2])
{
    gm_tetmesh *m = gm_box_mesh(1, 1.0);
    m->tags = gm_calloc(m->n_tets, sizeof *m->tags);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t e = 0; e < m->n_tets; e++)
        m->fibres[e][1] = 1;
    EXPECT(gm_vtu_print(&out[0], m, NULL, 0) == GM_OK);
    EXPECT(gm_vtk_print(&out[1], m, NULL, 0) == GM_OK);
    gm_tetmesh_destroy(m);
}

static void a_binary_file_cut_anywhere_is_refused(void)
{
    gm_text files[2] = {0};
    made_files(files);
    for (int f = 0; f < 2; f++) {
        size_t n_passed = 0;
        for (size_t length = 0; length < files[f].length; length++) {
            char *cut = copy_of(files[f].data, length);
            gm_tetmesh *m;
            gm_status s = parse_grid_mesh(&m, cut, length);
            EXPECT(s == GM_OK || s == GM_EFORMAT);
            n_passed += s == GM_OK;
            gm_tetmesh_destroy(m);
            free(cut);
        }
        /* Only ends that carry nothing: the last newline; arrays behind the cells of a legacy file. */
        EXPECT(n_passed <= (f == 0 ? 1u : 40u));
    }
    gm_text_free(&files[0]);
    gm_text_free(&files[1]);
}

static void a_flipped_bit_never_gets_a_broken_mesh_through(void)
{
    gm_text files[2] = {0};
    made_files(files);
    for (int f = 0; f < 2; f++)
        for (size_t i = 0; i < 8 * files[f].length; i++) {
            char *flipped = copy_of(files[f].data, files[f].length);
            flipped[i / 8] = (char)(flipped[i / 8] ^ 1 << i % 8);
            gm_tetmesh *m;
            gm_status s = parse_grid_mesh(&m, flipped, files[f].length);
            EXPECT(s == GM_OK || s == GM_EFORMAT);
            if (s == GM_OK) EXPECT(gm_tetmesh_check(m, NULL, "flipped") == GM_OK);
            gm_tetmesh_destroy(m);
            free(flipped);
        }
    gm_text_free(&files[0]);
    gm_text_free(&files[1]);
}

static void text_files_cut_or_flipped_are_read_or_refused(void)
{
    const char *const whole[3] = {pts, elem, lon};
    for (int f = 0; f < 3; f++)
        for (size_t i = 0; i < 9 * strlen(whole[f]); i++) {
            size_t length = i < strlen(whole[f]) ? i : strlen(whole[f]);
            char *changed = copy_of(whole[f], length);
            size_t bit = i - length;
            if (length == strlen(whole[f]))
                changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
            gm_bytes files[3];
            for (int k = 0; k < 3; k++)
                files[k] =
                    k == f ? (gm_bytes){changed, length, "changed"} : text(whole[k], "whole");
            gm_tetmesh *m;
            gm_status s = gm_opencarp_parse(&m, &files[0], &files[1], &files[2]);
            EXPECT(s == GM_OK || s == GM_EFORMAT);
            gm_tetmesh_destroy(m);
            free(changed);
        }
}

static void no_memory_is_said_and_leaks_nothing(void)
{
    gm_text files[2] = {0};
    made_files(files);
    for (int f = 0; f < 2; f++)
        for (long after = 0; after < 100; after++) {
            gm_tetmesh *m;
            gm_alloc_fail_after(after);
            gm_status s = parse_grid_mesh(&m, files[f].data, files[f].length);
            gm_alloc_fail_after(-1);
            EXPECT(s == GM_OK || s == GM_ENOMEM);
            gm_tetmesh_destroy(m);
            if (s == GM_OK) break;
            EXPECT(after < 99);
        }
    for (long after = 0; after < 12; after++) {
        gm_tetmesh *m;
        gm_alloc_fail_after(after);
        gm_status s = parse_opencarp(&m, pts, elem, lon);
        gm_alloc_fail_after(-1);
        EXPECT(s == GM_OK || s == GM_ENOMEM);
        gm_tetmesh_destroy(m);
    }
    gm_text_free(&files[0]);
    gm_text_free(&files[1]);
}

static void a_file_that_is_not_there_is_named(void)
{
    gm_tetmesh *m;
    EXPECT(gm_geometry_read(&m, "/no/such/heart") == GM_ENOTFOUND);
    EXPECT_CONTAINS(gm_error_text(), "/no/such/heart: no such mesh file");
    EXPECT(gm_geometry_read(&m, "/no/such/heart.vtu") == GM_ENOTFOUND);
    EXPECT(gm_geometry_read(&m, "/no/such/heart.pts") == GM_ENOTFOUND);
}

int main(int argc, char **argv)
{
    RUN(an_opencarp_mesh_is_read_in_mm);
    RUN(broken_opencarp_meshes_are_refused);
    RUN(a_lon_file_that_does_not_fit_changes_nothing);
    RUN(tetgen_files_count_from_0_or_1);
    RUN(broken_tetgen_files_are_refused);
    RUN(legacy_text_files_are_read);
    RUN(broken_legacy_files_are_refused);
    RUN(vtu_arrays_are_read_in_their_forms);
    RUN(broken_vtu_files_are_refused);
    RUN(a_binary_file_cut_anywhere_is_refused);
    RUN(a_flipped_bit_never_gets_a_broken_mesh_through);
    RUN(text_files_cut_or_flipped_are_read_or_refused);
    RUN(no_memory_is_said_and_leaks_nothing);
    RUN(a_file_that_is_not_there_is_named);
    return gm_report();
}
