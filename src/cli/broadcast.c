/* gasp broadcast: what a broadcaster answered for a transaction, kept as it is. */
#include <inttypes.h>

#include "cli/cli.h"
#include "gasp/node.h"
#include "gasp/record.h"

static int keep(gasp_cli *cli, const gasp_opened *opened, const gasp_txid *txid, const gasp_input *input)
{
    gasp_err err = gasp_wallet_broadcast(opened->wallet, txid, input->bytes.data, input->bytes.len, gasp_node_now());
    if (err == GASP_ABSENT)
        return gasp_cli_error(cli, err, cli->operand[1], "no such transaction in this wallet");
    if (err != GASP_OK)
        return gasp_cli_wallet_error(cli, opened, err, cli->operand[1]);
    gasp_json_put(cli->answer, "txid", gasp_json_hash(txid->b));
    gasp_json_put(cli->answer, "bytes", json_integer((json_int_t)input->bytes.len));
    if (input->bytes.len > 0)
        gasp_cli_out(cli, "kept %zu bytes\n", input->bytes.len);
    else
        gasp_cli_out(cli, "removed\n");
    return GASP_EXIT_DONE;
}

int gasp_cmd_broadcast(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_what what;
    gasp_input input = {0};
    char detail[80];
    int code = gasp_cli_what(cli, &what, cli->operand[1]);
    if (code == GASP_EXIT_DONE && what.is_outpoint)
        return gasp_cli_usage(cli, "%.100s: the answer is about a transaction: TXID", cli->operand[1]);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_read_raw(cli, &input, cli->operand[2]);
    if (code == GASP_EXIT_DONE && input.bytes.len > GASP_ENTRY_VALUE_MAX) {
        snprintf(detail, sizeof detail, "%zu bytes, at most %d", input.bytes.len, (int)GASP_ENTRY_VALUE_MAX);
        code = gasp_cli_error(cli, GASP_ERR_ENTRY_VALUE, input.name, detail);
    }
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE)
        code = keep(cli, &opened, &what.outpoint.txid, &input);
    gasp_cli_close(&opened);
    gasp_input_clear(&input);
    return code;
}
