#include "heart/forward/ignition.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "mesh/box_for_tests.h"
#include "mesh/locate.h"
#include "testing/gm_test.h"

/* A box of 12 x 12 x 12 mm with fibres that turn with height, or all along one direction. */
static gm_tetmesh *box(bool turning)
{
    gm_tetmesh *m = gm_box_mesh(8, 1.5);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t t = 0; t < m->n_tets; t++) {
        double angle = turning ? 0.15 * m->nodes_mm[m->tets[t][0]][2] : 0.3;
        m->fibres[t][0] = cos(angle), m->fibres[t][1] = sin(angle);
    }
    return m;
}

static gm_ignition_site site_at(const gm_tetmesh *m, const gm_tet_finder *f, const double x[3])
{
    gm_ignition_site s = {.onset_ms = 5};
    size_t tet;
    EXPECT(gm_find_tet(f, x, 1e-9, &tet, s.weight));
    s.tet = (int32_t)tet;
    memcpy(s.xyz_mm, x, sizeof s.xyz_mm);
    (void)m;
    return s;
}

static const gm_conduction speeds = {0.8, 0.4, 1};

static void times_are_exact_in_a_homogeneous_medium(void)
{
    gm_tetmesh *m = box(false);
    gm_ignition *g;
    gm_tet_finder *f;
    EXPECT(gm_ignition_create(&g, m, NULL) == GM_OK);
    EXPECT(gm_tet_finder_create(&f, m) == GM_OK);
    gm_ignition_site s = site_at(m, f, (double[]){5.3, 6.1, 5.7});
    gm_ignition_seed seeds[GM_IGNITION_NODES];
    size_t n = gm_ignition_seeds(g, &speeds, &s, seeds);
    EXPECT(n > 20 && n <= GM_IGNITION_NODES);
    for (size_t i = 0; i < n; i++) {
        double along = 0, square = 0;
        for (int d = 0; d < 3; d++) {
            double v = m->nodes_mm[seeds[i].node][d] - s.xyz_mm[d];
            along += v * m->fibres[0][d], square += v * v;
        }
        double exact = 5 + sqrt(along * along / 0.64 + (square - along * along) / 0.1024);
        if (sqrt(square) < 1.5 * 1.5) /* where nothing is faded yet; a lower bound of the radius */
            EXPECT_CLOSE(seeds[i].time_ms, exact, 1e-12, 0);
        EXPECT(seeds[i].time_ms >= exact - 1e-9);
    }
    gm_tet_finder_destroy(f);
    gm_ignition_destroy(g);
    gm_tetmesh_destroy(m);
}

static const gm_ignition_seed *seed_of(const gm_ignition_seed *seeds, size_t n, int32_t node)
{
    for (size_t i = 0; i < n; i++)
        if (seeds[i].node == node) return &seeds[i];
    return NULL;
}

/* Along a line through several elements every node's time moves by what its derivative says. */
static void times_move_with_the_place_without_jumps(void)
{
    gm_tetmesh *m = box(true);
    gm_ignition *g;
    gm_tet_finder *f;
    EXPECT(gm_ignition_create(&g, m, NULL) == GM_OK);
    EXPECT(gm_tet_finder_create(&f, m) == GM_OK);
    static gm_ignition_seed before[GM_IGNITION_NODES], now[GM_IGNITION_NODES];
    double x[3] = {4.13, 5.21, 4.87}, step[3] = {0.004, 0.003, 0.002}, worst = 0;
    gm_ignition_site s = site_at(m, f, x);
    size_t n_before = gm_ignition_seeds(g, &speeds, &s, before), compared = 0;
    for (int k = 0; k < 800; k++) { /* 4.3 mm: some six elements */
        for (int d = 0; d < 3; d++)
            x[d] += step[d];
        s = site_at(m, f, x);
        size_t n = gm_ignition_seeds(g, &speeds, &s, now);
        for (size_t i = 0; i < n; i++) {
            const gm_ignition_seed *old = seed_of(before, n_before, now[i].node);
            if (!old || now[i].time_ms < 7) continue; /* near the site the cone's tip is round */
            double expected = 0;
            for (int d = 0; d < 3; d++)
                expected += 0.5 * (old->by_place[d] + now[i].by_place[d]) * step[d];
            worst = fmax(worst, fabs(now[i].time_ms - old->time_ms - expected));
            compared++;
        }
        memcpy(before, now, n * sizeof *now);
        n_before = n;
    }
    EXPECT(compared > 10000);
    EXPECT_BELOW(worst, 1e-3); /* of steps of some 0.01 ms: a kink between elements, no jump */
    gm_tet_finder_destroy(f);
    gm_ignition_destroy(g);
    gm_tetmesh_destroy(m);
}

static void times_follow_the_speeds(void)
{
    gm_tetmesh *m = box(true);
    bool *fast = gm_calloc(m->n_tets, sizeof *fast);
    for (size_t t = 0; t < m->n_tets; t++)
        fast[t] = m->nodes_mm[m->tets[t][0]][2] < 4;
    gm_ignition *g;
    gm_tet_finder *f;
    EXPECT(gm_ignition_create(&g, m, fast) == GM_OK);
    EXPECT(gm_tet_finder_create(&f, m) == GM_OK);
    gm_ignition_site s = site_at(m, f, (double[]){5.3, 6.1, 4.2});
    gm_conduction c = {0.8, 0.4, 2.5}, d = c;
    static gm_ignition_seed a[GM_IGNITION_NODES], b[GM_IGNITION_NODES];
    size_t n = gm_ignition_seeds(g, &c, &s, a);
    double *field[3] = {&d.v_f_m_s, &d.v_t_ratio, &d.fast_layer_factor}, h = 1e-5;
    for (int k = 0; k < 3; k++) {
        d = c;
        *field[k] *= exp(h);
        EXPECT(gm_ignition_seeds(g, &d, &s, b) == n);
        for (size_t i = 0; i < n; i++)
            EXPECT_CLOSE((b[i].time_ms - a[i].time_ms) / h, a[i].by_speed[k], 1e-3, 1e-4);
    }
    gm_tet_finder_destroy(f);
    gm_ignition_destroy(g);
    gm_free(fast);
    gm_tetmesh_destroy(m);
}

int main(int argc, char **argv)
{
    RUN(times_are_exact_in_a_homogeneous_medium);
    RUN(times_move_with_the_place_without_jumps);
    RUN(times_follow_the_speeds);
    return gm_report();
}
