/** A sealed set of items in negentropy's order (time, then id), with prefix sums, so that the fingerprint of any range
 *  costs one subtraction and one SHA-256.
 *
 *  Life: init, add each item, seal, then only questions. A sealed set never changes and may be asked from many threads;
 *  building an index (gasp_items_index_*) is a change, done by its one owner. What changed a little is made from what it was
 *  (gasp_items_change), and one set may have several holders (gasp_items_share).
 *
 *  Memory: 80 bytes an item for order and sums (48 + 32); beside them 36 for the outpoint, with match=state 32 for the
 *  outpoint's id, and 4 for each index that was built. Sealing takes 48 more while it sorts (also an index: 32).
 */
#ifndef GASP_SET_ITEMS_H
#define GASP_SET_ITEMS_H

#include "base/holders.h"
#include "base/limits.h"
#include "gasp/set.h"

enum {
    GASP_ITEMS_MAX = GASP_LIMIT_ITEMS /**< positions are 32 bits wide; memory ends earlier */
};

/** An item, or the lower end of one (see gasp_bound). */
typedef struct gasp_item {
    uint64_t time;   /**< below GASP_BOUND_INFINITY */
    gasp_item_id id; /**< under the set's match */
    uint32_t row;    /**< number of the add that brought it, from 0 */
} gasp_item;

#define GASP_BOUND_INFINITY UINT64_MAX /**< the time of the bound above all items */

/** A place between items: everything at or above (time, id) is above it. */
typedef struct gasp_bound {
    uint64_t time;
    gasp_item_id id;
} gasp_bound;

/** A number mod 2^256, least significant limb first. */
typedef struct gasp_sum {
    uint64_t limb[4];
} gasp_sum;

typedef struct gasp_items {
    gasp_match match;
    bool sealed;
    size_t len;
    size_t max;
    gasp_item *item;           /**< sorted when sealed */
    gasp_sum *before;          /**< before[i]: sum of the ids of items 0..i-1; len + 1 of them */
    gasp_outpoint *outpoint;   /**< by row */
    gasp_item_id *outpoint_id; /**< by row; NULL with GASP_MATCH_OUTPOINT, where it is the item's id */
    uint32_t *by_id;           /**< positions in order of id, or NULL */
    uint32_t *by_outpoint;     /**< positions in order of outpoint id, or NULL */
    size_t cap[3];             /**< of item, outpoint, outpoint_id */
    gasp_holders *owners;      /**< of all arrays but by_id, when several sets share them */
    const gasp_mem *mem;
} gasp_items;

/** max: never more items than this, at most GASP_ITEMS_MAX. */
void gasp_items_init(gasp_items *items, gasp_match match, size_t max, const gasp_mem *mem);

/** Frees everything. A zeroed gasp_items is accepted. */
void gasp_items_clear(gasp_items *items);

/** Adds one output. time and id as the match wants them (record/state.h); outpoint_id: the id under match=outpoint,
 *  which orders filter parts (with GASP_MATCH_OUTPOINT it is id itself and may be NULL).
 *  Errors: GASP_ERR_MISUSE  sealed; time is GASP_BOUND_INFINITY; no outpoint_id where it is needed
 *          GASP_ERR_LIMIT   max items are held
 *          GASP_ERR_NOMEM */
gasp_err gasp_items_add(gasp_items *items, uint64_t time, const gasp_item_id *id, const gasp_item_id *outpoint_id,
                        const gasp_outpoint *outpoint) GASP_MUST_CHECK;

/** Sorts and sums. O(n log n), O(n) when items were added in order.
 *  Errors: GASP_ERR_MISUSE  already sealed, or an item (time, id) was added twice: the set stays unsealed;
 *          GASP_ERR_NOMEM */
gasp_err gasp_items_seal(gasp_items *items) GASP_MUST_CHECK;

/** Makes *out the same sealed set without a copy: both share its arrays, and the last that is cleared frees them. Outpoints
 *  are indexed then, ids in neither. Errors: GASP_ERR_MISUSE  not sealed;  GASP_ERR_NOMEM */
gasp_err gasp_items_share(gasp_items *out, gasp_items *from) GASP_MUST_CHECK;

/** Makes the sealed set, outpoints indexed, that a sealed one is after a change: without the items whose outpoint ids are in
 *  `gone` (those that it does not have are passed over), with those of `added`, which is sealed too.
 *  Errors: GASP_ERR_MISUSE  another match, not sealed, or an outpoint that would stand twice
 *          GASP_ERR_LIMIT   more items than from's max;  GASP_ERR_NOMEM
 *  Bounds: O(len) copying, O(n_gone log len + added log added) comparing. */
gasp_err gasp_items_change(gasp_items *out, gasp_items *from, const gasp_item_id gone[], size_t n_gone,
                           gasp_items *added) GASP_MUST_CHECK;

/* Everything below wants a sealed set. Positions are 0..len; a range is [begin, end) with begin <= end <= len. */

/** The outpoint of the item at a position. */
const gasp_outpoint *gasp_items_outpoint(const gasp_items *items, size_t pos);

/** The match=outpoint id of the item at a position. */
const gasp_item_id *gasp_items_outpoint_id(const gasp_items *items, size_t pos);

/** Order of (time, id): < 0 when the item stands below the bound. */
int gasp_item_compare(const gasp_item *item, const gasp_bound *bound);

/** The first position >= from whose item is not below bound; len when there is none. O(log n). */
size_t gasp_items_lower_bound(const gasp_items *items, size_t from, const gasp_bound *bound);

/** Sum of the ids of a range. O(1). */
gasp_sum gasp_items_sum(const gasp_items *items, size_t begin, size_t end);

/** Negentropy V1's fingerprint of a range. O(1): one SHA-256 of one block. */
void gasp_items_fingerprint(uint8_t out[16], const gasp_items *items, size_t begin, size_t end);

/** The whole set: count, sum, fingerprint. O(1). */
void gasp_items_summary(gasp_set_summary *out, const gasp_items *items);

/** Makes gasp_items_find possible. Repeating it is free. Errors: GASP_ERR_NOMEM. */
gasp_err gasp_items_index_ids(gasp_items *items) GASP_MUST_CHECK;

/** Position of the item with that id, when ids are indexed; GASP_ABSENT when there is none. O(log n). */
gasp_err gasp_items_find(const gasp_items *items, size_t *pos, const gasp_item_id *id) GASP_MUST_CHECK;

/** Makes the outpoint order available, which filters go by. Repeating it is free. Errors: GASP_ERR_NOMEM. */
gasp_err gasp_items_index_outpoints(gasp_items *items) GASP_MUST_CHECK;

/** Position of the n-th item in outpoint order (n < len), when outpoints are indexed. */
size_t gasp_items_nth_outpoint(const gasp_items *items, size_t n);

/** Place in outpoint order of the first item whose outpoint id is above id; len when there is none. */
size_t gasp_items_above_outpoint(const gasp_items *items, const gasp_item_id *id);

/** Position of the item of that outpoint id, when outpoints are indexed; GASP_ABSENT when there is none. O(log n). */
gasp_err gasp_items_find_outpoint(const gasp_items *items, size_t *pos,
                                  const gasp_item_id *outpoint_id) GASP_MUST_CHECK;

/** Sum of the item ids of places [begin, end) of the outpoint order. O(range). */
gasp_sum gasp_items_sum_outpoints(const gasp_items *items, size_t begin, size_t end);

/* Numbers mod 2^256, for accounts over more than one set. */

gasp_sum gasp_sum_add(gasp_sum a, gasp_sum b);
gasp_sum gasp_sum_sub(gasp_sum a, gasp_sum b);

/** An id as the little-endian number that it is to negentropy. */
gasp_sum gasp_sum_of_id(const gasp_item_id *id);
void gasp_sum_encode(uint8_t out[32], gasp_sum sum);
gasp_sum gasp_sum_decode(const uint8_t bytes[32]);

/** Negentropy V1's fingerprint of any items, from their sum and number. */
void gasp_sum_fingerprint(uint8_t out[16], gasp_sum sum, uint64_t count);

#endif
