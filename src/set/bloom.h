/** The keyed bloom filter of the set phase, in parts (BRC-76 steps 1 and 2).
 *
 *  A wallet's items, in order of their match=outpoint ids, are cut into parts of at most GASP_BLOOM_PART_ITEMS. A part
 *  covers the ids above the bound of the part before it, up to and including its own; the bound of the last is 32 bytes
 *  of ff. So one outpoint stands in the same part on both sides, whatever its state, and a part is freed when it was
 *  handled. An empty set is one part with no items.
 *
 *  Part, integers little-endian:
 *      32   upper bound, inclusive
 *      u32  items, 0..GASP_BLOOM_PART_ITEMS
 *      32   sum of their item ids mod 2^256, as in a summary: equal count and sum on the other side skip the part
 *      16   key
 *      u8   k, probes an element, 1..GASP_BLOOM_PROBES_MAX
 *      u32  m, bits, 1..GASP_BLOOM_BITS_MAX
 *      (m + 7) / 8 bytes of bits: bit x is bit x % 8 of byte x / 8; those past m are 0
 *
 *  An element stands for an outpoint (its 36 bytes) and, with GASP_MATCH_STATE, another for the item (the 32 bytes of
 *  its id). It is the first 16 bytes of the tagged SHA-256 ("gasp/bloom/1") of key || those bytes. The key is drawn
 *  after the items are fixed, so nobody can make transactions that collide: the peer learns it with the filter, and
 *  items that it would choose then can only hide themselves, which it can do by silence. SHA-256 is taken rather than a
 *  shorter keyed hash because it stays sound with the key known, for one compression an element.
 *
 *  Probe i of an element, 0 <= i < k, is bit ((a + i * b) mod 2^32) mod m, where a = MurmurHash2(element, seed
 *  9747b28c) and b = MurmurHash2(element, seed a), words read little-endian: what libbloom does.
 */
#ifndef GASP_SET_BLOOM_H
#define GASP_SET_BLOOM_H

#include "base/limits.h"
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/hash.h"
#include "set/items.h"

enum {
    GASP_BLOOM_PART_ITEMS =
        GASP_LIMIT_PART_ITEMS,     /**< items in a part: bounds what is in memory and sent at once to 0.5 MB */
    GASP_BLOOM_ENTRIES_MIN = 1000, /**< libbloom's least; fewer elements are sized as this many */
    GASP_BLOOM_BITS_MAX =
        GASP_LIMIT_PART_BITS, /**< 1 MiB of bits: twice what a full part needs at our rate, 64 bits an element */
    GASP_BLOOM_PROBES_MAX =
        GASP_LIMIT_PART_PROBES, /**< our rate needs 20; each probe is a cache miss that the peer makes us pay */
    GASP_BLOOM_KEY_LEN = 16,
    GASP_BLOOM_ELEMENT_LEN = 16,
    GASP_BLOOM_PART_HEAD = 32 + 4 + 32 + 16 + 1 + 4, /**< bytes before the bits */
    /** Bytes of the largest part that this library builds (65,536 items, two elements each). */
    GASP_BLOOM_PART_LEN_MAX = GASP_BLOOM_PART_HEAD + 471125
};

/** Chance that an absent element looks present, for which libbloom sizes: 28.8 bits and 20 probes an element.
 *  (Measured: 1.1e-6 in a full part; 6e-6 in the smallest, where more pairs of probes fall together.) A false positive
 *  is found by the account at the end of the round and then costs a negentropy exchange: a round that has to send ten
 *  thousand items needs that once in a hundred. Ten times fewer would cost 4.8 more bits on every element. */
#define GASP_BLOOM_RATE 1e-6

/** Makes elements under one key. */
typedef struct gasp_bloom_hasher {
    gasp_sha256 keyed; /**< after the tag and the key */
} gasp_bloom_hasher;

void gasp_bloom_hasher_init(gasp_bloom_hasher *hasher, const uint8_t key[GASP_BLOOM_KEY_LEN]);
void gasp_bloom_element(uint8_t out[GASP_BLOOM_ELEMENT_LEN], const gasp_bloom_hasher *hasher, gasp_bytes bytes);

/** How many parts a set of len items has: at least 1. */
size_t gasp_bloom_parts(size_t len);

/** Writes part n (0..parts-1) of a sealed set whose outpoints are indexed, under a key drawn for this filter.
 *  Errors: GASP_ERR_MISUSE  n is no part, or the set is not sealed or indexed;  GASP_ERR_NOMEM;  what the writer
 *          answers. libbloom's memory (the bits) is from the C heap and freed here. */
gasp_err gasp_bloom_part_encode(gasp_writer *w, const gasp_items *items, size_t n,
                                const uint8_t key[GASP_BLOOM_KEY_LEN]) GASP_MUST_CHECK;

/** A part as it came. */
typedef struct gasp_bloom_part {
    gasp_item_id bound; /**< inclusive */
    uint32_t count;
    gasp_sum sum;
    gasp_bloom_hasher hasher;
    uint8_t k;
    uint32_t m;
    const uint8_t *bits; /**< view into the bytes that were read */
} gasp_bloom_part;

/** Reads a part and leaves the cursor behind it; bits are a view.
 *  Errors: GASP_ERR_PEER_FILTER  count, k or m out of its bounds; bytes of bits missing; a bit past m; or so many bits
 *                                set that more than three absent elements in four would look present ((set / m)^k
 *                                > 0.75), a filter that hides
 *          GASP_ERR_SHORT        it ends before the bits. r carries the error.
 *  Bounds: O(m), no allocation. */
gasp_err gasp_bloom_part_read(gasp_bloom_part *out, gasp_reader *r) GASP_MUST_CHECK;

/** Whether the filter says that the peer has these bytes (outpoint36, or a 32-byte item id). Never wrong with no. */
bool gasp_bloom_part_has(const gasp_bloom_part *part, gasp_bytes bytes);

/** Whether the item at a position of our set (same match as the filter) is in the filter. With GASP_MATCH_STATE by its
 *  item id; *outpoint, when given, then tells whether the peer seems to have the outpoint in some state. A part that says
 *  of itself that it has no items has none, whatever its bits are. */
bool gasp_bloom_part_has_item(const gasp_bloom_part *part, bool *outpoint, const gasp_items *items, size_t pos);

/** Goes through the parts of a peer's filter in step with our set. Zeroed at the start. */
typedef struct gasp_bloom_walk {
    bool done; /**< the last part was taken */
    size_t at; /**< place in our outpoint order that is not covered yet */
    bool started;
    gasp_item_id bound; /**< of the part before */
} gasp_bloom_walk;

/** What part of our outpoint order a part speaks of: places [*begin, *end). *equal: count and sum are ours too.
 *  Errors: GASP_ERR_PEER_FILTER  bounds do not ascend, or the last part was already there. */
gasp_err gasp_bloom_walk_take(gasp_bloom_walk *walk, size_t *begin, size_t *end, bool *equal,
                              const gasp_bloom_part *part, const gasp_items *items) GASP_MUST_CHECK;

/** libbloom's own version; static storage. */
const char *gasp_bloom_library(void);

#endif
