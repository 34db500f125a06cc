/** A wallet: the transactions that are held, the headers they stand on, and the outputs that may be spent.
 *
 *  A wallet lives in one ordered key-value store (gasp/kv.h) that it alone reads and writes. It holds
 *    headers       the best chain known, and side branches;
 *    transactions  each either anchored (a merkle proof in the best chain) or standing on held ones by checked scripts;
 *    outputs       those the wallet offers to peers, in collections; `default` is the one with 32 zero bytes;
 *    entries       metadata (gasp/record.h);
 *    changes       a numbered log of every commit, for the host to read.
 *
 *  There is one way in: a file given by the host, a transaction it made and a peer's INV are all gathered, followed to
 *  their anchors, verified and committed by the same code, each graph in one atomic write. What fails is reported and
 *  leaves nothing behind.
 *
 *  Threads: a wallet may be called from any thread. Callbacks named "visit" run in the calling thread, without the
 *  wallet's lock held; they may call the wallet.
 *
 *  Every function that reads or writes can also answer GASP_ERR_STORE_IO (the store failed; nothing was changed),
 *  GASP_ERR_STORE_CORRUPT (a row that the wallet cannot have written) and GASP_ERR_NOMEM; they are not repeated below.
 */
#ifndef GASP_WALLET_H
#define GASP_WALLET_H

#include "gasp/kv.h"
#include "gasp/record.h"
#include "gasp/set.h"
#include "gasp/types.h"
#include "gasp/verifier.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gasp_wallet gasp_wallet;

/** What a wallet is made from. Initialise with gasp_wallet_config_init, then set what differs. */
typedef struct gasp_wallet_config {
    size_t size;                   /**< sizeof(gasp_wallet_config) */
    const gasp_kv *kv;             /**< the store; must outlive the wallet, which does not close it */
    const gasp_mem *mem;           /**< NULL: the C library's heap */
    const gasp_verifier *verifier; /**< who runs scripts; NULL: the calling thread */
    uint8_t seed32[32];            /**< random bytes, new for every process: keeps peers from aiming hash collisions */
} gasp_wallet_config;

GASP_API void gasp_wallet_config_init(gasp_wallet_config *config);

/** Makes the store of config a wallet of that network. The genesis header of the network is its first header.
 *  Errors: GASP_ERR_STORE_EXISTS  it is one already
 *          GASP_ERR_MISUSE        not a network */
GASP_API gasp_err gasp_wallet_create(const gasp_wallet_config *config, gasp_network network,
                                     gasp_time now) GASP_MUST_CHECK;

/** Opens the wallet in the store of config. *out belongs to the caller (gasp_wallet_free).
 *  Errors: GASP_ERR_STORE_MISSING  the store holds no wallet
 *          GASP_ERR_STORE_LAYOUT   it was written by a later version */
GASP_API gasp_err gasp_wallet_open(gasp_wallet **out, const gasp_wallet_config *config) GASP_MUST_CHECK;

/** Frees the wallet, not its store. NULL is accepted. No session may use it any more. */
GASP_API void gasp_wallet_free(gasp_wallet *wallet);

/** The chain it lives on. */
GASP_API gasp_network gasp_wallet_network(const gasp_wallet *wallet);

/* ---- headers -------------------------------------------------------------------------------------------------- */

/** Why a header is believed. */
typedef enum gasp_trust {
    GASP_TRUST_RULES = 1, /**< judged by every rule of the network */
    GASP_TRUST_PIN = 2,   /**< linked to a pinned header, from before the first one that could be judged */
    GASP_TRUST_DECREE = 3 /**< the user said so (gasp_wallet_headers_trust) */
} gasp_trust;

/** A header that the wallet holds. */
typedef struct gasp_header_info {
    uint8_t raw80[80];
    gasp_block_hash hash;
    uint32_t height;
    gasp_work work; /**< of the whole chain up to it; zero for a header that is trusted by decree */
    gasp_trust trust;
} gasp_header_info;

/** A header that the caller vouches for: where a run of headers that does not reach back to genesis gets its height and
 *  its work from. */
typedef struct gasp_pin {
    uint32_t height;
    gasp_block_hash hash;
    gasp_work work; /**< chain work including it */
} gasp_pin;

/** What gasp_wallet_headers_import did; of a run that was refused in the middle, what came before. */
typedef struct gasp_headers_report {
    uint64_t given;  /**< headers in the input */
    uint64_t linked; /**< accepted by link and hash alone, up to the pin */
    uint64_t judged; /**< accepted by every rule */
    uint64_t known;  /**< held before, by no weaker trust */
    uint32_t tip_height;
    gasp_block_hash tip;
    bool reorganised; /**< judged or pinned headers left the best chain */
} gasp_headers_report;

/** Takes a run of consecutive headers.
 *
 *  Without a pin its first header must be genesis, be held, or follow one that is. With a pin, the pin lies inside the
 *  run: the headers up to it are checked backwards by their links, those after it by every rule; 147 headers up to the
 *  pin are needed (2,016 below height 504,031). Rules are checked in the order link, version, time, nBits, hash, so that
 *  the error names the first that is broken. The chain of most work is the best one; of equals the one seen first. Side
 *  branches are kept, and a run that closes the gap between two others makes them one.
 *
 *  When the new best chain is a pinned run that no held header links to an earlier one, the earlier one stays below it as
 *  far as its own pin, or a checkpoint, vouches for it and the new one does not contradict it.
 *
 *  Transactions follow: what stood on a block that leaves does not stand until the block returns, another proof of it is
 *  in the best chain, or it stands as an unproven one.
 *
 *  Shape:   raw: n * 80 bytes. height: of the first header.
 *  Units:   now.wall_ms is the clock of the rule that a header is at most two hours ahead.
 *  Gives:   *report, also when a header is refused.
 *  Errors:  the GASP_ERR_HEADER_* of the first header that does not pass; fault->item is its index, fault->at its offset.
 *           Headers before it stay accepted when they were judged; a run whose pin fails leaves nothing. Of these
 *           GASP_ERR_HEADER_UNKNOWN_PARENT  the first header follows none that is held
 *           GASP_ERR_HEADER_LINK       also when the header that it follows is not of the height before
 *           GASP_ERR_HEADER_RUN_SHORT  too few headers are held before one to judge it, as after a trusted header
 *           GASP_ERR_HEADER_PIN        also when a pin's work contradicts what is held
 *           GASP_ERR_HEADER_LENGTH  raw_len is not a multiple of 80
 *           GASP_ERR_MISUSE         the pin lies outside of the run
 *           GASP_ERR_LIMIT          a reorganisation that one batch cannot hold (gasp/kv.h)
 *  Bounds:  O(n). Memory for one batch of 2,000 headers; a reorganisation takes memory for its depth and for every
 *           transaction that it touches, because it is one batch too. */
GASP_API gasp_err gasp_wallet_headers_import(gasp_wallet *wallet, gasp_headers_report *report, const uint8_t *raw,
                                             size_t raw_len, uint32_t height, const gasp_pin *pin, gasp_time now,
                                             gasp_fault *fault) GASP_MUST_CHECK;

/** Takes one header by decree: from the user's own node, say. It stands in the best chain at that height until a linked
 *  chain covers the height with another one, has no work and ends no tip. A later decree replaces it. When a run that is
 *  imported contains it, it is judged as part of that run and stands where the run does.
 *  Errors: GASP_ERR_HEADER_TARGET, GASP_ERR_HEADER_HASH  it has no proof of work of its own
 *          GASP_ERR_HEADER_VERSION  its version is too low for the height
 *          GASP_ERR_HEADER_PIN  another header is held by its rules at that height, or named by the one above; a
 *                               checkpoint is another one; or it is held by its rules elsewhere */
GASP_API gasp_err gasp_wallet_headers_trust(gasp_wallet *wallet, const uint8_t raw80[80], uint32_t height,
                                            gasp_time now) GASP_MUST_CHECK;

/** The last header of the best chain. Trusted headers are no tips. */
GASP_API gasp_err gasp_wallet_headers_tip(gasp_wallet *wallet, gasp_header_info *out) GASP_MUST_CHECK;

/** The header of the best chain at a height; GASP_ABSENT when none is held. */
GASP_API gasp_err gasp_wallet_header_at(gasp_wallet *wallet, gasp_header_info *out, uint32_t height) GASP_MUST_CHECK;

/* ---- taking in ------------------------------------------------------------------------------------------------ */

/** Which outputs of the given transactions are ours. */
typedef enum gasp_take {
    GASP_TAKE_ALL = 1, /**< all but provably unspendable ones */
    GASP_TAKE_LIST = 2 /**< the listed indices */
} gasp_take;

/** What became of one transaction. */
typedef enum gasp_fate {
    GASP_FATE_COMMITTED = 1, /**< new, or new facts about it, are stored */
    GASP_FATE_KNOWN = 2,     /**< nothing new */
    GASP_FATE_ASIDE = 3,     /**< something that it stands on is missing; it may be given again */
    GASP_FATE_REFUSED = 4,   /**< see err */
    GASP_FATE_UNNEEDED = 5   /**< nothing is wrong with it, but no output of ours stands on it: it was not stored */
} gasp_fate;

/** One line of a report. */
typedef struct gasp_verdict {
    gasp_txid txid;
    gasp_fate fate;
    gasp_err err;       /**< GASP_OK, or why it was set aside or refused */
    gasp_txid cause;    /**< where the fault lies: itself, or the ancestor that failed */
    gasp_err cause_err; /**< what was wrong there; err itself when it is the transaction's own fault */
    uint32_t height;    /**< for GASP_ERR_PROOF_NO_HEADER and _ROOT: the block's height */
    uint32_t n_outputs; /**< outputs of it that are ours by this */
    uint64_t input;     /**< which input failed, for errors of one */
} gasp_verdict;

/** How gasp_wallet_add takes a file in. Initialise with gasp_add_config_init. */
typedef struct gasp_add_config {
    size_t size;                /**< sizeof(gasp_add_config) */
    gasp_collection collection; /**< where the outputs go */
    gasp_take take;             /**< of the subjects: transactions that no other one given here spends */
    const uint32_t *vouts;      /**< with GASP_TAKE_LIST: indices, n_vouts of them */
    size_t n_vouts;
} gasp_add_config;

/** The default collection, all outputs. */
GASP_API void gasp_add_config_init(gasp_add_config *config);

/** Called once for each transaction of the input, in its order. Anything but GASP_OK ends the visits and is answered. */
typedef gasp_err (*gasp_verdict_visit)(void *ctx, const gasp_verdict *verdict);

/** Takes a raw transaction, one in extended form, or a BEEF of any version; binary. What it holds already may be left
 *  out of the BEEF. Each subject is committed with what it stands on, or not at all.
 *
 *  Gives:   a verdict for each transaction. GASP_OK says that the input could be read, not that anything was taken.
 *  Errors:  GASP_ERR_FORMAT_UNKNOWN and the decoding errors of gasp/tx.h, gasp/bump.h, gasp/beef.h, with *fault
 *           GASP_ERR_COUNT   a listed index that a subject does not have
 *           GASP_ERR_MISUSE  no such collection */
GASP_API gasp_err gasp_wallet_add(gasp_wallet *wallet, const uint8_t *bytes, size_t len, const gasp_add_config *config,
                                  gasp_time now, gasp_verdict_visit visit, void *ctx,
                                  gasp_fault *fault) GASP_MUST_CHECK;

/** Sets one entry of an output under the unsigned author: a label, a description. value_len 0 removes it (as a tombstone
 *  that travels); where there is none, nothing is done. The entry's time is now.wall_ms, moved forward where needed to be
 *  later than the entry it replaces.
 *  Shape:   name: NUL-terminated, as in gasp_entry_make; value may be NULL with value_len 0.
 *  Answers: GASP_ABSENT  no such output is held
 *  Errors:  GASP_ERR_ENTRY_KEY, GASP_ERR_ENTRY_VALUE
 *           GASP_ERR_LIMIT  GASP_ENTRIES_PER_SUBJECT_MAX or GASP_ENTRIES_MAX are held; or the entry that is held bears
 *                           the last time there is */
GASP_API gasp_err gasp_wallet_label(gasp_wallet *wallet, const gasp_outpoint *outpoint, const char *name,
                                    const uint8_t *value, size_t value_len, gasp_time now) GASP_MUST_CHECK;

/* ---- reading -------------------------------------------------------------------------------------------------- */

/** One output that is ours, as two equal wallets show it equally. */
typedef struct gasp_output {
    gasp_outpoint outpoint;
    uint64_t sat;
    gasp_bytes script;         /**< valid during the visit */
    const gasp_anchor *anchor; /**< of its transaction, NULL while it is unproven; valid during the visit */
    gasp_state_hash state;
    bool spent;                /**< a held transaction spends it */
    bool unanchored;           /**< its block left the best chain: not spendable until it returns */
    gasp_txid spender;         /**< when spent */
    const gasp_entry *entries; /**< its transaction's and its own, sorted, deletions (value_len 0) among them;
                                *   valid during the visit */
    size_t n_entries;
} gasp_output;

/** Anything but GASP_OK ends the visits: GASP_DONE is answered as GASP_OK, errors as they are. */
typedef gasp_err (*gasp_output_visit)(void *ctx, const gasp_output *output);

/** Visits the outputs of a collection in order of their outpoint36, from the first one behind *after (NULL: from the
 *  start). Spent ones are visited only with with_spent. */
GASP_API gasp_err gasp_wallet_outputs(gasp_wallet *wallet, const gasp_collection *collection,
                                      const gasp_outpoint *after, bool with_spent, gasp_output_visit visit,
                                      void *ctx) GASP_MUST_CHECK;

/** Count, sum and fingerprint of the spendable outputs of a collection as items (match=state). Two wallets with equal
 *  summaries hold the same outputs with the same anchors and entries. */
GASP_API gasp_err gasp_wallet_summary(gasp_wallet *wallet, gasp_set_summary *out,
                                      const gasp_collection *collection) GASP_MUST_CHECK;

/** One transaction that is held. Views inside it are valid until it is freed. */
typedef struct gasp_held {
    gasp_txid txid;
    gasp_bytes raw;
    const gasp_anchor *anchor; /**< in the best chain; NULL while it is unproven */
    gasp_bytes bump;           /**< BRC-74 path of that anchor, for this transaction alone; empty while unproven */
    uint64_t arrived_ms;       /**< wall time of its first commit */
    const gasp_entry *entries;
    size_t n_entries;
    void *inside;
} gasp_held;

/** Reads one transaction; free with gasp_held_clear. GASP_ABSENT when it is not held. */
GASP_API gasp_err gasp_wallet_transaction(gasp_wallet *wallet, gasp_held *out, const gasp_txid *txid) GASP_MUST_CHECK;

GASP_API void gasp_held_clear(gasp_held *held);

/** The two forms in which a transaction leaves the wallet. */
typedef enum gasp_export {
    GASP_EXPORT_BEEF = 1,  /**< BRC-62 V1 with every ancestor down to the proofs */
    GASP_EXPORT_ATOMIC = 2 /**< the same inside BRC-95, the transaction being the subject */
} gasp_export;

/** The transaction and what it stands on, canonical: parents first, each once, one BUMP per block.
 *  Gives:   *out, which the caller frees with gasp_data_clear.
 *  Answers: GASP_ABSENT  not held
 *  Errors:  GASP_ERR_LIMIT            more than GASP_BEEF_TXS_MAX transactions
 *           GASP_ERR_PROOF_NO_HEADER  it, or something it stands on, lost its block: there is no proof to go down to
 *           GASP_ERR_MISUSE           no such form */
GASP_API gasp_err gasp_wallet_export(gasp_wallet *wallet, gasp_data *out, const gasp_txid *txid,
                                     gasp_export form) GASP_MUST_CHECK;

/** What a change row says. */
typedef enum gasp_change_kind {
    GASP_CHANGE_ADDED = 1,     /**< an output became ours */
    GASP_CHANGE_SPENT = 2,     /**< one of ours was spent by a held transaction */
    GASP_CHANGE_STATE = 3,     /**< anchor or entries of one of ours changed */
    GASP_CHANGE_UNANCHORED = 4 /**< its block left the best chain */
} gasp_change_kind;

typedef struct gasp_change {
    uint64_t seq;     /**< one counter for the wallet, without gaps in what is visited */
    uint64_t wall_ms; /**< strictly increasing */
    gasp_change_kind kind;
    gasp_outpoint outpoint;
    gasp_collection collection;
} gasp_change;

typedef gasp_err (*gasp_change_visit)(void *ctx, const gasp_change *change);

/** Visits the changes behind number `after` (0: all), in order. A host that keeps the last number it saw beside its own
 *  rows misses none and sees none twice. */
GASP_API gasp_err gasp_wallet_changes(gasp_wallet *wallet, uint64_t after, gasp_change_visit visit,
                                      void *ctx) GASP_MUST_CHECK;

/** What gasp_wallet_check found wrong. */
typedef struct gasp_problem {
    const char *what;       /**< one line, with the height for headers; valid during the visit */
    gasp_outpoint outpoint; /**< what it concerns; vout UINT32_MAX for a transaction as a whole, with a txid of zeroes
                             *   for what is no transaction's */
} gasp_problem;

/** Anything but GASP_OK ends the check: GASP_DONE is answered as GASP_OK, errors as they are. */
typedef gasp_err (*gasp_problem_visit)(void *ctx, const gasp_problem *problem);

/** What was looked at. */
typedef struct gasp_check_report {
    uint64_t transactions;
    uint64_t proofs;
    uint64_t headers;
    uint64_t outputs;
    uint64_t scripts; /**< inputs whose scripts were run again, in the calling thread */
    uint64_t problems;
} gasp_check_report;

/** Checks the whole store again from its primary rows: every transaction's bytes against its txid, every proof against
 *  its header, every header against its rules (those of side branches: against their parent, their own target, height
 *  and work), every unproven transaction's scripts, and every index row against what it is derived from. Answers GASP_OK
 *  also when problems were visited; see the report. One fault can show in several rows and is then visited for each.
 *  Errors:  GASP_ERR_STORE_CORRUPT  the row of the state itself cannot be read
 *  Bounds:  one snapshot, read once and looked up in; memory for one transaction and its sources. Writes nothing. visit
 *           NULL: only count. */
GASP_API gasp_err gasp_wallet_check(gasp_wallet *wallet, gasp_check_report *report, gasp_problem_visit visit,
                                    void *ctx) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
