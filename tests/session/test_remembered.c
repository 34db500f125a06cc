/* What is remembered between rounds: refusals until they are due, and what was settled. */
#include <string.h>

#include "session/made.h"
#include "wallet/refusals.h"

static const gasp_collection by_default = {{0}};

typedef struct refused {
    size_t n;
    size_t due;
    gasp_refusal_info last;
} refused;

static gasp_err see_refusal(void *ctx, const gasp_refusal_info *info)
{
    refused *r = ctx;
    r->n++;
    r->due += info->due;
    r->last = *info;
    return GASP_OK;
}

static refused refusals(gasp_wallet *w, uint64_t wall_ms)
{
    refused r = {0};
    assert_err(gasp_wallet_refusals(w, &by_default, NULL, (gasp_time){9, wall_ms}, see_refusal, &r), GASP_OK);
    return r;
}

/* No wallet holds what does not pass, unless its verifier lets everything pass. */
static gasp_err pass_all(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket)
{
    (void)user;
    (void)ticket;
    memset(verdicts, 0, gasp_verify_batch_len(batch) * sizeof *verdicts);
    return GASP_OK;
}

typedef struct bad_pair {
    made_chain chain;
    test_wallet sender;
    test_wallet taker;
    gasp_verifier lenient;
} bad_pair;

static void bad_pair_make(bad_pair *b)
{
    gasp_session_config config;
    script_peer p;
    made_chain_make(&b->chain, 6, 3);
    gasp_verifier_init(&b->lenient);
    b->lenient.verify = pass_all;
    b->sender = test_wallet_new(GASP_NETWORK_REGTEST, &b->lenient);
    b->taker = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    made_block_trust(&b->chain.block, b->sender.wallet);
    made_block_trust(&b->chain.block, b->taker.wallet);
    script_config(&config, b->sender.wallet, true);
    script_start(&p, &config);
    made_chain_give(&b->chain, &p, 0, 6, true);
    script_run(&p);
    script_free(&p);
    assert_int_equal(test_output_count(b->sender.wallet), 6);
}

static void bad_pair_free(bad_pair *b)
{
    test_wallet_free(&b->sender);
    test_wallet_free(&b->taker);
    made_chain_free(&b->chain);
}

/* Members 3 to 5 do not hold. They are refused once, remembered, and named instead of sent the next time. */
static void remembered(void **state)
{
    (void)state;
    for (int taker = 0; taker < 2; taker++) {
        bad_pair b;
        gasp_session_config config[2];
        pair p;
        bad_pair_make(&b);
        pair_config(config, taker == 0 ? b.taker.wallet : b.sender.wallet,
                    taker == 0 ? b.sender.wallet : b.taker.wallet);
        pair_start(&p, config);
        pair_run(&p);
        assert_int_equal(p.side[taker].closed.closed.result, GASP_RESULT_REFUSALS);
        assert_int_equal(p.side[!taker].closed.closed.result, GASP_RESULT_COMPLETE);
        for (int i = 0; i < 2; i++) {
            assert_true(p.side[i].closed.closed.accounted);
            assert_int_equal(pair_count(&p.side[i], GASP_EVENT_CLOSED), 1);
        }
        assert_int_equal(p.side[taker].refused, 3);
        assert_int_equal(test_output_count(b.taker.wallet), 3);
        assert_int_equal(refusals(b.taker.wallet, 1700000000000).n, 3);
        assert_int_equal(refusals(b.taker.wallet, 1700000000000).due, 0);
        assert_int_equal(refusals(b.taker.wallet, 1700000000000 + 2 * 3600000).due,
                         2); /* those that fell with another one */
        pair_free(&p);

        /* Nothing changed: what was settled is told in one round trip, with the result that it had. */
        pair_start(&p, config);
        pair_run(&p);
        assert_true(p.side[0].opened.opened.equal);
        assert_int_equal(p.side[taker].closed.closed.result, GASP_RESULT_REFUSALS);
        assert_int_equal(pair_stats(&p.side[0]).round_trips, 1);
        assert_int_equal(pair_stats(&p.side[0]).invs_in + pair_stats(&p.side[1]).invs_in, 0);
        pair_free(&p);

        /* Something else changed: the three are named in SKIP and not sent. */
        const gasp_outpoint own = {b.chain.txid[0], 1};
        assert_err(
            gasp_wallet_label(b.sender.wallet, &own, "label", (const uint8_t *)"x", 1, (gasp_time){9, 1700000000500}),
            GASP_OK);
        pair_start(&p, config);
        pair_run(&p);
        assert_false(p.side[0].opened.opened.equal);
        assert_int_equal(pair_stats(&p.side[taker]).roots_in, 1);
        assert_int_equal(p.side[taker].refused, 0);
        assert_int_equal(p.side[taker].closed.closed.result, GASP_RESULT_REFUSALS);
        assert_true(p.side[taker].closed.closed.accounted);
        assert_true(p.side[!taker].closed.closed.accounted);
        pair_free(&p);
        bad_pair_free(&b);
    }
}

/* What lacks its block is refused as missing, and not offered again until the header is here. */
static void due_when_it_comes(void **state)
{
    (void)state;
    for (int taker = 0; taker < 2; taker++) {
        made_chain chain;
        gasp_session_config config[2];
        pair p;
        made_chain_make(&chain, 4, SIZE_MAX);
        test_wallet full = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        test_wallet empty = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&chain.block, full.wallet);
        made_chain_add(&chain, full.wallet, 4, true);
        pair_config(config, taker == 0 ? empty.wallet : full.wallet, taker == 0 ? full.wallet : empty.wallet);
        for (int round = 0; round < 4; round++) {
            const gasp_outpoint own = {chain.txid[0], 1};
            const uint8_t label = (uint8_t)('a' + round);
            if (round == 2)
                made_block_trust(&chain.block, empty.wallet);
            assert_err(gasp_wallet_label(full.wallet, &own, "label", &label, 1, (gasp_time){9, 1700000000500}),
                       GASP_OK);
            pair_start(&p, config);
            p.now.wall_ms += (uint64_t)round * 1000;
            pair_run(&p);
            refused r = refusals(empty.wallet, p.now.wall_ms);
            assert_true(p.side[taker].closed.closed.accounted);
            if (round < 2) {
                assert_int_equal(p.side[taker].closed.closed.result, GASP_RESULT_PARTIAL);
                assert_int_equal(test_output_count(empty.wallet), 0);
                assert_int_equal(r.n, 4);
                assert_false(r.last.due);
                assert_int_equal(pair_stats(&p.side[taker]).roots_in,
                                 round == 0 ? 4 : 1); /* member 0 has a new state */
            } else {
                pair_assert_complete(&p);
                assert_int_equal(test_output_count(empty.wallet), 4);
                assert_int_equal(r.n, 0);
                assert_int_equal(pair_stats(&p.side[taker]).roots_in, round == 2 ? 4 : 1);
            }
            pair_free(&p);
        }
        test_wallet_free(&full);
        test_wallet_free(&empty);
        made_chain_free(&chain);
    }
}

/* What nothing brings is due again all the same. */
static void due_after_an_hour(void **state)
{
    (void)state;
    made_chain chain;
    gasp_session_config config[2];
    pair p;
    made_chain_make(&chain, 2, SIZE_MAX);
    test_wallet full = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    test_wallet empty = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    made_block_trust(&chain.block, full.wallet);
    made_chain_add(&chain, full.wallet, 2, true);
    pair_config(config, empty.wallet, full.wallet);
    for (int round = 0; round < 3; round++) {
        pair_start(&p, config);
        p.now.wall_ms += (uint64_t)round * 1801 * 1000;
        pair_run(&p);
        assert_int_equal(p.side[0].closed.closed.result, GASP_RESULT_PARTIAL);
        assert_int_equal(pair_stats(&p.side[0]).roots_in, round == 1 ? 0 : 2);
        assert_int_equal(p.side[0].opened.opened.equal, round == 1);
        pair_free(&p);
    }
    test_wallet_free(&full);
    test_wallet_free(&empty);
    made_chain_free(&chain);
}

/* A policy refusal waits for another policy. */
static void due_with_the_policy(void **state)
{
    (void)state;
    bad_pair b;
    gasp_session_config config[2];
    gasp_wallet_config changed;
    gasp_wallet *wallet[3];
    pair p;
    bad_pair_make(&b);
    gasp_txid txid;
    const test_in in = {{b.chain.txid[2], 1}, 546, TEST_P2PKH, 100 + 2 + 1000};
    const test_out out[2] = {{200, TEST_TRUE, 1}, {200, TEST_P2PKH, 7000}};
    const test_spec spec = {.in = &in, .n_in = 1, .out = out, .n_out = 2};
    gasp_bytes raw = test_tx_make(&txid, &spec);
    gasp_txid end;
    const test_in odd = {{txid, 0}, 200, TEST_TRUE, 1};
    const test_out last = {100, TEST_P2PKH, 7001};
    gasp_bytes over = test_tx_make(&end, &(test_spec){.in = &odd, .n_in = 1, .out = &last, .n_out = 1});
    const uint32_t first = 0;
    script_peer sp;
    script_config(&config[0], b.sender.wallet, true);
    script_start(&sp, &config[0]);
    (void)script_add(&sp, &(script_tx){txid, raw, false, 0, &first, 0});
    (void)script_add(&sp, &(script_tx){end, over, false, 0, &first, 1});
    script_run(&sp);
    script_free(&sp);
    gasp_wallet_config_init(&changed);
    changed.kv = b.taker.kv;
    wallet[0] = wallet[1] = b.taker.wallet;
    changed.policy = 1;
    assert_err(gasp_wallet_open(&wallet[2], &changed), GASP_OK);
    for (int round = 0; round < 3; round++) {
        pair_config(config, wallet[round], b.sender.wallet);
        pair_start(&p, config);
        pair_run(&p);
        assert_int_equal(p.side[0].closed.closed.result, GASP_RESULT_PARTIAL);
        assert_int_equal(p.side[0].opened.opened.equal, round == 1);
        assert_int_equal(p.side[0].refused, round == 0 ? 4 : (round == 1 ? 0 : 1));
        pair_free(&p);
    }
    gasp_wallet_free(wallet[2]);
    test_release(raw);
    test_release(over);
    bad_pair_free(&b);
}

/* What was refused once in another state, and is held by now, is not named as what is not wanted: the peer would take it for
 * something that is not here. */
static void refused_and_held(void **state)
{
    (void)state;
    made_chain chain;
    gasp_session_config config[2];
    pair p;
    gasp_refused one = {.err = GASP_ERR_VERIFY_SCRIPT, .time = 1};
    const gasp_note note = {.refused = &one, .n_refused = 1};
    made_chain_make(&chain, 4, SIZE_MAX);
    test_wallet w[2];
    for (int i = 0; i < 2; i++) {
        w[i] = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&chain.block, w[i].wallet);
        made_chain_add(&chain, w[i].wallet, i == 0 ? 3 : 2, true);
    }
    one.outpoint = (gasp_outpoint){chain.txid[1], 1};
    pair_config(config, w[0].wallet, w[1].wallet);
    config[0].match = config[1].match = GASP_MATCH_OUTPOINT;
    pair_start(&p, config);
    assert_err(gasp_wallet_note(w[1].wallet, &note, p.now), GASP_OK);
    pair_run(&p);
    for (int i = 0; i < 2; i++) {
        assert_true(p.side[i].closed.closed.accounted);
        assert_int_equal(p.side[i].closed.closed.round, 0);
    }
    assert_same_outputs(w[0].wallet, w[1].wallet);
    pair_free(&p);
    for (int i = 0; i < 2; i++)
        test_wallet_free(&w[i]);
    made_chain_free(&chain);
}

/* What was settled over refusals is not any more when these are gone, though the set is the same again. */
static void settled_then_forgotten(void **state)
{
    (void)state;
    for (int taker = 0; taker < 2; taker++) {
        made_chain chain;
        made_block other;
        gasp_session_config config[2];
        pair p;
        test_wallet w[2];
        size_t n;
        const gasp_txid stranger = {{9}};
        made_chain_make(&chain, 4, SIZE_MAX);
        made_block_mine(&other, MADE_HEIGHT, &stranger, 1);
        for (int i = 0; i < 2; i++)
            w[i] = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&chain.block, w[!taker].wallet);
        made_block_trust(&other, w[taker].wallet);
        made_chain_add(&chain, w[!taker].wallet, 4, false);
        pair_config(config, w[0].wallet, w[1].wallet);
        for (int round = 0; round < 3; round++) {
            if (round == 1) { /* by another way it comes, and goes */
                made_block_trust(&chain.block, w[taker].wallet);
                made_chain_add(&chain, w[taker].wallet, 4, false);
                assert_int_equal(test_output_count(w[taker].wallet), 1);
                assert_err(gasp_wallet_forget(w[taker].wallet, &n, &chain.txid[1], (gasp_time){9, 1700000001000}),
                           GASP_OK);
            }
            pair_start(&p, config);
            pair_run(&p);
            assert_int_equal(test_output_count(w[taker].wallet), round > 0);
            assert_true(p.side[taker].closed.closed.accounted);
            assert_true(p.side[0].opened.opened.equal == (round == 2));
            pair_free(&p);
        }
        test_wallet_free(&w[0]);
        test_wallet_free(&w[1]);
        made_chain_free(&chain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembered),        cmocka_unit_test(due_when_it_comes),
        cmocka_unit_test(due_after_an_hour), cmocka_unit_test(due_with_the_policy),
        cmocka_unit_test(refused_and_held),  cmocka_unit_test(settled_then_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
