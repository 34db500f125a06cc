/* Allocation. The only file that names malloc, realloc and free. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void *heap_allocate(void *user, size_t len)
{
    (void)user;
    return malloc(len);
}

static void *heap_resize(void *user, void *block, size_t len)
{
    (void)user;
    return realloc(block, len);
}

static void heap_release(void *user, void *block)
{
    (void)user;
    free(block);
}

static const gasp_mem heap = {sizeof(gasp_mem), NULL, heap_allocate, heap_resize, heap_release};

const gasp_mem *gasp_mem_default(void)
{
    return &heap;
}

const gasp_mem *gasp_mem_or_default(const gasp_mem *mem)
{
    return mem != NULL ? mem : &heap;
}

void *gasp_mem_zalloc(const gasp_mem *mem, size_t len)
{
    void *block = mem->allocate(mem->user, len > 0 ? len : 1);
    if (block != NULL)
        memset(block, 0, len > 0 ? len : 1);
    return block;
}

void *gasp_mem_zalloc_array(const gasp_mem *mem, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return gasp_mem_zalloc(mem, count * size);
}

void *gasp_mem_copy(const gasp_mem *mem, const void *bytes, size_t len)
{
    void *block = mem->allocate(mem->user, len > 0 ? len : 1);
    if (block != NULL && len > 0)
        memcpy(block, bytes, len);
    return block;
}

void gasp_mem_free(const gasp_mem *mem, void *block)
{
    if (block != NULL)
        mem->release(mem->user, block);
}

gasp_err gasp_mem_grow(const gasp_mem *mem, void **data, size_t *cap, size_t need, size_t size, size_t max)
{
    if (need <= *cap)
        return GASP_OK;
    if (need > max || size == 0 || max > SIZE_MAX / size)
        return GASP_ERR_LIMIT;
    size_t want = *cap < 4 ? 4 : *cap;
    while (want < need)
        want = want > max / 2 ? max : want * 2;
    if (want > max)
        want = max;
    void *block = mem->resize(mem->user, *data, want * size);
    if (block == NULL)
        return GASP_ERR_NOMEM;
    *data = block;
    *cap = want;
    return GASP_OK;
}

void gasp_mem_wipe(void *bytes, size_t len)
{
    volatile uint8_t *at = bytes;
    while (len-- > 0)
        *at++ = 0;
}

void gasp_data_clear(gasp_data *data)
{
    if (data->data != NULL)
        gasp_mem_free(gasp_mem_or_default(data->mem), data->data);
    *data = (gasp_data){NULL, 0, NULL};
}
