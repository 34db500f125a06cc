/* One held transaction with all that is known of it, copied out of the store at one moment. */
#include "base/mem.h"
#include "wallet/view.h"

/** What a gasp_held views. */
typedef struct held_inside {
    const gasp_mem *mem;
    gasp_blob *raw;
    gasp_data bump;
    gasp_entries entries;
    gasp_data bytes; /**< under entries */
    gasp_anchor anchor;
} held_inside;

void gasp_held_clear(gasp_held *held)
{
    held_inside *in = held->inside;
    if (in != NULL) {
        gasp_entries_clear(&in->entries);
        gasp_data_clear(&in->bytes);
        gasp_data_clear(&in->bump);
        gasp_blob_release(in->raw);
        gasp_mem_free(in->mem, in);
    }
    *held = (gasp_held){0};
}

static gasp_err read(gasp_txn *txn, held_inside *in, gasp_row_info *info, const gasp_txid *txid)
{
    gasp_err err = gasp_txn_info(txn, info, txid);
    if (err != GASP_OK)
        return err;
    err = gasp_view_raw(txn, &in->raw, txid);
    if (err == GASP_OK && info->anchored)
        err = gasp_view_bump(txn, &in->bump, txid, &info->anchor.block);
    if (err == GASP_OK)
        err = gasp_view_entries(txn, &in->entries, &in->bytes, txid);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

gasp_err gasp_wallet_transaction(gasp_wallet *wallet, gasp_held *out, const gasp_txid *txid)
{
    gasp_txn txn = {0};
    gasp_row_info info;
    gasp_held held = {.txid = *txid};
    held_inside *in = gasp_mem_zalloc(wallet->mem, sizeof *in);
    if (in == NULL)
        return GASP_ERR_NOMEM;
    in->mem = wallet->mem;
    held.inside = in;
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err == GASP_OK)
        err = read(&txn, in, &info, txid);
    gasp_txn_end(&txn);
    if (err != GASP_OK) {
        gasp_held_clear(&held);
        return err;
    }
    in->anchor = info.anchor;
    held.raw = gasp_blob_view(in->raw);
    held.anchor = info.anchored ? &in->anchor : NULL;
    held.bump = (gasp_bytes){in->bump.data, in->bump.len};
    held.arrived_ms = info.arrived_ms;
    held.stands = info.stands;
    held.contested = info.contested;
    held.entries = in->entries.list;
    held.n_entries = in->entries.len;
    *out = held;
    return GASP_OK;
}
