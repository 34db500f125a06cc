/* The kv port over SQLite. One connection writes, under a lock; each snapshot is a connection of its own with an open read
 * transaction (WAL: it goes on seeing its moment), and connections at rest are kept for the next. Statements belong to one
 * call, so that a callback may call the store again. Must not hold a lock of its own while it calls back. */
#include "kv_sqlite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/check.h"

typedef struct reader {
    sqlite3 *db;
    bool busy;
    struct reader *next;
} reader;

typedef struct store {
    gasp_kv kv;
    char *path;
    sqlite3 *writer;
    pthread_mutex_t writing; /* one batch at a time */
    pthread_mutex_t lock;    /* readers and why */
    reader *readers;
    gasp_kv_text why;
    sqlite_rows rows;
    void *ctx;
} store;

/* db NULL: the code is one of ours. */
static gasp_err failed(store *s, sqlite3 *db, int code)
{
    pthread_mutex_lock(&s->lock);
    (void)snprintf(s->why.text, sizeof s->why.text, "%s", db != NULL ? sqlite3_errmsg(db) : gasp_err_text(code));
    pthread_mutex_unlock(&s->lock);
    if (db == NULL || code == SQLITE_NOMEM)
        return db == NULL ? (gasp_err)code : GASP_ERR_NOMEM;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? GASP_ERR_STORE_CORRUPT : GASP_ERR_STORE_IO;
}

static gasp_err run(store *s, sqlite3 *db, const char *sql)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? GASP_OK : failed(s, db, code);
}

static gasp_err connect(store *s, sqlite3 **db)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    int code = sqlite3_open_v2(s->path, db, flags, NULL);
    gasp_err err = code == SQLITE_OK ? GASP_OK : failed(s, *db, code);
    if (err == GASP_OK)
        err = run(s, *db,
                  "PRAGMA busy_timeout=60000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                  "CREATE TABLE IF NOT EXISTS gasp (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID");
    return err;
}

static void kv_release(void *user, gasp_kv_snapshot *snapshot)
{
    store *s = user;
    reader *r = (reader *)snapshot;
    if (r == NULL)
        return;
    (void)sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_lock(&s->lock);
    r->busy = false;
    pthread_mutex_unlock(&s->lock);
}

static gasp_err kv_snapshot(void *user, gasp_kv_snapshot **out)
{
    store *s = user;
    if (out == NULL)
        return GASP_ERR_MISUSE;
    pthread_mutex_lock(&s->lock);
    reader *r = s->readers;
    while (r != NULL && r->busy)
        r = r->next;
    if (r == NULL && (r = calloc(1, sizeof *r)) != NULL) {
        r->next = s->readers;
        s->readers = r;
    }
    if (r != NULL)
        r->busy = true;
    pthread_mutex_unlock(&s->lock);
    gasp_err err = r == NULL ? GASP_ERR_NOMEM : r->db == NULL ? connect(s, &r->db) : GASP_OK;
    if (err == GASP_OK) /* the moment begins with the first read, not with BEGIN */
        err = run(s, r->db, "BEGIN; SELECT 1 FROM gasp LIMIT 1");
    if (err == GASP_OK)
        *out = (gasp_kv_snapshot *)r;
    else
        kv_release(s, (gasp_kv_snapshot *)r);
    return err;
}

static void bind(sqlite3_stmt *stmt, int at, gasp_bytes bytes)
{
    if (bytes.len == 0)
        (void)sqlite3_bind_zeroblob(stmt, at, 0);
    else
        (void)sqlite3_bind_blob64(stmt, at, bytes.data, bytes.len, SQLITE_STATIC);
}

static gasp_bytes column(sqlite3_stmt *stmt, int at)
{
    return (gasp_bytes){sqlite3_column_blob(stmt, at), (size_t)sqlite3_column_bytes(stmt, at)};
}

static gasp_err kv_get(void *user, const gasp_kv_snapshot *snapshot, const gasp_bytes *keys, size_t n,
                       gasp_kv_found found, void *ctx)
{
    gasp_kv_snapshot *own = NULL;
    sqlite3_stmt *stmt = NULL;
    gasp_err err = check_get(keys, n, found);
    if (err == GASP_OK && snapshot == NULL)
        err = kv_snapshot(user, &own);
    if (err != GASP_OK)
        return err;
    sqlite3 *db = ((const reader *)(snapshot != NULL ? snapshot : own))->db;
    int code = sqlite3_prepare_v2(db, "SELECT v FROM gasp WHERE k = ?1", -1, &stmt, NULL);
    for (size_t i = 0; code == SQLITE_OK && err == GASP_OK && i < n; i++) {
        bind(stmt, 1, keys[i]);
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW)
            err = found(ctx, i, column(stmt, 0));
        code = code == SQLITE_ROW || code == SQLITE_DONE ? sqlite3_reset(stmt) : code;
    }
    if (code != SQLITE_OK)
        err = failed(user, db, code);
    (void)sqlite3_finalize(stmt);
    kv_release(user, own);
    return err == GASP_DONE ? GASP_OK : err;
}

static gasp_err kv_scan(void *user, const gasp_kv_snapshot *snapshot, gasp_bytes from, gasp_bytes to, bool reverse,
                        gasp_kv_row row, void *ctx)
{
    static const char *const sql[2][2] = {
        {"SELECT k, v FROM gasp WHERE k >= ?1 ORDER BY k", "SELECT k, v FROM gasp WHERE k >= ?1 ORDER BY k DESC"},
        {"SELECT k, v FROM gasp WHERE k >= ?1 AND k < ?2 ORDER BY k",
         "SELECT k, v FROM gasp WHERE k >= ?1 AND k < ?2 ORDER BY k DESC"}};
    gasp_kv_snapshot *own = NULL;
    sqlite3_stmt *stmt = NULL;
    gasp_err err = check_scan(from, to, row);
    if (err == GASP_OK && snapshot == NULL)
        err = kv_snapshot(user, &own);
    if (err != GASP_OK)
        return err;
    sqlite3 *db = ((const reader *)(snapshot != NULL ? snapshot : own))->db;
    int code = sqlite3_prepare_v2(db, sql[to.len > 0][reverse], -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        bind(stmt, 1, from);
        if (to.len > 0)
            bind(stmt, 2, to);
        while (err == GASP_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
            err = row(ctx, column(stmt, 0), column(stmt, 1));
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        err = failed(user, db, code);
    (void)sqlite3_finalize(stmt);
    kv_release(user, own);
    return err == GASP_DONE ? GASP_OK : err;
}

static gasp_err do_ops(store *s, const gasp_kv_op *ops, size_t n)
{
    sqlite3_stmt *stmt[2] = {NULL, NULL};
    int code = sqlite3_prepare_v2(s->writer, "INSERT OR REPLACE INTO gasp VALUES (?1, ?2)", -1, &stmt[0], NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(s->writer, "DELETE FROM gasp WHERE k = ?1", -1, &stmt[1], NULL);
    for (size_t i = 0; code == SQLITE_OK && i < n; i++) {
        sqlite3_stmt *one = stmt[ops[i].verb == GASP_KV_PUT ? 0 : 1];
        bind(one, 1, ops[i].key);
        if (ops[i].verb == GASP_KV_PUT)
            bind(one, 2, ops[i].value);
        code = sqlite3_step(one);
        code = code == SQLITE_DONE ? sqlite3_reset(one) : code;
    }
    gasp_err err = code == SQLITE_OK ? GASP_OK : failed(s, s->writer, code);
    (void)sqlite3_finalize(stmt[0]);
    (void)sqlite3_finalize(stmt[1]);
    return err;
}

static gasp_err kv_write(void *user, const gasp_kv_op *ops, size_t n, bool sync)
{
    store *s = user;
    (void)sync; /* synchronous=FULL: every batch is */
    gasp_err err = check_write(ops, n);
    if (err != GASP_OK || n == 0)
        return err == GASP_OK ? err : failed(s, NULL, err);
    pthread_mutex_lock(&s->writing);
    err = run(s, s->writer, "BEGIN IMMEDIATE");
    if (err == GASP_OK)
        err = do_ops(s, ops, n);
    if (err == GASP_OK && s->rows != NULL)
        err = s->rows(s->ctx, s->writer, ops, n);
    if (err == GASP_OK)
        err = run(s, s->writer, "COMMIT");
    if (sqlite3_get_autocommit(s->writer) == 0)
        (void)sqlite3_exec(s->writer, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_unlock(&s->writing);
    return err;
}

static void kv_why(void *user, gasp_kv_text *out)
{
    store *s = user;
    pthread_mutex_lock(&s->lock);
    *out = s->why;
    pthread_mutex_unlock(&s->lock);
}

static void kv_close(void *user)
{
    store *s = user;
    for (reader *next, *r = s->readers; r != NULL; r = next) {
        next = r->next;
        (void)sqlite3_close_v2(r->db);
        free(r);
    }
    (void)sqlite3_close_v2(s->writer);
    (void)pthread_mutex_destroy(&s->writing);
    (void)pthread_mutex_destroy(&s->lock);
    sqlite3_free(s->path);
    free(s);
}

gasp_err sqlite_kv_open(gasp_kv **out, const char *path, sqlite_rows rows, void *ctx)
{
    store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return GASP_ERR_NOMEM;
    *s = (store){{sizeof s->kv, s, kv_snapshot, kv_release, kv_get, kv_scan, kv_write, kv_why, kv_close},
                 .rows = rows,
                 .ctx = ctx,
                 .writing = PTHREAD_MUTEX_INITIALIZER,
                 .lock = PTHREAD_MUTEX_INITIALIZER};
    s->path = sqlite3_mprintf("%s", path);
    gasp_err err = s->path != NULL ? GASP_OK : GASP_ERR_NOMEM;
    if (err == GASP_OK)
        err = connect(s, &s->writer);
    if (err == GASP_OK)
        *out = &s->kv;
    else
        kv_close(s);
    return err;
}
