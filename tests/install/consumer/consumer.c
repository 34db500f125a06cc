/* An embedder of the installed library: prints the version and reads one value through each product that it was built
 * with. Includes nothing but installed headers. */
#include <stdint.h>
#include <stdio.h>

#include "gasp/tx.h"
#include "gasp/version.h"
#ifdef WITH_LEVELDB
#include "gasp/leveldb.h"
#endif
#ifdef WITH_JSON
#include "gasp/json.h"
#endif
#ifdef WITH_NODE
#include "gasp/node.h"
#endif

/* The coinbase of block 0. */
static const char genesis[] =
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d"
    "0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b20"
    "6f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678a"
    "fdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112"
    "de5c384df7ba0b8d578a4c702b6bf11d5fac00000000";

int main(void)
{
    uint8_t raw[(sizeof genesis - 1) / 2];
    gasp_tx *tx = NULL;
    if (gasp_hex_decode(raw, sizeof raw, genesis, sizeof genesis - 1) != GASP_OK)
        return 1;
    if (gasp_tx_decode(&tx, (gasp_bytes){raw, sizeof raw}, NULL, NULL) != GASP_OK)
        return 1;
    gasp_tx_free(tx);
    printf("%s gasp", gasp_version());
#ifdef WITH_LEVELDB
    /* A name that no directory can have: the store says so in its own words. */
    gasp_kv *kv = NULL;
    gasp_kv_text why;
    if (gasp_kv_leveldb_open(&kv, "/dev/null/none", NULL, NULL, &why) == GASP_OK)
        return 1;
    printf(" leveldb");
#endif
#ifdef WITH_JSON
    gasp_bump *bump = NULL;
    if (gasp_bump_from_json(&bump, "[]", 2, NULL, NULL) != GASP_ERR_JSON)
        return 1;
    printf(" json");
#endif
#ifdef WITH_NODE
    gasp_node *node = NULL;
    gasp_node_config config;
    char bound[GASP_ADDRESS_MAX];
    gasp_node_config_init(&config);
    if (gasp_node_new(&node, &config) != GASP_OK)
        return 1;
    if (gasp_node_listen(node, bound, "unix:none") != GASP_ERR_MISUSE) /* it was given no wallet */
        return 1;
    gasp_node_free(node);
    printf(" node");
#endif
    printf("\n");
    return 0;
}
