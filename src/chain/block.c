/* Walks a raw block. Keeps an offset and nothing else, so that a gasp_block can be dropped at any moment. */
#include "gasp/block.h"
#include "chain/header.h"
#include "chain/tx.h"

gasp_err gasp_block_open(gasp_block *out, gasp_bytes bytes, gasp_fault *fault)
{
    gasp_reader r = gasp_reader_of(bytes);
    gasp_block block = {.bytes = bytes};
    gasp_header_read(&r, &block.header);
    block.n_tx = gasp_read_count(&r, GASP_TX_LEN_MIN);
    block.at = r.at;
    if (r.err != GASP_OK) {
        if (fault != NULL)
            *fault = (gasp_fault){r.err, r.err_at, 0};
        return r.err;
    }
    gasp_header_hash(&block.hash, bytes.data);
    *out = block;
    return GASP_OK;
}

gasp_err gasp_block_next(gasp_block *block, gasp_tx **out, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_reader r = gasp_reader_of(block->bytes);
    gasp_tx *tx = NULL;
    r.at = block->at;
    bool more = block->next < block->n_tx;
    gasp_err err = more ? gasp_tx_read(&tx, &r, mem) : gasp_reader_finish(&r, NULL);
    if (err != GASP_OK) {
        if (fault != NULL)
            *fault = (gasp_fault){err, r.err_at, block->next};
        return err;
    }
    if (!more)
        return GASP_DONE;
    block->at = r.at;
    block->next++;
    *out = tx;
    return GASP_OK;
}
