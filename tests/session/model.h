/** What wallets must come to, by plain sets: a model for the property test that shares nothing with the library.
 *
 *  A world has transactions (each spends outputs of earlier ones, and its scripts pass or do not) and blocks in a tree. A
 *  wallet is the blocks it knows and, by transaction: held or not, the blocks it is proven in, which outputs are its own,
 *  and entries. Everything else is derived from these sets each time it is asked for. */
#ifndef TESTS_SESSION_MODEL_H
#define TESTS_SESSION_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_TXS = 12,
    MODEL_INS = 2,
    MODEL_OUTS = 3,
    MODEL_BLOCKS = 24,
    MODEL_WALLETS = 3,
    MODEL_NONE = -1,
    MODEL_BROADCAST = MODEL_OUTS, /**< the entry of the transaction, behind those of its outputs */
    MODEL_ENTRIES
};

/** An output of a transaction by number; tx MODEL_NONE: of one that does not exist. */
typedef struct model_in {
    int tx;
    int vout;
} model_in;

typedef struct model_tx {
    int n_in;
    int n_out;
    model_in in[MODEL_INS];
    int rank;    /**< of its txid among all */
    bool passes; /**< its scripts, where they are run */
} model_tx;

typedef struct model_block {
    int parent; /**< MODEL_NONE: genesis */
    int height;
} model_block;

/** An entry: at 0 is none. Of two the greater (at, rank) stays. */
typedef struct model_entry {
    uint64_t at;
    int value; /**< 0: a deletion */
    int rank;  /**< of the value's hash among all values */
} model_entry;

typedef struct model_wallet {
    bool lenient; /**< runs no scripts for what comes from a peer */
    bool knows[MODEL_BLOCKS];
    int tip;
    bool held[MODEL_TXS];
    bool proof[MODEL_TXS][MODEL_BLOCKS];
    bool own[MODEL_TXS][MODEL_OUTS];
    bool passed[MODEL_TXS]; /**< it has stood unproven since it was taken, without its scripts */
    model_entry entry[MODEL_TXS][MODEL_ENTRIES];
} model_wallet;

typedef struct model {
    int n_txs;
    int n_blocks;
    int n_wallets;
    model_tx tx[MODEL_TXS]; /**< parents before children */
    model_block block[MODEL_BLOCKS];
    model_wallet wallet[MODEL_WALLETS];
    bool flow[MODEL_WALLETS][MODEL_WALLETS]; /**< from, to: what the first has may be given to the second */
} model;

/** What follows from the sets of one wallet. */
typedef struct model_view {
    int anchor[MODEL_TXS]; /**< the block in the best chain, MODEL_NONE */
    bool stands[MODEL_TXS];
    bool contested[MODEL_TXS];
    int spends[MODEL_TXS][MODEL_OUTS];  /**< transactions that stand and spend it */
    int spender[MODEL_TXS][MODEL_OUTS]; /**< the proven one of them, else any, MODEL_NONE */
    bool item[MODEL_TXS][MODEL_OUTS];
} model_view;

void model_look(model_view *out, const model *m, const model_wallet *w);

/** What stands no more, or is proven, has its scripts run before it stands by them again. */
void model_rest(model *m, int w);

/** Whether a block is in the wallet's best chain. */
bool model_in_chain(const model *m, const model_wallet *w, int block);

/** Whether two transactions spend the same output. */
bool model_rivals(const model *m, int a, int b);

/** A header arrives whose parent is known. */
void model_header(model *m, int w, int block);

/** A path of a transaction in a block arrives: kept when both are held. */
void model_prove(model *m, int w, int tx, int block);

/** Whether a transaction may be forgotten; then it leaves with what is unproven and spends from it. */
bool model_forget(model *m, int w, int tx);

/** Joins an entry. */
void model_tell(model *m, int w, int tx, int which, model_entry entry);

/** Files: each transaction is in it or not, with a proof in a block or without. */
typedef struct model_file {
    bool given[MODEL_TXS];
    int proof[MODEL_TXS];
} model_file;

/** The last transaction of a file arrives with it; own: which of its outputs become the wallet's; spend: it is kept for what
 *  it spends, too; unchecked: no script is run. Whether it was taken. */
bool model_add(model *m, int w, int tx, const model_file *file, const bool own[MODEL_OUTS], bool spend, bool unchecked);

/** One round between two wallets with the same headers: what one has goes to the one that receives first, then the other way,
 *  then what is spent. */
void model_round(model *m, int first, int second);

/** Rounds of all pairs until nothing changes; false when it does not end. */
bool model_settle(model *m);

/** Whether a wallet can hold an item of another one: it has it, or would take it. */
bool model_takes(const model *m, int from, int to, int tx);

bool model_same_item(const model *m, int a, int b, const model_view *at_a, const model_view *at_b, int tx, int vout);

#endif
