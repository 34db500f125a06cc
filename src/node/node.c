/* A node: its parts, its run, and the two ways in which other threads reach it: workers that finished, and stop.
 * Invariant: whatever ends is settled, so that a run ends when nothing is left to do. Sessions run in the node's own
 * thread only; a batch that is verified from elsewhere, or by the host through its wallet, is waited for. */
#include <signal.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "node/connection.h"

/* ---- the verifier ---- */

static bool in_session(const gasp_node *node)
{
    return pthread_equal(node->thread, pthread_self()) != 0 && node->current != NULL;
}

static gasp_err verify(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket)
{
    gasp_node *node = user;
    if (!in_session(node))
        return gasp_workers_run(node->workers, verdicts, batch);
    return gasp_workers_start(node->workers, gasp_connection_number(node->current), ticket, verdicts, batch);
}

static void cancel(void *user, uint64_t ticket)
{
    gasp_node *node = user;
    if (in_session(node))
        gasp_workers_cancel(node->workers, gasp_connection_number(node->current), ticket);
}

static void wake_finished(void *ctx)
{
    gasp_node *node = ctx;
    gasp_wake_send(node->finished);
}

static void on_finished(void *ctx)
{
    gasp_node *node = ctx;
    uint64_t number = 0;
    uint64_t ticket = 0;
    while (gasp_workers_take(node->workers, &number, &ticket)) {
        gasp_connection *c = gasp_connection_find(node, number);
        if (c != NULL)
            gasp_connection_resume(c, ticket);
    }
}

/* ---- making and freeing ---- */

static void on_stop(void *ctx)
{
    gasp_node_halt(ctx);
}

void gasp_node_config_init(gasp_node_config *config)
{
    *config = (gasp_node_config){.size = sizeof *config,
                                 .max_connections = (unsigned)gasp_limit_value(GASP_LIMIT_ROW_CONNECTIONS),
                                 .connect_ms = (uint32_t)gasp_limit_value(GASP_LIMIT_ROW_CONNECT_MS)};
}

static void on_changed(void *ctx)
{
    gasp_node *node = ctx;
    gasp_connections_changed(node, NULL);
}

gasp_err gasp_node_new(gasp_node **out, const gasp_node_config *config)
{
    if (config->size < sizeof *config)
        return GASP_ERR_MISUSE;
    const gasp_mem *mem = gasp_mem_or_default(config->mem);
    gasp_node *node = gasp_mem_zalloc(mem, sizeof *node);
    if (node == NULL)
        return GASP_ERR_NOMEM;
    node->mem = mem;
    node->config = *config;
    node->thread = pthread_self();
    gasp_verifier_init(&node->verifier);
    node->verifier.user = node;
    node->verifier.verify = verify;
    node->verifier.cancel = cancel;
    gasp_err err = gasp_loop_new(&node->loop, mem);
    if (err == GASP_OK)
        err = gasp_wake_new(&node->finished, node->loop, on_finished, node);
    if (err == GASP_OK)
        err = gasp_wake_new(&node->stop, node->loop, on_stop, node);
    if (err == GASP_OK)
        err = gasp_wake_new(&node->changed, node->loop, on_changed, node);
    if (err == GASP_OK)
        err = gasp_workers_new(&node->workers, config->workers, wake_finished, node, mem);
    if (err == GASP_OK)
        *out = node;
    else
        gasp_node_free(node);
    return err;
}

void gasp_node_free(gasp_node *node)
{
    if (node == NULL)
        return;
    gasp_node_unserve(node);
    gasp_connections_free(node);
    gasp_workers_free(node->workers); /* before the loop, which holds what they send to */
    gasp_loop_free(node->loop);
    gasp_mem_free(node->mem, node);
}

const gasp_verifier *gasp_node_verifier(gasp_node *node)
{
    return &node->verifier;
}

void gasp_node_attach(gasp_node *node, gasp_wallet *wallet)
{
    node->wallet = wallet;
}

const char *gasp_node_why(const gasp_node *node)
{
    return node->why.text;
}

/* ---- running ---- */

void gasp_node_settle(gasp_node *node)
{
    if (node->running && node->connections == NULL && node->served == NULL)
        gasp_loop_stop(node->loop);
}

void gasp_node_halt(gasp_node *node)
{
    bool again = node->stopping;
    node->stopping = true;
    gasp_node_unserve(node);
    gasp_connections_stop(node, again);
    gasp_node_settle(node);
}

void gasp_node_stop(gasp_node *node)
{
    gasp_wake_send(node->stop);
}

void gasp_node_changed(gasp_node *node)
{
    gasp_wake_send(node->changed);
}

static void on_signal(void *ctx, int signum)
{
    (void)signum;
    gasp_node_halt(ctx);
}

gasp_err gasp_node_run(gasp_node *node)
{
    static const int signums[2] = {SIGINT, SIGTERM};
    struct sigaction before[2];
    gasp_signals *signals = NULL;
    if (node->running)
        return GASP_ERR_MISUSE;
    memset(before, 0, sizeof before);
    for (size_t i = 0; i < 2; i++) {
        if (sigaction(signums[i], NULL, &before[i]) != 0)
            return GASP_ERR_NET_IO;
    }
    gasp_err err = gasp_signals_new(&signals, node->loop, on_signal, node);
    if (err != GASP_OK)
        return err;
    if (node->connections != NULL || node->served != NULL) {
        node->running = true;
        err = gasp_loop_run(node->loop);
        node->running = false;
    }
    node->stopping = false;
    gasp_signals_free(signals);
    for (size_t i = 0; i < 2; i++)
        (void)sigaction(signums[i], &before[i], NULL);
    return err < 0 ? err : GASP_OK;
}
