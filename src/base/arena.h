/** Many small pieces of memory that end together. Pieces never move, and nothing is freed before gasp_arena_clear. */
#ifndef GASP_BASE_ARENA_H
#define GASP_BASE_ARENA_H

#include "gasp/types.h"

typedef struct gasp_arena {
    struct gasp_arena_chunk *chunks; /**< the newest first */
    size_t left;                     /**< bytes of the newest that are free */
    const gasp_mem *mem;
} gasp_arena;

void gasp_arena_init(gasp_arena *arena, const gasp_mem *mem);

/** Frees all pieces; the arena can be used again. A zeroed gasp_arena is accepted. */
void gasp_arena_clear(gasp_arena *arena);

/** len bytes, not aligned, for bytes only; NULL when there is no memory. len 0 gives some non-NULL pointer. */
uint8_t *gasp_arena_bytes(gasp_arena *arena, size_t len);

#endif
