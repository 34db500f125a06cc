/* The overlay store: the suite over an empty store, and over one whose rows were all deleted above; then reading through,
 * against a plain store that was given both layers' writes. What lies below must never change. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data.h"
#include "lib/random.h"
#include "store/faulty.h"
#include "store/suite.h"

static gasp_kv *below;

static gasp_kv *over_below(void)
{
    gasp_kv *kv = NULL;
    assert_err(gasp_kv_overlay_new(&kv, below, NULL), GASP_OK);
    return kv;
}

static gasp_kv *make_over_empty(void)
{
    assert_err(gasp_kv_memory_new(&below, NULL), GASP_OK);
    return over_below();
}

static gasp_err count_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)ctx;
    return GASP_OK;
}

static size_t rows_of(gasp_kv *kv)
{
    size_t rows = 0;
    const gasp_bytes all = {NULL, 0};
    assert_err(kv->scan(kv->user, NULL, all, all, false, count_row, &rows), GASP_OK);
    return rows;
}

/* Keys of the suite's random steps and of its named cases: all of one and two bytes. */
enum { HIDDEN = 256 + 65536 / 64 };

static gasp_bytes hidden_key(size_t i, uint8_t out[2])
{
    size_t two = i < 256 ? 0 : (i - 256) * 64;
    out[0] = (uint8_t)(i < 256 ? i : two >> 8);
    out[1] = (uint8_t)two;
    return (gasp_bytes){out, i < 256 ? 1 : 2};
}

static gasp_kv *make_over_deleted(void)
{
    uint8_t bytes[2];
    assert_err(gasp_kv_memory_new(&below, NULL), GASP_OK);
    for (size_t i = 0; i < HIDDEN; i++) {
        gasp_bytes key = hidden_key(i, bytes);
        assert_err(below->write(below->user, &(gasp_kv_op){GASP_KV_PUT, key, key}, 1, false), GASP_OK);
    }
    gasp_kv *kv = over_below();
    for (size_t i = 0; i < HIDDEN; i++) {
        gasp_bytes key = hidden_key(i, bytes);
        assert_err(kv->write(kv->user, &(gasp_kv_op){GASP_KV_DELETE, key, {NULL, 0}}, 1, false), GASP_OK);
    }
    return kv;
}

static void unmake(gasp_kv *kv)
{
    size_t rows = rows_of(below);
    gasp_kv_close(kv);
    assert_true(rows == 0 || rows == HIDDEN);
    gasp_kv_close(below);
}

/* ---- reading through ----------------------------------------------------------------------------------------------- */

/* Everything that a call gave, in order. */
typedef struct said {
    uint8_t bytes[65536];
    size_t len;
    size_t stop_after; /* rows; 0: never */
    size_t rows;
} said;

static void say(said *s, gasp_bytes bytes)
{
    assert_true(s->len + 1 + bytes.len < sizeof s->bytes);
    s->bytes[s->len++] = (uint8_t)bytes.len;
    for (size_t i = 0; i < bytes.len; i++)
        s->bytes[s->len++] = bytes.data[i];
}

static gasp_err say_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    said *s = ctx;
    say(s, key);
    say(s, value);
    return ++s->rows == s->stop_after ? GASP_DONE : GASP_OK;
}

static gasp_err say_found(void *ctx, size_t index, gasp_bytes value)
{
    uint8_t number = (uint8_t)index;
    return say_row(ctx, (gasp_bytes){&number, 1}, value);
}

static void assert_same(const said *a, const said *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->bytes, b->bytes, a->len);
}

enum { KEYS = 120, STEPS = 20000, MANY = 9 };

static gasp_bytes some_key(test_random *r, uint8_t out[2], size_t shortest)
{
    size_t len = shortest + (size_t)test_random_below(r, 3 - shortest);
    for (size_t i = 0; i < 2; i++)
        out[i] = (uint8_t)(test_random_below(r, 10) * 25);
    return (gasp_bytes){out, len};
}

static void write_both(test_random *r, gasp_kv *first, gasp_kv *second)
{
    uint8_t keys[MANY][2];
    uint8_t values[MANY];
    gasp_kv_op ops[MANY];
    size_t n = (size_t)test_random_below(r, MANY);
    for (size_t i = 0; i < n; i++) {
        values[i] = (uint8_t)test_random_below(r, 256);
        ops[i].verb = test_random_below(r, 2) == 0 ? GASP_KV_PUT : GASP_KV_DELETE;
        ops[i].key = some_key(r, keys[i], 1);
        ops[i].value = (gasp_bytes){&values[i], (size_t)test_random_below(r, 2)};
    }
    assert_err(first->write(first->user, ops, n, false), GASP_OK);
    if (second != NULL)
        assert_err(second->write(second->user, ops, n, false), GASP_OK);
}

static size_t compare_reads(test_random *r, gasp_kv *kv, const gasp_kv_snapshot *at, gasp_kv *plain,
                            const gasp_kv_snapshot *plain_at)
{
    static said a;
    static said b;
    uint8_t bytes[MANY][2];
    gasp_bytes keys[MANY];
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    a.stop_after = b.stop_after = (size_t)test_random_below(r, 6);
    if (test_random_below(r, 2) == 0) {
        for (size_t i = 0; i < MANY; i++)
            keys[i] = some_key(r, bytes[i], 1);
        assert_err(kv->get(kv->user, at, keys, MANY, say_found, &a), GASP_OK);
        assert_err(plain->get(plain->user, plain_at, keys, MANY, say_found, &b), GASP_OK);
    } else {
        bool reverse = test_random_below(r, 2) == 0;
        keys[0] = some_key(r, bytes[0], 0);
        keys[1] = some_key(r, bytes[1], 0);
        assert_err(kv->scan(kv->user, at, keys[0], keys[1], reverse, say_row, &a), GASP_OK);
        assert_err(plain->scan(plain->user, plain_at, keys[0], keys[1], reverse, say_row, &b), GASP_OK);
    }
    assert_same(&a, &b);
    return a.rows;
}

static void reads_through(void **state)
{
    (void)state;
    test_random r = test_random_start("reading through");
    gasp_kv *plain = NULL;
    gasp_kv_snapshot *at[2] = {NULL, NULL};
    size_t rows = 0;
    static said before;
    static said after;
    const gasp_bytes all = {NULL, 0};
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    assert_err(gasp_kv_memory_new(&below, NULL), GASP_OK);
    assert_err(gasp_kv_memory_new(&plain, NULL), GASP_OK);
    for (size_t i = 0; i < KEYS; i++)
        write_both(&r, below, plain);
    assert_err(below->scan(below->user, NULL, all, all, false, say_row, &before), GASP_OK);
    gasp_kv *kv = over_below();
    for (size_t i = 0; i < STEPS / test_one_in(); i++) {
        uint64_t what = test_random_below(&r, 20);
        if (what == 0)
            write_both(&r, kv, plain);
        else if (what == 1) {
            kv->release(kv->user, at[0]);
            plain->release(plain->user, at[1]);
            assert_err(kv->snapshot(kv->user, &at[0]), GASP_OK);
            assert_err(plain->snapshot(plain->user, &at[1]), GASP_OK);
        } else
            rows += compare_reads(&r, kv, what < 10 ? at[0] : NULL, plain, what < 10 ? at[1] : NULL);
    }
    printf("count: %zu rows read through an overlay as from a plain store\n", rows);
    assert_true(rows > STEPS / test_one_in());
    assert_err(below->scan(below->user, NULL, all, all, false, say_row, &after), GASP_OK);
    assert_same(&before, &after);
    plain->release(plain->user, at[1]);
    gasp_kv_close(plain);
    gasp_kv_close(kv); /* one snapshot is left to it */
    gasp_kv_close(below);
}

/* What others write below is not seen: the overlay stands on one moment. */
static void one_moment(void **state)
{
    (void)state;
    gasp_kv *kv = make_over_empty();
    gasp_kv_close(kv);
    suite_put(below, "a", "1");
    suite_put(below, "b", "1");
    kv = over_below();
    suite_put(below, "a", "2");
    suite_put(below, "b", NULL);
    suite_put(below, "c", "2");
    assert_string_equal(suite_value(kv, NULL, "a"), "1");
    assert_string_equal(suite_value(kv, NULL, "b"), "1");
    assert_null(suite_value(kv, NULL, "c"));
    assert_int_equal(rows_of(kv), 2);
    suite_put(kv, "c", "3");
    assert_string_equal(suite_value(below, NULL, "c"), "2");
    gasp_kv_close(kv);
    gasp_kv_close(below);
}

/* ---- failures ------------------------------------------------------------------------------------------------------ */

static void failures_below(void **state)
{
    (void)state;
    faulty f;
    gasp_kv *kv = NULL;
    gasp_kv_text why;
    const gasp_bytes keys[] = {suite_text("a"), suite_text("mine"), suite_text("b")};
    size_t rows = 0;
    static said s;
    memset(&s, 0, sizeof s);
    assert_err(gasp_kv_memory_new(&below, NULL), GASP_OK);
    suite_put(below, "a", "1");
    suite_put(below, "b", "1");
    faulty_init(&f, below);
    f.snapshot.fail_at = 1;
    assert_err(gasp_kv_overlay_new(&kv, &f.kv, NULL), GASP_ERR_STORE_IO);
    assert_null(kv);
    assert_err(gasp_kv_overlay_new(&kv, &f.kv, NULL), GASP_OK);
    suite_put(kv, "mine", "1");
    f.get.fail_at = 2;
    assert_err(kv->get(kv->user, NULL, keys, 3, say_found, &s), GASP_ERR_STORE_IO);
    assert_int_equal(s.rows, 2);
    kv->why(kv->user, &why);
    assert_string_not_equal(why.text, "");
    f.scan.fail_at = 1;
    f.scan.with = GASP_ERR_STORE_CORRUPT;
    f.scan.rows_first = 1;
    assert_err(kv->scan(kv->user, NULL, suite_text(""), suite_text(""), false, count_row, &rows),
               GASP_ERR_STORE_CORRUPT);
    assert_int_equal(rows, 1); /* what was put here is not given behind a failure */
    assert_int_equal(f.write.seen, 0);
    assert_int_equal(rows_of(kv), 3);
    gasp_kv_close(kv);
    gasp_kv_close(&f.kv);
    gasp_kv_close(below);
    assert_err(gasp_kv_overlay_new(NULL, below, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_kv_overlay_new(&kv, NULL, NULL), GASP_ERR_MISUSE);
    f.kv.size = 1;
    assert_err(gasp_kv_overlay_new(&kv, &f.kv, NULL), GASP_ERR_MISUSE);
}

/* An allocator that fails when it is told to, and counts what is out. */
typedef struct meter {
    gasp_mem mem;
    size_t out;
    size_t fail_at;
} meter;

static void *meter_allocate(void *user, size_t len)
{
    meter *m = user;
    if (m->fail_at > 0 && --m->fail_at == 0)
        return NULL;
    m->out++;
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
    m->out -= block != NULL;
    free(block);
}

static void no_memory(void **state)
{
    (void)state;
    meter m = {.out = 0};
    gasp_kv *kv = NULL;
    gasp_kv_snapshot *at = NULL;
    size_t failures = 0;
    m.mem = (gasp_mem){sizeof m.mem, &m, meter_allocate, meter_resize, meter_release};
    assert_err(gasp_kv_memory_new(&below, NULL), GASP_OK);
    for (const char *c = "abcdefgh"; *c != '\0'; c++)
        suite_put(below, (const char[]){*c, '\0'}, "1");
    m.fail_at = 1;
    assert_err(gasp_kv_overlay_new(&kv, below, &m.mem), GASP_ERR_NOMEM);
    m.fail_at = 0;
    assert_err(gasp_kv_overlay_new(&kv, below, &m.mem), GASP_OK);
    suite_put(kv, "x", "1");
    suite_put(kv, "a", NULL);
    const gasp_kv_op ops[] = {{GASP_KV_PUT, suite_text("a"), suite_text("2")},
                              {GASP_KV_DELETE, suite_text("x"), {NULL, 0}},
                              {GASP_KV_PUT, suite_text("y"), suite_text("2")},
                              {GASP_KV_DELETE, suite_text("b"), {NULL, 0}}};
    for (;; failures++) {
        m.fail_at = failures + 1;
        gasp_err err = kv->write(kv->user, ops, 4, true);
        if (err == GASP_OK)
            break;
        assert_err(err, GASP_ERR_NOMEM);
        assert_null(suite_value(kv, NULL, "a"));
        assert_string_equal(suite_value(kv, NULL, "x"), "1");
        assert_null(suite_value(kv, NULL, "y"));
        assert_string_equal(suite_value(kv, NULL, "b"), "1");
    }
    assert_true(failures > 3);
    assert_string_equal(suite_value(kv, NULL, "a"), "2");
    assert_int_equal(rows_of(kv), 8);
    m.fail_at = 1;
    assert_err(kv->snapshot(kv->user, &at), GASP_ERR_NOMEM);
    gasp_kv_close(kv);
    assert_int_equal(m.out, 0);
    gasp_kv_close(below);
}

int main(void)
{
    const suite_maker over_empty = {"overlay over nothing", make_over_empty, unmake, NULL, 100000};
    const suite_maker over_deleted = {"overlay over deleted rows", make_over_deleted, unmake, NULL, 50000};
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_through), cmocka_unit_test(one_moment),
                                       cmocka_unit_test(failures_below), cmocka_unit_test(no_memory)};
    int failed = suite_run(&over_empty);
    failed += suite_run(&over_deleted);
    return failed + cmocka_run_group_tests_name("the overlay's own", tests, NULL, NULL);
}
