/* The public way to the values of this room: a set summed up, filter parts made, read and probed as bytes. Nothing is
 * decided here; the rules are those of items.c, sum.c and bloom.c. */
#include "base/buf.h"
#include "set/bloom.h"
#include "set/items.h"

_Static_assert((int)GASP_FILTER_KEY_LEN == (int)GASP_BLOOM_KEY_LEN, "one key");

static gasp_err fill(gasp_items *set, gasp_match match, const gasp_set_item items[], size_t n, const gasp_mem *mem)
{
    gasp_err err = GASP_OK;
    gasp_items_init(set, match, GASP_ITEMS_MAX, mem);
    for (size_t i = 0; i < n && err == GASP_OK; i++)
        err = gasp_items_add(set, items[i].time, &items[i].id, &items[i].outpoint_id, &items[i].outpoint);
    return err == GASP_OK ? gasp_items_seal(set) : err;
}

gasp_err gasp_set_summarise(gasp_set_summary *out, size_t order[], const gasp_set_item items[], size_t n,
                            const gasp_mem *mem)
{
    gasp_items set;
    gasp_err err = fill(&set, GASP_MATCH_OUTPOINT, items, n, mem);
    if (err == GASP_OK) {
        gasp_items_summary(out, &set);
        for (size_t i = 0; i < n && order != NULL; i++)
            order[i] = set.item[i].row;
    }
    gasp_items_clear(&set);
    return err;
}

gasp_err gasp_filter_part_make(gasp_data *out, gasp_match match, const gasp_set_item items[], size_t n, size_t part,
                               const uint8_t key[GASP_FILTER_KEY_LEN], const gasp_mem *mem)
{
    gasp_items set;
    gasp_buf buf;
    gasp_buf_init(&buf, GASP_BLOOM_PART_LEN_MAX, mem);
    gasp_err err = fill(&set, match, items, n, mem);
    if (err == GASP_OK)
        err = gasp_items_index_outpoints(&set);
    if (err == GASP_OK) {
        gasp_writer w = gasp_writer_growing(&buf);
        err = gasp_bloom_part_encode(&w, &set, part, key);
    }
    if (err == GASP_OK)
        *out = (gasp_data){buf.data, buf.len, mem};
    else
        gasp_buf_clear(&buf);
    gasp_items_clear(&set);
    return err;
}

static gasp_err read_part(gasp_bloom_part *out, gasp_bytes bytes, gasp_fault *fault)
{
    gasp_reader r = gasp_reader_of(bytes);
    if (gasp_bloom_part_read(out, &r) != GASP_OK)
        return gasp_reader_finish(&r, fault);
    return gasp_reader_finish(&r, fault);
}

gasp_err gasp_filter_part_read(gasp_filter_info *out, gasp_bytes part, gasp_fault *fault)
{
    gasp_bloom_part read;
    gasp_err err = read_part(&read, part, fault);
    if (err != GASP_OK)
        return err;
    *out = (gasp_filter_info){.bound = read.bound, .count = read.count, .probes = read.k, .bits = read.m};
    gasp_sum_encode(out->sum, read.sum);
    return GASP_OK;
}

gasp_err gasp_filter_part_probe(gasp_bytes part, gasp_bytes element)
{
    gasp_bloom_part read;
    gasp_err err = read_part(&read, part, NULL);
    if (err != GASP_OK)
        return err;
    return gasp_bloom_part_has(&read, element) ? GASP_OK : GASP_ABSENT;
}
