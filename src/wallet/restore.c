/* Reading a backup (gasp/backup.h) into an empty store. Rows are written in bounded, synced batches as they come; the
 * row of the layout, without which the store is no wallet, is kept aside and written alone when the whole file was read
 * and its hash is right. A length is believed only as far as bytes have come. Nothing of the file is trusted before. */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/reader.h"
#include "crypto/hash.h"
#include "gasp/backup.h"
#include "wallet/keys.h"
#include "wallet/rows.h"

enum { PIECE = 65536, LAYOUT_MAX = 64 };

/** Where a row of the present batch stands in its bytes: the key, the value behind it. */
typedef struct place {
    size_t at;
    size_t key_len;
    size_t value_len;
} place;

typedef struct restoring {
    const gasp_kv *kv;
    const gasp_mem *mem;
    gasp_backup_read read;
    void *ctx;
    uint8_t *piece; /**< PIECE bytes, len of them read, `at` of them used */
    size_t at;
    size_t len;
    gasp_sha256 hash;
    gasp_buf bytes; /**< of the present batch */
    place *rows;    /**< GASP_BACKUP_BATCH_ROWS */
    gasp_kv_op *ops;
    size_t n;
    uint8_t last[GASP_KV_KEY_MAX]; /**< the key before */
    size_t last_len;
    uint8_t layout[LAYOUT_MAX]; /**< the row kept aside */
    size_t layout_len;          /**< 0: it has not come */
    uint64_t field_at;          /**< offset of the field that is being read, for faults */
    gasp_backup_report report;
} restoring;

/* ---- bytes --------------------------------------------------------------------------------------------------------- */

/* Makes at least one byte available, unless the file has ended. */
static gasp_err fill(restoring *r)
{
    if (r->at < r->len)
        return GASP_OK;
    r->at = r->len = 0;
    gasp_err err = r->read(r->ctx, r->piece, PIECE, &r->len);
    if (err == GASP_OK && r->len > PIECE)
        err = GASP_ERR_MISUSE;
    if (err != GASP_OK)
        r->len = 0;
    return err;
}

/* Up to `most` bytes that are there, hashed: *part is their number, at least 1. */
static gasp_err take(restoring *r, const uint8_t **bytes, size_t *part, size_t most)
{
    gasp_err err = fill(r);
    if (err == GASP_OK && r->len == 0)
        err = GASP_ERR_SHORT;
    if (err != GASP_OK)
        return err;
    *bytes = r->piece + r->at;
    *part = most < r->len - r->at ? most : r->len - r->at;
    gasp_sha256_update(&r->hash, *bytes, *part);
    r->at += *part;
    r->report.bytes += *part;
    return GASP_OK;
}

static gasp_err take_fixed(restoring *r, uint8_t *out, size_t len)
{
    gasp_err err = GASP_OK;
    r->field_at = r->report.bytes;
    while (err == GASP_OK && len > 0) {
        const uint8_t *bytes = NULL;
        size_t part = 0;
        err = take(r, &bytes, &part, len);
        if (err != GASP_OK)
            return err;
        memcpy(out, bytes, part);
        out += part;
        len -= part;
    }
    return err;
}

static gasp_err take_compact(restoring *r, uint64_t *out)
{
    uint8_t bytes[9];
    gasp_err err = take_fixed(r, bytes, 1);
    size_t more = bytes[0] < 0xfd ? 0 : (size_t)2 << (bytes[0] - 0xfd);
    uint64_t at = r->field_at;
    if (err == GASP_OK)
        err = take_fixed(r, bytes + 1, more);
    r->field_at = at;
    if (err != GASP_OK)
        return err;
    gasp_reader reader = gasp_reader_of((gasp_bytes){bytes, 1 + more});
    *out = gasp_read_compact(&reader);
    return gasp_reader_finish(&reader, NULL);
}

/* Appends len bytes to the batch, which grows only as they come. */
static gasp_err take_into_batch(restoring *r, uint64_t len)
{
    gasp_err err = GASP_OK;
    r->field_at = r->report.bytes;
    while (err == GASP_OK && len > 0) {
        const uint8_t *bytes = NULL;
        size_t part = 0;
        err = take(r, &bytes, &part, len < PIECE ? (size_t)len : PIECE);
        if (err == GASP_OK)
            err = gasp_buf_append(&r->bytes, bytes, part);
        len -= part;
    }
    return err;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

static gasp_err write_batch(restoring *r)
{
    const uint8_t *base = r->bytes.data;
    for (size_t i = 0; i < r->n; i++) {
        const place *row = &r->rows[i];
        r->ops[i] =
            (gasp_kv_op){GASP_KV_PUT, {base + row->at, row->key_len}, {base + row->at + row->key_len, row->value_len}};
    }
    gasp_err err = r->n > 0 ? r->kv->write(r->kv->user, r->ops, r->n, true) : GASP_OK;
    r->n = 0;
    r->bytes.len = 0;
    return err;
}

static bool ascends(const restoring *r, const uint8_t *key, size_t len)
{
    size_t both = len < r->last_len ? len : r->last_len;
    int order = memcmp(key, r->last, both);
    return order > 0 || (order == 0 && len > r->last_len);
}

static bool is_layout(const uint8_t *key, size_t len)
{
    gasp_key layout = gasp_key_layout();
    return len == layout.len && memcmp(key, layout.b, len) == 0;
}

/* The row of the layout is taken out of the batch again, and must be what the head says. */
static gasp_err keep_layout(restoring *r, const place *row)
{
    gasp_row_layout layout;
    const gasp_bytes value = {r->bytes.data + row->at + row->key_len, row->value_len};
    gasp_err err = gasp_row_layout_decode(&layout, value);
    if (err == GASP_ERR_STORE_LAYOUT)
        return GASP_ERR_BACKUP_VERSION;
    if (err != GASP_OK || value.len > sizeof r->layout || layout.version != r->report.layout ||
        layout.network != r->report.network)
        return GASP_ERR_BACKUP_FORM;
    memcpy(r->layout, value.data, value.len);
    r->layout_len = value.len;
    r->bytes.len = row->at;
    return GASP_OK;
}

static gasp_err take_row(restoring *r, uint64_t key_len)
{
    place *row = &r->rows[r->n];
    uint64_t value_len = 0;
    if (key_len > GASP_KV_KEY_MAX)
        return GASP_ERR_BACKUP_FORM;
    *row = (place){.at = r->bytes.len, .key_len = (size_t)key_len};
    gasp_err err = take_into_batch(r, key_len);
    if (err != GASP_OK)
        return err;
    const uint8_t *key = r->bytes.data + row->at;
    if (!ascends(r, key, row->key_len))
        return GASP_ERR_BACKUP_FORM;
    memcpy(r->last, key, row->key_len);
    r->last_len = row->key_len;
    err = take_compact(r, &value_len);
    if (err == GASP_OK && value_len > GASP_KV_VALUE_MAX)
        err = GASP_ERR_BACKUP_FORM;
    if (err == GASP_OK)
        err = take_into_batch(r, value_len);
    if (err != GASP_OK)
        return err;
    row->value_len = (size_t)value_len;
    if (is_layout(r->last, r->last_len))
        err = keep_layout(r, row);
    else
        r->n++;
    r->report.rows += err == GASP_OK;
    if (r->n >= gasp_limit(RESTORE_ROWS) || r->bytes.len >= gasp_limit(RESTORE_BYTES))
        err = err == GASP_OK ? write_batch(r) : err;
    return err;
}

/* ---- the file ------------------------------------------------------------------------------------------------------ */

static gasp_err take_head(restoring *r)
{
    uint8_t head[GASP_BACKUP_HEAD_LEN];
    gasp_err err = take_fixed(r, head, 8);
    if (err == GASP_ERR_SHORT || (err == GASP_OK && memcmp(head, "gaspback", 8) != 0))
        return GASP_ERR_FORMAT_UNKNOWN;
    if (err == GASP_OK)
        err = take_fixed(r, head + 8, 4);
    if (err != GASP_OK)
        return err;
    gasp_reader reader = gasp_reader_of((gasp_bytes){head + 8, sizeof head - 8});
    if (gasp_read_u32(&reader) != GASP_BACKUP_FORM)
        return GASP_ERR_BACKUP_VERSION;
    err = take_fixed(r, head + 12, sizeof head - 12);
    if (err != GASP_OK)
        return err;
    r->report.layout = gasp_read_u32(&reader);
    gasp_network network = (gasp_network)gasp_read_u8(&reader);
    gasp_bytes zeros = gasp_read_bytes(&reader, 3);
    r->report.made_ms = gasp_read_u64(&reader);
    if (r->report.layout != GASP_LAYOUT_VERSION)
        return GASP_ERR_BACKUP_VERSION;
    if (gasp_network_name(network) == NULL || memcmp(zeros.data, "\0\0\0", 3) != 0)
        return GASP_ERR_BACKUP_FORM;
    r->report.network = network;
    return GASP_OK;
}

static gasp_err take_end(restoring *r)
{
    uint8_t bytes[32];
    uint8_t expected[32];
    gasp_err err = take_fixed(r, bytes, 8);
    if (err != GASP_OK)
        return err;
    gasp_reader reader = gasp_reader_of((gasp_bytes){bytes, 8});
    if (gasp_read_u64(&reader) != r->report.rows || r->layout_len == 0)
        return GASP_ERR_BACKUP_FORM;
    gasp_sha256_final(&r->hash, expected);
    gasp_sha256_init(&r->hash); /* what follows is hashed for nothing */
    err = take_fixed(r, bytes, 32);
    if (err == GASP_OK && memcmp(bytes, expected, 32) != 0)
        err = GASP_ERR_BACKUP_HASH;
    if (err != GASP_OK)
        return err;
    memcpy(r->report.sha256, expected, 32);
    r->field_at = r->report.bytes;
    err = fill(r);
    return err == GASP_OK && r->len > 0 ? GASP_ERR_TRAILING : err;
}

static gasp_err take_all(restoring *r)
{
    uint64_t key_len = 1;
    gasp_err err = take_head(r);
    while (err == GASP_OK && key_len > 0) {
        err = take_compact(r, &key_len);
        if (err == GASP_OK && key_len > 0)
            err = take_row(r, key_len);
    }
    if (err == GASP_OK)
        err = take_end(r);
    return err == GASP_OK ? write_batch(r) : err;
}

/* ---- the store ----------------------------------------------------------------------------------------------------- */

static gasp_err some_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)ctx;
    (void)key;
    (void)value;
    return GASP_ERR_STORE_EXISTS;
}

static gasp_err look_empty(const gasp_kv *kv)
{
    const gasp_bytes all = {NULL, 0};
    return kv->scan(kv->user, NULL, all, all, false, some_row, NULL);
}

static gasp_err gather_key(void *ctx, gasp_bytes key, gasp_bytes value)
{
    restoring *r = ctx;
    (void)value;
    r->rows[r->n++] = (place){r->bytes.len, key.len, 0};
    gasp_err err = gasp_buf_append(&r->bytes, key.data, key.len);
    return err != GASP_OK ? err : r->n == GASP_BACKUP_BATCH_ROWS ? GASP_DONE : GASP_OK;
}

/* What was written goes again, first of all what would make it a wallet: a write that failed may be there. A store that
 * fails here keeps rows of no wallet. */
static gasp_err undo(restoring *r)
{
    const gasp_bytes all = {NULL, 0};
    gasp_key layout = gasp_key_layout();
    r->ops[0] = (gasp_kv_op){GASP_KV_DELETE, gasp_key_view(&layout), {NULL, 0}};
    gasp_err err = r->kv->write(r->kv->user, r->ops, 1, true);
    if (err != GASP_OK)
        return err;
    do {
        r->n = 0;
        r->bytes.len = 0;
        err = r->kv->scan(r->kv->user, NULL, all, all, false, gather_key, r);
        for (size_t i = 0; i < r->n; i++)
            r->ops[i] = (gasp_kv_op){GASP_KV_DELETE, {r->bytes.data + r->rows[i].at, r->rows[i].key_len}, {NULL, 0}};
        if (err == GASP_OK && r->n > 0)
            err = r->kv->write(r->kv->user, r->ops, r->n, true);
    } while (err == GASP_OK && r->n > 0);
    return err;
}

static gasp_err restore(restoring *r)
{
    gasp_key key = gasp_key_layout();
    gasp_err err = take_all(r);
    if (err == GASP_OK) {
        gasp_kv_op op = {GASP_KV_PUT, gasp_key_view(&key), {r->layout, r->layout_len}};
        err = r->kv->write(r->kv->user, &op, 1, true);
    }
    if (err != GASP_OK) {
        gasp_err undone = undo(r);
        (void)undone; /* the first error says more */
    }
    return err;
}

gasp_err gasp_wallet_restore(const gasp_wallet_config *config, gasp_backup_report *report, gasp_backup_read read,
                             void *ctx, gasp_fault *fault)
{
    if (config->size < sizeof *config || config->kv == NULL || read == NULL)
        return GASP_ERR_MISUSE;
    const gasp_mem *mem = gasp_mem_or_default(config->mem);
    restoring r = {.kv = config->kv, .mem = mem, .read = read, .ctx = ctx};
    gasp_sha256_init(&r.hash);
    gasp_buf_init(&r.bytes, SIZE_MAX, mem);
    gasp_err err = look_empty(config->kv);
    if (err != GASP_OK)
        return err;
    r.piece = gasp_mem_zalloc(mem, PIECE);
    r.rows = gasp_mem_zalloc_array(mem, GASP_BACKUP_BATCH_ROWS, sizeof *r.rows);
    r.ops = gasp_mem_zalloc_array(mem, GASP_BACKUP_BATCH_ROWS, sizeof *r.ops);
    err = r.piece == NULL || r.rows == NULL || r.ops == NULL ? GASP_ERR_NOMEM : restore(&r);
    gasp_mem_free(mem, r.ops);
    gasp_mem_free(mem, r.rows);
    gasp_mem_free(mem, r.piece);
    gasp_buf_clear(&r.bytes);
    if (report != NULL)
        *report = r.report;
    if (err != GASP_OK && fault != NULL)
        *fault = (gasp_fault){err, r.field_at, r.report.rows};
    return err;
}
