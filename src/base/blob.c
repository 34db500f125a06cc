/* Shared immutable bytes. */
#include "base/blob.h"

#include "base/mem.h"

gasp_blob *gasp_blob_take(uint8_t *data, size_t len, const gasp_mem *mem)
{
    mem = gasp_mem_or_default(mem);
    gasp_blob *blob = gasp_mem_zalloc(mem, sizeof *blob);
    if (blob == NULL) {
        gasp_mem_free(mem, data);
        return NULL;
    }
    atomic_init(&blob->refs, 1);
    blob->mem = mem;
    blob->len = len;
    blob->data = data;
    return blob;
}

gasp_blob *gasp_blob_new(size_t len, const gasp_mem *mem)
{
    mem = gasp_mem_or_default(mem);
    uint8_t *data = mem->allocate(mem->user, len > 0 ? len : 1);
    return data != NULL ? gasp_blob_take(data, len, mem) : NULL;
}

gasp_blob *gasp_blob_share(gasp_blob *blob)
{
    if (blob != NULL)
        atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    return blob;
}

void gasp_blob_release(gasp_blob *blob)
{
    if (blob == NULL || atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) != 1)
        return;
    gasp_mem_free(blob->mem, blob->data);
    gasp_mem_free(blob->mem, blob);
}

gasp_bytes gasp_blob_view(const gasp_blob *blob)
{
    return (gasp_bytes){blob->data, blob->len};
}
