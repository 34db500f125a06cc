/* The memory store: the suite, then what is its own - the tree's balance, an allocator that fails at every place in
 * turn, threads, a million rows - and the faulty store that other tests put in front of it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lib/data.h"
#include "lib/random.h"
#include "store/faulty.h"
#include "store/suite.h"
#include "store/tree.h"

/* An allocator that counts what is out and fails when it is told to. */
typedef struct meter {
    gasp_mem mem;
    atomic_size_t out;
    size_t fail_at; /* as in faulty.h */
} meter;

static void *meter_allocate(void *user, size_t len)
{
    meter *m = user;
    if (m->fail_at > 0 && --m->fail_at == 0)
        return NULL;
    atomic_fetch_add(&m->out, 1);
    return malloc(len);
}

static void *meter_resize(void *user, void *block, size_t len)
{
    (void)user;
    return realloc(block, len);
}

static void meter_release(void *user, void *block)
{
    meter *m = user;
    if (block != NULL)
        atomic_fetch_sub(&m->out, 1);
    free(block);
}

static void meter_init(meter *m)
{
    m->mem = (gasp_mem){sizeof m->mem, m, meter_allocate, meter_resize, meter_release};
    atomic_init(&m->out, 0);
    m->fail_at = 0;
}

static meter suite_meter;

static gasp_kv *make(void)
{
    gasp_kv *kv = NULL;
    meter_init(&suite_meter);
    assert_err(gasp_kv_memory_new(&kv, &suite_meter.mem), GASP_OK);
    return kv;
}

static void unmake(gasp_kv *kv)
{
    gasp_kv_close(kv);
    assert_int_equal(atomic_load(&suite_meter.out), 0);
}

static gasp_bytes key_of(uint64_t number, uint8_t out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (56 - 8 * i));
    return (gasp_bytes){out, 8};
}

/* Ascending, descending and random keys, put and deleted, with old roots held meanwhile. */
static void tree_is_balanced(void **state)
{
    (void)state;
    enum { KEYS = 3000, HELD = 8 };
    test_random r = test_random_start("tree");
    const gasp_mem *mem = gasp_mem_default();
    gasp_tree *root = NULL;
    gasp_tree *held[HELD] = {NULL};
    size_t held_rows[HELD] = {0};
    static bool there[3 * KEYS];
    size_t expected = 0;
    size_t rows = 0;
    uint8_t bytes[8];
    memset(there, 0, sizeof there);
    for (uint64_t step = 0; step < 40000; step++) {
        uint64_t number = step < KEYS       ? step
                          : step < 2 * KEYS ? 3 * KEYS - 1 - (step - KEYS)
                                            : test_random_below(&r, (uint64_t)3 * KEYS);
        bool put = step < 2 * KEYS || test_random_below(&r, step < 20000 ? 2 : 4) == 0;
        gasp_bytes key = key_of(number, bytes);
        assert_err(put ? gasp_tree_put(&root, key, key, mem) : gasp_tree_del(&root, key, mem), GASP_OK);
        if (put != there[number])
            expected = put ? expected + 1 : expected - 1;
        there[number] = put;
        if (step % 97 == 0) {
            size_t i = (size_t)test_random_below(&r, HELD);
            if (held[i] != NULL) {
                assert_true(gasp_tree_sound(held[i], &rows));
                assert_int_equal(rows, held_rows[i]);
            }
            gasp_tree_release(held[i], mem);
            held[i] = gasp_tree_retain(root);
            held_rows[i] = expected;
            assert_true(gasp_tree_sound(root, &rows));
            assert_int_equal(rows, expected);
        }
    }
    for (size_t i = 0; i < HELD; i++)
        gasp_tree_release(held[i], mem);
    gasp_tree_release(root, mem);
}

static gasp_err append_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    char *text = ctx;
    strncat(text, (const char *)key.data, key.len);
    strncat(text, (const char *)value.data, value.len);
    return GASP_OK;
}

static void rows_as_text(gasp_kv *kv, const gasp_kv_snapshot *at, char text[512])
{
    text[0] = '\0';
    assert_err(kv->scan(kv->user, at, suite_text(""), suite_text(""), false, append_row, text), GASP_OK);
}

/* Fails each allocation of a batch in turn: nothing of the batch is seen, by the newest state or a snapshot. */
static void no_memory(void **state)
{
    (void)state;
    meter m;
    gasp_kv *kv = NULL;
    gasp_kv_snapshot *at = NULL;
    gasp_kv_text why;
    char before[512];
    char after[512];
    size_t failures = 0;
    meter_init(&m);
    m.fail_at = 1;
    assert_err(gasp_kv_memory_new(&kv, &m.mem), GASP_ERR_NOMEM);
    assert_err(gasp_kv_memory_new(NULL, &m.mem), GASP_ERR_MISUSE);
    assert_err(gasp_kv_memory_new(&kv, &m.mem), GASP_OK);
    for (const char *c = "mdtapgzckfwjo"; *c != '\0'; c++)
        suite_put(kv, (const char[]){*c, '\0'}, "1");
    assert_err(kv->snapshot(kv->user, &at), GASP_OK);
    rows_as_text(kv, NULL, before);
    const gasp_kv_op ops[] = {
        {GASP_KV_PUT, suite_text("b"), suite_text("2")},   {GASP_KV_DELETE, suite_text("m"), {NULL, 0}},
        {GASP_KV_PUT, suite_text("y"), suite_text("2")},   {GASP_KV_DELETE, suite_text("a"), {NULL, 0}},
        {GASP_KV_PUT, suite_text("t"), suite_text("2")},   {GASP_KV_DELETE, suite_text("c"), {NULL, 0}},
        {GASP_KV_DELETE, suite_text("b"), {NULL, 0}},      {GASP_KV_PUT, suite_text("bb"), suite_text("2")},
        {GASP_KV_DELETE, suite_text("absent"), {NULL, 0}},
    };
    for (;; failures++) {
        m.fail_at = failures + 1;
        gasp_err err = kv->write(kv->user, ops, sizeof ops / sizeof *ops, true);
        if (err == GASP_OK)
            break;
        assert_err(err, GASP_ERR_NOMEM);
        kv->why(kv->user, &why);
        assert_string_equal(why.text, gasp_err_text(GASP_ERR_NOMEM));
        rows_as_text(kv, NULL, after);
        assert_string_equal(after, before);
    }
    m.fail_at = 0;
    printf("count: out of memory at each of %zu allocations of a batch\n", failures);
    assert_true(failures > 5);
    rows_as_text(kv, at, after);
    assert_string_equal(after, before);
    rows_as_text(kv, NULL, after);
    assert_string_equal(after, "bb2d1f1g1j1k1o1p1t2w1y2z1");
    gasp_kv_snapshot *none = NULL;
    m.fail_at = 1;
    assert_err(kv->snapshot(kv->user, &none), GASP_ERR_NOMEM);
    gasp_kv_close(kv);
    assert_int_equal(atomic_load(&m.out), 0);
    gasp_kv_close(NULL);
}

static gasp_err count_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)ctx;
    return GASP_OK;
}

static size_t row_count(gasp_kv *kv)
{
    size_t n = 0;
    assert_err(kv->scan(kv->user, NULL, suite_text(""), suite_text(""), false, count_row, &n), GASP_OK);
    return n;
}

/* The same for a batch that divides nodes at every height, over rows of before and while a snapshot is held. */
static void no_memory_to_divide(void **state)
{
    (void)state;
    enum { BEFORE = 50, ROWS = 4000, STEP = 61 /* each in turn would take a minute */ };
    static uint8_t bytes[ROWS][8];
    static gasp_kv_op ops[ROWS];
    meter m;
    gasp_kv *kv = NULL;
    gasp_kv_snapshot *at = NULL;
    size_t failures = 0;
    meter_init(&m);
    assert_err(gasp_kv_memory_new(&kv, &m.mem), GASP_OK);
    for (uint64_t i = 0; i < ROWS; i++)
        ops[i] = (gasp_kv_op){GASP_KV_PUT, key_of(i * 0x9e3779b97f4a7c15, bytes[i]), {NULL, 0}};
    assert_err(kv->write(kv->user, ops, BEFORE, true), GASP_OK);
    assert_err(kv->snapshot(kv->user, &at), GASP_OK);
    for (size_t at_one = 1;; failures++, at_one += STEP) {
        m.fail_at = at_one;
        gasp_err err = kv->write(kv->user, ops, ROWS, true);
        if (err == GASP_OK)
            break;
        assert_err(err, GASP_ERR_NOMEM);
        m.fail_at = 0;
        assert_int_equal(row_count(kv), BEFORE);
    }
    m.fail_at = 0;
    printf("count: out of memory at %zu allocations of a batch that divides nodes\n", failures);
    assert_true(failures > ROWS / STEP);
    assert_int_equal(row_count(kv), ROWS);
    kv->release(kv->user, at);
    gasp_kv_close(kv);
    assert_int_equal(atomic_load(&m.out), 0);
}

/* One writer keeps sixteen rows equal; readers must never see two that differ. */
enum { EQUAL_ROWS = 16 };

typedef struct readers {
    gasp_kv *kv;
    atomic_bool stop;
    atomic_size_t scans;
    atomic_size_t torn;
} readers;

typedef struct reading {
    uint8_t first[8];
    size_t rows;
    size_t differ;
} reading;

static gasp_err compare_rows(void *ctx, gasp_bytes key, gasp_bytes value)
{
    reading *x = ctx;
    (void)key;
    if (x->rows++ == 0)
        memcpy(x->first, value.data, 8);
    x->differ += memcmp(x->first, value.data, 8) != 0;
    return GASP_OK;
}

static void *read_on(void *arg)
{
    readers *all = arg;
    while (!atomic_load(&all->stop)) {
        gasp_kv_snapshot *at = NULL;
        reading newest = {.rows = 0};
        reading fixed = {.rows = 0};
        bool ok =
            all->kv->snapshot(all->kv->user, &at) == GASP_OK &&
            all->kv->scan(all->kv->user, NULL, suite_text(""), suite_text(""), false, compare_rows, &newest) ==
                GASP_OK &&
            all->kv->scan(all->kv->user, at, suite_text(""), suite_text(""), true, compare_rows, &fixed) == GASP_OK;
        all->kv->release(all->kv->user, at);
        if (!ok || newest.rows != EQUAL_ROWS || fixed.rows != EQUAL_ROWS || newest.differ + fixed.differ > 0)
            atomic_fetch_add(&all->torn, 1);
        atomic_fetch_add(&all->scans, 1);
    }
    return NULL;
}

static void write_equal(gasp_kv *kv, uint64_t number)
{
    uint8_t keys[EQUAL_ROWS][8];
    uint8_t value[8];
    gasp_kv_op ops[EQUAL_ROWS];
    for (uint64_t i = 0; i < EQUAL_ROWS; i++)
        ops[i] = (gasp_kv_op){GASP_KV_PUT, key_of(i, keys[i]), key_of(number, value)};
    assert_err(kv->write(kv->user, ops, EQUAL_ROWS, false), GASP_OK);
}

static void threads(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    readers all = {.kv = NULL};
    pthread_t ids[THREADS];
    assert_err(gasp_kv_memory_new(&all.kv, NULL), GASP_OK);
    write_equal(all.kv, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, read_on, &all), 0);
    uint64_t number = 1;
    for (; number < 20000 / test_one_in() || atomic_load(&all.scans) < THREADS; number++)
        write_equal(all.kv, number);
    atomic_store(&all.stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    printf("count: %zu scans beside %llu batches\n", atomic_load(&all.scans), (unsigned long long)number);
    assert_int_equal(atomic_load(&all.torn), 0);
    gasp_kv_close(all.kv);
}

static gasp_err count_found(void *ctx, size_t index, gasp_bytes value)
{
    (void)index;
    (void)value;
    ++*(size_t *)ctx;
    return GASP_OK;
}

static void a_million_rows(void **state)
{
    (void)state;
    const uint64_t rows = 1000000 / test_one_in();
    meter m;
    gasp_kv *kv = NULL;
    size_t seen = 0;
    meter_init(&m);
    assert_err(gasp_kv_memory_new(&kv, &m.mem), GASP_OK);
    for (uint64_t i = 0; i < rows; i++) {
        uint8_t bytes[8];
        gasp_bytes key = key_of(i * 0x9e3779b97f4a7c15, bytes);
        gasp_kv_op op = {GASP_KV_PUT, key, key};
        assert_err(kv->write(kv->user, &op, 1, false), GASP_OK);
    }
    assert_err(kv->scan(kv->user, NULL, suite_text(""), suite_text(""), false, count_row, &seen), GASP_OK);
    assert_int_equal(seen, rows);
    printf("%zu rows\n", seen);
    gasp_kv_close(kv);
    assert_int_equal(atomic_load(&m.out), 0);
}

static void faulty_store(void **state)
{
    (void)state;
    gasp_kv *below = NULL;
    gasp_kv_snapshot *at = NULL;
    faulty f;
    size_t rows = 0;
    gasp_kv_op op = {GASP_KV_PUT, suite_text("x"), suite_text("1")};
    assert_err(gasp_kv_memory_new(&below, NULL), GASP_OK);
    faulty_init(&f, below);
    suite_put(&f.kv, "a", "1");
    suite_put(&f.kv, "b", "1");
    f.write.fail_at = 2;
    suite_put(&f.kv, "c", "1");
    assert_err(f.kv.write(f.kv.user, &op, 1, true), GASP_ERR_STORE_IO);
    assert_null(suite_value(below, NULL, "x"));
    f.lands = true;
    f.write.fail_at = 1;
    assert_err(f.kv.write(f.kv.user, &op, 1, true), GASP_ERR_STORE_IO);
    assert_string_equal(suite_value(below, NULL, "x"), "1");
    f.scan.fail_at = 1;
    f.scan.with = GASP_ERR_STORE_CORRUPT;
    f.scan.rows_first = 2;
    assert_err(f.kv.scan(f.kv.user, NULL, suite_text(""), suite_text(""), false, count_row, &rows),
               GASP_ERR_STORE_CORRUPT);
    assert_int_equal(rows, 2);
    const gasp_bytes keys[] = {suite_text("a"), suite_text("absent"), suite_text("b"), suite_text("c")};
    f.get.fail_at = 1;
    f.get.rows_first = 2;
    rows = 0;
    assert_err(f.kv.get(f.kv.user, NULL, keys, 4, count_found, &rows), GASP_ERR_STORE_IO);
    assert_int_equal(rows, 2);
    assert_err(f.kv.get(f.kv.user, NULL, keys, 4, count_found, &rows), GASP_OK);
    assert_int_equal(rows, 5);
    f.snapshot.fail_at = 1;
    assert_err(f.kv.snapshot(f.kv.user, &at), GASP_ERR_STORE_IO);
    f.lands = false;
    f.crash_at = 2;
    suite_put(&f.kv, "d", "1");
    assert_err(f.kv.write(f.kv.user, &(gasp_kv_op){GASP_KV_PUT, suite_text("e"), {NULL, 0}}, 1, true),
               GASP_ERR_STORE_IO);
    assert_err(f.kv.write(f.kv.user, &op, 1, true), GASP_ERR_STORE_IO);
    assert_err(f.kv.scan(f.kv.user, NULL, suite_text(""), suite_text(""), false, count_row, &rows), GASP_ERR_STORE_IO);
    assert_err(f.kv.snapshot(f.kv.user, &at), GASP_ERR_STORE_IO);
    assert_string_equal(suite_value(below, NULL, "d"), "1");
    assert_null(suite_value(below, NULL, "e"));
    assert_int_equal(f.write.seen, 8);
    gasp_kv_close(&f.kv);
    gasp_kv_close(below);
}

int main(void)
{
    const suite_maker maker = {"memory", make, unmake, NULL, 100000};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_is_balanced), cmocka_unit_test(no_memory),      cmocka_unit_test(no_memory_to_divide),
        cmocka_unit_test(threads),          cmocka_unit_test(a_million_rows), cmocka_unit_test(faulty_store),
    };
    int failed = suite_run(&maker);
    return failed + cmocka_run_group_tests_name("memory's own", tests, NULL, NULL);
}
