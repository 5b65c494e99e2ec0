#include "store/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "store/blobs.h"
#include "store/copy.h"

enum { VERSION = 1 };

/* What lab.json says, and the lock. */
typedef struct {
    const gm_sql_ops *ops;
    char *where, *blobs;
    int lock; /* -1: not held */
} place;

struct gm_lab {
    place at;
    gm_store *store;
};

static void clear_place(place *p)
{
    gm_free(p->where);
    gm_free(p->blobs);
    if (p->lock >= 0) close(p->lock); /* and with it the lock */
    *p = (place){.lock = -1};
}

/* ---- lab.json ----------------------------------------------------------------------------------- */

static gm_status read_settings(place *p, const char *folder, const json_t *o, const char *path)
{
    static const char *const keys[] = {"gemel_lab", "store", "connection", NULL};
    const char *store = NULL, *connection = NULL;
    double version = 0;
    GM_TRY(gm_json_only_keys(o, path, keys));
    GM_TRY(gm_json_real(o, path, "gemel_lab", NULL, VERSION, VERSION, &version));
    GM_TRY(gm_json_string(o, path, "store", &store));
    GM_TRY(gm_json_string(o, path, "connection", &connection));
    if (version != VERSION || !store)
        return gm_fail(GM_EFORMAT, "%s: \"gemel_lab\" (%d) and \"store\" are needed", path,
                       VERSION);
    bool is_sqlite = strcmp(store, "sqlite") == 0;
    if (!is_sqlite && strcmp(store, "postgres") != 0)
        return gm_fail(GM_EFORMAT, "%s: store \"%s\"; allowed are sqlite and postgres", path,
                       store);
    if (!is_sqlite && !connection)
        return gm_fail(GM_EFORMAT, "%s: a store of postgres needs its \"connection\"", path);
    p->ops = is_sqlite ? &gm_sql_sqlite : &gm_sql_postgres;
    p->where = is_sqlite ? gm_path_join(folder, "gemel.db") : gm_strdup(connection);
    p->blobs = gm_path_join(folder, "blobs");
    return p->where && p->blobs ? GM_OK : gm_fail(GM_ENOMEM, "lab: no memory");
}

static gm_status take_lock(place *p, const char *folder)
{
    char *path = gm_path_join(folder, "lock"), holder[32] = "";
    p->lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
    gm_free(path);
    if (p->lock < 0)
        return gm_fail(GM_EIO, "%s: its lock cannot be opened: %s", folder, strerror(errno));
    if (flock(p->lock, LOCK_EX | LOCK_NB) != 0) {
        if (pread(p->lock, holder, sizeof holder - 1, 0) < 0) holder[0] = 0;
        return gm_fail(GM_ESTATE, "%s: the lab is in use by process %s", folder,
                       holder[0] ? holder : "?");
    }
    int n = snprintf(holder, sizeof holder, "%ld", (long)getpid());
    if (ftruncate(p->lock, 0) != 0 || pwrite(p->lock, holder, (size_t)n, 0) != n)
        return gm_fail(GM_EIO, "%s: its lock cannot be written: %s", folder, strerror(errno));
    return GM_OK;
}

static gm_status find_place(place *out, const char *folder)
{
    *out = (place){.lock = -1};
    char *path = gm_path_join(folder, "lab.json");
    json_t *o = NULL;
    if (!path) return gm_fail(GM_ENOMEM, "lab: no memory");
    gm_status s = gm_json_read_file(&o, path);
    if (s == GM_ENOTFOUND)
        s = gm_fail(GM_ENOTFOUND, "%s: there is no lab here; make one with gemel lab init", folder);
    if (s == GM_OK) s = read_settings(out, folder, o, path);
    if (s == GM_OK) s = take_lock(out, folder);
    if (s != GM_OK) clear_place(out);
    json_decref(o);
    gm_free(path);
    return s;
}

static gm_status write_settings(const char *path, const char *connection)
{
    gm_text t = {0};
    json_t *o = json_object();
    json_object_set_new(o, "gemel_lab", json_integer(VERSION));
    json_object_set_new(o, "store", json_string(connection ? "postgres" : "sqlite"));
    if (connection) json_object_set_new(o, "connection", json_string(connection));
    gm_status s = gm_json_write(o, 17, &t);
    if (s == GM_OK) s = gm_file_write_flushed(path, t.data, t.length);
    gm_text_free(&t);
    json_decref(o);
    return s;
}

/* The store comes first: lab.json says that it is whole. */
static gm_status make_store(const char *folder, const char *connection)
{
    gm_tables *t;
    char *file = gm_path_join(folder, "gemel.db");
    if (!file) return gm_fail(GM_ENOMEM, "lab: no memory");
    gm_status s = connection ? gm_tables_open(&t, &gm_sql_postgres, connection)
                             : gm_tables_open(&t, &gm_sql_sqlite, file);
    if (s == GM_OK) gm_tables_close(t);
    gm_free(file);
    return s;
}

gm_status gm_lab_init(const char *folder, const char *connection)
{
    char *settings = gm_path_join(folder, "lab.json"), *blobs = gm_path_join(folder, "blobs");
    gm_status s = settings && blobs ? GM_OK : gm_fail(GM_ENOMEM, "lab: no memory");
    if (s == GM_OK && gm_file_exists(settings))
        s = gm_fail(GM_ESTATE, "%s: there is a lab here already", folder);
    if (s == GM_OK) s = gm_folder_make(blobs);
    if (s == GM_OK) s = make_store(folder, connection);
    if (s == GM_OK) s = write_settings(settings, connection);
    gm_free(settings);
    gm_free(blobs);
    return s;
}

/* ---- opening ------------------------------------------------------------------------------------ */

gm_status gm_lab_open(gm_lab **out, const char *folder, const gm_store_options *options)
{
    *out = NULL;
    gm_lab *lab = gm_calloc(1, sizeof *lab);
    if (!lab) return gm_fail(GM_ENOMEM, "lab: no memory");
    gm_status s = find_place(&lab->at, folder);
    if (s == GM_OK) s = gm_store_open(&lab->store, lab->at.ops, lab->at.where, options);
    if (s != GM_OK) {
        gm_lab_close(lab);
        return s;
    }
    *out = lab;
    return GM_OK;
}

void gm_lab_close(gm_lab *lab)
{
    if (!lab) return;
    gm_store_close(lab->store);
    clear_place(&lab->at);
    gm_free(lab);
}

gm_store *gm_lab_store(gm_lab *lab)
{
    return lab->store;
}

const char *gm_lab_blobs(const gm_lab *lab)
{
    return lab->at.blobs;
}

/* ---- copies ------------------------------------------------------------------------------------- */

typedef struct {
    const char *from, *to;
    size_t n;
} blob_copy;

static gm_status copy_blob(void *context, const char *name)
{
    blob_copy *c = context;
    char *data, again[GM_HASH_TEXT];
    size_t length;
    GM_TRY(gm_blob_get(c->from, name, &data, &length));
    gm_status s = gm_blob_put(c->to, data, length, again);
    gm_free(data);
    return s;
}

/* `to` is a lab that was just made. */
static gm_status copy_lab(const place *from, const char *to, const gm_progress *progress)
{
    place target;
    gm_verification v;
    GM_TRY(find_place(&target, to));
    blob_copy c = {from->blobs, target.blobs, 0};
    gm_status s = gm_store_copy(from->ops, from->where, target.ops, target.where, progress);
    if (s == GM_OK) s = gm_blob_each(from->blobs, copy_blob, &c);
    if (s == GM_OK) s = gm_store_verify(&v, target.ops, target.where, progress);
    clear_place(&target);
    return s;
}

gm_status gm_lab_restore(const char *backup, const char *to, const char *connection,
                         const gm_progress *progress)
{
    place from;
    GM_TRY(find_place(&from, backup));
    gm_status s = gm_lab_init(to, connection);
    if (s == GM_OK && (s = copy_lab(&from, to, progress)) != GM_OK) {
        char *settings = gm_path_join(to, "lab.json"); /* half a copy is no lab */
        if (settings) unlink(settings);
        gm_free(settings);
    }
    clear_place(&from);
    return s;
}

gm_status gm_lab_backup(const char *folder, const char *to, const gm_progress *progress)
{
    return gm_lab_restore(folder, to, NULL, progress);
}

/* ---- checks ------------------------------------------------------------------------------------- */

static gm_status check_blob(void *context, const char *name)
{
    blob_copy *c = context;
    char *data;
    size_t length;
    GM_TRY(gm_blob_get(c->from, name, &data, &length));
    gm_free(data);
    c->n++;
    return gm_interrupt_check("lab check");
}

gm_status gm_lab_check(const char *folder, gm_verification *out, size_t *n_blobs,
                       const gm_progress *progress)
{
    place p;
    GM_TRY(find_place(&p, folder));
    blob_copy c = {p.blobs, NULL, 0};
    gm_status s = gm_store_verify(out, p.ops, p.where, progress);
    if (s == GM_OK && n_blobs) s = gm_blob_each(p.blobs, check_blob, &c);
    if (n_blobs) *n_blobs = c.n;
    clear_place(&p);
    return s;
}

gm_status gm_lab_audit(const char *folder, int64_t from, gm_on_audit on, void *context)
{
    place p;
    GM_TRY(find_place(&p, folder));
    gm_status s = gm_store_audit(p.ops, p.where, from, on, context);
    clear_place(&p);
    return s;
}
