/* files_for_tests.h - a folder of files about a heart, for tests only. */
#ifndef GM_HEART_CASE_FILES_FOR_TESTS_H
#define GM_HEART_CASE_FILES_FOR_TESTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "mesh/box_for_tests.h"
#include "mesh/tetmesh.h"

/* A cube of muscle, n cubes of h_mm a side, fibres along x. */
static inline gm_tetmesh *gm_muscle_cube(int n, double h_mm)
{
    gm_tetmesh *m = gm_box_mesh(n, h_mm);
    if (m) m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    if (!m || !m->fibres) abort();
    for (size_t e = 0; e < m->n_tets; e++)
        m->fibres[e][0] = 1;
    return m;
}

/* A new empty folder; the caller removes it with gm_folder_drop(). */
static inline const char *gm_folder_for_test(char path[64])
{
    strcpy(path, "/tmp/gemel_test_XXXXXX");
    if (!mkdtemp(path)) abort();
    return path;
}

static inline void gm_folder_drop(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command)) printf("could not remove %s\n", path);
}

static inline void gm_put(const char *folder, const char *leaf, const char *text)
{
    char *path = gm_path_join(folder, leaf);
    if (gm_file_write(path, text, strlen(text)) != GM_OK) abort();
    gm_free(path);
}

static inline void gm_put_text(const char *folder, const char *leaf, gm_text *text)
{
    gm_put(folder, leaf, text->data);
    gm_text_free(text);
}

/* openCARP files of the mesh under this base name; um_per_mm other than 1000 writes a wrong unit. */
static inline void gm_put_mesh(const char *folder, const char *base, const gm_tetmesh *m,
                               double um_per_mm, bool with_fibres)
{
    char leaf[64];
    gm_text t = {0};
    gm_text_addf(&t, "%zu\n", m->n_nodes);
    for (size_t i = 0; i < m->n_nodes; i++)
        gm_text_addf(&t, "%.17g %.17g %.17g\n", m->nodes_mm[i][0] * um_per_mm,
                     m->nodes_mm[i][1] * um_per_mm, m->nodes_mm[i][2] * um_per_mm);
    snprintf(leaf, sizeof leaf, "%s.pts", base);
    gm_put_text(folder, leaf, &t);
    gm_text_addf(&t, "%zu\n", m->n_tets);
    for (size_t e = 0; e < m->n_tets; e++)
        gm_text_addf(&t, "Tt %d %d %d %d %d\n", m->tets[e][0], m->tets[e][1], m->tets[e][2],
                     m->tets[e][3], m->tags ? m->tags[e] : 1);
    snprintf(leaf, sizeof leaf, "%s.elem", base);
    gm_put_text(folder, leaf, &t);
    if (!with_fibres) return;
    gm_text_add(&t, "1\n");
    for (size_t e = 0; e < m->n_tets; e++)
        gm_text_addf(&t, "%.17g %.17g %.17g\n", m->fibres[e][0], m->fibres[e][1], m->fibres[e][2]);
    snprintf(leaf, sizeof leaf, "%s.lon", base);
    gm_put_text(folder, leaf, &t);
}

#endif
