/** Random worlds for the property test: signed transactions and mined blocks in a tree, with the model of them. */
#ifndef TESTS_SESSION_UNIVERSE_H
#define TESTS_SESSION_UNIVERSE_H

#include "gasp/wallet.h"
#include "lib/random.h"
#include "session/model.h"

enum { UNIVERSE_GENESIS = 0 /**< the number of the first block */ };

typedef struct universe {
    model m; /**< transactions and blocks; no wallets */
    gasp_bytes raw[MODEL_TXS];
    gasp_txid txid[MODEL_TXS];
    uint64_t sat[MODEL_TXS];
    bool open[MODEL_TXS][MODEL_OUTS]; /**< the script `1`, which the library defers */
    uint32_t salt;
    uint8_t raw80[MODEL_BLOCKS][80];
    gasp_block_hash hash[MODEL_BLOCKS];
    uint32_t time[MODEL_BLOCKS];
    bool mined[MODEL_TXS][MODEL_BLOCKS]; /**< that transaction stands in that block */
    gasp_txid in_block[MODEL_BLOCKS][2 * MODEL_TXS + 2];
    size_t n_in_block[MODEL_BLOCKS];
    int last; /**< the block that makes its branch the best one for whoever knows all; the model's last */
} universe;

void universe_make(universe *u, test_random *r);
void universe_free(universe *u);

/** Tells what spends what, and what stands where. */
void universe_print(const universe *u);

/** The path of one transaction in a block, in the C heap. */
gasp_bytes universe_path(const universe *u, int tx, int block);

/** The transactions of a file as a BEEF, or raw when it is one transaction without a proof; the C heap. */
gasp_bytes universe_file(const universe *u, const model_file *file);

/** Gives a wallet the headers from genesis up to a block. */
void universe_headers(const universe *u, gasp_wallet *wallet, int block);

/** The number of a txid or a block hash; MODEL_NONE. */
int universe_tx(const universe *u, const gasp_txid *txid);
int universe_block(const universe *u, const gasp_block_hash *hash);

#endif
