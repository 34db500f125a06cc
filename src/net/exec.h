/** A command as the other end of a stream: `/bin/sh -c COMMAND` with pipes as its standard input and output, as rsync
 * runs ssh. Its standard error stays ours, so that it can say what is wrong and ask for a password on the terminal.
 *
 *  The child is always reaped. When its stream is closed it first has GASP_CHILD_END_MS to end by itself, since it sees
 * the end of its input; then it gets SIGTERM, and after GASP_CHILD_KILL_MS more SIGKILL. Only the shell (which is
 * replaced by a simple command) is signalled, not what it started.
 */
#ifndef GASP_NET_EXEC_H
#define GASP_NET_EXEC_H

#include "base/limits.h"
#include "net/stream.h"

enum {
    GASP_CHILD_END_MS =
        GASP_LIMIT_CHILD_END_MS, /**< to finish what it writes and exit: a wallet at the other end commits then */
    GASP_CHILD_KILL_MS = GASP_LIMIT_CHILD_KILL_MS /**< to obey SIGTERM; a store must survive SIGKILL anyhow */
};

/** Starts the command. A command that is not found is no error here: the shell says so on standard error and on_end
 * gives GASP_ERR_NET_IO with exit status 127. gasp_connect is the way in for other rooms. Errors: GASP_ERR_NET_CONNECT
 * no shell, process or pipe to be had (*error says which) GASP_ERR_NOMEM;  GASP_ERR_MISUSE  the loop is being freed */
gasp_err gasp_exec_open(gasp_stream **out, gasp_loop *loop, const char *command, gasp_net_error *error) GASP_MUST_CHECK;

struct gasp_child;

/** For stream.c: whether it has not exited yet. */
bool gasp_child_runs(const struct gasp_child *child);

/** For stream.c: whether it has exited otherwise than with status 0; then the text says how. */
bool gasp_child_failed(const struct gasp_child *child, char *text, size_t text_max);

/** For stream.c: its stream is closed; it is ended and reaped. NULL is accepted. */
void gasp_child_release(struct gasp_child *child);

#endif
