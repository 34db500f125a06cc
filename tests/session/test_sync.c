/* Whole rounds between two wallets, on real blocks. The sending wallet offers only the ends of chains of unproven
 * transactions, so that the receiver has to ask for everything below; how much that is, is counted here from the block. */
#include <stdlib.h>
#include <string.h>

#include "session/pair.h"

/* A wallet with the chosen part of a block's chains. */
static test_wallet wallet_of(const test_block *block, size_t parts, size_t from, size_t to)
{
    test_wallet w = test_wallet_new(GASP_NETWORK_MAIN, NULL);
    test_block_trust(block, w.wallet);
    if (from < to) {
        size_t committed;
        gasp_bytes beef = test_block_beef(block, parts, from, to);
        assert_err(test_add(w.wallet, beef, &committed), GASP_OK);
        assert_true(committed > 0);
        test_release(beef);
    }
    return w;
}

/* Everything goes to an empty wallet: each parent is wanted once, whoever begins, in whatever pieces bytes come. */
static void whole_block(const char *name, uint32_t height, size_t unproven, size_t depth)
{
    test_block block = test_block_load(name, height);
    assert_int_equal(block.n_roots + block.n_inner, unproven);
    assert_int_equal(block.depth, depth);
    for (int way = 0; way < 3; way++) {
        test_wallet full = wallet_of(&block, 1, 0, 1);
        test_wallet empty = wallet_of(&block, 1, 0, 0);
        gasp_session_config config[2];
        gasp_session_stats stats;
        pair p;
        int taker = way == 1;
        pair_config(config, taker == 0 ? empty.wallet : full.wallet, taker == 0 ? full.wallet : empty.wallet);
        pair_start(&p, config);
        p.piece = way == 2 ? 997 : 0;
        pair_run(&p);
        pair_assert_complete(&p);
        gasp_session_count(p.side[taker].session, &stats);
        assert_int_equal(stats.roots_in, block.n_roots);
        assert_int_equal(stats.wants_out, block.n_inner + block.n_proven);
        assert_int_equal(stats.invs_in, block.n_roots + block.n_inner + block.n_proven);
        assert_int_equal(stats.scripts, block.n_roots + block.n_inner);
        assert_int_equal(stats.absent_in, 0);
        assert_int_equal(stats.refused, 0);
        assert_int_equal(p.side[taker].committed, block.n_roots);
        assert_same_outputs(full.wallet, empty.wallet);
        assert_true(test_output_count(empty.wallet) > 0);
        if (way == 0)
            print_message(
                "count: block %u: %zu unproven, %zu deep, %zu roots, %zu wants, %llu bytes, %llu round trips\n", height,
                block.n_roots + block.n_inner, block.depth, block.n_roots, (size_t)stats.wants_out,
                (unsigned long long)stats.bytes_in, (unsigned long long)stats.round_trips);
        pair_free(&p);
        test_wallet_free(&full);
        test_wallet_free(&empty);
    }
    test_block_free(&block);
}

static void block_413567(void **state)
{
    (void)state;
    whole_block("blocks/mainnet-413567.block", 413567, 181, 18);
}

static void block_705985(void **state)
{
    (void)state;
    whole_block("blocks/bsv-mainnet-705985.block", 705985, 49, 10);
}

/* Two wallets with overlapping parts end with the union, and a second round is over after one round trip. */
static void overlapping_parts(void **state)
{
    (void)state;
    test_block block = test_block_load("blocks/bsv-mainnet-705985.block", 705985);
    test_wallet a = wallet_of(&block, 3, 0, 2);
    test_wallet b = wallet_of(&block, 3, 1, 3);
    test_wallet all = wallet_of(&block, 1, 0, 1);
    gasp_session_config config[2];
    gasp_session_stats stats;
    pair p;
    pair_config(config, a.wallet, b.wallet);
    pair_start(&p, config);
    pair_run(&p);
    pair_assert_complete(&p);
    assert_false(p.side[0].opened.opened.equal);
    assert_same_outputs(a.wallet, b.wallet);
    assert_same_outputs(a.wallet, all.wallet);
    pair_free(&p);
    pair_start(&p, config);
    pair_run(&p);
    pair_assert_complete(&p);
    assert_true(p.side[0].opened.opened.equal);
    assert_true(p.side[1].opened.opened.equal);
    gasp_session_count(p.side[0].session, &stats);
    assert_int_equal(stats.round_trips, 1);
    assert_int_equal(stats.invs_in + stats.invs_out, 0);
    pair_free(&p);
    test_wallet_free(&a);
    test_wallet_free(&b);
    test_wallet_free(&all);
    test_block_free(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_413567),
        cmocka_unit_test(block_705985),
        cmocka_unit_test(overlapping_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
