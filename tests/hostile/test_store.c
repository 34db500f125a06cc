/* A sync whose store fails: every call of every kind once, and every write also as if it had failed after it was done, or as
 * if the process had died with it. The session ends with the store's error, what was stored before stays whole, and the next
 * sync completes, on the same wallet object and on one that is opened anew. */
#include <stdio.h>
#include <string.h>

#include "hostile/wire.h"
#include "lib/random.h"
#include "store/faulty.h"

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

typedef enum way { SNAPSHOT, GET, SCAN, WRITE, WRITE_LANDS, DIES, DIES_LANDED, WAYS } way;

static const char *const way_names[WAYS] = {
    "snapshot", "get", "scan", "write", "write that lands", "death at a write", "death after a write"};

static faulty_calls *calls_of(faulty *f, way of)
{
    switch (of) {
    case SNAPSHOT:
        return &f->snapshot;
    case GET:
        return &f->get;
    case SCAN:
        return &f->scan;
    case WRITE:
    case WRITE_LANDS:
    case DIES:
    case DIES_LANDED:
    case WAYS:
        break;
    }
    return &f->write;
}

static void arm(faulty *f, way of, size_t nth)
{
    f->lands = of == WRITE_LANDS || of == DIES_LANDED;
    if (of == DIES || of == DIES_LANDED) {
        f->crash_at = nth;
    } else {
        calls_of(f, of)->fail_at = nth;
        calls_of(f, of)->with = nth % 2 == 0 ? GASP_ERR_STORE_IO : GASP_ERR_STORE_CORRUPT;
        calls_of(f, of)->rows_first = nth % 3;
    }
}

/* Whether there were that many calls. */
static bool fail_sync(int side, way of, size_t nth, size_t *told)
{
    char where[96];
    gasp_session_config config[2];
    gasp_wallet *wallet[2];
    gasp_kv *kv[2];
    faulty store;
    wire w;
    snprintf(where, sizeof where, "side %d, %s %zu", side, way_names[of], nth);
    for (int i = 0; i < 2; i++) {
        kv[i] = scene_store(&world, i, NULL);
        if (i == side)
            faulty_init(&store, kv[i]);
        wallet[i] = scene_open(i == side ? &store.kv : kv[i]);
    }
    arm(&store, of, nth);
    wire_init(&w);
    wire_config(config, wallet[0], wallet[1]);
    wire_start(&w, config);
    wire_run(&w);
    bool reached = of == DIES || of == DIES_LANDED ? store.crashed : calls_of(&store, of)->fail_at == 0;
    if (w.side[side].err != GASP_OK && gasp_err_class(w.side[side].err) != GASP_CLASS_STORE)
        fail_msg("%s: the session ended with %s", where, gasp_err_name(w.side[side].err));
    if (w.side[side].err == GASP_OK && !wire_complete(&w))
        fail_msg("%s: the sync ended without an error", where);
    *told += w.side[side].err != GASP_OK;
    calls_of(&store, of)->fail_at = 0;
    if (store.crashed || nth % 2 == 0) {
        gasp_wallet_free(wallet[side]);
        wallet[side] = scene_open(kv[side]);
    }
    for (int i = 0; i < 2; i++)
        scene_check(&world, wallet[i], where);
    wire_sync(&world, wallet[0], wallet[1], where);
    for (int i = 0; i < 2; i++) {
        gasp_wallet_free(wallet[i]);
        gasp_kv_close(kv[i]);
    }
    return reached;
}

static void every_call_of_a_sync(void **state)
{
    char what[64];
    unsigned one_in = test_one_in();
    size_t tried = 0;
    size_t told = 0;
    (void)state;
    snprintf(what, sizeof what, "hostile/store: one in %u", one_in);
    test_random r = test_random_start(what);
    for (int side = 0; side < 2; side++)
        for (int of = 0; of < WAYS; of++)
            for (size_t nth = 1 + (size_t)test_random_below(&r, one_in); fail_sync(side, (way)of, nth, &told);
                 nth += one_in)
                tried++;
    assert_true(tried > 200 / one_in && told > tried / 2);
    print_message("count: calls of a sync to the store that failed: %zu, one in %u; %zu ended it\n", tried, one_in,
                  told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_call_of_a_sync)};
    return cmocka_run_group_tests(tests, make_world, free_world);
}
