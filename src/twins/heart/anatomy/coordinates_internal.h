/* coordinates_internal.h - what the files behind coordinates.h share. */
#ifndef GM_HEART_ANATOMY_COORDINATES_INTERNAL_H
#define GM_HEART_ANATOMY_COORDINATES_INTERNAL_H

#include "heart/anatomy/coordinates.h"

/* All zero. GM_ENOMEM: *out may be half made; destroy it. */
gm_status gm_heart_coordinates_allocate(gm_heart_coordinates **out, size_t n_nodes);

#endif
