/* What a round ends with: CLOSE from both sides, the account, what is remembered of it, and what follows. The initiator
 * closes first, the responder when it has read that; so each has accounted before it decides whether another round is
 * needed, and the initiator knows both. When nothing was to be done both close at once. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "session/inside.h"

gasp_err closing_begin(gasp_session *s)
{
    s->state = AT_CLOSING;
    if (s->equal)
        return closing_snapshot(s);
    if (!s->initiator && !s->heard_close)
        return GASP_OK;
    return session_ask_snapshot(s);
}

/* ---- the account --------------------------------------------------------------------------------------------------- */

/* Takes the account of the peer's CLOSE. Only who received has one to take. */
static gasp_err take_account(gasp_session *s)
{
    s->accounted = s->equal;
    if (s->equal || !s->received || !s->account.known || !session_has(s, GASP_FEATURE_ACCOUNT))
        return GASP_OK;
    gasp_err err = gasp_items_index_outpoints(&s->items);
    if (err != GASP_OK)
        return err;
    return account_holds(&s->accounted, &s->account, &s->items, s->ours.bounds_key,
                         (const uint8_t(*)[GASP_PRINT_LEN])s->close_theirs.prints, !s->initiator);
}

/* What this side has of the peer by what was offered. */
static gasp_result transfer_result(const gasp_session *s)
{
    gasp_result by_claims = account_result(&s->account);
    if (!s->equal && !s->received)
        return GASP_RESULT_PARTIAL;
    return by_claims > s->result ? by_claims : s->result;
}

/* What this side has of the peer, in the end. */
static gasp_result final_result(const gasp_session *s)
{
    if (s->settled)
        return (gasp_result)s->skips.result;
    bool holds = s->accounted || !session_has(s, GASP_FEATURE_ACCOUNT);
    return s->equal || (s->received && holds) ? transfer_result(s) : GASP_RESULT_PARTIAL;
}

/* Another round can bring what this one did not: a filter hid it, or something changed meanwhile. */
static bool again(const gasp_session *s)
{
    return s->received && !s->accounted && !s->account.lost && s->repairs < gasp_limit(REPAIRS) &&
           session_has(s, GASP_FEATURE_ROUNDS | GASP_FEATURE_ACCOUNT);
}

/* ---- what is remembered -------------------------------------------------------------------------------------------- */

gasp_err session_note(gasp_session *s, gasp_note *note)
{
    gasp_ask batch = {.note = *note};
    batch.note.collection = s->collection;
    batch.note.peer = (gasp_bytes){s->peer, s->peer_len};
    batch.note.mem = s->mem;
    return session_ask(s, GASP_ASK_NOTE, &batch);
}

/* What the peer was told is spent and does not take it is not to be offered again. */
static gasp_err remember_spent(const gasp_session *s, gasp_note *note)
{
    static const gasp_txid none;
    size_t n = 0;
    for (size_t i = 0; i < s->n_owed; i++)
        n += !s->owed[i].taken && memcmp(s->owed[i].refused.outpoint.txid.b, none.b, sizeof none.b) != 0;
    if (n == 0)
        return GASP_OK;
    note->refused = gasp_mem_zalloc_array(s->mem, n, sizeof *note->refused);
    if (note->refused == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < s->n_owed; i++)
        if (!s->owed[i].taken && memcmp(s->owed[i].refused.outpoint.txid.b, none.b, sizeof none.b) != 0)
            note->refused[note->n_refused++] = s->owed[i].refused;
    return GASP_OK;
}

static gasp_err remember(gasp_session *s)
{
    gasp_note note = {.settle = s->accounted && !s->equal && !s->awaits && s->match == GASP_MATCH_STATE,
                      .mine = s->close_ours.summary,
                      .theirs = s->close_theirs.summary,
                      .result = (uint8_t)final_result(s)};
    gasp_err err = remember_spent(s, &note);
    return err == GASP_OK && (note.settle || note.n_refused > 0) ? session_note(s, &note) : err;
}

/* ---- the end ------------------------------------------------------------------------------------------------------- */

/* What comes after a round: the repair of one that did not add up, what somebody asked for meanwhile, rest, or the end. */
static void follow_up(gasp_session *s, bool repair)
{
    bool more = session_has(s, GASP_FEATURE_ROUNDS);
    s->repairs = repair ? s->repairs + 1 : 0;
    if (s->initiator)
        s->want_round = more && (s->want_round || repair);
    s->state = more && (s->stay || s->want_round || !s->initiator) ? AT_RESTING : AT_DONE;
}

/* Both have said how it ended. */
static gasp_err finish(gasp_session *s)
{
    if (!s->said_close || !s->heard_close)
        return GASP_OK;
    gasp_err err = remember(s);
    if (err != GASP_OK)
        return err;
    bool repair =
        s->initiator ? again(s) || (s->close_theirs.again && s->repairs < gasp_limit(REPAIRS)) : s->close_ours.again;
    gasp_event event = {.kind = GASP_EVENT_CLOSED,
                        .closed = {.result = final_result(s),
                                   .peer_result = (gasp_result)s->close_theirs.result,
                                   .round = s->round,
                                   .accounted = s->accounted,
                                   .again = repair,
                                   .equal = gasp_set_summary_equal(&s->close_ours.summary, &s->close_theirs.summary),
                                   .summary = s->close_ours.summary}};
    account_clear(&s->account);
    gasp_items_clear(&s->items);
    s->has_items = false;
    follow_up(s, repair);
    return session_event_add(s, &event);
}

/* What the peer is told: of our set nothing, when it may not read it. */
static gasp_err say_close(gasp_session *s)
{
    gasp_close told = s->close_ours;
    if (!session_may(s->rights_given, GASP_RIGHT_READ))
        told.summary = (gasp_set_summary){0};
    else if (session_has(s, GASP_FEATURE_ACCOUNT))
        account_prints(told.prints, &s->items, s->theirs.bounds_key);
    gasp_writer w = session_message(s);
    gasp_close_encode(&w, &told);
    return w.err == GASP_OK ? session_emit(s, GASP_MSG_CLOSE, &s->scratch) : w.err;
}

/* The wallet answered with what it has at the end. */
gasp_err closing_snapshot(gasp_session *s)
{
    gasp_err err = s->initiator || s->equal ? GASP_OK : take_account(s);
    if (err != GASP_OK)
        return err;
    s->accounted = s->accounted || s->equal;
    s->close_ours.result = (uint8_t)(s->initiator && !s->settled ? transfer_result(s) : final_result(s));
    s->close_ours.again = !s->initiator && again(s);
    gasp_items_summary(&s->close_ours.summary, &s->items);
    err = say_close(s);
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
    if (s->said_close) {
        err = take_account(s);
        return err == GASP_OK ? finish(s) : err;
    }
    /* An initiator that has asked its wallet and not yet closed is ahead of a responder that waits for it. */
    return s->initiator ? GASP_ERR_PEER_UNEXPECTED : closing_begin(s);
}
