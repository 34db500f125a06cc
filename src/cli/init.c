/* gasp init: an empty wallet in a directory. */
#include <string.h>

#include "cli/cli.h"
#include "gasp/node.h"

int gasp_cmd_init(gasp_cli *cli)
{
    gasp_opened opened;
    gasp_wallet_config config;
    gasp_network network = GASP_NETWORK_MAIN;
    const char *name = cli->value[GASP_OPT_NETWORK];
    if (name != NULL && gasp_network_from_name(&network, name) != GASP_OK)
        return gasp_cli_usage(cli, "--network %s", name);
    int code = gasp_cli_make_store(cli, &opened, cli->operand[0], &config);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = gasp_wallet_create(&config, network, gasp_node_now());
        if (err != GASP_OK)
            code = gasp_cli_wallet_error(cli, &opened, err, opened.dir);
    }
    if (code == GASP_EXIT_DONE) {
        gasp_json_put(cli->answer, "directory", json_string(opened.dir));
        gasp_json_put(cli->answer, "network", json_string(gasp_network_name(network)));
        gasp_cli_out(cli, "wallet in %s, network %s\n", opened.dir, gasp_network_name(network));
    }
    gasp_cli_close(&opened);
    return code;
}
