#include "heart/case/face_sets.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "geometry/boundary.h"
#include "mesh/surface.h"

static const char *const endings[] = {".vtx", ".surf", ".obj", ".vtp", NULL};

void gm_face_set_free(gm_face_set *s)
{
    gm_free(s->faces);
    *s = (gm_face_set){0};
}

gm_status gm_face_set_read(gm_face_set *out, const gm_tetmesh *mesh, const gm_locator *muscle,
                           const char *path)
{
    *out = (gm_face_set){0};
    bool is_known = false;
    for (int i = 0; endings[i]; i++)
        is_known |= gm_path_ends_with(path, endings[i]);
    if (!is_known)
        return gm_fail(GM_EFORMAT, "%s: allowed are .vtx, .surf, .obj and .vtp files", path);
    gm_boundary boundary = {.mesh = mesh};
    boundary.n_faces = gm_locator_faces(muscle, &boundary.faces);
    int32_t *index;
    size_t n;
    GM_TRY(gm_boundary_read(&index, &n, path, &boundary));
    out->faces = gm_calloc(n, sizeof *out->faces);
    for (size_t i = 0; out->faces && i < n; i++)
        memcpy(out->faces[out->n_faces++], boundary.faces[index[i]], sizeof(int32_t[3]));
    gm_free(index);
    return out->faces ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory for %zu faces", path, n);
}

gm_status gm_face_sets_disjoint(const gm_face_set *a, const gm_face_set *b, const char *name)
{
    if (!a->n_faces || !b->n_faces) return GM_OK;
    int32_t *index = gm_calloc(b->n_faces, sizeof *index);
    if (!index) return gm_fail(GM_ENOMEM, "%s: no memory to compare %zu faces", name, b->n_faces);
    gm_status s = gm_faces_find((const int32_t(*)[3])a->faces, a->n_faces,
                                (const int32_t(*)[3])b->faces, b->n_faces, index);
    size_t common = 0;
    for (size_t i = 0; s == GM_OK && i < b->n_faces; i++)
        common += index[i] >= 0;
    gm_free(index);
    if (s != GM_OK || common == 0) return s;
    return gm_fail(GM_EFORMAT, "%s: \"lv\" and \"rv\" share %zu faces, allowed none", name, common);
}
