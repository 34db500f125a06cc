/* The store that watches. It adds nothing to what the store below answers. */
#include "cli/watch.h"

enum { TICK_ROWS = 64 };

static gasp_err snapshot(void *user, gasp_kv_snapshot **out)
{
    const gasp_watch *watch = user;
    return watch->below->snapshot(watch->below->user, out);
}

static void release(void *user, gasp_kv_snapshot *old)
{
    const gasp_watch *watch = user;
    watch->below->release(watch->below->user, old);
}

static gasp_err get(void *user, const gasp_kv_snapshot *at, const gasp_bytes *keys, size_t n, gasp_kv_found found,
                    void *ctx)
{
    const gasp_watch *watch = user;
    return watch->below->get(watch->below->user, at, keys, n, found, ctx);
}

typedef struct passing {
    gasp_watch *watch;
    gasp_kv_row row;
    void *ctx;
} passing;

static gasp_err pass(void *ctx, gasp_bytes key, gasp_bytes value)
{
    const passing *p = ctx;
    if (++p->watch->rows % TICK_ROWS == 0)
        p->watch->tick(p->watch->ctx);
    return p->row(p->ctx, key, value);
}

static gasp_err scan(void *user, const gasp_kv_snapshot *at, gasp_bytes from, gasp_bytes to, bool reverse,
                     gasp_kv_row row, void *ctx)
{
    gasp_watch *watch = user;
    passing p = {watch, row, ctx};
    return watch->below->scan(watch->below->user, at, from, to, reverse, pass, &p);
}

static gasp_err write(void *user, const gasp_kv_op *ops, size_t n, bool sync)
{
    const gasp_watch *watch = user;
    return watch->below->write(watch->below->user, ops, n, sync);
}

static void why(void *user, gasp_kv_text *out)
{
    const gasp_watch *watch = user;
    watch->below->why(watch->below->user, out);
}

void gasp_watch_init(gasp_watch *watch, const gasp_kv *below, void (*tick)(void *ctx), void *ctx)
{
    *watch = (gasp_watch){.below = below, .tick = tick, .ctx = ctx};
    watch->kv = (gasp_kv){sizeof watch->kv, watch, snapshot, release, get, scan, write, why, NULL};
}
