/* What changes between looking and keeping. A transaction is staged, looked up and verified; then somebody else writes;
 * then it is committed: under the one writer everything is looked at again, and what does not hold any more is refused or
 * has to be gathered again, with nothing of it in the store. */
#include <string.h>

#include "wallet/questions.h"
#include "wallet/stage.h"
#include "wallet/told.h"
#include "wallet/view.h"

typedef struct race {
    told_world x;
    told_tx fund;
    told_block base;
    gasp_stage *stage;
    gasp_commit commit;
} race;

static race begin(void)
{
    race r = {.x = told_begin()};
    const gasp_stage_config config = {.max_nodes = 100, .max_bytes = 1 << 24};
    r.fund = told_spend(NULL, 0, 3, 1);
    const told_tx *first[] = {&r.fund};
    r.base = told_block_of(&r.x.genesis, first, 1, 1);
    told_header(&r.x, &r.base.header);
    told_add(&r.x, &r.fund, &r.base, 3, GASP_FATE_COMMITTED);
    assert_err(gasp_stage_new(&r.stage, &config), GASP_OK);
    return r;
}

static void end(race *r)
{
    gasp_commit_clear(&r->commit);
    gasp_stage_free(r->stage);
    told_free(&r->fund);
    told_block_free(&r->base);
    told_end(&r->x);
}

/* Puts a transaction in; its output 0 is offered when it is a root. */
static void stage(race *r, const told_tx *tx, const told_block *block, bool root)
{
    static const uint32_t zero = 0;
    gasp_stage_node node = {.txid = tx->txid, .roots = &zero, .n_roots = root};
    gasp_bump *own = NULL;
    uint8_t bytes[1024];
    size_t len = 0;
    node.blob = gasp_blob_new(tx->raw.len, NULL);
    assert_non_null(node.blob);
    memcpy(node.blob->data, tx->raw.data, tx->raw.len);
    assert_err(gasp_tx_decode(&node.tx, gasp_blob_view(node.blob), NULL, NULL), GASP_OK);
    if (block != NULL) {
        assert_err(gasp_bump_trim(&own, block->bump, &tx->txid, 1, NULL), GASP_OK);
        assert_err(gasp_bump_encode(own, bytes, sizeof bytes, &len), GASP_OK);
        node.proven = true;
        node.height = block->header.height;
        node.root = gasp_bump_root(block->bump);
        node.bump = (gasp_bytes){bytes, len};
        assert_err(gasp_bump_find(own, &node.index, &tx->txid), GASP_OK);
        gasp_bump_free(own);
    }
    assert_err(gasp_stage_add(r->stage, &node), GASP_OK);
    gasp_blob_release(node.blob);
}

/* Asks everything but to commit. */
static bool ask(race *r)
{
    gasp_find find;
    gasp_verify verify;
    gasp_verify_run *run = NULL;
    if (gasp_stage_find(r->stage, &find) == GASP_OK) {
        assert_err(gasp_wallet_find(r->x.w, &find), GASP_OK);
        assert_err(gasp_stage_found(r->stage, &find), GASP_OK);
        gasp_find_clear(&find);
        return true;
    }
    if (gasp_stage_verify(r->stage, &verify) == GASP_OK) {
        assert_err(gasp_wallet_verify(r->x.w, &run, &verify, NULL, 0), GASP_OK);
        gasp_wallet_verify_end(run, &verify);
        assert_err(gasp_stage_verified(r->stage, &verify), GASP_OK);
        gasp_verify_clear(&verify);
        return true;
    }
    return false;
}

/* The commit is asked for, and not made yet. */
static void look(race *r)
{
    while (ask(r))
        ;
    assert_err(gasp_stage_commit(r->stage, &r->commit), GASP_OK);
    assert_int_equal(r->commit.n_graphs, 1);
}

/* Now it is made; nothing is stored unless the verdict is good. */
static void keep(race *r, gasp_err verdict, size_t failed)
{
    gasp_bytes before = made_dump(r->x.kv);
    assert_err(gasp_wallet_commit(r->x.w, &r->commit, told_now(&r->x)), GASP_OK);
    gasp_bytes after = made_dump(r->x.kv);
    const gasp_commit_graph *graph = &r->commit.graphs[0];
    assert_err(graph->verdict, verdict);
    if (verdict != GASP_OK) {
        assert_int_equal(graph->failed, failed);
        assert_false(graph->changed);
        assert_int_equal(before.len, after.len);
        assert_memory_equal(before.data, after.data, before.len);
    } else {
        assert_true(graph->changed);
    }
    test_release(before);
    test_release(after);
    assert_err(gasp_stage_committed(r->stage, &r->commit), GASP_OK);
    gasp_commit_clear(&r->commit);
    mined_healthy(r->x.w);
}

/* To the end, with nobody to ask for more; the verdict of one. */
static gasp_stage_verdict finish(race *r, const told_tx *tx)
{
    gasp_stage_verdict v, its = {.err = GASP_ERR_INTERNAL};
    for (int i = 0; i < 200; i++) {
        gasp_stage_want want;
        if (ask(r))
            continue;
        if (gasp_stage_commit(r->stage, &r->commit) == GASP_OK) {
            assert_err(gasp_wallet_commit(r->x.w, &r->commit, told_now(&r->x)), GASP_OK);
            assert_err(gasp_stage_committed(r->stage, &r->commit), GASP_OK);
            gasp_commit_clear(&r->commit);
        }
        while (gasp_stage_want_next(r->stage, &want) == GASP_OK)
            assert_err(gasp_stage_absent(r->stage, &want.outpoint.txid), GASP_OK);
    }
    assert_true(gasp_stage_idle(r->stage));
    while (gasp_stage_verdict_next(r->stage, &v) == GASP_OK)
        if (memcmp(v.txid.b, tx->txid.b, 32) == 0)
            its = v;
    return its;
}

static void nothing_changes(void **state)
{
    (void)state;
    race r = begin();
    told_tx a = told_spend(&r.fund, 0, 2, 2);
    stage(&r, &a, NULL, true);
    look(&r);
    assert_non_null(r.commit.graphs[0].nodes[0].sources);
    (void)told_grow(&r.x, &r.base.header, 1, 5); /* the epoch moves, and nothing that matters here */
    keep(&r, GASP_OK, 0);
    told_shows(&r.x, &a, 0, "s");
    gasp_stage_verdict v = finish(&r, &a);
    assert_err(v.err, GASP_OK);
    assert_true(v.stored);
    told_free(&a);
    end(&r);
}

/* The block of a proof leaves. */
static void headers_change(void **state)
{
    (void)state;
    race r = begin();
    told_tx a = told_spend(&r.fund, 0, 2, 2);
    const told_tx *list[] = {&a};
    told_block block = told_block_of(&r.base.header, list, 1, 2);
    told_header(&r.x, &block.header);
    stage(&r, &a, &block, true);
    look(&r);
    (void)told_grow(&r.x, &r.base.header, 2, 5);
    keep(&r, GASP_ERR_PROOF_NO_HEADER, 0);
    told_held(&r.x, &a, false);
    gasp_stage_verdict v = finish(&r, &a);
    assert_err(v.err, GASP_ERR_PROOF_NO_HEADER);
    told_free(&a);
    told_block_free(&block);
    end(&r);
}

/* What it spends does not stand any more, or is gone. */
static void parents_change(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        race r = begin();
        told_tx a = told_spend(&r.fund, 0, 2, 2), b = told_spend(&a, 0, 2, 3);
        if (way < 2)
            told_add(&r.x, &a, NULL, 2, GASP_FATE_COMMITTED);
        stage(&r, way < 2 ? &b : &a, NULL, true);
        look(&r);
        if (way == 0)
            assert_int_equal(told_forget(&r.x, &a, GASP_OK), 1);
        else
            (void)told_grow(&r.x, &r.x.genesis, 2, 5);
        keep(&r, GASP_AGAIN, 0);
        told_held(&r.x, way < 2 ? &b : &a, false);
        gasp_stage_verdict v = finish(&r, way < 2 ? &b : &a);
        assert_int_equal(gasp_err_refusal(v.cause_err), GASP_REFUSAL_MISSING);
        told_held(&r.x, way < 2 ? &b : &a, false);
        told_free(&a);
        told_free(&b);
        end(&r);
    }
}

/* News of one that was held when it was looked up. */
static void the_held_one_is_gone(void **state)
{
    (void)state;
    race r = begin();
    told_tx a = told_spend(&r.fund, 0, 2, 2);
    told_add(&r.x, &a, NULL, 1, GASP_FATE_COMMITTED);
    stage(&r, &a, NULL, true);
    look(&r);
    assert_null(r.commit.graphs[0].nodes[0].tx);
    assert_int_equal(told_forget(&r.x, &a, GASP_OK), 1);
    keep(&r, GASP_AGAIN, 0);
    told_held(&r.x, &a, false);
    told_free(&a);
    end(&r);
}

/* A proven transaction spends one of its inputs now; in a graph of three the one that fails is named. */
static void spends_change(void **state)
{
    (void)state;
    for (size_t at = 0; at < 3; at++) {
        race r = begin();
        told_tx graph[3];
        graph[0] = told_spend(&r.fund, 0, 1, 2);
        for (size_t i = 1; i < 3; i++) { /* each on the one before, and on an output of its own */
            const told_tx *from[] = {&graph[i - 1], &r.fund};
            const uint32_t own[] = {0, (uint32_t)i};
            graph[i] = told_spend_all(from, own, 2, 1, 2 + (uint32_t)i);
        }
        told_tx rival = told_spend(&r.fund, (uint32_t)at, 1, 9);
        const told_tx *list[] = {&rival};
        told_block block = told_block_of(&r.base.header, list, 1, 2);
        told_header(&r.x, &block.header);
        for (size_t i = 0; i < 3; i++)
            stage(&r, &graph[i], NULL, i == 2);
        look(&r);
        assert_int_equal(r.commit.graphs[0].n_nodes, 3);
        told_add(&r.x, &rival, &block, 1, GASP_FATE_COMMITTED);
        keep(&r, GASP_ERR_VERIFY_SPENT, at);
        gasp_stage_verdict v = finish(&r, &graph[2]);
        assert_memory_equal(v.cause.b, graph[at].txid.b, 32);
        assert_err(v.cause_err, GASP_ERR_VERIFY_SPENT);
        assert_err(v.err, at == 2 ? GASP_ERR_VERIFY_SPENT : GASP_ERR_VERIFY_PARENT);
        for (size_t i = 0; i < 3; i++) {
            told_held(&r.x, &graph[i], false);
            told_free(&graph[i]);
        }
        told_free(&rival);
        told_block_free(&block);
        end(&r);
    }
}

/* An unproven rival that came meanwhile is no reason to refuse: both are kept, and both are marked. */
static void a_rival_comes(void **state)
{
    (void)state;
    race r = begin();
    told_tx a = told_spend(&r.fund, 0, 2, 2), b = told_spend(&r.fund, 0, 2, 3);
    stage(&r, &a, NULL, true);
    look(&r);
    told_add(&r.x, &b, NULL, 1, GASP_FATE_COMMITTED);
    keep(&r, GASP_OK, 0);
    told_shows(&r.x, &a, 0, "s!");
    told_shows(&r.x, &b, 0, "s!");
    told_shows(&r.x, &r.fund, 0, "x+!");
    told_free(&a);
    told_free(&b);
    end(&r);
}

/* What it spends is proven in a block of another age now, whose scripts have other rules: to be verified again. Another
 * block of the same age does not matter. */
static void the_era_changes(void **state)
{
    (void)state;
    enum { OLD = 9000, OLDER = 8000, YOUNG = 12000 }; /* Genesis is at 10,000 on regtest */
    for (int way = 0; way < 3; way++) {
        race r = begin();
        told_tx parent = told_spend(NULL, 0, 2, 7), child = told_spend(&parent, 0, 2, 8);
        const told_tx *list[] = {&parent};
        const uint32_t heights[] = {OLDER, YOUNG};
        mined_header below = mined_orphan(OLD - 1, 1), other = mined_orphan(OLD, 9), tall = mined_orphan(13000, 4);
        told_block was = told_block_of(&below, list, 1, 11);
        assert_err(gasp_wallet_headers_trust(r.x.w, tall.raw80, tall.height, told_now(&r.x)), GASP_OK);
        assert_err(gasp_wallet_headers_trust(r.x.w, was.header.raw80, OLD, told_now(&r.x)), GASP_OK);
        told_add(&r.x, &parent, &was, 2, GASP_FATE_COMMITTED);
        stage(&r, &child, NULL, true);
        look(&r);
        if (way == 2)
            r.commit.graphs[0].nodes[0].sources = NULL; /* not told: not compared */
        below = mined_orphan(heights[way == 0 ? 0 : 1] - 1, 2);
        told_block is = told_block_of(&below, list, 1, 12);
        assert_err(gasp_wallet_headers_trust(r.x.w, is.header.raw80, is.header.height, told_now(&r.x)), GASP_OK);
        told_add(&r.x, &parent, &is, 0, GASP_FATE_COMMITTED);
        assert_err(gasp_wallet_headers_trust(r.x.w, other.raw80, OLD, told_now(&r.x)), GASP_OK);
        assert_int_equal(told_look(&r.x, &parent, 0).anchor.height, is.header.height);
        keep(&r, way == 1 ? GASP_AGAIN : GASP_OK, 0);
        told_held(&r.x, &child, way != 1);
        told_free(&parent);
        told_free(&child);
        told_block_free(&was);
        told_block_free(&is);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changes),      cmocka_unit_test(headers_change), cmocka_unit_test(parents_change),
        cmocka_unit_test(the_held_one_is_gone), cmocka_unit_test(spends_change),  cmocka_unit_test(a_rival_comes),
        cmocka_unit_test(the_era_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
