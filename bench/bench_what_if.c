/* bench_what_if.c - a what-if on a heart twin in a lab, from the fork to the ECG in the branch: fork, forward model
 * (site times, speed, APD) and a durable revision of the branch; and its parts.
 *
 * Mesh: crtdemo refined once (30,065 nodes) where the reference data is present, else the built-in anatomy.
 */
#include <unistd.h>

#include "bench.h"
#include "core/alloc.h"
#include "ecg/waveform.h"
#include "geometry/crtdemo_for_tests.h"
#include "heart/case/built_in.h"
#include "heart/case/crtdemo_case_for_tests.h"
#include "heart/lab/heart_lab.h"

enum { SITES = 9, SAMPLES = 500, REPEATS = 50 };

typedef struct {
    gm_lab *lab;
    gm_heart_case *c;
    gm_what_if *model;
    gm_threads *threads;
    gm_heart_params params;
    double ecg[SAMPLES * GM_N_LEADS], shift_ms[SITES];
    int n;
} work;

static const gm_samples samples = {0, 1, SAMPLES};

static gm_heart_change change_of(work *w)
{
    for (int k = 0; k < SITES; k++)
        w->shift_ms[k] = (w->n * 7 + k * 3) % 41 - 20;
    return (gm_heart_change){w->shift_ms, 0.8 + 0.01 * (w->n % 40), w->n % 30 - 15};
}

static void must(gm_status s)
{
    if (s == GM_OK) return;
    printf("%s\n", gm_error_text());
    exit(1);
}

static void compute(void *context)
{
    work *w = context;
    gm_what_if_facts f;
    gm_heart_change change = change_of(w);
    w->n++;
    must(gm_what_if_ecg(w->model, &change, w->threads, w->ecg, NULL, &f));
}

static void fork_only(void *context)
{
    work *w = context;
    char id[32];
    const char *ids[] = {id};
    snprintf(id, sizeof id, "heart:fork-%d", w->n++);
    must(gm_store_fork(gm_lab_store(w->lab), "heart:1", GM_ANY_REVISION, ids, 1, "bench", 0));
}

static void ask(void *context)
{
    work *w = context;
    char id[32];
    const char *ids[] = {id};
    gm_what_if_facts f;
    gm_act act = gm_act_by("bench", 0);
    snprintf(id, sizeof id, "heart:what-if-%d", w->n);
    must(gm_store_fork(gm_lab_store(w->lab), "heart:1", GM_ANY_REVISION, ids, 1, "bench", 0));
    gm_heart_change change = change_of(w);
    w->n++;
    must(gm_what_if_ecg(w->model, &change, w->threads, w->ecg, NULL, &f));
    must(gm_heart_answer(w->lab, id, &change, SITES, samples, w->ecg, &f, &act, NULL));
}

/* The mesh once refined, as files: durations of action potentials are even, since the surfaces that coordinates
 * need are those of the coarse mesh. */
static void put_refined(const char *folder)
{
    gm_tetmesh *m, *fine;
    gm_text t = {0};
    must(gm_crtdemo_mesh(&m));
    must(gm_tetmesh_refine(m, &fine, NULL));
    gm_put_mesh(folder, "heart", fine, 1000, true);
    gm_text_addf(&t, "{\"mesh\": \"heart\", \"electrodes\": \"%s/electrodes_mm.csv\"}",
                 GM_CRTDEMO_DIR);
    gm_put_text(folder, "case.json", &t);
    gm_tetmesh_destroy(m);
    gm_tetmesh_destroy(fine);
}

static void make_heart(work *w, const char *folder)
{
    char path[300];
    if (access(GM_CRTDEMO_DIR, R_OK) == 0) {
        put_refined(folder);
        snprintf(path, sizeof path, "%s/case.json", folder);
        must(gm_heart_case_read(&w->c, path, w->threads));
    } else {
        gm_anatomy_params a = gm_anatomy_defaults();
        a.edge_mm = 2.6;
        must(gm_heart_case_from_anatomy(&w->c, &a, w->threads));
    }
    w->params = gm_heart_params_defaults();
    w->params.has_apd = true;
    w->params.apd = (gm_apd){.min_ms = 220, .max_ms = 280};
    w->params.n_sites = SITES;
    for (int k = 0; k < SITES; k++)
        w->params.sites[k] = (gm_site){.kind = GM_SITE_NODE,
                                       .node = (int32_t)(w->c->mesh->n_nodes * (size_t)k / SITES),
                                       .onset_ms = 60};
}

int main(void)
{
    static work w;
    char folder[] = "bench_what_if_XXXXXX", lab[64], command[100];
    if (!mkdtemp(folder)) return 1;
    must(gm_threads_create(&w.threads, 0));
    bench_machine(gm_threads_count(w.threads));
    make_heart(&w, folder);
    snprintf(lab, sizeof lab, "%s/lab", folder);
    must(gm_lab_init(lab, NULL));
    must(gm_lab_open(&w.lab, lab, NULL));
    gm_act act = gm_act_by("bench", 0);
    must(gm_twin_create(gm_lab_store(w.lab), "heart:1", GM_HEART_TYPE, GM_LIFE_CREATED, NULL, &act,
                        NULL));
    printf("%zu nodes, %d sites, %d samples\n", w.c->mesh->n_nodes, SITES, SAMPLES);
    double start = gm_clock_seconds();
    must(gm_what_if_create(&w.model, w.c, &w.params, samples, w.threads));
    printf("preparing the twin: %.0f ms\n", 1e3 * (gm_clock_seconds() - start));
    bench_print("forward model alone", bench_run(compute, &w, REPEATS));
    bench_print("a durable fork alone", bench_run(fork_only, &w, REPEATS));
    bench_print("fork to ECG, all durable", bench_run(ask, &w, REPEATS));
    gm_what_if_destroy(w.model);
    gm_lab_close(w.lab);
    gm_heart_case_destroy(w.c);
    gm_threads_destroy(w.threads);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}
