/* fields.h - several Laplace fields on one mesh, their values given on parts of its surface. */
#ifndef GM_HEART_ANATOMY_FIELDS_H
#define GM_HEART_ANATOMY_FIELDS_H

#include "heart/case/case.h"
#include "math/dirichlet.h"

enum { GM_LAPLACE_FIELDS_MAX = 8 };

typedef struct {
    const gm_tetmesh *mesh; /* not owned */
    gm_csr k;
    size_t n;
    double *u[GM_LAPLACE_FIELDS_MAX]; /* [n_nodes] */
    unsigned char *fixed[GM_LAPLACE_FIELDS_MAX];
} gm_laplace_fields;

/* n fields with nothing given yet. On failure nothing is left to free. */
gm_status gm_laplace_fields_create(gm_laplace_fields *f, const gm_tetmesh *mesh, size_t n,
                                   gm_threads *threads);
void gm_laplace_fields_free(gm_laplace_fields *f);

/* Later values replace earlier ones. */
void gm_laplace_give_node(gm_laplace_fields *f, size_t field, int32_t node, double value);
void gm_laplace_give_faces(gm_laplace_fields *f, size_t field, const gm_face_set *faces,
                           double value);
/* 0 on the epicardial nodes within 1.5 mean edges of the one farthest down the LV's axis. */
gm_status gm_laplace_give_apex(gm_laplace_fields *f, size_t field, const gm_face_set *lv_endo,
                               const gm_face_set *epi);
gm_status gm_laplace_fields_solve(gm_laplace_fields *f, gm_threads *threads);

/* Volume-weighted mean of the gradients of the tets round each node. g: [n_nodes]. GM_ENOMEM. */
gm_status gm_nodal_gradient(const gm_tetmesh *m, const double *u, double (*g)[3]);

/* Of one tet; returns its volume. */
double gm_tet_gradient(const gm_tetmesh *m, const double *u, size_t e, double g[3]);

#endif
