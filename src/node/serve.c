/* What a node is asked to do: serve an address, serve standard input and output, sync with an address.
 * Invariant: nothing is served to, and nothing is said to, anybody beyond this machine; TCP, where anybody on this machine
 * may come, only when the host allowed it. A peer that cannot be served is turned away and changes nothing for others. */
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/stdio.h"
#include "node/connection.h"

void gasp_sync_config_init(gasp_sync_config *config)
{
    *config = (gasp_sync_config){
        .size = sizeof *config, .match = GASP_MATCH_STATE, .rights = GASP_RIGHT_READ | GASP_RIGHT_WRITE};
}

static void on_accept(void *ctx, gasp_stream *stream)
{
    gasp_node *node = ((gasp_served *)ctx)->node;
    if (node->n_accepted >= gasp_limit_set(CONNECTIONS, node->config.max_connections)) {
        gasp_connection_refuse(node, stream, GASP_ERR_LIMIT);
        return;
    }
    /* Without memory the stream is closed and there is nobody to tell: the peer may try again. */
    gasp_err err = gasp_connection_serve(node, stream, GASP_ORIGIN_ACCEPT);
    (void)err;
}

static gasp_err may_begin(gasp_node *node)
{
    if (node->wallet == NULL)
        return gasp_net_error_set(&node->why, GASP_ERR_MISUSE, "the node has no wallet", NULL);
    if (node->stopping)
        return gasp_net_error_set(&node->why, GASP_ERR_NET_STOPPED, "the node is being stopped", NULL);
    return gasp_net_error_set(&node->why, GASP_OK, "", NULL);
}

static gasp_err read_address(gasp_node *node, gasp_address *out, const char *text)
{
    gasp_err err = may_begin(node);
    if (err == GASP_OK && gasp_address_parse(out, text, NULL) != GASP_OK)
        err = gasp_net_error_set(&node->why, GASP_ERR_NET_ADDRESS, "not an address", text);
    return err;
}

static void bound_text(char bound[GASP_ADDRESS_MAX], const gasp_listener *listener)
{
    char text[GASP_ADDRESS_TEXT_MAX];
    gasp_address_to_text(text, gasp_listener_address(listener));
    size_t len = strlen(text); /* a path or a host: what makes the text longer is a command, which is not listened on */
    if (len >= GASP_ADDRESS_MAX)
        len = GASP_ADDRESS_MAX - 1;
    memcpy(bound, text, len);
    bound[len] = '\0';
}

gasp_err gasp_node_listen(gasp_node *node, char bound[GASP_ADDRESS_MAX], const char *address)
{
    gasp_address where;
    gasp_err err = read_address(node, &where, address);
    if (err != GASP_OK)
        return err;
    if (where.transport == GASP_TRANSPORT_TCP && !node->config.allow_anonymous)
        return gasp_net_error_set(&node->why, GASP_ERR_NET_REFUSED, "anybody on this machine could connect", address);
    gasp_served *served = gasp_mem_zalloc(node->mem, sizeof *served);
    if (served == NULL)
        return gasp_net_error_set(&node->why, GASP_ERR_NOMEM, "no memory to listen", NULL);
    served->node = node;
    err = gasp_listener_new(&served->listener, node->loop, &where, false, on_accept, served, &node->why);
    if (err != GASP_OK) {
        gasp_mem_free(node->mem, served);
        return err;
    }
    served->next = node->served;
    node->served = served;
    bound_text(bound, served->listener);
    return GASP_OK;
}

void gasp_node_unserve(gasp_node *node)
{
    while (node->served != NULL) {
        gasp_served *served = node->served;
        node->served = served->next;
        gasp_listener_free(served->listener);
        gasp_mem_free(node->mem, served);
    }
}

gasp_err gasp_node_serve_stdio(gasp_node *node)
{
    gasp_stream *stream = NULL;
    gasp_err err = may_begin(node);
    if (err == GASP_OK)
        err = gasp_stdio_open(&stream, node->loop, &node->why);
    if (err == GASP_OK)
        err = gasp_connection_serve(node, stream, GASP_ORIGIN_STDIO);
    return err;
}

/* A name is resolved later; what it leads to is judged then. */
static bool leads_away(const gasp_address *address)
{
    struct sockaddr_storage socket;
    if (address->transport != GASP_TRANSPORT_TCP || !gasp_address_literal(&socket, address))
        return false;
    return !gasp_address_is_loopback((const struct sockaddr *)&socket);
}

gasp_err gasp_node_sync(gasp_node *node, const char *address, const gasp_sync_config *config)
{
    gasp_address where;
    if (config->size < sizeof *config || config->rights > (GASP_RIGHT_READ | GASP_RIGHT_WRITE))
        return GASP_ERR_MISUSE;
    gasp_err err = read_address(node, &where, address);
    if (err != GASP_OK)
        return err;
    if (leads_away(&where))
        return gasp_net_error_set(&node->why, GASP_ERR_NET_REFUSED, "beyond this machine, and not encrypted", address);
    return gasp_connection_reach(node, &where, config);
}
