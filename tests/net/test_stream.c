/* Streams over every pair that can be made in one process: 10 MB both ways, each end of each direction, and what a
 * write or an end may answer. */
#include "net/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/pair.h"

enum { MEGA = 1 << 20, TEN_MEGA = 10 * MEGA };

static test_random random_numbers;

static void free_all(gasp_loop *loop, test_end *a, test_end *b)
{
    if (a->stream != NULL)
        test_end_close(a);
    if (b->stream != NULL)
        test_end_close(b);
    assert_err(test_loop_run(loop), GASP_DONE);
    gasp_loop_free(loop);
}

static void check_sender(const test_end *end)
{
    assert_int_equal(end->sent, end->to_send);
    assert_int_equal(end->n_shutdown, 1);
    assert_int_equal(end->n_ok, 1);
    assert_int_equal(end->n_error, 0);
    assert_true(end->n_again > 0);
    assert_true(end->n_writable > 0);
    assert_in_range(end->most_queued, GASP_STREAM_QUEUE_HIGH, GASP_STREAM_QUEUE_HIGH + end->max_piece);
}

static void both_ways(void **state)
{
    (void)state;
    for (int kind = 0; kind < TEST_KINDS; kind++) {
        gasp_loop *loop = test_loop_new(NULL);
        gasp_stream *sa = NULL;
        gasp_stream *sb = NULL;
        test_pair(loop, (test_kind)kind, &sa, &sb);
        test_end a = {.to_send = TEN_MEGA, .max_piece = 3000, .salt_out = 1, .salt_in = 2};
        test_end b = {.to_send = TEN_MEGA, .max_piece = 65536, .salt_out = 2, .salt_in = 1, .slow_each = 200000};
        test_end_start(&a, loop, sa, &random_numbers);
        test_end_start(&b, loop, sb, &random_numbers);
        assert_err(test_loop_run(loop), GASP_DONE);
        assert_int_equal(a.received, TEN_MEGA);
        assert_int_equal(b.received, TEN_MEGA);
        check_sender(&a);
        check_sender(&b);
        printf("%s: %d MiB each way, %u and %u times full\n", test_kind_names[kind], TEN_MEGA / MEGA, a.n_again,
               b.n_again);
        free_all(loop, &a, &b);
    }
}

/* a reads nothing until b has all of a's bytes, while b's own output is stuck. */
typedef struct stuck {
    test_end *a, *b;
    gasp_timer *timer;
} stuck;

static void resume_when_stuck(void *ctx)
{
    stuck *x = ctx;
    assert_int_equal(x->a->received, 0);
    assert_true(x->b->sent < x->b->to_send);
    assert_true(gasp_stream_queued(x->b->stream) > GASP_STREAM_QUEUE_LOW);
    test_end_resume(x->a);
}

static void has_all(test_end *b)
{
    stuck *x = b->user;
    if (b->received == TEN_MEGA && x->a->hold)
        gasp_timer_after(x->timer, 20);
}

static void reading_never_waits(void **state)
{
    (void)state;
    for (int kind = 0; kind < TEST_KINDS; kind++) {
        gasp_loop *loop = test_loop_new(NULL);
        gasp_stream *sa = NULL;
        gasp_stream *sb = NULL;
        test_pair(loop, (test_kind)kind, &sa, &sb);
        test_end a = {.to_send = TEN_MEGA, .max_piece = 65536, .salt_out = 1, .salt_in = 2, .hold = true};
        /* more than the system itself holds for TCP */
        test_end b = {.to_send = 2 * TEN_MEGA, .max_piece = 65536, .salt_out = 2, .salt_in = 1};
        stuck x = {&a, &b, NULL};
        assert_err(gasp_timer_new(&x.timer, loop, resume_when_stuck, &x), GASP_OK);
        b.on_progress = has_all;
        b.user = &x;
        test_end_start(&a, loop, sa, &random_numbers);
        test_end_start(&b, loop, sb, &random_numbers);
        assert_err(test_loop_run(loop), GASP_DONE);
        assert_false(a.hold);
        assert_int_equal(a.received, 2 * TEN_MEGA);
        assert_int_equal(b.received, TEN_MEGA);
        free_all(loop, &a, &b);
    }
}

/* a sends little and ends; b, told so, still sends a lot. */
static void answer_after_end(test_end *b)
{
    if (b->n_ok == 0)
        return;
    assert_int_equal(b->received, 3);
    for (int i = 0; i < 15; i++) {
        static uint8_t block[65536];
        for (size_t k = 0; k < sizeof block; k++)
            block[k] = test_pattern(b->sent + k, b->salt_out);
        assert_err(gasp_stream_write(b->stream, block, sizeof block), i < 4 ? GASP_OK : GASP_AGAIN);
        if (i < 4)
            b->sent += sizeof block;
        else
            b->n_again++;
    }
    b->to_send = b->sent + MEGA;
}

static void half_close(void **state)
{
    (void)state;
    for (int kind = 0; kind < TEST_KINDS; kind++) {
        gasp_loop *loop = test_loop_new(NULL);
        gasp_stream *sa = NULL;
        gasp_stream *sb = NULL;
        test_pair(loop, (test_kind)kind, &sa, &sb);
        test_end a = {.to_send = 3, .max_piece = 3, .salt_out = 1, .salt_in = 2};
        test_end b = {.max_piece = 100, .salt_out = 2, .salt_in = 1, .on_progress = answer_after_end};
        test_end_start(&b, loop, sb, &random_numbers);
        test_end_start(&a, loop, sa, &random_numbers);
        assert_err(gasp_stream_write(sa, "x", 1), GASP_ERR_MISUSE);
        assert_false(gasp_stream_has_room(sa));
        assert_err(test_loop_run(loop), GASP_DONE);
        assert_int_equal(b.sent, 4 * 65536 + MEGA);
        assert_int_equal(a.received, b.sent);
        assert_int_equal(a.n_ok, 1);
        assert_int_equal(b.n_ok, 1);
        assert_int_equal(a.n_shutdown, 1);
        assert_int_equal(b.n_shutdown, 1);
        free_all(loop, &a, &b);
    }
}

/* ---- failures ---- */

static void close_now(void *ctx)
{
    test_end_close(ctx);
}

/* b closes with unread bytes of a under way: a is told once, and told that it failed. */
static void abrupt_close(void **state)
{
    (void)state;
    for (int kind = 0; kind < TEST_KINDS; kind++) {
        gasp_loop *loop = test_loop_new(NULL);
        gasp_stream *sa = NULL;
        gasp_stream *sb = NULL;
        test_pair(loop, (test_kind)kind, &sa, &sb);
        test_end a = {.to_send = TEN_MEGA, .max_piece = 65536, .salt_out = 1, .salt_in = 2, .stop_at_end = true};
        test_end b = {.salt_out = 2, .salt_in = 1, .hold = true};
        test_end_start(&a, loop, sa, &random_numbers);
        test_end_start(&b, loop, sb, &random_numbers);
        gasp_timer *timer = NULL;
        assert_err(gasp_timer_new(&timer, loop, close_now, &b), GASP_OK);
        gasp_timer_after(timer, 5);
        assert_err(test_loop_run(loop), GASP_OK);
        assert_null(b.stream);
        if (a.n_error == 0) /* the end came first, the failed write follows */
            assert_err(test_loop_run(loop), GASP_OK);
        assert_int_equal(a.n_error, 1);
        assert_int_equal(a.n_shutdown, 0);
        assert_err(gasp_stream_write(a.stream, "x", 1), GASP_ERR_NET_IO);
        assert_false(gasp_stream_has_room(a.stream));
        gasp_stream_shutdown(a.stream);
        gasp_stream_resume(a.stream);
        assert_err(test_loop_run(loop), GASP_DONE);
        assert_int_equal(a.n_error, 1);
        printf("%s: %s\n", test_kind_names[kind], gasp_stream_error(a.stream)->text);
        free_all(loop, &a, &b);
    }
}

static void stop_loop(void *ctx)
{
    gasp_loop_stop(ctx);
}

/* A failed write is known from within gasp_stream_write, but on_end comes from the loop. */
static void failed_write_is_told_later(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    gasp_stream *sa = NULL;
    gasp_stream *sb = NULL;
    test_pair(loop, TEST_SOCKETPAIR, &sa, &sb);
    test_end a = {.salt_in = 2};
    test_end_start(&a, loop, sa, &random_numbers);
    /* what the other side said before it went is not lost */
    const uint8_t said[3] = {test_pattern(0, 2), test_pattern(1, 2), test_pattern(2, 2)};
    assert_err(gasp_stream_write(sb, said, sizeof said), GASP_OK);
    assert_err(gasp_stream_write(sb, "", 0), GASP_OK);
    gasp_stream_linger(sb, 0);
    gasp_timer *timer = NULL;
    gasp_stream_pause(sa);
    assert_err(gasp_timer_new(&timer, loop, stop_loop, loop), GASP_OK);
    gasp_timer_after(timer, 10);
    assert_err(test_loop_run(loop), GASP_OK);
    assert_int_equal(a.received, 0);
    gasp_err err = gasp_stream_write(sa, "x", 1);
    if (err == GASP_OK) {
        gasp_timer_after(timer, 1);
        assert_err(test_loop_run(loop), GASP_OK);
        err = gasp_stream_write(sa, "x", 1);
    }
    assert_err(err, GASP_ERR_NET_IO);
    assert_int_equal(a.n_ok + a.n_error, 0);
    gasp_stream_resume(sa);
    assert_err(test_loop_run(loop), GASP_DONE);
    assert_int_equal(a.received, 3);
    assert_int_equal(a.n_ok, 0);
    assert_int_equal(a.n_error, 1);
    test_end b = {0};
    free_all(loop, &a, &b);
}

/* The reader of our output goes, the writer of our input stays and says nothing: told after the grace. */
static void broken_output_alone(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    int in[2];
    int out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    gasp_stream *s = NULL;
    assert_err(gasp_stream_open_fds(&s, loop, in[0], out[1], GASP_TRANSPORT_STDIO, "half", NULL), GASP_OK);
    (void)close(out[0]);
    test_end a = {.to_send = 10, .max_piece = 10};
    uint64_t start = gasp_loop_now(loop).mono_ms;
    test_end_start(&a, loop, s, &random_numbers);
    a.stop_at_end = true;
    assert_err(test_loop_run(loop), GASP_OK);
    assert_int_equal(a.n_error, 1);
    assert_int_equal(a.n_ok, 0);
    assert_true(gasp_loop_now(loop).mono_ms >= start + GASP_STREAM_GRACE_MS);
    test_end b = {0};
    free_all(loop, &a, &b);
    (void)close(in[1]);
}

static void close_at_first_bytes(test_end *end)
{
    test_end_close(end);
}

static void close_inside_callbacks(void **state)
{
    (void)state;
    for (int kind = 0; kind < TEST_KINDS; kind++) {
        gasp_loop *loop = test_loop_new(NULL);
        gasp_stream *sa = NULL;
        gasp_stream *sb = NULL;
        test_pair(loop, (test_kind)kind, &sa, &sb);
        test_end a = {.to_send = 100, .salt_out = 1, .salt_in = 2, .close_at_end = true};
        test_end b = {.salt_out = 2, .salt_in = 1, .on_progress = close_at_first_bytes};
        test_end_start(&b, loop, sb, &random_numbers);
        test_end_start(&a, loop, sa, &random_numbers);
        assert_err(test_loop_run(loop), GASP_DONE);
        assert_null(a.stream);
        assert_null(b.stream);
        free_all(loop, &a, &b);
    }
}

/* ---- limits ---- */

static void limits_of_write(void **state)
{
    (void)state;
    test_mem m;
    test_mem_init(&m);
    gasp_loop *loop = test_loop_new(&m.mem);
    gasp_stream *sa = NULL;
    gasp_stream *sb = NULL;
    test_pair(loop, TEST_TCP, &sa, &sb);
    test_end a = {.salt_in = 2};
    test_end_start(&a, loop, sa, &random_numbers);
    size_t max = GASP_STREAM_WRITE_MAX;
    uint8_t *block = malloc(max + 1);
    assert_non_null(block);
    for (size_t i = 0; i <= max; i++)
        block[i] = test_pattern(i, 2);
    assert_err(gasp_stream_write(sb, block, max + 1), GASP_ERR_LIMIT);
    m.fail = true;
    assert_err(gasp_stream_write(sb, block, max), GASP_ERR_NOMEM);
    assert_int_equal(gasp_stream_queued(sb), 0);
    m.fail = false;
    assert_err(gasp_stream_write(sb, block, max), GASP_OK);
    assert_false(gasp_stream_has_room(sb));
    assert_err(gasp_stream_write(sb, block, 1), GASP_AGAIN);
    gasp_stream_shutdown(sb);
    assert_err(test_loop_run(loop), GASP_DONE);
    assert_int_equal(a.received, max);
    assert_int_equal(a.n_ok, 1);
    assert_true(m.held < (size_t)MEGA); /* a burst is not kept */
    free(block);
    gasp_stream_close(sb);
    gasp_stream_close(NULL);
    gasp_stream_linger(NULL, 1);
    test_end b = {0};
    free_all(loop, &a, &b);
}

/* All callbacks may be absent. */
static void no_callbacks(void **state)
{
    (void)state;
    static const gasp_stream_calls none = {NULL, NULL, NULL, NULL};
    gasp_loop *loop = test_loop_new(NULL);
    gasp_stream *sa = NULL;
    gasp_stream *sb = NULL;
    test_pair(loop, TEST_UNIX, &sa, &sb);
    gasp_stream_start(sa, &none, NULL);
    gasp_stream_start(sb, &none, NULL);
    static const uint8_t block[2 * GASP_STREAM_QUEUE_HIGH];
    assert_err(gasp_stream_write(sa, block, sizeof block), GASP_OK);
    assert_err(gasp_stream_write(sa, block, sizeof block), GASP_AGAIN);
    gasp_stream_shutdown(sa);
    gasp_stream_shutdown(sb);
    assert_err(test_loop_run(loop), GASP_DONE);
    assert_int_equal(gasp_stream_queued(sa), 0);
    gasp_loop_free(loop);
}

/* ---- linger ---- */

static void linger_delivers(void **state)
{
    (void)state;
    for (int kind = 0; kind < TEST_KINDS; kind++) {
        gasp_loop *loop = test_loop_new(NULL);
        gasp_stream *sa = NULL;
        gasp_stream *sb = NULL;
        test_pair(loop, (test_kind)kind, &sa, &sb);
        test_end b = {.to_send = MEGA, .max_piece = 5000, .salt_out = 2, .salt_in = 1, .slow_each = 500000};
        b.close_at_end = true;
        uint8_t *block = malloc(5 * MEGA);
        assert_non_null(block);
        for (size_t i = 0; i < 5 * MEGA; i++)
            block[i] = test_pattern(i, 1);
        assert_err(gasp_stream_write(sa, block, 5 * MEGA), GASP_OK);
        free(block);
        test_end_start(&b, loop, sb, &random_numbers);
        gasp_stream_linger(sa, 7000);
        uint64_t start = gasp_loop_now(loop).mono_ms;
        assert_err(test_loop_run(loop), GASP_DONE); /* it closes by itself */
        assert_true(gasp_loop_now(loop).mono_ms < start + 5000);
        assert_int_equal(b.received, 5 * MEGA);
        assert_int_equal(b.n_ok, 1);
        test_end none = {0};
        free_all(loop, &none, &b);
    }
}

static void linger_ends(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    gasp_stream *sa = NULL;
    gasp_stream *sb = NULL;
    test_pair(loop, TEST_TCP, &sa, &sb);
    test_end b = {.salt_in = 1};
    test_end_start(&b, loop, sb, &random_numbers); /* b never ends its own side */
    uint64_t start = gasp_loop_now(loop).mono_ms;
    gasp_stream_linger(sa, 30);
    b.stop_at_end = true;
    assert_err(test_loop_run(loop), GASP_OK);
    gasp_stream_pause(sb);
    assert_err(test_loop_run(loop), GASP_DONE);
    uint64_t took = gasp_loop_now(loop).mono_ms - start;
    assert_in_range(took, 30, 3000);
    test_end a = {0};
    free_all(loop, &a, &b);
}

/* ---- descriptors ---- */

static void texts(void **state)
{
    (void)state;
    static const gasp_transport transports[TEST_KINDS] = {GASP_TRANSPORT_TCP, GASP_TRANSPORT_UNIX, GASP_TRANSPORT_STDIO,
                                                          GASP_TRANSPORT_STDIO};
    static const char *const starts[TEST_KINDS] = {"tcp 127.0.0.1:", "unix /tmp/gasp-net-", "a", "a"};
    gasp_loop *loop = test_loop_new(NULL);
    for (int kind = 0; kind < TEST_KINDS; kind++) {
        gasp_stream *sa = NULL;
        gasp_stream *sb = NULL;
        test_pair(loop, (test_kind)kind, &sa, &sb);
        assert_int_equal(gasp_stream_transport(sa), transports[kind]);
        assert_true(gasp_stream_is_local(sa) && gasp_stream_is_local(sb));
        assert_memory_equal(gasp_stream_peer(sa), starts[kind], strlen(starts[kind]));
        assert_err(gasp_stream_error(sa)->err, GASP_OK);
        assert_string_equal(gasp_stream_error(sa)->text, "");
    }
    gasp_loop_free(loop);
}

int main(void)
{
    random_numbers = test_random_start("stream");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(reading_never_waits),
        cmocka_unit_test(half_close),
        cmocka_unit_test(abrupt_close),
        cmocka_unit_test(failed_write_is_told_later),
        cmocka_unit_test(broken_output_alone),
        cmocka_unit_test(close_inside_callbacks),
        cmocka_unit_test(limits_of_write),
        cmocka_unit_test(no_callbacks),
        cmocka_unit_test(linger_delivers),
        cmocka_unit_test(linger_ends),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, test_fds_before, test_fds_after);
}
