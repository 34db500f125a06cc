/** A hash map from keys of one fixed length to values of one fixed size, both held inside.
 *
 *  Peers choose txids, so keys are hashed by SipHash-1-3 under a seed that they do not know: collisions cannot be aimed.
 *  Open addressing with linear probing; deletion moves followers back, so there are no tombstones. Iteration order depends
 *  on the seed: nothing that reaches the wire or a verdict may depend on it.
 */
#ifndef GASP_BASE_MAP_H
#define GASP_BASE_MAP_H

#include "gasp/types.h"

typedef struct gasp_map {
    uint8_t *slots; /**< cap slots of: 1 byte used, key, padding, value */
    size_t cap;     /**< a power of two, or 0 */
    size_t len;     /**< keys held */
    size_t max;     /**< never more keys than this */
    size_t key_len;
    size_t val_len;
    size_t val_at; /**< offset of the value inside a slot, a multiple of 8 */
    size_t slot_len;
    uint64_t seed[2];
    const gasp_mem *mem;
} gasp_map;

/** key_len 1..64; val_len may be 0 (a set of keys). */
void gasp_map_init(gasp_map *map, size_t key_len, size_t val_len, size_t max, const uint8_t seed16[16],
                   const gasp_mem *mem);

/** Frees everything; the map can be used again. A zeroed gasp_map is accepted. */
void gasp_map_clear(gasp_map *map);

/** The value under key, NULL when there is none. Valid until the next put or del. */
void *gasp_map_get(const gasp_map *map, const void *key);

/** The value under key, made (zeroed) when there was none; *fresh, when given, tells which.
 *  With val_len 0, *value is some non-NULL pointer. Valid until the next put or del.
 *  Errors: GASP_ERR_LIMIT  max keys are held;  GASP_ERR_NOMEM */
gasp_err gasp_map_put(gasp_map *map, void **value, bool *fresh, const void *key) GASP_MUST_CHECK;

/** Forgets key; whether it was there. */
bool gasp_map_del(gasp_map *map, const void *key);

/** Walks the map: start with *pos = 0; false at the end. No put or del meanwhile. */
bool gasp_map_next(const gasp_map *map, size_t *pos, const void **key, void **value);

/** SipHash-2-4 of bytes under a 128-bit key, as published by Aumasson and Bernstein. */
uint64_t gasp_siphash(const uint64_t key[2], const uint8_t *bytes, size_t len);

/** SipHash-1-3, which is half the work: for tables alone, where nobody ever sees a hash. Its authors propose it for that, and
 *  other languages' hash maps use it. */
uint64_t gasp_table_hash(const uint64_t key[2], const uint8_t *bytes, size_t len);

#endif
