/* A wallet on a host's header chain: what it reads of it, and that whatever stands on a block follows the host's best
 * chain, whenever the host says so or forgets to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embed/host_headers.h"
#include "gasp/tx.h"
#include "lib/random.h"
#include "wallet/inside.h"
#include "wallet/made_headers.h"
#include "wallet/questions.h"

enum { BRANCH = 6, TXS = 12 };

/* A host with a wallet in memory and two branches of headers on genesis. */
typedef struct world {
    host_headers host;
    gasp_kv *kv;
    gasp_wallet *wallet;
    unsigned writes;
    gasp_kv counting; /* passes everything on to kv */
    gasp_txid txid;
    gasp_bytes raw;
    mined_block block; /* of txid; on genesis */
    mined_header *on;  /* BRANCH headers on the block */
    mined_header *off; /* BRANCH + 2 headers on genesis, without the block */
} world;

/* The port is never asked with the wallet's lock held: to take it here would never end. */
static void lock_is_free(void *ctx)
{
    world *w = ctx;
    if (w->wallet == NULL)
        return;
    gasp_lock_take(&w->wallet->writer);
    gasp_lock_give(&w->wallet->writer);
}

static gasp_err count_write(void *user, const gasp_kv_op *ops, size_t n, bool sync)
{
    world *w = user;
    w->writes++;
    return w->kv->write(w->kv->user, ops, n, sync);
}

static gasp_err pass_snapshot(void *user, gasp_kv_snapshot **out)
{
    world *w = user;
    return w->kv->snapshot(w->kv->user, out);
}

static void pass_release(void *user, gasp_kv_snapshot *snapshot)
{
    world *w = user;
    w->kv->release(w->kv->user, snapshot);
}

static gasp_err pass_get(void *user, const gasp_kv_snapshot *snapshot, const gasp_bytes *keys, size_t n,
                         gasp_kv_found found, void *ctx)
{
    world *w = user;
    return w->kv->get(w->kv->user, snapshot, keys, n, found, ctx);
}

static gasp_err pass_scan(void *user, const gasp_kv_snapshot *snapshot, gasp_bytes from, gasp_bytes to, bool reverse,
                          gasp_kv_row row, void *ctx)
{
    world *w = user;
    return w->kv->scan(w->kv->user, snapshot, from, to, reverse, row, ctx);
}

static gasp_wallet_config config_of(const world *w, bool hosted)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    config.kv = &w->counting;
    config.headers = hosted ? &w->host.port : NULL;
    return config;
}

static void open_again(world *w, bool hosted)
{
    gasp_wallet_config config = config_of(w, hosted);
    gasp_wallet_free(w->wallet);
    w->wallet = NULL;
    assert_err(gasp_wallet_open(&w->wallet, &config), GASP_OK);
}

/* A transaction that can only stand in a block. */
static gasp_bytes coin(gasp_txid *txid, uint32_t salt)
{
    enum { LEN = 4 + 1 + 36 + 1 + 4 + 1 + 8 + 1 + 1 + 4 };
    gasp_tx *tx = NULL;
    uint8_t *bytes = calloc(1, LEN);
    assert_non_null(bytes);
    bytes[0] = bytes[4] = bytes[46] = bytes[47] = bytes[55] = 1;
    memcpy(bytes + 5, &salt, sizeof salt);
    bytes[36] = 0xee;
    memset(bytes + 42, 0xff, 4);
    bytes[56] = 0x51;
    assert_err(gasp_tx_decode(&tx, (gasp_bytes){bytes, LEN}, NULL, NULL), GASP_OK);
    *txid = gasp_tx_txid(tx);
    gasp_tx_free(tx);
    return (gasp_bytes){bytes, LEN};
}

static void host_takes(world *w, const mined_header *run, size_t n)
{
    gasp_bytes bytes = mined_bytes(run, n);
    assert_true(host_headers_set(&w->host, run[0].height, bytes.data, n));
    test_release(bytes);
}

static world world_new(void)
{
    world w = {0};
    mined_header genesis = mined_genesis();
    (void)alarm(240);
    host_headers_init(&w.host, genesis.raw80);
    assert_err(gasp_kv_memory_new(&w.kv, NULL), GASP_OK);
    w.raw = coin(&w.txid, 1);
    w.block = mined_block_of(&genesis, &w.txid, 1);
    w.on = mined_run(&w.block.header, BRANCH, 2);
    w.off = mined_run(&genesis, BRANCH + 2, 3);
    return w;
}

/* The functions that the wallet is given hold a pointer to the world: it stands still from here on. */
static void world_open(world *w)
{
    w->counting = (gasp_kv){sizeof w->counting, w,           pass_snapshot, pass_release, pass_get,
                            pass_scan,          count_write, w->kv->why,    NULL};
    w->host.port.user = &w->host;
    w->host.touch = lock_is_free;
    w->host.touch_ctx = w;
    gasp_wallet_config config = config_of(w, true);
    assert_err(gasp_wallet_create(&config, GASP_NETWORK_REGTEST, mined_now), GASP_OK);
    open_again(w, true);
}

static void world_free(world *w)
{
    mined_healthy(w->wallet);
    gasp_wallet_free(w->wallet);
    gasp_kv_close(w->kv);
    host_headers_clear(&w->host);
    test_release(w->raw);
    test_release(w->block.bump);
    free(w->on);
    free(w->off);
}

static void host_mines_block(world *w)
{
    host_takes(w, &w->block.header, 1);
    host_takes(w, w->on, BRANCH);
}

/* ---- what is ours, and the log ------------------------------------------------------------------------------------- */

typedef struct seen {
    size_t standing;
    size_t unanchored;
} seen;

static gasp_err see(void *ctx, const gasp_output *output)
{
    seen *s = ctx;
    s->standing += output->unanchored ? 0 : 1;
    s->unanchored += output->unanchored ? 1 : 0;
    return GASP_OK;
}

static void assert_seen(world *w, size_t standing, size_t unanchored)
{
    static const gasp_collection all;
    seen s = {0};
    assert_err(gasp_wallet_outputs(w->wallet, &all, NULL, true, see, &s), GASP_OK);
    assert_int_equal(s.standing, standing);
    assert_int_equal(s.unanchored, unanchored);
}

static gasp_err note_kind(void *ctx, const gasp_change *change)
{
    char *line = ctx;
    static const char letters[] = "?ASTU";
    size_t len = strlen(line);
    line[len] = (size_t)change->kind < sizeof letters ? letters[change->kind] : '?';
    return GASP_OK;
}

/* A: added, S: spent, T: state, U: unanchored. */
static void assert_changes(world *w, const char *expected)
{
    char line[64] = "";
    assert_err(gasp_wallet_changes(w->wallet, 0, note_kind, line), GASP_OK);
    assert_string_equal(line, expected);
}

/* ---- what is read of it -------------------------------------------------------------------------------------------- */

static void it_is_the_best_chain(void **state)
{
    world w = world_new();
    gasp_block_hash locator[GASP_LOCATOR_MAX];
    size_t n = 0;
    (void)state;
    world_open(&w);
    host_mines_block(&w);
    mined_tip_is(w.wallet, &w.on[BRANCH - 1]);
    mined_stands(w.wallet, 1, &w.block.header.hash);
    mined_stands(w.wallet, BRANCH + 2, NULL);
    assert_err(gasp_wallet_headers_locator(w.wallet, locator, &n), GASP_OK);
    assert_int_equal(n, BRANCH + 2);
    assert_memory_equal(locator[0].b, w.on[BRANCH - 1].hash.b, 32);
    assert_memory_equal(locator[n - 1].b, w.host.best[0].hash.b, 32);
    world_free(&w);
}

static void a_locator_reaches_down_in_few_steps(void **state)
{
    world w = world_new();
    gasp_block_hash locator[GASP_LOCATOR_MAX];
    const uint32_t expected[] = {40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 28, 24, 16, 0};
    size_t n = 0;
    (void)state;
    world_open(&w);
    mined_header genesis = mined_genesis();
    mined_header *run = mined_run(&genesis, 40, 9);
    host_takes(&w, run, 40);
    assert_err(gasp_wallet_headers_locator(w.wallet, locator, &n), GASP_OK);
    assert_int_equal(n, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(locator[i].b, w.host.best[expected[i]].hash.b, 32);
    free(run);
    world_free(&w);
}

static void imports_go_to_it(void **state)
{
    world w = world_new();
    gasp_headers_report report;
    gasp_fault fault = {0};
    (void)state;
    world_open(&w);
    mined_import(w.wallet, &w.block.header, 1, GASP_OK, &report);
    assert_int_equal(report.given, 1);
    assert_int_equal(report.judged, 1);
    assert_int_equal(report.tip_height, 1);
    mined_commit(w.wallet, &w.txid, w.raw, &w.block, 1);
    mined_import(w.wallet, w.off, 2, GASP_OK, &report);
    assert_true(report.reorganised);
    assert_int_equal(report.tip_height, 2);
    assert_seen(&w, 0, 1);
    gasp_bytes bytes = mined_bytes(w.on + 2, 1);
    assert_err(gasp_wallet_headers_import(w.wallet, &report, bytes.data, bytes.len, 9, NULL, mined_now, &fault),
               GASP_ERR_HEADER_UNKNOWN_PARENT);
    assert_int_equal(fault.err, GASP_ERR_HEADER_UNKNOWN_PARENT);
    assert_err(gasp_wallet_headers_import(w.wallet, &report, bytes.data, 79, 9, NULL, mined_now, &fault),
               GASP_ERR_HEADER_LENGTH);
    assert_err(gasp_wallet_headers_trust(w.wallet, bytes.data, 9, mined_now), GASP_ERR_UNSUPPORTED);
    w.host.port.put = NULL;
    assert_err(gasp_wallet_headers_import(w.wallet, &report, bytes.data, bytes.len, 9, NULL, mined_now, NULL),
               GASP_ERR_UNSUPPORTED);
    test_release(bytes);
    world_free(&w);
}

static void a_port_without_its_functions(void **state)
{
    world w = world_new();
    gasp_wallet *wallet = NULL;
    (void)state;
    world_open(&w);
    gasp_wallet_config config = config_of(&w, true);
    gasp_headers broken = w.host.port;
    config.headers = &broken;
    broken.find = NULL;
    assert_err(gasp_wallet_open(&wallet, &config), GASP_ERR_MISUSE);
    broken = w.host.port;
    broken.size--;
    assert_err(gasp_wallet_open(&wallet, &config), GASP_ERR_MISUSE);
    assert_null(wallet);
    world_free(&w);
}

/* ---- following it -------------------------------------------------------------------------------------------------- */

static void what_stood_on_a_block_follows_it(void **state)
{
    world w = world_new();
    (void)state;
    world_open(&w);
    host_mines_block(&w);
    mined_commit(w.wallet, &w.txid, w.raw, &w.block, 1);
    assert_seen(&w, 1, 0);
    w.writes = 0;
    host_takes(&w, w.off, BRANCH + 2);
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    assert_int_equal(w.writes, 1);
    assert_seen(&w, 0, 1);
    mined_healthy(w.wallet);
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    assert_int_equal(w.writes, 1); /* nothing moved */
    host_mines_block(&w);
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    assert_int_equal(w.writes, 2);
    assert_seen(&w, 1, 0);
    assert_changes(&w, "AUT");
    world_free(&w);
}

/* The host forgot, or died: the next commit settles first. */
static void a_commit_settles_first(void **state)
{
    world w = world_new();
    gasp_txid other;
    (void)state;
    world_open(&w);
    host_mines_block(&w);
    mined_commit(w.wallet, &w.txid, w.raw, &w.block, 1);
    gasp_bytes raw = coin(&other, 2);
    mined_header before = w.off[BRANCH + 1];
    mined_block block = mined_block_of(&before, &other, 7);
    host_takes(&w, w.off, BRANCH + 2);
    host_takes(&w, &block.header, 1);
    open_again(&w, true);
    mined_commit(w.wallet, &other, raw, &block, 1);
    assert_seen(&w, 1, 1);
    assert_changes(&w, "AUA");
    test_release(raw);
    test_release(block.bump);
    world_free(&w);
}

/* Without the stale headers every block with a proof is looked at. */
static void the_way_back_is_not_needed(void **state)
{
    world w = world_new();
    (void)state;
    world_open(&w);
    host_mines_block(&w);
    mined_commit(w.wallet, &w.txid, w.raw, &w.block, 1);
    host_takes(&w, w.off, BRANCH + 2);
    host_headers_forget(&w.host);
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    assert_seen(&w, 0, 1);
    host_mines_block(&w);
    host_headers_forget(&w.host);
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    assert_seen(&w, 1, 0);
    assert_changes(&w, "AUT");
    world_free(&w);
}

/* A proof that the host gives itself, of a block of its chain and of one that is not in it. */
static void a_proof_that_the_host_gives(void **state)
{
    world w = world_new();
    mined_block there = mined_block_of(&w.off[BRANCH + 1], &w.txid, 5);
    (void)state;
    world_open(&w);
    host_mines_block(&w);
    mined_commit(w.wallet, &w.txid, w.raw, &w.block, 1);
    assert_err(gasp_wallet_prove(w.wallet, there.bump.data, there.bump.len, mined_now, NULL, NULL, NULL), GASP_OK);
    host_takes(&w, w.off, BRANCH + 2);
    host_takes(&w, &there.header, 1);
    assert_err(gasp_wallet_prove(w.wallet, there.bump.data, there.bump.len, mined_now, NULL, NULL, NULL), GASP_OK);
    assert_seen(&w, 1, 0);
    test_release(there.bump);
    world_free(&w);
}

static gasp_err commit_one(world *w, gasp_commit_graph *graph)
{
    static const uint32_t first = 0;
    gasp_tx *tx = NULL;
    gasp_commit_node node = {.txid = w->txid,
                             .proven = true,
                             .anchor = w->block.anchor,
                             .bump = w->block.bump,
                             .roots = &first,
                             .n_roots = 1};
    assert_err(gasp_tx_decode(&tx, w->raw, NULL, NULL), GASP_OK);
    node.tx = tx;
    *graph = (gasp_commit_graph){.nodes = &node, .n_nodes = 1};
    gasp_commit commit = {.graphs = graph, .n_graphs = 1};
    gasp_err err = gasp_wallet_commit(w->wallet, &commit, mined_now);
    gasp_tx_free(tx);
    return err;
}

static void a_proof_outside_of_it(void **state)
{
    world w = world_new();
    gasp_commit_graph graph;
    (void)state;
    world_open(&w);
    assert_err(commit_one(&w, &graph), GASP_OK);
    assert_err(graph.verdict, GASP_ERR_PROOF_NO_HEADER); /* above its tip */
    host_takes(&w, w.off, BRANCH + 2);
    assert_err(commit_one(&w, &graph), GASP_OK);
    assert_err(graph.verdict, GASP_ERR_PROOF_NO_HEADER); /* another block there */
    assert_seen(&w, 0, 0);
    host_mines_block(&w);
    assert_err(commit_one(&w, &graph), GASP_OK);
    assert_err(graph.verdict, GASP_OK);
    assert_seen(&w, 1, 0);
    world_free(&w);
}

static void a_chain_that_does_not_stand_still(void **state)
{
    world w = world_new();
    gasp_commit_graph graph;
    (void)state;
    world_open(&w);
    host_mines_block(&w);
    w.host.restless = true;
    assert_err(commit_one(&w, &graph), GASP_OK);
    assert_err(graph.verdict, GASP_AGAIN);
    assert_seen(&w, 0, 0);
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    w.host.restless = false;
    assert_err(commit_one(&w, &graph), GASP_OK);
    assert_err(graph.verdict, GASP_OK);
    world_free(&w);
}

static void a_port_that_fails(void **state)
{
    static const char *const names[] = {"epoch", "tip", "at", "find"};
    world w = world_new();
    gasp_header_info info;
    gasp_commit_graph graph;
    (void)state;
    world_open(&w);
    host_mines_block(&w);
    mined_commit(w.wallet, &w.txid, w.raw, &w.block, 1);
    host_takes(&w, w.off, BRANCH + 2);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        w.host.fail = names[i];
        assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_ERR_STORE_IO);
        assert_seen(&w, 1, 0);
    }
    w.host.fail = "epoch";
    assert_err(commit_one(&w, &graph), GASP_ERR_STORE_IO);
    w.host.fail = "tip";
    assert_err(gasp_wallet_headers_tip(w.wallet, &info), GASP_ERR_STORE_IO);
    w.host.fail = NULL;
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    assert_seen(&w, 0, 1);
    world_free(&w);
}

static void from_own_headers_to_a_hosts_and_back(void **state)
{
    world w = world_new();
    (void)state;
    world_open(&w);
    open_again(&w, false);
    mined_import(w.wallet, &w.block.header, 1, GASP_OK, NULL);
    mined_commit(w.wallet, &w.txid, w.raw, &w.block, 1);
    assert_seen(&w, 1, 0);
    host_takes(&w, w.off, BRANCH + 2);
    open_again(&w, true);
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    assert_seen(&w, 0, 1);
    mined_healthy(w.wallet);
    open_again(&w, false);
    mined_healthy(w.wallet); /* not settled to its own headers yet: as it was left */
    assert_err(gasp_wallet_headers_changed(w.wallet, mined_now), GASP_OK);
    assert_seen(&w, 1, 0);
    assert_changes(&w, "AUT");
    world_free(&w);
}

/* ---- check --------------------------------------------------------------------------------------------------------- */

static gasp_err count_problem(void *ctx, const gasp_problem *problem)
{
    size_t *n = ctx;
    *n += strstr(problem->what, "row B") != NULL || strstr(problem->what, "best chain") != NULL ? 1 : 0;
    return GASP_OK;
}

static void assert_problems(world *w, size_t least)
{
    gasp_check_report report;
    size_t n = 0;
    assert_err(gasp_wallet_check(w->wallet, &report, count_problem, &n), GASP_OK);
    assert_true(n >= least);
}

static void row_b(world *w, uint32_t height, const gasp_block_hash *hash)
{
    const uint8_t key[5] = {'B', (uint8_t)(height >> 24), (uint8_t)(height >> 16), (uint8_t)(height >> 8),
                            (uint8_t)height};
    gasp_kv_op op = {hash != NULL ? GASP_KV_PUT : GASP_KV_DELETE, {key, sizeof key}, {NULL, 0}};
    if (hash != NULL)
        op.value = (gasp_bytes){hash->b, sizeof hash->b};
    assert_err(w->kv->write(w->kv->user, &op, 1, true), GASP_OK);
}

static void check_sees_what_is_wrong(void **state)
{
    world w = world_new();
    (void)state;
    world_open(&w);
    host_mines_block(&w);
    mined_commit(w.wallet, &w.txid, w.raw, &w.block, 1);
    mined_healthy(w.wallet);
    row_b(&w, 1, NULL);
    assert_problems(&w, 1); /* anchored in a block that is not in the chain */
    row_b(&w, 1, &w.off[0].hash);
    assert_problems(&w, 2); /* and a row of a block without proofs */
    row_b(&w, 1, &w.block.header.hash);
    row_b(&w, 3, &w.block.header.hash);
    assert_problems(&w, 1); /* not the host's at that height */
    row_b(&w, 3, NULL);
    w.host.n--; /* another tip at the same epoch */
    gasp_check_report report;
    assert_err(gasp_wallet_check(w.wallet, &report, NULL, NULL), GASP_OK);
    assert_int_equal(report.problems, 1);
    w.host.n++;
    world_free(&w);
}

/* ---- any history --------------------------------------------------------------------------------------------------- */

/* Two chains that share nothing but genesis; transaction i has its block on chain i % 2. */
typedef struct history {
    mined_header *headers[2];
    mined_block blocks[2][TXS];
    size_t len;
    gasp_txid txids[TXS];
    gasp_bytes raws[TXS];
} history;

static void history_make(history *h)
{
    for (uint32_t i = 0; i < TXS; i++)
        h->raws[i] = coin(&h->txids[i], 100 + i);
    h->len = 2 * TXS;
    for (uint32_t c = 0; c < 2; c++) {
        mined_header at = mined_genesis();
        h->headers[c] = calloc(h->len, sizeof *h->headers[c]);
        for (uint32_t i = 0; i < h->len; i++) {
            if (i % 2 == 0) { /* every transaction is proven on both, at other heights */
                uint32_t t = c == 0 ? i / 2 : TXS - 1 - i / 2;
                h->blocks[c][t] = mined_block_of(&at, &h->txids[t], 50 + c);
                at = h->blocks[c][t].header;
            } else {
                at = mined_next(&at, NULL, 60 + c);
            }
            h->headers[c][i] = at;
        }
    }
}

static void history_free(history *h)
{
    for (uint32_t i = 0; i < TXS; i++) {
        test_release(h->raws[i]);
        test_release(h->blocks[0][i].bump);
        test_release(h->blocks[1][i].bump);
    }
    free(h->headers[0]);
    free(h->headers[1]);
}

typedef struct run {
    world w;
    history h;
    test_random random;
    unsigned chain; /* the host's */
    uint32_t tip;
    bool given[2][TXS]; /* its proof there was committed */
    bool nested;
    size_t n_nested;
} run;

static void move(run *r)
{
    uint32_t height = 1 + (uint32_t)test_random_below(&r->random, r->h.len);
    unsigned chain = (unsigned)test_random_below(&r->random, 2);
    gasp_bytes bytes = mined_bytes(r->h.headers[chain], height);
    assert_true(host_headers_set(&r->w.host, 1, bytes.data, height));
    test_release(bytes);
    r->chain = chain;
    r->tip = height;
    if (test_random_below(&r->random, 3) == 0)
        host_headers_forget(&r->w.host);
    if (test_random_below(&r->random, 4) == 0)
        open_again(&r->w, true);
}

static void give(run *r, size_t i)
{
    const mined_block *block = &r->h.blocks[r->chain][i];
    if (block->header.height > r->tip)
        return;
    bool known = r->given[0][i] || r->given[1][i];
    gasp_bytes none = {0};
    mined_commit(r->w.wallet, &r->h.txids[i], known ? none : r->h.raws[i], block, 1);
    r->given[r->chain][i] = true;
}

/* What others do with the wallet while one of its functions looks at the port. */
static void meanwhile(void *ctx)
{
    run *r = ctx;
    lock_is_free(&r->w);
    if (r->w.wallet == NULL || r->nested || test_random_below(&r->random, 40) != 0)
        return;
    r->nested = true;
    if (test_random_below(&r->random, 2) == 0)
        assert_err(gasp_wallet_headers_changed(r->w.wallet, mined_now), GASP_OK);
    else
        give(r, (size_t)test_random_below(&r->random, TXS));
    r->n_nested++;
    r->nested = false;
}

static size_t standing(const run *r)
{
    size_t n = 0;
    for (size_t i = 0; i < TXS; i++)
        n += r->given[r->chain][i] && r->h.blocks[r->chain][i].header.height <= r->tip ? 1 : 0;
    return n;
}

static size_t held(const run *r)
{
    size_t n = 0;
    for (size_t i = 0; i < TXS; i++)
        n += r->given[0][i] || r->given[1][i] ? 1 : 0;
    return n;
}

static void any_history(void **state)
{
    run r = {.random = test_random_start("headers port"), .w = world_new()};
    size_t steps = 3000 / test_one_in();
    size_t checked = 0;
    (void)state;
    world_open(&r.w);
    history_make(&r.h);
    r.w.host.touch = meanwhile;
    r.w.host.touch_ctx = &r;
    move(&r);
    for (size_t i = 0; i < steps; i++) {
        uint64_t what = test_random_below(&r.random, 10);
        if (what < 4)
            move(&r);
        else if (what < 7)
            give(&r, (size_t)test_random_below(&r.random, TXS));
        if (what < 7 && test_random_below(&r.random, 2) == 0)
            continue;
        assert_err(gasp_wallet_headers_changed(r.w.wallet, mined_now), GASP_OK);
        assert_seen(&r.w, standing(&r), held(&r) - standing(&r));
        checked++;
        r.nested = true; /* a check reads one moment of the store, and the port now */
        if (i % 16 == 0)
            mined_healthy(r.w.wallet);
        r.nested = false;
    }
    r.nested = true;
    assert_true(r.n_nested > 0);
    print_message("count: %zu moves of a host's chain and commits between them, %zu in the middle of another, "
                  "%zu compared\n",
                  steps, r.n_nested, checked);
    history_free(&r.h);
    world_free(&r.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_best_chain),
        cmocka_unit_test(a_locator_reaches_down_in_few_steps),
        cmocka_unit_test(imports_go_to_it),
        cmocka_unit_test(a_port_without_its_functions),
        cmocka_unit_test(what_stood_on_a_block_follows_it),
        cmocka_unit_test(a_commit_settles_first),
        cmocka_unit_test(the_way_back_is_not_needed),
        cmocka_unit_test(a_proof_that_the_host_gives),
        cmocka_unit_test(a_proof_outside_of_it),
        cmocka_unit_test(a_chain_that_does_not_stand_still),
        cmocka_unit_test(a_port_that_fails),
        cmocka_unit_test(from_own_headers_to_a_hosts_and_back),
        cmocka_unit_test(check_sees_what_is_wrong),
        cmocka_unit_test(any_history),
    };
    return cmocka_run_group_tests_name("headers_port", tests, NULL, NULL);
}
