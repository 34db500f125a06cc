/** The questions of ask.h, answered from the store. Each looks at one moment. */
#ifndef GASP_WALLET_QUESTIONS_H
#define GASP_WALLET_QUESTIONS_H

#include "gasp/wallet.h"
#include "set/items.h"
#include "wallet/ask.h"

/** The spendable outputs of a collection as items, sealed. *out is initialised here; the caller clears it. */
gasp_err gasp_wallet_snapshot(gasp_wallet *wallet, gasp_items *out, const gasp_collection *collection,
                              gasp_match match) GASP_MUST_CHECK;

/** Only members of the collection are found: what is held for another one is not known here, so that what is wanted never
 *  tells a peer what else the store holds. */
gasp_err gasp_wallet_find(gasp_wallet *wallet, gasp_find *find) GASP_MUST_CHECK;

gasp_err gasp_wallet_load(gasp_wallet *wallet, gasp_load *load) GASP_MUST_CHECK;

/** Amounts and scripts of every node, by a verifier (NULL: this thread; gasp_wallet_verifier: the wallet's). GASP_PENDING
 *  when it answers later: the nodes are then filled in by gasp_wallet_verify_end, under the ticket given here. */
typedef struct gasp_verify_run gasp_verify_run;
const gasp_verifier *gasp_wallet_verifier(const gasp_wallet *wallet);
gasp_err gasp_wallet_verify(gasp_wallet *wallet, gasp_verify_run **run, gasp_verify *verify,
                            const gasp_verifier *verifier, uint64_t ticket) GASP_MUST_CHECK;

/** After GASP_OK or when the ticket was resumed: fills in the verdicts and frees the run. */
void gasp_wallet_verify_end(gasp_verify_run *run, gasp_verify *verify);

/** The ticket will not be resumed: tells the verifier and frees the run. NULL is accepted. */
void gasp_wallet_verify_cancel(gasp_wallet *wallet, gasp_verify_run *run, uint64_t ticket);

/** Keeps graphs, each as a whole or not at all, all in one synced batch. */
gasp_err gasp_wallet_commit(gasp_wallet *wallet, gasp_commit *commit, gasp_time now) GASP_MUST_CHECK;

#endif
