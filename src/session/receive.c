/* The turn in which this side takes: its filter goes out in parts, INVs come in and are staged, what they stand on is
 * wanted, and every root gets its verdict, with which its credit goes back. The turn ends when the sender has said that no
 * roots are left, nothing is wanted or pending, and everything that held is stored. */
#include <string.h>

#include "base/mem.h"
#include "session/inside.h"
#include "wallet/paths.h"

enum { WANT_KEY_LEN = 33 };

static void want_key(uint8_t key[WANT_KEY_LEN], const gasp_txid *txid, uint8_t kind)
{
    memcpy(key, txid->b, 32);
    key[32] = kind;
}

void receive_clear(gasp_session *s)
{
    gasp_stage_free(s->in_turn.stage);
    gasp_map_clear(&s->in_turn.wants);
    gasp_map_clear(&s->in_turn.credit_of);
    s->in_turn = (receiving){0};
}

/* What we have is known: the filter can be made. */
gasp_err receive_begin(gasp_session *s)
{
    receiving *in = &s->in_turn;
    uint8_t seed[16];
    gasp_stage_config config = {.collection = s->collection,
                                .max_nodes = s->limits.max_nodes,
                                .max_bytes = s->limits.max_stage_bytes,
                                .mem = s->mem};
    receive_clear(s);
    session_random(s, in->key, sizeof in->key);
    session_random(s, seed, sizeof seed);
    memcpy(config.seed16, seed, sizeof seed);
    gasp_map_init(&in->wants, WANT_KEY_LEN, sizeof(gasp_want), s->theirs.max_wants, seed, s->mem);
    gasp_map_init(&in->credit_of, 32, sizeof(uint64_t), s->limits.credit_roots, seed, s->mem);
    in->n_parts = gasp_bloom_parts(s->items.len);
    gasp_err err = gasp_items_index_outpoints(&s->items);
    return err == GASP_OK ? gasp_stage_new(&in->stage, &config) : err;
}

gasp_err receive_produce(gasp_session *s)
{
    receiving *in = &s->in_turn;
    if (in->stage == NULL || in->next_part == in->n_parts)
        return GASP_OK;
    gasp_writer w = session_message(s);
    gasp_write_u8(&w, in->next_part + 1 == in->n_parts ? 1 : 0);
    gasp_err err = w.err == GASP_OK ? gasp_bloom_part_encode(&w, &s->items, in->next_part, in->key) : w.err;
    if (err != GASP_OK)
        return err;
    in->next_part++;
    return session_emit(s, GASP_MSG_FILTER, &s->scratch);
}

/* ---- verdicts ------------------------------------------------------------------------------------------------------ */

static void return_credit(receiving *in, const gasp_txid *txid)
{
    const uint64_t *bytes = gasp_map_get(&in->credit_of, txid->b);
    if (bytes == NULL)
        return;
    in->give_back.roots++;
    in->give_back.bytes += *bytes;
    in->out.roots--;
    in->out.bytes -= *bytes;
    (void)gasp_map_del(&in->credit_of, txid->b);
}

static gasp_err report(gasp_session *s, const gasp_stage_verdict *v)
{
    receiving *in = &s->in_turn;
    if (v->root && v->err != GASP_OK) {
        gasp_refusal refusal = gasp_err_refusal(v->cause_err);
        bool final = refusal == GASP_REFUSAL_FINAL || refusal == GASP_REFUSAL_NONE;
        in->refusals = in->refusals || final;
        in->partial = in->partial || !final;
    }
    if (!v->root && v->err == GASP_OK)
        return GASP_OK;
    gasp_event event = {.kind = v->err == GASP_OK ? GASP_EVENT_COMMITTED : GASP_EVENT_REFUSED,
                        .graph = {.txid = v->txid,
                                  .vout = v->vout,
                                  .n_outputs = v->n_roots,
                                  .changed = v->stored,
                                  .err = v->err,
                                  .cause = v->cause,
                                  .cause_err = v->cause_err,
                                  .height = v->height}};
    return session_event_add(s, &event);
}

static gasp_err take_verdicts(gasp_session *s)
{
    gasp_stage_verdict v;
    gasp_err err;
    while ((err = gasp_stage_verdict_next(s->in_turn.stage, &v)) == GASP_OK) {
        return_credit(&s->in_turn, &v.txid);
        err = report(s, &v);
        if (err != GASP_OK)
            return err;
    }
    return err == GASP_DONE ? GASP_OK : err;
}

/* Credit goes back in pieces of a quarter, or whole when there is nothing else to wait for. */
static gasp_err say_credit(gasp_session *s)
{
    receiving *in = &s->in_turn;
    bool enough = in->give_back.roots >= (s->limits.credit_roots + 3) / 4 ||
                  in->give_back.bytes >= s->limits.credit_bytes / 4 || in->out.roots == 0;
    if (in->give_back.roots == 0 || in->roots_end || !enough)
        return GASP_OK;
    gasp_writer w = session_message(s);
    gasp_credit_encode(&w, &in->give_back);
    in->give_back = (gasp_credit){0};
    return w.err == GASP_OK ? session_emit(s, GASP_MSG_CREDIT, &s->scratch) : w.err;
}

/* ---- wants --------------------------------------------------------------------------------------------------------- */

static gasp_err next_want(gasp_session *s, gasp_want *out)
{
    gasp_stage_want want;
    gasp_err err = gasp_stage_want_next(s->in_turn.stage, &want);
    if (err != GASP_OK)
        return err;
    uint64_t room =
        s->limits.max_stage_bytes < s->limits.max_message ? s->limits.max_stage_bytes : s->limits.max_message;
    *out = (gasp_want){.outpoint = want.outpoint,
                       .kind = want.metadata ? GASP_WANT_METADATA : GASP_WANT_TX,
                       .max_len = (uint32_t)room,
                       .hash = want.hash};
    return GASP_OK;
}

/* As many as the peer lets be open, in messages of WANT_BATCH. */
static gasp_err say_wants(gasp_session *s)
{
    receiving *in = &s->in_turn;
    gasp_want list[WANT_BATCH];
    for (;;) {
        size_t n = 0;
        gasp_err err = GASP_OK;
        while (n < WANT_BATCH && in->wants.len < s->theirs.max_wants) {
            uint8_t key[WANT_KEY_LEN];
            void *place;
            err = next_want(s, &list[n]);
            if (err != GASP_OK)
                break;
            want_key(key, &list[n].outpoint.txid, list[n].kind);
            err = gasp_map_put(&in->wants, &place, NULL, key);
            if (err != GASP_OK)
                return err;
            *(gasp_want *)place = list[n++];
        }
        if (err != GASP_OK && err != GASP_DONE)
            return err;
        if (n == 0)
            return GASP_OK;
        gasp_writer w = session_message(s);
        gasp_write_compact(&w, n);
        for (size_t i = 0; i < n; i++)
            gasp_want_encode(&w, GASP_MSG_WANT, &list[i]);
        s->stats.wants_out += n;
        err = w.err == GASP_OK ? session_emit(s, GASP_MSG_WANT, &s->scratch) : w.err;
        if (err != GASP_OK)
            return err;
    }
}

/* ---- questions ----------------------------------------------------------------------------------------------------- */

gasp_err receive_answered(gasp_session *s, gasp_ask_kind kind)
{
    asking *ask = &s->asks[kind];
    gasp_err err = GASP_ERR_INTERNAL;
    if (kind == GASP_ASK_FIND)
        err = gasp_stage_found(s->in_turn.stage, &ask->batch.find);
    else if (kind == GASP_ASK_VERIFY)
        err = gasp_stage_verified(s->in_turn.stage, &ask->batch.verify);
    else if (kind == GASP_ASK_COMMIT)
        err = gasp_stage_committed(s->in_turn.stage, &ask->batch.commit);
    ask->out = false;
    gasp_ask_clear(kind, &ask->batch);
    return err;
}

/* Puts the stage's next question of one kind; *moved when there was one. */
static gasp_err ask_next(gasp_session *s, gasp_ask_kind kind, bool *moved)
{
    gasp_ask batch;
    gasp_err err = GASP_DONE;
    if (s->asks[kind].out)
        return GASP_OK;
    memset(&batch, 0, sizeof batch);
    if (kind == GASP_ASK_FIND)
        err = gasp_stage_find(s->in_turn.stage, &batch.find);
    else if (kind == GASP_ASK_VERIFY)
        err = gasp_stage_verify(s->in_turn.stage, &batch.verify);
    else if (kind == GASP_ASK_COMMIT)
        err = gasp_stage_commit(s->in_turn.stage, &batch.commit);
    if (err == GASP_DONE)
        return GASP_OK;
    *moved = true;
    return err == GASP_OK ? session_ask(s, kind, &batch) : err;
}

static bool turn_done(const gasp_session *s)
{
    const receiving *in = &s->in_turn;
    bool asks = s->asks[GASP_ASK_FIND].out || s->asks[GASP_ASK_VERIFY].out || s->asks[GASP_ASK_COMMIT].out;
    return in->roots_end && in->next_part == in->n_parts && in->wants.len == 0 && !asks && gasp_stage_idle(in->stage);
}

static gasp_err end_turn(gasp_session *s)
{
    gasp_stage_counts counts = gasp_stage_count(s->in_turn.stage);
    s->stats.scripts = counts.scripts_asked;
    s->stats.committed = counts.committed;
    s->stats.refused += counts.refused;
    s->result =
        s->in_turn.partial ? GASP_RESULT_PARTIAL : (s->in_turn.refusals ? GASP_RESULT_REFUSALS : GASP_RESULT_COMPLETE);
    receive_clear(s);
    gasp_writer w = session_message(s);
    gasp_err err = w.err == GASP_OK ? session_emit(s, GASP_MSG_TURN_END, &s->scratch) : w.err;
    return err == GASP_OK ? turn_over(s) : err;
}

gasp_err receive_pump(gasp_session *s)
{
    static const gasp_ask_kind kinds[] = {GASP_ASK_FIND, GASP_ASK_VERIFY, GASP_ASK_COMMIT};
    gasp_err err = GASP_OK;
    if (s->in_turn.stage == NULL)
        return GASP_OK;
    for (bool moved = true; err == GASP_OK && moved;) {
        moved = false;
        for (size_t i = 0; err == GASP_OK && i < 3; i++)
            err = ask_next(s, kinds[i], &moved);
    }
    if (err == GASP_OK)
        err = take_verdicts(s);
    if (err == GASP_OK)
        err = say_wants(s);
    if (err == GASP_OK)
        err = say_credit(s);
    return err == GASP_OK && turn_done(s) ? end_turn(s) : err;
}

/* ---- messages ------------------------------------------------------------------------------------------------------ */

/* Takes a reference that is answered out of the table of wants. */
static bool answered(receiving *in, const gasp_txid *txid, uint8_t kind, gasp_want *want)
{
    uint8_t key[WANT_KEY_LEN];
    want_key(key, txid, kind);
    const gasp_want *found = gasp_map_get(&in->wants, key);
    if (found == NULL)
        return false;
    *want = *found;
    return gasp_map_del(&in->wants, key);
}

/* A root took credit, which must have been there. */
static gasp_err take_credit(gasp_session *s, const gasp_inv *inv)
{
    receiving *in = &s->in_turn;
    void *place;
    bool fresh;
    if (in->roots_end)
        return GASP_ERR_PEER_UNEXPECTED;
    /* One root may come alone whatever its length; what is out may then be more than the limit. */
    uint64_t left = s->limits.credit_bytes > in->out.bytes ? s->limits.credit_bytes - in->out.bytes : 0;
    bool fits = in->out.roots < s->limits.credit_roots && (in->out.roots == 0 || inv->len <= left);
    if (!fits)
        return GASP_ERR_PEER_CREDIT;
    gasp_err err = gasp_map_put(&in->credit_of, &place, &fresh, inv->txid.b);
    if (err != GASP_OK)
        return err;
    if (!fresh)
        return GASP_ERR_PEER_UNEXPECTED;
    *(uint64_t *)place = inv->len;
    in->out.roots++;
    in->out.bytes += inv->len;
    return GASP_OK;
}

static gasp_err refuse_unasked(gasp_session *s, const gasp_inv *inv)
{
    gasp_event event = {.kind = GASP_EVENT_REFUSED,
                        .graph = {.txid = inv->txid,
                                  .err = GASP_ERR_VERIFY_NOT_ASKED,
                                  .cause = inv->txid,
                                  .cause_err = GASP_ERR_VERIFY_NOT_ASKED}};
    return session_event_add(s, &event);
}

/* A WANT was answered with the bytes of another transaction: the one that was wanted is refused, with all that waits for
 * it, and the bytes are dropped. */
static gasp_err refuse_wanted(gasp_session *s, const gasp_inv *inv)
{
    const gasp_stage_node node = {
        .txid = inv->wanted, .roots = inv->roots, .n_roots = inv->n_roots, .verdict = GASP_ERR_VERIFY_TXID};
    return gasp_stage_add(s->in_turn.stage, &node);
}

/* A small transaction out of a large message gets bytes of its own: while it waits it must not hold the whole message,
 * which the limits of the stage do not count. *own is another owner's share of what holds inv->tx then. */
static gasp_err own_bytes(gasp_session *s, gasp_inv *inv, gasp_blob *message, gasp_blob **own)
{
    if (inv->tx == NULL || message->len <= 2 * (size_t)INV_TARGET || message->len / 4 <= inv->raw.len) {
        *own = gasp_blob_share(message);
        return GASP_OK;
    }
    gasp_tx *tx = NULL;
    gasp_blob *copy = gasp_blob_new(inv->raw.len, s->mem);
    if (copy == NULL)
        return GASP_ERR_NOMEM;
    memcpy(copy->data, inv->raw.data, inv->raw.len);
    gasp_err err = gasp_tx_decode(&tx, gasp_blob_view(copy), s->mem, NULL);
    if (err != GASP_OK) {
        gasp_blob_release(copy);
        return err;
    }
    gasp_tx_free(inv->tx);
    inv->tx = tx;
    *own = copy;
    return GASP_OK;
}

static gasp_err stage_inv(gasp_session *s, gasp_inv *inv, const gasp_inv_batch *batch, gasp_blob *message,
                          const gasp_stage_want *expect)
{
    gasp_blob *own = NULL;
    gasp_err err = own_bytes(s, inv, message, &own);
    if (err != GASP_OK)
        return err;
    gasp_stage_node node = {.txid = inv->txid,
                            .tx = inv->tx,
                            .blob = own,
                            .bump = {inv->path.data, inv->path.len},
                            .entries = inv->entries,
                            .inputs = inv->n_inputs > 0 ? inv->inputs : NULL,
                            .n_inputs = inv->n_inputs,
                            .roots = inv->roots,
                            .n_roots = inv->n_roots,
                            .expect = expect};
    inv->tx = NULL;
    if ((inv->flags & GASP_INV_PROVEN) != 0) {
        const gasp_bump *bump = batch->bumps[inv->block];
        node.height = gasp_bump_height(bump);
        node.root = gasp_bump_root(bump);
        node.proven = gasp_bump_find(bump, &node.index, &inv->txid) == GASP_OK;
        node.verdict = node.proven ? GASP_OK : GASP_ERR_PROOF_NOT_LEAF;
    }
    err = gasp_stage_add(s->in_turn.stage, &node);
    gasp_blob_release(own);
    return err;
}

static gasp_err take_inv(gasp_session *s, gasp_inv *inv, const gasp_inv_batch *batch, gasp_blob *message)
{
    receiving *in = &s->in_turn;
    gasp_want want = {0};
    gasp_stage_want expect;
    uint8_t kind = (inv->flags & GASP_INV_TX) != 0 ? GASP_WANT_TX : GASP_WANT_METADATA;
    bool answer = (inv->flags & GASP_INV_ANSWER) != 0;
    bool offered = (inv->flags & GASP_INV_ROOT) != 0;
    s->stats.invs_in++;
    if (answer && !answered(in, &inv->wanted, kind, &want))
        return refuse_unasked(s, inv);
    if (!answer && !offered)
        return refuse_unasked(s, inv);
    if (offered) {
        gasp_err err = answer ? GASP_OK : take_credit(s, inv);
        if (err != GASP_OK)
            return err;
        if (in->roots == s->limits.max_roots)
            return GASP_ERR_PEER_LIMIT;
        in->roots++;
        in->outputs += inv->n_roots;
        s->stats.roots_in++;
    }
    if (memcmp(inv->wanted.b, inv->txid.b, sizeof inv->txid.b) != 0)
        return refuse_wanted(s, inv);
    expect = (gasp_stage_want){.outpoint = want.outpoint, .metadata = true, .hash = want.hash};
    return stage_inv(s, inv, batch, message, answer && kind == GASP_WANT_METADATA ? &expect : NULL);
}

/* Every transaction of the batch gets its own path, as it will be kept. */
static gasp_err cut_paths(gasp_session *s, gasp_inv_batch *batch)
{
    gasp_data *paths = gasp_mem_zalloc_array(s->mem, batch->n_invs, sizeof *paths);
    gasp_txid *txids = gasp_mem_zalloc_array(s->mem, batch->n_invs, sizeof *txids);
    size_t *bump_of = gasp_mem_zalloc_array(s->mem, batch->n_invs, sizeof *bump_of);
    gasp_err err = paths != NULL && txids != NULL && bump_of != NULL ? GASP_OK : GASP_ERR_NOMEM;
    for (size_t i = 0; err == GASP_OK && i < batch->n_invs; i++) {
        txids[i] = batch->invs[i].txid;
        bump_of[i] = (batch->invs[i].flags & GASP_INV_PROVEN) != 0 ? batch->invs[i].block : GASP_PATHS_NONE;
    }
    if (err == GASP_OK)
        err = gasp_paths_split(paths, (const gasp_bump *const *)batch->bumps, batch->n_bumps, bump_of, txids,
                               batch->n_invs, s->mem);
    for (size_t i = 0; err == GASP_OK && i < batch->n_invs; i++)
        batch->invs[i].path = paths[i];
    gasp_mem_free(s->mem, paths);
    gasp_mem_free(s->mem, txids);
    gasp_mem_free(s->mem, bump_of);
    return err;
}

gasp_err on_inv(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    gasp_inv_batch batch;
    if (s->in_turn.stage == NULL)
        return GASP_ERR_PEER_UNEXPECTED;
    gasp_err err = gasp_inv_batch_decode(&batch, r, s->mem);
    if (err != GASP_OK)
        return err;
    err = cut_paths(s, &batch);
    for (size_t i = 0; err == GASP_OK && i < batch.n_invs; i++) {
        err = take_inv(s, &batch.invs[i], &batch, message);
        if (err == GASP_OK)
            err = take_verdicts(s); /* what the stage refuses at once must not pile up over a long message */
    }
    gasp_inv_batch_clear(&batch);
    return err;
}

/* SENT: it came already, under another name. Then it is in the stage or stored; if it is neither, it never came. */
gasp_err on_sent(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    (void)message;
    size_t count = gasp_read_count(r, GASP_SENT_LEN);
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < count; i++) {
        gasp_want sent;
        gasp_want want;
        gasp_want_read(&sent, r, GASP_MSG_SENT);
        if (r->err != GASP_OK)
            break;
        if (!answered(&s->in_turn, &sent.outpoint.txid, sent.kind, &want))
            return GASP_ERR_PEER_UNEXPECTED;
        s->stats.sent_in++;
        if (sent.kind == GASP_WANT_TX)
            err = gasp_stage_absent(s->in_turn.stage, &sent.outpoint.txid);
    }
    return err == GASP_OK ? gasp_reader_finish(r, NULL) : err;
}

gasp_err on_absent(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    (void)message;
    size_t count = gasp_read_count(r, GASP_ABSENT_LEN);
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < count; i++) {
        gasp_want absent;
        gasp_want want;
        gasp_want_read(&absent, r, GASP_MSG_ABSENT);
        if (r->err != GASP_OK)
            break;
        if (!answered(&s->in_turn, &absent.outpoint.txid, absent.kind, &want))
            return GASP_ERR_PEER_UNEXPECTED;
        s->stats.absent_in++;
        if (absent.kind == GASP_WANT_TX)
            err = gasp_stage_absent(s->in_turn.stage, &absent.outpoint.txid);
    }
    return err == GASP_OK ? gasp_reader_finish(r, NULL) : err;
}

gasp_err on_roots_end(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    gasp_roots_end end;
    receiving *in = &s->in_turn;
    (void)message;
    gasp_err err = gasp_roots_end_decode(&end, r);
    if (err != GASP_OK)
        return err;
    if (in->stage == NULL || in->next_part != in->n_parts || in->roots_end)
        return GASP_ERR_PEER_UNEXPECTED;
    if (end.roots != in->roots || end.outputs != in->outputs)
        return GASP_ERR_PEER_MESSAGE;
    in->roots_end = true;
    return GASP_OK;
}
