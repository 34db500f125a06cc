/** Where encoders write: into a gasp_buf, into memory of fixed size, or nowhere (to measure). One encoder serves all three.
 *  Failure is sticky, as in gasp_reader. */
#ifndef GASP_BASE_WRITER_H
#define GASP_BASE_WRITER_H

#include "base/buf.h"

typedef struct gasp_writer {
    gasp_buf *buf; /**< growing, or NULL */
    uint8_t *out;  /**< fixed, or NULL; with both NULL only len counts */
    size_t cap;    /**< bytes in out */
    size_t len;    /**< bytes written (or measured) so far */
    gasp_err err;
} gasp_writer;

/** Counts only. */
gasp_writer gasp_writer_measure(void);

/** Into out; more than cap bytes fail with GASP_ERR_LIMIT. */
gasp_writer gasp_writer_fixed(uint8_t *out, size_t cap);

/** Appends to buf; fails with what gasp_buf_append answers. */
gasp_writer gasp_writer_growing(gasp_buf *buf);

void gasp_write_u8(gasp_writer *w, uint8_t value);
void gasp_write_u16(gasp_writer *w, uint16_t value); /**< little-endian, as all below */
void gasp_write_u32(gasp_writer *w, uint32_t value);
void gasp_write_u64(gasp_writer *w, uint64_t value);
void gasp_write_compact(gasp_writer *w, uint64_t value);
void gasp_write_bytes(gasp_writer *w, const void *bytes, size_t len);

/** CompactSize length and the bytes. */
void gasp_write_sized(gasp_writer *w, gasp_bytes bytes);
void gasp_write_outpoint(gasp_writer *w, const gasp_outpoint *outpoint);

/** Bytes that a CompactSize of this value takes: 1, 3, 5 or 9. */
size_t gasp_compact_len(uint64_t value);

#endif
