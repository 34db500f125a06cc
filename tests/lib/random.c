/* splitmix64: small, seedable, good enough to choose test cases; never for secrets. */
#include "lib/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

test_random test_random_start(const char *what)
{
    const char *given = getenv("GASP_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003 + (uint64_t)clock();
    printf("%s: GASP_SEED=%" PRIu64 "\n", what, seed);
    return (test_random){seed};
}

uint64_t test_random_next(test_random *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

uint64_t test_random_below(test_random *r, uint64_t bound)
{
    return test_random_next(r) % bound;
}

void test_random_fill(test_random *r, void *out, size_t len)
{
    uint8_t *at = out;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)test_random_next(r);
}

unsigned test_one_in(void)
{
    const char *given = getenv("GASP_ONE_IN");
    unsigned long n = given != NULL ? strtoul(given, NULL, 10) : 1;
    return n > 0 ? (unsigned)n : 1;
}
