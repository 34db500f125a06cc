/* The pool: verdicts equal to those of one thread for random batches, several batches and callers at once, a small batch
 * behind a large one, and batches given up at every moment, whose memory goes at once. Worth most under the thread and
 * address sanitizers. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/batch.h"
#include "node/workers.h"

static test_jobs jobs;

/* What a loop would do with a wake-up. */
typedef struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    unsigned sent;
    unsigned seen;
} waiter;

static waiter wait_for = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

static void wake(void *ctx)
{
    waiter *w = ctx;
    (void)pthread_mutex_lock(&w->mutex);
    w->sent++;
    (void)pthread_cond_signal(&w->cond);
    (void)pthread_mutex_unlock(&w->mutex);
}

static void wait_wake(waiter *w)
{
    (void)pthread_mutex_lock(&w->mutex);
    while (w->seen == w->sent)
        (void)pthread_cond_wait(&w->cond, &w->mutex);
    w->seen = w->sent;
    (void)pthread_mutex_unlock(&w->mutex);
}

static gasp_workers *pool_new(unsigned n)
{
    gasp_workers *w = NULL;
    wait_for.sent = wait_for.seen = 0;
    assert_err(gasp_workers_new(&w, n, wake, &wait_for, NULL), GASP_OK);
    return w;
}

static void take_one(gasp_workers *w, uint64_t *owner, uint64_t *ticket)
{
    while (!gasp_workers_take(w, owner, ticket))
        wait_wake(&wait_for);
}

static void pause_us(uint64_t us)
{
    struct timespec t = {0, (long)(us * 1000)};
    (void)nanosleep(&t, NULL);
}

static void numbers(void **state)
{
    (void)state;
    gasp_workers *w = NULL;
    assert_err(gasp_workers_new(&w, GASP_WORKERS_MAX + 1, wake, &wait_for, NULL), GASP_ERR_MISUSE);
    assert_null(w);
    w = pool_new(0);
    assert_in_range(gasp_workers_count(w), 1, GASP_WORKERS_AUTO_MAX);
    gasp_workers_free(w);
    w = pool_new(GASP_WORKERS_MAX);
    assert_int_equal(gasp_workers_count(w), GASP_WORKERS_MAX);
    gasp_workers_free(w);
    gasp_workers_free(NULL);
}

static void equal_to_inline(void **state)
{
    (void)state;
    test_random r = test_random_start("verdicts");
    unsigned batches = 400 / test_one_in();
    uint64_t entries = 0;
    for (unsigned threads = 1; threads <= 4; threads++) {
        gasp_workers *w = pool_new(threads);
        for (unsigned k = 0; k < batches / 4; k++) {
            uint64_t owner = 0;
            uint64_t ticket = 0;
            test_batch *b = test_batch_new(&jobs, &r, test_random_below(&r, 300), false);
            entries += b->n;
            gasp_err err = gasp_workers_start(w, k, 5, b->verdicts, &b->batch);
            if (b->n < GASP_WORKERS_INLINE_BELOW) {
                assert_err(err, GASP_OK);
            } else {
                assert_err(err, GASP_PENDING);
                take_one(w, &owner, &ticket);
                assert_int_equal(owner, k);
                assert_int_equal(ticket, 5);
            }
            assert_true(test_batch_right(b));
            assert_false(gasp_workers_take(w, &owner, &ticket));
            test_batch_free(b);
        }
        gasp_workers_free(w);
    }
    print_message("count: verifier pool, verdicts equal to one thread's %llu of %llu\n", (unsigned long long)entries,
                  (unsigned long long)entries);
}

/* The border between what is checked at once and what is handed over. */
static void small_ones(void **state)
{
    (void)state;
    test_random r = test_random_start("small");
    gasp_workers *w = pool_new(1);
    for (size_t n = 0; n <= GASP_WORKERS_INLINE_BELOW; n++) {
        test_batch *b = test_batch_new(&jobs, &r, n, false);
        bool inlined = n < GASP_WORKERS_INLINE_BELOW;
        assert_err(gasp_workers_start(w, 1, n, b->verdicts, &b->batch), inlined ? GASP_OK : GASP_PENDING);
        uint64_t owner = 0;
        uint64_t ticket = 99;
        if (!inlined)
            take_one(w, &owner, &ticket);
        assert_int_equal(ticket, inlined ? 99 : n);
        assert_true(test_batch_right(b));
        test_batch_free(b);
    }
    gasp_workers_free(w);
}

/* The same tickets of different owners and different tickets of one, all at once. */
static void many_at_once(void **state)
{
    (void)state;
    enum { SIDE = 12 };
    test_random r = test_random_start("many batches");
    gasp_workers *w = pool_new(3);
    test_batch *b[SIDE][SIDE];
    for (uint64_t i = 0; i < SIDE; i++) {
        for (uint64_t k = 0; k < SIDE; k++) {
            b[i][k] = test_batch_new(&jobs, &r, 4 + test_random_below(&r, 60), false);
            assert_err(gasp_workers_start(w, i, k, b[i][k]->verdicts, &b[i][k]->batch), GASP_PENDING);
        }
    }
    for (size_t left = SIDE * SIDE; left > 0; left--) {
        uint64_t i = SIDE;
        uint64_t k = SIDE;
        take_one(w, &i, &k);
        assert_true(i < SIDE && k < SIDE);
        assert_non_null(b[i][k]); /* each is given once */
        assert_true(test_batch_right(b[i][k]));
        test_batch_free(b[i][k]);
        b[i][k] = NULL;
    }
    gasp_workers_free(w);
}

typedef struct caller {
    gasp_workers *workers;
    pthread_t thread;
    uint64_t seed;
} caller;

static void *calls(void *arg)
{
    caller *c = arg;
    test_random r = {c->seed};
    for (int k = 0; k < 20; k++) {
        test_batch *b = test_batch_new(&jobs, &r, test_random_below(&r, 120), false);
        test_need(gasp_workers_run(c->workers, b->verdicts, &b->batch) == GASP_OK);
        test_need(test_batch_right(b));
        test_batch_free(b);
    }
    return NULL;
}

/* Waiting callers on their own threads, while others are only begun. */
static void several_callers(void **state)
{
    (void)state;
    test_random r = test_random_start("callers");
    gasp_workers *w = pool_new(2);
    test_batch *b = test_batch_new(&jobs, &r, 500, false);
    assert_err(gasp_workers_start(w, 1, 1, b->verdicts, &b->batch), GASP_PENDING);
    caller callers[4];
    for (size_t i = 0; i < 4; i++) {
        callers[i].workers = w;
        callers[i].seed = test_random_next(&r);
        assert_int_equal(pthread_create(&callers[i].thread, NULL, calls, &callers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
    uint64_t owner = 0;
    uint64_t ticket = 0;
    take_one(w, &owner, &ticket);
    assert_true(test_batch_right(b));
    assert_false(gasp_workers_take(w, &owner, &ticket));
    test_batch_free(b);
    gasp_workers_free(w);
}

/* One thread: without turns the small one would wait for 5,000 signatures. */
static void small_behind_large(void **state)
{
    (void)state;
    test_random r = test_random_start("turns");
    gasp_workers *w = pool_new(1);
    test_batch *large = test_batch_new(&jobs, &r, 5000, true);
    test_batch *little = test_batch_new(&jobs, &r, 40, true);
    uint64_t owner = 0;
    uint64_t ticket = 0;
    assert_err(gasp_workers_start(w, 1, 1, large->verdicts, &large->batch), GASP_PENDING);
    assert_err(gasp_workers_start(w, 1, 2, little->verdicts, &little->batch), GASP_PENDING);
    take_one(w, &owner, &ticket);
    assert_int_equal(ticket, 2);
    assert_true(test_batch_right(little));
    gasp_workers_cancel(w, 1, 1);
    test_batch_free(large);
    test_batch_free(little);
    gasp_workers_free(w);
}

/* Given up after a random time; what it stood on is freed at once, so that a late write is one to freed memory. */
static void cancel_at_any_time(void **state)
{
    (void)state;
    test_random r = test_random_start("cancel");
    gasp_workers *w = pool_new(3);
    test_batch *other = test_batch_new(&jobs, &r, 300, false);
    unsigned finished = 0;
    unsigned rounds = 300 / test_one_in();
    for (unsigned k = 0; k < rounds; k++) {
        test_batch *b = test_batch_new(&jobs, &r, 4 + test_random_below(&r, 100), true);
        if (k % 10 == 0)
            assert_err(gasp_workers_start(w, 9, k, other->verdicts, &other->batch), GASP_PENDING);
        assert_err(gasp_workers_start(w, 1, k, b->verdicts, &b->batch), GASP_PENDING);
        pause_us(test_random_below(&r, 2500));
        gasp_workers_cancel(w, 2, k); /* nobody's */
        gasp_workers_cancel(w, 1, k);
        finished += test_batch_right(b);
        test_batch_free(b);
        if (k % 10 == 0) {
            uint64_t owner = 0;
            uint64_t ticket = 0;
            take_one(w, &owner, &ticket);
            assert_int_equal(owner, 9);
            assert_int_equal(ticket, k);
            assert_true(test_batch_right(other));
            memset(other->verdicts, 0xff, other->n * sizeof *other->verdicts);
        }
    }
    uint64_t owner = 0;
    uint64_t ticket = 0;
    assert_false(gasp_workers_take(w, &owner, &ticket));
    print_message("count: batches given up %u, of which finished before %u\n", rounds, finished);
    test_batch_free(other);
    gasp_workers_free(w);
}

static void free_while_busy(void **state)
{
    (void)state;
    test_random r = test_random_start("free");
    for (unsigned k = 0; k < 20; k++) {
        gasp_workers *w = pool_new(2);
        test_batch *b[3];
        for (uint64_t i = 0; i < 3; i++) {
            b[i] = test_batch_new(&jobs, &r, 4 + 3000 * (i & 1), true);
            assert_err(gasp_workers_start(w, 1, i, b[i]->verdicts, &b[i]->batch), GASP_PENDING);
        }
        pause_us(test_random_below(&r, 2000));
        gasp_workers_free(w);
        for (size_t i = 0; i < 3; i++)
            test_batch_free(b[i]);
    }
}

static void *no_memory(void *user, size_t len)
{
    bool *fail = user;
    return *fail ? NULL : malloc(len);
}

static void *no_resize(void *user, void *block, size_t len)
{
    bool *fail = user;
    return *fail ? NULL : realloc(block, len);
}

static void release(void *user, void *block)
{
    (void)user;
    free(block);
}

static void without_memory(void **state)
{
    (void)state;
    bool fail = true;
    gasp_mem mem = {sizeof mem, &fail, no_memory, no_resize, release};
    gasp_workers *w = NULL;
    test_random r = test_random_start("memory");
    test_batch *b = test_batch_new(&jobs, &r, 10, true);
    assert_err(gasp_workers_new(&w, 1, wake, &wait_for, &mem), GASP_ERR_NOMEM);
    fail = false;
    assert_err(gasp_workers_new(&w, 1, wake, &wait_for, &mem), GASP_OK);
    fail = true;
    assert_err(gasp_workers_start(w, 1, 1, b->verdicts, &b->batch), GASP_ERR_NOMEM);
    assert_err(gasp_workers_run(w, b->verdicts, &b->batch), GASP_ERR_NOMEM);
    for (size_t i = 0; i < b->n; i++)
        assert_err(b->verdicts[i], GASP_ERR_MISUSE);
    fail = false;
    assert_err(gasp_workers_run(w, b->verdicts, &b->batch), GASP_OK);
    assert_true(test_batch_right(b));
    test_batch_free(b);
    gasp_workers_free(w);
}

static int setup(void **state)
{
    (void)state;
    test_jobs_init(&jobs);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_jobs_clear(&jobs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(equal_to_inline),
        cmocka_unit_test(small_ones),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(several_callers),
        cmocka_unit_test(small_behind_large),
        cmocka_unit_test(cancel_at_any_time),
        cmocka_unit_test(free_while_busy),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
