/* Graphs: a verified root and those of its staged ancestors that are not stored yet, parents first, kept together or not
 * at all. An ancestor that several roots of one batch share travels with the first; if that one fails the others are told
 * GASP_AGAIN and come with it in the next batch. */
#include "base/limits.h"
#include "base/mem.h"
#include "wallet/stage_node.h"

/** Times that a graph is offered again after GASP_AGAIN. Each time something it needs was in a graph that failed, or changed
 *  in the wallet, so more than a few mean that wallet and stage do not agree. */
enum { COMMIT_ATTEMPTS_MAX = GASP_LIMIT_COMMIT_ATTEMPTS };

/* The next parent of `at` that this walk has to see, or one that has fallen; NULL when all are seen or stored. */
static node *next_parent(const gasp_stage *stage, node *at)
{
    while (at->parents != NULL && at->cursor < at->n_inputs) {
        node *parent = at->parents[at->cursor++];
        if (parent == NULL)
            continue;
        if (parent->state == NODE_REFUSED || (parent->state == NODE_VERIFIED && parent->mark != stage->mark))
            return parent;
    }
    return NULL;
}

/* A parent of `at` fell after `at` was verified, because its graph was not kept: all that led here from the root falls. */
static gasp_err fall_with(gasp_stage *stage, node *at, const node *parent)
{
    gasp_err err = GASP_OK;
    while (at != NULL) {
        node *up = at->up;
        at->up = NULL;
        gasp_err said = stage_refuse_after(stage, at, parent, at->cursor - 1);
        err = err == GASP_OK ? said : err;
        parent = at;
        at = up;
    }
    return err;
}

static void enter(const gasp_stage *stage, node *n, node *up)
{
    n->mark = stage->mark;
    n->up = up;
    n->cursor = 0;
}

/* Walks from a root down its unstored parents and back; its graph as a list by work_next, parents first. *first is NULL
 * when the root fell on the way. */
static gasp_err closure(gasp_stage *stage, node *root, node **first, size_t *count)
{
    node **end = first;
    node *at = root;
    stage->mark++;
    *count = 0;
    enter(stage, root, NULL);
    while (at != NULL) {
        node *down = next_parent(stage, at);
        if (down != NULL && down->state == NODE_REFUSED) {
            *first = NULL;
            return fall_with(stage, at, down);
        }
        if (down != NULL) {
            enter(stage, down, at);
            at = down;
            continue;
        }
        node *up = at->up;
        at->up = NULL;
        at->work_next = NULL;
        *end = at;
        end = &at->work_next;
        (*count)++;
        at = up;
    }
    return GASP_OK;
}

/* The rows of one more graph; its nodes are being committed from here on. */
static gasp_err fill_graph(gasp_stage *stage, gasp_commit *commit, node *root)
{
    size_t count;
    node *first = NULL;
    gasp_err err = closure(stage, root, &first, &count);
    if (err != GASP_OK || first == NULL)
        return err;
    gasp_commit_graph *graph = &commit->graphs[commit->n_graphs++];
    graph->nodes = gasp_mem_zalloc_array(stage->mem, count, sizeof *graph->nodes);
    if (graph->nodes == NULL)
        return GASP_ERR_NOMEM;
    for (node *n = first; n != NULL; n = n->work_next) {
        graph->nodes[graph->n_nodes++] = (gasp_commit_node){
            .txid = n->txid,
            .tx = n->held ? NULL : n->tx,
            .proven = n->proven,
            .anchor = n->anchor,
            .bump = {n->bump.data, n->bump.len},
            .entries = {n->entries.data, n->entries.len},
            .roots = n->roots,
            .n_roots = n->n_roots,
            .keep = n->keep,
            .sources = n->held ? NULL : n->sources,
        };
        stage_set_state(stage, n, NODE_COMMIT);
    }
    root->graph = first;
    queue_push(&stage->committing, root);
    return GASP_OK;
}

gasp_err gasp_stage_commit(gasp_stage *stage, gasp_commit *commit)
{
    size_t count = 0;
    gasp_err err = GASP_OK;
    for (const node *n = stage->to_commit.head; n != NULL; n = n->next)
        count++;
    if (count == 0)
        return GASP_DONE;
    /* Room for what will be said of the answer: when something is stored, saying so must not fail. */
    err = stage_say_room(stage, stage->nodes.len);
    if (err == GASP_ERR_NOMEM)
        return err;
    err = GASP_OK;
    *commit = (gasp_commit){.collection = stage->collection, .mem = stage->mem};
    commit->graphs = gasp_mem_zalloc_array(stage->mem, count, sizeof *commit->graphs);
    if (commit->graphs == NULL)
        return GASP_ERR_NOMEM;
    for (node *n = queue_pop(&stage->to_commit); err == GASP_OK && n != NULL; n = queue_pop(&stage->to_commit))
        if (n->in_commit_queue) /* else it fell, or went along with another root of this batch */
            err = fill_graph(stage, commit, n);
    if (err != GASP_OK)
        gasp_commit_clear(commit);
    else if (commit->n_graphs == 0) {
        gasp_commit_clear(commit);
        err = GASP_DONE;
    }
    return err;
}

/* The roots that came while the node was being committed become roots like the others. */
static gasp_err take_late(gasp_stage *stage, node *n)
{
    gasp_err err = stage_add_roots(stage, &n->roots, &n->n_roots, n->late, n->n_late);
    gasp_mem_free(stage->mem, n->late);
    n->late = NULL;
    n->n_late = 0;
    stage_root_link(stage, n);
    stage_recount(stage, n);
    return err;
}

static gasp_err stored(gasp_stage *stage, node *n, const gasp_commit_graph *graph)
{
    gasp_err err = stage_say(stage, n, GASP_OK, &n->txid, GASP_OK, 0, graph->changed);
    if (err == GASP_OK && graph->n_declined > 0)
        err = stage_say_declined(stage, graph->declined, graph->n_declined);
    stage_root_unlink(stage, n);
    stage_set_state(stage, n, NODE_COMMITTED);
    n->held = true;
    n->attempts = 0;
    stage_recount(stage, n);
    if (n->n_late > 0) {
        gasp_err late = take_late(stage, n);
        stage_set_state(stage, n, NODE_VERIFIED);
        stage_queue_commit(stage, n);
        return err == GASP_OK ? late : err;
    }
    stage_finish(stage, n);
    stage_let_go(stage, n);
    return err;
}

/* Whether a node stands on one that was to be kept with an earlier graph of the batch, which failed. */
static bool came_too_early(const node *n)
{
    for (size_t i = 0; n->parents != NULL && i < n->n_inputs; i++)
        if (n->parents[i] != NULL && n->parents[i]->state != NODE_COMMITTED && n->parents[i]->mark != n->mark)
            return true;
    return false;
}

/* Looks all of a graph up again, as if it had just come. */
static void find_again(gasp_stage *stage, node *first)
{
    for (node *n = first; n != NULL; n = n->work_next) {
        stage_finish(stage, n);
        stage_release_inputs(stage, n);
        n->n_looked = 0;
        stage_set_state(stage, n, NODE_FIND);
        queue_push(&stage->to_find, n);
    }
}

/* All that is kept for itself is offered again. */
static void offer_again(gasp_stage *stage, node *first)
{
    for (node *n = first; n != NULL; n = n->work_next)
        if (n->state == NODE_VERIFIED && (stage_is_root(n) || n->held))
            stage_queue_commit(stage, n);
}

/* The host does not want it. That is said of it, and nothing falls: it holds, and others may stand on it. */
static gasp_err unwanted(gasp_stage *stage, node *n, const gasp_commit_graph *graph)
{
    gasp_err err = stage_say(stage, n, graph->verdict, &n->txid, graph->verdict, 0, false);
    if (err == GASP_OK)
        stage_say_until(stage, graph->later_height, graph->later_ms);
    stage_root_unlink(stage, n);
    stage_recount(stage, n);
    stage_recheck(stage, n);
    stage_let_go(stage, n);
    return err;
}

/* A graph that was not kept: its members stand where they stood. The one at fault falls, and with it what stands on it
 * when that is offered again; GASP_AGAIN is nobody's fault. */
static gasp_err not_stored(gasp_stage *stage, node *root, const gasp_commit_graph *graph)
{
    gasp_err err = GASP_OK;
    node *first = root->graph;
    node *at_fault = root;
    size_t i = 0;
    root->graph = NULL;
    for (node *n = first; n != NULL; n = n->work_next, i++) {
        gasp_err late = n->n_late > 0 ? take_late(stage, n) : GASP_OK;
        err = err == GASP_OK ? late : err;
        stage_set_state(stage, n, NODE_VERIFIED);
        if (i == graph->failed)
            at_fault = n;
    }
    if (err != GASP_OK)
        return err;
    if (graph->verdict == GASP_ERR_VERIFY_DECLINED || graph->verdict == GASP_ERR_VERIFY_LATER) {
        err = unwanted(stage, at_fault, graph);
        offer_again(stage, first);
        return err;
    }
    if (graph->verdict != GASP_AGAIN) {
        offer_again(stage, first);
        return stage_refuse(stage, at_fault, graph->verdict, 0);
    }
    if (++root->attempts > gasp_limit(COMMIT_ATTEMPTS)) {
        offer_again(stage, first);
        return stage_refuse(stage, root, GASP_ERR_VERIFY_NO_PARENT, 0);
    }
    if (came_too_early(at_fault))
        offer_again(stage, first);
    else
        find_again(stage, first);
    return GASP_OK;
}

gasp_err gasp_stage_committed(gasp_stage *stage, const gasp_commit *commit)
{
    gasp_err err = GASP_OK;
    size_t at = 0;
    for (node *root = queue_pop(&stage->committing); root != NULL; root = queue_pop(&stage->committing)) {
        const gasp_commit_graph *graph = &commit->graphs[at++];
        gasp_err one = GASP_OK;
        if (graph->verdict != GASP_OK) {
            one = not_stored(stage, root, graph);
        } else {
            node *n = root->graph;
            root->graph = NULL;
            while (n != NULL && one == GASP_OK) {
                node *next = n->work_next; /* n may be gone afterwards, its followers are not: they are its children */
                n->work_next = NULL;
                one = stored(stage, n, graph);
                n = next;
            }
        }
        err = err == GASP_OK ? one : err;
    }
    return err;
}
