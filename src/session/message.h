/** The messages of protocol 1 as structs and as bytes. docs/protocol.md has the same, byte by byte, with the clause of
 *  BRC-76 that each serves. Integers are little-endian, counts are CompactSize.
 *
 *  A decoder leaves views of the bytes that it was given in its struct; what it allocates is freed by the matching clear
 *  function. It judges form only: whether a message is expected, and whether what it says holds, is for the engine.
 */
#ifndef GASP_SESSION_MESSAGE_H
#define GASP_SESSION_MESSAGE_H

#include "base/blob.h"
#include "base/limits.h"
#include "base/reader.h"
#include "base/writer.h"
#include "gasp/bump.h"
#include "gasp/session.h"
#include "record/entry.h"
#include "set/items.h"
#include "wallet/ask.h"

enum {
    GASP_PROTOCOL_VERSION = 1,
    GASP_BOUNDS_KEY_LEN = 16,
    GASP_PRINTS = 17, /**< fingerprints of an account: 16 bounds make 17 ranges */
    GASP_PRINT_LEN = 16,
    GASP_OPEN_LOCATOR_MAX =
        GASP_LIMIT_LOCATOR, /**< block hashes in a locator: with doubling steps more than any chain needs */
    GASP_SCHEMES_MAX = GASP_LIMIT_SCHEMES
};

/** Types. An unknown odd one is skipped, an unknown even one ends the session (the rule of BOLT 1). */
typedef enum gasp_msg {
    GASP_MSG_OPEN = 2,
    GASP_MSG_CLOSE = 4,
    GASP_MSG_ERROR = 6,
    GASP_MSG_KEEPALIVE = 7,
    GASP_MSG_FILTER = 8,
    GASP_MSG_INV = 10,
    GASP_MSG_WANT = 12,
    GASP_MSG_SENT = 14,
    GASP_MSG_ABSENT = 16,
    GASP_MSG_CREDIT = 18,
    GASP_MSG_ROOTS_END = 20,
    GASP_MSG_TURN_END = 22,
    GASP_MSG_ROUND = 24,
    GASP_MSG_CHANGED = 25,
    GASP_MSG_SKIP = 28,
    GASP_MSG_SPEND = 30
    /* Reserved, each needs its feature bit: 26 HEADERS, 32 NEGENTROPY. */
} gasp_msg;

/** Features: messages that are sent only when both sides have the bit. */
enum {
    GASP_FEATURE_SKIP = 1,    /**< SKIP */
    GASP_FEATURE_SPEND = 2,   /**< SPEND */
    GASP_FEATURE_ROUNDS = 4,  /**< ROUND, CHANGED */
    GASP_FEATURE_ACCOUNT = 8, /**< turns that only look, fingerprints in CLOSE */
    GASP_FEATURES = 15
};

/* FILTER: u8, 1 for the last part and else 0, then the part (set/bloom.h). KEEPALIVE and CHANGED have no payload. */

/** Set schemes. */
enum { GASP_SCHEME_BLOOM = 1, GASP_SCHEME_NEGENTROPY = 2 };

/** What a side tells the other in OPEN. */
typedef struct gasp_open {
    uint16_t version_min;
    uint16_t version_max;
    uint8_t network;
    uint64_t features; /**< sum of GASP_FEATURE_* */
    gasp_collection collection;
    uint8_t rights; /**< of the receiver of this message at its sender: sum of GASP_RIGHT_* */
    uint32_t tip_height;
    gasp_block_hash tip;
    gasp_block_hash locator[GASP_OPEN_LOCATOR_MAX];
    size_t n_locator;
    uint32_t max_frame;
    uint32_t max_message;
    uint32_t max_wants;
    uint32_t credit_roots;
    uint64_t credit_bytes;
    uint8_t schemes[GASP_SCHEMES_MAX]; /**< in order of preference; exactly one in an answer */
    size_t n_schemes;
    uint8_t match; /**< gasp_match */
    uint16_t state_version;
    bool has_summary;
    gasp_set_summary summary;                /**< of the items under `match` */
    uint8_t bounds_key[GASP_BOUNDS_KEY_LEN]; /**< where the account of the round is taken (session/account.h) */
    bool has_settled;
    uint8_t settled[32]; /**< the pair of summaries that both stored, when nothing changed since */
} gasp_open;

void gasp_open_encode(gasp_writer *w, const gasp_open *open);

/** Errors: GASP_ERR_PEER_MESSAGE and decoding errors, in r. */
gasp_err gasp_open_decode(gasp_open *out, gasp_reader *r) GASP_MUST_CHECK;

/** What opens every further round of a connection: what may have changed since OPEN. It stands in the same struct. */
void gasp_round_encode(gasp_writer *w, uint32_t number, const gasp_open *open);

/** Reads a ROUND over an OPEN that was read before. *number: of the round, from 1. */
gasp_err gasp_round_decode(gasp_open *open, uint32_t *number, gasp_reader *r) GASP_MUST_CHECK;

typedef struct gasp_close {
    uint8_t result; /**< gasp_result */
    bool again;     /**< the account does not add up: another round would help */
    gasp_set_summary summary;
    uint8_t prints[GASP_PRINTS][GASP_PRINT_LEN]; /**< of the ranges between the bounds of whoever reads this */
} gasp_close;

void gasp_close_encode(gasp_writer *w, const gasp_close *close);
gasp_err gasp_close_decode(gasp_close *out, gasp_reader *r) GASP_MUST_CHECK;

/** Why a side ends a session; the numbers are the wire's. */
typedef enum gasp_reason {
    GASP_REASON_INTERNAL = 1,
    GASP_REASON_MALFORMED = 2,
    GASP_REASON_UNEXPECTED = 3,
    GASP_REASON_LIMIT = 4,
    GASP_REASON_VERSION = 5,
    GASP_REASON_NETWORK = 6,
    GASP_REASON_NOTHING_COMMON = 7,
    GASP_REASON_DENIED = 8,
    GASP_REASON_IDLE = 9
} gasp_reason;

typedef struct gasp_error_msg {
    uint16_t reason;
    uint16_t message; /**< the type that was at fault, 0 for none */
    uint64_t at;      /**< offset in it */
} gasp_error_msg;

void gasp_error_encode(gasp_writer *w, const gasp_error_msg *error);
gasp_err gasp_error_decode(gasp_error_msg *out, gasp_reader *r) GASP_MUST_CHECK;
gasp_reason gasp_reason_of(gasp_err err);
gasp_err gasp_err_of_reason(uint16_t reason);

/** Flags of one INV. */
enum {
    GASP_INV_TX = 1,     /**< the transaction itself; else its txid */
    GASP_INV_PROVEN = 2, /**< a path of this batch proves it */
    GASP_INV_ROOT = 4,   /**< outputs of it are offered */
    GASP_INV_ANSWER = 8, /**< it answers a WANT; with GASP_INV_TX the txid that was wanted stands behind the flags */
    GASP_INV_FLAGS = 15
};

/** One transaction of an INV batch. */
typedef struct gasp_inv {
    uint8_t flags;
    gasp_txid
        wanted;     /**< with GASP_INV_ANSWER and GASP_INV_TX: the txid of the WANT; else txid. When the two differ, the
                       *   WANT was answered with the bytes of another transaction: GASP_ERR_VERIFY_TXID */
    gasp_txid txid; /**< of raw, or as sent */
    gasp_bytes raw; /**< with GASP_INV_TX */
    size_t block;   /**< with GASP_INV_PROVEN: which path of the batch */
    uint32_t *roots; /**< with GASP_INV_ROOT, ascending */
    size_t n_roots;
    gasp_bytes entries;      /**< wire form of a gasp_entries, as it stood */
    gasp_input_hash *inputs; /**< none, or one an input */
    size_t n_inputs;
    gasp_data path; /**< filled in by who takes it: its own path, cut out of that of the batch */
    gasp_tx *tx;    /**< decoded from raw; whoever takes it sets this to NULL */
    size_t len;     /**< bytes that this INV took in the batch, paths apart: what credit counts */
} gasp_inv;

/** A batch: every path once, each compound. */
typedef struct gasp_inv_batch {
    gasp_bump **bumps;
    const gasp_data *joined; /**< what is written instead of bumps, when given: the bytes of each */
    gasp_block_hash
        *blocks; /**< one a path: where the sender says it stands. Never believed; only the id under which the
                              *   sender holds an output is computed with it */
    size_t n_bumps;
    gasp_inv *invs;
    size_t n_invs;
    const gasp_mem *mem;
} gasp_inv_batch;

/** Transactions, and paths, of one batch at most. We send 256; each costs the receiver some hundred bytes of memory before
 *  anything is known of it, so a message of the largest size must not hold a million. */
enum { GASP_INV_BATCH_MAX = GASP_LIMIT_INV_BATCH };

/** Reads a batch. Paths and transactions are decoded here, once; a transaction that cannot be read makes the batch
 *  malformed. */
gasp_err gasp_inv_batch_decode(gasp_inv_batch *out, gasp_reader *r, const gasp_mem *mem) GASP_MUST_CHECK;
void gasp_inv_batch_clear(gasp_inv_batch *batch);

/** Writes a whole batch (bumps, then invs); entries empty is written as an empty list. */
void gasp_inv_batch_encode(gasp_writer *w, const gasp_inv_batch *batch);

/** Bytes of one INV in a batch. */
size_t gasp_inv_len(const gasp_inv *inv);

/** Kinds of WANT. AGAIN: a transaction that was sent and had no room then, so that SENT is no answer. */
enum { GASP_WANT_TX = 0, GASP_WANT_METADATA = 1, GASP_WANT_AGAIN = 2 };

/** A reference: what WANT names and SENT and ABSENT answer. */
typedef struct gasp_want {
    gasp_outpoint outpoint;
    uint8_t kind;
    uint32_t max_len;     /**< WANT: largest transaction that the receiver has room for */
    gasp_state_hash hash; /**< WANT, metadata: what the answer must hash to */
    uint8_t reason;       /**< ABSENT */
    uint32_t len;         /**< ABSENT, too large: bytes of the transaction */
} gasp_want;

enum { GASP_ABSENT_UNKNOWN = 1, GASP_ABSENT_TOO_LARGE = 2, GASP_ABSENT_LIMIT = 3 };

/** Bytes of a reference in each message; they bound counts. */
enum { GASP_WANT_LEN = 41, GASP_SENT_LEN = 37, GASP_ABSENT_LEN = 42 };

void gasp_want_encode(gasp_writer *w, gasp_msg type, const gasp_want *want);

/** One reference of a WANT, SENT or ABSENT; the count before them is a CompactSize. */
void gasp_want_read(gasp_want *out, gasp_reader *r, gasp_msg type);

typedef struct gasp_credit {
    uint32_t roots;
    uint64_t bytes;
} gasp_credit;

void gasp_credit_encode(gasp_writer *w, const gasp_credit *credit);
gasp_err gasp_credit_decode(gasp_credit *out, gasp_reader *r) GASP_MUST_CHECK;

typedef struct gasp_roots_end {
    uint64_t roots;   /**< root transactions sent in this turn */
    uint64_t outputs; /**< outputs offered by them */
    uint64_t spends;  /**< references of SPEND sent in this turn */
    gasp_bytes held;  /**< a bit for each reference of SKIP: the sender holds it. Empty when there was no SKIP */
} gasp_roots_end;

void gasp_roots_end_encode(gasp_writer *w, const gasp_roots_end *end);
gasp_err gasp_roots_end_decode(gasp_roots_end *out, gasp_reader *r) GASP_MUST_CHECK;

typedef struct gasp_turn_end {
    bool owes; /**< its sender has SPENDs to send */
    gasp_bytes
        lacking; /**< a bit for each output offered and then each SPEND, in the order in which they were sent: it is
                         *   not held here. Empty: all are held */
} gasp_turn_end;

void gasp_turn_end_encode(gasp_writer *w, const gasp_turn_end *end);
gasp_err gasp_turn_end_decode(gasp_turn_end *out, gasp_reader *r) GASP_MUST_CHECK;

/** A reference of SKIP: an item that the receiver refused, or knows as spent, and does not want. */
typedef struct gasp_skip_ref {
    uint64_t time; /**< of the item; 32 bits on the wire */
    gasp_item_id id;
} gasp_skip_ref;

enum {
    GASP_SKIP_LEN = 36,
    GASP_SKIPS_MAX =
        GASP_LIMIT_SKIPS /**< references in a SKIP: as many refusals as a wallet remembers. Fits the least max_message */
};

void gasp_skip_write(gasp_writer *w, const gasp_skip_ref *ref);

/** How many references a SKIP has: at least one (GASP_ERR_PEER_MESSAGE) and at most GASP_SKIPS_MAX (GASP_ERR_PEER_LIMIT). */
size_t gasp_skip_count(gasp_reader *r);

/** Reads the next one. after: *ref is the one before, above which it must stand. */
void gasp_skip_read(gasp_skip_ref *ref, gasp_reader *r, bool after);

/** A reference of SPEND: an outpoint that the receiver believes unspent, and who spends it. */
typedef struct gasp_spend_ref {
    gasp_outpoint outpoint;
    gasp_txid spender;
} gasp_spend_ref;

enum { GASP_SPEND_LEN = 68 /**< also what one counts for credit */ };

void gasp_spend_write(gasp_writer *w, const gasp_spend_ref *ref);
void gasp_spend_read(gasp_spend_ref *out, gasp_reader *r);

void gasp_summary_encode(gasp_writer *w, const gasp_set_summary *summary);
void gasp_summary_read(gasp_set_summary *out, gasp_reader *r);

#endif
