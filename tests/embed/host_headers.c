/* A host's header chain. The file is written beside the old one and renamed, so a killed process leaves one of the two. */
#include "embed/host_headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gasp/header.h"

static gasp_err enter(host_headers *h, const char *name)
{
    if (h->touch != NULL)
        h->touch(h->touch_ctx);
    return h->fail != NULL && strcmp(h->fail, name) == 0 ? GASP_ERR_STORE_IO : GASP_OK;
}

/* ---- the port ------------------------------------------------------------------------------------------------------ */

static gasp_err port_epoch(void *user, uint64_t *epoch)
{
    host_headers *h = user;
    h->epoch += h->restless ? 1 : 0;
    *epoch = h->epoch;
    return enter(h, "epoch");
}

static gasp_err port_tip(void *user, gasp_header_info *out)
{
    host_headers *h = user;
    *out = h->best[h->n - 1];
    return enter(h, "tip");
}

static gasp_err port_at(void *user, gasp_header_info *out, uint32_t height)
{
    host_headers *h = user;
    gasp_err err = enter(h, "at");
    h->looks++;
    if (err != GASP_OK || height >= h->n)
        return err != GASP_OK ? err : GASP_ABSENT;
    *out = h->best[height];
    return GASP_OK;
}

static gasp_err port_find(void *user, gasp_header_info *out, const gasp_block_hash *hash)
{
    host_headers *h = user;
    gasp_err err = enter(h, "find");
    h->looks++;
    for (size_t i = h->n_known; err == GASP_OK && i-- > 0;) {
        if (memcmp(h->known[i].hash.b, hash->b, sizeof hash->b) == 0) {
            *out = h->known[i];
            return GASP_OK;
        }
    }
    return err == GASP_OK ? GASP_ABSENT : err;
}

static gasp_err port_put(void *user, uint64_t *taken, const uint8_t *raw, size_t raw_len, uint32_t height,
                         const gasp_pin *pin, gasp_time now, gasp_fault *fault)
{
    host_headers *h = user;
    gasp_header header;
    (void)pin;
    (void)now;
    gasp_err err = enter(h, "put");
    if (err != GASP_OK)
        return err;
    gasp_header_decode(&header, raw);
    if (height == 0 || height > h->n || memcmp(header.prev.b, h->best[height - 1].hash.b, 32) != 0) {
        *fault = (gasp_fault){.err = GASP_ERR_HEADER_UNKNOWN_PARENT};
        return GASP_ERR_HEADER_UNKNOWN_PARENT;
    }
    *taken = raw_len / 80;
    return host_headers_set(h, height, raw, raw_len / 80) ? GASP_OK : GASP_ERR_STORE_IO;
}

/* ---- the chain ----------------------------------------------------------------------------------------------------- */

static void *grown(void *list, size_t n)
{
    void *out = realloc(list, n * sizeof(gasp_header_info));
    if (out == NULL)
        abort();
    return out;
}

static void put(host_headers *h, uint32_t height, const uint8_t *raw, size_t n)
{
    h->best = grown(h->best, height + n);
    h->known = grown(h->known, h->n_known + n);
    for (size_t i = 0; i < n; i++) {
        gasp_header_info *info = &h->best[height + i];
        *info = (gasp_header_info){.height = height + (uint32_t)i, .trust = GASP_TRUST_RULES};
        memcpy(info->raw80, raw + 80 * i, 80);
        gasp_header_hash(&info->hash, info->raw80);
        h->known[h->n_known++] = *info;
    }
    h->n = height + n;
}

void host_headers_init(host_headers *h, const uint8_t genesis80[80])
{
    *h = (host_headers){.epoch = 1};
    gasp_headers_init(&h->port);
    h->port.user = h;
    h->port.epoch = port_epoch;
    h->port.tip = port_tip;
    h->port.at = port_at;
    h->port.find = port_find;
    h->port.put = port_put;
    put(h, 0, genesis80, 1);
}

void host_headers_clear(host_headers *h)
{
    free(h->best);
    free(h->known);
    h->best = h->known = NULL;
}

void host_headers_forget(host_headers *h)
{
    h->known = grown(h->known, h->n);
    memcpy(h->known, h->best, h->n * sizeof *h->best);
    h->n_known = h->n;
}

static bool save(const host_headers *h)
{
    char fresh[300];
    (void)snprintf(fresh, sizeof fresh, "%s.new", h->path);
    FILE *file = fopen(fresh, "wb");
    if (file == NULL)
        return false;
    bool good = fwrite(&h->epoch, sizeof h->epoch, 1, file) == 1;
    for (size_t i = 1; good && i < h->n; i++)
        good = fwrite(h->best[i].raw80, 80, 1, file) == 1;
    good = good && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && good && rename(fresh, h->path) == 0;
}

bool host_headers_set(host_headers *h, uint32_t height, const uint8_t *raw, size_t n)
{
    put(h, height, raw, n);
    h->epoch++;
    return h->path[0] == '\0' || save(h);
}

bool host_headers_load(host_headers *h)
{
    uint8_t raw80[80];
    FILE *file = fopen(h->path, "rb");
    if (file == NULL)
        return false;
    bool good = fread(&h->epoch, sizeof h->epoch, 1, file) == 1;
    for (uint32_t height = 1; good && fread(raw80, sizeof raw80, 1, file) == 1; height++)
        put(h, height, raw80, 1);
    return fclose(file) == 0 && good;
}
