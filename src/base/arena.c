/* Chunks of one length; what is longer than a quarter of it gets a chunk of its own behind the newest, which goes on. */
#include "base/arena.h"

#include "base/mem.h"

enum { CHUNK = 32768 };

typedef struct gasp_arena_chunk {
    struct gasp_arena_chunk *next;
    uint8_t bytes[];
} chunk;

void gasp_arena_init(gasp_arena *arena, const gasp_mem *mem)
{
    *arena = (gasp_arena){.mem = gasp_mem_or_default(mem)};
}

void gasp_arena_clear(gasp_arena *arena)
{
    while (arena->chunks != NULL) {
        chunk *next = arena->chunks->next;
        gasp_mem_free(arena->mem, arena->chunks);
        arena->chunks = next;
    }
    arena->left = 0;
}

static chunk *chunk_new(const gasp_arena *arena, size_t len)
{
    return len <= SIZE_MAX - sizeof(chunk) ? arena->mem->allocate(arena->mem->user, sizeof(chunk) + len) : NULL;
}

uint8_t *gasp_arena_bytes(gasp_arena *arena, size_t len)
{
    if (len > CHUNK / 4) {
        chunk *own = chunk_new(arena, len);
        if (own == NULL)
            return NULL;
        chunk **place = arena->chunks != NULL ? &arena->chunks->next : &arena->chunks;
        own->next = *place;
        *place = own;
        return own->bytes;
    }
    if (arena->chunks == NULL || len > arena->left) {
        chunk *made = chunk_new(arena, CHUNK);
        if (made == NULL)
            return NULL;
        made->next = arena->chunks;
        arena->chunks = made;
        arena->left = CHUNK;
    }
    uint8_t *at = arena->chunks->bytes + CHUNK - arena->left;
    arena->left -= len;
    return at;
}
