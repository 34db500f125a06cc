/* The turn in which this side takes: what it does not want and its filter go out, INVs come in and are staged
 * (receive_inv.c), what they stand on is wanted, and every root gets its verdict (verdicts.c), with which its credit goes
 * back. The turn ends when the sender has said that no roots are left, nothing is wanted or pending, and everything that
 * held is stored. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "session/inside.h"

enum { TXID_KEY_LEN = 33 };

/* A txid and what of it is meant: the kind of a want, or whether it is a SPEND. */
static void txid_key(uint8_t key[TXID_KEY_LEN], const gasp_txid *txid, uint8_t kind)
{
    memcpy(key, txid->b, 32);
    key[32] = kind;
}

void receive_clear(gasp_session *s)
{
    receiving *in = &s->in_turn;
    gasp_stage_free(in->stage);
    gasp_map_clear(&in->wants);
    gasp_map_clear(&in->roots_in);
    gasp_mem_free(s->mem, in->lacking);
    gasp_mem_free(s->mem, in->refused);
    *in = (receiving){0};
}

/* What we hold by now under that very id is not named in SKIP: the sender would take it for something that is not here. */
static void drop_held(gasp_session *s)
{
    gasp_skips *skips = &s->skips;
    size_t n = 0;
    for (size_t i = 0; i < skips->n; i++) {
        const gasp_bound at = {skips->list[i].time, skips->list[i].id};
        size_t position = gasp_items_lower_bound(&s->items, 0, &at);
        if (position == s->items.len || gasp_item_compare(&s->items.item[position], &at) != 0)
            skips->list[n++] = skips->list[i];
    }
    skips->n = n;
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
    drop_held(s);
    session_random(s, in->key, sizeof in->key);
    session_random(s, seed, sizeof seed);
    memcpy(config.seed16, seed, sizeof seed);
    gasp_map_init(&in->wants, TXID_KEY_LEN, sizeof(gasp_want), s->theirs.max_wants, seed, s->mem);
    gasp_map_init(&in->roots_in, TXID_KEY_LEN, sizeof(root_in),
                  gasp_limit_set(MAX_ROOTS, s->limits.max_roots) + s->theirs.max_wants, seed, s->mem);
    in->n_parts = s->turn < TURNS_MAX ? gasp_bloom_parts(s->items.len) : 0;
    in->said_skip = s->look || in->n_parts == 0 || s->skips.n == 0 || !session_has(s, GASP_FEATURE_SKIP);
    s->received = s->received || !s->look;
    gasp_err err = gasp_items_index_outpoints(&s->items);
    return err == GASP_OK ? gasp_stage_new(&in->stage, &config) : err;
}

/* What is not to be offered, because it was refused or is known as spent, and that is not due again. */
static gasp_err say_skip(gasp_session *s)
{
    size_t n = s->skips.n < GASP_SKIPS_MAX ? s->skips.n : GASP_SKIPS_MAX;
    gasp_writer w = session_message(s);
    s->skips.n = n;
    gasp_write_compact(&w, n);
    for (size_t i = 0; i < n; i++)
        gasp_skip_write(&w, &(gasp_skip_ref){s->skips.list[i].time, s->skips.list[i].id});
    s->in_turn.said_skip = true;
    return w.err == GASP_OK ? session_emit(s, GASP_MSG_SKIP, &s->scratch) : w.err;
}

gasp_err receive_produce(gasp_session *s)
{
    receiving *in = &s->in_turn;
    if (in->stage == NULL || in->next_part == in->n_parts)
        return GASP_OK;
    if (!in->said_skip)
        return say_skip(s);
    gasp_writer w = session_message(s);
    gasp_write_u8(&w, in->next_part + 1 == in->n_parts ? 1 : 0);
    gasp_err err = w.err == GASP_OK ? gasp_bloom_part_encode(&w, &s->items, in->next_part, in->key) : w.err;
    if (err != GASP_OK)
        return err;
    in->next_part++;
    return session_emit(s, GASP_MSG_FILTER, &s->scratch);
}

/* ---- credit -------------------------------------------------------------------------------------------------------- */

gasp_err receive_root(gasp_session *s, const gasp_txid *txid, bool spend, bool credit, uint64_t bytes, uint64_t first)
{
    receiving *in = &s->in_turn;
    uint8_t key[TXID_KEY_LEN];
    void *place;
    bool fresh;
    if (in->roots_end && credit)
        return GASP_ERR_PEER_UNEXPECTED;
    /* One root may come alone whatever its length; what is out may then be more than the limit. */
    const uint64_t most = gasp_limit_set(CREDIT_BYTES, s->limits.credit_bytes);
    uint64_t left = most > in->out.bytes ? most - in->out.bytes : 0;
    bool fits =
        in->out.roots < gasp_limit_set(CREDIT_ROOTS, s->limits.credit_roots) && (in->out.roots == 0 || bytes <= left);
    if (credit && !fits)
        return GASP_ERR_PEER_CREDIT;
    txid_key(key, txid, spend ? 1 : 0);
    gasp_err err = gasp_map_put(&in->roots_in, &place, &fresh, key);
    if (err != GASP_OK)
        return err == GASP_ERR_LIMIT ? GASP_ERR_PEER_LIMIT : err;
    if (!fresh)
        return GASP_ERR_PEER_UNEXPECTED;
    *(root_in *)place = (root_in){bytes, first, credit};
    in->out.roots += credit ? 1 : 0;
    in->out.bytes += credit ? bytes : 0;
    return GASP_OK;
}

bool receive_root_done(gasp_session *s, const gasp_txid *txid, bool spend, root_in *out)
{
    receiving *in = &s->in_turn;
    uint8_t key[TXID_KEY_LEN];
    txid_key(key, txid, spend ? 1 : 0);
    const root_in *found = gasp_map_get(&in->roots_in, key);
    if (found == NULL)
        return false;
    *out = *found;
    if (found->credit) {
        in->give_back.roots++;
        in->give_back.bytes += found->bytes;
        in->out.roots--;
        in->out.bytes -= found->bytes;
    }
    return gasp_map_del(&in->roots_in, key);
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
    uint8_t kind = want.again ? GASP_WANT_AGAIN : GASP_WANT_TX;
    *out = (gasp_want){.outpoint = want.outpoint,
                       .kind = want.metadata ? GASP_WANT_METADATA : kind,
                       .max_len = want.max_len,
                       .hash = want.hash};
    return GASP_OK;
}

/* Both kinds of WANT for a transaction are one reference. */
static void want_key(uint8_t key[TXID_KEY_LEN], const gasp_txid *txid, uint8_t kind)
{
    txid_key(key, txid, kind == GASP_WANT_METADATA ? GASP_WANT_METADATA : GASP_WANT_TX);
}

bool receive_want_answered(gasp_session *s, const gasp_txid *txid, uint8_t kind, gasp_want *want)
{
    uint8_t key[TXID_KEY_LEN];
    want_key(key, txid, kind);
    const gasp_want *found = gasp_map_get(&s->in_turn.wants, key);
    if (found == NULL)
        return false;
    *want = *found;
    return gasp_map_del(&s->in_turn.wants, key);
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
            uint8_t key[TXID_KEY_LEN];
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

/* What of the outputs and SPENDs of this turn is not held here, as bits; nothing when all is. */
static gasp_err say_turn_end(gasp_session *s)
{
    const receiving *in = &s->in_turn;
    gasp_turn_end end = {.owes = s->turn + 1 == TURNS_MAX && s->n_owed > 0};
    uint8_t *bits = NULL;
    bool look;
    if (in->n_lacking > 0) {
        end.lacking.len = (size_t)(in->outputs + in->spends + 7) / 8;
        bits = gasp_mem_zalloc(s->mem, end.lacking.len);
        if (bits == NULL)
            return GASP_ERR_NOMEM;
    }
    for (size_t i = 0; i < in->n_lacking; i++) {
        uint64_t at = in->lacking[i] & ~LACKING_SPEND;
        at += (in->lacking[i] & LACKING_SPEND) != 0 ? in->outputs : 0;
        bits[at / 8] |= (uint8_t)(1u << at % 8);
    }
    end.lacking.data = bits;
    s->peer_owes = end.owes; /* the responder itself: both decide alike whether the third turn takes place */
    end.owes = end.owes && session_has(s, GASP_FEATURE_SPEND) && turn_takes_place(s, TURNS_MAX, &look);
    s->peer_owes = end.owes;
    gasp_writer w = session_message(s);
    gasp_turn_end_encode(&w, &end);
    gasp_mem_free(s->mem, bits);
    return w.err == GASP_OK ? session_emit(s, GASP_MSG_TURN_END, &s->scratch) : w.err;
}

/* What was refused goes into the wallet's memory. */
static gasp_err remember(gasp_session *s)
{
    receiving *in = &s->in_turn;
    gasp_note note = {.refused = in->refused, .n_refused = in->n_refused};
    if (in->n_refused == 0)
        return GASP_OK;
    in->refused = NULL;
    in->n_refused = 0;
    return session_note(s, &note);
}

static gasp_err end_turn(gasp_session *s)
{
    const receiving *in = &s->in_turn;
    gasp_stage_counts counts = gasp_stage_count(in->stage);
    s->done_before.scripts += counts.scripts_asked;
    s->done_before.committed += counts.committed;
    s->done_before.refused += counts.refused;
    gasp_err err = say_turn_end(s);
    if (err == GASP_OK)
        err = remember(s);
    receive_clear(s);
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
        err = receive_verdicts(s);
    if (err == GASP_OK)
        err = say_wants(s);
    if (err == GASP_OK)
        err = receive_verdicts(s); /* of what there is no room for, which shows when it would be wanted */
    if (err == GASP_OK)
        err = say_credit(s);
    return err == GASP_OK && turn_done(s) ? end_turn(s) : err;
}
