/* A session's questions to a real wallet. Only verify can be pending: the run waits here under its ticket. */
#include "session/port.h"

#include <string.h>

#include "base/mem.h"
#include "wallet/inside.h"
#include "wallet/questions.h"

typedef struct wallet_port {
    gasp_wallet *wallet;
    const gasp_access *access;
    const gasp_mem *mem;
    gasp_verify_run *run; /**< pending, at most one at a time */
} wallet_port;

void gasp_ask_clear(gasp_ask_kind kind, gasp_ask *ask)
{
    switch (kind) {
    case GASP_ASK_SNAPSHOT:
        gasp_items_clear(&ask->snapshot.items);
        break;
    case GASP_ASK_FIND:
        gasp_find_clear(&ask->find);
        break;
    case GASP_ASK_LOAD:
        gasp_load_clear(&ask->load);
        break;
    case GASP_ASK_VERIFY:
        gasp_verify_clear(&ask->verify);
        break;
    case GASP_ASK_COMMIT:
        gasp_commit_clear(&ask->commit);
        break;
    case GASP_ASK_KINDS:
        break;
    }
}

static gasp_err ask_snapshot(wallet_port *port, gasp_snapshot *snapshot)
{
    gasp_header_info tip;
    gasp_err err = gasp_wallet_headers_tip(port->wallet, &tip);
    if (err != GASP_OK)
        return err;
    snapshot->tip_height = tip.height;
    snapshot->tip = tip.hash;
    return gasp_wallet_snapshot(port->wallet, &snapshot->items, &snapshot->collection, snapshot->match);
}

static gasp_err ask_verify(wallet_port *port, gasp_verify *verify, uint64_t ticket)
{
    gasp_verify_run *run = NULL;
    gasp_err err = gasp_wallet_verify(port->wallet, &run, verify, gasp_wallet_verifier(port->wallet), ticket);
    if (err == GASP_PENDING)
        port->run = run;
    else if (err == GASP_OK)
        gasp_wallet_verify_end(run, verify);
    return err;
}

static gasp_err ask(void *user, gasp_ask_kind kind, gasp_ask *batch, uint64_t ticket, gasp_time now)
{
    wallet_port *port = user;
    switch (kind) {
    case GASP_ASK_SNAPSHOT:
        return ask_snapshot(port, &batch->snapshot);
    case GASP_ASK_FIND:
        return gasp_wallet_find(port->wallet, &batch->find);
    case GASP_ASK_LOAD:
        return gasp_wallet_load(port->wallet, &batch->load);
    case GASP_ASK_VERIFY:
        return ask_verify(port, &batch->verify, ticket);
    case GASP_ASK_COMMIT:
        return gasp_wallet_commit(port->wallet, &batch->commit, now);
    case GASP_ASK_KINDS:
        break;
    }
    return GASP_ERR_INTERNAL;
}

static gasp_err finish(void *user, gasp_ask_kind kind, gasp_ask *batch, uint64_t ticket)
{
    wallet_port *port = user;
    (void)ticket;
    if (kind != GASP_ASK_VERIFY || port->run == NULL)
        return GASP_ERR_INTERNAL;
    gasp_wallet_verify_end(port->run, &batch->verify);
    port->run = NULL;
    return GASP_OK;
}

static void cancel(void *user, gasp_ask_kind kind, uint64_t ticket)
{
    wallet_port *port = user;
    if (kind == GASP_ASK_VERIFY)
        gasp_wallet_verify_cancel(port->wallet, port->run, ticket);
    port->run = NULL;
}

/* A collection that is not there gives no rights, as one that is not for this peer: only `default` can be reached yet. */
static unsigned rights(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    static const gasp_collection by_default = {{0}};
    const wallet_port *port = user;
    if (memcmp(collection->b, by_default.b, sizeof by_default.b) != 0)
        return 0;
    if (port->access == NULL)
        return GASP_RIGHT_READ | GASP_RIGHT_WRITE;
    return port->access->rights(port->access->user, peer, peer_len, collection);
}

static void port_free(void *user)
{
    wallet_port *port = user;
    gasp_mem_free(port->mem, port);
}

gasp_err gasp_port_of_wallet(gasp_port *out, gasp_wallet *wallet, const gasp_access *access, const gasp_mem *mem)
{
    wallet_port *port = gasp_mem_zalloc(mem, sizeof *port);
    if (port == NULL)
        return GASP_ERR_NOMEM;
    *port = (wallet_port){.wallet = wallet, .access = access, .mem = mem};
    *out = (gasp_port){port, ask, finish, cancel, rights, port_free};
    return GASP_OK;
}
