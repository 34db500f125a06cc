/** Things that tests of the wallet are made from: transactions, blocks that hold them, and wallets on a store in memory.
 *  What is made is in the C heap and freed with test_release, unless it says otherwise. */
#ifndef TESTS_WALLET_MADE_H
#define TESTS_WALLET_MADE_H

#include "gasp/beef.h"
#include "gasp/kv.h"
#include "gasp/wallet.h"
#include "lib/data.h"
#include "lib/keys.h"

/** A moment, in milliseconds of both clocks. */
gasp_time made_time(uint64_t ms);

/** A transaction that nobody signed: for tests in which no script runs. Outputs hold `sat` each; salt makes txids differ. */
gasp_bytes made_raw(gasp_txid *txid, const gasp_outpoint *prev, size_t n_in, size_t n_out, uint64_t sat, uint32_t salt);

/** A signed one. Every output of a made transaction is P2PKH for test key 1 and holds what its inputs (sat_in each) give to
 *  each of n_out. */
gasp_bytes made_spend(gasp_txid *txid, const gasp_outpoint *prev, size_t n_in, uint64_t sat_in, size_t n_out,
                      uint32_t salt);

/** One that can only stand in a block: its input names a transaction that does not exist. */
gasp_bytes made_fund(gasp_txid *txid, size_t n_out, uint64_t sat, uint32_t salt);

/** A wallet on a store of its own. */
typedef struct made_wallet {
    gasp_kv *kv;
    gasp_wallet *wallet;
} made_wallet;

/** Creates and opens a wallet in kv; NULL: in memory. mem NULL: the C heap. */
made_wallet made_open(gasp_kv *kv, gasp_network network, const gasp_mem *mem);

/** Checks the whole store (gasp_wallet_check), then frees wallet and store. */
void made_close(made_wallet *w);

/** The block of that height (regtest) which holds these transactions and a coinbase before them; its path is the caller's
 *  (gasp_bump_free). raw80 is its header, mined. */
gasp_bump *made_block(uint8_t raw80[80], uint32_t height, const gasp_txid *txids, size_t n);

/** The same, and the wallet trusts it. */
gasp_bump *made_block_in(gasp_wallet *wallet, uint32_t height, const gasp_txid *txids, size_t n);

/** A BEEF of version 1, to be filled with made_beef_add. */
gasp_beef *made_beef(void);

/** Adds a transaction; bump NULL: unproven; else a copy of it is added. */
void made_beef_add(gasp_beef *beef, gasp_bytes raw, const gasp_bump *bump);

/** The bytes of the BEEF, which is freed. */
gasp_bytes made_beef_end(gasp_beef *beef);

/** The verdicts of one gasp_wallet_add. */
typedef struct made_report {
    gasp_verdict list[256];
    size_t n;
} made_report;

/** gasp_wallet_add with its verdicts; all outputs into the default collection when config is NULL. */
gasp_err made_add(gasp_wallet *wallet, gasp_bytes bytes, const gasp_add_config *config, uint64_t ms, made_report *out);

/** The verdict of one transaction; fails the running test when there is none. */
const gasp_verdict *made_verdict(const made_report *report, const gasp_txid *txid);

/** All rows of a store as bytes, for comparing. */
gasp_bytes made_dump(const gasp_kv *kv);

/** A listing with spent outputs as text, one line an output: all that two equal wallets show equally. */
gasp_bytes made_listing(gasp_wallet *wallet);

/** Fails the running test unless the verdict of a transaction is this one. */
void made_expect(const made_report *report, const gasp_txid *txid, gasp_fate fate, gasp_err err);

/** A regtest wallet that holds a transaction with four outputs of 1,000, proven at height 10. */
typedef struct made_funded {
    made_wallet w;
    gasp_txid parent;
    gasp_bytes parent_raw;
    gasp_bump *bump;
} made_funded;

made_funded made_funds(void);
void made_funds_clear(made_funded *f);

/** How many outputs of the default collection can be spent. */
size_t made_spendable(gasp_wallet *wallet);

#endif
