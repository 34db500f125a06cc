/** The merkle root of a block's transactions. */
#ifndef GASP_CHAIN_MERKLE_H
#define GASP_CHAIN_MERKLE_H

#include "gasp/types.h"

/** The root over n txids in the order of the block: pairs are hashed, the last of an odd level with itself, until one
 * is left. The root of one is that txid, of none 32 zero bytes. *equal_siblings, when given: whether two siblings that
 * both exist are the same hash; other lists of transactions have that root too, so no valid block is like that
 *  (CVE-2012-2459). n hashes, no allocation. */
void gasp_merkle_root_of(gasp_merkle_root *out, bool *equal_siblings, const gasp_txid txids[], size_t n);

#endif
