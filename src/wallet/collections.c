/* Collections: a row each, read as a list. */
#include "wallet/collections.h"

#include <string.h>

#include "base/mem.h"

static gasp_err row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_collections *all = ctx;
    void *list = all->list;
    (void)value;
    gasp_err err = gasp_mem_grow(all->mem, &list, &all->cap, all->n + 1, sizeof *all->list, GASP_COLLECTIONS_MAX);
    all->list = list;
    return err == GASP_OK ? gasp_key_read_hash(all->list[all->n++].b, key, 1) : err;
}

gasp_err gasp_collections_read(gasp_collections *out, gasp_txn *txn)
{
    gasp_key prefix = gasp_key_collections();
    *out = (gasp_collections){.mem = txn->wallet->mem};
    gasp_err err = gasp_txn_scan(txn, &prefix, row, out);
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

gasp_err gasp_collections_create(gasp_txn *txn)
{
    static const char name[] = "default";
    gasp_collection collection = {{0}};
    gasp_key key = gasp_key_collection(&collection);
    return gasp_txn_put(txn, &key, (gasp_bytes){(const uint8_t *)name, sizeof name - 1});
}
