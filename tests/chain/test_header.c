/* Headers: the genesis block by its published fields and hash, a run of real ones by their links, cut runs. */
#include <string.h>

#include "base/reader.h"
#include "gasp/header.h"
#include "lib/data.h"

static void genesis(void **state)
{
    (void)state;
    gasp_bytes raw =
        test_hex("0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e"
                 "67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c");
    assert_int_equal(raw.len, GASP_HEADER_LEN);
    gasp_header header;
    gasp_header_decode(&header, raw.data);
    static const gasp_block_hash zero;
    assert_int_equal(header.version, 1);
    assert_memory_equal(&header.prev, &zero, sizeof zero);
    char text[GASP_HASH_TEXT_MAX];
    gasp_merkle_root_to_text(text, &header.root);
    assert_string_equal(text, "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b");
    assert_int_equal(header.time, 1231006505);
    assert_int_equal(header.bits, 0x1d00ffff);
    assert_int_equal(header.nonce, 2083236893);
    gasp_block_hash hash;
    gasp_header_hash(&hash, raw.data);
    gasp_block_hash_to_text(text, &hash);
    assert_string_equal(text, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
    uint8_t out[GASP_HEADER_LEN];
    gasp_header_encode(out, &header);
    assert_memory_equal(out, raw.data, sizeof out);
    test_release(raw);
}

/* Each header names the hash of the one before: fields, order and hash hold for all of them. */
static void real_run(void **state)
{
    (void)state;
    gasp_bytes run = test_shared_file("headers/bsv-mainnet-900000-916817.headers");
    size_t count = 0;
    assert_err(gasp_header_count(&count, run, NULL), GASP_OK);
    assert_int_equal(count, 16818);
    size_t linked = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *raw = run.data + i * GASP_HEADER_LEN;
        gasp_header header;
        gasp_block_hash hash;
        uint8_t out[GASP_HEADER_LEN];
        gasp_header_decode(&header, raw);
        gasp_header_encode(out, &header);
        assert_memory_equal(out, raw, sizeof out);
        if (i == 0)
            continue;
        gasp_header_hash(&hash, raw - GASP_HEADER_LEN);
        assert_memory_equal(&header.prev, &hash, sizeof hash);
        linked++;
    }
    print_message("count: headers: %zu decoded, %zu linked to the one before\n", count, linked);
    assert_int_equal(linked, 16817);
    test_release(run);
}

static void cut_runs(void **state)
{
    (void)state;
    static const uint8_t bytes[3 * GASP_HEADER_LEN];
    for (size_t len = 0; len <= sizeof bytes; len++) {
        size_t count = 99;
        gasp_fault fault = {0};
        gasp_err err = gasp_header_count(&count, (gasp_bytes){bytes, len}, &fault);
        if (len % GASP_HEADER_LEN == 0) {
            assert_err(err, GASP_OK);
            assert_int_equal(count, len / GASP_HEADER_LEN);
            continue;
        }
        assert_err(err, GASP_ERR_HEADER_LENGTH);
        assert_int_equal(count, 99);
        assert_int_equal(fault.err, GASP_ERR_HEADER_LENGTH);
        assert_int_equal(fault.at, len / GASP_HEADER_LEN * GASP_HEADER_LEN);
        assert_int_equal(fault.item, len / GASP_HEADER_LEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genesis),
        cmocka_unit_test(real_run),
        cmocka_unit_test(cut_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
