/* The host's word on what becomes ours: each answer, what is asked about and what is not, and who is asked with which lock
 * held. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "gasp/tx.h"
#include "wallet/admit.h"
#include "wallet/inside.h"
#include "wallet/made.h"
#include "wallet/questions.h"

/* ---- a host -------------------------------------------------------------------------------------------------------- */

typedef enum say { SAY_TAKE, SAY_SOME, SAY_DECLINE, SAY_LATER, SAY_NOTHING, SAY_PENDING, SAY_FAIL, SAY_NONSENSE } say;

typedef struct host {
    gasp_admit port;
    gasp_wallet *wallet;
    say what;
    uint32_t some[8];
    size_t n_some;
    unsigned calls;
    size_t n; /* entries of the last batch */
    gasp_admit_graph last;
    uint8_t last_raw[1024];
    uint32_t vouts[16];
    uint64_t ticket;
    uint64_t cancelled;
    gasp_admit_batch *waiting;
} host;

static void answer_all(host *h, gasp_admit_batch *batch)
{
    for (size_t i = 0; i < gasp_admit_batch_len(batch); i++) {
        switch (h->what) {
        case SAY_TAKE:
            assert_err(gasp_admit_take(batch, i), GASP_OK);
            break;
        case SAY_SOME:
            assert_err(gasp_admit_take_outputs(batch, i, h->some, h->n_some), GASP_OK);
            break;
        case SAY_DECLINE:
            assert_err(gasp_admit_decline(batch, i), GASP_OK);
            break;
        case SAY_LATER:
            assert_err(gasp_admit_later(batch, i, 700, 123456), GASP_OK);
            break;
        case SAY_NOTHING:
        case SAY_PENDING:
        case SAY_FAIL:
        case SAY_NONSENSE:
            break;
        }
    }
}

static gasp_err decide(void *user, gasp_admit_batch *batch, uint64_t ticket)
{
    host *h = user;
    h->calls++;
    h->ticket = ticket;
    h->n = gasp_admit_batch_len(batch);
    assert_true(h->n > 0);
    for (size_t i = 0; i < h->n; i++) {
        assert_err(gasp_admit_batch_graph(batch, &h->last, i), GASP_OK);
        assert_true(h->last.raw.len <= sizeof h->last_raw && h->last.n_outputs <= 16);
        memcpy(h->last_raw, h->last.raw.data, h->last.raw.len);
        for (size_t k = 0; k < h->last.n_outputs; k++)
            h->vouts[k] = h->last.outputs[k].vout;
    }
    assert_err(gasp_admit_batch_graph(batch, &h->last, h->n), GASP_ERR_MISUSE);
    assert_err(gasp_admit_take(batch, h->n), GASP_ERR_MISUSE);
    assert_err(gasp_admit_decline(batch, h->n), GASP_ERR_MISUSE);
    assert_err(gasp_admit_later(batch, h->n, 0, 0), GASP_ERR_MISUSE);
    assert_err(gasp_admit_take_outputs(batch, h->n, h->some, 1), GASP_ERR_MISUSE);
    gasp_lock_take(&h->wallet->writer); /* would never end with the lock held */
    gasp_lock_give(&h->wallet->writer);
    answer_all(h, batch);
    h->waiting = batch;
    return h->what == SAY_PENDING    ? GASP_PENDING
           : h->what == SAY_FAIL     ? GASP_ERR_STORE_IO
           : h->what == SAY_NONSENSE ? GASP_AGAIN
                                     : GASP_OK;
}

static void cancel(void *user, uint64_t ticket)
{
    host *h = user;
    h->cancelled = ticket;
}

/* A wallet with four outputs of 1,000 at height 10, its host, and a spend of the first with five outputs. */
typedef struct scene {
    made_funded f;
    host h;
    gasp_txid child;
    gasp_bytes raw;
} scene;

static void scene_make(scene *s)
{
    (void)alarm(120);
    *s = (scene){.f = made_funds()};
    gasp_admit_init(&s->h.port);
    s->h.port.user = &s->h;
    s->h.port.decide = decide;
    s->h.port.cancel = cancel;
    s->h.wallet = s->f.w.wallet;
    s->f.w.wallet->admit = &s->h.port;
    gasp_outpoint prev = {s->f.parent, 0};
    s->raw = made_spend(&s->child, &prev, 1, 1000, 5, 7);
}

static void scene_clear(scene *s)
{
    test_release(s->raw);
    made_funds_clear(&s->f);
}

static made_report add(scene *s, say what)
{
    made_report report;
    s->h.what = what;
    assert_err(made_add(s->f.w.wallet, s->raw, NULL, 200, &report), GASP_OK);
    return report;
}

/* ---- answers ------------------------------------------------------------------------------------------------------- */

static void what_is_taken_becomes_ours(void **state)
{
    scene s;
    (void)state;
    scene_make(&s);
    made_report report = add(&s, SAY_TAKE);
    made_expect(&report, &s.child, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(report.list[0].n_outputs, 5);
    assert_int_equal(made_spendable(s.f.w.wallet), 3 + 5);
    assert_int_equal(s.h.calls, 1);
    assert_int_equal(s.h.n, 1);
    assert_int_equal(s.h.ticket, 0);
    scene_clear(&s);
}

static void it_sees_the_graph(void **state)
{
    scene s;
    (void)state;
    scene_make(&s);
    (void)add(&s, SAY_TAKE);
    assert_memory_equal(s.h.last.txid.b, s.child.b, 32);
    assert_int_equal(s.h.last.raw.len, s.raw.len);
    assert_memory_equal(s.h.last_raw, s.raw.data, s.raw.len);
    assert_null(s.h.last.anchor);
    assert_int_equal(s.h.last.n_outputs, 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(s.h.vouts[i], i);
    assert_int_equal(s.h.last.n_txs, 1);
    assert_int_equal(s.h.last.peer.len, 0);
    scene_clear(&s);
}

static void fewer_or_others(void **state)
{
    scene s;
    gasp_add_config config;
    const uint32_t offered[] = {0, 2};
    made_report report;
    (void)state;
    scene_make(&s);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = offered;
    config.n_vouts = 2;
    s.h.what = SAY_SOME;
    memcpy(s.h.some, (const uint32_t[]){4, 2, 4}, 3 * sizeof(uint32_t));
    s.h.n_some = 3;
    assert_err(made_add(s.f.w.wallet, s.raw, &config, 200, &report), GASP_OK);
    made_expect(&report, &s.child, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(made_spendable(s.f.w.wallet), 3 + 2);
    assert_int_equal(report.list[0].n_outputs, 2);
    scene_clear(&s);
}

static void declined(void **state)
{
    scene s;
    (void)state;
    scene_make(&s);
    gasp_bytes before = made_dump(s.f.w.kv);
    made_report report = add(&s, SAY_DECLINE);
    made_expect(&report, &s.child, GASP_FATE_REFUSED, GASP_ERR_VERIFY_DECLINED);
    assert_int_equal(gasp_err_refusal(GASP_ERR_VERIFY_DECLINED), GASP_REFUSAL_POLICY);
    gasp_bytes after = made_dump(s.f.w.kv);
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after.data, before.data, before.len);
    report = add(&s, SAY_TAKE); /* asked again */
    made_expect(&report, &s.child, GASP_FATE_COMMITTED, GASP_OK);
    test_release(before);
    test_release(after);
    scene_clear(&s);
}

static void later_or_no_answer(void **state)
{
    scene s;
    (void)state;
    scene_make(&s);
    made_report report = add(&s, SAY_LATER);
    made_expect(&report, &s.child, GASP_FATE_ASIDE, GASP_ERR_VERIFY_LATER);
    assert_int_equal(gasp_err_refusal(GASP_ERR_VERIFY_LATER), GASP_REFUSAL_TIME);
    report = add(&s, SAY_NOTHING);
    made_expect(&report, &s.child, GASP_FATE_ASIDE, GASP_ERR_VERIFY_LATER);
    assert_int_equal(made_spendable(s.f.w.wallet), 4);
    scene_clear(&s);
}

static void a_host_that_fails(void **state)
{
    scene s;
    made_report report;
    (void)state;
    scene_make(&s);
    s.h.what = SAY_FAIL;
    assert_err(made_add(s.f.w.wallet, s.raw, NULL, 200, &report), GASP_ERR_STORE_IO);
    s.h.what = SAY_NONSENSE;
    assert_err(made_add(s.f.w.wallet, s.raw, NULL, 200, &report), GASP_ERR_MISUSE);
    s.h.what = SAY_PENDING; /* nobody could resume it */
    assert_err(made_add(s.f.w.wallet, s.raw, NULL, 200, &report), GASP_ERR_MISUSE);
    assert_int_equal(made_spendable(s.f.w.wallet), 4);
    scene_clear(&s);
}

/* ---- what is asked about ------------------------------------------------------------------------------------------- */

static void what_is_ours_is_not_asked_about(void **state)
{
    scene s;
    uint8_t raw80[80];
    made_report report;
    (void)state;
    scene_make(&s);
    (void)add(&s, SAY_TAKE);
    report = add(&s, SAY_DECLINE);
    made_expect(&report, &s.child, GASP_FATE_KNOWN, GASP_OK);
    gasp_bump *bump = made_block(raw80, 11, &s.child, 1);
    assert_err(gasp_wallet_headers_trust(s.f.w.wallet, raw80, 11, made_time(3)), GASP_OK);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, s.raw, bump);
    gasp_bytes proof = made_beef_end(beef);
    assert_err(made_add(s.f.w.wallet, proof, NULL, 300, &report), GASP_OK);
    made_expect(&report, &s.child, GASP_FATE_COMMITTED, GASP_OK); /* it only moves a proof */
    assert_int_equal(s.h.calls, 1);
    gasp_bump_free(bump);
    test_release(proof);
    scene_clear(&s);
}

/* Of a held transaction more outputs are offered: only these are asked about, and what was ours stays. */
static void more_of_a_held_one(void **state)
{
    scene s;
    gasp_add_config config;
    const uint32_t first[] = {1};
    made_report report;
    (void)state;
    scene_make(&s);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = first;
    config.n_vouts = 1;
    s.h.what = SAY_TAKE;
    assert_err(made_add(s.f.w.wallet, s.raw, &config, 200, &report), GASP_OK);
    assert_int_equal(made_spendable(s.f.w.wallet), 4);
    report = add(&s, SAY_DECLINE);
    assert_int_equal(s.h.last.n_outputs, 4);
    assert_int_equal(s.h.vouts[0], 0);
    assert_int_equal(s.h.vouts[1], 2);
    assert_int_equal(s.h.last.n_txs, 1);
    assert_int_equal(s.h.last.raw.len, s.raw.len);
    assert_int_equal(made_spendable(s.f.w.wallet), 4);
    s.h.some[0] = 3;
    s.h.n_some = 1;
    report = add(&s, SAY_SOME);
    made_expect(&report, &s.child, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(made_spendable(s.f.w.wallet), 5);
    scene_clear(&s);
}

/* ---- commits of a session ------------------------------------------------------------------------------------------ */

/* A graph of two: the child and a grandchild of it, both offered. */
typedef struct two {
    gasp_txid txid[2];
    gasp_bytes raw;
    gasp_tx *tx[2];
    gasp_commit_node nodes[2];
    gasp_commit_graph graph;
    gasp_commit commit;
} two;

static const uint32_t low[] = {0, 1, 2};

static void two_make(two *t, const scene *s)
{
    *t = (two){.txid = {s->child}};
    gasp_outpoint prev = {s->child, 4};
    t->raw = made_spend(&t->txid[1], &prev, 1, 200, 3, 8);
    assert_err(gasp_tx_decode(&t->tx[0], s->raw, NULL, NULL), GASP_OK);
    assert_err(gasp_tx_decode(&t->tx[1], t->raw, NULL, NULL), GASP_OK);
    for (size_t i = 0; i < 2; i++)
        t->nodes[i] = (gasp_commit_node){.txid = t->txid[i], .tx = t->tx[i], .roots = low, .n_roots = 3};
    t->graph = (gasp_commit_graph){.nodes = t->nodes, .n_nodes = 2};
    t->commit = (gasp_commit){.graphs = &t->graph, .n_graphs = 1, .mem = gasp_mem_or_default(NULL)};
}

static void two_clear(two *t)
{
    free(t->graph.declined);
    gasp_tx_free(t->tx[0]);
    gasp_tx_free(t->tx[1]);
    test_release(t->raw);
}

/* An ancestor that is offered too is an entry of its own: declined, it is kept as an ancestor only. */
static void an_offered_ancestor(void **state)
{
    scene s;
    two t;
    gasp_admit_batch *admission = NULL;
    const gasp_bytes peer = {(const uint8_t *)"peer", 4};
    (void)state;
    scene_make(&s);
    two_make(&t, &s);
    s.h.what = SAY_PENDING;
    assert_err(gasp_wallet_admit(s.f.w.wallet, &admission, &t.commit, peer, 9), GASP_PENDING);
    assert_int_equal(s.h.ticket, 9);
    assert_int_equal(s.h.n, 2);
    assert_int_equal(s.h.last.n_txs, 2);
    assert_int_equal(s.h.last.peer.len, 4);
    assert_memory_equal(s.h.last.peer.data, "peer", 4);
    assert_err(gasp_admit_decline(s.h.waiting, 0), GASP_OK);
    assert_err(gasp_admit_take_outputs(s.h.waiting, 1, (const uint32_t[]){5}, 1), GASP_ERR_COUNT);
    assert_err(gasp_admit_take_outputs(s.h.waiting, 1, (const uint32_t[]){1}, 1), GASP_OK);
    assert_err(gasp_wallet_commit_admitted(s.f.w.wallet, admission, &t.commit, made_time(300)), GASP_OK);
    assert_err(t.graph.verdict, GASP_OK);
    assert_true(t.graph.changed);
    assert_int_equal(made_spendable(s.f.w.wallet), 3 + 1);
    assert_int_equal(t.graph.n_declined, 3 + 2);
    assert_err(t.graph.declined[0].err, GASP_ERR_VERIFY_DECLINED);
    assert_memory_equal(t.graph.declined[0].outpoint.txid.b, s.child.b, 32);
    assert_memory_equal(t.graph.declined[3].outpoint.txid.b, t.txid[1].b, 32);
    assert_int_equal(t.graph.declined[3].outpoint.vout, 0);
    assert_int_equal(t.graph.declined[4].outpoint.vout, 2);
    assert_ptr_equal(t.nodes[0].roots, low); /* the question is as it was */
    assert_int_equal(t.nodes[1].n_roots, 3);
    two_clear(&t);
    scene_clear(&s);
}

static void a_root_to_be_seen_later(void **state)
{
    scene s;
    two t;
    gasp_admit_batch *admission = NULL;
    (void)state;
    scene_make(&s);
    two_make(&t, &s);
    s.h.what = SAY_LATER;
    assert_err(gasp_wallet_admit(s.f.w.wallet, &admission, &t.commit, (gasp_bytes){0}, 1), GASP_OK);
    assert_err(gasp_wallet_commit_admitted(s.f.w.wallet, admission, &t.commit, made_time(300)), GASP_OK);
    assert_err(t.graph.verdict, GASP_ERR_VERIFY_LATER);
    assert_int_equal(t.graph.failed, 1);
    assert_int_equal(t.graph.later_height, 700);
    assert_int_equal(t.graph.later_ms, 123456);
    assert_false(t.graph.changed);
    assert_int_equal(made_spendable(s.f.w.wallet), 4);
    two_clear(&t);
    scene_clear(&s);
}

/* One graph that is not wanted leaves the other alone. */
static void the_verdict_is_of_that_graph_alone(void **state)
{
    scene s;
    two t;
    gasp_txid other;
    gasp_tx *tx = NULL;
    gasp_admit_batch *admission = NULL;
    (void)state;
    scene_make(&s);
    two_make(&t, &s);
    gasp_outpoint prev = {s.f.parent, 1};
    gasp_bytes raw = made_spend(&other, &prev, 1, 1000, 2, 9);
    assert_err(gasp_tx_decode(&tx, raw, NULL, NULL), GASP_OK);
    gasp_commit_node node = {.txid = other, .tx = tx, .roots = low, .n_roots = 2};
    gasp_commit_graph graphs[2] = {t.graph, {.nodes = &node, .n_nodes = 1}};
    gasp_commit commit = {.graphs = graphs, .n_graphs = 2, .mem = gasp_mem_or_default(NULL)};
    s.h.what = SAY_PENDING;
    assert_err(gasp_wallet_admit(s.f.w.wallet, &admission, &commit, (gasp_bytes){0}, 2), GASP_PENDING);
    assert_int_equal(s.h.n, 3);
    assert_err(gasp_admit_take(s.h.waiting, 0), GASP_OK);
    assert_err(gasp_admit_decline(s.h.waiting, 1), GASP_OK);
    assert_err(gasp_admit_take(s.h.waiting, 2), GASP_OK);
    assert_err(gasp_wallet_commit_admitted(s.f.w.wallet, admission, &commit, made_time(300)), GASP_OK);
    assert_err(graphs[0].verdict, GASP_ERR_VERIFY_DECLINED);
    assert_err(graphs[1].verdict, GASP_OK);
    assert_int_equal(made_spendable(s.f.w.wallet), 3 + 2);
    free(graphs[0].declined);
    gasp_tx_free(tx);
    test_release(raw);
    two_clear(&t);
    scene_clear(&s);
}

/* A spend gives us nothing and is asked about all the same; change can be taken of it. */
static void a_spender(void **state)
{
    static const size_t ours[] = {3, 4, 4};
    static const say whats[] = {SAY_TAKE, SAY_SOME, SAY_DECLINE};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        scene s;
        two t;
        gasp_admit_batch *admission = NULL;
        scene_make(&s);
        two_make(&t, &s);
        t.nodes[0].n_roots = 0;
        t.nodes[0].keep = true;
        t.graph.n_nodes = 1;
        s.h.what = whats[i];
        s.h.some[0] = 2;
        s.h.n_some = 1;
        assert_err(gasp_wallet_admit(s.f.w.wallet, &admission, &t.commit, (gasp_bytes){0}, 2), GASP_OK);
        assert_non_null(admission);
        assert_int_equal(s.h.last.n_outputs, 0);
        assert_err(gasp_wallet_commit_admitted(s.f.w.wallet, admission, &t.commit, made_time(300)), GASP_OK);
        assert_err(t.graph.verdict, whats[i] == SAY_DECLINE ? GASP_ERR_VERIFY_DECLINED : GASP_OK);
        assert_int_equal(made_spendable(s.f.w.wallet), ours[i]);
        s.h.calls = 0; /* a member already: nothing to ask */
        if (whats[i] != SAY_DECLINE) {
            assert_err(gasp_wallet_admit(s.f.w.wallet, &admission, &t.commit, (gasp_bytes){0}, 2), GASP_OK);
            assert_null(admission);
            assert_int_equal(s.h.calls, 0);
        }
        two_clear(&t);
        scene_clear(&s);
    }
}

static void no_outputs_is_to_decline(void **state)
{
    scene s;
    (void)state;
    scene_make(&s);
    s.h.n_some = 0;
    made_report report = add(&s, SAY_SOME);
    made_expect(&report, &s.child, GASP_FATE_REFUSED, GASP_ERR_VERIFY_DECLINED);
    assert_int_equal(made_spendable(s.f.w.wallet), 4);
    scene_clear(&s);
}

static void a_ticket_that_is_not_resumed(void **state)
{
    scene s;
    two t;
    gasp_admit_batch *admission = NULL;
    (void)state;
    scene_make(&s);
    two_make(&t, &s);
    s.h.what = SAY_PENDING;
    assert_err(gasp_wallet_admit(s.f.w.wallet, &admission, &t.commit, (gasp_bytes){0}, 5), GASP_PENDING);
    gasp_wallet_admit_cancel(s.f.w.wallet, admission, 5);
    assert_int_equal(s.h.cancelled, 5);
    gasp_wallet_admit_cancel(s.f.w.wallet, NULL, 6);
    assert_int_equal(s.h.cancelled, 5);
    two_clear(&t);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_becomes_ours),
        cmocka_unit_test(it_sees_the_graph),
        cmocka_unit_test(fewer_or_others),
        cmocka_unit_test(declined),
        cmocka_unit_test(later_or_no_answer),
        cmocka_unit_test(a_host_that_fails),
        cmocka_unit_test(what_is_ours_is_not_asked_about),
        cmocka_unit_test(more_of_a_held_one),
        cmocka_unit_test(an_offered_ancestor),
        cmocka_unit_test(a_root_to_be_seen_later),
        cmocka_unit_test(the_verdict_is_of_that_graph_alone),
        cmocka_unit_test(a_spender),
        cmocka_unit_test(no_outputs_is_to_decline),
        cmocka_unit_test(a_ticket_that_is_not_resumed),
    };
    return cmocka_run_group_tests_name("admit", tests, NULL, NULL);
}
