/* crtdemo_case.c - writes a case folder (case.json and its files) of the reference heart, refined as
 * often as wanted: what the virtual patients of virtual_patients live in, and the first case to
 * try `gemel heart forward` and `gemel heart fit` on.
 *
 * usage: crtdemo_case FOLDER [REFINEMENTS]
 * Also writes FOLDER/ecg_target.csv: the published 12-lead ECG in mV with the physical sign.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "geometry/boundary.h"
#include "geometry/crtdemo_for_tests.h"
#include "geometry/write.h"

static const double SIGMA0_MS_CM = 3.0;

static void must(gm_status s)
{
    if (s == GM_OK) return;
    fprintf(stderr, "crtdemo_case: %s\n", gm_error_text());
    exit(1);
}

typedef struct {
    size_t n;
    int32_t (*faces)[3];
} face_list;

static int by_number(const void *a, const void *b)
{
    return (*(const int32_t *)a > *(const int32_t *)b) -
           (*(const int32_t *)a < *(const int32_t *)b);
}

static int by_face(const void *a, const void *b)
{
    return memcmp(a, b, 3 * sizeof(int32_t));
}

/* Faces with their nodes in rising order, sorted: to be looked up. */
static face_list sorted_copy(face_list f)
{
    face_list s = {f.n, gm_calloc(f.n, sizeof *s.faces)};
    for (size_t i = 0; i < f.n; i++) {
        memcpy(s.faces[i], f.faces[i], sizeof *s.faces);
        qsort(s.faces[i], 3, sizeof(int32_t), by_number);
    }
    qsort(s.faces, s.n, sizeof *s.faces, by_face);
    return s;
}

/* The faces of the refined boundary that lie in the old faces: their corners come from three nodes. */
static face_list refined_faces(face_list old, const gm_tetmesh *fine, size_t n_old_nodes,
                               const int32_t (*parents)[2])
{
    face_list lookup = sorted_copy(old), out = {0, gm_calloc(4 * old.n, sizeof *out.faces)};
    int32_t(*boundary)[3];
    size_t n;
    must(gm_tetmesh_boundary(fine, &boundary, NULL, &n));
    for (size_t i = 0; i < n; i++) {
        int32_t from[3] = {-1, -1, -1};
        int n_from = 0;
        for (int k = 0; k < 3; k++) {
            int32_t node = boundary[i][k], pair[2] = {node, node};
            if ((size_t)node >= n_old_nodes)
                memcpy(pair, parents[(size_t)node - n_old_nodes], sizeof pair);
            for (int p = 0; p < 2; p++)
                if (n_from < 4 && pair[p] != from[0] && pair[p] != from[1] && pair[p] != from[2]) {
                    if (n_from < 3) from[n_from] = pair[p];
                    n_from++;
                }
        }
        if (n_from != 3) continue;
        qsort(from, 3, sizeof(int32_t), by_number);
        if (bsearch(from, lookup.faces, lookup.n, sizeof from, by_face))
            memcpy(out.faces[out.n++], boundary[i], sizeof *out.faces);
    }
    gm_free(boundary);
    gm_free(lookup.faces);
    gm_free(old.faces);
    return out;
}

static face_list endocardium(const gm_tetmesh *m, const char *obj)
{
    int32_t(*faces)[3], *index;
    size_t n_faces, n;
    must(gm_tetmesh_boundary(m, &faces, NULL, &n_faces));
    gm_boundary b = {m, (const int32_t(*)[3])faces, n_faces};
    char *path = gm_path_join(GM_CRTDEMO_DIR "/raw", obj);
    must(gm_boundary_read(&index, &n, path, &b));
    face_list out = {n, gm_calloc(n, sizeof *out.faces)};
    for (size_t i = 0; i < n; i++)
        memcpy(out.faces[i], faces[index[i]], sizeof *out.faces);
    gm_free(faces);
    gm_free(index);
    gm_free(path);
    return out;
}

static void put(const char *folder, const char *leaf, const char *text, size_t n)
{
    char *path = gm_path_join(folder, leaf);
    must(gm_file_write(path, text, n));
    gm_free(path);
}

static void put_surface(const char *folder, const char *leaf, face_list f)
{
    char *path = gm_path_join(folder, leaf);
    must(gm_surf_write(path, (const int32_t(*)[3])f.faces, f.n));
    gm_free(path);
}

/* ecg_ref.csv: t_ms E1 E2 E3 aVR aVL aVF V1..V6 of + z' K Vm; mV = - that / (4 pi sigma0). */
static void put_target(const char *folder)
{
    char *data;
    size_t n;
    must(gm_file_read(&data, &n, GM_CRTDEMO_DIR "/ecg_ref.csv", 0));
    gm_text out = {0};
    gm_text_add(&out, "t_ms,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6\n");
    char *line = strchr(data, '\n');
    while (line && line[1]) {
        char *at = line + 1;
        gm_text_addf(&out, "%g", strtod(at, &at));
        for (int l = 0; l < 12; l++)
            gm_text_addf(&out, ",%.9g",
                         -strtod(at + 1, &at) / (4 * 3.14159265358979323846 * SIGMA0_MS_CM));
        gm_text_add(&out, "\n");
        line = strchr(at, '\n');
    }
    put(folder, "ecg_target.csv", out.data, out.length);
    gm_text_free(&out);
    gm_free(data);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: crtdemo_case FOLDER [REFINEMENTS]\n");
        return 2;
    }
    const char *folder = argv[1];
    gm_tetmesh *m;
    must(gm_crtdemo_mesh(&m));
    face_list lv = endocardium(m, "crtdemo_LVendo_heart_cut.obj");
    face_list rv = endocardium(m, "crtdemo_RVendo_heart_cut.obj");
    for (int r = 0; r < (argc > 2 ? atoi(argv[2]) : 0); r++) {
        gm_tetmesh *fine;
        int32_t(*parents)[2];
        must(gm_tetmesh_refine(m, &fine, &parents));
        lv = refined_faces(lv, fine, m->n_nodes, (const int32_t(*)[2])parents);
        rv = refined_faces(rv, fine, m->n_nodes, (const int32_t(*)[2])parents);
        gm_tetmesh_destroy(m);
        gm_free(parents);
        m = fine;
    }
    must(gm_folder_make(folder));
    char *base = gm_path_join(folder, "heart");
    must(gm_opencarp_write(base, m));
    put_surface(folder, "lv.surf", lv);
    put_surface(folder, "rv.surf", rv);
    char *electrodes;
    size_t n;
    must(gm_file_read(&electrodes, &n, GM_CRTDEMO_DIR "/electrodes_mm.csv", 0));
    put(folder, "electrodes.csv", electrodes, n);
    const char *text =
        "{\"mesh\": \"heart\", \"electrodes\": \"electrodes.csv\",\n"
        " \"endocardium\": {\"lv\": \"lv.surf\", \"rv\": \"rv.surf\"},\n"
        " \"conductivity\": {\"gil_mS_cm\": 3.0, \"git_mS_cm\": 0.3, \"sigma0_mS_cm\": 3.0},\n"
        " \"template\": {\"V_rest\": -80, \"V_peak\": 20, \"eps_up_ms\": 1, "
        "\"w_rep_ms\": 12, \"t_on_ms\": 0}}\n";
    put(folder, "case.json", text, strlen(text));
    put_target(folder);
    printf("%s: %zu nodes, %zu tets, endocardium %zu + %zu faces\n", folder, m->n_nodes, m->n_tets,
           lv.n, rv.n);
    gm_free(base);
    gm_free(electrodes);
    gm_free(lv.faces);
    gm_free(rv.faces);
    gm_tetmesh_destroy(m);
    return 0;
}
