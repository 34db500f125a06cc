/** A block header: 80 bytes that commit to the header before, to a block's transactions, and to the work done on them.
 *
 *      offset  size  field
 *      0       4     version, LE
 *      4       32    hash of the header before, internal order
 *      36      32    merkle root of the block's transactions, internal order
 *      68      4     time, LE, seconds since 1970 UTC
 *      72      4     nBits, LE: the target in its short form
 *      76      4     nonce, LE
 *
 *  Every 80 bytes are a header as far as this file goes. Whether one is acceptable (link, version, time, difficulty,
 *  hash, in that order) is decided where the headers before it are known.
 *  Source: the Bitcoin protocol; unchanged since 2009.
 */
#ifndef GASP_HEADER_H
#define GASP_HEADER_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The fields of a header. A plain value. */
typedef struct gasp_header {
    uint32_t version;      /**< as on the wire; signed in a node */
    gasp_block_hash prev;  /**< hash of the header before; all zero in a genesis block */
    gasp_merkle_root root; /**< merkle root of its transactions */
    uint32_t time;         /**< seconds since 1970 UTC, by the clock of whoever mined it */
    uint32_t bits;         /**< the target in its short form ("nBits") */
    uint32_t nonce;        /**< what was varied to find the hash */
} gasp_header;

/** Reads the fields of a header. Cannot fail: any 80 bytes have them. */
GASP_API void gasp_header_decode(gasp_header *out, const uint8_t raw80[GASP_HEADER_LEN]);

/** Writes a header's 80 bytes: the exact reverse of gasp_header_decode. */
GASP_API void gasp_header_encode(uint8_t raw80[GASP_HEADER_LEN], const gasp_header *header);

/** The hash that the next header names, and that the target bounds: SHA256d of the 80 bytes. */
GASP_API void gasp_header_hash(gasp_block_hash *out, const uint8_t raw80[GASP_HEADER_LEN]);

/** How many headers stand one after the other in `run`, as header files carry them: no framing. An empty run has 0.
 *  Errors:  GASP_ERR_HEADER_LENGTH  run is not a multiple of 80 bytes; fault->at is where the cut header begins */
GASP_API gasp_err gasp_header_count(size_t *out, gasp_bytes run, gasp_fault *fault) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
