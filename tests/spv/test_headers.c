/* The header rules on real headers, all of which must pass, on real headers with one field changed, and on regtest
 * headers mined here with exactly one rule broken. The rules are checked in a fixed order, so each case names one
 * error. */
#include <string.h>

#include "lib/data.h"
#include "spv/headers.h"
#include "spv/headers_bits.h"
#include "spv/work.h"

static const char RECENT[] = "headers/bsv-mainnet-900000-916817.headers";
enum { RECENT_FIRST = 900000, RECENT_PIN = 900146, RECENT_LAST = 916817 };

static gasp_work work_from(const char *hex64)
{
    gasp_work work;
    assert_err(gasp_hex_decode(work.be, 32, hex64, strlen(hex64)), GASP_OK);
    return work;
}

static const uint8_t *at(gasp_bytes run, size_t i)
{
    assert_true((i + 1) * GASP_HEADER_LEN <= run.len);
    return run.data + i * GASP_HEADER_LEN;
}

static gasp_work add_run(gasp_work work, gasp_bytes run, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gasp_header header;
        gasp_work own;
        gasp_header_decode(&header, at(run, i));
        assert_true(gasp_work_of_bits(&own, header.bits));
        assert_false(gasp_work_add(&work, &work, &own));
    }
    return work;
}

/* Checks and pushes headers [from, to) of a run; how many stood by their link. */
static size_t follow(gasp_header_window *w, gasp_bytes run, size_t from, size_t to)
{
    size_t linked = 0;
    for (size_t i = from; i < to; i++) {
        gasp_header_step step;
        gasp_err err = gasp_header_window_check(w, &step, at(run, i), NULL);
        if (err != GASP_OK)
            fail_msg("header %zu: %s", i, gasp_err_name(err));
        linked += step.linked ? 1 : 0;
        assert_err(gasp_header_window_push(w, &step), GASP_OK);
    }
    return linked;
}

/* The published work before the recent file, and the pin that follows from it and the file. */
static gasp_header_pin recent_pin(gasp_bytes run)
{
    json_t *json = test_shared_json("headers/bsv-mainnet-checkpoints-per-100k.json");
    const json_t *before = json_array_get(json_object_get(json, "files"), 8);
    assert_int_equal(test_json_int(before, "firstHeight"), 800000);
    gasp_header_pin pin = {.height = RECENT_PIN};
    gasp_header_hash(&pin.hash, at(run, RECENT_PIN - RECENT_FIRST));
    pin.work = add_run(work_from(test_json_text(before, "lastChainWork")), run, RECENT_PIN - RECENT_FIRST + 1);
    json_decref(json);
    return pin;
}

/* A window that has taken headers 900000 .. up_to - 1. */
static void recent_window(gasp_header_window *w, gasp_bytes run, uint32_t up_to)
{
    gasp_header_pin pin = recent_pin(run);
    assert_err(gasp_header_window_init(w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    assert_err(gasp_header_window_start_run(w, RECENT_FIRST, run, &pin, NULL), GASP_OK);
    follow(w, run, 0, up_to - RECENT_FIRST);
}

/* ---- real chains ---------------------------------------------------------------------------------------------- */

static void recent_mainnet(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file(RECENT);
    json_t *json = test_shared_json("headers/bsv-mainnet-checkpoints-per-100k.json");
    const json_t *last = json_array_get(json_object_get(json, "files"), 9);
    gasp_header_pin pin = recent_pin(run);
    gasp_header_window w;
    size_t n = run.len / GASP_HEADER_LEN;
    assert_int_equal(n, 16818);
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &pin, NULL), GASP_OK);
    size_t linked = follow(&w, run, 0, n);
    assert_int_equal(linked, 147);
    assert_int_equal(w.next, RECENT_LAST + 1);
    char text[65];
    gasp_hex_encode(text, w.work.be, 32);
    assert_string_equal(text, test_json_text(last, "lastChainWork"));
    gasp_block_hash_to_text(text, &w.last);
    assert_string_equal(text, test_json_text(last, "lastHash"));
    print_message("count: headers: %zu of 16,818 (%zu by link and hash, %zu by difficulty too)\n", n, linked,
                  n - linked);
    gasp_header_window_clear(&w);
    json_decref(json);
    test_release(run);
}

static void mainnet_from_genesis(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file("headers/mainnet-0-10236.headers");
    json_t *json = test_shared_json("headers/btc-mainnet-chainwork-at-2016-boundaries.json");
    gasp_header_window w;
    unsigned boundaries = 0;
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    for (size_t i = 0; i < run.len / GASP_HEADER_LEN; i++) {
        assert_int_equal(follow(&w, run, i, i + 1), 0);
        char key[32], text[65];
        snprintf(key, sizeof key, "%zu", i);
        if (json_object_get(json, key) == NULL)
            continue;
        gasp_hex_encode(text, w.work.be, 32);
        assert_string_equal(text, test_json_text(json, key));
        boundaries++;
    }
    assert_int_equal(w.next, 10237);
    assert_int_equal(boundaries, 11);
    print_message("count: headers from genesis: %u of 10,237, published chain work met %u times\n", (unsigned)w.next,
                  boundaries);
    gasp_header_window_clear(&w);
    json_decref(json);
    test_release(run);
}

/* BTC headers of 2023 with four retargets, judged as if they stood 180 periods lower: above the last version height,
 * below the checkpoint of the fork, and where the classic rule holds. */
enum { LOWERED = 180 * 2016, BTC_FIRST = 822528 - LOWERED };

static void classic_retargets(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file("headers/btc-mainnet-822528-830592.headers");
    json_t *json = test_shared_json("headers/btc-mainnet-chainwork-at-2016-boundaries.json");
    gasp_header_window w;
    gasp_header_pin pin = {.height = BTC_FIRST + 2015};
    gasp_header_hash(&pin.hash, at(run, 2015));
    pin.work = work_from(test_json_text(json, "824543"));
    size_t n = run.len / GASP_HEADER_LEN, changes = 0;
    assert_int_equal(n, 8065);
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    assert_err(gasp_header_window_start_run(&w, BTC_FIRST, run, &pin, NULL), GASP_OK);
    for (size_t i = 0; i < n; i++) {
        uint32_t before = i > 0 ? gasp_header_window_row(&w, 0)->bits : 0;
        size_t linked = follow(&w, run, i, i + 1);
        assert_int_equal(linked, i < 2016 ? 1 : 0);
        changes += linked == 0 && gasp_header_window_row(&w, 0)->bits != before ? 1 : 0;
    }
    assert_int_equal(changes, 4);
    char text[65];
    gasp_hex_encode(text, w.work.be, 32);
    assert_string_equal(text, test_json_text(json, "830592"));
    print_message("count: classic rule: %zu headers of 2023 judged, %zu retargets\n", n - 2016, changes);
    gasp_header_window_clear(&w);
    json_decref(json);
    test_release(run);
}

/* A row of bch-bsv-eda-daa-2017.json. */
static uint32_t fork_row(uint8_t raw80[80], const json_t *rows, size_t i)
{
    const json_t *row = json_array_get(rows, i);
    const char *hex = test_json_text(row, "header");
    assert_err(gasp_hex_decode(raw80, 80, hex, strlen(hex)), GASP_OK);
    return (uint32_t)test_json_int(row, "height");
}

static void emergency_adjustment(void **state)
{
    (void)state;
    json_t *rows = test_shared_json("headers/bch-bsv-eda-daa-2017.json");
    gasp_header_window w;
    uint8_t raw80[80];
    gasp_header header;
    gasp_block_hash hash;
    gasp_header_row row = {0};
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    unsigned judged = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        uint32_t height = fork_row(raw80, rows, i);
        if (height < 478550 || height > 478577)
            continue;
        gasp_header_decode(&header, raw80);
        gasp_header_hash(&hash, raw80);
        if (height == 478566) {
            /* Rows 478550 .. 478565 are real ones, below. What lies before is in no rule between retargets. */
            row.time = header.time, row.bits = header.bits;
            gasp_header_window_load(&w, height, &hash, &row);
            for (size_t back = 1; gasp_header_window_lacks(&w) > 0; back++) {
                gasp_header before = {.time = 1, .bits = header.bits};
                if (back <= 16) {
                    assert_int_equal(fork_row(raw80, rows, i - back), height - back);
                    gasp_header_decode(&before, raw80);
                }
                row.time = before.time, row.bits = before.bits;
                assert_err(gasp_header_window_prepend(&w, &row), GASP_OK);
            }
            assert_int_equal(w.n_rows, 2016);
        } else if (height > 478566) {
            gasp_header_step step;
            assert_err(gasp_header_window_check(&w, &step, raw80, NULL), GASP_OK);
            assert_err(gasp_header_window_push(&w, &step), GASP_OK);
            assert_int_equal(step.header.bits, height == 478577 ? 0x18019902 : 0x18014735);
            judged++;
        }
    }
    assert_int_equal(judged, 11);
    print_message("count: emergency rule: %u headers of August 2017 judged, fired at 478577\n", judged);
    gasp_header_window_clear(&w);
    json_decref(rows);
}

/* ---- real headers with one field changed ---------------------------------------------------------------------- */

typedef struct change {
    const char *what;
    gasp_err want;
    size_t offset; /* of the little-endian u32 that is replaced */
    uint32_t value;
} change;

static void one_field_changed(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file(RECENT);
    gasp_header_window w;
    gasp_header_step step;
    gasp_header real;
    const uint32_t height = 910000;
    const uint8_t *raw = at(run, height - RECENT_FIRST);
    recent_window(&w, run, height);
    assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_OK);
    assert_false(step.linked);
    gasp_header_decode(&real, raw);
    uint32_t median = gasp_header_window_median(&w, 0);
    const change changes[] = {
        {"link", GASP_ERR_HEADER_LINK, 4, 0},
        {"version 3", GASP_ERR_HEADER_VERSION, 0, 3},
        {"version negative", GASP_ERR_HEADER_VERSION, 0, 0x80000004},
        {"time at the median", GASP_ERR_HEADER_TIME, 68, median},
        {"time one above it", GASP_ERR_HEADER_HASH, 68, median + 1},
        {"nBits negative", GASP_ERR_HEADER_TARGET, 72, real.bits | 0x00800000},
        {"nBits zero", GASP_ERR_HEADER_TARGET, 72, 0},
        {"nBits overflow", GASP_ERR_HEADER_TARGET, 72, 0xff7fffff},
        {"nBits above the easiest", GASP_ERR_HEADER_TARGET, 72, 0x1d010000},
        {"nBits of the easiest", GASP_ERR_HEADER_BITS, 72, 0x1d00ffff},
        {"nBits one more", GASP_ERR_HEADER_BITS, 72, real.bits + 1},
        {"nBits one less", GASP_ERR_HEADER_BITS, 72, real.bits - 1},
        {"root", GASP_ERR_HEADER_HASH, 36, 0},
        {"nonce", GASP_ERR_HEADER_HASH, 76, real.nonce + 1},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint8_t bad[80];
        memcpy(bad, raw, 80);
        for (size_t j = 0; j < 4; j++)
            bad[changes[i].offset + j] = (uint8_t)(changes[i].value >> (8 * j));
        gasp_err err = gasp_header_window_check(&w, &step, bad, NULL);
        if (err != changes[i].want)
            fail_msg("%s: %s", changes[i].what, gasp_err_name(err));
    }
    print_message("count: real header with one field changed: %zu cases\n", sizeof changes / sizeof changes[0]);
    gasp_header_window_clear(&w);
    test_release(run);
}

/* The order of the rules: break all of them, then mend one after the other. */
static void first_broken_rule_answers(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file(RECENT);
    gasp_header_window w;
    gasp_header_step step;
    gasp_header real, bad;
    recent_window(&w, run, 905000);
    gasp_header_decode(&real, at(run, 905000 - RECENT_FIRST));
    bad = (gasp_header){.time = 1, .bits = 0};
    const gasp_time early = {0, (uint64_t)(real.time - GASP_HEADER_FUTURE_S - 1) * 1000};
    const gasp_time just = {0, (uint64_t)(real.time - GASP_HEADER_FUTURE_S) * 1000};
    static const gasp_err order[] = {
        GASP_ERR_HEADER_LINK,   GASP_ERR_HEADER_VERSION, GASP_ERR_HEADER_TIME, GASP_ERR_HEADER_FUTURE,
        GASP_ERR_HEADER_TARGET, GASP_ERR_HEADER_BITS,    GASP_ERR_HEADER_HASH, GASP_OK};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const gasp_time *now = i < 4 ? &early : &just;
        uint8_t raw[80];
        gasp_header_encode(raw, &bad);
        assert_err(gasp_header_window_check(&w, &step, raw, now), order[i]);
        if (i == 0)
            bad.prev = real.prev;
        if (i == 1)
            bad.version = real.version;
        if (i == 2)
            bad.time = real.time;
        if (i == 4)
            bad.bits = 0x1d00ffff;
        if (i == 5)
            bad.bits = real.bits;
        if (i == 6)
            bad = real;
    }
    gasp_header_window_clear(&w);
    test_release(run);
}

/* ---- starts --------------------------------------------------------------------------------------------------- */

static void pins(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file(RECENT);
    const gasp_header_pin pin = recent_pin(run);
    gasp_header_pin bad = pin;
    gasp_header_window w;
    gasp_fault fault = {0};
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    bad.hash.b[0] ^= 1;
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &bad, &fault), GASP_ERR_HEADER_PIN);
    assert_int_equal(fault.item, 146);
    assert_int_equal(fault.at, 146 * 80);
    assert_int_equal(w.next, 0);
    bad = pin;
    bad.height++; /* the hash of its neighbour */
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &bad, &fault), GASP_ERR_HEADER_PIN);
    bad = pin;
    bad.work = (gasp_work){{0}}; /* less than the run's own */
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &bad, &fault), GASP_ERR_HEADER_PIN);
    bad = pin;
    bad.height = RECENT_FIRST - 1;
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &bad, NULL), GASP_ERR_MISUSE);
    bad.height = RECENT_LAST + 1;
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &bad, NULL), GASP_ERR_MISUSE);
    const gasp_bytes cut = {run.data, run.len - 1}, late = {run.data + 80, run.len - 80};
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, cut, &pin, &fault), GASP_ERR_HEADER_LENGTH);
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST + 1, late, &pin, &fault), GASP_ERR_HEADER_RUN_SHORT);
    assert_int_equal(fault.err, GASP_ERR_HEADER_RUN_SHORT);
    /* The file once more, as if it ended where cw-144 does not yet hold: 2,016 headers are wanted then. */
    bad.height = 504030;
    gasp_header_hash(&bad.hash, at(run, 2014));
    assert_err(gasp_header_window_start_run(&w, 504030 - 2014, run, &bad, &fault), GASP_ERR_HEADER_RUN_SHORT);
    /* One higher 147 are enough, and the checkpoint there answers. */
    bad.height = 504031;
    gasp_header_hash(&bad.hash, at(run, 146));
    assert_err(gasp_header_window_start_run(&w, 504031 - 146, run, &bad, &fault), GASP_ERR_HEADER_PIN);
    assert_int_equal(fault.item, 146);
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &pin, &fault), GASP_OK);
    gasp_header_window_clear(&w);
    test_release(run);
}

static void run_with_one_field_changed(void **state)
{
    (void)state;
    gasp_bytes file = test_shared_file(RECENT);
    const gasp_header_pin pin = recent_pin(file);
    gasp_header_window w;
    gasp_header_step step;
    gasp_fault fault = {0};
    uint8_t copy[147 * 80];
    const gasp_bytes run = {copy, sizeof copy};
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    for (size_t i = 0; i < 147; i++) {
        memcpy(copy, file.data, sizeof copy);
        copy[i * 80 + 36] ^= 1;
        assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &pin, &fault),
                   i == 146 ? GASP_ERR_HEADER_PIN : GASP_ERR_HEADER_LINK);
        assert_int_equal(fault.item, i == 146 ? 146 : i + 1);
    }
    /* Checked, and then another run pushed: its link, its work or the pin tell. */
    memcpy(copy, file.data, sizeof copy);
    assert_err(gasp_header_window_start_run(&w, RECENT_FIRST, run, &pin, &fault), GASP_OK);
    assert_int_equal(gasp_header_window_lacks(&w), 0);
    copy[0] = 3, copy[1] = copy[2] = copy[3] = 0;
    assert_err(gasp_header_window_check(&w, &step, copy, NULL), GASP_ERR_HEADER_VERSION);
    copy[4] ^= 1;
    assert_err(gasp_header_window_check(&w, &step, copy, NULL), GASP_ERR_HEADER_LINK);
    memcpy(copy, file.data, sizeof copy);
    copy[36] ^= 1;
    assert_err(gasp_header_window_check(&w, &step, copy, NULL), GASP_ERR_HEADER_HASH);
    gasp_header_window_clear(&w);
    test_release(file);
}

/* A branch: the window that was built by walking back judges as the one that was built forward. */
static void built_backwards(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file(RECENT);
    gasp_header_window forward, back;
    gasp_header_step step, same;
    recent_window(&forward, run, 903000);
    assert_err(gasp_header_window_init(&back, GASP_NETWORK_MAIN, NULL), GASP_OK);
    gasp_header_window_load(&back, 902999, &forward.last, gasp_header_window_row(&forward, 0));
    assert_int_equal(gasp_header_window_lacks(&back), 146);
    assert_err(gasp_header_window_check(&back, &step, at(run, 3000), NULL), GASP_ERR_HEADER_RUN_SHORT);
    for (size_t i = 1; gasp_header_window_lacks(&back) > 0; i++)
        assert_err(gasp_header_window_prepend(&back, gasp_header_window_row(&forward, i)), GASP_OK);
    assert_int_equal(back.n_rows, 147);
    for (size_t i = 3000; i < 6000; i++) {
        assert_err(gasp_header_window_check(&forward, &step, at(run, i), NULL), GASP_OK);
        assert_err(gasp_header_window_check(&back, &same, at(run, i), NULL), GASP_OK);
        assert_memory_equal(&step.work, &same.work, sizeof step.work);
        assert_err(gasp_header_window_push(&back, &same), GASP_OK);
        assert_err(gasp_header_window_push(&back, &same), GASP_ERR_MISUSE);
        assert_err(gasp_header_window_push(&forward, &step), GASP_OK);
    }
    assert_int_equal(back.n_rows, 2016);
    assert_err(gasp_header_window_prepend(&back, gasp_header_window_row(&forward, 0)), GASP_ERR_MISUSE);
    gasp_header_row row = *gasp_header_window_row(&forward, 0);
    gasp_header_window_load(&back, 0, &forward.last, &row);
    assert_err(gasp_header_window_prepend(&back, &row), GASP_ERR_MISUSE); /* nothing is before genesis */
    gasp_header_window_clear(&back);
    gasp_header_window_clear(&forward);
    test_release(run);
}

static void trusted(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file(RECENT);
    const gasp_network_rules *rules = gasp_network_rules_of(GASP_NETWORK_MAIN);
    gasp_header_window w;
    gasp_header_step step, next;
    const gasp_work none = {{0}};
    uint8_t bad[80];
    assert_err(gasp_header_trust(&step, rules, 900500, at(run, 500)), GASP_OK);
    assert_int_equal(step.height, 900500);
    assert_int_equal(gasp_work_compare(&step.work, &none), 0);
    memcpy(bad, at(run, 500), 80);
    bad[79] ^= 1;
    assert_err(gasp_header_trust(&next, rules, 900500, bad), GASP_ERR_HEADER_HASH);
    bad[75] = 0xff;
    assert_err(gasp_header_trust(&next, rules, 900500, bad), GASP_ERR_HEADER_TARGET);
    memset(bad, 0, 4);
    assert_err(gasp_header_trust(&next, rules, 900500, bad), GASP_ERR_HEADER_VERSION);
    assert_err(gasp_header_trust(&next, rules, 899999, at(run, 500)), GASP_ERR_HEADER_PIN);
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    gasp_header_window_start_trusted(&w, &step);
    assert_int_equal(gasp_header_window_lacks(&w), 146);
    assert_err(gasp_header_window_check(&w, &next, at(run, 501), NULL), GASP_ERR_HEADER_RUN_SHORT);
    assert_err(gasp_header_window_check(&w, &next, at(run, 502), NULL), GASP_ERR_HEADER_LINK);
    uint8_t genesis[80];
    gasp_network_genesis(genesis, rules);
    assert_err(gasp_header_trust(&step, rules, 0, genesis), GASP_OK);
    gasp_header_window_start_trusted(&w, &step);
    assert_int_equal(gasp_header_window_lacks(&w), 1);
    gasp_header_window_clear(&w);
    test_release(run);
}

static void pinned_at_genesis(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file("headers/mainnet-0-10236.headers");
    gasp_header_window w;
    gasp_header_pin pin = {.height = 100};
    const gasp_work one = {{[31] = 1}};
    gasp_header_hash(&pin.hash, at(run, 100));
    pin.work = add_run(pin.work, run, 101);
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    assert_err(gasp_header_window_start_run(&w, 0, run, &pin, NULL), GASP_OK);
    assert_int_equal(follow(&w, run, 0, 5000), 101);
    assert_false(gasp_work_add(&pin.work, &pin.work, &one));
    assert_err(gasp_header_window_start_run(&w, 0, run, &pin, NULL), GASP_ERR_HEADER_PIN);
    gasp_header_window_clear(&w);
    test_release(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recent_mainnet),
        cmocka_unit_test(mainnet_from_genesis),
        cmocka_unit_test(classic_retargets),
        cmocka_unit_test(emergency_adjustment),
        cmocka_unit_test(one_field_changed),
        cmocka_unit_test(first_broken_rule_answers),
        cmocka_unit_test(pins),
        cmocka_unit_test(run_with_one_field_changed),
        cmocka_unit_test(built_backwards),
        cmocka_unit_test(trusted),
        cmocka_unit_test(pinned_at_genesis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
