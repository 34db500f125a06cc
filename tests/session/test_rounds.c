/* How rounds end and follow each other: the account and its repair, directions that are not allowed, and rounds that
 * somebody asks for. */
#include <string.h>

#include "session/made.h"
#include "set/bloom.h"
#include "wallet/questions.h"
#include "wallet/refusals.h"

static const gasp_collection by_default = {{0}};

static test_wallet wallet_of(const test_block *block, size_t parts, size_t from, size_t to)
{
    test_wallet w = test_wallet_new(GASP_NETWORK_MAIN, NULL);
    test_block_trust(block, w.wallet);
    if (from < to) {
        size_t committed;
        gasp_bytes beef = test_block_beef(block, parts, from, to);
        assert_err(test_add(w.wallet, beef, &committed), GASP_OK);
        assert_true(committed > 0);
        test_release(beef);
    }
    return w;
}

/* ---- the account --------------------------------------------------------------------------------------------------- */

/* Puts one item of the sender into the first filter that a receiver sends, so that the sender does not find it missing: a
 * false positive on demand. Number and sum stay those of the receiver's own set. */
typedef struct hiding {
    gasp_wallet *wallets[2];
    int receiver;
    size_t filters; /* of the receiver, so far */
    bool hidden;
} hiding;

static gasp_err hide_one(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    hiding *h = ctx;
    gasp_items own;
    gasp_items theirs;
    gasp_items both;
    if (*type != GASP_MSG_FILTER || from != h->receiver || h->filters++ > 0)
        return GASP_ABSENT;
    assert_err(gasp_wallet_snapshot(h->wallets[from], &own, &by_default, GASP_MATCH_STATE), GASP_OK);
    assert_err(gasp_wallet_snapshot(h->wallets[!from], &theirs, &by_default, GASP_MATCH_STATE), GASP_OK);
    gasp_items_init(&both, GASP_MATCH_STATE, GASP_ITEMS_MAX, NULL);
    assert_err(gasp_items_index_outpoints(&own), GASP_OK);
    for (size_t i = 0; i < own.len; i++)
        assert_err(gasp_items_add(&both, own.item[i].time, &own.item[i].id, gasp_items_outpoint_id(&own, i),
                                  gasp_items_outpoint(&own, i)),
                   GASP_OK);
    for (size_t i = 0; i < theirs.len && !h->hidden; i++) {
        size_t pos;
        if (gasp_items_find_outpoint(&own, &pos, gasp_items_outpoint_id(&theirs, i)) != GASP_ABSENT)
            continue;
        h->hidden = true;
        assert_err(gasp_items_add(&both, theirs.item[i].time, &theirs.item[i].id, gasp_items_outpoint_id(&theirs, i),
                                  gasp_items_outpoint(&theirs, i)),
                   GASP_OK);
    }
    assert_err(gasp_items_seal(&both), GASP_OK);
    assert_err(gasp_items_index_outpoints(&both), GASP_OK);
    gasp_writer w = gasp_writer_growing(out);
    gasp_write_u8(&w, 1);
    assert_err(gasp_bloom_part_encode(&w, &both, 0, message.data + 69), GASP_OK);
    memcpy(out->data + 33, message.data + 33, 4 + 32);
    gasp_items_clear(&own);
    gasp_items_clear(&theirs);
    gasp_items_clear(&both);
    return GASP_OK;
}

/* What a filter hides, in either direction, is missed by the account and brought by the next round. */
static void repair(void **state)
{
    (void)state;
    test_block block = test_block_load("blocks/bsv-mainnet-705985.block", 705985);
    for (int receiver = 0; receiver < 2; receiver++) {
        test_wallet a = wallet_of(&block, 3, 0, 2);
        test_wallet b = wallet_of(&block, 3, 1, 3);
        hiding h = {{a.wallet, b.wallet}, receiver, 0, false};
        gasp_session_config config[2];
        pair p;
        pair_config(config, a.wallet, b.wallet);
        pair_start(&p, config);
        p.hook = hide_one;
        p.hook_ctx = &h;
        pair_run(&p);
        assert_true(h.hidden);
        pair_assert_complete(&p);
        assert_same_outputs(a.wallet, b.wallet);
        for (int i = 0; i < 2; i++) {
            const gasp_event *first = pair_event(&p.side[i], GASP_EVENT_CLOSED, 0);
            const gasp_event *second = pair_event(&p.side[i], GASP_EVENT_CLOSED, 1);
            assert_int_equal(pair_count(&p.side[i], GASP_EVENT_CLOSED), 2);
            assert_false(first->closed.accounted);
            assert_false(first->closed.equal);
            assert_true(first->closed.again);
            assert_int_equal(first->closed.result, GASP_RESULT_PARTIAL);
            assert_true(second->closed.accounted);
            assert_false(second->closed.again);
            assert_int_equal(second->closed.round, 1);
            assert_int_equal(second->closed.result, GASP_RESULT_COMPLETE);
        }
        pair_free(&p);
        test_wallet_free(&a);
        test_wallet_free(&b);
    }
    test_block_free(&block);
}

/* A peer whose fingerprints never hold: the rounds that follow by themselves have an end. */
static gasp_err spoil_prints(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    const int *liar = ctx;
    if (*type != GASP_MSG_CLOSE || from != *liar)
        return GASP_ABSENT;
    assert_err(gasp_buf_append(out, message.data, message.len), GASP_OK);
    out->data[out->len - 1] ^= 1;
    return GASP_OK;
}

static void endless_repair(void **state)
{
    (void)state;
    test_block block = test_block_load("blocks/bsv-mainnet-705985.block", 705985);
    for (int liar = 0; liar < 2; liar++) {
        test_wallet a = wallet_of(&block, 2, 0, 1);
        test_wallet b = wallet_of(&block, 2, 1, 2);
        gasp_session_config config[2];
        pair p;
        pair_config(config, a.wallet, b.wallet);
        pair_start(&p, config);
        p.hook = spoil_prints;
        p.hook_ctx = &liar;
        pair_run(&p);
        /* Both have the same by then, so the second round has nothing to do and no account. */
        assert_int_equal(pair_count(&p.side[0], GASP_EVENT_CLOSED), 2);
        assert_false(pair_event(&p.side[!liar], GASP_EVENT_CLOSED, 0)->closed.accounted);
        assert_true(pair_event(&p.side[!liar], GASP_EVENT_CLOSED, 1)->closed.equal);
        pair_free(&p);
        test_wallet_free(&a);
        test_wallet_free(&b);
    }
    test_block_free(&block);
}

/* ---- one direction ------------------------------------------------------------------------------------------------- */

static unsigned only_write(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    (void)user;
    (void)peer;
    (void)peer_len;
    (void)collection;
    return GASP_RIGHT_WRITE;
}

static unsigned only_read(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    (void)user;
    (void)peer;
    (void)peer_len;
    (void)collection;
    return GASP_RIGHT_READ;
}

/* One side only takes: it is complete, by an account for which it only looks at what the other has, and gives nothing. */
static void one_direction(void **state)
{
    (void)state;
    static const gasp_access access[2] = {{sizeof access[0], NULL, only_write}, {sizeof access[0], NULL, only_read}};
    test_block block = test_block_load("blocks/bsv-mainnet-705985.block", 705985);
    for (int way = 0; way < 4; way++) {
        int limited = way % 2; /* whose access is limited */
        bool pull = way < 2;
        test_wallet a = wallet_of(&block, 3, 0, 2);
        test_wallet b = wallet_of(&block, 3, 1, 3);
        int taker = pull ? limited : !limited;
        size_t given = test_output_count(taker == 0 ? b.wallet : a.wallet);
        gasp_session_config config[2];
        pair p;
        pair_config(config, a.wallet, b.wallet);
        config[limited].access = &access[pull ? 0 : 1];
        pair_start(&p, config);
        pair_run(&p);
        assert_err(p.side[0].err, GASP_OK);
        assert_err(p.side[1].err, GASP_OK);
        assert_true(p.side[taker].closed.closed.accounted);
        assert_int_equal(p.side[taker].closed.closed.result, GASP_RESULT_COMPLETE);
        assert_int_equal(p.side[!taker].closed.closed.result, GASP_RESULT_PARTIAL);
        assert_true(pair_stats(&p.side[taker]).roots_in > 0);
        assert_int_equal(pair_stats(&p.side[!taker]).roots_in, 0);
        assert_int_equal(test_output_count(taker == 0 ? b.wallet : a.wallet), given);
        assert_true(test_output_count(taker == 0 ? a.wallet : b.wallet) > given);
        pair_free(&p);
        test_wallet_free(&a);
        test_wallet_free(&b);
    }
    test_block_free(&block);
}

/* The one side only gives, and has an output in a newer state: the other, which found its own one missing there before it
 * took that, accounts for it in one round. */
static void newer_in_one_direction(void **state)
{
    (void)state;
    static const gasp_access access = {sizeof access, NULL, only_read};
    for (int giver = 0; giver < 2; giver++) {
        made_chain chain;
        gasp_session_config config[2];
        test_wallet w[2];
        pair p;
        made_chain_make(&chain, 3, SIZE_MAX);
        for (int i = 0; i < 2; i++) {
            w[i] = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
            made_block_trust(&chain.block, w[i].wallet);
            made_chain_add(&chain, w[i].wallet, 3, true);
        }
        const gasp_outpoint own = {chain.txid[1], 1};
        assert_err(
            gasp_wallet_label(w[giver].wallet, &own, "label", (const uint8_t *)"x", 1, (gasp_time){9, 1700000000500}),
            GASP_OK);
        pair_config(config, w[0].wallet, w[1].wallet);
        config[giver].access = &access;
        pair_start(&p, config);
        pair_run(&p);
        assert_int_equal(pair_count(&p.side[!giver], GASP_EVENT_CLOSED), 1);
        assert_true(p.side[!giver].closed.closed.accounted);
        assert_int_equal(p.side[!giver].closed.closed.result, GASP_RESULT_COMPLETE);
        assert_same_outputs(w[0].wallet, w[1].wallet);
        pair_free(&p);
        for (int i = 0; i < 2; i++)
            test_wallet_free(&w[i]);
        made_chain_free(&chain);
    }
}

/* ---- rounds -------------------------------------------------------------------------------------------------------- */

static size_t rounds_until_quiet(pair *p)
{
    pair_step(p);
    return pair_count(&p->side[0], GASP_EVENT_CLOSED);
}

/* A connection that stays has a round whenever one side says that something changed, also when both do at once. */
static void changed(void **state)
{
    (void)state;
    made_chain chain;
    gasp_session_config config[2];
    pair p;
    made_chain_make(&chain, 6, SIZE_MAX);
    test_wallet w[2];
    for (int i = 0; i < 2; i++) {
        w[i] = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&chain.block, w[i].wallet);
    }
    made_chain_add(&chain, w[0].wallet, 1, true);
    pair_config(config, w[0].wallet, w[1].wallet);
    config[0].stay = config[1].stay = true;
    pair_start(&p, config);
    assert_int_equal(rounds_until_quiet(&p), 1);
    assert_int_equal(test_output_count(w[1].wallet), 1);
    for (int who = 0; who < 3; who++) { /* the initiator, the responder, both */
        for (int i = 0; i < 2; i++) {
            if (who != 2 && who != i)
                continue;
            made_chain_add(&chain, w[i].wallet, 2 + (size_t)who + (who == 2 ? (size_t)i : 0), true);
            assert_err(gasp_session_changed(p.side[i].session, p.now), GASP_OK);
        }
        size_t rounds = rounds_until_quiet(&p);
        assert_true(rounds == (size_t)who + 2 || (who == 2 && rounds <= 5));
        assert_same_outputs(w[0].wallet, w[1].wallet);
        assert_int_equal(p.side[0].closed.closed.result, GASP_RESULT_COMPLETE);
        assert_int_equal(p.side[1].closed.closed.result, GASP_RESULT_COMPLETE);
    }
    assert_int_equal(test_output_count(w[1].wallet), 5);
    assert_false(gasp_session_done(p.side[0].session));
    assert_err(gasp_session_closed(p.side[0].session, p.now), GASP_OK);
    assert_err(gasp_session_closed(p.side[1].session, p.now), GASP_OK);
    assert_true(gasp_session_done(p.side[0].session) && gasp_session_done(p.side[1].session));
    pair_free(&p);
    for (int i = 0; i < 2; i++)
        test_wallet_free(&w[i]);
    made_chain_free(&chain);
}

/* What was agreed on stands in every round: where one side knows outpoints only, two that have the same see it by that. */
static void lesser_match(void **state)
{
    (void)state;
    made_chain chain;
    gasp_session_config config[2];
    pair p;
    made_chain_make(&chain, 3, SIZE_MAX);
    test_wallet w[2];
    for (int i = 0; i < 2; i++) {
        w[i] = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&chain.block, w[i].wallet);
    }
    made_chain_add(&chain, w[0].wallet, 2, true);
    pair_config(config, w[0].wallet, w[1].wallet);
    config[0].stay = config[1].stay = true;
    config[1].match = GASP_MATCH_OUTPOINT;
    pair_start(&p, config);
    assert_int_equal(rounds_until_quiet(&p), 1);
    assert_int_equal(p.side[0].opened.opened.match, GASP_MATCH_OUTPOINT);
    assert_err(gasp_session_changed(p.side[0].session, p.now), GASP_OK);
    assert_int_equal(rounds_until_quiet(&p), 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(p.side[i].opened.opened.round, 1);
        assert_true(p.side[i].opened.opened.equal);
        assert_int_equal(p.side[i].closed.closed.result, GASP_RESULT_COMPLETE);
    }
    pair_free(&p);
    for (int i = 0; i < 2; i++)
        test_wallet_free(&w[i]);
    made_chain_free(&chain);
}

/* Between rounds an initiator that stays speaks up now and then; a responder that hears nothing ends, without an error. */
static void rest(void **state)
{
    (void)state;
    test_block block = test_block_load("blocks/bsv-mainnet-705985.block", 705985);
    test_wallet a = wallet_of(&block, 2, 0, 1);
    test_wallet b = wallet_of(&block, 2, 0, 1);
    gasp_session_config config[2];
    pair p;
    const uint8_t *out;
    size_t len;
    pair_config(config, a.wallet, b.wallet);
    config[0].stay = config[1].stay = true;
    pair_start(&p, config);
    pair_step(&p);
    gasp_time later = {gasp_session_deadline(p.side[0].session), 1700000100000};
    assert_true(later.mono_ms < p.now.mono_ms + config[0].limits.idle_ms);
    assert_err(gasp_session_recv(p.side[0].session, NULL, 0, later), GASP_OK);
    assert_err(gasp_session_send(p.side[0].session, &out, &len, later), GASP_OK);
    assert_int_equal(len, 8);
    assert_int_equal(out[4], GASP_MSG_KEEPALIVE);
    later.mono_ms = gasp_session_deadline(p.side[1].session);
    assert_err(gasp_session_recv(p.side[1].session, NULL, 0, later), GASP_OK);
    assert_true(gasp_session_done(p.side[1].session));
    pair_free(&p);
    test_wallet_free(&a);
    test_wallet_free(&b);
    test_block_free(&block);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repair),        cmocka_unit_test(endless_repair),
        cmocka_unit_test(one_direction), cmocka_unit_test(newer_in_one_direction),
        cmocka_unit_test(changed),       cmocka_unit_test(rest),
        cmocka_unit_test(lesser_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
