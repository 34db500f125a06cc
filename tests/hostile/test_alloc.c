/* Every allocation fails once: of a whole sync, on either side, and of every call of a wallet. The answer is
 * GASP_ERR_NOMEM, nothing leaks, the wallet passes its check, and the next try succeeds, in the same process and on the same
 * wallet object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gasp/header.h"
#include "hostile/scarce.h"
#include "hostile/wire.h"
#include "lib/random.h"

static const gasp_collection standard = {{0}};
static const gasp_time now = {5, 1700000000000};
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

static gasp_err open_on(gasp_wallet **out, const gasp_kv *kv, const gasp_mem *mem)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    config.kv = kv;
    config.mem = mem;
    return gasp_wallet_open(out, &config);
}

/* ---- a sync -------------------------------------------------------------------------------------------------------- */

/* One side lives on scarce memory: store, wallet and session. */
typedef struct run {
    scarce mem;
    gasp_kv *kv[2];
    gasp_wallet *wallet[2];
    int side;
} run;

static void run_begin(run *r, int side)
{
    *r = (run){.side = side};
    scarce_init(&r->mem);
    for (int i = 0; i < 2; i++) {
        const gasp_mem *mem = i == side ? &r->mem.mem : NULL;
        r->kv[i] = scene_store(&world, i, mem);
        assert_err(open_on(&r->wallet[i], r->kv[i], mem), GASP_OK);
    }
}

static void run_end(run *r, const char *where)
{
    for (int i = 0; i < 2; i++) {
        gasp_wallet_free(r->wallet[i]);
        gasp_kv_close(r->kv[i]);
    }
    if (r->mem.live != 0)
        fail_msg("%s: %zu blocks are left", where, r->mem.live);
}

/* Whether the sync asked for memory that often. */
static bool fail_sync(int side, size_t nth, size_t *survived)
{
    char where[64];
    gasp_session_config config[2];
    wire w;
    run r;
    snprintf(where, sizeof where, "side %d, allocation %zu", side, nth);
    run_begin(&r, side);
    wire_init(&w);
    wire_config(config, r.wallet[0], r.wallet[1]);
    config[side].mem = &r.mem.mem;
    scarce_fail(&r.mem, nth);
    wire_start(&w, config);
    wire_run(&w);
    bool failed = scarce_failed(&r.mem);
    scarce_fail(&r.mem, 0);
    const gasp_err mine = w.side[side].err;
    const gasp_err theirs = w.side[!side].err;
    if (failed && mine != GASP_ERR_NOMEM && !wire_complete(&w))
        fail_msg("%s: the session ended with %s, %zu were refused, the last for %s", where, gasp_err_name(mine),
                 w.side[side].refused, gasp_err_name(w.side[side].refused_for));
    if (theirs != GASP_OK && theirs != GASP_ERR_PEER_CLOSED && theirs != GASP_ERR_PEER_ERROR)
        fail_msg("%s: the other session ended with %s", where, gasp_err_name(theirs));
    if (mine == GASP_ERR_NOMEM)
        assert_err(w.side[side].why.err != GASP_OK ? w.side[side].why.err : GASP_ERR_NOMEM, GASP_ERR_NOMEM);
    *survived += failed && mine == GASP_OK;
    for (int i = 0; i < 2; i++)
        scene_check(&world, r.wallet[i], where);
    wire_sync(&world, r.wallet[0], r.wallet[1], where);
    run_end(&r, where);
    return failed;
}

static void every_allocation_of_a_sync(void **state)
{
    char what[64];
    unsigned one_in = test_one_in();
    size_t survived = 0;
    (void)state;
    snprintf(what, sizeof what, "hostile/alloc: a sync, one in %u", one_in);
    test_random r = test_random_start(what);
    for (int side = 0; side < 2; side++) {
        size_t tried = 0;
        size_t nth = 1 + (size_t)test_random_below(&r, one_in);
        for (; fail_sync(side, nth, &survived); nth += one_in)
            tried++;
        assert_true(tried > 500 / one_in);
        print_message("count: allocations of side %d of a sync that failed: %zu, one in %u\n", side, tried, one_in);
    }
    print_message("count: syncs that completed although an allocation failed: %zu\n", survived);
}

/* Store, wallet and session each have memory of their own: what one allocated it gets back. */
static void each_its_own(void **state)
{
    scarce mem[2][3];
    gasp_kv *kv[2];
    gasp_wallet *wallet[2];
    gasp_session_config config[2];
    wire w;
    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 3; k++)
            scarce_init(&mem[i][k]);
        kv[i] = scene_store(&world, i, &mem[i][0].mem);
        assert_err(open_on(&wallet[i], kv[i], &mem[i][1].mem), GASP_OK);
    }
    wire_init(&w);
    wire_config(config, wallet[0], wallet[1]);
    for (int i = 0; i < 2; i++)
        config[i].mem = &mem[i][2].mem;
    wire_start(&w, config);
    wire_run(&w);
    assert_true(wire_complete(&w));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mem[i][2].live, 0);
        gasp_wallet_free(wallet[i]);
        assert_int_equal(mem[i][1].live, 0);
        gasp_kv_close(kv[i]);
        assert_int_equal(mem[i][0].live, 0);
    }
}

/* ---- calls of a wallet --------------------------------------------------------------------------------------------- */

enum { HEADERS = 20 };

typedef struct bench {
    scarce mem;
    gasp_kv *kv;
    gasp_wallet *wallet; /* NULL for create and open */
    gasp_txid end;       /* unproven, held */
    gasp_data beef;      /* of graphs that it lacks */
    uint8_t headers[HEADERS * GASP_HEADER_LEN];
} bench;

static gasp_err do_create(bench *b)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    config.kv = b->kv;
    config.mem = &b->mem.mem;
    return gasp_wallet_create(&config, GASP_NETWORK_REGTEST, now);
}

static gasp_err do_open(bench *b)
{
    gasp_wallet *wallet = NULL;
    gasp_err err = open_on(&wallet, b->kv, &b->mem.mem);
    assert_true((err == GASP_OK) == (wallet != NULL));
    gasp_wallet_free(wallet);
    return err;
}

static gasp_err do_import(bench *b)
{
    gasp_headers_report report;
    return gasp_wallet_headers_import(b->wallet, &report, b->headers, sizeof b->headers, 1, NULL, now, NULL);
}

static gasp_err do_trust(bench *b)
{
    return gasp_wallet_headers_trust(b->wallet, b->headers, 3000, now);
}

static gasp_err do_tip(bench *b)
{
    gasp_header_info info;
    gasp_err err = gasp_wallet_headers_tip(b->wallet, &info);
    return err != GASP_OK ? err : gasp_wallet_header_at(b->wallet, &info, 0);
}

static gasp_err do_add(bench *b)
{
    gasp_add_config config;
    gasp_add_config_init(&config);
    return gasp_wallet_add(b->wallet, b->beef.data, b->beef.len, &config, now, NULL, NULL, NULL);
}

static gasp_err do_label(bench *b)
{
    const gasp_outpoint outpoint = {b->end, 0};
    return gasp_wallet_label(b->wallet, &outpoint, "note", (const uint8_t *)"food", 4, now);
}

static gasp_err export_as(bench *b, gasp_export form)
{
    gasp_data out = {0};
    gasp_err err = gasp_wallet_export(b->wallet, &out, &b->end, form);
    assert_true((err == GASP_OK) == (out.data != NULL));
    gasp_data_clear(&out);
    return err;
}

static gasp_err do_export(bench *b)
{
    return export_as(b, GASP_EXPORT_BEEF);
}

static gasp_err do_export_atomic(bench *b)
{
    return export_as(b, GASP_EXPORT_ATOMIC);
}

static gasp_err see_output(void *ctx, const gasp_output *output)
{
    *(size_t *)ctx += output->script.len;
    return GASP_OK;
}

static gasp_err do_list(bench *b)
{
    size_t bytes = 0;
    return gasp_wallet_outputs(b->wallet, &standard, NULL, true, see_output, &bytes);
}

static gasp_err see_change(void *ctx, const gasp_change *change)
{
    *(uint64_t *)ctx += change->seq;
    return GASP_OK;
}

static gasp_err do_changes(bench *b)
{
    uint64_t sum = 0;
    return gasp_wallet_changes(b->wallet, 0, see_change, &sum);
}

static gasp_err do_summary(bench *b)
{
    gasp_set_summary summary;
    return gasp_wallet_summary(b->wallet, &summary, &standard);
}

static gasp_err do_transaction(bench *b)
{
    gasp_held held = {0};
    gasp_err err = gasp_wallet_transaction(b->wallet, &held, &b->end);
    gasp_held_clear(&held);
    return err;
}

static gasp_err do_check(bench *b)
{
    gasp_check_report report;
    gasp_err err = gasp_wallet_check(b->wallet, &report, NULL, NULL);
    assert_true(err != GASP_OK || report.problems == 0);
    return err;
}

static gasp_err do_session(bench *b)
{
    gasp_session *session = NULL;
    gasp_session_config config;
    const uint8_t *out;
    size_t len;
    gasp_session_config_init(&config);
    config.wallet = b->wallet;
    config.mem = &b->mem.mem;
    config.initiator = true;
    config.peer = (const uint8_t *)"somebody";
    config.peer_len = 8;
    gasp_err err = gasp_session_new(&session, &config);
    assert_true((err == GASP_OK) == (session != NULL));
    if (err == GASP_OK)
        err = gasp_session_send(session, &out, &len, now);
    gasp_session_free(session);
    return err;
}

typedef enum need { NEEDS_NOTHING, NEEDS_STORE, NEEDS_WALLET } need;

static const struct {
    const char *name;
    gasp_err (*run)(bench *b);
    need needs;
    bool once;  /* a second time it answers GASP_ERR_STORE_EXISTS */
    bool parts; /* what it did before the failure may stay, in the store, which lives in the same memory */
} calls[] = {
    {"create", do_create, NEEDS_NOTHING, true, false},
    {"open", do_open, NEEDS_STORE, false, false},
    {"headers import", do_import, NEEDS_WALLET, false, false},
    {"headers trust", do_trust, NEEDS_WALLET, false, false},
    {"headers tip, at", do_tip, NEEDS_WALLET, false, false},
    {"add", do_add, NEEDS_WALLET, false, true},
    {"label", do_label, NEEDS_WALLET, false, false},
    {"export", do_export, NEEDS_WALLET, false, false},
    {"export atomic", do_export_atomic, NEEDS_WALLET, false, false},
    {"outputs", do_list, NEEDS_WALLET, false, false},
    {"changes", do_changes, NEEDS_WALLET, false, false},
    {"summary", do_summary, NEEDS_WALLET, false, false},
    {"transaction", do_transaction, NEEDS_WALLET, false, false},
    {"check", do_check, NEEDS_WALLET, false, false},
    {"session", do_session, NEEDS_WALLET, false, false},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* Headers of regtest on top of genesis. */
static void mine(uint8_t *out, gasp_wallet *wallet)
{
    gasp_header_info genesis;
    gasp_header header;
    gasp_block_hash hash;
    assert_err(gasp_wallet_header_at(wallet, &genesis, 0), GASP_OK);
    gasp_header_decode(&header, genesis.raw80);
    hash = genesis.hash;
    for (size_t i = 0; i < HEADERS; i++) {
        header.version = 0x20000000;
        header.prev = hash;
        header.time += 600;
        do {
            header.nonce++;
            gasp_header_encode(out + i * GASP_HEADER_LEN, &header);
            gasp_header_hash(&hash, out + i * GASP_HEADER_LEN);
        } while (hash.b[31] >= 0x7f);
    }
}

/* A chain's end is what the last transaction of the scene's fourth kind is: graph 6, which side 0 has. */
static void bench_begin(bench *b, need needs)
{
    *b = (bench){0};
    scarce_init(&b->mem);
    if (needs == NEEDS_NOTHING) {
        assert_err(gasp_kv_memory_new(&b->kv, &b->mem.mem), GASP_OK);
        return;
    }
    gasp_kv *other = scene_store(&world, 1, NULL);
    gasp_wallet *giver = scene_open(other);
    b->kv = scene_store(&world, 0, &b->mem.mem);
    for (size_t i = 0; i < world.n_txids; i++) {
        gasp_held held = {0};
        if (gasp_wallet_transaction(giver, &held, &world.txids[i]) == GASP_OK && held.anchor == NULL) {
            gasp_data_clear(&b->beef);
            assert_err(gasp_wallet_export(giver, &b->beef, &world.txids[i], GASP_EXPORT_BEEF), GASP_OK);
        }
        gasp_held_clear(&held);
    }
    gasp_wallet_free(giver);
    gasp_kv_close(other);
    if (needs == NEEDS_WALLET) {
        assert_err(open_on(&b->wallet, b->kv, &b->mem.mem), GASP_OK);
        mine(b->headers, b->wallet);
    }
    for (size_t i = 0; i < world.n_txids; i++) {
        gasp_held held = {0};
        if (b->wallet != NULL && gasp_wallet_transaction(b->wallet, &held, &world.txids[i]) == GASP_OK &&
            held.anchor == NULL)
            b->end = world.txids[i];
        gasp_held_clear(&held);
    }
}

static void bench_end(bench *b)
{
    gasp_data_clear(&b->beef);
    gasp_wallet_free(b->wallet);
    gasp_kv_close(b->kv);
    assert_int_equal(b->mem.live, 0);
}

static bool fail_call(size_t call, size_t nth)
{
    bench b;
    bench_begin(&b, calls[call].needs);
    const size_t live = b.mem.live;
    const uint64_t before = scene_mark(b.kv);
    scarce_fail(&b.mem, nth);
    gasp_err err = calls[call].run(&b);
    bool failed = scarce_failed(&b.mem);
    scarce_fail(&b.mem, 0);
    if (failed && err != GASP_ERR_NOMEM && err != GASP_OK)
        fail_msg("%s, allocation %zu: %s", calls[call].name, nth, gasp_err_name(err));
    if (!failed)
        assert_err(err, GASP_OK);
    if (err != GASP_OK && !calls[call].parts && b.mem.live != live)
        fail_msg("%s, allocation %zu: %zu blocks are left", calls[call].name, nth, b.mem.live - live);
    if (err != GASP_OK && !calls[call].parts && scene_mark(b.kv) != before)
        fail_msg("%s, allocation %zu: the store was changed", calls[call].name, nth);
    gasp_err again = calls[call].run(&b);
    if (again != (err == GASP_OK && calls[call].once ? GASP_ERR_STORE_EXISTS : GASP_OK))
        fail_msg("%s, after allocation %zu: %s", calls[call].name, nth, gasp_err_name(again));
    if (b.wallet != NULL)
        scene_check(&world, b.wallet, calls[call].name);
    bench_end(&b);
    return failed;
}

static void every_allocation_of_a_call(void **state)
{
    char what[64];
    unsigned one_in = test_one_in();
    size_t all = 0;
    (void)state;
    snprintf(what, sizeof what, "hostile/alloc: calls, one in %u", one_in);
    test_random r = test_random_start(what);
    for (size_t call = 0; call < CALLS; call++) {
        size_t tried = 0;
        for (size_t nth = 1 + (size_t)test_random_below(&r, one_in); fail_call(call, nth); nth += one_in)
            tried++;
        all += tried;
        if (tried == 0 && one_in == 1)
            print_message("%s asks for no memory\n", calls[call].name);
    }
    assert_true(all > 300 / one_in);
    print_message("count: allocations of %d calls of a wallet that failed: %zu, one in %u\n", CALLS, all, one_in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_call),
        cmocka_unit_test(each_its_own),
        cmocka_unit_test(every_allocation_of_a_sync),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
