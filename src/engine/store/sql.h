/* sql.h - what the store needs of a database: numbered statements in plain SQL, run and asked.
 *
 * One table of ops a database; SQLite and PostgreSQL get the same statements ($1, $2, ... in order of
 * appearance; BIGINT, TEXT and BYTEA). A connection belongs to one thread at a time and may block.
 * Fail with GM_EIO (the database's own words), GM_EFORMAT (the file is damaged or no database), GM_ENOMEM.
 */
#ifndef GM_STORE_SQL_H
#define GM_STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

enum { GM_SQL_CLAIM_MS = 10000 };

typedef enum { GM_SQL_NULL, GM_SQL_INTEGER, GM_SQL_TEXT, GM_SQL_BYTES } gm_sql_type;

typedef struct {
    gm_sql_type type;
    int64_t integer;
    const void *bytes; /* TEXT: NUL-terminated; not owned */
    size_t length;
} gm_sql_value;

static inline gm_sql_value gm_sql_integer(int64_t v)
{
    return (gm_sql_value){.type = GM_SQL_INTEGER, .integer = v};
}

gm_sql_value gm_sql_text(const char *text); /* NULL: SQL's NULL */
gm_sql_value gm_sql_bytes(const void *bytes, size_t length);

typedef struct gm_sql gm_sql;

/* columns are valid during the call. A failure ends the query and is passed on. */
typedef gm_status (*gm_sql_on_row)(void *context, const gm_sql_value columns[]);

typedef struct {
    const char *id;  /* "sqlite" */
    const char *key; /* how it spells a primary key of 64 bits */
    /* where: path of the file, or libpq's connection string. statements: [n], static. */
    gm_status (*open)(gm_sql **out, const char *where, const char *const statements[], size_t n);
    void (*close)(gm_sql *db);                        /* NULL is allowed */
    gm_status (*script)(gm_sql *db, const char *sql); /* statements without values */
    gm_status (*begin)(gm_sql *db);
    gm_status (*commit)(gm_sql *db); /* durable when it returns GM_OK; else rolled back */
    void (*rollback)(gm_sql *db);    /* of what may not be open */
    /* Runs a statement for n_rows rows of values [n_rows][n_values]; *n_changed (NULL: not asked) rows
     * of the database were touched in all. */
    gm_status (*run)(gm_sql *db, int statement, const gm_sql_value *values, size_t n_rows,
                     size_t n_values, size_t *n_changed);
    gm_status (*ask)(gm_sql *db, int statement, const gm_sql_value *values, size_t n_values,
                     gm_sql_on_row on_row, void *context);
    /* OPTIONAL. Makes this connection the only one that claims, until it closes. Waits GM_SQL_CLAIM_MS for one
     * that a killed program left behind: the server may still be carrying out its last commit. */
    gm_status (*claim)(gm_sql *db);
} gm_sql_ops;

extern const gm_sql_ops gm_sql_sqlite, gm_sql_postgres;

#endif
