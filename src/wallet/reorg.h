/** What follows for transactions and outputs when the best chain, or what is known of a transaction, is another one.
 *
 *  A transaction that loses its block is anchored again by another proof of its own in the best chain, else stands as an
 *  unproven one if it can (wallet/standing.h), else does not stand until its block returns. Whatever spends from it
 *  follows, and so do the outputs that are ours: those that do not stand leave the spendable view, and what only they
 *  spent is spendable again. Nothing is forgotten: proofs are kept for every block, so all of it returns by itself. */
#ifndef GASP_WALLET_REORG_H
#define GASP_WALLET_REORG_H

#include "wallet/txn.h"

/** Settles every transaction that a proof of one of these blocks is held for. H is up to date in txn. */
gasp_err gasp_reorg(gasp_txn *txn, const gasp_block_hash *blocks, size_t n, gasp_time now) GASP_MUST_CHECK;

/** Settles what hangs on a transaction whose info row a commit just wrote: what it spends, what is in conflict with it,
 *  and what spends from it. */
gasp_err gasp_reorg_follow(gasp_txn *txn, const gasp_txid *txid, gasp_time now) GASP_MUST_CHECK;

#endif
