/** The layout of a wallet's rows: the only place where a key is put together.
 *
 *  Layout 1. A key is one letter and then fields of fixed length, so that rows of one kind stand together and a prefix of
 *  a key is a range. Numbers in keys are big-endian, so that they sort; numbers in values are little-endian (rows.h).
 *
 *      V                                     layout: u32 version, u8 network, u64 wall ms of creation
 *      S                                     state: see gasp_row_state
 *      h  block hash 32                      header: see gasp_row_header
 *      H  height u32                         block hash of the best chain at that height
 *      B  height u32                         the same of a host's chain, where proofs are held (headers_port.h)
 *      k  height u32, block hash 32          a header that is, or was, held outside of the best chain; empty
 *      t  txid 32                            the transaction's bytes, standard form
 *      i  txid 32                            what is known of it: see gasp_row_info
 *      p  txid 32, block hash 32             a proof: u32 height, u64 index, BUMP of this transaction alone
 *      b  block hash 32, txid 32             the same, by block; empty
 *      s  outpoint 36, txid 32               the transaction spends the outpoint; empty
 *      v  txid 32                            scripts passed: u32 rules, u32 height they were judged for
 *      e  txid 32, u8 of output, u32 vout, author 32, name
 *                                            an entry: u64 us, u64 length, SHA-256 32, u8 signatures (0), value inline
 *      n  collection 32                      a collection: its name
 *      m  collection 32, txid 32             the transaction is a member; empty
 *      o  collection 32, outpoint 36         an output that is ours: see gasp_row_output
 *      c  sequence u64                       a change: u64 wall ms, u8 kind, outpoint 36, collection 32
 *      r  collection 32, outpoint 36         a refusal: see gasp_row_refusal
 *      g  txid 32                            staged bytes: u64 wall ms of arrival, bytes
 *      y  peer id SHA-256 32, collection 32  what was agreed with a peer: see gasp_row_peer
 *
 *  Rows g and v belong to the layout; this version writes none of them. An outpoint in a key is its 36 wire bytes.
 */
#ifndef GASP_WALLET_KEYS_H
#define GASP_WALLET_KEYS_H

#include "gasp/record.h"
#include "gasp/types.h"

enum {
    GASP_LAYOUT_VERSION = 1,
    GASP_KEY_MAX = 1 + 32 + 1 + 4 + 32 + GASP_ENTRY_NAME_MAX /**< the longest is an entry's */
};

/** A key, or a prefix of keys. */
typedef struct gasp_key {
    uint8_t b[GASP_KEY_MAX];
    size_t len;
} gasp_key;

gasp_key gasp_key_layout(void);
gasp_key gasp_key_state(void);
gasp_key gasp_key_header(const gasp_block_hash *hash);
gasp_key gasp_key_height(uint32_t height);
gasp_key gasp_key_settled(uint32_t height);
gasp_key gasp_key_beside(uint32_t height, const gasp_block_hash *hash);
gasp_key gasp_key_beside_at(uint32_t height); /**< prefix */
gasp_key gasp_key_raw(const gasp_txid *txid);
gasp_key gasp_key_info(const gasp_txid *txid);
gasp_key gasp_key_proof(const gasp_txid *txid, const gasp_block_hash *block);
gasp_key gasp_key_proofs(const gasp_txid *txid); /**< prefix */
gasp_key gasp_key_in_block(const gasp_block_hash *block, const gasp_txid *txid);
gasp_key gasp_key_of_block(const gasp_block_hash *block); /**< prefix */
gasp_key gasp_key_spender(const gasp_outpoint *outpoint, const gasp_txid *txid);
gasp_key gasp_key_spenders(const gasp_outpoint *outpoint); /**< prefix */
gasp_key gasp_key_verified(const gasp_txid *txid);
gasp_key gasp_key_entry(const gasp_txid *txid, const gasp_entry *entry);
gasp_key gasp_key_entries(const gasp_txid *txid); /**< prefix */
gasp_key gasp_key_collection(const gasp_collection *collection);
gasp_key gasp_key_collections(void); /**< prefix */
gasp_key gasp_key_member(const gasp_collection *collection, const gasp_txid *txid);
gasp_key gasp_key_output(const gasp_collection *collection, const gasp_outpoint *outpoint);
gasp_key gasp_key_outputs(const gasp_collection *collection); /**< prefix */
gasp_key gasp_key_change(uint64_t seq);
gasp_key gasp_key_refusal(const gasp_collection *collection, const gasp_outpoint *outpoint);
gasp_key gasp_key_refusals(const gasp_collection *collection); /**< prefix */
gasp_key gasp_key_peer(const uint8_t peer_hash[32], const gasp_collection *collection);
gasp_key gasp_key_kind(char letter); /**< prefix: all rows of a kind */

gasp_bytes gasp_key_view(const gasp_key *key);

/** The first key behind all that begin with this prefix: the end of its range. */
gasp_key gasp_key_after(const gasp_key *prefix);

/* What a key that was read says. Each answers GASP_ERR_STORE_CORRUPT when the key has another length. */
gasp_err gasp_key_read_outpoint(gasp_outpoint *out, gasp_bytes key, size_t at) GASP_MUST_CHECK;
gasp_err gasp_key_read_hash(uint8_t out[32], gasp_bytes key, size_t at) GASP_MUST_CHECK;

#endif
