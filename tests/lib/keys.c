/* Test keys and signed transactions. Secrets here are public knowledge by construction. Heap of the C library, as in
 * data.c. */
#include "lib/keys.h"

#include <secp256k1.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "crypto/hash.h"
#include "lib/data.h"

enum { FORKID = 0x40, TX_MAX = 1 << 26 };

void test_key_make(test_key *key, uint32_t number)
{
    static const char name[] = "libgasp test key ";
    uint8_t label[sizeof name - 1 + 4];
    gasp_writer w = gasp_writer_fixed(label, sizeof label);
    gasp_write_bytes(&w, name, sizeof name - 1);
    gasp_write_u32(&w, number);
    gasp_sha256_once(key->secret, label, w.len);
    secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    secp256k1_pubkey point;
    assert_int_equal(secp256k1_ec_pubkey_create(ctx, &point, key->secret), 1);
    size_t len = sizeof key->pub33;
    secp256k1_ec_pubkey_serialize(ctx, key->pub33, &len, &point, SECP256K1_EC_COMPRESSED);
    len = sizeof key->pub65;
    secp256k1_ec_pubkey_serialize(ctx, key->pub65, &len, &point, SECP256K1_EC_UNCOMPRESSED);
    secp256k1_context_destroy(ctx);
    gasp_hash160(key->hash20, key->pub33, sizeof key->pub33);
}

/* s becomes n - s, big-endian. */
static void negate_s(uint8_t s[32])
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                      0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int digit = order[i] - s[i] - borrow;
        borrow = digit < 0;
        s[i] = (uint8_t)(digit + (borrow ? 256 : 0));
    }
}

size_t test_key_sign(const test_key *key, uint8_t der[72], const uint8_t hash[32], bool high_s)
{
    secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    secp256k1_ecdsa_signature signature;
    uint8_t compact[64];
    size_t len = 72;
    assert_int_equal(secp256k1_ecdsa_sign(ctx, &signature, hash, key->secret, NULL, NULL), 1);
    secp256k1_ecdsa_signature_serialize_compact(ctx, compact, &signature);
    if (high_s)
        negate_s(compact + 32);
    assert_int_equal(secp256k1_ecdsa_signature_parse_compact(ctx, &signature, compact), 1);
    assert_int_equal(secp256k1_ecdsa_signature_serialize_der(ctx, der, &len, &signature), 1);
    secp256k1_context_destroy(ctx);
    return len;
}

static void write_lock(gasp_writer *w, test_lock lock, const test_key *key)
{
    switch (lock) {
    case TEST_P2PKH:
        gasp_write_bytes(w, "\x76\xa9\x14", 3);
        gasp_write_bytes(w, key->hash20, sizeof key->hash20);
        gasp_write_bytes(w, "\x88\xac", 2);
        break;
    case TEST_P2PK:
        gasp_write_u8(w, sizeof key->pub33);
        gasp_write_bytes(w, key->pub33, sizeof key->pub33);
        gasp_write_u8(w, 0xac);
        break;
    case TEST_P2PK_LONG:
        gasp_write_u8(w, sizeof key->pub65);
        gasp_write_bytes(w, key->pub65, sizeof key->pub65);
        gasp_write_u8(w, 0xac);
        break;
    case TEST_TRUE:
        gasp_write_u8(w, 0x51);
        break;
    }
}

/* A copy in the C heap, which the caller frees with test_release; the buffer is emptied. */
static gasp_bytes take(gasp_buf *buf, const gasp_writer *w)
{
    assert_err(w->err, GASP_OK);
    uint8_t *copy = malloc(buf->len + 1);
    assert_non_null(copy);
    if (buf->len > 0)
        memcpy(copy, buf->data, buf->len);
    gasp_bytes bytes = {copy, buf->len};
    gasp_buf_clear(buf);
    return bytes;
}

gasp_bytes test_lock_script(test_lock lock, uint32_t number)
{
    test_key key;
    gasp_buf buf;
    test_key_make(&key, number);
    gasp_buf_init(&buf, TX_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    write_lock(&w, lock, &key);
    return take(&buf, &w);
}

static void write_sized_lock(gasp_writer *w, test_lock lock, uint32_t number)
{
    gasp_bytes script = test_lock_script(lock, number);
    gasp_write_sized(w, script);
    test_release(script);
}

static void write_outputs(gasp_writer *w, const test_spec *spec)
{
    for (size_t i = 0; i < spec->n_out; i++) {
        gasp_write_u64(w, spec->out[i].sat);
        write_sized_lock(w, spec->out[i].lock, spec->out[i].key);
    }
}

/* The transaction with these unlocking scripts; NULL: all empty but input `own`, which has its locking script. */
static void write_tx(gasp_writer *w, const test_spec *spec, const gasp_bytes *unlock, size_t own)
{
    gasp_write_u32(w, spec->version != 0 ? spec->version : 1);
    gasp_write_compact(w, spec->n_in);
    for (size_t i = 0; i < spec->n_in; i++) {
        gasp_write_outpoint(w, &spec->in[i].prev);
        if (unlock != NULL)
            gasp_write_sized(w, unlock[i]);
        else if (i == own)
            write_sized_lock(w, spec->in[i].lock, spec->in[i].key);
        else
            gasp_write_compact(w, 0);
        gasp_write_u32(w, UINT32_MAX);
    }
    gasp_write_compact(w, spec->n_out);
    write_outputs(w, spec);
    gasp_write_u32(w, spec->locktime);
}

static void hash_list(gasp_writer *w, gasp_buf *list)
{
    uint8_t hash[32];
    gasp_sha256d(hash, list->data, list->len);
    gasp_write_bytes(w, hash, sizeof hash);
    gasp_buf_clear(list);
}

/* BIP143 for type ALL, field by field. */
static void write_forkid(gasp_writer *w, const test_spec *spec, size_t own)
{
    gasp_buf list;
    gasp_buf_init(&list, TX_MAX, NULL);
    gasp_writer part = gasp_writer_growing(&list);
    gasp_write_u32(w, spec->version != 0 ? spec->version : 1);
    for (size_t i = 0; i < spec->n_in; i++)
        gasp_write_outpoint(&part, &spec->in[i].prev);
    hash_list(w, &list);
    for (size_t i = 0; i < spec->n_in; i++)
        gasp_write_u32(&part, UINT32_MAX);
    hash_list(w, &list);
    gasp_write_outpoint(w, &spec->in[own].prev);
    write_sized_lock(w, spec->in[own].lock, spec->in[own].key);
    gasp_write_u64(w, spec->in[own].sat);
    gasp_write_u32(w, UINT32_MAX);
    write_outputs(&part, spec);
    assert_err(part.err, GASP_OK);
    hash_list(w, &list);
    gasp_write_u32(w, spec->locktime);
}

static void hash_to_sign(uint8_t hash[32], const test_spec *spec, size_t own, uint8_t hash_type)
{
    gasp_buf buf;
    gasp_buf_init(&buf, TX_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    if ((hash_type & FORKID) != 0)
        write_forkid(&w, spec, own);
    else
        write_tx(&w, spec, NULL, own);
    gasp_write_u32(&w, hash_type);
    assert_err(w.err, GASP_OK);
    gasp_sha256d(hash, buf.data, buf.len);
    gasp_buf_clear(&buf);
}

static gasp_bytes unlock_input(const test_spec *spec, size_t own)
{
    uint8_t hash_type = spec->hash_type != 0 ? spec->hash_type : 0x41;
    assert_true(hash_type == 0x41 || hash_type == 0x01);
    gasp_buf buf;
    gasp_buf_init(&buf, TX_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    if (spec->in[own].lock != TEST_TRUE) {
        test_key key;
        uint8_t hash[32];
        uint8_t der[72];
        test_key_make(&key, spec->in[own].key);
        hash_to_sign(hash, spec, own, hash_type);
        size_t len = test_key_sign(&key, der, hash, spec->high_s);
        gasp_write_u8(&w, (uint8_t)(len + 1));
        gasp_write_bytes(&w, der, len);
        gasp_write_u8(&w, hash_type);
        if (spec->in[own].lock == TEST_P2PKH) {
            gasp_write_u8(&w, sizeof key.pub33);
            gasp_write_bytes(&w, key.pub33, sizeof key.pub33);
        }
    }
    return take(&buf, &w);
}

gasp_bytes test_tx_make(gasp_txid *txid, const test_spec *spec)
{
    gasp_bytes *unlock = calloc(spec->n_in + 1, sizeof *unlock);
    assert_non_null(unlock);
    for (size_t i = 0; i < spec->n_in; i++)
        unlock[i] = unlock_input(spec, i);
    gasp_buf buf;
    gasp_buf_init(&buf, TX_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    write_tx(&w, spec, unlock, 0);
    gasp_bytes raw = take(&buf, &w);
    if (txid != NULL)
        gasp_sha256d(txid->b, raw.data, raw.len);
    for (size_t i = 0; i < spec->n_in; i++)
        test_release(unlock[i]);
    free(unlock);
    return raw;
}
