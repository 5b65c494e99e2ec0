/* tetmesh.h - a body filled with linear tetrahedra, its element tags and fibres.
 *
 * Lengths in mm. Element e has nodes tets[e][0..3] with positive volume:
 * det(p1 - p0, p2 - p0, p3 - p0) > 0. A mesh that passed gm_tetmesh_check() keeps that promise; all
 * code behind that door relies on it. Immutable after checking, so then shared freely by threads.
 */
#ifndef GM_MESH_TETMESH_H
#define GM_MESH_TETMESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct {
    size_t n_nodes, n_tets;
    double (*nodes_mm)[3]; /* [n_nodes] */
    int32_t (*tets)[4];    /* [n_tets], 0-based */
    int32_t *tags;         /* [n_tets] region of an element, or NULL: none given */
    double (*fibres)[3];   /* [n_tets] unit vector along the fibre, or NULL: none given */
    double (*sheets)[3];   /* [n_tets] unit vector in the sheet, or NULL: none given */
} gm_tetmesh;

/* All arrays zeroed; optional ones absent. The caller owns *out. */
gm_status gm_tetmesh_create(gm_tetmesh **out, size_t n_nodes, size_t n_tets);
void gm_tetmesh_destroy(gm_tetmesh *m); /* NULL is allowed */

double gm_tet_volume_mm3(const double a[3], const double b[3], const double c[3],
                         const double d[3]); /* signed */

/* What a mesh must not have; a limit of 0 volume refuses inverted and flat elements only. */
typedef struct {
    double min_volume_mm3; /* >= 0; default 1e-9 */
} gm_tetmesh_tolerance;

typedef struct {
    size_t n_boundary_faces;
    size_t n_parts; /* connected by faces */
    double volume_mm3, min_volume_mm3, max_volume_mm3;
    double mean_edge_mm, min_edge_mm, max_edge_mm;
    double min_dihedral_deg, max_dihedral_deg;
    size_t min_dihedral_tet;
    double box_min_mm[3], box_max_mm[3];
} gm_tetmesh_facts;

/* Refuses (GM_EFORMAT, naming the element or node): node index out of range, NaN coordinate,
 * unreferenced node, inverted or too small tet, face shared by more than two tets or by two on the
 * same side, fibre or sheet direction that is not a unit vector (within 2e-3). Counts how many
 * elements have the fault, names the first (counted from 0). `name` begins the message. tolerance
 * NULL: the default. */
gm_status gm_tetmesh_check(const gm_tetmesh *m, const gm_tetmesh_tolerance *tolerance,
                           const char *name);
gm_status gm_tetmesh_measure(const gm_tetmesh *m, gm_tetmesh_facts *out);

/* Boundary faces, outward oriented. The caller frees *faces with gm_free(); owner (the tet of each
 * face) may be NULL if unwanted. Order: by owner tet, then local face: deterministic. */
gm_status gm_tetmesh_boundary(const gm_tetmesh *m, int32_t (**faces)[3], int32_t **owner,
                              size_t *n_faces);

/* Every tet into eight by its edge midpoints (Bey's red refinement); old nodes keep their numbers,
 * tags, fibres and sheets are inherited. `edge_parents`, if not NULL, gets [n_new_nodes][2] = the
 * two old nodes of each added node (caller frees). */
gm_status gm_tetmesh_refine(const gm_tetmesh *m, gm_tetmesh **out, int32_t (**edge_parents)[2]);

/* A triangle surface, e.g. an endocardium from an OBJ or .surf file. */
typedef struct {
    size_t n_nodes, n_faces;
    double (*nodes_mm)[3];
    int32_t (*faces)[3];
    int32_t *mesh_nodes; /* [n_nodes] number in the volume mesh, or NULL if not known */
} gm_surface;

void gm_surface_destroy(gm_surface *s);

/* Node -> tets incidence in CSR form: tets of node i are item[start[i] .. start[i+1]). */
typedef struct {
    int32_t *start, *item;
} gm_incidence;
gm_status gm_tetmesh_node_tets(const gm_tetmesh *m, gm_incidence *out);
void gm_incidence_free(gm_incidence *x);

#endif
