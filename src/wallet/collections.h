/** The collections of a wallet. `default`, 32 zero bytes, always is one. */
#ifndef GASP_WALLET_COLLECTIONS_H
#define GASP_WALLET_COLLECTIONS_H

#include "base/limits.h"
#include "wallet/txn.h"

enum { GASP_COLLECTIONS_MAX = GASP_LIMIT_COLLECTIONS /**< every commit looks each spent output up in all of them */ };

typedef struct gasp_collections {
    gasp_collection *list;
    size_t n;
    size_t cap;
    const gasp_mem *mem;
} gasp_collections;

/** All of them, in order of their ids. */
gasp_err gasp_collections_read(gasp_collections *out, gasp_txn *txn) GASP_MUST_CHECK;
void gasp_collections_clear(gasp_collections *all);

/** Makes the row of the default collection. */
gasp_err gasp_collections_create(gasp_txn *txn) GASP_MUST_CHECK;

#endif
