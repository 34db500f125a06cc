/** A transaction: reading it, looking at every field, writing it again.
 *
 *  Two forms are read. *Standard*, as blocks carry it, and *extended* (EF, BRC-30), in which each input brings along
 * the output that it spends. They are told apart by the six bytes 00 00 00 00 00 ef after the version; no standard
 *  transaction that is read here begins so, because those bytes say that there are no inputs.
 *
 *      standard                               extended
 *      offset  size  field                    offset  size  field
 *      0       4     version, LE              0       4     version, LE
 *                                             4       6     00 00 00 00 00 ef
 *      4       1..9  inputs (CompactSize)     10      1..9  inputs (CompactSize)
 *              36    outpoint spent                   36    outpoint spent
 *              1..   script, with length              1..   script, with length
 *              4     sequence, LE                     4     sequence, LE
 *                                                     8     satoshis of the output spent, LE
 *                                                     1..   script of the output spent, with length
 *              1..9  outputs (CompactSize)            1..9  outputs (CompactSize)
 *              8     satoshis, LE                     8     satoshis, LE
 *              1..   script, with length              1..   script, with length
 *              4     locktime, LE                     4     locktime, LE
 *
 *  (BRC-30's table gives the satoshis of an input 4 bytes, which cannot hold them; all who write the form use 8.)
 *
 *  Nothing is copied: a gasp_tx holds views into the bytes it was read from, which must live longer than it does.
 *  Distinct objects may be used from distinct threads; one object may be read by several at once.
 */
#ifndef GASP_TX_H
#define GASP_TX_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /** Bytes of a transaction, at most. A node's own rule is 1 GB; this library holds a transaction in one piece, in
     *  several places of a graph's budget, so it stops where a wallet's transaction has long ceased to be one. */
    GASP_TX_MAX = 64 * 1024 * 1024,
    GASP_TX_LEN_MIN = 60, /**< one input and one output with empty scripts */
    GASP_TX_IN_LEN_MIN =
        41, /**< an input with an empty script, standard form: bounds the count before memory is taken */
    GASP_TX_OUT_LEN_MIN = 9 /**< an output with an empty script */
};

/** 21 million coins in satoshis: no output and no sum of outputs can hold more. */
#define GASP_SAT_MAX UINT64_C(2100000000000000)

/** One input. Scripts are views into the transaction's bytes. */
typedef struct gasp_txin {
    gasp_outpoint prev;       /**< the output that it spends */
    gasp_bytes script;        /**< unlocking script; for a coinbase, free bytes */
    uint32_t sequence;        /**< ffffffff: final */
    bool has_source;          /**< the two below are known: from the extended form, or by gasp_tx_set_source */
    uint64_t source_sat;      /**< satoshis of the output that it spends; a claim, until its transaction is at hand */
    gasp_bytes source_script; /**< locking script of the output that it spends; a claim too */
} gasp_txin;

/** One output. The script is a view into the transaction's bytes. */
typedef struct gasp_txout {
    uint64_t sat;      /**< satoshis */
    gasp_bytes script; /**< locking script */
} gasp_txout;

/** A transaction that was read. */
typedef struct gasp_tx gasp_tx;

/** Reads one transaction, in either form.
 *
 *  Shape:   raw: GASP_TX_LEN_MIN..GASP_TX_MAX bytes, nothing after the locktime.
 *  Gives:   *out, which the caller frees with gasp_tx_free; it holds views into raw, which must outlive it.
 *  Errors:  GASP_ERR_SHORT          the input ends inside a field
 *           GASP_ERR_TRAILING       bytes after the locktime
 *           GASP_ERR_COMPACT_SIZE   a count or length that is not in its shortest form
 *           GASP_ERR_COUNT          more inputs or outputs than the rest of the bytes can hold
 *           GASP_ERR_TX_NO_INPUTS, GASP_ERR_TX_NO_OUTPUTS  none of them: no node takes such a transaction
 *           GASP_ERR_TX_TOO_LARGE   more than GASP_TX_MAX bytes
 *           GASP_ERR_NOMEM
 *           fault->at is the offset of the field; *out is then untouched.
 *  Bounds:  O(len) time, one allocation of at most 4 times raw. Values and scripts are not judged: see gasp_tx_check.
 *  Source:  BRC-12 (raw transaction format), BRC-30 (extended format). */
GASP_API gasp_err gasp_tx_decode(gasp_tx **out, gasp_bytes raw, const gasp_mem *mem, gasp_fault *fault) GASP_MUST_CHECK;

/** As gasp_tx_decode, for a caller that needs the sources of the inputs: only the extended form is read.
 *  Errors:  GASP_ERR_TX_EF_MARKER  the six bytes after the version are not the marker; fault->at is 4
 *           and those of gasp_tx_decode. */
GASP_API gasp_err gasp_tx_decode_extended(gasp_tx **out, gasp_bytes raw, const gasp_mem *mem,
                                          gasp_fault *fault) GASP_MUST_CHECK;

/** Frees a transaction; NULL is accepted. The bytes it was read from are the caller's. */
GASP_API void gasp_tx_free(gasp_tx *tx);

/** Its txid: SHA256d of the standard form, also when it came in the extended one. */
GASP_API gasp_txid gasp_tx_txid(const gasp_tx *tx);

/** The bytes it was read from, as they were given. Valid as long as those are. */
GASP_API gasp_bytes gasp_tx_raw(const gasp_tx *tx);

/** Whether it came in the extended form. */
GASP_API bool gasp_tx_extended(const gasp_tx *tx);

/** Version, as the wire has it (a node sees it as a signed number). */
GASP_API uint32_t gasp_tx_version(const gasp_tx *tx);

/** Locktime: a block height below 500,000,000, else seconds since 1970 UTC. */
GASP_API uint32_t gasp_tx_locktime(const gasp_tx *tx);

/** How many inputs; at least 1. */
GASP_API size_t gasp_tx_in_count(const gasp_tx *tx);

/** How many outputs; at least 1. */
GASP_API size_t gasp_tx_out_count(const gasp_tx *tx);

/** Input i, from 0; NULL when there is none. Valid until gasp_tx_free. */
GASP_API const gasp_txin *gasp_tx_in(const gasp_tx *tx, size_t i);

/** Output i, from 0; NULL when there is none. Valid until gasp_tx_free. */
GASP_API const gasp_txout *gasp_tx_out(const gasp_tx *tx, size_t i);

/** Says what input i spends, so that the extended form can be written. Nothing is checked against the outpoint.
 *
 *  Shape:   script: the locking script; a view, which must outlive the transaction.
 *  Units:   sat in satoshis.
 *  Errors:  GASP_ERR_MISUSE  there is no input i */
GASP_API gasp_err gasp_tx_set_source(gasp_tx *tx, size_t i, uint64_t sat, gasp_bytes script) GASP_MUST_CHECK;

/** Judges what the decoder lets through because it can be read: values.
 *
 *  Errors:  GASP_ERR_TX_VALUE  an output above GASP_SAT_MAX, or the sum up to it; fault->item is its number, fault->at
 *                              the offset of that output's satoshis in the bytes the transaction was read from
 *  Bounds:  O(outputs), no allocation. */
GASP_API gasp_err gasp_tx_check(const gasp_tx *tx, gasp_fault *fault) GASP_MUST_CHECK;

/** Writes the standard form.
 *
 *  Shape:   out: cap bytes, or NULL to learn the length alone.
 *  Gives:   *len: bytes of the form, also when cap is too small.
 *  Errors:  GASP_ERR_LIMIT  out is given and cap is less than *len; out is then undefined
 *  Bounds:  O(len), no allocation. */
GASP_API gasp_err gasp_tx_encode(const gasp_tx *tx, uint8_t *out, size_t cap, size_t *len) GASP_MUST_CHECK;

/** Writes the extended form (BRC-30); arguments as gasp_tx_encode.
 *
 *  Errors:  GASP_ERR_MISUSE  an input has no source
 *           GASP_ERR_LIMIT   out is given and cap is less than *len */
GASP_API gasp_err gasp_tx_encode_extended(const gasp_tx *tx, uint8_t *out, size_t cap, size_t *len) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
