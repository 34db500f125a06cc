/* What the user says of an output, or a broadcaster of a transaction: an entry of the unsigned author, joined like one that
 * came from a peer, so that the same wallet on another device takes it over. */
#include <string.h>

#include "base/mem.h"
#include "wallet/collections.h"
#include "wallet/commit.h"
#include "wallet/view.h"

/* What is told: an entry of an output, or of a transaction as a whole. */
typedef struct telling {
    gasp_txid txid;
    const uint32_t *vout; /* NULL: of the transaction */
    gasp_entry entry;
    gasp_row_info info;
    size_t n_out; /* outputs of the transaction */
} telling;

/* The transaction is held, and has that output. */
static gasp_err find_subject(gasp_txn *txn, telling *t)
{
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    gasp_err err = gasp_txn_info(txn, &t->info, &t->txid);
    if (err != GASP_OK)
        return err;
    err = gasp_view_tx(txn, &tx, &blob, &t->txid);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
    t->n_out = tx->n_out;
    if (t->vout != NULL && *t->vout >= tx->n_out)
        err = GASP_ABSENT;
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    return err;
}

/* Joins the entry, made later than the one it replaces; *news is false when there was nothing to remove. */
static gasp_err join(gasp_txn *txn, telling *t, bool *news)
{
    gasp_entry *entry = &t->entry;
    gasp_entries held;
    gasp_data bytes;
    gasp_err err = gasp_view_entries(txn, &held, &bytes, &t->txid);
    if (err != GASP_OK)
        return err;
    const gasp_entry *old = gasp_entries_find(&held, NULL, t->vout, entry->name);
    *news = entry->value_len > 0 || (old != NULL && old->value_len > 0);
    if (old != NULL && old->timestamp_us == UINT64_MAX)
        err = GASP_ERR_LIMIT;
    else if (old != NULL && old->timestamp_us >= entry->timestamp_us)
        entry->timestamp_us = old->timestamp_us + 1;
    if (err == GASP_OK && *news)
        err = gasp_entries_put(&held, NULL, entry);
    if (err == GASP_OK && *news)
        err = gasp_commit_entry(txn, &t->txid, entry);
    gasp_entries_clear(&held);
    gasp_data_clear(&bytes);
    return err;
}

static gasp_err update(gasp_txn *txn, const telling *t, gasp_time now)
{
    gasp_collections all;
    bool changed = false;
    if (t->vout == NULL)
        return gasp_commit_outputs_of(txn, &changed, &t->txid, &t->info, t->n_out, now);
    const gasp_outpoint outpoint = {t->txid, *t->vout};
    gasp_err err = gasp_collections_read(&all, txn);
    for (size_t i = 0; err == GASP_OK && i < all.n; i++)
        err = gasp_commit_output(txn, &changed, &all.list[i], &outpoint, &t->info, false, now);
    gasp_collections_clear(&all);
    return err;
}

static gasp_err tell(gasp_wallet *wallet, telling *t, gasp_bytes name, gasp_bytes value, gasp_time now)
{
    gasp_txn txn = {0};
    bool news = false;
    uint64_t now_us = now.wall_ms > UINT64_MAX / 1000 ? UINT64_MAX : now.wall_ms * 1000;
    gasp_err err = gasp_entry_make(&t->entry, NULL, t->vout, name, now_us, value);
    if (err != GASP_OK)
        return err;
    gasp_lock_take(&wallet->writer);
    err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK)
        err = find_subject(&txn, t);
    if (err == GASP_OK)
        err = join(&txn, t, &news);
    if (err == GASP_OK && news)
        err = update(&txn, t, now);
    if (err == GASP_OK)
        err = gasp_txn_write(&txn);
    gasp_txn_end(&txn);
    gasp_lock_give(&wallet->writer);
    return err;
}

gasp_err gasp_wallet_label(gasp_wallet *wallet, const gasp_outpoint *outpoint, const char *name, const uint8_t *value,
                           size_t value_len, gasp_time now)
{
    telling t = {.txid = outpoint->txid, .vout = &outpoint->vout};
    return tell(wallet, &t, (gasp_bytes){(const uint8_t *)name, strlen(name)}, (gasp_bytes){value, value_len}, now);
}

gasp_err gasp_wallet_broadcast(gasp_wallet *wallet, const gasp_txid *txid, const uint8_t *value, size_t len,
                               gasp_time now)
{
    static const char name[] = GASP_ENTRY_BROADCAST;
    telling t = {.txid = *txid};
    return tell(wallet, &t, (gasp_bytes){(const uint8_t *)name, sizeof name - 1}, (gasp_bytes){value, len}, now);
}
