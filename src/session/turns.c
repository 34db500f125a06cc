/* The order of turns in a round. In odd turns the initiator receives, in even ones the responder; the third one is for what
 * the responder found spent in the second. Both sides know from OPEN and from the ends of turns which take place, so that
 * none is announced. */
#include "session/inside.h"

/* Whether what moves in a turn may move: its sender lets its receiver read, its receiver lets its sender write. */
static bool may_move(const gasp_session *s, unsigned number)
{
    bool receives = (number % 2 == 1) == s->initiator;
    uint8_t by_sender = receives ? s->theirs.rights : s->rights_given;
    uint8_t by_receiver = receives ? s->rights_given : s->theirs.rights;
    return session_may(by_sender, GASP_RIGHT_READ) && session_may(by_receiver, GASP_RIGHT_WRITE);
}

/* Whether the receiver of a turn lets its sender read, and so see its filter. */
static bool may_look(const gasp_session *s, unsigned number)
{
    bool receives = (number % 2 == 1) == s->initiator;
    return session_may(receives ? s->rights_given : s->theirs.rights, GASP_RIGHT_READ);
}

/* The filter of a turn that moves nothing still tells its sender what the receiver lacks; without that the one who
 * received in the other turn could not account for it. */
bool turn_takes_place(const gasp_session *s, unsigned number, bool *look)
{
    *look = false;
    if (number == TURNS_MAX)
        return s->peer_owes && may_move(s, number);
    if (may_move(s, number))
        return true;
    *look = session_has(s, GASP_FEATURE_ACCOUNT) && may_look(s, number) && may_move(s, number == 1 ? 2 : 1);
    return *look;
}

gasp_err turn_begin(gasp_session *s, unsigned number)
{
    while (number <= TURNS_MAX && !turn_takes_place(s, number, &s->look))
        number++;
    s->turn = number <= TURNS_MAX ? number : 0;
    if (s->turn == 0)
        return closing_begin(s);
    s->state = (number % 2 == 1) == s->initiator ? AT_RECEIVING : AT_SENDING;
    gasp_event event = {.kind = GASP_EVENT_TURN, .turn = {.receiving = s->state == AT_RECEIVING}};
    gasp_err err = s->look ? GASP_OK : session_event_add(s, &event);
    if (err != GASP_OK)
        return err;
    if (s->has_items && number == 1)
        return s->state == AT_RECEIVING ? receive_begin(s) : send_begin(s);
    return session_ask_snapshot(s);
}

gasp_err turn_over(gasp_session *s)
{
    gasp_items_clear(&s->items);
    s->has_items = false;
    return turn_begin(s, s->turn + 1);
}
