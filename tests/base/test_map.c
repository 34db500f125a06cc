/* gasp_map: SipHash by its published vector, then every operation against a plain array model, then its limit. */
#include "base/map.h"

#include <string.h>

#include "lib/data.h"
#include "lib/random.h"

static void siphash_published_vector(void **state)
{
    (void)state;
    /* Aumasson and Bernstein, "SipHash: a fast short-input PRF", appendix A: key 00..0f, input 00..0e. */
    const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    uint8_t input[15];
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)i;
    assert_true(gasp_siphash(key, input, sizeof input) == 0xa129ca6149be45e5);
}

enum { KEYS = 512 };

static void against_model(void **state)
{
    (void)state;
    test_random r = test_random_start("map");
    uint8_t seed[16];
    test_random_fill(&r, seed, sizeof seed);
    uint32_t model[KEYS] = {0};
    size_t held = 0;
    gasp_map map;
    gasp_map_init(&map, 4, sizeof(uint32_t), KEYS, seed, NULL);
    for (int step = 0; step < 200000; step++) {
        uint32_t key = (uint32_t)test_random_below(&r, KEYS);
        uint32_t *value = gasp_map_get(&map, &key);
        assert_true(value == NULL ? model[key] == 0 : *value == model[key]);
        if (test_random_below(&r, 2) == 0) {
            void *place = NULL;
            bool fresh = false;
            assert_err(gasp_map_put(&map, &place, &fresh, &key), GASP_OK);
            assert_int_equal(fresh, model[key] == 0);
            held += fresh;
            model[key] = (uint32_t)step + 1;
            *(uint32_t *)place = model[key];
        } else {
            assert_int_equal(gasp_map_del(&map, &key), model[key] != 0);
            held -= model[key] != 0;
            model[key] = 0;
        }
        assert_int_equal(map.len, held);
    }
    size_t pos = 0;
    size_t seen = 0;
    const void *key;
    void *value;
    while (gasp_map_next(&map, &pos, &key, &value)) {
        uint32_t k;
        memcpy(&k, key, sizeof k);
        assert_int_equal(model[k], *(uint32_t *)value);
        seen++;
    }
    assert_int_equal(seen, held);
    gasp_map_clear(&map);
}

static void limit(void **state)
{
    (void)state;
    const uint8_t seed[16] = {1};
    gasp_map map;
    gasp_map_init(&map, 1, 0, 3, seed, NULL);
    for (uint8_t key = 0; key < 3; key++)
        assert_err(gasp_map_put(&map, NULL, NULL, &key), GASP_OK);
    uint8_t fourth = 3;
    uint8_t first = 0;
    assert_err(gasp_map_put(&map, NULL, NULL, &fourth), GASP_ERR_LIMIT);
    assert_err(gasp_map_put(&map, NULL, NULL, &first), GASP_OK);
    assert_true(gasp_map_del(&map, &first));
    assert_err(gasp_map_put(&map, NULL, NULL, &fourth), GASP_OK);
    gasp_map_clear(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_published_vector),
        cmocka_unit_test(against_model),
        cmocka_unit_test(limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
