/** For the files of this room only: what a node holds. */
#ifndef GASP_NODE_INSIDE_H
#define GASP_NODE_INSIDE_H

#include <pthread.h>

#include "gasp/node.h"
#include "net/connect.h"
#include "net/listen.h"
#include "net/loop.h"
#include "node/workers.h"

typedef struct gasp_connection gasp_connection;

/** One address that is served. */
typedef struct gasp_served {
    struct gasp_served *next;
    gasp_node *node;
    gasp_listener *listener;
} gasp_served;

struct gasp_node {
    const gasp_mem *mem;
    gasp_node_config config;
    pthread_t thread; /**< that made it: the only one in which sessions run */
    gasp_wallet *wallet;
    gasp_loop *loop;
    gasp_wake *finished; /**< sent by workers: a batch is done */
    gasp_wake *stop;     /**< sent by gasp_node_stop */
    gasp_wake *changed;  /**< sent by gasp_node_changed */
    gasp_workers *workers;
    gasp_verifier verifier;
    gasp_connection *current; /**< whose session is being called; only `thread` reads or writes it */

    gasp_served *served;
    gasp_connection *connections;
    unsigned n_accepted;      /**< connections that came to a listener and are not over */
    uint64_t last_connection; /**< the number of the latest */
    bool running;
    bool stopping; /**< nothing new is begun in this run */
    gasp_net_error why;
};

/** Something ended: ends the run when nothing is left to do. */
void gasp_node_settle(gasp_node *node);

/** Ends what is served and all connections; those that only have last words to say may say them, the first time. */
void gasp_node_halt(gasp_node *node);

/** Ends what is served; connections live on. */
void gasp_node_unserve(gasp_node *node);

#endif
