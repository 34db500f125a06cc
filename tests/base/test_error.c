/* Every enumerator of gasp/error.h has its row: name, a text, and a class that fits its sign. */
#include "gasp/error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/data.h"

static void every_value_has_a_row(void **state)
{
    (void)state;
    gasp_bytes header = test_own_file("include/gasp/error.h");
    const char *at = strstr((const char *)header.data, "typedef enum gasp_err {");
    const char *end = strstr((const char *)header.data, "} gasp_err;");
    assert_non_null(at);
    assert_non_null(end);
    int seen = 0;
    for (at = strstr(at, "    GASP_"); at != NULL && at < end; at = strstr(at + 1, "    GASP_")) {
        char name[64] = {0};
        int value = 0;
        if (sscanf(at, "    GASP_%63[A-Z0-9_] = %d", name, &value) != 2)
            continue;
        const char *bare = strncmp(name, "ERR_", 4) == 0 ? name + 4 : name;
        char lower[64] = {0};
        for (size_t i = 0; bare[i] != '\0'; i++)
            lower[i] = (char)tolower(bare[i]);
        assert_string_equal(gasp_err_name((gasp_err)value), lower);
        assert_true(strlen(gasp_err_text((gasp_err)value)) > 0);
        assert_int_equal(gasp_err_class((gasp_err)value) == GASP_CLASS_NONE, value >= 0);
        if (gasp_err_refusal((gasp_err)value) != GASP_REFUSAL_NONE)
            assert_int_equal(gasp_err_class((gasp_err)value), GASP_CLASS_VERIFY);
        else
            assert_int_not_equal(gasp_err_class((gasp_err)value), GASP_CLASS_VERIFY);
        seen++;
    }
    assert_true(seen > 90);
    assert_string_equal(gasp_err_name((gasp_err)-9999), "unknown");
    test_release(header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_value_has_a_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
