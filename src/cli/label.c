/* gasp label: one entry of an output. */
#include <string.h>

#include "cli/cli.h"
#include "gasp/node.h"

enum { NAME_MAX_TEXT = GASP_ENTRY_NAME_MAX + 1 };

static int set_label(gasp_cli *cli, const gasp_opened *opened, const gasp_outpoint *outpoint, const char *name,
                     const char *value)
{
    gasp_err err =
        gasp_wallet_label(opened->wallet, outpoint, name, (const uint8_t *)value, strlen(value), gasp_node_now());
    if (err == GASP_ABSENT)
        return gasp_cli_error(cli, err, cli->operand[1], "no such output in this wallet");
    if (err == GASP_ERR_ENTRY_KEY || err == GASP_ERR_ENTRY_VALUE)
        return gasp_cli_usage(cli, "%.100s: %s", cli->operand[2], gasp_err_text(err));
    if (err != GASP_OK)
        return gasp_cli_wallet_error(cli, opened, err, cli->operand[1]);
    gasp_json_put(cli->answer, "outpoint", gasp_json_outpoint(outpoint));
    gasp_json_put(cli->answer, "name", json_string(name));
    gasp_json_put(cli->answer, "value", json_string(value));
    if (*value == '\0')
        gasp_cli_out(cli, "removed %s\n", name);
    else
        gasp_cli_out(cli, "%s=%s\n", name, value);
    return GASP_EXIT_DONE;
}

int gasp_cmd_label(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_what what;
    char name[NAME_MAX_TEXT + 1] = "";
    const char *text = cli->operand[2];
    size_t len = strcspn(text, "=");
    int code = gasp_cli_what(cli, &what, cli->operand[1]);
    if (code != GASP_EXIT_DONE)
        return code;
    if (!what.is_outpoint)
        return gasp_cli_usage(cli, "a label belongs to an output: TXID.VOUT");
    if (text[len] != '=' || len == 0 || len > GASP_ENTRY_NAME_MAX)
        return gasp_cli_usage(cli, "%.100s: it is KEY=VALUE, the key 1 to 255 bytes long", text);
    memcpy(name, text, len);
    code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE)
        code = set_label(cli, &opened, &what.outpoint, name, text + len + 1);
    gasp_cli_close(&opened);
    return code;
}
