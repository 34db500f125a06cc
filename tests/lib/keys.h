/** Keys for tests, and transactions signed by them. The same number gives the same key, and the same values the same
 * bytes, in every run. A test that uses this links the rooms base and crypto.
 *
 *  What is signed is computed here on its own, not by src/script, so that a signature made here checks that room. */
#ifndef TESTS_LIB_KEYS_H
#define TESTS_LIB_KEYS_H

#include "gasp/types.h"

typedef struct test_key {
    uint8_t secret[32];
    uint8_t pub33[33];
    uint8_t pub65[65];
    uint8_t hash20[20]; /**< HASH160 of pub33 */
} test_key;

void test_key_make(test_key *key, uint32_t number);

/** Signs hash (RFC 6979): strict DER, its length is answered. high_s: with n - s, which low-S rules refuse. */
size_t test_key_sign(const test_key *key, uint8_t der[72], const uint8_t hash[32], bool high_s);

typedef enum test_lock {
    TEST_P2PKH = 0,
    TEST_P2PK = 1,      /**< compressed key */
    TEST_P2PK_LONG = 2, /**< uncompressed key */
    TEST_TRUE = 3       /**< the script `1`: anybody may spend it, with nothing */
} test_lock;

/** The locking script of that kind for key `number`, in the C heap. */
gasp_bytes test_lock_script(test_lock lock, uint32_t number);

typedef struct test_in {
    gasp_outpoint prev;
    uint64_t sat;   /**< of the output that is spent */
    test_lock lock; /**< of the output that is spent */
    uint32_t key;
} test_in;

typedef struct test_out {
    uint64_t sat;
    test_lock lock;
    uint32_t key;
} test_out;

typedef struct test_spec {
    const test_in *in;
    size_t n_in;
    const test_out *out;
    size_t n_out;
    uint32_t version; /**< 0: version 1 */
    uint32_t locktime;
    uint8_t hash_type; /**< 0x41 (0 too) or 0x01: ALL with FORKID or without */
    bool high_s;       /**< sign with n - s */
} test_spec;

/** The transaction with every input signed, in standard form, in the C heap (test_release frees it). *txid, when given,
 * is its txid. Sequences are ffffffff. */
gasp_bytes test_tx_make(gasp_txid *txid, const test_spec *spec);

#endif
