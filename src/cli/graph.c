/* gasp graph: reads what a transaction stands on, breadth first, each transaction once. No recursion: a chain may be as
 * long as a wallet. */
#include <stdlib.h>
#include <string.h>

#include "cli/graph.h"
#include "gasp/node.h"
#include "gasp/tx.h"

static bool grow(void **list, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return true;
    size_t next = *cap == 0 ? 64 : 2 * *cap;
    void *grown = realloc(*list, next * size);
    if (grown == NULL)
        return false;
    *list = grown;
    *cap = next;
    return true;
}

/* A txid is a hash already; the seed keeps those who grind them from choosing places. */
static size_t place_of(const gasp_graph *graph, const gasp_txid *txid)
{
    uint64_t mix = graph->seed;
    for (size_t i = 0; i < sizeof txid->b; i += 8) {
        uint64_t word;
        memcpy(&word, txid->b + i, sizeof word);
        mix = (mix ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        mix ^= mix >> 29;
    }
    return (size_t)mix & (graph->n_slots - 1);
}

static bool grow_slots(gasp_graph *graph)
{
    if (2 * (graph->n_nodes + 1) <= graph->n_slots)
        return true;
    size_t n = graph->n_slots == 0 ? 256 : 2 * graph->n_slots;
    size_t *slots = calloc(n, sizeof *slots);
    if (slots == NULL)
        return false;
    free(graph->slot);
    graph->slot = slots;
    graph->n_slots = n;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        size_t at = place_of(graph, &graph->node[i].txid);
        while (slots[at] != 0)
            at = (at + 1) & (n - 1);
        slots[at] = i + 1;
    }
    return true;
}

/* The number of the node of a txid, which is added when it is new. */
static gasp_err node_of(gasp_graph *graph, size_t *out, const gasp_txid *txid)
{
    if (!grow_slots(graph) || !grow((void **)&graph->node, &graph->cap_nodes, graph->n_nodes + 1, sizeof *graph->node))
        return GASP_ERR_NOMEM;
    size_t at = place_of(graph, txid);
    for (; graph->slot[at] != 0; at = (at + 1) & (graph->n_slots - 1)) {
        *out = graph->slot[at] - 1;
        if (memcmp(&graph->node[*out].txid, txid, sizeof *txid) == 0)
            return GASP_OK;
    }
    *out = graph->n_nodes++;
    graph->slot[at] = *out + 1;
    graph->node[*out] = (gasp_graph_node){.txid = *txid};
    return GASP_OK;
}

static gasp_err add_parent(gasp_graph *graph, size_t child, const gasp_txid *txid)
{
    size_t number = 0;
    gasp_err err = node_of(graph, &number, txid);
    if (err != GASP_OK)
        return err;
    gasp_graph_node *node = &graph->node[child];
    for (size_t i = node->first; i < node->first + node->n_parents; i++)
        if (graph->parent[i] == number)
            return GASP_OK;
    if (!grow((void **)&graph->parent, &graph->cap_parents, graph->n_parents + 1, sizeof *graph->parent))
        return GASP_ERR_NOMEM;
    graph->parent[graph->n_parents++] = number;
    node->n_parents++;
    return GASP_OK;
}

static gasp_err add_parents(gasp_graph *graph, size_t child, gasp_bytes raw)
{
    gasp_tx *tx = NULL;
    gasp_err err = gasp_tx_decode(&tx, raw, NULL, NULL);
    for (size_t i = 0; err == GASP_OK && i < gasp_tx_in_count(tx); i++)
        err = add_parent(graph, child, &gasp_tx_in(tx, i)->prev.txid);
    gasp_tx_free(tx);
    return err;
}

static gasp_err read_node(gasp_graph *graph, gasp_wallet *wallet, size_t i)
{
    gasp_held held = {0};
    gasp_err err = gasp_wallet_transaction(wallet, &held, &graph->node[i].txid);
    if (err == GASP_ABSENT) {
        graph->node[i].kind = GASP_NODE_ABSENT;
        return GASP_OK;
    }
    if (err != GASP_OK)
        return err;
    graph->node[i].first = graph->n_parents;
    graph->node[i].kind = held.anchor != NULL ? GASP_NODE_PROVEN : GASP_NODE_UNPROVEN;
    if (held.anchor != NULL)
        graph->node[i].height = held.anchor->height;
    else
        err = add_parents(graph, i, held.raw);
    gasp_held_clear(&held);
    return err;
}

gasp_err gasp_graph_read(gasp_cli *cli, gasp_graph *out, gasp_wallet *wallet, const gasp_txid *txid)
{
    size_t first = 0;
    *out = (gasp_graph){0};
    gasp_err err = gasp_node_entropy((uint8_t *)&out->seed, sizeof out->seed);
    if (err == GASP_OK)
        err = node_of(out, &first, txid);
    for (size_t i = 0; err == GASP_OK && i < out->n_nodes; i++) {
        err = read_node(out, wallet, i);
        gasp_cli_progress(cli, "%zu transactions", i + 1);
    }
    return err;
}

void gasp_graph_clear(gasp_graph *graph)
{
    free(graph->node);
    free(graph->parent);
    free(graph->slot);
    *graph = (gasp_graph){0};
}

static gasp_err draw(gasp_cli *cli, const gasp_graph *graph)
{
    if (cli->json)
        gasp_graph_json(cli, graph);
    else if (gasp_cli_has(cli, GASP_OPT_DOT))
        gasp_graph_dot(cli, graph);
    else
        return gasp_graph_tree(cli, graph);
    return GASP_OK;
}

int gasp_cmd_graph(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_graph graph = {0};
    gasp_what what;
    int code = gasp_cli_what(cli, &what, cli->operand[1]);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = gasp_graph_read(cli, &graph, opened.wallet, &what.outpoint.txid);
        if (err == GASP_OK && graph.node[0].kind == GASP_NODE_ABSENT)
            code = gasp_cli_error(cli, GASP_ABSENT, cli->operand[1], "no such transaction in this wallet");
        else if (err == GASP_OK)
            err = draw(cli, &graph);
        if (err != GASP_OK)
            code = gasp_cli_wallet_error(cli, &opened, err, cli->operand[1]);
    }
    gasp_graph_clear(&graph);
    gasp_cli_close(&opened);
    return code;
}
