/** The inside of a session, for the files of this room.
 *
 *  A session is at one place (session_state) and what a message does there is an entry of one table (dispatch.c). Each
 *  round has two turns; in one this side receives (receive.c), in the other it sends (send.c). Nothing is sent from inside
 *  a handler but small answers: the long streams (filter parts, INVs) are made when gasp_session_send asks for more, so
 *  that reading never waits for writing and what is unsent stays in the store.
 */
#ifndef GASP_SESSION_INSIDE_H
#define GASP_SESSION_INSIDE_H

#include "base/map.h"
#include "session/frame.h"
#include "session/message.h"
#include "session/port.h"
#include "set/bloom.h"
#include "wallet/stage.h"

typedef enum session_state {
    AT_START = 0, /**< nothing was said */
    AT_OPENING,   /**< an initiator waits for the peer's OPEN; a responder for the first */
    AT_RECEIVING, /**< this turn we take: our filter goes out, INVs come */
    AT_SENDING,   /**< this turn we give: the peer's filter comes, INVs go out */
    AT_CLOSING,   /**< the turns are over: CLOSE goes out and comes */
    AT_DONE,      /**< ended well */
    AT_FAILED,    /**< ended by an error; a last ERROR message may be waiting to be sent */
    AT_STATES
} session_state;

/** A question that is out: at most one of each kind. */
typedef struct asking {
    bool out;
    uint64_t ticket;
    gasp_ask batch;
} asking;

/** What this side needs in order to receive. */
typedef struct receiving {
    gasp_stage *stage;
    size_t next_part; /**< of our filter, to be sent */
    size_t n_parts;
    uint8_t key[GASP_BLOOM_KEY_LEN];
    gasp_map wants;        /**< txid || kind -> gasp_want, until answered */
    gasp_map credit_of;    /**< txid -> u64 bytes of the root INVs that took credit and are unfinished */
    gasp_credit out;       /**< credit that the peer has taken and that was not given back */
    gasp_credit give_back; /**< to be told with the next CREDIT */
    uint64_t roots;        /**< root INVs that came, transactions */
    uint64_t outputs;
    bool roots_end;
    bool partial;  /**< something was missing or against policy: it may come another time */
    bool refusals; /**< something was refused for good */
} receiving;

/** One transaction that the peer lacks, with the outputs we offer. */
typedef struct root {
    gasp_txid txid;
    uint32_t first; /**< of its offered outputs, in links */
    uint32_t count;
    bool known; /**< every offered output is there in another state: the transaction need not travel */
    bool sent;
} root;

/** A list of outputs by index: one output and where the next stands. */
typedef struct root_link {
    uint32_t vout;
    uint32_t next; /**< index + 1; 0: none */
} root_link;

/** How often a transaction went out in this turn. */
typedef struct served {
    bool whole;        /**< itself: another WANT for it is answered SENT */
    uint32_t metadata; /**< what is known of it */
} served;

/** What this side needs in order to send. */
typedef struct sending {
    gasp_bloom_walk walk;
    size_t parts; /**< of the filter that came */
    bool filter_done;
    root *roots;
    size_t n_roots;
    size_t cap_roots;
    root_link *links;
    size_t n_links;
    size_t cap_links;
    gasp_map by_txid;      /**< txid -> index of its root */
    size_t next_root;      /**< to be loaded */
    gasp_map served;       /**< txid -> served */
    uint64_t served_bytes; /**< of answers to WANT */
    gasp_want *wants;      /**< to be answered, in order */
    size_t n_wants;
    size_t cap_wants;
    size_t next_want;
    uint64_t wants_taken;   /**< in this turn */
    bool load_answers;      /**< what is loaded answers WANTs; else they are roots */
    size_t *load_of;        /**< for each node of the load: index of its WANT or root */
    size_t load_at;         /**< node of the answered load to be sent next */
    bool loaded;            /**< the load is answered and not used up */
    gasp_credit credit;     /**< what the peer gave in all */
    gasp_credit unfinished; /**< used and not given back */
    gasp_roots_end sent;
    bool ended; /**< ROOTS_END was sent */
} sending;

typedef struct event_queue {
    gasp_event *list;
    size_t n;
    size_t cap;
    size_t next;
} event_queue;

struct gasp_session {
    const gasp_mem *mem;
    bool initiator;
    gasp_match match;
    gasp_collection collection;
    gasp_session_limits limits;
    uint8_t seed32[32];
    uint64_t drawn; /**< blocks drawn from the seed */
    uint8_t peer[GASP_PEER_MAX];
    size_t peer_len;
    gasp_port port;

    session_state state;
    bool first_turn; /**< the turn in which the initiator receives */
    gasp_open ours;
    gasp_open theirs;
    uint8_t rights_given; /**< the peer's, here */
    bool equal;           /**< summaries were equal at the start */
    bool said_close;
    bool heard_close;
    gasp_close close_ours;
    gasp_close close_theirs;

    asking asks[GASP_ASK_KINDS];
    uint64_t next_ticket;
    gasp_items items; /**< of the present turn */
    bool has_items;
    receiving in_turn;
    sending out_turn;
    gasp_result result; /**< of our receiving turn */

    gasp_frames_in frames;
    gasp_buf out;   /**< frames to be given out */
    bool out_given; /**< out was given by the last send: clear before the next byte */
    gasp_buf scratch;
    bool said; /**< something was sent since the peer last spoke: for round trips */

    event_queue events;
    gasp_session_stats stats;
    gasp_session_fault fault;
    gasp_time now;
    uint64_t heard_ms; /**< mono time of the last bytes from the peer */
    uint64_t spoke_ms;

    gasp_trace_sink trace;
    void *trace_ctx;
};

/** Limits on what a session keeps for its host and its peer beside those of the configuration. */
enum {
    EVENTS_MAX = 1 << 20,            /**< unread events: a host reads them after every call */
    INV_TARGET = 64 * 1024,          /**< bytes of a batch, about a frame: paths are shared inside of it */
    MESSAGE_BEFORE_OPEN = 64 * 1024, /**< longest message of a peer that has not been judged: an OPEN is far shorter */
    KEEPALIVE_MS = 30000,            /**< at most between two KEEPALIVEs while our own wallet is asked */
    LOAD_NODES = 256,                /**< transactions read from the store at a time */
    WANT_BATCH = 64                  /**< references in one WANT message */
};

/* session.c */
void session_fail(gasp_session *s, gasp_err err, uint16_t message, uint64_t at);
gasp_err session_emit(gasp_session *s, gasp_msg type, const gasp_buf *message) GASP_MUST_CHECK;
gasp_writer session_message(gasp_session *s);
void session_random(gasp_session *s, uint8_t *out, size_t len);
gasp_err session_event_add(gasp_session *s, const gasp_event *event) GASP_MUST_CHECK;

/** Puts a question and, when it is answered at once, goes on with session_answered. */
gasp_err session_ask(gasp_session *s, gasp_ask_kind kind, const gasp_ask *batch) GASP_MUST_CHECK;
gasp_err session_answered(gasp_session *s, gasp_ask_kind kind) GASP_MUST_CHECK;
gasp_err session_ask_snapshot(gasp_session *s) GASP_MUST_CHECK;

/* dispatch.c */
gasp_err session_message_in(gasp_session *s, uint16_t type, gasp_blob *message) GASP_MUST_CHECK;

/* open.c */
gasp_err open_begin(gasp_session *s) GASP_MUST_CHECK;
gasp_err open_snapshot(gasp_session *s) GASP_MUST_CHECK;
gasp_err on_open(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_close(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err turn_begin(gasp_session *s, bool first) GASP_MUST_CHECK;
gasp_err turn_over(gasp_session *s) GASP_MUST_CHECK;
gasp_err closing_begin(gasp_session *s) GASP_MUST_CHECK;
gasp_err closing_snapshot(gasp_session *s) GASP_MUST_CHECK;

/* receive.c */
gasp_err receive_begin(gasp_session *s) GASP_MUST_CHECK;
void receive_clear(gasp_session *s);
gasp_err receive_produce(gasp_session *s) GASP_MUST_CHECK;
gasp_err receive_pump(gasp_session *s) GASP_MUST_CHECK;
gasp_err receive_answered(gasp_session *s, gasp_ask_kind kind) GASP_MUST_CHECK;
gasp_err on_inv(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_sent(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_absent(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_roots_end(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;

/* send.c, send_roots.c */
gasp_err send_begin(gasp_session *s) GASP_MUST_CHECK;
void send_clear(gasp_session *s);
gasp_err send_produce(gasp_session *s) GASP_MUST_CHECK;
gasp_err send_loaded(gasp_session *s) GASP_MUST_CHECK;
gasp_err on_filter(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_want(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_credit(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_turn_end(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;

/** The root of a transaction that is still unsent, NULL when there is none. */
root *send_root_of(gasp_session *s, const gasp_txid *txid);
gasp_err send_add_missing(gasp_session *s, size_t position, bool outpoint_known) GASP_MUST_CHECK;

/* trace.c: records what entered; each does nothing without a sink */
gasp_err trace_begin(gasp_session *s) GASP_MUST_CHECK;
gasp_err trace_recv(gasp_session *s, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_err trace_send_begin(gasp_session *s) GASP_MUST_CHECK;
gasp_err trace_sent(gasp_session *s, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_err trace_event(gasp_session *s, const gasp_event *event) GASP_MUST_CHECK;
gasp_err trace_resume(gasp_session *s, uint64_t ticket) GASP_MUST_CHECK;
gasp_err trace_closed(gasp_session *s) GASP_MUST_CHECK;
gasp_err trace_rights(gasp_session *s, unsigned rights) GASP_MUST_CHECK;
gasp_err trace_answer(gasp_session *s, gasp_ask_kind kind, gasp_err status, const gasp_ask *ask) GASP_MUST_CHECK;

/** A session over any port, on a network; takes the port over, also on an error. */
gasp_err session_new_over(gasp_session **out, const gasp_session_config *config, gasp_network network,
                          gasp_port port) GASP_MUST_CHECK;

#endif
