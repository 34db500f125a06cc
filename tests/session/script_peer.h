/** A peer without a wallet: it speaks messages with the codec alone, and says what its script tells it to, true or not.
 *
 *  As sender it answers OPEN, reads the filter, offers the roots it was given in the order it was given, answers each WANT
 *  as it is told, and ends its roots. It gives READ only, so that the session takes and never sends; with `rights` set
 *  otherwise the test speaks for the other turn itself. */
#ifndef TESTS_SESSION_SCRIPT_PEER_H
#define TESTS_SESSION_SCRIPT_PEER_H

#include "session/frame.h"
#include "session/message.h"
#include "session/pair.h"

/** One transaction that the peer has. All are views. */
typedef struct script_tx {
    gasp_txid txid;
    gasp_bytes raw;
    bool proven;
    size_t index;          /**< in the block, when proven */
    const uint32_t *vouts; /**< offered outputs; none: it is no root */
    size_t n_vouts;
} script_tx;

/** What to do with a WANT. */
typedef enum script_way { SCRIPT_GIVE = 0, SCRIPT_ABSENT, SCRIPT_SENT, SCRIPT_SILENT } script_way;

typedef struct script_peer script_peer;

/** *give: which transaction answers it, at the call the one that was wanted; SIZE_MAX when there is none. */
typedef script_way (*script_answer)(void *ctx, const gasp_want *want, size_t *give);

struct script_peer {
    bool initiator; /**< this peer began, so it closes first */
    pair_side side; /**< the session under test */
    gasp_time now;

    uint32_t height; /**< of the block that holds the proven ones, and its txids */
    const gasp_txid *block;
    size_t n_block;
    script_tx *txs; /**< owned, the array */
    size_t n_txs;
    size_t *order; /**< owned: roots in the order in which they are offered */
    size_t n_order;
    size_t batch; /**< roots of one message; 8 */
    script_answer answer;
    void *ctx;
    bool mute; /**< it reads and counts, and says nothing by itself */

    gasp_open open;   /**< what it says */
    gasp_open theirs; /**< what it heard */
    gasp_frames_in frames;
    gasp_buf out;     /**< said, and not delivered yet */
    size_t heard[64]; /**< messages by type */
    gasp_error_msg error;
    gasp_close close;
    gasp_credit credit; /**< given back in all */
    size_t next_root;
    bool *sent; /**< owned: by transaction, as a root */
    bool filter_done;
    bool ended;
    uint64_t n_roots; /**< offered so far, and their outputs */
    uint64_t n_outputs;
    size_t n_wants;
    size_t n_answers;
    size_t n_absent;
};

/** A peer for a session over that wallet; config is changed by the caller between the two. */
void script_config(gasp_session_config *config, gasp_wallet *wallet, bool initiator);
void script_start(script_peer *p, const gasp_session_config *config);
void script_free(script_peer *p);

/** Gives the peer one more transaction; its number. */
size_t script_add(script_peer *p, const script_tx *tx);

/** All that the roots of a block need; roots are offered in block order. vouts are kept in *vouts, which the caller frees
 *  with free() after the peer. */
void script_take_block(script_peer *p, const test_block *block, uint32_t **vouts);

/** Number of a transaction; SIZE_MAX when the peer has it not. */
size_t script_find(const script_peer *p, const gasp_txid *txid);

/** Puts a message behind what is said. */
void script_say(script_peer *p, uint16_t type, gasp_bytes message);
void script_say_open(script_peer *p);
void script_say_filter(script_peer *p);
void script_say_roots_end(script_peer *p);
void script_say_close(script_peer *p, gasp_result result);

/** One batch: transactions by number, with these flags added to those that they need. wanted: NULL, or for each the txid
 *  that its answer names. */
void script_say_invs(script_peer *p, const size_t *which, size_t n, uint8_t flags, const gasp_txid *wanted);

/** The same bytes, for tests that change them. *out is initialised here. */
void script_inv_message(gasp_buf *out, const script_peer *p, const size_t *which, size_t n, uint8_t flags,
                        const gasp_txid *wanted);

/** Delivers what was said, and takes what the session says, once. Whether anything moved. */
bool script_step(script_peer *p);

/** Steps until nothing moves. */
void script_run(script_peer *p);

/** The first event about a transaction, of that kind; NULL when there is none. */
const gasp_event *script_event(const script_peer *p, gasp_event_kind kind, const gasp_txid *txid);

#endif
