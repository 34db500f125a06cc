/* The turn in which this side gives, first half: the peer's filter is walked through part by part, and what it lacks
 * becomes the list of roots; credit and wants come in. What goes out is made in send_roots.c. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "session/inside.h"
#include "set/sort.h"

void send_clear(gasp_session *s)
{
    sending *out = &s->out_turn;
    gasp_mem_free(s->mem, out->skip);
    gasp_data_clear(&out->held);
    gasp_mem_free(s->mem, out->order);
    gasp_mem_free(s->mem, out->roots);
    gasp_mem_free(s->mem, out->links);
    gasp_mem_free(s->mem, out->wants);
    gasp_mem_free(s->mem, out->load_of);
    if (out->loaded)
        gasp_load_clear(&s->asks[GASP_ASK_LOAD].batch.load);
    gasp_map_clear(&out->by_txid);
    gasp_map_clear(&out->served);
    *out = (sending){0};
}

gasp_err send_begin(gasp_session *s)
{
    uint8_t seed[16];
    send_clear(s);
    s->out_turn.credit = (gasp_credit){s->theirs.credit_roots, s->theirs.credit_bytes};
    session_random(s, seed, sizeof seed);
    gasp_map_init(&s->out_turn.by_txid, 32, sizeof(size_t), GASP_ITEMS_MAX, seed, s->mem);
    gasp_map_init(&s->out_turn.served, 32, sizeof(served), GASP_ITEMS_MAX, seed, s->mem);
    s->out_turn.filter_done = s->turn == TURNS_MAX;
    s->account.known = s->account.known || s->turn < TURNS_MAX;
    return gasp_items_index_outpoints(&s->items);
}

/* ---- roots --------------------------------------------------------------------------------------------------------- */

static gasp_err add_link(gasp_session *s, root *r, uint32_t vout)
{
    sending *out = &s->out_turn;
    void *links = out->links;
    gasp_err err =
        gasp_mem_grow(s->mem, &links, &out->cap_links, out->n_links + 1, sizeof *out->links, (size_t)s->items.len);
    out->links = links;
    if (err != GASP_OK)
        return err;
    out->links[out->n_links++] = (root_link){vout, r->first};
    r->first = (uint32_t)out->n_links;
    r->count++;
    return GASP_OK;
}

gasp_err send_add_missing(gasp_session *s, size_t position, bool outpoint_known)
{
    sending *out = &s->out_turn;
    const gasp_outpoint *outpoint = gasp_items_outpoint(&s->items, position);
    void *place;
    bool fresh;
    gasp_err err = gasp_map_put(&out->by_txid, &place, &fresh, outpoint->txid.b);
    if (err != GASP_OK)
        return err;
    if (fresh) {
        void *roots = out->roots;
        err =
            gasp_mem_grow(s->mem, &roots, &out->cap_roots, out->n_roots + 1, sizeof *out->roots, (size_t)s->items.len);
        out->roots = roots;
        if (err != GASP_OK)
            return err;
        *(size_t *)place = out->n_roots;
        out->roots[out->n_roots++] = (root){.txid = outpoint->txid, .position = position, .known = true};
    }
    root *r = &out->roots[*(size_t *)place];
    r->position = r->position < position ? r->position : position;
    r->known = r->known && outpoint_known;
    return add_link(s, r, outpoint->vout);
}

static int by_position(const void *a, const void *b, const void *user)
{
    const root *x = a;
    const root *y = b;
    (void)user;
    return x->position < y->position ? -1 : x->position > y->position;
}

/* All roots are known. They go out in the order of the set, which is that of blocks: a batch then has few blocks, and the
 * upper part of a block's path travels once. */
static gasp_err order_roots(gasp_session *s)
{
    sending *out = &s->out_turn;
    gasp_err err = gasp_sort(out->roots, out->n_roots, sizeof *out->roots, by_position, NULL, s->mem);
    for (size_t i = 0; err == GASP_OK && i < out->n_roots; i++)
        *(size_t *)gasp_map_get(&out->by_txid, out->roots[i].txid.b) = i;
    return err;
}

root *send_root_of(gasp_session *s, const gasp_txid *txid)
{
    const size_t *at = gasp_map_get(&s->out_turn.by_txid, txid->b);
    root *r = at != NULL ? &s->out_turn.roots[*at] : NULL;
    return r != NULL && !r->sent ? r : NULL;
}

/* ---- what the peer does not want ----------------------------------------------------------------------------------- */

static bool is_skipped(const sending *out, size_t position)
{
    return out->skip != NULL && (out->skip[position / 8] >> position % 8 & 1) != 0;
}

/* One reference, number i: whether we hold that item, and then that the peer lacks it. */
static gasp_err skip_one(gasp_session *s, size_t i, const gasp_skip_ref *ref)
{
    sending *out = &s->out_turn;
    const gasp_bound at = {ref->time, ref->id};
    size_t position = gasp_items_lower_bound(&s->items, 0, &at);
    if (position == s->items.len || gasp_item_compare(&s->items.item[position], &at) != 0)
        return GASP_OK;
    out->held.data[i / 8] |= (uint8_t)(1u << i % 8);
    out->skip[position / 8] |= (uint8_t)(1u << position % 8);
    return account_lacks(&s->account, gasp_items_outpoint(&s->items, position));
}

gasp_err on_skip(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    sending *out = &s->out_turn;
    gasp_skip_ref ref = {0};
    (void)message;
    if (!session_has(s, GASP_FEATURE_SKIP) || s->look || s->turn == TURNS_MAX || !s->has_items || out->skip != NULL ||
        out->parts > 0)
        return GASP_ERR_PEER_UNEXPECTED;
    size_t count = gasp_skip_count(r);
    out->skip = gasp_mem_zalloc(s->mem, s->items.len / 8 + 1);
    out->held = (gasp_data){gasp_mem_zalloc(s->mem, count / 8 + 1), (count + 7) / 8, s->mem};
    gasp_err err = out->skip != NULL && out->held.data != NULL ? GASP_OK : GASP_ERR_NOMEM;
    for (size_t i = 0; err == GASP_OK && i < count; i++) {
        gasp_skip_read(&ref, r, i > 0);
        if (r->err != GASP_OK)
            break;
        err = skip_one(s, i, &ref);
    }
    return err == GASP_OK ? gasp_reader_finish(r, NULL) : err;
}

/* ---- the peer's filter --------------------------------------------------------------------------------------------- */

/* An item that is not in the filter: a root, unless nothing moves in this turn or the peer does not want it. */
static gasp_err missing(gasp_session *s, size_t position, bool known)
{
    if (s->look)
        return account_lacks(&s->account, gasp_items_outpoint(&s->items, position));
    if (is_skipped(&s->out_turn, position))
        return GASP_OK;
    return send_add_missing(s, position, known && s->match == GASP_MATCH_STATE);
}

gasp_err on_filter(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    sending *out = &s->out_turn;
    gasp_bloom_part part;
    size_t begin;
    size_t end;
    bool equal;
    (void)message;
    uint8_t last = gasp_read_u8(r);
    if (last > 1)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, 0);
    gasp_err err = gasp_bloom_part_read(&part, r);
    if (err == GASP_OK)
        err = gasp_reader_finish(r, NULL);
    if (err != GASP_OK)
        return err;
    if (out->filter_done || !s->has_items)
        return GASP_ERR_PEER_UNEXPECTED;
    if (++out->parts > gasp_bloom_parts(gasp_limit_set(MAX_ITEMS, s->limits.max_items)))
        return GASP_ERR_PEER_LIMIT;
    err = gasp_bloom_walk_take(&out->walk, &begin, &end, &equal, &part, &s->items);
    if (err != GASP_OK)
        return err;
    if (out->walk.done != (last == 1))
        return GASP_ERR_PEER_FILTER;
    for (size_t n = begin; err == GASP_OK && !equal && n < end; n++) {
        size_t position = gasp_items_nth_outpoint(&s->items, n);
        bool known = false;
        if (!gasp_bloom_part_has_item(&part, &known, &s->items, position))
            err = missing(s, position, known);
    }
    out->filter_done = last == 1;
    return err == GASP_OK && out->filter_done ? order_roots(s) : err;
}

/* ---- the peer's wants, credit, end --------------------------------------------------------------------------------- */

/** WANTs of one turn: an honest peer asks once for each transaction that our roots stand on, and there are no more of
 *  those than it may stage at a time for each of our roots; this bounds what one that asks again and again costs. */
enum { WANTS_IN_TURN_MAX = GASP_LIMIT_WANTS_IN_TURN };

gasp_err on_want(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    sending *out = &s->out_turn;
    (void)message;
    if (s->look) /* who looks may not read: nothing was offered that could stand on anything */
        return GASP_ERR_PEER_UNEXPECTED;
    size_t count = gasp_read_count(r, GASP_WANT_LEN);
    bool loading = s->asks[GASP_ASK_LOAD].out || (out->loaded && out->load_answers);
    if (out->next_want == out->n_wants && !loading) /* all answered: their places are free */
        out->next_want = out->n_wants = 0;
    for (size_t i = 0; i < count; i++) {
        gasp_want want;
        gasp_want_read(&want, r, GASP_MSG_WANT);
        if (r->err != GASP_OK)
            break;
        if (out->n_wants - out->next_want >= gasp_limit_set(MAX_WANTS, s->limits.max_wants) ||
            out->wants_taken >= gasp_limit(WANTS_IN_TURN))
            return GASP_ERR_PEER_LIMIT;
        out->wants_taken++;
        void *wants = out->wants;
        gasp_err err = gasp_mem_grow(s->mem, &wants, &out->cap_wants, out->n_wants + 1, sizeof *out->wants,
                                     gasp_limit(WANTS_IN_TURN));
        out->wants = wants;
        if (err != GASP_OK)
            return err == GASP_ERR_LIMIT ? GASP_ERR_PEER_LIMIT : err;
        out->wants[out->n_wants++] = want;
        s->stats.wants_in++;
    }
    return gasp_reader_finish(r, NULL);
}

gasp_err on_credit(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    sending *out = &s->out_turn;
    gasp_credit credit;
    (void)message;
    gasp_err err = gasp_credit_decode(&credit, r);
    if (err != GASP_OK)
        return err;
    if (credit.roots > out->unfinished.roots || credit.bytes > out->unfinished.bytes)
        return GASP_ERR_PEER_MESSAGE;
    out->unfinished.roots -= credit.roots;
    out->unfinished.bytes -= credit.bytes;
    return GASP_OK;
}

static bool bit(gasp_bytes bits, uint64_t at)
{
    return (bits.data[at / 8] >> at % 8 & 1) != 0;
}

/* The outputs of one root: all of them, or those with a bit from number `at` on. */
static gasp_err lacks_outputs(gasp_session *s, const root *r, const gasp_bytes *bits, uint64_t at)
{
    uint32_t *vouts;
    gasp_err err = send_vouts(s, &vouts, r);
    for (uint32_t i = 0; err == GASP_OK && i < r->count; i++) {
        const gasp_outpoint outpoint = {r->txid, vouts[i]};
        if (bits == NULL || bit(*bits, at + i))
            err = account_lacks(&s->account, &outpoint);
    }
    gasp_mem_free(s->mem, vouts);
    return err;
}

/* What the receiver does not hold of what was offered, and what could not be offered. A SPEND that it took has made an end
 * of what we claimed. */
static gasp_err account_turn(gasp_session *s, gasp_bytes lacking)
{
    const sending *out = &s->out_turn;
    gasp_err err = GASP_OK;
    uint64_t at = 0;
    for (size_t i = 0; err == GASP_OK && i < out->n_roots; i++)
        if (!out->roots[i].sent)
            err = lacks_outputs(s, &out->roots[i], NULL, 0);
    for (size_t i = 0; err == GASP_OK && i < out->n_order; i++) {
        const root *r = &out->roots[out->order[i]];
        if (lacking.len > 0)
            err = lacks_outputs(s, r, &lacking, at);
        at += r->count;
    }
    for (size_t i = 0; i < out->next_spend; i++) {
        owed_spend *owed = &s->owed[i];
        owed->taken = lacking.len == 0 || !bit(lacking, at + s->owed[owed->same].number);
        for (size_t k = 0; owed->taken && k < owed->n_claims; k++)
            s->account.claims[owed->first_claim + k].gone = true;
    }
    return err;
}

gasp_err on_turn_end(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    sending *out = &s->out_turn;
    gasp_turn_end end;
    (void)message;
    gasp_err err = gasp_turn_end_decode(&end, r);
    if (err != GASP_OK)
        return err;
    if (!out->ended || out->next_want < out->n_wants || s->asks[GASP_ASK_LOAD].out || out->loaded)
        return GASP_ERR_PEER_UNEXPECTED;
    if (end.lacking.len != 0 && end.lacking.len != (out->sent.outputs + out->sent.spends + 7) / 8)
        return GASP_ERR_PEER_MESSAGE;
    bool look;
    s->peer_owes = end.owes;
    if (end.owes &&
        (s->turn + 1 != TURNS_MAX || !session_has(s, GASP_FEATURE_SPEND) || !turn_takes_place(s, TURNS_MAX, &look)))
        return GASP_ERR_PEER_MESSAGE;
    err = account_turn(s, end.lacking);
    if (err != GASP_OK)
        return err;
    send_clear(s);
    return turn_over(s);
}
