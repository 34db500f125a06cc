/* Listings: outputs of a collection, and the log of changes. Both read one snapshot and call the host from inside the
 * scan, with no lock held; what the host writes meanwhile is not in the listing. */
#include <string.h>

#include "base/mem.h"
#include "wallet/view.h"

/* ---- outputs ------------------------------------------------------------------------------------------------------- */

/** A listing on its way. Outputs of one transaction stand together, so what is known of the last one is kept. */
typedef struct listing {
    gasp_txn txn;
    const gasp_list_config *config;
    gasp_bytes label;
    uint64_t visited;
    bool *more; /**< NULL: nobody asks */
    gasp_output_visit visit;
    void *ctx;

    gasp_txid txid; /**< whose these are, when tx is not NULL */
    gasp_row_info info;
    gasp_tx *tx;
    gasp_blob *blob;
    gasp_entries entries;
    gasp_data bytes;

    gasp_entry *chosen; /**< the entries of one output */
    size_t cap;
} listing;

static void drop(listing *l)
{
    if (l->tx == NULL)
        return;
    gasp_entries_clear(&l->entries);
    gasp_data_clear(&l->bytes);
    gasp_tx_free(l->tx);
    gasp_blob_release(l->blob);
    l->tx = NULL;
    l->blob = NULL;
}

static gasp_err turn_to(listing *l, const gasp_txid *txid)
{
    if (l->tx != NULL && memcmp(l->txid.b, txid->b, sizeof txid->b) == 0)
        return GASP_OK;
    drop(l);
    gasp_err err = gasp_txn_info(&l->txn, &l->info, txid);
    if (err == GASP_OK)
        err = gasp_view_tx(&l->txn, &l->tx, &l->blob, txid);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
    l->txid = *txid;
    return gasp_view_entries(&l->txn, &l->entries, &l->bytes, txid);
}

/* The entries of the transaction and of one output, still in order. */
static gasp_err choose(listing *l, size_t *n, uint32_t vout)
{
    void *chosen = l->chosen;
    gasp_err err =
        gasp_mem_grow(l->txn.wallet->mem, &chosen, &l->cap, l->entries.len, sizeof *l->chosen, GASP_ENTRIES_MAX);
    l->chosen = chosen;
    *n = 0;
    for (size_t i = 0; err == GASP_OK && i < l->entries.len; i++)
        if (!l->entries.list[i].of_output || l->entries.list[i].vout == vout)
            l->chosen[(*n)++] = l->entries.list[i];
    return err;
}

/* Whether an output fits the filter, as far as its own row tells. */
static bool fits(gasp_list_filter filter, const gasp_row_output *row)
{
    switch (filter) {
    case GASP_LIST_ALL:
        return true;
    case GASP_LIST_UNSPENT:
    case GASP_LIST_UNPROVEN:
        return !row->spent;
    case GASP_LIST_SPENDABLE:
        return !row->spent && !row->unanchored && !row->contested;
    case GASP_LIST_SPENT:
        return row->spent;
    case GASP_LIST_CONFLICTS:
        return row->contested;
    }
    return false;
}

/* Whether one of the chosen entries is the label that is looked for. */
static bool labelled(const listing *l, size_t n)
{
    const gasp_list_config *config = l->config;
    if (config->label == NULL)
        return true;
    for (size_t i = 0; i < n; i++) {
        const gasp_entry *e = &l->chosen[i];
        if (e->value_len == 0 || e->name.len != l->label.len || memcmp(e->name.data, l->label.data, e->name.len) != 0)
            continue;
        if (config->value == NULL ||
            (e->value_len == config->value_len && memcmp(e->value.data, config->value, config->value_len) == 0))
            return true;
    }
    return false;
}

static gasp_err visit_output(listing *l, gasp_output *out, const gasp_row_output *row)
{
    gasp_spenders spenders = {0};
    gasp_err err = row->spent ? gasp_view_spenders(&l->txn, &spenders, &out->outpoint) : GASP_OK;
    if (err == GASP_OK && row->spent && spenders.n == 0)
        err = GASP_ERR_STORE_CORRUPT;
    if (err == GASP_OK && row->spent)
        out->spender = spenders.list[spenders.best];
    out->spenders = spenders.list;
    out->n_spenders = spenders.n;
    out->sat = l->tx->out[out->outpoint.vout].sat;
    out->script = l->tx->out[out->outpoint.vout].script;
    out->anchor = l->info.anchored ? &l->info.anchor : NULL;
    out->state = row->state;
    out->spent = row->spent;
    out->unanchored = row->unanchored;
    out->contested = row->contested;
    out->arrived_ms = l->info.arrived_ms;
    out->entries = l->chosen;
    if (err == GASP_OK)
        err = l->visit(l->ctx, out);
    gasp_spenders_clear(&spenders);
    return err;
}

static gasp_err list_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    listing *l = ctx;
    gasp_row_output row;
    gasp_output out = {0};
    bool full = l->config->limit > 0 && l->visited == l->config->limit;
    if (full && l->more == NULL)
        return GASP_DONE;
    gasp_err err = gasp_key_read_outpoint(&out.outpoint, key, 1 + 32);
    if (err == GASP_OK)
        err = gasp_row_output_decode(&row, value);
    if (err != GASP_OK || !fits(l->config->filter, &row))
        return err;
    err = turn_to(l, &out.outpoint.txid);
    if (err == GASP_OK && out.outpoint.vout >= l->tx->n_out)
        err = GASP_ERR_STORE_CORRUPT;
    if (err == GASP_OK)
        err = choose(l, &out.n_entries, out.outpoint.vout);
    if (err != GASP_OK || (l->config->filter == GASP_LIST_UNPROVEN && l->info.anchored) || !labelled(l, out.n_entries))
        return err;
    if (full) {
        *l->more = true;
        return GASP_DONE;
    }
    l->visited++;
    return visit_output(l, &out, &row);
}

void gasp_list_config_init(gasp_list_config *config)
{
    *config = (gasp_list_config){.size = sizeof *config, .filter = GASP_LIST_UNSPENT};
}

static gasp_err check_config(listing *l)
{
    const gasp_list_config *config = l->config;
    gasp_entry entry;
    if (config->size < sizeof *config || config->filter < GASP_LIST_UNSPENT || config->filter > GASP_LIST_CONFLICTS ||
        (config->value != NULL && config->label == NULL))
        return GASP_ERR_MISUSE;
    if (config->label == NULL)
        return GASP_OK;
    l->label = (gasp_bytes){(const uint8_t *)config->label, strlen(config->label)};
    return gasp_entry_make(&entry, NULL, NULL, l->label, 0, (gasp_bytes){0});
}

gasp_err gasp_wallet_list(gasp_wallet *wallet, const gasp_list_config *config, bool *more, gasp_output_visit visit,
                          void *ctx)
{
    const gasp_kv *kv = wallet->kv;
    listing l = {.config = config, .more = more, .visit = visit, .ctx = ctx};
    gasp_key prefix = gasp_key_outputs(&config->collection);
    gasp_key from = prefix;
    gasp_key to = gasp_key_after(&prefix);
    if (more != NULL)
        *more = false;
    if (config->after != NULL) {
        from = gasp_key_output(&config->collection, config->after);
        from.b[from.len++] = 0; /* the first key that can stand behind it */
    }
    gasp_err err = check_config(&l);
    if (err == GASP_OK)
        err = gasp_txn_look(&l.txn, wallet);
    if (err != GASP_OK)
        return err;
    err = kv->scan(kv->user, l.txn.snapshot, gasp_key_view(&from), gasp_key_view(&to), false, list_row, &l);
    drop(&l);
    gasp_mem_free(wallet->mem, l.chosen);
    gasp_txn_end(&l.txn);
    return err;
}

gasp_err gasp_wallet_outputs(gasp_wallet *wallet, const gasp_collection *collection, const gasp_outpoint *after,
                             bool with_spent, gasp_output_visit visit, void *ctx)
{
    gasp_list_config config;
    gasp_list_config_init(&config);
    config.collection = *collection;
    config.filter = with_spent ? GASP_LIST_ALL : GASP_LIST_UNSPENT;
    config.after = after;
    return gasp_wallet_list(wallet, &config, NULL, visit, ctx);
}

/* ---- changes ------------------------------------------------------------------------------------------------------- */

typedef struct following {
    gasp_change_visit visit;
    void *ctx;
} following;

static gasp_err change_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    following *f = ctx;
    gasp_change change;
    gasp_err err = gasp_row_change_decode(&change, key, value);
    return err == GASP_OK ? f->visit(f->ctx, &change) : err;
}

gasp_err gasp_wallet_changes(gasp_wallet *wallet, uint64_t after, gasp_change_visit visit, void *ctx)
{
    const gasp_kv *kv = wallet->kv;
    following f = {visit, ctx};
    gasp_kv_snapshot *snapshot = NULL;
    gasp_key all = gasp_key_kind('c');
    gasp_key to = gasp_key_after(&all);
    if (after == UINT64_MAX)
        return GASP_OK;
    gasp_key from = gasp_key_change(after + 1);
    gasp_err err = kv->snapshot(kv->user, &snapshot);
    if (err != GASP_OK)
        return err;
    err = kv->scan(kv->user, snapshot, gasp_key_view(&from), gasp_key_view(&to), false, change_row, &f);
    kv->release(kv->user, snapshot);
    return err;
}
