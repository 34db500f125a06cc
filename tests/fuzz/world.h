/** Small wallets for fuzz targets, on regtest and in memory. */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "gasp/wallet.h"

/** A wallet that holds genesis and nothing else. The caller frees the wallet and then closes the store. */
gasp_wallet *world_bare(gasp_kv **kv);

/** One that trusts a block. full: it holds a transaction of that block and three that stand on it, one upon the other; an
 *  output of the last one is its own. */
gasp_wallet *world_wallet(gasp_kv **kv, bool full);

/** The wallet's own check finds nothing. */
void world_is_sound(gasp_wallet *wallet);

#endif
