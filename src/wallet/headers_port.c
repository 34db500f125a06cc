/* The best chain behind the host's port, and settling to it. What moved is gathered outside of the lock, at one epoch of
 * the port; then, under the lock, it is looked at whether the wallet is still where the gathering began, and anchors, rows
 * B, changes and the new epoch are one batch. Must never call the port with the lock held. */
#include "wallet/headers_port.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gasp/header.h"
#include "wallet/headers.h"
#include "wallet/reorg.h"

/** Headers that left or came, as a list. When more did, the blocks that proofs are held in are looked at one by one. */
enum { SHIFT_MAX = GASP_LIMIT_CHAIN_SHIFT };

void gasp_headers_init(gasp_headers *headers)
{
    *headers = (gasp_headers){.size = sizeof *headers};
}

static bool same(const gasp_block_hash *a, const gasp_block_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* ---- looking ------------------------------------------------------------------------------------------------------- */

static gasp_merkle_root root_in(const uint8_t raw80[80])
{
    gasp_header header;
    gasp_header_decode(&header, raw80);
    return header.root;
}

gasp_err gasp_chain_block_at(gasp_txn *txn, gasp_block_hash *hash, gasp_merkle_root *root, uint32_t height)
{
    const gasp_headers *port = txn->wallet->headers;
    gasp_header_info info;
    gasp_row_header row;
    if (port == NULL) {
        gasp_err err = gasp_txn_header_at(txn, &row, hash, height);
        if (err == GASP_OK)
            *root = root_in(row.raw80);
        return err;
    }
    gasp_err err = port->at(port->user, &info, height);
    if (err == GASP_OK) {
        *hash = info.hash;
        *root = root_in(info.raw80);
    }
    return err;
}

gasp_err gasp_chain_root_of(gasp_txn *txn, gasp_merkle_root *root, const gasp_block_hash *hash)
{
    const gasp_headers *port = txn->wallet->headers;
    gasp_header_info info;
    gasp_row_header row;
    gasp_err err = port != NULL ? port->find(port->user, &info, hash) : gasp_txn_header(txn, &row, hash);
    if (err == GASP_OK)
        *root = root_in(port != NULL ? info.raw80 : row.raw80);
    return err;
}

gasp_err gasp_chain_height_now(gasp_txn *txn, uint32_t *out)
{
    const gasp_headers *port = txn->wallet->headers;
    gasp_header_info tip;
    if (port == NULL) {
        *out = txn->state.top;
        return GASP_OK;
    }
    gasp_err err = port->tip(port->user, &tip);
    if (err == GASP_OK)
        *out = tip.height;
    return err;
}

uint32_t gasp_chain_height(const gasp_txn *txn)
{
    return txn->state.hosted ? txn->state.host_height : txn->state.top;
}

static gasp_err hash_under(gasp_txn *txn, gasp_block_hash *out, const gasp_key *key)
{
    gasp_data value;
    gasp_err err = gasp_txn_get(txn, &value, key);
    if (err == GASP_OK && value.len != sizeof out->b)
        err = GASP_ERR_STORE_CORRUPT;
    if (err == GASP_OK)
        memcpy(out->b, value.data, sizeof out->b);
    gasp_data_clear(&value);
    return err;
}

gasp_err gasp_chain_settled_at(gasp_txn *txn, gasp_block_hash *out, uint32_t height)
{
    gasp_key key = gasp_key_settled(height);
    return txn->state.hosted ? hash_under(txn, out, &key) : gasp_chain_hash_at(txn, out, height);
}

gasp_err gasp_chain_keep(gasp_txn *txn, uint32_t height, const gasp_block_hash *hash)
{
    gasp_key key = gasp_key_settled(height);
    return txn->state.hosted ? gasp_txn_put(txn, &key, (gasp_bytes){hash->b, sizeof hash->b}) : GASP_OK;
}

/* ---- before a commit ----------------------------------------------------------------------------------------------- */

static gasp_err check_graph(const gasp_headers *port, gasp_commit_graph *graph, gasp_header_info *last, bool *known)
{
    for (size_t i = 0; i < graph->n_nodes && graph->verdict == GASP_OK; i++) {
        const gasp_commit_node *node = &graph->nodes[i];
        if (!node->proven)
            continue;
        if (!*known || last->height != node->anchor.height) { /* the proofs of a batch are of few blocks */
            gasp_err err = port->at(port->user, last, node->anchor.height);
            *known = err == GASP_OK;
            if (err != GASP_OK && err != GASP_ABSENT)
                return err;
        }
        if (*known && same(&last->hash, &node->anchor.block))
            continue;
        graph->verdict = GASP_ERR_PROOF_NO_HEADER;
        graph->failed = i;
    }
    return GASP_OK;
}

gasp_err gasp_chain_check(gasp_wallet *wallet, gasp_commit *commit, uint64_t *epoch)
{
    const gasp_headers *port = wallet->headers;
    gasp_header_info last;
    uint64_t after = 0;
    bool stable = port == NULL;
    gasp_err err = GASP_OK;
    *epoch = 0;
    for (uint64_t i = 0; !stable && err == GASP_OK && i < gasp_limit(CHAIN_TRIES); i++) {
        bool known = false;
        err = port->epoch(port->user, epoch);
        for (size_t g = 0; err == GASP_OK && g < commit->n_graphs; g++) {
            gasp_commit_graph *graph = &commit->graphs[g];
            if (graph->verdict == GASP_ERR_PROOF_NO_HEADER)
                graph->verdict = GASP_OK; /* of an earlier look */
            err = check_graph(port, graph, &last, &known);
        }
        if (err == GASP_OK)
            err = port->epoch(port->user, &after);
        stable = err == GASP_OK && after == *epoch;
    }
    for (size_t g = 0; err == GASP_OK && !stable && g < commit->n_graphs; g++)
        if (commit->graphs[g].verdict == GASP_OK)
            commit->graphs[g].verdict = GASP_AGAIN;
    return err;
}

bool gasp_chain_is_settled(const gasp_txn *txn, uint64_t epoch)
{
    if (txn->wallet->headers == NULL)
        return !txn->state.hosted;
    return txn->state.hosted && txn->state.host_epoch == epoch;
}

gasp_err gasp_chain_proof_holds(gasp_txn *txn, const gasp_anchor *anchor)
{
    gasp_block_hash hash;
    if (txn->state.hosted)
        return GASP_OK; /* gasp_chain_check asked the port */
    gasp_err err = gasp_chain_hash_at(txn, &hash, anchor->height);
    return err == GASP_OK && !same(&hash, &anchor->block) ? GASP_ABSENT : err;
}

/* ---- what moved ---------------------------------------------------------------------------------------------------- */

typedef struct moved_block {
    gasp_block_hash hash;
    uint32_t height;
    bool came; /* else it left */
} moved_block;

/* From the chain that the wallet was settled to when it was looked at, to the one that is there now. */
typedef struct shift {
    gasp_txn *txn;
    gasp_row_state was;
    uint64_t epoch;
    gasp_header_info tip; /* with a port */
    moved_block *list;
    size_t n;
    size_t cap;
    bool none; /* the wallet holds no proof: there is nothing to gather */
    bool all;  /* list has every block that a proof is held in, in the order of their hashes */
} shift;

static gasp_err note(shift *s, const gasp_block_hash *hash, uint32_t height, bool came)
{
    void *list = s->list;
    gasp_err err = gasp_mem_grow(s->txn->wallet->mem, &list, &s->cap, s->n + 1, sizeof *s->list, GASP_TXN_OPS_MAX);
    s->list = list;
    if (err == GASP_OK)
        s->list[s->n++] = (moved_block){*hash, height, came};
    return err;
}

static gasp_err in_chain_now(shift *s, bool *out, const gasp_block_hash *hash, uint32_t height)
{
    const gasp_headers *port = s->txn->wallet->headers;
    gasp_header_info info;
    gasp_err err;
    if (port != NULL)
        err = port->at(port->user, &info, height);
    else
        err = gasp_chain_hash_at(s->txn, &info.hash, height);
    *out = err == GASP_OK && same(&info.hash, hash);
    return err == GASP_ABSENT ? GASP_OK : err;
}

/* Down from the old tip to where it meets the chain that is there now. GASP_ABSENT: the port has forgotten the way. */
static gasp_err gather_left(shift *s, uint32_t *fork)
{
    const gasp_headers *port = s->txn->wallet->headers;
    gasp_block_hash hash = s->was.host_tip;
    uint32_t height = s->was.host_height;
    gasp_err err = GASP_OK;
    while (err == GASP_OK) {
        bool meets;
        gasp_header_info info;
        gasp_header header;
        err = in_chain_now(s, &meets, &hash, height);
        if (err == GASP_OK && meets) {
            *fork = height;
            return GASP_OK;
        }
        if (err == GASP_OK)
            err = s->n < gasp_limit(CHAIN_SHIFT) && height > 0 ? note(s, &hash, height, false) : GASP_ABSENT;
        if (err == GASP_OK)
            err = port->find(port->user, &info, &hash);
        if (err == GASP_OK && info.height != height)
            err = GASP_ABSENT;
        if (err != GASP_OK)
            return err;
        gasp_header_decode(&header, info.raw80);
        hash = header.prev;
        height--;
    }
    return err;
}

static gasp_err gather_came(shift *s, uint32_t fork)
{
    const gasp_headers *port = s->txn->wallet->headers;
    if (s->tip.height > fork && s->tip.height - fork > gasp_limit(CHAIN_SHIFT))
        return GASP_ABSENT;
    for (uint64_t height = (uint64_t)fork + 1; height <= s->tip.height; height++) {
        gasp_header_info info;
        gasp_err err = port->at(port->user, &info, (uint32_t)height);
        if (err == GASP_OK)
            err = note(s, &info.hash, (uint32_t)height, true);
        if (err != GASP_OK && err != GASP_ABSENT)
            return err;
    }
    return GASP_OK;
}

typedef struct first_key {
    gasp_block_hash block;
    gasp_txid txid;
    bool found;
} first_key;

static gasp_err first_of_block(void *ctx, gasp_bytes key, gasp_bytes value)
{
    first_key *first = ctx;
    (void)value;
    gasp_err err = gasp_key_read_hash(first->block.b, key, 1);
    if (err == GASP_OK)
        err = gasp_key_read_hash(first->txid.b, key, 33);
    first->found = err == GASP_OK;
    return err == GASP_OK ? GASP_DONE : err;
}

/* The next block, behind `from`, that a proof is held in. No txn of this file writes rows b, so the store is asked. */
static gasp_err next_block(gasp_txn *txn, first_key *out, gasp_key *from)
{
    const gasp_kv *kv = txn->wallet->kv;
    gasp_key all = gasp_key_kind('b');
    gasp_key end = gasp_key_after(&all);
    out->found = false;
    gasp_err err =
        kv->scan(kv->user, txn->snapshot, gasp_key_view(from), gasp_key_view(&end), false, first_of_block, out);
    if (err == GASP_OK && out->found) {
        gasp_key block = gasp_key_of_block(&out->block);
        *from = gasp_key_after(&block);
    }
    return err;
}

static gasp_err height_of_proof(gasp_txn *txn, uint32_t *height, const first_key *first)
{
    gasp_key key = gasp_key_proof(&first->txid, &first->block);
    gasp_data row = {0};
    gasp_bytes bump;
    uint64_t index;
    gasp_err err = gasp_txn_get(txn, &row, &key);
    if (err == GASP_OK)
        err = gasp_row_proof_decode(height, &index, &bump, (gasp_bytes){row.data, row.len});
    gasp_data_clear(&row);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static gasp_err gather_all(shift *s)
{
    gasp_key from = gasp_key_kind('b');
    first_key block;
    s->all = true;
    s->n = 0;
    gasp_err err = next_block(s->txn, &block, &from);
    while (err == GASP_OK && block.found) {
        uint32_t height = 0;
        bool there = false;
        err = height_of_proof(s->txn, &height, &block);
        if (err == GASP_OK)
            err = in_chain_now(s, &there, &block.block, height);
        if (err == GASP_OK)
            err = note(s, &block.block, height, there);
        if (err == GASP_OK)
            err = next_block(s->txn, &block, &from);
    }
    return err;
}

static gasp_err any_proof(gasp_txn *txn, bool *out)
{
    gasp_key from = gasp_key_kind('b');
    first_key first;
    gasp_err err = next_block(txn, &first, &from);
    *out = err == GASP_OK && first.found;
    return err;
}

/* GASP_DONE: the wallet is settled to what is there. GASP_AGAIN: the port moved meanwhile. */
static gasp_err gather(shift *s)
{
    const gasp_headers *port = s->txn->wallet->headers;
    uint64_t after = 0;
    uint32_t fork = 0;
    bool proofs = false;
    s->was = s->txn->state;
    s->n = 0;
    s->all = false;
    gasp_err err = port != NULL ? port->epoch(port->user, &s->epoch) : GASP_OK;
    if (err == GASP_OK && gasp_chain_is_settled(s->txn, s->epoch))
        return GASP_DONE;
    if (err == GASP_OK && port != NULL)
        err = port->tip(port->user, &s->tip);
    if (err == GASP_OK)
        err = any_proof(s->txn, &proofs);
    s->none = !proofs;
    if (err == GASP_OK && proofs) {
        err = port != NULL && s->was.hosted ? gather_left(s, &fork) : GASP_ABSENT;
        if (err == GASP_OK)
            err = gather_came(s, fork);
        if (err == GASP_ABSENT)
            err = gather_all(s);
    }
    if (err == GASP_OK && port != NULL)
        err = port->epoch(port->user, &after);
    return err == GASP_OK && port != NULL && after != s->epoch ? GASP_AGAIN : err;
}

/* ---- settling to it ------------------------------------------------------------------------------------------------ */

/* Whether what was gathered is still all that there is to say: no commit was made meanwhile that it does not cover. */
static gasp_err still_so(gasp_txn *txn, const shift *s)
{
    gasp_key from = gasp_key_kind('b');
    first_key block;
    bool proofs;
    const gasp_row_state *now = &txn->state;
    if (now->hosted != s->was.hosted || now->host_epoch != s->was.host_epoch || now->epoch != s->was.epoch)
        return GASP_AGAIN;
    gasp_err err = any_proof(txn, &proofs);
    if (err == GASP_OK && s->none && proofs)
        return GASP_AGAIN;
    for (size_t i = 0; err == GASP_OK && s->all && i <= s->n; i++) {
        err = next_block(txn, &block, &from);
        if (err == GASP_OK && (block.found != (i < s->n) || (i < s->n && !same(&block.block, &s->list[i].hash))))
            err = GASP_AGAIN;
    }
    return err;
}

static gasp_err drop_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    uint32_t height;
    (void)value;
    gasp_err err = gasp_chain_read_height(&height, key);
    if (err != GASP_OK)
        return err;
    gasp_key row = gasp_key_settled(height);
    return gasp_txn_delete(ctx, &row);
}

static gasp_err leave(gasp_txn *txn, const moved_block *block)
{
    gasp_key key = gasp_key_settled(block->height);
    gasp_block_hash there;
    gasp_err err = hash_under(txn, &there, &key);
    if (err == GASP_OK && same(&there, &block->hash))
        err = gasp_txn_delete(txn, &key);
    return err == GASP_ABSENT ? GASP_OK : err;
}

static gasp_err has_proofs(gasp_txn *txn, bool *out, const gasp_block_hash *block)
{
    gasp_key from = gasp_key_of_block(block);
    first_key first;
    gasp_err err = next_block(txn, &first, &from);
    *out = err == GASP_OK && first.found && same(&first.block, block);
    return err;
}

/* Rows B as they will be, then what follows from them. What left goes first: what came may stand at the same height. */
static gasp_err move_rows(gasp_txn *txn, shift *s, gasp_time now)
{
    const gasp_mem *mem = txn->wallet->mem;
    gasp_key all = gasp_key_kind('B');
    size_t n = 0;
    gasp_block_hash *blocks = gasp_mem_zalloc_array(mem, s->n, sizeof *blocks);
    gasp_err err = blocks != NULL ? GASP_OK : GASP_ERR_NOMEM;
    if (err == GASP_OK && (s->all || s->none))
        err = gasp_txn_scan(txn, &all, drop_row, txn);
    for (size_t i = 0; err == GASP_OK && !s->all && i < s->n; i++)
        if (!s->list[i].came)
            err = leave(txn, &s->list[i]);
    for (size_t i = 0; err == GASP_OK && i < s->n; i++) {
        bool held = s->all;
        if (!s->all)
            err = has_proofs(txn, &held, &s->list[i].hash);
        if (err == GASP_OK && held)
            blocks[n++] = s->list[i].hash;
        if (err == GASP_OK && held && s->list[i].came)
            err = gasp_chain_keep(txn, s->list[i].height, &s->list[i].hash);
    }
    if (err == GASP_OK)
        err = gasp_reorg(txn, blocks, n, now);
    gasp_mem_free(mem, blocks);
    return err;
}

static gasp_err apply(gasp_txn *txn, shift *s, gasp_time now)
{
    gasp_err err = still_so(txn, s);
    if (err != GASP_OK)
        return err;
    txn->state.hosted = txn->wallet->headers != NULL;
    txn->state.host_epoch = txn->state.hosted ? s->epoch : 0;
    txn->state.host_height = txn->state.hosted ? s->tip.height : 0;
    txn->state.host_tip = txn->state.hosted ? s->tip.hash : (gasp_block_hash){{0}};
    txn->state_moved = true;
    err = move_rows(txn, s, now);
    return err == GASP_OK ? gasp_txn_write(txn) : err;
}

static gasp_err settle_once(gasp_wallet *wallet, bool *reorganised, gasp_time now)
{
    gasp_txn look = {0};
    gasp_txn txn = {0};
    shift s = {.txn = &look};
    gasp_err err = gasp_txn_look(&look, wallet);
    if (err == GASP_OK)
        err = gather(&s);
    if (err != GASP_OK)
        goto out;
    gasp_lock_take(&wallet->writer);
    err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK)
        err = apply(&txn, &s, now);
    gasp_txn_end(&txn);
    gasp_lock_give(&wallet->writer);
    for (size_t i = 0; err == GASP_OK && reorganised != NULL && i < s.n; i++)
        *reorganised = *reorganised || !s.list[i].came;
out:
    gasp_mem_free(wallet->mem, s.list);
    gasp_txn_end(&look);
    return err;
}

gasp_err gasp_chain_settle(gasp_wallet *wallet, bool *reorganised, gasp_time now)
{
    gasp_err err = GASP_AGAIN;
    if (reorganised != NULL)
        *reorganised = false;
    for (uint64_t i = 0; err == GASP_AGAIN && i < gasp_limit(CHAIN_TRIES); i++)
        err = settle_once(wallet, reorganised, now);
    return err == GASP_DONE || err == GASP_AGAIN ? GASP_OK : err; /* the next commit goes on with it */
}

gasp_err gasp_wallet_headers_changed(gasp_wallet *wallet, gasp_time now)
{
    return gasp_chain_settle(wallet, NULL, now);
}
