/** What follows for transactions and outputs when the best chain, or what is known of a transaction, is another one.
 *
 *  A transaction that loses its block is anchored again by another proof of its own in the best chain, else stands as an
 *  unproven one if it can (wallet/standing.h), else does not stand until its block returns. Whatever spends from it
 *  follows, and so do the outputs that are ours: those that do not stand leave the spendable view, and what only they
 *  spent is spendable again. Nothing is forgotten: proofs are kept for every block, so all of it returns by itself.
 *
 *  Conflicts follow too. What a row says depends on other rows in one direction only, so that settling ends: anchors on
 *  headers; standing on the standing of parents and the anchors of rivals; being contested on the standing of rivals and
 *  on parents that are contested. */
#ifndef GASP_WALLET_REORG_H
#define GASP_WALLET_REORG_H

#include "wallet/txn.h"

/** Settles every transaction that a proof of one of these blocks is held for. H is up to date in txn. */
gasp_err gasp_reorg(gasp_txn *txn, const gasp_block_hash *blocks, size_t n, gasp_time now) GASP_MUST_CHECK;

/** Settles what hangs on a transaction whose info row a commit just wrote: what it spends, what is in conflict with it,
 *  and what spends from it. */
gasp_err gasp_reorg_follow(gasp_txn *txn, const gasp_txid *txid, gasp_time now) GASP_MUST_CHECK;

/** The same for an unproven one that was not here before and whose info row is right: only those of its rivals are looked
 *  at that did not know of a conflict. Whoever can sign for an output makes as many rivals as they like. */
gasp_err gasp_reorg_rivalled(gasp_txn *txn, const gasp_txid *txid, gasp_time now) GASP_MUST_CHECK;

/** The same for a transaction that was not here before, and that nothing is in conflict with: of what spends from it,
 *  which came with proofs, some may have waited for it since they lost their blocks. */
gasp_err gasp_reorg_arrived(gasp_txn *txn, const gasp_txid *txid, gasp_time now) GASP_MUST_CHECK;

/** Settles transactions for which proofs were written, and what follows from that. */
gasp_err gasp_reorg_proven(gasp_txn *txn, const gasp_txid *txids, size_t n, gasp_time now) GASP_MUST_CHECK;

/** Settles outputs whose spenders (one or more of them) left the store, and the spenders that are left. */
gasp_err gasp_reorg_freed(gasp_txn *txn, const gasp_outpoint *outpoints, size_t n, gasp_time now) GASP_MUST_CHECK;

#endif
