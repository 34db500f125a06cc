/** What the tests of this room share: ends that send and check a known run of bytes, pairs of streams over each
 * transport, a clock that ends a test that hangs, and memory that runs out. */
#ifndef TESTS_NET_PAIR_H
#define TESTS_NET_PAIR_H

#include "lib/data.h"
#include "lib/random.h"
#include "net/connect.h"
#include "net/listen.h"
#include "net/stdio.h"

/** One end. It sends `to_send` bytes in pieces of 1..max_piece as there is room, then shuts down; it checks that the
 * bytes that come are the other end's, by place. */
typedef struct test_end {
    gasp_loop *loop;
    gasp_stream *stream;
    test_random *random;
    uint64_t to_send, sent, received;
    size_t max_piece;
    uint8_t salt_out, salt_in;
    uint64_t slow_each; /**< pause for a millisecond after so many bytes; 0: never */
    uint64_t slow_next;
    gasp_timer *slow;
    bool hold; /**< keep reading paused whatever the above says */
    bool echo; /**< send back what comes instead */
    bool close_at_end;
    bool stop_at_end; /**< stop the loop at the end, at the error if there is one */
    size_t most_queued;
    unsigned n_again, n_writable, n_shutdown, n_ok, n_error;
    void (*on_progress)(struct test_end *end);
    void *user;
} test_end;

/** Byte number `at` of the run with that salt. */
uint8_t test_pattern(uint64_t at, uint8_t salt);

/** Takes the stream and begins. The fields above must be set; counters are set to 0. */
void test_end_start(test_end *end, gasp_loop *loop, gasp_stream *stream, test_random *random);
void test_end_resume(test_end *end);
void test_end_close(test_end *end);

/** Two connected streams on one loop; fails the test when they cannot be had. */
typedef enum test_kind { TEST_TCP, TEST_UNIX, TEST_PIPES, TEST_SOCKETPAIR, TEST_KINDS } test_kind;
extern const char *const test_kind_names[TEST_KINDS];
void test_pair(gasp_loop *loop, test_kind kind, gasp_stream **a, gasp_stream **b);

gasp_loop *test_loop_new(const gasp_mem *mem);

/** gasp_loop_run, ended by SIGALRM (and the test with it) when it takes longer than 8 seconds. */
gasp_err test_loop_run(gasp_loop *loop);

/** An address from text that must parse. */
gasp_address test_address(const char *text);

/** `exec:` with this program and one argument, and what follows. */
gasp_address test_self(const char *arg_and_more);

/** A stream by gasp_connect that must come. */
gasp_stream *test_connect(gasp_loop *loop, const gasp_address *address);

/** A path for a socket in a fresh folder; test_path_free removes both. */
char *test_path_new(void);
void test_path_free(char *path);

/** For cmocka_run_group_tests: the group fails when it leaves a descriptor open. */
int test_fds_before(void **state);
int test_fds_after(void **state);

/** Heap memory of which every allocation fails while `fail` is set. */
typedef struct test_mem {
    gasp_mem mem;
    bool fail;
    unsigned n_failed;
    size_t held; /**< bytes allocated now, as the heap rounds them */
} test_mem;
void test_mem_init(test_mem *m);

#endif
