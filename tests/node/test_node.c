/* Nodes against each other, with fake sessions: each transport, many at once, the cap, who may come, signals, stopping, a
 * peer's errors, traces, and memory that runs out at any allocation. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/host.h"

static test_jobs jobs;
static test_host server; /* too large for the stack of a thread */
static test_host client;

static void check_equal_work(void)
{
    assert_int_equal(client.log.n_ok, client.log.n_ended);
    assert_int_equal(server.log.n_ok, server.log.n_ended);
    assert_int_equal(client.log.n_ended, server.log.n_ended);
    assert_int_equal(client.log.stats.bytes_in, server.log.stats.bytes_out);
    assert_int_equal(client.log.stats.bytes_out, server.log.stats.bytes_in);
}

/* Some megabytes each way, with verifying on both sides. */
static void sync_over(const char *address, const char *who, const char *peer)
{
    test_random r = test_random_start(address);
    test_host_init(&server, &jobs, &r);
    test_host_init(&client, &jobs, &r);
    server.world.to_send = 2000000;
    client.world.to_send = 3000000;
    client.world.verify_each = server.world.verify_each = 40000;
    test_host_serve(&server, address);
    test_host_open(&client);
    test_host_sync(&client, server.bound);
    assert_err(gasp_node_run(client.node), GASP_OK);
    test_host_wait(&server, 1);
    test_host_stop(&server);
    check_equal_work();
    assert_int_equal(client.log.n_ended, 1);
    assert_int_equal(client.log.n_events, 2);
    assert_int_equal(client.world.received, 2000000);
    assert_int_equal(server.world.received, 3000000);
    assert_int_equal(client.world.n_pending + client.world.n_at_once, 50);
    assert_int_equal(server.world.n_pending + server.world.n_at_once, 75);
    assert_int_equal(server.world.n_resumed, server.world.n_pending);
    assert_int_equal(strncmp(client.log.who, who, strlen(who)), 0);
    assert_string_equal(server.world.peer, peer);
    assert_string_equal(client.world.peer, peer);
    test_host_close(&client);
}

static void over_tcp(void **state)
{
    (void)state;
    sync_over("tcp://127.0.0.1:0", "tcp 127.0.0.1:", "anonymous");
}

static void over_tcp_by_name(void **state)
{
    (void)state;
    sync_over("tcp://localhost:0", "tcp ", "anonymous");
}

static void over_unix(void **state)
{
    (void)state;
    char *address = test_address_unix();
    sync_over(address, "unix ", "local");
    assert_string_equal(server.bound, address);
    test_address_free(address);
}

static void over_exec(void **state)
{
    (void)state;
    char address[2048];
    test_random r = test_random_start("exec");
    test_host_init(&client, &jobs, &r);
    client.world.verify_each = 1000;
    client.world.to_send = 100000;
    test_host_open(&client);
    test_address_self(address, "--stdio verify");
    for (int i = 0; i < 3; i++)
        test_host_sync(&client, address);
    assert_err(gasp_node_run(client.node), GASP_OK);
    assert_int_equal(client.log.n_ok, 3); /* the command's exit status counts, which says that its side went well */
    assert_int_equal(client.world.received, 60000);
    assert_string_equal(client.world.peer, "local");
    assert_int_equal(strncmp(client.log.who, "exec pid ", 9), 0);
    test_host_close(&client);
}

static void exec_that_fails(void **state)
{
    (void)state;
    char address[2048];
    test_random r = test_random_start("exec fails");
    test_host_init(&client, &jobs, &r);
    test_host_open(&client);
    test_address_self(address, "--stdio fail");
    test_host_sync(&client, address);
    test_host_sync(&client, "exec:exit 7");
    test_host_sync(&client, "exec:exec cat >/dev/null");
    client.world.to_send = 6000;
    assert_err(gasp_node_run(client.node), GASP_OK);
    assert_err(client.log.errs[1], GASP_ERR_PEER_ERROR);
    assert_err(client.log.errs[2], GASP_ERR_NET_IO);
    assert_err(client.log.errs[3], GASP_ERR_PEER_CLOSED);
    assert_int_equal(client.log.n_ended, 3);
    test_host_close(&client);
}

static int run_self(const char *arguments)
{
    char address[2048];
    test_address_self(address, arguments);
    int status = system(address + strlen("exec:"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void stdio_that_is_none(void **state)
{
    (void)state;
    assert_int_equal(run_self("--stdio </dev/null 2>/dev/null"), 3);
    assert_int_equal(run_self("--stdio >/dev/null </dev/null 2>/dev/null"), 3);
}

/* The run ends with the session on standard input and output, although a listener is there too. */
static void stdio_ends_the_run(void **state)
{
    (void)state;
    int ends[2];
    int status = 0;
    char last = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDIN_FILENO);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execl("/proc/self/exe", "test", "--stdio", "listen", "silent", (char *)NULL);
        _exit(98);
    }
    (void)close(ends[1]);
    assert_int_equal(write(ends[0], "q", 1), 1);
    assert_int_equal(read(ends[0], &last, 1), 1);
    assert_int_equal(last, 'X');
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 4); /* the session failed, the run ended */
}

/* Every session numbers its tickets from 1: a ticket given to the wrong one is MISUSE, or other verdicts than expected. */
static void many_at_once(void **state)
{
    (void)state;
    enum { MANY = 50 };
    test_random r = test_random_start("many");
    test_host_init(&server, &jobs, &r);
    test_host_init(&client, &jobs, &r);
    server.world.verify_each = client.world.verify_each = 900;
    test_host_serve(&server, "tcp://127.0.0.1:0");
    test_host_open(&client);
    for (int round = 0; round < 2; round++) { /* a node runs again */
        for (int i = 0; i < MANY; i++)
            test_host_sync(&client, server.bound);
        assert_err(gasp_node_run(client.node), GASP_OK);
    }
    test_host_wait(&server, 2 * MANY);
    test_host_stop(&server);
    check_equal_work();
    assert_int_equal(client.log.n_ok, 2 * MANY);
    assert_int_equal(client.world.received, 2 * MANY * 20000);
    assert_true(client.world.n_resumed > 2 * MANY * 5);
    print_message("count: connections %u, batches on worker threads %u\n", client.log.n_ok + server.log.n_ok,
                  client.world.n_resumed + server.world.n_resumed);
    test_host_close(&client);
}

/* Three stay until they are idle; who comes meanwhile is closed at once, and afterwards there is room again. */
static void cap(void **state)
{
    (void)state;
    test_random r = test_random_start("cap");
    test_host_init(&server, &jobs, &r);
    test_host_init(&client, &jobs, &r);
    server.config.max_connections = 3;
    server.world.silent = true;
    server.world.idle_ms = 300;
    test_host_serve(&server, "tcp://127.0.0.1:0");
    test_host_open(&client);
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < 8; i++)
            test_host_sync(&client, server.bound);
        assert_err(gasp_node_run(client.node), GASP_OK);
        test_host_wait(&server, 8 * (unsigned)round);
    }
    test_host_stop(&server);
    assert_int_equal(test_host_ended(&server, GASP_ERR_LIMIT), 10);
    assert_int_equal(test_host_ended(&server, GASP_ERR_PEER_IDLE), 6);
    assert_int_equal(server.world.n_sessions, 6);
    assert_int_equal(test_host_ended(&client, GASP_ERR_PEER_ERROR), 6);
    assert_int_equal(test_host_ended(&client, GASP_ERR_PEER_CLOSED) + test_host_ended(&client, GASP_ERR_NET_IO), 10);
    test_host_close(&client);
}

static void refused(void **state)
{
    (void)state;
    char bound[GASP_ADDRESS_MAX] = "untouched";
    gasp_sync_config config;
    test_random r = test_random_start("refused");
    gasp_sync_config_init(&config);
    test_host_init(&client, &jobs, &r);
    client.config.workers = 257;
    assert_err(gasp_node_new(&client.node, &client.config), GASP_ERR_MISUSE);
    client.config.workers = 1;
    client.config.size--;
    assert_err(gasp_node_new(&client.node, &client.config), GASP_ERR_MISUSE);
    client.config.size++;
    assert_err(gasp_node_new(&client.node, &client.config), GASP_OK);
    assert_string_equal(gasp_node_why(client.node), "");
    assert_err(gasp_node_listen(client.node, bound, "tcp://127.0.0.1:0"), GASP_ERR_MISUSE); /* no wallet */
    assert_err(gasp_node_serve_stdio(client.node), GASP_ERR_MISUSE);
    assert_err(gasp_node_sync(client.node, "tcp://127.0.0.1:1", &config), GASP_ERR_MISUSE);
    gasp_node_free(client.node);
    test_host_open(&client);
    assert_err(gasp_node_run(client.node), GASP_OK); /* nothing to do */

    static const char *const open[] = {"tcp://0.0.0.0:0", "tcp://[::]:0", "tcp://192.0.2.1:0"};
    for (size_t i = 0; i < 3; i++)
        assert_err(gasp_node_listen(client.node, bound, open[i]), GASP_ERR_NET_REFUSED);
    assert_true(gasp_node_why(client.node)[0] != '\0');
    static const char *const wrong[] = {"exec:cat", "tcp://127.0.0.1", "tcp://127.0.0.1:70000", "nothing", ""};
    for (size_t i = 0; i < 5; i++)
        assert_err(gasp_node_listen(client.node, bound, wrong[i]), GASP_ERR_NET_ADDRESS);
    assert_err(gasp_node_listen(client.node, bound, "unix:/nowhere/at/all"), GASP_ERR_NET_LISTEN);
    assert_string_equal(bound, "untouched");
    for (size_t i = 1; i < 5; i++)
        assert_err(gasp_node_sync(client.node, wrong[i], &config), GASP_ERR_NET_ADDRESS);
    assert_err(gasp_node_sync(client.node, "tcp://192.0.2.1:9", &config), GASP_ERR_NET_REFUSED);
    assert_err(gasp_node_sync(client.node, "tcp://[2001:db8::1]:9", &config), GASP_ERR_NET_REFUSED);
    config.rights = 4;
    assert_err(gasp_node_sync(client.node, "tcp://127.0.0.1:9", &config), GASP_ERR_MISUSE);
    config.rights = GASP_RIGHT_READ;
    config.size--;
    assert_err(gasp_node_sync(client.node, "tcp://127.0.0.1:9", &config), GASP_ERR_MISUSE);
    assert_int_equal(client.log.n_ended, 0);
    test_host_close(&client);

    client.config.allow_anonymous = false;
    test_host_open(&client);
    assert_err(gasp_node_listen(client.node, bound, "tcp://127.0.0.1:0"), GASP_ERR_NET_REFUSED);
    test_host_close(&client);
}

/* What can only be known later is reported, and ends nothing else. */
static void no_connection(void **state)
{
    (void)state;
    test_random r = test_random_start("no connection");
    test_host_init(&server, &jobs, &r);
    test_host_init(&client, &jobs, &r);
    test_host_serve(&server, "tcp://127.0.0.1:0");
    char gone[GASP_ADDRESS_MAX];
    memcpy(gone, server.bound, sizeof gone);
    test_host_stop(&server);
    test_host_init(&server, &jobs, &r);
    test_host_serve(&server, "tcp://127.0.0.1:0");
    test_host_open(&client);
    test_host_sync(&client, gone);
    test_host_sync(&client, "unix:/nowhere/at/all");
    test_host_sync(&client, "tcp://no-such-name.invalid:9");
    test_host_sync(&client, server.bound);
    assert_err(gasp_node_run(client.node), GASP_OK);
    test_host_stop(&server);
    if (strcmp(gone, server.bound) != 0) /* the port may have been given again */
        assert_err(client.log.errs[1], GASP_ERR_NET_CONNECT);
    assert_err(client.log.errs[2], GASP_ERR_NET_CONNECT);
    assert_err(client.log.errs[3], GASP_ERR_NET_ADDRESS);
    assert_err(client.log.errs[4], GASP_OK);
    assert_int_equal(client.log.n_connected, strcmp(gone, server.bound) != 0 ? 1 : 2);
    test_host_close(&client);
}

/* A peer's error ends its connection, with last words to it, and the node serves on. */
static void errors_end_one(void **state)
{
    (void)state;
    test_random r = test_random_start("errors");
    test_host_init(&server, &jobs, &r);
    server.world.fail_at = 10000;
    test_host_serve(&server, "tcp://127.0.0.1:0");
    for (unsigned i = 1; i <= 4; i++) {
        test_host_init(&client, &jobs, &r);
        client.world.to_send = i % 2 != 0 ? 9999 : 1000000;
        test_host_open(&client);
        test_host_sync(&client, server.bound);
        assert_err(gasp_node_run(client.node), GASP_OK);
        assert_err(client.log.errs[1], i % 2 != 0 ? GASP_OK : GASP_ERR_PEER_ERROR);
        test_host_close(&client);
        test_host_wait(&server, i);
    }
    test_host_stop(&server);
    assert_int_equal(test_host_ended(&server, GASP_OK), 2);
    assert_int_equal(test_host_ended(&server, GASP_ERR_PEER_MESSAGE), 2);
}

static void no_session(void **state)
{
    (void)state;
    test_random r = test_random_start("no session");
    test_host_init(&server, &jobs, &r);
    test_host_init(&client, &jobs, &r);
    server.world.new_err = GASP_ERR_NOMEM;
    test_host_serve(&server, "tcp://127.0.0.1:0");
    test_host_open(&client);
    test_host_sync(&client, server.bound);
    assert_err(gasp_node_run(client.node), GASP_OK);
    test_host_wait(&server, 1);
    test_host_stop(&server);
    assert_err(server.log.errs[1], GASP_ERR_NOMEM);
    assert_true(client.log.errs[1] == GASP_ERR_PEER_CLOSED || client.log.errs[1] == GASP_ERR_NET_IO);
    test_host_close(&client);
}

/* ---- stopping ---- */

static void stop_at_event(test_host *host, const gasp_report *report)
{
    unsigned *left = host->user;
    if (report->kind == GASP_REPORT_EVENT && --*left == 0)
        gasp_node_stop(host->node);
}

/* While connections are made, talk, verify large batches, and end. */
static void stop_while_busy(void **state)
{
    (void)state;
    test_random r = test_random_start("stop");
    unsigned rounds = 20 / test_one_in() + 2;
    unsigned stopped = 0;
    unsigned cancelled = 0;
    for (unsigned k = 0; k < rounds; k++) {
        unsigned left = (unsigned)test_random_below(&r, 18) + 1;
        test_host_init(&server, &jobs, &r);
        test_host_init(&client, &jobs, &r);
        server.world.verify_each = client.world.verify_each = 3000;
        server.world.slow = client.world.slow = true;
        server.world.batch_len = client.world.batch_len = 150;
        test_host *ends = k % 2 != 0 ? &server : &client;
        ends->on_report = stop_at_event;
        ends->user = &left;
        test_host_serve(&server, "tcp://127.0.0.1:0");
        test_host_open(&client);
        for (int i = 0; i < 16; i++)
            test_host_sync(&client, server.bound);
        assert_err(gasp_node_run(client.node), GASP_OK);
        assert_int_equal(client.log.n_ended, 16);
        stopped += test_host_ended(&client, GASP_ERR_NET_STOPPED);
        test_host_close(&client);
        test_host_stop(&server);
        stopped += test_host_ended(&server, GASP_ERR_NET_STOPPED);
        cancelled += client.world.n_cancelled + server.world.n_cancelled;
    }
    assert_true(stopped > 0 && cancelled > 0);
    print_message("count: connections stopped %u, batches given up %u\n", stopped, cancelled);
}

static void stop_before_run(void **state)
{
    (void)state;
    char bound[GASP_ADDRESS_MAX];
    test_random r = test_random_start("stop before");
    test_host_init(&client, &jobs, &r);
    test_host_open(&client);
    assert_err(gasp_node_listen(client.node, bound, "tcp://127.0.0.1:0"), GASP_OK);
    gasp_node_stop(client.node);
    assert_err(gasp_node_run(client.node), GASP_OK);
    test_host_close(&client);
}

/* Freed with connections that were never run, and with listeners. */
static void free_at_once(void **state)
{
    (void)state;
    char bound[GASP_ADDRESS_MAX];
    test_random r = test_random_start("free");
    test_host_init(&client, &jobs, &r);
    test_host_open(&client);
    assert_err(gasp_node_listen(client.node, bound, "tcp://127.0.0.1:0"), GASP_OK);
    test_host_sync(&client, bound);
    test_host_sync(&client, "exec:cat");
    test_host_close(&client);
    assert_int_equal(client.log.n_ended, 0);
    gasp_node_free(NULL);
}

/* A peer that says nothing, one that never ends, and one that is done in time. */
static void too_long(void **state)
{
    (void)state;
    gasp_sync_config config;
    test_random r = test_random_start("too long");
    char *address = test_address_unix();
    test_host_init(&server, &jobs, &r);
    test_host_init(&client, &jobs, &r);
    test_host_serve(&server, address);
    test_host_open(&client);
    gasp_sync_config_init(&config);
    assert_int_equal(config.timeout_ms, 0);
    config.timeout_ms = 100;
    uint64_t begin = gasp_node_now().mono_ms;
    assert_err(gasp_node_sync(client.node, "exec:exec sleep 20 >/dev/null", &config), GASP_OK);
    assert_err(gasp_node_sync(client.node, "exec:cat /dev/zero", &config), GASP_OK);
    config.timeout_ms = 30000;
    assert_err(gasp_node_sync(client.node, server.bound, &config), GASP_OK);
    assert_err(gasp_node_run(client.node), GASP_OK);
    assert_true(gasp_node_now().mono_ms - begin < 15000);
    assert_err(client.log.errs[1], GASP_ERR_NET_TIMEOUT);
    assert_true(client.log.errs[2] == GASP_ERR_NET_TIMEOUT || client.log.errs[2] == GASP_ERR_PEER_MESSAGE);
    assert_err(client.log.errs[3], GASP_OK);
    test_host_stop(&server);
    test_host_close(&client);
    test_address_free(address);
}

static gasp_err late; /* what a sync answers while the node is being stopped */

static void terminate(test_host *host, const gasp_report *report)
{
    if (report->kind == GASP_REPORT_EVENT)
        (void)kill(getpid(), SIGTERM);
    if (report->kind == GASP_REPORT_ENDED && report->err == GASP_ERR_NET_STOPPED) {
        gasp_sync_config config;
        gasp_sync_config_init(&config);
        late = gasp_node_sync(host->node, "exec:cat", &config);
        test_need(gasp_node_run(host->node) == GASP_ERR_MISUSE);
    }
}

static volatile sig_atomic_t caught;

static void catch (int signum)
{
    (void)signum;
    caught++;
}

/* A node that serves itself; the host's handler is back afterwards. */
static void signals(void **state)
{
    (void)state;
    char bound[GASP_ADDRESS_MAX];
    test_random r = test_random_start("signals");
    struct sigaction mine;
    struct sigaction before;
    memset(&mine, 0, sizeof mine);
    mine.sa_handler = catch;
    assert_int_equal(sigaction(SIGTERM, &mine, &before), 0);
    test_host_init(&client, &jobs, &r);
    client.world.to_send = 100 << 20;
    client.on_report = terminate;
    late = GASP_OK;
    test_host_open(&client);
    assert_err(gasp_node_listen(client.node, bound, "tcp://127.0.0.1:0"), GASP_OK);
    test_host_sync(&client, bound);
    assert_err(gasp_node_run(client.node), GASP_OK);
    assert_int_equal(test_host_ended(&client, GASP_ERR_NET_STOPPED), 2);
    assert_err(late, GASP_ERR_NET_STOPPED);
    assert_int_equal(caught, 0);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(caught, 1);
    assert_int_equal(sigaction(SIGTERM, &before, NULL), 0);
    test_host_close(&client);
}

/* ---- the rest ---- */

static gasp_err count_bytes(void *ctx, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    *(uint64_t *)ctx += len;
    return GASP_OK;
}

static void config_arrives(void **state)
{
    (void)state;
    char bound[GASP_ADDRESS_MAX];
    uint64_t traced = 0;
    gasp_sync_config config;
    test_random r = test_random_start("config");
    gasp_sync_config_init(&config);
    config.match = GASP_MATCH_OUTPOINT;
    config.trace = count_bytes;
    config.trace_ctx = &traced;
    memset(config.collection.b, 0x5c, sizeof config.collection.b);
    test_host_init(&client, &jobs, &r);
    test_host_init(&server, &jobs, &r);
    test_host_serve(&server, "tcp://127.0.0.1:0");
    memcpy(bound, server.bound, sizeof bound);
    test_host_open(&client);
    assert_err(gasp_node_sync(client.node, bound, &config), GASP_OK);
    assert_err(gasp_node_run(client.node), GASP_OK);
    test_host_wait(&server, 1);
    test_host_stop(&server);
    check_equal_work();
    assert_memory_equal(&client.world.collection, &config.collection, sizeof config.collection);
    assert_int_equal(client.world.match, GASP_MATCH_OUTPOINT);
    assert_int_equal(traced, client.log.stats.bytes_in);
    test_host_close(&client);
}

typedef struct short_mem {
    gasp_mem mem;
    pthread_mutex_t mutex;
    uint64_t left;
    bool ran_out;
} short_mem;

static bool take_one(short_mem *m)
{
    (void)pthread_mutex_lock(&m->mutex);
    bool some = m->left > 0;
    m->left -= some;
    m->ran_out |= !some;
    (void)pthread_mutex_unlock(&m->mutex);
    return some;
}

static void *short_allocate(void *user, size_t len)
{
    return take_one(user) ? malloc(len) : NULL;
}

static void *short_resize(void *user, void *block, size_t len)
{
    return take_one(user) ? realloc(block, len) : NULL;
}

static void short_release(void *user, void *block)
{
    (void)user;
    free(block);
}

/* The n-th allocation and all after it fail: the node must still come to an end. */
static void without_memory(void **state)
{
    (void)state;
    static short_mem m;
    test_random r = test_random_start("memory");
    gasp_sync_config config;
    gasp_sync_config_init(&config);
    (void)pthread_mutex_init(&m.mutex, NULL);
    m.mem = (gasp_mem){sizeof m.mem, &m, short_allocate, short_resize, short_release};
    test_host_init(&server, &jobs, &r);
    test_host_serve(&server, "tcp://127.0.0.1:0");
    unsigned n = 0;
    unsigned well = 0;
    unsigned reported = 0;
    for (bool more = true; more && n < 1000; n++) {
        test_host_init(&client, &jobs, &r);
        client.config.mem = &m.mem;
        client.world.verify_each = 4000;
        m.left = n;
        m.ran_out = false;
        gasp_err err = gasp_node_new(&client.node, &client.config);
        if (err == GASP_OK) {
            client.world.verifier = gasp_node_verifier(client.node);
            gasp_node_attach(client.node, TEST_WALLET(&client.world));
            err = gasp_node_sync(client.node, server.bound, &config);
            if (err == GASP_OK)
                err = gasp_node_run(client.node);
            if (err == GASP_OK && client.log.n_ok == 0)
                err = client.log.errs[1];
            reported += client.log.n_ended;
            test_host_close(&client);
        }
        more = m.ran_out;
        well += err == GASP_OK;
        assert_true(err == GASP_OK || err == GASP_ERR_NOMEM);
    }
    test_host_stop(&server);
    assert_true(well > 0 && reported > 1 && n < 1000);
    print_message("count: allocations of a sync that were made to fail %u\n", n - 1);
}

static void clock_and_entropy(void **state)
{
    (void)state;
    gasp_time a = gasp_node_now();
    gasp_time b = gasp_node_now();
    assert_true(b.mono_ms >= a.mono_ms && a.wall_ms > 1600000000000);
    static uint8_t bytes[1000];
    assert_err(gasp_node_entropy(bytes, 0), GASP_OK);
    assert_int_equal(bytes[0], 0);
    assert_err(gasp_node_entropy(bytes, sizeof bytes - 8), GASP_OK);
    unsigned seen[256] = {0};
    for (size_t i = 0; i < sizeof bytes - 8; i++)
        seen[bytes[i]]++;
    for (size_t i = 0; i < 256; i++)
        assert_true(seen[i] < 40); /* about 4 each; more than once in 10^20 runs means that they are not random */
    assert_true(memcmp(bytes, bytes + 256, 256) != 0 && memcmp(bytes + 984, bytes + 728, 8) != 0);
    for (size_t i = sizeof bytes - 8; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 0);
}

static int setup(void **state)
{
    (void)state;
    test_jobs_init(&jobs);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_jobs_clear(&jobs);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_tcp),
        cmocka_unit_test(over_tcp_by_name),
        cmocka_unit_test(over_unix),
        cmocka_unit_test(over_exec),
        cmocka_unit_test(exec_that_fails),
        cmocka_unit_test(stdio_that_is_none),
        cmocka_unit_test(stdio_ends_the_run),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(cap),
        cmocka_unit_test(refused),
        cmocka_unit_test(no_connection),
        cmocka_unit_test(errors_end_one),
        cmocka_unit_test(no_session),
        cmocka_unit_test(stop_while_busy),
        cmocka_unit_test(stop_before_run),
        cmocka_unit_test(free_at_once),
        cmocka_unit_test(too_long),
        cmocka_unit_test(signals),
        cmocka_unit_test(config_arrives),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(clock_and_entropy),
    };
    if (argc > 1 && strcmp(argv[1], "--stdio") == 0)
        return test_stdio_main(argc, argv);
    return cmocka_run_group_tests(tests, setup, teardown);
}
