#include "cli/verbs.h"

#include <stddef.h>

const gm_verb *const gm_verbs_of_no_kind[] = {
    gm_mesh_verbs, gm_lab_verbs, gm_twin_verbs, gm_observe_verbs, gm_type_verbs, NULL,
};
