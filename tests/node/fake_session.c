/* The session of fake_session.h. It numbers its tickets from 1, as every session may, so that those of two sessions are
 * the same; it checks what it is given, and ends the program when a node breaks the contract of gasp/session.h. */
#include "node/fake_session.h"

#include <stdlib.h>
#include <string.h>

enum { TICKETS_MAX = 4096, EVENTS_MAX = 8 };

struct gasp_session {
    test_world *world;
    bool initiator;
    const gasp_access *access;
    gasp_trace_sink trace;
    void *trace_ctx;
    char peer[32];
    size_t peer_len;
    gasp_collection collection;
    gasp_time last;
    uint64_t heard_ms;

    uint8_t head[5]; /**< of the message that comes */
    size_t head_len;
    uint32_t body_left;
    uint64_t got;
    uint64_t next_verify;
    bool opened;
    bool peer_end;
    bool peer_final;

    uint8_t *out;
    uint64_t said;
    bool said_end;
    bool said_final;
    bool said_error;

    test_batch *open[TICKETS_MAX]; /**< by ticket */
    uint64_t last_ticket;
    unsigned n_open;

    gasp_event_kind events[EVENTS_MAX];
    size_t n_events;
    gasp_session_stats stats;
    gasp_err err;
    bool counted;
};

uint8_t test_byte(uint64_t at, bool initiator)
{
    return (uint8_t)(at * 131 + (at >> 8) * 7 + (initiator ? 3 : 90));
}

void gasp_session_config_init(gasp_session_config *config)
{
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->match = GASP_MATCH_STATE;
}

gasp_err gasp_session_new(gasp_session **out, const gasp_session_config *config)
{
    test_world *world = (test_world *)(void *)config->wallet;
    static const uint8_t zeros[32];
    test_need(config->size == sizeof *config && world != NULL && config->access != NULL);
    test_need(config->access->size == sizeof *config->access && config->peer_len < sizeof world->peer);
    test_need(memcmp(config->seed32, zeros, 32) != 0 && memcmp(config->seed32, world->seed32, 32) != 0);
    if (world->new_err != GASP_OK)
        return world->new_err;
    gasp_session *s = calloc(1, sizeof *s);
    test_need(s != NULL);
    s->world = world;
    s->initiator = config->initiator;
    s->access = config->access;
    s->trace = config->trace;
    s->trace_ctx = config->trace_ctx;
    s->collection = config->collection;
    memcpy(s->peer, config->peer, config->peer_len);
    s->peer_len = config->peer_len;
    s->next_verify = world->verify_each;
    memcpy(world->peer, s->peer, sizeof s->peer);
    memcpy(world->seed32, config->seed32, 32);
    world->collection = config->collection;
    world->match = config->match;
    world->n_sessions++;
    world->n_live++;
    *out = s;
    return GASP_OK;
}

static void event(gasp_session *s, gasp_event_kind kind)
{
    test_need(s->n_events < EVENTS_MAX);
    s->events[s->n_events++] = kind;
}

static gasp_err broken(gasp_session *s, gasp_err err)
{
    if (s->err == GASP_OK)
        s->err = err;
    return s->err;
}

static void settle(gasp_session *s)
{
    if (s->counted || s->err != GASP_OK || !(s->initiator ? s->said_final : s->peer_final))
        return;
    s->counted = true;
    s->world->n_done++;
    event(s, GASP_EVENT_CLOSED);
}

static gasp_err ask(gasp_session *s)
{
    test_world *world = s->world;
    size_t n = test_random_below(&world->random, world->batch_len + 1);
    test_batch *b = test_batch_new(world->jobs, &world->random, n, world->slow);
    uint64_t ticket = ++s->last_ticket;
    test_need(ticket < TICKETS_MAX);
    gasp_err err = world->verifier->verify(world->verifier->user, b->verdicts, &b->batch, ticket);
    s->stats.scripts += n;
    if (err == GASP_PENDING) {
        s->open[ticket] = b;
        s->n_open++;
        world->n_pending++;
        return GASP_OK;
    }
    test_need(err != GASP_OK || test_batch_right(b));
    world->n_at_once++;
    test_batch_free(b);
    return err == GASP_OK ? GASP_OK : broken(s, err);
}

static gasp_err opened(gasp_session *s)
{
    s->opened = true;
    event(s, GASP_EVENT_OPENED);
    unsigned rights = s->access->rights(s->access->user, (const uint8_t *)s->peer, s->peer_len, &s->collection);
    if (rights == (GASP_RIGHT_READ | GASP_RIGHT_WRITE))
        return GASP_OK;
    s->world->n_denied++;
    return broken(s, GASP_ERR_PEER_DENIED);
}

static gasp_err take_head(gasp_session *s, uint8_t byte)
{
    s->head[s->head_len++] = byte;
    if (s->peer_final || (s->peer_end && byte == 'D' && s->head_len == 1))
        return broken(s, GASP_ERR_PEER_UNEXPECTED);
    switch (s->head[0]) {
    case 'D':
        if (s->head_len < 5)
            return GASP_OK;
        memcpy(&s->body_left, s->head + 1, 4);
        break;
    case 'E':
        s->peer_end = true;
        break;
    case 'F':
        s->peer_final = true;
        break;
    case 'X':
        return broken(s, GASP_ERR_PEER_ERROR);
    default:
        return broken(s, GASP_ERR_PEER_MESSAGE);
    }
    s->head_len = 0;
    return GASP_OK;
}

static gasp_err take_body(gasp_session *s, uint8_t byte)
{
    if (byte != test_byte(s->got, !s->initiator))
        return broken(s, GASP_ERR_PEER_MESSAGE);
    s->got++;
    s->body_left--;
    s->world->received++;
    if (s->world->fail_at > 0 && s->got >= s->world->fail_at)
        return broken(s, GASP_ERR_PEER_MESSAGE);
    if (s->world->verify_each == 0 || s->got < s->next_verify)
        return GASP_OK;
    s->next_verify += s->world->verify_each;
    return ask(s);
}

static void look(gasp_session *s, gasp_time now)
{
    test_need(now.mono_ms >= s->last.mono_ms && now.wall_ms > 1600000000000);
    if (s->last.mono_ms == 0)
        s->heard_ms = now.mono_ms;
    s->last = now;
}

gasp_err gasp_session_recv(gasp_session *s, const uint8_t *in, size_t len, gasp_time now)
{
    look(s, now);
    if (s->err != GASP_OK)
        return s->err;
    if (s->trace != NULL && s->trace(s->trace_ctx, in, len) != GASP_OK)
        return broken(s, GASP_ERR_FILE_OPEN);
    if (len > 0)
        s->heard_ms = now.mono_ms;
    if (s->world->idle_ms > 0 && now.mono_ms - s->heard_ms >= s->world->idle_ms)
        return broken(s, GASP_ERR_PEER_IDLE);
    s->stats.bytes_in += len;
    gasp_err err = s->opened || len == 0 ? GASP_OK : opened(s);
    for (size_t i = 0; i < len && err == GASP_OK; i++)
        err = s->body_left > 0 ? take_body(s, in[i]) : take_head(s, in[i]);
    settle(s);
    return err;
}

/* As CLOSE, what ends a side waits for its verdicts. */
static size_t compose_end(gasp_session *s)
{
    bool mine = s->initiator || (s->peer_end && s->n_open == 0);
    if (!s->said_end && mine) {
        s->said_end = true;
        s->out[0] = 'E';
        return 1;
    }
    if (!s->initiator || s->said_final || !s->peer_end || s->n_open > 0)
        return 0;
    s->said_final = true;
    s->out[0] = 'F';
    return 1;
}

/* The next of: data, the end, an error; 0 when there is nothing to say. */
static size_t compose(gasp_session *s)
{
    uint64_t left = s->world->to_send - s->said;
    uint32_t most = s->world->piece > 0 ? s->world->piece : 5000;
    if (s->err != GASP_OK && !s->said_error) {
        s->said_error = true;
        s->out[0] = 'X';
        return 1;
    }
    if (s->err != GASP_OK || s->world->silent)
        return 0;
    if (left == 0)
        return compose_end(s);
    uint32_t n = left < most ? (uint32_t)left : most;
    s->out[0] = 'D';
    memcpy(s->out + 1, &n, 4);
    for (uint32_t i = 0; i < n; i++)
        s->out[5 + i] = test_byte(s->said++, s->initiator);
    return 5 + n;
}

gasp_err gasp_session_send(gasp_session *s, const uint8_t **out, size_t *len, gasp_time now)
{
    look(s, now);
    free(s->out); /* so that a view kept too long is found */
    s->out = malloc(5 + (s->world->piece > 0 ? s->world->piece : 5000));
    test_need(s->out != NULL);
    *len = compose(s);
    *out = s->out;
    s->world->pulled += *len;
    s->stats.bytes_out += *len;
    settle(s);
    return GASP_OK;
}

gasp_err gasp_session_closed(gasp_session *s, gasp_time now)
{
    look(s, now);
    if (s->err != GASP_OK)
        return s->err;
    return s->counted ? GASP_OK : broken(s, GASP_ERR_PEER_CLOSED);
}

gasp_err gasp_session_resume(gasp_session *s, uint64_t ticket, gasp_time now)
{
    look(s, now);
    if (ticket >= TICKETS_MAX || s->open[ticket] == NULL)
        return GASP_ERR_MISUSE;
    test_need(test_batch_right(s->open[ticket]));
    test_batch_free(s->open[ticket]);
    s->open[ticket] = NULL;
    s->n_open--;
    s->world->n_resumed++;
    settle(s);
    return s->err;
}

void gasp_session_free(gasp_session *s)
{
    if (s == NULL)
        return;
    for (uint64_t ticket = 0; ticket < TICKETS_MAX; ticket++) {
        if (s->open[ticket] == NULL)
            continue;
        s->world->verifier->cancel(s->world->verifier->user, ticket);
        s->world->n_cancelled++;
        test_batch_free(s->open[ticket]);
    }
    s->world->n_live--;
    free(s->out);
    free(s);
}

uint64_t gasp_session_deadline(const gasp_session *s)
{
    return s->world->idle_ms > 0 ? s->heard_ms + s->world->idle_ms : UINT64_MAX;
}

bool gasp_session_done(const gasp_session *s)
{
    return s->err != GASP_OK || s->counted;
}

gasp_err gasp_session_event(gasp_session *s, gasp_event *out)
{
    if (s->n_events == 0)
        return GASP_DONE;
    memset(out, 0, sizeof *out);
    out->kind = s->events[0];
    s->n_events--;
    memmove(s->events, s->events + 1, s->n_events * sizeof *s->events);
    return GASP_OK;
}

void gasp_session_count(const gasp_session *s, gasp_session_stats *out)
{
    *out = s->stats;
}

void gasp_session_why(const gasp_session *s, gasp_session_fault *out)
{
    memset(out, 0, sizeof *out);
    out->err = s->err;
}

gasp_err gasp_session_changed(gasp_session *s, gasp_time now)
{
    (void)s;
    (void)now;
    return GASP_OK;
}
