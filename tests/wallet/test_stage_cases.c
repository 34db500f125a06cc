/* The stage in single cases: the same transaction again, gaps that are filled or given up, news without a
 * transaction, and what once went wrong. */
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "record/state.h"
#include "wallet/made.h"
#include "wallet/world.h"

/* ---- the same transaction again ------------------------------------------------------------------------------------ */

static const uint32_t one_root[] = {1};
static const uint32_t bad_root[] = {0, OUTPUTS};

static void an_offer_in_any_state_gets_its_verdict(void **state)
{
    (void)state;
    /* When the second offer comes: before find, asked, found and asked to verify, while it is committed, afterwards. */
    for (int when = 0; when < 5; when++) {
        world w;
        world_chain(&w, 1);
        world_model(&w);
        world_give(&w, 1);
        if (when >= 1)
            assert_true(world_step_find(&w));
        if (when >= 2)
            assert_true(world_step_find(&w) && world_step_verify(&w));
        if (when >= 3)
            assert_true(world_step_verify(&w) && world_step_commit(&w));
        if (when >= 4)
            assert_true(world_step_commit(&w));
        world_offer(&w, 1, one_root, 1);
        world_settle(&w);
        assert_err(w.list[1].verdict.err, GASP_OK);
        assert_int_equal(w.list[1].n_verdicts, when < 3 ? 1 : 2);
        assert_int_equal(w.list[1].verdict.n_roots, when < 3 ? 3 : 1); /* 0, 2 and then 1 */
        assert_int_equal(w.list[1].scripts, 1);
        assert_true(gasp_stage_idle(w.stage));
        assert_int_equal(gasp_stage_count(w.stage).bytes, 0);
        world_clear(&w);
    }
}

/* An output that is not there is a fault of the offer; the transaction is what it was. */
static void a_wrong_offer_spoils_nothing(void **state)
{
    (void)state;
    for (int when = 0; when < 4; when++) {
        world w;
        world_chain(&w, 2);
        world_model(&w);
        w.list[1].root = true;
        world_give(&w, 2);
        world_give(&w, 1);
        if (when >= 1)
            assert_true(world_step_find(&w));
        if (when >= 2)
            assert_true(world_step_find(&w) && world_step_verify(&w));
        if (when >= 3)
            assert_true(world_step_verify(&w) && world_step_commit(&w));
        world_offer(&w, 1, bad_root, 2);
        world_take_verdicts(&w);
        assert_err(w.list[1].verdict.err, GASP_ERR_VERIFY_NO_OUTPOINT);
        assert_true(w.list[1].verdict.root);
        world_settle(&w);
        assert_int_equal(w.list[1].n_verdicts, 2);
        assert_err(w.list[1].verdict.err, GASP_OK);
        assert_err(w.list[2].verdict.err, GASP_OK);
        world_clear(&w);
    }
    world w;
    world_chain(&w, 1);
    world_model(&w);
    w.list[1].given = true;
    world_offer(&w, 1, bad_root, 2); /* the first news of it: nobody knows it otherwise, so it goes with its offer */
    world_settle(&w);
    assert_err(w.list[1].verdict.err, GASP_ERR_VERIFY_NO_OUTPOINT);
    assert_false(w.list[1].stored);
    world_clear(&w);
}

static void a_refused_one_stays_refused(void **state)
{
    (void)state;
    world w;
    world_chain(&w, 2);
    w.list[1].fault = BAD_SCRIPT;
    world_model(&w);
    world_give(&w, 1);
    world_settle(&w);
    world_give(&w, 2);
    world_settle(&w);
    assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_PARENT);
    for (unsigned i = 2; i < 5; i++) {
        world_offer(&w, 2, one_root, 1);
        world_settle(&w);
        assert_int_equal(w.list[2].n_verdicts, i);
        assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_PARENT);
        assert_err(w.list[2].verdict.cause_err, GASP_ERR_VERIFY_SCRIPT);
        assert_int_equal(w.list[2].verdict.n_roots, 1);
        assert_int_equal(w.list[2].verdict.vout, 1);
    }
    assert_int_equal(w.list[1].scripts, 1);
    world_clear(&w);
}

/* A member of a graph is offered while that graph is being committed, and the graph is not kept. */
static void a_late_offer_outlives_its_graph(void **state)
{
    (void)state;
    world w;
    world_chain(&w, 2);
    w.list[2].fault = BAD_COMMIT;
    world_model(&w);
    world_give(&w, 1);
    world_give(&w, 2);
    while (!w.commit_out)
        assert_true(world_step_find(&w) || world_step_verify(&w) || world_step_commit(&w));
    world_offer(&w, 1, one_root, 1);
    w.list[1].holds = true;
    world_settle(&w);
    assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_SPENT);
    assert_int_equal(w.list[1].n_verdicts, 1);
    assert_err(w.list[1].verdict.err, GASP_OK);
    assert_int_equal(w.list[1].verdict.n_roots, 1);
    assert_true(w.list[1].stored);
    assert_true(gasp_stage_idle(w.stage));
    world_clear(&w);
}

/* A parent falls at its commit, after its children were verified: they fall with it, not for a gap of their own. */
static void verified_children_fall_with_their_parent(void **state)
{
    (void)state;
    world w;
    world_chain(&w, 4);
    w.list[1].root = true;
    w.list[1].fault = BAD_COMMIT;
    world_model(&w);
    world_give(&w, 1);
    assert_true(world_step_find(&w) && world_step_find(&w) && world_step_verify(&w) && world_step_verify(&w));
    assert_true(world_step_commit(&w)); /* 1 is with the wallet, alone */
    for (size_t i = 2; i <= 4; i++)
        world_give(&w, i);
    while (world_step_find(&w) || world_step_verify(&w)) {
    }
    world_settle(&w);
    assert_err(w.list[1].verdict.err, GASP_ERR_VERIFY_SPENT);
    for (size_t i = 2; i <= 4; i++) {
        assert_int_equal(w.list[i].n_verdicts, 1);
        assert_err(w.list[i].verdict.err, GASP_ERR_VERIFY_PARENT);
        assert_err(w.list[i].verdict.cause_err, GASP_ERR_VERIFY_SPENT);
        assert_memory_equal(w.list[i].verdict.cause.b, w.list[1].txid.b, 32);
        assert_int_equal(w.list[i].scripts, 1);
    }
    assert_int_equal(gasp_stage_count(w.stage).bytes, 0);
    world_clear(&w);
}

/* A gap is queued to be wanted, nobody asks for wants, and the transaction comes, is stored and forgotten meanwhile. */
static void a_gap_that_is_filled_is_not_wanted(void **state)
{
    (void)state;
    world w;
    gasp_stage_want want;
    world_chain(&w, 3);
    w.list[1].root = w.list[2].root = true;
    world_model(&w);
    world_give(&w, 3);
    assert_true(world_step_find(&w) && world_step_find(&w)); /* 2 is a gap */
    world_give(&w, 2);
    assert_true(world_step_find(&w) && world_step_find(&w)); /* 1 is a gap */
    world_give(&w, 1);
    while (world_step_find(&w) || world_step_verify(&w) || world_step_commit(&w)) {
    }
    assert_err(gasp_stage_want_next(w.stage, &want), GASP_DONE);
    world_take_verdicts(&w);
    for (size_t i = 1; i <= 3; i++)
        assert_err(w.list[i].verdict.err, GASP_OK);
    assert_int_equal(gasp_stage_count(w.stage).nodes, 0);
    world_clear(&w);
}

/* What only a fallen transaction waits for is not wanted; when another one waits for it, it is. */
static void a_gap_of_the_fallen_is_not_wanted(void **state)
{
    (void)state;
    world w;
    gasp_stage_want want;
    world_init(&w, 4, 100, 100000);
    w.list[2].n_in = 2; /* 0 and 1 are gaps, 2 spends both, 3 spends 1 */
    w.list[2].parent[1] = 1;
    w.list[3].n_in = 1;
    w.list[3].parent[0] = 1;
    for (size_t i = 0; i < 4; i++) {
        w.list[i].given = w.list[i].root = i >= 2;
        world_make(&w, i);
    }
    world_give(&w, 2);
    assert_true(world_step_find(&w) && world_step_find(&w));
    assert_err(gasp_stage_absent(w.stage, &w.list[0].txid), GASP_OK);
    assert_err(gasp_stage_want_next(w.stage, &want), GASP_DONE);
    world_give(&w, 3);
    assert_true(world_step_find(&w) && world_step_find(&w));
    assert_err(gasp_stage_want_next(w.stage, &want), GASP_OK);
    assert_memory_equal(want.outpoint.txid.b, w.list[1].txid.b, 32);
    assert_err(gasp_stage_want_next(w.stage, &want), GASP_DONE);
    world_clear(&w);
}

/* Stored while a find is out, offered again and stored again before that find is answered. */
static void a_parked_one_can_be_committed_again(void **state)
{
    (void)state;
    world w;
    world_chain(&w, 4);
    for (size_t i = 1; i <= 3; i++)
        w.list[i].root = true;
    world_model(&w);
    for (size_t i = 1; i <= 3; i++)
        world_give(&w, i);
    while (!w.commit_out)
        assert_true(world_step_find(&w) || world_step_verify(&w) || world_step_commit(&w));
    world_give(&w, 4);
    assert_true(world_step_find(&w)); /* asked; 3 is not stored yet by this answer? it is: the wallet's moment is now */
    assert_true(world_step_commit(&w));
    for (size_t i = 1; i <= 3; i++)
        world_offer(&w, i, one_root, 1);
    while (world_step_commit(&w)) {
    }
    world_settle(&w);
    for (size_t i = 1; i <= 4; i++)
        assert_err(w.list[i].verdict.err, GASP_OK);
    assert_int_equal(gasp_stage_count(w.stage).nodes, 0);
    assert_int_equal(gasp_stage_count(w.stage).bytes, 0);
    world_clear(&w);
}

/* Inputs that hang in several places of a falling graph are let go of everywhere. */
static void a_fallen_web_is_let_go_of(void **state)
{
    (void)state;
    world w;
    world_init(&w, 6, 100, 100000);
    /* 0 is held; 1 stands on it and is stored; 2 never comes; 3 spends two outputs of 2 and one of 1; 4 spends 3 twice. */
    const size_t n_in[] = {0, 1, 0, 3, 2, 1};
    const size_t parents[6][3] = {{0}, {0}, {0}, {2, 2, 1}, {3, 3}, {1}};
    for (size_t i = 0; i < 6; i++) {
        w.list[i].n_in = n_in[i];
        for (size_t k = 0; k < n_in[i]; k++) {
            w.list[i].parent[k] = parents[i][k];
            w.list[i].vout[k] = (uint32_t)k;
        }
        w.list[i].held = i == 0;
        w.list[i].given = i != 0 && i != 2;
        w.list[i].root = w.list[i].given;
        world_make(&w, i);
    }
    w.list[5].vout[0] = 3;
    world_model(&w);
    world_give(&w, 4);
    world_give(&w, 3);
    assert_true(world_step_find(&w) && world_step_find(&w));
    world_give(&w, 1);
    while (world_step_find(&w) || world_step_verify(&w) || world_step_commit(&w)) {
    }
    assert_true(w.list[1].stored);
    assert_int_equal(gasp_stage_count(w.stage).nodes, 4); /* 1 is still somebody's parent */
    world_settle(&w);
    assert_err(w.list[4].verdict.cause_err, GASP_ERR_VERIFY_NO_PARENT);
    assert_int_equal(gasp_stage_count(w.stage).bytes, 0);
    assert_int_equal(gasp_stage_count(w.stage).nodes, 3); /* 1 is gone, the refused ones are remembered */
    world_clear(&w);
}

/* Many outputs offered at once: sorted and told apart in less than quadratic time. */
static void a_hundred_thousand_roots(void **state)
{
    (void)state;
    enum { N = 100000 };
    gasp_stage *stage = NULL;
    gasp_stage_verdict v;
    gasp_commit commit;
    gasp_find find;
    const gasp_stage_config config = {.max_nodes = 10, .max_bytes = 1 << 24};
    uint32_t *roots = calloc(2 * N, sizeof *roots);
    gasp_stage_node node = {.proven = true, .roots = roots, .n_roots = 2 * N};
    gasp_outpoint prev = {{{3}}, 0};
    gasp_bytes raw = made_raw(&node.txid, &prev, 1, N, 1, 0);
    assert_non_null(roots);
    for (size_t i = 0; i < 2 * N; i++)
        roots[i] = (uint32_t)(N - 1 - i % N);
    assert_err(gasp_tx_decode(&node.tx, raw, NULL, NULL), GASP_OK);
    assert_err(gasp_stage_new(&stage, &config), GASP_OK);
    assert_err(gasp_stage_add(stage, &node), GASP_OK);
    assert_err(gasp_stage_find(stage, &find), GASP_OK);
    find.blocks[0].known = true;
    assert_err(gasp_stage_found(stage, &find), GASP_OK);
    gasp_find_clear(&find);
    assert_err(gasp_stage_commit(stage, &commit), GASP_OK);
    assert_int_equal(commit.graphs[0].nodes[0].n_roots, N);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(commit.graphs[0].nodes[0].roots[i], i);
    assert_err(gasp_stage_committed(stage, &commit), GASP_OK);
    gasp_commit_clear(&commit);
    assert_err(gasp_stage_verdict_next(stage, &v), GASP_OK);
    assert_int_equal(v.n_roots, N);
    assert_int_equal(v.vout, 0);
    gasp_stage_free(stage);
    free(roots);
    test_release(raw);
}

/* ---- news without a transaction ------------------------------------------------------------------------------------ */

static void metadata_is_wanted_and_must_hash(void **state)
{
    (void)state;
    /* The sender knows two outputs of the held 0 differently; it is asked once, and only its answer's hash counts. */
    for (int right = 0; right < 2; right++) {
        world w;
        gasp_stage_want want;
        gasp_stage_want none;
        gasp_state_hash hash;
        gasp_input_hash hashes[2] = {{true, {{1}}}, {true, {{2}}}};
        world_init(&w, 2, 100, 100000);
        w.list[0].held = true;
        w.list[1].n_in = 2;
        w.list[1].vout[1] = 1;
        w.list[1].given = w.list[1].root = true;
        world_make(&w, 0);
        world_make(&w, 1);
        gasp_outpoint first = {w.list[0].txid, 0};
        gasp_state_hash_of(&hash, &first, NULL, &(gasp_entries){0});
        hashes[0].hash = hash;
        world_model(&w);
        gasp_stage_node node = {
            .txid = w.list[1].txid, .inputs = hashes, .n_inputs = 2, .roots = one_root, .n_roots = 1};
        assert_err(gasp_tx_decode(&node.tx, w.list[1].raw, NULL, NULL), GASP_OK);
        assert_err(gasp_stage_add(w.stage, &node), GASP_OK);
        assert_true(world_step_find(&w) && world_step_find(&w));
        assert_err(gasp_stage_want_next(w.stage, &want), GASP_OK);
        assert_true(want.metadata);
        assert_memory_equal(&want.outpoint, &first, sizeof first);
        assert_memory_equal(want.hash.b, hash.b, 32);
        assert_err(gasp_stage_want_next(w.stage, &none), GASP_DONE);
        static const uint8_t no_entries[] = {0};
        gasp_stage_node news = {.txid = want.outpoint.txid, .expect = &want, .entries = {no_entries, 1}};
        if (right == 0)
            want.hash.b[0] ^= 1;
        assert_err(gasp_stage_add(w.stage, &news), GASP_OK);
        world_settle(&w);
        assert_int_equal(w.list[0].n_verdicts, 1);
        assert_err(w.list[0].verdict.err, right == 1 ? GASP_OK : GASP_ERR_VERIFY_STATE);
        assert_err(w.list[1].verdict.err, GASP_OK);
        world_clear(&w);
    }
}

/* News of a transaction that nobody holds, and of one whose child was asked about before the wallet came to hold it. */
static void news_alone_is_no_parent(void **state)
{
    (void)state;
    world w;
    world_chain(&w, 2);
    world_model(&w);
    gasp_stage_node news = {.txid = w.list[1].txid};
    world_give(&w, 2);
    assert_true(world_step_find(&w) && world_step_find(&w)); /* 1 is a gap */
    w.list[1].stored = true;                                 /* another session brought it */
    assert_err(gasp_stage_add(w.stage, &news), GASP_OK);
    world_settle(&w);
    assert_err(w.list[1].verdict.err, GASP_OK);
    assert_err(w.list[2].verdict.err, GASP_ERR_VERIFY_NO_PARENT);
    world_clear(&w);
    world_chain(&w, 2);
    world_model(&w);
    news.txid = w.list[1].txid;
    assert_err(gasp_stage_add(w.stage, &news), GASP_OK);
    world_settle(&w);
    assert_err(w.list[1].verdict.err, GASP_ERR_VERIFY_NO_PARENT);
    world_clear(&w);
}

/* What the wallet answers to find, word by word. */
static void sources_that_cannot_be_spent(void **state)
{
    (void)state;
    static const struct {
        gasp_source_state says;
        gasp_err err;
    } cases[] = {{GASP_SOURCE_UNANCHORED, GASP_ERR_VERIFY_NO_PARENT},
                 {GASP_SOURCE_NO_OUTPUT, GASP_ERR_VERIFY_NO_OUTPOINT},
                 {GASP_SOURCE_SPENT, GASP_ERR_VERIFY_SPENT}};
    for (size_t i = 0; i < 3; i++) {
        world w;
        world_chain(&w, 1);
        world_model(&w);
        world_give(&w, 1);
        assert_true(world_step_find(&w));
        w.find.sources[0].state = cases[i].says;
        world_settle(&w);
        assert_err(w.list[1].verdict.err, cases[i].err);
        world_clear(&w);
    }
}

/* Forms that need no question: two inputs of one output, 64 bytes. */
static void malformed_ones_are_refused_at_once(void **state)
{
    (void)state;
    gasp_stage *stage = NULL;
    gasp_stage_verdict v;
    const gasp_stage_config config = {.max_nodes = 10, .max_bytes = 100000};
    gasp_stage_node node = {.n_roots = 1, .roots = one_root};
    gasp_outpoint prev[2] = {{{{3}}, 0}, {{{3}}, 0}};
    assert_err(gasp_stage_new(&stage, &config), GASP_OK);
    gasp_bytes twice = made_raw(&node.txid, prev, 2, 2, 1, 0);
    assert_err(gasp_tx_decode(&node.tx, twice, NULL, NULL), GASP_OK);
    assert_err(gasp_stage_add(stage, &node), GASP_OK);
    assert_err(gasp_stage_verdict_next(stage, &v), GASP_OK);
    assert_err(v.err, GASP_ERR_VERIFY_INPUT_TWICE);
    assert_int_equal(v.input, 1);
    gasp_bytes short_one =
        made_raw(&node.txid, prev, 1, 1, 1, 0); /* 65 bytes; without a byte of its output script 64 */
    gasp_buf buf;
    gasp_buf_init(&buf, 100, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_write_bytes(&w, short_one.data, short_one.len - 6);
    gasp_write_u8(&w, 0);
    gasp_write_u32(&w, 0);
    assert_int_equal(buf.len, 64);
    for (int proven = 0; proven < 2; proven++) {
        node.txid.b[0] = (uint8_t)proven;
        node.proven = proven == 1;
        assert_err(gasp_tx_decode(&node.tx, gasp_buf_view(&buf), NULL, NULL), GASP_OK);
        assert_err(gasp_stage_add(stage, &node), GASP_OK);
        assert_err(gasp_stage_verdict_next(stage, &v), GASP_OK);
        assert_err(v.err, GASP_ERR_PROOF_TX_64);
    }
    gasp_stage_free(stage);
    gasp_buf_clear(&buf);
    test_release(twice);
    test_release(short_one);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_in_any_state_gets_its_verdict),
        cmocka_unit_test(a_wrong_offer_spoils_nothing),
        cmocka_unit_test(a_refused_one_stays_refused),
        cmocka_unit_test(a_late_offer_outlives_its_graph),
        cmocka_unit_test(verified_children_fall_with_their_parent),
        cmocka_unit_test(a_gap_that_is_filled_is_not_wanted),
        cmocka_unit_test(a_gap_of_the_fallen_is_not_wanted),
        cmocka_unit_test(a_parked_one_can_be_committed_again),
        cmocka_unit_test(a_fallen_web_is_let_go_of),
        cmocka_unit_test(a_hundred_thousand_roots),
        cmocka_unit_test(metadata_is_wanted_and_must_hash),
        cmocka_unit_test(news_alone_is_no_parent),
        cmocka_unit_test(sources_that_cannot_be_spent),
        cmocka_unit_test(malformed_ones_are_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
