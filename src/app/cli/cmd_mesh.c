/* gemel mesh: look at meshes, check, convert and refine them. */
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"
#include "core/alloc.h"
#include "core/file.h"
#include "geometry/geometry.h"
#include "geometry/opencarp.h"
#include "geometry/write.h"

/* Below it a tet is worth a warning: P1 stiffness matrices grow with 1/sin of the smallest angle. */
static const double thin_dihedral_deg = 5;

enum { MAX_TIMES = 4, MAX_TAGS_SHOWN = 50 };

typedef enum { OPENCARP, VTK, VTU, TETGEN, N_FORMATS } format;

static const struct {
    const char *name, *endings[4];
} formats[N_FORMATS] = {
    [OPENCARP] = {"opencarp", {".pts", ".elem", ".lon"}},
    [VTK] = {"vtk", {".vtk"}},
    [VTU] = {"vtu", {".vtu"}},
    [TETGEN] = {"tetgen", {".node", ".ele"}},
};

/* ---- facts -------------------------------------------------------------------------------------- */

static gm_status set_facts(json_t *o, const gm_tetmesh *m, const gm_tetmesh_facts *f)
{
    const struct {
        const char *key;
        double value;
    } rows[] = {
        {"volume_mm3", f->volume_mm3},
        {"min_volume_mm3", f->min_volume_mm3},
        {"max_volume_mm3", f->max_volume_mm3},
        {"mean_edge_mm", f->mean_edge_mm},
        {"min_edge_mm", f->min_edge_mm},
        {"max_edge_mm", f->max_edge_mm},
        {"min_dihedral_deg", f->min_dihedral_deg},
        {"max_dihedral_deg", f->max_dihedral_deg},
    };
    int bad = json_object_set_new(o, "n_nodes", json_integer((json_int_t)m->n_nodes));
    bad |= json_object_set_new(o, "n_tets", json_integer((json_int_t)m->n_tets));
    bad |=
        json_object_set_new(o, "n_boundary_faces", json_integer((json_int_t)f->n_boundary_faces));
    bad |= json_object_set_new(o, "n_parts", json_integer((json_int_t)f->n_parts));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bad |= json_object_set_new(o, rows[i].key, gm_json_real_or_null(rows[i].value));
    bad |=
        json_object_set_new(o, "min_dihedral_tet", json_integer((json_int_t)f->min_dihedral_tet));
    bad |= json_object_set_new(o, "box_min_mm", gm_json_reals(f->box_min_mm, 3));
    bad |= json_object_set_new(o, "box_max_mm", gm_json_reals(f->box_max_mm, 3));
    bad |= json_object_set_new(o, "has_fibres", json_boolean(m->fibres));
    bad |= json_object_set_new(o, "has_sheets", json_boolean(m->sheets));
    return bad ? gm_fail(GM_ENOMEM, "mesh: no memory for the facts") : GM_OK;
}

static int compare_int32(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* "tags": {"1": 17866}, the first few of them. */
static gm_status set_tags(json_t *o, const gm_tetmesh *m)
{
    json_t *counts = json_object();
    if (json_object_set_new(o, "tags", counts)) return gm_fail(GM_ENOMEM, "mesh: no memory");
    if (!m->tags) return GM_OK;
    int32_t *sorted = gm_calloc(m->n_tets, sizeof *sorted);
    if (!sorted) return gm_fail(GM_ENOMEM, "mesh: no memory to count the tags");
    memcpy(sorted, m->tags, m->n_tets * sizeof *sorted);
    qsort(sorted, m->n_tets, sizeof *sorted, compare_int32);
    size_t from = 0;
    for (size_t e = 1; e <= m->n_tets && json_object_size(counts) < MAX_TAGS_SHOWN; e++) {
        if (e < m->n_tets && sorted[e] == sorted[from]) continue;
        char key[16];
        snprintf(key, sizeof key, "%d", sorted[from]);
        json_object_set_new(counts, key, json_integer((json_int_t)(e - from)));
        from = e;
    }
    gm_free(sorted);
    return GM_OK;
}

static gm_status say_facts(gm_result *r, const gm_tetmesh *m, const gm_tetmesh_facts *f)
{
    GM_TRY(gm_result_say(r, "%zu nodes, %zu tets, %zu boundary faces, %zu %s\n", m->n_nodes,
                         m->n_tets, f->n_boundary_faces, f->n_parts,
                         f->n_parts == 1 ? "part" : "parts"));
    GM_TRY(gm_result_say(r, "volume        %.2f cm3, tets %.4g to %.4g mm3\n", f->volume_mm3 / 1e3,
                         f->min_volume_mm3, f->max_volume_mm3));
    GM_TRY(gm_result_say(r, "edges         %.3f mm in the mean, %.3f to %.3f mm\n", f->mean_edge_mm,
                         f->min_edge_mm, f->max_edge_mm));
    GM_TRY(gm_result_say(r, "dihedral      %.2f to %.2f degrees\n", f->min_dihedral_deg,
                         f->max_dihedral_deg));
    GM_TRY(gm_result_say(r, "box           %.2f %.2f %.2f to %.2f %.2f %.2f mm\n", f->box_min_mm[0],
                         f->box_min_mm[1], f->box_min_mm[2], f->box_max_mm[0], f->box_max_mm[1],
                         f->box_max_mm[2]));
    return gm_result_say(r, "carries       %s, %s\n", m->tags ? "region tags" : "no region tags",
                         m->sheets   ? "fibres and sheets"
                         : m->fibres ? "fibres"
                                     : "no fibres");
}

/* Sound, but worth knowing. */
static gm_status add_warnings(gm_result *r, const gm_tetmesh_facts *f)
{
    json_t *list = json_array();
    if (json_object_set_new(r->values, "warnings", list))
        return gm_fail(GM_ENOMEM, "mesh: no memory");
    char text[200];
    if (f->min_dihedral_deg < thin_dihedral_deg) {
        snprintf(text, sizeof text,
                 "thin tets: the smallest dihedral angle is %.2f degrees (tet %zu)",
                 f->min_dihedral_deg, f->min_dihedral_tet);
        json_array_append_new(list, json_string(text));
        GM_TRY(gm_result_say(r, "warning: %s\n", text));
    }
    if (f->n_parts > 1) {
        snprintf(text, sizeof text, "%zu parts that share no face", f->n_parts);
        json_array_append_new(list, json_string(text));
        GM_TRY(gm_result_say(r, "warning: %s\n", text));
    }
    return GM_OK;
}

static gm_status describe(gm_result *r, const gm_tetmesh *m)
{
    gm_tetmesh_facts f;
    GM_TRY(gm_tetmesh_measure(m, &f));
    GM_TRY(set_facts(r->values, m, &f));
    GM_TRY(set_tags(r->values, m));
    GM_TRY(say_facts(r, m, &f));
    return add_warnings(r, &f);
}

static gm_status run_info(const gm_args *args, const gm_run *run, gm_result *out)
{
    (void)run;
    gm_tetmesh *m;
    GM_TRY(gm_geometry_read(&m, args->words[0]));
    gm_status s = describe(out, m);
    gm_tetmesh_destroy(m);
    return s;
}

static gm_status run_check(const gm_args *args, const gm_run *run, gm_result *out)
{
    (void)run;
    gm_tetmesh *m;
    gm_tetmesh_facts f;
    GM_TRY(gm_geometry_read(&m, args->words[0])); /* which checks */
    json_object_set_new(out->values, "is_sound", json_true());
    gm_status s = gm_result_say(out, "%s is sound: %zu nodes, %zu tets\n", args->words[0],
                                m->n_nodes, m->n_tets);
    if (s == GM_OK) s = gm_tetmesh_measure(m, &f);
    if (s == GM_OK) s = add_warnings(out, &f);
    gm_tetmesh_destroy(m);
    return s;
}

/* ---- where it goes ------------------------------------------------------------------------------ */

typedef struct {
    format format;
    char *base; /* without ending */
} target;

static bool strip_ending(char *base, format f)
{
    for (int i = 0; formats[f].endings[i]; i++)
        if (gm_path_ends_with(base, formats[f].endings[i])) {
            base[strlen(base) - strlen(formats[f].endings[i])] = 0;
            return true;
        }
    return false;
}

static gm_status format_of(const gm_args *args, char *base, format *out)
{
    const char *name = gm_args_text(args, "format");
    *out = OPENCARP;
    if (!name) { /* the ending says it */
        for (int f = 0; f < N_FORMATS; f++)
            if (strip_ending(base, (format)f)) *out = (format)f;
        return GM_OK;
    }
    for (int f = 0; f < N_FORMATS; f++)
        if (strcmp(name, formats[f].name) == 0) {
            *out = (format)f;
            strip_ending(base, (format)f);
            return GM_OK;
        }
    return gm_fail(GM_EUSAGE, "--format %s: allowed are opencarp, vtk, vtu and tetgen", name);
}

static gm_status find_target(const gm_args *args, target *out)
{
    const char *o = gm_args_text(args, "o");
    *out = (target){.base = gm_strdup(o)};
    if (!o || !*o) return gm_fail(GM_EUSAGE, "-o BASENAME is needed: where the mesh goes");
    if (!out->base) return gm_fail(GM_ENOMEM, "%s: no memory", o);
    return format_of(args, out->base, &out->format);
}

static gm_status make_parent(const char *path)
{
    char *folder = gm_strdup(path);
    if (!folder) return gm_fail(GM_ENOMEM, "%s: no memory", path);
    char *slash = strrchr(folder, '/');
    gm_status s = GM_OK;
    if (slash && slash != folder) {
        *slash = 0;
        s = gm_folder_make(folder);
    }
    gm_free(folder);
    return s;
}

/* The formats that a result has no kind of file for. */
static gm_status write_now(const gm_tetmesh *m, const target *t)
{
    GM_TRY(make_parent(t->base));
    if (t->format == TETGEN) return gm_tetgen_write(t->base, m);
    gm_text path = {0};
    gm_text_addf(&path, "%s.vtk", t->base);
    gm_status s = gm_text_status(&path);
    if (s == GM_OK) s = gm_vtk_write(path.data, m, NULL, 0);
    gm_text_free(&path);
    return s;
}

/* Takes the mesh over. */
static gm_status give_mesh(gm_result *r, gm_tetmesh *m, const target *t)
{
    if (t->format == TETGEN || t->format == VTK) {
        gm_status s = write_now(m, t);
        gm_tetmesh_destroy(m);
        return s;
    }
    gm_text path = {0};
    r->files_as_named = true; /* -o is a base name */
    gm_text_addf(&path, "%s%s", t->base, t->format == VTU ? ".vtu" : "");
    gm_file *file = NULL;
    gm_status s = gm_text_status(&path);
    if (s == GM_OK)
        s = gm_result_add_file(r, t->format == VTU ? GM_FILE_MESH : GM_FILE_MESH_SET, path.data,
                               &file);
    gm_text_free(&path);
    if (s == GM_OK)
        file->as.mesh.mesh = m;
    else
        gm_tetmesh_destroy(m);
    return s;
}

static gm_status say_where(gm_result *r, const gm_tetmesh *m, const target *t)
{
    GM_TRY(gm_result_say(r, "written:"));
    for (int i = 0; formats[t->format].endings[i]; i++)
        if (i < 2 || m->fibres)
            GM_TRY(gm_result_say(r, " %s%s", t->base, formats[t->format].endings[i]));
    GM_TRY(gm_result_say(r, "\n"));
    if (t->format == TETGEN && m->fibres)
        GM_TRY(gm_result_say(r, "note: TetGen files hold no fibres\n"));
    json_object_set_new(r->values, "format", json_string(formats[t->format].name));
    json_object_set_new(r->values, "base", json_string(t->base));
    return GM_OK;
}

/* ---- convert, refine ---------------------------------------------------------------------------- */

static gm_status read_with_fibres(const gm_args *args, gm_tetmesh **out)
{
    GM_TRY(gm_geometry_read(out, args->words[0]));
    const char *lon = gm_args_text(args, "fibres");
    gm_status s = lon ? gm_opencarp_read_lon(*out, lon) : GM_OK;
    if (s == GM_OK) return GM_OK;
    gm_tetmesh_destroy(*out);
    *out = NULL;
    return s;
}

static gm_status refine_times(gm_tetmesh **m, size_t times, const gm_run *run)
{
    for (size_t i = 0; i < times; i++) {
        gm_tetmesh *fine;
        GM_TRY(gm_interrupt_check("refining"));
        gm_progress_report(run->progress, "refining", (double)i / (double)times);
        GM_TRY(gm_tetmesh_refine(*m, &fine, NULL));
        gm_tetmesh_destroy(*m);
        *m = fine;
    }
    return GM_OK;
}

/* Reads, refines and describes; *m is the caller's whatever happens. */
static gm_status make(const gm_args *args, size_t times, const gm_run *run, gm_result *out,
                      const target *t, gm_tetmesh **m)
{
    GM_TRY(read_with_fibres(args, m));
    GM_TRY(refine_times(m, times, run));
    GM_TRY(describe(out, *m));
    return say_where(out, *m, t);
}

static gm_status run_make(const gm_args *args, size_t times, const gm_run *run, gm_result *out)
{
    target t;
    gm_tetmesh *m = NULL;
    gm_status s = find_target(args, &t);
    if (s == GM_OK) s = make(args, times, run, out, &t, &m);
    if (s == GM_OK)
        s = give_mesh(out, m, &t);
    else
        gm_tetmesh_destroy(m);
    gm_free(t.base);
    return s;
}

static gm_status run_convert(const gm_args *args, const gm_run *run, gm_result *out)
{
    return run_make(args, 0, run, out);
}

static gm_status run_refine(const gm_args *args, const gm_run *run, gm_result *out)
{
    size_t times = 1;
    GM_TRY(gm_args_count(args, "times", &times));
    return run_make(args, times, run, out);
}

/* ---- tables ------------------------------------------------------------------------------------- */

static const gm_option no_options[] = {{0}};

#define TARGET_OPTIONS                                                                 \
    {"o", GM_ARG_FILE, "BASENAME", 0, 0, NULL, NULL, "where it goes, without ending"}, \
        {"format",                                                                     \
         GM_ARG_TEXT,                                                                  \
         "opencarp|vtk|vtu|tetgen",                                                    \
         0,                                                                            \
         0,                                                                            \
         NULL,                                                                         \
         NULL,                                                                         \
         "default: what the ending of BASENAME says, else opencarp"},                  \
    {                                                                                  \
        "fibres", GM_ARG_FILE, "FILE.lon", 0, 0, NULL, NULL,                           \
            "fibres to take instead of those of the mesh"                              \
    }

static const gm_option convert_options[] = {TARGET_OPTIONS, {0}};
static const gm_option refine_options[] = {
    TARGET_OPTIONS,
    {"times", GM_ARG_COUNT, "N", 1, MAX_TIMES, NULL, "1", "how often; each time 8 tets for one"},
    {0},
};

#define FORMATS_READ                                                                            \
    "IN is an openCARP base name (.pts in um, .elem, .lon) or one of its files, a TetGen base " \
    "name or file (.node, .ele), a legacy VTK file (.vtk, ASCII or binary) or a VTU file; "     \
    "all but openCARP in mm. Only tetrahedra. "

const gm_verb gm_mesh_verbs[] = {
    {"mesh", "info", "IN", 1, 1, "say what a mesh is: size, edges, volumes, angles",
     FORMATS_READ "A mesh that is not sound is refused, as `gemel mesh check` does.", no_options,
     run_info},
    {"mesh", "check", "IN", 1, 1, "refuse a broken mesh, with the element that is at fault",
     FORMATS_READ
     "Refused are: coordinates that are no numbers, nodes out of range or in no tet, tets that are "
     "inverted or below 1e-9 mm3, faces of more than two tets or with both tets on one side, "
     "fibres "
     "without direction or not one for each tet. A file in which all tets are inverted counts the "
     "other way round and is turned. Dihedral angles below 5 degrees are a warning.",
     no_options, run_check},
    {"mesh", "convert", "IN", 1, 1, "write a mesh in another format",
     FORMATS_READ
     "Nodes, tets, region tags, fibres and sheets are kept to the last bit; other fields are not "
     "taken along.",
     convert_options, run_convert},
    {"mesh", "refine", "IN", 1, 1, "cut each tet into eight",
     FORMATS_READ
     "Edges are halved; the inner octahedron is cut along its shortest diagonal. Old nodes keep "
     "their numbers; tags and fibres are inherited, the volume stays the same.",
     refine_options, run_refine},
    {0},
};
