/* One connection: bytes between its stream and its session, the deadline, the end.
 * Every callback ends in `advance`, which says what there is to say, reports, and frees the connection when it is over:
 * nothing may touch a connection after that. A session is only called between `enter` and `leave`, so that the verifier
 * knows whose batch it is given; reports are made outside of them, since the host may use its wallet there.
 * Never waits, and never stops reading because something is to be written. */
#include "node/connection.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

typedef enum phase { PHASE_OPENING = 1, PHASE_TALKING = 2, PHASE_ENDING = 3, PHASE_OVER = 4 } phase;

struct gasp_connection {
    gasp_connection *next;
    gasp_connection *prev;
    gasp_node *node;
    uint64_t number;
    gasp_origin origin;
    phase phase;
    gasp_connect *connect; /**< opening, when we reach out */
    gasp_stream *stream;   /**< NULL until there is one */
    gasp_session *session;
    gasp_timer *timer; /**< opening: to begin; talking: the session's deadline; ending: the end of patience */
    gasp_timer *whole; /**< the end of sync.timeout_ms; NULL: there is none */
    gasp_access access;
    unsigned rights;
    gasp_sync_config sync;
    gasp_buf rest; /**< what the session said and the stream has not taken */
    gasp_err err;  /**< the first thing that went wrong */
    char text[GASP_NET_ERROR_TEXT_MAX];
    bool silent;     /**< the session has no more to say now */
    bool mute;       /**< the stream takes nothing more */
    bool shut;       /**< gasp_stream_shutdown was called */
    bool flushed;    /**< and what was said is out */
    bool peer_ended; /**< nothing more will come */
    bool brought;    /**< its session committed something: news for the others */
};

static void advance(gasp_connection *c);

static gasp_time enter(gasp_connection *c)
{
    c->node->current = c;
    return gasp_loop_now(c->node->loop);
}

static void leave(gasp_connection *c)
{
    c->node->current = NULL;
}

static void fail(gasp_connection *c, gasp_err err, const char *text)
{
    if (err == GASP_OK || c->err != GASP_OK)
        return;
    size_t len = strlen(text);
    if (len >= sizeof c->text)
        len = sizeof c->text - 1;
    memcpy(c->text, text, len);
    c->text[len] = '\0';
    c->err = err;
}

/* ---- reports ---- */

static void report(gasp_node *node, const gasp_report *r)
{
    if (node->config.report != NULL)
        node->config.report(node->config.report_ctx, r);
}

static void report_end(gasp_connection *c)
{
    gasp_session_stats stats;
    gasp_session_fault fault;
    memset(&stats, 0, sizeof stats);
    memset(&fault, 0, sizeof fault);
    if (c->session != NULL) {
        gasp_session_count(c->session, &stats);
        gasp_session_why(c->session, &fault);
    }
    gasp_report r = {
        .kind = GASP_REPORT_ENDED, .connection = c->number, .err = c->err, .stats = &stats, .fault = &fault};
    r.text = c->text[0] != '\0' ? c->text : gasp_err_text(c->err);
    report(c->node, &r);
}

static void report_events(gasp_connection *c)
{
    gasp_event event;
    while (gasp_session_event(c->session, &event) == GASP_OK) {
        gasp_report r = {.kind = GASP_REPORT_EVENT, .connection = c->number, .text = "", .event = &event};
        c->brought = c->brought || (event.kind == GASP_EVENT_COMMITTED && event.graph.changed);
        report(c->node, &r);
    }
}

/* ---- making and freeing ---- */

static unsigned rights(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    const gasp_connection *c = user;
    (void)peer;
    (void)peer_len;
    (void)collection;
    return c->rights;
}

static void destroy(gasp_connection *c)
{
    gasp_node *node = c->node;
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        node->connections = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    if (c->origin == GASP_ORIGIN_ACCEPT)
        node->n_accepted--;
    gasp_connect_cancel(c->connect);
    (void)enter(c); /* the session cancels what it has with the verifier */
    gasp_session_free(c->session);
    leave(c);
    gasp_stream_close(c->stream);
    gasp_timer_free(c->timer);
    gasp_timer_free(c->whole);
    gasp_buf_clear(&c->rest);
    gasp_mem_free(node->mem, c);
}

static void over(gasp_connection *c)
{
    gasp_node *node = c->node;
    bool last = c->origin == GASP_ORIGIN_STDIO;
    report_end(c);
    destroy(c);
    if (last && !node->stopping)
        gasp_node_halt(node);
    gasp_node_settle(node);
}

static void timer_fired(void *ctx);

static gasp_err connection_new(gasp_connection **out, gasp_node *node, gasp_origin origin)
{
    gasp_connection *c = gasp_mem_zalloc(node->mem, sizeof *c);
    if (c == NULL)
        return GASP_ERR_NOMEM;
    gasp_err err = gasp_timer_new(&c->timer, node->loop, timer_fired, c);
    if (err != GASP_OK) {
        gasp_mem_free(node->mem, c);
        return err;
    }
    c->node = node;
    c->origin = origin;
    c->phase = PHASE_OPENING;
    c->number = ++node->last_connection;
    gasp_sync_config_init(&c->sync);
    gasp_buf_init(&c->rest, SIZE_MAX, node->mem); /* never more than one answer of gasp_session_send */
    c->access = (gasp_access){sizeof c->access, c, rights};
    c->next = node->connections;
    if (c->next != NULL)
        c->next->prev = c;
    node->connections = c;
    node->n_accepted += origin == GASP_ORIGIN_ACCEPT;
    *out = c;
    return GASP_OK;
}

/* ---- saying ---- */

/* Gives len bytes to the stream. What it does not take is kept. */
static void write_bytes(gasp_connection *c, const uint8_t *bytes, size_t len)
{
    gasp_err err = GASP_OK;
    while (len > 0 && err == GASP_OK) {
        size_t part = len < GASP_STREAM_WRITE_MAX ? len : GASP_STREAM_WRITE_MAX;
        err = gasp_stream_write(c->stream, bytes, part);
        if (err != GASP_OK)
            break;
        bytes += part;
        len -= part;
    }
    if (err == GASP_AGAIN)
        err = gasp_buf_append(&c->rest, bytes, len);
    if (err == GASP_OK)
        return;
    c->mute = true;
    if (err != GASP_ERR_NET_IO) /* of that on_end will tell, when what still comes was read */
        fail(c, err, gasp_err_text(err));
}

static void write_rest(gasp_connection *c)
{
    gasp_buf rest = c->rest;
    gasp_buf_init(&c->rest, rest.max, rest.mem);
    write_bytes(c, rest.data, rest.len);
    gasp_buf_clear(&rest);
}

/* As much as there is room for. A session that failed may still have a last message. */
static void say(gasp_connection *c)
{
    if (c->shut)
        return;
    c->silent = false;
    while (!c->mute && !c->silent && gasp_stream_has_room(c->stream)) {
        if (c->rest.len > 0) {
            write_rest(c);
            continue;
        }
        const uint8_t *out = NULL;
        size_t len = 0;
        gasp_time now = enter(c);
        gasp_err err = gasp_session_send(c->session, &out, &len, now);
        leave(c);
        fail(c, err, gasp_err_text(err));
        if (err != GASP_OK || len == 0)
            c->silent = true;
        else
            write_bytes(c, out, len);
    }
}

static void begin_end(gasp_connection *c)
{
    gasp_session_fault fault;
    gasp_session_why(c->session, &fault);
    fail(c, fault.err, gasp_err_text(fault.err));
    c->phase = PHASE_ENDING;
    gasp_timer_after(c->timer, gasp_limit(CONNECTION_END_MS));
}

static void set_deadline(gasp_connection *c)
{
    uint64_t at = gasp_session_deadline(c->session);
    uint64_t soonest = gasp_loop_now(c->node->loop).mono_ms + 1; /* a moment that stays in the past would spin */
    gasp_timer_at(c->timer, at > soonest ? at : soonest);
}

static void advance(gasp_connection *c)
{
    if (c->phase == PHASE_TALKING || c->phase == PHASE_ENDING) {
        say(c);
        report_events(c);
    }
    if (c->brought) {
        c->brought = false;
        gasp_connections_changed(c->node, c);
    }
    if (c->phase == PHASE_TALKING) {
        if (c->err != GASP_OK || c->peer_ended || gasp_session_done(c->session))
            begin_end(c);
        else
            set_deadline(c);
    }
    if (c->phase == PHASE_ENDING) {
        if (c->silent && !c->shut && !c->mute) {
            c->shut = true;
            gasp_stream_shutdown(c->stream);
        }
        if (c->flushed && c->peer_ended)
            c->phase = PHASE_OVER;
    }
    if (c->phase == PHASE_OVER)
        over(c);
}

/* ---- what comes ---- */

static void take(gasp_connection *c, gasp_bytes bytes)
{
    gasp_time now = enter(c);
    gasp_err err = gasp_session_recv(c->session, bytes.data, bytes.len, now);
    leave(c);
    fail(c, err, gasp_err_text(err));
}

static void on_bytes(void *ctx, gasp_bytes bytes)
{
    gasp_connection *c = ctx;
    if (c->phase != PHASE_TALKING)
        return;
    take(c, bytes);
    advance(c);
}

static void on_writable(void *ctx)
{
    advance(ctx);
}

static void on_shutdown(void *ctx)
{
    gasp_connection *c = ctx;
    c->flushed = true;
    advance(c);
}

static void on_end(void *ctx, gasp_err reason)
{
    gasp_connection *c = ctx;
    c->peer_ended = true;
    if (reason != GASP_OK) {
        /* How the connection broke says more than that the session was not done; to one that was, it does not matter. */
        if (c->phase == PHASE_TALKING || c->err == GASP_ERR_PEER_CLOSED) {
            c->err = GASP_OK;
            fail(c, reason, gasp_stream_error(c->stream)->text);
        }
        report_events(c);
        c->phase = PHASE_OVER;
    } else if (c->phase == PHASE_TALKING) {
        gasp_time now = enter(c);
        gasp_err err = gasp_session_closed(c->session, now);
        leave(c);
        fail(c, err, gasp_err_text(err));
    }
    advance(c);
}

static const gasp_stream_calls calls = {on_bytes, on_writable, on_shutdown, on_end};

void gasp_connection_resume(gasp_connection *connection, uint64_t ticket)
{
    if (connection->phase != PHASE_TALKING)
        return;
    gasp_time now = enter(connection);
    gasp_err err = gasp_session_resume(connection->session, ticket, now);
    leave(connection);
    fail(connection, err, gasp_err_text(err));
    advance(connection);
}

/* ---- beginning ---- */

/* Whether the user, or somebody on this machine who may be anybody. */
static const char *peer_name(const gasp_connection *c)
{
    return gasp_stream_transport(c->stream) == GASP_TRANSPORT_TCP ? "anonymous" : "local";
}

static gasp_err session_new(gasp_connection *c)
{
    gasp_node *node = c->node;
    const char *name = peer_name(c);
    gasp_session_config config;
    gasp_session_config_init(&config);
    config.wallet = node->wallet;
    config.mem = node->mem;
    config.initiator = c->origin == GASP_ORIGIN_SYNC;
    config.stay = c->sync.stay || !config.initiator;
    config.collection = c->sync.collection;
    config.match = c->sync.match;
    config.trace = c->sync.trace;
    config.trace_ctx = c->sync.trace_ctx;
    config.peer = (const uint8_t *)name;
    config.peer_len = strlen(name);
    config.access = &c->access;
    gasp_err err = gasp_node_entropy(config.seed32, sizeof config.seed32);
    if (err == GASP_OK) {
        (void)enter(c);
        err = gasp_session_new(&c->session, &config);
        leave(c);
    }
    gasp_mem_wipe(&config.seed32, sizeof config.seed32);
    return err;
}

/* There is a stream. A peer that we reached out to is one that the user named. */
static void begin(gasp_connection *c)
{
    bool anybody = c->origin == GASP_ORIGIN_ACCEPT && gasp_stream_transport(c->stream) == GASP_TRANSPORT_TCP;
    c->rights = !anybody || c->node->config.allow_anonymous ? c->sync.rights : 0;
    gasp_report r = {.kind = GASP_REPORT_CONNECTED, .connection = c->number, .text = gasp_stream_peer(c->stream)};
    report(c->node, &r);
    gasp_err err = session_new(c);
    fail(c, err, gasp_err_text(err));
    if (err == GASP_OK) {
        c->phase = PHASE_TALKING;
        gasp_stream_start(c->stream, &calls, c);
    } else {
        c->phase = PHASE_OVER;
    }
    advance(c);
}

static void timer_fired(void *ctx)
{
    gasp_connection *c = ctx;
    switch (c->phase) {
    case PHASE_OPENING:
        begin(c);
        return;
    case PHASE_TALKING:
        take(c, (gasp_bytes){NULL, 0});
        break;
    case PHASE_ENDING:
    case PHASE_OVER:
        c->phase = PHASE_OVER;
        break;
    }
    advance(c);
}

/* What is done may still say its last words, but gets no more time for them. */
static void time_is_up(void *ctx)
{
    gasp_connection *c = ctx;
    if (c->phase != PHASE_ENDING)
        fail(c, GASP_ERR_NET_TIMEOUT, gasp_err_text(GASP_ERR_NET_TIMEOUT));
    c->phase = PHASE_OVER;
    advance(c);
}

static gasp_err limit_time(gasp_connection *c)
{
    if (c->sync.timeout_ms == 0)
        return GASP_OK;
    gasp_err err = gasp_timer_new(&c->whole, c->node->loop, time_is_up, c);
    if (err == GASP_OK)
        gasp_timer_after(c->whole, c->sync.timeout_ms);
    return err;
}

static void connected(void *ctx, gasp_stream *stream, const gasp_net_error *error)
{
    gasp_connection *c = ctx;
    c->connect = NULL;
    c->stream = stream;
    if (stream != NULL) {
        begin(c);
        return;
    }
    fail(c, error->err, error->text);
    c->phase = PHASE_OVER;
    advance(c);
}

gasp_err gasp_connection_reach(gasp_node *node, const gasp_address *address, const gasp_sync_config *config)
{
    gasp_connection *c = NULL;
    gasp_err err = connection_new(&c, node, GASP_ORIGIN_SYNC);
    if (err != GASP_OK)
        return err;
    c->sync = *config;
    err = limit_time(c);
    if (err == GASP_OK)
        err = gasp_connect_start(&c->connect, node->loop, address, false, node->config.connect_ms, connected, c);
    if (err != GASP_OK)
        destroy(c);
    return err;
}

gasp_err gasp_connection_serve(gasp_node *node, gasp_stream *stream, gasp_origin origin)
{
    gasp_connection *c = NULL;
    gasp_err err = connection_new(&c, node, origin);
    if (err != GASP_OK) {
        gasp_stream_close(stream);
        return err;
    }
    c->stream = stream;
    gasp_timer_after(c->timer, 0); /* it begins in the loop, where reports are made */
    return GASP_OK;
}

void gasp_connection_refuse(gasp_node *node, gasp_stream *stream, gasp_err err)
{
    gasp_session_stats stats;
    gasp_session_fault fault;
    memset(&stats, 0, sizeof stats);
    memset(&fault, 0, sizeof fault);
    gasp_report r = {.kind = GASP_REPORT_ENDED, .connection = ++node->last_connection, .err = err};
    r.text = gasp_stream_peer(stream);
    r.stats = &stats;
    r.fault = &fault;
    report(node, &r);
    gasp_stream_close(stream);
}

/* ---- all of them ---- */

/* Each is told now and goes on by its own timer: nothing may advance here, where another connection is at work. */
void gasp_connections_changed(gasp_node *node, const gasp_connection *by)
{
    gasp_connection *current = node->current;
    for (gasp_connection *c = node->connections; c != NULL; c = c->next) {
        if (c == by || c->phase != PHASE_TALKING)
            continue;
        gasp_time now = enter(c);
        gasp_err err = gasp_session_changed(c->session, now);
        leave(c);
        fail(c, err, gasp_err_text(err));
        gasp_timer_after(c->timer, 0);
    }
    node->current = current;
}

gasp_connection *gasp_connection_find(gasp_node *node, uint64_t number)
{
    gasp_connection *c = node->connections;
    while (c != NULL && c->number != number)
        c = c->next;
    return c;
}

uint64_t gasp_connection_number(const gasp_connection *connection)
{
    return connection->number;
}

void gasp_connections_stop(gasp_node *node, bool now)
{
    gasp_connection *next = NULL;
    for (gasp_connection *c = node->connections; c != NULL; c = next) {
        next = c->next;
        if (c->phase == PHASE_ENDING && !now)
            continue;
        if (c->phase != PHASE_ENDING)
            fail(c, GASP_ERR_NET_STOPPED, gasp_err_text(GASP_ERR_NET_STOPPED));
        over(c);
    }
}

void gasp_connections_free(gasp_node *node)
{
    while (node->connections != NULL)
        destroy(node->connections);
}
