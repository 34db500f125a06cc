/* How what is known spreads through the stage: an answer to find gives a node its inputs or leaves it waiting, a node that
 * holds wakes its children, one that falls takes them along. Every walk keeps a list in the nodes themselves (work_next);
 * nothing recurses, whatever the depth of a graph. */
#include <string.h>

#include "base/mem.h"
#include "record/entry.h"
#include "record/state.h"
#include "wallet/stage_node.h"

/* ---- what falls ---------------------------------------------------------------------------------------------------- */

void stage_finish(gasp_stage *stage, node *n)
{
    for (size_t i = 0; n->parents != NULL && i < n->n_inputs; i++) {
        node *parent = n->parents[i];
        n->parents[i] = NULL;
        if (parent == NULL)
            continue;
        parent->n_living--;
        stage_let_go(stage, parent);
    }
}

/* Marks one node as refused and says so; a gap that was never filled has nobody to say it to. */
static gasp_err fall(gasp_stage *stage, node *n, gasp_err err, const gasp_txid *cause, gasp_err cause_err, size_t input)
{
    n->err = err;
    n->cause = *cause;
    n->cause_err = cause_err;
    n->work_next = NULL;
    if (n->in_gaps)
        stage_gap_unlink(stage, n);
    stage_set_state(stage, n, NODE_REFUSED);
    return n->filled ? stage_say(stage, n, err, cause, cause_err, input, false) : GASP_OK;
}

/* The same for a node whose parent has fallen; the height is that of the proof at fault. */
static gasp_err fall_after(gasp_stage *stage, node *n, const node *parent, size_t input)
{
    gasp_err why = parent->filled ? GASP_ERR_VERIFY_PARENT : GASP_ERR_VERIFY_NO_PARENT;
    n->anchor.height = parent->anchor.height;
    return fall(stage, n, why, &parent->cause, parent->cause_err, input);
}

/* Refuses everything that hangs below the nodes of a work list, which are refused already. */
static gasp_err fall_below(gasp_stage *stage, node *work)
{
    gasp_err err = GASP_OK;
    while (work != NULL) {
        node *n = work;
        work = n->work_next;
        n->work_next = NULL;
        edge *e = n->children;
        n->children = NULL;
        while (e != NULL) {
            edge *next = e->next;
            node *child = e->child;
            e->next = NULL;
            child->n_linked--;
            if (child->state != NODE_REFUSED) {
                gasp_err said = fall_after(stage, child, n, (size_t)(e - child->edges));
                err = err == GASP_OK ? said : err;
                child->work_next = work;
                work = child;
            } else {
                stage_finish(stage, child); /* before its inputs are let go of: its parents count them */
                stage_let_go(stage, child);
            }
            e = next;
        }
        stage_finish(stage, n);
        stage_let_go(stage, n);
    }
    return err;
}

gasp_err stage_refuse(gasp_stage *stage, node *n, gasp_err err, size_t input)
{
    gasp_err said = fall(stage, n, err, &n->txid, err, input);
    gasp_err below = fall_below(stage, n);
    return said != GASP_OK ? said : below;
}

gasp_err stage_refuse_waiting(gasp_stage *stage, node *gap)
{
    gasp_err said = fall(stage, gap, GASP_ERR_VERIFY_NO_PARENT, &gap->txid, GASP_ERR_VERIFY_NO_PARENT, 0);
    gasp_err below = fall_below(stage, gap);
    return said != GASP_OK ? said : below;
}

gasp_err stage_refuse_after(gasp_stage *stage, node *n, const node *parent, size_t input)
{
    gasp_err said = fall_after(stage, n, parent, input);
    gasp_err below = fall_below(stage, n);
    return said != GASP_OK ? said : below;
}

/* ---- what holds ---------------------------------------------------------------------------------------------------- */

/* Input i of a node gets its source from a staged parent that holds. Errors: GASP_ERR_VERIFY_NO_OUTPOINT  the parent has
 * no such output; GASP_ERR_VERIFY_NO_PARENT  only news of the parent is staged, because the wallet came to hold it after
 * it was asked about this input: it can be given again. */
static gasp_err take_source(node *n, size_t i, const node *parent)
{
    gasp_source *source = &n->sources[i];
    uint32_t vout = n->tx->in[i].prev.vout;
    if (parent->tx == NULL)
        return GASP_ERR_VERIFY_NO_PARENT;
    if (vout >= parent->tx->n_out)
        return GASP_ERR_VERIFY_NO_OUTPOINT;
    source->state = GASP_SOURCE_HELD;
    source->sat = parent->tx->out[vout].sat;
    source->script = parent->tx->out[vout].script;
    gasp_blob_release(source->blob);
    source->blob = gasp_blob_share(parent->blob);
    source->proven = parent->proven;
    source->height = parent->anchor.height;
    return GASP_OK;
}

void stage_queue_commit(gasp_stage *stage, node *n)
{
    if (!n->in_commit_queue && n->state != NODE_COMMIT) {
        stage->n_pending++;
        n->in_commit_queue = true;
        queue_push(&stage->to_commit, n);
    }
}

gasp_err stage_holds(gasp_stage *stage, node *n)
{
    gasp_err err = GASP_OK;
    edge *e = n->children;
    n->children = NULL;
    stage_set_state(stage, n, NODE_VERIFIED);
    while (e != NULL) {
        edge *next = e->next;
        node *child = e->child;
        size_t i = (size_t)(e - child->edges);
        e->next = NULL;
        child->n_linked--;
        child->n_waiting--;
        if (child->state == NODE_REFUSED) {
            stage_let_go(stage, child);
            e = next;
            continue;
        }
        gasp_err fault = take_source(child, i, n);
        if (fault != GASP_OK) {
            gasp_err refused = stage_refuse(stage, child, fault, i);
            err = err == GASP_OK ? refused : err;
        } else if (child->n_waiting == 0) {
            stage_set_state(stage, child, NODE_VERIFY);
            queue_push(&stage->to_verify, child);
        }
        e = next;
    }
    if (n->n_roots > 0 || n->held)
        stage_queue_commit(stage, n); /* one that is held has news: a proof, entries */
    return err;
}

/* ---- find ---------------------------------------------------------------------------------------------------------- */

static bool asks_source(const node *n, size_t i)
{
    return n->tx != NULL && (!n->proven || (n->hashes != NULL && n->hashes[i].present));
}

gasp_err gasp_stage_find(gasp_stage *stage, gasp_find *find)
{
    size_t n_txs = 0;
    size_t n_blocks = 0;
    size_t n_sources = 0;
    if (stage->to_find.head == NULL)
        return GASP_DONE;
    for (const node *n = stage->to_find.head; n != NULL; n = n->next) {
        n_txs++;
        n_blocks += n->proven;
        for (size_t i = 0; n->tx != NULL && i < n->tx->n_in; i++)
            n_sources += asks_source(n, i);
    }
    *find = (gasp_find){.collection = stage->collection, .mem = stage->mem};
    find->txs = gasp_mem_zalloc_array(stage->mem, n_txs, sizeof *find->txs);
    find->blocks = gasp_mem_zalloc_array(stage->mem, n_blocks, sizeof *find->blocks);
    find->sources = gasp_mem_zalloc_array(stage->mem, n_sources, sizeof *find->sources);
    if (find->txs == NULL || find->blocks == NULL || find->sources == NULL) {
        gasp_find_clear(find);
        return GASP_ERR_NOMEM;
    }
    for (node *n = queue_pop(&stage->to_find); n != NULL; n = queue_pop(&stage->to_find)) {
        find->txs[find->n_txs++].txid = n->txid;
        if (n->proven)
            find->blocks[find->n_blocks++].height = n->anchor.height;
        for (size_t i = 0; n->tx != NULL && i < n->tx->n_in; i++)
            if (asks_source(n, i))
                find->sources[find->n_sources++] = (gasp_source){.outpoint = n->tx->in[i].prev, .spender = n->txid};
        queue_push(&stage->finding, n);
    }
    return GASP_OK;
}

/* The sender knows a held output differently: its metadata is wanted, once. */
static gasp_err ask_metadata(gasp_stage *stage, const gasp_source *source, const gasp_input_hash *theirs)
{
    bool fresh;
    if (!theirs->present || source->state != GASP_SOURCE_HELD ||
        memcmp(theirs->hash.b, source->hash.b, sizeof theirs->hash.b) == 0)
        return GASP_OK;
    gasp_err err = gasp_map_put(&stage->metadata_asked, NULL, &fresh, source->outpoint.txid.b);
    if (err == GASP_ERR_LIMIT || (err == GASP_OK && !fresh))
        return GASP_OK;
    if (err != GASP_OK)
        return err;
    void *list = stage->metadata;
    err = gasp_mem_grow(stage->mem, &list, &stage->cap_metadata, stage->n_metadata + 1, sizeof *stage->metadata,
                        stage->max_nodes);
    stage->metadata = list;
    if (err == GASP_OK)
        stage->metadata[stage->n_metadata++] =
            (gasp_stage_want){.outpoint = source->outpoint, .metadata = true, .hash = theirs->hash};
    return err;
}

/* An input whose source the wallet does not have: it waits for a staged parent, or for a gap that is to be wanted. */
static gasp_err wait_for(gasp_stage *stage, node *n, size_t i, bool *refused)
{
    node *parent;
    gasp_err err = stage_node_get(stage, &parent, &n->tx->in[i].prev.txid);
    if (err == GASP_ERR_LIMIT) {
        *refused = true;
        return stage_refuse(stage, n, GASP_ERR_VERIFY_POLICY, i);
    }
    if (err != GASP_OK)
        return err;
    if (parent->state == NODE_REFUSED) {
        *refused = true;
        return stage_refuse_after(stage, n, parent, i);
    }
    bool holds = parent->state == NODE_VERIFIED || parent->state == NODE_COMMIT || parent->state == NODE_COMMITTED;
    gasp_err fault = holds ? take_source(n, i, parent) : GASP_OK;
    if (fault != GASP_OK) {
        *refused = true;
        return stage_refuse(stage, n, fault, i);
    }
    n->parents[i] = parent;
    parent->n_living++;
    if (holds)
        return GASP_OK;
    if (parent->state == NODE_GAP && !parent->in_gaps)
        stage_gap_link(stage, parent);
    n->edges[i] = (edge){n, parent->children};
    parent->children = &n->edges[i];
    n->n_waiting++;
    n->n_linked++;
    return GASP_OK;
}

/* The inputs of an unproven node, from the answers at *at on. */
static gasp_err resolve_inputs(gasp_stage *stage, node *n, gasp_source *answers)
{
    size_t n_in = n->tx->n_in;
    bool refused = false;
    gasp_err err = GASP_OK;
    n->sources = gasp_mem_zalloc_array(stage->mem, n_in, sizeof *n->sources);
    n->parents = gasp_mem_zalloc_array(stage->mem, n_in, sizeof(node *));
    n->edges = gasp_mem_zalloc_array(stage->mem, n_in, sizeof *n->edges);
    if (n->sources == NULL || n->parents == NULL || n->edges == NULL)
        return GASP_ERR_NOMEM;
    n->n_inputs = n_in;
    for (size_t i = 0; i < n_in; i++) {
        n->sources[i] = answers[i];
        answers[i].blob = NULL;
    }
    for (size_t i = 0; err == GASP_OK && !refused && i < n_in; i++) {
        switch (n->sources[i].state) {
        case GASP_SOURCE_HELD:
            break;
        case GASP_SOURCE_UNKNOWN:
            err = wait_for(stage, n, i, &refused);
            break;
        case GASP_SOURCE_UNANCHORED:
            refused = true;
            err = stage_refuse(stage, n, GASP_ERR_VERIFY_NO_PARENT, i);
            break;
        case GASP_SOURCE_NO_OUTPUT:
            refused = true;
            err = stage_refuse(stage, n, GASP_ERR_VERIFY_NO_OUTPOINT, i);
            break;
        case GASP_SOURCE_SPENT:
            refused = true;
            err = stage_refuse(stage, n, GASP_ERR_VERIFY_SPENT, i);
            break;
        }
    }
    if (err != GASP_OK || refused)
        return err;
    stage_set_state(stage, n, n->n_waiting > 0 ? NODE_WAIT : NODE_VERIFY);
    if (n->n_waiting == 0)
        queue_push(&stage->to_verify, n);
    return GASP_OK;
}

/* Whether proof and entries are the preimage of the hash that was asked about. */
static gasp_err is_expected(const gasp_stage *stage, const node *n)
{
    gasp_entries entries;
    gasp_state_hash hash;
    if (!n->expected)
        return GASP_OK;
    gasp_entries_init(&entries, stage->mem);
    if (n->entries.len > 0) {
        gasp_err err = gasp_entries_decode(&entries, (gasp_bytes){n->entries.data, n->entries.len}, stage->mem, NULL);
        if (err != GASP_OK)
            return err;
    }
    gasp_state_hash_of(&hash, &n->expect_outpoint, n->proven ? &n->anchor : NULL, &entries);
    gasp_entries_clear(&entries);
    return memcmp(hash.b, n->expect_hash.b, sizeof hash.b) == 0 ? GASP_OK : GASP_ERR_VERIFY_STATE;
}

/* What the answers say of one node. */
static gasp_err found_one(gasp_stage *stage, node *n, const gasp_find_tx *tx, const gasp_find_block *block,
                          gasp_source *sources)
{
    n->held = tx->held;
    if (n->tx == NULL && !n->held)
        return stage_refuse(stage, n, GASP_ERR_VERIFY_NO_PARENT, 0);
    if (n->proven && !block->known)
        return stage_refuse(stage, n, GASP_ERR_PROOF_NO_HEADER, 0);
    if (n->proven && memcmp(block->root.b, n->root.b, sizeof n->root.b) != 0)
        return stage_refuse(stage, n, GASP_ERR_PROOF_ROOT, 0);
    if (n->proven)
        n->anchor.block = block->hash;
    gasp_err expected = is_expected(stage, n);
    if (expected == GASP_ERR_VERIFY_STATE)
        return stage_refuse(stage, n, expected, 0);
    if (expected != GASP_OK)
        return expected;
    if (n->proven || n->held)
        return stage_holds(stage, n);
    return resolve_inputs(stage, n, sources);
}

gasp_err gasp_stage_found(gasp_stage *stage, gasp_find *find)
{
    gasp_err err = GASP_OK;
    size_t tx = 0;
    size_t block = 0;
    size_t source = 0;
    for (node *n = queue_pop(&stage->finding); n != NULL; n = queue_pop(&stage->finding)) {
        gasp_source *sources = find->sources + source;
        size_t asked = 0;
        for (size_t i = 0; n->tx != NULL && err == GASP_OK && i < n->tx->n_in; i++) {
            if (!asks_source(n, i))
                continue;
            if (n->hashes != NULL)
                err = ask_metadata(stage, &sources[asked], &n->hashes[i]);
            asked++;
        }
        const gasp_find_block *its = n->proven ? &find->blocks[block++] : NULL;
        if (err == GASP_OK)
            err = found_one(stage, n, &find->txs[tx], its, sources);
        tx++;
        source += asked;
    }
    while (stage->parked != NULL) {
        node *n = stage->parked;
        stage->parked = n->park_next;
        n->park_next = NULL;
        n->n_living--;
        stage_let_go(stage, n);
    }
    return err;
}

/* ---- verify -------------------------------------------------------------------------------------------------------- */

gasp_err gasp_stage_verify(gasp_stage *stage, gasp_verify *verify)
{
    size_t count = 0;
    if (stage->to_verify.head == NULL)
        return GASP_DONE;
    for (const node *n = stage->to_verify.head; n != NULL; n = n->next)
        count++;
    *verify = (gasp_verify){.mem = stage->mem};
    verify->nodes = gasp_mem_zalloc_array(stage->mem, count, sizeof *verify->nodes);
    if (verify->nodes == NULL)
        return GASP_ERR_NOMEM;
    for (node *n = queue_pop(&stage->to_verify); n != NULL; n = queue_pop(&stage->to_verify)) {
        verify->nodes[verify->n_nodes++] = (gasp_verify_node){.txid = n->txid, .tx = n->tx, .sources = n->sources};
        stage->counts.scripts_asked++;
        queue_push(&stage->verifying, n);
    }
    return GASP_OK;
}

gasp_err gasp_stage_verified(gasp_stage *stage, const gasp_verify *verify)
{
    gasp_err err = GASP_OK;
    size_t at = 0;
    for (node *n = queue_pop(&stage->verifying); n != NULL; n = queue_pop(&stage->verifying)) {
        const gasp_verify_node *answer = &verify->nodes[at++];
        if (n->state != NODE_VERIFY)
            continue;
        gasp_err one =
            answer->verdict == GASP_OK ? stage_holds(stage, n) : stage_refuse(stage, n, answer->verdict, answer->input);
        err = err == GASP_OK ? one : err;
    }
    return err;
}
