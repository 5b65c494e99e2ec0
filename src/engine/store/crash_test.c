/* kill -9 under load: a child sends updates from several threads and tells what was acknowledged through a
 * pipe; it is killed at a random moment; what it told must be in the store, whole and without gaps.
 * GM_KILLS: how often, for each database (200 if not set). */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "core/rng.h"
#include "store/backends_for_tests.h"
#include "store/document.h"
#include "store/store.h"
#include "store/verify.h"

enum { THREADS = 4, TWINS = 8, KILLS = 200, LONGEST_MS = 40 };

typedef struct {
    int twin;
    int64_t revision;
    double value;
} told;

static void name_twin(char id[16], int k)
{
    snprintf(id, 16, "a:%d", k);
}

/* ---- the child ---------------------------------------------------------------------------------- */

typedef struct {
    gm_store *s;
    int pipe, number;
    uint64_t seed;
} sender;

static void *send_without_end(void *context)
{
    sender *w = context;
    gm_rng r = gm_rng_stream(w->seed, (uint64_t)w->number);
    for (;;) {
        char id[16];
        told t = {.twin = (int)gm_rng_below(&r, TWINS), .value = gm_rng_normal(&r)};
        gm_receipt receipt;
        name_twin(id, t.twin);
        json_t *p = json_pack("{s:f}", "x", t.value);
        gm_update u = {.twin = id, .patch = p, .revision = GM_ANY_REVISION};
        if (gm_store_update(w->s, &u, &receipt) != GM_OK) _exit(3);
        t.revision = receipt.revision;
        if (write(w->pipe, &t, sizeof t) != sizeof t) _exit(4); /* whole: shorter than PIPE_BUF */
        json_decref(p);
    }
    return NULL;
}

static void be_child(const gm_sql_ops *ops, const char *place, int pipe, uint64_t seed)
{
    gm_store *s;
    pthread_t threads[THREADS];
    sender senders[THREADS];
    if (gm_store_open(&s, ops, place, NULL) != GM_OK) _exit(2);
    for (int k = 0; k < THREADS; k++) {
        senders[k] = (sender){s, pipe, k, seed};
        pthread_create(&threads[k], NULL, send_without_end, &senders[k]);
    }
    pthread_join(threads[0], NULL);
    _exit(1);
}

/* ---- the parent --------------------------------------------------------------------------------- */

typedef struct {
    told *all; /* [n] of all rounds */
    size_t n, most;
} account;

static void add(account *a, const told *t)
{
    if (a->n == a->most) {
        a->most = a->most ? 2 * a->most : 1024;
        a->all = realloc(a->all, a->most * sizeof *a->all);
    }
    a->all[a->n++] = *t;
}

/* Lets a child run for a while, kills it, and takes down what it told. */
static void run_and_kill(const gm_sql_ops *ops, const char *place, account *a, gm_rng *r)
{
    int ends[2], status;
    told t;
    uint64_t seed = gm_rng_below(r, UINT32_MAX);
    struct timespec wait = {0, (long)gm_rng_below(r, LONGEST_MS * 1000000)};
    EXPECT(pipe(ends) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        be_child(ops, place, ends[1], seed);
    }
    close(ends[1]);
    nanosleep(&wait, NULL);
    kill(child, SIGKILL);
    while (read(ends[0], &t, sizeof t) == (ssize_t)sizeof t)
        add(a, &t);
    close(ends[0]);
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    if (!WIFSIGNALED(status)) printf("the child ended with %d\n", WEXITSTATUS(status));
}

typedef struct {
    double *values; /* [n] by revision */
    int64_t n;
} list;

static gm_status take(void *context, int64_t revision, int64_t t_ms, const char *patch,
                      size_t length)
{
    list *l = context;
    json_t *p;
    (void)t_ms;
    EXPECT(revision == l->n + 1);
    l->values = realloc(l->values, (size_t)(revision + 1) * sizeof *l->values);
    EXPECT(gm_document_parse(&p, patch, length) == GM_OK);
    l->values[revision] = json_real_value(json_object_get(p, "x"));
    l->n = revision;
    json_decref(p);
    return GM_OK;
}

/* How many of the acknowledged updates are not there as they were sent. */
static size_t count_lost(gm_store *s, const account *a)
{
    size_t lost = 0;
    for (int k = 0; k < TWINS; k++) {
        char id[16];
        list l = {0};
        name_twin(id, k);
        gm_status status = gm_store_history(s, id, 1, INT64_MAX, take, &l);
        EXPECT(status == GM_OK || status == GM_ENOTFOUND);
        for (size_t i = 0; i < a->n; i++) {
            const told *t = &a->all[i];
            if (t->twin != k) continue;
            lost += t->revision > l.n || l.values[t->revision] != t->value;
        }
        free(l.values);
    }
    return lost;
}

static int n_kills(void)
{
    const char *asked = getenv("GM_KILLS");
    return asked ? atoi(asked) : KILLS;
}

static void expect_nothing_lost(const gm_sql_ops *ops)
{
    enum { CHECK_EVERY = 25 };
    char place[256];
    account a = {0};
    gm_rng r = gm_rng_stream(21, 0);
    gm_verification v = {0};
    gm_store *s;
    size_t lost = 0;
    NEED_PLACE(place, ops);
    for (int k = 1; k <= n_kills(); k++) {
        run_and_kill(ops, place, &a, &r);
        if (k % CHECK_EVERY != 0 && k != n_kills()) continue; /* the store lives on through all */
        EXPECT(gm_store_open(&s, ops, place, NULL) == GM_OK);
        lost += count_lost(s, &a);
        gm_store_close(s);
        EXPECT(gm_store_verify(&v, ops, place, NULL) == GM_OK);
    }
    printf("%s: %d kills, %zu updates acknowledged, %lld written, %zu lost\n", ops->id, n_kills(),
           a.n, (long long)v.n_events, lost);
    EXPECT(lost == 0 && a.n > 0);
    free(a.all);
}

static void sqlite_loses_nothing_that_was_acknowledged(void)
{
    expect_nothing_lost(&gm_sql_sqlite);
}

static void postgres_loses_nothing_that_was_acknowledged(void)
{
    expect_nothing_lost(&gm_sql_postgres);
}

int main(int argc, char **argv)
{
    start_backends();
    RUN(sqlite_loses_nothing_that_was_acknowledged);
    RUN(postgres_loses_nothing_that_was_acknowledged);
    return gm_report();
}
