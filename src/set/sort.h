/** A stable merge sort: peers choose what is sorted here, and the C library's qsort promises no bound and takes memory
 *  past gasp_mem. */
#ifndef GASP_SET_SORT_H
#define GASP_SET_SORT_H

#include "gasp/types.h"

/** < 0 when a stands below b. */
typedef int (*gasp_sort_order)(const void *a, const void *b, const void *user);

/** Sorts n elements of `size` bytes (at most 128). O(n log n) comparisons, O(n) when they are sorted already; takes
 *  n * size bytes meanwhile unless they were. mem is not NULL.
 *  Errors: GASP_ERR_NOMEM;  GASP_ERR_MISUSE  size is above 128 */
gasp_err gasp_sort(void *elements, size_t n, size_t size, gasp_sort_order order, const void *user,
                   const gasp_mem *mem) GASP_MUST_CHECK;

#endif
