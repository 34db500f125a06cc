/* A graph as a tree of lines, as Graphviz, as JSON. The tree is walked with an explicit stack, and its indentation stops
 * at INDENT_MAX levels, so that a chain of n transactions takes n lines of bounded length. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/graph.h"

enum { INDENT_MAX = 24, STATE_MAX = 32 };

static void state_of(char out[STATE_MAX], const gasp_graph_node *node)
{
    switch (node->kind) {
    case GASP_NODE_PROVEN:
        snprintf(out, STATE_MAX, "height %" PRIu32, node->height);
        return;
    case GASP_NODE_UNPROVEN:
        snprintf(out, STATE_MAX, "unproven");
        return;
    case GASP_NODE_ABSENT:
        snprintf(out, STATE_MAX, "not held");
        return;
    }
}

/* A place of the walk: a node whose parents up to `next` were drawn. */
typedef struct place {
    size_t node;
    size_t next;
} place;

typedef struct walk {
    place *stack;
    size_t depth;
    bool *seen;
} walk;

/* The lines to the left: whether more is to come at each level above. */
static void indent(gasp_cli *cli, const gasp_graph *graph, const walk *w)
{
    const char *bar = cli->utf8 ? "│  " : "|  ";
    const char *fork = cli->utf8 ? "├─ " : "|- ";
    const char *last = cli->utf8 ? "└─ " : "`- ";
    size_t from = 0;
    if (w->depth > INDENT_MAX) {
        from = w->depth - INDENT_MAX;
        gasp_cli_out(cli, "%zu: ", w->depth);
    }
    for (size_t i = from; i < w->depth; i++) {
        const place *at = &w->stack[i];
        bool more = at->next < graph->node[at->node].n_parents;
        if (i + 1 < w->depth)
            gasp_cli_out(cli, "%s", more ? bar : "   ");
        else
            gasp_cli_out(cli, "%s", more ? fork : last);
    }
}

static void line(gasp_cli *cli, const gasp_graph *graph, const walk *w, size_t number)
{
    char txid[GASP_HASH_TEXT_MAX];
    char state[STATE_MAX];
    const gasp_graph_node *node = &graph->node[number];
    bool again = w->seen[number] && node->n_parents > 0;
    gasp_style style = node->kind == GASP_NODE_PROVEN   ? GASP_GREEN
                       : node->kind == GASP_NODE_ABSENT ? GASP_RED
                                                        : GASP_YELLOW;
    state_of(state, node);
    gasp_txid_to_text(txid, &node->txid);
    indent(cli, graph, w);
    gasp_cli_out(cli, "%.16s%s  %s%s%s%s\n", txid, cli->utf8 ? "…" : "...", gasp_cli_style(cli, style), state,
                 gasp_cli_style(cli, GASP_PLAIN), again ? " (seen)" : "");
}

/* Draws a node and puts it on the stack when there is something below it to draw. */
static void enter(gasp_cli *cli, const gasp_graph *graph, walk *w, size_t number)
{
    line(cli, graph, w, number);
    if (!w->seen[number])
        w->stack[w->depth++] = (place){number, 0};
    w->seen[number] = true;
}

gasp_err gasp_graph_tree(gasp_cli *cli, const gasp_graph *graph)
{
    size_t counts[4] = {0};
    walk w = {calloc(graph->n_nodes + 1, sizeof *w.stack), 0, calloc(graph->n_nodes + 1, sizeof *w.seen)};
    gasp_err err = w.stack == NULL || w.seen == NULL ? GASP_ERR_NOMEM : GASP_OK;
    if (err == GASP_OK)
        enter(cli, graph, &w, 0);
    while (err == GASP_OK && w.depth > 0) {
        place *at = &w.stack[w.depth - 1];
        const gasp_graph_node *node = &graph->node[at->node];
        if (at->next == node->n_parents)
            w.depth--;
        else
            enter(cli, graph, &w, graph->parent[node->first + at->next++]);
    }
    for (size_t i = 0; i < graph->n_nodes; i++)
        counts[graph->node[i].kind]++;
    if (err == GASP_OK)
        gasp_cli_out(cli, "%zu transactions: %zu unproven on %zu proven\n", graph->n_nodes, counts[GASP_NODE_UNPROVEN],
                     counts[GASP_NODE_PROVEN]);
    free(w.stack);
    free(w.seen);
    return err;
}

void gasp_graph_dot(gasp_cli *cli, const gasp_graph *graph)
{
    char txid[GASP_HASH_TEXT_MAX];
    char state[STATE_MAX];
    gasp_cli_out(cli, "digraph gasp {\n    node [shape=box, fontname=monospace];\n");
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const gasp_graph_node *node = &graph->node[i];
        gasp_txid_to_text(txid, &node->txid);
        state_of(state, node);
        gasp_cli_out(cli, "    t%zu [label=\"%.16s\\n%s\", tooltip=\"%s\"%s];\n", i, txid, state, txid,
                     node->kind == GASP_NODE_PROVEN ? ", style=filled, fillcolor=palegreen" : "");
    }
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (size_t j = 0; j < graph->node[i].n_parents; j++)
            gasp_cli_out(cli, "    t%zu -> t%zu;\n", i, graph->parent[graph->node[i].first + j]);
    gasp_cli_out(cli, "}\n");
}

void gasp_graph_json(gasp_cli *cli, const gasp_graph *graph)
{
    static const char *const kinds[] = {"", "unproven", "proven", "absent"};
    json_t *nodes = json_array();
    json_t *edges = json_array();
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const gasp_graph_node *node = &graph->node[i];
        json_t *row = json_object();
        gasp_json_put(row, "txid", gasp_json_hash(node->txid.b));
        gasp_json_put(row, "state", json_string(kinds[node->kind]));
        if (node->kind == GASP_NODE_PROVEN)
            gasp_json_put(row, "height", json_integer(node->height));
        (void)json_array_append_new(nodes, row);
        for (size_t j = 0; j < node->n_parents; j++) {
            json_t *edge = json_object();
            gasp_json_put(edge, "child", gasp_json_hash(node->txid.b));
            gasp_json_put(edge, "parent", gasp_json_hash(graph->node[graph->parent[node->first + j]].txid.b));
            (void)json_array_append_new(edges, edge);
        }
    }
    gasp_json_put(cli->answer, "nodes", nodes);
    gasp_json_put(cli->answer, "edges", edges);
}
