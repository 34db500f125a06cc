/** Small chains of transactions signed by test keys, on a block that is mined here on regtest. */
#ifndef TESTS_SESSION_MADE_H
#define TESTS_SESSION_MADE_H

#include "lib/keys.h"
#include "session/script_peer.h"

enum { MADE_MAX = 64, MADE_HEIGHT = 2000 /**< FORKID and every rule before Genesis are in force */ };

/** A block: only its header and its txids exist. */
typedef struct made_block {
    uint32_t height;
    gasp_txid txids[MADE_MAX];
    size_t n;
    uint8_t raw80[80];
} made_block;

/** Mines a header over these txids. */
void made_block_mine(made_block *block, uint32_t height, const gasp_txid *txids, size_t n);
void made_block_trust(const made_block *block, gasp_wallet *wallet);

/** A transaction for the block: spends an outpoint that salt makes up, n_out outputs of that amount for keys key.. */
gasp_bytes made_funding(gasp_txid *txid, uint8_t salt, size_t n_out, uint64_t sat, uint32_t key);

/** A chain: member 0 stands in the block, each other spends output 0 of the one before. Output 1 of each stays unspent,
 *  and output 0 of the last. Member `bad` (none: SIZE_MAX) has a signature by another key. */
typedef struct made_chain {
    gasp_bytes raw[MADE_MAX];
    gasp_txid txid[MADE_MAX];
    size_t n;
    made_block block;
} made_chain;

void made_chain_make(made_chain *chain, size_t n, size_t bad);
void made_chain_free(made_chain *chain);

/** Gives members [from, to) to a scripted sender, with output 1 offered of each, or of the last one only. */
void made_chain_give(const made_chain *chain, script_peer *p, size_t from, size_t to, bool each);

/** Adds members [0, to) to a wallet that trusts the block; the outputs listed become its own: of each member output 1 when
 *  `each`, else of the last only. */
void made_chain_add(const made_chain *chain, gasp_wallet *wallet, size_t to, bool each);

/** One session of an empty wallet that trusts the block, and a scripted peer that has the chain and offers output 1 of each
 *  member, one a message. Change config, and then the peer, before and after made_run_start. */
typedef struct made_run {
    made_chain chain;
    test_wallet w;
    gasp_session_config config;
    script_peer p;
} made_run;

void made_run_init(made_run *run, size_t n, size_t bad, bool initiator);
void made_run_start(made_run *run);

/** Ends the session, and keeps wallet and chain for another made_run_start. */
void made_run_stop(made_run *run);
void made_run_free(made_run *run);

/** The path of some transactions of the block, as bytes of a BEEF with them and others that stand on them; C heap. */
gasp_bytes made_beef(const made_block *block, const gasp_bytes *raws, const gasp_txid *txids, size_t n);

#endif
