/** Whether one input may spend its output: the question that the verifier port is asked.
 *
 *  What is judged here are P2PK and P2PKH outputs, unlocked by exactly the items that they take. Everything else is
 *  *deferred*: never passed, and never called invalid either. */
#ifndef GASP_SCRIPT_SCRIPT_H
#define GASP_SCRIPT_SCRIPT_H

#include "chain/tx.h"
#include "crypto/ecdsa.h"
#include "script/rules.h"
#include "script/sighash.h"

/** One input, with all that its verdict depends on. Everything is a view and must outlive the job. */
typedef struct gasp_script_job {
    const gasp_tx *tx;
    const gasp_sighash_cache *cache; /**< of tx, or NULL */
    size_t input;                    /**< which one, < tx->n_in */
    uint64_t sat;                    /**< of the output that it spends */
    gasp_bytes script;               /**< locking script of that output */
    gasp_script_rules rules;
} gasp_script_job;

/** Judges one input.
 *
 *  Errors:  GASP_ERR_VERIFY_SCRIPT    it may not: a node refuses this spend under these rules
 *           GASP_ERR_VERIFY_DEFERRED  the locking script is neither P2PK nor P2PKH; or the unlocking script is no run
 * of pushes, or pushes more than is taken, where the rules do not forbid that; or a signature is not strict DER where
 * the rules allow it GASP_ERR_MISUSE           there is no such input Bounds:  gasp_script_cost bytes are hashed and
 * one signature checked; no allocation. Safe from any thread: nothing is written. */
gasp_err gasp_script_verify(const gasp_ecdsa *ecdsa, const gasp_script_job *job) GASP_MUST_CHECK;

/** Bytes that judging this input hashes at most. */
uint64_t gasp_script_cost(const gasp_script_job *job);

#endif
