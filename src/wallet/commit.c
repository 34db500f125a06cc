/* Keeping graphs. Under the one writer everything that could have changed since it was looked up is looked up again; a
 * graph that does not hold any more is left out as a whole, and all others are written in one synced batch. Rules are
 * checked before the first write of a graph, so that no graph is ever half in the batch. */
#include <string.h>

#include "base/mem.h"
#include "record/state.h"
#include "wallet/collections.h"
#include "wallet/commit.h"
#include "wallet/questions.h"
#include "wallet/reorg.h"
#include "wallet/view.h"

/* ---- what must still hold ------------------------------------------------------------------------------------------ */

static gasp_err proof_holds(gasp_txn *txn, const gasp_commit_node *node)
{
    gasp_row_header row;
    gasp_block_hash hash;
    gasp_err err = gasp_txn_header_at(txn, &row, &hash, node->anchor.height);
    if (err == GASP_ABSENT || (err == GASP_OK && memcmp(hash.b, node->anchor.block.b, sizeof hash.b) != 0))
        return GASP_ERR_PROOF_NO_HEADER;
    return err;
}

/* Whether an earlier node of the graph is that transaction. */
static bool in_graph(const gasp_map *earlier, const gasp_txid *txid)
{
    return gasp_map_get(earlier, txid->b) != NULL;
}

static gasp_err input_holds(gasp_txn *txn, const gasp_collection *collection, const gasp_map *earlier,
                            const gasp_commit_node *node, const gasp_outpoint *prev)
{
    gasp_row_info info;
    gasp_txid spender;
    bool member;
    bool anchored;
    if (!in_graph(earlier, &prev->txid)) {
        gasp_err err = gasp_view_member(txn, &member, &info, collection, &prev->txid);
        if (err != GASP_OK)
            return err;
        if (!member || !info.stands)
            return GASP_AGAIN;
    }
    gasp_err err = gasp_view_spender(txn, &spender, &anchored, prev);
    if (err == GASP_OK && anchored && memcmp(spender.b, node->txid.b, sizeof spender.b) != 0)
        return GASP_ERR_VERIFY_SPENT;
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    gasp_key own = gasp_key_spender(prev, &node->txid);
    size_t rivals = 0;
    err = gasp_txn_has(txn, &own);
    if (err == GASP_ABSENT)
        err = gasp_view_spends(txn, &rivals, prev);
    return err == GASP_OK && rivals >= GASP_SPENDERS_UNPROVEN_MAX ? GASP_ERR_VERIFY_POLICY : err;
}

static gasp_err output_count(gasp_txn *txn, const gasp_commit_node *node, size_t *out)
{
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    if (node->tx != NULL) {
        *out = node->tx->n_out;
        return GASP_OK;
    }
    gasp_err err = gasp_view_tx(txn, &tx, &blob, &node->txid);
    if (err == GASP_OK)
        *out = tx->n_out;
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

/* Nothing is said of outputs that the transaction does not have. Of one that came without its bytes nobody could tell
 * before. */
static gasp_err news_fits(gasp_txn *txn, const gasp_commit_node *node)
{
    gasp_entries entries = {0};
    size_t n_out = 0;
    if (node->n_roots == 0 && node->entries.len == 0)
        return GASP_OK;
    gasp_err err = output_count(txn, node, &n_out);
    for (size_t i = 0; err == GASP_OK && i < node->n_roots; i++)
        if (node->roots[i] >= n_out)
            err = GASP_ERR_VERIFY_NO_OUTPOINT;
    if (err == GASP_OK && node->entries.len > 0)
        err = gasp_entries_decode(&entries, node->entries, txn->wallet->mem, NULL);
    if (err == GASP_OK && !gasp_entries_fit(&entries, n_out))
        err = GASP_ERR_VERIFY_NO_OUTPOINT;
    gasp_entries_clear(&entries);
    return err;
}

/* GASP_OK, GASP_AGAIN, an error of class verify: the graph's verdict. Others: the commit's. */
static gasp_err graph_holds(gasp_txn *txn, const gasp_collection *collection, const gasp_commit_graph *graph)
{
    gasp_map earlier;
    gasp_err err = GASP_OK;
    gasp_map_init(&earlier, 32, 0, graph->n_nodes, txn->wallet->seed32, txn->wallet->mem);
    for (size_t i = 0; err == GASP_OK && i < graph->n_nodes; i++) {
        const gasp_commit_node *node = &graph->nodes[i];
        if (node->proven)
            err = proof_holds(txn, node);
        if (err == GASP_OK && node->tx == NULL) {
            gasp_row_info info;
            bool member;
            err = gasp_view_member(txn, &member, &info, collection, &node->txid);
            if (err == GASP_OK && !member)
                err = GASP_AGAIN;
        }
        if (err == GASP_OK)
            err = news_fits(txn, node);
        for (size_t k = 0; err == GASP_OK && node->tx != NULL && !node->proven && k < node->tx->n_in; k++)
            err = input_holds(txn, collection, &earlier, node, &node->tx->in[k].prev);
        if (err == GASP_OK)
            err = gasp_map_put(&earlier, NULL, NULL, node->txid.b);
    }
    gasp_map_clear(&earlier);
    return err;
}

/* ---- one node ------------------------------------------------------------------------------------------------------ */

static gasp_err put_raw(gasp_txn *txn, const gasp_commit_node *node)
{
    gasp_key key = gasp_key_raw(&node->txid);
    gasp_buf bytes;
    gasp_buf_init(&bytes, SIZE_MAX, txn->wallet->mem);
    gasp_writer w = gasp_writer_growing(&bytes);
    gasp_tx_write(&w, node->tx);
    gasp_err err = w.err;
    if (err == GASP_OK)
        err = gasp_txn_put(txn, &key, gasp_buf_view(&bytes));
    gasp_buf_clear(&bytes);
    return err;
}

/* One output is spent now by that transaction. Where it is ours, the transaction becomes a member by that, also when
 * another one spent it before. */
static gasp_err mark_one(gasp_txn *txn, const gasp_collection *collection, const gasp_outpoint *prev,
                         const gasp_txid *spender, gasp_time now)
{
    gasp_row_output row;
    gasp_key member = gasp_key_member(collection, spender);
    gasp_err err = gasp_txn_output(txn, &row, collection, prev);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    err = gasp_txn_put(txn, &member, (gasp_bytes){0});
    if (err != GASP_OK || row.spent)
        return err;
    row.spent = true;
    err = gasp_txn_put_output(txn, collection, prev, &row);
    return err == GASP_OK ? gasp_txn_change(txn, GASP_CHANGE_SPENT, prev, collection, now) : err;
}

/* Every output of ours that the transaction spends is spent now, in whatever collection it is. *rivals: another one that
 * is held spends one of them too. */
static gasp_err mark_spent(gasp_txn *txn, const gasp_tx *tx, bool *rivals, gasp_time now)
{
    gasp_collections all;
    gasp_err err = gasp_collections_read(&all, txn);
    *rivals = false;
    for (size_t i = 0; err == GASP_OK && i < tx->n_in; i++) {
        size_t others = 0;
        gasp_key key = gasp_key_spender(&tx->in[i].prev, &tx->txid);
        err = gasp_view_spends(txn, &others, &tx->in[i].prev);
        *rivals = *rivals || others > 0;
        if (err == GASP_OK)
            err = gasp_txn_put(txn, &key, (gasp_bytes){0});
        for (size_t c = 0; err == GASP_OK && c < all.n; c++)
            err = mark_one(txn, &all.list[c], &tx->in[i].prev, &tx->txid, now);
    }
    gasp_collections_clear(&all);
    return err;
}

static gasp_err put_proof(gasp_txn *txn, const gasp_commit_node *node)
{
    gasp_key by_tx = gasp_key_proof(&node->txid, &node->anchor.block);
    gasp_key by_block = gasp_key_in_block(&node->anchor.block, &node->txid);
    gasp_row head = gasp_row_proof_head(node->anchor.height, node->anchor.index);
    gasp_err err = gasp_txn_put_two(txn, &by_tx, (gasp_bytes){head.b, head.len}, node->bump);
    if (err == GASP_OK)
        err = gasp_txn_put(txn, &by_block, (gasp_bytes){0});
    return err;
}

/* The transaction itself, when it is not here for any collection. *fresh: it was not. *rivals as in mark_spent. */
static gasp_err keep_transaction(gasp_txn *txn, const gasp_commit_node *node, gasp_row_info *info, bool *fresh,
                                 bool *rivals, gasp_time now)
{
    gasp_err err = gasp_txn_info(txn, info, &node->txid);
    *fresh = err == GASP_ABSENT;
    if (!*fresh)
        return err;
    *info = (gasp_row_info){.arrived_ms = now.wall_ms, .stands = true};
    err = put_raw(txn, node);
    if (err == GASP_OK && !gasp_tx_is_coinbase(node->tx))
        err = mark_spent(txn, node->tx, rivals, now);
    return err;
}

gasp_err gasp_commit_entry(gasp_txn *txn, const gasp_txid *txid, const gasp_entry *entry)
{
    gasp_key key = gasp_key_entry(txid, entry);
    gasp_row head = gasp_row_entry_head(entry);
    return gasp_txn_put_two(txn, &key, (gasp_bytes){head.b, head.len}, entry->value);
}

static gasp_err join_entries(gasp_txn *txn, const gasp_commit_node *node, bool *changed)
{
    gasp_entries held = {0};
    gasp_entries given = {0};
    gasp_data bytes = {0};
    gasp_err err = GASP_OK;
    *changed = false;
    if (node->entries.len == 0)
        return GASP_OK;
    err = gasp_entries_decode(&given, node->entries, txn->wallet->mem, NULL);
    if (err == GASP_OK && given.len > 0)
        err = gasp_view_entries(txn, &held, &bytes, &node->txid);
    if (err == GASP_OK && given.len > 0)
        err = gasp_entries_join(&held, changed, &given);
    for (size_t i = 0; err == GASP_OK && *changed && i < given.len; i++) {
        const gasp_entry *e = &given.list[i];
        const gasp_entry *won = gasp_entries_find(&held, e->author, e->of_output ? &e->vout : NULL, e->name);
        if (gasp_entry_equal(won, e))
            err = gasp_commit_entry(txn, &node->txid, e);
    }
    gasp_entries_clear(&held);
    gasp_entries_clear(&given);
    gasp_data_clear(&bytes);
    /* A full list takes no more entries; the transaction stands without them. */
    return err == GASP_ERR_LIMIT ? GASP_OK : err;
}

/* The entries of one transaction, read when the first of its outputs needs them. */
typedef struct lore {
    const gasp_row_info *info;
    gasp_entries entries;
    gasp_data bytes;
    bool read;
} lore;

static void lore_clear(lore *known)
{
    if (known->read)
        gasp_entries_clear(&known->entries);
    gasp_data_clear(&known->bytes);
}

static gasp_err lore_state(gasp_txn *txn, lore *known, gasp_state_hash *out, const gasp_outpoint *outpoint)
{
    gasp_err err = GASP_OK;
    if (!known->read)
        err = gasp_view_entries(txn, &known->entries, &known->bytes, &outpoint->txid);
    if (err != GASP_OK)
        return err;
    known->read = true;
    gasp_state_hash_of(out, outpoint, known->info->anchored ? &known->info->anchor : NULL, &known->entries);
    return GASP_OK;
}

static gasp_err update_output(gasp_txn *txn, bool *changed, const gasp_collection *collection,
                              const gasp_outpoint *outpoint, lore *known, bool make, gasp_time now)
{
    const gasp_row_info *info = known->info;
    gasp_row_output row;
    gasp_row_output before = {0};
    gasp_txid spender;
    bool anchored;
    gasp_err err = gasp_txn_output(txn, &before, collection, outpoint);
    bool fresh = err == GASP_ABSENT;
    if (fresh && !make)
        return GASP_OK;
    if (err != GASP_OK && !fresh)
        return err;
    err = gasp_view_spender(txn, &spender, &anchored, outpoint);
    if (err != GASP_OK && err != GASP_ABSENT)
        return err;
    row = (gasp_row_output){.spent = err == GASP_OK,
                            .unanchored = !info->stands,
                            .time = (uint32_t)gasp_item_time(info->anchored ? &info->anchor : NULL)};
    err = lore_state(txn, known, &row.state, outpoint);
    if (err != GASP_OK)
        return err;
    bool same_state = row.time == before.time && memcmp(row.state.b, before.state.b, sizeof row.state.b) == 0;
    if (!fresh && same_state && row.spent == before.spent && row.unanchored == before.unanchored)
        return GASP_OK;
    gasp_change_kind kind = GASP_CHANGE_STATE;
    if (fresh)
        kind = GASP_CHANGE_ADDED;
    else if (row.unanchored && !before.unanchored)
        kind = GASP_CHANGE_UNANCHORED;
    else if (row.spent && !before.spent)
        kind = GASP_CHANGE_SPENT;
    *changed = true;
    err = gasp_txn_put_output(txn, collection, outpoint, &row);
    return err == GASP_OK ? gasp_txn_change(txn, kind, outpoint, collection, now) : err;
}

gasp_err gasp_commit_output(gasp_txn *txn, bool *changed, const gasp_collection *collection,
                            const gasp_outpoint *outpoint, const gasp_row_info *info, bool make, gasp_time now)
{
    lore known = {.info = info};
    gasp_err err = update_output(txn, changed, collection, outpoint, &known, make, now);
    lore_clear(&known);
    return err;
}

gasp_err gasp_commit_outputs_of(gasp_txn *txn, bool *changed, const gasp_txid *txid, const gasp_row_info *info,
                                size_t n_out, gasp_time now)
{
    gasp_collections all;
    lore known = {.info = info};
    gasp_err err = gasp_collections_read(&all, txn);
    for (size_t c = 0; err == GASP_OK && c < all.n; c++) {
        for (size_t v = 0; err == GASP_OK && v < n_out; v++) {
            gasp_outpoint outpoint = {*txid, (uint32_t)v};
            err = update_output(txn, changed, &all.list[c], &outpoint, &known, false, now);
        }
    }
    lore_clear(&known);
    gasp_collections_clear(&all);
    return err;
}

/* The offered outputs become ours, or are brought up to date. */
static gasp_err keep_outputs(gasp_txn *txn, const gasp_collection *collection, const gasp_commit_node *node,
                             const gasp_row_info *info, bool *changed, gasp_time now)
{
    lore known = {.info = info};
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < node->n_roots; i++) {
        gasp_outpoint outpoint = {node->txid, node->roots[i]};
        err = update_output(txn, changed, collection, &outpoint, &known, true, now);
    }
    lore_clear(&known);
    return err;
}

static gasp_err keep_node(gasp_txn *txn, const gasp_collection *collection, const gasp_commit_node *node, bool *changed,
                          gasp_time now)
{
    gasp_row_info info = {0};
    bool fresh = false;
    bool rivals = false;
    bool joined = false;
    gasp_key member = gasp_key_member(collection, &node->txid);
    gasp_err err = keep_transaction(txn, node, &info, &fresh, &rivals, now);
    bool anchored = err == GASP_OK && node->proven && !info.anchored;
    /* It lost its block, and what it stands on as an unproven one was verified for this graph. */
    bool raised = err == GASP_OK && !node->proven && node->tx != NULL && !info.stands;
    if (anchored) {
        info.anchored = true;
        info.anchor = node->anchor;
        err = put_proof(txn, node);
    }
    info.stands = info.stands || anchored || raised;
    if (err == GASP_OK && (fresh || anchored || raised))
        err = gasp_txn_put_info(txn, &node->txid, &info);
    if (err == GASP_OK)
        err = gasp_txn_put(txn, &member, (gasp_bytes){0});
    if (err == GASP_OK)
        err = join_entries(txn, node, &joined);
    *changed = *changed || fresh || anchored || raised || joined;
    if (err == GASP_OK)
        err = keep_outputs(txn, collection, node, &info, changed, now);
    if (err == GASP_OK && !fresh && (anchored || raised || joined)) {
        size_t n_out = 0;
        err = output_count(txn, node, &n_out);
        if (err == GASP_OK)
            err = gasp_commit_outputs_of(txn, changed, &node->txid, &info, n_out, now);
    }
    if (err == GASP_OK && ((!fresh && (anchored || raised)) || (anchored && rivals)))
        err = gasp_reorg_follow(txn, &node->txid, now);
    return err;
}

/* ---- all graphs ---------------------------------------------------------------------------------------------------- */

static gasp_err keep_graphs(gasp_txn *txn, gasp_commit *commit, gasp_time now)
{
    gasp_err err = GASP_OK;
    for (size_t g = 0; err == GASP_OK && g < commit->n_graphs; g++) {
        gasp_commit_graph *graph = &commit->graphs[g];
        err = graph_holds(txn, &commit->collection, graph);
        if (err == GASP_AGAIN || gasp_err_class(err) == GASP_CLASS_VERIFY) {
            graph->verdict = err;
            err = GASP_OK;
            continue;
        }
        for (size_t i = 0; err == GASP_OK && i < graph->n_nodes; i++)
            err = keep_node(txn, &commit->collection, &graph->nodes[i], &graph->changed, now);
    }
    return err;
}

gasp_err gasp_wallet_commit(gasp_wallet *wallet, gasp_commit *commit, gasp_time now)
{
    gasp_txn txn = {0};
    gasp_lock_take(&wallet->writer);
    gasp_err err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK)
        err = keep_graphs(&txn, commit, now);
    if (err == GASP_OK)
        err = gasp_txn_write(&txn);
    gasp_txn_end(&txn);
    gasp_lock_give(&wallet->writer);
    return err;
}
