/** The inside of a merkle path, for the files bump*.c alone: how leaves are held, and the one climb from level 0 to the
 *  root that checking, editing and looking all share. */
#ifndef GASP_CHAIN_BUMP_TREE_H
#define GASP_CHAIN_BUMP_TREE_H

#include "gasp/bump.h"

/** Made by gasp_bump_make, filled level by level with gasp_bump_push and gasp_bump_end_level, finished by
 * gasp_bump_seal; never changed after that. */
struct gasp_bump {
    const gasp_mem *mem;
    uint32_t height;    /**< of the block */
    size_t levels;      /**< 1..64 */
    size_t tree_height; /**< hashing steps to the root; differs from levels only with level 0 alone */
    gasp_merkle_root root;
    gasp_bump_leaf *leaves; /**< all levels, in the order of the wire */
    size_t n_leaves;
    size_t cap;                                /**< leaves that there is room for */
    size_t at_level;                           /**< while it is filled: the level that leaves go into */
    size_t level_at[GASP_BUMP_LEVELS_MAX + 1]; /**< level l is leaves[level_at[l]] up to leaves[level_at[l + 1]] */
    uint32_t *order;   /**< indices into leaves: within the same bounds per level, ascending by offset */
    uint32_t *by_txid; /**< indices of the leaves that begin a path, ascending by hash, then offset */
    size_t n_txids;    /**< how many those are */
    struct gasp_bump_node_at
        *nodes; /**< what the climb of gasp_bump_seal computed, level by level from 0, below the root;
                                      *   NULL in a path that was not sealed */
    size_t n_nodes;
};

/** Whether the leaf at a position of `order`, in level 0, begins a path: it has a hash, and is not its left neighbour
 *  written out again (rule 5). */
bool gasp_bump_begins_path(const gasp_bump *bump, size_t position);

/** What is wrong and where. leaf is an index into leaves, GASP_BUMP_NO_LEAF when no single one is. */
typedef struct gasp_bump_where {
    size_t level;
    size_t leaf;
} gasp_bump_where;

#define GASP_BUMP_NO_LEAF SIZE_MAX

/** An empty path with no leaf in any level. Freed with gasp_bump_free. Errors: GASP_ERR_NOMEM */
gasp_err gasp_bump_make(gasp_bump **out, uint32_t height, size_t levels, const gasp_mem *mem) GASP_MUST_CHECK;

/** Appends a leaf to the level that is being filled. Nothing is judged. Errors: GASP_ERR_LIMIT, GASP_ERR_NOMEM */
gasp_err gasp_bump_push(gasp_bump *bump, const gasp_bump_leaf *leaf) GASP_MUST_CHECK;

/** What can be said of a leaf without its neighbours: that its level (the one being filled) can have the offset.
 *  Errors: GASP_ERR_BUMP_OFFSET_RANGE */
gasp_err gasp_bump_judge_offset(const gasp_bump *bump, uint64_t offset) GASP_MUST_CHECK;

/** That flags are defined, and that a duplicate can stand there: an odd offset, the first of its level (of two
 * the left one would have a right neighbour; so memory never grows by leaves of two bytes). Errors:
 * GASP_ERR_BUMP_FLAGS, GASP_ERR_BUMP_DUPLICATE */
gasp_err gasp_bump_judge_flags(const gasp_bump *bump, uint64_t offset, uint8_t flags) GASP_MUST_CHECK;

/** The level is full; leaves go into the next one. */
void gasp_bump_end_level(gasp_bump *bump);

/** Sorts each level into `order` and finds the height of the tree.
 *  Errors: GASP_ERR_BUMP_OFFSET_TWICE, GASP_ERR_BUMP_NO_TXID, GASP_ERR_NOMEM */
gasp_err gasp_bump_sort(gasp_bump *bump, gasp_bump_where *where) GASP_MUST_CHECK;

/** As gasp_bump_sort, but an offset may stand several times in a level. Errors: GASP_ERR_NOMEM */
gasp_err gasp_bump_sort_only(gasp_bump *bump) GASP_MUST_CHECK;

/** Makes by_txid. After gasp_bump_sort. Errors: GASP_ERR_NOMEM */
gasp_err gasp_bump_index(gasp_bump *bump) GASP_MUST_CHECK;

/** gasp_bump_sort, the whole climb, the root, and gasp_bump_index: all rules that need more than one leaf.
 *  Errors: GASP_ERR_BUMP_OFFSET_TWICE, _NO_TXID, _UNNEEDED, _MISSING, _CONTRADICTION, _DUPLICATE, GASP_ERR_NOMEM */
gasp_err gasp_bump_seal(gasp_bump *bump, gasp_bump_where *where) GASP_MUST_CHECK;

/** The leaf at that place, an index into leaves, or GASP_BUMP_NO_LEAF. After gasp_bump_sort. O(log leaves). */
size_t gasp_bump_given(const gasp_bump *bump, size_t level, uint64_t offset);

/** A node on a path. */
typedef struct gasp_bump_node_at {
    uint64_t offset;
    uint8_t hash[32];
} gasp_bump_node_at;

/** All nodes on paths in one level, ascending. Starts at level 0 with the hashes given there. */
typedef struct gasp_bump_climb {
    const gasp_bump *bump;
    size_t level;
    gasp_bump_node_at *nodes;
    size_t n;
    bool again; /**< nodes belong to a path that was sealed, and nothing is hashed on the way up */
} gasp_bump_climb;

/** After gasp_bump_sort. Errors: GASP_ERR_NOMEM */
gasp_err gasp_bump_climb_start(gasp_bump_climb *climb, const gasp_bump *bump) GASP_MUST_CHECK;

/** The same on a path that was sealed: its nodes are looked at where they are. gasp_bump_climb_up then cannot fail, and there
 *  is no climb to the root itself. On another path as gasp_bump_climb_start. */
gasp_err gasp_bump_climb_again(gasp_bump_climb *climb, const gasp_bump *bump) GASP_MUST_CHECK;

/** One level up: judges the leaves given in this level, then computes the parents. Called tree_height times it leaves
 * one node, the root. Errors: as gasp_bump_seal from UNNEEDED on, without NOMEM */
gasp_err gasp_bump_climb_up(gasp_bump_climb *climb, gasp_bump_where *where) GASP_MUST_CHECK;

/** The node at that offset of the level reached; NULL when none is on a path there. O(log nodes). */
const gasp_bump_node_at *gasp_bump_climb_find(const gasp_bump_climb *climb, uint64_t offset);

/** Frees the nodes. A zeroed climb is accepted. */
void gasp_bump_climb_end(gasp_bump_climb *climb);

#endif
