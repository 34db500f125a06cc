/* A session whose wallet has an admit port: the verdict of one graph alone, what is refused and remembered, tickets, and
 * that its trace replays without the host. */
#include <stdlib.h>
#include <string.h>

#include "gasp/admit.h"
#include "session/made.h"
#include "session/pair.h"
#include "wallet/inside.h"

enum { CHAIN = 4, ITEMS = CHAIN + 1, DAY_MS = 24 * 3600 * 1000 };

typedef enum rule { TAKE_ALL, DECLINE_ALL, FIRST_OUTPUT, OTHER_OUTPUT, NOT_THE_SECOND, LATER, FAIL } rule;

/* Two wallets: one holds output 1 of each of a chain of unproven transactions, and output 0 of the last; the other takes by
 * a rule. */
typedef struct scene {
    made_chain chain;
    test_wallet holder;
    test_wallet taker;
    gasp_admit port;
    rule what;
    bool wait;       /* answer under a ticket */
    uint32_t height; /* with LATER */
    uint64_t wall_ms;
    size_t asked; /* graphs */
    uint8_t peer[8];
    size_t peer_len;
    gasp_admit_batch *waiting;
    uint64_t ticket;
    size_t tickets;
    size_t cancelled;
    uint64_t now_ms; /* wall time of the next sync */
    gasp_buf trace;
} scene;

static gasp_err say(scene *s, gasp_admit_batch *batch, size_t i)
{
    static const uint32_t first = 0;
    gasp_admit_graph graph;
    assert_err(gasp_admit_batch_graph(batch, &graph, i), GASP_OK);
    assert_true(graph.peer.len <= sizeof s->peer);
    s->peer_len = graph.peer.len;
    if (graph.peer.len > 0)
        memcpy(s->peer, graph.peer.data, graph.peer.len);
    s->asked++;
    switch (s->what) {
    case TAKE_ALL:
        return gasp_admit_take(batch, i);
    case DECLINE_ALL:
        return gasp_admit_decline(batch, i);
    case FIRST_OUTPUT:
        return graph.n_outputs > 1 ? gasp_admit_take_outputs(batch, i, &first, 1) : gasp_admit_take(batch, i);
    case OTHER_OUTPUT:
        return graph.n_outputs == 1 ? gasp_admit_take_outputs(batch, i, &first, 1) : gasp_admit_take(batch, i);
    case NOT_THE_SECOND:
        return memcmp(graph.txid.b, s->chain.txid[1].b, 32) == 0 ? gasp_admit_decline(batch, i)
                                                                 : gasp_admit_take(batch, i);
    case LATER:
        return gasp_admit_later(batch, i, s->height, s->wall_ms);
    case FAIL:
        break;
    }
    return GASP_ERR_STORE_IO;
}

static gasp_err say_all(scene *s, gasp_admit_batch *batch)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < gasp_admit_batch_len(batch); i++)
        err = say(s, batch, i);
    return err;
}

static gasp_err decide(void *user, gasp_admit_batch *batch, uint64_t ticket)
{
    scene *s = user;
    assert_true(ticket != 0);
    if (!s->wait)
        return say_all(s, batch);
    s->waiting = batch;
    s->ticket = ticket;
    return GASP_PENDING;
}

static void cancel(void *user, uint64_t ticket)
{
    scene *s = user;
    assert_int_equal(ticket, s->ticket);
    s->cancelled++;
}

static void scene_make(scene *s)
{
    size_t committed;
    *s = (scene){.now_ms = 1700000000000};
    made_chain_make(&s->chain, CHAIN, SIZE_MAX);
    s->holder = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    s->taker = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    made_block_trust(&s->chain.block, s->holder.wallet);
    made_block_trust(&s->chain.block, s->taker.wallet);
    made_chain_add(&s->chain, s->holder.wallet, CHAIN, true);
    gasp_bytes beef = made_beef(&s->chain.block, s->chain.raw, s->chain.txid, CHAIN);
    assert_err(test_add(s->holder.wallet, beef, &committed), GASP_OK);
    test_release(beef);
    assert_int_equal(test_output_count(s->holder.wallet), ITEMS);
    gasp_admit_init(&s->port);
    s->port.user = s;
    s->port.decide = decide;
    s->port.cancel = cancel;
    s->taker.wallet->admit = &s->port;
    gasp_buf_init(&s->trace, SIZE_MAX, NULL);
}

static void scene_clear(scene *s)
{
    gasp_check_report report;
    assert_err(gasp_wallet_check(s->taker.wallet, &report, NULL, NULL), GASP_OK);
    assert_int_equal(report.problems, 0);
    test_wallet_free(&s->holder);
    test_wallet_free(&s->taker);
    made_chain_free(&s->chain);
    gasp_buf_clear(&s->trace);
}

static gasp_err record(void *ctx, const uint8_t *bytes, size_t len)
{
    gasp_writer w = gasp_writer_growing(ctx);
    gasp_write_bytes(&w, bytes, len);
    return w.err;
}

static void answer(scene *s, pair *p)
{
    uint64_t ticket = s->ticket;
    s->ticket = 0;
    s->tickets++;
    assert_err(say_all(s, s->waiting), GASP_OK);
    assert_err(gasp_session_resume(p->side[0].session, ticket, p->now), GASP_OK);
}

/* One sync, begun by the taker; its trace is replayed. The caller frees the pair. */
static void sync(scene *s, pair *p)
{
    gasp_session_config config[2];
    gasp_fault fault;
    uint64_t events;
    uint64_t bytes;
    s->asked = 0;
    s->trace.len = 0;
    pair_config(config, s->taker.wallet, s->holder.wallet);
    config[0].peer = (const uint8_t *)"holder";
    config[0].peer_len = 6;
    config[0].trace = record;
    config[0].trace_ctx = &s->trace;
    pair_start(p, config);
    p->now.wall_ms = s->now_ms;
    pair_step(p);
    while (s->ticket != 0) {
        answer(s, p);
        pair_step(p);
    }
    pair_run(p);
    s->now_ms = p->now.wall_ms;
    assert_err(gasp_trace_replay(s->trace.data, s->trace.len, &events, &bytes, NULL, &fault), GASP_OK);
    assert_true(events >= 2 && bytes > 0);
}

typedef struct refusals {
    size_t n;
    size_t due;
    gasp_err err;
} refusals;

static gasp_err see_refusal(void *ctx, const gasp_refusal_info *refusal)
{
    refusals *r = ctx;
    r->n++;
    r->due += refusal->due ? 1 : 0;
    r->err = refusal->err;
    return GASP_OK;
}

static void assert_refused(const scene *s, size_t n, size_t due, gasp_err err)
{
    static const gasp_collection all;
    refusals r = {0};
    const gasp_time now = {1, s->now_ms};
    assert_err(gasp_wallet_refusals(s->taker.wallet, &all, NULL, now, see_refusal, &r), GASP_OK);
    assert_int_equal(r.n, n);
    assert_int_equal(r.due, due);
    if (n > 0)
        assert_err(r.err, err);
}

/* ---- cases --------------------------------------------------------------------------------------------------------- */

static void all_is_taken(void **state)
{
    scene s;
    pair p;
    (void)state;
    scene_make(&s);
    sync(&s, &p);
    pair_assert_complete(&p);
    assert_int_equal(s.asked, CHAIN);
    assert_int_equal(s.peer_len, 6);
    assert_memory_equal(s.peer, "holder", 6);
    assert_same_outputs(s.holder.wallet, s.taker.wallet);
    pair_free(&p);
    scene_clear(&s);
}

static void nothing_is_wanted_until_the_policy_moves(void **state)
{
    scene s;
    pair p;
    (void)state;
    scene_make(&s);
    s.what = DECLINE_ALL;
    sync(&s, &p);
    assert_int_equal(s.asked, CHAIN);
    assert_int_equal(p.side[0].refused, CHAIN);
    assert_int_equal(p.side[0].closed.closed.result, GASP_RESULT_PARTIAL);
    for (size_t i = 0; i < p.side[0].n_events; i++)
        if (p.side[0].events[i].kind == GASP_EVENT_REFUSED)
            assert_err(p.side[0].events[i].graph.err, GASP_ERR_VERIFY_DECLINED);
    assert_int_equal(test_output_count(s.taker.wallet), 0);
    assert_refused(&s, ITEMS, 0, GASP_ERR_VERIFY_DECLINED);
    pair_free(&p);
    s.what = TAKE_ALL;
    sync(&s, &p);
    assert_int_equal(s.asked, 0); /* not offered again */
    pair_free(&p);
    s.taker.wallet->policy++;
    sync(&s, &p);
    assert_int_equal(s.asked, CHAIN);
    pair_assert_complete(&p);
    assert_same_outputs(s.holder.wallet, s.taker.wallet);
    assert_refused(&s, 0, 0, GASP_OK);
    pair_free(&p);
    scene_clear(&s);
}

/* The second of the chain is not wanted, and the third stands on it: it is taken all the same. */
static void one_in_the_middle(void **state)
{
    scene s;
    pair p;
    (void)state;
    scene_make(&s);
    s.what = NOT_THE_SECOND;
    sync(&s, &p);
    assert_int_equal(test_output_count(s.taker.wallet), ITEMS - 1);
    assert_int_equal(p.side[0].refused, 1);
    assert_refused(&s, 1, 0, GASP_ERR_VERIFY_DECLINED);
    pair_free(&p);
    sync(&s, &p);
    assert_int_equal(s.asked, 0);
    pair_free(&p);
    scene_clear(&s);
}

static void some_outputs_of_a_root(void **state)
{
    scene s;
    pair p;
    (void)state;
    scene_make(&s);
    s.what = FIRST_OUTPUT;
    sync(&s, &p);
    assert_int_equal(test_output_count(s.taker.wallet), ITEMS - 1);
    assert_int_equal(p.side[0].refused, 0);
    assert_int_equal(p.side[0].closed.closed.result, GASP_RESULT_PARTIAL);
    assert_refused(&s, 1, 0, GASP_ERR_VERIFY_DECLINED);
    pair_free(&p);
    sync(&s, &p);
    assert_int_equal(s.asked, 0);
    pair_free(&p);
    s.taker.wallet->policy++;
    s.what = TAKE_ALL;
    sync(&s, &p);
    pair_assert_complete(&p);
    pair_free(&p);
    scene_clear(&s);
}

/* Of the first three it takes the output that was not offered; those outputs are spent further up the chain. */
static void other_outputs_than_offered(void **state)
{
    scene s;
    pair p;
    (void)state;
    scene_make(&s);
    s.what = OTHER_OUTPUT;
    sync(&s, &p);
    assert_int_equal(test_output_count(s.taker.wallet), 2); /* both of the last one */
    assert_refused(&s, CHAIN - 1, 0, GASP_ERR_VERIFY_DECLINED);
    pair_free(&p);
    scene_clear(&s);
}

static void answered_under_tickets(void **state)
{
    scene s;
    pair p;
    (void)state;
    scene_make(&s);
    s.wait = true;
    sync(&s, &p);
    assert_true(s.tickets > 0);
    pair_assert_complete(&p);
    assert_same_outputs(s.holder.wallet, s.taker.wallet);
    pair_free(&p);
    scene_clear(&s);
}

static void a_session_that_ends_before_the_answer(void **state)
{
    scene s;
    gasp_session_config config[2];
    pair p;
    (void)state;
    scene_make(&s);
    s.wait = true;
    pair_config(config, s.taker.wallet, s.holder.wallet);
    pair_start(&p, config);
    pair_step(&p);
    assert_true(s.ticket != 0);
    assert_false(gasp_session_done(p.side[0].session));
    assert_int_equal(test_output_count(s.taker.wallet), 0);
    pair_free(&p);
    assert_int_equal(s.cancelled, 1);
    s.ticket = 0;
    scene_clear(&s);
}

static void later_at_a_time_or_a_height(void **state)
{
    scene s;
    pair p;
    (void)state;
    scene_make(&s);
    s.what = LATER;
    s.wall_ms = s.now_ms + DAY_MS;
    s.height = MADE_HEIGHT + 10;
    sync(&s, &p);
    assert_int_equal(p.side[0].closed.closed.result, GASP_RESULT_PARTIAL);
    assert_refused(&s, ITEMS, 0, GASP_ERR_VERIFY_LATER);
    pair_free(&p);
    s.what = TAKE_ALL;
    sync(&s, &p);
    assert_int_equal(s.asked, 0);
    pair_free(&p);
    s.now_ms += DAY_MS;
    assert_refused(&s, ITEMS, ITEMS, GASP_ERR_VERIFY_LATER);
    s.now_ms -= DAY_MS;
    made_block above;
    const gasp_txid any[2] = {{{9}}, {{8}}};
    made_block_mine(&above, MADE_HEIGHT + 10, any, 2);
    made_block_trust(&above, s.taker.wallet);
    assert_refused(&s, ITEMS, ITEMS, GASP_ERR_VERIFY_LATER);
    sync(&s, &p);
    assert_int_equal(s.asked, CHAIN);
    pair_assert_complete(&p);
    pair_free(&p);
    scene_clear(&s);
}

static void a_host_that_fails(void **state)
{
    scene s;
    gasp_session_config config[2];
    pair p;
    (void)state;
    scene_make(&s);
    s.what = FAIL;
    pair_config(config, s.taker.wallet, s.holder.wallet);
    pair_start(&p, config);
    pair_step(&p);
    assert_err(p.side[0].err, GASP_ERR_STORE_IO);
    assert_true(gasp_session_done(p.side[0].session));
    assert_int_equal(test_output_count(s.taker.wallet), 0);
    pair_free(&p);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_taken),
        cmocka_unit_test(nothing_is_wanted_until_the_policy_moves),
        cmocka_unit_test(one_in_the_middle),
        cmocka_unit_test(some_outputs_of_a_root),
        cmocka_unit_test(other_outputs_than_offered),
        cmocka_unit_test(answered_under_tickets),
        cmocka_unit_test(a_session_that_ends_before_the_answer),
        cmocka_unit_test(later_at_a_time_or_a_height),
        cmocka_unit_test(a_host_that_fails),
    };
    return cmocka_run_group_tests_name("admit", tests, NULL, NULL);
}
