/* The stage's doors: nodes in, wants and verdicts out, and the life of a node's memory. What happens between is in
 * stage_walk.c (what holds, what falls) and stage_commit.c (graphs). */
#include "wallet/stage.h"

#include <string.h>

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
    stage->max_nodes = config->max_nodes;
    stage->max_bytes = config->max_bytes;
    gasp_map_init(&stage->nodes, sizeof(gasp_txid), sizeof(node *), config->max_nodes, config->seed16, mem);
    gasp_map_init(&stage->metadata_asked, sizeof(gasp_txid), 0, config->max_nodes, config->seed16, mem);
    *out = stage;
    return GASP_OK;
}

void stage_release_body(gasp_stage *stage, node *n)
{
    gasp_tx_free(n->tx);
    gasp_blob_release(n->blob);
    gasp_data_clear(&n->bump);
    gasp_data_clear(&n->entries);
    gasp_mem_free(stage->mem, n->hashes);
    for (size_t i = 0; n->sources != NULL && i < n->n_inputs; i++)
        gasp_blob_release(n->sources[i].blob);
    gasp_mem_free(stage->mem, n->sources);
    gasp_mem_free(stage->mem, n->parents);
    gasp_mem_free(stage->mem, n->edges);
    gasp_mem_free(stage->mem, n->roots);
    gasp_mem_free(stage->mem, n->late);
    stage->counts.bytes -= n->bytes;
    n->tx = NULL;
    n->blob = NULL;
    n->hashes = NULL;
    n->sources = NULL;
    n->parents = NULL;
    n->edges = NULL;
    n->roots = n->late = NULL;
    n->n_roots = n->n_late = n->n_inputs = n->bytes = 0;
}

void stage_forget(gasp_stage *stage, node *n)
{
    stage_release_body(stage, n);
    (void)gasp_map_del(&stage->nodes, n->txid.b);
    gasp_mem_free(stage->mem, n);
}

void gasp_stage_sweep(gasp_stage *stage)
{
    size_t pos = 0;
    void *value;
    while (gasp_map_next(&stage->nodes, &pos, NULL, &value)) {
        node *n = *(node **)value;
        stage_release_body(stage, n);
        gasp_mem_free(stage->mem, n);
    }
    gasp_map_clear(&stage->nodes);
    gasp_map_clear(&stage->metadata_asked);
    stage->to_find = stage->finding = stage->to_verify = stage->verifying = (queue){0};
    stage->to_commit = stage->committing = (queue){0};
    stage->gap_head = stage->gap_tail = stage->want = stage->parked = NULL;
    stage->n_metadata = stage->next_metadata = 0;
    stage->n_verdicts = stage->next_verdict = 0;
    stage->n_pending = 0;
}

void gasp_stage_free(gasp_stage *stage)
{
    if (stage == NULL)
        return;
    gasp_stage_sweep(stage);
    gasp_mem_free(stage->mem, stage->metadata);
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

static bool moves(const node *n)
{
    return n->state == NODE_FIND || n->state == NODE_WAIT || n->state == NODE_VERIFY || n->state == NODE_COMMIT ||
           n->in_commit_queue;
}

void stage_set_state(gasp_stage *stage, node *n, node_state state)
{
    bool before = moves(n);
    n->state = state;
    n->in_commit_queue = false;
    if (before && !moves(n))
        stage->n_pending--;
    else if (!before && moves(n))
        stage->n_pending++;
}

void stage_let_go(gasp_stage *stage, node *n)
{
    if (n->n_linked > 0)
        return;
    if (n->state == NODE_REFUSED)
        stage_release_body(stage, n);
    if (n->state != NODE_COMMITTED || n->n_living > 0)
        return;
    if (stage->finding.head == NULL) {
        stage_forget(stage, n);
    } else {
        n->park_next = stage->parked; /* not work_next: it may be committed again meanwhile */
        stage->parked = n;
        n->n_living++; /* parked once: found() takes this back */
    }
}

gasp_err stage_say(gasp_stage *stage, const node *n, gasp_err err, const gasp_txid *cause, gasp_err cause_err,
                   size_t input, bool stored)
{
    void *list = stage->verdicts;
    gasp_err grown = gasp_mem_grow(stage->mem, &list, &stage->cap_verdicts, stage->n_verdicts + 1,
                                   sizeof *stage->verdicts, stage->max_nodes * STAGE_UNREAD_PER_NODE);
    stage->verdicts = list;
    if (grown != GASP_OK)
        return grown;
    stage->verdicts[stage->n_verdicts++] = (gasp_stage_verdict){
        .txid = n->txid,
        .root = n->n_roots > 0,
        .n_roots = (uint32_t)n->n_roots,
        .vout = n->n_roots > 0 ? n->roots[0] : 0,
        .stored = stored,
        .err = err,
        .cause = *cause,
        .cause_err = cause_err,
        .height = n->anchor.height,
        .input = input,
        .bytes = n->bytes,
    };
    if (err == GASP_OK)
        stage->counts.committed++;
    else
        stage->counts.refused++;
    return GASP_OK;
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

/* Adds the offered outputs that a list does not have yet; it ascends afterwards. */
static gasp_err add_roots(gasp_stage *stage, uint32_t **list, size_t *len, const uint32_t *roots, size_t n_roots)
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

gasp_err stage_take_late(gasp_stage *stage, node *n)
{
    gasp_err err = add_roots(stage, &n->roots, &n->n_roots, n->late, n->n_late);
    gasp_mem_free(stage->mem, n->late);
    n->late = NULL;
    n->n_late = 0;
    return err;
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
static gasp_err judge(const gasp_stage *stage, const gasp_stage_node *in, size_t bytes, size_t *input)
{
    if (in->verdict != GASP_OK)
        return in->verdict;
    if (bytes > stage->max_bytes - stage->counts.bytes)
        return GASP_ERR_VERIFY_POLICY;
    if (in->tx == NULL)
        return GASP_OK;
    if (gasp_tx_len(in->tx) == 64)
        return GASP_ERR_PROOF_TX_64;
    if (!has_roots(in->tx, in->roots, in->n_roots))
        return GASP_ERR_VERIFY_NO_OUTPOINT;
    if (in->proven)
        return GASP_OK;
    return gasp_spv_check_form(in->tx, input, stage->mem);
}

/* First news of a transaction. in->tx is the node's from here on. */
static gasp_err fill(gasp_stage *stage, node *n, const gasp_stage_node *in)
{
    size_t bytes = in->tx != NULL ? in->tx->raw.len + in->bump.len + in->entries.len : in->entries.len;
    size_t input = 0;
    gasp_err fault = judge(stage, in, bytes, &input);
    gasp_err err = add_roots(stage, &n->roots, &n->n_roots, in->roots, in->n_roots);
    if (n->in_gaps)
        stage_gap_unlink(stage, n);
    n->filled = true;
    n->tx = in->tx;
    n->blob = gasp_blob_share(in->blob);
    n->proven = in->proven;
    n->anchor = (gasp_anchor){.height = in->height, .index = in->index};
    n->root = in->root;
    n->expected = in->expect != NULL;
    if (in->expect != NULL) {
        n->expect_outpoint = in->expect->outpoint;
        n->expect_hash = in->expect->hash;
    }
    n->bytes = bytes;
    stage->counts.bytes += bytes; /* a node over the limit is refused, and lets go of them, before anything else */
    if (err != GASP_OK)
        return err;
    if (fault != GASP_OK)
        return stage_refuse(stage, n, fault, input);
    err = copy(&n->bump, in->bump, stage->mem);
    if (err == GASP_OK)
        err = copy(&n->entries, in->entries, stage->mem);
    if (err == GASP_OK && in->inputs != NULL && in->tx != NULL && in->n_inputs == in->tx->n_in) {
        n->hashes = gasp_mem_copy(stage->mem, in->inputs, in->n_inputs * sizeof *in->inputs);
        err = n->hashes != NULL ? GASP_OK : GASP_ERR_NOMEM;
    }
    if (err != GASP_OK)
        return err;
    stage_set_state(stage, n, NODE_FIND);
    queue_push(&stage->to_find, n);
    return GASP_OK;
}

/* Refuses what was offered of a node, which itself stays what it is. */
static gasp_err say_offer(gasp_stage *stage, const node *n, const gasp_stage_node *in, gasp_err err,
                          const gasp_txid *cause, gasp_err cause_err)
{
    uint32_t first = in->roots[0];
    node offer = {.txid = n->txid, .anchor = n->anchor, .bytes = n->bytes, .roots = &first, .n_roots = in->n_roots};
    return stage_say(stage, &offer, err, cause, cause_err, 0, false);
}

/* More news of a transaction that was given before: only its offered outputs count. */
static gasp_err fill_again(gasp_stage *stage, node *n, const gasp_stage_node *in)
{
    gasp_tx_free(in->tx);
    if (in->n_roots == 0)
        return GASP_OK;
    if (n->state == NODE_REFUSED)
        return say_offer(stage, n, in, n->err, &n->cause, n->cause_err);
    /* Only the offer is wrong. The node may be with the verifier or in a commit, where it cannot be taken back. */
    if (!has_roots(n->tx, in->roots, in->n_roots))
        return say_offer(stage, n, in, GASP_ERR_VERIFY_NO_OUTPOINT, &n->txid, GASP_ERR_VERIFY_NO_OUTPOINT);
    if (n->state == NODE_COMMIT)
        return add_roots(stage, &n->late, &n->n_late, in->roots, in->n_roots);
    gasp_err err = add_roots(stage, &n->roots, &n->n_roots, in->roots, in->n_roots);
    if (err != GASP_OK)
        return err;
    if ((n->state == NODE_VERIFIED && !n->in_commit_queue) || n->state == NODE_COMMITTED)
        return stage_holds(stage, n);
    return GASP_OK;
}

gasp_err gasp_stage_add(gasp_stage *stage, const gasp_stage_node *in)
{
    node *n;
    gasp_err err = stage_node_get(stage, &n, &in->txid);
    if (err != GASP_OK) {
        gasp_tx_free(in->tx);
        if (err != GASP_ERR_LIMIT)
            return err;
        uint32_t first = in->n_roots > 0 ? in->roots[0] : 0;
        node outside = {.txid = in->txid, .roots = &first, .n_roots = in->n_roots};
        return stage_say(stage, &outside, GASP_ERR_VERIFY_POLICY, &in->txid, GASP_ERR_VERIFY_POLICY, 0, false);
    }
    return n->filled ? fill_again(stage, n, in) : fill(stage, n, in);
}

bool gasp_stage_has(const gasp_stage *stage, const gasp_txid *txid)
{
    void *place = gasp_map_get(&stage->nodes, txid->b);
    return place != NULL && (*(node **)place)->filled;
}

void stage_gap_link(gasp_stage *stage, node *gap)
{
    gap->in_gaps = true;
    gap->gap_next = NULL;
    gap->gap_prev = stage->gap_tail;
    if (stage->gap_tail != NULL)
        stage->gap_tail->gap_next = gap;
    else
        stage->gap_head = gap;
    stage->gap_tail = gap;
    if (stage->want == NULL)
        stage->want = gap;
}

void stage_gap_unlink(gasp_stage *stage, node *gap)
{
    if (stage->want == gap)
        stage->want = gap->gap_next;
    if (gap->gap_prev != NULL)
        gap->gap_prev->gap_next = gap->gap_next;
    else
        stage->gap_head = gap->gap_next;
    if (gap->gap_next != NULL)
        gap->gap_next->gap_prev = gap->gap_prev;
    else
        stage->gap_tail = gap->gap_prev;
    gap->gap_prev = gap->gap_next = NULL;
    gap->in_gaps = false;
}

/* An input that waits for the gap and whose transaction has not fallen; NULL when there is none any more. */
static const edge *living(const node *gap)
{
    const edge *e = gap->children;
    while (e != NULL && e->child->state == NODE_REFUSED)
        e = e->next;
    return e;
}

gasp_err gasp_stage_want_next(gasp_stage *stage, gasp_stage_want *out)
{
    while (stage->want != NULL) {
        node *n = stage->want;
        const edge *e = living(n);
        stage->want = n->gap_next;
        if (e == NULL) {
            stage_gap_unlink(stage, n); /* it comes back to the end when something waits for it again */
            continue;
        }
        *out = (gasp_stage_want){.outpoint = e->child->tx->in[e - e->child->edges].prev};
        stage->counts.wants++;
        return GASP_OK;
    }
    if (stage->next_metadata == stage->n_metadata)
        return GASP_DONE;
    *out = stage->metadata[stage->next_metadata++];
    stage->counts.wants++;
    return GASP_OK;
}

gasp_err gasp_stage_absent(gasp_stage *stage, const gasp_txid *txid)
{
    void *place = gasp_map_get(&stage->nodes, txid->b);
    if (place == NULL || (*(node **)place)->state != NODE_GAP)
        return GASP_OK;
    return stage_refuse_waiting(stage, *(node **)place);
}

gasp_err gasp_stage_absent_all(gasp_stage *stage)
{
    gasp_err err = GASP_OK;
    while (err == GASP_OK && stage->gap_head != NULL)
        err = stage_refuse_waiting(stage, stage->gap_head);
    return err;
}

gasp_err gasp_stage_verdict_next(gasp_stage *stage, gasp_stage_verdict *out)
{
    if (stage->next_verdict == stage->n_verdicts) {
        stage->next_verdict = stage->n_verdicts = 0;
        return GASP_DONE;
    }
    *out = stage->verdicts[stage->next_verdict++];
    return GASP_OK;
}

bool gasp_stage_idle(const gasp_stage *stage)
{
    return stage->n_pending == 0 && stage->next_metadata == stage->n_metadata;
}

gasp_stage_counts gasp_stage_count(const gasp_stage *stage)
{
    gasp_stage_counts counts = stage->counts;
    counts.nodes = stage->nodes.len;
    return counts;
}
