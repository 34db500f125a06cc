/* The wire form of entries by vectors/value/entries.json (every refusal with its offset), cuts at every byte, the
 * limits of gasp_entry_make, keys as text, and memory that runs out. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "entries_json.h"

static const uint8_t payment_txid[32] = {0x16, 0x9e, 0x1e, 0x83, 0xe9, 0x30, 0x85, 0x33, 0x91, 0xbc, 0x6f,
                                         0x35, 0xf6, 0x05, 0xc6, 0x75, 0x4c, 0xfe, 0xad, 0x57, 0xcf, 0x83,
                                         0x87, 0x63, 0x9d, 0x3b, 0x40, 0x96, 0xc5, 0x4f, 0x18, 0xf4};

static gasp_bytes text_bytes(const char *text)
{
    return (gasp_bytes){(const uint8_t *)text, strlen(text)};
}

/* Decoding gives what the case states; what decodes encodes to the same bytes. */
static void run_case(const json_t *row, size_t *good, size_t *bad)
{
    gasp_bytes bytes = test_hex(test_json_text(row, "bytes"));
    const json_t *error = json_object_get(row, "error");
    gasp_entries set;
    gasp_fault fault = {0};
    gasp_err err = gasp_entries_decode(&set, bytes, NULL, &fault);
    if (error != NULL) {
        if (strcmp(gasp_err_name(err), json_string_value(error)) != 0)
            fail_msg("%s: %s", test_json_text(row, "name"), gasp_err_name(err));
        assert_int_equal(fault.err, err);
        assert_int_equal(fault.at, test_json_int(row, "at"));
        (*bad)++;
    } else {
        assert_err(err, GASP_OK);
        assert_int_equal(set.len, test_json_int(test_member(row, "expect"), "entries"));
        gasp_buf buf;
        gasp_buf_init(&buf, bytes.len, NULL);
        gasp_writer w = gasp_writer_growing(&buf);
        gasp_entries_encode(&w, &set);
        assert_err(w.err, GASP_OK);
        assert_int_equal(buf.len, bytes.len);
        assert_memory_equal(buf.data, bytes.data, bytes.len);
        gasp_buf_clear(&buf);
        (*good)++;
    }
    gasp_entries_clear(&set);
    test_release(bytes);
}

static void vectors(void **state)
{
    (void)state;
    size_t good = 0;
    size_t bad = 0;
    json_t *file = test_own_json("vectors/value/entries.json");
    const json_t *cases = test_member(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++)
        run_case(json_array_get(cases, i), &good, &bad);
    printf("count: entries: %zu read, %zu refused\n", good, bad);
    assert_int_equal(good, 6);
    assert_int_equal(bad, 26);
    json_decref(file);
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    json_t *file = test_own_json("vectors/value/join.json");
    const json_t *cases = test_member(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *expect = test_member(json_array_get(cases, i), "expect");
        gasp_bytes bytes = test_hex(test_json_text(expect, "encoded"));
        for (size_t cut = 0; cut < bytes.len; cut++) {
            gasp_entries set;
            gasp_err err = gasp_entries_decode(&set, (gasp_bytes){bytes.data, cut}, NULL, NULL);
            assert_true(err == GASP_ERR_SHORT || err == GASP_ERR_COUNT);
            gasp_entries_clear(&set);
        }
        test_release(bytes);
    }
    json_decref(file);
}

static void make_refuses(void **state)
{
    (void)state;
    static const uint8_t longest[GASP_ENTRY_VALUE_MAX + 1];
    char name[GASP_ENTRY_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    gasp_entry entry = {.vout = 77};
    assert_err(gasp_entry_make(&entry, NULL, NULL, text_bytes(name), 0, (gasp_bytes){0}), GASP_ERR_ENTRY_KEY);
    assert_err(gasp_entry_make(&entry, NULL, NULL, (gasp_bytes){0}, 0, (gasp_bytes){0}), GASP_ERR_ENTRY_KEY);
    assert_err(gasp_entry_make(&entry, NULL, NULL, text_bytes("n"), 0, (gasp_bytes){longest, sizeof longest}),
               GASP_ERR_ENTRY_VALUE);
    assert_int_equal(entry.vout, 77);
    name[GASP_ENTRY_NAME_MAX] = '\0';
    assert_err(gasp_entry_make(&entry, NULL, NULL, text_bytes(name), 0, (gasp_bytes){longest, sizeof longest - 1}),
               GASP_OK);
    assert_int_equal(entry.vout, 0);
    assert_int_equal(entry.value_len, GASP_ENTRY_VALUE_MAX);
}

static void keys_as_text(void **state)
{
    (void)state;
    gasp_txid txid;
    memcpy(txid.b, payment_txid, sizeof txid.b);
    const uint32_t vout = UINT32_MAX;
    char key[GASP_ENTRY_KEY_MAX];
    gasp_entry entry;
    assert_err(gasp_entry_make(&entry, NULL, NULL, text_bytes("broadcast"), 0, (gasp_bytes){0}), GASP_OK);
    size_t len = gasp_entry_key(key, &entry, &txid);
    assert_int_equal(len, strlen(key));
    assert_string_equal(key, "tx/f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16/broadcast");
    char name[GASP_ENTRY_NAME_MAX + 1];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_err(gasp_entry_make(&entry, NULL, &vout, text_bytes(name), 0, (gasp_bytes){0}), GASP_OK);
    assert_int_equal(gasp_entry_key(key, &entry, &txid), GASP_ENTRY_KEY_MAX - 1);
    assert_memory_equal(key, "out/f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16.4294967295/nn", 82);
}

static void *no_memory(void *user, size_t len)
{
    (void)user;
    (void)len;
    return NULL;
}

static void *no_more(void *user, void *block, size_t len)
{
    (void)block;
    return no_memory(user, len);
}

static void release_nothing(void *user, void *block)
{
    (void)user;
    assert_null(block);
}

static void memory_runs_out(void **state)
{
    (void)state;
    const gasp_mem none = {sizeof none, NULL, no_memory, no_more, release_nothing};
    gasp_entry entry;
    gasp_entries set;
    gasp_entries_init(&set, &none);
    assert_err(gasp_entry_make(&entry, NULL, NULL, text_bytes("n"), 0, (gasp_bytes){0}), GASP_OK);
    assert_err(gasp_entries_put(&set, NULL, &entry), GASP_ERR_NOMEM);
    gasp_entries_clear(&set);
    uint8_t bytes[64];
    gasp_entries one = {.list = &entry, .len = 1};
    gasp_writer w = gasp_writer_fixed(bytes, sizeof bytes);
    gasp_entries_encode(&w, &one);
    assert_err(gasp_entries_decode(&set, (gasp_bytes){bytes, w.len}, &none, NULL), GASP_ERR_NOMEM);
    gasp_entries_clear(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),      cmocka_unit_test(every_cut_is_refused), cmocka_unit_test(make_refuses),
        cmocka_unit_test(keys_as_text), cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
