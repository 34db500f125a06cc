/* What comes in while this side receives: batches of INV, the other answers to WANT, SPEND, and the end of the roots. Each is
 * taken only if it was asked for or is offered with credit; whether it holds is for the stage. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "session/inside.h"
#include "wallet/paths.h"

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
    bool whole = (inv->flags & GASP_INV_TX) != 0;
    const gasp_stage_node node = {.txid = inv->wanted,
                                  .answer = whole,
                                  .roots = inv->roots,
                                  .n_roots = inv->n_roots,
                                  .verdict = GASP_ERR_VERIFY_TXID};
    if (!whole)
        gasp_stage_absent_metadata(s->in_turn.stage, &inv->wanted);
    return gasp_stage_add(s->in_turn.stage, &node);
}

enum { SHARED_MESSAGE_MAX = 128 * 1024 /**< bytes that one small transaction may hold in memory */ };

/* A small transaction out of a large message gets bytes of its own: while it waits it must not hold the whole message,
 * which the limits of the stage do not count. *own is another owner's share of what holds inv->tx then. */
static gasp_err own_bytes(gasp_session *s, gasp_inv *inv, gasp_blob *message, gasp_blob **own)
{
    if (inv->tx == NULL || message->len <= SHARED_MESSAGE_MAX || message->len / 4 <= inv->raw.len) {
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
                            .answer = (inv->flags & GASP_INV_ANSWER) != 0 && inv->tx != NULL,
                            .expect = expect};
    inv->tx = NULL;
    if ((inv->flags & GASP_INV_PROVEN) != 0) {
        const gasp_bump *bump = batch->bumps[inv->block];
        node.height = gasp_bump_height(bump);
        node.has_block = true;
        node.block = batch->blocks[inv->block];
        node.root = gasp_bump_root(bump);
        node.proven = true;
        node.verdict = gasp_bump_find(bump, &node.index, &inv->txid) == GASP_OK ? GASP_OK : GASP_ERR_PROOF_NOT_LEAF;
    }
    err = gasp_stage_add(s->in_turn.stage, &node);
    gasp_blob_release(own);
    return err;
}

/* Outputs are offered: with credit, or by the answer to a WANT. Their numbers go on from those before. */
static gasp_err take_offer(gasp_session *s, const gasp_inv *inv, bool answer)
{
    receiving *in = &s->in_turn;
    if (s->look || s->turn == TURNS_MAX || in->roots_end)
        return GASP_ERR_PEER_UNEXPECTED;
    gasp_err err = receive_root(s, &inv->wanted, false, !answer, inv->len, in->outputs);
    if (err != GASP_OK)
        return err;
    if (in->roots >= gasp_limit_set(MAX_ROOTS, s->limits.max_roots) ||
        in->outputs + inv->n_roots > gasp_limit_set(MAX_ITEMS, s->limits.max_items))
        return GASP_ERR_PEER_LIMIT;
    in->roots++;
    in->outputs += inv->n_roots;
    s->stats.roots_in++;
    return GASP_OK;
}

static gasp_err take_inv(gasp_session *s, gasp_inv *inv, const gasp_inv_batch *batch, gasp_blob *message)
{
    gasp_want want = {0};
    gasp_stage_want expect;
    uint8_t kind = (inv->flags & GASP_INV_TX) != 0 ? GASP_WANT_TX : GASP_WANT_METADATA;
    bool answer = (inv->flags & GASP_INV_ANSWER) != 0;
    bool offered = (inv->flags & GASP_INV_ROOT) != 0;
    s->stats.invs_in++;
    if (answer && !receive_want_answered(s, &inv->wanted, kind, &want))
        return refuse_unasked(s, inv);
    if (!answer && !offered)
        return refuse_unasked(s, inv);
    if (offered) {
        gasp_err err = take_offer(s, inv, answer);
        if (err != GASP_OK)
            return err;
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
            err = receive_verdicts(s); /* what the stage refuses at once must not pile up over a long message */
    }
    gasp_inv_batch_clear(&batch);
    return err;
}

/* Calls take for each reference of SENT or ABSENT, which must be open. */
static gasp_err take_refs(gasp_session *s, gasp_reader *r, gasp_msg type, size_t each,
                          gasp_err (*take)(gasp_session *s, const gasp_want *ref))
{
    size_t count = gasp_read_count(r, each);
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < count; i++) {
        gasp_want ref;
        gasp_want want;
        gasp_want_read(&ref, r, type);
        if (r->err != GASP_OK)
            break;
        if (!receive_want_answered(s, &ref.outpoint.txid, ref.kind, &want))
            return GASP_ERR_PEER_UNEXPECTED;
        err = take(s, &ref);
    }
    return err == GASP_OK ? gasp_reader_finish(r, NULL) : err;
}

/* SENT: it came already, under another name. Then it is in the stage or stored; if it is neither, it never came. */
static gasp_err take_sent(gasp_session *s, const gasp_want *ref)
{
    s->stats.sent_in++;
    if (ref->kind != GASP_WANT_METADATA)
        return gasp_stage_sent(s->in_turn.stage, &ref->outpoint.txid);
    gasp_stage_absent_metadata(s->in_turn.stage, &ref->outpoint.txid);
    return GASP_OK;
}

static gasp_err take_absent(gasp_session *s, const gasp_want *ref)
{
    gasp_stage *stage = s->in_turn.stage;
    s->stats.absent_in++;
    if (ref->kind == GASP_WANT_METADATA) {
        gasp_stage_absent_metadata(stage, &ref->outpoint.txid);
        return GASP_OK;
    }
    if (ref->reason == GASP_ABSENT_TOO_LARGE)
        return gasp_stage_absent_large(stage, &ref->outpoint.txid, ref->len);
    return gasp_stage_absent(stage, &ref->outpoint.txid);
}

gasp_err on_sent(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    (void)message;
    return take_refs(s, r, GASP_MSG_SENT, GASP_SENT_LEN, take_sent);
}

gasp_err on_absent(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    (void)message;
    return take_refs(s, r, GASP_MSG_ABSENT, GASP_ABSENT_LEN, take_absent);
}

/* The sender knows outputs as spent that we do not. */
gasp_err on_spend(gasp_session *s, gasp_blob *message, gasp_reader *r)
{
    receiving *in = &s->in_turn;
    (void)message;
    if (!session_has(s, GASP_FEATURE_SPEND) || in->stage == NULL || s->look)
        return GASP_ERR_PEER_UNEXPECTED;
    size_t count = gasp_read_count(r, GASP_SPEND_LEN);
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < count; i++) {
        gasp_spend_ref ref;
        gasp_spend_read(&ref, r);
        if (r->err != GASP_OK)
            break;
        err = receive_root(s, &ref.spender, true, true, GASP_SPEND_LEN, in->spends);
        if (err == GASP_OK && in->spends++ >= gasp_limit_set(MAX_ROOTS, s->limits.max_roots))
            err = GASP_ERR_PEER_LIMIT;
        if (err == GASP_OK)
            err = gasp_stage_spend(in->stage, &ref.outpoint, &ref.spender);
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
    if (end.roots != in->roots || end.outputs != in->outputs || end.spends != in->spends)
        return GASP_ERR_PEER_MESSAGE;
    in->roots_end = true;
    return receive_skipped(s, end.held);
}
