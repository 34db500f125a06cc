/* Writes on top of a view. Ops are found again by a table over the beginnings of their keys, hashed under the wallet's seed,
 * because peers choose what stands in keys. */
#include "wallet/txn.h"

#include <string.h>

#include "base/mem.h"

/* What the ops of a slot share. */
typedef enum slot_kind {
    SLOT_KEY = 0,   /* the whole key */
    SLOT_GROUP = 1, /* GROUP + level: the first bytes, as many as group_len says */
} slot_kind;

enum { LEVELS = 2 };

/* Ops are counted from 1; first 0: the slot is free. */
typedef struct gasp_txn_slot {
    uint64_t hash;
    uint32_t first;
    uint32_t last;
    uint32_t len; /* of the bytes, which the key of `first` begins with */
    uint32_t kind;
} slot;

static void init(gasp_txn *txn, gasp_wallet *wallet)
{
    *txn = (gasp_txn){.wallet = wallet};
    gasp_arena_init(&txn->bytes, wallet->mem);
    memcpy(txn->index.seed, wallet->seed32, sizeof txn->index.seed);
}

/* ---- finding ops again --------------------------------------------------------------------------------------------- */

static bool is_slot(const gasp_txn *txn, const slot *at, uint32_t kind, gasp_bytes bytes)
{
    return at->kind == kind && at->len == bytes.len &&
           memcmp(txn->ops[at->first - 1].key.data, bytes.data, bytes.len) == 0;
}

/* The slot of those bytes, or the free one where it goes. There is one: the table is never full. */
static slot *seek(const gasp_txn *txn, uint64_t hash, uint32_t kind, gasp_bytes bytes)
{
    const gasp_txn_index *index = &txn->index;
    for (size_t i = (size_t)hash;; i++) {
        slot *at = &index->slots[i & (index->cap - 1)];
        if (at->first == 0)
            return at;
        if (at->hash == hash && is_slot(txn, at, kind, bytes))
            return at;
    }
}

static gasp_err widen(gasp_txn *txn)
{
    gasp_txn_index *index = &txn->index;
    gasp_txn_index wider = *index;
    wider.cap = index->cap == 0 ? 256 : index->cap * 2;
    wider.slots = gasp_mem_zalloc_array(txn->wallet->mem, wider.cap, sizeof *wider.slots);
    if (wider.slots == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < index->cap; i++) {
        const slot *old = &index->slots[i];
        size_t to = (size_t)old->hash;
        while (old->first != 0 && wider.slots[to & (wider.cap - 1)].first != 0)
            to++;
        if (old->first != 0)
            wider.slots[to & (wider.cap - 1)] = *old;
    }
    gasp_mem_free(txn->wallet->mem, index->slots);
    memset(wider.recent, 0, sizeof wider.recent);
    *index = wider;
    return GASP_OK;
}

/* Under one kind and one length of bytes a hash means one thing; the kind is part of what is hashed by its seed. */
static uint64_t hash_of(const gasp_txn *txn, uint32_t kind, gasp_bytes bytes)
{
    const uint64_t seed[2] = {txn->index.seed[0] ^ kind, txn->index.seed[1]};
    return gasp_table_hash(seed, bytes.data, bytes.len);
}

/* The slot of those bytes, NULL when no op has them. */
static const slot *find(const gasp_txn *txn, uint32_t kind, gasp_bytes bytes)
{
    if (txn->n_ops == 0)
        return NULL;
    const slot *at = seek(txn, hash_of(txn, kind, bytes), kind, bytes);
    return at->first != 0 ? at : NULL;
}

/* Gives the slot of those bytes, made when there was none. */
static gasp_err slot_of(gasp_txn *txn, slot **out, uint32_t kind, gasp_bytes bytes)
{
    gasp_txn_index *index = &txn->index;
    uint32_t *recent = kind == SLOT_GROUP ? &index->recent[bytes.data[0] & 127] : NULL;
    if (recent != NULL && *recent != 0 && is_slot(txn, &index->slots[*recent - 1], kind, bytes)) {
        *out = &index->slots[*recent - 1];
        return GASP_OK;
    }
    if (index->len + 1 > index->cap / 4 * 3) {
        gasp_err err = widen(txn);
        if (err != GASP_OK)
            return err;
    }
    uint64_t hash = hash_of(txn, kind, bytes);
    slot *at = seek(txn, hash, kind, bytes);
    if (at->first == 0) {
        *at = (slot){hash, (uint32_t)txn->n_ops, 0, (uint32_t)bytes.len, kind};
        index->len++;
    }
    if (recent != NULL)
        *recent = (uint32_t)(at - index->slots) + 1;
    *out = at;
    return GASP_OK;
}

/* Notes the op that was appended last under its bytes. *before: the one that was the last there, 0 for none. */
static gasp_err note(gasp_txn *txn, uint32_t *before, uint32_t kind, gasp_bytes bytes)
{
    slot *at;
    gasp_err err = slot_of(txn, &at, kind, bytes);
    *before = err == GASP_OK ? at->last : 0;
    if (err == GASP_OK)
        at->last = (uint32_t)txn->n_ops;
    return err;
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
static gasp_err join_group(gasp_txn *txn, gasp_bytes key, size_t level)
{
    uint32_t before = 0;
    size_t len = group_len(key.data[0], level);
    txn->follow[txn->n_ops - 1][level] = 0;
    if (len == 0)
        return GASP_OK;
    gasp_err err =
        note(txn, &before, SLOT_GROUP + (uint32_t)level, (gasp_bytes){key.data, key.len < len ? key.len : len});
    if (before != 0)
        txn->follow[before - 1][level] = (uint32_t)txn->n_ops;
    return err;
}

/* The last op of this txn on a key, NULL when there is none. */
static const gasp_kv_op *written(const gasp_txn *txn, gasp_bytes key)
{
    const slot *at = find(txn, SLOT_KEY, key);
    return at != NULL ? &txn->ops[at->last - 1] : NULL;
}

/* ---- one row ------------------------------------------------------------------------------------------------------- */

/* Reads the value of a row, which is valid only during the call. */
typedef gasp_err (*row_reader)(void *to, gasp_bytes value);

typedef struct fetching {
    row_reader read; /* NULL: only whether it is there */
    void *to;
    bool found;
} fetching;

static gasp_err fetch(void *ctx, size_t index, gasp_bytes value)
{
    fetching *f = ctx;
    (void)index;
    f->found = true;
    return f->read != NULL ? f->read(f->to, value) : GASP_OK;
}

static gasp_err get(gasp_txn *txn, const gasp_key *key, row_reader read, void *to)
{
    const gasp_kv *kv = txn->wallet->kv;
    gasp_bytes wanted = gasp_key_view(key);
    const gasp_kv_op *op = written(txn, wanted);
    fetching f = {read, to, false};
    if (op != NULL)
        return op->verb == GASP_KV_PUT ? fetch(&f, 0, op->value) : GASP_ABSENT;
    gasp_err err = kv->get(kv->user, txn->snapshot, &wanted, 1, fetch, &f);
    return err != GASP_OK || f.found ? err : GASP_ABSENT;
}

typedef struct copying {
    gasp_data *out;
    const gasp_mem *mem;
} copying;

static gasp_err copy_value(void *to, gasp_bytes value)
{
    const copying *c = to;
    *c->out = (gasp_data){gasp_mem_copy(c->mem, value.data, value.len), value.len, c->mem};
    return c->out->data != NULL ? GASP_OK : GASP_ERR_NOMEM;
}

gasp_err gasp_txn_get(gasp_txn *txn, gasp_data *out, const gasp_key *key)
{
    copying c = {out, txn->wallet->mem};
    *out = (gasp_data){0};
    gasp_err err = get(txn, key, copy_value, &c);
    if (err != GASP_OK)
        gasp_data_clear(out); /* a store may fail after it gave the row */
    return err;
}

gasp_err gasp_txn_has(gasp_txn *txn, const gasp_key *key)
{
    return get(txn, key, NULL, NULL);
}

/* Room for one more op, so that appending it cannot fail halfway. */
static gasp_err make_room(gasp_txn *txn)
{
    const gasp_mem *mem = txn->wallet->mem;
    void *ops = txn->ops;
    gasp_err err = gasp_mem_grow(mem, &ops, &txn->cap_ops, txn->n_ops + 1, sizeof *txn->ops, GASP_TXN_OPS_MAX);
    txn->ops = ops;
    void *follow = txn->follow;
    if (err == GASP_OK)
        err = gasp_mem_grow(mem, &follow, &txn->cap_follow, txn->n_ops + 1, sizeof *txn->follow, GASP_TXN_OPS_MAX);
    txn->follow = follow;
    return err;
}

/* An op on the key with room for a value of that many bytes. After an error the txn can only be ended. */
static gasp_err append(gasp_txn *txn, uint8_t **value, gasp_kv_verb verb, const gasp_key *key, size_t len)
{
    uint32_t before;
    gasp_err err = make_room(txn);
    uint8_t *bytes = err == GASP_OK ? gasp_arena_bytes(&txn->bytes, key->len + len) : NULL;
    if (bytes == NULL)
        return err == GASP_OK ? GASP_ERR_NOMEM : err;
    memcpy(bytes, key->b, key->len);
    const gasp_bytes copied = {bytes, key->len};
    *value = bytes + key->len;
    txn->header_known = txn->header_known && key->b[0] != 'h' && key->b[0] != 'H';
    txn->collections_known = txn->collections_known && key->b[0] != 'n';
    txn->ops[txn->n_ops++] = (gasp_kv_op){verb, copied, {len > 0 ? *value : NULL, len}};
    err = note(txn, &before, SLOT_KEY, copied);
    for (size_t level = 0; err == GASP_OK && level < LEVELS; level++)
        err = join_group(txn, copied, level);
    return err;
}

gasp_err gasp_txn_put_two(gasp_txn *txn, const gasp_key *key, gasp_bytes head, gasp_bytes tail)
{
    uint8_t *value;
    gasp_err err = append(txn, &value, GASP_KV_PUT, key, head.len + tail.len);
    if (err != GASP_OK)
        return err;
    if (head.len > 0)
        memcpy(value, head.data, head.len);
    if (tail.len > 0)
        memcpy(value + head.len, tail.data, tail.len);
    return GASP_OK;
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
    uint8_t *none;
    return append(txn, &none, GASP_KV_DELETE, key, 0);
}

/* ---- beginning and end --------------------------------------------------------------------------------------------- */

static gasp_err read_state_row(void *to, gasp_bytes value)
{
    return gasp_row_state_decode(to, value);
}

static gasp_err read_state(gasp_txn *txn)
{
    gasp_key key = gasp_key_state();
    gasp_err err = get(txn, &key, read_state_row, &txn->state);
    return err == GASP_ABSENT ? GASP_OK : err;
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

/* Nobody else writes: the newest state stays what the snapshot is, and reading a snapshot is cheaper. */
gasp_err gasp_txn_begin(gasp_txn *txn, gasp_wallet *wallet)
{
    return gasp_txn_look(txn, wallet);
}

void gasp_txn_end(gasp_txn *txn)
{
    if (txn->wallet == NULL)
        return;
    const gasp_kv *kv = txn->wallet->kv;
    gasp_mem_free(txn->wallet->mem, txn->ops);
    gasp_mem_free(txn->wallet->mem, txn->follow);
    gasp_mem_free(txn->wallet->mem, txn->index.slots);
    gasp_mem_free(txn->wallet->mem, txn->collections);
    gasp_arena_clear(&txn->bytes);
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

/* The first op that a scan has to look at, from 1 (0: none), and the level of groups by which it goes on; LEVELS: through
 * all ops. */
static size_t first_op(const gasp_txn *txn, const gasp_key *prefix, size_t *level)
{
    for (*level = 0; *level < LEVELS; ++*level) {
        size_t len = group_len(prefix->b[0], *level);
        if (len == 0 || prefix->len < len)
            continue;
        const slot *at = find(txn, SLOT_GROUP + (uint32_t)*level, (gasp_bytes){prefix->b, len});
        return at != NULL ? at->first : 0;
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

static gasp_err read_info(void *to, gasp_bytes value)
{
    return gasp_row_info_decode(to, value);
}

gasp_err gasp_txn_info(gasp_txn *txn, gasp_row_info *out, const gasp_txid *txid)
{
    gasp_key key = gasp_key_info(txid);
    return get(txn, &key, read_info, out);
}

gasp_err gasp_txn_put_info(gasp_txn *txn, const gasp_txid *txid, const gasp_row_info *info)
{
    gasp_key key = gasp_key_info(txid);
    gasp_row row = gasp_row_info_encode(info);
    return gasp_txn_put_row(txn, &key, &row);
}

static gasp_err read_output(void *to, gasp_bytes value)
{
    return gasp_row_output_decode(to, value);
}

gasp_err gasp_txn_output(gasp_txn *txn, gasp_row_output *out, const gasp_collection *collection,
                         const gasp_outpoint *outpoint)
{
    gasp_key key = gasp_key_output(collection, outpoint);
    return get(txn, &key, read_output, out);
}

gasp_err gasp_txn_put_output(gasp_txn *txn, const gasp_collection *collection, const gasp_outpoint *outpoint,
                             const gasp_row_output *output)
{
    gasp_key key = gasp_key_output(collection, outpoint);
    gasp_row row = gasp_row_output_encode(output);
    return gasp_txn_put_row(txn, &key, &row);
}

static gasp_err read_header(void *to, gasp_bytes value)
{
    return gasp_row_header_decode(to, value);
}

gasp_err gasp_txn_header(gasp_txn *txn, gasp_row_header *out, const gasp_block_hash *hash)
{
    gasp_key key = gasp_key_header(hash);
    return get(txn, &key, read_header, out);
}

static gasp_err read_hash(void *to, gasp_bytes value)
{
    if (value.len != sizeof(gasp_block_hash))
        return GASP_ERR_STORE_CORRUPT;
    memcpy(to, value.data, value.len);
    return GASP_OK;
}

gasp_err gasp_txn_header_at(gasp_txn *txn, gasp_row_header *out, gasp_block_hash *hash, uint32_t height)
{
    gasp_key key = gasp_key_height(height);
    if (!txn->header_known || txn->header.height != height) {
        txn->header_known = false;
        gasp_err err = get(txn, &key, read_hash, txn->header_hash.b);
        if (err != GASP_OK)
            return err;
        err = gasp_txn_header(txn, &txn->header, &txn->header_hash);
        if (err != GASP_OK)
            return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
        txn->header_known = txn->header.height == height;
    }
    *out = txn->header;
    *hash = txn->header_hash;
    return GASP_OK;
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
