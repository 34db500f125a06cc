/* Proofs that come for what is held: what is kept of a path, what each hash is told, and that proofs of several blocks,
 * best or beside, anchor a transaction again when the chain goes there. Each wallet is checked whole at its end. */
#include <string.h>

#include "wallet/told.h"
#include "wallet/view.h"

/* How many proofs of a transaction the store has. */
static gasp_err count_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)ctx;
    return GASP_OK;
}

static size_t proofs(told_world *x, const told_tx *tx)
{
    size_t n = 0;
    gasp_txn txn;
    gasp_key prefix = gasp_key_proofs(&tx->txid);
    assert_err(gasp_txn_look(&txn, x->w), GASP_OK);
    assert_err(gasp_txn_scan(&txn, &prefix, count_row, &n), GASP_OK);
    gasp_txn_end(&txn);
    return n;
}

static gasp_verdict one(const made_report *report, size_t n, size_t i, const told_tx *tx, gasp_fate fate, gasp_err err)
{
    assert_int_equal(report->n, n);
    assert_memory_equal(report->list[i].txid.b, tx->txid.b, 32);
    assert_int_equal(report->list[i].fate, fate);
    assert_err(report->list[i].err, err);
    assert_err(report->list[i].cause_err, err);
    assert_memory_equal(report->list[i].cause.b, tx->txid.b, 32);
    return report->list[i];
}

/* A compound path of four, of which two are held, one flagged: each held one gets its own; once. */
static void a_compound_path(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), child = told_spend(&fund, 0, 2, 2), pair = told_spend(&fund, 1, 2, 3),
            stranger = told_spend(NULL, 0, 1, 4), other = told_spend(NULL, 0, 1, 5);
    const told_tx *first[] = {&fund};
    const told_tx *list[] = {&child, &stranger, &pair, &other};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    told_block block = told_block_of(&base.header, list, 4, 2);
    told_header(&x, &base.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &child, NULL, 2, GASP_FATE_COMMITTED);
    told_add(&x, &pair, NULL, 2, GASP_FATE_COMMITTED);
    told_shows(&x, &child, 0, "s");
    told_seen before = told_look(&x, &child, 0);

    /* No header yet: aside, and nothing is kept. */
    uint64_t seq = told_seq(&x);
    made_report report = told_prove(&x, block.bytes);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(report.list[i].height, 2);
    one(&report, 4, 0, &child, GASP_FATE_ASIDE, GASP_ERR_PROOF_NO_HEADER);
    one(&report, 4, 1, &stranger, GASP_FATE_UNNEEDED, GASP_OK);
    one(&report, 4, 2, &pair, GASP_FATE_ASIDE, GASP_ERR_PROOF_NO_HEADER);
    one(&report, 4, 3, &other, GASP_FATE_UNNEEDED, GASP_OK);
    assert_int_equal(proofs(&x, &child), 0);
    assert_int_equal(told_seq(&x), seq);

    told_header(&x, &block.header);
    report = told_prove(&x, block.bytes);
    one(&report, 4, 0, &child, GASP_FATE_COMMITTED, GASP_OK);
    one(&report, 4, 1, &stranger, GASP_FATE_UNNEEDED, GASP_OK);
    one(&report, 4, 2, &pair, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&x, &child, 0, "s+");
    told_shows(&x, &pair, 1, "s+");
    told_seen after = told_look(&x, &child, 0);
    assert_memory_not_equal(before.out.state.b, after.out.state.b, 32);
    assert_int_equal(after.anchor.height, 2);
    assert_int_equal(after.anchor.index, 1);
    assert_int_equal(told_look(&x, &pair, 0).anchor.index, 3);
    assert_string_equal(told_changes(&x, &child, 0, seq), "T");
    told_held(&x, &stranger, false);

    /* Kept is its own path, not the compound one. */
    gasp_held held;
    gasp_bump *own = NULL, *want = NULL;
    uint8_t bytes[512];
    size_t len = sizeof bytes;
    assert_err(gasp_wallet_transaction(x.w, &held, &pair.txid), GASP_OK);
    assert_true(held.stands && !held.contested);
    assert_err(gasp_bump_decode(&own, held.bump, NULL, NULL), GASP_OK);
    assert_err(gasp_bump_trim(&want, block.bump, &pair.txid, 1, NULL), GASP_OK);
    assert_err(gasp_bump_encode(want, bytes, sizeof bytes, &len), GASP_OK);
    assert_int_equal(held.bump.len, len);
    assert_memory_equal(held.bump.data, bytes, len);
    gasp_bump_free(own);
    gasp_bump_free(want);
    gasp_held_clear(&held);

    seq = told_seq(&x);
    report = told_prove(&x, block.bytes);
    one(&report, 4, 0, &child, GASP_FATE_KNOWN, GASP_OK);
    one(&report, 4, 2, &pair, GASP_FATE_KNOWN, GASP_OK);
    assert_int_equal(told_seq(&x), seq);
    assert_int_equal(proofs(&x, &child), 1);
    told_tx *all[] = {&fund, &child, &pair, &stranger, &other};
    for (size_t i = 0; i < 5; i++)
        told_free(all[i]);
    told_block_free(&base);
    told_block_free(&block);
    told_end(&x);
}

/* A held transaction that the path names without a flag is proven, too; what is neither held nor flagged is not told. */
static void unflagged_hashes(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), child = told_spend(&fund, 0, 2, 2), stranger = told_spend(NULL, 0, 1, 4);
    const told_tx *first[] = {&fund};
    const told_tx *list[] = {&child, &stranger};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    told_block block = told_block_of(&base.header, list, 2, 2);
    gasp_bump *of_stranger = NULL;
    uint8_t bytes[512];
    size_t len;
    told_header(&x, &base.header);
    told_header(&x, &block.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &child, NULL, 2, GASP_FATE_COMMITTED);
    /* Leaves: coinbase 0, child 1, stranger 2, duplicate 3. A path of 2 has 2, 3 and the node of 0 and 1: child is not in
     * it. A path of 0 has 0 and 1. */
    gasp_txid coinbase = {{2}};
    coinbase.b[31] = 0xcb;
    const gasp_txid txids[] = {coinbase, child.txid, stranger.txid};
    const size_t which = 0;
    assert_err(gasp_bump_from_block(&of_stranger, block.header.height, txids, 3, &which, 1, NULL), GASP_OK);
    assert_err(gasp_bump_encode(of_stranger, bytes, sizeof bytes, &len), GASP_OK);
    made_report report = told_prove(&x, (gasp_bytes){bytes, len});
    assert_int_equal(report.n, 2);
    assert_memory_equal(report.list[0].txid.b, coinbase.b, 32);
    assert_int_equal(report.list[0].fate, GASP_FATE_UNNEEDED);
    one(&report, 2, 1, &child, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&x, &child, 0, "s+");
    gasp_bump_free(of_stranger);
    told_free(&fund);
    told_free(&child);
    told_free(&stranger);
    told_block_free(&base);
    told_block_free(&block);
    told_end(&x);
}

/* Of a block that is held at no branch, or that cannot be read: refused, and nothing is changed. */
static void wrong_roots_and_bytes(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), child = told_spend(&fund, 0, 2, 2);
    const told_tx *first[] = {&fund};
    const told_tx *list[] = {&child};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    told_block block = told_block_of(&base.header, list, 1, 2), unknown = told_block_of(&base.header, list, 1, 3);
    gasp_fault fault = {0};
    told_header(&x, &base.header);
    told_header(&x, &block.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &child, NULL, 2, GASP_FATE_COMMITTED);
    gasp_bytes before = made_dump(x.kv);
    made_report report = told_prove(&x, unknown.bytes);
    one(&report, 1, 0, &child, GASP_FATE_REFUSED, GASP_ERR_PROOF_ROOT);
    assert_int_equal(report.list[0].height, 2);
    assert_err(gasp_wallet_prove(x.w, block.bytes.data, block.bytes.len - 1, told_now(&x), NULL, NULL, &fault),
               GASP_ERR_SHORT);
    assert_err(fault.err, GASP_ERR_SHORT);
    assert_err(gasp_wallet_prove(x.w, NULL, 0, told_now(&x), NULL, NULL, NULL), GASP_ERR_SHORT);
    gasp_bytes after = made_dump(x.kv);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);
    /* Nobody needs to listen. */
    assert_err(gasp_wallet_prove(x.w, block.bytes.data, block.bytes.len, told_now(&x), NULL, NULL, NULL), GASP_OK);
    told_shows(&x, &child, 0, "s+");
    test_release(before);
    test_release(after);
    told_free(&fund);
    told_free(&child);
    told_block_free(&base);
    told_block_free(&block);
    told_block_free(&unknown);
    told_end(&x);
}

static gasp_err stop(void *ctx, const gasp_verdict *verdict)
{
    (void)verdict;
    ++*(int *)ctx;
    return GASP_ERR_LIMIT;
}

/* What a visit answers ends the visits and is answered; what was kept is kept. */
static void a_visit_ends_it(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), a = told_spend(&fund, 0, 1, 2), b = told_spend(&fund, 1, 1, 3);
    const told_tx *first[] = {&fund};
    const told_tx *list[] = {&a, &b};
    told_block base = told_block_of(&x.genesis, first, 1, 1), block = told_block_of(&base.header, list, 2, 2);
    int visits = 0;
    told_header(&x, &base.header);
    told_header(&x, &block.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &a, NULL, 1, GASP_FATE_COMMITTED);
    told_add(&x, &b, NULL, 1, GASP_FATE_COMMITTED);
    assert_err(gasp_wallet_prove(x.w, block.bytes.data, block.bytes.len, told_now(&x), stop, &visits, NULL),
               GASP_ERR_LIMIT);
    assert_int_equal(visits, 1);
    told_shows(&x, &a, 0, "s+");
    told_shows(&x, &b, 0, "s+");
    told_free(&fund);
    told_free(&a);
    told_free(&b);
    told_block_free(&base);
    told_block_free(&block);
    told_end(&x);
}

/* Proofs in three branches of one block each, given while the first is best: each branch anchors it when it is best, and
 * nothing has to be given again. */
static void every_branch_anchors(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), child = told_spend(&fund, 0, 2, 2),
            grandchild = told_spend(&child, 1, 1, 3);
    const told_tx *first[] = {&fund};
    const told_tx *list[] = {&child};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    told_block in[3];
    mined_header tip[3];
    told_header(&x, &base.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &child, NULL, 2, GASP_FATE_COMMITTED);
    told_add(&x, &grandchild, NULL, 1, GASP_FATE_COMMITTED);
    for (uint32_t i = 0; i < 3; i++) {
        in[i] = told_block_of(&base.header, list, 1, 10 + i);
        told_header(&x, &in[i].header);
        tip[i] = in[i].header;
    }
    mined_tip_is(x.w, &tip[0]);
    /* Branches beside the best one are known by height and root; where none has the root it is refused. */
    made_report report = told_prove(&x, in[1].bytes);
    one(&report, 1, 0, &child, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&x, &child, 0, "s");
    report = told_prove(&x, in[0].bytes);
    one(&report, 1, 0, &child, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&x, &child, 0, "s+");
    report = told_prove(&x, in[1].bytes);
    one(&report, 1, 0, &child, GASP_FATE_KNOWN, GASP_OK);
    /* The third one comes in a BEEF, for one that is anchored already. */
    gasp_verdict v = told_add(&x, &child, &in[2], 0, GASP_FATE_COMMITTED);
    assert_err(v.err, GASP_OK);
    v = told_add(&x, &child, &in[2], 0, GASP_FATE_KNOWN);
    assert_int_equal(proofs(&x, &child), 3);
    mined_healthy(x.w);
    for (size_t turn = 0; turn < 6; turn++) {
        size_t i = turn % 3;
        gasp_header_info best;
        assert_err(gasp_wallet_headers_tip(x.w, &best), GASP_OK);
        tip[i] = told_grow(&x, &tip[i], best.height - tip[i].height + 1, 20 + (uint32_t)turn);
        mined_tip_is(x.w, &tip[i]);
        told_shows(&x, &child, 0, "s+");
        told_shows(&x, &child, 1, "x+");
        told_shows(&x, &grandchild, 0, "s");
        assert_memory_equal(told_look(&x, &child, 0).anchor.block.b, in[i].header.hash.b, 32);
        mined_healthy(x.w);
    }
    assert_null(strchr(told_changes(&x, &child, 0, 0), 'U'));
    told_free(&fund);
    told_free(&child);
    told_free(&grandchild);
    told_block_free(&base);
    for (size_t i = 0; i < 3; i++)
        told_block_free(&in[i]);
    told_end(&x);
}

/* A header that fell out of the best chain, and one that a longer run put beside it at once, are both beside; of a stale
 * proof nothing is anchored, and one that was never held here is refused with it. */
static void beside_by_reorganisation(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), child = told_spend(&fund, 0, 2, 2), fresh = told_spend(NULL, 0, 1, 9);
    const told_tx *first[] = {&fund};
    const told_tx *list[] = {&child, &fresh};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    told_block fell = told_block_of(&base.header, list, 2, 2), never = told_block_of(&base.header, list, 2, 3);
    told_header(&x, &base.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &child, NULL, 2, GASP_FATE_COMMITTED);
    told_header(&x, &fell.header);
    mined_header tip = told_grow(&x, &base.header, 3, 5);
    mined_tip_is(x.w, &tip);
    told_header(&x, &never.header);
    made_report report = told_prove(&x, fell.bytes);
    one(&report, 2, 0, &child, GASP_FATE_COMMITTED, GASP_OK);
    one(&report, 2, 1, &fresh, GASP_FATE_UNNEEDED, GASP_OK);
    report = told_prove(&x, never.bytes);
    one(&report, 2, 0, &child, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&x, &child, 0, "s");
    gasp_verdict v = told_add(&x, &fresh, &fell, 1, GASP_FATE_REFUSED);
    assert_err(v.err, GASP_ERR_PROOF_ROOT);
    told_held(&x, &fresh, false);
    mined_healthy(x.w);
    (void)told_grow(&x, &fell.header, 3, 6);
    told_shows(&x, &child, 0, "s+");
    (void)told_grow(&x, &never.header, 4, 7);
    told_shows(&x, &child, 0, "s+");
    assert_memory_equal(told_look(&x, &child, 0).anchor.block.b, never.header.hash.b, 32);
    told_free(&fund);
    told_free(&child);
    told_free(&fresh);
    told_block_free(&base);
    told_block_free(&fell);
    told_block_free(&never);
    told_end(&x);
}

/* Two blocks of one chain that hold it (only headers by decree can be such): the lower one is the anchor, in whatever
 * order they come, and whichever of them comes in last. */
static void the_lowest_of_two(void **state)
{
    (void)state;
    for (int order = 0; order < 3; order++) {
        told_world x = told_begin();
        told_tx fund = told_spend(NULL, 0, 2, 1);
        const told_tx *list[] = {&fund};
        mined_header low = mined_orphan(49, 1), high = mined_orphan(59, 2), other = mined_orphan(50, 3);
        told_block at50 = told_block_of(&low, list, 1, 5), at60 = told_block_of(&high, list, 1, 6);
        assert_err(gasp_wallet_headers_trust(x.w, at60.header.raw80, 60, told_now(&x)), GASP_OK);
        if (order < 2)
            assert_err(gasp_wallet_headers_trust(x.w, at50.header.raw80, 50, told_now(&x)), GASP_OK);
        told_add(&x, &fund, order == 1 ? &at50 : &at60, 2, GASP_FATE_COMMITTED);
        if (order == 2) {
            assert_int_equal(told_look(&x, &fund, 0).anchor.height, 60);
            /* Its block is beside first, then by decree in the chain. */
            assert_err(gasp_wallet_headers_trust(x.w, at50.header.raw80, 50, told_now(&x)), GASP_OK);
            assert_err(gasp_wallet_headers_trust(x.w, other.raw80, 50, told_now(&x)), GASP_OK);
            told_prove(&x, at50.bytes);
            assert_int_equal(told_look(&x, &fund, 0).anchor.height, 60);
            assert_err(gasp_wallet_headers_trust(x.w, at50.header.raw80, 50, told_now(&x)), GASP_OK);
        } else {
            told_add(&x, &fund, order == 1 ? &at60 : &at50, 0, GASP_FATE_COMMITTED);
        }
        assert_int_equal(told_look(&x, &fund, 0).anchor.height, 50);
        assert_int_equal(proofs(&x, &fund), 2);
        mined_healthy(x.w);
        assert_err(gasp_wallet_headers_trust(x.w, other.raw80, 50, told_now(&x)), GASP_OK);
        assert_int_equal(told_look(&x, &fund, 0).anchor.height, 60);
        told_free(&fund);
        told_block_free(&at50);
        told_block_free(&at60);
        told_end(&x);
    }
}

/* A header that was trusted at one height, and is trusted at another one now, proves nothing at the first. */
static void a_header_that_moved(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), child = told_spend(&fund, 0, 1, 2);
    const told_tx *first[] = {&fund};
    const told_tx *list[] = {&child};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    mined_header below = mined_orphan(49, 1), other = mined_orphan(50, 3);
    told_block block = told_block_of(&below, list, 1, 5);
    told_header(&x, &base.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &child, NULL, 1, GASP_FATE_COMMITTED);
    assert_err(gasp_wallet_headers_trust(x.w, block.header.raw80, 50, told_now(&x)), GASP_OK);
    assert_err(gasp_wallet_headers_trust(x.w, other.raw80, 50, told_now(&x)), GASP_OK);
    assert_err(gasp_wallet_headers_trust(x.w, block.header.raw80, 70, told_now(&x)), GASP_OK);
    made_report report = told_prove(&x, block.bytes);
    one(&report, 1, 0, &child, GASP_FATE_REFUSED, GASP_ERR_PROOF_ROOT);
    assert_int_equal(proofs(&x, &child), 0);
    mined_healthy(x.w);
    assert_err(gasp_wallet_headers_trust(x.w, block.header.raw80, 50, told_now(&x)), GASP_OK);
    report = told_prove(&x, block.bytes);
    one(&report, 1, 0, &child, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&x, &child, 0, "s+");
    told_free(&fund);
    told_free(&child);
    told_block_free(&base);
    told_block_free(&block);
    told_end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compound_path),       cmocka_unit_test(unflagged_hashes),
        cmocka_unit_test(wrong_roots_and_bytes), cmocka_unit_test(a_visit_ends_it),
        cmocka_unit_test(every_branch_anchors),  cmocka_unit_test(beside_by_reorganisation),
        cmocka_unit_test(the_lowest_of_two),     cmocka_unit_test(a_header_that_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
