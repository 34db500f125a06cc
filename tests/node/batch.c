/* Batches of real script checks: a transaction with 48 signed inputs, a third of whose sources are not what was signed. */
#include "node/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keys.h"

static const gasp_spv_setting today = {GASP_NETWORK_MAIN, 950000, GASP_SPV_SIGHASH_BYTES_MAX};

void test_need_at(bool holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

void test_jobs_init(test_jobs *jobs)
{
    memset(jobs, 0, sizeof *jobs);
    test_in in[TEST_JOBS];
    memset(in, 0, sizeof in);
    for (size_t i = 0; i < TEST_JOBS; i++) {
        in[i].prev.txid.b[0] = 7;
        in[i].prev.vout = (uint32_t)i;
        in[i].sat = 1000 + i;
        in[i].lock = i % 6 == 5 ? TEST_TRUE : TEST_P2PKH;
        in[i].key = (uint32_t)(i % 5 + 1);
        uint32_t key = i % 6 == 4 ? 99 : in[i].key; /* one in six is locked to another key */
        jobs->scripts[i] = test_lock_script(in[i].lock, key);
        jobs->sources[i] = (gasp_spv_source){in[i].sat, jobs->scripts[i], 900000};
    }
    test_out out = {500, TEST_P2PKH, 1};
    test_spec spec = {.in = in, .n_in = TEST_JOBS, .out = &out, .n_out = 1};
    size_t input = 0;
    jobs->raw = test_tx_make(NULL, &spec);
    assert_err(gasp_ecdsa_new(&jobs->ecdsa, NULL), GASP_OK);
    assert_err(gasp_tx_decode(&jobs->tx, jobs->raw, NULL, NULL), GASP_OK);
    gasp_verify_batch_init(&jobs->all, jobs->ecdsa, TEST_JOBS, NULL);
    assert_err(gasp_spv_add_jobs(&jobs->all, &input, jobs->tx, jobs->sources, &today), GASP_OK);
    for (size_t i = 0; i < TEST_JOBS; i++) {
        jobs->verdicts[i] = gasp_verify_batch_run(&jobs->all, i);
        gasp_err known = i % 6 == 5 ? GASP_ERR_VERIFY_DEFERRED : GASP_OK;
        assert_err(jobs->verdicts[i], i % 6 == 4 ? GASP_ERR_VERIFY_SCRIPT : known);
    }
}

void test_jobs_clear(test_jobs *jobs)
{
    gasp_verify_batch_clear(&jobs->all);
    gasp_tx_free(jobs->tx);
    test_release(jobs->raw);
    for (size_t i = 0; i < TEST_JOBS; i++)
        test_release(jobs->scripts[i]);
    gasp_ecdsa_free(jobs->ecdsa);
}

test_batch *test_batch_new(const test_jobs *jobs, test_random *r, size_t n, bool slow)
{
    test_batch *b = calloc(1, sizeof *b);
    test_need(b != NULL);
    b->n = n;
    b->expected = calloc(n + 1, sizeof *b->expected);
    b->verdicts = calloc(n + 1, sizeof *b->verdicts);
    test_need(b->expected != NULL && b->verdicts != NULL);
    gasp_verify_batch_init(&b->batch, jobs->ecdsa, n, NULL);
    for (size_t i = 0; i < n; i++) {
        size_t pick = test_random_below(r, TEST_JOBS);
        if (slow)
            pick = pick / 6 * 6;
        b->expected[i] = jobs->verdicts[pick];
        b->verdicts[i] = GASP_ERR_MISUSE;
        test_need(gasp_verify_batch_add(&b->batch, &jobs->all.jobs[pick]) == GASP_OK);
    }
    return b;
}

bool test_batch_right(const test_batch *batch)
{
    return memcmp(batch->expected, batch->verdicts, batch->n * sizeof *batch->expected) == 0;
}

void test_batch_free(test_batch *batch)
{
    if (batch == NULL)
        return;
    gasp_verify_batch_clear(&batch->batch);
    free(batch->expected);
    free(batch->verdicts);
    free(batch);
}
