/** Allocation through the host's gasp_mem. Nothing outside this room calls malloc, realloc or free itself. */
#ifndef GASP_BASE_MEM_H
#define GASP_BASE_MEM_H

#include "gasp/types.h"

/** The C library's heap. */
const gasp_mem *gasp_mem_default(void);

/** mem itself, or the C library's heap when it is NULL. Every `_init` and `_new` passes its argument through here once. */
const gasp_mem *gasp_mem_or_default(const gasp_mem *mem);

/** len zeroed bytes, NULL when there are none. len 0 gives a block that may be freed. */
void *gasp_mem_zalloc(const gasp_mem *mem, size_t len);

/** count * size zeroed bytes; NULL also when the product does not fit. */
void *gasp_mem_zalloc_array(const gasp_mem *mem, size_t count, size_t size);

/** A copy of len bytes, NULL when there is no memory. */
void *gasp_mem_copy(const gasp_mem *mem, const void *bytes, size_t len);

void gasp_mem_free(const gasp_mem *mem, void *block);

/** Makes room for at least `need` elements of `size` bytes in *data, doubling *cap; never for more than `max` elements.
 *  The new part is not zeroed.
 *  Errors: GASP_ERR_LIMIT  need > max;  GASP_ERR_NOMEM */
gasp_err gasp_mem_grow(const gasp_mem *mem, void **data, size_t *cap, size_t need, size_t size,
                       size_t max) GASP_MUST_CHECK;

/** Overwrites secrets in a way that the compiler keeps. */
void gasp_mem_wipe(void *bytes, size_t len);

#endif
