/* A node against ends that are none: sockets that close, reset, hang or never read, at every point of a conversation, as a
 * server and as a client. Whatever they do ends their connection only. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/address.h"
#include "node/host.h"

static test_jobs jobs;
static test_host server;
static test_host client;

static gasp_address parse(const char *text)
{
    gasp_address address;
    memset(&address, 0, sizeof address);
    assert_err(gasp_address_parse(&address, text, NULL), GASP_OK);
    return address;
}

/* The socket address behind a text, and its length. */
static socklen_t where(struct sockaddr_storage *out, const char *text)
{
    gasp_address address = parse(text);
    memset(out, 0, sizeof *out);
    if (address.transport == GASP_TRANSPORT_TCP) {
        assert_true(gasp_address_literal(out, &address));
        return out->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    }
    struct sockaddr_un un;
    memset(&un, 0, sizeof un);
    un.sun_family = AF_UNIX;
    assert_true(strlen(address.rest) < sizeof un.sun_path);
    memcpy(un.sun_path, address.rest, strlen(address.rest));
    memcpy(out, &un, sizeof un);
    return sizeof un;
}

static int raw_connect(const char *text)
{
    struct sockaddr_storage to;
    socklen_t len = where(&to, text);
    int fd = socket(to.ss_family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, len), 0);
    return fd;
}

/* How an end goes away. */
typedef enum way { WAY_CLOSE, WAY_RESET, WAY_HALF, WAYS } way;

static void go(int fd, way how)
{
    struct linger hard = {1, 0};
    char bytes[4096];
    if (how == WAY_RESET)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    if (how == WAY_HALF) { /* says that it has ended, and hears the other's last words */
        (void)shutdown(fd, SHUT_WR);
        while (read(fd, bytes, sizeof bytes) > 0)
            ;
    }
    (void)close(fd);
}

/* What an initiator says who sends 3,000 bytes: data, the end, the last word. */
static size_t conversation(uint8_t out[4096], bool initiator)
{
    uint32_t n = 1500;
    size_t len = 0;
    uint64_t at = 0;
    for (int k = 0; k < 2; k++) {
        out[len++] = 'D';
        memcpy(out + len, &n, 4);
        len += 4;
        for (uint32_t i = 0; i < n; i++)
            out[len++] = test_byte(at++, initiator);
    }
    out[len++] = 'E';
    if (initiator)
        out[len++] = 'F';
    return len;
}

static void send_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other side has had enough */
        bytes += n;
        len -= (size_t)n;
    }
}

/* Up to every byte of what a client says, near the borders of its messages and at random in between. */
static size_t next_cut(size_t cut, size_t len, test_random *r)
{
    size_t borders[] = {0, 5, 1505, 1510, len - 3, len};
    for (size_t i = 0; i < 6; i++) {
        if (cut >= borders[i] && cut < borders[i] + 2)
            return cut + 1;
    }
    size_t next = cut + 1 + (size_t)test_random_below(r, 200);
    for (size_t i = 0; i < 6; i++) {
        if (cut < borders[i] && next > borders[i])
            return borders[i];
    }
    return next;
}

static void leave_server(const char *address)
{
    uint8_t bytes[4096];
    size_t len = conversation(bytes, true);
    unsigned n = 0;
    test_random r = test_random_start(address);
    test_host_init(&server, &jobs, &r);
    server.world.verify_each = 700;
    test_host_serve(&server, address);
    for (size_t cut = 0; cut <= len; cut = next_cut(cut, len, &r)) {
        for (way how = WAY_CLOSE; how < WAYS; how++) {
            int fd = raw_connect(server.bound);
            send_all(fd, bytes, cut);
            go(fd, how);
            n++;
        }
        if (n % 30 == 0)
            test_host_wait(&server, n); /* below the cap */
    }
    test_host_wait(&server, n);
    test_host_init(&client, &jobs, &r);
    test_host_open(&client);
    test_host_sync(&client, server.bound);
    assert_err(gasp_node_run(client.node), GASP_OK);
    assert_err(client.log.errs[1], GASP_OK);
    test_host_close(&client);
    test_host_wait(&server, n + 1);
    test_host_stop(&server);
    /* Only who said all, and stayed to hear it, was done. */
    assert_int_equal(server.log.n_ended, n + 1);
    assert_in_range(server.log.n_ok, 2, 4);
    unsigned closed = test_host_ended(&server, GASP_ERR_PEER_CLOSED);
    unsigned broken = test_host_ended(&server, GASP_ERR_NET_IO);
    assert_int_equal(closed + broken + server.log.n_ok, n + 1);
    print_message("count: clients that left a server %u\n", n);
}

static void leave_server_tcp(void **state)
{
    (void)state;
    leave_server("tcp://127.0.0.1:0");
}

static void leave_server_unix(void **state)
{
    (void)state;
    char *address = test_address_unix();
    leave_server(address);
    test_address_free(address);
}

/* ---- a server that leaves ---- */

typedef struct raw_server {
    int fd;
    size_t say; /**< bytes */
    size_t hear;
    way how;
    pthread_t thread;
} raw_server;

static void *serve_once(void *arg)
{
    raw_server *s = arg;
    uint8_t bytes[4096];
    uint8_t heard[4096];
    (void)conversation(bytes, false);
    int fd = accept(s->fd, NULL, NULL);
    test_need(fd >= 0);
    for (size_t left = s->hear; left > 0;) {
        ssize_t n = read(fd, heard, left < sizeof heard ? left : sizeof heard);
        test_need(n > 0);
        left -= (size_t)n;
    }
    send_all(fd, bytes, s->say);
    go(fd, s->how);
    return NULL;
}

static void leave_client(bool tcp)
{
    uint8_t bytes[4096];
    size_t len = conversation(bytes, false);
    struct sockaddr_storage at;
    socklen_t at_len = sizeof at;
    char *path = test_address_unix();
    char address[GASP_ADDRESS_MAX];
    test_random r = test_random_start("leave client");
    socklen_t want = where(&at, tcp ? "tcp://127.0.0.1:0" : path);
    raw_server s = {.fd = socket(at.ss_family, SOCK_STREAM, 0)};
    assert_int_equal(bind(s.fd, (struct sockaddr *)&at, want), 0);
    assert_int_equal(listen(s.fd, 16), 0);
    assert_int_equal(getsockname(s.fd, (struct sockaddr *)&at, &at_len), 0);
    if (tcp) {
        gasp_address real;
        char text[GASP_ADDRESS_TEXT_MAX];
        memset(&real, 0, sizeof real);
        gasp_address_from_socket(&real, (struct sockaddr *)&at);
        gasp_address_to_text(text, &real);
        (void)snprintf(address, sizeof address, "%.500s", text);
    } else {
        (void)snprintf(address, sizeof address, "%s", path);
    }
    unsigned n = 0;
    unsigned well = 0;
    for (size_t cut = 0; cut <= len; cut = next_cut(cut, len, &r)) {
        for (way how = WAY_CLOSE; how < WAYS; how++, n++) {
            s.say = cut;
            s.hear = (size_t)test_random_below(&r, 20000);
            s.how = how;
            assert_int_equal(pthread_create(&s.thread, NULL, serve_once, &s), 0);
            test_host_init(&client, &jobs, &r);
            client.world.verify_each = 700;
            test_host_open(&client);
            test_host_sync(&client, address);
            assert_err(gasp_node_run(client.node), GASP_OK);
            assert_int_equal(client.log.n_ended, 1);
            gasp_err err = client.log.errs[1];
            assert_true(err == GASP_ERR_PEER_CLOSED || err == GASP_ERR_NET_IO || (err == GASP_OK && cut == len));
            well += err == GASP_OK;
            test_host_close(&client);
            assert_int_equal(pthread_join(s.thread, NULL), 0);
        }
    }
    assert_in_range(well, 0, WAYS);
    print_message("count: servers that left a client %u\n", n);
    (void)close(s.fd);
    test_address_free(path);
}

static void leave_client_tcp(void **state)
{
    (void)state;
    leave_client(true);
}

static void leave_client_unix(void **state)
{
    (void)state;
    leave_client(false);
}

/* ---- an end that stays ---- */

/* It never reads, and says 3 MB. The server takes all of that while its own output waits, and pulls no more from its
 * session than fits into the queue and the system's buffers. */
static void never_reads(void **state)
{
    (void)state;
    enum { SAYS = 3000000, BLOCK = 5000 };
    char *address = test_address_unix();
    test_random r = test_random_start("never reads");
    test_host_init(&server, &jobs, &r);
    server.world.to_send = 200u << 20;
    server.world.idle_ms = 400;
    test_host_serve(&server, address);
    int fd = raw_connect(server.bound);
    static uint8_t message[5 + BLOCK];
    uint32_t n = BLOCK;
    uint64_t at = 0;
    while (at < SAYS) {
        message[0] = 'D';
        memcpy(message + 1, &n, 4);
        for (uint32_t i = 0; i < n; i++)
            message[5 + i] = test_byte(at++, true);
        send_all(fd, message, sizeof message);
    }
    test_host_wait(&server, 1); /* idle, and its last words are not taken */
    (void)close(fd);
    test_host_stop(&server);
    assert_err(server.log.errs[1], GASP_ERR_PEER_IDLE);
    assert_int_equal(server.world.received, SAYS);
    assert_in_range(server.world.pulled, 100000, 8u << 20);
    test_address_free(address);
}

/* Rubbish, and more than is expected. */
static void rubbish(void **state)
{
    (void)state;
    test_random r = test_random_start("rubbish");
    test_host_init(&server, &jobs, &r);
    test_host_serve(&server, "tcp://127.0.0.1:0");
    for (unsigned k = 1; k <= 20; k++) {
        uint8_t bytes[2000];
        uint8_t last[65536];
        ssize_t got = 0;
        ssize_t n;
        test_random_fill(&r, bytes, sizeof bytes);
        bytes[0] = 'q';
        int fd = raw_connect(server.bound);
        send_all(fd, bytes, sizeof bytes);
        (void)shutdown(fd, SHUT_WR);
        uint8_t end = 0;
        while ((n = read(fd, last, sizeof last)) > 0) {
            got += n;
            end = last[n - 1];
        }
        assert_int_equal(n, 0);
        assert_true(got > 0);
        assert_int_equal(end, 'X'); /* the last word, that says so, is heard */
        (void)close(fd);
        test_host_wait(&server, k);
    }
    test_host_stop(&server);
    assert_int_equal(test_host_ended(&server, GASP_ERR_PEER_MESSAGE), 20);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leave_server_tcp),  cmocka_unit_test(leave_server_unix), cmocka_unit_test(leave_client_tcp),
        cmocka_unit_test(leave_client_unix), cmocka_unit_test(never_reads),       cmocka_unit_test(rubbish),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
