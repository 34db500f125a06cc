/* The encoder's sink. */
#include "base/writer.h"

#include <string.h>

gasp_writer gasp_writer_measure(void)
{
    return (gasp_writer){0};
}

gasp_writer gasp_writer_fixed(uint8_t *out, size_t cap)
{
    return (gasp_writer){.out = out, .cap = cap};
}

gasp_writer gasp_writer_growing(gasp_buf *buf)
{
    return (gasp_writer){.buf = buf};
}

void gasp_write_bytes(gasp_writer *w, const void *bytes, size_t len)
{
    if (w->err != GASP_OK || len == 0)
        return;
    if (w->buf != NULL) {
        w->err = gasp_buf_append(w->buf, bytes, len);
    } else if (w->out != NULL) {
        if (len > w->cap - w->len)
            w->err = GASP_ERR_LIMIT;
        else
            memcpy(w->out + w->len, bytes, len);
    }
    if (w->err == GASP_OK)
        w->len += len;
}

static void write_le(gasp_writer *w, uint64_t value, size_t len)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    gasp_write_bytes(w, bytes, len);
}

void gasp_write_u8(gasp_writer *w, uint8_t value)
{
    gasp_write_bytes(w, &value, 1);
}

void gasp_write_u16(gasp_writer *w, uint16_t value)
{
    write_le(w, value, 2);
}

void gasp_write_u32(gasp_writer *w, uint32_t value)
{
    write_le(w, value, 4);
}

void gasp_write_u64(gasp_writer *w, uint64_t value)
{
    write_le(w, value, 8);
}

size_t gasp_compact_len(uint64_t value)
{
    if (value < 0xfd)
        return 1;
    if (value <= 0xffff)
        return 3;
    return value <= 0xffffffff ? 5 : 9;
}

void gasp_write_compact(gasp_writer *w, uint64_t value)
{
    static const uint8_t mark[] = {0, 0, 0, 0xfd, 0, 0xfe, 0, 0, 0, 0xff};
    size_t len = gasp_compact_len(value);
    if (len > 1)
        gasp_write_u8(w, mark[len]);
    write_le(w, value, len > 1 ? len - 1 : 1);
}

void gasp_write_sized(gasp_writer *w, gasp_bytes bytes)
{
    gasp_write_compact(w, bytes.len);
    gasp_write_bytes(w, bytes.data, bytes.len);
}

void gasp_write_outpoint(gasp_writer *w, const gasp_outpoint *outpoint)
{
    gasp_write_bytes(w, outpoint->txid.b, sizeof outpoint->txid.b);
    gasp_write_u32(w, outpoint->vout);
}
