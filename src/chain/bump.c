/* Merkle paths: looking at one. Nothing here changes a path. */
#include "chain/bump.h"

#include <string.h>

#include "base/mem.h"
#include "chain/bump_tree.h"

void gasp_bump_free(gasp_bump *bump)
{
    if (bump == NULL)
        return;
    gasp_mem_free(bump->mem, bump->leaves);
    gasp_mem_free(bump->mem, bump->order);
    gasp_mem_free(bump->mem, bump->by_txid);
    gasp_mem_free(bump->mem, bump->nodes);
    gasp_mem_free(bump->mem, bump);
}

uint32_t gasp_bump_height(const gasp_bump *bump)
{
    return bump->height;
}

gasp_merkle_root gasp_bump_root(const gasp_bump *bump)
{
    return bump->root;
}

size_t gasp_bump_levels(const gasp_bump *bump)
{
    return bump->levels;
}

size_t gasp_bump_tree_height(const gasp_bump *bump)
{
    return bump->tree_height;
}

size_t gasp_bump_leaf_count(const gasp_bump *bump, size_t level)
{
    if (level >= bump->levels)
        return 0;
    return bump->level_at[level + 1] - bump->level_at[level];
}

const gasp_bump_leaf *gasp_bump_leaf_at(const gasp_bump *bump, size_t level, size_t i)
{
    if (i >= gasp_bump_leaf_count(bump, level))
        return NULL;
    return &bump->leaves[bump->level_at[level] + i];
}

size_t gasp_bump_txid_count(const gasp_bump *bump)
{
    return bump->n_txids;
}

gasp_err gasp_bump_find(const gasp_bump *bump, uint64_t *index, const gasp_txid *txid)
{
    size_t low = 0;
    size_t high = bump->n_txids;
    while (low < high) { /* the first that is not below txid */
        size_t mid = low + (high - low) / 2;
        if (memcmp(bump->leaves[bump->by_txid[mid]].hash, txid->b, 32) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == bump->n_txids)
        return GASP_ABSENT;
    const gasp_bump_leaf *leaf = &bump->leaves[bump->by_txid[low]];
    if (memcmp(leaf->hash, txid->b, 32) != 0)
        return GASP_ABSENT;
    *index = leaf->offset;
    return GASP_OK;
}

/* The hash at a place of the level that the climb has reached, NULL when the path does not say. */
static const uint8_t *hash_at(const gasp_bump_climb *climb, uint64_t offset)
{
    const gasp_bump *bump = climb->bump;
    const gasp_bump_node_at *last = &climb->nodes[climb->n - 1];
    const gasp_bump_node_at *node = gasp_bump_climb_find(climb, offset);
    if (node != NULL)
        return node->hash;
    size_t leaf = gasp_bump_given(bump, climb->level, offset);
    if (leaf != GASP_BUMP_NO_LEAF && bump->leaves[leaf].flags != GASP_BUMP_DUPLICATE)
        return bump->leaves[leaf].hash;
    bool copy = leaf != GASP_BUMP_NO_LEAF || (bump->levels == 1 && climb->level < bump->tree_height);
    return copy && offset % 2 == 1 && last->offset + 1 == offset ? last->hash : NULL;
}

gasp_err gasp_bump_node(const gasp_bump *bump, uint8_t hash32[32], size_t level, uint64_t offset)
{
    gasp_bump_climb climb = {0};
    gasp_bump_where where;
    if (level > bump->tree_height)
        return GASP_ABSENT;
    gasp_err err = gasp_bump_climb_start(&climb, bump);
    while (err == GASP_OK && climb.level < level)
        err = gasp_bump_climb_up(&climb, &where);
    if (err != GASP_OK)
        goto out;
    const uint8_t *hash = hash_at(&climb, offset);
    if (hash == NULL)
        err = GASP_ABSENT;
    else
        memcpy(hash32, hash, 32);
out:
    gasp_bump_climb_end(&climb);
    return err;
}
