/** Streams over descriptors that exist already: this process's standard input and output, a pair of pipes, a socket. */
#ifndef GASP_NET_STDIO_H
#define GASP_NET_STDIO_H

#include "net/stream.h"

/** The stream over descriptors 0 and 1: this process was started by its peer (`--stdio`, the far side of `exec:`). From
 * then on 0 and 1 are /dev/null, so that nothing else in the process can write between the frames; standard error is
 * untouched. Both must be pipes or sockets: a terminal or a file is an honest mistake of the user. Errors:
 * GASP_ERR_NET_CONNECT  they are not, or the system refused (*error says which). 0 and 1 are then as before
 *          GASP_ERR_NOMEM;  GASP_ERR_MISUSE  the loop is being freed */
gasp_err gasp_stdio_open(gasp_stream **out, gasp_loop *loop, gasp_net_error *error) GASP_MUST_CHECK;

/** A stream that reads in_fd and writes out_fd (two descriptors, pipes or sockets). On success they are the stream's
 * and are closed with it, their non-blocking flag put back first: it belongs to the open file, which other processes
 * may share. On failure they stay the caller's. `peer` is the text of gasp_stream_peer. Errors: as above */
gasp_err gasp_stream_open_fds(gasp_stream **out, gasp_loop *loop, int in_fd, int out_fd, gasp_transport transport,
                              const char *peer, gasp_net_error *error) GASP_MUST_CHECK;

#endif
