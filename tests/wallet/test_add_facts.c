/* What comes later: proofs of what is held, proofs that are wrong, transactions in conflict, graphs that are large, and calls
 * that are wrong. */
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "lib/random.h"
#include "record/entry.h"
#include "wallet/made.h"
#include "wallet/questions.h"

/* ---- new facts ----------------------------------------------------------------------------------------------------- */

/* A proof for what is held unproven is taken, also when the transaction is only an ancestor in the file. */
static void proofs_come_later(void **state)
{
    (void)state;
    for (int as_ancestor = 0; as_ancestor < 2; as_ancestor++) {
        made_funded f = made_funds();
        made_report report;
        gasp_txid child;
        gasp_txid next;
        gasp_held held;
        gasp_outpoint prev = {f.parent, 0};
        gasp_bytes raw = made_spend(&child, &prev, 1, 1000, 1, 0);
        prev = (gasp_outpoint){child, 0};
        gasp_bytes last = made_spend(&next, &prev, 1, 1000, 1, 0);
        assert_err(made_add(f.w.wallet, raw, NULL, 200, &report), GASP_OK);
        assert_err(made_add(f.w.wallet, last, NULL, 201, &report), GASP_OK);
        made_expect(&report, &next, GASP_FATE_COMMITTED, GASP_OK);
        gasp_bump *bump = made_block_in(f.w.wallet, 11, &child, 1);
        gasp_beef *beef = made_beef();
        made_beef_add(beef, raw, bump);
        if (as_ancestor == 1)
            made_beef_add(beef, last, NULL);
        gasp_bytes bytes = made_beef_end(beef);
        assert_err(made_add(f.w.wallet, bytes, NULL, 202, &report), GASP_OK);
        made_expect(&report, &child, GASP_FATE_COMMITTED, GASP_OK);
        if (as_ancestor == 1)
            made_expect(&report, &next, GASP_FATE_KNOWN, GASP_OK);
        assert_err(gasp_wallet_transaction(f.w.wallet, &held, &child), GASP_OK);
        assert_non_null(held.anchor);
        assert_int_equal(held.anchor->height, 11);
        assert_int_equal(held.arrived_ms, 200);
        gasp_held_clear(&held);
        gasp_data out = {0};
        gasp_beef *given = NULL;
        assert_err(gasp_wallet_export(f.w.wallet, &out, &next, GASP_EXPORT_BEEF), GASP_OK);
        assert_err(gasp_beef_decode(&given, (gasp_bytes){out.data, out.len}, NULL, NULL), GASP_OK);
        assert_int_equal(gasp_beef_tx_count(given), 2); /* it ends at the first proof now */
        gasp_beef_free(given);
        gasp_data_clear(&out);
        gasp_bump_free(bump);
        test_release(raw);
        test_release(last);
        test_release(bytes);
        made_funds_clear(&f);
    }
}

/* What a peer says of a held transaction without its bytes: outputs that it does not have are refused, and with them all
 * that was said; a graph beside it is kept. */
static void news_must_fit(void **state)
{
    (void)state;
    made_funded f = made_funds();
    const gasp_txid unknown = {{6}};
    for (int i = 0; i < 6; i++) {
        const uint32_t roots[] = {i == 0 ? 4U : 3U};
        const uint32_t vout = i == 1 ? 4 : 3;
        gasp_entry entry;
        gasp_buf buf;
        gasp_buf_init(&buf, 1000, NULL);
        gasp_writer wr = gasp_writer_growing(&buf);
        assert_err(gasp_entry_make(&entry, NULL, &vout, (gasp_bytes){(const uint8_t *)"n", 1}, (uint64_t)(i + 1),
                                   (gasp_bytes){(const uint8_t *)"v", 1}),
                   GASP_OK);
        gasp_entries_encode(&wr, &(gasp_entries){&entry, 1, 1, NULL});
        gasp_commit_node nodes[2] = {{.txid = f.parent}, {.txid = f.parent}};
        gasp_commit_graph graphs[2] = {{.nodes = &nodes[0], .n_nodes = 1}, {.nodes = &nodes[1], .n_nodes = 1}};
        gasp_commit commit = {.graphs = graphs, .n_graphs = 2};
        nodes[0].roots = roots;
        nodes[0].n_roots = 1;
        nodes[0].entries = gasp_buf_view(&buf);
        if (i == 2)
            nodes[0].txid = unknown; /* not held (any more): it has to be gathered again */
        if (i == 3) {
            nodes[0].proven = true; /* in a block that is not in the best chain (any more) */
            nodes[0].anchor = (gasp_anchor){.height = 10};
        }
        gasp_bytes before = made_dump(f.w.kv);
        assert_err(gasp_wallet_commit(f.w.wallet, &commit, made_time(700)), GASP_OK);
        static const gasp_err verdicts[] = {GASP_ERR_VERIFY_NO_OUTPOINT,
                                            GASP_ERR_VERIFY_NO_OUTPOINT,
                                            GASP_AGAIN,
                                            GASP_ERR_PROOF_NO_HEADER,
                                            GASP_OK,
                                            GASP_OK};
        assert_err(graphs[0].verdict, verdicts[i]);
        assert_int_equal(graphs[0].changed, i >= 4);
        assert_err(graphs[1].verdict, GASP_OK);
        assert_false(graphs[1].changed);
        gasp_bytes after = made_dump(f.w.kv);
        assert_int_equal(before.len != after.len || memcmp(before.data, after.data, after.len) != 0, i >= 4);
        test_release(before);
        test_release(after);
        gasp_buf_clear(&buf);
    }
    gasp_held held;
    assert_err(gasp_wallet_transaction(f.w.wallet, &held, &f.parent), GASP_OK);
    assert_int_equal(held.n_entries, 1);
    assert_int_equal(held.entries[0].timestamp_us, 6); /* the later one won */
    gasp_held_clear(&held);
    made_funds_clear(&f);
}

/* A proof that names the right height and another root; a path that does not hold the transaction. */
static void wrong_proofs(void **state)
{
    (void)state;
    made_funded f = made_funds();
    made_report report;
    gasp_txid txid;
    gasp_txid other = {{8}};
    uint8_t raw80[80];
    gasp_bytes raw = made_fund(&txid, 1, 1000, 99);
    gasp_bump *elsewhere = made_block(raw80, 10, &txid, 1); /* not the header that is trusted at 10 */
    gasp_bump *without = made_block_in(f.w.wallet, 12, &other, 1);
    for (int i = 0; i < 2; i++) {
        gasp_beef *beef = made_beef();
        made_beef_add(beef, raw, i == 0 ? elsewhere : without);
        gasp_bytes bytes = made_beef_end(beef);
        assert_err(made_add(f.w.wallet, bytes, NULL, 300, &report), GASP_OK);
        made_expect(&report, &txid, GASP_FATE_REFUSED, i == 0 ? GASP_ERR_PROOF_ROOT : GASP_ERR_PROOF_NOT_LEAF);
        assert_int_equal(report.list[0].height, i == 0 ? 10 : 12);
        test_release(bytes);
    }
    gasp_bump_free(elsewhere);
    gasp_bump_free(without);
    test_release(raw);
    made_funds_clear(&f);
}

/* Two unproven spends of one output are both kept; beside a proven one none is. */
static gasp_err count_spent(void *ctx, const gasp_change *change)
{
    *(size_t *)ctx += change->kind == GASP_CHANGE_SPENT;
    return GASP_OK;
}

static void conflicts(void **state)
{
    size_t told = 0;
    (void)state;
    made_funded f = made_funds();
    made_report report;
    gasp_txid ids[3];
    gasp_bytes raws[3];
    gasp_outpoint prev = {f.parent, 0};
    for (uint32_t i = 0; i < 3; i++)
        raws[i] = made_spend(&ids[i], &prev, 1, 1000, 1, i);
    for (size_t i = 0; i < 2; i++) {
        assert_err(made_add(f.w.wallet, raws[i], NULL, 200, &report), GASP_OK);
        made_expect(&report, &ids[i], GASP_FATE_COMMITTED, GASP_OK);
    }
    assert_err(gasp_wallet_changes(f.w.wallet, 0, count_spent, &told), GASP_OK);
    assert_int_equal(told, 1); /* it was spent once, whoever else tries */
    gasp_bump *bump = made_block_in(f.w.wallet, 11, &ids[1], 1);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, raws[1], bump);
    gasp_bytes bytes = made_beef_end(beef);
    assert_err(made_add(f.w.wallet, bytes, NULL, 201, &report), GASP_OK);
    made_expect(&report, &ids[1], GASP_FATE_COMMITTED, GASP_OK);
    assert_err(made_add(f.w.wallet, raws[2], NULL, 202, &report), GASP_OK);
    made_expect(&report, &ids[2], GASP_FATE_REFUSED, GASP_ERR_VERIFY_SPENT);
    assert_int_equal(made_spendable(f.w.wallet), 3 + 1); /* the rival does not stand any more */
    gasp_data out = {0};
    assert_err(gasp_wallet_export(f.w.wallet, &out, &ids[0], GASP_EXPORT_BEEF), GASP_ERR_PROOF_NO_HEADER);
    gasp_bump_free(bump);
    test_release(bytes);
    for (size_t i = 0; i < 3; i++)
        test_release(raws[i]);
    made_funds_clear(&f);
}

/* As many unproven spends of one output as are kept, one more, and the proven one that ends it. */
static void too_many_rivals(void **state)
{
    (void)state;
    enum { MOST = 256 };
    made_funded f = made_funds();
    made_report report;
    gasp_outpoint prev = {f.parent, 0};
    for (uint32_t i = 0; i <= MOST; i++) {
        gasp_txid txid;
        gasp_bytes raw = made_spend(&txid, &prev, 1, 1000, 1, i);
        assert_err(made_add(f.w.wallet, raw, NULL, 200 + i, &report), GASP_OK);
        made_expect(&report, &txid, i < MOST ? GASP_FATE_COMMITTED : GASP_FATE_REFUSED,
                    i < MOST ? GASP_OK : GASP_ERR_VERIFY_POLICY);
        if (i == MOST) {
            gasp_bump *bump = made_block_in(f.w.wallet, 11, &txid, 1);
            gasp_beef *beef = made_beef();
            made_beef_add(beef, raw, bump);
            gasp_bytes bytes = made_beef_end(beef);
            assert_err(made_add(f.w.wallet, bytes, NULL, 1000, &report), GASP_OK);
            made_expect(&report, &txid, GASP_FATE_COMMITTED, GASP_OK);
            gasp_bump_free(bump);
            test_release(bytes);
        }
        test_release(raw);
    }
    assert_int_equal(made_spendable(f.w.wallet), 3 + 1);
    made_funds_clear(&f);
}

/* ---- size ---------------------------------------------------------------------------------------------------------- */

/* A chain of 3,000 in one file, and one transaction that spends 2,000 outputs of one other: neither needs long. */
static void large_graphs(void **state)
{
    (void)state;
    enum { DEPTH = 3000, WIDTH = 2000 };
    size_t depth = DEPTH / test_one_in();
    size_t width = WIDTH / test_one_in();
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_txid txid;
    gasp_bytes raw = made_fund(&txid, 1, 1000, 1);
    gasp_bump *bump = made_block_in(w.wallet, 10, &txid, 1);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, raw, bump);
    test_release(raw);
    for (size_t i = 0; i < depth; i++) {
        gasp_outpoint prev = {txid, 0};
        raw = made_spend(&txid, &prev, 1, 1000, 1, 0);
        made_beef_add(beef, raw, NULL);
        test_release(raw);
    }
    gasp_bytes bytes = made_beef_end(beef);
    gasp_add_config config;
    gasp_add_config_init(&config);
    assert_err(gasp_wallet_add(w.wallet, bytes.data, bytes.len, &config, made_time(1), NULL, NULL, NULL), GASP_OK);
    assert_int_equal(made_spendable(w.wallet), 1);
    gasp_data out = {0};
    assert_err(gasp_wallet_export(w.wallet, &out, &txid, GASP_EXPORT_BEEF), GASP_OK);
    assert_int_equal(out.len, bytes.len);
    assert_memory_equal(out.data, bytes.data, out.len);
    gasp_data_clear(&out);
    test_release(bytes);
    gasp_bump_free(bump);
    /* wide */
    gasp_outpoint *prevs = calloc(width, sizeof *prevs);
    made_report report;
    assert_non_null(prevs);
    raw = made_fund(&txid, width, 10, 2);
    bump = made_block_in(w.wallet, 11, &txid, 1);
    for (size_t i = 0; i < width; i++)
        prevs[i] = (gasp_outpoint){txid, (uint32_t)i};
    beef = made_beef();
    made_beef_add(beef, raw, bump);
    bytes = made_beef_end(beef);
    assert_err(made_add(w.wallet, bytes, NULL, 2, &report), GASP_OK);
    assert_int_equal(made_spendable(w.wallet), 1 + width);
    test_release(raw);
    raw = made_spend(&txid, prevs, width, 10, 1, 0);
    assert_err(made_add(w.wallet, raw, NULL, 3, &report), GASP_OK);
    made_expect(&report, &txid, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(made_spendable(w.wallet), 2);
    print_message("count: wallet a chain of %zu taken in and exported byte for byte, %zu outputs of one spent by one\n",
                  depth, width);
    free(prevs);
    gasp_bump_free(bump);
    test_release(raw);
    test_release(bytes);
    made_close(&w);
}

/* ---- wrong calls --------------------------------------------------------------------------------------------------- */

static gasp_err stop(void *ctx, const gasp_verdict *verdict)
{
    (void)verdict;
    ++*(size_t *)ctx;
    return GASP_ERR_LIMIT;
}

static void wrong_input(void **state)
{
    (void)state;
    made_funded f = made_funds();
    gasp_add_config config;
    gasp_fault fault = {0};
    made_report report;
    size_t seen = 0;
    gasp_data out = {0};
    const gasp_txid unknown = {{1}};
    gasp_add_config_init(&config);
    static const uint8_t beef[] = {1, 0, 0xbe, 0xef, 0};
    assert_err(gasp_wallet_add(f.w.wallet, beef, 0, &config, made_time(1), NULL, NULL, NULL), GASP_ERR_FORMAT_UNKNOWN);
    assert_err(gasp_wallet_add(f.w.wallet, beef, sizeof beef, &config, made_time(1), NULL, NULL, &fault),
               GASP_ERR_SHORT);
    assert_int_equal(fault.at, 5);
    assert_err(made_add(f.w.wallet, (gasp_bytes){f.parent_raw.data, f.parent_raw.len - 1}, NULL, 1, &report),
               GASP_ERR_SHORT);
    assert_err(
        gasp_wallet_add(f.w.wallet, f.parent_raw.data, f.parent_raw.len, &config, made_time(1), stop, &seen, NULL),
        GASP_ERR_LIMIT);
    assert_int_equal(seen, 1);
    config.size = 0;
    assert_err(gasp_wallet_add(f.w.wallet, beef, sizeof beef, &config, made_time(1), NULL, NULL, NULL),
               GASP_ERR_MISUSE);
    assert_err(gasp_wallet_export(f.w.wallet, &out, &unknown, GASP_EXPORT_BEEF), GASP_ABSENT);
    assert_err(gasp_wallet_export(f.w.wallet, &out, &f.parent, (gasp_export)3), GASP_ERR_MISUSE);
    made_funds_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_come_later), cmocka_unit_test(news_must_fit),   cmocka_unit_test(wrong_proofs),
        cmocka_unit_test(conflicts),         cmocka_unit_test(too_many_rivals), cmocka_unit_test(large_graphs),
        cmocka_unit_test(wrong_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
