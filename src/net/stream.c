/* The duplex stream over one libuv handle, or two when each direction has its own pipe.
 * Invariants: at most one libuv write is under way, all later bytes wait joined in `pending`; on_end is called with
 * GASP_OK at most once, then with an error at most once, and nothing after that; memory goes when the last handle is
 * closed. Must never call the owner from inside one of its own calls, nor let the state of writing hold back reading.
 */
#include "net/stream_inside.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/exec.h"

static uv_stream_t *writer_of(gasp_stream *s)
{
    return s->split ? &s->out.stream : &s->in.stream;
}

/* ---- making and ending ---- */

static void drop_stream(void *owner)
{
    gasp_stream_close(owner);
}

static void handle_closed(uv_handle_t *handle)
{
    gasp_stream *s = handle->data;
    if (--s->handles > 0)
        return;
    gasp_buf_clear(&s->pending);
    gasp_buf_clear(&s->flying);
    gasp_mem_free(s->loop->mem, s);
}

gasp_err gasp_stream_create(gasp_stream **out, gasp_loop *loop, gasp_transport transport)
{
    void *block = NULL;
    gasp_err err = gasp_live_alloc(&block, loop, sizeof(gasp_stream));
    if (err != GASP_OK)
        return err;
    gasp_stream *s = block;
    s->loop = loop;
    s->transport = transport;
    s->local = true;
    s->in_flags = s->out_flags = -1;
    gasp_buf_init(&s->pending, gasp_limit(STREAM_QUEUE) + gasp_limit(STREAM_WRITE), loop->mem);
    gasp_buf_init(&s->flying, gasp_limit(STREAM_QUEUE) + gasp_limit(STREAM_WRITE), loop->mem);
    (void)uv_timer_init(&loop->uv, &s->timer); /* never fails */
    s->timer.data = s;
    s->handles = 1;
    gasp_live_add(loop, &s->live, drop_stream, s);
    *out = s;
    return GASP_OK;
}

void gasp_stream_ready_tcp(gasp_stream *s)
{
    (void)uv_tcp_init(&s->loop->uv, &s->in.tcp); /* opens nothing yet, never fails */
    s->in.handle.data = s;
    s->handles++;
}

void gasp_stream_ready_pipe(gasp_stream *s)
{
    (void)uv_pipe_init(&s->loop->uv, &s->in.pipe, 0); /* as above */
    s->in.handle.data = s;
    s->handles++;
}

void gasp_stream_connected_tcp(gasp_stream *s)
{
    /* dead peers behind a silent network are noticed after this; the session's idle time is far shorter */
    enum { KEEPALIVE_S = 60 };
    struct sockaddr_storage name;
    int len = sizeof name;
    memset(&name, 0, sizeof name);
    (void)uv_tcp_nodelay(&s->in.tcp, 1);
    (void)uv_tcp_keepalive(&s->in.tcp, 1, KEEPALIVE_S);
    if (uv_tcp_getpeername(&s->in.tcp, (struct sockaddr *)&name, &len) != 0) {
        s->local = false;
        (void)snprintf(s->peer, sizeof s->peer, "tcp");
        return;
    }
    gasp_address peer;
    gasp_address_from_socket(&peer, (const struct sockaddr *)&name);
    s->local = gasp_address_is_loopback((const struct sockaddr *)&name);
    bool ip6 = name.ss_family == AF_INET6;
    (void)snprintf(s->peer, sizeof s->peer, "tcp %s%s%s:%u", ip6 ? "[" : "", peer.host, ip6 ? "]" : "",
                   (unsigned)peer.port);
}

static void close_end(gasp_stream_end *end, int flags)
{
    uv_os_fd_t fd;
    if (end->handle.data == NULL || uv_is_closing(&end->handle))
        return;
    if (flags >= 0 && uv_fileno(&end->handle, &fd) == 0)
        (void)fcntl(fd, F_SETFL, flags);
    uv_close(&end->handle, handle_closed);
}

void gasp_stream_close(gasp_stream *s)
{
    if (s == NULL || s->closing)
        return;
    s->closing = true;
    gasp_live_remove(&s->live);
    memset(&s->calls, 0, sizeof s->calls);
    close_end(&s->in, s->in_flags);
    close_end(&s->out, s->out_flags);
    gasp_child_release(s->child);
    s->child = NULL;
    uv_close((uv_handle_t *)&s->timer, handle_closed);
}

/* ---- how it ends ---- */

static gasp_err end_reason(gasp_stream *s)
{
    char text[80];
    if (s->child != NULL && gasp_child_failed(s->child, text, sizeof text))
        return gasp_net_error_set(&s->error, GASP_ERR_NET_IO, text, NULL);
    return s->error.err;
}

static void stop_reading(gasp_stream *s)
{
    if (s->reading)
        (void)uv_read_stop(&s->in.stream);
    s->reading = false;
}

static void tell(gasp_stream *s, gasp_err reason)
{
    gasp_stream_told told = reason == GASP_OK ? GASP_TOLD_END : GASP_TOLD_ERROR;
    if (told <= s->told)
        return;
    s->told = told;
    (void)uv_timer_stop(&s->timer);
    if (told == GASP_TOLD_ERROR)
        stop_reading(s);
    if (s->calls.on_end != NULL)
        s->calls.on_end(s->ctx, reason);
}

static void timer_fired(uv_timer_t *timer)
{
    gasp_stream *s = timer->data;
    s->overdue = true;
    if (s->lingering)
        gasp_stream_close(s);
    else
        gasp_stream_settle(s);
}

void gasp_stream_settle(gasp_stream *s)
{
    if (s->closing)
        return;
    if (s->lingering) {
        if (s->read_ended && (s->shutdown_done || s->write_failed))
            gasp_stream_close(s);
        return;
    }
    if (!s->read_ended && !s->write_failed)
        return;
    bool child_runs = s->child != NULL && gasp_child_runs(s->child);
    if (!s->overdue && (!s->read_ended || child_runs)) {
        if (!uv_is_active((const uv_handle_t *)&s->timer))
            (void)uv_timer_start(&s->timer, timer_fired, gasp_limit(STREAM_GRACE_MS), 0);
        return;
    }
    tell(s, end_reason(s));
}

/* May be inside a call of the owner: what follows is told by the timer. */
static void fail_write(gasp_stream *s, int status)
{
    if (s->closing || s->write_failed)
        return;
    s->write_failed = true;
    if (s->error.err == GASP_OK)
        (void)gasp_net_error_set_uv(&s->error, GASP_ERR_NET_IO, "writing", status);
    gasp_buf_clear(&s->pending);
    if (s->lingering) {
        gasp_stream_settle(s);
        return;
    }
    s->overdue = false;
    uint64_t wait_ms = s->read_ended && s->child == NULL ? 0 : gasp_limit(STREAM_GRACE_MS);
    uv_update_time(&s->loop->uv);
    (void)uv_timer_start(&s->timer, timer_fired, wait_ms, 0);
}

/* ---- reading ---- */

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    gasp_stream *s = handle->data;
    *out = uv_buf_init(s->loop->read_buffer, sizeof s->loop->read_buffer);
}

static void end_reading(gasp_stream *s, int status)
{
    stop_reading(s);
    s->read_ended = true;
    if (status != UV_EOF && s->error.err == GASP_OK)
        (void)gasp_net_error_set_uv(&s->error, GASP_ERR_NET_IO, "reading", status);
    gasp_stream_settle(s);
}

static void bytes_came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    gasp_stream *s = stream->data;
    if (s->closing || n == 0)
        return;
    if (n < 0)
        end_reading(s, (int)n);
    else if (s->calls.on_bytes != NULL)
        s->calls.on_bytes(s->ctx, (gasp_bytes){(const uint8_t *)buf->base, (size_t)n});
}

/* Reading goes on exactly while it is wanted: started, not paused, not ended. */
static void adjust_reading(gasp_stream *s)
{
    bool wanted = s->started && !s->paused && !s->read_ended && s->told != GASP_TOLD_ERROR && !s->closing;
    if (!wanted) {
        stop_reading(s);
        return;
    }
    if (!s->reading)
        s->reading = uv_read_start(&s->in.stream, give_buffer, bytes_came) == 0;
    if (s->reading)
        return;
    /* the handle was never readable, which only a wrong descriptor can do */
    s->read_ended = true;
    (void)gasp_net_error_set(&s->error, GASP_ERR_NET_IO, "reading", "not open for reading");
    (void)uv_timer_start(&s->timer, timer_fired, 0, 0);
}

void gasp_stream_start(gasp_stream *s, const gasp_stream_calls *calls, void *ctx)
{
    s->calls = *calls;
    s->ctx = ctx;
    s->started = true;
    adjust_reading(s);
}

void gasp_stream_pause(gasp_stream *s)
{
    s->paused = true;
    adjust_reading(s);
}

void gasp_stream_resume(gasp_stream *s)
{
    s->paused = false;
    adjust_reading(s);
}

/* ---- writing ---- */

static void write_done(uv_write_t *request, int status);

/* Gives libuv all that waits. */
static void launch(gasp_stream *s)
{
    gasp_buf empty = s->flying;
    empty.len = 0;
    s->flying = s->pending;
    s->pending = empty;
    uv_buf_t buf = uv_buf_init((char *)s->flying.data, (unsigned)s->flying.len);
    s->write_request.data = s;
    s->writing = true;
    int status = uv_write(&s->write_request, writer_of(s), &buf, 1, write_done);
    if (status == 0)
        return;
    s->writing = false;
    s->flying.len = 0;
    fail_write(s, status);
}

static void shutdown_done(uv_shutdown_t *request, int status)
{
    gasp_stream *s = request->data;
    if (s->closing)
        return;
    if (s->split) {
        /* a pipe knows no shutdown: closing this direction's descriptor is what the other side sees */
        close_end(&s->out, s->out_flags);
    } else if (status < 0) {
        fail_write(s, status);
        return;
    }
    s->shutdown_done = true;
    if (s->calls.on_shutdown != NULL)
        s->calls.on_shutdown(s->ctx);
    if (s->lingering)
        gasp_stream_settle(s);
}

static void begin_shutdown(gasp_stream *s)
{
    s->shutdown_request.data = s;
    int status = uv_shutdown(&s->shutdown_request, writer_of(s), shutdown_done);
    if (status < 0)
        fail_write(s, status);
}

/* A burst may have needed much memory; an idle stream keeps at most the low mark. */
static void trim(gasp_buf *buf)
{
    if (buf->len == 0 && buf->cap > GASP_STREAM_QUEUE_LOW)
        gasp_buf_clear(buf);
}

static void write_done(uv_write_t *request, int status)
{
    gasp_stream *s = request->data;
    s->writing = false;
    s->flying.len = 0;
    if (s->closing)
        return;
    if (status < 0) {
        fail_write(s, status);
        return;
    }
    if (s->pending.len > 0)
        launch(s);
    if (!s->writing) {
        trim(&s->pending);
        trim(&s->flying);
        if (s->shutdown_wanted && !s->write_failed)
            begin_shutdown(s);
    }
    if (s->want_room && !s->write_failed && gasp_stream_queued(s) <= GASP_STREAM_QUEUE_LOW) {
        s->want_room = false;
        if (s->calls.on_writable != NULL)
            s->calls.on_writable(s->ctx);
    }
}

size_t gasp_stream_queued(const gasp_stream *s)
{
    return s->pending.len + s->flying.len;
}

bool gasp_stream_has_room(gasp_stream *s)
{
    if (s->shutdown_wanted || s->write_failed || s->closing)
        return false;
    if (gasp_stream_queued(s) < gasp_limit(STREAM_QUEUE))
        return true;
    s->want_room = true;
    return false;
}

gasp_err gasp_stream_write(gasp_stream *s, const void *bytes, size_t len)
{
    if (s->shutdown_wanted || s->closing)
        return GASP_ERR_MISUSE;
    if (s->write_failed || s->told == GASP_TOLD_ERROR)
        return GASP_ERR_NET_IO;
    if (len > gasp_limit(STREAM_WRITE))
        return GASP_ERR_LIMIT;
    if (!gasp_stream_has_room(s))
        return GASP_AGAIN;
    if (len == 0)
        return GASP_OK;
    gasp_err err = gasp_buf_append(&s->pending, bytes, len);
    if (err != GASP_OK)
        return err;
    if (!s->writing)
        launch(s);
    if (gasp_stream_queued(s) >= gasp_limit(STREAM_QUEUE))
        s->want_room = true;
    return s->write_failed ? GASP_ERR_NET_IO : GASP_OK;
}

void gasp_stream_shutdown(gasp_stream *s)
{
    if (s->shutdown_wanted || s->write_failed || s->closing)
        return;
    s->shutdown_wanted = true;
    if (!s->writing)
        begin_shutdown(s);
}

void gasp_stream_linger(gasp_stream *s, uint64_t max_ms)
{
    if (s == NULL || s->closing)
        return;
    if (s->told == GASP_TOLD_ERROR) {
        gasp_stream_close(s);
        return;
    }
    memset(&s->calls, 0, sizeof s->calls);
    s->lingering = true;
    uv_update_time(&s->loop->uv);
    (void)uv_timer_start(&s->timer, timer_fired, max_ms, 0);
    gasp_stream_shutdown(s);
    s->started = true;
    gasp_stream_resume(s);
    gasp_stream_settle(s);
}

/* ---- questions ---- */

const char *gasp_stream_peer(const gasp_stream *s)
{
    return s->peer;
}

gasp_transport gasp_stream_transport(const gasp_stream *s)
{
    return s->transport;
}

bool gasp_stream_is_local(const gasp_stream *s)
{
    return s->local;
}

const gasp_net_error *gasp_stream_error(const gasp_stream *s)
{
    return &s->error;
}
