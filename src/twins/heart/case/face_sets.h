/* face_sets.h - parts of the mesh's surface: LV and RV endocardium, base, epicardium. */
#ifndef GM_HEART_CASE_FACE_SETS_H
#define GM_HEART_CASE_FACE_SETS_H

#include "heart/case/case.h"
#include "heart/case/place.h"

/* From the file that names the faces (see geometry/boundary.h); `muscle` is the locator of the mesh. The
 * faces come out in the order and orientation of the mesh's boundary. On failure *out is empty. */
gm_status gm_face_set_read(gm_face_set *out, const gm_tetmesh *mesh, const gm_locator *muscle,
                           const char *path);

/* GM_EFORMAT if a face is in both; `name` begins the message. */
gm_status gm_face_sets_disjoint(const gm_face_set *a, const gm_face_set *b, const char *name);

void gm_face_set_free(gm_face_set *s);

#endif
