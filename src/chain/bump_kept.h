/** Merkle paths as a wallet keeps them, one for each transaction, as bytes: cut out of a path that came, and joined again for
 *  a path that goes. Both do without a gasp_bump for each transaction: they are done for every one that is synced. */
#ifndef GASP_CHAIN_BUMP_KEPT_H
#define GASP_CHAIN_BUMP_KEPT_H

#include "gasp/bump.h"

/** The wire form of each transaction's own path, as gasp_bump_trim with that txid alone would give it.
 *
 *  Shape:   outs: room for n; txids: n of them, each a hash of level 0.
 *  Gives:   outs[i], the caller's to clear.
 *  Errors:  GASP_ERR_PROOF_NOT_LEAF  a txid that is no leaf of the path;  GASP_ERR_NOMEM; outs are then all empty.
 *  Bounds:  one climb: O(leaves + n log n). */
gasp_err gasp_bump_cut(gasp_data outs[], const gasp_bump *bump, const gasp_txid txids[], size_t n,
                       const gasp_mem *mem) GASP_MUST_CHECK;

/** Makes one path of several of one block that gasp_bump_cut made, and that were kept where nobody else writes: nothing is
 *  hashed, so paths of different trees, or damaged ones, give a path that its reader refuses. Those of one tree give what
 *  gasp_bump_merge gives.
 *
 *  Shape:   paths: n >= 1 of them; what they prove is what one of them flags.
 *  Gives:   *out, the caller's to clear.
 *  Errors:  GASP_ERR_STORE_CORRUPT  bytes that no path has, or that differ in height or levels;  GASP_ERR_NOMEM
 *  Bounds:  O(bytes log n). */
gasp_err gasp_bump_join(gasp_data *out, const gasp_bytes paths[], size_t n, const gasp_mem *mem) GASP_MUST_CHECK;

#endif
