#include "geometry/write.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "geometry/numbers.h"

enum { MM_TO_UM = 3 }; /* decimal places */

static void add_ints(gm_text *t, const int32_t *v, int n)
{
    for (int k = 0; k < n; k++) {
        gm_text_add_bytes(t, " ", 1);
        gm_number_add_int(t, v[k]);
    }
}

static void add_vector(gm_text *t, const double v[3], int shift)
{
    for (int k = 0; k < 3; k++) {
        if (k) gm_text_add_bytes(t, " ", 1);
        gm_number_add(t, v[k], shift);
    }
}

/* Writes the text to base + ending and empties it. */
static gm_status put(gm_text *t, const char *base, const char *ending)
{
    gm_status s = gm_text_status(t);
    char *path = NULL;
    if (s == GM_OK) {
        size_t n = strlen(base);
        path = gm_calloc(n + strlen(ending) + 1, 1);
        if (!path) s = gm_fail(GM_ENOMEM, "%s%s: no memory", base, ending);
    }
    if (s == GM_OK) {
        strcpy(path, base);
        strcat(path, ending);
        s = gm_file_write(path, t->data, t->length);
    }
    gm_free(path);
    gm_text_free(t);
    return s;
}

static gm_status write_pts(const char *base, const gm_tetmesh *m)
{
    gm_text t = {0};
    gm_text_addf(&t, "%zu\n", m->n_nodes);
    for (size_t i = 0; i < m->n_nodes; i++) {
        add_vector(&t, m->nodes_mm[i], MM_TO_UM);
        gm_text_add_bytes(&t, "\n", 1);
    }
    return put(&t, base, ".pts");
}

static gm_status write_elem(const char *base, const gm_tetmesh *m)
{
    gm_text t = {0};
    gm_text_addf(&t, "%zu\n", m->n_tets);
    for (size_t e = 0; e < m->n_tets; e++) {
        gm_text_add_bytes(&t, "Tt", 2);
        add_ints(&t, m->tets[e], 4);
        if (m->tags) add_ints(&t, &m->tags[e], 1);
        gm_text_add_bytes(&t, "\n", 1);
    }
    return put(&t, base, ".elem");
}

static gm_status write_lon(const char *base, const gm_tetmesh *m)
{
    gm_text t = {0};
    gm_text_addf(&t, "%d\n", m->sheets ? 2 : 1);
    for (size_t e = 0; e < m->n_tets; e++) {
        add_vector(&t, m->fibres[e], 0);
        if (m->sheets) {
            gm_text_add_bytes(&t, " ", 1);
            add_vector(&t, m->sheets[e], 0);
        }
        gm_text_add_bytes(&t, "\n", 1);
    }
    return put(&t, base, ".lon");
}

gm_status gm_opencarp_write(const char *base, const gm_tetmesh *m)
{
    GM_TRY(write_pts(base, m));
    GM_TRY(write_elem(base, m));
    return m->fibres ? write_lon(base, m) : GM_OK;
}

gm_status gm_tetgen_write(const char *base, const gm_tetmesh *m)
{
    gm_text t = {0};
    gm_text_addf(&t, "%zu 3 0 0\n", m->n_nodes);
    for (size_t i = 0; i < m->n_nodes; i++) {
        gm_number_add_int(&t, (int64_t)i);
        gm_text_add_bytes(&t, " ", 1);
        add_vector(&t, m->nodes_mm[i], 0);
        gm_text_add_bytes(&t, "\n", 1);
    }
    GM_TRY(put(&t, base, ".node"));
    gm_text_addf(&t, "%zu 4 %d\n", m->n_tets, m->tags ? 1 : 0);
    for (size_t e = 0; e < m->n_tets; e++) {
        gm_number_add_int(&t, (int64_t)e);
        add_ints(&t, m->tets[e], 4);
        if (m->tags) add_ints(&t, &m->tags[e], 1);
        gm_text_add_bytes(&t, "\n", 1);
    }
    return put(&t, base, ".ele");
}

gm_status gm_surf_write(const char *path, const int32_t (*faces)[3], size_t n)
{
    gm_text t = {0};
    gm_text_addf(&t, "%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        gm_text_add_bytes(&t, "Tr", 2);
        add_ints(&t, faces[i], 3);
        gm_text_add_bytes(&t, "\n", 1);
    }
    return put(&t, path, "");
}

gm_status gm_vtx_write(const char *path, const int32_t *nodes, size_t n)
{
    gm_text t = {0};
    gm_text_addf(&t, "%zu\nintra\n", n);
    for (size_t i = 0; i < n; i++) {
        gm_number_add_int(&t, nodes[i]);
        gm_text_add_bytes(&t, "\n", 1);
    }
    return put(&t, path, "");
}
