/* A sync whose wire breaks behind every single byte, in both directions: each store opens, passes its check, holds whole
 * graphs only, and the next sync completes with what both would have had. On the store in memory, and on LevelDB at the side
 * that was listening, closed and opened again.
 *
 * What follows a break depends on nothing but the rows that are left, since the wallets are opened anew. So it is looked at
 * once for all breaks that leave the same rows, and at some more where the wallets stay open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gasp/leveldb.h"
#include "hostile/wire.h"
#include "lib/random.h"

enum { MARKS_MAX = 4096, AGAIN = 64 /* one in so many breaks is followed with the wallets left open */ };

static scene world;

static int make_world(void **state)
{
    (void)state;
    scene_make(&world);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    scene_free(&world);
    return 0;
}

/* ---- the two stores of a run --------------------------------------------------------------------------------------- */

typedef struct run {
    gasp_kv *kv[2];
    gasp_wallet *wallet[2];
    const char *path; /* of the store on LevelDB; NULL: both are in memory */
    int on_disk;      /* which side that is */
} run;

static gasp_kv *level(const char *path, gasp_leveldb_mode mode)
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

static void run_begin(run *r, const char *path, int on_disk)
{
    *r = (run){.path = path, .on_disk = on_disk};
    for (int i = 0; i < 2; i++) {
        if (path != NULL && i == on_disk) {
            r->kv[i] = level(path, GASP_LEVELDB_CREATE);
            scene_copy(world.base[i], r->kv[i]);
        } else {
            r->kv[i] = scene_store(&world, i, NULL);
        }
        r->wallet[i] = scene_open_trusting(r->kv[i]);
    }
}

/* The process ends and comes back. */
static void run_again(run *r)
{
    for (int i = 0; i < 2; i++) {
        gasp_wallet_free(r->wallet[i]);
        if (r->path != NULL && i == r->on_disk) {
            gasp_kv_close(r->kv[i]);
            r->kv[i] = level(r->path, GASP_LEVELDB_OPEN);
        }
        r->wallet[i] = scene_open(r->kv[i]);
    }
}

static void run_end(run *r)
{
    for (int i = 0; i < 2; i++) {
        gasp_wallet_free(r->wallet[i]);
        gasp_kv_close(r->kv[i]);
    }
    if (r->path != NULL)
        assert_err(gasp_kv_leveldb_destroy(r->path, NULL), GASP_OK);
}

/* ---- the breaks ---------------------------------------------------------------------------------------------------- */

typedef struct tally {
    uint64_t marks[MARKS_MAX]; /* of the rows that were left, of both sides */
    size_t n_marks;
    size_t cuts;
    size_t followed;
} tally;

static bool is_new(tally *t, uint64_t mark)
{
    for (size_t i = 0; i < t->n_marks; i++)
        if (t->marks[i] == mark)
            return false;
    assert_true(t->n_marks < MARKS_MAX);
    t->marks[t->n_marks++] = mark;
    return true;
}

static void cut_at(tally *t, const char *path, int from, uint64_t at)
{
    char where[64];
    gasp_session_config config[2];
    wire w;
    run r;
    bool open = t->cuts % AGAIN == 0;
    snprintf(where, sizeof where, "direction %d cut at byte %llu", from, (unsigned long long)at);
    run_begin(&r, path, !from);
    wire_init(&w);
    w.cut[from] = at;
    w.drain = at % 2 == 1;
    wire_config(config, r.wallet[0], r.wallet[1]);
    wire_start(&w, config);
    wire_run(&w);
    for (int i = 0; i < 2; i++)
        if (w.side[i].err != GASP_OK && w.side[i].err != GASP_ERR_PEER_CLOSED)
            fail_msg("%s: side %d ended with %s", where, i, gasp_err_name(w.side[i].err));
    if (!open)
        run_again(&r);
    uint64_t mark = scene_mark(r.kv[0]) * 31 + scene_mark(r.kv[1]);
    if (is_new(t, mark) || open) {
        for (int i = 0; i < 2; i++)
            scene_check(&world, r.wallet[i], where);
        wire_sync(&world, r.wallet[0], r.wallet[1], where);
        for (int i = 0; i < 2; i++)
            scene_check(&world, r.wallet[i], where);
        t->followed++;
    }
    run_end(&r);
    t->cuts++;
}

/* How much each side says when nothing breaks. */
static void measure(uint64_t said[2])
{
    gasp_session_config config[2];
    wire w;
    run r;
    run_begin(&r, NULL, 0);
    wire_init(&w);
    wire_config(config, r.wallet[0], r.wallet[1]);
    wire_start(&w, config);
    wire_run(&w);
    assert_true(wire_complete(&w));
    assert_int_equal(w.side[0].refused + w.side[1].refused, 0);
    said[0] = w.said[0];
    said[1] = w.said[1];
    run_end(&r);
}

static void cut_everywhere(const char *store, const char *path)
{
    char what[64];
    uint64_t said[2];
    unsigned one_in = test_one_in();
    tally t = {0};
    snprintf(what, sizeof what, "hostile/cut: %s, one in %u", store, one_in);
    test_random r = test_random_start(what);
    measure(said);
    for (int from = 0; from < 2; from++)
        for (uint64_t at = test_random_below(&r, one_in); at < said[from]; at += one_in)
            cut_at(&t, path, from, at);
    assert_true(t.cuts >= (said[0] + said[1]) / one_in - 1);
    assert_true(t.n_marks > SCENE_GRAPHS / 2);
    print_message("count: a sync of %d graphs cut on %s: %zu of %llu bytes, one in %u, %zu different stores left\n",
                  SCENE_GRAPHS, store, t.cuts, (unsigned long long)(said[0] + said[1]), one_in, t.n_marks);
}

static void in_memory(void **state)
{
    (void)state;
    cut_everywhere("memory", NULL);
}

static void on_leveldb(void **state)
{
    char folder[256];
    char path[300];
    (void)state;
    scene_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
    cut_everywhere("leveldb", path);
    scene_folder_end(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory),
        cmocka_unit_test(on_leveldb),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
