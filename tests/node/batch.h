/** Batches of real script checks, for the tests of the verifier: inputs of one signed transaction, some of which pass, some
 * of which do not, and some of which are deferred. */
#ifndef TESTS_NODE_BATCH_H
#define TESTS_NODE_BATCH_H

#include "lib/data.h"
#include "lib/random.h"
#include "spv/verify.h"

enum { TEST_JOBS = 48 };

/** Inputs to make batches of. May be used by several threads once it is made. */
typedef struct test_jobs {
    gasp_ecdsa *ecdsa;
    gasp_bytes raw;
    gasp_tx *tx;
    gasp_bytes scripts[TEST_JOBS];
    gasp_spv_source sources[TEST_JOBS];
    gasp_verify_batch all;
    gasp_err verdicts[TEST_JOBS]; /**< what each one answers when it is checked here */
} test_jobs;

void test_jobs_init(test_jobs *jobs);
void test_jobs_clear(test_jobs *jobs);

/** A batch with its own expectation. */
typedef struct test_batch {
    gasp_verify_batch batch;
    size_t n;
    gasp_err *expected;
    gasp_err *verdicts; /**< GASP_ERR_MISUSE, until checked */
} test_batch;

/** n random inputs; slow: only those whose check takes a signature. */
test_batch *test_batch_new(const test_jobs *jobs, test_random *r, size_t n, bool slow);
bool test_batch_right(const test_batch *batch);
void test_batch_free(test_batch *batch);

/** Ends the program unless `what` holds: for other threads than the one that cmocka runs the test in. */
#define test_need(what) test_need_at((what), #what, __FILE__, __LINE__)
void test_need_at(bool holds, const char *what, const char *file, int line);

#endif
