/* The best chain in the store: entering a branch, joining runs that were apart, and windows over what is held. The walks
 * follow parents downwards and stop where H already says the same, so a reorganisation costs its depth. Invariant: H, the
 * tip, the top and the epoch change in one txn. Must never leave a judged header in H that the best chain contradicts. */
#include <string.h>

#include "base/mem.h"
#include "wallet/headers.h"

/* ---- what moved ---------------------------------------------------------------------------------------------------- */

static gasp_err first_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    *(bool *)ctx = true;
    return GASP_DONE;
}

/* No txn that moves headers writes rows of proofs, so the store itself is asked. */
static gasp_err any_row(gasp_txn *txn, bool *out, const gasp_key *prefix)
{
    const gasp_kv *kv = txn->wallet->kv;
    gasp_key end = gasp_key_after(prefix);
    *out = false;
    return kv->scan(kv->user, txn->snapshot, gasp_key_view(prefix), gasp_key_view(&end), false, first_row, out);
}

gasp_err gasp_moves_begin(gasp_moves *moves, gasp_txn *txn)
{
    gasp_key prefix = gasp_key_kind('b');
    *moves = (gasp_moves){.mem = txn->wallet->mem};
    return any_row(txn, &moves->proofs, &prefix);
}

void gasp_moves_clear(gasp_moves *moves)
{
    if (moves->mem != NULL)
        gasp_mem_free(moves->mem, moves->blocks);
    *moves = (gasp_moves){0};
}

static gasp_err note_block(gasp_txn *txn, gasp_moves *moves, const gasp_block_hash *hash)
{
    gasp_key prefix = gasp_key_of_block(hash);
    bool proofs = false;
    void *blocks = moves->blocks;
    gasp_err err = moves->proofs ? any_row(txn, &proofs, &prefix) : GASP_OK;
    if (err != GASP_OK || !proofs)
        return err;
    err = gasp_mem_grow(moves->mem, &blocks, &moves->cap, moves->n + 1, sizeof *moves->blocks, GASP_TXN_OPS_MAX);
    moves->blocks = blocks;
    if (err == GASP_OK)
        moves->blocks[moves->n++] = *hash;
    return err;
}

/* ---- H ------------------------------------------------------------------------------------------------------------- */

gasp_err gasp_chain_hash_at(gasp_txn *txn, gasp_block_hash *out, uint32_t height)
{
    gasp_key key = gasp_key_height(height);
    gasp_data value;
    gasp_err err = gasp_txn_get(txn, &value, &key);
    if (err == GASP_OK && value.len != sizeof out->b)
        err = GASP_ERR_STORE_CORRUPT;
    if (err == GASP_OK)
        memcpy(out->b, value.data, sizeof out->b);
    gasp_data_clear(&value);
    return err;
}

static bool same(const gasp_block_hash *a, const gasp_block_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

gasp_err gasp_chain_put(gasp_txn *txn, gasp_moves *moves, uint32_t height, const gasp_block_hash *hash)
{
    gasp_key key = gasp_key_height(height);
    gasp_row_header old;
    gasp_block_hash left;
    gasp_err err = gasp_txn_header_at(txn, &old, &left, height);
    if (err == GASP_OK) {
        gasp_key beside = gasp_key_beside(height, &left);
        moves->reorganised = moves->reorganised || old.trust != GASP_TRUST_DECREE;
        err = note_block(txn, moves, &left);
        if (err == GASP_OK)
            err = gasp_txn_put(txn, &beside, (gasp_bytes){0});
    }
    if (err == GASP_ABSENT)
        err = GASP_OK;
    if (err == GASP_OK && hash != NULL)
        err = note_block(txn, moves, hash);
    if (err != GASP_OK)
        return err;
    if (!moves->moved) {
        moves->moved = true;
        txn->state.epoch++;
        txn->state_moved = true;
    }
    return hash != NULL ? gasp_txn_put(txn, &key, (gasp_bytes){hash->b, 32}) : gasp_txn_delete(txn, &key);
}

/* ---- down from a header -------------------------------------------------------------------------------------------- */

/* The first of a run: what it names as the header before it is not held, or is there by decree only. */
typedef struct run_start {
    bool found; /* false: H said the same at some height */
    uint32_t height;
    gasp_block_hash names;
} run_start;

static gasp_err fill_down(gasp_txn *txn, gasp_moves *moves, const gasp_block_hash *from, run_start *start)
{
    gasp_block_hash hash = *from;
    gasp_row_header row;
    gasp_err err = gasp_txn_header(txn, &row, &hash);
    *start = (run_start){0};
    while (err == GASP_OK) {
        gasp_block_hash there;
        gasp_header header;
        uint32_t height = row.height;
        err = gasp_chain_hash_at(txn, &there, height);
        if (err == GASP_OK && same(&there, &hash))
            return GASP_OK;
        if (err == GASP_OK || err == GASP_ABSENT)
            err = gasp_chain_put(txn, moves, height, &hash);
        if (err != GASP_OK || height == 0)
            return err;
        gasp_header_decode(&header, row.raw80);
        hash = header.prev;
        err = gasp_txn_header(txn, &row, &hash);
        if (err == GASP_ABSENT || (err == GASP_OK && row.trust == GASP_TRUST_DECREE)) {
            *start = (run_start){true, height, hash};
            return GASP_OK;
        }
        if (err == GASP_OK && row.height != height - 1)
            err = GASP_ERR_STORE_CORRUPT;
    }
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static bool at_checkpoint(const gasp_network_rules *rules, uint32_t height)
{
    for (size_t i = 0; i < rules->n_checkpoints; i++)
        if (rules->checkpoints[i].height == height)
            return true;
    return false;
}

/* The highest header of the lower run ending at `from` that somebody vouches for. */
static gasp_err vouched(gasp_txn *txn, uint32_t from, uint32_t *root, bool *pinned)
{
    const gasp_network_rules *rules = gasp_network_rules_of(txn->wallet->network);
    gasp_err err = GASP_OK;
    for (*root = from; err == GASP_OK && !at_checkpoint(rules, *root); (*root)--) {
        gasp_row_header row;
        gasp_block_hash hash;
        err = gasp_txn_header_at(txn, &row, &hash, *root);
        *pinned = err == GASP_OK && row.trust == GASP_TRUST_PIN;
        if (*pinned)
            break;
    }
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static gasp_err drop_lower(gasp_txn *txn, gasp_moves *moves, uint32_t from, bool contradicted)
{
    uint32_t root;
    bool pinned = false;
    gasp_err err = vouched(txn, from, &root, &pinned);
    if (pinned && !contradicted)
        return err;
    for (uint32_t height = from; err == GASP_OK && height > root; height--)
        err = gasp_chain_put(txn, moves, height, NULL);
    return err;
}

/* What stands right below a run that does not link to it: another header than the run names. *linked: a linked one. */
static gasp_err part_below(gasp_txn *txn, gasp_moves *moves, const run_start *start, bool *linked)
{
    gasp_row_header row;
    gasp_block_hash hash;
    *linked = false;
    if (!start->found || start->height == 0)
        return GASP_OK;
    gasp_err err = gasp_txn_header_at(txn, &row, &hash, start->height - 1);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    *linked = row.trust != GASP_TRUST_DECREE;
    if (*linked)
        return drop_lower(txn, moves, start->height - 1, true);
    return same(&hash, &start->names) ? GASP_OK : gasp_chain_put(txn, moves, start->height - 1, NULL);
}

gasp_err gasp_chain_join(gasp_txn *txn, gasp_moves *moves, const gasp_block_hash *hash)
{
    run_start start;
    bool linked;
    gasp_err err = fill_down(txn, moves, hash, &start);
    return err == GASP_OK ? part_below(txn, moves, &start, &linked) : err;
}

/* ---- up from a header ---------------------------------------------------------------------------------------------- */

typedef struct heights {
    uint32_t *list;
    size_t n;
    size_t cap;
    const gasp_mem *mem;
} heights;

gasp_err gasp_chain_read_height(uint32_t *out, gasp_bytes key)
{
    const uint8_t *b = key.data + 1;
    if (key.len != 5)
        return GASP_ERR_STORE_CORRUPT;
    *out = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return GASP_OK;
}

static gasp_err height_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    heights *to = ctx;
    void *list = to->list;
    (void)value;
    gasp_err err = gasp_mem_grow(to->mem, &list, &to->cap, to->n + 1, sizeof *to->list, GASP_TXN_OPS_MAX);
    to->list = list;
    return err == GASP_OK ? gasp_chain_read_height(&to->list[to->n++], key) : err;
}

/* The heights above one at which H had a row before this txn. */
static gasp_err heights_above(gasp_txn *txn, heights *out, uint32_t height)
{
    const gasp_kv *kv = txn->wallet->kv;
    gasp_key all = gasp_key_kind('H');
    gasp_key from = gasp_key_height(height + 1);
    gasp_key end = gasp_key_after(&all);
    *out = (heights){.mem = txn->wallet->mem};
    if (height == UINT32_MAX)
        return GASP_OK;
    return kv->scan(kv->user, txn->snapshot, gasp_key_view(&from), gasp_key_view(&end), false, height_row, out);
}

typedef struct topping {
    gasp_txn *txn;
    uint32_t *top;
} topping;

static gasp_err top_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    topping *t = ctx;
    uint32_t height;
    (void)value;
    gasp_err err = gasp_chain_read_height(&height, key);
    if (err != GASP_OK)
        return err;
    gasp_key row = gasp_key_height(height);
    err = gasp_txn_has(t->txn, &row);
    if (err == GASP_OK && height > *t->top)
        *t->top = height;
    if (err == GASP_ABSENT)
        return GASP_OK; /* deleted in this txn */
    return err == GASP_OK ? GASP_DONE : err;
}

gasp_err gasp_chain_top(gasp_txn *txn, uint32_t *out, uint32_t least)
{
    const gasp_kv *kv = txn->wallet->kv;
    gasp_key all = gasp_key_kind('H');
    gasp_key end = gasp_key_after(&all);
    topping t = {txn, out};
    *out = least;
    return kv->scan(kv->user, txn->snapshot, gasp_key_view(&all), gasp_key_view(&end), true, top_row, &t);
}

/* Linked headers above the tip are of another chain; trusted ones stay. */
static gasp_err clear_above(gasp_txn *txn, gasp_moves *moves, uint32_t tip)
{
    heights above;
    gasp_err err = heights_above(txn, &above, tip);
    for (size_t i = 0; err == GASP_OK && i < above.n; i++) {
        gasp_row_header row;
        gasp_block_hash hash;
        err = gasp_txn_header_at(txn, &row, &hash, above.list[i]);
        if (err == GASP_OK && row.trust != GASP_TRUST_DECREE)
            err = gasp_chain_put(txn, moves, above.list[i], NULL);
        else if (err == GASP_ABSENT)
            err = GASP_OK;
    }
    gasp_mem_free(above.mem, above.list);
    return err;
}

gasp_err gasp_chain_enter(gasp_txn *txn, gasp_moves *moves, const gasp_block_hash *tip)
{
    gasp_row_header old;
    gasp_row_header row;
    run_start start;
    bool linked = false;
    gasp_err err = gasp_txn_header(txn, &old, &txn->state.tip);
    if (err == GASP_OK)
        err = gasp_txn_header(txn, &row, tip);
    if (err == GASP_OK)
        err = fill_down(txn, moves, tip, &start);
    if (err == GASP_OK)
        err = part_below(txn, moves, &start, &linked);
    if (err == GASP_OK && start.found && !linked && old.height < start.height)
        err = drop_lower(txn, moves, old.height, false);
    if (err == GASP_OK && txn->state.top > row.height)
        err = clear_above(txn, moves, row.height);
    if (err == GASP_OK)
        err = gasp_chain_top(txn, &txn->state.top, row.height);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
    txn->state.tip = *tip;
    return GASP_OK;
}

/* ---- windows ------------------------------------------------------------------------------------------------------- */

gasp_header_step gasp_chain_step(const gasp_row_header *row, const gasp_block_hash *hash)
{
    gasp_header_step step = {
        .hash = *hash, .height = row->height, .work = row->work, .linked = row->trust == GASP_TRUST_PIN};
    gasp_header_decode(&step.header, row->raw80);
    return step;
}

gasp_err gasp_chain_window(gasp_header_window *w, gasp_txn *txn, const gasp_row_header *row,
                           const gasp_block_hash *hash)
{
    gasp_header_step step = gasp_chain_step(row, hash);
    gasp_header_row kept = {step.header.time, step.header.bits, step.work};
    if (row->trust == GASP_TRUST_DECREE) {
        gasp_header_window_start_trusted(w, &step);
        return GASP_OK;
    }
    gasp_header_window_load(w, step.height, hash, &kept);
    while (gasp_header_window_lacks(w) > 0) {
        gasp_row_header before;
        gasp_block_hash prev = step.header.prev;
        gasp_err err = gasp_txn_header(txn, &before, &prev);
        if (err == GASP_ABSENT || (err == GASP_OK && before.trust == GASP_TRUST_DECREE))
            return GASP_OK;
        if (err != GASP_OK)
            return err;
        step = gasp_chain_step(&before, &prev);
        kept = (gasp_header_row){step.header.time, step.header.bits, step.work};
        err = gasp_header_window_prepend(w, &kept);
        if (err != GASP_OK)
            return GASP_ERR_STORE_CORRUPT;
    }
    return GASP_OK;
}
