/* The kv port in memory: a reference to the root of a persistent tree. A reader takes the root and needs nothing more;
 * a writer makes the next root beside it and exchanges the two at the end, so a batch is atomic and a failed one leaves
 * nothing. Two locks: `writer` for the whole of a write, `state` for a few instructions. Neither is held while a
 * callback runs. */
#include <stdio.h>

#include "base/lock.h"
#include "base/mem.h"
#include "gasp/kv.h"
#include "store/check.h"
#include "store/tree.h"

struct gasp_kv_snapshot {
    gasp_tree *root;
    gasp_kv_snapshot *before;
    gasp_kv_snapshot *after;
};

typedef struct memory {
    gasp_kv kv;
    const gasp_mem *mem;
    gasp_lock writer;
    gasp_lock state; /* guards what follows */
    gasp_tree *root;
    gasp_kv_snapshot *snapshots;
    gasp_err failed; /* newest error that was answered */
} memory;

/* Remembers err for `why` when it is one; gives it back. */
static gasp_err answer(memory *m, gasp_err err)
{
    if (err < 0) {
        gasp_lock_take(&m->state);
        m->failed = err;
        gasp_lock_give(&m->state);
    }
    return err;
}

static gasp_tree *newest(memory *m)
{
    gasp_lock_take(&m->state);
    gasp_tree *root = gasp_tree_retain(m->root);
    gasp_lock_give(&m->state);
    return root;
}

static gasp_err snapshot(void *user, gasp_kv_snapshot **out)
{
    memory *m = user;
    if (out == NULL)
        return answer(m, GASP_ERR_MISUSE);
    gasp_kv_snapshot *made = gasp_mem_zalloc(m->mem, sizeof *made);
    if (made == NULL)
        return answer(m, GASP_ERR_NOMEM);
    gasp_lock_take(&m->state);
    made->root = gasp_tree_retain(m->root);
    made->after = m->snapshots;
    if (made->after != NULL)
        made->after->before = made;
    m->snapshots = made;
    gasp_lock_give(&m->state);
    *out = made;
    return GASP_OK;
}

static void release(void *user, gasp_kv_snapshot *old)
{
    memory *m = user;
    if (old == NULL)
        return;
    gasp_lock_take(&m->state);
    if (old->before != NULL)
        old->before->after = old->after;
    else
        m->snapshots = old->after;
    if (old->after != NULL)
        old->after->before = old->before;
    gasp_lock_give(&m->state);
    gasp_tree_release(old->root, m->mem);
    gasp_mem_free(m->mem, old);
}

static gasp_err get(void *user, const gasp_kv_snapshot *at, const gasp_bytes *keys, size_t n, gasp_kv_found found,
                    void *ctx)
{
    memory *m = user;
    gasp_err err = check_get(keys, n, found);
    if (err != GASP_OK)
        return answer(m, err);
    gasp_tree *own = at != NULL ? NULL : newest(m);
    const gasp_tree *root = at != NULL ? at->root : own;
    for (size_t i = 0; err == GASP_OK && i < n; i++) {
        gasp_bytes value;
        if (gasp_tree_find(root, &value, keys[i]) == GASP_OK)
            err = found(ctx, i, value);
    }
    gasp_tree_release(own, m->mem);
    return err == GASP_DONE ? GASP_OK : err;
}

/* Whether a row that the cursor gave, in either direction, still lies in the range. */
static bool inside(gasp_bytes key, gasp_bytes from, gasp_bytes to, bool reverse)
{
    if (reverse)
        return compare_keys(key, from) >= 0;
    return to.len == 0 || compare_keys(key, to) < 0;
}

static gasp_err scan(void *user, const gasp_kv_snapshot *at, gasp_bytes from, gasp_bytes to, bool reverse,
                     gasp_kv_row row, void *ctx)
{
    memory *m = user;
    gasp_err err = check_scan(from, to, row);
    if (err != GASP_OK)
        return answer(m, err);
    gasp_tree *own = at != NULL ? NULL : newest(m);
    const gasp_tree *root = at != NULL ? at->root : own;
    gasp_tree_cursor cursor;
    gasp_bytes key;
    gasp_bytes value;
    gasp_tree_seek(&cursor, root, reverse ? to : from, reverse);
    while (err == GASP_OK && gasp_tree_next(&cursor, &key, &value) && inside(key, from, to, reverse))
        err = row(ctx, key, value);
    gasp_tree_release(own, m->mem);
    return err == GASP_DONE ? GASP_OK : err;
}

static gasp_err apply(gasp_tree **root, const gasp_kv_op *op, const gasp_mem *mem)
{
    return op->verb == GASP_KV_PUT ? gasp_tree_put(root, op->key, op->value, mem) : gasp_tree_del(root, op->key, mem);
}

static gasp_err write(void *user, const gasp_kv_op *ops, size_t n, bool sync)
{
    memory *m = user;
    (void)sync;
    gasp_err err = check_write(ops, n);
    if (err != GASP_OK)
        return answer(m, err);
    gasp_lock_take(&m->writer);
    gasp_tree *next = newest(m);
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = apply(&next, &ops[i], m->mem);
    if (err == GASP_OK) {
        gasp_lock_take(&m->state);
        gasp_tree *old = m->root;
        m->root = next;
        next = old;
        gasp_lock_give(&m->state);
    }
    gasp_tree_release(next, m->mem); /* before another writer comes: it goes on from the version that is the newest */
    gasp_lock_give(&m->writer);
    return answer(m, err);
}

static void why(void *user, gasp_kv_text *out)
{
    memory *m = user;
    gasp_lock_take(&m->state);
    gasp_err failed = m->failed;
    gasp_lock_give(&m->state);
    snprintf(out->text, sizeof out->text, "%s", failed != GASP_OK ? gasp_err_text(failed) : "");
}

static void close_store(void *user)
{
    memory *m = user;
    while (m->snapshots != NULL)
        release(m, m->snapshots);
    gasp_tree_release(m->root, m->mem);
    gasp_lock_clear(&m->state);
    gasp_lock_clear(&m->writer);
    gasp_mem_free(m->mem, m);
}

gasp_err gasp_kv_memory_new(gasp_kv **out, const gasp_mem *mem)
{
    if (out == NULL)
        return GASP_ERR_MISUSE;
    mem = gasp_mem_or_default(mem);
    memory *m = gasp_mem_zalloc(mem, sizeof *m);
    if (m == NULL)
        return GASP_ERR_NOMEM;
    m->mem = mem;
    m->kv = (gasp_kv){sizeof m->kv, m, snapshot, release, get, scan, write, why, close_store};
    bool writer = gasp_lock_init(&m->writer) == GASP_OK;
    bool state = gasp_lock_init(&m->state) == GASP_OK;
    if (writer && state) {
        *out = &m->kv;
        return GASP_OK;
    }
    if (writer)
        gasp_lock_clear(&m->writer);
    if (state)
        gasp_lock_clear(&m->state);
    gasp_mem_free(mem, m);
    return GASP_ERR_NOMEM;
}

void gasp_kv_close(gasp_kv *kv)
{
    if (kv != NULL && kv->close != NULL)
        kv->close(kv->user);
}
