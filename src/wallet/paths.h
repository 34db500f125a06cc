/** Merkle paths as a wallet keeps them: each transaction's own, cut out of the compound ones that proved a whole batch. */
#ifndef GASP_WALLET_PATHS_H
#define GASP_WALLET_PATHS_H

#include "gasp/bump.h"
#include "gasp/types.h"

#define GASP_PATHS_NONE SIZE_MAX /**< in bump_of: the transaction comes without a proof */

/** Cuts out the wire form of each transaction's own path.
 *
 *  Shape:   outs: room for n; bumps: n_bumps of them; bump_of: for each of n transactions the number of the path that is
 *           to prove it, or GASP_PATHS_NONE.
 *  Gives:   outs[i], the caller's to clear; empty without a proof, and where the path does not hold txids[i].
 *  Errors:  GASP_ERR_NOMEM; outs are then all empty.
 *  Bounds:  one climb through each path: O(leaves + n log^2 leaves). */
gasp_err gasp_paths_split(gasp_data outs[], const gasp_bump *const bumps[], size_t n_bumps, const size_t bump_of[],
                          const gasp_txid txids[], size_t n, const gasp_mem *mem) GASP_MUST_CHECK;

#endif
