/* Keeping graphs. Under the one writer everything that could have changed since it was looked up is looked up again; a
 * graph that does not hold any more is left out as a whole, and all others are written in one synced batch. Rules are
 * checked before the first write of a graph, so that no graph is ever half in the batch. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "record/state.h"
#include "script/rules.h"
#include "wallet/collections.h"
#include "wallet/commit.h"
#include "wallet/headers_port.h"
#include "wallet/questions.h"
#include "wallet/refusals.h"
#include "wallet/reorg.h"
#include "wallet/standing.h"
#include "wallet/view.h"

/* ---- what must still hold ------------------------------------------------------------------------------------------ */

static gasp_err proof_holds(gasp_txn *txn, const gasp_commit_node *node)
{
    gasp_err err = gasp_chain_proof_holds(txn, &node->anchor);
    return err == GASP_ABSENT ? GASP_ERR_PROOF_NO_HEADER : err;
}

/* Whether an earlier node of the graph is that transaction. */
static bool in_graph(const gasp_map *earlier, const gasp_txid *txid)
{
    return gasp_map_get(earlier, txid->b) != NULL;
}

/* Whether the scripts of an input were run under the rules that an output of a transaction like that has. */
static bool same_rules(const gasp_txn *txn, const gasp_source *was, const gasp_row_info *is)
{
    uint32_t next = gasp_chain_height(txn) + 1;
    uint32_t then = was->proven ? was->height : GASP_HEIGHT_UNPROVEN;
    uint32_t now = is->anchored ? is->anchor.height : GASP_HEIGHT_UNPROVEN;
    gasp_network network = txn->wallet->network;
    return gasp_script_rules_code(gasp_script_rules_at(network, next, then)) ==
           gasp_script_rules_code(gasp_script_rules_at(network, next, now));
}

static gasp_err input_holds(gasp_txn *txn, const gasp_collection *collection, const gasp_map *earlier,
                            const gasp_commit_node *node, size_t k)
{
    const gasp_outpoint *prev = &node->tx->in[k].prev;
    gasp_row_info info;
    gasp_txid spender;
    bool member;
    bool anchored;
    if (!in_graph(earlier, &prev->txid)) {
        gasp_err err = gasp_view_member(txn, &member, &info, collection, &prev->txid);
        if (err != GASP_OK)
            return err;
        if (!member || !info.stands || (node->sources != NULL && !same_rules(txn, &node->sources[k], &info)))
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
    return err == GASP_OK && rivals >= gasp_limit(RIVALS) ? GASP_ERR_VERIFY_POLICY : err;
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
static gasp_err graph_holds(gasp_txn *txn, const gasp_collection *collection, gasp_commit_graph *graph)
{
    gasp_map earlier;
    gasp_err err = GASP_OK;
    gasp_map_init(&earlier, 32, 0, graph->n_nodes, txn->wallet->seed32, txn->wallet->mem);
    for (size_t i = 0; err == GASP_OK && i < graph->n_nodes; i++) {
        const gasp_commit_node *node = &graph->nodes[i];
        graph->failed = i;
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
            err = input_holds(txn, collection, &earlier, node, k);
        if (err == GASP_OK)
            err = gasp_map_put(&earlier, NULL, NULL, node->txid.b);
    }
    graph->failed = err == GASP_OK ? 0 : graph->failed;
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

gasp_err gasp_commit_proof(gasp_txn *txn, const gasp_txid *txid, const gasp_anchor *anchor, gasp_bytes bump)
{
    gasp_key by_tx = gasp_key_proof(txid, &anchor->block);
    gasp_key by_block = gasp_key_in_block(&anchor->block, txid);
    gasp_row head = gasp_row_proof_head(anchor->height, anchor->index);
    gasp_err err = gasp_txn_put_two(txn, &by_tx, (gasp_bytes){head.b, head.len}, bump);
    if (err == GASP_OK)
        err = gasp_txn_put(txn, &by_block, (gasp_bytes){0});
    return err;
}

static gasp_err any_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    *(bool *)ctx = true;
    return GASP_DONE;
}

/* Whether something that is held spends from a transaction. */
static gasp_err is_awaited(gasp_txn *txn, bool *awaited, const gasp_txid *txid)
{
    gasp_outpoint first = {*txid, 0};
    gasp_key prefix = gasp_key_spenders(&first);
    prefix.len = 1 + 32; /* of whatever output */
    return gasp_txn_scan(txn, &prefix, any_row, awaited);
}

/* What a commit makes of one transaction. */
typedef struct keeping {
    gasp_row_info info; /* as it will be */
    bool fresh;         /* it is here for the first time, for whatever collection: */
    bool rivals;        /* others that are held spend what it spends */
    bool awaited;       /* others that are held spend from it */
    bool proved;        /* a proof was kept that was not here */
    bool anchored;      /* it had no anchor and has one */
    bool lowered;       /* it has one of a lower block */
    bool raised;        /* it did not stand and does, as an unproven one */
    bool joined;        /* entries are news */
} keeping;

/* The transaction itself. */
static gasp_err keep_transaction(gasp_txn *txn, keeping *k, const gasp_commit_node *node, gasp_time now)
{
    gasp_err err = gasp_txn_info(txn, &k->info, &node->txid);
    k->fresh = err == GASP_ABSENT;
    if (!k->fresh)
        return err;
    k->info = (gasp_row_info){.arrived_ms = now.wall_ms, .stands = true};
    err = put_raw(txn, node);
    if (err == GASP_OK && !gasp_tx_is_coinbase(node->tx))
        err = mark_spent(txn, node->tx, &k->rivals, now);
    return err == GASP_OK ? is_awaited(txn, &k->awaited, &node->txid) : err;
}

/* Its proof, beside those it has; of several in the best chain the lowest is its anchor. */
static gasp_err keep_proof(gasp_txn *txn, keeping *k, const gasp_commit_node *node)
{
    gasp_key key = gasp_key_proof(&node->txid, &node->anchor.block);
    gasp_err err = k->fresh ? GASP_ABSENT : gasp_txn_has(txn, &key);
    k->proved = err == GASP_ABSENT;
    if (k->proved)
        err = gasp_commit_proof(txn, &node->txid, &node->anchor, node->bump);
    if (k->proved && err == GASP_OK)
        err = gasp_chain_keep(txn, node->anchor.height, &node->anchor.block);
    k->anchored = !k->info.anchored;
    k->lowered = k->info.anchored && node->anchor.height < k->info.anchor.height;
    if (k->anchored || k->lowered)
        k->info.anchor = node->anchor;
    k->info.anchored = k->info.stands = true;
    k->info.contested = false;
    return err;
}

/* One without a proof stands by what was verified for this graph, also when it had a proof and lost its block. */
static gasp_err keep_standing(gasp_txn *txn, keeping *k, const gasp_commit_node *node)
{
    k->raised = node->tx != NULL && !k->info.stands;
    k->info.stands = k->info.stands || k->raised;
    if (!k->fresh && !k->raised)
        return GASP_OK;
    return gasp_standing_contested(txn, &k->info.contested, node->tx);
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
    bool unheard; /**< nothing of it is ours yet, and nothing that is held spends from it */
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

/* Who spends an output. Where the output is not ours yet, they become members by that. */
static gasp_err read_spenders(gasp_txn *txn, gasp_row_output *row, const gasp_collection *collection,
                              const gasp_outpoint *outpoint, bool fresh)
{
    gasp_spenders all;
    gasp_err err = gasp_view_spenders(txn, &all, outpoint);
    row->spent = all.n > 0;
    row->contested = row->contested || all.n > 1;
    for (size_t i = 0; err == GASP_OK && fresh && i < all.n; i++) {
        gasp_key member = gasp_key_member(collection, &all.list[i]);
        err = gasp_txn_put(txn, &member, (gasp_bytes){0});
    }
    gasp_spenders_clear(&all);
    return err;
}

/* The weightiest thing that changed (gasp/wallet.h); 0: nothing did. */
static gasp_change_kind compare(const gasp_row_output *before, const gasp_row_output *row)
{
    if (row->unanchored && !before->unanchored)
        return GASP_CHANGE_UNANCHORED;
    if (row->spent != before->spent)
        return row->spent ? GASP_CHANGE_SPENT : GASP_CHANGE_UNSPENT;
    if (row->contested != before->contested)
        return row->contested ? GASP_CHANGE_CONTESTED : GASP_CHANGE_UNCONTESTED;
    bool same = row->time == before->time && row->unanchored == before->unanchored &&
                memcmp(row->state.b, before->state.b, sizeof row->state.b) == 0;
    return same ? (gasp_change_kind)0 : GASP_CHANGE_STATE;
}

static gasp_err update_output(gasp_txn *txn, bool *changed, const gasp_collection *collection,
                              const gasp_outpoint *outpoint, lore *known, bool make, gasp_time now)
{
    const gasp_row_info *info = known->info;
    gasp_row_output before = {0};
    gasp_row_output row = {.unanchored = !info->stands,
                           .contested = info->contested,
                           .time = (uint32_t)gasp_item_time(info->anchored ? &info->anchor : NULL)};
    gasp_err err = known->unheard ? GASP_ABSENT : gasp_txn_output(txn, &before, collection, outpoint);
    bool fresh = err == GASP_ABSENT;
    if (fresh && !make)
        return GASP_OK;
    if (err == GASP_OK || fresh)
        err = known->unheard ? GASP_OK : read_spenders(txn, &row, collection, outpoint, fresh);
    if (err == GASP_OK)
        err = lore_state(txn, known, &row.state, outpoint);
    if (err != GASP_OK)
        return err;
    gasp_change_kind kind = fresh ? GASP_CHANGE_ADDED : compare(&before, &row);
    if (kind == 0)
        return GASP_OK;
    *changed = true;
    err = fresh ? gasp_refusal_drop(txn, collection, outpoint) : GASP_OK;
    if (err == GASP_OK)
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
                             const keeping *k, bool *changed, gasp_time now)
{
    lore known = {.info = &k->info, .unheard = k->fresh && !k->awaited, .read = k->fresh && !k->joined};
    gasp_err err = GASP_OK;
    gasp_entries_init(&known.entries, txn->wallet->mem); /* of a fresh one there are none but those that came with it */
    for (size_t i = 0; err == GASP_OK && i < node->n_roots; i++) {
        gasp_outpoint outpoint = {node->txid, node->roots[i]};
        err = update_output(txn, changed, collection, &outpoint, &known, true, now);
    }
    lore_clear(&known);
    return err;
}

/* What follows for others. */
static gasp_err follow(gasp_txn *txn, const keeping *k, const gasp_txid *txid, gasp_time now)
{
    if (k->fresh && k->rivals && !k->info.anchored)
        return gasp_reorg_rivalled(txn, txid, now);
    if (k->fresh ? k->rivals : k->anchored || k->raised)
        return gasp_reorg_follow(txn, txid, now);
    return k->fresh && k->awaited ? gasp_reorg_arrived(txn, txid, now) : GASP_OK;
}

static gasp_err keep_node(gasp_txn *txn, const gasp_collection *collection, const gasp_commit_node *node, bool *changed,
                          gasp_time now)
{
    keeping k = {.fresh = false};
    gasp_key member = gasp_key_member(collection, &node->txid);
    gasp_err err = keep_transaction(txn, &k, node, now);
    if (err == GASP_OK)
        err = node->proven ? keep_proof(txn, &k, node) : keep_standing(txn, &k, node);
    bool moved = k.anchored || k.lowered || k.raised;
    if (err == GASP_OK && (k.fresh || moved))
        err = gasp_txn_put_info(txn, &node->txid, &k.info);
    if (err == GASP_OK)
        err = gasp_txn_put(txn, &member, (gasp_bytes){0});
    if (err == GASP_OK)
        err = join_entries(txn, node, &k.joined);
    *changed = *changed || k.fresh || k.proved || moved || k.joined;
    if (err == GASP_OK)
        err = keep_outputs(txn, collection, node, &k, changed, now);
    if (err == GASP_OK && !k.fresh && (moved || k.joined)) {
        size_t n_out = 0;
        err = output_count(txn, node, &n_out);
        if (err == GASP_OK)
            err = gasp_commit_outputs_of(txn, changed, &node->txid, &k.info, n_out, now);
    }
    return err == GASP_OK ? follow(txn, &k, &node->txid, now) : err;
}

/* ---- all graphs ---------------------------------------------------------------------------------------------------- */

static gasp_err keep_graphs(gasp_txn *txn, gasp_commit *commit, gasp_time now)
{
    gasp_err err = GASP_OK;
    for (size_t g = 0; err == GASP_OK && g < commit->n_graphs; g++) {
        gasp_commit_graph *graph = &commit->graphs[g];
        if (graph->verdict != GASP_OK)
            continue; /* the host did not want it, or its chain has no such block */
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

/* GASP_AGAIN: the wallet is not settled to the chain in which the proofs were looked up. */
static gasp_err commit_settled(gasp_wallet *wallet, gasp_commit *commit, uint64_t epoch, gasp_time now)
{
    gasp_txn txn = {0};
    gasp_lock_take(&wallet->writer);
    gasp_err err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK && !gasp_chain_is_settled(&txn, epoch))
        err = GASP_AGAIN;
    if (err == GASP_OK)
        err = keep_graphs(&txn, commit, now);
    if (err == GASP_OK)
        err = gasp_txn_write(&txn);
    gasp_txn_end(&txn);
    gasp_lock_give(&wallet->writer);
    return err;
}

gasp_err gasp_wallet_commit(gasp_wallet *wallet, gasp_commit *commit, gasp_time now)
{
    uint64_t epoch;
    gasp_err err = GASP_AGAIN;
    for (uint64_t i = 0; err == GASP_AGAIN && i < gasp_limit(CHAIN_TRIES); i++) {
        if (i > 0)
            err = gasp_chain_settle(wallet, NULL, now);
        if (err == GASP_OK || i == 0)
            err = gasp_chain_check(wallet, commit, &epoch);
        if (err == GASP_OK)
            err = commit_settled(wallet, commit, epoch, now);
    }
    if (err != GASP_AGAIN)
        return err;
    for (size_t g = 0; g < commit->n_graphs; g++) /* the host's chain does not stand still: they are offered again */
        if (commit->graphs[g].verdict == GASP_OK)
            commit->graphs[g].verdict = GASP_AGAIN;
    return GASP_OK;
}
