/* What is wanted, and what there is room for: gaps and roots in their order, reservations, and the choice that keeps a
 * stage from waiting for itself (stage.h, Room). Counts of what is staged are kept in stage.c. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "wallet/stage_node.h"

bool stage_fits(const gasp_stage *stage, size_t bytes)
{
    size_t used = stage->counts.bytes + stage->reserved;
    return used <= stage->max_bytes && bytes <= stage->max_bytes - used;
}

/* ---- roots and gaps in order --------------------------------------------------------------------------------------- */

void stage_root_link(gasp_stage *stage, node *n)
{
    if (n->in_roots)
        return;
    n->in_roots = true;
    n->root_prev = stage->root_tail;
    n->root_next = NULL;
    if (stage->root_tail != NULL)
        stage->root_tail->root_next = n;
    else
        stage->root_head = n;
    stage->root_tail = n;
}

void stage_root_unlink(gasp_stage *stage, node *n)
{
    if (!n->in_roots)
        return;
    n->in_roots = false;
    if (n->root_prev != NULL)
        n->root_prev->root_next = n->root_next;
    else
        stage->root_head = n->root_next;
    if (n->root_next != NULL)
        n->root_next->root_prev = n->root_prev;
    else
        stage->root_tail = n->root_prev;
    if (stage->front == n)
        stage->front = NULL;
}

/* Puts a gap before another one, or at the end. */
static void gap_insert(gasp_stage *stage, node *gap, node *before)
{
    node *prev = before != NULL ? before->gap_prev : stage->gap_tail;
    gap->in_gaps = true;
    gap->gap_next = before;
    gap->gap_prev = prev;
    if (prev != NULL)
        prev->gap_next = gap;
    else
        stage->gap_head = gap;
    if (before != NULL)
        before->gap_prev = gap;
    else
        stage->gap_tail = gap;
}

static bool in_front(const gasp_stage *stage, const node *n)
{
    return stage->front != NULL && n->front == stage->front_mark;
}

void stage_gap_link(gasp_stage *stage, node *gap)
{
    bool first = gap->asked || in_front(stage, gap);
    gap_insert(stage, gap, first ? stage->want : NULL);
    if (!gap->asked && (first || stage->want == NULL))
        stage->want = gap;
}

void stage_gap_unlink(gasp_stage *stage, node *gap)
{
    if (stage->want == gap)
        stage->want = gap->gap_next;
    if (gap->gap_prev != NULL)
        gap->gap_prev->gap_next = gap->gap_next;
    else
        stage->gap_head = gap->gap_next;
    if (gap->gap_next != NULL)
        gap->gap_next->gap_prev = gap->gap_prev;
    else
        stage->gap_tail = gap->gap_prev;
    gap->gap_prev = gap->gap_next = NULL;
    gap->in_gaps = false;
}

/* ---- one graph alone ----------------------------------------------------------------------------------------------- */

/* Marks one node, and puts it into the work list. What is being committed stays out of it: work_next belongs to its graph
 * then, and all it stands on is stored or in there too. */
static void mark_front(const gasp_stage *stage, node *n, node **work)
{
    if (in_front(stage, n))
        return;
    n->front = stage->front_mark;
    if (n->state == NODE_COMMIT || n->state == NODE_COMMITTED)
        return;
    n->work_next = *work;
    *work = n;
}

/* Marks a node and all it stands on as far as that is not stored; gaps among them are wanted next. */
void stage_front_add(gasp_stage *stage, node *n)
{
    node *work = NULL;
    mark_front(stage, n, &work);
    while (work != NULL) {
        node *at = work;
        work = at->work_next;
        at->work_next = NULL;
        if (at->in_gaps && !at->asked) {
            stage_gap_unlink(stage, at);
            stage_gap_link(stage, at);
        }
        for (size_t i = 0; at->parents != NULL && i < at->n_inputs; i++)
            if (at->parents[i] != NULL)
                mark_front(stage, at->parents[i], &work);
    }
}

static void choose_front(gasp_stage *stage, node *root)
{
    stage->front = root;
    stage->front_mark++;
    stage_front_add(stage, root);
}

/* Nothing is asked of the wallet, and nothing is to be. */
static bool quiet(const gasp_stage *stage)
{
    return stage->to_find.head == NULL && !stage->find_out && stage->n_spends == 0 && stage->to_verify.head == NULL &&
           stage->verifying.head == NULL && stage->to_commit.head == NULL && stage->committing.head == NULL;
}

void stage_drop(gasp_stage *stage, node *n)
{
    stage_finish(stage, n);
    stage_set_state(stage, n, NODE_GAP);
    n->filled = n->proven = n->held = n->expected = false;
    n->came = true;
    stage_release_body(stage, n, stage_is_root(n));
    stage_recheck(stage, n);
    stage->counts.let_go++;
}

/* Lets go of all that does not belong to the graph which is gathered alone. Only while the stage is quiet, so that nobody
 * has a view of it. Whether anything was freed. */
static bool make_room(gasp_stage *stage)
{
    size_t before = stage->counts.bytes;
    size_t pos = 0;
    void *value;
    node *work = NULL;
    if (stage->front != NULL)
        choose_front(stage, stage->front); /* afresh: a graph that was not kept came back since */
    while (gasp_map_next(&stage->nodes, &pos, NULL, &value)) {
        node *n = *(node **)value;
        if ((n->state == NODE_WAIT || n->state == NODE_VERIFIED) && !in_front(stage, n)) {
            n->work_next = work;
            work = n;
        }
    }
    while (work != NULL) {
        node *n = work;
        work = n->work_next;
        n->work_next = NULL;
        stage_drop(stage, n);
    }
    for (node *n = stage->root_head; n != NULL; n = n->root_next)
        if (n->state == NODE_GAP && !n->in_gaps)
            stage_gap_link(stage, n);
    if (stage->counts.bytes == before)
        return false;
    stage->one_by_one = true;
    return true;
}

/* ---- wants --------------------------------------------------------------------------------------------------------- */

static size_t want_bytes(const gasp_stage *stage, size_t need)
{
    size_t usual = stage->max_bytes / 16 < GASP_STAGE_WANT_BYTES ? stage->max_bytes / 16 : GASP_STAGE_WANT_BYTES;
    return need > 0 ? need : usual;
}

void stage_want_settle(gasp_stage *stage, node *n)
{
    if (!n->asked)
        return;
    n->asked = false;
    stage->reserved -= n->reserved;
    stage->n_open--;
}

void stage_metadata_settle(gasp_stage *stage, const gasp_txid *txid)
{
    size_t *reserved = gasp_map_get(&stage->metadata_asked, txid->b);
    if (reserved == NULL || *reserved == 0)
        return;
    stage->reserved -= *reserved;
    *reserved = 0;
    stage->n_open--;
}

void gasp_stage_absent_metadata(gasp_stage *stage, const gasp_txid *txid)
{
    stage_metadata_settle(stage, txid);
}

static gasp_stage_want want_of(const node *n)
{
    const edge *e = n->children;
    gasp_stage_want want = {.again = n->came};
    if (e != NULL)
        want.outpoint = e->child->tx->in[e - e->child->edges].prev;
    else
        want.outpoint = (gasp_outpoint){n->txid, n->n_roots > 0 ? n->roots[0] : 0};
    return want;
}

static uint32_t told_len(size_t bytes)
{
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

static void hand_out(gasp_stage *stage, node *n, size_t bytes, gasp_stage_want *out)
{
    *out = want_of(n);
    n->asked = true;
    n->reserved = bytes;
    n->told_max = out->max_len = told_len(n->reserved);
    stage->reserved += n->reserved;
    stage->n_open++;
    stage->counts.wants++;
    stage->want = n->gap_next;
}

/* How much may be reserved now. */
static size_t room_left(const gasp_stage *stage)
{
    size_t limit = stage->front != NULL ? stage->max_bytes : stage->max_bytes / 2;
    size_t used = stage->counts.bytes + stage->reserved;
    return used < limit ? limit - used : 0;
}

/* The gap does not fit, and nothing is on its way that would make room. GASP_OK: *out is a want for it; GASP_AGAIN: something
 * changed. */
static gasp_err force(gasp_stage *stage, node *n, gasp_stage_want *out)
{
    if (stage->front == NULL && stage->root_head != NULL) {
        choose_front(stage, stage->root_head);
        return GASP_AGAIN;
    }
    if (make_room(stage))
        return GASP_AGAIN;
    size_t left = room_left(stage);
    if (n->need == 0 && left > 0) { /* it may be short enough */
        hand_out(stage, n, left, out);
        return GASP_OK;
    }
    gasp_err err = stage_refuse(stage, stage->front != NULL ? stage->front : n, GASP_ERR_VERIFY_POLICY, 0);
    return err == GASP_OK ? GASP_AGAIN : err;
}

/* The next gap that may be wanted. GASP_DONE: none now. */
static gasp_err next_gap(gasp_stage *stage, gasp_stage_want *out)
{
    bool marked = false;
    while (stage->want != NULL) {
        node *n = stage->want;
        size_t bytes = want_bytes(stage, n->need);
        if (n->children == NULL && !stage_is_root(n)) {
            stage_gap_unlink(stage, n); /* it comes back to the end when something waits for it again */
            continue;
        }
        stage->one_by_one = stage->one_by_one && stage->root_head != NULL;
        if (stage->one_by_one && stage->front == NULL) {
            choose_front(stage, stage->root_head);
            continue; /* another gap may be the first now */
        }
        bool allowed = stage->front == NULL || in_front(stage, n);
        if (allowed && bytes <= room_left(stage)) {
            hand_out(stage, n, bytes, out);
            return GASP_OK;
        }
        if (stage->n_open > 0 || !quiet(stage))
            return GASP_DONE;
        if (!allowed && marked)
            return GASP_ERR_INTERNAL; /* its front waits for nothing that is wanted */
        if (!allowed) {
            choose_front(stage, stage->front); /* afresh: of a graph that was not kept more is looked up again */
            marked = true;
            continue;
        }
        gasp_err err = force(stage, n, out);
        if (err != GASP_AGAIN)
            return err;
    }
    return GASP_DONE;
}

static gasp_err next_metadata(gasp_stage *stage, gasp_stage_want *out)
{
    size_t bytes = want_bytes(stage, 0);
    if (stage->next_metadata == stage->n_metadata)
        return GASP_DONE;
    while (bytes > room_left(stage)) {
        if (stage->n_open > 0 || !quiet(stage))
            return GASP_DONE;
        if (!make_room(stage))
            break; /* nothing is staged */
    }
    *out = stage->metadata[stage->next_metadata++];
    out->max_len = told_len(bytes);
    size_t *reserved = gasp_map_get(&stage->metadata_asked, out->outpoint.txid.b);
    if (reserved != NULL && bytes > 0) {
        *reserved = bytes;
        stage->reserved += bytes;
        stage->n_open++;
    }
    stage->counts.wants++;
    return GASP_OK;
}

gasp_err gasp_stage_want_next(gasp_stage *stage, gasp_stage_want *out)
{
    gasp_err err = next_gap(stage, out);
    if (err != GASP_DONE || stage->want != NULL || stage->front != NULL)
        return err;
    return next_metadata(stage, out);
}

/* ---- answers without a transaction --------------------------------------------------------------------------------- */

static node *look(const gasp_stage *stage, const gasp_txid *txid)
{
    void *place = gasp_map_get(&stage->nodes, txid->b);
    return place != NULL ? *(node **)place : NULL;
}

/* It is to be wanted once more, unless that was done too often. */
static gasp_err want_again(gasp_stage *stage, node *n)
{
    if (n->drops >= gasp_limit(WANT_AGAIN))
        return stage_refuse(stage, n, GASP_ERR_VERIFY_POLICY, 0);
    n->drops++;
    if (!n->in_gaps)
        return GASP_OK;
    stage_gap_unlink(stage, n);
    stage_gap_link(stage, n);
    return GASP_OK;
}

/* What was here and had no room is refused for that, whatever the sender says of it now. */
static gasp_err refuse_gap(gasp_stage *stage, node *n)
{
    return stage_refuse(stage, n, n->came ? GASP_ERR_VERIFY_POLICY : GASP_ERR_VERIFY_NO_PARENT, 0);
}

gasp_err gasp_stage_absent(gasp_stage *stage, const gasp_txid *txid)
{
    node *n = look(stage, txid);
    if (n == NULL)
        return GASP_OK;
    stage_want_settle(stage, n);
    return n->state == NODE_GAP ? refuse_gap(stage, n) : GASP_OK;
}

gasp_err gasp_stage_sent(gasp_stage *stage, const gasp_txid *txid)
{
    node *n = look(stage, txid);
    if (n == NULL)
        return GASP_OK;
    stage_want_settle(stage, n);
    if (n->state != NODE_GAP)
        return GASP_OK;
    return n->came ? want_again(stage, n) : refuse_gap(stage, n);
}

gasp_err gasp_stage_absent_large(gasp_stage *stage, const gasp_txid *txid, uint64_t len)
{
    node *n = look(stage, txid);
    if (n == NULL)
        return GASP_OK;
    bool truly = n->asked && len > n->told_max && len <= stage->max_bytes;
    stage_want_settle(stage, n);
    if (n->state != NODE_GAP)
        return GASP_OK;
    if (!truly)
        return stage_refuse(stage, n, GASP_ERR_VERIFY_POLICY, 0);
    n->need = (size_t)len; /* with its proof and decoded form it takes more; should that not fit, it is known then */
    return want_again(stage, n);
}

gasp_err gasp_stage_absent_all(gasp_stage *stage)
{
    gasp_err err = GASP_OK;
    while (err == GASP_OK && stage->gap_head != NULL)
        err = gasp_stage_absent(stage, &stage->gap_head->txid);
    return err;
}
