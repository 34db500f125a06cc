/* A merkle path as JSON (form: gasp/json.h). Reading fills an array of leaves and leaves every rule of the tree to
 * gasp_bump_from_leaves; writing needs no JSON library. Uses only the public headers and room base, so that it can be a
 * library of its own.
 * Must never hand a text to jansson that is nested deeper than GASP_JSON_DEPTH_MAX: its parser is recursive. */
#include "gasp/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/writer.h"

static gasp_err fail(gasp_fault *fault, gasp_err err, size_t level, size_t at)
{
    if (fault != NULL)
        *fault = (gasp_fault){.err = err, .at = at, .item = level};
    return err;
}

/* Nesting of a text, brackets inside strings left out. What is no JSON may be miscounted; jansson refuses it. */
static gasp_err judge_depth(const char *text, size_t len, gasp_fault *fault)
{
    bool in_string = false;
    size_t depth = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > gasp_limit(JSON_DEPTH))
                return fail(fault, GASP_ERR_LIMIT, 0, i);
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return GASP_OK;
}

/* A flag that may be left out. */
static gasp_err read_flag(bool *out, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value != NULL && !json_is_boolean(value))
        return GASP_ERR_JSON;
    *out = json_is_true(value);
    return GASP_OK;
}

static gasp_err read_hash(uint8_t out[32], const json_t *hash)
{
    gasp_txid txid;
    if (!json_is_string(hash))
        return GASP_ERR_JSON;
    if (json_string_length(hash) != 64)
        return GASP_ERR_TEXT_HEX;
    gasp_err err = gasp_txid_from_text(&txid, json_string_value(hash));
    if (err == GASP_OK)
        memcpy(out, txid.b, 32);
    return err;
}

static gasp_err read_leaf(gasp_bump_leaf *out, const json_t *leaf)
{
    bool is_txid = false;
    bool is_duplicate = false;
    const json_t *offset = json_object_get(leaf, "offset");
    const json_t *hash = json_object_get(leaf, "hash");
    if (!json_is_integer(offset))
        return GASP_ERR_JSON; /* also when leaf is no object */
    if (json_integer_value(offset) < 0)
        return GASP_ERR_BUMP_OFFSET_RANGE;
    gasp_err err = read_flag(&is_txid, leaf, "txid");
    if (err == GASP_OK)
        err = read_flag(&is_duplicate, leaf, "duplicate");
    if (err != GASP_OK)
        return err;

    memset(out, 0, sizeof *out);
    out->offset = (uint64_t)json_integer_value(offset);
    if (is_duplicate) {
        out->flags = GASP_BUMP_DUPLICATE;
        return hash != NULL || is_txid ? GASP_ERR_BUMP_FLAGS : GASP_OK;
    }
    out->flags = is_txid ? GASP_BUMP_TXID : GASP_BUMP_HASH;
    return read_hash(out->hash, hash);
}

/* Leaves of all levels, counted into n_in_level. */
static gasp_err count_leaves(size_t *n, size_t n_in_level[GASP_BUMP_LEVELS_MAX], const json_t *path, gasp_fault *fault)
{
    size_t n_levels = json_array_size(path);
    if (n_levels == 0 || n_levels > GASP_BUMP_LEVELS_MAX)
        return fail(fault, GASP_ERR_BUMP_LEVELS, 0, 0);
    *n = 0;
    for (size_t level = 0; level < n_levels; level++) {
        const json_t *leaves = json_array_get(path, level);
        if (!json_is_array(leaves))
            return fail(fault, GASP_ERR_JSON, level, 0);
        n_in_level[level] = json_array_size(leaves);
        *n += n_in_level[level];
        if (*n > gasp_limit(BUMP_LEAVES))
            return fail(fault, GASP_ERR_LIMIT, level, 0);
    }
    return GASP_OK;
}

static gasp_err read_leaves(gasp_bump_leaf *leaves, const json_t *path, gasp_fault *fault)
{
    for (size_t level = 0; level < json_array_size(path); level++) {
        const json_t *row = json_array_get(path, level);
        for (size_t i = 0; i < json_array_size(row); i++) {
            gasp_err err = read_leaf(leaves++, json_array_get(row, i));
            if (err != GASP_OK)
                return fail(fault, err, level, i);
        }
    }
    return GASP_OK;
}

static gasp_err read_path(gasp_bump **out, const json_t *root, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_bump_leaf *leaves = NULL;
    size_t n_in_level[GASP_BUMP_LEVELS_MAX];
    size_t n = 0;
    const json_t *height = json_object_get(root, "blockHeight");
    const json_t *path = json_object_get(root, "path");
    if (!json_is_integer(height) || !json_is_array(path))
        return fail(fault, GASP_ERR_JSON, 0, 0);
    if (json_integer_value(height) < 0 || json_integer_value(height) > (json_int_t)UINT32_MAX)
        return fail(fault, GASP_ERR_BUMP_HEIGHT, 0, 0);

    gasp_err err = count_leaves(&n, n_in_level, path, fault);
    if (err != GASP_OK)
        return err;
    leaves = gasp_mem_zalloc_array(mem, n, sizeof *leaves);
    if (leaves == NULL)
        return fail(fault, GASP_ERR_NOMEM, 0, 0);
    err = read_leaves(leaves, path, fault);
    if (err == GASP_OK)
        err = gasp_bump_from_leaves(out, (uint32_t)json_integer_value(height), json_array_size(path), n_in_level,
                                    leaves, mem, fault);
    gasp_mem_free(mem, leaves);
    return err;
}

gasp_err gasp_bump_from_json(gasp_bump **out, const char *text, size_t len, const gasp_mem *mem, gasp_fault *fault)
{
    json_error_t error;
    if (len > gasp_limit(JSON_TEXT))
        return fail(fault, GASP_ERR_LIMIT, 0, GASP_JSON_TEXT_MAX);
    gasp_err err = judge_depth(text, len, fault);
    if (err != GASP_OK)
        return err;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL && json_error_code(&error) == json_error_out_of_memory)
        return fail(fault, GASP_ERR_NOMEM, 0, 0);
    if (root == NULL)
        return fail(fault, GASP_ERR_JSON, 0, error.position > 0 ? (size_t)error.position : 0);
    err = read_path(out, root, gasp_mem_or_default(mem), fault);
    json_decref(root);
    return err;
}

/* -- writing ----------------------------------------------------------------------------------------------------------
 */

static void put_text(gasp_writer *w, const char *text)
{
    gasp_write_bytes(w, text, strlen(text));
}

static void put_number(gasp_writer *w, uint64_t value)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
    put_text(w, digits);
}

static void put_leaf(gasp_writer *w, const gasp_bump_leaf *leaf)
{
    put_text(w, "{\"offset\":");
    put_number(w, leaf->offset);
    if (leaf->flags == GASP_BUMP_DUPLICATE) {
        put_text(w, ",\"duplicate\":true}");
        return;
    }
    gasp_txid txid;
    char hash[GASP_HASH_TEXT_MAX];
    memcpy(txid.b, leaf->hash, 32);
    gasp_txid_to_text(hash, &txid);
    put_text(w, ",\"hash\":\"");
    put_text(w, hash);
    put_text(w, leaf->flags == GASP_BUMP_TXID ? "\",\"txid\":true}" : "\"}");
}

static void put_path(gasp_writer *w, const gasp_bump *bump)
{
    put_text(w, "{\"blockHeight\":");
    put_number(w, gasp_bump_height(bump));
    put_text(w, ",\"path\":[");
    for (size_t level = 0; level < gasp_bump_levels(bump); level++) {
        put_text(w, level == 0 ? "[" : ",[");
        for (size_t i = 0; i < gasp_bump_leaf_count(bump, level); i++) {
            if (i > 0)
                put_text(w, ",");
            put_leaf(w, gasp_bump_leaf_at(bump, level, i));
        }
        put_text(w, "]");
    }
    put_text(w, "]}");
    gasp_write_u8(w, 0);
}

gasp_err gasp_bump_to_json(const gasp_bump *bump, char *out, size_t cap, size_t *len)
{
    gasp_writer w = gasp_writer_measure();
    put_path(&w, bump);
    *len = w.len;
    if (out == NULL)
        return GASP_OK;
    if (cap < *len)
        return GASP_ERR_LIMIT;
    w = gasp_writer_fixed((uint8_t *)out, cap);
    put_path(&w, bump);
    return w.err;
}
