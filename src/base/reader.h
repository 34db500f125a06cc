/** A cursor over bytes that somebody else sent. Failure is sticky: the first read that does not fit records the error and
 *  its offset, every later one gives zero, and the caller tests once at the end. Nothing is copied or allocated. */
#ifndef GASP_BASE_READER_H
#define GASP_BASE_READER_H

#include "gasp/types.h"

typedef struct gasp_reader {
    const uint8_t *base; /**< where offsets count from */
    size_t at;           /**< bytes read so far, from base */
    size_t len;          /**< bytes in all, from base */
    gasp_err err;        /**< GASP_OK until something failed */
    size_t err_at;       /**< offset of the field that failed */
} gasp_reader;

gasp_reader gasp_reader_of(gasp_bytes bytes);

/** Bytes not yet read; 0 after a failure. */
size_t gasp_reader_left(const gasp_reader *r);

/** Records err at offset `at` unless something failed before. */
void gasp_reader_fail(gasp_reader *r, gasp_err err, size_t at);

uint8_t gasp_read_u8(gasp_reader *r);
uint16_t gasp_read_u16(gasp_reader *r); /**< little-endian, as all below */
uint32_t gasp_read_u32(gasp_reader *r);
uint64_t gasp_read_u64(gasp_reader *r);

/** CompactSize (Bitcoin's variable-length integer); one that is not in its shortest form fails with
 *  GASP_ERR_COMPACT_SIZE, as in a node. */
uint64_t gasp_read_compact(gasp_reader *r);

/** A CompactSize that counts things of which each takes at least `each` bytes of what follows (each >= 1): fails with
 *  GASP_ERR_COUNT when the rest of the input cannot hold them, so that a caller may allocate for it. */
size_t gasp_read_count(gasp_reader *r, size_t each);

/** A view of the next len bytes. */
gasp_bytes gasp_read_bytes(gasp_reader *r, uint64_t len);

/** CompactSize length and that many bytes. */
gasp_bytes gasp_read_sized(gasp_reader *r);

/** Copies len bytes to out (zeroes on failure). */
void gasp_read_into(gasp_reader *r, void *out, size_t len);

void gasp_read_outpoint(gasp_reader *r, gasp_outpoint *out);

/** The end: GASP_OK when nothing failed and nothing is left (GASP_ERR_TRAILING otherwise). Fills *fault, item
 *  untouched, when it is given and there is an error. */
gasp_err gasp_reader_finish(gasp_reader *r, gasp_fault *fault) GASP_MUST_CHECK;

/** As gasp_reader_finish, but bytes may be left. */
gasp_err gasp_reader_status(const gasp_reader *r, gasp_fault *fault) GASP_MUST_CHECK;

#endif
