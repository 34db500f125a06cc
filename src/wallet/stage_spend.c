/* Announced spends: the sender says that a transaction spends an output which we may hold. It is wanted when that output is
 * the collection's business, and kept with what it stands on when it holds and does spend it. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "wallet/stage_node.h"

static bool spends(const gasp_tx *tx, const gasp_outpoint *outpoint)
{
    for (size_t i = 0; i < tx->n_in; i++)
        if (tx->in[i].prev.vout == outpoint->vout && memcmp(tx->in[i].prev.txid.b, outpoint->txid.b, 32) == 0)
            return true;
    return false;
}

gasp_err gasp_stage_spend(gasp_stage *stage, const gasp_outpoint *outpoint, const gasp_txid *spender)
{
    node *n;
    gasp_err err = stage_node_get(stage, &n, spender);
    if (err == GASP_ERR_LIMIT) {
        node outside = {.txid = *spender};
        return stage_say_spend(stage, &outside, GASP_ERR_VERIFY_POLICY);
    }
    if (err != GASP_OK)
        return err;
    if (n->state == NODE_REFUSED) {
        n->spend = true;
        return stage_say(stage, n, n->err, &n->cause, n->cause_err, 0, false);
    }
    if (n->keep)
        return GASP_OK; /* it is on its way for another output of ours */
    void *list = stage->spends;
    err = gasp_mem_grow(stage->mem, &list, &stage->cap_spends, stage->n_spends + 1, sizeof *stage->spends,
                        stage->max_nodes * gasp_limit(UNREAD_PER_NODE));
    stage->spends = list;
    if (err != GASP_OK)
        return err;
    stage->spends[stage->n_spends++] = (spend_ask){n, *outpoint};
    n->spend = true;
    n->asking++;
    stage_recheck(stage, n);
    return GASP_OK;
}

gasp_err stage_spend_check(gasp_stage *stage, node *n)
{
    if (!n->keep || n->tx == NULL || spends(n->tx, &n->claim))
        return GASP_OK;
    return stage_say_spend(stage, n, GASP_ERR_VERIFY_NO_SPEND);
}

/* The transaction is to be kept: it is wanted when it is not here. */
static gasp_err keep(gasp_stage *stage, node *n)
{
    stage_root_link(stage, n);
    stage_recheck(stage, n);
    if (n->state == NODE_GAP && !n->in_gaps)
        stage_gap_link(stage, n);
    gasp_err err = stage_spend_check(stage, n);
    if (err == GASP_OK && n->keep && n->state == NODE_VERIFIED)
        stage_queue_commit(stage, n);
    return err;
}

gasp_err stage_spend_found(gasp_stage *stage, node *n, const gasp_find_spend *answer)
{
    n->asking--;
    n->spend_held = n->spend_held || answer->held;
    if (answer->ours && !n->keep && !answer->held) {
        n->keep = true;
        n->claim = answer->outpoint;
    }
    if (n->asking > 0)
        return GASP_OK;
    bool held = n->spend_held || n->state == NODE_COMMITTED;
    n->spend_held = false;
    stage_recheck(stage, n);
    if (!n->spend) {
        n->keep = false; /* its verdict was said meanwhile */
        stage_let_go(stage, n);
        return GASP_OK;
    }
    if (n->keep && !held)
        return keep(stage, n);
    n->keep = false;
    stage_recheck(stage, n);
    if (n->n_roots > 0)
        return GASP_OK; /* one verdict, when that of the offered outputs is reached */
    return stage_say_spend(stage, n, held ? GASP_OK : GASP_ERR_VERIFY_NOT_ASKED);
}
