/** The verifier port: scripts checked where the host wants them checked.
 *
 *  Verifying an unproven transaction costs one signature check for each input. The library collects those checks in a
 *  *batch*: entries that do not depend on each other, in any number, of one transaction or of many. A host that has
 * threads gives a gasp_verifier, which spreads the entries over them; a host that gives none (NULL) has them checked
 * one after the other in the thread that called.
 *
 *  A batch is opaque on purpose. The host learns how many entries there are and calls gasp_verify_batch_run for each,
 *  once, in any order and from any thread; it decides nothing else, so no host can weaken a verdict by mistake.
 *
 *      gasp_err my_verify(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket)
 *      {
 *          queue the numbers 0 .. gasp_verify_batch_len(batch) - 1; each worker takes one, i, and does
 *              verdicts[i] = gasp_verify_batch_run(batch, i);
 *          the last one tells the session's thread, which calls gasp_session_resume(session, ticket)
 *          return GASP_PENDING;
 *      }
 */
#ifndef GASP_VERIFIER_H
#define GASP_VERIFIER_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Independent script checks. Belongs to the library. */
typedef struct gasp_verify_batch gasp_verify_batch;

/** How many entries the batch has; may be 0. Safe from any thread. */
GASP_API size_t gasp_verify_batch_len(const gasp_verify_batch *batch);

/** Checks one entry and answers its verdict.
 *
 *  Shape:   index: 0 .. gasp_verify_batch_len - 1.
 *  Gives:   GASP_OK when the input may spend its output.
 *  Errors:  GASP_ERR_VERIFY_SCRIPT    the script does not pass
 *           GASP_ERR_VERIFY_DEFERRED  a kind of script that this version does not check
 *           GASP_ERR_MISUSE           no such entry
 *  Bounds:  one signature check and the hashing for it; allocates nothing, writes nothing, calls nobody. Safe from any
 *           thread, also for several entries of a batch at once. */
GASP_API gasp_err gasp_verify_batch_run(const gasp_verify_batch *batch, size_t index) GASP_MUST_CHECK;

/** What a host gives. Both functions are called in the thread that called the library, with no lock held. They must not
 *  call the session or the wallet that called them. */
typedef struct gasp_verifier {
    size_t size; /**< sizeof(gasp_verifier) */
    void *user;  /**< given back to each function */

    /** Fills verdicts[i] with what gasp_verify_batch_run(batch, i) answers, for every i below gasp_verify_batch_len.
     *
     *  Answers GASP_OK when all are filled; GASP_PENDING when they will be later; an error (GASP_ERR_NOMEM,
     * GASP_ERR_LIMIT) when it took none of them: the entries then count as not checked, and nothing that needs them is
     * accepted.
     *
     *  After GASP_PENDING: batch and verdicts stay where they are and unchanged until the host has called
     *  gasp_session_resume with this ticket in the session's thread, or `cancel` has returned. All verdicts are written
     *  before that call, and visible to that thread (a lock or a queue between the threads sees to it). A verdict that
     * was not written counts as not checked. */
    gasp_err (*verify)(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket);

    /** The session ends while this ticket is pending (also one that was resumed after the session had ended). When it returns, no thread of the host touches the batch or its
     *  verdicts any more, and the ticket will not be resumed. May be NULL when verify never answers GASP_PENDING. */
    void (*cancel)(void *user, uint64_t ticket);
} gasp_verifier;

/** Zeroes the struct and sets its size. */
GASP_API void gasp_verifier_init(gasp_verifier *verifier);

#ifdef __cplusplus
}
#endif
#endif
