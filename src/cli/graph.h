/** A transaction and what it stands on, read from a wallet. */
#ifndef GASP_CLI_GRAPH_H
#define GASP_CLI_GRAPH_H

#include "cli/cli.h"

/** What is known of a transaction of the graph. */
typedef enum gasp_node_kind {
    GASP_NODE_UNPROVEN = 1,
    GASP_NODE_PROVEN = 2, /**< an anchor: nothing below it is looked at */
    GASP_NODE_ABSENT = 3  /**< not held */
} gasp_node_kind;

typedef struct gasp_graph_node {
    gasp_txid txid;
    gasp_node_kind kind;
    uint32_t height; /**< when proven */
    size_t first;    /**< its parents are parents[first .. first + n_parents) */
    size_t n_parents;
} gasp_graph_node;

/** The whole graph; node 0 is the transaction that it was asked of. */
typedef struct gasp_graph {
    gasp_graph_node *node;
    size_t n_nodes;
    size_t *parent; /**< numbers of nodes, each once for one child */
    size_t n_parents;
    size_t cap_nodes;
    size_t cap_parents;
    size_t *slot; /**< hash table: 1 + number of a node, 0 for a free place */
    size_t n_slots;
    uint64_t seed; /**< peers choose txids; places in the table must not be theirs to choose */
} gasp_graph;

/** Reads the graph, iteratively. Errors: of the wallet; GASP_ERR_NOMEM. */
gasp_err gasp_graph_read(gasp_cli *cli, gasp_graph *out, gasp_wallet *wallet, const gasp_txid *txid);
void gasp_graph_clear(gasp_graph *graph);

/** Draws it. */
gasp_err gasp_graph_tree(gasp_cli *cli, const gasp_graph *graph);
void gasp_graph_dot(gasp_cli *cli, const gasp_graph *graph);
void gasp_graph_json(gasp_cli *cli, const gasp_graph *graph);

#endif
