/** Nodes for tests, with fake sessions: in the test's own thread, or served by a thread of their own. */
#ifndef TESTS_NODE_HOST_H
#define TESTS_NODE_HOST_H

#include <pthread.h>

#include "gasp/node.h"
#include "node/fake_session.h"

enum { TEST_CONNECTIONS_MAX = 4096 };

/** What a node reported. That each number is connected at most once, then has events, then ends once, is checked. */
typedef struct test_log {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned n_connected;
    unsigned n_events;
    unsigned n_ended;
    unsigned n_ok;
    gasp_err errs[TEST_CONNECTIONS_MAX]; /**< of those that ended, by number */
    uint8_t phase[TEST_CONNECTIONS_MAX]; /**< by number: 1 connected, 2 ended */
    char who[300];                       /**< text of the last that connected */
    char text[300];                      /**< text of the last that ended */
    gasp_session_stats stats;            /**< sums */
} test_log;

typedef struct test_host {
    gasp_node_config config;
    test_world world; /**< set before opening */
    gasp_node *node;
    char bound[GASP_ADDRESS_MAX];
    const char *address; /**< to serve, by test_host_serve */
    pthread_t thread;
    bool ready;
    gasp_err err; /**< of gasp_node_run in the thread */
    test_log log;
    void (*on_report)(struct test_host *host, const gasp_report *report); /**< called as well; may be NULL */
    void *user;
} test_host;

/** Sets the defaults: 20,000 bytes each way, no batches, anonymous TCP allowed, two workers. Ends the program after a
 * minute, should the test hang. */
void test_host_init(test_host *host, const test_jobs *jobs, test_random *r);

/** Makes the node. test_host_close frees it and checks that no session is left. */
void test_host_open(test_host *host);
void test_host_close(test_host *host);

/** A sync with the defaults, that must be taken. */
void test_host_sync(test_host *host, const char *address);

/** Opens the node in a thread of its own and serves `address`; bound is then set. test_host_join waits for its end. */
void test_host_serve(test_host *host, const char *address);
void test_host_join(test_host *host);

/** gasp_node_stop and test_host_join; the run must have gone well. */
void test_host_stop(test_host *host);

/** Waits until the node has reported so many ends. */
void test_host_wait(test_host *host, unsigned n_ended);

/** How many ended with that error. */
unsigned test_host_ended(test_host *host, gasp_err err);

/** `unix:` and a path in a fresh folder; test_address_free removes both. */
char *test_address_unix(void);
void test_address_free(char *address);

/** An address `exec:` that runs this program with these arguments. */
void test_address_self(char out[2048], const char *arguments);

/** What main does with `--stdio`, the other end of test_address_self: serves one session with the defaults, and more when
 * further arguments say so. */
int test_stdio_main(int argc, char **argv);

#endif
