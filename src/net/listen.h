/** Waiting for peers on a TCP address or a unix socket.
 *
 *  The unix socket's file has mode 0600 before anyone can connect and goes away with the listener. A file left by a
 * process that died is replaced; one that a living process listens on is not, nor anything that is no socket. Two
 * processes that start at the same moment are kept apart by a lock on the folder (flock), held only while the socket is
 * made.
 */
#ifndef GASP_NET_LISTEN_H
#define GASP_NET_LISTEN_H

#include "net/stream.h"

typedef struct gasp_listener gasp_listener;

/** A peer came; the stream is the callee's, not started. How many it keeps is its own affair: one too many is closed.
 */
typedef void gasp_accept_fn(void *ctx, gasp_stream *stream);

enum {
    GASP_LISTEN_BACKLOG = 128, /**< connections that the system holds until they are accepted */
    GASP_LISTEN_RETRY_MS = 100 /**< after memory was short; meanwhile peers wait in the backlog */
};

/** Listens until it is freed. A name is resolved here, which may take as long as the resolver does; its first address
 * that can be listened on counts.
 *
 *  Units:   allow_open: addresses that other machines can reach are allowed too. Decided on the resolved address,
 * before anything is opened; unix sockets are always allowed Errors:  GASP_ERR_NET_ADDRESS  the name has no address, or
 * the address is of no kind to listen on (exec) GASP_ERR_NET_REFUSED  not loopback, and allow_open is false
 *           GASP_ERR_NET_LISTEN   in use, not permitted, or the file is no stale socket
 *           GASP_ERR_NOMEM;  GASP_ERR_MISUSE  the loop is being freed
 *           *error (may be NULL) has the text. */
gasp_err gasp_listener_new(gasp_listener **out, gasp_loop *loop, const gasp_address *address, bool allow_open,
                           gasp_accept_fn *on_accept, void *ctx, gasp_net_error *error) GASP_MUST_CHECK;

/** Where it really listens: the resolved address, and the port that the system chose for port 0. */
const gasp_address *gasp_listener_address(const gasp_listener *listener);

/** Ends it; streams that it gave live on. NULL is accepted. */
void gasp_listener_free(gasp_listener *listener);

#endif
