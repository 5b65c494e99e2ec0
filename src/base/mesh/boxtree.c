#include "mesh/boxtree.h"

#include <math.h>

#include "core/alloc.h"
#include "mesh/order.h"

static const gm_box empty_box = {{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};

static void grow(gm_box *box, const gm_box *by)
{
    for (int k = 0; k < 3; k++) {
        box->low[k] = fmin(box->low[k], by->low[k]);
        box->high[k] = fmax(box->high[k], by->high[k]);
    }
}

static gm_status sort_items(gm_boxtree *t, gm_box_of *box_of, const void *context)
{
    double(*middles)[3] = gm_calloc(t->n_items, sizeof *middles);
    if (!middles) return gm_fail(GM_ENOMEM, "mesh: no memory to sort %zu boxes", t->n_items);
    for (size_t i = 0; i < t->n_items; i++) {
        gm_box b;
        box_of(context, i, &b);
        for (int k = 0; k < 3; k++)
            middles[i][k] = 0.5 * (b.low[k] + b.high[k]);
    }
    gm_status s = gm_hilbert_order((const double(*)[3])middles, t->n_items, t->items);
    gm_free(middles);
    return s;
}

static void fill_boxes(gm_boxtree *t, gm_box_of *box_of, const void *context)
{
    for (size_t leaf = 0; leaf < t->n_leaves; leaf++) {
        gm_box *b = &t->boxes[t->n_leaves + leaf];
        *b = empty_box;
        for (size_t i = leaf * GM_BOX_LEAF; i < (leaf + 1) * GM_BOX_LEAF && i < t->n_items; i++) {
            gm_box one;
            box_of(context, (size_t)t->items[i], &one);
            grow(b, &one);
        }
    }
    for (size_t i = t->n_leaves - 1; i > 0; i--) {
        t->boxes[i] = t->boxes[2 * i];
        grow(&t->boxes[i], &t->boxes[2 * i + 1]);
    }
}

gm_status gm_boxtree_create(gm_boxtree *out, size_t n_items, gm_box_of *box_of, const void *context)
{
    *out = (gm_boxtree){0};
    if (n_items == 0 || n_items > INT32_MAX)
        return gm_fail(GM_EINVAL, "mesh: %zu items to search, allowed are 1 to %d", n_items,
                       INT32_MAX);
    gm_boxtree t = {.n_items = n_items, .n_leaves = 1};
    while (t.n_leaves * GM_BOX_LEAF < n_items)
        t.n_leaves *= 2;
    t.items = gm_calloc(n_items, sizeof *t.items);
    t.boxes = gm_calloc(2 * t.n_leaves, sizeof *t.boxes);
    gm_status s = t.items && t.boxes
                      ? sort_items(&t, box_of, context)
                      : gm_fail(GM_ENOMEM, "mesh: no memory for a search tree of %zu", n_items);
    if (s != GM_OK) {
        gm_boxtree_free(&t);
        return s;
    }
    fill_boxes(&t, box_of, context);
    *out = t;
    return GM_OK;
}

void gm_boxtree_free(gm_boxtree *t)
{
    gm_free(t->items);
    gm_free(t->boxes);
    *t = (gm_boxtree){0};
}

static double squared_distance_to_box(const gm_box *b, const double p[3])
{
    double s = 0;
    for (int k = 0; k < 3; k++) {
        double d = fmax(0, fmax(b->low[k] - p[k], p[k] - b->high[k]));
        s += d * d;
    }
    return s;
}

static void measure_leaf(const gm_boxtree *t, size_t leaf, const double p[3],
                         gm_box_measure *measure, const void *context, size_t *best,
                         double *best_squared)
{
    for (size_t i = leaf * GM_BOX_LEAF; i < (leaf + 1) * GM_BOX_LEAF && i < t->n_items; i++) {
        size_t item = (size_t)t->items[i];
        double d = measure(context, item, p);
        if (d < *best_squared || (d == *best_squared && item < *best)) {
            *best = item;
            *best_squared = d;
        }
    }
}

size_t gm_boxtree_nearest(const gm_boxtree *t, const double p[3], gm_box_measure *measure,
                          const void *context, double *squared_distance)
{
    struct {
        size_t node;
        double squared;
    } stack[GM_BOX_STACK];
    int depth = 0;
    size_t best = SIZE_MAX;
    double best_squared = INFINITY;
    stack[depth].node = 1;
    stack[depth++].squared = 0;
    while (depth > 0) {
        size_t node = stack[--depth].node;
        if (stack[depth].squared > best_squared) continue;
        if (node >= t->n_leaves) {
            measure_leaf(t, node - t->n_leaves, p, measure, context, &best, &best_squared);
            continue;
        }
        double left = squared_distance_to_box(&t->boxes[2 * node], p);
        double right = squared_distance_to_box(&t->boxes[2 * node + 1], p);
        size_t far = left <= right; /* the nearer child goes on top */
        stack[depth].node = 2 * node + far;
        stack[depth++].squared = far ? right : left;
        stack[depth].node = 2 * node + !far;
        stack[depth++].squared = far ? left : right;
    }
    *squared_distance = best_squared;
    return best;
}

static bool is_around(const gm_box *b, const double p[3], double margin)
{
    for (int k = 0; k < 3; k++)
        if (!(p[k] >= b->low[k] - margin && p[k] <= b->high[k] + margin)) return false;
    return true;
}

void gm_boxtree_around(const gm_boxtree *t, const double p[3], double margin, gm_box_visit *visit,
                       void *context)
{
    size_t stack[GM_BOX_STACK];
    int depth = 0;
    stack[depth++] = 1;
    while (depth > 0) {
        size_t node = stack[--depth];
        if (!is_around(&t->boxes[node], p, margin)) continue;
        if (node < t->n_leaves) {
            stack[depth++] = 2 * node + 1;
            stack[depth++] = 2 * node;
            continue;
        }
        size_t leaf = node - t->n_leaves;
        for (size_t i = leaf * GM_BOX_LEAF; i < (leaf + 1) * GM_BOX_LEAF && i < t->n_items; i++)
            visit(context, (size_t)t->items[i]);
    }
}
