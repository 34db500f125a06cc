/** A store of a host of its own: the kv port (gasp/kv.h) over one SQLite database, in which the host keeps its own tables
 *  too. It uses public headers only, but for the argument checks that all stores share (store/check.h).
 *
 *  The wallet's rows are the table `gasp` (k, v). Every batch of the wallet is one SQLite transaction, and the host may put
 *  rows of its own into that same transaction. */
#ifndef TESTS_EMBED_KV_SQLITE_H
#define TESTS_EMBED_KV_SQLITE_H

#include <sqlite3.h>

#include "gasp/kv.h"

/** Called for every batch, inside of its transaction and after its rows: what is written through db is there exactly when
 *  the batch is. Only statements on the host's own tables. An error undoes all of it and is answered by the write. */
typedef gasp_err (*sqlite_rows)(void *ctx, sqlite3 *db, const gasp_kv_op *ops, size_t n);

/** Opens the database of that path, or makes it. rows may be NULL. *out is ended with gasp_kv_close; GASP_ERR_STORE_IO when
 *  SQLite cannot open it, GASP_ERR_NOMEM. */
gasp_err sqlite_kv_open(gasp_kv **out, const char *path, sqlite_rows rows, void *ctx);

#endif
