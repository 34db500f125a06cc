/** The records of a trace: everything that entered a session and everything that it said.
 *
 *      "GASPTRACE" u8 version (1), then records until the end of the file:
 *      u8 kind, CompactSize length, that many bytes
 *
 *      BEGIN   u8 initiator, u8 network, u8 match, u8 stay, collection 32, seed 32, peer (sized), the limits in the order of their
 *              struct (u32 and u64 as there). Always first
 *      RECV    u64 mono ms, u64 wall ms, bytes
 *      SEND    u64 mono ms, u64 wall ms: gasp_session_send was called
 *      SENT    bytes: what it gave
 *      EVENT   the event's fields (trace_event_write)
 *      RESUME  u64 mono ms, u64 wall ms, u64 ticket
 *      CLOSED  u64 mono ms, u64 wall ms
 *      CHANGED u64 mono ms, u64 wall ms: gasp_session_changed was called
 *      RIGHTS  u8: what the access port answered
 *      ANSWER  u8 kind of question, i32 status, and with status 0 the answer (trace_answer_write)
 *
 *  ANSWER and RIGHTS stand behind the record of the call in which they were given. */
#ifndef GASP_SESSION_TRACE_H
#define GASP_SESSION_TRACE_H

#include "session/inside.h"

enum {
    TRACE_VERSION = 1,
    TRACE_MAGIC_LEN = 9,
    TRACE_BEGIN = 1,
    TRACE_RECV = 2,
    TRACE_SEND = 3,
    TRACE_SENT = 4,
    TRACE_EVENT = 5,
    TRACE_RESUME = 6,
    TRACE_CLOSED = 7,
    TRACE_RIGHTS = 8,
    TRACE_ANSWER = 9,
    TRACE_CHANGED = 10
};

extern const uint8_t trace_magic[TRACE_MAGIC_LEN];

void trace_event_write(gasp_writer *w, const gasp_event *event);
void trace_answer_write(gasp_writer *w, gasp_ask_kind kind, const gasp_ask *ask);

/** Fills in the answer to a question that stands in *ask, from a cursor over one. GASP_ERR_TRACE when it is of another
 *  question. */
gasp_err trace_answer_read(gasp_reader *r, gasp_ask_kind kind, gasp_ask *ask, const gasp_mem *mem) GASP_MUST_CHECK;

void trace_limits_write(gasp_writer *w, const gasp_session_limits *limits);
void trace_limits_read(gasp_session_limits *out, gasp_reader *r);

#endif
