/* What the stage says of nodes. A verdict owns what it points to, because the node that it is about may be gone when it is
 * read. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "wallet/stage_node.h"

gasp_err stage_say_room(gasp_stage *stage, size_t more)
{
    void *list = stage->verdicts;
    gasp_err err = gasp_mem_grow(stage->mem, &list, &stage->cap_verdicts, stage->n_verdicts + more,
                                 sizeof *stage->verdicts, stage->max_nodes * gasp_limit(UNREAD_PER_NODE));
    stage->verdicts = list;
    return err;
}

/* The spent list of a verdict, with the rival behind the spent outputs; n->spent was made with room for it. */
static size_t take_spent(stage_word *to, node *n, gasp_err cause_err)
{
    size_t count = n->n_spent;
    to->spent = n->spent;
    n->spent = NULL;
    n->n_spent = 0;
    if (to->spent != NULL && n->has_rival && cause_err == GASP_ERR_VERIFY_SPENT)
        to->spent[count++] = n->rival;
    return count;
}

gasp_err stage_say(gasp_stage *stage, node *n, gasp_err err, const gasp_txid *cause, gasp_err cause_err, size_t input,
                   bool stored)
{
    gasp_err grown = stage_say_room(stage, 1);
    if (grown != GASP_OK)
        return grown;
    if (n->spent == NULL && n->has_rival) {
        n->spent = gasp_mem_zalloc(stage->mem, sizeof *n->spent);
        if (n->spent == NULL)
            return GASP_ERR_NOMEM;
    }
    stage_word *to = &stage->verdicts[stage->n_verdicts++];
    *to = (stage_word){.roots = n->roots, .entries = n->entries};
    to->v = (gasp_stage_verdict){
        .txid = n->txid,
        .root = n->n_roots > 0,
        .spend = n->spend,
        .n_roots = (uint32_t)n->n_roots,
        .roots = to->roots,
        .vout = n->n_roots > 0 ? n->roots[0] : 0,
        .known = n->known,
        .held = n->held,
        .proven = n->told_proven,
        .told = n->told,
        .entries = {to->entries.data, to->entries.len},
        .stored = stored,
        .err = err,
        .cause = *cause,
        .cause_err = cause_err,
        .height = n->anchor.height,
        .fault_root = n->fault_root,
        .input = input,
        .bytes = n->raw_len,
    };
    to->v.n_spent = take_spent(to, n, cause_err);
    to->v.spent = to->spent;
    n->roots = NULL;
    n->n_roots = 0;
    n->entries = (gasp_data){0};
    n->spend = n->keep = false;
    if (err == GASP_OK)
        stage->counts.committed++;
    else
        stage->counts.refused++;
    return GASP_OK;
}

void stage_say_until(gasp_stage *stage, uint32_t height, uint64_t wall_ms)
{
    gasp_stage_verdict *last = &stage->verdicts[stage->n_verdicts - 1].v;
    last->height = height;
    last->until_ms = wall_ms;
}

gasp_err stage_say_declined(gasp_stage *stage, const gasp_commit_declined *list, size_t n)
{
    stage_word *last = &stage->verdicts[stage->n_verdicts - 1];
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += memcmp(list[i].outpoint.txid.b, last->v.txid.b, sizeof last->v.txid.b) == 0 ? 1 : 0;
    if (count == 0)
        return GASP_OK;
    last->declined = gasp_mem_zalloc_array(stage->mem, count, sizeof *last->declined);
    if (last->declined == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        if (memcmp(list[i].outpoint.txid.b, last->v.txid.b, sizeof last->v.txid.b) == 0)
            last->declined[last->v.n_declined++] = list[i];
    last->v.declined = last->declined;
    return GASP_OK;
}

gasp_err stage_say_spend(gasp_stage *stage, node *n, gasp_err err)
{
    node claim = {.txid = n->txid, .raw_len = n->raw_len, .spend = true};
    gasp_err said = stage_say(stage, &claim, err, &n->txid, err, 0, false);
    n->spend = n->keep = false;
    if (!stage_is_root(n))
        stage_root_unlink(stage, n);
    stage_recheck(stage, n);
    stage_let_go(stage, n);
    return said;
}

static void clear(gasp_stage *stage, stage_word *one)
{
    gasp_mem_free(stage->mem, one->roots);
    gasp_mem_free(stage->mem, one->spent);
    gasp_mem_free(stage->mem, one->declined);
    gasp_data_clear(&one->entries);
    *one = (stage_word){0};
}

void stage_say_clear(gasp_stage *stage)
{
    for (size_t i = stage->next_verdict > 0 ? stage->next_verdict - 1 : 0; i < stage->n_verdicts; i++)
        clear(stage, &stage->verdicts[i]);
    stage->next_verdict = stage->n_verdicts = 0;
}

gasp_err gasp_stage_verdict_next(gasp_stage *stage, gasp_stage_verdict *out)
{
    if (stage->next_verdict == stage->n_verdicts) {
        stage_say_clear(stage);
        return GASP_DONE;
    }
    if (stage->next_verdict > 0)
        clear(stage, &stage->verdicts[stage->next_verdict - 1]);
    *out = stage->verdicts[stage->next_verdict++].v;
    return GASP_OK;
}
