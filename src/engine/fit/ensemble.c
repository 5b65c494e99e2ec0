#include "fit/ensemble.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { LOOK_BACK = 256 };

gm_status gm_posterior_create(gm_posterior **out, size_t n_state, size_t n_members, size_t n_basins)
{
    gm_posterior *e = *out = gm_calloc(1, sizeof *e);
    if (!e) return gm_fail(GM_ENOMEM, "posterior: no memory");
    e->n_members = n_members, e->n_state = n_state, e->n_basins = n_basins;
    e->states = gm_calloc(n_members * n_state, sizeof *e->states);
    e->misfits = gm_calloc(n_members, sizeof *e->misfits);
    e->data_misfits = gm_calloc(n_members, sizeof *e->data_misfits);
    e->basins = gm_calloc(n_members, sizeof *e->basins);
    e->basin_shares = gm_calloc(n_basins, sizeof *e->basin_shares);
    if (!e->states || !e->misfits || !e->data_misfits || !e->basins || !e->basin_shares)
        return gm_fail(GM_ENOMEM, "posterior: no memory");
    return GM_OK;
}

void gm_posterior_destroy(gm_posterior *e)
{
    if (!e) return;
    gm_free(e->states);
    gm_free(e->misfits);
    gm_free(e->data_misfits);
    gm_free(e->basins);
    gm_free(e->basin_shares);
    gm_free(e);
}

static bool is_repeated(const gm_posterior *e, size_t k)
{
    size_t size = e->n_state * sizeof *e->states;
    for (size_t i = k > LOOK_BACK ? k - LOOK_BACK : 0; i < k; i++)
        if (!memcmp(e->states + i * e->n_state, e->states + k * e->n_state, size)) return true;
    return false;
}

void gm_posterior_count_distinct(gm_posterior *e)
{
    e->n_distinct = 0;
    for (size_t k = 0; k < e->n_members; k++)
        e->n_distinct += !is_repeated(e, k);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double gm_fit_quantile(double values[], size_t n, double q)
{
    qsort(values, n, sizeof *values, by_value);
    double at = q * (double)(n - 1);
    size_t below = at < 0 ? 0 : (size_t)at;
    if (below + 1 >= n) return values[n - 1];
    double share = at - (double)below;
    return values[below] + share * (values[below + 1] - values[below]);
}
