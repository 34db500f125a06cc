/** Threads that check scripts: the work behind gasp_verifier.
 *
 *  A batch is cut into runs of entries, and each free thread takes the next run of the batch that has waited longest since
 *  its last one: a large batch does not hold up a small one. What a thread takes it finishes or, when the batch is
 *  cancelled, leaves after the entry it is at.
 */
#ifndef GASP_NODE_WORKERS_H
#define GASP_NODE_WORKERS_H

#include "gasp/verifier.h"

typedef struct gasp_workers gasp_workers;

enum {
    GASP_WORKERS_MAX = 256,     /**< threads of one node: more than the cores of the machines that this runs on */
    GASP_WORKERS_AUTO_MAX = 16, /**< threads when the node chooses: a host has other work for its cores */
    GASP_WORKERS_RUN_MAX = 32,  /**< entries of a run: about 2 ms of signature checks, so that cancelling is quick */
    GASP_WORKERS_RUNS_EACH = 4, /**< runs for each thread in a batch of middle size, so that all end together */
    GASP_WORKERS_INLINE_BELOW =
        4 /**< entries below which a batch is checked where it is: waking a thread costs as much */
};

/** Called in a thread of the pool, with none of its locks held, when there is something for gasp_workers_take. */
typedef void gasp_workers_wake_fn(void *ctx);

/** Starts the threads. n 0: one for each core, at most GASP_WORKERS_AUTO_MAX. They take no signals.
 *  Errors: GASP_ERR_MISUSE  n > GASP_WORKERS_MAX;  GASP_ERR_NOMEM
 *          GASP_ERR_NET_IO  the operating system gave no thread */
gasp_err gasp_workers_new(gasp_workers **out, unsigned n, gasp_workers_wake_fn *wake, void *ctx,
                          const gasp_mem *mem) GASP_MUST_CHECK;

/** Ends the threads; what is left of batches is not checked. NULL is accepted. No other thread may be in here. */
void gasp_workers_free(gasp_workers *workers);

unsigned gasp_workers_count(const gasp_workers *workers);

/** Checks all entries before it returns; the calling thread takes runs too. From any thread.
 *  Errors: GASP_ERR_NOMEM  no entry was checked */
gasp_err gasp_workers_run(gasp_workers *workers, gasp_err *verdicts, const gasp_verify_batch *batch) GASP_MUST_CHECK;

/** Begins to check all entries. owner and ticket name the batch; no two that are under way may have both the same.
 *
 *  Answers: GASP_OK       it was small and is done
 *           GASP_PENDING  gasp_workers_take will give it. batch and verdicts belong to the pool until then, or until
 *                         gasp_workers_cancel has returned
 *  Errors:  GASP_ERR_NOMEM  no entry was checked */
gasp_err gasp_workers_start(gasp_workers *workers, uint64_t owner, uint64_t ticket, gasp_err *verdicts,
                            const gasp_verify_batch *batch) GASP_MUST_CHECK;

/** The next batch that was begun and is finished: all its verdicts are visible to the caller. False when there is none
 *  now. */
bool gasp_workers_take(gasp_workers *workers, uint64_t *owner, uint64_t *ticket);

/** Gives a batch up. When it returns no thread touches the batch or its verdicts, and gasp_workers_take will not give it.
 *  Waits for one entry of each thread at most. Nothing happens when no such batch is under way. */
void gasp_workers_cancel(gasp_workers *workers, uint64_t owner, uint64_t ticket);

#endif
