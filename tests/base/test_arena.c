/* Pieces of an arena: apart from each other, kept until the end, none left over. */
#include <string.h>

#include "base/arena.h"
#include "lib/data.h"
#include "lib/random.h"

enum { PIECES = 3000 };

static void pieces_stay(void **state)
{
    (void)state;
    static uint8_t *piece[PIECES];
    static size_t len[PIECES];
    test_random r = test_random_start("arena");
    gasp_arena arena;
    size_t long_ones = 0;
    gasp_arena_init(&arena, NULL);
    for (size_t i = 0; i < PIECES; i++) {
        len[i] = (size_t)test_random_below(&r, test_random_below(&r, 10) == 0 ? 100000 : 300);
        long_ones += len[i] > 8192;
        piece[i] = gasp_arena_bytes(&arena, len[i]);
        assert_non_null(piece[i]);
        memset(piece[i], (int)(i % 251), len[i]);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t at = 0; at < len[i]; at++)
            assert_int_equal(piece[i][at], i % 251);
    printf("count: %d pieces of an arena, %zu with a chunk of their own\n", PIECES, long_ones);
    assert_true(long_ones > 0);
    gasp_arena_clear(&arena);
    assert_non_null(gasp_arena_bytes(&arena, 1)); /* it can be used again */
    gasp_arena_clear(&arena);
    gasp_arena none = {0};
    gasp_arena_clear(&none);
}

static void *refuse(void *user, size_t size)
{
    (void)user;
    (void)size;
    return NULL;
}

static void no_memory(void **state)
{
    (void)state;
    const gasp_mem none = {sizeof none, NULL, refuse, NULL, NULL};
    gasp_arena arena;
    gasp_arena_init(&arena, &none);
    assert_null(gasp_arena_bytes(&arena, 10));
    assert_null(gasp_arena_bytes(&arena, 100000));
    assert_null(gasp_arena_bytes(&arena, SIZE_MAX));
    gasp_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_stay),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
