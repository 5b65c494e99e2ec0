/* geometry.h - meshes as the outside world writes them: one door for all formats.
 *
 *   openCARP   NAME.pts (um), .elem (Tt lines), .lon (fibres); pass NAME or one of the files
 *   TetGen     NAME.node, .ele; pass NAME or one of the files (mm)
 *   VTK        legacy .vtk, ASCII or binary, 2.0 to 5.1 (mm)
 *   VTU        XML .vtu: ascii, base64, appended; plain or zlib (mm)
 *
 * What comes out has passed gm_tetmesh_check() with the default tolerance. A file in which every tet
 * is inverted merely counts nodes the other way round: it is turned. Fibres whose length is off by
 * more than 1e-5 are normalised.
 */
#ifndef GM_GEOMETRY_GEOMETRY_H
#define GM_GEOMETRY_GEOMETRY_H

#include "mesh/tetmesh.h"

/* A file in memory: what the parsers of the single formats take. */
typedef struct {
    const char *data;
    size_t length;
    const char *name; /* for messages */
} gm_bytes;

/* The caller owns *out. GM_ENOTFOUND, GM_EIO; GM_EFORMAT with file, line or element. */
gm_status gm_geometry_read(gm_tetmesh **out, const char *path);

/* For parsers: turns a mesh that counts the other way round, normalises directions, checks. Destroys
 * the mesh and fails if it is not sound. */
gm_status gm_geometry_accept(gm_tetmesh *m, gm_tetmesh **out, const char *name);

/* Gives vectors of `what` length 1 where it is off by more than 1e-5. GM_EFORMAT for a vector that
 * is not finite or has length 0, with the element. */
gm_status gm_geometry_normalise(double (*v)[3], size_t n, const char *what, const char *name);

#endif
