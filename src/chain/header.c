/* The 80 bytes of a header and their fields. Knows no rule: spv judges, wallet stores. */
#include "chain/header.h"

#include "base/writer.h"
#include "crypto/hash.h"

void gasp_header_read(gasp_reader *r, gasp_header *out)
{
    out->version = gasp_read_u32(r);
    gasp_read_into(r, out->prev.b, sizeof out->prev.b);
    gasp_read_into(r, out->root.b, sizeof out->root.b);
    out->time = gasp_read_u32(r);
    out->bits = gasp_read_u32(r);
    out->nonce = gasp_read_u32(r);
}

void gasp_header_decode(gasp_header *out, const uint8_t raw80[GASP_HEADER_LEN])
{
    gasp_reader r = gasp_reader_of((gasp_bytes){raw80, GASP_HEADER_LEN});
    gasp_header_read(&r, out);
}

void gasp_header_encode(uint8_t raw80[GASP_HEADER_LEN], const gasp_header *header)
{
    gasp_writer w = gasp_writer_fixed(raw80, GASP_HEADER_LEN);
    gasp_write_u32(&w, header->version);
    gasp_write_bytes(&w, header->prev.b, sizeof header->prev.b);
    gasp_write_bytes(&w, header->root.b, sizeof header->root.b);
    gasp_write_u32(&w, header->time);
    gasp_write_u32(&w, header->bits);
    gasp_write_u32(&w, header->nonce);
}

void gasp_header_hash(gasp_block_hash *out, const uint8_t raw80[GASP_HEADER_LEN])
{
    gasp_sha256d(out->b, raw80, GASP_HEADER_LEN);
}

gasp_err gasp_header_count(size_t *out, gasp_bytes run, gasp_fault *fault)
{
    size_t count = run.len / GASP_HEADER_LEN;
    if (run.len % GASP_HEADER_LEN != 0) {
        if (fault != NULL)
            *fault = (gasp_fault){GASP_ERR_HEADER_LENGTH, count * GASP_HEADER_LEN, count};
        return GASP_ERR_HEADER_LENGTH;
    }
    *out = count;
    return GASP_OK;
}
