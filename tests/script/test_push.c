/* Opcode boundaries by hand, and on random bytes: every byte of a script belongs to exactly one opcode, or to the one
 * that runs over the end. */
#include <string.h>

#include "lib/data.h"
#include "lib/random.h"
#include "script/push.h"
#include "script/template.h"

static const struct {
    const char *hex;
    size_t ops;
    bool broken;
} walks[] = {
    {"", 0, false},        {"00", 1, false},         {"0151", 1, false},        {"01", 0, true},
    {"4c", 0, true},       {"4c00", 1, false},       {"4c01", 0, true},         {"4c0151", 1, false},
    {"4d00", 0, true},     {"4d0000", 1, false},     {"4d010051ac", 2, false},  {"4d0001", 0, true},
    {"4e000000", 0, true}, {"4e00000000", 1, false}, {"4effffffff00", 0, true}, {"515293ac", 4, false},
    {"ff50", 2, false},    {"51024c", 1, true},
};

static void walk(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof walks / sizeof walks[0]; i++) {
        gasp_bytes script = test_hex(walks[i].hex);
        gasp_op_cursor cursor = gasp_op_cursor_of(script);
        gasp_op op;
        size_t n = 0;
        while (gasp_op_next(&cursor, &op))
            n++;
        if (n != walks[i].ops || cursor.broken != walks[i].broken)
            fail_msg("%s: %zu opcodes, broken %d", walks[i].hex, n, cursor.broken);
        assert_false(gasp_op_next(&cursor, &op));
        test_release(script);
    }
}

static void every_byte_once(void **state)
{
    (void)state;
    test_random r = test_random_start("opcodes");
    for (unsigned round = 0; round < 20000 / test_one_in() + 1; round++) {
        uint8_t bytes[40];
        gasp_bytes script = {bytes, test_random_below(&r, sizeof bytes + 1)};
        test_random_fill(&r, bytes, script.len);
        for (size_t i = 0; i < script.len; i++)
            bytes[i] %= 0x60;
        gasp_op_cursor cursor = gasp_op_cursor_of(script);
        gasp_op op;
        size_t expected = 0;
        while (gasp_op_next(&cursor, &op)) {
            assert_int_equal(op.at, expected);
            if (op.data.len > 0)
                assert_true(op.data.data > bytes && op.data.data + op.data.len == bytes + cursor.at);
            expected = cursor.at;
        }
        assert_true(cursor.broken ? expected < script.len : expected == script.len);
    }
}

static void pushes(void **state)
{
    (void)state;
    gasp_bytes script = test_hex("0102030405065152");
    gasp_pushes found = gasp_script_pushes(script);
    assert_true(found.push_only && !found.broken && !found.reserved);
    assert_int_equal(found.n, 4);
    assert_true(found.last[0].len == 0 && found.last[1].len == 0);
    test_release(script);
    script = test_hex("0102020304");
    found = gasp_script_pushes(script);
    assert_int_equal(found.n, 2);
    assert_memory_equal(found.last[0].data, "\x03\x04", 2);
    assert_int_equal(found.last[1].len, 1);
    test_release(script);
    script = test_hex("5061");
    found = gasp_script_pushes(script);
    assert_true(found.reserved && !found.push_only);
    test_release(script);
    script = test_hex("5003ac");
    found = gasp_script_pushes(script);
    assert_true(found.reserved && found.push_only && found.broken);
    test_release(script);
}

/* Each byte of a template that is not its operand, changed: no template any more. */
static void templates(void **state)
{
    (void)state;
    uint8_t p2pkh[25] = {0x76, 0xa9, 20, [23] = 0x88, [24] = 0xac};
    uint8_t p2pk[35] = {33, [34] = 0xac};
    uint8_t longer[67] = {65, [66] = 0xac};
    gasp_bytes operand;
    assert_int_equal(gasp_template_of(&operand, (gasp_bytes){p2pkh, 25}), GASP_TEMPLATE_P2PKH);
    assert_true(operand.data == p2pkh + 3 && operand.len == 20);
    assert_int_equal(gasp_template_of(&operand, (gasp_bytes){p2pk, 35}), GASP_TEMPLATE_P2PK);
    assert_true(operand.data == p2pk + 1 && operand.len == 33);
    assert_int_equal(gasp_template_of(&operand, (gasp_bytes){longer, 67}), GASP_TEMPLATE_P2PK);
    assert_true(operand.data == longer + 1 && operand.len == 65);
    const size_t fixed[] = {0, 1, 2, 23, 24};
    for (size_t i = 0; i < 5; i++) {
        p2pkh[fixed[i]] ^= 1;
        assert_int_equal(gasp_template_of(NULL, (gasp_bytes){p2pkh, 25}), GASP_TEMPLATE_NONE);
        p2pkh[fixed[i]] ^= 1;
    }
    assert_int_equal(gasp_template_of(NULL, (gasp_bytes){p2pkh, 24}), GASP_TEMPLATE_NONE);
    assert_int_equal(gasp_template_of(NULL, (gasp_bytes){p2pk, 34}), GASP_TEMPLATE_NONE);
    p2pk[0] = 32;
    assert_int_equal(gasp_template_of(NULL, (gasp_bytes){p2pk, 35}), GASP_TEMPLATE_NONE);
    longer[66] = 0xad;
    assert_int_equal(gasp_template_of(NULL, (gasp_bytes){longer, 67}), GASP_TEMPLATE_NONE);
    assert_int_equal(gasp_template_of(NULL, (gasp_bytes){NULL, 0}), GASP_TEMPLATE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walk),
        cmocka_unit_test(every_byte_once),
        cmocka_unit_test(pushes),
        cmocka_unit_test(templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
