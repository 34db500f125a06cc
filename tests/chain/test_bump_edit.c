/* Merkle paths made from blocks and from other paths, as properties over random blocks of 1..300 transactions, and over
 * real blocks, whose root stands in their header. The tree they are compared with is written here, level by level. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chain/bump.h"
#include "chain/bump_kept.h"
#include "crypto/hash.h"
#include "gasp/block.h"
#include "lib/data.h"
#include "lib/random.h"

enum { MOST = 300 };

static gasp_merkle_root root_by_levels(const gasp_txid *txids, size_t n)
{
    gasp_merkle_root root;
    uint8_t(*row)[32] = malloc(32 * (n + 1));
    for (size_t i = 0; i < n; i++)
        memcpy(row[i], txids[i].b, 32);
    for (; n > 1; n = (n + 1) / 2) {
        if (n % 2 == 1)
            memcpy(row[n], row[n - 1], 32);
        for (size_t i = 0; i < (n + 1) / 2; i++) {
            uint8_t both[64];
            memcpy(both, row[2 * i], 64);
            gasp_sha256d(row[i], both, 64);
        }
    }
    memcpy(root.b, row[0], 32);
    free(row);
    return root;
}

static gasp_bytes encoded(const gasp_bump *bump)
{
    size_t len = 0;
    assert_err(gasp_bump_encode(bump, NULL, 0, &len), GASP_OK);
    uint8_t *out = malloc(len);
    assert_err(gasp_bump_encode(bump, out, len, &len), GASP_OK);
    return (gasp_bytes){out, len};
}

static void assert_same(const gasp_bump *a, const gasp_bump *b)
{
    gasp_bytes first = encoded(a), second = encoded(b);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    test_release(first);
    test_release(second);
}

/* Written and read again it is the same path with the same root, and it is canonical already. */
static void assert_canonical(const gasp_bump *bump)
{
    gasp_bump *again = NULL, *canonical = NULL;
    gasp_bytes bytes = encoded(bump);
    assert_err(gasp_bump_decode(&again, bytes, NULL, NULL), GASP_OK);
    assert_same(again, bump);
    assert_memory_equal(gasp_bump_root(again).b, gasp_bump_root(bump).b, 32);
    assert_int_equal(gasp_bump_txid_count(again), gasp_bump_txid_count(bump));
    assert_err(gasp_bump_canonical(&canonical, again, NULL), GASP_OK);
    assert_same(canonical, bump);
    gasp_bump_free(again);
    gasp_bump_free(canonical);
    test_release(bytes);
}

typedef struct block {
    gasp_txid txids[MOST];
    size_t n;
    size_t selected[MOST];
    size_t n_selected;
} block;

/* A random block and a random choice of 1..most of it, in random order without repeats. */
static void random_block(block *b, test_random *r, size_t most)
{
    size_t all[MOST];
    b->n = 1 + (size_t)test_random_below(r, MOST);
    test_random_fill(r, b->txids, b->n * sizeof b->txids[0]);
    for (size_t i = 0; i < b->n; i++)
        all[i] = i;
    b->n_selected = 1 + (size_t)test_random_below(r, b->n < most ? b->n : most);
    for (size_t i = 0; i < b->n_selected; i++) {
        size_t k = i + (size_t)test_random_below(r, b->n - i);
        b->selected[i] = all[k];
        all[k] = all[i];
    }
}

static gasp_bump *path_of(const block *b, const size_t *selected, size_t n)
{
    gasp_bump *bump = NULL;
    assert_err(gasp_bump_from_block(&bump, 800000, b->txids, b->n, selected, n, NULL), GASP_OK);
    return bump;
}

static void check_from_block(const block *b, const gasp_bump *bump)
{
    gasp_merkle_root want = root_by_levels(b->txids, b->n), got = gasp_bump_root(bump);
    uint8_t top[32];
    assert_memory_equal(got.b, want.b, 32);
    assert_int_equal(gasp_bump_height(bump), 800000);
    assert_err(gasp_bump_node(bump, top, gasp_bump_tree_height(bump), 0), GASP_OK);
    assert_memory_equal(top, want.b, 32);
    for (size_t i = 0; i < b->n_selected; i++) {
        uint64_t index = 0;
        assert_err(gasp_bump_find(bump, &index, &b->txids[b->selected[i]]), GASP_OK);
        assert_true(index == b->selected[i]);
    }
    size_t flagged = 0;
    for (size_t i = 0; i < gasp_bump_leaf_count(bump, 0); i++) {
        const gasp_bump_leaf *leaf = gasp_bump_leaf_at(bump, 0, i);
        if (leaf->flags == GASP_BUMP_DUPLICATE)
            assert_true(leaf->offset == b->n);
        else
            assert_memory_equal(leaf->hash, b->txids[leaf->offset].b, 32);
        flagged += leaf->flags == GASP_BUMP_TXID;
    }
    assert_int_equal(flagged, b->n_selected);
    assert_canonical(bump);
}

/* One path of many is the many merged, in one step and one by one, and each of the many is it trimmed. */
static void check_merge_and_trim(const block *b, const gasp_bump *compound)
{
    gasp_bump *single[MOST], *merged = NULL, *grown = NULL;
    for (size_t i = 0; i < b->n_selected; i++) {
        gasp_bump *trimmed = NULL;
        single[i] = path_of(b, &b->selected[i], 1);
        assert_err(gasp_bump_trim(&trimmed, compound, &b->txids[b->selected[i]], 1, NULL), GASP_OK);
        assert_same(trimmed, single[i]);
        gasp_bump_free(trimmed);
        const gasp_bump *two[] = {single[i], grown};
        assert_err(gasp_bump_merge(&trimmed, two, grown == NULL ? 1 : 2, NULL), GASP_OK);
        gasp_bump_free(grown);
        grown = trimmed;
    }
    assert_err(gasp_bump_merge(&merged, (const gasp_bump *const *)single, b->n_selected, NULL), GASP_OK);
    assert_same(merged, compound);
    assert_same(grown, compound);
    gasp_bump_free(merged);
    gasp_bump_free(grown);
    for (size_t i = 0; i < b->n_selected; i++)
        gasp_bump_free(single[i]);
}

/* All of the many at once. */
static void check_split(const block *b, const gasp_bump *compound)
{
    gasp_txid some[MOST];
    gasp_bump *outs[MOST];
    for (size_t i = 0; i < b->n_selected; i++)
        some[i] = b->txids[b->selected[i]];
    assert_err(gasp_bump_split(outs, compound, some, b->n_selected, NULL), GASP_OK);
    for (size_t i = 0; i < b->n_selected; i++) {
        gasp_bump *want = path_of(b, &b->selected[i], 1);
        assert_same(outs[i], want);
        assert_canonical(outs[i]);
        gasp_bump_free(want);
        gasp_bump_free(outs[i]);
    }
}

/* As bytes: each one cut out is what splitting gives; joined, in any order, they are what merging gives. */
static void check_kept(const block *b, const gasp_bump *compound)
{
    gasp_txid some[MOST];
    gasp_data cuts[MOST];
    gasp_bytes views[MOST];
    gasp_bump *singles[MOST], *merged = NULL;
    gasp_data joined = {0};
    for (size_t i = 0; i < b->n_selected; i++) {
        some[i] = b->txids[b->selected[i]];
        singles[i] = path_of(b, &b->selected[i], 1);
    }
    assert_err(gasp_bump_cut(cuts, compound, some, b->n_selected, NULL), GASP_OK);
    for (size_t i = 0; i < b->n_selected; i++) {
        gasp_bytes want = encoded(singles[i]);
        assert_int_equal(cuts[i].len, want.len);
        assert_memory_equal(cuts[i].data, want.data, want.len);
        views[i] = (gasp_bytes){cuts[i].data, cuts[i].len};
        test_release(want);
    }
    assert_err(gasp_bump_merge(&merged, (const gasp_bump *const *)singles, b->n_selected, NULL), GASP_OK);
    assert_err(gasp_bump_join(&joined, views, b->n_selected, NULL), GASP_OK);
    gasp_bytes want = encoded(merged);
    assert_int_equal(joined.len, want.len);
    assert_memory_equal(joined.data, want.data, want.len);
    test_release(want);
    gasp_data_clear(&joined);
    gasp_bump_free(merged);
    for (size_t i = 0; i < b->n_selected; i++) {
        gasp_data_clear(&cuts[i]);
        gasp_bump_free(singles[i]);
    }
}

static void check_trim_to_some(const block *b, const gasp_bump *compound)
{
    gasp_txid some[MOST];
    size_t n = (b->n_selected + 1) / 2;
    gasp_bump *trimmed = NULL, *want = path_of(b, b->selected, n);
    for (size_t i = 0; i < n; i++)
        some[i] = b->txids[b->selected[i]];
    assert_err(gasp_bump_trim(&trimmed, compound, some, n, NULL), GASP_OK);
    assert_same(trimmed, want);
    gasp_bump_free(trimmed);
    gasp_bump_free(want);
}

/* The same leaves in another order: kept so, and the canonical form is the path again. */
static void check_shuffled(const gasp_bump *bump, test_random *r)
{
    size_t n_in_level[GASP_BUMP_LEVELS_MAX], at = 0, levels = gasp_bump_levels(bump);
    gasp_bump_leaf *leaves = calloc(16 * MOST, sizeof *leaves);
    gasp_bump *shuffled = NULL, *back = NULL;
    for (size_t level = 0; level < levels; level++) {
        size_t n = n_in_level[level] = gasp_bump_leaf_count(bump, level);
        for (size_t i = 0; i < n; i++)
            leaves[at + i] = *gasp_bump_leaf_at(bump, level, i);
        for (size_t i = n; i > 1; i--) {
            size_t k = (size_t)test_random_below(r, i);
            gasp_bump_leaf leaf = leaves[at + k];
            leaves[at + k] = leaves[at + i - 1];
            leaves[at + i - 1] = leaf;
        }
        at += n;
    }
    assert_err(gasp_bump_from_leaves(&shuffled, 800000, levels, n_in_level, leaves, NULL, NULL), GASP_OK);
    assert_memory_equal(gasp_bump_leaf_at(shuffled, 0, 0), &leaves[0], sizeof leaves[0]);
    assert_memory_equal(gasp_bump_root(shuffled).b, gasp_bump_root(bump).b, 32);
    assert_err(gasp_bump_canonical(&back, shuffled, NULL), GASP_OK);
    assert_same(back, bump);
    gasp_bump_free(shuffled);
    gasp_bump_free(back);
    free(leaves);
}

/* Level 0 alone: the same root, and merged with a path of the block the path of all. */
static void check_alone(const block *b, const gasp_bump *compound)
{
    size_t all[MOST];
    gasp_bump_leaf leaves[MOST] = {0};
    gasp_bump *alone = NULL, *merged = NULL;
    for (size_t i = 0; i < b->n; i++) {
        all[i] = i;
        leaves[i] = (gasp_bump_leaf){.offset = i, .flags = GASP_BUMP_TXID};
        memcpy(leaves[i].hash, b->txids[i].b, 32);
    }
    assert_err(gasp_bump_from_leaves(&alone, 800000, 1, &b->n, leaves, NULL, NULL), GASP_OK);
    assert_memory_equal(gasp_bump_root(alone).b, gasp_bump_root(compound).b, 32);
    assert_int_equal(gasp_bump_tree_height(alone), gasp_bump_tree_height(compound));
    const gasp_bump *two[] = {compound, alone};
    assert_err(gasp_bump_merge(&merged, two, 2, NULL), GASP_OK);
    gasp_bump *want = path_of(b, all, b->n);
    assert_same(merged, want);
    gasp_bump_free(alone);
    gasp_bump_free(merged);
    gasp_bump_free(want);
}

static void random_blocks(void **state)
{
    (void)state;
    test_random r = test_random_start("bump, random blocks");
    size_t rounds = 400 / test_one_in();
    block b;
    for (size_t i = 0; i < rounds; i++) {
        random_block(&b, &r, i % 4 == 0 ? MOST : 12);
        gasp_bump *compound = path_of(&b, b.selected, b.n_selected);
        check_from_block(&b, compound);
        if (b.n_selected <= 40)
            check_merge_and_trim(&b, compound);
        if (b.n_selected <= 40)
            check_split(&b, compound);
        check_kept(&b, compound);
        check_trim_to_some(&b, compound);
        check_shuffled(compound, &r);
        check_alone(&b, compound);
        gasp_bump_free(compound);
    }
    print_message("count: bump: %zu random blocks\n", rounds);
}

/* One byte changed: refused, or a path whose bytes are kept. When it still has the root and the tree of the block, its
 * leaves are the block's transactions at their own places. */
static void one_byte_changed(void **state)
{
    (void)state;
    test_random r = test_random_start("bump, one byte changed");
    size_t rounds = 200 / test_one_in(), refused = 0, other_root = 0, same_root = 0;
    block b;
    for (size_t i = 0; i < rounds; i++) {
        random_block(&b, &r, 6);
        gasp_bump *bump = path_of(&b, b.selected, b.n_selected);
        gasp_bytes bytes = encoded(bump);
        for (size_t k = 0; k < 100; k++) {
            gasp_bump *got = NULL;
            uint8_t *at = (uint8_t *)(uintptr_t)bytes.data + test_random_below(&r, bytes.len), was = *at;
            *at ^= (uint8_t)(1 + test_random_below(&r, k % 2 == 0 ? 255 : 3));
            gasp_fault fault = {0};
            if (gasp_bump_decode(&got, bytes, NULL, &fault) != GASP_OK) {
                assert_true(fault.at <= bytes.len);
                refused++;
            } else {
                gasp_bytes again = encoded(got);
                assert_int_equal(again.len, bytes.len);
                assert_memory_equal(again.data, bytes.data, bytes.len);
                test_release(again);
                bool same = memcmp(gasp_bump_root(got).b, gasp_bump_root(bump).b, 32) == 0 &&
                            gasp_bump_tree_height(got) == gasp_bump_tree_height(bump);
                for (size_t l = 0; same && l < gasp_bump_leaf_count(got, 0); l++) {
                    const gasp_bump_leaf *leaf = gasp_bump_leaf_at(got, 0, l);
                    if (leaf->flags != GASP_BUMP_DUPLICATE && leaf->offset < b.n)
                        assert_memory_equal(leaf->hash, b.txids[leaf->offset].b, 32);
                }
                same_root += same;
                other_root += !same;
            }
            gasp_bump_free(got);
            *at = was;
        }
        test_release(bytes);
        gasp_bump_free(bump);
    }
    print_message("count: bump: one byte changed: %zu refused, %zu with another root, %zu with the same\n", refused,
                  other_root, same_root);
    assert_true(refused > 0 && other_root > 0 && same_root > 0);
}

/* -- refusals ---------------------------------------------------------------------------------------------------------
 */

static void wrong_arguments(void **state)
{
    (void)state;
    gasp_txid txids[4] = {{{1}}, {{2}}, {{3}}, {{4}}}, stranger = {{9}};
    size_t selected[] = {1, 4};
    gasp_bump *bump = NULL, *out = NULL;
    assert_err(gasp_bump_from_block(&bump, 1, txids, 0, selected, 1, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_bump_from_block(&bump, 1, txids, 4, selected, 0, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_bump_from_block(&bump, 1, txids, 4, selected, 2, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_bump_from_block(&bump, 1, txids, (size_t)GASP_BUMP_LEAVES_MAX + 1, selected, 1, NULL),
               GASP_ERR_LIMIT);
    txids[1] = txids[0];
    assert_err(gasp_bump_from_block(&bump, 1, txids, 4, selected, 1, NULL), GASP_ERR_BUMP_DUPLICATE);
    assert_null(bump);
    txids[1].b[0] = 7;
    selected[1] = 1; /* twice: counts once */
    assert_err(gasp_bump_from_block(&bump, 1, txids, 4, selected, 2, NULL), GASP_OK);
    assert_err(gasp_bump_trim(&out, bump, txids, 0, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_bump_trim(&out, bump, &stranger, 1, NULL), GASP_ERR_PROOF_NOT_LEAF);
    assert_err(gasp_bump_trim(&out, bump, &txids[2], 1, NULL), GASP_ERR_PROOF_NOT_LEAF);
    assert_err(gasp_bump_merge(&out, NULL, 0, NULL), GASP_ERR_MISUSE);
    gasp_bump *outs[2] = {bump, bump};
    const gasp_txid two[2] = {txids[1], stranger};
    assert_err(gasp_bump_split(outs, bump, two, 0, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_bump_split(outs, bump, two, 2, NULL), GASP_ERR_PROOF_NOT_LEAF);
    assert_null(outs[0]);
    assert_null(outs[1]);
    assert_null(out);
    gasp_data cuts[2];
    assert_err(gasp_bump_cut(cuts, bump, two, 2, NULL), GASP_ERR_PROOF_NOT_LEAF);
    assert_null(cuts[0].data);
    assert_null(cuts[1].data);
    gasp_bump_free(bump);
    size_t none = 0;
    gasp_fault fault = {0};
    assert_err(gasp_bump_from_leaves(&bump, 1, 0, NULL, NULL, NULL, &fault), GASP_ERR_BUMP_LEVELS);
    assert_err(gasp_bump_from_leaves(&bump, 1, 65, NULL, NULL, NULL, &fault), GASP_ERR_BUMP_LEVELS);
    assert_err(gasp_bump_from_leaves(&bump, 1, 1, &none, NULL, NULL, &fault), GASP_ERR_BUMP_EMPTY_LEVEL);
}

static void paths_of_different_blocks(void **state)
{
    (void)state;
    gasp_txid txids[4] = {{{1}}, {{2}}, {{3}}, {{4}}}, inner[2];
    size_t first = 0;
    gasp_bump *path[4] = {NULL}, *out = NULL;
    assert_err(gasp_bump_from_block(&path[0], 1, txids, 4, &first, 1, NULL), GASP_OK);
    assert_err(gasp_bump_from_block(&path[1], 2, txids, 4, &first, 1, NULL), GASP_OK); /* another height */
    /* The same root from a tree that ends one level higher: its "transactions" are inner nodes. */
    for (size_t i = 0; i < 2; i++)
        gasp_sha256d_pair(inner[i].b, txids[2 * i].b, txids[2 * i + 1].b);
    assert_err(gasp_bump_from_block(&path[2], 1, inner, 2, &first, 1, NULL), GASP_OK);
    assert_memory_equal(gasp_bump_root(path[2]).b, gasp_bump_root(path[0]).b, 32);
    txids[3].b[5] = 1;
    assert_err(gasp_bump_from_block(&path[3], 1, txids, 4, &first, 1, NULL), GASP_OK); /* another root */
    for (size_t i = 1; i < 4; i++) {
        const gasp_bump *two[] = {path[0], path[i]};
        assert_err(gasp_bump_merge(&out, two, 2, NULL), GASP_ERR_BUMP_NOT_SAME);
    }
    for (size_t i = 0; i < 4; i++)
        gasp_bump_free(path[i]);
}

static void merging_too_much(void **state)
{
    (void)state;
    enum { N = 65536, TIMES = GASP_BUMP_LEAVES_MAX / N + 1 };
    gasp_bump_leaf *leaves = calloc(N, sizeof *leaves);
    const gasp_bump *paths[TIMES];
    size_t n = N;
    gasp_bump *alone = NULL, *out = NULL;
    for (size_t i = 0; i < N; i++) {
        leaves[i].offset = i;
        memcpy(leaves[i].hash, &i, sizeof i);
    }
    assert_err(gasp_bump_from_leaves(&alone, 1, 1, &n, leaves, NULL, NULL), GASP_OK);
    for (size_t i = 0; i < TIMES; i++)
        paths[i] = alone;
    assert_err(gasp_bump_merge(&out, paths, TIMES, NULL), GASP_ERR_LIMIT);
    assert_null(out);
    gasp_bump_free(alone);
    free(leaves);
}

/* Copies that one path flags and another writes out become one flagged copy. */
static void copies_meet(void **state)
{
    (void)state;
    gasp_txid txids[11];
    size_t last = 10;
    gasp_bump *flagged = NULL, *written = NULL, *merged = NULL;
    test_random r = test_random_start("bump, copies");
    test_random_fill(&r, txids, sizeof txids);
    assert_err(gasp_bump_from_block(&flagged, 1, txids, 11, &last, 1, NULL), GASP_OK);
    gasp_bump_leaf leaves[8];
    size_t n = 0, n_in_level[4];
    for (size_t level = 0; level < 4; level++) {
        n_in_level[level] = gasp_bump_leaf_count(flagged, level);
        for (size_t i = 0; i < n_in_level[level]; i++) {
            leaves[n] = *gasp_bump_leaf_at(flagged, level, i);
            if (leaves[n].flags == GASP_BUMP_DUPLICATE) {
                leaves[n].flags = GASP_BUMP_HASH;
                assert_err(gasp_bump_node(flagged, leaves[n].hash, level, leaves[n].offset), GASP_OK);
            }
            n++;
        }
    }
    assert_err(gasp_bump_from_leaves(&written, 1, 4, n_in_level, leaves, NULL, NULL), GASP_OK);
    assert_int_equal(gasp_bump_txid_count(written), 1);
    const gasp_bump *orders[3][2] = {{flagged, written}, {written, flagged}, {written, written}};
    for (size_t i = 0; i < 3; i++) {
        assert_err(gasp_bump_merge(&merged, orders[i], 2, NULL), GASP_OK);
        assert_same(merged, flagged);
        gasp_bump_free(merged);
    }
    gasp_bump_free(flagged);
    gasp_bump_free(written);
}

static void cut_out_of_copies(void **state)
{
    (void)state;
    gasp_txid txids[11];
    size_t all[11];
    gasp_bump *whole = NULL, *want = NULL;
    gasp_data cut = {0};
    test_random r = test_random_start("bump, cut out of copies");
    test_random_fill(&r, txids, sizeof txids);
    gasp_bump_leaf leaves[12];
    for (size_t i = 0; i < 11; i++) {
        all[i] = i;
        leaves[i] = (gasp_bump_leaf){.offset = i};
        memcpy(leaves[i].hash, txids[i].b, 32);
    }
    leaves[11] = leaves[10];
    leaves[11].offset = 11;
    /* Level 0 alone, without the copy of the last one and with it written out. */
    for (size_t n = 11; n <= 12; n++) {
        assert_err(gasp_bump_from_leaves(&whole, 1, 1, &n, leaves, NULL, NULL), GASP_OK);
        for (size_t i = 0; i < 11; i++) {
            assert_err(gasp_bump_from_block(&want, 1, txids, 11, &all[i], 1, NULL), GASP_OK);
            assert_err(gasp_bump_cut(&cut, whole, &txids[i], 1, NULL), GASP_OK);
            gasp_bytes bytes = encoded(want);
            assert_int_equal(cut.len, bytes.len);
            assert_memory_equal(cut.data, bytes.data, bytes.len);
            test_release(bytes);
            gasp_data_clear(&cut);
            gasp_bump_free(want);
        }
        gasp_bump_free(whole);
    }
}

/* What cannot have been cut by us is no path of a wallet's. */
static void joining_damage(void **state)
{
    (void)state;
    gasp_txid txids[8] = {{{1}}, {{2}}, {{3}}, {{4}}, {{5}}, {{6}}, {{7}}, {{8}}};
    size_t where[2] = {1, 6};
    gasp_bump *path[4] = {NULL};
    gasp_bytes bytes[4];
    gasp_data out = {0};
    assert_err(gasp_bump_from_block(&path[0], 1, txids, 8, &where[0], 1, NULL), GASP_OK);
    assert_err(gasp_bump_from_block(&path[1], 1, txids, 8, &where[1], 1, NULL), GASP_OK);
    assert_err(gasp_bump_from_block(&path[2], 2, txids, 8, &where[1], 1, NULL), GASP_OK); /* another height */
    assert_err(gasp_bump_from_block(&path[3], 1, txids, 4, &where[0], 1, NULL), GASP_OK); /* fewer levels */
    for (size_t i = 0; i < 4; i++)
        bytes[i] = encoded(path[i]);
    for (size_t i = 1; i < 4; i++) {
        const gasp_bytes two[2] = {bytes[0], bytes[i]};
        assert_err(gasp_bump_join(&out, two, 2, NULL), i == 1 ? GASP_OK : GASP_ERR_STORE_CORRUPT);
        gasp_data_clear(&out);
    }
    for (size_t len = 0; len < bytes[0].len; len++) {
        const gasp_bytes two[2] = {bytes[1], {bytes[0].data, len}};
        assert_err(gasp_bump_join(&out, two, 2, NULL), GASP_ERR_STORE_CORRUPT);
    }
    uint8_t longer[512];
    memcpy(longer, bytes[0].data, bytes[0].len);
    longer[bytes[0].len] = 0;
    assert_err(gasp_bump_join(&out, &(gasp_bytes){longer, bytes[0].len + 1}, 1, NULL), GASP_ERR_STORE_CORRUPT);
    for (size_t i = 0; i < 4; i++) {
        test_release(bytes[i]);
        gasp_bump_free(path[i]);
    }
}

/* -- real blocks ------------------------------------------------------------------------------------------------------
 */

static size_t check_real_block(const char *name, test_random *r)
{
    gasp_bytes bytes = test_shared_file(name);
    gasp_block real;
    size_t n = 0, selected[30];
    gasp_bump *compound = NULL, *again = NULL, *trimmed = NULL;
    assert_err(gasp_block_open(&real, bytes, NULL), GASP_OK);
    gasp_txid *txids = calloc((size_t)real.n_tx, sizeof *txids);
    gasp_tx *tx = NULL;
    while (gasp_block_next(&real, &tx, NULL, NULL) == GASP_OK) {
        txids[n++] = gasp_tx_txid(tx);
        gasp_tx_free(tx);
    }
    assert_int_equal(n, real.n_tx);
    selected[0] = n - 1; /* the odd levels */
    for (size_t i = 1; i < 30; i++)
        selected[i] = (size_t)test_random_below(r, n);
    assert_err(gasp_bump_from_block(&compound, 1, txids, n, selected, 30, NULL), GASP_OK);
    assert_memory_equal(gasp_bump_root(compound).b, real.header.root.b, 32);
    gasp_bytes path = encoded(compound);
    assert_err(gasp_bump_decode(&again, path, NULL, NULL), GASP_OK);
    for (size_t i = 0; i < 30; i++) {
        uint64_t index = 0;
        assert_err(gasp_bump_find(again, &index, &txids[selected[i]]), GASP_OK);
        assert_true(index == selected[i]);
        assert_err(gasp_bump_trim(&trimmed, again, &txids[selected[i]], 1, NULL), GASP_OK);
        assert_memory_equal(gasp_bump_root(trimmed).b, real.header.root.b, 32);
        assert_canonical(trimmed);
        gasp_bump_free(trimmed);
    }
    test_release(path);
    gasp_bump_free(compound);
    gasp_bump_free(again);
    free(txids);
    test_release(bytes);
    return n;
}

static void real_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t n;
    } blocks[] = {
        {"blocks/mainnet-227835.block", 122},  {"blocks/mainnet-227836.block", 100},
        {"blocks/mainnet-300025.block", 461},  {"blocks/mainnet-363703.block", 587},
        {"blocks/mainnet-383616.block", 1731}, {"blocks/mainnet-413567.block", 1557},
        {"blocks/mainnet-426884.block", 409},  {"blocks/bsv-mainnet-705985.block", 648},
    };
    test_random r = test_random_start("bump, real blocks");
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        assert_int_equal(check_real_block(blocks[i].name, &r), blocks[i].n);
    print_message("count: bump: roots of %zu real blocks are those of their headers\n",
                  sizeof blocks / sizeof blocks[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks),     cmocka_unit_test(one_byte_changed),
        cmocka_unit_test(wrong_arguments),   cmocka_unit_test(paths_of_different_blocks),
        cmocka_unit_test(merging_too_much),  cmocka_unit_test(copies_meet),
        cmocka_unit_test(cut_out_of_copies), cmocka_unit_test(joining_damage),
        cmocka_unit_test(real_blocks),
    };
    return cmocka_run_group_tests_name("chain/bump_edit", tests, NULL, NULL);
}
