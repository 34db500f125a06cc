/* Sums and fingerprints: vectors/value/items.json, then fingerprints inside the first messages of other
 * implementations: the 111 items of negentropy-kmp's frame-limit test, and the reference's message for 40 items
 * (hoytech/negentropy 6edb041, its C++ and JavaScript agree). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "crypto/hash.h"
#include "lib/data.h"
#include "lib/random.h"
#include "set/items.h"

static const gasp_outpoint nowhere = {0};

static void add(gasp_items *items, uint64_t time, const gasp_item_id *id)
{
    assert_err(gasp_items_add(items, time, id, NULL, &nowhere), GASP_OK);
}

static void run_case(const json_t *row)
{
    gasp_items items;
    gasp_items_init(&items, GASP_MATCH_OUTPOINT, GASP_ITEMS_MAX, NULL);
    const json_t *given = json_object_get(row, "items");
    for (size_t i = 0; i < json_array_size(given); i++) {
        const json_t *item = json_array_get(given, i);
        gasp_item_id id;
        assert_err(gasp_hex_decode(id.b, 32, json_string_value(json_array_get(item, 1)), 64), GASP_OK);
        add(&items, (uint64_t)json_integer_value(json_array_get(item, 0)), &id);
    }
    assert_err(gasp_items_seal(&items), GASP_OK);
    const json_t *expect = json_object_get(row, "expect");
    const json_t *order = json_object_get(expect, "order");
    assert_int_equal(json_array_size(order), items.len);
    for (size_t i = 0; i < items.len; i++)
        assert_int_equal(items.item[i].row, json_integer_value(json_array_get(order, i)));
    gasp_set_summary summary;
    char text[65];
    gasp_items_summary(&summary, &items);
    assert_int_equal(summary.count, test_json_int(expect, "count"));
    gasp_hex_encode(text, summary.sum, 32);
    assert_string_equal(text, test_json_text(expect, "sum"));
    gasp_hex_encode(text, summary.fingerprint, 16);
    assert_string_equal(text, test_json_text(expect, "fingerprint"));
    gasp_items_clear(&items);
}

static void vectors(void **state)
{
    (void)state;
    json_t *file = test_own_json("vectors/value/items.json");
    const json_t *cases = json_object_get(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++)
        run_case(json_array_get(cases, i));
    printf("count: items: %zu cases\n", json_array_size(cases));
    assert_int_equal(json_array_size(cases), 4);
    json_decref(file);
}

/* Negentropy's integer, as the message has it. */
static uint64_t read_varint(gasp_reader *r)
{
    uint64_t value = 0;
    uint8_t byte;
    do {
        byte = gasp_read_u8(r);
        value = value << 7 | (byte & 0x7f);
    } while (byte & 0x80);
    return value;
}

static gasp_bound read_bound(gasp_reader *r, uint64_t *last)
{
    gasp_bound bound = {.time = GASP_BOUND_INFINITY};
    uint64_t delta = read_varint(r);
    if (delta != 0)
        bound.time = *last += delta - 1;
    gasp_read_into(r, bound.id.b, (size_t)read_varint(r));
    return bound;
}

/* Compares every fingerprint of a first message with ours of that range; how many there were. */
static size_t compare_message(const gasp_items *items, gasp_bytes message)
{
    gasp_reader r = gasp_reader_of(message);
    uint64_t last = 0;
    size_t begin = 0;
    size_t n = 0;
    assert_int_equal(gasp_read_u8(&r), 0x61);
    while (gasp_reader_left(&r) > 0) {
        gasp_bound bound = read_bound(&r, &last);
        assert_int_equal(read_varint(&r), 1);
        uint8_t theirs[16];
        uint8_t ours[16];
        gasp_read_into(&r, theirs, sizeof theirs);
        size_t end = gasp_items_lower_bound(items, begin, &bound);
        assert_true(end > begin);
        gasp_items_fingerprint(ours, items, begin, end);
        assert_memory_equal(ours, theirs, sizeof ours);
        begin = end;
        n++;
    }
    assert_err(gasp_reader_finish(&r, NULL), GASP_OK);
    assert_int_equal(begin, items->len);
    return n;
}

static void message_of_another_implementation(void **state)
{
    (void)state;
    gasp_bytes lines = test_shared_file("negentropy/framelimits-client.txt");
    json_t *file = test_shared_json("negentropy/framelimits-messages.json");
    gasp_items items;
    gasp_items_init(&items, GASP_MATCH_OUTPOINT, 111, NULL);
    const char *at = (const char *)lines.data;
    const char *end = at + lines.len;
    while (at < end) {
        char *comma = NULL;
        gasp_item_id id;
        uint64_t time = strtoull(at, &comma, 10);
        assert_true(*comma == ',' && end - comma > 64);
        assert_err(gasp_hex_decode(id.b, 32, comma + 1, 64), GASP_OK);
        add(&items, time, &id);
        for (at = comma + 65; at < end && (*at == '\n' || *at == '\r'); at++)
            continue;
    }
    assert_int_equal(items.len, 111);
    assert_err(gasp_items_seal(&items), GASP_OK);
    const json_t *messages = json_object_get(json_array_get(file, 0), "messages");
    gasp_bytes first = test_hex(json_string_value(json_array_get(messages, 0)));
    size_t n = compare_message(&items, first);
    printf("count: fingerprints of negentropy-kmp: %zu\n", n);
    assert_int_equal(n, 16);
    gasp_items_clear(&items);
    test_release(first);
    json_decref(file);
    test_release(lines);
}

static void message_of_the_reference(void **state)
{
    (void)state;
    static const char hex[] = "6186a08f986800015fa8325ac1981d67039205be427ea7ab0200014c26afdde46dff57f8670d06cb30855b02"
                              "000142d34aa845b12f725bfc"
                              "babc0805da3c02000153592b1469e98eb7d889e48cd4a349c102000181c8db5862eeeb9cd26d366c9c5da939"
                              "0200014c565fcada1e334052"
                              "444d2329188597020001b3f2c2955bd1353d26adefd167eff32d0200019027944bc7e18bd5381a3beea2eca6"
                              "520101c201db9e68295e265b"
                              "5fe8d93bf1ca2be4c402015901f75d4dd64ee8ade09be0de2b141919100200016de0f08ec0d36149dcb7ba2c"
                              "420cd1b00101eb019287b714"
                              "8eb8b607ce310e511085bb6402019f01a8fd85d3630420cb108f43369288186b020001a31953b8228948507b"
                              "71687b775d13910101ae013a"
                              "fbc6bfb00156a463e71efc9998f70e00000118136ea47d7ca31f74ba4d514b110b81";
    gasp_items items;
    gasp_items_init(&items, GASP_MATCH_OUTPOINT, 40, NULL);
    for (uint64_t i = 0; i < 40; i++) {
        char number[8];
        gasp_item_id id;
        int len = snprintf(number, sizeof number, "%d", (int)i);
        gasp_sha256_once(id.b, number, (size_t)len);
        add(&items, 1677970534 + i / 3, &id);
    }
    assert_err(gasp_items_seal(&items), GASP_OK);
    gasp_bytes message = test_hex(hex);
    assert_int_equal(compare_message(&items, message), 16);
    test_release(message);
    gasp_items_clear(&items);
}

/* Byte by byte, as on paper. */
static void add_bytes(uint8_t sum[32], const uint8_t b[32])
{
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sum[i] + b[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void sums_against_bytes(void **state)
{
    (void)state;
    test_random r = test_random_start("sum");
    for (int i = 0; i < 100000; i++) {
        uint8_t a[32];
        uint8_t b[32];
        uint8_t out[32];
        test_random_fill(&r, a, 32);
        test_random_fill(&r, b, 32);
        for (size_t j = 0; j < 4; j++) { /* limbs of all ones and of zeroes, where carries run */
            uint64_t kind = test_random_below(&r, 4);
            if (kind < 2)
                memset(a + 8 * j, kind == 0 ? 0xff : 0, 8);
            kind = test_random_below(&r, 4);
            if (kind < 2)
                memset(b + 8 * j, kind == 0 ? 0xff : 0, 8);
        }
        gasp_sum sum = gasp_sum_add(gasp_sum_decode(a), gasp_sum_decode(b));
        gasp_sum_encode(out, gasp_sum_sub(sum, gasp_sum_decode(b)));
        assert_memory_equal(out, a, 32);
        gasp_sum_encode(out, sum);
        add_bytes(a, b);
        assert_memory_equal(out, a, 32);
    }
}

static void summaries_compare(void **state)
{
    (void)state;
    const gasp_set_summary a = {3, {1}, {2}};
    gasp_set_summary b = a;
    assert_true(gasp_set_summary_equal(&a, &b));
    b.count = 4;
    assert_false(gasp_set_summary_equal(&a, &b));
    b = a;
    b.sum[31] = 1;
    assert_false(gasp_set_summary_equal(&a, &b));
    b = a;
    b.fingerprint[15] = 1;
    assert_false(gasp_set_summary_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(message_of_another_implementation),
        cmocka_unit_test(message_of_the_reference),
        cmocka_unit_test(sums_against_bytes),
        cmocka_unit_test(summaries_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
