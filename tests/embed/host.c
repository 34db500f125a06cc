/* The host. Whatever it keeps is in one database and one file; it holds nothing that a restart would miss. */
#include "embed/host.h"

#include <stdio.h>
#include <string.h>

/* ---- its rule ------------------------------------------------------------------------------------------------------ */

bool host_wants(gasp_bytes script)
{
    return script.len == 25 && script.data[0] == 0x76 && script.data[3] % 2 == 0;
}

static gasp_err decide_all(gasp_admit_batch *batch)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < gasp_admit_batch_len(batch); i++) {
        gasp_admit_graph graph;
        uint32_t vouts[64];
        size_t n = 0;
        err = gasp_admit_batch_graph(batch, &graph, i);
        for (size_t k = 0; err == GASP_OK && k < graph.n_outputs && n < 64; k++)
            if (host_wants(graph.outputs[k].script))
                vouts[n++] = graph.outputs[k].vout;
        if (err == GASP_OK)
            err = gasp_admit_take_outputs(batch, i, vouts, n);
    }
    return err;
}

/* Every third time the host has to think. */
static gasp_err decide(void *user, gasp_admit_batch *batch, uint64_t ticket)
{
    host *h = user;
    if (++h->asked % 3 != 0 || ticket == 0)
        return decide_all(batch);
    h->waiting = batch;
    h->ticket = ticket;
    return GASP_PENDING;
}

static void cancel(void *user, uint64_t ticket)
{
    host *h = user;
    if (h->ticket == ticket)
        h->ticket = 0;
}

gasp_err host_decide(host *h, gasp_session *session)
{
    uint64_t ticket = h->ticket;
    if (ticket == 0)
        return GASP_OK;
    h->ticket = 0;
    gasp_err err = decide_all(h->waiting);
    return err == GASP_OK ? gasp_session_resume(session, ticket, h->now) : err;
}

/* ---- its tables ---------------------------------------------------------------------------------------------------- */

static gasp_err insert(sqlite3 *db, const char *sql, const gasp_change *change)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)change->seq);
        (void)sqlite3_bind_int(stmt, 2, (int)change->kind);
        (void)sqlite3_bind_blob(stmt, 3, change->outpoint.txid.b, 32, SQLITE_TRANSIENT);
        (void)sqlite3_bind_int64(stmt, 4, change->outpoint.vout);
        code = sqlite3_step(stmt);
    }
    (void)sqlite3_finalize(stmt);
    return code == SQLITE_DONE ? GASP_OK : GASP_ERR_STORE_IO; /* a number twice is an error of the primary key */
}

static gasp_err see(void *ctx, sqlite3 *db, const gasp_kv_op *ops, size_t n)
{
    gasp_err err = GASP_OK;
    (void)ctx;
    for (size_t i = 0; err == GASP_OK && i < n; i++) {
        gasp_change change;
        if (gasp_change_of_op(&ops[i], &change) == GASP_OK)
            err = insert(db, "INSERT INTO seen VALUES (?1, ?2, ?3, ?4)", &change);
    }
    return err;
}

static gasp_err note(void *ctx, const gasp_change *change)
{
    return insert(ctx, "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4)", change);
}

gasp_err host_catch_up(host *h)
{
    sqlite3_stmt *stmt = NULL;
    uint64_t last = 0;
    if (sqlite3_exec(h->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return GASP_ERR_STORE_IO;
    int code = sqlite3_prepare_v2(h->db, "SELECT coalesce(max(seq), 0) FROM ledger", -1, &stmt, NULL);
    if (code == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        last = (uint64_t)sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    gasp_err err = code == SQLITE_OK ? gasp_wallet_changes(h->wallet, last, note, h->db) : GASP_ERR_STORE_IO;
    const char *end = err == GASP_OK ? "COMMIT" : "ROLLBACK";
    if (sqlite3_exec(h->db, end, NULL, NULL, NULL) != SQLITE_OK && err == GASP_OK)
        err = GASP_ERR_STORE_IO;
    return err;
}

/* ---- opening, ending ----------------------------------------------------------------------------------------------- */

static gasp_err open_tables(host *h, const char *path)
{
    static const char sql[] = "PRAGMA busy_timeout=60000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                              "CREATE TABLE IF NOT EXISTS seen (seq INTEGER PRIMARY KEY, kind, txid, vout);"
                              "CREATE TABLE IF NOT EXISTS ledger (seq INTEGER PRIMARY KEY, kind, txid, vout)";
    if (sqlite3_open(path, &h->db) != SQLITE_OK)
        return GASP_ERR_STORE_IO;
    return sqlite3_exec(h->db, sql, NULL, NULL, NULL) == SQLITE_OK ? GASP_OK : GASP_ERR_STORE_IO;
}

static gasp_err open_wallet(host *h)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    config.kv = h->kv;
    config.headers = &h->headers.port;
    config.admit = &h->admit;
    gasp_err err = gasp_wallet_open(&h->wallet, &config);
    if (err != GASP_ERR_STORE_MISSING)
        return err;
    err = gasp_wallet_create(&config, GASP_NETWORK_REGTEST, h->now);
    return err == GASP_OK ? gasp_wallet_open(&h->wallet, &config) : err;
}

gasp_err host_open(host *h, const char *folder, const uint8_t genesis80[80])
{
    char path[256];
    *h = (host){.now = {1, 1700000000000}};
    host_headers_init(&h->headers, genesis80);
    (void)snprintf(h->headers.path, sizeof h->headers.path, "%s/headers", folder);
    (void)host_headers_load(&h->headers); /* none: a new host, with genesis alone */
    gasp_admit_init(&h->admit);
    h->admit.user = h;
    h->admit.decide = decide;
    h->admit.cancel = cancel;
    (void)snprintf(path, sizeof path, "%s/db", folder);
    gasp_err err = open_tables(h, path);
    if (err == GASP_OK)
        err = sqlite_kv_open(&h->kv, path, see, NULL);
    if (err == GASP_OK)
        err = open_wallet(h);
    if (err == GASP_OK)
        err = gasp_wallet_headers_changed(h->wallet, h->now); /* its chain may have moved just before it died */
    if (err != GASP_OK)
        host_close(h);
    return err;
}

void host_close(host *h)
{
    gasp_wallet_free(h->wallet);
    gasp_kv_close(h->kv);
    (void)sqlite3_close(h->db);
    host_headers_clear(&h->headers);
    *h = (host){.db = NULL};
}
