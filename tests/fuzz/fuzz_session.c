/* A whole session from bytes, with a small wallet in memory behind it. The first byte says who began and whether the wallet
 * holds anything; then come pieces, u16 length and bytes, delivered one after the other. Whatever the peer says, the wallet
 * passes its own check afterwards, scripts included. tests/session/test_hostile_streams.c writes the corpus
 * (GASP_WRITE_CORPUS=1): what honest and less honest peers said. */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "gasp/session.h"

enum { INITIATOR = 1, FULL = 2, ROUNDS_MAX = 100000 /* sends that follow one piece */ };

/* All that the session has to say and to report. */
static void drain(gasp_session *s, gasp_time now)
{
    gasp_event event;
    const uint8_t *out;
    size_t len = 1;
    for (int i = 0; len > 0; i++) {
        FUZZ_HOLDS(i < ROUNDS_MAX);
        FUZZ_HOLDS(gasp_session_send(s, &out, &len, now) == GASP_OK || gasp_session_done(s));
        while (gasp_session_event(s, &event) == GASP_OK)
            FUZZ_HOLDS(event.kind >= GASP_EVENT_OPENED && event.kind <= GASP_EVENT_CLOSED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_kv *kv;
    gasp_session *s;
    gasp_session_config config;
    gasp_time now = {1000, 1700000000000};
    gasp_reader r = gasp_reader_of((gasp_bytes){data, size});
    uint8_t flags = gasp_read_u8(&r);
    gasp_wallet *wallet = world_wallet(&kv, (flags & FULL) != 0);
    gasp_session_config_init(&config);
    config.wallet = wallet;
    config.initiator = (flags & INITIATOR) != 0;
    memset(config.seed32, 23, sizeof config.seed32);
    FUZZ_HOLDS(gasp_session_new(&s, &config) == GASP_OK);
    drain(s, now);
    while (gasp_reader_left(&r) >= 2) {
        size_t len = gasp_read_u16(&r);
        gasp_bytes piece = gasp_read_bytes(&r, len < gasp_reader_left(&r) ? len : gasp_reader_left(&r));
        now.mono_ms++;
        gasp_err err = gasp_session_recv(s, piece.data, piece.len, now);
        FUZZ_HOLDS(err == GASP_OK || gasp_session_done(s));
        drain(s, now);
    }
    FUZZ_HOLDS(gasp_session_closed(s, now) != GASP_PENDING && gasp_session_done(s));
    gasp_session_free(s);
    world_is_sound(wallet);
    gasp_wallet_free(wallet);
    gasp_kv_close(kv);
    return 0;
}
