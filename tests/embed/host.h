/** A host as a wallet company writes one, on public headers only: its own header chain in its own file, its own rule of what
 *  it takes, and a store in its own SQLite database, in which it keeps two tables that must tell the same as the wallet's
 *  changes:
 *      seen    written in the transaction of each batch (kv_sqlite.h, gasp_change_of_op)
 *      ledger  written when the host gets round to it: what gasp_wallet_changes gives behind the last number that stands in
 *              the ledger, in a transaction of its own */
#ifndef TESTS_EMBED_HOST_H
#define TESTS_EMBED_HOST_H

#include "embed/host_headers.h"
#include "embed/kv_sqlite.h"
#include "gasp/session.h"

typedef struct host {
    host_headers headers;
    gasp_admit admit;
    gasp_kv *kv;
    sqlite3 *db; /**< the host's own connection */
    gasp_wallet *wallet;
    gasp_time now;
    uint64_t asked; /**< batches that the rule was asked about */
    gasp_admit_batch *waiting;
    uint64_t ticket; /**< of what is waiting, 0: nothing is */
} host;

/** Whether the host takes an output: it pays to a key hash, whose first byte is even. */
bool host_wants(gasp_bytes script);

/** Opens the host of a folder, or makes it. Wallet, store and headers are then where the last process left them. */
gasp_err host_open(host *h, const char *folder, const uint8_t genesis80[80]);
void host_close(host *h);

/** Brings the ledger up to date. */
gasp_err host_catch_up(host *h);

/** Answers what the rule left waiting. */
gasp_err host_decide(host *h, gasp_session *session);

#endif
