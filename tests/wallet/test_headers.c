/* The wallet's header chain: real headers from a pin, on both stores; mined regtest headers in every order that moves the
 * best chain; single trusted ones; runs that were apart; and a store that fails in between. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gasp/leveldb.h"
#include "lib/data.h"
#include "lib/random.h"
#include "spv/work.h"
#include "store/faulty.h"
#include "wallet/made_headers.h"

static const char RECENT[] = "headers/bsv-mainnet-900000-916817.headers";
enum { FIRST = 900000, PIN = 900146, LAST = 916817, COUNT = 16818 };

static gasp_kv *memory(void)
{
    gasp_kv *kv = NULL;
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    return kv;
}

/* ---- real headers ---------------------------------------------------------------------------------------------- */

/* The published work of 899999 and the work of what follows it up to the pin. */
static gasp_pin recent_pin(gasp_bytes run)
{
    json_t *json = test_shared_json("headers/bsv-mainnet-checkpoints-per-100k.json");
    const json_t *before = json_array_get(json_object_get(json, "files"), 8);
    const char *hex = test_json_text(before, "lastChainWork");
    gasp_pin pin = {.height = PIN};
    assert_int_equal(test_json_int(before, "firstHeight"), 800000);
    assert_err(gasp_hex_decode(pin.work.be, 32, hex, strlen(hex)), GASP_OK);
    for (size_t i = 0; i <= PIN - FIRST; i++) {
        gasp_header header;
        gasp_work own;
        gasp_header_decode(&header, run.data + i * 80);
        assert_true(gasp_work_of_bits(&own, header.bits));
        assert_false(gasp_work_add(&pin.work, &pin.work, &own));
    }
    gasp_header_hash(&pin.hash, run.data + (size_t)(PIN - FIRST) * 80);
    json_decref(json);
    return pin;
}

static gasp_err import(gasp_wallet *w, gasp_headers_report *report, gasp_bytes run, uint32_t height,
                       const gasp_pin *pin, gasp_fault *fault)
{
    return gasp_wallet_headers_import(w, report, run.data, run.len, height, pin, mined_now, fault);
}

static void tip_as_published(gasp_wallet *w)
{
    json_t *json = test_shared_json("headers/bsv-mainnet-checkpoints-per-100k.json");
    const json_t *last = json_array_get(json_object_get(json, "files"), 9);
    gasp_header_info tip;
    char text[65];
    assert_err(gasp_wallet_headers_tip(w, &tip), GASP_OK);
    assert_int_equal(tip.height, LAST);
    assert_int_equal(tip.trust, GASP_TRUST_RULES);
    gasp_hex_encode(text, tip.work.be, 32);
    assert_string_equal(text, test_json_text(last, "lastChainWork"));
    gasp_block_hash_to_text(text, &tip.hash);
    assert_string_equal(text, test_json_text(last, "lastHash"));
    json_decref(json);
}

static void take_recent(const gasp_kv *kv, const char *store)
{
    gasp_bytes run = test_shared_file(RECENT);
    const gasp_pin pin = recent_pin(run);
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_MAIN);
    gasp_headers_report report;
    gasp_header_info info;
    assert_int_equal(run.len, (size_t)COUNT * 80);
    assert_err(import(w, &report, run, FIRST, &pin, NULL), GASP_OK);
    assert_int_equal(report.given, COUNT);
    assert_int_equal(report.linked, 147);
    assert_int_equal(report.judged, COUNT - 147);
    assert_int_equal(report.known, 0);
    assert_int_equal(report.tip_height, LAST);
    assert_false(report.reorganised);
    tip_as_published(w);
    gasp_wallet_free(w);
    w = mined_open(kv);
    tip_as_published(w);
    for (uint32_t height = FIRST; height <= LAST; height++) {
        assert_err(gasp_wallet_header_at(w, &info, height), GASP_OK);
        assert_memory_equal(info.raw80, run.data + (size_t)(height - FIRST) * 80, 80);
        assert_int_equal(info.height, height);
        assert_int_equal(info.trust, height <= PIN ? GASP_TRUST_PIN : GASP_TRUST_RULES);
    }
    mined_stands(w, FIRST - 1, NULL);
    mined_stands(w, LAST + 1, NULL);
    assert_err(gasp_wallet_header_at(w, &info, 0), GASP_OK);
    /* Once more, without and with the pin: all known. */
    assert_err(import(w, &report, run, FIRST, NULL, NULL), GASP_OK);
    assert_int_equal(report.known, COUNT);
    assert_err(import(w, &report, run, FIRST, &pin, NULL), GASP_OK);
    assert_int_equal(report.known, COUNT);
    assert_int_equal(report.judged + report.linked, 0);
    gasp_check_report healthy = mined_healthy(w);
    assert_int_equal(healthy.headers, COUNT + 1);
    print_message("count: %s: %u of 16,818 real headers, tip of the published work\n", store, (unsigned)COUNT);
    gasp_wallet_free(w);
    test_release(run);
}

static void real_in_memory(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    take_recent(kv, "memory");
    gasp_kv_close(kv);
}

static void real_in_leveldb(void **state)
{
    (void)state;
    char dir[] = "/tmp/gasp-headers-XXXXXX";
    char path[64];
    gasp_leveldb_config config;
    gasp_kv *kv = NULL;
    gasp_kv_text why;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/store", dir);
    gasp_leveldb_config_init(&config);
    config.mode = GASP_LEVELDB_CREATE;
    assert_err(gasp_kv_leveldb_open(&kv, path, &config, NULL, &why), GASP_OK);
    take_recent(kv, "leveldb");
    gasp_kv_close(kv);
    assert_err(gasp_kv_leveldb_destroy(path, &why), GASP_OK);
    assert_int_equal(rmdir(dir), 0);
}

static gasp_err count_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)ctx;
    return GASP_OK;
}

static size_t rows_of(const gasp_kv *kv)
{
    size_t n = 0;
    assert_err(kv->scan(kv->user, NULL, (gasp_bytes){0}, (gasp_bytes){0}, false, count_row, &n), GASP_OK);
    return n;
}

static void pin_that_fails(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file(RECENT);
    const gasp_pin pin = recent_pin(run);
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_MAIN);
    const size_t rows = rows_of(kv);
    gasp_headers_report report;
    gasp_fault fault = {0};
    gasp_pin bad = pin;
    bad.hash.b[0] ^= 1;
    assert_err(import(w, &report, run, FIRST, &bad, &fault), GASP_ERR_HEADER_PIN);
    assert_int_equal(fault.item, PIN - FIRST);
    assert_int_equal(report.linked + report.judged, 0);
    assert_int_equal(report.tip_height, 0);
    bad = pin;
    bad.height = LAST + 1;
    assert_err(import(w, &report, run, FIRST, &bad, NULL), GASP_ERR_MISUSE);
    const gasp_bytes late = {run.data + 80, run.len - 80}, cut = {run.data, run.len - 1};
    assert_err(import(w, &report, late, FIRST + 1, &pin, &fault), GASP_ERR_HEADER_RUN_SHORT);
    assert_err(import(w, &report, cut, FIRST, &pin, &fault), GASP_ERR_HEADER_LENGTH);
    /* A header before the pin was exchanged: the links break, whatever comes after. */
    uint8_t *bytes = malloc(run.len);
    assert_non_null(bytes);
    memcpy(bytes, run.data, run.len);
    bytes[50 * 80 + 40] ^= 1;
    assert_err(import(w, &report, (gasp_bytes){bytes, run.len}, FIRST, &pin, &fault), GASP_ERR_HEADER_LINK);
    assert_int_equal(fault.item, 51);
    assert_int_equal(rows_of(kv), rows);
    /* After the pin: what came before it stays. */
    memcpy(bytes, run.data, run.len);
    bytes[5000 * 80 + 40] ^= 1;
    assert_err(import(w, &report, (gasp_bytes){bytes, run.len}, FIRST, &pin, &fault), GASP_ERR_HEADER_HASH);
    assert_int_equal(fault.item, 5000);
    assert_int_equal(fault.at, 5000 * 80);
    assert_int_equal(report.linked + report.judged, 5000);
    assert_int_equal(report.tip_height, FIRST + 4999);
    /* The rest without a pin; then a pin that says another work than the one that was taken. */
    const gasp_bytes rest = {run.data + 4990 * 80, run.len - 4990 * 80};
    assert_err(import(w, &report, rest, FIRST + 4990, NULL, NULL), GASP_OK);
    assert_int_equal(report.known, 10);
    tip_as_published(w);
    bad = pin;
    bad.work.be[31] ^= 1;
    assert_err(import(w, &report, run, FIRST, &bad, &fault), GASP_ERR_HEADER_PIN);
    mined_healthy(w);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
    free(bytes);
    test_release(run);
}

/* ---- where a run begins ---------------------------------------------------------------------------------------- */

static void beginnings(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    const mined_header genesis = mined_genesis();
    mined_header *run = mined_run(&genesis, 30, 1);
    gasp_headers_report report;
    gasp_bytes bytes = mined_bytes(run, 30);
    gasp_fault fault = {0};
    /* Nothing at all; headers on nothing; a wrong height; too early for our clock. */
    assert_err(gasp_wallet_headers_import(w, &report, NULL, 0, 0, NULL, mined_now, NULL), GASP_OK);
    assert_int_equal(report.given, 0);
    mined_import(w, run + 1, 29, GASP_ERR_HEADER_UNKNOWN_PARENT, NULL);
    assert_err(import(w, &report, bytes, 2, NULL, &fault), GASP_ERR_HEADER_LINK);
    const gasp_time early = {0, ((uint64_t)run[9].time - 7200) * 1000};
    assert_err(gasp_wallet_headers_import(w, &report, bytes.data, bytes.len, 1, NULL, early, &fault),
               GASP_ERR_HEADER_FUTURE);
    assert_int_equal(fault.item, 10);
    assert_int_equal(report.judged, 10);
    mined_tip_is(w, &run[9]);
    /* With genesis in front, and what is known by now. */
    uint8_t whole[31 * 80];
    memcpy(whole, genesis.raw80, 80);
    memcpy(whole + 80, bytes.data, bytes.len);
    assert_err(import(w, &report, (gasp_bytes){whole, sizeof whole}, 0, NULL, NULL), GASP_OK);
    assert_int_equal(report.known, 11);
    assert_int_equal(report.judged, 20);
    mined_tip_is(w, &run[29]);
    /* Judged headers are not judged by the clock again. */
    assert_err(gasp_wallet_headers_import(w, &report, bytes.data, bytes.len, 1, NULL, early, &fault), GASP_OK);
    assert_int_equal(report.known, 30);
    mined_healthy(w);
    test_release(bytes);
    free(run);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

/* ---- branches -------------------------------------------------------------------------------------------------- */

/* The whole of a chain stands, and nothing above it. */
static void chain_stands(gasp_wallet *w, const mined_header *run, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mined_stands(w, run[i].height, &run[i].hash);
    mined_stands(w, run[n - 1].height + 1, NULL);
    mined_tip_is(w, &run[n - 1]);
}

static void reorg_of(size_t depth)
{
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    const mined_header genesis = mined_genesis();
    mined_header *trunk = mined_run(&genesis, 20, 1);
    mined_header *a = mined_run(&trunk[19], depth + 2, 2);
    mined_header *b = mined_run(&trunk[19], depth + 2, 3);
    gasp_headers_report report;
    mined_import(w, trunk, 20, GASP_OK, NULL);
    mined_import(w, a, depth, GASP_OK, &report);
    assert_false(report.reorganised);
    /* A tie: the first seen stays. */
    mined_import(w, b, depth, GASP_OK, &report);
    assert_false(report.reorganised);
    assert_int_equal(report.judged, depth);
    chain_stands(w, a, depth);
    /* One more, and it turns; two more on the other, and back. */
    mined_import(w, b + depth, 1, GASP_OK, &report);
    assert_true(report.reorganised);
    assert_memory_equal(report.tip.b, b[depth].hash.b, 32);
    chain_stands(w, b, depth + 1);
    mined_stands(w, 20, &trunk[19].hash);
    mined_import(w, a + depth, 1, GASP_OK, &report);
    assert_false(report.reorganised);
    mined_import(w, a + depth + 1, 1, GASP_OK, &report);
    assert_true(report.reorganised);
    chain_stands(w, a, depth + 2);
    /* The side branch is kept: it can be built upon. */
    mined_import(w, b, depth + 1, GASP_OK, &report);
    assert_int_equal(report.known, depth + 1);
    gasp_check_report healthy = mined_healthy(w);
    assert_int_equal(healthy.headers, 1 + 20 + 2 * depth + 3);
    free(trunk);
    free(a);
    free(b);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

static void reorgs(void **state)
{
    (void)state;
    static const size_t depths[] = {1, 10, 300};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++)
        reorg_of(depths[i]);
    print_message("count: reorganisations of depth 1, 10 and 300, both ways\n");
}

/* Random trees, in random order of arrival, against the rule in its own words. */
static void random_trees(void **state)
{
    (void)state;
    test_random r = test_random_start("wallet/headers/trees");
    unsigned trees = 200 / test_one_in() + 1;
    unsigned turned = 0;
    for (unsigned t = 0; t < trees; t++) {
        enum { NODES = 24 };
        mined_header node[NODES];
        size_t up[NODES] = {0};
        size_t best = 0;
        gasp_kv *kv = memory();
        gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
        node[0] = mined_genesis();
        for (size_t i = 1; i < NODES; i++) {
            gasp_headers_report report;
            size_t span = i < 5 ? i : 5;
            up[i] = i - 1 - (size_t)test_random_below(&r, span);
            node[i] = mined_next(&node[up[i]], NULL, (uint32_t)i);
            mined_import(w, &node[i], 1, GASP_OK, &report);
            size_t old = best;
            if (node[i].height > node[best].height)
                best = i;
            assert_int_equal(report.reorganised, best == i && up[i] != old);
            turned += report.reorganised ? 1 : 0;
        }
        mined_tip_is(w, &node[best]);
        for (size_t at = best; at != 0; at = up[at])
            mined_stands(w, node[at].height, &node[at].hash);
        mined_stands(w, node[best].height + 1, NULL);
        mined_healthy(w);
        gasp_wallet_free(w);
        gasp_kv_close(kv);
    }
    assert_true(turned > 0);
    print_message("count: %u random trees of 24 headers, %u reorganisations\n", trees, turned);
}

/* ---- by decree ------------------------------------------------------------------------------------------------- */

static gasp_err trust(gasp_wallet *w, const mined_header *header)
{
    return gasp_wallet_headers_trust(w, header->raw80, header->height, mined_now);
}

static void decree_stands_and_gives_way(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    static const gasp_work none;
    const mined_header genesis = mined_genesis();
    mined_header *run = mined_run(&genesis, 40, 1);
    mined_header *other = mined_run(&run[9], 30, 2);
    gasp_header_info info;
    mined_import(w, run, 10, GASP_OK, NULL);
    assert_err(trust(w, &run[24]), GASP_OK);
    assert_err(trust(w, &run[24]), GASP_OK); /* known */
    assert_err(gasp_wallet_header_at(w, &info, 25), GASP_OK);
    assert_int_equal(info.trust, GASP_TRUST_DECREE);
    assert_memory_equal(info.work.be, none.be, 32);
    mined_tip_is(w, &run[9]); /* ends no tip */
    mined_stands(w, 24, NULL);
    mined_healthy(w);
    /* Nothing can be judged on top of it. */
    mined_import(w, run + 25, 1, GASP_ERR_HEADER_RUN_SHORT, NULL);
    /* Another decree at its height; the same header at another one. */
    assert_err(trust(w, &other[14]), GASP_OK);
    mined_stands(w, 25, &other[14].hash);
    mined_header moved = run[24];
    moved.height = 30;
    assert_err(trust(w, &moved), GASP_OK);
    mined_stands(w, 30, &run[24].hash);
    moved.height = 28;
    assert_err(trust(w, &moved), GASP_OK);
    mined_stands(w, 30, NULL);
    mined_healthy(w);
    assert_err(trust(w, &run[24]), GASP_OK);
    mined_stands(w, 28, NULL);
    mined_stands(w, 25, &run[24].hash);
    /* A chain that does not reach it, one that covers it with another header. */
    mined_import(w, other, 10, GASP_OK, NULL);
    mined_stands(w, 25, &run[24].hash);
    mined_import(w, other + 10, 10, GASP_OK, NULL);
    mined_stands(w, 25, &other[14].hash);
    mined_tip_is(w, &other[19]);
    mined_healthy(w);
    /* By its rules now, whatever was said of it before. */
    assert_err(gasp_wallet_header_at(w, &info, 25), GASP_OK);
    assert_int_equal(info.trust, GASP_TRUST_RULES);
    assert_err(trust(w, &run[24]), GASP_ERR_HEADER_PIN);
    gasp_headers_report report;
    mined_import(w, run + 10, 30, GASP_OK, &report);
    assert_int_equal(report.judged, 30);
    assert_true(report.reorganised);
    mined_tip_is(w, &run[39]);
    assert_err(trust(w, &other[14]), GASP_ERR_HEADER_PIN); /* held, of a side branch */
    moved = other[14];
    moved.height = 90;
    assert_err(trust(w, &moved), GASP_ERR_HEADER_PIN);
    mined_healthy(w);
    free(run);
    free(other);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

static void decree_refused(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    const mined_header genesis = mined_genesis();
    const size_t rows = rows_of(kv);
    mined_header header = mined_next(&genesis, NULL, 1);
    gasp_header fields, bad;
    gasp_header_decode(&fields, header.raw80);
    bad = fields;
    bad.bits = 0;
    gasp_header_encode(header.raw80, &bad);
    assert_err(trust(w, &header), GASP_ERR_HEADER_TARGET);
    bad.bits = 0x03000001; /* a target that nothing meets */
    gasp_header_encode(header.raw80, &bad);
    assert_err(trust(w, &header), GASP_ERR_HEADER_HASH);
    header.height = 2000;
    bad = fields;
    bad.version = 1;
    gasp_header_encode(header.raw80, &bad);
    assert_err(trust(w, &header), GASP_ERR_HEADER_VERSION);
    header = mined_next(&genesis, NULL, 1);
    header.height = 0;
    assert_err(trust(w, &header), GASP_ERR_HEADER_PIN);
    assert_int_equal(rows_of(kv), rows);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

/* A trusted header is taken into the linked chain that reaches it, and judged there. */
static void decree_becomes_linked(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    const mined_header genesis = mined_genesis();
    mined_header *run = mined_run(&genesis, 30, 1);
    gasp_header_info info;
    gasp_headers_report report;
    mined_import(w, run, 10, GASP_OK, NULL);
    assert_err(trust(w, &run[14]), GASP_OK);
    assert_err(trust(w, &run[15]), GASP_OK);
    assert_err(trust(w, &run[29]), GASP_OK);
    mined_import(w, run + 10, 10, GASP_OK, &report);
    assert_int_equal(report.judged, 10);
    assert_false(report.reorganised);
    for (size_t i = 0; i < 20; i++) {
        assert_err(gasp_wallet_header_at(w, &info, run[i].height), GASP_OK);
        assert_memory_equal(info.hash.b, run[i].hash.b, 32);
        assert_int_equal(info.trust, GASP_TRUST_RULES);
    }
    mined_tip_is(w, &run[19]);
    mined_stands(w, 30, &run[29].hash);
    mined_healthy(w);
    free(run);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

/* ---- runs that were apart -------------------------------------------------------------------------------------- */

enum { FAR = 3000 };

static void gap_closes(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    mined_header run[121];
    gasp_headers_report report;
    run[0] = mined_orphan(FAR, 1);
    for (size_t i = 1; i <= 120; i++)
        run[i] = mined_next(&run[i - 1], NULL, 1);
    /* The lower part, then the upper one beyond a gap: both stand, by their pins. Work counts two a header. */
    mined_import_pinned(w, run, 40, 15, 2 * (1000 + 15), GASP_OK);
    mined_tip_is(w, &run[39]);
    mined_import_pinned(w, run + 60, 60, 15, 2 * (1000 + 75), GASP_OK);
    mined_tip_is(w, &run[119]);
    mined_stands(w, run[39].height, &run[39].hash);
    mined_stands(w, run[40].height, NULL);
    mined_stands(w, run[60].height, &run[60].hash);
    mined_healthy(w);
    /* A decree that the upper part contradicts, and one that it does not. */
    mined_header below = mined_orphan(run[59].height, 9);
    assert_err(trust(w, &below), GASP_ERR_HEADER_PIN);
    assert_err(trust(w, &run[59]), GASP_OK);
    /* The gap closes from below; all of it is one chain then. */
    mined_import(w, run + 40, 10, GASP_OK, &report);
    mined_stands(w, run[45].height, NULL);
    mined_healthy(w);
    mined_import(w, run + 50, 71, GASP_OK, &report);
    assert_int_equal(report.known, 44);
    assert_int_equal(report.judged, 11 + 16); /* what stood by the pin is judged as well, now that it can be */
    assert_false(report.reorganised);
    chain_stands(w, run, 121);
    gasp_header_info info;
    assert_err(gasp_wallet_header_at(w, &info, run[60].height), GASP_OK);
    assert_int_equal(info.trust, GASP_TRUST_RULES);
    mined_healthy(w);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

static void pins_that_disagree(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    mined_header run[60];
    run[0] = mined_orphan(FAR, 1);
    for (size_t i = 1; i < 60; i++)
        run[i] = mined_next(&run[i - 1], NULL, 1);
    mined_import_pinned(w, run, 30, 15, 5000, GASP_OK);
    /* Right above it with other work; overlapping with other work; over a gap, and then the gap. */
    mined_import_pinned(w, run + 30, 20, 15, 9000, GASP_ERR_HEADER_PIN);
    mined_import_pinned(w, run + 10, 30, 15, 9000, GASP_ERR_HEADER_PIN);
    mined_tip_is(w, &run[29]);
    mined_import_pinned(w, run + 35, 20, 15, 9000, GASP_OK);
    mined_tip_is(w, &run[54]);
    mined_import(w, run + 30, 5, GASP_ERR_HEADER_PIN, NULL);
    mined_healthy(w);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

/* What hangs on genesis, and no checkpoint vouches for, does not stand beside a pinned chain of more work that it is not
 * linked to; what a pin vouches for does not stand where the better chain names another header. */
static void lower_runs_leave(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    const mined_header genesis = mined_genesis();
    mined_header *early = mined_run(&genesis, 20, 1);
    mined_header run[80], rival[40];
    mined_import(w, early, 20, GASP_OK, NULL);
    run[0] = mined_orphan(FAR, 1);
    for (size_t i = 1; i < 80; i++)
        run[i] = mined_next(&run[i - 1], NULL, 1);
    mined_import_pinned(w, run, 40, 15, 5000, GASP_OK);
    mined_stands(w, 0, &genesis.hash);
    for (size_t i = 0; i < 20; i++)
        mined_stands(w, early[i].height, NULL);
    mined_healthy(w);
    /* Begins inside of that run's heights, on another header. */
    rival[0] = mined_orphan(run[30].height, 5);
    for (size_t i = 1; i < 40; i++)
        rival[i] = mined_next(&rival[i - 1], NULL, 5);
    mined_import_pinned(w, rival, 40, 15, 9000, GASP_OK);
    mined_tip_is(w, &rival[39]);
    mined_stands(w, run[15].height, &run[15].hash); /* the pin itself */
    for (size_t i = 16; i < 30; i++)
        mined_stands(w, run[i].height, NULL);
    mined_healthy(w);
    free(early);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

/* The best chain may be the shorter one: what stood above its tip leaves, but for what is there by decree. */
static void higher_headers_leave(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    mined_header high[40], low[40];
    const mined_header decreed = mined_orphan(FAR + 100, 3);
    high[0] = mined_orphan(FAR, 1);
    low[0] = mined_orphan(FAR - 1000, 2);
    for (size_t i = 1; i < 40; i++) {
        high[i] = mined_next(&high[i - 1], NULL, 1);
        low[i] = mined_next(&low[i - 1], NULL, 2);
    }
    mined_import_pinned(w, high, 40, 15, 5000, GASP_OK);
    assert_err(trust(w, &decreed), GASP_OK);
    mined_import_pinned(w, low, 40, 15, 9000, GASP_OK);
    chain_stands(w, low, 40);
    for (size_t i = 0; i < 40; i++)
        mined_stands(w, high[i].height, NULL);
    mined_stands(w, decreed.height, &decreed.hash);
    mined_healthy(w);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

/* ---- a store that fails ---------------------------------------------------------------------------------------- */

/* 5,000 headers are three batches: each write fails in turn, with and without its batch being there afterwards. */
static void store_fails(void **state)
{
    (void)state;
    const mined_header genesis = mined_genesis();
    enum { N = 5000 };
    mined_header *run = mined_run(&genesis, N, 1);
    gasp_bytes bytes = mined_bytes(run, N);
    unsigned failed = 0;
    for (size_t nth = 1; nth <= 3; nth++) {
        for (int lands = 0; lands <= 1; lands++) {
            gasp_kv *kv = memory();
            faulty f;
            gasp_headers_report report;
            gasp_wallet_free(mined_wallet(kv, GASP_NETWORK_REGTEST));
            faulty_init(&f, kv);
            f.crash_at = nth;
            f.lands = lands == 1;
            gasp_wallet *w = mined_open(&f.kv);
            assert_err(import(w, &report, bytes, 1, NULL, NULL), GASP_ERR_STORE_IO);
            assert_int_equal(report.judged, 2000 * (nth - 1));
            gasp_wallet_free(w);
            w = mined_open(kv);
            size_t there = 2000 * (nth - 1 + (size_t)lands);
            there = there > N ? N : there;
            mined_tip_is(w, there == 0 ? &genesis : &run[there - 1]);
            mined_healthy(w);
            assert_err(import(w, &report, bytes, 1, NULL, NULL), GASP_OK);
            assert_int_equal(report.known, there);
            assert_int_equal(report.judged, N - there);
            mined_tip_is(w, &run[N - 1]);
            gasp_wallet_free(w);
            gasp_kv_close(kv);
            failed++;
        }
    }
    print_message("count: %u crashes between batches, each finished by the next import\n", failed);
    test_release(bytes);
    free(run);
}

/* Rows that no wallet writes are named as such, whoever reads them. */
static void rows_that_lie(void **state)
{
    (void)state;
    gasp_kv *kv = memory();
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    const mined_header genesis = mined_genesis();
    mined_header *run = mined_run(&genesis, 12, 1);
    gasp_header_info info;
    mined_import(w, run, 10, GASP_OK, NULL);
    uint8_t key[33] = {'H', 0, 0, 0, 5};
    gasp_kv_op op = {GASP_KV_PUT, {key, 5}, {run[4].hash.b, 31}};
    assert_err(kv->write(kv->user, &op, 1, true), GASP_OK);
    assert_err(gasp_wallet_header_at(w, &info, 5), GASP_ERR_STORE_CORRUPT);
    key[0] = 'h';
    memcpy(key + 1, run[9].hash.b, 32);
    op = (gasp_kv_op){GASP_KV_DELETE, {key, 33}, {0}};
    assert_err(kv->write(kv->user, &op, 1, true), GASP_OK);
    assert_err(gasp_wallet_headers_tip(w, &info), GASP_ERR_STORE_CORRUPT);
    mined_import(w, run + 7, 2, GASP_ERR_STORE_CORRUPT, NULL);
    free(run);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_in_memory),
        cmocka_unit_test(real_in_leveldb),
        cmocka_unit_test(pin_that_fails),
        cmocka_unit_test(beginnings),
        cmocka_unit_test(reorgs),
        cmocka_unit_test(random_trees),
        cmocka_unit_test(decree_stands_and_gives_way),
        cmocka_unit_test(decree_refused),
        cmocka_unit_test(decree_becomes_linked),
        cmocka_unit_test(gap_closes),
        cmocka_unit_test(pins_that_disagree),
        cmocka_unit_test(lower_runs_leave),
        cmocka_unit_test(higher_headers_leave),
        cmocka_unit_test(store_fails),
        cmocka_unit_test(rows_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
