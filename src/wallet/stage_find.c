/* What the stage asks of what is held, and what follows from the answer: a node gets its inputs, waits for them, or falls;
 * one that was offered without its bytes is wanted when it is not held. */
#include <string.h>

#include "base/mem.h"
#include "record/entry.h"
#include "record/state.h"
#include "wallet/stage_node.h"

/* ---- the question -------------------------------------------------------------------------------------------------- */

static bool asks_source(const node *n, size_t i)
{
    return n->tx != NULL && (!n->proven || (n->hashes != NULL && n->hashes[i].present));
}

static size_t count_sources(const node *n)
{
    size_t count = 0;
    for (size_t i = 0; n->tx != NULL && i < n->tx->n_in; i++)
        count += asks_source(n, i);
    return count;
}

/* The numbers of rows that the next question has; sources stop it. */
static gasp_find measure(const gasp_stage *stage)
{
    gasp_find size = {.n_spends = stage->n_spends};
    for (const node *n = stage->to_find.head; n != NULL; n = n->next) {
        size_t sources = count_sources(n);
        if (size.n_txs > 0 && size.n_sources + sources > STAGE_FIND_SOURCES)
            break;
        size.n_txs++;
        size.n_blocks += n->proven;
        size.n_sources += sources;
        size.n_spents += n->n_roots;
    }
    return size;
}

static void ask_node(gasp_find *find, node *n)
{
    find->txs[find->n_txs++].txid = n->txid;
    if (n->proven)
        find->blocks[find->n_blocks++].height = n->anchor.height;
    for (size_t i = 0; n->tx != NULL && i < n->tx->n_in; i++)
        if (asks_source(n, i))
            find->sources[find->n_sources++] = (gasp_source){.outpoint = n->tx->in[i].prev, .spender = n->txid};
    for (size_t i = 0; i < n->n_roots; i++)
        find->spents[find->n_spents++].outpoint = (gasp_outpoint){n->txid, n->roots[i]};
    n->n_looked = n->n_roots;
}

gasp_err gasp_stage_find(gasp_stage *stage, gasp_find *find)
{
    const gasp_find size = measure(stage);
    if (size.n_txs == 0 && size.n_spends == 0)
        return GASP_DONE;
    *find = (gasp_find){.collection = stage->collection, .mem = stage->mem};
    find->txs = gasp_mem_zalloc_array(stage->mem, size.n_txs, sizeof *find->txs);
    find->blocks = gasp_mem_zalloc_array(stage->mem, size.n_blocks, sizeof *find->blocks);
    find->sources = gasp_mem_zalloc_array(stage->mem, size.n_sources, sizeof *find->sources);
    find->spents = gasp_mem_zalloc_array(stage->mem, size.n_spents, sizeof *find->spents);
    find->spends = gasp_mem_zalloc_array(stage->mem, size.n_spends, sizeof *find->spends);
    if (find->txs == NULL || find->blocks == NULL || find->sources == NULL || find->spents == NULL ||
        find->spends == NULL) {
        gasp_find_clear(find);
        return GASP_ERR_NOMEM;
    }
    while (find->n_txs < size.n_txs) {
        node *n = queue_pop(&stage->to_find);
        ask_node(find, n);
        queue_push(&stage->finding, n);
    }
    for (; find->n_spends < size.n_spends; find->n_spends++) {
        const spend_ask *ask = &stage->spends[find->n_spends];
        find->spends[find->n_spends] = (gasp_find_spend){.outpoint = ask->outpoint, .spender = ask->spender->txid};
    }
    stage->spends_out = size.n_spends;
    stage->find_out = true;
    return GASP_OK;
}

/* ---- inputs -------------------------------------------------------------------------------------------------------- */

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
    if (stage->front != NULL && n->front == stage->front_mark)
        stage_front_add(stage, parent);
    bool holds = parent->state == NODE_VERIFIED || parent->state == NODE_COMMIT || parent->state == NODE_COMMITTED;
    gasp_err fault = holds ? stage_take_source(stage, n, i, parent) : GASP_OK;
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
    stage_edge_link(parent, n, i);
    n->n_waiting++;
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
            n->script_bytes += n->sources[i].script.len;
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
            n->has_rival = n->sources[i].has_rival;
            n->rival = (gasp_stage_spent){n->sources[i].outpoint, n->sources[i].rival, true};
            err = stage_refuse(stage, n, GASP_ERR_VERIFY_SPENT, i);
            break;
        }
    }
    stage_recount(stage, n);
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

/* What is offered and known as spent here, from the answers at *spents on; with room for one more row (take_spent). */
static gasp_err take_spents(const gasp_stage *stage, node *n, const gasp_find_spent *spents)
{
    size_t count = 0;
    for (size_t i = 0; i < n->n_looked; i++)
        count += spents[i].spent;
    if (count == 0)
        return GASP_OK;
    gasp_mem_free(stage->mem, n->spent);
    n->n_spent = 0;
    n->spent = gasp_mem_zalloc_array(stage->mem, count + 1, sizeof *n->spent);
    if (n->spent == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < n->n_looked; i++)
        if (spents[i].spent)
            n->spent[n->n_spent++] = (gasp_stage_spent){
                .outpoint = spents[i].outpoint, .spender = spents[i].spender, .anchored = spents[i].anchored};
    return GASP_OK;
}

/* An offer without the transaction, which is not held: it is wanted, and what came with the offer waits for it. */
static gasp_err want_whole(gasp_stage *stage, node *n)
{
    if (!stage_is_root(n))
        return stage_refuse(stage, n, GASP_ERR_VERIFY_NO_PARENT, 0);
    n->filled = false;
    n->need = 0;
    stage_set_state(stage, n, NODE_GAP);
    stage_gap_link(stage, n);
    return GASP_OK;
}

/* What the answers say of one node. */
static gasp_err found_one(gasp_stage *stage, node *n, const gasp_find_tx *tx, const gasp_find_block *block,
                          gasp_source *sources)
{
    n->held = tx->held;
    stage_recount(stage, n);
    if (n->proven && (block == NULL || !block->known))
        return stage_refuse(stage, n, GASP_ERR_PROOF_NO_HEADER, 0);
    if (n->proven && memcmp(block->root.b, n->root.b, sizeof n->root.b) != 0)
        return stage_refuse(stage, n, GASP_ERR_PROOF_ROOT, 0);
    if (n->tx == NULL && !n->held)
        return want_whole(stage, n);
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

/* Nodes that were committed while the question was out. */
static void let_parked_go(gasp_stage *stage)
{
    while (stage->parked != NULL) {
        node *n = stage->parked;
        stage->parked = n->park_next;
        n->park_next = NULL;
        n->n_living--;
        stage_let_go(stage, n);
    }
}

static gasp_err found_spends(gasp_stage *stage, const gasp_find *find)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; i < stage->spends_out; i++) {
        gasp_err one = stage_spend_found(stage, stage->spends[i].spender, &find->spends[i]);
        err = err == GASP_OK ? one : err;
    }
    stage->n_spends -= stage->spends_out;
    if (stage->n_spends > 0)
        memmove(stage->spends, stage->spends + stage->spends_out, stage->n_spends * sizeof *stage->spends);
    stage->spends_out = 0;
    return err;
}

gasp_err gasp_stage_found(gasp_stage *stage, gasp_find *find)
{
    gasp_err err = GASP_OK;
    size_t tx = 0;
    size_t block = 0;
    size_t source = 0;
    size_t spent = 0;
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
            err = take_spents(stage, n, find->spents + spent);
        spent += n->n_looked;
        if (err == GASP_OK)
            err = found_one(stage, n, &find->txs[tx], its, sources);
        tx++;
        source += asked;
    }
    gasp_err spends = found_spends(stage, find);
    stage->find_out = false;
    let_parked_go(stage);
    return err == GASP_OK ? spends : err;
}
