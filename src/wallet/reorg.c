/* Settling transactions one after the other until nothing changes. A queue, no recursion: spends form no circle, and each
 * transaction is derived again only after something that it depends on changed, so it ends. Anchors depend on headers
 * alone and are settled with the first pass; standing then moves from parents to children. */
#include "wallet/reorg.h"

#include <string.h>

#include "base/mem.h"
#include "record/state.h"
#include "wallet/collections.h"
#include "wallet/commit.h"
#include "wallet/standing.h"
#include "wallet/view.h"

typedef struct settling {
    gasp_txn *txn;
    gasp_time now;
    gasp_collections collections;
    gasp_txid *queue;
    size_t head;
    size_t n;
    size_t cap;
    gasp_map waiting; /* txids in the queue behind head */
} settling;

static gasp_err begin(settling *s, gasp_txn *txn, gasp_time now)
{
    *s = (settling){.txn = txn, .now = now};
    gasp_map_init(&s->waiting, 32, 0, GASP_TXN_OPS_MAX, txn->wallet->seed32, txn->wallet->mem);
    return gasp_collections_read(&s->collections, txn);
}

static void end(settling *s)
{
    gasp_mem_free(s->txn->wallet->mem, s->queue);
    gasp_map_clear(&s->waiting);
    gasp_collections_clear(&s->collections);
}

static gasp_err enqueue(settling *s, const gasp_txid *txid)
{
    void *queue = s->queue;
    bool fresh;
    gasp_err err = gasp_map_put(&s->waiting, NULL, &fresh, txid->b);
    if (err != GASP_OK || !fresh)
        return err;
    if (s->head > 1024 && s->head > s->n / 2) {
        memmove(s->queue, s->queue + s->head, (s->n - s->head) * sizeof *s->queue);
        s->n -= s->head;
        s->head = 0;
    }
    err = gasp_mem_grow(s->txn->wallet->mem, &queue, &s->cap, s->n + 1, sizeof *s->queue, 2 * GASP_TXN_OPS_MAX);
    s->queue = queue;
    if (err == GASP_OK)
        s->queue[s->n++] = *txid;
    return err;
}

/* ---- what depends on a transaction --------------------------------------------------------------------------------- */

/* Rows b (block, txid) and s (outpoint, txid): the txid ends the key. */
static gasp_err enqueue_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_txid txid;
    (void)value;
    if (key.len < 32)
        return GASP_ERR_STORE_CORRUPT;
    gasp_err err = gasp_key_read_hash(txid.b, key, key.len - 32);
    return err == GASP_OK ? enqueue(ctx, &txid) : err;
}

static gasp_err enqueue_children(settling *s, const gasp_txid *txid)
{
    gasp_outpoint first = {*txid, 0};
    gasp_key prefix = gasp_key_spenders(&first);
    prefix.len = 1 + 32; /* of whatever output */
    return gasp_txn_scan(s->txn, &prefix, enqueue_row, s);
}

static gasp_err enqueue_spenders(settling *s, const gasp_outpoint *outpoint)
{
    gasp_key prefix = gasp_key_spenders(outpoint);
    return gasp_txn_scan(s->txn, &prefix, enqueue_row, s);
}

static gasp_err enqueue_rivals(settling *s, const gasp_tx *tx)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < tx->n_in; i++)
        err = enqueue_spenders(s, &tx->in[i].prev);
    return err;
}

/* Whether an output is spent, and by how many. */
static gasp_err update_output(settling *s, const gasp_outpoint *outpoint)
{
    gasp_row_info info;
    bool changed;
    gasp_err err = gasp_txn_info(s->txn, &info, &outpoint->txid);
    for (size_t c = 0; err == GASP_OK && c < s->collections.n; c++)
        err = gasp_commit_output(s->txn, &changed, &s->collections.list[c], outpoint, &info, false, s->now);
    return err == GASP_ABSENT ? GASP_OK : err;
}

/* The same of all that a transaction spends. */
static gasp_err update_spent(settling *s, const gasp_tx *tx)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < tx->n_in; i++)
        err = update_output(s, &tx->in[i].prev);
    return err;
}

/* ---- one transaction ----------------------------------------------------------------------------------------------- */

static bool same_info(const gasp_row_info *a, const gasp_row_info *b)
{
    return a->stands == b->stands && a->contested == b->contested &&
           gasp_anchor_equal(a->anchored ? &a->anchor : NULL, b->anchored ? &b->anchor : NULL);
}

static gasp_err settle_one(settling *s, const gasp_txid *txid)
{
    gasp_row_info now;
    gasp_row_info next;
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    bool changed;
    gasp_err err = gasp_txn_info(s->txn, &now, txid);
    if (err == GASP_OK)
        err = gasp_view_tx(s->txn, &tx, &blob, txid);
    if (err == GASP_OK)
        err = gasp_standing_derive(s->txn, &next, &now, tx);
    if (err != GASP_OK || same_info(&now, &next))
        goto out;
    err = gasp_txn_put_info(s->txn, txid, &next);
    if (err == GASP_OK)
        err = gasp_commit_outputs_of(s->txn, &changed, txid, &next, tx->n_out, s->now);
    if (err == GASP_OK)
        err = update_spent(s, tx);
    if (err == GASP_OK && (now.anchored != next.anchored || now.stands != next.stands))
        err = enqueue_rivals(s, tx);
    if (err == GASP_OK && (now.stands != next.stands || now.contested != next.contested))
        err = enqueue_children(s, txid);
out:
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static gasp_err run(settling *s)
{
    gasp_err err = GASP_OK;
    while (err == GASP_OK && s->head < s->n) {
        gasp_txid txid = s->queue[s->head++];
        (void)gasp_map_del(&s->waiting, txid.b);
        err = settle_one(s, &txid);
    }
    return err;
}

/* ---- where it begins ----------------------------------------------------------------------------------------------- */

gasp_err gasp_reorg(gasp_txn *txn, const gasp_block_hash *blocks, size_t n, gasp_time now)
{
    settling s;
    if (n == 0)
        return GASP_OK;
    gasp_err err = begin(&s, txn, now);
    for (size_t i = 0; err == GASP_OK && i < n; i++) {
        gasp_key prefix = gasp_key_of_block(&blocks[i]);
        err = gasp_txn_scan(txn, &prefix, enqueue_row, &s);
    }
    if (err == GASP_OK)
        err = run(&s);
    end(&s);
    return err;
}

/* What a transaction spends, and everything else that spends it by a way of choosing. */
static gasp_err follow_inputs(settling *s, const gasp_txid *txid, gasp_kv_row choose)
{
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    gasp_err err = gasp_view_tx(s->txn, &tx, &blob, txid);
    if (err == GASP_OK)
        err = update_spent(s, tx);
    for (size_t i = 0; err == GASP_OK && i < tx->n_in; i++) {
        gasp_key prefix = gasp_key_spenders(&tx->in[i].prev);
        err = gasp_txn_scan(s->txn, &prefix, choose, s);
    }
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static gasp_err follow(gasp_txn *txn, const gasp_txid *txid, gasp_kv_row choose, gasp_time now)
{
    settling s;
    gasp_err err = begin(&s, txn, now);
    if (err == GASP_OK)
        err = enqueue_children(&s, txid);
    if (err == GASP_OK)
        err = follow_inputs(&s, txid, choose);
    if (err == GASP_OK)
        err = run(&s);
    end(&s);
    return err;
}

gasp_err gasp_reorg_follow(gasp_txn *txn, const gasp_txid *txid, gasp_time now)
{
    return follow(txn, txid, enqueue_row, now);
}

/* The spender that the key of a row s names, and what is known of it. */
static gasp_err spender_in(settling *s, gasp_txid *txid, gasp_row_info *info, gasp_bytes key)
{
    if (key.len != 1 + GASP_OUTPOINT_LEN + 32)
        return GASP_ERR_STORE_CORRUPT;
    gasp_err err = gasp_key_read_hash(txid->b, key, 1 + GASP_OUTPOINT_LEN);
    if (err == GASP_OK)
        err = gasp_txn_info(s->txn, info, txid);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static gasp_err enqueue_undisputed(void *ctx, gasp_bytes key, gasp_bytes value)
{
    settling *s = ctx;
    gasp_row_info info;
    gasp_txid txid;
    (void)value;
    gasp_err err = spender_in(s, &txid, &info, key);
    return err == GASP_OK && info.stands && !info.contested ? enqueue(s, &txid) : err;
}

gasp_err gasp_reorg_rivalled(gasp_txn *txn, const gasp_txid *txid, gasp_time now)
{
    return follow(txn, txid, enqueue_undisputed, now);
}

/* One that spends from what has just arrived and does not stand yet. */
static gasp_err enqueue_waiting(void *ctx, gasp_bytes key, gasp_bytes value)
{
    settling *s = ctx;
    gasp_row_info info;
    gasp_txid txid;
    (void)value;
    gasp_err err = spender_in(s, &txid, &info, key);
    return err == GASP_OK && !info.stands ? enqueue(s, &txid) : err;
}

gasp_err gasp_reorg_arrived(gasp_txn *txn, const gasp_txid *txid, gasp_time now)
{
    settling s;
    gasp_outpoint first = {*txid, 0};
    gasp_key prefix = gasp_key_spenders(&first);
    prefix.len = 1 + 32;
    gasp_err err = begin(&s, txn, now);
    if (err == GASP_OK)
        err = gasp_txn_scan(txn, &prefix, enqueue_waiting, &s);
    if (err == GASP_OK)
        err = run(&s);
    end(&s);
    return err;
}

gasp_err gasp_reorg_proven(gasp_txn *txn, const gasp_txid *txids, size_t n, gasp_time now)
{
    settling s;
    gasp_err err = begin(&s, txn, now);
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = enqueue(&s, &txids[i]);
    if (err == GASP_OK)
        err = run(&s);
    end(&s);
    return err;
}

gasp_err gasp_reorg_freed(gasp_txn *txn, const gasp_outpoint *outpoints, size_t n, gasp_time now)
{
    settling s;
    gasp_err err = begin(&s, txn, now);
    for (size_t i = 0; err == GASP_OK && i < n; i++) {
        err = update_output(&s, &outpoints[i]);
        if (err == GASP_OK)
            err = enqueue_spenders(&s, &outpoints[i]);
    }
    if (err == GASP_OK)
        err = run(&s);
    end(&s);
    return err;
}
