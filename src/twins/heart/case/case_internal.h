/* case_internal.h - the steps in which a case is put together, whatever it comes from. */
#ifndef GM_HEART_CASE_CASE_INTERNAL_H
#define GM_HEART_CASE_CASE_INTERNAL_H

#include "heart/case/case.h"

/* An empty case with the default constants. Order of filling: mesh, electrodes and face sets, finish. */
gm_status gm_heart_case_create(gm_heart_case **out, const char *name);

/* Hashes the file and remembers it. */
gm_status gm_heart_case_add_input(gm_heart_case *c, const char *role, const char *path);

/* Takes the mesh, which has passed gm_tetmesh_check(), over (also on failure), checks its unit, makes facts
 * and locator. */
gm_status gm_heart_case_set_mesh(gm_heart_case *c, gm_tetmesh *taken, const char *name);

/* Fills what of base and epicardium is not given: one from the other, or both by the documented split.
 * Needs both endocardia; without them, or where the split finds no base, nothing is filled and the
 * reason is the error's text (GM_EINVAL). */
gm_status gm_heart_case_split(gm_heart_case *c);

/* Fibres by rule if the mesh has none (needs both endocardia), the fast layer from tag or endocardium,
 * and the geometry's hash. */
gm_status gm_heart_case_finish(gm_heart_case *c, gm_threads *threads, const char *name);

#endif
