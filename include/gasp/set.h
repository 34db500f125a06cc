/** Values that describe a set of outputs: how they are matched between two wallets, and what sums one up.
 *
 *  A set phase finds which items differ without sending them all. An item is one output under an id that both sides
 *  compute alike (docs/protocol.md, "Values").
 */
#ifndef GASP_SET_H
#define GASP_SET_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** When two wallets hold the same item. */
typedef enum gasp_match {
    GASP_MATCH_STATE = 1,   /**< the same output with the same metadata: differing proofs and entries are found too */
    GASP_MATCH_OUTPOINT = 2 /**< the same output, whatever is known of it: strict BRC-76 */
} gasp_match;

/** A whole set in 56 bytes. Equal summaries mean equal sets as far as both sides are honest: sums can be forged by one
 *  who makes many transactions for it, so equality saves work and never proves anything. */
typedef struct gasp_set_summary {
    uint64_t count;          /**< items */
    uint8_t sum[32];         /**< of their ids, as little-endian numbers, mod 2^256; little-endian */
    uint8_t fingerprint[16]; /**< SHA-256(sum || count as negentropy writes it), the first 16 bytes: negentropy V1 */
} gasp_set_summary;

/** Whether two summaries are of equal sets. */
GASP_API bool gasp_set_summary_equal(const gasp_set_summary *a, const gasp_set_summary *b);

/* ---- computing what both sides of a sync compute -------------------------------------------------------------------
 *
 *  For a host that keeps its set elsewhere, and for a second implementation that wants to compare. Where the values of an
 *  output come from: gasp_output_values_of (gasp/record.h). */

enum {
    GASP_FILTER_KEY_LEN = 16 /**< bytes of the key that a filter is made under */
};

/** One output of a set. */
typedef struct gasp_set_item {
    gasp_outpoint outpoint;
    uint64_t time;            /**< below 2^64 - 1; 0 with match=outpoint */
    gasp_item_id id;          /**< with the set's match */
    gasp_item_id outpoint_id; /**< with match=outpoint; not looked at when that is the set's match */
} gasp_set_item;

/** Sums a set up.
 *
 *  Shape:   items: n of them, in any order.
 *  Gives:   order: NULL, or room for n: the numbers of the items in the order of sets, by time and then by id.
 *  Errors:  GASP_ERR_MISUSE  an item (time, id) twice, or a time of 2^64 - 1
 *           GASP_ERR_LIMIT   2^31 items or more;  GASP_ERR_NOMEM */
GASP_API gasp_err gasp_set_summarise(gasp_set_summary *out, size_t order[], const gasp_set_item items[], size_t n,
                                     const gasp_mem *mem) GASP_MUST_CHECK;

/** Makes one part of the filter of a set: docs/protocol.md, "FILTER".
 *
 *  Shape:   part: from 0; a set of n items has (n + 65,535) / 65,536 parts, an empty one has one. key: drawn at random
 *           after the set was fixed, the same for all parts.
 *  Gives:   *out, which the caller frees with gasp_data_clear.
 *  Errors:  as gasp_set_summarise; GASP_ERR_MISUSE also for a part that there is not
 *  Bounds:  O(n log n): for tests and small sets, a session keeps its set sorted. */
GASP_API gasp_err gasp_filter_part_make(gasp_data *out, gasp_match match, const gasp_set_item items[], size_t n,
                                        size_t part, const uint8_t key[GASP_FILTER_KEY_LEN],
                                        const gasp_mem *mem) GASP_MUST_CHECK;

/** What a part says of itself. */
typedef struct gasp_filter_info {
    gasp_item_id bound; /**< the highest match=outpoint id that it speaks of */
    uint32_t count;     /**< items in it */
    uint8_t sum[32];    /**< of their ids, as in a summary */
    uint8_t probes;     /**< k */
    uint32_t bits;      /**< m */
} gasp_filter_info;

/** Reads a part.
 *  Errors: GASP_ERR_SHORT, GASP_ERR_TRAILING
 *          GASP_ERR_PEER_FILTER  outside of the bounds of docs/protocol.md, "FILTER"; fault->at is where */
GASP_API gasp_err gasp_filter_part_read(gasp_filter_info *out, gasp_bytes part, gasp_fault *fault) GASP_MUST_CHECK;

/** Whether a part says that something is in its set: an outpoint (its 36 bytes) or, with match=state, an item (the 32
 *  bytes of its id). Never wrong with no; with yes about once in a million.
 *  Answers: GASP_OK; GASP_ABSENT. Errors: those of gasp_filter_part_read. */
GASP_API gasp_err gasp_filter_part_probe(gasp_bytes part, gasp_bytes element) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
