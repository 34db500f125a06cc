/* The turn in which this side gives, second half: what goes out. Answers to WANT come first, then roots as far as the
 * receiver gave credit, then their end. Transactions are read from the store a few at a time and only when the transport
 * has room; each batch carries one merkle path a block, and nothing of a batch outlives it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chain/bump.h"
#include "session/inside.h"

/* ---- what to load next --------------------------------------------------------------------------------------------- */

static gasp_err load(gasp_session *s, const gasp_txid *txids, size_t n)
{
    gasp_ask batch = {.load = {.collection = s->collection, .mem = s->mem}};
    batch.load.nodes = gasp_mem_zalloc_array(s->mem, n, sizeof *batch.load.nodes);
    if (batch.load.nodes == NULL)
        return GASP_ERR_NOMEM;
    batch.load.n_nodes = n;
    for (size_t i = 0; i < n; i++)
        batch.load.nodes[i].txid = txids[i];
    return session_ask(s, GASP_ASK_LOAD, &batch);
}

gasp_err send_loaded(gasp_session *s)
{
    s->asks[GASP_ASK_LOAD].out = false;
    s->out_turn.loaded = true;
    s->out_turn.load_at = 0;
    return GASP_OK;
}

/* References that are answered with a few bytes: SENT or ABSENT. */
static gasp_err say_short(gasp_session *s, gasp_msg type, const gasp_want *list, size_t n)
{
    if (n == 0)
        return GASP_OK;
    gasp_writer w = session_message(s);
    gasp_write_compact(&w, n);
    for (size_t i = 0; i < n; i++)
        gasp_want_encode(&w, type, &list[i]);
    return w.err == GASP_OK ? session_emit(s, type, &s->scratch) : w.err;
}

static gasp_err say_absent(gasp_session *s, const gasp_want *want, uint8_t reason, size_t len)
{
    gasp_want absent = *want;
    absent.reason = reason;
    absent.len = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX;
    return say_short(s, GASP_MSG_ABSENT, &absent, 1);
}

static bool served_enough(const gasp_session *s, const gasp_want *want, const served *before)
{
    if (s->out_turn.served_bytes >= s->limits.serve_bytes)
        return true;
    return want->kind == GASP_WANT_METADATA && before != NULL && before->metadata >= s->limits.serve_repeats;
}

/* The next WANTs: what went out already is SENT, the rest is loaded. */
static gasp_err load_wanted(gasp_session *s)
{
    sending *out = &s->out_turn;
    gasp_txid txids[LOAD_NODES];
    gasp_want sent[LOAD_NODES];
    size_t n = 0;
    size_t n_sent = 0;
    gasp_err err = GASP_OK;
    while (err == GASP_OK && out->next_want < out->n_wants && n < LOAD_NODES && n_sent < LOAD_NODES) {
        const gasp_want *want = &out->wants[out->next_want];
        const served *before = gasp_map_get(&out->served, want->outpoint.txid.b);
        if (want->kind == GASP_WANT_TX && before != NULL && before->whole) {
            sent[n_sent++] = *want;
        } else if (served_enough(s, want, before)) {
            err = say_absent(s, want, GASP_ABSENT_LIMIT, 0);
        } else {
            out->load_of[n] = out->next_want;
            txids[n++] = want->outpoint.txid;
        }
        out->next_want++;
    }
    out->load_answers = true;
    if (err == GASP_OK)
        err = say_short(s, GASP_MSG_SENT, sent, n_sent);
    return err == GASP_OK && n > 0 ? load(s, txids, n) : err;
}

static gasp_err load_roots(gasp_session *s)
{
    sending *out = &s->out_turn;
    gasp_txid txids[LOAD_NODES];
    size_t room = out->credit.roots - out->unfinished.roots;
    size_t n = 0;
    while (out->next_root < out->n_roots && n < LOAD_NODES && n < room) {
        const root *r = &out->roots[out->next_root];
        if (!r->sent) {
            out->load_of[n] = out->next_root;
            txids[n++] = r->txid;
        }
        out->next_root++;
    }
    out->load_answers = false;
    return n > 0 ? load(s, txids, n) : GASP_OK;
}

/* ---- one batch ----------------------------------------------------------------------------------------------------- */

/* The paths of one block, to be merged. */
typedef struct block_paths {
    gasp_block_hash block;
    gasp_bump **paths;
    size_t n;
    size_t cap;
} block_paths;

typedef struct packing {
    gasp_session *s;
    gasp_inv invs[LOAD_NODES];
    size_t n_invs;
    block_paths *blocks;
    size_t n_blocks;
    size_t cap_blocks;
    size_t bytes;
} packing;

static void packing_clear(packing *p)
{
    const gasp_mem *mem = p->s->mem;
    for (size_t i = 0; i < p->n_invs; i++)
        gasp_mem_free(mem, p->invs[i].roots);
    for (size_t b = 0; b < p->n_blocks; b++) {
        for (size_t i = 0; i < p->blocks[b].n; i++)
            gasp_bump_free(p->blocks[b].paths[i]);
        gasp_mem_free(mem, p->blocks[b].paths);
    }
    gasp_mem_free(mem, p->blocks);
}

static int by_vout(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The offered outputs of a root, ascending. */
static gasp_err fill_roots(gasp_session *s, gasp_inv *inv, const root *r)
{
    inv->roots = gasp_mem_zalloc_array(s->mem, r->count, sizeof *inv->roots);
    if (inv->roots == NULL)
        return GASP_ERR_NOMEM;
    for (uint32_t at = r->first; at != 0; at = s->out_turn.links[at - 1].next)
        inv->roots[inv->n_roots++] = s->out_turn.links[at - 1].vout;
    qsort(inv->roots, inv->n_roots, sizeof *inv->roots, by_vout);
    inv->flags |= GASP_INV_ROOT;
    return GASP_OK;
}

/* Adds a node's path to those of its block; *block is the number that the block gets in the batch. */
static gasp_err add_path(packing *p, const gasp_load_node *node, size_t *block)
{
    const gasp_mem *mem = p->s->mem;
    gasp_bump *bump = NULL;
    size_t b = 0;
    while (b < p->n_blocks && memcmp(p->blocks[b].block.b, node->anchor.block.b, 32) != 0)
        b++;
    if (b == p->n_blocks) {
        void *blocks = p->blocks;
        gasp_err err = gasp_mem_grow(mem, &blocks, &p->cap_blocks, b + 1, sizeof *p->blocks, LOAD_NODES);
        p->blocks = blocks;
        if (err != GASP_OK)
            return err;
        p->blocks[p->n_blocks++] = (block_paths){.block = node->anchor.block};
    }
    block_paths *to = &p->blocks[b];
    void *paths = to->paths;
    gasp_err err = gasp_mem_grow(mem, &paths, &to->cap, to->n + 1, sizeof(gasp_bump *), LOAD_NODES);
    to->paths = paths;
    if (err == GASP_OK)
        err = gasp_bump_decode(&bump, gasp_blob_view(node->bump), mem, NULL);
    if (err != GASP_OK)
        return gasp_err_class(err) == GASP_CLASS_DECODE ? GASP_ERR_STORE_CORRUPT : err;
    to->paths[to->n++] = bump;
    *block = b;
    return GASP_OK;
}

/* Adds one INV. r NULL: no outputs are offered. */
static gasp_err pack(packing *p, const gasp_load_node *node, const root *r, bool answer, bool whole)
{
    gasp_inv *inv = &p->invs[p->n_invs];
    gasp_err err = GASP_OK;
    *inv = (gasp_inv){.txid = node->txid, .wanted = node->txid, .entries = gasp_blob_view(node->entries)};
    p->n_invs++;
    if (answer)
        inv->flags |= GASP_INV_ANSWER;
    if (whole) {
        inv->flags |= GASP_INV_TX;
        inv->raw = gasp_blob_view(node->raw);
        inv->inputs = node->inputs;
        inv->n_inputs = node->n_inputs;
    }
    if (r != NULL)
        err = fill_roots(p->s, inv, r);
    if (err == GASP_OK && node->proven) {
        inv->flags |= GASP_INV_PROVEN;
        err = add_path(p, node, &inv->block);
        p->bytes += node->bump->len;
    }
    inv->len = gasp_inv_len(inv);
    p->bytes += inv->len;
    return err;
}

static gasp_err note_served(gasp_session *s, const gasp_txid *txid, bool whole)
{
    void *place;
    gasp_err err = gasp_map_put(&s->out_turn.served, &place, NULL, txid->b);
    if (err != GASP_OK)
        return err;
    served *times = place;
    times->whole = times->whole || whole;
    times->metadata += whole ? 0 : 1;
    s->stats.invs_out++;
    return GASP_OK;
}

static void note_root(gasp_session *s, root *r)
{
    r->sent = true;
    s->out_turn.sent.roots++;
    s->out_turn.sent.outputs += r->count;
    s->stats.roots_out++;
}

/* Whether a node fits a message of the peer's, with room for the rest of a batch. */
static bool fits_message(const gasp_session *s, const gasp_load_node *node)
{
    size_t path = node->proven ? node->bump->len : 0;
    size_t inputs = node->n_inputs * (1 + sizeof(gasp_state_hash));
    return node->raw->len + node->entries->len + path + inputs <= s->theirs.max_message / 2;
}

/* One loaded node as the answer to its WANT. */
static gasp_err pack_answer(packing *p, const gasp_load_node *node, const gasp_want *want)
{
    gasp_session *s = p->s;
    size_t len = node->found ? node->raw->len : 0;
    bool whole = want->kind == GASP_WANT_TX;
    const served *before = gasp_map_get(&s->out_turn.served, node->txid.b);
    if (!node->found)
        return say_absent(s, want, GASP_ABSENT_UNKNOWN, 0);
    if (whole && before != NULL && before->whole) /* the same txid twice in what was loaded */
        return say_short(s, GASP_MSG_SENT, want, 1);
    if (served_enough(s, want, before))
        return say_absent(s, want, GASP_ABSENT_LIMIT, 0);
    if (whole && (len > want->max_len || !fits_message(s, node)))
        return say_absent(s, want, GASP_ABSENT_TOO_LARGE, len);
    root *r = whole && !s->out_turn.ended ? send_root_of(s, &node->txid) : NULL;
    gasp_err err = pack(p, node, r, true, whole);
    if (err != GASP_OK)
        return err;
    if (r != NULL)
        note_root(s, r);
    s->out_turn.served_bytes += p->invs[p->n_invs - 1].len;
    return note_served(s, &node->txid, whole);
}

/* Takes the last INV out again, and its path, so that the batch has none that nobody names. */
static void unpack_last(packing *p)
{
    const gasp_inv *last = &p->invs[--p->n_invs];
    gasp_mem_free(p->s->mem, last->roots);
    if ((last->flags & GASP_INV_PROVEN) == 0)
        return;
    block_paths *of = &p->blocks[last->block];
    gasp_bump_free(of->paths[--of->n]);
    if (of->n > 0)
        return;
    gasp_mem_free(p->s->mem, of->paths); /* the block came with this INV, so it is the last one */
    p->n_blocks--;
}

/* One loaded node as a root; GASP_DONE when the receiver has no credit for it now. */
static gasp_err pack_root(packing *p, const gasp_load_node *node, root *r)
{
    gasp_session *s = p->s;
    sending *out = &s->out_turn;
    /* Sent meanwhile as an answer, spent or reorganised away, or more than the peer can take: not offered in this turn. */
    if (r->sent || !node->found || !fits_message(s, node))
        return GASP_OK;
    gasp_err err = pack(p, node, r, false, !r->known);
    if (err != GASP_OK)
        return err;
    size_t len = p->invs[p->n_invs - 1].len;
    uint64_t left = out->credit.bytes > out->unfinished.bytes ? out->credit.bytes - out->unfinished.bytes : 0;
    bool fits = out->unfinished.roots < out->credit.roots && (out->unfinished.roots == 0 || len <= left);
    if (!fits) {
        unpack_last(p);
        return GASP_DONE;
    }
    out->unfinished.roots++;
    out->unfinished.bytes += len;
    note_root(s, r);
    return note_served(s, &node->txid, !r->known);
}

/* The batch as a message: paths of a block become one. */
static gasp_err say_batch(packing *p)
{
    gasp_session *s = p->s;
    gasp_inv_batch batch = {.invs = p->invs, .n_invs = p->n_invs, .mem = s->mem};
    gasp_err err = GASP_OK;
    if (p->n_invs == 0)
        return GASP_OK;
    batch.bumps = gasp_mem_zalloc_array(s->mem, p->n_blocks, sizeof(gasp_bump *));
    if (batch.bumps == NULL)
        return GASP_ERR_NOMEM;
    for (size_t b = 0; err == GASP_OK && b < p->n_blocks; b++, batch.n_bumps++)
        err = gasp_bump_merge(&batch.bumps[b], (const gasp_bump *const *)p->blocks[b].paths, p->blocks[b].n, s->mem);
    gasp_writer w = session_message(s);
    if (err == GASP_OK) {
        gasp_inv_batch_encode(&w, &batch);
        err = w.err;
    }
    if (err == GASP_OK)
        err = session_emit(s, GASP_MSG_INV, &s->scratch);
    for (size_t b = 0; b < p->n_blocks; b++)
        gasp_bump_free(batch.bumps[b]);
    gasp_mem_free(s->mem, batch.bumps);
    return err;
}

/* Sends what is loaded, about a frame of it. */
static gasp_err say_loaded(gasp_session *s)
{
    sending *out = &s->out_turn;
    gasp_load *loaded = &s->asks[GASP_ASK_LOAD].batch.load;
    packing *p = gasp_mem_zalloc(s->mem, sizeof *p);
    gasp_err err = GASP_OK;
    if (p == NULL)
        return GASP_ERR_NOMEM;
    p->s = s;
    while (err == GASP_OK && out->load_at < loaded->n_nodes && p->bytes < INV_TARGET) {
        const gasp_load_node *node = &loaded->nodes[out->load_at];
        size_t of = out->load_of[out->load_at];
        err = out->load_answers ? pack_answer(p, node, &out->wants[of]) : pack_root(p, node, &out->roots[of]);
        if (err == GASP_OK)
            out->load_at++;
    }
    if (err == GASP_OK || err == GASP_DONE)
        err = say_batch(p);
    packing_clear(p);
    gasp_mem_free(s->mem, p);
    if (out->load_at == loaded->n_nodes) {
        out->loaded = false;
        gasp_load_clear(loaded);
    }
    return err;
}

static gasp_err say_roots_end(gasp_session *s)
{
    gasp_writer w = session_message(s);
    gasp_roots_end_encode(&w, &s->out_turn.sent);
    s->out_turn.ended = true;
    return w.err == GASP_OK ? session_emit(s, GASP_MSG_ROOTS_END, &s->scratch) : w.err;
}

/* Loaded roots that wait for credit stand back when WANTs come in: they are loaded again later. */
static void put_back_roots(gasp_session *s)
{
    sending *out = &s->out_turn;
    if (!out->loaded || out->load_answers || out->next_want == out->n_wants)
        return;
    out->next_root = out->load_of[out->load_at];
    out->loaded = false;
    gasp_load_clear(&s->asks[GASP_ASK_LOAD].batch.load);
}

gasp_err send_produce(gasp_session *s)
{
    sending *out = &s->out_turn;
    gasp_err err = GASP_OK;
    if (!s->has_items)
        return GASP_OK;
    if (out->load_of == NULL) {
        out->load_of = gasp_mem_zalloc_array(s->mem, LOAD_NODES, sizeof *out->load_of);
        if (out->load_of == NULL)
            return GASP_ERR_NOMEM;
    }
    /* Each pass sends something, loads something, or finds that there is nothing to do now. */
    while (err == GASP_OK && s->out.len == 0 && !s->asks[GASP_ASK_LOAD].out) {
        put_back_roots(s);
        if (out->loaded) {
            size_t before = out->load_at;
            err = say_loaded(s);
            if (out->loaded && out->load_at == before)
                break;
        } else if (out->next_want < out->n_wants) {
            err = load_wanted(s);
        } else if (out->filter_done && out->next_root < out->n_roots) {
            if (out->unfinished.roots >= out->credit.roots)
                break;
            err = load_roots(s);
        } else if (out->filter_done && !out->ended) {
            err = say_roots_end(s);
        } else {
            break;
        }
    }
    return err;
}
