/* Vectors of our own form for the values of docs/protocol.md: state, entries, join, items, bloom. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "gasp/record.h"
#include "gasp/set.h"

const json_t *gasp_replay_expected(gasp_replay *run, const json_t *row, const char *known)
{
    const json_t *expect = json_object_get(row, "expect");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)expect, key, value)
    {
        const char *at = strstr(known, key);
        if (at == NULL || (at[strlen(key)] != ' ' && at[strlen(key)] != '\0') || (at != known && at[-1] != ' '))
            gasp_replay_wrong(run, "expect: `%.40s` is not known in this topic", key);
    }
    if (json_object_size(expect) == 0)
        gasp_replay_wrong(run, "expect: states nothing");
    return expect;
}

/* A 32-byte value in natural order. */
static void expect_bytes32(gasp_replay *run, const json_t *object, const char *key, const uint8_t value[32])
{
    gasp_expect_hex(run, object, key, (gasp_bytes){value, 32});
}

/* -- entries ---------------------------------------------------------------------------------------------------------- */

/* Reads one entry; *value is its memory (gasp_bytes_free). */
static bool entry_of(gasp_replay *run, gasp_entry *out, gasp_bytes *value, const json_t *row)
{
    const json_t *name = json_object_get(row, "name");
    const json_t *vout_json = json_object_get(row, "vout");
    const json_t *author_json = json_object_get(row, "author");
    const json_t *time_json = json_object_get(row, "timestamp_us");
    uint8_t author[GASP_AUTHOR_LEN] = {0};
    uint32_t vout = (uint32_t)json_integer_value(vout_json);
    uint64_t time = (uint64_t)json_integer_value(time_json);
    const char *author_text = json_string_value(author_json);
    *value = (gasp_bytes){NULL, 0};
    if (json_is_string(time_json) && !gasp_cli_number(&time, json_string_value(time_json), UINT64_MAX))
        gasp_replay_wrong(run, "timestamp_us is no number");
    if (author_text != NULL && gasp_hex_decode(author, sizeof author, author_text, strlen(author_text)) != GASP_OK)
        gasp_replay_wrong(run, "author is no 32 bytes");
    if (!gasp_replay_hex(run, value, json_object_get(row, "value")))
        return false;
    gasp_bytes text = {(const uint8_t *)json_string_value(name), json_string_length(name)};
    gasp_err err = gasp_entry_make(out, author, vout_json != NULL ? &vout : NULL, text, time, *value);
    if (err != GASP_OK)
        gasp_replay_wrong(run, "an entry: %s", gasp_err_name(err));
    return err == GASP_OK;
}

/* A list of entries as bytes. */
static bool list_of(gasp_replay *run, gasp_data *out, const json_t *array)
{
    size_t n = json_array_size(array);
    size_t done = 0;
    gasp_entry *entries = calloc(n + 1, sizeof *entries);
    gasp_bytes *values = calloc(n + 1, sizeof *values);
    bool good = entries != NULL && values != NULL && json_is_array(array);
    *out = (gasp_data){0};
    for (; good && done < n; done++)
        good = entry_of(run, &entries[done], &values[done], json_array_get(array, done));
    gasp_err err = good ? gasp_entry_list_make(out, entries, n, NULL) : GASP_ERR_MISUSE;
    if (err != GASP_OK)
        gasp_replay_wrong(run, "entries: %s", gasp_err_name(err));
    for (size_t i = 0; i < done; i++)
        gasp_bytes_free(values[i]);
    free(values);
    free(entries);
    return err == GASP_OK;
}

static gasp_err count(void *ctx, const gasp_entry *entry)
{
    (void)entry;
    (*(uint64_t *)ctx)++;
    return GASP_OK;
}

/* -- topics ----------------------------------------------------------------------------------------------------------- */

void gasp_topic_entries(gasp_replay *run, const json_t *row)
{
    uint64_t n = 0;
    gasp_bytes bytes;
    gasp_data again = {0};
    gasp_fault fault = {0};
    if (!gasp_replay_hex(run, &bytes, json_object_get(row, "bytes")))
        return;
    gasp_err err = gasp_entry_list_read(bytes, count, &n, NULL, &fault);
    if (gasp_expect_error(run, row, err, &fault, NULL)) {
        gasp_expect_number(run, gasp_replay_expected(run, row, "entries"), "entries", n);
        /* joined with nothing it is written as it was */
        err = gasp_entry_list_join(&again, bytes, (gasp_bytes){(const uint8_t *)"", 1}, NULL, &fault);
        if (err == GASP_OK)
            gasp_expect_hex(run, row, "bytes", (gasp_bytes){again.data, again.len});
        else
            gasp_replay_wrong(run, "joined with nothing: %s", gasp_err_name(err));
    }
    gasp_data_clear(&again);
    gasp_bytes_free(bytes);
}

void gasp_topic_join(gasp_replay *run, const json_t *row)
{
    uint64_t n = 0;
    gasp_data a = {0};
    gasp_data b = {0};
    gasp_data joined[2] = {{0}, {0}};
    gasp_fault fault = {0};
    const json_t *expect = gasp_replay_expected(run, row, "entries encoded");
    if (list_of(run, &a, json_object_get(row, "a")) && list_of(run, &b, json_object_get(row, "b"))) {
        gasp_bytes sides[2] = {{a.data, a.len}, {b.data, b.len}};
        for (size_t i = 0; i < 2; i++) {
            gasp_err err = gasp_entry_list_join(&joined[i], sides[i], sides[1 - i], NULL, &fault);
            gasp_bytes bytes = {joined[i].data, joined[i].len};
            n = 0;
            if (err == GASP_OK)
                err = gasp_entry_list_read(bytes, count, &n, NULL, &fault);
            if (err != GASP_OK)
                gasp_replay_wrong(run, "join: %s", gasp_err_name(err));
            gasp_expect_hex(run, expect, "encoded", bytes);
            gasp_expect_number(run, expect, "entries", n);
        }
    }
    for (size_t i = 0; i < 2; i++)
        gasp_data_clear(&joined[i]);
    gasp_data_clear(&b);
    gasp_data_clear(&a);
}

static bool outpoint_of(gasp_replay *run, gasp_outpoint *out, const json_t *text)
{
    if (json_is_string(text) && gasp_outpoint_from_text(out, json_string_value(text)) == GASP_OK)
        return true;
    gasp_replay_wrong(run, "no outpoint where one should be");
    return false;
}

static bool anchor_of(gasp_replay *run, gasp_anchor *out, const json_t *json)
{
    const char *block = json_string_value(json_object_get(json, "block"));
    *out = (gasp_anchor){.height = (uint32_t)json_integer_value(json_object_get(json, "height")),
                         .index = (uint64_t)json_integer_value(json_object_get(json, "index"))};
    if (json_is_null(json) || (block != NULL && gasp_block_hash_from_text(&out->block, block) == GASP_OK))
        return true;
    gasp_replay_wrong(run, "anchor: {height, block, index}, or null");
    return false;
}

void gasp_topic_state(gasp_replay *run, const json_t *row)
{
    gasp_outpoint outpoint;
    gasp_anchor anchor;
    gasp_data list = {0};
    gasp_output_values values;
    const json_t *at = json_object_get(row, "anchor");
    const json_t *expect = gasp_replay_expected(run, row, "digest state item_state item_outpoint item_time");
    if (outpoint_of(run, &outpoint, json_object_get(row, "outpoint")) && anchor_of(run, &anchor, at) &&
        list_of(run, &list, json_object_get(row, "entries"))) {
        gasp_err err = gasp_output_values_of(&values, &outpoint, json_is_null(at) ? NULL : &anchor,
                                             (gasp_bytes){list.data, list.len}, NULL, NULL);
        if (err == GASP_OK) {
            expect_bytes32(run, expect, "digest", values.entries_digest);
            expect_bytes32(run, expect, "state", values.state.b);
            expect_bytes32(run, expect, "item_state", values.item.b);
            expect_bytes32(run, expect, "item_outpoint", values.outpoint_item.b);
            gasp_expect_number(run, expect, "item_time", values.item_time);
        } else
            gasp_replay_wrong(run, "%s", gasp_err_name(err));
    }
    gasp_data_clear(&list);
}

static void compare_items(gasp_replay *run, const json_t *expect, const gasp_set_item *items, size_t *order, size_t n)
{
    gasp_set_summary summary;
    const json_t *want = json_object_get(expect, "order");
    gasp_err err = gasp_set_summarise(&summary, order, items, n, NULL);
    if (err != GASP_OK) {
        gasp_replay_wrong(run, "%s", gasp_err_name(err));
        return;
    }
    gasp_expect_number(run, expect, "count", summary.count);
    expect_bytes32(run, expect, "sum", summary.sum);
    gasp_expect_hex(run, expect, "fingerprint", (gasp_bytes){summary.fingerprint, sizeof summary.fingerprint});
    if (want != NULL && json_array_size(want) != n)
        gasp_replay_wrong(run, "order: of another number of items");
    for (size_t i = 0; i < json_array_size(want) && i < n; i++)
        if (json_integer_value(json_array_get(want, i)) != (json_int_t)order[i])
            gasp_replay_wrong(run, "order: place %zu has item %zu", i, order[i]);
}

void gasp_topic_items(gasp_replay *run, const json_t *row)
{
    const json_t *list = json_object_get(row, "items");
    size_t n = json_array_size(list);
    gasp_set_item *items = calloc(n + 1, sizeof *items);
    size_t *order = calloc(n + 1, sizeof *order);
    const json_t *expect = gasp_replay_expected(run, row, "count sum fingerprint order");
    for (size_t i = 0; i < n && items != NULL; i++) {
        const json_t *pair = json_array_get(list, i);
        const char *id = json_string_value(json_array_get(pair, 1));
        items[i].time = (uint64_t)json_integer_value(json_array_get(pair, 0));
        if (id == NULL || gasp_hex_decode(items[i].id.b, 32, id, strlen(id)) != GASP_OK)
            gasp_replay_wrong(run, "items: each is [time, \"id\"]");
    }
    if (items != NULL && order != NULL && run->why[0] == '\0')
        compare_items(run, expect, items, order, n);
    free(order);
    free(items);
}

/* -- bloom ------------------------------------------------------------------------------------------------------------ */

enum { OUTPOINTS_MAX = 1000000 };

/* The items of unproven outputs without entries. */
static gasp_err fill_item(gasp_set_item *out, gasp_match match, const gasp_outpoint *outpoint)
{
    gasp_output_values values;
    gasp_err err = gasp_output_values_of(&values, outpoint, NULL, (gasp_bytes){0}, NULL, NULL);
    if (err != GASP_OK)
        return err;
    *out = (gasp_set_item){*outpoint, match == GASP_MATCH_STATE ? values.item_time : 0,
                           match == GASP_MATCH_STATE ? values.item : values.outpoint_item, values.outpoint_item};
    return GASP_OK;
}

/* `outpoints`: a list of them, or {txid, vouts}: the first so many of one transaction. */
static gasp_set_item *items_of(gasp_replay *run, size_t *n, gasp_match match, const json_t *json)
{
    gasp_outpoint outpoint = {{{0}}, 0};
    const char *txid = json_string_value(json_object_get(json, "txid"));
    bool run_of = json_is_object(json);
    *n = run_of ? (size_t)json_integer_value(json_object_get(json, "vouts")) : json_array_size(json);
    gasp_set_item *items = *n <= OUTPOINTS_MAX ? calloc(*n + 1, sizeof *items) : NULL;
    bool good = items != NULL && (!run_of || (txid != NULL && gasp_txid_from_text(&outpoint.txid, txid) == GASP_OK));
    for (size_t i = 0; i < *n && good; i++) {
        if (run_of)
            outpoint.vout = (uint32_t)i;
        good = run_of || outpoint_of(run, &outpoint, json_array_get(json, i));
        good = good && fill_item(&items[i], match, &outpoint) == GASP_OK;
    }
    if (good)
        return items;
    gasp_replay_wrong(run, "outpoints: a list, or {txid, vouts}");
    free(items);
    return NULL;
}

/* Every bit that is stated is set, and no other. */
static void compare_bits(gasp_replay *run, const json_t *expect, gasp_bytes part, uint32_t bits)
{
    const json_t *list = json_object_get(expect, "bits_set");
    size_t head = part.len - (bits + 7) / 8;
    size_t at = 0;
    for (uint32_t i = 0; i < bits && list != NULL; i++) {
        if ((part.data[head + i / 8] >> (i % 8) & 1) == 0)
            continue;
        if (json_integer_value(json_array_get(list, at)) != (json_int_t)i || at >= json_array_size(list))
            gasp_replay_wrong(run, "bits_set: bit %" PRIu32 " is set", i);
        at++;
    }
    if (list != NULL && at != json_array_size(list))
        gasp_replay_wrong(run, "bits_set: %zu bits are set", at);
}

static void compare_part(gasp_replay *run, const json_t *expect, gasp_bytes part)
{
    gasp_filter_info info;
    uint8_t hash[32];
    gasp_err err = gasp_filter_part_read(&info, part, NULL);
    if (err != GASP_OK) {
        gasp_replay_wrong(run, "reading it again: %s", gasp_err_name(err));
        return;
    }
    size_t head = part.len - (info.bits + 7) / 8;
    gasp_value_hash(hash, part);
    gasp_expect_number(run, expect, "m", info.bits);
    gasp_expect_number(run, expect, "k", info.probes);
    gasp_expect_number(run, expect, "length", part.len);
    gasp_expect_hex(run, expect, "head", (gasp_bytes){part.data, head});
    gasp_expect_hex(run, expect, "sha256", (gasp_bytes){hash, sizeof hash});
    compare_bits(run, expect, part, info.bits);
}

/* What was put in is found. */
static void probe(gasp_replay *run, gasp_bytes part, const gasp_set_item *items, size_t n, gasp_match match)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t outpoint[GASP_OUTPOINT_LEN];
        memcpy(outpoint, items[i].outpoint.txid.b, 32);
        for (size_t j = 0; j < 4; j++)
            outpoint[32 + j] = (uint8_t)(items[i].outpoint.vout >> (8 * j));
        if (gasp_filter_part_probe(part, (gasp_bytes){outpoint, sizeof outpoint}) != GASP_OK ||
            (match == GASP_MATCH_STATE && gasp_filter_part_probe(part, (gasp_bytes){items[i].id.b, 32}) != GASP_OK))
            gasp_replay_wrong(run, "outpoint %zu is not found in the filter", i);
    }
}

void gasp_topic_bloom(gasp_replay *run, const json_t *row)
{
    size_t n = 0;
    gasp_bytes key = {0};
    gasp_data part = {0};
    const char *name = json_string_value(json_object_get(row, "match"));
    gasp_match match = name != NULL && strcmp(name, "state") == 0 ? GASP_MATCH_STATE : GASP_MATCH_OUTPOINT;
    const json_t *expect = gasp_replay_expected(run, row, "m k sha256 head length bits_set");
    gasp_set_item *items = items_of(run, &n, match, json_object_get(row, "outpoints"));
    if (items != NULL && gasp_replay_hex(run, &key, json_object_get(row, "key")) && key.len == GASP_FILTER_KEY_LEN) {
        gasp_err err = gasp_filter_part_make(&part, match, items, n, 0, key.data, NULL);
        gasp_bytes bytes = {part.data, part.len};
        if (err == GASP_OK) {
            compare_part(run, expect, bytes);
            probe(run, bytes, items, n, match);
        } else
            gasp_replay_wrong(run, "%s", gasp_err_name(err));
    } else
        gasp_replay_wrong(run, "key: 16 bytes");
    gasp_data_clear(&part);
    gasp_bytes_free(key);
    free(items);
}
