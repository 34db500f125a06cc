/* A transaction: what can be read is written back from its fields, byte for byte. Standard form has no encoder that
 * does not use the bytes it came from, so it goes through the extended form and back. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "gasp/tx.h"

typedef gasp_err encoder(const gasp_tx *tx, uint8_t *out, size_t cap, size_t *len);

static gasp_bytes encoded(const gasp_tx *tx, encoder *encode)
{
    size_t len = 0;
    FUZZ_HOLDS(encode(tx, NULL, 0, &len) == GASP_OK);
    uint8_t *out = malloc(len);
    FUZZ_HOLDS(out != NULL && encode(tx, out, len, &len) == GASP_OK);
    return (gasp_bytes){out, len};
}

static void release(gasp_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static void same(gasp_bytes a, gasp_bytes b)
{
    FUZZ_HOLDS(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_bytes raw = {data, size};
    gasp_tx *tx = NULL;
    gasp_tx *again = NULL;
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_err err = gasp_tx_decode(&tx, raw, NULL, &fault);
    FUZZ_HOLDS(err == fault.err && fault.at <= size);
    if (err != GASP_OK)
        return 0;
    bool extended = gasp_tx_extended(tx);
    for (size_t i = 0; !extended && i < gasp_tx_in_count(tx); i++)
        FUZZ_HOLDS(gasp_tx_set_source(tx, i, i, gasp_tx_in(tx, i)->script) == GASP_OK);
    gasp_bytes ef = encoded(tx, gasp_tx_encode_extended);
    FUZZ_HOLDS(gasp_tx_decode_extended(&again, ef, NULL, NULL) == GASP_OK);
    gasp_txid a = gasp_tx_txid(tx);
    gasp_txid b = gasp_tx_txid(again);
    FUZZ_HOLDS(memcmp(&a, &b, sizeof a) == 0);
    gasp_bytes standard = encoded(again, gasp_tx_encode);
    same(extended ? ef : standard, raw);
    err = gasp_tx_check(tx, &fault);
    FUZZ_HOLDS(err == GASP_OK || (err == GASP_ERR_TX_VALUE && fault.item < gasp_tx_out_count(tx) && fault.at < size));
    release(standard);
    release(ef);
    gasp_tx_free(again);
    gasp_tx_free(tx);
    return 0;
}
