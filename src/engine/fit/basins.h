/* basins.h - inside the search: the sorted list of distinct basins, of bounded length. */
#ifndef GM_FIT_BASINS_H
#define GM_FIT_BASINS_H

#include "fit/search.h"

typedef struct {
    gm_basin basin; /* state and hessian lie in one block, which begins at state */
    size_t tries;   /* deep refinements spent on it */
} basin_slot;

typedef struct {
    basin_slot **at; /* [most + 1]: the n known ones, best first, then the spare ones */
    size_t n, most;
} basin_list;

gm_status basin_list_create(basin_list *l, size_t most, size_t n_state, size_t n_tangent);
void basin_list_destroy(basin_list *l);
/* Gives up the arrays of the n known basins: somebody else owns them now. */
void basin_list_release(basin_list *l);

basin_slot *basin_list_spare(basin_list *l);     /* to be filled, then inserted */
void basin_list_remove(basin_list *l, size_t i); /* slot i becomes spare */
/* b must be the spare slot. Closer than `distance` to a better one: it is a hit of that; to worse ones:
 * it takes their hits and place. The worst falls out of a full list. */
void basin_list_insert(basin_list *l, basin_slot *b, const gm_fit_problem *p, double distance);

#endif
