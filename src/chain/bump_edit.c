/* Merkle paths made from blocks and from other paths: from_block, trim, split, merge, canonical.
 * All of them climb the tree of a source and keep, level by level, the sibling of each picked node that is not itself
 * above a picked leaf (pick_level). So what is written is sorted and minimal by construction.
 * Must never give a path that gasp_bump_decode would refuse, nor change a source. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "chain/bump.h"
#include "chain/bump_tree.h"

/* A leaf of level 0 that is kept; further up, the node above it. */
typedef struct picked {
    uint64_t offset;
    uint8_t flags;
} picked;

static size_t levels_of(const gasp_bump *source)
{
    return source->tree_height == 0 ? 1 : source->tree_height;
}

static gasp_err push(gasp_bump *to, uint64_t offset, uint8_t flags, const uint8_t *hash)
{
    gasp_bump_leaf leaf = {.offset = offset, .flags = flags};
    if (hash != NULL)
        memcpy(leaf.hash, hash, 32);
    return gasp_bump_push(to, &leaf);
}

/* The sibling at `offset`: a node on a path of the source, a leaf given there, or a copy of the last node, which the
 * source may have written out. */
static gasp_err push_sibling(gasp_bump *to, const gasp_bump_climb *climb, uint64_t offset)
{
    const gasp_bump_node_at *node = gasp_bump_climb_find(climb, offset);
    if (node != NULL)
        return push(to, offset, GASP_BUMP_HASH, node->hash);
    size_t leaf = gasp_bump_given(climb->bump, climb->level, offset);
    if (leaf != GASP_BUMP_NO_LEAF && climb->bump->leaves[leaf].flags != GASP_BUMP_DUPLICATE) {
        const uint8_t *hash = climb->bump->leaves[leaf].hash;
        const gasp_bump_node_at *picked_one = gasp_bump_climb_find(climb, offset ^ 1);
        if (picked_one == NULL)
            return GASP_ERR_INTERNAL;
        if (memcmp(picked_one->hash, hash, 32) != 0)
            return push(to, offset, GASP_BUMP_HASH, hash);
    }
    return push(to, offset, GASP_BUMP_DUPLICATE, NULL);
}

static gasp_err push_picked(gasp_bump *to, const gasp_bump_climb *climb, const picked *one)
{
    if (climb->level > 0)
        return GASP_OK;
    const gasp_bump_node_at *node = gasp_bump_climb_find(climb, one->offset);
    return node == NULL ? GASP_ERR_INTERNAL : push(to, one->offset, one->flags, node->hash);
}

/* One level of the new path; on return `picks` are the nodes above. */
static gasp_err pick_level(gasp_bump *to, const gasp_bump_climb *climb, picked *picks, size_t *n)
{
    gasp_err err = GASP_OK;
    size_t n_above = 0;
    for (size_t i = 0; err == GASP_OK && i < *n; i++) {
        picked one = picks[i];
        bool both = i + 1 < *n && picks[i + 1].offset == (one.offset ^ 1);
        bool sibling = !both && climb->level < climb->bump->tree_height;
        if (sibling && one.offset % 2 == 1)
            err = push_sibling(to, climb, one.offset ^ 1);
        if (err == GASP_OK)
            err = push_picked(to, climb, &one);
        if (err == GASP_OK && both)
            err = push_picked(to, climb, &picks[++i]);
        if (err == GASP_OK && sibling && one.offset % 2 == 0)
            err = push_sibling(to, climb, one.offset ^ 1);
        picks[n_above++] = (picked){.offset = one.offset / 2, .flags = one.flags};
    }
    *n = n_above;
    return err;
}

/* The path of the picked leaves (ascending, each once, n >= 1) of a source that was sorted. The source's rules are
 * judged on the way up. picks are used up. */
static gasp_err pick(gasp_bump **out, const gasp_bump *source, picked *picks, size_t n, const gasp_mem *mem)
{
    gasp_bump *made = NULL;
    gasp_bump_climb climb = {0};
    gasp_bump_where where;
    gasp_err err = gasp_bump_make(&made, source->height, levels_of(source), mem);
    if (err == GASP_OK)
        err = gasp_bump_climb_start(&climb, source);
    while (err == GASP_OK && made->at_level < made->levels) {
        err = pick_level(made, &climb, picks, &n);
        gasp_bump_end_level(made);
        if (err == GASP_OK && climb.level < source->tree_height)
            err = gasp_bump_climb_up(&climb, &where);
    }
    if (err == GASP_OK)
        err = gasp_bump_sort(made, &where);
    if (err == GASP_OK)
        err = gasp_bump_index(made);
    if (err != GASP_OK)
        goto out;
    memcpy(made->root.b, climb.nodes[0].hash, 32);
    *out = made;
    made = NULL;
out:
    gasp_bump_climb_end(&climb);
    gasp_bump_free(made);
    return err;
}

/* Picks the hashes of level 0: all with the flags they have, or, with keep, those for which keep[leaf] is set, flagged.
 */
static gasp_err pick_some(gasp_bump **out, const gasp_bump *source, const uint8_t *keep, const gasp_mem *mem)
{
    size_t n = 0;
    picked *picks = gasp_mem_zalloc_array(source->mem, source->n_txids, sizeof *picks);
    if (picks == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < source->level_at[1]; i++) {
        size_t at = source->order[i];
        const gasp_bump_leaf *leaf = &source->leaves[at];
        if (!gasp_bump_begins_path(source, i) || (keep != NULL && keep[at] == 0))
            continue;
        uint8_t flags = keep != NULL ? GASP_BUMP_TXID : leaf->flags;
        picks[n++] = (picked){.offset = leaf->offset, .flags = flags};
    }
    gasp_err err = pick(out, source, picks, n, mem);
    gasp_mem_free(source->mem, picks);
    return err;
}

gasp_err gasp_bump_trim(gasp_bump **out, const gasp_bump *bump, const gasp_txid txids[], size_t n, const gasp_mem *mem)
{
    if (n == 0)
        return GASP_ERR_MISUSE;
    uint8_t *keep = gasp_mem_zalloc(bump->mem, bump->level_at[1]);
    if (keep == NULL)
        return GASP_ERR_NOMEM;
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < n; i++) {
        uint64_t index = 0;
        if (gasp_bump_find(bump, &index, &txids[i]) == GASP_OK)
            keep[gasp_bump_given(bump, 0, index)] = 1;
        else
            err = GASP_ERR_PROOF_NOT_LEAF;
    }
    if (err == GASP_OK)
        err = pick_some(out, bump, keep, mem);
    gasp_mem_free(bump->mem, keep);
    return err;
}

gasp_err gasp_bump_from_block(gasp_bump **out, uint32_t height, const gasp_txid txids[], size_t n,
                              const size_t selected[], size_t n_selected, const gasp_mem *mem)
{
    gasp_bump *block = NULL;
    uint8_t *keep = NULL;
    gasp_bump_where where;
    if (n == 0 || n_selected == 0)
        return GASP_ERR_MISUSE;
    if (n > gasp_limit(BUMP_LEAVES))
        return GASP_ERR_LIMIT;
    mem = gasp_mem_or_default(mem);
    gasp_err err = gasp_bump_make(&block, height, 1, mem);
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = push(block, i, GASP_BUMP_HASH, txids[i].b);
    if (err != GASP_OK)
        goto out;
    gasp_bump_end_level(block);
    err = gasp_bump_sort(block, &where);
    if (err != GASP_OK)
        goto out;

    err = GASP_ERR_NOMEM;
    keep = gasp_mem_zalloc(mem, n);
    if (keep == NULL)
        goto out;
    err = GASP_ERR_MISUSE;
    for (size_t i = 0; i < n_selected; i++) {
        if (selected[i] >= n)
            goto out;
        keep[selected[i]] = 1;
    }
    err = pick_some(out, block, keep, mem);
out:
    gasp_mem_free(mem, keep);
    gasp_bump_free(block);
    return err;
}

/* Begins the path of one transaction: where it stands, and an empty path. */
static gasp_err start_one(gasp_bump **one, picked *where, const gasp_bump *bump, const gasp_txid *txid,
                          const gasp_mem *mem)
{
    *where = (picked){.flags = GASP_BUMP_TXID};
    if (gasp_bump_find(bump, &where->offset, txid) != GASP_OK)
        return GASP_ERR_PROOF_NOT_LEAF;
    return gasp_bump_make(one, bump->height, levels_of(bump), mem);
}

static gasp_err finish_one(gasp_bump *one, const gasp_bump *bump)
{
    gasp_bump_where where;
    one->root = bump->root;
    gasp_err err = gasp_bump_sort(one, &where);
    return err == GASP_OK ? gasp_bump_index(one) : err;
}

gasp_err gasp_bump_split(gasp_bump *outs[], const gasp_bump *bump, const gasp_txid txids[], size_t n,
                         const gasp_mem *mem)
{
    gasp_bump_climb climb = {0};
    gasp_bump_where where;
    picked *at = NULL;
    gasp_err err = GASP_OK;
    if (n == 0)
        return GASP_ERR_MISUSE;
    memset(outs, 0, n * sizeof *outs);
    at = gasp_mem_zalloc_array(bump->mem, n, sizeof *at);
    if (at == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = start_one(&outs[i], &at[i], bump, &txids[i], mem);
    if (err == GASP_OK)
        err = gasp_bump_climb_start(&climb, bump);
    for (size_t level = 0; err == GASP_OK && level < levels_of(bump); level++) {
        for (size_t i = 0; err == GASP_OK && i < n; i++) {
            size_t one = 1;
            err = pick_level(outs[i], &climb, &at[i], &one);
            gasp_bump_end_level(outs[i]);
        }
        if (err == GASP_OK && climb.level < bump->tree_height)
            err = gasp_bump_climb_up(&climb, &where);
    }
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = finish_one(outs[i], bump);
    for (size_t i = 0; err != GASP_OK && i < n; i++) {
        gasp_bump_free(outs[i]);
        outs[i] = NULL;
    }
    gasp_bump_climb_end(&climb);
    gasp_mem_free(bump->mem, at);
    return err;
}

/* -- merge ------------------------------------------------------------------------------------------------------------
 */

/* All leaves that a path has in one level, those that level 0 alone implies among them. */
static gasp_err gather_level(gasp_bump *all, const gasp_bump *path, size_t level)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < gasp_bump_leaf_count(path, level); i++) {
        gasp_bump_leaf leaf = *gasp_bump_leaf_at(path, level, i);
        if (level > 0 && leaf.flags == GASP_BUMP_TXID)
            leaf.flags = GASP_BUMP_HASH;
        err = gasp_bump_push(all, &leaf);
    }
    if (err != GASP_OK || path->levels > 1)
        return err;
    uint64_t last = (uint64_t)(path->n_txids - 1) >> level; /* level 0 alone has no gaps */
    if (last == 0 || last % 2 == 1)
        return GASP_OK;
    return push(all, last + 1, GASP_BUMP_DUPLICATE, NULL);
}

/* Each place once. A transaction that is flagged in one of the leaves of its place is flagged. */
static gasp_err once(gasp_bump *to, const gasp_bump *all, size_t level)
{
    for (size_t i = all->level_at[level]; i < all->level_at[level + 1]; i++) {
        const gasp_bump_leaf *leaf = &all->leaves[all->order[i]];
        gasp_bump_leaf *before = to->n_leaves > to->level_at[level] ? &to->leaves[to->n_leaves - 1] : NULL;
        if (before == NULL || before->offset != leaf->offset) {
            gasp_err err = gasp_bump_push(to, leaf);
            if (err != GASP_OK)
                return err;
            continue;
        }
        /* A copy, which another path of the same tree can only have written out. */
        if (leaf->flags == GASP_BUMP_DUPLICATE)
            *before = *leaf;
        if (before->flags == GASP_BUMP_DUPLICATE)
            continue;
        if (memcmp(before->hash, leaf->hash, 32) != 0)
            return GASP_ERR_BUMP_CONTRADICTION;
        if (leaf->flags == GASP_BUMP_TXID)
            before->flags = GASP_BUMP_TXID;
    }
    gasp_bump_end_level(to);
    return GASP_OK;
}

static bool same_tree(const gasp_bump *a, const gasp_bump *b)
{
    return a->height == b->height && a->tree_height == b->tree_height && memcmp(a->root.b, b->root.b, 32) == 0;
}

gasp_err gasp_bump_merge(gasp_bump **out, const gasp_bump *const paths[], size_t n, const gasp_mem *mem)
{
    gasp_bump *all = NULL;
    gasp_bump *each = NULL;
    gasp_bump_where where;
    if (n == 0)
        return GASP_ERR_MISUSE;
    for (size_t i = 1; i < n; i++)
        if (!same_tree(paths[0], paths[i]))
            return GASP_ERR_BUMP_NOT_SAME;

    gasp_err err = gasp_bump_make(&all, paths[0]->height, levels_of(paths[0]), mem);
    if (err == GASP_OK)
        err = gasp_bump_make(&each, all->height, all->levels, mem);
    while (err == GASP_OK && all->at_level < all->levels) {
        for (size_t i = 0; err == GASP_OK && i < n; i++)
            err = gather_level(all, paths[i], all->at_level);
        gasp_bump_end_level(all);
    }
    if (err == GASP_OK)
        err = gasp_bump_sort_only(all);
    while (err == GASP_OK && each->at_level < each->levels)
        err = once(each, all, each->at_level);
    if (err == GASP_OK)
        err = gasp_bump_sort(each, &where);
    if (err == GASP_OK)
        err = pick_some(out, each, NULL, mem);
    gasp_bump_free(all);
    gasp_bump_free(each);
    return err;
}

gasp_err gasp_bump_canonical(gasp_bump **out, const gasp_bump *bump, const gasp_mem *mem)
{
    return gasp_bump_merge(out, &bump, 1, mem);
}
