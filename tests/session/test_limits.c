/* Limits of a session that no other test shows: each case is named by its row of the table (base/limits.h). What would
 * take millions of messages to reach is set to just below the limit in the session's own state. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/writer.h"
#include "session/inside.h"
#include "session/made.h"

enum { CHAIN = 6 };

static void assert_ended(const script_peer *p, gasp_err err, gasp_reason reason)
{
    assert_err(p->side.err, err);
    assert_true(gasp_session_done(p->side.session));
    assert_int_equal(p->heard[GASP_MSG_ERROR], 1);
    assert_int_equal(p->error.reason, reason);
}

static void run_over(made_run *run)
{
    made_run_stop(run);
    made_run_free(run);
}

/* A session that takes, whose peer has read the filter and says nothing by itself. */
static void taking(made_run *run)
{
    made_run_start(run);
    run->p.mute = true;
    (void)script_step(&run->p);
    script_say_open(&run->p);
    script_run(&run->p);
    assert_err(run->p.side.err, GASP_OK);
}

/* A session that holds the chain and gives, to a peer that says nothing by itself. */
static void sending_to(made_run *run)
{
    made_chain_add(&run->chain, run->w.wallet, CHAIN, true);
    made_run_start(run);
    run->p.mute = true;
    run->p.open.rights = GASP_RIGHT_WRITE;
    (void)script_step(&run->p);
    script_say_open(&run->p);
    script_run(&run->p);
    assert_err(run->p.side.err, GASP_OK);
}

static void max_roots(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        run.config.limits.max_roots = 3;
        taking(&run);
        for (size_t i = 0; i < 3 + more; i++)
            script_say_invs(&run.p, &i, 1, GASP_INV_ROOT, NULL);
        script_run(&run.p);
        if (more == 0)
            assert_err(run.p.side.err, GASP_OK);
        else
            assert_ended(&run.p, GASP_ERR_PEER_LIMIT, GASP_REASON_LIMIT);
        run_over(&run);
    }
}

static gasp_err items_said(uint64_t count)
{
    made_run run;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    run.config.limits.max_items = 3;
    made_run_start(&run);
    run.p.mute = true;
    (void)script_step(&run.p);
    run.p.open.has_summary = true;
    run.p.open.summary.count = count;
    script_say_open(&run.p);
    script_run(&run.p);
    gasp_err err = run.p.side.err;
    if (err != GASP_OK)
        assert_ended(&run.p, GASP_ERR_PEER_LIMIT, GASP_REASON_LIMIT);
    run_over(&run);
    return err;
}

/* Three items are one part of a filter. */
static void parts_said(size_t parts, gasp_err expected)
{
    made_run run;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    run.config.limits.max_items = 3;
    sending_to(&run);
    run.p.side.session->out_turn.parts = parts - 1;
    script_say_filter(&run.p);
    script_run(&run.p);
    assert_err(run.p.side.err, expected);
    run_over(&run);
}

static void max_items(void **state)
{
    (void)state;
    assert_err(items_said(3), GASP_OK);
    assert_err(items_said(4), GASP_ERR_PEER_LIMIT);
    parts_said(1, GASP_OK);
    parts_said(2, GASP_ERR_PEER_LIMIT);
    for (size_t more = 0; more < 2; more++) { /* outputs that are offered */
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        run.config.limits.max_items = 3;
        taking(&run);
        for (size_t i = 0; i < 3 + more; i++)
            script_say_invs(&run.p, &i, 1, GASP_INV_ROOT, NULL);
        script_run(&run.p);
        assert_err(run.p.side.err, more == 0 ? GASP_OK : GASP_ERR_PEER_LIMIT);
        run_over(&run);
    }
}

/* An OPEN as the encoder makes it, in which the value of one field is replaced by one of `len` bytes of that kind. */
static gasp_err open_with(uint8_t field, size_t len)
{
    made_run run;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    made_run_start(&run);
    run.p.mute = true;
    (void)script_step(&run.p);
    gasp_buf plain, changed;
    gasp_buf_init(&plain, SIZE_MAX, NULL);
    gasp_buf_init(&changed, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&plain);
    gasp_open_encode(&w, &run.p.open);
    assert_err(w.err, GASP_OK);
    gasp_reader r = gasp_reader_of(gasp_buf_view(&plain));
    w = gasp_writer_growing(&changed);
    gasp_bytes head = gasp_read_bytes(&r, 8);
    gasp_write_bytes(&w, head.data, head.len);
    uint8_t *value = calloc(1, len);
    assert_non_null(value);
    while (gasp_reader_left(&r) > 0) {
        uint64_t type = gasp_read_compact(&r);
        gasp_bytes old = gasp_read_sized(&r);
        for (size_t i = 0; i < len; i++)
            value[i] = old.data[i % old.len];
        gasp_write_compact(&w, type);
        gasp_write_compact(&w, type == field ? len : old.len);
        gasp_write_bytes(&w, type == field ? value : old.data, type == field ? len : old.len);
    }
    assert_err(r.err, GASP_OK);
    assert_err(w.err, GASP_OK);
    script_say(&run.p, GASP_MSG_OPEN, gasp_buf_view(&changed));
    script_run(&run.p);
    gasp_err err = run.p.side.err;
    if (err != GASP_OK)
        assert_ended(&run.p, err, GASP_REASON_MALFORMED);
    free(value);
    gasp_buf_clear(&plain);
    gasp_buf_clear(&changed);
    run_over(&run);
    return err;
}

static void locator(void **state)
{
    (void)state;
    enum { TIP = 8 };
    assert_err(open_with(TIP, 36 + 64 * 32), GASP_OK);
    assert_err(open_with(TIP, 36 + 65 * 32), GASP_ERR_PEER_MESSAGE);
}

static void schemes(void **state)
{
    (void)state;
    enum { SCHEMES = 12 };
    assert_err(open_with(SCHEMES, 1), GASP_OK);
    assert_err(open_with(SCHEMES, 17), GASP_ERR_PEER_MESSAGE);
}

static void wants_in_turn(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        sending_to(&run);
        run.p.side.session->out_turn.wants_taken = (1 << 24) - 3;
        gasp_buf buf;
        const gasp_want want = {.outpoint = {run.chain.txid[2], 0}};
        gasp_buf_init(&buf, SIZE_MAX, NULL);
        gasp_writer w = gasp_writer_growing(&buf);
        gasp_write_compact(&w, 3 + more);
        for (size_t i = 0; i < 3 + more; i++)
            gasp_want_encode(&w, GASP_MSG_WANT, &want);
        assert_err(w.err, GASP_OK);
        script_say(&run.p, GASP_MSG_WANT, gasp_buf_view(&buf));
        gasp_buf_clear(&buf);
        script_run(&run.p);
        if (more == 0)
            assert_err(run.p.side.err, GASP_OK);
        else
            assert_ended(&run.p, GASP_ERR_PEER_LIMIT, GASP_REASON_LIMIT);
        run_over(&run);
    }
}

static void events(void **state)
{
    (void)state;
    made_run run;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    made_run_start(&run);
    gasp_session *s = run.p.side.session;
    const gasp_event event = {.kind = GASP_EVENT_OPENED};
    const size_t held = s->events.n;
    for (size_t i = held; i < 1 << 20; i++)
        assert_err(session_event_add(s, &event), GASP_OK);
    assert_err(session_event_add(s, &event), GASP_ERR_LIMIT);
    assert_int_equal(s->events.n, 1 << 20);
    s->events.n = held;
    run_over(&run);
}

static void claims(void **state)
{
    (void)state;
    account a;
    const uint8_t seed16[16] = {1};
    const gasp_item_id id = {{2}};
    gasp_outpoint outpoint = {{{3}}, 0};
    account_init(&a, seed16, gasp_mem_or_default(NULL));
    for (uint32_t i = 0; i < 1 << 20; i++) {
        outpoint.vout = i;
        assert_err(account_claim(&a, &outpoint, &id, GASP_RESULT_REFUSALS), GASP_OK);
        assert_err(account_lacks(&a, &outpoint), GASP_OK);
    }
    assert_false(a.lost);
    assert_int_equal(account_result(&a), GASP_RESULT_REFUSALS);
    assert_err(account_claim(&a, &outpoint, &id, GASP_RESULT_REFUSALS), GASP_OK);
    assert_true(a.lost); /* no error, and no account either */
    assert_int_equal(account_result(&a), GASP_RESULT_PARTIAL);
    a.lost = false;
    outpoint.vout = 1 << 20;
    assert_err(account_lacks(&a, &outpoint), GASP_OK);
    assert_true(a.lost);
    account_clear(&a);
}

/* The account in the peer's CLOSE is another one than it says. */
static gasp_err spoil_account(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    (void)ctx;
    if (*type != GASP_MSG_CLOSE || from != 1)
        return GASP_ABSENT;
    assert_err(gasp_buf_append(out, message.data, message.len), GASP_OK);
    out->data[out->len - 1] ^= 1;
    return GASP_OK;
}

static size_t rounds_closed(const pair_side *side)
{
    size_t n = 0;
    for (size_t i = 0; i < side->n_events; i++)
        n += side->events[i].kind == GASP_EVENT_CLOSED;
    return n;
}

static void repairs(void **state)
{
    (void)state;
    static const struct {
        uint32_t before; /* repairs that there were already */
        size_t rounds;
    } rows[] = {{0, 2}, {2, 2}, {3, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        made_chain chain;
        gasp_session_config config[2];
        pair p;
        made_chain_make(&chain, 2, SIZE_MAX);
        test_wallet full = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        test_wallet empty = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&chain.block, full.wallet);
        made_block_trust(&chain.block, empty.wallet);
        made_chain_add(&chain, full.wallet, 2, true);
        pair_config(config, empty.wallet, full.wallet);
        pair_start(&p, config);
        p.hook = spoil_account;
        p.side[0].session->repairs = p.side[1].session->repairs = rows[i].before;
        pair_run(&p);
        assert_int_equal(rounds_closed(&p.side[0]), rows[i].rounds);
        pair_free(&p);
        test_wallet_free(&full);
        test_wallet_free(&empty);
        made_chain_free(&chain);
    }
}

/* One of ours that we hold as spent is offered: the peer is owed a SPEND, which finds no room. */
static void owed(void **state)
{
    (void)state;
    enum { MOST = 65536 };
    for (size_t full = 0; full < 2; full++) {
        made_run run;
        const uint32_t vouts[] = {0};
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        made_chain_add(&run.chain, run.w.wallet, CHAIN, true);
        taking(&run);
        gasp_session *s = run.p.side.session;
        assert_int_equal(s->n_owed, 0);
        s->owed = gasp_mem_zalloc_array(s->mem, MOST, sizeof *s->owed);
        assert_non_null(s->owed);
        s->cap_owed = MOST;
        s->n_owed = MOST - 1 + full;
        script_tx *tx = &run.p.txs[1];
        tx->vouts = vouts;
        tx->n_vouts = 1;
        script_say_invs(&run.p, (const size_t[]){1}, 1, GASP_INV_ROOT, NULL);
        script_run(&run.p);
        assert_err(run.p.side.err, GASP_OK);
        assert_int_equal(s->n_owed, MOST);
        s->n_owed = 0;
        run_over(&run);
    }
}

/* The longest INV message, and how many there were. */
typedef struct inv_seen {
    size_t longest;
    size_t n;
} inv_seen;

static gasp_err see_inv(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    inv_seen *seen = ctx;
    (void)from;
    (void)out;
    if (*type == GASP_MSG_INV) {
        seen->n++;
        seen->longest = message.len > seen->longest ? message.len : seen->longest;
    }
    return GASP_ABSENT;
}

/* A transaction of `LONG_TX` bytes and a few, for a block. */
enum { LONG_TX = 60000 };
static gasp_bytes long_tx(gasp_txid *txid, uint32_t salt)
{
    gasp_buf raw;
    gasp_tx *tx = NULL;
    uint8_t *script = calloc(1, LONG_TX);
    assert_non_null(script);
    gasp_buf_init(&raw, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&raw);
    memset(script, 0xee, 36);
    gasp_write_u32(&w, 1);
    gasp_write_u8(&w, 1);
    gasp_write_bytes(&w, script, 32);
    gasp_write_u32(&w, salt);
    gasp_write_compact(&w, LONG_TX);
    gasp_write_bytes(&w, script, LONG_TX);
    gasp_write_u32(&w, UINT32_MAX);
    gasp_write_u8(&w, 1);
    gasp_write_u64(&w, 1000);
    gasp_write_u8(&w, 1);
    gasp_write_u8(&w, 0x51);
    gasp_write_u32(&w, 0);
    assert_err(w.err, GASP_OK);
    free(script);
    assert_err(gasp_tx_decode(&tx, gasp_buf_view(&raw), NULL, NULL), GASP_OK);
    *txid = gasp_tx_txid(tx);
    gasp_tx_free(tx);
    return gasp_buf_view(&raw);
}

static void batch_bytes(void **state)
{
    (void)state;
    enum { MOST = 262144, TXS = 20, BESIDE = 2000 };
    gasp_bytes raws[TXS];
    gasp_txid txids[TXS];
    made_block block;
    gasp_session_config config[2];
    pair p;
    size_t committed = 0;
    inv_seen seen = {0};
    for (uint32_t i = 0; i < TXS; i++)
        raws[i] = long_tx(&txids[i], i);
    made_block_mine(&block, MADE_HEIGHT, txids, TXS);
    test_wallet full = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    test_wallet empty = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    made_block_trust(&block, full.wallet);
    made_block_trust(&block, empty.wallet);
    gasp_bytes beef = made_beef(&block, raws, txids, TXS);
    assert_err(test_add(full.wallet, beef, &committed), GASP_OK);
    assert_int_equal(committed, TXS);
    pair_config(config, empty.wallet, full.wallet);
    pair_start(&p, config);
    p.hook = see_inv;
    p.hook_ctx = &seen;
    pair_run(&p);
    pair_assert_complete(&p);
    assert_in_range(seen.longest, LONG_TX, MOST + LONG_TX + BESIDE);
    assert_in_range(seen.n, TXS * LONG_TX / (MOST + LONG_TX), TXS);
    pair_free(&p);
    test_wallet_free(&full);
    test_wallet_free(&empty);
    test_release(beef);
    for (size_t i = 0; i < TXS; i++)
        test_release(raws[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_roots),   cmocka_unit_test(max_items),     cmocka_unit_test(locator),
        cmocka_unit_test(schemes),     cmocka_unit_test(wants_in_turn), cmocka_unit_test(events),
        cmocka_unit_test(claims),      cmocka_unit_test(repairs),       cmocka_unit_test(owed),
        cmocka_unit_test(batch_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
