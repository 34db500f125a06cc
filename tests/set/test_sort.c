/* The merge sort against an insertion sort, at every small length and round the run length: stable, in order, nothing
 * lost.
 */
#include "set/sort.h"

#include <string.h>

#include "base/mem.h"
#include "lib/data.h"
#include "lib/random.h"

typedef struct pair {
    uint32_t key;
    uint32_t from;
} pair;

static int by_key(const void *a, const void *b, const void *user)
{
    const pair *x = a;
    const pair *y = b;
    assert_ptr_equal(user, by_key);
    return (x->key > y->key) - (x->key < y->key);
}

static void against_insertion(void **state)
{
    (void)state;
    enum { MOST = 300 };
    test_random r = test_random_start("sort");
    for (size_t n = 0; n <= MOST; n++) {
        pair model[MOST];
        pair sorted[MOST];
        for (size_t i = 0; i < n; i++) {
            pair added = {(uint32_t)test_random_below(&r, n / 2 + 1), (uint32_t)i};
            sorted[i] = added;
            size_t to = i;
            for (; to > 0 && model[to - 1].key > added.key; to--)
                model[to] = model[to - 1];
            model[to] = added;
        }
        assert_err(gasp_sort(sorted, n, sizeof *sorted, by_key, by_key, gasp_mem_default()), GASP_OK);
        if (n > 0)
            assert_memory_equal(sorted, model, n * sizeof *sorted);
    }
}

static void *no_memory(void *user, size_t len)
{
    (void)user;
    (void)len;
    return NULL;
}

static void errors(void **state)
{
    (void)state;
    const gasp_mem none = {.size = sizeof none, .allocate = no_memory};
    pair two[2] = {{2, 0}, {1, 1}};
    assert_err(gasp_sort(two, 2, sizeof *two, by_key, by_key, &none), GASP_ERR_NOMEM);
    assert_int_equal(two[0].key, 2);
    pair sorted[2] = {{1, 0}, {2, 1}};
    assert_err(gasp_sort(sorted, 2, sizeof *sorted, by_key, by_key, &none), GASP_OK);
    assert_err(gasp_sort(two, 2, 129, by_key, by_key, gasp_mem_default()), GASP_ERR_MISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(against_insertion), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
