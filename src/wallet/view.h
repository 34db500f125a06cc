/** What a wallet knows, looked up: shared by the questions of a session, by commits, listings and exports. All of it reads
 *  through a gasp_txn, so that one piece of work sees one moment. */
#ifndef GASP_WALLET_VIEW_H
#define GASP_WALLET_VIEW_H

#include "base/blob.h"
#include "base/limits.h"
#include "chain/tx.h"
#include "gasp/header.h"
#include "record/entry.h"
#include "wallet/txn.h"

/** A transaction's bytes; GASP_ABSENT. *out has one owner. */
gasp_err gasp_view_raw(gasp_txn *txn, gasp_blob **out, const gasp_txid *txid) GASP_MUST_CHECK;

/** A transaction read from the store: *tx views *blob. GASP_ABSENT; both are the caller's. */
gasp_err gasp_view_tx(gasp_txn *txn, gasp_tx **tx, gasp_blob **blob, const gasp_txid *txid) GASP_MUST_CHECK;

/** All entries of a transaction and its outputs; an empty list when there are none. The list views *bytes, which is the
 *  caller's too (free the list first). */
gasp_err gasp_view_entries(gasp_txn *txn, gasp_entries *out, gasp_data *bytes, const gasp_txid *txid) GASP_MUST_CHECK;

/** The state hash of an output of a held transaction whose info row is given. */
gasp_err gasp_view_state(gasp_txn *txn, gasp_state_hash *out, const gasp_outpoint *outpoint,
                         const gasp_row_info *info) GASP_MUST_CHECK;

/** Whether a transaction is a member of a collection and stands. */
gasp_err gasp_view_member(gasp_txn *txn, bool *out, gasp_row_info *info, const gasp_collection *collection,
                          const gasp_txid *txid) GASP_MUST_CHECK;

/** Who of the held transactions spends an outpoint: one that is anchored before one that is not. GASP_ABSENT when none
 *  that stands does. *anchored tells which. */
gasp_err gasp_view_spender(gasp_txn *txn, gasp_txid *out, bool *anchored,
                           const gasp_outpoint *outpoint) GASP_MUST_CHECK;

/** Held unproven transactions that spend one outpoint. All but one will never be mined, and whoever can sign for the output
 *  makes as many as they like: more are refused (GASP_ERR_VERIFY_POLICY), because every look at the output reads them. */
enum { GASP_SPENDERS_UNPROVEN_MAX = GASP_LIMIT_RIVALS };

/** Held transactions that stand and spend one outpoint; ascending in internal order when txn wrote none of them. */
typedef struct gasp_spenders {
    gasp_txid *list;
    size_t n;
    size_t best; /**< the anchored one, else 0 */
    const gasp_mem *mem;
} gasp_spenders;

/** An empty list when there is none. *out is the caller's to clear, also after an error. */
gasp_err gasp_view_spenders(gasp_txn *txn, gasp_spenders *out, const gasp_outpoint *outpoint) GASP_MUST_CHECK;
void gasp_spenders_clear(gasp_spenders *spenders);

/** Whether another transaction than that one spends the outpoint and stands. That one's rows need not be complete. Looks no
 *  further than the first. */
gasp_err gasp_view_rivalled(gasp_txn *txn, bool *out, const gasp_outpoint *outpoint,
                            const gasp_txid *spender) GASP_MUST_CHECK;

/** How many held transactions spend an outpoint, whether they stand or not. */
gasp_err gasp_view_spends(gasp_txn *txn, size_t *out, const gasp_outpoint *outpoint) GASP_MUST_CHECK;

/** The held block of a height that has that merkle root, in the best chain or beside it. GASP_ABSENT: of the blocks that
 *  are held none has it. GASP_ERR_PROOF_NO_HEADER: none of that height is held. */
gasp_err gasp_view_block(gasp_txn *txn, gasp_block_hash *out, uint32_t height,
                         const gasp_merkle_root *root) GASP_MUST_CHECK;

/** The BUMP of a transaction in a block, for it alone; GASP_ABSENT. */
gasp_err gasp_view_bump(gasp_txn *txn, gasp_data *out, const gasp_txid *txid,
                        const gasp_block_hash *block) GASP_MUST_CHECK;

#endif
