/* Signature hashes against the node's 1,000 random cases in both forms, shared parts against parts made anew, the
 * number one of SINGLE, CODESEPARATOR at opcode boundaries only. */
#include <string.h>

#include "crypto/hash.h"
#include "lib/data.h"
#include "lib/random.h"
#include "script/sighash.h"

static gasp_tx *decode(gasp_bytes raw)
{
    gasp_tx *tx = NULL;
    assert_err(gasp_tx_decode(&tx, raw, NULL, NULL), GASP_OK);
    return tx;
}

/* The files give hashes in display order. */
static void assert_display(const uint8_t hash[32], const char *text, size_t row)
{
    gasp_txid expected;
    assert_err(gasp_txid_from_text(&expected, text), GASP_OK);
    if (memcmp(hash, expected.b, 32) != 0)
        fail_msg("row %zu: not %s", row, text);
}

static void one_row(const json_t *row, size_t number, int *forkid_form)
{
    gasp_bytes raw = test_hex(json_string_value(json_array_get(row, 0)));
    gasp_bytes script = test_hex(json_string_value(json_array_get(row, 1)));
    size_t input = (size_t)json_integer_value(json_array_get(row, 2));
    uint32_t hash_type = (uint32_t)json_integer_value(json_array_get(row, 3));
    gasp_tx *tx = decode(raw);
    gasp_sighash_cache cache;
    gasp_sighash_cache_init(&cache, tx);
    uint8_t hash[32];
    if (gasp_sighash_is_forkid(hash_type)) {
        gasp_sighash_forkid(hash, tx, &cache, input, script, 0, hash_type);
        assert_display(hash, json_string_value(json_array_get(row, 4)), number);
        gasp_sighash_forkid(hash, tx, NULL, input, script, 0, hash_type);
        assert_display(hash, json_string_value(json_array_get(row, 4)), number);
        (*forkid_form)++;
    } else {
        gasp_sighash_original(hash, tx, input, script, hash_type);
        assert_display(hash, json_string_value(json_array_get(row, 4)), number);
    }
    gasp_sighash_original(hash, tx, input, script, hash_type);
    assert_display(hash, json_string_value(json_array_get(row, 5)), number);
    gasp_tx_free(tx);
    test_release(script);
    test_release(raw);
}

static void node_vectors(void **state)
{
    (void)state;
    json_t *file = test_shared_json("script/bitcoin-sv-sighash.json");
    int rows = 0;
    int forkid_form = 0;
    size_t i;
    const json_t *row;
    json_array_foreach(file, i, row)
    {
        if (json_array_size(row) != 6)
            continue;
        one_row(row, i, &forkid_form);
        rows++;
    }
    json_decref(file);
    print_message("count: sighash: %d of 1000 rows, both columns; %d in FORKID form\n", rows, forkid_form);
    assert_int_equal(rows, 1000);
    assert_int_equal(forkid_form, 254);
}

/* Two inputs, one output: the smallest transaction in which SINGLE can miss. */
static const char two_in_one_out[] = "01000000"
                                     "02"
                                     "1111111111111111111111111111111111111111111111111111111111111111"
                                     "00000000"
                                     "00"
                                     "ffffffff"
                                     "2222222222222222222222222222222222222222222222222222222222222222"
                                     "01000000"
                                     "00"
                                     "feffffff"
                                     "01"
                                     "0100000000000000"
                                     "00"
                                     "00000000";

static void single_without_output(void **state)
{
    (void)state;
    gasp_bytes raw = test_hex(two_in_one_out);
    gasp_tx *tx = decode(raw);
    const gasp_bytes script = {(const uint8_t *)"\xac", 1};
    uint8_t one[32] = {1};
    uint8_t hash[32];
    gasp_sighash_original(hash, tx, 1, script, GASP_SIGHASH_SINGLE);
    assert_memory_equal(hash, one, 32);
    gasp_sighash_original(hash, tx, 1, script, GASP_SIGHASH_SINGLE | GASP_SIGHASH_ANYONECANPAY);
    assert_memory_equal(hash, one, 32);
    gasp_sighash_original(hash, tx, 0, script, GASP_SIGHASH_SINGLE);
    assert_memory_not_equal(hash, one, 32);
    gasp_tx_free(tx);
    test_release(raw);
}

/* Type ALL of the original form, put together by hand: the bytes that are hashed are the transaction's own, with the
 * script in its input and the type behind. A CODESEPARATOR goes, the same byte inside a push stays, and behind a push
 * that runs over the end nothing is an opcode. */
static void code_separators(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        const char *signed_code;
    } cases[] = {
        {"", ""},           {"ab", ""},
        {"abacab", "ac"},   {"acabab51", "ac51"},
        {"01abab", "01ab"}, {"4c02ababac", "4c02ababac"},
        {"ab4dff", "4dff"}, {"ab02ab", "02ab"},
    };
    gasp_bytes raw = test_hex(two_in_one_out);
    gasp_tx *tx = decode(raw);
    const size_t script_at = 4 + 1 + 36;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gasp_bytes code = test_hex(cases[i].code);
        gasp_bytes left = test_hex(cases[i].signed_code);
        uint8_t image[200];
        gasp_writer w = gasp_writer_fixed(image, sizeof image);
        gasp_write_bytes(&w, raw.data, script_at);
        gasp_write_sized(&w, left);
        gasp_write_bytes(&w, raw.data + script_at + 1, raw.len - script_at - 1);
        gasp_write_u32(&w, GASP_SIGHASH_ALL);
        assert_err(w.err, GASP_OK);
        uint8_t expected[32];
        uint8_t hash[32];
        gasp_sha256d(expected, image, w.len);
        gasp_sighash_original(hash, tx, 0, code, GASP_SIGHASH_ALL);
        if (memcmp(hash, expected, 32) != 0)
            fail_msg("code %s", cases[i].code);
        test_release(code);
        test_release(left);
    }
    gasp_tx_free(tx);
    test_release(raw);
}

/* The amount is signed in the FORKID form. */
static void amount_is_signed(void **state)
{
    (void)state;
    gasp_bytes raw = test_hex(two_in_one_out);
    gasp_tx *tx = decode(raw);
    const gasp_bytes script = {(const uint8_t *)"\xac", 1};
    uint8_t a[32];
    uint8_t b[32];
    gasp_sighash_forkid(a, tx, NULL, 0, script, 1, 0x41);
    gasp_sighash_forkid(b, tx, NULL, 0, script, 2, 0x41);
    assert_memory_not_equal(a, b, 32);
    gasp_tx_free(tx);
    test_release(raw);
}

static void which_form(void **state)
{
    (void)state;
    assert_false(gasp_sighash_is_forkid(0x01));
    assert_true(gasp_sighash_is_forkid(0x41));
    assert_true(gasp_sighash_is_forkid(0xc3));
    assert_false(gasp_sighash_is_forkid(0x61));
    assert_false(gasp_sighash_is_forkid(0x21));
}

/* The bound holds for what is really hashed: fields of the FORKID form are 4 + 32 + 32 + 36 + 9 + 8 + 4 + 32 + 4 + 4.
 */
static void cost_is_a_bound(void **state)
{
    (void)state;
    gasp_bytes raw = test_hex(two_in_one_out);
    gasp_tx *tx = decode(raw);
    const gasp_bytes script = {(const uint8_t *)"\xac", 1};
    assert_true(gasp_sighash_cost(tx, script, true) >= 165 + script.len);
    assert_true(gasp_sighash_cost(tx, script, false) >= raw.len + script.len + 9 + 4);
    assert_true(gasp_sighash_cost(tx, script, false) <= raw.len + script.len + 256);
    gasp_tx_free(tx);
    test_release(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(node_vectors),    cmocka_unit_test(single_without_output),
        cmocka_unit_test(code_separators), cmocka_unit_test(amount_is_signed),
        cmocka_unit_test(which_form),      cmocka_unit_test(cost_is_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
