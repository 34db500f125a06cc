/* Headers: each row alone and against its parent, then the best chain upwards with every rule, then what the state says of
 * it. After a problem the walk goes on with the rows as they are, so that one broken header is one problem. */
#include <stdio.h>
#include <string.h>

#include "spv/work.h"
#include "wallet/check.h"
#include "wallet/headers.h"

enum { WHAT_MAX = 200 };

static bool same(const gasp_block_hash *a, const gasp_block_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static gasp_err say(gasp_checking *c, const char *row, uint32_t height, const char *what)
{
    char line[WHAT_MAX];
    snprintf(line, sizeof line, "%s, height %lu: %s", row, (unsigned long)height, what);
    return gasp_check_say(c, NULL, line);
}

/* ---- rows h -------------------------------------------------------------------------------------------------------- */

typedef struct holding {
    gasp_checking *c;
    bool has_tip;
    gasp_row_header tip;
    bool outdone; /* said once */
} holding;

/* Height and work follow from the parent. */
static gasp_err check_parent(gasp_checking *c, const gasp_row_header *row, const gasp_header *header)
{
    gasp_row_header parent;
    gasp_work work;
    bool held;
    gasp_err err = gasp_check_soft(gasp_txn_header(&c->txn, &parent, &header->prev), &held);
    if (err != GASP_OK)
        return err;
    if (!gasp_work_of_bits(&work, header->bits))
        return GASP_OK; /* was said: no target */
    if (row->height == 0)
        return gasp_work_compare(&work, &row->work) == 0 ? GASP_OK : say(c, "header", 0, "its work is not its own");
    if (!held || parent.trust == GASP_TRUST_DECREE)
        return row->trust == GASP_TRUST_PIN ? GASP_OK
                                            : say(c, "header", row->height, "the header before it is not held");
    if (parent.height != row->height - 1)
        return say(c, "header", row->height, "its height does not follow its parent's");
    if (gasp_work_add(&work, &work, &parent.work) || gasp_work_compare(&work, &row->work) != 0)
        return say(c, "header", row->height, "its work is not that of its parent and its own");
    return GASP_OK;
}

/* One that is not in the best chain has its row k. */
static gasp_err check_beside(gasp_checking *c, uint32_t height, const gasp_block_hash *hash)
{
    gasp_key key = gasp_key_beside(height, hash);
    gasp_block_hash there;
    bool found;
    gasp_err err = gasp_check_soft(gasp_chain_hash_at(&c->txn, &there, height), &found);
    if (err != GASP_OK || (found && same(&there, hash)))
        return err;
    err = gasp_check_soft(gasp_txn_has(&c->txn, &key), &found);
    return err == GASP_OK && !found ? say(c, "header", height, "not in the best chain, and without its row k") : err;
}

static gasp_err beside_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_block_hash hash;
    bool held;
    if (key.len != 1 + 4 + 32 || value.len != 0 || gasp_key_read_hash(hash.b, key, 1 + 4) != GASP_OK)
        return gasp_check_say(c, NULL, "row k: a key or value of another length");
    gasp_key header = gasp_key_header(&hash);
    gasp_err err = gasp_check_soft(gasp_txn_has(&c->txn, &header), &held);
    return err == GASP_OK && !held ? gasp_check_say(c, NULL, "row k of a header that is not held") : err;
}

static gasp_err held_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    static const gasp_work none;
    holding *h = ctx;
    gasp_checking *c = h->c;
    gasp_row_header row;
    gasp_header_step step;
    gasp_block_hash hash;
    gasp_block_hash named;
    if (key.len != 33 || gasp_key_read_hash(named.b, key, 1) != GASP_OK)
        return gasp_check_say(c, NULL, "header: a key of another length");
    c->report->headers++;
    if (gasp_row_header_decode(&row, value) != GASP_OK)
        return gasp_check_say(c, NULL, "header: a row that cannot be read");
    gasp_header_hash(&hash, row.raw80);
    if (!same(&hash, &named))
        return say(c, "header", row.height, "its bytes do not hash to its key");
    gasp_err err = gasp_header_trust(&step, gasp_network_rules_of(c->txn.wallet->network), row.height, row.raw80);
    if (err != GASP_OK)
        return gasp_err_class(err) == GASP_CLASS_VERIFY ? say(c, "header", row.height, gasp_err_text(err)) : err;
    err = check_beside(c, row.height, &hash);
    if (err != GASP_OK)
        return err;
    if (row.trust == GASP_TRUST_DECREE)
        return gasp_work_compare(&row.work, &none) == 0 ? GASP_OK
                                                        : say(c, "header", row.height, "trusted, but it has work");
    if (h->has_tip && !h->outdone && gasp_work_compare(&row.work, &h->tip.work) > 0) {
        h->outdone = true;
        err = say(c, "header", row.height, "has more work than the tip");
    }
    return err == GASP_OK ? check_parent(c, &row, &step.header) : err;
}

/* ---- rows H -------------------------------------------------------------------------------------------------------- */

typedef struct walking {
    gasp_checking *c;
    gasp_header_window w;
    bool begun;
    bool whole; /* the window goes back to a start, not to a problem */
    bool any;
    uint32_t top;
} walking;

static gasp_err judge(walking *walk, const gasp_row_header *row, const gasp_header_step *step)
{
    gasp_header_window *w = &walk->w;
    gasp_header_step judged;
    gasp_err err = GASP_OK;
    if (row->trust == GASP_TRUST_RULES && gasp_header_window_lacks(w) == 0) {
        walk->whole = true;
        err = gasp_header_window_check(w, &judged, row->raw80, NULL);
        if (gasp_err_class(err) == GASP_CLASS_VERIFY)
            err = say(walk->c, "header", row->height, gasp_err_text(err));
    } else if (row->trust == GASP_TRUST_RULES && walk->whole) {
        walk->whole = false;
        err = say(walk->c, "header", row->height, "held as judged, without the headers to judge it by");
    }
    return err == GASP_OK ? gasp_header_window_push(w, step) : err;
}

/* The header that a linked one names stands below it when it is held. */
static gasp_err check_below(gasp_checking *c, uint32_t height, const gasp_block_hash *prev)
{
    gasp_row_header parent;
    gasp_block_hash below;
    bool held;
    bool there;
    gasp_err err = gasp_check_soft(gasp_txn_header(&c->txn, &parent, prev), &held);
    if (err == GASP_OK)
        err = gasp_check_soft(gasp_chain_hash_at(&c->txn, &below, height - 1), &there);
    if (err != GASP_OK || !held || parent.trust == GASP_TRUST_DECREE || (there && same(&below, prev)))
        return err;
    return say(c, "row H", height, "the header before it is held and not in the best chain");
}

static gasp_err chain_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    walking *walk = ctx;
    gasp_row_header row;
    gasp_block_hash hash;
    uint32_t height;
    bool held;
    if (gasp_chain_read_height(&height, key) != GASP_OK || value.len != sizeof hash.b)
        return gasp_check_say(walk->c, NULL, "row H: a key or value of another length");
    memcpy(hash.b, value.data, sizeof hash.b);
    walk->top = height;
    walk->any = true;
    gasp_err err = gasp_check_soft(gasp_txn_header(&walk->c->txn, &row, &hash), &held);
    if (err != GASP_OK)
        return err;
    if (!held || row.height != height)
        return say(walk->c, "row H", height, held ? "names a header of another height" : "names a header not held");
    if (row.trust == GASP_TRUST_DECREE)
        return GASP_OK;
    gasp_header_step step = gasp_chain_step(&row, &hash);
    if (walk->begun && walk->w.next == height && same(&step.header.prev, &walk->w.last))
        return judge(walk, &row, &step);
    const gasp_header_row kept = {step.header.time, step.header.bits, step.work};
    gasp_header_window_load(&walk->w, height, &hash, &kept);
    walk->whole = row.trust == GASP_TRUST_PIN || height == 0;
    walk->begun = true;
    return height > 0 ? check_below(walk->c, height, &step.header.prev) : GASP_OK;
}

/* ---- the state ----------------------------------------------------------------------------------------------------- */

static gasp_err check_tip(holding *h, const walking *walk)
{
    gasp_checking *c = h->c;
    gasp_block_hash there;
    bool in_chain;
    if (!h->has_tip)
        return gasp_check_say(c, NULL, "state: the tip is no held header");
    if (h->tip.trust == GASP_TRUST_DECREE)
        return gasp_check_say(c, NULL, "state: the tip is a trusted header");
    gasp_err err = gasp_check_soft(gasp_chain_hash_at(&c->txn, &there, h->tip.height), &in_chain);
    if (err == GASP_OK && (!in_chain || !same(&there, &c->txn.state.tip)))
        err = gasp_check_say(c, NULL, "state: the tip is not in the best chain");
    if (err == GASP_OK && walk->any && walk->top != c->txn.state.top)
        err = gasp_check_say(c, NULL, "state: the top is not the highest header of the best chain");
    return err;
}

gasp_err gasp_check_headers(gasp_checking *c)
{
    holding h = {.c = c};
    walking walk = {.c = c};
    gasp_err err = gasp_check_soft(gasp_txn_header(&c->txn, &h.tip, &c->txn.state.tip), &h.has_tip);
    if (err == GASP_OK)
        err = gasp_check_scan(c, 'h', held_row, &h);
    if (err == GASP_OK)
        err = gasp_check_scan(c, 'k', beside_row, c);
    if (err == GASP_OK)
        err = gasp_header_window_init(&walk.w, c->txn.wallet->network, c->txn.wallet->mem);
    if (err == GASP_OK)
        err = gasp_check_scan(c, 'H', chain_row, &walk);
    if (err == GASP_OK)
        err = check_tip(&h, &walk);
    gasp_header_window_clear(&walk.w);
    return err;
}
