/* Paths of single transactions, cut and joined level by level. In a level everything ascends by offset: what is wanted, the
 * nodes that the climb has computed, the leaves that are given. So one pass over each finds all siblings, and what can be
 * computed is told from what must be written by offsets alone. */
#include "chain/bump_kept.h"

#include <string.h>

#include "base/mem.h"
#include "base/reader.h"
#include "base/writer.h"
#include "chain/bump_tree.h"

/* ---- cutting ------------------------------------------------------------------------------------------------------- */

/* A transaction whose path is being written. */
typedef struct cut {
    uint64_t offset; /* of the node above it in the level that the climb has reached */
    size_t number;   /* in the caller's list */
    gasp_writer w;
} cut;

/* By offset, and few are out of order: paths come in the order of a block. */
static void sort_cuts(cut *cuts, size_t n)
{
    for (size_t gap = n / 2; gap > 0; gap /= 2) { /* Shell's sort: no memory, and never much worse than n log^2 n */
        for (size_t i = gap; i < n; i++) {
            cut one = cuts[i];
            size_t to = i;
            for (; to >= gap && cuts[to - gap].offset > one.offset; to -= gap)
                cuts[to] = cuts[to - gap];
            cuts[to] = one;
        }
    }
}

/* The most that the path of one transaction takes. */
static size_t cut_len(const gasp_bump *bump, size_t levels)
{
    size_t leaf = gasp_compact_len(levels < 64 ? (uint64_t)1 << levels : UINT64_MAX) + 1 + 32;
    return gasp_compact_len(bump->height) + 1 + levels * (1 + leaf) + leaf;
}

static gasp_err begin_cuts(cut *cuts, gasp_data outs[], const gasp_bump *bump, const gasp_txid txids[], size_t n,
                           const gasp_mem *mem)
{
    size_t levels = bump->tree_height == 0 ? 1 : bump->tree_height;
    size_t len = cut_len(bump, levels);
    for (size_t i = 0; i < n; i++) {
        cuts[i].number = i;
        if (gasp_bump_find(bump, &cuts[i].offset, &txids[i]) != GASP_OK)
            return GASP_ERR_PROOF_NOT_LEAF;
        outs[i] = (gasp_data){mem->allocate(mem->user, len), len, mem};
        if (outs[i].data == NULL)
            return GASP_ERR_NOMEM;
        cuts[i].w = gasp_writer_fixed(outs[i].data, len);
        gasp_write_compact(&cuts[i].w, bump->height);
        gasp_write_u8(&cuts[i].w, (uint8_t)levels);
    }
    sort_cuts(cuts, n);
    return GASP_OK;
}

static void write_leaf(gasp_writer *w, uint64_t offset, uint8_t flags, const uint8_t *hash)
{
    gasp_write_compact(w, offset);
    gasp_write_u8(w, flags);
    if (flags != GASP_BUMP_DUPLICATE)
        gasp_write_bytes(w, hash, 32);
}

/* How far the pass through a level has come. */
typedef struct passing {
    const gasp_bump_climb *climb;
    size_t node;  /* the first one of the climb that is not to the left of what is wanted */
    size_t given; /* the same among the leaves of the level, in `order` */
    size_t end;
} passing;

static passing pass(const gasp_bump_climb *climb)
{
    const gasp_bump *bump = climb->bump;
    passing p = {.climb = climb};
    if (climb->level < bump->levels) {
        p.given = bump->level_at[climb->level];
        p.end = bump->level_at[climb->level + 1];
    }
    return p;
}

/* The hashes of a pair of nodes, NULL where the path has none; pairs ascend from call to call. */
static void find_pair(passing *p, const uint8_t *hash[2], uint64_t left)
{
    const gasp_bump_climb *climb = p->climb;
    const gasp_bump *bump = climb->bump;
    hash[0] = hash[1] = NULL;
    while (p->node < climb->n && climb->nodes[p->node].offset < left)
        p->node++;
    while (p->given < p->end && bump->leaves[bump->order[p->given]].offset < left)
        p->given++;
    for (size_t i = p->given; i < p->end && i < p->given + 2; i++) {
        const gasp_bump_leaf *leaf = &bump->leaves[bump->order[i]];
        if (leaf->offset <= left + 1 && leaf->flags != GASP_BUMP_DUPLICATE)
            hash[leaf->offset - left] = leaf->hash;
    }
    for (size_t i = p->node; i < climb->n && i < p->node + 2; i++)
        if (climb->nodes[i].offset <= left + 1)
            hash[climb->nodes[i].offset - left] = climb->nodes[i].hash;
    /* A copy of the last node, written out. */
    if (hash[0] != NULL && hash[1] != NULL && memcmp(hash[0], hash[1], 32) == 0)
        hash[1] = NULL;
}

/* One level of every path. */
static void write_level(cut *cuts, size_t n, const gasp_bump_climb *climb)
{
    passing p = pass(climb);
    bool first = climb->level == 0;
    bool sibling = climb->level < climb->bump->tree_height;
    for (size_t i = 0; i < n; i++) {
        cut *c = &cuts[i];
        const uint8_t *hash[2];
        uint64_t other = c->offset ^ 1;
        size_t side = (size_t)(c->offset & 1);
        uint8_t flags;
        find_pair(&p, hash, c->offset - side);
        flags = hash[!side] != NULL ? GASP_BUMP_HASH : GASP_BUMP_DUPLICATE;
        gasp_write_compact(&c->w, (first ? 1U : 0U) + (sibling ? 1U : 0U));
        if (sibling && side == 1)
            write_leaf(&c->w, other, flags, hash[0]);
        if (first)
            write_leaf(&c->w, c->offset, GASP_BUMP_TXID, hash[side]);
        if (sibling && side == 0)
            write_leaf(&c->w, other, flags, hash[1]);
        c->offset /= 2;
    }
}

gasp_err gasp_bump_cut(gasp_data outs[], const gasp_bump *bump, const gasp_txid txids[], size_t n, const gasp_mem *mem)
{
    gasp_bump_climb climb = {0};
    gasp_bump_where where;
    for (size_t i = 0; i < n; i++)
        outs[i] = (gasp_data){0};
    mem = gasp_mem_or_default(mem);
    cut *cuts = gasp_mem_zalloc_array(mem, n, sizeof *cuts);
    gasp_err err = cuts != NULL ? begin_cuts(cuts, outs, bump, txids, n, mem) : GASP_ERR_NOMEM;
    if (err == GASP_OK)
        err = gasp_bump_climb_again(&climb, bump);
    for (size_t level = 0; err == GASP_OK && (level == 0 || level < bump->tree_height); level++) {
        write_level(cuts, n, &climb);
        if (level + 1 < bump->tree_height)
            err = gasp_bump_climb_up(&climb, &where);
    }
    for (size_t i = 0; err == GASP_OK && i < n; i++) {
        err = cuts[i].w.err;
        outs[cuts[i].number].len = cuts[i].w.len;
    }
    for (size_t i = 0; err != GASP_OK && i < n; i++)
        gasp_data_clear(&outs[i]);
    gasp_bump_climb_end(&climb);
    gasp_mem_free(mem, cuts);
    return err;
}

/* ---- joining ------------------------------------------------------------------------------------------------------- */

/* A leaf of one of the paths; the hash is a view of its bytes. */
typedef struct leaf_view {
    uint64_t offset;
    const uint8_t *hash;
    uint8_t flags;
} leaf_view;

/* A path that is being read. */
typedef struct source {
    uint64_t first; /* offset of its first leaf */
    gasp_reader r;
} source;

typedef struct joining {
    source *paths; /* in the order of what they prove */
    size_t n;
    size_t levels;
    leaf_view *leaves; /* of one level of all paths, each place once */
    size_t n_leaves;
    size_t cap;
    uint64_t *above; /* the nodes of that level that can be computed */
    size_t n_above;
    gasp_buf out;
} joining;

static leaf_view read_leaf(gasp_reader *r)
{
    leaf_view leaf = {.offset = gasp_read_compact(r)};
    leaf.flags = gasp_read_u8(r);
    if (leaf.flags != GASP_BUMP_DUPLICATE)
        leaf.hash = gasp_read_bytes(r, 32).data;
    return leaf;
}

/* Puts a leaf where it belongs: at the end, or a place or two before it, since paths are read in order. */
static gasp_err add_leaf(joining *j, const leaf_view *leaf, const gasp_mem *mem)
{
    void *leaves = j->leaves;
    gasp_err err = gasp_mem_grow(mem, &leaves, &j->cap, j->n_leaves + 1, sizeof *leaf, GASP_BUMP_LEAVES_MAX);
    size_t to = j->n_leaves;
    j->leaves = leaves;
    if (err != GASP_OK)
        return err == GASP_ERR_LIMIT ? GASP_ERR_STORE_CORRUPT : err;
    while (to > 0 && j->leaves[to - 1].offset > leaf->offset)
        to--;
    if (to > 0 && j->leaves[to - 1].offset == leaf->offset) {
        leaf_view *there = &j->leaves[to - 1];
        if (leaf->flags != GASP_BUMP_HASH)
            *there = *leaf;
        return GASP_OK;
    }
    memmove(&j->leaves[to + 1], &j->leaves[to], (j->n_leaves - to) * sizeof *leaf);
    j->leaves[to] = *leaf;
    j->n_leaves++;
    return GASP_OK;
}

static gasp_err read_level(joining *j, const gasp_mem *mem)
{
    gasp_err err = GASP_OK;
    j->n_leaves = 0;
    for (size_t i = 0; err == GASP_OK && i < j->n; i++) {
        gasp_reader *r = &j->paths[i].r;
        for (size_t left = gasp_read_count(r, 2); err == GASP_OK && left > 0 && r->err == GASP_OK; left--) {
            leaf_view leaf = read_leaf(r);
            if (r->err == GASP_OK)
                err = add_leaf(j, &leaf, mem);
        }
        if (r->err != GASP_OK)
            err = GASP_ERR_STORE_CORRUPT;
    }
    return err;
}

/* Writes the leaves of a level that cannot be computed, and finds what can be in the next one. */
static void write_joined(joining *j, gasp_writer *w, size_t level)
{
    size_t n = 0;
    size_t kept = 0;
    for (size_t i = 0, a = 0; i < j->n_leaves; i++) {
        while (a < j->n_above && j->above[a] < j->leaves[i].offset)
            a++;
        if (a == j->n_above || j->above[a] != j->leaves[i].offset)
            j->leaves[kept++] = j->leaves[i];
    }
    gasp_write_compact(w, kept);
    for (size_t i = 0; i < kept; i++)
        write_leaf(w, j->leaves[i].offset, j->leaves[i].flags, j->leaves[i].hash);
    size_t begin = level == 0 ? kept : j->n_above;
    for (size_t i = 0; i < begin; i++) {
        uint64_t parent = (level == 0 ? j->leaves[i].offset : j->above[i]) / 2;
        if (n == 0 || j->above[n - 1] != parent)
            j->above[n++] = parent;
    }
    j->n_above = n;
}

static void sort_sources(source *paths, size_t n)
{
    for (size_t gap = n / 2; gap > 0; gap /= 2) { /* as sort_cuts */
        for (size_t i = gap; i < n; i++) {
            source one = paths[i];
            size_t to = i;
            for (; to >= gap && paths[to - gap].first > one.first; to -= gap)
                paths[to] = paths[to - gap];
            paths[to] = one;
        }
    }
}

/* Reads what stands before the leaves. */
static gasp_err begin_join(joining *j, gasp_writer *w, const gasp_bytes paths[], size_t n)
{
    uint64_t height = 0;
    for (; j->n < n; j->n++) {
        gasp_reader r = gasp_reader_of(paths[j->n]);
        uint64_t its = gasp_read_compact(&r);
        size_t levels = gasp_read_u8(&r);
        if (r.err != GASP_OK || levels == 0 || (j->n > 0 && (its != height || levels != j->levels)))
            return GASP_ERR_STORE_CORRUPT;
        height = its;
        j->levels = levels;
        j->paths[j->n].r = r;
        (void)gasp_read_count(&r, 2);
        j->paths[j->n].first = gasp_read_compact(&r);
    }
    sort_sources(j->paths, n);
    gasp_write_compact(w, height);
    gasp_write_u8(w, (uint8_t)j->levels);
    return GASP_OK;
}

gasp_err gasp_bump_join(gasp_data *out, const gasp_bytes paths[], size_t n, const gasp_mem *mem)
{
    mem = gasp_mem_or_default(mem);
    joining j = {.paths = gasp_mem_zalloc_array(mem, n, sizeof *j.paths),
                 .above = gasp_mem_zalloc_array(mem, 2 * n, sizeof *j.above)};
    gasp_buf_init(&j.out, SIZE_MAX, mem);
    gasp_writer w = gasp_writer_growing(&j.out);
    gasp_err err = j.paths != NULL && j.above != NULL ? begin_join(&j, &w, paths, n) : GASP_ERR_NOMEM;
    for (size_t level = 0; err == GASP_OK && level < j.levels; level++) {
        err = read_level(&j, mem);
        if (err == GASP_OK && level == 0 && j.n_leaves > 2 * n)
            err = GASP_ERR_STORE_CORRUPT;
        if (err == GASP_OK)
            write_joined(&j, &w, level);
    }
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = gasp_reader_finish(&j.paths[i].r, NULL) == GASP_OK ? GASP_OK : GASP_ERR_STORE_CORRUPT;
    if (err == GASP_OK)
        err = w.err;
    if (err == GASP_OK)
        *out = (gasp_data){j.out.data, j.out.len, mem};
    else
        gasp_buf_clear(&j.out);
    gasp_mem_free(mem, j.paths);
    gasp_mem_free(mem, j.above);
    gasp_mem_free(mem, j.leaves);
    return err;
}
