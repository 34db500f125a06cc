/* The join: vectors/value/join.json, limits that leave a list alone, and the property that any order, grouping and
 * repetition among three peers ends in one state, checked against a plain model. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/hash.h"
#include "entries_json.h"
#include "lib/random.h"

static gasp_bytes encoded(gasp_buf *buf, const gasp_entries *set)
{
    gasp_buf_init(buf, SIZE_MAX / 2, NULL);
    gasp_writer w = gasp_writer_growing(buf);
    gasp_entries_encode(&w, set);
    assert_err(w.err, GASP_OK);
    return gasp_buf_view(buf);
}

static void assert_same(const gasp_entries *a, const gasp_entries *b)
{
    gasp_buf a_buf;
    gasp_buf b_buf;
    gasp_bytes a_bytes = encoded(&a_buf, a);
    gasp_bytes b_bytes = encoded(&b_buf, b);
    assert_int_equal(a_bytes.len, b_bytes.len);
    assert_memory_equal(a_bytes.data, b_bytes.data, a_bytes.len);
    gasp_buf_clear(&a_buf);
    gasp_buf_clear(&b_buf);
}

static void run_case(const json_t *row)
{
    test_entries a;
    test_entries b;
    gasp_buf before;
    gasp_buf after;
    test_entries_read(&a, test_member(row, "a"));
    test_entries_read(&b, test_member(row, "b"));
    const json_t *expect = test_member(row, "expect");
    gasp_bytes wanted = test_hex(test_json_text(expect, "encoded"));
    gasp_bytes old = encoded(&before, &a.set);
    bool differs = old.len != wanted.len || memcmp(old.data, wanted.data, wanted.len) != 0;
    bool changed = !differs;
    assert_err(gasp_entries_join(&a.set, &changed, &b.set), GASP_OK);
    assert_int_equal(changed, differs);
    assert_int_equal(a.set.len, test_json_int(expect, "entries"));
    gasp_bytes joined = encoded(&after, &a.set);
    if (joined.len != wanted.len || memcmp(joined.data, wanted.data, wanted.len) != 0)
        fail_msg("%s: joined to other bytes", test_json_text(row, "name"));
    assert_err(gasp_entries_join(&a.set, &changed, &b.set), GASP_OK);
    assert_false(changed);
    gasp_buf_clear(&before);
    gasp_buf_clear(&after);
    test_release(wanted);
    test_entries_release(&a);
    test_entries_release(&b);
}

static void vectors(void **state)
{
    (void)state;
    json_t *file = test_own_json("vectors/value/join.json");
    const json_t *cases = test_member(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++)
        run_case(json_array_get(cases, i));
    printf("count: join: %zu cases\n", json_array_size(cases));
    assert_int_equal(json_array_size(cases), 14);
    json_decref(file);
}

enum { POOL = 60, PEERS = 3, MESSAGES = 40 };

/* Few names, times and values, so that keys meet and ties happen. */
static gasp_entry random_entry(test_random *r)
{
    static const char *const names[] = {"a", "b", "broadcast", "ab"};
    static const char *const values[] = {"", "x", "y", "xx"};
    uint8_t author[32] = {(uint8_t)test_random_below(r, 3)};
    static const uint32_t vouts[] = {0, 1, 2, 10};
    const uint32_t vout = vouts[test_random_below(r, 4)];
    const char *name = names[test_random_below(r, 4)];
    const char *value = values[test_random_below(r, 4)];
    gasp_entry entry;
    assert_err(gasp_entry_make(&entry, author, test_random_below(r, 3) == 0 ? NULL : &vout,
                               (gasp_bytes){(const uint8_t *)name, strlen(name)}, test_random_below(r, 4),
                               (gasp_bytes){(const uint8_t *)value, strlen(value)}),
               GASP_OK);
    return entry;
}

/* The model: for each entry of the pool, is it beaten by another of the same author and key? Written without the order
 * of identifiers or the ranks of the library. */
static bool is_beaten(const gasp_entry *pool, size_t i)
{
    const gasp_entry *e = &pool[i];
    for (size_t j = 0; j < POOL; j++) {
        const gasp_entry *f = &pool[j];
        if (memcmp(e->author, f->author, 32) != 0 || e->of_output != f->of_output || e->vout != f->vout ||
            e->name.len != f->name.len || memcmp(e->name.data, f->name.data, e->name.len) != 0)
            continue;
        uint8_t e_hash[32];
        uint8_t f_hash[32];
        gasp_sha256_once(e_hash, e->value.data, e->value.len);
        gasp_sha256_once(f_hash, f->value.data, f->value.len);
        int order = memcmp(f_hash, e_hash, 32);
        bool later = f->timestamp_us > e->timestamp_us;
        bool same_time = f->timestamp_us == e->timestamp_us;
        if (later || (same_time && order > 0) || (same_time && order == 0 && j < i))
            return true;
    }
    return false;
}

/* Gives every entry of the pool to some of the peers, then lets random pairs join until each has heard of all. */
static void scatter(test_random *r, const gasp_entry *pool, gasp_entries peer[PEERS])
{
    for (size_t i = 0; i < POOL; i++) {
        size_t owner = test_random_below(r, PEERS);
        for (size_t p = 0; p < PEERS; p++)
            if (p == owner || test_random_below(r, 4) == 0)
                assert_err(gasp_entries_put(&peer[p], NULL, &pool[i]), GASP_OK);
    }
    for (size_t i = 0; i < MESSAGES; i++) {
        size_t to = test_random_below(r, PEERS);
        size_t from = test_random_below(r, PEERS);
        assert_err(gasp_entries_join(&peer[to], NULL, &peer[from]), GASP_OK);
        assert_err(gasp_entries_put(&peer[to], NULL, &pool[test_random_below(r, POOL)]), GASP_OK);
    }
    for (size_t i = 0; i < 2 * PEERS; i++)
        assert_err(gasp_entries_join(&peer[(i + 1) % PEERS], NULL, &peer[i % PEERS]), GASP_OK);
}

static void one_state_in_the_end(void **state)
{
    (void)state;
    test_random r = test_random_start("join");
    unsigned rounds = 2000 / test_one_in() + 1;
    for (unsigned round = 0; round < rounds; round++) {
        gasp_entry pool[POOL];
        gasp_entries peer[PEERS];
        for (size_t i = 0; i < POOL; i++)
            pool[i] = random_entry(&r);
        for (size_t p = 0; p < PEERS; p++)
            gasp_entries_init(&peer[p], NULL);
        scatter(&r, pool, peer);
        size_t winners = 0;
        for (size_t i = 0; i < POOL; i++) {
            if (is_beaten(pool, i))
                continue;
            const gasp_entry *found =
                gasp_entries_find(&peer[0], pool[i].author, pool[i].of_output ? &pool[i].vout : NULL, pool[i].name);
            assert_non_null(found);
            assert_true(gasp_entry_equal(found, &pool[i]));
            winners++;
        }
        assert_int_equal(peer[0].len, winners);
        for (size_t p = 1; p < PEERS; p++)
            assert_same(&peer[0], &peer[p]);
        for (size_t p = 0; p < PEERS; p++)
            gasp_entries_clear(&peer[p]);
    }
    printf("count: join: %u rounds of %d peers\n", rounds, PEERS);
}

/* The order of identifiers is that of the bytes author || key, put together here as the wire's hash does. */
static void order_is_that_of_bytes(void **state)
{
    (void)state;
    test_random r = test_random_start("order");
    gasp_txid txid;
    test_random_fill(&r, txid.b, sizeof txid.b);
    for (int i = 0; i < 20000; i++) {
        gasp_entry entry[2];
        char id[2][32 + GASP_ENTRY_KEY_MAX];
        size_t len[2];
        for (size_t j = 0; j < 2; j++) {
            entry[j] = random_entry(&r);
            if (entry[j].of_output && test_random_below(&r, 2) == 0)
                entry[j].vout = (uint32_t)test_random_next(&r) >> test_random_below(&r, 32);
            memcpy(id[j], entry[j].author, 32);
            len[j] = 32 + gasp_entry_key(id[j] + 32, &entry[j], &txid);
        }
        size_t shorter = len[0] < len[1] ? len[0] : len[1];
        int bytes = memcmp(id[0], id[1], shorter);
        if (bytes == 0)
            bytes = (len[0] > len[1]) - (len[0] < len[1]);
        int order = gasp_entry_compare_id(&entry[0], &entry[1]);
        assert_int_equal(order > 0, bytes > 0);
        assert_int_equal(order < 0, bytes < 0);
    }
}

static void limits(void **state)
{
    (void)state;
    gasp_entries set;
    gasp_entries_init(&set, NULL);
    static char names[GASP_ENTRIES_PER_SUBJECT_MAX + 1][4];
    gasp_entry entry;
    bool changed = true;
    const uint32_t vout = 5;
    for (size_t i = 0; i <= GASP_ENTRIES_PER_SUBJECT_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i);
        gasp_bytes name = {(const uint8_t *)names[i], strlen(names[i])};
        assert_err(gasp_entry_make(&entry, NULL, &vout, name, 1, (gasp_bytes){0}), GASP_OK);
        assert_err(gasp_entries_put(&set, &changed, &entry),
                   i < GASP_ENTRIES_PER_SUBJECT_MAX ? GASP_OK : GASP_ERR_LIMIT);
    }
    assert_int_equal(set.len, GASP_ENTRIES_PER_SUBJECT_MAX);
    assert_true(gasp_entries_fit(&set, 6));
    assert_false(gasp_entries_fit(&set, 5));
    const uint8_t other[32] = {1};
    gasp_bytes name = {(const uint8_t *)"n", 1};
    assert_err(gasp_entry_make(&entry, other, &vout, name, 1, (gasp_bytes){0}), GASP_OK);
    assert_err(gasp_entries_put(&set, NULL, &entry), GASP_OK);
    for (uint32_t v = 6; set.len < GASP_ENTRIES_MAX; v++) {
        assert_err(gasp_entry_make(&entry, NULL, &v, name, 1, (gasp_bytes){0}), GASP_OK);
        assert_err(gasp_entries_put(&set, NULL, &entry), GASP_OK);
    }
    assert_err(gasp_entry_make(&entry, NULL, NULL, name, 1, (gasp_bytes){0}), GASP_OK);
    assert_err(gasp_entries_put(&set, NULL, &entry), GASP_ERR_LIMIT);
    assert_int_equal(set.len, GASP_ENTRIES_MAX);
    entry.of_output = true; /* replaced, not added: no limit */
    entry.vout = 6;
    entry.timestamp_us = 2;
    assert_err(gasp_entries_put(&set, &changed, &entry), GASP_OK);
    assert_true(changed);
    /* The same number on the wire is read, one more is not. */
    gasp_buf buf;
    gasp_bytes bytes = encoded(&buf, &set);
    gasp_entries back;
    assert_err(gasp_entries_decode(&back, bytes, NULL, NULL), GASP_OK);
    gasp_entries_clear(&back);
    uint8_t over[2] = {(GASP_ENTRIES_MAX + 1) & 0xff, (GASP_ENTRIES_MAX + 1) >> 8};
    memcpy(buf.data + 1, over, 2);
    static const uint8_t more[64];
    assert_err(gasp_buf_append(&buf, more, sizeof more), GASP_OK);
    assert_err(gasp_entries_decode(&back, gasp_buf_view(&buf), NULL, NULL), GASP_ERR_LIMIT);
    gasp_entries_clear(&back);
    gasp_buf_clear(&buf);
    gasp_entries_clear(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(one_state_in_the_end),
        cmocka_unit_test(order_is_that_of_bytes),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
