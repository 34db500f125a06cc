/** The inside of a session, for the files of this room.
 *
 *  A session is at one place (session_state) and what a message does there is an entry of one table (dispatch.c). A
 *  connection carries rounds (open.c, close.c), a round has up to three turns (turns.c); in a turn this side receives
 *  (receive.c, receive_inv.c) or sends (send.c, send_roots.c). Nothing is sent from inside
 *  a handler but small answers: the long streams (filter parts, INVs) are made when gasp_session_send asks for more, so
 *  that reading never waits for writing and what is unsent stays in the store.
 */
#ifndef GASP_SESSION_INSIDE_H
#define GASP_SESSION_INSIDE_H

#include "base/limits.h"
#include "base/map.h"
#include "session/account.h"
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
    AT_RESTING,   /**< between rounds */
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

/** A root, or a reference of SPEND, that came and has no verdict. */
typedef struct root_in {
    uint64_t bytes; /**< of credit that it took; 0 for an answer */
    uint64_t first; /**< its first output's number among those offered in this turn; of a SPEND, its own number */
    bool credit;
} root_in;

/** What this side needs in order to receive. */
typedef struct receiving {
    gasp_stage *stage;
    bool said_skip;
    size_t next_part; /**< of our filter, to be sent */
    size_t n_parts;
    uint8_t key[GASP_BLOOM_KEY_LEN];
    gasp_map wants;        /**< txid || kind -> gasp_want, until answered */
    gasp_map roots_in;     /**< txid || 1 for SPEND -> root_in, until the verdict */
    gasp_credit out;       /**< credit that the peer has taken and that was not given back */
    gasp_credit give_back; /**< to be told with the next CREDIT */
    uint64_t roots;        /**< root INVs that came, transactions */
    uint64_t outputs;
    uint64_t spends;
    bool roots_end;
    uint64_t *lacking; /**< numbers of outputs offered that are not held; SPENDs with LACKING_SPEND */
    size_t n_lacking;
    size_t cap_lacking;
    gasp_refused *refused; /**< to be remembered */
    size_t n_refused;
    size_t cap_refused;
} receiving;

#define LACKING_SPEND (UINT64_C(1) << 63)

/** A SPEND that we owe the peer: it believes in something that we know is spent. */
typedef struct owed_spend {
    gasp_spend_ref ref;
    size_t first_claim; /**< claims that are gone when the peer takes it */
    size_t n_claims;
    gasp_refused refused; /**< what is remembered when it does not; outpoint of txid zero: nothing */
    size_t same;          /**< number of the first one with that spender: its reference stands for all of them */
    uint64_t number;      /**< of its reference among those sent in the turn */
    bool taken;
} owed_spend;

/** One transaction that the peer lacks, with the outputs we offer. */
typedef struct root {
    gasp_txid txid;
    uint32_t first; /**< of its offered outputs, in links */
    uint32_t count;
    size_t position; /**< in our set, of the first of them */
    bool known;      /**< every offered output is there in another state: the transaction need not travel */
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
    uint32_t again;    /**< itself once more, because the receiver had no room */
    uint32_t metadata; /**< what is known of it */
} served;

/** What this side needs in order to send. */
typedef struct sending {
    gasp_bloom_walk walk;
    size_t parts; /**< of the filter that came */
    bool filter_done;
    uint8_t *skip;   /**< a bit for each of our items by position: the peer does not want it; NULL: no SKIP came */
    gasp_data held;  /**< what is answered to SKIP: a bit for each reference */
    uint32_t *order; /**< indices of roots, as they were sent */
    size_t n_order;
    size_t cap_order;
    size_t next_spend; /**< of those owed, to be sent */
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
    bool stay;         /**< the host wants further rounds */
    bool want_round;   /**< a further round is to begin as soon as it can: we, or the peer, have news */
    bool said_changed; /**< CHANGED is out */
    uint32_t round;    /**< from 0 */
    uint32_t repairs;  /**< rounds in a row that only followed from an account that did not hold */
    uint64_t features; /**< in force */
    unsigned turn;     /**< 1..TURNS_MAX: the initiator receives in odd ones; 0 outside of turns */
    bool look;         /**< the turn moves nothing: its filter only tells the sender what the receiver lacks */
    bool peer_owes;    /**< the responder has SPENDs after turn 2 */
    bool received;     /**< our receiving turn took place */
    gasp_open ours;
    gasp_open theirs;
    uint8_t rights_given; /**< the peer's, here */
    bool equal;   /**< there is nothing to do: summaries are equal, or what both settled last time still holds */
    bool settled; /**< the latter */
    bool said_close;
    bool heard_close;
    gasp_close close_ours;
    gasp_close close_theirs;

    asking asks[GASP_ASK_KINDS];
    uint64_t next_ticket;
    gasp_items items; /**< of the present turn */
    gasp_skips skips; /**< of the same moment */
    bool has_items;
    account account;
    bool accounted; /**< the account of the round holds */
    bool awaits;    /**< a SPEND was refused that may hold another time: no refusal of an output remembers it */
    owed_spend *owed;
    size_t n_owed;
    size_t cap_owed;
    gasp_map owed_by; /**< spender -> number of the first one that is owed */
    receiving in_turn;
    sending out_turn;
    gasp_result result; /**< of our receiving turns, beside what the account has */

    gasp_frames_in frames;
    gasp_buf out;   /**< frames to be given out */
    bool out_given; /**< out was given by the last send: clear before the next byte */
    gasp_buf scratch;
    bool said; /**< something was sent since the peer last spoke: for round trips */

    event_queue events;
    gasp_session_stats stats;
    gasp_session_stats done_before; /**< what the stages of turns that are over counted */
    gasp_session_fault fault;
    gasp_time now;
    uint64_t heard_ms; /**< mono time of the last bytes from the peer */
    uint64_t spoke_ms;

    gasp_trace_sink trace;
    void *trace_ctx;
};

/** Limits on what a session keeps for its host and its peer beside those of the configuration. */
enum {
    EVENTS_MAX = GASP_LIMIT_EVENTS, /**< unread events: a host reads them after every call */
    INV_TARGET =
        GASP_LIMIT_BATCH_BYTES, /**< bytes of a batch, its paths not yet joined: about LOAD_NODES small transactions */
    MESSAGE_BEFORE_OPEN =
        GASP_LIMIT_MESSAGE_BEFORE_OPEN, /**< longest message of a peer that has not been judged: an OPEN is far shorter */
    KEEPALIVE_MS = 30000,               /**< at most between two KEEPALIVEs while our own wallet is asked */
    LOAD_NODES = 256,                   /**< transactions read from the store at a time */
    WANT_BATCH = 64,                    /**< references in one WANT or SPEND message */
    TURNS_MAX = 3,                      /**< of a round: one each way, and one for what the responder found spent */
    REPAIRS_MAX = GASP_LIMIT_REPAIRS    /**< rounds in a row without a change that anybody asked for */
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

/* open.c: what a round begins with */
gasp_err open_begin(gasp_session *s) GASP_MUST_CHECK;
gasp_err open_snapshot(gasp_session *s) GASP_MUST_CHECK;
gasp_err on_open(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_round(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_changed(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;

/** Between rounds: begins the next one (initiator) or asks for it (responder), when somebody wants one. */
gasp_err rest_produce(gasp_session *s) GASP_MUST_CHECK;
bool session_has(const gasp_session *s, unsigned feature);
bool session_may(uint8_t rights, unsigned right);

/* turns.c */
gasp_err turn_begin(gasp_session *s, unsigned number) GASP_MUST_CHECK;
gasp_err turn_over(gasp_session *s) GASP_MUST_CHECK;
bool turn_takes_place(const gasp_session *s, unsigned number, bool *look);

/* close.c: what a round ends with */
gasp_err closing_begin(gasp_session *s) GASP_MUST_CHECK;
gasp_err closing_snapshot(gasp_session *s) GASP_MUST_CHECK;
gasp_err on_close(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err session_note(gasp_session *s, gasp_note *note) GASP_MUST_CHECK;

/* receive.c, receive_inv.c */
gasp_err receive_begin(gasp_session *s) GASP_MUST_CHECK;
void receive_clear(gasp_session *s);
gasp_err receive_produce(gasp_session *s) GASP_MUST_CHECK;
gasp_err receive_pump(gasp_session *s) GASP_MUST_CHECK;
gasp_err receive_answered(gasp_session *s, gasp_ask_kind kind) GASP_MUST_CHECK;
gasp_err on_inv(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_sent(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_absent(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_spend(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_roots_end(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;

/** A WANT is answered: takes it out of the table; false when it was not open. */
bool receive_want_answered(gasp_session *s, const gasp_txid *txid, uint8_t kind, gasp_want *want);

/** A root (or SPEND) came, `bytes` long; with credit it has to be there. */
gasp_err receive_root(gasp_session *s, const gasp_txid *txid, bool spend, bool credit, uint64_t bytes,
                      uint64_t first) GASP_MUST_CHECK;

/** A root (or SPEND) has its verdict: gives its credit back. false when there was none under that txid. */
bool receive_root_done(gasp_session *s, const gasp_txid *txid, bool spend, root_in *out);

/** Reads the verdicts that the stage has reached. verdicts.c */
gasp_err receive_verdicts(gasp_session *s) GASP_MUST_CHECK;

/** What is refused of the peer's is remembered, and so is that we lack it. verdicts.c */
gasp_err receive_skipped(gasp_session *s, gasp_bytes held) GASP_MUST_CHECK;

/* send.c, send_roots.c */
gasp_err send_begin(gasp_session *s) GASP_MUST_CHECK;
void send_clear(gasp_session *s);
gasp_err send_produce(gasp_session *s) GASP_MUST_CHECK;
gasp_err send_loaded(gasp_session *s) GASP_MUST_CHECK;
gasp_err on_skip(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_filter(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_want(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_credit(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;
gasp_err on_turn_end(gasp_session *s, gasp_blob *message, gasp_reader *r) GASP_MUST_CHECK;

/** The offered outputs of a root, ascending; freed by the caller. */
gasp_err send_vouts(const gasp_session *s, uint32_t **out, const root *r) GASP_MUST_CHECK;

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
gasp_err trace_changed(gasp_session *s) GASP_MUST_CHECK;
gasp_err trace_rights(gasp_session *s, unsigned rights, gasp_err status) GASP_MUST_CHECK; /**< answers status */
gasp_err trace_answer(gasp_session *s, gasp_ask_kind kind, gasp_err status, const gasp_ask *ask) GASP_MUST_CHECK;

/** A session over any port, on a network; takes the port over, also on an error. */
gasp_err session_new_over(gasp_session **out, const gasp_session_config *config, gasp_network network,
                          gasp_port port) GASP_MUST_CHECK;

#endif
