/* The doors of a session: bytes in, bytes out, time, events. Every call notes the time, records itself in the trace, does
 * its work and leaves the session either where it can go on or failed for good, with the error that it answered. */
#include "gasp/session.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "session/inside.h"

/* ---- making and freeing -------------------------------------------------------------------------------------------- */

void gasp_session_config_init(gasp_session_config *config)
{
    *config = (gasp_session_config){
        .size = sizeof *config,
        .match = GASP_MATCH_STATE,
        .limits = {.max_frame = (uint32_t)gasp_limit_value(GASP_LIMIT_ROW_MAX_FRAME),
                   .max_message = (uint32_t)gasp_limit_value(GASP_LIMIT_ROW_MAX_MESSAGE),
                   .max_wants = (uint32_t)gasp_limit_value(GASP_LIMIT_ROW_MAX_WANTS),
                   .credit_roots = (uint32_t)gasp_limit_value(GASP_LIMIT_ROW_CREDIT_ROOTS),
                   .credit_bytes = gasp_limit_value(GASP_LIMIT_ROW_CREDIT_BYTES),
                   .max_nodes = (uint32_t)gasp_limit_value(GASP_LIMIT_ROW_MAX_NODES),
                   .max_stage_bytes = gasp_limit_value(GASP_LIMIT_ROW_MAX_STAGE_BYTES),
                   .max_roots = gasp_limit_value(GASP_LIMIT_ROW_MAX_ROOTS),
                   .max_items = gasp_limit_value(GASP_LIMIT_ROW_MAX_ITEMS),
                   .serve_bytes = gasp_limit_value(GASP_LIMIT_ROW_SERVE_BYTES),
                   .serve_repeats = (uint32_t)gasp_limit_value(GASP_LIMIT_ROW_SERVE_REPEATS),
                   .idle_ms = (uint32_t)gasp_limit_value(GASP_LIMIT_ROW_IDLE_MS)},
    };
}

static bool limits_sane(const gasp_session_limits *limits)
{
    return limits->max_frame >= GASP_FRAME_MIN_MAX && limits->max_message >= limits->max_frame &&
           limits->max_message >= GASP_MESSAGE_MIN_MAX && limits->max_wants > 0 && limits->credit_roots > 0 &&
           limits->credit_bytes > 0 && limits->max_nodes > 0 && limits->max_roots <= UINT32_MAX &&
           limits->max_items <= GASP_ITEMS_MAX && limits->idle_ms > 0;
}

gasp_err session_new_over(gasp_session **out, const gasp_session_config *config, gasp_network network, gasp_port port)
{
    const gasp_mem *mem = gasp_mem_or_default(config->mem);
    bool sane = config->size >= sizeof *config && limits_sane(&config->limits) && config->peer_len <= GASP_PEER_MAX;
    gasp_session *s = sane ? gasp_mem_zalloc(mem, sizeof *s) : NULL;
    if (s == NULL) {
        port.free(port.user);
        return sane ? GASP_ERR_NOMEM : GASP_ERR_MISUSE;
    }
    s->mem = mem;
    s->initiator = config->initiator;
    s->stay = config->stay;
    s->match = config->match;
    s->collection = config->collection;
    s->limits = config->limits;
    memcpy(s->seed32, config->seed32, sizeof s->seed32);
    if (config->peer_len > 0)
        memcpy(s->peer, config->peer, config->peer_len);
    s->peer_len = config->peer_len;
    s->port = port;
    s->ours.network = (uint8_t)network;
    s->trace = config->trace;
    s->trace_ctx = config->trace_ctx;
    s->next_ticket = 1;
    s->state = config->initiator ? AT_START : AT_OPENING;
    gasp_frames_in_init(&s->frames, s->limits.max_frame, (uint32_t)gasp_limit(MESSAGE_BEFORE_OPEN), mem);
    gasp_buf_init(&s->out, SIZE_MAX, mem);
    gasp_buf_init(&s->scratch, SIZE_MAX, mem);
    gasp_err err = trace_begin(s);
    if (err != GASP_OK)
        gasp_session_free(s);
    else
        *out = s;
    return err;
}

gasp_err gasp_session_new(gasp_session **out, const gasp_session_config *config)
{
    gasp_port port;
    if (config->wallet == NULL)
        return GASP_ERR_MISUSE;
    gasp_err err = gasp_port_of_wallet(&port, config->wallet, config->access,
                                       (gasp_bytes){config->peer, config->peer_len}, gasp_mem_or_default(config->mem));
    return err == GASP_OK ? session_new_over(out, config, gasp_wallet_network(config->wallet), port) : err;
}

void gasp_session_free(gasp_session *s)
{
    if (s == NULL)
        return;
    for (int kind = 0; kind < GASP_ASK_KINDS; kind++) {
        if (!s->asks[kind].out)
            continue;
        s->port.cancel(s->port.user, (gasp_ask_kind)kind, s->asks[kind].ticket);
        gasp_ask_clear((gasp_ask_kind)kind, &s->asks[kind].batch);
    }
    receive_clear(s);
    send_clear(s);
    account_clear(&s->account);
    gasp_mem_free(s->mem, s->owed);
    gasp_map_clear(&s->owed_by);
    gasp_skips_clear(&s->skips);
    gasp_items_clear(&s->items);
    gasp_frames_in_clear(&s->frames);
    gasp_buf_clear(&s->out);
    gasp_buf_clear(&s->scratch);
    gasp_mem_free(s->mem, s->events.list);
    s->port.free(s->port.user);
    gasp_mem_wipe(s->seed32, sizeof s->seed32);
    gasp_mem_free(s->mem, s);
}

/* ---- small services ------------------------------------------------------------------------------------------------ */

/* Random bytes are SHA-256 of the seed and a counter: the same seed gives the same session. */
void session_random(gasp_session *s, uint8_t *out, size_t len)
{
    while (len > 0) {
        uint8_t block[32];
        uint8_t counter[8];
        gasp_sha256 ctx;
        for (size_t i = 0; i < sizeof counter; i++)
            counter[i] = (uint8_t)(s->drawn >> (8 * i));
        s->drawn++;
        gasp_sha256_tagged_init(&ctx, "gasp/random/1");
        gasp_sha256_update(&ctx, s->seed32, sizeof s->seed32);
        gasp_sha256_update(&ctx, counter, sizeof counter);
        gasp_sha256_final(&ctx, block);
        size_t part = len < sizeof block ? len : sizeof block;
        memcpy(out, block, part);
        gasp_mem_wipe(block, sizeof block);
        out += part;
        len -= part;
    }
}

gasp_err session_event_add(gasp_session *s, const gasp_event *event)
{
    void *list = s->events.list;
    gasp_err err =
        gasp_mem_grow(s->mem, &list, &s->events.cap, s->events.n + 1, sizeof *s->events.list, gasp_limit(EVENTS));
    s->events.list = list;
    if (err == GASP_OK)
        s->events.list[s->events.n++] = *event;
    return err;
}

/* What was given out is gone at the first byte that follows. */
static void out_fresh(gasp_session *s)
{
    if (!s->out_given)
        return;
    s->out_given = false;
    s->out.len = 0;
    if (s->out.cap > (size_t)INV_TARGET)
        gasp_buf_clear(&s->out);
}

gasp_writer session_message(gasp_session *s)
{
    s->scratch.len = 0;
    return gasp_writer_growing(&s->scratch);
}

gasp_err session_emit(gasp_session *s, gasp_msg type, const gasp_buf *message)
{
    uint32_t max_frame = s->theirs.max_frame != 0 ? s->theirs.max_frame : GASP_FRAME_MIN_MAX;
    out_fresh(s);
    s->stats.messages_out++;
    return gasp_frames_out(&s->out, (uint16_t)type, gasp_buf_view(message), max_frame);
}

void session_fail(gasp_session *s, gasp_err err, uint16_t message, uint64_t at)
{
    if (s->state == AT_FAILED || s->state == AT_DONE)
        return;
    s->state = AT_FAILED;
    s->fault.err = err;
    s->fault.message = message;
    s->fault.at = at;
    if (err == GASP_ERR_PEER_CLOSED || err == GASP_ERR_PEER_ERROR || s->fault.peer_err != GASP_OK)
        return;
    gasp_error_msg last = {(uint16_t)gasp_reason_of(err), message, at};
    gasp_writer w = session_message(s);
    gasp_error_encode(&w, &last);
    /* The last words are a courtesy: without memory for them the peer sees the connection end. */
    if (w.err == GASP_OK && session_emit(s, GASP_MSG_ERROR, &s->scratch) != GASP_OK)
        s->out.len = 0;
}

/* ---- questions ----------------------------------------------------------------------------------------------------- */

gasp_err session_answered(gasp_session *s, gasp_ask_kind kind)
{
    asking *ask = &s->asks[kind];
    if (kind == GASP_ASK_NOTE) {
        ask->out = false;
        gasp_ask_clear(kind, &ask->batch);
        return GASP_OK;
    }
    if (kind != GASP_ASK_SNAPSHOT)
        return kind == GASP_ASK_LOAD ? send_loaded(s) : receive_answered(s, kind);
    ask->out = false;
    gasp_items_clear(&s->items);
    gasp_skips_clear(&s->skips);
    s->items = ask->batch.snapshot.items;
    s->skips = ask->batch.snapshot.skips;
    s->has_items = true;
    if (s->state == AT_CLOSING)
        return closing_snapshot(s);
    if (s->state == AT_START || s->state == AT_OPENING) {
        s->ours.tip_height = ask->batch.snapshot.tip_height;
        s->ours.tip = ask->batch.snapshot.tip;
        return open_snapshot(s);
    }
    return s->state == AT_RECEIVING ? receive_begin(s) : send_begin(s);
}

gasp_err session_ask(gasp_session *s, gasp_ask_kind kind, const gasp_ask *batch)
{
    asking *ask = &s->asks[kind];
    *ask = (asking){.out = true, .ticket = s->next_ticket++, .batch = *batch};
    gasp_err err = s->port.ask(s->port.user, kind, &ask->batch, ask->ticket, s->now);
    gasp_err traced = trace_answer(s, kind, err, &ask->batch);
    if (err == GASP_PENDING)
        return traced;
    if (err != GASP_OK || traced != GASP_OK) {
        ask->out = false;
        gasp_ask_clear(kind, &ask->batch);
        return err != GASP_OK ? err : traced;
    }
    return session_answered(s, kind);
}

gasp_err session_ask_snapshot(gasp_session *s)
{
    gasp_ask batch = {.snapshot = {.collection = s->collection, .match = s->match, .peer = {s->peer, s->peer_len}}};
    s->has_items = false;
    return session_ask(s, GASP_ASK_SNAPSHOT, &batch);
}

/* ---- the doors ----------------------------------------------------------------------------------------------------- */

/* Goes as far as it can after anything has changed. */
static gasp_err pump(gasp_session *s)
{
    return s->state == AT_RECEIVING ? receive_pump(s) : GASP_OK;
}

static bool ended(const gasp_session *s)
{
    return s->state == AT_DONE || s->state == AT_FAILED;
}

/* What every call ends with: an error that the session did not note yet ends it. */
static gasp_err leave(gasp_session *s, gasp_err err)
{
    if (err != GASP_OK)
        session_fail(s, err, 0, 0);
    return s->fault.err;
}

static bool waits_for_port(const gasp_session *s)
{
    for (int kind = 0; kind < GASP_ASK_KINDS; kind++)
        if (s->asks[kind].out)
            return true;
    return false;
}

/* The peer may be silent while it takes in what we say: the time runs from the last bytes in either direction. */
static uint64_t silent_until(const gasp_session *s)
{
    uint64_t last = s->heard_ms > s->spoke_ms ? s->heard_ms : s->spoke_ms;
    return last + gasp_limit_set(IDLE_MS, s->limits.idle_ms);
}

static uint64_t keepalive_after(const gasp_session *s)
{
    return s->limits.idle_ms / 4 < KEEPALIVE_MS ? s->limits.idle_ms / 4 : KEEPALIVE_MS;
}

/* Whether we speak up though there is nothing to say: while our own wallet is asked, and between rounds that our host wants
 * more of. */
static bool keeps_alive(const gasp_session *s)
{
    return waits_for_port(s) || (s->state == AT_RESTING && s->stay && s->initiator);
}

/* Silence of the peer counts only while it is the peer's turn to speak. A peer that is silent between rounds has gone, and
 * nothing is lost by that. */
static gasp_err look_at_time(gasp_session *s)
{
    if (keeps_alive(s)) {
        s->heard_ms = s->now.mono_ms;
        if (s->now.mono_ms - s->spoke_ms < keepalive_after(s))
            return GASP_OK;
        s->spoke_ms = s->now.mono_ms;
        gasp_writer w = session_message(s);
        return w.err == GASP_OK ? session_emit(s, GASP_MSG_KEEPALIVE, &s->scratch) : w.err;
    }
    if (s->now.mono_ms < silent_until(s))
        return GASP_OK;
    if (s->state != AT_RESTING)
        return GASP_ERR_PEER_IDLE;
    s->state = AT_DONE;
    return GASP_OK;
}

static void note_time(gasp_session *s, gasp_time now)
{
    if (s->heard_ms == 0)
        s->heard_ms = s->spoke_ms = now.mono_ms;
    s->now = now;
}

gasp_err gasp_session_recv(gasp_session *s, const uint8_t *in, size_t len, gasp_time now)
{
    if (ended(s))
        return s->fault.err;
    note_time(s, now);
    gasp_err err = trace_recv(s, (gasp_bytes){in, len});
    if (len == 0 && err == GASP_OK)
        err = look_at_time(s);
    if (len > 0)
        s->heard_ms = now.mono_ms;
    s->stats.bytes_in += len;
    for (size_t at = 0; err == GASP_OK && at < len && !ended(s);) {
        size_t used = 0;
        uint16_t type = 0;
        gasp_blob *message = NULL;
        err = gasp_frames_in_take(&s->frames, &used, &type, &message, in + at, len - at);
        at += used;
        if (err == GASP_AGAIN) {
            err = GASP_OK;
            break;
        }
        if (err == GASP_OK)
            err = session_message_in(s, type, message);
        gasp_blob_release(message);
    }
    if (err == GASP_OK && !ended(s))
        err = pump(s);
    return leave(s, err);
}

/* The next of the long streams, when nothing small is waiting to be said. */
static gasp_err produce(gasp_session *s)
{
    switch (s->state) {
    case AT_START:
        return open_begin(s);
    case AT_RECEIVING:
        return receive_produce(s);
    case AT_SENDING:
        return send_produce(s);
    case AT_RESTING:
        return rest_produce(s);
    case AT_OPENING:
    case AT_CLOSING:
    case AT_DONE:
    case AT_FAILED:
    case AT_STATES:
        break;
    }
    return GASP_OK;
}

gasp_err gasp_session_send(gasp_session *s, const uint8_t **out, size_t *len, gasp_time now)
{
    gasp_err err = GASP_OK;
    *out = NULL;
    *len = 0;
    out_fresh(s);
    note_time(s, now);
    bool over = ended(s);
    if (!over || s->out.len > 0) { /* the last words are recorded too */
        err = trace_send_begin(s);
        if (err == GASP_OK && !over && s->out.len == 0)
            err = produce(s);
        if (err == GASP_OK && !ended(s))
            err = pump(s);
        err = leave(s, err);
        gasp_err traced = trace_sent(s, gasp_buf_view(&s->out));
        err = err == GASP_OK && !over ? leave(s, traced) : err;
    }
    if (s->out.len > 0) {
        *out = s->out.data;
        *len = s->out.len;
        s->out_given = true;
        s->said = true;
        s->spoke_ms = now.mono_ms;
        s->stats.bytes_out += s->out.len;
    }
    return s->state == AT_FAILED && *len > 0 ? GASP_OK : err;
}

gasp_err gasp_session_closed(gasp_session *s, gasp_time now)
{
    if (ended(s))
        return s->fault.err;
    note_time(s, now);
    gasp_err err = trace_closed(s);
    if (err == GASP_OK && s->state == AT_RESTING) {
        s->state = AT_DONE;
        return GASP_OK;
    }
    return leave(s, err != GASP_OK ? err : GASP_ERR_PEER_CLOSED);
}

gasp_err gasp_session_changed(gasp_session *s, gasp_time now)
{
    if (ended(s))
        return s->fault.err;
    note_time(s, now);
    gasp_err err = trace_changed(s);
    s->want_round = s->want_round || (s->stay && (s->round > 0 || s->state != AT_START));
    return leave(s, err);
}

gasp_err gasp_session_resume(gasp_session *s, uint64_t ticket, gasp_time now)
{
    if (ended(s))
        return s->fault.err;
    for (int kind = 0; kind < GASP_ASK_KINDS; kind++) {
        asking *ask = &s->asks[kind];
        if (!ask->out || ask->ticket != ticket)
            continue;
        note_time(s, now);
        gasp_err err = trace_resume(s, ticket);
        if (err == GASP_OK)
            err = s->port.finish(s->port.user, (gasp_ask_kind)kind, &ask->batch, ticket, now);
        if (err == GASP_OK)
            err = trace_answer(s, (gasp_ask_kind)kind, GASP_OK, &ask->batch);
        if (err == GASP_OK)
            err = session_answered(s, (gasp_ask_kind)kind);
        if (err == GASP_OK && !ended(s))
            err = pump(s);
        return leave(s, err);
    }
    return GASP_ERR_MISUSE;
}

uint64_t gasp_session_deadline(const gasp_session *s)
{
    if (ended(s) || s->heard_ms == 0)
        return UINT64_MAX;
    return keeps_alive(s) ? s->spoke_ms + keepalive_after(s) : silent_until(s);
}

bool gasp_session_done(const gasp_session *s)
{
    return ended(s);
}

gasp_err gasp_session_event(gasp_session *s, gasp_event *out)
{
    if (s->events.next == s->events.n) {
        s->events.next = s->events.n = 0;
        return GASP_DONE;
    }
    *out = s->events.list[s->events.next++];
    return trace_event(s, out);
}

void gasp_session_count(const gasp_session *s, gasp_session_stats *out)
{
    *out = s->stats;
    gasp_stage_counts counts = {0};
    if (s->in_turn.stage != NULL)
        counts = gasp_stage_count(s->in_turn.stage);
    out->scripts = s->done_before.scripts + counts.scripts_asked;
    out->committed = s->done_before.committed + counts.committed;
    out->refused = s->done_before.refused + counts.refused;
}

void gasp_session_why(const gasp_session *s, gasp_session_fault *out)
{
    *out = s->fault;
}
