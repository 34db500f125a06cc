/* Writing a wallet as one file (gasp/backup.h): the rows of one snapshot, as they come. Bytes are gathered and hashed
 * before they go out; nothing is held but one piece. It never looks into a row, but for that of the layout, which goes
 * into the head. */
#include "gasp/backup.h"

#include <string.h>

#include "base/mem.h"
#include "base/writer.h"
#include "crypto/hash.h"
#include "wallet/inside.h"
#include "wallet/keys.h"
#include "wallet/rows.h"

enum { PIECE = 65536 };

typedef struct sink {
    gasp_backup_write write;
    void *ctx;
    gasp_sha256 hash;
    uint8_t *piece; /**< PIECE bytes */
    size_t len;
    gasp_backup_report report;
} sink;

static gasp_err flush(sink *s)
{
    if (s->len == 0)
        return GASP_OK;
    gasp_err err = s->write(s->ctx, s->piece, s->len);
    s->len = 0;
    return err;
}

static gasp_err put(sink *s, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    gasp_err err = GASP_OK;
    if (len == 0)
        return GASP_OK;
    gasp_sha256_update(&s->hash, bytes, len);
    s->report.bytes += len;
    while (err == GASP_OK && len > 0) {
        size_t part = len < PIECE - s->len ? len : PIECE - s->len;
        memcpy(s->piece + s->len, at, part);
        s->len += part;
        at += part;
        len -= part;
        if (s->len == PIECE)
            err = flush(s);
    }
    return err;
}

static gasp_err put_sized(sink *s, gasp_bytes bytes)
{
    uint8_t length[9];
    gasp_writer w = gasp_writer_fixed(length, sizeof length);
    gasp_write_compact(&w, bytes.len);
    gasp_err err = put(s, length, w.len);
    return err == GASP_OK ? put(s, bytes.data, bytes.len) : err;
}

static gasp_err put_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    sink *s = ctx;
    gasp_err err = put_sized(s, key);
    if (err == GASP_OK)
        err = put_sized(s, value);
    s->report.rows += err == GASP_OK;
    return err == GASP_DONE ? GASP_ERR_MISUSE : err; /* DONE would look like the end of the rows */
}

static gasp_err read_layout(void *ctx, size_t index, gasp_bytes value)
{
    (void)index;
    return gasp_row_layout_decode(ctx, value);
}

static gasp_err put_head(sink *s, const gasp_row_layout *layout, gasp_time now)
{
    static const uint8_t zeros[3];
    uint8_t head[GASP_BACKUP_HEAD_LEN];
    gasp_writer w = gasp_writer_fixed(head, sizeof head);
    gasp_write_bytes(&w, "gaspback", 8);
    gasp_write_u32(&w, GASP_BACKUP_FORM);
    gasp_write_u32(&w, layout->version);
    gasp_write_u8(&w, (uint8_t)layout->network);
    gasp_write_bytes(&w, zeros, sizeof zeros);
    gasp_write_u64(&w, now.wall_ms);
    s->report.layout = layout->version;
    s->report.network = layout->network;
    s->report.made_ms = now.wall_ms;
    return put(s, head, w.len);
}

static gasp_err put_end(sink *s)
{
    uint8_t end[9];
    gasp_writer w = gasp_writer_fixed(end, sizeof end);
    gasp_write_u8(&w, 0);
    gasp_write_u64(&w, s->report.rows);
    gasp_err err = put(s, end, w.len);
    if (err != GASP_OK)
        return err;
    gasp_sha256_final(&s->hash, s->report.sha256);
    gasp_sha256_init(&s->hash); /* of the hash itself nothing is asked */
    err = put(s, s->report.sha256, sizeof s->report.sha256);
    return err == GASP_OK ? flush(s) : err;
}

static gasp_err write_all(sink *s, gasp_wallet *wallet, gasp_time now)
{
    const gasp_kv *kv = wallet->kv;
    gasp_kv_snapshot *snapshot = NULL;
    gasp_row_layout layout = {0};
    gasp_key key = gasp_key_layout();
    const gasp_bytes wanted = gasp_key_view(&key);
    const gasp_bytes all = {NULL, 0};
    gasp_err err = kv->snapshot(kv->user, &snapshot);
    if (err != GASP_OK)
        return err;
    err = kv->get(kv->user, snapshot, &wanted, 1, read_layout, &layout);
    if (err == GASP_OK && layout.version == 0)
        err = GASP_ERR_STORE_CORRUPT; /* the wallet was opened, so the row was there */
    if (err == GASP_OK)
        err = put_head(s, &layout, now);
    if (err == GASP_OK)
        err = kv->scan(kv->user, snapshot, all, all, false, put_row, s);
    kv->release(kv->user, snapshot);
    return err == GASP_OK ? put_end(s) : err;
}

gasp_err gasp_wallet_backup(gasp_wallet *wallet, gasp_backup_report *report, gasp_backup_write write, void *ctx,
                            gasp_time now)
{
    sink s = {.write = write, .ctx = ctx};
    gasp_sha256_init(&s.hash);
    s.piece = gasp_mem_zalloc(wallet->mem, PIECE);
    gasp_err err = s.piece == NULL ? GASP_ERR_NOMEM : write_all(&s, wallet, now);
    gasp_mem_free(wallet->mem, s.piece);
    if (report != NULL)
        *report = s.report;
    return err;
}
