/* The wallet of sets, and how a stage is driven with it. */
#include "wallet/world.h"

#include <stdlib.h>
#include <string.h>

#include "wallet/made.h"

static const uint8_t seed16[16] = {1, 2, 3};

item *world_look(const world *w, const gasp_txid *txid)
{
    const size_t *at = gasp_map_get(&w->index, txid->b);
    return at != NULL ? &w->list[*at] : NULL;
}

/* ---- the wallet of sets -------------------------------------------------------------------------------------------- */

static void merkle_root(gasp_merkle_root *out, uint32_t height)
{
    memset(out, 0, sizeof *out);
    memcpy(out->b, &height, sizeof height);
}

static void find_answer(const world *w, gasp_find *find)
{
    for (size_t i = 0; i < find->n_txs; i++)
        find->txs[i].held = world_look(w, &find->txs[i].txid)->stored;
    for (size_t i = 0; i < find->n_blocks; i++) {
        const item *of = &w->list[find->blocks[i].height];
        find->blocks[i].known = of->fault != NO_BLOCK;
        merkle_root(&find->blocks[i].root, find->blocks[i].height + (of->fault == BAD_ROOT ? 1000000 : 0));
    }
    for (size_t i = 0; i < find->n_sources; i++) {
        gasp_source *s = &find->sources[i];
        const item *parent = world_look(w, &s->outpoint.txid);
        const item *child = world_look(w, &s->spender);
        if (parent == NULL || !parent->stored)
            continue;
        s->state = s->outpoint.vout < OUTPUTS ? GASP_SOURCE_HELD : GASP_SOURCE_NO_OUTPUT;
        for (size_t k = 0; k < child->n_in; k++)
            if (&w->list[child->parent[k]] == parent && child->vout[k] == s->outpoint.vout && child->spent[k])
                s->state = GASP_SOURCE_SPENT;
        s->sat = SAT;
        s->blob = gasp_blob_new(1, NULL);
        assert_non_null(s->blob);
        s->script = gasp_blob_view(s->blob);
    }
}

static void verify_answer(world *w, gasp_verify *verify)
{
    for (size_t i = 0; i < verify->n_nodes; i++) {
        gasp_verify_node *node = &verify->nodes[i];
        item *it = world_look(w, &node->txid);
        it->scripts++;
        assert_int_equal(node->tx->n_in, it->n_in);
        for (size_t k = 0; k < it->n_in; k++) { /* everything below it holds */
            assert_int_equal(node->sources[k].state, GASP_SOURCE_HELD);
            assert_int_equal(node->sources[k].sat, SAT);
            assert_true(node->sources[k].script.len == 1);
            assert_true(w->list[it->parent[k]].held || w->list[it->parent[k]].holds);
        }
        node->verdict = it->fault == BAD_SCRIPT ? GASP_ERR_VERIFY_SCRIPT : GASP_OK;
        node->input = it->n_in - 1;
    }
}

static bool in_graph(const gasp_commit_graph *graph, size_t end, const gasp_txid *txid)
{
    for (size_t i = 0; i < end; i++)
        if (memcmp(graph->nodes[i].txid.b, txid->b, 32) == 0)
            return true;
    return false;
}

static gasp_err judge_graph(const world *w, gasp_commit_graph *graph)
{
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const gasp_commit_node *node = &graph->nodes[i];
        graph->failed = i;
        const item *it = world_look(w, &node->txid);
        if (it->fault == BAD_COMMIT)
            return GASP_ERR_VERIFY_SPENT;
        if (node->tx == NULL && !it->stored)
            return GASP_AGAIN;
        for (size_t k = 0; node->tx != NULL && !node->proven && k < it->n_in; k++) {
            const item *parent = &w->list[it->parent[k]];
            if (!parent->stored && !in_graph(graph, i, &parent->txid))
                return GASP_AGAIN;
        }
    }
    return GASP_OK;
}

static void commit_answer(world *w, gasp_commit *commit)
{
    for (size_t g = 0; g < commit->n_graphs; g++) {
        gasp_commit_graph *graph = &commit->graphs[g];
        assert_true(graph->n_nodes > 0);
        graph->verdict = judge_graph(w, graph);
        for (size_t i = 0; graph->verdict == GASP_OK && i < graph->n_nodes; i++) {
            item *it = world_look(w, &graph->nodes[i].txid);
            assert_true(it->holds); /* nothing above a gap or a fault */
            graph->changed = graph->changed || !it->stored;
            it->stored = true;
        }
    }
}

/* ---- driving ------------------------------------------------------------------------------------------------------- */

void world_give(world *w, size_t i)
{
    item *it = &w->list[i];
    gasp_stage_node node = {.txid = it->txid, .proven = it->proven, .height = (uint32_t)i, .index = 1};
    node.answer = it->asked;
    it->asked = false;
    const uint32_t roots[] = {0, 2};
    node.blob = gasp_blob_new(it->raw.len, NULL);
    assert_non_null(node.blob);
    memcpy(node.blob->data, it->raw.data, it->raw.len);
    assert_err(gasp_tx_decode(&node.tx, gasp_blob_view(node.blob), NULL, NULL), GASP_OK);
    merkle_root(&node.root, (uint32_t)i);
    node.verdict = it->fault == BAD_FORM ? GASP_ERR_VERIFY_TXID : GASP_OK;
    node.roots = roots;
    node.n_roots = it->root ? 2 : 0;
    assert_err(gasp_stage_add(w->stage, &node), GASP_OK);
    gasp_blob_release(node.blob);
    it->came = true;
}

bool world_step_find(world *w)
{
    if (w->find_out) {
        assert_err(gasp_stage_found(w->stage, &w->find), GASP_OK);
        gasp_find_clear(&w->find);
        w->find_out = false;
        return true;
    }
    if (gasp_stage_find(w->stage, &w->find) != GASP_OK)
        return false;
    find_answer(w, &w->find); /* of the moment of the question */
    w->find_out = true;
    return true;
}

bool world_step_verify(world *w)
{
    if (w->verify_out) {
        assert_err(gasp_stage_verified(w->stage, &w->verify), GASP_OK);
        gasp_verify_clear(&w->verify);
        w->verify_out = false;
        return true;
    }
    if (gasp_stage_verify(w->stage, &w->verify) != GASP_OK)
        return false;
    verify_answer(w, &w->verify);
    w->verify_out = true;
    return true;
}

bool world_step_commit(world *w)
{
    if (w->commit_out) {
        assert_err(gasp_stage_committed(w->stage, &w->commit), GASP_OK);
        gasp_commit_clear(&w->commit);
        w->commit_out = false;
        return true;
    }
    if (gasp_stage_commit(w->stage, &w->commit) != GASP_OK)
        return false;
    commit_answer(w, &w->commit);
    w->commit_out = true;
    return true;
}

bool world_step_want(world *w)
{
    gasp_stage_want want;
    if (gasp_stage_want_next(w->stage, &want) != GASP_OK)
        return false;
    item *it = world_look(w, &want.outpoint.txid);
    assert_false(want.metadata);
    it->wants++;
    it->asked = it->given && it->raw.len <= want.max_len;
    assert_int_equal(want.again, it->came); /* what is there is not wanted */
    if (!it->given)
        assert_err(gasp_stage_absent(w->stage, &it->txid), GASP_OK);
    else if (it->raw.len > want.max_len)
        assert_err(gasp_stage_absent_large(w->stage, &it->txid, it->raw.len), GASP_OK);
    else if (w->pull || want.again)
        world_give(w, (size_t)(it - w->list));
    return true;
}

void world_take_verdicts(world *w)
{
    gasp_stage_verdict v;
    while (gasp_stage_verdict_next(w->stage, &v) == GASP_OK) {
        item *it = world_look(w, &v.txid);
        it->n_verdicts++;
        it->verdict = v;
    }
}

/* ---- worlds -------------------------------------------------------------------------------------------------------- */

void world_init(world *w, size_t n, size_t max_nodes, size_t max_bytes)
{
    const gasp_stage_config config = {.max_nodes = max_nodes, .max_bytes = max_bytes};
    gasp_stage_config seeded = config;
    memcpy(seeded.seed16, seed16, sizeof seed16);
    *w = (world){.n = n};
    w->list = calloc(n, sizeof *w->list);
    assert_non_null(w->list);
    gasp_map_init(&w->index, 32, sizeof(size_t), SIZE_MAX, seed16, NULL);
    assert_err(gasp_stage_new(&w->stage, &seeded), GASP_OK);
}

void world_clear(world *w)
{
    gasp_stage_free(w->stage);
    for (size_t i = 0; i < w->n; i++)
        test_release(w->list[i].raw);
    gasp_map_clear(&w->index);
    free(w->list);
}

/* The transaction of a number, when its parents are made. */
void world_make(world *w, size_t i)
{
    item *it = &w->list[i];
    gasp_outpoint prev[INPUTS];
    void *place;
    if (it->n_in == 0) {
        memset(&prev[0], 0xaa, sizeof prev[0]);
        prev[0].vout = (uint32_t)i;
    }
    for (size_t k = 0; k < it->n_in; k++)
        prev[k] = (gasp_outpoint){w->list[it->parent[k]].txid, it->vout[k]};
    it->raw = made_raw(&it->txid, prev, it->n_in > 0 ? it->n_in : 1, OUTPUTS, SAT, (uint32_t)i);
    assert_err(gasp_map_put(&w->index, &place, NULL, it->txid.b), GASP_OK);
    *(size_t *)place = i;
    it->stored = it->held;
}

/* A chain on one held transaction; the last is the root. Without chance, and quick. */
void world_chain(world *w, size_t depth)
{
    world_init(w, depth + 1, 4 * depth, SIZE_MAX / 2);
    for (size_t i = 0; i <= depth; i++) {
        item *it = &w->list[i];
        it->held = i == 0;
        it->given = i > 0;
        it->root = i == depth;
        it->n_in = i > 0;
        it->parent[0] = i > 0 ? i - 1 : 0;
        world_make(w, i);
    }
}

void world_settle(world *w)
{
    bool moved = true;
    while (moved) {
        moved = world_step_find(w);
        moved = world_step_verify(w) || moved;
        moved = world_step_commit(w) || moved;
        moved = world_step_want(w) || moved;
        world_take_verdicts(w);
    }
}

/* Offers some outputs of a transaction that was given before. */
void world_offer(world *w, size_t i, const uint32_t *roots, size_t n)
{
    const item *it = &w->list[i];
    gasp_stage_node node = {.txid = it->txid, .roots = roots, .n_roots = n};
    node.blob = gasp_blob_new(it->raw.len, NULL);
    assert_non_null(node.blob);
    memcpy(node.blob->data, it->raw.data, it->raw.len);
    assert_err(gasp_tx_decode(&node.tx, gasp_blob_view(node.blob), NULL, NULL), GASP_OK);
    assert_err(gasp_stage_add(w->stage, &node), GASP_OK);
    gasp_blob_release(node.blob);
}

void world_model(world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        item *it = &w->list[i];
        bool sound = it->fault == SOUND || it->fault == BAD_COMMIT;
        it->holds = it->alive = it->held;
        if (it->held && it->given)
            it->holds = it->alive = it->fault == SOUND;
        if (it->held || !it->given)
            continue;
        it->holds = sound;
        it->alive = it->fault == SOUND;
        for (size_t k = 0; !it->proven && k < it->n_in; k++) {
            const item *parent = &w->list[it->parent[k]];
            bool there = it->vout[k] < OUTPUTS && !(parent->held && it->spent[k]);
            /* One that is held stands whatever is wrong with what is said of it. */
            it->holds = it->holds && there && (parent->held || parent->holds);
            it->alive = it->alive && there && (parent->held || parent->alive);
        }
    }
    for (size_t i = w->n; i-- > 0;) {
        item *it = &w->list[i];
        it->needed = it->needed || (it->given && it->alive && (it->root || it->held));
        for (size_t k = 0; it->needed && !it->proven && !it->held && k < it->n_in; k++)
            if (!w->list[it->parent[k]].held)
                w->list[it->parent[k]].needed = true;
    }
}
