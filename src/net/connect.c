/* Connecting, as a walk over the addresses of a peer with one clock for the whole.
 * Invariants: the callback comes once, from the loop; at most one attempt is open; memory goes when the timer is closed
 * and no request is with libuv, so a slow resolver holds the object but not its owner. */
#include "net/connect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/exec.h"
#include "net/stream_inside.h"

struct gasp_connect {
    gasp_live live;
    gasp_loop *loop;
    gasp_address address;
    bool allow_open;
    uint64_t timeout_ms;
    gasp_connect_fn *fn;
    void *ctx;
    gasp_net_error error; /**< of the last attempt */
    uv_timer_t timer;
    uv_getaddrinfo_t lookup;
    uv_connect_t request;
    struct addrinfo *found; /**< to be freed */
    struct addrinfo *next;  /**< not yet tried */
    gasp_stream *stream;    /**< the open attempt */
    unsigned holds;         /**< timer and requests that libuv has */
    bool looking;           /**< the lookup is one of them */
    bool over;
};

static void release(gasp_connect *c)
{
    if (--c->holds == 0)
        gasp_mem_free(c->loop->mem, c);
}

static void timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void gasp_connect_cancel(gasp_connect *c)
{
    if (c == NULL || c->over)
        return;
    c->over = true;
    gasp_live_remove(&c->live);
    if (c->looking)
        (void)uv_cancel((uv_req_t *)&c->lookup); /* refused while it runs: it is waited for without us */
    gasp_stream_close(c->stream);
    c->stream = NULL;
    uv_freeaddrinfo(c->found);
    c->found = c->next = NULL;
    uv_close((uv_handle_t *)&c->timer, timer_closed);
}

static void drop_connect(void *owner)
{
    gasp_connect_cancel(owner);
}

static void succeed(gasp_connect *c)
{
    gasp_stream *stream = c->stream;
    c->stream = NULL;
    gasp_connect_cancel(c);
    c->fn(c->ctx, stream, NULL);
}

/* c lives on until its timer is closed, so its error may be shown after it is given up. */
static void fail(gasp_connect *c)
{
    gasp_connect_cancel(c);
    c->fn(c->ctx, NULL, &c->error);
}

static void timed_out(uv_timer_t *timer)
{
    gasp_connect *c = timer->data;
    char text[64];
    (void)snprintf(text, sizeof text, "no connection within %" PRIu64 " ms", c->timeout_ms);
    (void)gasp_net_error_set(&c->error, GASP_ERR_NET_CONNECT, text, NULL);
    fail(c);
}

/* ---- TCP ---- */

static void try_next(gasp_connect *c);

static void attempt_failed(gasp_connect *c, const struct sockaddr *socket, int status)
{
    char text[GASP_ADDRESS_TEXT_MAX];
    gasp_address resolved;
    if (socket != NULL)
        gasp_address_from_socket(&resolved, socket);
    else
        resolved = c->address;
    gasp_address_to_text(text, &resolved);
    (void)gasp_net_error_set_uv(&c->error, GASP_ERR_NET_CONNECT, text, status);
    gasp_stream_close(c->stream);
    c->stream = NULL;
}

static void tcp_connected(uv_connect_t *request, int status)
{
    gasp_connect *c = request->data;
    if (c->over) {
        release(c);
        return;
    }
    c->holds--; /* the timer's hold remains */
    if (status == 0) {
        gasp_stream_connected_tcp(c->stream);
        succeed(c);
        return;
    }
    attempt_failed(c, c->next != NULL ? c->next->ai_addr : NULL, status);
    c->next = c->next != NULL ? c->next->ai_next : NULL;
    try_next(c);
}

/* One address; whether an attempt is under way. */
static bool try_address(gasp_connect *c, const struct sockaddr *socket)
{
    if (!c->allow_open && !gasp_address_is_loopback(socket)) {
        /* a failed attempt on an allowed address tells more */
        if (c->error.err != GASP_ERR_NET_CONNECT)
            (void)gasp_net_error_set(&c->error, GASP_ERR_NET_REFUSED, c->address.host, "is not on this machine");
        return false;
    }
    gasp_err err = gasp_stream_create(&c->stream, c->loop, GASP_TRANSPORT_TCP);
    if (err != GASP_OK) {
        (void)gasp_net_error_set(&c->error, err, c->address.host, gasp_err_text(err));
        return false;
    }
    gasp_stream_ready_tcp(c->stream);
    int status = uv_tcp_connect(&c->request, &c->stream->in.tcp, socket, tcp_connected);
    if (status != 0) {
        attempt_failed(c, socket, status);
        return false;
    }
    c->holds++;
    return true;
}

static void try_next(gasp_connect *c)
{
    for (; c->next != NULL; c->next = c->next->ai_next)
        if (try_address(c, c->next->ai_addr))
            return;
    fail(c);
}

static void looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    gasp_connect *c = request->data;
    c->looking = false;
    if (c->over) {
        uv_freeaddrinfo(found);
        release(c);
        return;
    }
    c->holds--;
    c->found = c->next = found;
    if (status != 0 || found == NULL) {
        (void)gasp_net_error_set_uv(&c->error, GASP_ERR_NET_ADDRESS, c->address.host,
                                    status != 0 ? status : UV_EAI_NODATA);
        fail(c);
        return;
    }
    try_next(c);
}

static void begin_tcp(gasp_connect *c)
{
    struct sockaddr_storage literal;
    if (c->address.port == 0) {
        (void)gasp_net_error_set(&c->error, GASP_ERR_NET_ADDRESS, c->address.host, "port 0 cannot be connected to");
        fail(c);
        return;
    }
    if (gasp_address_literal(&literal, &c->address)) {
        if (!try_address(c, (const struct sockaddr *)&literal))
            fail(c);
        return;
    }
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)c->address.port);
    struct addrinfo hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    int status = uv_getaddrinfo(&c->loop->uv, &c->lookup, looked_up, c->address.host, port, &hints);
    if (status != 0) {
        (void)gasp_net_error_set_uv(&c->error, GASP_ERR_NET_ADDRESS, c->address.host, status);
        fail(c);
        return;
    }
    c->holds++;
    c->looking = true;
}

/* ---- the others ---- */

static void unix_connected(uv_connect_t *request, int status)
{
    gasp_connect *c = request->data;
    if (c->over) {
        release(c);
        return;
    }
    c->holds--;
    if (status == 0) {
        (void)snprintf(c->stream->peer, sizeof c->stream->peer, "unix %.*s", GASP_ADDRESS_PATH_MAX, c->address.rest);
        succeed(c);
        return;
    }
    attempt_failed(c, NULL, status);
    fail(c);
}

static void begin_unix(gasp_connect *c)
{
    gasp_err err = gasp_stream_create(&c->stream, c->loop, GASP_TRANSPORT_UNIX);
    if (err != GASP_OK) {
        (void)gasp_net_error_set(&c->error, err, c->address.rest, gasp_err_text(err));
        fail(c);
        return;
    }
    gasp_stream_ready_pipe(c->stream);
    uv_pipe_connect(&c->request, &c->stream->in.pipe, c->address.rest, unix_connected);
    c->holds++;
}

static void begin_exec(gasp_connect *c)
{
    gasp_err err = gasp_exec_open(&c->stream, c->loop, c->address.rest, &c->error);
    if (err == GASP_OK) {
        succeed(c);
        return;
    }
    if (c->error.err == GASP_OK)
        (void)gasp_net_error_set(&c->error, err, "exec", gasp_err_text(err));
    fail(c);
}

/* The first step is taken from the loop, so that even what fails at once fails by the callback. */
static void begin(uv_timer_t *timer)
{
    gasp_connect *c = timer->data;
    (void)uv_timer_start(&c->timer, timed_out, gasp_limit_set(CONNECT_MS, c->timeout_ms), 0);
    switch (c->address.transport) {
    case GASP_TRANSPORT_TCP:
        begin_tcp(c);
        return;
    case GASP_TRANSPORT_UNIX:
        begin_unix(c);
        return;
    case GASP_TRANSPORT_EXEC:
        begin_exec(c);
        return;
    case GASP_TRANSPORT_STDIO:
        break;
    }
    (void)gasp_net_error_set(&c->error, GASP_ERR_NET_ADDRESS, "stdio", "is no address to connect to");
    fail(c);
}

gasp_err gasp_connect_start(gasp_connect **out, gasp_loop *loop, const gasp_address *address, bool allow_open,
                            uint64_t timeout_ms, gasp_connect_fn *fn, void *ctx)
{
    void *block = NULL;
    gasp_err err = gasp_live_alloc(&block, loop, sizeof(gasp_connect));
    if (err != GASP_OK)
        return err;
    gasp_connect *c = block;
    c->loop = loop;
    c->address = *address;
    c->allow_open = allow_open;
    c->timeout_ms = timeout_ms;
    c->fn = fn;
    c->ctx = ctx;
    c->request.data = c;
    c->lookup.data = c;
    (void)uv_timer_init(&loop->uv, &c->timer);
    c->timer.data = c;
    c->holds = 1;
    gasp_live_add(loop, &c->live, drop_connect, c);
    uv_update_time(&loop->uv);
    (void)uv_timer_start(&c->timer, begin, 0, 0);
    if (out != NULL)
        *out = c;
    return GASP_OK;
}
