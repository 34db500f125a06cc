/* What becomes of the offers of a receiving turn: verdicts of the stage give credit back, become events, and for what is not
 * taken, or is held in another state than the peer's, they become numbers for TURN_END, refusals to be remembered, claims
 * of the round's account, and SPENDs that we owe. The peer learns which outputs we do not hold, never why. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "record/state.h"
#include "session/inside.h"

/** Refusals that one turn has to remember: as many as a wallet keeps. More are offered again. */
enum { REFUSED_MAX = GASP_REFUSALS_MAX, OWED_MAX = GASP_LIMIT_OWED /**< SPENDs of a round; more come with the next */ };

/* An output as the peer holds it, from what it sent. */
static gasp_err told_item(const gasp_session *s, gasp_refused *out, const gasp_stage_verdict *v, uint32_t vout)
{
    gasp_entries entries = {0};
    gasp_state_hash state;
    const gasp_anchor *anchor = v->proven ? &v->told : NULL;
    gasp_err err = v->entries.len > 0 ? gasp_entries_decode(&entries, v->entries, s->mem, NULL) : GASP_OK;
    if (err != GASP_OK)
        return err;
    *out = (gasp_refused){.outpoint = {v->txid, vout}, .time = gasp_item_time(anchor)};
    gasp_state_hash_of(&state, &out->outpoint, anchor, &entries);
    gasp_item_id_of_state(&out->id, &out->outpoint, &state);
    gasp_entries_clear(&entries);
    return GASP_OK;
}

static gasp_err lacking(gasp_session *s, uint64_t number)
{
    receiving *in = &s->in_turn;
    void *list = in->lacking;
    gasp_err err = gasp_mem_grow(s->mem, &list, &in->cap_lacking, in->n_lacking + 1, sizeof *in->lacking,
                                 (size_t)s->limits.max_items + (size_t)s->limits.max_roots);
    in->lacking = list;
    if (err == GASP_OK)
        in->lacking[in->n_lacking++] = number;
    return err;
}

static gasp_err claim_of(gasp_session *s, const gasp_refused *item, gasp_result result)
{
    gasp_item_id id = item->id;
    if (s->match == GASP_MATCH_OUTPOINT)
        gasp_item_id_of_outpoint(&id, &item->outpoint);
    return account_claim(&s->account, &item->outpoint, &id, result);
}

/* What a refusal makes of the round: whether it may come another time. */
static gasp_result result_of(gasp_err cause_err)
{
    gasp_refusal refusal = gasp_err_refusal(cause_err);
    bool final = refusal == GASP_REFUSAL_FINAL || refusal == GASP_REFUSAL_NONE;
    return final ? GASP_RESULT_REFUSALS : GASP_RESULT_PARTIAL;
}

static gasp_err refuse(gasp_session *s, gasp_refused *item, const gasp_stage_verdict *v)
{
    receiving *in = &s->in_turn;
    void *list = in->refused;
    if (in->n_refused == REFUSED_MAX)
        return GASP_OK;
    gasp_err err = gasp_mem_grow(s->mem, &list, &in->cap_refused, in->n_refused + 1, sizeof *in->refused, REFUSED_MAX);
    in->refused = list;
    if (err != GASP_OK)
        return err;
    item->err = v->cause_err;
    item->height = v->height;
    item->until_ms = v->until_ms;
    item->other = v->cause;
    item->root = v->fault_root;
    in->refused[in->n_refused++] = *item;
    return GASP_OK;
}

/* ---- what we know as spent ----------------------------------------------------------------------------------------- */

static gasp_err owe(gasp_session *s, const gasp_stage_spent *spent, size_t first_claim, const gasp_refused *item)
{
    static const gasp_refused nothing;
    void *list = s->owed;
    void *place;
    bool fresh;
    if (s->n_owed >= gasp_limit(OWED))
        return GASP_OK;
    gasp_err err = gasp_mem_grow(s->mem, &list, &s->cap_owed, s->n_owed + 1, sizeof *s->owed, gasp_limit(OWED));
    s->owed = list;
    if (err == GASP_OK)
        err = gasp_map_put(&s->owed_by, &place, &fresh, spent->spender.b);
    if (err != GASP_OK)
        return err;
    if (fresh)
        *(size_t *)place = s->n_owed;
    const size_t same = *(const size_t *)place;
    owed_spend *owed = &s->owed[s->n_owed++];
    *owed = (owed_spend){.ref = {spent->outpoint, spent->spender},
                         .first_claim = first_claim,
                         .n_claims = s->account.n_claims - first_claim,
                         .refused = item != NULL ? *item : nothing,
                         .same = same};
    owed->refused.spent = item != NULL;
    owed->refused.other = spent->spender;
    return GASP_OK;
}

static const gasp_stage_spent *spent_output(const gasp_stage_verdict *v, uint32_t vout)
{
    for (size_t i = 0; i < v->n_spent; i++)
        if (v->spent[i].outpoint.vout == vout && memcmp(v->spent[i].outpoint.txid.b, v->txid.b, 32) == 0)
            return &v->spent[i];
    return NULL;
}

/* ---- one verdict --------------------------------------------------------------------------------------------------- */

static const gasp_commit_declined *declined_output(const gasp_stage_verdict *v, uint32_t vout)
{
    for (size_t i = 0; i < v->n_declined; i++)
        if (v->declined[i].outpoint.vout == vout)
            return &v->declined[i];
    return NULL;
}

/* An output that the host left, of a root that it took. */
static gasp_err left_out(gasp_session *s, const gasp_stage_verdict *v, const gasp_commit_declined *said,
                         uint64_t number)
{
    gasp_stage_verdict of_it = *v;
    gasp_refused item;
    of_it.cause_err = said->err;
    of_it.height = said->height;
    of_it.until_ms = said->ms;
    gasp_err err = told_item(s, &item, v, said->outpoint.vout);
    if (err == GASP_OK)
        err = claim_of(s, &item, result_of(said->err));
    if (err == GASP_OK)
        err = lacking(s, number);
    return err == GASP_OK ? refuse(s, &item, &of_it) : err;
}

/* A root that was taken: outputs that are spent here are no items, and those that were here before may be in another
 * state. */
static gasp_err root_taken(gasp_session *s, const gasp_stage_verdict *v, uint64_t first)
{
    gasp_err err = GASP_OK;
    if (v->n_spent == 0 && v->n_declined == 0 && !v->held)
        return GASP_OK;
    for (uint32_t i = 0; err == GASP_OK && i < v->n_roots; i++) {
        const gasp_stage_spent *spent = spent_output(v, v->roots[i]);
        const gasp_commit_declined *declined = declined_output(v, v->roots[i]);
        size_t claims = s->account.n_claims;
        gasp_refused item;
        if (declined != NULL && spent == NULL) {
            err = left_out(s, v, declined, first + i);
            continue;
        }
        if (v->n_spent == 0 && !v->held)
            continue;
        err = told_item(s, &item, v, v->roots[i]);
        if (err == GASP_OK)
            err = claim_of(s, &item, GASP_RESULT_COMPLETE);
        if (err == GASP_OK && spent != NULL)
            err = lacking(s, first + i);
        if (err == GASP_OK && spent != NULL)
            err = owe(s, spent, claims, &item);
    }
    return err;
}

/* Of a root that was refused because a proven transaction spends what it stands on. */
static const gasp_stage_spent *rival_of(const gasp_stage_verdict *v)
{
    for (size_t i = 0; i < v->n_spent; i++)
        if (memcmp(v->spent[i].outpoint.txid.b, v->txid.b, sizeof v->txid.b) != 0)
            return &v->spent[i];
    return NULL;
}

/* A root that was not: what it stands on may be spent by a proven transaction, which the peer is to learn. Then there is
 * nothing to remember, because it will not hold the root any more. An output of it may be known as spent all the same. */
static gasp_err root_refused(gasp_session *s, const gasp_stage_verdict *v, uint64_t first)
{
    const gasp_stage_spent *rival = rival_of(v);
    size_t claims = s->account.n_claims;
    gasp_err err = GASP_OK;
    for (uint32_t i = 0; err == GASP_OK && i < v->n_roots; i++) {
        const gasp_stage_spent *spent = spent_output(v, v->roots[i]);
        size_t own = s->account.n_claims;
        gasp_refused item;
        err = told_item(s, &item, v, v->roots[i]);
        if (err == GASP_OK)
            err = claim_of(s, &item, spent != NULL ? GASP_RESULT_COMPLETE : result_of(v->cause_err));
        if (err == GASP_OK)
            err = lacking(s, first + i);
        if (err == GASP_OK && spent != NULL)
            err = owe(s, spent, own, &item);
        else if (err == GASP_OK && rival == NULL)
            err = refuse(s, &item, v);
    }
    return err == GASP_OK && rival != NULL ? owe(s, rival, claims, NULL) : err;
}

static gasp_err tell(gasp_session *s, const gasp_stage_verdict *v)
{
    if (v->spend && v->err != GASP_OK) {
        gasp_refusal refusal = gasp_err_refusal(v->cause_err);
        s->result = result_of(v->cause_err) > s->result ? result_of(v->cause_err) : s->result;
        s->awaits = s->awaits || refusal == GASP_REFUSAL_MISSING || refusal == GASP_REFUSAL_TIME;
    }
    if (!v->root && !v->spend && v->err == GASP_OK)
        return GASP_OK;
    gasp_event event = {.kind = v->err == GASP_OK ? GASP_EVENT_COMMITTED : GASP_EVENT_REFUSED,
                        .graph = {.txid = v->txid,
                                  .vout = v->vout,
                                  .n_outputs = v->n_roots,
                                  .spend = v->spend,
                                  .changed = v->stored,
                                  .err = v->err,
                                  .cause = v->cause,
                                  .cause_err = v->cause_err,
                                  .height = v->height}};
    return session_event_add(s, &event);
}

/* Everything the verdict points to is read before anything else is asked of the stage. */
static gasp_err take(gasp_session *s, const gasp_stage_verdict *v)
{
    root_in came;
    gasp_err err = GASP_OK;
    if (v->root && receive_root_done(s, &v->txid, false, &came))
        err = v->err == GASP_OK ? root_taken(s, v, came.first) : root_refused(s, v, came.first);
    if (err == GASP_OK && v->spend && receive_root_done(s, &v->txid, true, &came) && v->err != GASP_OK)
        err = lacking(s, LACKING_SPEND | came.first);
    return err == GASP_OK ? tell(s, v) : err;
}

gasp_err receive_verdicts(gasp_session *s)
{
    gasp_stage_verdict v;
    gasp_err err;
    while ((err = gasp_stage_verdict_next(s->in_turn.stage, &v)) == GASP_OK) {
        err = take(s, &v);
        if (err != GASP_OK)
            return err;
    }
    return err == GASP_DONE ? GASP_OK : err;
}

/* ---- what was not offered because of SKIP -------------------------------------------------------------------------- */

/* One that the peer holds: we lack it, and if that is because it is spent, the peer is told by whom. */
static gasp_err skipped(gasp_session *s, const gasp_skip *skip)
{
    gasp_refused item = {.outpoint = skip->outpoint, .time = skip->time, .id = skip->id};
    size_t claims = s->account.n_claims;
    gasp_result result = skip->final ? GASP_RESULT_REFUSALS : GASP_RESULT_PARTIAL;
    gasp_err err = account_claim(&s->account, &skip->outpoint, &skip->id, skip->spent ? GASP_RESULT_COMPLETE : result);
    if (err != GASP_OK || !skip->spent)
        return err;
    const gasp_stage_spent spent = {skip->outpoint, skip->spender, false};
    return owe(s, &spent, claims, s->match == GASP_MATCH_STATE ? &item : NULL);
}

gasp_err receive_skipped(gasp_session *s, gasp_bytes held)
{
    bool said = !s->look && s->in_turn.n_parts > 0 && s->skips.n > 0 && session_has(s, GASP_FEATURE_SKIP);
    gasp_err err = GASP_OK;
    if (held.len != (said ? (s->skips.n + 7) / 8 : 0))
        return GASP_ERR_PEER_MESSAGE;
    for (size_t i = 0; err == GASP_OK && said && i < s->skips.n; i++)
        if ((held.data[i / 8] >> i % 8 & 1) != 0)
            err = skipped(s, &s->skips.list[i]);
    return err;
}
