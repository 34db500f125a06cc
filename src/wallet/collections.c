/* Collections: a row each, read as a list. */
#include "wallet/collections.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "wallet/inside.h"

static gasp_err row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_collections *all = ctx;
    void *list = all->list;
    (void)value;
    gasp_err err = gasp_mem_grow(all->mem, &list, &all->cap, all->n + 1, sizeof *all->list, gasp_limit(COLLECTIONS));
    all->list = list;
    return err == GASP_OK ? gasp_key_read_hash(all->list[all->n++].b, key, 1) : err;
}

/* Keeps what was read for the next time: a commit asks for each transaction. */
static gasp_err keep(gasp_txn *txn, const gasp_collections *all)
{
    gasp_mem_free(all->mem, txn->collections);
    txn->collections = gasp_mem_copy(all->mem, all->list, all->n * sizeof *all->list);
    txn->n_collections = all->n;
    txn->collections_known = txn->collections != NULL;
    return txn->collections_known ? GASP_OK : GASP_ERR_NOMEM;
}

gasp_err gasp_collections_read(gasp_collections *out, gasp_txn *txn)
{
    gasp_key prefix = gasp_key_collections();
    gasp_err err = GASP_OK;
    *out = (gasp_collections){.mem = txn->wallet->mem};
    if (txn->collections_known) {
        out->n = out->cap = txn->n_collections;
        out->list = gasp_mem_copy(out->mem, txn->collections, out->n * sizeof *out->list);
        return out->list != NULL ? GASP_OK : GASP_ERR_NOMEM;
    }
    err = gasp_txn_scan(txn, &prefix, row, out);
    if (err == GASP_OK)
        err = keep(txn, out);
    if (err != GASP_OK)
        gasp_collections_clear(out);
    return err;
}

void gasp_collections_clear(gasp_collections *all)
{
    if (all->mem != NULL)
        gasp_mem_free(all->mem, all->list);
    *all = (gasp_collections){0};
}

static gasp_err add(gasp_txn *txn, const gasp_collection *collection, gasp_bytes name)
{
    gasp_collections all;
    gasp_key key = gasp_key_collection(collection);
    gasp_err err = gasp_txn_has(txn, &key);
    if (err != GASP_ABSENT)
        return err == GASP_OK ? GASP_ERR_STORE_EXISTS : err;
    err = gasp_collections_read(&all, txn);
    if (err == GASP_OK && all.n >= gasp_limit(COLLECTIONS))
        err = GASP_ERR_LIMIT;
    gasp_collections_clear(&all);
    if (err == GASP_OK)
        err = gasp_txn_put(txn, &key, name);
    return err == GASP_OK ? gasp_txn_write(txn) : err;
}

gasp_err gasp_wallet_collection_add(gasp_wallet *wallet, const gasp_collection *collection, const char *name)
{
    gasp_txn txn = {0};
    size_t len = strlen(name);
    if (len == 0 || len > GASP_COLLECTION_NAME_MAX)
        return GASP_ERR_MISUSE;
    gasp_lock_take(&wallet->writer);
    gasp_err err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK)
        err = add(&txn, collection, (gasp_bytes){(const uint8_t *)name, len});
    gasp_txn_end(&txn);
    gasp_lock_give(&wallet->writer);
    return err;
}

gasp_err gasp_wallet_collection_has(gasp_wallet *wallet, const gasp_collection *collection)
{
    gasp_txn txn;
    gasp_key key = gasp_key_collection(collection);
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    err = gasp_txn_has(&txn, &key);
    gasp_txn_end(&txn);
    return err;
}

gasp_err gasp_collections_create(gasp_txn *txn)
{
    static const char name[] = "default";
    gasp_collection collection = {{0}};
    gasp_key key = gasp_key_collection(&collection);
    return gasp_txn_put(txn, &key, (gasp_bytes){(const uint8_t *)name, sizeof name - 1});
}
