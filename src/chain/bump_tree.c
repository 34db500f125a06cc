/* The tree of a merkle path: levels sorted, rules judged, parents computed (the rules stand in gasp/bump.h).
 * One climb serves decoding and editing: `nodes` holds what is on a path in one level, ascending, and is overwritten by
 * its parents from the front, since a parent never stands behind its children. Every pair is hashed once. Must never
 * recurse, nor hash more than once per leaf and node: a peer chooses the leaves. */
#include "chain/bump_tree.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/hash.h"

gasp_err gasp_bump_make(gasp_bump **out, uint32_t height, size_t levels, const gasp_mem *mem)
{
    mem = gasp_mem_or_default(mem);
    gasp_bump *bump = gasp_mem_zalloc(mem, sizeof *bump);
    if (bump == NULL)
        return GASP_ERR_NOMEM;
    bump->mem = mem;
    bump->height = height;
    bump->levels = levels;
    *out = bump;
    return GASP_OK;
}

gasp_err gasp_bump_push(gasp_bump *bump, const gasp_bump_leaf *leaf)
{
    void *leaves = bump->leaves;
    gasp_err err =
        gasp_mem_grow(bump->mem, &leaves, &bump->cap, bump->n_leaves + 1, sizeof *leaf, gasp_limit(BUMP_LEAVES));
    bump->leaves = leaves;
    if (err != GASP_OK)
        return err;
    bump->leaves[bump->n_leaves++] = *leaf;
    return GASP_OK;
}

gasp_err gasp_bump_judge_offset(const gasp_bump *bump, uint64_t offset)
{
    size_t bits = bump->levels - bump->at_level;
    /* Level 0 alone: the number of transactions is not written, so any offset may be the last. */
    if (bump->levels == 1 || bits >= 64)
        return GASP_OK;
    return offset >> bits == 0 ? GASP_OK : GASP_ERR_BUMP_OFFSET_RANGE;
}

gasp_err gasp_bump_judge_flags(const gasp_bump *bump, uint64_t offset, uint8_t flags)
{
    if (flags > GASP_BUMP_TXID)
        return GASP_ERR_BUMP_FLAGS;
    if (flags != GASP_BUMP_DUPLICATE)
        return GASP_OK;
    if (offset % 2 == 0)
        return GASP_ERR_BUMP_DUPLICATE;
    for (size_t i = bump->n_leaves; i > bump->level_at[bump->at_level]; i--)
        if (bump->leaves[i - 1].flags == GASP_BUMP_DUPLICATE)
            return GASP_ERR_BUMP_DUPLICATE;
    return GASP_OK;
}

void gasp_bump_end_level(gasp_bump *bump)
{
    bump->at_level++;
    bump->level_at[bump->at_level] = bump->n_leaves;
}

/* -- sorting ----------------------------------------------------------------------------------------------------------
 */

typedef int (*compare_fn)(const gasp_bump_leaf *leaves, uint32_t a, uint32_t b);

static int by_offset(const gasp_bump_leaf *leaves, uint32_t a, uint32_t b)
{
    if (leaves[a].offset != leaves[b].offset)
        return leaves[a].offset < leaves[b].offset ? -1 : 1;
    return a < b ? -1 : a > b;
}

static int by_hash(const gasp_bump_leaf *leaves, uint32_t a, uint32_t b)
{
    int order = memcmp(leaves[a].hash, leaves[b].hash, 32);
    return order != 0 ? order : by_offset(leaves, a, b);
}

static void sift(uint32_t *items, size_t n, size_t root, const gasp_bump_leaf *leaves, compare_fn compare)
{
    uint32_t item = items[root];
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n && compare(leaves, items[child], items[child + 1]) < 0)
            child++;
        if (compare(leaves, item, items[child]) >= 0)
            break;
        items[root] = items[child];
        root = child;
    }
    items[root] = item;
}

/* Heapsort: no memory, and no order of leaves that makes it slow. What is in order already, as most paths are, costs
 * one pass. */
static void sort(uint32_t *items, size_t n, const gasp_bump_leaf *leaves, compare_fn compare)
{
    size_t sorted = 1;
    while (sorted < n && compare(leaves, items[sorted - 1], items[sorted]) < 0)
        sorted++;
    if (sorted >= n)
        return;
    for (size_t i = n / 2; i > 0; i--)
        sift(items, n, i - 1, leaves, compare);
    for (size_t end = n - 1; end > 0; end--) {
        uint32_t top = items[0];
        items[0] = items[end];
        items[end] = top;
        sift(items, end, 0, leaves, compare);
    }
}

gasp_err gasp_bump_sort_only(gasp_bump *bump)
{
    bump->order = gasp_mem_zalloc_array(bump->mem, bump->n_leaves, sizeof *bump->order);
    if (bump->order == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < bump->n_leaves; i++)
        bump->order[i] = (uint32_t)i;
    for (size_t level = 0; level < bump->levels; level++) {
        size_t from = bump->level_at[level];
        sort(bump->order + from, bump->level_at[level + 1] - from, bump->leaves, by_offset);
    }
    return GASP_OK;
}

static gasp_err judge_twice(const gasp_bump *bump, gasp_bump_where *where)
{
    for (size_t level = 0; level < bump->levels; level++) {
        for (size_t i = bump->level_at[level] + 1; i < bump->level_at[level + 1]; i++) {
            if (bump->leaves[bump->order[i - 1]].offset != bump->leaves[bump->order[i]].offset)
                continue;
            *where = (gasp_bump_where){.level = level, .leaf = bump->order[i]};
            return GASP_ERR_BUMP_OFFSET_TWICE;
        }
    }
    return GASP_OK;
}

bool gasp_bump_begins_path(const gasp_bump *bump, size_t position)
{
    const gasp_bump_leaf *leaf = &bump->leaves[bump->order[position]];
    if (leaf->flags == GASP_BUMP_DUPLICATE)
        return false;
    if (leaf->flags == GASP_BUMP_TXID || leaf->offset % 2 == 0 || position == 0)
        return true;
    const gasp_bump_leaf *left = &bump->leaves[bump->order[position - 1]];
    return left->offset + 1 != leaf->offset || memcmp(left->hash, leaf->hash, 32) != 0;
}

gasp_err gasp_bump_sort(gasp_bump *bump, gasp_bump_where *where)
{
    uint64_t last = 0;
    gasp_err err = gasp_bump_sort_only(bump);
    if (err != GASP_OK)
        return err;
    err = judge_twice(bump, where);
    if (err != GASP_OK)
        return err;

    bump->n_txids = 0;
    for (size_t i = 0; i < bump->level_at[1]; i++) {
        if (gasp_bump_begins_path(bump, i))
            bump->n_txids++;
        last = bump->leaves[bump->order[i]].offset;
    }
    if (bump->n_txids == 0) {
        *where = (gasp_bump_where){.level = 0, .leaf = GASP_BUMP_NO_LEAF};
        return GASP_ERR_BUMP_NO_TXID;
    }

    /* Level 0 alone: as high as its last leaf, a copy too, so that the climb judges it. */
    bump->tree_height = bump->levels;
    if (bump->levels == 1)
        for (bump->tree_height = 0; last != 0; last >>= 1)
            bump->tree_height++;
    return GASP_OK;
}

gasp_err gasp_bump_index(gasp_bump *bump)
{
    size_t n = 0;
    bump->by_txid = gasp_mem_zalloc_array(bump->mem, bump->n_txids, sizeof *bump->by_txid);
    if (bump->by_txid == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < bump->level_at[1]; i++)
        if (gasp_bump_begins_path(bump, i))
            bump->by_txid[n++] = bump->order[i];
    sort(bump->by_txid, n, bump->leaves, by_hash);
    return GASP_OK;
}

size_t gasp_bump_given(const gasp_bump *bump, size_t level, uint64_t offset)
{
    if (level >= bump->levels)
        return GASP_BUMP_NO_LEAF;
    size_t low = bump->level_at[level];
    size_t high = bump->level_at[level + 1];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        uint64_t there = bump->leaves[bump->order[mid]].offset;
        if (there == offset)
            return bump->order[mid];
        if (there < offset)
            low = mid + 1;
        else
            high = mid;
    }
    return GASP_BUMP_NO_LEAF;
}

/* -- the climb --------------------------------------------------------------------------------------------------------
 */

gasp_err gasp_bump_climb_start(gasp_bump_climb *climb, const gasp_bump *bump)
{
    memset(climb, 0, sizeof *climb);
    climb->bump = bump;
    climb->nodes = gasp_mem_zalloc_array(bump->mem, bump->n_txids, sizeof *climb->nodes);
    if (climb->nodes == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < bump->level_at[1]; i++) {
        const gasp_bump_leaf *leaf = &bump->leaves[bump->order[i]];
        if (!gasp_bump_begins_path(bump, i))
            continue;
        gasp_bump_node_at *node = &climb->nodes[climb->n++];
        node->offset = leaf->offset;
        memcpy(node->hash, leaf->hash, 32);
    }
    return GASP_OK;
}

/* How many nodes stand on paths in the level above, of those of one level. */
static size_t count_parents(const gasp_bump_node_at *nodes, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += i == 0 || nodes[i].offset / 2 != nodes[i - 1].offset / 2;
    return count;
}

gasp_err gasp_bump_climb_again(gasp_bump_climb *climb, const gasp_bump *bump)
{
    if (bump->nodes == NULL)
        return gasp_bump_climb_start(climb, bump);
    *climb = (gasp_bump_climb){.bump = bump, .nodes = bump->nodes, .n = bump->n_txids, .again = true};
    return GASP_OK;
}

void gasp_bump_climb_end(gasp_bump_climb *climb)
{
    if (climb->bump != NULL && !climb->again)
        gasp_mem_free(climb->bump->mem, climb->nodes);
    memset(climb, 0, sizeof *climb);
}

const gasp_bump_node_at *gasp_bump_climb_find(const gasp_bump_climb *climb, uint64_t offset)
{
    size_t low = 0;
    size_t high = climb->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (climb->nodes[mid].offset == offset)
            return &climb->nodes[mid];
        if (climb->nodes[mid].offset < offset)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* pair: the nodes of the leaf's pair that are on a path, up to two, from pair[0] on; n_pair of them. */
static gasp_err judge_leaf(const gasp_bump_climb *climb, const gasp_bump_leaf *leaf, const gasp_bump_node_at *pair,
                           size_t n_pair)
{
    const gasp_bump_node_at *self = NULL;
    const gasp_bump_node_at *sibling = NULL;
    for (size_t i = 0; i < n_pair && i < 2; i++) {
        if (pair[i].offset == leaf->offset)
            self = &pair[i];
        if (pair[i].offset == (leaf->offset ^ 1))
            sibling = &pair[i];
    }
    bool written_out = leaf->offset % 2 == 1 && self == NULL && sibling != NULL && leaf->flags != GASP_BUMP_DUPLICATE &&
                       memcmp(sibling->hash, leaf->hash, 32) == 0;
    if (leaf->flags == GASP_BUMP_DUPLICATE || written_out) {
        if (leaf->offset == 1 || climb->nodes[climb->n - 1].offset >= leaf->offset)
            return GASP_ERR_BUMP_DUPLICATE;
        if (sibling == NULL)
            return climb->level == 0 ? GASP_ERR_BUMP_MISSING : GASP_ERR_BUMP_UNNEEDED;
        return GASP_OK;
    }
    if (self != NULL && memcmp(self->hash, leaf->hash, 32) != 0)
        return GASP_ERR_BUMP_CONTRADICTION;
    return sibling != NULL ? GASP_OK : GASP_ERR_BUMP_UNNEEDED;
}

/* The leaves given in this level against the nodes on paths; in level 0 only copies are not such nodes themselves. */
static gasp_err judge_level(const gasp_bump_climb *climb, gasp_bump_where *where)
{
    const gasp_bump *bump = climb->bump;
    size_t i = 0;
    if (climb->level >= bump->levels)
        return GASP_OK;
    for (size_t k = bump->level_at[climb->level]; k < bump->level_at[climb->level + 1]; k++) {
        const gasp_bump_leaf *leaf = &bump->leaves[bump->order[k]];
        if (climb->level == 0 && gasp_bump_begins_path(bump, k))
            continue;
        while (i < climb->n && climb->nodes[i].offset / 2 < leaf->offset / 2)
            i++;
        gasp_err err = judge_leaf(climb, leaf, climb->nodes + i, climb->n - i);
        if (err == GASP_OK)
            continue;
        *where = (gasp_bump_where){.level = climb->level, .leaf = bump->order[k]};
        return err;
    }
    return GASP_OK;
}

/* The sibling of a node that stands alone in its pair. *other: its hash, NULL for a flagged copy of the node.
 * *k walks over `order`; pairs are asked for in ascending order. */
static gasp_err find_sibling(const gasp_bump_climb *climb, const uint8_t **other, size_t *k, size_t i)
{
    const gasp_bump *bump = climb->bump;
    uint64_t place = climb->nodes[i].offset ^ 1;
    bool alone = bump->levels == 1;
    size_t end = climb->level < bump->levels ? bump->level_at[climb->level + 1] : 0;
    *other = NULL;
    while (*k < end && bump->leaves[bump->order[*k]].offset < place)
        (*k)++;
    if (*k < end && bump->leaves[bump->order[*k]].offset == place) {
        const gasp_bump_leaf *leaf = &bump->leaves[bump->order[*k]];
        if (leaf->flags != GASP_BUMP_DUPLICATE)
            *other = leaf->hash;
        return GASP_OK;
    }
    if (alone && i + 1 == climb->n && place > climb->nodes[i].offset)
        return GASP_OK;
    return GASP_ERR_BUMP_MISSING;
}

/* Where two equal siblings are reported: the right one when it was given, else the left one, else the level. */
static gasp_bump_where equal_where(const gasp_bump_climb *climb, uint64_t pair)
{
    size_t leaf = gasp_bump_given(climb->bump, climb->level, 2 * pair + 1);
    if (leaf == GASP_BUMP_NO_LEAF)
        leaf = gasp_bump_given(climb->bump, climb->level, 2 * pair);
    return (gasp_bump_where){.level = climb->level, .leaf = leaf};
}

gasp_err gasp_bump_climb_up(gasp_bump_climb *climb, gasp_bump_where *where)
{
    size_t n_parents = 0;
    if (climb->again) {
        gasp_bump_node_at *above = climb->nodes + climb->n;
        climb->n = count_parents(climb->nodes, climb->n);
        climb->nodes = above;
        climb->level++;
        return GASP_OK;
    }
    size_t k = climb->level < climb->bump->levels ? climb->bump->level_at[climb->level] : 0;
    gasp_err err = judge_level(climb, where);
    if (err != GASP_OK)
        return err;

    for (size_t i = 0; i < climb->n; i++) {
        gasp_bump_node_at *node = &climb->nodes[i];
        uint64_t pair = node->offset / 2;
        const uint8_t *other = NULL;
        bool node_is_left = node->offset % 2 == 0;
        bool both = i + 1 < climb->n && climb->nodes[i + 1].offset / 2 == pair;
        if (both) {
            other = climb->nodes[++i].hash;
        } else {
            err = find_sibling(climb, &other, &k, i);
            if (err != GASP_OK) {
                *where = (gasp_bump_where){.level = climb->level, .leaf = GASP_BUMP_NO_LEAF};
                return err;
            }
        }
        /* A left node beside its own hash as a leaf is a copy written out, which judge_level let pass. */
        if (other != NULL && (both || !node_is_left) && memcmp(node->hash, other, 32) == 0) {
            *where = equal_where(climb, pair);
            return GASP_ERR_BUMP_DUPLICATE;
        }
        if (other == NULL)
            other = node->hash;
        gasp_bump_node_at *parent = &climb->nodes[n_parents++];
        gasp_sha256d_pair(parent->hash, node_is_left ? node->hash : other, node_is_left ? other : node->hash);
        parent->offset = pair;
    }
    climb->n = n_parents;
    climb->level++;
    return GASP_OK;
}

/* Each node on a path has a leaf as its sibling, or halves with another the number of those above. */
enum { NODES_MAX = 3 * GASP_BUMP_LEAVES_MAX };

/* The nodes of a level are kept before their parents take their place. */
static gasp_err keep_nodes(gasp_bump *bump, size_t *cap, const gasp_bump_climb *climb)
{
    void *nodes = bump->nodes;
    gasp_err err = gasp_mem_grow(bump->mem, &nodes, cap, bump->n_nodes + climb->n, sizeof *bump->nodes, NODES_MAX);
    bump->nodes = nodes;
    if (err != GASP_OK)
        return err;
    memcpy(bump->nodes + bump->n_nodes, climb->nodes, climb->n * sizeof *bump->nodes);
    bump->n_nodes += climb->n;
    return GASP_OK;
}

gasp_err gasp_bump_seal(gasp_bump *bump, gasp_bump_where *where)
{
    size_t cap = 0;
    gasp_bump_climb climb = {0};
    gasp_err err = gasp_bump_sort(bump, where);
    if (err != GASP_OK)
        goto out;
    err = gasp_bump_climb_start(&climb, bump);
    while (err == GASP_OK && climb.level < bump->tree_height) {
        err = keep_nodes(bump, &cap, &climb);
        if (err == GASP_OK)
            err = gasp_bump_climb_up(&climb, where);
    }
    if (err != GASP_OK)
        goto out;
    memcpy(bump->root.b, climb.nodes[0].hash, 32);
    err = gasp_bump_index(bump);
out:
    gasp_bump_climb_end(&climb);
    return err;
}
