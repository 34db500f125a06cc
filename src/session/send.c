/* The turn in which this side gives, first half: the peer's filter is walked through part by part, and what it lacks
 * becomes the list of roots; credit and wants come in. What goes out is made in send_roots.c. */
#include <string.h>

#include "base/mem.h"
#include "session/inside.h"

void send_clear(gasp_session *s)
{
    sending *out = &s->out_turn;
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
    return gasp_items_index_outpoints(&s->items);
}

/* ---- the peer's filter --------------------------------------------------------------------------------------------- */

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
        out->roots[out->n_roots++] = (root){.txid = outpoint->txid, .known = true};
    }
    root *r = &out->roots[*(size_t *)place];
    r->known = r->known && outpoint_known;
    return add_link(s, r, outpoint->vout);
}

root *send_root_of(gasp_session *s, const gasp_txid *txid)
{
    const size_t *at = gasp_map_get(&s->out_turn.by_txid, txid->b);
    root *r = at != NULL ? &s->out_turn.roots[*at] : NULL;
    return r != NULL && !r->sent ? r : NULL;
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
    if (++out->parts > gasp_bloom_parts((size_t)s->limits.max_items))
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
            err = send_add_missing(s, position, known && s->match == GASP_MATCH_STATE);
    }
    out->filter_done = last == 1;
    return err;
}

/* ---- the peer's wants, credit, end --------------------------------------------------------------------------------- */

/** WANTs of one turn: an honest peer asks once for each transaction that our roots stand on, and there are no more of
 *  those than it may stage at a time for each of our roots; this bounds what one that asks again and again costs. */
enum { WANTS_IN_TURN_MAX = 1 << 24 };

gasp_err on_want(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    sending *out = &s->out_turn;
    (void)message;
    size_t count = gasp_read_count(r, GASP_WANT_LEN);
    bool loading = s->asks[GASP_ASK_LOAD].out || (out->loaded && out->load_answers);
    if (out->next_want == out->n_wants && !loading) /* all answered: their places are free */
        out->next_want = out->n_wants = 0;
    for (size_t i = 0; i < count; i++) {
        gasp_want want;
        gasp_want_read(&want, r, GASP_MSG_WANT);
        if (r->err != GASP_OK)
            break;
        if (out->n_wants - out->next_want >= s->limits.max_wants || out->wants_taken == WANTS_IN_TURN_MAX)
            return GASP_ERR_PEER_LIMIT;
        out->wants_taken++;
        void *wants = out->wants;
        gasp_err err =
            gasp_mem_grow(s->mem, &wants, &out->cap_wants, out->n_wants + 1, sizeof *out->wants, WANTS_IN_TURN_MAX);
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

gasp_err on_turn_end(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    sending *out = &s->out_turn;
    (void)message;
    gasp_err err = gasp_reader_finish(r, NULL);
    if (err != GASP_OK)
        return err;
    if (!out->ended || out->next_want < out->n_wants || s->asks[GASP_ASK_LOAD].out || out->loaded)
        return GASP_ERR_PEER_UNEXPECTED;
    send_clear(s);
    return turn_over(s);
}
