/** What the measurements run on: transactions of 226 bytes in made regtest blocks, and wallets. Everything is the
 *  same in every run, in every process. In the C heap; what a program needs until its end is not freed. */
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

/** A block of 4,096 leaves of which 100, spread over it, are ours: a path has 12 levels. */
typedef struct bench_block {
    uint32_t height;
    uint8_t raw80[80];
    gasp_bytes txs[BENCH_BLOCK_OURS];
    gasp_txid txids[BENCH_BLOCK_OURS];
    gasp_bump *bump; /**< of all of ours */
} bench_block;

bench_block *bench_block_new(uint32_t height);
void bench_block_free(bench_block *block);

/** Mines a regtest header with that root. */
void bench_header(uint8_t raw80[80], const gasp_merkle_root *root, uint32_t height);

/** An empty wallet on regtest. */
typedef struct bench_wallet {
    gasp_kv *kv;
    gasp_wallet *wallet;
    char *path; /**< of its directory; NULL: in memory */
} bench_wallet;

/** path: of a directory that LevelDB makes; NULL: in memory. Freeing it deletes the directory. */
bench_wallet bench_wallet_new(const char *path);
void bench_wallet_free(bench_wallet *w);

void bench_trust(gasp_wallet *wallet, const uint8_t raw80[80], uint32_t height);

/** Adds a BEEF; outputs 0 of its subjects are ours. How many transactions were committed. */
size_t bench_add(gasp_wallet *wallet, gasp_bytes beef);

/** Adds n of a block's transactions, from number `from` on, in one BEEF. */
void bench_add_some(gasp_wallet *wallet, const bench_block *block, size_t from, size_t n);

/** The program ends unless the transaction, of one of the blocks, can be exported with a path to that block's root. */
void bench_verify_export(gasp_wallet *wallet, const gasp_txid *txid);

/** The block's outputs for other programs, a line of JSON each: height, root, tx, proof. */
void bench_write_rows(FILE *out, const bench_block *block);

/** The encoded BEEF of a builder, which is freed. */
gasp_bytes bench_beef_end(gasp_beef *beef);

/** Bytes as hex on a stream. */
void bench_hex(FILE *out, gasp_bytes bytes);

#endif
