/* BEEF, reading: the corpus of real and published ones against what another parser saw, byte-exact re-encoding, every
 * truncation, every error with its place, what gasp_beef_check finds, the limits. */
#include <stdlib.h>
#include <string.h>

#include "chain/beef.h"
#include "chain/cases.h"

static void compare_bumps(const gasp_beef *beef, const json_t *parsed, size_t *roots_seen)
{
    const json_t *bumps = json_object_get(parsed, "bumps");
    assert_int_equal(gasp_beef_bump_count(beef), json_array_size(bumps));
    for (size_t i = 0; i < json_array_size(bumps); i++) {
        const json_t *row = json_array_get(bumps, i);
        const gasp_bump *bump = gasp_beef_bump(beef, i);
        assert_int_equal(gasp_bump_height(bump), test_json_int(row, "height"));
        assert_int_equal(gasp_bump_levels(bump), test_json_int(row, "levels"));
        const json_t *roots = json_object_get(row, "roots");
        for (size_t k = 0; k < json_array_size(roots); k++) {
            char text[GASP_HASH_TEXT_MAX];
            gasp_merkle_root root = gasp_bump_root(bump);
            gasp_merkle_root_to_text(text, &root);
            assert_string_equal(text, json_string_value(json_array_get(roots, k)));
            (*roots_seen)++;
        }
    }
    assert_null(gasp_beef_bump(beef, json_array_size(bumps)));
}

static void compare_txs(const gasp_beef *beef, const json_t *parsed, size_t *txids_seen)
{
    const json_t *txs = json_object_get(parsed, "txs");
    assert_int_equal(gasp_beef_tx_count(beef), json_array_size(txs));
    gasp_beef_item item;
    for (size_t i = 0; i < json_array_size(txs); i++) {
        const json_t *row = json_array_get(txs, i);
        char text[GASP_HASH_TEXT_MAX];
        assert_err(gasp_beef_tx(beef, i, &item), GASP_OK);
        gasp_txid_to_text(text, &item.txid);
        assert_string_equal(text, test_json_text(row, "txid"));
        const json_t *bump = json_object_get(row, "bump");
        if (json_is_integer(bump)) {
            assert_int_equal(item.format, GASP_BEEF_PROVEN);
            assert_int_equal(item.bump, json_integer_value(bump));
        } else {
            assert_true(item.format != GASP_BEEF_PROVEN && item.bump == GASP_BEEF_NO_BUMP);
        }
        (*txids_seen)++;
    }
    assert_err(gasp_beef_tx(beef, json_array_size(txs), &item), GASP_ABSENT);
}

static void compare_subject(const gasp_beef *beef, const json_t *parsed)
{
    const json_t *expected = json_object_get(parsed, "atomic_txid");
    gasp_txid subject;
    if (!json_is_string(expected)) {
        assert_err(gasp_beef_subject(beef, &subject), GASP_ABSENT);
        return;
    }
    char text[GASP_HASH_TEXT_MAX];
    assert_err(gasp_beef_subject(beef, &subject), GASP_OK);
    gasp_txid_to_text(text, &subject);
    assert_string_equal(text, json_string_value(expected));
}

static void corpus_parses(void **state)
{
    (void)state;
    json_t *rows = case_corpus();
    size_t parse = 0, refused = 0, roots = 0, txids = 0, sound = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        gasp_bytes bytes = test_hex(test_json_text(row, "hex"));
        const json_t *parsed = json_object_get(row, "parsed");
        gasp_beef *beef = NULL;
        gasp_fault fault = {0};
        if (parsed == NULL) {
            gasp_err err = gasp_beef_decode(&beef, bytes, NULL, &fault);
            /* Case 7 was cut; case 8 was made up and its only transaction has no inputs. */
            assert_err(err, i == 7 ? GASP_ERR_SHORT : GASP_ERR_TX_NO_INPUTS);
            assert_int_equal(fault.err, err);
            print_message("  case %zu: %s at %d\n", i, gasp_err_name(fault.err), (int)fault.at);
            refused++;
        } else {
            beef = case_decode(bytes);
            assert_int_equal(gasp_beef_version(beef), test_json_int(parsed, "version"));
            compare_subject(beef, parsed);
            compare_bumps(beef, parsed, &roots);
            compare_txs(beef, parsed, &txids);
            gasp_bytes out = case_encode(beef);
            case_assert_same(out, bytes);
            test_release(out);
            gasp_err err = gasp_beef_check(beef, &fault);
            /* Case 1 is as ts-sdk has it: its first transaction names a path that proves another one. */
            assert_err(err, i == 1 ? GASP_ERR_PROOF_NOT_LEAF : GASP_OK);
            assert_int_equal(fault.item, 0);
            sound += err == GASP_OK;
            parse++;
        }
        gasp_beef_free(beef);
        test_release(bytes);
    }
    json_decref(rows);
    print_message("count: BEEF corpus: %zu parse, %zu refused\n", parse, refused);
    print_message("count: compared: %zu roots, %zu txids; %zu pass the check\n", roots, txids, sound);
    assert_int_equal(parse, 36);
    assert_int_equal(refused, 2);
    assert_int_equal(sound, 35);
    assert_int_equal(roots, 25);
    assert_int_equal(txids, 110);
}

/* Every prefix of every case of the corpus up to 4 KiB, in a block of its own length. */
static void truncated(void **state)
{
    (void)state;
    json_t *rows = case_corpus();
    size_t prefixes = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        gasp_bytes bytes = test_hex(test_json_text(row, "hex"));
        for (size_t len = 0; len < bytes.len && bytes.len < 4096; len++) {
            uint8_t *prefix = malloc(len + (len == 0));
            assert_non_null(prefix);
            memcpy(prefix, bytes.data, len);
            gasp_beef *beef = NULL;
            gasp_fault fault = {0};
            gasp_err err = gasp_beef_decode(&beef, (gasp_bytes){prefix, len}, NULL, &fault);
            assert_int_equal(gasp_err_class(err), GASP_CLASS_DECODE);
            assert_int_equal(err, fault.err);
            assert_true(fault.at <= len);
            assert_null(beef);
            free(prefix);
            prefixes++;
        }
        test_release(bytes);
    }
    json_decref(rows);
    print_message("count: truncated: %zu prefixes refused\n", prefixes);
    assert_true(prefixes > 30000);
}

static const struct {
    const char *why;
    const char *words;
    gasp_err err; /* of decode */
    uint64_t at, item;
    gasp_err check; /* of check, when it decodes */
    uint64_t check_at, check_item;
} cases[] = {
    {"nothing but counts", "V1 00 00", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"V1, proven", "V1 01 BUMP 01 TX 01 00", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"V1, unproven", "V1 00 01 TX 00", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"V2, proven", "V2 01 BUMP 01 01 00 TX", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"V2, txid only", "V2 00 01 02 TXID", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"a transaction twice", "V2 00 02 00 TX 00 TX", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"atomic", "ATOMIC TXID V1 00 01 TX 00", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"atomic, subject twice, once by txid", "ATOMIC TXID V2 00 02 02 TXID 00 TX", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"a BUMP that nobody names", "V1 01 OTHER 01 TX 00", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"proven, no leaf of its path", "V1 01 OTHER 01 TX 01 00", GASP_OK, 0, 0, GASP_ERR_PROOF_NOT_LEAF, 43, 0},
    {"the second is no leaf", "V2 02 BUMP OTHER 02 01 00 TX 01 01 TX", GASP_OK, 0, 0, GASP_ERR_PROOF_NOT_LEAF, 144, 1},
    {"atomic without its subject", "ATOMIC TWOS V1 00 01 TX 00", GASP_OK, 0, 0, GASP_ERR_BEEF_NO_SUBJECT, 4, 0},
    {"atomic, empty", "ATOMIC TXID V1 00 00", GASP_OK, 0, 0, GASP_ERR_BEEF_NO_SUBJECT, 4, 0},
    {"atomic, subject by txid only", "ATOMIC TXID V2 00 01 02 TXID", GASP_OK, 0, 0, GASP_ERR_BEEF_TXID_ONLY, 42, 0},
    {"atomic, parent by txid only", "ATOMIC TXID V2 00 02 02 ONES 00 TX", GASP_OK, 0, 0, GASP_OK, 0, 0},
    {"atomic with a stranger", "ATOMIC TXID V2 00 02 00 TX 02 TWOS", GASP_OK, 0, 0, GASP_ERR_BEEF_UNRELATED, 105, 1},
    {"no version", "0300beef 00 00", GASP_ERR_BEEF_VERSION, 0, 0, GASP_OK, 0, 0},
    {"atomic inside atomic", "ATOMIC TXID ATOMIC TXID V1 00 00", GASP_ERR_BEEF_VERSION, 36, 0, GASP_OK, 0, 0},
    {"V1, has-BUMP byte 2", "V1 01 BUMP 01 TX 02 00", GASP_ERR_BEEF_FORMAT, 105, 0, GASP_OK, 0, 0},
    {"V2, format 3", "V2 00 01 03 TXID", GASP_ERR_BEEF_FORMAT, 6, 0, GASP_OK, 0, 0},
    {"V1, BUMP 1 of 1", "V1 01 BUMP 01 TX 01 01", GASP_ERR_BEEF_BUMP_INDEX, 106, 0, GASP_OK, 0, 0},
    {"V2, BUMP 0 of none", "V2 00 02 00 TX 01 00 TX", GASP_ERR_BEEF_BUMP_INDEX, 70, 1, GASP_OK, 0, 0},
    {"one byte left over", "V1 00 01 TX 00 00", GASP_ERR_TRAILING, 69, 0, GASP_OK, 0, 0},
    {"more transactions than bytes", "V1 00 02 TX 00 00", GASP_ERR_COUNT, 5, 0, GASP_OK, 0, 0},
    {"more BUMPs than bytes", "V1 fe00000100 BUMP 00", GASP_ERR_COUNT, 4, 0, GASP_OK, 0, 0},
    {"count in three bytes", "V1 fd0000 00", GASP_ERR_COMPACT_SIZE, 4, 0, GASP_OK, 0, 0},
    {"flags 3 in the second BUMP", "V1 02 BUMP 07 01 01 00 03 TXID 00", GASP_ERR_BUMP_FLAGS, 46, 1, GASP_OK, 0, 0},
    {"no inputs in the second transaction", "V2 00 02 00 TX 00 01000000 00 01 0300000000000000 00 00000000 TX",
     GASP_ERR_TX_NO_INPUTS, 74, 1, GASP_OK, 0, 0},
};

static void hand_made(void **state)
{
    (void)state;
    size_t refused = 0, invalid = 0, sound = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gasp_bytes bytes = case_bytes(cases[i].words);
        gasp_beef *beef = NULL;
        gasp_fault fault = {0};
        gasp_err err = gasp_beef_decode(&beef, bytes, NULL, &fault);
        if (err != cases[i].err || fault.at != cases[i].at)
            print_error("%s: %s at %d\n", cases[i].why, gasp_err_name(err), (int)fault.at);
        assert_err(err, cases[i].err);
        assert_int_equal(fault.err, err);
        assert_int_equal(fault.at, cases[i].at);
        assert_int_equal(fault.item, cases[i].item);
        refused += err != GASP_OK;
        if (err == GASP_OK) {
            err = gasp_beef_check(beef, &fault);
            if (err != cases[i].check || fault.at != cases[i].check_at)
                print_error("%s: check: %s at %d\n", cases[i].why, gasp_err_name(err), (int)fault.at);
            assert_err(err, cases[i].check);
            assert_int_equal(fault.at, cases[i].check_at);
            assert_int_equal(fault.item, cases[i].check_item);
            invalid += err != GASP_OK;
            sound += err == GASP_OK;
            gasp_bytes out = case_encode(beef);
            case_assert_same(out, bytes);
            test_release(out);
        }
        gasp_beef_free(beef);
        test_release(bytes);
    }
    print_message("count: hand made: %zu sound, %zu invalid, %zu malformed, each at its place\n", sound, invalid,
                  refused);
    assert_int_equal(sound, 10);
    assert_int_equal(invalid, 6);
    assert_int_equal(refused, 12);
}

/* The limits on counts, each by a BEEF that has room for one more. */
static void limits(void **state)
{
    (void)state;
    const size_t n = (size_t)GASP_BEEF_TXS_MAX + 1;
    gasp_bytes bump = case_bytes("BUMP");
    gasp_buf buf;
    gasp_buf_init(&buf, 16 * 1024 * 1024, NULL);
    for (int bumps = 0; bumps <= 1; bumps++) {
        gasp_writer w = gasp_writer_growing(&buf);
        gasp_buf_drop(&buf, buf.len);
        gasp_write_u32(&w, 0xefbe0002);
        if (bumps == 0)
            gasp_write_u8(&w, 0);
        gasp_write_compact(&w, n);
        for (size_t i = 0; i < n; i++) {
            static const uint8_t txid_only[33] = {2};
            gasp_write_bytes(&w, bumps ? bump.data : txid_only, bumps ? bump.len : sizeof txid_only);
        }
        assert_err(w.err, GASP_OK);
        gasp_beef *beef = NULL;
        gasp_fault fault = {0};
        assert_err(gasp_beef_decode(&beef, gasp_buf_view(&buf), NULL, &fault), GASP_ERR_LIMIT);
        assert_int_equal(fault.at, bumps ? 4 : 5);
    }
    gasp_buf_clear(&buf);
    gasp_beef *beef = NULL;
    gasp_txid txid = {{0}};
    assert_err(gasp_beef_new(&beef, 2, NULL), GASP_OK);
    for (size_t i = 0; i < n - 1; i++)
        assert_err(gasp_beef_add_txid(beef, &txid), GASP_OK);
    assert_err(gasp_beef_add_txid(beef, &txid), GASP_ERR_LIMIT);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_int_equal(gasp_beef_tx_count(beef), 1);
    size_t index = 0;
    for (size_t i = 0; i < n - 1; i++) {
        gasp_bump *one = NULL;
        assert_err(gasp_bump_decode(&one, bump, NULL, NULL), GASP_OK);
        assert_err(gasp_beef_add_bump_take(beef, &index, one), GASP_OK);
        assert_int_equal(index, i);
    }
    gasp_bump *more = NULL;
    assert_err(gasp_bump_decode(&more, bump, NULL, NULL), GASP_OK);
    assert_err(gasp_beef_add_bump_take(beef, &index, more), GASP_ERR_LIMIT);
    gasp_bump_free(more);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_int_equal(gasp_beef_bump_count(beef), 1);
    gasp_beef_free(beef);
    test_release(bump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus_parses),
        cmocka_unit_test(truncated),
        cmocka_unit_test(hand_made),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
