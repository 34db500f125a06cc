/* State hash, digest and item ids by vectors/value/state.json, whose values another program computed. */
#include "record/state.h"

#include <stdio.h>

#include "entries_json.h"

static void assert_hash(const uint8_t got[32], const json_t *expect, const char *key)
{
    char text[65];
    gasp_hex_encode(text, got, 32);
    assert_string_equal(text, test_json_text(expect, key));
}

static void run_case(const json_t *row)
{
    gasp_outpoint outpoint;
    gasp_anchor anchor = {0};
    const json_t *given = test_member(row, "anchor");
    const json_t *expect = test_member(row, "expect");
    test_entries entries;
    assert_err(gasp_outpoint_from_text(&outpoint, test_json_text(row, "outpoint")), GASP_OK);
    if (!json_is_null(given)) {
        anchor.height = (uint32_t)test_json_int(given, "height");
        anchor.index = (uint64_t)test_json_int(given, "index");
        assert_err(gasp_block_hash_from_text(&anchor.block, test_json_text(given, "block")), GASP_OK);
    }
    const gasp_anchor *at = json_is_null(given) ? NULL : &anchor;
    test_entries_read(&entries, test_member(row, "entries"));
    uint8_t digest[32];
    gasp_state_hash state;
    gasp_state_hash again;
    gasp_item_id id;
    gasp_entries_digest(digest, &entries.set, &outpoint, at != NULL);
    assert_hash(digest, expect, "digest");
    gasp_state_hash_make(&state, &outpoint, at, digest);
    assert_hash(state.b, expect, "state");
    gasp_state_hash_of(&again, &outpoint, at, &entries.set);
    assert_memory_equal(&again, &state, sizeof state);
    if (entries.set.len == 0) {
        gasp_state_hash_of(&again, &outpoint, at, NULL);
        assert_memory_equal(&again, &state, sizeof state);
    }
    gasp_item_id_of_state(&id, &outpoint, &state);
    assert_hash(id.b, expect, "item_state");
    gasp_item_id_of_outpoint(&id, &outpoint);
    assert_hash(id.b, expect, "item_outpoint");
    assert_int_equal(gasp_item_time(at), test_json_int(expect, "item_time"));
    test_entries_release(&entries);
}

static void vectors(void **state)
{
    (void)state;
    json_t *file = test_own_json("vectors/value/state.json");
    const json_t *cases = test_member(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++)
        run_case(json_array_get(cases, i));
    printf("count: state: %zu cases\n", json_array_size(cases));
    assert_int_equal(json_array_size(cases), 15);
    json_decref(file);
}

static void anchors_compare(void **state)
{
    (void)state;
    const gasp_anchor a = {7, {{1}}, 2};
    gasp_anchor b = a;
    assert_true(gasp_anchor_equal(&a, &b));
    assert_true(gasp_anchor_equal(NULL, NULL));
    assert_false(gasp_anchor_equal(&a, NULL));
    assert_false(gasp_anchor_equal(NULL, &a));
    b.height = 8;
    assert_false(gasp_anchor_equal(&a, &b));
    b = a;
    b.block.b[31] = 1;
    assert_false(gasp_anchor_equal(&a, &b));
    b = a;
    b.index = 3;
    assert_false(gasp_anchor_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors), cmocka_unit_test(anchors_compare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
