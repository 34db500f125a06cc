/* A process that syncs on LevelDB is killed (SIGKILL) at a hundred random moments: while it opens the store, in the middle of
 * a batch, after the last one. The store opens again, passes its check, holds everything that was reported as committed,
 * its changes have no gap, and the next sync completes. One store in four is killed a second time before it is mended.
 *
 * The process that is killed is this program started anew: with arguments it is the victim. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gasp/leveldb.h"
#include "hostile/wire.h"
#include "lib/random.h"

enum {
    KILLS = 100,
    CALM = 5, /* victims that are left alone, to learn how long one lives */
    TOLD = 3  /* the victim's end of the pipe */
};

static scene world;
static char folder[256];
static char path[300];

static gasp_kv *level(gasp_leveldb_mode mode)
{
    gasp_leveldb_config config;
    gasp_kv_text why;
    gasp_kv *kv = NULL;
    gasp_leveldb_config_init(&config);
    config.mode = mode;
    if (gasp_kv_leveldb_open(&kv, path, &config, NULL, &why) != GASP_OK)
        fail_msg("%s: %s", path, why.text);
    return kv;
}

/* ---- the victim ---------------------------------------------------------------------------------------------------- */

/* Tells the parent which transaction was committed on the side whose store is on the disk: 33 bytes, in one write. */
static void tell(void *ctx, int side, const gasp_event *event)
{
    uint8_t line[33] = {'c'};
    if (side != *(int *)ctx || event->kind != GASP_EVENT_COMMITTED)
        return;
    memcpy(line + 1, event->graph.txid.b, 32);
    if (write(TOLD, line, sizeof line) != (ssize_t)sizeof line)
        exit(3);
}

static void say(char what)
{
    uint8_t line[33] = {(uint8_t)what};
    if (write(TOLD, line, sizeof line) != (ssize_t)sizeof line)
        exit(3);
}

static int live(int side)
{
    gasp_session_config config[2];
    wire w;
    scene_make(&world);
    gasp_kv *memory = scene_store(&world, !side, NULL);
    gasp_wallet *other = scene_open(memory);
    say('b');
    gasp_kv *kv = level(GASP_LEVELDB_OPEN);
    gasp_wallet *wallet = scene_open(kv);
    wire_init(&w);
    w.event = tell;
    w.ctx = &side;
    wire_config(config, side == 0 ? wallet : other, side == 0 ? other : wallet);
    wire_start(&w, config);
    wire_run(&w);
    assert_true(wire_complete(&w));
    gasp_wallet_free(wallet);
    gasp_kv_close(kv);
    say('e');
    gasp_wallet_free(other);
    gasp_kv_close(memory);
    scene_free(&world);
    return 0;
}

/* ---- the one who kills --------------------------------------------------------------------------------------------- */

static int make_world(void **state)
{
    (void)state;
    scene_make(&world);
    scene_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    scene_free(&world);
    scene_folder_end(folder);
    return 0;
}

static double clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

typedef struct story {
    gasp_txid told[2 * SCENE_TXS]; /* reported as committed */
    size_t n_told;
    bool begun;
    bool ended;
    double ms; /* from its beginning until its end was heard of */
} story;

static void hear(story *s, const uint8_t line[33])
{
    s->begun = s->begun || line[0] == 'b';
    s->ended = s->ended || line[0] == 'e';
    if (line[0] == 'c') {
        assert_true(s->n_told < 2 * SCENE_TXS);
        memcpy(s->told[s->n_told++].b, line + 1, 32);
    }
}

/* One line; false at the end of the pipe. */
static bool hear_line(story *s, int from)
{
    uint8_t line[33];
    size_t len = 0;
    while (len < sizeof line) {
        ssize_t got = read(from, line + len, sizeof line - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        len += (size_t)got;
    }
    hear(s, line);
    return true;
}

static pid_t victim(int *from, int side)
{
    char *const arguments[] = {(char *)(uintptr_t) "victim", path, (char *)(uintptr_t)(side == 0 ? "0" : "1"), NULL};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], 100);
        dup2(100, TOLD);
        close(100);
        execv("/proc/self/exe", arguments);
        _exit(4);
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

/* Lets a victim live for so many milliseconds after it began (negative: to its end), and hears what it said. */
static void run_victim(story *s, int side, double ms)
{
    int from;
    int status = 0;
    pid_t pid = victim(&from, side);
    while (!s->begun && hear_line(s, from))
        ;
    double begun = clock_ms();
    if (ms >= 0) {
        const struct timespec wait = {(time_t)(ms / 1e3), (long)((ms - 1e3 * (double)(time_t)(ms / 1e3)) * 1e6)};
        nanosleep(&wait, NULL);
        kill(pid, SIGKILL);
    }
    while (hear_line(s, from))
        if (s->ended && s->ms == 0)
            s->ms = clock_ms() - begun;
    close(from);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(s->begun);
    if (ms < 0)
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0 && s->ended);
}

static gasp_err next_change(void *ctx, const gasp_change *change)
{
    uint64_t *last = ctx;
    if (change->seq != *last + 1)
        return GASP_ERR_INTERNAL;
    *last = change->seq;
    return GASP_OK;
}

static void nothing_lost(gasp_wallet *wallet, const story *s, const char *where)
{
    uint64_t last = 0;
    assert_err(gasp_wallet_changes(wallet, 0, next_change, &last), GASP_OK);
    for (size_t i = 0; i < s->n_told; i++) {
        gasp_held held = {0};
        if (gasp_wallet_transaction(wallet, &held, &s->told[i]) != GASP_OK)
            fail_msg("%s: what was reported as committed is not there", where);
        gasp_held_clear(&held);
    }
}

static void mend(const story *s, int side, const char *where)
{
    gasp_kv *memory = scene_store(&world, !side, NULL);
    gasp_wallet *other = scene_open(memory);
    gasp_kv *kv = level(GASP_LEVELDB_OPEN);
    gasp_wallet *wallet = scene_open(kv);
    scene_check(&world, wallet, where);
    nothing_lost(wallet, s, where);
    wire_sync(&world, side == 0 ? wallet : other, side == 0 ? other : wallet, where);
    scene_check(&world, wallet, where);
    gasp_wallet_free(wallet);
    gasp_wallet_free(other);
    gasp_kv_close(kv);
    gasp_kv_close(memory);
}

static void new_store(int side)
{
    gasp_kv *kv = level(GASP_LEVELDB_CREATE);
    scene_copy(world.base[side], kv);
    gasp_kv_close(kv);
}

static void a_hundred_kills(void **state)
{
    test_random r = test_random_start("hostile/kill");
    const size_t kills = test_one_in() > 1 ? KILLS / 4 : KILLS;
    size_t inside = 0;
    size_t committed = 0;
    double life = 0;
    (void)state;
    for (int i = 0; i < CALM; i++) {
        story s = {0};
        new_store(i % 2);
        run_victim(&s, i % 2, -1);
        life += s.ms / CALM;
        assert_true(s.n_told >= SCENE_GRAPHS / 2);
        mend(&s, i % 2, "nobody was killed");
        assert_err(gasp_kv_leveldb_destroy(path, NULL), GASP_OK);
    }
    for (size_t i = 0; i < kills; i++) {
        char where[64];
        int side = (int)(i % 2);
        story s = {0};
        new_store(side);
        snprintf(where, sizeof where, "kill %zu", i);
        for (int again = 0; again <= (i % 4 == 0); again++) {
            s.begun = false;
            run_victim(&s, side, life * (double)test_random_below(&r, 1000) / 1000);
        }
        inside += !s.ended;
        committed += s.n_told;
        mend(&s, side, where);
        assert_err(gasp_kv_leveldb_destroy(path, NULL), GASP_OK);
    }
    assert_true(inside > kills / 4);
    print_message("count: kills of a sync on LevelDB: %zu, %zu before its end, %zu transactions committed before\n",
                  kills, inside, committed);
}

int main(int argc, char **argv)
{
    if (argc == 3) { /* no test of its own: a failing assertion ends it with another code than 0 */
        snprintf(path, sizeof path, "%s", argv[1]);
        return live(argv[2][0] == '1');
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_hundred_kills)};
    return cmocka_run_group_tests(tests, make_world, free_world);
}
