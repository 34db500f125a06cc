/* What a round begins with: OPEN for the first of a connection, ROUND for those that follow, and between them CHANGED, by
 * which a responder asks for one. What was agreed in OPEN holds for all rounds; what may change is told anew. */
#include <string.h>

#include "base/limits.h"
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
    open->features = s->initiator ? GASP_FEATURES : s->theirs.features & GASP_FEATURES;
    open->n_locator = 1;
    open->locator[0] = open->tip;
}

bool session_has(const gasp_session *s, unsigned feature)
{
    return (s->features & feature) == feature;
}

bool session_may(uint8_t rights, unsigned right)
{
    return (rights & right) == right;
}

static gasp_err ask_rights(gasp_session *s)
{
    unsigned rights = 0;
    gasp_err err = s->port.rights(s->port.user, &rights, s->peer, s->peer_len, &s->collection);
    s->rights_given = (uint8_t)rights;
    return trace_rights(s, rights, err);
}

/* An initiator's first words: what we have goes into them, so the wallet is asked first. */
gasp_err open_begin(gasp_session *s)
{
    if (s->asks[GASP_ASK_SNAPSHOT].out)
        return GASP_OK;
    gasp_err err = ask_rights(s);
    return err == GASP_OK ? session_ask_snapshot(s) : err;
}

/* What each round tells anew. */
static void fill_round(gasp_session *s)
{
    gasp_open *open = &s->ours;
    open->has_summary = session_may(s->rights_given, GASP_RIGHT_READ);
    gasp_items_summary(&open->summary, &s->items);
    session_random(s, open->bounds_key, sizeof open->bounds_key);
    open->has_settled = open->has_summary && s->skips.settled;
    memcpy(open->settled, s->skips.pair, sizeof open->settled);
}

static gasp_err say_begin(gasp_session *s)
{
    gasp_writer w = session_message(s);
    fill_round(s);
    if (s->round == 0) {
        fill_open(s);
        gasp_open_encode(&w, &s->ours);
    } else {
        gasp_round_encode(&w, s->round, &s->ours);
    }
    if (w.err != GASP_OK)
        return w.err;
    return session_emit(s, s->round == 0 ? GASP_MSG_OPEN : GASP_MSG_ROUND, &s->scratch);
}

/* Whether nothing is to be done: both have the same, or both have what they had when they last accounted for it. A responder
 * says that a pair is settled only when it was asked for the same one. */
static void compare(gasp_session *s)
{
    const gasp_open *a = &s->ours;
    const gasp_open *b = &s->theirs;
    bool same_match = s->round > 0 || a->match == b->match; /* a further round has the match that was agreed */
    s->settled = same_match && a->has_settled && b->has_settled && memcmp(a->settled, b->settled, 32) == 0;
    s->equal = s->settled ||
               (same_match && a->has_summary && b->has_summary && gasp_set_summary_equal(&a->summary, &b->summary));
}

/* Both have spoken: what is in force is told, and the first turn begins, or nothing is left to do. */
static gasp_err opened(gasp_session *s)
{
    uint8_t seed[16];
    compare(s);
    session_random(s, seed, sizeof seed);
    account_clear(&s->account);
    account_init(&s->account, seed, s->mem);
    s->n_owed = 0;
    gasp_map_clear(&s->owed_by);
    gasp_map_init(&s->owed_by, 32, sizeof(size_t), SIZE_MAX, seed, s->mem);
    s->received = s->peer_owes = s->accounted = s->awaits = false;
    s->said_close = s->heard_close = false;
    gasp_event event = {.kind = GASP_EVENT_OPENED,
                        .opened = {.version = GASP_PROTOCOL_VERSION,
                                   .match = s->match,
                                   .round = s->round,
                                   .peer_height = s->theirs.tip_height,
                                   .mine = s->items.len,
                                   .theirs = s->theirs.summary.count,
                                   .equal = s->equal}};
    gasp_err err = session_event_add(s, &event);
    if (err != GASP_OK)
        return err;
    s->result = GASP_RESULT_COMPLETE;
    return s->equal ? closing_begin(s) : turn_begin(s, 1);
}

/* The wallet answered with what it has, before OPEN or ROUND. */
gasp_err open_snapshot(gasp_session *s)
{
    gasp_err err = say_begin(s);
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
    if (open->has_summary && open->summary.count > gasp_limit_set(MAX_ITEMS, s->limits.max_items))
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
    if ((open->features & ~(uint64_t)GASP_FEATURES) != 0)
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
    if (s->round > 0 || s->theirs.max_frame != 0)
        return GASP_ERR_PEER_UNEXPECTED;
    if (err == GASP_OK)
        err = gasp_open_decode(&s->theirs, r);
    if (err == GASP_OK)
        err = judge_open(s, (gasp_network)s->ours.network);
    if (err != GASP_OK)
        return err;
    gasp_frames_in_raise(&s->frames, s->limits.max_message);
    s->features = s->theirs.features & GASP_FEATURES;
    if (s->initiator) {
        err = judge_answer(s);
        if (err == GASP_OK && s->theirs.rights == 0)
            err = GASP_ERR_PEER_DENIED;
        s->has_items = s->has_items && s->match == (gasp_match)s->theirs.match;
        s->match = (gasp_match)s->theirs.match;
        return err == GASP_OK ? opened(s) : err;
    }
    s->collection = s->theirs.collection;
    err = ask_rights(s);
    if (err != GASP_OK)
        return err;
    if (s->rights_given == 0)
        return GASP_ERR_PEER_DENIED;
    bool by_state = s->match == GASP_MATCH_STATE && s->theirs.match == GASP_MATCH_STATE &&
                    s->theirs.state_version == GASP_STATE_VERSION;
    s->match = by_state ? GASP_MATCH_STATE : GASP_MATCH_OUTPOINT;
    return session_ask_snapshot(s);
}

/* ---- further rounds ------------------------------------------------------------------------------------------------ */

gasp_err on_round(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    uint32_t number;
    (void)message;
    bool due = session_has(s, GASP_FEATURE_ROUNDS) &&
               (s->initiator ? s->state == AT_OPENING && s->round > 0 : s->state == AT_RESTING);
    if (!due)
        return GASP_ERR_PEER_UNEXPECTED;
    gasp_err err = gasp_round_decode(&s->theirs, &number, r);
    if (err != GASP_OK)
        return err;
    if (s->theirs.has_summary && s->theirs.summary.count > gasp_limit_set(MAX_ITEMS, s->limits.max_items))
        return GASP_ERR_PEER_LIMIT;
    if (number != (s->initiator ? s->round : s->round + 1))
        return GASP_ERR_PEER_MESSAGE;
    if (s->initiator)
        return opened(s);
    s->round = number;
    s->want_round = s->said_changed = false;
    s->state = AT_OPENING;
    return session_ask_snapshot(s);
}

/* The responder has news. When our ROUND is on its way already that round will bring them. */
gasp_err on_changed(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    (void)message;
    gasp_err err = gasp_reader_finish(r, NULL);
    if (err != GASP_OK)
        return err;
    if (!s->initiator || !session_has(s, GASP_FEATURE_ROUNDS))
        return GASP_ERR_PEER_UNEXPECTED;
    if (s->state == AT_RESTING)
        s->want_round = true;
    return GASP_OK;
}

static gasp_err say_changed(gasp_session *s)
{
    s->said_changed = true;
    gasp_writer w = session_message(s);
    return w.err == GASP_OK ? session_emit(s, GASP_MSG_CHANGED, &s->scratch) : w.err;
}

gasp_err rest_produce(gasp_session *s)
{
    if (!s->want_round)
        return GASP_OK;
    if (!s->initiator)
        return s->said_changed ? GASP_OK : say_changed(s);
    s->want_round = false;
    s->round++;
    s->state = AT_START;
    return session_ask_snapshot(s);
}
