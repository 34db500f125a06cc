/* Forgetting what will never be mined: a transaction without an anchor and all that spends from it and has none either. A
 * walk with a list, no recursion; then every row of each leaves, and what they spent is settled again, all in one batch. */
#include <string.h>

#include "base/mem.h"
#include "wallet/collections.h"
#include "wallet/reorg.h"
#include "wallet/view.h"

/** Descendants at most: each takes a row of every kind, and all go in one batch. */
enum { FORGET_MAX = GASP_TXN_OPS_MAX };

typedef struct forgetting {
    gasp_txn *txn;
    gasp_time now;
    gasp_collections collections;
    gasp_map seen; /* txids of list */
    gasp_txid *list;
    size_t n;
    size_t cap;
    gasp_outpoint *freed; /* what they spend of transactions that stay */
    size_t n_freed;
    size_t cap_freed;
} forgetting;

/* ---- who leaves ---------------------------------------------------------------------------------------------------- */

static gasp_err take(forgetting *f, const gasp_txid *txid)
{
    void *list = f->list;
    bool fresh;
    gasp_err err = gasp_map_put(&f->seen, NULL, &fresh, txid->b);
    if (err != GASP_OK || !fresh)
        return err;
    err = gasp_mem_grow(f->txn->wallet->mem, &list, &f->cap, f->n + 1, sizeof *f->list, FORGET_MAX);
    f->list = list;
    if (err == GASP_OK)
        f->list[f->n++] = *txid;
    return err;
}

static gasp_err child_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    forgetting *f = ctx;
    gasp_row_info info;
    gasp_txid txid;
    (void)value;
    gasp_err err = gasp_key_read_hash(txid.b, key, 1 + GASP_OUTPOINT_LEN);
    if (err == GASP_OK)
        err = gasp_txn_info(f->txn, &info, &txid);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
    return info.anchored ? GASP_OK : take(f, &txid);
}

static gasp_err gather(forgetting *f, const gasp_txid *txid)
{
    gasp_err err = take(f, txid);
    for (size_t i = 0; err == GASP_OK && i < f->n; i++) {
        gasp_outpoint first = {f->list[i], 0};
        gasp_key prefix = gasp_key_spenders(&first);
        prefix.len = 1 + 32; /* of whatever output */
        err = gasp_txn_scan(f->txn, &prefix, child_row, f);
    }
    return err;
}

/* ---- their rows ---------------------------------------------------------------------------------------------------- */

/* An output of ours leaves with its transaction. The one place that sees each of them. */
static gasp_err forget_output(forgetting *f, const gasp_collection *collection, const gasp_outpoint *outpoint)
{
    gasp_key key = gasp_key_output(collection, outpoint);
    gasp_err err = gasp_txn_has(f->txn, &key);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    err = gasp_txn_delete(f->txn, &key);
    return err == GASP_OK ? gasp_txn_change(f->txn, GASP_CHANGE_FORGOTTEN, outpoint, collection, f->now) : err;
}

static gasp_err forget_outputs(forgetting *f, const gasp_tx *tx)
{
    gasp_err err = GASP_OK;
    for (size_t c = 0; err == GASP_OK && c < f->collections.n; c++) {
        const gasp_collection *collection = &f->collections.list[c];
        gasp_key member = gasp_key_member(collection, &tx->txid);
        for (size_t v = 0; err == GASP_OK && v < tx->n_out; v++)
            err = forget_output(f, collection, &(gasp_outpoint){tx->txid, (uint32_t)v});
        if (err == GASP_OK)
            err = gasp_txn_delete(f->txn, &member);
    }
    return err;
}

static gasp_err forget_inputs(forgetting *f, const gasp_tx *tx)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < tx->n_in; i++) {
        void *freed = f->freed;
        gasp_key key = gasp_key_spender(&tx->in[i].prev, &tx->txid);
        err = gasp_txn_delete(f->txn, &key);
        if (err != GASP_OK || gasp_map_get(&f->seen, tx->in[i].prev.txid.b) != NULL)
            continue;
        err = gasp_mem_grow(f->txn->wallet->mem, &freed, &f->cap_freed, f->n_freed + 1, sizeof *f->freed, FORGET_MAX);
        f->freed = freed;
        if (err == GASP_OK)
            f->freed[f->n_freed++] = tx->in[i].prev;
    }
    return err;
}

/* Keys of rows that are to be deleted; a scan must not write. */
typedef struct doomed {
    gasp_key *list;
    size_t n;
    size_t cap;
    const gasp_mem *mem;
} doomed;

static gasp_err doom(void *ctx, gasp_bytes key, gasp_bytes value)
{
    doomed *d = ctx;
    void *list = d->list;
    (void)value;
    if (key.len > GASP_KEY_MAX)
        return GASP_ERR_STORE_CORRUPT;
    gasp_err err = gasp_mem_grow(d->mem, &list, &d->cap, d->n + 1, sizeof *d->list, GASP_TXN_OPS_MAX);
    d->list = list;
    if (err != GASP_OK)
        return err;
    d->list[d->n].len = key.len;
    memcpy(d->list[d->n++].b, key.data, key.len);
    return GASP_OK;
}

/* Its entries, and the proofs it has in blocks that are not in the best chain. */
static gasp_err forget_facts(forgetting *f, const gasp_txid *txid)
{
    const gasp_key prefixes[] = {gasp_key_entries(txid), gasp_key_proofs(txid)};
    doomed d = {.mem = f->txn->wallet->mem};
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < sizeof prefixes / sizeof prefixes[0]; i++)
        err = gasp_txn_scan(f->txn, &prefixes[i], doom, &d);
    for (size_t i = 0; err == GASP_OK && i < d.n; i++) {
        gasp_block_hash block;
        err = gasp_txn_delete(f->txn, &d.list[i]);
        if (err != GASP_OK || d.list[i].b[0] != 'p')
            continue;
        err = gasp_key_read_hash(block.b, gasp_key_view(&d.list[i]), 1 + 32);
        gasp_key by_block = gasp_key_in_block(&block, txid);
        if (err == GASP_OK)
            err = gasp_txn_delete(f->txn, &by_block);
    }
    gasp_mem_free(d.mem, d.list);
    return err;
}

static gasp_err forget_one(forgetting *f, const gasp_txid *txid)
{
    const gasp_key keys[] = {gasp_key_raw(txid), gasp_key_info(txid), gasp_key_verified(txid)};
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    gasp_err err = gasp_view_tx(f->txn, &tx, &blob, txid);
    if (err == GASP_OK)
        err = forget_outputs(f, tx);
    if (err == GASP_OK)
        err = forget_inputs(f, tx);
    if (err == GASP_OK)
        err = forget_facts(f, txid);
    for (size_t i = 0; err == GASP_OK && i < sizeof keys / sizeof keys[0]; i++)
        err = gasp_txn_delete(f->txn, &keys[i]);
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static gasp_err forget(gasp_txn *txn, size_t *n, const gasp_txid *txid, gasp_time now)
{
    forgetting f = {.txn = txn, .now = now};
    gasp_row_info info;
    gasp_err err = gasp_txn_info(txn, &info, txid);
    if (err != GASP_OK || info.anchored)
        return err == GASP_OK ? GASP_ERR_PROVEN : err;
    gasp_map_init(&f.seen, 32, 0, FORGET_MAX, txn->wallet->seed32, txn->wallet->mem);
    err = gasp_collections_read(&f.collections, txn);
    if (err == GASP_OK)
        err = gather(&f, txid);
    for (size_t i = 0; err == GASP_OK && i < f.n; i++)
        err = forget_one(&f, &f.list[i]);
    if (err == GASP_OK)
        err = gasp_reorg_freed(txn, f.freed, f.n_freed, now);
    if (err == GASP_OK)
        err = gasp_txn_write(txn);
    *n = f.n;
    gasp_mem_free(txn->wallet->mem, f.list);
    gasp_mem_free(txn->wallet->mem, f.freed);
    gasp_map_clear(&f.seen);
    gasp_collections_clear(&f.collections);
    return err;
}

gasp_err gasp_wallet_forget(gasp_wallet *wallet, size_t *n, const gasp_txid *txid, gasp_time now)
{
    gasp_txn txn = {0};
    size_t left = 0;
    gasp_lock_take(&wallet->writer);
    gasp_err err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK)
        err = forget(&txn, &left, txid, now);
    gasp_txn_end(&txn);
    gasp_lock_give(&wallet->writer);
    if (n != NULL)
        *n = err == GASP_OK ? left : 0;
    return err;
}
