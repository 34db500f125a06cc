/** The state hash of an output and the ids under which it stands in item sets. Pinned by vectors/value/. */
#ifndef GASP_RECORD_STATE_H
#define GASP_RECORD_STATE_H

#include "gasp/record.h"
#include "record/entry.h"

enum {
    GASP_STATE_VERSION = 1, /**< in open; moves when any hash of this file does */
    /** The time of an item whose transaction has no anchor: 2^31 - 2, the last that JavaScript negentropy peers handle.
     */
    GASP_ITEM_TIME_UNPROVEN = 0x7ffffffe
};

/** Tagged SHA-256 ("gasp/state/1") over outpoint36, then 00, or 01 u32 height, 32 block hash, u64 index, then the
 *  digest of the entries. anchor NULL: none. */
void gasp_state_hash_make(gasp_state_hash *out, const gasp_outpoint *outpoint, const gasp_anchor *anchor,
                          const uint8_t digest[32]);

/** The same from the entries themselves; entries NULL: none. */
void gasp_state_hash_of(gasp_state_hash *out, const gasp_outpoint *outpoint, const gasp_anchor *anchor,
                        const gasp_entries *entries);

/** match=state: tagged SHA-256 ("gasp/item/state/1") over outpoint36 || state hash. */
void gasp_item_id_of_state(gasp_item_id *out, const gasp_outpoint *outpoint, const gasp_state_hash *state);

/** match=outpoint, and the order of filter parts: tagged SHA-256 ("gasp/item/outpoint/1") over outpoint36. */
void gasp_item_id_of_outpoint(gasp_item_id *out, const gasp_outpoint *outpoint);

/** match=state: the height, at most one below GASP_ITEM_TIME_UNPROVEN, which stands for no anchor (NULL). */
uint64_t gasp_item_time(const gasp_anchor *anchor);

/** Whether two anchors are the same; NULL is none, which equals only none. */
bool gasp_anchor_equal(const gasp_anchor *a, const gasp_anchor *b);

#endif
