/* The stage's door for nodes, and the life of a node's memory. What happens to them is in stage_walk.c (what holds, what
 * falls), stage_find.c (questions), stage_commit.c (graphs), stage_spend.c (announced spends) and stage_room.c (what is
 * wanted, and what there is room for); verdicts are made in stage_say.c. */
#include "wallet/stage.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "chain/tx.h"
#include "set/sort.h"
#include "spv/verify.h"
#include "wallet/stage_node.h"

void queue_push(queue *q, node *n)
{
    n->next = NULL;
    if (q->tail != NULL)
        q->tail->next = n;
    else
        q->head = n;
    q->tail = n;
}

node *queue_pop(queue *q)
{
    node *n = q->head;
    if (n != NULL) {
        q->head = n->next;
        if (q->head == NULL)
            q->tail = NULL;
        n->next = NULL;
    }
    return n;
}

gasp_err gasp_stage_new(gasp_stage **out, const gasp_stage_config *config)
{
    const gasp_mem *mem = gasp_mem_or_default(config->mem);
    gasp_stage *stage = gasp_mem_zalloc(mem, sizeof *stage);
    if (stage == NULL)
        return GASP_ERR_NOMEM;
    stage->collection = config->collection;
    stage->mem = mem;
    stage->max_nodes = gasp_limit_set(MAX_NODES, config->max_nodes);
    stage->max_bytes = gasp_limit_set(MAX_STAGE_BYTES, config->max_bytes);
    gasp_map_init(&stage->nodes, sizeof(gasp_txid), sizeof(node *), stage->max_nodes, config->seed16, mem);
    gasp_map_init(&stage->metadata_asked, sizeof(gasp_txid), sizeof(size_t), stage->max_nodes, config->seed16, mem);
    *out = stage;
    return GASP_OK;
}

void stage_release_scripts(gasp_stage *stage, node *n)
{
    for (size_t i = 0; n->sources != NULL && i < n->n_inputs; i++) {
        gasp_blob_release(n->sources[i].blob);
        n->sources[i].blob = NULL;
        n->sources[i].script = (gasp_bytes){NULL, 0};
    }
    gasp_mem_free(stage->mem, n->edges);
    n->edges = NULL;
    n->script_bytes = 0;
    stage_recount(stage, n);
}

void stage_release_inputs(gasp_stage *stage, node *n)
{
    stage_release_scripts(stage, n);
    gasp_mem_free(stage->mem, n->sources);
    gasp_mem_free(stage->mem, n->parents);
    n->sources = NULL;
    n->parents = NULL;
    n->n_inputs = n->n_waiting = 0;
}

void stage_release_body(gasp_stage *stage, node *n, bool keep_offer)
{
    stage_release_inputs(stage, n);
    gasp_tx_free(n->tx);
    gasp_blob_release(n->blob);
    gasp_data_clear(&n->bump);
    gasp_mem_free(stage->mem, n->hashes);
    gasp_mem_free(stage->mem, n->spent);
    n->tx = NULL;
    n->blob = NULL;
    n->hashes = NULL;
    n->spent = NULL;
    n->n_spent = 0;
    if (!keep_offer) {
        gasp_data_clear(&n->entries);
        gasp_mem_free(stage->mem, n->roots);
        gasp_mem_free(stage->mem, n->late);
        n->roots = n->late = NULL;
        n->n_roots = n->n_late = 0;
    }
    stage_recount(stage, n);
}

static void forget(gasp_stage *stage, node *n)
{
    stage_want_settle(stage, n);
    stage_release_body(stage, n, false);
    (void)gasp_map_del(&stage->nodes, n->txid.b);
    gasp_mem_free(stage->mem, n);
}

void gasp_stage_sweep(gasp_stage *stage)
{
    size_t pos = 0;
    void *value;
    while (gasp_map_next(&stage->nodes, &pos, NULL, &value)) {
        node *n = *(node **)value;
        stage_release_body(stage, n, false);
        gasp_mem_free(stage->mem, n);
    }
    gasp_map_clear(&stage->nodes);
    gasp_map_clear(&stage->metadata_asked);
    stage->to_find = stage->finding = stage->to_verify = stage->verifying = (queue){0};
    stage->to_commit = stage->committing = (queue){0};
    stage->gap_head = stage->gap_tail = stage->want = stage->parked = NULL;
    stage->root_head = stage->root_tail = stage->front = NULL;
    stage->find_out = stage->one_by_one = false;
    stage->n_spends = stage->spends_out = 0;
    stage->n_metadata = stage->next_metadata = 0;
    stage->n_pending = stage->n_open = stage->reserved = 0;
    stage_say_clear(stage);
}

void gasp_stage_free(gasp_stage *stage)
{
    if (stage == NULL)
        return;
    gasp_stage_sweep(stage);
    gasp_mem_free(stage->mem, stage->metadata);
    gasp_mem_free(stage->mem, stage->spends);
    gasp_mem_free(stage->mem, stage->verdicts);
    gasp_mem_free(stage->mem, stage);
}

gasp_err stage_node_get(gasp_stage *stage, node **out, const gasp_txid *txid)
{
    void *place;
    bool fresh;
    gasp_err err = gasp_map_put(&stage->nodes, &place, &fresh, txid->b);
    if (err != GASP_OK)
        return err;
    if (fresh) {
        node *n = gasp_mem_zalloc(stage->mem, sizeof *n);
        if (n == NULL) {
            (void)gasp_map_del(&stage->nodes, txid->b);
            return GASP_ERR_NOMEM;
        }
        n->txid = *txid;
        *(node **)place = n;
    }
    *out = *(node **)place;
    return GASP_OK;
}

bool stage_is_root(const node *n)
{
    return n->n_roots > 0 || n->keep;
}

static bool moves(const node *n)
{
    switch (n->state) {
    case NODE_GAP:
        return stage_is_root(n) || n->asking > 0;
    case NODE_FIND:
    case NODE_WAIT:
    case NODE_VERIFY:
    case NODE_COMMIT:
        return true;
    case NODE_VERIFIED:
    case NODE_COMMITTED:
    case NODE_REFUSED:
        return n->in_commit_queue || n->asking > 0;
    }
    return false;
}

void stage_recheck(gasp_stage *stage, node *n)
{
    bool now = moves(n);
    if (n->counted && !now)
        stage->n_pending--;
    else if (!n->counted && now)
        stage->n_pending++;
    n->counted = now;
}

void stage_set_state(gasp_stage *stage, node *n, node_state state)
{
    n->state = state;
    n->in_commit_queue = false;
    stage_recheck(stage, n);
}

/* Of an unproven transaction's inputs all is counted from the start, also what is made when they were found. Nodes without
 * a transaction are bounded by their number alone. */
static size_t cost_of_tx(const gasp_tx *tx, bool inputs, bool edges)
{
    size_t cost = sizeof(node) + tx->raw.len + sizeof *tx + tx->n_in * sizeof *tx->in + tx->n_out * sizeof *tx->out;
    if (inputs)
        cost += tx->n_in * (sizeof(node *) + sizeof(gasp_source));
    if (inputs && edges)
        cost += tx->n_in * sizeof(edge);
    return cost;
}

void stage_recount(gasp_stage *stage, node *n)
{
    size_t bytes = n->bump.len + n->entries.len + n->n_roots * sizeof *n->roots + n->script_bytes;
    bool early = n->state == NODE_GAP || n->state == NODE_FIND || n->state == NODE_WAIT || n->state == NODE_VERIFY;
    if (n->tx != NULL)
        bytes += cost_of_tx(n->tx, !n->proven && !n->held, early);
    if (n->hashes != NULL && n->tx != NULL)
        bytes += n->tx->n_in * sizeof *n->hashes;
    stage->counts.bytes = stage->counts.bytes - n->bytes + bytes;
    n->bytes = bytes;
}

void stage_let_go(gasp_stage *stage, node *n)
{
    if (n->state == NODE_REFUSED)
        stage_release_body(stage, n, false);
    if (n->state != NODE_COMMITTED || n->n_living > 0 || n->asking > 0)
        return;
    if (!stage->find_out) {
        forget(stage, n);
    } else {
        n->park_next = stage->parked; /* not work_next: it may be committed again meanwhile */
        stage->parked = n;
        n->n_living++; /* parked once: found() takes this back */
    }
}

/* A copy of a view; empty for an empty one. */
static gasp_err copy(gasp_data *out, gasp_bytes bytes, const gasp_mem *mem)
{
    if (bytes.len == 0)
        return GASP_OK;
    out->data = gasp_mem_copy(mem, bytes.data, bytes.len);
    out->len = bytes.len;
    out->mem = mem;
    return out->data != NULL ? GASP_OK : GASP_ERR_NOMEM;
}

static int by_vout(const void *a, const void *b, const void *user)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    (void)user;
    return x < y ? -1 : x > y;
}

gasp_err stage_add_roots(gasp_stage *stage, uint32_t **list, size_t *len, const uint32_t *roots, size_t n_roots)
{
    size_t n = *len;
    size_t kept = 0;
    if (n_roots == 0)
        return GASP_OK;
    uint32_t *all = gasp_mem_zalloc_array(stage->mem, n + n_roots, sizeof *all);
    if (all == NULL)
        return GASP_ERR_NOMEM;
    if (n > 0)
        memcpy(all, *list, n * sizeof *all);
    memcpy(all + n, roots, n_roots * sizeof *all);
    n += n_roots;
    gasp_err err = gasp_sort(all, n, sizeof *all, by_vout, NULL, stage->mem);
    if (err != GASP_OK) {
        gasp_mem_free(stage->mem, all);
        return err;
    }
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || all[kept - 1] != all[i])
            all[kept++] = all[i];
    gasp_mem_free(stage->mem, *list);
    *list = all;
    *len = kept;
    return GASP_OK;
}

/* Whether a transaction has all the outputs that are offered; one that is not here is judged when it is committed. */
static bool has_roots(const gasp_tx *tx, const uint32_t *roots, size_t n_roots)
{
    for (size_t i = 0; tx != NULL && i < n_roots; i++)
        if (roots[i] >= tx->n_out)
            return false;
    return true;
}

/* What is wrong with a node by itself, before anything is asked about it. */
static gasp_err judge(const gasp_stage *stage, const node *n, const gasp_stage_node *in, size_t *input)
{
    if (in->verdict != GASP_OK)
        return in->verdict;
    if (in->tx == NULL)
        return GASP_OK;
    if (in->answer && n->asked && in->tx->raw.len > n->told_max)
        return GASP_ERR_VERIFY_POLICY;
    if (gasp_tx_len(in->tx) == 64)
        return GASP_ERR_PROOF_TX_64;
    if (!has_roots(in->tx, n->roots, n->n_roots))
        return GASP_ERR_VERIFY_NO_OUTPOINT;
    if (in->proven || n->proven)
        return GASP_OK;
    return gasp_spv_check_form(in->tx, input, stage->mem);
}

/* Outputs of a transaction that is not here are offered: they are joined, and what is told of them counts the first time. */
static gasp_err take_offer(gasp_stage *stage, node *n, const gasp_stage_node *in)
{
    if (in->n_roots == 0)
        return GASP_OK;
    if (n->n_roots == 0) {
        n->known = in->tx == NULL && in->expect == NULL;
        n->told_proven = in->proven;
        n->told = (gasp_anchor){.height = in->height, .index = in->index};
        if (in->has_block)
            n->told.block = in->block;
    }
    gasp_err err = stage_add_roots(stage, &n->roots, &n->n_roots, in->roots, in->n_roots);
    if (err != GASP_OK)
        return err;
    stage_root_link(stage, n);
    stage_recount(stage, n);
    stage_recheck(stage, n);
    return GASP_OK;
}

/* What a node takes in the stage when it is taken in. */
static size_t cost_of(const node *n, const gasp_stage_node *in)
{
    size_t cost = in->bump.len + in->entries.len + n->n_roots * sizeof *n->roots;
    if (in->tx != NULL)
        cost += cost_of_tx(in->tx, !in->proven, true);
    if (in->tx != NULL && in->inputs != NULL)
        cost += in->n_inputs * sizeof *in->inputs;
    return cost;
}

/* The entries of an offer tell under which id the sender holds it, whatever becomes of the transaction. */
static gasp_err keep_entries(gasp_stage *stage, node *n, const gasp_stage_node *in)
{
    if (!stage_is_root(n) || n->entries.len > 0)
        return GASP_OK;
    gasp_err err = copy(&n->entries, in->entries, stage->mem);
    stage_recount(stage, n);
    return err;
}

/* There is no room for a node now: it stays a gap, or becomes one, and is wanted when there is. Refused is what is larger
 * than the whole stage, what came in vain too often, and news that no transaction could stand for. */
static gasp_err put_off(gasp_stage *stage, node *n, const gasp_stage_node *in, size_t cost)
{
    bool hopeless =
        cost > stage->max_bytes || n->drops >= gasp_limit(WANT_AGAIN) || (in->tx == NULL && !stage_is_root(n));
    bool fits = !stage_is_root(n) || in->entries.len == 0 || stage_fits(stage, in->entries.len);
    gasp_tx_free(in->tx);
    gasp_err err = keep_entries(stage, n, in);
    if (err != GASP_OK)
        return err;
    if (hopeless || !fits) {
        n->filled = true;
        return stage_refuse(stage, n, GASP_ERR_VERIFY_POLICY, 0);
    }
    n->came = n->came || in->tx != NULL;
    n->need = cost;
    n->drops++;
    stage->counts.let_go++;
    if (n->in_gaps)
        stage_gap_unlink(stage, n);
    if (stage_is_root(n) || n->children != NULL)
        stage_gap_link(stage, n);
    return GASP_OK;
}

/* Copies what is a view. What was told with an offer stays where this tells nothing. */
static gasp_err copy_in(gasp_stage *stage, node *n, const gasp_stage_node *in)
{
    gasp_err err = GASP_OK;
    if (in->proven) {
        n->proven = true;
        n->anchor = (gasp_anchor){.height = in->height, .index = in->index};
        n->root = in->root;
        gasp_data_clear(&n->bump);
        err = copy(&n->bump, in->bump, stage->mem);
    }
    if (err == GASP_OK && in->entries.len > 0) {
        gasp_data_clear(&n->entries);
        err = copy(&n->entries, in->entries, stage->mem);
    }
    if (err == GASP_OK && in->inputs != NULL && in->tx != NULL && in->n_inputs == in->tx->n_in) {
        n->hashes = gasp_mem_copy(stage->mem, in->inputs, in->n_inputs * sizeof *in->inputs);
        err = n->hashes != NULL ? GASP_OK : GASP_ERR_NOMEM;
    }
    return err;
}

/* First news of a transaction, or of one that was let go of. in->tx is the node's from here on. */
static gasp_err fill(gasp_stage *stage, node *n, const gasp_stage_node *in)
{
    size_t input = 0;
    gasp_err err = take_offer(stage, n, in);
    if (err != GASP_OK) {
        gasp_tx_free(in->tx);
        return err;
    }
    if (in->tx == NULL && n->asked && !in->answer && in->expect == NULL && in->verdict == GASP_OK)
        return keep_entries(stage, n, in); /* its transaction is on the way */
    gasp_err fault = judge(stage, n, in, &input);
    size_t reserved = in->answer && n->asked ? n->reserved : 0;
    if (in->answer)
        stage_want_settle(stage, n);
    size_t cost = cost_of(n, in);
    n->raw_len = in->tx != NULL ? in->tx->raw.len : 0;
    if (fault == GASP_OK && cost > reserved && !stage_fits(stage, cost - (cost < n->bytes ? cost : n->bytes)))
        return put_off(stage, n, in, cost);
    if (n->in_gaps)
        stage_gap_unlink(stage, n);
    n->filled = true;
    n->tx = in->tx;
    n->blob = gasp_blob_share(in->blob);
    n->need = cost;
    n->expected = in->expect != NULL;
    if (in->expect != NULL) {
        n->expect_outpoint = in->expect->outpoint;
        n->expect_hash = in->expect->hash;
    }
    err = copy_in(stage, n, in);
    stage_recount(stage, n);
    if (err != GASP_OK)
        return err;
    if (fault != GASP_OK && !n->proven)
        n->anchor.height = in->height; /* of a proof that is none: the verdict names it */
    if (fault != GASP_OK)
        return stage_refuse(stage, n, fault, input);
    stage_set_state(stage, n, NODE_FIND);
    queue_push(&stage->to_find, n);
    return n->tx != NULL ? stage_spend_check(stage, n) : GASP_OK;
}

/* Refuses what was offered of a node, which itself stays what it is. */
static gasp_err say_offer(gasp_stage *stage, const node *n, const gasp_stage_node *in, gasp_err err,
                          const gasp_txid *cause, gasp_err cause_err)
{
    node offer = {.txid = n->txid, .anchor = n->anchor, .raw_len = n->raw_len};
    offer.fault_root = n->fault_root;
    offer.has_rival = n->has_rival;
    offer.rival = n->rival;
    offer.known = in->tx == NULL;
    offer.told_proven = in->proven;
    offer.told = (gasp_anchor){.height = in->height, .index = in->index};
    if (in->has_block)
        offer.told.block = in->block;
    gasp_err made = stage_add_roots(stage, &offer.roots, &offer.n_roots, in->roots, in->n_roots);
    if (made == GASP_OK)
        made = copy(&offer.entries, in->entries, stage->mem);
    if (made == GASP_OK)
        made = stage_say(stage, &offer, err, cause, cause_err, 0, false);
    gasp_mem_free(stage->mem, offer.roots);
    gasp_data_clear(&offer.entries);
    return made;
}

/* More news of a transaction that was given before: only its offered outputs count. */
static gasp_err fill_again(gasp_stage *stage, node *n, const gasp_stage_node *in)
{
    if (in->answer)
        stage_want_settle(stage, n);
    if (in->n_roots == 0)
        return GASP_OK;
    if (n->state == NODE_REFUSED)
        return say_offer(stage, n, in, n->err, &n->cause, n->cause_err);
    /* Only the offer is wrong. The node may be with the verifier or in a commit, where it cannot be taken back. */
    if (!has_roots(n->tx, in->roots, in->n_roots))
        return say_offer(stage, n, in, GASP_ERR_VERIFY_NO_OUTPOINT, &n->txid, GASP_ERR_VERIFY_NO_OUTPOINT);
    if (n->state == NODE_COMMIT)
        return stage_add_roots(stage, &n->late, &n->n_late, in->roots, in->n_roots);
    gasp_err err = take_offer(stage, n, in);
    if (err != GASP_OK)
        return err;
    if ((n->state == NODE_VERIFIED && !n->in_commit_queue) || n->state == NODE_COMMITTED)
        return stage_holds(stage, n);
    return GASP_OK;
}

gasp_err gasp_stage_add(gasp_stage *stage, const gasp_stage_node *in)
{
    node *n;
    if (in->expect != NULL)
        stage_metadata_settle(stage, &in->txid);
    gasp_err err = stage_node_get(stage, &n, &in->txid);
    if (err == GASP_OK && !n->filled && n->state != NODE_REFUSED)
        return fill(stage, n, in);
    if (err == GASP_OK) {
        err = fill_again(stage, n, in);
    } else if (err == GASP_ERR_LIMIT) {
        node outside = {.txid = in->txid};
        err = say_offer(stage, &outside, in, GASP_ERR_VERIFY_POLICY, &in->txid, GASP_ERR_VERIFY_POLICY);
    }
    gasp_tx_free(in->tx);
    return err;
}

bool gasp_stage_has(const gasp_stage *stage, const gasp_txid *txid)
{
    void *place = gasp_map_get(&stage->nodes, txid->b);
    return place != NULL && (*(node **)place)->filled;
}

bool gasp_stage_idle(const gasp_stage *stage)
{
    return stage->n_pending == 0 && stage->next_metadata == stage->n_metadata;
}

gasp_stage_counts gasp_stage_count(const gasp_stage *stage)
{
    gasp_stage_counts counts = stage->counts;
    counts.nodes = stage->nodes.len;
    counts.reserved = stage->reserved;
    return counts;
}
