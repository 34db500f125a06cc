/* The model of plain sets. Transactions stand in the order in which they spend each other, so that one pass from the first
 * to the last derives everything, and one back finds all that one stands on. */
#include "session/model.h"

#include <string.h>

bool model_in_chain(const model *m, const model_wallet *w, int block)
{
    for (int b = w->tip; b != MODEL_NONE; b = m->block[b].parent)
        if (b == block)
            return true;
    return false;
}

static bool spends(const model_tx *tx, int of, int vout)
{
    for (int k = 0; k < tx->n_in; k++)
        if (tx->in[k].tx == of && tx->in[k].vout == vout)
            return true;
    return false;
}

bool model_rivals(const model *m, int a, int b)
{
    for (int k = 0; a != b && k < m->tx[a].n_in; k++)
        if (m->tx[a].in[k].tx != MODEL_NONE && spends(&m->tx[b], m->tx[a].in[k].tx, m->tx[a].in[k].vout))
            return true;
    return false;
}

/* Whether a proven transaction of the wallet takes away what this one spends. */
static bool loses(const model *m, const model_view *v, int tx)
{
    for (int i = 0; i < m->n_txs; i++)
        if (v->anchor[i] != MODEL_NONE && model_rivals(m, i, tx))
            return true;
    return false;
}

static bool sources_stand(const model *m, const bool *stands, int tx)
{
    for (int k = 0; k < m->tx[tx].n_in; k++)
        if (m->tx[tx].in[k].tx == MODEL_NONE || !stands[m->tx[tx].in[k].tx])
            return false;
    return true;
}

static void look_anchors(model_view *v, const model *m, const model_wallet *w)
{
    for (int i = 0; i < m->n_txs; i++) {
        v->anchor[i] = MODEL_NONE;
        for (int b = w->tip; b != MODEL_NONE; b = m->block[b].parent)
            if (w->held[i] && w->proof[i][b])
                v->anchor[i] = b;
    }
}

static void look_spends(model_view *v, const model *m, int tx)
{
    for (int k = 0; k < m->tx[tx].n_in; k++) {
        const model_in *in = &m->tx[tx].in[k];
        if (in->tx == MODEL_NONE)
            continue;
        int *first = &v->spender[in->tx][in->vout];
        bool better = *first == MODEL_NONE || v->anchor[tx] != MODEL_NONE ||
                      (v->anchor[*first] == MODEL_NONE && m->tx[tx].rank < m->tx[*first].rank);
        v->spends[in->tx][in->vout]++;
        *first = better ? tx : *first;
    }
}

void model_look(model_view *v, const model *m, const model_wallet *w)
{
    memset(v, 0, sizeof *v);
    look_anchors(v, m, w);
    for (int i = 0; i < m->n_txs; i++) {
        for (int k = 0; k < MODEL_OUTS; k++)
            v->spender[i][k] = MODEL_NONE;
        bool alone = sources_stand(m, v->stands, i) && (m->tx[i].passes || w->passed[i]) && !loses(m, v, i);
        v->stands[i] = w->held[i] && (v->anchor[i] != MODEL_NONE || alone);
    }
    for (int i = 0; i < m->n_txs; i++)
        if (v->stands[i])
            look_spends(v, m, i);
    for (int i = 0; i < m->n_txs; i++) {
        for (int k = 0; k < m->tx[i].n_in && v->stands[i] && v->anchor[i] == MODEL_NONE; k++) {
            const model_in *in = &m->tx[i].in[k];
            v->contested[i] = v->contested[i] || v->contested[in->tx] || v->spends[in->tx][in->vout] > 1;
        }
        for (int k = 0; k < m->tx[i].n_out; k++)
            v->item[i][k] = w->own[i][k] && v->stands[i] && v->spends[i][k] == 0;
    }
}

void model_rest(model *m, int w)
{
    model_view v;
    model_look(&v, m, &m->wallet[w]);
    for (int i = 0; i < m->n_txs; i++)
        m->wallet[w].passed[i] = m->wallet[w].passed[i] && v.stands[i] && v.anchor[i] == MODEL_NONE;
}

/* ---- what the host does -------------------------------------------------------------------------------------------- */

void model_header(model *m, int w, int block)
{
    model_wallet *it = &m->wallet[w];
    it->knows[block] = true;
    if (m->block[block].height > m->block[it->tip].height)
        it->tip = block;
}

void model_prove(model *m, int w, int tx, int block)
{
    model_wallet *it = &m->wallet[w];
    if (it->held[tx] && it->knows[block])
        it->proof[tx][block] = true;
}

static void drop(model_wallet *it, int tx)
{
    it->held[tx] = false;
    memset(it->proof[tx], 0, sizeof it->proof[tx]);
    it->passed[tx] = false;
    memset(it->own[tx], 0, sizeof it->own[tx]);
    memset(it->entry[tx], 0, sizeof it->entry[tx]);
}

bool model_forget(model *m, int w, int tx)
{
    model_wallet *it = &m->wallet[w];
    model_view v;
    bool gone[MODEL_TXS] = {false};
    model_look(&v, m, it);
    if (!it->held[tx] || v.anchor[tx] != MODEL_NONE)
        return false;
    gone[tx] = true;
    for (int i = tx; i < m->n_txs; i++) {
        for (int k = 0; k < m->tx[i].n_in; k++)
            gone[i] = gone[i] || (m->tx[i].in[k].tx != MODEL_NONE && gone[m->tx[i].in[k].tx] && it->held[i] &&
                                  v.anchor[i] == MODEL_NONE);
        if (gone[i])
            drop(it, i);
    }
    return true;
}

void model_tell(model *m, int w, int tx, int which, model_entry entry)
{
    model_entry *at = &m->wallet[w].entry[tx][which];
    if (entry.at > at->at || (entry.at == at->at && entry.rank > at->rank))
        *at = entry;
}

/* ---- what comes in ------------------------------------------------------------------------------------------------- */

/* Which of the transactions that are given would stand in the wallet; chain[i]: it is given with a proof that holds. */
static void judge(const model *m, bool unchecked, const model_view *v, const bool *given, const bool *chain,
                  const bool *wrong, bool *holds)
{
    for (int i = 0; i < m->n_txs; i++) {
        bool sources[MODEL_TXS];
        for (int k = 0; k < m->n_txs; k++)
            sources[k] = v->stands[k] || (k < i && holds[k]);
        bool alone = sources_stand(m, sources, i) && (m->tx[i].passes || unchecked) && !loses(m, v, i);
        holds[i] = given[i] && !wrong[i] && (chain[i] || v->stands[i] || alone);
    }
}

/* The root and what it stands on, as far as it is not here. */
static void needed(const model *m, const model_view *v, const bool *chain, int root, bool *out)
{
    memset(out, 0, MODEL_TXS * sizeof *out);
    out[root] = true;
    for (int i = root; i >= 0; i--)
        for (int k = 0; k < m->tx[i].n_in && out[i] && !chain[i] && !v->stands[i]; k++)
            if (m->tx[i].in[k].tx != MODEL_NONE && !v->stands[m->tx[i].in[k].tx])
                out[m->tx[i].in[k].tx] = true;
}

/* What it spends is ours, or what we hold spends it already. */
static bool concerns(const model *m, const model_wallet *it, const model_view *v, int tx)
{
    for (int k = 0; k < m->tx[tx].n_in; k++) {
        const model_in *in = &m->tx[tx].in[k];
        if (in->tx != MODEL_NONE && (it->own[in->tx][in->vout] || v->spends[in->tx][in->vout] > 0))
            return true;
    }
    return false;
}

bool model_add(model *m, int w, int tx, const model_file *file, const bool own[MODEL_OUTS], bool spend, bool unchecked)
{
    model_wallet *it = &m->wallet[w];
    model_view v;
    bool chain[MODEL_TXS] = {false};
    bool wrong[MODEL_TXS] = {false};
    bool holds[MODEL_TXS];
    bool need[MODEL_TXS];
    model_look(&v, m, it);
    bool wanted = spend && (concerns(m, it, &v, tx) || v.stands[tx]);
    for (int i = 0; i < m->n_txs; i++) {
        int b = file->proof[i];
        chain[i] = file->given[i] && b != MODEL_NONE && model_in_chain(m, it, b);
        wrong[i] = file->given[i] && b != MODEL_NONE && !chain[i];
    }
    judge(m, unchecked, &v, file->given, chain, wrong, holds);
    for (int k = 0; k < MODEL_OUTS; k++)
        wanted = wanted || own[k];
    bool taken = holds[tx] && wanted;
    needed(m, &v, chain, tx, need);
    for (int i = 0; i < m->n_txs; i++)
        if (taken && need[i]) {
            it->held[i] = true;
            it->passed[i] = it->passed[i] || unchecked;
        }
    for (int k = 0; k < MODEL_OUTS; k++)
        it->own[tx][k] = it->own[tx][k] || (taken && own[k]);
    for (int i = 0; i < m->n_txs; i++) /* of what is held then, proofs are kept whatever became of the rest */
        if (file->given[i] && file->proof[i] != MODEL_NONE)
            model_prove(m, w, i, file->proof[i]);
    return taken;
}

/* ---- what wallets give each other ---------------------------------------------------------------------------------- */

static void judge_peer(const model *m, const model_view *a, const model_wallet *it, const model_view *b, bool *chain,
                       bool *holds)
{
    bool wrong[MODEL_TXS] = {false};
    for (int i = 0; i < m->n_txs; i++) {
        chain[i] = a->stands[i] && a->anchor[i] != MODEL_NONE && model_in_chain(m, it, a->anchor[i]);
        wrong[i] = a->anchor[i] != MODEL_NONE && !chain[i];
    }
    judge(m, it->lenient, b, a->stands, chain, wrong, holds);
}

bool model_takes(const model *m, int from, int to, int tx)
{
    model_view a;
    model_view b;
    bool chain[MODEL_TXS] = {false};
    bool holds[MODEL_TXS];
    model_look(&a, m, &m->wallet[from]);
    model_look(&b, m, &m->wallet[to]);
    judge_peer(m, &a, &m->wallet[to], &b, chain, holds);
    return holds[tx];
}

static bool same_entry(const model_entry *a, const model_entry *b)
{
    return a->at == b->at && a->rank == b->rank;
}

/* What is known of a transaction goes over. */
static void join(model *m, int from, int to, int tx, int block)
{
    if (block != MODEL_NONE)
        m->wallet[to].proof[tx][block] = true;
    for (int e = 0; e < MODEL_ENTRIES; e++)
        model_tell(m, to, tx, e, m->wallet[from].entry[tx][e]);
}

static bool same_state(const model *m, int a, int b, const model_view *at_a, const model_view *at_b, int tx, int vout)
{
    const model_entry *x = m->wallet[a].entry[tx];
    const model_entry *y = m->wallet[b].entry[tx];
    bool proven = at_a->anchor[tx] != MODEL_NONE;
    return at_a->anchor[tx] == at_b->anchor[tx] && same_entry(&x[vout], &y[vout]) &&
           (proven || same_entry(&x[MODEL_BROADCAST], &y[MODEL_BROADCAST]));
}

bool model_same_item(const model *m, int a, int b, const model_view *at_a, const model_view *at_b, int tx, int vout)
{
    return at_a->item[tx][vout] && at_b->item[tx][vout] && same_state(m, a, b, at_a, at_b, tx, vout);
}

/* A transaction that came whole tells in which state the sender has what it spends: where the receiver has it in another
 * one, it asks. */
static void ask_metadata(model *m, int from, int to, const model_view *a, const model_view *b, const bool *chain,
                         int tx)
{
    for (int k = 0; k < m->tx[tx].n_in; k++) {
        const model_in *in = &m->tx[tx].in[k];
        if (in->tx == MODEL_NONE || !a->stands[in->tx] || !b->stands[in->tx] ||
            same_state(m, from, to, a, b, in->tx, in->vout))
            continue;
        if (a->anchor[in->tx] == MODEL_NONE || chain[in->tx])
            join(m, from, to, in->tx, a->anchor[in->tx]);
    }
}

/* A transaction goes from one to the other with all that it stands on and what is known of them; whole: it has not to be
 * here yet. */
static void bring(model *m, int from, int to, int tx, bool whole)
{
    model_view a;
    model_view b;
    bool chain[MODEL_TXS] = {false};
    bool holds[MODEL_TXS];
    bool need[MODEL_TXS];
    model_look(&a, m, &m->wallet[from]);
    model_look(&b, m, &m->wallet[to]);
    judge_peer(m, &a, &m->wallet[to], &b, chain, holds);
    needed(m, &b, chain, tx, need);
    for (int i = 0; i < m->n_txs; i++) {
        if (!need[i])
            continue;
        m->wallet[to].held[i] = true;
        m->wallet[to].passed[i] = m->wallet[to].passed[i] || m->wallet[to].lenient;
        join(m, from, to, i, a.anchor[i]);
        if (i != tx || whole)
            ask_metadata(m, from, to, &a, &b, chain, i);
    }
}

/* The receiver's items that the sender knows as spent: it names one who spends them. */
static void tell_spent(model *m, int from, int to)
{
    model_view a;
    model_view b;
    for (int i = 0; i < m->n_txs * MODEL_OUTS; i++) {
        int tx = i / MODEL_OUTS;
        model_look(&a, m, &m->wallet[from]);
        model_look(&b, m, &m->wallet[to]);
        int by = a.spender[tx][i % MODEL_OUTS];
        if (!b.item[tx][i % MODEL_OUTS] || by == MODEL_NONE || !a.stands[by] || b.stands[by])
            continue;
        if (model_takes(m, to, from, tx) && model_takes(m, from, to, by))
            bring(m, from, to, by, true);
    }
}

/* Whether one of a wallet's items stands on a transaction that nothing proves. */
static bool stands_below(const model *m, const model_view *v, int lost)
{
    for (int top = lost; top < m->n_txs; top++) {
        bool below[MODEL_TXS] = {false};
        bool item = false;
        for (int k = 0; k < MODEL_OUTS; k++)
            item = item || v->item[top][k];
        below[top] = item;
        for (int i = top; i > lost; i--)
            for (int k = 0; k < m->tx[i].n_in && below[i] && v->anchor[i] == MODEL_NONE; k++)
                below[m->tx[i].in[k].tx] = true;
        if (below[lost])
            return true;
    }
    return false;
}

/* What the receiver offers and the sender refuses, because a proven one spends what it stands on: that one is named. */
static void tell_lost(model *m, int from, int to)
{
    model_view a;
    model_view b;
    for (int lost = 0; lost < m->n_txs; lost++)
        for (int by = 0; by < m->n_txs; by++) {
            model_look(&a, m, &m->wallet[from]);
            model_look(&b, m, &m->wallet[to]);
            if (b.stands[lost] && b.anchor[lost] == MODEL_NONE && a.anchor[by] != MODEL_NONE &&
                b.anchor[by] == MODEL_NONE && model_rivals(m, lost, by) && stands_below(m, &b, lost) &&
                model_takes(m, from, to, by))
                bring(m, from, to, by, true);
        }
}

static void give(model *m, int from, int to)
{
    for (int i = 0; i < m->n_txs && m->flow[from][to]; i++) {
        model_view a;
        model_view b;
        bool offered[MODEL_OUTS];
        bool any = false;
        bool known = true;
        model_look(&a, m, &m->wallet[from]);
        model_look(&b, m, &m->wallet[to]);
        for (int k = 0; k < MODEL_OUTS; k++) {
            offered[k] = a.item[i][k] && !model_same_item(m, from, to, &a, &b, i, k);
            any = any || offered[k];
            known = known && (!offered[k] || b.item[i][k]);
        }
        if (!any || !model_takes(m, from, to, i))
            continue;
        bring(m, from, to, i, !known);
        for (int k = 0; k < MODEL_OUTS; k++)
            m->wallet[to].own[i][k] = m->wallet[to].own[i][k] || offered[k];
    }
}

static void tell(model *m, int from, int to)
{
    if (!m->flow[from][to] || !m->flow[to][from])
        return;
    tell_spent(m, from, to);
    tell_lost(m, from, to);
}

void model_round(model *m, int first, int second)
{
    give(m, second, first);
    give(m, first, second);
    tell(m, first, second);
    tell(m, second, first);
    model_rest(m, first);
    model_rest(m, second);
}

bool model_settle(model *m)
{
    static model before;
    bool moved = true;
    for (int pass = 0; moved && pass < 4 * MODEL_TXS; pass++) {
        before = *m;
        for (int a = 0; a < m->n_wallets; a++)
            for (int b = 0; b < a; b++)
                model_round(m, a, b);
        moved = memcmp(before.wallet, m->wallet, sizeof before.wallet) != 0;
    }
    return !moved;
}
