/** What the measurements run on: transactions of 226 bytes in made regtest blocks, and wallets on memory stores. Everything
 *  is the same in every run. In the C heap, never freed: the programs end. */
#ifndef TESTS_BENCH_MADE_H
#define TESTS_BENCH_MADE_H

#include <stdio.h>

#include "gasp/beef.h"
#include "gasp/bump.h"
#include "gasp/kv.h"
#include "gasp/wallet.h"

enum { BENCH_BLOCK_LEAVES = 4096, BENCH_BLOCK_OURS = 100 };

/** One input, two P2PKH outputs; nobody signed it, so it can only stand in a block. */
gasp_bytes bench_tx(gasp_txid *txid, uint64_t number);

/** A block of 4,096 leaves of which 100, spread over it, are ours. */
typedef struct bench_block {
    uint32_t height;
    uint8_t raw80[80];
    gasp_bytes txs[BENCH_BLOCK_OURS];
    gasp_txid txids[BENCH_BLOCK_OURS];
    gasp_bump *bump; /**< of all of ours */
} bench_block;

bench_block *bench_block_new(uint32_t height);

/** Mines a regtest header with that root. */
void bench_header(uint8_t raw80[80], const gasp_merkle_root *root, uint32_t height);

/** An empty wallet on regtest. */
typedef struct bench_wallet {
    gasp_kv *kv;
    gasp_wallet *wallet;
} bench_wallet;

bench_wallet bench_wallet_new(void);
void bench_wallet_free(bench_wallet *w);

void bench_trust(gasp_wallet *wallet, const uint8_t raw80[80], uint32_t height);

/** Adds a BEEF; outputs 0 of its subjects are ours. How many transactions were committed. */
size_t bench_add(gasp_wallet *wallet, gasp_bytes beef);

/** The encoded BEEF of a builder, which is freed. */
gasp_bytes bench_beef_end(gasp_beef *beef);

/** Bytes as hex on a stream. */
void bench_hex(FILE *out, gasp_bytes bytes);

#endif
