/* crtdemo_endocardium_for_tests.h - an endocardium of the biventricular test mesh, for tests only. */
#ifndef GM_HEART_ANATOMY_CRTDEMO_ENDOCARDIUM_FOR_TESTS_H
#define GM_HEART_ANATOMY_CRTDEMO_ENDOCARDIUM_FOR_TESTS_H

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "geometry/boundary.h"
#include "geometry/crtdemo_for_tests.h"
#include "heart/anatomy/anatomy.h"
#include "testing/gm_test.h"

/* The boundary faces of m that the surface raw/<leaf> names; the caller frees .faces. */
static inline gm_face_set gm_crtdemo_endocardium(const gm_tetmesh *m, const char *leaf)
{
    gm_boundary b = {.mesh = m};
    int32_t(*faces)[3], *index;
    gm_face_set out = {0};
    char *path = gm_path_join(GM_CRTDEMO_DIR "/raw", leaf);
    EXPECT(gm_tetmesh_boundary(m, &faces, NULL, &b.n_faces) == GM_OK);
    b.faces = (const int32_t(*)[3])faces;
    EXPECT(gm_boundary_read(&index, &out.n_faces, path, &b) == GM_OK);
    out.faces = gm_calloc(out.n_faces, sizeof *out.faces);
    for (size_t i = 0; i < out.n_faces; i++)
        memcpy(out.faces[i], faces[index[i]], sizeof faces[0]);
    gm_free(index);
    gm_free(faces);
    gm_free(path);
    return out;
}

#endif
