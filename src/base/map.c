/* A map with keys and values in one block of slots. Growth doubles at three quarters full; a slot is found by the low bits
 * of its key's SipHash and then the next free one. */
#include "base/map.h"

#include <string.h>

#include "base/mem.h"

static uint64_t rotl(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t load64_whole(const uint8_t *bytes)
{
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24 |
           (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 | (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

static uint64_t load64(const uint8_t *bytes, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* One round on a state that the compiler can hold in registers. */
static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] = rotl(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] = rotl(v[2], 32);
}

/* SipHash with c rounds a word and d at the end. */
static inline uint64_t sip(const uint64_t key[2], const uint8_t *bytes, size_t len, int c, int d)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                     key[1] ^ 0x7465646279746573};
    size_t whole = len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word = load64_whole(bytes + i);
        v[3] ^= word;
        for (int n = 0; n < c; n++)
            sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)len << 56 | load64(bytes + whole, len - whole);
    v[3] ^= last;
    for (int n = 0; n < c; n++)
        sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int n = 0; n < d; n++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t gasp_siphash(const uint64_t key[2], const uint8_t *bytes, size_t len)
{
    return sip(key, bytes, len, 2, 4);
}

uint64_t gasp_table_hash(const uint64_t key[2], const uint8_t *bytes, size_t len)
{
    return sip(key, bytes, len, 1, 3);
}

void gasp_map_init(gasp_map *map, size_t key_len, size_t val_len, size_t max, const uint8_t seed16[16],
                   const gasp_mem *mem)
{
    size_t val_at = (1 + key_len + 7) & ~(size_t)7;
    *map = (gasp_map){.max = max,
                      .key_len = key_len,
                      .val_len = val_len,
                      .val_at = val_at,
                      .slot_len = val_at + ((val_len + 7) & ~(size_t)7),
                      .seed = {load64_whole(seed16), load64_whole(seed16 + 8)},
                      .mem = gasp_mem_or_default(mem)};
}

void gasp_map_clear(gasp_map *map)
{
    if (map->slots != NULL)
        gasp_mem_free(map->mem, map->slots);
    map->slots = NULL;
    map->cap = map->len = 0;
}

static uint8_t *slot(const gasp_map *map, size_t i)
{
    return map->slots + i * map->slot_len;
}

static size_t home(const gasp_map *map, const void *key)
{
    return (size_t)gasp_table_hash(map->seed, key, map->key_len) & (map->cap - 1);
}

/* The slot that holds key, or the free one where it would go. cap > len, so there is one. */
static size_t seek(const gasp_map *map, const void *key)
{
    size_t i = home(map, key);
    while (slot(map, i)[0] != 0 && memcmp(slot(map, i) + 1, key, map->key_len) != 0)
        i = (i + 1) & (map->cap - 1);
    return i;
}

void *gasp_map_get(const gasp_map *map, const void *key)
{
    if (map->len == 0)
        return NULL;
    uint8_t *found = slot(map, seek(map, key));
    return found[0] != 0 ? found + map->val_at : NULL;
}

static gasp_err grow(gasp_map *map)
{
    gasp_map wider = *map;
    wider.cap = map->cap == 0 ? 8 : map->cap * 2;
    wider.slots = gasp_mem_zalloc_array(map->mem, wider.cap, map->slot_len);
    if (wider.slots == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < map->cap; i++) {
        const uint8_t *old = slot(map, i);
        if (old[0] != 0)
            memcpy(slot(&wider, seek(&wider, old + 1)), old, map->slot_len);
    }
    if (map->slots != NULL)
        gasp_mem_free(map->mem, map->slots);
    *map = wider;
    return GASP_OK;
}

gasp_err gasp_map_put(gasp_map *map, void **value, bool *fresh, const void *key)
{
    void *found = gasp_map_get(map, key);
    if (fresh != NULL)
        *fresh = found == NULL;
    if (found == NULL) {
        if (map->len >= map->max)
            return GASP_ERR_LIMIT;
        if (map->len + 1 > map->cap / 4 * 3) {
            gasp_err err = grow(map);
            if (err != GASP_OK)
                return err;
        }
        uint8_t *place = slot(map, seek(map, key));
        memset(place, 0, map->slot_len);
        place[0] = 1;
        memcpy(place + 1, key, map->key_len);
        map->len++;
        found = place + map->val_at;
    }
    if (value != NULL)
        *value = found;
    return GASP_OK;
}

bool gasp_map_del(gasp_map *map, const void *key)
{
    if (map->len == 0)
        return false;
    size_t hole = seek(map, key);
    if (slot(map, hole)[0] == 0)
        return false;
    /* Followers whose home does not lie between the hole and themselves move back into it. */
    for (size_t i = (hole + 1) & (map->cap - 1); slot(map, i)[0] != 0; i = (i + 1) & (map->cap - 1)) {
        size_t from_home = (i - home(map, slot(map, i) + 1)) & (map->cap - 1);
        size_t from_hole = (i - hole) & (map->cap - 1);
        if (from_home >= from_hole) {
            memcpy(slot(map, hole), slot(map, i), map->slot_len);
            hole = i;
        }
    }
    slot(map, hole)[0] = 0;
    map->len--;
    return true;
}

bool gasp_map_next(const gasp_map *map, size_t *pos, const void **key, void **value)
{
    for (; *pos < map->cap; (*pos)++) {
        uint8_t *at = slot(map, *pos);
        if (at[0] == 0)
            continue;
        if (key != NULL)
            *key = at + 1;
        if (value != NULL)
            *value = at + map->val_at;
        (*pos)++;
        return true;
    }
    return false;
}
