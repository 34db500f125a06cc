/* Each call to the store and each allocation fails once, at every place of what a wallet does: the answer is the store's
 * error or GASP_ERR_NOMEM, the store is what it was, nothing leaks, and the next try succeeds. */
#include <stdlib.h>
#include <string.h>

#include "store/faulty.h"
#include "wallet/inside.h"
#include "wallet/made.h"

static const gasp_collection standard = {{0}};

/* ---- memory that ends ---------------------------------------------------------------------------------------------- */

typedef struct counted {
    gasp_mem mem;
    size_t live;    /* blocks not freed */
    size_t asked;   /* calls so far */
    size_t fail_at; /* which one fails, counted from 1; 0: none */
} counted;

static bool refuse(counted *c)
{
    c->asked++;
    return c->fail_at != 0 && c->asked == c->fail_at;
}

static void *allocate(void *user, size_t len)
{
    counted *c = user;
    void *block = refuse(c) ? NULL : malloc(len);
    c->live += block != NULL;
    return block;
}

static void *resize(void *user, void *block, size_t len)
{
    counted *c = user;
    void *moved = refuse(c) ? NULL : realloc(block, len);
    c->live += moved != NULL && block == NULL;
    return moved;
}

static void release(void *user, void *block)
{
    counted *c = user;
    c->live -= block != NULL;
    free(block);
}

static void counted_init(counted *c)
{
    *c = (counted){.mem = {sizeof c->mem, c, allocate, resize, release}};
}

/* ---- what is done -------------------------------------------------------------------------------------------------- */

/* A wallet that holds a proven transaction, one that spends it and a label; and a file with more. */
typedef struct scene {
    gasp_kv *kv;
    faulty store;
    counted mem;
    gasp_wallet *wallet;
    gasp_outpoint ours; /* held, unspent, unproven */
    gasp_txid spent;    /* held and proven */
    gasp_bytes file;    /* a BEEF: a new proof of what is held, a new chain that ends two of its outputs */
    gasp_txid end;      /* of the file */
    gasp_bytes proof;   /* a path that proves the transaction of `ours` */
    gasp_bytes pay;     /* a transaction that spends `ours` */
} scene;

static gasp_wallet *open_on(const gasp_kv *kv, const gasp_mem *mem)
{
    gasp_wallet_config config;
    gasp_wallet *wallet = NULL;
    gasp_wallet_config_init(&config);
    config.kv = kv;
    config.mem = mem;
    assert_err(gasp_wallet_open(&wallet, &config), GASP_OK);
    return wallet;
}

static void scene_init(scene *s)
{
    made_report report;
    gasp_txid ids[4];
    gasp_bytes raws[4];
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    *s = (scene){.kv = w.kv};
    raws[0] = made_fund(&ids[0], 3, 1000, 1);
    gasp_outpoint prev[2] = {{ids[0], 0}, {{{0}}, 0}};
    raws[1] = made_spend(&ids[1], prev, 1, 1000, 2, 0);
    prev[0] = (gasp_outpoint){ids[0], 1};
    prev[1] = (gasp_outpoint){ids[0], 2};
    raws[2] = made_spend(&ids[2], prev, 2, 1000, 2, 0);
    prev[0] = (gasp_outpoint){ids[1], 0};
    prev[1] = (gasp_outpoint){ids[2], 1};
    raws[3] = made_spend(&ids[3], prev, 1, 500, 1, 0);
    gasp_bump *first = made_block_in(w.wallet, 10, &ids[0], 1);
    gasp_bump *second = made_block_in(w.wallet, 11, &ids[1], 1);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, raws[0], first);
    made_beef_add(beef, raws[1], NULL);
    gasp_bytes held = made_beef_end(beef);
    assert_err(made_add(w.wallet, held, NULL, 100, &report), GASP_OK);
    beef = made_beef();
    made_beef_add(beef, raws[0], first);
    made_beef_add(beef, raws[1], second);
    made_beef_add(beef, raws[2], NULL);
    made_beef_add(beef, raws[3], NULL);
    s->file = made_beef_end(beef);
    s->ours = (gasp_outpoint){ids[1], 1};
    s->spent = ids[0];
    s->end = ids[3];
    gasp_txid pay;
    size_t len;
    prev[0] = s->ours;
    s->pay = made_spend(&pay, prev, 1, 500, 1, 7);
    assert_err(gasp_bump_encode(second, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_err(gasp_bump_encode(second, bytes, len, &len), GASP_OK);
    s->proof = (gasp_bytes){bytes, len};
    assert_err(gasp_wallet_label(w.wallet, &s->ours, "label", (const uint8_t *)"rent", 4, made_time(101)), GASP_OK);
    gasp_wallet_free(w.wallet);
    faulty_init(&s->store, s->kv);
    counted_init(&s->mem);
    s->wallet = open_on(&s->store.kv, &s->mem.mem);
    gasp_bump_free(first);
    gasp_bump_free(second);
    test_release(held);
    for (size_t i = 0; i < 4; i++)
        test_release(raws[i]);
}

static void scene_clear(scene *s)
{
    gasp_wallet_free(s->wallet);
    assert_int_equal(s->mem.live, 0);
    gasp_kv_close(s->kv);
    test_release(s->file);
    test_release(s->proof);
    test_release(s->pay);
}

static gasp_err do_add(scene *s)
{
    made_report report;
    return made_add(s->wallet, s->file, NULL, 500, &report);
}

static gasp_err do_label(scene *s)
{
    return gasp_wallet_label(s->wallet, &s->ours, "label", (const uint8_t *)"food", 4, made_time(600));
}

static gasp_err do_export(scene *s)
{
    gasp_data out = {0};
    gasp_err err = gasp_wallet_export(s->wallet, &out, &s->ours.txid, GASP_EXPORT_ATOMIC);
    assert_true((err == GASP_OK) == (out.data != NULL));
    gasp_data_clear(&out);
    return err;
}

static gasp_err do_transaction(scene *s)
{
    gasp_held held = {0};
    gasp_err err = gasp_wallet_transaction(s->wallet, &held, &s->spent); /* with a path */
    gasp_held_clear(&held);
    if (err == GASP_OK)
        err = gasp_wallet_transaction(s->wallet, &held, &s->ours.txid); /* with entries */
    gasp_held_clear(&held);
    return err;
}

static gasp_err see_output(void *ctx, const gasp_output *o)
{
    ++*(size_t *)ctx;
    return o->sat > 0 ? GASP_OK : GASP_ERR_INTERNAL;
}

static gasp_err do_list(scene *s)
{
    size_t n = 0;
    return gasp_wallet_outputs(s->wallet, &standard, NULL, true, see_output, &n);
}

static gasp_err see_change(void *ctx, const gasp_change *change)
{
    ++*(size_t *)ctx;
    return change->seq > 0 ? GASP_OK : GASP_ERR_INTERNAL;
}

static gasp_err do_filter(scene *s)
{
    size_t n = 0;
    bool more;
    gasp_list_config config;
    gasp_list_config_init(&config);
    config.filter = GASP_LIST_UNPROVEN;
    config.label = "label";
    return gasp_wallet_list(s->wallet, &config, &more, see_output, &n);
}

static gasp_err do_prove(scene *s)
{
    return gasp_wallet_prove(s->wallet, s->proof.data, s->proof.len, made_time(700), NULL, NULL, NULL);
}

static gasp_err do_spend(scene *s)
{
    return gasp_wallet_spend(s->wallet, s->pay.data, s->pay.len, NULL, made_time(701), NULL, NULL, NULL);
}

static gasp_err do_forget(scene *s)
{
    return gasp_wallet_forget(s->wallet, NULL, &s->ours.txid, made_time(702));
}

static gasp_err do_broadcast(scene *s)
{
    return gasp_wallet_broadcast(s->wallet, &s->ours.txid, (const uint8_t *)"ok", 2, made_time(703));
}

static gasp_err do_changes(scene *s)
{
    size_t n = 0;
    return gasp_wallet_changes(s->wallet, 0, see_change, &n);
}

static gasp_err do_summary(scene *s)
{
    gasp_set_summary summary;
    return gasp_wallet_summary(s->wallet, &summary, &standard);
}

static const struct {
    const char *name;
    gasp_err (*run)(scene *s);
    bool writes;
} works[] = {{"add", do_add, true},        {"label", do_label, true},      {"prove", do_prove, true},
             {"spend", do_spend, true},    {"forget", do_forget, true},    {"broadcast", do_broadcast, true},
             {"filter", do_filter, false}, {"export", do_export, false},   {"transaction", do_transaction, false},
             {"list", do_list, false},     {"changes", do_changes, false}, {"summary", do_summary, false}};

enum { WORKS = sizeof works / sizeof works[0] };

static void assert_same(gasp_bytes a, gasp_bytes b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

/* Only an import may go on after a failure: of proofs that it keeps after its graphs, in a batch of their own. */
static void assert_landed(scene *s, size_t work, gasp_bytes before)
{
    gasp_bytes after = made_dump(s->kv);
    assert_int_equal(work, 0);
    assert_true(after.len > before.len);
    test_release(after);
}

/* Blocks in use, but for what the wallet keeps of its last snapshot. */
static size_t live_of(scene *s)
{
    gasp_wallet_snapshot_forget(s->wallet);
    return s->mem.live;
}

/* After a failure: nothing is left in memory, nothing changed in the store, and the next try works. */
static void check_failed(scene *s, size_t work, size_t live, gasp_bytes before)
{
    size_t now = live_of(s);
    if (now != live)
        fail_msg("%s: %zu blocks are left", works[work].name, now - live);
    gasp_bytes after = made_dump(s->kv);
    assert_same(before, after);
    test_release(after);
    assert_err(works[work].run(s), GASP_OK);
    assert_int_equal(live_of(s), live);
    after = made_dump(s->kv);
    assert_int_equal(works[work].writes, after.len != before.len || memcmp(after.data, before.data, after.len) != 0);
    test_release(after);
}

/* ---- the store ----------------------------------------------------------------------------------------------------- */

static faulty_calls *calls_of(faulty *f, size_t kind)
{
    faulty_calls *all[] = {&f->snapshot, &f->get, &f->scan, &f->write};
    return all[kind];
}

static void every_call_to_the_store_fails(void **state)
{
    (void)state;
    static const gasp_err errors[] = {GASP_ERR_STORE_IO, GASP_ERR_STORE_CORRUPT};
    size_t failed = 0;
    size_t failed_add = 0;
    for (size_t work = 0; work < WORKS; work++) {
        for (size_t kind = 0; kind < 4; kind++) {
            for (size_t n = 1;; n++) {
                scene s;
                scene_init(&s);
                size_t live = s.mem.live;
                gasp_bytes before = made_dump(s.kv);
                faulty_calls *calls = calls_of(&s.store, kind);
                calls->fail_at = n;
                calls->with = errors[n % 2];
                calls->rows_first = n % 3;
                gasp_err err = works[work].run(&s);
                bool reached = calls->fail_at == 0;
                calls->fail_at = 0;
                if (reached && err == GASP_OK) {
                    assert_landed(&s, work, before);
                } else if (reached) {
                    assert_err(err, errors[n % 2]);
                    check_failed(&s, work, live, before);
                    failed++;
                    failed_add += work == 0;
                } else {
                    assert_err(err, GASP_OK);
                }
                test_release(before);
                scene_clear(&s);
                if (!reached)
                    break;
            }
        }
    }
    assert_true(failed_add > 60 && failed > failed_add);
    print_message("count: wallet %zu failing calls to the store, %zu of them in an import, each without a trace\n",
                  failed, failed_add);
}

/* A batch that landed although its write failed: the next try finds its own work done. */
static void a_write_that_landed(void **state)
{
    (void)state;
    scene s;
    made_report report;
    scene_init(&s);
    s.store.write.fail_at = 1;
    s.store.lands = true;
    assert_err(do_add(&s), GASP_ERR_STORE_IO);
    assert_err(made_add(s.wallet, s.file, NULL, 501, &report), GASP_OK);
    assert_int_equal(made_verdict(&report, &s.end)->fate, GASP_FATE_KNOWN);
    scene_clear(&s);
}

/* The process dies at its write; another wallet on the same store sees all of it or nothing. */
static void a_crash_at_the_write(void **state)
{
    (void)state;
    for (int lands = 0; lands < 2; lands++) {
        scene s;
        gasp_held held;
        scene_init(&s);
        s.store.crash_at = 1;
        s.store.lands = lands == 1;
        assert_err(do_add(&s), GASP_ERR_STORE_IO);
        assert_err(do_list(&s), GASP_ERR_STORE_IO);
        gasp_wallet *next = open_on(s.kv, NULL);
        gasp_err err = gasp_wallet_transaction(next, &held, &s.end);
        assert_err(err, lands == 1 ? GASP_OK : GASP_ABSENT);
        if (lands == 1)
            gasp_held_clear(&held);
        gasp_wallet_free(next);
        scene_clear(&s);
    }
}

/* ---- memory -------------------------------------------------------------------------------------------------------- */

static void every_allocation_fails(void **state)
{
    (void)state;
    size_t failed = 0;
    size_t failed_add = 0;
    for (size_t work = 0; work < WORKS; work++) {
        scene s;
        scene_init(&s);
        gasp_bytes before = made_dump(s.kv);
        size_t live = s.mem.live;
        for (size_t n = 1;; n++) {
            s.mem.asked = 0;
            s.mem.fail_at = n;
            gasp_err err = works[work].run(&s);
            bool reached = s.mem.asked >= n;
            s.mem.fail_at = 0;
            assert_int_equal(live_of(&s), live);
            if (!reached) {
                assert_err(err, GASP_OK);
                break;
            }
            if (err == GASP_OK) {
                assert_landed(&s, work, before);
                scene_clear(&s);
                scene_init(&s);
                live = s.mem.live;
                continue;
            }
            if (err != GASP_ERR_NOMEM)
                fail_msg("%s: allocation %zu failed, answered %d", works[work].name, n, (int)err);
            gasp_bytes after = made_dump(s.kv);
            assert_same(before, after);
            test_release(after);
            failed++;
            failed_add += work == 0;
        }
        test_release(before);
        scene_clear(&s);
    }
    assert_true(failed_add > 100 && failed > failed_add);
    print_message("count: wallet %zu failing allocations, %zu of them in an import, nothing leaked or stored\n", failed,
                  failed_add);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_to_the_store_fails),
        cmocka_unit_test(a_write_that_landed),
        cmocka_unit_test(a_crash_at_the_write),
        cmocka_unit_test(every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
