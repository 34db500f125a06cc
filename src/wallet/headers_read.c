/* What the wallet says of the best chain: its own rows, or what the host's port answers. Never under the writer's lock. */
#include <string.h>

#include "wallet/headers.h"
#include "wallet/headers_port.h"

static void describe(gasp_header_info *out, const gasp_row_header *row, const gasp_block_hash *hash)
{
    *out = (gasp_header_info){.hash = *hash, .height = row->height, .work = row->work, .trust = row->trust};
    memcpy(out->raw80, row->raw80, sizeof out->raw80);
}

gasp_err gasp_wallet_headers_tip(gasp_wallet *wallet, gasp_header_info *out)
{
    gasp_txn txn;
    gasp_row_header row;
    if (wallet->headers != NULL)
        return wallet->headers->tip(wallet->headers->user, out);
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    err = gasp_txn_header(&txn, &row, &txn.state.tip);
    if (err == GASP_OK)
        describe(out, &row, &txn.state.tip);
    gasp_txn_end(&txn);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

gasp_err gasp_wallet_header_at(gasp_wallet *wallet, gasp_header_info *out, uint32_t height)
{
    gasp_txn txn;
    gasp_row_header row;
    gasp_block_hash hash;
    if (wallet->headers != NULL)
        return wallet->headers->at(wallet->headers->user, out, height);
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    err = gasp_txn_header_at(&txn, &row, &hash, height);
    if (err == GASP_OK)
        describe(out, &row, &hash);
    gasp_txn_end(&txn);
    return err;
}

/* ---- locator ------------------------------------------------------------------------------------------------------- */

enum { ONE_BY_ONE = 10 };

/* Adds the header of a height; *gap when there is none, which ends the locator. */
static gasp_err locate(gasp_wallet *wallet, gasp_block_hash *hashes, size_t *n, uint32_t height, bool *gap)
{
    gasp_header_info info;
    gasp_err err = gasp_wallet_header_at(wallet, &info, height);
    *gap = err == GASP_ABSENT;
    if (err == GASP_OK)
        hashes[(*n)++] = info.hash;
    return *gap ? GASP_OK : err;
}

gasp_err gasp_wallet_headers_locator(gasp_wallet *wallet, gasp_block_hash *hashes, size_t *n)
{
    gasp_header_info tip;
    const gasp_headers *port = wallet->headers;
    if (port != NULL && port->locator != NULL)
        return port->locator(port->user, hashes, n);
    gasp_err err = gasp_wallet_headers_tip(wallet, &tip);
    if (err != GASP_OK)
        return err;
    bool gap = false;
    uint32_t height = tip.height;
    uint32_t step = 1;
    *n = 0;
    hashes[(*n)++] = tip.hash;
    while (err == GASP_OK && !gap && height > 0) {
        step = *n > ONE_BY_ONE ? 2 * step : 1;
        height = height > step ? height - step : 0;
        err = locate(wallet, hashes, n, height, &gap);
    }
    return err;
}
