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

#include "gasp/admit.h"
#include "gasp/headers.h"
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
    const gasp_headers *headers;   /**< the host's own header chain; NULL: the wallet keeps headers */
    const gasp_admit *admit;       /**< who decides what becomes ours; NULL: what was offered does */
    uint8_t seed32[32];            /**< random bytes, new for every process: keeps peers from aiming hash collisions */
    uint32_t policy; /**< version of the host's own rules, below 2^24: when it moves, what was refused for policy is due
                      *   again */
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
 *  With a headers port all of this is the host's: the run goes to its `put`, what it took is counted as judged, and the
 *  wallet settles to the chain that comes of it.
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
 *           GASP_ERR_UNSUPPORTED    the wallet has a headers port, which takes none
 *           GASP_ERR_LIMIT          a reorganisation that one batch cannot hold (gasp/kv.h)
 *  Bounds:  O(n). Memory for one batch of 2,000 headers; a reorganisation takes memory for its depth and for every
 *           transaction that it touches, because it is one batch too. */
GASP_API gasp_err gasp_wallet_headers_import(gasp_wallet *wallet, gasp_headers_report *report, const uint8_t *raw,
                                             size_t raw_len, uint32_t height, const gasp_pin *pin, gasp_time now,
                                             gasp_fault *fault) GASP_MUST_CHECK;

/** The best chain of the host's headers port moved: in one batch, what stood on a block that left it stands there no longer
 *  (another proof of it counts, or what it spends; else it leaves the spendable view), and what stood on one that came in
 *  does again. The wallet is then settled to the port's epoch. To be called after each move, and after opening; when
 *  nothing moved it costs a look. Without a headers port it does nothing, unless the store was settled to one before.
 *
 *  Units:   now.wall_ms is the time of the changes.
 *  Errors:  those of the port (gasp/headers.h)
 *           GASP_ERR_LIMIT  a reorganisation that one batch cannot hold (gasp/kv.h)
 *  Bounds:  one look at the port for each header that left or came; when the port does not know the old tip any more, or
 *           the store was settled to another source, one for each block that a proof is held in. */
GASP_API gasp_err gasp_wallet_headers_changed(gasp_wallet *wallet, gasp_time now) GASP_MUST_CHECK;

/** Takes one header by decree: from the user's own node, say. It stands in the best chain at that height until a linked
 *  chain covers the height with another one, has no work and ends no tip. A later decree replaces it. When a run that is
 *  imported contains it, it is judged as part of that run and stands where the run does.
 *  Errors: GASP_ERR_HEADER_TARGET, GASP_ERR_HEADER_HASH  it has no proof of work of its own
 *          GASP_ERR_HEADER_VERSION  its version is too low for the height
 *          GASP_ERR_HEADER_PIN  another header is held by its rules at that height, or named by the one above; a
 *                               checkpoint is another one; or it is held by its rules elsewhere
 *          GASP_ERR_UNSUPPORTED  the wallet has a headers port: what is believed is the host's to say */
GASP_API gasp_err gasp_wallet_headers_trust(gasp_wallet *wallet, const uint8_t raw80[80], uint32_t height,
                                            gasp_time now) GASP_MUST_CHECK;

/** The last header of the best chain. Trusted headers are no tips. */
GASP_API gasp_err gasp_wallet_headers_tip(gasp_wallet *wallet, gasp_header_info *out) GASP_MUST_CHECK;

/** The header of the best chain at a height; GASP_ABSENT when none is held. */
GASP_API gasp_err gasp_wallet_header_at(gasp_wallet *wallet, gasp_header_info *out, uint32_t height) GASP_MUST_CHECK;

/** Hashes of the best chain from the tip down: the last ten, then at twice the distance each, then the lowest that is held
 *  without a gap. Where a peer's chain left ours, the first of them that it knows is near.
 *  Shape:   hashes: room for GASP_LOCATOR_MAX. Gives: *n, 1 at least. */
GASP_API gasp_err gasp_wallet_headers_locator(gasp_wallet *wallet, gasp_block_hash *hashes, size_t *n) GASP_MUST_CHECK;

/* ---- collections ----------------------------------------------------------------------------------------------- */

enum { GASP_COLLECTION_NAME_MAX = 64 /**< bytes of a collection's name */ };

/** Makes another set of outputs over the same transactions and headers. What a peer may see or do is said for each
 *  collection apart (gasp/session.h), and nothing of one tells what is in another. The name is for people and stays here.
 *  Errors: GASP_ERR_STORE_EXISTS  there is one of that id
 *          GASP_ERR_LIMIT         1,024 are there
 *          GASP_ERR_MISUSE        a name that is empty or longer than GASP_COLLECTION_NAME_MAX */
GASP_API gasp_err gasp_wallet_collection_add(gasp_wallet *wallet, const gasp_collection *collection,
                                             const char *name) GASP_MUST_CHECK;

/** Whether there is such a collection: GASP_OK or GASP_ABSENT. The one of 32 zero bytes always is. */
GASP_API gasp_err gasp_wallet_collection_has(gasp_wallet *wallet, const gasp_collection *collection) GASP_MUST_CHECK;

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
    GASP_FATE_ASIDE = 3,     /**< something that it stands on is missing, or the host will say later (gasp/admit.h); it
                              *   may be given again */
    GASP_FATE_REFUSED = 4,   /**< see err */
    GASP_FATE_UNNEEDED = 5   /**< nothing is wrong with it, but no output of ours stands on it: it was not stored.
                              *   Of a proof: the transaction is not held */
} gasp_fate;

/** One line of a report. */
typedef struct gasp_verdict {
    gasp_txid txid;
    gasp_fate fate;
    gasp_err err;       /**< GASP_OK, or why it was set aside or refused */
    gasp_txid cause;    /**< where the fault lies: itself, or the ancestor that failed */
    gasp_err cause_err; /**< what was wrong there; err itself when it is the transaction's own fault */
    uint32_t height;    /**< for GASP_ERR_PROOF_NO_HEADER and _ROOT, and from gasp_wallet_prove always: the block's
                         *   height */
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
 *  out of the BEEF. Each subject is committed with what it stands on, or not at all. Of transactions that are held, a
 *  proof is kept as gasp_wallet_prove keeps it: after the subjects, in a batch of its own. When only that one fails, the
 *  answer is GASP_OK and the verdicts say what was kept.
 *
 *  Gives:   a verdict for each transaction. GASP_OK says that the input could be read, not that anything was taken.
 *  Errors:  GASP_ERR_FORMAT_UNKNOWN and the decoding errors of gasp/tx.h, gasp/bump.h, gasp/beef.h, with *fault
 *           GASP_ERR_COUNT   a listed index that a subject does not have
 *           GASP_ERR_MISUSE  no such collection */
GASP_API gasp_err gasp_wallet_add(gasp_wallet *wallet, const uint8_t *bytes, size_t len, const gasp_add_config *config,
                                  gasp_time now, gasp_verdict_visit visit, void *ctx,
                                  gasp_fault *fault) GASP_MUST_CHECK;

/* ---- telling -------------------------------------------------------------------------------------------------- */

/** Takes a transaction that the host made and that spends outputs of ours: raw, in extended form, or a BEEF. It is
 *  followed and verified like one of gasp_wallet_add. A subject that spends an output that is ours is kept whether or not
 *  an output of it is: it is a member of the collection by that, what it spends is spent from then on, and peers of the
 *  collection learn it. One that spends nothing of ours and gives us nothing is GASP_FATE_UNNEEDED (or ASIDE, while its
 *  sources are not here either).
 *
 *  When another held transaction, unproven as this one, spends the same output, both are kept and are *contested*: see
 *  gasp_output. Of one output 256 spends are held at most.
 *
 *  Shape:   bytes: len bytes, 1 or more. config: as for gasp_wallet_add; with NULL the default collection and no output of
 *           it ours; GASP_TAKE_LIST names change that comes back to us, GASP_TAKE_ALL takes every output.
 *  Gives:   a verdict for each transaction of the input, in its order. GASP_ERR_VERIFY_SPENT: a proven transaction spends
 *           one of its inputs. GASP_ERR_VERIFY_POLICY: too many spends of one output are held.
 *  Errors:  those of gasp_wallet_add */
GASP_API gasp_err gasp_wallet_spend(gasp_wallet *wallet, const uint8_t *bytes, size_t len,
                                    const gasp_add_config *config, gasp_time now, gasp_verdict_visit visit, void *ctx,
                                    gasp_fault *fault) GASP_MUST_CHECK;

/** Takes proofs: of every held transaction among the hashes of the path's level 0, flagged or not, its own part is kept.
 *  A transaction keeps any number of proofs, one a block. Where the block is in the best chain it is the anchor at once
 *  (of several the lowest); where the block's header is held on a side branch, the proof waits for the branch to become
 *  the best one (a wallet whose host keeps the headers knows the best chain only). Conflicts of a transaction that is
 *  anchored by this are over: it wins.
 *
 *  Shape:   bump: len bytes, one BRC-74 path in binary form, alone or compound; nothing behind it.
 *  Gives:   a verdict for each hash of level 0 that is held, and for each that is flagged as a txid and is not, in the
 *           order of the path; height is the path's. Fates:
 *             COMMITTED  this proof was new      KNOWN     it is held already
 *             ASIDE      GASP_ERR_PROOF_NO_HEADER: no header is held at that height; it may be given again
 *             REFUSED    GASP_ERR_PROOF_ROOT: of no block that is held at that height
 *             UNNEEDED   no such transaction is held
 *           GASP_OK says that the path could be read, not that anything was taken.
 *  Errors:  the decoding errors of gasp/bump.h, with *fault; nothing is changed then
 *           GASP_ERR_LIMIT  what follows from it is more than one batch holds; or a host's header chain did not stand
 *                           still for as long as a look-up takes
 *  Bounds:  one batch for all; a look-up for each hash of level 0.
 *  Source:  BRC-74; gasp/bump.h for the rules. */
GASP_API gasp_err gasp_wallet_prove(gasp_wallet *wallet, const uint8_t *bump, size_t len, gasp_time now,
                                    gasp_verdict_visit visit, void *ctx, gasp_fault *fault) GASP_MUST_CHECK;

/** Forgets an unproven transaction that will never be mined, with every transaction that is unproven and spends from it
 *  or from one that is forgotten with it. Their outputs, entries, and proofs in stale blocks leave the store; an output
 *  that only they spent can be spent again, and a conflict that they were one of two sides of is over. A descendant that
 *  is proven stays. Nothing keeps a forgotten transaction from coming again, from a peer for one.
 *
 *  Gives:   *n, how many transactions left, in one batch; n may be NULL.
 *  Answers: GASP_ABSENT  not held
 *  Errors:  GASP_ERR_PROVEN  it has a proof in the best chain
 *           GASP_ERR_LIMIT   more than one batch holds */
GASP_API gasp_err gasp_wallet_forget(gasp_wallet *wallet, size_t *n, const gasp_txid *txid,
                                     gasp_time now) GASP_MUST_CHECK;

/** Keeps what a broadcaster answered for a transaction, as its entry GASP_ENTRY_BROADCAST of the unsigned author: opaque,
 *  never trusted, part of its state while it is unproven, and told to peers like every entry. len 0 removes it (as a
 *  tombstone that travels); where there is none, nothing is done. The entry's time is that of gasp_wallet_label.
 *  Shape:   value: up to GASP_ENTRY_VALUE_MAX bytes; may be NULL with len 0.
 *  Answers: GASP_ABSENT  no such transaction is held
 *  Errors:  GASP_ERR_ENTRY_VALUE  more than GASP_ENTRY_VALUE_MAX bytes
 *           GASP_ERR_LIMIT        as for gasp_wallet_label */
GASP_API gasp_err gasp_wallet_broadcast(gasp_wallet *wallet, const gasp_txid *txid, const uint8_t *value, size_t len,
                                        gasp_time now) GASP_MUST_CHECK;

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
    bool spent;        /**< a held transaction that stands spends it */
    bool unanchored;   /**< its transaction does not stand: its block left the best chain, or a proven one spends
                                *   what it spends. Not spendable until that changes */
    bool contested;    /**< its transaction, or an unproven one that it stands on, is one of several that spend
                                *   one output, of which at most one will be mined; or it is such an output itself. Not
                                *   to be relied on, but still an item of the collection: conflicts never enter a hash */
    gasp_txid spender; /**< when spent: the proven one, else the first of spenders */
    const gasp_txid *spenders; /**< when spent: the held transactions that stand and spend it, ascending in internal
                                *   order; two or more are a conflict. Valid during the visit */
    size_t n_spenders;
    uint64_t arrived_ms;       /**< wall time of its transaction's first commit; a local fact, not compared */
    const gasp_entry *entries; /**< its transaction's and its own, sorted, deletions (value_len 0) among them;
                                *   valid during the visit */
    size_t n_entries;
} gasp_output;

/** Anything but GASP_OK ends the visits: GASP_DONE is answered as GASP_OK, errors as they are. */
typedef gasp_err (*gasp_output_visit)(void *ctx, const gasp_output *output);

/** Visits the outputs of a collection in order of their outpoint36, from the first one behind *after (NULL: from the
 *  start). Spent ones are visited only with with_spent. gasp_wallet_list with GASP_LIST_ALL or GASP_LIST_UNSPENT. */
GASP_API gasp_err gasp_wallet_outputs(gasp_wallet *wallet, const gasp_collection *collection,
                                      const gasp_outpoint *after, bool with_spent, gasp_output_visit visit,
                                      void *ctx) GASP_MUST_CHECK;

/** Which outputs a listing is of. Refused ones have no value here: they are not held, and are listed apart. */
typedef enum gasp_list_filter {
    GASP_LIST_UNSPENT = 1,   /**< all but spent ones: what gasp_wallet_outputs gives without with_spent */
    GASP_LIST_ALL = 2,       /**< every output of ours */
    GASP_LIST_SPENDABLE = 3, /**< neither spent nor unanchored nor contested: what can be relied on */
    GASP_LIST_UNPROVEN = 4,  /**< not spent, of a transaction that has no anchor */
    GASP_LIST_SPENT = 5,     /**< spent by a held transaction */
    GASP_LIST_CONFLICTS = 6  /**< contested ones, and those that two or more held transactions spend */
} gasp_list_filter;

/** What to list. Initialise with gasp_list_config_init, then set what differs. */
typedef struct gasp_list_config {
    size_t size;                /**< sizeof(gasp_list_config) */
    gasp_collection collection; /**< the default one */
    gasp_list_filter filter;    /**< GASP_LIST_UNSPENT */
    const char *label;          /**< NUL-terminated; NULL. Only outputs that have an entry of this name, by any author,
                                 *   about the output or its transaction, which is no deletion */
    const uint8_t *value;       /**< with label: the entry's value has exactly these bytes; NULL: whatever value */
    size_t value_len;
    const gasp_outpoint *after; /**< cursor: from the first one behind this outpoint, which need not be held; NULL: from
                                 *   the start */
    uint64_t limit;             /**< visits at most; 0: as many as there are */
} gasp_list_config;

GASP_API void gasp_list_config_init(gasp_list_config *config);

/** Visits the outputs that fit, in order of their outpoint36. To page: give the last one visited as `after` of the next
 *  call while *more.
 *
 *  Gives:   *more, whether outputs that fit stand behind the limit; false when a visit ended it. May be NULL.
 *  Errors:  GASP_ERR_MISUSE     no such filter; value without label
 *           GASP_ERR_ENTRY_KEY  label is no name of an entry (gasp_entry_make)
 *  Bounds:  reads rows from the cursor on until the limit is reached; transactions only of those that may fit. */
GASP_API gasp_err gasp_wallet_list(gasp_wallet *wallet, const gasp_list_config *config, bool *more,
                                   gasp_output_visit visit, void *ctx) GASP_MUST_CHECK;

/** Count, sum and fingerprint of the outputs of a collection that are items (match=state): all but spent and unanchored
 *  ones. Two wallets with equal summaries hold the same outputs with the same anchors and entries. */
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
    bool stands;    /**< anchored, or unproven with everything it spends standing; see gasp_output.unanchored */
    bool contested; /**< see gasp_output.contested */
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

/** What a change row says. Where several things changed at once for one output there is one row, of the first that holds
 *  in the order ADDED, UNANCHORED, SPENT, UNSPENT, CONTESTED, UNCONTESTED, STATE: whoever mirrors outputs reads the output
 *  again, whatever the kind. */
typedef enum gasp_change_kind {
    GASP_CHANGE_ADDED = 1,       /**< an output became ours */
    GASP_CHANGE_SPENT = 2,       /**< one of ours was spent by a held transaction */
    GASP_CHANGE_STATE = 3,       /**< anchor or entries of one of ours changed, or its transaction stands again */
    GASP_CHANGE_UNANCHORED = 4,  /**< its block left the best chain, or its transaction lost against a proven one */
    GASP_CHANGE_UNSPENT = 5,     /**< nothing that is held and stands spends it any more */
    GASP_CHANGE_CONTESTED = 6,   /**< a conflict began that it hangs on (gasp_output.contested) */
    GASP_CHANGE_UNCONTESTED = 7, /**< and ended */
    GASP_CHANGE_FORGOTTEN = 8    /**< it left with its transaction (gasp_wallet_forget); no row before it holds now */
} gasp_change_kind;

typedef struct gasp_change {
    uint64_t seq;     /**< one counter for the wallet, without gaps in what is visited */
    uint64_t wall_ms; /**< strictly increasing */
    gasp_change_kind kind;
    gasp_outpoint outpoint;
    gasp_collection collection;
} gasp_change;

typedef gasp_err (*gasp_change_visit)(void *ctx, const gasp_change *change);

/** Reads a change out of a batch that a wallet writes to its store. A host whose own rows live in the same database wraps
 *  the store's `write`, and writes what it has to note of each change in the same database transaction as the batch: then
 *  it has seen a change exactly when the change is there.
 *
 *  Gives:   *out, the change that this op writes.
 *  Answers: GASP_ABSENT  the op writes something else
 *  Bounds:  O(1), allocates nothing. Safe from any thread; it is a function of the op's bytes alone. */
GASP_API gasp_err gasp_change_of_op(const gasp_kv_op *op, gasp_change *out) GASP_MUST_CHECK;

/** Visits the changes behind number `after` (0: all), in order. A host that keeps the last number it saw beside its own
 *  rows misses none and sees none twice. */
GASP_API gasp_err gasp_wallet_changes(gasp_wallet *wallet, uint64_t after, gasp_change_visit visit,
                                      void *ctx) GASP_MUST_CHECK;

/** An output that a peer offered and that is not in the wallet, with the reason. */
typedef struct gasp_refusal_info {
    gasp_outpoint outpoint;
    gasp_err err;      /**< GASP_OK: it is spent here, by `cause` */
    gasp_txid cause;   /**< what is missing, or who spends it; zero where there is no such transaction */
    uint32_t height;   /**< of the proof, for faults of proofs; 0 for none */
    uint64_t until_ms; /**< wall time after which it may be offered again; 0 for none */
    uint64_t noted_ms; /**< wall time at which it was refused */
    bool due;          /**< it is taken when it is offered again, unless it is refused anew */
} gasp_refusal_info;

/** Anything but GASP_OK ends the visits: GASP_DONE is answered as GASP_OK, errors as they are. */
typedef gasp_err (*gasp_refusal_visit)(void *ctx, const gasp_refusal_info *refusal);

/** Visits what was refused for a collection and is remembered, in order of outpoint36, from the first one behind *after
 *  (NULL: from the start). now: what is due is judged by it. Remembered are 16,384 of a collection; what is over that is
 *  offered and refused again. */
GASP_API gasp_err gasp_wallet_refusals(gasp_wallet *wallet, const gasp_collection *collection,
                                       const gasp_outpoint *after, gasp_time now, gasp_refusal_visit visit,
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
