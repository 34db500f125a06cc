/* The constants of the three networks. A value here decides which chain is believed: each has its source in networks.h
 * or beside it, and the test compares what can be compared with real headers and with a second source. */
#include "spv/networks.h"

#include <string.h>

static const gasp_checkpoint main_checkpoints[] = {
    {0, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"},
    {11111, "0000000069e244f73d78e8fd29ba2fd2ed618bd6fa2ee92559f542fdb26e7c1d"},
    {33333, "000000002dd5588a74784eaa7ab0507a18ad16a236e7b1ce69f00d7ddfb5d0a6"},
    {74000, "0000000000573993a3c9e41ce34471c079dcf5f52a0e824a81e7f953b8661a20"},
    {105000, "00000000000291ce28027faea320c8d2b054b2e0fe44a773f3eefb151d6bdc97"},
    {134444, "00000000000005b12ffd4cd315cd34ffd4a594f430ac814c91184a0d42d2b0fe"},
    {168000, "000000000000099e61ea72015e79632f216fe6cb33d7899acb35b75c8303b763"},
    {193000, "000000000000059f452a5f7340de6682a977387c17010ff6e6c3bd83ca8b1317"},
    {210000, "000000000000048b95347e83192f69cf0366076336c639f9b7228e9ba171342e"},
    {216116, "00000000000001b4f4b433e81ee46494af945cf96014816a4e2370f11b23df4e"},
    {225430, "00000000000001c108384350f74090433e7fcf79a606b8e797f065b130575932"},
    {250000, "000000000000003887df1f29024b06fc2200b55f8af8f35453d7be294df2d214"},
    {279000, "0000000000000001ae8c72a0b0c301f67e3afca10e819efa9041e458e9bd7e40"},
    {295000, "00000000000000004d9b4ef50f0f9d686fd69db2e03af35a100370c64632a983"},
    {478558, "0000000000000000011865af4122fe3b144e2cbeea86142e8ff2fb4107352d43"}, /* the last one shared with BTC */
    {504031, "0000000000000000011ebf65b60d0a3de80b8175be709d653b4c1a1beeb6ab9c"}, /* cw-144 begins after it */
    {530359, "0000000000000000011ada8bd08f46074f44a8f155396f43e38acf9501c49103"},
    /* The first header that is not shared with BCH, whose headers kept the same rules for two more years: a checkpoint
     * of other implementations (data/README.md of the shared folder). */
    {556767, "000000000000000001d956714215d96ffc00e0afda4cd0a96c96f8d802b1662b"},
    /* Ends of the header files of go-chaintracks (5b22f7cee7b5), data/headers/mainNetBlockHeaders.json. */
    {599999, "0000000000000000078f57b9a986b53b73f007c6b27b6f16409ca4eda83034e8"},
    {699999, "000000000000000013abf3ab026610ed70e023476db8ce96f68637acdcbcf3cb"},
    {799999, "00000000000000000b6ae23bbe9f549844c20943d8c20b8ceedbae8aa1dde8e0"},
    {899999, "00000000000000000e7dcc27c06ee353bd37260b2e7e664314c204f0324a5087"},
};

static const gasp_checkpoint test_checkpoints[] = {
    {0, "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"},
    {546, "000000002a936ca763904c3c35fce2f3556c559c0214345d31b1bcebf76acb70"},
    {1155875, "00000000f17c850672894b9a75b63a1e72830bbd5f4c8889b5c1a80e7faef138"},
    {1188697, "0000000000170ed0918077bde7b4d36cc4c91be69fa09211f748240dabe047fb"},
};

static const gasp_checkpoint regtest_checkpoints[] = {
    {0, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"},
};

/* Version 1, no header before, the one merkle root; then time, nBits and nonce. */
#define GENESIS                                                                                                        \
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3" \
    "888a51323a9fb8aa4b1e5e4a"

static const gasp_network_rules all_rules[] = {
    {.network = GASP_NETWORK_MAIN,
     .genesis = GENESIS "29ab5f49ffff001d1dac2b7c",
     .limit_bits = 0x1d00ffff,
     .daa_height = 504031,
     .versions = {{227931, 2}, {363725, 3}, {388381, 4}},
     .minimum_work = "000000000000000000000000000000000000000000a0f3064330647e2f6c4828",
     .checkpoints = main_checkpoints,
     .n_checkpoints = sizeof main_checkpoints / sizeof main_checkpoints[0]},
    {.network = GASP_NETWORK_TEST,
     .genesis = GENESIS "dae5494dffff001d1aa4ae18",
     .limit_bits = 0x1d00ffff,
     .min_difficulty = true,
     .daa_height = 1188697,
     .versions = {{21111, 2}, {330776, 3}, {581885, 4}},
     .minimum_work = "00000000000000000000000000000000000000000000002a650f6ff7649485da",
     .checkpoints = test_checkpoints,
     .n_checkpoints = sizeof test_checkpoints / sizeof test_checkpoints[0]},
    {.network = GASP_NETWORK_REGTEST,
     .genesis = GENESIS "dae5494dffff7f2002000000",
     .limit_bits = 0x207fffff,
     .no_retarget = true,
     .min_difficulty = true,
     .versions = {{100000000, 2}, {1251, 3}, {1351, 4}},
     .minimum_work = "0000000000000000000000000000000000000000000000000000000000000000",
     .checkpoints = regtest_checkpoints,
     .n_checkpoints = sizeof regtest_checkpoints / sizeof regtest_checkpoints[0]},
};

const gasp_network_rules *gasp_network_rules_of(gasp_network network)
{
    for (size_t i = 0; i < sizeof all_rules / sizeof all_rules[0]; i++)
        if (all_rules[i].network == network)
            return &all_rules[i];
    return NULL;
}

/* The constants above are hex of the right length: the tests read every one. */
static void read_constant(uint8_t *out, size_t len, const char *hex)
{
    if (gasp_hex_decode(out, len, hex, strlen(hex)) != GASP_OK)
        memset(out, 0, len);
}

void gasp_network_genesis(uint8_t raw80[GASP_HEADER_LEN], const gasp_network_rules *rules)
{
    read_constant(raw80, GASP_HEADER_LEN, rules->genesis);
}

void gasp_network_minimum_work(gasp_work *out, const gasp_network_rules *rules)
{
    read_constant(out->be, sizeof out->be, rules->minimum_work);
}

gasp_err gasp_network_checkpoint(const gasp_network_rules *rules, uint32_t height, const gasp_block_hash *hash)
{
    for (size_t i = 0; i < rules->n_checkpoints && rules->checkpoints[i].height <= height; i++) {
        if (rules->checkpoints[i].height != height)
            continue;
        char text[GASP_HASH_TEXT_MAX];
        gasp_block_hash_to_text(text, hash);
        return strcmp(text, rules->checkpoints[i].hash) == 0 ? GASP_OK : GASP_ERR_HEADER_PIN;
    }
    return GASP_OK;
}

gasp_err gasp_network_version(const gasp_network_rules *rules, uint32_t height, uint32_t version)
{
    /* A node reads the field as a signed number: with the top bit set it is below every version. */
    int64_t value = version > INT32_MAX ? (int64_t)version - ((int64_t)UINT32_MAX + 1) : (int64_t)version;
    for (size_t i = 0; i < sizeof rules->versions / sizeof rules->versions[0]; i++)
        if (height >= rules->versions[i].height && value < rules->versions[i].least)
            return GASP_ERR_HEADER_VERSION;
    return GASP_OK;
}
