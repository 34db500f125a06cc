/** The rules for one unproven transaction, on values: what it is, what it spends, which scripts have to pass. Nothing
 * here looks anything up or calls a port; the wallet brings the sources and hands the batch to the verifier.
 *
 *  The order in which the wallet asks: gasp_spv_check_form, gasp_spv_source_of for each input, gasp_spv_check_amounts,
 *  gasp_spv_add_jobs, the verifier port, gasp_spv_verdict. Where a function names an input, *input is written on an
 * error that concerns one, and only then. */
#ifndef GASP_SPV_VERIFY_H
#define GASP_SPV_VERIFY_H

#include "base/limits.h"
#include "spv/verifier.h"

/** Bytes that the signature hashes of one transaction may take together: with the FORKID form hardly more than its
 * length, with the original form its length times its inputs. A quarter of a gigabyte is half a second of one core, and
 * more than three times what a standard transaction of 100,000 bytes could ever take. */
#define GASP_SPV_SIGHASH_BYTES_MAX ((uint64_t)GASP_LIMIT_SIGHASH_BYTES)

/** One output that is spent. */
typedef struct gasp_spv_source {
    uint64_t sat;
    gasp_bytes script; /**< locking script; a view */
    uint32_t height;   /**< of the block that its transaction is proven in, or GASP_HEIGHT_UNPROVEN */
} gasp_spv_source;

/** Where and when a transaction would be mined, and what checking it may cost. */
typedef struct gasp_spv_setting {
    gasp_network network;
    uint32_t spending_height;   /**< the height after the tip of the best chain */
    uint64_t sighash_bytes_max; /**< usually GASP_SPV_SIGHASH_BYTES_MAX */
} gasp_spv_setting;

/** What can be said of an unproven transaction without its sources.
 *
 *  Errors, in the order they are looked for:
 *           GASP_ERR_TX_NO_INPUTS, GASP_ERR_TX_NO_OUTPUTS  none of them
 *           GASP_ERR_PROOF_TX_64        64 bytes long in standard form, as an inner node of a merkle tree is
 *           GASP_ERR_VERIFY_COINBASE    an input names the null txid: only a coinbase does, and that needs a proof
 *           GASP_ERR_VERIFY_AMOUNT      an output, or their sum, is above 21 million coins; *input is not written
 *           GASP_ERR_VERIFY_INPUT_TWICE *input names the output that an earlier one names
 *           GASP_ERR_NOMEM
 *  Bounds:  O(n log n) time whatever the outpoints are, memory for n indices. */
gasp_err gasp_spv_check_form(const gasp_tx *tx, size_t *input, const gasp_mem *mem) GASP_MUST_CHECK;

/** The output that `prev` names, taken from its transaction.
 *
 *  Shape:   height: where parent is proven, or GASP_HEIGHT_UNPROVEN.
 *  Gives:   *out with views into parent.
 *  Errors:  GASP_ERR_VERIFY_NO_OUTPOINT  parent has no output of that number
 *           GASP_ERR_MISUSE              prev is of another transaction */
gasp_err gasp_spv_source_of(gasp_spv_source *out, const gasp_tx *parent, uint32_t height,
                            const gasp_outpoint *prev) GASP_MUST_CHECK;

/** Whether the inputs cover the outputs.
 *
 *  Shape:   sources: tx->n_in of them, in the order of the inputs.
 *  Gives:   *fee, when given: what is left over, in satoshis.
 *  Errors:  GASP_ERR_VERIFY_AMOUNT  outputs exceed inputs; or any value or sum is above 21 million coins */
gasp_err gasp_spv_check_amounts(const gasp_tx *tx, uint64_t *fee, const gasp_spv_source *sources) GASP_MUST_CHECK;

/** Adds one entry for each input to the batch, in their order, under the rules of the setting and of each source's
 * height.
 *
 *  Shape:   sources as above; they, tx and its bytes must outlive the batch.
 *  Errors:  GASP_ERR_VERIFY_POLICY  the signature hashes together would take more than the setting allows; *input is
 * the first that would not fit GASP_ERR_LIMIT          the batch is full GASP_ERR_NOMEM On any of them the batch holds
 * the entries that it held before. Bounds:  O(length of tx). */
gasp_err gasp_spv_add_jobs(gasp_verify_batch *batch, size_t *input, const gasp_tx *tx, const gasp_spv_source *sources,
                           const gasp_spv_setting *setting) GASP_MUST_CHECK;

/** What the entries of one transaction say together; the same whatever the order in which they were run.
 *
 *  Shape:   verdicts: n, those of the entries that gasp_spv_add_jobs added, in their order.
 *  Gives:   GASP_OK when every one is; *input as above.
 *  Errors:  GASP_ERR_VERIFY_SCRIPT    the first that says so, whatever the others say
 *           GASP_ERR_VERIFY_DEFERRED  else, the first that says so
 *           GASP_ERR_MISUSE           else, the first that says anything but GASP_OK: the port broke its contract */
gasp_err gasp_spv_verdict(size_t *input, const gasp_err *verdicts, size_t n) GASP_MUST_CHECK;

/** For each input, gasp_script_rules_code of the rules under which gasp_spv_add_jobs has it judged: what a row that
 * says "checked once" stands for. */
uint32_t gasp_spv_rules_code(const gasp_tx *tx, const gasp_spv_source *source, const gasp_spv_setting *setting);

#endif
