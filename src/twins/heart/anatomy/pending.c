/* What the headers of this folder promise and does not exist yet: refused. Each function leaves this file
 * when the real one comes; the file goes with the last. */
#include "heart/anatomy/coordinates.h"

static gm_status pending(const char *what)
{
    return gm_fail(GM_EINVAL, "%s are not in this build", what);
}

gm_status gm_heart_coordinates_create(gm_heart_coordinates **out, const gm_tetmesh *mesh,
                                      const gm_face_set *lv_endo, const gm_face_set *rv_endo,
                                      const gm_face_set *base, const gm_face_set *epi,
                                      gm_threads *threads)
{
    (void)mesh, (void)lv_endo, (void)rv_endo, (void)base, (void)epi, (void)threads;
    *out = NULL;
    return pending("ventricular coordinates");
}

void gm_heart_coordinates_destroy(gm_heart_coordinates *c)
{
    (void)c;
}

gm_status gm_coordinate_finder_create(gm_coordinate_finder **out, const gm_tetmesh *mesh,
                                      const gm_heart_coordinates *coordinates)
{
    (void)mesh, (void)coordinates;
    *out = NULL;
    return pending("ventricular coordinates");
}

void gm_coordinate_finder_destroy(gm_coordinate_finder *f)
{
    (void)f;
}

gm_status gm_coordinates_find(const gm_coordinate_finder *f, gm_ventricle ventricle, double ab,
                              double rt, double tm, gm_coordinate_place *out)
{
    (void)f, (void)ventricle, (void)ab, (void)rt, (void)tm, (void)out;
    return pending("ventricular coordinates");
}
