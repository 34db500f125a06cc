/* A sync on LevelDB whose disk fails at every point: the nth of all calls that open, write, flush, rename or remove a file,
 * once or from there on, with nothing or half of the bytes written. The store says what failed; nothing is half-written; and
 * when the disk is whole again the wallet opens, passes its check, and the next sync completes. The same for making a wallet. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gasp/leveldb.h"
#include "hostile/disk.h"
#include "hostile/wire.h"
#include "lib/random.h"

static scene world;
static char folder[256];
static char path[300];

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

static const struct {
    const char *name;
    disk_fault fault;
} ways[] = {
    {"no space, once", {0, ENOSPC, false, false}}, {"no space from there on", {0, ENOSPC, true, false}},
    {"no space, half", {0, ENOSPC, false, true}},  {"no space from there on, half", {0, ENOSPC, true, true}},
    {"i/o error, once", {0, EIO, false, false}},   {"i/o error from there on", {0, EIO, true, false}},
    {"i/o error, half", {0, EIO, false, true}},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* Fails unless an error is one of the store's, with a text. */
static void is_clear(gasp_err err, const gasp_kv_text *why, const char *where)
{
    if (gasp_err_class(err) != GASP_CLASS_STORE || why->text[0] == 0)
        fail_msg("%s: %s, \"%s\"", where, gasp_err_name(err), why->text);
}

static gasp_err level(gasp_kv **out, gasp_leveldb_mode mode, gasp_kv_text *why)
{
    gasp_leveldb_config config;
    gasp_leveldb_config_init(&config);
    config.mode = mode;
    return gasp_kv_leveldb_open(out, path, &config, NULL, why);
}

static gasp_wallet *open_whole(gasp_kv **kv, const char *where)
{
    gasp_kv_text why;
    if (*kv == NULL && level(kv, GASP_LEVELDB_OPEN, &why) != GASP_OK)
        fail_msg("%s: the store does not open: %s", where, why.text);
    return scene_open(*kv);
}

/* ---- a sync -------------------------------------------------------------------------------------------------------- */

/* The part on the failing disk: opens the store and syncs. Whether somebody was told of an error. */
static bool sync_badly(gasp_kv **kv, gasp_wallet **wallet, gasp_wallet *other, int side, const char *where)
{
    gasp_session_config config[2];
    gasp_wallet_config at;
    gasp_kv_text why;
    wire w;
    gasp_err err = level(kv, GASP_LEVELDB_OPEN, &why);
    if (err != GASP_OK) {
        is_clear(err, &why, where);
        *kv = NULL;
        return true;
    }
    gasp_wallet_config_init(&at);
    at.kv = *kv;
    err = gasp_wallet_open(wallet, &at);
    if (err != GASP_OK) {
        (*kv)->why((*kv)->user, &why);
        is_clear(err, &why, where);
        *wallet = NULL;
        return true;
    }
    wire_init(&w);
    wire_config(config, side == 0 ? *wallet : other, side == 0 ? other : *wallet);
    wire_start(&w, config);
    wire_run(&w);
    if (w.side[side].err != GASP_OK) {
        (*kv)->why((*kv)->user, &why);
        is_clear(w.side[side].err, &why, where);
        assert_err(w.side[side].why.err, w.side[side].err);
    } else if (!wire_complete(&w)) {
        fail_msg("%s: the sync ended without an error", where);
    }
    return w.side[side].err != GASP_OK;
}

/* Whether there were that many calls. */
static bool fail_sync(size_t way, size_t nth, int side, size_t *told)
{
    char where[96];
    disk_fault fault = ways[way].fault;
    gasp_kv_text why;
    gasp_kv *kv = NULL;
    gasp_kv *in_memory = scene_store(&world, !side, NULL);
    gasp_wallet *wallet = NULL;
    gasp_wallet *other = scene_open(in_memory);
    snprintf(where, sizeof where, "side %d, %s, at call %zu", side, ways[way].name, nth);
    assert_err(level(&kv, GASP_LEVELDB_CREATE, &why), GASP_OK);
    scene_copy(world.base[side], kv);
    gasp_kv_close(kv);
    kv = NULL;
    fault.nth = nth;
    disk_watch(folder, &fault);
    *told += sync_badly(&kv, &wallet, other, side, where);
    if (nth % 2 == 0) { /* the process ends before the disk is whole */
        gasp_wallet_free(wallet);
        gasp_kv_close(kv);
        wallet = NULL;
        kv = NULL;
    }
    bool reached = disk_heal() >= nth;
    if (wallet == NULL)
        wallet = open_whole(&kv, where);
    scene_check(&world, wallet, where);
    scene_check(&world, other, where);
    wire_sync(&world, side == 0 ? wallet : other, side == 0 ? other : wallet, where);
    gasp_wallet_free(wallet);
    gasp_kv_close(kv);
    kv = NULL;
    wallet = open_whole(&kv, where);
    scene_check(&world, wallet, where);
    gasp_wallet_free(wallet);
    gasp_wallet_free(other);
    gasp_kv_close(kv);
    gasp_kv_close(in_memory);
    assert_err(gasp_kv_leveldb_destroy(path, NULL), GASP_OK);
    return reached;
}

static void every_call_of_a_sync(void **state)
{
    char what[64];
    unsigned one_in = test_one_in();
    size_t tried = 0;
    size_t told = 0;
    (void)state;
    snprintf(what, sizeof what, "hostile/disk: a sync, one in %u", one_in);
    test_random r = test_random_start(what);
    for (size_t way = 0; way < WAYS; way++)
        for (size_t nth = 1 + (size_t)test_random_below(&r, one_in); fail_sync(way, nth, (int)(way % 2), &told);
             nth += one_in)
            tried++;
    assert_true(tried > WAYS * 20 / one_in && told > tried / 2);
    print_message(
        "count: calls of a sync on LevelDB to the disk that failed: %zu, in %d ways, one in %u; %zu ended it\n", tried,
        WAYS, one_in, told);
}

/* ---- making a wallet ----------------------------------------------------------------------------------------------- */

static gasp_err create(gasp_kv **kv, gasp_leveldb_mode mode, gasp_kv_text *why)
{
    static const gasp_time now = {1, 1600000000000};
    gasp_wallet_config config;
    gasp_err err = level(kv, mode, why);
    if (err != GASP_OK) {
        *kv = NULL;
        return err;
    }
    gasp_wallet_config_init(&config);
    config.kv = *kv;
    err = gasp_wallet_create(&config, GASP_NETWORK_REGTEST, now);
    if (err != GASP_OK)
        (*kv)->why((*kv)->user, why);
    return err;
}

static bool fail_create(size_t way, size_t nth)
{
    char where[96];
    disk_fault fault = ways[way].fault;
    gasp_kv_text why;
    gasp_kv *kv = NULL;
    snprintf(where, sizeof where, "making a wallet, %s, at call %zu", ways[way].name, nth);
    fault.nth = nth;
    disk_watch(folder, &fault);
    gasp_err err = create(&kv, GASP_LEVELDB_CREATE, &why);
    if (err != GASP_OK)
        is_clear(err, &why, where);
    gasp_kv_close(kv);
    bool reached = disk_heal() >= nth;
    gasp_err again = create(&kv, GASP_LEVELDB_OPEN_OR_CREATE, &why);
    if (again != GASP_OK && again != GASP_ERR_STORE_EXISTS)
        fail_msg("%s: cannot be made afterwards: %s, %s", where, gasp_err_name(again), why.text);
    gasp_wallet *wallet = scene_open(kv);
    scene_check(&world, wallet, where);
    gasp_wallet_free(wallet);
    gasp_kv_close(kv);
    assert_err(gasp_kv_leveldb_destroy(path, NULL), GASP_OK);
    return reached;
}

static void every_call_of_making_one(void **state)
{
    size_t tried = 0;
    (void)state;
    for (size_t way = 0; way < WAYS; way++)
        for (size_t nth = 1; fail_create(way, nth); nth++)
            tried++;
    assert_true(tried > WAYS * 5);
    print_message("count: calls of making a wallet on LevelDB to the disk that failed: %zu, in %d ways\n", tried, WAYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_of_making_one),
        cmocka_unit_test(every_call_of_a_sync),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
