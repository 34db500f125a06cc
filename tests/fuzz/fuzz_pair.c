/* Two sessions, and somebody between them. The first byte says which side holds something and how much credit there is; then
 * come steps of five bytes: how many messages of either side pass before it, what is done to the next one, where, with what.
 * Whatever is done, both sessions end, both wallets pass their check, and a sync without anybody between completes. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/reader.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "gasp/session.h"

enum { ROUNDS_MAX = 20000, FIRST_FULL = 1, SECOND_FULL = 2, LITTLE_CREDIT = 4 };
enum { FLIP, PUT, LEAVE_OUT, CUT, REPEAT, LOSE, REPLAY, BREAK, STEPS };

typedef struct step {
    unsigned pass;
    unsigned what;
    unsigned at; /* 0..65535, of the length */
    uint8_t with;
} step;

typedef struct between {
    gasp_reader script;
    step next;
    bool more;
    bool broken;
    gasp_buf heard; /* something that was said before, by either */
} between;

static void read_step(between *b)
{
    b->more = gasp_reader_left(&b->script) >= 5;
    if (!b->more)
        return;
    b->next.pass = gasp_read_u8(&b->script);
    b->next.what = gasp_read_u8(&b->script) % STEPS;
    b->next.at = gasp_read_u16(&b->script);
    b->next.with = gasp_read_u8(&b->script);
}

static void put(gasp_buf *out, const uint8_t *bytes, size_t len)
{
    FUZZ_HOLDS(gasp_buf_append(out, bytes, len) == GASP_OK);
}

static void meddle(between *b, gasp_buf *out, const uint8_t *bytes, size_t len)
{
    const step s = b->next;
    const size_t at = (size_t)s.at * len / 65536;
    const unsigned other = s.what == FLIP ? bytes[at] ^ (1u << s.with % 8) : (unsigned)s.with;
    const uint8_t changed = (uint8_t)(other & 0xff);
    const size_t out_len = s.with < len - at ? s.with : len - at;
    if (s.what == FLIP || s.what == PUT) {
        put(out, bytes, at);
        put(out, &changed, 1);
        put(out, bytes + at + 1, len - at - 1);
    } else if (s.what == LEAVE_OUT) {
        put(out, bytes, at);
        put(out, bytes + at + out_len, len - at - out_len);
    } else if (s.what == CUT) {
        put(out, bytes, at);
    } else if (s.what == REPEAT) {
        put(out, bytes, len);
        put(out, bytes + at, len - at);
    } else if (s.what == REPLAY) {
        put(out, b->heard.data, b->heard.len);
        put(out, bytes, len);
    }
    b->broken = s.what == BREAK;
    read_step(b);
}

/* What a side said goes to the other one; NULL: as it is. */
static void deliver(between *b, gasp_session *to, const uint8_t *bytes, size_t len, gasp_time now)
{
    gasp_buf changed;
    gasp_buf_init(&changed, SIZE_MAX, NULL);
    if (b == NULL || !b->more || b->next.pass > 0) {
        put(&changed, bytes, len);
        if (b != NULL && b->more)
            b->next.pass--;
    } else {
        meddle(b, &changed, bytes, len);
    }
    if (b != NULL && len % 3 == 0) {
        gasp_buf_clear(&b->heard);
        put(&b->heard, bytes, len);
    }
    if (changed.len > 0) {
        gasp_err err = gasp_session_recv(to, changed.data, changed.len, now);
        FUZZ_HOLDS(err == GASP_OK || gasp_session_done(to));
        FUZZ_HOLDS(err == GASP_OK || gasp_err_class(err) == GASP_CLASS_PEER ||
                   gasp_err_class(err) == GASP_CLASS_DECODE);
    }
    gasp_buf_clear(&changed);
}

/* Whether both closed with equal sets. */
static bool sync_of(gasp_wallet *const wallets[2], between *b, uint8_t seed, bool little)
{
    gasp_session *s[2];
    gasp_time now = {1000 + 1000000 * (uint64_t)seed, 1700000000000 + 1000000 * (uint64_t)seed};
    size_t equal = 0;
    for (int i = 0; i < 2; i++) {
        gasp_session_config config;
        gasp_session_config_init(&config);
        config.wallet = wallets[i];
        config.initiator = i == 0;
        config.peer = &seed;
        config.peer_len = 1;
        if (little)
            config.limits.credit_roots = config.limits.max_wants = 1;
        memset(config.seed32, seed + i, sizeof config.seed32);
        FUZZ_HOLDS(gasp_session_new(&s[i], &config) == GASP_OK);
    }
    int rounds = 0;
    for (bool moved = true; moved && (b == NULL || !b->broken);) {
        moved = false;
        FUZZ_HOLDS(++rounds < ROUNDS_MAX);
        for (int i = 0; i < 2; i++) {
            const uint8_t *out;
            size_t len;
            now.mono_ms++;
            now.wall_ms++;
            FUZZ_HOLDS(gasp_session_send(s[i], &out, &len, now) == GASP_OK || gasp_session_done(s[i]));
            moved = moved || len > 0;
            if (len > 0)
                deliver(b, s[!i], out, len, now);
        }
    }
    for (int i = 0; i < 2; i++) {
        gasp_event event;
        gasp_err err = gasp_session_closed(s[i], now);
        bool well = false;
        while (gasp_session_event(s[i], &event) == GASP_OK)
            if (event.kind == GASP_EVENT_CLOSED)
                well = event.closed.equal && event.closed.result == GASP_RESULT_COMPLETE;
        equal += well && err == GASP_OK;
        FUZZ_HOLDS(gasp_session_done(s[i]));
        gasp_session_free(s[i]);
    }
    return equal == 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    between b = {.script = gasp_reader_of((gasp_bytes){data, size})};
    gasp_wallet *wallets[2];
    gasp_kv *kv[2];
    const uint8_t flags = gasp_read_u8(&b.script);
    const bool little = (flags & LITTLE_CREDIT) != 0;
    gasp_buf_init(&b.heard, SIZE_MAX, NULL);
    read_step(&b);
    for (int i = 0; i < 2; i++)
        wallets[i] = world_wallet(&kv[i], (flags & (i == 0 ? FIRST_FULL : SECOND_FULL)) != 0);
    bool untouched = !b.more;
    bool equal = sync_of(wallets, &b, 1, little);
    FUZZ_HOLDS(!untouched || equal);
    for (int i = 0; i < 2; i++)
        world_is_sound(wallets[i]);
    FUZZ_HOLDS(sync_of(wallets, NULL, 2, false));
    for (int i = 0; i < 2; i++) {
        world_is_sound(wallets[i]);
        gasp_wallet_free(wallets[i]);
        gasp_kv_close(kv[i]);
    }
    gasp_buf_clear(&b.heard);
    return 0;
}
