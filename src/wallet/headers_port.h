/** The best chain, whoever keeps it: the wallet itself (headers.h) or the host behind its headers port (gasp/headers.h).
 *
 *  A host's chain is asked outside of the writer's lock only. What holds inside of it is what the wallet is *settled* to:
 *    state.hosted        the anchors follow the host's chain (else the wallet's own rows h and H)
 *    state.host_epoch    the epoch of the port that they follow; with its tip and height
 *    rows B              height -> block: of the blocks that a proof is held in, those of that chain. All of them
 *  So a commit looks its proofs up in the port, takes the lock, and goes on if the wallet is settled to the epoch at which
 *  it looked. Otherwise it settles, and looks again. */
#ifndef GASP_WALLET_HEADERS_PORT_H
#define GASP_WALLET_HEADERS_PORT_H

#include "base/limits.h"
#include "wallet/ask.h"
#include "wallet/txn.h"

/** Looks at the port that may be needed until it stands still for one commit. */
enum { GASP_CHAIN_TRIES = GASP_LIMIT_CHAIN_TRIES };

/** The block of the best chain at a height, now: the port's, or that of txn; GASP_ABSENT. Never under the lock. */
gasp_err gasp_chain_block_at(gasp_txn *txn, gasp_block_hash *hash, gasp_merkle_root *root,
                             uint32_t height) GASP_MUST_CHECK;

/** The merkle root of a block by its hash, of whatever branch; GASP_ABSENT. Never under the lock. */
gasp_err gasp_chain_root_of(gasp_txn *txn, gasp_merkle_root *root, const gasp_block_hash *hash) GASP_MUST_CHECK;

/** The height of the best chain now. Never under the lock. */
gasp_err gasp_chain_height_now(gasp_txn *txn, uint32_t *out) GASP_MUST_CHECK;

/** The height of the chain that the wallet is settled to. */
uint32_t gasp_chain_height(const gasp_txn *txn);

/** The hash at a height of the chain that the wallet is settled to, as far as proofs are held there; GASP_ABSENT. */
gasp_err gasp_chain_settled_at(gasp_txn *txn, gasp_block_hash *out, uint32_t height) GASP_MUST_CHECK;

/** A proof in that block, which is in the chain that the wallet is settled to, is being written. */
gasp_err gasp_chain_keep(gasp_txn *txn, uint32_t height, const gasp_block_hash *hash) GASP_MUST_CHECK;

/** Looks up the blocks of all proofs of a commit in the port, at one epoch; a graph with a proof that is not in its chain
 *  gets the verdict GASP_ERR_PROOF_NO_HEADER. Without a port it does nothing. Never under the lock. */
gasp_err gasp_chain_check(gasp_wallet *wallet, gasp_commit *commit, uint64_t *epoch) GASP_MUST_CHECK;

/** Under the lock: whether the wallet is settled to the chain whose epoch gasp_chain_check gave. */
bool gasp_chain_is_settled(const gasp_txn *txn, uint64_t epoch);

/** Under the lock, after gasp_chain_check: whether the block of a proof is in the best chain. GASP_ABSENT: it is not. */
gasp_err gasp_chain_proof_holds(gasp_txn *txn, const gasp_anchor *anchor) GASP_MUST_CHECK;

/** Settles the wallet to the best chain as it is now. *reorganised (may be NULL): something left the chain it was settled
 *  to. Never under the lock. */
gasp_err gasp_chain_settle(gasp_wallet *wallet, bool *reorganised, gasp_time now) GASP_MUST_CHECK;

#endif
