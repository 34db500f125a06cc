/* A session's questions to a real wallet. Verify and commit can be pending: scripts that run elsewhere, and graphs that the
 * host has still to decide about, wait here under their tickets. */
#include "session/port.h"

#include <string.h>

#include "base/mem.h"
#include "wallet/admit.h"
#include "wallet/inside.h"
#include "wallet/questions.h"

typedef struct wallet_port {
    gasp_wallet *wallet;
    const gasp_access *access;
    const gasp_mem *mem;
    gasp_verify_run *run;        /**< pending, at most one at a time */
    gasp_admit_batch *admission; /**< pending, at most one at a time */
    uint8_t peer[GASP_PEER_MAX];
    size_t peer_len;
} wallet_port;

void gasp_ask_clear(gasp_ask_kind kind, gasp_ask *ask)
{
    switch (kind) {
    case GASP_ASK_SNAPSHOT:
        gasp_items_clear(&ask->snapshot.items);
        gasp_skips_clear(&ask->snapshot.skips);
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
    case GASP_ASK_NOTE:
        gasp_note_clear(&ask->note);
        break;
    case GASP_ASK_KINDS:
        break;
    }
}

static gasp_err ask_snapshot(wallet_port *port, gasp_snapshot *snapshot, gasp_time now)
{
    gasp_header_info tip;
    gasp_set_summary summary;
    gasp_err err = gasp_wallet_headers_tip(port->wallet, &tip);
    if (err != GASP_OK)
        return err;
    snapshot->tip_height = tip.height;
    snapshot->tip = tip.hash;
    err = gasp_wallet_snapshot(port->wallet, &snapshot->items, &snapshot->collection, snapshot->match);
    if (err != GASP_OK)
        return err;
    gasp_items_summary(&summary, &snapshot->items);
    return gasp_wallet_skips(port->wallet, &snapshot->skips, &snapshot->collection, snapshot->match, snapshot->peer,
                             &summary, now);
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

static gasp_err ask_commit(wallet_port *port, gasp_commit *commit, uint64_t ticket, gasp_time now)
{
    gasp_admit_batch *admission = NULL;
    gasp_err err =
        gasp_wallet_admit(port->wallet, &admission, commit, (gasp_bytes){port->peer, port->peer_len}, ticket);
    if (err == GASP_PENDING)
        port->admission = admission;
    return err == GASP_OK ? gasp_wallet_commit_admitted(port->wallet, admission, commit, now) : err;
}

static gasp_err ask(void *user, gasp_ask_kind kind, gasp_ask *batch, uint64_t ticket, gasp_time now)
{
    wallet_port *port = user;
    switch (kind) {
    case GASP_ASK_SNAPSHOT:
        return ask_snapshot(port, &batch->snapshot, now);
    case GASP_ASK_FIND:
        return gasp_wallet_find(port->wallet, &batch->find);
    case GASP_ASK_LOAD:
        return gasp_wallet_load(port->wallet, &batch->load);
    case GASP_ASK_VERIFY:
        return ask_verify(port, &batch->verify, ticket);
    case GASP_ASK_COMMIT:
        return ask_commit(port, &batch->commit, ticket, now);
    case GASP_ASK_NOTE:
        return gasp_wallet_note(port->wallet, &batch->note, now);
    case GASP_ASK_KINDS:
        break;
    }
    return GASP_ERR_INTERNAL;
}

static gasp_err finish(void *user, gasp_ask_kind kind, gasp_ask *batch, uint64_t ticket, gasp_time now)
{
    wallet_port *port = user;
    (void)ticket;
    if (kind == GASP_ASK_COMMIT && port->admission != NULL) {
        gasp_admit_batch *admission = port->admission;
        port->admission = NULL;
        return gasp_wallet_commit_admitted(port->wallet, admission, &batch->commit, now);
    }
    if (kind != GASP_ASK_VERIFY || port->run == NULL)
        return GASP_ERR_INTERNAL;
    gasp_wallet_verify_end(port->run, &batch->verify);
    port->run = NULL;
    return GASP_OK;
}

static void cancel(void *user, gasp_ask_kind kind, uint64_t ticket)
{
    wallet_port *port = user;
    if (kind == GASP_ASK_VERIFY) {
        gasp_wallet_verify_cancel(port->wallet, port->run, ticket);
        port->run = NULL;
    } else if (kind == GASP_ASK_COMMIT) {
        gasp_wallet_admit_cancel(port->wallet, port->admission, ticket);
        port->admission = NULL;
    }
}

/* A collection that is not there gives no rights, as one that is not for this peer. */
static gasp_err rights(void *user, unsigned *out, const uint8_t *peer, size_t peer_len,
                       const gasp_collection *collection)
{
    static const gasp_collection by_default = {{0}};
    const wallet_port *port = user;
    bool open = memcmp(collection->b, by_default.b, sizeof by_default.b) == 0;
    gasp_err err = gasp_wallet_collection_has(port->wallet, collection);
    *out = 0;
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    if (port->access == NULL)
        *out = open ? GASP_RIGHT_READ | GASP_RIGHT_WRITE : 0;
    else
        *out = port->access->rights(port->access->user, peer, peer_len, collection);
    return GASP_OK;
}

static void port_free(void *user)
{
    wallet_port *port = user;
    gasp_mem_free(port->mem, port);
}

gasp_err gasp_port_of_wallet(gasp_port *out, gasp_wallet *wallet, const gasp_access *access, gasp_bytes peer,
                             const gasp_mem *mem)
{
    if (peer.len > GASP_PEER_MAX)
        return GASP_ERR_MISUSE;
    wallet_port *port = gasp_mem_zalloc(mem, sizeof *port);
    if (port == NULL)
        return GASP_ERR_NOMEM;
    *port = (wallet_port){.wallet = wallet, .access = access, .mem = mem};
    if (peer.len > 0)
        memcpy(port->peer, peer.data, peer.len);
    port->peer_len = peer.len;
    *out = (gasp_port){port, ask, finish, cancel, rights, port_free};
    return GASP_OK;
}
