/* Sessions joined in memory. */
#include "hostile/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEPS_MAX = 20000,  /* of a sync that takes some dozens */
    LATER_MS = 1000000, /* from one sync to the next */
    CREDIT = 2          /* roots at a time: so that a sync is many messages and many commits */
};

static const gasp_collection standard = {{0}};

void wire_append(wire_bytes *b, const void *data, size_t len)
{
    if (b->len + len > b->room) {
        b->room = 2 * (b->len + len);
        b->data = realloc(b->data, b->room);
        assert_non_null(b->data);
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

void wire_clear(wire_bytes *b)
{
    free(b->data);
    *b = (wire_bytes){0};
}

void wire_init(wire *w)
{
    *w = (wire){.now = {SCENE_START_MS, 1700000000000}, .cut = {UINT64_MAX, UINT64_MAX}};
}

void wire_config(gasp_session_config config[2], gasp_wallet *first, gasp_wallet *second)
{
    for (int i = 0; i < 2; i++) {
        gasp_session_config_init(&config[i]);
        config[i].wallet = i == 0 ? first : second;
        config[i].initiator = i == 0;
        config[i].limits.credit_roots = CREDIT;
        memset(config[i].seed32, 17 + i, sizeof config[i].seed32);
    }
}

static void note(wire_side *side, gasp_err err)
{
    if (side->err == GASP_OK)
        side->err = err;
}

void wire_start(wire *w, const gasp_session_config config[2])
{
    for (int i = 0; i < 2; i++)
        note(&w->side[i], gasp_session_new(&w->side[i].session, &config[i]));
}

static void take_events(wire *w, int i)
{
    wire_side *side = &w->side[i];
    gasp_event event;
    while (side->session != NULL && gasp_session_event(side->session, &event) == GASP_OK) {
        if (event.kind == GASP_EVENT_CLOSED)
            side->closed = event;
        side->committed += event.kind == GASP_EVENT_COMMITTED;
        if (event.kind == GASP_EVENT_REFUSED) {
            side->refused++;
            side->refused_for = event.graph.err;
        }
        if (w->event != NULL)
            w->event(w->ctx, i, &event);
    }
}

static void receive(wire *w, int to, const uint8_t *bytes, size_t len)
{
    wire_side *side = &w->side[to];
    if (len == 0 || side->session == NULL)
        return;
    note(side, gasp_session_recv(side->session, bytes, len, w->now));
    take_events(w, to);
}

static void deliver(wire *w, int from, const uint8_t *bytes, size_t len)
{
    uint64_t left = w->cut[from] - w->said[from];
    size_t whole = len < left ? len : (size_t)left;
    w->said[from] += len;
    if (w->mute[from])
        return;
    if (w->hook == NULL) {
        receive(w, !from, bytes, whole);
    } else {
        wire_bytes changed = {0};
        w->hook(w->ctx, from, (gasp_bytes){bytes, whole}, &changed);
        receive(w, !from, changed.data, changed.len);
        wire_clear(&changed);
    }
    w->broken = w->said[from] >= w->cut[from];
}

/* Lets one side speak; whether it did. */
static bool speak(wire *w, int i)
{
    const uint8_t *out = NULL;
    size_t len = 0;
    w->now.mono_ms++;
    w->now.wall_ms++;
    if (w->side[i].session == NULL)
        return false;
    note(&w->side[i], gasp_session_send(w->side[i].session, &out, &len, w->now));
    take_events(w, i);
    if (len == 0)
        return false;
    uint8_t *copy = malloc(len); /* the view ends with the next call, and a tool that watches memory sees its ends */
    assert_non_null(copy);
    memcpy(copy, out, len);
    if (!w->broken)
        deliver(w, i, copy, len);
    free(copy);
    return true;
}

void wire_run(wire *w)
{
    size_t steps = 0;
    for (bool moved = true; moved && !w->broken;) {
        moved = false;
        for (int i = 0; i < 2 && !w->broken; i++)
            moved = speak(w, i) || moved;
        if (!moved && !w->broken && w->quiet != NULL)
            moved = w->quiet(w->ctx, w);
        if (++steps > STEPS_MAX)
            fail_msg("a sync without end");
    }
    for (int i = 0; i < 2 && w->broken && w->drain; i++)
        while (speak(w, i))
            if (++steps > STEPS_MAX)
                fail_msg("a session that speaks without end");
    for (int i = 0; i < 2; i++) {
        wire_side *side = &w->side[i];
        if (side->session == NULL)
            continue;
        note(side, gasp_session_closed(side->session, w->now));
        take_events(w, i);
        assert_true(gasp_session_done(side->session));
        gasp_session_why(side->session, &side->why);
        gasp_session_free(side->session);
        side->session = NULL;
    }
}

bool wire_complete(const wire *w)
{
    for (int i = 0; i < 2; i++) {
        const wire_side *side = &w->side[i];
        if (side->err != GASP_OK || side->closed.kind != GASP_EVENT_CLOSED || !side->closed.closed.equal ||
            side->closed.closed.result != GASP_RESULT_COMPLETE)
            return false;
    }
    return true;
}

void wire_sync_equal(gasp_wallet *first, gasp_wallet *second, const char *where)
{
    gasp_session_config config[2];
    gasp_wallet *const wallets[2] = {first, second};
    gasp_set_summary summary[2];
    wire w;
    wire_init(&w);
    w.now.mono_ms += LATER_MS;
    w.now.wall_ms += LATER_MS;
    wire_config(config, first, second);
    for (int i = 0; i < 2; i++) {
        memset(config[i].seed32, 71 + i, sizeof config[i].seed32);
        config[i].peer = (const uint8_t *)"another";
        config[i].peer_len = 7;
    }
    wire_start(&w, config);
    wire_run(&w);
    if (!wire_complete(&w))
        fail_msg("%s: the next sync does not complete: %s, %s; results %d, %d", where, gasp_err_name(w.side[0].err),
                 gasp_err_name(w.side[1].err), w.side[0].closed.closed.result, w.side[1].closed.closed.result);
    for (int i = 0; i < 2; i++)
        assert_err(gasp_wallet_summary(wallets[i], &summary[i], &standard), GASP_OK);
    if (!gasp_set_summary_equal(&summary[0], &summary[1]))
        fail_msg("%s: the two have not the same", where);
}

void wire_sync(const scene *s, gasp_wallet *first, gasp_wallet *second, const char *where)
{
    gasp_set_summary summary;
    wire_sync_equal(first, second, where);
    assert_err(gasp_wallet_summary(first, &summary, &standard), GASP_OK);
    if (!gasp_set_summary_equal(&summary, &s->after))
        fail_msg("%s: they have not what they should have", where);
}
