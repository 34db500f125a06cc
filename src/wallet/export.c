/* A transaction on its way out: itself and its unproven ancestors down to proofs. The walk is a list of txids, each put
 * there once; a proven transaction adds its path and nothing behind it. */
#include "base/mem.h"
#include "gasp/beef.h"
#include "wallet/view.h"

typedef struct exporting {
    gasp_txn txn;
    gasp_beef *beef;
    gasp_map seen; /**< txid */
    gasp_txid *list;
    size_t n;
    size_t cap;
} exporting;

static gasp_err visit_once(exporting *e, const gasp_txid *txid)
{
    void *list = e->list;
    bool fresh;
    gasp_err err = gasp_map_put(&e->seen, NULL, &fresh, txid->b);
    if (err != GASP_OK || !fresh)
        return err;
    err = gasp_mem_grow(e->txn.wallet->mem, &list, &e->cap, e->n + 1, sizeof *e->list, GASP_BEEF_TXS_MAX);
    e->list = list;
    if (err == GASP_OK)
        e->list[e->n++] = *txid;
    return err;
}

static gasp_err add_path(exporting *e, size_t *index, const gasp_txid *txid, const gasp_block_hash *block)
{
    gasp_data bytes = {0};
    gasp_bump *bump = NULL;
    gasp_err err = gasp_view_bump(&e->txn, &bytes, txid, block);
    if (err == GASP_OK) {
        err = gasp_bump_decode(&bump, (gasp_bytes){bytes.data, bytes.len}, e->txn.wallet->mem, NULL);
        if (gasp_err_class(err) == GASP_CLASS_DECODE)
            err = GASP_ERR_STORE_CORRUPT;
    }
    if (err == GASP_OK)
        err = gasp_beef_add_bump_take(e->beef, index, bump);
    if (err != GASP_OK)
        gasp_bump_free(bump);
    gasp_data_clear(&bytes);
    return err;
}

static gasp_err add_one(exporting *e, const gasp_txid *txid)
{
    gasp_row_info info;
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    size_t bump = GASP_BEEF_NO_BUMP;
    gasp_err err = gasp_txn_info(&e->txn, &info, txid);
    if (err != GASP_OK)
        return err;
    if (!info.stands)
        return GASP_ERR_PROOF_NO_HEADER;
    err = gasp_view_tx(&e->txn, &tx, &blob, txid);
    if (err == GASP_OK && info.anchored)
        err = add_path(e, &bump, txid, &info.anchor.block);
    if (err == GASP_OK)
        err = gasp_beef_add_tx_copy(e->beef, gasp_blob_view(blob), bump);
    for (size_t i = 0; err == GASP_OK && !info.anchored && i < tx->n_in; i++)
        err = visit_once(e, &tx->in[i].prev.txid);
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static gasp_err encode(exporting *e, gasp_data *out)
{
    const gasp_mem *mem = e->txn.wallet->mem;
    size_t len = 0;
    gasp_data bytes = {.mem = mem};
    gasp_err err = gasp_beef_canonicalise(e->beef, NULL);
    if (err == GASP_ERR_BUMP_NOT_SAME || err == GASP_ERR_BEEF_CYCLE)
        err = GASP_ERR_STORE_CORRUPT; /* paths of one root are of one tree */
    if (err == GASP_OK)
        err = gasp_beef_encode(e->beef, NULL, 0, &len);
    if (err != GASP_OK)
        return err;
    bytes.data = gasp_mem_zalloc(mem, len);
    bytes.len = len;
    if (bytes.data == NULL)
        return GASP_ERR_NOMEM;
    err = gasp_beef_encode(e->beef, bytes.data, len, &len);
    if (err != GASP_OK)
        gasp_data_clear(&bytes);
    else
        *out = bytes;
    return err;
}

gasp_err gasp_wallet_export(gasp_wallet *wallet, gasp_data *out, const gasp_txid *txid, gasp_export form)
{
    exporting e = {0};
    if (form != GASP_EXPORT_BEEF && form != GASP_EXPORT_ATOMIC)
        return GASP_ERR_MISUSE;
    gasp_err err = gasp_txn_look(&e.txn, wallet);
    if (err != GASP_OK)
        return err;
    gasp_map_init(&e.seen, 32, 0, GASP_BEEF_TXS_MAX, wallet->seed32, wallet->mem);
    err = gasp_beef_new(&e.beef, 1, wallet->mem);
    if (err == GASP_OK)
        err = visit_once(&e, txid);
    for (size_t i = 0; err == GASP_OK && i < e.n; i++) {
        err = add_one(&e, &e.list[i]);
        if (err == GASP_ABSENT && i > 0)
            err = GASP_ERR_STORE_CORRUPT; /* one that stands has all its ancestors */
    }
    if (err == GASP_OK && form == GASP_EXPORT_ATOMIC)
        gasp_beef_set_subject(e.beef, txid);
    if (err == GASP_OK)
        err = encode(&e, out);
    gasp_beef_free(e.beef);
    gasp_map_clear(&e.seen);
    gasp_mem_free(wallet->mem, e.list);
    gasp_txn_end(&e.txn);
    return err;
}
