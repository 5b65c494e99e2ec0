/* What the store does in a second, acknowledged after fsync: updates of many twins in groups and one by one,
 * reads of hot states, forks; beside them the same updates against PostgreSQL used directly, one transaction each,
 * where GM_BENCH_POSTGRES holds a connection string (see bench/README.md). */
#include <libpq-fe.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "core/rng.h"
#include "store/store.h"

enum { TWINS = 10000, GROUP = 256, SECONDS = 4, FORKS = 10000, MOST_THREADS = 64 };

typedef struct {
    gm_store *s;
    unsigned number, group;
    double until_s;
    size_t done;
} worker;

static void name_twin(char id[32], uint64_t k)
{
    snprintf(id, 32, "ward:bed-%05llu", (unsigned long long)k);
}

/* What a monitor says: one value with when, unit, how sure and by whom. */
static json_t *observation(double heart_rate, json_int_t t_ms)
{
    return json_pack("{s:{s:f}s:{s:{s:I,s:s,s:f,s:s,s:s}}}", "attributes", "heartRate", heart_rate,
                     "_values", "/attributes/heartRate", "t_ms", t_ms, "unit", "/min", "sd", 1.5,
                     "source", "monitor-7", "kind", "measured");
}

static void *send(void *context)
{
    worker *w = context;
    gm_rng r = gm_rng_stream(5, w->number);
    char ids[GROUP][32];
    gm_update u[GROUP];
    while (gm_clock_seconds() < w->until_s) {
        for (unsigned k = 0; k < w->group; k++) {
            name_twin(ids[k], gm_rng_below(&r, TWINS));
            u[k] = (gm_update){.twin = ids[k],
                               .revision = GM_ANY_REVISION,
                               .by = "bench",
                               .t_ms = (int64_t)w->done,
                               .patch = observation(60 + 40 * gm_rng_uniform(&r), 1)};
        }
        if (gm_store_update_all(w->s, u, w->group, NULL, NULL) == GM_OK) w->done += w->group;
        for (unsigned k = 0; k < w->group; k++)
            json_decref(u[k].patch);
    }
    return NULL;
}

static void *look(void *context)
{
    worker *w = context;
    gm_rng r = gm_rng_stream(6, w->number);
    char id[32];
    while (gm_clock_seconds() < w->until_s)
        for (int k = 0; k < 1000; k++) {
            json_t *state;
            name_twin(id, gm_rng_below(&r, TWINS));
            if (gm_store_read(w->s, id, &state, NULL) != GM_OK) continue;
            w->done += json_object_get(json_object_get(state, "attributes"), "heartRate") != NULL;
            json_decref(state);
        }
    return NULL;
}

static double per_second(gm_store *s, unsigned n_threads, unsigned group, void *(*run)(void *))
{
    pthread_t threads[MOST_THREADS];
    worker workers[MOST_THREADS];
    size_t done = 0;
    double start = gm_clock_seconds();
    for (unsigned k = 0; k < n_threads; k++) {
        workers[k] = (worker){s, k, group, start + SECONDS, 0};
        pthread_create(&threads[k], NULL, run, &workers[k]);
    }
    for (unsigned k = 0; k < n_threads; k++) {
        pthread_join(threads[k], NULL);
        done += workers[k].done;
    }
    return (double)done / (gm_clock_seconds() - start);
}

/* ---- three runs each ---------------------------------------------------------------------------- */

static void report(gm_store *s, const char *what, unsigned n_threads, unsigned group,
                   void *(*run)(void *))
{
    double v[3];
    for (int k = 0; k < 3; k++)
        v[k] = per_second(s, n_threads, group, run);
    qsort(v, 3, sizeof *v, bench_by_size);
    printf("%s: median %.0f/s (%.0f .. %.0f, n = 3)\n", what, v[1], v[0], v[2]);
}

static void forks(gm_store *s)
{
    static char names[FORKS][32];
    static const char *ids[FORKS];
    for (int k = 0; k < FORKS; k++) {
        snprintf(names[k], sizeof names[k], "what-if:%d", k);
        ids[k] = names[k];
    }
    double start = gm_clock_seconds();
    gm_status status = gm_store_fork(s, "ward:bed-00001", GM_ANY_REVISION, ids, FORKS, "bench", 0);
    printf("%d forks of one twin: %.0f ms%s\n", FORKS, 1e3 * (gm_clock_seconds() - start),
           status == GM_OK ? "" : ", refused");
}

/* ---- PostgreSQL by itself ----------------------------------------------------------------------- */

static void *send_directly(void *context)
{
    worker *w = context;
    PGconn *link = PQconnectdb(getenv("GM_BENCH_POSTGRES"));
    gm_rng r = gm_rng_stream(7, w->number);
    char sql[400];
    while (PQstatus(link) == CONNECTION_OK && gm_clock_seconds() < w->until_s) {
        int twin = (int)gm_rng_below(&r, TWINS);
        snprintf(sql, sizeof sql,
                 "BEGIN; UPDATE bench_twin SET rev = rev + 1, doc = doc || '{\"hr\":%d}'::jsonb "
                 "WHERE id = %d;"
                 "INSERT INTO bench_history VALUES (%d, now(), '{\"hr\":%d}'); COMMIT",
                 60 + twin % 40, twin, twin, 60 + twin % 40);
        PGresult *done = PQexec(link, sql);
        w->done += PQresultStatus(done) == PGRES_COMMAND_OK;
        PQclear(done);
    }
    PQfinish(link);
    return NULL;
}

static void baseline(void)
{
    const char *where = getenv("GM_BENCH_POSTGRES");
    if (!where) {
        printf("PostgreSQL directly: not run, GM_BENCH_POSTGRES is not set\n");
        return;
    }
    PGconn *link = PQconnectdb(where);
    PQclear(PQexec(link,
                   "DROP TABLE IF EXISTS bench_twin, bench_history;"
                   "CREATE TABLE bench_twin(id INT PRIMARY KEY, rev BIGINT, doc JSONB);"
                   "CREATE TABLE bench_history(id INT, t TIMESTAMPTZ, doc JSONB);"
                   "INSERT INTO bench_twin SELECT i, 0, '{}' FROM generate_series(0, 9999) i"));
    PQfinish(link);
    report(NULL, "PostgreSQL directly, a transaction each, 8 connections", 8, 1, send_directly);
}

static void all(const gm_sql_ops *ops, const char *where)
{
    gm_store *s;
    gm_store_counts c;
    if (gm_store_open(&s, ops, where, NULL) != GM_OK) {
        printf("%s\n", gm_error_text());
        return;
    }
    printf("-- %s\n", ops->id);
    report(s, "updates in groups of 256 of 8 threads", 8, GROUP, send);
    report(s, "updates one by one of 64 threads", 64, 1, send);
    report(s, "reads of hot states, 2 threads", 2, 1, look);
    forks(s);
    gm_store_count(s, &c);
    printf("%.1f events a transaction\n", (double)c.n_events / (double)c.n_commits);
    gm_store_close(s);
}

int main(void)
{
    char folder[] = "bench_store_XXXXXX", path[64];
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/gemel.db", folder);
    bench_machine(2);
    all(&gm_sql_sqlite, path);
    if (getenv("GM_BENCH_POSTGRES")) all(&gm_sql_postgres, getenv("GM_BENCH_POSTGRES"));
    baseline();
    snprintf(path, sizeof path, "rm -rf %s", folder);
    return system(path);
}
