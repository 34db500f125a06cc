/** Which rules judge a script: a value, made from the heights of the spend and of what it spends.
 *
 *  Two heights decide. The *spending* height is that of the block which has, or would have, the spending transaction:
 * for an unproven one the height after the tip. It turns signature rules on. The *spent* height is that of the block of
 * the output; it gives the era, which says what opcodes mean. */
#ifndef GASP_SCRIPT_RULES_H
#define GASP_SCRIPT_RULES_H

#include "gasp/types.h"

/** Meaning of opcodes and limits of numbers and stack: by the output that is spent. */
typedef enum gasp_script_era {
    GASP_ERA_PRE_GENESIS = 1,
    GASP_ERA_GENESIS = 2,  /**< output in a block from 620,538 (mainnet) */
    GASP_ERA_CHRONICLE = 3 /**< output in a block from 943,816 */
} gasp_script_era;

/** Demands on signatures, keys and unlocking scripts: by the block that spends. */
typedef enum gasp_script_flag {
    GASP_RULE_STRICT_DER = 1, /**< signatures are strict DER (BIP66) */
    GASP_RULE_STRICT_ENC = 2, /**< hash type is a defined one, key is compressed or uncompressed */
    GASP_RULE_FORKID = 4,     /**< hash type carries FORKID; without this rule the bit means nothing */
    GASP_RULE_LOW_S = 8,      /**< s is at most half the order */
    GASP_RULE_NULL_FAIL = 16, /**< a signature that fails must be empty: for scripts that go on after one */
    GASP_RULE_PUSH_ONLY = 32, /**< unlocking scripts push and do nothing else */
    GASP_RULE_CHRONICLE = 64  /**< hash type bit 0x20 is defined; a version above 1 lifts LOW_S, NULL_FAIL, PUSH_ONLY */
} gasp_script_flag;

/** Height of an output whose transaction is in no block that we know: judged as one of the spending block. */
#define GASP_HEIGHT_UNPROVEN UINT32_MAX

typedef struct gasp_script_rules {
    gasp_script_era era;
    uint32_t flags; /**< sum of gasp_script_flag */
} gasp_script_rules;

/** The rules for a spend in a block of spending_height of an output of a block of spent_height (which may be
 *  GASP_HEIGHT_UNPROVEN). Heights are those of bitcoin-sv 1.2 (chainparams.cpp, verify_script_flags.cpp).
 *  A network that is none is judged as mainnet. */
gasp_script_rules gasp_script_rules_at(gasp_network network, uint32_t spending_height, uint32_t spent_height);

/** The same rules for one transaction: a version above 1 lifts those that Chronicle lifts. */
gasp_script_rules gasp_script_rules_for_version(gasp_script_rules rules, uint32_t version);

/** The rules as one number, for the row that says under which ones a script was checked. Equal iff the rules are. */
uint32_t gasp_script_rules_code(gasp_script_rules rules);

#endif
