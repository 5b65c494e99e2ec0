/* crtdemo_for_tests.h - the biventricular test mesh of the shared reference data, for tests only.
 *
 * Its text tables (nodes_mm.txt, tets.txt, fibre_tet_unit.txt) are no format of the program.
 */
#ifndef GM_GEOMETRY_CRTDEMO_FOR_TESTS_H
#define GM_GEOMETRY_CRTDEMO_FOR_TESTS_H

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "mesh/tetmesh.h"

#define GM_CRTDEMO_DIR GM_SHARED_DIR "/data/heart/crtdemo" /* for NEED_DATA() */

enum { GM_CRTDEMO_N_NODES = 4569, GM_CRTDEMO_N_TETS = 17866 };

/* Fills out[0 .. n_rows*n_columns) from a table of blank-separated numbers of this folder. */
static inline gm_status gm_crtdemo_table(const char *leaf, double *out, size_t n)
{
    char *path = gm_path_join(GM_CRTDEMO_DIR, leaf), *data;
    size_t length;
    gm_status s = gm_file_read(&data, &length, path, 0);
    if (s == GM_OK) {
        gm_scanner scan = gm_scanner_over(data, length, leaf);
        for (size_t i = 0; i < n && s == GM_OK; i++)
            s = gm_scan_real(&scan, &out[i], "a number");
        if (s == GM_OK && !gm_scan_at_end(&scan)) s = gm_scan_fail(&scan, "more than expected");
        gm_free(data);
    }
    gm_free(path);
    return s;
}

/* The mesh with its fibres, checked. The caller owns *out. */
static inline gm_status gm_crtdemo_mesh(gm_tetmesh **out)
{
    gm_tetmesh *m;
    *out = NULL;
    GM_TRY(gm_tetmesh_create(&m, GM_CRTDEMO_N_NODES, GM_CRTDEMO_N_TETS));
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    double *numbers = gm_calloc(m->n_tets * 4, sizeof *numbers);
    gm_status s = gm_crtdemo_table("nodes_mm.txt", m->nodes_mm[0], m->n_nodes * 3);
    if (s == GM_OK) s = gm_crtdemo_table("tets.txt", numbers, m->n_tets * 4);
    if (s == GM_OK) s = gm_crtdemo_table("fibre_tet_unit.txt", m->fibres[0], m->n_tets * 3);
    for (size_t i = 0; i < m->n_tets * 4 && s == GM_OK; i++)
        m->tets[i / 4][i % 4] = (int32_t)numbers[i];
    gm_free(numbers);
    if (s == GM_OK) s = gm_tetmesh_check(m, NULL, "crtdemo");
    if (s == GM_OK)
        *out = m;
    else
        gm_tetmesh_destroy(m);
    return s;
}

#endif
