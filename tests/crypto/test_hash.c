/* Hashes against published answers: FIPS 180-4's examples for SHA-256, the RIPEMD-160 paper's by way of the addresses
 * of the first keys of secp256k1, BIP340's tag. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "lib/data.h"
#include "lib/random.h"

static void assert_hash(const uint8_t *got, size_t len, const char *hex)
{
    gasp_bytes expected = test_hex(hex);
    assert_int_equal(expected.len, len);
    assert_memory_equal(got, expected.data, len);
    test_release(expected);
}

static void sha256_published(void **state)
{
    (void)state;
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t out[32];
    gasp_sha256_once(out, "abc", 3);
    assert_hash(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    gasp_sha256_once(out, two_blocks, strlen(two_blocks));
    assert_hash(out, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    gasp_sha256_once(out, NULL, 0);
    assert_hash(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    gasp_sha256 h;
    gasp_sha256_init(&h);
    char thousand[1000];
    memset(thousand, 'a', sizeof thousand);
    for (int i = 0; i < 1000; i++)
        gasp_sha256_update(&h, thousand, sizeof thousand);
    gasp_sha256_final(&h, out);
    assert_hash(out, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The genesis block: hash of its header, and its one transaction as a whole tree. */
static void sha256d_of_the_chain(void **state)
{
    (void)state;
    gasp_bytes header =
        test_hex("0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b2"
                 "7ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c");
    uint8_t out[32];
    gasp_sha256d(out, header.data, header.len);
    assert_hash(out, 32, "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000");
    gasp_sha256 h;
    gasp_sha256_init(&h);
    gasp_sha256_update(&h, header.data, 33);
    gasp_sha256_update(&h, header.data + 33, header.len - 33);
    gasp_sha256_final_twice(&h, out);
    assert_hash(out, 32, "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000");
    test_release(header);
}

/* Block 170: two transactions, so its root is the hash of one pair. */
static void merkle_pair(void **state)
{
    (void)state;
    gasp_txid left;
    gasp_txid right;
    gasp_txid root;
    uint8_t out[32];
    assert_err(gasp_txid_from_text(&left, "b1fea52486ce0c62bb442b530a3f0132b826c74e473d1f2c220bfa78111c5082"), GASP_OK);
    assert_err(gasp_txid_from_text(&right, "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"),
               GASP_OK);
    assert_err(gasp_txid_from_text(&root, "7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff"), GASP_OK);
    gasp_sha256d_pair(out, left.b, right.b);
    assert_memory_equal(out, root.b, 32);
    gasp_sha256d_pair(left.b, left.b, right.b);
    assert_memory_equal(left.b, root.b, 32);
    gasp_sha256d_pair(right.b, left.b, right.b);
    assert_memory_not_equal(right.b, root.b, 32);
}

/* The key of secret 1, in both forms: the hashes inside two well-known addresses (1BgGZ9tc..., 1EHNa6Q4...). */
static void hash160_published(void **state)
{
    (void)state;
    gasp_bytes key = test_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    gasp_bytes both = test_hex("0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
                               "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
    uint8_t out[20];
    gasp_hash160(out, key.data, key.len);
    assert_hash(out, 20, "751e76e8199196d454941c45d1b3a323f1433bd6");
    gasp_hash160(out, both.data, both.len);
    assert_hash(out, 20, "91b24bf9f5288532960ac687abb035127b1d28a5");
    test_release(key);
    test_release(both);
}

/* BIP340 says how a tag enters: the tag's SHA-256, twice, before the data; for its challenge that prefix is published.
 */
static void tagged(void **state)
{
    (void)state;
    gasp_bytes prefix = test_hex("7bb52d7a9fef58323eb1bf7a407db382d2f3f2d81bb1224f49fe518f6d48d37c"
                                 "7bb52d7a9fef58323eb1bf7a407db382d2f3f2d81bb1224f49fe518f6d48d37c");
    uint8_t message[100];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)i;
    gasp_sha256 h;
    uint8_t out[32];
    uint8_t expected[32];
    gasp_sha256_tagged_init(&h, "BIP0340/challenge");
    gasp_sha256_update(&h, message, sizeof message);
    gasp_sha256_final(&h, out);
    gasp_sha256_init(&h);
    gasp_sha256_update(&h, prefix.data, prefix.len);
    gasp_sha256_update(&h, message, sizeof message);
    gasp_sha256_final(&h, expected);
    assert_memory_equal(out, expected, 32);
    test_release(prefix);
}

/* The tags whose beginning is kept ready: as BIP340 says, with the tag hashed here. */
static void tagged_by_hand(void **state)
{
    (void)state;
    static const char *const tags[] = {"gasp/item/state/1",
                                       "gasp/item/outpoint/1",
                                       "gasp/state/1",
                                       "gasp/entries/1",
                                       "gasp/bloom/1",
                                       "gasp/random/1",
                                       ""};
    uint8_t message[200];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(3 * i);
    for (size_t t = 0; t < sizeof tags / sizeof tags[0]; t++) {
        for (size_t len = 0; len <= sizeof message; len += 7) {
            uint8_t whole[64 + sizeof message];
            uint8_t out[32];
            uint8_t expected[32];
            gasp_sha256 h;
            gasp_sha256_once(whole, tags[t], strlen(tags[t]));
            memcpy(whole + 32, whole, 32);
            memcpy(whole + 64, message, len);
            gasp_sha256_once(expected, whole, 64 + len);
            gasp_sha256_tagged_init(&h, tags[t]);
            gasp_sha256_update(&h, message, len);
            gasp_sha256_final(&h, out);
            assert_memory_equal(out, expected, 32);
        }
    }
}

/* Every length of an ending, against OpenSSL's own hash. */
static void every_ending(void **state)
{
    (void)state;
    uint8_t message[260];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(7 * i + 1);
    for (size_t len = 0; len <= sizeof message; len++) {
        uint8_t out[32];
        uint8_t expected[32];
        unsigned n = 0;
        assert_int_equal(EVP_Digest(message, len, expected, &n, EVP_sha256(), NULL), 1);
        gasp_sha256_once(out, message, len);
        assert_memory_equal(out, expected, 32);
        gasp_sha256 h;
        gasp_sha256_init(&h);
        gasp_sha256_update(&h, message, len);
        gasp_sha256_final(&h, out);
        assert_memory_equal(out, expected, 32);
    }
}

/* However a message is cut, its hash is that of the whole. */
static void any_cut(void **state)
{
    (void)state;
    test_random r = test_random_start("hash cuts");
    uint8_t message[300];
    test_random_fill(&r, message, sizeof message);
    for (unsigned round = 0; round < 500; round++) {
        size_t len = test_random_below(&r, sizeof message + 1);
        uint8_t whole[32];
        uint8_t parts[32];
        gasp_sha256 h;
        gasp_sha256_once(whole, message, len);
        gasp_sha256_init(&h);
        for (size_t at = 0; at < len;) {
            size_t step = 1 + test_random_below(&r, len - at);
            gasp_sha256_update(&h, message + at, step);
            at += step;
        }
        gasp_sha256_final(&h, parts);
        assert_memory_equal(parts, whole, 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_published), cmocka_unit_test(sha256d_of_the_chain),
        cmocka_unit_test(merkle_pair),      cmocka_unit_test(hash160_published),
        cmocka_unit_test(tagged),           cmocka_unit_test(any_cut),
        cmocka_unit_test(tagged_by_hand),   cmocka_unit_test(every_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
