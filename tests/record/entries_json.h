/** Entries as the files of vectors/value/ have them. */
#ifndef TESTS_RECORD_ENTRIES_JSON_H
#define TESTS_RECORD_ENTRIES_JSON_H

#include <string.h>

#include "lib/data.h"
#include "record/entry.h"

enum { TEST_ENTRIES_MAX = 64 };

/** Entries, and the memory that their views look into. */
typedef struct test_entries {
    gasp_entries set;
    gasp_bytes value[TEST_ENTRIES_MAX];
    size_t n;
} test_entries;

/** Puts every entry of a JSON array into an empty list, one after the other. The array must outlive it. */
static inline void test_entries_read(test_entries *out, const json_t *array)
{
    *out = (test_entries){0};
    gasp_entries_init(&out->set, NULL);
    assert_true(json_array_size(array) <= TEST_ENTRIES_MAX);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *row = json_array_get(array, i);
        const char *name = test_json_text(row, "name");
        const json_t *vout_json = json_object_get(row, "vout");
        const json_t *author_json = json_object_get(row, "author");
        const json_t *time_json = json_object_get(row, "timestamp_us");
        uint32_t vout = (uint32_t)json_integer_value(vout_json);
        /* 2^64 - 1 is beyond a JSON integer and stands as text. */
        uint64_t time = json_is_string(time_json) ? UINT64_MAX : (uint64_t)json_integer_value(time_json);
        uint8_t author[32];
        if (author_json != NULL)
            assert_err(gasp_hex_decode(author, 32, json_string_value(author_json), 64), GASP_OK);
        out->value[out->n] = test_hex(test_json_text(row, "value"));
        gasp_entry entry;
        assert_err(gasp_entry_make(&entry, author_json != NULL ? author : NULL, vout_json != NULL ? &vout : NULL,
                                   (gasp_bytes){(const uint8_t *)name, strlen(name)}, time, out->value[out->n]),
                   GASP_OK);
        out->n++;
        assert_err(gasp_entries_put(&out->set, NULL, &entry), GASP_OK);
    }
}

static inline void test_entries_release(test_entries *entries)
{
    gasp_entries_clear(&entries->set);
    for (size_t i = 0; i < entries->n; i++)
        test_release(entries->value[i]);
}

/** The case's member, an object or array. */
static inline const json_t *test_member(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    if (member == NULL)
        fail_msg("no member %s", key);
    return member;
}

#endif
