/* Vectors of our own form: bump, tx, header, beef. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"
#include "cli/replay.h"
#include "gasp/json.h"

gasp_err gasp_encode_bump(const void *bump, uint8_t *out, size_t cap, size_t *len)
{
    return gasp_bump_encode(bump, out, cap, len);
}

static gasp_err encode_tx(const void *tx, uint8_t *out, size_t cap, size_t *len)
{
    return gasp_tx_encode(tx, out, cap, len);
}

static gasp_err encode_beef(const void *beef, uint8_t *out, size_t cap, size_t *len)
{
    return gasp_beef_encode(beef, out, cap, len);
}

/* -- bump ------------------------------------------------------------------------------------------------------------- */

/* A path from the hex, JSON or text of a case; *fault as the decoder left it. */
static gasp_err bump_of(gasp_replay *run, gasp_bump **out, const json_t *row, gasp_fault *fault)
{
    gasp_bytes bytes;
    const json_t *text = json_object_get(row, "text");
    const json_t *json = json_object_get(row, "json");
    if (text != NULL)
        return gasp_bump_from_json(out, json_string_value(text), json_string_length(text), NULL, fault);
    if (json_object_get(row, "hex") == NULL && json != NULL) {
        char *dumped = json_dumps(json, JSON_COMPACT);
        gasp_err err = dumped != NULL ? gasp_bump_from_json(out, dumped, strlen(dumped), NULL, fault) : GASP_ERR_NOMEM;
        free(dumped);
        return err;
    }
    if (!gasp_replay_hex(run, &bytes, json_object_get(row, "hex")))
        return GASP_ERR_TEXT_HEX;
    gasp_err err = gasp_bump_decode(out, bytes, NULL, fault);
    gasp_bytes_free(bytes);
    return err;
}

static void bump_txids(gasp_replay *run, const json_t *row, const gasp_bump *bump)
{
    const json_t *list = json_object_get(row, "txids");
    if (list == NULL)
        return;
    if (gasp_bump_txid_count(bump) != json_array_size(list))
        gasp_replay_wrong(run, "txids: %zu of them", gasp_bump_txid_count(bump));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        const char *index = json_string_value(json_array_get(pair, 0));
        const char *text = json_string_value(json_array_get(pair, 1));
        uint64_t want = 0;
        uint64_t got = 0;
        gasp_txid txid;
        if (index == NULL || text == NULL || !gasp_cli_number(&want, index, UINT64_MAX) ||
            gasp_txid_from_text(&txid, text) != GASP_OK)
            gasp_replay_wrong(run, "txids: a pair is [\"index\", \"txid\"]");
        else if (gasp_bump_find(bump, &got, &txid) != GASP_OK || got != want)
            gasp_replay_wrong(run, "txids: %s is not found at %s", text, index);
    }
}

static void bump_leaves(gasp_replay *run, const json_t *row, const gasp_bump *bump)
{
    const json_t *leaves = json_object_get(row, "leaves");
    if (leaves == NULL)
        return;
    if (gasp_bump_levels(bump) != json_array_size(leaves))
        gasp_replay_wrong(run, "leaves: %zu levels", gasp_bump_levels(bump));
    for (size_t i = 0; i < json_array_size(leaves); i++)
        if ((json_int_t)gasp_bump_leaf_count(bump, i) != json_integer_value(json_array_get(leaves, i)))
            gasp_replay_wrong(run, "leaves: %zu in level %zu", gasp_bump_leaf_count(bump, i), i);
}

/* The JSON form that a case states beside the hex: what is written, and what is read from it. */
static void bump_form(gasp_replay *run, const json_t *row, const gasp_bump *bump)
{
    const json_t *want = json_object_get(row, "json");
    gasp_bump *again = NULL;
    gasp_bytes bytes;
    if (want == NULL)
        return;
    json_t *got = gasp_bump_json_form(bump);
    if (json_equal(got, want) != 1)
        gasp_replay_wrong(run, "json: written as another object");
    json_decref(got);
    char *text = json_dumps(want, JSON_COMPACT);
    gasp_fault fault = {0};
    gasp_err err = text != NULL ? gasp_bump_from_json(&again, text, strlen(text), NULL, &fault) : GASP_ERR_NOMEM;
    free(text);
    if (err != GASP_OK)
        gasp_replay_wrong(run, "json: %s", gasp_err_name(err));
    else if (gasp_replay_encode(run, &bytes, gasp_encode_bump, again)) {
        gasp_expect_hex(run, row, "hex", bytes);
        gasp_bytes_free(bytes);
    }
    gasp_bump_free(again);
}

void gasp_topic_bump(gasp_replay *run, const json_t *row)
{
    gasp_bump *bump = NULL;
    gasp_bump *canonical = NULL;
    gasp_fault fault = {0};
    gasp_bytes bytes;
    gasp_err err = bump_of(run, &bump, row, &fault);
    if (!gasp_expect_error(run, row, err, &fault, "level")) {
        gasp_bump_free(bump);
        return;
    }
    gasp_merkle_root root = gasp_bump_root(bump);
    if (gasp_replay_encode(run, &bytes, gasp_encode_bump, bump)) {
        gasp_expect_hex(run, row, "hex", bytes);
        gasp_bytes_free(bytes);
    }
    gasp_expect_number(run, row, "height", gasp_bump_height(bump));
    gasp_expect_hash(run, row, "root", root.b);
    bump_leaves(run, row, bump);
    bump_txids(run, row, bump);
    bump_form(run, row, bump);
    if (gasp_bump_canonical(&canonical, bump, NULL) == GASP_OK &&
        gasp_replay_encode(run, &bytes, gasp_encode_bump, canonical)) {
        gasp_expect_hex(run, row, "canonical", bytes);
        gasp_bytes_free(bytes);
    }
    gasp_bump_free(canonical);
    gasp_bump_free(bump);
}

/* -- tx --------------------------------------------------------------------------------------------------------------- */

static void compare_tx(gasp_replay *run, const json_t *row, const gasp_tx *tx)
{
    gasp_txid txid = gasp_tx_txid(tx);
    gasp_bytes bytes;
    const json_t *extended = json_object_get(row, "extended");
    gasp_expect_hash(run, row, "txid", txid.b);
    gasp_expect_number(run, row, "version", gasp_tx_version(tx));
    gasp_expect_number(run, row, "locktime", gasp_tx_locktime(tx));
    gasp_expect_number(run, row, "inputs", gasp_tx_in_count(tx));
    gasp_expect_number(run, row, "outputs", gasp_tx_out_count(tx));
    if (extended != NULL && json_is_true(extended) != gasp_tx_extended(tx))
        gasp_replay_wrong(run, "extended: %s", gasp_tx_extended(tx) ? "true" : "false");
    if (gasp_replay_encode(run, &bytes, encode_tx, tx)) {
        gasp_expect_hex(run, row, gasp_tx_extended(tx) ? "standard" : "hex", bytes);
        gasp_bytes_free(bytes);
    }
    gasp_expect_text(run, row, "check", gasp_err_name(gasp_tx_check(tx, NULL)));
}

void gasp_topic_tx(gasp_replay *run, const json_t *row)
{
    gasp_tx *tx = NULL;
    gasp_fault fault = {0};
    gasp_bytes bytes;
    if (!gasp_replay_hex(run, &bytes, json_object_get(row, "hex")))
        return;
    gasp_err err = gasp_tx_decode(&tx, bytes, NULL, &fault);
    if (gasp_expect_error(run, row, err, &fault, NULL))
        compare_tx(run, row, tx);
    gasp_tx_free(tx);
    gasp_bytes_free(bytes);
}

/* -- header ----------------------------------------------------------------------------------------------------------- */

void gasp_topic_header(gasp_replay *run, const json_t *row)
{
    gasp_fault fault = {0};
    gasp_bytes bytes;
    size_t n = 0;
    if (!gasp_replay_hex(run, &bytes, json_object_get(row, "hex")))
        return;
    gasp_err err = gasp_header_count(&n, bytes, &fault);
    if (gasp_expect_error(run, row, err, &fault, NULL) && n == 1) {
        gasp_header header;
        gasp_block_hash hash;
        uint8_t again[GASP_HEADER_LEN];
        gasp_header_decode(&header, bytes.data);
        gasp_header_hash(&hash, bytes.data);
        gasp_header_encode(again, &header);
        gasp_expect_hex(run, row, "hex", (gasp_bytes){again, sizeof again});
        gasp_expect_hash(run, row, "hash", hash.b);
        gasp_expect_hash(run, row, "prev", header.prev.b);
        gasp_expect_hash(run, row, "root", header.root.b);
        gasp_expect_number(run, row, "version", header.version);
        gasp_expect_number(run, row, "time", header.time);
        gasp_expect_number(run, row, "bits", header.bits);
        gasp_expect_number(run, row, "nonce", header.nonce);
    } else if (err == GASP_OK && n != 1)
        gasp_replay_wrong(run, "%zu headers", n);
    gasp_bytes_free(bytes);
}

/* -- beef ------------------------------------------------------------------------------------------------------------- */

static void beef_parts(gasp_replay *run, const json_t *row, const gasp_beef *beef)
{
    const json_t *bumps = json_object_get(row, "bumps");
    const json_t *txids = json_object_get(row, "txids");
    gasp_beef_item item;
    if (bumps != NULL && json_array_size(bumps) != gasp_beef_bump_count(beef))
        gasp_replay_wrong(run, "bumps: %zu of them", gasp_beef_bump_count(beef));
    for (size_t i = 0; i < json_array_size(bumps) && i < gasp_beef_bump_count(beef); i++) {
        gasp_merkle_root root = gasp_bump_root(gasp_beef_bump(beef, i));
        gasp_expect_number(run, json_array_get(bumps, i), "height", gasp_bump_height(gasp_beef_bump(beef, i)));
        gasp_expect_hash(run, json_array_get(bumps, i), "root", root.b);
    }
    if (txids != NULL && json_array_size(txids) != gasp_beef_tx_count(beef))
        gasp_replay_wrong(run, "txids: %zu of them", gasp_beef_tx_count(beef));
    for (size_t i = 0; i < json_array_size(txids) && gasp_beef_tx(beef, i, &item) == GASP_OK; i++) {
        char *text = gasp_text_hash(item.txid.b);
        const char *want = json_string_value(json_array_get(txids, i));
        if (text == NULL || want == NULL || strcmp(text, want) != 0)
            gasp_replay_wrong(run, "txids: number %zu is %s", i, text != NULL ? text : "");
        free(text);
    }
}

static void compare_beef(gasp_replay *run, const json_t *row, gasp_beef *beef)
{
    gasp_txid subject;
    gasp_bytes bytes;
    gasp_expect_number(run, row, "version", gasp_beef_version(beef));
    if (gasp_beef_subject(beef, &subject) == GASP_OK)
        gasp_expect_hash(run, row, "subject", subject.b);
    else if (json_is_string(json_object_get(row, "subject")))
        gasp_replay_wrong(run, "subject: there is none");
    beef_parts(run, row, beef);
    gasp_expect_text(run, row, "check", gasp_err_name(gasp_beef_check(beef, NULL)));
    if (gasp_replay_encode(run, &bytes, encode_beef, beef)) {
        gasp_expect_hex(run, row, "hex", bytes);
        gasp_bytes_free(bytes);
    }
    if (json_object_get(row, "canonical") == NULL)
        return;
    gasp_err err = gasp_beef_canonicalise(beef, NULL);
    if (err != GASP_OK)
        gasp_replay_wrong(run, "canonical: %s", gasp_err_name(err));
    else if (gasp_replay_encode(run, &bytes, encode_beef, beef)) {
        gasp_expect_hex(run, row, "canonical", bytes);
        gasp_bytes_free(bytes);
    }
}

void gasp_topic_beef(gasp_replay *run, const json_t *row)
{
    gasp_beef *beef = NULL;
    gasp_fault fault = {0};
    gasp_bytes bytes;
    if (!gasp_replay_hex(run, &bytes, json_object_get(row, "hex")))
        return;
    gasp_err err = gasp_beef_decode(&beef, bytes, NULL, &fault);
    if (gasp_expect_error(run, row, err, &fault, "item"))
        compare_beef(run, row, beef);
    gasp_beef_free(beef);
    gasp_bytes_free(bytes);
}
