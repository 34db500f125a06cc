/* Streams over given descriptors. Invariant: on failure the caller's descriptors are open and unchanged. */
#include "net/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "net/stream_inside.h"

static gasp_err check_kind(int fd, const char *what, gasp_net_error *error)
{
    switch ((int)uv_guess_handle(fd)) {
    case UV_NAMED_PIPE:
    case UV_TCP:
        return GASP_OK;
    case UV_TTY:
        return gasp_net_error_set(error, GASP_ERR_NET_CONNECT, what, "is a terminal, not a pipe or socket");
    default:
        return gasp_net_error_set(error, GASP_ERR_NET_CONNECT, what, "is not a pipe or socket");
    }
}

/* libuv's pipe handle serves every kind of byte stream. uv_pipe_open keeps nothing of fd when it fails. */
static gasp_err attach(gasp_stream *s, gasp_stream_end *end, int fd, const char *what, gasp_net_error *error)
{
    (void)uv_pipe_init(&s->loop->uv, &end->pipe, 0); /* opens nothing yet, never fails */
    end->handle.data = s;
    s->handles++;
    int status = uv_pipe_open(&end->pipe, fd);
    if (status != 0)
        return gasp_net_error_set_uv(error, GASP_ERR_NET_CONNECT, what, status);
    return GASP_OK;
}

gasp_err gasp_stream_open_fds(gasp_stream **out, gasp_loop *loop, int in_fd, int out_fd, gasp_transport transport,
                              const char *peer, gasp_net_error *error)
{
    gasp_stream *s = NULL;
    int in_copy = -1;
    gasp_err err = check_kind(in_fd, "input", error);
    if (err == GASP_OK)
        err = check_kind(out_fd, "output", error);
    if (err == GASP_OK)
        err = gasp_stream_create(&s, loop, transport);
    if (err != GASP_OK)
        return err;
    (void)snprintf(s->peer, sizeof s->peer, "%s", peer);
    s->split = true;
    /* the first handle gets a copy: when the second fails, closing the stream must not close what is the caller's */
    int in_flags = fcntl(in_fd, F_GETFL);
    int out_flags = fcntl(out_fd, F_GETFL);
    in_copy = fcntl(in_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (in_copy < 0) {
        err = gasp_net_error_set_uv(error, GASP_ERR_NET_CONNECT, "input", -errno);
        goto out;
    }
    err = attach(s, &s->in, in_copy, "input", error);
    if (err != GASP_OK)
        goto out;
    in_copy = -1;
    s->in_flags = in_flags;
    err = attach(s, &s->out, out_fd, "output", error);
    if (err != GASP_OK)
        goto out;
    s->out_flags = out_flags;
    (void)close(in_fd);
    *out = s;
    return GASP_OK;
out:
    if (in_copy >= 0)
        (void)close(in_copy);
    gasp_stream_close(s);
    return err;
}

gasp_err gasp_stdio_open(gasp_stream **out, gasp_loop *loop, gasp_net_error *error)
{
    int null = -1;
    int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    gasp_err err = GASP_OK;
    if (in >= 0 && out_fd >= 0)
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) {
        err = gasp_net_error_set_uv(error, GASP_ERR_NET_CONNECT, "standard input and output", -errno);
        goto out;
    }
    err = gasp_stream_open_fds(out, loop, in, out_fd, GASP_TRANSPORT_STDIO, "stdio", error);
    if (err != GASP_OK)
        goto out;
    in = out_fd = -1; /* the stream's now */
    (void)fflush(stdout);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
out:
    if (in >= 0)
        (void)close(in);
    if (out_fd >= 0)
        (void)close(out_fd);
    if (null >= 0)
        (void)close(null);
    return err;
}
