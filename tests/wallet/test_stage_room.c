/* What there is room for in a stage: nodes, bytes, what is reserved for wants, and what a sender may say of sizes. That
 * nothing is lost where room is short is shown by test_stage.c. */
#include <stdlib.h>
#include <string.h>

#include "record/state.h"
#include "wallet/made.h"
#include "wallet/stage_node.h"
#include "wallet/world.h"

/* A chain in a stage with that room. */
static void chain_in(world *w, size_t depth, size_t max_nodes, size_t max_bytes)
{
    world_chain(w, depth);
    gasp_stage_free(w->stage);
    const gasp_stage_config config = {.max_nodes = max_nodes, .max_bytes = max_bytes};
    assert_err(gasp_stage_new(&w->stage, &config), GASP_OK);
    w->pull = w->crowded = true;
    world_model(w);
}

static gasp_stage_want take_want(world *w)
{
    gasp_stage_want want;
    assert_err(gasp_stage_want_next(w->stage, &want), GASP_OK);
    return want;
}

static void no_want(world *w)
{
    gasp_stage_want want;
    assert_err(gasp_stage_want_next(w->stage, &want), GASP_DONE);
}

static void find_all(world *w)
{
    while (world_step_find(w)) {
    }
}

static void nodes_are_limited(void **state)
{
    (void)state;
    for (size_t room = 2; room <= 3; room++) { /* two and the gap below them */
        world w;
        chain_in(&w, 3, room, 100000);
        world_give(&w, 3);
        world_give(&w, 2);
        find_all(&w);
        world_take_verdicts(&w);
        assert_int_equal(w.list[2].n_verdicts, room == 2);
        if (room == 2) {
            assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_POLICY);
            assert_err(w.list[3].verdict.err, GASP_ERR_VERIFY_PARENT);
            assert_err(w.list[3].verdict.cause_err, GASP_ERR_VERIFY_POLICY);
        }
        world_give(&w, 1); /* where no node is left, the verdict comes without one */
        world_take_verdicts(&w);
        assert_int_equal(w.list[1].n_verdicts, room == 2);
        if (room == 2)
            assert_err(w.list[1].verdict.err, GASP_ERR_VERIFY_POLICY);
        world_clear(&w);
    }
}

/* A chain of six fits to the byte, or is refused; all of it is wanted by its root. */
static void bytes_are_limited(void **state)
{
    (void)state;
    world w;
    chain_in(&w, 6, 100, SIZE_MAX / 2);
    size_t six = 0;
    for (size_t i = 6; i >= 1; i--) {
        world_give(&w, i);
        six = gasp_stage_count(w.stage).bytes;
        find_all(&w);
    }
    world_clear(&w);
    for (size_t room = six - 1; room <= six; room++) {
        chain_in(&w, 6, 100, room);
        world_give(&w, 6);
        world_settle(&w);
        assert_int_equal(w.list[6].n_verdicts, 1);
        assert_err(w.list[6].verdict.err, room < six ? GASP_ERR_VERIFY_POLICY : GASP_OK);
        assert_int_equal(w.list[6].verdict.n_roots, 2);
        assert_int_equal(w.list[6].stored, room == six);
        assert_true(gasp_stage_idle(w.stage));
        assert_int_equal(gasp_stage_count(w.stage).reserved, 0);
        world_clear(&w);
    }
}

/* Larger than the whole stage, as a root and as what a root stands on. */
static void one_that_never_fits_is_refused(void **state)
{
    (void)state;
    world w;
    chain_in(&w, 1, 100, 300);
    world_give(&w, 1);
    world_take_verdicts(&w);
    assert_err(w.list[1].verdict.err, GASP_ERR_VERIFY_POLICY);
    assert_int_equal(w.list[1].verdict.bytes, w.list[1].raw.len);
    assert_int_equal(gasp_stage_count(w.stage).bytes, 0);
    assert_true(gasp_stage_idle(w.stage));
    world_clear(&w);
    chain_in(&w, 2, 100, 100000);
    world_give(&w, 2);
    find_all(&w);
    (void)take_want(&w);
    assert_err(gasp_stage_absent_large(w.stage, &w.list[1].txid, 100001), GASP_OK);
    world_take_verdicts(&w);
    assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_NO_PARENT);
    assert_err(w.list[2].verdict.cause_err, GASP_ERR_VERIFY_POLICY);
    world_clear(&w);
}

/* The answer to a want is longer than what was told. */
static void an_answer_beyond_its_room_is_refused(void **state)
{
    (void)state;
    world w;
    chain_in(&w, 2, 100, 16 * 1000);
    world_give(&w, 2);
    find_all(&w);
    gasp_stage_want want = take_want(&w);
    assert_int_equal(want.max_len, 1000);
    gasp_txid other;
    gasp_outpoint prev = {{{7}}, 0};
    gasp_bytes longer =
        made_raw(&other, &prev, 1, 100, SAT, 0); /* whether it is the right one is not the stage's matter */
    gasp_stage_node answer = {.txid = w.list[1].txid, .answer = true};
    assert_true(longer.len > want.max_len && longer.len < 2 * want.max_len);
    assert_err(gasp_tx_decode(&answer.tx, longer, NULL, NULL), GASP_OK);
    assert_err(gasp_stage_add(w.stage, &answer), GASP_OK);
    world_take_verdicts(&w);
    assert_err(w.list[1].verdict.err, GASP_ERR_VERIFY_POLICY);
    assert_err(w.list[2].verdict.cause_err, GASP_ERR_VERIFY_POLICY);
    assert_int_equal(gasp_stage_count(w.stage).reserved, 0);
    world_clear(&w);
    test_release(longer);
}

static void a_longer_one_is_wanted_with_room(void **state)
{
    (void)state;
    world w;
    chain_in(&w, 2, 100, 16 * 1000);
    world_give(&w, 2);
    find_all(&w);
    (void)take_want(&w);
    assert_int_equal(gasp_stage_count(w.stage).reserved, 1000);
    assert_err(gasp_stage_absent_large(w.stage, &w.list[1].txid, 1500), GASP_OK);
    assert_int_equal(gasp_stage_count(w.stage).reserved, 0);
    gasp_stage_want want = take_want(&w);
    assert_true(want.max_len >= 1500);
    assert_false(want.again);
    /* Not longer than what it may be: the sender contradicts itself. */
    assert_err(gasp_stage_absent_large(w.stage, &w.list[1].txid, 1500), GASP_OK);
    world_take_verdicts(&w);
    assert_err(w.list[2].verdict.cause_err, GASP_ERR_VERIFY_POLICY);
    assert_true(gasp_stage_idle(w.stage));
    world_clear(&w);
}

/* A sender that always needs a little more gets no more than STAGE_DROPS_MAX tries. */
static void sizes_that_grow_come_to_an_end(void **state)
{
    (void)state;
    world w;
    size_t wants = 0;
    gasp_stage_want want;
    chain_in(&w, 2, 100, 100000);
    world_give(&w, 2);
    find_all(&w);
    while (gasp_stage_want_next(w.stage, &want) == GASP_OK) {
        wants++;
        assert_err(gasp_stage_absent_large(w.stage, &w.list[1].txid, (uint64_t)want.max_len + 1), GASP_OK);
    }
    assert_int_equal(wants, STAGE_DROPS_MAX + 1);
    world_take_verdicts(&w);
    assert_err(w.list[2].verdict.cause_err, GASP_ERR_VERIFY_POLICY);
    world_clear(&w);
}

/* SENT: of what is here nothing follows, what had no room is wanted again, what never came is absent. */
static void sent_is_looked_up(void **state)
{
    (void)state;
    world w;
    chain_in(&w, 2, 100, 100000);
    world_give(&w, 2);
    find_all(&w);
    (void)take_want(&w);
    world_give(&w, 1); /* unasked, on its way when it was wanted */
    assert_true(gasp_stage_count(w.stage).reserved > 0);
    assert_err(gasp_stage_sent(w.stage, &w.list[1].txid), GASP_OK);
    assert_int_equal(gasp_stage_count(w.stage).reserved, 0);
    world_settle(&w);
    assert_err(w.list[2].verdict.err, GASP_OK);
    world_clear(&w);
    chain_in(&w, 2, 100, 100000);
    world_give(&w, 2);
    find_all(&w);
    (void)take_want(&w);
    assert_err(gasp_stage_sent(w.stage, &w.list[1].txid), GASP_OK);
    world_take_verdicts(&w);
    assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_NO_PARENT);
    assert_err(w.list[2].verdict.cause_err, GASP_ERR_VERIFY_NO_PARENT);
    world_clear(&w);
    /* The root had no room when it came; the sender does not understand that it is wanted again, until it gives up. */
    chain_in(&w, 1, 100, 100000);
    size_t one;
    world_give(&w, 1);
    one = gasp_stage_count(w.stage).bytes;
    world_clear(&w);
    chain_in(&w, 2, 100, one + one / 2);
    w.list[1].root = true;
    world_give(&w, 1);
    world_give(&w, 2);
    assert_int_equal(gasp_stage_count(w.stage).let_go, 1);
    assert_false(gasp_stage_has(w.stage, &w.list[2].txid));
    while (world_step_find(&w) || world_step_verify(&w) || world_step_commit(&w)) {
    }
    size_t tries = 0;
    gasp_stage_want want;
    while (gasp_stage_want_next(w.stage, &want) == GASP_OK) {
        assert_true(want.again);
        assert_memory_equal(want.outpoint.txid.b, w.list[2].txid.b, 32);
        assert_err(gasp_stage_sent(w.stage, &w.list[2].txid), GASP_OK);
        tries++;
    }
    assert_int_equal(tries, STAGE_DROPS_MAX);
    world_take_verdicts(&w);
    assert_err(w.list[1].verdict.err, GASP_OK);
    assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_POLICY);
    assert_int_equal(w.list[2].verdict.n_roots, 2);
    world_clear(&w);
}

/* Wants reserve room: only so many are out at a time, the others follow when these are answered. */
static void open_wants_take_room(void **state)
{
    (void)state;
    enum { N = 24 };
    world w;
    gasp_stage_want want;
    world_init(&w, 2 * N, 1000, 16 * GASP_STAGE_WANT_BYTES);
    w.pull = true;
    for (size_t i = 0; i < 2 * N; i++) {
        w.list[i].n_in = i >= N;
        w.list[i].parent[0] = i - (i >= N ? N : 0);
        w.list[i].given = true;
        w.list[i].root = i >= N;
        w.list[i].proven = i < N;
        world_make(&w, i);
    }
    world_model(&w);
    for (size_t i = N; i < 2 * N; i++)
        world_give(&w, i);
    find_all(&w);
    size_t bytes = gasp_stage_count(w.stage).bytes;
    size_t open = (8 * GASP_STAGE_WANT_BYTES - bytes) / GASP_STAGE_WANT_BYTES;
    for (size_t i = 0; i < open; i++) {
        want = take_want(&w);
        assert_int_equal(want.max_len, GASP_STAGE_WANT_BYTES);
        world_look(&w, &want.outpoint.txid)->asked = true;
    }
    no_want(&w);
    assert_int_equal(gasp_stage_count(w.stage).reserved, open * GASP_STAGE_WANT_BYTES);
    for (size_t i = 0; i < N; i++)
        if (w.list[i].asked)
            world_give(&w, i);
    world_settle(&w);
    for (size_t i = N; i < 2 * N; i++)
        assert_err(w.list[i].verdict.err, GASP_OK);
    assert_int_equal(gasp_stage_count(w.stage).reserved, 0);
    world_clear(&w);
}

/* A want for metadata reserves room too, until it is answered in either way. */
static void metadata_takes_room(void **state)
{
    (void)state;
    for (int come = 0; come < 2; come++) {
        world w;
        gasp_input_hash hash = {true, {{1}}};
        world_init(&w, 2, 100, 100000);
        w.list[0].held = true;
        w.list[1].n_in = 1;
        world_make(&w, 0);
        world_make(&w, 1);
        w.list[1].holds = true;
        gasp_stage_node child = {.txid = w.list[1].txid, .inputs = &hash, .n_inputs = 1};
        assert_err(gasp_tx_decode(&child.tx, w.list[1].raw, NULL, NULL), GASP_OK);
        assert_err(gasp_stage_add(w.stage, &child), GASP_OK);
        find_all(&w);
        gasp_stage_want want = take_want(&w);
        assert_true(want.metadata);
        assert_int_equal(gasp_stage_count(w.stage).reserved, want.max_len);
        if (come == 1) {
            const gasp_stage_node answer = {.txid = w.list[0].txid, .expect = &want};
            assert_err(gasp_stage_add(w.stage, &answer), GASP_OK);
        } else {
            gasp_stage_absent_metadata(w.stage, &w.list[0].txid);
            gasp_stage_absent_metadata(w.stage, &w.list[1].txid); /* one that was not wanted is no matter */
        }
        assert_int_equal(gasp_stage_count(w.stage).reserved, 0);
        world_clear(&w);
    }
}

/* What a transaction stands on goes from the wallet between verify and commit: all of the graph is looked up again. */
static void a_graph_that_comes_too_late_is_found_again(void **state)
{
    (void)state;
    world w;
    chain_in(&w, 3, 100, 100000);
    for (size_t i = 1; i <= 3; i++)
        world_give(&w, i);
    while (!w.commit_out)
        assert_true(world_step_find(&w) || world_step_verify(&w) || world_step_commit(&w));
    assert_int_equal(w.commit.n_graphs, 1);
    assert_int_equal(w.commit.graphs[0].n_nodes, 3);
    for (size_t i = 0; i < 3; i++)
        w.list[1 + i].stored = false;
    w.commit.graphs[0].verdict = GASP_AGAIN;
    w.commit.graphs[0].failed = 0;
    w.list[0].stored = false; /* gone: it has to be wanted now */
    assert_true(world_step_commit(&w));
    find_all(&w);
    gasp_stage_want want = take_want(&w);
    assert_memory_equal(want.outpoint.txid.b, w.list[0].txid.b, 32);
    assert_err(gasp_stage_absent(w.stage, &w.list[0].txid), GASP_OK);
    world_take_verdicts(&w);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(w.list[i].n_verdicts, 1);
        assert_err(w.list[i].verdict.cause_err, GASP_ERR_VERIFY_NO_PARENT);
        assert_memory_equal(w.list[i].verdict.cause.b, w.list[0].txid.b, 32);
    }
    assert_true(gasp_stage_idle(w.stage));
    world_clear(&w);
}

/* The one at fault in a graph is named, not its root. */
static void the_one_at_fault_is_the_cause(void **state)
{
    (void)state;
    world w;
    chain_in(&w, 3, 100, 100000);
    w.list[2].fault = BAD_COMMIT;
    for (size_t i = 1; i <= 3; i++)
        world_give(&w, i);
    world_settle(&w);
    assert_int_equal(w.list[1].n_verdicts, 0);
    assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_SPENT);
    assert_err(w.list[3].verdict.err, GASP_ERR_VERIFY_PARENT);
    assert_memory_equal(w.list[3].verdict.cause.b, w.list[2].txid.b, 32);
    assert_true(gasp_stage_idle(w.stage));
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_limited),
        cmocka_unit_test(bytes_are_limited),
        cmocka_unit_test(one_that_never_fits_is_refused),
        cmocka_unit_test(an_answer_beyond_its_room_is_refused),
        cmocka_unit_test(a_longer_one_is_wanted_with_room),
        cmocka_unit_test(sizes_that_grow_come_to_an_end),
        cmocka_unit_test(sent_is_looked_up),
        cmocka_unit_test(open_wants_take_room),
        cmocka_unit_test(metadata_takes_room),
        cmocka_unit_test(a_graph_that_comes_too_late_is_found_again),
        cmocka_unit_test(the_one_at_fault_is_the_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
