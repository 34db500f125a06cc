/* Reading a BEEF, looking at it, writing it as it is held. Keeps order, repetition and form of what it read: encode
 * after decode gives the same bytes. Judges nothing that can be read (beef_check.c) and changes nothing (beef_write.c).
 */
#include "chain/beef.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

enum { MARK_LEN = 4, TXID_LEN = 32 };

static const uint8_t atomic_mark[MARK_LEN] = {1, 1, 1, 1};
static const uint8_t v1_mark[MARK_LEN] = {1, 0, 0xbe, 0xef};
static const uint8_t v2_mark[MARK_LEN] = {2, 0, 0xbe, 0xef};

static bool is_mark(gasp_bytes given, const uint8_t mark[MARK_LEN])
{
    return given.len == MARK_LEN && memcmp(given.data, mark, MARK_LEN) == 0;
}

static void read_marks(gasp_beef *beef, gasp_reader *r)
{
    size_t at = r->at;
    gasp_bytes mark = gasp_read_bytes(r, MARK_LEN);
    if (is_mark(mark, atomic_mark)) {
        beef->atomic = true;
        gasp_read_into(r, beef->subject.b, sizeof beef->subject.b);
        at = r->at;
        mark = gasp_read_bytes(r, MARK_LEN);
    }
    if (is_mark(mark, v1_mark))
        beef->version = 1;
    else if (is_mark(mark, v2_mark))
        beef->version = 2;
    else
        gasp_reader_fail(r, GASP_ERR_BEEF_VERSION, at);
}

/* A count under its limit, and an array for it. */
static void *read_array(const gasp_beef *beef, gasp_reader *r, size_t *count, size_t each, size_t max, size_t size)
{
    size_t at = r->at;
    *count = gasp_read_count(r, each);
    if (*count > max)
        gasp_reader_fail(r, GASP_ERR_LIMIT, at);
    if (r->err != GASP_OK)
        return NULL;
    void *array = gasp_mem_zalloc_array(beef->mem, *count, size);
    if (array == NULL)
        gasp_reader_fail(r, GASP_ERR_NOMEM, at);
    return array;
}

static gasp_err read_bumps(gasp_beef *beef, gasp_reader *r, uint64_t *item)
{
    size_t count = 0;
    beef->bumps =
        (gasp_bump **)read_array(beef, r, &count, GASP_BEEF_BUMP_LEN_MIN, gasp_limit(BEEF_BUMPS), sizeof *beef->bumps);
    gasp_err err = r->err;
    if (err == GASP_OK)
        beef->cap_bumps = count;
    for (size_t i = 0; i < count && err == GASP_OK; i++) {
        *item = i;
        err = gasp_bump_read(&beef->bumps[i], r, beef->mem, NULL);
        if (err == GASP_OK)
            beef->n_bumps++;
    }
    return err;
}

static void read_bump_index(const gasp_beef *beef, gasp_beef_row *row, gasp_reader *r)
{
    size_t at = r->at;
    uint64_t index = gasp_read_compact(r);
    if (index >= beef->n_bumps)
        gasp_reader_fail(r, GASP_ERR_BEEF_BUMP_INDEX, at);
    else
        row->bump = (size_t)index;
}

static gasp_err read_raw(const gasp_beef *beef, gasp_beef_row *row, gasp_reader *r)
{
    gasp_err err = gasp_tx_read(&row->tx, r, beef->mem);
    if (err == GASP_OK)
        row->txid = row->tx->txid;
    return err;
}

static gasp_err read_v1(const gasp_beef *beef, gasp_beef_row *row, gasp_reader *r)
{
    gasp_err err = read_raw(beef, row, r);
    if (err != GASP_OK)
        return err;
    size_t at = r->at;
    uint8_t has_bump = gasp_read_u8(r);
    if (has_bump > 1)
        gasp_reader_fail(r, GASP_ERR_BEEF_FORMAT, at);
    if (has_bump == 1)
        read_bump_index(beef, row, r);
    return r->err;
}

static gasp_err read_v2(const gasp_beef *beef, gasp_beef_row *row, gasp_reader *r)
{
    size_t at = r->at;
    uint8_t format = gasp_read_u8(r);
    if (format > GASP_BEEF_TXID_ONLY)
        gasp_reader_fail(r, GASP_ERR_BEEF_FORMAT, at);
    if (format == GASP_BEEF_PROVEN)
        read_bump_index(beef, row, r);
    if (format != GASP_BEEF_TXID_ONLY)
        return read_raw(beef, row, r);
    gasp_read_into(r, row->txid.b, sizeof row->txid.b);
    return r->err;
}

static gasp_err read_txs(gasp_beef *beef, gasp_reader *r, uint64_t *item)
{
    size_t count = 0;
    size_t each = beef->version == 1 ? (size_t)GASP_TX_LEN_MIN + 1 : (size_t)GASP_BEEF_TX_LEN_MIN;
    *item = 0;
    beef->rows = (gasp_beef_row *)read_array(beef, r, &count, each, gasp_limit(BEEF_TXS), sizeof *beef->rows);
    gasp_err err = r->err;
    if (err == GASP_OK)
        beef->cap_rows = count;
    for (size_t i = 0; i < count && err == GASP_OK; i++) {
        gasp_beef_row *row = &beef->rows[i];
        *row = (gasp_beef_row){.bump = GASP_BEEF_NO_BUMP, .at = r->at};
        *item = i;
        beef->n_rows++;
        err = beef->version == 1 ? read_v1(beef, row, r) : read_v2(beef, row, r);
    }
    return err;
}

gasp_err gasp_beef_decode(gasp_beef **out, gasp_bytes bytes, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_reader r = gasp_reader_of(bytes);
    gasp_beef *beef = NULL;
    uint64_t item = 0;
    gasp_err err = gasp_beef_new(&beef, 1, mem);
    if (err != GASP_OK) {
        gasp_reader_fail(&r, err, 0);
        goto out;
    }
    beef->as_given = true;
    read_marks(beef, &r);
    err = read_bumps(beef, &r, &item);
    if (err == GASP_OK)
        err = read_txs(beef, &r, &item);
    if (err == GASP_OK)
        err = gasp_reader_finish(&r, NULL);
    if (err == GASP_OK)
        err = gasp_beef_order(beef, &beef->order);
out:
    if (err == GASP_OK) {
        *out = beef;
        return GASP_OK;
    }
    if (fault != NULL)
        *fault = (gasp_fault){err, r.err_at, item};
    gasp_beef_free(beef);
    return err;
}

gasp_err gasp_beef_new(gasp_beef **out, unsigned version, const gasp_mem *mem)
{
    if (version != 1 && version != 2)
        return GASP_ERR_MISUSE;
    const gasp_mem *own = gasp_mem_or_default(mem);
    gasp_beef *beef = (gasp_beef *)gasp_mem_zalloc(own, sizeof *beef);
    if (beef == NULL)
        return GASP_ERR_NOMEM;
    beef->version = version;
    beef->mem = own;
    *out = beef;
    return GASP_OK;
}

void gasp_beef_row_clear(const gasp_beef *beef, gasp_beef_row *row)
{
    gasp_tx_free(row->tx);
    gasp_mem_free(beef->mem, row->copy);
}

void gasp_beef_free(gasp_beef *beef)
{
    if (beef == NULL)
        return;
    for (size_t i = 0; i < beef->n_rows; i++)
        gasp_beef_row_clear(beef, &beef->rows[i]);
    for (size_t i = 0; i < beef->n_bumps; i++)
        gasp_bump_free(beef->bumps[i]);
    gasp_mem_free(beef->mem, beef->rows);
    gasp_mem_free(beef->mem, beef->bumps);
    gasp_mem_free(beef->mem, beef->order);
    gasp_mem_free(beef->mem, beef);
}

unsigned gasp_beef_version(const gasp_beef *beef)
{
    return beef->version;
}

gasp_err gasp_beef_subject(const gasp_beef *beef, gasp_txid *txid)
{
    if (!beef->atomic)
        return GASP_ABSENT;
    *txid = beef->subject;
    return GASP_OK;
}

size_t gasp_beef_bump_count(const gasp_beef *beef)
{
    return beef->n_bumps;
}

const gasp_bump *gasp_beef_bump(const gasp_beef *beef, size_t i)
{
    return i < beef->n_bumps ? beef->bumps[i] : NULL;
}

size_t gasp_beef_tx_count(const gasp_beef *beef)
{
    return beef->n_rows;
}

static gasp_beef_format format_of(const gasp_beef_row *row)
{
    if (row->tx == NULL)
        return GASP_BEEF_TXID_ONLY;
    return row->bump == GASP_BEEF_NO_BUMP ? GASP_BEEF_RAW : GASP_BEEF_PROVEN;
}

gasp_err gasp_beef_tx(const gasp_beef *beef, size_t i, gasp_beef_item *out)
{
    if (i >= beef->n_rows)
        return GASP_ABSENT;
    const gasp_beef_row *row = &beef->rows[i];
    *out = (gasp_beef_item){format_of(row), row->txid, row->tx, row->bump, row->at};
    return GASP_OK;
}

int gasp_beef_compare_blocks(const gasp_bump *a, const gasp_bump *b)
{
    uint32_t height_a = gasp_bump_height(a);
    uint32_t height_b = gasp_bump_height(b);
    if (height_a != height_b)
        return height_a < height_b ? -1 : 1;
    gasp_merkle_root root_a = gasp_bump_root(a);
    gasp_merkle_root root_b = gasp_bump_root(b);
    return memcmp(&root_a, &root_b, sizeof root_a);
}

/* Proven before raw before txid only. */
static int rank_of(const gasp_beef_row *row)
{
    switch (format_of(row)) {
    case GASP_BEEF_PROVEN:
        return 0;
    case GASP_BEEF_RAW:
        return 1;
    case GASP_BEEF_TXID_ONLY:
        break;
    }
    return 2;
}

static bool row_less(const void *ctx, size_t a, size_t b)
{
    const gasp_beef *beef = (const gasp_beef *)ctx;
    int by_txid = memcmp(&beef->rows[a].txid, &beef->rows[b].txid, TXID_LEN);
    if (by_txid != 0)
        return by_txid < 0;
    int by_rank = rank_of(&beef->rows[a]) - rank_of(&beef->rows[b]);
    if (by_rank == 0 && beef->rows[a].bump != beef->rows[b].bump)
        by_rank = gasp_beef_compare_blocks(beef->bumps[beef->rows[a].bump], beef->bumps[beef->rows[b].bump]);
    return by_rank != 0 ? by_rank < 0 : a < b;
}

/* Sinks the number at `top` of a heap of n to where no child is greater. */
static void sink(size_t *order, size_t top, size_t n, bool (*less)(const void *, size_t, size_t), const void *ctx)
{
    for (size_t child = 2 * top + 1; child < n; child = 2 * top + 1) {
        if (child + 1 < n && less(ctx, order[child], order[child + 1]))
            child++;
        if (!less(ctx, order[top], order[child]))
            return;
        size_t moved = order[top];
        order[top] = order[child];
        order[child] = moved;
        top = child;
    }
}

void gasp_beef_sort(size_t *order, size_t n, bool (*less)(const void *ctx, size_t a, size_t b), const void *ctx)
{
    for (size_t top = n / 2; top-- > 0;)
        sink(order, top, n, less, ctx);
    for (size_t end = n; end-- > 1;) {
        size_t greatest = order[0];
        order[0] = order[end];
        order[end] = greatest;
        sink(order, 0, end, less, ctx);
    }
}

void gasp_beef_order_into(const gasp_beef *beef, size_t *order)
{
    for (size_t i = 0; i < beef->n_rows; i++)
        order[i] = i;
    gasp_beef_sort(order, beef->n_rows, row_less, beef);
}

gasp_err gasp_beef_order(const gasp_beef *beef, size_t **out)
{
    size_t *order = (size_t *)gasp_mem_zalloc_array(beef->mem, beef->n_rows, sizeof *order);
    if (order == NULL)
        return GASP_ERR_NOMEM;
    gasp_beef_order_into(beef, order);
    *out = order;
    return GASP_OK;
}

size_t gasp_beef_place(const gasp_beef *beef, const gasp_txid *txid)
{
    size_t low = 0;
    size_t high = beef->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(&beef->rows[beef->order[middle]].txid, txid, TXID_LEN) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < beef->n_rows && memcmp(&beef->rows[beef->order[low]].txid, txid, TXID_LEN) == 0;
    return found ? low : beef->n_rows;
}

gasp_err gasp_beef_find(const gasp_beef *beef, size_t *i, const gasp_txid *txid)
{
    size_t best = beef->n_rows;
    if (beef->order != NULL) {
        size_t place = gasp_beef_place(beef, txid);
        best = place < beef->n_rows ? beef->order[place] : best;
    } else {
        for (size_t k = 0; k < beef->n_rows; k++)
            if (memcmp(&beef->rows[k].txid, txid, TXID_LEN) == 0 && (best == beef->n_rows || row_less(beef, k, best)))
                best = k;
    }
    if (best == beef->n_rows)
        return GASP_ABSENT;
    *i = best;
    return GASP_OK;
}

static void write_raw(gasp_writer *w, const gasp_beef *beef, const gasp_tx *tx)
{
    if (beef->as_given)
        gasp_write_bytes(w, tx->raw.data, tx->raw.len);
    else
        gasp_tx_write(w, tx);
}

static void write_v1(gasp_writer *w, const gasp_beef *beef, const gasp_beef_row *row)
{
    write_raw(w, beef, row->tx);
    gasp_write_u8(w, row->bump != GASP_BEEF_NO_BUMP);
    if (row->bump != GASP_BEEF_NO_BUMP)
        gasp_write_compact(w, row->bump);
}

static void write_v2(gasp_writer *w, const gasp_beef *beef, const gasp_beef_row *row)
{
    gasp_beef_format format = format_of(row);
    gasp_write_u8(w, (uint8_t)format);
    if (format == GASP_BEEF_PROVEN)
        gasp_write_compact(w, row->bump);
    if (format == GASP_BEEF_TXID_ONLY)
        gasp_write_bytes(w, row->txid.b, sizeof row->txid.b);
    else
        write_raw(w, beef, row->tx);
}

static void write_beef(gasp_writer *w, const gasp_beef *beef)
{
    if (beef->atomic) {
        gasp_write_bytes(w, atomic_mark, MARK_LEN);
        gasp_write_bytes(w, beef->subject.b, sizeof beef->subject.b);
    }
    gasp_write_bytes(w, beef->version == 1 ? v1_mark : v2_mark, MARK_LEN);
    gasp_write_compact(w, beef->n_bumps);
    for (size_t i = 0; i < beef->n_bumps; i++)
        gasp_bump_write(w, beef->bumps[i]);
    gasp_write_compact(w, beef->n_rows);
    for (size_t i = 0; i < beef->n_rows; i++) {
        if (beef->version == 1)
            write_v1(w, beef, &beef->rows[i]);
        else
            write_v2(w, beef, &beef->rows[i]);
    }
}

gasp_err gasp_beef_encode(const gasp_beef *beef, uint8_t *out, size_t cap, size_t *len)
{
    if (beef->changed)
        return GASP_ERR_MISUSE;
    gasp_writer measured = gasp_writer_measure();
    write_beef(&measured, beef);
    *len = measured.len;
    if (out == NULL)
        return measured.err;
    gasp_writer w = gasp_writer_fixed(out, cap);
    write_beef(&w, beef);
    return w.err;
}
