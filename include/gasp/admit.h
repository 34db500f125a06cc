/** The admit port: which of a peer's outputs are ours.
 *
 *  A graph that verifies is not yet wanted. Before it is committed the host sees it and says what becomes of it: take what
 *  was offered, take other outputs of the same transaction, decline, or look at it later. A wallet without this port
 *  (NULL) takes what was offered.
 *
 *  Asked are graphs that would make something ours: an output of a new or of a held transaction, or a new transaction that
 *  spends an output of ours. A graph that only moves proofs and entries of what is held is not asked about.
 *
 *  Questions come in a *batch*: entries in any number, each the root of one graph. A batch is opaque; each entry is
 *  answered by one of the four functions below, in any order and from any thread, but by one thread at a time.
 *
 *      gasp_err my_decide(void *user, gasp_admit_batch *batch, uint64_t ticket)
 *      {
 *          for (size_t i = 0; i < gasp_admit_batch_len(batch); i++) {
 *              gasp_admit_graph graph;
 *              gasp_err err = gasp_admit_batch_graph(batch, &graph, i);
 *              if (err == GASP_OK)
 *                  err = pays_me(user, &graph) ? gasp_admit_take(batch, i) : gasp_admit_decline(batch, i);
 *              if (err != GASP_OK)
 *                  return err;
 *          }
 *          return GASP_OK;
 *      }
 *
 *  A graph may be asked about again: when what it stands on changed while the answer was on its way, and in a later sync
 *  when it was declined under another policy version, or was to be looked at later. An answer is no commit: that something
 *  became ours is told by gasp_wallet_changes, or in the store's own transaction (gasp_change_of_op).
 */
#ifndef GASP_ADMIT_H
#define GASP_ADMIT_H

#include "gasp/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Graphs that wait for the host's word. Belongs to the library. */
typedef struct gasp_admit_batch gasp_admit_batch;

/** One output. */
typedef struct gasp_admit_output {
    uint32_t vout;
    uint64_t sat;
    gasp_bytes script; /**< valid as long as the batch */
} gasp_admit_output;

/** One graph, as it verified. All views are valid as long as the batch. */
typedef struct gasp_admit_graph {
    gasp_txid txid;            /**< of its root */
    gasp_bytes raw;            /**< its root, standard form */
    const gasp_anchor *anchor; /**< of the root; NULL while it is unproven */
    const gasp_admit_output
        *outputs; /**< offered and not ours yet, in the peer's order; none when the graph came because
                                       *   its root spends an output of ours */
    size_t n_outputs;
    size_t
        n_txs; /**< transactions that came in its graph, the root and unproven ancestors; 1 when it is held already */
    gasp_bytes
        peer; /**< opaque name of the peer, given by the transport; empty for a file and for what the host gave */
    gasp_collection collection;
} gasp_admit_graph;

/** How many entries the batch has, 1 at least. */
GASP_API size_t gasp_admit_batch_len(const gasp_admit_batch *batch);

/** Reads one entry.
 *  Gives:   *out; its views belong to the batch.
 *  Errors:  GASP_ERR_MISUSE  no such entry
 *  Bounds:  O(1), allocates nothing. */
GASP_API gasp_err gasp_admit_batch_graph(const gasp_admit_batch *batch, gasp_admit_graph *out,
                                         size_t index) GASP_MUST_CHECK;

/** Takes all that was offered. The last answer to an entry counts.
 *  Errors:  GASP_ERR_MISUSE  no such entry */
GASP_API gasp_err gasp_admit_take(gasp_admit_batch *batch, size_t index) GASP_MUST_CHECK;

/** Takes these outputs of the root and no others: some of those offered, or others of the same transaction. What was ours
 *  already stays so. What was offered and is not among them is refused for *policy* (GASP_ERR_VERIFY_DECLINED).
 *  Shape:   vouts: n indices of outputs, in any order, each counted once; copied. With n 0 a root that spends an output of
 *           ours is kept for that, and any other one is declined.
 *  Errors:  GASP_ERR_MISUSE  no such entry
 *           GASP_ERR_COUNT   the transaction has no such output; the entry is as it was
 *           GASP_ERR_NOMEM */
GASP_API gasp_err gasp_admit_take_outputs(gasp_admit_batch *batch, size_t index, const uint32_t *vouts,
                                          size_t n) GASP_MUST_CHECK;

/** Wants nothing of the root: it is refused for *policy* (GASP_ERR_VERIFY_DECLINED), and offered again when the policy
 *  version of the wallet moves. It can still become an ancestor of another graph.
 *  Errors:  GASP_ERR_MISUSE  no such entry */
GASP_API gasp_err gasp_admit_decline(gasp_admit_batch *batch, size_t index) GASP_MUST_CHECK;

/** Cannot say yet: it is refused for *time* (GASP_ERR_VERIFY_LATER), and may be offered again when the best chain reaches
 *  that height or our clock that wall time, whichever comes first.
 *  Units:   height in blocks, 0: at no height. wall_ms: milliseconds since 1970, 0: at no time. Both 0: in the next sync.
 *  Errors:  GASP_ERR_MISUSE  no such entry */
GASP_API gasp_err gasp_admit_later(gasp_admit_batch *batch, size_t index, uint32_t height,
                                   uint64_t wall_ms) GASP_MUST_CHECK;

/** What a host gives. Both functions are called in the thread that called the library, with no lock held: they may read
 *  from the wallet and write to it. They must not call the session that asks. */
typedef struct gasp_admit {
    size_t size; /**< sizeof(gasp_admit) */
    void *user;  /**< given back to each function */

    /** Answers every entry of the batch. An entry that was not answered counts as gasp_admit_later(batch, i, 0, 0): nothing
     *  becomes ours by mistake.
     *
     *  Answers GASP_OK when that is done. GASP_PENDING when it will be: the batch stays where it is until the host has
     *  called gasp_session_resume with this ticket in the session's thread, or `cancel` has returned; the session goes on
     *  with other graphs meanwhile. All answers are given before that call and visible to that thread.
     *  ticket: 0 when nobody could be resumed, as for a file (gasp_wallet_add): the host then waits in here, and
     *  GASP_PENDING is a GASP_ERR_MISUSE. Any error is answered by the call that asked, which ends a session; nothing of
     *  the batch is committed then. */
    gasp_err (*decide)(void *user, gasp_admit_batch *batch, uint64_t ticket);

    /** The session ends while this ticket is pending. When it returns, no thread of the host touches the batch any more,
     *  and the ticket will not be resumed. May be NULL when decide never answers GASP_PENDING. */
    void (*cancel)(void *user, uint64_t ticket);
} gasp_admit;

/** Zeroes the struct and sets its size. */
GASP_API void gasp_admit_init(gasp_admit *admit);

#ifdef __cplusplus
}
#endif
#endif
