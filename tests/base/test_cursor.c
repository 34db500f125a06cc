/* Reader and writer: CompactSize at every edge by hand-computed bytes, sticky failure with its offset, counts that the
 * input cannot hold, the three sinks. */
#include <string.h>

#include "base/mem.h"
#include "base/reader.h"
#include "base/writer.h"
#include "lib/data.h"

static const struct {
    uint64_t value;
    const char *hex;
} compact[] = {
    {0, "00"},
    {0xfc, "fc"},
    {0xfd, "fdfd00"},
    {0xffff, "fdffff"},
    {0x10000, "fe00000100"},
    {0xffffffff, "feffffffff"},
    {0x100000000, "ff0000000001000000"},
    {UINT64_MAX, "ffffffffffffffffff"},
};

static void compact_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof compact / sizeof compact[0]; i++) {
        gasp_bytes bytes = test_hex(compact[i].hex);
        gasp_reader r = gasp_reader_of(bytes);
        assert_true(gasp_read_compact(&r) == compact[i].value);
        assert_err(gasp_reader_finish(&r, NULL), GASP_OK);
        uint8_t out[9];
        gasp_writer w = gasp_writer_fixed(out, sizeof out);
        gasp_write_compact(&w, compact[i].value);
        assert_err(w.err, GASP_OK);
        assert_int_equal(w.len, bytes.len);
        assert_int_equal(gasp_compact_len(compact[i].value), bytes.len);
        assert_memory_equal(out, bytes.data, bytes.len);
        for (size_t cut = 0; cut < bytes.len; cut++) {
            gasp_reader shorter = gasp_reader_of((gasp_bytes){bytes.data, cut});
            assert_true(gasp_read_compact(&shorter) == 0);
            assert_err(gasp_reader_status(&shorter, NULL), GASP_ERR_SHORT);
        }
        test_release(bytes);
    }
}

static void longer_than_needed(void **state)
{
    (void)state;
    const char *bad[] = {"fdfc00", "feffff0000", "ffffffffff00000000"};
    for (size_t i = 0; i < 3; i++) {
        gasp_bytes bytes = test_hex(bad[i]);
        gasp_reader r = gasp_reader_of(bytes);
        gasp_fault fault = {0};
        assert_true(gasp_read_compact(&r) == 0);
        assert_err(gasp_reader_finish(&r, &fault), GASP_ERR_COMPACT_SIZE);
        assert_int_equal(fault.err, GASP_ERR_COMPACT_SIZE);
        assert_int_equal(fault.at, 0);
        test_release(bytes);
    }
}

static void failure_is_sticky(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6};
    gasp_reader r = gasp_reader_of((gasp_bytes){bytes, sizeof bytes});
    assert_int_equal(gasp_read_u16(&r), 0x0201);
    assert_true(gasp_read_u64(&r) == 0);
    assert_int_equal(gasp_read_u8(&r), 0);
    assert_int_equal(gasp_reader_left(&r), 0);
    gasp_fault fault = {0};
    assert_err(gasp_reader_finish(&r, &fault), GASP_ERR_SHORT);
    assert_int_equal(fault.at, 2);
    gasp_reader trailing = gasp_reader_of((gasp_bytes){bytes, sizeof bytes});
    assert_int_equal(gasp_read_u32(&trailing), 0x04030201);
    assert_err(gasp_reader_finish(&trailing, &fault), GASP_ERR_TRAILING);
    assert_int_equal(fault.at, 4);
}

static void counts_fit_what_follows(void **state)
{
    (void)state;
    const uint8_t bytes[] = {3, 0, 0, 0, 0, 0, 0};
    gasp_reader r = gasp_reader_of((gasp_bytes){bytes, sizeof bytes});
    assert_int_equal(gasp_read_count(&r, 2), 3);
    r = gasp_reader_of((gasp_bytes){bytes, sizeof bytes});
    assert_int_equal(gasp_read_count(&r, 3), 0);
    assert_err(gasp_reader_status(&r, NULL), GASP_ERR_COUNT);
}

static void sinks(void **state)
{
    (void)state;
    const gasp_bytes word = {(const uint8_t *)"outpoint", 8};
    gasp_buf buf;
    gasp_buf_init(&buf, 9, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_write_sized(&w, word);
    assert_err(w.err, GASP_OK);
    assert_int_equal(buf.len, 9);
    gasp_write_u8(&w, 1);
    assert_err(w.err, GASP_ERR_LIMIT);
    assert_int_equal(buf.len, 9);
    gasp_writer measured = gasp_writer_measure();
    gasp_write_sized(&measured, word);
    assert_int_equal(measured.len, 9);
    uint8_t out[8];
    gasp_writer fixed = gasp_writer_fixed(out, sizeof out);
    gasp_write_sized(&fixed, word);
    assert_err(fixed.err, GASP_ERR_LIMIT);
    gasp_buf_drop(&buf, 1);
    assert_memory_equal(buf.data, "outpoint", 8);
    gasp_buf_clear(&buf);
}

static void growth_stops_at_its_maximum(void **state)
{
    (void)state;
    void *data = NULL;
    size_t cap = 0;
    assert_err(gasp_mem_grow(gasp_mem_default(), &data, &cap, 7, 8, 10), GASP_OK);
    assert_true(cap >= 7 && cap <= 10);
    assert_err(gasp_mem_grow(gasp_mem_default(), &data, &cap, 10, 8, 10), GASP_OK);
    assert_err(gasp_mem_grow(gasp_mem_default(), &data, &cap, 11, 8, 10), GASP_ERR_LIMIT);
    assert_err(gasp_mem_grow(gasp_mem_default(), &data, &cap, 11, 8, SIZE_MAX), GASP_ERR_LIMIT);
    gasp_mem_free(gasp_mem_default(), data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_sizes),
        cmocka_unit_test(longer_than_needed),
        cmocka_unit_test(failure_is_sticky),
        cmocka_unit_test(counts_fit_what_follows),
        cmocka_unit_test(sinks),
        cmocka_unit_test(growth_stops_at_its_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
