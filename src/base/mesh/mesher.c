#include "mesh/mesher.h"

#include <string.h>

#include "core/alloc.h"
#include "mesh/mesher_lattice.h"

typedef struct {
    const gm_lattice *l;
    gm_tetmesh *m;
    size_t *start; /* [rows + 1] first tet of each row of cells */
} filling;

static void count_row(void *context, size_t row, unsigned worker)
{
    (void)worker;
    const filling *f = context;
    f->start[row + 1] = gm_lattice_row_tets(f->l, NULL, row % f->l->n[1], row / f->l->n[1], NULL);
}

static void fill_row(void *context, size_t row, unsigned worker)
{
    (void)worker;
    const filling *f = context;
    gm_lattice_row_tets(f->l, (const double(*)[3])f->m->nodes_mm, row % f->l->n[1],
                        row / f->l->n[1], f->m->tets + f->start[row]);
}

static gm_status fill(filling *f, gm_tetmesh **out, gm_threads *threads)
{
    size_t rows = f->l->n[1] * f->l->n[2];
    f->start = gm_calloc(rows + 1, sizeof *f->start);
    if (!f->start) return gm_fail(GM_ENOMEM, "mesher: no memory for %zu rows", rows);
    gm_threads_for(threads, rows, 16, count_row, f);
    for (size_t r = 0; r < rows; r++)
        f->start[r + 1] += f->start[r];
    if (f->start[rows] > INT32_MAX / 4)
        return gm_fail(GM_EINVAL, "mesher: %zu tets, allowed %d; take a longer edge",
                       f->start[rows], INT32_MAX / 4);
    GM_TRY(gm_tetmesh_create(out, f->l->n_nodes, f->start[rows]));
    f->m = *out;
    gm_lattice_nodes(f->l, f->m->nodes_mm);
    gm_threads_for(threads, rows, 16, fill_row, f);
    return GM_OK;
}

static gm_status stuff(gm_lattice *l, gm_tetmesh **out, const gm_mesher_input *in,
                       gm_threads *threads)
{
    GM_TRY(gm_lattice_make(l, in, threads));
    GM_TRY(gm_lattice_cut(l, in, threads));
    gm_lattice_warp(l);
    GM_TRY(gm_lattice_number(l));
    filling f = {.l = l};
    gm_status s = fill(&f, out, threads);
    gm_free(f.start);
    return s;
}

gm_status gm_mesher_fill(gm_tetmesh **out, const gm_mesher_input *in, gm_threads *threads)
{
    *out = NULL;
    gm_lattice l;
    gm_tetmesh *m = NULL;
    gm_status s = stuff(&l, &m, in, threads);
    gm_lattice_free(&l);
    if (s == GM_OK) s = gm_mesher_largest_part(m);
    if (s != GM_OK) {
        gm_tetmesh_destroy(m);
        return s;
    }
    *out = m;
    return GM_OK;
}
