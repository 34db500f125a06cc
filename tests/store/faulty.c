/* A store that fails when it is told to. Snapshots are those of the store below. */
#include "store/faulty.h"

#include <stdio.h>

/* Counts one call; what it answers before the store below is asked. */
static gasp_err count(faulty *f, faulty_calls *calls)
{
    calls->seen++;
    if (f->crashed)
        return GASP_ERR_STORE_IO;
    if (calls->fail_at > 0 && --calls->fail_at == 0)
        return calls->with;
    return GASP_OK;
}

static gasp_err snapshot(void *user, gasp_kv_snapshot **out)
{
    faulty *f = user;
    gasp_err err = count(f, &f->snapshot);
    return err != GASP_OK ? err : f->below->snapshot(f->below->user, out);
}

static void release(void *user, gasp_kv_snapshot *old)
{
    faulty *f = user;
    f->below->release(f->below->user, old);
}

/* Passes `left` rows on and then answers `with`. */
typedef struct cut {
    gasp_kv_found found;
    gasp_kv_row row;
    void *ctx;
    size_t left;
    gasp_err with;
} cut;

static gasp_err cut_found(void *ctx, size_t index, gasp_bytes value)
{
    cut *c = ctx;
    return c->left-- > 0 ? c->found(c->ctx, index, value) : c->with;
}

static gasp_err cut_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    cut *c = ctx;
    return c->left-- > 0 ? c->row(c->ctx, key, value) : c->with;
}

static gasp_err get(void *user, const gasp_kv_snapshot *at, const gasp_bytes *keys, size_t n, gasp_kv_found found,
                    void *ctx)
{
    faulty *f = user;
    gasp_err err = count(f, &f->get);
    if (err == GASP_OK)
        return f->below->get(f->below->user, at, keys, n, found, ctx);
    cut c = {found, NULL, ctx, f->get.rows_first, err};
    if (c.left > 0 && !f->crashed) {
        gasp_err given = f->below->get(f->below->user, at, keys, n, cut_found, &c);
        err = given != GASP_OK ? given : err;
    }
    return err;
}

static gasp_err scan(void *user, const gasp_kv_snapshot *at, gasp_bytes from, gasp_bytes to, bool reverse,
                     gasp_kv_row row, void *ctx)
{
    faulty *f = user;
    gasp_err err = count(f, &f->scan);
    if (err == GASP_OK)
        return f->below->scan(f->below->user, at, from, to, reverse, row, ctx);
    cut c = {NULL, row, ctx, f->scan.rows_first, err};
    if (c.left > 0 && !f->crashed) {
        gasp_err given = f->below->scan(f->below->user, at, from, to, reverse, cut_row, &c);
        err = given != GASP_OK ? given : err;
    }
    return err;
}

static gasp_err write(void *user, const gasp_kv_op *ops, size_t n, bool sync)
{
    faulty *f = user;
    bool dead = f->crashed;
    gasp_err err = count(f, &f->write);
    if (!dead && f->crash_at > 0 && --f->crash_at == 0) {
        f->crashed = true;
        err = GASP_ERR_STORE_IO;
    }
    if (err != GASP_OK && (dead || !f->lands))
        return err;
    gasp_err done = f->below->write(f->below->user, ops, n, sync);
    return err != GASP_OK ? err : done;
}

static void why(void *user, gasp_kv_text *out)
{
    (void)user;
    snprintf(out->text, sizeof out->text, "failed on demand of a test");
}

void faulty_init(faulty *f, const gasp_kv *below)
{
    const faulty_calls calls = {.with = GASP_ERR_STORE_IO};
    *f = (faulty){.kv = {sizeof f->kv, f, snapshot, release, get, scan, write, why, NULL},
                  .below = below,
                  .snapshot = calls,
                  .get = calls,
                  .scan = calls,
                  .write = calls};
}
