#include <sqlite3.h>
#include <string.h>

#include "core/alloc.h"
#include "store/sql.h"

struct gm_sql {
    sqlite3 *db;
    const char *const *texts;
    sqlite3_stmt **statements; /* [n] prepared when first used */
    size_t n;
};

enum { MOST_COLUMNS = 16, BUSY_MS = 5000 };

static gm_status fail(gm_sql *db, const char *doing)
{
    int code = db->db ? sqlite3_errcode(db->db) : SQLITE_NOMEM;
    gm_status s = code == SQLITE_NOMEM                              ? GM_ENOMEM
                  : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? GM_EFORMAT
                                                                    : GM_EIO;
    return gm_fail(s, "store: %s: %s", doing, db->db ? sqlite3_errmsg(db->db) : "no memory");
}

static void close_db(gm_sql *db)
{
    if (!db) return;
    for (size_t i = 0; i < db->n && db->statements; i++)
        sqlite3_finalize(db->statements[i]);
    gm_free(db->statements);
    sqlite3_close(db->db);
    gm_free(db);
}

static gm_status script(gm_sql *db, const char *sql)
{
    return sqlite3_exec(db->db, sql, NULL, NULL, NULL) == SQLITE_OK ? GM_OK : fail(db, "set up");
}

/* WAL with synchronous=FULL: every commit is flushed before it is acknowledged. cell_size_check and
 * foreign keys cost nothing here; a page that is damaged is refused by SQLite or by our own hashes. */
static const char SETTINGS[] =
    "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "PRAGMA wal_autocheckpoint=16384; PRAGMA cache_size=-65536;"
    "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF;";

static gm_status open_db(gm_sql **out, const char *where, const char *const statements[], size_t n)
{
    *out = NULL;
    gm_sql *db = gm_calloc(1, sizeof *db);
    if (!db) return gm_fail(GM_ENOMEM, "store: no memory");
    db->texts = statements, db->n = n;
    db->statements = gm_calloc(n, sizeof *db->statements);
    gm_status s = db->statements ? GM_OK : gm_fail(GM_ENOMEM, "store: no memory");
    if (s == GM_OK &&
        sqlite3_open_v2(where, &db->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        s = fail(db, where);
    if (s == GM_OK) {
        sqlite3_extended_result_codes(db->db, 0);
        sqlite3_busy_timeout(db->db, BUSY_MS);
        s = script(db, SETTINGS);
    }
    if (s != GM_OK) {
        close_db(db);
        return gm_fail_in(s, "%s", where);
    }
    *out = db;
    return GM_OK;
}

static gm_status begin(gm_sql *db)
{
    return sqlite3_exec(db->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK
               ? GM_OK
               : fail(db, "begin");
}

static void rollback(gm_sql *db)
{
    if (!sqlite3_get_autocommit(db->db)) sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
}

static gm_status commit(gm_sql *db)
{
    if (sqlite3_exec(db->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) return GM_OK;
    gm_status s = fail(db, "commit");
    rollback(db);
    return s;
}

static gm_status prepared(gm_sql *db, int statement, sqlite3_stmt **out)
{
    sqlite3_stmt **s = &db->statements[statement];
    if (!*s && sqlite3_prepare_v3(db->db, db->texts[statement], -1, SQLITE_PREPARE_PERSISTENT, s,
                                  NULL) != SQLITE_OK)
        return fail(db, db->texts[statement]);
    *out = *s;
    return GM_OK;
}

static bool bind(sqlite3_stmt *s, const gm_sql_value *values, size_t n)
{
    int bad = SQLITE_OK;
    for (size_t i = 0; i < n && bad == SQLITE_OK; i++) {
        const gm_sql_value *v = &values[i];
        int at = (int)i + 1;
        switch (v->type) {
        case GM_SQL_INTEGER: bad = sqlite3_bind_int64(s, at, v->integer); break;
        case GM_SQL_TEXT:
            bad = sqlite3_bind_text(s, at, v->bytes, (int)v->length, SQLITE_STATIC);
            break;
        case GM_SQL_BYTES:
            bad = sqlite3_bind_blob64(s, at, v->bytes, v->length, SQLITE_STATIC);
            break;
        case GM_SQL_NULL: bad = sqlite3_bind_null(s, at); break;
        }
    }
    return bad == SQLITE_OK;
}

static gm_status run(gm_sql *db, int statement, const gm_sql_value *values, size_t n_rows,
                     size_t n_values, size_t *n_changed)
{
    sqlite3_stmt *s = NULL;
    GM_TRY(prepared(db, statement, &s));
    size_t changed = 0;
    gm_status status = GM_OK;
    for (size_t i = 0; i < n_rows && status == GM_OK; i++) {
        if (!bind(s, values + i * n_values, n_values) || sqlite3_step(s) != SQLITE_DONE)
            status = fail(db, "write");
        else
            changed += (size_t)sqlite3_changes(db->db);
        sqlite3_reset(s);
    }
    sqlite3_clear_bindings(s);
    if (n_changed) *n_changed = changed;
    return status;
}

static gm_sql_value column(sqlite3_stmt *s, int k)
{
    switch (sqlite3_column_type(s, k)) {
    case SQLITE_INTEGER: return gm_sql_integer(sqlite3_column_int64(s, k));
    case SQLITE_BLOB: {
        const void *bytes = sqlite3_column_blob(s, k);
        return gm_sql_bytes(bytes, (size_t)sqlite3_column_bytes(s, k));
    }
    case SQLITE_NULL: return (gm_sql_value){0};
    default: {
        const void *text = sqlite3_column_text(s, k);
        return (gm_sql_value){GM_SQL_TEXT, 0, text, (size_t)sqlite3_column_bytes(s, k)};
    }
    }
}

static gm_status ask(gm_sql *db, int statement, const gm_sql_value *values, size_t n_values,
                     gm_sql_on_row on_row, void *context)
{
    sqlite3_stmt *s = NULL;
    GM_TRY(prepared(db, statement, &s));
    gm_status status = bind(s, values, n_values) ? GM_OK : fail(db, "read");
    int n = sqlite3_column_count(s);
    while (status == GM_OK) {
        gm_sql_value columns[MOST_COLUMNS];
        int step = sqlite3_step(s);
        if (step == SQLITE_DONE) break;
        if (step != SQLITE_ROW) {
            status = fail(db, "read");
            break;
        }
        for (int k = 0; k < n && k < MOST_COLUMNS; k++)
            columns[k] = column(s, k);
        status = on_row(context, columns);
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return status;
}

const gm_sql_ops gm_sql_sqlite = {
    .id = "sqlite",
    .key = "INTEGER PRIMARY KEY",
    .open = open_db,
    .close = close_db,
    .script = script,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .run = run,
    .ask = ask,
};
