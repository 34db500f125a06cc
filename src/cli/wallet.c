/* The directory of a wallet: DIR/store is the LevelDB store, and nothing else is kept in DIR. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "gasp/leveldb.h"
#include "gasp/node.h"

enum { PATH_TEXT_MAX = 4096 };

static int store_error(gasp_cli *cli, gasp_err err, const char *dir, const char *why)
{
    return gasp_cli_error(cli, err, dir, why);
}

static gasp_err store_path(char out[PATH_TEXT_MAX], const char *dir)
{
    int len = snprintf(out, PATH_TEXT_MAX, "%s/store", dir);
    return len < 0 || len >= PATH_TEXT_MAX ? GASP_ERR_MISUSE : GASP_OK;
}

static gasp_err open_store(gasp_opened *out, gasp_leveldb_mode mode, gasp_kv_text *why)
{
    char path[PATH_TEXT_MAX];
    gasp_leveldb_config config;
    gasp_err err = store_path(path, out->dir);
    gasp_leveldb_config_init(&config);
    config.mode = mode;
    return err == GASP_OK ? gasp_kv_leveldb_open(&out->kv, path, &config, NULL, why) : err;
}

/* Another command may be about to be done with the store: one that is held is tried again for half a second, or as long
 * as it takes. */
static gasp_err open_patiently(gasp_opened *out, gasp_cli *waiting, gasp_kv_text *why)
{
    enum { TRIES = 10, SAID_AT = 40 };
    const struct timespec pause = {0, 50 * 1000 * 1000};
    gasp_err err = open_store(out, GASP_LEVELDB_OPEN, why);
    for (int i = 0; err == GASP_ERR_STORE_LOCKED && (i < TRIES || waiting != NULL); i += i <= SAID_AT) {
        if (i == SAID_AT)
            gasp_cli_note(waiting, "%s: waiting: %s", out->dir, why->text);
        (void)nanosleep(&pause, NULL);
        err = open_store(out, GASP_LEVELDB_OPEN, why);
    }
    return err;
}

uint64_t gasp_cli_store_stamp(const char *dir)
{
    char path[PATH_TEXT_MAX];
    struct stat known;
    if (store_path(path, dir) != GASP_OK || stat(path, &known) != 0)
        return 0;
    return (uint64_t)known.st_mtim.tv_sec * 1000000000 + (uint64_t)known.st_mtim.tv_nsec;
}

int gasp_cli_make_store(gasp_cli *cli, gasp_opened *out, const char *dir, gasp_wallet_config *config)
{
    gasp_kv_text why = {""};
    *out = (gasp_opened){.dir = dir};
    out->made_dir = mkdir(dir, 0700) == 0;
    if (!out->made_dir && errno != EEXIST)
        return gasp_cli_error(cli, GASP_ERR_STORE_IO, dir, strerror(errno));
    gasp_err err = open_patiently(out, NULL, &why);
    out->made_store = err == GASP_ERR_STORE_MISSING;
    if (out->made_store)
        err = open_store(out, GASP_LEVELDB_CREATE, &why);
    if (err != GASP_OK) {
        out->made_store = false;
        gasp_cli_unmake_store(out);
        return store_error(cli, err, dir, why.text);
    }
    gasp_wallet_config_init(config);
    config->kv = out->kv;
    err = gasp_node_entropy(config->seed32, sizeof config->seed32);
    return err == GASP_OK ? GASP_EXIT_DONE : gasp_cli_error(cli, err, "random numbers", NULL);
}

void gasp_cli_unmake_store(gasp_opened *opened)
{
    char path[PATH_TEXT_MAX];
    gasp_opened was = *opened;
    gasp_cli_close(opened);
    if (was.made_store && store_path(path, was.dir) == GASP_OK) {
        gasp_kv_text why;
        gasp_err err = gasp_kv_leveldb_destroy(path, &why);
        (void)err; /* what stays is no wallet, and the command has failed already */
    }
    if (was.made_dir)
        (void)rmdir(was.dir);
}

int gasp_cli_clear_store(gasp_cli *cli, const char *dir)
{
    char path[PATH_TEXT_MAX];
    gasp_kv_text why = {""};
    gasp_wallet_config config;
    gasp_opened opened = {.dir = dir};
    gasp_err err = open_patiently(&opened, NULL, &why);
    if (err == GASP_ERR_STORE_MISSING)
        return GASP_EXIT_DONE;
    if (err != GASP_OK)
        return store_error(cli, err, dir, why.text);
    gasp_wallet_config_init(&config);
    config.kv = opened.kv;
    err = gasp_wallet_open(&opened.wallet, &config);
    gasp_cli_close(&opened);
    if (err != GASP_ERR_STORE_MISSING)
        return gasp_cli_error(cli, err == GASP_OK ? GASP_ERR_STORE_EXISTS : err, dir, NULL);
    err = store_path(path, dir);
    if (err == GASP_OK)
        err = gasp_kv_leveldb_destroy(path, &why);
    return err == GASP_OK ? GASP_EXIT_DONE : store_error(cli, err, dir, why.text);
}

/** How a wallet is opened. */
typedef struct manner {
    const gasp_verifier *verifier;
    bool overlay;
    bool wait;
    void (*tick)(void *ctx);
    void *ctx;
} manner;

/* The store that the wallet is to use: the one below, or what was put in front of it. */
static gasp_err front_of(gasp_opened *out, const manner *how, const gasp_kv **kv)
{
    *kv = out->kv;
    if (how->tick != NULL) {
        gasp_watch_init(&out->watch, out->kv, how->tick, how->ctx);
        *kv = &out->watch.kv;
    }
    if (!how->overlay)
        return GASP_OK;
    gasp_err err = gasp_kv_overlay_new(&out->overlay, out->kv, NULL);
    *kv = out->overlay;
    return err;
}

static int open_wallet(gasp_cli *cli, gasp_opened *out, const manner *how)
{
    gasp_kv_text why = {""};
    gasp_wallet_config config;
    *out = (gasp_opened){.dir = cli->operand[0]};
    gasp_err err = open_patiently(out, how->wait ? cli : NULL, &why);
    if (err != GASP_OK)
        return store_error(cli, err, out->dir, why.text);
    gasp_wallet_config_init(&config);
    config.verifier = how->verifier;
    err = gasp_node_entropy(config.seed32, sizeof config.seed32);
    if (err == GASP_OK)
        err = front_of(out, how, &config.kv);
    if (err == GASP_OK)
        err = gasp_wallet_open(&out->wallet, &config);
    return err == GASP_OK ? GASP_EXIT_DONE : gasp_cli_wallet_error(cli, out, err, out->dir);
}

int gasp_cli_open(gasp_cli *cli, gasp_opened *out, const gasp_verifier *verifier)
{
    const manner how = {.verifier = verifier};
    return open_wallet(cli, out, &how);
}

int gasp_cli_open_overlay(gasp_cli *cli, gasp_opened *out, const gasp_verifier *verifier)
{
    const manner how = {.verifier = verifier, .overlay = true};
    return open_wallet(cli, out, &how);
}

int gasp_cli_open_waiting(gasp_cli *cli, gasp_opened *out)
{
    const manner how = {.wait = true};
    return open_wallet(cli, out, &how);
}

int gasp_cli_open_watched(gasp_cli *cli, gasp_opened *out, void (*tick)(void *ctx), void *ctx)
{
    const manner how = {.tick = tick, .ctx = ctx};
    return open_wallet(cli, out, &how);
}

void gasp_cli_close(gasp_opened *opened)
{
    gasp_wallet_free(opened->wallet);
    gasp_kv_close(opened->overlay);
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
