/* Keys, put together from fields of fixed length. */
#include "wallet/keys.h"

#include <string.h>

static void put(gasp_key *key, const void *bytes, size_t len)
{
    memcpy(key->b + key->len, bytes, len);
    key->len += len;
}

static void put_be(gasp_key *key, uint64_t value, size_t len)
{
    for (size_t i = len; i-- > 0;)
        key->b[key->len++] = (uint8_t)(value >> (8 * i));
}

static void put_outpoint(gasp_key *key, const gasp_outpoint *outpoint)
{
    put(key, outpoint->txid.b, 32);
    for (size_t i = 0; i < 4; i++)
        key->b[key->len++] = (uint8_t)(outpoint->vout >> (8 * i));
}

gasp_key gasp_key_kind(char letter)
{
    gasp_key key;
    key.b[0] = (uint8_t)letter;
    key.len = 1;
    return key;
}

static gasp_key with_hash(char letter, const uint8_t hash[32])
{
    gasp_key key = gasp_key_kind(letter);
    put(&key, hash, 32);
    return key;
}

static gasp_key with_hashes(char letter, const uint8_t first[32], const uint8_t second[32])
{
    gasp_key key = with_hash(letter, first);
    put(&key, second, 32);
    return key;
}

gasp_key gasp_key_layout(void)
{
    return gasp_key_kind('V');
}

gasp_key gasp_key_state(void)
{
    return gasp_key_kind('S');
}

gasp_key gasp_key_header(const gasp_block_hash *hash)
{
    return with_hash('h', hash->b);
}

gasp_key gasp_key_height(uint32_t height)
{
    gasp_key key = gasp_key_kind('H');
    put_be(&key, height, 4);
    return key;
}

gasp_key gasp_key_settled(uint32_t height)
{
    gasp_key key = gasp_key_kind('B');
    put_be(&key, height, 4);
    return key;
}

gasp_key gasp_key_beside_at(uint32_t height)
{
    gasp_key key = gasp_key_kind('k');
    put_be(&key, height, 4);
    return key;
}

gasp_key gasp_key_beside(uint32_t height, const gasp_block_hash *hash)
{
    gasp_key key = gasp_key_beside_at(height);
    put(&key, hash->b, 32);
    return key;
}

gasp_key gasp_key_raw(const gasp_txid *txid)
{
    return with_hash('t', txid->b);
}

gasp_key gasp_key_info(const gasp_txid *txid)
{
    return with_hash('i', txid->b);
}

gasp_key gasp_key_proof(const gasp_txid *txid, const gasp_block_hash *block)
{
    return with_hashes('p', txid->b, block->b);
}

gasp_key gasp_key_proofs(const gasp_txid *txid)
{
    return with_hash('p', txid->b);
}

gasp_key gasp_key_in_block(const gasp_block_hash *block, const gasp_txid *txid)
{
    return with_hashes('b', block->b, txid->b);
}

gasp_key gasp_key_of_block(const gasp_block_hash *block)
{
    return with_hash('b', block->b);
}

gasp_key gasp_key_spenders(const gasp_outpoint *outpoint)
{
    gasp_key key = gasp_key_kind('s');
    put_outpoint(&key, outpoint);
    return key;
}

gasp_key gasp_key_spender(const gasp_outpoint *outpoint, const gasp_txid *txid)
{
    gasp_key key = gasp_key_spenders(outpoint);
    put(&key, txid->b, 32);
    return key;
}

gasp_key gasp_key_verified(const gasp_txid *txid)
{
    return with_hash('v', txid->b);
}

gasp_key gasp_key_entries(const gasp_txid *txid)
{
    return with_hash('e', txid->b);
}

gasp_key gasp_key_entry(const gasp_txid *txid, const gasp_entry *entry)
{
    gasp_key key = gasp_key_entries(txid);
    key.b[key.len++] = entry->of_output ? 1 : 0;
    put_be(&key, entry->vout, 4);
    put(&key, entry->author, GASP_AUTHOR_LEN);
    put(&key, entry->name.data, entry->name.len);
    return key;
}

gasp_key gasp_key_collections(void)
{
    return gasp_key_kind('n');
}

gasp_key gasp_key_collection(const gasp_collection *collection)
{
    return with_hash('n', collection->b);
}

gasp_key gasp_key_member(const gasp_collection *collection, const gasp_txid *txid)
{
    return with_hashes('m', collection->b, txid->b);
}

gasp_key gasp_key_outputs(const gasp_collection *collection)
{
    return with_hash('o', collection->b);
}

gasp_key gasp_key_output(const gasp_collection *collection, const gasp_outpoint *outpoint)
{
    gasp_key key = gasp_key_outputs(collection);
    put_outpoint(&key, outpoint);
    return key;
}

gasp_key gasp_key_change(uint64_t seq)
{
    gasp_key key = gasp_key_kind('c');
    put_be(&key, seq, 8);
    return key;
}

gasp_key gasp_key_refusals(const gasp_collection *collection)
{
    return with_hash('r', collection->b);
}

gasp_key gasp_key_refusal(const gasp_collection *collection, const gasp_outpoint *outpoint)
{
    gasp_key key = gasp_key_refusals(collection);
    put_outpoint(&key, outpoint);
    return key;
}

gasp_key gasp_key_peer(const uint8_t peer_hash[32], const gasp_collection *collection)
{
    return with_hashes('y', peer_hash, collection->b);
}

gasp_bytes gasp_key_view(const gasp_key *key)
{
    return (gasp_bytes){key->b, key->len};
}

gasp_key gasp_key_after(const gasp_key *prefix)
{
    gasp_key after = *prefix;
    while (after.len > 0 && after.b[after.len - 1] == 0xff)
        after.len--;
    if (after.len > 0)
        after.b[after.len - 1]++;
    return after;
}

gasp_err gasp_key_read_hash(uint8_t out[32], gasp_bytes key, size_t at)
{
    if (key.len < at + 32)
        return GASP_ERR_STORE_CORRUPT;
    memcpy(out, key.data + at, 32);
    return GASP_OK;
}

gasp_err gasp_key_read_outpoint(gasp_outpoint *out, gasp_bytes key, size_t at)
{
    if (key.len < at + GASP_OUTPOINT_LEN)
        return GASP_ERR_STORE_CORRUPT;
    memcpy(out->txid.b, key.data + at, 32);
    out->vout = 0;
    for (size_t i = 4; i-- > 0;)
        out->vout = out->vout << 8 | key.data[at + 32 + i];
    return GASP_OK;
}
