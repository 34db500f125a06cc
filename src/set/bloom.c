/* Filter parts: built with libbloom, read and probed over the wire bits alone. What a peer sent decides m and k; all it
 * can do with them is bounded before the first probe. libbloom reads its words in the machine's order, so elements are
 * handed to it in words: the bits are the same on every machine. */
#include "set/bloom.h"

#include <bloom.h>
#include <string.h>

#include "base/limits.h"

enum { WORDS = GASP_BLOOM_ELEMENT_LEN / 4 };

#define MURMUR_SEED 0x9747b28cU /* libbloom's */
#define MURMUR_M 0x5bd1e995U    /* MurmurHash2's multiplier */

/* (set / m)^k above this: the filter says yes to almost anything. */
#define FULL_MAX 0.75

void gasp_bloom_hasher_init(gasp_bloom_hasher *hasher, const uint8_t key[GASP_BLOOM_KEY_LEN])
{
    gasp_sha256_tagged_init(&hasher->keyed, "gasp/bloom/1");
    gasp_sha256_update(&hasher->keyed, key, GASP_BLOOM_KEY_LEN);
}

void gasp_bloom_element(uint8_t out[GASP_BLOOM_ELEMENT_LEN], const gasp_bloom_hasher *hasher, gasp_bytes bytes)
{
    gasp_sha256 ctx = hasher->keyed;
    uint8_t hash[32];
    gasp_sha256_update(&ctx, bytes.data, bytes.len);
    gasp_sha256_final(&ctx, hash);
    memcpy(out, hash, GASP_BLOOM_ELEMENT_LEN);
}

/* The words that MurmurHash2 sees. */
static void words_of(uint32_t words[WORDS], const uint8_t element[GASP_BLOOM_ELEMENT_LEN])
{
    for (size_t i = 0; i < WORDS; i++) {
        const uint8_t *at = element + 4 * i;
        words[i] = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    }
}

/* MurmurHash2 (Appleby, 32 bit) of exactly 16 bytes. */
static uint32_t murmur(const uint32_t words[WORDS], uint32_t seed)
{
    uint32_t hash = seed ^ GASP_BLOOM_ELEMENT_LEN;
    for (size_t i = 0; i < WORDS; i++) {
        uint32_t word = words[i] * MURMUR_M;
        word = (word ^ word >> 24) * MURMUR_M;
        hash = hash * MURMUR_M ^ word;
    }
    hash = (hash ^ hash >> 13) * MURMUR_M;
    return hash ^ hash >> 15;
}

static bool has_element(const gasp_bloom_part *part, const uint8_t element[GASP_BLOOM_ELEMENT_LEN])
{
    uint32_t words[WORDS];
    words_of(words, element);
    uint32_t at = murmur(words, MURMUR_SEED);
    uint32_t step = murmur(words, at);
    for (uint8_t i = 0; i < part->k; i++, at += step) {
        uint32_t bit = at % part->m;
        if ((part->bits[bit / 8] >> (bit % 8) & 1) == 0)
            return false;
    }
    return true;
}

size_t gasp_bloom_parts(size_t len)
{
    return len == 0 ? 1 : (len - 1) / GASP_BLOOM_PART_ITEMS + 1;
}

/* The wire form; by hand, because it is made for every output of a wallet. */
static void outpoint_bytes(uint8_t out[GASP_OUTPOINT_LEN], const gasp_items *items, size_t pos)
{
    const gasp_outpoint *outpoint = gasp_items_outpoint(items, pos);
    memcpy(out, outpoint->txid.b, sizeof outpoint->txid.b);
    for (size_t i = 0; i < 4; i++)
        out[32 + i] = (uint8_t)(outpoint->vout >> (8 * i));
}

static gasp_err add(struct bloom *filter, const gasp_bloom_hasher *hasher, gasp_bytes bytes)
{
    uint8_t element[GASP_BLOOM_ELEMENT_LEN];
    uint32_t words[WORDS];
    gasp_bloom_element(element, hasher, bytes);
    words_of(words, element);
    return bloom_add(filter, words, sizeof words) >= 0 ? GASP_OK : GASP_ERR_INTERNAL;
}

/* All elements of places [begin, end) of the outpoint order. */
static gasp_err fill(struct bloom *filter, const gasp_bloom_hasher *hasher, const gasp_items *items, size_t begin,
                     size_t end)
{
    gasp_err err = GASP_OK;
    for (size_t n = begin; n < end && err == GASP_OK; n++) {
        size_t pos = gasp_items_nth_outpoint(items, n);
        uint8_t outpoint[GASP_OUTPOINT_LEN];
        outpoint_bytes(outpoint, items, pos);
        err = add(filter, hasher, (gasp_bytes){outpoint, sizeof outpoint});
        if (err == GASP_OK && items->match == GASP_MATCH_STATE)
            err = add(filter, hasher, (gasp_bytes){items->item[pos].id.b, sizeof items->item[pos].id.b});
    }
    return err;
}

static void write_head(gasp_writer *w, const gasp_items *items, size_t begin, size_t end, const uint8_t *key)
{
    uint8_t bytes[32];
    if (end == items->len)
        memset(bytes, 0xff, sizeof bytes);
    else
        memcpy(bytes, gasp_items_outpoint_id(items, gasp_items_nth_outpoint(items, end - 1))->b, sizeof bytes);
    gasp_write_bytes(w, bytes, sizeof bytes);
    gasp_write_u32(w, (uint32_t)(end - begin));
    gasp_sum_encode(bytes, gasp_items_sum_outpoints(items, begin, end));
    gasp_write_bytes(w, bytes, sizeof bytes);
    gasp_write_bytes(w, key, GASP_BLOOM_KEY_LEN);
}

gasp_err gasp_bloom_part_encode(gasp_writer *w, const gasp_items *items, size_t n,
                                const uint8_t key[GASP_BLOOM_KEY_LEN])
{
    if (!items->sealed || items->by_outpoint == NULL || n >= gasp_bloom_parts(items->len))
        return GASP_ERR_MISUSE;
    size_t begin = n * GASP_BLOOM_PART_ITEMS;
    size_t left = items->len - begin;
    size_t end = begin + (left < GASP_BLOOM_PART_ITEMS ? left : GASP_BLOOM_PART_ITEMS);
    size_t entries = (end - begin) * (items->match == GASP_MATCH_STATE ? 2 : 1);
    if (entries < GASP_BLOOM_ENTRIES_MIN)
        entries = GASP_BLOOM_ENTRIES_MIN;
    gasp_bloom_hasher hasher;
    struct bloom filter = {0};
    if (bloom_init(&filter, (int)entries, GASP_BLOOM_RATE) != 0)
        return GASP_ERR_NOMEM;
    gasp_bloom_hasher_init(&hasher, key);
    gasp_err err = fill(&filter, &hasher, items, begin, end);
    if (err == GASP_OK) {
        write_head(w, items, begin, end, key);
        gasp_write_u8(w, (uint8_t)filter.hashes);
        gasp_write_u32(w, (uint32_t)filter.bits);
        gasp_write_bytes(w, filter.bf, ((size_t)filter.bits + 7) / 8);
        err = w->err;
    }
    bloom_free(&filter);
    return err;
}

static uint32_t count_bits(const uint8_t *bytes, size_t len)
{
    static const uint8_t of_nibble[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
    uint32_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += (uint32_t)of_nibble[bytes[i] & 15] + of_nibble[bytes[i] >> 4];
    return count;
}

/* Whether bits past m are clear and an absent element has a fair chance to look absent. */
static bool is_fair(const gasp_bloom_part *part, size_t len)
{
    if (part->m % 8 != 0 && part->bits[len - 1] >> (part->m % 8) != 0)
        return false;
    double share = (double)count_bits(part->bits, len) / (double)part->m;
    double yes = 1;
    for (uint8_t i = 0; i < part->k; i++)
        yes *= share;
    return yes <= FULL_MAX;
}

gasp_err gasp_bloom_part_read(gasp_bloom_part *out, gasp_reader *r)
{
    uint8_t bytes[32];
    size_t at = r->at;
    *out = (gasp_bloom_part){0};
    gasp_read_into(r, out->bound.b, sizeof out->bound.b);
    out->count = gasp_read_u32(r);
    gasp_read_into(r, bytes, sizeof bytes);
    out->sum = gasp_sum_decode(bytes);
    gasp_read_into(r, bytes, GASP_BLOOM_KEY_LEN);
    gasp_bloom_hasher_init(&out->hasher, bytes);
    out->k = gasp_read_u8(r);
    out->m = gasp_read_u32(r);
    size_t len = ((size_t)out->m + 7) / 8;
    if (r->err == GASP_OK && (out->count > gasp_limit(PART_ITEMS) || out->k == 0 || out->k > gasp_limit(PART_PROBES) ||
                              out->m == 0 || out->m > gasp_limit(PART_BITS) || len > gasp_reader_left(r)))
        gasp_reader_fail(r, GASP_ERR_PEER_FILTER, at);
    out->bits = gasp_read_bytes(r, len).data;
    if (r->err == GASP_OK && !is_fair(out, len))
        gasp_reader_fail(r, GASP_ERR_PEER_FILTER, at);
    return r->err;
}

bool gasp_bloom_part_has(const gasp_bloom_part *part, gasp_bytes bytes)
{
    uint8_t element[GASP_BLOOM_ELEMENT_LEN];
    gasp_bloom_element(element, &part->hasher, bytes);
    return has_element(part, element);
}

bool gasp_bloom_part_has_item(const gasp_bloom_part *part, bool *outpoint, const gasp_items *items, size_t pos)
{
    uint8_t bytes[GASP_OUTPOINT_LEN];
    const gasp_item_id *id = &items->item[pos].id;
    bool state = items->match == GASP_MATCH_STATE;
    bool has = part->count > 0 && state && gasp_bloom_part_has(part, (gasp_bytes){id->b, sizeof id->b});
    if (outpoint != NULL)
        *outpoint = has;
    if (part->count == 0 || has || (state && outpoint == NULL))
        return has;
    outpoint_bytes(bytes, items, pos);
    bool has_outpoint = gasp_bloom_part_has(part, (gasp_bytes){bytes, sizeof bytes});
    if (outpoint != NULL)
        *outpoint = has_outpoint;
    return !state && has_outpoint;
}

gasp_err gasp_bloom_walk_take(gasp_bloom_walk *walk, size_t *begin, size_t *end, bool *equal,
                              const gasp_bloom_part *part, const gasp_items *items)
{
    gasp_item_id last;
    memset(last.b, 0xff, sizeof last.b);
    if (walk->done || (walk->started && memcmp(part->bound.b, walk->bound.b, sizeof last.b) <= 0))
        return GASP_ERR_PEER_FILTER;
    if (!items->sealed || items->by_outpoint == NULL)
        return GASP_ERR_MISUSE;
    walk->started = true;
    walk->bound = part->bound;
    walk->done = memcmp(part->bound.b, last.b, sizeof last.b) == 0;
    *begin = walk->at;
    *end = gasp_items_above_outpoint(items, &part->bound);
    walk->at = *end;
    uint8_t theirs[32];
    uint8_t ours[32];
    gasp_sum_encode(theirs, part->sum);
    gasp_sum_encode(ours, gasp_items_sum_outpoints(items, *begin, *end));
    *equal = *end - *begin == part->count && memcmp(theirs, ours, sizeof ours) == 0;
    return GASP_OK;
}

const char *gasp_bloom_library(void)
{
    return bloom_version();
}
