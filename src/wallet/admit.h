/** Asking the host's admit port about a commit before it is made. Between the question and the commit the admission holds
 *  what the port looks at and what it answered; afterwards the commit is what the host wants of it. Never under the
 *  writer's lock. */
#ifndef GASP_WALLET_ADMIT_H
#define GASP_WALLET_ADMIT_H

#include "gasp/wallet.h"
#include "wallet/ask.h"

/** Asks about every node of a commit by which something would become ours. commit stays where it is until the admission
 *  ends. *out is NULL when nothing was asked.
 *
 *  Answers: GASP_OK       all is answered
 *           GASP_PENDING  it will be, when the ticket is resumed; *out waits for it
 *  Errors:  GASP_ERR_MISUSE  the port answered GASP_PENDING to ticket 0, or a status that is none
 *           those of the port and the store; *out is NULL then */
gasp_err gasp_wallet_admit(gasp_wallet *wallet, gasp_admit_batch **out, const gasp_commit *commit, gasp_bytes peer,
                           uint64_t ticket) GASP_MUST_CHECK;

/** Makes the commit of what the host took, and ends the admission. Graphs whose root it did not take get
 *  GASP_ERR_VERIFY_DECLINED or GASP_ERR_VERIFY_LATER; outputs that it did not take are listed in `declined`. admission
 *  NULL: the commit is made as it is. */
gasp_err gasp_wallet_commit_admitted(gasp_wallet *wallet, gasp_admit_batch *admission, gasp_commit *commit,
                                     gasp_time now) GASP_MUST_CHECK;

/** The ticket will not be resumed: tells the port and ends the admission. NULL is accepted. */
void gasp_wallet_admit_cancel(gasp_wallet *wallet, gasp_admit_batch *admission, uint64_t ticket);

#endif
