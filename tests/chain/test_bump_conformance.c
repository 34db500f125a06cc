/* The 16 conformance cases of BRC-74 (ts-stack, merkle-path.json), each in its own meaning through our functions. Where
 * a case is about an object that is refused here, its test says so. */
#include <stdlib.h>
#include <string.h>

#include "chain/bump.h"
#include "crypto/hash.h"
#include "lib/data.h"

enum { MOST = 16 };

static json_t *document;
static size_t n_cases;

/* The document, read by the first test that asks: where it is absent each test is skipped. */
static const json_t *cases(void)
{
    if (document == NULL)
        document = test_shared_json("beef/ts-stack-merkle-path.json");
    return json_object_get(document, "vectors");
}

static int close_document(void **state)
{
    (void)state;
    json_decref(document);
    return 0;
}

/* One part of the case of that id: "input" or "expected". */
static const json_t *part(const char *id, const char *name)
{
    size_t i;
    json_t *c;
    json_array_foreach(cases(), i, c)
    {
        if (strcmp(test_json_text(c, "id"), id) == 0)
            return json_object_get(c, name);
    }
    fail_msg("no case %s", id);
    return NULL;
}

static gasp_txid txid_of(const char *text)
{
    gasp_txid txid;
    assert_err(gasp_txid_from_text(&txid, text), GASP_OK);
    return txid;
}

static size_t txids_of(gasp_txid txids[MOST], const json_t *list)
{
    size_t i;
    json_t *one;
    assert_in_range(json_array_size(list), 1, MOST);
    json_array_foreach(list, i, one) txids[i] = txid_of(json_string_value(one));
    return i;
}

static gasp_bump *decoded(const char *hex)
{
    gasp_bytes bytes = test_hex(hex);
    gasp_bump *bump = NULL;
    assert_err(gasp_bump_decode(&bump, bytes, NULL, NULL), GASP_OK);
    test_release(bytes);
    return bump;
}

static void assert_hex(const gasp_bump *bump, const char *hex)
{
    uint8_t out[2048];
    char text[2 * sizeof out + 1];
    size_t len = 0;
    assert_err(gasp_bump_encode(bump, out, sizeof out, &len), GASP_OK);
    gasp_hex_encode(text, out, len);
    assert_string_equal(text, hex);
}

static void assert_root(const gasp_bump *bump, const json_t *expected, const char *key)
{
    char text[GASP_HASH_TEXT_MAX];
    gasp_merkle_root root = gasp_bump_root(bump);
    gasp_merkle_root_to_text(text, &root);
    assert_string_equal(text, test_json_text(expected, key));
}

static size_t encoded_len(const gasp_bump *bump)
{
    size_t len = 0;
    assert_err(gasp_bump_encode(bump, NULL, 0, &len), GASP_OK);
    return len;
}

static void parse(void **state)
{
    (void)state;
    const json_t *expected = part("mp-parse-001", "expected");
    gasp_bump *bump = decoded(test_json_text(part("mp-parse-001", "input"), "bump_hex"));
    assert_int_equal(gasp_bump_height(bump), test_json_int(expected, "block_height"));
    assert_int_equal(gasp_bump_levels(bump), test_json_int(expected, "path_levels"));
    assert_int_equal(gasp_bump_leaf_count(bump, 0), test_json_int(expected, "path_level0_length"));
    gasp_bump_free(bump);

    const json_t *input = part("mp-serialize-001", "input");
    bump = decoded(test_json_text(input, "bump_hex"));
    assert_int_equal(gasp_bump_height(bump), test_json_int(input, "block_height"));
    assert_hex(bump, test_json_text(part("mp-serialize-001", "expected"), "toHex"));
    gasp_bump_free(bump);
    n_cases += 2;
}

static void compute_root(void **state)
{
    (void)state;
    static const char *const ids[] = {"mp-computeroot-001", "mp-computeroot-002", "mp-computeroot-003",
                                      "mp-single-tx-001"};
    for (size_t i = 0; i < 4; i++) {
        const json_t *input = part(ids[i], "input");
        uint64_t index;
        gasp_txid txid = txid_of(test_json_text(input, "txid"));
        gasp_bump *bump = decoded(test_json_text(input, "bump_hex"));
        assert_err(gasp_bump_find(bump, &index, &txid), GASP_OK);
        assert_root(bump, part(ids[i], "expected"), "merkle_root");
        gasp_bump_free(bump);
        n_cases++;
    }
}

static gasp_bump *alone(uint32_t height, const gasp_txid *txids, size_t n)
{
    gasp_bump_leaf leaves[MOST];
    gasp_bump *bump = NULL;
    for (size_t i = 0; i < n; i++) {
        leaves[i] = (gasp_bump_leaf){.offset = i, .flags = GASP_BUMP_TXID};
        memcpy(leaves[i].hash, txids[i].b, 32);
    }
    assert_err(gasp_bump_from_leaves(&bump, height, 1, &n, leaves, NULL, NULL), GASP_OK);
    return bump;
}

static void level_0_alone(void **state)
{
    (void)state;
    gasp_txid txids[MOST];
    const json_t *input = part("mp-compound-001", "input"), *expected = part("mp-compound-001", "expected");
    size_t n = txids_of(txids, json_object_get(input, "txids_at_level_0"));
    gasp_bump *bump = decoded(test_json_text(input, "bump_hex"));
    gasp_bump *made = alone((uint32_t)test_json_int(input, "block_height"), txids, n);
    static const char *const roots[] = {"merkle_root_for_tx0", "merkle_root_for_tx1", "merkle_root_for_tx2",
                                        "merkle_root_for_tx3"};
    for (size_t i = 0; i < 4; i++) {
        uint64_t index;
        assert_err(gasp_bump_find(bump, &index, &txids[i]), GASP_OK);
        assert_true(index == i);
        assert_root(bump, expected, roots[i]);
    }
    assert_hex(bump, test_json_text(expected, "serialized_bump_hex"));
    assert_hex(made, test_json_text(expected, "serialized_bump_hex"));
    gasp_bump_free(bump);
    gasp_bump_free(made);
    n_cases++;
}

/* fromCoinbaseTxidAndHeight is gasp_bump_from_block with a block of one. */
static void coinbase(void **state)
{
    (void)state;
    const json_t *input = part("mp-coinbase-001", "input"), *expected = part("mp-coinbase-001", "expected");
    gasp_txid txid = txid_of(test_json_text(input, "txid"));
    size_t first = 0;
    gasp_bump *bump = NULL;
    assert_err(gasp_bump_from_block(&bump, (uint32_t)test_json_int(input, "height"), &txid, 1, &first, 1, NULL),
               GASP_OK);
    assert_int_equal(gasp_bump_height(bump), test_json_int(expected, "block_height"));
    assert_hex(bump, test_json_text(expected, "bump_hex"));
    assert_root(bump, expected, "merkle_root");
    gasp_bump_free(bump);
    n_cases++;
}

static gasp_bump *block_125632(gasp_txid txids[MOST], size_t *n, const size_t *selected, size_t n_selected)
{
    gasp_bump *bump = NULL;
    *n = txids_of(txids, json_object_get(part("mp-block125632-001", "input"), "txids"));
    assert_err(gasp_bump_from_block(&bump, 125632, txids, *n, selected, n_selected, NULL), GASP_OK);
    return bump;
}

static void whole_block(void **state)
{
    (void)state;
    static const size_t all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    gasp_txid txids[MOST];
    size_t n = 0;
    const json_t *expected = part("mp-block125632-001", "expected");
    gasp_bump *bump = block_125632(txids, &n, all, 11);
    assert_int_equal(n, 11);
    assert_root(bump, expected, "merkle_root");
    gasp_bump *one_level = alone(125632, txids, n);
    assert_root(one_level, expected, "merkle_root");
    gasp_bump_free(one_level);
    gasp_bump_free(bump);
    n_cases++;
}

/* Case 002 also states the hash of its level 1; that text has 65 digits and is no hash of this block, so the one from
 * the block is used. Case 003's transaction meets the copy at level 2. */
static void one_of_the_block(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        size_t index, copy_level;
    } cases[] = {{"mp-block125632-002", 2, 9}, {"mp-block125632-003", 8, 2}};
    for (size_t i = 0; i < 2; i++) {
        gasp_txid txids[MOST];
        size_t n = 0;
        uint64_t index = 0;
        const json_t *input = part(cases[i].id, "input");
        gasp_txid txid = txid_of(test_json_text(input, "txid"));
        gasp_bump *bump = block_125632(txids, &n, &cases[i].index, 1);
        assert_err(gasp_bump_find(bump, &index, &txid), GASP_OK);
        assert_true(index == cases[i].index);
        assert_root(bump, part(cases[i].id, "expected"), "merkle_root");
        for (size_t level = 0; level < gasp_bump_levels(bump); level++) {
            bool copy = gasp_bump_leaf_at(bump, level, 0)->flags == GASP_BUMP_DUPLICATE;
            assert_int_equal(copy, level == cases[i].copy_level);
        }
        size_t k;
        json_t *said;
        json_array_foreach(json_object_get(input, "proof_level0"), k, said)
        {
            const gasp_bump_leaf *leaf = gasp_bump_leaf_at(bump, 0, k);
            gasp_txid hash = txid_of(test_json_text(said, "hash"));
            assert_true(leaf->offset == (uint64_t)test_json_int(said, "offset"));
            assert_memory_equal(leaf->hash, hash.b, 32);
            assert_int_equal(leaf->flags,
                             json_is_true(json_object_get(said, "txid")) ? GASP_BUMP_TXID : GASP_BUMP_HASH);
        }
        gasp_bump_free(bump);
        n_cases++;
    }
    assert_int_equal(strlen(test_json_text(part("mp-block125632-002", "input"), "proof_level1_hash")), 65);
}

static void combine(void **state)
{
    (void)state;
    static const size_t which[] = {2, 5, 8};
    static const char *const keys[] = {"txid_tx2", "txid_tx5", "txid_tx8"};
    const json_t *input = part("mp-combine-001", "input"), *expected = part("mp-combine-001", "expected");
    gasp_txid txids[MOST];
    size_t n = 0;
    gasp_bump *bump = decoded(test_json_text(input, "combined_bump_hex")), *merged = NULL;
    gasp_bump *single[3];
    assert_hex(bump, test_json_text(expected, "serialized_bump_hex"));
    assert_root(bump, expected, "merkle_root");
    for (size_t i = 0; i < 3; i++) {
        uint64_t index = 0;
        gasp_txid txid = txid_of(test_json_text(input, keys[i]));
        assert_err(gasp_bump_find(bump, &index, &txid), GASP_OK);
        assert_true(index == which[i]);
        single[i] = block_125632(txids, &n, &which[i], 1);
    }
    assert_err(gasp_bump_merge(&merged, (const gasp_bump *const *)single, 3, NULL), GASP_OK);
    assert_hex(merged, test_json_text(expected, "serialized_bump_hex"));
    gasp_bump_free(merged);
    gasp_bump_free(bump);
    for (size_t i = 0; i < 3; i++)
        gasp_bump_free(single[i]);
    n_cases++;
}

/* The case's leaf has a hash and the duplicate flag. No bytes say that, and our JSON reader refuses it (tests/json).
 * What it expects of the flag, that the left leaf is hashed with itself, is asked of a block of three, whose level 1
 * has that node; in the case's own place, offset 1 of level 0, a duplicate flag is refused here, because a level of one
 * node is the root. */
static void find_leaf(void **state)
{
    (void)state;
    const json_t *input = part("mp-findleaf-001", "input");
    gasp_txid left = txid_of(test_json_text(input, "leaf0_hash"));
    gasp_txid want = txid_of(test_json_text(part("mp-findleaf-001", "expected"), "computed_hash"));
    gasp_txid txids[3] = {txid_of(test_json_text(input, "leaf1_hash")), {{3}}, left};
    size_t last = 2, two = 2;
    uint8_t hash[32];
    gasp_bump *bump = NULL;
    gasp_fault fault = {0};
    assert_err(gasp_bump_from_block(&bump, 1, txids, 3, &last, 1, NULL), GASP_OK);
    assert_err(gasp_bump_node(bump, hash, 1, 1), GASP_OK);
    assert_memory_equal(hash, want.b, 32);
    assert_err(gasp_bump_node(bump, hash, 0, 3), GASP_OK);
    assert_memory_equal(hash, left.b, 32);
    gasp_bump_free(bump);

    gasp_bump_leaf leaves[2] = {{.offset = 0}, {.offset = 1, .flags = GASP_BUMP_DUPLICATE}};
    memcpy(leaves[0].hash, left.b, 32);
    assert_err(gasp_bump_from_leaves(&bump, 1, 1, &two, leaves, NULL, &fault), GASP_ERR_BUMP_DUPLICATE);
    assert_int_equal(fault.at, 1);
    n_cases++;
}

/* extract() is gasp_bump_trim. */
static void extract(void **state)
{
    (void)state;
    static const size_t all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    gasp_txid txids[MOST];
    size_t n = 0;
    gasp_bump *whole = block_125632(txids, &n, all, 11), *trimmed = NULL;
    gasp_txid txid = txid_of(test_json_text(part("mp-extract-001", "input"), "extract_txid"));
    assert_err(gasp_bump_trim(&trimmed, whole, &txid, 1, NULL), GASP_OK);
    assert_root(trimmed, part("mp-extract-001", "expected"), "merkle_root");
    assert_true(encoded_len(trimmed) < encoded_len(whole));
    gasp_bump_free(trimmed);
    trimmed = NULL;

    assert_int_equal(json_array_size(json_object_get(part("mp-extract-002", "input"), "txids_to_extract")), 0);
    assert_err(gasp_bump_trim(&trimmed, whole, &txid, 0, NULL), GASP_ERR_MISUSE);
    txid = txid_of(test_json_text(part("mp-extract-003", "input"), "txid"));
    assert_err(gasp_bump_trim(&trimmed, whole, &txid, 1, NULL), GASP_ERR_PROOF_NOT_LEAF);
    assert_null(trimmed);
    gasp_bump_free(whole);
    n_cases += 3;
}

static void all_cases(void **state)
{
    (void)state;
    print_message("count: BUMP: %zu of %zu conformance cases\n", n_cases, json_array_size(cases()));
    assert_int_equal(n_cases, 16);
    assert_int_equal(json_array_size(cases()), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse),     cmocka_unit_test(compute_root), cmocka_unit_test(level_0_alone),
        cmocka_unit_test(coinbase),  cmocka_unit_test(whole_block),  cmocka_unit_test(one_of_the_block),
        cmocka_unit_test(combine),   cmocka_unit_test(find_leaf),    cmocka_unit_test(extract),
        cmocka_unit_test(all_cases),
    };
    return cmocka_run_group_tests_name("chain/bump_conformance", tests, NULL, close_document);
}
