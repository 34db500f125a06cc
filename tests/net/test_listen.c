/* Listeners: port 0, what is refused, and the file of a unix socket through all its states. */
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

#include "net/pair.h"

typedef struct guests {
    gasp_loop *loop;
    gasp_stream *streams[8];
    unsigned n, n_connected, stop_at;
} guests;

static void guest_came(void *ctx, gasp_stream *stream)
{
    guests *g = ctx;
    assert_true(g->n < 8);
    g->streams[g->n++] = stream;
    if (g->n + g->n_connected == g->stop_at)
        gasp_loop_stop(g->loop);
}

static void guest_connected(void *ctx, gasp_stream *stream, const gasp_net_error *error)
{
    guests *g = ctx;
    if (stream == NULL)
        fail_msg("%s", error->text);
    g->n_connected++;
    if (g->n + g->n_connected == g->stop_at)
        gasp_loop_stop(g->loop);
}

static gasp_err listen_to(gasp_listener **out, guests *g, const char *text, gasp_net_error *error)
{
    gasp_address address = test_address(text);
    return gasp_listener_new(out, g->loop, &address, false, guest_came, g, error);
}

static void port_0(void **state)
{
    (void)state;
    static const char *const where[] = {"tcp://127.0.0.1:0", "tcp://localhost:0"};
    for (size_t i = 0; i < 2; i++) {
        guests g = {.loop = test_loop_new(NULL), .stop_at = 6};
        gasp_listener *listener = NULL;
        gasp_net_error error = {GASP_OK, ""};
        assert_err(listen_to(&listener, &g, where[i], &error), GASP_OK);
        assert_err(error.err, GASP_OK);
        const gasp_address *bound = gasp_listener_address(listener);
        assert_int_equal(bound->transport, GASP_TRANSPORT_TCP);
        assert_true(bound->port != 0);
        assert_true(i == 1 || strcmp(bound->host, "127.0.0.1") == 0);
        for (int k = 0; k < 3; k++)
            assert_err(gasp_connect_start(NULL, g.loop, bound, false, 5000, guest_connected, &g), GASP_OK);
        assert_err(test_loop_run(g.loop), GASP_OK);
        assert_int_equal(g.n, 3);
        assert_true(gasp_stream_is_local(g.streams[0]));
        assert_memory_equal(gasp_stream_peer(g.streams[0]), "tcp ", 4);
        gasp_listener_free(listener);
        gasp_listener_free(NULL);
        gasp_loop_free(g.loop);
    }
}

static void refused(void **state)
{
    (void)state;
    guests g = {.loop = test_loop_new(NULL)};
    gasp_listener *first = NULL;
    gasp_listener *second = NULL;
    gasp_net_error error = {GASP_OK, ""};
    /* in use */
    assert_err(listen_to(&first, &g, "tcp://127.0.0.1:0", &error), GASP_OK);
    gasp_address taken = *gasp_listener_address(first);
    assert_err(gasp_listener_new(&second, g.loop, &taken, false, guest_came, &g, &error), GASP_ERR_NET_LISTEN);
    assert_err(error.err, GASP_ERR_NET_LISTEN);
    assert_non_null(strstr(error.text, "address already in use"));
    assert_memory_equal(error.text, "tcp://127.0.0.1:", 16);
    /* not an address of this machine (RFC 5737, documentation) */
    gasp_address foreign = test_address("tcp://192.0.2.1:0");
    assert_err(gasp_listener_new(&second, g.loop, &foreign, true, guest_came, &g, &error), GASP_ERR_NET_LISTEN);
    /* beyond this machine without leave */
    static const char *const open[] = {"tcp://0.0.0.0:0", "tcp://[::]:0", "tcp://192.0.2.1:0",
                                       "tcp://[::ffff:0.0.0.0]:0"};
    for (size_t i = 0; i < 4; i++) {
        assert_err(listen_to(&second, &g, open[i], &error), GASP_ERR_NET_REFUSED);
        assert_err(error.err, GASP_ERR_NET_REFUSED);
    }
    gasp_address any = test_address("tcp://0.0.0.0:0");
    assert_err(gasp_listener_new(&second, g.loop, &any, true, guest_came, &g, &error), GASP_OK);
    gasp_listener_free(second);
    /* kinds and names; .invalid never resolves (RFC 6761) */
    assert_err(listen_to(&second, &g, "exec:cat", &error), GASP_ERR_NET_ADDRESS);
    assert_err(listen_to(&second, &g, "tcp://no-such-host.invalid:0", &error), GASP_ERR_NET_ADDRESS);
    assert_memory_equal(error.text, "no-such-host.invalid: ", 22);
    assert_err(listen_to(&second, &g, "tcp://no-such-host.invalid:0", NULL), GASP_ERR_NET_ADDRESS);
    gasp_loop_free(g.loop);
}

/* ---- the socket file ---- */

static mode_t mode_of(const char *path)
{
    struct stat found;
    assert_int_equal(lstat(path, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    return found.st_mode & 07777;
}

/* A socket file as a process leaves it that was killed: bound, nobody listens. */
static void leave_stale(const char *path)
{
    struct sockaddr_un name;
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(access(path, F_OK), 0);
}

static void socket_file(void **state)
{
    (void)state;
    guests g = {.loop = test_loop_new(NULL), .stop_at = 2};
    char *path = test_path_new();
    char text[128];
    (void)snprintf(text, sizeof text, "unix:%s", path);
    gasp_listener *first = NULL;
    gasp_listener *second = NULL;
    gasp_net_error error = {GASP_OK, ""};
    mode_t mask = umask(0);

    assert_err(listen_to(&first, &g, text, &error), GASP_OK);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(umask(0), 0); /* the process's own mask is not touched */
    assert_string_equal(gasp_listener_address(first)->rest, path);
    assert_err(listen_to(&second, &g, text, &error), GASP_ERR_NET_LISTEN); /* a living one */
    assert_non_null(strstr(error.text, "another process listens there"));
    gasp_listener_free(first);
    assert_int_equal(access(path, F_OK), -1); /* gone with its listener */

    leave_stale(path);
    assert_err(listen_to(&first, &g, text, &error), GASP_OK);
    assert_int_equal(mode_of(path), 0600);
    gasp_address address = test_address(text);
    assert_err(gasp_connect_start(NULL, g.loop, &address, false, 5000, guest_connected, &g), GASP_OK);
    assert_err(test_loop_run(g.loop), GASP_OK);
    assert_string_equal(gasp_stream_peer(g.streams[0]) + 5, path);

    assert_int_equal(unlink(path), 0); /* somebody replaced it: theirs is not removed */
    leave_stale(path);
    gasp_listener_free(first);
    assert_int_equal(access(path, F_OK), 0);
    (void)umask(mask);
    gasp_loop_free(g.loop);
    test_path_free(path);
}

static void no_socket_file(void **state)
{
    (void)state;
    guests g = {.loop = test_loop_new(NULL)};
    char *path = test_path_new();
    char text[128];
    (void)snprintf(text, sizeof text, "unix:%s", path);
    gasp_listener *listener = NULL;
    gasp_net_error error = {GASP_OK, ""};
    /* a file that is no socket stays as it is */
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(fd, "mine", 4), 4);
    (void)close(fd);
    assert_err(listen_to(&listener, &g, text, &error), GASP_ERR_NET_LISTEN);
    assert_non_null(strstr(error.text, "no socket"));
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_size, 4);
    (void)unlink(path);
    /* so does a link, wherever it leads */
    assert_int_equal(symlink("/nowhere", path), 0);
    assert_err(listen_to(&listener, &g, text, &error), GASP_ERR_NET_LISTEN);
    assert_int_equal(lstat(path, &found), 0);
    (void)unlink(path);
    /* no such folder */
    assert_err(listen_to(&listener, &g, "unix:/nowhere/at/all/s", &error), GASP_ERR_NET_LISTEN);
    assert_non_null(strstr(error.text, "no such file"));
    /* longer than the system can */
    gasp_address address = test_address(text);
    memset(address.rest, 'x', GASP_ADDRESS_PATH_MAX);
    assert_err(gasp_listener_new(&listener, g.loop, &address, false, guest_came, &g, &error), GASP_ERR_NET_ADDRESS);
    /* another process is at the same place in the same moment */
    *strrchr(path, '/') = '\0';
    int folder = open(path, O_RDONLY | O_DIRECTORY);
    path[strlen(path)] = '/';
    assert_int_equal(flock(folder, LOCK_EX), 0);
    assert_err(listen_to(&listener, &g, text, &error), GASP_ERR_NET_LISTEN);
    assert_non_null(strstr(error.text, "starting"));
    assert_int_equal(flock(folder, LOCK_UN), 0);
    (void)close(folder);
    assert_err(listen_to(&listener, &g, text, &error), GASP_OK);
    gasp_loop_free(g.loop);
    test_path_free(path);
}

/* ---- memory ---- */

static void memory_back(void *ctx)
{
    ((test_mem *)ctx)->fail = false;
}

/* A guest that comes while memory is short waits and is then taken, as are those after it. */
static void memory_short(void **state)
{
    (void)state;
    test_mem m;
    test_mem_init(&m);
    guests g = {.loop = test_loop_new(&m.mem), .stop_at = 3};
    gasp_loop *other = test_loop_new(NULL);
    gasp_listener *listener = NULL;
    gasp_net_error error = {GASP_OK, ""};
    m.fail = true;
    assert_err(listen_to(&listener, &g, "tcp://127.0.0.1:0", &error), GASP_ERR_NOMEM);
    assert_err(error.err, GASP_ERR_NOMEM);
    m.fail = false;
    m.n_failed = 0;
    assert_err(listen_to(&listener, &g, "tcp://127.0.0.1:0", NULL), GASP_OK);
    gasp_timer *timer = NULL;
    assert_err(gasp_timer_new(&timer, g.loop, memory_back, &m), GASP_OK);
    for (int i = 0; i < 3; i++)
        (void)test_connect(other, gasp_listener_address(listener));
    gasp_timer_after(timer, 20);
    m.fail = true;
    assert_err(test_loop_run(g.loop), GASP_OK);
    assert_int_equal(g.n, 3);
    assert_true(m.n_failed > 0);
    gasp_loop_free(g.loop);
    gasp_loop_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_0),         cmocka_unit_test(refused),      cmocka_unit_test(socket_file),
        cmocka_unit_test(no_socket_file), cmocka_unit_test(memory_short),
    };
    return cmocka_run_group_tests(tests, test_fds_before, test_fds_after);
}
