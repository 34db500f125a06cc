/** Two sessions joined in memory, and the wallets they sync: made from real blocks, in a store in memory. */
#ifndef TESTS_SESSION_PAIR_H
#define TESTS_SESSION_PAIR_H

#include "base/blob.h"
#include "base/buf.h"
#include "chain/tx.h"
#include "gasp/session.h"
#include "lib/data.h"
#include "lib/random.h"

/** Looks at (and may replace) every message on its way. from: 0 the initiator's, 1 the responder's. Gives the bytes to be
 *  delivered in *out, which is empty at the call; GASP_ABSENT: deliver the message as it is; GASP_DONE: drop it. */
typedef gasp_err (*pair_hook)(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out);

typedef struct pair_side {
    gasp_session *session;
    gasp_err err; /**< first error of a call */
    uint64_t committed;
    uint64_t refused;
    gasp_event *events; /**< all of them, in the C heap */
    size_t n_events;
    gasp_event closed; /**< kind 0: it did not close */
    gasp_event opened;
} pair_side;

typedef struct pair {
    pair_side side[2]; /**< 0 began the connection */
    gasp_time now;
    size_t piece; /**< bytes delivered at a time; 0: as they come */
    pair_hook hook;
    void *hook_ctx;
    uint64_t messages;
} pair;

/** Reads all events that a session has into its side. */
void pair_take_events(pair_side *side);

/** Configurations with a seed of their own each; change them before pair_start. */
void pair_config(gasp_session_config config[2], gasp_wallet *a, gasp_wallet *b);

void pair_start(pair *p, const gasp_session_config config[2]);

/** Goes on until neither has anything to say. */
void pair_step(pair *p);

/** Goes on until both are done or neither has anything to say; the latter fails the test unless one of them has ended. */
void pair_run(pair *p);
void pair_free(pair *p);

/** The n-th event of a kind, from 0; NULL when there are fewer. */
const gasp_event *pair_event(const pair_side *side, gasp_event_kind kind, size_t n);
size_t pair_count(const pair_side *side, gasp_event_kind kind);
gasp_session_stats pair_stats(const pair_side *side);

/** Both ended well, both complete, and with equal summaries. */
void pair_assert_complete(const pair *p);

/** A wallet in memory. */
typedef struct test_wallet {
    gasp_kv *kv;
    gasp_wallet *wallet;
} test_wallet;

test_wallet test_wallet_new(gasp_network network, const gasp_verifier *verifier);
void test_wallet_free(test_wallet *w);

/** Counts and lists of what a wallet offers must be equal. */
void assert_same_outputs(gasp_wallet *a, gasp_wallet *b);
size_t test_output_count(gasp_wallet *w);
gasp_err test_add(gasp_wallet *w, gasp_bytes bytes, size_t *committed);

/** A visit that keeps the last verdict in the gasp_verdict that ctx is. */
gasp_err test_keep_verdict(void *ctx, const gasp_verdict *verdict);

/** A real block with what is known of its transactions. */
typedef struct test_block {
    gasp_bytes bytes;
    uint32_t height;
    size_t n;
    gasp_tx **txs;
    gasp_txid *txids;
    bool *unproven; /**< all of its inputs spend P2PKH outputs of this block */
    bool *root;     /**< unproven, the end of a chain, and with an output that can be spent */
    bool *needed;   /**< a root, or something that a root stands on */
    size_t n_roots;
    size_t n_inner;  /**< needed, unproven, no root */
    size_t n_proven; /**< needed, not unproven: they carry the proofs */
    size_t depth;    /**< longest chain of unproven ones down from a root */
} test_block;

test_block test_block_load(const char *name, uint32_t height);
void test_block_free(test_block *block);

/** The number of a transaction in the block; n when it is not there. */
size_t test_block_index(const test_block *block, const gasp_txid *txid);

/** A BEEF of the roots whose place among the roots modulo `parts` is in [from, to), with all they stand on, the proven ones
 *  under one path, in the C heap. */
gasp_bytes test_block_beef(const test_block *block, size_t parts, size_t from, size_t to);

/** Trusts the block's header. */
void test_block_trust(const test_block *block, gasp_wallet *wallet);

#endif
