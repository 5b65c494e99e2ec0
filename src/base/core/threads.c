#include "core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/alloc.h"

enum { MOST_THREADS = 256, SPINS_BEFORE_SLEEP = 4000 };

/* One job at a time. `generation` counts jobs; a worker that sees it change takes part. Workers spin
 * a little before they sleep: kernels start many short jobs in a row. */
struct gm_threads {
    unsigned n; /* with the caller */
    pthread_t *workers;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint generation;
    atomic_uint busy; /* workers that have not finished the current job */
    atomic_size_t next;
    bool stop;
    /* the job */
    size_t n_items, chunk;
    gm_threads_range *run;
    void *context;
};

typedef struct {
    gm_threads *pool;
    unsigned number;
} worker_start;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void work(gm_threads *t, unsigned worker)
{
    for (;;) {
        size_t first = atomic_fetch_add(&t->next, t->chunk);
        if (first >= t->n_items) return;
        size_t last = t->n_items - first > t->chunk ? first + t->chunk : t->n_items;
        t->run(t->context, first, last, worker);
    }
}

/* Returns when the generation differs from `seen`. */
static unsigned wait_for_job(gm_threads *t, unsigned seen)
{
    for (int i = 0; i < SPINS_BEFORE_SLEEP; i++) {
        unsigned now = atomic_load_explicit(&t->generation, memory_order_acquire);
        if (now != seen) return now;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    unsigned now;
    while ((now = atomic_load(&t->generation)) == seen)
        pthread_cond_wait(&t->wake, &t->lock);
    pthread_mutex_unlock(&t->lock);
    return now;
}

static void *worker_main(void *argument)
{
    worker_start start = *(worker_start *)argument;
    gm_free(argument);
    gm_threads *t = start.pool;
    for (unsigned seen = 0;;) {
        seen = wait_for_job(t, seen);
        if (t->stop) return NULL;
        work(t, start.number);
        atomic_fetch_sub_explicit(&t->busy, 1, memory_order_release);
    }
}

static void begin(gm_threads *t)
{
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add_explicit(&t->generation, 1, memory_order_release);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

static unsigned cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return n < 1 ? 1u : (unsigned)n;
}

static gm_status start_worker(gm_threads *t, unsigned number)
{
    worker_start *start = gm_calloc(1, sizeof *start);
    if (!start) return gm_fail(GM_ENOMEM, "threads: no memory");
    *start = (worker_start){t, number};
    if (pthread_create(&t->workers[number], NULL, worker_main, start)) {
        gm_free(start);
        return gm_fail(GM_ENOMEM, "threads: thread %u cannot be started", number);
    }
    t->n++;
    return GM_OK;
}

gm_status gm_threads_create(gm_threads **out, unsigned n_threads)
{
    *out = NULL;
    if (n_threads > MOST_THREADS)
        return gm_fail(GM_EINVAL, "threads: %u, allowed 0 (all cores) to %d", n_threads,
                       MOST_THREADS);
    if (n_threads == 0) n_threads = cores();
    gm_threads *t = gm_calloc(1, sizeof *t);
    pthread_t *workers = gm_calloc(n_threads, sizeof *workers);
    if (!t || !workers) {
        gm_free(t);
        gm_free(workers);
        return gm_fail(GM_ENOMEM, "threads: no memory");
    }
    t->workers = workers;
    t->n = 1;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    for (unsigned i = 1; i < n_threads; i++) {
        gm_status s = start_worker(t, i);
        if (s != GM_OK) {
            gm_threads_destroy(t);
            return s;
        }
    }
    *out = t;
    return GM_OK;
}

void gm_threads_destroy(gm_threads *t)
{
    if (!t) return;
    t->stop = true;
    begin(t);
    for (unsigned i = 1; i < t->n; i++)
        pthread_join(t->workers[i], NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    gm_free(t->workers);
    gm_free(t);
}

unsigned gm_threads_count(const gm_threads *t)
{
    return t ? t->n : 1;
}

void gm_threads_ranges(gm_threads *t, size_t n_items, size_t chunk, gm_threads_range *run,
                       void *context)
{
    if (n_items == 0) return;
    if (chunk == 0) chunk = 1;
    if (!t || t->n == 1 || n_items <= chunk) {
        for (size_t first = 0; first < n_items; first += chunk)
            run(context, first, n_items - first > chunk ? first + chunk : n_items, 0);
        return;
    }
    t->n_items = n_items;
    t->chunk = chunk;
    t->run = run;
    t->context = context;
    atomic_store(&t->next, 0);
    atomic_store(&t->busy, t->n - 1);
    begin(t);
    work(t, 0);
    for (int spins = 0; atomic_load_explicit(&t->busy, memory_order_acquire);)
        if (++spins > SPINS_BEFORE_SLEEP)
            sched_yield();
        else
            relax();
}

typedef struct {
    gm_threads_item *run;
    void *context;
} item_job;

static void run_items(void *context, size_t first, size_t last, unsigned worker)
{
    const item_job *job = context;
    for (size_t i = first; i < last; i++)
        job->run(job->context, i, worker);
}

void gm_threads_for(gm_threads *t, size_t n_items, size_t chunk, gm_threads_item *run,
                    void *context)
{
    item_job job = {run, context};
    gm_threads_ranges(t, n_items, chunk, run_items, &job);
}
