/* INV: a batch of transactions with every merkle path once. Reading decodes each path and each transaction here, once;
 * whether any of it was asked for is not judged here. */
#include "base/limits.h"
#include "base/mem.h"
#include "chain/bump.h"
#include "chain/tx.h"
#include "session/message.h"

/* The form, as written and read below:
 *
 *     count, then for each path: length, BUMP, block hash
 *     count, then for each transaction:
 *         u8 flags
 *         32 bytes of the txid that was wanted (ANSWER and TX)
 *         length and transaction (TX), or 32 bytes of txid
 *         number of its path (PROVEN)
 *         count and u32 vouts, ascending (ROOT)
 *         entries (record/entry.h)
 *         count (0, or the number of inputs) and for each u8 present, 32 bytes of state hash (TX) */

enum { INV_LEN_MIN = 1 + 32 + 1 /**< flags, txid, no entries: bounds the count */ };

void gasp_inv_batch_clear(gasp_inv_batch *batch)
{
    if (batch->mem == NULL)
        return;
    for (size_t i = 0; batch->bumps != NULL && i < batch->n_bumps; i++)
        gasp_bump_free(batch->bumps[i]);
    for (size_t i = 0; batch->invs != NULL && i < batch->n_invs; i++) {
        gasp_tx_free(batch->invs[i].tx);
        gasp_data_clear(&batch->invs[i].path);
        gasp_mem_free(batch->mem, batch->invs[i].roots);
        gasp_mem_free(batch->mem, batch->invs[i].inputs);
    }
    gasp_mem_free(batch->mem, batch->bumps);
    gasp_mem_free(batch->mem, batch->blocks);
    gasp_mem_free(batch->mem, batch->invs);
    *batch = (gasp_inv_batch){0};
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static gasp_err read_bumps(gasp_inv_batch *batch, gasp_reader *r)
{
    size_t at_count = r->at;
    size_t count = gasp_read_count(r, 2 + sizeof *batch->blocks);
    if (count > gasp_limit(INV_BATCH)) {
        gasp_reader_fail(r, GASP_ERR_PEER_LIMIT, at_count);
        return GASP_OK;
    }
    batch->bumps = gasp_mem_zalloc_array(batch->mem, count, sizeof(gasp_bump *));
    batch->blocks = gasp_mem_zalloc_array(batch->mem, count, sizeof *batch->blocks);
    if (batch->bumps == NULL || batch->blocks == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < count && r->err == GASP_OK; i++) {
        gasp_bytes bytes = gasp_read_sized(r);
        size_t at = r->at - bytes.len;
        gasp_fault fault = {0};
        if (r->err != GASP_OK)
            break;
        gasp_err err = gasp_bump_decode(&batch->bumps[i], bytes, batch->mem, &fault);
        if (err == GASP_ERR_NOMEM)
            return err;
        if (err != GASP_OK)
            gasp_reader_fail(r, err, at + (size_t)fault.at);
        else
            batch->n_bumps++;
        gasp_read_into(r, batch->blocks[i].b, sizeof batch->blocks[i].b);
    }
    return GASP_OK;
}

/* Whether the txid that was wanted is told beside the bytes. */
static bool tells_wanted(const gasp_inv *inv)
{
    const unsigned both = GASP_INV_ANSWER | GASP_INV_TX;
    return (inv->flags & both) == both;
}

static gasp_err read_tx(gasp_inv *inv, gasp_reader *r, const gasp_mem *mem)
{
    if ((inv->flags & GASP_INV_TX) == 0) {
        gasp_read_into(r, inv->txid.b, 32);
        inv->wanted = inv->txid;
        return GASP_OK;
    }
    if (tells_wanted(inv))
        gasp_read_into(r, inv->wanted.b, 32);
    inv->raw = gasp_read_sized(r);
    if (r->err != GASP_OK)
        return GASP_OK;
    gasp_fault fault = {0};
    size_t at = r->at - inv->raw.len;
    gasp_err err = gasp_tx_decode(&inv->tx, inv->raw, mem, &fault);
    if (err == GASP_ERR_NOMEM)
        return err;
    if (err != GASP_OK)
        gasp_reader_fail(r, err, at + (size_t)fault.at);
    else
        inv->txid = inv->tx->txid;
    if (!tells_wanted(inv))
        inv->wanted = inv->txid;
    return GASP_OK;
}

static gasp_err read_roots(gasp_inv *inv, gasp_reader *r, const gasp_mem *mem)
{
    if ((inv->flags & GASP_INV_ROOT) == 0)
        return GASP_OK;
    size_t at = r->at;
    size_t count = gasp_read_count(r, 4);
    if (count == 0)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
    inv->roots = gasp_mem_zalloc_array(mem, count, sizeof *inv->roots);
    if (inv->roots == NULL)
        return GASP_ERR_NOMEM;
    for (; inv->n_roots < count && r->err == GASP_OK; inv->n_roots++) {
        inv->roots[inv->n_roots] = gasp_read_u32(r);
        if (inv->n_roots > 0 && inv->roots[inv->n_roots] <= inv->roots[inv->n_roots - 1])
            gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, r->at - 4);
    }
    return GASP_OK;
}

/* The entries are read to see that they are entries; what is kept is the bytes. */
static gasp_err read_entries(gasp_inv *inv, gasp_reader *r, const gasp_mem *mem)
{
    gasp_entries entries;
    size_t at = r->at;
    gasp_err err = gasp_entries_read(&entries, r, mem);
    if (err == GASP_OK && inv->tx != NULL && !gasp_entries_fit(&entries, inv->tx->n_out))
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
    inv->entries = (gasp_bytes){r->base + at, r->at - at};
    gasp_entries_clear(&entries);
    return err == GASP_ERR_NOMEM ? err : GASP_OK;
}

static gasp_err read_inputs(gasp_inv *inv, gasp_reader *r, const gasp_mem *mem)
{
    if (inv->tx == NULL)
        return GASP_OK;
    size_t at = r->at;
    size_t count = gasp_read_count(r, 1);
    if (count != 0 && count != inv->tx->n_in)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
    if (r->err != GASP_OK || count == 0)
        return GASP_OK;
    inv->inputs = gasp_mem_zalloc_array(mem, count, sizeof *inv->inputs);
    if (inv->inputs == NULL)
        return GASP_ERR_NOMEM;
    for (; inv->n_inputs < count && r->err == GASP_OK; inv->n_inputs++) {
        gasp_input_hash *input = &inv->inputs[inv->n_inputs];
        uint8_t present = gasp_read_u8(r);
        if (present > 1)
            gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, r->at - 1);
        input->present = present == 1;
        if (input->present)
            gasp_read_into(r, input->hash.b, 32);
    }
    return GASP_OK;
}

static gasp_err read_inv(gasp_inv *inv, gasp_reader *r, size_t n_bumps, const gasp_mem *mem)
{
    size_t start = r->at;
    inv->flags = gasp_read_u8(r);
    if (inv->flags > GASP_INV_FLAGS)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, start);
    gasp_err err = read_tx(inv, r, mem);
    if (err == GASP_OK && (inv->flags & GASP_INV_PROVEN) != 0) {
        size_t at = r->at;
        uint64_t block = gasp_read_compact(r);
        if (block >= n_bumps)
            gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
        inv->block = (size_t)block;
    }
    if (err == GASP_OK)
        err = read_roots(inv, r, mem);
    if (err == GASP_OK)
        err = read_entries(inv, r, mem);
    if (err == GASP_OK)
        err = read_inputs(inv, r, mem);
    inv->len = r->at - start;
    return err;
}

gasp_err gasp_inv_batch_decode(gasp_inv_batch *out, gasp_reader *r, const gasp_mem *mem)
{
    *out = (gasp_inv_batch){.mem = mem};
    gasp_err err = read_bumps(out, r);
    size_t at_count = r->at;
    size_t count = err == GASP_OK ? gasp_read_count(r, INV_LEN_MIN) : 0;
    if (count > gasp_limit(INV_BATCH))
        gasp_reader_fail(r, GASP_ERR_PEER_LIMIT, at_count);
    if (r->err != GASP_OK)
        count = 0;
    if (err == GASP_OK) {
        out->invs = gasp_mem_zalloc_array(mem, count, sizeof *out->invs);
        err = out->invs != NULL ? GASP_OK : GASP_ERR_NOMEM;
    }
    for (size_t i = 0; err == GASP_OK && r->err == GASP_OK && i < count; i++)
        err = read_inv(&out->invs[out->n_invs++], r, out->n_bumps, mem);
    if (err == GASP_OK)
        err = gasp_reader_finish(r, NULL);
    if (err != GASP_OK)
        gasp_inv_batch_clear(out);
    return err;
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

static void write_inv(gasp_writer *w, const gasp_inv *inv)
{
    gasp_write_u8(w, inv->flags);
    if (tells_wanted(inv))
        gasp_write_bytes(w, inv->wanted.b, 32);
    if ((inv->flags & GASP_INV_TX) != 0)
        gasp_write_sized(w, inv->raw);
    else
        gasp_write_bytes(w, inv->txid.b, 32);
    if ((inv->flags & GASP_INV_PROVEN) != 0)
        gasp_write_compact(w, inv->block);
    if ((inv->flags & GASP_INV_ROOT) != 0) {
        gasp_write_compact(w, inv->n_roots);
        for (size_t i = 0; i < inv->n_roots; i++)
            gasp_write_u32(w, inv->roots[i]);
    }
    if (inv->entries.len > 0)
        gasp_write_bytes(w, inv->entries.data, inv->entries.len);
    else
        gasp_write_compact(w, 0);
    if ((inv->flags & GASP_INV_TX) == 0)
        return;
    gasp_write_compact(w, inv->n_inputs);
    for (size_t i = 0; i < inv->n_inputs; i++) {
        gasp_write_u8(w, inv->inputs[i].present ? 1 : 0);
        if (inv->inputs[i].present)
            gasp_write_bytes(w, inv->inputs[i].hash.b, 32);
    }
}

size_t gasp_inv_len(const gasp_inv *inv)
{
    gasp_writer w = gasp_writer_measure();
    write_inv(&w, inv);
    return w.len;
}

void gasp_inv_batch_encode(gasp_writer *w, const gasp_inv_batch *batch)
{
    gasp_write_compact(w, batch->n_bumps);
    for (size_t i = 0; i < batch->n_bumps; i++) {
        if (batch->joined != NULL) {
            gasp_write_sized(w, (gasp_bytes){batch->joined[i].data, batch->joined[i].len});
        } else {
            gasp_writer len = gasp_writer_measure();
            gasp_bump_write(&len, batch->bumps[i]);
            gasp_write_compact(w, len.len);
            gasp_bump_write(w, batch->bumps[i]);
        }
        gasp_write_bytes(w, batch->blocks[i].b, sizeof batch->blocks[i].b);
    }
    gasp_write_compact(w, batch->n_invs);
    for (size_t i = 0; i < batch->n_invs; i++)
        write_inv(w, &batch->invs[i]);
}
