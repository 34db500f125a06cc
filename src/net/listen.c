/* Listeners. Invariants: a unix socket is not connectable before its mode is 0600; a file is removed only when it is a
 * socket that nobody listens on, or our own by device and inode; an address is judged after it is resolved and before
 * it is bound. Never waits for a peer. */
#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stream_inside.h"

struct gasp_listener {
    gasp_live live;
    gasp_loop *loop;
    gasp_stream_end in;
    uv_timer_t retry;
    unsigned handles;
    gasp_address address;
    gasp_accept_fn *on_accept;
    void *ctx;
    bool has_file; /**< address.rest is a socket of ours, with: */
    dev_t device;
    ino_t inode;
};

static void listener_closed(uv_handle_t *handle)
{
    gasp_listener *l = handle->data;
    if (--l->handles == 0)
        gasp_mem_free(l->loop->mem, l);
}

static void drop_listener(void *owner)
{
    gasp_listener_free(owner);
}

void gasp_listener_free(gasp_listener *l)
{
    if (l == NULL)
        return;
    gasp_live_remove(&l->live);
    struct stat now;
    if (l->has_file && lstat(l->address.rest, &now) == 0 && now.st_dev == l->device && now.st_ino == l->inode)
        (void)unlink(l->address.rest);
    if (l->in.handle.data != NULL)
        uv_close(&l->in.handle, listener_closed);
    uv_close((uv_handle_t *)&l->retry, listener_closed);
}

const gasp_address *gasp_listener_address(const gasp_listener *l)
{
    return &l->address;
}

/* ---- accepting ---- */

static void retry_fired(uv_timer_t *timer);

static void take(gasp_listener *l)
{
    gasp_stream *s = NULL;
    if (gasp_stream_create(&s, l->loop, l->address.transport) != GASP_OK) {
        /* libuv asks for no further connection until this one is taken */
        (void)uv_timer_start(&l->retry, retry_fired, GASP_LISTEN_RETRY_MS, 0);
        return;
    }
    bool tcp = l->address.transport == GASP_TRANSPORT_TCP;
    if (tcp)
        gasp_stream_ready_tcp(s);
    else
        gasp_stream_ready_pipe(s);
    if (uv_accept(&l->in.stream, &s->in.stream) != 0) {
        gasp_stream_close(s);
        return;
    }
    if (tcp)
        gasp_stream_connected_tcp(s);
    else
        (void)snprintf(s->peer, sizeof s->peer, "unix %.*s", GASP_ADDRESS_PATH_MAX, l->address.rest);
    l->on_accept(l->ctx, s);
}

static void retry_fired(uv_timer_t *timer)
{
    take(timer->data);
}

/* A failed accept (the peer is gone again, the system is out of something) concerns that peer only. */
static void connection_came(uv_stream_t *stream, int status)
{
    if (status == 0)
        take(stream->data);
}

/* ---- TCP ---- */

static void ready_tcp(gasp_listener *l)
{
    (void)uv_tcp_init(&l->loop->uv, &l->in.tcp); /* opens nothing yet, never fails */
    l->in.handle.data = l;
    l->handles++;
}

static int listen_at(gasp_listener *l, const struct sockaddr *socket)
{
    struct sockaddr_storage bound;
    int len = sizeof bound;
    memset(&bound, 0, sizeof bound);
    int status = uv_tcp_bind(&l->in.tcp, socket, 0);
    if (status == 0)
        status = uv_listen(&l->in.stream, GASP_LISTEN_BACKLOG, connection_came);
    if (status == 0)
        status = uv_tcp_getsockname(&l->in.tcp, (struct sockaddr *)&bound, &len);
    if (status == 0)
        gasp_address_from_socket(&l->address, (const struct sockaddr *)&bound);
    return status;
}

static gasp_err listen_tcp(gasp_listener *l, const struct sockaddr *socket, bool allow_open, gasp_net_error *error)
{
    char text[GASP_ADDRESS_TEXT_MAX];
    gasp_address resolved;
    gasp_address_from_socket(&resolved, socket);
    gasp_address_to_text(text, &resolved);
    if (!allow_open && !gasp_address_is_loopback(socket))
        return gasp_net_error_set(error, GASP_ERR_NET_REFUSED, text, "can be reached from other machines");
    ready_tcp(l);
    int status = listen_at(l, socket);
    if (status != 0)
        return gasp_net_error_set_uv(error, GASP_ERR_NET_LISTEN, text, status);
    return GASP_OK;
}

/* ---- unix sockets ---- */

/* Whether somebody listens on the socket file: GASP_OK nobody, else the error. */
static gasp_err probe(const struct sockaddr_un *name, gasp_net_error *error)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return gasp_net_error_set_uv(error, GASP_ERR_NET_LISTEN, name->sun_path, -errno);
    int status = connect(fd, (const struct sockaddr *)name, sizeof *name) == 0 ? 0 : -errno;
    (void)close(fd);
    if (status == UV_ECONNREFUSED || status == UV_ENOENT)
        return GASP_OK;
    /* EAGAIN is a full backlog: somebody is there */
    if (status == 0 || status == UV_EAGAIN)
        return gasp_net_error_set(error, GASP_ERR_NET_LISTEN, name->sun_path, "another process listens there");
    return gasp_net_error_set_uv(error, GASP_ERR_NET_LISTEN, name->sun_path, status);
}

static gasp_err remove_stale(const struct sockaddr_un *name, gasp_net_error *error)
{
    struct stat found;
    if (lstat(name->sun_path, &found) != 0)
        return GASP_OK; /* what else is wrong, bind will say */
    if (!S_ISSOCK(found.st_mode))
        return gasp_net_error_set(error, GASP_ERR_NET_LISTEN, name->sun_path, "exists and is no socket");
    gasp_err err = probe(name, error);
    if (err == GASP_OK && unlink(name->sun_path) != 0 && errno != ENOENT)
        return gasp_net_error_set_uv(error, GASP_ERR_NET_LISTEN, name->sun_path, -errno);
    return err;
}

/* bind makes the file with the process's umask, but nobody can connect before listen: the mode is right by then without
 * touching the umask, which other threads share. */
static int bind_private(gasp_listener *l, int fd, const struct sockaddr_un *name)
{
    struct stat made;
    if (bind(fd, (const struct sockaddr *)name, sizeof *name) != 0)
        return -errno;
    if (lstat(name->sun_path, &made) != 0)
        return -errno;
    l->has_file = true;
    l->device = made.st_dev;
    l->inode = made.st_ino;
    return chmod(name->sun_path, S_IRUSR | S_IWUSR) == 0 ? 0 : -errno;
}

static gasp_err listen_unix_locked(gasp_listener *l, const struct sockaddr_un *name, gasp_net_error *error)
{
    gasp_err err = remove_stale(name, error);
    if (err != GASP_OK)
        return err;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return gasp_net_error_set_uv(error, GASP_ERR_NET_LISTEN, name->sun_path, -errno);
    int status = bind_private(l, fd, name);
    if (status == 0) {
        (void)uv_pipe_init(&l->loop->uv, &l->in.pipe, 0); /* opens nothing yet, never fails */
        l->in.handle.data = l;
        l->handles++;
        status = uv_pipe_open(&l->in.pipe, fd);
    }
    if (status != 0)
        (void)close(fd);
    else
        status = uv_listen(&l->in.stream, GASP_LISTEN_BACKLOG, connection_came);
    if (status != 0)
        return gasp_net_error_set_uv(error, GASP_ERR_NET_LISTEN, name->sun_path, status);
    return GASP_OK;
}

/* The folder of path, opened for its lock; -1 when it cannot be read, and then there is no lock to take. */
static int open_folder(const char *path)
{
    char folder[GASP_ADDRESS_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (slash == NULL)
        (void)snprintf(folder, sizeof folder, ".");
    else
        (void)snprintf(folder, sizeof folder, "%.*s/", (int)len, path);
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static gasp_err listen_unix(gasp_listener *l, gasp_net_error *error)
{
    struct sockaddr_un name;
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    size_t len = strlen(l->address.rest);
    if (len >= sizeof name.sun_path)
        return gasp_net_error_set(error, GASP_ERR_NET_ADDRESS, "path of a unix socket", "too long");
    memcpy(name.sun_path, l->address.rest, len + 1);
    int folder = open_folder(name.sun_path);
    gasp_err err = GASP_OK;
    if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        err =
            gasp_net_error_set(error, GASP_ERR_NET_LISTEN, name.sun_path, "another process is starting in this folder");
    if (err == GASP_OK)
        err = listen_unix_locked(l, &name, error);
    if (folder >= 0)
        (void)close(folder);
    return err;
}

/* ---- making ---- */

static gasp_err create(gasp_listener **out, gasp_loop *loop, const gasp_address *address, gasp_accept_fn *on_accept,
                       void *ctx)
{
    void *block = NULL;
    gasp_err err = gasp_live_alloc(&block, loop, sizeof(gasp_listener));
    if (err != GASP_OK)
        return err;
    gasp_listener *l = block;
    l->loop = loop;
    l->address = *address;
    l->on_accept = on_accept;
    l->ctx = ctx;
    (void)uv_timer_init(&loop->uv, &l->retry);
    l->retry.data = l;
    l->handles = 1;
    gasp_live_add(loop, &l->live, drop_listener, l);
    *out = l;
    return GASP_OK;
}

/* One attempt on one address, NULL: the unix socket. */
static gasp_err attempt(gasp_listener **out, gasp_loop *loop, const gasp_address *address,
                        const struct sockaddr *socket, bool allow_open, gasp_accept_fn *on_accept, void *ctx,
                        gasp_net_error *error)
{
    gasp_listener *l = NULL;
    gasp_err err = create(&l, loop, address, on_accept, ctx);
    if (err != GASP_OK)
        return gasp_net_error_set(error, err, "listening", gasp_err_text(err));
    err = socket != NULL ? listen_tcp(l, socket, allow_open, error) : listen_unix(l, error);
    if (err != GASP_OK) {
        gasp_listener_free(l);
        return err;
    }
    *out = l;
    return GASP_OK;
}

gasp_err gasp_listener_new(gasp_listener **out, gasp_loop *loop, const gasp_address *address, bool allow_open,
                           gasp_accept_fn *on_accept, void *ctx, gasp_net_error *error)
{
    struct sockaddr_storage literal;
    if (address->transport == GASP_TRANSPORT_UNIX)
        return attempt(out, loop, address, NULL, allow_open, on_accept, ctx, error);
    if (address->transport != GASP_TRANSPORT_TCP)
        return gasp_net_error_set(error, GASP_ERR_NET_ADDRESS, "listening", "only tcp and unix addresses can be");
    if (gasp_address_literal(&literal, address))
        return attempt(out, loop, address, (const struct sockaddr *)&literal, allow_open, on_accept, ctx, error);

    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)address->port);
    struct addrinfo hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    uv_getaddrinfo_t request;
    int status = uv_getaddrinfo(&loop->uv, &request, NULL, address->host, port, &hints);
    if (status != 0)
        return gasp_net_error_set_uv(error, GASP_ERR_NET_ADDRESS, address->host, status);
    gasp_err err = gasp_net_error_set(error, GASP_ERR_NET_ADDRESS, address->host, "has no address");
    for (struct addrinfo *at = request.addrinfo; at != NULL && err != GASP_OK; at = at->ai_next)
        err = attempt(out, loop, address, at->ai_addr, allow_open, on_accept, ctx, error);
    uv_freeaddrinfo(request.addrinfo);
    if (err == GASP_OK && error != NULL)
        (void)gasp_net_error_set(error, GASP_OK, "", NULL);
    return err;
}
