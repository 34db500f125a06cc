/* The public way to summaries and filters: orders, parts, probes and refusals. The values themselves are pinned by
 * vectors/value/, which tests/cli runs through these functions. */
#include <string.h>

#include "gasp/set.h"
#include "lib/data.h"

static const uint8_t key[GASP_FILTER_KEY_LEN] = {1, 2, 3};

static gasp_set_item item_of(uint64_t time, uint8_t id)
{
    gasp_set_item item = {.time = time};
    memset(item.id.b, id, sizeof item.id.b);
    memset(item.outpoint_id.b, id, sizeof item.outpoint_id.b);
    item.outpoint.txid.b[0] = id;
    return item;
}

static void summaries(void **state)
{
    (void)state;
    const gasp_set_item items[] = {item_of(5, 1), item_of(4, 9), item_of(5, 0)};
    const gasp_set_item twice[] = {item_of(5, 1), item_of(5, 1)};
    const gasp_set_item late[] = {item_of(UINT64_MAX, 1)};
    size_t order[3] = {9, 9, 9};
    gasp_set_summary summary;
    gasp_set_summary again;
    assert_err(gasp_set_summarise(&summary, order, items, 3, NULL), GASP_OK);
    assert_int_equal(summary.count, 3);
    assert_int_equal(summary.sum[0], 10);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 2);
    assert_int_equal(order[2], 0);
    assert_err(gasp_set_summarise(&again, NULL, items, 3, NULL), GASP_OK);
    assert_true(gasp_set_summary_equal(&summary, &again));
    assert_err(gasp_set_summarise(&again, NULL, items, 2, NULL), GASP_OK);
    assert_false(gasp_set_summary_equal(&summary, &again));
    assert_err(gasp_set_summarise(&again, NULL, twice, 2, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_set_summarise(&again, NULL, late, 1, NULL), GASP_ERR_MISUSE);
}

static void parts(void **state)
{
    (void)state;
    const gasp_set_item items[] = {item_of(0, 1), item_of(0, 2)};
    uint8_t outpoint[GASP_OUTPOINT_LEN] = {1};
    gasp_filter_info info;
    gasp_fault fault = {0};
    gasp_data part = {0};
    assert_err(gasp_filter_part_make(&part, GASP_MATCH_STATE, items, 2, 1, key, NULL), GASP_ERR_MISUSE);
    assert_null(part.data);
    assert_err(gasp_filter_part_make(&part, GASP_MATCH_STATE, items, 2, 0, key, NULL), GASP_OK);
    gasp_bytes bytes = {part.data, part.len};
    assert_err(gasp_filter_part_read(&info, bytes, NULL), GASP_OK);
    assert_int_equal(info.count, 2);
    assert_int_equal(info.sum[31], 3);
    assert_int_equal(info.bound.b[0], 0xff);
    assert_int_equal(info.bits, 28755);
    assert_int_equal(info.probes, 20);
    assert_err(gasp_filter_part_probe(bytes, (gasp_bytes){outpoint, sizeof outpoint}), GASP_OK);
    assert_err(gasp_filter_part_probe(bytes, (gasp_bytes){items[1].id.b, 32}), GASP_OK);
    outpoint[0] = 3;
    assert_err(gasp_filter_part_probe(bytes, (gasp_bytes){outpoint, sizeof outpoint}), GASP_ABSENT);
    assert_err(gasp_filter_part_read(&info, (gasp_bytes){part.data, 10}, &fault), GASP_ERR_SHORT);
    assert_err(gasp_filter_part_probe((gasp_bytes){part.data, 10}, bytes), GASP_ERR_SHORT);
    part.data[84] = 0; /* no probes */
    assert_err(gasp_filter_part_read(&info, bytes, &fault), GASP_ERR_PEER_FILTER);
    assert_int_equal(fault.err, GASP_ERR_PEER_FILTER);
    gasp_data_clear(&part);
}

static void trailing(void **state)
{
    (void)state;
    gasp_data part = {0};
    static uint8_t longer[8192];
    gasp_filter_info info;
    assert_err(gasp_filter_part_make(&part, GASP_MATCH_OUTPOINT, NULL, 0, 0, key, NULL), GASP_OK);
    assert_true(part.len < sizeof longer);
    memcpy(longer, part.data, part.len);
    assert_err(gasp_filter_part_read(&info, (gasp_bytes){longer, part.len + 1}, NULL), GASP_ERR_TRAILING);
    gasp_data_clear(&part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summaries),
        cmocka_unit_test(parts),
        cmocka_unit_test(trailing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
