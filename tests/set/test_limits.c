/* The limit on items that a set in memory may hold: positions are 32 bits wide. */
#include "lib/data.h"
#include "set/items.h"

static void items(void **state)
{
    (void)state;
    gasp_items set;
    gasp_items_init(&set, GASP_MATCH_STATE, SIZE_MAX, NULL);
    assert_int_equal(set.max, 0x7fffffff);
    gasp_items_clear(&set);
    gasp_items_init(&set, GASP_MATCH_STATE, 5, NULL);
    assert_int_equal(set.max, 5);
    gasp_items_clear(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(items)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
