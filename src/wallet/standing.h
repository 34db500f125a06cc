/** Whether a held transaction stands: what its info row has to say, from the proofs, headers and transactions that are
 *  held. Commits decide this for what comes in; here it is decided again for what is here. */
#ifndef GASP_WALLET_STANDING_H
#define GASP_WALLET_STANDING_H

#include "chain/tx.h"
#include "wallet/ask.h"
#include "wallet/txn.h"

/** The proof of a transaction in the best chain, the lowest one if there are several; GASP_ABSENT. */
gasp_err gasp_standing_anchor(gasp_txn *txn, gasp_anchor *out, const gasp_txid *txid) GASP_MUST_CHECK;

/** Whether an unproven transaction has all it stands on: every input's transaction is held, stands and has that output,
 *  and no proven transaction other than itself spends it. Scripts are not run.
 *
 *  Gives:   sources, tx->n_in of them, zeroed by the caller, who releases each blob also when *stands is false. */
gasp_err gasp_standing_sources(gasp_txn *txn, bool *stands, gasp_source *sources, const gasp_tx *tx) GASP_MUST_CHECK;

/** The rules for an unproven transaction that stand in itself and its sources: form, amounts, scripts. *verdict is
 *  GASP_OK or an error of class verify. Runs in this thread. */
gasp_err gasp_standing_verify(gasp_txn *txn, gasp_err *verdict, const gasp_source *sources,
                              const gasp_tx *tx) GASP_MUST_CHECK;

/** Whether an unproven transaction that stands is contested: another one that stands spends what it spends, or it stands
 *  on one that is contested. */
gasp_err gasp_standing_contested(gasp_txn *txn, bool *contested, const gasp_tx *tx) GASP_MUST_CHECK;

/** What the info row of a transaction should be, from the one it has. Scripts run for one that is unproven and did not
 *  stand as such before: one that came with a proof was never run. */
gasp_err gasp_standing_derive(gasp_txn *txn, gasp_row_info *out, const gasp_row_info *now,
                              const gasp_tx *tx) GASP_MUST_CHECK;

void gasp_standing_release(gasp_source *sources, size_t n, const gasp_mem *mem);

#endif
