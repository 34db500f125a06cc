/* Rule sets by height. Every height here is a fact of the chain, never a policy; the order of a row's fields is the
 * order in which the rules came into force. */
#include "script/rules.h"

/* First block of each rule. */
typedef struct activation {
    uint32_t strict_der; /* BIP66 */
    uint32_t forkid;     /* UAHF: the block after the last common one */
    uint32_t low_s;      /* the difficulty change of November 2017 */
    uint32_t genesis;
    uint32_t chronicle;
} activation;

static const activation on_main = {363725, 478559, 504032, 620538, 943816};
static const activation on_test = {330776, 1155876, 1188698, 1344302, 1713168};
static const activation on_regtest = {1251, 1, 1, 10000, 15000};

static const activation *activation_of(gasp_network network)
{
    switch (network) {
    case GASP_NETWORK_MAIN:
        return &on_main;
    case GASP_NETWORK_TEST:
        return &on_test;
    case GASP_NETWORK_REGTEST:
        return &on_regtest;
    }
    return &on_main;
}

static gasp_script_era era_at(const activation *from, uint32_t height)
{
    if (height >= from->chronicle)
        return GASP_ERA_CHRONICLE;
    return height >= from->genesis ? GASP_ERA_GENESIS : GASP_ERA_PRE_GENESIS;
}

gasp_script_rules gasp_script_rules_at(gasp_network network, uint32_t spending_height, uint32_t spent_height)
{
    const activation *from = activation_of(network);
    gasp_script_rules rules = {0};
    rules.era = era_at(from, spent_height == GASP_HEIGHT_UNPROVEN ? spending_height : spent_height);
    if (spending_height >= from->strict_der)
        rules.flags |= GASP_RULE_STRICT_DER;
    if (spending_height >= from->forkid)
        rules.flags |= GASP_RULE_STRICT_DER | GASP_RULE_STRICT_ENC | GASP_RULE_FORKID;
    if (spending_height >= from->low_s)
        rules.flags |= GASP_RULE_LOW_S | GASP_RULE_NULL_FAIL;
    if (spending_height >= from->genesis)
        rules.flags |= GASP_RULE_PUSH_ONLY;
    if (spending_height >= from->chronicle)
        rules.flags |= GASP_RULE_CHRONICLE;
    return rules;
}

gasp_script_rules gasp_script_rules_for_version(gasp_script_rules rules, uint32_t version)
{
    const uint32_t lifted = GASP_RULE_LOW_S | GASP_RULE_NULL_FAIL | GASP_RULE_PUSH_ONLY;
    /* A node reads the version as a signed number. */
    bool above_one = version > 1 && version <= INT32_MAX;
    if ((rules.flags & GASP_RULE_CHRONICLE) != 0 && above_one)
        rules.flags &= ~lifted;
    return rules;
}

uint32_t gasp_script_rules_code(gasp_script_rules rules)
{
    return (uint32_t)rules.era << 24 | rules.flags;
}
