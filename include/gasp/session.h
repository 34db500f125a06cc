/** A session: one sync between two wallets, as a machine without I/O. Bytes from the peer go in at one door, bytes for the
 *  peer come out at the other; time is an argument, randomness a seed. The protocol stands in docs/protocol.md.
 *
 *      gasp_session_new(&s, &config);
 *      while (!gasp_session_done(s)) {
 *          gasp_session_send(s, &out, &out_len, now);     write out to the peer, until it is empty
 *          while (gasp_session_event(s, &event) == GASP_OK) ...
 *          gasp_session_recv(s, in, in_len, now);         what came; nothing, when only the deadline passed
 *      }
 *      gasp_session_send(...) once more                   the last words, also after an error
 *
 *  A session belongs to one thread at a time. It uses its wallet, which may be shared, and calls the verifier and the
 *  access port of its configuration; it never calls back otherwise.
 *
 *  A transaction that does not hold ends nothing: it is reported by an event and the session goes on. Only a broken
 *  message, an exceeded limit or a failing store ends a session.
 */
#ifndef GASP_SESSION_H
#define GASP_SESSION_H

#include "gasp/wallet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gasp_session gasp_session;

/** What a peer may do with a collection. */
enum {
    GASP_RIGHT_READ = 1, /**< it may take what we have */
    GASP_RIGHT_WRITE = 2 /**< it may give us what it has */
};

/** Who may do what. Asked once, when the peer has said which collection it wants. */
typedef struct gasp_access {
    size_t size; /**< sizeof(gasp_access) */
    void *user;

    /** The rights of a peer: a sum of GASP_RIGHT_*, 0 for a collection that is not there or not for this peer (the two
     *  look the same to it). peer: the opaque bytes of the configuration. */
    unsigned (*rights)(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection);
} gasp_access;

/** Limits that this side keeps; those that the peer has to know are told in OPEN. gasp_session_config_init sets the
 *  defaults, which are given here. */
typedef struct gasp_session_limits {
    uint32_t max_frame;       /**< bytes of a frame's payload: 65,536. At least 1,024 */
    uint32_t max_message;     /**< bytes of a message over all its frames: 32 MiB, at least 1 MiB. What comes with one
                               *   transaction must fit into it less 320 KiB */
    uint32_t max_wants;       /**< WANTs that a peer may have open at us: 4,096 */
    uint32_t credit_roots;    /**< roots that a peer may have unfinished at us: 4,096 */
    uint64_t credit_bytes;    /**< bytes of their INVs: 16 MiB */
    uint32_t max_nodes;       /**< transactions staged at one time: 65,536 */
    uint64_t max_stage_bytes; /**< bytes of them: 64 MiB */
    uint64_t max_roots;       /**< roots in one turn: 16,777,216 */
    uint64_t max_items;       /**< items a peer may say it has: 16,777,216 */
    uint64_t serve_bytes;     /**< bytes served for WANTs in a session: 4 GiB */
    uint32_t serve_repeats;   /**< times that one transaction is served: 3 */
    uint32_t idle_ms;         /**< silence in both directions that ends the session: 120,000 */
} gasp_session_limits;

/** A receiver of everything that enters and leaves a session: a trace (gasp_trace_replay). Called with runs of bytes that
 *  make up the trace file in order. An error ends the session with it. */
typedef gasp_err (*gasp_trace_sink)(void *ctx, const uint8_t *bytes, size_t len);

/** What a session is made from. Initialise with gasp_session_config_init, then set what differs. */
typedef struct gasp_session_config {
    size_t size;                /**< sizeof(gasp_session_config) */
    gasp_wallet *wallet;        /**< must outlive the session */
    const gasp_mem *mem;        /**< NULL: the C library's heap */
    bool initiator;             /**< whether this side began the connection */
    gasp_collection collection; /**< what an initiator wants to sync; a responder takes what it is asked for */
    uint8_t seed32[32];         /**< random bytes, new for every session: filter keys and hash seeds come from it */
    const uint8_t *peer; /**< opaque name of the peer, given by the transport; copied. May be NULL with peer_len 0 */
    size_t peer_len;     /**< at most GASP_PEER_MAX */
    const gasp_access *access; /**< NULL: every peer may read and write the default collection */
    gasp_match match;          /**< GASP_MATCH_STATE, or GASP_MATCH_OUTPOINT for strict BRC-76 */
    bool
        stay; /**< after a round the session rests and may have further ones (gasp_session_changed); an initiator without
                *   it is done when its round is, and the repair of it that may follow */
    gasp_session_limits limits;
    gasp_trace_sink trace; /**< NULL: no trace */
    void *trace_ctx;
} gasp_session_config;

enum { GASP_PEER_MAX = 256 /**< bytes of a peer's name */ };

GASP_API void gasp_session_config_init(gasp_session_config *config);

/** Makes a session that has not said anything yet.
 *  Errors: GASP_ERR_MISUSE  no wallet, or a limit outside of what its field allows;  GASP_ERR_NOMEM */
GASP_API gasp_err gasp_session_new(gasp_session **out, const gasp_session_config *config) GASP_MUST_CHECK;

/** Ends and frees a session in whatever state it is. NULL is accepted. */
GASP_API void gasp_session_free(gasp_session *session);

/** Bytes from the peer, in any pieces; all of them are taken. With len 0 it only looks at the time (call it at the
 *  deadline).
 *
 *  Errors:  class peer      the peer broke the protocol; the session is over. gasp_session_send may still give a last
 *                           message that says so
 *           class resource, store, internal: the session is over
 *           The same error is answered from then on. */
GASP_API gasp_err gasp_session_recv(gasp_session *session, const uint8_t *in, size_t len,
                                    gasp_time now) GASP_MUST_CHECK;

/** Bytes for the peer. They count as sent: whoever calls keeps what a transport does not take at once, and calls again
 *  only when there is room, because much of what could be sent is made only then.
 *
 *  Gives:   *out, *len: a view that is valid until the next call with this session; len 0 when there is nothing to say now.
 *           A session that has ended gives its last words, which may be an ERROR for the peer, and then nothing.
 *  Errors:  as gasp_session_recv, of class resource, store, internal; *len is then 0 */
GASP_API gasp_err gasp_session_send(gasp_session *session, const uint8_t **out, size_t *len,
                                    gasp_time now) GASP_MUST_CHECK;

/** The transport said that nothing more will come. GASP_OK when the session was done, or between rounds; otherwise
 *  GASP_ERR_PEER_CLOSED, and what is unfinished is dropped. */
GASP_API gasp_err gasp_session_closed(gasp_session *session, gasp_time now) GASP_MUST_CHECK;

/** A verifier that answered GASP_PENDING has its answer. Errors as gasp_session_recv; GASP_ERR_MISUSE for a ticket that
 *  is not open. */
GASP_API gasp_err gasp_session_resume(gasp_session *session, uint64_t ticket, gasp_time now) GASP_MUST_CHECK;

/** The wallet changed by something else than this session (gasp_wallet_changes): with `stay`, another round follows as soon
 *  as both are between rounds. An initiator begins it, a responder asks for it; call gasp_session_send afterwards. Calls
 *  during a round count as one. What this session committed itself is no reason to call. Errors as gasp_session_recv. */
GASP_API gasp_err gasp_session_changed(gasp_session *session, gasp_time now) GASP_MUST_CHECK;

/** When gasp_session_recv is to be called even if nothing came: mono_ms; UINT64_MAX when there is no such time. */
GASP_API uint64_t gasp_session_deadline(const gasp_session *session);

/** Whether the session has ended, well or not: nothing more will be sent or taken. A responder rests after a round, for as
 *  long as the connection lasts, because the initiator may want another; so does an initiator with `stay`. */
GASP_API bool gasp_session_done(const gasp_session *session);

/** How a round ended. */
typedef enum gasp_result {
    GASP_RESULT_NONE = 0,     /**< it has not */
    GASP_RESULT_COMPLETE = 1, /**< everything of the peer is here, by the account of the round (docs/protocol.md) */
    GASP_RESULT_REFUSALS = 2, /**< all but what was refused for good */
    GASP_RESULT_PARTIAL =
        3 /**< something may come later: it lacks something, is against policy, or the account does not
                               *   hold; or we took nothing in this round */
} gasp_result;

typedef enum gasp_event_kind {
    GASP_EVENT_OPENED = 1,    /**< both sides agreed: see opened */
    GASP_EVENT_TURN = 2,      /**< a direction begins: see turn */
    GASP_EVENT_COMMITTED = 3, /**< a root of the peer is stored with what it stands on: see graph */
    GASP_EVENT_REFUSED = 4,   /**< a transaction of the peer was not taken: see graph */
    GASP_EVENT_CLOSED = 5     /**< the round ended: see closed */
} gasp_event_kind;

/** Something that happened. Which member counts, kind says; the others are zero. */
typedef struct gasp_event {
    gasp_event_kind kind;
    struct {
        uint16_t version;     /**< of the protocol */
        gasp_match match;     /**< how items are compared */
        uint32_t round;       /**< of the connection, from 0 */
        uint32_t peer_height; /**< of the peer's best chain */
        uint64_t mine;        /**< items here */
        uint64_t theirs;      /**< items there */
        bool
            equal; /**< there is nothing to do: the summaries are equal, or are the pair that both accounted for last */
    } opened;
    struct {
        bool receiving; /**< whether this side takes */
    } turn;
    struct {
        gasp_txid txid;
        uint32_t vout;      /**< the first of its offered outputs */
        uint32_t n_outputs; /**< offered outputs; 0 for an ancestor */
        bool spend;         /**< the peer announced that it spends an output of ours */
        bool changed;       /**< something new was stored */
        gasp_err err;       /**< why it was refused */
        gasp_txid cause;    /**< where the fault lies */
        gasp_err cause_err; /**< what was wrong there: its refusal class is what counts */
        uint32_t height;    /**< of the proof, for faults of proofs */
    } graph;
    struct {
        gasp_result result;       /**< what this side has of the peer */
        gasp_result peer_result;  /**< what the peer says it has of us; of an initiator, before its account */
        uint32_t round;           /**< of the connection, from 0 */
        bool accounted;           /**< what we hold is what the peer says it holds, but for what is known to differ */
        bool again;               /**< another round follows, because this one was not accounted for */
        bool equal;               /**< both summaries are equal afterwards */
        gasp_set_summary summary; /**< ours, after the round */
    } closed;
} gasp_event;

/** The next event; GASP_DONE when there is none. */
GASP_API gasp_err gasp_session_event(gasp_session *session, gasp_event *out) GASP_MUST_CHECK;

/** Numbers of one session so far. */
typedef struct gasp_session_stats {
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t messages_in;
    uint64_t messages_out;
    uint64_t round_trips; /**< times that this side waited for an answer to its last message */
    uint64_t invs_in;     /**< transactions received */
    uint64_t invs_out;
    uint64_t roots_in;
    uint64_t roots_out;
    uint64_t wants_in; /**< references in WANT messages */
    uint64_t wants_out;
    uint64_t absent_in; /**< references answered ABSENT */
    uint64_t sent_in;   /**< references answered SENT */
    uint64_t scripts;   /**< transactions whose scripts were asked to be run */
    uint64_t committed; /**< transactions */
    uint64_t refused;
} gasp_session_stats;

GASP_API void gasp_session_count(const gasp_session *session, gasp_session_stats *out);

/** What ended the session, for people and logs; err is GASP_OK when it ended well or has not. peer_err: what the peer said
 *  was wrong, when it ended the session. text: one line, static or inside the session. */
typedef struct gasp_session_fault {
    gasp_err err;
    gasp_err peer_err;
    uint64_t at;      /**< offset in the message that was at fault */
    uint16_t message; /**< its type, 0 for none */
} gasp_session_fault;

GASP_API void gasp_session_why(const gasp_session *session, gasp_session_fault *out);

/** Replays a recorded session with no wallet, store or thread: the same bytes go in at the same times, every answer of the
 *  wallet comes from the trace, and what the session says and reports is compared with what it said and reported then.
 *
 *  Gives:   *events: how many events were compared; *bytes: how many sent bytes.
 *  Errors:  GASP_ERR_TRACE   something differs; fault->at is the offset of the record in the trace
 *           GASP_ERR_FORMAT_UNKNOWN  not a trace, or of another version
 *           GASP_ERR_SHORT and other decoding errors: a damaged trace */
GASP_API gasp_err gasp_trace_replay(const uint8_t *trace, size_t len, uint64_t *events, uint64_t *bytes,
                                    const gasp_mem *mem, gasp_fault *fault) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
