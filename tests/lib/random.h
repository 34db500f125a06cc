/** Random numbers for property tests: a seed that is printed and can be given again (GASP_SEED). */
#ifndef TESTS_LIB_RANDOM_H
#define TESTS_LIB_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct test_random {
    uint64_t state;
} test_random;

/** Seeds from GASP_SEED, else from the clock, and prints the seed so that a failing run can be repeated. */
test_random test_random_start(const char *what);

uint64_t test_random_next(test_random *r);

/** 0..bound-1; bound > 0. */
uint64_t test_random_below(test_random *r, uint64_t bound);

void test_random_fill(test_random *r, void *out, size_t len);

/** How much of a long loop to run: 1 in N, from GASP_ONE_IN (default 1). Printed by the caller. */
unsigned test_one_in(void);

#endif
