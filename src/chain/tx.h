/** The inside of a transaction, for the rooms that compute with it (script, spv, wallet). The public half is gasp/tx.h.
 */
#ifndef GASP_CHAIN_TX_H
#define GASP_CHAIN_TX_H

#include "base/reader.h"
#include "base/writer.h"
#include "gasp/tx.h"

/** One block of memory: the struct, then `in`, then `out`. Never changed after it was read, but for the sources of its
 *  inputs (gasp_tx_set_source). */
struct gasp_tx {
    gasp_txid txid;    /**< SHA256d of the standard form, whichever form was given */
    gasp_bytes raw;    /**< a view of the caller's bytes as they were given, standard or extended form */
    uint32_t version;  /**< as on the wire; signed in a node */
    uint32_t locktime; /**< height below 500,000,000, else seconds since 1970 */
    size_t n_in;       /**< at least 1 */
    size_t n_out;      /**< at least 1 */
    gasp_txin *in;     /**< n_in, scripts are views into raw */
    gasp_txout *out;   /**< n_out, scripts are views into raw */
    bool extended;     /**< raw is in extended form (BRC-30), so that every input came with its source */
    const gasp_mem *mem;
};

/** Reads one transaction from a cursor and leaves the cursor behind it; either form, told apart by the marker. A failed
 *  cursor, or one that fails here, gives its error; *out is then untouched.
 *  Errors: as gasp_tx_decode, but for GASP_ERR_TRAILING. */
gasp_err gasp_tx_read(gasp_tx **out, gasp_reader *r, const gasp_mem *mem) GASP_MUST_CHECK;

/** The standard form. When the transaction was given in that form these are the bytes it came from. */
void gasp_tx_write(gasp_writer *w, const gasp_tx *tx);

/** The extended form (BRC-30); fails the writer with GASP_ERR_MISUSE when an input has no source. */
void gasp_tx_write_extended(gasp_writer *w, const gasp_tx *tx);

/** Bytes of the standard form. O(inputs) for one that came in extended form, else O(1). */
size_t gasp_tx_len(const gasp_tx *tx);

/** Whether this is how a coinbase looks: one input, and it names the null outpoint. */
bool gasp_tx_is_coinbase(const gasp_tx *tx);

#endif
