/** What every store refuses before it looks at a row: the limits of gasp/kv.h, in one place so that all stores agree.
 *  Inline, because LevelDB's store is a product of its own and sees no hidden symbol of gasp::gasp. */
#ifndef GASP_STORE_CHECK_H
#define GASP_STORE_CHECK_H

#include <string.h>

#include "base/limits.h"
#include "gasp/kv.h"

/** GASP_ERR_MISUSE for an empty key or no bytes, GASP_ERR_LIMIT for a long one. */
static inline gasp_err check_key(gasp_bytes key)
{
    if (key.len == 0 || key.data == NULL)
        return GASP_ERR_MISUSE;
    return key.len > gasp_limit(KEY_BYTES) ? GASP_ERR_LIMIT : GASP_OK;
}

static inline gasp_err check_get(const gasp_bytes *keys, size_t n, gasp_kv_found found)
{
    if (found == NULL || (keys == NULL && n > 0))
        return GASP_ERR_MISUSE;
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = check_key(keys[i]);
    return err;
}

/** Bounds of a range may be empty. */
static inline gasp_err check_scan(gasp_bytes from, gasp_bytes to, gasp_kv_row row)
{
    if (row == NULL || (from.data == NULL && from.len > 0) || (to.data == NULL && to.len > 0))
        return GASP_ERR_MISUSE;
    return from.len > gasp_limit(KEY_BYTES) || to.len > gasp_limit(KEY_BYTES) ? GASP_ERR_LIMIT : GASP_OK;
}

/** One op; *left is what the batch may still hold. */
static inline gasp_err check_op(const gasp_kv_op *op, size_t *left)
{
    gasp_err err = check_key(op->key);
    if (err != GASP_OK)
        return err;
    if (op->verb != GASP_KV_PUT && op->verb != GASP_KV_DELETE)
        return GASP_ERR_MISUSE;
    size_t value_len = op->verb == GASP_KV_PUT ? op->value.len : 0;
    if (value_len > 0 && op->value.data == NULL)
        return GASP_ERR_MISUSE;
    if (value_len > gasp_limit(VALUE_BYTES) || op->key.len + value_len > *left)
        return GASP_ERR_LIMIT;
    *left -= op->key.len + value_len;
    return GASP_OK;
}

static inline gasp_err check_write(const gasp_kv_op *ops, size_t n)
{
    if (ops == NULL && n > 0)
        return GASP_ERR_MISUSE;
    if (n > gasp_limit(BATCH_OPS))
        return GASP_ERR_LIMIT;
    size_t left = gasp_limit(BATCH_WRITE_BYTES);
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = check_op(&ops[i], &left);
    return err;
}

/** Unsigned bytes; a key before every longer one that it begins. */
static inline int compare_keys(gasp_bytes a, gasp_bytes b)
{
    size_t both = a.len < b.len ? a.len : b.len;
    int order = both > 0 ? memcmp(a.data, b.data, both) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

#endif
