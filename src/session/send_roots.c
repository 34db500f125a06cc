/* The turn in which this side gives, second half: what goes out. Answers to WANT come first, then roots as far as the
 * receiver gave credit, then their end. Transactions are read from the store a few at a time and only when the transport
 * has room; each batch carries one merkle path a block, and nothing of a batch outlives it. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "chain/bump_kept.h"
#include "session/inside.h"

enum {
    LOAD_BYTES = 1 << 20, /**< of transactions read at a time, and one more: what lies in memory to be sent */
    /** Of a message: for what stands in a batch beside its last transaction, with what paths and blocks take besides. Less
     *  than a third of the least max_message. */
    BATCH_BESIDE = INV_TARGET + 64 * 1024
};

/* ---- what to load next --------------------------------------------------------------------------------------------- */

static gasp_err load(gasp_session *s, const gasp_txid *txids, size_t n)
{
    gasp_ask batch = {.load = {.collection = s->collection, .max_bytes = LOAD_BYTES, .mem = s->mem}};
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

/* What was read is used up: goes on with what was not read because it would have been too much. */
static gasp_err load_rest(gasp_session *s)
{
    sending *out = &s->out_turn;
    gasp_load *loaded = &s->asks[GASP_ASK_LOAD].batch.load;
    gasp_txid txids[LOAD_NODES];
    size_t n = loaded->n_nodes - loaded->n_loaded;
    for (size_t i = 0; i < n; i++)
        txids[i] = loaded->nodes[loaded->n_loaded + i].txid;
    memmove(out->load_of, out->load_of + loaded->n_loaded, n * sizeof *out->load_of);
    out->loaded = false;
    gasp_load_clear(loaded);
    return n > 0 ? load(s, txids, n) : GASP_OK;
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
    if (s->out_turn.served_bytes >= gasp_limit_set(SERVE_BYTES, s->limits.serve_bytes))
        return true;
    if (before == NULL || want->kind == GASP_WANT_TX)
        return false;
    return (want->kind == GASP_WANT_METADATA ? before->metadata : before->again) >=
           gasp_limit_set(SERVE_REPEATS, s->limits.serve_repeats);
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

/* A batch that is being made. Paths are views of what was loaded. */
typedef struct packing {
    gasp_session *s;
    gasp_inv invs[LOAD_NODES];
    gasp_bytes paths[LOAD_NODES]; /* of each INV, empty for none */
    size_t n_invs;
    gasp_block_hash blocks[LOAD_NODES];
    size_t n_blocks;
    size_t bytes;
} packing;

static void packing_clear(packing *p)
{
    for (size_t i = 0; i < p->n_invs; i++)
        gasp_mem_free(p->s->mem, p->invs[i].roots);
}

static int by_vout(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

gasp_err send_vouts(const gasp_session *s, uint32_t **out, const root *r)
{
    size_t n = 0;
    *out = gasp_mem_zalloc_array(s->mem, r->count, sizeof **out);
    if (*out == NULL)
        return GASP_ERR_NOMEM;
    for (uint32_t at = r->first; at != 0; at = s->out_turn.links[at - 1].next)
        (*out)[n++] = s->out_turn.links[at - 1].vout;
    qsort(*out, n, sizeof **out, by_vout);
    return GASP_OK;
}

static gasp_err fill_roots(gasp_session *s, gasp_inv *inv, const root *r)
{
    gasp_err err = send_vouts(s, &inv->roots, r);
    if (err != GASP_OK)
        return err;
    inv->n_roots = r->count;
    inv->flags |= GASP_INV_ROOT;
    return GASP_OK;
}

/* Adds the path of the INV that was added last. Roots go in the order of blocks, so its block is mostly the newest. */
static void add_path(packing *p, const gasp_load_node *node)
{
    gasp_inv *inv = &p->invs[p->n_invs - 1];
    size_t b = p->n_blocks;
    while (b > 0 && memcmp(p->blocks[b - 1].b, node->anchor.block.b, sizeof p->blocks[0].b) != 0)
        b--;
    if (b == 0) {
        b = ++p->n_blocks;
        p->blocks[b - 1] = node->anchor.block;
    }
    inv->flags |= GASP_INV_PROVEN;
    inv->block = b - 1;
    p->paths[p->n_invs - 1] = gasp_blob_view(node->bump);
    p->bytes += node->bump->len;
}

/* Adds one INV. r NULL: no outputs are offered. */
static gasp_err pack(packing *p, const gasp_load_node *node, const root *r, bool answer, bool whole)
{
    gasp_inv *inv = &p->invs[p->n_invs];
    gasp_err err = GASP_OK;
    *inv = (gasp_inv){.txid = node->txid, .wanted = node->txid, .entries = gasp_blob_view(node->entries)};
    p->paths[p->n_invs++] = (gasp_bytes){0};
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
    if (node->proven)
        add_path(p, node);
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
    times->again += whole && times->whole ? 1 : 0;
    times->whole = times->whole || whole;
    times->metadata += whole ? 0 : 1;
    s->stats.invs_out++;
    return GASP_OK;
}

/* A root is on its way: its outputs get the next numbers of the turn. */
static gasp_err note_root(gasp_session *s, root *r)
{
    sending *out = &s->out_turn;
    void *order = out->order;
    gasp_err err = gasp_mem_grow(s->mem, &order, &out->cap_order, out->n_order + 1, sizeof *out->order, out->n_roots);
    out->order = order;
    if (err != GASP_OK)
        return err;
    out->order[out->n_order++] = (uint32_t)(r - out->roots);
    r->sent = true;
    out->sent.roots++;
    out->sent.outputs += r->count;
    s->stats.roots_out++;
    return GASP_OK;
}

/* Whether a node fits a message of the peer's, with room for the rest of a batch. */
static bool fits_message(const gasp_session *s, const gasp_load_node *node)
{
    size_t path = node->proven ? node->bump->len : 0;
    size_t inputs = node->n_inputs * (1 + sizeof(gasp_state_hash));
    return node->raw->len + node->entries->len + path + inputs <= s->theirs.max_message - BATCH_BESIDE;
}

/* One loaded node as the answer to its WANT. */
static gasp_err pack_answer(packing *p, const gasp_load_node *node, const gasp_want *want)
{
    gasp_session *s = p->s;
    size_t len = node->found ? node->raw->len : 0;
    bool whole = want->kind != GASP_WANT_METADATA;
    const served *before = gasp_map_get(&s->out_turn.served, node->txid.b);
    if (!node->found)
        return say_absent(s, want, GASP_ABSENT_UNKNOWN, 0);
    if (want->kind == GASP_WANT_TX && before != NULL && before->whole) /* the same txid twice in what was loaded */
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
        err = note_root(s, r);
    s->out_turn.served_bytes += p->invs[p->n_invs - 1].len;
    return err == GASP_OK ? note_served(s, &node->txid, whole) : err;
}

/* Takes the last INV out again, and its block, unless others are in it: a batch has no path that nobody names. */
static void unpack_last(packing *p)
{
    const gasp_inv *last = &p->invs[--p->n_invs];
    bool alone = (last->flags & GASP_INV_PROVEN) != 0 && last->block + 1 == p->n_blocks;
    gasp_mem_free(p->s->mem, last->roots);
    for (size_t i = 0; alone && i < p->n_invs; i++)
        alone = (p->invs[i].flags & GASP_INV_PROVEN) == 0 || p->invs[i].block != last->block;
    p->n_blocks -= alone ? 1 : 0;
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
    err = note_root(s, r);
    return err == GASP_OK ? note_served(s, &node->txid, !r->known) : err;
}

/* The paths of a block, as one. */
static gasp_err join_block(const packing *p, gasp_data *out, size_t block)
{
    gasp_bytes paths[LOAD_NODES];
    size_t n = 0;
    for (size_t i = 0; i < p->n_invs; i++)
        if ((p->invs[i].flags & GASP_INV_PROVEN) != 0 && p->invs[i].block == block)
            paths[n++] = p->paths[i];
    return gasp_bump_join(out, paths, n, p->s->mem);
}

/* The batch as a message. */
static gasp_err say_batch(packing *p)
{
    gasp_session *s = p->s;
    gasp_inv_batch batch = {
        .blocks = p->blocks, .n_bumps = p->n_blocks, .invs = p->invs, .n_invs = p->n_invs, .mem = s->mem};
    gasp_err err = GASP_OK;
    if (p->n_invs == 0)
        return GASP_OK;
    gasp_data *joined = gasp_mem_zalloc_array(s->mem, p->n_blocks, sizeof *joined);
    if (joined == NULL)
        return GASP_ERR_NOMEM;
    for (size_t b = 0; err == GASP_OK && b < p->n_blocks; b++)
        err = join_block(p, &joined[b], b);
    batch.joined = joined;
    gasp_writer w = session_message(s);
    if (err == GASP_OK) {
        gasp_inv_batch_encode(&w, &batch);
        err = w.err;
    }
    if (err == GASP_OK)
        err = session_emit(s, GASP_MSG_INV, &s->scratch);
    for (size_t b = 0; b < p->n_blocks; b++)
        gasp_data_clear(&joined[b]);
    gasp_mem_free(s->mem, joined);
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
    while (err == GASP_OK && out->load_at < loaded->n_loaded && p->bytes < gasp_limit(BATCH_BYTES)) {
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
    if (out->load_at < loaded->n_loaded || (err != GASP_OK && err != GASP_DONE))
        return err;
    return load_rest(s);
}

/* What the peer believes unspent and is not, as far as it gives credit. A spender is named once: one transaction may be owed
 * for many outputs, and who takes it is rid of all of them. */
static gasp_err say_spends(gasp_session *s)
{
    sending *out = &s->out_turn;
    const gasp_spend_ref *refs[WANT_BATCH];
    size_t n = 0;
    for (; out->next_spend < s->n_owed && n < WANT_BATCH; out->next_spend++) {
        owed_spend *owed = &s->owed[out->next_spend];
        if (owed->same != out->next_spend)
            continue;
        bool alone = out->unfinished.roots == 0;
        if (out->unfinished.roots >= out->credit.roots ||
            (!alone && out->unfinished.bytes + GASP_SPEND_LEN > out->credit.bytes))
            break;
        owed->number = out->sent.spends++;
        out->unfinished.roots++;
        out->unfinished.bytes += GASP_SPEND_LEN;
        refs[n++] = &owed->ref;
    }
    if (n == 0)
        return GASP_OK;
    gasp_writer w = session_message(s);
    gasp_write_compact(&w, n);
    for (size_t i = 0; i < n; i++)
        gasp_spend_write(&w, refs[i]);
    return w.err == GASP_OK ? session_emit(s, GASP_MSG_SPEND, &s->scratch) : w.err;
}

static bool spends_left(const gasp_session *s)
{
    return session_has(s, GASP_FEATURE_SPEND) && !s->look && s->out_turn.next_spend < s->n_owed;
}

static gasp_err say_roots_end(gasp_session *s)
{
    gasp_writer w = session_message(s);
    s->out_turn.sent.held = (gasp_bytes){s->out_turn.held.data, s->out_turn.held.len};
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
        } else if (out->filter_done && spends_left(s)) {
            err = say_spends(s);
            if (err == GASP_OK && s->out.len == 0 && spends_left(s))
                break;
        } else if (out->filter_done && !out->ended) {
            err = say_roots_end(s);
        } else {
            break;
        }
    }
    return err;
}
