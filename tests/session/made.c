/* Chains of test keys. Heap of the C library. */
#include "session/made.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "gasp/beef.h"
#include "gasp/bump.h"
#include "gasp/header.h"

enum { REGTEST_BITS = 0x207fffff, FUNDED_SAT = 1000000, SIDE_SAT = 546, FEE_SAT = 100 };

void made_block_mine(made_block *block, uint32_t height, const gasp_txid *txids, size_t n)
{
    gasp_bump *bump = NULL;
    gasp_block_hash hash;
    const size_t first = 0;
    gasp_header header = {.version = 4, .time = 1500000000, .bits = REGTEST_BITS};
    assert_true(n <= MADE_MAX);
    block->height = height;
    block->n = n;
    memcpy(block->txids, txids, n * sizeof *txids);
    assert_err(gasp_bump_from_block(&bump, height, txids, n, &first, 1, NULL), GASP_OK);
    header.root = gasp_bump_root(bump);
    gasp_bump_free(bump);
    /* The target is a number below 7fffff followed by zeros: the topmost bit must be 0. */
    do {
        header.nonce++;
        gasp_header_encode(block->raw80, &header);
        gasp_header_hash(&hash, block->raw80);
    } while (hash.b[31] >= 0x7f);
}

void made_block_trust(const made_block *block, gasp_wallet *wallet)
{
    const gasp_time now = {3, 1600000002000};
    assert_err(gasp_wallet_headers_trust(wallet, block->raw80, block->height, now), GASP_OK);
}

gasp_bytes made_funding(gasp_txid *txid, uint8_t salt, size_t n_out, uint64_t sat, uint32_t key)
{
    test_out outs[MADE_MAX];
    test_in in = {.prev = {.vout = salt}, .lock = TEST_TRUE};
    memset(in.prev.txid.b, 0xa0 + salt % 16, 32);
    assert_true(n_out <= MADE_MAX);
    for (size_t i = 0; i < n_out; i++)
        outs[i] = (test_out){sat, TEST_P2PKH, key + (uint32_t)i};
    return test_tx_make(txid, &(test_spec){.in = &in, .n_in = 1, .out = outs, .n_out = n_out});
}

void made_chain_make(made_chain *chain, size_t n, size_t bad)
{
    uint64_t sat = FUNDED_SAT;
    assert_true(n > 0 && n <= MADE_MAX);
    chain->n = n;
    chain->raw[0] = made_funding(&chain->txid[0], 1, 2, sat, 100);
    gasp_txid others[3] = {{{1}}, chain->txid[0], {{2}}};
    made_block_mine(&chain->block, MADE_HEIGHT, others, 3);
    for (size_t i = 1; i < n; i++) {
        uint32_t key = 100 + (uint32_t)i;
        const test_in in = {{chain->txid[i - 1], 0}, sat, TEST_P2PKH, i == bad ? 9999 : key - 1};
        const test_out out[2] = {{sat - SIDE_SAT - FEE_SAT, TEST_P2PKH, key}, {SIDE_SAT, TEST_P2PKH, key + 1000}};
        chain->raw[i] = test_tx_make(&chain->txid[i], &(test_spec){.in = &in, .n_in = 1, .out = out, .n_out = 2});
        sat -= SIDE_SAT + FEE_SAT;
    }
}

void made_chain_free(made_chain *chain)
{
    for (size_t i = 0; i < chain->n; i++)
        test_release(chain->raw[i]);
}

void made_chain_give(const made_chain *chain, script_peer *p, size_t from, size_t to, bool each)
{
    static const uint32_t side[1] = {1};
    p->height = chain->block.height;
    p->block = chain->block.txids;
    p->n_block = chain->block.n;
    for (size_t i = from; i < to; i++) {
        bool root = each || i + 1 == to;
        (void)script_add(p, &(script_tx){chain->txid[i], chain->raw[i], i == 0, 1, side, root ? 1 : 0});
    }
}

gasp_bytes made_beef(const made_block *block, const gasp_bytes *raws, const gasp_txid *txids, size_t n)
{
    gasp_beef *beef = NULL;
    gasp_bump *bump = NULL;
    size_t selected[MADE_MAX];
    size_t place[MADE_MAX];
    size_t n_selected = 0;
    size_t path = GASP_BEEF_NO_BUMP;
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        place[i] = 0;
        while (place[i] < block->n && memcmp(block->txids[place[i]].b, txids[i].b, 32) != 0)
            place[i]++;
        if (place[i] < block->n)
            selected[n_selected++] = place[i];
    }
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    assert_err(gasp_bump_from_block(&bump, block->height, block->txids, block->n, selected, n_selected, NULL), GASP_OK);
    assert_err(gasp_beef_add_bump_take(beef, &path, bump), GASP_OK);
    for (size_t i = 0; i < n; i++)
        assert_err(gasp_beef_add_tx_view(beef, raws[i], place[i] < block->n ? path : GASP_BEEF_NO_BUMP), GASP_OK);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_err(gasp_beef_encode(beef, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_err(gasp_beef_encode(beef, bytes, len, &len), GASP_OK);
    gasp_beef_free(beef);
    return (gasp_bytes){bytes, len};
}

void made_chain_add(const made_chain *chain, gasp_wallet *wallet, size_t to, bool each)
{
    const gasp_time now = {2, 1600000001000};
    const uint32_t side[1] = {1};
    for (size_t i = each ? 1 : to; i <= to; i++) {
        gasp_add_config config;
        gasp_add_config_init(&config);
        config.take = GASP_TAKE_LIST;
        config.vouts = side;
        config.n_vouts = 1;
        gasp_bytes beef = made_beef(&chain->block, chain->raw, chain->txid, i);
        assert_err(gasp_wallet_add(wallet, beef.data, beef.len, &config, now, NULL, NULL, NULL), GASP_OK);
        test_release(beef);
    }
}

void made_run_init(made_run *run, size_t n, size_t bad, bool initiator)
{
    made_chain_make(&run->chain, n, bad);
    run->w = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    made_block_trust(&run->chain.block, run->w.wallet);
    script_config(&run->config, run->w.wallet, initiator);
}

void made_run_start(made_run *run)
{
    script_start(&run->p, &run->config);
    run->p.batch = 1;
    made_chain_give(&run->chain, &run->p, 0, run->chain.n, true);
}

void made_run_stop(made_run *run)
{
    script_free(&run->p);
}

void made_run_free(made_run *run)
{
    test_wallet_free(&run->w);
    made_chain_free(&run->chain);
}
