/* boxtree.h - a binary tree of boxes around items of any kind; the engine of locate.c.
 *
 * Items are sorted along the Hilbert curve by the middle of their boxes and cut into leaves of
 * GM_BOX_LEAF; the leaves are the bottom of a complete tree that is stored like a heap: node 1 is the
 * root, 2i and 2i+1 are the children of i, n_leaves + j is leaf j. Boxes without items are empty
 * (low > high).
 */
#ifndef GM_MESH_BOXTREE_H
#define GM_MESH_BOXTREE_H

#include "mesh/tetmesh.h"

enum { GM_BOX_LEAF = 4, GM_BOX_STACK = 64 };

typedef struct {
    double low[3], high[3];
} gm_box;

typedef struct {
    size_t n_items, n_leaves; /* n_leaves is a power of two */
    int32_t *items;           /* [n_items] along the curve */
    gm_box *boxes;            /* [2 n_leaves] */
} gm_boxtree;

/* boxes_of fills the box of one item. */
typedef void gm_box_of(const void *context, size_t item, gm_box *out);
gm_status gm_boxtree_create(gm_boxtree *out, size_t n_items, gm_box_of *box_of,
                            const void *context);
void gm_boxtree_free(gm_boxtree *t);

/* Visits items that may be nearer than the best so far, nearest boxes first: `measure` returns the
 * squared distance of an item. The result is the nearest item; of equals the lowest. */
typedef double gm_box_measure(const void *context, size_t item, const double p[3]);
size_t gm_boxtree_nearest(const gm_boxtree *t, const double p[3], gm_box_measure *measure,
                          const void *context, double *squared_distance);

/* Calls `visit` for each item of each leaf whose box, grown by `margin` on all sides, holds p. */
typedef void gm_box_visit(void *context, size_t item);
void gm_boxtree_around(const gm_boxtree *t, const double p[3], double margin, gm_box_visit *visit,
                       void *context);

#endif
