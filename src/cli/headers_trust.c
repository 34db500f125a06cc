/* gasp headers trust: one header on the user's word. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "gasp/header.h"
#include "gasp/node.h"

int gasp_cmd_headers_trust(gasp_cli *cli)
{
    gasp_opened opened = {0};
    uint8_t raw[GASP_HEADER_LEN];
    char hash_text[GASP_HASH_TEXT_MAX];
    gasp_block_hash hash;
    uint32_t height;
    int code = gasp_cli_height(cli, &height, true);
    if (code != GASP_EXIT_DONE)
        return code;
    if (gasp_hex_decode(raw, sizeof raw, cli->operand[1], strlen(cli->operand[1])) != GASP_OK)
        return gasp_cli_usage(cli, "a header is 160 hex digits");
    gasp_header_hash(&hash, raw);
    gasp_block_hash_to_text(hash_text, &hash);
    code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = gasp_wallet_headers_trust(opened.wallet, raw, height, gasp_node_now());
        if (err != GASP_OK)
            code = gasp_cli_wallet_error(cli, &opened, err, hash_text);
    }
    if (code == GASP_EXIT_DONE) {
        gasp_json_put(cli->answer, "height", json_integer(height));
        gasp_json_put(cli->answer, "hash", json_string(hash_text));
        gasp_cli_out(cli, "trusted at height %" PRIu32 ": %s\n", height, hash_text);
    }
    gasp_cli_close(&opened);
    return code;
}
