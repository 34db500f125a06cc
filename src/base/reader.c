/* The sticky cursor. Every length is compared with what is left before anything is touched. */
#include "base/reader.h"

#include <string.h>

gasp_reader gasp_reader_of(gasp_bytes bytes)
{
    return (gasp_reader){.base = bytes.data, .len = bytes.len};
}

size_t gasp_reader_left(const gasp_reader *r)
{
    return r->err == GASP_OK ? r->len - r->at : 0;
}

void gasp_reader_fail(gasp_reader *r, gasp_err err, size_t at)
{
    if (r->err != GASP_OK)
        return;
    r->err = err;
    r->err_at = at;
}

/* The next len bytes, or NULL after recording that they are not there. */
static const uint8_t *take(gasp_reader *r, size_t len)
{
    if (r->err != GASP_OK)
        return NULL;
    if (len > r->len - r->at) {
        gasp_reader_fail(r, GASP_ERR_SHORT, r->at);
        return NULL;
    }
    const uint8_t *bytes = r->base + r->at;
    r->at += len;
    return bytes;
}

static uint64_t read_le(gasp_reader *r, size_t len)
{
    const uint8_t *bytes = take(r, len);
    uint64_t value = 0;
    if (bytes == NULL)
        return 0;
    for (size_t i = len; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

uint8_t gasp_read_u8(gasp_reader *r)
{
    return (uint8_t)read_le(r, 1);
}

uint16_t gasp_read_u16(gasp_reader *r)
{
    return (uint16_t)read_le(r, 2);
}

uint32_t gasp_read_u32(gasp_reader *r)
{
    return (uint32_t)read_le(r, 4);
}

uint64_t gasp_read_u64(gasp_reader *r)
{
    return read_le(r, 8);
}

uint64_t gasp_read_compact(gasp_reader *r)
{
    size_t start = r->at;
    uint8_t first = gasp_read_u8(r);
    uint64_t value = first;
    uint64_t least = 0;
    if (first == 0xfd) {
        value = gasp_read_u16(r);
        least = 0xfd;
    } else if (first == 0xfe) {
        value = gasp_read_u32(r);
        least = 0x10000;
    } else if (first == 0xff) {
        value = gasp_read_u64(r);
        least = 0x100000000;
    }
    if (r->err == GASP_OK && value < least)
        gasp_reader_fail(r, GASP_ERR_COMPACT_SIZE, start);
    return r->err == GASP_OK ? value : 0;
}

size_t gasp_read_count(gasp_reader *r, size_t each)
{
    size_t start = r->at;
    uint64_t count = gasp_read_compact(r);
    if (r->err == GASP_OK && count > (r->len - r->at) / each)
        gasp_reader_fail(r, GASP_ERR_COUNT, start);
    return r->err == GASP_OK ? (size_t)count : 0;
}

gasp_bytes gasp_read_bytes(gasp_reader *r, uint64_t len)
{
    if (r->err == GASP_OK && len > r->len - r->at)
        gasp_reader_fail(r, GASP_ERR_SHORT, r->at);
    const uint8_t *bytes = take(r, (size_t)len);
    return bytes != NULL ? (gasp_bytes){bytes, (size_t)len} : (gasp_bytes){NULL, 0};
}

gasp_bytes gasp_read_sized(gasp_reader *r)
{
    return gasp_read_bytes(r, gasp_read_compact(r));
}

void gasp_read_into(gasp_reader *r, void *out, size_t len)
{
    const uint8_t *bytes = take(r, len);
    if (bytes != NULL)
        memcpy(out, bytes, len);
    else
        memset(out, 0, len);
}

void gasp_read_outpoint(gasp_reader *r, gasp_outpoint *out)
{
    gasp_read_into(r, out->txid.b, sizeof out->txid.b);
    out->vout = gasp_read_u32(r);
}

gasp_err gasp_reader_status(const gasp_reader *r, gasp_fault *fault)
{
    if (r->err != GASP_OK && fault != NULL) {
        fault->err = r->err;
        fault->at = r->err_at;
    }
    return r->err;
}

gasp_err gasp_reader_finish(gasp_reader *r, gasp_fault *fault)
{
    if (r->err == GASP_OK && r->at < r->len)
        gasp_reader_fail(r, GASP_ERR_TRAILING, r->at);
    return gasp_reader_status(r, fault);
}
