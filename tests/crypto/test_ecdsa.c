/* ECDSA against Wycheproof's Bitcoin set (strict DER, low s), each encoding rule against bytes that break it alone, and
 * what is accepted where the rules are looser. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/ecdsa.h"
#include "crypto/hash.h"
#include "lib/data.h"
#include "lib/keys.h"

static gasp_ecdsa *ecdsa;

static int setup(void **state)
{
    (void)state;
    return gasp_ecdsa_new(&ecdsa, NULL) == GASP_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gasp_ecdsa_free(ecdsa);
    return 0;
}

/* The verdict of a node after 2017: encoding, then s, then the signature itself. */
static bool accepted(gasp_bytes key, gasp_bytes der, const uint8_t hash[32])
{
    return gasp_der_is_strict(der) && gasp_der_is_low_s(der) && gasp_pubkey_is_plain(key) &&
           gasp_ecdsa_verify(ecdsa, key, der, hash);
}

static void wycheproof(void **state)
{
    (void)state;
    json_t *file = test_shared_json("ecdsa/wycheproof-ecdsa_secp256k1_sha256_bitcoin_test.json");
    int valid = 0;
    int invalid = 0;
    size_t i;
    size_t j;
    const json_t *group;
    const json_t *test;
    json_array_foreach(json_object_get(file, "testGroups"), i, group)
    {
        gasp_bytes key = test_hex(test_json_text(json_object_get(group, "publicKey"), "uncompressed"));
        json_array_foreach(json_object_get(group, "tests"), j, test)
        {
            gasp_bytes message = test_hex(test_json_text(test, "msg"));
            gasp_bytes der = test_hex(test_json_text(test, "sig"));
            uint8_t hash[32];
            gasp_sha256_once(hash, message.data, message.len);
            bool expected = strcmp(test_json_text(test, "result"), "valid") == 0;
            if (accepted(key, der, hash) != expected)
                fail_msg("case %lld: %s", test_json_int(test, "tcId"), test_json_text(test, "comment"));
            valid += expected;
            invalid += !expected;
            test_release(message);
            test_release(der);
        }
        test_release(key);
    }
    json_decref(file);
    print_message("count: wycheproof: %d valid accepted, %d invalid refused\n", valid, invalid);
    assert_int_equal(valid, 162);
    assert_int_equal(invalid, 301);
}

static const struct {
    const char *hex;
    bool strict;
    const char *why;
} encodings[] = {
    {"3006020101020101", true, "shortest"},
    {"30070202008002017f", true, "a needed zero before r"},
    {"", false, "nothing"},
    {"30", false, "a tag alone"},
    {"30050201010201", false, "ends inside s"},
    {"3106020101020101", false, "no SEQUENCE"},
    {"3007020101020101", false, "length too large"},
    {"3005020101020101", false, "length too small"},
    {"308106020101020101", false, "length in two bytes"},
    {"300602010102010100", false, "a byte behind"},
    {"3007020101020101ff", false, "a byte behind s, inside the length"},
    {"3006030101020101", false, "r is no INTEGER"},
    {"3006020101030101", false, "s is no INTEGER"},
    {"30060200020201ff", false, "r is empty"},
    {"3006020201010200", false, "s is empty"},
    {"3006020181020101", false, "r is negative"},
    {"3006020101020181", false, "s is negative"},
    {"300702020001020101", false, "r has a zero that it does not need"},
    {"300702010102020001", false, "s has a zero that it does not need"},
    {"3006020501020101", false, "r runs over s"},
    {"3006020101020201", false, "s runs over the end"},
};

static void strict_der(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        gasp_bytes der = test_hex(encodings[i].hex);
        if (gasp_der_is_strict(der) != encodings[i].strict)
            fail_msg("%s: %s", encodings[i].hex, encodings[i].why);
        test_release(der);
    }
}

/* Longest strict form: 33 bytes each. One more is refused whatever its lengths say. */
static void longest(void **state)
{
    (void)state;
    uint8_t der[73] = {0x30, 70, 0x02, 33, 0x00, 0x80};
    der[2 + 2 + 33] = 0x02;
    der[2 + 2 + 33 + 1] = 33;
    der[2 + 2 + 33 + 2] = 0x00;
    der[2 + 2 + 33 + 3] = 0x80;
    assert_true(gasp_der_is_strict((gasp_bytes){der, 72}));
    assert_false(gasp_der_is_low_s((gasp_bytes){der, 72}));
    der[1] = 71;
    der[3] = 34;
    der[2 + 2 + 34] = 0x02;
    der[2 + 2 + 34 + 1] = 33;
    der[2 + 2 + 34 + 2] = 0x00;
    der[2 + 2 + 34 + 3] = 0x80;
    assert_false(gasp_der_is_strict((gasp_bytes){der, 73}));
}

/* Half the order passes, one above does not. */
static void low_s_edge(void **state)
{
    (void)state;
    gasp_bytes half = test_hex("302502010102207fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    gasp_bytes above = test_hex("302502010102207fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1");
    gasp_bytes padded = test_hex("3006020101020001");
    assert_true(gasp_der_is_low_s(half));
    assert_true(gasp_der_is_strict(above));
    assert_false(gasp_der_is_low_s(above));
    assert_false(gasp_der_is_low_s(padded));
    test_release(half);
    test_release(above);
    test_release(padded);
}

/* n - s is the same signature: refused by the low-s rule alone, never by verification. */
static void high_s_verifies(void **state)
{
    (void)state;
    test_key key;
    test_key_make(&key, 1);
    uint8_t hash[32];
    uint8_t der[GASP_DER_MAX];
    gasp_sha256_once(hash, "high s", 6);
    size_t len = test_key_sign(&key, der, hash, true);
    gasp_bytes high = {der, len};
    gasp_bytes pub = {key.pub33, sizeof key.pub33};
    assert_true(gasp_der_is_strict(high));
    assert_false(gasp_der_is_low_s(high));
    assert_true(gasp_ecdsa_verify(ecdsa, pub, high, hash));
    len = test_key_sign(&key, der, hash, false);
    gasp_bytes low = {der, len};
    assert_true(gasp_der_is_low_s(low));
    assert_true(accepted(pub, low, hash));
    hash[31] ^= 1;
    assert_false(gasp_ecdsa_verify(ecdsa, pub, low, hash));
}

/* Any one bit of a signature, its key or its hash changed: nothing verifies. */
static void every_bit_counts(void **state)
{
    (void)state;
    test_key key;
    test_key_make(&key, 2);
    uint8_t hash[32];
    uint8_t der[GASP_DER_MAX];
    gasp_sha256_once(hash, "bits", 4);
    size_t len = test_key_sign(&key, der, hash, false);
    gasp_bytes sig = {der, len};
    gasp_bytes pub = {key.pub33, sizeof key.pub33};
    for (size_t bit = 0; bit < 8 * len; bit++) {
        der[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(accepted(pub, sig, hash));
        der[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof key.pub33; bit++) {
        key.pub33[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(accepted(pub, sig, hash));
        key.pub33[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(accepted(pub, sig, hash));
}

static void key_forms(void **state)
{
    (void)state;
    test_key key;
    test_key_make(&key, 3);
    uint8_t hash[32];
    uint8_t der[GASP_DER_MAX];
    gasp_sha256_once(hash, "forms", 5);
    gasp_bytes sig = {der, test_key_sign(&key, der, hash, false)};
    gasp_bytes both = {key.pub65, sizeof key.pub65};
    assert_true(gasp_pubkey_is_plain(both));
    assert_true(gasp_ecdsa_verify(ecdsa, both, sig, hash));
    key.pub65[0] = (uint8_t)(0x06 + (key.pub65[64] & 1));
    assert_false(gasp_pubkey_is_plain(both));
    assert_true(gasp_ecdsa_verify(ecdsa, both, sig, hash));
    key.pub65[0] ^= 1;
    assert_false(gasp_ecdsa_verify(ecdsa, both, sig, hash));
    gasp_bytes cut = {key.pub33, 32};
    assert_false(gasp_pubkey_is_plain(cut));
    assert_false(gasp_ecdsa_verify(ecdsa, cut, sig, hash));
    assert_false(gasp_pubkey_is_plain((gasp_bytes){NULL, 0}));
    assert_false(gasp_ecdsa_verify(ecdsa, (gasp_bytes){NULL, 0}, sig, hash));
}

static void *allocate_some(void *user, size_t len)
{
    int *left = user;
    return (*left)-- > 0 ? gasp_mem_zalloc(gasp_mem_default(), len) : NULL;
}

static void release_it(void *user, void *block)
{
    (void)user;
    gasp_mem_free(gasp_mem_default(), block);
}

static void no_memory(void **state)
{
    (void)state;
    int left = 0;
    gasp_mem mem = {sizeof mem, &left, allocate_some, NULL, release_it};
    gasp_ecdsa *none = NULL;
    for (int n = 0; n < 2; n++) {
        left = n;
        assert_err(gasp_ecdsa_new(&none, &mem), GASP_ERR_NOMEM);
        assert_null(none);
    }
    left = 2;
    assert_err(gasp_ecdsa_new(&none, &mem), GASP_OK);
    gasp_ecdsa_free(none);
    gasp_ecdsa_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wycheproof), cmocka_unit_test(strict_der),      cmocka_unit_test(longest),
        cmocka_unit_test(low_s_edge), cmocka_unit_test(high_s_verifies), cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(key_forms),  cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
