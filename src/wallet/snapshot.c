/* Snapshots: the spendable outputs of a collection as a sealed set. The last one that was made is kept and shared; when the
 * wallet has changed since, what the change log names is looked up again, so that a snapshot costs what has changed and not
 * what is held. The log names every output whose row was written; where it names a good part of all, all rows are read. */
#include <string.h>

#include "base/mem.h"
#include "record/state.h"
#include "wallet/inside.h"
#include "wallet/questions.h"
#include "wallet/txn.h"

/* What was made last. The wallet's lock `kept_lock` guards it. */
struct gasp_kept_set {
    gasp_collection collection;
    uint64_t seq; /* of the last change that is in it */
    gasp_items items;
};

/* Makes items of output rows. */
typedef struct snapping {
    gasp_items *items;
    gasp_match match;
} snapping;

static gasp_err take_output(snapping *s, const gasp_outpoint *outpoint, const gasp_row_output *row)
{
    gasp_item_id outpoint_id;
    gasp_item_id id;
    if (row->spent || row->unanchored)
        return GASP_OK;
    gasp_item_id_of_outpoint(&outpoint_id, outpoint);
    if (s->match == GASP_MATCH_OUTPOINT)
        return gasp_items_add(s->items, 0, &outpoint_id, NULL, outpoint);
    gasp_item_id_of_state(&id, outpoint, &row->state);
    return gasp_items_add(s->items, row->time, &id, &outpoint_id, outpoint);
}

static gasp_err snap_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_outpoint outpoint;
    gasp_row_output row;
    gasp_err err = gasp_key_read_outpoint(&outpoint, key, 1 + 32);
    if (err == GASP_OK)
        err = gasp_row_output_decode(&row, value);
    return err == GASP_OK ? take_output(ctx, &outpoint, &row) : err;
}

/* All rows. */
static gasp_err make_whole(gasp_txn *txn, gasp_items *out, const gasp_collection *collection, gasp_match match)
{
    gasp_key prefix = gasp_key_outputs(collection);
    snapping s = {out, match};
    gasp_items_init(out, match, GASP_ITEMS_MAX, txn->wallet->mem);
    gasp_err err = gasp_txn_scan(txn, &prefix, snap_row, &s);
    if (err == GASP_OK)
        err = gasp_items_seal(out);
    if (err != GASP_OK)
        gasp_items_clear(out);
    return err;
}

/* ---- what has changed ---------------------------------------------------------------------------------------------- */

typedef struct changes {
    gasp_txn *txn;
    const gasp_collection *collection;
    gasp_map seen; /* outpoint36 */
    gasp_item_id *gone;
    size_t n;
    snapping added;
} changes;

/* One output that the log names, as it is now. */
static gasp_err note_change(void *ctx, gasp_bytes key, gasp_bytes value)
{
    changes *c = ctx;
    gasp_change change;
    gasp_row_output row;
    uint8_t outpoint36[GASP_OUTPOINT_LEN];
    bool fresh;
    gasp_err err = gasp_row_change_decode(&change, key, value);
    if (err != GASP_OK || memcmp(change.collection.b, c->collection->b, sizeof change.collection.b) != 0)
        return err;
    gasp_writer w = gasp_writer_fixed(outpoint36, sizeof outpoint36);
    gasp_write_outpoint(&w, &change.outpoint);
    err = gasp_map_put(&c->seen, NULL, &fresh, outpoint36);
    if (err != GASP_OK || !fresh)
        return err;
    gasp_item_id_of_outpoint(&c->gone[c->n++], &change.outpoint);
    err = gasp_txn_output(c->txn, &row, c->collection, &change.outpoint);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    return take_output(&c->added, &change.outpoint, &row);
}

/* The set as it is after n changes more. */
static gasp_err make_changed(gasp_txn *txn, gasp_items *out, struct gasp_kept_set *kept, size_t n)
{
    const gasp_kv *kv = txn->wallet->kv;
    const gasp_mem *mem = txn->wallet->mem;
    gasp_key from = gasp_key_change(kept->seq + 1);
    gasp_key to = gasp_key_change(txn->state.seq + 1);
    gasp_items added;
    changes c = {.txn = txn, .collection = &kept->collection, .added = {&added, kept->items.match}};
    gasp_items_init(&added, kept->items.match, GASP_ITEMS_MAX, mem);
    gasp_map_init(&c.seen, GASP_OUTPOINT_LEN, 0, n, txn->wallet->seed32, mem);
    c.gone = gasp_mem_zalloc_array(mem, n, sizeof *c.gone);
    gasp_err err = GASP_ERR_NOMEM;
    if (c.gone != NULL)
        err = kv->scan(kv->user, txn->snapshot, gasp_key_view(&from), gasp_key_view(&to), false, note_change, &c);
    if (err == GASP_OK)
        err = gasp_items_seal(&added);
    if (err == GASP_OK)
        err = gasp_items_change(out, &kept->items, c.gone, c.n, &added);
    gasp_items_clear(&added);
    gasp_map_clear(&c.seen);
    gasp_mem_free(mem, c.gone);
    return err;
}

/* ---- the kept one -------------------------------------------------------------------------------------------------- */

/* Few enough to look up one by one: a lookup costs as much as some rows of a scan. */
enum { CHANGES_MIN = 64, CHANGES_PART = 8 };

/* Brings what is kept up to the moment of the txn, when that can be; *fits tells. */
static gasp_err bring_up(gasp_txn *txn, bool *fits, const gasp_collection *collection, gasp_match match)
{
    struct gasp_kept_set *kept = txn->wallet->kept;
    gasp_items next;
    *fits = false;
    if (kept == NULL || kept->items.match != match || kept->seq > txn->state.seq ||
        memcmp(kept->collection.b, collection->b, sizeof collection->b) != 0)
        return GASP_OK;
    uint64_t n = txn->state.seq - kept->seq;
    *fits = n <= CHANGES_MIN + kept->items.len / CHANGES_PART;
    if (!*fits || n == 0)
        return GASP_OK;
    gasp_err err = make_changed(txn, &next, kept, (size_t)n);
    if (err != GASP_OK)
        return err;
    gasp_items_clear(&kept->items);
    kept->items = next;
    kept->seq = txn->state.seq;
    return GASP_OK;
}

/* Under kept_lock. */
static gasp_err make(gasp_txn *txn, gasp_items *out, const gasp_collection *collection, gasp_match match)
{
    gasp_wallet *wallet = txn->wallet;
    bool fits;
    gasp_err err = bring_up(txn, &fits, collection, match);
    if (err == GASP_OK && !fits) {
        gasp_wallet_snapshot_forget(wallet);
        wallet->kept = gasp_mem_zalloc(wallet->mem, sizeof *wallet->kept);
        if (wallet->kept == NULL)
            return GASP_ERR_NOMEM;
        wallet->kept->collection = *collection;
        wallet->kept->seq = txn->state.seq;
        err = make_whole(txn, &wallet->kept->items, collection, match);
    }
    if (err == GASP_OK)
        err = gasp_items_share(out, &wallet->kept->items);
    if (err != GASP_OK)
        gasp_wallet_snapshot_forget(wallet);
    return err;
}

void gasp_wallet_snapshot_forget(gasp_wallet *wallet)
{
    if (wallet->kept != NULL)
        gasp_items_clear(&wallet->kept->items);
    gasp_mem_free(wallet->mem, wallet->kept);
    wallet->kept = NULL;
}

gasp_err gasp_wallet_snapshot(gasp_wallet *wallet, gasp_items *out, const gasp_collection *collection, gasp_match match)
{
    gasp_txn txn;
    gasp_items_init(out, match, GASP_ITEMS_MAX, wallet->mem);
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    gasp_lock_take(&wallet->kept_lock);
    err = make(&txn, out, collection, match);
    gasp_lock_give(&wallet->kept_lock);
    gasp_txn_end(&txn);
    return err;
}

gasp_err gasp_wallet_summary(gasp_wallet *wallet, gasp_set_summary *out, const gasp_collection *collection)
{
    gasp_items items;
    gasp_err err = gasp_wallet_snapshot(wallet, &items, collection, GASP_MATCH_STATE);
    if (err != GASP_OK)
        return err;
    gasp_items_summary(out, &items);
    gasp_items_clear(&items);
    return GASP_OK;
}
