/* A block: what can be walked to its end is its header, its count and its transactions, byte for byte. The header is read and
 * written back whatever follows it. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/writer.h"
#include "fuzz/fuzz.h"
#include "gasp/block.h"

static void header_again(const uint8_t raw80[GASP_HEADER_LEN], const gasp_block *block)
{
    uint8_t again[GASP_HEADER_LEN];
    gasp_header header;
    gasp_block_hash hash;
    gasp_header_decode(&header, raw80);
    gasp_header_encode(again, &header);
    FUZZ_HOLDS(memcmp(again, raw80, sizeof again) == 0);
    gasp_header_encode(again, &block->header);
    FUZZ_HOLDS(memcmp(again, raw80, sizeof again) == 0);
    gasp_header_hash(&hash, raw80);
    FUZZ_HOLDS(memcmp(&hash, &block->hash, sizeof hash) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const gasp_bytes bytes = {data, size};
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_block block;
    gasp_buf again;
    gasp_tx *tx;
    size_t n = 0;
    gasp_err err = gasp_header_count(&n, bytes, &fault);
    FUZZ_HOLDS(err == GASP_OK ? n * GASP_HEADER_LEN == size : err == GASP_ERR_HEADER_LENGTH);
    fault = (gasp_fault){GASP_OK, 0, 0};
    err = gasp_block_open(&block, bytes, &fault);
    FUZZ_HOLDS(err == fault.err && fault.at <= size);
    if (err != GASP_OK)
        return 0;
    header_again(data, &block);
    gasp_buf_init(&again, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&again);
    gasp_write_bytes(&w, data, GASP_HEADER_LEN);
    gasp_write_compact(&w, block.n_tx);
    while ((err = gasp_block_next(&block, &tx, NULL, &fault)) == GASP_OK) {
        const gasp_bytes raw = gasp_tx_raw(tx);
        gasp_write_bytes(&w, raw.data, raw.len);
        gasp_tx_free(tx);
    }
    FUZZ_HOLDS(w.err == GASP_OK && again.len <= size && memcmp(again.data, data, again.len) == 0);
    if (err == GASP_DONE)
        FUZZ_HOLDS(again.len == size && block.next == block.n_tx);
    else
        FUZZ_HOLDS(err == fault.err && fault.at <= size && gasp_block_next(&block, &tx, NULL, NULL) == err);
    gasp_buf_clear(&again);
    return 0;
}
