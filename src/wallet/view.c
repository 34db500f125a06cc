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

gasp_err gasp_view_spenders(gasp_txn *txn, gasp_spenders *out, const gasp_outpoint *outpoint)
{
    gasp_key prefix = gasp_key_spenders(outpoint);
    spenders found = {.mem = txn->wallet->mem};
    gasp_err err = gasp_txn_scan(txn, &prefix, spender_row, &found);
    *out = (gasp_spenders){.list = found.list, .mem = found.mem};
    for (size_t i = 0; err == GASP_OK && i < found.n; i++) {
        gasp_row_info info;
        err = gasp_txn_info(txn, &info, &found.list[i]);
        if (err != GASP_OK || !info.stands)
            continue;
        if (info.anchored)
            out->best = out->n;
        out->list[out->n++] = found.list[i];
    }
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

void gasp_spenders_clear(gasp_spenders *all)
{
    if (all->mem != NULL)
        gasp_mem_free(all->mem, all->list);
    *all = (gasp_spenders){0};
}

typedef struct rivalling {
    gasp_txn *txn;
    const gasp_txid *spender;
    bool *out;
} rivalling;

static gasp_err rival_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    rivalling *r = ctx;
    gasp_row_info info;
    gasp_txid txid;
    (void)value;
    gasp_err err = gasp_key_read_hash(txid.b, key, 1 + GASP_OUTPOINT_LEN);
    if (err != GASP_OK || memcmp(txid.b, r->spender->b, sizeof txid.b) == 0)
        return err;
    err = gasp_txn_info(r->txn, &info, &txid);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
    *r->out = info.stands;
    return info.stands ? GASP_DONE : GASP_OK;
}

gasp_err gasp_view_rivalled(gasp_txn *txn, bool *out, const gasp_outpoint *outpoint, const gasp_txid *spender)
{
    gasp_key prefix = gasp_key_spenders(outpoint);
    rivalling r = {txn, spender, out};
    *out = false;
    return gasp_txn_scan(txn, &prefix, rival_row, &r);
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

/* ---- blocks -------------------------------------------------------------------------------------------------------- */

typedef struct looking {
    gasp_txn *txn;
    const gasp_merkle_root *root;
    gasp_block_hash *out;
    uint32_t height;
    bool any;
    bool found;
} looking;

static void look_at(looking *look, const gasp_row_header *row, const gasp_block_hash *hash)
{
    gasp_header header;
    gasp_header_decode(&header, row->raw80);
    look->any = true;
    if (look->found || memcmp(header.root.b, look->root->b, sizeof header.root.b) != 0)
        return;
    look->found = true;
    *look->out = *hash;
}

static gasp_err beside_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    looking *look = ctx;
    gasp_row_header row;
    gasp_block_hash hash;
    (void)value;
    gasp_err err = gasp_key_read_hash(hash.b, key, 1 + 4);
    if (err == GASP_OK)
        err = gasp_txn_header(look->txn, &row, &hash);
    if (err == GASP_OK && row.height == look->height) /* else it was trusted at another height since */
        look_at(look, &row, &hash);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

gasp_err gasp_view_block(gasp_txn *txn, gasp_block_hash *out, uint32_t height, const gasp_merkle_root *root)
{
    gasp_row_header row;
    gasp_block_hash hash;
    gasp_key beside = gasp_key_beside_at(height);
    looking look = {.txn = txn, .root = root, .out = out, .height = height};
    gasp_err err = gasp_txn_header_at(txn, &row, &hash, height);
    if (err == GASP_OK)
        look_at(&look, &row, &hash);
    if ((err == GASP_OK && !look.found) || err == GASP_ABSENT)
        err = gasp_txn_scan(txn, &beside, beside_row, &look);
    if (err != GASP_OK || look.found)
        return err;
    return look.any ? GASP_ABSENT : GASP_ERR_PROOF_NO_HEADER;
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
