/* The difficulty rules on values, where real headers at hand do not reach them: published cases of the classic rule,
 * the bounds of each, the test network; and the constants of the networks against real headers and a second source. */
#include <string.h>

#include "lib/data.h"
#include "spv/headers_bits.h"
#include "spv/work.h"

/* bitcoin-sv src/test/pow_tests.cpp, and time that runs backwards. The start of the fourth is made up. */
static void classic(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits, first, last, want;
    } cases[] = {
        {0x1d00ffff, 1261130161, 1262152739, 0x1d00d86a}, /* height 32,256: the first that changed */
        {0x1d00ffff, 1231006505, 1233061996, 0x1d00ffff}, /* no easier than the easiest */
        {0x1c05a3f4, 1279008237, 1279297671, 0x1c0168fd}, /* a quarter at most */
        {0x1c387f6f, 1263163443, 1269211443, 0x1d00e1fd}, /* four times at most */
        {0x1c05a3f4, 1279297671, 1279008237, 0x1c0168fd}, /* time that ran backwards */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(gasp_bits_classic(cases[i].bits, cases[i].first, cases[i].last, 0x1d00ffff), cases[i].want);
    assert_int_equal(gasp_bits_classic(0, 1, 2, 0x1d00ffff), 0x1d00ffff);
}

static void emergency(void **state)
{
    (void)state;
    assert_int_equal(gasp_bits_emergency(0x18014735, 0x1d00ffff), 0x18019902); /* height 478,577 */
    assert_int_equal(gasp_bits_emergency(0x1c400000, 0x1d00ffff), 0x1c500000);
    assert_int_equal(gasp_bits_emergency(0x1d00ffff, 0x1d00ffff), 0x1d00ffff);
    assert_int_equal(gasp_bits_emergency(0x1d00e000, 0x1d00ffff), 0x1d00ffff);
    assert_int_equal(gasp_bits_emergency(0, 0x1d00ffff), 0x1d00ffff);
}

static uint32_t bits_of_work(uint64_t work)
{
    gasp_u256 number = gasp_u256_of(work), target;
    gasp_target_from_work(&target, &number);
    return gasp_target_to_bits(&target);
}

static gasp_header_row row_of(uint32_t time, uint32_t bits, uint64_t work)
{
    gasp_header_row row = {.time = time, .bits = bits};
    gasp_u256 number = gasp_u256_of(work);
    gasp_u256_to_be(row.work.be, &number);
    return row;
}

static void cw144(void **state)
{
    (void)state;
    const uint64_t each = UINT64_C(0x123456789abc), base = 77;
    const uint32_t start = 1600000000;
    static const struct {
        int64_t span;
        uint64_t numerator, denominator;
    } cases[] = {
        {86400, 1, 1},    /* ten minutes a header: the target of the work itself */
        {172800, 1, 2},   /* two days: half the work */
        {172801, 1, 2},   /* and no less, */
        {90000000, 1, 2}, /* however long it took */
        {43200, 2, 1},    /* half a day: twice the work */
        {43199, 2, 1},    {-5, 2, 1}, {57600, 3, 2},
    };
    const gasp_header_row first = row_of(start, 0, base);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gasp_header_row last = row_of((uint32_t)(start + cases[i].span), 0, base + 144 * each);
        assert_int_equal(gasp_bits_cw144(&first, &last, 0x1d00ffff),
                         bits_of_work(each * cases[i].numerator / cases[i].denominator));
    }
    gasp_header_row easy = row_of(start + 86400, 0, base + 144);
    assert_int_equal(gasp_bits_cw144(&first, &easy, 0x1d00ffff), 0x1d00ffff);
    easy = row_of(start + 86400, 0, base); /* no work at all, which stored rows cannot have */
    assert_int_equal(gasp_bits_cw144(&first, &easy, 0x1d00ffff), 0x1d00ffff);
}

/* ---- which rule holds where ----------------------------------------------------------------------------------- */

/* A window whose last header stands at `height`, every header ten minutes after the one before, n_easy of them at the
 * end of the easiest target and the others of `bits`. */
static void filled(gasp_header_window *w, gasp_network network, uint32_t height, uint32_t bits, size_t n_easy)
{
    const gasp_block_hash hash = {{1}};
    const uint32_t time = 1500000000;
    const uint64_t work = UINT64_C(1) << 60;
    gasp_header_row row = row_of(time, n_easy > 0 ? 0x1d00ffff : bits, work);
    assert_err(gasp_header_window_init(w, network, NULL), GASP_OK);
    gasp_header_window_load(w, height, &hash, &row);
    for (uint32_t back = 1; gasp_header_window_lacks(w) > 0; back++) {
        row = row_of(time - 600 * back, back < n_easy ? 0x1d00ffff : bits, work - back * UINT64_C(0x123456789abc));
        assert_err(gasp_header_window_prepend(w, &row), GASP_OK);
    }
}

typedef struct place {
    gasp_network network;
    uint32_t height; /* of the last header */
    size_t n_easy;
    uint32_t after_s; /* the next header's time after it */
    uint32_t want;
} place;

static void rule_by_height(void **state)
{
    (void)state;
    const uint32_t own = 0x1c387f6f, easiest = 0x1d00ffff, daa = bits_of_work(UINT64_C(0x123456789abc));
    /* 2,015 gaps of ten minutes between the first and the last of a period. */
    const uint32_t period = gasp_bits_classic(own, 0, 2015 * 600, easiest);
    const place places[] = {
        {GASP_NETWORK_MAIN, 500000, 0, 600, own},
        {GASP_NETWORK_MAIN, 500000, 0, 90000, own},
        {GASP_NETWORK_MAIN, 248 * 2016 - 1, 0, 600, period},
        {GASP_NETWORK_MAIN, 248 * 2016 - 2, 0, 600, own},
        {GASP_NETWORK_MAIN, 248 * 2016, 0, 600, own},
        {GASP_NETWORK_MAIN, 504030, 0, 600, own},
        {GASP_NETWORK_MAIN, 504031, 0, 600, daa},
        {GASP_NETWORK_MAIN, 700000, 0, 90000, daa},
        {GASP_NETWORK_MAIN, 100, 0, 600, own},
        {GASP_NETWORK_MAIN, 5, 0, 600, own},
        {GASP_NETWORK_MAIN, 6, 0, 600, own},
        {GASP_NETWORK_MAIN, 500000, 3, 600, easiest},
        {GASP_NETWORK_TEST, 1000000, 0, 1200, own},
        {GASP_NETWORK_TEST, 1000000, 0, 1201, easiest},
        {GASP_NETWORK_TEST, 1000000, 5, 600, own},
        {GASP_NETWORK_TEST, 1000000, 5, 1201, easiest},
        {GASP_NETWORK_TEST, 496 * 2016 + 3, 9, 600, easiest}, /* not beyond the start of the period */
        {GASP_NETWORK_TEST, 496 * 2016 + 9, 9, 600, own},
        {GASP_NETWORK_TEST, 496 * 2016 - 1, 0, 1201, period}, /* no such rule at a retarget */
        {GASP_NETWORK_TEST, 1188696, 0, 600, own},
        {GASP_NETWORK_TEST, 1188697, 0, 600, daa},
        {GASP_NETWORK_TEST, 1188697, 0, 1201, easiest},
        {GASP_NETWORK_REGTEST, 5, 0, 90000, own},
        {GASP_NETWORK_REGTEST, 2015, 0, 600, own},
    };
    size_t n = sizeof places / sizeof places[0];
    for (size_t i = 0; i < n; i++) {
        gasp_header_window w;
        filled(&w, places[i].network, places[i].height, own, places[i].n_easy);
        uint32_t bits = gasp_header_next_bits(&w, 1500000000 + places[i].after_s);
        if (bits != places[i].want)
            fail_msg("place %zu: %08x, not %08x", i, bits, places[i].want);
        gasp_header_window_clear(&w);
    }
    print_message("count: difficulty rule by network and height: %zu places\n", n);
}

/* Of equal times it is the order of exchanges that says whose work counts. times: of the last three, oldest first. */
static void middle_of_equal_times(void **state)
{
    (void)state;
    static const struct {
        uint32_t times[3];
        size_t back; /* of the one that is the middle */
    } cases[] = {
        {{0, 600, 1200}, 1}, {{1200, 600, 0}, 1},  {{600, 0, 1200}, 2},  {{0, 1200, 600}, 0}, {{600, 600, 600}, 1},
        {{600, 0, 600}, 2},  {{600, 900, 600}, 0}, {{600, 600, 900}, 1}, {{0, 600, 600}, 1},
    };
    const gasp_block_hash hash = {{1}};
    const uint64_t each = UINT64_C(0x123456789abc), work = UINT64_C(1) << 60;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gasp_header_window w;
        gasp_header_row row = row_of(1500000000 + cases[i].times[2], 0x1c387f6f, work);
        assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
        gasp_header_window_load(&w, 600000, &hash, &row);
        for (uint32_t back = 1; gasp_header_window_lacks(&w) > 0; back++) {
            uint32_t time = back < 3 ? 1500000000 + cases[i].times[2 - back] : 1500000000 - 600 * back;
            row = row_of(time, 0x1c387f6f, work - back * each);
            assert_err(gasp_header_window_prepend(&w, &row), GASP_OK);
        }
        uint32_t want =
            gasp_bits_cw144(gasp_header_window_row(&w, 145), gasp_header_window_row(&w, cases[i].back), 0x1d00ffff);
        assert_int_equal(gasp_header_next_bits(&w, 1500010000), want);
        gasp_header_window_clear(&w);
    }
}

static void emergency_by_time(void **state)
{
    (void)state;
    /* Two hours between all headers, and one gap that is a second less or not: twelve hours for six of them, or just
     * not. */
    static const struct {
        uint32_t gap, want;
    } cases[] = {{7199, 0x1c400000}, {7200, 0x1c500000}};
    for (size_t i = 0; i < 2; i++) {
        const gasp_block_hash hash = {{1}};
        gasp_header_window w;
        gasp_header_row row = row_of(1500000000, 0x1c400000, 0);
        assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, NULL), GASP_OK);
        gasp_header_window_load(&w, 490000, &hash, &row);
        for (uint32_t back = 1; gasp_header_window_lacks(&w) > 0; back++) {
            /* The two medians are the times 5 and 11 back: what lies between these two counts. */
            row.time -= back == 6 ? cases[i].gap : 7200;
            assert_err(gasp_header_window_prepend(&w, &row), GASP_OK);
        }
        assert_int_equal(gasp_header_next_bits(&w, 1500000600), cases[i].want);
        gasp_header_window_clear(&w);
    }
}

/* ---- bitcoin-sv src/test/pow_tests.cpp: chains of made-up headers and the nBits that a node then demands --------- */

static void grow(gasp_header_window *w, int32_t after_s, uint32_t bits)
{
    const gasp_header_row *last = gasp_header_window_row(w, 0);
    gasp_header_step step = {.height = (uint32_t)w->next, .hash = {{1}}};
    gasp_work own;
    step.header.prev = w->last;
    step.header.time = (uint32_t)((int64_t)last->time + after_s);
    step.header.bits = bits;
    assert_true(gasp_work_of_bits(&own, bits));
    assert_false(gasp_work_add(&step.work, &w->work, &own));
    assert_err(gasp_header_window_push(w, &step), GASP_OK);
}

static void grown(gasp_header_window *w, uint32_t height, size_t n, uint32_t bits)
{
    const gasp_block_hash hash = {{1}};
    const gasp_header_row row = row_of(1269211443, bits, 1);
    assert_err(gasp_header_window_init(w, GASP_NETWORK_MAIN, NULL), GASP_OK);
    gasp_header_window_load(w, height, &hash, &row);
    for (size_t i = 1; i < n; i++)
        grow(w, 600, bits);
}

/* Its cash_difficulty_test. n headers, each after_s after the one before and of the nBits demanded; then `want`. */
static void published_cw144(void **state)
{
    (void)state;
    static const struct {
        unsigned n;
        int32_t after_s;
        uint32_t want;
    } phases[] = {
        {10, 600, 0},           {1, 6000, 0},          {1, 1200 - 6000, 0},
        {20, 600, 0},           {1, 550, 0}, /* 0: as at the start */
        {10, 550, 0x1c0fe7b1},  {20, 10, 0x1c0db19f},  {1, 6000, 0x1c0d9222},
        {93, 6000, 0x1c2f13b9}, {1, 6000, 0x1c2ee9bf}, {192, 6000, 0x1d00ffff},
        {5, 6000, 0x1d00ffff},
    };
    gasp_header_window w;
    grown(&w, 600000, 2050, 0x1c0fffff);
    const uint32_t start = gasp_header_next_bits(&w, 0);
    uint32_t bits = start;
    unsigned n = 0;
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        for (unsigned j = 0; j < phases[i].n; j++, n++) {
            grow(&w, phases[i].after_s, bits);
            bits = gasp_header_next_bits(&w, 0);
        }
        assert_int_equal(bits, phases[i].want != 0 ? phases[i].want : start);
    }
    print_message("count: cw-144 as a node has it after %u made-up headers\n", n);
    gasp_header_window_clear(&w);
}

/* Its retargeting_test: two hours between headers. For ten of them nothing changes, then the target grows each time. */
static void published_emergency(void **state)
{
    (void)state;
    gasp_header_window w;
    grown(&w, 490000 - 2100, 2100, 0x1c7fffff);
    uint32_t bits = 0x1c7fffff;
    for (unsigned i = 0; i < 10; i++) {
        grow(&w, 7200, bits);
        assert_int_equal(gasp_header_next_bits(&w, 0), bits);
    }
    static const uint32_t steps[] = {0x1d009fff, 0x1d00c7fe, 0x1d00f9fd, 0x1d00ffff, 0x1d00ffff};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        grow(&w, 7200, bits);
        bits = gasp_header_next_bits(&w, 0);
        assert_int_equal(bits, steps[i]);
    }
    gasp_header_window_clear(&w);
}

static void rows_needed(void **state)
{
    (void)state;
    const gasp_network_rules *net = gasp_network_rules_of(GASP_NETWORK_MAIN);
    assert_int_equal(gasp_header_bits_need(net, 0), 0);
    assert_int_equal(gasp_header_bits_need(net, 100), 100);
    assert_int_equal(gasp_header_bits_need(net, 504031), 2016);
    assert_int_equal(gasp_header_bits_need(net, 504032), 147);
    net = gasp_network_rules_of(GASP_NETWORK_REGTEST);
    assert_int_equal(gasp_header_bits_need(net, 10), 10);
    assert_int_equal(gasp_header_bits_need(net, 5000), 11);
}

/* ---- constants ------------------------------------------------------------------------------------------------ */

static void genesis(void **state)
{
    (void)state;
    static const gasp_network all[] = {GASP_NETWORK_MAIN, GASP_NETWORK_TEST, GASP_NETWORK_REGTEST};
    for (size_t i = 0; i < 3; i++) {
        const gasp_network_rules *rules = gasp_network_rules_of(all[i]);
        gasp_header_window w;
        gasp_header_step step;
        gasp_work work, minimum;
        char text[65];
        assert_err(gasp_header_window_init(&w, all[i], NULL), GASP_OK);
        assert_err(gasp_header_window_start_genesis(&w, &step), GASP_OK);
        gasp_block_hash_to_text(text, &step.hash);
        assert_string_equal(text, rules->checkpoints[0].hash);
        assert_int_equal(step.header.bits, rules->limit_bits);
        assert_true(gasp_work_of_bits(&work, rules->limit_bits));
        assert_int_equal(gasp_work_compare(&work, &step.work), 0);
        gasp_network_minimum_work(&minimum, rules);
        gasp_hex_encode(text, minimum.be, 32);
        assert_string_equal(text, rules->minimum_work);
        gasp_header_window_clear(&w);
    }
    assert_null(gasp_network_rules_of((gasp_network)0));
}

static gasp_err at_height(const gasp_network_rules *rules, uint32_t height, const char *text)
{
    gasp_block_hash hash;
    assert_err(gasp_block_hash_from_text(&hash, text), GASP_OK);
    return gasp_network_checkpoint(rules, height, &hash);
}

static void checkpoints(void **state)
{
    (void)state;
    static const gasp_network all[] = {GASP_NETWORK_MAIN, GASP_NETWORK_TEST, GASP_NETWORK_REGTEST};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        const gasp_network_rules *rules = gasp_network_rules_of(all[i]);
        for (size_t j = 0; j < rules->n_checkpoints; j++, n++) {
            const gasp_checkpoint *point = &rules->checkpoints[j];
            assert_true(j == 0 ? point->height == 0 : point->height > point[-1].height);
            assert_err(at_height(rules, point->height, point->hash), GASP_OK);
            assert_err(at_height(rules, point->height + 1, point->hash), GASP_OK);
            char other[65];
            memcpy(other, point->hash, sizeof other);
            other[63] = other[63] == '0' ? '1' : '0';
            assert_err(at_height(rules, point->height, other), GASP_ERR_HEADER_PIN);
        }
    }
    const gasp_network_rules *net = gasp_network_rules_of(GASP_NETWORK_MAIN);
    assert_err(at_height(net, 556767, "000000000000000001d956714215d96ffc00e0afda4cd0a96c96f8d802b1662b"), GASP_OK);
    /* What BCH has there. */
    assert_err(at_height(net, 556767, "0000000000000000004626ff6e3b936941d341c5932ece4357eeccac44e6d56c"),
               GASP_ERR_HEADER_PIN);
    print_message("count: checkpoints: %zu\n", n);
}

/* The second source for hashes at round heights, and real headers for the checkpoint of the fork and of cw-144. */
static void checkpoints_elsewhere(void **state)
{
    (void)state;
    const gasp_network_rules *net = gasp_network_rules_of(GASP_NETWORK_MAIN);
    json_t *json = test_shared_json("headers/bsv-mainnet-checkpoints-per-100k.json");
    json_t *fork = test_shared_json("headers/bch-bsv-eda-daa-2017.json");
    const json_t *files = json_object_get(json, "files");
    unsigned met = 0;
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        uint32_t last = (uint32_t)(test_json_int(file, "firstHeight") + test_json_int(file, "count") - 1);
        assert_err(at_height(net, last, test_json_text(file, "lastHash")), GASP_OK);
        for (size_t j = 0; j < net->n_checkpoints; j++)
            met += net->checkpoints[j].height == last ? 1 : 0;
    }
    for (size_t i = 0; i < json_array_size(fork); i++) {
        const json_t *row = json_array_get(fork, i);
        uint32_t height = (uint32_t)test_json_int(row, "height");
        assert_err(at_height(net, height, test_json_text(row, "hash")), GASP_OK);
        for (size_t j = 0; j < net->n_checkpoints; j++)
            met += net->checkpoints[j].height == height ? 1 : 0;
    }
    assert_int_equal(met, 6);
    print_message("count: checkpoints met in other sources: %u\n", met);
    json_decref(fork);
    json_decref(json);
}

static void versions(void **state)
{
    (void)state;
    static const struct {
        gasp_network network;
        uint32_t heights[3];
    } cases[] = {{GASP_NETWORK_MAIN, {227931, 363725, 388381}}, {GASP_NETWORK_TEST, {21111, 330776, 581885}}};
    for (size_t i = 0; i < 2; i++) {
        const gasp_network_rules *net = gasp_network_rules_of(cases[i].network);
        for (uint32_t j = 0; j < 3; j++) {
            uint32_t height = cases[i].heights[j];
            assert_err(gasp_network_version(net, height - 1, j + 1), GASP_OK);
            assert_err(gasp_network_version(net, height, j + 1), GASP_ERR_HEADER_VERSION);
            assert_err(gasp_network_version(net, height, j + 2), GASP_OK);
            assert_err(gasp_network_version(net, height, 0x7fffffff), GASP_OK);
            assert_err(gasp_network_version(net, height, 0x80000000), GASP_ERR_HEADER_VERSION);
        }
        assert_err(gasp_network_version(net, 0, 0xffffffff), GASP_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classic),
        cmocka_unit_test(emergency),
        cmocka_unit_test(cw144),
        cmocka_unit_test(rule_by_height),
        cmocka_unit_test(middle_of_equal_times),
        cmocka_unit_test(emergency_by_time),
        cmocka_unit_test(rows_needed),
        cmocka_unit_test(published_cw144),
        cmocka_unit_test(published_emergency),
        cmocka_unit_test(genesis),
        cmocka_unit_test(checkpoints),
        cmocka_unit_test(checkpoints_elsewhere),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
