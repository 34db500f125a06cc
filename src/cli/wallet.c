/* The directory of a wallet: DIR/store is the LevelDB store, and nothing else is kept in DIR. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "gasp/leveldb.h"
#include "gasp/node.h"

enum { PATH_TEXT_MAX = 4096 };

static int store_error(gasp_cli *cli, gasp_err err, const char *dir, const char *why)
{
    return gasp_cli_error(cli, err, dir, why);
}

static gasp_err open_store(gasp_opened *out, gasp_leveldb_mode mode, gasp_kv_text *why)
{
    char path[PATH_TEXT_MAX];
    gasp_leveldb_config config;
    int len = snprintf(path, sizeof path, "%s/store", out->dir);
    if (len < 0 || (size_t)len >= sizeof path)
        return GASP_ERR_MISUSE;
    gasp_leveldb_config_init(&config);
    config.mode = mode;
    return gasp_kv_leveldb_open(&out->kv, path, &config, NULL, why);
}

int gasp_cli_make_store(gasp_cli *cli, gasp_opened *out, gasp_wallet_config *config)
{
    gasp_kv_text why = {""};
    *out = (gasp_opened){.dir = cli->operand[0]};
    if (mkdir(out->dir, 0700) != 0 && errno != EEXIST)
        return gasp_cli_error(cli, GASP_ERR_STORE_IO, out->dir, strerror(errno));
    gasp_err err = open_store(out, GASP_LEVELDB_OPEN_OR_CREATE, &why);
    if (err != GASP_OK)
        return store_error(cli, err, out->dir, why.text);
    gasp_wallet_config_init(config);
    config->kv = out->kv;
    err = gasp_node_entropy(config->seed32, sizeof config->seed32);
    return err == GASP_OK ? GASP_EXIT_DONE : gasp_cli_error(cli, err, "random numbers", NULL);
}

int gasp_cli_open(gasp_cli *cli, gasp_opened *out, const gasp_verifier *verifier)
{
    gasp_kv_text why = {""};
    gasp_wallet_config config;
    *out = (gasp_opened){.dir = cli->operand[0]};
    gasp_err err = open_store(out, GASP_LEVELDB_OPEN, &why);
    if (err != GASP_OK)
        return store_error(cli, err, out->dir, why.text);
    gasp_wallet_config_init(&config);
    config.kv = out->kv;
    config.verifier = verifier;
    err = gasp_node_entropy(config.seed32, sizeof config.seed32);
    if (err == GASP_OK)
        err = gasp_wallet_open(&out->wallet, &config);
    return err == GASP_OK ? GASP_EXIT_DONE : gasp_cli_wallet_error(cli, out, err, out->dir);
}

void gasp_cli_close(gasp_opened *opened)
{
    gasp_wallet_free(opened->wallet);
    gasp_kv_close(opened->kv);
    *opened = (gasp_opened){0};
}

int gasp_cli_wallet_error(gasp_cli *cli, const gasp_opened *opened, gasp_err err, const char *place)
{
    gasp_kv_text why = {""};
    if (gasp_err_class(err) == GASP_CLASS_STORE && opened->kv != NULL)
        opened->kv->why(opened->kv->user, &why);
    return gasp_cli_error(cli, err, place, why.text);
}

int gasp_cli_what(gasp_cli *cli, gasp_what *out, const char *text)
{
    *out = (gasp_what){0};
    if (strlen(text) == 64 && gasp_txid_from_text(&out->outpoint.txid, text) == GASP_OK)
        return GASP_EXIT_DONE;
    out->is_outpoint = true;
    if (gasp_outpoint_from_text(&out->outpoint, text) == GASP_OK)
        return GASP_EXIT_DONE;
    return gasp_cli_usage(cli, "%.100s: neither a txid (64 hex digits) nor an outpoint (TXID.VOUT)", text);
}

typedef struct of_one {
    const gasp_txid *txid;
    gasp_output_visit visit;
    void *ctx;
} of_one;

static gasp_err visit_one(void *ctx, const gasp_output *output)
{
    const of_one *one = ctx;
    if (memcmp(&output->outpoint.txid, one->txid, sizeof *one->txid) != 0)
        return GASP_DONE;
    return one->visit(one->ctx, output);
}

/* The last outpoint below a txid's first one; false when there is none below it. */
static bool before(gasp_outpoint *out, const gasp_txid *txid)
{
    *out = (gasp_outpoint){*txid, UINT32_MAX};
    for (size_t i = 32; i-- > 0;)
        if (out->txid.b[i]-- != 0)
            return true;
    return false;
}

gasp_err gasp_cli_outputs_of(gasp_wallet *wallet, const gasp_txid *txid, gasp_output_visit visit, void *ctx)
{
    static const gasp_collection everything = {{0}};
    gasp_outpoint after;
    of_one one = {txid, visit, ctx};
    bool some = before(&after, txid);
    return gasp_wallet_outputs(wallet, &everything, some ? &after : NULL, true, visit_one, &one);
}
