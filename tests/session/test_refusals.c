/* What is refused, and only that: one bad transaction in the middle of real chains and of chains made here. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "session/made.h"

static const char target_text[] = "d5d896eee1ef";

/* ---- a real block with one signature byte changed ------------------------------------------------------------------ */

/** The block's transactions, with the target's bytes changed and its descendants pointed to what they became. */
typedef struct altered {
    test_block block;
    size_t target;
    gasp_bytes *raw; /**< of those that changed, in the C heap */
    gasp_txid *txid;
    bool *changed;
    size_t n_below; /**< changed, without the target itself */
} altered;

static size_t find_target(const test_block *block)
{
    size_t at = block->n;
    for (size_t i = 0; i < block->n; i++) {
        char text[GASP_HASH_TEXT_MAX];
        gasp_txid_to_text(text, &block->txids[i]);
        if (strncmp(text, target_text, sizeof target_text - 1) == 0)
            at = i;
    }
    assert_true(at < block->n && block->needed[at] && block->unproven[at]);
    return at;
}

static uint8_t *own_copy(altered *a, size_t i)
{
    const gasp_bytes raw = a->block.txs[i]->raw;
    uint8_t *copy = malloc(raw.len);
    assert_non_null(copy);
    memcpy(copy, raw.data, raw.len);
    a->raw[i] = (gasp_bytes){copy, raw.len};
    a->changed[i] = true;
    return copy;
}

/* Where the outpoint that input k spends stands in the transaction. */
static size_t prev_at(const gasp_tx *tx, size_t k)
{
    size_t script_at = (size_t)(tx->in[k].script.data - tx->raw.data);
    return script_at - gasp_compact_len(tx->in[k].script.len) - GASP_OUTPOINT_LEN;
}

static void alter(altered *a)
{
    *a = (altered){.block = test_block_load("blocks/mainnet-413567.block", 413567)};
    const test_block *block = &a->block;
    a->target = find_target(block);
    a->raw = calloc(block->n, sizeof *a->raw);
    a->txid = calloc(block->n, sizeof *a->txid);
    a->changed = calloc(block->n, sizeof *a->changed);
    assert_true(a->raw != NULL && a->txid != NULL && a->changed != NULL);
    const gasp_tx *tx = block->txs[a->target];
    uint8_t *copy = own_copy(a, a->target);
    /* push length, 30 len 02 len, then r: its last byte but one */
    copy[(size_t)(tx->in[0].script.data - tx->raw.data) + 5 + tx->in[0].script.data[4] - 2] ^= 1;
    gasp_sha256d(a->txid[a->target].b, copy, tx->raw.len);
    for (size_t i = a->target + 1; i < block->n; i++) {
        for (size_t k = 0; block->needed[i] && block->unproven[i] && k < block->txs[i]->n_in; k++) {
            size_t parent = test_block_index(block, &block->txs[i]->in[k].prev.txid);
            if (!a->changed[parent])
                continue;
            copy = a->changed[i] ? (uint8_t *)(uintptr_t)a->raw[i].data : own_copy(a, i);
            memcpy(copy + prev_at(block->txs[i], k), a->txid[parent].b, 32);
        }
        if (!a->changed[i])
            continue;
        gasp_sha256d(a->txid[i].b, a->raw[i].data, a->raw[i].len);
        a->n_below++;
    }
}

static void altered_free(altered *a)
{
    for (size_t i = 0; i < a->block.n; i++)
        test_release(a->raw[i]);
    free(a->raw);
    free(a->txid);
    free(a->changed);
    test_block_free(&a->block);
}

/* A session that is given the block's set, with the altered members in place of the true ones when `use`. */
typedef struct setting {
    test_wallet w;
    script_peer p;
    uint32_t *vouts;
} setting;

static void setting_start(setting *t, const altered *a, bool use)
{
    gasp_session_config config;
    t->w = test_wallet_new(GASP_NETWORK_MAIN, NULL);
    test_block_trust(&a->block, t->w.wallet);
    script_config(&config, t->w.wallet, true);
    script_start(&t->p, &config);
    script_take_block(&t->p, &a->block, &t->vouts);
    for (size_t i = 0; use && i < a->block.n; i++) {
        if (!a->changed[i])
            continue;
        script_tx *tx = &t->p.txs[script_find(&t->p, &a->block.txids[i])];
        tx->txid = a->txid[i];
        tx->raw = a->raw[i];
    }
}

static void setting_end(setting *t)
{
    script_free(&t->p);
    free(t->vouts);
    test_wallet_free(&t->w);
}

/* The target fell for `why`, each of its descendants with it, and everything else is here. */
static void assert_fell(setting *t, const altered *a, const gasp_txid *txids, gasp_err why, size_t scripts)
{
    gasp_session_stats stats;
    size_t below = 0;
    size_t kept = 0;
    const gasp_event *event = script_event(&t->p, GASP_EVENT_REFUSED, &txids[a->target]);
    assert_err(t->p.side.err, GASP_OK);
    assert_int_equal(t->p.side.closed.closed.result, GASP_RESULT_REFUSALS);
    assert_non_null(event);
    assert_err(event->graph.err, why);
    for (size_t i = 0; i < a->block.n; i++) {
        if (!a->changed[i] || i == a->target) {
            kept += !a->changed[i] && a->block.root[i];
            assert_true(a->changed[i] || !a->block.root[i] ||
                        script_event(&t->p, GASP_EVENT_COMMITTED, &a->block.txids[i]) != NULL);
            continue;
        }
        event = script_event(&t->p, GASP_EVENT_REFUSED, &txids[i]);
        assert_non_null(event);
        assert_err(event->graph.err, GASP_ERR_VERIFY_PARENT);
        assert_err(event->graph.cause_err, why);
        assert_memory_equal(event->graph.cause.b, txids[a->target].b, 32);
        assert_int_equal(event->graph.n_outputs > 0, a->block.root[i]);
        below++;
    }
    gasp_session_count(t->p.side.session, &stats);
    assert_int_equal(below, 17);
    assert_int_equal(t->p.side.refused, 18);
    assert_int_equal(t->p.side.committed, kept);
    assert_int_equal(stats.scripts, scripts);
}

/* Nothing of what was refused is held, under any name. */
static void assert_not_held(gasp_wallet *wallet, const altered *a)
{
    for (size_t i = 0; i < a->block.n; i++) {
        gasp_held held;
        if (!a->changed[i])
            continue;
        assert_err(gasp_wallet_transaction(wallet, &held, &a->txid[i]), GASP_ABSENT);
        assert_err(gasp_wallet_transaction(wallet, &held, &a->block.txids[i]), GASP_ABSENT);
    }
}

/* A transaction with a false signature under its own txid: its script is run, those of its descendants are not. */
static void by_script(void **state)
{
    altered a;
    setting t;
    (void)state;
    alter(&a);
    assert_int_equal(a.n_below, 17);
    setting_start(&t, &a, true);
    script_run(&t.p);
    size_t unproven = a.block.n_roots + a.block.n_inner;
    assert_fell(&t, &a, a.txid, GASP_ERR_VERIFY_SCRIPT, unproven - 17);
    assert_not_held(t.w.wallet, &a);
    print_message("count: block 413567: 1 refused by script, 17 by parent with no script run, %zu roots committed\n",
                  (size_t)t.p.side.committed);
    setting_end(&t);
    altered_free(&a);
}

typedef struct swap {
    gasp_txid asked;
    size_t given;
} swap;

static script_way swapped(void *ctx, const gasp_want *want, size_t *give)
{
    const swap *s = ctx;
    if (memcmp(want->outpoint.txid.b, s->asked.b, 32) == 0)
        *give = s->given;
    return *give == SIZE_MAX ? SCRIPT_ABSENT : SCRIPT_GIVE;
}

/* The same bytes under the true txid: they are not what was asked for. */
static void by_txid(void **state)
{
    altered a;
    setting t;
    swap s;
    (void)state;
    alter(&a);
    setting_start(&t, &a, false);
    s.asked = a.block.txids[a.target];
    s.given = script_add(&t.p, &(script_tx){.txid = a.txid[a.target], .raw = a.raw[a.target]});
    t.p.answer = swapped;
    t.p.ctx = &s;
    script_run(&t.p);
    size_t unproven = a.block.n_roots + a.block.n_inner;
    assert_fell(&t, &a, a.block.txids, GASP_ERR_VERIFY_TXID, unproven - 18);
    assert_not_held(t.w.wallet, &a);
    print_message("count: block 413567: 1 refused by txid, 17 by parent with no script run, %zu roots committed\n",
                  (size_t)t.p.side.committed);
    setting_end(&t);
    altered_free(&a);
}

/* ---- chains made here ---------------------------------------------------------------------------------------------- */

enum { CHAIN = 31 /* one that is proven and 30 that stand on it */ };

static void run_chain(const made_chain *chain, script_peer *p, test_wallet *w, bool each, bool backwards)
{
    gasp_session_config config;
    *w = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    made_block_trust(&chain->block, w->wallet);
    script_config(&config, w->wallet, true);
    script_start(p, &config);
    p->batch = 3;
    made_chain_give(chain, p, 0, chain->n, each);
    for (size_t i = 0; backwards && i < p->n_order; i++)
        p->order[i] = chain->n - 1 - i;
    script_run(p);
    assert_err(p->side.err, GASP_OK);
    assert_true(gasp_session_done(p->side.session));
}

static void assert_chain(const made_chain *chain, const script_peer *p, size_t bad)
{
    gasp_session_stats stats;
    for (size_t i = 0; i < chain->n; i++) {
        const gasp_event *committed = script_event(p, GASP_EVENT_COMMITTED, &chain->txid[i]);
        const gasp_event *refused = script_event(p, GASP_EVENT_REFUSED, &chain->txid[i]);
        assert_true((committed != NULL) == (i < bad));
        assert_true((refused != NULL) == (i >= bad));
        if (refused == NULL)
            continue;
        assert_err(refused->graph.err, i == bad ? GASP_ERR_VERIFY_SCRIPT : GASP_ERR_VERIFY_PARENT);
        assert_err(refused->graph.cause_err, GASP_ERR_VERIFY_SCRIPT);
        assert_memory_equal(refused->graph.cause.b, chain->txid[bad].b, 32);
    }
    gasp_session_count(p->side.session, &stats);
    assert_int_equal(stats.scripts, bad < chain->n ? bad : chain->n - 1);
    assert_int_equal(p->side.closed.closed.result, bad < chain->n ? GASP_RESULT_REFUSALS : GASP_RESULT_COMPLETE);
}

/* Each place of the bad one, roots from either end: exactly it and what follows is refused. */
static void one_bad_member(void **state)
{
    size_t cases = 0;
    (void)state;
    for (size_t bad = 1; bad <= CHAIN; bad++) {
        made_chain chain;
        made_chain_make(&chain, CHAIN, bad);
        for (int backwards = 0; backwards < 2; backwards++) {
            script_peer p;
            test_wallet w;
            run_chain(&chain, &p, &w, true, backwards == 1);
            assert_chain(&chain, &p, bad);
            cases++;
            script_free(&p);
            test_wallet_free(&w);
        }
        made_chain_free(&chain);
    }
    print_message("count: chain of 30: %zu cases of one bad member\n", cases);
}

/* Only the end is offered: with one bad member nothing at all is stored. */
static void only_the_end(void **state)
{
    (void)state;
    for (size_t bad = 15; bad <= CHAIN; bad += CHAIN - 15) {
        made_chain chain;
        script_peer p;
        test_wallet w;
        made_chain_make(&chain, CHAIN, bad);
        run_chain(&chain, &p, &w, false, false);
        assert_int_equal(p.n_wants, CHAIN - 1);
        assert_int_equal(p.side.committed, bad == CHAIN);
        assert_int_equal(test_output_count(w.wallet), bad == CHAIN);
        for (size_t i = 0; i < CHAIN; i++) {
            gasp_held held;
            gasp_err err = gasp_wallet_transaction(w.wallet, &held, &chain.txid[i]);
            assert_err(err, bad == CHAIN ? GASP_OK : GASP_ABSENT);
            if (err == GASP_OK)
                gasp_held_clear(&held);
        }
        script_free(&p);
        test_wallet_free(&w);
        made_chain_free(&chain);
    }
}

static script_way one_silent(void *ctx, const gasp_want *want, size_t *give)
{
    const swap *s = ctx;
    return memcmp(want->outpoint.txid.b, s->asked.b, 32) == 0 ? SCRIPT_SILENT : swapped(ctx, want, give);
}

/* A WANT is answered by its own name or not at all: an answer to nothing is dropped, and the WANT stays open. */
static void answer_to_nothing(void **state)
{
    made_chain chain;
    made_chain other;
    test_wallet w = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    gasp_session_config config;
    script_peer p;
    (void)state;
    made_chain_make(&chain, 4, SIZE_MAX);
    made_chain_make(&other, 4, 2);
    made_block_trust(&chain.block, w.wallet);
    script_config(&config, w.wallet, true);
    script_start(&p, &config);
    made_chain_give(&chain, &p, 0, 4, false);
    swap s = {chain.txid[2], SIZE_MAX};
    p.answer = one_silent;
    p.ctx = &s;
    script_run(&p);
    assert_false(gasp_session_done(p.side.session));
    const size_t wrong = script_add(&p, &(script_tx){.txid = other.txid[2], .raw = other.raw[2]});
    script_say_invs(&p, &wrong, 1, GASP_INV_ANSWER, NULL);
    script_run(&p);
    const gasp_event *event = script_event(&p, GASP_EVENT_REFUSED, &other.txid[2]);
    assert_non_null(event);
    assert_err(event->graph.err, GASP_ERR_VERIFY_NOT_ASKED);
    assert_false(gasp_session_done(p.side.session));
    const size_t right = script_find(&p, &chain.txid[2]);
    s.asked = other.txid[2];
    script_say_invs(&p, &right, 1, GASP_INV_ANSWER, NULL);
    script_run(&p);
    assert_err(p.side.err, GASP_OK);
    assert_true(gasp_session_done(p.side.session));
    assert_int_equal(p.side.committed, 1);
    script_free(&p);
    test_wallet_free(&w);
    made_chain_free(&chain);
    made_chain_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_script),    cmocka_unit_test(by_txid),           cmocka_unit_test(one_bad_member),
        cmocka_unit_test(only_the_end), cmocka_unit_test(answer_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
