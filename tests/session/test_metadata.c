/* Metadata: what two wallets know of the same outputs becomes one, whoever begins, and transactions do not travel for it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/made.h"

enum { CHAIN = 6, WALLETS = 3 };

static const gasp_time label_time = {5, 1600000100000};

static void label(gasp_wallet *wallet, const gasp_txid *txid, uint32_t vout, const char *key, const char *value,
                  uint64_t later_ms)
{
    const gasp_outpoint outpoint = {*txid, vout};
    const gasp_time now = {label_time.mono_ms, label_time.wall_ms + later_ms};
    assert_err(gasp_wallet_label(wallet, &outpoint, key, (const uint8_t *)value, strlen(value), now), GASP_OK);
}

/* The value under a key of an output; "" when there is none. */
typedef struct lookup {
    gasp_outpoint outpoint;
    const char *key;
    char value[64];
} lookup;

static gasp_err look(void *ctx, const gasp_output *output)
{
    lookup *l = ctx;
    if (memcmp(&output->outpoint, &l->outpoint, sizeof l->outpoint) != 0)
        return GASP_OK;
    for (size_t i = 0; i < output->n_entries; i++) {
        const gasp_entry *e = &output->entries[i];
        if (e->name.len != strlen(l->key) || memcmp(e->name.data, l->key, e->name.len) != 0)
            continue;
        assert_true(e->value.len < sizeof l->value);
        memcpy(l->value, e->value.data, e->value.len);
    }
    return GASP_OK;
}

static void assert_label(gasp_wallet *wallet, const gasp_txid *txid, uint32_t vout, const char *key, const char *value)
{
    const gasp_collection by_default = {{0}};
    lookup l = {{*txid, vout}, key, ""};
    assert_err(gasp_wallet_outputs(wallet, &by_default, NULL, true, look, &l), GASP_OK);
    assert_string_equal(l.value, value);
}

static test_wallet wallet_with(const made_chain *chain, size_t n, bool each)
{
    test_wallet w = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    made_block_trust(&chain->block, w.wallet);
    if (n > 0)
        made_chain_add(chain, w.wallet, n, each);
    return w;
}

/* INVs of a round, as they went by. */
typedef struct seen {
    size_t invs;
    size_t whole; /* with their transaction */
    size_t roots;
    size_t metadata_wants;
    size_t metadata_answers;
} seen;

static gasp_err watch(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    seen *s = ctx;
    gasp_reader r = gasp_reader_of(message);
    (void)from;
    (void)out;
    if (*type == GASP_MSG_WANT) {
        for (size_t n = gasp_read_count(&r, GASP_WANT_LEN); n > 0; n--) {
            gasp_want want;
            gasp_want_read(&want, &r, GASP_MSG_WANT);
            s->metadata_wants += want.kind == GASP_WANT_METADATA;
        }
    }
    if (*type != GASP_MSG_INV)
        return GASP_ABSENT;
    gasp_inv_batch batch;
    assert_err(gasp_inv_batch_decode(&batch, &r, gasp_mem_default()), GASP_OK);
    for (size_t i = 0; i < batch.n_invs; i++) {
        bool whole = (batch.invs[i].flags & GASP_INV_TX) != 0;
        s->invs++;
        s->whole += whole;
        s->roots += (batch.invs[i].flags & GASP_INV_ROOT) != 0;
        s->metadata_answers += !whole && (batch.invs[i].flags & GASP_INV_ANSWER) != 0;
    }
    gasp_inv_batch_clear(&batch);
    return GASP_ABSENT;
}

/* One round; a began the connection. */
static seen round_of(gasp_wallet *a, gasp_wallet *b, gasp_match match_a, gasp_match match_b, bool equal)
{
    gasp_session_config config[2];
    pair p;
    seen s = {0};
    pair_config(config, a, b);
    config[0].match = match_a;
    config[1].match = match_b;
    pair_start(&p, config);
    p.hook = watch;
    p.hook_ctx = &s;
    pair_run(&p);
    pair_assert_complete(&p);
    assert_true(p.side[0].opened.opened.equal == equal);
    gasp_match both =
        match_a == GASP_MATCH_STATE && match_b == GASP_MATCH_STATE ? GASP_MATCH_STATE : GASP_MATCH_OUTPOINT;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(p.side[i].opened.opened.match, both);
        assert_int_equal(p.side[i].refused, 0);
    }
    pair_free(&p);
    return s;
}

/* The same outputs on both sides and different entries: each key ends with the later value, deletions too. */
static void same_outputs(void **state)
{
    made_chain chain;
    (void)state;
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    for (int way = 0; way < 2; way++) {
        test_wallet a = wallet_with(&chain, CHAIN, true);
        test_wallet b = wallet_with(&chain, CHAIN, true);
        label(a.wallet, &chain.txid[1], 1, "purpose", "rent", 0);
        label(a.wallet, &chain.txid[2], 1, "purpose", "food", 10);
        label(b.wallet, &chain.txid[2], 1, "purpose", "books", 20);
        label(b.wallet, &chain.txid[2], 1, "seller", "anna", 20);
        label(a.wallet, &chain.txid[4], 1, "gone", "here", 0);
        label(b.wallet, &chain.txid[4], 1, "gone", "too", 20);
        label(b.wallet, &chain.txid[4], 1, "gone", "", 30);
        seen s = round_of(way == 0 ? a.wallet : b.wallet, way == 0 ? b.wallet : a.wallet, GASP_MATCH_STATE,
                          GASP_MATCH_STATE, false);
        assert_same_outputs(a.wallet, b.wallet);
        assert_label(a.wallet, &chain.txid[1], 1, "purpose", "rent");
        assert_label(b.wallet, &chain.txid[1], 1, "purpose", "rent");
        assert_label(a.wallet, &chain.txid[2], 1, "purpose", "books");
        assert_label(b.wallet, &chain.txid[2], 1, "seller", "anna");
        assert_label(a.wallet, &chain.txid[4], 1, "gone", "");
        assert_int_equal(s.whole, 0);
        /* Both directions have three to tell, less those that the first made equal. */
        assert_true(s.invs >= 3 && s.invs <= 6 && s.roots == s.invs);
        s = round_of(a.wallet, b.wallet, GASP_MATCH_STATE, GASP_MATCH_STATE, true);
        assert_int_equal(s.invs, 0);
        test_wallet_free(&a);
        test_wallet_free(&b);
    }
    made_chain_free(&chain);
}

/* A new output stands on one that is held with other metadata: that is wanted, checked against its hash, and joined, also
 * when it is spent and so no item of either wallet. */
static void held_parents(void **state)
{
    made_chain chain;
    (void)state;
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    for (int way = 0; way < 2; way++) {
        test_wallet a = wallet_with(&chain, 3, true);
        test_wallet b = wallet_with(&chain, 4, true);
        const gasp_outpoint spent = {chain.txid[2], 0};
        gasp_add_config config;
        gasp_add_config_init(&config);
        config.take = GASP_TAKE_LIST;
        config.vouts = &spent.vout;
        config.n_vouts = 1;
        /* Both have output 0 of member 2 too, which member 3 spends; b has a label on it. */
        for (int i = 0; i < 2; i++) {
            const gasp_time now = {2, 1600000001000};
            gasp_bytes beef = made_beef(&chain.block, chain.raw, chain.txid, 3);
            assert_err(
                gasp_wallet_add(i == 0 ? a.wallet : b.wallet, beef.data, beef.len, &config, now, NULL, NULL, NULL),
                GASP_OK);
            test_release(beef);
        }
        label(b.wallet, &chain.txid[2], 0, "memo", "deposit", 0);
        seen s = round_of(way == 0 ? a.wallet : b.wallet, way == 0 ? b.wallet : a.wallet, GASP_MATCH_STATE,
                          GASP_MATCH_STATE, false);
        assert_same_outputs(a.wallet, b.wallet);
        assert_label(a.wallet, &chain.txid[2], 0, "memo", "deposit");
        assert_int_equal(s.metadata_wants, s.metadata_answers);
        assert_true(way == 1 || s.metadata_wants >= 1);
        test_wallet_free(&a);
        test_wallet_free(&b);
    }
    made_chain_free(&chain);
}

/* One side has a proof that the other has not: the anchor travels without the transaction. */
static void a_proof_comes(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        made_chain chain;
        made_block later;
        made_chain_make(&chain, 3, SIZE_MAX);
        const gasp_txid txids[2] = {{{7}}, chain.txid[1]};
        made_block_mine(&later, MADE_HEIGHT + 1, txids, 2);
        test_wallet a = wallet_with(&chain, 3, true);
        test_wallet b = wallet_with(&chain, 3, true);
        made_block_trust(&later, a.wallet);
        made_block_trust(&later, b.wallet);
        size_t committed;
        gasp_bytes beef = made_beef(&later, &chain.raw[1], &chain.txid[1], 1);
        assert_err(test_add(b.wallet, beef, &committed), GASP_OK);
        assert_int_equal(committed, 1);
        test_release(beef);
        seen s = round_of(way == 0 ? a.wallet : b.wallet, way == 0 ? b.wallet : a.wallet, GASP_MATCH_STATE,
                          GASP_MATCH_STATE, false);
        assert_same_outputs(a.wallet, b.wallet);
        assert_int_equal(s.whole, 0);
        gasp_held held;
        assert_err(gasp_wallet_transaction(a.wallet, &held, &chain.txid[1]), GASP_OK);
        assert_non_null(held.anchor);
        assert_int_equal(held.anchor->height, MADE_HEIGHT + 1);
        gasp_held_clear(&held);
        test_wallet_free(&a);
        test_wallet_free(&b);
        made_chain_free(&chain);
    }
}

/* match=outpoint compares outpoints alone: labels do not make a difference, missing outputs do; it is in force as soon as
 * one side wants it. */
static void by_outpoint(void **state)
{
    made_chain chain;
    (void)state;
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    for (int way = 1; way < 4; way++) {
        const gasp_match match_a = (way & 1) != 0 ? GASP_MATCH_OUTPOINT : GASP_MATCH_STATE;
        const gasp_match match_b = (way & 2) != 0 ? GASP_MATCH_OUTPOINT : GASP_MATCH_STATE;
        test_wallet a = wallet_with(&chain, 3, true);
        test_wallet b = wallet_with(&chain, CHAIN, true);
        label(a.wallet, &chain.txid[1], 1, "purpose", "rent", 0);
        (void)round_of(a.wallet, b.wallet, match_a, match_b, false);
        assert_int_equal(test_output_count(a.wallet), CHAIN);
        assert_label(b.wallet, &chain.txid[1], 1, "purpose", "");
        /* Equal summaries show at once only when both name the same match in their OPEN. */
        seen s = round_of(a.wallet, b.wallet, match_a, match_b, match_a == GASP_MATCH_OUTPOINT);
        assert_int_equal(s.invs, 0);
        s = round_of(a.wallet, b.wallet, GASP_MATCH_STATE, GASP_MATCH_STATE, false);
        assert_true(s.invs >= 1);
        assert_same_outputs(a.wallet, b.wallet);
        assert_label(b.wallet, &chain.txid[1], 1, "purpose", "rent");
        test_wallet_free(&a);
        test_wallet_free(&b);
    }
    made_chain_free(&chain);
}

/* Three wallets with random parts and random labels: rounds of two, in random order and roles, make them equal. One round
 * of a pair need not be enough: the last to receive may have known something of an output that only then became its own,
 * which the next round tells. */
static void three_wallets(void **state)
{
    static const char *const keys[] = {"a", "b", "c"};
    static const char *const values[] = {"one", "two", "", "three"};
    test_random r = test_random_start("session/metadata: three wallets");
    size_t cases = 60 / test_one_in() + 1;
    made_chain chain;
    (void)state;
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    for (size_t n = 0; n < cases; n++) {
        test_wallet w[WALLETS];
        for (int i = 0; i < WALLETS; i++) {
            size_t has = 1 + (size_t)test_random_below(&r, CHAIN);
            w[i] = wallet_with(&chain, has, test_random_below(&r, 2) == 0);
            for (uint64_t k = test_random_below(&r, 8); k > 0; k--) {
                const gasp_outpoint outpoint = {chain.txid[test_random_below(&r, has)], 1};
                const char *value = values[test_random_below(&r, 4)];
                const gasp_time now = {9, label_time.wall_ms + test_random_below(&r, 3)};
                gasp_err err = gasp_wallet_label(w[i].wallet, &outpoint, keys[test_random_below(&r, 3)],
                                                 (const uint8_t *)value, strlen(value), now);
                assert_true(err == GASP_OK || err == GASP_ABSENT); /* not every output is offered */
            }
        }
        for (int pass = 0; pass < 3; pass++) {
            size_t shift = (size_t)test_random_below(&r, 3);
            for (size_t k = 0; k < WALLETS; k++) {
                size_t x = (k + shift) % WALLETS;
                size_t y = (x + 1) % WALLETS;
                bool swap = test_random_below(&r, 2) == 0;
                gasp_session_config config[2];
                pair p;
                pair_config(config, w[swap ? x : y].wallet, w[swap ? y : x].wallet);
                pair_start(&p, config);
                pair_run(&p);
                for (int side = 0; side < 2; side++) {
                    assert_err(p.side[side].err, GASP_OK);
                    assert_int_equal(p.side[side].closed.closed.result, GASP_RESULT_COMPLETE);
                }
                pair_free(&p);
            }
        }
        assert_same_outputs(w[0].wallet, w[1].wallet);
        assert_same_outputs(w[1].wallet, w[2].wallet);
        for (size_t k = 0; k < WALLETS; k++) {
            seen s = round_of(w[k].wallet, w[(k + 1) % WALLETS].wallet, GASP_MATCH_STATE, GASP_MATCH_STATE, true);
            assert_int_equal(s.invs, 0);
        }
        for (int i = 0; i < WALLETS; i++)
            test_wallet_free(&w[i]);
    }
    print_message("count: metadata: %zu cases of three wallets end equal\n", cases);
    made_chain_free(&chain);
}

/* A sender that answers for metadata with something that does not hash to what it announced: dropped, and what is held
 * stays as it is. */
static gasp_err spoil(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    size_t *spoilt = ctx;
    gasp_reader r = gasp_reader_of(message);
    gasp_inv_batch batch;
    gasp_err verdict = GASP_ABSENT;
    (void)from;
    if (*type != GASP_MSG_INV)
        return GASP_ABSENT;
    assert_err(gasp_inv_batch_decode(&batch, &r, gasp_mem_default()), GASP_OK);
    for (size_t i = 0; i < batch.n_invs; i++) {
        bool answer = (batch.invs[i].flags & (GASP_INV_ANSWER | GASP_INV_TX)) == GASP_INV_ANSWER;
        if (!answer || batch.invs[i].entries.len < 10)
            continue;
        batch.invs[i].entries = (gasp_bytes){NULL, 0};
        (*spoilt)++;
        verdict = GASP_OK;
    }
    if (verdict == GASP_OK) {
        gasp_writer w = gasp_writer_growing(out);
        gasp_inv_batch_encode(&w, &batch);
        assert_err(w.err, GASP_OK);
    }
    gasp_inv_batch_clear(&batch);
    return verdict;
}

static void false_metadata(void **state)
{
    made_chain chain;
    gasp_session_config config[2];
    pair p;
    size_t spoilt = 0;
    (void)state;
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    test_wallet a = wallet_with(&chain, 3, true);
    test_wallet b = wallet_with(&chain, 4, true);
    const uint32_t spent = 0;
    gasp_add_config add;
    gasp_add_config_init(&add);
    add.take = GASP_TAKE_LIST;
    add.vouts = &spent;
    add.n_vouts = 1;
    gasp_bytes beef = made_beef(&chain.block, chain.raw, chain.txid, 3);
    assert_err(gasp_wallet_add(b.wallet, beef.data, beef.len, &add, label_time, NULL, NULL, NULL), GASP_OK);
    test_release(beef);
    label(b.wallet, &chain.txid[2], 0, "memo", "deposit", 0);
    pair_config(config, a.wallet, b.wallet);
    pair_start(&p, config);
    p.hook = spoil;
    p.hook_ctx = &spoilt;
    pair_run(&p);
    assert_int_equal(spoilt, 1);
    assert_err(p.side[0].err, GASP_OK);
    assert_true(gasp_session_done(p.side[0].session));
    size_t state_faults = 0;
    for (size_t i = 0; i < p.side[0].n_events; i++)
        state_faults += p.side[0].events[i].graph.err == GASP_ERR_VERIFY_STATE;
    assert_int_equal(state_faults, 1);
    assert_int_equal(p.side[0].committed, 1);
    pair_free(&p);
    test_wallet_free(&a);
    test_wallet_free(&b);
    made_chain_free(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_outputs), cmocka_unit_test(held_parents),  cmocka_unit_test(a_proof_comes),
        cmocka_unit_test(by_outpoint),  cmocka_unit_test(three_wallets), cmocka_unit_test(false_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
