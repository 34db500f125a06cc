/* Headers into a wallet of regtest: runs, each u8 how, u8 height, u8 number of headers, then the headers; how & 1: with a pin
 * on the last one; how & 2: the first is a decree. Whatever is refused, the wallet passes its check, and its tip is one that
 * it holds. */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "gasp/header.h"

enum { PINNED = 1, DECREE = 2, ROUNDS_MAX = 16 };

static void import(gasp_wallet *wallet, unsigned how, uint32_t height, gasp_bytes run)
{
    static const gasp_time now = {2, 1900000000000};
    const size_t n = run.len / GASP_HEADER_LEN;
    gasp_headers_report report;
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_pin pin = {.height = height + (uint32_t)(n > 0 ? n - 1 : 0)};
    if ((how & DECREE) != 0 && n > 0) {
        gasp_err err = gasp_wallet_headers_trust(wallet, run.data, height, now);
        FUZZ_HOLDS(err == GASP_OK || gasp_err_class(err) == GASP_CLASS_VERIFY);
        return;
    }
    pin.work.be[31] = 100;
    if (n > 0)
        gasp_header_hash(&pin.hash, run.data + (n - 1) * GASP_HEADER_LEN);
    gasp_err err = gasp_wallet_headers_import(wallet, &report, run.data, run.len, height,
                                              (how & PINNED) != 0 ? &pin : NULL, now, &fault);
    gasp_class cls = gasp_err_class(err);
    FUZZ_HOLDS(err == GASP_OK || cls == GASP_CLASS_VERIFY || cls == GASP_CLASS_DECODE || err == GASP_ERR_MISUSE);
    FUZZ_HOLDS(report.judged + report.linked + report.known <= report.given || err != GASP_OK);
    FUZZ_HOLDS(fault.at <= run.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_kv *kv;
    gasp_header_info tip;
    gasp_header_info at;
    gasp_reader r = gasp_reader_of((gasp_bytes){data, size});
    gasp_wallet *wallet = world_bare(&kv);
    for (int i = 0; i < ROUNDS_MAX && gasp_reader_left(&r) >= 3; i++) {
        const unsigned how = gasp_read_u8(&r);
        const uint32_t height = gasp_read_u8(&r);
        size_t len = GASP_HEADER_LEN * (size_t)gasp_read_u8(&r) + (how >> 7);
        len = len < gasp_reader_left(&r) ? len : gasp_reader_left(&r);
        import(wallet, how, height, gasp_read_bytes(&r, len));
    }
    world_is_sound(wallet);
    FUZZ_HOLDS(gasp_wallet_headers_tip(wallet, &tip) == GASP_OK);
    FUZZ_HOLDS(gasp_wallet_header_at(wallet, &at, tip.height) == GASP_OK && memcmp(&at.hash, &tip.hash, 32) == 0);
    gasp_wallet_free(wallet);
    gasp_kv_close(kv);
    return 0;
}
