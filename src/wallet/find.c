/* Find and load: what is here, for those who ask on behalf of one collection. */
#include <string.h>

#include "base/mem.h"
#include "gasp/header.h"
#include "record/state.h"
#include "wallet/headers_port.h"
#include "wallet/questions.h"
#include "wallet/view.h"

/* ---- find ---------------------------------------------------------------------------------------------------------- */

static gasp_err find_block(gasp_txn *txn, gasp_find_block *block)
{
    gasp_err err = gasp_chain_block_at(txn, &block->hash, &block->root, block->height);
    block->known = err == GASP_OK;
    return err == GASP_ABSENT ? GASP_OK : err;
}

/* Transactions that are spent from, each read once for a question: a peer may spend a thousand outputs of one. Of entries
 * only the last one's are kept. */
typedef struct parent {
    bool member;
    gasp_row_info info;
    gasp_tx *tx; /* NULL until it was asked for */
    gasp_blob *blob;
} parent;

typedef struct parents {
    gasp_txn *txn;
    const gasp_collection *collection;
    gasp_map map; /* txid -> parent * */
    bool with_entries;
    gasp_txid of; /* whose entries these are */
    gasp_entries entries;
    gasp_data bytes;
} parents;

static void parents_init(parents *all, gasp_txn *txn, const gasp_collection *collection)
{
    *all = (parents){.txn = txn, .collection = collection};
    gasp_map_init(&all->map, 32, sizeof(parent *), SIZE_MAX, txn->wallet->seed32, txn->wallet->mem);
}

static void drop_entries(parents *all)
{
    if (all->with_entries)
        gasp_entries_clear(&all->entries);
    gasp_data_clear(&all->bytes);
    all->with_entries = false;
}

static void parents_clear(parents *all)
{
    size_t pos = 0;
    void *value;
    while (gasp_map_next(&all->map, &pos, NULL, &value)) {
        parent *p = *(parent **)value;
        gasp_tx_free(p->tx);
        gasp_blob_release(p->blob);
        gasp_mem_free(all->map.mem, p);
    }
    gasp_map_clear(&all->map);
    drop_entries(all);
}

/* Clear of tx, which is read by parent_tx. */
static gasp_err parent_of(parents *all, parent **out, const gasp_txid *txid)
{
    parent *const *known = gasp_map_get(&all->map, txid->b);
    void *place;
    if (known != NULL) {
        *out = *known;
        return GASP_OK;
    }
    parent *p = gasp_mem_zalloc(all->map.mem, sizeof *p);
    if (p == NULL)
        return GASP_ERR_NOMEM;
    gasp_err err = gasp_view_member(all->txn, &p->member, &p->info, all->collection, txid);
    if (err == GASP_OK)
        err = gasp_map_put(&all->map, &place, NULL, txid->b);
    if (err != GASP_OK) {
        gasp_mem_free(all->map.mem, p);
        return err;
    }
    *(parent **)place = p;
    *out = p;
    return GASP_OK;
}

static gasp_err parent_tx(parents *all, parent *p, const gasp_txid *txid)
{
    gasp_err err = p->tx == NULL ? gasp_view_tx(all->txn, &p->tx, &p->blob, txid) : GASP_OK;
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static gasp_err parent_state(parents *all, gasp_state_hash *out, const parent *p, const gasp_outpoint *outpoint)
{
    if (!all->with_entries || memcmp(all->of.b, outpoint->txid.b, sizeof all->of.b) != 0) {
        drop_entries(all);
        gasp_err err = gasp_view_entries(all->txn, &all->entries, &all->bytes, &outpoint->txid);
        if (err != GASP_OK)
            return err;
        all->with_entries = true;
        all->of = outpoint->txid;
    }
    gasp_state_hash_of(out, outpoint, p->info.anchored ? &p->info.anchor : NULL, &all->entries);
    return GASP_OK;
}

/* Whether a transaction is a member that stands: what is held for another collection is not told. */
static gasp_err stands(const parents *all, bool *out, const gasp_txid *txid)
{
    gasp_row_info info;
    gasp_err err = gasp_view_member(all->txn, out, &info, all->collection, txid);
    *out = err == GASP_OK && *out && info.stands;
    return err;
}

/* Whether a proven transaction, other than the one that asks, spends the output. */
static gasp_err find_rival(const parents *all, bool *spent, gasp_source *source)
{
    gasp_txid spender;
    bool anchored;
    gasp_err err = gasp_view_spender(all->txn, &spender, &anchored, &source->outpoint);
    *spent = err == GASP_OK && anchored && memcmp(spender.b, source->spender.b, sizeof spender.b) != 0;
    if (!*spent)
        return err == GASP_ABSENT ? GASP_OK : err;
    source->rival = spender;
    return stands(all, &source->has_rival, &spender);
}

static gasp_err find_source(parents *all, gasp_source *source)
{
    parent *p;
    bool spent = false;
    gasp_err err = parent_of(all, &p, &source->outpoint.txid);
    if (err == GASP_OK)
        err = find_rival(all, &spent, source);
    /* One that does not stand is as good as none: the peer may know a proof of it, or what it stands on. A member that spends
     * its output ends the matter; who spends it outside of the collection must not show in what is wanted. */
    if (err == GASP_OK && !(p->member && p->info.stands)) {
        source->state = spent && source->has_rival ? GASP_SOURCE_SPENT : GASP_SOURCE_UNKNOWN;
        return GASP_OK;
    }
    if (err == GASP_OK)
        err = parent_tx(all, p, &source->outpoint.txid);
    if (err != GASP_OK)
        return err;
    source->state = GASP_SOURCE_NO_OUTPUT;
    if (source->outpoint.vout >= p->tx->n_out)
        return GASP_OK;
    source->state = spent ? GASP_SOURCE_SPENT : GASP_SOURCE_HELD;
    source->sat = p->tx->out[source->outpoint.vout].sat;
    source->script = p->tx->out[source->outpoint.vout].script;
    source->blob = gasp_blob_share(p->blob);
    source->proven = p->info.anchored;
    source->height = p->info.anchored ? p->info.anchor.height : 0;
    return parent_state(all, &source->hash, p, &source->outpoint);
}

/* Who of the collection spends an outpoint, an anchored one first; *spent tells whether anybody does. */
static gasp_err find_spender(parents *all, bool *spent, gasp_txid *spender, bool *anchored,
                             const gasp_outpoint *outpoint)
{
    gasp_err err = gasp_view_spender(all->txn, spender, anchored, outpoint);
    *spent = false;
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    return stands(all, spent, spender);
}

/* A spender that is held and unproven, beside another one of the same output: it may be proven at the peer. */
static gasp_err is_open(parents *all, bool *out, const gasp_find_spend *spend)
{
    gasp_row_info info;
    gasp_err err = gasp_txn_info(all->txn, &info, &spend->spender);
    *out = false;
    return err != GASP_OK || info.anchored ? err : gasp_view_rivalled(all->txn, out, &spend->outpoint, &spend->spender);
}

static gasp_err find_spend(parents *all, gasp_find_spend *spend)
{
    gasp_row_output row;
    gasp_txid spender;
    bool anchored;
    bool open = false;
    gasp_err err = stands(all, &spend->held, &spend->spender);
    if (err == GASP_OK && spend->held)
        err = is_open(all, &open, spend);
    spend->held = spend->held && !open;
    if (err == GASP_OK)
        err = gasp_txn_output(all->txn, &row, all->collection, &spend->outpoint);
    spend->ours = err == GASP_OK;
    return err == GASP_ABSENT ? find_spender(all, &spend->ours, &spender, &anchored, &spend->outpoint) : err;
}

gasp_err gasp_wallet_find(gasp_wallet *wallet, gasp_find *find)
{
    gasp_txn txn;
    parents all;
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    parents_init(&all, &txn, &find->collection);
    for (size_t i = 0; err == GASP_OK && i < find->n_txs; i++)
        err = stands(&all, &find->txs[i].held, &find->txs[i].txid);
    for (size_t i = 0; err == GASP_OK && i < find->n_blocks; i++)
        err = find_block(&txn, &find->blocks[i]);
    for (size_t i = 0; err == GASP_OK && i < find->n_sources; i++)
        err = find_source(&all, &find->sources[i]);
    for (size_t i = 0; err == GASP_OK && i < find->n_spents; i++) {
        gasp_find_spent *spent = &find->spents[i];
        err = find_spender(&all, &spent->spent, &spent->spender, &spent->anchored, &spent->outpoint);
    }
    for (size_t i = 0; err == GASP_OK && i < find->n_spends; i++)
        err = find_spend(&all, &find->spends[i]);
    parents_clear(&all);
    gasp_txn_end(&txn);
    return err;
}

/* ---- load ---------------------------------------------------------------------------------------------------------- */

static gasp_err load_entries(gasp_txn *txn, gasp_load_node *node)
{
    gasp_entries entries;
    gasp_data bytes;
    gasp_buf buf;
    gasp_err err = gasp_view_entries(txn, &entries, &bytes, &node->txid);
    if (err != GASP_OK)
        return err;
    gasp_buf_init(&buf, SIZE_MAX, txn->wallet->mem);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_entries_encode(&w, &entries);
    err = w.err;
    if (err == GASP_OK) {
        node->entries = gasp_blob_take(buf.data, buf.len, buf.mem);
        err = node->entries != NULL ? GASP_OK : GASP_ERR_NOMEM;
    } else {
        gasp_buf_clear(&buf);
    }
    gasp_entries_clear(&entries);
    gasp_data_clear(&bytes);
    return err;
}

/* The states of what it spends: of unproven transactions all are known, of proven ones what happens to be held. mem: of the
 * question, whose clearing frees them. */
static gasp_err load_inputs(parents *all, gasp_load_node *node, const gasp_tx *tx, const gasp_mem *mem)
{
    gasp_err err = GASP_OK;
    node->inputs = gasp_mem_zalloc_array(mem, tx->n_in, sizeof *node->inputs);
    if (node->inputs == NULL)
        return GASP_ERR_NOMEM;
    node->n_inputs = tx->n_in;
    for (size_t i = 0; err == GASP_OK && i < tx->n_in; i++) {
        parent *p;
        err = parent_of(all, &p, &tx->in[i].prev.txid);
        if (err != GASP_OK || !p->member)
            continue;
        node->inputs[i].present = true;
        err = parent_state(all, &node->inputs[i].hash, p, &tx->in[i].prev);
    }
    return err;
}

static gasp_err load_bump(gasp_txn *txn, gasp_load_node *node, const gasp_row_info *info)
{
    gasp_data bump;
    if (!info->anchored)
        return GASP_OK;
    gasp_err err = gasp_view_bump(txn, &bump, &node->txid, &info->anchor.block);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
    node->proven = true;
    node->anchor = info->anchor;
    node->bump = gasp_blob_take(bump.data, bump.len, bump.mem);
    return node->bump != NULL ? GASP_OK : GASP_ERR_NOMEM;
}

static gasp_err load_node(parents *all, gasp_load_node *node, const gasp_mem *mem)
{
    gasp_txn *txn = all->txn;
    gasp_row_info info;
    gasp_tx *tx = NULL;
    bool member;
    gasp_err err = gasp_view_member(txn, &member, &info, all->collection, &node->txid);
    if (err != GASP_OK || !member || !info.stands)
        return err;
    err = gasp_view_tx(txn, &tx, &node->raw, &node->txid);
    if (err == GASP_OK)
        err = load_bump(txn, node, &info);
    if (err == GASP_OK)
        err = load_entries(txn, node);
    if (err == GASP_OK)
        err = load_inputs(all, node, tx, mem);
    gasp_tx_free(tx);
    node->found = err == GASP_OK;
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

static size_t loaded_bytes(const gasp_load_node *node)
{
    if (!node->found)
        return 0;
    size_t bytes = node->raw->len + node->entries->len + node->n_inputs * sizeof *node->inputs;
    return node->bump != NULL ? bytes + node->bump->len : bytes;
}

gasp_err gasp_wallet_load(gasp_wallet *wallet, gasp_load *load)
{
    gasp_txn txn;
    parents all;
    size_t bytes = 0;
    load->n_loaded = 0;
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    parents_init(&all, &txn, &load->collection);
    for (size_t i = 0; err == GASP_OK && i < load->n_nodes && (i == 0 || bytes < load->max_bytes); i++) {
        err = load_node(&all, &load->nodes[i], load->mem);
        bytes += err == GASP_OK ? loaded_bytes(&load->nodes[i]) : 0;
        load->n_loaded = i + 1;
    }
    parents_clear(&all);
    gasp_txn_end(&txn);
    return err;
}
