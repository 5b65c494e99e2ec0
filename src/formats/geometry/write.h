/* write.h - meshes, sets and fields as other programs read them.
 *
 * Numbers keep every bit: text has as many digits as read back to the same double (.pts in um as
 * well), binary is 64-bit. Files are replaced as a whole. Tags, fibres and sheets go along where the
 * mesh has them. All fail with GM_EIO or GM_ENOMEM.
 */
#ifndef GM_GEOMETRY_WRITE_H
#define GM_GEOMETRY_WRITE_H

#include "core/text.h"
#include "geometry/geometry.h"

/* Numbers on the nodes or tets of a mesh, by name ("activation_ms"). Nothing is owned. */
typedef struct {
    const char *name;
    size_t n_components;  /* 1 or 3 */
    const double *values; /* [n_nodes or n_tets][n_components] */
    bool on_tets;
} gm_geometry_field;

/* VTK XML, appended raw, zlib: what ParaView opens. */
gm_status gm_vtu_write(const char *path, const gm_tetmesh *m, const gm_geometry_field *fields,
                       size_t n_fields);
gm_status gm_vtu_print(gm_text *out, const gm_tetmesh *m, const gm_geometry_field *fields,
                       size_t n_fields);

/* Legacy VTK 4.2, binary. */
gm_status gm_vtk_write(const char *path, const gm_tetmesh *m, const gm_geometry_field *fields,
                       size_t n_fields);
gm_status gm_vtk_print(gm_text *out, const gm_tetmesh *m, const gm_geometry_field *fields,
                       size_t n_fields);

/* base.pts, base.elem and, if the mesh has fibres, base.lon. */
gm_status gm_opencarp_write(const char *base, const gm_tetmesh *m);
/* base.node and base.ele, numbered from 0; tags as an attribute; no fibres. */
gm_status gm_tetgen_write(const char *base, const gm_tetmesh *m);

gm_status gm_surf_write(const char *path, const int32_t (*faces)[3], size_t n);
gm_status gm_vtx_write(const char *path, const int32_t *nodes, size_t n);

#endif
