/* A growable run of bytes with a maximum. */
#include "base/buf.h"

#include <string.h>

#include "base/mem.h"

void gasp_buf_init(gasp_buf *buf, size_t max, const gasp_mem *mem)
{
    *buf = (gasp_buf){.max = max, .mem = gasp_mem_or_default(mem)};
}

void gasp_buf_clear(gasp_buf *buf)
{
    if (buf->data != NULL)
        gasp_mem_free(buf->mem, buf->data);
    buf->data = NULL;
    buf->len = buf->cap = 0;
}

gasp_err gasp_buf_reserve(gasp_buf *buf, size_t more)
{
    if (more > buf->max - buf->len)
        return GASP_ERR_LIMIT;
    void *data = buf->data;
    gasp_err err = gasp_mem_grow(buf->mem, &data, &buf->cap, buf->len + more, 1, buf->max);
    buf->data = data;
    return err;
}

gasp_err gasp_buf_append(gasp_buf *buf, const void *bytes, size_t len)
{
    gasp_err err = gasp_buf_reserve(buf, len);
    if (err != GASP_OK)
        return err;
    if (len > 0)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    return GASP_OK;
}

void gasp_buf_drop(gasp_buf *buf, size_t len)
{
    if (len > buf->len)
        len = buf->len;
    if (len > 0 && len < buf->len)
        memmove(buf->data, buf->data + len, buf->len - len);
    buf->len -= len;
}

gasp_bytes gasp_buf_view(const gasp_buf *buf)
{
    return (gasp_bytes){buf->data, buf->len};
}
