/** The event loop and all that is not a stream: time, timers, signals, wake-ups from other threads, work on other
 * threads.
 *
 *  One thread owns a loop and everything made on it; only gasp_wake_send may be called from another. Callbacks run in
 *  gasp_loop_run and nowhere else: no function of this room calls one before it returns. A callback may free any
 * object, the one that it is called for too.
 *
 *  libuv stays behind this room: no header here that another room includes names it.
 */
#ifndef GASP_NET_LOOP_H
#define GASP_NET_LOOP_H

#include "gasp/types.h"

typedef struct gasp_loop gasp_loop;
typedef struct gasp_timer gasp_timer;
typedef struct gasp_signals gasp_signals;
typedef struct gasp_wake gasp_wake;

typedef void gasp_call_fn(void *ctx);
typedef void gasp_signal_fn(void *ctx, int signum);
typedef void gasp_work_done_fn(void *ctx, bool ran);

/** A moment that never comes. */
#define GASP_NEVER UINT64_MAX

/** A loop with nothing on it. SIGPIPE is ignored from then on in this process, unless the host has set a handler: a
 * peer that closes would end the process otherwise. Errors: GASP_ERR_NOMEM;  GASP_ERR_NET_IO  the system gave no
 * descriptors for it */
gasp_err gasp_loop_new(gasp_loop **out, const gasp_mem *mem) GASP_MUST_CHECK;

/** Closes everything that is still on it, without callbacks except `done` of queued work, and frees it and them:
 * pointers to objects made on it end here. Waits for work and name lookups that already run on other threads, and for
 * children of closed `exec:` streams, at most the seconds that exec.h names. Not to be called from a callback. NULL is
 * accepted. */
void gasp_loop_free(gasp_loop *loop);

/** Serves callbacks until gasp_loop_stop (GASP_OK) or until there is nothing to wait for (GASP_DONE): streams that read
 * or write, listeners, connects, running timers and queued work count; signals and wake-ups do not. */
gasp_err gasp_loop_run(gasp_loop *loop) GASP_MUST_CHECK;

/** Makes gasp_loop_run return after the present callback. Before a run: that run returns at once. */
void gasp_loop_stop(gasp_loop *loop);

/** The version of libuv, static storage. */
const char *gasp_loop_library(void);

/** The time now, read from the clocks by this call. mono_ms is what timers are measured by. */
gasp_time gasp_loop_now(gasp_loop *loop);

/** A timer that is not running. It calls fn once for each time it is set. Errors: GASP_ERR_NOMEM. */
gasp_err gasp_timer_new(gasp_timer **out, gasp_loop *loop, gasp_call_fn *fn, void *ctx) GASP_MUST_CHECK;
void gasp_timer_free(gasp_timer *timer);

/** Sets it, in place of what was set before, to the first moment with gasp_loop_now().mono_ms >= mono_ms (soon when
 * that is past). GASP_NEVER stops it. */
void gasp_timer_at(gasp_timer *timer, uint64_t mono_ms);

/** The same, delay_ms from now. */
void gasp_timer_after(gasp_timer *timer, uint64_t delay_ms);
void gasp_timer_stop(gasp_timer *timer);

/** Calls fn for each SIGINT and SIGTERM of the process until it is freed.
 *  Errors: GASP_ERR_NOMEM;  GASP_ERR_NET_IO  the system refused */
gasp_err gasp_signals_new(gasp_signals **out, gasp_loop *loop, gasp_signal_fn *fn, void *ctx) GASP_MUST_CHECK;
void gasp_signals_free(gasp_signals *signals);

/** Something that other threads can send to; fn then runs on the loop.
 *  Errors: GASP_ERR_NOMEM;  GASP_ERR_NET_IO  the system refused */
gasp_err gasp_wake_new(gasp_wake **out, gasp_loop *loop, gasp_call_fn *fn, void *ctx) GASP_MUST_CHECK;

/** Ends it. No other thread may be in gasp_wake_send for it, or call that later. */
void gasp_wake_free(gasp_wake *wake);

/** From any thread: fn runs at least once after this. Several sends may give one call. */
void gasp_wake_send(gasp_wake *wake);

/** Runs `run` on a thread of libuv's pool (4 threads, or UV_THREADPOOL_SIZE), then `done` on the loop. `done` is called
 *  exactly once, with ran = false when the loop was freed before a thread took the work; it may not use the loop then.
 * The pool is shared with name lookups and by all loops of the process. How much is queued is the caller's to bound.
 *  Errors: GASP_ERR_NOMEM;  GASP_ERR_MISUSE  the loop is being freed. Neither function is called then. */
gasp_err gasp_loop_work(gasp_loop *loop, gasp_call_fn *run, gasp_work_done_fn *done, void *ctx) GASP_MUST_CHECK;

#endif
