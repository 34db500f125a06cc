/* How what is known spreads through the stage: a node that holds wakes its children, one that falls takes them along. Every
 * walk keeps a list in the nodes themselves (work_next); nothing recurses, whatever the depth of a graph. */
#include "base/mem.h"
#include "wallet/stage_node.h"

/* ---- edges --------------------------------------------------------------------------------------------------------- */

void stage_edge_link(node *parent, node *child, size_t i)
{
    edge *e = &child->edges[i];
    *e = (edge){.child = child, .next = parent->children, .here = &parent->children};
    if (e->next != NULL)
        e->next->here = &e->next;
    parent->children = e;
}

void stage_edge_unlink(edge *e)
{
    if (e->here != NULL)
        *e->here = e->next;
    if (e->next != NULL)
        e->next->here = e->here;
    e->next = NULL;
    e->here = NULL;
}

void stage_finish(gasp_stage *stage, node *n)
{
    for (size_t i = 0; n->parents != NULL && i < n->n_inputs; i++) {
        node *parent = n->parents[i];
        n->parents[i] = NULL;
        if (n->edges != NULL && n->edges[i].here != NULL)
            stage_edge_unlink(&n->edges[i]);
        if (parent == NULL)
            continue;
        parent->n_living--;
        stage_let_go(stage, parent);
    }
}

/* ---- what falls ---------------------------------------------------------------------------------------------------- */

/* Marks one node as refused and says so; a gap of which nothing was given or offered has nobody to say it to. */
static gasp_err fall(gasp_stage *stage, node *n, gasp_err err, const gasp_txid *cause, gasp_err cause_err, size_t input)
{
    gasp_err said = GASP_OK;
    n->err = err;
    n->cause = *cause;
    n->cause_err = cause_err;
    n->work_next = NULL;
    if (n->in_gaps)
        stage_gap_unlink(stage, n);
    if (n->filled || n->n_roots > 0 || n->spend)
        said = stage_say(stage, n, err, cause, cause_err, input, false);
    n->keep = false;
    stage_root_unlink(stage, n);
    stage_set_state(stage, n, NODE_REFUSED);
    stage_finish(stage, n);
    return said;
}

/* The same for a node whose parent has fallen; the height is that of the proof at fault. */
static gasp_err fall_after(gasp_stage *stage, node *n, const node *parent, size_t input)
{
    gasp_err why = parent->filled ? GASP_ERR_VERIFY_PARENT : GASP_ERR_VERIFY_NO_PARENT;
    n->anchor.height = parent->anchor.height;
    n->fault_root = parent->fault_root;
    n->has_rival = parent->has_rival;
    n->rival = parent->rival;
    return fall(stage, n, why, &parent->cause, parent->cause_err, input);
}

/* Refuses everything that hangs below the nodes of a work list, which are refused already. */
static gasp_err fall_below(gasp_stage *stage, node *work)
{
    gasp_err err = GASP_OK;
    while (work != NULL) {
        node *n = work;
        work = n->work_next;
        n->work_next = NULL;
        while (n->children != NULL) {
            edge *e = n->children;
            node *child = e->child;
            gasp_err said = fall_after(stage, child, n, (size_t)(e - child->edges));
            err = err == GASP_OK ? said : err;
            child->work_next = work;
            work = child;
        }
        stage_let_go(stage, n);
    }
    return err;
}

gasp_err stage_refuse(gasp_stage *stage, node *n, gasp_err err, size_t input)
{
    n->fault_root = n->root;
    gasp_err said = fall(stage, n, err, &n->txid, err, input);
    gasp_err below = fall_below(stage, n);
    return said != GASP_OK ? said : below;
}

gasp_err stage_refuse_after(gasp_stage *stage, node *n, const node *parent, size_t input)
{
    gasp_err said = fall_after(stage, n, parent, input);
    gasp_err below = fall_below(stage, n);
    return said != GASP_OK ? said : below;
}

/* ---- what holds ---------------------------------------------------------------------------------------------------- */

gasp_err stage_take_source(gasp_stage *stage, node *n, size_t i, const node *parent)
{
    gasp_source *source = &n->sources[i];
    uint32_t vout = n->tx->in[i].prev.vout;
    if (parent->tx == NULL)
        return GASP_ERR_VERIFY_NO_PARENT;
    if (vout >= parent->tx->n_out)
        return GASP_ERR_VERIFY_NO_OUTPOINT;
    source->state = GASP_SOURCE_HELD;
    source->sat = parent->tx->out[vout].sat;
    source->script = parent->tx->out[vout].script;
    gasp_blob_release(source->blob);
    source->blob = gasp_blob_share(parent->blob);
    source->proven = parent->proven;
    source->height = parent->anchor.height;
    n->script_bytes += source->script.len;
    stage_recount(stage, n);
    return GASP_OK;
}

void stage_queue_commit(gasp_stage *stage, node *n)
{
    if (!n->in_commit_queue && n->state != NODE_COMMIT) {
        n->in_commit_queue = true;
        stage_recheck(stage, n);
        queue_push(&stage->to_commit, n);
    }
}

gasp_err stage_holds(gasp_stage *stage, node *n)
{
    gasp_err err = GASP_OK;
    stage_set_state(stage, n, NODE_VERIFIED);
    while (n->children != NULL) {
        edge *e = n->children;
        node *child = e->child;
        size_t i = (size_t)(e - child->edges);
        stage_edge_unlink(e);
        child->n_waiting--;
        gasp_err fault = stage_take_source(stage, child, i, n);
        if (fault != GASP_OK) {
            gasp_err refused = stage_refuse(stage, child, fault, i);
            err = err == GASP_OK ? refused : err;
        } else if (child->n_waiting == 0) {
            stage_set_state(stage, child, NODE_VERIFY);
            queue_push(&stage->to_verify, child);
        }
    }
    stage_release_scripts(stage, n);
    if (stage_is_root(n) || n->held)
        stage_queue_commit(stage, n); /* one that is held has news: a proof, entries */
    return err;
}

/* ---- verify -------------------------------------------------------------------------------------------------------- */

gasp_err gasp_stage_verify(gasp_stage *stage, gasp_verify *verify)
{
    size_t count = 0;
    if (stage->to_verify.head == NULL)
        return GASP_DONE;
    for (const node *n = stage->to_verify.head; n != NULL; n = n->next)
        count++;
    *verify = (gasp_verify){.mem = stage->mem};
    verify->nodes = gasp_mem_zalloc_array(stage->mem, count, sizeof *verify->nodes);
    if (verify->nodes == NULL)
        return GASP_ERR_NOMEM;
    for (node *n = queue_pop(&stage->to_verify); n != NULL; n = queue_pop(&stage->to_verify)) {
        verify->nodes[verify->n_nodes++] = (gasp_verify_node){.txid = n->txid, .tx = n->tx, .sources = n->sources};
        stage->counts.scripts_asked++;
        queue_push(&stage->verifying, n);
    }
    return GASP_OK;
}

gasp_err gasp_stage_verified(gasp_stage *stage, const gasp_verify *verify)
{
    gasp_err err = GASP_OK;
    size_t at = 0;
    for (node *n = queue_pop(&stage->verifying); n != NULL; n = queue_pop(&stage->verifying)) {
        const gasp_verify_node *answer = &verify->nodes[at++];
        if (n->state != NODE_VERIFY)
            continue;
        gasp_err one =
            answer->verdict == GASP_OK ? stage_holds(stage, n) : stage_refuse(stage, n, answer->verdict, answer->input);
        err = err == GASP_OK ? one : err;
    }
    return err;
}
