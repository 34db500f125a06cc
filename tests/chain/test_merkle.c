/* The merkle root against a slow one written level by level, against real blocks of the conformance file, and the equal
 * siblings of CVE-2012-2459. */
#include <stdlib.h>
#include <string.h>

#include "chain/merkle.h"
#include "crypto/hash.h"
#include "lib/data.h"
#include "lib/random.h"

/* Level by level, on a copy, as the definition says. */
static gasp_merkle_root by_levels(const gasp_txid *txids, size_t n)
{
    gasp_merkle_root root;
    uint8_t(*row)[32] = malloc(32 * (n + 1));
    for (size_t i = 0; i < n; i++)
        memcpy(row[i], txids[i].b, 32);
    while (n > 1) {
        if (n % 2 == 1) {
            memcpy(row[n], row[n - 1], 32);
            n++;
        }
        for (size_t i = 0; i < n / 2; i++) {
            uint8_t both[64];
            memcpy(both, row[2 * i], 32);
            memcpy(both + 32, row[2 * i + 1], 32);
            gasp_sha256d(row[i], both, 64);
        }
        n /= 2;
    }
    memcpy(root.b, row[0], 32);
    free(row);
    return root;
}

static void every_size(void **state)
{
    (void)state;
    enum { MOST = 600 };
    static gasp_txid txids[MOST];
    test_random random = test_random_start("merkle");
    test_random_fill(&random, txids, sizeof txids);
    for (size_t n = 1; n <= MOST; n++) {
        gasp_merkle_root got, want = by_levels(txids, n);
        bool equal = true;
        gasp_merkle_root_of(&got, &equal, txids, n);
        assert_memory_equal(got.b, want.b, 32);
        assert_false(equal);
    }
}

static void none(void **state)
{
    (void)state;
    gasp_merkle_root root = {{1}};
    static const uint8_t zero[32];
    gasp_merkle_root_of(&root, NULL, NULL, 0);
    assert_memory_equal(root.b, zero, 32);
}

/* A block of n can be made longer by repeating its last transactions without changing its root. */
static void repeated_transactions(void **state)
{
    (void)state;
    static const struct {
        size_t n, repeat;
    } cases[] = {{1, 1}, {3, 1}, {5, 1}, {6, 2}, {7, 1}, {11, 1}, {10, 2}, {12, 4}, {299, 1}};
    static gasp_txid txids[300];
    test_random random = test_random_start("merkle, repeated");
    test_random_fill(&random, txids, sizeof txids);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = cases[i].n, more = cases[i].repeat;
        gasp_txid list[304];
        gasp_merkle_root once, twice;
        bool equal_once = true, equal_twice = false;
        memcpy(list, txids, n * sizeof *list);
        memcpy(list + n, list + n - more, more * sizeof *list);
        gasp_merkle_root_of(&once, &equal_once, list, n);
        gasp_merkle_root_of(&twice, &equal_twice, list, n + more);
        if (n > 1)
            assert_memory_equal(once.b, twice.b, 32);
        assert_false(equal_once);
        assert_true(equal_twice);
    }
}

static void block_125632(void **state)
{
    (void)state;
    size_t i, n = 0;
    json_t *c, *doc = test_shared_json("beef/ts-stack-merkle-path.json");
    json_array_foreach(json_object_get(doc, "vectors"), i, c)
    {
        const json_t *list = json_object_get(json_object_get(c, "input"), "txids");
        gasp_txid txids[16];
        gasp_merkle_root root;
        char text[GASP_HASH_TEXT_MAX];
        if (list == NULL)
            continue;
        for (size_t k = 0; k < json_array_size(list); k++)
            assert_err(gasp_txid_from_text(&txids[k], json_string_value(json_array_get(list, k))), GASP_OK);
        gasp_merkle_root_of(&root, NULL, txids, json_array_size(list));
        gasp_merkle_root_to_text(text, &root);
        assert_string_equal(text, test_json_text(json_object_get(c, "expected"), "merkle_root"));
        n++;
    }
    json_decref(doc);
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size),
        cmocka_unit_test(none),
        cmocka_unit_test(repeated_transactions),
        cmocka_unit_test(block_125632),
    };
    return cmocka_run_group_tests_name("chain/merkle", tests, NULL, NULL);
}
