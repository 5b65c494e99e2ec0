/* mesh_files.h - the files of a result that hold meshes; each is written whole. Fail with GM_EIO or
 * GM_ENOMEM. */
#ifndef GM_OUTPUT_MESH_FILES_H
#define GM_OUTPUT_MESH_FILES_H

#include "kind/result.h"

gm_status gm_output_vtu(const gm_file *f, const char *path);      /* GM_FILE_MESH */
gm_status gm_output_opencarp(const gm_file *f, const char *path); /* GM_FILE_MESH_SET */
gm_status gm_output_surf(const gm_file *f, const char *path);     /* GM_FILE_SURFACE */

#endif
