/* Parts of a peer's filter, one after the other: whatever is accepted keeps its bounds and can be probed. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "set/bloom.h"

static void make_items(gasp_items *items)
{
    gasp_items_init(items, GASP_MATCH_STATE, 16, NULL);
    for (uint8_t i = 0; i < 16; i++) {
        const gasp_item_id id = {{(uint8_t)(i * 16 + 1)}};
        const gasp_outpoint outpoint = {{{i}}, i};
        FUZZ_HOLDS(gasp_items_add(items, i / 4, &id, &id, &outpoint) == GASP_OK);
    }
    FUZZ_HOLDS(gasp_items_seal(items) == GASP_OK && gasp_items_index_outpoints(items) == GASP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_items items;
    gasp_bloom_walk walk = {0};
    gasp_bloom_part part;
    gasp_reader r = gasp_reader_of((gasp_bytes){data, size});
    make_items(&items);
    size_t at = 0;
    while (gasp_reader_left(&r) > 0 && gasp_bloom_part_read(&part, &r) == GASP_OK) {
        size_t begin = 0;
        size_t end = 0;
        bool equal = false;
        FUZZ_HOLDS(part.k >= 1 && part.k <= GASP_BLOOM_PROBES_MAX && part.m >= 1 && part.m <= GASP_BLOOM_BITS_MAX);
        if (gasp_bloom_walk_take(&walk, &begin, &end, &equal, &part, &items) != GASP_OK)
            break;
        FUZZ_HOLDS(begin == at && begin <= end && end <= items.len);
        for (at = begin; at < end; at++) {
            bool outpoint = false;
            (void)gasp_bloom_part_has_item(&part, &outpoint, &items, gasp_items_nth_outpoint(&items, at));
        }
    }
    gasp_items_clear(&items);
    return 0;
}
