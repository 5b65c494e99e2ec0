#include "fit/basins.h"

#include "core/alloc.h"

gm_status basin_list_create(basin_list *l, size_t most, size_t n_state, size_t n_tangent)
{
    *l = (basin_list){.most = most};
    l->at = gm_calloc(most + 1, sizeof *l->at);
    for (size_t i = 0; l->at && i <= most; i++) {
        basin_slot *b = l->at[i] = gm_calloc(1, sizeof *b);
        if (b) b->basin.state = gm_calloc(n_state + n_tangent * n_tangent, sizeof(double));
        if (!b || !b->basin.state) return gm_fail(GM_ENOMEM, "search: no memory for basins");
        b->basin.hessian = b->basin.state + n_state;
    }
    return l->at ? GM_OK : gm_fail(GM_ENOMEM, "search: no memory for basins");
}

void basin_list_destroy(basin_list *l)
{
    for (size_t i = 0; l->at && i <= l->most; i++) {
        if (l->at[i]) gm_free(l->at[i]->basin.state);
        gm_free(l->at[i]);
    }
    gm_free(l->at);
    l->at = NULL;
}

void basin_list_release(basin_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        l->at[i]->basin.state = NULL;
}

basin_slot *basin_list_spare(basin_list *l)
{
    return l->at[l->most]; /* never among the known: n <= most */
}

static void move(basin_list *l, size_t from, size_t to)
{
    basin_slot *b = l->at[from];
    for (; from < to; from++)
        l->at[from] = l->at[from + 1];
    for (; from > to; from--)
        l->at[from] = l->at[from - 1];
    l->at[to] = b;
}

void basin_list_remove(basin_list *l, size_t i)
{
    move(l, i, --l->n);
}

void basin_list_insert(basin_list *l, basin_slot *b, const gm_fit_problem *p, double distance)
{
    for (size_t i = 0; i < l->n;) {
        gm_basin *known = &l->at[i]->basin;
        if (!(gm_fit_distance(p, 0, known->state, b->basin.state) < distance)) {
            i++;
        } else if (known->misfit <= b->basin.misfit) {
            known->hits += b->basin.hits;
            return;
        } else {
            b->basin.hits += known->hits;
            basin_list_remove(l, i);
        }
    }
    size_t to = 0;
    while (to < l->n && l->at[to]->basin.misfit <= b->basin.misfit)
        to++;
    if (to == l->most) return; /* worse than a full list */
    move(l, l->most, to);      /* the last of a full list becomes the spare */
    if (l->n < l->most) l->n++;
}
