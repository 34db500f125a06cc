/** A view of the store with writes on top that are not made yet: what commits read through and write through. Later reads
 *  see earlier writes; nothing reaches the store before gasp_txn_write, and then all of it at once.
 *
 *  A txn that only reads is also how the rest of the wallet looks at one moment of the store.
 */
#ifndef GASP_WALLET_TXN_H
#define GASP_WALLET_TXN_H

#include "base/arena.h"
#include "base/map.h"
#include "gasp/kv.h"
#include "wallet/inside.h"
#include "wallet/keys.h"
#include "wallet/rows.h"

/** Places of ops by what their keys begin with; the inside belongs to txn.c. */
typedef struct gasp_txn_index {
    struct gasp_txn_slot *slots; /**< cap of them, a power of two, or none */
    size_t cap;
    size_t len;
    uint64_t seed[2];
    uint32_t
        recent[128]; /**< by letter: the slot of its newest group, from 1, which mostly is that of the next op too */
} gasp_txn_index;

typedef struct gasp_txn {
    gasp_wallet *wallet;
    gasp_kv_snapshot *snapshot;
    gasp_kv_op *ops; /**< their bytes are in the arena */
    size_t n_ops;
    size_t cap_ops;
    gasp_arena bytes;
    gasp_txn_index index; /**< the ops on a key, and those of each part of a key that is scanned by, so that a scan sees
                            *   no others */
    uint32_t (*follow)[2]; /**< op -> the next one of each of its groups, counted from 1; 0: the last */
    size_t cap_follow;
    gasp_collection *collections; /**< all there are, as collections.c read them last */
    size_t n_collections;
    bool collections_known;
    bool header_known; /**< header is what gasp_txn_header_at answered last, at its height */
    gasp_block_hash header_hash;
    gasp_row_header header;
    gasp_row_state state; /**< read at the start; written back when something moved it */
    bool state_moved;
    bool refusals_known; /**< whether refusals_held was looked up */
    bool refusals_held;  /**< the collection that is written to has refusals */
} gasp_txn;

enum { GASP_TXN_OPS_MAX = GASP_KV_BATCH_OPS_MAX };

/** A txn over the newest state, for the one writer (who holds the wallet's lock). */
gasp_err gasp_txn_begin(gasp_txn *txn, gasp_wallet *wallet) GASP_MUST_CHECK;

/** A txn over a snapshot, for reading only. */
gasp_err gasp_txn_look(gasp_txn *txn, gasp_wallet *wallet) GASP_MUST_CHECK;

/** Frees everything; writes that were not made are gone. A zeroed gasp_txn is accepted. */
void gasp_txn_end(gasp_txn *txn);

/** Makes all writes as one synced batch. */
gasp_err gasp_txn_write(gasp_txn *txn) GASP_MUST_CHECK;

/** The value under a key, in memory of the caller's; GASP_ABSENT. */
gasp_err gasp_txn_get(gasp_txn *txn, gasp_data *out, const gasp_key *key) GASP_MUST_CHECK;

/** Whether the key is there: GASP_OK or GASP_ABSENT. */
gasp_err gasp_txn_has(gasp_txn *txn, const gasp_key *key) GASP_MUST_CHECK;

gasp_err gasp_txn_put(gasp_txn *txn, const gasp_key *key, gasp_bytes value) GASP_MUST_CHECK;
gasp_err gasp_txn_put_row(gasp_txn *txn, const gasp_key *key, const gasp_row *row) GASP_MUST_CHECK;

/** Puts head and tail as one value. */
gasp_err gasp_txn_put_two(gasp_txn *txn, const gasp_key *key, gasp_bytes head, gasp_bytes tail) GASP_MUST_CHECK;
gasp_err gasp_txn_delete(gasp_txn *txn, const gasp_key *key) GASP_MUST_CHECK;

/** Calls row for every row below a prefix: those of the store that this txn did not write, in order, then those that it
 *  wrote, as they are now. */
gasp_err gasp_txn_scan(gasp_txn *txn, const gasp_key *prefix, gasp_kv_row row, void *ctx) GASP_MUST_CHECK;

/* Rows by their type; GASP_ABSENT when there is none. */
gasp_err gasp_txn_info(gasp_txn *txn, gasp_row_info *out, const gasp_txid *txid) GASP_MUST_CHECK;
gasp_err gasp_txn_put_info(gasp_txn *txn, const gasp_txid *txid, const gasp_row_info *row) GASP_MUST_CHECK;
gasp_err gasp_txn_output(gasp_txn *txn, gasp_row_output *out, const gasp_collection *collection,
                         const gasp_outpoint *outpoint) GASP_MUST_CHECK;
gasp_err gasp_txn_put_output(gasp_txn *txn, const gasp_collection *collection, const gasp_outpoint *outpoint,
                             const gasp_row_output *row) GASP_MUST_CHECK;
gasp_err gasp_txn_header(gasp_txn *txn, gasp_row_header *out, const gasp_block_hash *hash) GASP_MUST_CHECK;

/** The header of the best chain at a height, and its hash. */
gasp_err gasp_txn_header_at(gasp_txn *txn, gasp_row_header *out, gasp_block_hash *hash,
                            uint32_t height) GASP_MUST_CHECK;

/** Appends a change: the next number, a time that is later than the last one's. */
gasp_err gasp_txn_change(gasp_txn *txn, gasp_change_kind kind, const gasp_outpoint *outpoint,
                         const gasp_collection *collection, gasp_time now) GASP_MUST_CHECK;

#endif
