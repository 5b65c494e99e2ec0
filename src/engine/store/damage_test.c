/* What is done to a store behind its back is found: changed, removed and moved rows, flipped bits, cut
 * files; and writes that fail are never acknowledged. */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/rng.h"
#include "store/backends_for_tests.h"
#include "store/blobs.h"
#include "store/document.h"
#include "store/lab.h"

enum { TWINS = 5, EVENTS = 400 };

typedef struct {
    char *bytes[TWINS][EVENTS + 1]; /* of every revision */
    int64_t n[TWINS];
} truth;

static void name_twin(char id[16], int k)
{
    snprintf(id, 16, "a:%d", k);
}

static gm_status put(gm_store *s, const char *twin, int64_t revision, double value)
{
    json_t *p = json_pack("{s:f,s:{s:f}}", "x", value, "y", value > 0 ? "up" : "down", value);
    gm_update u = {.twin = twin, .patch = p, .revision = revision, .client = "c", .t_ms = revision};
    char message[64];
    snprintf(message, sizeof message, "%s/%lld", twin, (long long)revision);
    u.message = message;
    gm_status status = gm_store_update(s, &u, NULL);
    json_decref(p);
    return status;
}

/* Writes the twins and a branch; keeps what every revision looked like. */
static void fill(const char *folder, const char *connection, truth *t)
{
    gm_lab *lab;
    gm_rng r = gm_rng_stream(3, 0);
    *t = (truth){0};
    EXPECT(gm_lab_init(folder, connection) == GM_OK);
    EXPECT(gm_lab_open(&lab, folder, NULL) == GM_OK);
    for (int i = 0; i < EVENTS; i++) {
        int k = (int)gm_rng_below(&r, TWINS);
        char id[16];
        size_t length;
        json_t *state;
        name_twin(id, k);
        EXPECT(put(gm_lab_store(lab), id, t->n[k], gm_rng_normal(&r)) == GM_OK);
        EXPECT(gm_store_read(gm_lab_store(lab), id, &state, NULL) == GM_OK);
        EXPECT(gm_document_bytes(state, &t->bytes[k][++t->n[k]], &length) == GM_OK);
        json_decref(state);
    }
    EXPECT(gm_store_fork(gm_lab_store(lab), "a:0", 3, (const char *[]){"b:0"}, 1, "t", 0) == GM_OK);
    gm_lab_close(lab);
}

static void drop(truth *t)
{
    for (int k = 0; k < TWINS; k++)
        for (int i = 0; i <= EVENTS; i++)
            free(t->bytes[k][i]);
}

/* Every revision is as it was, or is refused: GM_ESTATE stands for served wrongly. */
static gm_status look_at_all(const char *folder, const truth *t)
{
    gm_lab *lab;
    gm_status first = gm_lab_open(&lab, folder, NULL);
    if (first != GM_OK) return first;
    for (int k = 0; k < TWINS; k++)
        for (int64_t i = 1; i <= t->n[k]; i++) {
            char id[16], *bytes = NULL;
            json_t *state = NULL;
            size_t length;
            name_twin(id, k);
            gm_status s = i == t->n[k] ? gm_store_read(gm_lab_store(lab), id, &state, NULL)
                                       : gm_store_read_at(gm_lab_store(lab), id, i, &state);
            if (s == GM_OK) s = gm_document_bytes(state, &bytes, &length);
            if (s == GM_OK && strcmp(bytes, t->bytes[k][i]) != 0) s = GM_ESTATE;
            if (s != GM_OK && first != GM_ESTATE) first = s;
            free(bytes);
            json_decref(state);
        }
    gm_lab_close(lab);
    return first;
}

static void new_folder(char out[256])
{
    static int n;
    snprintf(out, 256, "%s/lab%d", test_folder, ++n);
}

/* ---- rows --------------------------------------------------------------------------------------- */

static void every_change_of_a_row_is_found(void)
{
    static const char *const tampering[] = {
        "UPDATE event SET body = CAST('{\"x\":1.0}' AS BLOB) WHERE sequence = 17",
        "UPDATE event SET t_ms = t_ms + 1 WHERE sequence = 90",
        "DELETE FROM event WHERE sequence = 44",
        "DELETE FROM event WHERE sequence = (SELECT max(sequence) FROM event)",
        "UPDATE event SET twin = 3 - twin, revision = revision + 1000 WHERE sequence = 9",
        "UPDATE event SET sequence = -1 WHERE sequence = 50; UPDATE event SET sequence = 50 WHERE "
        "sequence = 51; UPDATE event SET sequence = 51 WHERE sequence = -1",
        "DELETE FROM audit WHERE number = 30",
        "DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)",
        "UPDATE audit SET what = '{}' WHERE number = 12",
        "UPDATE audit SET t_ms = 5 WHERE number = 100",
        "UPDATE audit SET number = -1 WHERE number = 60; UPDATE audit SET number = 60 WHERE number "
        "= "
        "61; UPDATE audit SET number = 61 WHERE number = -1",
        "UPDATE head SET last_audit = last_audit - 1",
        "UPDATE head SET last_event = last_event + 1",
        "UPDATE twin SET revision = revision - 1 WHERE id = 'a:2'",
        "UPDATE twin SET id = 'a:99' WHERE id = 'a:2'",
        "UPDATE twin SET forked_at = 4, revision = 4 WHERE id = 'b:0'",
        "DELETE FROM twin WHERE id = 'b:0'",
        "UPDATE snapshot SET body = CAST('{}' AS BLOB)",
    };
    for (size_t k = 0; k < sizeof tampering / sizeof *tampering; k++) {
        char folder[256], path[300];
        truth t;
        gm_verification v;
        sqlite3 *db;
        size_t n_blobs;
        new_folder(folder);
        fill(folder, NULL, &t);
        EXPECT(gm_lab_check(folder, &v, &n_blobs, NULL) == GM_OK);
        EXPECT(v.n_events == EVENTS && v.n_records == EVENTS + 1 && v.n_twins == TWINS + 1);
        snprintf(path, sizeof path, "%s/gemel.db", folder);
        EXPECT(sqlite3_open(path, &db) == SQLITE_OK);
        EXPECT(sqlite3_exec(db, tampering[k], NULL, NULL, NULL) == SQLITE_OK);
        EXPECT(sqlite3_total_changes(db) > 0);
        sqlite3_close(db);
        gm_status s = gm_lab_check(folder, &v, &n_blobs, NULL);
        if (s != GM_EFORMAT) printf("not found: %s\n", tampering[k]);
        EXPECT(s == GM_EFORMAT);
        EXPECT(look_at_all(folder, &t) != GM_ESTATE);
        drop(&t);
    }
}

/* ---- bits --------------------------------------------------------------------------------------- */

static void copy_file(const char *from, const char *to)
{
    char *data;
    size_t n;
    EXPECT(gm_file_read(&data, &n, from, 0) == GM_OK && gm_file_write(to, data, n) == GM_OK);
    gm_free(data);
}

/* A state that does not carry the flipped bit is served, any other is refused. */
static void a_flipped_bit_is_never_served(void)
{
    char folder[256], path[300], whole[300];
    truth t;
    gm_rng r = gm_rng_stream(4, 0);
    int n_refused = 0, n_untouched = 0;
    new_folder(folder);
    fill(folder, NULL, &t);
    snprintf(path, sizeof path, "%s/gemel.db", folder);
    snprintf(whole, sizeof whole, "%s/whole", folder);
    copy_file(path, whole);
    struct stat st;
    EXPECT(stat(path, &st) == 0);
    for (int k = 0; k < 300; k++) {
        off_t at = (off_t)gm_rng_below(&r, (uint64_t)st.st_size);
        unsigned char byte;
        copy_file(whole, path);
        int f = open(path, O_RDWR);
        EXPECT(pread(f, &byte, 1, at) == 1);
        byte ^= (unsigned char)(1u << gm_rng_below(&r, 8));
        EXPECT(pwrite(f, &byte, 1, at) == 1);
        close(f);
        gm_status s = look_at_all(folder, &t);
        if (s == GM_ESTATE) printf("bit at byte %lld was served\n", (long long)at);
        EXPECT(s != GM_ESTATE);
        n_refused += s != GM_OK, n_untouched += s == GM_OK;
    }
    printf("300 bits of %lld bytes flipped: %d refused, %d in no state that was read\n",
           (long long)st.st_size, n_refused, n_untouched);
    EXPECT(n_refused > 0);
    drop(&t);
}

/* A crash may leave any beginning of the log behind. */
static void a_cut_log_ends_at_a_whole_transaction(void)
{
    char place[256], wal[300], cut[256], cut_wal[300];
    EXPECT(new_place(&gm_sql_sqlite, place));
    gm_store *s;
    struct stat st;
    EXPECT(gm_store_open(&s, &gm_sql_sqlite, place, NULL) == GM_OK);
    for (int k = 0; k < 12; k++)
        EXPECT(put(s, "a:1", k, k + 0.5) == GM_OK);
    snprintf(wal, sizeof wal, "%s-wal", place);
    EXPECT(stat(wal, &st) == 0);
    EXPECT(new_place(&gm_sql_sqlite, cut));
    snprintf(cut_wal, sizeof cut_wal, "%s-wal", cut);
    int n_seen = 0;
    int64_t last = -1;
    gm_rng r = gm_rng_stream(8, 0);
    for (off_t length = st.st_size; length > 0;
         length -= 1 + (off_t)gm_rng_below(&r, 900), n_seen++) {
        gm_store *again;
        gm_verification v;
        json_t *state = NULL;
        int64_t revision = 0;
        copy_file(place, cut), copy_file(wal, cut_wal);
        EXPECT(truncate(cut_wal, length) == 0);
        EXPECT(gm_store_open(&again, &gm_sql_sqlite, cut, NULL) == GM_OK);
        gm_status got = gm_store_read(again, "a:1", &state, &revision);
        EXPECT(got == GM_OK || got == GM_ENOTFOUND);
        if (got == GM_OK)
            EXPECT_CLOSE(json_real_value(json_object_get(state, "x")), (double)revision - 0.5, 0,
                         0);
        EXPECT(last < 0 || revision <= last);
        last = revision;
        json_decref(state);
        gm_store_close(again);
        EXPECT(gm_store_verify(&v, &gm_sql_sqlite, cut, NULL) == GM_OK && v.n_events == revision);
        unlink(cut_wal);
        char shm[300];
        snprintf(shm, sizeof shm, "%s-shm", cut);
        unlink(shm);
    }
    printf("%d cuts, down to revision %lld\n", n_seen, (long long)last);
    gm_store_close(s);
}

static void a_damaged_blob_is_refused(void)
{
    char folder[300], name[GM_HASH_TEXT], again[GM_HASH_TEXT], path[500], *data;
    size_t length;
    snprintf(folder, sizeof folder, "%s/blobs", test_folder);
    EXPECT(gm_blob_put(folder, "a mesh", 6, name) == GM_OK);
    EXPECT(gm_blob_put(folder, "a mesh", 6, again) == GM_OK && strcmp(name, again) == 0);
    EXPECT(gm_blob_get(folder, name, &data, &length) == GM_OK && length == 6);
    gm_free(data);
    snprintf(path, sizeof path, "%s/%.2s/%s", folder, name, name + 2);
    EXPECT(gm_file_write(path, "a mash", 6) == GM_OK);
    EXPECT(gm_blob_get(folder, name, &data, &length) == GM_EFORMAT && !data);
    EXPECT_CONTAINS(gm_error_text(), "damaged");
    EXPECT(gm_blob_get(folder, "../../etc/passwd", &data, &length) == GM_EINVAL);
    name[0] = name[0] == '0' ? '1' : '0';
    EXPECT(gm_blob_get(folder, name, &data, &length) == GM_ENOTFOUND);
}

/* ---- backups ------------------------------------------------------------------------------------ */

static void a_backup_comes_back_over_either_database(void)
{
    char folder[256], backup[256], moved[256], connection[256], name[GM_HASH_TEXT], *data;
    truth t;
    size_t length, n_blobs;
    gm_verification v, w;
    gm_lab *lab, *second;
    NEED_PLACE(connection, &gm_sql_postgres);
    new_folder(folder), new_folder(backup), new_folder(moved);
    fill(folder, NULL, &t);
    EXPECT(gm_lab_open(&lab, folder, NULL) == GM_OK);
    EXPECT(gm_blob_put(gm_lab_blobs(lab), "mesh", 4, name) == GM_OK);
    EXPECT(gm_lab_open(&second, folder, NULL) == GM_ESTATE && !second);
    EXPECT_CONTAINS(gm_error_text(), "in use by process");
    gm_lab_close(lab);
    EXPECT(gm_lab_backup(folder, backup, NULL) == GM_OK);
    EXPECT(gm_lab_backup(folder, backup, NULL) == GM_ESTATE);
    EXPECT(gm_lab_restore(backup, moved, connection, NULL) == GM_OK);
    EXPECT(look_at_all(backup, &t) == GM_OK && look_at_all(moved, &t) == GM_OK);
    EXPECT(gm_lab_check(folder, &v, &n_blobs, NULL) == GM_OK && n_blobs == 1);
    EXPECT(gm_lab_check(moved, &w, &n_blobs, NULL) == GM_OK && n_blobs == 1);
    EXPECT(strcmp(v.head, w.head) == 0 && v.n_events == w.n_events);
    EXPECT(gm_lab_open(&lab, moved, NULL) == GM_OK);
    EXPECT(gm_blob_get(gm_lab_blobs(lab), name, &data, &length) == GM_OK && length == 4);
    EXPECT(put(gm_lab_store(lab), "a:0", t.n[0] - 1, 1) == GM_OK); /* that message was answered */
    EXPECT(put(gm_lab_store(lab), "a:0", t.n[0], 1) == GM_OK);
    gm_free(data);
    gm_lab_close(lab);
    EXPECT(gm_lab_open(&lab, test_folder, NULL) == GM_ENOTFOUND);
    drop(&t);
}

/* ---- writes that fail --------------------------------------------------------------------------- */

/* SQLite's file system, in which the n-th write, flush or truncation fails; and all after it. */
static sqlite3_vfs *real_system;
static _Atomic long writes_left = -1; /* -1: none fails */

typedef struct {
    sqlite3_file base;
    sqlite3_file *real;
} shim_file;

static bool fails_now(void)
{
    long left = writes_left;
    while (left > 0 && !__atomic_compare_exchange_n((long *)&writes_left, &left, left - 1, false,
                                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return left == 0;
}

#define REAL(f) (((shim_file *)(f))->real)

static int shim_close(sqlite3_file *f)
{
    int e = REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK;
    sqlite3_free(REAL(f));
    return e;
}

static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return REAL(f)->pMethods->xRead(REAL(f), p, n, at);
}

static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (!fails_now()) return REAL(f)->pMethods->xWrite(REAL(f), p, n, at);
    REAL(f)->pMethods->xWrite(REAL(f), p, n / 2, at); /* half of it got there */
    return SQLITE_FULL;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    return fails_now() ? SQLITE_IOERR_TRUNCATE : REAL(f)->pMethods->xTruncate(REAL(f), n);
}

static int shim_sync(sqlite3_file *f, int flags)
{
    return fails_now() ? SQLITE_IOERR_FSYNC : REAL(f)->pMethods->xSync(REAL(f), flags);
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return REAL(f)->pMethods->xFileSize(REAL(f), n);
}

static int shim_lock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xLock(REAL(f), level);
}

static int shim_unlock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xUnlock(REAL(f), level);
}

static int shim_reserved(sqlite3_file *f, int *out)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}

static int shim_control(sqlite3_file *f, int op, void *p)
{
    return REAL(f)->pMethods->xFileControl(REAL(f), op, p);
}

static int shim_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int shim_traits(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int shim_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, out);
}

static int shim_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags);
}

static void shim_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int shim_unmap(sqlite3_file *f, int delete)
{
    return REAL(f)->pMethods->xShmUnmap(REAL(f), delete);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_barrier,
    .xShmUnmap = shim_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)vfs;
    shim_file *s = (shim_file *)f;
    s->real = sqlite3_malloc(real_system->szOsFile);
    if (!s->real) return SQLITE_NOMEM;
    memset(s->real, 0, (size_t)real_system->szOsFile);
    int e = real_system->xOpen(real_system, name, s->real, flags, out);
    s->base.pMethods = e == SQLITE_OK ? &shim_methods : NULL;
    if (e != SQLITE_OK) sqlite3_free(s->real);
    return e;
}

static void use_shim(bool on)
{
    static sqlite3_vfs shim;
    if (!real_system) {
        real_system = sqlite3_vfs_find(NULL);
        shim = *real_system;
        shim.zName = "failing";
        shim.szOsFile = sizeof(shim_file);
        shim.xOpen = shim_open;
    }
    if (on)
        sqlite3_vfs_register(&shim, 1);
    else
        sqlite3_vfs_unregister(&shim);
}

/* For n = 1, 2, ... the n-th write fails, until a run goes through: nothing crashes, what was acknowledged is
 * there afterwards, and what is there was sent. */
static void a_write_that_fails_is_not_acknowledged(void)
{
    enum { SENT = 6 };
    long n = 0;
    int n_runs = 0, n_refusals = 0;
    for (bool went_through = false; !went_through && n < 4000; n += 1 + n / 40, n_runs++) {
        char place[256];
        gm_store *s = NULL;
        int64_t acknowledged = 0, revision = 0;
        json_t *state = NULL;
        EXPECT(new_place(&gm_sql_sqlite, place));
        use_shim(true);
        writes_left = n;
        gm_status opened = gm_store_open(&s, &gm_sql_sqlite, place, NULL);
        for (int k = 0; k < SENT && opened == GM_OK; k++) {
            gm_status status = put(s, "a:1", acknowledged, (double)(acknowledged + 1));
            if (status == GM_OK) acknowledged++;
            n_refusals += status != GM_OK;
            EXPECT(status == GM_OK || status == GM_EIO || status == GM_ENOMEM);
        }
        if (opened == GM_OK) gm_store_close(s);
        went_through = writes_left > 0;
        writes_left = -1;
        use_shim(false);
        EXPECT(gm_store_open(&s, &gm_sql_sqlite, place, NULL) == GM_OK);
        gm_status got = gm_store_read(s, "a:1", &state, &revision);
        EXPECT(got == GM_OK || (got == GM_ENOTFOUND && acknowledged == 0));
        EXPECT(revision >= acknowledged && revision <= acknowledged + 1);
        if (got == GM_OK)
            EXPECT_CLOSE(json_real_value(json_object_get(state, "x")), (double)revision, 0, 0);
        json_decref(state);
        gm_store_close(s);
    }
    printf("%d points of failure up to write %ld: %d updates refused\n", n_runs, n, n_refusals);
    EXPECT(n_runs > 20 && n_refusals > 0);
}

static void no_memory_is_said_and_what_was_acknowledged_stays(void)
{
    char place[256];
    gm_store *s;
    EXPECT(new_place(&gm_sql_sqlite, place));
    EXPECT(gm_store_open(&s, &gm_sql_sqlite, place, NULL) == GM_OK);
    EXPECT(put(s, "a:1", 0, 1) == GM_OK);
    int64_t acknowledged = 1;
    for (long n = 0; n < 40; n++) {
        gm_alloc_fail_after(n);
        gm_status status = put(s, "a:1", acknowledged, (double)(acknowledged + 1));
        gm_alloc_fail_after(-1);
        EXPECT(status == GM_OK || status == GM_ENOMEM);
        acknowledged += status == GM_OK;
        json_t *state = NULL;
        int64_t revision;
        EXPECT(gm_store_read(s, "a:1", &state, &revision) == GM_OK && revision == acknowledged);
        EXPECT_CLOSE(json_real_value(json_object_get(state, "x")), (double)revision, 0, 0);
        json_decref(state);
    }
    for (long n = 0; n < 60; n++) {
        gm_store *other = NULL;
        gm_alloc_fail_after(n);
        gm_status status = gm_store_open(&other, &gm_sql_sqlite, place, NULL);
        gm_alloc_fail_after(-1);
        EXPECT((status == GM_OK) == (other != NULL) && (status == GM_OK || status == GM_ENOMEM));
        gm_store_close(other);
    }
    EXPECT(acknowledged > 1);
    gm_store_close(s);
}

int main(int argc, char **argv)
{
    start_backends();
    RUN(every_change_of_a_row_is_found);
    RUN(a_flipped_bit_is_never_served);
    RUN(a_cut_log_ends_at_a_whole_transaction);
    RUN(a_damaged_blob_is_refused);
    RUN(a_backup_comes_back_over_either_database);
    RUN(a_write_that_fails_is_not_acknowledged);
    RUN(no_memory_is_said_and_what_was_acknowledged_stays);
    return gm_report();
}
