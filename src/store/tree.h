/** A persistent B+ tree from byte strings to byte strings: the rows of the memory store.
 *
 *  "Persistent" as in functional programming: a tree that somebody else holds never changes. All trees that came from one
 *  empty tree are a line of versions. A version is made beside the one before it: it copies the nodes on the ways that
 *  it changes and shares the rest, so that a snapshot is one more reference and readers need no lock. Only the newest version
 *  of a line can be changed; when it is released, the one before it is the newest again.
 *
 *  Nothing is counted but holders of versions. What a version no longer uses is freed when no older version is held; so one
 *  that is held for long keeps all that was replaced since.
 *
 *  A tree balanced by order, not by chance or by hashes: peers choose txids, and the bound on its height holds for any keys.
 *  Nodes are wide, and hold the first bytes by which their keys differ: what costs is memory that is not in the cache. */
#ifndef GASP_STORE_TREE_H
#define GASP_STORE_TREE_H

#include "gasp/types.h"

/** One version; NULL is an empty tree that no line began with yet. */
typedef struct gasp_tree gasp_tree;

enum {
    GASP_TREE_FANOUT = 60, /**< keys of a node: a leaf takes 1 KiB */
    /** A node that is split has 60 keys, so a level more takes 30 times as many puts as were ever done before. */
    GASP_TREE_HEIGHT_MAX = 16
};

/** One more holder of root. Gives root. */
gasp_tree *gasp_tree_retain(gasp_tree *root);

/** One holder less; the last one frees what no other version uses. NULL is accepted. Of the newest version this takes back
 *  its changes. O(what is freed), no recursion. */
void gasp_tree_release(gasp_tree *root, const gasp_mem *mem);

/** *value is a view that lives as long as the caller holds root. GASP_ABSENT when key is not there. */
gasp_err gasp_tree_find(const gasp_tree *root, gasp_bytes *value, gasp_bytes key) GASP_MUST_CHECK;

/** key -> value in *root, the caller's own reference to the newest version of its line. When others hold that version too,
 *  *root becomes a new one. Bytes are copied.
 *  Errors: GASP_ERR_NOMEM   *root can only be released then; other holders see no change
 *          GASP_ERR_MISUSE  there is a newer version */
gasp_err gasp_tree_put(gasp_tree **root, gasp_bytes key, gasp_bytes value, const gasp_mem *mem) GASP_MUST_CHECK;

/** key is not in *root afterwards. Errors: as gasp_tree_put */
gasp_err gasp_tree_del(gasp_tree **root, gasp_bytes key, const gasp_mem *mem) GASP_MUST_CHECK;

/** A place between rows, and the way to it: nodes from the root on, and the place in each. */
typedef struct gasp_tree_cursor {
    const void *node[GASP_TREE_HEIGHT_MAX];
    size_t place[GASP_TREE_HEIGHT_MAX];
    size_t depth;
    bool reverse;
} gasp_tree_cursor;

/** Before the first row with key >= bound (empty: the first of all); reverse: behind the last one with key < bound
 *  (empty: the last of all). The caller holds root for as long as the cursor is used. */
void gasp_tree_seek(gasp_tree_cursor *cursor, const gasp_tree *root, gasp_bytes bound, bool reverse);

/** The next row in the cursor's direction; false at the end. Views live as long as the caller holds the root. */
bool gasp_tree_next(gasp_tree_cursor *cursor, gasp_bytes *key, gasp_bytes *value);

/** Whether order, heights and what nodes hold of their keys are what they must be, and the number of rows: for tests. */
bool gasp_tree_sound(const gasp_tree *root, size_t *rows);

#endif
