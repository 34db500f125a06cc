/** The parts of a commit that reorganisations and labels use as well. */
#ifndef GASP_WALLET_COMMIT_H
#define GASP_WALLET_COMMIT_H

#include "wallet/txn.h"

/** Writes one entry that won its join. */
gasp_err gasp_commit_entry(gasp_txn *txn, const gasp_txid *txid, const gasp_entry *entry) GASP_MUST_CHECK;

/** Writes a proof of a held transaction, beside those it has. The header of its block is held. */
gasp_err gasp_commit_proof(gasp_txn *txn, const gasp_txid *txid, const gasp_anchor *anchor,
                           gasp_bytes bump) GASP_MUST_CHECK;

/** Brings the row of one output up to date with what is known of its transaction, and logs what changed. make: the output
 *  becomes ours if it is not; otherwise one that is not ours is left alone. *changed is set when the row is another one. */
gasp_err gasp_commit_output(gasp_txn *txn, bool *changed, const gasp_collection *collection,
                            const gasp_outpoint *outpoint, const gasp_row_info *info, bool make,
                            gasp_time now) GASP_MUST_CHECK;

/** The same for all outputs of a transaction, in every collection. */
gasp_err gasp_commit_outputs_of(gasp_txn *txn, bool *changed, const gasp_txid *txid, const gasp_row_info *info,
                                size_t n_out, gasp_time now) GASP_MUST_CHECK;

#endif
