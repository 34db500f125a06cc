/* The ends of a round: OPEN, the order of turns, CLOSE. */
#include <string.h>

#include "record/state.h"
#include "session/inside.h"

/* ---- open ---------------------------------------------------------------------------------------------------------- */

static void fill_open(gasp_session *s)
{
    gasp_open *open = &s->ours;
    open->version_min = open->version_max = GASP_PROTOCOL_VERSION;
    open->collection = s->collection;
    open->max_frame = s->limits.max_frame;
    open->max_message = s->limits.max_message;
    open->max_wants = s->limits.max_wants;
    open->credit_roots = s->limits.credit_roots;
    open->credit_bytes = s->limits.credit_bytes;
    open->schemes[0] = GASP_SCHEME_BLOOM;
    open->n_schemes = 1;
    open->match = (uint8_t)s->match;
    open->state_version = GASP_STATE_VERSION;
    open->rights = s->rights_given;
    open->n_locator = 1;
    open->locator[0] = open->tip;
}

/* An initiator's first words: what we have goes into them, so the wallet is asked first. */
gasp_err open_begin(gasp_session *s)
{
    if (s->asks[GASP_ASK_SNAPSHOT].out)
        return GASP_OK;
    s->rights_given = (uint8_t)s->port.rights(s->port.user, s->peer, s->peer_len, &s->collection);
    gasp_err err = trace_rights(s, s->rights_given);
    return err == GASP_OK ? session_ask_snapshot(s) : err;
}

static gasp_err say_open(gasp_session *s, bool with_summary)
{
    fill_open(s);
    s->ours.has_summary = with_summary;
    if (with_summary)
        gasp_items_summary(&s->ours.summary, &s->items);
    gasp_writer w = session_message(s);
    gasp_open_encode(&w, &s->ours);
    return w.err == GASP_OK ? session_emit(s, GASP_MSG_OPEN, &s->scratch) : w.err;
}

static bool may(uint8_t rights, unsigned right)
{
    return (rights & right) == right;
}

/* Whether the turn in which the initiator receives (first) or sends takes place at all. */
static bool turn_allowed(const gasp_session *s, bool first)
{
    bool receives = first == s->initiator;
    uint8_t source = receives ? s->theirs.rights : s->rights_given;
    uint8_t target = receives ? s->rights_given : s->theirs.rights;
    return may(source, GASP_RIGHT_READ) && may(target, GASP_RIGHT_WRITE);
}

/* Both have spoken: what is in force is told, and the first turn begins, or nothing is left to do. */
static gasp_err opened(gasp_session *s)
{
    s->equal = s->ours.has_summary && s->theirs.has_summary && s->ours.match == s->theirs.match &&
               gasp_set_summary_equal(&s->ours.summary, &s->theirs.summary);
    s->out_turn.credit = (gasp_credit){s->theirs.credit_roots, s->theirs.credit_bytes};
    gasp_event event = {.kind = GASP_EVENT_OPENED,
                        .opened = {.version = GASP_PROTOCOL_VERSION,
                                   .match = s->match,
                                   .peer_height = s->theirs.tip_height,
                                   .mine = s->items.len,
                                   .theirs = s->theirs.summary.count,
                                   .equal = s->equal}};
    gasp_err err = session_event_add(s, &event);
    if (err != GASP_OK)
        return err;
    s->result = s->equal || turn_allowed(s, s->initiator) ? GASP_RESULT_COMPLETE : GASP_RESULT_PARTIAL;
    return s->equal ? closing_begin(s) : turn_begin(s, true);
}

/* The wallet answered with what it has, before OPEN. */
gasp_err open_snapshot(gasp_session *s)
{
    gasp_err err = say_open(s, may(s->rights_given, GASP_RIGHT_READ));
    if (err != GASP_OK)
        return err;
    if (s->initiator) {
        s->state = AT_OPENING;
        return GASP_OK;
    }
    return opened(s);
}

/* What both must share, in the order in which a peer learns of it. */
static gasp_err judge_open(const gasp_session *s, gasp_network network)
{
    const gasp_open *open = &s->theirs;
    bool scheme = false;
    if (open->network != (uint8_t)network)
        return GASP_ERR_PEER_NETWORK;
    for (size_t i = 0; i < open->n_schemes; i++)
        scheme = scheme || open->schemes[i] == GASP_SCHEME_BLOOM;
    if (!scheme)
        return GASP_ERR_PEER_NOTHING_COMMON;
    if (open->max_frame < GASP_FRAME_MIN_MAX || open->max_message < open->max_frame ||
        open->max_message < GASP_MESSAGE_MIN_MAX || open->max_wants == 0 || open->credit_roots == 0 ||
        open->credit_bytes == 0)
        return GASP_ERR_PEER_MESSAGE;
    if (open->has_summary && open->summary.count > s->limits.max_items)
        return GASP_ERR_PEER_LIMIT;
    return GASP_OK;
}

/* What only an answer must keep: it chooses from what was offered. */
static gasp_err judge_answer(const gasp_session *s)
{
    const gasp_open *open = &s->theirs;
    if (open->version_min != open->version_max || open->n_schemes != 1 ||
        memcmp(open->collection.b, s->collection.b, sizeof open->collection.b) != 0)
        return GASP_ERR_PEER_MESSAGE;
    if (open->features != 0)
        return GASP_ERR_PEER_MESSAGE;
    if (open->match == GASP_MATCH_STATE && (s->match != GASP_MATCH_STATE || open->state_version != GASP_STATE_VERSION))
        return GASP_ERR_PEER_MESSAGE;
    return GASP_OK;
}

/* A range of versions that we are not in is answered as that, whatever fields a later version has. */
static gasp_err judge_version(const gasp_blob *message)
{
    gasp_reader r = gasp_reader_of(gasp_blob_view(message));
    (void)gasp_read_u32(&r); /* the magic, which decoding looks at */
    uint16_t least = gasp_read_u16(&r);
    uint16_t most = gasp_read_u16(&r);
    bool ours = least <= GASP_PROTOCOL_VERSION && most >= GASP_PROTOCOL_VERSION;
    return r.err != GASP_OK || ours ? GASP_OK : GASP_ERR_PEER_VERSION;
}

gasp_err on_open(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    gasp_err err = judge_version(message);
    if (err == GASP_OK)
        err = gasp_open_decode(&s->theirs, r);
    if (err == GASP_OK)
        err = judge_open(s, (gasp_network)s->ours.network);
    if (err != GASP_OK)
        return err;
    gasp_frames_in_raise(&s->frames, s->limits.max_message);
    if (s->initiator) {
        err = judge_answer(s);
        if (err == GASP_OK && s->theirs.rights == 0)
            err = GASP_ERR_PEER_DENIED;
        s->has_items = s->has_items && s->match == (gasp_match)s->theirs.match;
        s->match = (gasp_match)s->theirs.match;
        return err == GASP_OK ? opened(s) : err;
    }
    s->collection = s->theirs.collection;
    s->rights_given = (uint8_t)s->port.rights(s->port.user, s->peer, s->peer_len, &s->collection);
    err = trace_rights(s, s->rights_given);
    if (err != GASP_OK)
        return err;
    if (s->rights_given == 0)
        return GASP_ERR_PEER_DENIED;
    bool by_state = s->match == GASP_MATCH_STATE && s->theirs.match == GASP_MATCH_STATE &&
                    s->theirs.state_version == GASP_STATE_VERSION;
    s->match = by_state ? GASP_MATCH_STATE : GASP_MATCH_OUTPOINT;
    return session_ask_snapshot(s);
}

/* ---- turns --------------------------------------------------------------------------------------------------------- */

gasp_err turn_begin(gasp_session *s, bool first)
{
    if (first && !turn_allowed(s, true))
        first = false;
    if (!turn_allowed(s, first))
        return closing_begin(s);
    s->first_turn = first;
    s->state = first == s->initiator ? AT_RECEIVING : AT_SENDING;
    gasp_event event = {.kind = GASP_EVENT_TURN, .turn = {.receiving = s->state == AT_RECEIVING}};
    gasp_err err = session_event_add(s, &event);
    if (err != GASP_OK)
        return err;
    if (s->has_items && first)
        return s->state == AT_RECEIVING ? receive_begin(s) : send_begin(s);
    return session_ask_snapshot(s);
}

gasp_err turn_over(gasp_session *s)
{
    gasp_items_clear(&s->items);
    s->has_items = false;
    return s->first_turn ? turn_begin(s, false) : closing_begin(s);
}

/* ---- close --------------------------------------------------------------------------------------------------------- */

gasp_err closing_begin(gasp_session *s)
{
    s->state = AT_CLOSING;
    return s->equal ? closing_snapshot(s) : session_ask_snapshot(s);
}

/* Both have said how it ended. */
static gasp_err finish(gasp_session *s)
{
    if (!s->said_close || !s->heard_close)
        return GASP_OK;
    s->state = AT_DONE;
    gasp_event event = {.kind = GASP_EVENT_CLOSED,
                        .closed = {.result = (gasp_result)s->close_ours.result,
                                   .peer_result = (gasp_result)s->close_theirs.result,
                                   .equal = gasp_set_summary_equal(&s->close_ours.summary, &s->close_theirs.summary),
                                   .summary = s->close_ours.summary}};
    return session_event_add(s, &event);
}

gasp_err closing_snapshot(gasp_session *s)
{
    s->close_ours.result = (uint8_t)s->result;
    gasp_items_summary(&s->close_ours.summary, &s->items);
    gasp_writer w = session_message(s);
    gasp_close_encode(&w, &s->close_ours);
    gasp_err err = w.err == GASP_OK ? session_emit(s, GASP_MSG_CLOSE, &s->scratch) : w.err;
    s->said_close = true;
    return err == GASP_OK ? finish(s) : err;
}

gasp_err on_close(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    (void)message;
    gasp_err err = gasp_close_decode(&s->close_theirs, r);
    if (err != GASP_OK)
        return err;
    if (s->heard_close)
        return GASP_ERR_PEER_UNEXPECTED;
    s->heard_close = true;
    return finish(s);
}
