/* Peers whose messages are well formed and whose content is not: credit, references, proofs, transactions. Each ends the
 * session or one graph, with its own error, and nothing of it is stored. */
#include <stdlib.h>
#include <string.h>

#include "session/made.h"

enum { CHAIN = 6 };

/* A session that takes, whose peer has read the filter and says nothing by itself. */
static void receiving(made_run *run)
{
    made_run_start(run);
    run->p.mute = true;
    (void)script_step(&run->p);
    script_say_open(&run->p);
    script_run(&run->p);
    assert_true(run->p.filter_done);
}

static void run_over(made_run *run)
{
    made_run_stop(run);
    made_run_free(run);
}

static void assert_ended(const script_peer *p, gasp_err err, gasp_reason reason)
{
    assert_err(p->side.err, err);
    assert_true(gasp_session_done(p->side.session));
    assert_int_equal(p->heard[GASP_MSG_ERROR], 1);
    assert_int_equal(p->error.reason, reason);
}

static void say_root(script_peer *p, size_t which)
{
    script_say_invs(p, &which, 1, GASP_INV_ROOT, NULL);
}

/* ---- credit -------------------------------------------------------------------------------------------------------- */

/* Roots that wait for parents, so that none of them is finished. */
static gasp_err roots_with_credit(uint32_t roots, uint64_t bytes, size_t n)
{
    made_run run;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    run.config.limits.credit_roots = roots;
    run.config.limits.credit_bytes = bytes;
    receiving(&run);
    for (size_t i = 0; i < n; i++)
        say_root(&run.p, CHAIN - 1 - i);
    script_run(&run.p);
    gasp_err err = run.p.side.err;
    if (err != GASP_OK)
        assert_ended(&run.p, GASP_ERR_PEER_CREDIT, GASP_REASON_LIMIT);
    run_over(&run);
    return err;
}

static void credit_exceeded(void **state)
{
    (void)state;
    assert_err(roots_with_credit(2, 1 << 20, 2), GASP_OK);
    assert_err(roots_with_credit(2, 1 << 20, 3), GASP_ERR_PEER_CREDIT);
    assert_err(roots_with_credit(100, 700, 2), GASP_OK);
    assert_err(roots_with_credit(100, 700, 4), GASP_ERR_PEER_CREDIT);
    /* One root may come alone whatever its length; with it out nothing else fits. */
    assert_err(roots_with_credit(100, 1, 1), GASP_OK);
    assert_err(roots_with_credit(100, 1, 2), GASP_ERR_PEER_CREDIT);
}

/* The other side of it: what a session sends to a peer that gave little. */
static void credit_kept(void **state)
{
    static const gasp_credit given[] = {{1, 1 << 20}, {100, 1}, {2, 1 << 20}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        made_run run;
        size_t at_once = i == 2 ? 2 : 1;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        made_chain_add(&run.chain, run.w.wallet, CHAIN, true);
        made_run_start(&run);
        script_peer *p = &run.p;
        p->mute = true;
        p->open.rights = GASP_RIGHT_WRITE;
        p->open.credit_roots = given[i].roots;
        p->open.credit_bytes = given[i].bytes;
        (void)script_step(p);
        script_say_open(p);
        script_say_filter(p);
        script_run(p);
        gasp_session_stats stats;
        gasp_session_count(p->side.session, &stats);
        assert_int_equal(stats.roots_out, at_once);
        assert_int_equal(p->heard[GASP_MSG_ROOTS_END], 0);
        /* More than was taken cannot come back. */
        const uint8_t back[12] = {3, 0, 0, 0, 0xff};
        script_say(p, GASP_MSG_CREDIT, (gasp_bytes){back, sizeof back});
        script_run(p);
        assert_ended(p, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED);
        run_over(&run);
    }
}

/* Two wallets with the least credit there is still come to the end, root by root. */
static void least_credit(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        made_chain chain;
        gasp_session_config config[2];
        pair p;
        test_wallet a = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        test_wallet b = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_chain_make(&chain, 12, SIZE_MAX);
        made_block_trust(&chain.block, a.wallet);
        made_block_trust(&chain.block, b.wallet);
        made_chain_add(&chain, b.wallet, 12, true);
        pair_config(config, a.wallet, b.wallet);
        config[0].limits.credit_roots = way == 0 ? 1 : 1000;
        config[0].limits.credit_bytes = way == 0 ? 1 << 20 : 1;
        config[0].limits.max_wants = config[1].limits.max_wants = 1;
        pair_start(&p, config);
        pair_run(&p);
        pair_assert_complete(&p);
        assert_int_equal(p.side[0].committed, 12);
        assert_same_outputs(a.wallet, b.wallet);
        pair_free(&p);
        test_wallet_free(&a);
        test_wallet_free(&b);
        made_chain_free(&chain);
    }
}

/* ---- references ---------------------------------------------------------------------------------------------------- */

static void say_reference(script_peer *p, gasp_msg type, const gasp_txid *txid, size_t times)
{
    gasp_buf buf;
    const gasp_want ref = {.outpoint = {*txid, 0}, .reason = GASP_ABSENT_UNKNOWN};
    gasp_buf_init(&buf, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_write_compact(&w, times);
    for (size_t i = 0; i < times; i++)
        gasp_want_encode(&w, type, &ref);
    assert_err(w.err, GASP_OK);
    script_say(p, (uint16_t)type, gasp_buf_view(&buf));
    gasp_buf_clear(&buf);
}

static void references(void **state)
{
    static const gasp_msg kinds[] = {GASP_MSG_SENT, GASP_MSG_ABSENT};
    (void)state;
    for (int way = 0; way < 4; way++) {
        for (size_t k = 0; k < 2; k++) {
            made_run run;
            made_run_init(&run, CHAIN, SIZE_MAX, true);
            receiving(&run);
            if (way > 0) {
                say_root(&run.p, CHAIN - 1);
                script_run(&run.p);
                assert_int_equal(run.p.n_wants, 1);
            }
            /* 0: nothing is wanted; 1: something else is; 2: it is, and is answered twice; 3: once */
            size_t about = way == 1 ? 0 : CHAIN - 2;
            say_reference(&run.p, kinds[k], &run.chain.txid[about], way == 2 ? 2 : 1);
            script_run(&run.p);
            if (way < 3) {
                assert_ended(&run.p, GASP_ERR_PEER_UNEXPECTED, GASP_REASON_UNEXPECTED);
            } else { /* SENT for what never came is as good as ABSENT */
                const gasp_event *event = script_event(&run.p, GASP_EVENT_REFUSED, &run.chain.txid[CHAIN - 1]);
                assert_err(run.p.side.err, GASP_OK);
                assert_non_null(event);
                assert_err(event->graph.err, GASP_ERR_VERIFY_NO_PARENT);
            }
            run_over(&run);
        }
    }
}

/* The end of the roots tells how many there were. */
static void wrong_counts(void **state)
{
    (void)state;
    for (int way = 0; way < 5; way++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        receiving(&run);
        say_root(&run.p, 0);
        say_root(&run.p, 1);
        run.p.n_roots += way == 1 ? 1 : 0;
        run.p.n_roots -= way == 2 ? 1 : 0;
        run.p.n_outputs += way == 3 ? 1 : 0;
        script_say_roots_end(&run.p);
        if (way == 4)
            script_say_roots_end(&run.p);
        script_run(&run.p);
        if (way == 0)
            assert_err(run.p.side.err, GASP_OK);
        else if (way == 4)
            assert_ended(&run.p, GASP_ERR_PEER_UNEXPECTED, GASP_REASON_UNEXPECTED);
        else
            assert_ended(&run.p, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED);
        run_over(&run);
    }
}

static void root_twice(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        receiving(&run);
        size_t which = way == 0 ? CHAIN - 1 : 0; /* one that waits; one that is stored at once */
        say_root(&run.p, which);
        if (way == 2)
            script_say_roots_end(&run.p);
        else
            script_run(&run.p);
        say_root(&run.p, which);
        script_run(&run.p);
        if (way == 1) {
            assert_err(run.p.side.err, GASP_OK);
            assert_int_equal(run.p.side.committed, 2);
            assert_int_equal(test_output_count(run.w.wallet), 1);
        } else {
            assert_ended(&run.p, GASP_ERR_PEER_UNEXPECTED, GASP_REASON_UNEXPECTED);
        }
        run_over(&run);
    }
}

/* Neither offered nor asked for: dropped, and the session goes on. */
static void not_asked(void **state)
{
    made_run run;
    const size_t which[2] = {0, 1};
    (void)state;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    receiving(&run);
    script_say_invs(&run.p, which, 2, 0, NULL);
    script_say_invs(&run.p, which, 2, GASP_INV_ANSWER, NULL);
    script_run(&run.p);
    assert_err(run.p.side.err, GASP_OK);
    assert_int_equal(run.p.side.refused, 4);
    for (size_t i = 0; i < 2; i++) {
        const gasp_event *event = script_event(&run.p, GASP_EVENT_REFUSED, &run.chain.txid[which[i]]);
        assert_err(event->graph.err, GASP_ERR_VERIFY_NOT_ASKED);
    }
    say_root(&run.p, 1);
    script_run(&run.p);
    assert_int_equal(run.p.n_wants, 1); /* what came unasked is not there */
    run_over(&run);
}

/* A receiver that asks for more than may be open. */
static void too_many_wants(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        made_chain_add(&run.chain, run.w.wallet, CHAIN, true);
        run.config.limits.max_wants = 3;
        made_run_start(&run);
        run.p.mute = true;
        run.p.open.rights = GASP_RIGHT_WRITE;
        (void)script_step(&run.p);
        script_say_open(&run.p);
        script_run(&run.p);
        say_reference(&run.p, GASP_MSG_WANT, &run.chain.txid[2], 3 + more);
        script_run(&run.p);
        if (more == 0) {
            assert_err(run.p.side.err, GASP_OK);
            assert_int_equal(run.p.heard[GASP_MSG_ABSENT], 3); /* it gave no room for the transaction */
        } else {
            assert_ended(&run.p, GASP_ERR_PEER_LIMIT, GASP_REASON_LIMIT);
        }
        run_over(&run);
    }
}

/* ---- proofs and transactions --------------------------------------------------------------------------------------- */

/* One root of its own, given beside the chain, and what must be said of it. */
typedef struct odd {
    gasp_bytes raw;
    gasp_txid txid;
    bool proven;
    size_t index;
    uint32_t vout;
} odd;

static gasp_result give_odd(made_run *run, const odd *o, gasp_err err)
{
    const size_t which = script_add(&run->p, &(script_tx){o->txid, o->raw, o->proven, o->index, &o->vout, 1});
    say_root(&run->p, which);
    run->p.block = run->chain.block.txids;
    say_root(&run->p, 0);
    say_root(&run->p, 1);
    script_say_roots_end(&run->p);
    run->p.mute = false;
    script_run(&run->p);
    assert_err(run->p.side.err, GASP_OK);
    const gasp_event *event = script_event(&run->p, GASP_EVENT_REFUSED, &o->txid);
    assert_non_null(event);
    assert_err(event->graph.err, err);
    assert_err(event->graph.cause_err, err);
    assert_int_equal(run->p.side.committed, 2);
    assert_int_equal(test_output_count(run->w.wallet), 2);
    assert_true(gasp_session_done(run->p.side.session));
    return run->p.side.closed.closed.result;
}

/* Spends output 1 of member 0: in chain bytes. */
static odd spend(const made_chain *chain, uint32_t vout, uint64_t sat_in, uint64_t sat_out, size_t n_in)
{
    odd o = {0};
    test_in in[2];
    for (size_t i = 0; i < 2; i++)
        in[i] = (test_in){{chain->txid[0], vout}, sat_in, TEST_P2PKH, 101};
    const test_out out = {sat_out, TEST_P2PKH, 7};
    o.raw = test_tx_make(&o.txid, &(test_spec){.in = in, .n_in = n_in, .out = &out, .n_out = 1});
    return o;
}

/* A transaction of 64 bytes, which could be an inner node of a merkle tree. */
static odd of_64_bytes(const made_chain *chain)
{
    odd o = {0};
    uint8_t *raw = calloc(64, 1);
    gasp_writer w = gasp_writer_fixed(raw, 64);
    gasp_tx *tx = NULL;
    const gasp_outpoint prev = {chain->txid[0], 1};
    gasp_write_u32(&w, 1);
    gasp_write_u8(&w, 1);
    gasp_write_outpoint(&w, &prev);
    gasp_write_u8(&w, 0);
    gasp_write_u32(&w, UINT32_MAX);
    gasp_write_u8(&w, 1);
    gasp_write_u64(&w, 1);
    gasp_write_u8(&w, 4);
    gasp_write_u32(&w, 0x51515151);
    gasp_write_u32(&w, 0);
    assert_int_equal(w.len, 64);
    o.raw = (gasp_bytes){raw, 64};
    assert_err(gasp_tx_decode(&tx, o.raw, NULL, NULL), GASP_OK);
    o.txid = tx->txid;
    gasp_tx_free(tx);
    return o;
}

static odd coinbase(void)
{
    odd o = {0};
    const test_in in = {.prev = {.vout = UINT32_MAX}, .lock = TEST_TRUE};
    const test_out out = {50, TEST_P2PKH, 7};
    o.raw = test_tx_make(&o.txid, &(test_spec){.in = &in, .n_in = 1, .out = &out, .n_out = 1});
    return o;
}

static void transactions(void **state)
{
    static const gasp_err expected[] = {
        GASP_ERR_VERIFY_AMOUNT, GASP_ERR_VERIFY_INPUT_TWICE, GASP_ERR_VERIFY_NO_OUTPOINT, GASP_ERR_VERIFY_NO_OUTPOINT,
        GASP_ERR_PROOF_TX_64,   GASP_ERR_PROOF_TX_64,        GASP_ERR_VERIFY_COINBASE,    GASP_ERR_VERIFY_SCRIPT};
    const size_t n = sizeof expected / sizeof expected[0];
    (void)state;
    for (size_t i = 0; i < n; i++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        receiving(&run);
        const uint64_t sat = 1000000;
        odd o = i == 0   ? spend(&run.chain, 1, sat, sat + 1, 1)
                : i == 1 ? spend(&run.chain, 1, sat, sat, 2)
                : i == 2 ? spend(&run.chain, 2, sat, 1, 1)
                : i == 3 ? spend(&run.chain, 1, sat, 1, 1)
                : i < 6  ? of_64_bytes(&run.chain)
                : i == 6 ? coinbase()
                         : spend(&run.chain, 1, sat - 1, 1, 1); /* FORKID signs the amount */
        if (i == 3)
            o.vout = 1; /* an output that it does not have is offered */
        gasp_txid txids[3] = {o.txid, run.chain.block.txids[1], run.chain.block.txids[2]};
        o.proven = i == 5;
        run.p.block = o.proven ? txids : run.chain.block.txids;
        assert_int_equal(give_odd(&run, &o, expected[i]), GASP_RESULT_REFUSALS);
        test_release(o.raw);
        run_over(&run);
    }
    print_message("count: transactions that do not hold: %zu\n", n);
}

static void proofs(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        receiving(&run);
        script_peer *p = &run.p;
        gasp_txid txids[5];
        memcpy(txids, run.chain.block.txids, 3 * sizeof *txids);
        odd o = spend(&run.chain, 1, 1000000, 1, 1);
        o.proven = true;
        gasp_err err = GASP_ERR_PROOF_ROOT;
        if (way == 0) { /* a block that has it, in place of the one whose header is held */
            txids[0] = o.txid;
            p->block = txids;
        } else if (way == 1) { /* a path of the right block in which it is no leaf */
            o.index = 2;
            err = GASP_ERR_PROOF_NOT_LEAF;
        } else { /* a block that is not known */
            txids[0] = o.txid;
            p->block = txids;
            p->height++;
            err = GASP_ERR_PROOF_NO_HEADER;
        }
        const size_t which = script_add(p, &(script_tx){o.txid, o.raw, true, o.index, &o.vout, 1});
        say_root(p, which);
        p->block = run.chain.block.txids;
        p->height = run.chain.block.height;
        say_root(p, 0);
        say_root(p, 1);
        script_say_roots_end(p);
        p->mute = false;
        script_run(p);
        const gasp_event *event = script_event(p, GASP_EVENT_REFUSED, &o.txid);
        assert_err(p->side.err, GASP_OK);
        assert_non_null(event);
        assert_err(event->graph.err, err);
        assert_int_equal(event->graph.height, run.chain.block.height + (way == 2));
        assert_int_equal(p->side.committed, 2);
        assert_int_equal(p->side.closed.closed.result, way == 2 ? GASP_RESULT_PARTIAL : GASP_RESULT_REFUSALS);
        test_release(o.raw);
        run_over(&run);
    }
}

/* What stands on a proof that fails falls with it, and for its reason. */
static void below_a_proof(void **state)
{
    made_run run;
    (void)state;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    made_run_start(&run);
    run.p.height++;
    script_run(&run.p);
    assert_err(run.p.side.err, GASP_OK);
    assert_int_equal(run.p.side.refused, CHAIN);
    assert_int_equal(test_output_count(run.w.wallet), 0);
    for (size_t i = 1; i < CHAIN; i++) {
        const gasp_event *event = script_event(&run.p, GASP_EVENT_REFUSED, &run.chain.txid[i]);
        assert_err(event->graph.err, GASP_ERR_VERIFY_PARENT);
        assert_err(event->graph.cause_err, GASP_ERR_PROOF_NO_HEADER);
        assert_int_equal(event->graph.height, run.chain.block.height + 1);
    }
    assert_int_equal(run.p.side.closed.closed.result, GASP_RESULT_PARTIAL);
    run_over(&run);
}

/* What is more than may be staged is refused for policy, and the session goes on. */
static void stage_limits(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        made_run run;
        made_run_init(&run, 20, SIZE_MAX, true);
        if (way == 0)
            run.config.limits.max_nodes = 4;
        else
            run.config.limits.max_stage_bytes = 1000;
        made_run_start(&run);
        for (size_t i = 0; i < run.p.n_order; i++) /* from the end: each waits for the one before it */
            run.p.order[i] = 19 - i;
        run.p.batch = 20;
        script_run(&run.p);
        assert_err(run.p.side.err, GASP_OK);
        assert_true(gasp_session_done(run.p.side.session));
        assert_int_equal(run.p.side.closed.closed.result, GASP_RESULT_PARTIAL);
        size_t policy = 0;
        for (size_t i = 0; i < run.p.side.n_events; i++)
            policy += run.p.side.events[i].graph.cause_err == GASP_ERR_VERIFY_POLICY;
        assert_true(policy > 0);
        run_over(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credit_exceeded), cmocka_unit_test(credit_kept),    cmocka_unit_test(least_credit),
        cmocka_unit_test(references),      cmocka_unit_test(wrong_counts),   cmocka_unit_test(root_twice),
        cmocka_unit_test(not_asked),       cmocka_unit_test(too_many_wants), cmocka_unit_test(transactions),
        cmocka_unit_test(proofs),          cmocka_unit_test(below_a_proof),  cmocka_unit_test(stage_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
