/** One input (a transaction, or a BEEF) through the stage: what gasp_wallet_add and gasp_wallet_spend share. */
#ifndef GASP_WALLET_ADD_H
#define GASP_WALLET_ADD_H

#include "base/map.h"
#include "gasp/wallet.h"

/** As gasp_wallet_add; with `spends` as gasp_wallet_spend, config given. */
gasp_err gasp_add_take(gasp_wallet *wallet, const uint8_t *bytes, size_t len, const gasp_add_config *config,
                       bool spends, gasp_time now, gasp_verdict_visit visit, void *ctx,
                       gasp_fault *fault) GASP_MUST_CHECK;

/** Proofs of a BEEF whose transactions no graph was committed with: as by gasp_wallet_prove, those of held transactions in
 *  held blocks are kept, and their verdicts (txid -> gasp_verdict) say so where that is news. */
gasp_err gasp_add_prove(gasp_wallet *wallet, gasp_map *verdicts, gasp_bytes beef, gasp_time now) GASP_MUST_CHECK;

#endif
