/* Rule sets by height: each rule's last block without it and first block with it, on every network. */
#include "lib/data.h"
#include "script/rules.h"

static const struct {
    gasp_network network;
    uint32_t first; /* first block with the rules */
    uint32_t flags;
} edges[] = {
    {GASP_NETWORK_MAIN, 363725, GASP_RULE_STRICT_DER},
    {GASP_NETWORK_MAIN, 478559, GASP_RULE_STRICT_ENC | GASP_RULE_FORKID},
    {GASP_NETWORK_MAIN, 504032, GASP_RULE_LOW_S | GASP_RULE_NULL_FAIL},
    {GASP_NETWORK_MAIN, 620538, GASP_RULE_PUSH_ONLY},
    {GASP_NETWORK_MAIN, 943816, GASP_RULE_CHRONICLE},
    {GASP_NETWORK_TEST, 330776, GASP_RULE_STRICT_DER},
    {GASP_NETWORK_TEST, 1155876, GASP_RULE_STRICT_ENC | GASP_RULE_FORKID},
    {GASP_NETWORK_TEST, 1188698, GASP_RULE_LOW_S | GASP_RULE_NULL_FAIL},
    {GASP_NETWORK_TEST, 1344302, GASP_RULE_PUSH_ONLY},
    {GASP_NETWORK_TEST, 1713168, GASP_RULE_CHRONICLE},
    {GASP_NETWORK_REGTEST, 10000, GASP_RULE_PUSH_ONLY},
    {GASP_NETWORK_REGTEST, 15000, GASP_RULE_CHRONICLE},
};

static void each_edge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        uint32_t before = gasp_script_rules_at(edges[i].network, edges[i].first - 1, 1).flags;
        uint32_t after = gasp_script_rules_at(edges[i].network, edges[i].first, 1).flags;
        assert_int_equal(before & edges[i].flags, 0);
        assert_int_equal(after, before | edges[i].flags);
    }
    assert_int_equal(gasp_script_rules_at(GASP_NETWORK_MAIN, 0, 0).flags, 0);
    assert_int_equal(gasp_script_rules_at(GASP_NETWORK_REGTEST, 1, 1).flags,
                     GASP_RULE_STRICT_DER | GASP_RULE_STRICT_ENC | GASP_RULE_FORKID | GASP_RULE_LOW_S |
                         GASP_RULE_NULL_FAIL);
}

static void era_is_of_the_spent_output(void **state)
{
    (void)state;
    const uint32_t now = 950000;
    assert_int_equal(gasp_script_rules_at(GASP_NETWORK_MAIN, now, 620537).era, GASP_ERA_PRE_GENESIS);
    assert_int_equal(gasp_script_rules_at(GASP_NETWORK_MAIN, now, 620538).era, GASP_ERA_GENESIS);
    assert_int_equal(gasp_script_rules_at(GASP_NETWORK_MAIN, now, 943815).era, GASP_ERA_GENESIS);
    assert_int_equal(gasp_script_rules_at(GASP_NETWORK_MAIN, now, 943816).era, GASP_ERA_CHRONICLE);
    assert_int_equal(gasp_script_rules_at(GASP_NETWORK_MAIN, now, GASP_HEIGHT_UNPROVEN).era, GASP_ERA_CHRONICLE);
    assert_int_equal(gasp_script_rules_at(GASP_NETWORK_MAIN, 413568, GASP_HEIGHT_UNPROVEN).era, GASP_ERA_PRE_GENESIS);
}

static void chronicle_lifts(void **state)
{
    (void)state;
    const uint32_t lifted = GASP_RULE_LOW_S | GASP_RULE_NULL_FAIL | GASP_RULE_PUSH_ONLY;
    gasp_script_rules genesis = gasp_script_rules_at(GASP_NETWORK_MAIN, 943815, 1);
    gasp_script_rules chronicle = gasp_script_rules_at(GASP_NETWORK_MAIN, 943816, 1);
    assert_int_equal(gasp_script_rules_for_version(genesis, 2).flags, genesis.flags);
    assert_int_equal(gasp_script_rules_for_version(chronicle, 0).flags, chronicle.flags);
    assert_int_equal(gasp_script_rules_for_version(chronicle, 1).flags, chronicle.flags);
    assert_int_equal(gasp_script_rules_for_version(chronicle, 2).flags, chronicle.flags & ~lifted);
    assert_int_equal(gasp_script_rules_for_version(chronicle, INT32_MAX).flags, chronicle.flags & ~lifted);
    assert_int_equal(gasp_script_rules_for_version(chronicle, UINT32_C(0x80000000)).flags, chronicle.flags);
}

/* Equal codes, equal rules. */
static void codes(void **state)
{
    (void)state;
    const uint32_t heights[] = {1, 363725, 478559, 504032, 620538, 943816};
    for (size_t i = 0; i < 36; i++) {
        gasp_script_rules a = gasp_script_rules_at(GASP_NETWORK_MAIN, heights[i / 6], heights[i % 6]);
        for (size_t j = 0; j < 36; j++) {
            gasp_script_rules b = gasp_script_rules_at(GASP_NETWORK_MAIN, heights[j / 6], heights[j % 6]);
            bool same = a.era == b.era && a.flags == b.flags;
            assert_int_equal(gasp_script_rules_code(a) == gasp_script_rules_code(b), same);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_edge),
        cmocka_unit_test(era_is_of_the_spent_output),
        cmocka_unit_test(chronicle_lifts),
        cmocka_unit_test(codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
