/* Filter parts: whole parts by vectors/value/bloom.json (computed without libbloom), our probe against bloom_check on
 * 100,000 elements each way, many parts and the walk through them, the measured rate, and every refusal. */
#include "set/bloom.h"

#include <bloom.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "lib/data.h"
#include "lib/random.h"
#include "record/state.h"

static const uint8_t key[GASP_BLOOM_KEY_LEN] = {0x5e, 1, 2, 3};

/* Offsets in a part, as the header's table has them. */
enum { AT_COUNT = 32, AT_SUM = 36, AT_KEY = 68, AT_K = 84, AT_M = 85, AT_BITS = 89 };

static void add_output(gasp_items *items, const gasp_txid *txid, uint32_t vout)
{
    const gasp_outpoint outpoint = {*txid, vout};
    gasp_item_id outpoint_id;
    gasp_item_id id;
    gasp_item_id_of_outpoint(&outpoint_id, &outpoint);
    id = outpoint_id;
    if (items->match == GASP_MATCH_STATE) {
        gasp_state_hash state;
        gasp_state_hash_of(&state, &outpoint, NULL, NULL);
        gasp_item_id_of_state(&id, &outpoint, &state);
    }
    assert_err(gasp_items_add(items, 0, &id, &outpoint_id, &outpoint), GASP_OK);
}

/* n outputs of one transaction, from vout `first`. */
static void outputs(gasp_items *items, gasp_match match, const gasp_txid *txid, uint32_t first, size_t n)
{
    gasp_items_init(items, match, n, NULL);
    for (size_t i = 0; i < n; i++)
        add_output(items, txid, first + (uint32_t)i);
    assert_err(gasp_items_seal(items), GASP_OK);
    assert_err(gasp_items_index_outpoints(items), GASP_OK);
}

static gasp_bytes part_of(gasp_buf *buf, const gasp_items *items, size_t n, const uint8_t *under)
{
    gasp_buf_init(buf, GASP_BLOOM_PART_LEN_MAX, NULL);
    gasp_writer w = gasp_writer_growing(buf);
    assert_err(gasp_bloom_part_encode(&w, items, n, under), GASP_OK);
    return gasp_buf_view(buf);
}

static gasp_err read_part(gasp_bloom_part *part, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    gasp_err err = gasp_bloom_part_read(part, &r);
    return err != GASP_OK ? err : gasp_reader_finish(&r, NULL);
}

static void run_case(const json_t *row)
{
    const json_t *listed = json_object_get(row, "outpoints");
    const json_t *expect = json_object_get(row, "expect");
    bool state = strcmp(test_json_text(row, "match"), "state") == 0;
    gasp_items items;
    gasp_txid txid = {{0}};
    uint8_t under[GASP_BLOOM_KEY_LEN];
    uint8_t hash[32];
    char text[2 * GASP_BLOOM_PART_HEAD + 1];
    size_t n = json_array_size(listed);
    assert_err(gasp_hex_decode(under, sizeof under, test_json_text(row, "key"), 2 * sizeof under), GASP_OK);
    if (json_is_object(listed)) {
        n = (size_t)test_json_int(listed, "vouts");
        assert_err(gasp_txid_from_text(&txid, test_json_text(listed, "txid")), GASP_OK);
    } else if (n > 0) {
        gasp_outpoint outpoint;
        assert_err(gasp_outpoint_from_text(&outpoint, json_string_value(json_array_get(listed, 0))), GASP_OK);
        txid = outpoint.txid;
    }
    outputs(&items, state ? GASP_MATCH_STATE : GASP_MATCH_OUTPOINT, &txid, 0, n);
    gasp_buf buf;
    gasp_bytes bytes = part_of(&buf, &items, 0, under);
    assert_int_equal(bytes.len, test_json_int(expect, "length"));
    gasp_hex_encode(text, bytes.data, GASP_BLOOM_PART_HEAD);
    assert_string_equal(text, test_json_text(expect, "head"));
    gasp_sha256_once(hash, bytes.data, bytes.len);
    gasp_hex_encode(text, hash, 32);
    assert_string_equal(text, test_json_text(expect, "sha256"));
    gasp_bloom_part part;
    assert_err(read_part(&part, bytes), GASP_OK);
    assert_int_equal(part.m, test_json_int(expect, "m"));
    assert_int_equal(part.k, test_json_int(expect, "k"));
    assert_int_equal(part.count, n);
    gasp_buf_clear(&buf);
    gasp_items_clear(&items);
}

static void vectors(void **state)
{
    (void)state;
    json_t *file = test_own_json("vectors/value/bloom.json");
    const json_t *cases = json_object_get(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++)
        run_case(json_array_get(cases, i));
    printf("count: bloom: %zu cases\n", json_array_size(cases));
    assert_int_equal(json_array_size(cases), 6);
    json_decref(file);
}

/* A filter that libbloom made of 16-byte elements, worn as a part. */
static void probe_agrees_with_libbloom(void **state)
{
    (void)state;
    enum { N = 100000 };
    test_random r = test_random_start("probe");
    size_t yes = 0;
    const size_t n = N / test_one_in();
    for (int round = 0; round < 2; round++) {
        struct bloom theirs;
        /* The second is so lax that many absent elements look present. */
        assert_int_equal(bloom_init(&theirs, (int)n, round == 0 ? 1e-6 : 0.3), 0);
        gasp_bloom_part part = {.k = (uint8_t)theirs.hashes, .m = (uint32_t)theirs.bits, .bits = theirs.bf};
        gasp_bloom_hasher_init(&part.hasher, key);
        uint8_t(*in)[32] = calloc(n, 32);
        assert_non_null(in);
        for (size_t i = 0; i < n; i++) {
            uint8_t element[GASP_BLOOM_ELEMENT_LEN];
            test_random_fill(&r, in[i], 32);
            gasp_bloom_element(element, &part.hasher, (gasp_bytes){in[i], 32});
            assert_true(bloom_add(&theirs, element, sizeof element) >= 0);
        }
        for (size_t i = 0; i < n; i++) {
            uint8_t element[GASP_BLOOM_ELEMENT_LEN];
            assert_true(gasp_bloom_part_has(&part, (gasp_bytes){in[i], 32}));
            test_random_fill(&r, in[i], 32);
            gasp_bloom_element(element, &part.hasher, (gasp_bytes){in[i], 32});
            bool ours = gasp_bloom_part_has(&part, (gasp_bytes){in[i], 32});
            assert_int_equal(ours, bloom_check(&theirs, element, sizeof element));
            yes += round == 1 && ours;
        }
        free(in);
        bloom_free(&theirs);
    }
    printf("count: bloom: %zu members found, %zu non-members alike, %zu of them false positives of the lax one\n",
           2 * n, 2 * n, yes);
    assert_true(yes > n / 10);
}

/* One full part and one of a few, the other side with some items more and some less. */
static void parts_in_step(void **state)
{
    (void)state;
    enum { N = GASP_BLOOM_PART_ITEMS + 100, SHIFT = 50 };
    gasp_txid txid = {{9}};
    for (int m = GASP_MATCH_STATE; m <= GASP_MATCH_OUTPOINT; m++) {
        gasp_items mine;
        gasp_items theirs;
        struct timespec start;
        struct timespec stop;
        outputs(&mine, (gasp_match)m, &txid, SHIFT, N);
        outputs(&theirs, (gasp_match)m, &txid, 0, N);
        gasp_bloom_walk walk = {0};
        gasp_bloom_walk same = {0};
        size_t at = 0;
        size_t lacked = 0;
        assert_int_equal(gasp_bloom_parts(N), 2);
        timespec_get(&start, TIME_UTC);
        for (size_t p = 0; p < 2; p++) {
            gasp_buf buf;
            gasp_bloom_part part;
            size_t begin;
            size_t end;
            bool equal = false;
            gasp_bytes bytes = part_of(&buf, &theirs, p, key);
            if (p == 0)
                assert_int_equal(bytes.len, m == GASP_MATCH_STATE ? GASP_BLOOM_PART_LEN_MAX : 235652);
            assert_err(read_part(&part, bytes), GASP_OK);
            assert_int_equal(part.count, p == 0 ? GASP_BLOOM_PART_ITEMS : 100);
            assert_err(gasp_bloom_walk_take(&same, &begin, &end, &equal, &part, &theirs), GASP_OK);
            assert_true(equal);
            assert_int_equal(end - begin, part.count);
            assert_err(gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &mine), GASP_OK);
            assert_int_equal(begin, at);
            if (p == 0)
                assert_false(equal);
            for (at = begin; at < end; at++) {
                size_t pos = gasp_items_nth_outpoint(&mine, at);
                bool outpoint = false;
                bool has = gasp_bloom_part_has_item(&part, &outpoint, &mine, pos);
                if (gasp_items_outpoint(&mine, pos)->vout < N)
                    assert_true(has && outpoint);
                else
                    lacked += !has;
            }
            gasp_buf_clear(&buf);
        }
        timespec_get(&stop, TIME_UTC);
        printf("bloom: %d items built and probed in %.1f ms\n", N,
               (double)(stop.tv_sec - start.tv_sec) * 1e3 + (double)(stop.tv_nsec - start.tv_nsec) / 1e6);
        assert_int_equal(at, N);
        assert_true(walk.done);
        assert_true(lacked >= SHIFT - 2);
        gasp_items_clear(&mine);
        gasp_items_clear(&theirs);
    }
}

/* The same outpoints in another state: the outpoint is there, the item is not. */
static void other_state(void **state)
{
    (void)state;
    const gasp_outpoint outpoint = {{{1}}, 0};
    gasp_items theirs;
    gasp_items mine;
    gasp_buf buf;
    gasp_bloom_part part;
    outputs(&theirs, GASP_MATCH_STATE, &outpoint.txid, 0, 1);
    gasp_item_id id = {{0x77}};
    gasp_item_id outpoint_id;
    gasp_item_id_of_outpoint(&outpoint_id, &outpoint);
    gasp_items_init(&mine, GASP_MATCH_STATE, 1, NULL);
    assert_err(gasp_items_add(&mine, 0, &id, &outpoint_id, &outpoint), GASP_OK);
    assert_err(gasp_items_seal(&mine), GASP_OK);
    assert_err(gasp_items_index_outpoints(&mine), GASP_OK);
    assert_err(read_part(&part, part_of(&buf, &theirs, 0, key)), GASP_OK);
    bool has_outpoint = false;
    assert_false(gasp_bloom_part_has_item(&part, &has_outpoint, &mine, 0));
    assert_true(has_outpoint);
    assert_false(gasp_bloom_part_has_item(&part, NULL, &mine, 0));
    gasp_bloom_walk walk = {0};
    size_t begin;
    size_t end;
    bool equal = true;
    assert_err(gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &mine), GASP_OK);
    assert_false(equal);
    assert_int_equal(end, 1);
    assert_err(gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &mine), GASP_ERR_PEER_FILTER);
    gasp_buf_clear(&buf);
    gasp_items_clear(&mine);
    gasp_items_clear(&theirs);
}

static void measured_rate(void **state)
{
    (void)state;
    gasp_txid txid = {{3}};
    gasp_items items;
    gasp_buf buf;
    gasp_bloom_part part;
    outputs(&items, GASP_MATCH_STATE, &txid, 0, 20000);
    assert_err(read_part(&part, part_of(&buf, &items, 0, key)), GASP_OK);
    const uint64_t probes = 2000000 / test_one_in();
    size_t yes = 0;
    for (uint64_t i = 0; i < probes; i++)
        yes += gasp_bloom_part_has(&part, (gasp_bytes){(const uint8_t *)&i, sizeof i});
    printf("count: bloom: %zu false positives in %zu probes, about %.1f expected\n", yes, (size_t)probes,
           (double)probes * GASP_BLOOM_RATE);
    assert_true(yes <= 16);
    gasp_buf_clear(&buf);
    gasp_items_clear(&items);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

typedef struct edit {
    const char *name;
    gasp_err err;
    uint32_t count;
    uint8_t k;
    uint32_t m;
    size_t len;     /* of the bits */
    uint8_t filled; /* value of every byte of the bits */
} edit;

static void refusals(void **state)
{
    (void)state;
    static const edit rows[] = {
        {"as it should be", GASP_OK, 1, 1, 64, 8, 0x0f},
        {"most items", GASP_OK, GASP_BLOOM_PART_ITEMS, 1, 64, 8, 0x0f},
        {"too many items", GASP_ERR_PEER_FILTER, GASP_BLOOM_PART_ITEMS + 1, 1, 64, 8, 0x0f},
        {"no probe", GASP_ERR_PEER_FILTER, 1, 0, 64, 8, 0x0f},
        {"most probes", GASP_OK, 1, 24, 64, 8, 0x0f},
        {"too many probes", GASP_ERR_PEER_FILTER, 1, 25, 64, 8, 0x0f},
        {"no bits", GASP_ERR_PEER_FILTER, 1, 1, 0, 0, 0},
        {"most bits", GASP_OK, 1, 1, GASP_BLOOM_BITS_MAX, GASP_BLOOM_BITS_MAX / 8, 0},
        {"too many bits", GASP_ERR_PEER_FILTER, 1, 1, GASP_BLOOM_BITS_MAX + 1, GASP_BLOOM_BITS_MAX / 8 + 1, 0},
        {"a byte of bits missing", GASP_ERR_PEER_FILTER, 1, 1, 64, 7, 0x0f},
        {"a byte of bits more", GASP_ERR_TRAILING, 1, 1, 64, 9, 0x0f},
        {"m of 2^32 - 1 and few bytes", GASP_ERR_PEER_FILTER, 1, 1, UINT32_MAX, 8, 0x0f},
        {"just three quarters", GASP_OK, 1, 1, 64, 8, 0x3f},
        {"seven eighths", GASP_ERR_PEER_FILTER, 1, 1, 64, 8, 0x7f},
        {"seven eighths of three probes: 0.67", GASP_OK, 1, 3, 64, 8, 0x7f},
        {"all set", GASP_ERR_PEER_FILTER, 1, 24, 64, 8, 0xff},
        {"a bit past m", GASP_ERR_PEER_FILTER, 1, 1, 60, 8, 0x10},
        {"none past m", GASP_OK, 1, 1, 61, 8, 0x10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *bytes = calloc(1, AT_BITS + rows[i].len + 1);
        assert_non_null(bytes);
        put_u32(bytes + AT_COUNT, rows[i].count);
        bytes[AT_K] = rows[i].k;
        put_u32(bytes + AT_M, rows[i].m);
        memset(bytes + AT_BITS, rows[i].filled, rows[i].len);
        gasp_bloom_part part;
        gasp_err err = read_part(&part, (gasp_bytes){bytes, AT_BITS + rows[i].len});
        if (err != rows[i].err)
            fail_msg("%s: %s", rows[i].name, gasp_err_name(err));
        free(bytes);
    }
    static const uint8_t head[AT_BITS - 1];
    gasp_bloom_part part;
    for (size_t cut = 0; cut <= sizeof head; cut++)
        assert_err(read_part(&part, (gasp_bytes){head, cut}), GASP_ERR_SHORT);
}

static void order_and_misuse(void **state)
{
    (void)state;
    gasp_items items;
    gasp_txid txid = {{3}};
    outputs(&items, GASP_MATCH_OUTPOINT, &txid, 0, 10);
    gasp_bloom_part part = {0};
    gasp_bloom_walk walk = {0};
    size_t begin;
    size_t end;
    bool equal;
    part.bound.b[0] = 0x80;
    assert_err(gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &items), GASP_OK);
    assert_err(gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &items), GASP_ERR_PEER_FILTER);
    part.bound.b[0] = 0x7f;
    assert_err(gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &items), GASP_ERR_PEER_FILTER);
    memset(part.bound.b, 0xff, 32);
    assert_err(gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &items), GASP_OK);
    assert_int_equal(end, 10);
    gasp_writer w = gasp_writer_measure();
    assert_err(gasp_bloom_part_encode(&w, &items, 1, key), GASP_ERR_MISUSE);
    uint8_t small[100];
    w = gasp_writer_fixed(small, sizeof small);
    assert_err(gasp_bloom_part_encode(&w, &items, 0, key), GASP_ERR_LIMIT);
    gasp_items_clear(&items);
    walk = (gasp_bloom_walk){0};
    assert_err(gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &items), GASP_ERR_MISUSE);
    assert_err(gasp_items_seal(&items), GASP_OK);
    w = gasp_writer_measure();
    assert_err(gasp_bloom_part_encode(&w, &items, 0, key), GASP_ERR_MISUSE);
    gasp_items_clear(&items);
    assert_int_equal(gasp_bloom_parts(0), 1);
    assert_int_equal(gasp_bloom_parts(GASP_BLOOM_PART_ITEMS), 1);
    assert_int_equal(gasp_bloom_parts(GASP_BLOOM_PART_ITEMS + 1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),          cmocka_unit_test(probe_agrees_with_libbloom),
        cmocka_unit_test(parts_in_step),    cmocka_unit_test(other_state),
        cmocka_unit_test(measured_rate),    cmocka_unit_test(refusals),
        cmocka_unit_test(order_and_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
