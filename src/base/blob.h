/** Bytes that several owners share and nobody changes: a received message, the transactions cut out of it, the jobs that
 *  check them. The count is atomic, because verifier threads let go of jobs on their own. */
#ifndef GASP_BASE_BLOB_H
#define GASP_BASE_BLOB_H

#include <stdatomic.h>

#include "gasp/types.h"

typedef struct gasp_blob {
    atomic_size_t refs;
    const gasp_mem *mem;
    size_t len;
    uint8_t *data; /**< written once, before the blob is shared */
} gasp_blob;

/** A blob of len bytes with one owner, to be filled by the caller; NULL when there is no memory. */
gasp_blob *gasp_blob_new(size_t len, const gasp_mem *mem);

/** A blob that takes over bytes allocated from mem (they are freed even when this gives NULL). */
gasp_blob *gasp_blob_take(uint8_t *data, size_t len, const gasp_mem *mem);

/** One owner more; gives blob back. NULL is accepted. */
gasp_blob *gasp_blob_share(gasp_blob *blob);

/** One owner less; frees the bytes with the last one. NULL is accepted. */
void gasp_blob_release(gasp_blob *blob);

gasp_bytes gasp_blob_view(const gasp_blob *blob);

#endif
