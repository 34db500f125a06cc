/** The stage: transactions on their way in. Nodes are put in, in any order; out come the questions that must be asked of
 *  the wallet, the transactions that must be wanted from whoever sends, and at the end a verdict for every node. It knows
 *  no message, store, clock or thread: a file being imported and a peer's stream of INVs go through the same code.
 *
 *  The life of a node:
 *      added -> found (find answered) -> waiting for its inputs -> ready -> verified -> committed
 *                                                     \-> refused, and with it every staged descendant
 *  A proven node needs its block only. An unproven one needs every output it spends: from the wallet, or from another node
 *  of the stage that was verified before it, so that a script runs only when all below it holds. A root that is verified
 *  is committed together with those of its staged ancestors that are not stored yet, as one graph; nodes that no root
 *  needs are never stored.
 *
 *  Walks are iterative. Every list is bounded by the limits given at the start; what is over them is refused with
 *  GASP_ERR_VERIFY_POLICY. The order of questions and verdicts depends only on the order of input.
 */
#ifndef GASP_WALLET_STAGE_H
#define GASP_WALLET_STAGE_H

#include "wallet/ask.h"

typedef struct gasp_stage gasp_stage;

typedef struct gasp_stage_config {
    gasp_collection collection;
    size_t max_nodes; /**< nodes at one time, refused ones that are remembered included */
    size_t max_bytes; /**< of staged transactions */
    uint8_t seed16[16];
    const gasp_mem *mem;
} gasp_stage_config;

/** Something to be asked of the sender. */
typedef struct gasp_stage_want {
    gasp_outpoint outpoint;
    bool metadata;
    gasp_state_hash hash; /**< with metadata: what the answer must hash to */
} gasp_stage_want;

/** What is known of a node when it comes. */
typedef struct gasp_stage_node {
    gasp_txid txid;  /**< of tx; with tx NULL, of the transaction it is about */
    gasp_tx *tx;     /**< taken over by the stage, whatever it answers; NULL: only what is newly known of a held one */
    gasp_blob *blob; /**< holds the bytes that tx views; the stage shares it while it needs them */
    bool proven;     /**< a path was given: */
    uint32_t height; /**< its block */
    uint64_t index;  /**< place in the block */
    gasp_merkle_root root;         /**< what the path computes to */
    gasp_bytes bump;               /**< the path, for this transaction alone; copied */
    gasp_bytes entries;            /**< gasp_entries in wire form, already checked to decode; copied */
    const gasp_input_hash *inputs; /**< what the sender has as state of each spent output; NULL: not told */
    size_t n_inputs;
    const uint32_t *roots; /**< outputs offered; a node with none is kept only if a root needs it; copied */
    size_t n_roots;
    const gasp_stage_want
        *expect;      /**< with tx NULL: the want that this answers; proof and entries must hash to it. NULL:
                                    *   any news is welcome */
    gasp_err verdict; /**< GASP_OK, or why it is refused from the start */
} gasp_stage_node;

gasp_err gasp_stage_new(gasp_stage **out, const gasp_stage_config *config) GASP_MUST_CHECK;
void gasp_stage_free(gasp_stage *stage);

/** Puts a node in. Of the same txid again only the roots count: they are joined to those it has, or get a verdict of their
 *  own when it was committed or refused already (a refused one stays refused), or when the transaction has no such output.
 *  A node that is malformed or over a limit is taken and refused, with its verdict; errors are the stage's own:
 *  GASP_ERR_NOMEM. */
gasp_err gasp_stage_add(gasp_stage *stage, const gasp_stage_node *node) GASP_MUST_CHECK;

/** Whether a transaction is in the stage, in any state. */
bool gasp_stage_has(const gasp_stage *stage, const gasp_txid *txid);

/** Moves all open questions of one kind into *find (or verify, commit); GASP_DONE when there are none. They are answered
 *  by the matching _found (_verified, _committed) before the next of that kind is taken. The batch is the caller's to
 *  clear, after the answer. */
gasp_err gasp_stage_find(gasp_stage *stage, gasp_find *find) GASP_MUST_CHECK;
gasp_err gasp_stage_found(gasp_stage *stage, gasp_find *find) GASP_MUST_CHECK;
gasp_err gasp_stage_verify(gasp_stage *stage, gasp_verify *verify) GASP_MUST_CHECK;
gasp_err gasp_stage_verified(gasp_stage *stage, const gasp_verify *verify) GASP_MUST_CHECK;
gasp_err gasp_stage_commit(gasp_stage *stage, gasp_commit *commit) GASP_MUST_CHECK;
gasp_err gasp_stage_committed(gasp_stage *stage, const gasp_commit *commit) GASP_MUST_CHECK;

/** The next thing to ask the sender for; GASP_DONE when there is none. metadata: the transaction is held, but the sender
 *  knows one of its outputs differently; else the whole transaction. Each transaction is given once of each kind. */
gasp_err gasp_stage_want_next(gasp_stage *stage, gasp_stage_want *out) GASP_MUST_CHECK;

/** The sender has not got a transaction (or will not give it): what waits for it is refused as GASP_ERR_VERIFY_NO_PARENT.
 *  One that is not waited for is no matter. */
gasp_err gasp_stage_absent(gasp_stage *stage, const gasp_txid *txid) GASP_MUST_CHECK;

/** Every transaction that is still waited for is absent. */
gasp_err gasp_stage_absent_all(gasp_stage *stage) GASP_MUST_CHECK;

/** What became of a node. */
typedef struct gasp_stage_verdict {
    gasp_txid txid;
    bool root; /**< it was offered */
    uint32_t n_roots;
    bool stored;        /**< committed, and something was new */
    gasp_err err;       /**< GASP_OK: committed; else why it was refused */
    gasp_txid cause;    /**< where the fault lies; txid itself unless err is GASP_ERR_VERIFY_PARENT or _NO_PARENT */
    gasp_err cause_err; /**< what was wrong there; its refusal class is that of the node */
    uint32_t height;    /**< of the proof at fault (the cause's), for faults of proofs */
    size_t input;       /**< which input failed, where it is one */
    size_t bytes;       /**< of its transaction */
    uint32_t vout;      /**< the first of its offered outputs; 0 without root */
} gasp_stage_verdict;

/** Verdicts in the order in which they were reached; GASP_DONE when there is none. Nodes that were verified and that no
 *  root needed get none; news of one that is held is stored, with a verdict, also when it is no root. */
gasp_err gasp_stage_verdict_next(gasp_stage *stage, gasp_stage_verdict *out) GASP_MUST_CHECK;

/** Nothing is asked, wanted, or waiting to be: every node that can reach a verdict has reached it. */
bool gasp_stage_idle(const gasp_stage *stage);

/** Numbers for progress and tests. */
typedef struct gasp_stage_counts {
    uint64_t scripts_asked; /**< transactions given to verify */
    uint64_t wants;         /**< handed out by want_next */
    uint64_t committed;
    uint64_t refused;
    size_t nodes;
    size_t bytes;
} gasp_stage_counts;
gasp_stage_counts gasp_stage_count(const gasp_stage *stage);

/** Forgets everything: the end of a turn, when the stage is idle and its verdicts were taken. */
void gasp_stage_sweep(gasp_stage *stage);

#endif
