/* gasp export: a transaction and what it stands on, to standard output or a file; as bytes or as a line of hex. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static bool write_out(FILE *out, const gasp_data *data, const char *hex)
{
    bool good = hex == NULL ? fwrite(data->data, 1, data->len, out) == data->len : fprintf(out, "%s\n", hex) > 0;
    return fflush(out) == 0 && good;
}

/* hex: NULL for bytes. */
static int deliver(gasp_cli *cli, const gasp_data *data, const char *hex)
{
    const char *path = cli->value[GASP_OPT_OUTPUT];
    if (path == NULL || strcmp(path, "-") == 0) {
        if (cli->json)
            gasp_json_put(cli->answer, "hex", json_string(hex));
        else
            (void)write_out(stdout, data, hex); /* gasp_cli_finish looks at standard output */
        return GASP_EXIT_DONE;
    }
    FILE *out = fopen(path, "wb");
    bool good = out != NULL && write_out(out, data, hex);
    int code = errno;
    if (out != NULL && fclose(out) != 0 && good) {
        good = false;
        code = errno;
    }
    gasp_json_put(cli->answer, "file", json_string(path));
    return good ? GASP_EXIT_DONE : gasp_cli_error(cli, GASP_ERR_FILE_OPEN, path, strerror(code));
}

static int give(gasp_cli *cli, const gasp_data *data, const gasp_txid *txid)
{
    bool bytes = gasp_cli_has(cli, GASP_OPT_BINARY) && !cli->json;
    char *hex = bytes ? NULL : gasp_text_hex((gasp_bytes){data->data, data->len});
    gasp_json_put(cli->answer, "txid", gasp_json_hash(txid->b));
    gasp_json_put(cli->answer, "bytes", json_integer((json_int_t)data->len));
    int code = !bytes && hex == NULL ? gasp_cli_error(cli, GASP_ERR_NOMEM, "", NULL) : deliver(cli, data, hex);
    free(hex);
    return code;
}

int gasp_cmd_export(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_what what;
    gasp_data data = {0};
    const char *format = cli->value[GASP_OPT_FORMAT];
    gasp_export form = format != NULL && strcmp(format, "atomic") == 0 ? GASP_EXPORT_ATOMIC : GASP_EXPORT_BEEF;
    int code = gasp_cli_what(cli, &what, cli->operand[1]);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = gasp_wallet_export(opened.wallet, &data, &what.outpoint.txid, form);
        if (err == GASP_ABSENT)
            code = gasp_cli_error(cli, err, cli->operand[1], "no such transaction in this wallet");
        else if (err != GASP_OK)
            code = gasp_cli_wallet_error(cli, &opened, err, cli->operand[1]);
    }
    if (code == GASP_EXIT_DONE)
        code = give(cli, &data, &what.outpoint.txid);
    gasp_data_clear(&data);
    gasp_cli_close(&opened);
    return code;
}
