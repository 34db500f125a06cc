/* The stage over a real wallet: announced spends in every order, what a verdict tells of offers, and what find and load
 * answer. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/writer.h"
#include "record/entry.h"
#include "wallet/made.h"
#include "wallet/questions.h"
#include "wallet/stage.h"

static const uint32_t both[] = {0, 1};

typedef struct told {
    gasp_stage_verdict v;
    uint32_t roots[4];
    gasp_stage_spent spent[4];
    uint8_t entries[256];
} told;

typedef struct bench {
    made_funded f;
    gasp_stage *stage;
    told verdicts[16];
    size_t n_verdicts;
    bool kept; /* a node with the flag keep was committed */
} bench;

static void stage_begin(bench *b, const gasp_collection *collection)
{
    gasp_stage_config config = {.max_nodes = 100, .max_bytes = 1 << 20};
    if (collection != NULL)
        config.collection = *collection;
    gasp_stage_free(b->stage);
    assert_err(gasp_stage_new(&b->stage, &config), GASP_OK);
    b->n_verdicts = 0;
    b->kept = false;
}

static void bench_init(bench *b)
{
    *b = (bench){.f = made_funds()};
    stage_begin(b, NULL);
}

static void bench_clear(bench *b)
{
    gasp_stage_free(b->stage);
    made_funds_clear(&b->f);
}

static gasp_stage_node node_of(gasp_bytes raw)
{
    gasp_stage_node node = {0};
    node.blob = gasp_blob_new(raw.len, NULL);
    assert_non_null(node.blob);
    memcpy(node.blob->data, raw.data, raw.len);
    assert_err(gasp_tx_decode(&node.tx, gasp_blob_view(node.blob), NULL, NULL), GASP_OK);
    node.txid = node.tx->txid;
    return node;
}

static void give(bench *b, gasp_stage_node node)
{
    assert_err(gasp_stage_add(b->stage, &node), GASP_OK);
    gasp_blob_release(node.blob);
}

static void give_answer(bench *b, gasp_bytes raw)
{
    gasp_stage_node node = node_of(raw);
    node.answer = true;
    give(b, node);
}

static bool ask(bench *b)
{
    gasp_find find;
    gasp_verify verify;
    gasp_verify_run *run = NULL;
    gasp_commit commit;
    bool moved = false;
    if (gasp_stage_find(b->stage, &find) == GASP_OK) {
        assert_err(gasp_wallet_find(b->f.w.wallet, &find), GASP_OK);
        assert_err(gasp_stage_found(b->stage, &find), GASP_OK);
        gasp_find_clear(&find);
        moved = true;
    }
    if (gasp_stage_verify(b->stage, &verify) == GASP_OK) {
        assert_err(gasp_wallet_verify(b->f.w.wallet, &run, &verify, NULL, 0), GASP_OK);
        gasp_wallet_verify_end(run, &verify);
        assert_err(gasp_stage_verified(b->stage, &verify), GASP_OK);
        gasp_verify_clear(&verify);
        moved = true;
    }
    if (gasp_stage_commit(b->stage, &commit) == GASP_OK) {
        for (size_t i = 0; i < commit.n_graphs; i++)
            for (size_t k = 0; k < commit.graphs[i].n_nodes; k++)
                b->kept = b->kept || commit.graphs[i].nodes[k].keep;
        assert_err(gasp_wallet_commit(b->f.w.wallet, &commit, made_time(9)), GASP_OK);
        assert_err(gasp_stage_committed(b->stage, &commit), GASP_OK);
        gasp_commit_clear(&commit);
        moved = true;
    }
    return moved;
}

/* All questions, then the verdicts with what they point to. */
static void settle(bench *b)
{
    gasp_stage_verdict v;
    while (ask(b)) {
    }
    while (gasp_stage_verdict_next(b->stage, &v) == GASP_OK) {
        told *t = &b->verdicts[b->n_verdicts++];
        t->v = v;
        assert_true(v.n_roots <= 4 && v.n_spent <= 4 && v.entries.len <= sizeof t->entries && b->n_verdicts < 16);
        for (size_t i = 0; i < v.n_roots; i++)
            t->roots[i] = v.roots[i];
        for (size_t i = 0; i < v.n_spent; i++)
            t->spent[i] = v.spent[i];
        for (size_t i = 0; i < v.entries.len; i++)
            t->entries[i] = v.entries.data[i];
    }
}

static bool same(const gasp_txid *a, const gasp_txid *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static void expect_want(bench *b, const gasp_txid *txid)
{
    gasp_stage_want want;
    assert_err(gasp_stage_want_next(b->stage, &want), GASP_OK);
    assert_true(same(&want.outpoint.txid, txid));
    assert_false(want.metadata);
    assert_false(want.again);
    assert_true(want.max_len > 0);
    assert_err(gasp_stage_want_next(b->stage, &want), GASP_DONE);
}

static void expect_no_want(bench *b)
{
    gasp_stage_want want;
    assert_err(gasp_stage_want_next(b->stage, &want), GASP_DONE);
}

/* One verdict, about a spend. */
static void expect_spend(bench *b, const gasp_txid *spender, gasp_err err, bool stored)
{
    settle(b);
    assert_int_equal(b->n_verdicts, 1);
    assert_true(b->verdicts[0].v.spend);
    assert_true(same(&b->verdicts[0].v.txid, spender));
    assert_err(b->verdicts[0].v.err, err);
    assert_int_equal(b->verdicts[0].v.stored, stored);
    assert_true(gasp_stage_idle(b->stage));
    b->n_verdicts = 0;
}

/* ---- announced spends ---------------------------------------------------------------------------------------------- */

static void a_spender_is_wanted_and_kept(void **state)
{
    (void)state;
    bench b;
    gasp_txid spender;
    bench_init(&b);
    gasp_outpoint prev[2] = {{b.f.parent, 0}, {b.f.parent, 1}};
    gasp_outpoint foreign = {{{9}}, 0};
    gasp_bytes raw = made_spend(&spender, prev, 2, 1000, 1, 0);
    assert_int_equal(made_spendable(b.f.w.wallet), 4);
    for (size_t i = 0; i < 2; i++) /* several outputs, one of them none of ours: one verdict */
        assert_err(gasp_stage_spend(b.stage, &prev[i], &spender), GASP_OK);
    assert_err(gasp_stage_spend(b.stage, &foreign, &spender), GASP_OK);
    assert_false(gasp_stage_idle(b.stage));
    settle(&b);
    assert_int_equal(b.n_verdicts, 0);
    assert_false(gasp_stage_idle(b.stage));
    expect_want(&b, &spender);
    give_answer(&b, raw);
    expect_spend(&b, &spender, GASP_OK, true);
    assert_true(b.kept);
    assert_int_equal(made_spendable(b.f.w.wallet), 2);
    stage_begin(&b, NULL); /* once more: it is here */
    assert_err(gasp_stage_spend(b.stage, &prev[1], &spender), GASP_OK);
    expect_spend(&b, &spender, GASP_OK, false);
    expect_no_want(&b);
    bench_clear(&b);
    test_release(raw);
}

static void spends_that_are_not_taken(void **state)
{
    (void)state;
    bench b;
    gasp_txid spender;
    gasp_txid lost;
    bench_init(&b);
    gasp_outpoint prev = {b.f.parent, 0};
    gasp_outpoint other = {b.f.parent, 1};
    gasp_outpoint foreign = {{{9}}, 0};
    const gasp_collection stranger = {{7}};
    gasp_bytes raw = made_spend(&spender, &prev, 1, 1000, 1, 0);
    assert_err(gasp_stage_spend(b.stage, &foreign, &spender), GASP_OK);
    expect_spend(&b, &spender, GASP_ERR_VERIFY_NOT_ASKED, false);
    expect_no_want(&b);
    /* For another collection nothing of this is known. */
    stage_begin(&b, &stranger);
    assert_err(gasp_stage_spend(b.stage, &prev, &spender), GASP_OK);
    expect_spend(&b, &spender, GASP_ERR_VERIFY_NOT_ASKED, false);
    stage_begin(&b, NULL);
    assert_err(gasp_stage_spend(b.stage, &other, &spender), GASP_OK);
    settle(&b);
    expect_want(&b, &spender);
    give_answer(&b, raw);
    expect_spend(&b, &spender, GASP_ERR_VERIFY_NO_SPEND, false);
    assert_int_equal(made_spendable(b.f.w.wallet), 4);
    stage_begin(&b, NULL);
    assert_err(gasp_stage_spend(b.stage, &prev, &spender), GASP_OK);
    settle(&b);
    expect_want(&b, &spender);
    assert_err(gasp_stage_absent(b.stage, &spender), GASP_OK);
    expect_spend(&b, &spender, GASP_ERR_VERIFY_NO_PARENT, false);
    assert_err(gasp_stage_spend(b.stage, &prev, &spender), GASP_OK); /* a refused one stays refused */
    expect_spend(&b, &spender, GASP_ERR_VERIFY_NO_PARENT, false);
    /* It spends a second output whose transaction is not given. */
    stage_begin(&b, NULL);
    gasp_outpoint two[2] = {prev, foreign};
    gasp_bytes orphan = made_spend(&lost, two, 2, 1000, 1, 0);
    assert_err(gasp_stage_spend(b.stage, &prev, &lost), GASP_OK);
    settle(&b);
    expect_want(&b, &lost);
    give_answer(&b, orphan);
    settle(&b);
    expect_want(&b, &foreign.txid);
    assert_err(gasp_stage_absent(b.stage, &foreign.txid), GASP_OK);
    expect_spend(&b, &lost, GASP_ERR_VERIFY_NO_PARENT, false);
    bench_clear(&b);
    test_release(raw);
    test_release(orphan);
}

/* No room for one more node. */
static void a_full_stage_takes_no_spend(void **state)
{
    (void)state;
    gasp_stage *stage = NULL;
    gasp_stage_verdict v;
    gasp_find find;
    const gasp_stage_config config = {.max_nodes = 1, .max_bytes = 1000};
    const gasp_outpoint prev = {{{1}}, 0};
    const gasp_txid spender[2] = {{{2}}, {{3}}};
    assert_err(gasp_stage_new(&stage, &config), GASP_OK);
    for (size_t i = 0; i < 2; i++)
        assert_err(gasp_stage_spend(stage, &prev, &spender[i]), GASP_OK);
    assert_err(gasp_stage_verdict_next(stage, &v), GASP_OK);
    assert_true(v.spend && same(&v.txid, &spender[1]));
    assert_err(v.err, GASP_ERR_VERIFY_POLICY);
    assert_err(gasp_stage_verdict_next(stage, &v), GASP_DONE);
    assert_err(gasp_stage_find(stage, &find), GASP_OK);
    assert_int_equal(find.n_spends, 1);
    gasp_find_clear(&find);
    gasp_stage_free(stage);
}

/* The spender is offered as well: before it is announced, after, and when it is staged and verified already. */
static void a_spender_that_is_a_root_is_one(void **state)
{
    (void)state;
    for (int when = 0; when < 4; when++) {
        bench b;
        gasp_txid spender;
        bench_init(&b);
        gasp_outpoint prev = {b.f.parent, 2};
        gasp_bytes raw = made_spend(&spender, &prev, 1, 1000, 2, 0);
        gasp_stage_node node = node_of(raw);
        node.roots = both;
        node.n_roots = when < 2 ? 2 : 0;
        if (when == 0)
            assert_err(gasp_stage_spend(b.stage, &prev, &spender), GASP_OK);
        give(&b, node);
        if (when >= 2)
            settle(&b);
        if (when == 3) /* somebody stands on it meanwhile, or so the sender says */
            assert_err(gasp_stage_absent(b.stage, &spender), GASP_OK);
        if (when > 0)
            assert_err(gasp_stage_spend(b.stage, &prev, &spender), GASP_OK);
        settle(&b);
        assert_int_equal(b.n_verdicts, 1);
        assert_true(b.verdicts[0].v.spend);
        assert_int_equal(b.verdicts[0].v.root, when < 2);
        assert_err(b.verdicts[0].v.err, GASP_OK);
        assert_true(b.verdicts[0].v.stored);
        assert_true(gasp_stage_idle(b.stage));
        expect_no_want(&b);
        assert_int_equal(made_spendable(b.f.w.wallet), when < 2 ? 5 : 3);
        bench_clear(&b);
        test_release(raw);
    }
}

/* ---- what a verdict tells ------------------------------------------------------------------------------------------ */

static size_t one_entry(uint8_t *out, size_t cap)
{
    const gasp_bytes name = {(const uint8_t *)"a", 1};
    const gasp_bytes value = {(const uint8_t *)"bc", 2};
    gasp_entry entry;
    gasp_entries entries;
    gasp_writer w = gasp_writer_fixed(out, cap);
    bool changed;
    gasp_entries_init(&entries, NULL);
    assert_err(gasp_entry_make(&entry, NULL, NULL, name, 5, value), GASP_OK);
    assert_err(gasp_entries_put(&entries, &changed, &entry), GASP_OK);
    gasp_entries_encode(&w, &entries);
    gasp_entries_clear(&entries);
    assert_err(w.err, GASP_OK);
    return w.len;
}

/* Everything that the sender told comes back, for the one that is refused and the one that is kept. */
static void a_verdict_tells_what_was_offered(void **state)
{
    (void)state;
    for (int good = 0; good < 2; good++) {
        bench b;
        gasp_txid txid;
        uint8_t entries[100];
        bench_init(&b);
        gasp_outpoint prev = {b.f.parent, 3};
        gasp_bytes raw = made_spend(&txid, &prev, 1, 1000, 2, 0);
        gasp_stage_node node = node_of(raw);
        node.roots = both;
        node.n_roots = 2;
        node.entries = (gasp_bytes){entries, one_entry(entries, sizeof entries)};
        if (!good) {
            node.proven = node.has_block = true;
            node.height = 77;
            node.index = 5;
            memset(node.block.b, 0xbb, sizeof node.block.b);
            node.bump = (gasp_bytes){entries, 3};
        }
        give(&b, node);
        settle(&b);
        assert_int_equal(b.n_verdicts, 1);
        const told *t = &b.verdicts[0];
        assert_err(t->v.err, good ? GASP_OK : GASP_ERR_PROOF_NO_HEADER);
        assert_int_equal(t->v.n_roots, 2);
        assert_memory_equal(t->roots, both, sizeof both);
        assert_int_equal(t->v.entries.len, node.entries.len);
        assert_memory_equal(t->entries, entries, node.entries.len);
        assert_int_equal(t->v.proven, !good);
        assert_false(t->v.known);
        assert_int_equal(t->v.bytes, raw.len);
        if (!good) {
            assert_int_equal(t->v.told.height, 77);
            assert_int_equal(t->v.told.index, 5);
            assert_memory_equal(t->v.told.block.b, node.block.b, 32);
        }
        bench_clear(&b);
        test_release(raw);
    }
}

/* Offered without its bytes and not held: it is wanted, and what came with the offer stays. */
static void a_known_root_that_is_not_held_is_wanted(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) { /* it comes; it does not; it has not got the output */
        bench b;
        gasp_txid txid;
        uint8_t entries[100];
        const uint32_t vout[] = {way == 2 ? 9 : 1};
        bench_init(&b);
        gasp_outpoint prev = {b.f.parent, 3};
        gasp_bytes raw = made_spend(&txid, &prev, 1, 1000, 2, 0);
        gasp_stage_node offer = {.txid = txid, .roots = vout, .n_roots = 1};
        offer.entries = (gasp_bytes){entries, one_entry(entries, sizeof entries)};
        give(&b, offer);
        settle(&b);
        assert_int_equal(b.n_verdicts, 0);
        assert_false(gasp_stage_idle(b.stage));
        assert_false(gasp_stage_has(b.stage, &txid));
        expect_want(&b, &txid);
        give(&b, offer); /* said again meanwhile */
        settle(&b);
        expect_no_want(&b);
        if (way == 1)
            assert_err(gasp_stage_absent(b.stage, &txid), GASP_OK);
        else
            give_answer(&b, raw);
        settle(&b);
        assert_int_equal(b.n_verdicts, 1);
        const told *t = &b.verdicts[0];
        const gasp_err outcome[] = {GASP_OK, GASP_ERR_VERIFY_NO_PARENT, GASP_ERR_VERIFY_NO_OUTPOINT};
        assert_err(t->v.err, outcome[way]);
        assert_true(t->v.root && t->v.known);
        assert_int_equal(t->roots[0], vout[0]);
        assert_int_equal(t->v.entries.len, offer.entries.len);
        assert_memory_equal(t->entries, entries, offer.entries.len);
        assert_true(gasp_stage_idle(b.stage));
        assert_int_equal(made_spendable(b.f.w.wallet), 4); /* one spent and one more, or what there was */
        bench_clear(&b);
        test_release(raw);
    }
}

/* The wallet knows who spends an offered output, and the verdict says so; to another collection it does not. */
static void spent_outputs_are_told(void **state)
{
    (void)state;
    const uint32_t three[] = {0, 1, 2};
    bench b;
    gasp_txid spender;
    made_report report;
    bench_init(&b);
    gasp_outpoint prev = {b.f.parent, 1};
    gasp_bytes raw = made_spend(&spender, &prev, 1, 1000, 1, 0);
    assert_err(made_add(b.f.w.wallet, raw, NULL, 3, &report), GASP_OK);
    made_expect(&report, &spender, GASP_FATE_COMMITTED, GASP_OK);
    give(&b, (gasp_stage_node){.txid = b.f.parent, .roots = three, .n_roots = 3});
    settle(&b);
    assert_int_equal(b.n_verdicts, 1);
    assert_err(b.verdicts[0].v.err, GASP_OK);
    assert_int_equal(b.verdicts[0].v.n_spent, 1);
    assert_memory_equal(&b.verdicts[0].spent[0].outpoint, &prev, sizeof prev);
    assert_true(same(&b.verdicts[0].spent[0].spender, &spender));
    assert_false(b.verdicts[0].spent[0].anchored);
    const gasp_collection stranger = {{7}};
    stage_begin(&b, &stranger);
    gasp_stage_node node = node_of(b.f.parent_raw);
    node.roots = three;
    node.n_roots = 3;
    give(&b, node);
    gasp_find find;
    assert_err(gasp_stage_find(b.stage, &find), GASP_OK);
    assert_int_equal(find.n_spents, 3);
    assert_err(gasp_wallet_find(b.f.w.wallet, &find), GASP_OK);
    for (size_t i = 0; i < 3; i++)
        assert_false(find.spents[i].spent);
    gasp_find_clear(&find);
    bench_clear(&b);
    test_release(raw);
}

/* A proven transaction spends an input: whoever stands on that learns which one it is. */
static void a_rival_is_told(void **state)
{
    (void)state;
    bench b;
    gasp_txid rival;
    gasp_txid first;
    gasp_txid second;
    made_report report;
    bench_init(&b);
    gasp_outpoint prev = {b.f.parent, 0};
    gasp_bytes rival_raw = made_spend(&rival, &prev, 1, 1000, 1, 5);
    gasp_bytes first_raw = made_spend(&first, &prev, 1, 1000, 1, 6);
    gasp_outpoint next = {first, 0};
    gasp_bytes second_raw = made_spend(&second, &next, 1, 1000, 1, 0);
    gasp_bump *bump = made_block_in(b.f.w.wallet, 11, &rival, 1);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, rival_raw, bump);
    gasp_bytes file = made_beef_end(beef);
    assert_err(made_add(b.f.w.wallet, file, NULL, 3, &report), GASP_OK);
    made_expect(&report, &rival, GASP_FATE_COMMITTED, GASP_OK);
    gasp_stage_node node = node_of(second_raw);
    node.roots = both;
    node.n_roots = 1;
    give(&b, node);
    settle(&b);
    expect_want(&b, &first);
    give_answer(&b, first_raw);
    settle(&b);
    assert_int_equal(b.n_verdicts, 2);
    assert_err(b.verdicts[0].v.err, GASP_ERR_VERIFY_SPENT);
    assert_err(b.verdicts[1].v.err, GASP_ERR_VERIFY_PARENT);
    for (size_t i = 0; i < 2; i++) {
        const told *t = &b.verdicts[i];
        assert_err(t->v.cause_err, GASP_ERR_VERIFY_SPENT);
        assert_true(same(&t->v.cause, &first));
        assert_int_equal(t->v.n_spent, 1);
        assert_memory_equal(&t->spent[0].outpoint, &prev, sizeof prev);
        assert_true(same(&t->spent[0].spender, &rival));
        assert_true(t->spent[0].anchored);
    }
    bench_clear(&b);
    gasp_bump_free(bump);
    test_release(file);
    test_release(rival_raw);
    test_release(first_raw);
    test_release(second_raw);
}

/* ---- load ---------------------------------------------------------------------------------------------------------- */

static void a_load_stops_at_its_bytes(void **state)
{
    (void)state;
    bench b;
    bench_init(&b);
    size_t one = 0;
    for (size_t i = 0; i < 4; i++) {
        gasp_load load = {.n_nodes = 5, .mem = gasp_mem_default()};
        load.nodes = gasp_mem_zalloc_array(load.mem, 5, sizeof *load.nodes);
        assert_non_null(load.nodes);
        for (size_t k = 0; k < 5; k++)
            load.nodes[k].txid = b.f.parent;
        load.max_bytes = i == 0 ? 0 : i * one;
        assert_err(gasp_wallet_load(b.f.w.wallet, &load), GASP_OK);
        assert_int_equal(load.n_loaded, i == 0 ? 1 : i);
        for (size_t k = 0; k < 5; k++)
            assert_int_equal(load.nodes[k].found, k < load.n_loaded);
        const gasp_load_node *node = &load.nodes[0];
        one = node->raw->len + node->entries->len + node->bump->len + node->n_inputs * sizeof *node->inputs;
        gasp_load_clear(&load);
    }
    bench_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spender_is_wanted_and_kept),     cmocka_unit_test(spends_that_are_not_taken),
        cmocka_unit_test(a_full_stage_takes_no_spend),      cmocka_unit_test(a_spender_that_is_a_root_is_one),
        cmocka_unit_test(a_verdict_tells_what_was_offered), cmocka_unit_test(a_known_root_that_is_not_held_is_wanted),
        cmocka_unit_test(spent_outputs_are_told),           cmocka_unit_test(a_rival_is_told),
        cmocka_unit_test(a_load_stops_at_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
