/** A raw block, one transaction after the other: a header, a count (CompactSize), and that many transactions in
 * standard form. The reader holds no transaction that it gave: a block of any size is walked in the memory of its
 * largest one.
 *
 *      gasp_block block;
 *      gasp_err err = gasp_block_open(&block, bytes, NULL);
 *      gasp_tx *tx;
 *      while (err == GASP_OK && (err = gasp_block_next(&block, &tx, NULL, NULL)) == GASP_OK)
 *          gasp_tx_free(tx);
 *      (here err is GASP_DONE, or what is wrong with the block)
 */
#ifndef GASP_BLOCK_H
#define GASP_BLOCK_H

#include "gasp/header.h"
#include "gasp/tx.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the reading of a block stands. A plain value without anything to free; the fields are for looking at. */
typedef struct gasp_block {
    gasp_header header;   /**< the block's header */
    gasp_block_hash hash; /**< and its hash */
    uint64_t n_tx;        /**< how many transactions the block says it has */
    uint64_t next;        /**< number of the transaction that gasp_block_next gives, from 0 */
    gasp_bytes bytes;     /**< the caller's bytes, which must outlive the reading and the transactions */
    size_t at;            /**< offset of the transaction that gasp_block_next gives */
} gasp_block;

/** Reads a block's header and its count of transactions.
 *
 *  Errors:  GASP_ERR_SHORT         less than a header and a count
 *           GASP_ERR_COMPACT_SIZE  a count that is not in its shortest form
 *           GASP_ERR_COUNT         more transactions than the rest of the bytes can hold
 *  Bounds:  O(1), no allocation.
 *  Source:  the Bitcoin protocol's block message. */
GASP_API gasp_err gasp_block_open(gasp_block *out, gasp_bytes bytes, gasp_fault *fault) GASP_MUST_CHECK;

/** Gives the next transaction, in block order; it is the caller's, to free with gasp_tx_free.
 *
 *  Gives:   GASP_OK and *out, or GASP_DONE when all were given and nothing is left over.
 *  Errors:  GASP_ERR_TRAILING  bytes after the last transaction
 *           and those of gasp_tx_decode; fault->at is the offset in the block, fault->item the transaction's number.
 *           After an error the same call gives the same error again.
 *  Bounds:  O(bytes of that transaction), one allocation. */
GASP_API gasp_err gasp_block_next(gasp_block *block, gasp_tx **out, const gasp_mem *mem,
                                  gasp_fault *fault) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
