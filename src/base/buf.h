/** A growable run of bytes that was given a maximum. All failures are answered, none aborts. */
#ifndef GASP_BASE_BUF_H
#define GASP_BASE_BUF_H

#include "gasp/types.h"

typedef struct gasp_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max; /**< never more bytes than this */
    const gasp_mem *mem;
} gasp_buf;

void gasp_buf_init(gasp_buf *buf, size_t max, const gasp_mem *mem);

/** Frees the bytes and leaves an empty buffer with the same maximum. A zeroed gasp_buf is accepted. */
void gasp_buf_clear(gasp_buf *buf);

/** Room for `more` bytes after the present ones. Errors: GASP_ERR_LIMIT, GASP_ERR_NOMEM. */
gasp_err gasp_buf_reserve(gasp_buf *buf, size_t more) GASP_MUST_CHECK;

gasp_err gasp_buf_append(gasp_buf *buf, const void *bytes, size_t len) GASP_MUST_CHECK;

/** Drops the first len bytes (at most all). O(what is left). */
void gasp_buf_drop(gasp_buf *buf, size_t len);

/** What it holds; valid until the next change. */
gasp_bytes gasp_buf_view(const gasp_buf *buf);

#endif
