/** The stage: transactions on their way in. Nodes are put in, in any order; out come the questions that must be asked of
 *  the wallet, the transactions that must be wanted from whoever sends, and at the end a verdict for every node. It knows
 *  no message, store, clock or thread: a file being imported and a peer's stream of INVs go through the same code.
 *
 *  The life of a node:
 *      gap -> added -> found (find answered) -> waiting for its inputs -> ready -> verified -> committed
 *                                                          \-> refused, and with it every staged descendant
 *  A proven node needs its block only. An unproven one needs every output it spends: from the wallet, or from another node
 *  of the stage that was verified before it, so that a script runs only when all below it holds. A root (an offered output)
 *  that is verified is committed together with those of its staged ancestors that are not stored yet, as one graph; so is
 *  a transaction that was announced as spending an output of ours. Nodes that neither needs are never stored.
 *
 *  Room. What a staged transaction takes (bytes, proof, entries, decoded form, node, inputs and what they spend) counts
 *  against max_bytes, and each open want counts with what was reserved for its answer. Of the scripts that are being spent
 *  only those of one answer to find can take the count over the limit. Gaps, and what is remembered of refused ones, are
 *  bounded by max_nodes alone.
 *      - Whatever has no room is let go of and becomes a gap again, which is wanted once more later (`again`); of a root its
 *        offered outputs, its place in the queue and its entries stay.
 *      - Wants are handed out in turn while half of the room is not used up. Behind that the stage waits until every want is
 *        answered and every question too; what then still lacks room is gathered one graph after the other, the oldest
 *        root first, in the whole stage: nothing else is wanted meanwhile. If it does not fit beside the rest, the rest is
 *        let go of, and gathered in the same way when its turn comes. If it does not fit alone, its root is refused
 *        (GASP_ERR_VERIFY_POLICY).
 *  While all that is gathered at one time takes at most half of the room, nothing is let go of.
 *
 *  Nothing waits for ever. A want that is out is answered by the sender (gasp_stage_add, _sent, _absent, _absent_large), a
 *  question by the wallet. When neither is out and something still waits, gasp_stage_want_next hands out a want or refuses
 *  a root: the oldest root stands on a gap that was not wanted yet, and all but its own graph can be let go of. While a
 *  graph is gathered alone it only grows, by nodes that are each wanted a bounded number of times (STAGE_DROPS_MAX, stage_node.h),
 *  so it ends; and with every end there is one unfinished root less, which letting go does not undo.
 *
 *  Walks are iterative. Every list is bounded by the limits given at the start; what is over them is refused with
 *  GASP_ERR_VERIFY_POLICY. The order of questions and verdicts depends only on the order of input.
 */
#ifndef GASP_WALLET_STAGE_H
#define GASP_WALLET_STAGE_H

#include "wallet/ask.h"

typedef struct gasp_stage gasp_stage;

enum {
    GASP_STAGE_WANT_BYTES =
        16 * 1024 /**< reserved for an answer of which nothing is known, but at most 1/16 of max_bytes:
                                       *   nearly all transactions are shorter, and 2,000 wants fit into half of 64 MiB */
};

typedef struct gasp_stage_config {
    gasp_collection collection;
    size_t max_nodes; /**< nodes at one time, refused ones that are remembered included */
    size_t max_bytes; /**< of what is staged, and reserved */
    uint8_t seed16[16];
    const gasp_mem *mem;
} gasp_stage_config;

/** Something to be asked of the sender. Each is answered once: by gasp_stage_add with `answer`, gasp_stage_sent,
 *  gasp_stage_absent or gasp_stage_absent_large; with metadata by gasp_stage_add with `expect`, or
 *  gasp_stage_absent_metadata. */
typedef struct gasp_stage_want {
    gasp_outpoint outpoint;
    bool metadata;
    bool again;           /**< it came before and had no room: the sender is to send it once more, not to say SENT */
    uint32_t max_len;     /**< bytes of the transaction that there is room for */
    gasp_state_hash hash; /**< with metadata: what the answer must hash to */
} gasp_stage_want;

/** What is known of a node when it comes. */
typedef struct gasp_stage_node {
    gasp_txid txid; /**< of tx; with tx NULL, of the transaction it is about */
    gasp_tx *tx; /**< taken over by the stage, whatever it answers; NULL: only what is newly known of a held one, or an
                      *   offer of what the sender thinks is held: if it is not, it is wanted */
    gasp_blob *blob;       /**< holds the bytes that tx views; the stage shares it while it needs them */
    bool answer;           /**< it answers the want for this transaction: what was reserved for it is given back */
    bool proven;           /**< a path was given: */
    uint32_t height;       /**< its block */
    uint64_t index;        /**< place in the block */
    gasp_merkle_root root; /**< what the path computes to */
    bool has_block;        /**< with proven: */
    gasp_block_hash block; /**< the block that the sender says it stands in; only told back in the verdict */
    gasp_bytes bump;       /**< the path, for this transaction alone; copied */
    gasp_bytes entries;    /**< gasp_entries in wire form, already checked to decode; copied */
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

/** The sender says that `spender` spends `outpoint`. One verdict with `spend` follows for all of a spender's that were said
 *  before it (one more for those after it):
 *      OK, not stored     the spender is a member already and stands
 *      OK, stored         it came, holds, spends that output, and is committed with what it stands on
 *      GASP_ERR_VERIFY_NOT_ASKED  no such outpoint is an output of the collection or spent by one of its members
 *      GASP_ERR_VERIFY_NO_SPEND   the spender has no input that spends it (the first of them that is of the collection)
 *      any other          as for a root: it is wanted, found wrong, absent.
 *  When the spender is a root too, there is one verdict for both. Errors: GASP_ERR_NOMEM; GASP_ERR_LIMIT  more of them were
 *  said since find was last asked than four for each of max_nodes. */
gasp_err gasp_stage_spend(gasp_stage *stage, const gasp_outpoint *outpoint, const gasp_txid *spender) GASP_MUST_CHECK;

/** Whether a transaction is in the stage, in any state; one that was let go of is not. */
bool gasp_stage_has(const gasp_stage *stage, const gasp_txid *txid);

/** Moves open questions of one kind into *find (or verify, commit); GASP_DONE when there are none. They are answered
 *  by the matching _found (_verified, _committed) before the next of that kind is taken. The batch is the caller's to
 *  clear, after the answer. */
gasp_err gasp_stage_find(gasp_stage *stage, gasp_find *find) GASP_MUST_CHECK;
gasp_err gasp_stage_found(gasp_stage *stage, gasp_find *find) GASP_MUST_CHECK;
gasp_err gasp_stage_verify(gasp_stage *stage, gasp_verify *verify) GASP_MUST_CHECK;
gasp_err gasp_stage_verified(gasp_stage *stage, const gasp_verify *verify) GASP_MUST_CHECK;
gasp_err gasp_stage_commit(gasp_stage *stage, gasp_commit *commit) GASP_MUST_CHECK;
gasp_err gasp_stage_committed(gasp_stage *stage, const gasp_commit *commit) GASP_MUST_CHECK;

/** The next thing to ask the sender for; GASP_DONE when there is none now: call again after each answer, to a want or a
 *  question. metadata: the transaction is held, but the sender knows one of its outputs differently; else the whole
 *  transaction. May refuse what does not fit. Errors: GASP_ERR_NOMEM. */
gasp_err gasp_stage_want_next(gasp_stage *stage, gasp_stage_want *out) GASP_MUST_CHECK;

/** The sender has not got a transaction (or will not give it): what waits for it is refused as GASP_ERR_VERIFY_NO_PARENT.
 *  One that is not waited for is no matter. */
gasp_err gasp_stage_absent(gasp_stage *stage, const gasp_txid *txid) GASP_MUST_CHECK;

/** The sender says that it is `len` bytes long, more than max_len of the want: it is wanted again with room for it, or what
 *  waits for it is refused as GASP_ERR_VERIFY_POLICY. That too when len is not more than max_len. */
gasp_err gasp_stage_absent_large(gasp_stage *stage, const gasp_txid *txid, uint64_t len) GASP_MUST_CHECK;

/** The sender says that it sent a transaction already. It is in the stage or stored; or it was let go of, then it is wanted
 *  again; or it never came, then it is absent. */
gasp_err gasp_stage_sent(gasp_stage *stage, const gasp_txid *txid) GASP_MUST_CHECK;

/** The sender has nothing to answer a want for metadata with. */
void gasp_stage_absent_metadata(gasp_stage *stage, const gasp_txid *txid);

/** Every transaction that is still waited for is absent. */
gasp_err gasp_stage_absent_all(gasp_stage *stage) GASP_MUST_CHECK;

/** An output and who spends it, from what the wallet holds in this collection. */
typedef struct gasp_stage_spent {
    gasp_outpoint outpoint;
    gasp_txid spender;
    bool anchored; /**< the spender has a proof */
} gasp_stage_spent;

/** What became of a node. Everything it points to is valid until the next call on the stage. */
typedef struct gasp_stage_verdict {
    gasp_txid txid;
    bool root;  /**< outputs of it were offered */
    bool spend; /**< it was announced by gasp_stage_spend */
    uint32_t n_roots;
    const uint32_t *roots; /**< the offered outputs, ascending */
    bool known;            /**< offered without its bytes */
    bool held;             /**< the wallet had it before: entries were joined, not just taken */
    bool proven;           /**< as the sender told it, with a proof: */
    gasp_anchor told;      /**< height and index as sent, block as told (zero: not told); not believed */
    gasp_bytes entries;    /**< as sent */
    bool stored;           /**< committed, and something was new */
    gasp_err err;          /**< GASP_OK: committed; else why it was refused */
    gasp_txid cause;       /**< where the fault lies; txid itself unless err is GASP_ERR_VERIFY_PARENT or _NO_PARENT */
    gasp_err cause_err;    /**< what was wrong there; its refusal class is that of the node */
    uint32_t height; /**< of the proof at fault (the cause's), for faults of proofs; with GASP_ERR_VERIFY_LATER, when
                            *   the host will say, 0: at no height */
    gasp_merkle_root fault_root;          /**< with height: what the path at fault computes to */
    uint64_t until_ms;                    /**< with GASP_ERR_VERIFY_LATER: wall time, 0: at none */
    const gasp_commit_declined *declined; /**< offered outputs that the host left, of a root that is stored */
    size_t n_declined;
    size_t input;                  /**< which input failed, where it is one */
    size_t bytes;                  /**< of its transaction */
    uint32_t vout;                 /**< the first of its offered outputs; 0 without root */
    const gasp_stage_spent *spent; /**< of the offered outputs those that are known as spent here, as of when they were
                                    *   offered first; and when cause_err is GASP_ERR_VERIFY_SPENT, the output that the
                                    *   cause spends and a proven member of the collection spent */
    size_t n_spent;
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
    uint64_t let_go; /**< times that something had no room, and is wanted again */
    size_t nodes;
    size_t bytes;    /**< staged */
    size_t reserved; /**< for open wants */
} gasp_stage_counts;
gasp_stage_counts gasp_stage_count(const gasp_stage *stage);

/** Forgets everything: the end of a turn, when the stage is idle and its verdicts were taken. */
void gasp_stage_sweep(gasp_stage *stage);

#endif
