/* sobol_table.h - inside the fit: what tools/make_sobol.c found for dimensions 2, 3, ... */
#ifndef GM_FIT_SOBOL_TABLE_H
#define GM_FIT_SOBOL_TABLE_H

#include <stdint.h>

#include "fit/sobol.h"

enum { GM_SOBOL_MOST_DEGREE = 10 };

typedef struct {
    unsigned degree, polynomial; /* primitive over GF(2), all terms */
    uint32_t
        m[GM_SOBOL_MOST_DEGREE]; /* the first `degree` direction numbers: odd, m[k] < 2^(k + 1) */
} gm_sobol_row;

extern const gm_sobol_row gm_sobol_rows[GM_SOBOL_MOST_DIMS - 1];

#endif
