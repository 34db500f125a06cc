/* The loop, timers, signals, wake-ups and work, each a thin object over one libuv handle or request.
 * Invariants: an object is in its loop's ring exactly while its owner may use it; its memory goes when its last handle
 * is closed. Never calls back from inside a call of its owner. */
#include "net/live.h"

#include <signal.h>
#include <string.h>

#include "base/mem.h"

struct gasp_timer {
    uv_timer_t uv;
    gasp_live live;
    gasp_loop *loop;
    gasp_call_fn *fn;
    void *ctx;
};

struct gasp_signals {
    uv_signal_t uv[2];
    unsigned open; /**< handles not yet closed */
    gasp_live live;
    gasp_loop *loop;
    gasp_signal_fn *fn;
    void *ctx;
};

struct gasp_wake {
    uv_async_t uv;
    gasp_live live;
    gasp_loop *loop;
    gasp_call_fn *fn;
    void *ctx;
};

typedef struct work {
    uv_work_t uv;
    gasp_live live;
    gasp_loop *loop;
    gasp_call_fn *run;
    gasp_work_done_fn *done;
    void *ctx;
} work;

static const int signums[2] = {SIGINT, SIGTERM};

gasp_err gasp_live_alloc(void **out, gasp_loop *loop, size_t len)
{
    if (loop->closing)
        return GASP_ERR_MISUSE;
    *out = gasp_mem_zalloc(loop->mem, len);
    return *out != NULL ? GASP_OK : GASP_ERR_NOMEM;
}

void gasp_live_add(gasp_loop *loop, gasp_live *live, void (*drop)(void *owner), void *owner)
{
    live->drop = drop;
    live->owner = owner;
    live->next = &loop->ring;
    live->prev = loop->ring.prev;
    live->prev->next = live;
    loop->ring.prev = live;
}

void gasp_live_remove(gasp_live *live)
{
    if (live->next == NULL)
        return;
    live->prev->next = live->next;
    live->next->prev = live->prev;
    live->next = NULL;
    live->prev = NULL;
}

/* A write to a closed pipe or socket answers EPIPE, which is handled; the signal would end the process. A handler of
 * the host's own stays. */
static void ignore_sigpipe(void)
{
    struct sigaction now;
    memset(&now, 0, sizeof now);
    if (sigaction(SIGPIPE, NULL, &now) != 0 || (now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != SIG_DFL)
        return;
    now.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &now, NULL);
}

gasp_err gasp_loop_new(gasp_loop **out, const gasp_mem *mem)
{
    mem = gasp_mem_or_default(mem);
    gasp_loop *loop = gasp_mem_zalloc(mem, sizeof *loop);
    if (loop == NULL)
        return GASP_ERR_NOMEM;
    int status = uv_loop_init(&loop->uv);
    if (status != 0) {
        gasp_mem_free(mem, loop);
        return status == UV_ENOMEM ? GASP_ERR_NOMEM : GASP_ERR_NET_IO;
    }
    loop->mem = mem;
    loop->ring.next = loop->ring.prev = &loop->ring;
    ignore_sigpipe();
    *out = loop;
    return GASP_OK;
}

void gasp_loop_free(gasp_loop *loop)
{
    if (loop == NULL)
        return;
    loop->closing = true;
    while (loop->ring.next != &loop->ring)
        loop->ring.next->drop(loop->ring.next->owner);
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        ;
    (void)uv_loop_close(&loop->uv);
    gasp_mem_free(loop->mem, loop);
}

gasp_err gasp_loop_run(gasp_loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    bool stopped = loop->stopped;
    loop->stopped = false;
    return stopped ? GASP_OK : GASP_DONE;
}

void gasp_loop_stop(gasp_loop *loop)
{
    loop->stopped = true;
    uv_stop(&loop->uv);
}

const char *gasp_loop_library(void)
{
    return uv_version_string();
}

gasp_time gasp_loop_now(gasp_loop *loop)
{
    gasp_time now = {0, 0};
    uv_update_time(&loop->uv);
    now.mono_ms = uv_now(&loop->uv);
    uv_timeval64_t wall;
    if (uv_gettimeofday(&wall) == 0)
        now.wall_ms = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_usec / 1000;
    return now;
}

/* ---- timers ---- */

static void timer_closed(uv_handle_t *handle)
{
    gasp_timer *timer = handle->data;
    gasp_mem_free(timer->loop->mem, timer);
}

static void timer_drop(void *owner)
{
    gasp_timer_free(owner);
}

static void timer_fired(uv_timer_t *handle)
{
    gasp_timer *timer = handle->data;
    timer->fn(timer->ctx);
}

gasp_err gasp_timer_new(gasp_timer **out, gasp_loop *loop, gasp_call_fn *fn, void *ctx)
{
    void *block = NULL;
    gasp_err err = gasp_live_alloc(&block, loop, sizeof(gasp_timer));
    if (err != GASP_OK)
        return err;
    gasp_timer *timer = block;
    (void)uv_timer_init(&loop->uv, &timer->uv); /* never fails */
    timer->uv.data = timer;
    timer->loop = loop;
    timer->fn = fn;
    timer->ctx = ctx;
    gasp_live_add(loop, &timer->live, timer_drop, timer);
    *out = timer;
    return GASP_OK;
}

void gasp_timer_free(gasp_timer *timer)
{
    if (timer == NULL)
        return;
    gasp_live_remove(&timer->live);
    uv_close((uv_handle_t *)&timer->uv, timer_closed);
}

void gasp_timer_after(gasp_timer *timer, uint64_t delay_ms)
{
    /* libuv counts from the start of this turn of the loop; a long callback would make the timer early */
    uv_update_time(&timer->loop->uv);
    (void)uv_timer_start(&timer->uv, timer_fired, delay_ms, 0);
}

void gasp_timer_at(gasp_timer *timer, uint64_t mono_ms)
{
    if (mono_ms == GASP_NEVER) {
        gasp_timer_stop(timer);
        return;
    }
    uint64_t now = gasp_loop_now(timer->loop).mono_ms;
    gasp_timer_after(timer, mono_ms > now ? mono_ms - now : 0);
}

void gasp_timer_stop(gasp_timer *timer)
{
    (void)uv_timer_stop(&timer->uv);
}

/* ---- signals ---- */

static void signal_closed(uv_handle_t *handle)
{
    gasp_signals *signals = handle->data;
    if (--signals->open == 0)
        gasp_mem_free(signals->loop->mem, signals);
}

static void signals_drop(void *owner)
{
    gasp_signals_free(owner);
}

static void signal_came(uv_signal_t *handle, int signum)
{
    gasp_signals *signals = handle->data;
    signals->fn(signals->ctx, signum);
}

gasp_err gasp_signals_new(gasp_signals **out, gasp_loop *loop, gasp_signal_fn *fn, void *ctx)
{
    void *block = NULL;
    gasp_err err = gasp_live_alloc(&block, loop, sizeof(gasp_signals));
    if (err != GASP_OK)
        return err;
    gasp_signals *signals = block;
    signals->loop = loop;
    signals->fn = fn;
    signals->ctx = ctx;
    gasp_live_add(loop, &signals->live, signals_drop, signals);
    for (size_t i = 0; i < 2; i++) {
        if (uv_signal_init(&loop->uv, &signals->uv[i]) != 0)
            goto refused;
        signals->open++;
        signals->uv[i].data = signals;
        uv_unref((uv_handle_t *)&signals->uv[i]);
        if (uv_signal_start(&signals->uv[i], signal_came, signums[i]) != 0)
            goto refused;
    }
    *out = signals;
    return GASP_OK;
refused:
    gasp_signals_free(signals);
    return GASP_ERR_NET_IO;
}

void gasp_signals_free(gasp_signals *signals)
{
    if (signals == NULL)
        return;
    gasp_live_remove(&signals->live);
    for (unsigned i = 0; i < signals->open; i++)
        uv_close((uv_handle_t *)&signals->uv[i], signal_closed);
    if (signals->open == 0)
        gasp_mem_free(signals->loop->mem, signals);
}

/* ---- wake-ups ---- */

static void wake_closed(uv_handle_t *handle)
{
    gasp_wake *wake = handle->data;
    gasp_mem_free(wake->loop->mem, wake);
}

static void wake_drop(void *owner)
{
    gasp_wake_free(owner);
}

static void wake_came(uv_async_t *handle)
{
    gasp_wake *wake = handle->data;
    wake->fn(wake->ctx);
}

gasp_err gasp_wake_new(gasp_wake **out, gasp_loop *loop, gasp_call_fn *fn, void *ctx)
{
    void *block = NULL;
    gasp_err err = gasp_live_alloc(&block, loop, sizeof(gasp_wake));
    if (err != GASP_OK)
        return err;
    gasp_wake *wake = block;
    if (uv_async_init(&loop->uv, &wake->uv, wake_came) != 0) {
        gasp_mem_free(loop->mem, wake);
        return GASP_ERR_NET_IO;
    }
    uv_unref((uv_handle_t *)&wake->uv);
    wake->uv.data = wake;
    wake->loop = loop;
    wake->fn = fn;
    wake->ctx = ctx;
    gasp_live_add(loop, &wake->live, wake_drop, wake);
    *out = wake;
    return GASP_OK;
}

void gasp_wake_free(gasp_wake *wake)
{
    if (wake == NULL)
        return;
    gasp_live_remove(&wake->live);
    uv_close((uv_handle_t *)&wake->uv, wake_closed);
}

void gasp_wake_send(gasp_wake *wake)
{
    (void)uv_async_send(&wake->uv);
}

/* ---- work ---- */

static void work_runs(uv_work_t *request)
{
    work *job = request->data;
    job->run(job->ctx);
}

static void work_done(uv_work_t *request, int status)
{
    work *job = request->data;
    gasp_live_remove(&job->live);
    job->done(job->ctx, status == 0);
    gasp_mem_free(job->loop->mem, job);
}

/* Work that a thread has taken cannot be stopped: it is waited for, and its `done` says that it ran. */
static void work_drop(void *owner)
{
    work *job = owner;
    gasp_live_remove(&job->live);
    (void)uv_cancel((uv_req_t *)&job->uv);
}

gasp_err gasp_loop_work(gasp_loop *loop, gasp_call_fn *run, gasp_work_done_fn *done, void *ctx)
{
    void *block = NULL;
    gasp_err err = gasp_live_alloc(&block, loop, sizeof(work));
    if (err != GASP_OK)
        return err;
    work *job = block;
    job->uv.data = job;
    job->loop = loop;
    job->run = run;
    job->done = done;
    job->ctx = ctx;
    gasp_live_add(loop, &job->live, work_drop, job);
    (void)uv_queue_work(&loop->uv, &job->uv, work_runs, work_done); /* refuses only a NULL function */
    return GASP_OK;
}
