/** Sorted, joined lists of entries: all that is known beside the bytes of one transaction, its own entries and those of
 *  its outputs, and how two such lists become one.
 *
 *  A list holds views only. Names and values belong to the bytes it was read from (a frame, a row of a store, the
 *  host's arguments), which must outlive it; what is to stay is encoded.
 *
 *  Wire and store form of a list, integers little-endian:
 *      CompactSize   number of entries, then for each, in strictly ascending order of identifier:
 *      32            author
 *      u8            flags: 1 = of an output; the others are 0
 *      u32           vout, only with flag 1
 *      u8, bytes     name
 *      u64           timestamp, microseconds
 *      CompactSize   length of the value, and the value. A length above GASP_ENTRY_VALUE_MAX is kept for values that
 *                    move as blobs: this version refuses it.
 */
#ifndef GASP_RECORD_ENTRY_H
#define GASP_RECORD_ENTRY_H

#include "base/reader.h"
#include "base/writer.h"
#include "gasp/record.h"

/** Ascending by identifier, no identifier twice. */
typedef struct gasp_entries {
    gasp_entry *list;
    size_t len;
    size_t cap;
    const gasp_mem *mem;
} gasp_entries;

void gasp_entries_init(gasp_entries *set, const gasp_mem *mem);

/** Frees the list, not what it views. A zeroed gasp_entries is accepted. */
void gasp_entries_clear(gasp_entries *set);

/** Order of identifiers (author || key) of entries beside one transaction: < 0, 0, > 0. */
int gasp_entry_compare_id(const gasp_entry *a, const gasp_entry *b);

/** Which of two entries with the same identifier wins the join: > 0 when a does, by (timestamp, value hash, length). */
int gasp_entry_compare_rank(const gasp_entry *a, const gasp_entry *b);

/** Whether both entries are the same in every part that is hashed. */
bool gasp_entry_equal(const gasp_entry *a, const gasp_entry *b);

/** Joins one entry (made by gasp_entry_make or out of another list) into set; *changed, when given, tells whether set
 *  is another one now.
 *  Errors: GASP_ERR_LIMIT  more than GASP_ENTRIES_MAX, or GASP_ENTRIES_PER_SUBJECT_MAX of its author and subject; set
 *                          is unchanged
 *          GASP_ERR_NOMEM */
gasp_err gasp_entries_put(gasp_entries *set, bool *changed, const gasp_entry *entry) GASP_MUST_CHECK;

/** Joins every entry of `more` into set. Commutative, associative and idempotent. *changed as above.
 *  Errors: as gasp_entries_put; set is unchanged. O(both lengths). */
gasp_err gasp_entries_join(gasp_entries *set, bool *changed, const gasp_entries *more) GASP_MUST_CHECK;

/** The entry of that author and key, NULL when there is none. Deletions are entries (value_len 0).
 *  author: 32 bytes or NULL for all zero; vout: NULL for the transaction. */
const gasp_entry *gasp_entries_find(const gasp_entries *set, const uint8_t *author, const uint32_t *vout,
                                    gasp_bytes name);

/** Whether every entry is of the transaction or of one of its first n_out outputs. */
bool gasp_entries_fit(const gasp_entries *set, size_t n_out);

void gasp_entries_encode(gasp_writer *w, const gasp_entries *set);

/** Reads a list from a cursor and leaves the cursor behind it. set is initialised here (clear it after any answer); it
 *  views the bytes of r.
 *  Errors: those of gasp_reader; GASP_ERR_ENTRY_KEY, GASP_ERR_ENTRY_VALUE as gasp_entry_make; GASP_ERR_ENTRY_FORM an
 *          unassigned flag, or an identifier that is not above the one before; GASP_ERR_LIMIT as gasp_entries_put;
 *          GASP_ERR_NOMEM. r carries the error and its offset. */
gasp_err gasp_entries_read(gasp_entries *set, gasp_reader *r, const gasp_mem *mem) GASP_MUST_CHECK;

/** Reads bytes that hold one list and nothing more; GASP_ERR_TRAILING besides. *fault as everywhere. */
gasp_err gasp_entries_decode(gasp_entries *set, gasp_bytes bytes, const gasp_mem *mem,
                             gasp_fault *fault) GASP_MUST_CHECK;

/** The digest of the entries that belong to one output: its own and its transaction's, by identifier. Tagged SHA-256
 *  ("gasp/entries/1") over, for each: author, u16 length of key, key, u64 timestamp, u64 length of value, SHA-256 of
 *  value. With no entries it is the tagged hash of nothing. The broadcast answer counts only when anchored is false. */
void gasp_entries_digest(uint8_t out[32], const gasp_entries *set, const gasp_outpoint *outpoint, bool anchored);

#endif
