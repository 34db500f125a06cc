/** What a host tells a wallet, for tests that speak the public API only: transactions with real signatures, blocks of mined
 *  regtest headers that hold them, and what the wallet shows afterwards. Everything here fails the running test when
 *  something does not work. What is made is in the C heap. */
#ifndef TESTS_WALLET_TOLD_H
#define TESTS_WALLET_TOLD_H

#include "wallet/made.h"
#include "wallet/made_headers.h"

enum { TOLD_INPUTS = 3, TOLD_OUTPUTS = 4, TOLD_IN_BLOCK = 8 };

/** A wallet on regtest in memory, and its clock, which every call moves. */
typedef struct told_world {
    gasp_kv *kv;
    gasp_wallet *w;
    mined_header genesis;
    uint64_t ms;
} told_world;

told_world told_begin(void);

/** Checks the wallet, then frees it. */
void told_end(told_world *x);

gasp_time told_now(told_world *x);

/** One transaction; all of its outputs hold `sat`, P2PKH for test key 1. */
typedef struct told_tx {
    gasp_txid txid;
    gasp_bytes raw;
    gasp_outpoint in[TOLD_INPUTS];
    size_t n_in;
    uint32_t n_out;
    uint64_t sat;
} told_tx;

/** Spends one output of `from` (NULL: one that nobody holds) into n_out. Salts make txids differ. */
told_tx told_spend(const told_tx *from, uint32_t vout, uint32_t n_out, uint32_t salt);

/** The same of several. */
told_tx told_spend_all(const told_tx *const from[], const uint32_t vouts[], size_t n_in, uint32_t n_out, uint32_t salt);
void told_free(told_tx *tx);

/** A block of a coinbase that nobody knows and these transactions, from index 1 on; the path is of all of them. */
typedef struct told_block {
    mined_header header;
    gasp_bump *bump;
    gasp_bytes bytes; /**< of bump */
} told_block;

told_block told_block_of(const mined_header *before, const told_tx *const txs[], size_t n, uint32_t salt);
void told_block_free(told_block *block);

/** Imports one header. */
void told_header(told_world *x, const mined_header *header);

/** n headers of nothing on top of another one, imported; the last one. */
mined_header told_grow(told_world *x, const mined_header *from, size_t n, uint32_t salt);

/** Adds one transaction with its first n_ours outputs as ours; block NULL: unproven. The verdict must be that fate. */
gasp_verdict told_add(told_world *x, const told_tx *tx, const told_block *block, uint32_t n_ours, gasp_fate fate);

/** gasp_wallet_spend of one transaction, no output ours, without a config. */
gasp_verdict told_spends(told_world *x, const told_tx *tx, gasp_fate fate);

/** gasp_wallet_prove; the verdicts. */
made_report told_prove(told_world *x, gasp_bytes bump);

/** Expects an answer; how many left. */
size_t told_forget(told_world *x, const told_tx *tx, gasp_err expected);

/** What the wallet lists of one output. */
typedef struct told_seen {
    bool found;
    gasp_output out; /**< its views are gone, but for script.len and n_entries */
    bool anchored;
    gasp_anchor anchor;
    gasp_txid spenders[8];
} told_seen;

told_seen told_look(told_world *x, const told_tx *tx, uint32_t vout);

/** Fails unless an output is shown like that: `-` not at all; `u` not standing, `x` spent, `s` neither; then `+` with an
 *  anchor, and `!` contested. */
void told_shows(told_world *x, const told_tx *tx, uint32_t vout, const char *want);

/** Fails unless a transaction is held (or not). */
void told_held(told_world *x, const told_tx *tx, bool held);

/** The changes of an output (tx NULL: of all) in order, as letters behind number `after`: Added, Spent, sTate, unanchored
 *  (U), unspent (F), Contested, uNcontested, forGotten. In static storage. */
const char *told_changes(told_world *x, const told_tx *tx, uint32_t vout, uint64_t after);

/** The number of the last change. */
uint64_t told_seq(told_world *x);

/** How many outputs are items. */
size_t told_items(told_world *x);

#endif
