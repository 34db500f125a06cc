/* The host's word on what becomes ours. A batch has one entry for each node of the commit with outputs that would be new
 * to us, and for each root that is kept as a spender. What is answered changes the commit only when it is applied: outputs
 * of its nodes, and verdicts of graphs whose root is not wanted. Must never leave an unanswered entry as taken. */
#include "wallet/admit.h"

#include <string.h>

#include "base/mem.h"
#include "base/writer.h"
#include "wallet/questions.h"
#include "wallet/txn.h"
#include "wallet/view.h"

typedef enum admit_answer { ADMIT_NONE = 0, ADMIT_TAKE, ADMIT_SOME, ADMIT_DECLINE, ADMIT_LATER } admit_answer;

typedef struct entry {
    size_t graph;
    size_t node;
    bool root;   /* of its graph */
    bool spends; /* it is kept for what it spends, too */
    gasp_admit_graph said;
    gasp_anchor anchor;
    gasp_admit_output *outputs;
    gasp_blob *raw;
    gasp_tx *tx; /* read from the store; NULL when the node has it */
    const gasp_tx *its;

    const uint32_t *offered; /* by the commit, put back at the end */
    size_t n_offered;
    uint32_t *ours; /* of these, which are ours already; then, when applied, with those taken behind them */
    size_t n_ours;

    admit_answer answer;
    uint32_t *some;
    size_t n_some;
    uint32_t height;
    uint64_t wall_ms;
} entry;

struct gasp_admit_batch {
    gasp_wallet *wallet;
    const gasp_mem *mem;
    entry *list;
    size_t n;
    size_t cap;
    uint8_t *peer;
    size_t peer_len;
};

void gasp_admit_init(gasp_admit *admit)
{
    *admit = (gasp_admit){.size = sizeof *admit};
}

/* ---- what the host calls ------------------------------------------------------------------------------------------- */

size_t gasp_admit_batch_len(const gasp_admit_batch *batch)
{
    return batch->n;
}

gasp_err gasp_admit_batch_graph(const gasp_admit_batch *batch, gasp_admit_graph *out, size_t index)
{
    if (index >= batch->n)
        return GASP_ERR_MISUSE;
    *out = batch->list[index].said;
    return GASP_OK;
}

static gasp_err answer(gasp_admit_batch *batch, size_t index, admit_answer what)
{
    if (index >= batch->n)
        return GASP_ERR_MISUSE;
    batch->list[index].answer = what;
    return GASP_OK;
}

gasp_err gasp_admit_take(gasp_admit_batch *batch, size_t index)
{
    return answer(batch, index, ADMIT_TAKE);
}

gasp_err gasp_admit_decline(gasp_admit_batch *batch, size_t index)
{
    return answer(batch, index, ADMIT_DECLINE);
}

gasp_err gasp_admit_later(gasp_admit_batch *batch, size_t index, uint32_t height, uint64_t wall_ms)
{
    gasp_err err = answer(batch, index, ADMIT_LATER);
    if (err == GASP_OK) {
        batch->list[index].height = height;
        batch->list[index].wall_ms = wall_ms;
    }
    return err;
}

gasp_err gasp_admit_take_outputs(gasp_admit_batch *batch, size_t index, const uint32_t *vouts, size_t n)
{
    entry *e = index < batch->n ? &batch->list[index] : NULL;
    if (e == NULL || (n > 0 && vouts == NULL))
        return GASP_ERR_MISUSE;
    for (size_t i = 0; i < n; i++)
        if (vouts[i] >= e->its->n_out)
            return GASP_ERR_COUNT;
    uint32_t *copy = n > 0 ? gasp_mem_copy(batch->mem, vouts, n * sizeof *vouts) : NULL;
    if (n > 0 && copy == NULL)
        return GASP_ERR_NOMEM;
    gasp_mem_free(batch->mem, e->some);
    e->some = copy;
    e->n_some = n;
    e->answer = n > 0 || e->spends ? ADMIT_SOME : ADMIT_DECLINE;
    return GASP_OK;
}

/* ---- asking -------------------------------------------------------------------------------------------------------- */

static void entry_clear(const gasp_mem *mem, entry *e)
{
    gasp_mem_free(mem, e->outputs);
    gasp_mem_free(mem, e->ours);
    gasp_mem_free(mem, e->some);
    gasp_tx_free(e->tx);
    gasp_blob_release(e->raw);
}

static void batch_free(gasp_admit_batch *batch)
{
    if (batch == NULL)
        return;
    for (size_t i = 0; i < batch->n; i++)
        entry_clear(batch->mem, &batch->list[i]);
    gasp_mem_free(batch->mem, batch->list);
    gasp_mem_free(batch->mem, batch->peer);
    gasp_mem_free(batch->mem, batch);
}

/* Splits what is offered into what is ours and what would be new. */
static gasp_err sort_out(gasp_txn *txn, entry *e, const gasp_collection *collection, const gasp_commit_node *node)
{
    const gasp_mem *mem = txn->wallet->mem;
    gasp_err err = GASP_OK;
    e->ours = gasp_mem_zalloc_array(mem, node->n_roots, sizeof *e->ours);
    e->outputs = gasp_mem_zalloc_array(mem, node->n_roots, sizeof *e->outputs);
    if (e->ours == NULL || e->outputs == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; err == GASP_OK && i < node->n_roots; i++) {
        gasp_outpoint outpoint = {node->txid, node->roots[i]};
        gasp_key key = gasp_key_output(collection, &outpoint);
        err = gasp_txn_has(txn, &key);
        if (err == GASP_OK)
            e->ours[e->n_ours++] = node->roots[i];
        else if (err == GASP_ABSENT)
            e->outputs[e->said.n_outputs++].vout = node->roots[i];
        err = err == GASP_ABSENT ? GASP_OK : err;
    }
    e->said.outputs = e->outputs;
    return err;
}

/* The transaction in standard form, and what it says of the outputs. GASP_ABSENT: it has gone, or has no such output; the
 * commit will find that out. */
static gasp_err read_root(gasp_txn *txn, entry *e, const gasp_commit_node *node)
{
    const gasp_mem *mem = txn->wallet->mem;
    gasp_err err = GASP_OK;
    e->its = node->tx;
    if (node->tx == NULL) {
        err = gasp_view_tx(txn, &e->tx, &e->raw, &node->txid);
        e->its = e->tx;
    } else if (node->tx->extended) {
        gasp_buf bytes;
        gasp_buf_init(&bytes, SIZE_MAX, mem);
        gasp_writer w = gasp_writer_growing(&bytes);
        gasp_tx_write(&w, node->tx);
        err = w.err;
        e->raw = err == GASP_OK ? gasp_blob_new(bytes.len, mem) : NULL;
        if (e->raw != NULL)
            memcpy(e->raw->data, bytes.data, bytes.len);
        else if (err == GASP_OK)
            err = GASP_ERR_NOMEM;
        gasp_buf_clear(&bytes);
    }
    if (err != GASP_OK)
        return err;
    if (e->raw == NULL && node->tx == NULL)
        return GASP_ERR_INTERNAL;
    e->said.raw = e->raw != NULL ? gasp_blob_view(e->raw) : node->tx->raw;
    for (size_t i = 0; i < e->said.n_outputs; i++) {
        gasp_admit_output *output = &e->outputs[i];
        if (output->vout >= e->its->n_out)
            return GASP_ABSENT;
        output->sat = e->its->out[output->vout].sat;
        output->script = e->its->out[output->vout].script;
    }
    return GASP_OK;
}

/* What is known of the anchor of a root that came without a proof. */
static gasp_err read_anchor(gasp_txn *txn, entry *e, const gasp_commit_node *node, bool *held)
{
    gasp_row_info info = {0};
    gasp_err err = gasp_txn_info(txn, &info, &node->txid);
    *held = err == GASP_OK;
    if (err != GASP_OK && err != GASP_ABSENT)
        return err;
    if (node->proven)
        e->anchor = node->anchor;
    else if (*held && info.anchored)
        e->anchor = info.anchor;
    if (node->proven || (*held && info.anchored))
        e->said.anchor = &e->anchor;
    return GASP_OK;
}

/* *asks: something would become ours by this node. */
static gasp_err look(gasp_txn *txn, entry *e, const gasp_commit *commit, bool *asks)
{
    const gasp_commit_graph *graph = &commit->graphs[e->graph];
    const gasp_commit_node *node = &graph->nodes[e->node];
    bool held = false;
    *asks = false;
    e->offered = node->roots;
    e->n_offered = node->n_roots;
    e->root = e->node + 1 == graph->n_nodes;
    e->spends = node->keep;
    e->said =
        (gasp_admit_graph){.txid = node->txid, .collection = commit->collection, .n_txs = e->root ? graph->n_nodes : 1};
    gasp_err err = sort_out(txn, e, &commit->collection, node);
    if (err != GASP_OK)
        return err;
    if (e->said.n_outputs == 0 && node->keep) {
        gasp_key member = gasp_key_member(&commit->collection, &node->txid);
        err = gasp_txn_has(txn, &member);
        *asks = err == GASP_ABSENT;
    } else {
        *asks = e->said.n_outputs > 0;
    }
    if (!*asks || (err != GASP_OK && err != GASP_ABSENT))
        return err == GASP_ABSENT ? GASP_OK : err;
    err = read_root(txn, e, node);
    if (err == GASP_OK)
        err = read_anchor(txn, e, node, &held);
    *asks = err == GASP_OK;
    return err == GASP_ABSENT ? GASP_OK : err;
}

static gasp_err collect(gasp_admit_batch *batch, gasp_txn *txn, const gasp_commit *commit)
{
    gasp_err err = GASP_OK;
    for (size_t g = 0; g < commit->n_graphs; g++) {
        for (size_t i = 0; err == GASP_OK && i < commit->graphs[g].n_nodes; i++) {
            const gasp_commit_node *node = &commit->graphs[g].nodes[i];
            entry e = {.graph = g, .node = i};
            bool asks = false;
            void *list = batch->list;
            if (node->n_roots == 0 && !node->keep)
                continue;
            err = look(txn, &e, commit, &asks);
            if (err == GASP_OK && asks)
                err =
                    gasp_mem_grow(batch->mem, &list, &batch->cap, batch->n + 1, sizeof *batch->list, GASP_TXN_OPS_MAX);
            batch->list = list;
            if (err == GASP_OK && asks)
                batch->list[batch->n++] = e;
            else
                entry_clear(batch->mem, &e);
        }
    }
    /* What the host sees points into the list, which stands still from here on. */
    for (size_t i = 0; i < batch->n; i++) {
        entry *e = &batch->list[i];
        e->said.anchor = e->said.anchor != NULL ? &e->anchor : NULL;
        e->said.peer = (gasp_bytes){batch->peer, batch->peer_len};
    }
    return err;
}

gasp_err gasp_wallet_admit(gasp_wallet *wallet, gasp_admit_batch **out, const gasp_commit *commit, gasp_bytes peer,
                           uint64_t ticket)
{
    const gasp_admit *port = wallet->admit;
    gasp_txn txn = {0};
    *out = NULL;
    if (port == NULL)
        return GASP_OK;
    gasp_admit_batch *batch = gasp_mem_zalloc(wallet->mem, sizeof *batch);
    if (batch == NULL)
        return GASP_ERR_NOMEM;
    *batch = (gasp_admit_batch){.wallet = wallet, .mem = wallet->mem, .peer_len = peer.len};
    batch->peer = peer.len > 0 ? gasp_mem_copy(wallet->mem, peer.data, peer.len) : NULL;
    gasp_err err = peer.len > 0 && batch->peer == NULL ? GASP_ERR_NOMEM : gasp_txn_look(&txn, wallet);
    if (err == GASP_OK)
        err = collect(batch, &txn, commit);
    gasp_txn_end(&txn);
    if (err == GASP_OK && batch->n > 0)
        err = port->decide(port->user, batch, ticket);
    if (err > GASP_OK && (err != GASP_PENDING || ticket == 0))
        err = GASP_ERR_MISUSE;
    if ((err == GASP_OK && batch->n > 0) || err == GASP_PENDING)
        *out = batch;
    else
        batch_free(batch);
    return err;
}

/* ---- applying ------------------------------------------------------------------------------------------------------ */

/* What becomes ours by an entry, behind what is ours: the outputs that were taken. *taken, the caller's, has a byte for each
 * output of the transaction, 1 for those. */
static gasp_err take_list(const gasp_mem *mem, entry *e, uint8_t **taken)
{
    size_t n = e->answer == ADMIT_TAKE ? e->said.n_outputs : e->answer == ADMIT_SOME ? e->n_some : 0;
    uint32_t *list = gasp_mem_zalloc_array(mem, e->n_ours + n, sizeof *list);
    uint8_t *seen = gasp_mem_zalloc(mem, e->its->n_out);
    *taken = seen;
    if (list == NULL || seen == NULL) {
        gasp_mem_free(mem, list);
        return GASP_ERR_NOMEM;
    }
    size_t len = 0;
    for (size_t i = 0; i < e->n_ours + n; i++) {
        size_t k = i < e->n_ours ? 0 : i - e->n_ours;
        uint32_t vout = i < e->n_ours ? e->ours[i] : e->answer == ADMIT_TAKE ? e->outputs[k].vout : e->some[k];
        if (vout < e->its->n_out && seen[vout] == 0) {
            seen[vout] = 1;
            list[len++] = vout;
        }
    }
    gasp_mem_free(mem, e->ours);
    e->ours = list;
    e->n_ours = len;
    return GASP_OK;
}

/* Offered, and not taken though the graph is kept. */
static gasp_err list_declined(const gasp_mem *mem, const entry *e, const uint8_t *taken, gasp_commit_graph *graph)
{
    size_t n = 0;
    bool later = e->answer == ADMIT_NONE || e->answer == ADMIT_LATER;
    for (size_t i = 0; i < e->said.n_outputs; i++)
        n += taken[e->outputs[i].vout] != 0 ? 0 : 1;
    if (n == 0)
        return GASP_OK;
    gasp_commit_declined *list = gasp_mem_zalloc_array(mem, graph->n_declined + n, sizeof *list);
    if (list == NULL)
        return GASP_ERR_NOMEM;
    if (graph->n_declined > 0)
        memcpy(list, graph->declined, graph->n_declined * sizeof *list);
    gasp_mem_free(mem, graph->declined);
    graph->declined = list;
    for (size_t i = 0; i < e->said.n_outputs; i++) {
        uint32_t vout = e->outputs[i].vout;
        if (taken[vout] == 0)
            list[graph->n_declined++] = (gasp_commit_declined){{e->said.txid, vout},
                                                               later ? GASP_ERR_VERIFY_LATER : GASP_ERR_VERIFY_DECLINED,
                                                               later ? e->height : 0,
                                                               later ? e->wall_ms : 0};
    }
    return GASP_OK;
}

/* A root that is not wanted takes its graph with it, unless some of its outputs were ours before. */
static gasp_err apply_one(const gasp_mem *mem, entry *e, gasp_commit *commit)
{
    gasp_commit_graph *graph = &commit->graphs[e->graph];
    gasp_commit_node *node = &graph->nodes[e->node];
    bool unwanted = e->answer != ADMIT_TAKE && e->answer != ADMIT_SOME;
    if (unwanted && e->root && e->n_ours == 0) {
        graph->verdict = e->answer == ADMIT_DECLINE ? GASP_ERR_VERIFY_DECLINED : GASP_ERR_VERIFY_LATER;
        graph->failed = e->node;
        graph->later_height = e->height;
        graph->later_ms = e->wall_ms;
        return GASP_OK;
    }
    uint8_t *taken = NULL;
    gasp_err err = take_list(mem, e, &taken);
    if (err == GASP_OK)
        err = list_declined(commit->mem, e, taken, graph);
    gasp_mem_free(mem, taken);
    if (err == GASP_OK) {
        node->roots = e->ours;
        node->n_roots = e->n_ours;
    }
    return err;
}

gasp_err gasp_wallet_commit_admitted(gasp_wallet *wallet, gasp_admit_batch *admission, gasp_commit *commit,
                                     gasp_time now)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; admission != NULL && err == GASP_OK && i < admission->n; i++)
        err = apply_one(admission->mem, &admission->list[i], commit);
    if (err == GASP_OK)
        err = gasp_wallet_commit(wallet, commit, now);
    for (size_t g = 0; g < commit->n_graphs; g++)
        for (size_t i = 0; i < commit->graphs[g].n_nodes; i++)
            commit->graphs[g].nodes[i].n_taken = commit->graphs[g].nodes[i].n_roots;
    for (size_t i = 0; admission != NULL && i < admission->n; i++) {
        const entry *e = &admission->list[i];
        gasp_commit_node *node = &commit->graphs[e->graph].nodes[e->node];
        node->roots = e->offered;
        node->n_roots = e->n_offered;
    }
    batch_free(admission);
    return err;
}

void gasp_wallet_admit_cancel(gasp_wallet *wallet, gasp_admit_batch *admission, uint64_t ticket)
{
    if (admission != NULL && wallet->admit->cancel != NULL)
        wallet->admit->cancel(wallet->admit->user, ticket);
    batch_free(admission);
}
