/* The kv port over another one: two persistent trees, of what was put and of what was deleted since, and one snapshot of
 * the store below, which is never written. Invariant: no key stands in both trees. As in memory.c a writer makes the
 * next two roots beside the present ones and exchanges them at the end; `writer` is held for the whole of a write,
 * `state` for a few instructions, neither while a callback runs. */
#include <stdio.h>

#include "base/lock.h"
#include "base/mem.h"
#include "gasp/kv.h"
#include "store/check.h"
#include "store/tree.h"

/** What was written up to one moment. */
typedef struct layer {
    gasp_tree *put;
    gasp_tree *gone; /**< keys only */
} layer;

struct gasp_kv_snapshot {
    layer rows;
    gasp_kv_snapshot *before;
    gasp_kv_snapshot *after;
};

typedef struct overlay {
    gasp_kv kv;
    const gasp_mem *mem;
    const gasp_kv *below;
    gasp_kv_snapshot *base; /* of the store below */
    gasp_lock writer;
    gasp_lock state; /* guards what follows */
    layer rows;
    gasp_kv_snapshot *snapshots;
    gasp_kv_text failed;
} overlay;

/* Remembers err for `why` when it is one; gives it back. */
static gasp_err answer(overlay *o, gasp_err err)
{
    if (err < 0) {
        gasp_lock_take(&o->state);
        snprintf(o->failed.text, sizeof o->failed.text, "%s", gasp_err_text(err));
        gasp_lock_give(&o->state);
    }
    return err;
}

/* The same for what the store below answered, in its own words. */
static gasp_err answer_below(overlay *o, gasp_err err)
{
    if (gasp_err_class(err) != GASP_CLASS_STORE)
        return err;
    gasp_kv_text text = {""};
    o->below->why(o->below->user, &text);
    gasp_lock_take(&o->state);
    o->failed = text;
    gasp_lock_give(&o->state);
    return err;
}

static layer retain(layer rows)
{
    return (layer){gasp_tree_retain(rows.put), gasp_tree_retain(rows.gone)};
}

static void drop(layer rows, const gasp_mem *mem)
{
    gasp_tree_release(rows.put, mem);
    gasp_tree_release(rows.gone, mem);
}

/* What a call reads: that of its snapshot, or the newest. */
static layer layer_of(overlay *o, const gasp_kv_snapshot *at)
{
    if (at != NULL)
        return retain(at->rows);
    gasp_lock_take(&o->state);
    layer rows = retain(o->rows);
    gasp_lock_give(&o->state);
    return rows;
}

static gasp_err snapshot(void *user, gasp_kv_snapshot **out)
{
    overlay *o = user;
    if (out == NULL)
        return answer(o, GASP_ERR_MISUSE);
    gasp_kv_snapshot *made = gasp_mem_zalloc(o->mem, sizeof *made);
    if (made == NULL)
        return answer(o, GASP_ERR_NOMEM);
    gasp_lock_take(&o->state);
    made->rows = retain(o->rows);
    made->after = o->snapshots;
    if (made->after != NULL)
        made->after->before = made;
    o->snapshots = made;
    gasp_lock_give(&o->state);
    *out = made;
    return GASP_OK;
}

static void release(void *user, gasp_kv_snapshot *old)
{
    overlay *o = user;
    if (old == NULL)
        return;
    gasp_lock_take(&o->state);
    if (old->before != NULL)
        old->before->after = old->after;
    else
        o->snapshots = old->after;
    if (old->after != NULL)
        old->after->before = old->before;
    gasp_lock_give(&o->state);
    drop(old->rows, o->mem);
    gasp_mem_free(o->mem, old);
}

/* ---- get ----------------------------------------------------------------------------------------------------------- */

/* A run of keys that are asked below: their first place in the caller's array. */
typedef struct run {
    gasp_kv_found found;
    void *ctx;
    size_t first;
    gasp_err said; /* what found answered last */
} run;

static gasp_err found_below(void *ctx, size_t index, gasp_bytes value)
{
    run *r = ctx;
    r->said = r->found(r->ctx, r->first + index, value);
    return r->said;
}

/* Keys from *i on that were neither put nor deleted here, as one call; *i is then behind them. */
static gasp_err get_run(overlay *o, layer rows, const gasp_bytes *keys, size_t n, size_t *i, gasp_kv_found found,
                        void *ctx)
{
    run r = {found, ctx, *i, GASP_OK};
    gasp_bytes value;
    do
        ++*i;
    while (*i < n && gasp_tree_find(rows.put, &value, keys[*i]) != GASP_OK &&
           gasp_tree_find(rows.gone, &value, keys[*i]) != GASP_OK);
    gasp_err err = o->below->get(o->below->user, o->base, keys + r.first, *i - r.first, found_below, &r);
    return r.said != GASP_OK ? r.said : answer_below(o, err);
}

static gasp_err get(void *user, const gasp_kv_snapshot *at, const gasp_bytes *keys, size_t n, gasp_kv_found found,
                    void *ctx)
{
    overlay *o = user;
    gasp_err err = check_get(keys, n, found);
    if (err != GASP_OK)
        return answer(o, err);
    layer rows = layer_of(o, at);
    for (size_t i = 0; err == GASP_OK && i < n;) {
        gasp_bytes value;
        if (gasp_tree_find(rows.put, &value, keys[i]) == GASP_OK)
            err = found(ctx, i++, value);
        else if (gasp_tree_find(rows.gone, &value, keys[i]) == GASP_OK)
            i++;
        else
            err = get_run(o, rows, keys, n, &i, found, ctx);
    }
    drop(rows, o->mem);
    return err == GASP_DONE ? GASP_OK : err;
}

/* ---- scan ---------------------------------------------------------------------------------------------------------- */

/* Two runs of rows made one: the store below calls, the tree of what was put is read along. */
typedef struct merge {
    layer rows;
    gasp_tree_cursor cursor;
    gasp_bytes key; /* of the row of the tree that comes next, when there is one */
    gasp_bytes value;
    bool more;
    gasp_bytes from;
    gasp_bytes to;
    bool reverse;
    gasp_kv_row row;
    void *ctx;
    gasp_err said; /* what row answered last */
} merge;

/* Steps to the next row of the tree that lies in the range. */
static void step(merge *m)
{
    m->more = gasp_tree_next(&m->cursor, &m->key, &m->value);
    if (m->more && m->reverse)
        m->more = compare_keys(m->key, m->from) >= 0;
    else if (m->more && m->to.len > 0)
        m->more = compare_keys(m->key, m->to) < 0;
}

static gasp_err give_put(merge *m)
{
    m->said = m->row(m->ctx, m->key, m->value);
    step(m);
    return m->said;
}

static gasp_err row_below(void *ctx, gasp_bytes key, gasp_bytes value)
{
    merge *m = ctx;
    gasp_bytes none;
    int order = 1;
    while (m->more) {
        order = compare_keys(m->key, key);
        if (m->reverse)
            order = -order;
        if (order >= 0)
            break;
        gasp_err err = give_put(m);
        if (err != GASP_OK)
            return err;
    }
    if (m->more && order == 0)
        return give_put(m);
    if (gasp_tree_find(m->rows.gone, &none, key) == GASP_OK)
        return GASP_OK;
    m->said = m->row(m->ctx, key, value);
    return m->said;
}

static gasp_err scan(void *user, const gasp_kv_snapshot *at, gasp_bytes from, gasp_bytes to, bool reverse,
                     gasp_kv_row row, void *ctx)
{
    overlay *o = user;
    gasp_err err = check_scan(from, to, row);
    if (err != GASP_OK)
        return answer(o, err);
    merge m = {.rows = layer_of(o, at), .from = from, .to = to, .reverse = reverse, .row = row, .ctx = ctx};
    gasp_tree_seek(&m.cursor, m.rows.put, reverse ? to : from, reverse);
    step(&m);
    err = o->below->scan(o->below->user, o->base, from, to, reverse, row_below, &m);
    if (m.said == GASP_OK)
        err = answer_below(o, err);
    while (err == GASP_OK && m.said == GASP_OK && m.more)
        err = give_put(&m);
    drop(m.rows, o->mem);
    return err == GASP_DONE ? GASP_OK : err;
}

/* ---- write --------------------------------------------------------------------------------------------------------- */

static gasp_err apply(layer *rows, const gasp_kv_op *op, const gasp_mem *mem)
{
    static const gasp_bytes nothing = {NULL, 0};
    bool put = op->verb == GASP_KV_PUT;
    gasp_err err = gasp_tree_del(put ? &rows->gone : &rows->put, op->key, mem);
    if (err != GASP_OK)
        return err;
    return put ? gasp_tree_put(&rows->put, op->key, op->value, mem) : gasp_tree_put(&rows->gone, op->key, nothing, mem);
}

static gasp_err write(void *user, const gasp_kv_op *ops, size_t n, bool sync)
{
    overlay *o = user;
    (void)sync;
    gasp_err err = check_write(ops, n);
    if (err != GASP_OK)
        return answer(o, err);
    gasp_lock_take(&o->writer);
    layer next = layer_of(o, NULL);
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = apply(&next, &ops[i], o->mem);
    if (err == GASP_OK) {
        gasp_lock_take(&o->state);
        layer old = o->rows;
        o->rows = next;
        next = old;
        gasp_lock_give(&o->state);
    }
    drop(next, o->mem); /* before another writer comes: it goes on from the versions that are the newest */
    gasp_lock_give(&o->writer);
    return answer(o, err);
}

/* ---- the rest ------------------------------------------------------------------------------------------------------ */

static void why(void *user, gasp_kv_text *out)
{
    overlay *o = user;
    gasp_lock_take(&o->state);
    *out = o->failed;
    gasp_lock_give(&o->state);
}

static void close_store(void *user)
{
    overlay *o = user;
    while (o->snapshots != NULL)
        release(o, o->snapshots);
    drop(o->rows, o->mem);
    o->below->release(o->below->user, o->base);
    gasp_lock_clear(&o->state);
    gasp_lock_clear(&o->writer);
    gasp_mem_free(o->mem, o);
}

gasp_err gasp_kv_overlay_new(gasp_kv **out, const gasp_kv *below, const gasp_mem *mem)
{
    if (out == NULL || below == NULL || below->size < sizeof *below)
        return GASP_ERR_MISUSE;
    mem = gasp_mem_or_default(mem);
    overlay *o = gasp_mem_zalloc(mem, sizeof *o);
    if (o == NULL)
        return GASP_ERR_NOMEM;
    o->mem = mem;
    o->below = below;
    o->kv = (gasp_kv){sizeof o->kv, o, snapshot, release, get, scan, write, why, close_store};
    gasp_err err = GASP_ERR_NOMEM;
    bool writer = gasp_lock_init(&o->writer) == GASP_OK;
    bool state = gasp_lock_init(&o->state) == GASP_OK;
    if (writer && state)
        err = below->snapshot(below->user, &o->base);
    if (err == GASP_OK) {
        *out = &o->kv;
        return GASP_OK;
    }
    if (writer)
        gasp_lock_clear(&o->writer);
    if (state)
        gasp_lock_clear(&o->state);
    gasp_mem_free(mem, o);
    return err;
}
