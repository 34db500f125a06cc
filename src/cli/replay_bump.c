/* BUMP files of other projects: rows of hex that must or must not be read (rs-sdk, ts-sdk), BRC-74's own example, and the
 * conformance cases of ts-stack. Only what a row says is compared: whether it is read, and values; never an error's
 * wording. A row whose members are not understood fails. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "gasp/json.h"

static gasp_bump *decode(gasp_replay *run, const json_t *hex)
{
    gasp_bytes bytes;
    gasp_bump *bump = NULL;
    gasp_fault fault = {0};
    if (!gasp_replay_hex(run, &bytes, hex))
        return NULL;
    gasp_err err = gasp_bump_decode(&bump, bytes, NULL, &fault);
    if (err != GASP_OK)
        gasp_replay_wrong(run, "%s at byte %" PRIu64 ", level %" PRIu64, gasp_err_name(err), fault.at, fault.item);
    gasp_bytes_free(bytes);
    return bump;
}

static void expect_bytes(gasp_replay *run, const json_t *object, const char *key, const gasp_bump *bump)
{
    gasp_bytes bytes;
    if (json_object_get(object, key) == NULL || !gasp_replay_encode(run, &bytes, gasp_encode_bump, bump))
        return;
    gasp_expect_hex(run, object, key, bytes);
    gasp_bytes_free(bytes);
}

static void expect_root(gasp_replay *run, const json_t *object, const char *key, const gasp_bump *bump)
{
    gasp_merkle_root root = gasp_bump_root(bump);
    gasp_expect_hash(run, object, key, root.b);
}

static void expect_txid(gasp_replay *run, const gasp_bump *bump, const json_t *text)
{
    gasp_txid txid;
    uint64_t index;
    if (!json_is_string(text) || gasp_txid_from_text(&txid, json_string_value(text)) != GASP_OK ||
        gasp_bump_find(bump, &index, &txid) != GASP_OK)
        gasp_replay_wrong(run, "a txid is no leaf of the path");
}

/* -- rows of hex ------------------------------------------------------------------------------------------------------ */

static const char *row_name(const json_t *row, size_t i, char *out, size_t cap)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    if (name != NULL)
        return name;
    snprintf(out, cap, "row %zu", i);
    return out;
}

static void valid_row(gasp_replay *run, const json_t *row, const char *hex_key)
{
    const json_t *txids = json_object_get(json_object_get(row, "path_json"), "txids");
    gasp_bump *bump = decode(run, json_object_get(row, hex_key));
    if (bump == NULL)
        return;
    expect_bytes(run, row, hex_key, bump);
    gasp_expect_number(run, row, "block_height", gasp_bump_height(bump));
    expect_root(run, row, "expected_root", bump);
    for (size_t i = 0; i < json_array_size(txids); i++)
        expect_txid(run, bump, json_array_get(txids, i));
    gasp_bump_free(bump);
}

static void invalid_row(gasp_replay *run, const json_t *row, const char *hex_key)
{
    gasp_bytes bytes;
    gasp_bump *bump = NULL;
    if (!gasp_replay_hex(run, &bytes, json_object_get(row, hex_key)))
        return;
    if (gasp_bump_decode(&bump, bytes, NULL, NULL) == GASP_OK)
        gasp_replay_wrong(run, "it was read, and should be refused");
    gasp_bump_free(bump);
    gasp_bytes_free(bytes);
}

static void rows(gasp_replay *run, const json_t *list, const char *hex_key, bool must_fail)
{
    char number[32];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        gasp_replay_begin(run, "%.150s", row_name(row, i, number, sizeof number));
        if (must_fail || json_object_get(row, "expected_error") != NULL)
            invalid_row(run, row, hex_key);
        else
            valid_row(run, row, hex_key);
        gasp_replay_end(run);
    }
}

/* BRC-74's example: the same path as hex and as JSON. */
static void example(gasp_replay *run, const json_t *document)
{
    const json_t *hex = json_object_get(document, "hex");
    const json_t *json = json_object_get(document, "json");
    for (size_t i = 0; i < json_array_size(hex); i++) {
        json_t *row = json_object();
        (void)json_object_set(row, "hex", json_array_get(hex, i));
        gasp_replay_begin(run, "hex %zu", i);
        valid_row(run, row, "hex");
        gasp_replay_end(run);
        json_decref(row);
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *text = json_array_get(json, i);
        gasp_bump *bump = NULL;
        json_t *row = json_object();
        gasp_replay_begin(run, "json %zu", i);
        gasp_err err = gasp_bump_from_json(&bump, json_string_value(text), json_string_length(text), NULL, NULL);
        (void)json_object_set(row, "hex", json_array_get(hex, 0));
        if (err == GASP_OK)
            expect_bytes(run, row, "hex", bump);
        else
            gasp_replay_wrong(run, "%s", gasp_err_name(err));
        gasp_replay_end(run);
        gasp_bump_free(bump);
        json_decref(row);
    }
}

/* -- conformance cases ------------------------------------------------------------------------------------------------ */

enum { BLOCK_MAX = 64 };

/* The txids of a small block; 0 when there are none. */
static size_t block_of(gasp_replay *run, gasp_txid txids[BLOCK_MAX], const json_t *list)
{
    size_t n = json_array_size(list);
    if (n > BLOCK_MAX)
        gasp_replay_wrong(run, "a block of more than %d", BLOCK_MAX);
    for (size_t i = 0; i < n && i < BLOCK_MAX; i++)
        if (gasp_txid_from_text(&txids[i], json_string_value(json_array_get(list, i))) != GASP_OK)
            gasp_replay_wrong(run, "txid %zu is none", i);
    return n > BLOCK_MAX ? 0 : n;
}

static gasp_bump *whole(gasp_replay *run, uint32_t height, const gasp_txid *txids, size_t n, size_t selected)
{
    gasp_bump *bump = NULL;
    gasp_err err = gasp_bump_from_block(&bump, height, txids, n, &selected, 1, NULL);
    if (err != GASP_OK)
        gasp_replay_wrong(run, "making the path: %s", gasp_err_name(err));
    return bump;
}

/* The block that several cases are about is listed in one of them. */
static const json_t *shared_block(const json_t *document)
{
    const json_t *vectors = json_object_get(document, "vectors");
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *txids = json_object_get(json_object_get(json_array_get(vectors, i), "input"), "txids");
        if (txids != NULL)
            return txids;
    }
    return NULL;
}

/* Cases that give a path. */
static void given_path(gasp_replay *run, const json_t *input, const json_t *expect)
{
    char key[24];
    const json_t *hex = json_object_get(input, "bump_hex");
    gasp_bump *bump = decode(run, hex != NULL ? hex : json_object_get(input, "combined_bump_hex"));
    if (bump == NULL)
        return;
    gasp_expect_number(run, expect, "block_height", gasp_bump_height(bump));
    gasp_expect_number(run, input, "block_height", gasp_bump_height(bump));
    gasp_expect_number(run, expect, "path_levels", gasp_bump_levels(bump));
    gasp_expect_number(run, expect, "path_level0_length", gasp_bump_leaf_count(bump, 0));
    expect_bytes(run, expect, "toHex", bump);
    expect_bytes(run, expect, "serialized_bump_hex", bump);
    expect_root(run, expect, "merkle_root", bump);
    for (size_t i = 0; i < 16; i++) {
        snprintf(key, sizeof key, "merkle_root_for_tx%zu", i);
        expect_root(run, expect, key, bump);
        snprintf(key, sizeof key, "txid_tx%zu", i);
        if (json_object_get(input, key) != NULL)
            expect_txid(run, bump, json_object_get(input, key));
    }
    const json_t *level0 = json_object_get(input, "txids_at_level_0");
    for (size_t i = 0; i < json_array_size(level0); i++)
        expect_txid(run, bump, json_array_get(level0, i));
    if (json_object_get(input, "txid") != NULL)
        expect_txid(run, bump, json_object_get(input, "txid"));
    gasp_bump_free(bump);
}

static uint32_t height_of(const json_t *input)
{
    const json_t *height = json_object_get(input, "block_height");
    return (uint32_t)json_integer_value(height != NULL ? height : json_object_get(input, "height"));
}

/* The leaves that a case spells out. Its member proof_level1_hash is not compared: it is the hash of no node of that
 * block, nor does its expected root depend on it. */
static void proof_parts(gasp_replay *run, const json_t *input, const gasp_bump *bump)
{
    uint8_t hash[32];
    const json_t *level0 = json_object_get(input, "proof_level0");
    for (size_t i = 0; i < json_array_size(level0); i++) {
        const json_t *leaf = json_array_get(level0, i);
        uint64_t offset = (uint64_t)json_integer_value(json_object_get(leaf, "offset"));
        if (gasp_bump_node(bump, hash, 0, offset) == GASP_OK)
            gasp_expect_hash(run, leaf, "hash", hash);
        else
            gasp_replay_wrong(run, "no leaf at %" PRIu64, offset);
    }
}

/* One transaction of a block that is known: `wanted` among txids. */
static void from_block(gasp_replay *run, const json_t *input, const json_t *expect, const json_t *list,
                       const json_t *wanted)
{
    gasp_txid txids[BLOCK_MAX];
    gasp_txid txid;
    size_t at = 0;
    size_t n = block_of(run, txids, list);
    if (wanted != NULL) {
        if (gasp_txid_from_text(&txid, json_string_value(wanted)) != GASP_OK)
            gasp_replay_wrong(run, "no txid");
        while (at < n && memcmp(&txids[at], &txid, sizeof txid) != 0)
            at++;
    }
    gasp_bump *bump = at < n ? whole(run, height_of(input), txids, n, at) : NULL;
    if (bump == NULL) {
        gasp_replay_wrong(run, "the transaction is not in the block");
        return;
    }
    gasp_expect_number(run, expect, "block_height", gasp_bump_height(bump));
    expect_bytes(run, expect, "bump_hex", bump);
    expect_root(run, expect, "merkle_root", bump);
    proof_parts(run, input, bump);
    if (wanted != NULL)
        expect_txid(run, bump, wanted);
    gasp_bump_free(bump);
}

/* A path of all of a block, trimmed to one of its transactions. */
static void extract(gasp_replay *run, const json_t *input, const json_t *expect)
{
    gasp_txid txids[BLOCK_MAX];
    size_t all[BLOCK_MAX];
    gasp_txid txid;
    gasp_bump *full = NULL;
    gasp_bump *one = NULL;
    size_t n = block_of(run, txids, json_object_get(input, "full_block_txids"));
    size_t lengths[2] = {0, 0};
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    gasp_err err = gasp_txid_from_text(&txid, json_string_value(json_object_get(input, "extract_txid")));
    if (err == GASP_OK)
        err = gasp_bump_from_block(&full, height_of(input), txids, n, all, n, NULL);
    if (err == GASP_OK)
        err = gasp_bump_trim(&one, full, &txid, 1, NULL);
    if (err == GASP_OK)
        err = gasp_bump_encode(full, NULL, 0, &lengths[0]);
    if (err == GASP_OK)
        err = gasp_bump_encode(one, NULL, 0, &lengths[1]);
    if (err == GASP_OK) {
        expect_root(run, expect, "merkle_root", one);
        if (json_is_true(json_object_get(expect, "extracted_smaller_than_full")) && lengths[1] >= lengths[0])
            gasp_replay_wrong(run, "the trimmed path is not smaller");
    } else
        gasp_replay_wrong(run, "%s", gasp_err_name(err));
    gasp_bump_free(one);
    gasp_bump_free(full);
}

/* A node whose right child is a duplicate of the left one: the last of an odd level. Such a pair stands alone in no block
 * (rule 5 of gasp/bump.h), so it is made the end of a block of three. */
static void duplicate(gasp_replay *run, const json_t *input, const json_t *expect)
{
    gasp_txid txids[3];
    uint8_t hash[32];
    if (gasp_txid_from_text(&txids[2], json_string_value(json_object_get(input, "leaf0_hash"))) != GASP_OK ||
        gasp_txid_from_text(&txids[0], json_string_value(json_object_get(input, "leaf1_hash"))) != GASP_OK) {
        gasp_replay_wrong(run, "no hash");
        return;
    }
    txids[1] = txids[0];
    txids[1].b[0] ^= 1;
    gasp_bump *bump = whole(run, height_of(input), txids, 3, 2);
    if (bump != NULL && gasp_bump_node(bump, hash, 1, 1) == GASP_OK)
        gasp_expect_hash(run, expect, "computed_hash", hash);
    else
        gasp_replay_wrong(run, "the node cannot be computed");
    gasp_bump_free(bump);
}

/* Cases in which the other project throws: trimming to nothing, or to a transaction that is not there. */
static void throws(gasp_replay *run, const json_t *input, const json_t *block)
{
    gasp_txid txids[BLOCK_MAX];
    gasp_txid txid;
    gasp_bump *one = NULL;
    const json_t *wanted = json_object_get(input, "txid");
    size_t n = block_of(run, txids, block);
    gasp_bump *bump = n > 0 ? whole(run, height_of(input), txids, n, 0) : NULL;
    bool named = wanted != NULL && gasp_txid_from_text(&txid, json_string_value(wanted)) == GASP_OK;
    if (bump == NULL || (!named && json_array_size(json_object_get(input, "txids_to_extract")) != 0))
        gasp_replay_wrong(run, "a case that is not understood");
    else if (gasp_bump_trim(&one, bump, named ? &txid : txids, named ? 1 : 0, NULL) == GASP_OK)
        gasp_replay_wrong(run, "it was trimmed, and should be refused");
    gasp_bump_free(one);
    gasp_bump_free(bump);
}

static void conformance_case(gasp_replay *run, const json_t *row, const json_t *block)
{
    const json_t *input = json_object_get(row, "input");
    const json_t *expect = json_object_get(row, "expected");
    const json_t *txids = json_object_get(input, "txids");
    const json_t *txid = json_object_get(input, "txid");
    if (json_is_true(json_object_get(expect, "throws")))
        throws(run, input, block);
    else if (json_object_get(input, "bump_hex") != NULL || json_object_get(input, "combined_bump_hex") != NULL)
        given_path(run, input, expect);
    else if (json_object_get(input, "full_block_txids") != NULL)
        extract(run, input, expect);
    else if (json_object_get(input, "leaf1_duplicate") != NULL)
        duplicate(run, input, expect);
    else if (txids != NULL)
        from_block(run, input, expect, txids, NULL);
    else if (txid != NULL && json_object_get(input, "block_height") != NULL)
        from_block(run, input, expect, block, txid);
    else if (txid != NULL) {
        json_t *alone = json_pack("[O]", (json_t *)(uintptr_t)txid);
        from_block(run, input, expect, alone, txid);
        json_decref(alone);
    } else
        gasp_replay_wrong(run, "a case that is not understood");
}

static void conformance(gasp_replay *run, const json_t *document)
{
    const json_t *vectors = json_object_get(document, "vectors");
    const json_t *block = shared_block(document);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *row = json_array_get(vectors, i);
        const char *id = json_string_value(json_object_get(row, "id"));
        gasp_replay_begin(run, "%.150s", id != NULL ? id : "a case without an id");
        conformance_case(run, row, block);
        gasp_replay_end(run);
    }
}

void gasp_replay_bump_file(gasp_replay *run, const json_t *document)
{
    uint64_t before = run->passed + run->failed;
    if (json_is_array(document))
        rows(run, document, "hex", false);
    else if (json_object_get(document, "vectors") != NULL)
        conformance(run, document);
    else if (json_is_array(json_object_get(document, "hex")))
        example(run, document);
    else {
        rows(run, json_object_get(document, "valid"), "bump", false);
        rows(run, json_object_get(document, "invalid"), "bump", true);
    }
    if (run->passed + run->failed == before)
        gasp_replay_unreadable(run, GASP_ERR_FORMAT_UNKNOWN, "no form of BUMP rows that is known");
}
