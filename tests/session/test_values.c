/* What both sides compute of their sets, by vectors/value/account.json and settled.json, which were made by code that
 * shares nothing with ours: the fingerprints of CLOSE, and the name of a pair of summaries. */
#include "gasp/message.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data.h"
#include "session/account.h"
#include "wallet/refusals.h"

static void take(uint8_t *out, size_t len, const json_t *text)
{
    const char *hex = json_string_value(text);
    assert_non_null(hex);
    assert_err(gasp_hex_decode(out, len, hex, strlen(hex)), GASP_OK);
}

static void compare_prints(const json_t *row, const uint8_t prints[GASP_PRINTS][GASP_PRINT_LEN])
{
    const json_t *want = json_object_get(json_object_get(row, "expect"), "prints");
    assert_int_equal(json_array_size(want), GASP_PRINTS);
    for (size_t i = 0; i < GASP_PRINTS; i++) {
        uint8_t print[GASP_PRINT_LEN];
        take(print, sizeof print, json_array_get(want, i));
        if (memcmp(print, prints[i], sizeof print) != 0)
            fail_msg("%s: fingerprint %zu is another", test_json_text(row, "name"), i);
    }
}

static void run_account(const json_t *row)
{
    const json_t *list = json_object_get(row, "items");
    size_t n = json_array_size(list);
    uint8_t key[GASP_BOUNDS_KEY_LEN];
    uint8_t prints[GASP_PRINTS][GASP_PRINT_LEN];
    gasp_set_item *of = calloc(n + 1, sizeof *of);
    gasp_items items;
    assert_non_null(of);
    take(key, sizeof key, json_object_get(row, "key"));
    gasp_items_init(&items, GASP_MATCH_STATE, n + 1, NULL);
    for (size_t i = 0; i < n; i++) {
        take(of[i].outpoint_id.b, 32, json_array_get(json_array_get(list, i), 0));
        take(of[i].id.b, 32, json_array_get(json_array_get(list, i), 1));
        assert_err(gasp_items_add(&items, 0, &of[i].id, &of[i].outpoint_id, &of[i].outpoint), GASP_OK);
    }
    assert_err(gasp_items_seal(&items), GASP_OK);
    account_prints(prints, &items, key);
    compare_prints(row, (const uint8_t(*)[GASP_PRINT_LEN])prints);
    memset(prints, 0, sizeof prints);
    assert_err(gasp_account_of(prints, of, n, key, NULL), GASP_OK);
    compare_prints(row, (const uint8_t(*)[GASP_PRINT_LEN])prints);
    if (n > 0) {
        of[n] = of[0];
        assert_err(gasp_account_of(prints, of, n + 1, key, NULL), GASP_ERR_MISUSE);
    }
    gasp_items_clear(&items);
    free(of);
}

static void accounts(void **state)
{
    (void)state;
    json_t *file = test_own_json("vectors/value/account.json");
    const json_t *cases = json_object_get(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++)
        run_account(json_array_get(cases, i));
    print_message("count: %zu accounts\n", json_array_size(cases));
    assert_int_equal(json_array_size(cases), 6);
    json_decref(file);
}

static gasp_set_summary summary_of(const json_t *row)
{
    gasp_set_summary out = {.count = strtoull(test_json_text(row, "count"), NULL, 10)};
    take(out.sum, sizeof out.sum, json_object_get(row, "sum"));
    take(out.fingerprint, sizeof out.fingerprint, json_object_get(row, "fingerprint"));
    return out;
}

static void settled(void **state)
{
    (void)state;
    json_t *file = test_own_json("vectors/value/settled.json");
    const json_t *cases = json_object_get(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *row = json_array_get(cases, i);
        gasp_set_summary a = summary_of(json_object_get(row, "a"));
        gasp_set_summary b = summary_of(json_object_get(row, "b"));
        uint8_t want[32];
        uint8_t got[32];
        take(want, sizeof want, json_object_get(json_object_get(row, "expect"), "settled"));
        gasp_settled_pair(got, &a, &b);
        assert_memory_equal(got, want, sizeof want);
        gasp_settled_of(got, &b, &a);
        assert_memory_equal(got, want, sizeof want);
    }
    print_message("count: %zu settled pairs\n", json_array_size(cases));
    assert_int_equal(json_array_size(cases), 6);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts),
        cmocka_unit_test(settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
