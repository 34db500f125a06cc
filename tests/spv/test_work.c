/* 256-bit arithmetic against long division bit by bit, nBits against the values that nodes agree on, work against the
 * chain work that other projects published for real headers. */
#include <string.h>

#include "gasp/header.h"
#include "lib/data.h"
#include "lib/random.h"
#include "spv/work.h"

static gasp_u256 number(const char *hex64)
{
    uint8_t be[32];
    assert_err(gasp_hex_decode(be, 32, hex64, strlen(hex64)), GASP_OK);
    return gasp_u256_from_be(be);
}

static void assert_equal(const gasp_u256 *a, const gasp_u256 *b)
{
    assert_memory_equal(a, b, sizeof *a);
}

/* ---- arithmetic ----------------------------------------------------------------------------------------------- */

static const char MAX[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
static const char TOP[] = "8000000000000000000000000000000000000000000000000000000000000000";

static void edges(void **state)
{
    (void)state;
    const gasp_u256 max = number(MAX), top = number(TOP), zero = gasp_u256_of(0), one = gasp_u256_of(1);
    gasp_u256 out;
    assert_true(gasp_u256_add(&out, &max, &one));
    assert_equal(&out, &zero);
    assert_true(gasp_u256_sub(&out, &zero, &one));
    assert_equal(&out, &max);
    assert_false(gasp_u256_add(&out, &zero, &max));
    assert_false(gasp_u256_sub(&out, &max, &max));
    assert_true(gasp_u256_mul(&out, &top, 2));
    assert_equal(&out, &zero);
    assert_false(gasp_u256_mul(&out, &top, 1));
    assert_int_equal(gasp_u256_bits(&zero), 0);
    assert_int_equal(gasp_u256_bits(&one), 1);
    assert_int_equal(gasp_u256_bits(&max), 256);
    gasp_u256_shift_left(&out, &one, 255);
    assert_equal(&out, &top);
    gasp_u256_shift_right(&out, &top, 255);
    assert_equal(&out, &one);
    assert_true(gasp_u256_compare(&top, &max) < 0 && gasp_u256_compare(&max, &top) > 0);
    assert_int_equal(gasp_u256_compare(&top, &top), 0);
    out = one;
    assert_false(gasp_u256_divide(&out, &out, &max, &zero));
    assert_equal(&out, &one);
    uint8_t be[32], le[32];
    for (uint8_t i = 0; i < 32; i++)
        be[i] = (uint8_t)(i + 1), le[31 - i] = be[i];
    gasp_u256 from_be = gasp_u256_from_be(be), from_le = gasp_u256_from_le(le);
    assert_equal(&from_be, &from_le);
    assert_int_equal(from_be.w[0], 0x1d1e1f20);
    assert_int_equal(from_be.w[7], 0x01020304);
}

static bool bit_of(const gasp_u256 *a, unsigned i)
{
    return (a->w[i / 32] >> (i % 32) & 1) != 0;
}

/* School division in base 2, on bits and with nothing of work.c but its struct. */
static void slow_divide(gasp_u256 *quotient, gasp_u256 *rest, const gasp_u256 *a, const gasp_u256 *b)
{
    *quotient = (gasp_u256){{0}};
    *rest = (gasp_u256){{0}};
    for (unsigned i = 256; i-- > 0;) {
        bool over = bit_of(rest, 255);
        for (unsigned j = 8; j-- > 1;)
            rest->w[j] = rest->w[j] << 1 | rest->w[j - 1] >> 31;
        rest->w[0] = rest->w[0] << 1 | (bit_of(a, i) ? 1u : 0u);
        unsigned top = 7;
        while (top > 0 && rest->w[top] == b->w[top])
            top--;
        if (!over && rest->w[top] < b->w[top])
            continue;
        quotient->w[i / 32] |= 1u << (i % 32);
        uint64_t borrow = 0;
        for (unsigned j = 0; j < 8; j++) {
            uint64_t word = (uint64_t)rest->w[j] - b->w[j] - borrow;
            rest->w[j] = (uint32_t)word;
            borrow = word >> 63;
        }
    }
}

/* Words near the ends of their range, which random ones almost never are, make the guesses of long division wrong. */
static gasp_u256 any_number(test_random *r)
{
    static const uint32_t hard[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
    gasp_u256 a = {{0}};
    size_t words = test_random_below(r, 9);
    for (size_t i = 0; i < words; i++)
        a.w[i] = test_random_below(r, 2) == 0 ? hard[test_random_below(r, 8)] : (uint32_t)test_random_next(r);
    return a;
}

static void division(void **state)
{
    (void)state;
    test_random r = test_random_start("work/division");
    unsigned n = 20000 / test_one_in(), zero = 0;
    for (unsigned i = 0; i < n; i++) {
        gasp_u256 a = any_number(&r), b = any_number(&r), quotient, rest, want_quotient, want_rest;
        if (!gasp_u256_divide(&quotient, &rest, &a, &b)) {
            assert_int_equal(gasp_u256_bits(&b), 0);
            zero++;
            continue;
        }
        slow_divide(&want_quotient, &want_rest, &a, &b);
        assert_equal(&quotient, &want_quotient);
        assert_equal(&rest, &want_rest);
        assert_true(gasp_u256_divide(&a, NULL, &a, &b));
        assert_equal(&a, &want_quotient);
    }
    assert_true(n > 2 * zero);
    print_message("count: divisions equal to school division: %u of %u, by zero refused: %u\n", n - zero, n - zero,
                  zero);
}

/* Dividends on which the guess of one word of the quotient is one too large after its correction (step D6 of Knuth's
 * algorithm D), which random words almost never reach. */
static void division_adds_back(void **state)
{
    (void)state;
    static const char *cases[][2] = {
        {"0000000000000000000000000000000000000000800000000000000000000003",
         "0000000000000000000000000000000000000000200000000000000000000001"},
        {"000000007ffffffffffffffe000000007fffffff7fffffff000000015b8491d2",
         "00000000000000000000000000000000fffffffe00000000e1d3aa9e0b10106e"},
        {"0000000180000000800000010562710400000002ffffffffffffffffffffffff",
         "0000000000000000000000008000000080000000ffffffff8000000000000001"},
        {"000000000000000000000000000000007fffffff800000000000000000000000",
         "0000000000000000000000000000000000000000800000000000000000000001"},
        {"00000000000000000000000000000000800000000000000000000000fffffffe",
         "0000000000000000000000000000000000000000800000000000000000ffffff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gasp_u256 a = number(cases[i][0]), b = number(cases[i][1]), quotient, rest, want_quotient, want_rest;
        assert_true(gasp_u256_divide(&quotient, &rest, &a, &b));
        slow_divide(&want_quotient, &want_rest, &a, &b);
        assert_equal(&quotient, &want_quotient);
        assert_equal(&rest, &want_rest);
    }
}

static void sums_and_shifts(void **state)
{
    (void)state;
    test_random r = test_random_start("work/sums");
    unsigned n = 10000 / test_one_in();
    for (unsigned i = 0; i < n; i++) {
        gasp_u256 a = any_number(&r), b = any_number(&r), sum, back, shifted;
        bool over = gasp_u256_add(&sum, &a, &b);
        assert_true(over == (gasp_u256_compare(&sum, &a) < 0));
        assert_true(gasp_u256_sub(&back, &sum, &b) == over);
        assert_equal(&back, &a);
        unsigned by = (unsigned)test_random_below(&r, 256);
        gasp_u256_shift_left(&shifted, &a, by);
        for (unsigned j = 0; j < 256; j++)
            assert_true(bit_of(&shifted, j) == (j >= by && bit_of(&a, j - by)));
        gasp_u256_shift_right(&shifted, &a, by);
        for (unsigned j = 0; j < 256; j++)
            assert_true(bit_of(&shifted, j) == (j + by < 256 && bit_of(&a, j + by)));
        uint32_t word = (uint32_t)test_random_next(&r);
        gasp_u256 product, rest, quotient, multiplier = gasp_u256_of(word);
        if (word != 0 && !gasp_u256_mul(&product, &a, word)) {
            slow_divide(&quotient, &rest, &product, &multiplier);
            assert_equal(&quotient, &a);
            assert_int_equal(gasp_u256_bits(&rest), 0);
        }
    }
}

/* ---- nBits ---------------------------------------------------------------------------------------------------- */

/* Values of bitcoin-sv src/test/arith_uint256_tests.cpp, bignum_SetCompact. again: nBits of the target; NULL: no
 * target. */
static const struct {
    uint32_t bits;
    const char *target;
    uint32_t again;
} compact[] = {
    {0x00000000, NULL, 0}, /* zero, in all its forms */
    {0x00123456, NULL, 0},
    {0x01003456, NULL, 0},
    {0x02000056, NULL, 0},
    {0x03000000, NULL, 0},
    {0x04000000, NULL, 0},
    {0x00923456, NULL, 0},
    {0x01803456, NULL, 0},
    {0x02800056, NULL, 0},
    {0x03800000, NULL, 0},
    {0x04800000, NULL, 0},
    {0x01123456, "0000000000000000000000000000000000000000000000000000000000000012", 0x01120000},
    {0x01fedcba, NULL, 0}, /* negative */
    {0x02123456, "0000000000000000000000000000000000000000000000000000000000001234", 0x02123400},
    {0x03123456, "0000000000000000000000000000000000000000000000000000000000123456", 0x03123456},
    {0x04123456, "0000000000000000000000000000000000000000000000000000000012345600", 0x04123456},
    {0x04923456, NULL, 0}, /* negative */
    {0x05009234, "0000000000000000000000000000000000000000000000000000000092340000", 0x05009234},
    {0x20123456, "1234560000000000000000000000000000000000000000000000000000000000", 0x20123456},
    {0xff123456, NULL, 0}, /* overflow */
    {0x21123456, NULL, 0},
    {0x21010000, NULL, 0},
    {0x2100ffff, "ffff000000000000000000000000000000000000000000000000000000000000", 0x2100ffff},
    {0x220000ff, "ff00000000000000000000000000000000000000000000000000000000000000", 0x2100ff00},
    {0x22000100, NULL, 0},
    {0x23000001, NULL, 0}, /* one byte too far */
    {0x1d00ffff, "00000000ffff0000000000000000000000000000000000000000000000000000", 0x1d00ffff},
    {0x207fffff, "7fffff0000000000000000000000000000000000000000000000000000000000", 0x207fffff},
};

static void nbits(void **state)
{
    (void)state;
    unsigned targets = 0, none = 0;
    for (size_t i = 0; i < sizeof compact / sizeof compact[0]; i++) {
        const gasp_u256 before = gasp_u256_of(77);
        gasp_u256 target = before;
        gasp_work work;
        bool is = gasp_target_from_bits(&target, compact[i].bits);
        assert_true(is == (compact[i].target != NULL));
        assert_true(gasp_work_of_bits(&work, compact[i].bits) == is);
        if (!is) {
            assert_equal(&target, &before);
            none++;
            continue;
        }
        gasp_u256 want = number(compact[i].target);
        assert_equal(&target, &want);
        assert_int_equal(gasp_target_to_bits(&target), compact[i].again);
        targets++;
    }
    const gasp_u256 eighty = gasp_u256_of(0x80), zero = gasp_u256_of(0), max = number(MAX);
    assert_int_equal(gasp_target_to_bits(&eighty), 0x02008000);
    assert_int_equal(gasp_target_to_bits(&zero), 0);
    assert_int_equal(gasp_target_to_bits(&max), 0x2100ffff);
    assert_int_equal(targets, 10);
    assert_int_equal(none, 18);
    print_message("count: nBits: %u targets, %u that are none\n", targets, none);
}

static void nbits_round_trip(void **state)
{
    (void)state;
    test_random r = test_random_start("work/nbits");
    unsigned n = 10000 / test_one_in();
    for (unsigned i = 0; i < n; i++) {
        gasp_u256 a = any_number(&r), target, less;
        uint32_t bits = gasp_target_to_bits(&a);
        if (gasp_u256_bits(&a) == 0)
            continue;
        assert_true(gasp_target_from_bits(&target, bits));
        assert_int_equal(gasp_target_to_bits(&target), bits);
        assert_true(gasp_u256_compare(&target, &a) <= 0);
        /* What rounding took is below the third leading byte, or the second where the sign bit stood in the way. */
        assert_false(gasp_u256_sub(&less, &a, &target));
        unsigned len = gasp_u256_bits(&a);
        assert_true(gasp_u256_bits(&less) + 15 <= len || gasp_u256_bits(&less) == 0);
    }
}

/* ---- work ----------------------------------------------------------------------------------------------------- */

static void work_of_targets(void **state)
{
    (void)state;
    const gasp_u256 max = number(MAX), top = number(TOP), zero = gasp_u256_of(0), one = gasp_u256_of(1);
    gasp_u256 out;
    gasp_target_to_work(&out, &max);
    assert_equal(&out, &one);
    gasp_target_to_work(&out, &one);
    assert_equal(&out, &top);
    gasp_target_from_work(&out, &one);
    assert_equal(&out, &max);
    gasp_target_from_work(&out, &zero);
    assert_equal(&out, &max);
    gasp_target_from_work(&out, &top);
    assert_equal(&out, &one);
    gasp_work work;
    assert_true(gasp_work_of_bits(&work, 0x207fffff)); /* regtest: two hashes on average */
    assert_int_equal(work.be[31], 2);
}

static void best_chain(void **state)
{
    (void)state;
    gasp_work a = {{0}}, b = {{0}}, c;
    a.be[0] = 1;
    b.be[31] = 0xff;
    assert_true(gasp_work_compare(&a, &b) > 0 && gasp_work_compare(&b, &a) < 0);
    assert_int_equal(gasp_work_compare(&a, &a), 0); /* a tie: the one seen first stays */
    assert_false(gasp_work_add(&c, &a, &b));
    assert_true(gasp_work_compare(&c, &a) > 0);
    assert_false(gasp_work_sub(&c, &c, &b));
    assert_int_equal(gasp_work_compare(&c, &a), 0);
    assert_true(gasp_work_sub(&c, &b, &a));
    memset(&c, 0xff, sizeof c);
    assert_true(gasp_work_add(&c, &c, &b));
}

static uint32_t base64_digit(char c)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(all, c) : NULL;
    assert_non_null(at);
    return (uint32_t)(at - all);
}

/* 128 characters to 96 bytes: chain work (12, big-endian), height (4, big-endian), header. */
static void read_row(uint8_t out96[96], const char *text)
{
    for (size_t i = 0; i < 32; i++) {
        uint32_t word = 0;
        for (size_t j = 0; j < 4; j++)
            word = word << 6 | base64_digit(text[4 * i + j]);
        out96[3 * i] = (uint8_t)(word >> 16);
        out96[3 * i + 1] = (uint8_t)(word >> 8);
        out96[3 * i + 2] = (uint8_t)word;
    }
}

static gasp_work times_2015(uint32_t bits)
{
    gasp_work work;
    assert_true(gasp_work_of_bits(&work, bits));
    gasp_u256 number = gasp_u256_from_be(work.be);
    assert_false(gasp_u256_mul(&number, &number, 2015));
    gasp_u256_to_be(work.be, &number);
    return work;
}

/* bitcoinj's rows are the first headers of the 2,016-header periods: between two of them stand 2,015 times the work of
 * the first and once that of the second. The other project's file must agree where it has the height. */
static void published_chain_work(void **state)
{
    (void)state;
    gasp_bytes file = test_shared_file("headers/btc-mainnet-production-checkpoints.txt");
    json_t *boundaries = test_shared_json("headers/btc-mainnet-chainwork-at-2016-boundaries.json");
    const char *line = (const char *)file.data;
    for (unsigned i = 0; i < 3; i++)
        line = strchr(line, '\n') + 1;
    gasp_work total = {{0}}, own;
    assert_true(gasp_work_of_bits(&total, 0x1d00ffff));
    uint32_t bits = 0x1d00ffff, height = 0;
    unsigned rows = 0, both = 0, closed = 0;
    for (; strlen(line) >= 128; line += strcspn(line, "\n"), line += *line == '\n') {
        uint8_t raw[96], want[32] = {0};
        gasp_header header;
        read_row(raw, line);
        memcpy(want + 20, raw, 12);
        gasp_header_decode(&header, raw + 16);
        height += 2016;
        assert_int_equal((uint32_t)raw[12] << 24 | (uint32_t)raw[13] << 16 | (uint32_t)raw[14] << 8 | raw[15], height);
        gasp_work period = times_2015(bits);
        assert_false(gasp_work_add(&total, &total, &period));
        char key[32], text[65];
        snprintf(key, sizeof key, "%u", height - 1);
        if (json_object_get(boundaries, key) != NULL) {
            gasp_hex_encode(text, total.be, 32);
            assert_string_equal(text, test_json_text(boundaries, key));
            closed++;
        }
        bits = header.bits;
        assert_true(gasp_work_of_bits(&own, bits));
        assert_false(gasp_work_add(&total, &total, &own));
        assert_memory_equal(total.be, want, 32);
        snprintf(key, sizeof key, "%u", height);
        if (json_object_get(boundaries, key) != NULL) {
            gasp_hex_encode(text, total.be, 32);
            assert_string_equal(text, test_json_text(boundaries, key));
            both++;
        }
        rows++;
    }
    assert_int_equal(rows, 436);
    assert_int_equal(both, 413);
    assert_int_equal(closed + both + 1, 827); /* and genesis */
    print_message("count: published chain work: %u rows of bitcoinj, %u of ckb-bitcoin-spv, all equal\n", rows,
                  closed + both);
    json_decref(boundaries);
    test_release(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges),           cmocka_unit_test(division),   cmocka_unit_test(division_adds_back),
        cmocka_unit_test(sums_and_shifts), cmocka_unit_test(nbits),      cmocka_unit_test(nbits_round_trip),
        cmocka_unit_test(work_of_targets), cmocka_unit_test(best_chain), cmocka_unit_test(published_chain_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
