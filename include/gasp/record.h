/** What is known about an output beside its transaction: where that stands in the chain, and the entries people wrote.
 *
 *  Values only; nothing here is an object with a life of its own. The exact bytes that hashes are made of stand in
 *  docs/protocol.md, "Values", and are pinned by vectors/value/.
 */
#ifndef GASP_RECORD_H
#define GASP_RECORD_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a transaction stands in the chain. Two merkle paths of one transaction give the same anchor, which is why
 *  bytes of a path never enter a hash. Where a `const gasp_anchor *` is taken, NULL is "no anchor". */
typedef struct gasp_anchor {
    uint32_t height;       /**< of the block */
    gasp_block_hash block; /**< which block, internal order */
    uint64_t index;        /**< place of the transaction in the block, the coinbase is 0 */
} gasp_anchor;

enum {
    GASP_AUTHOR_LEN = 32,               /**< bytes of an author; all zero: not signed */
    GASP_ENTRY_NAME_MAX = 255,          /**< bytes of a name; its length is one byte on the wire */
    GASP_ENTRY_VALUE_MAX = 4096,        /**< bytes of a value: what stands inline in a store row and in an INV */
    GASP_ENTRIES_PER_SUBJECT_MAX = 128, /**< entries of one author about one output, or about the transaction itself */
    GASP_ENTRIES_MAX = 4096 /**< entries of a transaction and all its outputs together: bounds a decoded list and
                             *   what one state hash costs, since each output hashes its transaction's entries too */
};

/** One piece of metadata: what an author says at a moment about a transaction or about one of its outputs.
 *
 *  The key of an entry is text, `tx/<txid>/<name>` or `out/<txid>.<vout>/<name>` with the txid in display order and the
 *  vout in decimal; entries always stand beside their transaction, so only the part after the txid is kept here. The
 *  identifier of an entry is its author's 32 bytes followed by its key.
 *
 *  name and value are views: whoever gives an entry says how long they live. */
typedef struct gasp_entry {
    uint8_t author[GASP_AUTHOR_LEN]; /**< x-only public key; all zero when nobody signed */
    bool of_output;                  /**< about output `vout`; else about the transaction as a whole */
    uint32_t vout;                   /**< 0 unless of_output */
    gasp_bytes name;                 /**< 1 to GASP_ENTRY_NAME_MAX bytes of UTF-8 without control characters */
    uint64_t timestamp_us;           /**< microseconds since 1970 UTC, as the author had it */
    uint64_t value_len;              /**< bytes of the value; 0 is a deletion, which is kept as an entry */
    uint8_t value_hash[32];          /**< SHA-256 of the value */
    gasp_bytes value;                /**< the value itself, value_len bytes */
} gasp_entry;

/** The name under which what a broadcaster answered is kept, about the transaction. Opaque and never trusted. It enters
 *  state hashes only while there is no anchor: a proof makes it irrelevant, and two wallets seldom get one answer. */
#define GASP_ENTRY_BROADCAST "broadcast"

/** Makes an entry from its parts, value_len and value_hash computed. *out keeps views of name and value.
 *
 *  Shape:   author: 32 bytes, or NULL for all zero. vout: of the output, or NULL for the transaction.
 *  Errors:  GASP_ERR_ENTRY_KEY    name is empty, longer than GASP_ENTRY_NAME_MAX, not UTF-8 in its shortest form, or
 *                                 has a control character (U+0000..U+001F, U+007F..U+009F)
 *           GASP_ERR_ENTRY_VALUE  value is longer than GASP_ENTRY_VALUE_MAX
 *           *out is written only on GASP_OK.
 *  Bounds:  no allocation; one SHA-256 of the value. */
GASP_API gasp_err gasp_entry_make(gasp_entry *out, const uint8_t *author, const uint32_t *vout, gasp_bytes name,
                                  uint64_t timestamp_us, gasp_bytes value) GASP_MUST_CHECK;

enum {
    GASP_ENTRY_KEY_MAX = 336 /**< "out/", 64 hex digits, dot, 10 digits, "/", 255 bytes of name, NUL */
};

/** Writes the whole key of an entry of that transaction and a NUL; the number of bytes before the NUL. */
GASP_API size_t gasp_entry_key(char out[GASP_ENTRY_KEY_MAX], const gasp_entry *entry, const gasp_txid *txid);

/* ---- computing what both sides of a sync compute -------------------------------------------------------------------
 *
 *  For a host that keeps outputs elsewhere, and for a second implementation that wants to compare. A *list* of entries is
 *  bytes in the form of docs/protocol.md, "Values": ascending by identifier, each identifier once; 00 is the empty one. */

/** Writes entries as a list, joined: given in any order, and of those with one identifier the winner stays.
 *
 *  Gives:   *out, which the caller frees with gasp_data_clear.
 *  Errors:  GASP_ERR_LIMIT  more than GASP_ENTRIES_MAX, or GASP_ENTRIES_PER_SUBJECT_MAX of one author and subject
 *           GASP_ERR_NOMEM
 *  Bounds:  O(n log n) comparisons, O(n^2) moves at worst. */
GASP_API gasp_err gasp_entry_list_make(gasp_data *out, const gasp_entry entries[], size_t n,
                                       const gasp_mem *mem) GASP_MUST_CHECK;

/** Joins two lists: any order, repetition and grouping of joins ends in the same list.
 *
 *  Gives:   *out, which the caller frees with gasp_data_clear.
 *  Errors:  those of gasp_entry_list_read, for a first and then for b; fault->item is 0 for a and 1 for b
 *           GASP_ERR_LIMIT  together they are too many */
GASP_API gasp_err gasp_entry_list_join(gasp_data *out, gasp_bytes a, gasp_bytes b, const gasp_mem *mem,
                                       gasp_fault *fault) GASP_MUST_CHECK;

/** Anything but GASP_OK ends the visits: GASP_DONE is answered as GASP_OK, errors as they are. */
typedef gasp_err (*gasp_entry_visit)(void *ctx, const gasp_entry *entry);

/** Checks a list and visits its entries in order; their names and values are views into it.
 *
 *  Shape:   visit: NULL to check only.
 *  Errors:  GASP_ERR_SHORT, GASP_ERR_TRAILING, GASP_ERR_COMPACT_SIZE, GASP_ERR_COUNT
 *           GASP_ERR_ENTRY_KEY, GASP_ERR_ENTRY_VALUE  as gasp_entry_make
 *           GASP_ERR_ENTRY_FORM  an unassigned flag, or an identifier that is not above the one before
 *           GASP_ERR_LIMIT       too many, as gasp_entry_list_make;  GASP_ERR_NOMEM
 *           fault->at is the offset. Nothing is visited before the whole list was checked. */
GASP_API gasp_err gasp_entry_list_read(gasp_bytes list, gasp_entry_visit visit, void *ctx, const gasp_mem *mem,
                                       gasp_fault *fault) GASP_MUST_CHECK;

/** The values under which an output stands in sets. */
typedef struct gasp_output_values {
    uint8_t entries_digest[32]; /**< of its entries and its transaction's */
    gasp_state_hash state;      /**< over outpoint, anchor and that digest */
    gasp_item_id item;          /**< its id with match=state */
    uint64_t item_time;         /**< the item's time with match=state: the height, or 2^31 - 2 while unproven */
    gasp_item_id outpoint_item; /**< its id with match=outpoint, whose time is 0; also orders the parts of filters */
} gasp_output_values;

/** Computes them.
 *
 *  Shape:   anchor: NULL for none. entries: a list, of the transaction and all of its outputs; empty bytes for none.
 *  Errors:  those of gasp_entry_list_read; *out is then untouched
 *  Source:  docs/protocol.md, "Values"; vectors/value/state.json. */
GASP_API gasp_err gasp_output_values_of(gasp_output_values *out, const gasp_outpoint *outpoint,
                                        const gasp_anchor *anchor, gasp_bytes entries, const gasp_mem *mem,
                                        gasp_fault *fault) GASP_MUST_CHECK;

/** SHA-256 of a value of any length: what an entry carries as value_hash. */
GASP_API void gasp_value_hash(uint8_t out[32], gasp_bytes value);

#ifdef __cplusplus
}
#endif
#endif
