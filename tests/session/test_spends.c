/* Spends that travel: a payment made with one wallet leaves the spendable set of the other, whoever began the connection,
 * and only by a transaction that the other has verified; a proven spend makes an end of unproven ones. */
#include <string.h>

#include "gasp/bump.h"
#include "session/made.h"

static const gasp_collection by_default = {{0}};
static const gasp_time now = {9, 1700000000000};

enum { LOCAL = 0, REMOTE = 1, OUT_SAT = 400 };

/* Two wallets that hold output 1 of each of the four members of a chain. */
typedef struct two {
    made_chain chain;
    test_wallet w[2];
    gasp_session_stats stats[2];
    gasp_event closed[2];
    uint64_t refused[2];
} two;

static void two_make(two *t)
{
    memset(t, 0, sizeof *t);
    made_chain_make(&t->chain, 4, SIZE_MAX);
    for (int i = 0; i < 2; i++) {
        t->w[i] = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&t->chain.block, t->w[i].wallet);
        made_chain_add(&t->chain, t->w[i].wallet, 4, true);
    }
}

static void two_free(two *t)
{
    for (int i = 0; i < 2; i++)
        test_wallet_free(&t->w[i]);
    made_chain_free(&t->chain);
}

/* One connection; `first` began it. */
static void sync(two *t, int first)
{
    gasp_session_config config[2];
    pair p;
    pair_config(config, t->w[first].wallet, t->w[!first].wallet);
    pair_start(&p, config);
    pair_run(&p);
    for (int i = 0; i < 2; i++) {
        int who = i == 0 ? first : !first;
        assert_err(p.side[i].err, GASP_OK);
        gasp_session_count(p.side[i].session, &t->stats[who]);
        t->closed[who] = p.side[i].closed;
        t->refused[who] = p.side[i].refused;
    }
    pair_free(&p);
}

static void assert_settled(const two *t, gasp_result result)
{
    for (int i = 0; i < 2; i++) {
        assert_true(t->closed[i].closed.accounted);
        assert_true(t->closed[i].closed.equal);
        assert_int_equal(t->closed[i].closed.result, result);
    }
}

/* Spends output 1 of a member to one output of somebody. */
static gasp_bytes payment(gasp_txid *txid, const made_chain *chain, size_t member, uint32_t to)
{
    const test_in in = {{chain->txid[member], 1}, 546, TEST_P2PKH, 100 + (uint32_t)member + 1000};
    const test_out out = {OUT_SAT, TEST_P2PKH, to};
    return test_tx_make(txid, &(test_spec){.in = &in, .n_in = 1, .out = &out, .n_out = 1});
}

static gasp_fate last_fate(gasp_wallet *w, gasp_bytes bytes, bool ours)
{
    static const uint32_t first = 0;
    gasp_add_config config;
    gasp_verdict verdict = {0};
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = &first;
    config.n_vouts = ours ? 1 : 0;
    assert_err(gasp_wallet_spend(w, bytes.data, bytes.len, &config, now, test_keep_verdict, &verdict, NULL), GASP_OK);
    return verdict.fate;
}

static bool holds(gasp_wallet *w, const gasp_txid *txid)
{
    gasp_held held;
    gasp_err err = gasp_wallet_transaction(w, &held, txid);
    if (err == GASP_OK)
        gasp_held_clear(&held);
    return err == GASP_OK;
}

typedef struct seeking {
    gasp_outpoint outpoint;
    bool found;
    gasp_output output;
} seeking;

static gasp_err seek_one(void *ctx, const gasp_output *output)
{
    seeking *s = ctx;
    if (memcmp(&output->outpoint, &s->outpoint, sizeof s->outpoint) != 0)
        return GASP_OK;
    s->found = true;
    s->output = *output;
    return GASP_DONE;
}

static seeking output_of(gasp_wallet *w, const gasp_txid *txid, uint32_t vout)
{
    seeking s = {.outpoint = {*txid, vout}};
    assert_err(gasp_wallet_outputs(w, &by_default, NULL, true, seek_one, &s), GASP_OK);
    return s;
}

/* A payment without change: no output of it is anybody's here, so that only SPEND can tell of it. */
static void payment_without_change(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid;
        two_make(&t);
        gasp_bytes raw = payment(&txid, &t.chain, 2, 5000);
        assert_int_equal(last_fate(t.w[LOCAL].wallet, raw, false), GASP_FATE_COMMITTED);
        assert_int_equal(test_output_count(t.w[LOCAL].wallet), 3);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 4);
        sync(&t, first);
        assert_settled(&t, GASP_RESULT_COMPLETE);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 3);
        assert_same_outputs(t.w[LOCAL].wallet, t.w[REMOTE].wallet);
        assert_true(holds(t.w[REMOTE].wallet, &txid));
        seeking spent = output_of(t.w[REMOTE].wallet, &t.chain.txid[2], 1);
        assert_true(spent.found && spent.output.spent);
        assert_memory_equal(spent.output.spender.b, txid.b, 32);
        sync(&t, first);
        assert_int_equal(t.stats[first].round_trips, 1);
        test_release(raw);
        two_free(&t);
    }
}

/* A payment with change travels as the root of the change, and takes the spent output along. */
static void payment_with_change(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid;
        two_make(&t);
        gasp_bytes raw = payment(&txid, &t.chain, 1, 5000);
        assert_int_equal(last_fate(t.w[LOCAL].wallet, raw, true), GASP_FATE_COMMITTED);
        assert_int_equal(test_output_count(t.w[LOCAL].wallet), 4);
        sync(&t, first);
        assert_settled(&t, GASP_RESULT_COMPLETE);
        assert_same_outputs(t.w[LOCAL].wallet, t.w[REMOTE].wallet);
        assert_true(output_of(t.w[REMOTE].wallet, &txid, 0).found);
        test_release(raw);
        two_free(&t);
    }
}

/* A chain of payments, of which only the last is told of: what it stands on is wanted like that of any root. */
static void payment_of_payment(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid[2];
        two_make(&t);
        gasp_bytes one = payment(&txid[0], &t.chain, 1, 5000);
        const test_in in[2] = {{{txid[0], 0}, OUT_SAT, TEST_P2PKH, 5000},
                               {{t.chain.txid[3], 1}, 546, TEST_P2PKH, 100 + 3 + 1000}};
        const test_out out = {OUT_SAT, TEST_P2PKH, 6000};
        gasp_bytes both = test_tx_make(&txid[1], &(test_spec){.in = in, .n_in = 2, .out = &out, .n_out = 1});
        assert_int_equal(last_fate(t.w[LOCAL].wallet, one, false), GASP_FATE_COMMITTED);
        assert_int_equal(last_fate(t.w[LOCAL].wallet, both, false), GASP_FATE_COMMITTED);
        sync(&t, first);
        assert_settled(&t, GASP_RESULT_COMPLETE);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 2);
        assert_true(holds(t.w[REMOTE].wallet, &txid[0]) && holds(t.w[REMOTE].wallet, &txid[1]));
        test_release(one);
        test_release(both);
        two_free(&t);
    }
}

/* A payment of two outputs is told of once, and takes both along. */
static void two_of_one(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid;
        two_make(&t);
        const test_in in[2] = {{{t.chain.txid[2], 1}, 546, TEST_P2PKH, 100 + 2 + 1000},
                               {{t.chain.txid[3], 1}, 546, TEST_P2PKH, 100 + 3 + 1000}};
        const test_out out = {OUT_SAT, TEST_P2PKH, 6000};
        gasp_bytes both = test_tx_make(&txid, &(test_spec){.in = in, .n_in = 2, .out = &out, .n_out = 1});
        assert_int_equal(last_fate(t.w[LOCAL].wallet, both, false), GASP_FATE_COMMITTED);
        sync(&t, first);
        assert_settled(&t, GASP_RESULT_COMPLETE);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 2);
        assert_true(holds(t.w[REMOTE].wallet, &txid));
        test_release(both);
        two_free(&t);
    }
}

/* A proven payment in a block that the other does not have yet is taken when it has it: that was not settled. */
static void later(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid;
        made_block block;
        two_make(&t);
        gasp_bytes raw = payment(&txid, &t.chain, 2, 5000);
        made_block_mine(&block, MADE_HEIGHT + 1, &txid, 1);
        gasp_bytes beef = made_beef(&block, &raw, &txid, 1);
        made_block_trust(&block, t.w[LOCAL].wallet);
        assert_int_equal(last_fate(t.w[LOCAL].wallet, beef, false), GASP_FATE_COMMITTED);
        sync(&t, first);
        assert_int_equal(t.closed[REMOTE].closed.result, GASP_RESULT_PARTIAL);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 4);
        sync(&t, first);
        made_block_trust(&block, t.w[REMOTE].wallet);
        sync(&t, first);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 3);
        assert_true(holds(t.w[REMOTE].wallet, &txid));
        assert_same_outputs(t.w[LOCAL].wallet, t.w[REMOTE].wallet);
        test_release(raw);
        test_release(beef);
        two_free(&t);
    }
}

/* Each has its own payment of one output, with change: both keep both, contested, as items. */
static void rivals(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid[2];
        two_make(&t);
        for (int i = 0; i < 2; i++) {
            gasp_bytes raw = payment(&txid[i], &t.chain, 2, 5000 + (uint32_t)i);
            assert_int_equal(last_fate(t.w[i].wallet, raw, true), GASP_FATE_COMMITTED);
            test_release(raw);
        }
        sync(&t, first);
        assert_settled(&t, GASP_RESULT_COMPLETE);
        assert_same_outputs(t.w[LOCAL].wallet, t.w[REMOTE].wallet);
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < 2; k++) {
                seeking s = output_of(t.w[i].wallet, &txid[k], 0);
                assert_true(s.found && s.output.contested && !s.output.spent);
            }
        two_free(&t);
    }
}

/* One has a proven payment, the other an unproven one with change, and what was paid on from that. The proven one wins at
 * both, and the outputs that stood on the other are nobody's any more. */
static void proven_wins(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        int first = way % 2;
        two t;
        gasp_txid proven;
        gasp_txid lost;
        made_block block;
        two_make(&t);
        gasp_bytes raw = payment(&proven, &t.chain, 2, 5000);
        gasp_bytes other = payment(&lost, &t.chain, 2, 6000);
        made_block_mine(&block, MADE_HEIGHT + 1, &proven, 1);
        gasp_bytes beef = made_beef(&block, &raw, &proven, 1);
        for (int i = 0; i < 2; i++)
            made_block_trust(&block, t.w[i].wallet);
        assert_int_equal(last_fate(t.w[LOCAL].wallet, beef, way >= 2), GASP_FATE_COMMITTED);
        assert_int_equal(last_fate(t.w[REMOTE].wallet, other, true), GASP_FATE_COMMITTED);
        sync(&t, first);
        assert_true(holds(t.w[REMOTE].wallet, &proven));
        assert_false(holds(t.w[LOCAL].wallet, &lost));
        assert_same_outputs(t.w[LOCAL].wallet, t.w[REMOTE].wallet);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), way >= 2 ? 4 : 3);
        for (int i = 0; i < 2; i++) {
            assert_true(t.closed[i].closed.accounted);
            assert_true(t.closed[i].closed.equal);
        }
        sync(&t, !first);
        assert_settled(&t, GASP_RESULT_COMPLETE);
        assert_int_equal(t.refused[0] + t.refused[1], 0);
        test_release(raw);
        test_release(other);
        test_release(beef);
        two_free(&t);
    }
}

/* The same with two payments on one side, of which the second stands on the first: both lose to one proven spender, which is
 * told of once. */
static void proven_wins_over_two(void **state)
{
    (void)state;
    static const uint32_t second = 1;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid proven;
        gasp_txid lost[2];
        made_block block;
        two_make(&t);
        gasp_bytes raw = payment(&proven, &t.chain, 2, 5000);
        made_block_mine(&block, MADE_HEIGHT + 1, &proven, 1);
        gasp_bytes beef = made_beef(&block, &raw, &proven, 1);
        const test_in in[2] = {{{t.chain.txid[2], 1}, 546, TEST_P2PKH, 100 + 2 + 1000},
                               {{{{0}}, 0}, 200, TEST_P2PKH, 6000}};
        const test_out out[2] = {{200, TEST_P2PKH, 6000}, {150, TEST_P2PKH, 6001}};
        test_in on = in[1];
        gasp_bytes one = test_tx_make(&lost[0], &(test_spec){.in = in, .n_in = 1, .out = out, .n_out = 2});
        on.prev.txid = lost[0];
        gasp_bytes next = test_tx_make(&lost[1], &(test_spec){.in = &on, .n_in = 1, .out = &out[1], .n_out = 1});
        gasp_add_config config;
        gasp_add_config_init(&config);
        config.take = GASP_TAKE_LIST;
        config.vouts = &second;
        config.n_vouts = 1;
        for (int i = 0; i < 2; i++)
            made_block_trust(&block, t.w[i].wallet);
        assert_int_equal(last_fate(t.w[LOCAL].wallet, beef, false), GASP_FATE_COMMITTED);
        assert_err(gasp_wallet_spend(t.w[REMOTE].wallet, one.data, one.len, &config, now, NULL, NULL, NULL), GASP_OK);
        assert_int_equal(last_fate(t.w[REMOTE].wallet, next, true), GASP_FATE_COMMITTED);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 5);
        sync(&t, first);
        assert_true(holds(t.w[REMOTE].wallet, &proven));
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 3);
        assert_same_outputs(t.w[LOCAL].wallet, t.w[REMOTE].wallet);
        for (int i = 0; i < 2; i++)
            assert_true(t.closed[i].closed.accounted && t.closed[i].closed.equal);
        test_release(raw);
        test_release(beef);
        test_release(one);
        test_release(next);
        two_free(&t);
    }
}

/* A payment that the other does not take, because it cannot judge it: the output stays in its set, is named in SKIP from
 * then on instead of sent, and is told of again by a reference. */
static void not_taken(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid;
        two_make(&t);
        const test_in in = {{t.chain.txid[2], 1}, 546, TEST_P2PKH, 9999}; /* a signature by another key */
        const test_out out = {OUT_SAT, TEST_P2PKH, 1};
        gasp_bytes raw = test_tx_make(&txid, &(test_spec){.in = &in, .n_in = 1, .out = &out, .n_out = 1});
        made_block block;
        made_block_mine(&block, MADE_HEIGHT + 1, &txid, 1); /* proven for the one, who has the header */
        gasp_bytes beef = made_beef(&block, &raw, &txid, 1);
        made_block_trust(&block, t.w[LOCAL].wallet);
        assert_int_equal(last_fate(t.w[LOCAL].wallet, beef, false), GASP_FATE_COMMITTED);
        sync(&t, first);
        assert_int_equal(t.closed[LOCAL].closed.result, GASP_RESULT_COMPLETE);
        assert_int_equal(t.closed[REMOTE].closed.result, GASP_RESULT_PARTIAL);
        assert_true(t.closed[LOCAL].closed.accounted && t.closed[REMOTE].closed.accounted);
        assert_int_equal(test_output_count(t.w[LOCAL].wallet), 3);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 4);
        const gasp_outpoint own = {t.chain.txid[0], 1};
        assert_err(gasp_wallet_label(t.w[REMOTE].wallet, &own, "label", (const uint8_t *)"x", 1, now), GASP_OK);
        sync(&t, first);
        assert_int_equal(t.stats[LOCAL].roots_in, 1); /* the labelled one */
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 4);
        made_block_trust(&block, t.w[REMOTE].wallet);
        assert_err(gasp_wallet_label(t.w[REMOTE].wallet, &own, "label", (const uint8_t *)"y", 1, now), GASP_OK);
        sync(&t, first);
        assert_settled(&t, GASP_RESULT_COMPLETE);
        assert_int_equal(t.stats[LOCAL].roots_in, 1);
        assert_int_equal(test_output_count(t.w[REMOTE].wallet), 3);
        test_release(raw);
        test_release(beef);
        two_free(&t);
    }
}

/* ---- found by the property test ------------------------------------------------------------------------------------ */

static const gasp_anchor *anchor_of(gasp_wallet *w, const gasp_txid *txid, bool *found)
{
    static gasp_anchor anchor;
    gasp_held held;
    assert_err(gasp_wallet_transaction(w, &held, txid), GASP_OK);
    *found = held.anchor != NULL;
    if (*found)
        anchor = *held.anchor;
    gasp_held_clear(&held);
    return *found ? &anchor : NULL;
}

/* The path of one transaction, alone in a block that the wallet trusts. */
static void prove_in(gasp_wallet *w, const made_block *block)
{
    gasp_bump *bump = NULL;
    uint8_t bytes[256];
    size_t len = 0;
    const size_t first = 0;
    made_block_trust(block, w);
    assert_err(gasp_bump_from_block(&bump, block->height, block->txids, block->n, &first, 1, NULL), GASP_OK);
    assert_err(gasp_bump_encode(bump, bytes, sizeof bytes, &len), GASP_OK);
    assert_err(gasp_wallet_prove(w, bytes, len, now, NULL, NULL, NULL), GASP_OK);
    gasp_bump_free(bump);
}

/* Both hold two payments of one output, and one of them learns that one is proven, of which no output is anybody's: only the
 * reference of SPEND can tell the other, which holds that one already. */
static void proof_of_a_rival(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid proven;
        gasp_txid lost;
        made_block block;
        bool found;
        two_make(&t);
        gasp_bytes raw = payment(&proven, &t.chain, 2, 5000);
        gasp_bytes other = payment(&lost, &t.chain, 2, 6000);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(last_fate(t.w[i].wallet, raw, false), GASP_FATE_COMMITTED);
            assert_int_equal(last_fate(t.w[i].wallet, other, true), GASP_FATE_COMMITTED);
        }
        made_block_mine(&block, MADE_HEIGHT + 1, &proven, 1);
        made_block_trust(&block, t.w[REMOTE].wallet);
        prove_in(t.w[LOCAL].wallet, &block);
        sync(&t, first);
        (void)anchor_of(t.w[REMOTE].wallet, &proven, &found);
        assert_true(found);
        assert_same_outputs(t.w[LOCAL].wallet, t.w[REMOTE].wallet);
        assert_true(t.closed[0].closed.accounted && t.closed[1].closed.accounted);
        test_release(raw);
        test_release(other);
        two_free(&t);
    }
}

/* What an output stands on lost its block at one of them, and has a proof of another one at the other. None of these are
 * items themselves: they are wanted again for the sake of what stands on them. */
static void parents_that_do_not_stand(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t = {0};
        made_block other;
        made_block later;
        const gasp_txid stranger = {{9}};
        made_chain_make(&t.chain, 4, SIZE_MAX);
        made_block_mine(&other, MADE_HEIGHT, &stranger, 1);
        made_block_mine(&later, MADE_HEIGHT + 1, &t.chain.txid[0], 1);
        for (int i = 0; i < 2; i++) {
            t.w[i] = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
            made_block_trust(&t.chain.block, t.w[i].wallet);
            made_chain_add(&t.chain, t.w[i].wallet, 4, false);
            made_block_trust(&other, t.w[i].wallet);
            made_block_trust(&later, t.w[i].wallet);
        }
        prove_in(t.w[LOCAL].wallet, &later);
        seeking gone = output_of(t.w[REMOTE].wallet, &t.chain.txid[3], 1);
        assert_true(gone.found && gone.output.unanchored);
        sync(&t, first);
        assert_settled(&t, GASP_RESULT_COMPLETE);
        gone = output_of(t.w[REMOTE].wallet, &t.chain.txid[3], 1);
        assert_true(gone.found && !gone.output.unanchored);
        two_free(&t);
    }
}

/* One proves what both have, and the other lacks the header: it refuses that state and keeps its own, which is nothing new to
 * the first. Both account for that without another round. */
static void refused_state(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid;
        made_block block;
        two_make(&t);
        gasp_bytes raw = payment(&txid, &t.chain, 2, 5000);
        for (int i = 0; i < 2; i++)
            assert_int_equal(last_fate(t.w[i].wallet, raw, true), GASP_FATE_COMMITTED);
        made_block_mine(&block, MADE_HEIGHT + 1, &txid, 1);
        prove_in(t.w[LOCAL].wallet, &block);
        sync(&t, first);
        for (int i = 0; i < 2; i++) {
            assert_true(t.closed[i].closed.accounted);
            assert_int_equal(t.closed[i].closed.round, 0);
        }
        assert_int_equal(t.closed[LOCAL].closed.result, GASP_RESULT_COMPLETE);
        assert_int_equal(t.closed[REMOTE].closed.result, GASP_RESULT_PARTIAL);
        test_release(raw);
        two_free(&t);
    }
}

static gasp_err count_refusal(void *ctx, const gasp_refusal_info *info)
{
    *(size_t *)ctx += info->err == GASP_ERR_PROOF_NO_HEADER;
    return GASP_OK;
}

/* A root is refused for its proof, and one of its outputs is known as spent: that is told, the other one is remembered. */
static void refused_and_spent(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        two t;
        gasp_txid txid;
        made_block block;
        size_t refused = 0;
        const uint32_t both[2] = {0, 1};
        gasp_add_config config;
        two_make(&t);
        gasp_add_config_init(&config);
        config.take = GASP_TAKE_LIST;
        config.vouts = both;
        config.n_vouts = 2;
        assert_err(
            gasp_wallet_add(t.w[LOCAL].wallet, t.chain.raw[3].data, t.chain.raw[3].len, &config, now, NULL, NULL, NULL),
            GASP_OK);
        made_block_mine(&block, MADE_HEIGHT + 1, &t.chain.txid[3], 1);
        prove_in(t.w[LOCAL].wallet, &block);
        const test_in in = {{t.chain.txid[3], 0}, 1000000 - 3 * 646, TEST_P2PKH, 103};
        const test_out out = {OUT_SAT, TEST_P2PKH, 1};
        gasp_bytes raw = test_tx_make(&txid, &(test_spec){.in = &in, .n_in = 1, .out = &out, .n_out = 1});
        assert_int_equal(last_fate(t.w[REMOTE].wallet, raw, true), GASP_FATE_COMMITTED);
        sync(&t, first);
        assert_true(t.closed[0].closed.accounted && t.closed[1].closed.accounted);
        assert_int_equal(t.closed[0].closed.round, 0);
        assert_err(gasp_wallet_refusals(t.w[REMOTE].wallet, &by_default, NULL, now, count_refusal, &refused), GASP_OK);
        assert_int_equal(refused, 1);
        assert_true(output_of(t.w[LOCAL].wallet, &t.chain.txid[3], 0).output.spent);
        test_release(raw);
        two_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payment_without_change),
        cmocka_unit_test(payment_with_change),
        cmocka_unit_test(payment_of_payment),
        cmocka_unit_test(rivals),
        cmocka_unit_test(two_of_one),
        cmocka_unit_test(later),
        cmocka_unit_test(proven_wins),
        cmocka_unit_test(proven_wins_over_two),
        cmocka_unit_test(not_taken),
        cmocka_unit_test(proof_of_a_rival),
        cmocka_unit_test(parents_that_do_not_stand),
        cmocka_unit_test(refused_state),
        cmocka_unit_test(refused_and_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
