/** The batch behind the verifier port (gasp/verifier.h), and the port that is used when the host gives none. */
#ifndef GASP_SPV_VERIFIER_H
#define GASP_SPV_VERIFIER_H

#include "gasp/verifier.h"
#include "script/script.h"

struct gasp_spv_parts;

/** Built in one thread, then only read. What its jobs refer to (transactions, locking scripts) must outlive it. */
struct gasp_verify_batch {
    gasp_script_job *jobs;
    size_t n;
    size_t cap;
    size_t max;                   /**< never more jobs than this */
    struct gasp_spv_parts *parts; /**< shared parts of signature hashes, one node a transaction */
    const gasp_ecdsa *ecdsa;
    const gasp_mem *mem;
};

/** max: most jobs it may hold. ecdsa must outlive the batch. */
void gasp_verify_batch_init(gasp_verify_batch *batch, const gasp_ecdsa *ecdsa, size_t max, const gasp_mem *mem);

/** Frees everything; the batch is then empty and can be used again. A zeroed one is accepted. */
void gasp_verify_batch_clear(gasp_verify_batch *batch);

/** Adds one entry; its number is batch->n - 1.
 *  Errors: GASP_ERR_LIMIT, GASP_ERR_NOMEM; the batch is then as before */
gasp_err gasp_verify_batch_add(gasp_verify_batch *batch, const gasp_script_job *job) GASP_MUST_CHECK;

/** What all inputs of tx share, hashed here once; lives as long as the batch.
 *  Errors: GASP_ERR_NOMEM */
gasp_err gasp_verify_batch_share(gasp_verify_batch *batch, const gasp_sighash_cache **out,
                                 const gasp_tx *tx) GASP_MUST_CHECK;

/** The port itself, or, when it is NULL, one that runs every entry in the calling thread and never answers
 *  GASP_PENDING. */
const gasp_verifier *gasp_verifier_or_inline(const gasp_verifier *verifier);

#endif
