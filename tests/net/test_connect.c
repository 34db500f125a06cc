/* Connecting: each way to fail with its own code, the clock, and giving up at every stage. */
#include "net/connect.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/pair.h"

typedef struct outcome {
    unsigned n;
    gasp_stream *stream;
    gasp_net_error error;
} outcome;

static void came(void *ctx, gasp_stream *stream, const gasp_net_error *error)
{
    outcome *o = ctx;
    o->n++;
    o->stream = stream;
    assert_true((stream == NULL) == (error != NULL));
    if (error != NULL)
        o->error = *error;
}

static outcome try_connect(gasp_loop *loop, const gasp_address *address, bool allow_open, uint64_t timeout_ms)
{
    outcome o;
    memset(&o, 0, sizeof o);
    assert_err(gasp_connect_start(NULL, loop, address, allow_open, timeout_ms, came, &o), GASP_OK);
    assert_int_equal(o.n, 0); /* never inside the call */
    assert_err(test_loop_run(loop), GASP_DONE);
    assert_int_equal(o.n, 1);
    return o;
}

/* A port of this machine that nobody listens on: bound by us, and not listening. */
static int dead_port(gasp_address *out)
{
    struct sockaddr_in name;
    socklen_t len = sizeof name;
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    gasp_address_from_socket(out, (const struct sockaddr *)&name);
    return fd;
}

static void failures(void **state)
{
    (void)state;
    gasp_address dead;
    char text[64];
    int fd = dead_port(&dead);
    gasp_address dead_name = dead;
    (void)snprintf(dead_name.host, sizeof dead_name.host, "localhost");
    char *path = test_path_new();
    (void)snprintf(text, sizeof text, "unix:%s", path);
    gasp_address stdio = {.transport = GASP_TRANSPORT_STDIO};
    const struct {
        gasp_address address;
        bool allow_open;
        gasp_err err;
        const char *text;
    } rows[] = {
        {dead, false, GASP_ERR_NET_CONNECT, "connection refused"},
        {dead_name, false, GASP_ERR_NET_CONNECT, "connection refused"},
        {test_address(text), false, GASP_ERR_NET_CONNECT, "no such file"},
        {test_address("tcp://127.0.0.1:0"), false, GASP_ERR_NET_ADDRESS, "port 0"},
        {test_address("tcp://no-such-host.invalid:9"), true, GASP_ERR_NET_ADDRESS, "no-such-host.invalid: "},
        {stdio, false, GASP_ERR_NET_ADDRESS, "no address"},
        {test_address("tcp://192.0.2.1:9"), false, GASP_ERR_NET_REFUSED, "not on this machine"},
        {test_address("tcp://[2001:db8::1]:9"), false, GASP_ERR_NET_REFUSED, "not on this machine"},
        {test_address("tcp://0.0.0.0:9"), false, GASP_ERR_NET_REFUSED, "not on this machine"},
    };
    gasp_loop *loop = test_loop_new(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        outcome o = try_connect(loop, &rows[i].address, rows[i].allow_open, 5000);
        assert_null(o.stream);
        assert_err(o.error.err, rows[i].err);
        if (strstr(o.error.text, rows[i].text) == NULL)
            fail_msg("row %zu: %s", i, o.error.text);
    }
    gasp_loop_free(loop);
    (void)close(fd);
    test_path_free(path);
}

/* A listening socket that takes no more: its backlog is full, and the system answers nothing. */
static int full_port(gasp_address *out, int fillers[8])
{
    struct sockaddr_in name;
    socklen_t len = sizeof name;
    int fd = dead_port(out);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    assert_int_equal(listen(fd, 0), 0);
    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (const struct sockaddr *)&name, sizeof name);
    }
    return fd;
}

static void clock_runs_out(void **state)
{
    (void)state;
    int fillers[8];
    gasp_address full;
    int fd = full_port(&full, fillers);
    gasp_loop *loop = test_loop_new(NULL);
    uint64_t start = gasp_loop_now(loop).mono_ms;
    outcome o = try_connect(loop, &full, false, 60);
    assert_null(o.stream);
    assert_err(o.error.err, GASP_ERR_NET_CONNECT);
    assert_string_equal(o.error.text, "no connection within 60 ms");
    assert_in_range(gasp_loop_now(loop).mono_ms - start, 60, 3000);
    gasp_loop_free(loop);
    for (int i = 0; i < 8; i++)
        (void)close(fillers[i]);
    (void)close(fd);
}

static void cancel_it(void *ctx)
{
    gasp_connect_cancel(*(gasp_connect **)ctx);
}

/* Given up before its first step, in a lookup, in a connect: no callback, nothing left. */
static void cancelled(void **state)
{
    (void)state;
    int fillers[8];
    gasp_address full;
    int fd = full_port(&full, fillers);
    gasp_address name = test_address("tcp://localhost:9");
    gasp_address command = test_address("exec:cat");
    const gasp_address *targets[] = {&full, &name, &command};
    gasp_loop *loop = test_loop_new(NULL);
    gasp_connect_cancel(NULL);
    for (size_t i = 0; i < 3; i++) {
        outcome o = {.n = 0};
        gasp_connect *connect = NULL;
        assert_err(gasp_connect_start(&connect, loop, targets[i], false, 5000, came, &o), GASP_OK);
        gasp_connect_cancel(connect);
        assert_err(test_loop_run(loop), GASP_DONE);
        assert_int_equal(o.n, 0);
    }
    outcome o = {.n = 0};
    gasp_connect *connect = NULL;
    gasp_timer *timer = NULL;
    assert_err(gasp_connect_start(&connect, loop, &full, false, 5000, came, &o), GASP_OK);
    assert_err(gasp_timer_new(&timer, loop, cancel_it, &connect), GASP_OK);
    gasp_timer_after(timer, 20);
    assert_err(test_loop_run(loop), GASP_DONE);
    assert_int_equal(o.n, 0);
    /* a lookup that is under way when the loop is freed */
    assert_err(gasp_connect_start(&connect, loop, &name, false, 5000, came, &o), GASP_OK);
    gasp_timer_at(timer, 0);
    gasp_timer_free(timer);
    gasp_loop_stop(loop);
    assert_err(test_loop_run(loop), GASP_OK);
    gasp_loop_free(loop);
    assert_int_equal(o.n, 0);
    for (int i = 0; i < 8; i++)
        (void)close(fillers[i]);
    (void)close(fd);
}

static void keep_accepted(void *ctx, gasp_stream *stream)
{
    (void)ctx;
    gasp_stream_linger(stream, 1000);
}

static void end_listener(void *ctx, gasp_stream *stream, const gasp_net_error *error)
{
    assert_non_null(stream);
    assert_null(error);
    gasp_stream_close(stream);
    gasp_listener_free(*(gasp_listener **)ctx);
}

/* A name leads to the listener whichever of its addresses that is on. */
static void by_name(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    gasp_listener *listener = NULL;
    gasp_address where = test_address("tcp://127.0.0.1:0");
    assert_err(gasp_listener_new(&listener, loop, &where, false, keep_accepted, NULL, NULL), GASP_OK);
    gasp_address name = *gasp_listener_address(listener);
    (void)snprintf(name.host, sizeof name.host, "localhost");
    assert_err(gasp_connect_start(NULL, loop, &name, false, 5000, end_listener, &listener), GASP_OK);
    assert_err(test_loop_run(loop), GASP_DONE);
    gasp_loop_free(loop);
}

static void no_memory(void **state)
{
    (void)state;
    static const char *const texts[] = {"tcp://127.0.0.1:9", "unix:/tmp/none"};
    test_mem m;
    test_mem_init(&m);
    gasp_loop *loop = test_loop_new(&m.mem);
    for (size_t i = 0; i < 2; i++) {
        outcome o = {.n = 0};
        gasp_address address = test_address(texts[i]);
        m.fail = true;
        assert_err(gasp_connect_start(NULL, loop, &address, false, 50, came, &o), GASP_ERR_NOMEM);
        m.fail = false;
        assert_err(gasp_connect_start(NULL, loop, &address, false, 50, came, &o), GASP_OK);
        m.fail = true;
        assert_err(test_loop_run(loop), GASP_DONE);
        m.fail = false;
        assert_int_equal(o.n, 1);
        assert_err(o.error.err, GASP_ERR_NOMEM);
    }
    gasp_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures), cmocka_unit_test(clock_runs_out), cmocka_unit_test(cancelled),
        cmocka_unit_test(by_name),  cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, test_fds_before, test_fds_after);
}
