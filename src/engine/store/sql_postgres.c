#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "store/sql.h"

/* Integers and texts travel as text, bytes in binary. */
struct gm_sql {
    PGconn *link;
    const char *const *texts;
    bool *is_prepared; /* [n] */
    size_t n;
    bool in_transaction;
};

enum { MOST_VALUES = 16, MOST_IN_FLIGHT = 1000, NUMBER_TEXT = 24 };

static gm_status fail(gm_sql *db, const char *doing)
{
    char text[400];
    snprintf(text, sizeof text, "%s", PQerrorMessage(db->link));
    for (char *c = text; *c; c++)
        if (*c == '\n') *c = ' ';
    return gm_fail(GM_EIO, "store: %s: %s", doing, text[0] ? text : "the server is gone");
}

/* Frees r. */
static gm_status expect(gm_sql *db, PGresult *r, ExecStatusType wanted, const char *doing)
{
    gm_status s = PQresultStatus(r) == wanted ? GM_OK : fail(db, doing);
    PQclear(r);
    return s;
}

static void close_db(gm_sql *db)
{
    if (!db) return;
    PQfinish(db->link);
    gm_free(db->is_prepared);
    gm_free(db);
}

static void no_notice(void *context, const char *message)
{
    (void)context, (void)message;
}

static gm_status open_db(gm_sql **out, const char *where, const char *const statements[], size_t n)
{
    *out = NULL;
    gm_sql *db = gm_calloc(1, sizeof *db);
    if (!db) return gm_fail(GM_ENOMEM, "store: no memory");
    db->texts = statements, db->n = n;
    db->is_prepared = gm_calloc(n, sizeof *db->is_prepared);
    db->link = db->is_prepared ? PQconnectdb(where) : NULL;
    gm_status s = !db->link                             ? gm_fail(GM_ENOMEM, "store: no memory")
                  : PQstatus(db->link) != CONNECTION_OK ? fail(db, "connect")
                                                        : GM_OK;
    if (s != GM_OK) {
        close_db(db);
        return s;
    }
    PQsetNoticeProcessor(db->link, no_notice, NULL);
    *out = db;
    return GM_OK;
}

/* One session at a time: IF NOT EXISTS alone is no protection between two that set up at once, one of which may
 * be what a killed program left running. The lock's number is "gemel". */
static gm_status script(gm_sql *db, const char *sql)
{
    GM_TRY(expect(db, PQexec(db->link, "BEGIN; SELECT pg_advisory_xact_lock(444451612012)"),
                  PGRES_TUPLES_OK, "set up"));
    gm_status s = expect(db, PQexec(db->link, sql), PGRES_COMMAND_OK, "set up");
    PGresult *end = PQexec(db->link, s == GM_OK ? "COMMIT" : "ROLLBACK");
    return s == GM_OK ? expect(db, end, PGRES_COMMAND_OK, "set up") : (PQclear(end), s);
}

static gm_status claim(gm_sql *db)
{
    char wait[40];
    snprintf(wait, sizeof wait, "SET lock_timeout = %d", GM_SQL_CLAIM_MS);
    GM_TRY(expect(db, PQexec(db->link, wait), PGRES_COMMAND_OK, "claim"));
    GM_TRY(expect(db, PQexec(db->link, "SELECT pg_advisory_lock(444451612013)"), PGRES_TUPLES_OK,
                  "another program writes to this store"));
    return expect(db, PQexec(db->link, "SET lock_timeout = 0"), PGRES_COMMAND_OK, "claim");
}

static gm_status begin(gm_sql *db)
{
    GM_TRY(expect(db, PQexec(db->link, "BEGIN"), PGRES_COMMAND_OK, "begin"));
    db->in_transaction = true;
    return GM_OK;
}

static void rollback(gm_sql *db)
{
    if (db->in_transaction) PQclear(PQexec(db->link, "ROLLBACK"));
    db->in_transaction = false;
}

/* COMMIT of a transaction that failed answers ROLLBACK without an error. */
static gm_status commit(gm_sql *db)
{
    PGresult *r = PQexec(db->link, "COMMIT");
    bool is_done = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") == 0;
    gm_status s = is_done ? GM_OK : fail(db, "commit");
    PQclear(r);
    db->in_transaction = false;
    return s;
}

static gm_status prepare(gm_sql *db, int statement)
{
    char name[NUMBER_TEXT];
    if (db->is_prepared[statement]) return GM_OK;
    snprintf(name, sizeof name, "s%d", statement);
    GM_TRY(expect(db, PQprepare(db->link, name, db->texts[statement], 0, NULL), PGRES_COMMAND_OK,
                  db->texts[statement]));
    db->is_prepared[statement] = true;
    return GM_OK;
}

typedef struct {
    char name[NUMBER_TEXT], numbers[MOST_VALUES][NUMBER_TEXT];
    const char *values[MOST_VALUES];
    int lengths[MOST_VALUES], formats[MOST_VALUES];
} call;

static void fill(call *c, int statement, const gm_sql_value *values, size_t n)
{
    snprintf(c->name, sizeof c->name, "s%d", statement);
    for (size_t i = 0; i < n; i++) {
        const gm_sql_value *v = &values[i];
        c->values[i] = v->type == GM_SQL_NULL ? NULL : v->bytes;
        c->lengths[i] = (int)v->length;
        c->formats[i] = v->type == GM_SQL_BYTES;
        if (v->type == GM_SQL_INTEGER) {
            snprintf(c->numbers[i], NUMBER_TEXT, "%lld", (long long)v->integer);
            c->values[i] = c->numbers[i];
        }
    }
}

/* Takes the answers of `n` statements and of the sync behind them; the first failure stays. */
static gm_status take_answers(gm_sql *db, size_t n, size_t *changed)
{
    gm_status s = GM_OK;
    for (size_t i = 0; i < n; i++) {
        PGresult *r = PQgetResult(db->link);
        if (s == GM_OK && PQresultStatus(r) != PGRES_COMMAND_OK) s = fail(db, "write");
        *changed += (size_t)strtoul(PQcmdTuples(r), NULL, 10);
        PQclear(r);
        PQclear(PQgetResult(db->link)); /* NULL ends each statement's answers */
    }
    PGresult *sync = PQgetResult(db->link);
    if (s == GM_OK && PQresultStatus(sync) != PGRES_PIPELINE_SYNC) s = fail(db, "write");
    PQclear(sync);
    return s;
}

/* Many rows in one round trip. */
static gm_status run_some(gm_sql *db, int statement, const gm_sql_value *values, size_t n_rows,
                          size_t n_values, size_t *changed)
{
    call c;
    if (!PQenterPipelineMode(db->link)) return fail(db, "pipeline");
    size_t n_sent = 0;
    for (size_t i = 0; i < n_rows; i++, n_sent++) {
        fill(&c, statement, values + i * n_values, n_values);
        if (!PQsendQueryPrepared(db->link, c.name, (int)n_values, c.values, c.lengths, c.formats,
                                 0))
            break;
    }
    gm_status s = n_sent == n_rows ? GM_OK : fail(db, "send");
    bool is_synced = PQpipelineSync(db->link);
    gm_status taken = is_synced ? take_answers(db, n_sent, changed) : fail(db, "send");
    if (!PQexitPipelineMode(db->link) && taken == GM_OK) taken = fail(db, "pipeline");
    return s != GM_OK ? s : taken;
}

static gm_status run(gm_sql *db, int statement, const gm_sql_value *values, size_t n_rows,
                     size_t n_values, size_t *n_changed)
{
    size_t changed = 0;
    GM_TRY(prepare(db, statement));
    for (size_t i = 0; i < n_rows; i += MOST_IN_FLIGHT) {
        size_t n = n_rows - i < MOST_IN_FLIGHT ? n_rows - i : MOST_IN_FLIGHT;
        GM_TRY(run_some(db, statement, values + i * n_values, n, n_values, &changed));
    }
    if (n_changed) *n_changed = changed;
    return GM_OK;
}

/* Answers come in binary: integers of 8 bytes in network order, texts and bytes as they are. */
static gm_sql_value column(PGresult *r, int row, int k)
{
    enum { INT8 = 20, BYTEA = 17 }; /* pg_type.dat */
    if (PQgetisnull(r, row, k)) return (gm_sql_value){0};
    const unsigned char *p = (const unsigned char *)PQgetvalue(r, row, k);
    size_t length = (size_t)PQgetlength(r, row, k);
    if (PQftype(r, k) == INT8) {
        uint64_t v = 0;
        for (int i = 0; i < 8; i++)
            v = v << 8 | p[i];
        return gm_sql_integer((int64_t)v);
    }
    gm_sql_type type = PQftype(r, k) == BYTEA ? GM_SQL_BYTES : GM_SQL_TEXT;
    return (gm_sql_value){type, 0, p, length};
}

static gm_status take_row(PGresult *r, gm_sql_on_row on_row, void *context)
{
    gm_sql_value columns[MOST_VALUES];
    for (int k = 0; k < PQnfields(r) && k < MOST_VALUES; k++)
        columns[k] = column(r, 0, k);
    return on_row(context, columns);
}

static gm_status ask(gm_sql *db, int statement, const gm_sql_value *values, size_t n_values,
                     gm_sql_on_row on_row, void *context)
{
    call c;
    GM_TRY(prepare(db, statement));
    fill(&c, statement, values, n_values);
    if (!PQsendQueryPrepared(db->link, c.name, (int)n_values, c.values, c.lengths, c.formats, 1) ||
        !PQsetSingleRowMode(db->link))
        return fail(db, "read");
    gm_status s = GM_OK;
    for (PGresult *r; (r = PQgetResult(db->link));) {
        ExecStatusType is = PQresultStatus(r);
        if (is == PGRES_SINGLE_TUPLE && s == GM_OK)
            s = take_row(r, on_row, context);
        else if (is != PGRES_SINGLE_TUPLE && is != PGRES_TUPLES_OK && s == GM_OK)
            s = fail(db, "read");
        PQclear(r);
    }
    return s;
}

const gm_sql_ops gm_sql_postgres = {
    .id = "postgres",
    .key = "BIGINT PRIMARY KEY",
    .open = open_db,
    .close = close_db,
    .script = script,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .run = run,
    .ask = ask,
    .claim = claim,
};
