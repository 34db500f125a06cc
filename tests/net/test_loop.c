/* The loop: order of timers, signals, wake-ups and work from other threads, and its end with everything still on it. */
#include "net/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/pair.h"

/* ---- timers ---- */

typedef struct ticks {
    gasp_loop *loop;
    gasp_timer *timers[5];
    char order[16];
    uint64_t due[5];
} ticks;

static void tick(ticks *t, int i)
{
    assert_true(gasp_loop_now(t->loop).mono_ms >= t->due[i]);
    size_t len = strlen(t->order);
    assert_true(len + 1 < sizeof t->order);
    t->order[len] = (char)('0' + i);
}

static void tick0(void *ctx)
{
    tick(ctx, 0);
    gasp_timer_free(((ticks *)ctx)->timers[0]); /* frees itself */
    gasp_timer_stop(((ticks *)ctx)->timers[3]);
}

static void tick1(void *ctx)
{
    ticks *t = ctx;
    tick(t, 1);
    if (strlen(t->order) < 4) { /* set again from its own callback */
        t->due[1] = gasp_loop_now(t->loop).mono_ms + 3;
        gasp_timer_at(t->timers[1], t->due[1]);
    }
}

static void tick2(void *ctx)
{
    tick(ctx, 2);
}

static void timers(void **state)
{
    (void)state;
    ticks t;
    memset(&t, 0, sizeof t);
    t.loop = test_loop_new(NULL);
    gasp_call_fn *fns[5] = {tick0, tick1, tick2, tick2, tick2};
    for (int i = 0; i < 5; i++)
        assert_err(gasp_timer_new(&t.timers[i], t.loop, fns[i], &t), GASP_OK);
    gasp_time start = gasp_loop_now(t.loop);
    assert_true(start.wall_ms > UINT64_C(1700000000000)); /* after 2023 */
    t.due[0] = start.mono_ms + 10;
    t.due[1] = start.mono_ms + 20;
    t.due[2] = start.mono_ms;
    gasp_timer_at(t.timers[0], t.due[0]);
    gasp_timer_at(t.timers[1], t.due[1]);
    gasp_timer_after(t.timers[2], 500);
    gasp_timer_at(t.timers[2], 0); /* past: soon, and in place of the 500 ms */
    gasp_timer_after(t.timers[3], 15);
    gasp_timer_after(t.timers[4], 5);
    gasp_timer_at(t.timers[4], GASP_NEVER);
    assert_err(test_loop_run(t.loop), GASP_DONE);
    assert_string_equal(t.order, "2011");
    assert_true(gasp_loop_now(t.loop).mono_ms < start.mono_ms + 450);
    gasp_timer_free(NULL);
    gasp_loop_free(t.loop);
    gasp_loop_free(NULL);
}

static void stop_it(void *ctx)
{
    gasp_loop_stop(ctx);
}

static void stop_and_nothing_left(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    assert_err(test_loop_run(loop), GASP_DONE);
    gasp_loop_stop(loop);
    assert_err(test_loop_run(loop), GASP_OK);
    assert_err(test_loop_run(loop), GASP_DONE);
    gasp_timer *a = NULL;
    gasp_timer *b = NULL;
    assert_err(gasp_timer_new(&a, loop, stop_it, loop), GASP_OK);
    assert_err(gasp_timer_new(&b, loop, stop_it, loop), GASP_OK);
    gasp_timer_after(a, 1);
    gasp_timer_after(b, 2);
    assert_err(test_loop_run(loop), GASP_OK);
    gasp_timer_stop(b);
    assert_err(test_loop_run(loop), GASP_DONE);
    gasp_loop_free(loop);
}

/* ---- signals ---- */

typedef struct signalled {
    gasp_loop *loop;
    gasp_signals *signals;
    int signums[4];
    int n;
} signalled;

static void on_signal(void *ctx, int signum)
{
    signalled *s = ctx;
    s->signums[s->n++] = signum;
    if (s->n == 1)
        (void)raise(SIGINT);
    else
        gasp_loop_stop(s->loop);
}

static void never(void *ctx)
{
    (void)ctx;
    fail_msg("called");
}

static void raise_term(void *ctx)
{
    (void)ctx;
    (void)raise(SIGTERM);
}

static void signals(void **state)
{
    (void)state;
    signalled s;
    memset(&s, 0, sizeof s);
    s.loop = test_loop_new(NULL);
    assert_err(gasp_signals_new(&s.signals, s.loop, on_signal, &s), GASP_OK);
    assert_err(test_loop_run(s.loop), GASP_DONE); /* they do not keep it running */
    gasp_timer *first = NULL;
    gasp_timer *guard = NULL;
    assert_err(gasp_timer_new(&first, s.loop, raise_term, NULL), GASP_OK);
    assert_err(gasp_timer_new(&guard, s.loop, never, NULL), GASP_OK);
    gasp_timer_after(first, 0);
    gasp_timer_after(guard, 5000);
    assert_err(test_loop_run(s.loop), GASP_OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.signums[0], SIGTERM);
    assert_int_equal(s.signums[1], SIGINT);
    gasp_signals_free(s.signals);
    gasp_signals_free(NULL);
    gasp_loop_free(s.loop);
    struct sigaction now;
    assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_DFL);
}

static void handler(int signum)
{
    (void)signum;
}

static void sigpipe(void **state)
{
    (void)state;
    struct sigaction now;
    assert_true(signal(SIGPIPE, handler) != SIG_ERR);
    gasp_loop_free(test_loop_new(NULL));
    assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
    assert_true(now.sa_handler == handler); /* the host's own */
    assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    gasp_loop_free(test_loop_new(NULL));
    assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_IGN);
}

/* ---- wake-ups ---- */

enum { SENDERS = 4, SENDS = 5000 };

typedef struct wakes {
    gasp_loop *loop;
    gasp_wake *wake;
    atomic_uint sent;
    unsigned seen, calls;
} wakes;

static void *sender(void *ctx)
{
    wakes *w = ctx;
    for (int i = 0; i < SENDS; i++) {
        atomic_fetch_add(&w->sent, 1);
        gasp_wake_send(w->wake);
    }
    return NULL;
}

static void woken(void *ctx)
{
    wakes *w = ctx;
    w->calls++;
    w->seen = atomic_load(&w->sent);
    if (w->seen == SENDERS * SENDS)
        gasp_loop_stop(w->loop);
}

static void wake_from_threads(void **state)
{
    (void)state;
    wakes w;
    memset(&w, 0, sizeof w);
    atomic_init(&w.sent, 0);
    w.loop = test_loop_new(NULL);
    assert_err(gasp_wake_new(&w.wake, w.loop, woken, &w), GASP_OK);
    assert_err(test_loop_run(w.loop), GASP_DONE); /* it does not keep the loop running */
    gasp_timer *guard = NULL;
    assert_err(gasp_timer_new(&guard, w.loop, never, NULL), GASP_OK);
    gasp_timer_after(guard, 7000);
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sender, &w), 0);
    assert_err(test_loop_run(w.loop), GASP_OK); /* the last send is seen, or the guard fires */
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(w.seen, SENDERS * SENDS);
    assert_in_range(w.calls, 1, SENDERS * SENDS);
    gasp_wake_free(w.wake);
    gasp_wake_free(NULL);
    gasp_loop_free(w.loop);
}

/* ---- work ---- */

enum { JOBS = 200 };

typedef struct job {
    gasp_loop *loop;
    pthread_t owner;
    uint64_t in, out;
    unsigned n_run, n_done, n_ran;
    unsigned *left;
    atomic_bool *gate; /**< run waits until it is open */
    atomic_uint *inside;
} job;

static void run_job(void *ctx)
{
    job *j = ctx;
    assert_false(pthread_equal(pthread_self(), j->owner));
    if (j->inside != NULL)
        atomic_fetch_add(j->inside, 1);
    while (j->gate != NULL && !atomic_load(j->gate))
        (void)usleep(200);
    j->out = j->in * j->in;
    j->n_run++;
}

static void done_job(void *ctx, bool ran)
{
    job *j = ctx;
    assert_true(pthread_equal(pthread_self(), j->owner));
    assert_int_equal(j->n_run, ran ? 1 : 0);
    j->n_done++;
    j->n_ran += ran;
    if (j->left != NULL && --*j->left == 0)
        gasp_loop_stop(j->loop);
    if (!ran)
        assert_err(gasp_loop_work(j->loop, run_job, done_job, j), GASP_ERR_MISUSE);
}

static void work(void **state)
{
    (void)state;
    static job jobs[JOBS];
    unsigned left = JOBS;
    gasp_loop *loop = test_loop_new(NULL);
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = (job){.loop = loop, .owner = pthread_self(), .in = i, .left = &left};
        assert_err(gasp_loop_work(loop, run_job, done_job, &jobs[i]), GASP_OK);
    }
    assert_err(test_loop_run(loop), GASP_OK);
    for (unsigned i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].out, (uint64_t)i * i);
        assert_int_equal(jobs[i].n_ran, 1);
    }
    assert_err(test_loop_run(loop), GASP_DONE);
    gasp_loop_free(loop);
}

static void *open_gate(void *ctx)
{
    job *j = ctx;
    while (atomic_load(j->inside) == 0)
        (void)usleep(200);
    (void)usleep(5000); /* the loop is being freed by now; either way no job may be lost */
    atomic_store(j->gate, true);
    return NULL;
}

/* Freed while some jobs run and others wait: each `done` comes exactly once and says whether it ran. */
static void free_with_work(void **state)
{
    (void)state;
    static job jobs[JOBS];
    atomic_bool gate;
    atomic_uint inside;
    atomic_init(&gate, false);
    atomic_init(&inside, 0);
    gasp_loop *loop = test_loop_new(NULL);
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = (job){.loop = loop, .owner = pthread_self(), .in = i, .gate = &gate, .inside = &inside};
        assert_err(gasp_loop_work(loop, run_job, done_job, &jobs[i]), GASP_OK);
    }
    pthread_t opener;
    assert_int_equal(pthread_create(&opener, NULL, open_gate, &jobs[0]), 0);
    while (atomic_load(&inside) == 0)
        (void)usleep(200);
    gasp_loop_free(loop);
    assert_int_equal(pthread_join(opener, NULL), 0);
    unsigned ran = 0;
    for (unsigned i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].n_done, 1);
        ran += jobs[i].n_ran;
    }
    assert_in_range(ran, 1, JOBS - 1);
}

/* ---- the end ---- */

static void accept_none(void *ctx, gasp_stream *stream)
{
    (void)ctx;
    (void)stream;
    fail_msg("called");
}

static void connect_none(void *ctx, gasp_stream *stream, const gasp_net_error *error)
{
    (void)ctx;
    (void)stream;
    (void)error;
    fail_msg("called");
}

static void signal_none(void *ctx, int signum)
{
    (void)ctx;
    (void)signum;
    fail_msg("called");
}

/* Everything live at once; the leak checker and libuv's own assertions are the judge, and no callback may come. */
static void free_with_everything(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    gasp_timer *timer = NULL;
    gasp_wake *wake = NULL;
    gasp_signals *sig = NULL;
    gasp_listener *tcp = NULL;
    gasp_listener *local = NULL;
    assert_err(gasp_timer_new(&timer, loop, never, NULL), GASP_OK);
    gasp_timer_after(timer, 0);
    assert_err(gasp_wake_new(&wake, loop, never, NULL), GASP_OK);
    gasp_wake_send(wake);
    assert_err(gasp_signals_new(&sig, loop, signal_none, NULL), GASP_OK);
    gasp_address where = test_address("tcp://127.0.0.1:0");
    assert_err(gasp_listener_new(&tcp, loop, &where, false, accept_none, NULL, NULL), GASP_OK);
    char *path = test_path_new();
    char text[64];
    (void)snprintf(text, sizeof text, "unix:%s", path);
    gasp_address file = test_address(text);
    assert_err(gasp_listener_new(&local, loop, &file, false, accept_none, NULL, NULL), GASP_OK);
    gasp_address name = test_address("tcp://localhost:9");
    gasp_address command = test_address("exec:cat");
    const gasp_address *targets[] = {gasp_listener_address(tcp), &file, &name, &command};
    for (size_t i = 0; i < 4; i++)
        assert_err(gasp_connect_start(NULL, loop, targets[i], false, 1000, connect_none, NULL), GASP_OK);
    for (int kind = 0; kind < TEST_KINDS; kind++) {
        gasp_loop *other = test_loop_new(NULL);
        gasp_stream *a = NULL;
        gasp_stream *b = NULL;
        test_pair(other, (test_kind)kind, &a, &b);
        assert_err(gasp_stream_write(a, "left behind", 11), GASP_OK);
        gasp_stream_linger(b, 60000);
        gasp_loop_free(other);
    }
    gasp_loop_free(loop);
    assert_int_equal(access(path, F_OK), -1);
    test_path_free(path);
}

static void no_memory(void **state)
{
    (void)state;
    test_mem m;
    test_mem_init(&m);
    gasp_loop *loop = NULL;
    m.fail = true;
    assert_err(gasp_loop_new(&loop, &m.mem), GASP_ERR_NOMEM);
    m.fail = false;
    loop = test_loop_new(&m.mem);
    m.fail = true;
    gasp_timer *timer = NULL;
    gasp_wake *wake = NULL;
    gasp_signals *sig = NULL;
    job j = {.loop = loop, .owner = pthread_self()};
    assert_err(gasp_timer_new(&timer, loop, never, NULL), GASP_ERR_NOMEM);
    assert_err(gasp_wake_new(&wake, loop, never, NULL), GASP_ERR_NOMEM);
    assert_err(gasp_signals_new(&sig, loop, signal_none, NULL), GASP_ERR_NOMEM);
    assert_err(gasp_loop_work(loop, run_job, done_job, &j), GASP_ERR_NOMEM);
    assert_int_equal(j.n_done, 0);
    assert_err(test_loop_run(loop), GASP_DONE);
    gasp_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers),         cmocka_unit_test(stop_and_nothing_left), cmocka_unit_test(signals),
        cmocka_unit_test(sigpipe),        cmocka_unit_test(wake_from_threads),     cmocka_unit_test(work),
        cmocka_unit_test(free_with_work), cmocka_unit_test(free_with_everything),  cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, test_fds_before, test_fds_after);
}
