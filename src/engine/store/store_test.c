/* The store against both databases: folds, history, branches, conditions, repeats, and many threads. */
#include "store/store.h"

#include <pthread.h>

#include "core/rng.h"
#include "store/backends_for_tests.h"
#include "store/document.h"

static const gm_sql_ops *ops; /* of the run */

static gm_store *opened(const char *place)
{
    gm_store *s = NULL;
    EXPECT(gm_store_open(&s, ops, place, NULL) == GM_OK);
    if (!s) printf("%s\n", gm_error_text());
    return s;
}

static gm_status put(gm_store *s, const char *twin, const char *patch, int64_t revision,
                     gm_receipt *out)
{
    json_t *p = json_loads(patch, 0, NULL);
    gm_update u = {.twin = twin, .patch = p, .revision = revision, .by = "test", .t_ms = 1000};
    gm_status status = gm_store_update(s, &u, out);
    json_decref(p);
    return status;
}

/* The bytes of a state; the caller frees. */
static char *bytes_of(const json_t *state)
{
    char *bytes = NULL;
    size_t n;
    EXPECT(state && gm_document_bytes(state, &bytes, &n) == GM_OK);
    return bytes;
}

static void expect_state(gm_store *s, const char *twin, const char *wanted)
{
    json_t *state = NULL;
    EXPECT(gm_store_read(s, twin, &state, NULL) == GM_OK);
    char *bytes = state ? bytes_of(state) : NULL;
    if (bytes && strcmp(bytes, wanted) != 0) printf("%s\n", bytes);
    EXPECT(bytes && strcmp(bytes, wanted) == 0);
    free(bytes);
    json_decref(state);
}

static void a_state_is_the_fold_of_its_patches(void)
{
    char place[256];
    NEED_PLACE(place, ops);
    gm_store *s = opened(place);
    gm_receipt r;
    EXPECT(put(s, "a:1", "{\"x\":{\"b\":1,\"a\":2.5},\"y\":[1,2]}", 0, &r) == GM_OK &&
           r.revision == 1);
    EXPECT(put(s, "a:1", "{\"x\":{\"b\":null,\"c\":\"\\u00e9\"},\"z\":{\"n\":null}}", 1, &r) ==
           GM_OK);
    EXPECT(r.revision == 2);
    expect_state(s, "a:1", "{\"x\":{\"a\":2.5,\"c\":\"\xC3\xA9\"},\"y\":[1,2],\"z\":{}}");
    gm_store_close(s);
    s = opened(place);
    expect_state(s, "a:1", "{\"x\":{\"a\":2.5,\"c\":\"\xC3\xA9\"},\"y\":[1,2],\"z\":{}}");
    gm_store_close(s);
}

static void what_is_refused_changes_nothing(void)
{
    char place[256], id[400];
    NEED_PLACE(place, ops);
    gm_store *s = opened(place);
    gm_receipt r;
    json_t *state;
    memset(id, 'a', sizeof id), id[sizeof id - 1] = 0;
    EXPECT(put(s, "a:1", "{\"x\":1}", 0, &r) == GM_OK);
    EXPECT(put(s, "a:1", "{\"x\":2}", 0, &r) == GM_ESTATE);
    EXPECT_CONTAINS(gm_error_text(), "there is a twin \"a:1\" already");
    EXPECT(put(s, "a:1", "{\"x\":2}", 7, &r) == GM_ESTATE);
    EXPECT(put(s, "a:2", "{\"x\":2}", 3, &r) == GM_ESTATE);
    EXPECT(put(s, "a:1", "[1]", 1, &r) == GM_EINVAL);
    EXPECT(put(s, id, "{}", 0, &r) == GM_EINVAL && put(s, "", "{}", 0, &r) == GM_EINVAL);
    EXPECT(gm_store_read(s, "a:2", &state, NULL) == GM_ENOTFOUND && !state);
    EXPECT_CONTAINS(gm_error_text(), "there is no twin \"a:2\"");
    EXPECT(gm_store_read_at(s, "a:1", 2, &state) == GM_ENOTFOUND);
    EXPECT(gm_store_fork(s, "a:9", 0, (const char *[]){"b:1"}, 1, NULL, 0) == GM_ENOTFOUND);
    EXPECT(gm_store_fork(s, "a:1", 5, (const char *[]){"b:1"}, 1, NULL, 0) == GM_EINVAL);
    EXPECT(gm_store_fork(s, "a:1", 1, (const char *[]){"b:1", "a:1"}, 2, NULL, 0) == GM_ESTATE);
    EXPECT(gm_store_read(s, "b:1", &state, NULL) == GM_ENOTFOUND);
    expect_state(s, "a:1", "{\"x\":1}");
    gm_store_close(s);
}

/* A patch of random members, some of them removed. */
static json_t *random_patch(gm_rng *r)
{
    json_t *p = json_object(), *inner = json_object();
    for (int k = 0; k < 3; k++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", (int)gm_rng_below(r, 12));
        bool removes = gm_rng_below(r, 4) == 0;
        json_object_set_new(k == 2 ? inner : p, key,
                            removes ? json_null() : json_real(gm_rng_normal(r) * 1e3));
    }
    json_object_set_new(p, "inner", inner);
    return p;
}

enum { PAST = 300 };

static void expect_past(gm_store *s, const char *twin, char *const past[], int64_t n)
{
    for (int64_t k = 0; k <= n; k++) {
        json_t *state = NULL;
        int64_t at;
        EXPECT(gm_store_read_at(s, twin, k, &state) == GM_OK);
        char *bytes = state ? bytes_of(state) : NULL;
        EXPECT(bytes && strcmp(bytes, past[k]) == 0);
        free(bytes);
        json_decref(state);
        /* revision k was received at 10 k ms */
        EXPECT(gm_store_revision_at(s, twin, 10 * k + 5, &at) == GM_OK && at == k);
    }
}

static void any_past_revision_gives_the_same_bytes(void)
{
    char place[256], *past[PAST + 1] = {NULL};
    NEED_PLACE(place, ops);
    gm_store *s = opened(place);
    gm_rng r = gm_rng_stream(11, 0);
    past[0] = strdup("{}");
    for (int64_t k = 1; k <= PAST; k++) {
        json_t *p = random_patch(&r), *state = NULL;
        gm_update u = {.twin = "a:1", .patch = p, .revision = k - 1, .t_ms = 10 * k};
        EXPECT(gm_store_update(s, &u, NULL) == GM_OK);
        EXPECT(gm_store_read(s, "a:1", &state, NULL) == GM_OK);
        past[k] = bytes_of(state);
        json_decref(state), json_decref(p);
    }
    expect_past(s, "a:1", past, PAST);
    gm_store_close(s);
    s = opened(place);
    expect_past(s, "a:1", past, PAST);
    gm_store_close(s);
    for (int k = 0; k <= PAST; k++)
        free(past[k]);
}

/* ---- branches ----------------------------------------------------------------------------------- */

static void a_branch_begins_where_it_was_forked_and_leaves_its_parent_alone(void)
{
    char place[256];
    NEED_PLACE(place, ops);
    gm_store *s = opened(place);
    gm_receipt r;
    gm_twin_facts f;
    for (int k = 1; k <= 3; k++) {
        char patch[64];
        snprintf(patch, sizeof patch, "{\"v\":%d,\"k%d\":1}", k, k);
        EXPECT(put(s, "a:1", patch, k - 1, &r) == GM_OK);
    }
    const char *ids[] = {"a:1~now", "a:1~then"};
    EXPECT(gm_store_fork(s, "a:1", GM_ANY_REVISION, ids, 1, "test", 2000) == GM_OK);
    EXPECT(gm_store_fork(s, "a:1", 2, ids + 1, 1, "test", 2000) == GM_OK);
    expect_state(s, ids[0], "{\"k1\":1,\"k2\":1,\"k3\":1,\"v\":3}");
    expect_state(s, ids[1], "{\"k1\":1,\"k2\":1,\"v\":2}");
    EXPECT(put(s, ids[0], "{\"v\":30}", 3, &r) == GM_OK && r.revision == 4);
    EXPECT(put(s, ids[1], "{\"v\":20}", 2, &r) == GM_OK && r.revision == 3);
    EXPECT(put(s, "a:1", "{\"v\":4}", 3, &r) == GM_OK && r.revision == 4);
    for (int again = 0; again < 2; again++) {
        expect_state(s, "a:1", "{\"k1\":1,\"k2\":1,\"k3\":1,\"v\":4}");
        expect_state(s, ids[0], "{\"k1\":1,\"k2\":1,\"k3\":1,\"v\":30}");
        expect_state(s, ids[1], "{\"k1\":1,\"k2\":1,\"v\":20}");
        EXPECT(gm_store_facts(s, ids[1], &f) == GM_OK && strcmp(f.parent, "a:1") == 0);
        EXPECT(f.forked_at == 2 && f.revision == 3);
        gm_store_close(s);
        s = opened(place);
    }
    /* a branch of a branch, and its history through all of them */
    EXPECT(gm_store_fork(s, ids[1], 1, (const char *[]){"a:1~deep"}, 1, NULL, 0) == GM_OK);
    expect_state(s, "a:1~deep", "{\"k1\":1,\"v\":1}");
    gm_store_close(s);
}

static void many_branches_are_cheap(void)
{
    enum { N = 10000 };
    char place[256], (*names)[16] = calloc(N, sizeof *names);
    const char **ids = calloc(N, sizeof *ids);
    NEED_PLACE(place, ops);
    gm_store *s = opened(place);
    gm_receipt r;
    EXPECT(put(s, "a:1", "{\"v\":1}", 0, &r) == GM_OK);
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "b:%d", i);
        ids[i] = names[i];
    }
    EXPECT(gm_store_fork(s, "a:1", GM_ANY_REVISION, ids, N, "test", 0) == GM_OK);
    EXPECT(put(s, "b:77", "{\"v\":2}", 1, &r) == GM_OK);
    expect_state(s, "b:77", "{\"v\":2}");
    expect_state(s, "b:78", "{\"v\":1}");
    expect_state(s, "a:1", "{\"v\":1}");
    gm_store_close(s);
    free(names), free(ids);
}

/* ---- senders that repeat themselves -------------------------------------------------------------- */

static void a_message_that_comes_twice_has_one_effect(void)
{
    char place[256];
    NEED_PLACE(place, ops);
    gm_store *s = opened(place);
    json_t *p = json_pack("{s:i}", "n", 1);
    gm_update u[3];
    gm_receipt r[3];
    for (int again = 0; again < 3; again++) {
        for (int k = 0; k < 3; k++) /* thrice in one batch, with another in between */
            u[k] = (gm_update){.twin = "a:1",
                               .patch = p,
                               .revision = GM_ANY_REVISION,
                               .client = "ward",
                               .message = k == 1 ? "m2" : "m1"};
        EXPECT(gm_store_update_all(s, u, 3, NULL, r) == GM_OK);
        EXPECT(r[0].revision == 1 && r[1].revision == 2 && r[2].revision == 1);
        EXPECT(r[0].is_repeat == (again > 0) && r[1].is_repeat == (again > 0) && r[2].is_repeat);
        if (again == 1) gm_store_close(s), s = opened(place);
    }
    gm_twin_facts f;
    EXPECT(gm_store_facts(s, "a:1", &f) == GM_OK && f.revision == 2);
    json_decref(p);
    gm_store_close(s);
}

/* ---- many threads -------------------------------------------------------------------------------- */

enum { WRITERS = 64, EACH = 20 };

typedef struct {
    gm_store *s;
    int number, successes;
} worker;

static gm_status is_at(void *context, const json_t *state)
{
    json_int_t wanted = *(const json_int_t *)context;
    json_int_t is = json_integer_value(json_object_get(state, "n"));
    return is == wanted ? GM_OK : gm_fail(GM_ESTATE, "n is %lld", (long long)is);
}

/* Reads the counter, and writes one more if it is still so: by revision or by condition. */
static void *increment(void *context)
{
    worker *w = context;
    for (int k = 0; k < EACH; k++) {
        json_t *state = NULL;
        int64_t revision;
        if (gm_store_read(w->s, "a:1", &state, &revision) != GM_OK) return NULL;
        json_int_t n = json_integer_value(json_object_get(state, "n"));
        json_t *p = json_pack("{s:I}", "n", n + 1);
        gm_update u = {.twin = "a:1", .patch = p, .revision = revision};
        if (w->number % 2) {
            u.revision = GM_ANY_REVISION;
            u.condition = is_at, u.context = &n;
        }
        w->successes += gm_store_update(w->s, &u, NULL) == GM_OK;
        json_decref(state), json_decref(p);
    }
    return NULL;
}

static void conditional_writers_lose_nothing(void)
{
    char place[256];
    NEED_PLACE(place, ops);
    gm_store *s = opened(place);
    gm_receipt r;
    pthread_t threads[WRITERS];
    worker workers[WRITERS];
    int successes = 0;
    EXPECT(put(s, "a:1", "{\"n\":0}", 0, &r) == GM_OK);
    for (int k = 0; k < WRITERS; k++) {
        workers[k] = (worker){s, k, 0};
        pthread_create(&threads[k], NULL, increment, &workers[k]);
    }
    for (int k = 0; k < WRITERS; k++) {
        pthread_join(threads[k], NULL);
        successes += workers[k].successes;
    }
    char wanted[32];
    snprintf(wanted, sizeof wanted, "{\"n\":%d}", successes);
    expect_state(s, "a:1", wanted);
    printf("%d of %d increments went through\n", successes, WRITERS * EACH);
    EXPECT(successes >= EACH);
    gm_store_close(s);
}

/* Each writer owns a twin; whoever reads it after an acknowledgement sees that update or a later one. */
typedef struct {
    gm_store *s;
    char id[16];
    _Atomic int64_t acknowledged;
    _Atomic bool done;
    int stale, reads;
} pair;

static void *write_own(void *context)
{
    pair *p = context;
    for (int64_t k = 1; k <= 300; k++) {
        json_t *patch = json_pack("{s:I}", "n", (json_int_t)k);
        gm_update u = {.twin = p->id, .patch = patch, .revision = k - 1};
        if (gm_store_update(p->s, &u, NULL) == GM_OK) p->acknowledged = k;
        json_decref(patch);
    }
    p->done = true;
    return NULL;
}

static void *read_own(void *context)
{
    pair *p = context;
    while (!p->done) {
        json_t *state = NULL;
        int64_t before = p->acknowledged;
        if (before == 0 || gm_store_read(p->s, p->id, &state, NULL) != GM_OK) continue;
        p->stale += json_integer_value(json_object_get(state, "n")) < before;
        p->reads++;
        json_decref(state);
    }
    return NULL;
}

static void what_was_acknowledged_is_seen_by_everybody(void)
{
    enum { PAIRS = 4 };
    char place[256];
    NEED_PLACE(place, ops);
    gm_store_options few = {2, 16, 8}; /* states are cooled all the time */
    gm_store *s = NULL;
    pair pairs[PAIRS];
    pthread_t threads[2 * PAIRS];
    EXPECT(gm_store_open(&s, ops, place, &few) == GM_OK);
    for (int k = 0; k < PAIRS; k++) {
        pairs[k] = (pair){.s = s};
        snprintf(pairs[k].id, sizeof pairs[k].id, "a:%d", k);
        pthread_create(&threads[2 * k], NULL, write_own, &pairs[k]);
        pthread_create(&threads[2 * k + 1], NULL, read_own, &pairs[k]);
    }
    for (int k = 0; k < 2 * PAIRS; k++)
        pthread_join(threads[k], NULL);
    for (int k = 0; k < PAIRS; k++) {
        EXPECT(pairs[k].acknowledged == 300 && pairs[k].stale == 0 && pairs[k].reads > 0);
    }
    gm_store_close(s);
}

typedef struct {
    int n;
    int64_t last;
} heard;

static void hear(void *context, const char *twin, int64_t revision, const json_t *patch,
                 int64_t t_ms)
{
    heard *h = context;
    (void)t_ms;
    EXPECT(strcmp(twin, "a:1") == 0 && json_is_object(patch) && revision == h->last + 1);
    h->last = revision, h->n++;
}

static gm_status count_id(void *context, const char *twin, int64_t revision)
{
    (void)revision;
    char *last = context;
    EXPECT(strcmp(twin, last) > 0);
    snprintf(last, 32, "%s", twin);
    return GM_OK;
}

static void listeners_hear_each_event_once_and_twins_are_listed(void)
{
    char place[256], last[32] = "";
    NEED_PLACE(place, ops);
    gm_store *s = opened(place);
    gm_receipt r;
    heard h = {0};
    gm_store_listen(s, hear, &h);
    EXPECT(put(s, "a:1", "{\"x\":1}", 0, &r) == GM_OK);
    EXPECT(put(s, "a:1", "{\"x\":1}", 0, &r) == GM_ESTATE);
    EXPECT(put(s, "a:1", "{\"x\":2}", 1, &r) == GM_OK);
    gm_store_listen(s, NULL, NULL);
    EXPECT(put(s, "b:1", "{\"x\":2}", 0, &r) == GM_OK);
    EXPECT(h.n == 2);
    EXPECT(gm_store_list(s, "", 10, count_id, last) == GM_OK && strcmp(last, "b:1") == 0);
    gm_store_close(s);
}

int main(int argc, char **argv)
{
    static const gm_sql_ops *const all[] = {&gm_sql_sqlite, &gm_sql_postgres};
    start_backends();
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        ops = all[k];
        printf("%s\n", ops->id);
        RUN(a_state_is_the_fold_of_its_patches);
        RUN(what_is_refused_changes_nothing);
        RUN(any_past_revision_gives_the_same_bytes);
        RUN(a_branch_begins_where_it_was_forked_and_leaves_its_parent_alone);
        RUN(many_branches_are_cheap);
        RUN(a_message_that_comes_twice_has_one_effect);
        RUN(conditional_writers_lose_nothing);
        RUN(what_was_acknowledged_is_seen_by_everybody);
        RUN(listeners_hear_each_event_once_and_twins_are_listed);
    }
    return gm_report();
}
