/* What a message does where the session is: one table with an entry for every pair. */
#include "session/inside.h"

typedef gasp_err (*handler)(gasp_session *s, gasp_blob *message, gasp_reader *r);

/* The peer ends the session, with a reason. */
static gasp_err on_error(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    gasp_error_msg error;
    (void)message;
    gasp_err err = gasp_error_decode(&error, r);
    if (err != GASP_OK)
        return err;
    s->fault.peer_err = gasp_err_of_reason(error.reason);
    session_fail(s, GASP_ERR_PEER_ERROR, error.message, error.at);
    return GASP_OK;
}

static gasp_err on_keepalive(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    (void)s;
    (void)message;
    return gasp_reader_finish(r, NULL);
}

static gasp_err unexpected(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    (void)s;
    (void)message;
    (void)r;
    return GASP_ERR_PEER_UNEXPECTED;
}

/* Columns of the table. */
enum {
    COL_OPEN,
    COL_CLOSE,
    COL_ERROR,
    COL_KEEPALIVE,
    COL_FILTER,
    COL_INV,
    COL_WANT,
    COL_SENT,
    COL_ABSENT,
    COL_CREDIT,
    COL_ROOTS_END,
    COL_TURN_END,
    COL_ROUND,
    COL_CHANGED,
    COL_SKIP,
    COL_SPEND,
    COLS
};

static const gasp_msg column_type[COLS] = {
    [COL_OPEN] = GASP_MSG_OPEN,           [COL_CLOSE] = GASP_MSG_CLOSE,         [COL_ERROR] = GASP_MSG_ERROR,
    [COL_KEEPALIVE] = GASP_MSG_KEEPALIVE, [COL_FILTER] = GASP_MSG_FILTER,       [COL_INV] = GASP_MSG_INV,
    [COL_WANT] = GASP_MSG_WANT,           [COL_SENT] = GASP_MSG_SENT,           [COL_ABSENT] = GASP_MSG_ABSENT,
    [COL_CREDIT] = GASP_MSG_CREDIT,       [COL_ROOTS_END] = GASP_MSG_ROOTS_END, [COL_TURN_END] = GASP_MSG_TURN_END,
    [COL_ROUND] = GASP_MSG_ROUND,         [COL_CHANGED] = GASP_MSG_CHANGED,     [COL_SKIP] = GASP_MSG_SKIP,
    [COL_SPEND] = GASP_MSG_SPEND,
};

/* Messages keep their order and a turn ends for both by TURN_END, so that nothing of a later state comes early. */
#define no unexpected
/* clang-format off */
static const handler table[AT_STATES][COLS] = {
    /*                 OPEN     CLOSE     ERROR     KEEPALIVE     FILTER     INV     WANT     SENT     ABSENT     CREDIT     ROOTS_END     TURN_END     ROUND     CHANGED     SKIP     SPEND */
    [AT_START]     = { no,      no,       on_error, on_keepalive, no,        no,     no,      no,      no,        no,        no,           no,          no,       on_changed, no,      no       },
    [AT_OPENING]   = { on_open, no,       on_error, on_keepalive, no,        no,     no,      no,      no,        no,        no,           no,          on_round, on_changed, no,      no       },
    [AT_RECEIVING] = { no,      no,       on_error, on_keepalive, no,        on_inv, no,      on_sent, on_absent, no,        on_roots_end, no,          no,       no,         no,      on_spend },
    [AT_SENDING]   = { no,      no,       on_error, on_keepalive, on_filter, no,     on_want, no,      no,        on_credit, no,           on_turn_end, no,       no,         on_skip, no       },
    [AT_CLOSING]   = { no,      on_close, on_error, on_keepalive, no,        no,     no,      no,      no,        no,        no,           no,          no,       no,         no,      no       },
    [AT_RESTING]   = { no,      no,       on_error, on_keepalive, no,        no,     no,      no,      no,        no,        no,           no,          on_round, on_changed, no,      no       },
    [AT_DONE]      = { no,      no,       no,       no,           no,        no,     no,      no,      no,        no,        no,           no,          no,       no,         no,      no       },
    [AT_FAILED]    = { no,      no,       no,       no,           no,        no,     no,      no,      no,        no,        no,           no,          no,       no,         no,      no       },
};
/* clang-format on */
#undef no

/* The column of a type; COLS for one that this version does not know. */
static size_t column(uint16_t type)
{
    size_t col = 0;
    while (col < COLS && (uint16_t)column_type[col] != type)
        col++;
    return col;
}

gasp_err session_message_in(gasp_session *s, uint16_t type, gasp_blob *message)
{
    size_t col = column(type);
    gasp_reader r = gasp_reader_of(gasp_blob_view(message));
    s->stats.messages_in++;
    if (s->said && col != COL_KEEPALIVE) {
        s->said = false;
        s->stats.round_trips++;
    }
    if (col == COLS && type % 2 == 1)
        return GASP_OK;
    gasp_err err = col < COLS ? table[s->state][col](s, message, &r) : GASP_ERR_PEER_MESSAGE;
    if (err != GASP_OK)
        session_fail(s, err, type, r.err != GASP_OK ? r.err_at : 0);
    return err;
}
