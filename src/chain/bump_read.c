/* Merkle paths from bytes and to bytes, and from leaves that another notation gave (layout: gasp/bump.h).
 * What was read is kept in its order, so writing gives the same bytes. Offsets of faults inside the tree are found
 * again by measuring, since every CompactSize is in its shortest form; nothing is kept for them. Must never take memory
 * by what a count announces: leaves are taken as they are read. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "chain/bump.h"
#include "chain/bump_tree.h"

enum { LEAF_LEN_MIN = 2 }; /* a duplicate: offset and flags */

static size_t leaf_len(const gasp_bump_leaf *leaf)
{
    return gasp_compact_len(leaf->offset) + 1 + (leaf->flags == GASP_BUMP_DUPLICATE ? 0 : 32);
}

/* Bytes from the start of the path to where; only levels up to where.level need to be read. */
static size_t measure(const gasp_bump *bump, const gasp_bump_where *where)
{
    size_t at = gasp_compact_len(bump->height) + 1;
    size_t level = where->level < bump->levels ? where->level : 0;
    size_t stop = where->leaf == GASP_BUMP_NO_LEAF ? bump->level_at[level] : where->leaf;
    for (size_t l = 0; l < level; l++)
        at += gasp_compact_len(bump->level_at[l + 1] - bump->level_at[l]);
    for (size_t i = 0; i < stop; i++)
        at += leaf_len(&bump->leaves[i]);
    if (where->leaf != GASP_BUMP_NO_LEAF)
        at += gasp_compact_len(bump->level_at[level + 1] - bump->level_at[level]);
    return at;
}

static gasp_err read_leaf(gasp_bump *bump, gasp_reader *r)
{
    gasp_bump_leaf leaf = {0};
    size_t start = r->at;
    leaf.offset = gasp_read_compact(r);
    if (r->err == GASP_OK) {
        gasp_err err = gasp_bump_judge_offset(bump, leaf.offset);
        if (err != GASP_OK)
            gasp_reader_fail(r, err, start);
    }
    size_t flags_at = r->at;
    leaf.flags = gasp_read_u8(r);
    if (r->err == GASP_OK) {
        gasp_err err = gasp_bump_judge_flags(bump, leaf.offset, leaf.flags);
        if (err != GASP_OK)
            gasp_reader_fail(r, err, err == GASP_ERR_BUMP_FLAGS ? flags_at : start);
    }
    if (leaf.flags != GASP_BUMP_DUPLICATE)
        gasp_read_into(r, leaf.hash, sizeof leaf.hash);
    if (r->err != GASP_OK)
        return r->err;
    gasp_err err = gasp_bump_push(bump, &leaf);
    if (err != GASP_OK)
        gasp_reader_fail(r, err, start);
    return err;
}

static gasp_err read_level(gasp_bump *bump, gasp_reader *r)
{
    size_t start = r->at;
    size_t n = gasp_read_count(r, LEAF_LEN_MIN);
    if (r->err == GASP_OK && n == 0 && bump->at_level == 0)
        gasp_reader_fail(r, GASP_ERR_BUMP_EMPTY_LEVEL, start);
    if (n > gasp_limit(BUMP_LEAVES) - bump->n_leaves)
        gasp_reader_fail(r, GASP_ERR_LIMIT, start);
    if (r->err != GASP_OK)
        return r->err;
    for (size_t i = 0; i < n; i++) {
        gasp_err err = read_leaf(bump, r);
        if (err != GASP_OK)
            return err;
    }
    gasp_bump_end_level(bump);
    return GASP_OK;
}

static gasp_err read_head(gasp_bump **bump, gasp_reader *r, const gasp_mem *mem)
{
    size_t start = r->at;
    uint64_t height = gasp_read_compact(r);
    if (r->err == GASP_OK && height > UINT32_MAX)
        gasp_reader_fail(r, GASP_ERR_BUMP_HEIGHT, start);
    size_t levels_at = r->at;
    size_t levels = gasp_read_u8(r);
    if (r->err == GASP_OK && (levels == 0 || levels > gasp_limit(BUMP_LEVELS)))
        gasp_reader_fail(r, GASP_ERR_BUMP_LEVELS, levels_at);
    if (r->err != GASP_OK)
        return r->err;
    gasp_err err = gasp_bump_make(bump, (uint32_t)height, levels, mem);
    if (err != GASP_OK)
        gasp_reader_fail(r, err, start);
    return err;
}

gasp_err gasp_bump_read(gasp_bump **out, gasp_reader *r, const gasp_mem *mem, uint64_t *level)
{
    gasp_bump *bump = NULL;
    gasp_bump_where where = {.level = 0, .leaf = GASP_BUMP_NO_LEAF};
    size_t start = r->at;
    gasp_err err = read_head(&bump, r, mem);
    while (err == GASP_OK && bump->at_level < bump->levels)
        err = read_level(bump, r);
    if (err != GASP_OK) {
        if (bump != NULL)
            where.level = bump->at_level;
        goto out;
    }
    err = gasp_bump_seal(bump, &where);
    if (err != GASP_OK) {
        gasp_reader_fail(r, err, start + measure(bump, &where));
        goto out;
    }
    *out = bump;
    bump = NULL;
out:
    if (err != GASP_OK && level != NULL)
        *level = where.level;
    gasp_bump_free(bump);
    return err;
}

gasp_err gasp_bump_decode(gasp_bump **out, gasp_bytes bytes, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_bump *bump = NULL;
    uint64_t level = 0;
    gasp_reader r = gasp_reader_of(bytes);
    gasp_err err = gasp_bump_read(&bump, &r, mem, &level);
    gasp_err finished = gasp_reader_finish(&r, fault);
    if (err == GASP_OK)
        err = finished;
    if (err != GASP_OK) {
        if (fault != NULL)
            fault->item = level;
        gasp_bump_free(bump);
        return err;
    }
    *out = bump;
    return GASP_OK;
}

void gasp_bump_write(gasp_writer *w, const gasp_bump *bump)
{
    gasp_write_compact(w, bump->height);
    gasp_write_u8(w, (uint8_t)bump->levels);
    for (size_t level = 0; level < bump->levels; level++) {
        gasp_write_compact(w, bump->level_at[level + 1] - bump->level_at[level]);
        for (size_t i = bump->level_at[level]; i < bump->level_at[level + 1]; i++) {
            const gasp_bump_leaf *leaf = &bump->leaves[i];
            gasp_write_compact(w, leaf->offset);
            gasp_write_u8(w, leaf->flags);
            if (leaf->flags != GASP_BUMP_DUPLICATE)
                gasp_write_bytes(w, leaf->hash, sizeof leaf->hash);
        }
    }
}

gasp_err gasp_bump_encode(const gasp_bump *bump, uint8_t *out, size_t cap, size_t *len)
{
    gasp_writer w = gasp_writer_measure();
    gasp_bump_write(&w, bump);
    *len = w.len;
    if (out == NULL)
        return GASP_OK;
    if (cap < *len)
        return GASP_ERR_LIMIT;
    w = gasp_writer_fixed(out, cap);
    gasp_bump_write(&w, bump);
    return w.err;
}

/* -- from leaves ------------------------------------------------------------------------------------------------------
 */

static gasp_err take_level(gasp_bump *bump, const gasp_bump_leaf *leaves, size_t n, gasp_bump_where *where)
{
    *where = (gasp_bump_where){.level = bump->at_level, .leaf = GASP_BUMP_NO_LEAF};
    if (n == 0 && bump->at_level == 0)
        return GASP_ERR_BUMP_EMPTY_LEVEL;
    if (n > gasp_limit(BUMP_LEAVES) - bump->n_leaves)
        return GASP_ERR_LIMIT;
    for (size_t i = 0; leaves != NULL && i < n; i++) {
        gasp_bump_leaf leaf = leaves[i];
        where->leaf = bump->n_leaves;
        gasp_err err = gasp_bump_judge_offset(bump, leaf.offset);
        if (err == GASP_OK)
            err = gasp_bump_judge_flags(bump, leaf.offset, leaf.flags);
        if (err == GASP_OK && leaf.flags == GASP_BUMP_DUPLICATE)
            memset(leaf.hash, 0, sizeof leaf.hash);
        if (err == GASP_OK)
            err = gasp_bump_push(bump, &leaf);
        if (err != GASP_OK)
            return err;
    }
    gasp_bump_end_level(bump);
    return GASP_OK;
}

static void fill_fault(gasp_fault *fault, gasp_err err, const gasp_bump *bump, const gasp_bump_where *where)
{
    if (fault == NULL)
        return;
    fault->err = err;
    fault->item = where->level;
    fault->at = 0;
    if (bump != NULL && where->leaf != GASP_BUMP_NO_LEAF)
        fault->at = where->leaf - bump->level_at[where->level];
}

gasp_err gasp_bump_from_leaves(gasp_bump **out, uint32_t height, size_t n_levels, const size_t n_in_level[],
                               const gasp_bump_leaf leaves[], const gasp_mem *mem, gasp_fault *fault)
{
    gasp_bump *bump = NULL;
    gasp_bump_where where = {.level = 0, .leaf = GASP_BUMP_NO_LEAF};
    gasp_err err = GASP_ERR_BUMP_LEVELS;
    if (n_levels == 0 || n_levels > gasp_limit(BUMP_LEVELS))
        goto out;
    err = gasp_bump_make(&bump, height, n_levels, mem);
    for (size_t level = 0; err == GASP_OK && level < n_levels; level++)
        err = take_level(bump, leaves == NULL ? NULL : leaves + bump->n_leaves, n_in_level[level], &where);
    if (err == GASP_OK)
        err = gasp_bump_seal(bump, &where);
    if (err != GASP_OK)
        goto out;
    *out = bump;
    bump = NULL;
out:
    if (err != GASP_OK)
        fill_fault(fault, err, bump, &where);
    gasp_bump_free(bump);
    return err;
}
