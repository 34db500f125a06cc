/* Proofs of what is held: each transaction's own path is cut out of the one that was given and kept beside those it has.
 * The block is looked up by height and merkle root, in the best chain and beside it, so that a proof of a stale branch
 * waits for the branch to return; of a host's chain only the best one is known. What follows (anchors, conflicts,
 * descendants) is settled in the same batch. Must not ask a host's chain with the lock held. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gasp/bump.h"
#include "wallet/commit.h"
#include "wallet/headers_port.h"
#include "wallet/paths.h"
#include "wallet/reorg.h"
#include "wallet/view.h"

typedef struct proving {
    gasp_wallet *wallet;
    gasp_bump *bump;
    gasp_merkle_root root;
    uint32_t height;
    gasp_verdict *verdicts; /**< one a hash of level 0 that is held or flagged, in the order of the path */
    gasp_txid *txids;       /**< those of the verdicts */
    gasp_data *paths;       /**< their own paths, when a block was found */
    size_t n;
    size_t cap;
} proving;

static void proving_clear(proving *p)
{
    const gasp_mem *mem = p->wallet->mem;
    for (size_t i = 0; p->paths != NULL && i < p->n; i++)
        gasp_data_clear(&p->paths[i]);
    gasp_mem_free(mem, p->verdicts);
    gasp_mem_free(mem, p->txids);
    gasp_mem_free(mem, p->paths);
    gasp_bump_free(p->bump);
    *p = (proving){0};
}

static gasp_err note(proving *p, const gasp_bump_leaf *leaf, bool held)
{
    void *verdicts = p->verdicts;
    gasp_err err = gasp_mem_grow(p->wallet->mem, &verdicts, &p->cap, p->n + 1, sizeof *p->verdicts, GASP_TXN_OPS_MAX);
    p->verdicts = verdicts;
    if (err != GASP_OK)
        return err;
    gasp_verdict *verdict = &p->verdicts[p->n++];
    *verdict = (gasp_verdict){.fate = held ? GASP_FATE_KNOWN : GASP_FATE_UNNEEDED, .height = p->height};
    memcpy(verdict->txid.b, leaf->hash, sizeof verdict->txid.b);
    verdict->cause = verdict->txid;
    return GASP_OK;
}

/* What of level 0 there is anything to say of. */
static gasp_err look_up(proving *p, gasp_txn *txn)
{
    gasp_err err = GASP_OK;
    p->n = 0;
    for (size_t i = 0; err == GASP_OK && i < gasp_bump_leaf_count(p->bump, 0); i++) {
        const gasp_bump_leaf *leaf = gasp_bump_leaf_at(p->bump, 0, i);
        gasp_txid txid;
        if (leaf->flags == GASP_BUMP_DUPLICATE)
            continue;
        memcpy(txid.b, leaf->hash, sizeof txid.b);
        gasp_key key = gasp_key_info(&txid);
        err = gasp_txn_has(txn, &key);
        if (err == GASP_OK || (err == GASP_ABSENT && leaf->flags == GASP_BUMP_TXID))
            err = note(p, leaf, err == GASP_OK);
        else if (err == GASP_ABSENT)
            err = GASP_OK;
    }
    return err;
}

/* Each one's own path; unheld ones come along, they are few. */
static gasp_err split(proving *p)
{
    const gasp_mem *mem = p->wallet->mem;
    const gasp_bump *const bump = p->bump;
    size_t *bump_of = gasp_mem_zalloc_array(mem, p->n, sizeof *bump_of);
    p->txids = gasp_mem_zalloc_array(mem, p->n, sizeof *p->txids);
    p->paths = gasp_mem_zalloc_array(mem, p->n, sizeof *p->paths);
    gasp_err err = bump_of != NULL && p->txids != NULL && p->paths != NULL ? GASP_OK : GASP_ERR_NOMEM;
    for (size_t i = 0; err == GASP_OK && i < p->n; i++)
        p->txids[i] = p->verdicts[i].txid;
    if (err == GASP_OK)
        err = gasp_paths_split(p->paths, &bump, 1, bump_of, p->txids, p->n, mem);
    gasp_mem_free(mem, bump_of);
    return err;
}

/* Keeps the proofs that are not here yet; *n of the txids, moved to the front, have a new one. */
static gasp_err keep(proving *p, gasp_txn *txn, const gasp_block_hash *block, size_t *n)
{
    gasp_err err = split(p);
    *n = 0;
    for (size_t i = 0; err == GASP_OK && i < p->n; i++) {
        gasp_verdict *verdict = &p->verdicts[i];
        gasp_anchor anchor = {.height = p->height, .block = *block};
        gasp_key key = gasp_key_proof(&verdict->txid, block);
        if (verdict->fate == GASP_FATE_UNNEEDED)
            continue;
        err = gasp_txn_has(txn, &key);
        if (err != GASP_ABSENT)
            continue;
        verdict->fate = GASP_FATE_COMMITTED;
        err = gasp_bump_find(p->bump, &anchor.index, &verdict->txid);
        if (err == GASP_OK)
            err = gasp_commit_proof(txn, &verdict->txid, &anchor, (gasp_bytes){p->paths[i].data, p->paths[i].len});
        p->txids[(*n)++] = verdict->txid;
    }
    return err;
}

/* Nothing is kept, for the same reason for all that are held. */
static void set_aside(proving *p, gasp_fate fate, gasp_err why)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->verdicts[i].fate != GASP_FATE_UNNEEDED) {
            p->verdicts[i].fate = fate;
            p->verdicts[i].err = p->verdicts[i].cause_err = why;
        }
}

/* The block at that height of the chain that the host keeps, at the epoch that is answered too. Errors as
 * gasp_view_block; GASP_AGAIN: the chain moved meanwhile. */
static gasp_err host_block(const proving *p, gasp_block_hash *block, uint64_t *epoch)
{
    gasp_txn txn = {.wallet = p->wallet};
    gasp_merkle_root root;
    gasp_commit_node node = {.proven = true, .anchor.height = p->height};
    gasp_commit_graph graph = {.nodes = &node, .n_nodes = 1};
    gasp_commit commit = {.graphs = &graph, .n_graphs = 1};
    gasp_err err = gasp_chain_block_at(&txn, block, &root, p->height);
    if (err == GASP_ABSENT)
        return GASP_ERR_PROOF_NO_HEADER;
    if (err == GASP_OK && memcmp(root.b, p->root.b, sizeof root.b) != 0)
        return GASP_ABSENT;
    node.anchor.block = *block;
    if (err == GASP_OK)
        err = gasp_chain_check(p->wallet, &commit, epoch);
    return err == GASP_OK && graph.verdict != GASP_OK ? GASP_AGAIN : err;
}

/* With the block, or with why there is none. */
static gasp_err prove_in(proving *p, gasp_txn *txn, const gasp_block_hash *block, gasp_err found, gasp_time now)
{
    size_t n = 0;
    if (found == GASP_ABSENT || found == GASP_ERR_PROOF_NO_HEADER) {
        bool missing = found == GASP_ERR_PROOF_NO_HEADER;
        set_aside(p, missing ? GASP_FATE_ASIDE : GASP_FATE_REFUSED, missing ? found : GASP_ERR_PROOF_ROOT);
        return GASP_OK;
    }
    gasp_err err = found == GASP_OK ? keep(p, txn, block, &n) : found;
    if (err != GASP_OK || n == 0)
        return err;
    err = gasp_chain_keep(txn, p->height, block); /* of a host's chain, whose block it is; else nothing */
    if (err == GASP_OK)
        err = gasp_reorg_proven(txn, p->txids, n, now);
    return err == GASP_OK ? gasp_txn_write(txn) : err;
}

/* GASP_AGAIN: the wallet is not settled to the chain in which the block was looked up. */
static gasp_err prove(proving *p, gasp_time now)
{
    gasp_txn txn = {0};
    gasp_block_hash block;
    gasp_err found = GASP_OK;
    uint64_t epoch = 0;
    if (p->wallet->headers != NULL)
        found = host_block(p, &block, &epoch);
    if (found == GASP_AGAIN)
        return found;
    gasp_lock_take(&p->wallet->writer);
    gasp_err err = gasp_txn_begin(&txn, p->wallet);
    if (err == GASP_OK && found == GASP_OK && !gasp_chain_is_settled(&txn, epoch))
        err = GASP_AGAIN;
    if (err == GASP_OK)
        err = look_up(p, &txn);
    if (err == GASP_OK && p->wallet->headers == NULL)
        found = gasp_view_block(&txn, &block, p->height, &p->root);
    if (err == GASP_OK && p->n > 0)
        err = prove_in(p, &txn, &block, found, now);
    gasp_txn_end(&txn);
    gasp_lock_give(&p->wallet->writer);
    return err;
}

gasp_err gasp_wallet_prove(gasp_wallet *wallet, const uint8_t *bump, size_t len, gasp_time now,
                           gasp_verdict_visit visit, void *ctx, gasp_fault *fault)
{
    proving p = {.wallet = wallet};
    gasp_err err = gasp_bump_decode(&p.bump, (gasp_bytes){bump, len}, wallet->mem, fault);
    if (err != GASP_OK)
        return err;
    p.root = gasp_bump_root(p.bump);
    p.height = gasp_bump_height(p.bump);
    err = prove(&p, now);
    for (uint64_t i = 1; err == GASP_AGAIN && i < gasp_limit(CHAIN_TRIES); i++) {
        err = gasp_chain_settle(wallet, NULL, now);
        if (err == GASP_OK)
            err = prove(&p, now);
    }
    for (size_t i = 0; err == GASP_OK && visit != NULL && i < p.n; i++)
        err = visit(ctx, &p.verdicts[i]);
    proving_clear(&p);
    return err == GASP_AGAIN ? GASP_ERR_LIMIT : err;
}
