/** Merkle paths in the form of BRC-74 (BUMP): proof that transactions stand in a block, for one of them or many at
 * once.
 *
 *  Wire form. CompactSize is Bitcoin's variable-length integer, in its shortest form only.
 *
 *      size  field
 *      1..9  block height (CompactSize), below 2^32
 *      1     number of levels, 1..64; level 0 holds txids, the last level is the one below the root
 *      then for each level, from 0 upwards
 *      1..9  number of leaves (CompactSize); at least 1 in level 0
 *      then for each leaf
 *      1..9  offset in its level (CompactSize)
 *      1     flags, see gasp_bump_flag
 *      32    hash, internal order; absent when flags are GASP_BUMP_DUPLICATE
 *
 *  The rules, beyond that layout. A path that breaks one is refused with the error in brackets.
 *
 *  1  An offset stands once in a level (OFFSET_TWICE) and is one that the level can have: below 2^(levels - level)
 *     (OFFSET_RANGE). Leaves may come in any order; reading keeps it.
 *  2  Every hash of level 0 begins a path to the root, whether its flags are 0 or 2: real peers leave the flag out (a
 * copy by rule 5 is no such hash). Level 0 has at least one leaf (EMPTY_LEVEL) and one hash (NO_TXID). 3  A node is *on
 * a path* when it is a hash of level 0 or can be computed from the level below. Each has a sibling (offset with its
 * lowest bit changed) that is on a path too, or a leaf of its level (MISSING). 4  A leaf above level 0 is the sibling
 * of a node on a path (UNNEEDED). It may be on a path itself, as in BRC-74's own example; then its hash is the one that
 * is computed (CONTRADICTION). So there is one root. 5  A duplicate leaf says that its left neighbour is the last node
 * of an odd level and is hashed with itself: its offset is odd, not 1 (a level of one node is the root), it is the only
 * one of its level, and nothing on a path stands at or to the right of it (DUPLICATE). Real peers also write that copy
 * out: a leaf with flags 0 and the hash of its left neighbour. It is read as a duplicate, in level 0 too, and under the
 * same rule. 6  Otherwise two siblings have different hashes (DUPLICATE). Equal ones are the trick by which one
 * transaction stands at two places of a block, so that its index is ambiguous. A node refuses such blocks for the same
 * reason (CVE-2012-2459).
 *
 *  Two forms need a word. A block of one transaction has one level with one leaf at offset 0, and its root is that
 * hash. A path of *level 0 alone* may also hold all the block's transactions, whatever their number: the levels above
 * follow from it, the last node of an odd level counting as duplicated. A gap in it is a MISSING sibling.
 *
 *  What a path does not prove: that the block exists (compare gasp_bump_root with a header), and that a hash in level 0
 * is of a transaction and not an inner node of a deeper tree (refuse a transaction of 64 bytes, GASP_ERR_PROOF_TX_64).
 *
 *  A gasp_bump never changes after it is made, so several threads may read one at once.
 *  Source: BRC-74; duplicates in a level and flags 03, which it leaves open, are refused.
 */
#ifndef GASP_BUMP_H
#define GASP_BUMP_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /** Levels at most: BRC-74. */
    GASP_BUMP_LEVELS_MAX = 64,
    /** Leaves of all levels together, at most; also transactions of a block given to gasp_bump_from_block. That many
     * are 140 MB on the wire; each takes about 60 bytes of memory, and 40 more while it is checked. */
    GASP_BUMP_LEAVES_MAX = 4 * 1024 * 1024
};

/** What a leaf is: the flags byte of BRC-74. */
typedef enum gasp_bump_flag {
    GASP_BUMP_HASH = 0,      /**< a hash that is needed as sibling (in level 0: maybe also a transaction of interest) */
    GASP_BUMP_DUPLICATE = 1, /**< no hash: the left neighbour is hashed with itself */
    GASP_BUMP_TXID = 2       /**< a transaction that the path was made for; kept but without meaning above level 0 */
} gasp_bump_flag;

/** One leaf. */
typedef struct gasp_bump_leaf {
    uint64_t offset;  /**< place in its level, from 0 */
    uint8_t hash[32]; /**< internal order; zeroes in a duplicate */
    uint8_t flags;    /**< one of gasp_bump_flag */
} gasp_bump_leaf;

/** A path that keeps all the rules above. */
typedef struct gasp_bump gasp_bump;

/** Reads a path and checks it against all the rules.
 *
 *  Shape:   bytes: one BUMP, nothing after it.
 *  Gives:   *out, which the caller frees with gasp_bump_free. It holds copies: bytes may go.
 *  Errors:  GASP_ERR_SHORT, GASP_ERR_TRAILING, GASP_ERR_COMPACT_SIZE
 *           GASP_ERR_COUNT               more leaves announced than the rest of the bytes can hold
 *           GASP_ERR_BUMP_HEIGHT         2^32 or more
 *           GASP_ERR_BUMP_LEVELS         0, or more than 64
 *           GASP_ERR_BUMP_EMPTY_LEVEL, GASP_ERR_BUMP_FLAGS, GASP_ERR_BUMP_OFFSET_RANGE, GASP_ERR_BUMP_OFFSET_TWICE,
 *           GASP_ERR_BUMP_NO_TXID, GASP_ERR_BUMP_UNNEEDED, GASP_ERR_BUMP_MISSING, GASP_ERR_BUMP_CONTRADICTION,
 *           GASP_ERR_BUMP_DUPLICATE      the rules above
 *           GASP_ERR_LIMIT               more than GASP_BUMP_LEAVES_MAX leaves
 *           GASP_ERR_NOMEM
 *           fault->item is the level (0 before the first and after the last); fault->at the offset of the field, or of
 * the leaf (its offset field), or, where no single leaf is wrong (NO_TXID, MISSING, equal siblings that are both
 * computed), of the leaf count of the level. With level 0 alone, what is wrong above it is reported at the leaf count
 * of level 0. Layout, flags and ranges are judged first, in the order of the bytes; then offsets given twice; then the
 *           tree, from level 0 upwards. *out is untouched on error.
 *  Bounds:  n leaves: O(n log n) time, at most one SHA256d of 64 bytes per leaf and level-0 leaf, no recursion. */
GASP_API gasp_err gasp_bump_decode(gasp_bump **out, gasp_bytes bytes, const gasp_mem *mem,
                                   gasp_fault *fault) GASP_MUST_CHECK;

/** Makes a path from leaves, as a reader of another notation has them. Kept as given, also in order; for the canonical
 *  form call gasp_bump_canonical.
 *
 *  Shape:   n_levels: 1..64; n_in_level: n_levels counts; leaves: those of level 0, then of level 1, and so on. The
 * hash of a duplicate is ignored. Errors:  those of gasp_bump_decode that are rules; GASP_ERR_LIMIT; GASP_ERR_NOMEM.
 *           fault->item is the level, fault->at the number of the leaf in its level (0 where no single leaf is wrong).
 */
GASP_API gasp_err gasp_bump_from_leaves(gasp_bump **out, uint32_t height, size_t n_levels, const size_t n_in_level[],
                                        const gasp_bump_leaf leaves[], const gasp_mem *mem,
                                        gasp_fault *fault) GASP_MUST_CHECK;

/** Makes the path of some transactions of a block that is wholly known. Canonical.
 *
 *  Shape:   txids: all n of the block, in its order; selected: n_selected indices into txids, in any order; one that
 * comes twice counts once. Units:   height in blocks. Errors:  GASP_ERR_MISUSE          nothing selected, n is 0, or an
 * index of n or more GASP_ERR_LIMIT           n is more than GASP_BUMP_LEAVES_MAX GASP_ERR_BUMP_DUPLICATE  equal
 * siblings (rule 6): no valid block has such transactions GASP_ERR_NOMEM Bounds:  O(n) hashes and memory, O(n_selected
 * log n) leaves. */
GASP_API gasp_err gasp_bump_from_block(gasp_bump **out, uint32_t height, const gasp_txid txids[], size_t n,
                                       const size_t selected[], size_t n_selected, const gasp_mem *mem) GASP_MUST_CHECK;

/** Makes one path of several that are of the same block: all their level 0, and of the levels above what cannot be
 *  computed. Canonical. A transaction is flagged when it is in one of them. Merge many in one call, not one by one.
 *
 *  Shape:   paths: n >= 1 of them.
 *  Errors:  GASP_ERR_MISUSE         n is 0
 *           GASP_ERR_BUMP_NOT_SAME  heights, roots or the heights of the trees differ
 *           GASP_ERR_LIMIT          more than GASP_BUMP_LEAVES_MAX leaves in all of them together
 *           GASP_ERR_NOMEM
 *           (GASP_ERR_BUMP_CONTRADICTION would need two inputs of SHA-256 with one result.)
 *  Bounds:  n leaves in all: O(n log n). */
GASP_API gasp_err gasp_bump_merge(gasp_bump **out, const gasp_bump *const paths[], size_t n,
                                  const gasp_mem *mem) GASP_MUST_CHECK;

/** Makes the path of some of the transactions of a path: only what these need. Canonical; those are flagged, what is
 * left beside them is not.
 *
 *  Shape:   txids: n >= 1 of them, each a hash of level 0; one that comes twice counts once.
 *  Errors:  GASP_ERR_MISUSE          n is 0
 *           GASP_ERR_PROOF_NOT_LEAF  a txid that is no leaf of the path
 *           GASP_ERR_NOMEM
 *  Bounds:  O(leaves + n log leaves). */
GASP_API gasp_err gasp_bump_trim(gasp_bump **out, const gasp_bump *bump, const gasp_txid txids[], size_t n,
                                 const gasp_mem *mem) GASP_MUST_CHECK;

/** Makes a path of its own for each of some transactions of a path, as gasp_bump_trim with one txid would, but in one
 * climb: what a wallet stores of a path that proved a whole batch.
 *
 *  Shape:   outs: room for n; txids: n >= 1 of them, each a hash of level 0.
 *  Gives:   outs[i] is the path of txids[i]; each is freed by the caller. On error none is given.
 *  Errors:  as gasp_bump_trim.
 *  Bounds:  O(leaves + n log^2 leaves). */
GASP_API gasp_err gasp_bump_split(gasp_bump *outs[], const gasp_bump *bump, const gasp_txid txids[], size_t n,
                                  const gasp_mem *mem) GASP_MUST_CHECK;

/** The canonical form of a path: as many levels as its tree has, leaves in ascending order, duplicates flagged, and
 * above level 0 nothing that can be computed. Level 0 and its flags stay. Equal to merging the path alone. Errors:
 * GASP_ERR_NOMEM */
GASP_API gasp_err gasp_bump_canonical(gasp_bump **out, const gasp_bump *bump, const gasp_mem *mem) GASP_MUST_CHECK;

/** Frees a path; NULL is accepted. */
GASP_API void gasp_bump_free(gasp_bump *bump);

/** Writes the wire form. A path that was read is written as it was: the same leaves in the same order, so the bytes are
 *  those that were decoded.
 *
 *  Shape:   out: cap bytes, or NULL to learn the length alone.
 *  Gives:   *len: bytes of the form, also when cap is too small.
 *  Errors:  GASP_ERR_LIMIT  out is given and cap is less than *len; out is then undefined
 *  Bounds:  O(len), no allocation. */
GASP_API gasp_err gasp_bump_encode(const gasp_bump *bump, uint8_t *out, size_t cap, size_t *len) GASP_MUST_CHECK;

/** The height of the block that the path says it is of: a claim until its root is compared with that block's header. */
GASP_API uint32_t gasp_bump_height(const gasp_bump *bump);

/** The merkle root that all paths lead to; computed when the path was made. */
GASP_API gasp_merkle_root gasp_bump_root(const gasp_bump *bump);

/** Levels that are written, 1..64. */
GASP_API size_t gasp_bump_levels(const gasp_bump *bump);

/** Hashing steps from level 0 to the root, 0..64: the number of levels, except with level 0 alone, where it follows
 * from the number of transactions (0 for a block of one). */
GASP_API size_t gasp_bump_tree_height(const gasp_bump *bump);

/** Leaves of one level; 0 for a level that is not there. */
GASP_API size_t gasp_bump_leaf_count(const gasp_bump *bump, size_t level);

/** Leaf i of a level, from 0, in the order of the wire; NULL when there is none. Valid until gasp_bump_free. */
GASP_API const gasp_bump_leaf *gasp_bump_leaf_at(const gasp_bump *bump, size_t level, size_t i);

/** Hashes in level 0: the transactions for which gasp_bump_find answers GASP_OK. At least 1. */
GASP_API size_t gasp_bump_txid_count(const gasp_bump *bump);

/** The index in the block of a transaction that the path proves: any hash of level 0, flagged or not.
 *
 *  Gives:   *index, counted from 0 (the coinbase); the smallest, should a hash stand at several places (such a path has
 *           the root of no valid block).
 *  Answers: GASP_OK; GASP_ABSENT when it is no leaf, *index is then untouched.
 *  Bounds:  O(log leaves), no allocation. */
GASP_API gasp_err gasp_bump_find(const gasp_bump *bump, uint64_t *index, const gasp_txid *txid) GASP_MUST_CHECK;

/** The hash of a node of the tree, given in the path or computed from what it gives.
 *
 *  Shape:   level: 0..tree height, the last being the root; offset: place in that level. The place of a duplicate has
 * the hash of its left neighbour. Answers: GASP_OK; GASP_ABSENT when the path neither gives nor implies it;
 * GASP_ERR_NOMEM. Bounds:  O(leaves) hashes: for display and tests, not for a loop. */
GASP_API gasp_err gasp_bump_node(const gasp_bump *bump, uint8_t hash32[32], size_t level,
                                 uint64_t offset) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
