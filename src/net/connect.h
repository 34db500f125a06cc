/** Reaching a peer: resolve, connect or start, within a time. */
#ifndef GASP_NET_CONNECT_H
#define GASP_NET_CONNECT_H

#include "net/stream.h"

typedef struct gasp_connect gasp_connect;

/** The outcome, exactly once and never inside gasp_connect_start: a stream that is the callee's (error is NULL), or
 * NULL and the error, valid during the call: GASP_ERR_NET_ADDRESS  the name has no address, or the port is 0
 *    GASP_ERR_NET_REFUSED  every address is beyond this machine, and allow_open was false
 *    GASP_ERR_NET_CONNECT  refused, unreachable, too late; for exec: no process to be had
 *    GASP_ERR_NOMEM
 *  The gasp_connect is gone after it. */
typedef void gasp_connect_fn(void *ctx, gasp_stream *stream, const gasp_net_error *error);

/** Begins. The addresses of a name are tried one after the other in the resolver's order, timeout_ms is for all
 * together. For exec, connected means that the shell was started.
 *
 *  Units:   allow_open: a TCP address beyond this machine is allowed. Decided on each resolved address
 *  Gives:   *out for gasp_connect_cancel, valid until the callback; out may be NULL
 *  Errors:  GASP_ERR_NOMEM;  GASP_ERR_MISUSE  the loop is being freed. No callback then */
gasp_err gasp_connect_start(gasp_connect **out, gasp_loop *loop, const gasp_address *address, bool allow_open,
                            uint64_t timeout_ms, gasp_connect_fn *fn, void *ctx) GASP_MUST_CHECK;

/** Gives it up: no callback. NULL is accepted. */
void gasp_connect_cancel(gasp_connect *connect);

#endif
