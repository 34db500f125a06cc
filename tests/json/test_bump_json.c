/* The JSON of merkle paths: our vectors both ways, the example of BRC-74 against its bytes, every refusal. */
#include <stdlib.h>
#include <string.h>

#include "gasp/json.h"
#include "lib/data.h"

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
    size_t len = 0;
    assert_err(gasp_bump_encode(bump, NULL, 0, &len), GASP_OK);
    uint8_t *out = malloc(len);
    char *text = malloc(2 * len + 1);
    assert_err(gasp_bump_encode(bump, out, len, &len), GASP_OK);
    gasp_hex_encode(text, out, len);
    assert_string_equal(text, hex);
    free(out);
    free(text);
}

static gasp_bump *from_text(const char *text)
{
    gasp_bump *bump = NULL;
    assert_err(gasp_bump_from_json(&bump, text, strlen(text), NULL, NULL), GASP_OK);
    return bump;
}

static gasp_bump *from_value(const json_t *value)
{
    char *text = json_dumps(value, 0);
    gasp_bump *bump = from_text(text);
    free(text);
    return bump;
}

static char *to_text(const gasp_bump *bump)
{
    size_t len = 0;
    assert_err(gasp_bump_to_json(bump, NULL, 0, &len), GASP_OK);
    char *text = malloc(len);
    assert_err(gasp_bump_to_json(bump, text, len - 1, &len), GASP_ERR_LIMIT);
    assert_err(gasp_bump_to_json(bump, text, len, &len), GASP_OK);
    assert_int_equal(strlen(text) + 1, len);
    return text;
}

static void own_valid(void **state)
{
    (void)state;
    size_t i, n = 0;
    json_t *c, *doc = test_own_json("vectors/bump/valid.json");
    json_array_foreach(json_object_get(doc, "cases"), i, c)
    {
        const json_t *want = json_object_get(c, "json");
        if (want == NULL)
            continue;
        gasp_bump *bump = decoded(test_json_text(c, "hex"));
        char *text = to_text(bump);
        json_t *got = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_true(json_equal(got, want));
        gasp_bump *again = from_text(text);
        assert_hex(again, test_json_text(c, "hex"));
        gasp_bump *other = from_value(want);
        assert_hex(other, test_json_text(c, "hex"));
        json_decref(got);
        free(text);
        gasp_bump_free(bump);
        gasp_bump_free(again);
        gasp_bump_free(other);
        n++;
    }
    json_decref(doc);
    print_message("count: BUMP JSON: %zu own valid cases\n", n);
    assert_int_equal(n, 34);
}

static void own_invalid(void **state)
{
    (void)state;
    size_t i, n = 0;
    json_t *c, *doc = test_own_json("vectors/bump/invalid.json");
    json_array_foreach(json_object_get(doc, "cases"), i, c)
    {
        if (json_object_get(c, "hex") != NULL)
            continue; /* tests/chain */
        const json_t *value = json_object_get(c, "json");
        char *text = value != NULL ? json_dumps(value, 0) : strdup(test_json_text(c, "text"));
        gasp_bump *bump = NULL;
        gasp_fault fault = {0};
        gasp_err err = gasp_bump_from_json(&bump, text, strlen(text), NULL, &fault);
        if (strcmp(gasp_err_name(err), test_json_text(c, "error")) != 0)
            fail_msg("%s: %s, expected %s", test_json_text(c, "name"), gasp_err_name(err), test_json_text(c, "error"));
        assert_int_equal(fault.err, err);
        assert_null(bump);
        if (json_object_get(c, "at") != NULL) {
            if (fault.at != (uint64_t)test_json_int(c, "at") || fault.item != (uint64_t)test_json_int(c, "level"))
                fail_msg("%s: leaf %d of level %d", test_json_text(c, "name"), (int)fault.at, (int)fault.item);
        }
        free(text);
        n++;
    }
    json_decref(doc);
    print_message("count: BUMP JSON: %zu own invalid cases\n", n);
    assert_int_equal(n, 39);
}

/* BRC-74 gives one path as hex and as JSON: read from either, it is written as the other. Its page shows the JSON with
 * members in an order of its own, so values are compared. */
static void example_of_brc_74(void **state)
{
    (void)state;
    json_t *doc = test_shared_json("beef/brc-74-example.json");
    const char *hex = json_string_value(json_array_get(json_object_get(doc, "hex"), 0));
    const char *text = json_string_value(json_array_get(json_object_get(doc, "json"), 0));
    gasp_bump *bump = from_text(text);
    assert_hex(bump, hex);
    gasp_bump *other = decoded(hex);
    char *written = to_text(other);
    json_t *got = json_loads(written, 0, NULL), *want = json_loads(text, 0, NULL);
    assert_true(json_equal(got, want));
    json_decref(got);
    json_decref(want);
    free(written);
    gasp_bump_free(bump);
    gasp_bump_free(other);
    json_decref(doc);
}

/* The text itself, written by hand: order of members, no spaces, display order of hashes. */
static void text_is_pinned(void **state)
{
    (void)state;
    static const char text[] = "{\"blockHeight\":100,\"path\":[[{\"offset\":2,\"hash\":"
                               "\"201f1e1d1c1b1a191817161514131211100f0e0d0c0b0a090807060504030201\",\"txid\":true},"
                               "{\"offset\":3,\"duplicate\":true}],[{\"offset\":0,\"hash\":"
                               "\"4040404040404040404040404040404040404040404040404040404040404040\"}]]}";
    gasp_bump *bump = decoded("640202"
                              "02020102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
                              "0301"
                              "0100004040404040404040404040404040404040404040404040404040404040404040");
    char *got = to_text(bump);
    assert_string_equal(got, text);
    free(got);
    gasp_bump_free(bump);
}

/* Peers add members and write false flags; both say nothing. */
static void other_members_are_skipped(void **state)
{
    (void)state;
    gasp_bump *bump = from_text("{\"blockHeight\":100,\"merkleRoot\":\"x\",\"path\":[[{\"offset\":0,\"txid\":false,"
                                "\"duplicate\":false,\"note\":[],"
                                "\"hash\":\"4040404040404040404040404040404040404040404040404040404040404040\"}]]}");
    assert_hex(bump, "640101"
                     "0000"
                     "4040404040404040404040404040404040404040404040404040404040404040");
    gasp_bump_free(bump);
}

static void too_long(void **state)
{
    (void)state;
    char *text = malloc((size_t)GASP_JSON_TEXT_MAX + 1);
    gasp_bump *bump = NULL;
    gasp_fault fault = {0};
    memset(text, ' ', (size_t)GASP_JSON_TEXT_MAX + 1);
    assert_err(gasp_bump_from_json(&bump, text, (size_t)GASP_JSON_TEXT_MAX + 1, NULL, &fault), GASP_ERR_LIMIT);
    assert_err(gasp_bump_from_json(&bump, text, GASP_JSON_TEXT_MAX, NULL, &fault), GASP_ERR_JSON);
    free(text);
}

/* More leaves than a path may have: 16 MiB of text hold that many when each is `0`, and are refused before a leaf is
 * looked at. Nesting at the limit is JSON like any other. */
static void too_deep(void **state)
{
    (void)state;
    enum { MOST = 16 };
    for (size_t depth = MOST; depth <= MOST + 1; depth++) {
        char text[2 * (MOST + 1)];
        gasp_bump *bump = NULL;
        gasp_fault fault = {0};
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_err(gasp_bump_from_json(&bump, text, 2 * depth, NULL, &fault),
                   depth > MOST ? GASP_ERR_LIMIT : GASP_ERR_JSON);
        assert_null(bump);
        assert_int_equal(fault.err, depth > MOST ? GASP_ERR_LIMIT : GASP_ERR_JSON);
    }
}

static void too_many(void **state)
{
    (void)state;
    static const char head[] = "{\"blockHeight\":1,\"path\":[[0";
    size_t n = (size_t)GASP_BUMP_LEAVES_MAX, at = sizeof head - 1;
    char *text = malloc(at + 2 * n + 8);
    gasp_bump *bump = NULL;
    gasp_fault fault = {0};
    memcpy(text, head, at);
    for (size_t i = 0; i < n; i++, at += 2)
        memcpy(text + at, ",0", 2);
    memcpy(text + at, "]]}", 3);
    assert_err(gasp_bump_from_json(&bump, text, at + 3, NULL, &fault), GASP_ERR_LIMIT);
    free(text);
    assert_err(gasp_bump_from_json(&bump, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", 32, NULL, &fault), GASP_ERR_JSON);
    assert_err(gasp_bump_from_json(&bump, "\"[[[[[[[[[[[[[[[[[[[[[[[[\\\"\"", 28, NULL, &fault), GASP_ERR_JSON);
}

static void *no_memory(void *user, size_t len)
{
    (void)user;
    (void)len;
    return NULL;
}

static void *no_resize(void *user, void *block, size_t len)
{
    (void)user;
    (void)block;
    (void)len;
    return NULL;
}

static void no_release(void *user, void *block)
{
    (void)user;
    assert_null(block);
}

static void without_memory(void **state)
{
    (void)state;
    static const char text[] = "{\"blockHeight\":1,\"path\":[[]]}";
    gasp_mem mem = {sizeof mem, NULL, no_memory, no_resize, no_release};
    gasp_bump *bump = NULL;
    assert_err(gasp_bump_from_json(&bump, text, sizeof text - 1, &mem, NULL), GASP_ERR_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_valid),
        cmocka_unit_test(own_invalid),
        cmocka_unit_test(example_of_brc_74),
        cmocka_unit_test(text_is_pinned),
        cmocka_unit_test(other_members_are_skipped),
        cmocka_unit_test(too_long),
        cmocka_unit_test(too_many),
        cmocka_unit_test(too_deep),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("json/bump_json", tests, NULL, NULL);
}
