/** A persistent AVL tree from byte strings to byte strings: the rows of the memory store.
 *
 *  "Persistent" as in functional programming: a tree that somebody else holds never changes. Nodes and rows are
 *  counted references; a change copies the nodes on its path that are shared and edits in place those that are not. So
 *  a snapshot is one more reference to a root, and readers of a root need no lock while a writer makes the next one.
 *
 *  AVL rather than a tree balanced by chance or by hashes: peers choose txids, and this bound holds for any keys. */
#ifndef GASP_STORE_TREE_H
#define GASP_STORE_TREE_H

#include "gasp/types.h"

/** Root of a tree; NULL is the empty tree. */
typedef struct gasp_tree gasp_tree;

/** An AVL tree of n nodes has a height of at most 1.4405 log2(n + 2); 2^64 bytes hold fewer than 2^59 nodes. */
enum { GASP_TREE_HEIGHT_MAX = 88 };

/** One more holder of root. Gives root. */
gasp_tree *gasp_tree_retain(gasp_tree *root);

/** One holder less; the last one frees what no other tree shares. NULL is accepted. O(what is freed), no recursion. */
void gasp_tree_release(gasp_tree *root, const gasp_mem *mem);

/** *value is a view that lives as long as the caller holds root. GASP_ABSENT when key is not there. */
gasp_err gasp_tree_find(const gasp_tree *root, gasp_bytes *value, gasp_bytes key) GASP_MUST_CHECK;

/** key -> value in *root, which must be the caller's own reference. Bytes are copied.
 *  Errors: GASP_ERR_NOMEM  *root can only be released then; other holders see no change */
gasp_err gasp_tree_put(gasp_tree **root, gasp_bytes key, gasp_bytes value, const gasp_mem *mem) GASP_MUST_CHECK;

/** key is not in *root afterwards. Errors: as gasp_tree_put */
gasp_err gasp_tree_del(gasp_tree **root, gasp_bytes key, const gasp_mem *mem) GASP_MUST_CHECK;

/** A place between rows, and the way to it: nodes whose own row is still to come, the nearest last. */
typedef struct gasp_tree_cursor {
    const gasp_tree *path[GASP_TREE_HEIGHT_MAX];
    size_t depth;
    bool reverse;
} gasp_tree_cursor;

/** Before the first row with key >= bound (empty: the first of all); reverse: behind the last one with key < bound
 *  (empty: the last of all). The caller holds root for as long as the cursor is used. */
void gasp_tree_seek(gasp_tree_cursor *cursor, const gasp_tree *root, gasp_bytes bound, bool reverse);

/** The next row in the cursor's direction; false at the end. Views live as long as the caller holds the root. */
bool gasp_tree_next(gasp_tree_cursor *cursor, gasp_bytes *key, gasp_bytes *value);

/** Whether order, heights and balance are what they must be, and the number of rows: for tests. */
bool gasp_tree_sound(const gasp_tree *root, size_t *rows);

#endif
