/** What was refused and is not to be offered again yet, and what was agreed with peers: memory between rounds.
 *
 *  A refusal is of one output as a peer holds it (its item id), with the reason. It is not due again
 *      final    ever, under that id
 *      policy   until the policy version moves (gasp_wallet_config.policy, or what this library can judge)
 *      time     until the height or the wall time that was given
 *      missing  until what was missing is here; and, since nobody may notice that, after GASP_REFUSAL_RETRY_MS
 *  What fell because of another transaction, one that it stands on or a proven one that spends the same, is due after
 *  GASP_REFUSAL_RETRY_MS, too: its id stays the same when that one is proven, or is not any more.
 *  It holds against the peer that sent it, and against others only where nothing that the peer chose could have caused it:
 *  neither the txid nor the item id of an output cover its path, nor what it stands on as the peer sent it. Otherwise
 *  whoever sends a wrong path for an output would keep it from us whoever else has it.
 *
 *  An output that is known as spent here is remembered the same way, with who spends it, so that a peer which still offers
 *  it is told by a reference and not by another transfer. It is not due for as long as it is spent.
 *
 *  The list is bounded: over GASP_SKIPS_MAX a collection's refusals are not remembered, and only cost the peer another
 *  offer. A commit of the output removes its row.
 */
#ifndef GASP_WALLET_REFUSALS_H
#define GASP_WALLET_REFUSALS_H

#include "base/limits.h"
#include "gasp/wallet.h"
#include "wallet/txn.h"

enum {
    GASP_REFUSALS_MAX =
        GASP_LIMIT_REFUSALS, /**< rows a collection; an exact list of them is in the first message of each turn */
    GASP_REFUSAL_RETRY_MS = GASP_LIMIT_REFUSAL_RETRY_MS,
    GASP_POLICY_BUILTIN = 1 /**< moves when this library can judge what it could not before */
};

/** One refusal, as it is noted. */
typedef struct gasp_refused {
    gasp_outpoint outpoint;
    uint64_t time;     /**< of the item as the peer holds it, match=state */
    gasp_item_id id;   /**< of the item as the peer holds it, match=state */
    gasp_err err;      /**< GASP_OK with spent */
    uint32_t height;   /**< faults of proofs: of the block; class time: of the chain; 0 for none */
    uint64_t until_ms; /**< class time: wall clock; 0 for none */
    gasp_txid other;   /**< spent: the spender; class missing: the transaction that is missing */
    gasp_merkle_root
        root; /**< faults of proofs: what the path at fault computes to; due when a block of the best chain has it */
    bool spent;
} gasp_refused;

/** What a session has to remember. */
typedef struct gasp_note {
    gasp_collection collection;
    gasp_refused *refused;
    size_t n_refused;
    bool settle;     /**< the round accounts for both sides: */
    gasp_bytes peer; /**< opaque name; view */
    gasp_set_summary mine;
    gasp_set_summary theirs;
    uint8_t result; /**< gasp_result of gasp/session.h */
    const gasp_mem *mem;
} gasp_note;

void gasp_note_clear(gasp_note *note);

/** Writes what a session has to remember, in one batch. */
gasp_err gasp_wallet_note(gasp_wallet *wallet, const gasp_note *note, gasp_time now) GASP_MUST_CHECK;

/** One refusal that is not due. */
typedef struct gasp_skip {
    gasp_outpoint outpoint;
    uint64_t time; /**< under the match asked for */
    gasp_item_id id;
    bool final; /**< neither it nor anything else of that state will ever be taken */
    bool spent;
    gasp_txid spender;
} gasp_skip;

typedef struct gasp_skips {
    gasp_skip *list; /**< ascending by (time, id) */
    size_t n;
    uint64_t due; /**< refusals that may be offered again */
    bool settled; /**< something was agreed with the peer, and our side is unchanged since: */
    uint8_t pair[32];
    uint8_t result;
    const gasp_mem *mem;
} gasp_skips;

/** What is remembered of a collection and, when `settled` may hold, of a peer: `mine` is our summary now. */
gasp_err gasp_wallet_skips(gasp_wallet *wallet, gasp_skips *out, const gasp_collection *collection, gasp_match match,
                           gasp_bytes peer, const gasp_set_summary *mine, gasp_time now) GASP_MUST_CHECK;
void gasp_skips_clear(gasp_skips *skips);

/** The name of a pair of summaries, the same whoever of the two computes it: tagged SHA-256 "gasp/settled/1" of the lesser
 *  and the greater of their 56 bytes. */
void gasp_settled_pair(uint8_t out[32], const gasp_set_summary *a, const gasp_set_summary *b);

/** An output became ours: it is refused no longer. What was settled with peers of the collection is not any more, for the
 *  set may come to be the same again without the refusal. */
gasp_err gasp_refusal_drop(gasp_txn *txn, const gasp_collection *collection,
                           const gasp_outpoint *outpoint) GASP_MUST_CHECK;

#endif
