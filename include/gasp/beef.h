/** BEEF: transactions together with the merkle paths and ancestors that anchor them (BRC-62; V2 with transactions named
 *  by txid only, BRC-96; Atomic, which is about one subject, BRC-95).
 *
 *      size    field
 *      4       Atomic only: 01 01 01 01
 *      32      Atomic only: txid of the subject, internal order
 *      4       version: 01 00 be ef (V1) or 02 00 be ef (V2)
 *      1..9    BUMPs (CompactSize)
 *      ..      that many BUMPs, see gasp/bump.h
 *      1..9    transactions (CompactSize)
 *      ..      that many of (V1)                      or of (V2)
 *              raw transaction                        1     format: 00 raw, 01 raw and proven, 02 txid only
 *              1     00: no BUMP, 01: a BUMP          1..9  index of its BUMP (format 01)
 *              1..9  index of its BUMP (after 01)     ..    raw transaction, or 32 bytes of txid (format 02)
 *
 *  *Reading* takes what real peers write and keeps it, so that encoding what was decoded gives the same bytes: a
 *  transaction twice, children before their parents, several unrelated ends, no transaction at all, a transaction in
 *  extended form. What cannot be read is refused by gasp_beef_decode with its place. What can be read but must not be
 *  believed (a proven transaction that its path does not hold, a subject that is not there, strangers to the subject)
 * is for gasp_beef_check, so that it can still be shown. Neither looks at headers, scripts or missing parents.
 *
 *  *Writing* is canonical: gasp_beef_new, add, gasp_beef_canonicalise, gasp_beef_encode. BUMPs in ascending order of
 *  height and root, one for each block; each transaction once, in standard form; parents first.
 *
 *  Distinct objects may be used from distinct threads.
 */
#ifndef GASP_BEEF_H
#define GASP_BEEF_H

#include "gasp/bump.h"
#include "gasp/tx.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /** Transactions at most. A graph that a wallet follows to its anchors has some thousands; each costs a row and a
     * node in every walk, whatever its bytes. */
    GASP_BEEF_TXS_MAX = 65536,
    /** BUMPs at most: each transaction names one at most, so that more could not be of use. */
    GASP_BEEF_BUMPS_MAX = GASP_BEEF_TXS_MAX,
    GASP_BEEF_BUMP_LEN_MIN = 37, /**< a BUMP of one leaf: bounds the count before memory is taken */
    GASP_BEEF_TX_LEN_MIN = 33    /**< a transaction named by txid; the least that V2 has (V1: 61) */
};

/** For a transaction without a proof: the index of no BUMP. */
#define GASP_BEEF_NO_BUMP SIZE_MAX

/** How a transaction is held: the format byte of V2. */
typedef enum gasp_beef_format {
    GASP_BEEF_RAW = 0,      /**< its bytes, no proof: stands on its inputs */
    GASP_BEEF_PROVEN = 1,   /**< its bytes and the BUMP that holds it */
    GASP_BEEF_TXID_ONLY = 2 /**< its txid alone: the receiver is said to have it */
} gasp_beef_format;

/** One transaction of a BEEF. Valid until the BEEF is changed or freed. */
typedef struct gasp_beef_item {
    gasp_beef_format format;
    gasp_txid txid;
    const gasp_tx *tx; /**< the BEEF's own; NULL with GASP_BEEF_TXID_ONLY */
    size_t bump;       /**< index of its BUMP with GASP_BEEF_PROVEN, else GASP_BEEF_NO_BUMP */
    uint64_t at;       /**< offset in the bytes that were decoded; 0 for one that was added */
} gasp_beef_item;

/** A BEEF that was read or is being made. */
typedef struct gasp_beef gasp_beef;

/** Reads a BEEF of any version.
 *
 *  Shape:   bytes: one BEEF, nothing after it.
 *  Gives:   *out, which the caller frees with gasp_beef_free. Its transactions are views into bytes, which must outlive
 *           it; its BUMPs are copies.
 *  Errors:  GASP_ERR_BEEF_VERSION     the first four bytes, or those after the subject, are no version
 *           GASP_ERR_BEEF_FORMAT      V2: a format byte above 2; V1: a has-BUMP byte above 1
 *           GASP_ERR_BEEF_BUMP_INDEX  a transaction names a BUMP that is not there
 *           GASP_ERR_LIMIT            more than GASP_BEEF_TXS_MAX or GASP_BEEF_BUMPS_MAX
 *           GASP_ERR_SHORT, GASP_ERR_TRAILING, GASP_ERR_COMPACT_SIZE, GASP_ERR_COUNT, GASP_ERR_NOMEM
 *           those of gasp_bump_decode and gasp_tx_decode for its parts
 *           fault->at is the offset in the whole BEEF; fault->item the number of the transaction, or of the BUMP, that
 *           stands there. *out is untouched.
 *  Bounds:  O(len + n log n) time for n transactions; memory at most 5 times their bytes, and the BUMPs; no recursion.
 *  Source:  BRC-62, BRC-95, BRC-96. */
GASP_API gasp_err gasp_beef_decode(gasp_beef **out, gasp_bytes bytes, const gasp_mem *mem,
                                   gasp_fault *fault) GASP_MUST_CHECK;

/** Judges what can be read but must not be believed, in this order; the first finding is answered.
 *
 *  Errors:  GASP_ERR_PROOF_NOT_LEAF   a proven transaction is no leaf of the path that it names (final: refuse it)
 *           GASP_ERR_BEEF_NO_SUBJECT  Atomic: the subject is not among the transactions; fault->at is 4
 *           GASP_ERR_BEEF_TXID_ONLY   Atomic: the subject is named by its txid only
 *           GASP_ERR_BEEF_UNRELATED   Atomic: a transaction is neither the subject nor an ancestor of it
 *           GASP_ERR_NOMEM
 *           fault->item is the number of the transaction, fault->at its offset.
 *  Bounds:  O(inputs log n), iterative. That a root stands in a header, and that scripts pass, is not looked at.
 *  Source:  BRC-62 (a proven transaction is in its BUMP), BRC-95 "Error Conditions". */
GASP_API gasp_err gasp_beef_check(const gasp_beef *beef, gasp_fault *fault) GASP_MUST_CHECK;

/** Frees a BEEF, its transactions and its BUMPs; NULL is accepted. */
GASP_API void gasp_beef_free(gasp_beef *beef);

/** 1 or 2. */
GASP_API unsigned gasp_beef_version(const gasp_beef *beef);

/** The subject of an Atomic BEEF. Answers: GASP_OK; GASP_ABSENT when it is not Atomic, *txid is then untouched. */
GASP_API gasp_err gasp_beef_subject(const gasp_beef *beef, gasp_txid *txid) GASP_MUST_CHECK;

/** How many BUMPs. */
GASP_API size_t gasp_beef_bump_count(const gasp_beef *beef);

/** BUMP i, from 0; NULL when there is none. The BEEF's own, valid until it is canonicalised or freed. */
GASP_API const gasp_bump *gasp_beef_bump(const gasp_beef *beef, size_t i);

/** How many transactions, those named by txid among them; one that stands twice counts twice. */
GASP_API size_t gasp_beef_tx_count(const gasp_beef *beef);

/** Transaction i, from 0, in the order of the BEEF. Answers: GASP_OK; GASP_ABSENT when there is none. */
GASP_API gasp_err gasp_beef_tx(const gasp_beef *beef, size_t i, gasp_beef_item *out) GASP_MUST_CHECK;

/** Where the transaction of that txid stands. When it stands there several times: the one that tells most (proven, the
 *  lowest block first, then raw, then txid only), the first of equals.
 *  Answers: GASP_OK; GASP_ABSENT, *i is then untouched.
 *  Bounds:  O(log n) in a BEEF that was decoded or canonicalised, else O(n). */
GASP_API gasp_err gasp_beef_find(const gasp_beef *beef, size_t *i, const gasp_txid *txid) GASP_MUST_CHECK;

/** Makes an empty BEEF to add to. version: 1 or 2.
 *  Errors:  GASP_ERR_MISUSE  another version;  GASP_ERR_NOMEM */
GASP_API gasp_err gasp_beef_new(gasp_beef **out, unsigned version, const gasp_mem *mem) GASP_MUST_CHECK;

/** Makes it Atomic, about that transaction. Whether it is there is for gasp_beef_check. */
GASP_API void gasp_beef_set_subject(gasp_beef *beef, const gasp_txid *txid);

/** Adds a BUMP. Several of one block may be added; gasp_beef_canonicalise makes them one.
 *
 *  Gives:   *index, to name it by in what is added before the BEEF is canonicalised; on GASP_OK the BUMP is the BEEF's,
 *           which frees it; on an error it stays the caller's.
 *  Errors:  GASP_ERR_LIMIT  GASP_BEEF_BUMPS_MAX are held;  GASP_ERR_NOMEM */
GASP_API gasp_err gasp_beef_add_bump_take(gasp_beef *beef, size_t *index, gasp_bump *bump) GASP_MUST_CHECK;

/** Adds a transaction that holds views into raw, which must outlive the BEEF. One that is there already may be added.
 *
 *  Shape:   raw: one transaction in either form. bump: index of the BUMP that holds it, or GASP_BEEF_NO_BUMP.
 *  Errors:  GASP_ERR_BEEF_BUMP_INDEX  there is no such BUMP
 *           GASP_ERR_LIMIT            GASP_BEEF_TXS_MAX are held
 *           GASP_ERR_NOMEM, and those of gasp_tx_decode */
GASP_API gasp_err gasp_beef_add_tx_view(gasp_beef *beef, gasp_bytes raw, size_t bump) GASP_MUST_CHECK;

/** As gasp_beef_add_tx_view, but the BEEF keeps a copy of raw. */
GASP_API gasp_err gasp_beef_add_tx_copy(gasp_beef *beef, gasp_bytes raw, size_t bump) GASP_MUST_CHECK;

/** Adds a transaction by its txid alone.
 *  Errors:  GASP_ERR_BEEF_TXID_ONLY  V1 has no such transactions
 *           GASP_ERR_LIMIT           GASP_BEEF_TXS_MAX are held;  GASP_ERR_NOMEM */
GASP_API gasp_err gasp_beef_add_txid(gasp_beef *beef, const gasp_txid *txid) GASP_MUST_CHECK;

/** Brings what is held into the canonical form, which depends on what is held and not on the order it came in. BUMPs of
 *  one block become one; each transaction stays once (as gasp_beef_find chooses), in standard form; parents stand
 * before children, and where that leaves a choice, in ascending order of the bytes of the txid of the end they lead to.
 * The last transaction of a BEEF with one end is that end. A BUMP that no transaction names is kept. Works on a decoded
 * BEEF too, which then no longer encodes to the bytes it came from.
 *
 *  Errors:  GASP_ERR_BEEF_CYCLE     transactions are each other's ancestors, which takes two inputs of SHA-256 with one
 *                                   result; fault->item is one of them
 *           GASP_ERR_BUMP_NOT_SAME  paths of one height and root are of trees of different heights; fault->item is one
 *           GASP_ERR_LIMIT          those of one block have too many leaves together
 *           GASP_ERR_NOMEM          on any error the BEEF is as it was
 *  Bounds:  O(inputs log n) and the merging of its BUMPs; iterative. */
GASP_API gasp_err gasp_beef_canonicalise(gasp_beef *beef, gasp_fault *fault) GASP_MUST_CHECK;

/** Writes the wire form: the bytes that were decoded, or the canonical form.
 *
 *  Shape:   out: cap bytes, or NULL to learn the length alone.
 *  Gives:   *len: bytes of the form, also when cap is too small.
 *  Errors:  GASP_ERR_MISUSE  something was added and gasp_beef_canonicalise not called since
 *           GASP_ERR_LIMIT   out is given and cap is less than *len; out is then undefined
 *  Bounds:  O(len), no allocation. */
GASP_API gasp_err gasp_beef_encode(const gasp_beef *beef, uint8_t *out, size_t cap, size_t *len) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
