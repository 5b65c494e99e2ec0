#include "heart/verbs/bullseye.h"

#include <math.h>

#include "core/alloc.h"

double gm_bullseye_turn(double rt)
{
    double turn = 1.0 / 12 + rt - 2.0 / 3;
    return turn - floor(turn);
}

static size_t cell_of(double ab, double rt)
{
    double ring = fmin(GM_BULLSEYE_RINGS - 1, fmax(0, floor(ab * GM_BULLSEYE_RINGS)));
    double sector =
        fmin(GM_BULLSEYE_SECTORS - 1, floor(gm_bullseye_turn(rt) * GM_BULLSEYE_SECTORS));
    return (size_t)ring * GM_BULLSEYE_SECTORS + (size_t)sector;
}

void gm_bullseye_cells(const gm_heart_coordinates *x, const double *values, double *cells)
{
    enum { N = GM_BULLSEYE_RINGS * GM_BULLSEYE_SECTORS };
    size_t count[N] = {0};
    for (size_t k = 0; k < N; k++)
        cells[k] = 0;
    for (size_t i = 0; i < x->n_nodes; i++) {
        if (x->tv[i] != GM_VENTRICLE_LV || !isfinite(x->ab[i]) || !isfinite(x->rt[i])) continue;
        size_t k = cell_of(x->ab[i], x->rt[i]);
        cells[k] += values[i];
        count[k]++;
    }
    for (size_t k = 0; k < N; k++)
        cells[k] = count[k] ? cells[k] / (double)count[k] : NAN;
}

gm_status gm_heart_add_bullseye(gm_result *r, const char *title, const char *caption,
                                const gm_heart_coordinates *x, const double *values,
                                const char *unit, bool is_time)
{
    gm_view *v;
    GM_TRY(gm_result_add_view(r, GM_VIEW_DISC, title, caption, &v));
    v->as.disc.n_rings = GM_BULLSEYE_RINGS;
    v->as.disc.n_sectors = GM_BULLSEYE_SECTORS;
    v->as.disc.is_time = is_time;
    v->as.disc.unit = gm_strdup(unit);
    v->as.disc.sector_zero = gm_strdup("anterior");
    v->as.disc.values = gm_calloc(GM_BULLSEYE_RINGS * GM_BULLSEYE_SECTORS, sizeof(double));
    if (!v->as.disc.unit || !v->as.disc.sector_zero || !v->as.disc.values)
        return gm_fail(GM_ENOMEM, "no memory for a bull's-eye");
    gm_bullseye_cells(x, values, v->as.disc.values);
    return GM_OK;
}
