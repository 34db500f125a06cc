/* The suite of the kv port. Named cases first, then random batches, reads, scans, snapshots and reopenings against a
 * sorted array. */
#include "store/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data.h"
#include "lib/random.h"

typedef struct fixture {
    const suite_maker *maker;
    gasp_kv *kv;
} fixture;

gasp_bytes suite_text(const char *text)
{
    return (gasp_bytes){(const uint8_t *)text, strlen(text)};
}

void suite_put(gasp_kv *kv, const char *key, const char *value)
{
    gasp_kv_op op = {value != NULL ? GASP_KV_PUT : GASP_KV_DELETE, suite_text(key), {NULL, 0}};
    if (value != NULL)
        op.value = suite_text(value);
    assert_err(kv->write(kv->user, &op, 1, false), GASP_OK);
}

static gasp_err keep_value(void *ctx, size_t index, gasp_bytes value)
{
    char *out = ctx;
    assert_int_equal(index, 0);
    assert_true(value.len < 64);
    memcpy(out, value.data, value.len);
    out[value.len] = '\0';
    out[64] = 1;
    return GASP_OK;
}

const char *suite_value(gasp_kv *kv, const gasp_kv_snapshot *at, const char *key)
{
    static char out[65];
    gasp_bytes wanted = suite_text(key);
    out[64] = 0;
    assert_err(kv->get(kv->user, at, &wanted, 1, keep_value, out), GASP_OK);
    return out[64] != 0 ? out : NULL;
}

static void assert_value(gasp_kv *kv, const gasp_kv_snapshot *at, const char *key, const char *expected)
{
    const char *value = suite_value(kv, at, key);
    if (expected == NULL)
        assert_null(value);
    else
        assert_string_equal(value != NULL ? value : "(absent)", expected);
}

/* A scan as one line: "a=1 b=2 ". */
typedef struct line {
    char text[256];
    size_t rows;
    size_t stop_after; /* 0: never */
    gasp_err with;     /* answered at the row after which it stops */
} line;

static gasp_err add_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    line *l = ctx;
    size_t used = strlen(l->text);
    snprintf(l->text + used, sizeof l->text - used, "%.*s=%.*s ", (int)key.len, (const char *)key.data, (int)value.len,
             (const char *)value.data);
    return ++l->rows == l->stop_after ? l->with : GASP_OK;
}

static void assert_scan(gasp_kv *kv, const gasp_kv_snapshot *at, const char *from, const char *to, bool reverse,
                        const char *expected)
{
    line l = {.rows = 0};
    assert_err(kv->scan(kv->user, at, suite_text(from), suite_text(to), reverse, add_row, &l), GASP_OK);
    assert_string_equal(l.text, expected);
}

static void empty(void **state)
{
    gasp_kv *kv = ((fixture *)*state)->kv;
    gasp_kv_snapshot *at = NULL;
    gasp_kv_text text;
    assert_true(kv->size == sizeof *kv);
    assert_scan(kv, NULL, "", "", false, "");
    assert_scan(kv, NULL, "", "", true, "");
    assert_value(kv, NULL, "a", NULL);
    assert_err(kv->snapshot(kv->user, &at), GASP_OK);
    assert_scan(kv, at, "", "", false, "");
    assert_value(kv, at, "a", NULL);
    kv->release(kv->user, at);
    kv->release(kv->user, NULL);
    assert_err(kv->write(kv->user, NULL, 0, true), GASP_OK);
    suite_put(kv, "absent", NULL);
    assert_scan(kv, NULL, "", "", false, "");
    kv->why(kv->user, &text);
    assert_string_equal(text.text, "");
}

/* Indexes that were found, in the order of the calls. */
typedef struct seen {
    char text[128];
    size_t calls;
    size_t stop_after;
    gasp_err with;
} seen;

static gasp_err see(void *ctx, size_t index, gasp_bytes value)
{
    seen *s = ctx;
    size_t used = strlen(s->text);
    snprintf(s->text + used, sizeof s->text - used, "%zu=%.*s ", index, (int)value.len,
             value.len > 0 ? (const char *)value.data : "");
    return ++s->calls == s->stop_after ? s->with : GASP_OK;
}

static void get_many(void **state)
{
    gasp_kv *kv = ((fixture *)*state)->kv;
    suite_put(kv, "a", "1");
    suite_put(kv, "c", "3");
    suite_put(kv, "empty", "");
    const gasp_bytes keys[] = {suite_text("c"), suite_text("b"),     suite_text("a"), suite_text("c"),
                               suite_text("d"), suite_text("empty"), suite_text("ab")};
    const size_t n = sizeof keys / sizeof *keys;
    seen all = {.calls = 0};
    assert_err(kv->get(kv->user, NULL, keys, n, see, &all), GASP_OK);
    assert_string_equal(all.text, "0=3 2=1 3=3 5= ");
    seen some = {.stop_after = 2, .with = GASP_DONE};
    assert_err(kv->get(kv->user, NULL, keys, n, see, &some), GASP_OK);
    assert_string_equal(some.text, "0=3 2=1 ");
    seen failed = {.stop_after = 1, .with = GASP_ERR_VERIFY_TXID};
    assert_err(kv->get(kv->user, NULL, keys, n, see, &failed), GASP_ERR_VERIFY_TXID);
    assert_string_equal(failed.text, "0=3 ");
    seen none = {.calls = 0};
    assert_err(kv->get(kv->user, NULL, NULL, 0, see, &none), GASP_OK);
    assert_int_equal(none.calls, 0);
}

static void overwrite_in_one_batch(void **state)
{
    gasp_kv *kv = ((fixture *)*state)->kv;
    suite_put(kv, "gone", "0");
    suite_put(kv, "back", "0");
    const gasp_kv_op ops[] = {
        {GASP_KV_PUT, suite_text("twice"), suite_text("1")}, {GASP_KV_PUT, suite_text("twice"), suite_text("2")},
        {GASP_KV_PUT, suite_text("gone"), suite_text("1")},  {GASP_KV_DELETE, suite_text("gone"), {NULL, 0}},
        {GASP_KV_DELETE, suite_text("back"), {NULL, 0}},     {GASP_KV_PUT, suite_text("back"), suite_text("3")},
        {GASP_KV_DELETE, suite_text("nothing"), {NULL, 0}},
    };
    assert_err(kv->write(kv->user, ops, sizeof ops / sizeof *ops, true), GASP_OK);
    assert_scan(kv, NULL, "", "", false, "back=3 twice=2 ");
    suite_put(kv, "twice", NULL);
    suite_put(kv, "twice", NULL);
    assert_scan(kv, NULL, "", "", false, "back=3 ");
}

static void ranges(void **state)
{
    gasp_kv *kv = ((fixture *)*state)->kv;
    for (const char *c = "dbeca"; *c != '\0'; c++)
        suite_put(kv, (const char[]){*c, '\0'}, (const char[]){*c, '\0'});
    suite_put(kv, "bb", "x");
    assert_scan(kv, NULL, "", "", false, "a=a b=b bb=x c=c d=d e=e ");
    assert_scan(kv, NULL, "", "", true, "e=e d=d c=c bb=x b=b a=a ");
    assert_scan(kv, NULL, "b", "d", false, "b=b bb=x c=c ");
    assert_scan(kv, NULL, "b", "d", true, "c=c bb=x b=b ");
    assert_scan(kv, NULL, "ba", "cc", false, "bb=x c=c ");
    assert_scan(kv, NULL, "ba", "cc", true, "c=c bb=x ");
    assert_scan(kv, NULL, "d", "", false, "d=d e=e ");
    assert_scan(kv, NULL, "d", "", true, "e=e d=d ");
    assert_scan(kv, NULL, "", "b", false, "a=a ");
    assert_scan(kv, NULL, "", "b", true, "a=a ");
    assert_scan(kv, NULL, "c", "c", false, "");
    assert_scan(kv, NULL, "c", "c", true, "");
    assert_scan(kv, NULL, "d", "b", false, "");
    assert_scan(kv, NULL, "d", "b", true, "");
    assert_scan(kv, NULL, "f", "", false, "");
    assert_scan(kv, NULL, "", "A", true, "");
    assert_scan(kv, NULL, "z", "zz", true, "");
    line l = {.stop_after = 2, .with = GASP_DONE};
    assert_err(kv->scan(kv->user, NULL, suite_text(""), suite_text(""), true, add_row, &l), GASP_OK);
    assert_string_equal(l.text, "e=e d=d ");
    line failed = {.stop_after = 3, .with = GASP_ERR_NOMEM};
    assert_err(kv->scan(kv->user, NULL, suite_text("b"), suite_text(""), false, add_row, &failed), GASP_ERR_NOMEM);
    assert_string_equal(failed.text, "b=b bb=x c=c ");
}

static gasp_err collect_first(void *ctx, gasp_bytes key, gasp_bytes value)
{
    char *out = ctx;
    size_t used = strlen(out);
    assert_int_equal(value.len, 0);
    for (size_t i = 0; i < key.len; i++)
        used += (size_t)sprintf(out + used, "%02x", key.data[i]);
    strcat(out, " ");
    return GASP_OK;
}

static void assert_binary_scan(gasp_kv *kv, gasp_bytes from, gasp_bytes to, bool reverse, const char *expected)
{
    char text[256] = "";
    assert_err(kv->scan(kv->user, NULL, from, to, reverse, collect_first, text), GASP_OK);
    assert_string_equal(text, expected);
}

/* Unsigned order, zero bytes, and the prefixes whose end cannot be had by adding one to the last byte. */
static void binary_keys(void **state)
{
    gasp_kv *kv = ((fixture *)*state)->kv;
    const uint8_t rows[][3] = {{0xff, 0xff, 0xff}, {0x7f, 0, 0},    {0x80, 0, 0},
                               {0, 0, 0},          {0xff, 0xff, 0}, {0xff, 0xfe, 0}};
    const size_t lens[] = {3, 1, 1, 1, 2, 2};
    for (size_t i = 0; i < 6; i++) {
        gasp_kv_op op = {GASP_KV_PUT, {rows[i], lens[i]}, {NULL, 0}};
        assert_err(kv->write(kv->user, &op, 1, false), GASP_OK);
    }
    gasp_kv_op zeros = {GASP_KV_PUT, {rows[3], 3}, {NULL, 0}};
    assert_err(kv->write(kv->user, &zeros, 1, false), GASP_OK);
    const gasp_bytes none = {NULL, 0};
    const gasp_bytes ff = {rows[0], 1};
    const gasp_bytes ffff = {rows[0], 2};
    const gasp_bytes high = {rows[2], 1};
    assert_binary_scan(kv, none, none, false, "00 000000 7f 80 fffe ffff ffffff ");
    assert_binary_scan(kv, none, none, true, "ffffff ffff fffe 80 7f 000000 00 ");
    assert_binary_scan(kv, ff, none, false, "fffe ffff ffffff ");
    assert_binary_scan(kv, ffff, none, true, "ffffff ffff ");
    assert_binary_scan(kv, none, ff, true, "80 7f 000000 00 ");
    assert_binary_scan(kv, none, high, false, "00 000000 7f ");
    assert_binary_scan(kv, high, ffff, false, "80 fffe ");
}

static void snapshots(void **state)
{
    gasp_kv *kv = ((fixture *)*state)->kv;
    gasp_kv_snapshot *first = NULL;
    gasp_kv_snapshot *second = NULL;
    suite_put(kv, "a", "1");
    suite_put(kv, "b", "1");
    assert_err(kv->snapshot(kv->user, &first), GASP_OK);
    suite_put(kv, "a", "2");
    suite_put(kv, "b", NULL);
    suite_put(kv, "c", "2");
    assert_err(kv->snapshot(kv->user, &second), GASP_OK);
    suite_put(kv, "a", NULL);
    assert_value(kv, first, "a", "1");
    assert_value(kv, first, "c", NULL);
    assert_scan(kv, first, "", "", false, "a=1 b=1 ");
    assert_scan(kv, second, "", "", true, "c=2 a=2 ");
    assert_scan(kv, NULL, "", "", false, "c=2 ");
    kv->release(kv->user, first);
    assert_scan(kv, second, "", "", false, "a=2 c=2 ");
    assert_value(kv, second, "a", "2");
    kv->release(kv->user, second);
    /* One more is left to `close`. */
    assert_err(kv->snapshot(kv->user, &first), GASP_OK);
}

/* Rows that callbacks write while they read. */
typedef struct meddler {
    gasp_kv *kv;
    size_t rows;
    size_t found;
} meddler;

static gasp_err meddle_found(void *ctx, size_t index, gasp_bytes value)
{
    meddler *m = ctx;
    (void)index;
    m->found++;
    assert_int_equal(value.data[0], 'v');
    if (m->found == 1)
        suite_put(m->kv, "k2", NULL);
    return GASP_OK;
}

static gasp_err meddle_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    meddler *m = ctx;
    char name[16];
    assert_int_equal(value.data[0], 'v');
    assert_string_equal(suite_value(m->kv, NULL, "k0"), "v");
    m->rows++;
    snprintf(name, sizeof name, "k%zu", m->rows + 100);
    suite_put(m->kv, name, "v");
    snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.data);
    if (strcmp(name, "k0") != 0)
        suite_put(m->kv, name, NULL);
    return GASP_OK;
}

static void callbacks_may_write(void **state)
{
    gasp_kv *kv = ((fixture *)*state)->kv;
    meddler m = {kv, 0, 0};
    const gasp_bytes keys[] = {suite_text("k1"), suite_text("k2")};
    suite_put(kv, "k0", "v");
    suite_put(kv, "k1", "v");
    suite_put(kv, "k2", "v");
    assert_err(kv->get(kv->user, NULL, keys, 2, meddle_found, &m), GASP_OK);
    assert_int_equal(m.found, 2); /* one moment for the whole call */
    assert_value(kv, NULL, "k2", NULL);
    assert_err(kv->scan(kv->user, NULL, suite_text(""), suite_text(""), false, meddle_row, &m), GASP_OK);
    assert_int_equal(m.rows, 2);
    assert_scan(kv, NULL, "", "", false, "k0=v k101=v k102=v ");
}

static void misuse_and_limits(void **state)
{
    gasp_kv *kv = ((fixture *)*state)->kv;
    static uint8_t bytes[GASP_KV_KEY_MAX + 1];
    const gasp_bytes good = {bytes, GASP_KV_KEY_MAX};
    const gasp_bytes longer = {bytes, GASP_KV_KEY_MAX + 1};
    const gasp_bytes none = {NULL, 0};
    const gasp_bytes lost = {NULL, 1};
    seen s = {.calls = 0};
    line l = {.rows = 0};
    gasp_kv_text text;
    suite_put(kv, "kept", "1");
    const struct {
        gasp_kv_op op;
        gasp_err expected;
    } cases[] = {
        {{GASP_KV_PUT, none, good}, GASP_ERR_MISUSE},
        {{GASP_KV_DELETE, none, none}, GASP_ERR_MISUSE},
        {{GASP_KV_PUT, lost, good}, GASP_ERR_MISUSE},
        {{GASP_KV_PUT, good, lost}, GASP_ERR_MISUSE},
        {{(gasp_kv_verb)0, good, good}, GASP_ERR_MISUSE},
        {{(gasp_kv_verb)3, good, good}, GASP_ERR_MISUSE},
        {{GASP_KV_PUT, longer, good}, GASP_ERR_LIMIT},
        {{GASP_KV_DELETE, longer, none}, GASP_ERR_LIMIT},
        /* Lengths are refused before a byte is read. */
        {{GASP_KV_PUT, good, {bytes, (size_t)GASP_KV_VALUE_MAX + 1}}, GASP_ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gasp_kv_op batch[] = {{GASP_KV_PUT, suite_text("half"), suite_text("1")}, cases[i].op};
        assert_err(kv->write(kv->user, batch, 2, false), cases[i].expected);
        kv->why(kv->user, &text);
        assert_string_equal(text.text, gasp_err_text(cases[i].expected));
    }
    const gasp_kv_op third = {GASP_KV_PUT, good, {bytes, GASP_KV_VALUE_MAX}};
    const gasp_kv_op batch[] = {third, third};
    assert_err(kv->write(kv->user, batch, 2, false), GASP_ERR_LIMIT);
    gasp_kv_op *many = calloc((size_t)GASP_KV_BATCH_OPS_MAX + 1, sizeof *many); /* none is looked at */
    assert_non_null(many);
    assert_err(kv->write(kv->user, many, (size_t)GASP_KV_BATCH_OPS_MAX + 1, false), GASP_ERR_LIMIT);
    free(many);
    assert_err(kv->write(kv->user, NULL, 1, false), GASP_ERR_MISUSE);
    assert_err(kv->get(kv->user, NULL, &longer, 1, see, &s), GASP_ERR_LIMIT);
    assert_err(kv->get(kv->user, NULL, &none, 1, see, &s), GASP_ERR_MISUSE);
    assert_err(kv->get(kv->user, NULL, NULL, 1, see, &s), GASP_ERR_MISUSE);
    assert_err(kv->get(kv->user, NULL, &good, 1, NULL, &s), GASP_ERR_MISUSE);
    assert_err(kv->scan(kv->user, NULL, longer, none, false, add_row, &l), GASP_ERR_LIMIT);
    assert_err(kv->scan(kv->user, NULL, none, longer, false, add_row, &l), GASP_ERR_LIMIT);
    assert_err(kv->scan(kv->user, NULL, lost, none, false, add_row, &l), GASP_ERR_MISUSE);
    assert_err(kv->scan(kv->user, NULL, none, lost, false, add_row, &l), GASP_ERR_MISUSE);
    assert_err(kv->scan(kv->user, NULL, none, none, false, NULL, &l), GASP_ERR_MISUSE);
    assert_err(kv->snapshot(kv->user, NULL), GASP_ERR_MISUSE);
    assert_scan(kv, NULL, "", "", false, "kept=1 ");
    const gasp_kv_op longest = {GASP_KV_PUT, good, none};
    assert_err(kv->write(kv->user, &longest, 1, false), GASP_OK);
    assert_err(kv->get(kv->user, NULL, &good, 1, see, &s), GASP_OK);
    assert_string_equal(s.text, "0= ");
}

enum { LARGE = 16 * 1024 * 1024 };

static gasp_err same_as(void *ctx, size_t index, gasp_bytes value)
{
    const gasp_bytes *expected = ctx;
    (void)index;
    assert_int_equal(value.len, expected->len);
    assert_memory_equal(value.data, expected->data, value.len);
    return GASP_AGAIN;
}

static void large_values(void **state)
{
    fixture *f = *state;
    test_random r = test_random_start("large values");
    uint8_t *bytes = malloc(LARGE + 3);
    assert_non_null(bytes);
    test_random_fill(&r, bytes, LARGE + 3);
    const gasp_bytes keys[] = {suite_text("a"), suite_text("b"), suite_text("c"), suite_text("d")};
    gasp_kv_op ops[4];
    for (size_t i = 0; i < 4; i++)
        ops[i] = (gasp_kv_op){GASP_KV_PUT, keys[i], {bytes + i, LARGE}};
    ops[3].value.len = 1;
    ops[3].value.data = bytes;
    assert_err(f->kv->write(f->kv->user, ops, 4, true), GASP_OK);
    if (f->maker->reopen != NULL)
        f->kv = f->maker->reopen(f->kv);
    for (size_t i = 0; i < 4; i++)
        assert_err(f->kv->get(f->kv->user, NULL, &keys[i], 1, same_as, &ops[i].value), GASP_AGAIN);
    free(bytes);
}

/* Random operations against a sorted array. Values follow from a number, so that the model keeps only that. */
enum { MODEL_KEYS = 400, KEY_LEN_MAX = 4, VALUE_LEN_MAX = 300, ALIVE = 4, BATCH = 8 };

typedef struct model_row {
    uint8_t key[KEY_LEN_MAX];
    size_t key_len;
    uint64_t value;
} model_row;

typedef struct model {
    model_row rows[MODEL_KEYS];
    size_t n;
} model;

static gasp_bytes model_value(uint64_t number, uint8_t out[VALUE_LEN_MAX])
{
    test_random r = {number};
    size_t len = (size_t)test_random_below(&r, VALUE_LEN_MAX);
    test_random_fill(&r, out, len);
    return (gasp_bytes){out, len};
}

static int model_order(const model_row *a, const uint8_t *key, size_t len)
{
    size_t both = a->key_len < len ? a->key_len : len;
    for (size_t i = 0; i < both; i++)
        if (a->key[i] != key[i])
            return a->key[i] < key[i] ? -1 : 1;
    return a->key_len == len ? 0 : a->key_len < len ? -1 : 1;
}

/* Of the first row that is not less than key. */
static size_t model_find(const model *m, const uint8_t *key, size_t len, bool *there)
{
    size_t i = 0;
    while (i < m->n && model_order(&m->rows[i], key, len) < 0)
        i++;
    *there = i < m->n && model_order(&m->rows[i], key, len) == 0;
    return i;
}

static void model_put(model *m, const uint8_t *key, size_t len, uint64_t value)
{
    bool there = false;
    size_t i = model_find(m, key, len, &there);
    if (!there) {
        assert_true(m->n < MODEL_KEYS);
        memmove(&m->rows[i + 1], &m->rows[i], (m->n - i) * sizeof *m->rows);
        m->n++;
        memcpy(m->rows[i].key, key, len);
        m->rows[i].key_len = len;
    }
    m->rows[i].value = value;
}

static void model_del(model *m, const uint8_t *key, size_t len)
{
    bool there = false;
    size_t i = model_find(m, key, len, &there);
    if (there)
        memmove(&m->rows[i], &m->rows[i + 1], (--m->n - i) * sizeof *m->rows);
}

/* 4 + 16 + 64 + 256 = 340 keys, many a prefix of another. */
static size_t random_key(test_random *r, uint8_t key[KEY_LEN_MAX], size_t shortest)
{
    static const uint8_t alphabet[] = {0x00, 0x7f, 0x80, 0xff};
    size_t len = shortest + (size_t)test_random_below(r, KEY_LEN_MAX + 1 - shortest);
    for (size_t i = 0; i < len; i++)
        key[i] = alphabet[test_random_below(r, 4)];
    return len;
}

typedef struct run {
    test_random r;
    model now;
    struct {
        gasp_kv_snapshot *at;
        model was;
    } alive[ALIVE];
    uint64_t rows_compared;
} run;

static void random_write(run *t, gasp_kv *kv)
{
    static uint8_t values[BATCH][VALUE_LEN_MAX];
    uint8_t keys[BATCH][KEY_LEN_MAX];
    gasp_kv_op ops[BATCH];
    size_t n = 1 + (size_t)test_random_below(&t->r, BATCH);
    for (size_t i = 0; i < n; i++) {
        size_t len = random_key(&t->r, keys[i], 1);
        uint64_t value = test_random_next(&t->r);
        if (test_random_below(&t->r, 2) == 0) {
            ops[i] = (gasp_kv_op){GASP_KV_PUT, {keys[i], len}, model_value(value, values[i])};
            model_put(&t->now, keys[i], len, value);
        } else {
            ops[i] = (gasp_kv_op){GASP_KV_DELETE, {keys[i], len}, {NULL, 0}};
            model_del(&t->now, keys[i], len);
        }
    }
    assert_err(kv->write(kv->user, ops, n, test_random_below(&t->r, 100) == 0), GASP_OK);
}

typedef struct expected_gets {
    const model *m;
    const gasp_bytes *keys;
    size_t next; /* index that comes next if it is there */
} expected_gets;

static gasp_err check_found(void *ctx, size_t index, gasp_bytes value)
{
    expected_gets *e = ctx;
    uint8_t bytes[VALUE_LEN_MAX];
    bool there = false;
    for (; e->next < index; e->next++) {
        model_find(e->m, e->keys[e->next].data, e->keys[e->next].len, &there);
        assert_false(there);
    }
    size_t i = model_find(e->m, e->keys[index].data, e->keys[index].len, &there);
    assert_true(there);
    gasp_bytes expected = model_value(e->m->rows[i].value, bytes);
    assert_int_equal(value.len, expected.len);
    assert_memory_equal(value.data, expected.data, value.len);
    e->next = index + 1;
    return GASP_OK;
}

static void random_get(run *t, gasp_kv *kv, const gasp_kv_snapshot *at, const model *m)
{
    uint8_t keys[BATCH][KEY_LEN_MAX];
    gasp_bytes views[BATCH];
    size_t n = 1 + (size_t)test_random_below(&t->r, BATCH);
    for (size_t i = 0; i < n; i++)
        views[i] = (gasp_bytes){keys[i], random_key(&t->r, keys[i], 1)};
    expected_gets e = {m, views, 0};
    assert_err(kv->get(kv->user, at, views, n, check_found, &e), GASP_OK);
    for (bool there = false; e.next < n; e.next++) {
        model_find(m, views[e.next].data, views[e.next].len, &there);
        assert_false(there);
    }
}

typedef struct expected_rows {
    const model *m;
    size_t next; /* forward: the row that comes; reverse: one more than it */
    size_t left;
    bool reverse;
} expected_rows;

static gasp_err check_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    expected_rows *e = ctx;
    uint8_t bytes[VALUE_LEN_MAX];
    assert_true(e->left > 0);
    e->left--;
    const model_row *row = &e->m->rows[e->reverse ? --e->next : e->next++];
    assert_int_equal(model_order(row, key.data, key.len), 0);
    gasp_bytes expected = model_value(row->value, bytes);
    assert_int_equal(value.len, expected.len);
    assert_memory_equal(value.data, expected.data, value.len);
    return GASP_OK;
}

static void random_scan(run *t, gasp_kv *kv, const gasp_kv_snapshot *at, const model *m)
{
    uint8_t from[KEY_LEN_MAX];
    uint8_t to[KEY_LEN_MAX];
    size_t from_len = random_key(&t->r, from, 0);
    size_t to_len = random_key(&t->r, to, 0);
    bool there = false;
    size_t first = model_find(m, from, from_len, &there);
    size_t end = to_len == 0 ? m->n : model_find(m, to, to_len, &there);
    bool reverse = test_random_below(&t->r, 2) == 0;
    expected_rows e = {m, reverse ? end : first, end > first ? end - first : 0, reverse};
    t->rows_compared += e.left;
    assert_err(kv->scan(kv->user, at, (gasp_bytes){from, from_len}, (gasp_bytes){to, to_len}, reverse, check_row, &e),
               GASP_OK);
    assert_int_equal(e.left, 0);
}

static void random_snapshot(run *t, gasp_kv *kv)
{
    size_t i = (size_t)test_random_below(&t->r, ALIVE);
    if (t->alive[i].at != NULL) {
        kv->release(kv->user, t->alive[i].at);
        t->alive[i].at = NULL;
    } else {
        assert_err(kv->snapshot(kv->user, &t->alive[i].at), GASP_OK);
        t->alive[i].was = t->now;
    }
}

static void release_all(run *t, gasp_kv *kv)
{
    for (size_t i = 0; i < ALIVE; i++) {
        kv->release(kv->user, t->alive[i].at);
        t->alive[i].at = NULL;
    }
}

static void against_model(void **state)
{
    fixture *f = *state;
    run *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->r = test_random_start(f->maker->name);
    size_t steps = f->maker->steps / test_one_in();
    for (size_t step = 0; step < steps; step++) {
        uint64_t what = test_random_below(&t->r, 100);
        size_t i = (size_t)test_random_below(&t->r, ALIVE + 2);
        const gasp_kv_snapshot *at = i < ALIVE ? t->alive[i].at : NULL;
        const model *m = at != NULL ? &t->alive[i].was : &t->now;
        if (what < 50)
            random_write(t, f->kv);
        else if (what < 75)
            random_get(t, f->kv, at, m);
        else if (what < 95)
            random_scan(t, f->kv, at, m);
        else
            random_snapshot(t, f->kv);
        if (f->maker->reopen != NULL && test_random_below(&t->r, 2000) == 0) {
            release_all(t, f->kv);
            f->kv = f->maker->reopen(f->kv);
        }
    }
    printf("count: %s: %zu random steps, %zu rows at the end, %llu compared in scans\n", f->maker->name, steps,
           t->now.n, (unsigned long long)t->rows_compared);
    release_all(t, f->kv);
    free(t);
}

static void reopened(void **state)
{
    fixture *f = *state;
    suite_put(f->kv, "a", "1");
    suite_put(f->kv, "b", "2");
    suite_put(f->kv, "a", NULL);
    f->kv = f->maker->reopen(f->kv);
    assert_scan(f->kv, NULL, "", "", false, "b=2 ");
    suite_put(f->kv, "c", "3");
    f->kv = f->maker->reopen(f->kv);
    f->kv = f->maker->reopen(f->kv);
    assert_scan(f->kv, NULL, "", "", true, "c=3 b=2 ");
}

static int start(void **state)
{
    const suite_maker *maker = *state;
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->maker = maker;
    f->kv = maker->make();
    *state = f;
    return f->kv != NULL ? 0 : -1;
}

static int end(void **state)
{
    fixture *f = *state;
    f->maker->unmake(f->kv);
    free(f);
    return 0;
}

int suite_run(const suite_maker *maker)
{
    void *given = (void *)(uintptr_t)maker;
#define CASE(f) cmocka_unit_test_prestate_setup_teardown(f, start, end, given)
    const struct CMUnitTest tests[] = {
        CASE(empty),
        CASE(get_many),
        CASE(overwrite_in_one_batch),
        CASE(ranges),
        CASE(binary_keys),
        CASE(snapshots),
        CASE(callbacks_may_write),
        CASE(misuse_and_limits),
        CASE(large_values),
        CASE(against_model),
        CASE(reopened),
    };
#undef CASE
    /* The last one is only for stores that keep what they hold. */
    size_t n = sizeof tests / sizeof *tests - (maker->reopen == NULL ? 1 : 0);
    return _cmocka_run_group_tests(maker->name, tests, n, NULL, NULL);
}
