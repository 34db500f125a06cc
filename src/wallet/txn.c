/* Writes on top of a view. The map of latest writes is keyed by the SHA-256 of keys, because keys have many lengths. */
#include "wallet/txn.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"

/** The ops of one group, counted from 1; 0: none. */
typedef struct group {
    size_t first;
    size_t last;
} group;

static void init(gasp_txn *txn, gasp_wallet *wallet)
{
    *txn = (gasp_txn){.wallet = wallet};
    gasp_map_init(&txn->latest, 32, sizeof(size_t), GASP_TXN_OPS_MAX, wallet->seed32, wallet->mem);
    gasp_map_init(&txn->groups, 32, sizeof(group), GASP_TXN_OPS_MAX, wallet->seed32, wallet->mem);
}

static gasp_err read_state(gasp_txn *txn)
{
    gasp_key key = gasp_key_state();
    gasp_data value = {0};
    gasp_err err = gasp_txn_get(txn, &value, &key);
    if (err == GASP_ABSENT)
        return GASP_OK;
    if (err == GASP_OK)
        err = gasp_row_state_decode(&txn->state, (gasp_bytes){value.data, value.len});
    gasp_data_clear(&value);
    return err;
}

gasp_err gasp_txn_begin(gasp_txn *txn, gasp_wallet *wallet)
{
    init(txn, wallet);
    gasp_err err = read_state(txn);
    if (err != GASP_OK)
        gasp_txn_end(txn);
    return err;
}

gasp_err gasp_txn_look(gasp_txn *txn, gasp_wallet *wallet)
{
    init(txn, wallet);
    gasp_err err = wallet->kv->snapshot(wallet->kv->user, &txn->snapshot);
    if (err == GASP_OK)
        err = read_state(txn);
    if (err != GASP_OK)
        gasp_txn_end(txn);
    return err;
}

void gasp_txn_end(gasp_txn *txn)
{
    if (txn->wallet == NULL)
        return;
    const gasp_kv *kv = txn->wallet->kv;
    for (size_t i = 0; i < txn->n_ops; i++) {
        gasp_mem_free(txn->wallet->mem, (void *)(uintptr_t)txn->ops[i].key.data);
        gasp_mem_free(txn->wallet->mem, (void *)(uintptr_t)txn->ops[i].value.data);
    }
    gasp_mem_free(txn->wallet->mem, txn->ops);
    gasp_mem_free(txn->wallet->mem, txn->follow);
    gasp_map_clear(&txn->latest);
    gasp_map_clear(&txn->groups);
    if (txn->snapshot != NULL)
        kv->release(kv->user, txn->snapshot);
    *txn = (gasp_txn){0};
}

gasp_err gasp_txn_write(gasp_txn *txn)
{
    const gasp_kv *kv = txn->wallet->kv;
    if (txn->state_moved) {
        gasp_key key = gasp_key_state();
        gasp_row row = gasp_row_state_encode(&txn->state);
        gasp_err err = gasp_txn_put_row(txn, &key, &row);
        if (err != GASP_OK)
            return err;
    }
    return txn->n_ops > 0 ? kv->write(kv->user, txn->ops, txn->n_ops, true) : GASP_OK;
}

static void key_hash(uint8_t out[32], gasp_bytes key)
{
    gasp_sha256_once(out, key.data, key.len);
}

/* How much of a key of that kind tells its groups: as much as the prefixes have by which kinds with many rows are scanned;
 * spenders by outpoint and by transaction. 0: no such group. Without groups a scan would look at every op, and a commit of
 * n transactions cost n * n. */
static size_t group_len(uint8_t kind, size_t level)
{
    if (level > 0)
        return kind == 's' ? 1 + 32 : 0;
    switch (kind) {
    case 's':
        return 1 + GASP_OUTPOINT_LEN;
    case 'b':
    case 'e':
    case 'm':
    case 'o':
    case 'p':
        return 1 + 32;
    default:
        return 1;
    }
}

/* Takes the op that was just appended, number n_ops, into its group of one level. */
static gasp_err join_group(gasp_txn *txn, const gasp_key *key, size_t level)
{
    uint8_t hash[32];
    void *place;
    size_t len = group_len(key->b[0], level);
    txn->follow[txn->n_ops - 1][level] = 0;
    if (len == 0)
        return GASP_OK;
    key_hash(hash, (gasp_bytes){key->b, key->len < len ? key->len : len});
    gasp_err err = gasp_map_put(&txn->groups, &place, NULL, hash);
    if (err != GASP_OK)
        return err;
    group *its = place;
    if (its->first == 0)
        its->first = txn->n_ops;
    else
        txn->follow[its->last - 1][level] = txn->n_ops;
    its->last = txn->n_ops;
    return GASP_OK;
}

/* The last op of this txn on a key, NULL when there is none. */
static const gasp_kv_op *written(const gasp_txn *txn, gasp_bytes key)
{
    uint8_t hash[32];
    if (txn->n_ops == 0)
        return NULL;
    key_hash(hash, key);
    const size_t *at = gasp_map_get(&txn->latest, hash);
    return at != NULL ? &txn->ops[*at] : NULL;
}

typedef struct fetched {
    gasp_data *out;
    const gasp_mem *mem;
    bool found;
} fetched;

static gasp_err fetch(void *ctx, size_t index, gasp_bytes value)
{
    fetched *to = ctx;
    (void)index;
    to->found = true;
    if (to->out == NULL)
        return GASP_OK;
    to->out->data = gasp_mem_copy(to->mem, value.data, value.len);
    to->out->len = value.len;
    to->out->mem = to->mem;
    return to->out->data != NULL ? GASP_OK : GASP_ERR_NOMEM;
}

/* *out NULL: only whether it is there. */
static gasp_err get(gasp_txn *txn, gasp_data *out, gasp_bytes key)
{
    const gasp_kv *kv = txn->wallet->kv;
    const gasp_kv_op *op = written(txn, key);
    fetched to = {out, txn->wallet->mem, false};
    if (op != NULL)
        return op->verb == GASP_KV_PUT ? fetch(&to, 0, op->value) : GASP_ABSENT;
    gasp_err err = kv->get(kv->user, txn->snapshot, &key, 1, fetch, &to);
    if (err != GASP_OK && out != NULL)
        gasp_data_clear(out); /* a store may fail after it gave the row */
    return err != GASP_OK || to.found ? err : GASP_ABSENT;
}

gasp_err gasp_txn_get(gasp_txn *txn, gasp_data *out, const gasp_key *key)
{
    *out = (gasp_data){0};
    return get(txn, out, gasp_key_view(key));
}

gasp_err gasp_txn_has(gasp_txn *txn, const gasp_key *key)
{
    return get(txn, NULL, gasp_key_view(key));
}

/* Takes over value. */
static gasp_err append(gasp_txn *txn, gasp_kv_verb verb, const gasp_key *key, uint8_t *value, size_t len)
{
    const gasp_mem *mem = txn->wallet->mem;
    void *ops = txn->ops;
    gasp_err err = gasp_mem_grow(mem, &ops, &txn->cap_ops, txn->n_ops + 1, sizeof *txn->ops, GASP_TXN_OPS_MAX);
    txn->ops = ops;
    void *follow = txn->follow;
    if (err == GASP_OK)
        err = gasp_mem_grow(mem, &follow, &txn->cap_follow, txn->n_ops + 1, sizeof *txn->follow, GASP_TXN_OPS_MAX);
    txn->follow = follow;
    uint8_t *copy = err == GASP_OK ? gasp_mem_copy(mem, key->b, key->len) : NULL;
    if (err == GASP_OK && copy == NULL)
        err = GASP_ERR_NOMEM;
    void *latest = NULL;
    uint8_t hash[32];
    if (err == GASP_OK) {
        key_hash(hash, gasp_key_view(key));
        err = gasp_map_put(&txn->latest, &latest, NULL, hash);
    }
    if (err != GASP_OK) {
        gasp_mem_free(mem, copy);
        gasp_mem_free(mem, value);
        return err;
    }
    *(size_t *)latest = txn->n_ops;
    txn->ops[txn->n_ops++] = (gasp_kv_op){verb, {copy, key->len}, {value, len}};
    err = join_group(txn, key, 0);
    return err == GASP_OK ? join_group(txn, key, 1) : err;
}

gasp_err gasp_txn_put_two(gasp_txn *txn, const gasp_key *key, gasp_bytes head, gasp_bytes tail)
{
    uint8_t *value = gasp_mem_zalloc(txn->wallet->mem, head.len + tail.len);
    if (value == NULL)
        return GASP_ERR_NOMEM;
    if (head.len > 0)
        memcpy(value, head.data, head.len);
    if (tail.len > 0)
        memcpy(value + head.len, tail.data, tail.len);
    return append(txn, GASP_KV_PUT, key, value, head.len + tail.len);
}

gasp_err gasp_txn_put(gasp_txn *txn, const gasp_key *key, gasp_bytes value)
{
    return gasp_txn_put_two(txn, key, value, (gasp_bytes){0});
}

gasp_err gasp_txn_put_row(gasp_txn *txn, const gasp_key *key, const gasp_row *row)
{
    return gasp_txn_put(txn, key, (gasp_bytes){row->b, row->len});
}

gasp_err gasp_txn_delete(gasp_txn *txn, const gasp_key *key)
{
    return append(txn, GASP_KV_DELETE, key, NULL, 0);
}

/* ---- scan: rows of the store, except where this txn wrote, then what it wrote ------------------------------------- */

typedef struct scanning {
    gasp_txn *txn;
    gasp_kv_row row;
    void *ctx;
    bool stopped;
} scanning;

static gasp_err stored_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    scanning *s = ctx;
    if (written(s->txn, key) != NULL)
        return GASP_OK;
    gasp_err err = s->row(s->ctx, key, value);
    s->stopped = err != GASP_OK;
    return err;
}

static bool begins(gasp_bytes key, const gasp_key *prefix)
{
    return key.len >= prefix->len && memcmp(key.data, prefix->b, prefix->len) == 0;
}

enum { LEVELS = 2 };

/* The first op that a scan has to look at, from 1 (0: none), and the level of groups by which it goes on; LEVELS: through
 * all ops. */
static size_t first_op(const gasp_txn *txn, const gasp_key *prefix, size_t *level)
{
    uint8_t hash[32];
    for (*level = 0; *level < LEVELS; ++*level) {
        size_t len = group_len(prefix->b[0], *level);
        if (len == 0 || prefix->len < len)
            continue;
        key_hash(hash, (gasp_bytes){prefix->b, len});
        const group *its = gasp_map_get(&txn->groups, hash);
        return its != NULL ? its->first : 0;
    }
    return txn->n_ops > 0 ? 1 : 0;
}

static size_t next_op(const gasp_txn *txn, size_t i, size_t level)
{
    if (level < LEVELS)
        return txn->follow[i - 1][level];
    return i < txn->n_ops ? i + 1 : 0;
}

gasp_err gasp_txn_scan(gasp_txn *txn, const gasp_key *prefix, gasp_kv_row row, void *ctx)
{
    const gasp_kv *kv = txn->wallet->kv;
    gasp_key end = gasp_key_after(prefix);
    scanning s = {txn, row, ctx, false};
    gasp_err err = kv->scan(kv->user, txn->snapshot, gasp_key_view(prefix), gasp_key_view(&end), false, stored_row, &s);
    size_t level;
    for (size_t i = first_op(txn, prefix, &level); err == GASP_OK && !s.stopped && i > 0; i = next_op(txn, i, level)) {
        const gasp_kv_op *op = &txn->ops[i - 1];
        if (op->verb != GASP_KV_PUT || !begins(op->key, prefix) || written(txn, op->key) != op)
            continue;
        err = row(ctx, op->key, op->value);
        s.stopped = err != GASP_OK;
    }
    return err == GASP_DONE ? GASP_OK : err;
}

/* ---- rows by type -------------------------------------------------------------------------------------------------- */

gasp_err gasp_txn_info(gasp_txn *txn, gasp_row_info *out, const gasp_txid *txid)
{
    gasp_key key = gasp_key_info(txid);
    gasp_data value;
    gasp_err err = gasp_txn_get(txn, &value, &key);
    if (err == GASP_OK)
        err = gasp_row_info_decode(out, (gasp_bytes){value.data, value.len});
    gasp_data_clear(&value);
    return err;
}

gasp_err gasp_txn_put_info(gasp_txn *txn, const gasp_txid *txid, const gasp_row_info *info)
{
    gasp_key key = gasp_key_info(txid);
    gasp_row row = gasp_row_info_encode(info);
    return gasp_txn_put_row(txn, &key, &row);
}

gasp_err gasp_txn_output(gasp_txn *txn, gasp_row_output *out, const gasp_collection *collection,
                         const gasp_outpoint *outpoint)
{
    gasp_key key = gasp_key_output(collection, outpoint);
    gasp_data value;
    gasp_err err = gasp_txn_get(txn, &value, &key);
    if (err == GASP_OK)
        err = gasp_row_output_decode(out, (gasp_bytes){value.data, value.len});
    gasp_data_clear(&value);
    return err;
}

gasp_err gasp_txn_put_output(gasp_txn *txn, const gasp_collection *collection, const gasp_outpoint *outpoint,
                             const gasp_row_output *output)
{
    gasp_key key = gasp_key_output(collection, outpoint);
    gasp_row row = gasp_row_output_encode(output);
    return gasp_txn_put_row(txn, &key, &row);
}

gasp_err gasp_txn_header(gasp_txn *txn, gasp_row_header *out, const gasp_block_hash *hash)
{
    gasp_key key = gasp_key_header(hash);
    gasp_data value;
    gasp_err err = gasp_txn_get(txn, &value, &key);
    if (err == GASP_OK)
        err = gasp_row_header_decode(out, (gasp_bytes){value.data, value.len});
    gasp_data_clear(&value);
    return err;
}

gasp_err gasp_txn_header_at(gasp_txn *txn, gasp_row_header *out, gasp_block_hash *hash, uint32_t height)
{
    gasp_key key = gasp_key_height(height);
    gasp_data value;
    gasp_err err = gasp_txn_get(txn, &value, &key);
    if (err == GASP_OK && value.len != sizeof hash->b)
        err = GASP_ERR_STORE_CORRUPT;
    if (err == GASP_OK)
        memcpy(hash->b, value.data, sizeof hash->b);
    gasp_data_clear(&value);
    if (err != GASP_OK)
        return err;
    err = gasp_txn_header(txn, out, hash);
    return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
}

gasp_err gasp_txn_change(gasp_txn *txn, gasp_change_kind kind, const gasp_outpoint *outpoint,
                         const gasp_collection *collection, gasp_time now)
{
    txn->state.seq++;
    txn->state.wall_ms = now.wall_ms > txn->state.wall_ms ? now.wall_ms : txn->state.wall_ms + 1;
    txn->state_moved = true;
    gasp_change change = {txn->state.seq, txn->state.wall_ms, kind, *outpoint, *collection};
    gasp_key key = gasp_key_change(change.seq);
    gasp_row row = gasp_row_change_encode(&change);
    return gasp_txn_put_row(txn, &key, &row);
}
