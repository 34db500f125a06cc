/* gasp forget: an unproven transaction leaves the wallet, with what spends from it. */
#include <inttypes.h>

#include "cli/cli.h"
#include "gasp/node.h"

static int forget(gasp_cli *cli, const gasp_opened *opened, const gasp_txid *txid)
{
    size_t n = 0;
    gasp_err err = gasp_wallet_forget(opened->wallet, &n, txid, gasp_node_now());
    if (err == GASP_ABSENT)
        return gasp_cli_error(cli, err, cli->operand[1], "no such transaction in this wallet");
    if (err == GASP_ERR_PROVEN) {
        (void)gasp_cli_error(cli, err, cli->operand[1], "only what no block holds can be forgotten");
        return GASP_EXIT_INVALID;
    }
    if (err != GASP_OK)
        return gasp_cli_wallet_error(cli, opened, err, cli->operand[1]);
    gasp_json_put(cli->answer, "txid", gasp_json_hash(txid->b));
    gasp_json_put(cli->answer, "forgotten", json_integer((json_int_t)n));
    gasp_cli_out(cli, "forgot %zu %s\n", n, n == 1 ? "transaction" : "transactions");
    return GASP_EXIT_DONE;
}

int gasp_cmd_forget(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_what what;
    int code = gasp_cli_what(cli, &what, cli->operand[1]);
    if (code == GASP_EXIT_DONE && what.is_outpoint)
        return gasp_cli_usage(cli, "%.100s: a whole transaction is forgotten: TXID", cli->operand[1]);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE)
        code = forget(cli, &opened, &what.outpoint.txid);
    gasp_cli_close(&opened);
    return code;
}
