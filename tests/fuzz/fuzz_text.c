/* Text that people type: hashes, outpoints, numbers of bytes in hex. What can be read is written in its one form, which reads
 * as the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "gasp/types.h"

static void outpoint(const char *text)
{
    char again[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint first = {{{0}}, 7};
    gasp_outpoint second;
    if (gasp_outpoint_from_text(&first, text) != GASP_OK)
        return;
    gasp_outpoint_to_text(again, &first);
    FUZZ_HOLDS(strlen(again) == strlen(text));
    FUZZ_HOLDS(gasp_outpoint_from_text(&second, again) == GASP_OK && memcmp(&first, &second, sizeof first) == 0);
}

static void hash(const char *text)
{
    char again[GASP_HASH_TEXT_MAX];
    gasp_txid txid;
    gasp_txid second;
    gasp_block_hash block;
    gasp_err err = gasp_txid_from_text(&txid, text);
    FUZZ_HOLDS(gasp_block_hash_from_text(&block, text) == err);
    if (err != GASP_OK)
        return;
    FUZZ_HOLDS(strlen(text) == 64 && memcmp(&txid, &block, sizeof txid) == 0);
    gasp_txid_to_text(again, &txid);
    FUZZ_HOLDS(gasp_txid_from_text(&second, again) == GASP_OK && memcmp(&txid, &second, sizeof txid) == 0);
}

static void hex(const char *text, size_t len)
{
    uint8_t *bytes = malloc(len / 2 + 1);
    char *again = malloc(len + 2);
    FUZZ_HOLDS(bytes != NULL && again != NULL);
    if (gasp_hex_decode(bytes, len / 2, text, len) == GASP_OK) {
        FUZZ_HOLDS(len % 2 == 0);
        gasp_hex_encode(again, bytes, len / 2);
        for (size_t i = 0; i < len; i++)
            FUZZ_HOLDS(again[i] == text[i] || (text[i] >= 'A' && text[i] <= 'F' && again[i] == text[i] - 'A' + 'a'));
    }
    free(again);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_HOLDS(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    outpoint(text);
    hash(text);
    hex(text, size);
    free(text);
    return 0;
}
