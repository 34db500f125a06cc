/** Memory that ends: the heap of the C library, of which one allocation fails. Counts what is not given back. */
#ifndef TESTS_HOSTILE_SCARCE_H
#define TESTS_HOSTILE_SCARCE_H

#include "gasp/types.h"

typedef struct scarce {
    gasp_mem mem;
    size_t live;    /**< blocks not given back */
    size_t asked;   /**< allocations so far, the failed one too */
    size_t fail_at; /**< which one fails, counted from the first; 0: none */
} scarce;

/** Nothing fails at first. The struct must stay where it is. */
void scarce_init(scarce *s);

/** The nth allocation from now fails, once; 0: none does. */
void scarce_fail(scarce *s, size_t nth);

/** Whether it has failed. */
bool scarce_failed(const scarce *s);

#endif
