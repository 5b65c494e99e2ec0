#include "geometry/boundary.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "geometry/grid.h"
#include "geometry/numbers.h"
#include "geometry/obj.h"
#include "mesh/surface.h"

/* ---- parsers ------------------------------------------------------------------------------------ */

static gm_scanner scanner_over(const gm_bytes *b)
{
    gm_scanner s = gm_scanner_over(b->data, b->length, b->name);
    s.comment = '#';
    return s;
}

static gm_status scan_node(gm_scanner *s, size_t n_mesh_nodes, int32_t *node)
{
    GM_TRY(gm_number_int(s, node, "a node number"));
    if (*node >= 0 && (size_t)*node < n_mesh_nodes) return GM_OK;
    return gm_scan_fail(s, "node %d, but the mesh has nodes 0 to %zu", *node, n_mesh_nodes - 1);
}

static void skip_rest_of_line(gm_scanner *s)
{
    while (s->at < s->end && *s->at != '\n')
        s->at++;
}

static gm_status scan_triangles(gm_scanner *s, int32_t (*faces)[3], size_t n, size_t n_mesh_nodes)
{
    const char *word;
    size_t length;
    for (size_t i = 0; i < n; i++) {
        if (!gm_scan_word(s, &word, &length))
            return gm_scan_fail(s, "triangle %zu of %zu: the file ends", i, n);
        if (length != 2 || memcmp(word, "Tr", 2) != 0)
            return gm_scan_fail(s, "element %zu is a \"%.*s\": only triangles (Tr) can be read", i,
                                (int)(length < 20 ? length : 20), word);
        for (int k = 0; k < 3; k++)
            GM_TRY(scan_node(s, n_mesh_nodes, &faces[i][k]));
        skip_rest_of_line(s); /* a tag may follow */
    }
    if (gm_scan_at_end(s)) return GM_OK;
    return gm_scan_fail(s, "more follows after the %zu triangles that the first line promises", n);
}

gm_status gm_surf_parse(int32_t (**faces)[3], size_t *n_faces, const gm_bytes *surf,
                        size_t n_mesh_nodes)
{
    *faces = NULL;
    *n_faces = 0;
    gm_scanner s = scanner_over(surf);
    size_t n;
    GM_TRY(gm_number_count(&s, 9, &n, "the number of triangles"));
    skip_rest_of_line(&s); /* a name may follow */
    int32_t(*f)[3] = gm_calloc(n, sizeof *f);
    if (!f) return gm_fail(GM_ENOMEM, "%s: no memory for %zu triangles", surf->name, n);
    gm_status status = scan_triangles(&s, f, n, n_mesh_nodes);
    if (status != GM_OK) {
        gm_free(f);
        return status;
    }
    *faces = f;
    *n_faces = n;
    return GM_OK;
}

/* "intra" or "extra" between the count and the nodes; some writers leave it out. */
static gm_status skip_domain(gm_scanner *s)
{
    if (gm_scan_at_end(s) || (*s->at >= '0' && *s->at <= '9') || *s->at == '-') return GM_OK;
    const char *word;
    size_t n;
    gm_scan_word(s, &word, &n);
    if (n == 5 && (memcmp(word, "intra", 5) == 0 || memcmp(word, "extra", 5) == 0)) return GM_OK;
    return gm_scan_fail(s, "expected intra, extra or a node number, found \"%.*s\"",
                        (int)(n < 20 ? n : 20), word);
}

gm_status gm_vtx_parse(int32_t **nodes, size_t *n, const gm_bytes *vtx, size_t n_mesh_nodes)
{
    *nodes = NULL;
    *n = 0;
    gm_scanner s = scanner_over(vtx);
    size_t count;
    GM_TRY(gm_number_count(&s, 2, &count, "the number of nodes"));
    GM_TRY(skip_domain(&s));
    int32_t *v = gm_calloc(count, sizeof *v);
    if (!v) return gm_fail(GM_ENOMEM, "%s: no memory for %zu nodes", vtx->name, count);
    gm_status status = GM_OK;
    for (size_t i = 0; i < count && status == GM_OK; i++)
        status = scan_node(&s, n_mesh_nodes, &v[i]);
    if (status == GM_OK && !gm_scan_at_end(&s))
        status = gm_scan_fail(&s, "more follows after the %zu nodes that the first line promises",
                              count);
    if (status != GM_OK) {
        gm_free(v);
        return status;
    }
    *nodes = v;
    *n = count;
    return GM_OK;
}

gm_status gm_surface_read(gm_surface **out, const char *path)
{
    *out = NULL;
    if (gm_path_ends_with(path, ".vtp")) {
        gm_grid grid;
        gm_status s = gm_grid_read(&grid, path);
        if (s == GM_OK) s = gm_grid_to_surface(&grid, out, path);
        gm_grid_free(&grid);
        return s;
    }
    if (!gm_path_ends_with(path, ".obj"))
        return gm_fail(GM_EFORMAT, "%s: not a surface format that can be read (.obj, .vtp)", path);
    char *data;
    size_t length;
    GM_TRY(gm_file_read(&data, &length, path, 0));
    gm_status s = gm_obj_parse(out, &(gm_bytes){data, length, path});
    gm_free(data);
    return s;
}

/* ---- sets: one flag a boundary face ------------------------------------------------------------- */

static gm_status flag_nodes(const gm_bytes *vtx, const gm_boundary *b, bool *flag)
{
    int32_t *nodes;
    size_t n;
    GM_TRY(gm_vtx_parse(&nodes, &n, vtx, b->mesh->n_nodes));
    bool *listed = gm_calloc(b->mesh->n_nodes, sizeof *listed);
    for (size_t i = 0; listed && i < n; i++)
        listed[nodes[i]] = true;
    for (size_t i = 0; listed && i < b->n_faces; i++)
        flag[i] = listed[b->faces[i][0]] && listed[b->faces[i][1]] && listed[b->faces[i][2]];
    gm_status s = listed ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", vtx->name);
    gm_free(listed);
    gm_free(nodes);
    return s;
}

static gm_status flag_faces(const int32_t (*faces)[3], size_t n, const char *name,
                            const gm_boundary *b, bool *flag)
{
    int32_t *index = gm_calloc(n, sizeof *index);
    if (!index) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    gm_status s = gm_faces_find(b->faces, b->n_faces, faces, n, index);
    size_t n_bad = 0, first = 0;
    for (size_t i = 0; i < n && s == GM_OK; i++) {
        if (index[i] >= 0)
            flag[index[i]] = true;
        else
            first = n_bad++ ? first : i;
    }
    gm_free(index);
    if (s != GM_OK || n_bad == 0) return s;
    return gm_fail(
        GM_EFORMAT,
        "%s: triangle %zu (mesh nodes %d %d %d) is no boundary face of the mesh (%zu such "
        "of %zu)",
        name, first, faces[first][0], faces[first][1], faces[first][2], n_bad, n);
}

static gm_status flag_triangles(const gm_bytes *surf, const gm_boundary *b, bool *flag)
{
    int32_t(*faces)[3];
    size_t n;
    GM_TRY(gm_surf_parse(&faces, &n, surf, b->mesh->n_nodes));
    gm_status s = flag_faces((const int32_t(*)[3])faces, n, surf->name, b, flag);
    gm_free(faces);
    return s;
}

static gm_status flag_surface(const char *path, const gm_boundary *b, bool *flag)
{
    gm_surface *surface;
    GM_TRY(gm_surface_read(&surface, path));
    gm_status s = gm_surface_match(surface, b->mesh, GM_BOUNDARY_MATCH_MM, path);
    if (s == GM_OK) {
        for (size_t i = 0; i < surface->n_faces; i++)
            for (int k = 0; k < 3; k++)
                surface->faces[i][k] = surface->mesh_nodes[surface->faces[i][k]];
        s = flag_faces((const int32_t(*)[3])surface->faces, surface->n_faces, path, b, flag);
    }
    gm_surface_destroy(surface);
    return s;
}

static gm_status flag_set(const char *path, const gm_boundary *b, bool *flag)
{
    bool is_vtx = gm_path_ends_with(path, ".vtx");
    if (!is_vtx && !gm_path_ends_with(path, ".surf")) return flag_surface(path, b, flag);
    char *data;
    size_t length;
    GM_TRY(gm_file_read(&data, &length, path, 0));
    gm_bytes bytes = {data, length, path};
    gm_status s = is_vtx ? flag_nodes(&bytes, b, flag) : flag_triangles(&bytes, b, flag);
    gm_free(data);
    return s;
}

static gm_status flags_to_index(const bool *flag, size_t n_faces, const char *path, int32_t **index,
                                size_t *n)
{
    size_t count = 0;
    for (size_t i = 0; i < n_faces; i++)
        count += flag[i];
    if (count == 0) return gm_fail(GM_EFORMAT, "%s: no boundary face of the mesh is in it", path);
    int32_t *list = gm_calloc(count, sizeof *list);
    if (!list) return gm_fail(GM_ENOMEM, "%s: no memory", path);
    *index = list;
    *n = count;
    for (size_t i = 0; i < n_faces; i++)
        if (flag[i]) *list++ = (int32_t)i;
    return GM_OK;
}

gm_status gm_boundary_read(int32_t **index, size_t *n, const char *path, const gm_boundary *b)
{
    *index = NULL;
    *n = 0;
    bool *flag = gm_calloc(b->n_faces, sizeof *flag);
    if (!flag) return gm_fail(GM_ENOMEM, "%s: no memory", path);
    gm_status s = flag_set(path, b, flag);
    if (s == GM_OK) s = flags_to_index(flag, b->n_faces, path, index, n);
    gm_free(flag);
    return s;
}
