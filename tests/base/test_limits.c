/* The table of limits: every row says everything, names are unique, and both ways of asking agree. That each limit is
 * kept is shown by the test that its row names (tests/check/limits.py). */
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data.h"

/* As in docs/protocol.md and gasp/limits.h: lower-case letters, digits and _. */
static bool is_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static void every_row_is_whole(void **state)
{
    (void)state;
    size_t n = 0;
    size_t n_set = 0;
    for (const gasp_limit_info *row; (row = gasp_limit_at(n)) != NULL; n++) {
        assert_true(is_name(row->name));
        assert_true(row->value > 0);
        assert_true(strlen(row->unit) > 0 && strlen(row->bounds) > 10 && strlen(row->beyond) > 0);
        assert_true(row->err == GASP_OK || row->err < 0);
        assert_non_null(strchr(row->test, '/'));
        assert_non_null(strstr(row->test, ": "));
        assert_ptr_equal(gasp_limit_find(row->name), row); /* the first with that name is this one */
        bool set = strcmp(row->set, "fixed") != 0;
        assert_true(!set || strchr(row->set, '.') != NULL);
        assert_true(!set || n == n_set); /* they come first */
        n_set += set;
        assert_int_equal(gasp_limit_value((int)n), row->value);
    }
    assert_int_equal(n, GASP_LIMIT_ROWS);
    assert_null(gasp_limit_at(SIZE_MAX));
    assert_null(gasp_limit_find("no_such_row"));
    printf("count: %zu limits, %zu of them set by a configuration\n", n, n_set);
}

/* "65,536 bytes", "32 MiB", "2^24" */
static uint64_t number_of(const char *text)
{
    uint64_t value = 0;
    for (; (*text >= '0' && *text <= '9') || *text == ','; text++)
        value = *text == ',' ? value : value * 10 + (uint64_t)(*text - '0');
    if (strncmp(text, "^24", 3) == 0)
        return UINT64_C(1) << 24;
    if (strncmp(text, " MiB", 4) == 0)
        return value << 20;
    return strncmp(text, " GiB", 4) == 0 ? value << 30 : value;
}

/* Rows of the document's table, "| name | value | ... |", against rows of ours. */
static void defaults_of_the_protocol(void **state)
{
    (void)state;
    gasp_bytes document = test_own_file("docs/protocol.md");
    char *text = calloc(1, document.len + 1);
    size_t n = 0;
    assert_non_null(text);
    memcpy(text, document.data, document.len);
    char *at = strstr(text, "\n## Limits\n");
    assert_non_null(at);
    for (const gasp_limit_info *row; (row = gasp_limit_at(n)) != NULL && strstr(row->set, "session_limits") != NULL;
         n++) {
        char begin[64];
        (void)snprintf(begin, sizeof begin, "\n| %s | ", row->name);
        const char *line = strstr(at, begin);
        if (line == NULL)
            fail_msg("%s is not in docs/protocol.md", row->name);
        else if (number_of(line + strlen(begin)) != row->value)
            fail_msg("%s has another value in docs/protocol.md", row->name);
    }
    assert_int_equal(n, 12);
    free(text);
    test_release(document);
}

/* Those that the document names in a sentence. */
static void fixed_of_the_protocol(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"locator", 64},
        {"schemes", 16},
        {"skips", 16384},
        {"inv_batch", 1024},
        {"part_items", 65536},
        {"part_probes", 24},
        {"part_bits", 8388608},
        {"entries", 4096},
        {"entry_value", 4096},
        {"bump_levels", 64},
        {"bump_leaves", 4194304},
        {"wants_in_turn", 1 << 24},
        {"entries_per_subject", 128},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const gasp_limit_info *row = gasp_limit_find(rows[i].name);
        assert_non_null(row);
        assert_int_equal(row->value, rows[i].value);
    }
}

static void constants_are_the_rows(void **state)
{
    (void)state;
    assert_int_equal(GASP_LIMIT_EVENTS, gasp_limit_find("events")->value);
    assert_int_equal(gasp_limit_value(GASP_LIMIT_ROW_TX_BYTES), GASP_TX_MAX);
    assert_int_equal(gasp_limit(BUMP_LEVELS), GASP_BUMP_LEVELS_MAX);
    assert_int_equal(gasp_limit_set(MAX_WANTS, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(defaults_of_the_protocol),
        cmocka_unit_test(fixed_of_the_protocol),
        cmocka_unit_test(constants_are_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
