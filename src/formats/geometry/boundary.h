/* boundary.h - sets of boundary faces of a mesh (endocardium, base ...) as files name them.
 *
 *   .surf  openCARP: triangles of mesh node numbers
 *   .vtx   openCARP: mesh node numbers; the set is every boundary face whose three nodes are all listed
 *   .obj   a surface whose vertices are mesh nodes, within 1e-3 mm
 *   .vtp   the same as VTK XML PolyData
 */
#ifndef GM_GEOMETRY_BOUNDARY_H
#define GM_GEOMETRY_BOUNDARY_H

#include "geometry/geometry.h"

#define GM_BOUNDARY_MATCH_MM 1e-3

/* What gm_tetmesh_boundary() gave: made once, asked for several sets. Nothing is owned. */
typedef struct {
    const gm_tetmesh *mesh;
    const int32_t (*faces)[3];
    size_t n_faces;
} gm_boundary;

/* *index: the numbers of the set's faces in b->faces, ascending, each once; the caller frees it with
 * gm_free(). GM_EFORMAT where a vertex is no mesh node or a triangle no boundary face, with how many
 * and the first; or where the set is empty. */
gm_status gm_boundary_read(int32_t **index, size_t *n, const char *path, const gm_boundary *b);

/* The parsers. Node numbers are checked against n_mesh_nodes. The caller frees what comes out. */
gm_status gm_surf_parse(int32_t (**faces)[3], size_t *n_faces, const gm_bytes *surf,
                        size_t n_mesh_nodes);
gm_status gm_vtx_parse(int32_t **nodes, size_t *n, const gm_bytes *vtx, size_t n_mesh_nodes);

/* A surface with its own coordinates: .obj or .vtp. The caller owns *out. */
gm_status gm_surface_read(gm_surface **out, const char *path);

#endif
