/* A host that is killed: with headers, rule and store of its own it syncs with a peer while its chain moves, and dies at any
 * moment of that. Whoever comes after it finds every change in both of its tables once, and the sync goes on. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "embed/host.h"
#include "lib/keys.h"
#include "lib/random.h"
#include "wallet/made_headers.h"

enum { FUNDS = 40, FORK = 30, OTHER = 12, KILLS = 60, TRIALS = 1000, SYNCS = 8, HOUR_MS = 3600 * 1000 };

/* What the peer has: in each of FUNDS blocks a transaction with three outputs, the first of which an unproven one spends. */
typedef struct peer {
    gasp_kv *kv;
    gasp_wallet *wallet;
    mined_header chain[FUNDS];
    mined_header *other; /* from height FORK + 1 on */
    size_t expected;     /* outputs that the host wants of it */
} peer;

static char folder[] = "/tmp/gasp-host-XXXXXX";
static peer the_peer;

/* ---- the peer ------------------------------------------------------------------------------------------------------ */

static gasp_bytes make_fund(gasp_txid *txid, uint32_t i)
{
    test_in in = {.prev = {.vout = i}, .lock = TEST_TRUE};
    test_out out[3];
    memset(in.prev.txid.b, 0xa7, 32);
    for (uint32_t k = 0; k < 3; k++)
        out[k] = (test_out){10000, TEST_P2PKH, 3 * i + k};
    return test_tx_make(txid, &(test_spec){.in = &in, .n_in = 1, .out = out, .n_out = 3});
}

static gasp_bytes make_child(gasp_txid *txid, const gasp_txid *fund, uint32_t i)
{
    test_in in = {.prev = {*fund, 0}, .sat = 10000, .lock = TEST_P2PKH, .key = 3 * i};
    test_out out[2] = {{4000, TEST_P2PKH, 500 + i}, {5000, TEST_P2PKH, 900 + i}};
    return test_tx_make(txid, &(test_spec){.in = &in, .n_in = 1, .out = out, .n_out = 2});
}

static gasp_err count_wanted(void *ctx, const gasp_output *output)
{
    size_t *n = ctx;
    *n += host_wants(output->script) ? 1 : 0;
    return GASP_OK;
}

static size_t count_outputs(gasp_wallet *wallet)
{
    static const gasp_collection all;
    size_t n = 0;
    assert_err(gasp_wallet_outputs(wallet, &all, NULL, false, count_wanted, &n), GASP_OK);
    return n;
}

static void peer_make(peer *p)
{
    mined_header at = mined_genesis();
    mined_block blocks[FUNDS];
    gasp_bytes raws[FUNDS];
    gasp_txid txids[FUNDS];
    assert_err(gasp_kv_memory_new(&p->kv, NULL), GASP_OK);
    p->wallet = mined_wallet(p->kv, GASP_NETWORK_REGTEST);
    for (uint32_t i = 0; i < FUNDS; i++) {
        raws[i] = make_fund(&txids[i], i);
        blocks[i] = mined_block_of(&at, &txids[i], i);
        p->chain[i] = at = blocks[i].header;
    }
    p->other = mined_run(&p->chain[FORK - 1], OTHER, 9);
    mined_import(p->wallet, p->chain, FUNDS, GASP_OK, NULL);
    for (uint32_t i = 0; i < FUNDS; i++) {
        gasp_txid txid;
        gasp_bytes raw = make_child(&txid, &txids[i], i);
        mined_commit(p->wallet, &txids[i], raws[i], &blocks[i], 3);
        mined_commit(p->wallet, &txid, raw, NULL, 2);
        test_release(raw);
        test_release(raws[i]);
        test_release(blocks[i].bump);
    }
    p->expected = count_outputs(p->wallet);
    assert_true(p->expected > FUNDS && p->expected < 4 * FUNDS);
}

static void peer_free(peer *p)
{
    gasp_wallet_free(p->wallet);
    gasp_kv_close(p->kv);
    free(p->other);
}

/* ---- the process that is killed ------------------------------------------------------------------------------------ */

static void need(gasp_err err, int line)
{
    if (err == GASP_OK)
        return;
    (void)fprintf(stderr, "host: line %d: %s\n", line, gasp_err_name(err));
    _exit(1);
}
#define NEED(call) need((call), __LINE__)

/* The host's chain is the peer's, or leaves it at FORK. */
static void host_moves(host *h, bool away)
{
    const mined_header *run = away ? the_peer.other : the_peer.chain;
    gasp_bytes bytes = mined_bytes(run, away ? OTHER : FUNDS);
    if (!host_headers_set(&h->headers, run[0].height, bytes.data, away ? OTHER : FUNDS))
        NEED(GASP_ERR_FILE_OPEN);
    test_release(bytes);
    NEED(gasp_wallet_headers_changed(h->wallet, h->now));
}

static gasp_err carry(gasp_session *from, gasp_session *to, gasp_time now)
{
    const uint8_t *bytes;
    size_t len;
    gasp_err err = gasp_session_send(from, &bytes, &len, now);
    if (err == GASP_OK && len > 0)
        err = gasp_session_recv(to, bytes, len, now);
    return err;
}

static gasp_session *session_of(gasp_wallet *wallet, bool initiator, uint64_t seed)
{
    gasp_session_config config;
    gasp_session *session = NULL;
    gasp_session_config_init(&config);
    config.wallet = wallet;
    config.initiator = initiator;
    config.limits.credit_roots = 4; /* commits of a few graphs each */
    memcpy(config.seed32, &seed, sizeof seed);
    config.seed32[8] = initiator;
    NEED(gasp_session_new(&session, &config));
    return session;
}

static void host_syncs(host *h)
{
    gasp_event event;
    gasp_session *mine = session_of(h->wallet, true, h->now.wall_ms);
    gasp_session *theirs = session_of(the_peer.wallet, false, h->now.wall_ms);
    for (unsigned step = 0; !gasp_session_done(mine); step++) {
        h->now.mono_ms++;
        h->now.wall_ms++;
        NEED(carry(mine, theirs, h->now));
        NEED(carry(theirs, mine, h->now));
        NEED(host_decide(h, mine));
        while (gasp_session_event(mine, &event) == GASP_OK)
            continue;
        while (gasp_session_event(theirs, &event) == GASP_OK)
            continue;
        if (step % 5 == 4)
            NEED(host_catch_up(h));
        if (step % 8 == 7)
            host_moves(h, step % 16 == 7);
    }
    gasp_session_free(mine);
    gasp_session_free(theirs);
}

/* Until everything that the host wants of the peer is here. */
static void host_process(void)
{
    mined_header genesis = mined_genesis();
    host h;
    NEED(host_open(&h, folder, genesis.raw80));
    for (int i = 0; i < SYNCS; i++) {
        host_moves(&h, false);
        if (count_outputs(h.wallet) == the_peer.expected)
            break;
        host_syncs(&h);
        h.now.wall_ms += HOUR_MS; /* what was refused while the chain was elsewhere is due again */
    }
    host_moves(&h, false);
    NEED(host_catch_up(&h));
    NEED(count_outputs(h.wallet) == the_peer.expected ? GASP_OK : GASP_ERR_INTERNAL);
    host_close(&h);
    _exit(0);
}

/* ---- whoever comes after it ---------------------------------------------------------------------------------------- */

typedef struct comparing {
    sqlite3_stmt *stmt;
    size_t n;
    bool prefix; /* the table may end before the changes do */
    bool ended;
} comparing;

static gasp_err compare_row(void *ctx, const gasp_change *change)
{
    comparing *c = ctx;
    if (c->ended || sqlite3_step(c->stmt) != SQLITE_ROW) {
        c->ended = true;
        assert_true(c->prefix);
        return GASP_DONE;
    }
    assert_int_equal(sqlite3_column_int64(c->stmt, 0), change->seq);
    assert_int_equal(change->seq, c->n + 1);
    assert_int_equal(sqlite3_column_int(c->stmt, 1), change->kind);
    assert_int_equal(sqlite3_column_bytes(c->stmt, 2), 32);
    assert_memory_equal(sqlite3_column_blob(c->stmt, 2), change->outpoint.txid.b, 32);
    assert_int_equal(sqlite3_column_int64(c->stmt, 3), change->outpoint.vout);
    c->n++;
    return GASP_OK;
}

static size_t assert_same(const host *h, const char *sql, bool prefix)
{
    comparing c = {.prefix = prefix};
    assert_int_equal(sqlite3_prepare_v2(h->db, sql, -1, &c.stmt, NULL), SQLITE_OK);
    gasp_err err = gasp_wallet_changes(h->wallet, 0, compare_row, &c);
    assert_true(err == GASP_OK || err == GASP_DONE);
    if (!c.ended)
        assert_int_equal(sqlite3_step(c.stmt), SQLITE_DONE);
    (void)sqlite3_finalize(c.stmt);
    return c.n;
}

typedef struct totals {
    size_t kills;
    size_t finished;
    size_t changes; /* compared */
    size_t behind;  /* times that the ledger had not caught up */
} totals;

static void look_after(totals *t)
{
    mined_header genesis = mined_genesis();
    host h;
    assert_err(host_open(&h, folder, genesis.raw80), GASP_OK);
    size_t ledger = assert_same(&h, "SELECT * FROM ledger ORDER BY seq", true);
    size_t seen = assert_same(&h, "SELECT * FROM seen ORDER BY seq", false);
    assert_err(host_catch_up(&h), GASP_OK);
    assert_int_equal(assert_same(&h, "SELECT * FROM ledger ORDER BY seq", false), seen);
    t->behind += ledger < seen ? 1 : 0;
    t->changes += seen;
    mined_healthy(h.wallet);
    host_close(&h);
}

static void clean(void)
{
    static const char *const names[] = {"db", "db-wal", "db-shm", "headers", "headers.new"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
}

static pid_t start(void)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        host_process();
    return pid;
}

static uint64_t microseconds(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

static void pause_us(uint64_t us)
{
    const struct timespec span = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    (void)nanosleep(&span, NULL);
}

static void killed_at_any_moment(void **state)
{
    test_random random = test_random_start("host");
    totals t = {0};
    size_t wanted = test_one_in() > 1 ? KILLS / 5 : KILLS;
    int status;
    (void)state;
    clean();
    uint64_t began = microseconds();
    pid_t pid = start();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    uint64_t whole = microseconds() - began;
    look_after(&t);
    clean();
    for (size_t i = 0; t.kills < wanted && i < TRIALS; i++) {
        pid = start();
        pause_us(test_random_below(&random, whole));
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        assert_true(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
        look_after(&t);
        t.kills += killed ? 1 : 0;
        t.finished += killed ? 0 : 1;
        if (!killed)
            clean();
    }
    assert_int_equal(t.kills, wanted);
    assert_true(t.behind > 0);
    print_message("count: host killed %zu times during a sync of %llu ms, finished %zu times; %zu changes compared, "
                  "ledger behind %zu times\n",
                  t.kills, (unsigned long long)whole / 1000, t.finished, t.changes, t.behind);
    clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_any_moment)};
    if (mkdtemp(folder) == NULL)
        return 1;
    peer_make(&the_peer);
    int failures = cmocka_run_group_tests_name("host", tests, NULL, NULL);
    peer_free(&the_peer);
    (void)rmdir(folder);
    return failures;
}
