/* Headers, blocks and wallets for tests. */
#include "wallet/made_headers.h"

#include <stdlib.h>
#include <string.h>

#include "chain/merkle.h"
#include "gasp/bump.h"
#include "gasp/tx.h"
#include "spv/networks.h"
#include "spv/work.h"
#include "wallet/questions.h"

const gasp_time mined_now = {1000, UINT64_C(4000000000000)};

enum { LIMIT_BITS = 0x207fffff };

mined_header mined_genesis(void)
{
    mined_header out = {.height = 0};
    gasp_header header;
    gasp_network_genesis(out.raw80, gasp_network_rules_of(GASP_NETWORK_REGTEST));
    gasp_header_decode(&header, out.raw80);
    gasp_header_hash(&out.hash, out.raw80);
    out.time = header.time;
    return out;
}

static void mine(mined_header *out, gasp_header header)
{
    gasp_u256 target, number;
    assert_true(gasp_target_from_bits(&target, header.bits));
    for (;; header.nonce++) {
        gasp_header_encode(out->raw80, &header);
        gasp_header_hash(&out->hash, out->raw80);
        number = gasp_u256_from_le(out->hash.b);
        if (gasp_u256_compare(&number, &target) <= 0)
            break;
    }
    out->time = header.time;
}

static gasp_merkle_root salted(uint32_t height, uint32_t salt)
{
    gasp_merkle_root root = {{0}};
    memcpy(root.b, &height, sizeof height);
    memcpy(root.b + 4, &salt, sizeof salt);
    return root;
}

mined_header mined_next(const mined_header *before, const gasp_merkle_root *root, uint32_t salt)
{
    mined_header out = {.height = before->height + 1};
    gasp_header header = {.version = 4, .prev = before->hash, .time = before->time + 600, .bits = LIMIT_BITS};
    header.root = root != NULL ? *root : salted(out.height, salt);
    mine(&out, header);
    return out;
}

mined_header mined_orphan(uint32_t height, uint32_t salt)
{
    mined_header before = mined_genesis();
    before.height = height - 1;
    memset(before.hash.b, 0x5a, sizeof before.hash.b);
    return mined_next(&before, NULL, salt);
}

mined_header *mined_run(const mined_header *before, size_t n, uint32_t salt)
{
    mined_header *run = calloc(n + 1, sizeof *run);
    assert_non_null(run);
    for (size_t i = 0; i < n; i++)
        run[i] = mined_next(i == 0 ? before : &run[i - 1], NULL, salt);
    return run;
}

gasp_bytes mined_bytes(const mined_header *run, size_t n)
{
    uint8_t *bytes = malloc(n * 80 + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++)
        memcpy(bytes + i * 80, run[i].raw80, 80);
    return (gasp_bytes){bytes, n * 80};
}

void mined_import(gasp_wallet *wallet, const mined_header *run, size_t n, gasp_err expected,
                  gasp_headers_report *report)
{
    gasp_bytes bytes = mined_bytes(run, n);
    gasp_headers_report own;
    assert_err(gasp_wallet_headers_import(wallet, report != NULL ? report : &own, bytes.data, bytes.len, run[0].height,
                                          NULL, mined_now, NULL),
               expected);
    test_release(bytes);
}

void mined_import_pinned(gasp_wallet *wallet, const mined_header *run, size_t n, size_t at, uint64_t work,
                         gasp_err expected)
{
    gasp_bytes bytes = mined_bytes(run, n);
    gasp_headers_report report;
    gasp_pin pin = {.height = run[at].height, .hash = run[at].hash};
    gasp_u256 number = gasp_u256_of(work);
    gasp_u256_to_be(pin.work.be, &number);
    assert_err(gasp_wallet_headers_import(wallet, &report, bytes.data, bytes.len, run[0].height, &pin, mined_now, NULL),
               expected);
    test_release(bytes);
}

static gasp_wallet_config config_of(const gasp_kv *kv)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    config.kv = kv;
    memset(config.seed32, 7, sizeof config.seed32);
    return config;
}

gasp_wallet *mined_open(const gasp_kv *kv)
{
    gasp_wallet_config config = config_of(kv);
    gasp_wallet *wallet = NULL;
    assert_err(gasp_wallet_open(&wallet, &config), GASP_OK);
    return wallet;
}

gasp_wallet *mined_wallet(const gasp_kv *kv, gasp_network network)
{
    gasp_wallet_config config = config_of(kv);
    assert_err(gasp_wallet_create(&config, network, mined_now), GASP_OK);
    return mined_open(kv);
}

void mined_tip_is(gasp_wallet *wallet, const mined_header *header)
{
    gasp_header_info tip;
    assert_err(gasp_wallet_headers_tip(wallet, &tip), GASP_OK);
    assert_int_equal(tip.height, header->height);
    assert_memory_equal(tip.hash.b, header->hash.b, 32);
    assert_memory_equal(tip.raw80, header->raw80, 80);
}

void mined_stands(gasp_wallet *wallet, uint32_t height, const gasp_block_hash *hash)
{
    gasp_header_info info;
    assert_err(gasp_wallet_header_at(wallet, &info, height), hash != NULL ? GASP_OK : GASP_ABSENT);
    if (hash != NULL)
        assert_memory_equal(info.hash.b, hash->b, 32);
}

static gasp_err print_problem(void *ctx, const gasp_problem *problem)
{
    char text[GASP_OUTPOINT_TEXT_MAX];
    (void)ctx;
    gasp_outpoint_to_text(text, &problem->outpoint);
    print_error("%s %s\n", text, problem->what);
    return GASP_OK;
}

gasp_check_report mined_healthy(gasp_wallet *wallet)
{
    gasp_check_report report;
    assert_err(gasp_wallet_check(wallet, &report, print_problem, NULL), GASP_OK);
    assert_int_equal(report.problems, 0);
    return report;
}

mined_block mined_block_of(const mined_header *before, const gasp_txid *txid, uint32_t salt)
{
    mined_block block = {.anchor = {0}};
    gasp_txid txids[2] = {{{0}}, {{0}}};
    const size_t selected = 1;
    gasp_merkle_root root;
    gasp_bump *bump = NULL;
    size_t len;
    txids[1] = *txid;
    memcpy(txids[0].b, &salt, sizeof salt);
    txids[0].b[31] = 0xcb;
    gasp_merkle_root_of(&root, NULL, txids, 2);
    block.header = mined_next(before, &root, salt);
    block.anchor = (gasp_anchor){block.header.height, block.header.hash, 1};
    assert_err(gasp_bump_from_block(&bump, block.header.height, txids, 2, &selected, 1, NULL), GASP_OK);
    assert_err(gasp_bump_encode(bump, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_err(gasp_bump_encode(bump, bytes, len, &len), GASP_OK);
    block.bump = (gasp_bytes){bytes, len};
    gasp_bump_free(bump);
    return block;
}

void mined_commit(gasp_wallet *wallet, const gasp_txid *txid, gasp_bytes raw, const mined_block *block, size_t n_roots)
{
    static const uint32_t vouts[] = {0, 1, 2, 3, 4, 5, 6, 7};
    gasp_tx *tx = NULL;
    gasp_commit_node node = {.txid = *txid, .roots = vouts, .n_roots = n_roots};
    gasp_commit_graph graph = {.nodes = &node, .n_nodes = 1};
    gasp_commit commit = {.graphs = &graph, .n_graphs = 1};
    if (raw.len > 0)
        assert_err(gasp_tx_decode(&tx, raw, NULL, NULL), GASP_OK);
    node.tx = tx;
    if (block != NULL) {
        node.proven = true;
        node.anchor = block->anchor;
        node.bump = block->bump;
    }
    assert_err(gasp_wallet_commit(wallet, &commit, mined_now), GASP_OK);
    assert_err(graph.verdict, GASP_OK);
    gasp_tx_free(tx);
}
