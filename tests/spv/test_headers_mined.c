/* Headers mined here on regtest, where two hashes find one: a chain that passes, and for each rule a header that breaks
 * it and no other. */
#include <stdlib.h>
#include <string.h>

#include "lib/data.h"
#include "lib/random.h"
#include "spv/headers.h"
#include "spv/headers_bits.h"
#include "spv/work.h"

enum { LIMIT_BITS = 0x207fffff, CHAIN = 1400, RULES_FROM = 1360 };

static bool meets(const gasp_header *header, const gasp_u256 *target)
{
    uint8_t raw[80];
    gasp_block_hash hash;
    gasp_header_encode(raw, header);
    gasp_header_hash(&hash, raw);
    gasp_u256 number = gasp_u256_from_le(hash.b);
    return gasp_u256_compare(&number, target) <= 0;
}

/* Varies the nonce until the hash is (not) within the header's own target. */
static void mine(uint8_t raw[80], gasp_header header, bool within)
{
    gasp_u256 target;
    assert_true(gasp_target_from_bits(&target, header.bits));
    while (meets(&header, &target) != within)
        header.nonce++;
    gasp_header_encode(raw, &header);
}

/* The median of the last 11 times, by counting: the one that five are not above and five not below. */
static uint32_t median_by_counting(const uint32_t *times, size_t n)
{
    size_t used = n < 11 ? n : 11;
    for (size_t i = n - used; i < n; i++) {
        size_t below = 0, equal = 0;
        for (size_t j = n - used; j < n; j++) {
            below += times[j] < times[i] ? 1 : 0;
            equal += times[j] == times[i] ? 1 : 0;
        }
        if (below <= used / 2 && used / 2 < below + equal)
            return times[i];
    }
    return 0;
}

typedef struct chain {
    gasp_header_window w;
    uint8_t raw[CHAIN][80];
    uint32_t times[CHAIN];
    size_t n;
} chain;

static void take(chain *c, const uint8_t raw[80])
{
    gasp_header_step step;
    assert_err(gasp_header_window_check(&c->w, &step, raw, NULL), GASP_OK);
    assert_false(step.linked);
    assert_int_equal(step.height, c->n);
    assert_err(gasp_header_window_push(&c->w, &step), GASP_OK);
    memcpy(c->raw[c->n], raw, 80);
    c->times[c->n++] = step.header.time;
}

static gasp_header next_header(const chain *c, uint32_t time)
{
    gasp_header header = {.version = 4, .prev = c->w.last, .time = time, .bits = LIMIT_BITS};
    header.root.b[0] = (uint8_t)c->n;
    return header;
}

/* A chain of n headers whose times jump back and forth as far as the median allows. */
static chain *mined(size_t n, test_random *r)
{
    chain *c = calloc(1, sizeof *c);
    gasp_header_step step;
    uint8_t raw[80];
    assert_non_null(c);
    assert_err(gasp_header_window_init(&c->w, GASP_NETWORK_REGTEST, NULL), GASP_OK);
    assert_err(gasp_header_window_start_genesis(&c->w, &step), GASP_OK);
    gasp_header_encode(c->raw[0], &step.header);
    c->times[0] = step.header.time;
    c->n = 1;
    while (c->n < n) {
        uint32_t median = median_by_counting(c->times, c->n);
        assert_int_equal(gasp_header_window_median(&c->w, 0), median);
        mine(raw, next_header(c, median + 1 + (uint32_t)test_random_below(r, 3000)), true);
        take(c, raw);
    }
    return c;
}

static void drop(chain *c)
{
    gasp_header_window_clear(&c->w);
    free(c);
}

static void valid_chain(void **state)
{
    (void)state;
    test_random r = test_random_start("headers/mined");
    chain *c = mined(CHAIN, &r);
    gasp_u256 twice = gasp_u256_of(2 * CHAIN), total = gasp_u256_from_be(c->w.work.be);
    assert_int_equal(gasp_u256_compare(&total, &twice), 0);
    print_message("count: regtest: %u mined headers pass\n", (unsigned)c->n);
    drop(c);
}

static void one_rule_broken(void **state)
{
    (void)state;
    test_random r = test_random_start("headers/broken");
    chain *c = mined(RULES_FROM, &r);
    gasp_header_step step;
    uint32_t median = median_by_counting(c->times, c->n);
    const gasp_time now = {0, ((uint64_t)median + 500) * 1000};
    const gasp_header good = next_header(c, median + 1);
    static const gasp_err wants[] = {GASP_ERR_HEADER_LINK,   GASP_ERR_HEADER_VERSION, GASP_ERR_HEADER_TIME,
                                     GASP_ERR_HEADER_FUTURE, GASP_ERR_HEADER_TARGET,  GASP_ERR_HEADER_BITS,
                                     GASP_ERR_HEADER_HASH};
    size_t n = sizeof wants / sizeof wants[0];
    for (size_t i = 0; i < n; i++) {
        gasp_header bad = good;
        if (wants[i] == GASP_ERR_HEADER_LINK)
            gasp_header_hash(&bad.prev, c->raw[c->n - 2]);
        if (wants[i] == GASP_ERR_HEADER_VERSION)
            bad.version = 3;
        if (wants[i] == GASP_ERR_HEADER_TIME)
            bad.time = median;
        if (wants[i] == GASP_ERR_HEADER_FUTURE)
            bad.time = median + 500 + GASP_HEADER_FUTURE_S + 1;
        if (wants[i] == GASP_ERR_HEADER_TARGET)
            bad.bits = 0x21008000; /* 2^255: one more than the easiest target of the network */
        if (wants[i] == GASP_ERR_HEADER_BITS)
            bad.bits = LIMIT_BITS - 1;
        uint8_t raw[80];
        mine(raw, bad, wants[i] != GASP_ERR_HEADER_HASH);
        assert_err(gasp_header_window_check(&c->w, &step, raw, &now), wants[i]);
        if (wants[i] == GASP_ERR_HEADER_FUTURE)
            assert_err(gasp_header_window_check(&c->w, &step, raw, NULL), GASP_OK); /* no clock, no such rule */
    }
    uint8_t raw[80];
    mine(raw, good, true);
    assert_err(gasp_header_window_check(&c->w, &step, raw, &now), GASP_OK);
    gasp_header latest = good;
    latest.time = median + 500 + GASP_HEADER_FUTURE_S;
    mine(raw, latest, true);
    assert_err(gasp_header_window_check(&c->w, &step, raw, &now), GASP_OK);
    print_message("count: regtest: %zu rules broken one at a time\n", n);
    drop(c);
}

/* Versions of bitcoin-sv's regtest: 3 from 1,251 and 4 from 1,351, and before that any. */
static void version_heights(void **state)
{
    (void)state;
    test_random r = test_random_start("headers/versions");
    chain *c = mined(1, &r);
    for (; c->n < RULES_FROM;) {
        uint32_t least = c->n < 1251 ? 1 : c->n < 1351 ? 3 : 4;
        gasp_header header = next_header(c, c->times[c->n - 1] + 600);
        gasp_header_step step;
        uint8_t raw[80];
        header.version = least - 1;
        mine(raw, header, true);
        assert_err(gasp_header_window_check(&c->w, &step, raw, NULL), c->n < 1251 ? GASP_OK : GASP_ERR_HEADER_VERSION);
        header.version = least;
        mine(raw, header, true);
        take(c, raw);
    }
    drop(c);
}

static void other_genesis(void **state)
{
    (void)state;
    gasp_header_window w;
    gasp_header_step step;
    gasp_header genesis;
    uint8_t raw[80];
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_REGTEST, NULL), GASP_OK);
    gasp_network_genesis(raw, w.rules);
    gasp_header_decode(&genesis, raw);
    genesis.nonce++;
    mine(raw, genesis, true);
    assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_ERR_HEADER_PIN);
    genesis.prev.b[0] = 1;
    mine(raw, genesis, true);
    assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_ERR_HEADER_LINK);
    gasp_header_window_clear(&w);
}

/* ---- a pinned run --------------------------------------------------------------------------------------------- */

enum { RUN = 12, RUN_FIRST = 2000 };

/* A run of 12 on nothing, the last one as given. */
static void mine_run(uint8_t run[RUN * 80], gasp_header_pin *pin, uint32_t version, uint32_t bits, bool within)
{
    gasp_header header = {.version = 4, .time = 1700000000, .bits = LIMIT_BITS};
    gasp_work own;
    *pin = (gasp_header_pin){.height = RUN_FIRST + RUN - 1};
    for (size_t i = 0; i < RUN; i++) {
        bool last = i == RUN - 1;
        header.version = last ? version : 4;
        header.bits = last ? bits : LIMIT_BITS;
        mine(run + i * 80, header, last ? within : true);
        gasp_header_hash(&pin->hash, run + i * 80);
        assert_true(gasp_work_of_bits(&own, header.bits));
        assert_false(gasp_work_add(&pin->work, &pin->work, &own));
        header.prev = pin->hash;
    }
}

static void runs(void **state)
{
    (void)state;
    uint8_t run[RUN * 80], raw[80];
    const gasp_bytes view = {run, sizeof run};
    gasp_header_pin pin, less;
    gasp_header_window w;
    gasp_header_step step;
    gasp_fault fault = {0};
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_REGTEST, NULL), GASP_OK);
    mine_run(run, &pin, 3, LIMIT_BITS, true);
    assert_err(gasp_header_window_start_run(&w, RUN_FIRST, view, &pin, &fault), GASP_ERR_HEADER_VERSION);
    assert_int_equal(fault.item, RUN - 1);
    mine_run(run, &pin, 4, 0x21008000, true);
    assert_err(gasp_header_window_start_run(&w, RUN_FIRST, view, &pin, &fault), GASP_ERR_HEADER_TARGET);
    mine_run(run, &pin, 4, LIMIT_BITS, false);
    assert_err(gasp_header_window_start_run(&w, RUN_FIRST, view, &pin, &fault), GASP_ERR_HEADER_HASH);
    mine_run(run, &pin, 4, LIMIT_BITS, true);
    less = pin;
    less.work.be[31] = 2 * RUN - 1;
    assert_err(gasp_header_window_start_run(&w, RUN_FIRST, view, &less, &fault), GASP_ERR_HEADER_PIN);
    assert_int_equal(fault.item, 0);
    assert_err(gasp_header_window_start_run(&w, RUN_FIRST, view, &pin, &fault), GASP_OK);
    for (size_t i = 0; i < RUN; i++) {
        if (i == RUN - 1) { /* another header at the pin's height, as good as any but for the pin */
            gasp_header other;
            gasp_header_decode(&other, run + i * 80);
            other.root.b[0] = 1;
            mine(raw, other, true);
            assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_ERR_HEADER_PIN);
        }
        assert_err(gasp_header_window_check(&w, &step, run + i * 80, NULL), GASP_OK);
        assert_true(step.linked);
        assert_int_equal(step.work.be[31], 2 * (i + 1));
        assert_err(gasp_header_window_push(&w, &step), GASP_OK);
    }
    /* After the pin the run's equal times are the median: now every rule holds. */
    mine(raw, (gasp_header){.version = 4, .prev = pin.hash, .time = 1700000000, .bits = LIMIT_BITS}, true);
    assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_ERR_HEADER_TIME);
    mine(raw, (gasp_header){.version = 4, .prev = pin.hash, .time = 1700000001, .bits = LIMIT_BITS}, true);
    assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_OK);
    assert_false(step.linked);
    gasp_header_window_clear(&w);
}

/* ---- branches and bounds -------------------------------------------------------------------------------------- */

/* A branch of `len` headers from height `from` of a chain; its total work. */
static gasp_work branch_work(const chain *c, size_t from, size_t len)
{
    gasp_header_window w;
    gasp_header_step step = {0};
    gasp_block_hash hash;
    uint8_t raw[80];
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_REGTEST, NULL), GASP_OK);
    gasp_header_hash(&hash, c->raw[from]);
    size_t back = c->n - 1 - from;
    gasp_header_window_load(&w, (uint32_t)from, &hash, gasp_header_window_row(&c->w, back));
    while (gasp_header_window_lacks(&w) > 0)
        assert_err(gasp_header_window_prepend(&w, gasp_header_window_row(&c->w, ++back)), GASP_OK);
    for (size_t i = 0; i < len; i++) {
        gasp_header header = {
            .version = 4, .prev = w.last, .time = gasp_header_window_median(&w, 0) + 1, .bits = LIMIT_BITS};
        header.root.b[1] = 1;
        mine(raw, header, true);
        assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_OK);
        assert_err(gasp_header_window_push(&w, &step), GASP_OK);
    }
    gasp_header_window_clear(&w);
    return step.work;
}

static void best_chain(void **state)
{
    (void)state;
    test_random r = test_random_start("headers/branches");
    chain *c = mined(300, &r);
    gasp_work shorter = branch_work(c, 289, 9), equal = branch_work(c, 289, 10), longer = branch_work(c, 289, 11);
    assert_true(gasp_work_compare(&shorter, &c->w.work) < 0);
    assert_int_equal(gasp_work_compare(&equal, &c->w.work), 0);
    assert_true(gasp_work_compare(&longer, &c->w.work) > 0);
    equal = branch_work(c, 3, 296); /* a window that reaches back to genesis */
    assert_int_equal(gasp_work_compare(&equal, &c->w.work), 0);
    drop(c);
}

static void bounds(void **state)
{
    (void)state;
    gasp_header_window w;
    gasp_header_step step;
    gasp_header_row row = {.time = 1700000000, .bits = LIMIT_BITS};
    gasp_block_hash hash = {{7}};
    uint8_t raw[80];
    const gasp_header next = {.version = 4, .prev = hash, .time = 1700000001, .bits = LIMIT_BITS};
    mine(raw, next, true);
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_REGTEST, NULL), GASP_OK);
    gasp_header_window_load(&w, UINT32_MAX, &hash, &row);
    assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_ERR_LIMIT);
    memset(&row.work, 0xff, sizeof row.work);
    gasp_header_window_load(&w, 0, &hash, &row);
    assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_ERR_LIMIT);
    row.work.be[31] = 0xfd;
    gasp_header_window_load(&w, 0, &hash, &row);
    assert_err(gasp_header_window_check(&w, &step, raw, NULL), GASP_OK);
    gasp_header_window_clear(&w);
    gasp_header_window_clear(&w);
    gasp_header_window_clear(NULL);
}

static void *no_memory(void *user, size_t len)
{
    (void)user;
    (void)len;
    return NULL;
}

static void init_refused(void **state)
{
    (void)state;
    gasp_header_window w;
    gasp_mem mem = {.size = sizeof mem, .allocate = no_memory};
    assert_err(gasp_header_window_init(&w, GASP_NETWORK_MAIN, &mem), GASP_ERR_NOMEM);
    gasp_header_window_clear(&w);
    assert_err(gasp_header_window_init(&w, (gasp_network)9, NULL), GASP_ERR_MISUSE);
    gasp_header_window_clear(&w);
}

static void median_time(void **state)
{
    (void)state;
    const uint32_t times[11] = {50, 10, 90, 30, 70, 20, 80, 40, 60, 100, 5};
    assert_int_equal(gasp_header_median_time(times, 11, 500), 50);
    assert_int_equal(gasp_header_median_time(times, 11, 10), 50);
    assert_int_equal(gasp_header_median_time(times, 1, 0), 50);
    assert_int_equal(gasp_header_median_time(times, 2, 1), 50); /* of an even number the upper one, as a node has it */
    assert_int_equal(gasp_header_median_time(times, 3, 2), 50);
    assert_int_equal(gasp_header_median_time(times, 4, 3), 50);
    assert_int_equal(gasp_header_median_time(times, 10, 9), 60);
    const uint32_t trusted = 1700000000, early = 7199;
    assert_int_equal(gasp_header_median_time(&trusted, 1, 800000), 1699992800);
    assert_int_equal(gasp_header_median_time(&early, 1, 800000), 0);
    assert_int_equal(gasp_header_median_time(times, 10, 10), 0); /* ten where eleven are needed: 50 less two hours */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_chain),
        cmocka_unit_test(one_rule_broken),
        cmocka_unit_test(version_heights),
        cmocka_unit_test(other_genesis),
        cmocka_unit_test(runs),
        cmocka_unit_test(best_chain),
        cmocka_unit_test(bounds),
        cmocka_unit_test(init_refused),
        cmocka_unit_test(median_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
