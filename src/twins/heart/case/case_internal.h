/* case_internal.h - the steps in which a case is put together, whatever it comes from. */
#ifndef GM_HEART_CASE_CASE_INTERNAL_H
#define GM_HEART_CASE_CASE_INTERNAL_H

#include "heart/case/case.h"

typedef struct gm_heart_coordinates {
    double *ab, *rt, *tm, *rvlv; /* [n_nodes] */
} gm_heart_coordinates;

/* An empty case with the default constants. Order of filling: mesh, electrodes and face sets, finish. */
gm_status gm_heart_case_create(gm_heart_case **out, const char *name);

/* Hashes the file and remembers it. */
gm_status gm_heart_case_add_input(gm_heart_case *c, const char *role, const char *path);

/* Takes the mesh over (also on failure), checks it and its unit, makes facts and locator. */
gm_status gm_heart_case_set_mesh(gm_heart_case *c, gm_tetmesh *taken, const char *name);

/* The fast layer from tag or endocardium, and the geometry's hash. */
gm_status gm_heart_case_finish(gm_heart_case *c, const char *name);

#endif
