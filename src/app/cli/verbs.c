#include "cli/verbs.h"

#include <stddef.h>

const gm_verb *const gm_verbs_of_no_kind[] = {
    gm_mesh_verbs,
    NULL,
};
