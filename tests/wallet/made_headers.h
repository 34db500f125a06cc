/** Regtest headers mined for tests (two hashes find one), blocks of transactions with their merkle paths, and wallets that
 *  take them. Everything here fails the running test when something does not work. */
#ifndef TESTS_WALLET_MADE_HEADERS_H
#define TESTS_WALLET_MADE_HEADERS_H

#include "lib/data.h"

#include "gasp/header.h"
#include "gasp/wallet.h"

typedef struct mined_header {
    uint8_t raw80[80];
    gasp_block_hash hash;
    uint32_t height;
    uint32_t time;
} mined_header;

/** Later than every made header. */
extern const gasp_time mined_now;

/** The first header of regtest. */
mined_header mined_genesis(void);

/** A header on top of another one. root NULL: one that only salt and height make. */
mined_header mined_next(const mined_header *before, const gasp_merkle_root *root, uint32_t salt);

/** n headers on top of another one, the C heap's. Runs of different salts are different from the first header on. */
mined_header *mined_run(const mined_header *before, size_t n, uint32_t salt);

/** A header on top of nothing that is known, to begin a pinned run with. */
mined_header mined_orphan(uint32_t height, uint32_t salt);

/** n headers as one block of bytes, in the C heap. */
gasp_bytes mined_bytes(const mined_header *run, size_t n);

/** Imports n headers and expects an answer; the report is given when report is not NULL. */
void mined_import(gasp_wallet *wallet, const mined_header *run, size_t n, gasp_err expected,
                  gasp_headers_report *report);

/** The same with the header `at` of the run as a pin of that much work. */
void mined_import_pinned(gasp_wallet *wallet, const mined_header *run, size_t n, size_t at, uint64_t work,
                         gasp_err expected);

/** A new wallet in a store, open. */
gasp_wallet *mined_wallet(const gasp_kv *kv, gasp_network network);

/** The wallet that is in a store. */
gasp_wallet *mined_open(const gasp_kv *kv);

/** Fails unless the tip is that header. */
void mined_tip_is(gasp_wallet *wallet, const mined_header *header);

/** Fails unless the best chain has that header at its height; hash NULL: unless it has none there. */
void mined_stands(gasp_wallet *wallet, uint32_t height, const gasp_block_hash *hash);

/** Runs gasp_wallet_check and fails on any problem. */
gasp_check_report mined_healthy(gasp_wallet *wallet);

/** A block of two transactions: one that nobody knows, and the given one. The path proves the given one, whose index is
 *  1. bump is the C heap's. */
typedef struct mined_block {
    mined_header header;
    gasp_bytes bump;
    gasp_anchor anchor;
} mined_block;
mined_block mined_block_of(const mined_header *before, const gasp_txid *txid, uint32_t salt);

/** Commits one transaction, its outputs 0 .. n_roots - 1 as ours. block NULL: unproven. raw empty: it is held. */
void mined_commit(gasp_wallet *wallet, const gasp_txid *txid, gasp_bytes raw, const mined_block *block, size_t n_roots);

#endif
