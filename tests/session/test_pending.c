/* A verifier that answers later: with other messages in between, in another order than it was asked, or never. What comes
 * of a session is the same as when scripts are run at once. */
#include <stdlib.h>
#include <string.h>

#include "session/made.h"

enum { CHAIN = 12, SESSIONS = 3, LATER_MAX = 16 };

/** One batch that waits. */
typedef struct job {
    gasp_session *session;
    const gasp_verify_batch *batch;
    gasp_err *verdicts;
    uint64_t ticket;
} job;

typedef struct later {
    gasp_session *current; /**< whose call is running */
    job jobs[LATER_MAX];
    size_t n;
    size_t asked;
    size_t cancelled;
    gasp_err refuse; /**< what it answers at once, when not GASP_OK */
} later;

static gasp_err verify_later(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket)
{
    later *l = user;
    l->asked++;
    if (l->refuse != GASP_OK)
        return l->refuse;
    assert_true(l->n < LATER_MAX);
    l->jobs[l->n++] = (job){l->current, batch, verdicts, ticket};
    return GASP_PENDING;
}

static void drop(later *l, size_t i)
{
    l->jobs[i] = l->jobs[--l->n];
}

static void cancel_later(void *user, uint64_t ticket)
{
    later *l = user;
    for (size_t i = 0; i < l->n; i++) {
        if (l->jobs[i].session == l->current && l->jobs[i].ticket == ticket) {
            drop(l, i);
            l->cancelled++;
            return;
        }
    }
    fail_msg("a ticket was cancelled that is not open");
}

static gasp_verifier verifier_of(later *l)
{
    gasp_verifier verifier;
    gasp_verifier_init(&verifier);
    verifier.user = l;
    verifier.verify = verify_later;
    verifier.cancel = cancel_later;
    return verifier;
}

/* Runs the scripts of job i, last entry first, and resumes its session. */
static gasp_err finish(later *l, size_t i, gasp_time now)
{
    const job done = l->jobs[i];
    drop(l, i);
    for (size_t k = gasp_verify_batch_len(done.batch); k-- > 0;)
        done.verdicts[k] = gasp_verify_batch_run(done.batch, k);
    l->current = done.session;
    return gasp_session_resume(done.session, done.ticket, now);
}

static gasp_err record(void *ctx, const uint8_t *bytes, size_t len)
{
    return gasp_buf_append(ctx, bytes, len);
}

/** Sessions of one wallet and one verifier, each with a scripted sender of its own. */
typedef struct setting {
    made_chain chain;
    later l;
    gasp_verifier verifier;
    test_wallet w;
    script_peer p[SESSIONS];
    gasp_buf trace[SESSIONS];
    size_t n;
} setting;

static void setting_start(setting *t, size_t n, size_t bad, bool pending)
{
    *t = (setting){.n = n};
    t->verifier = verifier_of(&t->l);
    made_chain_make(&t->chain, CHAIN, bad);
    t->w = test_wallet_new(GASP_NETWORK_REGTEST, pending ? &t->verifier : NULL);
    made_block_trust(&t->chain.block, t->w.wallet);
    for (size_t i = 0; i < n; i++) {
        gasp_session_config config;
        script_config(&config, t->w.wallet, true);
        gasp_buf_init(&t->trace[i], SIZE_MAX, NULL);
        config.trace = record;
        config.trace_ctx = &t->trace[i];
        script_start(&t->p[i], &config);
        t->p[i].batch = 1;
        made_chain_give(&t->chain, &t->p[i], 0, CHAIN, true);
    }
}

static void setting_end(setting *t)
{
    for (size_t i = 0; i < t->n; i++) {
        t->l.current = t->p[i].side.session;
        script_free(&t->p[i]);
        gasp_buf_clear(&t->trace[i]);
    }
    assert_int_equal(t->l.n, 0);
    test_wallet_free(&t->w);
    made_chain_free(&t->chain);
}

/* Steps each session a few times between two answers of the verifier, which come in random order. */
static void run_mixed(setting *t, test_random *r)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < t->n; i++) {
            for (size_t k = test_random_below(r, 4); k-- > 0;) {
                t->l.current = t->p[i].side.session;
                moved = script_step(&t->p[i]) || moved;
            }
            moved = moved || !gasp_session_done(t->p[i].side.session);
        }
        if (t->l.n > 0 && test_random_below(r, 3) == 0) {
            size_t i = (size_t)test_random_below(r, t->l.n);
            script_peer *p = &t->p[0];
            while (p->side.session != t->l.jobs[i].session)
                p++;
            p->now.mono_ms++;
            gasp_err err = finish(&t->l, i, p->now);
            assert_err(err, GASP_OK);
        }
    }
    for (size_t i = 0; i < t->n; i++)
        while (script_step(&t->p[i]))
            ;
}

static bool same_graph(const gasp_event *a, const gasp_event *b)
{
    return a->graph.err == b->graph.err && a->graph.cause_err == b->graph.cause_err &&
           memcmp(a->graph.cause.b, b->graph.cause.b, 32) == 0 && a->graph.n_outputs == b->graph.n_outputs;
}

/* One session: every transaction ends as it does when scripts are run at once. */
static void same_as_inline(void **state)
{
    test_random r = test_random_start("session/pending: when answers come");
    size_t rounds = 60 / test_one_in() + 1;
    size_t asked = 0;
    (void)state;
    for (size_t round = 0; round < rounds; round++) {
        setting at_once;
        setting t;
        size_t bad = round % 3 == 0 ? SIZE_MAX : 1 + (size_t)test_random_below(&r, CHAIN - 1);
        setting_start(&at_once, 1, bad, false);
        setting_start(&t, 1, bad, true);
        script_run(&at_once.p[0]);
        run_mixed(&t, &r);
        assert_err(t.p[0].side.err, GASP_OK);
        assert_true(gasp_session_done(t.p[0].side.session));
        assert_int_equal(t.p[0].side.committed, at_once.p[0].side.committed);
        assert_int_equal(t.p[0].side.refused, at_once.p[0].side.refused);
        assert_int_equal(t.p[0].side.closed.closed.result, at_once.p[0].side.closed.closed.result);
        for (size_t i = 0; i < CHAIN; i++) {
            gasp_event_kind kind = i < bad ? GASP_EVENT_COMMITTED : GASP_EVENT_REFUSED;
            const gasp_event *x = script_event(&at_once.p[0], kind, &t.chain.txid[i]);
            const gasp_event *y = script_event(&t.p[0], kind, &t.chain.txid[i]);
            assert_true(x != NULL && y != NULL && same_graph(x, y));
        }
        assert_same_outputs(at_once.w.wallet, t.w.wallet);
        assert_true(t.l.asked > 0);
        asked += t.l.asked;
        setting_end(&t);
        setting_end(&at_once);
    }
    print_message("count: pending: %zu sessions, %zu batches answered later\n", rounds, asked);
}

/* Several sessions of one wallet take the same chain at the same time; answers come in any order among them. */
static void several_sessions(void **state)
{
    test_random r = test_random_start("session/pending: several sessions");
    size_t rounds = 40 / test_one_in() + 1;
    size_t replayed = 0;
    (void)state;
    for (size_t round = 0; round < rounds; round++) {
        setting t;
        setting_start(&t, SESSIONS, SIZE_MAX, true);
        run_mixed(&t, &r);
        assert_int_equal(test_output_count(t.w.wallet), CHAIN);
        for (size_t i = 0; i < SESSIONS; i++) {
            gasp_session_stats stats;
            gasp_fault fault;
            uint64_t events;
            uint64_t bytes;
            gasp_session_count(t.p[i].side.session, &stats);
            assert_err(t.p[i].side.err, GASP_OK);
            assert_int_equal(t.p[i].side.committed, CHAIN);
            assert_int_equal(t.p[i].side.closed.closed.result, GASP_RESULT_COMPLETE);
            assert_err(gasp_trace_replay(t.trace[i].data, t.trace[i].len, &events, &bytes, NULL, &fault), GASP_OK);
            assert_int_equal(events, t.p[i].side.n_events);
            assert_int_equal(bytes, stats.bytes_out);
            replayed++;
        }
        setting_end(&t);
    }
    print_message("count: pending: %zu traces of sessions that shared a wallet replay\n", replayed);
}

/* Freed at every step of it: an open ticket is cancelled, once, and nothing half-way is stored. */
static void freed_while_pending(void **state)
{
    size_t cancelled = 0;
    (void)state;
    for (size_t steps = 1; steps < 40; steps++) {
        setting t;
        setting_start(&t, 1, SIZE_MAX, true);
        t.l.current = t.p[0].side.session;
        for (size_t i = 0; i < steps; i++) {
            (void)script_step(&t.p[0]);
            if (i % 3 == 2 && t.l.n > 0 && i + 1 < steps)
                assert_err(finish(&t.l, 0, t.p[0].now), GASP_OK);
        }
        size_t open = t.l.n;
        size_t outputs = test_output_count(t.w.wallet);
        setting_end(&t);
        assert_int_equal(t.l.cancelled, open);
        assert_true(outputs <= CHAIN);
        cancelled += open;
    }
    assert_true(cancelled > 5);
    print_message("count: pending: %zu tickets cancelled\n", cancelled);
}

/* While our own port is pending silence is nobody's fault: the peer hears KEEPALIVE, and the session waits. */
static void patience(void **state)
{
    setting t;
    (void)state;
    setting_start(&t, 1, SIZE_MAX, true);
    script_peer *p = &t.p[0];
    t.l.current = p->side.session;
    script_run(p);
    assert_int_equal(t.l.n, 1);
    for (int i = 0; i < 20; i++) {
        p->now.mono_ms = gasp_session_deadline(p->side.session);
        assert_err(gasp_session_recv(p->side.session, NULL, 0, p->now), GASP_OK);
        script_run(p);
    }
    assert_int_equal(p->heard[GASP_MSG_KEEPALIVE], 20);
    assert_err(gasp_session_resume(p->side.session, t.l.jobs[0].ticket + 1, p->now), GASP_ERR_MISUSE);
    while (t.l.n > 0) {
        assert_err(finish(&t.l, 0, p->now), GASP_OK);
        script_run(p);
    }
    assert_true(gasp_session_done(p->side.session));
    assert_int_equal(p->side.committed, CHAIN);
    setting_end(&t);
}

/* The peer goes away, or breaks the session, while a ticket is open: it may still be resumed, or cancelled by the end. */
static void ended_while_pending(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        setting t;
        setting_start(&t, 1, SIZE_MAX, true);
        script_peer *p = &t.p[0];
        t.l.current = p->side.session;
        script_run(p);
        assert_int_equal(t.l.n, 1);
        gasp_err expected = way < 2 ? GASP_ERR_PEER_CLOSED : GASP_ERR_PEER_UNEXPECTED;
        if (way < 2) {
            assert_err(gasp_session_closed(p->side.session, p->now), expected);
        } else {
            script_say_open(p);
            (void)script_step(p);
            assert_err(p->side.err, expected);
        }
        if (way % 2 == 0) {
            const job open = t.l.jobs[0];
            for (size_t k = 0; k < gasp_verify_batch_len(open.batch); k++)
                open.verdicts[k] = gasp_verify_batch_run(open.batch, k);
            assert_err(gasp_session_resume(p->side.session, open.ticket, p->now), expected);
        }
        assert_int_equal(t.l.cancelled, 0);
        size_t before = test_output_count(t.w.wallet);
        setting_end(&t);
        assert_int_equal(t.l.cancelled, 1);
        assert_int_equal(before, 1); /* the proven one needs no script */
    }
}

/* A verifier that takes nothing ends the session: nothing unchecked is kept. One that leaves entries unwritten has them
 * count as not checked. */
static void takes_nothing(void **state)
{
    setting t;
    (void)state;
    setting_start(&t, 1, SIZE_MAX, true);
    t.l.refuse = GASP_ERR_NOMEM;
    script_run(&t.p[0]);
    assert_err(t.p[0].side.err, GASP_ERR_NOMEM);
    assert_int_equal(t.p[0].heard[GASP_MSG_ERROR], 1);
    assert_int_equal(t.p[0].error.reason, GASP_REASON_INTERNAL);
    assert_int_equal(test_output_count(t.w.wallet), 1);
    setting_end(&t);
    setting_start(&t, 1, SIZE_MAX, true);
    script_peer *p = &t.p[0];
    t.l.current = p->side.session;
    script_run(p);
    const job open = t.l.jobs[0];
    drop(&t.l, 0);
    assert_err(gasp_session_resume(p->side.session, open.ticket, p->now), GASP_OK);
    script_run(p);
    assert_int_equal(p->side.committed, 1);
    const gasp_event *event = script_event(p, GASP_EVENT_REFUSED, &t.chain.txid[1]);
    assert_non_null(event);
    assert_err(event->graph.err, GASP_ERR_VERIFY_DEFERRED);
    assert_int_equal(p->side.closed.closed.result, GASP_RESULT_PARTIAL);
    setting_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_inline), cmocka_unit_test(several_sessions),    cmocka_unit_test(freed_while_pending),
        cmocka_unit_test(patience),       cmocka_unit_test(ended_while_pending), cmocka_unit_test(takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
