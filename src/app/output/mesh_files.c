/* Files of meshes, through the writers of formats/geometry. */
#include "output/mesh_files.h"

#include <stdio.h>

#include "core/alloc.h"
#include "core/file.h"
#include "geometry/write.h"

enum { LONGEST_FIELD_NAME = 128 };

/* "activation" in "ms" becomes "activation_ms"; a unit that the name has already is not repeated. */
static void name_with_unit(char out[LONGEST_FIELD_NAME], const gm_mesh_field *f)
{
    char suffix[32];
    snprintf(suffix, sizeof suffix, "_%s", f->unit ? f->unit : "");
    bool has_it = !f->unit || !*f->unit || gm_path_ends_with(f->name, suffix);
    snprintf(out, LONGEST_FIELD_NAME, "%.80s%s", f->name, has_it ? "" : suffix);
}

gm_status gm_output_vtu(const gm_file *f, const char *path)
{
    size_t n = f->as.mesh.n_fields;
    gm_geometry_field *fields = gm_calloc(n, sizeof *fields);
    char(*names)[LONGEST_FIELD_NAME] = gm_calloc(n, sizeof *names);
    gm_status s = fields && names ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", path);
    for (size_t i = 0; i < n && s == GM_OK; i++) {
        const gm_mesh_field *from = &f->as.mesh.fields[i];
        name_with_unit(names[i], from);
        fields[i] = (gm_geometry_field){names[i], from->n_components, from->values, from->on_tets};
    }
    if (s == GM_OK) s = gm_vtu_write(path, f->as.mesh.mesh, fields, n);
    gm_free(fields);
    gm_free(names);
    return s;
}

gm_status gm_output_opencarp(const gm_file *f, const char *path)
{
    return gm_opencarp_write(path, f->as.mesh.mesh);
}

gm_status gm_output_surf(const gm_file *f, const char *path)
{
    return gm_surf_write(path, (const int32_t(*)[3])f->as.surface.faces, f->as.surface.n);
}
