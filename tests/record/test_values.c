/* The public way to entries and output values: what is given back, which side of a join was at fault, and that nothing is
 * written on an error. The values themselves are pinned by vectors/value/, which tests/cli runs through these functions. */
#include <stdio.h>
#include <string.h>

#include "gasp/record.h"
#include "lib/data.h"

static gasp_bytes text_bytes(const char *text)
{
    return (gasp_bytes){(const uint8_t *)text, strlen(text)};
}

static gasp_entry entry_of(const char *name, uint64_t time, const char *value)
{
    gasp_entry entry;
    const uint32_t vout = 0;
    assert_err(gasp_entry_make(&entry, NULL, &vout, text_bytes(name), time, text_bytes(value)), GASP_OK);
    return entry;
}

typedef struct seen {
    char text[64];
    gasp_err answer;
} seen;

static gasp_err note(void *ctx, const gasp_entry *entry)
{
    seen *s = ctx;
    size_t len = strlen(s->text);
    snprintf(s->text + len, sizeof s->text - len, "%.*s=%.*s ", (int)entry->name.len, (const char *)entry->name.data,
             (int)entry->value.len, (const char *)entry->value.data);
    return s->answer;
}

static void lists_are_sorted_and_joined(void **state)
{
    (void)state;
    const gasp_entry given[] = {entry_of("b", 5, "old"), entry_of("a", 1, "x"), entry_of("b", 6, "new")};
    const gasp_entry more[] = {entry_of("b", 7, "newest"), entry_of("c", 1, "")};
    gasp_data a = {0};
    gasp_data b = {0};
    gasp_data both = {0};
    seen s = {"", GASP_OK};
    assert_err(gasp_entry_list_make(&a, given, 3, NULL), GASP_OK);
    assert_err(gasp_entry_list_read((gasp_bytes){a.data, a.len}, note, &s, NULL, NULL), GASP_OK);
    assert_string_equal(s.text, "a=x b=new ");
    assert_err(gasp_entry_list_make(&b, more, 2, NULL), GASP_OK);
    assert_err(gasp_entry_list_join(&both, (gasp_bytes){a.data, a.len}, (gasp_bytes){b.data, b.len}, NULL, NULL),
               GASP_OK);
    s.text[0] = '\0';
    assert_err(gasp_entry_list_read((gasp_bytes){both.data, both.len}, note, &s, NULL, NULL), GASP_OK);
    assert_string_equal(s.text, "a=x b=newest c= ");
    s = (seen){"", GASP_DONE};
    assert_err(gasp_entry_list_read((gasp_bytes){both.data, both.len}, note, &s, NULL, NULL), GASP_OK);
    assert_string_equal(s.text, "a=x ");
    s = (seen){"", GASP_ERR_LIMIT};
    assert_err(gasp_entry_list_read((gasp_bytes){both.data, both.len}, note, &s, NULL, NULL), GASP_ERR_LIMIT);
    gasp_data_clear(&both);
    gasp_data_clear(&b);
    gasp_data_clear(&a);
    assert_err(gasp_entry_list_make(&a, NULL, 0, NULL), GASP_OK);
    assert_int_equal(a.len, 1);
    gasp_data_clear(&a);
}

static void errors_name_the_side(void **state)
{
    (void)state;
    static const uint8_t none[] = {0};
    static const uint8_t trailing[] = {0, 0};
    const gasp_bytes good = {none, 1};
    const gasp_bytes bad = {trailing, 2};
    gasp_data out = {0};
    gasp_fault fault = {GASP_OK, 99, 99};
    seen s = {"", GASP_OK};
    assert_err(gasp_entry_list_join(&out, bad, good, NULL, &fault), GASP_ERR_TRAILING);
    assert_int_equal(fault.item, 0);
    assert_int_equal(fault.at, 1);
    assert_err(gasp_entry_list_join(&out, good, bad, NULL, &fault), GASP_ERR_TRAILING);
    assert_int_equal(fault.item, 1);
    assert_null(out.data);
    assert_err(gasp_entry_list_read(bad, note, &s, NULL, &fault), GASP_ERR_TRAILING);
    assert_string_equal(s.text, "");
    const gasp_outpoint outpoint = {{{1}}, 2};
    gasp_output_values values = {.item_time = 77};
    assert_err(gasp_output_values_of(&values, &outpoint, NULL, bad, NULL, &fault), GASP_ERR_TRAILING);
    assert_int_equal(values.item_time, 77);
    gasp_output_values again;
    assert_err(gasp_output_values_of(&values, &outpoint, NULL, good, NULL, NULL), GASP_OK);
    assert_err(gasp_output_values_of(&again, &outpoint, NULL, (gasp_bytes){0}, NULL, NULL), GASP_OK);
    assert_memory_equal(&values.state, &again.state, sizeof again.state);
    assert_int_equal(values.item_time, 0x7ffffffe);
}

static void too_many(void **state)
{
    (void)state;
    static char names[GASP_ENTRIES_PER_SUBJECT_MAX + 1][4];
    gasp_entry entries[GASP_ENTRIES_PER_SUBJECT_MAX + 1];
    gasp_data out = {0};
    for (size_t i = 0; i <= GASP_ENTRIES_PER_SUBJECT_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i);
        entries[i] = entry_of(names[i], 1, "v");
    }
    assert_err(gasp_entry_list_make(&out, entries, GASP_ENTRIES_PER_SUBJECT_MAX + 1, NULL), GASP_ERR_LIMIT);
    assert_null(out.data);
    assert_err(gasp_entry_list_make(&out, entries, GASP_ENTRIES_PER_SUBJECT_MAX, NULL), GASP_OK);
    gasp_data one = {0};
    gasp_data both = {0};
    assert_err(gasp_entry_list_make(&one, entries + GASP_ENTRIES_PER_SUBJECT_MAX, 1, NULL), GASP_OK);
    assert_err(
        gasp_entry_list_join(&both, (gasp_bytes){out.data, out.len}, (gasp_bytes){one.data, one.len}, NULL, NULL),
        GASP_ERR_LIMIT);
    gasp_data_clear(&one);
    gasp_data_clear(&out);
}

static void value_hash(void **state)
{
    (void)state;
    uint8_t hash[32];
    char text[65];
    gasp_value_hash(hash, text_bytes("abc"));
    gasp_hex_encode(text, hash, 32);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); /* FIPS 180-2 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_sorted_and_joined),
        cmocka_unit_test(errors_name_the_side),
        cmocka_unit_test(too_many),
        cmocka_unit_test(value_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
