/* Making, opening and freeing a wallet. */
#include "gasp/wallet.h"

#include <string.h>

#include "base/mem.h"
#include "spv/headers.h"
#include "wallet/collections.h"
#include "wallet/inside.h"
#include "wallet/questions.h"
#include "wallet/txn.h"

void gasp_wallet_config_init(gasp_wallet_config *config)
{
    *config = (gasp_wallet_config){.size = sizeof *config};
}

void gasp_wallet_free(gasp_wallet *wallet)
{
    if (wallet == NULL)
        return;
    gasp_wallet_snapshot_forget(wallet);
    gasp_ecdsa_free(wallet->ecdsa);
    gasp_lock_clear(&wallet->kept_lock);
    gasp_lock_clear(&wallet->writer);
    gasp_mem_wipe(wallet->seed32, sizeof wallet->seed32);
    gasp_mem_free(wallet->mem, wallet);
}

static bool ports_fit(const gasp_wallet_config *config)
{
    const gasp_headers *headers = config->headers;
    const gasp_admit *admit = config->admit;
    return (headers == NULL || (headers->size >= sizeof *headers && headers->epoch != NULL && headers->tip != NULL &&
                                headers->at != NULL && headers->find != NULL)) &&
           (admit == NULL || (admit->size >= sizeof *admit && admit->decide != NULL));
}

static gasp_err wallet_new(gasp_wallet **out, const gasp_wallet_config *config)
{
    if (config->size < sizeof *config || config->kv == NULL || !ports_fit(config))
        return GASP_ERR_MISUSE;
    const gasp_mem *mem = gasp_mem_or_default(config->mem);
    gasp_wallet *wallet = gasp_mem_zalloc(mem, sizeof *wallet);
    if (wallet == NULL)
        return GASP_ERR_NOMEM;
    wallet->kv = config->kv;
    wallet->mem = mem;
    wallet->verifier = config->verifier;
    wallet->headers = config->headers;
    wallet->admit = config->admit;
    wallet->policy = config->policy;
    memcpy(wallet->seed32, config->seed32, sizeof wallet->seed32);
    gasp_err err = gasp_lock_init(&wallet->writer);
    if (err == GASP_OK) {
        err = gasp_lock_init(&wallet->kept_lock);
        if (err != GASP_OK)
            gasp_lock_clear(&wallet->writer);
    }
    if (err != GASP_OK) {
        gasp_mem_free(mem, wallet);
        return err;
    }
    err = gasp_ecdsa_new(&wallet->ecdsa, mem);
    if (err != GASP_OK)
        gasp_wallet_free(wallet);
    else
        *out = wallet;
    return err;
}

static gasp_err read_layout(gasp_row_layout *out, gasp_wallet *wallet)
{
    gasp_txn txn;
    gasp_key key = gasp_key_layout();
    gasp_data value = {0};
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    err = gasp_txn_get(&txn, &value, &key);
    if (err == GASP_OK)
        err = gasp_row_layout_decode(out, (gasp_bytes){value.data, value.len});
    gasp_data_clear(&value);
    gasp_txn_end(&txn);
    return err;
}

/* The genesis header is the first row of every chain. */
static gasp_err put_genesis(gasp_txn *txn, gasp_network network)
{
    gasp_header_window window = {0};
    gasp_header_step step;
    gasp_row_header row = {.trust = GASP_TRUST_RULES};
    gasp_err err = gasp_header_window_init(&window, network, txn->wallet->mem);
    if (err == GASP_OK)
        err = gasp_header_window_start_genesis(&window, &step);
    gasp_header_window_clear(&window);
    if (err != GASP_OK)
        return err;
    gasp_header_encode(row.raw80, &step.header);
    row.work = step.work;
    gasp_key by_hash = gasp_key_header(&step.hash);
    gasp_key by_height = gasp_key_height(0);
    gasp_row encoded = gasp_row_header_encode(&row);
    txn->state.tip = step.hash;
    txn->state_moved = true;
    err = gasp_txn_put_row(txn, &by_hash, &encoded);
    return err == GASP_OK ? gasp_txn_put(txn, &by_height, (gasp_bytes){step.hash.b, 32}) : err;
}

gasp_err gasp_wallet_create(const gasp_wallet_config *config, gasp_network network, gasp_time now)
{
    gasp_wallet *wallet = NULL;
    gasp_row_layout layout = {GASP_LAYOUT_VERSION, network, now.wall_ms};
    gasp_txn txn = {0};
    if (gasp_network_name(network) == NULL)
        return GASP_ERR_MISUSE;
    gasp_err err = wallet_new(&wallet, config);
    if (err != GASP_OK)
        return err;
    gasp_row_layout found;
    err = read_layout(&found, wallet);
    if (err != GASP_ABSENT) {
        err = err == GASP_OK || err == GASP_ERR_STORE_LAYOUT ? GASP_ERR_STORE_EXISTS : err;
        goto out;
    }
    gasp_key key = gasp_key_layout();
    gasp_row row = gasp_row_layout_encode(&layout);
    err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK)
        err = gasp_txn_put_row(&txn, &key, &row);
    if (err == GASP_OK)
        err = gasp_collections_create(&txn);
    if (err == GASP_OK)
        err = put_genesis(&txn, network);
    if (err == GASP_OK)
        err = gasp_txn_write(&txn);
    gasp_txn_end(&txn);
out:
    gasp_wallet_free(wallet);
    return err;
}

gasp_err gasp_wallet_open(gasp_wallet **out, const gasp_wallet_config *config)
{
    gasp_wallet *wallet = NULL;
    gasp_row_layout layout;
    gasp_err err = wallet_new(&wallet, config);
    if (err != GASP_OK)
        return err;
    err = read_layout(&layout, wallet);
    if (err != GASP_OK) {
        gasp_wallet_free(wallet);
        return err == GASP_ABSENT ? GASP_ERR_STORE_MISSING : err;
    }
    wallet->network = layout.network;
    *out = wallet;
    return GASP_OK;
}

gasp_network gasp_wallet_network(const gasp_wallet *wallet)
{
    return wallet->network;
}

const gasp_verifier *gasp_wallet_verifier(const gasp_wallet *wallet)
{
    return wallet->verifier;
}
