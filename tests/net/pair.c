/* Shared parts of the network tests. */
#include "net/pair.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const test_kind_names[TEST_KINDS] = {"tcp", "unix", "pipes", "socketpair"};

uint8_t test_pattern(uint64_t at, uint8_t salt)
{
    return (uint8_t)((at * 0x9e3779b97f4a7c15) >> 40 ^ salt);
}

/* ---- one end ---- */

static void send_more(test_end *end)
{
    uint8_t piece[65536];
    while (end->stream != NULL && end->sent < end->to_send) {
        uint64_t left = end->to_send - end->sent;
        size_t len = 1 + (size_t)test_random_below(end->random, end->max_piece);
        if (len > left)
            len = (size_t)left;
        for (size_t i = 0; i < len; i++)
            piece[i] = test_pattern(end->sent + i, end->salt_out);
        bool room = gasp_stream_has_room(end->stream);
        gasp_err err = gasp_stream_write(end->stream, piece, len);
        if (err == GASP_AGAIN) {
            assert_false(room);
            end->n_again++;
            return;
        }
        if (err == GASP_ERR_NET_IO)
            return;
        assert_true(room);
        assert_err(err, GASP_OK);
        end->sent += len;
        size_t queued = gasp_stream_queued(end->stream);
        if (queued > end->most_queued)
            end->most_queued = queued;
    }
    if (end->stream != NULL && !end->echo && end->sent == end->to_send)
        gasp_stream_shutdown(end->stream);
}

static void slow_over(void *ctx)
{
    test_end *end = ctx;
    if (end->stream != NULL && !end->hold)
        gasp_stream_resume(end->stream);
}

static void on_bytes(void *ctx, gasp_bytes bytes)
{
    test_end *end = ctx;
    assert_in_range(bytes.len, 1, 65536);
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] != test_pattern(end->received + i, end->salt_in))
            fail_msg("byte %llu is another", (unsigned long long)(end->received + i));
    end->received += bytes.len;
    if (end->echo) {
        end->to_send += bytes.len;
        send_more(end);
    }
    if (end->slow_each != 0 && end->received >= end->slow_next) {
        end->slow_next = end->received + end->slow_each;
        gasp_stream_pause(end->stream);
        gasp_timer_after(end->slow, 1);
    }
    if (end->on_progress != NULL)
        end->on_progress(end);
}

static void on_writable(void *ctx)
{
    test_end *end = ctx;
    end->n_writable++;
    assert_true(gasp_stream_queued(end->stream) <= GASP_STREAM_QUEUE_LOW);
    send_more(end);
}

static void on_shutdown(void *ctx)
{
    test_end *end = ctx;
    end->n_shutdown++;
    assert_int_equal(gasp_stream_queued(end->stream), 0);
}

static void on_end(void *ctx, gasp_err reason)
{
    test_end *end = ctx;
    assert_int_equal(end->n_error, 0);
    if (reason == GASP_OK) {
        assert_int_equal(end->n_ok, 0);
        end->n_ok++;
        assert_err(gasp_stream_error(end->stream)->err, GASP_OK);
    } else {
        assert_err(reason, GASP_ERR_NET_IO);
        assert_err(gasp_stream_error(end->stream)->err, GASP_ERR_NET_IO);
        assert_true(strlen(gasp_stream_error(end->stream)->text) > 0);
        end->n_error++;
    }
    if (end->on_progress != NULL)
        end->on_progress(end);
    if (end->stop_at_end)
        gasp_loop_stop(end->loop);
    if (end->close_at_end)
        test_end_close(end);
}

void test_end_start(test_end *end, gasp_loop *loop, gasp_stream *stream, test_random *random)
{
    static const gasp_stream_calls calls = {on_bytes, on_writable, on_shutdown, on_end};
    end->loop = loop;
    end->stream = stream;
    end->random = random;
    if (end->max_piece == 0)
        end->max_piece = 4096;
    end->slow_next = end->slow_each;
    assert_err(gasp_timer_new(&end->slow, loop, slow_over, end), GASP_OK);
    if (end->hold)
        gasp_stream_pause(stream);
    gasp_stream_start(stream, &calls, end);
    if (end->to_send > 0)
        send_more(end);
}

void test_end_resume(test_end *end)
{
    end->hold = false;
    gasp_stream_resume(end->stream);
}

void test_end_close(test_end *end)
{
    gasp_timer_free(end->slow);
    gasp_stream_close(end->stream);
    end->slow = NULL;
    end->stream = NULL;
}

/* ---- loops ---- */

gasp_loop *test_loop_new(const gasp_mem *mem)
{
    gasp_loop *loop = NULL;
    assert_err(gasp_loop_new(&loop, mem), GASP_OK);
    return loop;
}

gasp_err test_loop_run(gasp_loop *loop)
{
    /* alarm rather than a timer of the loop, which would keep it running */
    alarm(8);
    gasp_err err = gasp_loop_run(loop);
    alarm(0);
    return err;
}

/* ---- pairs ---- */

typedef struct meeting {
    gasp_loop *loop;
    gasp_stream *accepted, *connected;
} meeting;

static void meet(meeting *m)
{
    if (m->accepted != NULL && m->connected != NULL)
        gasp_loop_stop(m->loop);
}

static void accepted(void *ctx, gasp_stream *stream)
{
    meeting *m = ctx;
    assert_null(m->accepted);
    m->accepted = stream;
    meet(m);
}

static void connected(void *ctx, gasp_stream *stream, const gasp_net_error *error)
{
    meeting *m = ctx;
    if (stream == NULL)
        fail_msg("%s", error->text);
    assert_null(error);
    m->connected = stream;
    meet(m);
}

static void listening_pair(gasp_loop *loop, const gasp_address *where, gasp_stream **a, gasp_stream **b)
{
    meeting m = {loop, NULL, NULL};
    gasp_listener *listener = NULL;
    gasp_net_error error;
    assert_err(gasp_listener_new(&listener, loop, where, false, accepted, &m, &error), GASP_OK);
    assert_err(gasp_connect_start(NULL, loop, gasp_listener_address(listener), false, 5000, connected, &m), GASP_OK);
    assert_err(test_loop_run(loop), GASP_OK);
    gasp_listener_free(listener);
    *a = m.connected;
    *b = m.accepted;
}

static void fd_pair(gasp_loop *loop, const int fds[4], gasp_stream **a, gasp_stream **b)
{
    gasp_net_error error;
    assert_err(gasp_stream_open_fds(a, loop, fds[0], fds[3], GASP_TRANSPORT_STDIO, "a", &error), GASP_OK);
    assert_err(gasp_stream_open_fds(b, loop, fds[2], fds[1], GASP_TRANSPORT_STDIO, "b", &error), GASP_OK);
}

void test_pair(gasp_loop *loop, test_kind kind, gasp_stream **a, gasp_stream **b)
{
    int fds[4];
    gasp_address where;
    char *path;
    switch (kind) {
    case TEST_TCP:
        where = test_address("tcp://127.0.0.1:0");
        listening_pair(loop, &where, a, b);
        return;
    case TEST_UNIX:
        path = test_path_new();
        memset(&where, 0, sizeof where);
        where.transport = GASP_TRANSPORT_UNIX;
        memcpy(where.rest, path, strlen(path) + 1);
        listening_pair(loop, &where, a, b);
        test_path_free(path);
        return;
    case TEST_PIPES:
        assert_int_equal(pipe(fds), 0);
        assert_int_equal(pipe(fds + 2), 0);
        fd_pair(loop, fds, a, b);
        return;
    case TEST_SOCKETPAIR:
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        fds[2] = fds[1];
        fds[3] = dup(fds[0]);
        fds[1] = dup(fds[2]);
        fd_pair(loop, fds, a, b);
        return;
    case TEST_KINDS:
        break;
    }
    fail();
}

gasp_address test_address(const char *text)
{
    gasp_address address;
    memset(&address, 0, sizeof address);
    assert_err(gasp_address_parse(&address, text, NULL), GASP_OK);
    return address;
}

gasp_address test_self(const char *arg_and_more)
{
    char self[1024];
    char text[2048];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(len > 0);
    self[len] = '\0';
    (void)snprintf(text, sizeof text, "exec:'%s' %s", self, arg_and_more);
    return test_address(text);
}

gasp_stream *test_connect(gasp_loop *loop, const gasp_address *address)
{
    meeting m = {loop, NULL, NULL};
    m.accepted = (gasp_stream *)(void *)&m; /* nobody accepts here */
    assert_err(gasp_connect_start(NULL, loop, address, false, 5000, connected, &m), GASP_OK);
    assert_err(test_loop_run(loop), GASP_OK);
    return m.connected;
}

/* ---- paths ---- */

char *test_path_new(void)
{
    char folder[] = "/tmp/gasp-net-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = malloc(sizeof folder + 8);
    assert_non_null(path);
    (void)snprintf(path, sizeof folder + 8, "%s/s", folder);
    return path;
}

void test_path_free(char *path)
{
    (void)unlink(path);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
    free(path);
}

/* ---- descriptors ---- */

static unsigned fds_before;

static unsigned count_fds(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

int test_fds_before(void **state)
{
    (void)state;
    gasp_loop_free(test_loop_new(NULL)); /* libuv keeps a pair of descriptors from its first loop on */
    fds_before = count_fds();
    return 0;
}

int test_fds_after(void **state)
{
    (void)state;
    unsigned now = count_fds();
    if (now != fds_before)
        print_error("descriptors: %u before, %u after\n", fds_before, now);
    return now == fds_before ? 0 : -1;
}

/* ---- memory ---- */

static void *mem_resize(void *user, void *block, size_t len)
{
    test_mem *m = user;
    m->n_failed += m->fail;
    if (m->fail)
        return NULL;
    m->held -= malloc_usable_size(block);
    void *now = realloc(block, len);
    m->held += malloc_usable_size(now != NULL ? now : block);
    return now;
}

static void *mem_allocate(void *user, size_t len)
{
    return mem_resize(user, NULL, len);
}

static void mem_release(void *user, void *block)
{
    test_mem *m = user;
    m->held -= malloc_usable_size(block);
    free(block);
}

void test_mem_init(test_mem *m)
{
    memset(m, 0, sizeof *m);
    m->mem = (gasp_mem){sizeof m->mem, m, mem_allocate, mem_resize, mem_release};
}
