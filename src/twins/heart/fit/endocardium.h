/* endocardium.h - where early sites can lie: the inner surfaces of both ventricles, as one list of
 * faces (LV first), on which a site is a face and barycentric weights and moves along the surface.
 *
 * Lengths in mm. Immutable after creation, shared by threads.
 */
#ifndef GM_HEART_FIT_ENDOCARDIUM_H
#define GM_HEART_FIT_ENDOCARDIUM_H

#include "core/rng.h"
#include "heart/case/case.h"
#include "heart/case/params.h"

typedef struct gm_endocardium gm_endocardium;

typedef struct {
    int32_t face; /* of the list */
    double weight[3];
} gm_endo_place;

/* Keeps the case, which must outlive it. GM_EINVAL without both endocardia. */
gm_status gm_endocardium_create(gm_endocardium **out, const gm_heart_case *c);
void gm_endocardium_destroy(gm_endocardium *e);

size_t gm_endocardium_faces(const gm_endocardium *e);
gm_ventricle gm_endo_ventricle(const gm_endocardium *e, int32_t face);
void gm_endo_point(const gm_endocardium *e, const gm_endo_place *p, double xyz_mm[3]);
/* Two unit vectors along the face, at right angles. */
void gm_endo_tangents(const gm_endocardium *e, int32_t face, double t1[3], double t2[3]);
/* p moved by d1 t1 + d2 t2 and put back on the surface of the same ventricle. */
gm_endo_place gm_endo_move(const gm_endocardium *e, const gm_endo_place *p, double d1, double d2);
/* The nearest place to a point, in the given ventricle. */
gm_endo_place gm_endo_nearest(const gm_endocardium *e, gm_ventricle v, const double xyz_mm[3]);
/* Uniform in area for u uniform in the unit cube; and a draw of it. */
gm_endo_place gm_endo_from_cube(const gm_endocardium *e, const double u[3]);
gm_endo_place gm_endo_draw(const gm_endocardium *e, gm_rng *rng);
gm_source gm_endo_source(const gm_endocardium *e, const gm_endo_place *p, double onset_ms);
/* A place at a node of the surface: one of its faces. */
gm_endo_place gm_endo_at_node(const gm_endocardium *e, int32_t node);

/* n nodes spread over both surfaces by farthest-point sampling; deterministic. Returns how many (fewer
 * if the surfaces have fewer nodes). */
size_t gm_endo_spread(const gm_endocardium *e, int32_t nodes[], size_t n);

#endif
