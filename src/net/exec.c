/* Commands as peers: start, exit status, and their end after the stream is closed.
 * Invariants: a child outlives its stream until it is reaped, and keeps the loop running that long, which is bounded.
 * Our pipe ends are never inherited by a child. */
#include "net/exec.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/stdio.h"
#include "net/stream_inside.h"

struct gasp_child {
    uv_process_t process;
    uv_timer_t timer;
    unsigned handles;
    gasp_loop *loop;
    gasp_stream *stream; /**< NULL when that is closed */
    bool exited;
    bool termed; /**< SIGTERM was sent */
    int64_t status;
    int signum;
};

static void child_closed(uv_handle_t *handle)
{
    gasp_child *child = handle->data;
    if (--child->handles == 0)
        gasp_mem_free(child->loop->mem, child);
}

static void close_child(gasp_child *child)
{
    uv_close((uv_handle_t *)&child->process, child_closed);
    uv_close((uv_handle_t *)&child->timer, child_closed);
}

static void child_exited(uv_process_t *process, int64_t status, int signum)
{
    gasp_child *child = process->data;
    child->exited = true;
    child->status = status;
    child->signum = signum;
    if (child->stream != NULL)
        gasp_stream_settle(child->stream);
    else
        close_child(child);
}

static void still_there(uv_timer_t *timer)
{
    gasp_child *child = timer->data;
    if (child->exited)
        return;
    (void)uv_process_kill(&child->process, child->termed ? SIGKILL : SIGTERM);
    if (!child->termed)
        (void)uv_timer_start(&child->timer, still_there, gasp_limit(CHILD_KILL_MS), 0);
    child->termed = true;
}

bool gasp_child_runs(const gasp_child *child)
{
    return !child->exited;
}

bool gasp_child_failed(const gasp_child *child, char *text, size_t text_max)
{
    if (!child->exited || (child->status == 0 && child->signum == 0))
        return false;
    if (child->signum != 0)
        (void)snprintf(text, text_max, "the command was ended by signal %d", child->signum);
    else
        (void)snprintf(text, text_max, "the command ended with exit status %" PRId64, child->status);
    return true;
}

void gasp_child_release(gasp_child *child)
{
    if (child == NULL)
        return;
    child->stream = NULL;
    if (child->exited) {
        close_child(child);
        return;
    }
    uv_update_time(&child->loop->uv);
    (void)uv_timer_start(&child->timer, still_there, gasp_limit(CHILD_END_MS), 0);
}

static gasp_err create_child(gasp_child **out, gasp_loop *loop)
{
    void *block = NULL;
    gasp_err err = gasp_live_alloc(&block, loop, sizeof(gasp_child));
    if (err != GASP_OK)
        return err;
    gasp_child *child = block;
    child->loop = loop;
    (void)uv_timer_init(&loop->uv, &child->timer); /* never fails */
    child->timer.data = child;
    child->process.data = child;
    child->handles = 2;
    *out = child;
    return GASP_OK;
}

/* Runs the shell with the child's ends of the pipes. args are libuv's to read during the call only. */
static int run_shell(gasp_child *child, char *command, uv_file input, uv_file output)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char *args[] = {shell, option, command, NULL};
    const int fds[3] = {input, output, STDERR_FILENO};
    uv_stdio_container_t stdio[3];
    memset(stdio, 0, sizeof stdio);
    for (size_t i = 0; i < 3; i++) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = fds[i];
    }
    uv_process_options_t options;
    memset(&options, 0, sizeof options);
    options.exit_cb = child_exited;
    options.file = shell;
    options.args = args;
    options.stdio = stdio;
    options.stdio_count = 3;
    return uv_spawn(&child->loop->uv, &child->process, &options);
}

static gasp_err spawn(gasp_stream *stream, const char *command, uv_file input, uv_file output, gasp_net_error *error)
{
    gasp_loop *loop = stream->loop;
    gasp_child *child = NULL;
    char *text = gasp_mem_copy(loop->mem, command, strlen(command) + 1);
    gasp_err err = text != NULL ? create_child(&child, loop) : GASP_ERR_NOMEM;
    if (err != GASP_OK)
        goto out;
    int status = run_shell(child, text, input, output);
    if (status != 0) {
        err = gasp_net_error_set_uv(error, GASP_ERR_NET_CONNECT, "starting /bin/sh", status);
        close_child(child);
        goto out;
    }
    child->stream = stream;
    stream->child = child;
    (void)snprintf(stream->peer, sizeof stream->peer, "exec pid %d", uv_process_get_pid(&child->process));
out:
    gasp_mem_free(loop->mem, text);
    return err;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

gasp_err gasp_exec_open(gasp_stream **out, gasp_loop *loop, const char *command, gasp_net_error *error)
{
    uv_file input[2] = {-1, -1};  /* read by the child */
    uv_file output[2] = {-1, -1}; /* read by us */
    gasp_stream *stream = NULL;
    gasp_err err = GASP_OK;
    int status = uv_pipe(input, 0, UV_NONBLOCK_PIPE);
    if (status == 0)
        status = uv_pipe(output, UV_NONBLOCK_PIPE, 0);
    if (status != 0) {
        err = gasp_net_error_set_uv(error, GASP_ERR_NET_CONNECT, "making a pipe", status);
        goto out;
    }
    err = gasp_stream_open_fds(&stream, loop, output[0], input[1], GASP_TRANSPORT_EXEC, "exec", error);
    if (err != GASP_OK)
        goto out;
    output[0] = input[1] = -1; /* the stream's now */
    err = spawn(stream, command, input[0], output[1], error);
    if (err != GASP_OK)
        goto out;
    *out = stream;
    stream = NULL;
out:
    gasp_stream_close(stream);
    for (size_t i = 0; i < 2; i++) {
        close_fd(&input[i]);
        close_fd(&output[i]);
    }
    return err;
}
