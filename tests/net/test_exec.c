/* Commands and standard input and output: bytes through a child, exit statuses, and children that do not want to end.
 * With arguments this program is the child. */
#include "net/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/pair.h"

static test_random random_numbers;

/* ---- the child ---- */

static void echo_writable(void *ctx)
{
    gasp_stream_resume(*(gasp_stream **)ctx);
}

static void echo_bytes(void *ctx, gasp_bytes bytes)
{
    gasp_stream *s = *(gasp_stream **)ctx;
    if (gasp_stream_write(s, bytes.data, bytes.len) != GASP_OK)
        exit(11);
    if (!gasp_stream_has_room(s))
        gasp_stream_pause(s);
}

static void echo_end(void *ctx, gasp_err reason)
{
    if (reason != GASP_OK)
        exit(12);
    gasp_stream_shutdown(*(gasp_stream **)ctx);
}

/* Sends back what comes on standard input until it ends. */
static int child_echo(void)
{
    static const gasp_stream_calls calls = {echo_bytes, echo_writable, NULL, echo_end};
    gasp_loop *loop = NULL;
    gasp_stream *s = NULL;
    if (gasp_loop_new(&loop, NULL) != GASP_OK || gasp_stdio_open(&s, loop, NULL) != GASP_OK)
        return 10;
    printf("this must not get between the bytes\n");
    (void)fflush(stdout);
    char byte;
    if (read(STDIN_FILENO, &byte, 1) != 0) /* nobody else reads the peer's bytes either */
        return 13;
    gasp_stream_start(s, &calls, &s);
    if (gasp_loop_run(loop) != GASP_DONE)
        return 14;
    gasp_stream_close(s);
    gasp_loop_free(loop);
    return 0;
}

/* Prints 42 when standard input and output are refused with a reason and left as they are. */
static int child_refused(void)
{
    gasp_loop *loop = NULL;
    gasp_stream *s = NULL;
    gasp_net_error error = {GASP_OK, ""};
    if (gasp_loop_new(&loop, NULL) != GASP_OK)
        return 10;
    gasp_err err = gasp_stdio_open(&s, loop, &error);
    gasp_loop_free(loop);
    if (err != GASP_ERR_NET_CONNECT || error.err != err || strstr(error.text, "not a pipe") == NULL)
        return 1;
    printf("still mine 42\n");
    return 0;
}

/* ---- helpers ---- */

/* Runs the command until on_end gave an error or the loop has nothing more to do, sending nothing. */
static void run_command(test_end *end, gasp_loop **loop, const char *command)
{
    *loop = test_loop_new(NULL);
    gasp_address address = test_address(command);
    gasp_stream *s = test_connect(*loop, &address);
    test_end_start(end, *loop, s, &random_numbers);
    gasp_stream_shutdown(s);
    assert_err(test_loop_run(*loop), GASP_DONE);
}

static void no_children_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void finish(test_end *end, gasp_loop *loop)
{
    test_end_close(end);
    gasp_loop_free(loop);
    no_children_left();
}

/* ---- tests ---- */

static void ten_megabytes_through_a_child(void **state)
{
    (void)state;
    const char *const how[] = {"echo", "echo | cat"};
    for (size_t i = 0; i < 2; i++) {
        gasp_loop *loop = test_loop_new(NULL);
        gasp_address self = test_self(how[i]);
        gasp_stream *s = test_connect(loop, &self);
        assert_int_equal(gasp_stream_transport(s), GASP_TRANSPORT_EXEC);
        assert_true(gasp_stream_is_local(s));
        assert_memory_equal(gasp_stream_peer(s), "exec pid ", 9);
        test_end end = {.to_send = 10 << 20, .max_piece = 3000, .salt_out = 5, .salt_in = 5, .slow_each = 300000};
        test_end_start(&end, loop, s, &random_numbers);
        assert_err(test_loop_run(loop), GASP_DONE);
        assert_int_equal(end.received, 10 << 20);
        assert_int_equal(end.n_ok, 1);
        assert_int_equal(end.n_error, 0);
        assert_int_equal(end.n_shutdown, 1);
        assert_true(end.n_again > 0);
        finish(&end, loop);
    }
}

typedef struct ending {
    const char *command;
    const char *text; /* NULL: orderly */
    unsigned n_ok;    /* before the error */
} ending;

static const ending endings[] = {
    {"exec:true", NULL, 1},
    {"exec:cat", NULL, 1},
    {"exec:exit 3", "the command ended with exit status 3", 0},
    {"exec:false", "the command ended with exit status 1", 0},
    {"exec:gasp-no-such-command-1234 2>/dev/null", "the command ended with exit status 127", 0},
    {"exec:/ 2>/dev/null", "the command ended with exit status 126", 0},
    {"exec:kill -9 $$", "the command was ended by signal 9", 0},
    {"exec:kill -TERM $$", "the command was ended by signal 15", 0},
    /* its output ends long before it does: the end is told first, the status when it is known */
    {"exec:exec >&-; sleep 0.8; exit 4", "the command ended with exit status 4", 1},
    /* the status comes first, the output later */
    {"exec:sleep 0.1 & exit 5", "the command ended with exit status 5", 0},
};

static void exit_statuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        gasp_loop *loop = NULL;
        test_end end = {0};
        run_command(&end, &loop, endings[i].command);
        const char *text = gasp_stream_error(end.stream)->text;
        if (strcmp(text, endings[i].text != NULL ? endings[i].text : "") != 0)
            fail_msg("%s: %s", endings[i].command, text);
        assert_int_equal(end.n_ok, endings[i].n_ok);
        assert_int_equal(end.n_error, endings[i].text != NULL);
        finish(&end, loop);
    }
}

/* We write much, the command reads nothing, says something and fails: what it said and its status are what we get,
 * rather than a broken pipe. */
static void last_words(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    char text[128];
    (void)snprintf(text, sizeof text, "exec:sleep 0.05; printf '\\%03o\\%03o\\%03o'; exit 9", test_pattern(0, 7),
                   test_pattern(1, 7), test_pattern(2, 7));
    gasp_address address = test_address(text);
    gasp_stream *s = test_connect(loop, &address);
    test_end end = {.to_send = 10 << 20, .max_piece = 65536, .salt_in = 7};
    test_end_start(&end, loop, s, &random_numbers);
    assert_err(test_loop_run(loop), GASP_DONE);
    assert_int_equal(end.received, 3);
    assert_int_equal(end.n_ok, 0);
    assert_int_equal(end.n_error, 1);
    assert_string_equal(gasp_stream_error(s)->text, "the command ended with exit status 9");
    finish(&end, loop);
}

/* Without an exit status to tell of, the broken pipe is the reason. */
static void unread_output(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    gasp_address address = test_address("exec:exit 0");
    gasp_stream *s = test_connect(loop, &address);
    test_end end = {.to_send = 10 << 20, .max_piece = 65536};
    test_end_start(&end, loop, s, &random_numbers);
    assert_err(test_loop_run(loop), GASP_DONE);
    assert_int_equal(end.n_error, 1);
    assert_memory_equal(gasp_stream_error(s)->text, "writing: ", 9);
    finish(&end, loop);
}

/* Closed streams leave no child behind: one that ends with its input, one that needs SIGTERM, one that needs SIGKILL.
 */
static void children_are_ended(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        uint64_t least_ms, most_ms;
    } rows[] = {
        {"exec:cat", 0, GASP_CHILD_END_MS},
        {"exec:exec sleep 60", GASP_CHILD_END_MS, GASP_CHILD_END_MS + GASP_CHILD_KILL_MS},
        {"exec:trap '' TERM; exec sleep 60", GASP_CHILD_END_MS + GASP_CHILD_KILL_MS, 6000},
    };
    for (size_t i = 0; i < 3; i++) {
        gasp_loop *loop = test_loop_new(NULL);
        gasp_address address = test_address(rows[i].command);
        gasp_stream *s = test_connect(loop, &address);
        uint64_t start = gasp_loop_now(loop).mono_ms;
        (void)usleep(20000); /* the shell sets its trap */
        alarm(8);
        if (i == 1) {
            gasp_loop_free(loop); /* with the stream still open */
        } else {
            gasp_stream_close(s);
            assert_err(test_loop_run(loop), GASP_DONE);
        }
        alarm(0);
        no_children_left();
        if (i != 1) {
            assert_in_range(gasp_loop_now(loop).mono_ms - start, rows[i].least_ms, rows[i].most_ms);
            gasp_loop_free(loop);
        }
    }
}

/* A child that finishes its work after the end of its input is not disturbed. */
static void linger_lets_a_child_finish(void **state)
{
    (void)state;
    char *path = test_path_new();
    char text[256];
    (void)snprintf(text, sizeof text, "exec:cat >/dev/null; sleep 0.2; echo done >%s", path);
    gasp_loop *loop = test_loop_new(NULL);
    gasp_address address = test_address(text);
    gasp_stream *s = test_connect(loop, &address);
    assert_err(gasp_stream_write(s, "abc", 3), GASP_OK);
    gasp_stream_linger(s, 5000);
    assert_err(test_loop_run(loop), GASP_DONE);
    gasp_loop_free(loop);
    no_children_left();
    assert_int_equal(access(path, F_OK), 0);
    test_path_free(path);
}

/* Its output is a pipe, so that only its input is wrong. */
static void wrong_stdio(void **state)
{
    (void)state;
    static const char *const how[] = {"refused </dev/null | grep -q 'still mine 42'",
                                      "refused </proc/self/status | grep -q 'still mine 42'"};
    for (size_t i = 0; i < 2; i++) {
        gasp_address address = test_self(how[i]);
        int status = system(address.rest);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    no_children_left();
}

static void wrong_descriptors(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    gasp_net_error error = {GASP_OK, ""};
    gasp_stream *s = NULL;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    int file = open("/dev/null", O_RDWR);
    assert_err(gasp_stream_open_fds(&s, loop, file, fds[1], GASP_TRANSPORT_STDIO, "x", &error), GASP_ERR_NET_CONNECT);
    assert_string_equal(error.text, "input: is not a pipe or socket");
    assert_err(gasp_stream_open_fds(&s, loop, fds[0], file, GASP_TRANSPORT_STDIO, "x", &error), GASP_ERR_NET_CONNECT);
    assert_string_equal(error.text, "output: is not a pipe or socket");
    assert_err(gasp_stream_open_fds(&s, loop, -1, fds[1], GASP_TRANSPORT_STDIO, "x", &error), GASP_ERR_NET_CONNECT);
    assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0); /* still open and as before */
    assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
    /* a direction that the descriptor does not have is told by on_end */
    assert_err(gasp_stream_open_fds(&s, loop, fds[1], dup(fds[1]), GASP_TRANSPORT_STDIO, "x", &error), GASP_OK);
    test_end end = {0};
    test_end_start(&end, loop, s, &random_numbers);
    assert_err(test_loop_run(loop), GASP_DONE);
    assert_int_equal(end.n_error, 1);
    test_end_close(&end);
    (void)close(fds[0]);
    (void)close(file);
    gasp_loop_free(loop);
}

/* The non-blocking flag belongs to the open file, which a shell may share: it is put back. */
static void flags_are_put_back(void **state)
{
    (void)state;
    gasp_loop *loop = test_loop_new(NULL);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    int kept = dup(pair[0]);
    gasp_stream *s = NULL;
    assert_err(gasp_stream_open_fds(&s, loop, pair[0], dup(kept), GASP_TRANSPORT_STDIO, "x", NULL), GASP_OK);
    assert_int_equal(fcntl(kept, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    gasp_stream_close(s);
    gasp_loop_free(loop);
    assert_int_equal(fcntl(kept, F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(write(pair[1], "z", 1), 1);
    (void)close(kept);
    (void)close(pair[1]);
}

static void connect_failed(void *ctx, gasp_stream *stream, const gasp_net_error *error)
{
    assert_null(stream);
    *(gasp_net_error *)ctx = *error;
}

static void no_memory(void **state)
{
    (void)state;
    test_mem m;
    test_mem_init(&m);
    gasp_loop *loop = test_loop_new(&m.mem);
    gasp_stream *s = NULL;
    gasp_net_error error = {GASP_OK, ""};
    m.fail = true;
    assert_err(gasp_exec_open(&s, loop, "cat", &error), GASP_ERR_NOMEM);
    m.fail = false;
    gasp_address address = test_address("exec:cat");
    assert_err(gasp_connect_start(NULL, loop, &address, false, 100, connect_failed, &error), GASP_OK);
    m.fail = true;
    assert_err(test_loop_run(loop), GASP_DONE);
    m.fail = false;
    assert_err(error.err, GASP_ERR_NOMEM);
    gasp_loop_free(loop);
    no_children_left();
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return strcmp(argv[1], "echo") == 0 ? child_echo() : child_refused();
    random_numbers = test_random_start("exec");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_megabytes_through_a_child),
        cmocka_unit_test(exit_statuses),
        cmocka_unit_test(last_words),
        cmocka_unit_test(unread_output),
        cmocka_unit_test(children_are_ended),
        cmocka_unit_test(linger_lets_a_child_finish),
        cmocka_unit_test(wrong_stdio),
        cmocka_unit_test(wrong_descriptors),
        cmocka_unit_test(flags_are_put_back),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, test_fds_before, test_fds_after);
}
