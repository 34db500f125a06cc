/* Limits of stage and wallet that no other test shows: each case is named by its row of the table (base/limits.h). */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/writer.h"
#include "embed/host_headers.h"
#include "gasp/tx.h"
#include "store/faulty.h"
#include "wallet/inside.h"
#include "wallet/made.h"
#include "wallet/made_headers.h"
#include "wallet/refusals.h"
#include "wallet/world.h"

static const gasp_time now = {.wall_ms = 1700000000000, .mono_ms = 1};

/* One root that is refused at once, offered again and again, while nobody reads the verdicts. */
static void unread(void **state)
{
    (void)state;
    enum { NODES_MOST = 3, PER_NODE = 4 };
    world w;
    gasp_stage_verdict verdict;
    const uint32_t roots[] = {0};
    const gasp_stage_node node = {.txid = {{9}}, .roots = roots, .n_roots = 1, .verdict = GASP_ERR_VERIFY_TXID};
    world_init(&w, 1, NODES_MOST, 100000);
    world_make(&w, 0);
    for (size_t i = 0; i < (size_t)NODES_MOST * PER_NODE; i++)
        assert_err(gasp_stage_add(w.stage, &node), GASP_OK);
    assert_err(gasp_stage_add(w.stage, &node), GASP_ERR_LIMIT);
    size_t n = 0;
    while (gasp_stage_verdict_next(w.stage, &verdict) == GASP_OK) {
        assert_err(verdict.err, GASP_ERR_VERIFY_TXID);
        n++;
    }
    assert_int_equal(n, NODES_MOST * PER_NODE);
    assert_err(gasp_stage_add(w.stage, &node), GASP_OK); /* read, there is room again */
    world_clear(&w);
}

/* The wallet answers each commit with `again`. */
static void commit_attempts(void **state)
{
    (void)state;
    enum { MOST = 16 };
    world w;
    world_chain(&w, 1);
    w.list[1].root = true;
    world_model(&w);
    world_give(&w, 1);
    size_t n = 0;
    for (;;) {
        while (world_step_find(&w) || world_step_verify(&w)) {
        }
        gasp_commit commit;
        if (gasp_stage_commit(w.stage, &commit) != GASP_OK)
            break;
        assert_int_equal(commit.n_graphs, 1);
        commit.graphs[0].verdict = GASP_AGAIN;
        assert_err(gasp_stage_committed(w.stage, &commit), GASP_OK);
        gasp_commit_clear(&commit);
        assert_true(++n <= MOST + 1);
    }
    assert_int_equal(n, MOST + 1); /* the first, and so many again */
    world_take_verdicts(&w);
    assert_int_equal(w.list[1].n_verdicts, 1);
    assert_err(w.list[1].verdict.err, GASP_ERR_VERIFY_NO_PARENT);
    world_clear(&w);
}

static gasp_err count_refusal(void *ctx, const gasp_refusal_info *refusal)
{
    size_t *n = ctx;
    (void)refusal;
    ++*n;
    return GASP_OK;
}

static void refusals(void **state)
{
    (void)state;
    enum { MOST = 16384, MORE = 10 };
    static const gasp_collection standard;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_refused *list = calloc(MOST + MORE, sizeof *list);
    size_t n = 0;
    assert_non_null(list);
    for (uint32_t i = 0; i < MOST + MORE; i++) {
        list[i].err = GASP_ERR_VERIFY_SCRIPT;
        memcpy(list[i].outpoint.txid.b, &i, sizeof i);
        memcpy(list[i].id.b, &i, sizeof i);
    }
    gasp_note note = {.refused = list, .n_refused = MOST - 1};
    assert_err(gasp_wallet_note(w.wallet, &note, now), GASP_OK);
    note = (gasp_note){.refused = list + MOST - 1, .n_refused = 1 + MORE};
    assert_err(gasp_wallet_note(w.wallet, &note, now), GASP_OK);
    assert_err(gasp_wallet_refusals(w.wallet, &standard, NULL, now, count_refusal, &n), GASP_OK);
    assert_int_equal(n, MOST);
    free(list);
    made_close(&w);
}

static void collections(void **state)
{
    (void)state;
    enum { MOST = 1024 };
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_err err = GASP_OK;
    uint32_t n = 0;
    for (; err == GASP_OK && n <= MOST; n += err == GASP_OK) {
        gasp_collection collection = {{1}};
        memcpy(collection.b + 1, &n, sizeof n);
        err = gasp_wallet_collection_add(w.wallet, &collection, "one more");
    }
    assert_err(err, GASP_ERR_LIMIT);
    assert_int_equal(n, MOST - 1); /* the default one is there from the start */
    made_close(&w);
}

/* A host's chain that grows by many blocks which only their heights make. */
typedef struct far_chain {
    host_headers host;
    gasp_headers port;
    uint32_t height;
    size_t looks;
} far_chain;

static gasp_err far_epoch(void *user, uint64_t *epoch)
{
    const far_chain *far = user;
    *epoch = far->height;
    return GASP_OK;
}

static gasp_err far_at(void *user, gasp_header_info *out, uint32_t height)
{
    far_chain *far = user;
    far->looks++;
    if (height > far->height)
        return GASP_ABSENT;
    if (height < far->host.n)
        return far->host.port.at(&far->host, out, height);
    *out = (gasp_header_info){.height = height, .trust = GASP_TRUST_RULES};
    memcpy(out->hash.b, &height, sizeof height);
    return GASP_OK;
}

static gasp_err far_tip(void *user, gasp_header_info *out)
{
    const far_chain *far = user;
    return far_at(user, out, far->height);
}

static gasp_err far_find(void *user, gasp_header_info *out, const gasp_block_hash *hash)
{
    far_chain *far = user;
    return far->host.port.find(&far->host, out, hash);
}

/* How often the host is asked when its chain grew by that many blocks. */
static size_t looks_after(uint32_t blocks)
{
    far_chain far = {.height = 1};
    gasp_kv *kv = NULL;
    gasp_wallet *wallet = NULL;
    gasp_wallet_config config;
    gasp_txid txid;
    mined_header genesis = mined_genesis();
    gasp_bytes raw = made_fund(&txid, 1, 1000, 1);
    mined_block block = mined_block_of(&genesis, &txid, 1);
    host_headers_init(&far.host, genesis.raw80);
    far.host.port.user = &far.host;
    assert_true(host_headers_set(&far.host, 1, block.header.raw80, 1));
    gasp_headers_init(&far.port);
    far.port.user = &far;
    far.port.epoch = far_epoch;
    far.port.tip = far_tip;
    far.port.at = far_at;
    far.port.find = far_find;
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    gasp_wallet_config_init(&config);
    config.kv = kv;
    config.headers = &far.port;
    assert_err(gasp_wallet_create(&config, GASP_NETWORK_REGTEST, mined_now), GASP_OK);
    assert_err(gasp_wallet_open(&wallet, &config), GASP_OK);
    mined_commit(wallet, &txid, raw, &block, 1);
    far.height += blocks;
    far.looks = 0;
    assert_err(gasp_wallet_headers_changed(wallet, mined_now), GASP_OK);
    size_t looks = far.looks;
    mined_healthy(wallet);
    gasp_wallet_free(wallet);
    gasp_kv_close(kv);
    host_headers_clear(&far.host);
    test_release(raw);
    test_release(block.bump);
    return looks;
}

static void chain_shift(void **state)
{
    (void)state;
    enum { MOST = 100000 };
    assert_in_range(looks_after(MOST), MOST, MOST + 10);
    assert_in_range(looks_after(MOST + 1), 1, 10); /* the one block that a proof is held in is looked at instead */
}

static void header_batch(void **state)
{
    (void)state;
    enum { MOST = 2000 };
    mined_header genesis = mined_genesis();
    mined_header *run = mined_run(&genesis, MOST + 1, 1);
    for (size_t more = 0; more < 2; more++) {
        gasp_kv *kv = NULL;
        faulty counted;
        assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
        faulty_init(&counted, kv);
        gasp_wallet *wallet = mined_wallet(&counted.kv, GASP_NETWORK_REGTEST);
        size_t before = counted.write.seen;
        mined_import(wallet, run, MOST + more, GASP_OK, NULL);
        assert_int_equal(counted.write.seen - before, 1 + more);
        gasp_wallet_free(wallet);
        gasp_kv_close(kv);
    }
    free(run);
}

/* One transaction that spends from so many that are not there. */
static gasp_err parents_missing(uint32_t n)
{
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    made_report report;
    gasp_txid txid;
    gasp_buf raw;
    gasp_buf_init(&raw, SIZE_MAX, NULL);
    gasp_writer out = gasp_writer_growing(&raw);
    gasp_write_u32(&out, 1);
    gasp_write_compact(&out, n);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t prev[GASP_OUTPOINT_LEN] = {1};
        memcpy(prev + 1, &i, sizeof i);
        gasp_write_bytes(&out, prev, sizeof prev);
        gasp_write_u8(&out, 0);
        gasp_write_u32(&out, UINT32_MAX);
    }
    gasp_write_u8(&out, 1);
    gasp_write_u64(&out, 1000);
    gasp_write_u8(&out, 1);
    gasp_write_u8(&out, 0x51);
    gasp_write_u32(&out, 0);
    assert_err(out.err, GASP_OK);
    gasp_tx *tx = NULL;
    assert_err(gasp_tx_decode(&tx, gasp_buf_view(&raw), NULL, NULL), GASP_OK);
    txid = gasp_tx_txid(tx);
    gasp_tx_free(tx);
    assert_err(made_add(w.wallet, gasp_buf_view(&raw), NULL, 1000, &report), GASP_OK);
    gasp_err err = made_verdict(&report, &txid)->err;
    gasp_buf_clear(&raw);
    made_close(&w);
    return err;
}

static void add_nodes(void **state)
{
    (void)state;
    enum { MOST = 4 * 65536 };
    assert_err(parents_missing(MOST - 1), GASP_ERR_VERIFY_NO_PARENT); /* and the transaction itself */
    assert_err(parents_missing(MOST), GASP_ERR_VERIFY_POLICY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unread),      cmocka_unit_test(commit_attempts), cmocka_unit_test(refusals),
        cmocka_unit_test(collections), cmocka_unit_test(chain_shift),     cmocka_unit_test(header_batch),
        cmocka_unit_test(add_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
