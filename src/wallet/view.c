/* Lookups over several rows. */
#include "wallet/view.h"

#include <string.h>

#include "base/mem.h"
#include "record/state.h"
#include "set/sort.h"

gasp_err gasp_view_raw(gasp_txn *txn, gasp_blob **out, const gasp_txid *txid)
{
    gasp_key key = gasp_key_raw(txid);
    gasp_data value;
    gasp_err err = gasp_txn_get(txn, &value, &key);
    if (err != GASP_OK)
        return err;
    *out = gasp_blob_take(value.data, value.len, value.mem);
    return *out != NULL ? GASP_OK : GASP_ERR_NOMEM;
}

gasp_err gasp_view_tx(gasp_txn *txn, gasp_tx **tx, gasp_blob **blob, const gasp_txid *txid)
{
    gasp_blob *raw = NULL;
    gasp_err err = gasp_view_raw(txn, &raw, txid);
    if (err != GASP_OK)
        return err;
    err = gasp_tx_decode(tx, gasp_blob_view(raw), txn->wallet->mem, NULL);
    if (err == GASP_OK && memcmp((*tx)->txid.b, txid->b, sizeof txid->b) != 0) {
        gasp_tx_free(*tx);
        *tx = NULL;
        err = GASP_ERR_STORE_CORRUPT;
    }
    if (err != GASP_OK) {
        gasp_blob_release(raw);
        return gasp_err_class(err) == GASP_CLASS_DECODE ? GASP_ERR_STORE_CORRUPT : err;
    }
    *blob = raw;
    return GASP_OK;
}

/* Rows of entries, one after the other: u16 key length, key, u32 value length, value. */
typedef struct collected {
    gasp_buf bytes;
    size_t n;
} collected;

static gasp_err collect(void *ctx, gasp_bytes key, gasp_bytes value)
{
    collected *to = ctx;
    gasp_writer w = gasp_writer_growing(&to->bytes);
    gasp_write_u16(&w, (uint16_t)key.len);
    gasp_write_bytes(&w, key.data, key.len);
    gasp_write_u32(&w, (uint32_t)value.len);
    gasp_write_bytes(&w, value.data, value.len);
    to->n++;
    return w.err;
}

static int by_id(const void *a, const void *b, const void *user)
{
    (void)user;
    return gasp_entry_compare_id(a, b);
}

gasp_err gasp_view_entries(gasp_txn *txn, gasp_entries *out, gasp_data *bytes, const gasp_txid *txid)
{
    gasp_key prefix = gasp_key_entries(txid);
    collected rows = {0};
    gasp_buf_init(&rows.bytes, SIZE_MAX, txn->wallet->mem);
    *bytes = (gasp_data){0};
    gasp_entries_init(out, txn->wallet->mem);
    gasp_err err = gasp_txn_scan(txn, &prefix, collect, &rows);
    gasp_reader r = gasp_reader_of(gasp_buf_view(&rows.bytes));
    if (err == GASP_OK && rows.n > GASP_ENTRIES_MAX)
        err = GASP_ERR_STORE_CORRUPT;
    if (err == GASP_OK && rows.n > 0) {
        out->list = gasp_mem_zalloc_array(out->mem, rows.n, sizeof *out->list);
        out->cap = rows.n;
        err = out->list != NULL ? GASP_OK : GASP_ERR_NOMEM;
    }
    for (; err == GASP_OK && out->len < rows.n; out->len++) {
        gasp_bytes key = gasp_read_bytes(&r, gasp_read_u16(&r));
        gasp_bytes value = gasp_read_bytes(&r, gasp_read_u32(&r));
        err = gasp_row_entry_decode(&out->list[out->len], key, value);
    }
    if (err == GASP_OK) /* rows stand in the order of their keys, which is not that of identifiers */
        err = gasp_sort(out->list, out->len, sizeof *out->list, by_id, NULL, out->mem);
    if (err != GASP_OK) {
        gasp_entries_clear(out);
        gasp_buf_clear(&rows.bytes);
        return err;
    }
    *bytes = (gasp_data){rows.bytes.data, rows.bytes.len, rows.bytes.mem};
    return GASP_OK;
}

gasp_err gasp_view_state(gasp_txn *txn, gasp_state_hash *out, const gasp_outpoint *outpoint, const gasp_row_info *info)
{
    gasp_entries entries;
    gasp_data bytes;
    gasp_err err = gasp_view_entries(txn, &entries, &bytes, &outpoint->txid);
    if (err != GASP_OK)
        return err;
    gasp_state_hash_of(out, outpoint, info->anchored ? &info->anchor : NULL, &entries);
    gasp_entries_clear(&entries);
    gasp_data_clear(&bytes);
    return GASP_OK;
}

gasp_err gasp_view_member(gasp_txn *txn, bool *out, gasp_row_info *info, const gasp_collection *collection,
                          const gasp_txid *txid)
{
    gasp_key key = gasp_key_member(collection, txid);
    gasp_err err = gasp_txn_has(txn, &key);
    *out = false;
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    err = gasp_txn_info(txn, info, txid);
    if (err == GASP_ABSENT)
        return GASP_ERR_STORE_CORRUPT;
    *out = err == GASP_OK;
    return err;
}

typedef struct spenders {
    gasp_txid *list;
    size_t n;
    size_t cap;
    const gasp_mem *mem;
} spenders;

/** Held transactions that spend one outpoint: GASP_SPENDERS_UNPROVEN_MAX, and the proven ones of every branch of the chain
 *  that was ever best. More rows than this were not written by us. */
enum { SPENDERS_MAX = 4096 };

static gasp_err spender_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    spenders *to = ctx;
    void *list = to->list;
    (void)value;
    gasp_err err = gasp_mem_grow(to->mem, &list, &to->cap, to->n + 1, sizeof *to->list, SPENDERS_MAX);
    to->list = list;
    return err == GASP_OK ? gasp_key_read_hash(to->list[to->n++].b, key, 1 + GASP_OUTPOINT_LEN) : err;
}

static gasp_err count_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)ctx;
    return GASP_OK;
}

gasp_err gasp_view_spender(gasp_txn *txn, gasp_txid *out, bool *anchored, const gasp_outpoint *outpoint)
{
    gasp_key prefix = gasp_key_spenders(outpoint);
    spenders found = {.mem = txn->wallet->mem};
    bool any = false;
    gasp_err err = gasp_txn_scan(txn, &prefix, spender_row, &found);
    *anchored = false;
    for (size_t i = 0; err == GASP_OK && i < found.n && !*anchored; i++) {
        gasp_row_info info;
        err = gasp_txn_info(txn, &info, &found.list[i]);
        if (err != GASP_OK || !info.stands || (any && !info.anchored))
            continue;
        any = true;
        *out = found.list[i];
        *anchored = info.anchored;
    }
    gasp_mem_free(found.mem, found.list);
    if (err == GASP_ABSENT)
        return GASP_ERR_STORE_CORRUPT;
    return err != GASP_OK || any ? err : GASP_ABSENT;
}

gasp_err gasp_view_spends(gasp_txn *txn, size_t *out, const gasp_outpoint *outpoint)
{
    gasp_key prefix = gasp_key_spenders(outpoint);
    *out = 0;
    return gasp_txn_scan(txn, &prefix, count_row, out);
}

gasp_err gasp_view_bump(gasp_txn *txn, gasp_data *out, const gasp_txid *txid, const gasp_block_hash *block)
{
    gasp_key key = gasp_key_proof(txid, block);
    gasp_data row;
    uint32_t height;
    uint64_t index;
    gasp_bytes bump;
    gasp_err err = gasp_txn_get(txn, &row, &key);
    if (err == GASP_OK)
        err = gasp_row_proof_decode(&height, &index, &bump, (gasp_bytes){row.data, row.len});
    if (err != GASP_OK) {
        gasp_data_clear(&row);
        return err;
    }
    memmove(row.data, bump.data, bump.len);
    row.len = bump.len;
    *out = row;
    return GASP_OK;
}
